//! Requests for a second word, as the entries left them.

use crate::domain::{ApprovalRequest, AttemptId, Author, Digest};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Requests that the world keeps; of those that are over the oldest go first.
pub const APPROVALS_KEPT: usize = 100;

/// A request for a second word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// What it is known by.
    pub digest: Digest,
    /// What exactly is to run.
    pub request: Arc<ApprovalRequest>,
    /// Who asked, as the entry says.
    pub by: Author,
    /// The second word.
    pub given: Option<Second>,
    /// The attempt that used it.
    pub used: Option<AttemptId>,
    /// Why it is void.
    pub ended: Option<String>,
}

/// A second word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Second {
    /// Who gave it.
    pub by: Author,
    /// When.
    pub at: Timestamp,
    /// Their word.
    pub note: Option<String>,
}

impl Approval {
    /// Whether it waits for its second word, or has it and was not used.
    pub fn is_open(&self) -> bool {
        self.used.is_none() && self.ended.is_none()
    }

    /// Whether it waits for its second word.
    pub fn is_waiting(&self) -> bool {
        self.is_open() && self.given.is_none()
    }

    /// How far it is, in words.
    pub fn state(&self) -> String {
        match (&self.used, &self.ended, &self.given) {
            (Some(_), _, _) => "used".into(),
            (_, Some(reason), _) => format!("void: {reason}"),
            (_, _, Some(second)) => format!("approved by {}, not used yet", second.by),
            _ => "waits for a second person".into(),
        }
    }
}
