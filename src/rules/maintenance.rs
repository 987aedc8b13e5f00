//! Maintenance windows: when they begin and end, and what they are about (RULES: maintenance).

use super::alerts;
use super::schedule::Schedule;
use crate::domain::overlay::MaintenanceTime;
use crate::domain::{Event, MaintenanceWindow, ProbeDefinition};
use crate::world::World;
use jiff::Timestamp;
use std::sync::Arc;

/// The end of the stretch that lasts at a time, where one does. Stretches that overlap are one.
fn lasts_until(window: &MaintenanceWindow, now: Timestamp) -> Option<Timestamp> {
    match &window.when {
        MaintenanceTime::Once { from, to } => (*from <= now && now < *to).then_some(*to),
        MaintenanceTime::Recurring { schedules, lasts, zone } => {
            let since = now.checked_sub(*lasts).ok()?;
            let fired = schedules.iter().filter_map(|line| Schedule::parse(line, zone).ok()?.firings(since, now).last());
            fired.map(|firing| firing.at).max().and_then(|at| at.checked_add(*lasts).ok()).filter(|until| *until > now)
        }
    }
}

/// Stretches of time in which a probe was under maintenance, by the windows of today: its readings there are expected.
pub fn of_probe(world: &World, probe: &ProbeDefinition, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let labels = alerts::of_probes::probe_labels(probe);
    let mut found = Vec::new();
    for row in world.maintenance.values().filter(|row| row.window.covers(&labels)) {
        match &row.window.when {
            MaintenanceTime::Once { from, to } => found.push((*from, *to)),
            MaintenanceTime::Recurring { schedules, lasts, zone } => {
                let since = from.checked_sub(*lasts).unwrap_or(from);
                let read = schedules.iter().filter_map(|line| Schedule::parse(line, zone).ok());
                let began: Vec<Timestamp> =
                    read.flat_map(|schedule| schedule.firings(since, to).map(|firing| firing.at).collect::<Vec<_>>()).collect();
                found.extend(began.into_iter().filter_map(|at| Some((at, at.checked_add(*lasts).ok()?))));
            }
        }
    }
    found
}

/// When the next stretch of a window begins, after a time.
pub fn begins(window: &MaintenanceWindow, now: Timestamp) -> Option<Timestamp> {
    match &window.when {
        MaintenanceTime::Once { from, .. } => (*from > now).then_some(*from),
        MaintenanceTime::Recurring { schedules, zone, .. } => {
            schedules.iter().filter_map(|line| Schedule::parse(line, zone).ok()?.next(now)).map(|firing| firing.at).min()
        }
    }
}

/// When a window begins or ends next; in the past where that is not on record yet.
pub(super) fn next_due(world: &World, name: &str) -> Option<Timestamp> {
    let row = world.maintenance.get(name)?;
    match row.until {
        Some(until) => Some(until),
        None if lasts_until(&row.window, world.at).is_some() => Some(world.at),
        None => begins(&row.window, world.at),
    }
}

/// The beginning or the end of a window that is due.
pub(super) fn due(world: &World, name: &str, now: Timestamp) -> Option<Event> {
    let row = world.maintenance.get(name)?;
    let lasts = lasts_until(&row.window, now);
    let window = || name.to_owned();
    match (row.until, lasts) {
        // A stretch that passed while nobody looked is on record all the same.
        (None, None) => {
            let began = begins(&row.window, world.at).filter(|began| *began <= now)?;
            Some(Event::MaintenanceBegan { window: window(), until: lasts_until(&row.window, began).unwrap_or(began) })
        }
        (None, Some(until)) => Some(Event::MaintenanceBegan { window: window(), until }),
        // It was to end, and another stretch has begun before: it goes on.
        (Some(known), Some(until)) if known <= now && until > known => Some(Event::MaintenanceBegan { window: window(), until }),
        (Some(known), None) if known <= now => Some(Event::MaintenanceEnded { window: window() }),
        _ => None,
    }
}

/// What a reading of the files changes: windows that last and are gone, or are others now, end before.
pub(super) fn defined(world: &World, read: &[Arc<MaintenanceWindow>]) -> Vec<Event> {
    let same = world.maintenance.len() == read.len()
        && read.iter().all(|window| world.maintenance.get(&window.name).is_some_and(|row| *row.window == **window));
    if same {
        return Vec::new();
    }
    let stays = |name: &str, row: &MaintenanceWindow| read.iter().any(|window| window.name == name && **window == *row);
    let lasting = world.maintenance.iter().filter(|(name, row)| row.until.is_some() && !stays(name, &row.window));
    let ended = lasting.map(|(name, _)| Event::MaintenanceEnded { window: name.clone() });
    ended.chain([Event::MaintenanceDefined { windows: read.to_vec() }]).collect()
}

/// Whether a probe is under maintenance: what it finds wrong is expected, and counts neither against its target nor
/// towards an alert.
pub fn covers_probe(world: &World, probe: &ProbeDefinition) -> bool {
    let mut lasting = world.maintenance.values().filter(|row| row.until.is_some()).peekable();
    if lasting.peek().is_none() {
        return false;
    }
    let labels = alerts::of_probes::probe_labels(probe);
    lasting.any(|row| row.window.covers(&labels))
}
