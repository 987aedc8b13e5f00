//! Anchors outside the state folder: where the head of the journal's chain is told, so that whoever can rewrite the journal
//! cannot rewrite what was said of it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Where heads go, and what happens while one of these places takes none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchors {
    /// A file to which a line is appended; best one that belongs to another user and can only grow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// A program that gets each line on its standard input: program and arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// The socket of the system's log, usually `/dev/log`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub syslog: Option<String>,
    /// What happens while an anchor takes nothing.
    #[serde(default)]
    pub when_unavailable: WhenUnavailable,
}

impl Anchors {
    /// The anchors that are configured, in the order in which they are told.
    pub fn sinks(&self) -> impl Iterator<Item = Sink> {
        let all = [(Sink::File, self.file.is_some()), (Sink::Command, self.command.is_some()), (Sink::Syslog, self.syslog.is_some())];
        all.into_iter().filter(|(_, is_there)| *is_there).map(|(sink, _)| sink)
    }

    /// An anchor with its place, for messages.
    pub fn words(&self, sink: Sink) -> String {
        let place = match sink {
            Sink::File => self.file.clone(),
            Sink::Command => self.command.as_ref().and_then(|command| command.first().cloned()),
            Sink::Syslog => self.syslog.clone(),
        };
        place.map_or_else(|| sink.to_string(), |place| format!("{sink} {place}"))
    }
}

/// A kind of anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sink {
    /// Lines in a file.
    File,
    /// A program.
    Command,
    /// The system's log.
    Syslog,
}

impl fmt::Display for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::File => "file",
            Self::Command => "command",
            Self::Syslog => "syslog",
        })
    }
}

/// What happens while an anchor takes nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenUnavailable {
    /// People are told; everything goes on.
    #[default]
    Continue,
    /// What people ask for is refused until it is back, except to end something; schedules go on.
    Refuse,
}
