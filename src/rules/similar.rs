//! An incident → past ones like it, with what fixed them: by the same alert, the same flow or probe, and by labels.

use crate::domain::{Fingerprint, IncidentId, Labels, Severity};
use crate::world::{Incident, Record, World};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::BTreeSet;

/// Past incidents with fewer equal labels than this in a hundred are another matter.
const ALIKE: usize = 50;

/// A past incident that is like another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Similar {
    /// Its number.
    pub id: IncidentId,
    /// One line.
    pub title: String,
    /// How bad it became.
    pub severity: Severity,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// How long it lasted, in seconds.
    pub lasted: Option<i64>,
    /// How much it is alike: of 300, of which the same alert is worth 200.
    pub score: u32,
    /// In what it is alike.
    pub why: String,
    /// What people did, and why it was over.
    pub fixed_by: Vec<String>,
}

impl Similar {
    /// How long it lasted.
    pub fn took(&self) -> Option<SignedDuration> {
        self.lasted.map(SignedDuration::from_secs)
    }
}

/// Past incidents like this one, the most alike first, of these the youngest. Looks at every kept record: asked when a
/// page opens or an incident ends, never for a frame.
pub fn similar(world: &World, incident: &Incident, most: usize) -> Vec<Similar> {
    let labels = incident.labels();
    let alerts: BTreeSet<Fingerprint> = incident.alerts.keys().copied().collect();
    let past = world.records.values().rev().filter(|record| record.id != incident.id && record.resolved_at.is_some());
    let mut found: Vec<Similar> = past.filter_map(|record| alike(record, incident, &labels, &alerts)).collect();
    found.sort_by_key(|row| (std::cmp::Reverse(row.score), std::cmp::Reverse(row.id)));
    found.truncate(most);
    found
}

fn alike(record: &Record, incident: &Incident, labels: &Labels, alerts: &BTreeSet<Fingerprint>) -> Option<Similar> {
    let mut reasons = Vec::new();
    let mut score = 0;
    if record.alerts.iter().any(|alert| alerts.contains(&alert.fingerprint)) {
        score += 200;
        reasons.push("the same alert".to_owned());
    } else {
        let flow = record.flows.iter().find(|flow| incident.flows.contains(*flow)).map(|flow| format!("flow {flow}"));
        let probe = record.probes.iter().find(|probe| incident.probes.contains(*probe)).map(|probe| format!("probe {probe}"));
        if let Some(what) = flow.or(probe) {
            score += 100;
            reasons.push(what);
        }
    }
    let shared: Vec<_> = labels.iter().filter(|(name, value)| record.labels.get(name.as_str()) == Some(*value)).collect();
    let all = labels.len() + record.labels.len() - shared.len();
    let share = (shared.len() * 100).checked_div(all).unwrap_or(0);
    if share >= ALIKE || score > 0 {
        score += u32::try_from(share).unwrap_or(0);
    }
    if score == 0 {
        return None;
    }
    if reasons.is_empty() {
        reasons.push(shared.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" "));
    }
    Some(Similar {
        id: record.id,
        title: record.title.clone(),
        severity: record.severity,
        opened_at: record.opened_at,
        lasted: record.resolved_at.map(|at| at.duration_since(record.opened_at).as_secs().max(0)),
        score,
        why: reasons.join(", "),
        fixed_by: fixed_by(record),
    })
}

/// What people did about it, and why it was over.
fn fixed_by(record: &Record) -> Vec<String> {
    let mut fixed: Vec<String> = record.deeds.iter().map(ToString::to_string).collect();
    let end = match &record.resolved_by {
        Some(person) => format!("{}, said {person}", record.reason),
        None if record.deeds.is_empty() => format!("by itself: {}", record.reason),
        None => record.reason.clone(),
    };
    fixed.push(end);
    fixed
}
