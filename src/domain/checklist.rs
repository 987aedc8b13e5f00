//! A checklist: what is gone through before the working day, before a release, at the end of the day; items that a person
//! ticks and items that the machine verifies.

use super::{CalendarRule, ChecklistId, FlowId, Labels, ProbeId, Runbook, RunbookId, Severity, StepName, span};
use jiff::civil::Time;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// What stands before the name of a checklist where its commands run as a runbook's steps do; no file can have that name.
const AS_RUNBOOK: &str = "checklist:";

/// A checklist as its file defines it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checklist {
    /// The stem of its file.
    pub id: ChecklistId,
    /// Cron lines; empty for one that people open.
    #[serde(default)]
    pub schedules: Vec<String>,
    /// IANA zone of those lines.
    pub zone: String,
    /// The days on which they fire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarRule>,
    /// From its opening it should be done within this.
    #[serde(with = "span")]
    pub slot: Duration,
    /// How bad it is when it is not.
    pub severity: Severity,
    /// Labels of that alert.
    #[serde(default)]
    pub labels: Labels,
    /// What is gone through, in the order of the text.
    pub items: Vec<ChecklistItem>,
    /// Its title, text, and runnable blocks.
    pub book: Runbook,
}

/// An item of a checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChecklistItem {
    /// Its name, unique within the checklist.
    pub name: StepName,
    /// What people read.
    pub text: String,
    /// Who ticks it.
    #[serde(default)]
    pub check: Check,
    /// The line of it in the text, from 0.
    pub line: usize,
}

/// Who ticks an item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// A person.
    #[default]
    Hand,
    /// The machine, while a probe is up.
    ProbeUp {
        /// The probe.
        probe: ProbeId,
    },
    /// The machine, when a flow has succeeded on the day of the checklist.
    FlowDone {
        /// The flow.
        flow: FlowId,
        /// By this local time, where it is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Time>,
    },
    /// The machine, when the runnable block of this name has ended as expected.
    Command,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hand => f.write_str("by hand"),
            Self::ProbeUp { probe } => write!(f, "probe:{probe} is up"),
            Self::FlowDone { flow, by: None } => write!(f, "flow:{flow} done"),
            Self::FlowDone { flow, by: Some(by) } => write!(f, "flow:{flow} done by {}", by.strftime("%H:%M")),
            Self::Command => f.write_str("command"),
        }
    }
}

impl Checklist {
    /// An item.
    pub fn item(&self, name: &StepName) -> Option<&ChecklistItem> {
        self.items.iter().find(|item| item.name == *name)
    }

    /// The name under which the commands of one occurrence run.
    pub fn as_runbook(id: &ChecklistId, number: u32) -> RunbookId {
        RunbookId::new(format!("{AS_RUNBOOK}{id}:{number}"))
    }

    /// The checklist and the occurrence that a runbook's name stands for; nothing for a runbook.
    pub fn of_runbook(runbook: &RunbookId) -> Option<(ChecklistId, u32)> {
        let (id, number) = runbook.as_str().strip_prefix(AS_RUNBOOK)?.rsplit_once(':')?;
        Some((ChecklistId::new(id), number.parse().ok()?))
    }
}
