//! What an attempt printed: the end at once, however large; search, filter and follow without reading all of it.
//!
//! ```text
//!  ✗ load attempt 2  exit 1   14.3 KiB   lines 812–834 of 1,204   69 %   following
//!   812  loading orders 0001
//!   813  psql: FATAL: role "etl" does not exist
//!   …
//!  /FATAL   searching 34 %
//! ```

use super::{Page, Screen};
use crate::console::session::Tone;
use crate::console::view::state;
use crate::console::widget::cursor::wheel;
use crate::console::widget::input::Input;
use crate::console::widget::line::Line;
use crate::console::widget::paint::Painter;
use crate::console::{Action, Msg, Place, Role, Session, Target};
use crate::domain::evidence::EvidenceFile;
use crate::domain::{AttemptEnd, AttemptId, IncidentId, Job};
use crate::output::{Bell, Direction, Found, Needle, Output, OutputError, Search};
use crate::wire::handed::open_output;
use crate::wire::message::evidence_path;
use crate::world::TickState;
use crossterm::event::MouseEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::path::Path;
use std::sync::Arc;

pub mod lines;
mod seek;
pub mod text;

use lines::Lines;

/// A running step that has printed nothing for so long is said to be silent.
const SILENT: jiff::SignedDuration = jiff::SignedDuration::from_mins(1);

/// The page.
#[derive(Debug)]
pub struct OutputPage {
    of: Of,
    bell: Bell,
    lines: Result<Lines, String>,
    needle: Option<Arc<Needle>>,
    search: Option<(Search, Direction)>,
    found: Option<Found>,
    prompt: Option<Prompt>,
}

/// What is read.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Of {
    /// What an attempt printed.
    Attempt(AttemptId),
    /// A file that was gathered as evidence.
    Evidence { incident: IncidentId, capsule: u32, name: String },
}

impl Of {
    fn attempt(&self) -> Option<&AttemptId> {
        match self {
            Self::Attempt(attempt) => Some(attempt),
            Self::Evidence { .. } => None,
        }
    }
}

/// A text that is being typed below the output.
#[derive(Debug)]
struct Prompt {
    input: Input,
    filter: bool,
}

/// How far an attempt is.
enum Progress<'a> {
    Runs,
    Ended(&'a AttemptEnd),
}

impl OutputPage {
    /// The page of an attempt's output; it begins at the end, where the news is.
    pub fn new(attempt: AttemptId, session: &mut Session) -> Self {
        Self::open(Of::Attempt(attempt), session)
    }

    /// The page of a file of evidence; it begins at the first line that looks like an error.
    pub fn of_evidence(incident: IncidentId, capsule: u32, name: String, session: &mut Session) -> Self {
        let mut page = Self::open(Of::Evidence { incident, capsule, name }, session);
        if page.lines.is_ok() && page.evidence(session).is_some_and(|file| file.first_error.is_some()) {
            page.first_error(session);
        }
        page
    }

    fn open(of: Of, session: &mut Session) -> Self {
        let waker = session.waker.clone();
        let bell = Bell::new(move || waker.wake());
        let mut page = Self { of, bell, lines: Err(String::new()), needle: None, search: None, found: None, prompt: None };
        page.reopen(session);
        page
    }

    /// What is on record of the file of evidence.
    fn evidence<'s>(&self, session: &'s Session) -> Option<&'s EvidenceFile> {
        let Of::Evidence { incident, capsule, name } = &self.of else { return None };
        let capsules = &session.world.incident(*incident)?.evidence.capsules;
        let capsule = capsules.iter().find(|other| other.number == *capsule)?;
        capsule.files.iter().find(|file| file.name == *name)
    }

    fn reopen(&mut self, session: &Session) {
        self.search = None;
        self.found = None;
        self.lines = match &session.welcome {
            Some(welcome) => {
                let opened = match &self.of {
                    Of::Attempt(attempt) => open_output(welcome, attempt),
                    Of::Evidence { incident, capsule, name } => {
                        Output::open(evidence_path(Path::new(&welcome.state), *incident, *capsule, name))
                    }
                };
                opened.and_then(|output| Lines::of(output, &self.bell)).map_err(|error| words_of(&error))
            }
            None => Err("not connected to the daemon yet".into()),
        };
    }

    /// How far the attempt is, where the world knows of it.
    fn progress<'s>(&self, session: &'s Session) -> Option<Progress<'s>> {
        let attempt = self.of.attempt()?;
        let end = match &attempt.job {
            Job::Step { run, step } => {
                let step = session.world.run(run)?.step(step)?;
                step.attempts.iter().find(|row| row.number == attempt.number)?.end.as_ref()
            }
            Job::Procedure { runbook, subject, step } => {
                let tick = session.world.procedure(runbook, subject)?.ticks.get(step)?;
                tick.attempt.as_ref().filter(|other| *other == attempt)?;
                tick.end.as_ref()
            }
        };
        Some(end.map_or(Progress::Runs, Progress::Ended))
    }

    /// Whether a runbook's step ended as its runbook expects, with whatever exit.
    fn is_as_expected(&self, session: &Session) -> bool {
        let Some(attempt) = self.of.attempt() else { return false };
        let Job::Procedure { runbook, subject, step } = &attempt.job else { return false };
        let tick = session.world.procedure(runbook, subject).and_then(|walked| walked.ticks.get(step));
        tick.is_some_and(|tick| tick.state == TickState::Passed && tick.attempt.as_ref() == Some(attempt))
    }

    /// Another attempt of the same step.
    fn neighbour(&mut self, forward: bool, session: &mut Session) {
        let Of::Attempt(attempt) = &mut self.of else { return session.toast(Tone::Plain, "a file of evidence has no attempts") };
        let number = if forward { attempt.number + 1 } else { attempt.number.saturating_sub(1) };
        let Job::Step { run, step } = &attempt.job else {
            session.toast(Tone::Plain, "a runbook step shows its last attempt only");
            return;
        };
        let there =
            session.world.run(run).and_then(|run| run.step(step)).is_some_and(|step| step.attempts.iter().any(|a| a.number == number));
        if there {
            attempt.number = number;
            self.reopen(session);
        } else {
            session.toast(Tone::Plain, if forward { "this is the last attempt" } else { "this is the first attempt" });
        }
    }

    fn head(&self, session: &Session) -> Line {
        let progress = self.progress(session);
        let mut line = Line::new();
        match progress {
            Some(Progress::Runs) => {
                let (symbol, role) = state::end(None, &session.glyphs);
                line.push(role, format!("{symbol} running"));
            }
            Some(Progress::Ended(end)) if *end != AttemptEnd::Exit(0) && self.is_as_expected(session) => {
                line.push(Role::Good, format!("{} {end}, as expected", session.glyphs.good));
            }
            Some(Progress::Ended(end)) => {
                let (symbol, role) = state::end(Some(end), &session.glyphs);
                line.push(role, format!("{symbol} {end}"));
            }
            None => {}
        }
        if let Some(file) = self.evidence(session) {
            line.push(Role::Name, file.from.clone());
            if file.masked > 0 {
                line.push(Role::Muted, format!("   {} masked", file.masked));
            }
            if let Some(problem) = &file.problem {
                line.push(Role::Warning, format!("   {problem}"));
            }
        }
        let Ok(lines) = &self.lines else { return line };
        line.push(Role::Muted, format!("   {}", super::run::size(lines.output().len())));
        line.push(Role::Text, format!("   {}", lines.position()));
        // What has ended has no news; its end is merely in sight.
        let is_attempt = self.of.attempt().is_some();
        if is_attempt && lines.following() && !matches!(progress, Some(Progress::Ended(_))) {
            line.push(Role::Active, "   following");
        }
        // Lines carry no time of their own unless the step prints one; when the last one came, the file system knows.
        let written = lines.output().written_at().filter(|_| matches!(progress, Some(Progress::Runs)));
        if let Some(at) = written.filter(|at| session.now.duration_since(*at) >= SILENT) {
            line.push(Role::Warning, format!("   silent for {}", session.age(at)));
        }
        if let Some(words) = lines.filter_words() {
            line.push(Role::Warning, format!("   {words}"));
        }
        if let Some(words) = lines.note() {
            line.push(Role::Warning, format!("   {words}"));
        }
        line
    }

    fn foot(&self) -> Option<Line> {
        let (search, _) = self.search.as_ref()?;
        let words = self.needle.as_ref().map(|needle| needle.words().to_owned()).unwrap_or_default();
        Some(Line::of(Role::Active, format!("looking for {words}: {} %", search.progress().percent())).with(Role::Muted, "   esc ends it"))
    }
}

fn words_of(error: &OutputError) -> String {
    match error {
        OutputError::Missing { .. } => "no output is kept: the attempt has not begun, or its time to be kept is over".into(),
        other => other.to_string(),
    }
}

impl Page for OutputPage {
    fn title(&self, _session: &Session) -> String {
        match &self.of {
            Of::Attempt(attempt) => format!("output of {attempt}"),
            Of::Evidence { incident, name, .. } => format!("{name}, evidence of incident {incident}"),
        }
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        match self.of.attempt().map(|attempt| &attempt.job) {
            _ if self.prompt.is_some() => vec![Place::Input, Place::Dialog],
            // What is read here is acted on here: rerun, kill, why.
            Some(Job::Step { .. }) => vec![Place::Output, Place::Reader, Place::Flows, Place::Global],
            Some(Job::Procedure { .. }) | None => vec![Place::Output, Place::Reader, Place::Global],
        }
    }

    fn target(&self, _session: &Session) -> Option<Target> {
        Some(match &self.of {
            Of::Attempt(attempt) => Target::Attempt(attempt.clone()),
            Of::Evidence { incident, .. } => Target::Incident(*incident),
        })
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let foot_rows = u16::from(self.prompt.is_some() || self.search.is_some());
        let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1 + foot_rows), ..area };
        if let Ok(lines) = &mut self.lines
            && let Err(error) = lines.read(body.width, body.height)
        {
            self.lines = Err(words_of(&error));
        }
        let mut painter = Painter::new(buffer, session);
        if area.height > 0 {
            painter.line(area.x + 1, area.y, area.width.saturating_sub(1), &self.head(session));
        }
        match &self.lines {
            Ok(lines) => text::draw(&mut painter, session, lines, self.needle.as_deref(), self.found, body),
            Err(words) if body.height > 0 => {
                painter.text(body.x + 1, body.y, body.width.saturating_sub(1), Role::Warning, words);
            }
            Err(_) => {}
        }
        let y = area.bottom().saturating_sub(1);
        if area.height < 2 {
            return None;
        }
        if let Some(prompt) = &self.prompt {
            let label = if prompt.filter { "only lines with: " } else { "look for: " };
            let mut x = area.x + painter.text(area.x, y, area.width, Role::Key, label);
            let before = prompt.input.text().get(..prompt.input.cursor()).unwrap_or_default();
            let room = area.right().saturating_sub(x);
            painter.text(x, y, room, Role::Input, prompt.input.text());
            if prompt.input.is_empty() {
                painter.text(x + 2, y, room.saturating_sub(2), Role::Muted, "a text, or /a regular expression/");
            }
            x += crate::text::width(&crate::text::line(before)) as u16;
            return Some(Position::new(x.min(area.right().saturating_sub(1)), y));
        }
        if let Some(foot) = self.foot() {
            session.changes_in(jiff::SignedDuration::from_millis(200));
            painter.line(area.x, y, area.width, &foot);
        }
        None
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        if let Some(prompt) = &mut self.prompt {
            match action {
                Action::Confirm => self.committed(session),
                Action::Cancel => self.prompt = None,
                Action::DeleteLeft => prompt.input.delete_left(),
                Action::DeleteRight => prompt.input.delete_right(),
                Action::CursorLeft => prompt.input.left(),
                Action::CursorRight => prompt.input.right(),
                Action::CursorStart => prompt.input.start(),
                Action::CursorEnd => prompt.input.end(),
                _ => return false,
            }
            return true;
        }
        match action {
            Action::Search => self.prompt = Some(Prompt { input: Input::default(), filter: false }),
            Action::FilterOutput => self.prompt = Some(Prompt { input: Input::default(), filter: true }),
            Action::SearchNext => self.next(Direction::Forward, session),
            Action::SearchPrevious => self.next(Direction::Back, session),
            Action::FirstError => self.first_error(session),
            Action::OlderAttempt => self.neighbour(false, session),
            Action::NewerAttempt => self.neighbour(true, session),
            Action::Compare => match &self.of {
                Of::Attempt(attempt) => session.open(Screen::Compare(attempt.clone())),
                Of::Evidence { .. } => session.toast(Tone::Plain, "evidence is not compared"),
            },
            Action::Back if self.search.is_some() => self.search = None,
            Action::Back if self.lines.as_ref().is_ok_and(|lines| lines.filter_words().is_some()) => self.unfilter(),
            other => return self.lines.as_mut().is_ok_and(|lines| lines.act(other)),
        }
        true
    }

    fn why_disabled(&self, action: Action, _session: &Session) -> Option<String> {
        match action {
            Action::SearchNext | Action::SearchPrevious if self.needle.is_none() => {
                Some("nothing is looked for yet; / asks for a text".into())
            }
            _ => None,
        }
    }

    fn takes_text(&self) -> bool {
        self.prompt.is_some()
    }

    fn pasted(&mut self, text: &str, _session: &mut Session) {
        if let Some(prompt) = &mut self.prompt {
            prompt.input.insert(text.lines().next().unwrap_or_default());
        }
    }

    fn mouse(&mut self, event: MouseEvent, _session: &mut Session) -> bool {
        let Some(action) = wheel(event) else { return false };
        self.lines.as_mut().is_ok_and(|lines| (0..3).fold(false, |moved, _| lines.act(action) || moved))
    }

    fn copied(&self, _session: &Session) -> Option<String> {
        // The found line, else what the screen shows.
        let lines = self.lines.as_ref().ok()?;
        let shown = lines.shown();
        let found = self.found.and_then(|found| shown.iter().find(|line| line.start == found.line));
        match found {
            Some(line) => Some(crate::text::line(&line.text()).into_owned()),
            None => Some(shown.iter().map(|line| crate::text::line(&line.text()).into_owned()).collect::<Vec<_>>().join("\n")),
        }
    }

    fn told(&mut self, msg: &Msg, session: &mut Session) {
        match msg {
            Msg::Woken => self.listen(session),
            // An attempt whose file was not there yet may have begun.
            Msg::News(_) if self.lines.is_err() => self.reopen(session),
            _ => {}
        }
    }
}
