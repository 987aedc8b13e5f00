//! The `retry` table of a step.

use super::table::{Keys, Table};
use crate::domain::ChannelDefinition;
use crate::domain::flow::Retry;
use std::time::Duration;

const KEYS: Keys = Keys { known: &["attempts", "delay", "factor", "cap", "on_exit"], later: &["deadline"] };

const OF_A_CHANNEL: Keys = Keys { known: &["attempts", "delay", "factor", "cap"], later: &[] };

/// Reads how often and when a step is tried again.
pub(super) fn read(step: &Table<'_>) -> Retry {
    read_or(step, &KEYS, Retry::default())
}

/// The same for a message that a channel has not taken.
pub(super) fn of_channel(channel: &Table<'_>) -> Retry {
    read_or(channel, &OF_A_CHANNEL, ChannelDefinition::default_retry())
}

fn read_or(table: &Table<'_>, keys: &Keys, default: Retry) -> Retry {
    let Some(retry) = table.table("retry", keys) else { return default };
    let day = Duration::from_hours(24);
    Retry {
        attempts: retry.whole("attempts", 1..=100).map_or(default.attempts, |number| number as u32),
        delay: retry.span("delay", Duration::ZERO..=day).unwrap_or(default.delay),
        factor: retry.number("factor", 1.0..=100.0).unwrap_or(default.factor),
        cap: retry.span("cap", Duration::ZERO..=day).unwrap_or(default.cap),
        on_exit: retry.wholes("on_exit", 1..=255).into_iter().map(|code| code as i32).collect(),
    }
}
