//! A runbook that is walked: its text, and in it the steps with their ticks, commands and parameters.

use super::{Page, Screen};
use crate::console::dialog::{Dialog, Field, Intent};
use crate::console::session::Tone;
use crate::console::theme::Role;
use crate::console::view::runbook as view;
use crate::console::widget::line::Line;
use crate::console::widget::markdown::{Cache, Row};
use crate::console::widget::paint::Painter;
use crate::console::widget::pane::Pane;
use crate::console::{Action, Msg, Place, Session, Target};
use crate::domain::runbook::ProcedureStep;
use crate::domain::{RunbookId, StepName, Subject};
use crate::workspace::history::{HistoryError, Revision, history};
use crate::world::{Approval, Tick, TickState};
use crossterm::event::{MouseEvent, MouseEventKind};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::rc::Rc;
use std::sync::mpsc::Receiver;

/// What the dialog of the search is known by.
const SEARCH: &str = "search";
/// The name of its field.
const TEXT: &str = "text";

/// The page of one runbook for one subject.
#[derive(Debug)]
pub struct RunbookPage {
    runbook: RunbookId,
    subject: Subject,
    step: usize,
    scroll: usize,
    height: usize,
    cache: Cache,
    search: String,
    /// The step that this person has just run, with how often it had been run before: its output opens when it starts.
    awaited: Option<(StepName, u32)>,
    /// Rows as they were drawn last, for moving between what is seen.
    rows: Rc<Vec<Shown>>,
    /// What git says, when it has.
    history: Option<Receiver<Result<Vec<Revision>, HistoryError>>>,
}

/// A row of the page.
#[derive(Debug, Clone, PartialEq)]
struct Shown {
    line: Line,
    /// The step that it belongs to.
    step: Option<usize>,
}

impl RunbookPage {
    /// The page of this runbook, walked for this subject.
    pub fn new(runbook: RunbookId, subject: Subject, session: &Session) -> Self {
        let step = first_open(session, &runbook, &subject).unwrap_or(0);
        let (cache, search, rows) = (Cache::default(), String::new(), Rc::default());
        Self { runbook, subject, step, scroll: 0, height: 1, cache, search, awaited: None, rows, history: None }
    }

    fn step_name(&self, session: &Session) -> Option<StepName> {
        session.world.runbooks.get(&self.runbook)?.steps.get(self.step).map(|step| step.name.clone())
    }

    fn tick<'a>(&self, session: &'a Session, step: &StepName) -> Option<&'a Tick> {
        session.world.procedure(&self.runbook, &self.subject)?.ticks.get(step)
    }

    /// All rows at this width. The text is rendered once per width; steps change with every tick.
    fn layout(&mut self, session: &Session, width: u16) -> Vec<Shown> {
        let Some(runbook) = session.world.runbooks.get(&self.runbook).cloned() else { return Vec::new() };
        let lines: Vec<usize> = runbook.steps.iter().map(|step| step.line).collect();
        let text = self.cache.rows(&runbook.text, &lines, width, &session.glyphs);
        let mut rows = Vec::with_capacity(text.len() + runbook.steps.len() * 3);
        let mut left: Vec<usize> = (0..runbook.steps.len()).collect();
        for row in text.iter() {
            match row {
                Row::Text(line) => rows.push(Shown { line: line.clone(), step: None }),
                Row::Slot(place) => {
                    left.retain(|other| other != place);
                    if let Some(step) = runbook.steps.get(*place) {
                        rows.extend(self.step_rows(session, *place, step));
                    }
                }
            }
        }
        // A text that is cut for its size still has all its steps.
        for (place, step) in runbook.steps.iter().enumerate().filter(|(place, _)| left.contains(place)) {
            rows.extend(self.step_rows(session, place, step));
        }
        rows
    }

    fn step_rows(&self, session: &Session, place: usize, step: &ProcedureStep) -> Vec<Shown> {
        let tick = self.tick(session, &step.name);
        let next = first_open(session, &self.runbook, &self.subject) == Some(place);
        let (symbol, role) = symbol(session, tick, next);
        let mut head = Line::of(role, format!("{symbol} ")).with(Role::Name, format!("{} {}", place + 1, step.title));
        if step.danger {
            head.push(Role::Danger, format!("  {} dangerous", session.glyphs.warning));
        }
        if crate::rules::needs_two_people(&session.world, step) {
            head.push(Role::Warning, format!("  two people{}", self.second_word(session, step, tick)));
        }
        if step.auto.is_some() {
            head.push(Role::Muted, "  runs by itself");
        }
        if let Some(tick) = tick {
            head.push(role, format!("  {}", tick_words(session, tick)));
        }
        let target = self.target_of(step.name.clone());
        if session.is_pending(&target) {
            head.push(Role::Waiting, format!("  {} asked", session.glyphs.pending));
        }
        let mut rows = vec![Shown { line: head, step: Some(place) }];
        for line in step.run.to_string().lines() {
            rows.push(Shown { line: Line::of(Role::Code, format!("    {line}")), step: Some(place) });
        }
        let expected = format!("    expects {}", crate::rules::expected(&step.expect, step.timeout));
        rows.push(Shown { line: Line::of(Role::Muted, expected), step: Some(place) });
        if !step.params.is_empty() {
            let filled = crate::rules::filled_in(&session.world, &self.subject, step);
            let asked = step.params.iter().map(|param| format!("{}={}", param.name, filled.get(&param.name).map_or("", String::as_str)));
            let words = format!("    asks for {}", asked.collect::<Vec<_>>().join("  "));
            rows.push(Shown { line: Line::of(Role::Muted, words), step: Some(place) });
        }
        rows
    }

    /// How the second word on a step stands, where one was asked for: the reader's own request before others', one that
    /// was approved before one that waits. Of a step that is done only what was asked for since counts.
    fn second_word(&self, session: &Session, step: &ProcedureStep, tick: Option<&Tick>) -> String {
        let done = tick.filter(|tick| matches!(tick.state, TickState::Passed | TickState::ByHand)).map(|tick| tick.at);
        let open = session.world.approvals.values().filter(|row| {
            let request = &row.request;
            let of_step = (&request.runbook, &request.subject, &request.step) == (&self.runbook, &self.subject, &step.name);
            row.is_open() && of_step && done.is_none_or(|at| request.asked_at > at)
        });
        let mine = |row: &Approval| Some(row.by.name()) == session.user();
        let Some(row) = open.max_by_key(|row| (mine(row), row.given.is_some(), row.request.asked_at)) else { return String::new() };
        match &row.given {
            Some(second) if mine(row) => format!(": approved by {}, run it now", second.by),
            Some(second) => format!(": approved by {}, asked by {}", second.by, row.by),
            None => format!(": {}, asked by {}", row.state(), row.by),
        }
    }

    /// Asks git who changed the file when, on a thread of its own.
    fn ask_history(&mut self, session: &mut Session) {
        let Some(file) = session.world.book(&self.runbook).map(|book| book.file.clone()) else { return };
        let Some(root) = session.welcome.as_ref().map(|welcome| std::path::PathBuf::from(&welcome.workspace)) else { return };
        let (tell, told) = std::sync::mpsc::channel();
        let waker = session.waker.clone();
        let asked = std::thread::Builder::new().name("history".into()).spawn(move || {
            let _ = tell.send(history(&root, &file)); // the page may be closed meanwhile
            waker.wake();
        });
        match asked {
            Ok(_) => self.history = Some(told),
            Err(error) => session.toast(Tone::Bad, format!("the history cannot be asked for: {error}")),
        }
    }

    fn show_history(&mut self, session: &mut Session) {
        let Some(answer) = self.history.as_ref().and_then(|history| history.try_recv().ok()) else { return };
        self.history = None;
        let revisions = match answer {
            Ok(revisions) if revisions.is_empty() => return session.toast(Tone::Plain, "the runbook was never committed"),
            Ok(revisions) => revisions,
            Err(error) => return session.toast(Tone::Plain, error.to_string()),
        };
        let mut dialog = Dialog::new(format!("history of runbook {}", self.runbook), Intent::Read);
        for revision in revisions {
            let line = Line::of(Role::Muted, format!("{}  {}  ", revision.commit, session.time(revision.at)));
            dialog = dialog.says(line.with(Role::Name, revision.by).with(Role::Text, format!("  {}", revision.subject)));
        }
        session.dialog(dialog);
    }

    fn target_of(&self, step: StepName) -> Target {
        Target::Procedure { runbook: self.runbook.clone(), subject: self.subject.clone(), step }
    }

    /// The first row of a step.
    fn row_of(&self, step: usize) -> Option<usize> {
        self.rows.iter().position(|row| row.step == Some(step))
    }

    /// To the next step where it is in sight, else one line on: reading and walking with the same key.
    fn line(&mut self, down: bool) {
        let seen = self.scroll..self.scroll + self.height;
        let at = self.row_of(self.step).filter(|row| seen.contains(row));
        let wanted = |row: &usize| match at {
            Some(at) if down => *row > at,
            Some(at) => *row < at,
            None => true,
        };
        let mut heads = (0..).map_while(|step| self.row_of(step)).enumerate().filter(|(_, row)| seen.contains(row) && wanted(row));
        let found = if down { heads.next() } else { heads.last() };
        match found {
            Some((step, _)) => self.step = step,
            None if down => self.scroll += 1,
            None => self.scroll = self.scroll.saturating_sub(1),
        }
    }

    fn jump(&mut self, to: usize, down: bool) {
        self.scroll = to.min(self.rows.len().saturating_sub(self.height));
        let seen = self.scroll..self.scroll + self.height;
        let mut heads = (0..).map_while(|step| self.row_of(step)).enumerate().filter(|(_, row)| seen.contains(row));
        if let Some((step, _)) = if down { heads.last() } else { heads.next() } {
            self.step = step;
        }
    }

    fn find(&mut self, forward: bool, session: &mut Session) {
        if self.search.is_empty() {
            return;
        }
        let wanted = self.search.to_lowercase();
        let holds = |row: &Shown| row.line.text().to_lowercase().contains(&wanted);
        let count = self.rows.len();
        let found = if forward {
            (1..=count).map(|by| (self.scroll + by) % count.max(1)).find(|place| self.rows.get(*place).is_some_and(holds))
        } else {
            (1..=count).map(|by| (self.scroll + count * 2 - by) % count.max(1)).find(|place| self.rows.get(*place).is_some_and(holds))
        };
        match found {
            Some(place) => self.scroll = place.min(count.saturating_sub(1)),
            None => session.toast(Tone::Bad, format!("`{}` is not in this runbook", self.search)),
        }
    }
}

impl Page for RunbookPage {
    fn title(&self, _session: &Session) -> String {
        format!("runbook {} for {}", self.runbook, self.subject)
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        vec![Place::Runbook, Place::Reader, Place::Global]
    }

    fn target(&self, session: &Session) -> Option<Target> {
        self.step_name(session).map(|step| self.target_of(step))
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let Some(runbook) = session.world.runbooks.get(&self.runbook).cloned() else {
            let words = format!("there is no runbook {} any more", self.runbook);
            Painter::new(buffer, session).text(area.x, area.y, area.width, Role::Unknown, &words);
            return None;
        };
        let rows = Rc::new(self.layout(session, area.width.saturating_sub(4)));
        let done = session.world.procedure(&self.runbook, &self.subject).map_or(0, crate::world::Procedure::done);
        let count = if runbook.steps.is_empty() { "to read".to_owned() } else { format!("{done}/{}", runbook.steps.len()) };
        let why = view::matching(&session.world, &self.subject).filter(|(id, _)| *id == self.runbook).map(|(_, why)| why);
        let detail = why.map_or_else(|| self.subject.to_string(), |why| format!("{}, {why}", self.subject));
        let mut painter = Painter::new(buffer, session);
        let pane = Pane { number: None, title: &runbook.title, detail: &detail, count: &count, focused: true };
        let inner = pane.draw(&mut painter, &session.glyphs.border, area);
        self.rows = rows.clone();
        self.height = usize::from(inner.height).max(1);
        self.scroll = self.scroll.min(rows.len().saturating_sub(self.height));
        for (y, row) in (inner.top()..inner.bottom()).zip(rows.iter().skip(self.scroll)) {
            let marked = row.step == Some(self.step);
            if marked {
                painter.text(inner.x, y, 1.min(inner.width), Role::BorderFocused, session.glyphs.cursor);
            }
            painter.line(inner.x + 1, y, inner.width.saturating_sub(1), &row.line);
            let head = marked && self.row_of(self.step) == Some(self.scroll + usize::from(y - inner.y));
            if head {
                painter.role(Rect { x: inner.x, y, width: inner.width, height: 1 }, Role::Selected);
            }
        }
        None
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        self.awaited = None;
        let half = (self.height / 2).max(1);
        match action {
            Action::Down => self.line(true),
            Action::Up => self.line(false),
            Action::Top => self.jump(0, false),
            Action::Bottom => self.jump(usize::MAX, true),
            Action::HalfDown => self.jump(self.scroll + half, false),
            Action::HalfUp => self.jump(self.scroll.saturating_sub(half), false),
            Action::PageDown => self.jump(self.scroll + self.height, false),
            Action::PageUp => self.jump(self.scroll.saturating_sub(self.height), false),
            Action::Search => {
                let dialog = Dialog::new("search the runbook", Intent::Page(SEARCH));
                session.dialog(dialog.asks(Field::text(TEXT, &self.search)));
            }
            Action::SearchNext => self.find(true, session),
            Action::SearchPrevious => self.find(false, session),
            Action::History => self.ask_history(session),
            Action::RunStep => {
                let step = self.step_name(session);
                self.awaited = step.map(|step| {
                    let runs = self.tick(session, &step).map_or(0, |tick| tick.runs);
                    (step, runs)
                });
                return false;
            }
            Action::Output => match self.step_name(session).and_then(|step| self.tick(session, &step)?.attempt.clone()) {
                Some(attempt) => session.open(Screen::Output(attempt)),
                None => session.toast(Tone::Plain, "this step was not run yet"),
            },
            _ => return false,
        }
        true
    }

    fn confirmed(&mut self, word: &'static str, dialog: &Dialog, session: &mut Session) {
        if word == SEARCH {
            dialog.value(TEXT).unwrap_or_default().trim().clone_into(&mut self.search);
            self.find(true, session);
        }
    }

    fn told(&mut self, _msg: &Msg, session: &mut Session) {
        self.show_history(session);
        let Some((step, before)) = self.awaited.clone() else { return };
        let started = self.tick(session, &step).filter(|tick| tick.runs > before && Some(tick.by.as_str()) == session.user());
        if let Some(attempt) = started.and_then(|tick| tick.attempt.clone()) {
            self.awaited = None;
            session.open(Screen::Output(attempt));
        }
    }

    fn mouse(&mut self, event: MouseEvent, _session: &mut Session) -> bool {
        match event.kind {
            MouseEventKind::ScrollDown => self.scroll += 1,
            MouseEventKind::ScrollUp => self.scroll = self.scroll.saturating_sub(1),
            _ => return false,
        }
        true
    }

    fn copied(&self, session: &Session) -> Option<String> {
        session.world.runbooks.get(&self.runbook)?.steps.get(self.step).map(|step| step.run.to_string())
    }
}

/// The first step that is not done.
fn first_open(session: &Session, runbook: &RunbookId, subject: &Subject) -> Option<usize> {
    let steps = &session.world.runbooks.get(runbook)?.steps;
    steps.iter().position(|step| !view::is_done(&session.world, runbook, subject, &step.name))
}

/// The symbol of a step: its tick, or that it is the next.
fn symbol(session: &Session, tick: Option<&Tick>, next: bool) -> (&'static str, Role) {
    let glyphs = &session.glyphs;
    match tick.map(|tick| tick.state) {
        Some(TickState::Passed | TickState::ByHand) => (glyphs.done, Role::Good),
        Some(TickState::Failed) => (glyphs.bad, Role::Bad),
        Some(TickState::Running) => (glyphs.active, Role::Active),
        Some(TickState::Open) | None if next => (glyphs.next, Role::Key),
        Some(TickState::Open) | None => (" ", Role::Muted),
    }
}

/// `exit 0, 02:29 ana`.
fn tick_words(session: &Session, tick: &Tick) -> String {
    let at = session.time(tick.at);
    match (tick.state, &tick.end) {
        (TickState::Running, _) => format!("running since {at}, {}", tick.by),
        (TickState::ByHand, _) => format!("ticked, {at} {}", tick.by),
        (TickState::Open, _) => format!("open again, {at} {}", tick.by),
        (_, Some(end)) => format!("{end}, {at} {}", tick.by),
        (_, None) => format!("{at} {}", tick.by),
    }
}
