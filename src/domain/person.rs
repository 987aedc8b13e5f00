//! Who did it: the kernel's word on a peer, dogwatch itself, or a neighbour.

use super::SourceId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The author of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// dogwatch's own rules: schedules, retries, thresholds.
    Engine,
    /// A neighbour that told it.
    Source(SourceId),
    /// A person, as the socket's peer credentials name them.
    Person {
        /// The user id that the kernel gave.
        uid: u32,
        /// The user's name, or the number where the host knows no name.
        user: String,
        /// The login uid of the peer process where it is set: survives `su` and `sudo`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        login_uid: Option<u32>,
        /// `SUDO_USER` as the peer claims it; recorded, never trusted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sudo_claim: Option<String>,
    },
}

impl Author {
    /// The short name for a row: a user, a neighbour, or `dogwatch`.
    pub fn name(&self) -> &str {
        match self {
            Self::Engine => "dogwatch",
            Self::Source(source) => source.as_str(),
            Self::Person { user, .. } => user,
        }
    }

    /// Whether two authors may be one person: the same user, or the same login, or the login of one is the user of the
    /// other. A second account that was reached with `su` or `sudo` is no second person.
    pub fn is_same_person(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Person { uid, login_uid, .. }, Self::Person { uid: other_uid, login_uid: other_login, .. }) => {
                let (own, theirs) = ([Some(*uid), *login_uid], [Some(*other_uid), *other_login]);
                own.iter().flatten().any(|id| theirs.iter().flatten().any(|other| other == id))
            }
            _ => self == other,
        }
    }

    /// The same without what a peer claims of itself.
    #[must_use]
    pub fn without_claim(&self) -> Self {
        match self.clone() {
            Self::Person { uid, user, login_uid, .. } => Self::Person { uid, user, login_uid, sudo_claim: None },
            other => other,
        }
    }

    /// What a peer claims of itself.
    pub fn sudo_claim(&self) -> Option<&str> {
        match self {
            Self::Person { sudo_claim, .. } => sudo_claim.as_deref(),
            _ => None,
        }
    }

    /// Whether a person acted.
    pub fn is_person(&self) -> bool {
        matches!(self, Self::Person { .. })
    }
}

impl fmt::Display for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a peer may do. Ordered: each may do all that the one before may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// May look.
    Viewer,
    /// May act.
    Operator,
    /// May also give the second word where two people are asked for.
    Approver,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Approver => "approver",
        })
    }
}
