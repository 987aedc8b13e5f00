//! What every page sees and may ask for: the replica of the world, the time, the look, what is under way.

use super::app::Options;
use super::dialog::Dialog;
use super::glyph::Glyphs;
use super::msg::Out;
use super::screen::Screen;
use super::target::Target;
use super::theme::Theme;
use super::view::clock;
use super::view::readings::Readings;
use crate::domain::{AttemptId, Command, FlowId, IncidentId, Job, Level, RunbookId, Subject};
use crate::wire::message::{Ask, Request, Welcome};
use crate::world::World;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

/// Requests that are under way at the same time where many are asked for at once; fewer than may wait to be sent.
const UNDER_WAY: usize = 200;
/// Questions that are looked through for those of this person.
const ASKED_MAX: usize = 1_000;

/// How the console stands with the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// The first world is not complete yet.
    Connecting,
    /// The replica follows.
    Live,
    /// The daemon folds the world in another way: nothing of it can be shown, nothing is sent.
    OtherShape,
    /// The connection is lost; the last world is shown with its age.
    Lost {
        /// Since when.
        since: Timestamp,
        /// Why.
        reason: String,
    },
}

/// A request to change something that is under way.
#[derive(Debug, Clone)]
pub struct Pending {
    /// What it changes.
    pub target: Option<Target>,
    /// What was asked.
    pub command: Command,
    /// The request; after a lost connection it is asked again with the same key, which the daemon carries out once.
    pub request: Request,
    /// When it was asked.
    pub since: Timestamp,
    /// When it was accepted.
    pub answered: Option<Timestamp>,
    /// Whether its entry has come.
    pub seen: bool,
}

/// What is told to the reader in passing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It went well.
    Good,
    /// It says something.
    Plain,
    /// It could not be done.
    Bad,
}

/// What a page or dialog wants of the app.
#[derive(Debug)]
pub enum Wish {
    /// Open this page on top.
    Open(Screen),
    /// Close the page on top.
    Back,
    /// Show this dialog on top.
    Dialog(Box<Dialog>),
    /// Say this in passing.
    Toast(Tone, String),
}

/// Wakes the console from another thread: wishes to be woken are joined, never queued.
#[derive(Debug, Clone, Default)]
pub struct Waker(pub Arc<tokio::sync::Notify>);

impl Waker {
    /// The page gets [`super::Msg::Woken`] soon.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// What every page sees.
#[derive(Debug)]
pub struct Session {
    /// How the console was started.
    pub options: Options,
    /// The replica. Only entries from the daemon change it.
    pub world: World,
    /// The time of the message that is being worked on.
    pub now: Timestamp,
    /// The zone in which times are shown.
    pub zone: TimeZone,
    /// Styles by meaning.
    pub theme: Theme,
    /// Symbols.
    pub glyphs: Glyphs,
    /// The last readings of every probe.
    pub readings: Readings,
    /// How the console stands with the daemon.
    pub connection: Connection,
    /// What the daemon said of itself and of us.
    pub welcome: Option<Welcome>,
    /// Why the daemon cannot record anything now.
    pub read_only: Option<String>,
    /// Requests under way, by their number.
    pub pending: BTreeMap<u64, Pending>,
    /// Changes that are asked for when those under way are answered.
    pub waiting: VecDeque<(Option<Target>, Command)>,
    /// Wakes the console from another thread.
    pub waker: Waker,
    pub(super) wishes: Vec<Wish>,
    pub(super) outs: Vec<Out>,
    next_request: u64,
    key_seed: String,
    next_change: Cell<Option<Timestamp>>,
}

impl Session {
    /// A session before the first connection.
    pub fn new(options: Options, now: Timestamp) -> Self {
        let key_seed =
            blake3::hash(format!("{}{now}{:?}", std::process::id(), std::thread::current().id()).as_bytes()).to_hex()[..16].to_owned();
        Self {
            world: World::new(),
            now,
            zone: TimeZone::UTC,
            theme: options.theme.clone(),
            glyphs: Glyphs::new(options.ascii),
            readings: Readings::default(),
            connection: Connection::Connecting,
            welcome: None,
            read_only: None,
            pending: BTreeMap::new(),
            waiting: VecDeque::new(),
            waker: Waker::default(),
            wishes: Vec::new(),
            outs: Vec::new(),
            next_request: 1,
            key_seed,
            next_change: Cell::new(None),
            options,
        }
    }

    /// The person, by the daemon's word.
    pub fn user(&self) -> Option<&str> {
        self.welcome.as_ref().map(|welcome| welcome.user.as_str())
    }

    /// Asks the daemon for something that changes nothing; its answer comes to the page on top under this number.
    pub fn ask(&mut self, ask: Ask) -> u64 {
        let id = self.next_request;
        self.next_request += 1;
        self.outs.push(Out::Ask(Request { id, ask }));
        id
    }

    /// Asks what a command would touch. The answer is `Accepted::WouldDo`.
    pub fn dry_run(&mut self, command: Command) -> u64 {
        let key = self.key();
        self.ask(Ask::Command { key, command, dry_run: true })
    }

    /// Asks for a change. The target is marked pending until its entry arrives; refusals become toasts.
    pub fn command(&mut self, target: Option<Target>, command: Command) -> u64 {
        let ask = Ask::Command { key: self.key(), command: command.clone(), dry_run: false };
        let id = self.ask(ask.clone());
        let request = Request { id, ask };
        self.pending.insert(id, Pending { target, command, request, since: self.now, answered: None, seen: false });
        id
    }

    /// Asks for many changes: so many at a time as the way to the daemon holds, the next ones as answers come.
    pub fn command_all(&mut self, commands: Vec<(Option<Target>, Command)>) {
        self.waiting.extend(commands);
        self.command_next();
    }

    /// Asks for the next of many changes while few are under way.
    pub fn command_next(&mut self) {
        while self.pending.len() < UNDER_WAY
            && let Some((target, command)) = self.waiting.pop_front()
        {
            self.command(target, command);
        }
    }

    /// Incidents that this person acknowledged and was asked about: whether they still work on them.
    pub fn asked_of_me(&self) -> Vec<IncidentId> {
        let mine = |id: &&IncidentId| {
            let by = self.world.incident(**id).and_then(|row| row.acknowledged.as_ref()).map(|ack| ack.by.name());
            by.is_some() && by == self.user()
        };
        self.world.asked.iter().take(ASKED_MAX).filter(mine).copied().collect()
    }

    /// Unique for ever: the start of this console and a number.
    fn key(&self) -> String {
        format!("console-{}-{}", self.key_seed, self.next_request)
    }

    /// Whether a request about this is under way.
    pub fn is_pending(&self, target: &Target) -> bool {
        self.pending.values().any(|pending| pending.target.as_ref() == Some(target))
    }

    /// Opens a page on top.
    pub fn open(&mut self, screen: Screen) {
        self.wishes.push(Wish::Open(screen));
    }

    /// Closes the page on top.
    pub fn back(&mut self) {
        self.wishes.push(Wish::Back);
    }

    /// Shows a dialog on top.
    pub fn dialog(&mut self, mut dialog: Dialog) {
        // What must still be typed comes first: a reason, a confirmation.
        dialog.focus = dialog.first_fault().map_or(0, |(place, _)| place);
        self.wishes.push(Wish::Dialog(Box::new(dialog)));
    }

    /// Says something in passing.
    pub fn toast(&mut self, tone: Tone, words: impl Into<String>) {
        self.wishes.push(Wish::Toast(tone, words.into()));
    }

    /// Puts a text on the clipboard through the terminal.
    pub fn copy(&mut self, text: impl Into<String>) {
        self.outs.push(Out::Copy(text.into()));
    }

    /// Gives the terminal to the person's editor with this file; [`super::Msg::Edited`] tells its end.
    pub fn edit(&mut self, file: PathBuf) {
        self.outs.push(Out::Edit(file));
    }

    /// Why nothing can be asked of the daemon at all.
    pub fn why_cut_off(&self) -> Option<String> {
        match &self.connection {
            Connection::Lost { .. } => Some("the daemon cannot be reached".into()),
            Connection::OtherShape => Some("the daemon is of another version; restart it first (`:` restart daemon)".into()),
            Connection::Connecting if self.welcome.is_none() => Some("not connected yet".into()),
            Connection::Connecting | Connection::Live => match self.welcome.as_ref().map(|welcome| welcome.level) {
                Some(Level::Viewer) => Some("you may look, not act: ask the owner to name you in [access] operators".into()),
                _ => None,
            },
        }
    }

    /// Why nothing can be changed now.
    pub fn why_read_only(&self) -> Option<String> {
        self.why_cut_off().or_else(|| self.read_only.clone().map(|reason| format!("read-only: {reason}")))
    }

    /// The flow that a target is about; of an incident the only or first one.
    pub fn flow_of(&self, target: Option<&Target>) -> Option<FlowId> {
        match target? {
            Target::Incident(id) => self.world.incident(*id)?.flows.first().cloned(),
            other => other.flow().cloned(),
        }
    }

    /// The runbook that is named by or fits a subject.
    pub fn runbook_for(&self, subject: &Subject) -> Option<RunbookId> {
        super::view::runbook::matching(&self.world, subject).map(|(runbook, _)| runbook)
    }

    /// The attempt whose output tells most about a target, or why there is none.
    pub fn output_of(&self, target: Option<&Target>) -> Result<AttemptId, String> {
        if let Some(Target::Attempt(attempt)) = target {
            return Ok(attempt.clone());
        }
        if let Some(Target::Procedure { runbook, subject, step }) = target {
            let tick = self.world.procedure(runbook, subject).and_then(|walked| walked.ticks.get(step));
            return tick.and_then(|tick| tick.attempt.clone()).ok_or_else(|| "this step was not run yet".to_owned());
        }
        let flow = self.flow_of(target).ok_or("there is no run under the cursor")?;
        let flow = self.world.flow(&flow).ok_or_else(|| format!("there is no flow {flow}"))?;
        let run = match target.and_then(Target::run) {
            Some(run) => flow.run(run),
            None => flow.last_run(),
        };
        let run = run.ok_or_else(|| format!("{} has no run yet", flow.definition.id))?;
        let step = match target {
            Some(Target::Step(_, step)) => run.step(step),
            _ => run.telling_step().or_else(|| run.steps.iter().rev().find(|step| !step.attempts.is_empty())),
        };
        let attempt = step.and_then(|step| step.attempts.last().map(|attempt| (step, attempt)));
        let (step, attempt) = attempt.ok_or_else(|| format!("nothing of {} has started yet", run.id))?;
        Ok(AttemptId { job: Job::Step { run: run.id.clone(), step: step.name.clone() }, number: attempt.number })
    }

    /// The file of the workspace that defines a target, or why there is none.
    pub fn file_of(&self, target: Option<&Target>) -> Result<PathBuf, String> {
        let workspace = self.welcome.as_ref().map(|welcome| welcome.workspace.clone()).ok_or("not connected yet")?;
        let file = match target.ok_or("there is nothing under the cursor")? {
            Target::Probe(probe) => self.world.probe(probe).map(|probe| probe.definition.file.clone()),
            Target::Procedure { runbook, .. } => self.world.runbooks.get(runbook).map(|runbook| runbook.file.clone()),
            other => self.flow_of(Some(other)).and_then(|flow| self.world.flow(&flow)).map(|flow| flow.definition.file.clone()),
        };
        match file.filter(|file| !file.is_empty()) {
            Some(file) => Ok(PathBuf::from(workspace).join(file)),
            None => Err("it has no file of its own".into()),
        }
    }

    /// How long ago, as `3m`; the screen is drawn again when that changes.
    pub fn age(&self, since: Timestamp) -> String {
        let (words, left) = clock::age(self.now.duration_since(since));
        self.changes_in(left);
        words
    }

    /// How long until then, as `in 3m` without the `in`; the screen is drawn again when that changes.
    pub fn until(&self, at: Timestamp) -> String {
        let (words, left) = clock::until(at.duration_since(self.now));
        self.changes_in(left);
        words
    }

    /// The time of day in the workspace's zone, with the day where it is another one than today.
    pub fn time(&self, at: Timestamp) -> String {
        clock::time(at, self.now, &self.zone)
    }

    /// Notes that what is drawn now will look different after this long.
    pub fn changes_in(&self, left: SignedDuration) {
        if let Ok(at) = self.now.checked_add(left.max(SignedDuration::from_millis(100))) {
            let next = self.next_change.get().map_or(at, |before| before.min(at));
            self.next_change.set(Some(next));
        }
    }

    /// When what was drawn last will look different; taken once per frame.
    pub(super) fn take_next_change(&self) -> Option<Timestamp> {
        self.next_change.take()
    }
}
