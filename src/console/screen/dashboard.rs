//! The dashboard: what runs, what is sick, what needs a human, and what to do about it, on one page.
//!
//! ```text
//! ╭ 1 Flows ─────────────── 12 · 1 failed ╮╭ 2 Probes ────────────────── 9 · 1 down ╮
//! │ flows.rs                              ││ probes.rs                              │
//! ╰───────────────────────────────────────╯╰────────────────────────────────────────╯
//! ╭ 3 Incidents ─────────── 3 · 1 unacked ╮╭ 4 Runbook  orders-load ─────────── 2/5 ╮
//! │ incidents.rs                          ││ runbook.rs                             │
//! ╰───────────────────────────────────────╯╰────────────────────────────────────────╯
//! ```
//!
//! Below 100 columns the panes become tabs. The runbook pane follows what is selected; selecting an incident marks its
//! flows and probes.

mod flows;
mod incidents;
mod named;
mod pane;
mod probes;
mod runbook;

use super::Page;
use crate::console::action::Action;
use crate::console::theme::Role;
use crate::console::view::runbook as fitting;
use crate::console::widget::cursor::wheel;
use crate::console::widget::list::List;
use crate::console::widget::markdown::Cache;
use crate::console::widget::paint::Painter;
use crate::console::{Place, Session, Target};
use crate::domain::{FlowId, IncidentId, ProbeId, RunbookId, StepName, Subject};
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// From this width on, four panes stand side by side.
const WIDE: u16 = 100;
/// Two clicks within this time are a double click.
const DOUBLE: SignedDuration = SignedDuration::from_millis(400);

/// The panes, in the order of their keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Focus {
    Flows,
    Probes,
    #[default]
    Incidents,
    Runbook,
}

const PANES: [Focus; 4] = [Focus::Flows, Focus::Probes, Focus::Incidents, Focus::Runbook];

/// When the rows of a kind were sorted: the last entry that touched them, how many there are, what the filter says.
type Stamp = (u64, usize, String);
/// The same, with the minute for rows whose order changes with the clock.
type NamedStamp = (u64, usize, i64, String);
/// When the steps of the runbook were listed: which runbook, and the last entry about runbooks.
type StepsStamp = (Option<RunbookId>, u64);

/// The four panes.
#[derive(Debug, Default)]
pub struct Dashboard {
    focus: Focus,
    /// The list pane that the runbook follows.
    followed: Focus,
    zoomed: bool,
    flows: List<FlowId, NamedStamp>,
    probes: List<ProbeId, NamedStamp>,
    incidents: List<IncidentId, Stamp>,
    steps: List<StepName, StepsStamp>,
    /// The text of runbooks, rendered.
    texts: Cache,
    areas: [Rect; 4],
    clicked: Option<(u16, u16, Timestamp)>,
}

/// Does something to the list with the focus, whatever its ids are.
macro_rules! focused {
    ($page:ident, $list:ident => $do:expr) => {
        match $page.focus {
            Focus::Flows => {
                let $list = &mut $page.flows;
                $do
            }
            Focus::Probes => {
                let $list = &mut $page.probes;
                $do
            }
            Focus::Incidents => {
                let $list = &mut $page.incidents;
                $do
            }
            Focus::Runbook => {
                let $list = &mut $page.steps;
                $do
            }
        }
    };
}

impl Dashboard {
    /// What the runbook pane is about.
    fn subject(&self) -> Subject {
        match self.followed {
            Focus::Flows => self.flows.on().map(|flow| Subject::Flow(flow.clone())),
            Focus::Probes => self.probes.on().map(|probe| Subject::Probe(probe.clone())),
            Focus::Incidents | Focus::Runbook => self.incidents.on().map(|incident| Subject::Incident(*incident)),
        }
        .unwrap_or(Subject::Workspace)
    }

    fn focus_on(&mut self, focus: Focus) {
        self.focus = focus;
        if focus != Focus::Runbook {
            self.followed = focus;
        }
    }

    /// Whether a flow or probe belongs to the selected incident.
    fn related<'a>(&self, session: &'a Session) -> Option<&'a crate::world::Incident> {
        let id = (self.followed == Focus::Incidents).then(|| self.incidents.on()).flatten()?;
        session.world.incident(*id).filter(|incident| incident.is_open())
    }

    fn is_filtering(&self) -> bool {
        match self.focus {
            Focus::Flows => self.flows.filtering,
            Focus::Probes => self.probes.filtering,
            Focus::Incidents => self.incidents.filtering,
            Focus::Runbook => false,
        }
    }

    fn draw_pane(&mut self, focus: Focus, session: &Session, area: Rect, painter: &mut Painter<'_>) -> Option<Position> {
        if let Some(place) = self.areas.get_mut(focus as usize) {
            *place = area;
        }
        match focus {
            Focus::Flows => self.draw_flows(session, area, painter),
            Focus::Probes => self.draw_probes(session, area, painter),
            Focus::Incidents => self.draw_incidents(session, area, painter),
            Focus::Runbook => {
                self.draw_runbook(session, area, painter);
                None
            }
        }
    }

    fn draw_tabs(&self, session: &Session, area: Rect, painter: &mut Painter<'_>) {
        let tally = &session.world.tally;
        let counts = [tally.flows_failed, tally.probes_down, tally.unacknowledged, 0];
        let mut x = area.x;
        for (place, name) in ["Flows", "Probes", "Incidents", "Runbook"].into_iter().enumerate() {
            let focused = PANES.get(place) == Some(&self.focus);
            let room = |x: u16| area.right().saturating_sub(x);
            let start = x;
            x += painter.text(x, area.y, room(x), Role::Key, &format!(" {} ", place + 1));
            x += painter.text(x, area.y, room(x), if focused { Role::BorderFocused } else { Role::Title }, name);
            if let Some(count) = counts.get(place).filter(|count| **count > 0) {
                x += painter.text(x, area.y, room(x), Role::Bad, &format!(" {count}"));
            }
            x += painter.text(x, area.y, room(x), Role::Text, " ");
            if focused {
                painter.role(Rect { x: start, y: area.y, width: x - start, height: 1 }, Role::SelectedElsewhere);
            }
            x += painter.text(x, area.y, room(x), Role::Text, " ");
        }
    }

    fn click(&mut self, mouse: MouseEvent, session: &mut Session) -> bool {
        let at = Position::new(mouse.column, mouse.row);
        let Some(pane) = PANES.into_iter().find(|pane| self.areas.get(*pane as usize).is_some_and(|area| area.contains(at))) else {
            return false;
        };
        self.focus_on(pane);
        let top = self.areas.get(pane as usize).map_or(0, |area| area.y + 1);
        let row = usize::from(mouse.row.saturating_sub(top));
        focused!(self, list => list.go(list.place_at(row)));
        let twice = self.clicked.is_some_and(|(x, y, when)| (x, y) == (at.x, at.y) && session.now.duration_since(when) < DOUBLE);
        self.clicked = if twice { None } else { Some((at.x, at.y, session.now)) };
        if twice && let Some(target) = self.target(session) {
            match target {
                Target::Flow(flow) => session.open(super::Screen::Flow(flow)),
                Target::Probe(probe) => session.open(super::Screen::Probe(probe)),
                Target::Incident(incident) => session.open(super::Screen::Incident(incident)),
                Target::Procedure { runbook, subject, .. } => session.open(super::Screen::Runbook { runbook, subject }),
                _ => {}
            }
        }
        true
    }
}

impl Page for Dashboard {
    fn title(&self, _: &Session) -> String {
        String::new()
    }

    fn places(&self, _: &Session) -> Vec<Place> {
        if self.is_filtering() {
            return vec![Place::Input, Place::Dialog];
        }
        let own = match self.focus {
            Focus::Flows => Place::Flows,
            Focus::Probes => Place::Probes,
            Focus::Incidents => Place::Incidents,
            Focus::Runbook => Place::Runbook,
        };
        vec![own, Place::List, Place::Dashboard, Place::Global]
    }

    fn settle(&mut self, session: &Session) {
        self.settle_flows(session);
        self.settle_probes(session);
        self.settle_incidents(session);
        self.settle_steps(session);
    }

    fn target(&self, session: &Session) -> Option<Target> {
        match self.focus {
            Focus::Flows => self.flows.on().cloned().map(Target::Flow),
            Focus::Probes => self.probes.on().cloned().map(Target::Probe),
            Focus::Incidents => self.incidents.on().copied().map(Target::Incident),
            Focus::Runbook => {
                let subject = self.subject();
                let (runbook, _) = fitting::matching(&session.world, &subject)?;
                self.steps.on().map(|step| Target::Procedure { runbook, subject, step: step.clone() })
            }
        }
    }

    fn targets(&self, session: &Session) -> Vec<Target> {
        match self.focus {
            Focus::Flows => self.flows.chosen().into_iter().map(Target::Flow).collect(),
            Focus::Probes => self.probes.chosen().into_iter().map(Target::Probe).collect(),
            Focus::Incidents => self.incidents.chosen().into_iter().map(Target::Incident).collect(),
            Focus::Runbook => self.target(session).into_iter().collect(),
        }
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let painter = &mut Painter::new(buffer, session);
        self.areas = [Rect::default(); 4];
        if self.zoomed {
            return self.draw_pane(self.focus, session, area, painter);
        }
        if area.width < WIDE || area.height < 16 {
            let tabs = Rect { height: area.height.min(1), ..area };
            self.draw_tabs(session, tabs, painter);
            let rest = Rect { y: area.y + tabs.height, height: area.height - tabs.height, ..area };
            return self.draw_pane(self.focus, session, rest, painter);
        }
        let (left, upper) = (area.width / 2, area.height / 2);
        let (right, lower) = (area.width - left, area.height - upper);
        let places = [
            Rect { x: area.x, y: area.y, width: left, height: upper },
            Rect { x: area.x + left, y: area.y, width: right, height: upper },
            Rect { x: area.x, y: area.y + upper, width: left, height: lower },
            Rect { x: area.x + left, y: area.y + upper, width: right, height: lower },
        ];
        let mut cursor = None;
        for (pane, place) in PANES.into_iter().zip(places) {
            cursor = self.draw_pane(pane, session, place, painter).or(cursor);
        }
        cursor
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        if self.is_filtering() {
            focused!(self, list => list.act_on_filter(action));
            self.settle(session);
            return true;
        }
        if let Some(pane) = action.pane() {
            if let Some(focus) = PANES.get(pane) {
                self.focus_on(*focus);
            }
            return true;
        }
        let step = |by: usize| PANES.get((self.focus as usize + by) % PANES.len()).copied().unwrap_or_default();
        match action {
            Action::NextPane => self.focus_on(step(1)),
            Action::PreviousPane => self.focus_on(step(PANES.len() - 1)),
            Action::Left | Action::Right => self.focus_on(PANES.get(self.focus as usize ^ 1).copied().unwrap_or_default()),
            // The flows have a page of their own, with room for their times.
            Action::Zoom if self.focus == Focus::Flows => session.open(super::Screen::Flows(self.flows.on().cloned())),
            Action::Zoom => self.zoomed = !self.zoomed,
            Action::Back => {
                let undone = focused!(self, list => list.step_back());
                if !undone {
                    self.zoomed = false;
                }
                self.settle(session);
            }
            Action::Filter | Action::Mark | Action::MarkAll | Action::Range if self.focus == Focus::Runbook => return false,
            other => {
                let moved = focused!(self, list => list.act(other));
                if moved {
                    self.settle_steps(session);
                }
                return moved;
            }
        }
        self.settle_steps(session);
        true
    }

    fn why_disabled(&self, action: Action, _: &Session) -> Option<String> {
        let listing = matches!(action, Action::Filter | Action::Mark | Action::MarkAll | Action::Range);
        (listing && self.focus == Focus::Runbook).then(|| "the steps of a runbook are done one by one".into())
    }

    fn takes_text(&self) -> bool {
        self.is_filtering()
    }

    fn pasted(&mut self, text: &str, session: &mut Session) {
        focused!(self, list => list.paste(text, session));
        self.settle(session);
    }

    fn mouse(&mut self, event: MouseEvent, session: &mut Session) -> bool {
        if let Some(scroll) = wheel(event) {
            return self.act(scroll, session);
        }
        let changed = event.kind == MouseEventKind::Down(MouseButton::Left) && self.click(event, session);
        self.settle_steps(session);
        changed
    }
}

/// Whether a text holds the filter, letters of either case alike.
fn holds(text: &str, filter: &str) -> bool {
    filter.is_empty() || text.to_lowercase().contains(&filter.to_lowercase())
}
