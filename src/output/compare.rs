//! Two outputs line by line. Kept are places in the files and which lines are alike, never the lines themselves: of
//! outputs of any size the ends are compared, and what is left out is known.

use super::{Line, Needle, Output, OutputError, Progress, words_only};
use imara_diff::{Algorithm, Diff, InternedInput};
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;

/// The last lines of each output that are compared: with their places and marks 4 MiB of memory for both.
pub const COMPARED_LINES: usize = 100_000;
/// The last bytes of each output that are compared, which take less than a second to read.
pub const COMPARED_BYTES: u64 = 16 << 20;
/// Lines that are read at once.
const BATCH: usize = 256;

/// When two lines are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alike {
    /// When their words are; figures, times and spacing do not count.
    Words,
    /// When every byte is.
    Exactly,
}

/// The part of one output that is compared.
#[derive(Debug, Clone)]
pub struct Side {
    output: Output,
    /// Starts of its lines.
    starts: Vec<u64>,
    /// Bytes before it that are left out.
    left_out: u64,
}

impl Side {
    /// Lines that are compared.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Bytes before them that are left out.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Lines by their place among those that are compared, the first is 0.
    pub fn lines(&self, from: usize, count: usize) -> Result<Vec<Line>, OutputError> {
        match self.starts.get(from) {
            Some(start) => self.output.lines(*start, count.min(self.starts.len() - from)),
            None => Ok(Vec::new()),
        }
    }

    /// Looks through the end of an output; each line leaves its place here and a mark of what it says.
    fn read(output: &Output, alike: Alike, mut told: impl FnMut(u64), progress: &Progress) -> Result<(Self, Vec<u64>), OutputError> {
        let end = output.len();
        let earliest = end.saturating_sub(COMPARED_BYTES);
        let mut at = earliest;
        if earliest > 0 && output.line_start(earliest)? != earliest {
            // The rest of a line that began before; an output of one endless line has nothing else.
            at = output.lines(earliest, 1)?.first().map(|line| line.next).filter(|next| *next < end).unwrap_or(earliest);
        }
        let mut lines = VecDeque::new();
        while at < end && !progress.is_cancelled() {
            let batch = output.lines(at, BATCH)?;
            let Some(last) = batch.last() else { break };
            at = last.next;
            for line in &batch {
                if lines.len() == COMPARED_LINES {
                    lines.pop_front();
                }
                lines.push_back((line.start, mark(line, alike)));
            }
            told(at.saturating_sub(earliest));
        }
        let left_out = lines.front().map_or(0, |(start, _)| *start);
        let (starts, marks) = lines.into_iter().unzip();
        Ok((Self { output: output.clone(), starts, left_out }, marks))
    }

    fn matching(&self, needle: &Needle, progress: &Progress, mut told: impl FnMut(usize)) -> Result<Vec<usize>, OutputError> {
        let mut found = Vec::new();
        let mut from = 0;
        while from < self.len() && !progress.is_cancelled() {
            let lines = self.lines(from, BATCH)?;
            if lines.is_empty() {
                break; // the file was cut
            }
            found.extend(lines.iter().enumerate().filter(|(_, line)| needle.is_match(&line.bytes)).map(|(place, _)| from + place));
            from += lines.len();
            told(lines.len());
        }
        Ok(found)
    }
}

fn mark(line: &Line, alike: Alike) -> u64 {
    let mut hasher = DefaultHasher::new();
    match alike {
        Alike::Exactly => line.bytes.hash(&mut hasher),
        Alike::Words => words_only(&line.text()).hash(&mut hasher),
    }
    line.cut.hash(&mut hasher);
    hasher.finish()
}

/// A stretch of lines that are alike, or that differ. Where they are alike, both sides have as many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Whether the lines of both sides are alike.
    pub alike: bool,
    /// Lines of the earlier output.
    pub before: Range<usize>,
    /// Lines of the later output.
    pub after: Range<usize>,
}

/// Lines that hold what was looked for, by their places in each side, ascending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matches {
    /// Of the earlier output.
    pub before: Vec<usize>,
    /// Of the later output.
    pub after: Vec<usize>,
}

/// What differs between two outputs.
#[derive(Debug, Clone)]
pub struct Differences {
    /// The earlier output.
    pub before: Side,
    /// The later output.
    pub after: Side,
    /// Both from their first line to their last, alike and different stretches by turns.
    pub stretches: Vec<Stretch>,
}

impl Differences {
    /// Compares the ends of two outputs. A cancelled comparison is not whole and is thrown away by its task.
    pub fn between(before: &Output, after: &Output, alike: Alike, progress: &Progress) -> Result<Self, OutputError> {
        let of = |output: &Output| output.len().min(COMPARED_BYTES);
        progress.begin(of(before) + of(after));
        let (before_side, before_marks) = Side::read(before, alike, |done| progress.advance(done), progress)?;
        let (after_side, after_marks) = Side::read(after, alike, |done| progress.advance(of(before) + done), progress)?;
        let mut input = InternedInput::default();
        input.update_before(before_marks.into_iter());
        input.update_after(after_marks.into_iter());
        let mut diff = Diff::compute(Algorithm::Histogram, &input);
        diff.postprocess_no_heuristic(&input);
        let mut stretches = Vec::new();
        let (mut left, mut right) = (0, 0);
        for hunk in diff.hunks() {
            let (before, after) =
                (hunk.before.start as usize..hunk.before.end as usize, hunk.after.start as usize..hunk.after.end as usize);
            if before.start > left {
                stretches.push(Stretch { alike: true, before: left..before.start, after: right..after.start });
            }
            (left, right) = (before.end, after.end);
            stretches.push(Stretch { alike: false, before, after });
        }
        if left < before_side.len() {
            stretches.push(Stretch { alike: true, before: left..before_side.len(), after: right..after_side.len() });
        }
        Ok(Self { before: before_side, after: after_side, stretches })
    }

    /// Stretches that differ.
    pub fn count(&self) -> usize {
        self.stretches.iter().filter(|stretch| !stretch.alike).count()
    }

    /// Lines that only the earlier and only the later output has.
    pub fn lines_apart(&self) -> (usize, usize) {
        let apart = self.stretches.iter().filter(|stretch| !stretch.alike);
        apart.fold((0, 0), |(before, after), stretch| (before + stretch.before.len(), after + stretch.after.len()))
    }

    /// All lines of both that match.
    pub fn matching(&self, needle: &Needle, progress: &Progress) -> Result<Matches, OutputError> {
        progress.begin((self.before.len() + self.after.len()) as u64);
        let mut done = 0;
        let mut told = |lines: usize| {
            done += lines as u64;
            progress.advance(done);
        };
        let before = self.before.matching(needle, progress, &mut told)?;
        let after = self.after.matching(needle, progress, &mut told)?;
        Ok(Matches { before, after })
    }
}
