//! Measures the output file against `output_max`. The file is written by the step itself; nothing is copied here.

use std::fs::File;
use std::io;
use std::time::{Duration, Instant};

/// The longest time between two looks.
const SLOWEST: Duration = Duration::from_secs(1);
/// The shortest, for a step that writes fast towards its limit.
const FASTEST: Duration = Duration::from_millis(10);
/// The first, before any rate is known.
const FIRST: Duration = Duration::from_millis(50);
/// Written beyond the limit and an eighth of it, the grace is over: a full disk is everybody's trouble.
const SPARE: u64 = 1 << 20;

/// Looks at the file's size, rarely while it is far from its limit, more often as it comes near.
pub(super) struct Meter {
    max: u64,
    size: u64,
    at: Instant,
    every: Duration,
}

impl Meter {
    pub(super) fn new(max: u64, now: Instant) -> Self {
        Self { max, size: 0, at: now, every: FIRST }
    }

    /// The size in bytes, read anew when it is time.
    pub(super) fn look(&mut self, file: &File, now: Instant) -> io::Result<u64> {
        let passed = now.saturating_duration_since(self.at);
        if passed >= self.every {
            let size = file.metadata()?.len();
            self.every = self.pause(size.saturating_sub(self.size), passed, self.max.saturating_sub(size));
            (self.size, self.at) = (size, now);
        }
        Ok(self.size)
    }

    /// Half the time that the room left would last at the present rate.
    fn pause(&self, grown: u64, passed: Duration, left: u64) -> Duration {
        let slower = (self.every * 2).min(SLOWEST);
        if grown == 0 {
            return slower;
        }
        let seconds = passed.as_secs_f64() * left as f64 / grown as f64 / 2.0;
        Duration::try_from_secs_f64(seconds).unwrap_or(SLOWEST).clamp(FASTEST, slower)
    }

    /// When to look again.
    pub(super) fn next(&self) -> Instant {
        self.at + self.every
    }

    /// Whether the limit is passed.
    pub(super) fn is_over(&self, size: u64) -> bool {
        size > self.max
    }

    /// Whether the step goes on writing although it was told to end.
    pub(super) fn is_far_over(&self, size: u64) -> bool {
        size > self.max.saturating_add(self.max / 8).saturating_add(SPARE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rhythm_follows_the_rate() {
        let mut meter = Meter::new(1000, Instant::now());
        meter.every = SLOWEST;
        assert_eq!(meter.pause(0, SLOWEST, 1000), SLOWEST, "silence");
        assert_eq!(meter.pause(100, SLOWEST, 100), Duration::from_millis(500), "half of what is left");
        assert_eq!(meter.pause(1_000_000, SLOWEST, 1), FASTEST, "a flood");
        assert_eq!(meter.pause(1, SLOWEST, u64::MAX), SLOWEST, "a drop");
    }
}
