//! Business hours, off hours and sleep: what an interruption costs, and what waits for the morning. A rule without state.

use super::rota::{instant, zone_of};
use crate::domain::Severity;
use crate::domain::calendar::WeekDay;
use crate::domain::people::{HourClass, OpenHours};
use crate::world::World;
use jiff::civil::{Date, DateTime, Time, time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Days ahead that business hours are looked for.
const AHEAD: i32 = 400;
/// When people sleep where the workspace does not say so.
const SLEEP: (Time, Time) = (time(23, 0, 0, 0), time(7, 0, 0, 0));

/// What an interruption at this instant costs: the class of its hour, in the zone of the workspace's hours.
pub fn hour_class(world: &World, at: Timestamp) -> HourClass {
    let wall = zone(world).to_datetime(at);
    if is_business(world, wall) {
        return HourClass::Business;
    }
    let (from, to) = world.duty.people.hours.sleep.unwrap_or(SLEEP);
    let now = wall.time();
    let asleep = if from <= to { from <= now && now < to } else { now >= from || now < to };
    if asleep { HourClass::Sleep } else { HourClass::Off }
}

/// Whether a severity may disturb at this instant; else when business begins, where it ever does.
pub(super) fn quiet_until(world: &World, severity: Severity, at: Timestamp) -> Option<Timestamp> {
    let named = world.duty.people.hours.off_hours.as_ref()?;
    if named.contains(&severity) {
        return None;
    }
    let zone = zone(world);
    let wall = zone.to_datetime(at);
    if is_business(world, wall) { None } else { opens(world, &zone, at, wall.date()) }
}

fn zone(world: &World) -> TimeZone {
    zone_of(world.duty.people.hours.zone.as_deref().unwrap_or(&world.zone))
}

fn is_business(world: &World, wall: DateTime) -> bool {
    let now = wall.time();
    opening(world, wall.date()).into_iter().any(|(from, to)| from <= now && (now < to || to == Time::midnight()))
}

/// The opening hours of a date.
fn opening(world: &World, date: Date) -> Vec<(Time, Time)> {
    let hours = &world.duty.people.hours;
    let calendar = hours.calendar.as_ref().and_then(|id| world.calendars.get(id));
    let day = WeekDay::of(date);
    if calendar.is_some_and(|calendar| !calendar.is_business(date)) {
        return Vec::new();
    }
    let on = |open: &OpenHours| open.days.contains(&day).then_some((open.from, open.to));
    if !hours.business.is_empty() {
        return hours.business.iter().filter_map(on).collect();
    }
    let plain = day < WeekDay::Sat || calendar.is_some();
    plain.then_some((time(8, 0, 0, 0), time(18, 0, 0, 0))).into_iter().collect()
}

/// The next instant after one at which business begins.
fn opens(world: &World, zone: &TimeZone, after: Timestamp, today: Date) -> Option<Timestamp> {
    (0..=AHEAD).find_map(|day| {
        let date = today.checked_add(day.days()).ok()?;
        let begins = opening(world, date).into_iter().map(|(from, _)| instant(zone, date.to_datetime(from)));
        begins.filter(|at| *at > after).min()
    })
}
