//! Looks at targets on a fixed rhythm and reports what it found: one file per kind of probe.
//!
//! One task keeps the rota; each look is a short task of its own. Never more looks are under way than half of the
//! descriptors that the process may open, and fewer while the machine is too busy to run them in time. What cannot be
//! looked at in time is told as lateness, `Verdict::Skipped`, never as a failure of the target.

mod clients;
mod found;
mod http;
mod look;
mod pace;
mod rota;
mod tcp;

use crate::clock;
use crate::domain::{ProbeDefinition, ProbeId, ProbeResult, Report, Sample, Verdict};
use look::{Look, Shared};
use pace::Pace;
use rota::{Rota, Start};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

/// Looks at targets. All clones are one prober; it ends with the last of them.
#[derive(Debug, Clone)]
pub struct Prober {
    desk: Arc<Desk>,
    _last: Arc<Ending>,
}

/// What the prober's tasks share.
#[derive(Debug)]
struct Desk {
    rota: Mutex<Rota>,
    pace: Pace,
    shared: Shared,
    changed: Notify,
    closed: AtomicBool,
    reports: mpsc::Sender<Report>,
}

/// Ends the prober's task with the last clone of the prober.
#[derive(Debug)]
struct Ending(Arc<Desk>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.closed.store(true, Ordering::Relaxed);
        self.0.changed.notify_one();
    }
}

impl Prober {
    /// Begins, with nothing to look at, on the given runtime. Looks wait while `reports` is full.
    #[expect(clippy::needless_pass_by_value, reason = "a handle is meant to be handed over")]
    pub fn new(reports: mpsc::Sender<Report>, tokio: Handle) -> Self {
        let desk = Arc::new(Desk {
            rota: Mutex::new(Rota::new(Instant::now())),
            pace: Pace::default(),
            shared: Shared::default(),
            changed: Notify::new(),
            closed: AtomicBool::new(false),
            reports,
        });
        tokio.spawn(keep_rota(desk.clone()));
        Self { _last: Arc::new(Ending(desk.clone())), desk }
    }

    /// Looks at this probe from now on, with this definition. A neighbour's probe is the neighbour's to look at.
    #[expect(clippy::needless_pass_by_value, reason = "it comes out of an effect that is done with it")]
    pub fn watch(&self, probe: Arc<ProbeDefinition>) {
        match Look::prepare(&probe) {
            Some(look) => self.desk.rota().watch(&probe.id, Arc::new(look), probe.every, Instant::now()),
            None => self.desk.rota().forget(&probe.id),
        }
        self.desk.changed.notify_one();
    }

    /// Looks at this probe no longer; a look under way is not reported.
    pub fn forget(&self, probe: &ProbeId) {
        self.desk.rota().forget(probe);
    }

    /// Looks once as soon as possible, beside the rhythm.
    pub fn now(&self, probe: &ProbeId) {
        self.desk.rota().ask(probe);
        self.desk.changed.notify_one();
    }

    /// Looks this often from now on.
    pub fn set_rhythm(&self, probe: &ProbeId, every: Duration) {
        self.desk.rota().set_rhythm(probe, every, Instant::now());
        self.desk.changed.notify_one();
    }

    /// How far the look that waits longest is behind its time; zero while all keep theirs.
    pub fn behind(&self) -> Duration {
        self.desk.rota().next_on_grid().map_or(Duration::ZERO, |due| Instant::now().saturating_duration_since(due))
    }
}

impl Desk {
    fn rota(&self) -> MutexGuard<'_, Rota> {
        self.rota.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts looks when they are due, until the prober or the engine is gone.
async fn keep_rota(desk: Arc<Desk>) {
    let mut beat: Option<Instant> = None;
    while !desk.closed.load(Ordering::Relaxed) && !desk.reports.is_closed() {
        let now = Instant::now();
        let limit = desk.pace.limit();
        let (starts, next, looking) = {
            let mut rota = desk.rota();
            (rota.start(now, limit), rota.next(), rota.looking())
        };
        for start in starts {
            tokio::spawn(look_once(desk.clone(), start, now));
        }
        if let Some(due) = beat.filter(|due| *due <= now) {
            desk.pace.beat(due, looking);
            beat = None;
        }
        beat = (looking > 0).then(|| beat.unwrap_or(now + pace::BEAT));
        let due = next.filter(|_| looking < limit);
        let Some(wake) = due.into_iter().chain(beat).min() else {
            tokio::select! {
                () = desk.changed.notified() => {}
                () = desk.reports.closed() => {}
            }
            continue;
        };
        tokio::select! {
            () = tokio::time::sleep_until(wake) => {}
            () = desk.changed.notified() => {}
        }
    }
}

/// One look, reported if it still counts by then.
async fn look_once(desk: Arc<Desk>, start: Start, started: Instant) {
    desk.pace.ran(started);
    if start.missed > 0 {
        desk.report(&start, left_out(&start)).await;
    }
    let result = start.look.look(start.timeout, &desk.shared, || desk.pace.held_up()).await;
    desk.report(&start, result).await;
    desk.rota().end(&start.probe, start.edition);
    desk.changed.notify_one();
}

impl Desk {
    async fn report(&self, start: &Start, result: ProbeResult) {
        if self.rota().counts(&start.probe, start.edition) {
            // The engine is gone: the prober ends with it, and nobody is left to tell.
            let _gone = self.reports.send(Report::Probed { probe: start.probe.clone(), result }).await;
        }
    }
}

/// The lateness of a look as a reading of its own.
fn left_out(start: &Start) -> ProbeResult {
    let (late, missed) = (start.late.as_secs_f64(), start.missed);
    let looks = if missed == 1 { "look" } else { "looks" };
    ProbeResult {
        sample: Sample { at: clock::now(), verdict: Verdict::Skipped, latency_us: 0 },
        reason: format!("dogwatch is {late:.1} s behind: {missed} {looks} left out"),
        certificate_ends: None,
    }
}
