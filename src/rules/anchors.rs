//! Anchors outside: that one takes nothing is a fact, an alert and, where the workspace says so, a reason to refuse.

use super::{Decision, alerts};
use crate::domain::anchor::{Anchors, Sink, WhenUnavailable};
use crate::domain::{Command, Effect, Event, Refusal, RefusalKind};
use crate::world::World;

/// What a reading of the workspace changes.
pub(super) fn read(world: &World, read: &Anchors) -> Option<Event> {
    (world.anchors != *read).then(|| Event::AnchorsDefined { anchors: read.clone() })
}

/// An anchor took a head, or did not.
pub(super) fn tried(world: &World, sink: Sink, error: Option<&str>) -> Decision {
    let known = world.anchors.sinks().any(|other| other == sink);
    match (error, world.anchors_failing.get(&sink)) {
        (Some(error), None) if known => Event::AnchorFailing { sink, error: error.to_owned() }.into(),
        // Another reason is another fact: who mends it must not be misled.
        (Some(error), Some(failure)) if known && failure.error != error => Event::AnchorFailing { sink, error: error.to_owned() }.into(),
        (None, Some(_)) => Event::AnchorWorks { sink }.into(),
        _ => Decision::nothing(),
    }
}

/// With other anchors the writer goes on there, and an alert on one that is gone is over.
pub(super) fn defined(world: &World) -> Decision {
    let gone = [Sink::File, Sink::Command, Sink::Syslog].into_iter().filter(|sink| !world.anchors.sinks().any(|other| other == *sink));
    let events = gone.filter_map(|sink| alerts::anchor_works(world, sink, "the anchor was removed"));
    Decision { events: events.collect(), effects: vec![Effect::Anchor(world.anchors.clone())] }
}

/// A daemon begins: heads go where the workspace says.
pub(super) fn resume(world: &World) -> Option<Effect> {
    world.anchors.sinks().next().map(|_| Effect::Anchor(world.anchors.clone()))
}

/// Refuses what a person asks for while an anchor takes nothing, where the workspace says so (FAULTS P8). To end
/// something, to mend the workspace and to end the daemon stay possible.
pub(super) fn allow(world: &World, command: &Command) -> Result<(), Refusal> {
    let is_mending = matches!(command, Command::Kill { .. } | Command::KillProcedure { .. } | Command::Reload | Command::Stop);
    if world.anchors.when_unavailable == WhenUnavailable::Continue || is_mending {
        return Ok(());
    }
    match world.anchors_failing.first_key_value() {
        None => Ok(()),
        Some((sink, failure)) => {
            let reason = format!("nothing is changed while the anchor {} takes nothing: {}", world.anchors.words(*sink), failure.error);
            let hint = "mend it, or set `when_unavailable = \"continue\"` in [anchor] of dogwatch.toml; ending a run works";
            Err(Refusal::new(RefusalKind::State, reason).hint(hint))
        }
    }
}
