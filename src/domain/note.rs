//! Notes that people write: kinds, and the fact that one was saved.

use super::Subject;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a note is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    /// Free text.
    Note,
    /// The write-up of an incident.
    PostMortem,
    /// What one shift tells the next.
    Handover,
}

impl fmt::Display for NoteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Note => "note",
            Self::PostMortem => "post-mortem",
            Self::Handover => "handover",
        })
    }
}

/// A note that was saved as a file of the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedNote {
    /// What it is.
    pub kind: NoteKind,
    /// What it is about.
    pub subject: Subject,
    /// The file, relative to the workspace.
    pub path: String,
    /// BLAKE3 of the saved bytes, hex.
    pub digest: String,
    /// Size of the saved text in bytes.
    pub bytes: u64,
}

/// How far a write-up is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum State {
    /// Being written.
    #[default]
    #[serde(rename = "draft")]
    Draft,
    /// Others read it.
    #[serde(rename = "in review")]
    InReview,
    /// Agreed on.
    #[serde(rename = "reviewed")]
    Reviewed,
}

impl State {
    /// The word in the file and on a row.
    pub fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::InReview => "in review",
            Self::Reviewed => "reviewed",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
