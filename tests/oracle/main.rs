//! An oracle for schedules: cron lines and clock changes read a second time, minute by minute, and compared with what the
//! program answers. A fixed sample runs always. The whole is ten years of every zone whose clocks change in them, times
//! 200 lines:
//!
//! `cargo test --test oracle -- --ignored --nocapture`, or a part of it with `DOGWATCH_ORACLE=5` (percent).
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]
#![allow(clippy::cast_possible_wrap, clippy::struct_field_names, reason = "counts are small; a day has a day")]

mod calendars;
mod cron;
mod lines;
mod zones;

use cron::{Cron, Day, days_from_civil};
use dogwatch::domain::effect::Firing;
use dogwatch::domain::run::DstMark;
use dogwatch::rules::Schedule;
use jiff::Timestamp;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use zones::Zone;

const DAY: i64 = 86_400;
/// Days before and after the years that are compared, so that no change at their borders is cut.
const MARGIN: i64 = 4;

/// The minutes of wall time that a line names, a bit each.
struct Wall {
    cron: Cron,
    /// The first day of the bitmap.
    first: i64,
    bits: Vec<u64>,
}

impl Wall {
    fn of(line: &str, first: i64, days: &[Day]) -> Self {
        let cron = Cron::read(line);
        let mut bits = vec![0_u64; (days.len() * 1440).div_ceil(64)];
        let minutes: Vec<usize> =
            (0..1440).filter(|minute| cron.is_minute(minute / 60, minute % 60)).map(|minute| minute as usize).collect();
        for (number, _) in days.iter().enumerate().filter(|(_, day)| cron.is_day(**day)) {
            for minute in &minutes {
                let place = number * 1440 + minute;
                bits[place / 64] |= 1 << (place % 64);
            }
        }
        Self { cron, first, bits }
    }

    /// The named wall times, in seconds, from one to before another.
    fn between(&self, from: i64, to: i64) -> impl Iterator<Item = i64> {
        let start = self.first * DAY;
        let (low, high) = ((from - start).div_euclid(60), (to - start + 59).div_euclid(60));
        let minutes = Set { bits: &self.bits, at: low as usize, end: high as usize };
        let times = minutes.flat_map(move |minute| self.cron.seconds.iter().map(move |second| start + minute as i64 * 60 + second));
        times.filter(move |wall| (from..to).contains(wall))
    }
}

/// The places of the bits that are set.
struct Set<'a> {
    bits: &'a [u64],
    at: usize,
    end: usize,
}

impl Iterator for Set<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        while self.at < self.end {
            let rest = self.bits[self.at / 64] >> (self.at % 64);
            if rest == 0 {
                self.at = (self.at / 64 + 1) * 64;
                continue;
            }
            let found = self.at + rest.trailing_zeros() as usize;
            self.at = found + 1;
            return (found < self.end).then_some(found);
        }
        None
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Expected {
    at: i64,
    wall: i64,
    pass: u8,
    mark: Option<DstMark>,
}

/// What the rules want, in the order of time. A fixed time that the clocks skip comes right after the gap, one that comes
/// twice comes once, at the earlier; any other schedule fires whenever the wall clock matches.
fn expected(wall: &Wall, zone: &Zone, mut tell: impl FnMut(Expected)) {
    let stretches = &zone.stretches;
    let holds = |place: usize, time: i64| {
        let stretch = stretches[place];
        (stretch.from + stretch.offset..stretch.to + stretch.offset).contains(&time)
    };
    for (place, stretch) in stretches.iter().enumerate() {
        let (from, to) = (stretch.from + stretch.offset, stretch.to + stretch.offset);
        if place > 0 && wall.cron.is_fixed {
            let before = stretch.from + stretches[place - 1].offset;
            for skipped in wall.between(before, from.max(before)) {
                tell(Expected { at: stretch.from, wall: skipped, pass: 1, mark: Some(DstMark::Moved) });
            }
        }
        for time in wall.between(from, to) {
            let at = time - stretch.offset;
            let earlier = (place.saturating_sub(2)..place).filter(|other| holds(*other, time)).count();
            let later = (place + 1..stretches.len().min(place + 3)).any(|other| holds(other, time));
            match (wall.cron.is_fixed, earlier) {
                (true, 0) => tell(Expected { at, wall: time, pass: 1, mark: later.then_some(DstMark::Merged) }),
                (true, _) => {}
                (false, earlier) => tell(Expected { at, wall: time, pass: 1 + earlier as u8, mark: None }),
            }
        }
    }
}

fn answered(firing: &Firing) -> Expected {
    let planned = firing.planned;
    let days = days_from_civil(i64::from(planned.year()), i64::from(planned.month()), i64::from(planned.day()));
    let time = i64::from(planned.hour()) * 3600 + i64::from(planned.minute()) * 60 + i64::from(planned.second());
    Expected { at: firing.at.as_second(), wall: days * DAY + time, pass: firing.pass, mark: firing.mark }
}

/// Compares one line in one zone: how many firings, and the first differences in words.
fn compare(line: &str, wall: &Wall, zone: &Zone, from: i64, to: i64) -> (usize, Vec<String>) {
    let schedule = Schedule::parse(line, &zone.name).unwrap();
    let instant = |second| Timestamp::from_second(second).unwrap();
    let mut answers = schedule.firings(instant(from - 1), instant(to - 1)).map(|firing| answered(&firing));
    let (mut count, mut differences) = (0, Vec::new());
    let mut differ = |wanted: Option<Expected>, found: Option<Expected>| {
        if differences.len() < 3 {
            differences.push(format!("{line} in {}: wanted {wanted:?}, found {found:?}", zone.name));
        }
    };
    expected(wall, zone, |wanted| {
        if (from..to).contains(&wanted.at) {
            count += 1;
            let found = answers.next();
            if found != Some(wanted) {
                differ(Some(wanted), found);
            }
        }
    });
    if let Some(more) = answers.next() {
        differ(None, Some(more));
    }
    (count, differences)
}

/// Compares lines and zones over some years, of all pairs so many percent, and prints the figures.
fn campaign(names: &[String], lines: &[String], years: std::ops::Range<i64>, percent: usize) {
    let began = Instant::now();
    let (from, to) = (days_from_civil(years.start, 1, 1), days_from_civil(years.end, 1, 1));
    let (first, last) = (from - MARGIN, to + MARGIN);
    let days = Day::all(first, last);
    let zones = zones::with_changes(names, (from - MARGIN + 1) * DAY, (to + MARGIN - 1) * DAY);
    let (next, pairs, firings) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        let mut differences = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(line) = lines.get(number) else { return differences };
            let wall = Wall::of(line, first, &days);
            for (place, zone) in zones.iter().enumerate() {
                // Spread over all lines and zones, always the same.
                if (number * 61 + place * 37) % 100 >= percent {
                    continue;
                }
                let (count, mut found) = compare(line, &wall, zone, from * DAY, to * DAY);
                pairs.fetch_add(1, Ordering::Relaxed);
                firings.fetch_add(count, Ordering::Relaxed);
                differences.append(&mut found);
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let differences: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let named: usize = zones.iter().map(|zone| 1 + zone.same.len()).sum();
    println!(
        "{named} zones whose clocks change in {}–{} ({} different), {} lines, {} pairs, {} firings compared, {} differences, {:.0} s",
        years.start,
        years.end - 1,
        zones.len(),
        lines.len(),
        pairs.load(Ordering::Relaxed),
        firings.load(Ordering::Relaxed),
        differences.len(),
        began.elapsed().as_secs_f64()
    );
    assert!(firings.load(Ordering::Relaxed) > 0, "nothing was compared");
    assert!(differences.is_empty(), "{}", differences[..differences.len().min(20)].join("\n"));
}

#[test]
fn a_sample_of_lines_and_zones_agrees() {
    let names = ["Europe/Rome", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Africa/Casablanca", "America/Asuncion"];
    let lines = lines::lines(100).into_iter().filter(|line| !matches!(&**line, "* * * * *" | "*/5 * * * *")).collect::<Vec<_>>();
    campaign(&names.map(str::to_owned), &lines, 2023..2027, 25);
}

#[test]
#[ignore = "long: see the head of this file"]
fn every_zone_and_every_line_agree_over_ten_years() {
    let percent = std::env::var("DOGWATCH_ORACLE").ok().and_then(|text| text.parse().ok()).unwrap_or(100);
    campaign(&zones::names(), &lines::lines(200), 2020..2030, percent);
}

#[test]
fn the_oracle_itself_knows_known_days() {
    let days = Day::all(days_from_civil(2026, 11, 21), days_from_civil(2026, 11, 22));
    assert_eq!(days, [Day { year: 2026, month: 11, day: 21, weekday: 6 }]);
    let cron = Cron::read("0 6 15W * *");
    let november = Day::all(days_from_civil(2026, 11, 1), days_from_civil(2026, 12, 1));
    let found: Vec<i64> = november.iter().filter(|day| cron.is_day(**day)).map(|day| day.day).collect();
    assert_eq!(found, [16], "15 November 2026 is a Sunday");
    let rome = zones::stretches("Europe/Rome", days_from_civil(2026, 1, 1) * DAY, days_from_civil(2027, 1, 1) * DAY);
    assert_eq!(rome.iter().map(|stretch| stretch.offset / 3600).collect::<Vec<_>>(), [1, 2, 1]);
}
