//! The queue: all incidents in the order in which they need somebody, grouped and filtered, with marks for what is done
//! to many at once.
//!
//! ```text
//! ── Queue ─────────── 4 by urgency · 2 new · 1 quiet ──
//!      no  severity  what                  service  runs out  owner  state           age
//! ▌P1  41  high      orders: load failed   orders   06:00     mia    new             22m
//!  P2  43  high      home is down          shop                      acked ana       3m
//!  P5  40  warning   stock-sync: late      stock                     snoozed 08:00   2h
//! ```

mod draw;

use super::{Page, Screen};
use crate::console::app::edit;
use crate::console::session::Tone;
use crate::console::view::queue_list::{self, Entry, Group, List, Sort, Wanted};
use crate::console::widget::list::{Cursor, Order};
use crate::console::widget::paint::Painter;
use crate::console::{Action, Place, Session, Target};
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::collections::{BTreeMap, BTreeSet};

/// When the rows were made: the last entry that touched incidents, how many there are, what is wanted.
type Stamp = (u64, usize, Wanted);

/// The page.
#[derive(Debug, Default)]
pub struct QueuePage {
    cursor: Cursor<Entry>,
    order: Order<Entry, Stamp>,
    sort: Sort,
    group: Group,
    closed: BTreeSet<String>,
    counts: BTreeMap<String, usize>,
    incidents: usize,
    rows_area: Rect,
}

impl QueuePage {
    fn refresh(&mut self, session: &Session) {
        let wanted =
            Wanted { filter: self.cursor.filter.text().trim().to_owned(), sort: self.sort, group: self.group, closed: self.closed.clone() };
        let world = &session.world;
        let (counts, incidents) = (&mut self.counts, &mut self.incidents);
        let changed = self.order.refresh((world.touched.incidents, world.incidents.len(), wanted.clone()), || {
            let list: List = queue_list::list(session, &wanted);
            (*counts, *incidents) = (list.counts, list.incidents);
            (list.entries, list.number_width)
        });
        self.cursor.settle(self.order.ids(), changed);
    }

    /// Folds the heading under the cursor, or the one above the row.
    fn fold(&mut self, session: &Session) {
        let above = self.order.ids().get(..=self.cursor.place()).unwrap_or_default();
        let heading = above.iter().rev().find_map(|entry| if let Entry::Group(words) = entry { Some(words.clone()) } else { None });
        if let Some(heading) = heading {
            if !self.closed.remove(&heading) {
                self.closed.insert(heading.clone());
            }
            self.refresh(session);
            if let Some(place) = self.order.ids().iter().position(|entry| *entry == Entry::Group(heading.clone())) {
                self.cursor.go(self.order.ids(), place);
            }
        }
    }
}

impl Page for QueuePage {
    fn title(&self, _: &Session) -> String {
        "queue".into()
    }

    fn places(&self, _: &Session) -> Vec<Place> {
        if self.cursor.filtering {
            return vec![Place::Input, Place::Dialog];
        }
        vec![Place::Queue, Place::Incidents, Place::List, Place::Global]
    }

    fn settle(&mut self, session: &Session) {
        self.refresh(session);
    }

    fn target(&self, _: &Session) -> Option<Target> {
        match self.cursor.on()? {
            Entry::Incident(id) => Some(Target::Incident(*id)),
            Entry::Group(_) => None,
        }
    }

    fn targets(&self, _: &Session) -> Vec<Target> {
        let incident = |entry| if let Entry::Incident(id) = entry { Some(Target::Incident(id)) } else { None };
        self.cursor.chosen(self.order.ids()).into_iter().filter_map(incident).collect()
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.refresh(session);
        self.draw_list(session, area, &mut Painter::new(buffer, session))
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        if self.cursor.filtering {
            match action {
                Action::Confirm => self.cursor.filtering = false,
                Action::Cancel => {
                    self.cursor.filtering = false;
                    self.cursor.filter.clear();
                    self.refresh(session);
                }
                Action::NextField => drop(self.cursor.act(Action::Down, self.order.ids())),
                Action::PreviousField => drop(self.cursor.act(Action::Up, self.order.ids())),
                other => {
                    edit(&mut self.cursor.filter, other);
                    self.refresh(session);
                }
            }
            return true;
        }
        match action {
            Action::SortQueue => {
                self.sort = self.sort.turned();
                session.toast(Tone::Plain, format!("sorted by {}", self.sort.word()));
                self.refresh(session);
            }
            Action::GroupQueue => {
                self.group = self.group.turned();
                self.closed.clear();
                let words = self.group.word().map_or_else(|| "not grouped".to_owned(), |word| format!("grouped by {word}"));
                session.toast(Tone::Plain, words);
                self.refresh(session);
            }
            Action::FoldGroup => self.fold(session),
            Action::Open => match self.cursor.on() {
                Some(Entry::Incident(id)) => session.open(Screen::Incident(*id)),
                Some(Entry::Group(_)) => self.fold(session),
                None => {}
            },
            Action::Zoom => session.back(),
            Action::Back => {
                if !self.cursor.step_back() {
                    session.back();
                }
                self.refresh(session);
            }
            other => return self.cursor.act(other, self.order.ids()),
        }
        true
    }

    fn why_disabled(&self, action: Action, _: &Session) -> Option<String> {
        (action == Action::FoldGroup && self.group == Group::None).then(|| "the rows are not grouped".into())
    }

    fn takes_text(&self) -> bool {
        self.cursor.filtering
    }

    fn pasted(&mut self, text: &str, session: &mut Session) {
        if !self.cursor.filter.insert(text) {
            session.toast(Tone::Bad, "the pasted text was cut");
        }
        self.refresh(session);
    }

    fn mouse(&mut self, event: MouseEvent, _: &mut Session) -> bool {
        match event.kind {
            MouseEventKind::ScrollDown => self.cursor.act(Action::Down, self.order.ids()),
            MouseEventKind::ScrollUp => self.cursor.act(Action::Up, self.order.ids()),
            MouseEventKind::Down(MouseButton::Left) if self.rows_area.contains(Position::new(event.column, event.row)) => {
                let place = self.cursor.offset() + usize::from(event.row - self.rows_area.y);
                self.cursor.go(self.order.ids(), place);
                true
            }
            _ => false,
        }
    }
}
