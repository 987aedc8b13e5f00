//! Commands on a run and its steps: forced starts, forced outcomes, approvals (RULES: rerun, and the operator's verbs).

use super::flows::state;
use super::{holds, local};
use crate::domain::flow::Approval;
use crate::domain::run::RunCause;
use crate::domain::source::Capability;
use crate::domain::{AttemptEnd, Event, FlowDefinition, Outcome, Phase, Refusal, RefusalKind, RunId, StepDefinition, StepName};
use crate::rules::{Asked, Decision, names};
use crate::world::{Flow, Run, StepRun, StepState, World};

/// A run of dogwatch's own with its definition and one of its steps.
struct Found<'a> {
    run: &'a Run,
    definition: &'a FlowDefinition,
    step: &'a StepDefinition,
    row: &'a StepRun,
}

fn found<'a>(world: &'a World, id: &RunId, step: &StepName) -> Result<Found<'a>, Refusal> {
    let (flow, run) = names::run(world, id)?;
    local(world, &flow.source(), Capability::Run, id)?;
    let definition = definition_of(flow, run)?;
    let unknown = || names::unknown(&format!("step of {id}"), step.as_str(), run.steps.iter().map(|step| step.name.as_str()));
    let row = run.step(step).ok_or_else(unknown)?;
    let step = definition.step(step).ok_or_else(unknown)?;
    Ok(Found { run, definition, step, row })
}

fn definition_of<'a>(flow: &'a Flow, run: &Run) -> Result<&'a FlowDefinition, Refusal> {
    let found = flow.definition_of(run).map(|definition| &**definition);
    found.ok_or_else(|| state(format!("the definition that {} ran with is not at hand", run.id)))
}

/// Start a run although it would wait.
pub(super) fn force_run(world: &World, id: &RunId, reason: &str) -> Result<Decision, Refusal> {
    let (_, run) = holds::active(world, id)?;
    names::text("the reason", reason)?;
    if run.has_begun() && run.hold.is_none() {
        let refusal = state(format!("{id} has begun already"));
        return Err(refusal.hint(format!("name the step that waits: dogwatch force {id} STEP --reason …")));
    }
    if run.forced.is_some() {
        return Err(state(format!("{id} is forced already; only a free slot is missing")));
    }
    Ok(Event::StartForced { run: id.clone(), step: None, reason: reason.to_owned() }.into())
}

/// Start a step although it would wait.
pub(super) fn force_step(world: &World, id: &RunId, step: &StepName, reason: &str) -> Result<Decision, Refusal> {
    holds::active(world, id)?;
    let Found { run, definition, step, row } = found(world, id, step)?;
    names::text("the reason", reason)?;
    no_approval(id, step, "force")?;
    if run.noop.is_some() {
        return Err(state(format!("{id} only goes through the motions, nothing of it is executed")));
    }
    match &row.state {
        StepState::Running => Err(state(format!("{} of {id} runs already", step.name))),
        StepState::Done { outcome } => {
            let refusal = state(format!("{} of {id} is done: {}", step.name, outcome.word()));
            Err(refusal.hint(format!("when the run is done, run it again: dogwatch rerun {id} --scope only:{} --reason …", step.name)))
        }
        StepState::Queued if row.forced.is_some() => {
            Err(state(format!("{} of {id} is forced already; only a free slot is missing", step.name)))
        }
        _ => {
            let before = definition.before(&step.name);
            let unapproved = definition.steps.iter().find(|other| {
                let open = run.step(&other.name).is_some_and(|row| !row.state.is_success());
                other.approve.is_some() && before.contains(&other.name) && open
            });
            if let Some(gate) = unapproved {
                let refusal = state(format!("{} comes after {}, which is not approved", step.name, gate.name));
                return Err(refusal.hint(format!("dogwatch approve {id} {}", gate.name)));
            }
            Ok(Event::StartForced { run: id.clone(), step: Some(step.name.clone()), reason: reason.to_owned() }.into())
        }
    }
}

/// Leave a step out.
pub(super) fn skip(world: &World, id: &RunId, step: &StepName, reason: &str, asked: &Asked) -> Result<Decision, Refusal> {
    let found = found(world, id, step)?;
    names::text("the reason", reason)?;
    no_approval(id, found.step, "skip")?;
    decidable(&found)?;
    if found.row.state.outcome() == Some(&Outcome::Lost) {
        return Err(state(format!("{step} of {id} is lost: it may have done its work, so it cannot be left out"))
            .hint("look at what it did, then say `ok` or `fail`"));
    }
    let outcome = Outcome::Skipped { reason: reason.to_owned(), by: Some(asked.author.name().to_owned()) };
    Ok(forced(id, step, outcome, reason))
}

/// Declare a step a success.
pub(super) fn set_ok(world: &World, id: &RunId, step: &StepName, reason: &str, asked: &Asked) -> Result<Decision, Refusal> {
    let found = found(world, id, step)?;
    names::text("the reason", reason)?;
    no_approval(id, found.step, "declare a success")?;
    decidable(&found)?;
    Ok(forced(id, step, Outcome::SuccessForced { by: asked.author.name().to_owned() }, reason))
}

/// Declare a step failed; of an approval, refuse it.
pub(super) fn set_failed(world: &World, id: &RunId, step: &StepName, reason: &str, asked: &Asked) -> Result<Decision, Refusal> {
    let found = found(world, id, step)?;
    names::text("the reason", reason)?;
    if let Some(approval) = &found.step.approve {
        may_answer(approval, id, asked)?;
    }
    decidable(&found)?;
    let undecided = |outcome: &Outcome| matches!(outcome, Outcome::Lost);
    if let Some(outcome) = found.row.state.outcome().filter(|outcome| !undecided(outcome)) {
        return Err(state(format!("{step} of {id} is done: {}", outcome.word())));
    }
    let cause = AttemptEnd::Declared { by: asked.author.name().to_owned(), reason: reason.to_owned() };
    Ok(forced(id, step, Outcome::Failed { cause }, reason))
}

/// Give the word that a step waits for.
pub(super) fn approve(world: &World, id: &RunId, step: &StepName, note: Option<&str>, asked: &Asked) -> Result<Decision, Refusal> {
    let found = found(world, id, step)?;
    names::optional_text("the note", note)?;
    let Some(approval) = &found.step.approve else {
        return Err(names::invalid(format!("{step} of {id} asks for no approval")));
    };
    may_answer(approval, id, asked)?;
    match &found.row.state {
        StepState::Approval => {}
        StepState::Done { outcome } => return Err(state(format!("{step} of {id} is done: {}", outcome.word()))),
        _ => return Err(state(format!("{step} of {id} does not wait for approval yet")).hint(format!("dogwatch why {id}"))),
    }
    let own = started_by(found.run).is_some_and(|starter| starter == asked.author.name());
    if own && !approval.own {
        let refusal = Refusal::new(RefusalKind::Forbidden, format!("you started {id}, so {step} is approved by someone else"));
        return Err(refusal.hint("`approve = { text = \"…\", self = true }` in the flow's file allows it"));
    }
    let note = note.map(str::to_owned).filter(|note| !note.trim().is_empty());
    Ok(Event::StepApproved { run: id.clone(), step: step.clone(), note }.into())
}

/// The person who started a run; schedules start most.
fn started_by(run: &Run) -> Option<&str> {
    matches!(run.cause, RunCause::Person { .. } | RunCause::Rerun { .. }).then_some(run.author.as_str())
}

fn may_answer(approval: &Approval, id: &RunId, asked: &Asked) -> Result<(), Refusal> {
    if asked.level >= approval.by {
        return Ok(());
    }
    let reason = format!("{id} waits for the word of an {}, and {} is an {}", approval.by, asked.author, asked.level);
    Err(Refusal::new(RefusalKind::Forbidden, reason).hint("ask someone who is in [access] approvers of dogwatch.toml"))
}

/// What asks for a person's word is answered, not passed by.
fn no_approval(id: &RunId, step: &StepDefinition, verb: &str) -> Result<(), Refusal> {
    match &step.approve {
        None => Ok(()),
        Some(_) => Err(state(format!("{} of {id} waits for a person's word; to {verb} it would pass that by", step.name))
            .hint(format!("dogwatch approve {id} {0}, or dogwatch fail {id} {0}", step.name))),
    }
}

/// Whether a person can say how a step ended: it does not run, and nothing good is known of it.
fn decidable(found: &Found<'_>) -> Result<(), Refusal> {
    let (run, name) = (&found.run.id, &found.step.name);
    match &found.row.state {
        StepState::Running => Err(state(format!("{name} of {run} runs")).hint(format!("end it first: dogwatch kill {run}"))),
        StepState::Done { outcome } if outcome.lets_go_on() => Err(state(format!("{name} of {run} is done: {}", outcome.word()))),
        _ if found.run.phase != Phase::Done && found.run.kill_asked_by.is_some() => {
            Err(state(format!("{run} is ending; say it when it is done")))
        }
        _ => Ok(()),
    }
}

fn forced(run: &RunId, step: &StepName, outcome: Outcome, reason: &str) -> Decision {
    Event::StepForced { run: run.clone(), step: step.clone(), outcome, reason: reason.to_owned() }.into()
}
