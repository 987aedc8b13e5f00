//! Schedules: what a cron line means, also where the clocks change.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use dogwatch::domain::run::DstMark;
use dogwatch::rules::{Schedule, ScheduleError};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

/// Firings as `UTC instant <- wall time [mark or pass]`.
fn firings(line: &str, zone: &str, after: &str, until: &str) -> Vec<String> {
    let schedule = Schedule::parse(line, zone).unwrap();
    let row = |firing: dogwatch::domain::effect::Firing| {
        let mark = match (firing.mark, firing.pass) {
            (Some(DstMark::Moved), _) => " moved",
            (Some(DstMark::Merged), _) => " merged",
            (None, 2) => " second pass",
            (None, _) => "",
        };
        format!("{} <- {}{mark}", firing.at.strftime("%d %H:%MZ"), firing.planned.strftime("%d %H:%M"))
    };
    schedule.firings(after.parse().unwrap(), until.parse().unwrap()).map(row).collect()
}

#[test]
fn fixed_times_run_once_where_the_clocks_change() {
    for (zone, line, after, until, wanted) in [
        // 29 March 2026, 02:00 becomes 03:00.
        (
            "Europe/Rome",
            "30 2,14 * * *",
            "2026-03-28T20:00:00Z",
            "2026-03-30T01:00:00Z",
            &["29 01:00Z <- 29 02:30 moved", "29 12:30Z <- 29 14:30", "30 00:30Z <- 30 02:30"][..],
        ),
        (
            "Europe/Rome",
            "0,30 2 * * *",
            "2026-03-28T20:00:00Z",
            "2026-03-29T20:00:00Z",
            &["29 01:00Z <- 29 02:00 moved", "29 01:00Z <- 29 02:30 moved"],
        ),
        // 25 October 2026, 03:00 becomes 02:00.
        (
            "Europe/Rome",
            "30 2,14 * * *",
            "2026-10-24T20:00:00Z",
            "2026-10-25T20:00:00Z",
            &["25 00:30Z <- 25 02:30 merged", "25 13:30Z <- 25 14:30"],
        ),
        (
            "America/New_York",
            "15 1,2 8 3 *",
            "2026-03-07T00:00:00Z",
            "2026-03-09T00:00:00Z",
            &["08 06:15Z <- 08 01:15", "08 07:00Z <- 08 02:15 moved"],
        ),
        ("America/New_York", "30 1 * * 0", "2026-10-31T00:00:00Z", "2026-11-02T00:00:00Z", &["01 05:30Z <- 01 01:30 merged"]),
        // Half an hour: 02:00 becomes 02:30, and in April 02:00 becomes 01:30.
        ("Australia/Lord_Howe", "15 2 * * *", "2026-10-03T00:00:00Z", "2026-10-04T00:00:00Z", &["03 15:30Z <- 04 02:15 moved"]),
        ("Australia/Lord_Howe", "45 1 * * *", "2026-04-04T00:00:00Z", "2026-04-05T00:00:00Z", &["04 14:45Z <- 05 01:45 merged"]),
        // Midnight does not exist on 24 April 2026: 00:00 becomes 01:00.
        ("Africa/Cairo", "@daily", "2026-04-23T12:00:00Z", "2026-04-24T12:00:00Z", &["23 22:00Z <- 24 00:00 moved"]),
        ("Africa/Cairo", "30 23 * * *", "2026-10-29T12:00:00Z", "2026-10-30T12:00:00Z", &["29 20:30Z <- 29 23:30 merged"]),
    ] {
        assert_eq!(firings(line, zone, after, until), wanted, "{line} in {zone}");
    }
}

#[test]
fn other_schedules_fire_whenever_the_wall_clock_matches() {
    let none_in_gap = firings("30 * * * *", "Europe/Rome", "2026-03-29T00:00:00Z", "2026-03-29T02:00:00Z");
    assert_eq!(none_in_gap, ["29 00:30Z <- 29 01:30", "29 01:30Z <- 29 03:30"]);
    let both_passes = firings("30 * * * *", "Europe/Rome", "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z");
    assert_eq!(both_passes, ["25 00:30Z <- 25 02:30", "25 01:30Z <- 25 02:30 second pass"]);
    let minutes = firings("*/15 2 * * *", "Europe/Rome", "2026-03-28T20:00:00Z", "2026-03-29T20:00:00Z");
    assert_eq!(minutes, [""; 0], "a step makes it other than fixed");
    let cairo = firings("0 */12 * * *", "Africa/Cairo", "2026-04-23T12:00:00Z", "2026-04-24T12:00:00Z");
    assert_eq!(cairo, ["24 09:00Z <- 24 12:00"]);
}

#[test]
fn day_of_month_or_weekday_is_enough() {
    let found = firings("0 6 13 * 5", "UTC", "2026-02-28T00:00:00Z", "2026-03-15T00:00:00Z");
    assert_eq!(found, ["06 06:00Z <- 06 06:00", "13 06:00Z <- 13 06:00"]);
}

#[test]
fn names_seconds_and_last_days_are_read() {
    assert_eq!(firings("@hourly", "UTC", "2026-01-01T00:00:00Z", "2026-01-01T02:00:00Z").len(), 2);
    assert_eq!(firings("@midnight", "UTC", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z").len(), 1);
    assert_eq!(firings("*/20 * * * * *", "UTC", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z").len(), 3);
    assert_eq!(firings("0 6 L feb mon-fri", "UTC", "2028-02-27T00:00:00Z", "2028-03-01T00:00:00Z").len(), 2);
    assert_eq!(firings("0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", "2104-03-01T00:00:00Z"), ["29 00:00Z <- 29 00:00"]);
}

#[test]
fn wrong_lines_are_refused_in_words() {
    for line in ["0 0 31 2 *", "0 0 0 30 2 *", "0 0 31 4,6,9,11 *"] {
        assert_eq!(Schedule::parse(line, "UTC").unwrap_err(), ScheduleError::Never { line: line.into() });
    }
    for (line, words) in [
        ("", "it is empty"),
        ("31 2 *", "it has 3 fields"),
        ("0 0 1 1 * 2030 1", "it has 7 fields"),
        ("@reboot", "the short names are @hourly"),
        ("61 * * * *", "`61 * * * *` is not a schedule"),
        ("0 25 * * *", "is not a schedule"),
        ("bananas * * * *", "is not a schedule"),
        ("*/0 * * * *", "is not a schedule"),
    ] {
        let error = Schedule::parse(line, "UTC").unwrap_err().to_string();
        assert!(error.contains(words), "{line}: {error}");
    }
    assert!(Schedule::parse("@daily", "Europe/Roma").unwrap_err().to_string().contains("Europe/Roma"));
}

/// Every wall minute of a stretch, by brute force over all instants.
fn by_brute_force(minutes: &[i8], hours: &[i8], zone: &str, after: Timestamp, until: Timestamp) -> Vec<(Timestamp, DateTime)> {
    let zone = TimeZone::get(zone).unwrap();
    let mut found = Vec::new();
    let mut at = after + 1.minute();
    while at <= until {
        let wall = zone.to_datetime(at);
        if minutes.contains(&wall.minute()) && hours.contains(&wall.hour()) {
            found.push((at, wall));
        }
        at += 1.minute();
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_schedule_agrees_with_brute_force(
        zone in prop::sample::select(vec!["Europe/Rome", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu", "America/St_Johns"]),
        day in 0i64..366, step in 1i8..30, hour in 0i8..23,
    ) {
        let after: Timestamp = "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + (day * 24).hours();
        let until = after + 72.hours();
        let line = format!("*/{step} {hour},{} * * *", hour + 1);
        let minutes: Vec<i8> = (0..60).filter(|minute| minute % step == 0).collect();
        let wanted = by_brute_force(&minutes, &[hour, hour + 1], zone, after, until);
        let found: Vec<_> = Schedule::parse(&line, zone).unwrap().firings(after, until).map(|firing| (firing.at, firing.planned)).collect();
        prop_assert_eq!(found, wanted);
    }

    #[test]
    fn a_fixed_time_fires_exactly_once_a_day(
        zone in prop::sample::select(vec!["Europe/Rome", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu", "America/St_Johns"]),
        hour in 0i8..24, minute in 0i8..60, year in 2020i16..2035,
    ) {
        let schedule = Schedule::parse(&format!("{minute} {hour} * * *"), zone).unwrap();
        let after = jiff::civil::date(year, 1, 1).at(0, 0, 0, 0).in_tz(zone).unwrap().timestamp() - 1.second();
        let until = jiff::civil::date(year + 1, 1, 1).at(0, 0, 0, 0).in_tz(zone).unwrap().timestamp() - 1.second();
        let firings: Vec<_> = schedule.firings(after, until).collect();
        let dates: std::collections::BTreeSet<_> = firings.iter().map(|firing| firing.planned.date()).collect();
        prop_assert_eq!(dates.len(), firings.len());
        prop_assert_eq!(firings.len(), usize::try_from(jiff::civil::date(year, 1, 1).days_in_year()).unwrap());
        prop_assert!(firings.is_sorted_by_key(|firing| firing.at));
    }

    #[test]
    fn no_line_panics(line in "[-*/,0-9a-zLW#@? ]{0,24}") {
        if let Ok(schedule) = Schedule::parse(&line, "Europe/Rome") {
            prop_assert!(schedule.next("2026-01-01T00:00:00Z".parse().unwrap()).is_some());
        }
    }
}
