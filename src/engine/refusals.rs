//! Every refusal is an entry; repeats within a minute are counted in one, so that a loop cannot fill the disk.

use crate::domain::{Author, Event};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

/// How long repeats are counted.
const WINDOW: SignedDuration = SignedDuration::from_secs(60);
/// Different refusals that are counted at the same time; more are recorded as one.
const DIFFERENT: usize = 256;

/// Different refusals of one user that are counted at the same time; more are recorded as one.
const DIFFERENT_OF_ONE: usize = 128;
/// The verb of refusals that are recorded as one.
const MANY: &str = "several";

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
        let own = |(other, ..): &&(Author, String, String)| same_user(other, author);
        let mut key = (author.clone(), verb.to_owned(), reason);
        // Words that a peer chooses, its claim of who it is included, must not make a new entry each time.
        if !self.open.contains_key(&key) && (self.open.len() >= DIFFERENT || self.open.keys().filter(own).count() >= DIFFERENT_OF_ONE) {
            key = (author.without_claim(), MANY.to_owned(), "many different refusals".to_owned());
        }
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

fn same_user(one: &Author, other: &Author) -> bool {
    match (one, other) {
        (Author::Person { uid: one, .. }, Author::Person { uid: other, .. }) => one == other,
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(uid: u32, claim: &str) -> Author {
        Author::Person { uid, user: format!("u{uid}"), login_uid: None, sudo_claim: Some(claim.into()) }
    }

    #[test]
    fn a_peer_that_claims_another_name_each_time_is_counted_as_one() {
        let now = Timestamp::UNIX_EPOCH;
        let mut refusals = Refusals::default();
        let written =
            (0..10_000).filter(|turn| refusals.note(&person(7, &format!("claim {turn}")), &format!("verb {turn}"), "no", now).is_some());
        assert_eq!(written.count(), DIFFERENT_OF_ONE + 1);
        assert!(refusals.note(&person(8, "x"), "kill", "no", now).is_some(), "others are recorded as before");
        let due = refusals.due(now + SignedDuration::from_secs(61));
        assert!(
            due.iter().any(|(author, event)| author.sudo_claim().is_none()
                && matches!(event, Event::Refused { count, .. } if *count as usize == 10_000 - DIFFERENT_OF_ONE - 1)),
            "{due:?}"
        );
    }

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
