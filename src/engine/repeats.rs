//! Alerts that are sent again while they fire are counted and told once a minute, so that a storm cannot fill the disk.

use crate::domain::sent::Repeats;
use crate::domain::{Event, Fingerprint};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

/// How long repeats are counted.
const WINDOW: SignedDuration = SignedDuration::from_secs(60);
/// Alerts that are told in one entry.
const AT_ONCE: usize = 5_000;

/// Repeats that are not told yet. At most one row for each alert that fires, and of those there is a bounded number.
#[derive(Debug, Default)]
pub(super) struct Repeated {
    counts: HashMap<Fingerprint, u32>,
    until: Option<Timestamp>,
}

impl Repeated {
    /// Counts a repeat.
    pub(super) fn note(&mut self, alert: Fingerprint, now: Timestamp) {
        let count = self.counts.entry(alert).or_default();
        *count = count.saturating_add(1);
        self.until.get_or_insert_with(|| now.checked_add(WINDOW).unwrap_or(now));
    }

    /// When they are told.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.until
    }

    /// The counts, once their window has ended; of very many a first part, the rest follows at once.
    pub(super) fn due(&mut self, now: Timestamp) -> Option<Event> {
        self.until.filter(|until| *until <= now)?;
        let mut repeats: Vec<Repeats> = self.counts.iter().map(|(alert, count)| Repeats { alert: *alert, count: *count }).collect();
        repeats.sort_by_key(|repeat| repeat.alert);
        repeats.truncate(AT_ONCE);
        for repeat in &repeats {
            self.counts.remove(&repeat.alert);
        }
        if self.counts.is_empty() {
            self.until = None;
        }
        Some(Event::AlertsRepeated { repeats })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_repeats_are_one_entry() {
        let now = Timestamp::UNIX_EPOCH;
        let mut repeated = Repeated::default();
        for _ in 0..10_000 {
            repeated.note(Fingerprint(7), now);
        }
        assert_eq!(repeated.due(now), None);
        let told = repeated.due(repeated.next().unwrap());
        assert_eq!(told, Some(Event::AlertsRepeated { repeats: vec![Repeats { alert: Fingerprint(7), count: 10_000 }] }));
        assert_eq!(repeated.next(), None);
    }

    #[test]
    fn very_many_alerts_are_told_in_parts_and_none_is_lost() {
        let now = Timestamp::UNIX_EPOCH;
        let mut repeated = Repeated::default();
        (0..12_345).for_each(|alert| repeated.note(Fingerprint(alert), now));
        let parts: Vec<usize> = std::iter::from_fn(|| repeated.due(Timestamp::MAX))
            .map(|event| match event {
                Event::AlertsRepeated { repeats } => repeats.len(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(parts, [5_000, 5_000, 2_345]);
    }
}
