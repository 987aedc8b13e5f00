//! Says when the workspace's files have changed: events of the kernel, quietened, over a bounded channel.

use super::WORKSPACE_FILE;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

/// An editor's save is several events; they are over when nothing came for this long.
const QUIET: Duration = Duration::from_millis(150);
/// Changes that never pause are told after this long.
const PATIENCE: Duration = Duration::from_secs(2);
/// The folders of definitions.
const FOLDERS: [&str; 5] = ["flows", "probes", "runbooks", "calendars", "checklists"];

/// The kernel cannot tell about changes, so there is no live reload: shown on a banner.
#[derive(Debug, Error)]
#[error("changes of {} cannot be watched: {error}", root.display())]
pub struct WatchError {
    /// The workspace.
    pub root: PathBuf,
    /// The system's words.
    pub error: notify::Error,
}

/// Something of the workspace's files has changed, and is quiet now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Why further changes will not be told, where they will not.
    pub blind: Option<String>,
}

/// Watches `dogwatch.toml`, flows, probes, runbooks, calendars and checklists until it is dropped. Saving by renaming, and folders that are
/// deleted and made again, are seen.
#[derive(Debug)]
pub struct Watcher {
    changes: mpsc::Receiver<Changed>,
    task: JoinHandle<()>,
}

impl Watcher {
    /// Begins to watch. Needs a tokio runtime.
    pub fn start(root: &Path) -> Result<Self, WatchError> {
        let failed = |error| WatchError { root: root.to_owned(), error };
        // One place is enough: a wake that finds it taken has nothing to add.
        let (wake, wakes) = mpsc::channel(1);
        let watched = root.to_owned();
        let kernel = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.map_or(true, |event| concerns(&watched, &event)) {
                let _ = wake.try_send(()); // full: the wake that waits covers this one
            }
        })
        .map_err(failed)?;
        let mut watch = Watch { root: root.to_owned(), kernel };
        watch.renew().map_err(failed)?;
        let (tell, changes) = mpsc::channel(1);
        Ok(Self { changes, task: tokio::spawn(watch.run(wakes, tell)) })
    }

    /// Waits for the next change; several that came meanwhile are one. Safe to drop while it waits.
    pub async fn changed(&mut self) -> Option<Changed> {
        self.changes.recv().await
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The kernel's watches on one workspace.
struct Watch {
    root: PathBuf,
    kernel: RecommendedWatcher,
}

impl Watch {
    async fn run(mut self, mut wakes: mpsc::Receiver<()>, tell: mpsc::Sender<Changed>) {
        while wakes.recv().await.is_some() {
            let latest = Instant::now() + PATIENCE;
            while let Ok(Some(())) = timeout_at(latest.min(Instant::now() + QUIET), wakes.recv()).await {
                if Instant::now() >= latest {
                    break;
                }
            }
            // The watches are renewed before the change is told: what comes after the files are read is an event again.
            let blind = self.renew().err().map(|error| error.to_string());
            match tell.try_send(Changed { blind }) {
                Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => {}
                Err(mpsc::error::TrySendError::Closed(_)) => return,
            }
        }
    }

    /// Watches every folder that exists now, also one that was made again under its old name.
    fn renew(&mut self) -> notify::Result<()> {
        let above = self.root.parent().map(Path::to_owned);
        let folders = FOLDERS.iter().map(|folder| self.root.join(folder)).chain([self.root.clone()]).chain(above);
        for folder in folders.collect::<Vec<_>>() {
            let _ = self.kernel.unwatch(&folder); // not watched yet, or gone with its folder
            if folder.is_dir() {
                match self.kernel.watch(&folder, RecursiveMode::NonRecursive) {
                    Err(error) if folder.is_dir() => return Err(error),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// Whether an event is about a file that is read. Notes, the lock and neighbours in the folder above are not.
fn concerns(root: &Path, event: &notify::Event) -> bool {
    if event.need_rescan() {
        return true;
    }
    if matches!(event.kind, EventKind::Access(_)) {
        return false;
    }
    event.paths.iter().any(|path| {
        let Ok(inside) = path.strip_prefix(root) else { return false };
        let mut parts = inside.components().map(std::path::Component::as_os_str);
        match (parts.next(), parts.next()) {
            (None, _) => true,
            (Some(first), None) => first == OsStr::new(WORKSPACE_FILE) || FOLDERS.iter().any(|folder| first == OsStr::new(folder)),
            (Some(_), Some(file)) => Path::new(file).extension().is_some_and(|ending| ending == "toml" || ending == "md"),
        }
    })
}
