//! Anchors that take nothing: since when and why.

use super::World;
use crate::domain::anchor::{Anchors, Sink, WhenUnavailable};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An anchor that takes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnchorFailure {
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub error: String,
}

impl World {
    /// What a person must know of anchors that take nothing; nothing where all work.
    pub fn anchor_words(&self) -> Option<String> {
        let (sink, failure) = self.anchors_failing.first_key_value()?;
        let refused = match self.anchors.when_unavailable {
            WhenUnavailable::Continue => "",
            WhenUnavailable::Refuse => "; what would change something is refused until it is back",
        };
        Some(format!("the anchor {} takes nothing: {}{refused}", self.anchors.words(*sink), failure.error))
    }

    pub(super) fn anchors_defined(&mut self, anchors: &Anchors) {
        let kept: Vec<Sink> = anchors.sinks().collect();
        self.anchors_failing.retain(|sink, _| kept.contains(sink));
        self.anchors = anchors.clone();
    }

    pub(super) fn anchor_failing(&mut self, sink: Sink, error: &str, at: Timestamp) {
        let failure = self.anchors_failing.entry(sink).or_insert_with(|| AnchorFailure { since: at, error: String::new() });
        error.clone_into(&mut failure.error);
    }
}
