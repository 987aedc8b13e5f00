//! What the console and the daemon say to each other: JSON lines, each at most [`FRAME_MAX`] bytes.

use super::handed::Door;
use crate::domain::probe::HourOfLooks;
use crate::domain::{Accepted, AttemptId, Command, Entry, Level, ProbeId, Refusal, Sample};
use crate::world::Part;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The version of these messages. Peers with another one part with a clear text.
pub const VERSION: u32 = 1;
/// The longest line that either side takes: 8 MiB.
pub const FRAME_MAX: usize = 8 << 20;
/// The longest request that the daemon takes: 256 KiB, above what any command may hold, so that many half-sent ones are
/// bearable.
pub const REQUEST_MAX: usize = 256 << 10;
/// The longest hello that the daemon takes from a peer it does not know yet: 4 KiB.
pub const HELLO_MAX: usize = 4 << 10;

/// The first line of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`VERSION`] of the client.
    pub version: u32,
    /// Its world's shape, see `world::SHAPE`.
    pub shape: String,
    /// Its release, for messages.
    pub release: String,
    /// `SUDO_USER` of its environment; a claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sudo_claim: Option<String>,
}

/// The first line of the daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// [`VERSION`] of the daemon.
    pub version: u32,
    /// Its world's shape: where it differs from the client's, the client stays read-only and says so.
    pub shape: String,
    /// Its release.
    pub release: String,
    /// Its process.
    pub pid: u32,
    /// What the client may do.
    pub level: Level,
    /// Who the client is, by the kernel's word.
    pub user: String,
    /// The workspace's folder.
    pub workspace: String,
    /// The state folder, for reading outputs.
    pub state: String,
    /// Why nothing can be recorded now, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only: Option<String>,
    /// Where the client reached the daemon; the client's own word, never sent.
    #[serde(skip)]
    pub door: Option<Door>,
}

/// A numbered request; the answer carries the same number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Chosen by the client, unique within its connection.
    pub id: u64,
    /// What it asks.
    pub ask: Ask,
}

/// What a client can ask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// The world in parts, then [`Said::Live`], then, where asked for, every entry and reading as it comes.
    World {
        /// Whether the tail follows.
        follow: bool,
    },
    /// Change something.
    Command {
        /// Chosen by the client, unique for ever: a repeated request with the same key is answered, not carried out again.
        key: String,
        /// What.
        command: Command,
        /// Only say what it would touch.
        #[serde(default)]
        dry_run: bool,
    },
    /// Entries of the journal.
    Entries(EntriesAsked),
    /// Entries as they come, without the world.
    Tail {
        /// Beginning after this number, the stored ones first.
        after: u64,
    },
    /// Readings of a probe.
    Samples {
        /// The probe.
        probe: ProbeId,
        /// Not older than this.
        since: Timestamp,
    },
    /// Looks of a probe, counted by the hour.
    Hours {
        /// The probe.
        probe: ProbeId,
        /// Not older than this time's hour.
        since: Timestamp,
    },
    /// An attempt's output, as a descriptor for reading that comes with the answer.
    Output {
        /// The attempt.
        attempt: AttemptId,
    },
}

/// Which entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntriesAsked {
    /// Only later ones than this number.
    #[serde(default)]
    pub after: Option<u64>,
    /// Only earlier ones than this number; with it the page is the last one before it.
    #[serde(default)]
    pub before: Option<u64>,
    /// Only from this time on.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// At most so many, never more than 1,000.
    pub limit: u32,
}

/// What the daemon says after its [`Welcome`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// A piece of the world.
    Part(Box<Part>),
    /// The world is complete; what follows is live.
    Live {
        /// The number of the last entry in it.
        seq: u64,
    },
    /// Entries, in order and without gaps for a follower.
    Entries(Vec<Arc<Entry>>),
    /// Readings as they come.
    Readings(Vec<Reading>),
    /// The answer to a request.
    Answer {
        /// The request's number.
        id: u64,
        /// What came of it.
        result: Result<Answer, Refusal>,
    },
    /// The client was too slow; a new world follows in parts.
    Resync,
    /// Whether entries can be written has changed.
    ReadOnly {
        /// Why not; absent when they can again.
        reason: Option<String>,
    },
    /// The daemon closes the connection.
    Bye {
        /// Why.
        reason: String,
    },
}

/// A reading of a probe as it comes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The probe.
    pub probe: ProbeId,
    /// What it read.
    pub sample: Sample,
    /// Its words, empty when all is well.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// When the certificate that was shown ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_ends: Option<Timestamp>,
}

/// What an answer holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The end of a request whose answer came before, as parts or entries.
    End,
    /// What a command made.
    Accepted(Accepted),
    /// A page of the journal, oldest first, and whether there is more in the asked direction.
    Page {
        /// The entries.
        entries: Vec<Arc<Entry>>,
        /// Whether there is more.
        more: bool,
    },
    /// Readings of a probe, oldest first.
    Samples(Vec<Sample>),
    /// Looks of a probe by the hour, oldest first.
    Hours(Vec<HourOfLooks>),
    /// What was asked for comes as a descriptor with this message.
    Descriptor,
}

/// An attempt's folder below the state folder, where its output is read as a file.
pub fn output_path(state: &std::path::Path, attempt: &AttemptId) -> std::path::PathBuf {
    state.join("attempts").join(attempt.folder()).join("output")
}

/// A file of evidence below the state folder, likewise. Names of evidence are plain; another one leads nowhere.
pub fn evidence_path(state: &std::path::Path, incident: crate::domain::IncidentId, capsule: u32, name: &str) -> std::path::PathBuf {
    let plain = if name.contains('/') || name.starts_with('.') { "none" } else { name };
    state.join("evidence").join(incident.to_string()).join(capsule.to_string()).join(plain)
}
