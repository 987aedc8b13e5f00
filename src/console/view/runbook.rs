//! Which runbook fits a subject, and why: the one that its file names, else the first whose `match` holds.

use crate::domain::runbook::Match;
use crate::domain::{AlertCause, FlowId, IncidentId, Labels, ProbeId, RunbookId, StepName, Subject};
use crate::world::{TickState, World};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// What a subject is made of, for matching.
#[derive(Debug, Default)]
struct Facts {
    flows: Vec<FlowId>,
    probes: Vec<ProbeId>,
    labels: Vec<Labels>,
}

/// The runbook for a subject with the reason, such as `named by nightly-orders`.
pub fn matching(world: &World, subject: &Subject) -> Option<(RunbookId, String)> {
    let facts = facts(world, subject);
    for flow in &facts.flows {
        if let Some(id) = world.flow(flow).and_then(|flow| flow.definition.runbook.clone()).filter(|id| world.runbooks.contains_key(id)) {
            return Some((id, format!("named by {flow}")));
        }
    }
    for probe in &facts.probes {
        if let Some(id) = world.probe(probe).and_then(|probe| probe.definition.runbook.clone()).filter(|id| world.runbooks.contains_key(id))
        {
            return Some((id, format!("named by {probe}")));
        }
    }
    world.runbooks.values().find_map(|runbook| {
        let rule = runbook.matches.iter().find(|rule| holds(rule, &facts))?;
        Some((runbook.id.clone(), reason(rule)))
    })
}

fn facts(world: &World, subject: &Subject) -> Facts {
    match subject {
        Subject::Incident(id) => incident_facts(world, *id),
        Subject::Flow(flow) => Facts { flows: vec![flow.clone()], ..Facts::default() },
        Subject::Probe(probe) => Facts { probes: vec![probe.clone()], ..Facts::default() },
        Subject::Workspace => Facts::default(),
    }
}

fn incident_facts(world: &World, id: IncidentId) -> Facts {
    let Some(incident) = world.incident(id) else { return Facts::default() };
    let mut facts = Facts { flows: Vec::new(), probes: Vec::new(), labels: Vec::new() };
    for alert in incident.alerts.values() {
        facts.labels.push(alert.notice.labels.clone());
        match &alert.notice.cause {
            AlertCause::ProbeDown { probe } => facts.probes.push(probe.clone()),
            cause => facts.flows.extend(cause.flow().cloned()),
        }
    }
    facts.flows.extend(incident.flows.iter().cloned());
    facts.probes.extend(incident.probes.iter().cloned());
    facts
}

fn holds(rule: &Match, facts: &Facts) -> bool {
    let empty = rule.flow.is_none() && rule.probe.is_none() && rule.alert.is_none() && rule.labels.is_empty();
    let label = |name: &str, wanted: &str| facts.labels.iter().any(|labels| labels.get(name).is_some_and(|value| is_like(wanted, value)));
    !empty
        && rule.flow.as_ref().is_none_or(|name| facts.flows.iter().any(|flow| is_like(name, flow.as_str())))
        && rule.probe.as_ref().is_none_or(|name| facts.probes.iter().any(|probe| is_like(name, probe.as_str())))
        && rule.alert.as_ref().is_none_or(|name| label("alertname", name))
        && rule.labels.iter().all(|(name, value)| label(name, value))
}

fn is_like(wanted: &str, name: &str) -> bool {
    wanted.strip_suffix('*').map_or(wanted == name, |start| name.starts_with(start))
}

fn reason(rule: &Match) -> String {
    let parts = [("flow", &rule.flow), ("probe", &rule.probe), ("alert", &rule.alert)];
    let named = parts.iter().filter_map(|(kind, name)| name.as_ref().map(|name| format!("{kind} {name}")));
    let labels = rule.labels.iter().map(|(name, value)| format!("{name}={value}"));
    format!("fits {}", named.chain(labels).collect::<Vec<_>>().join(", "))
}

/// Whether a step is done: it ended as expected, or was ticked by hand.
pub fn is_done(world: &World, runbook: &RunbookId, subject: &Subject, step: &StepName) -> bool {
    let tick = world.procedure(runbook, subject).and_then(|walked| walked.ticks.get(step));
    tick.is_some_and(|tick| matches!(tick.state, TickState::Passed | TickState::ByHand))
}

/// The value that a parameter begins with: `{flow}`, `{run}`, `{step}`, `{date}`, `{probe}`, `{incident}` are filled in
/// from the subject, other texts stay as they are. What the subject does not have becomes empty, for the person to type.
pub fn filled(world: &World, subject: &Subject, default: &str, now: Timestamp, zone: &TimeZone) -> String {
    let facts = facts(world, subject);
    let flow = facts.flows.first();
    let run = flow.and_then(|flow| world.flow(flow)).and_then(|flow| flow.last_run());
    match default {
        "{flow}" => flow.map(ToString::to_string),
        "{run}" => run.map(|run| run.id.to_string()),
        "{step}" => run.and_then(|run| run.telling_step()).map(|step| step.name.to_string()),
        "{date}" => Some(run.map_or_else(|| now.to_zoned(zone.clone()).date(), |run| run.date).to_string()),
        "{probe}" => facts.probes.first().map(ToString::to_string),
        "{incident}" => {
            if let Subject::Incident(id) = subject {
                Some(id.to_string())
            } else {
                None
            }
        }
        literal => Some(literal.to_owned()),
    }
    .unwrap_or_default()
}
