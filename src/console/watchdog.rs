//! Sees that the terminal is gone, also where SIGHUP is ignored: a thread that waits for nothing but hang-up. The event
//! library's own wait never returns then and burns a core, so the process must end.

use rustix::event::{PollFd, PollFlags, poll};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// How long the console may take to end by itself.
const GRACE: Duration = Duration::from_millis(800);
/// 128 and the number of SIGHUP.
const EXIT: i32 = 129;

/// Starts the watch. Costs nothing while the terminal is there. When it is gone, `lost` is told, and a while later the
/// process ends whatever it does: what a person typed is in recovery files by then.
pub fn start(lost: Arc<Notify>) -> io::Result<()> {
    let watch = move || {
        let stdin = io::stdin();
        loop {
            // No event is asked for: hang-up and error are told always, input never wakes this thread.
            let mut watched = [PollFd::new(&stdin, PollFlags::empty())];
            match poll(&mut watched, None) {
                Ok(_) if watched[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) => break,
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(_) => break,
            }
        }
        lost.notify_one();
        std::thread::sleep(GRACE);
        std::process::exit(EXIT);
    };
    std::thread::Builder::new().name("watchdog".into()).spawn(watch).map(drop)
}
