//! Which runbooks are for what: the one that a flow or probe names, then those whose rules match.

use crate::domain::runbook::Match;
use crate::domain::{Labels, RunbookId, Subject};
use crate::world::World;

/// What a subject is, as rules see it.
#[derive(Debug, Default)]
struct Traits {
    flows: Vec<String>,
    probes: Vec<String>,
    alerts: Vec<String>,
    labels: Labels,
    named: Vec<(RunbookId, String)>,
}

/// The runbooks for a subject, the best first, each with the reason why.
pub fn matching(world: &World, subject: &Subject) -> Vec<(RunbookId, String)> {
    let traits = traits(world, subject);
    let mut found: Vec<(RunbookId, String)> = Vec::new();
    let named = traits.named.iter().filter(|(id, _)| world.runbooks.contains_key(id)).cloned();
    let mut ruled: Vec<(u32, RunbookId, String)> = Vec::new();
    for book in world.runbooks.values() {
        let best = book.matches.iter().filter_map(|rule| reason(rule, &traits)).max_by_key(|(weight, _)| *weight);
        ruled.extend(best.map(|(weight, reason)| (weight, book.id.clone(), reason)));
    }
    // The one that says most of it first; equals by name.
    ruled.sort_by_key(|(weight, ..)| std::cmp::Reverse(*weight));
    for (id, reason) in named.chain(ruled.into_iter().map(|(_, id, reason)| (id, reason))) {
        if !found.iter().any(|(other, _)| *other == id) {
            found.push((id, reason));
        }
    }
    found
}

fn traits(world: &World, subject: &Subject) -> Traits {
    let mut traits = Traits::default();
    match subject {
        Subject::Incident(id) => {
            let Some(incident) = world.incident(*id) else { return traits };
            traits.labels = incident.labels();
            let mut alerts: Vec<_> = incident.alerts.values().collect();
            alerts.sort_by_key(|alert| std::cmp::Reverse(alert.notice.severity));
            traits.alerts.extend(alerts.iter().filter_map(|alert| alert.notice.labels.get("alertname").cloned()));
            let in_order = alerts.iter().map(|alert| &alert.notice.cause);
            let flows = in_order.clone().filter_map(|cause| cause.flow()).chain(&incident.flows);
            flows.for_each(|flow| add_flow(world, flow, &mut traits));
            let probes = in_order.filter_map(|cause| cause.probe()).chain(&incident.probes);
            probes.for_each(|probe| add_probe(world, probe, &mut traits));
        }
        Subject::Flow(id) => {
            add_flow(world, id, &mut traits);
            traits.labels = world.flow(id).map(|flow| flow.definition.labels.clone()).unwrap_or_default();
        }
        Subject::Probe(id) => {
            add_probe(world, id, &mut traits);
            traits.labels = world.probe(id).map(|probe| probe.definition.labels.clone()).unwrap_or_default();
        }
        Subject::Workspace => {}
    }
    traits
}

fn add_flow(world: &World, id: &crate::domain::FlowId, traits: &mut Traits) {
    if !traits.flows.iter().any(|other| other == id.as_str()) {
        traits.flows.push(id.to_string());
        let named = world.flow(id).and_then(|flow| flow.definition.runbook.clone());
        traits.named.extend(named.map(|book| (book, format!("named by {id}"))));
    }
}

fn add_probe(world: &World, id: &crate::domain::ProbeId, traits: &mut Traits) {
    if !traits.probes.iter().any(|other| other == id.as_str()) {
        traits.probes.push(id.to_string());
        let named = world.probe(id).and_then(|probe| probe.definition.runbook.clone());
        traits.named.extend(named.map(|book| (book, format!("named by {id}"))));
    }
}

/// What a rule is worth where it matches, and why it does; absent where any of its parts does not, or where it has none. A
/// whole name is worth more than its beginning, a flow or a probe more than the kind of alert, and that more than a label.
fn reason(rule: &Match, traits: &Traits) -> Option<(u32, String)> {
    let mut reasons = Vec::new();
    let mut weight = 0;
    for (what, pattern, names, worth) in
        [("flow", &rule.flow, &traits.flows, 100), ("probe", &rule.probe, &traits.probes, 100), ("alert", &rule.alert, &traits.alerts, 40)]
    {
        if let Some(pattern) = pattern {
            let name = names.iter().find(|name| fits(pattern, name))?;
            weight += if pattern.ends_with('*') { worth / 2 } else { worth };
            reasons.push(format!("{what} {name}"));
        }
    }
    for (label, pattern) in &rule.labels {
        let value = traits.labels.get(label).filter(|value| fits(pattern, value))?;
        weight += if pattern.ends_with('*') { 10 } else { 20 };
        reasons.push(format!("label {label}={value}"));
    }
    (!reasons.is_empty()).then(|| (weight, format!("matched: {}", reasons.join(", "))))
}

/// Whether a name fits a pattern; `*` at its end stands for any rest.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}
