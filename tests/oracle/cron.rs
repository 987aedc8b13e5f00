//! Cron lines read a second time, from the rules alone: nothing here knows the program's own reader.

/// Days before 1970-01-01 are negative.
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

pub fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub fn month_length(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A day with all that a line may ask of it. Sunday is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    pub year: i64,
    pub month: i64,
    pub day: i64,
    pub weekday: i64,
}

impl Day {
    /// All days from one number to before another, counted by hand from a day that is known.
    pub fn all(from: i64, to: i64) -> Vec<Self> {
        // 1 January 1970 was a Thursday.
        let mut day = Self { year: 1970, month: 1, day: 1, weekday: 4 };
        let mut number = 0;
        let mut found = Vec::new();
        while number < to {
            if number >= from {
                found.push(day);
            }
            number += 1;
            day.weekday = (day.weekday + 1) % 7;
            day.day += 1;
            if day.day > month_length(day.year, day.month) {
                day.day = 1;
                day.month += 1;
            }
            if day.month > 12 {
                day.month = 1;
                day.year += 1;
            }
        }
        found
    }

    fn weekday_of(self, day: i64) -> i64 {
        (self.weekday + day - self.day).rem_euclid(7)
    }
}

/// A line, field by field.
#[derive(Debug, Default)]
pub struct Cron {
    pub seconds: Vec<i64>,
    minutes: Vec<i64>,
    hours: Vec<i64>,
    months: Vec<i64>,
    days: Vec<i64>,
    near: Vec<i64>,
    last_day: bool,
    last_weekday: bool,
    weekdays: Vec<i64>,
    nth: Vec<(i64, i64)>,
    last: Vec<i64>,
    any_day: bool,
    any_weekday: bool,
    /// Each of its times is a fixed time of day: neither minute nor hour holds `*` or `/`.
    pub is_fixed: bool,
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

fn figure(text: &str, names: &[&str], first: i64) -> i64 {
    let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
    named.map_or_else(|| text.parse().unwrap_or_else(|_| panic!("`{text}` is no figure")), |place| place as i64 + first)
}

/// The values of a list of figures, ranges and steps.
fn values(item: &str, low: i64, high: i64, names: &[&str], first: i64) -> Vec<i64> {
    let (range, step) = item.split_once('/').map_or((item, 1), |(range, step)| (range, figure(step, &[], 0)));
    let (from, to) = match range.split_once('-') {
        _ if range == "*" => (low, high),
        Some((from, to)) => (figure(from, names, first), figure(to, names, first)),
        None => (figure(range, names, first), figure(range, names, first)),
    };
    (from..=to).filter(|value| (value - from) % step == 0).collect()
}

fn list(field: &str, low: i64, high: i64, names: &[&str]) -> Vec<i64> {
    field.split(',').flat_map(|item| values(item, low, high, names, low)).collect()
}

impl Cron {
    pub fn read(line: &str) -> Self {
        let line = match line {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@quarterly" => "0 0 1 1,4,7,10 *",
            "@yearly" | "@annually" => "0 0 1 1 *",
            line => line,
        };
        let fields: Vec<&str> = line.split(' ').collect();
        let [seconds, rest @ ..] = &fields[..] else { panic!("{line}") };
        let (seconds, rest) = if rest.len() == 5 { (list(seconds, 0, 59, &[]), rest) } else { (vec![0], &fields[..]) };
        let [minute, hour, day, month, weekday] = rest else { panic!("{line}") };
        let mut cron = Self {
            seconds,
            minutes: list(minute, 0, 59, &[]),
            hours: list(hour, 0, 23, &[]),
            months: list(month, 1, 12, &MONTHS),
            any_day: matches!(*day, "*" | "?"),
            any_weekday: matches!(*weekday, "*" | "?"),
            is_fixed: !minute.contains(['*', '/']) && !hour.contains(['*', '/']),
            ..Self::default()
        };
        for item in day.split(',').filter(|_| !cron.any_day) {
            match item {
                "L" => cron.last_day = true,
                "LW" => cron.last_weekday = true,
                _ if item.ends_with('W') => cron.near.push(figure(&item[..item.len() - 1], &[], 0)),
                _ => cron.days.extend(values(item, 1, 31, &[], 0)),
            }
        }
        for item in weekday.split(',').filter(|_| !cron.any_weekday) {
            if let Some((weekday, n)) = item.split_once('#') {
                cron.nth.push((figure(weekday, &WEEKDAYS, 0) % 7, figure(n, &[], 0)));
            } else if let Some(weekday) = item.strip_suffix('L') {
                cron.last.push(figure(weekday, &WEEKDAYS, 0) % 7);
            } else {
                cron.weekdays.extend(values(item, 0, 6, &WEEKDAYS, 0).iter().map(|weekday| weekday % 7));
            }
        }
        cron
    }

    pub fn is_minute(&self, hour: i64, minute: i64) -> bool {
        self.hours.contains(&hour) && self.minutes.contains(&minute)
    }

    pub fn is_month(&self, month: i64) -> bool {
        self.months.contains(&month)
    }

    /// Day of month and weekday both given: either is enough.
    pub fn is_day(&self, day: Day) -> bool {
        let length = month_length(day.year, day.month);
        let is_work = |number: i64| !matches!(day.weekday_of(number), 0 | 6);
        let nearest = |wanted: i64| match day.weekday_of(wanted) {
            6 if wanted > 1 => wanted - 1,
            6 => wanted + 2,
            0 if wanted < length => wanted + 1,
            0 => wanted - 2,
            _ => wanted,
        };
        let of_month = self.days.contains(&day.day)
            || self.last_day && day.day == length
            || self.last_weekday && is_work(day.day) && (day.day + 1..=length).all(|later| !is_work(later))
            || self.near.iter().any(|wanted| *wanted <= length && nearest(*wanted) == day.day);
        let of_week = self.weekdays.contains(&day.weekday)
            || self.nth.iter().any(|(weekday, n)| day.weekday == *weekday && (day.day + 6) / 7 == *n)
            || self.last.contains(&day.weekday) && day.day + 7 > length;
        self.is_month(day.month)
            && match (self.any_day, self.any_weekday) {
                (true, true) => true,
                (true, false) => of_week,
                (false, true) => of_month,
                (false, false) => of_month || of_week,
            }
    }
}
