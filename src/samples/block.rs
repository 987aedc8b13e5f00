//! Readings → bytes: the change of the rhythm and the verdict in one number, then the latency; both as varints.
//!
//! A steady rhythm changes by a few milliseconds, which takes one byte; a latency below 16 ms takes two, below 2 s three.

use crate::domain::{Sample, Verdict};
use jiff::Timestamp;

/// Readings in a full block.
pub(super) const FULL: usize = 240;

/// Readings of one probe in their order. Times are kept to the millisecond, latencies to the microsecond.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// The first reading's time in milliseconds since 1970.
    pub(super) first: i64,
    /// The last one's.
    pub(super) last: i64,
    /// How many.
    pub(super) count: usize,
    /// The encoded readings.
    pub(super) data: Vec<u8>,
    rhythm: i64,
}

impl Block {
    /// A block as it was stored.
    pub(super) fn stored(first: i64, last: i64, count: usize, data: Vec<u8>) -> Self {
        Self { first, last, count, data, rhythm: 0 }
    }

    /// Adds a reading.
    pub(super) fn push(&mut self, sample: Sample) {
        let at = sample.at.as_millisecond();
        if self.count == 0 {
            (self.first, self.last) = (at, at);
        }
        let rhythm = at - self.last;
        let change = rhythm - self.rhythm;
        put(&mut self.data, (zigzag(change) << 3) | code(sample.verdict));
        put(&mut self.data, u128::from(sample.latency_us));
        (self.last, self.rhythm) = (at, rhythm);
        self.count += 1;
    }

    /// Its readings; of damaged bytes the ones before the damage.
    pub(super) fn samples(&self) -> impl Iterator<Item = Sample> + '_ {
        let (mut bytes, mut at, mut rhythm) = (self.data.as_slice(), self.first, 0_i64);
        (0..self.count).map_while(move |_| {
            let head = take(&mut bytes)?;
            rhythm = rhythm.checked_add(unzigzag(head >> 3)?)?;
            at = at.checked_add(rhythm)?;
            let latency_us = u32::try_from(take(&mut bytes)?).ok()?;
            Some(Sample { at: Timestamp::from_millisecond(at).ok()?, verdict: verdict(head & 7)?, latency_us })
        })
    }
}

fn code(verdict: Verdict) -> u128 {
    match verdict {
        Verdict::Ok => 0,
        Verdict::Degraded => 1,
        Verdict::Failed => 2,
        Verdict::Error => 3,
        Verdict::Skipped => 4,
    }
}

fn verdict(code: u128) -> Option<Verdict> {
    [Verdict::Ok, Verdict::Degraded, Verdict::Failed, Verdict::Error, Verdict::Skipped].get(usize::try_from(code).ok()?).copied()
}

fn zigzag(value: i64) -> u128 {
    u128::from(((value << 1) ^ (value >> 63)).cast_unsigned())
}

fn unzigzag(value: u128) -> Option<i64> {
    let value = u64::try_from(value).ok()?;
    Some((value >> 1).cast_signed() ^ -((value & 1).cast_signed()))
}

/// Writes seven bits a byte, the lowest first; the top bit says that more follow.
pub(super) fn put(bytes: &mut Vec<u8>, mut value: u128) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Reads what [`put`] wrote.
pub(super) fn take(bytes: &mut &[u8]) -> Option<u128> {
    let mut value = 0;
    for shift in (0..70).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u128::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const VERDICTS: [Verdict; 5] = [Verdict::Ok, Verdict::Degraded, Verdict::Failed, Verdict::Error, Verdict::Skipped];

    proptest! {
        #[test]
        fn what_goes_in_comes_out(readings in prop::collection::vec((-100_000_000_000_i64..4_000_000_000_000, 0_usize..5, any::<u32>()), 0..300)) {
            let samples: Vec<Sample> = readings
                .into_iter()
                .map(|(at, verdict, latency_us)| Sample { at: Timestamp::from_millisecond(at).unwrap(), verdict: VERDICTS[verdict], latency_us })
                .collect();
            let mut block = Block::default();
            for sample in &samples {
                block.push(*sample);
            }
            prop_assert_eq!(block.samples().collect::<Vec<_>>(), samples);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(data: Vec<u8>, first: i64, count in 0_usize..500) {
            let block = Block::stored(first, first, count, data);
            prop_assert!(block.samples().count() <= count);
        }
    }

    #[test]
    fn a_steady_rhythm_takes_four_bytes_a_reading() {
        let mut block = Block::default();
        for turn in 0..240 {
            let at = Timestamp::from_millisecond(1_790_000_000_000 + turn * 60_000 + turn % 3).unwrap();
            block.push(Sample { at, verdict: Verdict::Ok, latency_us: 1_500 + turn as u32 * 100 });
        }
        assert!(block.data.len() <= 240 * 4, "{}", block.data.len());
    }
}
