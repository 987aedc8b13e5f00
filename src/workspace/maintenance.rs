//! `[[maintenance]]` and `[ack]`: when trouble is expected, and how long an acknowledgement lives.
//!
//! A window names what it is about (`match`, `flows`, `probes`) and when it is: once (`from`, `to`), or recurring
//! (`schedule` and `for`). Local times are in `timezone`, or else in the workspace's.

use super::settings;
use super::table::{At, Keys, Table};
use crate::domain::overlay::MaintenanceTime;
use crate::domain::{AckLife, MaintenanceWindow, Matcher};
use crate::rules::Schedule;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::sync::Arc;
use std::time::Duration;
use toml::de::DeValue;

const WINDOW: Keys =
    Keys { known: &["name", "match", "flows", "probes", "from", "to", "schedule", "for", "timezone", "reason"], later: &[] };
const ACK: Keys = Keys { known: &["expires", "ask"], later: &[] };

/// Windows that a workspace may have.
const WINDOWS_MAX: usize = 500;

/// All windows, sorted by name.
pub(super) fn windows(top: &Table<'_>, zone: &str) -> Vec<Arc<MaintenanceWindow>> {
    let mut windows: Vec<Arc<MaintenanceWindow>> = Vec::new();
    for table in top.tables("maintenance", &WINDOW) {
        if windows.len() >= WINDOWS_MAX {
            table.file.wrong(table.at.clone(), format!("there are more than {WINDOWS_MAX} maintenance windows"));
            break;
        }
        let Some(window) = window(&table, zone) else { continue };
        if windows.iter().any(|other| other.name == window.name) {
            table.file.wrong(table.place("name"), format!("there is a maintenance window `{}` already", window.name));
        } else {
            windows.push(Arc::new(window));
        }
    }
    windows.sort_by(|a, b| a.name.cmp(&b.name));
    windows
}

fn window(table: &Table<'_>, zone: &str) -> Option<MaintenanceWindow> {
    let name = table.needed_text("name", "a maintenance window")?;
    if let Some(problem) = super::name::name_problem(name.value) {
        table.file.wrong(name.at, format!("`name`: {problem}"));
        return None;
    }
    let matchers: Vec<Matcher> = table.texts("match").into_iter().filter_map(|text| matcher(table, text)).collect();
    let names = |key: &str| table.texts(key).into_iter().map(|text| text.value.to_owned()).collect::<Vec<_>>();
    let (flows, probes) = (names("flows"), names("probes"));
    if table.value("match").is_none() && flows.is_empty() && probes.is_empty() {
        table.file.wrong_but(
            table.at.clone(),
            format!("maintenance `{}` is about nothing", name.value),
            "name `flows`, `probes`, or labels with `match`",
        );
        return None;
    }
    let own = settings::zone(table, "timezone");
    let when = when(table, own.as_deref().unwrap_or(zone))?;
    let reason = table.text("reason").map(|text| text.value.to_owned()).unwrap_or_default();
    Some(MaintenanceWindow { name: name.value.to_owned(), matchers, flows, probes, when, reason })
}

fn matcher(table: &Table<'_>, text: At<&str>) -> Option<Matcher> {
    match text.value.parse::<Matcher>() {
        Ok(matcher) => Some(matcher),
        Err(error) => {
            table.file.wrong(text.at, format!("`match`: {error}"));
            None
        }
    }
}

fn when(table: &Table<'_>, zone: &str) -> Option<MaintenanceTime> {
    let (once, recurring) = (["from", "to"], ["schedule", "for"]);
    let has = |keys: [&str; 2]| keys.iter().any(|key| table.value(key).is_some());
    match (has(once), has(recurring)) {
        (true, false) => {
            let (from, to) = (instant(table, "from", zone)?, instant(table, "to", zone)?);
            if to <= from {
                table.file.wrong(table.place("to"), "`to` is not later than `from`");
                return None;
            }
            Some(MaintenanceTime::Once { from, to })
        }
        (false, true) => {
            let schedules = table.texts("schedule");
            let mut lines = Vec::new();
            for line in &schedules {
                match Schedule::parse(line.value, zone) {
                    Ok(_) => lines.push(line.value.to_owned()),
                    Err(error) => table.file.wrong(line.at.clone(), error.to_string()),
                }
            }
            if table.value("schedule").is_none() || table.value("for").is_none() {
                table.file.wrong(table.at.clone(), "a recurring maintenance needs `schedule` and `for`");
            }
            let lasts = table.span("for", Duration::from_mins(1)..=Duration::from_hours(24 * 7))?;
            (!lines.is_empty()).then(|| MaintenanceTime::Recurring { schedules: lines, lasts, zone: zone.to_owned() })
        }
        (both, _) => {
            let reason = if both { "a maintenance is once or recurring, not both" } else { "it is not said when this maintenance is" };
            table.file.wrong_but(table.at.clone(), reason, "once: `from` and `to`; recurring: `schedule` and `for`");
            None
        }
    }
}

/// A local time such as `2026-11-22T02:00`, or one with an offset.
fn instant(table: &Table<'_>, key: &str, zone: &str) -> Option<Timestamp> {
    let Some(value) = table.value(key) else {
        table.file.wrong(table.at.clone(), format!("a maintenance that is once needs `{key}`"));
        return None;
    };
    let text = match value.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        _ => String::new(),
    };
    let local = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::get(zone).ok()?).ok();
    let instant = text.parse::<Timestamp>().ok().or_else(|| local().map(|zoned| zoned.timestamp()));
    if instant.is_none() {
        table.file.wrong(value.span(), format!("`{key}` is a time such as \"2026-11-22T02:00\""));
    }
    instant
}

/// `[ack]`: `expires`, and `ask` so long before.
pub(super) fn ack(top: &Table<'_>) -> AckLife {
    let default = AckLife::default();
    let Some(table) = top.table("ack", &ACK) else { return default };
    let day = Duration::from_hours(24);
    let expires = match table.text("expires") {
        Some(text) if text.value == "never" => Duration::ZERO,
        Some(_) => table.span("expires", Duration::from_mins(1)..=day * 30).unwrap_or(default.expires),
        None => default.expires,
    };
    let ask = table.span("ask", Duration::from_secs(10)..=day).unwrap_or_else(|| default.ask.min(expires / 2));
    if !expires.is_zero() && ask >= expires {
        table.file.wrong(table.place("ask"), "`ask` is how long before `expires` the person is asked: it must be shorter");
    }
    AckLife { expires, ask }
}
