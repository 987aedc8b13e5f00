//! What a step printed beside what it printed in the last good run: only what differs, with the lines around it.
//!
//! ```text
//!  2 differences   3 lines gone, 2 new   figures do not count   difference 1 of 2
//!  region is `us`, in nightly-orders/1 it was `eu`
//!  nightly-orders/1  exit 0  2m00               nightly-orders/2  exit 1  7m12
//!  ·· 812 lines alike ··
//!    813  loading orders                          813  loading orders
//! ▸  814  loaded 1,204 rows                     |  814  psql: FATAL: role "etl" does not exist
//!    815  done                                  <
//! ```
//!
//! Below 100 columns the lines stand one below the other, `-` for the good run's and `+` for this one's.

use super::{Page, Screen};
use crate::console::session::Tone;
use crate::console::widget::cursor::wheel;
use crate::console::widget::input::Input;
use crate::console::widget::paint::Painter;
use crate::console::{Action, Msg, Place, Role, Session, Target};
use crate::domain::{AttemptId, Job};
use crate::output::{Alike, Bell, Differences, Matches, Needle, OutputError, Task};
use crate::wire::handed::open_output;
use crossterm::event::MouseEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::sync::Arc;

mod draw;
mod head;
mod rows;

use rows::{Lay, Rows};

/// From this width on both outputs stand side by side.
const WIDE: u16 = 100;
/// Columns that one key press moves to the side.
const SIDESTEP: usize = 20;

/// The page.
#[derive(Debug)]
pub struct ComparePage {
    attempt: AttemptId,
    good: Result<AttemptId, String>,
    bell: Bell,
    alike: Alike,
    folded: bool,
    state: State,
    /// The first row on the screen, the row that was jumped to, columns left of the screen.
    top: usize,
    current: Option<usize>,
    left: usize,
    height: u16,
    needle: Option<Arc<Needle>>,
    looking: Option<Task<Result<Matches, OutputError>>>,
    found: Option<Matches>,
    prompt: Option<Input>,
}

#[derive(Debug)]
enum State {
    Running(Task<Result<Differences, OutputError>>),
    Shown(Shown),
    Failed(String),
}

#[derive(Debug)]
struct Shown {
    differences: Arc<Differences>,
    rows: Rows,
}

impl ComparePage {
    /// Compares an attempt with the same step of the last good run before it.
    pub fn new(attempt: AttemptId, session: &mut Session) -> Self {
        let waker = session.waker.clone();
        let mut page = Self {
            good: good_of(session, &attempt),
            attempt,
            bell: Bell::new(move || waker.wake()),
            alike: Alike::Words,
            folded: true,
            state: State::Failed(String::new()),
            top: 0,
            current: None,
            left: 0,
            height: 0,
            needle: None,
            looking: None,
            found: None,
            prompt: None,
        };
        page.compare(session);
        page
    }

    /// Starts to compare, in the background.
    fn compare(&mut self, session: &Session) {
        (self.found, self.looking) = (None, None);
        self.state = match self.started(session) {
            Ok(task) => State::Running(task),
            Err(words) => State::Failed(words),
        };
    }

    fn started(&self, session: &Session) -> Result<Task<Result<Differences, OutputError>>, String> {
        let good = self.good.as_ref().map_err(Clone::clone)?;
        let welcome = session.welcome.as_ref().ok_or("not connected to the daemon yet")?;
        let open = |attempt: &AttemptId| {
            open_output(welcome, attempt).map_err(|error| match error {
                OutputError::Missing { .. } => format!("the output of {attempt} is not kept any more"),
                other => other.to_string(),
            })
        };
        let (before, after, alike) = (open(good)?, open(&self.attempt)?, self.alike);
        let task = Task::start("comparing", &self.bell, move |progress| Differences::between(&before, &after, alike, progress));
        task.map_err(|error| error.to_string())
    }

    fn shown(&self) -> Option<&Shown> {
        if let State::Shown(shown) = &self.state { Some(shown) } else { None }
    }

    /// Lays the rows out for this width, with the same line on top as before.
    fn lay(&mut self, width: u16) {
        let lay = Lay { side_by_side: width >= WIDE, folded: self.folded };
        let State::Shown(shown) = &mut self.state else { return };
        if shown.rows.lay == lay {
            return;
        }
        let rows = Rows::new(&shown.differences.stretches, lay);
        let place_of = |old: &Rows, row: usize| old.line_at(row).and_then(|(line, later)| rows.row_of(line, later));
        self.top = place_of(&shown.rows, self.top).unwrap_or(0);
        self.current = self.current.and_then(|row| place_of(&shown.rows, row));
        shown.rows = rows;
    }

    /// Takes what the background has for us.
    fn listen(&mut self, session: &mut Session) {
        if !self.bell.heard() {
            return;
        }
        let done = if let State::Running(task) = &self.state { task.take() } else { None };
        match done {
            Some(Ok(differences)) => {
                let rows = Rows::new(&differences.stretches, Lay { side_by_side: true, folded: self.folded });
                (self.top, self.current) = (0, None);
                self.state = State::Shown(Shown { differences: Arc::new(differences), rows });
            }
            Some(Err(error)) => self.state = State::Failed(error.to_string()),
            None => {}
        }
        match self.looking.as_ref().and_then(Task::take) {
            Some(Ok(matches)) => {
                self.looking = None;
                self.found = Some(matches);
                // A match may be among the lines that are folded away.
                let width = if self.shown().is_some_and(|shown| shown.rows.lay.side_by_side) { WIDE } else { 0 };
                self.folded = false;
                self.lay(width);
                // From what the screen shows on.
                self.current = self.top.checked_sub(1);
                self.go(true, session);
            }
            Some(Err(error)) => {
                self.looking = None;
                session.toast(Tone::Bad, error.to_string());
            }
            None => {}
        }
    }

    fn look_for(&mut self, words: &str, session: &mut Session) {
        let needle = match words.strip_prefix('/').map(|rest| rest.strip_suffix('/').unwrap_or(rest)) {
            Some(pattern) => Needle::regex(pattern),
            None => Needle::text(words),
        };
        let Some(differences) = self.shown().map(|shown| shown.differences.clone()) else { return };
        let started = needle.and_then(|needle| {
            let needle = Arc::new(needle);
            self.needle = Some(needle.clone());
            Task::start("the search", &self.bell, move |progress| differences.matching(&needle, progress))
        });
        match started {
            Ok(task) => (self.looking, self.found) = (Some(task), None),
            Err(error) => session.toast(Tone::Bad, error.to_string()),
        }
    }

    /// To the next or previous match where something is looked for, else to the next or previous difference.
    fn go(&mut self, forward: bool, session: &mut Session) {
        let State::Shown(shown) = &self.state else { return };
        let next = match &self.found {
            None => shown.rows.difference(self.current, forward),
            Some(found) => {
                let before = found.before.iter().filter_map(|line| shown.rows.row_of(*line, false));
                let rows = before.chain(found.after.iter().filter_map(|line| shown.rows.row_of(*line, true)));
                match (self.current, forward) {
                    (None, true) => rows.min(),
                    (Some(current), true) => rows.filter(|row| *row > current).min(),
                    (current, false) => rows.filter(|row| current.is_none_or(|current| *row < current)).max(),
                }
            }
        };
        if let Some(row) = next {
            self.current = Some(row);
            self.top = row.saturating_sub(usize::from(self.height / 3));
        } else {
            let needle = self.needle.as_ref().filter(|_| self.found.is_some());
            let what = needle.map_or("differences", |needle| needle.words());
            session.toast(Tone::Plain, format!("{what}: nothing further {}", if forward { "below" } else { "above" }));
        }
    }

    fn scroll(&mut self, action: Action) -> bool {
        let page = usize::from(self.height.max(1));
        self.top = match action {
            Action::Down => self.top + 1,
            Action::Up => self.top.saturating_sub(1),
            Action::HalfDown => self.top + page.div_ceil(2),
            Action::HalfUp => self.top.saturating_sub(page.div_ceil(2)),
            Action::PageDown => self.top + page,
            Action::PageUp => self.top.saturating_sub(page),
            Action::Top => 0,
            Action::Bottom => usize::MAX,
            Action::Right => {
                self.left += SIDESTEP;
                return true;
            }
            Action::Left => {
                self.left = self.left.saturating_sub(SIDESTEP);
                return true;
            }
            _ => return false,
        };
        if matches!(action, Action::Top) {
            self.current = None;
        }
        true
    }
}

/// The last attempt of the same step in the last good run before this attempt's, or why there is none.
pub fn good_of(session: &Session, attempt: &AttemptId) -> Result<AttemptId, String> {
    let Job::Step { run, step } = &attempt.job else { return Err("a runbook step has no good run to compare with".into()) };
    let flow = session.world.flow(&run.flow).ok_or("the flow is gone")?;
    let good = flow.last_good(Some(run)).ok_or("there is no good run before this one")?;
    // A rerun keeps what had succeeded; what that step printed belongs to the run in which it ran.
    let done = good.step(step).filter(|step| !step.carried).and_then(|step| step.attempts.last());
    let number = done.map(|attempt| attempt.number).ok_or_else(|| format!("{step} did not run in {}", good.id))?;
    Ok(AttemptId { job: Job::Step { run: good.id.clone(), step: step.clone() }, number })
}

impl Page for ComparePage {
    fn title(&self, _session: &Session) -> String {
        format!("compare {}", self.attempt)
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        if self.prompt.is_some() {
            return vec![Place::Input, Place::Dialog];
        }
        vec![Place::Compare, Place::Reader, Place::Flows, Place::Global]
    }

    fn target(&self, _session: &Session) -> Option<Target> {
        Some(Target::Attempt(self.attempt.clone()))
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.lay(area.width);
        let mut painter = Painter::new(buffer, session);
        let mut rest = area;
        for line in head::lines(self, session, (area.width, area.height)) {
            painter.line(rest.x + 1, rest.y, rest.width.saturating_sub(1), &line);
            rest = Rect { y: rest.y + 1, height: rest.height.saturating_sub(1), ..rest };
        }
        let foot = u16::from(self.prompt.is_some() || self.looking.is_some()).min(rest.height);
        let body = Rect { height: rest.height - foot, ..rest };
        self.height = body.height;
        let total = self.shown().map_or(0, |shown| shown.rows.total());
        self.top = self.top.min(total.saturating_sub(usize::from(body.height)));
        match &self.state {
            State::Shown(shown) => draw::rows(&mut painter, session, self, shown, body),
            State::Running(task) if body.height > 0 => {
                session.changes_in(jiff::SignedDuration::from_millis(200));
                let words = format!("comparing: {} %", task.progress().percent());
                painter.text(body.x + 1, body.y, body.width.saturating_sub(1), Role::Active, &words);
            }
            State::Failed(words) if body.height > 0 => {
                painter.text(body.x + 1, body.y, body.width.saturating_sub(1), Role::Warning, words);
            }
            _ => {}
        }
        if foot == 0 {
            return None;
        }
        let y = rest.bottom() - 1;
        if let Some(input) = &self.prompt {
            let x = area.x + painter.text(area.x, y, area.width, Role::Key, "look for: ");
            painter.text(x, y, area.right().saturating_sub(x), Role::Input, input.text());
            if input.is_empty() {
                painter.text(x + 2, y, area.right().saturating_sub(x + 2), Role::Muted, "a text, or /a regular expression/");
            }
            let typed = input.text().get(..input.cursor()).unwrap_or_default();
            let x = x + crate::text::width(&crate::text::line(typed)) as u16;
            return Some(Position::new(x.min(area.right().saturating_sub(1)), y));
        }
        if let Some(task) = &self.looking {
            session.changes_in(jiff::SignedDuration::from_millis(200));
            painter.text(area.x, y, area.width, Role::Active, &format!("looking in both: {} %", task.progress().percent()));
        }
        None
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        if let Some(input) = &mut self.prompt {
            match action {
                Action::Confirm => {
                    let words = input.text().to_owned();
                    self.prompt = None;
                    if !words.is_empty() {
                        self.look_for(&words, session);
                    }
                }
                Action::Cancel => self.prompt = None,
                other => input.act(other),
            }
            return true;
        }
        match action {
            Action::Search => self.prompt = Some(Input::default()),
            Action::SearchNext => self.go(true, session),
            Action::SearchPrevious => self.go(false, session),
            Action::Figures => {
                self.alike = if self.alike == Alike::Words { Alike::Exactly } else { Alike::Words };
                self.compare(session);
            }
            Action::AlikeLines => self.folded = !self.folded,
            Action::Compare => match &self.good {
                Ok(good) => session.open(Screen::Output(good.clone())),
                Err(words) => session.toast(Tone::Plain, words.clone()),
            },
            Action::Back if self.found.is_some() || self.looking.is_some() => {
                (self.found, self.looking, self.needle) = (None, None, None);
                self.folded = true;
            }
            other => return self.scroll(other),
        }
        true
    }

    fn why_disabled(&self, action: Action, _session: &Session) -> Option<String> {
        let shown = || self.shown().is_none().then(|| "the outputs are not compared yet".to_owned());
        match action {
            Action::Wrap => Some("the lines stand beside one another; the arrows move them".into()),
            Action::Compare => self.good.as_ref().err().cloned(),
            Action::Search | Action::SearchNext | Action::SearchPrevious => shown(),
            _ => None,
        }
    }

    fn takes_text(&self) -> bool {
        self.prompt.is_some()
    }

    fn pasted(&mut self, text: &str, _session: &mut Session) {
        if let Some(input) = &mut self.prompt {
            input.insert(text.lines().next().unwrap_or_default());
        }
    }

    fn mouse(&mut self, event: MouseEvent, _session: &mut Session) -> bool {
        let Some(action) = wheel(event) else { return false };
        (0..3).fold(false, |moved, _| self.scroll(action) || moved)
    }

    fn copied(&self, _session: &Session) -> Option<String> {
        let shown = self.shown()?;
        Some(draw::as_text(shown, self.top, usize::from(self.height)))
    }

    fn told(&mut self, msg: &Msg, session: &mut Session) {
        match msg {
            Msg::Woken => self.listen(session),
            // What could not be compared may be there now.
            Msg::News(_) if matches!(self.state, State::Failed(_)) => {
                let good = good_of(session, &self.attempt);
                if good != self.good {
                    self.good = good;
                    self.compare(session);
                }
            }
            _ => {}
        }
    }
}
