//! Absences: when one is listed, and what becomes of occurrences that waited for a choice (RULES: missed).

use super::occurrences;
use crate::domain::{Event, FlowId};
use crate::world::World;
use crate::world::away::AWAY_AFTER;
use jiff::{SignedDuration, Timestamp};

/// A daemon that begins after a long silence tells it.
pub(super) fn was_away(world: &World) -> Option<Event> {
    let daemon = world.daemon.as_ref()?;
    let from = daemon.last_sign?;
    let long = daemon.started_at.duration_since(from) > AWAY_AFTER;
    long.then_some(Event::AwayNoticed { from, to: daemon.started_at })
}

/// The machine slept, or its clock was set forward.
pub(super) fn slept(by_seconds: f64, now: Timestamp) -> Option<Event> {
    let by = SignedDuration::try_from_secs_f64(by_seconds).ok().filter(|by| *by > AWAY_AFTER)?;
    Some(Event::AwayNoticed { from: now.checked_sub(by).ok()?, to: now })
}

/// Occurrences of a flow that is gone cannot be chosen any more.
pub(super) fn of_removed(world: &World, flow: &FlowId) -> Vec<Event> {
    let asked = world.flow(flow).map(|flow| flow.asked.as_slice()).unwrap_or_default();
    asked.iter().map(|occurrence| occurrences::missed(occurrence, "the flow was removed before anyone chose".into())).collect()
}
