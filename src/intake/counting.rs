//! What the intake does not take is counted, and told at once where it is the first for a while, else every ten seconds: ten
//! thousand wrong tokens are a few entries. What is not told yet when the daemon ends is told then.

use crate::domain::Report;
use crate::domain::sent::IntakeCounts;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

/// How long is counted before it is told again.
const WINDOW: Duration = Duration::from_secs(10);

/// Counts that are not told yet. All clones are one.
#[derive(Debug, Clone, Default)]
pub struct Counting {
    counts: Arc<Mutex<IntakeCounts>>,
    noted: Arc<Notify>,
}

impl Counting {
    /// Adds to the counts.
    pub(super) fn note(&self, more: IntakeCounts) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts = counts.plus(more);
        self.noted.notify_one();
    }

    /// A request without the right token.
    pub(super) fn unauthorized(&self) {
        self.note(IntakeCounts { unauthorized: 1, ..IntakeCounts::default() });
    }

    /// A request that is no alert.
    pub(super) fn malformed(&self) {
        self.note(IntakeCounts { malformed: 1, ..IntakeCounts::default() });
    }

    /// Alerts that were not taken.
    pub(super) fn dropped(&self, count: usize) {
        self.note(IntakeCounts { dropped: count as u64, ..IntakeCounts::default() });
    }

    /// What is not told yet; it is taken as told.
    pub fn rest(&self) -> Option<Report> {
        let counts = std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner));
        (!counts.is_empty()).then_some(Report::IntakeCounted(counts))
    }

    /// Tells the counts for ever.
    pub(super) async fn tell(self, reports: mpsc::Sender<Report>) {
        loop {
            self.noted.notified().await;
            // With a place for it nothing is lost when this ends meanwhile.
            let Ok(place) = reports.reserve().await else { return };
            let Some(report) = self.rest() else { continue };
            place.send(report);
            tokio::time::sleep(WINDOW).await;
        }
    }
}
