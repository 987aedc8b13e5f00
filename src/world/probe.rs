//! A probe and how its target does, as the entries left it. Readings are another stream.

use crate::domain::probe::Burning;
use crate::domain::{Health, IncidentId, ProbeDefinition, SourceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
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
    /// Open incidents that this probe has a part in.
    pub incidents: Vec<IncidentId>,
}

impl Probe {
    /// Who owns it.
    pub fn source(&self) -> SourceId {
        self.definition.id.source()
    }
}
