//! The `messages` tables: who is told at which key point, in the workspace and in a flow.

use super::error::nearest;
use super::settings::Settings;
use super::table::{At, Keys, Table};
use crate::domain::message::Messages;
use crate::domain::{ChannelDefinition, ChannelId, Point, StepDefinition, StepName};
use std::collections::BTreeSet;
use std::ops::Range;

const KEYS: Keys = Keys { known: &["started", "step_done", "finished", "failed", "late", "recovered"], later: &[] };
const OF_A_FLOW: Keys = Keys { known: &["started", "step_done", "finished", "failed", "late", "recovered", "steps"], later: &[] };

/// The channels that files may name.
#[derive(Debug, Default)]
pub(super) struct ChannelNames(BTreeSet<ChannelId>);

impl ChannelNames {
    /// Those of `dogwatch.toml`, the wrong ones too: that they are wrong is told once, where they stand.
    pub fn of(channels: &[(Range<usize>, ChannelDefinition)]) -> Self {
        Self(channels.iter().map(|(_, channel)| channel.id.clone()).collect())
    }
}

/// What a flow's file needs to know of the workspace's.
#[derive(Debug, Default)]
pub(super) struct Told {
    names: ChannelNames,
    messages: Messages,
}

impl Told {
    /// The workspace's channels, and who it tells.
    pub fn of(settings: &Settings) -> Self {
        let names = settings.channels.iter().map(|channel| channel.id.clone()).collect();
        Self { names: ChannelNames(names), messages: settings.messages.clone() }
    }

    /// Who a flow tells: its own choice for each point that it names, else the workspace's.
    pub fn by_flow(&self, top: &Table<'_>, steps: &[StepDefinition]) -> Messages {
        let Some(table) = top.table("messages", &OF_A_FLOW) else { return self.messages.clone() };
        let mut messages = points(&table, &self.messages, &self.names);
        for step in table.texts("steps") {
            let name = StepName::new(step.value);
            if steps.iter().any(|step| step.name == name) {
                messages.steps.push(name);
            } else {
                let reason = format!("there is no step `{name}`");
                match nearest(step.value, steps.iter().map(|step| step.name.as_str())) {
                    Some(word) => table.file.wrong_but(step.at, reason, format!("did you mean `{word}`?")),
                    None => table.file.wrong(step.at, reason),
                }
            }
        }
        messages
    }
}

/// Reads the workspace's table; absent where there is none.
pub(super) fn read(top: &Table<'_>, default: &Messages, names: &ChannelNames) -> Option<Messages> {
    top.table("messages", &KEYS).map(|table| points(&table, default, names))
}

fn points(table: &Table<'_>, default: &Messages, names: &ChannelNames) -> Messages {
    let mut messages = default.clone();
    for point in Point::OF_A_FLOW.into_iter().filter(|point| table.value(point.word()).is_some()) {
        let chosen = channels(table, point.word(), names);
        if let Some(list) = messages.at_mut(point) {
            *list = chosen;
        }
    }
    messages
}

fn channels(table: &Table<'_>, key: &str, names: &ChannelNames) -> Vec<ChannelId> {
    names.named(table, key)
}

impl ChannelNames {
    /// The channels of a list, each once; those that do not exist are told.
    pub fn named(&self, table: &Table<'_>, key: &str) -> Vec<ChannelId> {
        self.those(table, &table.texts(key))
    }

    /// The channels that these texts name, each once; those that do not exist are told.
    pub fn those(&self, table: &Table<'_>, texts: &[At<&str>]) -> Vec<ChannelId> {
        let mut chosen: Vec<ChannelId> = Vec::new();
        for text in texts {
            let id = ChannelId::new(text.value);
            if self.checked(table, text, text.value) && !chosen.contains(&id) {
                chosen.push(id);
            }
        }
        chosen
    }

    /// Whether a channel exists; that it does not is told.
    pub fn checked(&self, table: &Table<'_>, text: &At<&str>, name: &str) -> bool {
        if self.0.contains(name) {
            return true;
        }
        let reason = format!("there is no channel `{name}`");
        match nearest(name, self.0.iter().map(ChannelId::as_str)) {
            Some(word) => table.file.wrong_but(text.at.clone(), reason, format!("did you mean `{word}`?")),
            None => table.file.wrong_but(text.at.clone(), reason, format!("write `[channels.{name}]` in dogwatch.toml")),
        }
        false
    }
}
