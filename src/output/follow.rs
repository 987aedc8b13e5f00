//! Rings when an output changes, by inotify: no polling, no wake-up while nothing is written.

use super::{Bell, Output, OutputError};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

/// How often a file that cannot be watched is looked at: half a second.
const LOOK_EVERY_NS: i64 = 500_000_000;

/// A watch on an output's file and on its name. Dropping it ends it.
#[derive(Debug)]
pub struct Follow {
    stop: Arc<OwnedFd>,
}

impl Follow {
    /// Rings at every write, cut, replacement and removal; then [`Output::look`] says which. On network file systems
    /// only writes of this host are seen.
    pub fn start(output: &Output, bell: &Bell) -> Result<Self, OutputError> {
        let started = |source: io::Error| OutputError::Start { what: "following the output", source };
        let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).map_err(|error| started(error.into()))?;
        // By the open descriptor: the file itself, whatever has its name by now.
        let itself = PathBuf::from(format!("/proc/self/fd/{}", output.file().as_raw_fd()));
        match inotify::add_watch(&watch, &itself, WatchFlags::MODIFY | WatchFlags::ATTRIB | WatchFlags::MOVE_SELF) {
            Ok(_) => {}
            // Another user's file that was handed over: the kernel watches only what one may open oneself.
            Err(rustix::io::Errno::ACCESS) => return Self::by_looking(output, bell),
            Err(error) => return Err(started(error.into())),
        }
        if let Some(folder) = output.path().parent() {
            let folder = if folder.as_os_str().is_empty() { std::path::Path::new(".") } else { folder };
            // Without the folder a replacement goes unseen, everything else works: a shared daemon's folder may be closed.
            let _ = inotify::add_watch(&watch, folder, WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::ONLYDIR);
        }
        let stop = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(|error| started(error.into()))?);
        let (ear, bell) = (stop.clone(), bell.clone());
        std::thread::Builder::new().name("follow".into()).spawn(move || listen(&watch, &ear, &bell)).map_err(started)?;
        Ok(Self { stop })
    }
}

impl Follow {
    /// Rings when the file's length or time has changed, as found by looking.
    fn by_looking(output: &Output, bell: &Bell) -> Result<Self, OutputError> {
        let started = |source: io::Error| OutputError::Start { what: "following the output", source };
        let stop = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(|error| started(error.into()))?);
        let (ear, bell, output) = (stop.clone(), bell.clone(), output.clone());
        let look = move || {
            let mut before = output.facts();
            let pause = Timespec { tv_sec: 0, tv_nsec: LOOK_EVERY_NS };
            while let Ok(0) | Err(rustix::io::Errno::INTR) = poll(&mut [PollFd::new(&*ear, PollFlags::IN)], Some(&pause)) {
                let now = output.facts();
                if now != before {
                    before = now;
                    bell.ring();
                }
            }
        };
        std::thread::Builder::new().name("follow".into()).spawn(look).map_err(started)?;
        Ok(Self { stop })
    }
}

impl Drop for Follow {
    fn drop(&mut self) {
        // Fails only when the counter is full, and then it is readable already.
        let _ = rustix::io::write(&self.stop, &1_u64.to_ne_bytes());
    }
}

fn listen(watch: &OwnedFd, stop: &OwnedFd, bell: &Bell) {
    let mut buffer = [MaybeUninit::uninit(); 4096];
    loop {
        let mut ready = [PollFd::new(watch, PollFlags::IN), PollFd::new(stop, PollFlags::IN)];
        match poll(&mut ready, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
        if !ready[1].revents().is_empty() {
            return;
        }
        let mut events = Reader::new(watch, &mut buffer);
        let mut any = false;
        while events.next().is_ok() {
            any = true;
        }
        if any {
            bell.ring();
        }
    }
}
