//! What became of the last occurrences of a flow, kept small: thousands of flows each have some.

use crate::domain::run::{Disposition, Occurrence};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Settled occurrences that each flow keeps; older ones are in the journal.
pub const SETTLED_KEPT: usize = 16;
/// Batch days for which each flow keeps its counts.
pub const DAYS_KEPT: usize = 2;

/// A planned occurrence that has come to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The planned instant.
    pub at: Timestamp,
    /// How it ended.
    pub ending: Ending,
    /// The number of the run that was made for it, or of the one that was in its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<u32>,
    /// Why no run was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
}

/// A disposition without its details, for counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// A run was made in time.
    Ran,
    /// A run was made after an outage.
    CaughtUp,
    /// Its window passed, or the policy catches up less.
    Missed,
    /// An earlier run was not done.
    SkippedOverlap,
    /// The flow was held.
    SkippedHeld,
    /// Its day or time was left out by a calendar.
    SkippedCalendar,
}

impl Ending {
    /// The words for a column and for JSON.
    pub fn words(self) -> &'static str {
        match self {
            Self::Ran => "ran",
            Self::CaughtUp => "caught up",
            Self::Missed => "missed",
            Self::SkippedOverlap => "skipped (overlap)",
            Self::SkippedHeld => "skipped (held)",
            Self::SkippedCalendar => "skipped (calendar)",
        }
    }
}

impl From<&Disposition> for Ending {
    fn from(disposition: &Disposition) -> Self {
        match disposition {
            Disposition::Ran { .. } => Self::Ran,
            Disposition::CaughtUp { .. } => Self::CaughtUp,
            Disposition::Missed { .. } => Self::Missed,
            Disposition::SkippedOverlap { .. } => Self::SkippedOverlap,
            Disposition::SkippedHeld { .. } => Self::SkippedHeld,
            Disposition::SkippedCalendar { .. } => Self::SkippedCalendar,
        }
    }
}

/// How the occurrences of one batch day ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayCount {
    /// The batch day.
    pub day: Date,
    /// Occurrences by their ends.
    pub endings: BTreeMap<Ending, u32>,
}

/// The last settled occurrences of a flow, and the counts of its last batch days.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledLog {
    /// At most [`SETTLED_KEPT`], the oldest first.
    pub last: VecDeque<Settled>,
    /// At most [`DAYS_KEPT`], the oldest first.
    pub days: Vec<DayCount>,
}

impl SettledLog {
    /// Takes in what became of an occurrence of a batch day.
    pub(super) fn record(&mut self, day: Date, occurrence: &Occurrence, disposition: &Disposition) {
        let ending = Ending::from(disposition);
        let run = match disposition {
            Disposition::Ran { run } | Disposition::CaughtUp { run } | Disposition::SkippedOverlap { run } => run.number(),
            _ => None,
        };
        let reason = match disposition {
            Disposition::Missed { reason } | Disposition::SkippedHeld { reason, .. } | Disposition::SkippedCalendar { reason, .. } => {
                Some(Arc::from(reason.as_str()))
            }
            _ => None,
        };
        if self.last.len() >= SETTLED_KEPT {
            self.last.pop_front();
        }
        self.last.push_back(Settled { at: occurrence.at, ending, run, reason });
        let place = self.days.partition_point(|count| count.day < day);
        if self.days.get(place).is_none_or(|count| count.day != day) {
            if place == 0 && self.days.len() >= DAYS_KEPT {
                return; // older than all that is counted
            }
            self.days.insert(place, DayCount { day, endings: BTreeMap::new() });
        }
        if let Some(count) = self.days.get_mut(place) {
            *count.endings.entry(ending).or_insert(0) += 1;
        }
        if self.days.len() > DAYS_KEPT {
            self.days.remove(0);
        }
    }
}
