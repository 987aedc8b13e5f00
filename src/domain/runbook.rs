//! A runbook: text to read, and steps in it that can be run.

use super::{CommandLine, Digest, FlowId, IncidentId, Labels, ProbeId, RunbookId, StepName, span};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// A runbook as its file defines it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Runbook {
    /// The stem of its file.
    pub id: RunbookId,
    /// The title from its front matter or first heading.
    pub title: String,
    /// Where it is, relative to the workspace.
    #[serde(default)]
    pub file: String,
    /// What it is for; all given parts must match.
    #[serde(default)]
    pub matches: Vec<Match>,
    /// The CommonMark below the front matter.
    pub text: String,
    /// The runnable steps, in the order of the text.
    #[serde(default)]
    pub steps: Vec<ProcedureStep>,
    /// Of its steps so many may run by themselves within an hour. Default 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_max: Option<u32>,
}

impl Runbook {
    /// What this runbook is known by: text, steps and rules; any change of its file makes another one.
    pub fn digest(&self) -> Digest {
        Digest::new(super::id::seal_of(self))
    }

    /// A step.
    pub fn step(&self, name: &StepName) -> Option<&ProcedureStep> {
        self.steps.iter().find(|step| step.name == *name)
    }
}

/// One rule of what a runbook is for; every part that is given must hold. `*` at the end of a name stands for any rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// A flow's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// A probe's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<String>,
    /// An alert's `alertname`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<String>,
    /// Labels with their values.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

/// A runnable step of a runbook: a fenced block that is marked so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProcedureStep {
    /// Its name, unique within the runbook.
    pub name: StepName,
    /// One line for people; default the name.
    pub title: String,
    /// What it runs.
    pub run: CommandLine,
    /// Parameters that it asks for, in order.
    #[serde(default)]
    pub params: Vec<ProcedureParam>,
    /// What its end must look like.
    #[serde(default)]
    pub expect: ProcedureExpectation,
    /// Whether it is confirmed by typing: it changes something that is hard to undo.
    #[serde(default)]
    pub danger: bool,
    /// It is ended after this. Default 10 min.
    #[serde(with = "span")]
    pub timeout: Duration,
    /// The line of its fence in `text`, from 0.
    pub line: usize,
    /// Whether another person must approve exactly what it runs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub two_people: bool,
    /// When it runs by itself; absent for a step that only people run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto: Option<Automatic>,
}

/// When a step runs by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Automatic {
    /// What must have opened the incident, in the words of [`super::AlertCause::word`] or by the alert's name; empty for whatever
    /// the runbook matches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<String>,
}

/// A parameter of a runnable step; it reaches the command as the environment variable `DOGWATCH_PARAM_<NAME>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcedureParam {
    /// Its name.
    pub name: String,
    /// What is filled in before the person types: a literal, or `{flow}`, `{run}`, `{step}`, `{date}`, `{probe}`,
    /// `{incident}`, `{label:NAME}` from what the runbook is walked for.
    #[serde(default)]
    pub default: String,
    /// What it takes.
    #[serde(default, skip_serializing_if = "ParamKind::is_any")]
    pub kind: ParamKind,
}

/// What a parameter takes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParamKind {
    /// Any text.
    #[default]
    Any,
    /// A text of at most so many characters, on one line and not empty.
    Text {
        /// Characters.
        max: u32,
    },
    /// A whole number.
    Int {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// One of these.
    Choice {
        /// All of them, in order.
        options: Vec<String>,
    },
    /// A text that a regular expression matches as a whole.
    Pattern {
        /// The expression.
        regex: String,
    },
    /// A date as `2026-11-21`.
    Date,
}

impl ParamKind {
    /// Whether it takes anything.
    pub fn is_any(&self) -> bool {
        *self == Self::Any
    }
}

impl fmt::Display for ParamKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any text"),
            Self::Text { max } => write!(f, "text of at most {max} characters"),
            Self::Int { min: i64::MIN, max: i64::MAX } => f.write_str("a whole number"),
            Self::Int { min, max: i64::MAX } => write!(f, "a whole number from {min} on"),
            Self::Int { min, max } => write!(f, "a whole number from {min} to {max}"),
            Self::Choice { options } => write!(f, "one of {}", options.join(", ")),
            Self::Pattern { regex } => write!(f, "a text that matches {regex}"),
            Self::Date => f.write_str("a date such as 2026-11-21"),
        }
    }
}

/// What the end of a runnable step must look like.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcedureExpectation {
    /// The exit code. Default 0.
    pub exit: i32,
    /// A regular expression that the output must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}

/// What a runbook is walked for, what a note is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// An incident.
    Incident(IncidentId),
    /// A flow, outside an incident.
    Flow(FlowId),
    /// A probe, outside an incident.
    Probe(ProbeId),
    /// Nothing in particular.
    Workspace,
}

impl Subject {
    /// A text that can be part of a file name.
    pub fn slug(&self) -> String {
        match self {
            Self::Incident(incident) => format!("incident-{incident}"),
            Self::Flow(flow) => format!("flow-{}", flow.as_str().replace([':', '/'], "-")),
            Self::Probe(probe) => format!("probe-{}", probe.as_str().replace([':', '/'], "-")),
            Self::Workspace => "workspace".into(),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incident(incident) => write!(f, "incident {incident}"),
            Self::Flow(flow) => write!(f, "flow {flow}"),
            Self::Probe(probe) => write!(f, "probe {probe}"),
            Self::Workspace => f.write_str("the workspace"),
        }
    }
}
