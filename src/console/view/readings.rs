//! The last readings of every probe, for sparklines: a ring per probe, fed by what the daemon tells and by history that
//! a page asked for.

use crate::domain::{ProbeId, Sample};
use crate::wire::message::Reading;
use jiff::Timestamp;
use std::collections::{BTreeMap, VecDeque};

/// Readings kept for each probe: an hour at the default rhythm, more than a line is wide.
pub const KEPT: usize = 120;

/// The last readings of one probe.
#[derive(Debug, Clone, Default)]
pub struct Ring {
    /// The readings, the oldest first.
    pub samples: VecDeque<Sample>,
    /// The words of the last one, empty when all is well.
    pub reason: String,
    /// When the certificate that was shown last ends.
    pub certificate_ends: Option<Timestamp>,
}

/// The last readings of all probes.
#[derive(Debug, Clone, Default)]
pub struct Readings {
    rings: BTreeMap<ProbeId, Ring>,
}

impl Readings {
    /// What is known of a probe.
    pub fn of(&self, probe: &ProbeId) -> Option<&Ring> {
        self.rings.get(probe)
    }

    /// Takes in a reading as it comes.
    pub fn push(&mut self, reading: Reading) {
        let ring = self.rings.entry(reading.probe).or_default();
        if ring.samples.back().is_none_or(|last| last.at < reading.sample.at) {
            if ring.samples.len() >= KEPT {
                ring.samples.pop_front();
            }
            ring.samples.push_back(reading.sample);
        }
        ring.reason = reading.reason;
        ring.certificate_ends = reading.certificate_ends.or(ring.certificate_ends);
    }

    /// Takes in history, oldest first, before what came live.
    pub fn fill(&mut self, probe: &ProbeId, history: &[Sample]) {
        let ring = self.rings.entry(probe.clone()).or_default();
        let first = ring.samples.front().map(|sample| sample.at);
        for sample in history.iter().rev().filter(|sample| first.is_none_or(|first| sample.at < first)) {
            if ring.samples.len() >= KEPT {
                break;
            }
            ring.samples.push_front(*sample);
        }
    }

    /// Forgets probes that are gone.
    pub fn retain(&mut self, keep: impl Fn(&ProbeId) -> bool) {
        self.rings.retain(|probe, _| keep(probe));
    }
}
