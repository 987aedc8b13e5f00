//! The operator's verbs as commands: one for each thing that they are done to, made of the dialog's fields.

use super::{Dialog, intent::names};
use crate::console::Target;
use crate::domain::run::MissedChoice;
use crate::domain::{Command, FlowId, Params, RunId, StepName};
use jiff::{SignedDuration, Timestamp};

/// A verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Hold flows.
    Hold,
    /// Release flows.
    Release,
    /// Leave flows out.
    Ice,
    /// End that.
    Thaw,
    /// Let the next runs go through the motions.
    Noop,
    /// Take that back.
    NoopUndo,
    /// Hold runs.
    HoldRun,
    /// Release runs.
    ReleaseRun,
    /// Start what would wait.
    Force,
    /// Leave steps out.
    Skip,
    /// Declare steps a success.
    SetOk,
    /// Declare steps failed.
    SetFailed,
    /// Give the word that steps wait for.
    Approve,
    /// Say how much runs are preferred.
    Prioritize,
    /// Choose what becomes of missed occurrences.
    CatchUp,
    /// Start runs with the flows' own parameters.
    Run,
    /// End runs.
    Kill,
}

/// The choice of the run as a whole, among its steps.
pub const WHOLE: &str = "the whole run";

impl Operation {
    /// The verb for a title.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hold | Self::HoldRun => "hold",
            Self::Release | Self::ReleaseRun => "release",
            Self::Ice => "ice",
            Self::Thaw => "thaw",
            Self::Noop => "no-op for",
            Self::NoopUndo => "take back the no-op of",
            Self::Force => "force",
            Self::Skip => "skip",
            Self::SetOk => "set ok",
            Self::SetFailed => "set failed",
            Self::Approve => "approve",
            Self::Prioritize => "priority of",
            Self::CatchUp => "catch up",
            Self::Run => "run",
            Self::Kill => "kill",
        }
    }

    /// The command for one target, with what is marked until its entry comes.
    pub fn command(self, target: &Target, dialog: &Dialog, now: Timestamp) -> Result<Option<(Target, Command)>, String> {
        let text = |name: &str| dialog.value(name).unwrap_or_default().trim().to_owned();
        let some = |name: &str| Some(text(name)).filter(|text| !text.is_empty());
        let reason = text(names::REASON);
        let until = || until(&text(names::UNTIL), now);
        let Some(flow) = target.flow().cloned() else { return Ok(None) };
        let run = target.run().cloned();
        let step = step_of(target, &text(names::STEP));
        let command = match (self, run, step) {
            (Self::Hold, ..) => Command::Hold { flow: flow.clone(), until: until()?, reason },
            (Self::Release, ..) => Command::Release { flow: flow.clone() },
            (Self::Ice, ..) => Command::Ice { flow: flow.clone(), until: until()?, reason },
            (Self::Thaw, ..) => Command::Thaw { flow: flow.clone() },
            (Self::Noop, ..) => Command::NoopOnce { flow: flow.clone(), reason },
            (Self::NoopUndo, ..) => Command::NoopWithdraw { flow: flow.clone() },
            (Self::CatchUp, ..) => Command::ChooseMissed { flow: flow.clone(), choice: choice(&text(names::CHOICE)) },
            (Self::Run, ..) => Command::Run { flow: flow.clone(), params: Params::new(), date: None, reason: some(names::REASON) },
            (Self::Kill, Some(run), _) => Command::Kill { run, reason: some(names::REASON) },
            (Self::HoldRun, Some(run), _) => Command::HoldRun { run, until: until()?, reason },
            (Self::ReleaseRun, Some(run), _) => Command::ReleaseRun { run },
            (Self::Prioritize, Some(run), _) => Command::Prioritize { run, priority: priority(&text(names::PRIORITY))? },
            (Self::Force, Some(run), step) => Command::Force { run, step, reason },
            (Self::Skip, Some(run), Some(step)) => Command::Skip { run, step, reason },
            (Self::SetOk, Some(run), Some(step)) => Command::SetOk { run, step, reason },
            (Self::SetFailed, Some(run), Some(step)) => Command::SetFailed { run, step, reason },
            (Self::Approve, Some(run), Some(step)) => Command::Approve { run, step, note: some(names::REASON) },
            _ => return Ok(None),
        };
        Ok(Some((Target::Flow(flow), command)))
    }
}

/// The chosen step, or the target's own.
fn step_of(target: &Target, chosen: &str) -> Option<StepName> {
    match target {
        _ if chosen == WHOLE => None,
        _ if !chosen.is_empty() => Some(StepName::new(chosen)),
        Target::Step(_, step) => Some(step.clone()),
        _ => None,
    }
}

fn until(text: &str, now: Timestamp) -> Result<Option<Timestamp>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let span: SignedDuration = text.parse().map_err(|_| format!("`{text}` is not a duration such as 8h or 30m"))?;
    if !span.is_positive() {
        return Err("it must end later than now".into());
    }
    now.checked_add(span).map(Some).map_err(|_| format!("`{text}` is too long"))
}

fn priority(text: &str) -> Result<u8, String> {
    text.parse()
        .ok()
        .filter(|priority| *priority <= crate::domain::run::PRIORITY_MAX)
        .ok_or_else(|| format!("`{text}` is not a number from 0 to 100"))
}

fn choice(text: &str) -> MissedChoice {
    match text {
        "all" => MissedChoice::All,
        "none" => MissedChoice::None,
        _ => MissedChoice::Latest,
    }
}

/// What an operation is done to, of a run or of a step.
pub fn on(run: &RunId, step: Option<&StepName>) -> Target {
    match step {
        Some(step) => Target::Step(run.clone(), step.clone()),
        None => Target::Run(run.clone()),
    }
}

/// What an operation is done to, of a flow.
pub fn on_flow(flow: &FlowId) -> Target {
    Target::Flow(flow.clone())
}
