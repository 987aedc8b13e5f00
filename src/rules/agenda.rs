//! What is due when: the engine keeps an agenda by key and asks again for the keys that an event touched.

use super::{Asked, Decision, calendar, deadlines, occurrences, sending, slots, timing};
use crate::domain::{ChannelId, Event, FlowId, Job};
use crate::world::World;
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
}

/// Every key of a world: what a daemon that begins must ask for.
pub fn agenda(world: &World) -> Vec<DueKey> {
    let flows = world.flows.keys().cloned().map(DueKey::Flow);
    let channels = world.channels.keys().cloned().map(DueKey::Channel);
    flows.chain([DueKey::Slots]).chain(channels).collect()
}

/// The keys whose next time an event may have changed.
pub fn touched_keys(world: &World, event: &Event) -> Vec<DueKey> {
    let flow = |flow: &FlowId| vec![DueKey::Flow(flow.clone())];
    match event {
        Event::FlowDefined { flow: definition } => vec![DueKey::Flow(definition.id.clone()), DueKey::Slots],
        Event::FlowRemoved { flow: id } | Event::FlowHeld { flow: id, .. } | Event::FlowReleased { flow: id } => flow(id),
        Event::CalendarDefined { calendar } => calendar::flows_with(world, &calendar.id).cloned().map(DueKey::Flow).collect(),
        Event::OccurrenceSettled { occurrence, .. } => flow(&occurrence.flow),
        Event::RunKillAsked { run, .. } | Event::RunTimedOut { run } => flow(&run.flow),
        Event::RunEnded { run, .. } | Event::StepEnded { run, .. } => vec![DueKey::Flow(run.flow.clone()), DueKey::Slots],
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
        Event::AttemptStarting { .. } | Event::RetryPlanned { .. } | Event::WorkspaceLoaded { .. } => vec![DueKey::Slots],
        _ => Vec::new(),
    }
}

/// When a key is due next; in the past when it is due already.
pub fn next_due(world: &World, key: &DueKey) -> Option<Timestamp> {
    match key {
        DueKey::Flow(id) => {
            let flow = world.flow(id)?;
            let hold_ends = flow.hold.as_ref().and_then(|hold| hold.until);
            [occurrences::next_due(world, flow), hold_ends, deadlines::next(flow), timing::next(world, flow)].into_iter().flatten().min()
        }
        DueKey::Slots => slots::next_retry(world),
        DueKey::Channel(id) => sending::next_due(world, id),
    }
}

/// What is due for a key now. Where a long absence left very much, a first part of it: the key is then still due.
pub fn due(world: &World, key: &DueKey, asked: &Asked) -> Decision {
    match key {
        DueKey::Flow(id) => {
            let Some(flow) = world.flow(id) else { return Decision::nothing() };
            let mut events = occurrences::due(world, flow, asked);
            let hold_ended = flow.hold.as_ref().and_then(|hold| hold.until).is_some_and(|until| until <= asked.now);
            // The hold stays until all occurrences that it covers have been settled.
            if hold_ended && events.len() < occurrences::BATCH {
                events.push(Event::FlowReleased { flow: id.clone() });
            }
            events.extend(deadlines::due(flow, asked.now));
            events.extend(timing::due(world, flow, asked.now));
            Decision::events(events)
        }
        DueKey::Slots => slots::next_start(world, asked).into(),
        DueKey::Channel(id) => sending::due(world, id, asked),
    }
}
