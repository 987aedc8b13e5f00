//! What an outage missed: a bounded list that stays until a person puts it away.

use crate::domain::RunId;
use crate::domain::run::Occurrence;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// An absence that is longer is listed (RULES: missed).
pub const AWAY_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// Misses that are kept; more are counted.
pub const MISSES_KEPT: usize = 500;
/// Absences that are told apart; the first one takes what is older.
const SPANS_KEPT: usize = 8;

/// Absences, and what was due during them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Away {
    /// From when until when nothing could start, the oldest first.
    pub spans: Vec<(Timestamp, Timestamp)>,
    /// What was due meanwhile, in the order in which it was settled.
    pub misses: Vec<Miss>,
    /// Further ones that are only counted.
    pub dropped: u32,
}

/// One occurrence that passed during an absence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Miss {
    /// The occurrence.
    pub occurrence: Occurrence,
    /// What became of it.
    pub end: MissEnd,
}

/// What became of a missed occurrence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissEnd {
    /// A run was made for it.
    CaughtUp {
        /// That run.
        run: RunId,
    },
    /// None was.
    Missed {
        /// Why.
        reason: String,
    },
    /// It waits for a person's choice.
    Asked,
}

impl Away {
    /// Takes in an absence.
    pub(super) fn add(&mut self, from: Timestamp, to: Timestamp) {
        if self.misses.is_empty() {
            // An absence that missed nothing is not worth a line.
            self.spans.clear();
        }
        if self.spans.len() < SPANS_KEPT {
            self.spans.push((from, to));
        } else if let Some(last) = self.spans.last_mut() {
            last.1 = to;
        }
    }

    /// Takes in what became of an occurrence, where it was due during an absence.
    pub(super) fn note(&mut self, occurrence: &Occurrence, end: MissEnd) {
        if let Some(known) = self.misses.iter_mut().rev().find(|miss| miss.occurrence == *occurrence) {
            known.end = end;
        } else if !self.spans.iter().any(|(from, to)| *from <= occurrence.at && occurrence.at <= *to) {
            // It was late for another reason than an absence.
        } else if self.misses.len() < MISSES_KEPT {
            self.misses.push(Miss { occurrence: occurrence.clone(), end });
        } else {
            self.dropped += 1;
        }
    }

    /// How many were missed in all.
    pub fn count(&self) -> usize {
        self.misses.len() + self.dropped as usize
    }

    /// How many were caught up, missed for good, and wait for a choice, of those that are kept.
    pub fn counts(&self) -> (usize, usize, usize) {
        let of = |wanted: fn(&MissEnd) -> bool| self.misses.iter().filter(|miss| wanted(&miss.end)).count();
        let caught_up = of(|end| matches!(end, MissEnd::CaughtUp { .. }));
        let missed = of(|end| matches!(end, MissEnd::Missed { .. }));
        (caught_up, missed, of(|end| *end == MissEnd::Asked))
    }
}
