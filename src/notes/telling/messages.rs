//! Facts about channels and messages to people → plain words.

use super::Teller;
use crate::domain::Event;

impl Teller<'_> {
    /// The fact in words; nothing for facts of another family.
    pub(super) fn of_messages(&self, event: &Event) -> Option<String> {
        Some(match event {
            Event::ChannelDefined { channel } => {
                format!("channel {} defined: {} {}", channel.id, channel.kind.word(), channel.kind.target())
            }
            Event::ChannelRemoved { channel } => format!("channel {channel} removed"),
            Event::MessageDue { message } => format!("{} is told: {}", message.channel, message.subject),
            Event::MessageHeldBack { message, .. } => format!("{} is told later, with others in one: {}", message.channel, message.subject),
            Event::MessageSending { message, number } => format!("sending to {}, try {number}: {}", message.channel, message.subject),
            Event::MessageSent { message } => format!("{} has taken: {}", message.channel, message.subject),
            Event::MessageFailed { message, error, next_at } => {
                format!("{} has not taken, next try at {}: {}: {error}", message.channel, self.second(*next_at), message.subject)
            }
            Event::MessageGivenUp { message, error } => format!("{} was not told, given up: {}: {error}", message.channel, message.subject),
            Event::MessageUnknown { message, error } => {
                format!("nobody knows whether {} was told, not sent again: {}: {error}", message.channel, message.subject)
            }
            _ => return None,
        })
    }
}
