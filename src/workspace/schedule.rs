//! Whether a cron line can ever fire in its zone.

use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::date;
use jiff::tz::TimeZone;

/// Why a line cannot be a schedule, in words; `None` when it can. Five fields, seconds before them optional, `@hourly`
/// and the like. A line whose time never comes, such as 30 February, is wrong too.
pub fn schedule_problem(line: &str, zone: &TimeZone) -> Option<String> {
    if line.len() > 256 {
        return Some("a cron line has at most 256 characters".to_owned());
    }
    if line.split_whitespace().count() > 6 {
        return Some("a cron line has five fields, or six with seconds first; a field for the year is not supported".to_owned());
    }
    let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
    let cron = match parser.parse(line) {
        Ok(cron) => cron,
        Err(error) => return Some(error.to_string()),
    };
    // Any fixed day will do: what fires at all fires within the eight years that a leap day may be away.
    let Ok(from) = date(2096, 3, 1).at(0, 0, 0, 0).to_zoned(zone.clone()) else {
        return Some("its zone has no such time".to_owned());
    };
    match cron.find_next_occurrence(&from, true) {
        Ok(_) => None,
        Err(_) => Some("its time never comes".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_lines_are_told_why() {
        let rome = TimeZone::get("Europe/Rome").unwrap();
        for right in
            ["30 2 * * *", "*/5 * * * *", "@hourly", "0 30 2 * * *", "30 2,14 * * MON-FRI", "0 0 L * *", "0 0 29 2 *", "30 2 * * 1#1"]
        {
            assert_eq!(schedule_problem(right, &rome), None, "{right}");
        }
        for wrong in
            ["", "hello", "31 2 *", "61 * * * *", "0 0 30 2 *", "0 0 1 1 * 9999", "* * * * * * 9999", "0 0 0 1 1 * 9999", "0 25 * * *"]
        {
            assert!(schedule_problem(wrong, &rome).is_some(), "{wrong}");
        }
    }
}
