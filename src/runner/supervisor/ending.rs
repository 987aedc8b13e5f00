//! Ending a step: TERM to the group, grace, KILL, then whatever the subreaper still holds (RULES: kill).

use super::step::{Step, signal_child};
use crate::domain::AttemptEnd;
use rustix::process::{Pid, Signal};
use std::time::{Duration, Instant};

/// How often KILL is repeated while processes remain: a fork may have been under way.
const PRESS_EVERY: Duration = Duration::from_millis(20);
/// How long KILL may take before what remains is named as surviving.
const GIVE_UP: Duration = Duration::from_secs(5);

/// A step that is being ended, and why.
pub(super) struct Ending {
    /// The cause that the record will name.
    pub(super) cause: AttemptEnd,
    kill_at: Instant,
    next: Instant,
    told: Vec<Pid>,
}

impl Ending {
    /// Sends TERM to the group and CONT after it, because a stopped process would not hear the first.
    pub(super) fn begin(cause: AttemptEnd, step: &Step, now: Instant, grace: Duration) -> Self {
        step.signal_group(Signal::TERM);
        step.signal_group(Signal::CONT);
        let kill_at = now.checked_add(grace).unwrap_or(now);
        Self { cause, kill_at, next: kill_at, told: Vec::new() }
    }

    /// TERM, once each, to those that left the group and outlived the first process.
    pub(super) fn tell_rest(&mut self, rest: &[Pid]) {
        self.told.retain(|pid| rest.contains(pid));
        for pid in rest {
            if !self.told.contains(pid) {
                signal_child(*pid, Signal::TERM);
                self.told.push(*pid);
            }
        }
    }

    /// KILL once the grace is over, to the group and to each child; children of the killed come to the subreaper and
    /// are met at the next press. `at_once` ends the grace.
    pub(super) fn press(&mut self, step: &Step, rest: &[Pid], now: Instant, at_once: bool) {
        if at_once {
            self.kill_at = self.kill_at.min(now);
        }
        if now >= self.kill_at {
            step.signal_group(Signal::KILL);
            for pid in rest {
                signal_child(*pid, Signal::KILL);
            }
            self.next = now + PRESS_EVERY;
        }
    }

    /// When to look again, should nobody wake the supervisor before.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// Whether even KILL did not help.
    pub(super) fn is_given_up(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.kill_at) > GIVE_UP
    }
}
