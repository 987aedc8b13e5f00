//! What lies over incidents without being their state: who owns one, what keeps people from being told, until when.

use super::{Flapping, Incident, World};
use crate::domain::overlay::MutedBy;
use crate::domain::{AlertCause, Labels, MaintenanceWindow, Matcher, ProbeId, SilenceId, Stage, matcher};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Ended silences that the world keeps; older ones are in the journal.
pub const SILENCES_KEPT: usize = 50;
/// Silences that may last at the same time.
pub const SILENCES_MAX: usize = 200;

/// An incident that was put off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snooze {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// When it comes back.
    pub until: Timestamp,
}

/// Whose an incident is; another thing than who works on it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The person.
    pub name: String,
    /// Who said so: the person, or who handed it over.
    pub by: String,
    /// Since when.
    pub since: Timestamp,
}

/// A silence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    /// Its number.
    pub id: SilenceId,
    /// What it fits: all of these.
    pub matchers: Vec<Matcher>,
    /// Who made it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
    /// When it ends or ended.
    pub until: Timestamp,
    /// Why it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
}

impl Silence {
    /// Whether it fits these labels.
    pub fn covers(&self, labels: &Labels) -> bool {
        matcher::all_match(&self.matchers, labels)
    }

    /// Its matchers as one text.
    pub fn scope(&self) -> String {
        self.matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }
}

/// A maintenance window, and whether it lasts now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Maintenance {
    /// Its definition.
    pub window: Arc<MaintenanceWindow>,
    /// Since when it lasts.
    pub since: Option<Timestamp>,
    /// When it ends; absent while it does not last.
    pub until: Option<Timestamp>,
}

/// What keeps one alert from being told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Muting {
    /// What.
    pub by: MutedBy,
    /// Since when.
    pub since: Timestamp,
    /// When it ends.
    pub until: Timestamp,
}

/// A kind of overlay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OverlayKind {
    /// A named person works on it.
    Acknowledged,
    /// Its impact is over.
    Mitigated,
    /// It was put off.
    Snoozed,
    /// All that fires in it is covered by silences.
    Silenced(SilenceId),
    /// All that fires in it is covered by maintenance windows, or by those and silences.
    Maintenance(String),
    /// A target of it goes up and down: its alert stays open until it holds still.
    Flapping(Flapping),
}

impl OverlayKind {
    /// The word for a row and for JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Acknowledged => "acknowledged",
            Self::Mitigated => "mitigated",
            Self::Snoozed => "snoozed",
            Self::Silenced(_) => "silenced",
            Self::Maintenance(_) => "maintenance",
            Self::Flapping(_) => "flapping",
        }
    }
}

/// One overlay of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlay {
    /// Which kind.
    pub kind: OverlayKind,
    /// Who; for maintenance the workspace, for a target that flaps its probe.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// When it ends; absent where it has no set end.
    pub until: Option<Timestamp>,
}

impl Overlay {
    /// What it is and who says so: `snoozed by mia`, `silence 3 by ana`, `shop flapping 41%`.
    pub fn words(&self) -> String {
        match &self.kind {
            OverlayKind::Silenced(id) => format!("silence {id} by {}", self.by),
            OverlayKind::Maintenance(name) => format!("maintenance {name}"),
            OverlayKind::Flapping(flapping) => format!("{} {flapping}", self.by),
            kind => format!("{} by {}", kind.word(), self.by),
        }
    }
}

impl World {
    /// What keeps an alert with these labels from being told; of several the one that lasts longest.
    pub fn muting(&self, labels: &Labels, now: Timestamp) -> Option<Muting> {
        let silences = self.silences.values().filter(|silence| silence.until > now && silence.covers(labels));
        let silences = silences.map(|row| Muting { by: MutedBy::Silence(row.id), since: row.since, until: row.until });
        let windows = self.maintenance.values().filter_map(|row| {
            let until = row.until.filter(|until| *until > now && row.window.covers(labels))?;
            Some(Muting { by: MutedBy::Maintenance(row.window.name.clone()), since: row.since?, until })
        });
        silences.chain(windows).max_by_key(|muting| muting.until)
    }

    /// What keeps a whole incident from being told: each of its alerts that fire is covered. It lasts until the first of
    /// them is not.
    pub fn muted(&self, incident: &Incident, now: Timestamp) -> Option<Muting> {
        if self.silences.is_empty() && self.maintenance.is_empty() {
            return None;
        }
        let mut found: Option<Muting> = None;
        for alert in incident.alerts.values().filter(|alert| alert.resolved_at.is_none()) {
            let muting = self.muting(&alert.notice.labels, now)?;
            if found.as_ref().is_none_or(|first| muting.until < first.until) {
                found = Some(muting);
            }
        }
        found
    }

    /// A silence that lasts, or one of the last that ended.
    pub fn silence(&self, id: SilenceId) -> Option<&Silence> {
        let ended = || self.ended_silences.iter().rev().find(|silence| silence.id == id);
        self.silences.get(&id).or_else(ended).map(|silence| &**silence)
    }

    /// All overlays of an incident: who, why, until when.
    pub fn overlays(&self, incident: &Incident, now: Timestamp) -> Vec<Overlay> {
        if !incident.is_open() {
            return Vec::new();
        }
        let ack = incident.acknowledged.as_ref().map(|ack| Overlay {
            kind: OverlayKind::Acknowledged,
            by: ack.by.name().to_owned(),
            reason: ack.note.clone(),
            since: ack.at,
            until: None,
        });
        let mitigated = incident.mitigated_at.filter(|_| incident.stage == Stage::Mitigated).map(|since| Overlay {
            kind: OverlayKind::Mitigated,
            by: incident.mitigated_by.clone().unwrap_or_default(),
            reason: None,
            since,
            until: None,
        });
        let snoozed = incident.snoozed.as_deref().filter(|snooze| snooze.until > now).map(|snooze| Overlay {
            kind: OverlayKind::Snoozed,
            by: snooze.by.clone(),
            reason: snooze.reason.clone(),
            since: snooze.since,
            until: Some(snooze.until),
        });
        let muted = self.muted(incident, now).map(|muting| self.overlay_of(muting));
        let flapping = self.flapping(incident).map(|(probe, flapping)| Overlay {
            kind: OverlayKind::Flapping(flapping),
            by: probe.to_string(),
            reason: None,
            since: flapping.since,
            until: None,
        });
        [ack, mitigated, snoozed, muted, flapping].into_iter().flatten().collect()
    }

    /// Of the probes whose alerts fire in an incident, the one whose target flaps most.
    pub fn flapping<'a>(&self, incident: &'a Incident) -> Option<(&'a ProbeId, Flapping)> {
        let firing = incident.alerts.values().filter(|alert| alert.resolved_at.is_none());
        let probes = firing.filter_map(|alert| if let AlertCause::ProbeDown { probe } = &alert.notice.cause { Some(probe) } else { None });
        probes.filter_map(|id| Some((id, self.probe(id)?.flapping?))).max_by_key(|(_, flapping)| flapping.share)
    }

    fn overlay_of(&self, muting: Muting) -> Overlay {
        let (since, until) = (muting.since, Some(muting.until));
        match muting.by {
            MutedBy::Silence(id) => {
                let silence = self.silence(id);
                let by = silence.map(|silence| silence.by.clone()).unwrap_or_default();
                Overlay { kind: OverlayKind::Silenced(id), by, reason: silence.map(|silence| silence.reason.clone()), since, until }
            }
            MutedBy::Maintenance(name) => {
                let reason = self.maintenance.get(&name).map(|row| row.window.reason.clone()).filter(|reason| !reason.is_empty());
                Overlay { kind: OverlayKind::Maintenance(name), by: "the workspace".into(), reason, since, until }
            }
        }
    }
}
