//! Commands of the queue: mitigate, snooze, claim, hand over, merge, split.

use super::incidents::open;
use crate::domain::{Event, Fingerprint, IncidentId, PersonId, Refusal, RefusalKind};
use crate::rules::moment::moment;
use crate::rules::{Asked, Decision, names, triage};
use crate::world::{Incident, World};
use jiff::{SignedDuration, Timestamp};

/// The longest that something may be put off or silenced: a year.
const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);
/// Characters of a person's name.
const NAME_MAX: usize = 64;

pub(super) fn state(reason: impl Into<String>) -> Refusal {
    Refusal::new(RefusalKind::State, reason)
}

/// An end that lies ahead, and not beyond a year.
pub(super) fn ends(what: &str, until: Timestamp, asked: &Asked) -> Result<(), Refusal> {
    let ahead = until.duration_since(asked.now);
    if !ahead.is_positive() {
        return Err(names::invalid(format!("the end of the {what} has passed already")).hint("say how long from now: --for 1h"));
    }
    if ahead > LONGEST {
        return Err(names::invalid(format!("a {what} lasts a year at most")));
    }
    Ok(())
}

fn word(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned).filter(|text| !text.trim().is_empty())
}

/// "The impact is over."
pub(super) fn mitigate(world: &World, id: IncidentId, note: Option<&str>) -> Result<Decision, Refusal> {
    let incident = open(world, id)?;
    names::optional_text("the note", note)?;
    match &incident.mitigated_by {
        Some(by) => Err(state(format!("incident {id} is mitigated already, by {by}")).hint(format!("dogwatch mitigate {id} --undo"))),
        None => Ok(Event::IncidentMitigated { incident: id, note: word(note) }.into()),
    }
}

/// Take that back.
pub(super) fn unmitigate(world: &World, id: IncidentId) -> Result<Decision, Refusal> {
    match open(world, id)?.mitigated_by {
        Some(_) => Ok(Event::MitigationEnded { incident: id, reason: "taken back".into() }.into()),
        None => Err(state(format!("incident {id} is not mitigated"))),
    }
}

/// Put it off; again, until another time.
pub(super) fn snooze(world: &World, id: IncidentId, until: Timestamp, reason: Option<&str>, asked: &Asked) -> Result<Decision, Refusal> {
    open(world, id)?;
    names::optional_text("the reason", reason)?;
    ends("snooze", until, asked)?;
    Ok(Event::IncidentSnoozed { incident: id, until, reason: word(reason) }.into())
}

/// Take it back into the queue.
pub(super) fn unsnooze(world: &World, id: IncidentId) -> Result<Decision, Refusal> {
    match open(world, id)?.snoozed {
        Some(_) => Ok(Event::SnoozeEnded { incident: id, reason: "taken back".into() }.into()),
        None => Err(state(format!("incident {id} is not snoozed"))),
    }
}

/// "It is mine." Another person may take it over.
pub(super) fn claim(world: &World, id: IncidentId, asked: &Asked) -> Result<Decision, Refusal> {
    let incident = open(world, id)?;
    match &incident.owner {
        Some(owner) if owner.name == asked.author.name() => Err(state(format!("incident {id} is yours already"))),
        _ => Ok(Event::IncidentClaimed { incident: id }.into()),
    }
}

/// Take that back: it is nobody's.
pub(super) fn unclaim(world: &World, id: IncidentId) -> Result<Decision, Refusal> {
    match open(world, id)?.owner {
        Some(_) => Ok(Event::IncidentUnclaimed { incident: id }.into()),
        None => Err(state(format!("incident {id} is nobody's"))),
    }
}

/// Give it to another person. Who worked on it does not any more: the other has to say so.
pub(super) fn hand_over(world: &World, id: IncidentId, to: &str, note: Option<&str>) -> Result<Decision, Refusal> {
    let incident = open(world, id)?;
    names::optional_text("the note", note)?;
    let to = to.trim();
    let is_wrong = |c: char| !c.is_alphanumeric() && !"._-+$".contains(c);
    if to.is_empty() || to.chars().count() > NAME_MAX || to.contains(is_wrong) {
        return Err(names::invalid(format!("`{}` is not a person's name", to.chars().take(NAME_MAX).collect::<String>()))
            .hint("a user name such as mia"));
    }
    let people = &world.duty.people.people;
    let known = people.iter().find(|(id, person)| id.as_str() == to || person.user == to);
    if !people.is_empty() && known.is_none() {
        return Err(names::unknown("person", to, people.keys().map(PersonId::as_str)));
    }
    // The user is who an acknowledgement names.
    let to = known.map_or(to, |(_, person)| person.user.as_str());
    if incident.owner.as_ref().is_some_and(|owner| owner.name == to) {
        return Err(state(format!("incident {id} is {to}'s already")));
    }
    let handed = Event::IncidentHandedOver { incident: id, to: to.to_owned(), note: word(note) };
    let void = incident.acknowledged.as_ref().filter(|ack| ack.by.name() != to);
    let void = void.map(|_| Event::AcknowledgementEnded { incident: id, reason: "handed over".into() });
    Ok(Decision::events([Some(handed), void].into_iter().flatten()))
}

/// Make an incident part of another.
pub(super) fn merge(world: &World, id: IncidentId, into: IncidentId) -> Result<Decision, Refusal> {
    let (incident, target) = (open(world, id)?, open(world, into)?);
    if id == into {
        return Err(names::invalid(format!("incident {id} cannot be part of itself")));
    }
    let merged = Event::IncidentMerged { incident: id, into };
    Ok(Decision::events([merged].into_iter().chain(triage::raised(target, incident.severity))))
}

/// Make an incident of its own from some alerts of another.
pub(super) fn split(world: &World, id: IncidentId, alerts: &[Fingerprint]) -> Result<Decision, Refusal> {
    let incident = open(world, id)?;
    let mut alerts = alerts.to_vec();
    alerts.sort_unstable();
    alerts.dedup();
    if let Some(stranger) = alerts.iter().find(|alert| !incident.alerts.contains_key(*alert)) {
        let own = incident.alerts.keys().take(8).map(ToString::to_string).collect::<Vec<_>>().join(", ");
        return Err(Refusal::new(RefusalKind::NotFound, format!("incident {id} has no alert {stranger}")).hint(format!("it has {own}")));
    }
    if alerts.is_empty() {
        return Err(names::invalid("no alert was named").hint(format!("dogwatch incident {id} lists them")));
    }
    if alerts.len() == incident.alerts.len() {
        return Err(state(format!("incident {id} would be left without alerts")).hint("leave at least one with it"));
    }
    let rows = || alerts.iter().filter_map(|alert| incident.alerts.get(alert)).filter(|row| row.resolved_at.is_none());
    let Some(worst) = rows().max_by_key(|row| row.notice.severity) else {
        return Err(state("none of these alerts fires any more").hint("an incident of its own needs one that does"));
    };
    Ok(Event::IncidentSplit {
        incident: id,
        new: IncidentId(world.next_incident.max(1)),
        title: worst.notice.summary.clone(),
        severity: worst.notice.severity,
        alerts,
    }
    .into())
}

/// What an event of this family would touch.
pub(in crate::rules) fn touches(world: &World, event: &Event) -> Vec<String> {
    match event {
        Event::IncidentMitigated { incident, .. } => {
            vec![format!("the impact of incident {incident} is over; nobody is told further, its alerts go on being watched")]
        }
        Event::MitigationEnded { incident, .. } => vec![format!("incident {incident} has impact again, people are told again")],
        Event::IncidentSnoozed { incident, until, .. } => of_snooze(world, *incident, *until),
        Event::SnoozeEnded { incident, .. } => vec![format!("incident {incident} is back in the queue now")],
        Event::IncidentClaimed { incident } => of_owner(world, *incident, "yours"),
        Event::IncidentUnclaimed { incident } => of_owner(world, *incident, "nobody's"),
        Event::IncidentHandedOver { incident, to, .. } => of_owner(world, *incident, &format!("{to}'s")),
        Event::IncidentMerged { incident, into } => of_merge(world, *incident, *into),
        Event::IncidentSplit { incident, new, title, severity, alerts } => of_split(world, *incident, *new, (title, *severity), alerts),
        Event::SeverityRaised { incident, severity } => vec![format!("incident {incident} becomes {severity}")],
        _ => Vec::new(),
    }
}

fn of_snooze(world: &World, id: IncidentId, until: Timestamp) -> Vec<String> {
    let mut lines = vec![format!("incident {id} is put off until {}; a worse alert brings it back sooner", moment(world, until))];
    let runs_out = world.incident(id).and_then(|incident| world.runs_out(incident)).filter(|out| out.at < until);
    lines.extend(runs_out.map(|out| format!("before that, {} runs out at {}", out.what, moment(world, out.at))));
    lines
}

fn of_owner(world: &World, id: IncidentId, whose: &str) -> Vec<String> {
    let before = world.incident(id).and_then(|incident| incident.owner.as_ref());
    let before = before.map_or_else(|| "nobody's".to_owned(), |owner| format!("{}'s", owner.name));
    vec![format!("incident {id} is {whose} instead of {before}; that is no acknowledgement")]
}

fn of_merge(world: &World, id: IncidentId, into: IncidentId) -> Vec<String> {
    let Some(incident) = world.incident(id) else { return Vec::new() };
    let mut lines = vec![format!("incident {id} ({}) becomes part of incident {into} and is over", incident.title)];
    lines.extend(world.incident(into).map(|target| format!("incident {into} ({}) goes on with all alerts", target.title)));
    lines.extend(incident.alerts.values().map(|row| format!("moves: {}", row.notice.summary)));
    lines.push(undo_of_merge(incident, into));
    lines
}

fn undo_of_merge(incident: &Incident, into: IncidentId) -> String {
    let alerts = incident.alerts.keys().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    format!("to undo it: dogwatch split {into} {alerts}")
}

fn of_split(
    world: &World,
    id: IncidentId,
    new: IncidentId,
    (title, severity): (&str, crate::domain::Severity),
    alerts: &[Fingerprint],
) -> Vec<String> {
    let Some(incident) = world.incident(id) else { return Vec::new() };
    let mut lines = vec![format!("incident {new} begins: {severity}, {title}")];
    lines.extend(alerts.iter().filter_map(|alert| Some(format!("moves: {}", incident.alerts.get(alert)?.notice.summary))));
    let left = incident.alerts.iter().filter(|(alert, _)| !alerts.contains(alert));
    let firing = left.clone().filter(|(_, row)| row.resolved_at.is_none()).count();
    lines.push(match firing {
        0 => format!("nothing fires in incident {id} then: it is over"),
        1 => format!("1 of the alerts that stay with incident {id} fires"),
        count => format!("{count} of the alerts that stay with incident {id} fire"),
    });
    lines.push(format!("to undo it: dogwatch merge {new} {id}"));
    lines
}
