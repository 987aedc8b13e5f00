//! Tells the head of the journal where the workspace says: a file, a program, the system's log. Each place has a task of
//! its own, so that one that hangs holds up neither the others nor the record; what became of it is reported.

mod sink;

use crate::domain::Report;
use crate::domain::anchor::{Anchors, Sink};
use crate::journal::{AnchorLine, Anchored};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// Distance between two lines while entries are written: with the write itself a head is outside within a second
/// (FAULTS: audit).
const EVERY: Duration = Duration::from_millis(500);
/// Distance between two tries of a place that takes nothing.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// A place that gives another reason every time is told again only so often.
const SAME_FOR: Duration = Duration::from_mins(1);

/// Tells heads outside. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Teller {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    journal: String,
    workspace: PathBuf,
    reports: mpsc::Sender<Report>,
    tokio: Handle,
    heads: watch::Sender<Option<Anchored>>,
    ending: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Teller {
    /// `journal` is the name under which heads are told, `workspace` the folder from which programs are named.
    pub fn new(journal: String, workspace: PathBuf, reports: mpsc::Sender<Report>, tokio: Handle) -> Self {
        let (heads, _) = watch::channel(None);
        let (ending, _) = watch::channel(false);
        Self { inner: Arc::new(Inner { journal, workspace, reports, tokio, heads, ending, tasks: Mutex::default() }) }
    }

    /// Tells heads at these places from now on, and at no other.
    pub fn tell_at(&self, anchors: &Anchors) {
        let mut tasks = self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        for task in tasks.drain(..) {
            task.abort();
        }
        for sink in anchors.sinks() {
            tasks.push(self.inner.tokio.spawn(self.inner.clone().tell(sink, anchors.clone())));
        }
    }

    /// The journal has this head, durably. Returns at once.
    pub fn note(&self, head: Anchored) {
        self.inner.heads.send_replace(Some(head));
    }

    /// Waits until every place has the last head, or has refused it, at most so long.
    pub async fn finish(&self, within: Duration) {
        self.inner.ending.send_replace(true);
        let tasks = std::mem::take(&mut *self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let all = async {
            for task in tasks {
                // One that was aborted or has panicked tells nothing more.
                let _ended = task.await;
            }
        };
        if timeout(within, all).await.is_err() {
            tracing::warn!("the last head was not told everywhere outside");
        }
    }
}

impl Inner {
    async fn tell(self: Arc<Self>, sink: Sink, anchors: Anchors) {
        let (mut heads, mut ending) = (self.heads.subscribe(), self.ending.subscribe());
        let (mut told, mut said) = (None, None);
        loop {
            let is_ending = *ending.borrow_and_update();
            let head = *heads.borrow_and_update();
            let pause = match head.filter(|head| told != Some(*head)) {
                Some(anchored) => {
                    let line = AnchorLine { journal: self.journal.clone(), anchored, is_acceptance: false };
                    let error = sink::tell(sink, &anchors, &self.workspace, line.to_string(), PATIENCE).await.err();
                    let works = error.is_none();
                    told = works.then_some(anchored).or(told);
                    self.report(sink, error, &mut said).await;
                    Some(if works { EVERY } else { TRY_AGAIN })
                }
                None => None,
            };
            if is_ending {
                return;
            }
            // At the end only the last head counts, and at once.
            let paused = async {
                match pause {
                    Some(pause) => sleep(pause).await,
                    None => drop(heads.changed().await),
                }
            };
            tokio::select! { () = paused => {}, _ = ending.changed() => {} }
        }
    }

    /// Reports what is news.
    async fn report(&self, sink: Sink, error: Option<String>, said: &mut Option<(Option<String>, Instant)>) {
        let is_news = match &*said {
            None => true,
            Some((before, at)) if before.is_some() && error.is_some() => *before != error && at.elapsed() >= SAME_FOR,
            Some((before, _)) => *before != error,
        };
        if is_news {
            if let Some(error) = &error {
                tracing::warn!(%sink, error, "the anchor outside takes nothing");
            }
            *said = Some((error.clone(), Instant::now()));
            // An engine that has ended takes nothing more.
            let _gone = self.reports.send(Report::AnchorTried { sink, error }).await;
        }
    }
}

/// Tells of an acceptance at all places, once: an operator's command, not the daemon's rhythm. Answers what did not work.
pub async fn tell_acceptance(anchors: &Anchors, workspace: &std::path::Path, line: &AnchorLine) -> Vec<(Sink, String)> {
    let mut failed = Vec::new();
    for sink in anchors.sinks() {
        if let Err(error) = sink::tell(sink, anchors, workspace, line.to_string(), PATIENCE).await {
            failed.push((sink, error));
        }
    }
    failed
}
