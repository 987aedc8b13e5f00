//! Times and durations in words: `3m`, `−22m`, `06:12`.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

/// How long ago something was, and how long until these words change. Below a minute in steps of five seconds, so that
/// a young thing does not keep the screen busy.
pub fn age(age: SignedDuration) -> (String, SignedDuration) {
    let seconds = age.as_secs().max(0);
    let step = step_of(seconds);
    let left = step - seconds % step;
    (words(seconds / step * step), SignedDuration::from_secs(left) - SignedDuration::from_nanos(i64::from(age.subsec_nanos().max(0))))
}

/// How long until something is due, and how long until these words change.
pub fn until(left: SignedDuration) -> (String, SignedDuration) {
    let seconds = left.as_secs().max(0);
    let step = step_of(seconds);
    let shown = seconds / step * step;
    let change = left - SignedDuration::from_secs(shown) + SignedDuration::from_millis(1);
    (words(shown), change)
}

fn step_of(seconds: i64) -> i64 {
    match seconds {
        ..MINUTE => 5,
        MINUTE..HOUR => MINUTE,
        HOUR..DAY => 10 * MINUTE,
        _ => HOUR,
    }
}

/// A number of seconds in at most two units: `45s`, `3m`, `2h10`, `3d4h`.
pub fn words(seconds: i64) -> String {
    match seconds {
        ..MINUTE => format!("{seconds}s"),
        MINUTE..HOUR => format!("{}m", seconds / MINUTE),
        HOUR..DAY if seconds % HOUR < MINUTE => format!("{}h", seconds / HOUR),
        HOUR..DAY => format!("{}h{:02}", seconds / HOUR, seconds % HOUR / MINUTE),
        _ if seconds % DAY < HOUR || seconds > 10 * DAY => format!("{}d", seconds / DAY),
        _ => format!("{}d{}h", seconds / DAY, seconds % DAY / HOUR),
    }
}

/// A measured duration: `41 ms`, `1.2 s`, `3m04`, `2h10`.
pub fn duration(took: std::time::Duration) -> String {
    let micros = took.as_micros();
    match took.as_secs() {
        0 if micros < 1_000 => format!("{micros} µs"),
        0 => format!("{} ms", took.as_millis()),
        1..10 => format!("{:.1} s", took.as_secs_f64()),
        10..60 => format!("{} s", took.as_secs()),
        seconds @ 60..3600 => format!("{}m{:02}", seconds / 60, seconds % 60),
        seconds => words(i64::try_from(seconds).unwrap_or(i64::MAX)),
    }
}

/// A time of day; with the day of the week within six days, with the date beyond.
pub fn time(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    if at.date() == now.date() {
        return at.strftime("%H:%M").to_string();
    }
    let near = at.timestamp().duration_since(now.timestamp()).abs() < SignedDuration::from_hours(6 * 24);
    at.strftime(if near { "%a %H:%M" } else { "%d %b %H:%M" }).to_string()
}

/// The clock of the head line: `Sat 02:41 CET`.
pub fn head(now: Timestamp, zone: &TimeZone) -> String {
    now.to_zoned(zone.clone()).strftime("%a %H:%M %Z").to_string()
}
