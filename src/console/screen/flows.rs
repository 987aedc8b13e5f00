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
use crate::console::session::Tone;
use crate::console::view::flow_list::{self, Group, NextTimes, Sort};
use crate::console::widget::grouped::{Entry, Grouped};
use crate::console::widget::paint::Painter;
use crate::console::{Action, Place, Session, Target};
use crate::domain::FlowId;
use crossterm::event::MouseEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// The page.
#[derive(Debug, Default)]
pub struct FlowsPage {
    rows: Grouped<FlowId, Sort, Group>,
    next: NextTimes,
    /// The flow that the cursor begins on.
    begins_on: Option<FlowId>,
}

impl FlowsPage {
    /// The page with the cursor on a flow.
    pub fn new(on: Option<FlowId>) -> Self {
        Self { begins_on: on, ..Self::default() }
    }
}

impl Page for FlowsPage {
    fn title(&self, _: &Session) -> String {
        "flows".into()
    }

    fn places(&self, _: &Session) -> Vec<Place> {
        if self.rows.list.filtering {
            return vec![Place::Input, Place::Dialog];
        }
        vec![Place::FlowList, Place::Flows, Place::List, Place::Global]
    }

    fn settle(&mut self, session: &Session) {
        // What is foreseen changes with the clock, by the minute.
        let minute = session.now.as_second().div_euclid(60);
        let (world, next) = (&session.world, &mut self.next);
        self.rows.refresh((world.touched.flows, world.flows.len(), minute), |wanted| flow_list::list(session, wanted, next));
        let begins = self.begins_on.take().map(Entry::One);
        if let Some(place) = begins.and_then(|on| self.rows.list.ids().iter().position(|entry| *entry == on)) {
            self.rows.list.go(place);
        }
    }

    fn target(&self, _: &Session) -> Option<Target> {
        self.rows.on().cloned().map(Target::Flow)
    }

    fn targets(&self, _: &Session) -> Vec<Target> {
        self.rows.chosen().map(Target::Flow).collect()
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.settle(session);
        self.draw_list(session, area, &mut Painter::new(buffer, session))
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        let rows = &mut self.rows;
        match action {
            typing if rows.list.filtering => rows.list.act_on_filter(typing),
            Action::SortFlows => {
                rows.sort = rows.sort.turned();
                session.toast(Tone::Plain, format!("sorted by {}", rows.sort.words()));
            }
            Action::GroupFlows => {
                rows.group_by(rows.group.turned(session));
                let words = rows.group.words().map_or_else(|| "not grouped".to_owned(), |words| format!("grouped by {words}"));
                session.toast(Tone::Plain, words);
            }
            Action::OpenRow => match rows.on() {
                Some(flow) => session.open(Screen::Flow(flow.clone())),
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
        (action == Action::OpenRow && self.rows.list.on().is_none()).then(|| "there is nothing under the cursor".into())
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
