//! Changes of the machine that nobody made through dogwatch: packages that came and went, reboots.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where Debian and its kin write what happens to packages.
pub const DPKG_LOG: &str = "/var/log/dpkg.log";

/// Where changes of the machine are read from, as `[outside]` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutsideSettings {
    /// The log of dpkg; absent where packages are not looked at.
    pub dpkg_log: Option<String>,
}

impl Default for OutsideSettings {
    fn default() -> Self {
        Self { dpkg_log: Some(DPKG_LOG.to_owned()) }
    }
}

/// What kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutsideKind {
    /// Packages were installed, upgraded, removed.
    Packages,
    /// The machine was started anew.
    Reboot,
}

impl OutsideKind {
    /// The word for a row and for JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Packages => "packages",
            Self::Reboot => "reboot",
        }
    }
}

/// A change of the machine, with its own time: it may be recorded later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutsideChange {
    /// What kind.
    pub kind: OutsideKind,
    /// When it happened, or began.
    pub happened_at: Timestamp,
    /// When the last of several changes happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// One line: `42 packages upgraded: libc6 2.36-9 → 2.36-10, …`.
    pub summary: String,
    /// The single changes, as far as they are kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<String>,
    /// How many single changes there were.
    pub count: u32,
    /// How far the log has been read with this change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogMark>,
    /// The kernel's id of the boot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_id: Option<String>,
}

/// A place in a log that is known again after a restart and after the log was rotated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogMark {
    /// The log's path.
    pub file: String,
    /// Bytes that were read.
    pub offset: u64,
    /// BLAKE3, 16 hex digits, of the last bytes before the offset: the same place in a file that was renamed or copied.
    pub print: String,
    /// The time of the last change that was read.
    pub last_at: Timestamp,
}

/// What is to be looked at, and what is on record already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideOrder {
    /// Where changes are read from.
    pub settings: OutsideSettings,
    /// Only later changes are told where no mark says how far the log was read.
    pub since: Timestamp,
    /// How far the log was read.
    pub log: Option<LogMark>,
    /// The boot that is on record.
    pub boot_id: Option<String>,
}
