//! Which evidence belongs to which incident, and when it is gathered: by itself once its alerts say what it is about, by
//! itself again when `after` has passed since then, and whenever a person asks.

use super::{Decision, names};
use crate::domain::evidence::{CAPSULES_MAX, Capsule, EvidenceDefinition, EvidenceOrder, MaskOrder};
use crate::domain::{Effect, Event, Fingerprint, FlowId, IncidentId, Labels, Refusal, RefusalKind};
use crate::world::{Incident, World};
use jiff::Timestamp;
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
    (!names.is_empty() && number <= CAPSULES_MAX).then_some(Event::EvidenceAsked { incident: incident.id, number, names })
}

fn fits(definition: &EvidenceDefinition, labels: [&Labels; 2], has_flow: impl Fn(&FlowId) -> bool) -> bool {
    let has = |name: &String, value: &String| labels.iter().any(|labels| labels.get(name) == Some(value));
    definition.labels.iter().all(|(name, value)| has(name, value)) && (definition.flows.is_empty() || definition.flows.iter().any(has_flow))
}

/// What was gathered by itself, at its first time: when, under which number, and what.
struct Gathering<'i> {
    at: Timestamp,
    number: u32,
    names: &'i [String],
    /// The number under which it was gathered again.
    again: Option<u32>,
}

/// All that was gathered for an incident by itself. Nothing is asked for by itself a third time, so the second time of the
/// same names is the one after `after`.
fn by_itself(incident: &Incident) -> Vec<Gathering<'_>> {
    let mut found: Vec<Gathering<'_>> = Vec::new();
    for entry in incident.timeline.iter().filter(|entry| !entry.author.is_person()) {
        let Event::EvidenceAsked { incident: id, number, names } = &entry.event else { continue };
        if *id != incident.id {
            continue;
        }
        match found.iter_mut().find(|known| known.names == names.as_slice()) {
            Some(known) => known.again = Some(*number),
            None => found.push(Gathering { at: entry.at, number: *number, names, again: None }),
        }
    }
    found
}

/// When something that was gathered by itself is gathered again, so that what came after the opening is kept too: once the
/// first time is over and the longest `after` of it has passed.
fn waiting<'i>(world: &World, incident: &'i Incident) -> Option<(Timestamp, Gathering<'i>)> {
    let has_room = incident.evidence.last < CAPSULES_MAX;
    let rows = by_itself(incident).into_iter().filter(|row| has_room && row.again.is_none());
    let over = rows.filter(|row| incident.evidence.asked.iter().all(|(number, _)| *number != row.number));
    let due = over.filter_map(|row| {
        let definitions = world.evidence.evidence.iter().filter(|definition| row.names.contains(&definition.name));
        let after = definitions.map(|definition| definition.after).max().filter(|after| !after.is_zero())?;
        Some((row.at.checked_add(after).ok()?, row))
    });
    due.min_by_key(|(at, _)| *at)
}

/// When evidence of an incident is gathered again by itself.
pub(super) fn next_due(world: &World, id: IncidentId) -> Option<Timestamp> {
    waiting(world, world.incident(id)?).map(|(at, _)| at)
}

/// What is gathered again now.
pub(super) fn due(world: &World, id: IncidentId, now: Timestamp) -> Option<Event> {
    let incident = world.incident(id)?;
    let (_, row) = waiting(world, incident).filter(|(at, _)| *at <= now)?;
    asked(incident, row.names.to_vec())
}

/// Incidents for which something was gathered by itself.
pub(super) fn concerned(world: &World) -> impl Iterator<Item = IncidentId> + '_ {
    world.incidents.values().filter(|incident| !incident.evidence.names.is_empty()).map(|incident| incident.id)
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
    // Gathered again by itself, it is for what came after the opening, however late that is done.
    let opened = || by_itself(incident).into_iter().find(|row| row.again == Some(number)).map(|row| row.at);
    let order = EvidenceOrder {
        incident: id,
        number,
        first_sign_at: incident.first_sign_at,
        ended_at: incident.resolved.as_ref().map(|end| end.at).or_else(opened),
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
