//! Neighbours and the intake, as the entries left them: how they answer, and the silences that stand there.

use crate::domain::sent::{IntakeCounts, IntakeDefinition, SourceNote};
use crate::domain::source::{Capability, Freshness};
use crate::domain::{Fingerprint, OutsideSilence, SilenceOrder, SourceDefinition};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// A neighbour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Its kind, such as `alertmanager`.
    pub kind: String,
    /// What can be asked of it.
    pub capabilities: Vec<Capability>,
    /// How it answers.
    pub freshness: Freshness,
    /// Since when.
    pub since: Timestamp,
    /// When it answered last, as far as that is known; absent while it answers.
    #[serde(default)]
    pub answered_at: Option<Timestamp>,
    /// Its definition, where it is one of this workspace.
    #[serde(default)]
    pub definition: Option<Arc<SourceDefinition>>,
    /// What was seen beside its alerts.
    #[serde(default)]
    pub note: SourceNote,
    /// Silences that stand there, by their ids, also those of others.
    #[serde(default)]
    pub silences: BTreeMap<String, OutsideSilence>,
    /// Silences that dogwatch makes and ends there, by their markers.
    #[serde(default)]
    pub silencings: BTreeMap<String, Arc<Silencing>>,
    /// The marker of the silence of each acknowledged alert.
    #[serde(default)]
    pub silenced: BTreeMap<Fingerprint, String>,
    /// Markers of silences that carried an acknowledgement and are over, the oldest first: one of them that stands there
    /// yet is nobody else's.
    #[serde(default)]
    pub past: VecDeque<String>,
}

impl Source {
    /// How old what is shown of it is, where it is stale: its last answer, as far as that is known.
    pub fn stale_since(&self) -> Timestamp {
        self.answered_at.unwrap_or(self.since)
    }

    /// Why it cannot be asked for anything now; absent when it can.
    pub fn why_stale(&self) -> Option<&str> {
        match &self.freshness {
            Freshness::Fresh => None,
            Freshness::Stale { reason } => Some(reason),
        }
    }
}

/// A silence that dogwatch makes at a neighbour, on its way from being asked for to being over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Silencing {
    /// What was asked for.
    pub order: Arc<SilenceOrder>,
    /// Since when.
    pub asked_at: Timestamp,
    /// Since when it stands, or stands for longer.
    pub stands_since: Option<Timestamp>,
    /// Its id there, once it is known.
    pub id: Option<String>,
    /// Until when it stands there, as far as is known; before that, until when it is asked for.
    pub ends: Timestamp,
    /// How far it is.
    pub state: SilencingState,
    /// Whether it is no longer wanted, and why.
    pub ending: Option<String>,
    /// Failed tries in a row.
    pub tries: u32,
    /// Why the last one failed.
    pub error: Option<String>,
}

/// How far a silence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SilencingState {
    /// The neighbour is being asked.
    Asking,
    /// It stands.
    Standing,
    /// The neighbour did not do it; it is asked again at this time.
    Again(Timestamp),
    /// The neighbour will not do it.
    Refused,
}

impl Silencing {
    pub(super) fn prolonging(&mut self, ends: Timestamp) {
        self.order = Arc::new(SilenceOrder { ends, ..(*self.order).clone() });
        self.state = SilencingState::Asking;
    }

    pub(super) fn made(&mut self, id: &str, ends: Timestamp, at: Timestamp) {
        self.stands_since = Some(at);
        self.id = Some(id.to_owned());
        self.ends = ends;
        self.state = SilencingState::Standing;
        self.tries = 0;
        self.error = None;
    }

    pub(super) fn failed(&mut self, error: &str, next_at: Option<Timestamp>) {
        self.tries = self.tries.saturating_add(1);
        self.error = Some(error.to_owned());
        self.state = next_at.map_or(SilencingState::Refused, SilencingState::Again);
    }

    /// One word for a row.
    pub fn word(&self) -> &'static str {
        match (self.state, &self.ending) {
            (SilencingState::Refused, _) => "refused",
            (SilencingState::Again(_), None) => "not made yet",
            (SilencingState::Again(_), Some(_)) => "not ended yet",
            (_, Some(_)) => "ending",
            (SilencingState::Asking, None) => "being made",
            (SilencingState::Standing, None) => "stands",
        }
    }
}

/// How alerts come in over HTTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intake {
    /// Its definition.
    pub definition: Arc<IntakeDefinition>,
    /// Where it listens.
    pub address: Option<String>,
    /// Why it does not.
    pub error: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// What it did not take, in all.
    pub counts: IntakeCounts,
    /// When that was counted last.
    pub counted_at: Option<Timestamp>,
}
