//! A runbook that is walked, as the entries left it.

use crate::domain::{AttemptEnd, AttemptId, Params, RunbookId, StepName, Subject};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The progress of a runbook for one subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Procedure {
    /// The runbook.
    pub runbook: RunbookId,
    /// What it is walked for.
    pub subject: Subject,
    /// What was done of it.
    pub ticks: BTreeMap<StepName, Tick>,
}

impl Procedure {
    /// Steps that are done.
    pub fn done(&self) -> usize {
        self.ticks.values().filter(|tick| matches!(tick.state, TickState::Passed | TickState::ByHand)).count()
    }
}

/// A step of a walked runbook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tick {
    /// How far it is.
    pub state: TickState,
    /// Who did it.
    pub by: String,
    /// When it came to this state.
    pub at: Timestamp,
    /// What exactly ran; absent when ticked by hand.
    pub command: Option<String>,
    /// With which parameters.
    pub params: Params,
    /// The attempt whose output is the evidence.
    pub attempt: Option<AttemptId>,
    /// The boot in which that attempt was started.
    pub boot_id: Option<String>,
    /// How that attempt ended.
    pub end: Option<AttemptEnd>,
    /// How often it was run.
    pub runs: u32,
}

/// How far a step of a walked runbook is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TickState {
    /// Its command runs.
    Running,
    /// Its command ended as expected.
    Passed,
    /// Its command did not.
    Failed,
    /// Ticked by a person.
    ByHand,
    /// The tick was taken back.
    Open,
}

/// A step that dogwatch ran by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Remedy {
    /// The runbook.
    pub runbook: RunbookId,
    /// The attempt.
    pub attempt: AttemptId,
    /// When.
    pub at: Timestamp,
}
