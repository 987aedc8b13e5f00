//! What lies over incidents: whether people are told of one now, and what is due around it (RULES: ack, snooze, silence).

use crate::domain::overlay::MutedBy;
use crate::domain::{AckLife, Event, Fingerprint, IncidentId, SilenceId};
use crate::world::incident::Acknowledgement;
use crate::world::{Incident, Overlay, OverlayKind, World};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// Whether people should not be told of an open incident now, and why; of several reasons the one that lasts longest.
/// What is over is not quiet: that it is over is told always. Nor is a target that flaps: somebody must look at it.
pub fn quiet(world: &World, incident: &Incident, now: Timestamp) -> Option<Overlay> {
    let quieting = world.overlays(incident, now).into_iter().filter(|overlay| !matches!(overlay.kind, OverlayKind::Flapping(_)));
    quieting.max_by_key(|overlay| overlay.until.unwrap_or(Timestamp::MAX))
}

/// A new alert of an incident that is covered by a silence or by maintenance: the timeline says so.
pub(super) fn of_new_alert(world: &World, incident: IncidentId, alert: Fingerprint, now: Timestamp) -> Option<Event> {
    let labels = &world.alerts.get(&alert)?.notice.labels;
    let by = world.muting(labels, now)?.by;
    Some(Event::AlertMuted { incident, alert, by })
}

/// How the end of an alert is told where it was covered: recovery is never swallowed.
pub(super) fn while_muted(world: &World, incident: &Incident, alert: Fingerprint, now: Timestamp) -> Option<&'static str> {
    let labels = &incident.alerts.get(&alert)?.notice.labels;
    match world.muting(labels, now).map(|muting| muting.by) {
        Some(MutedBy::Silence(_)) => Some("while it was silenced"),
        Some(MutedBy::Maintenance(_)) => Some("during maintenance"),
        None => incident.snoozed.as_ref().map(|_| "while it was snoozed"),
    }
}

/// When an incident's snooze ends, or its acknowledgement is asked about or ends.
pub(super) fn next_due(world: &World, id: IncidentId) -> Option<Timestamp> {
    let incident = world.incident(id).filter(|incident| incident.is_open())?;
    match &incident.snoozed {
        // Who put it off is not asked meanwhile.
        Some(snooze) => Some(snooze.until),
        None => incident.acknowledged.as_ref().and_then(|ack| next_of_ack(ack, world.ack_life)),
    }
}

fn next_of_ack(ack: &Acknowledgement, life: AckLife) -> Option<Timestamp> {
    if life.expires.is_zero() || !ack.by.is_person() {
        return None;
    }
    ack.asked_until.or_else(|| later(ack.sign_at, life.expires.saturating_sub(life.ask)))
}

/// What is due around an incident now.
pub(super) fn due(world: &World, id: IncidentId, now: Timestamp) -> Vec<Event> {
    let Some(incident) = world.incident(id).filter(|incident| incident.is_open()) else { return Vec::new() };
    if next_due(world, id).is_none_or(|due| due > now) {
        return Vec::new();
    }
    if incident.snoozed.is_some() {
        return vec![Event::SnoozeEnded { incident: id, reason: "its time is up".into() }];
    }
    let Some(ack) = &incident.acknowledged else { return Vec::new() };
    let life = world.ack_life;
    vec![if ack.asked_until.is_none() {
        // However late the question comes, there is time to answer it.
        let until = later(ack.sign_at, life.expires).max(later(now, life.ask)).unwrap_or(now);
        Event::AcknowledgementAsked { incident: id, until }
    } else {
        let silent = SignedDuration::from_secs(now.duration_since(ack.sign_at).as_secs());
        Event::AcknowledgementEnded { incident: id, reason: format!("no sign of life for {silent:#}") }
    }]
}

fn later(at: Timestamp, by: Duration) -> Option<Timestamp> {
    at.checked_add(by).ok()
}

/// When a silence ends.
pub(super) fn silence_ends(world: &World, id: SilenceId) -> Option<Timestamp> {
    world.silences.get(&id).map(|silence| silence.until)
}

/// The end of a silence whose time is up.
pub(super) fn silence_due(world: &World, id: SilenceId, now: Timestamp) -> Option<Event> {
    let over = silence_ends(world, id).is_some_and(|until| until <= now);
    over.then(|| Event::SilenceEnded { silence: id, reason: "its time is up".into() })
}
