//! When a line of a log was written: the format is found out from the first lines, or named by the workspace.

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use regex::bytes::{Captures, Regex};

/// Lines that are looked at to find the format out.
const SAMPLE_LINES: usize = 200;
/// Bytes of a line within which its time begins.
const REACH: usize = 160;
const MONTHS: [&[u8]; 12] = [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// RFC 3339, and the same with a space, slashes, a comma before the fraction, or without a zone.
const ISO: &str = r"(?-u)(\d{4})[-/](\d{2})[-/](\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9})\d*)? ?(Z|[+-]\d{2}:?\d{2}\b)?";
/// The time of the web servers' common and combined log format.
const COMMON: &str = r"(?-u)\[(\d{2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-]\d{4})\]";
/// Traditional syslog (RFC 3164), which has no year.
const SYSLOG: &str = r"(?-u)^(?:<\d{1,3}>)?([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d{2}):(\d{2}):(\d{2})\b";
/// Seconds or milliseconds since 1970, at the beginning or as a field of JSON.
const EPOCH: &str = r#"(?-u)(?:^\[?|"(?:ts|time|timestamp|t|@timestamp)" ?: ?"?)(\d{13}|\d{10})(?:\.(\d{1,9})\d*)?(?:\D|$)"#;

/// Reads the times of lines.
#[derive(Debug, Clone)]
pub struct Stamps {
    format: Format,
    zone: TimeZone,
    /// Times without a year are taken in the year that puts them nearest before this.
    near: Timestamp,
}

#[derive(Debug, Clone)]
enum Format {
    Iso(Regex),
    Common(Regex),
    Syslog(Regex),
    Epoch(Regex),
    Named(String),
}

impl Stamps {
    /// The format that fits most of the first lines; none where none fits any.
    pub fn found(sample: &[u8], named: Option<&str>, zone: &TimeZone, near: Timestamp) -> Option<Self> {
        let lines: Vec<&[u8]> = sample.split(|byte| *byte == b'\n').take(SAMPLE_LINES).collect();
        let of = |format| Self { format, zone: zone.clone(), near };
        let formats: Vec<Self> = match named {
            Some(format) => vec![of(Format::Named(format.to_owned()))],
            None => {
                let made = |text: &str, make: fn(Regex) -> Format| Regex::new(text).ok().map(|regex| of(make(regex)));
                [made(COMMON, Format::Common), made(ISO, Format::Iso), made(SYSLOG, Format::Syslog), made(EPOCH, Format::Epoch)]
                    .into_iter()
                    .flatten()
                    .collect()
            }
        };
        let counted = formats.into_iter().map(|stamps| (lines.iter().filter(|line| stamps.at(line).is_some()).count(), stamps));
        // Of equals the first: the more special one.
        let best = counted.fold(None, |best: Option<(usize, Self)>, next| match best {
            Some(best) if best.0 >= next.0 => Some(best),
            _ => Some(next),
        });
        best.filter(|(count, _)| *count > 0).map(|(_, stamps)| stamps)
    }

    /// What the format is called.
    pub fn word(&self) -> &str {
        match &self.format {
            Format::Iso(_) => "ISO 8601",
            Format::Common(_) => "common log format",
            Format::Syslog(_) => "syslog",
            Format::Epoch(_) => "seconds since 1970",
            Format::Named(format) => format,
        }
    }

    /// When a line was written; none for one that goes on with the line before.
    pub fn at(&self, line: &[u8]) -> Option<Timestamp> {
        let line = line.get(..line.len().min(REACH))?;
        match &self.format {
            Format::Iso(regex) => {
                let found = regex.captures(line)?;
                let date = Date::new(number(&found, 1)?, number(&found, 2)?, number(&found, 3)?).ok()?;
                let time = time(&found, 4, fraction(&found, 7))?;
                match found.get(8).map(|zone| zone.as_bytes()) {
                    None => self.zone.to_timestamp(date.to_datetime(time)).ok(),
                    Some(b"Z") => Offset::UTC.to_timestamp(date.to_datetime(time)).ok(),
                    Some(zone) => offset(zone)?.to_timestamp(date.to_datetime(time)).ok(),
                }
            }
            Format::Common(regex) => {
                let found = regex.captures(line)?;
                let date = Date::new(number(&found, 3)?, month(&found, 2)?, number(&found, 1)?).ok()?;
                offset(found.get(7)?.as_bytes())?.to_timestamp(date.to_datetime(time(&found, 4, 0)?)).ok()
            }
            Format::Syslog(regex) => {
                let found = regex.captures(line)?;
                self.without_year(month(&found, 1)?, number(&found, 2)?, time(&found, 3, 0)?)
            }
            Format::Epoch(regex) => {
                let found = regex.captures(line)?;
                let digits = found.get(1)?.as_bytes();
                let value: i64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
                if digits.len() == 13 { Timestamp::from_millisecond(value).ok() } else { Timestamp::new(value, fraction(&found, 2)).ok() }
            }
            Format::Named(format) => self.named(format, line),
        }
    }

    /// A time in a format that the workspace names, at the beginning of any word.
    fn named(&self, format: &str, line: &[u8]) -> Option<Timestamp> {
        let begins = |place: &usize| *place == 0 || line.get(place - 1).is_some_and(|byte| !byte.is_ascii_alphanumeric());
        (0..line.len().min(64)).filter(begins).find_map(|place| {
            let (found, _) = BrokenDownTime::parse_prefix(format, line.get(place..)?).ok()?;
            if let Ok(at) = found.to_timestamp() {
                return Some(at);
            }
            if let Ok(at) = found.to_datetime() {
                return self.zone.to_timestamp(at).ok();
            }
            self.without_year(found.month()?, found.day()?, found.to_time().ok()?)
        })
    }

    fn without_year(&self, month: i8, day: i8, time: Time) -> Option<Timestamp> {
        let limit = self.near.checked_add(SignedDuration::from_hours(24)).unwrap_or(self.near);
        let year = limit.to_zoned(self.zone.clone()).year();
        (0..3).find_map(|back| {
            let at = DateTime::from_parts(Date::new(year - back, month, day).ok()?, time);
            self.zone.to_timestamp(at).ok().filter(|at| *at <= limit)
        })
    }
}

fn number<T: std::str::FromStr>(found: &Captures<'_>, group: usize) -> Option<T> {
    std::str::from_utf8(found.get(group)?.as_bytes()).ok()?.parse().ok()
}

fn month(found: &Captures<'_>, group: usize) -> Option<i8> {
    let name = found.get(group)?.as_bytes();
    MONTHS.iter().position(|month| *month == name).and_then(|place| i8::try_from(place + 1).ok())
}

/// Hour, minute and second in this group and the next ones. A leap second is the second before it.
fn time(found: &Captures<'_>, group: usize, nanosecond: i32) -> Option<Time> {
    let second: i8 = number(found, group + 2)?;
    Time::new(number(found, group)?, number(found, group + 1)?, second.min(59), nanosecond).ok()
}

/// A fraction of a second in nanoseconds.
fn fraction(found: &Captures<'_>, group: usize) -> i32 {
    let digits = found.get(group).map_or(&b""[..], |digits| digits.as_bytes());
    (0..9).fold(0, |value, place| value * 10 + digits.get(place).map_or(0, |digit| i32::from(digit - b'0')))
}

/// `+0100` or `+01:00`.
fn offset(text: &[u8]) -> Option<Offset> {
    let text = std::str::from_utf8(text).ok()?;
    let hours: i32 = text.get(1..3)?.parse().ok()?;
    let minutes: i32 = text.get(text.len() - 2..)?.parse().ok()?;
    let seconds = hours * 3_600 + minutes * 60;
    Offset::from_seconds(if text.starts_with('-') { -seconds } else { seconds }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: &str, named: Option<&str>) -> Option<String> {
        let near: Timestamp = "2026-01-05T12:00:00Z".parse().unwrap();
        let rome = TimeZone::get("Europe/Rome").unwrap();
        Stamps::found(line.as_bytes(), named, &rome, near)?.at(line.as_bytes()).map(|at| at.to_string())
    }

    #[test]
    fn the_usual_formats_are_found_out() {
        for (line, wanted) in [
            ("2026-01-04T09:15:30.25Z level=error", "2026-01-04T09:15:30.25Z"),
            ("time=\"2026-01-04T09:15:30+01:00\" msg", "2026-01-04T08:15:30Z"),
            ("[2026-01-04 09:15:30,123] ERROR x", "2026-01-04T08:15:30.123Z"),
            ("2026/01/04 09:15:30 [error] 7#7: *1", "2026-01-04T08:15:30Z"),
            ("Jan  4 09:15:30 shop cron[7]: x", "2026-01-04T08:15:30Z"),
            ("<13>Dec 31 23:59:59 shop x: y", "2025-12-31T22:59:59Z"),
            ("10.0.0.7 - - [04/Jan/2026:09:15:30 +0000] \"GET / HTTP/1.1\" 500 7", "2026-01-04T09:15:30Z"),
            ("1767518130.5 something", "2026-01-04T09:15:30.5Z"),
            ("{\"ts\":1767518130123,\"level\":\"error\"}", "2026-01-04T09:15:30.123Z"),
        ] {
            assert_eq!(at(line, None).as_deref(), Some(wanted), "{line}");
        }
        for line in ["no time here", "17675181300000 too many digits", "2026-13-41 25:61:61 nonsense", ""] {
            assert_eq!(at(line, None), None, "{line}");
        }
    }

    #[test]
    fn a_format_can_be_named() {
        assert_eq!(at("E 04.01.2026 09:15:30 x", Some("%d.%m.%Y %H:%M:%S")).as_deref(), Some("2026-01-04T08:15:30Z"));
        assert_eq!(at("0104 09:15:30 x", Some("%m%d %H:%M:%S")).as_deref(), Some("2026-01-04T08:15:30Z"));
        assert_eq!(at("E 04.01.2026 09:15:30 x", Some("%Y")), None);
    }
}
