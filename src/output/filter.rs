//! All lines that match, gathered on a thread of its own, for a view that shows only them.

use super::scan::{Place, Progress, forward};
use super::{Bell, Needle, Output, OutputError};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

/// The most lines that a filter keeps: 1.6 MB. What comes after them is said to be left out.
pub const FILTER_KEPT: usize = 200_000;

/// The lines of an output that match. Dropping it cancels the work.
#[derive(Debug)]
pub struct Filter {
    output: Output,
    needle: Arc<Needle>,
    bell: Bell,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    progress: Progress,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// Starts of matching lines, ascending.
    lines: Vec<u64>,
    /// Where the scan goes on.
    place: Place,
    full: bool,
    error: Option<String>,
}

impl Filter {
    /// Starts to gather from the beginning of the file.
    pub fn start(output: &Output, needle: &Arc<Needle>, bell: &Bell) -> Result<Self, OutputError> {
        let filter = Self { output: output.clone(), needle: needle.clone(), bell: bell.clone(), shared: Arc::default() };
        filter.gather()?;
        Ok(filter)
    }

    /// Goes on where the file has grown; does nothing while it still runs.
    pub fn resume(&self) -> Result<(), OutputError> {
        let over = self.shared.progress.ended() && !self.is_full();
        if over { self.gather() } else { Ok(()) }
    }

    /// What it looks for.
    pub fn needle(&self) -> &Arc<Needle> {
        &self.needle
    }

    /// How far it is.
    pub fn progress(&self) -> &Progress {
        &self.shared.progress
    }

    /// Lines found so far.
    pub fn count(&self) -> usize {
        self.kept().lines.len()
    }

    /// Whether there are more than are kept.
    pub fn is_full(&self) -> bool {
        self.kept().full
    }

    /// Why it stopped early.
    pub fn error(&self) -> Option<String> {
        self.kept().error.clone()
    }

    /// Starts of found lines from the n-th on.
    pub fn starts(&self, from: usize, count: usize) -> Vec<u64> {
        self.kept().lines.iter().skip(from).take(count).copied().collect()
    }

    /// How many found lines begin before this place.
    pub fn position(&self, at: u64) -> usize {
        self.kept().lines.partition_point(|start| *start < at)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.shared.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gather(&self) -> Result<(), OutputError> {
        let (output, needle, bell, shared) = (self.output.clone(), self.needle.clone(), self.bell.clone(), self.shared.clone());
        self.shared.progress.begin(1);
        std::thread::Builder::new()
            .name("filter".into())
            .spawn(move || {
                shared.gather(&output, &needle, &bell);
                shared.progress.end();
                if !shared.progress.is_cancelled() {
                    bell.ring();
                }
            })
            .map(|_| ())
            .map_err(|source| OutputError::Start { what: "the filter", source })
    }
}

impl Shared {
    fn gather(&self, output: &Output, needle: &Needle, bell: &Bell) {
        let from = self.kept.lock().unwrap_or_else(PoisonError::into_inner).place;
        let mut shown = 0;
        let end = forward(output, from, &self.progress, |piece| {
            let mut found = Vec::new();
            let mut next = 0;
            while let Some(hit) = needle.first_in(piece, next) {
                next = hit.next;
                found.push(hit.line);
            }
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            for line in found {
                // An unfinished or very long line is looked at more than once.
                if kept.lines.last().is_none_or(|last| *last < line) {
                    if kept.lines.len() == FILTER_KEPT {
                        kept.full = true;
                        return ControlFlow::Break(());
                    }
                    kept.lines.push(line);
                }
            }
            // The first screen's worth is shown while the rest is gathered; then each further 1,000.
            if kept.lines.len() >= shown + if shown == 0 { 100 } else { 1_000 } {
                shown = kept.lines.len();
                bell.ring();
            }
            ControlFlow::Continue(())
        });
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match end {
            Ok(place) => kept.place = place,
            Err(error) => kept.error = Some(error.to_string()),
        }
    }
}

impl Drop for Filter {
    fn drop(&mut self) {
        self.shared.progress.cancel();
    }
}
