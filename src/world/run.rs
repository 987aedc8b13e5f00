//! A run with its steps and their attempts, as the entries left them.

use super::hold::Hold;
use crate::domain::condition::{Condition, FileFact};
use crate::domain::run::{DefinitionChoice, Occurrence, PRIORITY_DEFAULT, RunCause, Scope};
use crate::domain::{AttemptEnd, Digest, Outcome, Params, Phase, RunId, StepDefinition, StepName};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One execution of a flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Why it exists.
    pub cause: RunCause,
    /// The instant that it is for.
    pub planned_at: Timestamp,
    /// The date that it processes.
    pub date: Date,
    /// Its parameters.
    pub params: Params,
    /// The digest of its definition.
    pub definition: Digest,
    /// Whose definition was chosen.
    pub choice: DefinitionChoice,
    /// Who made it: a person, or dogwatch.
    pub author: String,
    /// How far it is.
    pub phase: Phase,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its first attempt started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Who asked it to end.
    pub kill_asked_by: Option<String>,
    /// Its steps, in the order of the definition.
    pub steps: Vec<StepRun>,
    /// Conditions that are not met yet; none of its steps starts before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmet: Vec<Condition>,
    /// The files that it was made for, or that met its conditions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileFact>,
    /// Whether it is being ended, or was, because it took longer than its flow's `timeout`.
    pub timed_out: bool,
    /// Who lets no further step of it start.
    #[serde(default)]
    pub hold: Option<Box<Hold>>,
    /// Who started it although it would have waited.
    #[serde(default)]
    pub forced: Option<String>,
    /// Who lets it go through the motions only.
    #[serde(default)]
    pub noop: Option<String>,
    /// How much it is preferred where slots are short: 0 to 100, higher first.
    #[serde(default = "priority_default")]
    pub priority: u8,
}

fn priority_default() -> u8 {
    PRIORITY_DEFAULT
}

impl Run {
    /// A step.
    pub fn step(&self, name: &StepName) -> Option<&StepRun> {
        self.steps.iter().find(|step| step.name == *name)
    }

    pub(super) fn step_mut(&mut self, name: &StepName) -> Option<&mut StepRun> {
        self.steps.iter_mut().find(|step| step.name == *name)
    }

    /// The occurrence that it was made for.
    pub fn occurrence(&self) -> Option<&Occurrence> {
        match &self.cause {
            RunCause::Schedule(occurrence) => Some(occurrence),
            _ => None,
        }
    }

    /// The step that a person named when they ran it again: it runs whatever became of the steps that it needs.
    pub fn named_step(&self) -> Option<&StepName> {
        match &self.cause {
            RunCause::Rerun { scope: Scope::From(step) | Scope::Only(step) | Scope::Down(step), .. } => Some(step),
            _ => None,
        }
    }

    /// Whether an attempt of it has been started.
    pub fn has_begun(&self) -> bool {
        self.phase >= Phase::Running
    }

    /// Whether every step has succeeded or was left out by a person, those that were taken over from an earlier run too.
    pub fn is_whole(&self) -> bool {
        self.steps.iter().all(|step| step.state.is_success())
    }

    /// Whether every step that this one needs has succeeded.
    pub fn needs_met(&self, step: &StepDefinition) -> bool {
        let named = self.named_step().is_some_and(|named| *named == step.name);
        named || step.needs.iter().all(|need| self.step(need).is_some_and(|step| step.state.is_success()))
    }

    /// The step to look at first: the first failed one in the order of the definition, else the running one.
    pub fn telling_step(&self) -> Option<&StepRun> {
        let failed = |step: &&StepRun| matches!(step.state, StepState::Done { ref outcome } if matches!(outcome, Outcome::Failed { .. } | Outcome::Lost));
        self.steps
            .iter()
            .find(failed)
            .or_else(|| self.steps.iter().find(|step| matches!(step.state, StepState::Running | StepState::RetryAt { .. })))
    }

    /// Steps that are done, and all steps.
    pub fn progress(&self) -> (usize, usize) {
        let done = self.steps.iter().filter(|step| matches!(step.state, StepState::Done { .. })).count();
        (done, self.steps.len())
    }
}

/// A step within a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepRun {
    /// Its name.
    pub name: StepName,
    /// How far it is.
    pub state: StepState,
    /// Whether its outcome was taken over from an earlier run.
    pub carried: bool,
    /// Its attempts, each a row that nothing overwrites.
    pub attempts: Vec<Attempt>,
    /// Who started it although it would have waited.
    #[serde(default)]
    pub forced: Option<String>,
    /// What a person said of it.
    #[serde(default)]
    pub decided: Option<Box<Decided>>,
    /// Who gave the word that it waited for.
    #[serde(default)]
    pub approved: Option<Box<Decided>>,
}

/// A person's word on a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// Who.
    pub by: String,
    /// Their reason or note; may be empty for an approval.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

impl StepRun {
    /// From the start of its first attempt to the end of its last one; absent while it runs or where none began.
    pub fn took(&self) -> Option<Duration> {
        let first = self.attempts.iter().find_map(|attempt| attempt.started_at)?;
        let last = self.attempts.last()?.ended_at?;
        Duration::try_from(last.duration_since(first)).ok()
    }

    /// When its first attempt began.
    pub fn began(&self) -> Option<Timestamp> {
        self.attempts.iter().find_map(|attempt| attempt.started_at)
    }

    /// The number that the next attempt gets.
    pub fn next_attempt(&self) -> u32 {
        self.attempts.last().map_or(1, |attempt| attempt.number + 1)
    }

    /// Attempts that count towards the retry limit: those that began.
    pub fn attempts_spent(&self) -> u32 {
        self.attempts.iter().filter(|attempt| attempt.end != Some(AttemptEnd::NeverBegan)).count() as u32
    }
}

/// How far a step is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Steps that it needs are not done.
    Waiting,
    /// Only a free slot is missing.
    Queued,
    /// An attempt runs.
    Running,
    /// The next attempt waits for its time.
    RetryAt {
        /// Not before this.
        at: Timestamp,
    },
    /// Ended.
    Done {
        /// How.
        outcome: Outcome,
    },
    /// A person's word is waited for.
    Approval,
}

impl StepState {
    /// Whether steps that need it may go on.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Done { outcome } if outcome.lets_go_on())
    }

    /// How it ended.
    pub fn outcome(&self) -> Option<&Outcome> {
        match self {
            Self::Done { outcome } => Some(outcome),
            _ => None,
        }
    }

    /// The word for a row and for JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::RetryAt { .. } => "retrying",
            Self::Done { outcome } => outcome.word(),
            Self::Approval => "waiting for approval",
        }
    }
}

/// One attempt of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its number, from 1.
    pub number: u32,
    /// The boot that it was started in.
    pub boot_id: String,
    /// When its entry was written.
    pub starting_at: Timestamp,
    /// When its process started.
    pub started_at: Option<Timestamp>,
    /// Its process.
    pub pid: Option<u32>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    pub end: Option<AttemptEnd>,
    /// Bytes that it printed.
    pub output_bytes: u64,
    /// Processes that it left behind.
    pub survivors: Vec<String>,
}
