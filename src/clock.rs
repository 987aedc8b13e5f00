//! The only reader of time. Everything else is given the time as an argument.

use jiff::{SignedDuration, Timestamp};
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime, timerfd_create, timerfd_settime,
};
use std::io;
use std::os::fd::OwnedFd;
use tokio::io::unix::AsyncFd;

/// A step of the clock smaller than this is drift, not a step.
const STEP: SignedDuration = SignedDuration::from_secs(2);

/// The time now, to the microsecond: what an entry stores.
#[expect(clippy::disallowed_methods, reason = "this is the place that may")]
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}

/// The kernel's id of this boot.
pub fn boot_id() -> io::Result<String> {
    Ok(std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

/// Time since boot that stands still while the machine sleeps.
fn monotonic() -> SignedDuration {
    let time = clock_gettime(ClockId::Monotonic);
    SignedDuration::new(time.tv_sec, i32::try_from(time.tv_nsec).unwrap_or(0))
}

/// An alarm on the wall clock that also rings when that clock is set or the machine has slept.
#[derive(Debug)]
pub struct Alarm {
    timer: AsyncFd<OwnedFd>,
    wall: Timestamp,
    monotonic: SignedDuration,
}

impl Alarm {
    /// An alarm; within a tokio runtime.
    #[expect(deprecated, reason = "the named successor is unsafe; a timer's descriptor cannot be closed behind our back")]
    pub fn new() -> io::Result<Self> {
        let timer = timerfd_create(TimerfdClockId::Realtime, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        Ok(Self { timer: AsyncFd::new(timer)?, wall: now(), monotonic: monotonic() })
    }

    /// Waits for the time (for ever without one). Answers with the step when the clock was set or the machine slept.
    pub async fn ring(&mut self, at: Option<Timestamp>) -> Option<SignedDuration> {
        // Without a time the timer is set far away, so that a step of the clock still wakes.
        let at = at.unwrap_or(Timestamp::MAX).min(now().saturating_add(SignedDuration::from_hours(24 * 365)).unwrap_or(Timestamp::MAX));
        let at = at.max(Timestamp::UNIX_EPOCH);
        let value = Timespec { tv_sec: at.as_second(), tv_nsec: i64::from(at.subsec_nanosecond()).max(1) };
        let spec = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
        let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
        // Setting the timer tells of a step since the last time as well; the comparison below finds it either way.
        let _ = timerfd_settime(self.timer.get_ref(), flags, &spec);
        if let Some(step) = self.step() {
            return Some(step);
        }
        let mut expirations = [0_u8; 8];
        loop {
            let Ok(mut ready) = self.timer.readable().await else { return None };
            match ready.try_io(|timer| Ok(rustix::io::read(timer, &mut expirations)?)) {
                Ok(_) => break,
                Err(_would_block) => {}
            }
        }
        self.step()
    }

    /// How far the wall clock went ahead of the time that passed since this was asked last.
    fn step(&mut self) -> Option<SignedDuration> {
        let (wall, monotonic) = (now(), monotonic());
        let step = wall.duration_since(self.wall) - (monotonic - self.monotonic);
        self.wall = wall;
        self.monotonic = monotonic;
        (step.abs() >= STEP).then_some(step)
    }
}
