//! Alerts on probes: a target is down, an error budget burns.

use super::{firing, labels, resolved, under_new_name};
use crate::domain::probe::Pace;
use crate::domain::{AlertCause, Event, Fingerprint, Labels, ProbeDefinition, ProbeId, Severity};
use crate::world::{Probe, World};

const PROBE_DOWN: &str = "ProbeDown";
const BUDGET_BURNING: &str = "ErrorBudgetBurning";

/// The labels of an alert on a probe.
pub(in crate::rules) fn probe_labels(probe: &ProbeDefinition) -> Labels {
    labels(&probe.labels, PROBE_DOWN, probe.id.source().as_str(), ("probe", probe.id.as_str()))
}

/// What a change of a probe's health means. While its target flaps, the alert that fires stays as it is.
pub(in crate::rules) fn of_change(world: &World, id: &ProbeId, was_down: bool) -> Option<Event> {
    let probe = world.probe(id)?;
    match (was_down, probe.health.is_down()) {
        (false, true) if probe.flapping.is_some() && fires(world, probe) => None,
        (false, true) => Some(down(probe)),
        (true, false) if probe.flapping.is_some() => None,
        (true, false) => resolved(world, &probe_labels(&probe.definition), || format!("{id} is {}", probe.health.word())),
        _ => None,
    }
}

/// What it means that a target flaps, or does no longer: at the end its true state is told.
pub(in crate::rules) fn of_flapping(world: &World, id: &ProbeId) -> Option<Event> {
    let probe = world.probe(id).filter(|probe| probe.flapping.is_none() && !probe.health.is_down())?;
    resolved(world, &probe_labels(&probe.definition), || format!("{id} flaps no longer and is {}", probe.health.word()))
}

fn fires(world: &World, probe: &Probe) -> bool {
    world.alerts.contains_key(&Fingerprint::of(&probe_labels(&probe.definition)))
}

fn down(probe: &Probe) -> Event {
    let definition = &probe.definition;
    let id = &definition.id;
    let summary = if probe.reason.is_empty() { format!("{id} is down") } else { format!("{id} is down: {}", probe.reason) };
    firing(probe_labels(definition), definition.severity, summary, AlertCause::ProbeDown { probe: id.clone() })
}

fn burning_labels(probe: &ProbeDefinition) -> Labels {
    labels(&probe.labels, BUDGET_BURNING, probe.id.source().as_str(), ("probe", probe.id.as_str()))
}

/// How bad it is that a budget is burnt: as bad as a failure where it is worth a page, else a warning at most.
fn burning_severity(probe: &ProbeDefinition, pace: Pace) -> Severity {
    if pace == Pace::Ticket { probe.severity.min(Severity::Warning) } else { probe.severity }
}

/// What a probe's error budget means: it raises an alert where it goes too fast, unless the probe is down, which has one.
pub(in crate::rules) fn of_burning(world: &World, id: &ProbeId) -> Option<Event> {
    let probe = world.probe(id)?;
    let definition = &probe.definition;
    let Some(burning) = probe.burning.as_ref().filter(|burning| burning.pace != Pace::Down) else {
        return resolved(world, &burning_labels(definition), || match probe.burning {
            Some(_) => format!("{id} is down"),
            None => format!("{id} keeps to its error budget again"),
        });
    };
    let over = burning.over.as_secs() / 3_600;
    let objective = definition.objective.map(|objective| format!(" of {objective}")).unwrap_or_default();
    let summary = format!("{id} burns its error budget{objective} {}× too fast, over {over} h", burning.rate);
    let cause = AlertCause::BudgetBurning { probe: id.clone() };
    Some(firing(burning_labels(definition), burning_severity(definition, burning.pace), summary, cause))
}

/// A probe that is gone raises nothing any more.
pub(in crate::rules) fn of_removal(world: &World, id: &ProbeId) -> Vec<Event> {
    let own = world.alerts.values().filter(|alert| alert.notice.cause.probe() == Some(id));
    own.map(|alert| Event::AlertResolved { alert: alert.fingerprint, reason: format!("the probe {id} was removed") }).collect()
}

/// With another definition an alert may have other labels or another severity; one that looks at another target begins anew.
pub(in crate::rules) fn of_definition(world: &World, id: &ProbeId) -> Vec<Event> {
    let Some(probe) = world.probe(id) else { return Vec::new() };
    let own = world.alerts.values().filter(|alert| alert.notice.cause.probe() == Some(id));
    let definition = &probe.definition;
    own.flat_map(|alert| {
        let name = match (&alert.notice.cause, &probe.burning) {
            (AlertCause::BudgetBurning { .. }, Some(burning)) => {
                Some((burning_labels(definition), burning_severity(definition, burning.pace)))
            }
            (AlertCause::BudgetBurning { .. }, None) => None,
            _ => (probe.health.is_down() || probe.flapping.is_some()).then(|| (probe_labels(definition), definition.severity)),
        };
        match name {
            Some((labels, severity)) => under_new_name(alert, labels, severity),
            None => vec![Event::AlertResolved { alert: alert.fingerprint, reason: format!("{id} is defined anew") }],
        }
    })
    .collect()
}
