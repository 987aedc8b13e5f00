//! What a flow or a step waits for beside its time and its needs: units of pools, its turn, other flows, files.

use super::{FlowId, RunId, span};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The priority of a flow that names none, of 0 to 100; higher goes first.
pub const PRIORITY: u8 = 50;

/// Named pools with their units, as `dogwatch.toml` has them.
pub type Pools = BTreeMap<String, u32>;

/// Units of a pool that a step holds while an attempt of it runs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PoolNeed {
    /// The pool's name.
    pub pool: String,
    /// How many of its units; at least 1.
    pub units: u32,
}

/// Under which conditions a flow's runs and steps start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conditions {
    /// Which ready step starts next where not all can: 0 to 100, higher first.
    #[serde(default = "priority", skip_serializing_if = "is_usual")]
    pub priority: u8,
    /// Steps of this flow that run at the same time at most, over all its runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_running: Option<u32>,
    /// With `overlap = { allow = n }`: so many runs go on side by side, one more waits, further ones are skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side_by_side: Option<u32>,
    /// Flows whose runs must have ended before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<After>,
    /// Files that must have come before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileWanted>,
}

fn priority() -> u8 {
    PRIORITY
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_usual(priority: &u8) -> bool {
    *priority == PRIORITY
}

impl Default for Conditions {
    fn default() -> Self {
        Self { priority: PRIORITY, max_running: None, side_by_side: None, after: Vec::new(), files: Vec::new() }
    }
}

impl Conditions {
    /// Whether a file may leave all of it out: then a definition's digest is what it was before there were conditions.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A dependency on another flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    /// The flow that goes before.
    pub flow: FlowId,
    /// How a run of it must have ended.
    pub on: AfterOn,
    /// Which date that run must have processed.
    pub date: AfterDate,
    /// Its end counts only when it is no older than this before the planned time.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "span::option")]
    pub look_back: Option<Duration>,
}

/// How a predecessor must have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterOn {
    /// A run of the date succeeded, every step of it. The default.
    Success,
    /// A run of the date ended, however.
    Done,
    /// The last run of the date that ended did not succeed.
    Failure,
}

impl fmt::Display for AfterOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Success => "success",
            Self::Done => "end",
            Self::Failure => "failure",
        })
    }
}

/// Which date of a predecessor counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterDate {
    /// The one that the waiting run processes. The default.
    Same,
    /// The day before it.
    Previous,
    /// Any, within `look_back`.
    Any,
}

/// A file that is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileWanted {
    /// A path, or a pattern with `*`, `?` or `[…]` in its last part; relative to the workspace, or from the root.
    pub path: String,
    /// It counts once its size and time of change have been the same for so long.
    #[serde(with = "span")]
    pub stable_for: Duration,
    /// It counts once this file exists, and not before: `{path}` is the file's path, `{name}` its last part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_file: Option<String>,
}

/// How long a file must rest where its flow does not say.
pub const STABLE_FOR: Duration = Duration::from_secs(10);

/// A file that has come, as it was when it was found to be whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileFact {
    /// Its path from the root.
    pub file: String,
    /// Its bytes.
    pub size: u64,
    /// When it was last changed, by its file system.
    pub modified_at: Timestamp,
    /// BLAKE3 of its content, 64 hex digits.
    pub checksum: String,
}

/// The last thing that was seen where a file is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sight {
    /// In words: `no such file`, `in/orders-1.csv, 3.0 MB, still growing`.
    pub words: String,
    /// When.
    pub at: Timestamp,
}

/// A condition that a run was made with. Once met, it stays met for that run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// A run of this flow.
    After(FlowId),
    /// A file of this path or pattern.
    File(String),
}

/// What met a condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetBy {
    /// A predecessor's run.
    Run(RunId),
    /// Files that have come.
    Files(Vec<FileFact>),
    /// It was not waited for, for this reason.
    Waived(String),
}
