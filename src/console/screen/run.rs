//! A run: its graph, its steps over time beside the last good run, the attempts of the step under the cursor.
//!
//! ```text
//!  ✗ load failed: exit 1     for 2026-11-20, 02:30 → 02:41, 11m (usually 10m, last good 16)
//!  schedule 30 2 * * *       params region=eu
//!  ── Graph ───────────────────────────────────────────────
//!   [● fetch]──→[● check]──→<✗ load>──→[− report]
//!  ── Steps ─────────────────── 02:30 ─────────── 02:41 ──
//!   ● fetch   exit 0          █████░                   2m01
//! ▌ ✗ load    exit 1, attempt 2      ▓▓▓··▓▓▓▓▓▓▓▓     7m12
//!  ── Attempts of load ────────────────────────────────────
//!   ✗ 1  02:34  3m02  exit 1         14.2 KiB
//!   ✗ 2  02:37  3m40  exit 1         14.3 KiB   left behind: 4711 psql
//! ```

mod draw;

use super::{Page, Screen};
use crate::console::session::Tone;
use crate::console::view::{bars, clock, flows, state};
use crate::console::widget::cursor::Cursor;
use crate::console::widget::graph::Kept;
use crate::console::widget::input::Input;
use crate::console::widget::line::Line;
use crate::console::widget::paint::Painter;
use crate::console::widget::section::section;
use crate::console::{Action, Place, Role, Session, Target};
use crate::domain::{AttemptId, Job, Phase, RunId, StepName};
use crate::rules::forecast::{self, Forecast};
use crate::world::{Flow, Run, StepRun};
use crossterm::event::MouseEvent;
pub use draw::size;
use draw::{Listed, draw_attempts, draw_steps};
use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// The page.
#[derive(Debug)]
pub struct RunPage {
    run: RunId,
    /// What the names of steps must hold to be listed.
    filter: Input,
    filtering: bool,
    cursor: Option<Cursor>,
    graph: Kept,
}

impl RunPage {
    /// The page of a run, with the cursor on the step that tells most.
    pub fn new(run: RunId) -> Self {
        Self { run, filter: Input::default(), filtering: false, cursor: None, graph: Kept::default() }
    }

    fn cursor(&mut self, run: &Run) -> &mut Cursor {
        self.cursor.get_or_insert_with(|| {
            let telling = run.telling_step().and_then(|step| run.steps.iter().position(|other| other.name == step.name));
            Cursor::on(telling.unwrap_or(0))
        })
    }

    /// Places of the steps that are listed.
    fn listed(&self, run: &Run) -> Vec<usize> {
        let wanted = self.filter.text().trim().to_lowercase();
        let holds = |step: &StepRun| wanted.is_empty() || step.name.as_str().to_lowercase().contains(&wanted);
        run.steps.iter().enumerate().filter(|(_, step)| holds(step)).map(|(place, _)| place).collect()
    }

    /// Changes what is listed; the cursor stays on its step where that is still listed.
    fn relist(&mut self, session: &Session, change: impl FnOnce(&mut Self)) {
        let Some(run) = session.world.run(&self.run) else { return };
        let on = self.step(run).map(|step| step.name.clone());
        change(self);
        let at = self.listed(run).into_iter().position(|place| run.steps.get(place).map(|step| &step.name) == on.as_ref());
        self.cursor(run).at = at.unwrap_or(0);
    }

    /// The cursor to the next step of the path that decides the end; all steps are listed again.
    fn follow_path(&mut self, session: &mut Session) {
        let found = session.world.flow(&self.run.flow).and_then(|flow| Some((flow, flow.run(&self.run)?)));
        let path = found.and_then(|(flow, run)| foreseen(session, flow, run)).map(|(_, told)| told.path).unwrap_or_default();
        let Some((_, run)) = found.filter(|_| !path.is_empty()) else {
            session.toast(Tone::Plain, "nothing remains that could decide the end");
            return;
        };
        let on = self.step(run).and_then(|step| path.iter().position(|name| *name == step.name));
        let next = path.get(on.map_or(0, |on| (on + 1) % path.len()));
        let at = next.and_then(|next| run.steps.iter().position(|step| step.name == *next));
        self.filter.clear();
        self.cursor(run).at = at.unwrap_or(0);
    }

    fn step<'r>(&self, run: &'r Run) -> Option<&'r StepRun> {
        match self.cursor {
            Some(cursor) => run.steps.get(*self.listed(run).get(cursor.at)?),
            None => run.telling_step().or_else(|| run.steps.first()),
        }
    }

    fn draw_graph(
        &mut self,
        painter: &mut Painter<'_>,
        session: &Session,
        (flow, run): (&Flow, &Run),
        path: &[StepName],
        area: Rect,
        room: u16,
    ) -> u16 {
        let Some(definition) = flow.definition_of(run).cloned() else { return 0 };
        let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
        let selected = self.step(run).and_then(|step| definition.steps.iter().position(|other| other.name == step.name));
        let Some(graph) = self.graph.fitting(&definition, &run.definition, inner.width, room, session.glyphs.ascii) else { return 0 };
        let height = graph.height().min(room);
        let name_of = |place: usize| definition.steps.get(place).map(|step| &step.name);
        let step_of = |place: usize| name_of(place).and_then(|name| run.step(name));
        let look =
            |place: usize| step_of(place).map_or((session.glyphs.absent, Role::Muted), |step| state::step(&step.state, &session.glyphs));
        let rank = |place: usize| step_of(place).map_or(0, |step| state::rank(&step.state));
        let is_critical = |place: usize| name_of(place).is_some_and(|name| path.contains(name));
        graph.draw(painter, Rect { height, ..inner }, selected, look, rank, is_critical);
        height
    }

    fn attempt(&self, session: &Session) -> Option<AttemptId> {
        let run = session.world.run(&self.run)?;
        let step = self.step(run)?;
        let number = step.attempts.last()?.number;
        Some(AttemptId { job: Job::Step { run: self.run.clone(), step: step.name.clone() }, number })
    }

    /// Opens the output of the step under the cursor, or moves.
    fn moved(&mut self, action: Action, session: &mut Session) -> bool {
        if action == Action::Open {
            match self.attempt(session) {
                Some(attempt) => session.open(Screen::Output(attempt)),
                None => session.toast(Tone::Plain, "this step has not started, so there is no output"),
            }
            return true;
        }
        let Some(run) = session.world.run(&self.run) else { return false };
        let rows = self.listed(run).len();
        self.cursor(run).act(action, rows)
    }
}

fn took(from: Timestamp, to: Timestamp) -> String {
    clock::duration(to.duration_since(from).try_into().unwrap_or_default())
}

/// When it ends, or would end if it were run again now, with the words before it.
fn foreseen(session: &Session, flow: &Flow, run: &Run) -> Option<(&'static str, Forecast)> {
    if run.phase == Phase::Done {
        // Only the newest run is worth running again.
        let newest = flow.last_run().is_some_and(|last| last.id == run.id);
        return Some(("rerun now: ", forecast::of_rerun(flow, run, session.now).filter(|_| newest)?));
    }
    Some(("", forecast::of_run(flow, run, session.now)?))
}

fn head(session: &Session, flow: &Flow, run: &Run, good: Option<&Run>, foreseen: Option<&(&'static str, Forecast)>) -> Vec<Line> {
    let (symbol, role) = state::run(run, &session.glyphs);
    let mut first = Line::of(role, format!("{symbol} {}", flows::run_words(session, flow, run)));
    first.push(Role::Muted, format!("   for {}, ", run.date));
    let times = match (run.started_at, run.ended_at) {
        (Some(from), Some(to)) => format!("{} {} {}, {}", session.time(from), session.glyphs.arrow, session.time(to), took(from, to)),
        (Some(from), None) => format!("since {}, {}", session.time(from), session.age(from)),
        (None, Some(to)) => format!("ended {} without a start", session.time(to)),
        (None, None) => format!("made {}, not started", session.time(run.created_at)),
    };
    first.push(Role::Text, times);
    match good.and_then(|good| good.started_at.zip(good.ended_at).map(|(from, to)| (good, took(from, to)))) {
        Some((good, took)) => first.push(Role::Muted, format!(" (last good {} took {took})", good.id.name)),
        None => first.push(Role::Muted, " (no good run before it)"),
    }
    let mut second = Line::of(Role::Muted, state::cause(run));
    if !run.params.is_empty() {
        let params: Vec<_> = run.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
        second.push(Role::Muted, format!("   params {}", params.join(" ")));
    }
    if run.definition != flow.digest {
        second.push(Role::Warning, "   ran with another definition than today's");
    }
    if let Some(by) = run.kill_asked_by.as_ref().filter(|_| run.ended_at.is_none()) {
        second.push(Role::Warning, format!("   {by} asked it to end"));
    }
    let third = foreseen.and_then(|(before, told)| {
        let words = told.words(|at| session.time(at))?;
        Some(Line::of(flows::risk_role(told.risk), format!("{before}{words}")))
    });
    [first, second].into_iter().chain(third).collect()
}

impl Page for RunPage {
    fn title(&self, _session: &Session) -> String {
        format!("run {}", self.run)
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        if self.filtering {
            return vec![Place::Input, Place::Dialog];
        }
        vec![Place::Run, Place::Flows, Place::List, Place::Global]
    }

    fn target(&self, session: &Session) -> Option<Target> {
        let run = session.world.run(&self.run)?;
        Some(self.step(run).map_or_else(|| Target::Run(self.run.clone()), |step| Target::Step(self.run.clone(), step.name.clone())))
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let mut painter = Painter::new(buffer, session);
        let found = session.world.flow(&self.run.flow).and_then(|flow| Some((flow, flow.run(&self.run)?)));
        let Some((flow, run)) = found else {
            let words = format!("{} is not among the runs that are kept; `dogwatch events` has it", self.run);
            painter.text(area.x + 1, area.y, area.width.saturating_sub(1), Role::Warning, &words);
            return None;
        };
        let good = flow.last_good(Some(&self.run));
        let foreseen = foreseen(session, flow, run);
        let path = foreseen.as_ref().map(|(_, told)| told.path.clone()).unwrap_or_default();
        let mut rest = area;
        for line in head(session, flow, run, good, foreseen.as_ref()).iter().take(usize::from(area.height)) {
            painter.line(rest.x + 1, rest.y, rest.width.saturating_sub(1), line);
            rest = Rect { y: rest.y + 1, height: rest.height.saturating_sub(1), ..rest };
        }
        let attempts = self.step(run).map_or(0, |step| step.attempts.len().min(5)) as u16;
        let below = if rest.height >= 10 { attempts.max(1) + 1 } else { 0 };
        // The steps come first; the graph gets what they leave, at most a third.
        let steps = (run.steps.len() as u16).saturating_add(1);
        let room = rest.height.saturating_sub(below + steps + 1).max(rest.height / 3).min(rest.height.saturating_sub(below + 4));
        if rest.height >= 12 && room >= 1 {
            let note = if path.len() > 1 { "{ } decides the end" } else { "" };
            let inside = section(&mut painter, rest, "Graph", note, false, &session.glyphs);
            let height = self.draw_graph(&mut painter, session, (flow, run), &path, inside, room);
            if height > 0 {
                rest = Rect { y: inside.y + height, height: rest.bottom().saturating_sub(inside.y + height), ..rest };
            }
        }
        let list = Rect { height: rest.height.saturating_sub(below).min(steps), ..rest };
        let bars = bars::of(run, good, session.now);
        if bars.now.is_some() {
            session.changes_in(SignedDuration::from_secs(5));
        }
        let (listed, filter) = (self.listed(run), self.filter.text().to_owned());
        let is_filtered = self.filtering || !filter.is_empty();
        let title = if is_filtered { format!("Steps /{filter}") } else { String::new() };
        let shown = Listed { places: &listed, title: &title, bars: &bars, path: &path };
        draw_steps(&mut painter, session, (run, good), &shown, self.cursor(run), list);
        let typed = self.filtering.then(|| {
            let x = list.x + 3 + crate::text::width(&crate::text::line(&title)) as u16;
            Position::new(x.min(list.right().saturating_sub(1)), list.y)
        });
        if below > 0
            && let Some(step) = self.step(run)
        {
            let bottom = Rect { y: list.bottom(), height: below, ..rest };
            draw_attempts(&mut painter, session, step, bottom);
        }
        typed
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        if self.filtering {
            match action {
                Action::Confirm => self.filtering = false,
                Action::Cancel => {
                    self.filtering = false;
                    self.relist(session, |page| page.filter.clear());
                }
                Action::NextField => drop(self.moved(Action::Down, session)),
                Action::PreviousField => drop(self.moved(Action::Up, session)),
                other => self.relist(session, |page| page.filter.act(other)),
            }
            return true;
        }
        match action {
            Action::Filter => self.filtering = true,
            Action::Back if !self.filter.is_empty() => self.relist(session, |page| page.filter.clear()),
            Action::CriticalPath => self.follow_path(session),
            other => return self.moved(other, session),
        }
        true
    }

    fn takes_text(&self) -> bool {
        self.filtering
    }

    fn pasted(&mut self, text: &str, session: &mut Session) {
        let mut whole = true;
        self.relist(session, |page| whole = page.filter.insert(text.lines().next().unwrap_or_default()));
        if !whole {
            session.toast(Tone::Bad, "the pasted text was cut");
        }
    }

    fn mouse(&mut self, event: MouseEvent, session: &mut Session) -> bool {
        let Some(run) = session.world.run(&self.run) else { return false };
        let rows = self.listed(run).len();
        self.cursor(run).mouse(event, rows)
    }
}
