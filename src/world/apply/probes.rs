//! Facts about probes.

use super::shift;
use crate::domain::{Health, ProbeDefinition, ProbeId};
use crate::world::{Flapping, Probe, World};
use jiff::Timestamp;
use std::sync::Arc;

impl World {
    pub(super) fn change_probe(&mut self, id: &ProbeId, change: impl FnOnce(&mut Probe)) {
        let Some(probe) = self.probes.get_mut(id) else { return };
        let counted = |probe: &Probe| (probe.health.is_down(), matches!(probe.health, Health::Degraded | Health::Soft { .. }));
        let before = counted(probe);
        change(Arc::make_mut(probe));
        let after = counted(probe);
        shift(&mut self.tally.probes_down, before.0, after.0);
        shift(&mut self.tally.probes_degraded, before.1, after.1);
    }

    pub(super) fn probe_defined(&mut self, definition: &Arc<ProbeDefinition>, at: Timestamp) {
        if !self.probes.contains_key(&definition.id) {
            let probe = Probe {
                definition: definition.clone(),
                removed: false,
                health: Health::Unknown,
                since: at,
                reason: String::new(),
                first_bad_at: None,
                error: None,
                burning: None,
                flapping: None,
                incidents: Vec::new(),
            };
            self.probes.insert(definition.id.clone(), Arc::new(probe));
        }
        self.change_probe(&definition.id, |probe| {
            if probe.definition.target != definition.target {
                probe.health = Health::Unknown;
                probe.since = at;
                probe.reason.clear();
                probe.first_bad_at = None;
                probe.flapping = None;
            }
            if probe.definition.target != definition.target || probe.definition.objective != definition.objective {
                probe.burning = None;
            }
            probe.error = None;
            probe.removed = false;
            probe.definition = definition.clone();
        });
    }

    pub(super) fn probe_removed(&mut self, id: &ProbeId) {
        self.change_probe(id, |probe| probe.health = Health::Unknown);
        self.probes.remove(id);
    }

    pub(super) fn probe_changed(&mut self, id: &ProbeId, from: Health, to: Health, reason: &str, at: Timestamp) {
        self.change_probe(id, |probe| {
            if from.word() != to.word() {
                probe.since = at;
            }
            probe.health = to;
            reason.clone_into(&mut probe.reason);
            match to {
                Health::Up | Health::Unknown | Health::Degraded => probe.first_bad_at = None,
                Health::Soft { .. } | Health::Down { .. } => drop(probe.first_bad_at.get_or_insert(at)),
            }
        });
    }

    pub(super) fn probe_flapping(&mut self, id: &ProbeId, share: Option<u8>, at: Timestamp) {
        self.change_probe(id, |probe| {
            let since = probe.flapping.map_or(at, |flapping| flapping.since);
            probe.flapping = share.map(|share| Flapping { share, since });
        });
    }
}
