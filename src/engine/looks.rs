//! Looks of probes, counted: how fast error budgets burn and how often targets change, from the readings that are kept and
//! from each new one. Derived from readings like a chart, so that it is no state of the world; what it means is
//! (`rules/burn`, `rules/flapping`).

use super::Running;
use super::turn::Turn;
use crate::domain::probe::LooksRecalled;
use crate::domain::{Author, Effect, ProbeDefinition, ProbeId, Sample, Verdict};
use crate::journal::JournalError;
use crate::rules::burn::{self, Burn, burning};
use crate::rules::flapping::{self, Changes, flapping};
use crate::rules::{is_maintained, maintenance_of_probe};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;

/// All probes that have been looked at.
#[derive(Debug, Default)]
pub(super) struct Looks(HashMap<ProbeId, Row>);

#[derive(Debug)]
struct Row {
    definition: Arc<ProbeDefinition>,
    /// Absent without an objective.
    burn: Option<Burn>,
    changes: Changes,
    /// Since when the target is this one, as far as that was seen; what was before is not its change.
    target_since: Timestamp,
    /// Looks since the readings were asked for, until they have answered.
    meanwhile: Option<Vec<Sample>>,
}

impl Row {
    fn is_of(&self, probe: &ProbeDefinition) -> bool {
        self.definition.every == probe.every && self.definition.objective == probe.objective && self.definition.target == probe.target
    }

    fn look(&mut self, sample: Sample) {
        if let Some(burn) = &mut self.burn {
            burn.look(sample);
        }
        if sample.at >= self.target_since {
            self.changes.look(sample.verdict);
        }
    }
}

impl Running {
    /// A probe was looked at: counts it, and says whether its target flaps.
    pub(super) fn count_look(&mut self, id: &ProbeId, sample: Sample, now: Timestamp, turn: &mut Turn) -> Result<(), JournalError> {
        let Some(probe) = self.world.probe(id).filter(|probe| !probe.removed) else {
            self.looks.0.remove(id);
            return Ok(());
        };
        let known = self.looks.0.get(id);
        if !known.is_some_and(|row| row.is_of(&probe.definition)) {
            let definition = probe.definition.clone();
            let target_since = match known {
                Some(row) if row.definition.target == definition.target => row.target_since,
                Some(_) => now,
                None => Timestamp::MIN,
            };
            turn.effects.push(recall(&definition, now));
            let burn = Burn::of(&definition);
            let row = Row { definition, burn, changes: Changes::default(), target_since, meanwhile: Some(Vec::new()) };
            self.looks.0.insert(id.clone(), row);
        }
        let counts = !is_maintained(&self.world, &probe.definition);
        let Some(row) = self.looks.0.get_mut(id) else { return Ok(()) };
        if let Some(meanwhile) = &mut row.meanwhile {
            meanwhile.push(sample);
            return Ok(());
        }
        if counts {
            row.look(sample);
        }
        self.judge_changes(id, now, turn)
    }

    /// The readings have answered: what was seen before and meanwhile is counted.
    pub(super) fn count_recalled(&mut self, recalled: &LooksRecalled, now: Timestamp, turn: &mut Turn) -> Result<(), JournalError> {
        let LooksRecalled { probe: id, hours, samples } = recalled;
        let (Some(row), Some(probe)) = (self.looks.0.get_mut(id), self.world.probe(id)) else { return Ok(()) };
        let Some(meanwhile) = row.meanwhile.take() else { return Ok(()) };
        let first = hours.first().map(|hour| hour.at).into_iter().chain(samples.first().map(|sample| sample.at)).min();
        let kept = maintenance_of_probe(&self.world, &probe.definition, first.unwrap_or(now), now);
        let hour = SignedDuration::from_hours(1);
        let apart = |from: Timestamp, to: Timestamp| kept.iter().all(|(begin, end)| to <= *begin || *end <= from);
        if let Some(burn) = &mut row.burn {
            hours.iter().filter(|looks| apart(looks.at, looks.at.checked_add(hour).unwrap_or(looks.at))).for_each(|looks| burn.hour(looks));
        }
        let newest = samples.last().map(|sample| sample.at);
        let later = meanwhile.iter().filter(|sample| newest.is_none_or(|newest| sample.at > newest));
        for sample in samples.iter().chain(later).filter(|sample| apart(sample.at, sample.at)) {
            row.look(*sample);
        }
        let last = meanwhile.last().map_or(Verdict::Skipped, |sample| sample.verdict);
        self.judge_changes(id, now, turn)?;
        self.judge_budget(id, last, now, turn)
    }

    fn judge_changes(&mut self, id: &ProbeId, now: Timestamp, turn: &mut Turn) -> Result<(), JournalError> {
        let Some(row) = self.looks.0.get(id) else { return Ok(()) };
        let event = flapping(&self.world, id, &row.changes);
        self.record(&Author::Engine, event.into_iter().collect(), now, turn)
    }

    /// Says what a look that was counted means for the probe's error budget; after what it means for its health.
    pub(super) fn judge_budget(&mut self, id: &ProbeId, verdict: Verdict, now: Timestamp, turn: &mut Turn) -> Result<(), JournalError> {
        let counted = self.looks.0.get(id).filter(|row| row.meanwhile.is_none());
        let Some(burn) = counted.and_then(|row| row.burn.as_ref()) else { return Ok(()) };
        let event = burning(&self.world, id, burn, verdict, now);
        self.record(&Author::Engine, event.into_iter().collect(), now, turn)
    }
}

/// Asks for the looks that are needed to judge the next ones.
fn recall(probe: &ProbeDefinition, now: Timestamp) -> Effect {
    let of_changes = whole_hour_before(now, SignedDuration::try_from(probe.every * flapping::LOOKS_NEEDED).unwrap_or_default());
    let (single, hours) = match probe.objective {
        None => (of_changes, of_changes),
        Some(objective) => {
            let single = of_changes.min(whole_hour_before(now, burn::LOOKS_NEEDED));
            (single, single.min(whole_hour_before(now, SignedDuration::try_from(objective.window).unwrap_or_default())))
        }
    };
    Effect::RecallLooks { probe: probe.id.clone(), single, hours }
}

/// The full hour of UTC in or before which a stretch began that ends now.
fn whole_hour_before(now: Timestamp, stretch: SignedDuration) -> Timestamp {
    let from = now.checked_sub(stretch).unwrap_or(Timestamp::UNIX_EPOCH).as_second();
    Timestamp::from_second(from - from.rem_euclid(3_600)).unwrap_or(Timestamp::UNIX_EPOCH)
}
