//! Facts about the record of an incident: pins, things to do, evidence; and changes of the machine.

use crate::domain::evidence::Capsule;
use crate::domain::outside::OutsideChange;
use crate::domain::{Entry, IncidentId};
use crate::world::{Todo, World};
use std::sync::Arc;

/// Things to do that one incident keeps.
const TODOS_KEPT: usize = 200;
/// What such a line begins with.
const TODO: &str = "!todo";

impl World {
    pub(super) fn entry_pinned(&mut self, id: IncidentId, entry: u64, pinned: bool) {
        self.change_incident(id, |incident| {
            if pinned {
                incident.pins.insert(entry);
            } else {
                incident.pins.remove(&entry);
            }
        });
    }

    pub(super) fn noted(&mut self, id: IncidentId, text: &str, entry: &Entry) {
        let mut todos = todos(text).peekable();
        if todos.peek().is_none() {
            return;
        }
        self.change_incident(id, |incident| {
            let room = TODOS_KEPT.saturating_sub(incident.todos.len());
            let made = todos.take(room).map(|text| Todo { text, by: entry.author.clone(), at: entry.at, entry: entry.seq });
            incident.todos.extend(made);
        });
    }

    pub(super) fn outside_changed(&mut self, change: &OutsideChange, entry: &Entry) {
        if let Some(log) = &change.log {
            self.outside.log = Some(log.clone());
        }
        if let Some(boot_id) = &change.boot_id {
            self.outside.boot_id = Some(boot_id.clone());
        }
        self.outside.keep(entry);
    }

    /// The incident is over: what the machine did around it stays with it for good.
    pub(super) fn keep_outside(&mut self, id: IncidentId) {
        let Some(incident) = self.incident(id) else { return };
        let own = |entry: &&Arc<Entry>| incident.timeline.binary_search_by_key(&entry.seq, |own| own.seq).is_err();
        let around: Vec<Arc<Entry>> = self.outside.around(incident).filter(own).cloned().collect();
        if !around.is_empty() {
            self.change_incident(id, |incident| {
                incident.timeline.extend(around);
                incident.timeline.sort_by_key(|entry| entry.seq);
            });
        }
    }

    pub(super) fn evidence_asked(&mut self, id: IncidentId, number: u32, names: &[String], by_person: bool) {
        if self.incident(id).is_none() {
            return;
        }
        self.gathering.insert((id, number));
        self.change_incident(id, |incident| {
            let evidence = &mut incident.evidence;
            evidence.last = evidence.last.max(number);
            if !by_person {
                evidence.names.extend(names.iter().cloned());
            }
            evidence.asked.push((number, names.to_vec()));
        });
    }

    pub(super) fn evidence_taken(&mut self, id: IncidentId, capsule: &Arc<Capsule>) {
        self.gathering.remove(&(id, capsule.number));
        self.change_incident(id, |incident| {
            let evidence = &mut incident.evidence;
            evidence.asked.retain(|(number, _)| *number != capsule.number);
            evidence.capsules.retain(|other| other.number != capsule.number);
            evidence.capsules.push(capsule.clone());
        });
    }
}

/// What is to be done, of a text: each line that begins with `!todo`.
fn todos(text: &str) -> impl Iterator<Item = String> {
    let said = text.lines().filter_map(|line| line.trim().strip_prefix(TODO));
    said.filter(|rest| rest.starts_with([' ', ':', '\t']))
        .map(|rest| rest.trim_start_matches(':').trim().to_owned())
        .filter(|text| !text.is_empty())
}
