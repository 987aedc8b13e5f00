//! Alerts and incidents: severities, stages, causes.

use super::people::Whom;
use super::{ChannelId, ChecklistId, FlowId, Labels, ProbeId, RunId, RunbookId, StepName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How bad it is. Ordered: the worst is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth a line.
    Info,
    /// Worth a look today.
    Warning,
    /// Worth a look now.
    High,
    /// Worth waking someone.
    Critical,
}

impl Severity {
    /// All of them, the worst first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Warning, Self::Info];

    /// The word for a row and for JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// How far the work on an incident is. Acknowledged, silenced or snoozed are overlays with an author and an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Open, nobody has said that they work on it.
    Triggered,
    /// A named person works on it.
    Acknowledged,
    /// The impact is over, the cause may not be.
    Mitigated,
    /// Over.
    Resolved,
    /// Its post-mortem was reviewed.
    Reviewed,
}

impl Stage {
    /// The word for a row and for JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Triggered => "triggered",
            Self::Acknowledged => "acknowledged",
            Self::Mitigated => "mitigated",
            Self::Resolved => "resolved",
            Self::Reviewed => "reviewed",
        }
    }

    /// Whether it still needs a human.
    pub fn is_open(self) -> bool {
        self < Self::Resolved
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What raised an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertCause {
    /// A run of a flow did not succeed.
    RunFailed {
        /// The run.
        run: RunId,
    },
    /// A flow has not started by its `must_start_by`.
    NotStarted {
        /// The flow.
        flow: FlowId,
        /// The deadline that passed.
        deadline: Timestamp,
    },
    /// A flow has not succeeded by its `must_finish_by`.
    NotFinished {
        /// The flow.
        flow: FlowId,
        /// The deadline that passed.
        deadline: Timestamp,
    },
    /// A probe is down.
    ProbeDown {
        /// The probe.
        probe: ProbeId,
    },
    /// A probe burns its error budget too fast.
    BudgetBurning {
        /// The probe.
        probe: ProbeId,
    },
    /// A neighbour's alert; its labels say the rest.
    Outside {
        /// Where to look at it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        link: Option<String>,
    },
    /// A channel does not take messages: people are not told.
    ChannelFailing {
        /// The channel.
        channel: ChannelId,
    },
    /// A run, or one of its steps, runs longer than its `max_run`.
    TooLong {
        /// The run.
        run: RunId,
        /// The step; absent where the whole run is meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<StepName>,
    },
    /// A run, or one of its steps, succeeded sooner than its `min_run` allows.
    TooFast {
        /// The run.
        run: RunId,
        /// The step; absent where the whole run is meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<StepName>,
    },
    /// A chain of escalation came to someone who cannot be told.
    NobodyTold {
        /// Whom it named.
        whom: Whom,
    },
    /// A checklist is not done by the end of its slot.
    ChecklistOverdue {
        /// The checklist.
        checklist: ChecklistId,
        /// When it should have been done.
        due: Timestamp,
    },
    /// A step of a runbook was run without the second person that it needs.
    GlassBroken {
        /// The runbook.
        runbook: RunbookId,
        /// The step.
        step: StepName,
    },
    /// An anchor outside takes nothing: the record is not proved against those who can write to the state folder.
    AnchorFailing {
        /// Which.
        sink: super::anchor::Sink,
    },
}

impl AlertCause {
    /// What happened, in the words that runbooks use: `probe down`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::RunFailed { .. } => "run failed",
            Self::NotStarted { .. } => "not started",
            Self::NotFinished { .. } => "not finished",
            Self::ProbeDown { .. } => "probe down",
            Self::BudgetBurning { .. } => "budget burning",
            Self::Outside { .. } => "outside alert",
            Self::ChannelFailing { .. } => "channel failing",
            Self::TooLong { .. } => "too long",
            Self::TooFast { .. } => "too fast",
            Self::ChecklistOverdue { .. } => "checklist overdue",
            Self::GlassBroken { .. } => "glass broken",
            Self::NobodyTold { .. } => "nobody told",
            Self::AnchorFailing { .. } => "anchor failing",
        }
    }

    /// The flow behind it.
    pub fn flow(&self) -> Option<&FlowId> {
        match self {
            Self::RunFailed { run } | Self::TooLong { run, .. } | Self::TooFast { run, .. } => Some(&run.flow),
            Self::NotStarted { flow, .. } | Self::NotFinished { flow, .. } => Some(flow),
            Self::ProbeDown { .. }
            | Self::BudgetBurning { .. }
            | Self::Outside { .. }
            | Self::ChannelFailing { .. }
            | Self::NobodyTold { .. }
            | Self::ChecklistOverdue { .. }
            | Self::GlassBroken { .. }
            | Self::AnchorFailing { .. } => None,
        }
    }

    /// The probe behind it.
    pub fn probe(&self) -> Option<&ProbeId> {
        match self {
            Self::ProbeDown { probe } | Self::BudgetBurning { probe } => Some(probe),
            _ => None,
        }
    }
}

/// An alert as its source raises it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertNotice {
    /// Its identity: alerts with equal labels are one alert.
    pub labels: Labels,
    /// How bad it is.
    pub severity: Severity,
    /// One line: `nightly-orders: load failed`.
    pub summary: String,
    /// What raised it.
    pub cause: AlertCause,
}
