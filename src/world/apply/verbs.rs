//! Facts about what operators decide: holds of flows and runs, forced starts, forced outcomes, priorities.

use crate::domain::run::PRIORITY_MAX;
use crate::domain::{FlowDefinition, FlowId, Outcome, Phase, RunId, StepName};
use crate::world::World;
use crate::world::flow::{Flow, PastOutcome};
use crate::world::hold::Hold;
use crate::world::run::{Decided, Run, StepState};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeSet;
use std::sync::Arc;

impl World {
    pub(super) fn flow_held(&mut self, id: &FlowId, hold: Hold) {
        self.change_flow(id, |flow| flow.hold = Some(hold));
        // What has not begun waits again.
        let waiting: Vec<RunId> =
            self.flow(id).map(|flow| flow.active().filter(|run| !run.has_begun()).map(|run| run.id.clone()).collect()).unwrap_or_default();
        for run in &waiting {
            self.unqueue_run(run);
        }
    }

    pub(super) fn flow_released(&mut self, id: &FlowId) {
        self.change_flow(id, |flow| flow.hold = None);
        self.queue_active(id);
    }

    pub(super) fn run_held(&mut self, id: &RunId, hold: Hold) {
        self.change_run(id, |run, _| {
            run.hold = Some(Box::new(hold));
            // Who holds it takes a forced start back.
            run.forced = None;
        });
        self.unqueue_run(id);
        self.requeue_retries(id);
    }

    pub(super) fn run_released(&mut self, id: &RunId) {
        self.change_run(id, |run, _| run.hold = None);
        self.queue_ready(id);
        self.requeue_retries(id);
    }

    /// A held run is not tried again either.
    fn requeue_retries(&mut self, id: &RunId) {
        for step in self.steps_in(id, |state| matches!(state, StepState::RetryAt { .. })) {
            self.requeue_retry(id, &step);
        }
    }

    fn steps_in(&self, id: &RunId, is: impl Fn(&StepState) -> bool) -> Vec<StepName> {
        let steps = self.run(id).into_iter().flat_map(|run| &run.steps);
        steps.filter(|step| is(&step.state)).map(|step| step.name.clone()).collect()
    }

    /// Takes the queued steps of a run out of the queue, but those that may start all the same.
    fn unqueue_run(&mut self, id: &RunId) {
        if self.may_start(id) {
            return;
        }
        let mut taken = BTreeSet::new();
        self.change_run(id, |run, _| {
            for step in run.steps.iter_mut().filter(|step| step.state == StepState::Queued && step.forced.is_none()) {
                step.state = StepState::Waiting;
                taken.insert(step.name.clone());
            }
            if run.phase == Phase::Queued && !run.steps.iter().any(|step| step.state == StepState::Queued) {
                run.phase = Phase::Waiting;
            }
        });
        for step in &taken {
            self.ready.remove(id, step);
        }
    }

    pub(super) fn start_forced(&mut self, id: &RunId, step: Option<&StepName>, by: &str, at: Timestamp) {
        self.change_run(id, |run, _| match step {
            None => {
                run.forced = Some(by.to_owned());
                run.hold = None;
            }
            Some(step) => {
                if let Some(row) = run.step_mut(step) {
                    row.forced = Some(by.to_owned());
                }
            }
        });
        let steps: Vec<StepName> = self.run(id).map(|run| run.steps.iter().map(|step| step.name.clone()).collect()).unwrap_or_default();
        for name in steps.iter().filter(|name| step.is_none_or(|step| step == *name)) {
            self.hurry(id, name, at);
        }
        self.queue_ready(id);
    }

    /// A step that waits for a retry or a slot is next.
    fn hurry(&mut self, id: &RunId, name: &StepName, at: Timestamp) {
        match self.run(id).and_then(|run| run.step(name)).map(|step| step.state.clone()) {
            Some(StepState::RetryAt { .. }) => self.retry_planned(id, name, at),
            Some(StepState::Queued) => self.enqueue_again(id, name),
            _ => {}
        }
    }

    pub(super) fn run_prioritized(&mut self, id: &RunId, priority: u8) {
        self.change_run(id, |run, _| run.priority = priority.min(PRIORITY_MAX));
        for step in self.steps_in(id, |state| *state == StepState::Queued) {
            self.enqueue_again(id, &step);
        }
        self.requeue_retries(id);
    }

    /// Moves a queued step to where it belongs now; it keeps its turn.
    fn enqueue_again(&mut self, id: &RunId, step: &StepName) {
        let turn = self.ready.place(id, step).map(|(_, turn)| *turn);
        self.enqueue(id, step, turn.unwrap_or((self.seq, 0)));
    }

    /// How much a step is preferred where slots are short.
    pub fn rank(&self, id: &RunId, step: &StepName) -> u8 {
        let Some(run) = self.run(id) else { return 0 };
        let forced = run.forced.is_some() || run.step(step).is_some_and(|step| step.forced.is_some());
        if forced { PRIORITY_MAX + 1 } else { run.priority }
    }

    pub(super) fn step_forced(&mut self, id: &RunId, step: &StepName, outcome: &Outcome, decided: Decided) {
        self.unqueue(id, step);
        self.change_flow(&id.flow, |flow| {
            let Some(place) = flow.position(id) else { return };
            let definition = flow.runs.get(place).and_then(|run| flow.definitions.get(&run.definition)).cloned();
            let Some(run) = flow.runs.get_mut(place).map(Arc::make_mut) else { return };
            let (by, at) = (decided.by.clone(), decided.at);
            let Some(row) = run.step_mut(step) else { return };
            row.state = StepState::Done { outcome: outcome.clone() };
            row.decided = Some(Box::new(decided));
            if run.phase != Phase::Done {
                if let Some(definition) = definition.filter(|_| outcome.lets_go_on()) {
                    reopen(run, &definition, step);
                }
            } else if run.is_whole() {
                run.outcome = Some(Outcome::SuccessForced { by });
                let (planned_at, date) = (run.planned_at, run.date);
                became_whole(flow, planned_at, date, (id.clone(), at));
            } else if run.outcome == Some(Outcome::Lost) && !run.steps.iter().any(is_lost) {
                let failed = |state: &StepState| state.outcome().filter(|outcome| matches!(outcome, Outcome::Failed { .. })).cloned();
                run.outcome = run.steps.iter().find_map(|step| failed(&step.state)).or(Some(Outcome::UpstreamFailed));
            }
        });
        self.queue_ready(id);
    }
}

fn is_lost(step: &crate::world::StepRun) -> bool {
    step.state == StepState::Done { outcome: Outcome::Lost }
}

/// Steps after one that may go on now wait again, where nothing else stands in their way the rules see to it.
fn reopen(run: &mut Run, definition: &FlowDefinition, step: &StepName) {
    let after = definition.after(step);
    let upstream_failed = StepState::Done { outcome: Outcome::UpstreamFailed };
    for row in run.steps.iter_mut().filter(|row| !row.carried && after.contains(&row.name) && row.state == upstream_failed) {
        row.state = StepState::Waiting;
    }
}

/// A run that was done and bad is good now: so is its place in the history, and its deadlines are met.
fn became_whole(flow: &mut Flow, planned_at: Timestamp, date: Date, good: (RunId, Timestamp)) {
    let number = good.0.number();
    flow.watches.retain(|watch| watch.planned_at > planned_at);
    if let Some(ended) = flow.dates.get_mut(&date) {
        ended.last_good |= ended.last.0 == good.0;
        ended.good = Some(good);
    }
    if let Some(past) = flow.history.iter_mut().rev().find(|past| Some(past.number) == number) {
        past.outcome = PastOutcome::Good;
    }
}
