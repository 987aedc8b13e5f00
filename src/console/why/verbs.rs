//! Why an operator's verb cannot be done now: to a flow, to a run, to a step of a run.

use super::{Reason, can, flow_of, operator};
use crate::console::dialog::operate::Operation;
use crate::console::{Session, Target};
use crate::domain::source::Capability;
use crate::domain::{Outcome, Phase, RunId, StepName};
use crate::world::{Flow, Run, StepRun, StepState};

/// A flow that dogwatch itself can keep from running.
fn held_flow<'a>(session: &'a Session, target: Option<&Target>) -> Result<&'a Flow, String> {
    let flow = flow_of(session, target)?;
    let words = operator(session, target).or_else(|| can(session, &flow.source(), Capability::Hold));
    words.or_else(|| flow.removed.then(|| format!("the file of {} is gone", flow.definition.id))).map_or(Ok(flow), Err)
}

/// Icing and thawing, and a no-op for the next run.
pub fn ice(session: &Session, target: Option<&Target>) -> Reason {
    held_flow(session, target).err()
}

/// Choosing what becomes of missed occurrences.
pub fn catch_up(session: &Session, target: Option<&Target>) -> Reason {
    match held_flow(session, target) {
        Ok(flow) if flow.asked.is_empty() => Some(format!("no missed occurrence of {} waits for a choice", flow.definition.id)),
        Ok(_) => None,
        Err(words) => Some(words),
    }
}

/// Holding a run, and saying how much it is preferred.
pub fn run_active(session: &Session, target: Option<&Target>) -> Reason {
    let flow = match held_flow(session, target) {
        Ok(flow) => flow,
        Err(words) => return Some(words),
    };
    active_run(session, target).is_none().then(|| format!("no run of {} is under way", flow.definition.id))
}

/// The run under way that a target means: itself, or the flow's first.
pub fn active_run<'a>(session: &'a Session, target: Option<&Target>) -> Option<&'a Run> {
    let flow = flow_of(session, target).ok()?;
    match target.and_then(Target::run) {
        Some(run) => flow.run(run).filter(|run| run.phase != Phase::Done),
        None => flow.active().next(),
    }
}

macro_rules! on_steps {
    ($($name:ident $operation:ident $doc:literal;)*) => {
        $(#[doc = $doc]
        pub fn $name(session: &Session, target: Option<&Target>) -> Reason {
            steps(session, target, Operation::$operation).err()
        })*
    };
}

on_steps! {
    force Force "Starting what would wait.";
    skip Skip "Leaving a step out.";
    set_ok SetOk "Declaring a step a success.";
    set_failed SetFailed "Declaring a step failed, or refusing an approval.";
    approve Approve "Giving the word that a step waits for.";
}

/// The run and those of its steps that a verb can be done to, the likeliest first; or why there are none. A run that has
/// not begun, or is held, can be forced as a whole: then its steps may be none.
pub fn steps(session: &Session, target: Option<&Target>, what: Operation) -> Result<(RunId, Vec<StepName>), String> {
    let flow = flow_of(session, target)?;
    if let Some(words) = operator(session, target).or_else(|| can(session, &flow.source(), Capability::Run)) {
        return Err(words);
    }
    if let (Some(Target::Step(..)), Some(run)) = (target, target.and_then(Target::run).and_then(|run| flow.run(run)))
        && let Some(Target::Step(_, name)) = target
        && let Some(step) = run.step(name)
    {
        if is_open(flow, run, step, what) {
            return Ok((run.id.clone(), vec![name.clone()]));
        }
        return Err(format!("{name} of {} is {}", run.id, step.state.word()));
    }
    let own = target.and_then(Target::run).map(|run| flow.run(run).into_iter().collect::<Vec<_>>());
    let runs = own.unwrap_or_else(|| flow.active().chain(flow.last_run().filter(|run| run.phase == Phase::Done)).collect());
    let found = runs.iter().find_map(|run| {
        let mut open: Vec<&StepRun> = run.steps.iter().filter(|step| is_open(flow, run, step, what)).collect();
        open.sort_by_key(|step| !matches!(step.state, StepState::Done { outcome: Outcome::Failed { .. } | Outcome::Lost }));
        let whole = what == Operation::Force && can_force(run);
        (whole || !open.is_empty()).then(|| (run.id.clone(), open.into_iter().map(|step| step.name.clone()).collect()))
    });
    let object = target.and_then(Target::run).map_or_else(|| flow.definition.id.to_string(), ToString::to_string);
    found.ok_or_else(|| match what {
        Operation::Approve => format!("no step of {object} waits for approval"),
        Operation::Force => format!("nothing of {object} waits"),
        _ => format!("no step of {object} can be decided on"),
    })
}

/// Whether a run as a whole waits for something that a force passes by.
pub fn can_force(run: &Run) -> bool {
    run.phase != Phase::Done && run.kill_asked_by.is_none() && run.forced.is_none() && (!run.has_begun() || run.hold.is_some())
}

fn is_open(flow: &Flow, run: &Run, step: &StepRun, what: Operation) -> bool {
    let asks = flow.definition_of(run).and_then(|definition| definition.step(&step.name)).is_some_and(|step| step.approve.is_some());
    let under_way = run.phase != Phase::Done && run.kill_asked_by.is_none();
    let rests = matches!(step.state, StepState::Waiting | StepState::Queued | StepState::RetryAt { .. });
    let bad = matches!(&step.state, StepState::Done { outcome } if !outcome.lets_go_on());
    let lost = matches!(step.state, StepState::Done { outcome: Outcome::Lost });
    match what {
        Operation::Approve => under_way && step.state == StepState::Approval,
        Operation::Force => under_way && rests && !asks,
        Operation::Skip => !asks && !lost && (rests && under_way || bad),
        Operation::SetOk => !asks && (rests && under_way || bad),
        Operation::SetFailed => lost || under_way && (rests || step.state == StepState::Approval),
        _ => false,
    }
}
