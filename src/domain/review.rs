//! What the review of an ended incident can find: what to change, so that the next one is shorter or does not come.

use super::{FlowId, ProbeId, RunbookId, StepName};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One finding of a review (RULES: review). Its form is its identity: a decision about it holds for the incident.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// No runbook fits: a gap in the playbook.
    NoRunbook,
    /// A person noticed it, not a probe: a probe is missing.
    NoProbe,
    /// A step of a runbook was run by hand for incidents before: a machine may do it.
    HandStep {
        /// The runbook.
        runbook: RunbookId,
        /// The step.
        step: StepName,
    },
    /// A flow was run again by hand for incidents before: a retry may do it.
    HandRerun {
        /// The flow.
        flow: FlowId,
    },
    /// An alert that fires often and is seldom acted on.
    Noisy {
        /// What it says.
        summary: String,
        /// The probe behind it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        probe: Option<ProbeId>,
    },
}

impl Finding {
    /// The word that a person types for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::NoRunbook => "runbook",
            Self::NoProbe => "probe",
            Self::HandStep { .. } => "automate",
            Self::HandRerun { .. } => "retry",
            Self::Noisy { .. } => "noise",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRunbook => f.write_str("no runbook fits"),
            Self::NoProbe => f.write_str("a person noticed it, not a probe"),
            Self::HandStep { runbook, step } => write!(f, "step {step} of runbook {runbook} is run by hand again and again"),
            Self::HandRerun { flow } => write!(f, "{flow} is run again by hand again and again"),
            Self::Noisy { summary, .. } => write!(f, "the alert “{summary}” is noisy"),
        }
    }
}
