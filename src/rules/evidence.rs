//! Which evidence belongs to which incident, and when it is gathered: by itself once its alerts say what it is about,
//! and whenever a person asks.

use super::{Decision, names};
use crate::domain::evidence::{CAPSULES_MAX, Capsule, EvidenceDefinition, EvidenceOrder, MaskOrder};
use crate::domain::{Effect, Event, Fingerprint, FlowId, IncidentId, Labels, Refusal, RefusalKind};
use crate::world::{Incident, World};
use std::sync::Arc;

/// An alert opened or joined an incident: what is to be gathered because of it.
pub(super) fn of_alert(world: &World, id: IncidentId, alert: Fingerprint) -> Option<Event> {
    if world.evidence.evidence.is_empty() {
        return None;
    }
    let incident = world.incident(id)?;
    let row = incident.alerts.get(&alert)?;
    let flow = row.notice.cause.flow();
    let new =
        world.evidence.evidence.iter().filter(|definition| definition.automatic && !incident.evidence.names.contains(&definition.name));
    let names: Vec<String> = new
        .filter(|definition| fits(definition, [&row.notice.labels, &incident.group], |wanted| flow == Some(wanted)))
        .map(|definition| definition.name.clone())
        .collect();
    asked(incident, names)
}

fn asked(incident: &Incident, names: Vec<String>) -> Option<Event> {
    let number = incident.evidence.last + 1;
    (!names.is_empty() && number <= CAPSULES_MAX).then(|| Event::EvidenceAsked { incident: incident.id, number, names })
}

fn fits(definition: &EvidenceDefinition, labels: [&Labels; 2], has_flow: impl Fn(&FlowId) -> bool) -> bool {
    let has = |name: &String, value: &String| labels.iter().any(|labels| labels.get(name) == Some(value));
    definition.labels.iter().all(|(name, value)| has(name, value)) && (definition.flows.is_empty() || definition.flows.iter().any(has_flow))
}

/// What the workspace would gather for an incident.
pub fn evidence_for<'a>(world: &'a World, incident: &Incident) -> Vec<&'a EvidenceDefinition> {
    let labels = incident.labels();
    let fit = |definition: &&EvidenceDefinition| fits(definition, [&labels, &incident.group], |flow| incident.flows.contains(flow));
    world.evidence.evidence.iter().filter(fit).collect()
}

/// A person asks for evidence, also after the end.
pub(super) fn take(world: &World, id: IncidentId) -> Result<Decision, Refusal> {
    let incident = names::incident(world, id)?;
    let state = |reason: String| Refusal::new(RefusalKind::State, reason);
    if !incident.evidence.asked.is_empty() {
        return Err(state(format!("evidence for incident {id} is being gathered")).hint("it is there in a moment"));
    }
    let names: Vec<String> = evidence_for(world, incident).iter().map(|definition| definition.name.clone()).collect();
    if names.is_empty() {
        let hint = if world.evidence.evidence.is_empty() {
            "write [[evidence]] with files and labels into dogwatch.toml".to_owned()
        } else {
            let labels: Vec<_> = incident.labels().iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("its labels are {}", labels.join(" "))
        };
        return Err(state(format!("no [[evidence]] fits incident {id}")).hint(hint));
    }
    match asked(incident, names) {
        Some(event) => Ok(event.into()),
        None => Err(state(format!("incident {id} has {CAPSULES_MAX} capsules already")).hint("evidence is never removed to make room")),
    }
}

/// The order for a capsule that is on record as being gathered.
pub(super) fn order(world: &World, id: IncidentId, number: u32) -> Option<Effect> {
    let incident = world.incident(id)?;
    let (_, names) = incident.evidence.asked.iter().find(|(other, _)| *other == number)?;
    let definitions = world.evidence.evidence.iter().filter(|definition| names.contains(&definition.name)).cloned().collect();
    let order = EvidenceOrder {
        incident: id,
        number,
        first_sign_at: incident.first_sign_at,
        ended_at: incident.resolved.as_ref().map(|end| end.at),
        definitions,
        masks: masks(world),
    };
    Some(Effect::TakeEvidence(Box::new(order)))
}

/// How secrets are known in this workspace.
pub fn masks(world: &World) -> MaskOrder {
    let secrets = world.channels.values().flat_map(|channel| channel.definition.secrets().cloned()).collect();
    MaskOrder { patterns: world.evidence.patterns.clone(), only_own: world.evidence.only_own, secrets }
}

/// A daemon begins: what was being gathered when the last one ended is gathered again, under the same number.
pub(super) fn resume(world: &World) -> impl Iterator<Item = Effect> {
    world.gathering.iter().filter_map(|(incident, number)| order(world, *incident, *number))
}

/// What became of an order.
pub(super) fn taken(world: &World, id: IncidentId, capsule: &Arc<Capsule>) -> Decision {
    let wanted = world.gathering.contains(&(id, capsule.number));
    wanted.then(|| Event::EvidenceTaken { incident: id, capsule: capsule.clone() }).into()
}
