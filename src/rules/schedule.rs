//! Cron lines: when a schedule fires, also where the clocks change (RULES: schedule, DST). A rule without state.

use crate::domain::effect::Firing;
use crate::domain::run::DstMark;
use croner::parser::{CronParser, Seconds, Year};
use croner::{CronPattern, Weekday};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use thiserror::Error;

/// Lines that do not fire within this many days never fire: the rarest line, a given weekday on 29 February across a
/// year such as 2100, fires every 40 years.
const HORIZON_DAYS: u32 = 41 * 366;

/// Lines that are remembered after they were read; more than any workspace has.
const KNOWN_MAX: usize = 20_000;

/// The short names that stand for whole lines.
const SHORT_NAMES: [(&str, &str); 6] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
];

/// Schedules by line and zone; absent where the line cannot be read.
type Known = HashMap<(String, String), Option<Arc<Schedule>>>;

/// A line that is not a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScheduleError {
    /// The line cannot be read.
    #[error("`{line}` is not a schedule: {reason}")]
    Line {
        /// The line.
        line: String,
        /// Why, in words.
        reason: String,
    },
    /// The line can be read, but names a day that never comes.
    #[error("`{line}` never fires: no date fits its day, month and weekday")]
    Never {
        /// The line.
        line: String,
    },
    /// No such zone.
    #[error("`{zone}` is not a time zone; a right one looks like Europe/Rome")]
    Zone {
        /// The zone's name.
        zone: String,
    },
}

/// A cron line in a zone.
#[derive(Debug, Clone)]
pub struct Schedule {
    pattern: CronPattern,
    hours: Vec<i8>,
    minutes: Vec<i8>,
    seconds: Vec<i8>,
    fixed: bool,
    zone: TimeZone,
}

impl Schedule {
    /// Reads a line of five fields, or six with seconds first, or a name such as `@hourly`.
    pub fn parse(line: &str, zone: &str) -> Result<Self, ScheduleError> {
        let wrong = |reason: String| ScheduleError::Line { line: line.to_owned(), reason };
        let zone = TimeZone::get(zone).map_err(|_| ScheduleError::Zone { zone: zone.to_owned() })?;
        let fields = written_out(line).map_err(wrong)?;
        let count = fields.split_whitespace().count();
        if count != 5 && count != 6 {
            return Err(wrong(format!(
                "it has {count} fields, five are asked for (minute hour day month weekday), or six with seconds first"
            )));
        }
        let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
        let pattern = parser.parse(&fields).map_err(|error| wrong(in_words(&error)))?.pattern;
        let clock: Vec<&str> = fields.split_whitespace().skip(count - 5).take(2).collect();
        let fixed = !clock.iter().any(|field| field.contains(['*', '/']));
        let values = |component: &croner::CronComponent| component.values().into_iter().map(|value| value as i8).collect();
        let (hours, minutes, seconds) = (values(&pattern.hours), values(&pattern.minutes), values(&pattern.seconds));
        let schedule = Self { pattern, hours, minutes, seconds, fixed, zone };
        match schedule.next_wall(DateTime::constant(2000, 1, 1, 0, 0, 0, 0)) {
            Some(_) => Ok(schedule),
            None => Err(ScheduleError::Never { line: line.to_owned() }),
        }
    }

    /// The same, read once for each line and zone: flows ask for their next time after every change.
    pub(super) fn known(line: &str, zone: &str) -> Option<Arc<Self>> {
        thread_local! {
            static KNOWN: RefCell<Known> = RefCell::default();
        }
        KNOWN.with_borrow_mut(|known| {
            if known.len() > KNOWN_MAX {
                known.clear();
            }
            let read = || Self::parse(line, zone).ok().map(Arc::new);
            known.entry((line.to_owned(), zone.to_owned())).or_insert_with(read).clone()
        })
    }

    /// Whether each of its times is a fixed time of day: neither minute nor hour holds `*` or `/`.
    pub fn is_fixed(&self) -> bool {
        self.fixed
    }

    /// The times at which it fires after `after`, until and including `until`, in their order.
    pub fn firings(&self, after: Timestamp, until: Timestamp) -> Firings<'_> {
        let cursor = after.as_second().checked_add(1).and_then(|second| Timestamp::from_second(second).ok());
        let segment = cursor.map(|cursor| Segment::at(&self.zone, after, cursor));
        Firings { schedule: self, segment, moved: VecDeque::new(), until }
    }

    /// The first time at which it fires after `after`.
    pub fn next(&self, after: Timestamp) -> Option<Firing> {
        self.firings(after, Timestamp::MAX).next()
    }

    /// The first matching wall time at or after `from`.
    fn next_wall(&self, from: DateTime) -> Option<DateTime> {
        if self.day_matches(from.date())
            && let Some(time) = self.next_time(from.time())
        {
            return Some(from.date().to_datetime(time));
        }
        let first = Time::new(*self.hours.first()?, *self.minutes.first()?, *self.seconds.first()?, 0).ok()?;
        let mut date = from.date();
        for _ in 0..HORIZON_DAYS {
            date = date.tomorrow().ok()?;
            if self.day_matches(date) {
                return Some(date.to_datetime(first));
            }
        }
        None
    }

    /// The first matching time of day at or after `from`.
    fn next_time(&self, from: Time) -> Option<Time> {
        let at_least = |values: &[i8], least: i8| values.iter().copied().find(|value| *value >= least);
        let (first_minute, first_second) = (*self.minutes.first()?, *self.seconds.first()?);
        let time = |hour, minute, second| Time::new(hour, minute, second, 0).ok();
        let from = if from.subsec_nanosecond() > 0 { from.checked_add(1.second()).ok()? } else { from };
        if self.hours.contains(&from.hour()) {
            if self.minutes.contains(&from.minute())
                && let Some(second) = at_least(&self.seconds, from.second())
            {
                return time(from.hour(), from.minute(), second);
            }
            if let Some(minute) = at_least(&self.minutes, from.minute() + 1) {
                return time(from.hour(), minute, first_second);
            }
        }
        time(at_least(&self.hours, from.hour() + 1)?, first_minute, first_second)
    }

    fn day_matches(&self, date: Date) -> bool {
        let weekday = Weekday::from_days_from_sunday(date.weekday().to_sunday_zero_offset() as u32);
        let (month, day) = (date.month() as u32, date.day() as u32);
        self.pattern.month_match(month).unwrap_or(false)
            && self.pattern.day_match(i32::from(date.year()), month, day, weekday).unwrap_or(false)
    }
}

/// A stretch of time in which the zone's offset does not change.
#[derive(Debug, Clone)]
struct Segment {
    offset: Offset,
    /// Wall times from here on are still to be looked at.
    wall: DateTime,
    end: Option<Timestamp>,
}

impl Segment {
    /// The segment that holds `instant`, to be looked at from `cursor` on.
    fn at(zone: &TimeZone, instant: Timestamp, cursor: Timestamp) -> Self {
        let offset = zone.to_offset(instant);
        let end = zone.following(instant).map(|change| change.timestamp()).find(|change| zone.to_offset(*change) != offset);
        Self { offset, wall: offset.to_datetime(cursor), end }
    }
}

/// The times at which a schedule fires, in their order.
#[derive(Debug, Clone)]
pub struct Firings<'a> {
    schedule: &'a Schedule,
    segment: Option<Segment>,
    moved: VecDeque<Firing>,
    until: Timestamp,
}

impl Iterator for Firings<'_> {
    type Item = Firing;

    fn next(&mut self) -> Option<Firing> {
        loop {
            if let Some(moved) = self.moved.pop_front() {
                return (moved.at <= self.until).then_some(moved);
            }
            let segment = self.segment.as_mut()?;
            let found = self.schedule.next_wall(segment.wall).and_then(|wall| Some((wall, segment.offset.to_timestamp(wall).ok()?)));
            match (found, segment.end) {
                (Some((wall, at)), end) if end.is_none_or(|end| at < end) => {
                    if at > self.until {
                        self.segment = None;
                        return None;
                    }
                    segment.wall = wall.checked_add(1.second()).ok()?;
                    if let Some(firing) = self.schedule.firing(wall, at) {
                        return Some(firing);
                    }
                }
                (_, Some(end)) if end <= self.until => self.cross(end),
                _ => {
                    self.segment = None;
                    return None;
                }
            }
        }
    }
}

impl Firings<'_> {
    /// Goes on into the segment that begins at a change of the clocks.
    fn cross(&mut self, change: Timestamp) {
        let before = self.segment.as_ref().map(|segment| segment.offset.to_datetime(change));
        let next = Segment::at(&self.schedule.zone, change, change);
        if let Some(gap) = before.filter(|_| self.schedule.fixed) {
            let walls = std::iter::successors(self.schedule.next_wall(gap), |wall| {
                wall.checked_add(SignedDuration::from_secs(1)).ok().and_then(|wall| self.schedule.next_wall(wall))
            });
            let in_gap = walls.take_while(|wall| *wall < next.wall);
            self.moved.extend(in_gap.map(|planned| Firing { planned, pass: 1, at: change, mark: Some(DstMark::Moved) }));
        }
        self.segment = Some(next);
    }
}

impl Schedule {
    /// What a matching wall time at an instant is: the second pass of a fixed time is nothing.
    fn firing(&self, planned: DateTime, at: Timestamp) -> Option<Firing> {
        let (fold, second) = match self.zone.to_ambiguous_timestamp(planned).offset() {
            AmbiguousOffset::Fold { after, .. } => (true, after.to_timestamp(planned).is_ok_and(|later| later == at)),
            _ => (false, false),
        };
        match (self.fixed && fold, second) {
            (true, true) => None,
            (true, false) => Some(Firing { planned, pass: 1, at, mark: Some(DstMark::Merged) }),
            (false, second) => Some(Firing { planned, pass: 1 + u8::from(second), at, mark: None }),
        }
    }
}

/// A short name's line, or the line itself.
fn written_out(line: &str) -> Result<String, String> {
    let line = line.trim();
    if !line.starts_with('@') {
        return if line.is_empty() { Err("it is empty".into()) } else { Ok(line.to_owned()) };
    }
    let wanted = if line.eq_ignore_ascii_case("@annually") { "@yearly" } else { line };
    let found = SHORT_NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    let known = || SHORT_NAMES.map(|(name, _)| name).join(", ");
    found.map(|(_, line)| (*line).to_owned()).ok_or_else(|| format!("the short names are {}", known()))
}

/// The parser's error without its own names for things.
fn in_words(error: &croner::errors::CronError) -> String {
    use croner::errors::CronError;
    match error {
        CronError::InvalidPattern(words) | CronError::IllegalCharacters(words) | CronError::ComponentError(words) => {
            words.trim_end_matches('.').to_owned()
        }
        other => other.to_string(),
    }
}
