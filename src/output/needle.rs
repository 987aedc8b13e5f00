//! What is looked for in an output: a text, a regular expression, or the first sign of trouble. Always within one line.

use super::OutputError;
use super::scan::Piece;
use memchr::memmem::{Finder, FinderRev};
use memchr::{memchr, memrchr};
use regex::bytes::{Regex, RegexBuilder};
use std::ops::Range;

/// The longest text or expression that is taken, in bytes.
const LONGEST: usize = 1_000;
/// The most memory that a compiled expression may take, in bytes.
const COMPILED_MAX: usize = 1 << 20;
/// Words by which the first error is found, anywhere in a line and in any case.
const TROUBLE: &str = r"error|fatal|exception|panic|traceback|failed|failure|critical|segmentation fault|no such file|permission denied";
/// Words that say that there is none: `0 errors`, `no failures`, `errors: 0`.
const HARMLESS: &str =
    r"\b(0|no|without|zero) +(errors?|failed|failures?|exceptions?|critical)\b|\b(errors?|failed|failures?|exceptions?)[=:] *(0|none)\b";

/// What is looked for.
#[derive(Debug, Clone)]
pub struct Needle {
    words: String,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Exact { forward: Box<Finder<'static>>, back: Box<FinderRev<'static>> },
    Pattern(Regex),
    Trouble { signs: Regex, harmless: Regex },
}

impl Needle {
    /// A text. Without a capital letter in it any case matches (smart case).
    pub fn text(text: &str) -> Result<Self, OutputError> {
        let text = text.split(['\n', '\r']).next().unwrap_or_default();
        check(text)?;
        let any_case = !text.chars().any(char::is_uppercase) && text.chars().any(char::is_alphabetic);
        let kind = if any_case {
            Kind::Pattern(compile(&regex::escape(text), true)?)
        } else {
            Kind::Exact { forward: Box::new(Finder::new(text).into_owned()), back: Box::new(FinderRev::new(text).into_owned()) }
        };
        Ok(Self { words: text.to_owned(), kind })
    }

    /// A regular expression, smart case like a text. `^` and `$` are the ends of a line; a carriage return ends one too.
    pub fn regex(pattern: &str) -> Result<Self, OutputError> {
        check(pattern)?;
        if pattern.contains(r"\A") || pattern.contains(r"\z") {
            return Err(OutputError::Pattern(r"\A and \z have no meaning here; write ^ and $ for the ends of a line".into()));
        }
        let any_case = !pattern.chars().any(char::is_uppercase);
        Ok(Self { words: pattern.to_owned(), kind: Kind::Pattern(compile(pattern, any_case)?) })
    }

    /// The first sign of trouble: a line with one of error, fatal, exception, panic, traceback, failed, failure,
    /// critical, segmentation fault, no such file, permission denied, in any case, unless all it says is that there
    /// are none (`0 errors`, `failed=0`).
    pub fn trouble() -> Result<Self, OutputError> {
        let kind = Kind::Trouble { signs: compile(TROUBLE, true)?, harmless: compile(HARMLESS, true)? };
        Ok(Self { words: "the first error".into(), kind })
    }

    /// What it looks for, for a message.
    pub fn words(&self) -> &str {
        &self.words
    }

    /// Whether a line, without its newline, matches.
    pub fn is_match(&self, line: &[u8]) -> bool {
        match &self.kind {
            Kind::Exact { forward, .. } => forward.find(line).is_some(),
            Kind::Pattern(regex) => regex.is_match(line),
            Kind::Trouble { signs, harmless } => {
                signs.is_match(line) && (!harmless.is_match(line) || signs.is_match(&harmless.replace_all(line, &b""[..])))
            }
        }
    }

    /// Where it matches within a shown line, for highlighting. At most 200 places.
    pub fn ranges(&self, line: &str) -> Vec<Range<usize>> {
        let whole = |range: &Range<usize>| !range.is_empty() && line.is_char_boundary(range.start) && line.is_char_boundary(range.end);
        match &self.kind {
            Kind::Exact { forward, .. } => {
                let length = forward.needle().len();
                forward.find_iter(line.as_bytes()).map(|at| at..at + length).filter(whole).take(200).collect()
            }
            Kind::Pattern(regex) | Kind::Trouble { signs: regex, .. } => {
                regex.find_iter(line.as_bytes()).map(|found| found.range()).filter(whole).take(200).collect()
            }
        }
    }

    /// A place that may lie in a matching line, the first from the front.
    fn candidate(&self, bytes: &[u8]) -> Option<usize> {
        match &self.kind {
            Kind::Exact { forward, .. } => forward.find(bytes),
            Kind::Pattern(regex) | Kind::Trouble { signs: regex, .. } => regex.find(bytes).map(|found| found.start()),
        }
    }

    /// The first matching line of a piece from `from` on, which is the start of a line or of the piece.
    pub(super) fn first_in(&self, piece: &Piece<'_>, from: usize) -> Option<Hit> {
        let bytes = piece.bytes;
        let mut from = from;
        while let Some(rest) = bytes.get(from..).filter(|rest| !rest.is_empty()) {
            let at = from + self.candidate(rest)?;
            let start = memrchr(b'\n', bytes.get(..at)?).map_or(0, |newline| newline + 1);
            if start >= bytes.len() {
                return None; // an empty match after the last newline
            }
            let end = memchr(b'\n', bytes.get(at..)?).map_or(bytes.len(), |newline| at + newline);
            let line = bytes.get(start..end)?;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if self.is_match(line) {
                let line = if start == 0 { piece.line } else { piece.at + start as u64 };
                return Some(Hit { line, at: piece.at + at as u64, next: end + 1 });
            }
            from = end + 1;
        }
        None
    }

    /// The last matching line of a piece.
    pub(super) fn last_in(&self, piece: &Piece<'_>) -> Option<Hit> {
        if let Kind::Exact { back, .. } = &self.kind {
            let at = back.rfind(piece.bytes)?;
            let start = memrchr(b'\n', piece.bytes.get(..at)?).map_or(0, |newline| newline + 1);
            let line = if start == 0 { piece.line } else { piece.at + start as u64 };
            return Some(Hit { line, at: piece.at + at as u64, next: 0 });
        }
        let mut last = None;
        let mut from = 0;
        while let Some(hit) = self.first_in(piece, from) {
            from = hit.next;
            last = Some(hit);
        }
        last
    }
}

/// A matching line within a piece.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    /// Where the line begins in the file.
    pub line: u64,
    /// Where the match begins in the file.
    pub at: u64,
    /// Where in the piece the next line begins.
    pub next: usize,
}

fn check(text: &str) -> Result<(), OutputError> {
    match text.len() {
        0 => Err(OutputError::Pattern("there is nothing to look for".into())),
        1..=LONGEST => Ok(()),
        _ => Err(OutputError::Pattern(format!("longer than {LONGEST} bytes"))),
    }
}

fn compile(pattern: &str, any_case: bool) -> Result<Regex, OutputError> {
    RegexBuilder::new(pattern)
        .case_insensitive(any_case)
        .multi_line(true)
        .crlf(true)
        // Bytes are enough for plain patterns and several times faster; `\w` and classes then mean ASCII, which is what logs are.
        .unicode(!pattern.is_ascii())
        .size_limit(COMPILED_MAX)
        .build()
        .map_err(|error| OutputError::Pattern(error.to_string().lines().last().unwrap_or_default().trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smart_case() {
        assert!(Needle::text("timeout").unwrap().is_match(b"TimeOut"));
        assert!(!Needle::text("Timeout").unwrap().is_match(b"timeout"));
        assert!(Needle::regex("t.me").unwrap().is_match(b"TIME"));
    }

    #[test]
    fn trouble_is_not_the_word_that_there_is_none() {
        let trouble = Needle::trouble().unwrap();
        for bad in
            ["ERROR: x", "java.lang.NullPointerException", "3 failed, 0 errors", "thread panicked", "Traceback (most recent call last):"]
        {
            assert!(trouble.is_match(bad.as_bytes()), "{bad}");
        }
        for good in ["0 errors", "finished, failed=0", "no failures", "all is well"] {
            assert!(!trouble.is_match(good.as_bytes()), "{good}");
        }
    }

    #[test]
    fn a_wrong_pattern_says_why() {
        assert!(Needle::regex("(").unwrap_err().to_string().contains("unclosed group"));
        assert!(Needle::text("").is_err());
        assert!(Needle::regex("x{1000}{1000}").is_err());
    }

    #[test]
    fn places_are_between_characters() {
        assert_eq!(Needle::text("ä").unwrap().ranges("xäÄ"), [1..3, 3..5]);
        assert_eq!(Needle::regex(".").unwrap().ranges("ä").len(), 0);
    }
}
