//! Who or what a fact comes from.

use super::Teller;
use crate::domain::{Entry, Event, Job};

impl Teller<'_> {
    /// Who or what a fact comes from, for the column beside its line: a person, a flow, a probe, a runbook, a neighbour.
    pub fn source(&self, entry: &Entry) -> String {
        if entry.author.is_person() {
            return self.naming.author(&entry.author);
        }
        match &entry.event {
            Event::RunCreated { run, .. }
            | Event::StepEnded { run, .. }
            | Event::RunEnded { run, .. }
            | Event::RetryPlanned { run, .. }
            | Event::ConditionMet { run, .. }
            | Event::RunTimedOut { run }
            | Event::RunHeld { run, .. }
            | Event::RunReleased { run } => {
                format!("flow {}", run.flow)
            }
            Event::OccurrenceSettled { occurrence, .. } | Event::OccurrenceAsked { occurrence } => format!("flow {}", occurrence.flow),
            Event::AttemptStarting { attempt, .. }
            | Event::AttemptStarted { attempt, .. }
            | Event::AttemptAdopted { attempt }
            | Event::AttemptEnded { attempt, .. } => match &attempt.job {
                Job::Step { run, .. } => format!("flow {}", run.flow),
                Job::Procedure { runbook, .. } => format!("runbook {runbook}"),
            },
            Event::MessageDue { message } => format!("channel {}", message.channel),
            Event::MessageHeldBack { message, .. }
            | Event::MessageSent { message }
            | Event::MessageFailed { message, .. }
            | Event::MessageGivenUp { message, .. }
            | Event::MessageUnknown { message, .. } => format!("channel {}", message.channel),
            Event::ProbeChanged { probe, .. } | Event::ProbeErring { probe, .. } => format!("probe {probe}"),
            Event::AlertFiring { source, .. } if !source.is_local() => source.to_string(),
            Event::OutsideChanged { change } => change.kind.word().to_owned(),
            Event::EvidenceAsked { .. } | Event::EvidenceTaken { .. } => "evidence".into(),
            Event::FlowHeld { flow, .. }
            | Event::FlowReleased { flow }
            | Event::FlowIced { flow, .. }
            | Event::FlowThawed { flow }
            | Event::FlowRemoved { flow }
            | Event::FileDelivered { flow, .. }
            | Event::FileDuplicate { flow, .. }
            | Event::FileSighted { flow, .. } => format!("flow {flow}"),
            _ => entry.author.name().to_owned(),
        }
    }
}
