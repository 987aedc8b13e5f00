//! States → symbol, meaning and words, for flows, runs, steps and attempts alike.

use crate::console::glyph::Glyphs;
use crate::console::theme::Role;
use crate::domain::run::RunCause;
use crate::domain::{AttemptEnd, Health, Outcome, Phase};
use crate::world::{Run, StepRun, StepState};

/// How an outcome looks.
pub fn outcome(outcome: &Outcome, glyphs: &Glyphs) -> (&'static str, Role) {
    match outcome {
        Outcome::Success => (glyphs.good, Role::Good),
        Outcome::SuccessForced { .. } => (glyphs.done, Role::Good),
        Outcome::Failed { .. } => (glyphs.bad, Role::Bad),
        Outcome::Cancelled { .. } => (glyphs.bad, Role::Warning),
        Outcome::Skipped { .. } => (glyphs.minus, Role::Muted),
        Outcome::UpstreamFailed => (glyphs.minus, Role::Warning),
        Outcome::Missed { .. } => (glyphs.late, Role::Warning),
        Outcome::Lost => (glyphs.unknown, Role::Unknown),
    }
}

/// How a step looks.
pub fn step(state: &StepState, glyphs: &Glyphs) -> (&'static str, Role) {
    match state {
        StepState::Waiting => (glyphs.absent, Role::Muted),
        StepState::Queued => (glyphs.waiting, Role::Waiting),
        StepState::Running => (glyphs.active, Role::Active),
        StepState::RetryAt { .. } => (glyphs.pending, Role::Waiting),
        StepState::Done { outcome: how } => outcome(how, glyphs),
        StepState::Approval => (glyphs.warning, Role::Waiting),
    }
}

/// How much a step wants to be seen, for a box that stands for several.
pub fn rank(state: &StepState) -> u8 {
    match state {
        StepState::Waiting => 1,
        StepState::Queued => 2,
        StepState::RetryAt { .. } | StepState::Approval => 4,
        StepState::Running => 5,
        StepState::Done { outcome } if outcome.is_success() => 0,
        StepState::Done { outcome: Outcome::Failed { .. } | Outcome::Lost } => 6,
        StepState::Done { .. } => 3,
    }
}

/// How a run looks.
pub fn run(run: &Run, glyphs: &Glyphs) -> (&'static str, Role) {
    match (&run.outcome, run.phase) {
        (Some(how), _) => outcome(how, glyphs),
        (None, Phase::Running) => (glyphs.active, Role::Active),
        (None, _) => (glyphs.waiting, Role::Waiting),
    }
}

/// An outcome with who and why.
pub fn outcome_words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Failed { cause } => format!("failed: {cause}"),
        Outcome::SuccessForced { by } => format!("declared a success by {by}"),
        Outcome::Cancelled { by } => format!("cancelled by {by}"),
        Outcome::Skipped { reason, by: None } => format!("skipped: {reason}"),
        Outcome::Skipped { reason, by: Some(by) } => format!("skipped by {by}: {reason}"),
        Outcome::Missed { reason } => format!("missed: {reason}"),
        other => other.word().to_owned(),
    }
}

/// How a step is, in words, with its attempts where there are several.
pub fn step_words(step: &StepRun) -> String {
    let words = match &step.state {
        StepState::Done { outcome: Outcome::Failed { cause } } => cause.to_string(),
        StepState::Done { outcome } => outcome_words(outcome),
        other => other.word().to_owned(),
    };
    match step.attempts.len() {
        _ if step.carried => format!("{words}, kept from the earlier run"),
        0 | 1 => words,
        attempts => format!("{words}, attempt {attempts}"),
    }
}

/// How the end of an attempt looks.
pub fn end(end: Option<&AttemptEnd>, glyphs: &Glyphs) -> (&'static str, Role) {
    match end {
        None => (glyphs.active, Role::Active),
        Some(end) if end.is_success() => (glyphs.good, Role::Good),
        Some(AttemptEnd::Lost) => (glyphs.unknown, Role::Unknown),
        Some(AttemptEnd::NeverBegan) => (glyphs.minus, Role::Muted),
        Some(AttemptEnd::Killed) => (glyphs.bad, Role::Warning),
        Some(_) => (glyphs.bad, Role::Bad),
    }
}

/// How a target's health looks.
pub fn health(health: Health, glyphs: &Glyphs) -> (&'static str, Role) {
    match health {
        Health::Unknown => (glyphs.unknown, Role::Unknown),
        Health::Up => (glyphs.good, Role::Good),
        Health::Soft { .. } | Health::Degraded => (glyphs.warning, Role::Warning),
        Health::Down { .. } => (glyphs.bad, Role::Bad),
    }
}

/// Why a run exists, in words.
pub fn cause(run: &Run) -> String {
    match &run.cause {
        RunCause::Schedule(occurrence) => format!("schedule {}", occurrence.schedule),
        RunCause::Person { reason: Some(reason) } => format!("by {}: {reason}", run.author),
        RunCause::Person { reason: None } => format!("by {}", run.author),
        RunCause::Rerun { of, scope, reason } => format!("rerun of {of} ({scope}) by {}: {reason}", run.author),
        RunCause::Source => format!("by {}", run.id.flow.source()),
        RunCause::After { runs } => format!("after {}", runs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        RunCause::File { file, .. } => format!("file {}", file.file),
    }
}
