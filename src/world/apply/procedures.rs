//! Facts about walked runbooks.

use crate::domain::{AttemptId, Job, Params, RunbookId, StepName, Subject};
use crate::world::procedure::{Procedure, Tick, TickState};
use crate::world::{World, procedure_key};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

impl World {
    pub(super) fn procedure_mut(&mut self, runbook: &RunbookId, subject: &Subject) -> &mut Procedure {
        let fresh = || Procedure { runbook: runbook.clone(), subject: subject.clone(), ticks: BTreeMap::new() };
        Arc::make_mut(self.procedures.entry(procedure_key(runbook, subject)).or_insert_with(|| Arc::new(fresh())))
    }

    pub(super) fn tick_mut(&mut self, runbook: &RunbookId, subject: &Subject, step: &StepName) -> Option<&mut Tick> {
        self.procedures.get_mut(&procedure_key(runbook, subject)).and_then(|procedure| Arc::make_mut(procedure).ticks.get_mut(step))
    }

    pub(super) fn procedure_asked(&mut self, attempt: &AttemptId, command: &str, params: &Params, by: &str, at: Timestamp) {
        let Job::Procedure { runbook, subject, step } = &attempt.job else { return };
        let procedure = self.procedure_mut(runbook, subject);
        let runs = procedure.ticks.get(step).map_or(0, |tick| tick.runs).max(attempt.number);
        let tick = Tick {
            state: TickState::Running,
            by: by.to_owned(),
            at,
            command: Some(command.to_owned()),
            params: params.clone(),
            attempt: Some(attempt.clone()),
            boot_id: None,
            end: None,
            runs,
        };
        procedure.ticks.insert(step.clone(), tick);
    }

    pub(super) fn procedure_ticked(
        &mut self,
        runbook: &RunbookId,
        step: &StepName,
        subject: &Subject,
        done: bool,
        by: &str,
        at: Timestamp,
    ) {
        let state = if done { TickState::ByHand } else { TickState::Open };
        let procedure = self.procedure_mut(runbook, subject);
        let fresh =
            Tick { state, by: by.to_owned(), at, command: None, params: Params::new(), attempt: None, boot_id: None, end: None, runs: 0 };
        let tick = procedure.ticks.entry(step.clone()).or_insert(fresh);
        tick.state = state;
        by.clone_into(&mut tick.by);
        tick.at = at;
    }
}
