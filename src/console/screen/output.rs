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
use crate::console::widget::input::Input;
use crate::console::widget::line::Line;
use crate::console::widget::paint::Painter;
use crate::console::{Action, Msg, Place, Role, Session, Target};
use crate::domain::{AttemptId, Job};
use crate::output::{Bell, Direction, Filter, Found, Needle, OutputError, Search};
use crate::wire::message::output_path;
use crate::world::Attempt;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent, MouseEventKind};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::path::Path;
use std::sync::Arc;

pub mod lines;
pub mod text;

use lines::Lines;

/// A running step that has printed nothing for so long is said to be silent.
const SILENT: jiff::SignedDuration = jiff::SignedDuration::from_mins(1);

/// The page.
#[derive(Debug)]
pub struct OutputPage {
    attempt: AttemptId,
    bell: Bell,
    lines: Result<Lines, String>,
    needle: Option<Arc<Needle>>,
    search: Option<(Search, Direction)>,
    found: Option<Found>,
    prompt: Option<Prompt>,
}

/// A text that is being typed below the output.
#[derive(Debug)]
struct Prompt {
    input: Input,
    filter: bool,
}

impl OutputPage {
    /// The page of an attempt's output; it begins at the end, where the news is.
    pub fn new(attempt: AttemptId, session: &mut Session) -> Self {
        let waker = session.waker.clone();
        let bell = Bell::new(move || waker.wake());
        let mut page = Self { attempt, bell, lines: Err(String::new()), needle: None, search: None, found: None, prompt: None };
        page.reopen(session);
        page
    }

    fn reopen(&mut self, session: &Session) {
        self.search = None;
        self.found = None;
        self.lines = match &session.welcome {
            Some(welcome) => {
                Lines::open(&output_path(Path::new(&welcome.state), &self.attempt), &self.bell).map_err(|error| words_of(&error))
            }
            None => Err("not connected to the daemon yet".into()),
        };
    }

    fn state<'s>(&self, session: &'s Session) -> Option<&'s Attempt> {
        match &self.attempt.job {
            Job::Step { run, step } => {
                let step = session.world.run(run)?.step(step)?;
                step.attempts.iter().find(|attempt| attempt.number == self.attempt.number)
            }
            Job::Procedure { .. } => None,
        }
    }

    /// Looks for what is being looked for, from the last match or from the first line on the screen.
    fn seek(&mut self, direction: Direction, from: u64, session: &mut Session) {
        let (Some(needle), Ok(lines)) = (&self.needle, &self.lines) else {
            session.toast(Tone::Plain, "nothing is looked for yet; / asks for a text");
            return;
        };
        match Search::start(lines.output(), needle, direction, from, &self.bell) {
            Ok(search) => self.search = Some((search, direction)),
            Err(error) => session.toast(Tone::Bad, error.to_string()),
        }
    }

    fn next(&mut self, direction: Direction, session: &mut Session) {
        let Ok(lines) = &self.lines else { return };
        let from = match (direction, self.found) {
            (Direction::Forward, Some(found)) => lines.after(found.line),
            (Direction::Back, Some(found)) => found.line,
            (_, None) => lines.first_shown(),
        };
        self.seek(direction, from, session);
    }

    fn committed(&mut self, session: &mut Session) {
        let Some(prompt) = self.prompt.take() else { return };
        let words = prompt.input.text();
        if words.is_empty() {
            if prompt.filter {
                self.unfilter();
            }
            return;
        }
        let needle = match words.strip_prefix('/').map(|rest| rest.strip_suffix('/').unwrap_or(rest)) {
            Some(pattern) => Needle::regex(pattern),
            None => Needle::text(words),
        };
        let needle = match needle {
            Ok(needle) => Arc::new(needle),
            Err(error) => {
                session.toast(Tone::Bad, error.to_string());
                return;
            }
        };
        self.needle = Some(needle.clone());
        self.found = None;
        let Ok(lines) = &mut self.lines else { return };
        if prompt.filter {
            match Filter::start(lines.output(), &needle, &self.bell) {
                Ok(filter) => lines.filtered(filter),
                Err(error) => session.toast(Tone::Bad, error.to_string()),
            }
        } else {
            // From the first line on the screen; past the end it begins anew from the top.
            let from = lines.first_shown();
            self.seek(Direction::Forward, from, session);
        }
    }

    fn unfilter(&mut self) {
        if let Ok(lines) = &mut self.lines {
            lines.unfiltered();
        }
    }

    fn first_error(&mut self, session: &mut Session) {
        match Needle::trouble() {
            Ok(needle) => {
                self.needle = Some(Arc::new(needle));
                self.found = None;
                self.seek(Direction::Forward, 0, session);
            }
            Err(error) => session.toast(Tone::Bad, error.to_string()),
        }
    }

    /// Takes what the background has for us.
    fn listen(&mut self, session: &mut Session) {
        if !self.bell.heard() {
            return;
        }
        let answer = self.search.as_ref().and_then(|(search, direction)| Some((search.take()?, *direction)));
        if let Some((answer, direction)) = answer {
            self.search = None;
            self.answered(answer, direction, session);
        }
        let again = match &mut self.lines {
            Ok(lines) => lines.look(),
            Err(_) => Ok(true),
        };
        match again {
            Ok(false) => {}
            Ok(true) => self.reopen(session),
            Err(error) => self.lines = Err(words_of(&error)),
        }
    }

    fn answered(&mut self, answer: crate::output::Answer, direction: Direction, session: &mut Session) {
        let words = self.needle.as_ref().map(|needle| needle.words().to_owned()).unwrap_or_default();
        match answer {
            Ok(Some(found)) => {
                self.found = Some(found);
                if let Ok(lines) = &mut self.lines {
                    lines.show(found);
                }
            }
            Ok(None)
                if self.found.is_none()
                    && direction == Direction::Forward
                    && self.lines.as_ref().is_ok_and(|lines| lines.first_shown() > 0) =>
            {
                session.toast(Tone::Plain, format!("{words}: nothing below, looked from the top"));
                self.needle.is_some().then(|| self.seek_all(session));
            }
            Ok(None) => {
                let further = if self.found.is_some() { "nothing further " } else { "not found" };
                let which = match (self.found.is_some(), direction) {
                    (true, Direction::Forward) => "below",
                    (true, Direction::Back) => "above",
                    (false, _) => "",
                };
                session.toast(Tone::Plain, format!("{words}: {further}{which}"));
            }
            Err(error) => session.toast(Tone::Bad, error.to_string()),
        }
    }

    /// Looks backwards from where the screen begins: the last match above it.
    fn seek_all(&mut self, session: &mut Session) {
        let from = self.lines.as_ref().map_or(0, Lines::first_shown);
        self.seek(Direction::Back, from, session);
    }

    /// Another attempt of the same step.
    fn neighbour(&mut self, forward: bool, session: &mut Session) {
        let number = if forward { self.attempt.number + 1 } else { self.attempt.number.saturating_sub(1) };
        let Job::Step { run, step } = &self.attempt.job else {
            session.toast(Tone::Plain, "a runbook step shows its last attempt only");
            return;
        };
        let there =
            session.world.run(run).and_then(|run| run.step(step)).is_some_and(|step| step.attempts.iter().any(|a| a.number == number));
        if there {
            self.attempt.number = number;
            self.reopen(session);
        } else {
            session.toast(Tone::Plain, if forward { "this is the last attempt" } else { "this is the first attempt" });
        }
    }

    fn head(&self, session: &Session) -> Line {
        let attempt = self.state(session);
        let (symbol, role) = state::end(attempt.and_then(|attempt| attempt.end.as_ref()), &session.glyphs);
        let mut line = Line::new();
        if let Some(attempt) = attempt {
            let words = attempt.end.as_ref().map_or_else(|| "running".to_owned(), ToString::to_string);
            line.push(role, format!("{symbol} {words}"));
        }
        let Ok(lines) = &self.lines else { return line };
        line.push(Role::Muted, format!("   {}", super::run::size(lines.output().len())));
        line.push(Role::Text, format!("   {}", lines.position()));
        // What has ended has no news; its end is merely in sight.
        if lines.following() && attempt.is_none_or(|attempt| attempt.end.is_none()) {
            line.push(Role::Active, "   following");
        }
        // Lines carry no time of their own unless the step prints one; when the last one came, the file system knows.
        let written = lines.output().written_at().filter(|_| attempt.is_some_and(|attempt| attempt.end.is_none()));
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
        format!("output of {}", self.attempt)
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        match &self.attempt.job {
            _ if self.prompt.is_some() => vec![Place::Input, Place::Dialog],
            // What is read here is acted on here: rerun, kill, why.
            Job::Step { .. } => vec![Place::Output, Place::Reader, Place::Flows, Place::Global],
            Job::Procedure { .. } => vec![Place::Output, Place::Reader, Place::Global],
        }
    }

    fn target(&self, _session: &Session) -> Option<Target> {
        Some(Target::Attempt(self.attempt.clone()))
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
            Action::Compare => session.open(Screen::Compare(self.attempt.clone())),
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

    fn typed(&mut self, key: KeyEvent, _session: &mut Session) {
        if let (Some(prompt), KeyCode::Char(char)) = (&mut self.prompt, key.code)
            && !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
        {
            prompt.input.insert(char.encode_utf8(&mut [0; 4]));
        }
    }

    fn pasted(&mut self, text: &str, _session: &mut Session) {
        if let Some(prompt) = &mut self.prompt {
            prompt.input.insert(text.lines().next().unwrap_or_default());
        }
    }

    fn mouse(&mut self, event: MouseEvent, _session: &mut Session) -> bool {
        let action = match event.kind {
            MouseEventKind::ScrollDown => Action::Down,
            MouseEventKind::ScrollUp => Action::Up,
            _ => return false,
        };
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
