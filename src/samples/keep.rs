//! Readings as they come → memory → `samples.db`; and back for charts.

use super::block::{Block, FULL};
use super::hour::{HOUR_MS, Hour, Open, hour_of};
use super::store::{End, Flush, SamplesError, Store, is_broken};
use crate::domain::{ProbeId, Sample};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

/// Sealed blocks that each probe keeps in memory: with the open one about 3,000 readings.
const RING_BLOCKS: usize = 12;
/// Bytes of all blocks in memory; beyond it the probes that read keep fewer. About 5 times what 1,000 probes need.
const RING_BYTES: usize = 64 << 20;
/// Bytes of sealed blocks that wait for a disk; beyond it the oldest are given up.
const PENDING_BYTES: usize = 8 << 20;
/// Hours that wait for a disk.
const PENDING_HOURS: usize = 20_000;
/// A block is sealed after this, full or not, so that slow probes do not hold old rows of `recent`: 6 h.
const SEALED_AFTER_MS: i64 = 6 * HOUR_MS;
/// The most that one call of `retain` deletes: so a clock that jumped ahead does not empty the file at once. A day.
const RETAIN_SPAN_MS: i64 = 24 * HOUR_MS;

/// How long readings are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Every single reading. Default 14 days.
    pub raw: SignedDuration,
    /// Hours. Default 400 days: a year and the month to compare it with.
    pub hourly: SignedDuration,
}

impl Default for Retention {
    fn default() -> Self {
        Self { raw: SignedDuration::from_hours(14 * 24), hourly: SignedDuration::from_hours(400 * 24) }
    }
}

/// The readings of one probe in memory.
#[derive(Debug, Default)]
struct Series {
    /// Sealed blocks, the oldest first.
    ring: VecDeque<Block>,
    /// The block that is filled now.
    open: Block,
    /// What of it came after the last flush.
    fresh: Block,
    /// The row of `recent` that holds its first reading.
    row: Option<i64>,
    hour: Option<Open>,
}

/// All readings. Nothing that happens to its file stops the daemon: without one it goes on in memory.
#[derive(Debug)]
pub struct Samples {
    state: PathBuf,
    store: Option<Store>,
    series: BTreeMap<ProbeId, Series>,
    ring_bytes: usize,
    sealed: VecDeque<(ProbeId, Block)>,
    sealed_bytes: usize,
    hours: VecDeque<(ProbeId, Hour)>,
    last_row: i64,
}

impl Samples {
    /// Opens `samples.db` in a state folder; a broken one is renamed to `samples.db.broken` and begun anew.
    pub fn open(state: &Path) -> Self {
        let mut samples = Self {
            state: state.to_owned(),
            store: None,
            series: BTreeMap::new(),
            ring_bytes: 0,
            sealed: VecDeque::new(),
            sealed_bytes: 0,
            hours: VecDeque::new(),
            last_row: 0,
        };
        samples.reopen();
        if let Err(error) = samples.recall() {
            tracing::error!(%error, "readings from before the start are not in memory");
        }
        samples
    }

    /// Takes a reading; cheap, in memory. Times are kept to the millisecond.
    pub fn push(&mut self, probe: &ProbeId, sample: Sample) {
        if !self.series.contains_key(probe) {
            self.series.insert(probe.clone(), Series::default());
        }
        let Some(series) = self.series.get_mut(probe) else { return };
        if let Some(hour) = series.count(sample) {
            self.hours.push_back((probe.clone(), hour));
        }
        series.open.push(sample);
        series.fresh.push(sample);
        if series.open.count >= FULL || series.open.last - series.open.first >= SEALED_AFTER_MS {
            self.seal(probe);
        }
    }

    /// Stores what came since the last flush. Called about every 30 s and at the end. After an error the readings stay in
    /// memory and the next flush tries again.
    pub fn flush(&mut self, now: Timestamp) -> Result<(), SamplesError> {
        let this_hour = hour_of(now.as_millisecond());
        for (probe, series) in &mut self.series {
            if let Some(hour) = series.hour.take_if(|open| open.hour < this_hour) {
                self.hours.push_back((probe.clone(), hour.hour()));
            }
        }
        while self.hours.len() > PENDING_HOURS {
            self.hours.pop_front();
        }
        if self.store.is_none() {
            self.reopen();
        }
        match self.store_all() {
            Err(error) if is_broken(&error.source) => {
                tracing::error!(%error, "the readings of the probes cannot be written; their file is set aside");
                self.store = None;
                self.last_row = 0;
                for series in self.series.values_mut() {
                    // The new file knows nothing of the open blocks.
                    series.row = None;
                    series.fresh = series.open.clone();
                }
                self.reopen();
                self.store_all()
            }
            other => other,
        }
    }

    /// The readings of a probe from this time on, in their order.
    pub fn since(&self, probe: &ProbeId, since: Timestamp) -> Vec<Sample> {
        let from = since.as_millisecond();
        let series = self.series.get(probe);
        let oldest = series.map(|series| series.ring.front().unwrap_or(&series.open)).filter(|block| block.count > 0);
        let in_memory = oldest.is_some_and(|block| block.first <= from);
        let mut found = Vec::new();
        let mut take = |block: &Block| found.extend(block.samples().filter(|sample| sample.at.as_millisecond() >= from));
        match self.store.as_ref().filter(|_| !in_memory).map(|store| store.blocks(probe, from)) {
            Some(Ok(blocks)) => {
                blocks.iter().for_each(&mut take);
                self.sealed.iter().filter(|(other, _)| other == probe).for_each(|(_, block)| take(block));
            }
            unread => {
                if let Some(Err(error)) = unread {
                    tracing::warn!(%error, "a chart shows only what is in memory");
                }
                series.into_iter().flat_map(|series| &series.ring).for_each(&mut take);
            }
        }
        if let Some(series) = series {
            take(&series.open);
        }
        found
    }

    /// The hours of a probe from this time's hour on, in their order; the last one may not be over.
    pub fn hourly(&self, probe: &ProbeId, since: Timestamp) -> Vec<Hour> {
        let from = hour_of(since.as_millisecond());
        let mut found = match self.store.as_ref().map(|store| store.hours(probe, from)) {
            Some(Ok(hours)) => hours,
            Some(Err(error)) => {
                tracing::warn!(%error, "a chart shows only what is in memory");
                Vec::new()
            }
            None => Vec::new(),
        };
        found.extend(self.hours.iter().filter(|(other, _)| other == probe).map(|(_, hour)| *hour));
        found.extend(self.series.get(probe).and_then(|series| series.hour.as_ref()).map(Open::hour));
        found.retain(|hour| hour_of(hour.at.as_millisecond()) >= from);
        found
    }

    /// Deletes what is older than it is kept. Once an hour is often enough; not right after the clock was set.
    pub fn retain(&mut self, now: Timestamp, keep: Retention) -> Result<(), SamplesError> {
        let before = |kept: SignedDuration| now.checked_sub(kept).map_or(i64::MIN, Timestamp::as_millisecond);
        let (raw, hourly) = (before(keep.raw), hour_of(before(keep.hourly)));
        if let Some(store) = &mut self.store {
            store.retain(raw, hourly, RETAIN_SPAN_MS)?;
        }
        let freed: usize = self.series.values().filter(|series| series.open.last < raw).map(Series::ring_bytes).sum();
        self.series.retain(|_, series| series.open.last >= raw || series.fresh.count > 0);
        self.ring_bytes = self.ring_bytes.saturating_sub(freed);
        Ok(())
    }

    fn reopen(&mut self) {
        match Store::open(&self.state) {
            Ok(store) => self.store = Some(store),
            Err(error) => tracing::error!(%error, "readings are kept in memory only"),
        }
    }

    /// Takes open blocks and open hours up again where the last daemon left them.
    fn recall(&mut self) -> Result<(), SamplesError> {
        let Some(store) = &self.store else { return Ok(()) };
        let ends = store.ends()?;
        let sealed_until: BTreeMap<_, _> = ends.iter().filter_map(|end| Some((&end.probe, end.block?))).collect();
        for (row, probe, block) in store.recent()? {
            self.last_row = self.last_row.max(row);
            let sealed = sealed_until.get(&probe).copied();
            let series = self.series.entry(probe).or_default();
            for sample in block.samples().filter(|sample| sealed.is_none_or(|sealed| sample.at.as_millisecond() > sealed)) {
                series.row.get_or_insert(row);
                series.open.push(sample);
            }
        }
        for End { probe, hour, .. } in ends {
            let from = hour.map_or(i64::MIN, |hour| (hour + 1).saturating_mul(HOUR_MS));
            let blocks = store.blocks(&probe, from)?;
            let series = self.series.entry(probe.clone()).or_default();
            let open = series.open.clone();
            for sample in blocks.iter().chain([&open]).flat_map(Block::samples).filter(|sample| sample.at.as_millisecond() >= from) {
                if let Some(hour) = series.count(sample) {
                    self.hours.push_back((probe.clone(), hour));
                }
            }
        }
        Ok(())
    }

    fn seal(&mut self, probe: &ProbeId) {
        let Some(series) = self.series.get_mut(probe) else { return };
        let block = std::mem::take(&mut series.open);
        series.fresh = Block::default();
        series.row = None;
        self.sealed_bytes += block.data.len();
        self.ring_bytes += block.data.len();
        series.ring.push_back(block.clone());
        while series.ring.len() > RING_BLOCKS || (self.ring_bytes > RING_BYTES && series.ring.len() > 1) {
            self.ring_bytes = self.ring_bytes.saturating_sub(series.ring.pop_front().map_or(0, |block| block.data.len()));
        }
        self.sealed.push_back((probe.clone(), block));
        while self.sealed_bytes > PENDING_BYTES {
            let Some((probe, block)) = self.sealed.pop_front() else { break };
            self.sealed_bytes -= block.data.len();
            tracing::warn!(%probe, readings = block.count, "given up: the disk has not taken readings for too long");
        }
    }

    fn store_all(&mut self) -> Result<(), SamplesError> {
        let Some(store) = &mut self.store else { return Ok(()) };
        let flush = Flush {
            sealed: self.sealed.iter().map(|(probe, block)| (probe, block)).collect(),
            hours: self.hours.iter().map(|(probe, hour)| (probe, *hour)).collect(),
            recent: self.series.iter().filter(|(_, series)| series.fresh.count > 0).map(|(probe, series)| (probe, &series.fresh)).collect(),
            recent_from: self.series.values().filter_map(|series| series.row).min().unwrap_or(self.last_row + 1),
        };
        self.last_row = store.flush(&flush)?;
        self.sealed.clear();
        self.sealed_bytes = 0;
        self.hours.clear();
        for series in self.series.values_mut().filter(|series| series.fresh.count > 0) {
            series.fresh = Block::default();
            series.row.get_or_insert(self.last_row);
        }
        Ok(())
    }
}

impl Series {
    /// Counts a reading into its hour; gives the hour before when that is over.
    fn count(&mut self, sample: Sample) -> Option<Hour> {
        let hour = hour_of(sample.at.as_millisecond());
        let over = self.hour.take_if(|open| open.hour != hour).map(|open| open.hour());
        self.hour.get_or_insert_with(|| Open::new(hour)).add(sample);
        over
    }

    fn ring_bytes(&self) -> usize {
        self.ring.iter().map(|block| block.data.len()).sum()
    }
}

#[cfg(test)]
mod tests;
