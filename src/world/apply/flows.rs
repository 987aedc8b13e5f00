//! Facts about flows: definitions, holds, what became of their occurrences.

use super::shift;
use crate::domain::run::{Disposition, Occurrence};
use crate::domain::{BatchDays, Few, FlowDefinition, FlowId, Phase, RunId, StepName};
use crate::world::World;
use crate::world::deadline::Watch;
use crate::world::flow::{Flow, PastOutcome};
use crate::world::run::{Run, StepRun};
use crate::world::settled::SettledLog;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

impl World {
    pub(super) fn change_flow(&mut self, id: &FlowId, change: impl FnOnce(&mut Flow)) {
        let Some(flow) = self.flows.get_mut(id) else { return };
        let before = counted(flow);
        change(Arc::make_mut(flow));
        let after = counted(flow);
        let tally = &mut self.tally;
        for (count, before, after) in [
            (&mut tally.flows_failed, before.0, after.0),
            (&mut tally.flows_active, before.1, after.1),
            (&mut tally.flows_late, before.2, after.2),
        ] {
            shift(count, before, after);
        }
    }

    pub(super) fn change_run(&mut self, id: &RunId, change: impl FnOnce(&mut Run, &mut Vec<Watch>)) {
        self.change_flow(&id.flow, |flow| {
            let Some(place) = flow.position(id) else { return };
            let Flow { runs, watches, .. } = flow;
            if let Some(run) = runs.get_mut(place) {
                change(Arc::make_mut(run), watches);
            }
            flow.note(place);
        });
    }

    pub(super) fn change_step(&mut self, run: &RunId, step: &StepName, change: impl FnOnce(&mut StepRun)) {
        self.change_run(run, |run, _| {
            if let Some(step) = run.step_mut(step) {
                change(step);
            }
        });
    }

    pub(super) fn flow_defined(&mut self, definition: &Arc<FlowDefinition>, at: Timestamp) {
        let digest = definition.digest();
        if !self.flows.contains_key(&definition.id) {
            let flow = Flow {
                definition: definition.clone(),
                digest: digest.clone(),
                definitions: BTreeMap::new(),
                defined_at: at,
                removed: false,
                hold: None,
                settled: BTreeMap::new(),
                last_absence: None,
                next_run: 1,
                runs: VecDeque::new(),
                history: VecDeque::new(),
                watches: Vec::new(),
                incidents: Vec::new(),
                done: 0,
                stirring: BTreeSet::new(),
                late_told: VecDeque::new(),
                dates: Few::new(),
                made_after: Few::new(),
                took: Few::new(),
                endings: SettledLog::default(),
                ice: None,
                thawed_at: None,
                noop: None,
                asked: Vec::new(),
            };
            self.flows.insert(definition.id.clone(), Arc::new(flow));
        }
        self.forget_followers(&definition.id);
        self.change_flow(&definition.id, |flow| {
            // A schedule that is edited starts anew from now; one that stays goes on where it was.
            let same_days = flow.definition.zone == definition.zone && flow.definition.moving_rule() == definition.moving_rule();
            flow.settled.retain(|schedule, _| definition.schedules.contains(schedule) && !flow.removed && same_days);
            for schedule in &definition.schedules {
                flow.settled.entry(schedule.clone()).or_insert(at);
            }
            flow.removed = false;
            flow.definition = definition.clone();
            flow.digest = digest.clone();
            flow.defined_at = at;
            flow.definitions.insert(digest, definition.clone());
            forget_definitions(flow);
            flow.took.retain(|step, _| definition.step(step).is_some());
            // A deadline that was taken away is watched no longer.
            for watch in &mut flow.watches {
                watch.start_by = watch.start_by.filter(|_| definition.must_start_by.is_some());
                watch.finish_by = watch.finish_by.filter(|_| definition.must_finish_by.is_some());
                watch.start_missed &= watch.start_by.is_some();
                watch.finish_missed &= watch.finish_by.is_some();
            }
            flow.watches.retain(Watch::is_open);
        });
        if let Some(flow) = self.flows.get(&definition.id).cloned() {
            self.index(&flow);
        }
        self.limit(&definition.id);
        // Another rule for overlaps may let runs go that waited.
        self.queue_active(&definition.id);
    }

    pub(super) fn flow_removed(&mut self, id: &FlowId) {
        self.forget_followers(id);
        self.change_flow(id, |flow| {
            flow.removed = true;
            // Runs that a hold keeps from starting wait on; without any there is nothing to hold.
            if flow.runs.iter().all(|run| run.phase == Phase::Done) {
                flow.hold = None;
            }
            flow.ice = None;
            flow.noop = None;
            flow.watches.clear();
        });
        self.forget_flow(id);
    }

    /// A flow without its file stays as long as anything is left to show or to settle.
    fn forget_flow(&mut self, id: &FlowId) {
        if self.flows.get(id).is_some_and(|flow| flow.removed && flow.runs.is_empty() && flow.asked.is_empty()) {
            self.flows.remove(id);
            self.feeds.remove(id);
        }
    }

    /// Puts what may start of all runs that are not done into the queue for a slot.
    pub(super) fn queue_active(&mut self, id: &FlowId) {
        let waiting: Vec<RunId> = self.flow(id).map(|flow| flow.active().map(|run| run.id.clone()).collect()).unwrap_or_default();
        for run in &waiting {
            self.queue_ready(run);
        }
    }

    pub(super) fn occurrence_settled(&mut self, occurrence: &Occurrence, disposition: &Disposition) {
        let day = BatchDays::new(&self.zone, self.batch_day).of(occurrence.at);
        self.missed(occurrence, disposition);
        self.change_flow(&occurrence.flow, |flow| {
            flow.endings.record(day, occurrence, disposition);
            let before = flow.asked.len();
            flow.asked.retain(|asked| asked != occurrence);
            let was_asked = flow.asked.len() < before;
            let settled = flow.settled.entry(occurrence.schedule.clone()).or_insert(occurrence.at);
            *settled = occurrence.at.max(*settled);
            match disposition {
                Disposition::Ran { .. } | Disposition::CaughtUp { .. } => {}
                absent => flow.last_absence = Some((occurrence.at, absent.words())),
            }
            let kept_back = matches!(
                disposition,
                Disposition::SkippedHeld { .. } | Disposition::SkippedIced { .. } | Disposition::SkippedCalendar { .. }
            );
            if !was_asked && !kept_back {
                flow.watches.extend(Watch::of(&flow.definition, occurrence.at));
            }
        });
        self.forget_flow(&occurrence.flow);
    }

    pub(super) fn occurrence_asked(&mut self, occurrence: &Occurrence) {
        self.asked_miss(occurrence);
        self.change_flow(&occurrence.flow, |flow| {
            let settled = flow.settled.entry(occurrence.schedule.clone()).or_insert(occurrence.at);
            *settled = occurrence.at.max(*settled);
            if !flow.asked.contains(occurrence) {
                flow.asked.push(occurrence.clone());
            }
            flow.watches.extend(Watch::of(&flow.definition, occurrence.at));
        });
    }
}

fn counted(flow: &Flow) -> (bool, bool, bool) {
    let failed = flow.history.back().is_some_and(|past| past.outcome == PastOutcome::Bad);
    let active = flow.runs.iter().rev().any(|run| run.phase != Phase::Done);
    (failed && !flow.removed, active, flow.is_late())
}

pub(super) fn forget_definitions(flow: &mut Flow) {
    if flow.definitions.len() > 1 {
        let used: BTreeSet<_> = flow.runs.iter().map(|run| run.definition.clone()).collect();
        let today = flow.digest.clone();
        flow.definitions.retain(|digest, _| *digest == today || used.contains(digest));
    }
}
