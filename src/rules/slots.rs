//! Slots: which step starts next, at most `max_running` at the same time. Steps that wait for a retry go before those
//! that wait for the first time.

use super::{Asked, runs};
use crate::domain::{AttemptEnd, AttemptId, Event, Job, Outcome, RunId, StepName};
use crate::world::{StepState, World};
use jiff::Timestamp;

fn is_free(world: &World) -> bool {
    world.slots_taken() < world.max_running.max(1)
}

/// When the next retry may start; absent while no slot is free, for then the end of an attempt looks again.
pub(super) fn next_retry(world: &World) -> Option<Timestamp> {
    let (at, _, _) = world.retrying.first()?;
    is_free(world).then_some(*at)
}

/// The next attempt to start, where a step is ready and a slot is free.
pub(super) fn next_start(world: &World, asked: &Asked) -> Option<Event> {
    if (world.ready.is_empty() && world.retrying.is_empty()) || !is_free(world) {
        return None;
    }
    let retries = world.retrying.iter().take_while(|(at, _, _)| *at <= asked.now).map(|(_, run, step)| (run, step));
    let ready = world.ready.iter().map(|(run, step)| (run, step));
    retries.chain(ready).find_map(|(run, step)| start(world, run, step, asked))
}

fn start(world: &World, id: &RunId, name: &StepName, asked: &Asked) -> Option<Event> {
    let run = world.run(id).filter(|run| run.kill_asked_by.is_none())?;
    let step = run.step(name).filter(|step| matches!(step.state, StepState::Queued | StepState::RetryAt { .. }))?;
    let attempt = AttemptId { job: Job::Step { run: id.clone(), step: name.clone() }, number: step.next_attempt() };
    if runs::order(world, &attempt).is_some() {
        return Some(Event::AttemptStarting { attempt, boot_id: asked.boot_id.to_owned() });
    }
    let cause = AttemptEnd::SpawnError("it has no command to run".into());
    Some(Event::StepEnded { run: id.clone(), step: name.clone(), outcome: Outcome::Failed { cause } })
}
