//! What daemon and supervisor write for each other: the files of an attempt's folder and the lines of its control socket.

use crate::domain::effect::AttemptOrder;
use crate::domain::{AttemptEnd, AttemptId};
use crate::json;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The file whose `flock` says that a supervisor lives or may come.
pub const LOCK: &str = "lock";
/// The supervisor's order, without the environment.
pub const ORDER: &str = "order.json";
/// Created exclusively before the step starts; holds one or two lines of [`Began`].
pub const BEGAN: &str = "began";
/// What the step printed, both streams in the order of writing.
pub const OUTPUT: &str = "output";
/// The supervisor's control socket.
pub const CONTROL: &str = "control";
/// How the attempt ended.
pub const EXIT: &str = "exit.json";
/// The exit record before it is complete.
pub const EXIT_DRAFT: &str = "exit.json.draft";
/// The supervisor's own complaints; empty in a healthy house.
pub const LOG: &str = "supervisor.log";

/// The variable by which a step's processes are known again after their supervisor was killed: the attempt's folder.
pub const MARK: &str = "DOGWATCH_CLAIM";

/// Most names of survivors in a record; a fork bomb must not make the record larger than its reserve.
pub const SURVIVORS_NAMED: usize = 64;

/// What a supervisor is told, in `order.json`. The environment travels as the process's own, never as a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SupervisorOrder {
    /// The order, its environment left empty.
    pub order: AttemptOrder,
    /// The folder to which the order's folder is relative.
    pub workspace: PathBuf,
    /// The kernel's id of this boot.
    pub boot_id: String,
    /// The value of [`MARK`]: the attempt's folder, absolute.
    pub mark: PathBuf,
}

/// A process that no later one can be confused with, as long as the boot is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its number.
    pub pid: u32,
    /// When it started, in clock ticks since the boot.
    pub start_time: u64,
}

/// A line of `began`: first without the step, then with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Began {
    /// The kernel's id of the boot in which it began.
    pub boot_id: String,
    /// The supervisor.
    pub supervisor: Identity,
    /// The step's process, once it has started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Identity>,
}

/// The step runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// Its process.
    pub pid: u32,
    /// When it started.
    pub started_at: Timestamp,
}

/// The step has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// How.
    pub end: AttemptEnd,
    /// When.
    pub ended_at: Timestamp,
    /// Bytes that it printed.
    pub output_bytes: u64,
    /// Processes that it left behind, as `pid name`.
    #[serde(default)]
    pub survivors: Vec<String>,
}

/// The whole of `exit.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitRecord {
    /// The form of this record: 1.
    pub version: u32,
    /// The attempt, so that a record in a wrong folder is no record.
    pub attempt: AttemptId,
    /// Its process; absent where none could be started.
    #[serde(default)]
    pub started: Option<Started>,
    /// How it ended.
    pub ended: Ended,
}

/// A line from the supervisor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// The step runs.
    Started(Started),
    /// The step has ended; the connection closes when the record is on disk.
    Ended(Ended),
}

/// A line to the supervisor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// End the step: TERM, grace, KILL.
    Kill {},
    /// Say again how it stands.
    Status {},
}

/// One JSON line with its end.
pub fn line(value: &impl Serialize) -> Vec<u8> {
    // Plain data with text keys cannot fail to serialise; an empty line would be skipped by the reader.
    let mut line = json::bytes(value).unwrap_or_default();
    line.push(b'\n');
    line
}
