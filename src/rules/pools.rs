//! Pools as people ask for them: who holds which units, and who waits for them in which order.

use crate::domain::{AttemptId, RunId, StepName};
use crate::world::{Queue, World};
use serde::Serialize;
use std::cmp::Reverse;

/// A pool with its holders and those that wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PoolUse {
    /// Its name.
    pub name: String,
    /// Its units; 0 where it is configured no more and attempts still hold some.
    pub units: u32,
    /// Units that are held; more than there are where it was made smaller meanwhile.
    pub taken: u32,
    /// Who holds them.
    pub holders: Vec<PoolHolder>,
    /// Who waits for them and could start but for units and slots; those that start first come first.
    pub waiting: Vec<PoolWaiter>,
}

/// An attempt that holds units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PoolHolder {
    /// The attempt.
    #[serde(serialize_with = "as_typed")]
    pub attempt: AttemptId,
    /// How many units.
    pub units: u32,
}

/// A step that waits for units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PoolWaiter {
    /// The run.
    pub run: RunId,
    /// The step.
    pub step: StepName,
    /// How many units it asks for.
    pub units: u32,
    /// Its priority.
    pub priority: u8,
}

fn as_typed<S: serde::Serializer>(attempt: &AttemptId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(attempt)
}

/// All pools, by name.
pub fn pools(world: &World) -> Vec<PoolUse> {
    world
        .pools
        .iter()
        .map(|(name, pool)| {
            let mut waiting = waiters(&world.retrying, name, |at| (false, Some(*at), (0, 0)));
            waiting.extend(waiters(&world.ready, name, |turn| (true, None, *turn)));
            waiting.sort_by_key(|(order, _)| *order);
            PoolUse {
                name: name.clone(),
                units: pool.units,
                taken: pool.taken(),
                holders: pool.holders.iter().map(|(attempt, units)| PoolHolder { attempt: attempt.clone(), units: *units }).collect(),
                waiting: waiting.into_iter().map(|(_, waiter)| waiter).collect(),
            }
        })
        .collect()
}

fn waiters<K: Ord + Clone, O: Ord>(queue: &Queue<K>, pool: &str, order: impl Fn(&K) -> O) -> Vec<((Reverse<u8>, O), PoolWaiter)> {
    let rows = queue.rows();
    rows.filter_map(|(lane, place)| {
        let units = lane.needs.iter().find(|need| need.pool == pool)?.units;
        let waiter = PoolWaiter { run: place.run, step: place.step, units, priority: lane.priority.0 };
        Some(((lane.priority, order(&place.at)), waiter))
    })
    .collect()
}
