//! Runs the steps: one supervisor per attempt, adoption after a restart, output files.
//!
//! The order that makes *at most once* decidable: [`Runner::claim`] → the entry, durable → [`Runner::start`]. After a
//! restart: [`Runner::sweep`], then [`Runner::adopt`], and only then new claims.

mod expectation;
mod folder;
mod launch;
mod processes;
pub mod record;
pub mod supervisor;
mod survivors;
mod sweep;
mod verdict;
mod watch;

use crate::clock;
use crate::domain::effect::AttemptOrder;
use crate::domain::{AttemptEnd, AttemptId, Report};
use crate::json;
use record::{Ended, SupervisorOrder};
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore, mpsc};
use watch::Watch;

/// Supervisors that are being spawned at the same time; more would only wait for the processors and hold descriptors.
const SPAWNING: usize = 4;

/// An attempt that could not be claimed. Nothing was started.
#[derive(Debug, Error)]
pub enum ClaimError {
    /// Its folder exists: it was claimed before.
    #[error("{0} was claimed before; an attempt is started at most once")]
    Taken(AttemptId),
    /// The folder or its lock could not be made.
    #[error("the folder of {attempt} cannot be made: {error}; check space and permissions of the state folder")]
    Folder {
        /// The attempt.
        attempt: AttemptId,
        /// The system's words.
        error: io::Error,
    },
}

/// How the attempt in this folder ended, by its exit record; absent while it runs, or where its supervisor was killed.
pub fn recorded_end(folder: &Path) -> Option<AttemptEnd> {
    let record: record::ExitRecord = json::read_bytes(&std::fs::read(folder.join(record::EXIT)).ok()?).ok()?;
    Some(record.ended.end)
}

/// Starts attempts, follows them, ends them. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Runner {
    inner: Arc<Inner>,
}

struct Inner {
    exe: PathBuf,
    attempts: PathBuf,
    workspace: PathBuf,
    boot_id: String,
    reports: mpsc::Sender<Report>,
    tokio: Handle,
    spawning: Arc<Semaphore>,
    claims: Mutex<HashMap<AttemptId, File>>,
    watched: Mutex<HashMap<AttemptId, Arc<Notify>>>,
    withheld: Mutex<BTreeSet<String>>,
}

impl Runner {
    /// `attempts` is the state folder's `attempts`, `workspace` the folder in which steps run, `boot_id` the content of
    /// `/proc/sys/kernel/random/boot_id`. Supervisors are this very program, also when its file was replaced meanwhile.
    pub fn new(attempts: PathBuf, workspace: PathBuf, boot_id: String, reports: mpsc::Sender<Report>, tokio: Handle) -> Self {
        Self::with_supervisor("/proc/self/exe".into(), attempts, workspace, boot_id, reports, tokio)
    }

    /// The same with another program as supervisor: it is called with the argument `supervise`.
    pub fn with_supervisor(
        exe: PathBuf,
        attempts: PathBuf,
        workspace: PathBuf,
        boot_id: String,
        reports: mpsc::Sender<Report>,
        tokio: Handle,
    ) -> Self {
        // Absolute, because supervisors live in other folders; an empty path stays what it is and fails when used.
        let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
        let inner = Inner {
            exe,
            attempts: absolute(attempts),
            workspace: absolute(workspace),
            boot_id,
            reports,
            tokio,
            spawning: Arc::new(Semaphore::new(SPAWNING)),
            claims: Mutex::default(),
            watched: Mutex::default(),
            withheld: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Before the entry: makes the attempt's folder (0700) and takes its lock. The claim is kept until [`Self::start`]
    /// or [`Self::disclaim`]. Two system calls beyond the folders; no sync.
    pub fn claim(&self, attempt: &AttemptId) -> Result<(), ClaimError> {
        let path = self.path(attempt);
        let failed = |error: io::Error| ClaimError::Folder { attempt: attempt.clone(), error };
        folder::make(&path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => ClaimError::Taken(attempt.clone()),
            _ => failed(error),
        })?;
        match folder::claim(&path) {
            Ok(lock) => {
                unpoisoned(&self.inner.claims).insert(attempt.clone(), lock);
                Ok(())
            }
            Err(error) => {
                self.remove(&path);
                Err(failed(error))
            }
        }
    }

    /// Gives a claim back whose entry was not written: removes the folder. Without a claim it does nothing.
    pub fn disclaim(&self, attempt: &AttemptId) {
        let claim = unpoisoned(&self.inner.claims).remove(attempt);
        if claim.is_some() {
            self.remove(&self.path(attempt));
        }
    }

    /// After the entry is durable: spawns the supervisor and follows it. Reports `AttemptStarted`, then `AttemptEnded`;
    /// or only `AttemptEnded` where nothing could be started. Returns at once.
    pub fn start(&self, order: AttemptOrder) {
        let claim = unpoisoned(&self.inner.claims).remove(&order.attempt);
        let watch = self.watch(&order.attempt, true);
        let runner = self.clone();
        self.inner.tokio.spawn(async move {
            let Some(claim) = claim else {
                return watch.report(not_started("it was not claimed".into())).await;
            };
            let Ok(permit) = Arc::clone(&runner.inner.spawning).acquire_owned().await else { return };
            let (exe, path) = (runner.inner.exe.clone(), watch.path.clone());
            let (workspace, boot_id) = (runner.inner.workspace.clone(), runner.inner.boot_id.trim().to_owned());
            let order = SupervisorOrder { order, workspace, boot_id, mark: path.clone() };
            let withheld = unpoisoned(&runner.inner.withheld).clone();
            let launched = tokio::task::spawn_blocking(move || launch::launch(&exe, &path, claim, order, &withheld)).await;
            drop(permit);
            match launched {
                Ok(Ok(launched)) => Watch { child: Some(launched.child), ..watch }.follow(launched.stream).await,
                Ok(Err(words)) => watch.report(not_started(words)).await,
                Err(_) => {} // the runtime is going down; the next daemon looks at the lock
            }
        });
    }

    /// Keeps these variables of the daemon's environment from all attempts that are started from now on; a step that
    /// defines one itself has its own.
    pub fn withhold(&self, variables: BTreeSet<String>) {
        *unpoisoned(&self.inner.withheld) = variables;
    }

    /// Ends a running attempt: TERM to the process group, grace, KILL, then what the subreaper still holds. Needs no
    /// disk. An attempt that is not followed (any more) is left alone.
    pub fn kill(&self, attempt: &AttemptId) {
        if let Some(kill) = unpoisoned(&self.inner.watched).get(attempt) {
            kill.notify_one();
        } else {
            tracing::info!(%attempt, "asked to end an attempt that does not run");
        }
    }

    /// After a restart: for each attempt that is open in the journal (with the boot id of its `AttemptStarting`) tries
    /// the lock, then reads. Reports `AttemptAdopted` and follows it (its supervisor repeats `AttemptStarted`, which may
    /// have been journaled before), or `AttemptEnded` with the true result, `NeverBegan` or `Lost`. Returns at once.
    pub fn adopt(&self, open: Vec<(AttemptId, String)>) {
        for (attempt, boot_id) in open {
            let watch = self.watch(&attempt, boot_id.trim() == self.inner.boot_id.trim());
            self.inner.tokio.spawn(watch.find_out(true));
        }
    }

    /// Removes attempt folders that no entry knows. Called at start, before anything is claimed; `known` is asked with
    /// the folder relative to `attempts`, as [`AttemptId::folder`] gives it. A folder whose lock is held is left alone.
    pub fn sweep(&self, known: &dyn Fn(&Path) -> bool) {
        sweep::sweep(&self.inner.attempts, known);
    }

    /// Processes that still live of an attempt whose supervisor is gone, as `pid name`. Looks at every process of the
    /// host: for a person's question, not for a loop.
    pub fn survivors(&self, attempt: &AttemptId) -> Vec<String> {
        survivors::find(&self.path(attempt)).iter().map(processes::Process::words).collect()
    }

    /// Ends those: TERM, grace, KILL, each pinned by a pidfd and looked at again before. Returns who lives on.
    pub async fn end_survivors(&self, attempt: &AttemptId, grace: Duration) -> Vec<String> {
        let path = self.path(attempt);
        let ended = self.inner.tokio.spawn_blocking(move || survivors::end(&path, grace)).await;
        ended.unwrap_or_default() // only where the runtime goes down
    }

    /// The attempt's folder.
    pub fn path(&self, attempt: &AttemptId) -> PathBuf {
        self.inner.attempts.join(attempt.folder())
    }

    /// What the attempt printed.
    pub fn output(&self, attempt: &AttemptId) -> PathBuf {
        self.path(attempt).join(record::OUTPUT)
    }

    /// Registers the attempt so that a kill reaches it, even before its supervisor is there.
    fn watch(&self, attempt: &AttemptId, is_same_boot: bool) -> Watch {
        let kill = Arc::new(Notify::new());
        unpoisoned(&self.inner.watched).insert(attempt.clone(), Arc::clone(&kill));
        let (attempt, path) = (attempt.clone(), self.path(attempt));
        Watch { runner: self.clone(), attempt, path, kill, child: None, is_same_boot, is_started: false, is_kill_asked: false }
    }

    fn forget(&self, attempt: &AttemptId) {
        unpoisoned(&self.inner.watched).remove(attempt);
    }

    async fn say(&self, report: Report) {
        // The engine is gone only when the daemon ends; the next one reads the files.
        let _ = self.inner.reports.send(report).await;
    }

    fn remove(&self, path: &Path) {
        if let Err(error) = folder::remove(path, &self.inner.attempts) {
            tracing::warn!(folder = %path.display(), %error, "an attempt's folder cannot be removed; the next start sweeps it");
        }
    }
}

/// The end of an attempt that the daemon itself could not start.
fn not_started(words: String) -> Ended {
    Ended { end: AttemptEnd::SpawnError(words), ended_at: clock::now(), output_bytes: 0, survivors: Vec::new() }
}

/// The maps hold whole values only, so a panic elsewhere leaves them right.
fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
