//! What is due when: the engine keeps an agenda by key and asks again for the keys that an event touched.

use super::{Asked, Decision, calendar, conditions, deadlines, occurrences, outside, sending, silencing, slots, timing};
use crate::domain::{ChannelId, Event, Fingerprint, FlowId, Job, SourceId};
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
}

/// Every key of a world: what a daemon that begins must ask for.
pub fn agenda(world: &World) -> Vec<DueKey> {
    let flows = world.flows.keys().cloned().map(DueKey::Flow);
    let channels = world.channels.keys().cloned().map(DueKey::Channel);
    let conditions = conditions::concerned(world).into_iter().map(DueKey::Conditions);
    let alerts = world.alerts.values().filter(|alert| alert.until.is_some()).map(|alert| DueKey::Alert(alert.fingerprint));
    let silences = world
        .sources
        .iter()
        .flat_map(|(source, row)| row.silencings.keys().map(|marker| DueKey::SourceSilence(source.clone(), marker.clone())));
    flows.chain([DueKey::Slots]).chain(channels).chain(conditions).chain(alerts).chain(silences).collect()
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
        Event::CalendarDefined { calendar } => calendar::flows_with(world, &calendar.id).cloned().map(DueKey::Flow).collect(),
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
        Event::AlertFiring { notice, .. } => notice.cause.flow().map(flow).unwrap_or_default(),
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
        Event::MessageHeldBack { message, .. }
        | Event::MessageSending { message, .. }
        | Event::MessageSent { message }
        | Event::MessageFailed { message, .. }
        | Event::MessageGivenUp { message, .. }
        | Event::MessageUnknown { message, .. } => vec![DueKey::Channel(message.channel.clone())],
        Event::AlertExpires { alert, .. } | Event::AlertResolved { alert, .. } => vec![DueKey::Alert(*alert)],
        Event::SourceSilenceAsked { source, order } => vec![DueKey::SourceSilence(source.clone(), order.marker.clone())],
        Event::SourceSilenceProlonging { source, marker, .. }
        | Event::SourceSilenceMade { source, marker, .. }
        | Event::SourceSilenceFailed { source, marker, .. }
        | Event::SourceSilenceEnding { source, marker, .. }
        | Event::SourceSilenceEnded { source, marker, .. } => vec![DueKey::SourceSilence(source.clone(), marker.clone())],
        Event::AttemptStarting { .. } | Event::RetryPlanned { .. } | Event::PoolsDefined { .. } | Event::WorkspaceLoaded { .. } => {
            vec![DueKey::Slots]
        }
        _ => Vec::new(),
    }
}

/// When a key is due next; in the past when it is due already.
pub fn next_due(world: &World, key: &DueKey) -> Option<Timestamp> {
    match key {
        DueKey::Flow(id) => {
            let flow = world.flow(id)?;
            let hold_ends = flow.hold.as_ref().and_then(|hold| hold.until);
            let ice_ends = flow.ice.as_ref().and_then(|ice| ice.until);
            let runs = flow.active().filter_map(|run| run.hold.as_ref()?.until);
            let own = [occurrences::next_due(world, flow), hold_ends, ice_ends, occurrences::choice_ends(flow)];
            let own = own.into_iter().chain([deadlines::next(flow), timing::next(world, flow)]);
            own.into_iter().flatten().chain(runs).min()
        }
        DueKey::Slots => slots::next_retry(world),
        DueKey::Channel(id) => sending::next_due(world, id),
        DueKey::Alert(alert) => outside::next_due(world, *alert),
        DueKey::SourceSilence(source, marker) => silencing::next_due(world, source, marker),
        DueKey::Conditions(id) => (!conditions::owed(world, id, world.at).is_empty()).then_some(world.at),
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
            let over = flow.active().filter(|run| ended(run.hold.as_deref()));
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
        DueKey::Conditions(id) => Decision::events(conditions::owed(world, id, asked.now)),
        DueKey::Alert(alert) => outside::due(world, *alert, asked.now).into(),
        DueKey::SourceSilence(source, marker) => silencing::due(world, source, marker, asked.now).into(),
    }
}
