//! Alerts that fire and incidents, as the entries left them.

use super::Escalation;
use super::overlay::{Owner, Snooze};
use crate::domain::evidence::Capsule;
use crate::domain::incident::AlertNotice;
use crate::domain::note::{SavedNote, State};
use crate::domain::review::Finding;
use crate::domain::{AlertCause, Author, Entry, Few, Fingerprint, FlowId, IncidentId, Labels, ProbeId, Severity, SourceId, Stage};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The label that every alert from outside has.
const ALERT_NAME: &str = "alertname";

/// An alert that fires.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Its identity.
    pub fingerprint: Fingerprint,
    /// Who raised it.
    pub source: SourceId,
    /// What it says.
    pub notice: AlertNotice,
    /// Since when it fires.
    pub since: Timestamp,
    /// How often it was raised while it fires.
    pub count: u32,
    /// The incident that it belongs to.
    pub incident: Option<IncidentId>,
    /// The person who sent it in, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_in_by: Option<String>,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// When its words were recorded last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_at: Option<Timestamp>,
}

/// An incident: what needs a human.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its number.
    pub id: IncidentId,
    /// One line.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// What it groups by.
    pub group: Labels,
    /// How far the work on it is.
    pub stage: Stage,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When the trouble was first seen: a bad probe result or the failing attempt, before any alert.
    pub first_sign_at: Timestamp,
    /// Its alerts, also those that are over.
    pub alerts: Few<Fingerprint, IncidentAlert>,
    /// Flows that have a part in it.
    pub flows: BTreeSet<FlowId>,
    /// Probes that have a part in it.
    pub probes: BTreeSet<ProbeId>,
    /// Who works on it now.
    pub acknowledged: Option<Acknowledgement>,
    /// The first time that anyone acknowledged it; also after that ended.
    pub first_acknowledged_at: Option<Timestamp>,
    /// How it ended.
    pub resolved: Option<Resolution>,
    /// The resolved incident that had the same alert.
    pub previous: Option<IncidentId>,
    /// The later incident that had the same alert.
    pub next: Option<IncidentId>,
    /// Every fact about it, the oldest first.
    pub timeline: Vec<Arc<Entry>>,
    /// Facts that were left out because there are too many; they are in the journal.
    pub timeline_dropped: u64,
    /// Files about it.
    pub notes: Vec<SavedNote>,
    /// Since when its impact is over; also after its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mitigated_at: Option<Timestamp>,
    /// Who said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mitigated_by: Option<String>,
    /// Until when it was put off, by whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed: Option<Box<Snooze>>,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Box<Owner>>,
    /// The incident that it was found to be part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<IncidentId>,
    /// The incident that its alerts were in before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_from: Option<IncidentId>,
    /// What the incidents that became part of it grouped by: their further alerts join this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_groups: Vec<Labels>,
    /// How far the telling of it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<Box<Escalation>>,
    /// Numbers of the entries that people pinned.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub pins: BTreeSet<u64>,
    /// What people said is to be done: lines that begin with `!todo`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub todos: Vec<Todo>,
    /// Evidence that was gathered.
    #[serde(default, skip_serializing_if = "Evidence::is_empty")]
    pub evidence: Evidence,
    /// How far its write-up is; absent where nobody has begun one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_up: Option<Box<WriteUp>>,
    /// The person who sent in the alert that opened it, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_in_by: Option<String>,
    /// What people decided about what its review proposed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decided: Vec<ReviewDecision>,
}

impl Incident {
    /// An incident that nobody has looked at, without alerts.
    pub(super) fn opened(
        id: IncidentId,
        title: &str,
        severity: Severity,
        group: Labels,
        previous: Option<IncidentId>,
        at: Timestamp,
    ) -> Self {
        Self {
            id,
            title: title.to_owned(),
            severity,
            group,
            stage: Stage::Triggered,
            opened_at: at,
            first_sign_at: at,
            alerts: Few::new(),
            flows: BTreeSet::new(),
            probes: BTreeSet::new(),
            acknowledged: None,
            first_acknowledged_at: None,
            resolved: None,
            previous,
            next: None,
            timeline: Vec::new(),
            timeline_dropped: 0,
            notes: Vec::new(),
            mitigated_at: None,
            mitigated_by: None,
            snoozed: None,
            owner: None,
            merged_into: None,
            split_from: None,
            also_groups: Vec::new(),
            escalation: None,
            pins: BTreeSet::new(),
            todos: Vec::new(),
            evidence: Evidence::default(),
            write_up: None,
            sent_in_by: None,
            decided: Vec::new(),
        }
    }

    /// Whether it still needs a human.
    pub fn is_open(&self) -> bool {
        self.stage.is_open()
    }

    /// Who said that its post-mortem is reviewed; nobody while it is not.
    pub fn reviewer(&self) -> Option<&str> {
        self.write_up.as_ref().filter(|write_up| write_up.state == State::Reviewed)?.by.as_deref()
    }

    /// Whether the person who acknowledged it was asked whether they still work on it.
    pub fn is_asked(&self) -> bool {
        self.is_open() && self.acknowledged.as_ref().is_some_and(|ack| ack.asked_until.is_some())
    }

    /// Labels of all its alerts, the worst alert's values first.
    pub fn labels(&self) -> Labels {
        let mut alerts: Vec<_> = self.alerts.values().collect();
        alerts.sort_by_key(|alert| alert.notice.severity);
        alerts.into_iter().flat_map(|alert| alert.notice.labels.clone()).collect()
    }

    /// The neighbours that its alerts come from, by name.
    pub fn neighbours(&self) -> BTreeSet<&SourceId> {
        self.alerts.values().map(|alert| &alert.source).filter(|source| !source.is_local()).collect()
    }

    /// Its title for a list, after the neighbours that it comes from: `warehouse: disk full`.
    pub fn listed(&self) -> String {
        let names: Vec<&str> = self.neighbours().into_iter().map(SourceId::as_str).collect();
        if names.is_empty() { self.title.clone() } else { format!("{}: {}", names.join(", "), self.title) }
    }

    /// The name and the labels of each alert from outside that its group does not tell.
    pub fn apart(&self) -> impl Iterator<Item = String> {
        let outside = self.alerts.values().filter(|alert| matches!(alert.notice.cause, AlertCause::Outside { .. }));
        outside.map(|alert| alert.apart_from(&self.group)).filter(|words| !words.is_empty())
    }
}

/// Something that is to be done about an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Todo {
    /// What.
    pub text: String,
    /// Who said so.
    pub by: Author,
    /// When.
    pub at: Timestamp,
    /// The entry that it stands in.
    pub entry: u64,
}

/// Evidence about an incident.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The number of the last capsule that was asked for.
    pub last: u32,
    /// Names of all that was asked for by itself: nothing is gathered twice because another alert joins.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub names: BTreeSet<String>,
    /// Names of each capsule that is being gathered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<(u32, Vec<String>)>,
    /// What was gathered, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capsules: Vec<Arc<Capsule>>,
}

impl Evidence {
    /// Whether nothing was ever asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// An alert within an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IncidentAlert {
    /// Who raised it.
    pub source: SourceId,
    /// What it said last.
    pub notice: AlertNotice,
    /// Since when it fires or fired.
    pub since: Timestamp,
    /// When it was over.
    pub resolved_at: Option<Timestamp>,
}

impl IncidentAlert {
    /// `DiskFull  host=db1  mount=/var`: its name, and its labels that a group does not have.
    fn apart_from(&self, group: &Labels) -> String {
        let labels = &self.notice.labels;
        let others = labels.iter().filter(|(name, value)| *name != ALERT_NAME && group.get(*name) != Some(*value));
        let others = others.map(|(name, value)| format!("{name}={value}"));
        labels.get(ALERT_NAME).cloned().into_iter().chain(others).collect::<Vec<_>>().join("  ")
    }
}

/// Who works on an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Who.
    pub by: Author,
    /// Since when.
    pub at: Timestamp,
    /// Their word.
    pub note: Option<String>,
    /// When they were last seen at it: a note, a tick, a command on it or its flows.
    pub sign_at: Timestamp,
    /// They were asked whether they still work on it, and have so long to answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_until: Option<Timestamp>,
}

/// How an incident ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resolution {
    /// Who: a person, or dogwatch when the condition was over.
    pub by: Author,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// How far the write-up of an incident is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteUp {
    /// How far.
    pub state: State,
    /// Who said so; absent while nobody has.
    pub by: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
    /// Who saved it.
    pub authors: BTreeSet<String>,
}

/// A decision about a finding of the review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewDecision {
    /// What was proposed.
    pub finding: Finding,
    /// Whether it was taken.
    pub accepted: bool,
    /// Who decided.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The file that was made of it.
    pub path: Option<String>,
}
