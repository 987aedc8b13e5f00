//! `[people.NAME]`, `[[rota]]`, `[[override]]`, `[hours]` and `[[escalation]]` of `dogwatch.toml`: who is told.

mod chains;
mod hours;
mod rotas;

use super::calendar::{Calendars, wall};
use super::error::nearest;
use super::messages::ChannelNames;
use super::name::name_problem;
use super::settings::{account_problem, zone};
use super::table::{At, Keys, Table};
use crate::domain::people::{Leave, People, Person};
use crate::domain::{CalendarId, PersonId};
use jiff::civil::Time;
use std::collections::BTreeMap;
use std::time::Duration;
use toml::de::DeValue;

const PERSON: Keys = Keys { known: &["user", "name", "timezone", "channels", "teams", "away", "holidays"], later: &[] };
const LEAVE: Keys = Keys { known: &["from", "to", "reason"], later: &[] };

/// People that a workspace may have.
const PEOPLE_MAX: usize = 500;
/// Times that one person may be away.
const LEAVE_MAX: usize = 100;
const HOUR: Duration = Duration::from_hours(1);
const DAY_HOURS: u32 = 24;

/// What the tables may name.
pub(super) struct Known<'k> {
    /// Channels of the file.
    pub channels: &'k ChannelNames,
    /// Calendars; absent where nobody asks whether they exist.
    pub calendars: Option<&'k Calendars>,
    /// The workspace's zone.
    pub zone: &'k str,
}

/// Reads all of it; what is wrong is noted in the file.
pub(super) fn read(top: &Table<'_>, known: &Known<'_>) -> People {
    let people = people(top, known);
    let rotas = rotas::read(top, &people, known);
    let overrides = rotas::overrides(top, &people, &rotas);
    let hours = top.table("hours", &hours::KEYS).map(|table| hours::read(&table, known)).unwrap_or_default();
    let chains = chains::read(top, &people, &rotas, known);
    People { people, rotas, overrides, hours, chains }
}

/// Tells that there is no such thing, with the nearest word.
fn unknown<'a>(table: &Table<'_>, kind: &str, named: &At<&str>, name: &str, names: impl Iterator<Item = &'a str>, write: &str) {
    let reason = format!("there is no {kind} `{name}`");
    match nearest(name, names) {
        Some(word) => table.file.wrong_but(named.at.clone(), reason, format!("did you mean `{word}`?")),
        None => table.file.wrong_but(named.at.clone(), reason, write.to_owned()),
    }
}

fn people(top: &Table<'_>, known: &Known<'_>) -> BTreeMap<PersonId, Person> {
    let Some(value) = top.value("people") else { return BTreeMap::new() };
    let DeValue::Table(entries) = value.get_ref() else {
        top.wrong_kind("people", value, "a table of people, such as `[people.ana]`");
        return BTreeMap::new();
    };
    if entries.len() > PEOPLE_MAX {
        top.file.wrong(value.span(), format!("a workspace has at most {PEOPLE_MAX} people"));
        return BTreeMap::new();
    }
    let mut people = BTreeMap::new();
    for (key, value) in entries {
        let id: &str = key.get_ref();
        if let Some(problem) = name_problem(id) {
            top.file.wrong(key.span(), format!("`{id}`: {problem}"));
            continue;
        }
        let DeValue::Table(entries) = value.get_ref() else {
            top.file.wrong_but(key.span(), format!("`{id}` is no person"), "a person is a table: `[people.ana]`, then their keys");
            continue;
        };
        let table = Table::open(top.file, entries, key.span(), &PERSON);
        people.insert(PersonId::new(id), person(&table, id, known));
    }
    people
}

fn person(table: &Table<'_>, id: &str, known: &Known<'_>) -> Person {
    let user = table.text("user").map(|text| {
        if let Some(problem) = account_problem(text.value) {
            table.file.wrong(text.at, format!("`user`: {problem}"));
        }
        text.value.to_owned()
    });
    Person {
        user: user.unwrap_or_else(|| id.to_owned()),
        name: table.text("name").map_or_else(|| id.to_owned(), |text| text.value.to_owned()),
        zone: zone(table, "timezone").unwrap_or_else(|| known.zone.to_owned()),
        channels: known.channels.named(table, "channels"),
        teams: table.texts("teams").into_iter().filter_map(|team| team_name(table, &team)).collect(),
        away: leave(table),
        holidays: calendar(table, "holidays", known),
    }
}

fn team_name(table: &Table<'_>, team: &At<&str>) -> Option<String> {
    match name_problem(team.value) {
        Some(problem) => {
            table.file.wrong(team.at.clone(), format!("`{}`: {problem}", team.value));
            None
        }
        None => Some(team.value.to_owned()),
    }
}

fn leave(table: &Table<'_>) -> Vec<Leave> {
    let tables = table.tables("away", &LEAVE);
    if let Some(one) = tables.get(LEAVE_MAX) {
        table.file.wrong(one.at.clone(), format!("a person is away at most {LEAVE_MAX} times"));
        return Vec::new();
    }
    let read = |table: &Table<'_>| {
        let (from, to) = (wall(table, "from", "an absence"), wall(table, "to", "an absence"));
        let (from, to) = (from?.0, to?);
        // A date as its end is a day that belongs to it.
        let to = if to.1 { to.0.date().tomorrow().ok()?.at(0, 0, 0, 0) } else { to.0 };
        if to <= from {
            table.file.wrong(table.place("to"), "`to` must be after `from`");
            return None;
        }
        Some(Leave { from, to, reason: table.text("reason").map(|text| text.value.to_owned()).unwrap_or_default() })
    };
    tables.iter().filter_map(read).collect()
}

fn calendar(table: &Table<'_>, key: &str, known: &Known<'_>) -> Option<CalendarId> {
    let text = table.text(key)?;
    match known.calendars {
        Some(calendars) if !calendars.checked(table.file, &text) => None,
        _ => Some(CalendarId::new(text.value)),
    }
}

fn person_named(table: &Table<'_>, text: &At<&str>, name: &str, people: &BTreeMap<PersonId, Person>) -> Option<PersonId> {
    if people.contains_key(name) {
        return Some(PersonId::new(name));
    }
    unknown(table, "person", text, name, people.keys().map(PersonId::as_str), &format!("write `[people.{name}]`"));
    None
}

/// `08:00`.
fn clock_time(text: &str) -> Option<Time> {
    let plain = text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    if plain { text.parse().ok() } else { None }
}
