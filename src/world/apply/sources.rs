//! Facts about neighbours, their silences, and the intake.

use crate::domain::sent::{IntakeCounts, IntakeDefinition, Repeats, SILENCES_MAX, SourceNote};
use crate::domain::source::{Capability, Freshness, MISSED};
use crate::domain::{Fingerprint, SilenceOrder, SourceDefinition, SourceId};
use crate::world::World;
use crate::world::source::{Intake, Silencing, SilencingState, Source};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

impl World {
    pub(super) fn source_defined(
        &mut self,
        source: &SourceId,
        kind: &str,
        capabilities: &[Capability],
        definition: Option<&Arc<SourceDefinition>>,
        at: Timestamp,
    ) {
        let fresh = || Source {
            kind: kind.to_owned(),
            capabilities: Vec::new(),
            freshness: Freshness::Fresh,
            since: at,
            answered_at: None,
            definition: None,
            note: SourceNote::default(),
            silences: BTreeMap::new(),
            silencings: BTreeMap::new(),
            silenced: BTreeMap::new(),
            past: VecDeque::new(),
        };
        let row = self.sources.entry(source.clone()).or_insert_with(fresh);
        kind.clone_into(&mut row.kind);
        row.capabilities = capabilities.to_vec();
        // Whether it answers under its new definition is not known: what was said last holds until it does.
        row.definition = definition.cloned();
    }

    pub(super) fn change_source(&mut self, source: &SourceId, change: impl FnOnce(&mut Source)) {
        if let Some(row) = self.sources.get_mut(source) {
            change(row);
        }
    }

    pub(super) fn source_changed(&mut self, source: &SourceId, freshness: &Freshness, at: Timestamp) {
        self.change_source(source, |row| {
            row.answered_at = match (freshness, row.why_stale()) {
                (Freshness::Fresh, _) => None,
                // Another reason for the same silence.
                (Freshness::Stale { .. }, Some(_)) => row.answered_at,
                (Freshness::Stale { .. }, None) => last_answer(row, at),
            };
            row.freshness = freshness.clone();
            row.since = at;
        });
    }

    pub(super) fn source_silence_asked(&mut self, source: &SourceId, order: &Arc<SilenceOrder>, at: Timestamp) {
        self.change_source(source, |row| {
            if let Some(alert) = order.alert {
                row.silenced.insert(alert, order.marker.clone());
            }
            let before = row.silencings.get(&order.marker);
            let silencing = Silencing {
                order: order.clone(),
                asked_at: at,
                stands_since: None,
                id: order.id.clone(),
                ends: order.ends,
                state: if order.id.is_some() { SilencingState::Standing } else { SilencingState::Asking },
                ending: None,
                tries: before.map_or(0, |before| before.tries),
                error: before.and_then(|before| before.error.clone()),
            };
            row.silencings.insert(order.marker.clone(), Arc::new(silencing));
        });
    }

    pub(super) fn change_silencing(&mut self, source: &SourceId, marker: &str, change: impl FnOnce(&mut Silencing)) {
        self.change_source(source, |row| {
            if let Some(silencing) = row.silencings.get_mut(marker) {
                change(Arc::make_mut(silencing));
            }
        });
    }

    pub(super) fn source_silence_made(&mut self, source: &SourceId, marker: &str, (id, ends): (&str, Timestamp), at: Timestamp) {
        self.change_silencing(source, marker, |row| row.made(id, ends, at));
        // One that is shown already lasts as long from now on, not only when it is seen the next time.
        self.change_source(source, |row| {
            if let Some(silence) = row.silences.get_mut(id) {
                silence.ends = ends;
            }
        });
    }

    pub(super) fn source_silence_ending(&mut self, source: &SourceId, marker: &str, reason: &str) {
        self.change_source(source, |row| {
            let Some(silencing) = row.silencings.get_mut(marker).map(Arc::make_mut) else { return };
            // An answer that is still to come ends it then.
            silencing.state = SilencingState::Asking;
            silencing.ending = Some(reason.to_owned());
            // The alert may fire and be acknowledged again before this one is over.
            if let Some(alert) = silencing.order.alert.filter(|alert| row.silenced.get(alert).is_some_and(|own| own == marker)) {
                row.silenced.remove(&alert);
            }
        });
    }

    pub(super) fn source_silence_ended(&mut self, source: &SourceId, marker: &str) {
        self.change_source(source, |row| {
            let Some(silencing) = row.silencings.remove(marker) else { return };
            if let Some(alert) = silencing.order.alert.filter(|alert| row.silenced.get(alert).is_some_and(|own| own == marker)) {
                row.silenced.remove(&alert);
            }
            if silencing.order.alert.is_some() {
                row.past.push_back(marker.to_owned());
                row.past.drain(..row.past.len().saturating_sub(SILENCES_MAX));
            }
            if let Some(id) = silencing.id.as_ref().filter(|_| silencing.ending.is_some()) {
                row.silences.remove(id);
            }
        });
    }

    pub(super) fn alert_expires(&mut self, id: Fingerprint, at: Timestamp) {
        if let Some(alert) = self.alerts.get_mut(&id) {
            Arc::make_mut(alert).until = Some(at);
        }
    }

    pub(super) fn alerts_repeated(&mut self, repeats: &[Repeats]) {
        for repeat in repeats {
            if let Some(alert) = self.alerts.get_mut(&repeat.alert).map(Arc::make_mut) {
                alert.count = alert.count.saturating_add(repeat.count);
            }
        }
    }

    pub(super) fn intake_defined(&mut self, intake: Option<&Arc<IntakeDefinition>>, at: Timestamp) {
        self.intake = intake.map(|definition| Intake {
            definition: definition.clone(),
            address: None,
            error: None,
            since: at,
            counts: self.intake.as_ref().map(|intake| intake.counts).unwrap_or_default(),
            counted_at: self.intake.as_ref().and_then(|intake| intake.counted_at),
        });
    }

    pub(super) fn intake_listens(&mut self, address: Option<&String>, error: Option<&String>, at: Timestamp) {
        if let Some(intake) = &mut self.intake {
            intake.address = address.cloned();
            intake.error = error.cloned();
            intake.since = at;
        }
    }

    pub(super) fn intake_counted(&mut self, counts: IntakeCounts, at: Timestamp) {
        if let Some(intake) = &mut self.intake {
            intake.counts = intake.counts.plus(counts);
            intake.counted_at = Some(at);
        }
    }
}

/// When a neighbour answered last that is called stale now: so many rhythms ago as it may miss.
fn last_answer(row: &Source, at: Timestamp) -> Option<Timestamp> {
    let missed = SignedDuration::try_from(row.definition.as_ref()?.every.saturating_mul(MISSED)).ok()?;
    Some(at.checked_sub(missed).ok()?.max(row.since))
}
