//! One attempt of a job: what is attempted, where it is kept, and how it ended.

use super::{RunId, RunbookId, StepName, Subject};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

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
    /// A person declared the step failed; no attempt ended so.
    Declared {
        /// Who.
        by: String,
        /// Their reason.
        reason: String,
    },
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
            Self::Declared { by, reason } => write!(f, "declared failed by {by}: {reason}"),
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
