//! A flow: its definition, when it comes next, how it did, its runs.
//!
//! ```text
//!  ✗ load failed: exit 1            Load yesterday's orders into the warehouse
//!  when     30 2 * * * (Europe/Rome), next Sun 02:30 in 23h, Mon 02:30, Tue 02:30
//!  rules    missed latest, overlap skip, start by 02:45, finish by 06:00, critical, runbook orders-load
//!  history  ▇▇▇▆▇▇✗·▇▇  50 runs, 47 good, usually 11m
//!  ── Steps of run 17 ─────────────────────────────────────
//!   [● fetch]──→[● check]──→[✗ load]──→[− report]
//!  ── Runs ──────────────────────────────────── 7 kept ──
//! ▌✗ 17   load failed: exit 1      Sat 02:30   11m   schedule 30 2 * * *
//!  ● 16   success                  Fri 02:30   10m   schedule 30 2 * * *
//! ```

mod definition;
mod next;
mod runs;

use super::{Page, Screen};
use crate::console::view::{clock, flows, state};
use crate::console::widget::bars;
use crate::console::widget::cursor::{Cursor, wheel};
use crate::console::widget::graph::Kept;
use crate::console::widget::line::Line;
use crate::console::widget::paint::Painter;
use crate::console::widget::section::section;
use crate::console::{Action, Place, Role, Session, Target};
use crate::domain::counted;
use crate::domain::{FlowDefinition, FlowId};
use crate::rules::forecast;
use crate::world::flow::PastOutcome;
use crate::world::{Flow, Run};
use crossterm::event::MouseEvent;
use next::Next;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::fmt::Write as _; // writing into a String cannot fail

/// Next occurrences in the head; the others have a tab of their own.
const NEXT: usize = 3;
/// Past runs in the strip.
const HISTORY: usize = 30;

/// The page.
#[derive(Debug)]
pub struct FlowPage {
    flow: FlowId,
    tab: Tab,
    /// The cursors of runs, of next times, of the definition's lines.
    cursors: [Cursor; 3],
    /// Lines of the tab that is open.
    rows: usize,
    graph: Kept,
    next: Option<Next>,
}

/// What the lower part shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Tab {
    #[default]
    Runs,
    Next,
    Definition,
}

const TABS: [Tab; 3] = [Tab::Runs, Tab::Next, Tab::Definition];

impl Tab {
    fn title(self) -> &'static str {
        match self {
            Self::Runs => "Runs",
            Self::Next => "Next times",
            Self::Definition => "Definition",
        }
    }
}

impl FlowPage {
    /// The page of a flow.
    pub fn new(flow: FlowId) -> Self {
        Self { flow, tab: Tab::Runs, cursors: [Cursor::default(); 3], rows: 0, graph: Kept::default(), next: None }
    }

    fn flow<'s>(&self, session: &'s Session) -> Option<&'s Flow> {
        session.world.flow(&self.flow)
    }

    /// The run under the cursor; the newest is the first.
    fn run<'s>(&self, session: &'s Session) -> Option<&'s Run> {
        let flow = self.flow(session)?;
        let place = flow.runs.len().checked_sub(self.cursors[Tab::Runs as usize].at + 1)?;
        flow.runs.get(place).map(|run| &**run)
    }

    fn head(&mut self, session: &Session, flow: &Flow) -> Vec<Line> {
        let definition = flow.definition.clone();
        let mut lines = vec![status(session, flow)];
        let mut when = Line::of(Role::Muted, "when     ");
        if definition.schedules.is_empty() {
            when.push(Role::Text, "by hand only");
        } else {
            when.push(Role::Text, definition.schedules.join(" | "));
            let calendar = definition.calendar.as_ref().map_or_else(String::new, |rule| format!(", calendar {}", rule.name));
            when.push(Role::Muted, format!(" ({}{calendar}), next ", definition.zone));
            let next = Next::of(&mut self.next, session, flow);
            if next.is_empty() {
                when.push(Role::Warning, "never");
            }
            for (place, coming) in next.iter().filter(|coming| coming.instead.is_none()).take(NEXT).enumerate() {
                let at = coming.firing.at;
                let time = session.time(at);
                let words = if place == 0 { format!("{time} in {}", session.until(at)) } else { format!(", {time}") };
                when.push(if place == 0 { Role::Text } else { Role::Muted }, words);
            }
        }
        lines.push(when);
        lines.extend(foreseen(session, flow));
        lines.push(rules(&definition));
        lines.push(history(session, flow));
        lines
    }
}

/// When the run on its way, the last one run again, or the next planned one ends; absent where nothing is due and nothing
/// has been measured.
fn foreseen(session: &Session, flow: &Flow) -> Option<Line> {
    let (before, told) = if let Some(run) = flow.active().next() {
        (String::new(), forecast::of_run(flow, run, session.now)?)
    } else if let Some(told) = flow.last_run().and_then(|run| forecast::of_rerun(flow, run, session.now)) {
        ("rerun now: ".to_owned(), told)
    } else {
        let (at, told) = forecast::of_next(&session.world, flow)?;
        (format!("started at {}: ", session.time(at)), told)
    };
    let words = told.words(|at| session.time(at))?;
    Some(Line::of(Role::Muted, "end      ").with(flows::risk_role(told.risk), format!("{before}{words}")))
}

/// How many runs are shown, and where the others are.
fn runs_note(flow: &Flow) -> String {
    let made = usize::try_from(flow.next_run.saturating_sub(1)).unwrap_or(usize::MAX);
    match flow.runs.len() {
        kept if kept < made => format!("{kept} of {made}, older ones in the journal"),
        kept => kept.to_string(),
    }
}

fn status(session: &Session, flow: &Flow) -> Line {
    let mut line = Line::new();
    if let Some(ice) = &flow.ice {
        let until = ice.until.map(|until| format!(" until {}", session.time(until))).unwrap_or_default();
        line.push(Role::Waiting, format!("{} iced by {}{until}: {}  ", session.glyphs.held, ice.by, ice.reason));
    }
    if let Some(noop) = &flow.noop {
        line.push(Role::Waiting, format!("{} next run a no-op by {}: {}  ", session.glyphs.held, noop.by, noop.reason));
    }
    match (&flow.hold, flow.last_run()) {
        (Some(hold), _) => {
            let until = hold.until.map(|until| format!(" until {}", session.time(until))).unwrap_or_default();
            line.push(Role::Waiting, format!("{} held by {}{until}: {}", session.glyphs.held, hold.by, hold.reason));
        }
        (None, Some(run)) => {
            let (symbol, role) = state::run(run, &session.glyphs);
            line.push(role, format!("{symbol} {} {}", run.id.name, flows::run_words(session, flow, run)));
        }
        (None, None) => line.push(Role::Muted, "has not run yet"),
    }
    if flow.is_late() {
        line.push(Role::Bad, format!("  {} late", session.glyphs.late));
    }
    if flow.removed {
        line.push(Role::Warning, "  its file is gone; its runs stay");
    }
    if let Some((at, words)) = &flow.last_absence {
        line.push(Role::Muted, format!("  {} {words}", session.time(*at)));
    }
    if !flow.definition.description.is_empty() {
        line.push(Role::Muted, format!("   {}", flow.definition.description));
    }
    line
}

fn rules(definition: &FlowDefinition) -> Line {
    use crate::domain::flow::{MissedPolicy, Overlap};
    let missed = match definition.missed.policy {
        MissedPolicy::Skip => "skip",
        MissedPolicy::Latest => "latest",
        MissedPolicy::All => "all",
        MissedPolicy::Ask => "ask",
    };
    let overlap = match definition.overlap {
        Overlap::Skip => "skip",
        Overlap::Queue => "queue",
        Overlap::QueueAll => "queue all",
        Overlap::Cancel => "cancel",
        Overlap::Allow => "allow",
    };
    let mut words = format!("missed {missed}, overlap {overlap}");
    let deadline = |at: jiff::civil::Time| format!("{:02}:{:02}", at.hour(), at.minute());
    for (what, at) in [("start", definition.must_start_by), ("finish", definition.must_finish_by)] {
        if let Some(at) = at {
            let _ = write!(words, ", {what} by {}", deadline(at));
        }
    }
    let _ = write!(words, ", severity {}", definition.severity);
    if let Some(runbook) = &definition.runbook {
        let _ = write!(words, ", runbook {runbook}");
    }
    let mut line = Line::of(Role::Muted, "rules    ").with(Role::Text, words);
    if !definition.params.is_empty() {
        let params: Vec<_> = definition.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
        line.push(Role::Muted, format!(", params {}", params.join(" ")));
    }
    line
}

fn history(session: &Session, flow: &Flow) -> Line {
    let mut line = Line::of(Role::Muted, "history  ");
    if flow.history.is_empty() {
        return line.with(Role::Muted, "no run has ended yet");
    }
    line.parts.extend(bars::line(&flows::bars(flow, HISTORY), HISTORY.min(flow.history.len()), None, &session.glyphs).parts);
    let good: Vec<_> = flow.history.iter().filter(|past| past.outcome == PastOutcome::Good).collect();
    let ran = flow.history.iter().filter(|past| past.outcome != PastOutcome::Absent).count();
    let mut took: Vec<_> = good.iter().map(|past| past.took).collect();
    took.sort_unstable();
    let usual = took.get(took.len() / 2).map(|took| format!(", usually {}", clock::duration(*took))).unwrap_or_default();
    let longest = took.last().filter(|_| took.len() > 1).map(|took| format!(", longest {}", clock::duration(*took))).unwrap_or_default();
    let last = flow.history.back().filter(|past| past.outcome != PastOutcome::Absent);
    let last = last.map(|past| format!(", last {}", clock::duration(past.took))).unwrap_or_default();
    line.with(Role::Muted, format!("  {} of the last {ran} good{usual}{longest}{last}", good.len()))
}

impl Page for FlowPage {
    fn title(&self, _session: &Session) -> String {
        format!("flow {}", self.flow)
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        vec![Place::Flows, Place::List, Place::Global]
    }

    fn target(&self, session: &Session) -> Option<Target> {
        self.flow(session)?;
        let run = if self.tab == Tab::Runs { self.run(session) } else { None };
        Some(run.map_or_else(|| Target::Flow(self.flow.clone()), |run| Target::Run(run.id.clone())))
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let mut painter = Painter::new(buffer, session);
        let Some(flow) = self.flow(session) else {
            painter.text(
                area.x + 1,
                area.y,
                area.width.saturating_sub(1),
                Role::Warning,
                &format!("there is no flow {} any more", self.flow),
            );
            return None;
        };
        let head = self.head(session, flow);
        let mut y = area.y;
        for line in head.iter().take(usize::from(area.height)) {
            painter.line(area.x + 1, y, area.width.saturating_sub(1), line);
            y += 1;
        }
        // The graph gets what it needs, at most half of what the runs leave.
        let left = area.bottom().saturating_sub(y);
        let shown = self.run(session).and_then(|run| Some((run, flow.definition_of(run)?.clone(), run.definition.clone())));
        let (definition, digest) = shown.as_ref().map_or((&flow.definition, &flow.digest), |(_, definition, digest)| (definition, digest));
        let (definition, digest) = (definition.clone(), digest.clone());
        let room = (left / 2).saturating_sub(1);
        // The definition is read; the picture of it would take its room.
        if room >= 1 && self.tab != Tab::Definition {
            let title = shown.as_ref().map_or_else(|| "Steps".to_owned(), |(run, ..)| format!("Steps of run {}", run.id.name));
            let note = counted(definition.steps.len(), "step");
            let below = section(&mut painter, Rect { y, height: left, ..area }, &title, &note, false, &session.glyphs);
            let inner = Rect { x: below.x + 1, width: below.width.saturating_sub(1), ..below };
            let run = shown.as_ref().map(|(run, ..)| *run);
            let telling =
                run.and_then(|run| run.telling_step()).and_then(|step| definition.steps.iter().position(|other| other.name == step.name));
            let step_of = |place: usize| run.and_then(|run| run.step(&definition.steps.get(place)?.name));
            if let Some(graph) = self.graph.fitting(&definition, &digest, inner.width, room, session.glyphs.ascii) {
                let inner = Rect { height: graph.height().min(room), ..inner };
                let look = |place: usize| {
                    step_of(place).map_or((session.glyphs.absent, Role::Name), |step| state::step(&step.state, &session.glyphs))
                };
                graph.draw(
                    &mut painter,
                    inner,
                    telling,
                    look,
                    |place| step_of(place).map_or(0, |step| state::rank(&step.state)),
                    |_| false,
                );
                y = inner.bottom();
            } else {
                painter.text(inner.x, inner.y, inner.width, Role::Muted, "too many steps for a picture; open a run for the list");
                y = inner.y + 1;
            }
        }
        let area = Rect { y, height: area.bottom().saturating_sub(y), ..area };
        let title = |tab: &Tab| {
            let words = format!("{} {}", *tab as usize + 1, tab.title());
            if *tab == self.tab { format!("[{words}]") } else { words }
        };
        let titles = TABS.iter().map(title).collect::<Vec<_>>().join("  ");
        let note = if self.tab == Tab::Runs { runs_note(flow) } else { String::new() };
        let area = section(&mut painter, area, &titles, &note, true, &session.glyphs);
        let lines = match self.tab {
            Tab::Runs => {
                self.rows = flow.runs.len();
                runs::draw_runs(&mut painter, session, flow, &mut self.cursors[Tab::Runs as usize], area);
                return None;
            }
            Tab::Next => next::lines(session, flow, Next::of(&mut self.next, session, flow)),
            Tab::Definition => definition::lines(session, flow, area.width),
        };
        self.rows = lines.len();
        self.cursors[self.tab as usize].draw(session, &mut painter, area, lines.len(), |cells, place| {
            let Some(line) = lines.get(place) else { return };
            cells.beside_cursor();
            cells.line(u16::MAX, line);
        });
        None
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        let turned = |by: usize| TABS.get((self.tab as usize + by) % TABS.len()).copied().unwrap_or_default();
        match action {
            Action::NextPane | Action::Right => self.tab = turned(1),
            Action::PreviousPane | Action::Left => self.tab = turned(TABS.len() - 1),
            pane if pane.pane().is_some() => match pane.pane().and_then(|pane| TABS.get(pane)) {
                Some(tab) => self.tab = *tab,
                None => return false,
            },
            _ => return self.act_on_rows(action, session),
        }
        true
    }

    fn why_disabled(&self, action: Action, _session: &Session) -> Option<String> {
        (action == Action::Open && self.tab != Tab::Runs).then(|| "only a run can be opened; 1 shows them".into())
    }

    fn mouse(&mut self, event: MouseEvent, session: &mut Session) -> bool {
        match wheel(event) {
            Some(action) => self.act_on_rows(action, session),
            None => self.cursors[self.tab as usize].mouse(event, self.rows),
        }
    }
}

impl FlowPage {
    fn act_on_rows(&mut self, action: Action, session: &mut Session) -> bool {
        if action == Action::Open {
            if let Some(run) = self.run(session) {
                let run = run.id.clone();
                session.open(Screen::Run(run));
            }
            return true;
        }
        let rows = if self.tab == Tab::Runs { self.flow(session).map_or(0, |flow| flow.runs.len()) } else { self.rows };
        self.cursors[self.tab as usize].act(action, rows)
    }
}
