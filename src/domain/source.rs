//! A neighbour that owns flows, probes or alerts; dogwatch's own engine is the source `local`.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Rhythms that a source may miss before what is shown of it is stale.
pub const MISSED: u32 = 3;

/// What can be asked of a source for the objects that it owns; the rest is a disabled action that says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Start a run of a flow.
    Run,
    /// Run again from a run's failed step.
    Rerun,
    /// End a run.
    Kill,
    /// Hold and release a flow.
    Hold,
    /// Hand out the output of an attempt.
    Output,
    /// Probe now.
    Probe,
    /// Acknowledge an alert.
    Acknowledge,
    /// Make, prolong and end silences.
    Silence,
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Run => "run a flow",
            Self::Rerun => "rerun",
            Self::Kill => "kill a run",
            Self::Hold => "hold a flow",
            Self::Output => "show output",
            Self::Probe => "probe on demand",
            Self::Acknowledge => "acknowledge an alert",
            Self::Silence => "silence alerts",
        })
    }
}

/// How a source answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Freshness {
    /// Its last answer is as young as its rhythm promises.
    Fresh,
    /// It stopped answering; what is shown is as old as the entry that says so.
    Stale {
        /// Why, in words for a banner.
        reason: String,
    },
}
