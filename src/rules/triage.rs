//! From alerts to incidents: open, join, raise, resolve (RULES: grouping, severity, resolve).

use super::overlays;
use crate::domain::incident::AlertNotice;
use crate::domain::{AlertCause, Event, Fingerprint, IncidentId, Labels, Severity};
use crate::world::{Alert, Incident, World, group_key};

/// The label that says what a thing is for; where it is absent, each flow and probe is a group of its own.
const SERVICE: &str = "service";

/// An alert fires: it opens an incident, joins one, or makes its own worse. Where a person has closed its incident while it
/// fires on, it concerns people again when it fails anew, or worse than what was closed.
pub(super) fn firing(world: &World, id: Fingerprint) -> Vec<Event> {
    let Some(alert) = world.alerts.get(&id) else { return Vec::new() };
    let own = alert.incident.and_then(|incident| world.incident(incident));
    match own {
        Some(incident) if incident.is_open() => raised(incident, alert.notice.severity),
        Some(closed) if !fails_anew(&alert.notice.cause) && alert.notice.severity <= closed.severity => Vec::new(),
        None if alert.incident.is_some() && !fails_anew(&alert.notice.cause) => Vec::new(),
        _ => placed(world, alert),
    }
}

/// Whether a cause that is told again is another failure: then it concerns people again, also where they have resolved
/// the incident of the one before. A condition that merely lasts does not.
fn fails_anew(cause: &AlertCause) -> bool {
    match cause {
        AlertCause::RunFailed { .. }
        | AlertCause::NotStarted { .. }
        | AlertCause::NotFinished { .. }
        | AlertCause::TooLong { .. }
        | AlertCause::TooFast { .. }
        | AlertCause::GlassBroken { .. }
        | AlertCause::ChecklistOverdue { .. } => true,
        AlertCause::ProbeDown { .. }
        | AlertCause::BudgetBurning { .. }
        | AlertCause::Outside { .. }
        | AlertCause::ChannelFailing { .. }
        | AlertCause::NobodyTold { .. }
        | AlertCause::AnchorFailing { .. } => false,
    }
}

fn placed(world: &World, alert: &Alert) -> Vec<Event> {
    let group = group_of(world, &alert.notice);
    let open = world.open_groups.get(&group_key(&group)).and_then(|id| world.incident(*id)).filter(|incident| incident.is_open());
    match open {
        Some(incident) => {
            let joined = Event::IncidentJoined { incident: incident.id, alert: alert.fingerprint };
            [joined].into_iter().chain(raised(incident, alert.notice.severity)).collect()
        }
        None => vec![Event::IncidentOpened {
            incident: IncidentId(world.next_incident.max(1)),
            title: alert.notice.summary.clone(),
            severity: alert.notice.severity,
            group,
            alert: alert.fingerprint,
            previous: world.last_incident.get(&alert.fingerprint).copied().filter(|id| is_over(world, *id)),
        }],
    }
}

fn is_over(world: &World, id: IncidentId) -> bool {
    world.incident(id).is_some_and(|incident| !incident.is_open())
}

/// A worse alert raises its incident and voids what was said of it: what was acknowledged, put off or mitigated was less.
pub(super) fn raised(incident: &Incident, severity: Severity) -> Vec<Event> {
    if severity <= incident.severity {
        return Vec::new();
    }
    let id = incident.id;
    let reason = || format!("a worse alert: {severity} instead of {}", incident.severity);
    let void = incident.acknowledged.as_ref().map(|_| Event::AcknowledgementEnded { incident: id, reason: reason() });
    let back = incident.snoozed.as_ref().map(|_| Event::SnoozeEnded { incident: id, reason: reason() });
    let again = incident.mitigated_by.as_ref().map(|_| Event::MitigationEnded { incident: id, reason: reason() });
    [Some(Event::SeverityRaised { incident: id, severity }), void, back, again].into_iter().flatten().collect()
}

/// What an alert groups by: the labels that the workspace names. Where the service, or all of them, are missing, the
/// flow, the probe or the alert's name keeps unrelated failures apart.
pub(super) fn group_of(world: &World, notice: &AlertNotice) -> Labels {
    if matches!(notice.cause, AlertCause::GlassBroken { .. }) {
        // Each is a case of its own, whatever the workspace groups by.
        return notice.labels.clone();
    }
    let defaults = ["source".to_owned(), SERVICE.to_owned()];
    let names: &[String] = if world.group_by.is_empty() { &defaults } else { &world.group_by };
    let named = names.iter().filter_map(|name| Some((name.clone(), notice.labels.get(name)?.clone())));
    let mut group: Labels = named.collect();
    let by_service = names.iter().any(|name| name == SERVICE) && !group.contains_key(SERVICE);
    if by_service || group.is_empty() {
        let source = notice.labels.get("source").map(|source| ("source".to_owned(), source.clone()));
        let object = ["flow", "probe", "channel", "checklist", "alertname"]
            .into_iter()
            .find_map(|name| Some((name.to_owned(), notice.labels.get(name)?.clone())));
        group.extend(source.into_iter().chain(object));
    }
    group
}

/// An alert is over: with the last one its incident is.
pub(super) fn resolved(world: &World, id: Fingerprint) -> Option<Event> {
    let incident = world.last_incident.get(&id).and_then(|incident| world.incident(*incident))?;
    let over = incident.is_open() && incident.alerts.values().all(|alert| alert.resolved_at.is_some());
    over.then(|| {
        let how = overlays::while_muted(world, incident, id, world.at).map(|how| format!(", {how}")).unwrap_or_default();
        Event::IncidentResolved { incident: incident.id, reason: format!("the condition is over{how}") }
    })
}

/// An incident whose last firing alerts were split off is over.
pub(super) fn of_split(world: &World, id: IncidentId) -> Option<Event> {
    let incident = world.incident(id).filter(|incident| incident.is_open())?;
    let over = incident.alerts.values().all(|alert| alert.resolved_at.is_some());
    over.then(|| Event::IncidentResolved { incident: id, reason: "what still fires is another incident".into() })
}
