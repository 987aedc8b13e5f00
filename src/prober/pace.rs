//! How many looks may be under way: as many as the process has descriptors for, fewer while the machine is too busy to
//! run them in time. More would only make each of them late, and a late look reads like a sick target.

use rustix::process::{Resource, getrlimit};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// How often the rota's task wakes while looks are under way, to see whether it wakes in time.
pub(super) const BEAT: Duration = Duration::from_millis(100);
/// Waking up later than this means that the machine is too busy.
const BUSY: Duration = Duration::from_millis(50);
/// Lateness below this is the noise of every machine.
const NOISE: Duration = Duration::from_millis(10);
/// Looks under way at most, whatever the limit of descriptors.
const LIMIT_MAX: usize = 4_096;
/// Looks under way that are always allowed.
const LIMIT_MIN: usize = 32;

/// The pace, set once a beat by how late things ran in it.
#[derive(Debug)]
pub(super) struct Pace {
    ceiling: usize,
    limit: AtomicUsize,
    held_up_us: AtomicU64,
    /// The worst wait of a look between its start and its first instruction, in this beat.
    waited_us: AtomicU64,
}

impl Default for Pace {
    fn default() -> Self {
        let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let ceiling = usize::try_from(descriptors / 2).unwrap_or(LIMIT_MAX).clamp(LIMIT_MIN, LIMIT_MAX);
        Self { ceiling, limit: AtomicUsize::new(ceiling), held_up_us: AtomicU64::new(0), waited_us: AtomicU64::new(0) }
    }
}

impl Pace {
    /// How many looks may be under way now.
    pub fn limit(&self) -> usize {
        self.limit.load(Ordering::Relaxed)
    }

    /// For how long, in all, the rota's task was kept from running when it should have.
    pub fn held_up(&self) -> Duration {
        Duration::from_micros(self.held_up_us.load(Ordering::Relaxed))
    }

    /// A look that was started at this time runs only now.
    pub fn ran(&self, started: Instant) {
        self.waited_us.fetch_max(micros(started.elapsed()), Ordering::Relaxed);
    }

    /// A beat is over, and should have been at `due`: halve what is under way when things ran late in it, else allow a
    /// little more.
    pub fn beat(&self, due: Instant, looking: usize) {
        let waited = Duration::from_micros(self.waited_us.swap(0, Ordering::Relaxed));
        let late = due.elapsed().max(waited);
        if late > NOISE {
            self.held_up_us.fetch_add(micros(late), Ordering::Relaxed);
        }
        let limit = self.limit();
        let next = if late > BUSY { looking.min(limit) / 2 } else { limit + limit / 8 + 1 };
        self.limit.store(next.clamp(LIMIT_MIN, self.ceiling), Ordering::Relaxed);
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_machine_gets_fewer_looks_and_a_free_one_more_again() {
        let pace = Pace::default();
        let full = pace.limit();
        let Some(past) = Instant::now().checked_sub(Duration::from_millis(200)) else { panic!("a clock that just began") };
        pace.beat(past, full);
        assert_eq!(pace.limit(), (full / 2).max(LIMIT_MIN));
        assert!(pace.held_up() >= Duration::from_millis(200));
        for _ in 0..200 {
            pace.beat(Instant::now(), 0);
        }
        assert_eq!(pace.limit(), full);
    }
}
