//! `[people.NAME]`, `[[rota]]`, `[[override]]`, `[hours]` and `[[escalation]]` of `dogwatch.toml`: who is told.

use super::calendar::{Calendars, wall};
use super::error::nearest;
use super::messages::ChannelNames;
use super::name::name_problem;
use super::settings::{account_problem, zone};
use super::table::{At, Keys, Table, word_of};
use crate::domain::calendar::WeekDay;
use crate::domain::people::{Chain, Hours, Leave, OpenHours, Override, People, Person, Rota, Rung, Whom};
use crate::domain::{CalendarId, ChannelId, PersonId, RotaId, Severity};
use jiff::civil::{Date, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use toml::de::DeValue;

const PERSON: Keys = Keys { known: &["user", "name", "timezone", "channels", "teams", "away", "holidays"], later: &[] };
const LEAVE: Keys = Keys { known: &["from", "to", "reason"], later: &[] };
const ROTA: Keys = Keys { known: &["name", "people", "timezone", "from", "handover", "shift"], later: &["layer"] };
const OVERRIDE: Keys = Keys { known: &["rota", "person", "from", "to"], later: &[] };
const HOURS: Keys = Keys { known: &["business", "calendar", "off_hours", "sleep", "timezone"], later: &[] };
const ESCALATION: Keys = Keys { known: &["severity", "step", "repeat", "patience"], later: &[] };
const STEP: Keys = Keys { known: &["wait", "tell"], later: &[] };
const SEVERITIES: &[(&str, Severity)] =
    &[("critical", Severity::Critical), ("high", Severity::High), ("warning", Severity::Warning), ("info", Severity::Info)];
const DAYS: [(&str, WeekDay); 7] = [
    ("mon", WeekDay::Mon),
    ("tue", WeekDay::Tue),
    ("wed", WeekDay::Wed),
    ("thu", WeekDay::Thu),
    ("fri", WeekDay::Fri),
    ("sat", WeekDay::Sat),
    ("sun", WeekDay::Sun),
];

const PEOPLE_MAX: usize = 500;
const LEAVE_MAX: usize = 100;
const ROTAS_MAX: usize = 50;
const OVERRIDES_MAX: usize = 500;
const STEPS_MAX: usize = 20;
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
    let rotas = rotas(top, &people, known);
    let overrides = overrides(top, &people, &rotas);
    let hours = top.table("hours", &HOURS).map(|table| hours(&table, known)).unwrap_or_default();
    let chains = chains(top, &people, &rotas, known);
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

fn rotas(top: &Table<'_>, people: &BTreeMap<PersonId, Person>, known: &Known<'_>) -> Vec<Rota> {
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
        if shift.as_secs() % 3_600 != 0 {
            table.file.wrong(table.place("shift"), "`shift` is a whole number of hours, such as \"12h\" or \"7d\"");
        }
        u32::try_from(shift.as_secs() / 3_600).unwrap_or(default_hours)
    });
    let shift_hours = shift.unwrap_or(default_hours);
    if let Some(day) = weekday.filter(|_| shift_hours % (7 * DAY_HOURS) != 0) {
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

fn person_named(table: &Table<'_>, text: &At<&str>, name: &str, people: &BTreeMap<PersonId, Person>) -> Option<PersonId> {
    if people.contains_key(name) {
        return Some(PersonId::new(name));
    }
    unknown(table, "person", text, name, people.keys().map(PersonId::as_str), &format!("write `[people.{name}]`"));
    None
}

/// `"08:00"`, or `"mon 08:00"`.
fn handover(table: &Table<'_>, text: &At<&str>) -> Option<(Option<WeekDay>, Time)> {
    let (day, clock) = match text.value.split_once(' ') {
        Some((day, clock)) => (Some(At { value: day, at: text.at.clone() }), clock.trim()),
        None => (None, text.value),
    };
    let day = match day {
        Some(day) => Some(word_of(table.file, "handover", &day, &DAYS)?),
        None => None,
    };
    match clock_time(clock) {
        Some(time) => Some((day, time)),
        None => {
            table.file.wrong(text.at.clone(), "`handover` is a time of day such as \"08:00\", or \"mon 08:00\"");
            None
        }
    }
}

fn clock_time(text: &str) -> Option<Time> {
    let plain = text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    if plain { text.parse().ok() } else { None }
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

fn overrides(top: &Table<'_>, people: &BTreeMap<PersonId, Person>, rotas: &[Rota]) -> Vec<Override> {
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

fn rota_named(table: &Table<'_>, text: &At<&str>, name: &str, rotas: &[Rota]) -> bool {
    let known = rotas.iter().any(|rota| rota.id.as_str() == name);
    if !known {
        let names = rotas.iter().map(|rota| rota.id.as_str());
        unknown(table, "rota", text, name, names, &format!("write `[[rota]]` with name = \"{name}\""));
    }
    known
}

fn hours(table: &Table<'_>, known: &Known<'_>) -> Hours {
    let open = |text: At<&str>| {
        let found = open_hours(text.value);
        if found.is_none() {
            let hint = "days and times such as \"mon-fri 08:00-18:00\" or \"sat,sun 10:00-14:00\"";
            table.file.wrong_but(text.at, format!("`{}` are no business hours", text.value), hint);
        }
        found
    };
    let business: Vec<OpenHours> = table.texts("business").into_iter().filter_map(open).collect();
    let sleep = table.text("sleep").and_then(|text| {
        let found = text.value.split_once('-').and_then(|(from, to)| Some((clock_time(from.trim())?, clock_time(to.trim())?)));
        if found.is_none_or(|(from, to)| from == to) {
            table.file.wrong(text.at, "`sleep` is a stretch such as \"23:00-07:00\"");
            return None;
        }
        found
    });
    let off_hours = table.value("off_hours").map(|_| severities(table, "off_hours"));
    Hours { zone: zone(table, "timezone"), business, calendar: calendar(table, "calendar", known), off_hours, sleep }
}

/// `mon-fri 08:00-18:00`; midnight as an end is the end of the day.
fn open_hours(text: &str) -> Option<OpenHours> {
    let (days, times) = text.trim().split_once(' ')?;
    let day = |name: &str| DAYS.iter().position(|(word, _)| *word == name);
    let mut on = BTreeSet::new();
    for part in days.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        // `sat-mon` goes over the end of the week.
        let count = (last + 7 - first) % 7;
        on.extend(DAYS.iter().cycle().skip(first).take(count + 1).map(|(_, day)| *day));
    }
    let (from, to) = times.trim().split_once('-')?;
    let to = if to == "24:00" { Time::midnight() } else { clock_time(to)? };
    let from = clock_time(from)?;
    (from < to || to == Time::midnight()).then_some(OpenHours { days: on, from, to })
}

fn severities(table: &Table<'_>, key: &str) -> BTreeSet<Severity> {
    table.texts(key).iter().filter_map(|text| word_of(table.file, key, text, SEVERITIES)).collect()
}

fn chains(top: &Table<'_>, people: &BTreeMap<PersonId, Person>, rotas: &[Rota], known: &Known<'_>) -> Vec<Chain> {
    let mut chains: Vec<Chain> = Vec::new();
    for table in top.tables("escalation", &ESCALATION) {
        let severities = severities(&table, "severity");
        if table.value("severity").is_none() {
            table.file.wrong_but(table.at.clone(), "a chain needs the key `severity`", "one of critical, high, warning, info, or a list");
        }
        if let Some(twice) = severities.iter().find(|severity| chains.iter().any(|chain| chain.severities.contains(severity))) {
            table.file.wrong(table.place("severity"), format!("there is a chain for {twice} already"));
            continue;
        }
        let steps = table.tables("step", &STEP);
        if steps.is_empty() || steps.len() > STEPS_MAX {
            let reason = format!("a chain has 1 to {STEPS_MAX} steps");
            table.file.wrong_but(table.place("step"), reason, "`[[escalation.step]]` with `wait` and `tell`");
        }
        let patience = table.span("patience", Duration::from_mins(1)..=HOUR * DAY_HOURS);
        chains.push(Chain {
            severities,
            steps: steps.iter().map(|table| rung(table, people, rotas, known)).collect(),
            repeat: table.whole("repeat", 0..=20).map_or(0, |repeat| repeat as u32),
            patience: patience.unwrap_or(Duration::from_mins(15)),
        });
    }
    chains
}

fn rung(table: &Table<'_>, people: &BTreeMap<PersonId, Person>, rotas: &[Rota], known: &Known<'_>) -> Rung {
    let mut tell: Vec<Whom> = Vec::new();
    for text in table.texts("tell") {
        match whom(table, &text, people, rotas, known) {
            Some(whom) if tell.contains(&whom) => table.file.wrong(text.at, format!("`{whom}` is named twice")),
            Some(whom) => tell.push(whom),
            None => {}
        }
    }
    if table.texts("tell").is_empty() {
        table.file.wrong_but(table.at.clone(), "a step needs the key `tell`", "such as [\"rota:primary\", \"person:lea\"]");
    }
    Rung { wait: table.span("wait", Duration::ZERO..=HOUR * DAY_HOURS).unwrap_or_default(), tell }
}

fn whom(table: &Table<'_>, text: &At<&str>, people: &BTreeMap<PersonId, Person>, rotas: &[Rota], known: &Known<'_>) -> Option<Whom> {
    let Some((kind, name)) = text.value.split_once(':') else {
        let hint = "one of rota:NAME, person:NAME, team:NAME, channel:NAME";
        table.file.wrong_but(text.at.clone(), format!("`{}` does not say who that is", text.value), hint);
        return None;
    };
    match kind {
        "rota" => rota_named(table, text, name, rotas).then(|| Whom::Rota(RotaId::new(name))),
        "person" => {
            let id = person_named(table, text, name, people)?;
            if people.get(&id).is_some_and(|person| person.channels.is_empty()) {
                let hint = format!("give `[people.{name}]` channels");
                table.file.wrong_but(text.at.clone(), format!("`{name}` has no channel on which to be told"), hint);
            }
            Some(Whom::Person(id))
        }
        "team" => {
            let teams: BTreeSet<&str> = people.values().flat_map(|person| &person.teams).map(String::as_str).collect();
            if !teams.contains(name) {
                unknown(table, "team", text, name, teams.into_iter(), &format!("give a person teams = [\"{name}\"]"));
                return None;
            }
            Some(Whom::Team(name.to_owned()))
        }
        "channel" => known.channels.checked(table, text, name).then(|| Whom::Channel(ChannelId::new(name))),
        _ => {
            let reason = format!("`{kind}` is nobody who can be told");
            match nearest(kind, ["rota", "person", "team", "channel"].into_iter()) {
                Some(word) => table.file.wrong_but(text.at.clone(), reason, format!("did you mean `{word}:{name}`?")),
                None => table.file.wrong_but(text.at.clone(), reason, "one of rota:NAME, person:NAME, team:NAME, channel:NAME"),
            }
            None
        }
    }
}
