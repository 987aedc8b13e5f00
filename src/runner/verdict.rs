//! What is true about an attempt that nobody watches: first the lock, then the files (DESIGN 2.3).

use super::folder::{self, Lock};
use super::record::{BEGAN, EXIT, Ended, ExitRecord, LOG, OUTPUT};
use super::survivors;
use crate::clock;
use crate::domain::{AttemptEnd, AttemptId};
use crate::json;
use std::fs;
use std::path::Path;

/// What is known.
#[derive(Debug)]
pub(super) enum Verdict {
    /// A supervisor lives: watch it.
    Held,
    /// It is over, or was never begun, or nobody knows.
    Over(Ended),
}

/// Looks at the attempt's folder. `is_same_boot` says whether its entry was written in this boot.
pub(super) fn judge(attempt: &AttemptId, path: &Path, is_same_boot: bool) -> Verdict {
    let lock = match folder::try_lock(path) {
        Ok(Lock::Held) => return Verdict::Held,
        Ok(free) => Some(free),
        Err(error) => {
            tracing::warn!(%attempt, %error, "the attempt's lock cannot be tried");
            None
        }
    };
    // From here on the lock is ours, where there is one: the files cannot change any more.
    if let Some(ended) = read_record(attempt, path) {
        return Verdict::Over(ended);
    }
    let has_begun = fs::exists(path.join(BEGAN)).unwrap_or(true);
    let (end, survivors) = if lock.is_some() && is_same_boot && !has_begun {
        (AttemptEnd::NeverBegan, Vec::new())
    } else {
        (AttemptEnd::Lost, survivors::find(path).iter().map(super::processes::Process::words).collect())
    };
    Verdict::Over(Ended { end, ended_at: clock::now(), output_bytes: output_bytes(path), survivors })
}

/// The exit record, if it is whole and of this attempt.
fn read_record(attempt: &AttemptId, path: &Path) -> Option<Ended> {
    let bytes = fs::read(path.join(EXIT)).ok()?;
    match json::read_bytes::<ExitRecord>(&bytes) {
        Ok(record) if record.version == 1 && record.attempt == *attempt => Some(record.ended),
        Ok(_) => None,
        Err(error) => {
            tracing::warn!(%attempt, %error, "the exit record is not valid");
            None
        }
    }
}

/// Bytes printed so far.
fn output_bytes(path: &Path) -> u64 {
    fs::metadata(path.join(OUTPUT)).map_or(0, |output| output.len())
}

/// An attempt that ended before it began, under the eyes of the daemon that started it: that is an error to be shown,
/// and not one to be tried again at once.
pub(super) fn explain(ended: Ended, path: &Path) -> Ended {
    if ended.end != AttemptEnd::NeverBegan {
        return ended;
    }
    let log = fs::read_to_string(path.join(LOG)).unwrap_or_default();
    let last = log.lines().last().unwrap_or("it left no word");
    Ended { end: AttemptEnd::SpawnError(format!("the supervisor ended before the step began: {last}")), ..ended }
}
