//! What an operator's verb would touch, one line each: the part of the preview that looks at runs and their steps.

use crate::domain::run::Disposition;
use crate::domain::{Event, FlowId, Outcome, Phase, RunId, StepName};
use crate::rules::moment::moment;
use crate::rules::occurrences;
use crate::world::{Flow, StepState, World};

/// What an event would touch.
pub(in crate::rules) fn touches(world: &World, event: &Event) -> Vec<String> {
    match event {
        Event::FlowIced { flow, until, .. } => {
            let end = until.map_or_else(|| "until someone thaws it".to_owned(), |until| format!("until {}", moment(world, until)));
            let mut lines = vec![format!("{flow} is left out {end}; what waits for it goes on as if it had succeeded")];
            lines.extend(of_flow(world, flow));
            lines
        }
        Event::FlowThawed { flow } => {
            vec![format!("{flow} runs again from its next occurrence on; nothing is caught up, nothing starts now")]
        }
        Event::NoopSet { flow, .. } => {
            let mut lines = vec![format!("the next run of {flow} that is no rerun executes nothing and ends as skipped")];
            lines.extend(
                world
                    .flow(flow)
                    .and_then(|flow| occurrences::next(world, flow))
                    .map(|at| format!("its next occurrence is at {}", moment(world, at))),
            );
            lines.push("what waits for it goes on".into());
            lines
        }
        Event::NoopWithdrawn { flow } => vec![format!("the next run of {flow} executes its steps again")],
        Event::StartForced { run, step: None, .. } => {
            let mut lines = vec![format!("{run} starts now: holds and earlier runs are passed by, a free slot is still needed")];
            lines.extend(in_the_way(world, run));
            lines
        }
        Event::StartForced { run, step: Some(step), .. } => of_forced_step(world, run, step),
        Event::StepForced { run, step, outcome, .. } => of_forced_outcome(world, run, step, outcome),
        Event::RunHeld { run, until, .. } => {
            let end = until.map_or_else(|| "until someone releases it".to_owned(), |until| format!("until {}", moment(world, until)));
            let mut lines = vec![format!("no further step of {run} starts {end}")];
            let rows = world.run(run).into_iter().flat_map(|run| &run.steps);
            lines.extend(rows.filter(|step| step.state == StepState::Running).map(|step| format!("{} goes on", step.name)));
            lines
        }
        Event::RunReleased { run } => vec![format!("{run} goes on where its conditions are met")],
        Event::RunPrioritized { run, priority } => {
            let before = world.run(run).map_or(0, |run| run.priority);
            let waiting = world.run(run).map_or(0, |run| run.steps.iter().filter(|step| step.state == StepState::Queued).count());
            vec![format!("{run} has priority {priority} instead of {before}; {waiting} of its steps wait for a slot now")]
        }
        Event::StepApproved { run, step, .. } => {
            let mut lines = vec![format!("{step} of {run} is approved")];
            lines.extend(after(world, run, step).into_iter().map(|step| format!("{step} may go on")));
            lines
        }
        Event::OccurrenceSettled { occurrence, disposition: Disposition::Missed { reason } } => {
            vec![format!("{} is missed for good: {reason}", moment(world, occurrence.at))]
        }
        Event::OccurrenceSettled { occurrence, disposition: Disposition::CaughtUp { run } } => {
            vec![format!("{} is caught up as {run}", moment(world, occurrence.at))]
        }
        Event::OverrideMade { rota, person, from, to, .. } => {
            vec![format!("{person} is on call for {rota} from {} until {}", moment(world, *from), moment(world, *to))]
        }
        Event::OverrideEnded { rota, .. } => vec![format!("the override of {rota} ends; the rota goes on in its order")],
        Event::EvidenceAsked { incident, names, .. } => vec![format!("gathers evidence for incident {incident}: {}", names.join(", "))],
        Event::MissesDismissed { misses } => vec![format!("puts the list of {misses} missed occurrences away; choices stay open")],
        _ => Vec::new(),
    }
}

fn of_flow(world: &World, id: &FlowId) -> Vec<String> {
    let Some(flow) = world.flow(id) else { return Vec::new() };
    let next = occurrences::next(world, flow).map(|at| format!("its next occurrence is at {}", moment(world, at)));
    next.into_iter().chain(flow.active().map(|run| format!("{} goes on", run.id))).collect()
}

/// What a forced run passes by.
fn in_the_way(world: &World, id: &RunId) -> Vec<String> {
    let Some((flow, run)) = world.flow(&id.flow).and_then(|flow| Some((flow, flow.run(id)?))) else { return Vec::new() };
    let held = run.hold.as_ref().map(|hold| format!("the hold of {} ends: {}", hold.by, hold.reason));
    let flow_held = flow.hold.as_ref().map(|hold| format!("{} stays held by {}: {}", id.flow, hold.by, hold.reason));
    let earlier = flow.active().take_while(|first| first.id != *id).map(|first| format!("{} is not done and goes on beside it", first.id));
    held.into_iter().chain(flow_held).chain(earlier).collect()
}

fn of_forced_step(world: &World, id: &RunId, step: &StepName) -> Vec<String> {
    let Some((flow, run)) = world.flow(&id.flow).and_then(|flow| Some((flow, flow.run(id)?))) else { return Vec::new() };
    let Some(definition) = flow.definition_of(run).and_then(|definition| definition.step(step)) else { return Vec::new() };
    let mut lines = vec![format!("{step} of {id} starts now, a free slot is still needed")];
    lines.extend(definition.run.as_ref().map(|command| format!("runs {step}: {command}")));
    let open = definition.needs.iter().filter_map(|need| Some((need, run.step(need)?))).filter(|(_, row)| !row.state.is_success());
    lines.extend(open.map(|(need, row)| format!("although {need} is {}", row.state.word())));
    lines
}

fn of_forced_outcome(world: &World, id: &RunId, step: &StepName, outcome: &Outcome) -> Vec<String> {
    let Some(run) = world.run(id) else { return Vec::new() };
    let before = run.step(step).map_or("unknown", |row| row.state.word());
    let now = match outcome {
        Outcome::Skipped { .. } => "is skipped",
        outcome if outcome.is_success() => "counts as a success",
        _ => "counts as failed",
    };
    let mut lines = vec![format!("{step} of {id} {now} instead of {before}; its attempts stay as they are")];
    let others_good = run.steps.iter().filter(|row| row.name != *step).all(|row| row.state.is_success());
    match (run.phase == Phase::Done, outcome.lets_go_on()) {
        (true, true) if others_good => lines.push(format!("{id} becomes a forced success, its alert is over")),
        (true, true) => {
            let left = run.steps.iter().filter(|row| row.name != *step && !row.state.is_success()).count();
            lines.push(format!(
                "{id} stays as it ended, {left} of its steps have not succeeded: dogwatch rerun {id} --scope failed --reason …"
            ));
        }
        (false, true) => lines.extend(after(world, id, step).into_iter().map(|name| format!("{name} may go on"))),
        (false, false) => lines.extend(after(world, id, step).into_iter().map(|name| format!("{name} does not run"))),
        (true, false) => {}
    }
    lines
}

/// The unfinished steps that need one directly.
fn after(world: &World, id: &RunId, step: &StepName) -> Vec<StepName> {
    let found = |flow: &Flow| {
        let run = flow.run(id)?;
        let definition = flow.definition_of(run)?;
        let after = definition.steps.iter().filter(|other| other.needs.contains(step));
        Some(after.map(|other| other.name.clone()).filter(|name| run.step(name).is_some_and(|row| !row.state.is_success())).collect())
    };
    world.flow(&id.flow).and_then(found).unwrap_or_default()
}
