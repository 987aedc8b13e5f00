//! Shifts of twelve hours, by which load on people is counted and handovers are made. They are not the turns of a rota: such a
//! turn may last a week, and the ceiling of incidents is meant for twelve hours.

use jiff::civil::{Time, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How long a shift is: the ceiling of incidents is meant for this span (RULES: figures).
pub const SHIFT: SignedDuration = SignedDuration::from_hours(12);
/// The local times at which shifts begin.
const SHIFTS: [Time; 2] = [time(8, 0, 0, 0), time(20, 0, 0, 0)];

/// When the shift began that an instant is in: 08:00 or 20:00 in this zone, the day before where it is early.
pub fn shift_start(at: Timestamp, zone: &TimeZone) -> Timestamp {
    let local = at.to_zoned(zone.clone());
    let days = [Some(local.date()), local.date().yesterday().ok()];
    let starts = days.into_iter().flatten().flat_map(|day| SHIFTS.iter().rev().map(move |begins| day.to_datetime(*begins)));
    let mut starts = starts.filter_map(|start| start.to_zoned(zone.clone()).ok()).map(|start| start.timestamp());
    starts.find(|start| *start <= at).unwrap_or(at)
}

/// When the shift after the one that begins here begins.
pub fn next_shift(start: Timestamp, zone: &TimeZone) -> Timestamp {
    // Half a shift into the next one: a change of the clocks moves its beginning by an hour or two, not by six.
    let inside = start.checked_add(SHIFT + SHIFT / 2).unwrap_or(start);
    shift_start(inside, zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn shifts_follow_each_other_across_a_change_of_the_clocks() {
        let rome = TimeZone::get("Europe/Rome").unwrap();
        let first = shift_start(at("2026-10-24T20:00:00Z"), &rome);
        assert_eq!(first, at("2026-10-24T18:00:00Z"), "20:00 in summer");
        let second = next_shift(first, &rome);
        assert_eq!(second, at("2026-10-25T07:00:00Z"), "08:00 in winter: this night had thirteen hours");
        assert_eq!(next_shift(second, &rome), at("2026-10-25T19:00:00Z"));
        assert_eq!(shift_start(at("2026-11-21T02:00:00Z"), &rome), at("2026-11-20T19:00:00Z"));
    }
}
