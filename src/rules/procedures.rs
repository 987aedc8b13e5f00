//! Runbook steps: what a subject tells them, and how their parameters are filled in before a person types.

use super::params::filled_in_from;
use super::timing;
use crate::domain::runbook::{ProcedureExpectation, ProcedureStep};
use crate::domain::{Params, Subject};
use crate::world::{Flow, Incident, World};
use std::collections::BTreeMap;
use std::time::Duration;

/// What the end of a step must look like, and until when: `exit 0 and output that matches `^5$`, within 10m`.
pub fn expected(expect: &ProcedureExpectation, timeout: Duration) -> String {
    let output = expect.output.as_ref().map(|pattern| format!(" and output that matches `{pattern}`")).unwrap_or_default();
    format!("exit {}{output}, within {}", expect.exit, timing::words(timeout))
}

/// What is known of a subject: `incident`, `flow`, `run`, `step`, `date`, `probe`, as far as it has them. Of an
/// incident's flows the one whose run failed last counts.
pub(super) fn facts(world: &World, subject: &Subject) -> BTreeMap<&'static str, String> {
    let mut facts = BTreeMap::new();
    match subject {
        Subject::Incident(id) => {
            facts.insert("incident", id.to_string());
            if let Some(incident) = world.incident(*id) {
                incident_facts(world, incident, &mut facts);
            }
        }
        Subject::Flow(id) => {
            facts.insert("flow", id.to_string());
            if let Some(flow) = world.flow(id) {
                flow_facts(flow, &mut facts);
            }
        }
        Subject::Probe(id) => drop(facts.insert("probe", id.to_string())),
        Subject::Workspace => {}
    }
    facts
}

fn incident_facts(world: &World, incident: &Incident, facts: &mut BTreeMap<&'static str, String>) {
    let flows = incident.flows.iter().filter_map(|id| world.flow(id));
    if let Some(flow) = flows.max_by_key(|flow| flow.last_done().and_then(|run| run.ended_at)) {
        facts.insert("flow", flow.definition.id.to_string());
        flow_facts(flow, facts);
    }
    if let Some(probe) = incident.probes.first() {
        facts.insert("probe", probe.to_string());
    }
}

fn flow_facts(flow: &Flow, facts: &mut BTreeMap<&'static str, String>) {
    let Some(run) = flow.last_done().or_else(|| flow.last_run()) else { return };
    facts.insert("run", run.id.to_string());
    facts.insert("date", run.date.to_string());
    if let Some(step) = run.telling_step() {
        facts.insert("step", step.name.to_string());
    }
}

/// The parameters of a runbook's step as the subject fills them in: `{flow}` and its kin replaced, what is not known
/// left empty for the person to type.
pub fn filled_in(world: &World, subject: &Subject, step: &ProcedureStep) -> Params {
    filled_in_from(world, subject, step).into_iter().map(|param| (param.name, param.value)).collect()
}
