//! Facts about checklists.

use crate::domain::{AttemptId, Checklist, ChecklistId, StepName};
use crate::world::World;
use crate::world::checklist::{ChecklistRow, ItemTick, OCCASIONS_KEPT, Occasion};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

impl World {
    pub(super) fn checklist_defined(&mut self, checklist: &Arc<Checklist>, at: Timestamp) {
        let fresh = || Arc::new(ChecklistRow { definition: checklist.clone(), settled: at, next: 1, open: None, past: Vec::new() });
        let row = Arc::make_mut(self.checklists.entry(checklist.id.clone()).or_insert_with(fresh));
        let planned = |checklist: &Checklist| (checklist.schedules.clone(), checklist.zone.clone(), checklist.calendar.clone());
        if planned(&row.definition) != planned(checklist) {
            row.settled = at;
        }
        row.definition = checklist.clone();
    }

    fn change_checklist(&mut self, id: &ChecklistId, change: impl FnOnce(&mut ChecklistRow)) {
        if let Some(row) = self.checklists.get_mut(id) {
            change(Arc::make_mut(row));
        }
    }

    fn change_occasion(&mut self, id: &ChecklistId, number: u32, change: impl FnOnce(&mut Occasion)) {
        self.change_checklist(id, |row| {
            if let Some(open) = row.open.as_mut().filter(|open| open.number == number) {
                change(open);
            }
        });
    }

    pub(super) fn checklist_opened(
        &mut self,
        id: &ChecklistId,
        number: u32,
        planned: Option<Timestamp>,
        due: Timestamp,
        by: &str,
        at: Timestamp,
    ) {
        self.change_checklist(id, |row| {
            row.settled = planned.map_or(row.settled, |planned| row.settled.max(planned));
            row.next = row.next.max(number.saturating_add(1));
            let (checklist, ticks, by) = (row.definition.clone(), BTreeMap::new(), by.to_owned());
            row.open = Some(Occasion { number, checklist, planned, by, opened_at: at, due, ticks, done_at: None, left: None });
        });
    }

    pub(super) fn checklist_missed(&mut self, id: &ChecklistId, until: Timestamp) {
        self.change_checklist(id, |row| row.settled = row.settled.max(until));
    }

    pub(super) fn item_ticked(&mut self, id: &ChecklistId, number: u32, item: &StepName, tick: ItemTick) {
        self.change_occasion(id, number, |open| drop(open.ticks.insert(item.clone(), tick)));
    }

    /// An occurrence is over, done or left.
    pub(super) fn checklist_over(&mut self, id: &ChecklistId, number: u32, left: Option<&str>, at: Timestamp) {
        let mut forgotten = None;
        self.change_checklist(id, |row| {
            let Some(mut open) = row.open.take_if(|open| open.number == number) else { return };
            open.done_at = left.is_none().then_some(at);
            open.left = left.map(str::to_owned);
            row.past.push(open);
            if row.past.len() > OCCASIONS_KEPT {
                forgotten = Some(row.past.remove(0));
            }
        });
        if let Some(occasion) = forgotten {
            let book = occasion.as_runbook();
            self.procedures.retain(|_, procedure| procedure.runbook != book);
        }
    }

    /// The open occurrence and the item that an attempt is a command of.
    pub fn checklist_of<'a>(&'a self, attempt: &'a AttemptId) -> Option<(&'a Occasion, &'a StepName)> {
        let crate::domain::Job::Procedure { runbook, step, .. } = &attempt.job else { return None };
        let (id, number) = Checklist::of_runbook(runbook)?;
        let open = self.checklists.get(&id)?.open.as_ref().filter(|open| open.number == number)?;
        Some((open, step))
    }
}
