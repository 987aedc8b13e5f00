//! Commands on runbook steps.

use super::approvals;
use crate::domain::runbook::ProcedureStep;
use crate::domain::{AttemptId, Checklist, Event, Job, Params, Refusal, RefusalKind, Runbook, RunbookId, StepName, Subject};
use crate::rules::params::check;
use crate::rules::{Asked, Decision, names, needs_two_people};
use crate::world::{Tick, World};

fn found<'a>(world: &'a World, runbook: &RunbookId, step: &StepName, subject: &Subject) -> Result<&'a ProcedureStep, Refusal> {
    let book: &Runbook = names::runbook(world, runbook)?;
    names::subject(world, subject)?;
    let step_names = book.steps.iter().map(|step| step.name.as_str());
    let unknown = || names::lacking(&format!("`{runbook}`"), "runnable step", step.as_str(), step_names.clone());
    book.steps.iter().find(|other| other.name == *step).ok_or_else(unknown)
}

/// The tick of a step and the attempt that runs it now.
fn running(world: &World, runbook: &RunbookId, step: &StepName, subject: &Subject) -> (Option<Tick>, Option<AttemptId>) {
    let tick = world.procedure(runbook, subject).and_then(|procedure| procedure.ticks.get(step)).cloned();
    let attempt = tick.as_ref().and_then(|tick| tick.attempt.clone()).filter(|attempt| world.running.contains(attempt));
    (tick, attempt)
}

/// A step that is to be run, as a command names it.
pub(super) struct Wanted<'c> {
    /// The runbook.
    pub runbook: &'c RunbookId,
    /// The step within it.
    pub step: &'c StepName,
    /// What it is walked for.
    pub subject: &'c Subject,
    /// Values for all its parameters.
    pub params: &'c Params,
    /// What was typed to confirm it.
    pub confirmed: Option<&'c str>,
}

/// A step that may be run, with everything that is asked of whoever runs it.
struct Ready<'a> {
    book: &'a Runbook,
    definition: &'a ProcedureStep,
    attempt: AttemptId,
}

/// Looks at a step: all parameters are given and right, a dangerous one is confirmed, and it does not run already.
fn ready<'a>(world: &'a World, wanted: &Wanted<'_>) -> Result<Ready<'a>, Refusal> {
    let Wanted { runbook, step, subject, params, confirmed } = *wanted;
    let definition = found(world, runbook, step, subject)?;
    let book = names::runbook(world, runbook)?;
    if let Some((checklist, number)) = Checklist::of_runbook(runbook)
        && world.checklists.get(&checklist).and_then(|row| row.open.as_ref()).is_none_or(|open| open.number != number)
    {
        return Err(Refusal::new(RefusalKind::State, format!("number {number} of the checklist `{checklist}` is not open any more")));
    }
    names::params(params, &format!("the step `{step}`"), definition.params.iter().map(|param| param.name.as_str()))?;
    if let Some(missing) = definition.params.iter().find(|param| !params.contains_key(&param.name)) {
        let refusal = names::invalid(format!("the step `{step}` asks for `{}`", missing.name));
        return Err(refusal.hint(format!("--param {}=…", missing.name)));
    }
    check(definition, params)?;
    if definition.danger && confirmed != Some(step.as_str()) {
        let refusal = names::invalid(format!("`{step}` is dangerous and is confirmed by typing its name; it runs: {}", definition.run));
        return Err(refusal.hint(format!("--confirm {step}")));
    }
    let (tick, attempt) = running(world, runbook, step, subject);
    if let Some(attempt) = attempt {
        return Err(Refusal::new(RefusalKind::State, format!("{attempt} still runs")).hint("end it first, or wait for it"));
    }
    let number = tick.map_or(0, |tick| tick.runs) + 1;
    let job = Job::Procedure { runbook: runbook.clone(), subject: subject.clone(), step: step.clone() };
    Ok(Ready { book, definition, attempt: AttemptId { job, number } })
}

/// Run a step. One that needs two people is asked for first.
pub(super) fn run(world: &World, wanted: &Wanted<'_>, asked: &Asked) -> Result<Decision, Refusal> {
    let Ready { book, definition, attempt } = ready(world, wanted)?;
    if needs_two_people(world, definition) {
        return approvals::ask_or_run(world, book, definition, attempt, wanted.params, asked);
    }
    Ok(Event::ProcedureAsked { attempt, command: definition.run.to_string(), params: wanted.params.clone() }.into())
}

/// Run a step that needs two people without the second.
pub(super) fn break_glass(world: &World, wanted: &Wanted<'_>, reason: &str, asked: &Asked) -> Result<Decision, Refusal> {
    // Without the second person the step's name is typed also where it is not dangerous.
    let Ready { definition, attempt, .. } = ready(world, wanted)?;
    let step = wanted.step;
    if wanted.confirmed != Some(step.as_str()) {
        return Err(names::invalid(format!("to run `{step}` alone is confirmed by typing its name")).hint(format!("--confirm {step}")));
    }
    approvals::break_glass(world, definition, attempt, wanted.params, reason, asked)
}

/// End a running step.
pub(super) fn kill(world: &World, runbook: &RunbookId, step: &StepName, subject: &Subject) -> Result<Decision, Refusal> {
    // The runbook may have changed since; what runs is still found by its name.
    names::subject(world, subject)?;
    match running(world, runbook, step, subject).1 {
        Some(attempt) => Ok(Event::ProcedureKillAsked { attempt }.into()),
        None => Err(Refusal::new(RefusalKind::State, format!("`{step}` of `{runbook}` does not run for {subject}"))),
    }
}

/// Tick a step by hand, or take the tick back.
pub(super) fn tick(world: &World, runbook: &RunbookId, step: &StepName, subject: &Subject, done: bool) -> Result<Decision, Refusal> {
    found(world, runbook, step, subject)?;
    if let Some((checklist, _)) = Checklist::of_runbook(runbook) {
        let refusal = Refusal::new(RefusalKind::State, format!("`{step}` is an item of the checklist `{checklist}`"));
        return Err(refusal.hint(format!("tick the item: dogwatch checklist {checklist} --tick {step}")));
    }
    if let Some(attempt) = running(world, runbook, step, subject).1 {
        return Err(Refusal::new(RefusalKind::State, format!("{attempt} still runs, its end is its tick")));
    }
    let (runbook, step, subject) = (runbook.clone(), step.clone(), subject.clone());
    Ok(Event::ProcedureTicked { runbook, step, subject, done }.into())
}
