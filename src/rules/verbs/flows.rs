//! Commands on flows, runs and probes.

use super::{local, may_run};
use crate::domain::run::{DefinitionChoice, RunCause};
use crate::domain::source::Capability;
use crate::domain::{Event, FlowId, Params, Phase, ProbeId, Refusal, RefusalKind, RunId};
use crate::rules::{Asked, Decision, RerunAsk, RerunPlan, names};
use crate::world::World;
use jiff::Timestamp;
use jiff::civil::Date;

pub(super) fn state(reason: impl Into<String>) -> Refusal {
    Refusal::new(RefusalKind::State, reason)
}

/// Start a run now.
pub(super) fn run(
    world: &World,
    id: &FlowId,
    params: &Params,
    date: Option<Date>,
    reason: Option<&str>,
    asked: &Asked,
) -> Result<Decision, Refusal> {
    let flow = names::flow(world, id)?;
    local(world, &flow.source(), Capability::Run, id)?;
    may_run(flow)?;
    names::optional_text("the reason", reason)?;
    names::date(date)?;
    names::params(params, &format!("the flow `{id}`"), flow.definition.params.keys().map(String::as_str))?;
    let mut all = flow.definition.params.clone();
    all.extend(params.clone());
    let event = Event::RunCreated {
        run: RunId::numbered(id.clone(), flow.next_run),
        cause: RunCause::Person { reason: reason.map(str::to_owned).filter(|reason| !reason.trim().is_empty()) },
        planned_at: asked.now,
        date: date.unwrap_or_else(|| names::today(&flow.definition.zone, asked)),
        params: all,
        definition: flow.digest.clone(),
        choice: DefinitionChoice::Today,
        carried: Vec::new(),
    };
    Ok(event.into())
}

/// Run an earlier run again.
pub(super) fn rerun(world: &World, ask: &RerunAsk, reason: &str, now: Timestamp) -> Result<Decision, Refusal> {
    let plan = RerunPlan::of(world, ask, now)?;
    names::text("the reason", reason)?;
    Ok(plan.event(reason.to_owned()).into())
}

/// End a run.
pub(super) fn kill(world: &World, id: &RunId, reason: Option<&str>) -> Result<Decision, Refusal> {
    let (flow, run) = names::run(world, id)?;
    local(world, &flow.source(), Capability::Kill, id)?;
    names::optional_text("the reason", reason)?;
    if run.phase == Phase::Done {
        let how = run.outcome.as_ref().map_or("done", crate::domain::Outcome::word);
        return Err(state(format!("{id} is done already: {how}")));
    }
    // A second request is no error: the first TERM may have been ignored.
    Ok(Event::RunKillAsked { run: id.clone(), reason: reason.map(str::to_owned) }.into())
}

/// Let no new run start.
pub(super) fn hold(world: &World, id: &FlowId, until: Option<Timestamp>, reason: &str, asked: &Asked) -> Result<Decision, Refusal> {
    let flow = names::flow(world, id)?;
    local(world, &flow.source(), Capability::Hold, id)?;
    names::text("the reason", reason)?;
    if flow.removed {
        return Err(state(format!("the file of `{id}` is gone, nothing starts it")));
    }
    if let Some(hold) = &flow.hold {
        let refusal = state(format!("`{id}` is held already, by {}: {}", hold.by, hold.reason));
        return Err(refusal.hint(format!("release it first: dogwatch release {id}")));
    }
    if until.is_some_and(|until| until <= asked.now) {
        return Err(names::invalid("the end of the hold has passed already").hint("leave it out to hold until someone releases it"));
    }
    Ok(Event::FlowHeld { flow: id.clone(), reason: reason.to_owned(), until }.into())
}

/// End a hold.
pub(super) fn release(world: &World, id: &FlowId) -> Result<Decision, Refusal> {
    let flow = names::flow(world, id)?;
    local(world, &flow.source(), Capability::Hold, id)?;
    match flow.hold {
        Some(_) => Ok(Event::FlowReleased { flow: id.clone() }.into()),
        None => Err(state(format!("`{id}` is not held"))),
    }
}

/// Look outside the rhythm.
pub(super) fn probe_now(world: &World, id: &ProbeId) -> Result<Decision, Refusal> {
    let probe = names::probe(world, id)?;
    local(world, &probe.source(), Capability::Probe, id)?;
    Ok(Event::ProbeAsked { probe: id.clone() }.into())
}
