//! Alerts that fire often and are seldom acted on, with what to do about them.

use crate::domain::people::HourClass;
use crate::domain::{Fingerprint, IncidentId, ProbeId, counted};
use crate::world::Record;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// An alert that has fired less often than this says nothing about its habits.
const OFTEN: u32 = 4;
/// Incidents that are named as examples.
const EXAMPLES: usize = 5;

/// An alert with its habits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Noisy {
    /// Its identity.
    pub alert: Fingerprint,
    /// What it said last.
    pub summary: String,
    /// The probe behind it.
    pub probe: Option<ProbeId>,
    /// How many incidents it was part of.
    pub fired: u32,
    /// How many of them someone acknowledged.
    pub acknowledged: u32,
    /// In how many of them someone did something.
    pub acted_on: u32,
    /// How many of them were over without anyone's doing.
    pub by_itself: u32,
    /// How many of them came in hours of sleep.
    pub sleep: u32,
    /// What to do about it.
    pub proposal: String,
    /// The last of them.
    pub incidents: Vec<IncidentId>,
}

/// The noisy alerts of some incidents, the worst first: those that wake people, then those that fire most.
pub fn noisy(records: &[&Record], class: &dyn Fn(Timestamp) -> HourClass) -> Vec<Noisy> {
    let mut found: BTreeMap<Fingerprint, Noisy> = BTreeMap::new();
    for record in records {
        for alert in &record.alerts {
            let row = found.entry(alert.fingerprint).or_insert_with(|| Noisy {
                alert: alert.fingerprint,
                summary: String::new(),
                probe: alert.probe.clone(),
                fired: 0,
                acknowledged: 0,
                acted_on: 0,
                by_itself: 0,
                sleep: 0,
                proposal: String::new(),
                incidents: Vec::new(),
            });
            row.summary.clone_from(&alert.summary);
            row.fired += 1;
            row.acknowledged += u32::from(record.acknowledged_at.is_some());
            row.acted_on += u32::from(record.deeds_in_all > 0);
            row.by_itself += u32::from(record.is_by_itself());
            row.sleep += u32::from(class(record.opened_at) == HourClass::Sleep);
            if row.incidents.len() >= EXAMPLES {
                row.incidents.remove(0);
            }
            row.incidents.push(record.id);
        }
    }
    let mut noisy: Vec<Noisy> = found.into_values().filter_map(with_proposal).collect();
    noisy.sort_by_key(|row| std::cmp::Reverse((row.sleep, row.fired)));
    noisy
}

/// An alert with what to do about it; `None` where its habits are those of a good one.
fn with_proposal(row: Noisy) -> Option<Noisy> {
    let Noisy { fired, acknowledged, acted_on, by_itself, sleep, .. } = row;
    // Four of five.
    let mostly = |part: u32| part * 5 >= fired * 4;
    let later = || match &row.probe {
        Some(probe) => format!("let probe {probe} wait for more bad results (down_after), or ask less of it"),
        None => "let it fire only after a longer time".to_owned(),
    };
    let proposal = match () {
        () if fired < OFTEN || acted_on * 5 > fired => return None,
        () if mostly(by_itself) && sleep > 0 => {
            format!("{}; until then a lower severity, for it came {} in hours of sleep", later(), counted(sleep as usize, "time"))
        }
        () if mostly(by_itself) => later(),
        () if acknowledged == 0 => "nobody has ever reacted: remove it, or make it `info`".to_owned(),
        () if acted_on == 0 => {
            "it was acknowledged and nothing was done: make it a `warning`, or write what to do into a runbook".to_owned()
        }
        () => return None,
    };
    Some(Noisy { proposal, ..row })
}
