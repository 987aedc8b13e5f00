//! Line numbers of an output: counts at every so many bytes, made in the background, bounded in memory.

use super::scan::Progress;
use super::{Bell, Output, OutputError};
use memchr::{memchr_iter, memrchr};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes between two counts at first. A look at a line number counts at most so many.
const FIRST_SPACING: u64 = 256 << 10;
/// Counts that are kept: 128 KiB of memory. When there are more, every second one goes and the spacing doubles: 4 GiB of
/// output keep the first spacing.
const COUNTS_KEPT: usize = 16 << 10;

/// Line numbers of an output. Dropping it cancels the counting.
#[derive(Debug)]
pub struct Index {
    output: Output,
    bell: Bell,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    progress: Progress,
    counts: Mutex<Counts>,
}

#[derive(Debug, Clone)]
struct Counts {
    spacing: u64,
    /// Newlines before each multiple of the spacing.
    before: Vec<u64>,
    /// Bytes that were counted.
    upto: u64,
    /// Newlines before `upto`.
    newlines: u64,
    /// Whether the last counted byte is a newline.
    at_line_start: bool,
}

impl Default for Counts {
    fn default() -> Self {
        Self { spacing: FIRST_SPACING, before: vec![0], upto: 0, newlines: 0, at_line_start: true }
    }
}

impl Index {
    /// Starts to count.
    pub fn start(output: &Output, bell: &Bell) -> Result<Self, OutputError> {
        let index = Self { output: output.clone(), bell: bell.clone(), shared: Arc::default() };
        index.count()?;
        Ok(index)
    }

    /// Goes on where the file has grown; does nothing while it still counts.
    pub fn resume(&self) -> Result<(), OutputError> {
        if self.shared.progress.ended() && self.counts().upto < self.output.len() { self.count() } else { Ok(()) }
    }

    /// How far it is.
    pub fn progress(&self) -> &Progress {
        &self.shared.progress
    }

    /// How many lines there are; unknown while they are counted. An unfinished last line counts.
    pub fn line_count(&self) -> Option<u64> {
        let counts = self.counts();
        (counts.upto >= self.output.len()).then_some(counts.newlines + u64::from(!counts.at_line_start))
    }

    /// The number, from 1, of the line that begins at this place; unknown where it was not counted yet.
    pub fn number(&self, start: u64) -> Result<Option<u64>, OutputError> {
        let (mut at, mut newlines) = {
            let counts = self.counts();
            if start > counts.upto {
                return Ok(None);
            }
            let slot = usize::try_from(start / counts.spacing).unwrap_or(usize::MAX).min(counts.before.len() - 1);
            (slot as u64 * counts.spacing, counts.before.get(slot).copied().unwrap_or_default())
        };
        let mut buffer = vec![0; 64 << 10];
        while at < start {
            let want = usize::try_from(start - at).unwrap_or(usize::MAX).min(buffer.len());
            let got = self.output.read_at(at, buffer.get_mut(..want).unwrap_or_default())?;
            if got == 0 {
                return Ok(None);
            }
            newlines += memchr_iter(b'\n', buffer.get(..got).unwrap_or_default()).count() as u64;
            at += got as u64;
        }
        Ok(Some(newlines + 1))
    }

    /// Where the line of this number, from 1, begins; unknown where it was not counted yet or is not there.
    pub fn start_of(&self, number: u64) -> Result<Option<u64>, OutputError> {
        let Some(wanted) = number.checked_sub(1) else { return Ok(None) };
        let (mut at, mut newlines, upto) = {
            let counts = self.counts();
            if wanted > counts.newlines {
                return Ok(None);
            }
            let slot = counts.before.partition_point(|before| *before < wanted).saturating_sub(1);
            (slot as u64 * counts.spacing, counts.before.get(slot).copied().unwrap_or_default(), counts.upto)
        };
        if wanted == 0 {
            return Ok(Some(0));
        }
        let mut buffer = vec![0; 64 << 10];
        while at < upto {
            let got = self.output.read_at(at, &mut buffer)?;
            let bytes = buffer.get(..got).unwrap_or_default();
            if bytes.is_empty() {
                return Ok(None);
            }
            for newline in memchr_iter(b'\n', bytes) {
                newlines += 1;
                if newlines == wanted {
                    return Ok(Some(at + newline as u64 + 1).filter(|start| *start < self.output.len()));
                }
            }
            at += got as u64;
        }
        Ok(None)
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.shared.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self) -> Result<(), OutputError> {
        let (output, bell, shared) = (self.output.clone(), self.bell.clone(), self.shared.clone());
        shared.progress.begin(1);
        std::thread::Builder::new()
            .name("index".into())
            .spawn(move || {
                shared.count(&output);
                shared.progress.end();
                if !shared.progress.is_cancelled() {
                    bell.ring();
                }
            })
            .map(|_| ())
            .map_err(|source| OutputError::Start { what: "the line index", source })
    }
}

impl Shared {
    /// Counts to the end. A read that fails ends it: the numbers stay unknown, and whoever reads lines gets the error.
    fn count(&self, output: &Output) {
        let counts = || self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let (from, mut spacing) = {
            let counts = counts();
            (counts.upto, counts.spacing)
        };
        let mut buffer = vec![0; usize::try_from(FIRST_SPACING).unwrap_or(0)];
        let mut at = from;
        self.progress.begin(output.len().saturating_sub(from));
        while at < output.len() && !self.progress.is_cancelled() {
            // Up to the next multiple of the spacing, so that counts stand where they are looked for.
            let want = usize::try_from((spacing - at % spacing).min(FIRST_SPACING)).unwrap_or(0);
            let Ok(got @ 1..) = output.read_at(at, buffer.get_mut(..want).unwrap_or_default()) else { return };
            let bytes = buffer.get(..got).unwrap_or_default();
            let newlines = memchr_iter(b'\n', bytes).count() as u64;
            at += got as u64;
            let mut counts = counts();
            counts.newlines += newlines;
            counts.upto = at;
            counts.at_line_start = memrchr(b'\n', bytes).is_some_and(|last| last + 1 == got);
            if at % spacing == 0 {
                let newlines = counts.newlines;
                counts.before.push(newlines);
                if counts.before.len() >= COUNTS_KEPT {
                    let mut place = 0;
                    counts.before.retain(|_| {
                        place += 1;
                        place % 2 == 1
                    });
                    spacing *= 2;
                    counts.spacing = spacing;
                }
            }
            drop(counts);
            self.progress.advance(at - from);
        }
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        self.shared.progress.cancel();
    }
}
