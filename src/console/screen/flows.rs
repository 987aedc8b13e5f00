//! All flows with their times: sorted by risk, by name, by the next time or by duration, grouped, filtered by state.
//!
//! ```text
//! ── Flows ─────────────────── 12 by risk · 1 late · 1 failed ──
//!    flow             now                   last run   next    end       history           held by
//! ▌✗ nightly-orders   load failed 3/3       17 −22m    02:30   06:12 +8m ▇▇▇▇▆▇▇✗ 11m
//!  ◐ settle-fx        3/5 convert           41 3m      06:00   05:12     ▆▇▇▇▆▇▇◐ 4m02
//! ```

mod draw;

use super::{Page, Screen};
use crate::console::app::edit;
use crate::console::session::Tone;
use crate::console::view::flow_list::{self, Entry, Group, List, NextTimes, Sort, Wanted};
use crate::console::widget::list::{Cursor, Order};
use crate::console::widget::paint::Painter;
use crate::console::{Action, Place, Session, Target};
use crate::domain::FlowId;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::collections::{BTreeMap, BTreeSet};

/// When the rows were made: the last entry that touched flows, how many there are, the minute, what is wanted.
type Stamp = (u64, usize, i64, Wanted);

/// The page.
#[derive(Debug, Default)]
pub struct FlowsPage {
    cursor: Cursor<Entry>,
    order: Order<Entry, Stamp>,
    sort: Sort,
    group: Group,
    closed: BTreeSet<String>,
    counts: BTreeMap<String, usize>,
    flows: usize,
    next: NextTimes,
    /// The flow that the cursor begins on.
    begins_on: Option<FlowId>,
    rows_area: Rect,
}

impl FlowsPage {
    /// The page with the cursor on a flow.
    pub fn new(on: Option<FlowId>) -> Self {
        Self { begins_on: on, ..Self::default() }
    }

    fn refresh(&mut self, session: &Session) {
        let wanted = Wanted {
            filter: self.cursor.filter.text().trim().to_owned(),
            sort: self.sort,
            group: self.group.clone(),
            closed: self.closed.clone(),
        };
        // What is foreseen changes with the clock, by the minute.
        let minute = session.now.as_second().div_euclid(60);
        let world = &session.world;
        let (next, counts, flows) = (&mut self.next, &mut self.counts, &mut self.flows);
        let changed = self.order.refresh((world.touched.flows, world.flows.len(), minute, wanted.clone()), || {
            let list: List = flow_list::list(session, &wanted, next);
            (*counts, *flows) = (list.counts, list.flows);
            (list.entries, list.name_width)
        });
        if let Some(place) = self.begins_on.take().and_then(|on| self.order.ids().iter().position(|id| *id == Entry::Flow(on.clone()))) {
            self.cursor.go(self.order.ids(), place);
        }
        self.cursor.settle(self.order.ids(), changed);
    }
}

impl Page for FlowsPage {
    fn title(&self, _: &Session) -> String {
        "flows".into()
    }

    fn places(&self, _: &Session) -> Vec<Place> {
        if self.cursor.filtering {
            return vec![Place::Input, Place::Dialog];
        }
        vec![Place::FlowList, Place::Flows, Place::List, Place::Global]
    }

    fn settle(&mut self, session: &Session) {
        self.refresh(session);
    }

    fn target(&self, _: &Session) -> Option<Target> {
        match self.cursor.on()? {
            Entry::Flow(flow) => Some(Target::Flow(flow.clone())),
            Entry::Group(_) => None,
        }
    }

    fn targets(&self, _: &Session) -> Vec<Target> {
        let flow = |entry| if let Entry::Flow(flow) = entry { Some(Target::Flow(flow)) } else { None };
        self.cursor.chosen(self.order.ids()).into_iter().filter_map(flow).collect()
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
            Action::SortFlows => {
                self.sort = self.sort.turned();
                session.toast(Tone::Plain, format!("sorted by {}", self.sort.words()));
                self.refresh(session);
            }
            Action::GroupFlows => {
                self.group = self.group.turned(session);
                self.closed.clear();
                let words = self.group.words().map_or_else(|| "not grouped".to_owned(), |words| format!("grouped by {words}"));
                session.toast(Tone::Plain, words);
                self.refresh(session);
            }
            Action::OpenRow => match self.cursor.on().cloned() {
                Some(Entry::Flow(flow)) => session.open(Screen::Flow(flow)),
                Some(Entry::Group(heading)) => {
                    if !self.closed.remove(&heading) {
                        self.closed.insert(heading);
                    }
                    self.refresh(session);
                }
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
        (action == Action::OpenRow && self.cursor.on().is_none()).then(|| "there is nothing under the cursor".into())
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
