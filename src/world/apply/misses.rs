//! Facts about absences: what was due while nothing could start.

use crate::domain::run::{Disposition, Occurrence};
use crate::world::{Away, MissEnd, World};
use jiff::Timestamp;

impl World {
    pub(super) fn away_noticed(&mut self, from: Timestamp, to: Timestamp) {
        self.away.get_or_insert_default().add(from, to);
    }

    /// Puts an occurrence that did not run in time on the list of the absence.
    pub(super) fn missed(&mut self, occurrence: &Occurrence, disposition: &Disposition) {
        let end = match disposition {
            Disposition::CaughtUp { run } => MissEnd::CaughtUp { run: run.clone() },
            Disposition::Missed { reason } => MissEnd::Missed { reason: reason.clone() },
            _ => return,
        };
        self.note_miss(occurrence, end);
    }

    pub(super) fn asked_miss(&mut self, occurrence: &Occurrence) {
        self.note_miss(occurrence, MissEnd::Asked);
    }

    fn note_miss(&mut self, occurrence: &Occurrence, end: MissEnd) {
        if let Some(away) = &mut self.away {
            Away::note(away, occurrence, end);
        }
    }
}
