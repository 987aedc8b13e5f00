//! Facts about occurrences, runs, their steps, attempts and conditions, and what a person lays over a flow → plain words.

use super::Teller;
use super::small::{because, counted_bytes, params_words};
use crate::domain::condition::{Condition, MetBy};
use crate::domain::run::{Disposition, RunCause};
use crate::domain::{AttemptEnd, AttemptId, Event, Job, Outcome, RunId, StepName};

impl Teller<'_> {
    /// The fact in words; nothing for facts of another family.
    pub(super) fn of_runs(&self, event: &Event) -> Option<String> {
        Some(match event {
            Event::OccurrenceSettled { occurrence, disposition } => {
                format!("{} planned for {}: {}", occurrence.flow, self.minute(occurrence.at), self.disposition(disposition))
            }
            Event::RunCreated { run, cause, date, params, .. } => {
                format!("{run} created for {date}, {}{}", cause_words(cause), params_words(params))
            }
            Event::RunKillAsked { run, reason } => format!("{run} asked to end{}", because(reason.as_ref())),
            Event::AttemptStarting { attempt, .. } => format!("{} starting{}", job(attempt), self.count(attempt)),
            Event::AttemptStarted { attempt, pid, .. } => format!("{} started, pid {pid}{}", job(attempt), self.count(attempt)),
            Event::AttemptAdopted { attempt } => format!("{} found alive after a restart{}", job(attempt), self.count(attempt)),
            Event::AttemptEnded { attempt, end, survivors, .. } => {
                let words = if self.is_expected(attempt, end) { format!("ended with {end}, as expected") } else { end_words(end) };
                format!("{} {words}{}{}", job(attempt), self.count(attempt), survivors_words(survivors))
            }
            Event::RunTimedOut { run } => format!("{run} took longer than its flow's timeout and is ended"),
            Event::RetryPlanned { run, step, at } => format!("{run} {step} tried again at {}", self.second(*at)),
            Event::StepEnded { run, step, outcome } => format!("{run} {step}: {}", self.outcome(outcome)),
            Event::RunEnded { run, outcome } => format!("{run} ended: {}", self.outcome(outcome)),
            Event::FlowHeld { flow, reason, until: Some(until) } => format!("{flow} held until {}: {reason}", self.minute(*until)),
            Event::FlowHeld { flow, reason, until: None } => format!("{flow} held: {reason}"),
            Event::FlowReleased { flow } => format!("{flow} released"),
            Event::ConditionMet { run, condition, by } => format!("{run}: {}", met_words(condition, by)),
            Event::FileDelivered { flow, file, .. } => format!("{flow}: {} has come, {}", file.file, counted_bytes(file.size)),
            Event::FileDuplicate { flow, file, of, .. } => format!("{flow}: {} is a duplicate of {of}", file.file),
            Event::FileSighted { flow, path, words } => format!("{flow}: waits for {path}: {words}"),
            Event::FlowIced { flow, reason, until: Some(until) } => format!("{flow} iced until {}: {reason}", self.minute(*until)),
            Event::FlowIced { flow, reason, until: None } => format!("{flow} iced: {reason}"),
            Event::FlowThawed { flow } => format!("{flow} thawed"),
            Event::NoopSet { flow, reason } => format!("the next run of {flow} only goes through the motions: {reason}"),
            Event::NoopWithdrawn { flow } => format!("the no-op of {flow} was taken back"),
            Event::StartForced { run, step: None, reason } => format!("{run} forced to start: {reason}"),
            Event::StartForced { run, step: Some(step), reason } => format!("{run} {step} forced to start: {reason}"),
            Event::StepForced { run, step, outcome: Outcome::SuccessForced { .. }, reason } => format!("{run} {step} set ok: {reason}"),
            Event::StepForced { run, step, outcome: Outcome::Failed { .. }, reason } => format!("{run} {step} set failed: {reason}"),
            Event::StepForced { run, step, outcome, reason } => format!("{run} {step} set to {}: {reason}", outcome.word()),
            Event::RunHeld { run, reason, until: Some(until) } => format!("{run} held until {}: {reason}", self.minute(*until)),
            Event::RunHeld { run, reason, until: None } => format!("{run} held: {reason}"),
            Event::RunReleased { run } => format!("{run} released"),
            Event::RunPrioritized { run, priority } => format!("{run} has priority {priority} now"),
            Event::StepApproved { run, step, note } => format!("{run} {step} approved{}", because(note.as_ref())),
            Event::OccurrenceAsked { occurrence } => {
                format!("{} planned for {}: missed, waits for a choice", occurrence.flow, self.minute(occurrence.at))
            }
            _ => return None,
        })
    }

    /// A run's or step's outcome in words.
    fn outcome(&self, outcome: &Outcome) -> String {
        match outcome {
            Outcome::Success | Outcome::UpstreamFailed => outcome.word().into(),
            Outcome::SuccessForced { by } => format!("success, forced by {}", self.naming.of(by)),
            Outcome::Failed { cause } => format!("failed ({cause})"),
            Outcome::Cancelled { by } => format!("cancelled by {}", self.naming.of(by)),
            Outcome::Skipped { reason, by: None } => format!("skipped ({reason})"),
            Outcome::Skipped { reason, by: Some(by) } => format!("skipped by {} ({reason})", self.naming.of(by)),
            Outcome::Missed { reason } => format!("missed ({reason})"),
            Outcome::Lost => "lost, nobody knows how it ended".into(),
        }
    }

    fn disposition(&self, disposition: &Disposition) -> String {
        match disposition {
            Disposition::Ran { run } => format!("ran as {run}"),
            Disposition::CaughtUp { run } => format!("caught up as {run}"),
            Disposition::Missed { .. } | Disposition::SkippedOverlap { .. } | Disposition::SkippedCalendar { .. } => disposition.words(),
            Disposition::SkippedHeld { by, reason, until } => {
                let until = until.map(|until| format!(" until {}", self.minute(until))).unwrap_or_default();
                format!("skipped (held by {}{until}, {reason})", self.naming.of(by))
            }
            Disposition::SkippedIced { by, reason, until } => {
                let until = until.map(|until| format!(" until {}", self.minute(until))).unwrap_or_default();
                format!("skipped (iced by {}{until}, {reason})", self.naming.of(by))
            }
        }
    }

    /// ` (attempt 2/3)`, or ` (attempt 2)` where the definition is not known any more; nothing for a step with one attempt.
    fn count(&self, attempt: &AttemptId) -> String {
        let all = match &attempt.job {
            Job::Step { run, step } => self.attempts_of(run, step),
            Job::Procedure { .. } => None,
        };
        match (attempt.number, all) {
            (1, None | Some(0 | 1)) => String::new(),
            (number, Some(all)) if all >= number => format!(" (attempt {number}/{all})"),
            (number, _) => format!(" (attempt {number})"),
        }
    }

    fn attempts_of(&self, run: &RunId, step: &StepName) -> Option<u32> {
        let flow = self.world?.flow(&run.flow)?;
        let definition = flow.run(run).and_then(|run| flow.definition_of(run)).unwrap_or(&flow.definition);
        definition.steps.iter().find(|other| other.name == *step).map(|step| step.retry.attempts)
    }
}

/// `nightly-orders/17 load`, `runbook orders-load look`.
pub(super) fn job(attempt: &AttemptId) -> String {
    match &attempt.job {
        Job::Step { run, step } => format!("{run} {step}"),
        Job::Procedure { runbook, step, .. } => format!("runbook {runbook} {step}"),
    }
}

fn end_words(end: &AttemptEnd) -> String {
    match end {
        AttemptEnd::Exit(0) => "succeeded".into(),
        AttemptEnd::NeverBegan => "never began".into(),
        AttemptEnd::Lost => "lost: nobody knows how it ended".into(),
        AttemptEnd::Killed => "killed".into(),
        AttemptEnd::Exit(_)
        | AttemptEnd::Signal(_)
        | AttemptEnd::SpawnError(_)
        | AttemptEnd::Timeout
        | AttemptEnd::OutputLimit
        | AttemptEnd::Unexpected(_) => format!("failed: {end}"),
        AttemptEnd::Declared { .. } => end.to_string(),
    }
}

fn cause_words(cause: &RunCause) -> String {
    match cause {
        RunCause::Schedule(occurrence) => format!("schedule {}", occurrence.schedule),
        RunCause::Person { reason } => format!("by hand{}", because(reason.as_ref())),
        RunCause::Rerun { of, scope, reason } => format!("rerun of {of} ({scope}): {reason}"),
        RunCause::Source => "by its source".into(),
        RunCause::After { runs } => format!("after {}", runs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        RunCause::File { file, .. } => format!("file {}", file.file),
    }
}

fn met_words(condition: &Condition, by: &MetBy) -> String {
    match (condition, by) {
        (Condition::After(_), MetBy::Run(before)) => format!("{before} was waited for and has ended"),
        (Condition::After(flow), MetBy::Files(_)) => format!("{flow} was waited for"),
        (Condition::File(path), MetBy::Files(files)) => {
            let first = files.first().map_or("", |file| file.file.as_str());
            match files.len() {
                0 | 1 => format!("{path} was waited for: {first}"),
                more => format!("{path} was waited for: {first} and {} more", more - 1),
            }
        }
        (Condition::File(path), MetBy::Run(run)) => format!("{path} was waited for: {run}"),
        (Condition::After(flow), MetBy::Waived(why)) => format!("{flow} is not waited for: {why}"),
        (Condition::File(path), MetBy::Waived(why)) => format!("{path} is not waited for: {why}"),
    }
}

fn survivors_words(survivors: &[String]) -> String {
    if survivors.is_empty() { String::new() } else { format!(", still alive: {}", survivors.join(", ")) }
}
