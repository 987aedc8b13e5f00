//! Looks at what changes on the machine without dogwatch: packages in dpkg's log, reboots. Each change is reported with
//! its own time and with how far the log was read, so that a restart neither loses nor repeats one.
//!
//! One thread, woken by the kernel's events about the log's folder; it reads once the log has been quiet for a moment.

mod boot;
mod dpkg;

use crate::domain::Report;
use crate::domain::outside::{LogMark, OutsideOrder};
use jiff::tz::TimeZone;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

pub use dpkg::read as read_dpkg_log;

/// A run of the package manager writes many lines; it is over when none came for this long.
const QUIET: Duration = Duration::from_secs(2);
/// One that never pauses is told after this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Looks at the machine. All clones are one; it ends with the last of them.
#[derive(Debug, Clone)]
pub struct Machine {
    desk: Arc<Desk>,
    _last: Arc<Ending>,
}

/// What the threads share.
#[derive(Debug, Default)]
struct Desk {
    news: Mutex<News>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct News {
    order: Option<OutsideOrder>,
    stirred: bool,
    closed: bool,
}

#[derive(Debug)]
struct Ending(Arc<Desk>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.tell(|news| news.closed = true);
    }
}

impl Desk {
    fn news(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, tell: impl FnOnce(&mut News)) {
        tell(&mut self.news());
        self.wake.notify_all();
    }

    /// Waits for news, at most until then; none when the room closes.
    fn wait(&self, until: Option<Instant>) -> Option<News> {
        let mut news = self.news();
        loop {
            if news.closed {
                return None;
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if news.order.is_some() || news.stirred || left.is_some_and(|left| left.is_zero()) {
                return Some(std::mem::take(&mut *news));
            }
            news = match left {
                None => self.wake.wait(news).unwrap_or_else(PoisonError::into_inner),
                Some(left) => self.wake.wait_timeout(news, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
    }
}

impl Machine {
    /// Begins, with nothing to look at. It waits while `reports` is full.
    pub fn start(reports: mpsc::Sender<Report>) -> std::io::Result<Self> {
        let desk = Arc::new(Desk::default());
        let looking = Looking { desk: desk.clone(), reports, zone: TimeZone::system(), log: None, kernel: None };
        std::thread::Builder::new().name("outside".into()).spawn(move || looking.run())?;
        Ok(Self { _last: Arc::new(Ending(desk.clone())), desk })
    }

    /// Looks as this order says from now on.
    pub fn watch(&self, order: OutsideOrder) {
        self.desk.tell(|news| news.order = Some(order));
    }
}

/// The log that is looked at.
#[derive(Debug)]
struct Log {
    path: PathBuf,
    since: jiff::Timestamp,
    mark: Option<LogMark>,
}

/// The looking thread.
struct Looking {
    desk: Arc<Desk>,
    reports: mpsc::Sender<Report>,
    zone: TimeZone,
    log: Option<Log>,
    kernel: Option<RecommendedWatcher>,
}

impl Looking {
    fn run(mut self) {
        let mut due: Option<(Instant, Instant)> = None;
        while let Some(news) = self.desk.wait(due.map(|(at, _)| at)) {
            let now = Instant::now();
            if let Some(order) = news.order {
                if self.take_order(order).is_none() {
                    return;
                }
                due = Some((now, now));
            }
            if news.stirred {
                let last = due.map_or(now + PATIENCE, |(_, last)| last);
                due = Some(((now + QUIET).min(last.max(now)), last));
            }
            if due.is_some_and(|(at, _)| at <= now) {
                due = None;
                if self.read().is_none() {
                    return;
                }
            }
        }
    }

    /// None when nobody listens any more.
    fn take_order(&mut self, order: OutsideOrder) -> Option<()> {
        if let Some(change) = boot::since(order.boot_id.as_deref(), &self.zone) {
            self.reports.blocking_send(Report::OutsideChanged(Box::new(change))).ok()?;
        }
        let path = order.settings.dpkg_log.map(PathBuf::from);
        // What this thread has read and the engine has not recorded yet is further than what the order knows.
        let earlier = self.log.take().filter(|log| Some(&log.path) == path.as_ref()).and_then(|log| log.mark);
        let known = order.log.filter(|mark| path.as_ref().is_some_and(|path| Path::new(&mark.file) == path));
        let mark = match (earlier, known) {
            (Some(own), Some(known)) => Some(if own.last_at >= known.last_at { own } else { known }),
            (own, known) => own.or(known),
        };
        let since = mark.as_ref().map_or(order.since, |mark| mark.last_at);
        self.log = path.map(|path| Log { path, since, mark });
        self.kernel = self.log.as_ref().and_then(|log| self.listen(&log.path));
        Some(())
    }

    /// The folder is watched, not the file: the log is renamed and made anew when it is rotated.
    fn listen(&self, path: &Path) -> Option<RecommendedWatcher> {
        let (folder, name) = (path.parent()?.to_owned(), path.file_name()?.to_owned());
        let desk = self.desk.clone();
        let told = move |event: notify::Result<notify::Event>| {
            let concerns = match &event {
                Ok(event) if matches!(event.kind, EventKind::Access(_)) && !event.need_rescan() => false,
                Ok(event) => event.need_rescan() || event.paths.iter().any(|path| path.file_name() == Some(&name)),
                Err(_) => true,
            };
            if concerns {
                desk.tell(|news| news.stirred = true);
            }
        };
        let mut kernel = notify::recommended_watcher(told).ok()?;
        // A host without this folder has no such log; a log that comes later is read at the next start.
        kernel.watch(&folder, RecursiveMode::NonRecursive).ok()?;
        Some(kernel)
    }

    /// Reads what is new. None when nobody listens any more.
    fn read(&mut self) -> Option<()> {
        let Some(log) = &mut self.log else { return Some(()) };
        match dpkg::read(&log.path, log.mark.as_ref(), log.since, &self.zone) {
            Ok(changes) => {
                for change in changes {
                    log.mark = change.log.clone().or(log.mark.take());
                    self.reports.blocking_send(Report::OutsideChanged(Box::new(change))).ok()?;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(log = %log.path.display(), %error, "changes of packages cannot be read"),
        }
        Some(())
    }
}
