//! Reading an output from a place to its end in pieces of whole lines, with progress and cancellation.

use super::{Output, OutputError};
use memchr::memrchr;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Bytes read at once: large enough that the call is free beside the search, small enough for the processor's cache.
pub(super) const PIECE: usize = 256 << 10;
/// Bytes that two pieces of one long line share, so that a match across their border is found.
pub(super) const OVERLAP: usize = 4 << 10;

/// How far a background task is. Bytes, so that it means the same for every task.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    total: AtomicU64,
    cancelled: AtomicBool,
    ended: AtomicBool,
}

impl Progress {
    /// Bytes that were looked at.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Bytes that are to be looked at.
    pub fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Per cent, 100 when there is nothing to do.
    pub fn percent(&self) -> u8 {
        (self.done() * 100).checked_div(self.total()).map_or(100, |percent| percent.min(100) as u8)
    }

    /// Whether the task has ended, also when it was cancelled.
    pub fn ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    pub(super) fn begin(&self, total: u64) {
        self.done.store(0, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
        self.ended.store(false, Ordering::Release);
    }

    pub(super) fn advance(&self, done: u64) {
        self.done.store(done, Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }
}

/// A piece of whole lines; of a line longer than a piece, a part of it.
pub(super) struct Piece<'a> {
    /// Where it begins in the file.
    pub at: u64,
    /// Where the line begins that its first byte belongs to.
    pub line: u64,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// Where a scan goes on: a place, and the start of its line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub at: u64,
    pub line: u64,
}

/// Hands out pieces from a place on, up to the length at the last look. Returns where a later scan goes on when the file
/// has grown: at the start of the unfinished last line, or near the end of a very long one.
pub(super) fn forward(
    output: &Output,
    from: Place,
    progress: &Progress,
    mut each: impl FnMut(&Piece<'_>) -> ControlFlow<()>,
) -> Result<Place, OutputError> {
    let end = output.len();
    progress.begin(end.saturating_sub(from.at));
    let mut buffer = vec![0; PIECE];
    let mut held = 0; // bytes at the front of the buffer that were read before
    let mut place = from;
    loop {
        if progress.is_cancelled() {
            return Ok(place);
        }
        let room = buffer.get_mut(held..).unwrap_or_default();
        let left = usize::try_from(end.saturating_sub(place.at + held as u64)).unwrap_or(usize::MAX).min(room.len());
        let got = output.read_at(place.at + held as u64, room.get_mut(..left).unwrap_or_default())?;
        let full = buffer.get(..held + got).unwrap_or_default();
        if full.is_empty() {
            return Ok(place);
        }
        if got == 0 {
            // The unfinished last line.
            let _ = each(&Piece { at: place.at, line: place.line, bytes: full });
            progress.advance(place.at + full.len() as u64 - from.at);
            let keep = full.len().min(OVERLAP);
            let at = if full.len() > OVERLAP { place.at + (full.len() - keep) as u64 } else { place.at };
            return Ok(Place { at, line: place.line });
        }
        let (used, next_line) = match memrchr(b'\n', full) {
            Some(newline) => (newline + 1, Some(place.at + newline as u64 + 1)),
            None if full.len() == PIECE => (full.len(), None),
            None => {
                held = full.len();
                continue;
            }
        };
        let flow = each(&Piece { at: place.at, line: place.line, bytes: full.get(..used).unwrap_or_default() });
        let (consumed, length) = match next_line {
            Some(line) => {
                place.line = line;
                (used, full.len())
            }
            None => (used - OVERLAP, full.len()),
        };
        place.at += consumed as u64;
        buffer.copy_within(consumed..length, 0);
        held = length - consumed;
        progress.advance(place.at - from.at);
        if flow.is_break() {
            return Ok(place);
        }
    }
}
