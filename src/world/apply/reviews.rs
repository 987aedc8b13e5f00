//! Facts about what comes after an incident: its record, its write-up, what its review led to.

use crate::domain::note::{NoteKind, SavedNote, State};
use crate::domain::{Author, IncidentId, Stage, Subject};
use crate::world::World;
use crate::world::incident::{Incident, ReviewDecision};
use crate::world::record::{RECORDS_KEPT, Record};
use jiff::Timestamp;
use std::sync::Arc;

impl World {
    /// Keeps an ended incident in short.
    pub(super) fn recorded(&mut self, incident: &Incident) {
        self.records.insert(incident.id, Arc::new(Record::of(incident)));
        while self.records.len() > RECORDS_KEPT {
            self.records.pop_first();
        }
    }

    pub(super) fn note_saved(&mut self, note: &SavedNote, by: &Author) {
        let Subject::Incident(incident) = &note.subject else { return };
        self.change_incident(*incident, |incident| {
            incident.notes.retain(|other| other.path != note.path);
            incident.notes.push(note.clone());
            if note.kind == NoteKind::PostMortem {
                incident.write_up.get_or_insert_default().authors.insert(by.name().to_owned());
            }
        });
    }

    pub(super) fn write_up_moved(&mut self, incident: IncidentId, state: State, by: &str, at: Timestamp) {
        self.change_incident(incident, |incident| {
            let write_up = incident.write_up.get_or_insert_default();
            write_up.state = state;
            write_up.by = Some(by.to_owned());
            write_up.at = Some(at);
            match (state, incident.stage) {
                (State::Reviewed, Stage::Resolved) => incident.stage = Stage::Reviewed,
                (State::Draft | State::InReview, Stage::Reviewed) => incident.stage = Stage::Resolved,
                _ => {}
            }
        });
        if let Some(record) = self.records.get_mut(&incident) {
            Arc::make_mut(record).write_up = Some(state);
        }
    }

    pub(super) fn review_decided(&mut self, incident: IncidentId, decision: ReviewDecision) {
        self.change_incident(incident, |incident| {
            incident.decided.retain(|other| other.finding != decision.finding);
            incident.decided.push(decision);
        });
    }
}
