//! One execution of a flow: phases, outcomes, attempts, occurrences.

use super::{CalendarId, FlowId, RunId, RunbookId, StepName, Subject};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Known, not yet due.
    Planned,
    /// Due, but a condition is not met: an earlier run, a hold, a retry's time.
    Waiting,
    /// Only a free slot is missing.
    Queued,
    /// At least one attempt has started.
    Running,
    /// Ended; the outcome says how.
    Done,
}

/// How a run or a step ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It did what it should.
    Success,
    /// A person declared it a success.
    SuccessForced {
        /// Who.
        by: String,
    },
    /// It did not; the cause is the last attempt's.
    Failed {
        /// Why, as far as the kernel and the rules know.
        cause: AttemptEnd,
    },
    /// A person ended it.
    Cancelled {
        /// Who.
        by: String,
    },
    /// It was left out on purpose.
    Skipped {
        /// Why.
        reason: String,
    },
    /// A step that it needs did not succeed.
    UpstreamFailed,
    /// Its time passed.
    Missed {
        /// Why.
        reason: String,
    },
    /// Nobody knows how it ended; the operator decides.
    Lost,
}

impl Outcome {
    /// Whether steps that need this one may go on.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Success | Self::SuccessForced { .. })
    }

    /// The word for a row and for JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::SuccessForced { .. } => "success forced",
            Self::Failed { .. } => "failed",
            Self::Cancelled { .. } => "cancelled",
            Self::Skipped { .. } => "skipped",
            Self::UpstreamFailed => "upstream failed",
            Self::Missed { .. } => "missed",
            Self::Lost => "lost",
        }
    }
}

/// How one attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptEnd {
    /// The process exited with this code.
    Exit(i32),
    /// The process was ended by this signal's number.
    Signal(i32),
    /// It could not be started: the system's words.
    SpawnError(String),
    /// It ran longer than its timeout and was ended.
    Timeout,
    /// It wrote more than `output_max` and was ended.
    OutputLimit,
    /// A person ended it.
    Killed,
    /// The daemon died before anything began; it may be started again.
    NeverBegan,
    /// The expectation on its output or exit was not met.
    Unexpected(String),
    /// Neither an exit record nor a living supervisor: nobody knows.
    Lost,
}

impl AttemptEnd {
    /// Whether the attempt did what it should.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Exit(0))
    }
}

impl fmt::Display for AttemptEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(code) => write!(f, "exit {code}"),
            Self::Signal(number) => write!(f, "signal {number}"),
            Self::SpawnError(words) => write!(f, "did not start: {words}"),
            Self::Timeout => f.write_str("timeout"),
            Self::OutputLimit => f.write_str("output limit"),
            Self::Killed => f.write_str("killed"),
            Self::NeverBegan => f.write_str("never began"),
            Self::Unexpected(words) => write!(f, "not as expected: {words}"),
            Self::Lost => f.write_str("lost"),
        }
    }
}

/// What an attempt is an attempt of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// A step of a run.
    Step {
        /// The run.
        run: RunId,
        /// The step within it.
        step: StepName,
    },
    /// A runnable step of a runbook.
    Procedure {
        /// The runbook.
        runbook: RunbookId,
        /// What it is walked for.
        subject: Subject,
        /// The step within it.
        step: StepName,
    },
}

/// One attempt of a job, numbered from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AttemptId {
    /// What is attempted.
    pub job: Job,
    /// The attempt's number.
    pub number: u32,
}

impl AttemptId {
    /// The attempt's folder below `attempts/` in the state folder. Names are checked where they are read, so no part
    /// holds a separator.
    pub fn folder(&self) -> PathBuf {
        match &self.job {
            Job::Step { run, step } => PathBuf::from(run.flow.as_str()).join(&*run.name).join(format!("{step}.{}", self.number)),
            Job::Procedure { runbook, subject, step } => {
                PathBuf::from("@runbook").join(runbook.as_str()).join(subject.slug()).join(format!("{step}.{}", self.number))
            }
        }
    }
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.job {
            Job::Step { run, step } => write!(f, "{run} {step} attempt {}", self.number),
            Job::Procedure { runbook, step, .. } => write!(f, "runbook {runbook} {step} attempt {}", self.number),
        }
    }
}

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
        }
    }
}

/// Why a run exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunCause {
    /// A schedule's occurrence.
    Schedule(Occurrence),
    /// A person asked for it.
    Person {
        /// Their reason, where they gave one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A person ran an earlier run again.
    Rerun {
        /// The earlier run.
        of: RunId,
        /// Which of its steps.
        scope: Scope,
        /// Their reason.
        reason: String,
    },
    /// A neighbour started it.
    Source,
}

/// Which steps of an earlier run are run again (RULES: rerun).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Failed and never-run ones. The default.
    Failed,
    /// All.
    All,
    /// This one and every unfinished one after it.
    From(StepName),
    /// Only this one.
    Only(StepName),
    /// This one and all its descendants, done or not.
    Down(StepName),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed => f.write_str("failed"),
            Self::All => f.write_str("all"),
            Self::From(step) => write!(f, "from:{step}"),
            Self::Only(step) => write!(f, "only:{step}"),
            Self::Down(step) => write!(f, "down:{step}"),
        }
    }
}

impl std::str::FromStr for Scope {
    type Err = super::InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None if text == "failed" => Ok(Self::Failed),
            None if text == "all" => Ok(Self::All),
            Some(("from", step)) if !step.is_empty() => Ok(Self::From(step.into())),
            Some(("only", step)) if !step.is_empty() => Ok(Self::Only(step.into())),
            Some(("down", step)) if !step.is_empty() => Ok(Self::Down(step.into())),
            _ => Err(super::InvalidId { text: text.to_owned(), wanted: "a scope: failed, all, from:STEP, only:STEP or down:STEP" }),
        }
    }
}

/// Which definition a rerun uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DefinitionChoice {
    /// The one that the earlier run ran with. The default.
    #[default]
    Ran,
    /// The one that the file has now.
    Today,
}
