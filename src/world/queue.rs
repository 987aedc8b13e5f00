//! Steps that could start, sorted so that the next one is found without looking at the others: a queue may hold a
//! hundred thousand. Steps that ask for the same and stand equal are one lane; only the heads of lanes are compared.

use crate::domain::condition::PoolNeed;
use crate::domain::{FlowId, RunId, StepName};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// What steps have in common that can only start, or wait, together: their priority and the units that they ask for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Lane {
    /// Their priority; higher goes first.
    pub priority: Reverse<u8>,
    /// The units that each asks for, by the pool's name.
    pub needs: Vec<PoolNeed>,
}

/// When a step came into the queue: the number of the entry, and its place among those of the same entry.
pub type Turn = (u64, u32);

/// A step in the queue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place<K> {
    /// What it is sorted by within its lane.
    pub at: K,
    /// The run.
    pub run: RunId,
    /// The step.
    pub step: StepName,
}

/// A row of the queue as it is stored and sent.
pub type Row<K> = (Lane, Place<K>);

/// Steps by flow and lane, with the first of each lane of every flow that may start something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored<K>", into = "Stored<K>")]
#[serde(bound(serialize = "K: Ord + Clone + Serialize", deserialize = "K: Ord + Clone + Deserialize<'de>"))]
pub struct Queue<K: Ord + Clone> {
    flows: BTreeMap<FlowId, BTreeMap<Lane, BTreeSet<Place<K>>>>,
    heads: BTreeMap<Lane, BTreeSet<Place<K>>>,
    places: BTreeMap<(RunId, StepName), (Lane, K)>,
    closed: BTreeSet<FlowId>,
}

/// The stored form; the rest follows from it.
#[derive(Serialize, Deserialize)]
struct Stored<K> {
    rows: Vec<Row<K>>,
    closed: BTreeSet<FlowId>,
}

impl<K: Ord + Clone> From<Stored<K>> for Queue<K> {
    fn from(stored: Stored<K>) -> Self {
        let mut queue = Self { closed: stored.closed, ..Self::default() };
        queue.extend(stored.rows);
        queue
    }
}

impl<K: Ord + Clone> From<Queue<K>> for Stored<K> {
    fn from(queue: Queue<K>) -> Self {
        Self { rows: queue.rows().collect(), closed: queue.closed }
    }
}

impl<K: Ord + Clone> Default for Queue<K> {
    fn default() -> Self {
        Self { flows: BTreeMap::new(), heads: BTreeMap::new(), places: BTreeMap::new(), closed: BTreeSet::new() }
    }
}

impl<K: Ord + Clone> Queue<K> {
    /// How many steps there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The first step of every flow in each lane, by lane; flows at their limit are left out.
    pub fn heads(&self) -> impl Iterator<Item = (&Lane, &BTreeSet<Place<K>>)> {
        self.heads.iter()
    }

    /// All steps, lane by lane; within a lane of one flow in their order.
    pub fn rows(&self) -> impl Iterator<Item = Row<K>> + '_ {
        let lanes = self.flows.values().flatten();
        lanes.flat_map(|(lane, places)| places.iter().map(|place| (lane.clone(), place.clone())))
    }

    /// Where a step stands: its lane and what it is sorted by.
    pub fn place(&self, run: &RunId, step: &StepName) -> Option<&(Lane, K)> {
        self.places.get(&(run.clone(), step.clone()))
    }

    /// Flows that start nothing now: so many of their steps run as may.
    pub(super) fn closed(&self) -> &BTreeSet<FlowId> {
        &self.closed
    }

    /// Takes over which flows start nothing.
    pub(super) fn with_closed(closed: BTreeSet<FlowId>) -> Self {
        Self { closed, ..Self::default() }
    }

    pub(super) fn extend(&mut self, rows: impl IntoIterator<Item = Row<K>>) {
        for (lane, place) in rows {
            self.insert(lane, place);
        }
    }

    /// Puts a step in; where it stands in the queue already, it is moved.
    pub(super) fn insert(&mut self, lane: Lane, place: Place<K>) {
        self.remove(&place.run, &place.step);
        let flow = place.run.flow.clone();
        let (key, at) = ((place.run.clone(), place.step.clone()), place.at.clone());
        let steps = self.flows.entry(flow.clone()).or_default().entry(lane.clone()).or_default();
        let before = steps.first().cloned();
        steps.insert(place);
        let after = steps.first().cloned();
        if !self.closed.contains(&flow) {
            self.change_head(&lane, before, after);
        }
        self.places.insert(key, (lane, at));
    }

    /// Takes a step out; returns whether it was in.
    pub(super) fn remove(&mut self, run: &RunId, step: &StepName) -> bool {
        let Some((lane, at)) = self.places.remove(&(run.clone(), step.clone())) else { return false };
        let flow = run.flow.clone();
        let Some(lanes) = self.flows.get_mut(&flow) else { return false };
        let Some(steps) = lanes.get_mut(&lane) else { return false };
        let before = steps.first().cloned();
        steps.remove(&Place { at, run: run.clone(), step: step.clone() });
        let after = steps.first().cloned();
        if steps.is_empty() {
            lanes.remove(&lane);
        }
        if lanes.is_empty() {
            self.flows.remove(&flow);
        }
        if !self.closed.contains(&flow) {
            self.change_head(&lane, before, after);
        }
        true
    }

    /// Says whether a flow may start something.
    pub(super) fn open(&mut self, flow: &FlowId, open: bool) {
        let changed = if open { self.closed.remove(flow) } else { self.closed.insert(flow.clone()) };
        if !changed {
            return;
        }
        let lanes = self.flows.get(flow).into_iter().flatten();
        let heads: Vec<_> = lanes.filter_map(|(lane, steps)| Some((lane.clone(), steps.first()?.clone()))).collect();
        for (lane, head) in heads {
            if open {
                self.change_head(&lane, None, Some(head));
            } else {
                self.change_head(&lane, Some(head), None);
            }
        }
    }

    fn change_head(&mut self, lane: &Lane, before: Option<Place<K>>, after: Option<Place<K>>) {
        if before == after {
            return;
        }
        if let Some(before) = before
            && let Some(heads) = self.heads.get_mut(lane)
        {
            heads.remove(&before);
            if heads.is_empty() {
                self.heads.remove(lane);
            }
        }
        if let Some(after) = after {
            self.heads.entry(lane.clone()).or_default().insert(after);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(priority: u8) -> Lane {
        Lane { priority: Reverse(priority), needs: Vec::new() }
    }

    fn place(flow: &str, number: u32, at: u64) -> Place<u64> {
        Place { at, run: RunId::numbered(flow.into(), number), step: "s".into() }
    }

    fn heads(queue: &Queue<u64>) -> Vec<String> {
        queue.heads().flat_map(|(_, heads)| heads.iter().map(|head| head.run.to_string())).collect()
    }

    #[test]
    fn only_the_first_of_each_lane_is_a_head_and_a_closed_flow_has_none() {
        let mut queue = Queue::default();
        for (flow, number, at, priority) in [("a", 1, 5, 50), ("a", 2, 3, 50), ("b", 1, 4, 50), ("b", 2, 9, 70)] {
            queue.insert(lane(priority), place(flow, number, at));
        }
        assert_eq!(heads(&queue), ["b/2", "a/2", "b/1"], "higher priority first, then the order of coming");
        queue.open(&"b".into(), false);
        assert_eq!(heads(&queue), ["a/2"]);
        assert!(queue.remove(&RunId::numbered("a".into(), 2), &"s".into()));
        assert!(!queue.remove(&RunId::numbered("a".into(), 2), &"s".into()));
        assert_eq!(heads(&queue), ["a/1"]);
        queue.open(&"b".into(), true);
        assert_eq!(heads(&queue), ["b/2", "b/1", "a/1"]);
        let stored: Queue<u64> = serde_json::from_str(&serde_json::to_string(&queue).unwrap()).unwrap();
        assert_eq!(stored, queue);
        // Another priority moves it.
        queue.insert(lane(99), place("a", 1, 5));
        assert_eq!((heads(&queue)[0].as_str(), queue.len()), ("a/1", 3));
    }
}
