//! A run on its way: the next fact that is missing in its state, and what a supervisor is told to start.

use super::batch_day::batch_day_of_run;
use super::{Asked, retry};
use crate::domain::effect::AttemptOrder;
use crate::domain::{
    AttemptEnd, AttemptId, Effect, Event, FlowDefinition, Job, Outcome, Params, Phase, RunId, StepDefinition, StepName, Subject,
};
use crate::world::{Flow, Run, StepRun, StepState, World};
use std::collections::HashSet;

/// Grace and output limit of a runbook's step, which its file does not name (RULES: kill, output).
const PROCEDURE_GRACE: std::time::Duration = std::time::Duration::from_secs(10);
const PROCEDURE_OUTPUT_MAX: u64 = 1 << 30;
/// Why the steps of a run that goes through the motions are skipped.
const NO_OP: &str = "no-op";

/// The next fact that the state of a run asks for: one at a time, for each may change what the next one is.
pub(super) fn next_fact(world: &World, id: &RunId, asked: &Asked) -> Option<Event> {
    let flow = world.flow(&id.flow).filter(|flow| flow.source().is_local())?;
    let run = flow.run(id).filter(|run| run.phase != Phase::Done)?;
    let definition = flow.definition_of(run)?;
    let steps = || definition.steps.iter().zip(&run.steps);
    steps()
        .find_map(|(definition, step)| conclusion(run, definition, step, asked))
        .or_else(|| run.steps.iter().find_map(|step| cancellation(run, step)))
        .or_else(|| run.steps.iter().find_map(|step| approval(run, step)))
        .or_else(|| motions(world, run, definition))
        .or_else(|| upstream_failure(run, definition))
        .or_else(|| end(run))
}

/// What the end of an attempt makes of its step.
fn conclusion(run: &Run, definition: &StepDefinition, step: &StepRun, asked: &Asked) -> Option<Event> {
    if step.state != StepState::Running {
        return None;
    }
    let last = step.attempts.last()?;
    let ended = |outcome| Some(Event::StepEnded { run: run.id.clone(), step: step.name.clone(), outcome });
    let again = |at| Some(Event::RetryPlanned { run: run.id.clone(), step: step.name.clone(), at });
    let cancelled = run
        .kill_asked_by
        .clone()
        .map(|by| if run.timed_out { Outcome::Failed { cause: AttemptEnd::Timeout } } else { Outcome::Cancelled { by } });
    match (last.end.as_ref()?, cancelled) {
        (AttemptEnd::Exit(0), _) => ended(Outcome::Success),
        (AttemptEnd::Lost, _) => ended(Outcome::Lost),
        (_, Some(cancelled)) => ended(cancelled),
        (AttemptEnd::NeverBegan, None) => again(asked.now),
        (AttemptEnd::Killed, None) => ended(Outcome::Cancelled { by: "a signal".into() }),
        (cause, None) => {
            // Retries that are planned at the same moment are spread apart.
            let random = asked.random ^ spread(run, step);
            match retry::retry_at(&definition.retry, step.attempts_spent(), cause, asked.now, random) {
                Some(at) => again(at),
                None => ended(Outcome::Failed { cause: cause.clone() }),
            }
        }
    }
}

fn spread(run: &Run, step: &StepRun) -> u64 {
    let labels = [(run.id.to_string(), format!("{} {}", step.name, step.attempts.len()))];
    crate::domain::Fingerprint::of(&labels.into()).0
}

/// In a run that was asked to end, what does not run ends at once.
fn cancellation(run: &Run, step: &StepRun) -> Option<Event> {
    let by = run.kill_asked_by.clone()?;
    let rests = matches!(step.state, StepState::Waiting | StepState::Queued | StepState::RetryAt { .. } | StepState::Approval);
    rests.then(|| Event::StepEnded { run: run.id.clone(), step: step.name.clone(), outcome: Outcome::Cancelled { by } })
}

/// The word that a step waited for was given.
fn approval(run: &Run, step: &StepRun) -> Option<Event> {
    let given = step.state == StepState::Approval && step.approved.is_some();
    given.then(|| Event::StepEnded { run: run.id.clone(), step: step.name.clone(), outcome: Outcome::Success })
}

/// In a run that goes through the motions each step ends at once, in the order of the graph.
fn motions(world: &World, run: &Run, definition: &FlowDefinition) -> Option<Event> {
    let by = run.noop.clone().filter(|_| world.may_start(&run.id))?;
    let mut waiting = definition.steps.iter().zip(&run.steps).filter(|(_, step)| step.state == StepState::Waiting);
    let (_, step) = waiting.find(|(definition, _)| run.needs_met(definition))?;
    let outcome = Outcome::Skipped { reason: NO_OP.into(), by: Some(by) };
    Some(Event::StepEnded { run: run.id.clone(), step: step.name.clone(), outcome })
}

/// A step that waits for one which will not succeed any more.
fn upstream_failure(run: &Run, definition: &FlowDefinition) -> Option<Event> {
    let is_bad = |step: &&StepRun| step.state.outcome().is_some_and(|outcome| !outcome.lets_go_on());
    let bad: HashSet<&StepName> = run.steps.iter().filter(is_bad).map(|step| &step.name).collect();
    if bad.is_empty() {
        return None;
    }
    let mut waiting = definition.steps.iter().zip(&run.steps).filter(|(_, step)| step.state == StepState::Waiting && step.forced.is_none());
    let (_, step) = waiting
        .find(|(definition, step)| run.named_step() != Some(&step.name) && definition.needs.iter().any(|need| bad.contains(need)))?;
    Some(Event::StepEnded { run: run.id.clone(), step: step.name.clone(), outcome: Outcome::UpstreamFailed })
}

/// When all its steps are done, so is the run. Steps that were taken over from an earlier run do not count.
fn end(run: &Run) -> Option<Event> {
    if !run.steps.iter().all(|step| matches!(step.state, StepState::Done { .. })) {
        return None;
    }
    let outcomes = || run.steps.iter().filter(|step| !step.carried).filter_map(|step| step.state.outcome());
    let first = |wanted: fn(&Outcome) -> bool| outcomes().find(|outcome| wanted(outcome)).cloned();
    // Where the last step succeeded while it was being ended, the work is done.
    let timed_out = (run.timed_out && !run.is_whole()).then_some(Outcome::Failed { cause: AttemptEnd::Timeout });
    let outcome = timed_out
        .or_else(|| first(|outcome| matches!(outcome, Outcome::Cancelled { .. })))
        .or_else(|| first(|outcome| matches!(outcome, Outcome::Failed { .. } | Outcome::Lost)))
        .or_else(|| first(|outcome| matches!(outcome, Outcome::UpstreamFailed)))
        .or_else(|| first(|outcome| matches!(outcome, Outcome::SuccessForced { .. })))
        .or_else(|| outcomes().all(|outcome| matches!(outcome, Outcome::Skipped { .. })).then(|| first(|_| true)).flatten())
        .unwrap_or(Outcome::Success);
    Some(Event::RunEnded { run: run.id.clone(), outcome })
}

/// The running attempts of a run.
pub(super) fn running(run: &Run) -> impl Iterator<Item = AttemptId> {
    run.steps.iter().filter(|step| step.state == StepState::Running).filter_map(|step| {
        let last = step.attempts.last().filter(|attempt| attempt.end.is_none())?;
        Some(AttemptId { job: Job::Step { run: run.id.clone(), step: step.name.clone() }, number: last.number })
    })
}

/// Asks to end the running attempts of a run.
pub(super) fn kill(world: &World, id: &RunId) -> Vec<Effect> {
    world.run(id).into_iter().flat_map(running).map(|attempt| Effect::KillAttempt { attempt }).collect()
}

/// What a supervisor is told for an attempt. `DOGWATCH_WORKSPACE` is added by the runner, which knows the folder.
pub(super) fn order(world: &World, attempt: &AttemptId) -> Option<AttemptOrder> {
    match &attempt.job {
        Job::Step { run, step } => {
            let flow = world.flow(&run.flow)?;
            let run = flow.run(run)?;
            step_order(world, flow, run, flow.definition_of(run)?.step(step)?, attempt)
        }
        Job::Procedure { .. } => procedure_order(world, attempt),
    }
}

/// What a supervisor is told for a step of a runbook. What another person has approved runs from the copy that they read.
fn procedure_order(world: &World, attempt: &AttemptId) -> Option<AttemptOrder> {
    let Job::Procedure { runbook, subject, step } = &attempt.job else { return None };
    let approved = world.approvals.values().find(|approval| approval.used.as_ref() == Some(attempt));
    let (argv, mut env, timeout, expect) = if let Some(approval) = approved {
        let request = &approval.request;
        (request.argv.clone(), request.env.clone(), request.timeout, request.expect.clone())
    } else {
        let definition = world.book(runbook)?.step(step)?;
        let tick = world.procedure(runbook, subject)?.ticks.get(step)?;
        (definition.run.argv(), procedure_env(world, step, subject, &tick.params), definition.timeout, definition.expect.clone())
    };
    env.insert("DOGWATCH_ATTEMPT".into(), attempt.number.to_string());
    Some(AttemptOrder {
        attempt: attempt.clone(),
        argv,
        env,
        folder: ".".into(),
        timeout: Some(timeout),
        grace: PROCEDURE_GRACE,
        output_max: PROCEDURE_OUTPUT_MAX,
        expect_output: expect.output,
    })
}

/// The variables of a runbook's step, but for the number of the attempt.
pub(super) fn procedure_env(world: &World, step: &StepName, subject: &Subject, params: &Params) -> Params {
    let mut env = params_env(params);
    env.extend(subject_env(world, subject));
    env.insert("DOGWATCH_STEP".into(), step.to_string());
    env
}

fn step_order(world: &World, flow: &Flow, run: &Run, step: &StepDefinition, attempt: &AttemptId) -> Option<AttemptOrder> {
    let definition = flow.definition_of(run)?;
    let argv = step.run.as_ref()?.argv();
    let mut env = definition.env.clone();
    env.extend(step.env.clone());
    env.extend(params_env(&run.params));
    env.extend([
        ("DOGWATCH_FLOW".to_owned(), run.id.flow.to_string()),
        ("DOGWATCH_STEP".to_owned(), step.name.to_string()),
        ("DOGWATCH_RUN".to_owned(), run.id.to_string()),
        ("DOGWATCH_ATTEMPT".to_owned(), attempt.number.to_string()),
        ("DOGWATCH_PLANNED_AT".to_owned(), run.planned_at.to_string()),
        ("DOGWATCH_DATE".to_owned(), run.date.to_string()),
        ("DOGWATCH_BATCH_DAY".to_owned(), batch_day_of_run(world, flow, run).to_string()),
    ]);
    if let Some(first) = run.files.first() {
        let all: Vec<&str> = run.files.iter().map(|file| file.file.as_str()).collect();
        env.extend([("DOGWATCH_FILE".to_owned(), first.file.clone()), ("DOGWATCH_FILES".to_owned(), all.join("\n"))]);
    }
    Some(AttemptOrder {
        attempt: attempt.clone(),
        argv,
        env,
        folder: step.folder.clone().unwrap_or_else(|| ".".into()),
        timeout: step.timeout,
        grace: step.grace,
        output_max: step.output_max,
        expect_output: None,
    })
}

/// Parameters as environment: `DOGWATCH_PARAM_` and the name in capitals, other characters than letters and digits as `_`.
fn params_env(params: &Params) -> Params {
    let variable = |name: &str| {
        let capital = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' };
        format!("DOGWATCH_PARAM_{}", name.chars().map(capital).collect::<String>())
    };
    params.iter().map(|(name, value)| (variable(name), value.clone())).collect()
}

/// What a runbook's step is told of the subject that it is walked for.
fn subject_env(world: &World, subject: &Subject) -> Params {
    let facts = super::procedures::facts(world, subject);
    facts.into_iter().map(|(name, value)| (format!("DOGWATCH_{}", name.to_uppercase()), value)).collect()
}
