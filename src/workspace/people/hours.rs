//! `[hours]`: when business is done, when people sleep, and what may disturb them.

use super::chains::severities;
use super::{Known, calendar, clock_time};
use crate::domain::people::{Hours, OpenHours};
use crate::workspace::calendar::WEEKDAYS;
use crate::workspace::settings::zone;
use crate::workspace::table::{At, Keys, Table};
use jiff::civil::Time;
use std::collections::BTreeSet;

/// The keys of the table.
pub(super) const KEYS: Keys = Keys { known: &["business", "calendar", "off_hours", "sleep", "timezone"], later: &[] };

/// Reads the table.
pub(super) fn read(table: &Table<'_>, known: &Known<'_>) -> Hours {
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
    let day = |name: &str| WEEKDAYS.iter().position(|(word, _)| *word == name);
    let mut on = BTreeSet::new();
    for part in days.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        // `sat-mon` goes over the end of the week.
        let count = (last + 7 - first) % 7;
        on.extend(WEEKDAYS.iter().cycle().skip(first).take(count + 1).map(|(_, day)| *day));
    }
    let (from, to) = times.trim().split_once('-')?;
    let to = if to == "24:00" { Time::midnight() } else { clock_time(to)? };
    let from = clock_time(from)?;
    (from < to || to == Time::midnight()).then_some(OpenHours { days: on, from, to })
}
