//! Pools: how many units there are, and which attempts hold them. Units are held from `AttemptStarting` to
//! `AttemptEnded`, all that a step asks for or none.

use super::World;
use crate::domain::condition::{PoolNeed, Pools};
use crate::domain::{AttemptId, FlowId, Job};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A pool with what is taken of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Its units; 0 where it is configured no more and attempts still hold some.
    pub units: u32,
    /// The attempts that hold units, with how many each.
    pub holders: BTreeSet<(AttemptId, u32)>,
}

impl Pool {
    /// Units that are held. More than there are where the pool was made smaller meanwhile.
    pub fn taken(&self) -> u32 {
        self.holders.iter().map(|(_, units)| units).sum()
    }

    /// What a step that asks for so many units takes: where the pool was made smaller than that, all of it.
    pub fn demand(&self, units: u32) -> u32 {
        units.min(self.units)
    }
}

impl World {
    /// Whether everything that a step asks for is free. A pool that is gone holds nothing back.
    pub fn has_units(&self, needs: &[PoolNeed]) -> bool {
        needs.iter().all(|need| {
            self.pools
                .get(&need.pool)
                .is_none_or(|pool| pool.taken().saturating_add(pool.demand(need.units)) <= pool.units.max(pool.taken()))
        })
    }

    pub(super) fn pools_defined(&mut self, pools: &Pools) {
        for (name, pool) in &mut self.pools {
            pool.units = pools.get(name).copied().unwrap_or(0);
        }
        for (name, units) in pools {
            self.pools.entry(name.clone()).or_default().units = *units;
        }
        self.pools.retain(|name, pool| pools.contains_key(name) || !pool.holders.is_empty());
    }

    /// An attempt of a step starts: it takes a slot, and the units that its step asks for.
    pub(super) fn take(&mut self, attempt: &AttemptId) {
        let Job::Step { run, step } = &attempt.job else { return };
        let definition = self.flow(&run.flow).and_then(|flow| flow.definition_of(flow.run(run)?)).and_then(|flow| flow.step(step));
        let needs = definition.map(|step| step.pools.clone()).unwrap_or_default();
        for need in needs {
            if let Some(pool) = self.pools.get_mut(&need.pool).filter(|pool| pool.units > 0) {
                pool.holders.insert((attempt.clone(), pool.demand(need.units)));
            }
        }
        *self.busy.entry(run.flow.clone()).or_default() += 1;
        self.limit(&run.flow);
    }

    /// An attempt of a step has ended: all that it held is free again.
    pub(super) fn give_back(&mut self, attempt: &AttemptId) {
        let Job::Step { run, .. } = &attempt.job else { return };
        self.pools.retain(|_, pool| {
            pool.holders.retain(|(holder, _)| holder != attempt);
            pool.units > 0 || !pool.holders.is_empty()
        });
        if let Some(busy) = self.busy.get_mut(&run.flow) {
            *busy = busy.saturating_sub(1);
            if *busy == 0 {
                self.busy.remove(&run.flow);
            }
        }
        self.limit(&run.flow);
    }

    /// Opens or closes a flow's lanes by its `max_running`.
    pub(super) fn limit(&mut self, id: &FlowId) {
        let most = self.flow(id).and_then(|flow| flow.definition.conditions.max_running);
        let open = most.is_none_or(|most| self.busy.get(id).copied().unwrap_or(0) < most);
        self.ready.open(id, open);
        self.retrying.open(id, open);
    }
}
