//! Commands on what an outage missed.

use super::flows::state;
use super::{local, may_run};
use crate::domain::run::MissedChoice;
use crate::domain::source::Capability;
use crate::domain::{Event, FlowId, Refusal};
use crate::rules::{Asked, Decision, names, occurrences};
use crate::world::World;

/// Choose what becomes of missed occurrences.
pub(super) fn choose(world: &World, id: &FlowId, choice: MissedChoice, asked: &Asked) -> Result<Decision, Refusal> {
    let flow = names::flow(world, id)?;
    local(world, &flow.source(), Capability::Run, id)?;
    if flow.asked.is_empty() {
        let refusal = state(format!("no missed occurrence of `{id}` waits for a choice"));
        return Err(refusal.hint("flows with missed = \"ask\" do after an outage; `dogwatch misses` lists all of them"));
    }
    if choice != MissedChoice::None {
        may_run(flow)?;
    }
    Ok(Decision::events(occurrences::choose(flow, choice, asked.author.name())))
}

/// Put the list away.
pub(super) fn dismiss(world: &World) -> Result<Decision, Refusal> {
    match &world.away {
        Some(away) => Ok(Event::MissesDismissed { misses: away.count() as u32 }.into()),
        None => Err(state("there is no list of misses to put away")),
    }
}
