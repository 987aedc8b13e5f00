//! A probe and how its target does, as the entries left it. Readings are another stream.

use crate::domain::probe::Burning;
use crate::domain::{Health, IncidentId, ProbeDefinition, SourceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A probe with its health.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// Its definition now.
    pub definition: Arc<ProbeDefinition>,
    /// Whether it is gone from its file.
    pub removed: bool,
    /// How the target does.
    pub health: Health,
    /// Since when the word for it is the same: recovering is still down.
    pub since: Timestamp,
    /// Why, in words.
    pub reason: String,
    /// The first bad result of the trouble that lasts, for the time to detect.
    pub first_bad_at: Option<Timestamp>,
    /// Why the probe itself cannot run.
    pub error: Option<String>,
    /// How fast it burns its error budget, where that is too fast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burning: Option<Burning>,
    /// Since when and how much its target flaps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flapping: Option<Flapping>,
    /// Open incidents that this probe has a part in.
    pub incidents: Vec<IncidentId>,
}

/// A target that goes up and down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flapping {
    /// The weighted share of its last 20 transitions that were changes, in percent, as it was told last.
    pub share: u8,
    /// Since when.
    pub since: Timestamp,
}

impl fmt::Display for Flapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "flapping {}%", self.share)
    }
}

impl Probe {
    /// Who owns it.
    pub fn source(&self) -> SourceId {
        self.definition.id.source()
    }
}
