//! `calendars/*.toml`: business days, one calendar each, with what it includes resolved into it.

use super::cycle::find_cycle;
use super::error::nearest;
use super::file::SourceFile;
use super::table::{self, At, Keys, Table, text_of};
use crate::domain::calendar::{Blackout, Calendar, CalendarRule, MonthDay, Shift, WeekDay};
use crate::domain::{CalendarId, FlowDefinition};
use crate::rules::DayRule;
use jiff::civil::{Date, DateTime};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;
use toml::de::DeValue;

const KEYS: Keys = Keys { known: &["weekend", "holidays", "working", "include", "blackout"], later: &[] };
const DAY: Keys = Keys { known: &["date", "name"], later: &[] };
const BLACKOUT: Keys = Keys { known: &["from", "to", "reason"], later: &[] };
const RULE: Keys = Keys { known: &["name", "day", "shift", "offset"], later: &[] };
const SHIFTS: &[(&str, Shift)] = &[("previous", Shift::Previous), ("next", Shift::Next)];
/// The days of the week, as files name them.
pub(super) const WEEKDAYS: &[(&str, WeekDay)] = &[
    ("mon", WeekDay::Mon),
    ("tue", WeekDay::Tue),
    ("wed", WeekDay::Wed),
    ("thu", WeekDay::Thu),
    ("fri", WeekDay::Fri),
    ("sat", WeekDay::Sat),
    ("sun", WeekDay::Sun),
];

/// Days that one calendar may name, those that it includes not counted: ten years of many markets.
const MAX_DAYS: usize = 4_000;
/// Blackouts of one calendar.
const MAX_BLACKOUTS: usize = 1_000;
/// No month has more business days.
const MAX_DAY: i64 = 31;

/// The calendars that flows may name.
#[derive(Default)]
pub(super) struct Calendars(BTreeMap<CalendarId, Arc<Calendar>>);

/// A calendar as its own file has it.
struct Own<'f> {
    calendar: Calendar,
    /// Whether the file says which days are the weekend.
    names_weekend: bool,
    include: Vec<At<&'f str>>,
}

/// Reads all calendars; what is wrong is noted in their files.
pub(super) fn read(files: &BTreeMap<String, SourceFile>) -> Calendars {
    let parsed: Vec<_> = files.values().map(table::parse).collect();
    let owns: Vec<Own<'_>> =
        files.iter().zip(&parsed).map(|((stem, file), parsed)| own(&Table::open(file, parsed.get_ref(), 0..0, &KEYS), stem)).collect();
    let stems: Vec<&str> = files.keys().map(String::as_str).collect();
    let sources: Vec<&SourceFile> = files.values().collect();
    let includes: Vec<Vec<usize>> = owns.iter().zip(&sources).map(|(own, file)| included(own, file, &stems)).collect();
    if let Some(cycle) = find_cycle(&includes) {
        tell_cycle(&cycle, &stems, &owns, &sources);
        // Without what they include: one mistake, one error.
        return Calendars(owns.into_iter().map(|own| (own.calendar.id.clone(), Arc::new(own.calendar))).collect());
    }
    let mut resolved: Vec<Option<Calendar>> = vec![None; owns.len()];
    for place in inner_first(&includes) {
        let Some(own) = owns.get(place) else { continue };
        let parts = includes.get(place).into_iter().flatten().filter_map(|part| resolved.get(*part)?.as_ref());
        let whole = joined(own, parts);
        if WeekDay::ALL.iter().all(|day| whole.weekend.contains(day))
            && whole.working.is_empty()
            && let Some(file) = sources.get(place)
        {
            file.wrong(0..0, "no business day is left: every day of the week is weekend, and no working day is named");
        }
        if let Some(slot) = resolved.get_mut(place) {
            *slot = Some(whole);
        }
    }
    Calendars(resolved.into_iter().flatten().map(|calendar| (calendar.id.clone(), Arc::new(calendar))).collect())
}

fn own<'f>(top: &Table<'f>, stem: &str) -> Own<'f> {
    let mut calendar = Calendar { file: top.file.name.clone(), ..Calendar::new(stem) };
    let names_weekend = top.value("weekend").is_some();
    if names_weekend {
        let word = |text: &At<&str>| table::word_of(top.file, "weekend", text, WEEKDAYS);
        calendar.weekend = top.texts("weekend").iter().filter_map(word).collect();
    }
    for (at, day, name) in days(top, "holidays") {
        let twice = match day {
            Named::Once(date) => calendar.holidays.insert(date, name).is_some(),
            Named::Yearly(day) => calendar.yearly.insert(day, name).is_some(),
        };
        if twice {
            top.file.wrong(at, "this holiday is named twice");
        }
    }
    for (at, day, name) in days(top, "working") {
        match day {
            Named::Yearly(_) => top.file.wrong_but(at, "a working day is a single date", "such as \"2026-12-05\""),
            Named::Once(date) if calendar.holidays.contains_key(&date) => top.file.wrong(at, format!("{date} is a holiday as well")),
            Named::Once(date) => {
                if calendar.working.insert(date, name).is_some() {
                    top.file.wrong(at, "this working day is named twice");
                }
            }
        }
    }
    calendar.blackouts = blackouts(top);
    Own { calendar, names_weekend, include: top.texts("include") }
}

/// A day as files name it.
enum Named {
    Once(Date),
    Yearly(MonthDay),
}

fn days(top: &Table<'_>, key: &str) -> Vec<(Range<usize>, Named, String)> {
    let Some(value) = top.value(key) else { return Vec::new() };
    let DeValue::Array(items) = value.get_ref() else {
        top.wrong_kind(key, value, "a list of dates");
        return Vec::new();
    };
    if items.len() > MAX_DAYS {
        top.file.wrong(value.span(), format!("`{key}` names more than {MAX_DAYS} days"));
        return Vec::new();
    }
    items.iter().filter_map(|item| day(top, key, item)).collect()
}

/// `"2026-04-06"`, `"12-25"`, TOML's own date, or a table with `date` and `name`.
fn day(top: &Table<'_>, key: &str, item: &Spanned<DeValue<'_>>) -> Option<(Range<usize>, Named, String)> {
    let (value, name) = match item.get_ref() {
        DeValue::Table(entries) => {
            let table = Table::open(top.file, entries, item.span(), &DAY);
            let Some(value) = table.value("date") else {
                top.file.wrong(item.span(), format!("a day in `{key}` needs the key `date`"));
                return None;
            };
            (value, table.text("name").map(|name| name.value.to_owned()).unwrap_or_default())
        }
        _ => (item, String::new()),
    };
    let text = match value.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Datetime(date) => date.to_string(),
        _ => {
            top.wrong_kind(key, value, "a date such as \"2026-04-06\", or \"12-25\" for every year");
            return None;
        }
    };
    let named = match text.len() {
        10 => text.parse().ok().map(Named::Once),
        _ => text.parse().ok().map(Named::Yearly),
    };
    let Some(named) = named else {
        top.file.wrong_but(value.span(), format!("`{text}` is no date"), "a date such as \"2026-04-06\", or \"12-25\" for every year");
        return None;
    };
    Some((value.span(), named, name))
}

fn blackouts(top: &Table<'_>) -> Vec<Blackout> {
    let tables = top.tables("blackout", &BLACKOUT);
    if let Some(table) = tables.get(MAX_BLACKOUTS) {
        top.file.wrong(table.at.clone(), format!("a calendar has at most {MAX_BLACKOUTS} blackouts"));
        return Vec::new();
    }
    let mut blackouts: Vec<Blackout> = tables.iter().filter_map(blackout).collect();
    blackouts.sort_by_key(|blackout| (blackout.from, blackout.to));
    blackouts
}

fn blackout(table: &Table<'_>) -> Option<Blackout> {
    let from = wall(table, "from", "a blackout");
    let to = wall(table, "to", "a blackout");
    let reason = table.needed_text("reason", "a blackout");
    let (from, to, reason) = (from?.0, to?, reason?);
    // A date as its end is a day that belongs to it.
    let to = if to.1 { to.0.date().tomorrow().ok()?.at(0, 0, 0, 0) } else { to.0 };
    if to <= from {
        table.file.wrong(table.place("to"), "`to` must be after `from`");
        return None;
    }
    Some(Blackout { from, to, reason: reason.value.to_owned() })
}

/// A local wall time, and whether it was given as a date.
pub(super) fn wall(table: &Table<'_>, key: &str, of: &str) -> Option<(DateTime, bool)> {
    let Some(value) = table.value(key) else {
        table.file.wrong(table.at.clone(), format!("{of} needs the key `{key}`"));
        return None;
    };
    let text = match value.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        _ => String::new(),
    };
    let is_date = text.len() == 10;
    let found = if text.len() < 10 { None } else { text.parse::<DateTime>().ok() };
    if found.is_none() {
        let hint = "a local time such as \"2026-12-24T18:00\", or a date such as \"2026-12-24\"";
        table.file.wrong_but(value.span(), format!("`{key}` is no local time or date"), hint);
    }
    found.map(|found| (found, is_date))
}

/// The places of the calendars that a calendar includes.
fn included(own: &Own<'_>, file: &SourceFile, stems: &[&str]) -> Vec<usize> {
    let mut found = Vec::new();
    for part in &own.include {
        match stems.iter().position(|stem| *stem == part.value) {
            Some(place) if found.contains(&place) => file.wrong(part.at.clone(), format!("`{}` is included twice", part.value)),
            Some(place) => found.push(place),
            None => unknown(file, part, stems.iter().copied()),
        }
    }
    found
}

fn unknown<'w>(file: &SourceFile, named: &At<&str>, known: impl Iterator<Item = &'w str>) {
    let reason = format!("there is no calendar `{}`", named.value);
    match nearest(named.value, known) {
        Some(word) => file.wrong_but(named.at.clone(), reason, format!("did you mean `{word}`?")),
        None => file.wrong_but(named.at.clone(), reason, format!("write calendars/{}.toml", named.value)),
    }
}

fn tell_cycle(cycle: &[usize], stems: &[&str], owns: &[Own<'_>], sources: &[&SourceFile]) {
    let name = |place: &usize| stems.get(*place).copied().unwrap_or_default();
    let (Some(first), Some(next)) = (cycle.first(), cycle.get(1).or(cycle.first())) else { return };
    let mut words: Vec<&str> = cycle.iter().take(8).map(name).collect();
    if cycle.len() > words.len() {
        words.push("…");
    }
    words.push(name(first));
    let at = owns.get(*first).and_then(|own| own.include.iter().find(|part| part.value == name(next)).map(|part| part.at.clone()));
    if let Some(file) = sources.get(*first) {
        file.wrong(at.unwrap_or(0..0), format!("these calendars include each other: {}", words.join(" includes ")));
    }
}

/// All places, each after those that it includes. There is no circle, and no stack is taken.
fn inner_first(includes: &[Vec<usize>]) -> Vec<usize> {
    let mut order = Vec::new();
    let mut is_done = vec![false; includes.len()];
    for start in 0..includes.len() {
        let mut way = vec![(start, false)];
        while let Some((place, parts_done)) = way.pop() {
            match is_done.get_mut(place) {
                Some(done) if !*done && parts_done => {
                    *done = true;
                    order.push(place);
                }
                Some(done) if !*done => {
                    way.push((place, true));
                    way.extend(includes.get(place).into_iter().flatten().map(|part| (*part, false)));
                }
                _ => {}
            }
        }
    }
    order
}

/// A calendar with what it includes: a day is off where any of them says so; its own days beat theirs.
fn joined<'c>(own: &Own<'_>, parts: impl Iterator<Item = &'c Calendar>) -> Calendar {
    let mut whole = own.calendar.clone();
    let (mut weekend, mut working, mut has_parts) = (BTreeSet::new(), BTreeMap::new(), false);
    for part in parts {
        has_parts = true;
        weekend.extend(&part.weekend);
        for (date, name) in &part.holidays {
            whole.holidays.entry(*date).or_insert_with(|| name.clone());
        }
        for (day, name) in &part.yearly {
            whole.yearly.entry(*day).or_insert_with(|| name.clone());
        }
        working.extend(part.working.iter().map(|(date, name)| (*date, name.clone())));
        whole.blackouts.extend(part.blackouts.iter().cloned());
    }
    whole.holidays.retain(|date, _| !own.calendar.working.contains_key(date));
    for (date, name) in working {
        if !whole.holidays.contains_key(&date) {
            whole.working.entry(date).or_insert(name);
        }
    }
    whole.blackouts.sort_by_key(|blackout| (blackout.from, blackout.to));
    whole.blackouts.dedup();
    if has_parts && !own.names_weekend {
        whole.weekend = weekend;
    }
    whole
}

impl Calendars {
    /// All of them, by name.
    pub fn into_all(self) -> Vec<Arc<Calendar>> {
        self.0.into_values().collect()
    }

    /// The rule that a flow names, and the calendar with it where that exists.
    pub fn named(&self, top: &Table<'_>) -> (Option<CalendarRule>, Option<DayRule>) {
        let rule = self.rule(top);
        let days = rule.as_ref().and_then(|rule| Some(DayRule { calendar: self.0.get(&rule.name)?.clone(), rule: rule.clone() }));
        (rule, days)
    }

    fn rule(&self, top: &Table<'_>) -> Option<CalendarRule> {
        let value = top.value("calendar")?;
        match value.get_ref() {
            DeValue::String(_) => {
                let name = text_of(top.file, "calendar", value)?;
                self.checked(top.file, &name).then(|| CalendarRule::plain(name.value))
            }
            DeValue::Table(_) => {
                let table = top.table("calendar", &RULE)?;
                let name = table.needed_text("name", "`calendar`");
                let day = table.whole("day", -MAX_DAY..=MAX_DAY).map(|day| day as i8);
                let shift = table.word("shift", SHIFTS);
                let offset = table.whole("offset", -MAX_DAY..=MAX_DAY).unwrap_or(0) as i8;
                if day == Some(0) {
                    let hint = "1 is the first business day of the month, -1 the last";
                    table.file.wrong_but(table.place("day"), "`day` cannot be 0", hint);
                }
                if day.is_some() && shift.is_some() {
                    table.file.wrong(table.place("shift"), "`shift` has no meaning with `day`, which is a business day already");
                }
                let name = name.filter(|name| self.checked(table.file, name))?;
                Some(CalendarRule { name: CalendarId::new(name.value), day: day.filter(|day| *day != 0), shift, offset })
            }
            _ => {
                top.wrong_kind("calendar", value, "the name of a calendar, or a table with `name`");
                None
            }
        }
    }

    /// Whether a calendar exists; that it does not is told.
    pub fn checked(&self, file: &SourceFile, name: &At<&str>) -> bool {
        let is_known = self.0.contains_key(name.value);
        if !is_known {
            unknown(file, name, self.0.keys().map(CalendarId::as_str));
        }
        is_known
    }
}

/// Tells that a flow's calendar leaves nothing of its schedules.
pub(super) fn tell_idle(top: &Table<'_>, flow: &FlowDefinition) {
    if flow.calendar.is_some() && flow.schedules.is_empty() && top.value("schedule").is_none() {
        top.file.wrong(top.place("calendar"), "a calendar without a schedule does nothing");
    }
}
