//! The same for calendars: every day of a line is taken to where the rule takes it, one by one, and the days on which
//! something arrives are compared with those on which the program fires.

use crate::cron::{Cron, Day, days_from_civil};
use crate::lines::{Chance, lines};
use dogwatch::domain::calendar::{Calendar, CalendarRule, MonthDay, Shift, WeekDay};
use dogwatch::rules::{DayRule, Schedule, ScheduleError};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const DAY: i64 = 86_400;

fn date(day: Day) -> Date {
    Date::new(day.year as i16, day.month as i8, day.day as i8).unwrap()
}

fn a_calendar(chance: &mut Chance) -> Calendar {
    let mut calendar = Calendar::new("c");
    if chance.below(3) == 0 {
        calendar.weekend = WeekDay::ALL.iter().copied().filter(|_| chance.below(3) == 0).collect();
    }
    let any =
        |chance: &mut Chance| Date::new(2024 + chance.below(3) as i16, 1 + chance.below(12) as i8, 1 + chance.below(28) as i8).unwrap();
    for _ in 0..chance.below(40) {
        calendar.holidays.insert(any(chance), String::new());
        calendar.yearly.insert(MonthDay::of(any(chance)), String::new());
        calendar.working.insert(any(chance), String::new());
    }
    // A shop that is closed for a long stretch.
    if chance.below(3) == 0 {
        let mut closed = any(chance);
        for _ in 0..chance.below(60) {
            calendar.holidays.insert(closed, String::new());
            closed = closed.tomorrow().unwrap();
        }
    }
    calendar
}

fn is_business(calendar: &Calendar, day: Day) -> bool {
    let weekday = WeekDay::ALL[((day.weekday + 6) % 7) as usize];
    let yearly = MonthDay { month: day.month as i8, day: day.day as i8 };
    calendar.working.contains_key(&date(day))
        || !(calendar.weekend.contains(&weekday) || calendar.holidays.contains_key(&date(day)) || calendar.yearly.contains_key(&yearly))
}

/// Where a day of a line goes, by walking there; the places are those of the list of all days.
fn arrives(place: usize, open: &[bool], rule: &CalendarRule) -> Option<usize> {
    let step = |mut place: usize, forward: bool| loop {
        place = if forward { place + 1 } else { place.checked_sub(1)? };
        if *open.get(place)? {
            return Some(place);
        }
    };
    let mut place = place;
    match rule.shift {
        Some(shift) if !open[place] => place = step(place, shift == Shift::Next)?,
        _ => {}
    }
    for _ in 0..rule.offset.unsigned_abs() {
        place = step(place, rule.offset > 0)?;
    }
    Some(place)
}

#[test]
fn calendars_agree_day_by_day() {
    let mut chance = Chance(7);
    let all = Day::all(days_from_civil(2023, 1, 1), days_from_civil(2028, 1, 1));
    // Only the days are compared: each line at noon.
    let of_days = |line: &String| match line.split(' ').collect::<Vec<_>>()[..] {
        [_, _, day, month, weekday] => Some(format!("0 12 {day} {month} {weekday}")),
        _ => None,
    };
    let lines: BTreeSet<String> = lines(200).iter().filter_map(of_days).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let (mut compared, mut moved, mut merged, mut idle) = (0, 0, 0, 0);
    for _ in 0..300 {
        let calendar = a_calendar(&mut chance);
        let mut line = chance.pick(&lines);
        let plain = CalendarRule::plain("c");
        let rule = match chance.below(4) {
            0 => CalendarRule { shift: Some(Shift::Next), offset: chance.below(4) as i8 - 1, ..plain },
            1 => CalendarRule { shift: Some(Shift::Previous), offset: chance.below(4) as i8 - 1, ..plain },
            2 => CalendarRule { offset: [-7, -2, -1, 1, 2, 11][chance.below(6) as usize], ..plain },
            _ => {
                line = chance.pick(&["0 12 * * *", "0 12 * 3,6,9,12 *", "0 12 * feb *"]);
                CalendarRule { day: Some([1, -1, 2, -3, 10, 20, 23][chance.below(7) as usize]), offset: chance.below(3) as i8 - 1, ..plain }
            }
        };
        let cron = Cron::read(line);
        let open: Vec<bool> = all.iter().map(|day| is_business(&calendar, *day)).collect();
        let mut months: BTreeMap<(i64, i64), Vec<usize>> = BTreeMap::new();
        for (place, day) in all.iter().enumerate().filter(|(place, _)| open[*place]) {
            months.entry((day.year, day.month)).or_default().push(place);
        }
        let mut wanted: BTreeMap<Date, Vec<Date>> = BTreeMap::new();
        for (place, day) in all.iter().enumerate() {
            let is_named = match rule.day {
                None => cron.is_day(*day),
                Some(n) => {
                    let of_month = months.get(&(day.year, day.month)).map_or(&[][..], Vec::as_slice);
                    let n = if n > 0 { of_month.get(n as usize - 1) } else { of_month.iter().rev().nth(n.unsigned_abs() as usize - 1) };
                    cron.is_month(day.month) && n == Some(&place)
                }
            };
            if is_named && let Some(place) = arrives(place, &open, &rule) {
                wanted.entry(date(all[place])).or_default().push(date(*day));
            }
        }
        let days = DayRule { calendar: Arc::new(calendar), rule: rule.clone() };
        let schedule = match Schedule::with_calendar(line, "UTC", Some(days)) {
            Ok(schedule) => schedule,
            Err(ScheduleError::NeverBusiness { .. }) => {
                idle += 1;
                continue;
            }
            Err(error) => panic!("{error}"),
        };
        // The years in the middle: what arrives at the borders comes from days that are not in the list.
        let instant = |year| Timestamp::from_second(days_from_civil(year, 1, 1) * DAY).unwrap();
        let found: Vec<_> = schedule.firings(instant(2024), instant(2027)).collect();
        let wanted: Vec<_> = wanted.into_iter().filter(|(day, _)| (2024..2027).contains(&day.year())).collect();
        let found_days: Vec<Date> = found.iter().map(|firing| firing.planned.date()).collect();
        let wanted_days: Vec<Date> = wanted.iter().map(|(day, _)| *day).collect();
        assert_eq!(found_days, wanted_days, "{line} with {rule:?}");
        for (firing, (day, from)) in found.iter().zip(&wanted) {
            match firing.shifted_from {
                None => assert!(from.contains(day), "{line} with {rule:?}: {day} comes from {from:?}"),
                Some(origin) if rule.offset == 0 => {
                    let far = |other: &Date| other.duration_since(*day).abs();
                    assert_eq!(from.iter().min_by_key(|other| far(other)), Some(&origin), "{line} with {rule:?}: the nearest of {from:?}");
                }
                Some(origin) => assert!(!from.contains(day) && from.contains(&origin), "{line} with {rule:?}: {origin} of {from:?}"),
            }
            if rule.day.is_none() {
                assert_eq!(schedule.stands_for(*day), *from, "{line} with {rule:?}: {day}");
            }
            moved += usize::from(firing.shifted_from.is_some());
            merged += usize::from(from.len() > 1);
        }
        compared += found.len();
    }
    println!("{compared} days compared, {moved} of them shifted, {merged} merged; {idle} lines that never run");
    assert!(moved > 1_000 && merged > 500, "{moved} shifted, {merged} merged");
}
