//! Which step starts next (RULES: resources). At most `max_running` steps run at the same time; of those that are ready
//! the one of the highest priority starts, one that a person forced before all, among equals a retry before a first attempt, then the one that has waited
//! longest.
//!
//! A step starts only when all units that it asks for are free. One that must wait for units speaks for its pools: what
//! comes behind it, of the same or a lower priority, takes nothing of them, so that small requests cannot starve a large
//! one. A step that waits because its flow is at its limit speaks for nothing.

use super::{Asked, runs};
use crate::domain::condition::PoolNeed;
use crate::domain::{AttemptEnd, AttemptId, Event, Job, Outcome, RunId, StepName};
use crate::world::{Lane, Place, StepState, World};
use jiff::Timestamp;
use std::cmp::Reverse;
use std::collections::BTreeSet;

fn is_free(world: &World) -> bool {
    world.slots_taken() < world.max_running.max(1)
}

/// When the next retry may start; absent while it could not, for then the end of an attempt looks again.
pub(super) fn next_retry(world: &World) -> Option<Timestamp> {
    if world.retrying.is_empty() || !is_free(world) {
        return None;
    }
    let times: BTreeSet<Timestamp> = world.retrying.heads().filter_map(|(_, heads)| heads.first()).map(|head| head.at).collect();
    times.into_iter().find(|at| chosen(world, (*at).max(world.at)).is_some())
}

/// The attempt that a retry's time has come for. What could start at that time starts, however late it is looked at.
pub(super) fn due_start(world: &World, asked: &Asked) -> Option<Event> {
    let at = next_retry(world).filter(|at| *at <= asked.now)?;
    let (run, step) = chosen(world, at.max(world.at))?;
    start(world, run, step, asked)
}

/// The next attempt to start, where a step is ready and everything that it asks for is free.
pub(super) fn next_start(world: &World, asked: &Asked) -> Option<Event> {
    if (world.ready.is_empty() && world.retrying.is_empty()) || !is_free(world) {
        return None;
    }
    let (run, step) = chosen(world, asked.now)?;
    start(world, run, step, asked)
}

/// The first of a lane, with what it is compared by beside its priority.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Candidate<'a> {
    priority: Reverse<u8>,
    turn: CandidateTurn,
    run: &'a RunId,
    step: &'a StepName,
    needs: &'a [PoolNeed],
}

/// Retries go before first attempts.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum CandidateTurn {
    Retry(Timestamp),
    First((u64, u32)),
}

/// The step that starts next at this time. Looks at one step per lane, however many wait.
fn chosen(world: &World, now: Timestamp) -> Option<(&RunId, &StepName)> {
    let retries = world.retrying.heads().filter_map(|(lane, heads)| {
        let head = heads.first().filter(|head| head.at <= now)?;
        Some(candidate(lane, head, CandidateTurn::Retry(head.at)))
    });
    let ready = world.ready.heads().filter_map(|(lane, heads)| {
        let head = heads.first()?;
        Some(candidate(lane, head, CandidateTurn::First(head.at)))
    });
    let mut candidates: Vec<Candidate<'_>> = retries.chain(ready).collect();
    candidates.sort();
    let mut spoken_for: BTreeSet<&str> = BTreeSet::new();
    for candidate in candidates {
        let kept_back = candidate.needs.iter().any(|need| spoken_for.contains(need.pool.as_str()));
        if !kept_back && world.has_units(candidate.needs) {
            return Some((candidate.run, candidate.step));
        }
        spoken_for.extend(candidate.needs.iter().map(|need| need.pool.as_str()));
    }
    None
}

fn candidate<'a, K>(lane: &'a Lane, head: &'a Place<K>, turn: CandidateTurn) -> Candidate<'a> {
    Candidate { priority: lane.priority, turn, run: &head.run, step: &head.step, needs: &lane.needs }
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
