//! One line of an output, and how lines are found around a place in both directions.

use super::{Output, OutputError};
use memchr::{memchr, memrchr};
use std::borrow::Cow;
use std::fmt::Write as _;

/// Bytes of one line that are handed out; the rest is counted in [`Line::cut`].
pub const LINE_SHOWN: usize = 16 << 10;
/// Bytes in which the other end of a line is sought. A longer one is broken there, so that a file of one endless line
/// costs a bounded time per screen.
pub const LINE_READ: u64 = 64 << 20;
/// Bytes read at once around a place: more than most screens show.
const STRIDE: usize = 32 << 10;
/// A larger read for long lines.
const LONG_STRIDE: usize = 512 << 10;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where it begins in the file.
    pub start: u64,
    /// Where the next one begins: after its newline, or the end of the file.
    pub next: u64,
    /// Its first [`LINE_SHOWN`] bytes, without the newline and a carriage return before it.
    pub bytes: Vec<u8>,
    /// Bytes of it that are left out.
    pub cut: u64,
    /// Whether a newline ends it; without one a step may still be writing it.
    pub complete: bool,
}

impl Line {
    /// The line as text: bytes that are no UTF-8 become `\x9f`. Control characters stay: they are the business of the
    /// sanitising sink.
    pub fn text(&self) -> Cow<'_, str> {
        visible_utf8(&self.bytes)
    }

    /// What stands for the bytes left out: `… 9.9 MiB more`.
    pub fn marker(&self) -> Option<String> {
        let marker = |cut: u64| match cut {
            0..1024 => format!("… {cut} bytes more"),
            1024..1_048_576 => format!("… {:.1} KiB more", cut as f64 / 1024.0),
            _ => format!("… {:.1} MiB more", cut as f64 / 1_048_576.0),
        };
        (self.cut > 0).then(|| marker(self.cut))
    }
}

fn visible_utf8(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing into a String cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    Cow::Owned(text)
}

/// Lines from `from` on.
pub(super) fn after(output: &Output, from: u64, count: usize) -> Result<Vec<Line>, OutputError> {
    let mut lines = Vec::new();
    let mut window = Window::default();
    let mut at = from;
    let end = output.len();
    while lines.len() < count && at < end {
        let line = window.line(output, at)?;
        if line.next <= at {
            break; // the file was cut while it was read
        }
        at = line.next;
        lines.push(line);
    }
    Ok(lines)
}

/// Lines before `at`, which is the start of a line or the end of the file.
pub(super) fn before(output: &Output, at: u64, count: usize) -> Result<Vec<Line>, OutputError> {
    let mut first = at.min(output.len());
    let mut found = 0;
    let mut window = Window::default();
    while found < count && first > 0 {
        first = window.start_before(output, first - 1)?;
        found += 1;
    }
    let mut lines = after(output, first, found)?;
    lines.retain(|line| line.start < at);
    Ok(lines)
}

/// The start of the line that holds byte `at`.
pub(super) fn start_of(output: &Output, at: u64) -> Result<u64, OutputError> {
    Window::default().start_before(output, at)
}

/// The piece of the file that was read last: neighbouring lines come from one read.
#[derive(Default)]
struct Window {
    at: u64,
    bytes: Vec<u8>,
}

impl Window {
    /// The bytes from `at` on, read anew where they are not at hand.
    fn from(&mut self, output: &Output, at: u64, stride: usize) -> Result<&[u8], OutputError> {
        let known = at.checked_sub(self.at).and_then(|skip| usize::try_from(skip).ok()).filter(|skip| *skip < self.bytes.len());
        if let Some(skip) = known {
            return Ok(self.bytes.get(skip..).unwrap_or_default());
        }
        self.bytes.resize(stride, 0);
        let got = output.read_at(at, &mut self.bytes)?;
        self.bytes.truncate(got);
        self.at = at;
        Ok(&self.bytes)
    }

    /// The line that begins at `start`.
    fn line(&mut self, output: &Output, start: u64) -> Result<Line, OutputError> {
        let mut bytes = Vec::new();
        let mut at = start;
        let mut stride = STRIDE;
        let (length, complete) = loop {
            let piece = self.from(output, at, stride)?;
            let newline = memchr(b'\n', piece);
            let part = piece.get(..newline.unwrap_or(piece.len())).unwrap_or_default();
            // One byte more than is shown, so that a carriage return at the border is seen.
            bytes.extend_from_slice(part.get(..part.len().min(LINE_SHOWN + 1 - bytes.len())).unwrap_or_default());
            at += part.len() as u64;
            if newline.is_some() {
                break (at - start, true);
            }
            if piece.is_empty() || at - start >= LINE_READ {
                break (at - start, false);
            }
            stride = LONG_STRIDE;
        };
        let mut kept = length;
        if complete && length == bytes.len() as u64 && bytes.last() == Some(&b'\r') {
            bytes.pop();
            kept -= 1;
        }
        bytes.truncate(LINE_SHOWN);
        Ok(Line { start, next: start + length + u64::from(complete), cut: kept - bytes.len() as u64, bytes, complete })
    }

    /// The start of the line that holds byte `at`, or its end: sought backwards.
    fn start_before(&mut self, output: &Output, at: u64) -> Result<u64, OutputError> {
        let mut end = at;
        let mut stride = STRIDE as u64;
        while end > 0 {
            let from = match end.checked_sub(self.at) {
                Some(inside) if inside > 0 && inside <= self.bytes.len() as u64 => self.at,
                _ => {
                    let from = end.saturating_sub(stride);
                    self.bytes.resize(usize::try_from(end - from).unwrap_or(0), 0);
                    let got = output.read_at(from, &mut self.bytes)?;
                    self.bytes.truncate(got);
                    self.at = from;
                    from
                }
            };
            let inside = usize::try_from(end - from).unwrap_or(usize::MAX).min(self.bytes.len());
            if let Some(newline) = memrchr(b'\n', self.bytes.get(..inside).unwrap_or_default()) {
                return Ok(from + newline as u64 + 1);
            }
            end = from;
            if at - end >= LINE_READ {
                return Ok(end);
            }
            stride = LONG_STRIDE as u64;
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_shown() {
        let line = Line { start: 0, next: 0, bytes: b"a\xff\xc3b\0".to_vec(), cut: 0, complete: true };
        assert_eq!(line.text(), "a\\xff\\xc3b\0");
    }

    #[test]
    fn the_marker_says_how_much_is_left_out() {
        let marker = |cut| Line { start: 0, next: 0, bytes: Vec::new(), cut, complete: true }.marker();
        assert_eq!(marker(0), None);
        assert_eq!(marker(12).unwrap(), "… 12 bytes more");
        assert_eq!(marker(10 << 20).unwrap(), "… 10.0 MiB more");
    }
}
