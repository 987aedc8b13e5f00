//! Readings → one hour: counts by verdict, and the latency of the answers.

use crate::domain::probe::HourOfLooks;
use crate::domain::{Sample, Verdict};
use jiff::Timestamp;

/// Milliseconds of an hour.
pub(super) const HOUR_MS: i64 = 3_600_000;
/// Parts of each doubling of the latency; a middle of a part is at most 1/16 away from what it stands for.
const PARTS: usize = 8;
/// Parts below 8 µs, one each, and of the 29 doublings from 8 µs to the end of 32 bits.
const BUCKETS: usize = PARTS * 30;

/// One probe's hour. Latencies in microseconds are those of answers (ok and degraded); without any they are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hour {
    /// Its beginning, a full hour of UTC.
    pub at: Timestamp,
    /// Readings as expected.
    pub ok: u32,
    /// Readings slower than asked, or with a certificate that ends soon.
    pub degraded: u32,
    /// Readings in which the target failed.
    pub failed: u32,
    /// Readings in which the probe itself could not run.
    pub error: u32,
    /// Times at which it was not looked at.
    pub skipped: u32,
    /// The fastest answer.
    pub min_us: u32,
    /// The slowest answer.
    pub max_us: u32,
    /// The sum of all answers.
    pub sum_us: u64,
    /// Half of the answers were at most this slow; within 1/16.
    pub p50_us: u32,
    /// Nine of ten answers were at most this slow; within 1/16.
    pub p90_us: u32,
}

impl Hour {
    /// Answers: what the latencies are of.
    pub fn answers(&self) -> u32 {
        self.ok.saturating_add(self.degraded)
    }

    /// What it says about an objective: a degraded target was there.
    pub fn looks(&self) -> HourOfLooks {
        HourOfLooks { at: self.at, good: self.answers(), bad: self.failed, unknown: self.error.saturating_add(self.skipped) }
    }

    /// The mean latency of the answers.
    pub fn mean_us(&self) -> Option<u64> {
        self.sum_us.checked_div(u64::from(self.answers()))
    }
}

/// An hour that is not over: fixed size, whatever the rhythm.
#[derive(Debug, Clone)]
pub(super) struct Open {
    /// Hours since 1970.
    pub(super) hour: i64,
    counts: [u32; 5],
    min_us: u32,
    max_us: u32,
    sum_us: u64,
    buckets: Box<[u32; BUCKETS]>,
}

/// The hour of a time in milliseconds since 1970.
pub(super) fn hour_of(at: i64) -> i64 {
    at.div_euclid(HOUR_MS)
}

impl Open {
    /// An hour without readings.
    pub(super) fn new(hour: i64) -> Self {
        Self { hour, counts: [0; 5], min_us: u32::MAX, max_us: 0, sum_us: 0, buckets: Box::new([0; BUCKETS]) }
    }

    /// Counts a reading.
    pub(super) fn add(&mut self, sample: Sample) {
        let [ok, degraded, failed, error, skipped] = &mut self.counts;
        let count = match sample.verdict {
            Verdict::Ok => ok,
            Verdict::Degraded => degraded,
            Verdict::Failed => failed,
            Verdict::Error => error,
            Verdict::Skipped => skipped,
        };
        *count = count.saturating_add(1);
        if matches!(sample.verdict, Verdict::Ok | Verdict::Degraded) {
            self.min_us = self.min_us.min(sample.latency_us);
            self.max_us = self.max_us.max(sample.latency_us);
            self.sum_us += u64::from(sample.latency_us);
            if let Some(bucket) = self.buckets.get_mut(bucket_of(sample.latency_us)) {
                *bucket = bucket.saturating_add(1);
            }
        }
    }

    /// The hour as it stands.
    pub(super) fn hour(&self) -> Hour {
        let [ok, degraded, failed, error, skipped] = self.counts;
        let answers = u64::from(ok) + u64::from(degraded);
        Hour {
            at: Timestamp::from_millisecond(self.hour.saturating_mul(HOUR_MS)).unwrap_or(Timestamp::UNIX_EPOCH),
            ok,
            degraded,
            failed,
            error,
            skipped,
            min_us: if answers == 0 { 0 } else { self.min_us },
            max_us: self.max_us,
            sum_us: self.sum_us,
            p50_us: self.rank(answers.div_ceil(2)),
            p90_us: self.rank((answers * 9).div_ceil(10)),
        }
    }

    /// The latency of the answer of this rank, from 1, counted from the fastest.
    fn rank(&self, rank: u64) -> u32 {
        let mut seen = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            seen += u64::from(*count);
            if rank > 0 && seen >= rank {
                return middle_of(bucket).clamp(self.min_us, self.max_us);
            }
        }
        0
    }
}

/// The part that a latency falls into: itself below 8 µs, then eight parts for each doubling.
fn bucket_of(latency_us: u32) -> usize {
    if latency_us < 8 {
        return latency_us as usize;
    }
    let doubling = latency_us.ilog2(); // 3 to 31
    let part = (latency_us >> (doubling - 3)) & 7;
    PARTS * (doubling as usize - 2) + part as usize
}

fn middle_of(bucket: usize) -> u32 {
    if bucket < PARTS {
        return bucket as u32;
    }
    let doubling = bucket / PARTS + 2;
    let width = 1_u64 << (doubling - 3);
    let low = (8 + (bucket % PARTS) as u64) * width;
    u32::try_from(low + width / 2).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_percentile_is_within_a_sixteenth(mut latencies in prop::collection::vec(0_u32.., 1..400)) {
            let mut open = Open::new(0);
            for latency_us in &latencies {
                open.add(Sample { at: Timestamp::UNIX_EPOCH, verdict: Verdict::Ok, latency_us: *latency_us });
            }
            latencies.sort_unstable();
            let hour = open.hour();
            for (share, found) in [(5, hour.p50_us), (9, hour.p90_us)] {
                let exact = latencies[(latencies.len() * share).div_ceil(10) - 1];
                prop_assert!(exact.abs_diff(found) <= exact / 16 + 1, "{found} for {exact}");
            }
            prop_assert_eq!((hour.min_us, hour.max_us), (latencies[0], latencies[latencies.len() - 1]));
        }
    }

    #[test]
    fn failures_count_but_have_no_latency() {
        let mut open = Open::new(497_222);
        for (verdict, latency_us) in
            [(Verdict::Ok, 100), (Verdict::Failed, 9_000_000), (Verdict::Degraded, 300), (Verdict::Skipped, 0), (Verdict::Error, 5)]
        {
            open.add(Sample { at: Timestamp::UNIX_EPOCH, verdict, latency_us });
        }
        let hour = open.hour();
        assert_eq!((hour.ok, hour.degraded, hour.failed, hour.error, hour.skipped), (1, 1, 1, 1, 1));
        assert_eq!((hour.min_us, hour.max_us, hour.mean_us()), (100, 300, Some(200)));
        assert_eq!(Open::new(0).hour().mean_us(), None);
    }
}
