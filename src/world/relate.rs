//! Which incidents a fact belongs to: every fact about an incident's flows, probes and alerts is in its timeline.

use super::{TIMELINE_KEPT, World};
use crate::domain::{
    AlertCause, AttemptEnd, AttemptId, Entry, Event, Fingerprint, FlowId, Health, IncidentId, Job, Labels, ProbeId, Subject,
};
use jiff::SignedDuration;
use std::collections::BTreeSet;
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
            if entry.author.is_person() && sign_of_life(incident, entry) {
                world.touched.incidents = entry.seq;
                world.asked.remove(&id);
            }
            if incident.timeline.len() >= TIMELINE_KEPT {
                incident.timeline_dropped += 1;
            } else if incident.timeline.last().is_none_or(|last| last.seq < shared.seq) {
                incident.timeline.push(shared.clone());
            }
        }
    }
}

/// A fact by the person who acknowledged an incident, about it: they are still at it. Returns whether they had been asked.
fn sign_of_life(incident: &mut super::Incident, entry: &Entry) -> bool {
    match &mut incident.acknowledged {
        Some(ack) if ack.by.name() == entry.author.name() => {
            ack.sign_at = entry.at;
            ack.asked_until.take().is_some()
        }
        _ => false,
    }
}

/// Whether a fact in a timeline is about one of these alerts, flows or probes.
pub(super) fn concerns(event: &Event, alerts: &[Fingerprint], flows: &BTreeSet<FlowId>, probes: &BTreeSet<ProbeId>) -> bool {
    match event {
        Event::AlertFiring { alert, .. } | Event::AlertResolved { alert, .. } | Event::AlertMuted { alert, .. } => alerts.contains(alert),
        other => other.flow().is_some_and(|flow| flows.contains(flow)) || other.probe().is_some_and(|probe| probes.contains(probe)),
    }
}

/// Incidents in which an alert fires whose labels are covered.
fn covered(world: &World, covers: impl Fn(&Labels) -> bool) -> Vec<IncidentId> {
    let alerts = world.alerts.values().filter(|alert| covers(&alert.notice.labels));
    let ids: BTreeSet<_> = alerts.filter_map(|alert| alert.incident).collect();
    ids.into_iter().filter(|id| world.incident(*id).is_some_and(super::Incident::is_open)).collect()
}

/// Whether a fact shows trouble by itself, before any alert.
pub(super) fn is_bad_sign(event: &Event) -> bool {
    match event {
        Event::ProbeChanged { to, .. } => matches!(to, Health::Soft { .. } | Health::Down { .. }),
        Event::AttemptEnded { end, .. } => !end.is_success() && *end != AttemptEnd::NeverBegan,
        _ => false,
    }
}

/// Recent facts that led to an alert, the oldest first. What was over before is no part of it: the alert's own last time, and
/// for a target that is down the time until it was well.
pub(super) fn before(world: &World, fingerprint: Fingerprint, cause: &AlertCause) -> Vec<Arc<Entry>> {
    let since = world.at.checked_sub(LOOK_BACK).unwrap_or(world.at);
    let is_end = |event: &Event| match (event, cause) {
        (Event::AlertResolved { alert, .. }, _) => *alert == fingerprint,
        (Event::ProbeChanged { probe: other, to, .. }, AlertCause::ProbeDown { probe }) => {
            other == probe && matches!(to, Health::Up | Health::Degraded | Health::Unknown)
        }
        _ => false,
    };
    let over = world.recent.iter().rev().find(|entry| is_end(&entry.event)).map_or(0, |entry| entry.seq);
    let leads = |event: &Event| match cause {
        AlertCause::RunFailed { run } | AlertCause::TooLong { run, .. } | AlertCause::TooFast { run, .. } => event.run() == Some(run),
        AlertCause::NotStarted { flow, .. } | AlertCause::NotFinished { flow, .. } => event.flow() == Some(flow),
        AlertCause::ProbeDown { probe } | AlertCause::BudgetBurning { probe } => event.probe() == Some(probe),
        AlertCause::Outside { .. } | AlertCause::NobodyTold { .. } | AlertCause::ChecklistOverdue { .. } => false,
        AlertCause::GlassBroken { .. } => matches!(event, Event::GlassBroken { .. }),
        AlertCause::AnchorFailing { sink } => matches!(event, Event::AnchorFailing { sink: other, .. } if other == sink),
        AlertCause::ChannelFailing { channel } => match event {
            Event::MessageFailed { message, .. } | Event::MessageGivenUp { message, .. } | Event::MessageUnknown { message, .. } => {
                message.channel == *channel
            }
            _ => false,
        },
    };
    world.recent.iter().filter(|entry| entry.seq > over && entry.at >= since && leads(&entry.event)).cloned().collect()
}

fn incidents_of(world: &World, event: &Event) -> Vec<IncidentId> {
    if let Some(flow) = event.flow() {
        return world.flow(flow).map(|flow| flow.incidents.clone()).unwrap_or_default();
    }
    if let Some(incident) = event.incident() {
        return vec![incident];
    }
    if let Some(probe) = event.probe() {
        return world.probe(probe).map(|probe| probe.incidents.clone()).unwrap_or_default();
    }
    match event {
        Event::IncidentMerged { incident, into } => vec![*incident, *into],
        Event::IncidentSplit { incident, new, .. } => vec![*incident, *new],
        Event::SilenceMade { silence, .. } | Event::SilenceExtended { silence, .. } | Event::SilenceEnded { silence, .. } => {
            world.silence(*silence).map(|silence| covered(world, |labels| silence.covers(labels))).unwrap_or_default()
        }
        Event::MaintenanceBegan { window, .. } | Event::MaintenanceEnded { window } => {
            world.maintenance.get(window).map(|row| covered(world, |labels| row.window.covers(labels))).unwrap_or_default()
        }
        Event::AlertFiring { alert, .. } => world.alerts.get(alert).and_then(|alert| alert.incident).into_iter().collect(),
        Event::AlertResolved { alert, .. } => {
            let last = world.last_incident.get(alert).copied();
            last.filter(|id| world.incident(*id).is_some_and(super::Incident::is_open)).into_iter().collect()
        }
        Event::MessageDue { message } => message.incident.into_iter().collect(),
        Event::SourceSilenceAsked { order, .. } => order.incident.into_iter().collect(),
        Event::SourceSilenceEnded { incident, .. } => incident.iter().copied().collect(),
        Event::SourceSilenceMade { source, marker, .. }
        | Event::SourceSilenceFailed { source, marker, .. }
        | Event::SourceSilenceEnding { source, marker, .. } => {
            world.silencing(source, marker).and_then(|row| row.order.incident).into_iter().collect()
        }
        Event::NoteSaved { note } => incident_of(&note.subject),
        Event::ProcedureTicked { subject, .. } => incident_of(subject),
        Event::ApprovalAsked { request, .. } => incident_of(&request.subject),
        Event::ApprovalGiven { digest, .. } | Event::ApprovalUsed { digest, .. } | Event::ApprovalEnded { digest, .. } => {
            world.approvals.get(digest).map(|approval| incident_of(&approval.request.subject)).unwrap_or_default()
        }
        Event::ProcedureAsked { attempt, .. } | Event::GlassBroken { attempt, .. } | Event::ProcedureKillAsked { attempt } => {
            of_procedure(attempt)
        }
        other => match other.message_fate() {
            Some(message) => message.incident.into_iter().collect(),
            None => other.attempt().map(of_procedure).unwrap_or_default(),
        },
    }
}

/// The incident that a step of a runbook is run for.
fn of_procedure(attempt: &AttemptId) -> Vec<IncidentId> {
    match &attempt.job {
        Job::Procedure { subject, .. } => incident_of(subject),
        Job::Step { .. } => Vec::new(),
    }
}

fn incident_of(subject: &Subject) -> Vec<IncidentId> {
    match subject {
        Subject::Incident(incident) => vec![*incident],
        _ => Vec::new(),
    }
}
