//! Every refusal is an entry; repeats within a minute are counted in one, so that a loop cannot fill the disk.

use crate::domain::{Author, Event};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

/// How long repeats are counted.
const WINDOW: SignedDuration = SignedDuration::from_secs(60);
/// Different refusals that are counted at the same time; more are recorded as one.
const DIFFERENT: usize = 256;

/// Refusals that may still repeat.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    open: HashMap<(Author, String, String), Counted>,
}

#[derive(Debug)]
struct Counted {
    until: Timestamp,
    repeats: u32,
}

impl Refusals {
    /// Takes note of a refusal; the event is to be recorded now.
    pub(super) fn note(&mut self, author: &Author, verb: &str, reason: &str, now: Timestamp) -> Option<Event> {
        let reason: String = reason.chars().take(500).collect();
        let reason = if self.open.len() >= DIFFERENT { "many different refusals".to_owned() } else { reason };
        let key = (author.clone(), verb.to_owned(), reason);
        if let Some(counted) = self.open.get_mut(&key) {
            counted.repeats = counted.repeats.saturating_add(1);
            return None;
        }
        let event = Event::Refused { verb: key.1.clone(), reason: key.2.clone(), count: 1 };
        self.open.insert(key, Counted { until: now.checked_add(WINDOW).unwrap_or(now), repeats: 0 });
        Some(event)
    }

    /// When the next window ends.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.open.values().map(|counted| counted.until).min()
    }

    /// All counts, before the daemon ends.
    pub(super) fn all(&mut self) -> Vec<(Author, Event)> {
        self.due(Timestamp::MAX)
    }

    /// Counts whose window has ended.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<(Author, Event)> {
        let ended: Vec<_> = self.open.iter().filter(|(_, counted)| counted.until <= now).map(|(key, _)| key.clone()).collect();
        let counted = ended.into_iter().filter_map(|key| {
            let repeats = self.open.remove(&key)?.repeats;
            let (author, verb, reason) = key;
            (repeats > 0).then_some((author, Event::Refused { verb, reason, count: repeats }))
        });
        counted.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_counted_in_one_entry() {
        let now = Timestamp::UNIX_EPOCH;
        let mut refusals = Refusals::default();
        assert!(refusals.note(&Author::Engine, "kill", "no", now).is_some());
        for _ in 0..10_000 {
            assert!(refusals.note(&Author::Engine, "kill", "no", now).is_none());
        }
        let later = now + SignedDuration::from_secs(61);
        let due = refusals.due(later);
        assert!(matches!(&due[..], [(Author::Engine, Event::Refused { count: 10_000, .. })]), "{due:?}");
        assert!(refusals.note(&Author::Engine, "kill", "no", later).is_some());
        assert!(refusals.all().is_empty(), "what stands in its own entry is not counted again");
    }
}
