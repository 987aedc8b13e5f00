//! What the steps around an incident printed, for the archive: of the runbook steps that were run for it, and of the
//! failed steps of its runs. Each is bounded; what is in the middle of a long one is not even read.

use super::mask::Mask;
use super::name::Names;
use super::window::Kept;
use crate::domain::{AttemptEnd, AttemptId, Event, Job};
use crate::output::{Output, OutputError};
use crate::world::Incident;

/// Outputs of one incident, the first ones.
const OUTPUTS_MAX: usize = 100;
/// Bytes that are kept of one output.
const OUTPUT_MAX: u64 = 1 << 20;

/// An output that belongs to an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    /// Its name in the archive.
    pub name: String,
    /// What printed it.
    pub attempt: AttemptId,
    /// How that ended; absent while it runs.
    pub end: Option<AttemptEnd>,
}

impl Printed {
    /// How it ended, in words.
    pub fn ended(&self) -> String {
        self.end.as_ref().map_or_else(|| "runs".to_owned(), ToString::to_string)
    }
}

/// An output as it is handed on: bounded, masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// What is kept of it.
    pub bytes: Vec<u8>,
    /// Places that are masked.
    pub masked: u64,
    /// Bytes that are left out.
    pub left_out: u64,
}

/// The outputs that belong to an incident, in the order in which they were begun or became known, and how many more there
/// are than are handed on.
pub fn of_incident(incident: &Incident) -> (Vec<Printed>, usize) {
    let (mut found, mut names): (Vec<Printed>, Names) = (Vec::new(), Names::default());
    for entry in &incident.timeline {
        let (attempt, end) = match &entry.event {
            Event::ProcedureAsked { attempt, .. } => (attempt, None),
            Event::AttemptEnded { attempt, end, .. } => (attempt, Some(end)),
            _ => continue,
        };
        if let Some(known) = found.iter_mut().find(|printed| printed.attempt == *attempt) {
            known.end = end.cloned().or_else(|| known.end.take());
        } else if is_wanted(attempt, end) {
            let name = format!("outputs/{}", names.give("", &name_of(attempt)));
            found.push(Printed { name, attempt: attempt.clone(), end: end.cloned() });
        }
    }
    let more = found.len().saturating_sub(OUTPUTS_MAX);
    found.truncate(OUTPUTS_MAX);
    (found, more)
}

/// All steps of runbooks, and the attempts of flow steps that did not succeed.
fn is_wanted(attempt: &AttemptId, end: Option<&AttemptEnd>) -> bool {
    match attempt.job {
        Job::Procedure { .. } => true,
        Job::Step { .. } => end.is_some_and(|end| !end.is_success() && *end != AttemptEnd::NeverBegan),
    }
}

fn name_of(attempt: &AttemptId) -> String {
    match &attempt.job {
        Job::Step { run, step } => format!("{}-{}-{step}.{}.txt", run.flow, run.name, attempt.number),
        Job::Procedure { runbook, step, .. } => format!("{runbook}-{step}.{}.txt", attempt.number),
    }
}

/// Reads an output: all of a short one, the beginning and the end of a long one.
///
/// # Errors
/// It cannot be read.
pub fn read(output: &Output, mask: &Mask) -> Result<Handed, OutputError> {
    let (length, half) = (output.len(), OUTPUT_MAX / 2);
    let mut kept = Kept::new(OUTPUT_MAX);
    let head = range(output, 0, length.min(half))?;
    if length <= OUTPUT_MAX {
        let rest = range(output, half, length.saturating_sub(half))?;
        [head, rest].concat().split_inclusive(|byte| *byte == b'\n').for_each(|line| kept.push(line));
    } else {
        // No line and no word is cut in two: half a secret would not be known as one.
        let end = memchr::memrchr(b'\n', &head).or_else(|| head.iter().rposition(u8::is_ascii_whitespace));
        let whole = end.map_or(0, |at| at + 1);
        head.get(..whole).unwrap_or_default().split_inclusive(|byte| *byte == b'\n').for_each(|line| kept.push(line));
        let tail = range(output, length - half, half)?;
        let begin = memchr::memchr(b'\n', &tail).map_or(0, |at| at + 1);
        kept.skip(length - half + begin as u64 - whole as u64);
        match begin {
            0 => kept.push_rest(&tail),
            _ => tail.get(begin..).unwrap_or_default().split_inclusive(|byte| *byte == b'\n').for_each(|line| kept.push(line)),
        }
    }
    let (bytes, left_out) = kept.done();
    let (bytes, masked) = mask.mask(&bytes);
    Ok(Handed { bytes, masked, left_out })
}

fn range(output: &Output, from: u64, length: u64) -> Result<Vec<u8>, OutputError> {
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    let got = output.read_at(from, &mut bytes)?;
    bytes.truncate(got);
    Ok(bytes)
}
