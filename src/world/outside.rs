//! Changes of the machine and marks, for the timelines of all incidents: what changed before it broke?

use super::Incident;
use crate::domain::outside::{LogMark, OutsideSettings};
use crate::domain::{Entry, Event};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;

/// Changes and marks that are at hand; older ones are in the journal.
pub const OUTSIDE_KEPT: usize = 100;
/// Changes that are younger than this before the first sign may have caused it.
pub const LOOK_BACK: SignedDuration = SignedDuration::from_hours(6);

/// What is known of the machine's own changes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Outside {
    /// Where they are read from.
    pub settings: OutsideSettings,
    /// When the first daemon of this workspace began: earlier changes are none of its business.
    pub since: Option<Timestamp>,
    /// The boot that is on record.
    pub boot_id: Option<String>,
    /// How far the log of packages was read.
    pub log: Option<LogMark>,
    /// The last changes and marks, in the order in which they were recorded.
    pub changes: VecDeque<Arc<Entry>>,
}

impl Outside {
    /// A daemon began: the first one sets from when on, and in which boot, changes count.
    pub(super) fn begun(&mut self, boot_id: &str, at: Timestamp) {
        self.since.get_or_insert(at);
        self.boot_id.get_or_insert_with(|| boot_id.to_owned());
    }

    /// Keeps a change or a mark at hand.
    pub(super) fn keep(&mut self, entry: &Entry) {
        if self.changes.len() >= OUTSIDE_KEPT {
            self.changes.pop_front();
        }
        self.changes.push_back(Arc::new(entry.clone()));
    }

    /// Changes and marks from shortly before an incident's first sign until its end.
    pub fn around<'s>(&'s self, incident: &Incident) -> impl Iterator<Item = &'s Arc<Entry>> + use<'s> {
        let from = incident.first_sign_at.checked_sub(LOOK_BACK).unwrap_or(incident.first_sign_at);
        let to = incident.resolved.as_ref().map_or(Timestamp::MAX, |end| end.at);
        self.changes.iter().filter(move |entry| (from..=to).contains(&happened(entry)))
    }
}

/// When a fact happened: what is learned from a log may be recorded later.
pub fn happened(entry: &Entry) -> Timestamp {
    match &entry.event {
        Event::OutsideChanged { change } => change.happened_at,
        _ => entry.at,
    }
}

impl Incident {
    /// Its timeline with the machine's changes around it, in the order in which things happened.
    pub fn facts(&self, outside: &Outside) -> Vec<Arc<Entry>> {
        let own = |entry: &&Arc<Entry>| self.timeline.binary_search_by_key(&entry.seq, |own| own.seq).is_err();
        let mut facts: Vec<Arc<Entry>> = self.timeline.iter().chain(outside.around(self).filter(own)).cloned().collect();
        facts.sort_by_key(|entry| (happened(entry), entry.seq));
        facts
    }
}
