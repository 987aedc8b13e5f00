//! The only writer: input → rules → journal → world → publish → perform, on one thread of its own.
//!
//! A turn takes everything that has queued: each input is decided on the world that the ones before it made, all
//! entries are made durable by one commit, and only then anything is published, answered or performed. So the writer
//! commits at once when it is idle, and groups when it is not.

mod agenda;
mod looks;
mod outside;
mod refusals;
mod repeats;
mod turn;

pub use outside::{Outside, Roles};

use crate::clock::{self, Alarm};
use crate::domain::{Accepted, Author, Command, Entry, Level, Refusal, Report};
use crate::journal::{Journal, Rotation};
use crate::wire::message::Reading;
use crate::world::{Part, World};
use agenda::Agenda;
use jiff::{SignedDuration, Timestamp};
use looks::Looks;
use refusals::Refusals;
use repeats::Repeated;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::{broadcast, mpsc, oneshot};

/// Inputs that may wait for the engine; who sends more waits.
const INBOX: usize = 4_096;
/// Publications that a slow console may lag behind before it gets a new world.
const TAIL: usize = 1_024;
/// Inputs of one turn.
const TURN: usize = 512;
/// Entries after which the cache of the world is written anew.
const CHECKPOINT_EVERY: u64 = 20_000;
/// How long the answer to a request is kept (DESIGN: idempotency keys).
const ANSWERS_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How often older answers are forgotten.
const FORGET_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// How often it is looked whether the journal's file is old or large enough to be closed.
const ROTATION_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// How long a report waits after the disk was full before it is tried again.
const TRY_AGAIN: SignedDuration = SignedDuration::from_secs(1);

/// What the engine is told.
#[derive(Debug)]
pub enum Input {
    /// A peer asks for a change.
    Command(Box<Asking>),
    /// A peer asked for what it may not; only recorded.
    Forbidden {
        /// Who.
        author: Author,
        /// The verb.
        verb: String,
        /// The words that they got.
        reason: String,
    },
    /// The outside says something.
    Report(Report),
    /// A console wants the world and what follows.
    Watch {
        /// Where it goes.
        answer: oneshot::Sender<Watched>,
    },
    /// Everything is recorded: end the thread.
    Close,
}

/// A command with its way back.
#[derive(Debug)]
pub struct Asking {
    /// Who.
    pub author: Author,
    /// What they may do.
    pub level: Level,
    /// The idempotency key; absent for what dogwatch asks of itself.
    pub key: Option<String>,
    /// What.
    pub command: Command,
    /// Only say what it would touch.
    pub dry_run: bool,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Result<Accepted, Refusal>>,
}

/// The world at one moment, and everything after it.
#[derive(Debug)]
pub struct Watched {
    /// The world in parts, the urgent first.
    pub parts: Vec<Part>,
    /// The number of the last entry in it.
    pub seq: u64,
    /// Why nothing can be recorded now.
    pub read_only: Option<String>,
    /// What follows.
    pub tail: broadcast::Receiver<Arc<Published>>,
}

/// What consoles are told as it happens.
#[derive(Debug)]
pub enum Published {
    /// Entries, in order, without gaps.
    Entries(Vec<Arc<Entry>>),
    /// A reading of a probe.
    Reading(Reading),
    /// Whether entries can be written has changed.
    ReadOnly(Option<String>),
}

/// The way to the engine.
#[derive(Debug, Clone)]
pub struct Engine {
    inbox: mpsc::Sender<Input>,
}

/// What the engine begins with.
pub struct Beginning {
    /// The opened journal.
    pub journal: Journal,
    /// The world that it folds to.
    pub world: World,
    /// The state folder, for the cache of the world.
    pub state: PathBuf,
    /// The kernel's id of this boot.
    pub boot_id: String,
    /// Who performs the effects.
    pub outside: Outside,
    /// When a file of the journal is closed and the next one begun.
    pub rotation: Rotation,
}

impl Engine {
    /// An engine's inbox, before it runs: the outside needs it to report.
    pub fn inbox() -> (Self, mpsc::Receiver<Input>) {
        let (sender, receiver) = mpsc::channel(INBOX);
        (Self { inbox: sender }, receiver)
    }

    /// Starts the engine's thread; it ends with [`Input::Close`]. Without its timer it does not start.
    pub fn start(beginning: Beginning, inbox: mpsc::Receiver<Input>, tokio: Handle) -> std::io::Result<std::thread::JoinHandle<()>> {
        let alarm = {
            let _context = tokio.enter();
            Alarm::new()?
        };
        std::thread::Builder::new().name("engine".into()).spawn(move || {
            Running::new(beginning, tokio).run(inbox, alarm);
        })
    }

    /// Waits until the engine has ended, also by a fault of its own.
    pub async fn ended(&self) {
        self.inbox.closed().await;
    }

    /// Tells the engine something, waiting while its inbox is full. Nothing is lost unless the engine has ended.
    pub async fn tell(&self, input: Input) {
        // An engine that has ended takes nothing more; whoever still speaks is about to end too.
        let _ = self.inbox.send(input).await;
    }

    /// Asks for a change and waits for the answer.
    pub async fn ask(
        &self,
        (author, level): (Author, Level),
        key: Option<String>,
        command: Command,
        dry_run: bool,
    ) -> Result<Accepted, Refusal> {
        self.put((author, level), key, command, dry_run).await.await
    }

    /// Asks for a change; once it stands in the inbox, gives what waits for the answer. Who asks for many keeps their order
    /// and lets the engine commit them together.
    pub async fn put(
        &self,
        (author, level): (Author, Level),
        key: Option<String>,
        command: Command,
        dry_run: bool,
    ) -> impl Future<Output = Result<Accepted, Refusal>> + use<> {
        let (answer, answered) = oneshot::channel();
        self.tell(Input::Command(Box::new(Asking { author, level, key, command, dry_run, answer }))).await;
        async {
            answered.await.unwrap_or_else(|_| {
                Err(Refusal::new(crate::domain::RefusalKind::Failed, "the daemon is ending").hint("ask again when it is back"))
            })
        }
    }

    /// The world, and what follows.
    pub async fn watch(&self) -> Option<Watched> {
        let (answer, answered) = oneshot::channel();
        self.tell(Input::Watch { answer }).await;
        answered.await.ok()
    }
}

/// The engine's own state, on its thread.
struct Running {
    journal: Journal,
    world: World,
    agenda: Agenda,
    outside: Outside,
    refusals: Refusals,
    repeated: Repeated,
    looks: Looks,
    publish: broadcast::Sender<Arc<Published>>,
    state: PathBuf,
    boot_id: String,
    tokio: Handle,
    /// Why nothing can be recorded, and whether it can pass without a restart.
    read_only: Option<String>,
    /// Reports that could not be recorded for lack of space; nothing of them is lost.
    kept: VecDeque<Report>,
    checkpointed: u64,
    /// When the anchor must be on disk.
    tidy_due: Option<Timestamp>,
    requests_forgotten: Option<Timestamp>,
    rotation: Rotation,
    rotation_looked_at: Option<Timestamp>,
}

impl Running {
    fn new(beginning: Beginning, tokio: Handle) -> Self {
        let Beginning { journal, world, state, boot_id, outside, rotation } = beginning;
        Self {
            agenda: Agenda::of(&world),
            checkpointed: world.seq,
            journal,
            world,
            outside,
            refusals: Refusals::default(),
            repeated: Repeated::default(),
            looks: Looks::default(),
            publish: broadcast::channel(TAIL).0,
            state,
            boot_id,
            tokio,
            read_only: None,
            kept: VecDeque::new(),
            tidy_due: None,
            requests_forgotten: None,
            rotation,
            rotation_looked_at: None,
        }
    }

    fn run(mut self, mut inbox: mpsc::Receiver<Input>, mut alarm: Alarm) {
        loop {
            let mut inputs = Vec::new();
            match self.tokio.clone().block_on(self.wait(&mut inbox, &mut alarm, &mut inputs)) {
                Woken::Input | Woken::Due => {}
                Woken::Stepped(by) => inputs.push(Input::Report(Report::ClockStepped { by_seconds: by.as_secs_f64() })),
                Woken::Ended => break,
            }
            let close = inputs.iter().any(|input| matches!(input, Input::Close));
            self.turn(inputs);
            if close {
                break;
            }
        }
        self.close();
    }

    async fn wait(&self, inbox: &mut mpsc::Receiver<Input>, alarm: &mut Alarm, inputs: &mut Vec<Input>) -> Woken {
        let next = [self.agenda.next(), self.tidy_due, self.refusals.next(), self.repeated.next(), self.try_again_at()]
            .into_iter()
            .flatten()
            .min();
        tokio::select! {
            biased;
            received = inbox.recv_many(inputs, TURN) => if received == 0 { Woken::Ended } else { Woken::Input },
            rang = alarm.ring(next) => match rang {
                None => Woken::Due,
                Some(by) => Woken::Stepped(by),
            },
        }
    }

    fn try_again_at(&self) -> Option<Timestamp> {
        (!self.kept.is_empty()).then(|| clock::now().checked_add(TRY_AGAIN).ok()).flatten()
    }

    /// The world in parts with the tail that follows it.
    fn watched(&self) -> Watched {
        Watched { parts: self.world.parts(), seq: self.world.seq, read_only: self.read_only.clone(), tail: self.publish.subscribe() }
    }

    /// Tells consoles that entries can, or cannot, be written.
    fn set_read_only(&mut self, reason: Option<String>) {
        if self.read_only != reason {
            if let Some(reason) = &reason {
                tracing::error!(reason, "read-only");
            } else {
                tracing::info!("entries can be written again");
            }
            self.read_only.clone_from(&reason);
            self.tell_consoles(Published::ReadOnly(reason));
        }
    }

    fn tell_consoles(&self, published: Published) {
        // Nobody listens while no console is open.
        let _ = self.publish.send(Arc::new(published));
    }

    /// After a failed commit: the world that the journal really holds, put aside before or read back.
    fn restore(&mut self, aside: Option<World>) {
        self.journal.rollback();
        // What was asked for was not performed; the readings know every look, and the next one asks for them.
        self.looks = Looks::default();
        match aside.map_or_else(|| self.journal.load_world(), Ok) {
            Ok(world) => {
                self.agenda = Agenda::of(&world);
                self.world = world;
            }
            Err(error) => tracing::error!(%error, "the world could not be read back; restart the daemon"),
        }
    }

    /// Writes the cache of the world on a thread of its own when enough has happened.
    fn checkpoint_when_due(&mut self) {
        if self.world.seq >= self.checkpointed + CHECKPOINT_EVERY {
            self.checkpointed = self.world.seq;
            let (world, state) = (self.world.clone(), self.state.clone());
            let written = std::thread::Builder::new().name("checkpoint".into()).spawn(move || {
                if let Err(error) = Journal::checkpoint(&state, &world) {
                    tracing::warn!(%error, "the cache of the world was not written; the next start folds more");
                }
            });
            if let Err(error) = written {
                tracing::warn!(%error, "the cache of the world was not written; the next start folds more");
            }
        }
    }

    /// A moment after writing: the anchor on disk, the reserve back, old answers forgotten.
    fn tidy_when_due(&mut self, now: Timestamp) {
        if self.tidy_due.is_none_or(|due| due > now) {
            return;
        }
        self.tidy_due = None;
        if let Err(error) = self.journal.sync_anchor(now) {
            tracing::warn!(%error, "the anchor was not synced");
        }
        if self.journal.is_short_of_space() && !self.journal.regain_space() {
            tracing::warn!("the disk is nearly full: the reserve that keeps room for the record is in use");
        }
        if self.requests_forgotten.is_none_or(|last| now.duration_since(last) >= FORGET_EVERY) {
            self.requests_forgotten = Some(now);
            let before = now.checked_sub(ANSWERS_KEPT).unwrap_or(now);
            if let Err(error) = self.journal.forget_requests(before).and_then(|_| self.journal.commit()) {
                tracing::warn!(%error, "old answers were not forgotten");
            }
        }
        self.rotate_when_due(now);
    }

    /// Closes a file of the journal that is old or large enough. What keeps it from that is tried again later; the old
    /// file is written meanwhile.
    fn rotate_when_due(&mut self, now: Timestamp) {
        if self.rotation_looked_at.is_some_and(|last| now.duration_since(last).abs() < ROTATION_EVERY) {
            return;
        }
        self.rotation_looked_at = Some(now);
        if let Err(error) = self.journal.rotate_when_due(now, &self.rotation) {
            tracing::warn!(%error, "the journal was not rotated; its file is written on");
        }
    }

    fn close(self) {
        if self.read_only.is_none()
            && let Err(error) = Journal::checkpoint(&self.state, &self.world)
        {
            tracing::warn!(%error, "the cache of the world was not written; the next start folds more");
        }
        if let Err(error) = self.journal.close() {
            tracing::warn!(%error, "the journal was not closed in order; its entries are safe");
        }
    }
}

/// Why the engine woke.
enum Woken {
    Input,
    Due,
    Stepped(SignedDuration),
    Ended,
}
