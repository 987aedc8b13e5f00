//! What a job flow is: the definition that a person wrote, resolved and checked.

use super::message::Messages;
use super::{CalendarRule, Digest, FlowId, Labels, Params, RunbookId, Severity, StepName, span};
use jiff::civil::Time;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// A job flow as its file defines it; a neighbour's flow has the same shape with steps that carry no command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowDefinition {
    /// The flow's name.
    pub id: FlowId,
    /// One line for people.
    #[serde(default)]
    pub description: String,
    /// Where it was defined, relative to the workspace, for messages.
    #[serde(default)]
    pub file: String,
    /// IANA zone in which schedules and deadlines are read.
    pub zone: String,
    /// Cron lines; none means by hand only.
    #[serde(default)]
    pub schedules: Vec<String>,
    /// What to do with occurrences that passed while nothing could start.
    pub missed: Missed,
    /// What to do when an occurrence comes while a run is not done.
    pub overlap: Overlap,
    /// A run that has not started by this local time of its date raises an alert; earlier than the planned time means the next day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub must_start_by: Option<Time>,
    /// A run that has not succeeded by this local time raises an alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub must_finish_by: Option<Time>,
    /// How bad a failure of this flow is.
    pub severity: Severity,
    /// The runbook that its file names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runbook: Option<RunbookId>,
    /// Labels that its alerts carry beside their own.
    #[serde(default)]
    pub labels: Labels,
    /// Parameters with their defaults.
    #[serde(default)]
    pub params: Params,
    /// Environment of every step.
    #[serde(default)]
    pub env: Params,
    /// The steps, in the order of the file.
    pub steps: Vec<StepDefinition>,
    /// Who is told at which key point, the workspace's own choices included.
    #[serde(default, skip_serializing_if = "Messages::is_empty")]
    pub messages: Messages,
    /// How long its runs should take.
    #[serde(default, skip_serializing_if = "Bounds::is_open")]
    pub bounds: Bounds,
    /// A run that takes longer in all is ended with the outcome `timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "span::option")]
    pub timeout: Option<Duration>,
    /// Which days its schedules leave out or move to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarRule>,
}

impl FlowDefinition {
    /// A flow of this name without steps, with the defaults of RULES: read in UTC, started by hand only.
    pub fn new(id: &str) -> Self {
        Self {
            id: FlowId::new(id),
            description: String::new(),
            file: String::new(),
            zone: "UTC".into(),
            schedules: Vec::new(),
            missed: Missed::default(),
            overlap: Overlap::Skip,
            must_start_by: None,
            must_finish_by: None,
            severity: Severity::High,
            runbook: None,
            labels: Labels::new(),
            params: Params::new(),
            env: Params::new(),
            steps: Vec::new(),
            messages: Messages::default(),
            bounds: Bounds::default(),
            timeout: None,
            calendar: None,
        }
    }

    /// The step of this name.
    pub fn step(&self, name: &StepName) -> Option<&StepDefinition> {
        self.steps.iter().find(|step| step.name == *name)
    }

    /// What this definition is known by: equal definitions have equal digests.
    pub fn digest(&self) -> Digest {
        Digest::new(super::id::digest_of(self))
    }
}

/// One step of a flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepDefinition {
    /// Its name, unique within the flow.
    pub name: StepName,
    /// What it runs; absent for a neighbour's step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<CommandLine>,
    /// Steps that must have succeeded before.
    #[serde(default)]
    pub needs: Vec<StepName>,
    /// Attempts longer than this are ended with the outcome `timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "span::option")]
    pub timeout: Option<Duration>,
    /// How long a TERM may take before KILL follows. Default 10 s (RULES: kill).
    #[serde(with = "span")]
    pub grace: Duration,
    /// Bytes of output after which the attempt is ended. Default 1 GiB (RULES: output).
    pub output_max: u64,
    /// When and how often it is tried again.
    pub retry: Retry,
    /// Whether running it again after a success does no harm.
    pub idempotent: bool,
    /// Environment beside the flow's.
    #[serde(default)]
    pub env: Params,
    /// Where it runs, relative to the workspace; default the workspace itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// How long it should take, all its attempts together.
    #[serde(default, skip_serializing_if = "Bounds::is_open")]
    pub bounds: Bounds,
}

impl StepDefinition {
    /// A step of this name that needs nothing and runs nothing, with the defaults of RULES.
    pub fn new(name: &str) -> Self {
        Self {
            name: StepName::new(name),
            run: None,
            needs: Vec::new(),
            timeout: None,
            grace: Duration::from_secs(10),
            output_max: 1 << 30,
            retry: Retry::default(),
            idempotent: true,
            env: Params::new(),
            folder: None,
            bounds: Bounds::default(),
        }
    }
}

/// How long a flow or a step should take: outside these bounds an alert says so, and nothing is ended (RULES: timing).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// A success that took less is suspicious.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "span::option")]
    pub min_run: Option<Duration>,
    /// Whoever runs longer raises an alarm.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "span::option")]
    pub max_run: Option<Duration>,
}

impl Bounds {
    /// Whether nothing is bounded.
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }
}

/// What a step or a runnable block runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CommandLine {
    /// Given to `sh -c`; parameters reach it by environment only.
    Shell(String),
    /// A program and its arguments, no shell.
    Argv(Vec<String>),
}

impl CommandLine {
    /// The argument vector that is executed.
    pub fn argv(&self) -> Vec<String> {
        match self {
            Self::Shell(script) => vec!["sh".into(), "-c".into(), script.clone()],
            Self::Argv(argv) => argv.clone(),
        }
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shell(script) => f.write_str(script),
            Self::Argv(argv) => f.write_str(&argv.join(" ")),
        }
    }
}

/// Attempts of a step: exponential with a cap and jitter (RULES: retry).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Retry {
    /// Attempts in all, the first included; 1 means no retry.
    pub attempts: u32,
    /// Wait before the second attempt.
    #[serde(with = "span")]
    pub delay: Duration,
    /// Each wait is the one before times this.
    pub factor: f64,
    /// No wait is longer than this.
    #[serde(with = "span")]
    pub cap: Duration,
    /// Exit codes that are retried; empty means any failure.
    #[serde(default)]
    pub on_exit: Vec<i32>,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 1, delay: Duration::from_secs(30), factor: 2.0, cap: Duration::from_hours(1), on_exit: Vec::new() }
    }
}

/// Occurrences that passed while the daemon was away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missed {
    /// Which of them are caught up.
    pub policy: MissedPolicy,
    /// Older ones are missed for good. Default 24 h.
    #[serde(with = "span")]
    pub window: Duration,
    /// With `all`, at most so many, the youngest. Default 10.
    pub max: u32,
}

impl Default for Missed {
    fn default() -> Self {
        Self { policy: MissedPolicy::Latest, window: Duration::from_hours(24), max: 10 }
    }
}

/// Which missed occurrences are caught up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissedPolicy {
    /// None.
    Skip,
    /// The youngest.
    Latest,
    /// All within window and cap.
    All,
}

/// What happens to an occurrence while an earlier run is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// It is skipped, and that is recorded.
    Skip,
    /// One waits, further ones are skipped.
    Queue,
    /// All wait, in order, at most 100.
    QueueAll,
    /// The earlier run is cancelled first.
    Cancel,
    /// It runs beside the earlier ones.
    Allow,
}
