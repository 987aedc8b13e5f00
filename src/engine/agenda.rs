//! When the engine must look again without being told: the next due time of every key, derived from the world.

use crate::domain::Event;
use crate::rules::{self, DueKey};
use crate::world::World;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Keys that one turn looks at.
const DUE_AT_ONCE: usize = 64;

/// Due times by key, and keys by due time.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    by_key: BTreeMap<DueKey, Timestamp>,
    by_time: BTreeSet<(Timestamp, DueKey)>,
}

impl Agenda {
    /// The agenda of a whole world.
    pub(super) fn of(world: &World) -> Self {
        let mut agenda = Self::default();
        for key in rules::agenda(world) {
            agenda.look(world, key);
        }
        agenda
    }

    /// The earliest due time.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Keys that are due, the earliest first; of very many the first ones, so that what they start need not wait for the
    /// rest. The rest is still due in the next turn, which follows at once.
    pub(super) fn due(&self, now: Timestamp) -> Vec<DueKey> {
        self.by_time.iter().take_while(|(at, _)| *at <= now).take(DUE_AT_ONCE).map(|(_, key)| key.clone()).collect()
    }

    /// Looks again at the keys that an event touched.
    pub(super) fn touch(&mut self, world: &World, event: &Event) {
        for key in rules::touched_keys(world, event) {
            self.look(world, key);
        }
    }

    /// Looks again at one key.
    pub(super) fn look(&mut self, world: &World, key: DueKey) {
        let next = rules::next_due(world, &key);
        let before = match next {
            Some(at) => self.by_key.insert(key.clone(), at),
            None => self.by_key.remove(&key),
        };
        if before != next {
            if let Some(before) = before {
                self.by_time.remove(&(before, key.clone()));
            }
            if let Some(at) = next {
                self.by_time.insert((at, key));
            }
        }
    }
}
