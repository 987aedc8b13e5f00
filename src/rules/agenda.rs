//! What is due when: the engine keeps an agenda by key and asks again for the keys that an event touched.

use super::{
    Asked, Decision, approvals, calendar, checklists, conditions, deadlines, escalation, evidence, maintenance, occurrences, overlays,
    sending, sent, silencing, slots, timing,
};
use crate::domain::{AlertCause, ChannelId, ChecklistId, Event, Fingerprint, FlowId, IncidentId, Job, SilenceId, SourceId};
use crate::world::{Hold, World};
use jiff::Timestamp;

/// Something that can be due.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DueKey {
    /// A flow's next occurrence, the end of its hold, its next deadline.
    Flow(FlowId),
    /// The next retry of any step, while a slot is free.
    Slots,
    /// A channel's next message, and the end of a storm on it.
    Channel(ChannelId),
    /// What is owed around a flow: conditions that are met, runs that its end or its files start.
    Conditions(FlowId),
    /// The end of an alert that was sent in.
    Alert(Fingerprint),
    /// A silence at a neighbour: to be prolonged, tried again or over.
    SourceSilence(SourceId, String),
    /// The end of an incident's snooze; the question whether who acknowledged it still works on it.
    Incident(IncidentId),
    /// The end of a silence.
    Silence(SilenceId),
    /// The next beginning or end of a maintenance window.
    Maintenance(String),
    /// The next step of an incident's chain, and what else is to be told of it.
    Escalation(IncidentId),
    /// The next request for a second word that expires.
    Approvals,
    /// Evidence that is gathered again once what came after the opening is there.
    Evidence(IncidentId),
    /// A checklist's next occurrence, the end of its slot.
    Checklist(ChecklistId),
}

/// Every key of a world: what a daemon that begins must ask for.
pub fn agenda(world: &World) -> Vec<DueKey> {
    let flows = world.flows.keys().cloned().map(DueKey::Flow);
    let channels = world.channels.keys().cloned().map(DueKey::Channel);
    let conditions = conditions::concerned(world).into_iter().map(DueKey::Conditions);
    let alerts = world.alerts.values().filter(|alert| alert.until.is_some()).map(|alert| DueKey::Alert(alert.fingerprint));
    let there = world
        .sources
        .iter()
        .flat_map(|(source, row)| row.silencings.keys().map(|marker| DueKey::SourceSilence(source.clone(), marker.clone())));
    let silences = world.silences.keys().copied().map(DueKey::Silence);
    let maintenance = world.maintenance.keys().cloned().map(DueKey::Maintenance);
    let overlays = timed_incidents(world).chain(silences).chain(maintenance);
    let escalations = world.escalating.iter().map(|(_, incident)| DueKey::Escalation(*incident));
    let checklists = world.checklists.keys().cloned().map(DueKey::Checklist);
    let evidence = evidence::concerned(world).map(DueKey::Evidence);
    let of_incidents = overlays.chain(escalations).chain(evidence).chain(alerts).chain(there);
    flows.chain([DueKey::Slots, DueKey::Approvals]).chain(channels).chain(conditions).chain(of_incidents).chain(checklists).collect()
}

/// Incidents around which something will be due.
fn timed_incidents(world: &World) -> impl Iterator<Item = DueKey> + '_ {
    let open = world.incidents.values().filter(|incident| incident.is_open());
    open.filter(|incident| incident.acknowledged.is_some() || incident.snoozed.is_some()).map(|incident| DueKey::Incident(incident.id))
}

/// The keys whose next time an event may have changed.
pub fn touched_keys(world: &World, event: &Event) -> Vec<DueKey> {
    let flow = |flow: &FlowId| vec![DueKey::Flow(flow.clone())];
    match event {
        Event::FlowDefined { flow: definition } => {
            vec![DueKey::Flow(definition.id.clone()), DueKey::Slots, DueKey::Conditions(definition.id.clone())]
        }
        Event::FlowRemoved { flow: id } | Event::FlowIced { flow: id, .. } | Event::FlowThawed { flow: id } => {
            vec![DueKey::Flow(id.clone()), DueKey::Conditions(id.clone())]
        }
        Event::FlowHeld { flow: id, .. } | Event::FlowReleased { flow: id } => {
            vec![DueKey::Flow(id.clone()), DueKey::Slots, DueKey::Conditions(id.clone())]
        }
        Event::CalendarDefined { calendar } => {
            let by_it = |row: &&std::sync::Arc<crate::world::ChecklistRow>| {
                row.definition.calendar.as_ref().is_some_and(|rule| rule.name == calendar.id)
            };
            let lists = world.checklists.values().filter(by_it).map(|row| DueKey::Checklist(row.definition.id.clone()));
            calendar::flows_with(world, &calendar.id).cloned().map(DueKey::Flow).chain(lists).collect()
        }
        Event::OccurrenceSettled { occurrence, .. } | Event::OccurrenceAsked { occurrence } => {
            vec![DueKey::Flow(occurrence.flow.clone()), DueKey::Conditions(occurrence.flow.clone())]
        }
        Event::RunKillAsked { run, .. }
        | Event::RunTimedOut { run }
        | Event::StepEnded { run, .. }
        | Event::RunHeld { run, .. }
        | Event::RunReleased { run }
        | Event::RunPrioritized { run, .. }
        | Event::StartForced { run, .. } => vec![DueKey::Flow(run.flow.clone()), DueKey::Slots],
        Event::RunEnded { run, .. } | Event::StepForced { run, .. } => {
            vec![DueKey::Flow(run.flow.clone()), DueKey::Slots, DueKey::Conditions(run.flow.clone())]
        }
        Event::RunCreated { run, .. } | Event::ConditionMet { run, .. } => vec![DueKey::Conditions(run.flow.clone())],
        Event::FileDelivered { flow: id, .. } => vec![DueKey::Conditions(id.clone())],
        Event::AlertFiring { notice, .. } => match &notice.cause {
            AlertCause::ChecklistOverdue { checklist, .. } => vec![DueKey::Checklist(checklist.clone())],
            cause => cause.flow().map(flow).unwrap_or_default(),
        },
        Event::ApprovalAsked { .. } | Event::ApprovalUsed { .. } | Event::ApprovalEnded { .. } => vec![DueKey::Approvals],
        Event::ChecklistDefined { checklist } => vec![DueKey::Checklist(checklist.id.clone())],
        Event::ChecklistRemoved { checklist }
        | Event::ChecklistOpened { checklist, .. }
        | Event::ChecklistMissed { checklist, .. }
        | Event::ChecklistDone { checklist, .. }
        | Event::ChecklistLeft { checklist, .. } => vec![DueKey::Checklist(checklist.clone())],
        Event::AttemptStarted { attempt, .. } => match &attempt.job {
            Job::Step { run, .. } => flow(&run.flow),
            Job::Procedure { .. } => Vec::new(),
        },
        Event::AttemptEnded { attempt, .. } => match &attempt.job {
            Job::Step { run, .. } => vec![DueKey::Flow(run.flow.clone()), DueKey::Slots],
            Job::Procedure { .. } => Vec::new(),
        },
        Event::ChannelDefined { channel } => vec![DueKey::Channel(channel.id.clone())],
        Event::ChannelRemoved { channel } => vec![DueKey::Channel(channel.clone())],
        Event::MessageDue { message } => vec![DueKey::Channel(message.channel.clone())],
        Event::MessageSending { message, .. } => vec![DueKey::Channel(message.channel.clone())],
        Event::AlertExpires { alert, .. } | Event::AlertResolved { alert, .. } => vec![DueKey::Alert(*alert)],
        Event::SourceSilenceAsked { source, order } => vec![DueKey::SourceSilence(source.clone(), order.marker.clone())],
        Event::SourceSilenceProlonging { source, marker, .. }
        | Event::SourceSilenceMade { source, marker, .. }
        | Event::SourceSilenceFailed { source, marker, .. }
        | Event::SourceSilenceEnding { source, marker, .. }
        | Event::SourceSilenceEnded { source, marker, .. } => vec![DueKey::SourceSilence(source.clone(), marker.clone())],
        Event::EscalationStarted { incident, .. }
        | Event::EscalationDeferred { incident, .. }
        | Event::IncidentEscalated { incident, .. }
        | Event::EscalationExhausted { incident }
        | Event::EscalationEnded { incident, .. }
        | Event::IncidentRetold { incident, .. }
        | Event::RecoveryTold { incident, .. }
        | Event::IncidentJoined { incident, .. }
        | Event::IncidentMitigated { incident, .. } => vec![DueKey::Escalation(*incident)],
        Event::AttemptStarting { .. } | Event::RetryPlanned { .. } | Event::PoolsDefined { .. } | Event::WorkspaceLoaded { .. } => {
            vec![DueKey::Slots]
        }
        // A sign of life is no such event: the question that came too early is found to be none.
        Event::IncidentAcknowledged { incident, .. }
        | Event::AcknowledgementEnded { incident, .. }
        | Event::AcknowledgementAsked { incident, .. }
        | Event::IncidentSnoozed { incident, .. }
        | Event::SnoozeEnded { incident, .. }
        | Event::IncidentMerged { incident, .. }
        | Event::IncidentResolved { incident, .. } => vec![DueKey::Incident(*incident), DueKey::Escalation(*incident)],
        Event::EvidenceAsked { incident, .. } | Event::EvidenceTaken { incident, .. } => vec![DueKey::Evidence(*incident)],
        Event::EvidenceDefined { .. } => evidence::concerned(world).map(DueKey::Evidence).collect(),
        Event::AckLifeDefined { .. } => timed_incidents(world).collect(),
        Event::SilenceMade { silence, .. } | Event::SilenceExtended { silence, .. } | Event::SilenceEnded { silence, .. } => {
            vec![DueKey::Silence(*silence)]
        }
        Event::MaintenanceDefined { windows } => windows.iter().map(|window| DueKey::Maintenance(window.name.clone())).collect(),
        Event::MaintenanceBegan { window, .. } | Event::MaintenanceEnded { window } => vec![DueKey::Maintenance(window.clone())],
        other => other.message_fate().map(|message| DueKey::Channel(message.channel.clone())).into_iter().collect(),
    }
}

/// When a key is due next; in the past when it is due already.
pub fn next_due(world: &World, key: &DueKey) -> Option<Timestamp> {
    match key {
        DueKey::Flow(id) => {
            let flow = world.flow(id)?;
            let hold_ends = flow.hold.as_ref().and_then(|hold| hold.until);
            let ice_ends = flow.ice.as_ref().and_then(|ice| ice.until);
            let runs = flow.stirring().filter_map(|run| run.hold.as_ref()?.until);
            let own = [occurrences::next_due(world, flow), hold_ends, ice_ends, occurrences::choice_ends(flow)];
            let own = own.into_iter().chain([deadlines::next(flow), timing::next(world, flow)]);
            own.into_iter().flatten().chain(runs).min()
        }
        DueKey::Slots => slots::next_retry(world),
        DueKey::Channel(id) => sending::next_due(world, id),
        DueKey::Alert(alert) => sent::next_due(world, *alert),
        DueKey::SourceSilence(source, marker) => silencing::next_due(world, source, marker),
        DueKey::Escalation(id) => escalation::next_due(world, *id),
        DueKey::Evidence(id) => evidence::next_due(world, *id),
        DueKey::Approvals => approvals::next_due(world),
        DueKey::Checklist(id) => checklists::next_due(world, id),
        DueKey::Conditions(id) => (!conditions::owed(world, id, world.at).is_empty()).then_some(world.at),
        DueKey::Incident(id) => overlays::next_due(world, *id),
        DueKey::Silence(id) => overlays::silence_ends(world, *id),
        DueKey::Maintenance(name) => maintenance::next_due(world, name),
    }
}

/// What is due for a key now. Where a long absence left very much, a first part of it: the key is then still due.
pub fn due(world: &World, key: &DueKey, asked: &Asked) -> Decision {
    match key {
        DueKey::Flow(id) => {
            let Some(flow) = world.flow(id) else { return Decision::nothing() };
            let mut events = occurrences::due(world, flow, asked);
            let ended = |hold: Option<&Hold>| hold.and_then(|hold| hold.until).is_some_and(|until| until <= asked.now);
            // Hold and ice stay until all occurrences that they cover have been settled.
            if events.len() < occurrences::BATCH {
                events.extend(ended(flow.hold.as_ref()).then(|| Event::FlowReleased { flow: id.clone() }));
                events.extend(ended(flow.ice.as_ref()).then(|| Event::FlowThawed { flow: id.clone() }));
            }
            let over = flow.stirring().filter(|run| ended(run.hold.as_deref()));
            events.extend(over.map(|run| Event::RunReleased { run: run.id.clone() }));
            if events.is_empty() {
                events.extend(occurrences::unchosen(flow, asked.now));
            }
            events.extend(deadlines::due(flow, asked.now));
            events.extend(timing::due(world, flow, asked.now));
            Decision::events(events)
        }
        DueKey::Channel(id) => sending::due(world, id, asked),
        DueKey::Slots => slots::due_start(world, asked).into(),
        DueKey::Escalation(id) => escalation::due(world, *id, asked),
        DueKey::Evidence(id) => evidence::due(world, *id, asked.now).into(),
        DueKey::Approvals => approvals::due(world, asked.now),
        DueKey::Checklist(id) => checklists::what_is_due(world, id, asked),
        DueKey::Conditions(id) => Decision::events(conditions::owed(world, id, asked.now)),
        DueKey::Alert(alert) => sent::due(world, *alert, asked.now).into(),
        DueKey::SourceSilence(source, marker) => silencing::due(world, source, marker, asked.now).into(),
        DueKey::Incident(id) => Decision::events(overlays::due(world, *id, asked.now)),
        DueKey::Silence(id) => overlays::silence_due(world, *id, asked.now).into(),
        DueKey::Maintenance(name) => maintenance::due(world, name, asked.now).into(),
    }
}
