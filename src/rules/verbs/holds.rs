//! Commands that keep something from running, or prefer it: ice, no-op, the hold of a run, priority.

use super::flows::state;
use super::local;
use crate::domain::run::PRIORITY_MAX;
use crate::domain::source::Capability;
use crate::domain::{Event, FlowId, Phase, Refusal, RunId};
use crate::rules::{Asked, Decision, names};
use crate::world::{Flow, Run, World};
use jiff::Timestamp;

/// A flow that dogwatch itself can hold, with its file still there.
fn own<'a>(world: &'a World, id: &FlowId) -> Result<&'a Flow, Refusal> {
    let flow = names::flow(world, id)?;
    local(world, &flow.source(), Capability::Hold, id)?;
    if flow.removed { Err(state(format!("the file of `{id}` is gone, nothing starts it"))) } else { Ok(flow) }
}

/// A run of dogwatch's own that is not done.
pub(super) fn active<'a>(world: &'a World, id: &RunId) -> Result<(&'a Flow, &'a Run), Refusal> {
    let (flow, run) = names::run(world, id)?;
    local(world, &flow.source(), Capability::Hold, id)?;
    if run.phase == Phase::Done {
        let how = run.outcome.as_ref().map_or("done", crate::domain::Outcome::word);
        return Err(state(format!("{id} is done already: {how}")).hint(format!("run it again: dogwatch rerun {id} --reason …")));
    }
    if let Some(by) = &run.kill_asked_by {
        return Err(state(format!("{id} is ending: {by} asked it to")));
    }
    Ok((flow, run))
}

fn ends_later(until: Option<Timestamp>, what: &str, asked: &Asked) -> Result<(), Refusal> {
    match until {
        Some(until) if until <= asked.now => {
            Err(names::invalid(format!("the end of the {what} has passed already")).hint("leave it out to end it by hand"))
        }
        _ => Ok(()),
    }
}

/// Leave a flow out.
pub(super) fn ice(world: &World, id: &FlowId, until: Option<Timestamp>, reason: &str, asked: &Asked) -> Result<Decision, Refusal> {
    let flow = own(world, id)?;
    names::text("the reason", reason)?;
    if let Some(ice) = &flow.ice {
        let refusal = state(format!("`{id}` is iced already, by {}: {}", ice.by, ice.reason));
        return Err(refusal.hint(format!("thaw it first: dogwatch thaw {id}")));
    }
    ends_later(until, "ice", asked)?;
    Ok(Event::FlowIced { flow: id.clone(), reason: reason.to_owned(), until }.into())
}

/// End an ice.
pub(super) fn thaw(world: &World, id: &FlowId) -> Result<Decision, Refusal> {
    match own(world, id)?.ice {
        Some(_) => Ok(Event::FlowThawed { flow: id.clone() }.into()),
        None => Err(state(format!("`{id}` is not iced"))),
    }
}

/// Let the next run go through the motions.
pub(super) fn noop(world: &World, id: &FlowId, reason: &str) -> Result<Decision, Refusal> {
    let flow = own(world, id)?;
    names::text("the reason", reason)?;
    match &flow.noop {
        None => Ok(Event::NoopSet { flow: id.clone(), reason: reason.to_owned() }.into()),
        Some(noop) => {
            let refusal = state(format!("the next run of `{id}` is a no-op already, by {}: {}", noop.by, noop.reason));
            Err(refusal.hint(format!("take it back: dogwatch noop {id} --undo")))
        }
    }
}

/// Take an unused no-op back.
pub(super) fn noop_withdraw(world: &World, id: &FlowId) -> Result<Decision, Refusal> {
    match own(world, id)?.noop {
        Some(_) => Ok(Event::NoopWithdrawn { flow: id.clone() }.into()),
        None => Err(state(format!("`{id}` has no no-op to take back"))),
    }
}

/// Let no further step of a run start.
pub(super) fn hold_run(world: &World, id: &RunId, until: Option<Timestamp>, reason: &str, asked: &Asked) -> Result<Decision, Refusal> {
    let (_, run) = active(world, id)?;
    names::text("the reason", reason)?;
    if let Some(hold) = &run.hold {
        let refusal = state(format!("{id} is held already, by {}: {}", hold.by, hold.reason));
        return Err(refusal.hint(format!("release it first: dogwatch release {id}")));
    }
    ends_later(until, "hold", asked)?;
    Ok(Event::RunHeld { run: id.clone(), reason: reason.to_owned(), until }.into())
}

/// End the hold of a run.
pub(super) fn release_run(world: &World, id: &RunId) -> Result<Decision, Refusal> {
    let (flow, run) = names::run(world, id)?;
    local(world, &flow.source(), Capability::Hold, id)?;
    if run.hold.is_some() && run.phase != Phase::Done {
        return Ok(Event::RunReleased { run: id.clone() }.into());
    }
    let refusal = state(format!("{id} is not held"));
    Err(if flow.hold.is_some() { refusal.hint(format!("its flow is: dogwatch release {}", id.flow)) } else { refusal })
}

/// Say how much a run is preferred.
pub(super) fn prioritize(world: &World, id: &RunId, priority: u8) -> Result<Decision, Refusal> {
    let (_, run) = active(world, id)?;
    if priority > PRIORITY_MAX {
        return Err(names::invalid(format!("a priority is from 0 to {PRIORITY_MAX}, higher first; {priority} is not")));
    }
    if run.priority == priority {
        return Err(state(format!("{id} has priority {priority} already")));
    }
    Ok(Event::RunPrioritized { run: id.clone(), priority }.into())
}
