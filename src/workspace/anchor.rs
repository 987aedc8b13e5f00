//! `[anchor]` of `dogwatch.toml`: where the head of the journal's chain is told outside the state folder.

use super::table::{Keys, Table};
use crate::domain::anchor::{Anchors, WhenUnavailable};
use toml::de::DeValue;

const ANCHOR: Keys = Keys { known: &["file", "command", "syslog", "when_unavailable"], later: &[] };
const POLICIES: &[(&str, WhenUnavailable)] = &[("continue", WhenUnavailable::Continue), ("refuse", WhenUnavailable::Refuse)];
/// Where the system's log listens.
const SYSLOG: &str = "/dev/log";

/// Reads the table; what is wrong is noted in the file.
pub(super) fn read(top: &Table<'_>) -> Anchors {
    let Some(table) = top.table("anchor", &ANCHOR) else { return Anchors::default() };
    let anchors = Anchors {
        file: path(&table, "file"),
        command: command(&table),
        syslog: match table.value("syslog").map(toml::Spanned::get_ref) {
            Some(DeValue::String(_)) => path(&table, "syslog"),
            _ => table.flag("syslog").unwrap_or(false).then(|| SYSLOG.to_owned()),
        },
        when_unavailable: table.word("when_unavailable", POLICIES).unwrap_or_default(),
    };
    if anchors.sinks().next().is_none() && ["file", "command"].iter().all(|key| table.value(key).is_none()) {
        table.file.wrong_but(table.at.clone(), "`[anchor]` names no anchor", "one or more of: file, command, syslog");
    }
    anchors
}

fn path(table: &Table<'_>, key: &str) -> Option<String> {
    let text = table.text(key)?;
    if !text.value.starts_with('/') {
        table.file.wrong(text.at, format!("`{key}` is a path from the root, such as `/var/log/dogwatch/anchor`"));
        return None;
    }
    Some(text.value.to_owned())
}

fn command(table: &Table<'_>) -> Option<Vec<String>> {
    table.value("command")?;
    let words: Vec<String> = table.texts("command").into_iter().map(|text| text.value.to_owned()).collect();
    if words.first().is_none_or(String::is_empty) {
        table.file.wrong_but(table.place("command"), "`command` names no program", "a list of texts: a program and its arguments");
        return None;
    }
    Some(words)
}
