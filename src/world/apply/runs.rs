//! Facts about runs and their attempts: from the making of a run to its end.

use super::flows::forget_definitions;
use crate::domain::run::{DefinitionChoice, RunCause};
use crate::domain::{AttemptEnd, AttemptId, Digest, Job, Outcome, Params, Phase, RunId, StepName};
use crate::world::deadline::Watch;
use crate::world::flow::{Flow, Past, PastOutcome};
use crate::world::procedure::TickState;
use crate::world::run::{Attempt, Run, StepRun, StepState};
use crate::world::{HISTORY_KEPT, Lane, Place, RUNS_KEPT, TOOK_KEPT, Turn, World};
use jiff::Timestamp;
use jiff::civil::Date;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

impl World {
    #[expect(clippy::too_many_arguments, reason = "the fields of one fact")]
    pub(super) fn run_created(
        &mut self,
        id: &RunId,
        cause: &RunCause,
        planned_at: Timestamp,
        date: Date,
        params: &Params,
        digest: &Digest,
        choice: DefinitionChoice,
        carried: &[(StepName, Outcome)],
        by: &str,
        at: Timestamp,
    ) {
        self.change_flow(&id.flow, |flow| {
            let Some(definition) = flow.definitions.get(digest).cloned() else { return };
            // A rerun repairs what has been; a no-op is for what comes next.
            let uses_noop = id.flow.source().is_local() && !matches!(cause, RunCause::Rerun { .. });
            let noop = if uses_noop { flow.noop.take().map(|noop| noop.by) } else { None };
            let steps = definition.steps.iter().map(|step| {
                let kept = carried.iter().find(|(name, _)| *name == step.name);
                let state = kept.map_or(StepState::Waiting, |(_, outcome)| StepState::Done { outcome: outcome.clone() });
                StepRun {
                    name: step.name.clone(),
                    state,
                    carried: kept.is_some(),
                    attempts: Vec::new(),
                    forced: None,
                    decided: None,
                    approved: None,
                }
            });
            let run = Run {
                id: id.clone(),
                cause: cause.clone(),
                planned_at,
                date,
                params: params.clone(),
                definition: digest.clone(),
                choice,
                author: by.to_owned(),
                phase: Phase::Waiting,
                outcome: None,
                created_at: at,
                started_at: None,
                ended_at: None,
                kill_asked_by: None,
                steps: steps.collect(),
                unmet: Vec::new(),
                files: Vec::new(),
                timed_out: false,
                hold: None,
                forced: None,
                noop,
                priority: definition.conditions.priority,
            };
            flow.next_run = flow.next_run.max(id.number().map_or(0, |number| number.saturating_add(1)));
            flow.runs.push_back(Arc::new(run));
            flow.note(flow.runs.len() - 1);
        });
        self.begin_conditions(id);
        self.queue_ready(id);
    }

    /// Puts the steps of a run whose needs are met into the queue for a slot.
    pub(super) fn queue_ready(&mut self, id: &RunId) {
        if !id.flow.source().is_local() {
            return;
        }
        let may_start = self.may_start(id);
        let mut found = Vec::new();
        let definition = self.flow(&id.flow).and_then(|flow| flow.definition_of(flow.run(id)?).cloned());
        self.change_run(id, |run, _| {
            let Some(definition) = definition else { return };
            if run.phase == Phase::Done || run.kill_asked_by.is_some() || run.noop.is_some() {
                return;
            }
            // A person who forces a run does not wait for its conditions either.
            let conditions_met = run.unmet.is_empty() || run.forced.is_some();
            let successes: BTreeSet<&StepName> = run.steps.iter().filter(|step| step.state.is_success()).map(|step| &step.name).collect();
            let named = run.named_step();
            let waiting = definition.steps.iter().zip(&run.steps).filter(|(_, step)| step.state == StepState::Waiting);
            let ready = waiting.filter(|(step, row)| {
                let met = || named == Some(&step.name) || step.needs.iter().all(|need| successes.contains(need));
                row.forced.is_some() || may_start && conditions_met && met()
            });
            let ready: BTreeMap<StepName, bool> = ready.map(|(step, _)| (step.name.clone(), step.approve.is_some())).collect();
            for step in &mut run.steps {
                match ready.get(&step.name) {
                    Some(true) => step.state = StepState::Approval,
                    Some(false) => {
                        step.state = StepState::Queued;
                        found.push(step.name.clone());
                    }
                    None => {}
                }
            }
            if run.phase == Phase::Waiting && !found.is_empty() {
                run.phase = Phase::Queued;
            }
        });
        for (place, step) in (0..).zip(found) {
            self.enqueue(id, &step, (self.seq, place));
        }
    }

    /// Puts a step into the queue, or moves it where it stands there already.
    pub(super) fn enqueue(&mut self, id: &RunId, step: &StepName, at: Turn) {
        if let Some(lane) = self.lane_of(id, step) {
            self.ready.insert(lane, Place { at, run: id.clone(), step: step.clone() });
        }
    }

    /// The lane of a step in the queue.
    pub(super) fn lane_of(&self, id: &RunId, step: &StepName) -> Option<Lane> {
        let flow = self.flow(&id.flow)?;
        let needs = flow.definition_of(flow.run(id)?)?.step(step)?.pools.clone();
        Some(Lane { priority: Reverse(self.rank(id, step)), needs })
    }

    /// From here on no step of the run starts.
    pub(super) fn run_kill_asked(&mut self, id: &RunId, by: &str) {
        let steps = self.run(id).map(|run| run.steps.iter().map(|step| step.name.clone()).collect::<Vec<_>>()).unwrap_or_default();
        for step in steps {
            self.unqueue(id, &step);
        }
        self.change_run(id, |run, _| run.kill_asked_by = Some(by.to_owned()));
    }

    /// Whether steps of a run may start now: it is not held, it has begun or its flow is not held, and no earlier run keeps
    /// it waiting for its turn. A run that a person forced may.
    pub fn may_start(&self, id: &RunId) -> bool {
        let Some(flow) = self.flow(&id.flow) else { return false };
        let Some(run) = flow.run(id) else { return false };
        if run.forced.is_some() {
            return true;
        }
        if run.hold.is_some() || flow.hold.is_some() && !run.has_begun() {
            return false;
        }
        flow.in_front(id).is_none()
    }

    pub(super) fn attempt_starting(&mut self, attempt: &AttemptId, boot_id: &str, at: Timestamp) {
        if self.running.insert(attempt.clone()) {
            self.take(attempt);
        }
        if let Job::Procedure { runbook, subject, step } = &attempt.job
            && let Some(tick) = self.tick_mut(runbook, subject, step)
        {
            tick.boot_id = Some(boot_id.to_owned());
        }
        if let Job::Step { run, step } = &attempt.job {
            self.unqueue(run, step);
            self.change_run(run, |run, _| {
                run.phase = Phase::Running;
                if let Some(step) = run.step_mut(step) {
                    step.state = StepState::Running;
                    step.attempts.push(Attempt {
                        number: attempt.number,
                        boot_id: boot_id.to_owned(),
                        starting_at: at,
                        started_at: None,
                        pid: None,
                        ended_at: None,
                        end: None,
                        output_bytes: 0,
                        survivors: Vec::new(),
                    });
                }
            });
        }
    }

    pub(super) fn attempt_started(&mut self, attempt: &AttemptId, pid: u32, started_at: Timestamp) {
        let Job::Step { run, step } = &attempt.job else { return };
        self.change_run(run, |run, watches| {
            begun(run, watches, started_at);
            if let Some(row) = run.step_mut(step).and_then(|step| step.attempts.iter_mut().find(|row| row.number == attempt.number)) {
                row.pid = Some(pid);
                row.started_at = Some(started_at);
            }
        });
    }

    pub(super) fn attempt_ended(
        &mut self,
        attempt: &AttemptId,
        end: &AttemptEnd,
        ended_at: Timestamp,
        output_bytes: u64,
        survivors: &[String],
    ) {
        if self.running.remove(attempt) {
            self.give_back(attempt);
        }
        match &attempt.job {
            Job::Step { run, step } => self.change_run(run, |run, watches| {
                let rows = run.step_mut(step).map(|step| &mut step.attempts);
                let Some(row) = rows.and_then(|rows| rows.iter_mut().find(|row| row.number == attempt.number)) else { return };
                row.ended_at = Some(ended_at);
                row.end = Some(end.clone());
                row.output_bytes = output_bytes;
                row.survivors = survivors.to_vec();
                // It may have started and ended while no daemon watched.
                if !matches!(end, AttemptEnd::NeverBegan | AttemptEnd::SpawnError(_) | AttemptEnd::Lost) {
                    let starting_at = row.starting_at;
                    begun(run, watches, starting_at);
                }
            }),
            Job::Procedure { runbook, subject, step } => {
                let definition = self.book(runbook).and_then(|book| book.steps.iter().find(|other| other.name == *step));
                let expected = AttemptEnd::Exit(definition.map_or(0, |step| step.expect.exit));
                let tick = self.tick_mut(runbook, subject, step);
                if let Some(tick) = tick.filter(|tick| tick.attempt.as_ref() == Some(attempt)) {
                    tick.state = if *end == expected { TickState::Passed } else { TickState::Failed };
                    tick.end = Some(end.clone());
                    tick.at = ended_at;
                }
            }
        }
    }

    pub(super) fn retry_planned(&mut self, run: &RunId, step: &StepName, at: Timestamp) {
        self.unqueue(run, step);
        self.change_step(run, step, |step| step.state = StepState::RetryAt { at });
        self.requeue_retry(run, step);
    }

    /// Puts a step whose retry is planned into its queue, and takes it out where its run is held and nobody forced it.
    pub(super) fn requeue_retry(&mut self, id: &RunId, name: &StepName) {
        self.retrying.remove(id, name);
        let Some(run) = self.run(id) else { return };
        let Some(step) = run.step(name).filter(|step| run.hold.is_none() || step.forced.is_some()) else { return };
        let StepState::RetryAt { at } = step.state else { return };
        if let Some(lane) = self.lane_of(id, name) {
            self.retrying.insert(lane, Place { at, run: id.clone(), step: name.clone() });
        }
    }

    /// Takes a step out of the queues, where it is in one.
    pub(super) fn unqueue(&mut self, run: &RunId, step: &StepName) {
        self.ready.remove(run, step);
        self.retrying.remove(run, step);
    }

    pub(super) fn step_ended(&mut self, run: &RunId, step: &StepName, outcome: &Outcome) {
        self.unqueue(run, step);
        self.change_step(run, step, |step| step.state = StepState::Done { outcome: outcome.clone() });
        if *outcome == Outcome::Success {
            self.remember_duration(run, step);
        }
        self.queue_ready(run);
    }

    /// Keeps how long a success took, for the forecast of later runs.
    fn remember_duration(&mut self, id: &RunId, step: &StepName) {
        self.change_flow(&id.flow, |flow| {
            let Some(took) = flow.run(id).and_then(|run| run.step(step)).and_then(StepRun::took) else { return };
            if flow.definition.step(step).is_none() {
                return;
            }
            let milliseconds = u32::try_from(took.as_millis()).unwrap_or(u32::MAX);
            match flow.took.get_mut(step) {
                Some(kept) => {
                    if kept.len() >= TOOK_KEPT {
                        kept.pop_front();
                    }
                    kept.push_back(milliseconds);
                }
                None => drop(flow.took.insert(step.clone(), [milliseconds].into())),
            }
        });
    }

    pub(super) fn run_timed_out(&mut self, run: &RunId, by: &str) {
        self.change_run(run, |run, _| {
            run.kill_asked_by.get_or_insert_with(|| by.to_owned());
            run.timed_out = true;
        });
    }

    pub(super) fn run_ended(&mut self, id: &RunId, outcome: &Outcome, at: Timestamp) {
        let waiting = |step: &&StepRun| matches!(step.state, StepState::Queued | StepState::RetryAt { .. });
        let open: Vec<StepName> =
            self.run(id).map(|run| run.steps.iter().filter(waiting).map(|step| step.name.clone()).collect()).unwrap_or_default();
        for step in &open {
            self.unqueue(id, step);
        }
        self.end_conditions(id, outcome, at);
        self.change_flow(&id.flow, |flow| {
            let Some(place) = flow.position(id) else { return };
            let Some(run) = flow.runs.get_mut(place).map(Arc::make_mut) else { return };
            if run.phase == Phase::Done {
                return;
            }
            run.phase = Phase::Done;
            run.outcome = Some(outcome.clone());
            run.ended_at = Some(at);
            let planned_at = run.planned_at;
            let whole = outcome.lets_go_on() && run.is_whole();
            let past = past_of(run, outcome, at);
            flow.note(place);
            if whole {
                flow.watches.retain(|watch| watch.planned_at > planned_at);
            }
            if flow.history.len() >= HISTORY_KEPT {
                flow.history.pop_front();
            }
            flow.history.push_back(past);
            flow.done += 1;
            while flow.done > RUNS_KEPT {
                let Some(oldest) = flow.runs.iter().position(|run| run.phase == Phase::Done) else { break };
                flow.runs.remove(oldest);
                flow.done -= 1;
            }
            forget_definitions(flow);
        });
        // The one that was next in the line; those before it have had their turn.
        let in_line = |flow: &Flow| Some(flow.active().nth(flow.side_by_side()?.saturating_sub(1))?.id.clone());
        if let Some(next) = self.flow(&id.flow).and_then(in_line) {
            self.queue_ready(&next);
        }
    }
}

/// A run has begun: it waits for nothing any more, nor do the occurrences before it.
fn begun(run: &mut Run, watches: &mut Vec<Watch>, at: Timestamp) {
    run.started_at.get_or_insert(at);
    for watch in watches.iter_mut().filter(|watch| watch.planned_at <= run.planned_at) {
        watch.start_by = None;
        watch.start_missed = false;
    }
    watches.retain(Watch::is_open);
}

fn past_of(run: &Run, outcome: &Outcome, at: Timestamp) -> Past {
    let took = run.started_at.and_then(|start| Duration::try_from(at.duration_since(start)).ok()).unwrap_or_default();
    let number = run.id.number().unwrap_or_default();
    let outcome = match outcome {
        Outcome::Success | Outcome::SuccessForced { .. } => PastOutcome::Good,
        Outcome::Skipped { .. } | Outcome::Missed { .. } => PastOutcome::Absent,
        _ => PastOutcome::Bad,
    };
    Past { outcome, took, number }
}
