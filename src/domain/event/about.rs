//! What a fact is about, where several readings of the journal ask the same of it.

use super::Event;
use crate::domain::{AttemptId, FlowId, IncidentId, Job, MessageRef, ProbeId, RunId};

impl Event {
    /// The attempt of whose course this fact tells: starting, started, found alive again, ended.
    pub fn attempt(&self) -> Option<&AttemptId> {
        match self {
            Self::AttemptStarting { attempt, .. }
            | Self::AttemptStarted { attempt, .. }
            | Self::AttemptAdopted { attempt }
            | Self::AttemptEnded { attempt, .. } => Some(attempt),
            _ => None,
        }
    }

    /// The message whose fate this fact tells: held back, taken, not taken, given up, or nobody knows.
    pub fn message_fate(&self) -> Option<&MessageRef> {
        match self {
            Self::MessageHeldBack { message, .. }
            | Self::MessageSent { message }
            | Self::MessageFailed { message, .. }
            | Self::MessageGivenUp { message, .. }
            | Self::MessageUnknown { message, .. } => Some(message),
            _ => None,
        }
    }

    /// The run that this fact is about, of its steps and their attempts too.
    pub fn run(&self) -> Option<&RunId> {
        match self {
            Self::RunCreated { run, .. }
            | Self::RunKillAsked { run, .. }
            | Self::RunTimedOut { run }
            | Self::RetryPlanned { run, .. }
            | Self::StartForced { run, .. }
            | Self::StepForced { run, .. }
            | Self::RunHeld { run, .. }
            | Self::RunReleased { run }
            | Self::RunPrioritized { run, .. }
            | Self::StepApproved { run, .. }
            | Self::StepEnded { run, .. }
            | Self::RunEnded { run, .. }
            | Self::ConditionMet { run, .. } => Some(run),
            other => match &other.attempt()?.job {
                Job::Step { run, .. } => Some(run),
                Job::Procedure { .. } => None,
            },
        }
    }

    /// The flow that this fact is about, by its runs and messages too.
    pub fn flow(&self) -> Option<&FlowId> {
        match self {
            Self::FlowDefined { flow } => Some(&flow.id),
            Self::FlowRemoved { flow }
            | Self::FlowHeld { flow, .. }
            | Self::FlowReleased { flow }
            | Self::FileDelivered { flow, .. }
            | Self::FileDuplicate { flow, .. }
            | Self::FileSighted { flow, .. } => Some(flow),
            Self::MessageDue { message } => message.flow.as_ref(),
            Self::FlowIced { flow, .. } | Self::FlowThawed { flow } | Self::NoopSet { flow, .. } | Self::NoopWithdrawn { flow } => {
                Some(flow)
            }
            Self::OccurrenceSettled { occurrence, .. } | Self::OccurrenceAsked { occurrence } => Some(&occurrence.flow),
            other => match other.message_fate() {
                Some(message) => message.flow.as_ref(),
                None => other.run().map(|run| &run.flow),
            },
        }
    }

    /// The probe that it is about, for facts about how a probe does.
    pub fn probe(&self) -> Option<&ProbeId> {
        match self {
            Self::ProbeAsked { probe }
            | Self::ProbeChanged { probe, .. }
            | Self::ProbeErring { probe, .. }
            | Self::ProbeBurning { probe, .. }
            | Self::ProbeFlapping { probe, .. } => Some(probe),
            _ => None,
        }
    }

    /// The incident that this fact names as its own; what an alert, a message or a step of a runbook belongs to, the world knows.
    pub fn incident(&self) -> Option<IncidentId> {
        match self {
            Self::IncidentOpened { incident, .. }
            | Self::IncidentJoined { incident, .. }
            | Self::SeverityRaised { incident, .. }
            | Self::IncidentAcknowledged { incident, .. }
            | Self::AcknowledgementEnded { incident, .. }
            | Self::IncidentResolved { incident, .. }
            | Self::Noted { incident, .. }
            | Self::EscalationDeferred { incident, .. }
            | Self::IncidentEscalated { incident, .. }
            | Self::EscalationExhausted { incident }
            | Self::EscalationEnded { incident, .. }
            | Self::IncidentRetold { incident, .. }
            | Self::RecoveryTold { incident, .. }
            | Self::IncidentMitigated { incident, .. }
            | Self::MitigationEnded { incident, .. }
            | Self::IncidentSnoozed { incident, .. }
            | Self::SnoozeEnded { incident, .. }
            | Self::IncidentClaimed { incident }
            | Self::IncidentUnclaimed { incident }
            | Self::IncidentHandedOver { incident, .. }
            | Self::AcknowledgementAsked { incident, .. }
            | Self::AlertMuted { incident, .. }
            | Self::EntryPinned { incident, .. }
            | Self::EvidenceAsked { incident, .. }
            | Self::EvidenceTaken { incident, .. }
            | Self::WriteUpMoved { incident, .. }
            | Self::ReviewDecided { incident, .. }
            | Self::RemediationHeldBack { incident, .. } => Some(*incident),
            _ => None,
        }
    }

    /// Whether the fact is shown on the common timeline; definitions, and what is seen of files on their way, are read
    /// elsewhere.
    pub fn is_told(&self) -> bool {
        !matches!(
            self,
            Self::FlowDefined { .. }
                | Self::ProbeDefined { .. }
                | Self::RunbookDefined { .. }
                | Self::SourceDefined { .. }
                | Self::IntakeDefined { .. }
                | Self::SourceSilenceSeen { .. }
                | Self::SourceSilenceGone { .. }
                | Self::SourceSilenceProlonging { .. }
                | Self::SourceNoted { .. }
                | Self::AlertsRepeated { .. }
                | Self::ChannelDefined { .. }
                | Self::MessageSending { .. }
                | Self::FileSighted { .. }
                | Self::CalendarDefined { .. }
                | Self::MaintenanceDefined { .. }
                | Self::PeopleDefined { .. }
                | Self::EscalationStarted { .. }
                | Self::OutsideDefined { .. }
                | Self::EvidenceDefined { .. }
                | Self::ProcedureRulesDefined { .. }
                | Self::ChecklistDefined { .. }
        )
    }
}
