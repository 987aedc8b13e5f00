//! Who is told, as the entries left it: the workspace's people with the overrides that were made since.

use crate::domain::people::People;
use crate::domain::{PersonId, RotaId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Overrides that are kept; the oldest are forgotten first.
const MADE_KEPT: usize = 200;
/// How long an override is kept after its end: a handover tells it.
const MADE_FOR: SignedDuration = SignedDuration::from_hours(31 * 24);

/// People and who stands in for whom.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Duty {
    /// What the workspace says.
    #[serde(default)]
    pub people: Arc<People>,
    /// Overrides that people made by key or command, in the order in which they were made: the last one wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<MadeOverride>,
    /// The entry that last changed any of it: whoever shows it looks again only then.
    #[serde(default)]
    pub changed: u64,
}

/// An override that a person made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeOverride {
    /// The rota.
    pub rota: RotaId,
    /// Who takes it.
    pub person: PersonId,
    /// From when on.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// Why; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Who made it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Duty {
    pub(super) fn define(&mut self, people: &Arc<People>, seq: u64) {
        self.people = people.clone();
        self.changed = seq;
    }

    pub(super) fn make(&mut self, made: MadeOverride, seq: u64) {
        let oldest = made.at.checked_sub(MADE_FOR).unwrap_or(Timestamp::MIN);
        self.made.retain(|old| old.to >= oldest);
        if self.made.len() >= MADE_KEPT {
            self.made.remove(0);
        }
        self.made.push(made);
        self.changed = seq;
    }

    /// Ends an override: one that has begun keeps its past.
    pub(super) fn end(&mut self, rota: &RotaId, from: Timestamp, at: Timestamp, seq: u64) {
        self.changed = seq;
        if let Some(place) = self.made.iter().rposition(|made| made.rota == *rota && made.from == from && made.to > at) {
            if from >= at {
                self.made.remove(place);
            } else if let Some(made) = self.made.get_mut(place) {
                made.to = at;
            }
        }
    }
}
