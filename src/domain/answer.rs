//! What becomes of a command: it is accepted, or refused with a reason and a hint.

use super::{Digest, IncidentId, MessageId, RunId, SilenceId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a command that was carried out made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Accepted {
    /// It is on record.
    Done,
    /// A run was made.
    Run(RunId),
    /// With `--dry-run`: what it would touch, one line each.
    WouldDo(Vec<String>),
    /// A message is on its way.
    Message(MessageId),
    /// A silence was made.
    Silence(SilenceId),
    /// An incident was made, or the alert that was sent in or ended is a part of it.
    Incident(IncidentId),
    /// Another person is asked to approve it.
    Approval(Digest),
}

/// Why a command was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Which sort of no.
    pub kind: RefusalKind,
    /// What, on what, and why.
    pub reason: String,
    /// What to do instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Sorts of no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// There is no such thing.
    NotFound,
    /// The thing is not in a state for it.
    State,
    /// The request itself is wrong.
    Invalid,
    /// The peer may not.
    Forbidden,
    /// The object's source cannot.
    Unsupported,
    /// The daemon cannot record anything now.
    ReadOnly,
    /// Something of dogwatch's own failed.
    Failed,
}

impl Refusal {
    /// A refusal without a hint.
    pub fn new(kind: RefusalKind, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into(), hint: None }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}
