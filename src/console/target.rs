//! What an action acts on: the thing under the cursor.

use crate::domain::{AttemptId, FlowId, IncidentId, ProbeId, RunId, RunbookId, StepName, Subject};
use std::fmt;

/// The thing under the cursor, or one that an action names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A flow.
    Flow(FlowId),
    /// A run of a flow.
    Run(RunId),
    /// A step of a run.
    Step(RunId, StepName),
    /// An attempt, with its output.
    Attempt(AttemptId),
    /// A probe.
    Probe(ProbeId),
    /// An incident.
    Incident(IncidentId),
    /// A step of a runbook, walked for a subject.
    Procedure {
        /// The runbook.
        runbook: RunbookId,
        /// What it is walked for.
        subject: Subject,
        /// The step within it.
        step: StepName,
    },
}

impl Target {
    /// The flow that it is or belongs to.
    pub fn flow(&self) -> Option<&FlowId> {
        match self {
            Self::Flow(flow) => Some(flow),
            Self::Run(run) | Self::Step(run, _) => Some(&run.flow),
            Self::Attempt(attempt) => match &attempt.job {
                crate::domain::Job::Step { run, .. } => Some(&run.flow),
                crate::domain::Job::Procedure { .. } => None,
            },
            _ => None,
        }
    }

    /// The run that it is or belongs to.
    pub fn run(&self) -> Option<&RunId> {
        match self {
            Self::Run(run) | Self::Step(run, _) => Some(run),
            Self::Attempt(attempt) => match &attempt.job {
                crate::domain::Job::Step { run, .. } => Some(run),
                crate::domain::Job::Procedure { .. } => None,
            },
            _ => None,
        }
    }

    /// What a runbook is walked for and a note is about, when this is under the cursor.
    pub fn subject(&self) -> Subject {
        match self {
            Self::Incident(incident) => Subject::Incident(*incident),
            Self::Probe(probe) => Subject::Probe(probe.clone()),
            Self::Procedure { subject, .. } => subject.clone(),
            Self::Attempt(attempt) => match &attempt.job {
                crate::domain::Job::Procedure { subject, .. } => subject.clone(),
                crate::domain::Job::Step { run, .. } => Subject::Flow(run.flow.clone()),
            },
            other => other.flow().map_or(Subject::Workspace, |flow| Subject::Flow(flow.clone())),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flow(flow) => write!(f, "{flow}"),
            Self::Run(run) => write!(f, "{run}"),
            Self::Step(run, step) => write!(f, "{run} {step}"),
            Self::Attempt(attempt) => write!(f, "{attempt}"),
            Self::Probe(probe) => write!(f, "{probe}"),
            Self::Incident(incident) => write!(f, "incident {incident}"),
            Self::Procedure { runbook, step, .. } => write!(f, "runbook {runbook} {step}"),
        }
    }
}
