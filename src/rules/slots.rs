//! Slots: which step starts next, at most `max_running` at the same time. Higher priorities first; among equals, steps
//! that wait for a retry go before those that wait for the first time.

use super::{Asked, runs};
use crate::domain::{AttemptEnd, AttemptId, Event, Job, Outcome, RunId, StepName};
use crate::world::{StepState, World};
use jiff::Timestamp;
use std::cmp::Reverse;

fn is_free(world: &World) -> bool {
    world.slots_taken() < world.max_running.max(1)
}

/// When the next retry may start; absent while no slot is free, for then the end of an attempt looks again.
pub(super) fn next_retry(world: &World) -> Option<Timestamp> {
    let (at, _, _) = world.retrying.iter().find(|(_, run, step)| may_try_again(world, run, step))?;
    is_free(world).then_some(*at)
}

/// The next attempt to start, where a step is ready and a slot is free.
pub(super) fn next_start(world: &World, asked: &Asked) -> Option<Event> {
    if (world.ready.is_empty() && world.retrying.is_empty()) || !is_free(world) {
        return None;
    }
    let due = world.retrying.iter().take_while(|(at, _, _)| *at <= asked.now).map(|(_, run, step)| (run, step));
    let mut retries: Vec<_> = due.filter(|(run, step)| may_try_again(world, run, step)).collect();
    retries.sort_by_key(|(run, step)| Reverse(world.rank(run, step)));
    // The queue is kept in its order: its first is the most preferred.
    let first = world.ready.front().map_or(0, |(run, step)| world.rank(run, step));
    let place = retries.partition_point(|(run, step)| world.rank(run, step) >= first);
    let (before, after) = retries.split_at(place);
    let ready = world.ready.iter().map(|(run, step)| (run, step));
    before.iter().copied().chain(ready).chain(after.iter().copied()).find_map(|(run, step)| start(world, run, step, asked))
}

/// Whether a step may be tried again when its time has come: its run is not held, or a person forced it.
fn may_try_again(world: &World, run: &RunId, step: &StepName) -> bool {
    world.run(run).is_some_and(|run| run.hold.is_none() || run.step(step).is_some_and(|step| step.forced.is_some()))
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
