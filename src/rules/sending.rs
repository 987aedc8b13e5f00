//! Messages on their way: one at a time on each channel, tried again a bounded number of times, never twice where a try
//! may have arrived; a channel that takes nothing raises an alert.

use super::{Asked, Decision, alerts, messages, names, retry};
use crate::domain::message::Fate;
use crate::domain::{ChannelId, Effect, Event, MessageId, Point, Refusal, RefusalKind};
use crate::world::channel::QUEUE_MAX;
use crate::world::{Channel, Outgoing, OutgoingState, World};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Failed tries after which a channel counts as failing although nothing was lost yet.
const FAILURES: u32 = 3;
/// No receiver's wish makes a wait longer.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);

/// The next message of a channel whose time has come, where none is under way.
pub(super) fn next(world: &World, id: &ChannelId, now: Timestamp) -> Option<Event> {
    let channel = world.channel(id).filter(|channel| channel.sending.is_none())?;
    let (_, _, message) = channel.waiting.first().filter(|(at, ..)| *at <= now)?;
    let outgoing = world.messages.get(message)?;
    Some(Event::MessageSending { message: outgoing.message.named(), number: outgoing.tries.saturating_add(1) })
}

/// When a channel must be looked at again.
pub(super) fn next_due(world: &World, id: &ChannelId) -> Option<Timestamp> {
    let channel = world.channel(id)?;
    let waiting = channel.waiting.first().map(|(at, ..)| *at).filter(|_| channel.sending.is_none());
    [waiting, storm_ends(channel)].into_iter().flatten().min()
}

/// When what was held back may be told in one.
fn storm_ends(channel: &Channel) -> Option<Timestamp> {
    let is_due = channel.held_back.is_some() && channel.queue() < QUEUE_MAX;
    channel.minute_ends().filter(|_| is_due)
}

/// What is due for a channel now.
pub(super) fn due(world: &World, id: &ChannelId, asked: &Asked) -> Decision {
    let Some(channel) = world.channel(id) else { return Decision::nothing() };
    if storm_ends(channel).is_some_and(|at| at <= asked.now)
        && let Some(message) = messages::of_storm(world, channel, asked)
    {
        return Event::MessageDue { message: Arc::new(message) }.into();
    }
    next(world, id, asked.now).into()
}

/// A message is about to be sent: ask the outside for it.
pub(super) fn send(world: &World, id: &MessageId) -> Decision {
    let Some(outgoing) = world.messages.get(id) else { return Decision::nothing() };
    let Some(channel) = world.channel(&outgoing.message.channel) else { return Decision::nothing() };
    Effect::SendMessage { message: outgoing.message.clone(), channel: channel.definition.clone() }.into()
}

/// A try has ended: what that says about the channel, and the next message.
pub(super) fn ended(world: &World, id: &ChannelId, now: Timestamp) -> Decision {
    let Some(channel) = world.channel(id) else { return Decision::nothing() };
    let alert = match () {
        () if channel.failing_since.is_none() => alerts::channel_works(world, id),
        () if channel.has_lost() || channel.failures >= FAILURES => alerts::channel_fails(world, channel),
        () => None,
    };
    Decision::events(alert.into_iter().chain(next(world, id, now)))
}

/// The outside says that a message was taken.
pub(super) fn taken(world: &World, id: &MessageId) -> Decision {
    let Some(outgoing) = under_way(world, id) else { return Decision::nothing() };
    Event::MessageSent { message: outgoing.message.named() }.into()
}

/// The outside says that a message was not taken, or that nobody knows.
pub(super) fn not_taken(world: &World, id: &MessageId, error: &str, fate: Fate, wish: Option<Duration>, asked: &Asked) -> Decision {
    let Some(outgoing) = under_way(world, id) else { return Decision::nothing() };
    let Some(channel) = world.channel(&outgoing.message.channel) else { return Decision::nothing() };
    after_try(channel, outgoing, error, fate, wish, asked).into()
}

fn under_way<'w>(world: &'w World, id: &MessageId) -> Option<&'w Outgoing> {
    world.messages.get(id).map(|outgoing| &**outgoing).filter(|outgoing| outgoing.state == OutgoingState::Sending)
}

fn after_try(channel: &Channel, outgoing: &Outgoing, error: &str, fate: Fate, wish: Option<Duration>, asked: &Asked) -> Event {
    let definition = &channel.definition;
    let message = outgoing.message.named();
    let error = error.to_owned();
    let unsure = fate == Fate::Unsure && !definition.idempotent;
    if unsure {
        return Event::MessageUnknown { message, error };
    }
    // Whoever tests a channel waits for the answer.
    let is_test = outgoing.message.point == Point::Test;
    if fate == Fate::Refused || is_test || outgoing.tries >= definition.retry.attempts {
        return Event::MessageGivenUp { message, error };
    }
    let wait = retry::wait(&definition.retry, outgoing.tries, asked.random);
    let wait = wish.map_or(wait, |wish| wish.min(RETRY_AFTER_MAX).max(wait));
    let next_at = SignedDuration::try_from(wait).ok().and_then(|wait| asked.now.checked_add(wait).ok()).unwrap_or(asked.now);
    Event::MessageFailed { message, error, next_at }
}

/// A daemon begins: what was under way when the one before it ended may have arrived.
pub(super) fn resume(world: &World, asked: &Asked) -> Decision {
    let lost = world.messages.values().filter(|outgoing| outgoing.state == OutgoingState::Sending);
    let events = lost.filter_map(|outgoing| {
        let channel = world.channel(&outgoing.message.channel)?;
        Some(after_try(channel, outgoing, "the daemon ended while it was sent", Fate::Unsure, None, asked))
    });
    // A daemon that has just begun withholds nothing yet.
    let has_secrets = !world.channels.is_empty() || !world.sources.is_empty() || world.intake.is_some();
    let effects = has_secrets.then(|| withhold(world));
    Decision { events: events.collect(), effects: effects.into_iter().collect() }
}

/// The variables that hold the secrets of all channels, neighbours and of the intake.
pub(super) fn withhold(world: &World) -> Effect {
    let mut variables: BTreeSet<String> = world.channels.values().flat_map(|channel| channel.definition.secret_variables()).collect();
    variables.extend(world.sources.values().filter_map(|row| row.definition.as_ref()).flat_map(|source| source.secret_variables()));
    variables.extend(world.intake.iter().flat_map(|intake| intake.definition.secret_variables()));
    Effect::WithholdVariables(variables)
}

/// What ends with a channel: its messages that wait, and itself.
pub(super) fn removal(world: &World, id: &ChannelId) -> Vec<Event> {
    let own = world.messages.values().filter(|outgoing| outgoing.message.channel == *id);
    let end = |outgoing: &Arc<Outgoing>| {
        let (message, error) = (outgoing.message.named(), "the channel was removed".to_owned());
        match outgoing.state {
            OutgoingState::Waiting(_) => Event::MessageGivenUp { message, error },
            OutgoingState::Sending => Event::MessageUnknown { message, error },
        }
    };
    let mut events: Vec<Event> = own.map(end).collect();
    events.push(Event::ChannelRemoved { channel: id.clone() });
    events
}

/// A person tries a channel.
pub(super) fn test(world: &World, id: &ChannelId, asked: &Asked) -> Result<Decision, Refusal> {
    let channel = world.channel(id).ok_or_else(|| names::unknown("channel", id.as_str(), world.channels.keys().map(ChannelId::as_str)))?;
    if channel.queue() >= QUEUE_MAX {
        let reason = format!("{QUEUE_MAX} messages wait for `{id}` already");
        return Err(Refusal::new(RefusalKind::State, reason).hint("its error says why: dogwatch channels"));
    }
    Ok(Event::MessageDue { message: Arc::new(messages::of_test(world, channel, asked)) }.into())
}
