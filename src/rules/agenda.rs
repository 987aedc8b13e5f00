//! What is due when: the engine keeps an agenda by key and asks again for the keys that an event touched.

use super::{Asked, Decision, deadlines, occurrences, slots};
use crate::domain::{Event, FlowId, Job};
use crate::world::{Hold, World};
use jiff::Timestamp;

/// Something that can be due.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DueKey {
    /// A flow's next occurrence, the end of its hold, its next deadline.
    Flow(FlowId),
    /// The next retry of any step, while a slot is free.
    Slots,
}

/// Every key of a world: what a daemon that begins must ask for.
pub fn agenda(world: &World) -> Vec<DueKey> {
    let flows = world.flows.keys().cloned().map(DueKey::Flow);
    flows.chain([DueKey::Slots]).collect()
}

/// The keys whose next time an event may have changed.
pub fn touched_keys(event: &Event) -> Vec<DueKey> {
    let flow = |flow: &FlowId| vec![DueKey::Flow(flow.clone())];
    match event {
        Event::FlowDefined { flow: definition } => vec![DueKey::Flow(definition.id.clone()), DueKey::Slots],
        Event::FlowRemoved { flow: id } | Event::FlowIced { flow: id, .. } | Event::FlowThawed { flow: id } => flow(id),
        Event::FlowHeld { flow: id, .. } | Event::FlowReleased { flow: id } => vec![DueKey::Flow(id.clone()), DueKey::Slots],
        Event::OccurrenceSettled { occurrence, .. } | Event::OccurrenceAsked { occurrence } => flow(&occurrence.flow),
        Event::RunEnded { run, .. }
        | Event::RunHeld { run, .. }
        | Event::RunReleased { run }
        | Event::StartForced { run, .. }
        | Event::StepForced { run, .. } => vec![DueKey::Flow(run.flow.clone()), DueKey::Slots],
        Event::AlertFiring { notice, .. } => notice.cause.flow().map(flow).unwrap_or_default(),
        Event::AttemptStarted { attempt, .. } => match &attempt.job {
            Job::Step { run, .. } => flow(&run.flow),
            Job::Procedure { .. } => Vec::new(),
        },
        Event::AttemptEnded { attempt, .. } => match &attempt.job {
            Job::Step { run, .. } => vec![DueKey::Flow(run.flow.clone()), DueKey::Slots],
            Job::Procedure { .. } => Vec::new(),
        },
        Event::AttemptStarting { .. } | Event::RetryPlanned { .. } | Event::StepEnded { .. } | Event::WorkspaceLoaded { .. } => {
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
            let own = [occurrences::next(flow), hold_ends, ice_ends, deadlines::next(flow), occurrences::choice_ends(flow)];
            own.into_iter().flatten().chain(runs).min()
        }
        DueKey::Slots => slots::next_retry(world),
    }
}

/// What is due for a key now. Where a long absence left very much, a first part of it: the key is then still due.
pub fn due(world: &World, key: &DueKey, asked: &Asked) -> Decision {
    match key {
        DueKey::Flow(id) => {
            let Some(flow) = world.flow(id) else { return Decision::nothing() };
            let mut events = occurrences::due(flow, asked);
            let ended = |hold: Option<&Hold>| hold.and_then(|hold| hold.until).is_some_and(|until| until <= asked.now);
            // Hold and ice stay until all occurrences that they cover have been settled.
            if events.len() < occurrences::BATCH {
                events.extend(ended(flow.hold.as_ref()).then(|| Event::FlowReleased { flow: id.clone() }));
                events.extend(ended(flow.ice.as_ref()).then(|| Event::FlowThawed { flow: id.clone() }));
            }
            let over = flow.active().filter(|run| ended(run.hold.as_ref()));
            events.extend(over.map(|run| Event::RunReleased { run: run.id.clone() }));
            if events.is_empty() {
                events.extend(occurrences::unchosen(flow, asked.now));
            }
            events.extend(deadlines::due(flow, asked.now));
            Decision::events(events)
        }
        DueKey::Slots => slots::next_start(world, asked).into(),
    }
}
