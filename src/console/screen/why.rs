//! Why something is as it is: each reason with the object that causes it and the command that would change it.
//!
//! ```text
//!  why nightly-orders/17
//! ▌1  load failed: exit 1                          nightly-orders/17
//!     dogwatch rerun nightly-orders/17 --reason …
//!  2  the flow is held by ana until 08:00          nightly-orders
//!     dogwatch release nightly-orders
//! ```

use super::{Page, Screen};
use crate::console::session::Tone;
use crate::console::view::flows;
use crate::console::widget::cursor::{Cursor, wheel};
use crate::console::widget::line::Line;
use crate::console::widget::paint::Painter;
use crate::console::widget::section::section;
use crate::console::{Action, Msg, Place, Role, Session, Target};
use crate::domain::{IncidentId, ProbeId, RunId};
use crate::rules::{Reason, why_flow, why_run, with_output};
use crossterm::event::MouseEvent;
use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

mod outputs;

use outputs::Outputs;

/// The page.
#[derive(Debug)]
pub struct WhyPage {
    about: Target,
    cursor: Cursor,
    known: Option<((u64, Timestamp), Vec<Reason>)>,
    outputs: Outputs,
}

impl WhyPage {
    /// The page about a target.
    pub fn new(about: Target, session: &Session) -> Self {
        Self { about, cursor: Cursor::default(), known: None, outputs: Outputs::new(session) }
    }

    /// The reasons, worked out again when an entry came or a second has passed.
    fn reasons(&mut self, session: &Session) -> &[Reason] {
        let second = Timestamp::from_second(session.now.as_second()).unwrap_or(session.now);
        let key = (session.world.seq, second);
        if self.known.as_ref().is_none_or(|(known, _)| *known != key) {
            let outputs = &mut self.outputs;
            self.known = Some((key, with_output(reasons(session, &self.about), |attempt| outputs.of(attempt))));
        }
        self.known.as_ref().map_or(&[], |(_, reasons)| reasons)
    }

    fn chosen(&self) -> Option<&Reason> {
        self.known.as_ref().and_then(|(_, reasons)| reasons.get(self.cursor.at))
    }
}

fn reasons(session: &Session, about: &Target) -> Vec<Reason> {
    match about {
        Target::Probe(probe) => of_probe(session, probe),
        Target::Incident(incident) => of_incident(session, *incident),
        Target::Run(run) | Target::Step(run, _) => why_run(&session.world, run, session.now),
        other => match (other.run(), other.flow()) {
            (Some(run), _) => why_run(&session.world, run, session.now),
            (None, Some(flow)) => why_flow(&session.world, flow, session.now),
            (None, None) => Vec::new(),
        },
    }
}

fn of_probe(session: &Session, id: &ProbeId) -> Vec<Reason> {
    let Some(probe) = session.world.probe(id) else { return Vec::new() };
    let mut reasons = Vec::new();
    let reason = |text: String, hint: Option<String>| Reason { text, object: id.to_string(), hint, attempt: None };
    if let Some(error) = &probe.error {
        reasons.push(reason(format!("the probe itself cannot run, which says nothing about its target: {error}"), None));
    }
    let words = if probe.reason.is_empty() { "no reason was given" } else { &probe.reason };
    let since = session.time(probe.since);
    reasons.push(reason(format!("{} since {since}: {words}", probe.health), Some(format!("dogwatch probe {id}"))));
    if let Some(first) = probe.first_bad_at {
        reasons.push(reason(format!("the first bad result was at {}", session.time(first)), None));
    }
    let definition = &probe.definition;
    let rule = format!("down after {} bad results in a row, up after {} good ones", definition.down_after, definition.up_after);
    reasons.push(reason(rule, None));
    reasons.extend(probe.incidents.iter().map(|incident| of(format!("incident {incident} is open for it"), incident)));
    reasons
}

fn of_incident(session: &Session, id: IncidentId) -> Vec<Reason> {
    let Some(incident) = session.world.incident(id) else { return Vec::new() };
    let mut reasons = Vec::new();
    for alert in incident.alerts.values() {
        let over = alert.resolved_at.map(|at| format!(", over since {}", session.time(at))).unwrap_or_default();
        reasons.push(of(format!("{} since {}{over}", alert.notice.summary, session.time(alert.since)), &id));
    }
    for flow in &incident.flows {
        reasons.extend(why_flow(&session.world, flow, session.now));
    }
    for probe in &incident.probes {
        reasons.extend(of_probe(session, probe).into_iter().take(1));
    }
    reasons
}

fn of(text: String, object: &impl ToString) -> Reason {
    Reason { text, object: object.to_string(), hint: None, attempt: None }
}

/// What the object of a reason is, for opening it.
fn target_of(session: &Session, object: &str) -> Option<Screen> {
    if let Some(run) = object.parse::<RunId>().ok().filter(|run| session.world.run(run).is_some()) {
        return Some(Screen::Run(run));
    }
    if session.world.flows.contains_key(object) {
        return Some(Screen::Flow(object.into()));
    }
    if session.world.probes.contains_key(object) {
        return Some(Screen::Probe(object.into()));
    }
    let incident = object.trim_start_matches("incident ").parse::<IncidentId>().ok()?;
    session.world.incident(incident).map(|_| Screen::Incident(incident))
}

impl Page for WhyPage {
    fn title(&self, _session: &Session) -> String {
        format!("why {}", self.about)
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        let place = match self.about {
            Target::Probe(_) => Place::Probes,
            Target::Incident(_) => Place::Incidents,
            _ => Place::Flows,
        };
        vec![place, Place::List, Place::Global]
    }

    fn target(&self, _session: &Session) -> Option<Target> {
        Some(self.about.clone())
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let reasons = self.reasons(session).to_vec();
        session.changes_in(jiff::SignedDuration::from_secs(5));
        let mut painter = Painter::new(buffer, session);
        let inside = section(&mut painter, area, &format!("Why {}", self.about), &standing(session, &self.about), true, &session.glyphs);
        if reasons.is_empty() {
            painter.text(inside.x + 1, inside.y, inside.width.saturating_sub(1), Role::Muted, "nothing is in its way, nothing went wrong");
            return None;
        }
        // Two rows each: the reason, and what would change it.
        let half = Rect { height: inside.height / 2, ..inside };
        for (line, place) in self.cursor.window(reasons.len(), half).enumerate() {
            let (Some(reason), y) = (reasons.get(place), inside.y + 2 * line as u16) else { continue };
            let row = Rect { y, height: 1, ..inside };
            let selected = place == self.cursor.at;
            let object = crate::text::width(&crate::text::line(&reason.object)) as u16;
            let words = Line::of(Role::Key, format!("{} {:<3}", if selected { session.glyphs.cursor } else { " " }, place + 1))
                .with(if place == 0 { Role::Text } else { Role::Muted }, reason.text.clone());
            let taken = painter.line(row.x, y, row.width, &words);
            if taken + object + 2 < row.width {
                painter.right(row, y, Role::Name, &reason.object);
            }
            if let Some(hint) = &reason.hint {
                painter.text(row.x + 5, y + 1, row.width.saturating_sub(5), Role::Code, hint);
            }
            if selected {
                painter.role(row, Role::Selected);
            }
        }
        None
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        if action == Action::Open {
            let output = |reason: &Reason| reason.attempt.clone().map(Screen::Output);
            match self.chosen().and_then(|reason| output(reason).or_else(|| target_of(session, &reason.object))) {
                Some(screen) => session.open(screen),
                None => session.toast(Tone::Plain, "there is no page for this reason"),
            }
            return true;
        }
        let rows = self.known.as_ref().map_or(0, |(_, reasons)| reasons.len());
        self.cursor.act(action, rows)
    }

    fn told(&mut self, msg: &Msg, _session: &mut Session) {
        if matches!(msg, Msg::Woken) && self.outputs.listen() {
            self.known = None;
        }
    }

    fn copied(&self, _session: &Session) -> Option<String> {
        self.chosen().map(|reason| reason.hint.clone().unwrap_or_else(|| reason.text.clone()))
    }

    fn mouse(&mut self, event: MouseEvent, session: &mut Session) -> bool {
        wheel(event).is_some_and(|action| self.act(action, session))
    }
}

/// How the target is now, in a few words.
fn standing(session: &Session, about: &Target) -> String {
    match about {
        Target::Probe(probe) => session.world.probe(probe).map(|probe| probe.health.to_string()),
        Target::Incident(incident) => session.world.incident(*incident).map(|incident| incident.stage.to_string()),
        other => {
            let flow = other.flow().and_then(|flow| session.world.flow(flow));
            let run = other.run().map_or_else(|| flow.and_then(|flow| flow.last_run()), |run| session.world.run(run));
            flow.zip(run).map(|(flow, run)| format!("{}: {}", run.id, flows::run_words(session, flow, run)))
        }
    }
    .unwrap_or_default()
}
