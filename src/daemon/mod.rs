//! The process that must not die: lock → replay → engine and server → signals.

mod knocks;
pub mod linger;
mod lock;
mod log;
mod notify;
mod outputs;
pub mod server;
pub mod start;
pub mod unit;

pub use knocks::Knocks;
pub use lock::{LockError, WorkspaceLock};

use crate::anchors::Teller;
use crate::channels::Courier;
use crate::clock;
use crate::domain::Report;
use crate::engine::{Beginning, Engine, Input, Outside, Roles};
use crate::evidence::Gatherer;
use crate::feeds::Feeds;
use crate::intake;
use crate::journal::{self, Journal, Rotation};
use crate::outside::Machine;
use crate::prober::Prober;
use crate::runner::Runner;
use crate::samples::{Readings, Retention};
use crate::sources::Neighbours;
use crate::wire::{identity, socket};
use crate::workspace::{self, Loaded, Place};
use anyhow::Context;
use jiff::SignedDuration;
use server::Server;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};

/// The exit status of `serve` where a daemon already runs: no reason for a service manager to try again.
pub const ALREADY_RUNNING: u8 = 4;

/// Reports that may wait on their way to the engine.
const REPORTS: usize = 4_096;

/// How long the end of the daemon waits for messages that are being sent.
const SENDING_ENDS_WITHIN: Duration = Duration::from_secs(3);

/// How long the end of the daemon waits for anchors outside to take the last head.
const ANCHORING_ENDS_WITHIN: Duration = Duration::from_secs(2);

/// Runs the daemon of a workspace until it is asked to stop. `ready` is called once clients can connect.
pub async fn serve(place: &Place, loaded: Loaded, foreground: bool, ready: impl FnOnce()) -> anyhow::Result<()> {
    place.prepare()?;
    raise_descriptor_limit();
    keep_memory_private();
    let _lock = WorkspaceLock::take(&place.workspace, &place.lock)?;
    log::start(&place.state, foreground)?;
    // Before anyone can know of the daemon: a signal that comes as soon as it answers ends it in order.
    let mut signals = Signals::new()?;
    let tokio = tokio::runtime::Handle::current();
    let boot_id = clock::boot_id().context("the kernel's boot id is needed to tell attempts apart")?;

    let outside: Vec<PathBuf> = loaded.settings.anchors.file.iter().map(PathBuf::from).collect();
    let mut journal = Journal::open(&place.state)?;
    // What a copy of the whole state folder cannot know: nothing is appended to a journal that is older than its anchor.
    journal::check_outside(&place.state, &outside)?;
    let world = journal.load_world()?;

    let (engine, inbox) = Engine::inbox();
    let (reports, mut reported) = mpsc::channel(REPORTS);
    let (reload, reload_asked) = mpsc::channel(1);
    let (stop, mut stop_asked) = mpsc::channel(1);
    let kept = |span| SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX);
    let retention = &loaded.settings.retention;
    let retained = Retention { raw: kept(retention.samples), hourly: kept(retention.rollups) };
    let readings = Readings::start(&place.state, retained, reports.clone(), tokio.clone())?;
    let runner = Runner::new(place.attempts(), place.workspace.clone(), boot_id.clone(), reports.clone(), tokio.clone());
    let courier = Courier::new(place.workspace.clone(), reports.clone(), tokio.clone());
    let prober = Prober::new(reports.clone(), tokio.clone());
    let machine = Machine::start(reports.clone())?;
    let gatherer = Gatherer::start(place.state.clone(), place.workspace.clone(), reports.clone())?;
    let anchors = Teller::new(journal::journal_name(&place.state), place.workspace.clone(), reports.clone(), tokio.clone());
    let feeds = Feeds::start(&place.workspace, reports.clone())?;
    let neighbours = Neighbours::new(place.workspace.clone(), reports.clone(), tokio.clone());
    let (intake, intake_wanted) = watch::channel(None);
    let refused = intake::Counting::default();
    let taking_in = tokio::spawn(intake::run(place.workspace.clone(), engine.clone(), reports, intake_wanted, refused.clone()));

    let open = world.open_attempts();
    let known: HashSet<_> = open.iter().map(|(attempt, _)| attempt.folder()).collect();
    // A claim whose entry was never written has no order: nothing of it began.
    let attempts = place.attempts();
    runner.sweep(&|folder| known.contains(folder) || attempts.join(folder).join("order.json").exists());

    let access = Arc::new(RwLock::new(loaded.settings.access.clone()));
    let owner = rustix::process::getuid().as_raw();
    let roles = {
        let access = access.clone();
        Roles::new(move |uid| identity::level(access.read().unwrap_or_else(PoisonError::into_inner).as_ref(), uid, owner))
    };
    let outside = Outside {
        runner: runner.clone(),
        prober,
        feeds,
        readings: readings.clone(),
        courier: courier.clone(),
        machine,
        gatherer,
        anchors: anchors.clone(),
        neighbours,
        intake,
        reload,
        stop: stop.clone(),
        roles,
    };
    let rotation = Rotation { after: kept(retention.journal_file), ..Rotation::USUAL };
    let beginning = Beginning { journal, world, state: place.state.clone(), boot_id: boot_id.clone(), outside, rotation };
    let thread = Engine::start(beginning, inbox, tokio)?;

    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let version = env!("CARGO_PKG_VERSION").to_owned();
    engine.tell(Input::Report(Report::DaemonStarted { version, pid: std::process::id(), boot_id, host })).await;
    let mode = if loaded.settings.access.is_some() { 0o666 } else { 0o600 };
    engine.tell(Input::Report(Report::WorkspaceRead(Box::new(loaded.definitions)))).await;
    let forward = {
        let engine = engine.clone();
        tokio::spawn(async move {
            while let Some(report) = reported.recv().await {
                engine.tell(Input::Report(report)).await;
            }
        })
    };
    runner.adopt(open);

    let server = Arc::new(Server {
        engine: engine.clone(),
        readings: readings.clone(),
        state: place.state.clone(),
        workspace: place.workspace.clone(),
        owner,
        access,
        connections: Mutex::new(HashMap::new()),
        knocks: Knocks::default(),
    });
    let socket_path = place.socket();
    let listener = socket::bind(&socket_path, mode).with_context(|| format!("the socket {} cannot be made", socket_path.display()))?;
    let serving = tokio::spawn(server.clone().serve(listener));
    let reloading = tokio::spawn(reload_loop(place.workspace.clone(), engine.clone(), server.clone(), reload_asked));
    ready();
    notify::service_manager("READY=1");
    tracing::info!(workspace = %place.workspace.display(), socket = %socket_path.display(), "ready");

    let reason = signals.ending(&mut stop_asked, &server).await;
    notify::service_manager("STOPPING=1");
    if let Some(reason) = &reason {
        tracing::info!(reason, "stopping");
    } else {
        tracing::error!("stopping: the engine has ended by a fault of its own");
    }
    serving.abort();
    reloading.abort();
    taking_in.abort();
    taking_in.await.ok(); // it was told to end
    courier.finish(SENDING_ENDS_WITHIN).await;
    if let Some(counted) = refused.rest() {
        engine.tell(Input::Report(counted)).await;
    }
    if let Some(reason) = reason.clone() {
        engine.tell(Input::Report(Report::DaemonStopping { reason })).await;
    }
    engine.tell(Input::Close).await;
    tokio::task::spawn_blocking(move || thread.join()).await.ok();
    anchors.finish(ANCHORING_ENDS_WITHIN).await;
    forward.abort();
    readings.close().await;
    let _ = std::fs::remove_file(&socket_path); // a file that is left behind is replaced at the next start
    match reason {
        Some(_) => Ok(()),
        None => anyhow::bail!("the engine ended by a fault of its own: the log says which; what was acknowledged is on disk"),
    }
}

/// Secrets of channels pass through this process: no other program of the user reads its memory or environment, and no core
/// file holds them (FAULTS P7).
fn keep_memory_private() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "other programs of this user may read this process");
    }
}

/// Each running attempt and each console takes a descriptor: as many as the system allows without asking.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit of open files stays as it was");
    }
}

/// Signals that the daemon answers to.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the reason to end: a signal, or a person's word. There is none where the engine has ended by itself, without
    /// which the daemon is of no use.
    async fn ending(&mut self, stop: &mut mpsc::Receiver<String>, server: &Server) -> Option<String> {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return Some("signal TERM".into()),
                _ = self.interrupt.recv() => return Some("signal INT".into()),
                asked = stop.recv() => return Some(asked.unwrap_or_else(|| "asked to".into())),
                () = server.engine.ended() => return None,
                _ = self.hangup.recv() => reread(&server.workspace, &server.engine, server).await,
            }
        }
    }
}

/// Reads the files again when one changed or a person asked.
async fn reload_loop(workspace: PathBuf, engine: Engine, server: Arc<Server>, mut asked: mpsc::Receiver<()>) {
    let mut watcher = match workspace::Watcher::start(&workspace) {
        Ok(watcher) => Some(watcher),
        Err(error) => {
            tracing::warn!(%error, "changed files are not noticed by themselves: use `dogwatch reload`");
            None
        }
    };
    loop {
        tokio::select! {
            changed = async { match &mut watcher { Some(watcher) => watcher.changed().await, None => std::future::pending().await } } => {
                if changed.is_none() {
                    watcher = None;
                    continue;
                }
            }
            more = asked.recv() => if more.is_none() { return },
        }
        reread(&workspace, &engine, &server).await;
    }
}

/// Reads the workspace; where it is wrong, what was right before stays.
async fn reread(workspace: &Path, engine: &Engine, server: &Server) {
    let root = workspace.to_owned();
    let report = match tokio::task::spawn_blocking(move || workspace::load(&root)).await {
        Ok(Ok(loaded)) => {
            *server.access.write().unwrap_or_else(PoisonError::into_inner) = loaded.settings.access;
            Report::WorkspaceRead(Box::new(loaded.definitions))
        }
        Ok(Err(errors)) => Report::WorkspaceRefused { errors: errors.lines() },
        Err(error) => Report::WorkspaceRefused { errors: vec![error.to_string()] },
    };
    engine.tell(Input::Report(report)).await;
}
