//! What a line says without what changes from run to run: no colours, no figures, no spacing.

use std::borrow::Cow;

/// The shortest run of hexadecimal digits that is taken for an identifier, such as a part of a UUID or a commit.
const HEX_MIN: usize = 4;
/// Names of days and months as they stand in times of logs.
const CALENDAR: [&str; 19] =
    ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A line without the colours that a step printed (`ESC [ … m`). Everything else stays.
pub fn colourless(line: &str) -> Cow<'_, str> {
    if !line.contains("\x1b[") {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("\x1b[") {
        let (before, sequence) = rest.split_at(at);
        out.push_str(before);
        let body = sequence.get(2..).unwrap_or_default();
        let length = body.find(|char: char| !matches!(char, '0'..='9' | ';' | ':'));
        if let Some(length) = length.filter(|length| body.get(*length..).is_some_and(|rest| rest.starts_with('m'))) {
            rest = body.get(length + 1..).unwrap_or_default();
        } else {
            out.push_str("\x1b[");
            rest = body;
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// What a line says in words: every figure, time, date and identifier becomes `0`, spaces become one. Lines that are equal
/// then differ by what differs in every run.
pub fn words_only(line: &str) -> String {
    let line = colourless(line);
    let mut out = String::with_capacity(line.len());
    let mut rest = &*line;
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_alphanumeric() {
            let length = rest.find(|char: char| !char.is_ascii_alphanumeric()).unwrap_or(rest.len());
            let (word, after) = rest.split_at(length);
            push_word(&mut out, word);
            rest = after;
        } else if first.is_whitespace() {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
            rest = rest.trim_start();
        } else {
            out.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    out.truncate(out.trim_end().len());
    out
}

fn push_word(out: &mut String, word: &str) {
    let has_digit = word.bytes().any(|byte| byte.is_ascii_digit());
    if !has_digit && !CALENDAR.contains(&word) {
        out.push_str(word);
        return;
    }
    let is_figure = !has_digit || (word.len() >= HEX_MIN && word.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let start = out.len();
    if is_figure {
        out.push('0');
    } else {
        for (place, byte) in word.bytes().enumerate() {
            let after_digit = place > 0 && word.as_bytes().get(place - 1).is_some_and(u8::is_ascii_digit);
            match byte.is_ascii_digit() {
                true if after_digit => {}
                true => out.push('0'),
                false => out.push(char::from(byte)),
            }
        }
    }
    // Parts of one figure become one: `1,204`, `3.50`, `02:41:07`, `550e8400-e29b`.
    let joined = out.get(..start).is_some_and(|before| {
        before.ends_with(['.', ',', ':', '-']) && before.get(..start - 1).is_some_and(|before| before.ends_with('0'))
    });
    if joined && out.get(start..) == Some("0") {
        out.truncate(start - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_two_days_say_the_same() {
        for (one, other) in [
            ("2026-11-20 02:41:07.123 INFO loaded 1,204 rows in 3.5 s", "2026-11-21 02:39:55.004 INFO loaded 987 rows in 12.25 s"),
            ("2026-11-20T02:41:07Z [4711] start", "2026-11-21T12:01:00Z [99] start"),
            ("Fri Nov 20 02:41:07 CET 2026", "Sat Nov 21 02:40:01 CET 2026"),
            ("job 550e8400-e29b-41d4-a716-446655440000 done", "job 7d9f1c02-aa11-4f00-9b01-0123456789ab done"),
            ("\x1b[32mok\x1b[0m   12%", "ok 7%"),
            ("orders_20261120.csv", "orders_20261121.csv"),
        ] {
            assert_eq!(words_only(one), words_only(other));
        }
    }

    #[test]
    fn words_stay_apart() {
        for (one, other) in [("exit 0", "exited 0"), ("loaded 5 rows", "lost 5 rows"), ("role etl", "role ela"), ("", "x")] {
            assert_ne!(words_only(one), words_only(other));
        }
    }

    #[test]
    fn only_whole_colours_are_taken_out() {
        assert_eq!(colourless("a\x1b[1;31mb\x1b[0mc"), "abc");
        assert_eq!(colourless("a\x1b[2Jb\x1b[31"), "a\x1b[2Jb\x1b[31");
        assert_eq!(colourless("plain"), "plain");
    }
}
