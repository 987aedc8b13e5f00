//! `[[rota]]` and `[[override]]`: who takes turns, from when on, and who takes whose turn.

use super::{DAY_HOURS, HOUR, Known, clock_time, person_named, unknown};
use crate::domain::calendar::WeekDay;
use crate::domain::people::{Override, Person, Rota};
use crate::domain::{PersonId, RotaId};
use crate::workspace::calendar::{WEEKDAYS, wall};
use crate::workspace::name::name_problem;
use crate::workspace::settings::zone;
use crate::workspace::table::{At, Keys, Table, word_of};
use jiff::civil::{Date, Time};
use std::collections::BTreeMap;
use toml::de::DeValue;

const ROTA: Keys = Keys { known: &["name", "people", "timezone", "from", "handover", "shift"], later: &["layer"] };
const OVERRIDE: Keys = Keys { known: &["rota", "person", "from", "to"], later: &[] };

/// Rotas that a workspace may have.
const ROTAS_MAX: usize = 50;
/// Overrides that its file may have.
const OVERRIDES_MAX: usize = 500;

/// Reads the rotas.
pub(super) fn read(top: &Table<'_>, people: &BTreeMap<PersonId, Person>, known: &Known<'_>) -> Vec<Rota> {
    let mut rotas: Vec<Rota> = Vec::new();
    for table in top.tables("rota", &ROTA) {
        let Some(name) = table.needed_text("name", "a rota") else { continue };
        if let Some(problem) = name_problem(name.value) {
            table.file.wrong(name.at, format!("`name`: {problem}"));
            continue;
        }
        if rotas.iter().any(|rota| rota.id.as_str() == name.value) {
            table.file.wrong(name.at, format!("there is a rota `{}` already", name.value));
            continue;
        }
        if rotas.len() >= ROTAS_MAX {
            table.file.wrong(table.at.clone(), format!("a workspace has at most {ROTAS_MAX} rotas"));
            break;
        }
        rotas.push(rota(&table, name.value, people, known));
    }
    rotas
}

fn rota(table: &Table<'_>, name: &str, people: &BTreeMap<PersonId, Person>, known: &Known<'_>) -> Rota {
    let members: Vec<PersonId> = table.texts("people").iter().filter_map(|text| person_named(table, text, text.value, people)).collect();
    if table.value("people").is_none() {
        table.file.wrong_but(table.at.clone(), "a rota needs the key `people`", "in the order of their shifts: [\"ana\", \"leo\"]");
    } else if members.is_empty() && table.texts("people").is_empty() {
        table.file.wrong(table.place("people"), "a rota needs at least one person");
    }
    let (weekday, handover) = table.text("handover").and_then(|text| handover(table, &text)).unwrap_or((None, Time::midnight()));
    let default_hours = if weekday.is_some() { 7 * DAY_HOURS } else { DAY_HOURS };
    let shift = table.span("shift", HOUR..=HOUR * DAY_HOURS * 56).map(|shift| {
        if !shift.as_secs().is_multiple_of(3_600) {
            table.file.wrong(table.place("shift"), "`shift` is a whole number of hours, such as \"12h\" or \"7d\"");
        }
        u32::try_from(shift.as_secs() / 3_600).unwrap_or(default_hours)
    });
    let shift_hours = shift.unwrap_or(default_hours);
    if let Some(day) = weekday.filter(|_| !shift_hours.is_multiple_of(7 * DAY_HOURS)) {
        let hint = format!("leave the day out of `handover`, or take `shift = \"7d\"`: only whole weeks always end on a {}", day.name());
        table.file.wrong_but(table.place("shift"), "`shift` is no whole number of weeks, and `handover` names a day of the week", hint);
    }
    let from = date(table, "from").unwrap_or(Date::constant(1970, 1, 1));
    Rota {
        id: RotaId::new(name),
        people: members,
        zone: zone(table, "timezone").unwrap_or_else(|| known.zone.to_owned()),
        from: weekday.map_or(from, |day| on_or_before(from, day)),
        handover,
        shift_hours: shift_hours.max(1),
    }
}

/// The last such day that is not after a date: the shift that the date lies in began then.
fn on_or_before(date: Date, day: WeekDay) -> Date {
    std::iter::successors(Some(date), |date| date.yesterday().ok()).take(7).find(|date| WeekDay::of(*date) == day).unwrap_or(date)
}

/// `"08:00"`, or `"mon 08:00"`.
fn handover(table: &Table<'_>, text: &At<&str>) -> Option<(Option<WeekDay>, Time)> {
    let (day, clock) = match text.value.split_once(' ') {
        Some((day, clock)) => (Some(At { value: day, at: text.at.clone() }), clock.trim()),
        None => (None, text.value),
    };
    let day = match day {
        Some(day) => Some(word_of(table.file, "handover", &day, WEEKDAYS)?),
        None => None,
    };
    let time = clock_time(clock);
    if time.is_none() {
        table.file.wrong(text.at.clone(), "`handover` is a time of day such as \"08:00\", or \"mon 08:00\"");
    }
    time.map(|time| (day, time))
}

fn date(table: &Table<'_>, key: &str) -> Option<Date> {
    let value = table.value(key)?;
    let text = match value.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Datetime(date) => date.to_string(),
        _ => String::new(),
    };
    let found = if text.len() == 10 { text.parse::<Date>().ok() } else { None };
    if found.is_none_or(|date| !(1970..=2199).contains(&date.year())) {
        table.file.wrong(value.span(), format!("`{key}` is a date from 1970 on, such as \"2026-11-23\""));
        return None;
    }
    found
}

/// Reads the overrides of the file.
pub(super) fn overrides(top: &Table<'_>, people: &BTreeMap<PersonId, Person>, rotas: &[Rota]) -> Vec<Override> {
    let tables = top.tables("override", &OVERRIDE);
    if let Some(table) = tables.get(OVERRIDES_MAX) {
        table.file.wrong(table.at.clone(), format!("a workspace has at most {OVERRIDES_MAX} overrides"));
        return Vec::new();
    }
    let read = |table: &Table<'_>| {
        let rota = table.needed_text("rota", "an override").filter(|text| rota_named(table, text, text.value, rotas));
        let person = table.needed_text("person", "an override").and_then(|text| person_named(table, &text, text.value, people));
        let (from, to) = (wall(table, "from", "an override"), wall(table, "to", "an override"));
        let (rota, person, from, to) = (rota?, person?, from?.0, to?);
        let to = if to.1 { to.0.date().tomorrow().ok()?.at(0, 0, 0, 0) } else { to.0 };
        if to <= from {
            table.file.wrong(table.place("to"), "`to` must be after `from`");
            return None;
        }
        Some(Override { rota: RotaId::new(rota.value), person, from, to })
    };
    tables.iter().filter_map(read).collect()
}

/// Whether there is this rota; that there is none is noted in the file.
pub(super) fn rota_named(table: &Table<'_>, text: &At<&str>, name: &str, rotas: &[Rota]) -> bool {
    let known = rotas.iter().any(|rota| rota.id.as_str() == name);
    if !known {
        let names = rotas.iter().map(|rota| rota.id.as_str());
        unknown(table, "rota", text, name, names, &format!("write `[[rota]]` with name = \"{name}\""));
    }
    known
}
