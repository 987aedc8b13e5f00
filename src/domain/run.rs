//! One execution of a flow: its phase, its outcome, why it exists, and which steps of an earlier one it runs again.

pub use super::occurrence::{Disposition, DstMark, Occurrence};

use super::condition::FileFact;
use super::{AttemptEnd, RunId, StepName};
use serde::{Deserialize, Serialize};
use std::fmt;

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
        /// Who left it out; absent where a rule did, such as the scope of a rerun.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
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
    /// Whether it did what it should, or a person said so.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Success | Self::SuccessForced { .. })
    }

    /// Whether what needs this one may go on: after a success, and after what a person left out on purpose.
    pub fn lets_go_on(&self) -> bool {
        self.is_success() || matches!(self, Self::Skipped { by: Some(_), .. })
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
    /// The flows that it comes after have ended for its date.
    After {
        /// Their runs.
        runs: Vec<RunId>,
    },
    /// A file came.
    File {
        /// The path or pattern that it answers.
        path: String,
        /// The file.
        file: FileFact,
    },
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

/// What a person chooses for missed occurrences that wait for it (RULES: missed).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissedChoice {
    /// Catch all of them up, the oldest first.
    All,
    /// Catch the youngest up.
    Latest,
    /// Catch none up.
    None,
}

impl fmt::Display for MissedChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::All => "all",
            Self::Latest => "latest",
            Self::None => "none",
        })
    }
}

/// How much a run is preferred where it is not said: the middle of 0 to 100.
pub const PRIORITY_DEFAULT: u8 = 50;
/// The highest priority.
pub const PRIORITY_MAX: u8 = 100;
