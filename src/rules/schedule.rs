//! Cron lines: the days and times of day that a line and its calendar name (RULES: schedule). A rule without state.

mod firings;

pub use firings::Firings;

use super::calendar::{DayRule, Fires, Named};
use crate::domain::CalendarId;
use crate::domain::batch_day::first_instant;
use crate::domain::calendar::CalendarRule;
use crate::domain::effect::Firing;
use croner::parser::{CronParser, Seconds, Year};
use croner::{CronPattern, Weekday};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use thiserror::Error;

/// Lines that do not fire within this many days never fire: the rarest line, a given weekday on 29 February across a
/// year such as 2100, fires every 40 years.
const HORIZON_DAYS: i32 = 41 * 366;

/// Where the search for a day on which a line fires begins.
const FIRST_DAY: Date = Date::constant(2000, 1, 1);

/// Lines that are remembered after they were read; more than any workspace has.
const KNOWN_MAX: usize = 20_000;

/// The short names that stand for whole lines.
const SHORT_NAMES: [(&str, &str); 7] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@quarterly", "0 0 1 1,4,7,10 *"),
    ("@yearly", "0 0 1 1 *"),
];

/// Schedules by line, zone, calendar rule and the place of the calendar in memory, which the schedule itself keeps from
/// being used again; absent where the line cannot be read.
type Known = HashMap<(String, String, Option<CalendarRule>, usize), Option<Arc<Schedule>>>;

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
    /// The line names days, but none of them is a business day.
    #[error("`{line}` never runs: no day that it names is a business day of the calendar `{calendar}`")]
    NeverBusiness {
        /// The line.
        line: String,
        /// The calendar.
        calendar: CalendarId,
    },
    /// The line chooses days, and the calendar rule chooses others.
    #[error("`{line}` names days, but `day = {day}` chooses the day of the month")]
    TwoDays {
        /// The line.
        line: String,
        /// The rule's day.
        day: i8,
    },
    /// The rule names a calendar that there is not.
    #[error("there is no calendar `{calendar}`")]
    NoCalendar {
        /// The calendar.
        calendar: CalendarId,
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
    days: Option<DayRule>,
}

impl Schedule {
    /// Reads a line of five fields, or six with seconds first, or a name such as `@hourly`.
    pub fn parse(line: &str, zone: &str) -> Result<Self, ScheduleError> {
        Self::with_calendar(line, zone, None)
    }

    /// The same on the days that a calendar rule makes of it. With `day = n` the line may choose months, but no days;
    /// `@monthly`, `@quarterly` and `@yearly` choose the months alone.
    pub fn with_calendar(line: &str, zone: &str, days: Option<DayRule>) -> Result<Self, ScheduleError> {
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
        if let Some(day) = days.as_ref().and_then(|days| days.rule.day)
            && !(pattern.is_dom_wildcard() && pattern.is_dow_wildcard() || names_a_period(line))
        {
            return Err(ScheduleError::TwoDays { line: line.to_owned(), day });
        }
        let mut schedule = Self { pattern, hours, minutes, seconds, fixed, zone, days: None };
        if schedule.next_day(FIRST_DAY).is_none() {
            return Err(ScheduleError::Never { line: line.to_owned() });
        }
        schedule.days = days;
        match &schedule.days {
            Some(days) if !schedule.runs_ever(days) => {
                Err(ScheduleError::NeverBusiness { line: line.to_owned(), calendar: days.calendar.id.clone() })
            }
            _ => Ok(schedule),
        }
    }

    /// Whether any day on which it fires is a business day.
    fn runs_ever(&self, days: &DayRule) -> bool {
        let mut day = FIRST_DAY;
        // A plain rule lets it fire on days that are then left out: as many are looked at as there are days.
        for _ in 0..HORIZON_DAYS {
            match self.next_day(day) {
                Some((date, _)) if days.calendar.is_business(date) => return true,
                Some((date, _)) if !days.rule.moves() => match date.tomorrow() {
                    Ok(next) => day = next,
                    Err(_) => return false,
                },
                _ => return false,
            }
        }
        false
    }

    /// The days of its own that are moved to a date on which it fires, where a calendar moves them.
    pub fn stands_for(&self, date: Date) -> Vec<Date> {
        self.days.as_ref().map_or_else(Vec::new, |days| days.moved_to(&Line(&self.pattern), date))
    }

    /// The same, read once for each line, zone and calendar: flows ask for their next time after every change.
    pub(super) fn known(line: &str, zone: &str, days: Option<&DayRule>) -> Option<Arc<Self>> {
        thread_local! {
            static KNOWN: RefCell<Known> = RefCell::default();
        }
        KNOWN.with_borrow_mut(|known| {
            if known.len() > KNOWN_MAX {
                known.clear();
            }
            let place = days.map_or(0, |days| Arc::as_ptr(&days.calendar).addr());
            let read = || Self::with_calendar(line, zone, days.cloned()).ok().map(Arc::new);
            known.entry((line.to_owned(), zone.to_owned(), days.map(|days| days.rule.clone()), place)).or_insert_with(read).clone()
        })
    }

    /// Whether each of its times is a fixed time of day: neither minute nor hour holds `*` or `/`.
    pub fn is_fixed(&self) -> bool {
        self.fixed
    }

    /// Why a firing is left out, and by which calendar.
    pub fn why_skipped(&self, firing: &Firing) -> Option<(CalendarId, String)> {
        let days = self.days.as_ref()?;
        let reason = days.why_skipped(firing.planned.date(), self.zone.to_datetime(firing.at))?;
        Some((days.calendar.id.clone(), reason))
    }

    /// The first time after `after` at which it fires and its calendar does not leave that out.
    pub fn next_running(&self, mut after: Timestamp) -> Option<Firing> {
        for _ in 0..HORIZON_DAYS {
            let firing = self.next(after)?;
            let Some(days) = self.days.as_ref().filter(|_| self.why_skipped(&firing).is_some()) else { return Some(firing) };
            // What is left out is passed over in one stride: to the end of the blackout, or of the day.
            let wall = self.zone.to_datetime(firing.at);
            let end =
                days.calendar.blackout(wall).map(|blackout| blackout.to).or_else(|| Some(wall.date().tomorrow().ok()?.at(0, 0, 0, 0)))?;
            let before = first_instant(&self.zone, end).checked_sub(SignedDuration::from_secs(1)).ok()?;
            after = before.max(firing.at);
        }
        None
    }

    /// The first time at which it fires after `after`.
    pub fn next(&self, after: Timestamp) -> Option<Firing> {
        self.firings(after, Timestamp::MAX).next()
    }

    /// The first matching wall time at or after `from`. `day` is the day that was found last, and is kept for the next.
    fn next_wall(&self, from: DateTime, day: &mut Option<Day>) -> Option<DateTime> {
        if day.as_ref().is_none_or(|day| day.date != from.date()) {
            *day = self.fires_on(from.date()).map(|fires| Day { date: from.date(), shifted_from: fires.shifted_from });
        }
        if day.is_some()
            && let Some(time) = self.next_time(from.time())
        {
            return Some(from.date().to_datetime(time));
        }
        let first = Time::new(*self.hours.first()?, *self.minutes.first()?, *self.seconds.first()?, 0).ok()?;
        let (date, shifted_from) = self.next_day(from.date().tomorrow().ok()?)?;
        *day = Some(Day { date, shifted_from });
        Some(date.to_datetime(first))
    }

    /// The first day at or after `from` on which it fires.
    fn next_day(&self, from: Date) -> Option<(Date, Option<Date>)> {
        let mut date = from;
        let moves = self.days.as_ref().is_some_and(|days| days.rule.moves());
        let end = from.checked_add(HORIZON_DAYS.days()).unwrap_or(Date::MAX);
        while date <= end {
            if let Some(fires) = self.fires_on(date) {
                return Some((date, fires.shifted_from));
            }
            // A month that is not meant is passed over whole, unless days may be moved into it.
            let last = if moves || Line(&self.pattern).names_month(date) { date } else { date.last_of_month() };
            date = last.tomorrow().ok()?;
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

    /// Whether it fires on a date, and which day a calendar moved there.
    fn fires_on(&self, date: Date) -> Option<Fires> {
        let line = Line(&self.pattern);
        match &self.days {
            Some(days) => days.fires(&line, date),
            None => line.names(date).then_some(Fires { shifted_from: None }),
        }
    }
}

/// The days of a line.
struct Line<'a>(&'a CronPattern);

impl Named for Line<'_> {
    fn names_month(&self, date: Date) -> bool {
        self.0.month_match(date.month() as u32).unwrap_or(false)
    }

    fn names(&self, date: Date) -> bool {
        let weekday = Weekday::from_days_from_sunday(date.weekday().to_sunday_zero_offset() as u32);
        let (month, day) = (date.month() as u32, date.day() as u32);
        self.names_month(date) && self.0.day_match(i32::from(date.year()), month, day, weekday).unwrap_or(false)
    }
}

/// A day on which a schedule fires.
#[derive(Debug, Clone)]
struct Day {
    date: Date,
    /// The day that the line names, where a calendar moved it.
    shifted_from: Option<Date>,
}

/// Whether a line is a short name for a period, which leaves the day open to a calendar.
fn names_a_period(line: &str) -> bool {
    ["@monthly", "@quarterly", "@yearly", "@annually"].iter().any(|name| name.eq_ignore_ascii_case(line.trim()))
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
