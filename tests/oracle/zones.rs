//! Zones as stretches of constant offset, found by asking for the offset of one instant after the other.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// No zone changes its clocks twice within this many seconds.
const STRIDE: i64 = 3 * 3600;

/// A stretch of time with one offset; its end is not part of it. All in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    pub from: i64,
    pub to: i64,
    pub offset: i64,
}

pub struct Zone {
    pub name: String,
    /// Further zones with the same stretches.
    pub same: Vec<String>,
    pub stretches: Vec<Stretch>,
}

fn offset(zone: &TimeZone, second: i64) -> i64 {
    i64::from(zone.to_offset(Timestamp::from_second(second).unwrap()).seconds())
}

pub fn stretches(name: &str, from: i64, to: i64) -> Vec<Stretch> {
    let zone = TimeZone::get(name).unwrap();
    let mut found = vec![Stretch { from, to, offset: offset(&zone, from) }];
    let mut at = from;
    while at < to {
        let next = (at + STRIDE).min(to);
        let (before, after) = (found.last().unwrap().offset, offset(&zone, next));
        if before != after {
            let (mut low, mut high) = (at, next);
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if offset(&zone, middle) == before { low = middle } else { high = middle }
            }
            found.last_mut().unwrap().to = high;
            found.push(Stretch { from: high, to, offset: after });
        }
        at = next;
    }
    found
}

/// Zones whose clocks change within a stretch of time, those with the same changes as one.
pub fn with_changes(names: &[String], from: i64, to: i64) -> Vec<Zone> {
    let mut groups: BTreeMap<Vec<Stretch>, Vec<String>> = BTreeMap::new();
    for name in names {
        let stretches = stretches(name, from, to);
        if stretches.len() > 1 {
            groups.entry(stretches).or_default().push(name.clone());
        }
    }
    let zone = |(stretches, mut names): (Vec<Stretch>, Vec<String>)| Zone { name: names.remove(0), same: names, stretches };
    groups.into_iter().map(zone).collect()
}

/// All names of the database.
pub fn names() -> Vec<String> {
    jiff::tz::db().available().map(|name| name.to_string()).collect()
}
