//! `[[evidence]]`, `[secrets]` and `[outside]` of `dogwatch.toml`: what is gathered for incidents, what is never told, and
//! where changes of the machine are read from.

use super::name::name_problem;
use super::settings::zone;
use super::table::{Keys, Table, text_of};
use crate::domain::evidence::{EvidenceCommand, EvidenceDefinition, EvidenceSettings};
use crate::domain::outside::OutsideSettings;
use crate::domain::{FlowId, Labels};
use jiff::fmt::strtime;
use regex::bytes::RegexBuilder;
use std::collections::BTreeSet;
use std::time::Duration;
use toml::de::DeValue;

const EVIDENCE: Keys = Keys {
    known: &[
        "name",
        "service",
        "labels",
        "flows",
        "files",
        "time_format",
        "timezone",
        "before",
        "after",
        "max_bytes",
        "commands",
        "automatic",
    ],
    later: &[],
};
const COMMAND: Keys = Keys { known: &["name", "run", "timeout", "max_bytes"], later: &[] };
const SECRETS: Keys = Keys { known: &["patterns", "defaults"], later: &[] };
const OUTSIDE: Keys = Keys { known: &["dpkg_log", "packages"], later: &[] };

/// No workspace names more kinds of evidence, and none more files, commands or patterns in one.
const MOST: usize = 100;
/// Bytes of one file or output that may be kept.
const BYTES_MAX: u64 = 64 << 20;
const DAY: Duration = Duration::from_hours(24);

/// Where changes of the machine are read from.
pub(super) fn outside(top: &Table<'_>) -> OutsideSettings {
    let default = OutsideSettings::default();
    let Some(table) = top.table("outside", &OUTSIDE) else { return default };
    if table.flag("packages") == Some(false) {
        return OutsideSettings { dpkg_log: None };
    }
    match table.text("dpkg_log") {
        Some(path) if path.value.starts_with('/') => OutsideSettings { dpkg_log: Some(path.value.to_owned()) },
        Some(path) => {
            table.file.wrong_but(path.at, "`dpkg_log` is a path from the root", "packages = false leaves packages out");
            default
        }
        None => default,
    }
}

/// What is gathered, and how secrets look.
pub(super) fn read(top: &Table<'_>) -> EvidenceSettings {
    let tables = top.tables("evidence", &EVIDENCE);
    if let Some(table) = tables.get(MOST) {
        table.file.wrong(table.at.clone(), format!("a workspace names at most {MOST} kinds of evidence"));
    }
    let mut evidence: Vec<EvidenceDefinition> = Vec::new();
    for table in tables.iter().take(MOST) {
        let Some(definition) = definition(table) else { continue };
        if evidence.iter().any(|other| other.name == definition.name) {
            table.file.wrong(table.place("name"), format!("there is an evidence `{}` already", definition.name));
        } else {
            evidence.push(definition);
        }
    }
    let (patterns, only_own) = match top.table("secrets", &SECRETS) {
        Some(table) => (patterns(&table), table.flag("defaults") == Some(false)),
        None => (Vec::new(), false),
    };
    EvidenceSettings { evidence, patterns, only_own }
}

fn definition(table: &Table<'_>) -> Option<EvidenceDefinition> {
    let name = table.needed_text("name", "an `[[evidence]]`")?;
    if let Some(problem) = name_problem(name.value) {
        table.file.wrong(name.at, format!("`name`: {problem}"));
        return None;
    }
    let default = EvidenceDefinition::new(name.value);
    let mut labels: Labels = table.texts_by_name("labels", |_| None).into_iter().collect();
    labels.extend(table.text("service").map(|service| ("service".to_owned(), service.value.to_owned())));
    let files: Vec<String> =
        table.texts("files").into_iter().filter(|file| !file.value.is_empty()).map(|file| file.value.to_owned()).collect();
    let commands = commands(table);
    if files.is_empty() && commands.is_empty() {
        table.file.wrong(table.at.clone(), format!("the evidence `{}` needs `files` or `commands`", name.value));
    }
    if files.len() > MOST || commands.len() > MOST {
        table.file.wrong(table.at.clone(), format!("the evidence `{}` names more than {MOST} files or commands", name.value));
    }
    Some(EvidenceDefinition {
        labels,
        flows: table.texts("flows").into_iter().map(|flow| FlowId::new(flow.value)).collect::<BTreeSet<_>>(),
        files,
        time_format: time_format(table),
        zone: zone(table, "timezone"),
        before: table.span("before", Duration::ZERO..=DAY * 7).unwrap_or(default.before),
        after: table.span("after", Duration::ZERO..=DAY * 7).unwrap_or(default.after),
        max_bytes: max_bytes(table).unwrap_or(default.max_bytes),
        commands,
        automatic: table.flag("automatic").unwrap_or(true),
        ..default
    })
}

fn max_bytes(table: &Table<'_>) -> Option<u64> {
    let bytes = table.size("max_bytes")?;
    if !(1_024..=BYTES_MAX).contains(&bytes) {
        table.file.wrong(table.place("max_bytes"), format!("`max_bytes` must be between 1 KiB and {} MiB", BYTES_MAX >> 20));
        return None;
    }
    Some(bytes)
}

fn time_format(table: &Table<'_>) -> Option<String> {
    let format = table.text("time_format")?;
    // A format is right when a time can be written with it.
    let probe = jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC);
    let is_right = format.value.contains('%') && strtime::format(format.value, &probe).is_ok();
    if !is_right {
        table.file.wrong_but(format.at, "`time_format` is no format of strftime", "such as \"%d.%m.%Y %H:%M:%S\"");
        return None;
    }
    Some(format.value.to_owned())
}

fn commands(table: &Table<'_>) -> Vec<EvidenceCommand> {
    let mut commands: Vec<EvidenceCommand> = Vec::new();
    for table in table.tables("commands", &COMMAND) {
        let Some(name) = table.needed_text("name", "a command of evidence") else { continue };
        if let Some(problem) = name_problem(name.value) {
            table.file.wrong(name.at, format!("`name`: {problem}"));
            continue;
        }
        let run = match table.value("run").map(|value| (value.get_ref(), value)) {
            Some((DeValue::Array(items), _)) => {
                items.iter().filter_map(|item| text_of(table.file, "run", item)).map(|word| word.value.to_owned()).collect()
            }
            Some((_, value)) => {
                table.wrong_kind("run", value, "a list: the program and its arguments");
                continue;
            }
            None => Vec::new(),
        };
        if run.is_empty() {
            table.file.wrong(table.place("run"), format!("the command `{}` needs `run`: the program and its arguments", name.value));
            continue;
        }
        let timeout = table.span("timeout", Duration::from_millis(100)..=Duration::from_mins(5)).unwrap_or(Duration::from_secs(30));
        commands.push(EvidenceCommand { name: name.value.to_owned(), run, timeout, max_bytes: max_bytes(&table).unwrap_or(1 << 20) });
    }
    commands
}

/// Regular expressions, checked; the first group, or the whole, is what is masked.
fn patterns(table: &Table<'_>) -> Vec<String> {
    let mut patterns = Vec::new();
    for text in table.texts("patterns") {
        match RegexBuilder::new(text.value).unicode(!text.value.is_ascii()).size_limit(1 << 20).build() {
            Ok(regex) if regex.is_match(b"") => {
                table.file.wrong(text.at, "this pattern matches an empty text: it would mask nothing, everywhere");
            }
            Ok(_) => patterns.push(text.value.to_owned()),
            Err(error) => {
                let reason = error.to_string();
                let last = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                table.file.wrong(text.at, format!("`patterns`: this is no regular expression: {last}"));
            }
        }
    }
    if patterns.len() > MOST {
        table.file.wrong(table.place("patterns"), format!("at most {MOST} patterns"));
    }
    patterns
}
