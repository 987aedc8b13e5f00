//! A planned time of a schedule, and its one end.

use super::{CalendarId, FlowId, RunId};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

/// One planned time of a schedule, unique for ever: the same wall time in both passes of an overlap is two.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Occurrence {
    /// The flow.
    pub flow: FlowId,
    /// The cron line.
    pub schedule: String,
    /// The wall time that the line names, also where a gap skips it.
    pub planned: DateTime,
    /// The zone of that wall time.
    pub zone: String,
    /// 1, or 2 for the second pass of an overlap.
    pub pass: u8,
    /// The instant at which it is due, and which the steps are told.
    pub at: Timestamp,
    /// What DST did to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<DstMark>,
    /// The day that the line names, where a calendar moved it to the planned one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shifted_from: Option<Date>,
}

/// What a change of the clocks did to an occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DstMark {
    /// Its wall time does not exist that day; it runs at the first valid instant after the gap.
    Moved,
    /// Its wall time exists twice that day; it runs once, at the earlier.
    Merged,
}

/// The one end of a planned occurrence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// A run was made for it in time.
    Ran {
        /// That run.
        run: RunId,
    },
    /// A run was made for it after an outage.
    CaughtUp {
        /// That run.
        run: RunId,
    },
    /// Its window passed, or the policy catches up less.
    Missed {
        /// Why.
        reason: String,
    },
    /// An earlier run was not done.
    SkippedOverlap {
        /// That run.
        run: RunId,
    },
    /// The flow was held.
    SkippedHeld {
        /// Who held it.
        by: String,
        /// Their reason.
        reason: String,
        /// When the hold ends by itself.
        until: Option<Timestamp>,
    },
    /// Its day is no business day, or its time lies in a blackout. It was never due: this is no miss.
    SkippedCalendar {
        /// The calendar.
        calendar: CalendarId,
        /// Why: `Saturday`, `holiday: Christmas`, `blackout: year-end freeze`.
        reason: String,
    },
    /// The flow was iced: what waits for it goes on as if it had succeeded.
    SkippedIced {
        /// Who iced it.
        by: String,
        /// Their reason.
        reason: String,
        /// When the ice melts by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
}

impl Disposition {
    /// The words for a row and for JSON.
    pub fn words(&self) -> String {
        match self {
            Self::Ran { .. } => "ran".into(),
            Self::CaughtUp { .. } => "caught up".into(),
            Self::Missed { reason } => format!("missed ({reason})"),
            Self::SkippedOverlap { run } => format!("skipped (overlap with {run})"),
            Self::SkippedHeld { by, reason, until: Some(until) } => format!("skipped (held by {by} until {until}, {reason})"),
            Self::SkippedHeld { by, reason, until: None } => format!("skipped (held by {by}, {reason})"),
            Self::SkippedCalendar { calendar, reason } => format!("skipped (calendar {calendar}: {reason})"),
            Self::SkippedIced { by, reason, until: Some(until) } => format!("skipped (iced by {by} until {until}, {reason})"),
            Self::SkippedIced { by, reason, until: None } => format!("skipped (iced by {by}, {reason})"),
        }
    }
}
