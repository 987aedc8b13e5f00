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
use crate::console::session::Tone;
use crate::console::view::queue_list::{self, Group, Sort};
use crate::console::widget::grouped::Grouped;
use crate::console::widget::paint::Painter;
use crate::console::{Action, Place, Session, Target};
use crate::domain::IncidentId;
use crossterm::event::MouseEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// The page.
#[derive(Debug, Default)]
pub struct QueuePage {
    rows: Grouped<IncidentId, Sort, Group>,
}

impl Page for QueuePage {
    fn title(&self, _: &Session) -> String {
        "queue".into()
    }

    fn places(&self, _: &Session) -> Vec<Place> {
        if self.rows.list.filtering {
            return vec![Place::Input, Place::Dialog];
        }
        vec![Place::Queue, Place::Incidents, Place::List, Place::Global]
    }

    fn settle(&mut self, session: &Session) {
        let world = &session.world;
        self.rows.refresh((world.touched.incidents, world.incidents.len(), 0), |wanted| queue_list::list(session, wanted));
    }

    fn target(&self, _: &Session) -> Option<Target> {
        self.rows.on().copied().map(Target::Incident)
    }

    fn targets(&self, _: &Session) -> Vec<Target> {
        self.rows.chosen().map(Target::Incident).collect()
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.settle(session);
        self.draw_list(session, area, &mut Painter::new(buffer, session))
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        let rows = &mut self.rows;
        match action {
            typing if rows.list.filtering => rows.list.act_on_filter(typing),
            Action::SortQueue => {
                rows.sort = rows.sort.turned();
                session.toast(Tone::Plain, format!("sorted by {}", rows.sort.word()));
            }
            Action::GroupQueue => {
                rows.group_by(rows.group.turned());
                let words = rows.group.word().map_or_else(|| "not grouped".to_owned(), |word| format!("grouped by {word}"));
                session.toast(Tone::Plain, words);
            }
            Action::FoldGroup => rows.fold(),
            Action::Open => match rows.on() {
                Some(id) => session.open(Screen::Incident(*id)),
                None => rows.fold(),
            },
            other => {
                if !rows.act(other, session) {
                    return false;
                }
            }
        }
        self.settle(session);
        true
    }

    fn why_disabled(&self, action: Action, _: &Session) -> Option<String> {
        (action == Action::FoldGroup && self.rows.group == Group::None).then(|| "the rows are not grouped".into())
    }

    fn takes_text(&self) -> bool {
        self.rows.list.filtering
    }

    fn pasted(&mut self, text: &str, session: &mut Session) {
        self.rows.list.paste(text, session);
        self.settle(session);
    }

    fn mouse(&mut self, event: MouseEvent, _: &mut Session) -> bool {
        self.rows.list.mouse(event)
    }
}
