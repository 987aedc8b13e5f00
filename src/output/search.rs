//! The next or previous line that matches, sought on a thread of its own.

use super::scan::{OVERLAP, PIECE, Piece, Place, Progress, forward};
use super::{Bell, Needle, Output, OutputError};
use memchr::memchr;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Lines that begin at the given place or after it, the first match.
    Forward,
    /// Lines that begin before the given place, the last match.
    Back,
}

/// A matching line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Where the line begins.
    pub line: u64,
    /// Where the match begins; in a very long line it may lie beyond what is shown.
    pub at: u64,
}

/// A match, none, or why the search could not go on.
pub type Answer = Result<Option<Found>, OutputError>;

/// A search that runs. Dropping it cancels it.
#[derive(Debug)]
pub struct Search {
    progress: Arc<Progress>,
    answer: Arc<Mutex<Option<Answer>>>,
}

impl Search {
    /// Starts to look from the start of a line.
    pub fn start(output: &Output, needle: &Arc<Needle>, direction: Direction, from: u64, bell: &Bell) -> Result<Self, OutputError> {
        let search = Self { progress: Arc::default(), answer: Arc::default() };
        let (progress, answer) = (search.progress.clone(), search.answer.clone());
        let (output, needle, bell) = (output.clone(), needle.clone(), bell.clone());
        std::thread::Builder::new()
            .name("search".into())
            .spawn(move || {
                let found = find(&output, &needle, direction, from, &progress);
                *answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
                progress.end();
                if !progress.is_cancelled() {
                    bell.ring();
                }
            })
            .map_err(|source| OutputError::Start { what: "the search", source })?;
        Ok(search)
    }

    /// How far it is.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The answer, once: absent while it runs and after it was taken.
    pub fn take(&self) -> Option<Answer> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Search {
    fn drop(&mut self) {
        self.progress.cancel();
    }
}

/// The same search on this thread; a cancelled one finds nothing.
pub(super) fn find(
    output: &Output,
    needle: &Needle,
    direction: Direction,
    from: u64,
    progress: &Progress,
) -> Result<Option<Found>, OutputError> {
    match direction {
        Direction::Forward => ahead(output, needle, from, progress),
        Direction::Back => back(output, needle, from, progress),
    }
}

fn ahead(output: &Output, needle: &Needle, from: u64, progress: &Progress) -> Result<Option<Found>, OutputError> {
    let mut found = None;
    forward(output, Place { at: from, line: from }, progress, |piece| match needle.first_in(piece, 0) {
        Some(hit) => {
            found = Some(Found { line: hit.line, at: hit.at });
            ControlFlow::Break(())
        }
        None => ControlFlow::Continue(()),
    })?;
    Ok(found)
}

fn back(output: &Output, needle: &Needle, before: u64, progress: &Progress) -> Result<Option<Found>, OutputError> {
    let total = before.min(output.len());
    progress.begin(total);
    let mut buffer = vec![0; PIECE];
    let mut end = total;
    while end > 0 && !progress.is_cancelled() {
        let from = end.saturating_sub(PIECE as u64);
        let length = usize::try_from(end - from).unwrap_or(0);
        let got = output.read_at(from, buffer.get_mut(..length).unwrap_or_default())?;
        let bytes = buffer.get(..got).unwrap_or_default();
        let whole = if from == 0 { Some(0) } else { memchr(b'\n', bytes).map(|newline| newline + 1).filter(|start| *start < bytes.len()) };
        let start = whole.unwrap_or(0);
        let at = from + start as u64;
        let piece = Piece { at, line: at, bytes: bytes.get(start..).unwrap_or_default() };
        if let Some(hit) = needle.last_in(&piece) {
            let line = if whole.is_none() { output.line_start(hit.at)? } else { hit.line };
            return Ok(Some(Found { line, at: hit.at }));
        }
        // A line longer than a piece is looked through in parts that overlap.
        end = if whole.is_some() { at } else { from + OVERLAP as u64 };
        progress.advance(total - end);
    }
    Ok(None)
}
