//! Which incidents a fact belongs to: every fact about an incident's flows, probes and alerts is in its timeline.

use super::{TIMELINE_KEPT, World};
use crate::domain::{AlertCause, AttemptEnd, Entry, Event, FlowId, Health, IncidentId, Job, Subject};
use jiff::SignedDuration;
use std::sync::Arc;

/// Facts before an incident was opened belong to it when they are younger than this.
const LOOK_BACK: SignedDuration = SignedDuration::from_mins(30);

/// Puts an entry into the timelines that it belongs to.
pub(super) fn record(world: &mut World, entry: &Entry) {
    let incidents = incidents_of(world, &entry.event);
    if incidents.is_empty() {
        return;
    }
    let shared = Arc::new(entry.clone());
    for id in incidents {
        if let Some(incident) = world.incidents.get_mut(&id).map(Arc::make_mut) {
            if incident.timeline.len() >= TIMELINE_KEPT {
                incident.timeline_dropped += 1;
            } else if incident.timeline.last().is_none_or(|last| last.seq < shared.seq) {
                incident.timeline.push(shared.clone());
            }
        }
    }
}

/// Whether a fact is shown on the common timeline; definitions, and what is seen of files on their way, are read elsewhere.
pub(super) fn is_told(event: &Event) -> bool {
    !matches!(
        event,
        Event::FlowDefined { .. }
            | Event::ProbeDefined { .. }
            | Event::RunbookDefined { .. }
            | Event::SourceDefined { .. }
            | Event::ChannelDefined { .. }
            | Event::MessageSending { .. }
            | Event::FileSighted { .. }
            | Event::CalendarDefined { .. }
            | Event::ProcedureRulesDefined { .. }
            | Event::ChecklistDefined { .. }
    )
}

/// Whether a fact shows trouble by itself, before any alert.
pub(super) fn is_bad_sign(event: &Event) -> bool {
    match event {
        Event::ProbeChanged { to, .. } => matches!(to, Health::Soft { .. } | Health::Down { .. }),
        Event::AttemptEnded { end, .. } => !end.is_success() && *end != AttemptEnd::NeverBegan,
        _ => false,
    }
}

/// Recent facts that led to an alert, the oldest first.
pub(super) fn before(world: &World, cause: &AlertCause) -> Vec<Arc<Entry>> {
    let since = world.at.checked_sub(LOOK_BACK).unwrap_or(world.at);
    let leads = |event: &Event| match cause {
        AlertCause::RunFailed { run } | AlertCause::TooLong { run, .. } | AlertCause::TooFast { run, .. } => run_of(event) == Some(run),
        AlertCause::NotStarted { flow, .. } | AlertCause::NotFinished { flow, .. } => flow_of(event) == Some(flow),
        AlertCause::ProbeDown { probe } => match event {
            Event::ProbeChanged { probe: other, .. } | Event::ProbeErring { probe: other, .. } => other == probe,
            _ => false,
        },
        AlertCause::Outside { .. } | AlertCause::ChecklistOverdue { .. } => false,
        AlertCause::GlassBroken { .. } => matches!(event, Event::GlassBroken { .. }),
        AlertCause::ChannelFailing { channel } => match event {
            Event::MessageFailed { message, .. } | Event::MessageGivenUp { message, .. } | Event::MessageUnknown { message, .. } => {
                message.channel == *channel
            }
            _ => false,
        },
    };
    world.recent.iter().filter(|entry| entry.at >= since && leads(&entry.event)).cloned().collect()
}

fn run_of(event: &Event) -> Option<&crate::domain::RunId> {
    match event {
        Event::RunCreated { run, .. }
        | Event::RunKillAsked { run, .. }
        | Event::RunTimedOut { run }
        | Event::RetryPlanned { run, .. }
        | Event::StartForced { run, .. }
        | Event::StepForced { run, .. }
        | Event::RunHeld { run, .. }
        | Event::RunReleased { run }
        | Event::RunPrioritized { run, .. }
        | Event::StepApproved { run, .. }
        | Event::StepEnded { run, .. }
        | Event::RunEnded { run, .. }
        | Event::ConditionMet { run, .. } => Some(run),
        Event::AttemptStarting { attempt, .. }
        | Event::AttemptStarted { attempt, .. }
        | Event::AttemptAdopted { attempt }
        | Event::AttemptEnded { attempt, .. } => match &attempt.job {
            Job::Step { run, .. } => Some(run),
            Job::Procedure { .. } => None,
        },
        _ => None,
    }
}

fn flow_of(event: &Event) -> Option<&FlowId> {
    match event {
        Event::FlowDefined { flow } => Some(&flow.id),
        Event::FlowRemoved { flow }
        | Event::FlowHeld { flow, .. }
        | Event::FlowReleased { flow }
        | Event::FileDelivered { flow, .. }
        | Event::FileDuplicate { flow, .. }
        | Event::FileSighted { flow, .. } => Some(flow),
        Event::MessageDue { message } => message.flow.as_ref(),
        Event::MessageHeldBack { message, .. }
        | Event::MessageSent { message }
        | Event::MessageFailed { message, .. }
        | Event::MessageGivenUp { message, .. }
        | Event::MessageUnknown { message, .. } => message.flow.as_ref(),
        Event::FlowIced { flow, .. } | Event::FlowThawed { flow } | Event::NoopSet { flow, .. } | Event::NoopWithdrawn { flow } => {
            Some(flow)
        }
        Event::OccurrenceSettled { occurrence, .. } | Event::OccurrenceAsked { occurrence } => Some(&occurrence.flow),
        other => run_of(other).map(|run| &run.flow),
    }
}

fn incidents_of(world: &World, event: &Event) -> Vec<IncidentId> {
    if let Some(flow) = flow_of(event) {
        return world.flow(flow).map(|flow| flow.incidents.clone()).unwrap_or_default();
    }
    match event {
        Event::IncidentOpened { incident, .. }
        | Event::IncidentJoined { incident, .. }
        | Event::SeverityRaised { incident, .. }
        | Event::IncidentAcknowledged { incident, .. }
        | Event::AcknowledgementEnded { incident, .. }
        | Event::IncidentResolved { incident, .. }
        | Event::Noted { incident, .. }
        | Event::RemediationHeldBack { incident, .. } => vec![*incident],
        Event::ProbeChanged { probe, .. } | Event::ProbeErring { probe, .. } | Event::ProbeAsked { probe } => {
            world.probe(probe).map(|probe| probe.incidents.clone()).unwrap_or_default()
        }
        Event::AlertFiring { alert, .. } => world.alerts.get(alert).and_then(|alert| alert.incident).into_iter().collect(),
        Event::AlertResolved { alert, .. } => {
            let last = world.last_incident.get(alert).copied();
            last.filter(|id| world.incident(*id).is_some_and(super::Incident::is_open)).into_iter().collect()
        }
        Event::NoteSaved { note } => incident_of(&note.subject),
        Event::ProcedureTicked { subject, .. } => incident_of(subject),
        Event::ApprovalAsked { request, .. } => incident_of(&request.subject),
        Event::ApprovalGiven { digest, .. } | Event::ApprovalUsed { digest, .. } | Event::ApprovalEnded { digest, .. } => {
            world.approvals.get(digest).map(|approval| incident_of(&approval.request.subject)).unwrap_or_default()
        }
        Event::ProcedureAsked { attempt, .. }
        | Event::GlassBroken { attempt, .. }
        | Event::ProcedureKillAsked { attempt }
        | Event::AttemptStarting { attempt, .. }
        | Event::AttemptStarted { attempt, .. }
        | Event::AttemptAdopted { attempt }
        | Event::AttemptEnded { attempt, .. } => match &attempt.job {
            Job::Procedure { subject, .. } => incident_of(subject),
            Job::Step { .. } => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn incident_of(subject: &Subject) -> Vec<IncidentId> {
    match subject {
        Subject::Incident(incident) => vec![*incident],
        _ => Vec::new(),
    }
}
