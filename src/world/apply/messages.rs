//! Facts about channels and messages: defined, due, held back, sent or not.

use crate::domain::{ChannelDefinition, ChannelId, Message, MessageRef, Point, Severity};
use crate::world::World;
use crate::world::channel::{Channel, HELD_BACK_KINDS, HeldBack, MINUTE, Outgoing, OutgoingState};
use crate::world::flow::LATE_TOLD_KEPT;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

impl World {
    fn change_channel(&mut self, id: &ChannelId, change: impl FnOnce(&mut Channel)) {
        if let Some(channel) = self.channels.get_mut(id) {
            change(Arc::make_mut(channel));
        }
    }

    pub(super) fn channel_defined(&mut self, definition: &Arc<ChannelDefinition>) {
        let fresh = || Arc::new(Channel::new(definition.clone()));
        let channel = self.channels.entry(definition.id.clone()).or_insert_with(fresh);
        Arc::make_mut(channel).definition = definition.clone();
    }

    pub(super) fn channel_removed(&mut self, id: &ChannelId) {
        self.channels.remove(id);
        self.messages.retain(|_, outgoing| outgoing.message.channel != *id);
    }

    pub(super) fn message_due(&mut self, message: &Arc<Message>, seq: u64, at: Timestamp) {
        if !self.channels.contains_key(&message.channel) || self.messages.contains_key(&message.id) {
            return;
        }
        let outgoing = Outgoing { message: message.clone(), made_by: seq, tries: 0, state: OutgoingState::Waiting(at) };
        self.messages.insert(message.id.clone(), Arc::new(outgoing));
        self.change_channel(&message.channel, |channel| {
            channel.waiting.insert((at, seq, message.id.clone()));
            match &mut channel.minute {
                Some((began, told)) if at.duration_since(*began) < MINUTE => *told = told.saturating_add(1),
                minute => *minute = Some((at, 1)),
            }
            if message.point == Point::Storm {
                channel.held_back = None;
            }
        });
        if message.point == Point::Late
            && let Some(flow) = &message.flow
        {
            self.change_flow(flow, |flow| {
                if flow.late_told.len() >= LATE_TOLD_KEPT {
                    flow.late_told.pop_front();
                }
                flow.late_told.push_back(message.id.clone());
            });
        }
    }

    pub(super) fn message_held_back(&mut self, message: &MessageRef, point: Point, severity: Severity, at: Timestamp) {
        let kind = match &message.flow {
            Some(flow) => format!("{flow} {point}"),
            None => point.to_string(),
        };
        self.change_channel(&message.channel, |channel| {
            channel.minute.get_or_insert((at, 0));
            let fresh = || HeldBack { since: at, count: 0, severity, kinds: BTreeMap::new() };
            let held = channel.held_back.get_or_insert_with(fresh);
            held.count = held.count.saturating_add(1);
            held.severity = severity.max(held.severity);
            if held.kinds.len() < HELD_BACK_KINDS || held.kinds.contains_key(&kind) {
                let count = held.kinds.entry(kind).or_default();
                *count = count.saturating_add(1);
            }
        });
    }

    pub(super) fn message_sending(&mut self, message: &MessageRef, number: u32) {
        let Some(outgoing) = self.messages.get_mut(&message.id).map(Arc::make_mut) else { return };
        let row = (outgoing.state, outgoing.made_by);
        outgoing.state = OutgoingState::Sending;
        outgoing.tries = number;
        self.change_channel(&message.channel, |channel| {
            if let (OutgoingState::Waiting(at), made_by) = row {
                channel.waiting.remove(&(at, made_by, message.id.clone()));
            }
            channel.sending = Some(message.id.clone());
        });
    }

    pub(super) fn message_sent(&mut self, message: &MessageRef, at: Timestamp) {
        self.forget_message(message);
        self.change_channel(&message.channel, |channel| {
            channel.sent = channel.sent.saturating_add(1);
            channel.last_sent_at = Some(at);
            channel.failing_since = None;
            channel.failures = 0;
            channel.error = None;
            channel.given_up = 0;
            channel.unknown = 0;
        });
    }

    pub(super) fn message_failed(&mut self, message: &MessageRef, error: &str, next_at: Timestamp, at: Timestamp) {
        let Some(outgoing) = self.messages.get_mut(&message.id).map(Arc::make_mut) else { return };
        outgoing.state = OutgoingState::Waiting(next_at);
        let row = (next_at, outgoing.made_by, message.id.clone());
        self.change_channel(&message.channel, |channel| {
            not_taken(channel, message, error, at);
            channel.waiting.insert(row);
        });
    }

    pub(super) fn message_given_up(&mut self, message: &MessageRef, error: &str, at: Timestamp) {
        self.forget_message(message);
        self.change_channel(&message.channel, |channel| {
            not_taken(channel, message, error, at);
            channel.given_up = channel.given_up.saturating_add(1);
        });
    }

    pub(super) fn message_unknown(&mut self, message: &MessageRef, error: &str, at: Timestamp) {
        self.forget_message(message);
        self.change_channel(&message.channel, |channel| {
            not_taken(channel, message, error, at);
            channel.unknown = channel.unknown.saturating_add(1);
        });
    }

    fn forget_message(&mut self, message: &MessageRef) {
        let Some(outgoing) = self.messages.remove(&message.id) else { return };
        self.change_channel(&message.channel, |channel| {
            if let OutgoingState::Waiting(at) = outgoing.state {
                channel.waiting.remove(&(at, outgoing.made_by, message.id.clone()));
            }
            channel.sending.take_if(|sending| *sending == message.id);
        });
    }
}

/// A try on a channel did not succeed.
fn not_taken(channel: &mut Channel, message: &MessageRef, error: &str, at: Timestamp) {
    channel.sending.take_if(|sending| *sending == message.id);
    channel.failing_since.get_or_insert(at);
    channel.failures = channel.failures.saturating_add(1);
    channel.error = Some(error.to_owned());
}
