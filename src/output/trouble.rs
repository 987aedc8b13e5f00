//! The line of an output that tells why a step failed.

use super::scan::Progress;
use super::search::find;
use super::{Direction, Needle, Output, OutputError, colourless};
use std::path::Path;

/// Bytes from the beginning that are looked through for the first sign of trouble: a fraction of a second.
const FROM_START: u64 = 64 << 20;
/// Bytes before the end that are looked through where the beginning has none.
const FROM_END: u64 = 8 << 20;
/// The last lines among which one that is not empty is sought.
const LAST: usize = 50;
/// Bytes of the line that are told.
const TOLD: usize = 400;

/// The line that tells most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Telling {
    /// The first that looks like an error.
    FirstError(String),
    /// None does; the last that is not empty.
    LastLine(String),
    /// The first 64 MiB were looked through without finding one, and this is the first in the last 8 MiB.
    LateError(String),
}

impl std::fmt::Display for Telling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::FirstError(line) => write!(f, "first error: {line}"),
            Self::LastLine(line) => write!(f, "no line looks like an error; the last one: {line}"),
            Self::LateError(line) => write!(f, "first error near the end: {line}"),
        }
    }
}

/// Looks for the line of an output that tells most; absent where nothing was printed. Bounded: of a large output the
/// beginning and the end. The line is safe for a screen, without its colours, and cut at 400 bytes.
pub fn telling(path: &Path, progress: &Progress) -> Result<Option<Telling>, OutputError> {
    telling_of(&Output::open(path)?, progress)
}

/// The same for an output that is open.
pub fn telling_of(output: &Output, progress: &Progress) -> Result<Option<Telling>, OutputError> {
    let needle = Needle::trouble()?;
    let line_at = |at: u64| Ok::<_, OutputError>(output.lines(at, 1)?.first().map(|line| told(&line.text())).unwrap_or_default());
    let head = output.up_to(FROM_START);
    if let Some(found) = find(&head, &needle, Direction::Forward, 0, progress)? {
        return Ok(Some(Telling::FirstError(line_at(found.line)?)));
    }
    if output.len() > FROM_START {
        let from = output.line_start(output.len().saturating_sub(FROM_END).max(FROM_START))?;
        if let Some(found) = find(output, &needle, Direction::Forward, from, progress)? {
            return Ok(Some(Telling::LateError(line_at(found.line)?)));
        }
    }
    let last = output.tail(LAST)?.into_iter().rev().map(|line| told(&line.text())).find(|line| !line.trim().is_empty());
    Ok(last.map(Telling::LastLine))
}

fn told(raw: &str) -> String {
    let plain = colourless(raw.trim());
    let safe = crate::text::line(&plain);
    let head = crate::text::head(&safe, TOLD);
    if head.len() < safe.len() { format!("{head}…") } else { head.to_owned() }
}
