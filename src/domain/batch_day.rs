//! Batch days: the business day that a night belongs to. With `batch_day = "06:00"`, what runs at 02:30 on the 22nd
//! belongs to the batch day 21.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

/// When batch days begin: a local time of day in the zone of the workspace.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchDays {
    zone: TimeZone,
    begins: Time,
}

impl BatchDays {
    /// Batch days that begin at this local time. A zone that does not exist is read as UTC; files cannot name one.
    pub fn new(zone: &str, begins: Time) -> Self {
        Self { zone: TimeZone::get(zone).unwrap_or(TimeZone::UTC), begins }
    }

    /// The batch day that an instant belongs to.
    pub fn of(&self, at: Timestamp) -> Date {
        let mut day = self.zone.to_datetime(at).date();
        // Where the clocks change around the beginning, the wall clock alone cannot tell: the instants decide.
        while at < self.start(day)
            && let Ok(before) = day.yesterday()
        {
            day = before;
        }
        while let Ok(next) = day.tomorrow()
            && at >= self.start(next)
        {
            day = next;
        }
        day
    }

    /// From its first instant until before the first instant of the next one. A beginning that the clocks skip is the
    /// first instant after the gap, one that comes twice is the earlier (RULES: DST).
    pub fn range(&self, day: Date) -> (Timestamp, Timestamp) {
        (self.start(day), day.tomorrow().map_or(Timestamp::MAX, |next| self.start(next)))
    }

    fn start(&self, day: Date) -> Timestamp {
        first_instant(&self.zone, day.to_datetime(self.begins))
    }
}

/// The instant of a wall time: the earlier of two, the first after a gap.
pub fn first_instant(zone: &TimeZone, wall: DateTime) -> Timestamp {
    let instant = match zone.to_ambiguous_timestamp(wall).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(wall).ok(),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(wall).ok(),
        AmbiguousOffset::Gap { before, after } => before.to_timestamp(wall).ok().and_then(|late| {
            let changes = zone.preceding(late.checked_add(jiff::SignedDuration::from_nanos(1)).unwrap_or(late));
            changes.map(|change| change.timestamp()).find(|change| zone.to_offset(*change) == after)
        }),
    };
    let limit = if wall.year() < 0 { Timestamp::MIN } else { Timestamp::MAX };
    instant.unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};

    fn of(days: &BatchDays, at: &str) -> String {
        days.of(at.parse().unwrap()).to_string()
    }

    #[test]
    fn a_night_belongs_to_the_evening_before() {
        let days = BatchDays::new("Europe/Rome", time(6, 0, 0, 0));
        assert_eq!(of(&days, "2026-11-22T01:30:00Z"), "2026-11-21");
        assert_eq!(of(&days, "2026-11-22T04:59:59Z"), "2026-11-21");
        assert_eq!(of(&days, "2026-11-22T05:00:00Z"), "2026-11-22");
        let midnight = BatchDays::new("UTC", Time::midnight());
        assert_eq!(of(&midnight, "2026-11-22T00:00:00Z"), "2026-11-22");
        assert_eq!(of(&midnight, "9999-12-30T22:00:00Z"), "9999-12-30");
    }

    #[test]
    fn days_are_23_and_25_hours_long_where_the_clocks_change() {
        let days = BatchDays::new("Europe/Rome", time(2, 30, 0, 0));
        let hours = |day| {
            let (from, to) = days.range(day);
            (to.duration_since(from).as_secs_f64() / 3600.0).to_string()
        };
        // 29 March: 02:30 is skipped, the day begins at 03:00 summer time; 25 October: it begins at the earlier 02:30.
        assert_eq!(days.range(date(2026, 3, 29)).0, "2026-03-29T01:00:00Z".parse().unwrap());
        assert_eq!((hours(date(2026, 3, 28)), hours(date(2026, 3, 29))), ("23.5".into(), "23.5".into()));
        assert_eq!(days.range(date(2026, 10, 25)).0, "2026-10-25T00:30:00Z".parse().unwrap());
        assert_eq!((hours(date(2026, 10, 24)), hours(date(2026, 10, 25))), ("24".into(), "25".into()));
        // The second 02:15 comes after the day has begun.
        assert_eq!(of(&days, "2026-10-25T01:15:00Z"), "2026-10-25");
    }

    #[test]
    fn every_instant_is_in_the_range_of_its_day() {
        for zone in ["Europe/Rome", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Apia"] {
            for begins in [time(0, 0, 0, 0), time(2, 0, 0, 0), time(23, 30, 0, 0)] {
                let days = BatchDays::new(zone, begins);
                let mut at: Timestamp = "2011-12-20T00:00:00Z".parse().unwrap();
                for _ in 0..20_000 {
                    let (from, to) = days.range(days.of(at));
                    assert!(from <= at && at < to, "{at} in {zone} from {begins}: {from} to {to}");
                    at += jiff::SignedDuration::from_mins(37);
                }
            }
        }
    }
}
