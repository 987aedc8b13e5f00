//! What a step of a runbook was expected to print, looked up in its output after its end.

use super::record::{ORDER, OUTPUT, SupervisorOrder};
use crate::domain::AttemptEnd;
use crate::json;
use regex::RegexBuilder;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Bytes of the output that are looked at; an expectation belongs near the beginning.
const LOOKED_AT: u64 = 4 << 20;

/// The end as it was, or `Unexpected` where the output does not match. Blocks.
pub(super) fn judge(folder: &Path, end: AttemptEnd) -> AttemptEnd {
    let order = std::fs::read(folder.join(ORDER)).ok().and_then(|json| json::read_bytes::<SupervisorOrder>(&json).ok());
    let Some(pattern) = order.and_then(|order| order.order.expect_output) else { return end };
    let expression = match RegexBuilder::new(&pattern).multi_line(true).build() {
        Ok(expression) => expression,
        Err(error) => return AttemptEnd::Unexpected(format!("`{pattern}` is no regular expression: {error}")),
    };
    let mut output = Vec::new();
    let read = File::open(folder.join(OUTPUT)).and_then(|file| file.take(LOOKED_AT).read_to_end(&mut output));
    match read {
        Ok(_) if expression.is_match(&String::from_utf8_lossy(&output)) => end,
        Ok(_) => AttemptEnd::Unexpected(format!("{end}, but its output does not match `{pattern}`")),
        Err(error) => AttemptEnd::Unexpected(format!("{end}, but its output cannot be read: {error}")),
    }
}
