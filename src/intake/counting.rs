//! What the intake does not take is counted, and told at once where it is the first for a while, else once a minute: ten
//! thousand wrong tokens are two entries.

use crate::domain::Report;
use crate::domain::sent::IntakeCounts;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

/// How long is counted before it is told again.
const WINDOW: Duration = Duration::from_mins(1);

/// Counts that are not told yet. All clones are one.
#[derive(Debug, Clone, Default)]
pub(super) struct Counting {
    counts: Arc<Mutex<IntakeCounts>>,
    noted: Arc<Notify>,
}

impl Counting {
    /// Adds to the counts.
    pub fn note(&self, more: IntakeCounts) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts = counts.plus(more);
        self.noted.notify_one();
    }

    /// A request without the right token.
    pub fn unauthorized(&self) {
        self.note(IntakeCounts { unauthorized: 1, ..IntakeCounts::default() });
    }

    /// A request that is no alert.
    pub fn malformed(&self) {
        self.note(IntakeCounts { malformed: 1, ..IntakeCounts::default() });
    }

    /// Alerts that were not taken.
    pub fn dropped(&self, count: usize) {
        self.note(IntakeCounts { dropped: count as u64, ..IntakeCounts::default() });
    }

    /// Tells the counts for ever.
    pub async fn tell(self, reports: mpsc::Sender<Report>) {
        loop {
            self.noted.notified().await;
            let counts = std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner));
            if counts.is_empty() {
                continue;
            }
            if reports.send(Report::IntakeCounted(counts)).await.is_err() {
                return;
            }
            tokio::time::sleep(WINDOW).await;
        }
    }
}
