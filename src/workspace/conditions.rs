//! Keys of a flow that say what its runs and steps wait for: `priority`, `max_running`, `after`, `[[file]]`, `pool`.

use super::cycle::find_cycle;
use super::error::nearest;
use super::file::SourceFile;
use super::name::name_problem;
use super::table::{At, Keys, Table, text_of};
use crate::domain::condition::{After, AfterDate, AfterOn, Conditions, FileWanted, PRIORITY, PoolNeed, Pools, STABLE_FOR};
use crate::domain::{FlowDefinition, FlowId};
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Component, Path};
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

const AFTER: Keys = Keys { known: &["flow", "on", "date", "look_back"], later: &[] };
const FILE: Keys = Keys { known: &["path", "stable_for", "done_file"], later: &[] };
const POOL: Keys = Keys { known: &["name", "units"], later: &[] };
const ONS: &[(&str, AfterOn)] = &[("success", AfterOn::Success), ("done", AfterOn::Done), ("failure", AfterOn::Failure)];
const DATES: &[(&str, AfterDate)] = &[("same", AfterDate::Same), ("previous", AfterDate::Previous), ("any", AfterDate::Any)];

/// No flow comes after more others, and none waits for more files.
const MOST: usize = 100;
const DAY: Duration = Duration::from_hours(24);

/// The conditions of a flow; `side_by_side` is what its `overlap` says.
pub(super) fn read(top: &Table<'_>, side_by_side: Option<u32>) -> Conditions {
    Conditions {
        priority: top.whole("priority", 0..=100).map_or(PRIORITY, |number| number as u8),
        max_running: top.whole("max_running", 1..=10_000).map(|number| number as u32),
        side_by_side,
        after: afters(top),
        files: files(top),
    }
}

fn afters(top: &Table<'_>) -> Vec<After> {
    let Some(value) = top.value("after") else { return Vec::new() };
    let items: Vec<&Spanned<DeValue<'_>>> = match value.get_ref() {
        DeValue::Array(items) => items.iter().collect(),
        DeValue::String(_) | DeValue::Table(_) => vec![value],
        _ => {
            top.wrong_kind("after", value, "a flow's name, a list of them, or tables written as `[[after]]`");
            return Vec::new();
        }
    };
    if items.len() > MOST {
        top.file.wrong(value.span(), format!("a flow comes after at most {MOST} others"));
        return Vec::new();
    }
    let mut found: Vec<After> = Vec::new();
    for item in items {
        let Some((after, at)) = one_after(top, item) else { continue };
        if found.iter().any(|other| other.flow == after.flow) {
            top.file.wrong(at, format!("`{}` is named twice", after.flow));
        } else {
            found.push(after);
        }
    }
    found
}

fn one_after(top: &Table<'_>, item: &Spanned<DeValue<'_>>) -> Option<(After, Range<usize>)> {
    let plain = |flow: &At<&str>, on, date, look_back| (After { flow: FlowId::new(flow.value), on, date, look_back }, flow.at.clone());
    let DeValue::Table(entries) = item.get_ref() else {
        let flow = text_of(top.file, "after", item)?;
        return Some(plain(&flow, AfterOn::Success, AfterDate::Same, None));
    };
    let table = Table::open(top.file, entries, item.span(), &AFTER);
    let flow = table.needed_text("flow", "`after`")?;
    let on = table.word("on", ONS).unwrap_or(AfterOn::Success);
    let date = table.word("date", DATES).unwrap_or(AfterDate::Same);
    let look_back = table.span("look_back", Duration::from_secs(1)..=DAY * 366);
    Some(plain(&flow, on, date, look_back.or((date == AfterDate::Any).then_some(DAY))))
}

fn files(top: &Table<'_>) -> Vec<FileWanted> {
    let tables = top.tables("file", &FILE);
    if let Some(table) = tables.get(MOST) {
        top.file.wrong(table.at.clone(), format!("a flow waits for at most {MOST} files or patterns"));
        return Vec::new();
    }
    let mut found: Vec<FileWanted> = Vec::new();
    for table in tables {
        let Some(path) = table.needed_text("path", "`file`") else { continue };
        if let Some(problem) = path_problem(path.value) {
            table.file.wrong(path.at, format!("`path`: {problem}"));
        } else if found.iter().any(|other| other.path == path.value) {
            table.file.wrong(path.at, format!("`{}` is waited for twice", path.value));
        } else {
            let done_file = table.text("done_file").filter(|text| {
                let right = text.value.contains("{path}") || text.value.contains("{name}");
                if !right || text.value.contains(char::is_control) {
                    let hint = "such as `{path}.done` or `done/{name}`";
                    table.file.wrong_but(text.at.clone(), "`done_file` says with `{path}` or `{name}` which file it belongs to", hint);
                }
                right
            });
            let stable_for = table.span("stable_for", Duration::from_millis(100)..=DAY).unwrap_or(STABLE_FOR);
            found.push(FileWanted { path: path.value.to_owned(), stable_for, done_file: done_file.map(|text| text.value.to_owned()) });
        }
    }
    found
}

/// Why a text cannot be the path or pattern of a file that is waited for.
fn path_problem(path: &str) -> Option<&'static str> {
    let folder = Path::new(path).parent().map(Path::to_string_lossy).unwrap_or_default();
    let open = path.rfind('[').is_some_and(|open| path[open..].find(']').is_none());
    match () {
        () if path.is_empty() || path.ends_with('/') => Some("it names no file"),
        () if path.contains(char::is_control) => Some("it holds a control character"),
        () if Path::new(path).components().any(|part| part == Component::ParentDir) => Some("it goes through `..`"),
        () if folder.contains(['*', '?', '[']) => Some("`*`, `?` and `[…]` are for its last part only; name each folder"),
        () if open => Some("a `[` is not closed"),
        () => None,
    }
}

/// The units that a step asks for; `pools` are those that exist.
pub(super) fn pools(step: &Table<'_>, pools: Option<&Pools>) -> Vec<PoolNeed> {
    let Some(value) = step.value("pool") else { return Vec::new() };
    let items: Vec<&Spanned<DeValue<'_>>> = match value.get_ref() {
        DeValue::Array(items) => items.iter().collect(),
        _ => vec![value],
    };
    let mut found: Vec<PoolNeed> = Vec::new();
    for item in items {
        let Some((name, units)) = one_pool(step, item) else { continue };
        if let Some(units) = checked(step, &name, units, pools) {
            if found.iter().any(|other| other.pool == name.value) {
                step.file.wrong(name.at, format!("the pool `{}` is named twice", name.value));
            } else {
                found.push(PoolNeed { pool: name.value.to_owned(), units });
            }
        }
    }
    found.sort();
    found
}

fn one_pool<'f>(step: &Table<'f>, item: &'f Spanned<DeValue<'f>>) -> Option<(At<&'f str>, u32)> {
    match item.get_ref() {
        DeValue::String(_) => text_of(step.file, "pool", item).map(|name| (name, 1)),
        DeValue::Table(entries) => {
            let table = Table::open(step.file, entries, item.span(), &POOL);
            let units = table.whole("units", 1..=i64::from(u32::MAX)).map_or(1, |units| units as u32);
            table.needed_text("name", "`pool`").map(|name| (name, units))
        }
        _ => {
            step.wrong_kind("pool", item, "a pool's name, a table of `name` and `units`, or a list of them");
            None
        }
    }
}

/// Whether the pool exists and has so many units. Where `dogwatch.toml` could not be read, nobody knows.
fn checked(step: &Table<'_>, name: &At<&str>, units: u32, pools: Option<&Pools>) -> Option<u32> {
    let Some(pools) = pools else { return Some(units) };
    let Some(there) = pools.get(name.value) else {
        let reason = format!("there is no pool `{}`", name.value);
        let hint = match nearest(name.value, pools.keys().map(String::as_str)) {
            Some(word) => format!("did you mean `{word}`?"),
            None => format!("write `{} = 4` under `[pools]` in dogwatch.toml", name.value),
        };
        step.file.wrong_but(name.at.clone(), reason, hint);
        return None;
    };
    if units > *there {
        step.file.wrong(name.at.clone(), format!("the step asks for {units} units of `{}`, which has {there}", name.value));
        return None;
    }
    Some(units)
}

/// `[pools]` of `dogwatch.toml`: `warehouse = 4`, or a table with `units`.
pub(super) fn defined_pools(top: &Table<'_>) -> Pools {
    const UNITS: Keys = Keys { known: &["units"], later: &[] };
    let Some(value) = top.value("pools") else { return Pools::new() };
    let DeValue::Table(entries) = value.get_ref() else {
        top.wrong_kind("pools", value, "a table of names and units");
        return Pools::new();
    };
    let mut pools = Pools::new();
    for (name, value) in entries {
        if let Some(problem) = name_problem(name.get_ref()) {
            top.file.wrong(name.span(), format!("`{}`: {problem}", name.get_ref()));
            continue;
        }
        let units = match value.get_ref() {
            DeValue::Table(inner) => {
                let table = Table::open(top.file, inner, value.span(), &UNITS);
                if table.value("units").is_none() {
                    top.file.wrong(value.span(), format!("the pool `{}` needs the key `units`", name.get_ref()));
                }
                table.whole("units", 1..=1_000_000)
            }
            _ => super::table::whole_of(top.file, name.get_ref(), value, &(1..=1_000_000)),
        };
        pools.extend(units.map(|units| (name.get_ref().to_string(), units as u32)));
    }
    pools
}

/// Tells dependencies on flows that do not exist, and flows that wait for each other. The files stand in the order of
/// the flows.
pub(super) fn check(flows: &[FlowDefinition], files: &[SourceFile]) {
    let index: HashMap<&str, usize> = flows.iter().enumerate().map(|(number, flow)| (flow.id.as_str(), number)).collect();
    let mut needs: Vec<Vec<usize>> = Vec::with_capacity(flows.len());
    for (flow, file) in flows.iter().zip(files) {
        let mut found = Vec::new();
        for after in &flow.conditions.after {
            let name = after.flow.as_str();
            match index.get(name) {
                Some(_) if flow.id == after.flow => file.wrong(place_of(file, name), format!("the flow `{name}` comes after itself")),
                Some(number) => found.push(*number),
                None => {
                    let reason = format!("there is no flow `{name}`");
                    match nearest(name, index.keys().copied()) {
                        Some(word) => file.wrong_but(place_of(file, name), reason, format!("did you mean `{word}`?")),
                        None => file.wrong_but(place_of(file, name), reason, format!("write flows/{name}.toml")),
                    }
                }
            }
        }
        needs.push(found);
    }
    let Some(cycle) = find_cycle(&needs) else { return };
    let named: Vec<&FlowDefinition> = cycle.iter().filter_map(|number| flows.get(*number)).collect();
    let (Some(first), Some(file)) = (named.first(), cycle.first().and_then(|number| files.get(*number))) else { return };
    let mut words: Vec<&str> = named.iter().take(8).map(|flow| flow.id.as_str()).collect();
    if named.len() > words.len() {
        words.push("…");
    }
    words.push(first.id.as_str());
    let next = named.get(1).unwrap_or(first).id.as_str();
    file.wrong(place_of(file, next), format!("these flows wait for each other: {}", words.join(" after ")));
}

/// Where a flow's `after` names another flow.
fn place_of(file: &SourceFile, name: &str) -> Range<usize> {
    // Its errors were told when it was read.
    let (parsed, _told) = DeTable::parse_recoverable(&file.text);
    let found = |value: &Spanned<DeValue<'_>>| match value.get_ref() {
        DeValue::String(text) if &**text == name => Some(value.span()),
        DeValue::Table(entries) => {
            entries.get("flow").filter(|flow| matches!(flow.get_ref(), DeValue::String(text) if &**text == name)).map(Spanned::span)
        }
        _ => None,
    };
    let Some(after) = parsed.get_ref().get("after") else { return 0..0 };
    let place = match after.get_ref() {
        DeValue::Array(items) => items.iter().find_map(found),
        _ => found(after),
    };
    place.unwrap_or_else(|| after.span())
}
