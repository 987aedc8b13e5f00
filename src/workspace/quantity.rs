//! Durations and sizes as people write them: `1h30m`, `500ms`, `1GiB`.

use std::time::Duration;

/// Ten years; longer is a slip of the keyboard.
const LONGEST: Duration = Duration::from_hours(24 * 3660);

/// Reads `30s`, `10m`, `1h30m`, `500ms`, `2d`, `1w`, `1.5h`; the parts add up.
///
/// # Errors
/// In words: what a right duration looks like, or that it is longer than ten years.
pub fn parse_span(text: &str) -> Result<Duration, String> {
    const WANTED: &str = "a duration is written as `30s`, `10m`, `1h30m`, `500ms`, `2d` or `1w`";
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(WANTED.to_owned());
    }
    let mut seconds = 0.0_f64;
    while !rest.is_empty() {
        let (number, after) = split_number(rest).ok_or(WANTED)?;
        let unit_end = after.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, next) = after.split_at(unit_end);
        let scale = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            "w" => 604_800.0,
            _ => return Err(WANTED.to_owned()),
        };
        seconds += number * scale;
        rest = next.trim_start();
    }
    // Microseconds are what is kept; the sum of decimal fractions may miss them by a hair.
    let span = Duration::try_from_secs_f64((seconds * 1e6).round() / 1e6).map_err(|_| WANTED)?;
    if span > LONGEST { Err("longer than ten years".to_owned()) } else { Ok(span) }
}

/// Reads `4096`, `512KiB`, `1GiB`, `10MB` as bytes.
///
/// # Errors
/// In words: what a right size looks like.
pub fn parse_size(text: &str) -> Result<u64, String> {
    const WANTED: &str = "a size is written as `1GiB`, `512KiB`, `10MB` or a number of bytes";
    let (number, unit) = split_number(text.trim()).ok_or(WANTED)?;
    let scale: u64 = match unit.trim() {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return Err(WANTED.to_owned()),
    };
    let bytes = number * scale as f64;
    if bytes > (1_u64 << 50) as f64 { Err("larger than 1024 TiB".to_owned()) } else { Ok(bytes as u64) }
}

/// A decimal number at the beginning, and the rest.
fn split_number(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    if !number.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    number.parse().ok().map(|number| (number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, millis) in [
            ("30s", 30_000),
            ("10m", 600_000),
            ("1h30m", 5_400_000),
            ("500ms", 500),
            ("1.5h", 5_400_000),
            ("2d", 172_800_000),
            ("0s", 0),
            ("1m 30s", 90_000),
        ] {
            assert_eq!(parse_span(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for wrong in ["", "30", "s", "-5s", "1x", "1h30", "10 years", "99999999d", "1e400s", "..s"] {
            assert!(parse_span(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [("4096", 4096), ("1GiB", 1 << 30), ("1.5 KiB", 1536), ("10MB", 10_000_000)] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for wrong in ["", "GiB", "-1", "1XB", "99999TiB"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }
}
