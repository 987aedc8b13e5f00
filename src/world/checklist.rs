//! Checklists, as the entries left them.

use crate::domain::checklist::ChecklistItem;
use crate::domain::{AttemptId, Checklist, RunbookId, StepName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Occurrences that are over and kept, of each checklist.
pub const OCCASIONS_KEPT: usize = 5;

/// A checklist with its occurrences.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChecklistRow {
    /// Its definition.
    pub definition: Arc<Checklist>,
    /// Occurrences up to this time have come to their opening.
    pub settled: Timestamp,
    /// The number that the next occurrence gets.
    pub next: u32,
    /// The occurrence that is worked through.
    pub open: Option<Occasion>,
    /// The last ones that are over, the oldest first.
    pub past: Vec<Occasion>,
}

/// One occurrence of a checklist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Occasion {
    /// Counted from 1.
    pub number: u32,
    /// The checklist as it was opened: an edited file changes the next occurrence.
    pub checklist: Arc<Checklist>,
    /// When it was planned for; absent where a person opened it.
    pub planned: Option<Timestamp>,
    /// Who opened it.
    pub by: String,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When its slot is over.
    pub due: Timestamp,
    /// Items that were touched.
    pub ticks: BTreeMap<StepName, ItemTick>,
    /// When every item was ticked.
    pub done_at: Option<Timestamp>,
    /// Why it was left with items unticked.
    pub left: Option<String>,
}

/// The tick of an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemTick {
    /// Done or not.
    pub done: bool,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What the machine found, or a person's word.
    pub note: Option<String>,
    /// The attempt whose output is the evidence.
    pub evidence: Option<AttemptId>,
}

impl Occasion {
    /// Whether an item is ticked.
    pub fn is_ticked(&self, item: &StepName) -> bool {
        self.ticks.get(item).is_some_and(|tick| tick.done)
    }

    /// Items that are not ticked, in order.
    pub fn unticked(&self) -> impl Iterator<Item = &ChecklistItem> {
        self.checklist.items.iter().filter(|item| !self.is_ticked(&item.name))
    }

    /// The name under which its commands run.
    pub fn as_runbook(&self) -> RunbookId {
        Checklist::as_runbook(&self.checklist.id, self.number)
    }
}
