//! A walked runbook as the console shows it.

use crate::domain::{RunbookId, StepName, Subject};
use crate::world::{TickState, World};

/// The runbook that is best for a subject, with the reason, such as `named by nightly-orders`.
pub fn matching(world: &World, subject: &Subject) -> Option<(RunbookId, String)> {
    crate::rules::matching(world, subject).into_iter().next()
}

/// Whether a step is done: it ended as expected, or was ticked by hand.
pub fn is_done(world: &World, runbook: &RunbookId, subject: &Subject, step: &StepName) -> bool {
    let tick = world.procedure(runbook, subject).and_then(|walked| walked.ticks.get(step));
    tick.is_some_and(|tick| matches!(tick.state, TickState::Passed | TickState::ByHand))
}
