//! Looks for the files that flows wait for and reports those that are whole: the events of the kernel wake it, a timer
//! says when a file has rested long enough.
//!
//! One thread looks, two more read what rests, in pieces, to know it by its checksum; the engine never waits for either.
//! There is no regular re-look, but where the kernel cannot tell of changes (a network's file system, no watches left) a
//! folder is looked at every half minute.

mod look;
mod pattern;
mod reading;
mod remote;
mod wait;

use crate::domain::condition::FileFact;
use crate::domain::effect::FeedOrder;
use crate::domain::{FlowId, Report};
use jiff::Timestamp;
use look::FoundFile;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use reading::{Read, Reading};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use wait::Wait;

/// A folder that changes all the time is looked at this often at most.
const QUIET: Duration = Duration::from_millis(50);
/// Where the kernel tells nothing.
const RELOOK: Duration = Duration::from_secs(30);
/// Files that wait for a reader at the same time.
const READINGS: usize = 64;
/// Threads that read.
const READERS: usize = 2;
/// Paths with news that are remembered one by one; with more, all are looked at.
const STIRRED: usize = 1_024;

/// Looks for files. All clones are one; it ends with the last of them.
#[derive(Debug, Clone)]
pub struct Feeds {
    desk: Arc<Desk>,
    _last: Arc<Ending>,
}

/// What the threads share.
#[derive(Debug, Default)]
struct Desk {
    news: Mutex<News>,
    wake: Condvar,
    closed: AtomicBool,
}

/// What the looking thread has not seen yet.
#[derive(Debug, Default)]
struct News {
    /// The latest order for each flow; none where it waits for nothing any more.
    orders: BTreeMap<FlowId, Option<FeedOrder>>,
    stirred: HashSet<PathBuf>,
    all_stirred: bool,
    readings: Vec<(Reading, Read)>,
}

/// Ends the threads with the last clone.
#[derive(Debug)]
struct Ending(Arc<Desk>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.closed.store(true, Ordering::Relaxed);
        self.0.wake.notify_all();
    }
}

impl Desk {
    fn news(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    fn tell(&self, tell: impl FnOnce(&mut News)) {
        tell(&mut self.news());
        self.wake.notify_all();
    }

    /// Notes what the kernel said.
    fn stir(&self, event: notify::Result<notify::Event>) {
        let Ok(event) = event else { return self.tell(|news| news.all_stirred = true) };
        if matches!(event.kind, EventKind::Access(_)) && !event.need_rescan() {
            return;
        }
        self.tell(|news| {
            news.all_stirred |= event.need_rescan() || news.stirred.len() > STIRRED;
            if !news.all_stirred {
                news.stirred.extend(event.paths);
            }
        });
    }
}

impl Feeds {
    /// Begins, with nothing to look for. Relative paths are below `workspace`. It waits while `reports` is full.
    pub fn start(workspace: &Path, reports: mpsc::Sender<Report>) -> std::io::Result<Self> {
        let desk = Arc::new(Desk::default());
        let (hand_out, readings) = sync_channel(READINGS);
        let readings = Arc::new(Mutex::new(readings));
        for number in 0..READERS {
            let (desk, readings) = (desk.clone(), readings.clone());
            std::thread::Builder::new().name(format!("feeds-{number}")).spawn(move || read_on(&desk, &readings))?;
        }
        let root = std::path::absolute(workspace)?;
        let looking =
            Looking { desk: desk.clone(), root, reports, hand_out, flows: BTreeMap::new(), kernel: None, watched: HashMap::new() };
        std::thread::Builder::new().name("feeds".into()).spawn(move || looking.run())?;
        Ok(Self { _last: Arc::new(Ending(desk.clone())), desk })
    }

    /// Looks for the files of this order from now on.
    pub fn watch(&self, order: FeedOrder) {
        self.desk.tell(|news| drop(news.orders.insert(order.flow.clone(), Some(order))));
    }

    /// Looks for no file of this flow any more.
    pub fn forget(&self, flow: &FlowId) {
        self.desk.tell(|news| drop(news.orders.insert(flow.clone(), None)));
    }
}

/// A reader's life: one file after the other.
fn read_on(desk: &Desk, readings: &Mutex<Receiver<Reading>>) {
    loop {
        let next = readings.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(reading) = next else { return };
        let read = reading::read(&reading.file, &desk.closed);
        desk.tell(|news| news.readings.push((reading, read)));
    }
}

/// What is looked for on behalf of one flow.
#[derive(Debug, Default)]
struct Feed {
    waits: Vec<Wait>,
    /// Files on record as they are.
    known: HashMap<String, (u64, Timestamp)>,
}

/// The looking thread.
struct Looking {
    desk: Arc<Desk>,
    root: PathBuf,
    reports: mpsc::Sender<Report>,
    hand_out: SyncSender<Reading>,
    flows: BTreeMap<FlowId, Feed>,
    kernel: Option<RecommendedWatcher>,
    /// Watched folders; those of which the kernel tells nothing with the time of the next look.
    watched: HashMap<PathBuf, Option<Instant>>,
}

impl Looking {
    fn run(mut self) {
        while let Some(news) = self.news() {
            let now = Instant::now();
            let renew = news.all_stirred || !news.orders.is_empty() || self.is_moved(&news.stirred);
            for (flow, order) in news.orders {
                self.take_order(flow, order, now);
            }
            for (reading, read) in news.readings {
                if self.take_reading(reading, read, now).is_none() {
                    return;
                }
            }
            self.stirred(&news.stirred, news.all_stirred, now);
            // Folders may have come, gone, or come again; watches are renewed before the look, so that nothing is missed.
            if renew {
                self.renew(now);
            }
            if self.look(now).is_none() {
                return;
            }
        }
    }

    /// Waits until there is something to do; none when the room closes.
    fn news(&self) -> Option<News> {
        let times = self.flows.values().flat_map(|feed| feed.waits.iter().filter_map(|wait| wait.look_at));
        let next = times.chain(self.watched.values().flatten().copied()).min();
        let mut news = self.desk.news();
        loop {
            if self.desk.is_closed() || self.reports.is_closed() {
                return None;
            }
            let quiet = news.orders.is_empty() && news.stirred.is_empty() && !news.all_stirred && news.readings.is_empty();
            if !quiet {
                return Some(std::mem::take(&mut *news));
            }
            let Some(next) = next else {
                news = self.desk.wake.wait(news).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = next.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Some(News::default());
            }
            news = self.desk.wake.wait_timeout(news, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Whether something happened to a folder that matters, or to one above it.
    fn is_moved(&self, stirred: &HashSet<PathBuf>) -> bool {
        let mut folders = self.flows.values().flat_map(|feed| &feed.waits).flat_map(Wait::folders);
        folders.any(|folder| folder.ancestors().any(|folder| stirred.contains(folder)))
    }

    fn take_order(&mut self, flow: FlowId, order: Option<FeedOrder>, now: Instant) {
        let Some(order) = order else {
            self.flows.remove(&flow);
            return;
        };
        let mut earlier = self.flows.remove(&flow).unwrap_or_default().waits;
        let waits = order.wanted.into_iter().map(|wanted| {
            let mut wait = Wait::new(&self.root, wanted, now);
            if let Some(place) = earlier.iter().position(|other| other.wanted == wait.wanted) {
                wait.go_on(earlier.swap_remove(place));
            }
            wait
        });
        let waits = waits.collect();
        let known = order.known.into_iter().map(|(file, size, modified_at)| (file, (size, modified_at))).collect();
        self.flows.insert(flow, Feed { waits, known });
    }

    /// A file was read: it is reported, and on record from here on. None when nobody listens any more.
    fn take_reading(&mut self, reading: Reading, read: Read, now: Instant) -> Option<()> {
        let Reading { flow, wanted, file } = reading;
        let Some(feed) = self.flows.get_mut(&flow) else { return Some(()) };
        let FoundFile { text, size, modified_at, .. } = file;
        for wait in feed.waits.iter_mut().filter(|wait| wait.wanted.path == wanted) {
            match &read {
                Read::Whole(_) => wait.was_read(&text),
                Read::Failed(why) => wait.was_not_read(&text, Some(why.clone()), now),
                Read::Changed | Read::Stopped => wait.was_not_read(&text, None, now),
            }
        }
        let Read::Whole(checksum) = read else { return Some(()) };
        feed.known.insert(text.clone(), (size, modified_at));
        let file = FileFact { file: text, size, modified_at, checksum };
        self.reports.blocking_send(Report::FileFound { flow, path: wanted, file }).ok()
    }

    /// Lets those look again in whose folders something happened.
    fn stirred(&mut self, paths: &HashSet<PathBuf>, all: bool, now: Instant) {
        for folder in self.watched.iter_mut().filter(|(_, due)| due.is_some_and(|due| due <= now)) {
            *folder.1 = Some(now + RELOOK);
            for wait in self.flows.values_mut().flat_map(|feed| &mut feed.waits) {
                if wait.folders().contains(folder.0) {
                    wait.look_at = Some(now);
                }
            }
        }
        if paths.is_empty() && !all {
            return;
        }
        let inside: HashSet<&Path> = paths.iter().filter_map(|path| path.parent()).collect();
        for wait in self.flows.values_mut().flat_map(|feed| &mut feed.waits) {
            let concerned = |folder: &PathBuf| inside.contains(&**folder) || folder.ancestors().any(|folder| paths.contains(folder));
            if all || wait.folders().iter().any(concerned) {
                wait.stir();
                let soonest = wait.looked.map_or(now, |looked| (looked + QUIET).max(now));
                wait.look_at = Some(wait.look_at.map_or(soonest, |at| at.min(soonest)));
            }
        }
    }

    /// Looks where it is time to. None when nobody listens any more.
    fn look(&mut self, now: Instant) -> Option<()> {
        for (flow, feed) in &mut self.flows {
            for wait in &mut feed.waits {
                if wait.look_at.is_none_or(|at| at > now) {
                    continue;
                }
                if let Some(words) = wait.look(&feed.known, now) {
                    let report = Report::FileSighted { flow: flow.clone(), path: wait.wanted.path.clone(), words };
                    self.reports.blocking_send(report).ok()?;
                }
            }
            for wait in &mut feed.waits {
                while let Some(file) = wait.resting.pop_front() {
                    let reading = Reading { flow: flow.clone(), wanted: wait.wanted.path.clone(), file };
                    // With all readers busy it stays first in the line; the end of a reading comes by here.
                    if let Err(TrySendError::Full(back) | TrySendError::Disconnected(back)) = self.hand_out.try_send(reading) {
                        wait.resting.push_front(back.file);
                        break;
                    }
                }
            }
        }
        Some(())
    }

    /// Watches every folder that matters and exists, or the nearest one above it that does.
    fn renew(&mut self, now: Instant) {
        let mut folders: HashSet<PathBuf> = HashSet::new();
        for wait in self.flows.values().flat_map(|feed| &feed.waits) {
            for folder in wait.folders() {
                let above = folder.ancestors().find(|folder| folder.is_dir()).map(Path::to_owned);
                folders.extend([Some(folder), above].into_iter().flatten());
            }
        }
        if folders.is_empty() {
            self.kernel = None;
            self.watched.clear();
            return;
        }
        if self.kernel.is_none() {
            let desk = self.desk.clone();
            self.kernel = notify::recommended_watcher(move |event| desk.stir(event)).ok();
        }
        for folder in self.watched.keys().filter(|folder| !folders.contains(*folder)) {
            if let Some(kernel) = &mut self.kernel {
                let _ = kernel.unwatch(folder); // gone with its folder
            }
        }
        self.watched.retain(|folder, _| folders.contains(folder));
        for folder in folders.into_iter().filter(|folder| folder.is_dir()) {
            let kernel = self.kernel.as_mut();
            let told = kernel.is_some_and(|kernel| {
                // It may have been made again under its name: the old watch is then on what is no more.
                let _ = kernel.unwatch(&folder);
                kernel.watch(&folder, RecursiveMode::NonRecursive).is_ok()
            });
            let blind = !told || remote::is_remote(&folder);
            let due = self.watched.get(&folder).copied().flatten().unwrap_or(now + RELOOK);
            self.watched.insert(folder, blind.then_some(due));
        }
    }
}
