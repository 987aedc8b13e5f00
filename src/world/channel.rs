//! A channel and what waits for it, as the entries left them.

use crate::domain::{ChannelDefinition, ChannelId, Message, MessageId, Severity};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Messages that may wait for one channel; further ones are held back and told in one.
pub const QUEUE_MAX: usize = 200;
/// Kinds of held back messages that are told apart.
pub const HELD_BACK_KINDS: usize = 20;
/// The stretch in which a channel has its share of messages.
pub const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// A channel with how it does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    /// Its definition now.
    pub definition: Arc<ChannelDefinition>,
    /// Messages that wait, by the time from which on they may be sent and by the entry that made them.
    pub waiting: BTreeSet<(Timestamp, u64, MessageId)>,
    /// The message that is being sent: one at a time, so that their order holds.
    pub sending: Option<MessageId>,
    /// Messages that it has taken.
    pub sent: u64,
    /// When it last took one.
    pub last_sent_at: Option<Timestamp>,
    /// Since when it takes none.
    pub failing_since: Option<Timestamp>,
    /// Tries that failed since its last success.
    pub failures: u32,
    /// Why the last of them failed.
    pub error: Option<String>,
    /// Messages that were given up since its last success.
    pub given_up: u32,
    /// Messages since its last success of which nobody knows whether they arrived.
    pub unknown: u32,
    /// When the minute began that is counted, and how many messages fell due in it.
    pub minute: Option<(Timestamp, u32)>,
    /// What a storm has left untold.
    pub held_back: Option<HeldBack>,
}

impl Channel {
    pub(super) fn new(definition: Arc<ChannelDefinition>) -> Self {
        Self {
            definition,
            waiting: BTreeSet::new(),
            sending: None,
            sent: 0,
            last_sent_at: None,
            failing_since: None,
            failures: 0,
            error: None,
            given_up: 0,
            unknown: 0,
            minute: None,
            held_back: None,
        }
    }

    /// Its name.
    pub fn id(&self) -> &ChannelId {
        &self.definition.id
    }

    /// Messages that wait or are under way.
    pub fn queue(&self) -> usize {
        self.waiting.len() + usize::from(self.sending.is_some())
    }

    /// Whether a further message may fall due now.
    pub fn has_room(&self, now: Timestamp) -> bool {
        let told = match self.minute {
            Some((began, told)) if now.duration_since(began) < MINUTE => told,
            _ => 0,
        };
        told < self.definition.per_minute && self.queue() < QUEUE_MAX
    }

    /// The end of the minute that is counted.
    pub fn minute_ends(&self) -> Option<Timestamp> {
        self.minute.and_then(|(began, _)| began.checked_add(MINUTE).ok())
    }

    /// Whether people must look after it: messages were lost on it since its last success.
    pub fn has_lost(&self) -> bool {
        self.given_up > 0 || self.unknown > 0
    }

    /// The word for a row and for JSON.
    pub fn word(&self) -> &'static str {
        match () {
            () if self.has_lost() => "failed",
            () if self.failing_since.is_some() => "failing",
            () if self.last_sent_at.is_some() => "ok",
            () => "unused",
        }
    }
}

/// Messages that a storm has held back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldBack {
    /// When the first of them would have been sent.
    pub since: Timestamp,
    /// How many.
    pub count: u32,
    /// The worst severity among them.
    pub severity: Severity,
    /// How many of each kind, as `nightly-orders failed`; at most [`HELD_BACK_KINDS`] kinds.
    pub kinds: BTreeMap<String, u32>,
}

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// The message.
    pub message: Arc<Message>,
    /// The entry that made it: the order on its channel.
    pub made_by: u64,
    /// Tries that began.
    pub tries: u32,
    /// Where it is.
    pub state: OutgoingState,
}

/// Where a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutgoingState {
    /// It may be sent from this time on.
    Waiting(Timestamp),
    /// It may be with the receiver already.
    Sending,
}
