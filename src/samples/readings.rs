//! The way to the store of readings: a thread of its own, so that nobody waits for its file.

use super::{Hour, Retention, Samples};
use crate::domain::{ProbeId, Sample};
use crate::rules::objective::HourOfLooks;
use jiff::{SignedDuration, Timestamp};
use std::path::Path;
use tokio::sync::{mpsc, oneshot};

/// Readings that may wait for the thread; further ones are dropped from the store, not from the screen.
const QUEUE: usize = 16_384;
/// How often readings are written to the file, in readings' time.
const FLUSH: SignedDuration = SignedDuration::from_secs(30);
/// How often old readings are thinned out.
const RETAIN: SignedDuration = SignedDuration::from_hours(1);

/// A handle to the store.
#[derive(Debug, Clone)]
pub struct Readings {
    queue: mpsc::Sender<Asked>,
}

/// What is remembered of a probe, up to the moment at which it was asked for.
#[derive(Debug)]
pub struct Recalled {
    /// The probe.
    pub probe: ProbeId,
    /// Hours before the single looks, the oldest first.
    pub hours: Vec<HourOfLooks>,
    /// Single looks, the oldest first.
    pub samples: Vec<Sample>,
}

#[derive(Debug)]
enum Asked {
    Push(ProbeId, Sample),
    Since(ProbeId, Timestamp, oneshot::Sender<Vec<Sample>>),
    Hours(ProbeId, Timestamp, oneshot::Sender<Vec<Hour>>),
    Recall { probe: ProbeId, single: Timestamp, hours: Timestamp, way_back: mpsc::Sender<Recalled> },
    Close(oneshot::Sender<()>),
}

impl Readings {
    /// Opens the store below the state folder and starts its thread.
    pub fn start(state: &Path, keep: Retention) -> anyhow::Result<Self> {
        let mut samples = Samples::open(state);
        let (queue, mut asked) = mpsc::channel(QUEUE);
        std::thread::Builder::new().name("readings".into()).spawn(move || {
            let (mut flushed, mut retained) = (Timestamp::MIN, Timestamp::MIN);
            while let Some(next) = asked.blocking_recv() {
                match next {
                    Asked::Push(probe, sample) => {
                        samples.push(&probe, sample);
                        if due(flushed, sample.at, FLUSH) {
                            flushed = sample.at;
                            report("written", samples.flush(sample.at));
                        }
                        if due(retained, sample.at, RETAIN) {
                            retained = sample.at;
                            report("thinned out", samples.retain(sample.at, keep));
                        }
                    }
                    // Who asked may have gone meanwhile.
                    Asked::Since(probe, since, answer) => drop(answer.send(samples.since(&probe, since))),
                    Asked::Hours(probe, since, answer) => drop(answer.send(samples.hourly(&probe, since))),
                    Asked::Recall { probe, single, hours, way_back } => {
                        let hours = samples.hourly(&probe, hours).iter().filter(|hour| hour.at < single).map(Hour::looks).collect();
                        let recalled = Recalled { hours, samples: samples.since(&probe, single), probe };
                        let _ = way_back.blocking_send(recalled); // who asked may have gone
                    }
                    Asked::Close(answer) => {
                        report("written", samples.flush(crate::clock::now()));
                        let _ = answer.send(()); // who asked may have gone
                        break;
                    }
                }
            }
        })?;
        Ok(Self { queue })
    }

    /// Stores a reading; a full queue drops it, because a probe must never wait for a disk.
    pub fn push(&self, probe: &ProbeId, sample: Sample) {
        drop(self.queue.try_send(Asked::Push(probe.clone(), sample)));
    }

    /// Readings of a probe that are not older than the given time, the oldest first.
    pub async fn since(&self, probe: &ProbeId, since: Timestamp) -> Vec<Sample> {
        let (answer, answered) = oneshot::channel();
        if self.queue.send(Asked::Since(probe.clone(), since, answer)).await.is_err() {
            return Vec::new();
        }
        answered.await.unwrap_or_default()
    }

    /// Looks of a probe, counted by the hour, from this time's hour on, the oldest first.
    pub async fn hours(&self, probe: &ProbeId, since: Timestamp) -> Vec<Hour> {
        let (answer, answered) = oneshot::channel();
        if self.queue.send(Asked::Hours(probe.clone(), since, answer)).await.is_err() {
            return Vec::new();
        }
        answered.await.unwrap_or_default()
    }

    /// Asks for single looks from one time on and for the hours between another and that, both full hours; the answer comes
    /// after everything that was pushed before. Returns whether it was asked: not while the queue is full.
    pub fn recall(&self, probe: &ProbeId, single: Timestamp, hours: Timestamp, way_back: mpsc::Sender<Recalled>) -> bool {
        self.queue.try_send(Asked::Recall { probe: probe.clone(), single, hours, way_back }).is_ok()
    }

    /// Writes everything and ends the thread.
    pub async fn close(&self) {
        let (answer, answered) = oneshot::channel();
        if self.queue.send(Asked::Close(answer)).await.is_ok() {
            // The thread has ended already when there is no answer.
            let _ = answered.await;
        }
    }
}

fn due(last: Timestamp, now: Timestamp, every: SignedDuration) -> bool {
    last == Timestamp::MIN || now.duration_since(last) >= every || now < last
}

fn report<E: std::fmt::Display>(what: &str, done: Result<(), E>) {
    if let Err(error) = done {
        tracing::warn!(%error, "readings were not {what}; the screen goes on");
    }
}
