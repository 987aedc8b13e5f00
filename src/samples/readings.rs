//! The way to the store of readings: a thread of its own, so that nobody waits for its file.

use super::{Hour, Retention, Samples};
use crate::domain::probe::LooksRecalled;
use crate::domain::{ProbeId, Report, Sample};
use jiff::{SignedDuration, Timestamp};
use std::path::Path;
use tokio::runtime::Handle;
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
    reports: mpsc::Sender<Report>,
    tokio: Handle,
}

#[derive(Debug)]
enum Asked {
    Push(ProbeId, Sample),
    Since(ProbeId, Timestamp, oneshot::Sender<Vec<Sample>>),
    Hours(ProbeId, Timestamp, oneshot::Sender<Vec<Hour>>),
    Close(oneshot::Sender<()>),
}

impl Readings {
    /// Opens the store below the state folder and starts its thread.
    pub fn start(state: &Path, keep: Retention, reports: mpsc::Sender<Report>, tokio: Handle) -> anyhow::Result<Self> {
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
                    Asked::Close(answer) => {
                        report("written", samples.flush(crate::clock::now()));
                        let _ = answer.send(()); // who asked may have gone
                        break;
                    }
                }
            }
        })?;
        Ok(Self { queue, reports, tokio })
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

    /// Reports what is remembered of a probe: single looks from one time on, among them all that were pushed before, and the
    /// hours between another time and that.
    pub fn recall(&self, probe: ProbeId, single: Timestamp, hours: Timestamp) {
        let readings = self.clone();
        self.tokio.spawn(async move {
            let samples = readings.since(&probe, single).await;
            let hours = readings.hours(&probe, hours).await.iter().filter(|hour| hour.at < single).map(Hour::looks).collect();
            // Nobody listens any more when the daemon ends.
            let _ = readings.reports.send(Report::LooksRecalled(LooksRecalled { probe, hours, samples })).await;
        });
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
