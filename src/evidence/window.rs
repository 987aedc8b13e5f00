//! Cuts a log to a window of time by searching the file for its ends, halving it; only what is kept is read as a whole,
//! and of more than may be kept the head and the tail. A file of 10 GB costs some dozens of reads.

use super::stamp::Stamps;
use jiff::{SignedDuration, Timestamp};
use std::cell::Cell;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// Bytes of one look.
const LOOK: u64 = 16 << 10;
/// Bytes of one look in a stretch without times.
const LOOK_MAX: u64 = 1 << 20;
/// Bytes without any time that are read through.
const DUMP: u64 = 256 << 20;
/// A line's time is within so many bytes of its beginning.
const OVERHANG: u64 = 512;
/// Lines may stand out of order by so much; writers that share a file overtake each other.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(60);
/// And by so many bytes.
const TOLERANCE_BYTES: u64 = 1 << 20;
/// Where a very long line is cut, a word that was cut in two is left out, up to this length: it may be half a secret.
const WORD_MAX: usize = 4 << 10;

/// From when to when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Lines of this time and later ones,
    pub from: Timestamp,
    /// until this time.
    pub to: Timestamp,
}

impl Window {
    fn holds(self, at: Timestamp) -> bool {
        (self.from..=self.to).contains(&at)
    }
}

/// What was cut out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cut {
    /// The lines of the window, with a marker where some are left out.
    pub bytes: Vec<u8>,
    /// Bytes of the window that are left out.
    pub left_out: u64,
    /// Bytes that were read.
    pub read: u64,
    /// Whether the window begins before the file does: a rotated one may hold the rest.
    pub reaches_back: bool,
}

/// A file whose reads are counted.
pub(super) struct Counted<'f> {
    file: &'f File,
    size: u64,
    read: Cell<u64>,
}

impl<'f> Counted<'f> {
    pub fn new(file: &'f File) -> io::Result<Self> {
        Ok(Self { file, size: file.metadata()?.len(), read: Cell::new(0) })
    }

    /// The bytes of a stretch, fewer where the file has become shorter meanwhile.
    pub fn bytes(&self, from: u64, to: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(to.min(self.size).saturating_sub(from)).unwrap_or(0)];
        let mut filled = 0;
        while let Some(room) = bytes.get_mut(filled..).filter(|room| !room.is_empty()) {
            match self.file.read_at(room, from + filled as u64) {
                Ok(0) => break,
                Ok(got) => filled += got,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(filled);
        self.read.set(self.read.get() + filled as u64);
        Ok(bytes)
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn read(&self) -> u64 {
        self.read.get()
    }
}

/// The lines of a window, at most so many bytes of them.
///
/// # Errors
/// The file cannot be read.
pub fn cut(file: &File, stamps: &Stamps, window: Window, max_bytes: u64) -> io::Result<Cut> {
    let file = Counted::new(file)?;
    let search = Search { file: &file, stamps };
    let earlier = |at: Timestamp| at.checked_sub(TOLERANCE).unwrap_or(at);
    let later = |at: Timestamp| at.checked_add(TOLERANCE).unwrap_or(at);
    let (begin, end) = (search.first(0, |at| at >= window.from)?, search.first(0, |at| at > window.to)?);
    let begin = search.first(0, |at| at >= earlier(window.from))?.max(begin.saturating_sub(TOLERANCE_BYTES));
    let end = search.first(begin, |at| at > later(window.to))?.min(end.saturating_add(TOLERANCE_BYTES));
    let mut kept = Kept::new(max_bytes);
    let part = max_bytes / 2 + TOLERANCE_BYTES;
    if end.saturating_sub(begin) <= 2 * part {
        feed(&file.bytes(begin, end)?, stamps, window, &mut kept, begin == 0);
    } else {
        feed(&file.bytes(begin, begin + part)?, stamps, window, &mut kept, begin == 0);
        kept.skip(end - begin - 2 * part);
        feed(&file.bytes(end - part, end)?, stamps, window, &mut kept, false);
    }
    let first = search.next(0, file.size())?.map(|(_, at)| at);
    let (bytes, left_out) = kept.done();
    Ok(Cut { bytes, left_out, read: file.read(), reaches_back: first.is_none_or(|first| first > window.from) })
}

/// Gives the lines of the window on; one without a time goes with the line before it.
fn feed(bytes: &[u8], stamps: &Stamps, window: Window, kept: &mut Kept, from_start: bool) {
    let mut filter = Lines { inside: false };
    for (place, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        // The first piece may be the rest of a line.
        if (place > 0 || from_start || stamps.at(line).is_some()) && filter.takes(line, stamps, window) {
            kept.push(line);
        }
    }
}

/// Which lines are in the window, one after the other.
pub(super) struct Lines {
    pub inside: bool,
}

impl Lines {
    pub fn takes(&mut self, line: &[u8], stamps: &Stamps, window: Window) -> bool {
        if let Some(at) = stamps.at(line) {
            self.inside = window.holds(at);
        }
        self.inside
    }
}

struct Search<'s, 'f> {
    file: &'s Counted<'f>,
    stamps: &'s Stamps,
}

impl Search<'_, '_> {
    /// Where the first line begins whose time fulfils the condition, from `low` on; the file's size where none does.
    fn first(&self, low: u64, is: impl Fn(Timestamp) -> bool) -> io::Result<u64> {
        let (mut low, mut high) = (low, self.file.size());
        while high - low > LOOK {
            let middle = low + (high - low) / 2;
            match self.next(middle, high)? {
                Some((start, at)) if !is(at) => low = start,
                _ => high = middle,
            }
        }
        let bytes = self.file.bytes(low, high + OVERHANG)?;
        let mut start = low;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if start >= high {
                break;
            }
            if self.stamps.at(line).is_some_and(&is) {
                return Ok(start);
            }
            start += line.len() as u64;
        }
        Ok(self.next(high, self.file.size())?.map_or(self.file.size(), |(start, _)| start))
    }

    /// The first line with a time that begins at or after `from` and before `to`. A stretch without times, such as a dump, is
    /// read through; in one that is longer than [`DUMP`] it leaps farther and farther.
    fn next(&self, from: u64, to: u64) -> io::Result<Option<(u64, Timestamp)>> {
        let (mut at, mut look, mut leap) = (from, LOOK, 0);
        while at < to {
            let begin = at.saturating_sub(1);
            let end = (at + look).min(to);
            let bytes = self.file.bytes(begin, end + OVERHANG)?;
            let after = memchr::memchr_iter(b'\n', &bytes).map(|newline| begin + newline as u64 + 1);
            let starts = (at == 0).then_some(0).into_iter().chain(after);
            for start in starts.take_while(|start| *start < end) {
                let rest = bytes.get((start - begin) as usize..).unwrap_or_default();
                let rest = rest.get(..rest.len().min(OVERHANG as usize)).unwrap_or_default();
                let line = rest.get(..memchr::memchr(b'\n', rest).unwrap_or(rest.len())).unwrap_or_default();
                if let Some(at) = self.stamps.at(line) {
                    return Ok(Some((start, at)));
                }
            }
            if end - from > DUMP {
                leap = (leap * 2).max(LOOK);
            }
            at = end + leap;
            look = (look * 2).min(LOOK_MAX);
        }
        Ok(None)
    }
}

/// Keeps the head and the tail of what it is given.
pub(super) struct Kept {
    half: usize,
    head: Vec<u8>,
    tail: VecDeque<Vec<u8>>,
    tail_bytes: usize,
    is_tail: bool,
    left_out: u64,
}

impl Kept {
    pub fn new(max_bytes: u64) -> Self {
        let half = usize::try_from(max_bytes / 2).unwrap_or(usize::MAX).max(1);
        Self { half, head: Vec::new(), tail: VecDeque::new(), tail_bytes: 0, is_tail: false, left_out: 0 }
    }

    /// The next line.
    pub fn push(&mut self, line: &[u8]) {
        if !self.is_tail {
            if self.head.len() + line.len() <= self.half {
                self.head.extend_from_slice(line);
                return;
            }
            self.is_tail = true;
            // A line that alone is more than may be kept: its beginning is here, its end there.
            if self.head.len() < self.half / 2 {
                let room = self.half - self.head.len();
                let piece = whole_words_before(line, room);
                self.head.extend_from_slice(piece);
                self.head.push(b'\n');
                return self.push(line.get(piece.len()..).unwrap_or_default());
            }
        }
        let piece = if line.len() > self.half { whole_words_after(line, line.len() - self.half) } else { line };
        self.left_out += (line.len() - piece.len()) as u64;
        self.tail_bytes += piece.len();
        self.tail.push_back(piece.to_vec());
        while self.tail_bytes > self.half {
            let Some(gone) = self.tail.pop_front() else { break };
            self.tail_bytes -= gone.len();
            self.left_out += gone.len() as u64;
        }
    }

    /// The rest of a line whose beginning is not at hand.
    pub fn push_rest(&mut self, rest: &[u8]) {
        self.push(whole_words_after(rest, 0));
    }

    /// So many bytes are not even read.
    pub fn skip(&mut self, bytes: u64) {
        self.is_tail = true;
        self.left_out += self.tail_bytes as u64 + bytes;
        self.tail.clear();
        self.tail_bytes = 0;
    }

    /// What is kept, with a marker where something is left out, and how much that is.
    pub fn done(self) -> (Vec<u8>, u64) {
        let mut bytes = self.head;
        if self.left_out > 0 {
            if bytes.last().is_some_and(|last| *last != b'\n') {
                bytes.push(b'\n');
            }
            bytes.extend_from_slice(format!("--- dogwatch: {} bytes of the window are left out here ---\n", self.left_out).as_bytes());
        }
        bytes.extend(self.tail.into_iter().flatten());
        (bytes, self.left_out)
    }
}

/// The beginning of a line without a word that would be cut in two.
fn whole_words_before(line: &[u8], room: usize) -> &[u8] {
    let cut = room.min(line.len());
    let from = cut.saturating_sub(WORD_MAX);
    let space = line.get(from..cut).and_then(|end| end.iter().rposition(u8::is_ascii_whitespace)).map_or(from, |place| from + place);
    line.get(..space).unwrap_or_default()
}

/// The end of a line, likewise.
fn whole_words_after(line: &[u8], from: usize) -> &[u8] {
    let to = (from + WORD_MAX).min(line.len());
    let space = line.get(from..to).and_then(|begin| begin.iter().position(u8::is_ascii_whitespace)).map_or(to, |place| from + place);
    line.get(space..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_much_the_head_and_the_tail_are_kept() {
        let mut kept = Kept::new(40);
        for number in 0..10 {
            kept.push(format!("line {number:03}\n").as_bytes());
        }
        let (bytes, left_out) = kept.done();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(left_out, 54);
        assert!(text.starts_with("line 000\nline 001\n--- dogwatch: 54 bytes"), "{text}");
        assert!(text.ends_with("---\nline 008\nline 009\n"), "{text}");
    }

    #[test]
    fn a_word_that_is_cut_is_left_out_whole() {
        let line = format!("{} password=opensesame {}", "a ".repeat(40), "b ".repeat(40));
        for max in 20..line.len() as u64 {
            let mut kept = Kept::new(max);
            kept.push(line.as_bytes());
            let text = String::from_utf8(kept.done().0).unwrap();
            assert!(!text.contains("sesame") || text.contains("password=opensesame"), "{max}: {text}");
        }
    }
}
