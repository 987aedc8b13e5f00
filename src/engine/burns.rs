//! How fast the error budgets of probes burn: looks counted over windows, from the readings that are kept and from each new
//! one. Derived from readings like a chart, so that it is no state of the world; what it means is (`rules/burn`).

use super::Running;
use super::turn::Turn;
use crate::domain::{Author, ProbeId, Sample, Verdict};
use crate::journal::JournalError;
use crate::rules::burn::{Burn, LOOKS_NEEDED, burning};
use crate::rules::{is_maintained, maintenance_of_probe};
use crate::samples::Recalled;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use tokio::sync::mpsc;

/// Answers of the readings' thread that may wait for the engine; the thread waits while there are more.
const RECALLED: usize = 64;

/// The budgets of all probes that have one and have been looked at.
#[derive(Debug)]
pub(super) struct Burns {
    known: HashMap<ProbeId, Row>,
    way_back: mpsc::Sender<Recalled>,
}

#[derive(Debug)]
struct Row {
    burn: Burn,
    /// Looks since the readings were asked for, until they have answered.
    meanwhile: Option<Vec<Sample>>,
}

impl Burns {
    /// With the way on which the readings' thread answers.
    pub(super) fn new() -> (Self, mpsc::Receiver<Recalled>) {
        let (way_back, recalled) = mpsc::channel(RECALLED);
        (Self { known: HashMap::new(), way_back }, recalled)
    }
}

impl Running {
    /// A probe was looked at: counts it, and says what it means for its budget.
    pub(super) fn count_look(&mut self, id: &ProbeId, sample: Sample, now: Timestamp, turn: &mut Turn) -> Result<(), JournalError> {
        let Some(probe) = self.world.probe(id).filter(|probe| !probe.removed && probe.definition.objective.is_some()) else {
            self.burns.known.remove(id);
            return Ok(());
        };
        if !self.burns.known.get(id).is_some_and(|row| row.burn.is_of(&probe.definition)) {
            let Some(burn) = Burn::of(&probe.definition) else { return Ok(()) };
            let single = whole_hour_before(now, LOOKS_NEEDED);
            let window = probe.definition.objective.and_then(|objective| SignedDuration::try_from(objective.window).ok());
            let hours = whole_hour_before(now, window.unwrap_or_default());
            let asked = self.readings.recall(id, single, hours.min(single), self.burns.way_back.clone());
            self.burns.known.insert(id.clone(), Row { burn, meanwhile: asked.then(Vec::new) });
        }
        let counts = !is_maintained(&self.world, &probe.definition);
        let Some(row) = self.burns.known.get_mut(id) else { return Ok(()) };
        if let Some(meanwhile) = &mut row.meanwhile {
            meanwhile.push(sample);
            return Ok(());
        }
        if counts {
            row.burn.look(sample);
        }
        self.judge(id, sample.verdict, now, turn)
    }

    /// The readings have answered: what was seen before and meanwhile is counted.
    pub(super) fn recall(&mut self, recalled: Recalled, now: Timestamp, turn: &mut Turn) -> Result<(), JournalError> {
        let Recalled { probe: id, hours, samples } = recalled;
        let (Some(row), Some(probe)) = (self.burns.known.get_mut(&id), self.world.probe(&id)) else { return Ok(()) };
        let Some(meanwhile) = row.meanwhile.take() else { return Ok(()) };
        let first = hours.first().map(|hour| hour.at).into_iter().chain(samples.first().map(|sample| sample.at)).min();
        let kept = maintenance_of_probe(&self.world, &probe.definition, first.unwrap_or(now), now);
        let hour = SignedDuration::from_hours(1);
        let apart = |from: Timestamp, to: Timestamp| kept.iter().all(|(begin, end)| to <= *begin || *end <= from);
        for looks in hours.iter().filter(|looks| apart(looks.at, looks.at.checked_add(hour).unwrap_or(looks.at))) {
            row.burn.hour(looks);
        }
        let newest = samples.last().map(|sample| sample.at);
        let later = meanwhile.iter().filter(|sample| newest.is_none_or(|newest| sample.at > newest));
        for sample in samples.iter().chain(later).filter(|sample| apart(sample.at, sample.at)) {
            row.burn.look(*sample);
        }
        let last = meanwhile.last().map_or(Verdict::Skipped, |sample| sample.verdict);
        self.judge(&id, last, now, turn)
    }

    fn judge(&mut self, id: &ProbeId, verdict: Verdict, now: Timestamp, turn: &mut Turn) -> Result<(), JournalError> {
        let Some(row) = self.burns.known.get(id) else { return Ok(()) };
        let event = burning(&self.world, id, &row.burn, verdict, now);
        self.record(&Author::Engine, event.into_iter().collect(), now, turn)
    }
}

/// The full hour of UTC in or before which a stretch began that ends now.
fn whole_hour_before(now: Timestamp, stretch: SignedDuration) -> Timestamp {
    let from = now.checked_sub(stretch).unwrap_or(Timestamp::UNIX_EPOCH).as_second();
    Timestamp::from_second(from - from.rem_euclid(3_600)).unwrap_or(Timestamp::UNIX_EPOCH)
}
