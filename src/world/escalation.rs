//! How far the telling of an incident is, as the entries left it.

use crate::domain::people::Told;
use crate::domain::{IncidentId, Severity};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long further alerts of an incident that was told of are gathered before they are told (RULES: grouping).
const MORE_EVERY: SignedDuration = SignedDuration::from_mins(5);
/// How long the first of them waits for others (RULES: grouping).
const MORE_WAIT: SignedDuration = SignedDuration::from_secs(30);
/// Receivers that are remembered for the recovery.
const TOLD_KEPT: usize = 200;

/// The chain of an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Escalation {
    /// Whose severity's chain it is.
    pub severity: Severity,
    /// The entry that began it: part of the identity of what it tells.
    pub number: u64,
    /// When it began.
    pub started_at: Timestamp,
    /// How often the chain has begun again after its end.
    pub round: u32,
    /// The step that is next, from 0; as many as there are steps: the end.
    pub step: u32,
    /// When that step is due; absent where the chain rests: acknowledged, resolved, exhausted.
    pub next_at: Option<Timestamp>,
    /// Why it was put off last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub put_off: Option<String>,
    /// Everyone who was told, once each, also by chains before this one.
    #[serde(default)]
    pub told: Vec<Told>,
    /// When anyone was told last.
    #[serde(default)]
    pub last_told_at: Option<Timestamp>,
    /// How many times people were told.
    #[serde(default)]
    pub firings: u32,
    /// When everyone had been told and nobody had acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exhausted_at: Option<Timestamp>,
    /// Alerts that joined since people were told.
    #[serde(default)]
    pub more: u32,
    /// When they are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more_at: Option<Timestamp>,
    /// When those who were told are told of the end, where that waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_at: Option<Timestamp>,
}

impl Escalation {
    pub(super) fn new(severity: Severity, number: u64, next_at: Timestamp, at: Timestamp) -> Self {
        Self {
            severity,
            number,
            started_at: at,
            round: 0,
            step: 0,
            next_at: Some(next_at),
            put_off: None,
            told: Vec::new(),
            last_told_at: None,
            firings: 0,
            exhausted_at: None,
            more: 0,
            more_at: None,
            recovery_at: None,
        }
    }

    /// When it must be looked at next.
    pub fn due(&self) -> Option<Timestamp> {
        [self.next_at, self.more_at, self.recovery_at].into_iter().flatten().min()
    }

    /// The same chain anew, with what people know already.
    pub(super) fn again(&self, severity: Severity, number: u64, next_at: Timestamp, at: Timestamp) -> Self {
        Self {
            told: self.told.clone(),
            last_told_at: self.last_told_at,
            firings: self.firings,
            more: self.more,
            more_at: self.more_at,
            ..Self::new(severity, number, next_at, at)
        }
    }

    /// Nothing more is told of the incident while it is as it is.
    pub(super) fn rest(&mut self) {
        self.next_at = None;
        self.more = 0;
        self.more_at = None;
        self.put_off = None;
    }

    pub(super) fn put_off(&mut self, until: Timestamp, reason: &str, at: Timestamp) {
        for time in [&mut self.next_at, &mut self.more_at, &mut self.recovery_at].into_iter().flatten() {
            if *time <= at {
                *time = until;
            }
        }
        self.put_off = Some(reason.to_owned());
    }

    pub(super) fn fired(&mut self, round: u32, step: u32, told: &[Told], next_at: Option<Timestamp>, at: Timestamp) {
        self.round = round;
        self.step = step.saturating_add(1);
        self.next_at = next_at;
        self.put_off = None;
        if told.is_empty() {
            return;
        }
        self.firings = self.firings.saturating_add(1);
        self.last_told_at = Some(at);
        // What has joined by now is told with it.
        self.more = 0;
        self.more_at = None;
        for one in told {
            if !self.told.contains(one) && self.told.len() < TOLD_KEPT {
                self.told.push(one.clone());
            }
        }
    }

    /// A further alert belongs to the incident.
    pub(super) fn joined(&mut self, at: Timestamp) {
        let Some(last) = self.last_told_at else { return };
        self.more = self.more.saturating_add(1);
        let gathered = at.checked_add(MORE_WAIT).unwrap_or(at);
        self.more_at.get_or_insert(last.checked_add(MORE_EVERY).unwrap_or(last).max(gathered));
    }
}

/// When an incident's escalation must be looked at: a row of the world's list.
pub type DueRow = (Timestamp, IncidentId);
