//! When a failed step is tried again: exponential with a cap and jitter (RULES: retry).

use crate::domain::AttemptEnd;
use crate::domain::flow::Retry;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// How far a wait is spread to either side.
const JITTER: f64 = 0.1;

/// The time before which the next attempt does not start; absent where the step has failed for good.
pub(super) fn retry_at(retry: &Retry, spent: u32, end: &AttemptEnd, now: Timestamp, random: u64) -> Option<Timestamp> {
    if spent >= retry.attempts || !is_retried(retry, end) {
        return None;
    }
    now.checked_add(SignedDuration::try_from(wait(retry, spent, random)).ok()?).ok()
}

fn is_retried(retry: &Retry, end: &AttemptEnd) -> bool {
    match end {
        AttemptEnd::Lost | AttemptEnd::Killed | AttemptEnd::NeverBegan => false,
        AttemptEnd::Exit(code) => retry.on_exit.is_empty() || retry.on_exit.contains(code),
        _ => retry.on_exit.is_empty(),
    }
}

/// The wait after so many attempts.
pub(super) fn wait(retry: &Retry, spent: u32, random: u64) -> Duration {
    let cap = retry.cap.as_secs_f64();
    let power = i32::try_from(spent.saturating_sub(1)).unwrap_or(i32::MAX);
    let plain = (retry.delay.as_secs_f64() * retry.factor.powi(power)).min(cap);
    let spread = 1.0 + JITTER * (2.0 * (random as f64 / u64::MAX as f64) - 1.0);
    let seconds = (plain * spread).min(cap);
    Duration::try_from_secs_f64(seconds).unwrap_or(retry.cap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_the_cap_and_are_spread_by_a_tenth() {
        let retry = Retry { attempts: 9, delay: Duration::from_secs(30), factor: 2.0, cap: Duration::from_secs(100), on_exit: vec![] };
        let middle = u64::MAX / 2;
        let waits: Vec<u64> = (1..5).map(|spent| wait(&retry, spent, middle).as_secs_f64().round() as u64).collect();
        assert_eq!(waits, [30, 60, 100, 100]);
        assert_eq!(wait(&retry, 1, 0), Duration::from_secs(27));
        assert_eq!(wait(&retry, 1, u64::MAX), Duration::from_secs(33));
        assert_eq!(wait(&retry, 4, u64::MAX), Duration::from_secs(100));
    }

    #[test]
    fn only_named_exit_codes_are_tried_again() {
        let now = Timestamp::UNIX_EPOCH;
        let named = Retry { attempts: 3, on_exit: vec![75], ..Retry::default() };
        let any = Retry { attempts: 3, ..Retry::default() };
        for (end, by_name, by_any) in [
            (AttemptEnd::Exit(75), true, true),
            (AttemptEnd::Exit(1), false, true),
            (AttemptEnd::Signal(9), false, true),
            (AttemptEnd::Timeout, false, true),
            (AttemptEnd::Killed, false, false),
            (AttemptEnd::Lost, false, false),
        ] {
            assert_eq!(retry_at(&named, 1, &end, now, 0).is_some(), by_name, "{end}");
            assert_eq!(retry_at(&any, 1, &end, now, 0).is_some(), by_any, "{end}");
            assert_eq!(retry_at(&any, 3, &end, now, 0), None, "{end}");
        }
    }
}
