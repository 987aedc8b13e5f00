//! What a calendar is: the days on which business is done, and the times at which nothing may start.

use super::id::InvalidId;
use super::{CalendarId, FlowDefinition};
use jiff::civil::{Date, DateTime, Weekday};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// Days in a row without business after which a calendar counts as having no further business day.
const GAP_MAX: usize = 400;

/// A calendar as its file defines it, with all that it includes resolved into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// Its name: the stem of its file.
    pub id: CalendarId,
    /// Where it was defined, relative to the workspace, for messages.
    #[serde(default)]
    pub file: String,
    /// Days of the week without business. Default Saturday and Sunday.
    pub weekend: BTreeSet<WeekDay>,
    /// Single days without business, with their names; a name may be empty.
    #[serde(default)]
    pub holidays: BTreeMap<Date, String>,
    /// Days without business in every year, with their names.
    #[serde(default)]
    pub yearly: BTreeMap<MonthDay, String>,
    /// Single days with business whatever the other rules say, with their names.
    #[serde(default)]
    pub working: BTreeMap<Date, String>,
    /// Stretches in which nothing starts, by their beginning.
    #[serde(default)]
    pub blackouts: Vec<Blackout>,
}

impl Calendar {
    /// An empty calendar: Saturday and Sunday off.
    pub fn new(id: &str) -> Self {
        Self {
            id: CalendarId::new(id),
            file: format!("calendars/{id}.toml"),
            weekend: BTreeSet::from([WeekDay::Sat, WeekDay::Sun]),
            holidays: BTreeMap::new(),
            yearly: BTreeMap::new(),
            working: BTreeMap::new(),
            blackouts: Vec::new(),
        }
    }

    /// Whether business is done on a date. A named working day beats everything, a weekend day is a weekday's rule.
    pub fn is_business(&self, date: Date) -> bool {
        self.working.contains_key(&date)
            || !(self.weekend.contains(&WeekDay::of(date))
                || self.holidays.contains_key(&date)
                || self.yearly.contains_key(&MonthDay::of(date)))
    }

    /// Why no business is done on a date: `holiday: Christmas`, `Saturday`. Nothing on a business day.
    pub fn why_off(&self, date: Date) -> Option<String> {
        if self.is_business(date) {
            return None;
        }
        let holiday = self.holidays.get(&date).or_else(|| self.yearly.get(&MonthDay::of(date)));
        Some(match holiday {
            Some(name) if !name.is_empty() => format!("holiday: {name}"),
            Some(_) => "holiday".to_owned(),
            None => WeekDay::of(date).name().to_owned(),
        })
    }

    /// The first business day after a date.
    pub fn after(&self, date: Date) -> Option<Date> {
        std::iter::successors(date.tomorrow().ok(), |date| date.tomorrow().ok()).take(GAP_MAX).find(|date| self.is_business(*date))
    }

    /// The last business day before a date.
    pub fn before(&self, date: Date) -> Option<Date> {
        std::iter::successors(date.yesterday().ok(), |date| date.yesterday().ok()).take(GAP_MAX).find(|date| self.is_business(*date))
    }

    /// The business day that lies so many business days after a date, or before it where negative; the date itself for 0.
    pub fn moved(&self, date: Date, by: i8) -> Option<Date> {
        (0..by.unsigned_abs()).try_fold(date, |date, _| if by > 0 { self.after(date) } else { self.before(date) })
    }

    /// The blackout that covers a wall time.
    pub fn blackout(&self, wall: DateTime) -> Option<&Blackout> {
        self.blackouts.iter().take_while(|blackout| blackout.from <= wall).find(|blackout| wall < blackout.to)
    }
}

/// A stretch of local wall time in which nothing starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blackout {
    /// From this wall time on, in the zone of the flow.
    pub from: DateTime,
    /// Until before this wall time.
    pub to: DateTime,
    /// Why.
    pub reason: String,
}

/// What a flow makes of a calendar (RULES: calendars).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CalendarRule {
    /// The calendar.
    pub name: CalendarId,
    /// Fires on this business day of the month alone, counted from 1, or from the end where negative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<i8>,
    /// Where an occurrence on a day without business goes. Absent: it is skipped, and that is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shift: Option<Shift>,
    /// Every occurrence is moved by so many business days.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub offset: i8,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn is_zero(figure: &i8) -> bool {
    *figure == 0
}

impl CalendarRule {
    /// The rule that skips what falls on a day without business.
    pub fn plain(name: &str) -> Self {
        Self { name: CalendarId::new(name), day: None, shift: None, offset: 0 }
    }

    /// Whether it decides on which days a schedule fires. A plain rule takes the schedule's days and skips some.
    pub fn moves(&self) -> bool {
        self.day.is_some() || self.shift.is_some() || self.offset != 0
    }
}

impl FlowDefinition {
    /// The calendar rule where it decides on which days the schedules fire.
    pub fn moving_rule(&self) -> Option<&CalendarRule> {
        self.calendar.as_ref().filter(|rule| rule.moves())
    }
}

/// Where an occurrence on a day without business goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shift {
    /// To the business day before.
    Previous,
    /// To the business day after.
    Next,
}

/// A day of the week, as files name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeekDay {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl WeekDay {
    /// All of them, from Monday.
    pub const ALL: [Self; 7] = [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    /// The day of the week of a date.
    pub fn of(date: Date) -> Self {
        match date.weekday() {
            Weekday::Monday => Self::Mon,
            Weekday::Tuesday => Self::Tue,
            Weekday::Wednesday => Self::Wed,
            Weekday::Thursday => Self::Thu,
            Weekday::Friday => Self::Fri,
            Weekday::Saturday => Self::Sat,
            Weekday::Sunday => Self::Sun,
        }
    }

    /// Its name in full.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mon => "Monday",
            Self::Tue => "Tuesday",
            Self::Wed => "Wednesday",
            Self::Thu => "Thursday",
            Self::Fri => "Friday",
            Self::Sat => "Saturday",
            Self::Sun => "Sunday",
        }
    }
}

/// A day of every year, written `12-25`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonthDay {
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
}

impl MonthDay {
    /// The day of the year of a date.
    pub fn of(date: Date) -> Self {
        Self { month: date.month(), day: date.day() }
    }
}

impl fmt::Display for MonthDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}

impl FromStr for MonthDay {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let wrong = || InvalidId { text: text.to_owned(), wanted: "a day of the year such as 12-25" };
        let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        let (month, day) = text.split_once('-').filter(|(month, day)| digits(month) && digits(day)).ok_or_else(wrong)?;
        let (month, day) = (month.parse().map_err(|_| wrong())?, day.parse().map_err(|_| wrong())?);
        // 2000 was a leap year: 29 February is a day of some years.
        Date::new(2000, month, day).map(|_| Self { month, day }).map_err(|_| wrong())
    }
}

impl Serialize for MonthDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MonthDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_day_is_off_for_its_best_reason() {
        let mut calendar = Calendar::new("it");
        calendar.yearly.insert("12-25".parse().unwrap(), "Christmas".into());
        calendar.holidays.insert(date(2026, 4, 6), String::new());
        calendar.working.insert(date(2026, 12, 5), "stocktaking".into());
        assert_eq!(calendar.why_off(date(2026, 12, 25)).as_deref(), Some("holiday: Christmas"));
        assert_eq!(calendar.why_off(date(2026, 4, 6)).as_deref(), Some("holiday"));
        assert_eq!(calendar.why_off(date(2026, 11, 21)).as_deref(), Some("Saturday"));
        assert_eq!(calendar.why_off(date(2026, 12, 5)), None);
        assert_eq!(calendar.after(date(2026, 12, 24)), Some(date(2026, 12, 28)));
        assert_eq!(calendar.moved(date(2026, 12, 28), -2), Some(date(2026, 12, 23)));
        assert!("02-30".parse::<MonthDay>().is_err() && "2-3".parse::<MonthDay>().is_err());
        assert_eq!(calendar, serde_json::from_str(&serde_json::to_string(&calendar).unwrap()).unwrap());
    }

    #[test]
    fn a_calendar_without_business_days_is_no_endless_walk() {
        let calendar = Calendar { weekend: WeekDay::ALL.into(), ..Calendar::new("never") };
        assert_eq!((calendar.after(date(2026, 1, 1)), calendar.before(date(9999, 12, 31))), (None, None));
        assert_eq!(calendar.after(Date::MAX), None);
    }
}
