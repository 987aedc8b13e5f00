//! Figures and foreign words in Markdown that dogwatch writes.

use jiff::{SignedDuration, Timestamp};

/// A duration as people say it: `45 s`, `3 min 20 s`, `1 h 02 min`, `2 d 3 h`. A negative one is `0 s`.
pub fn span(span: SignedDuration) -> String {
    let seconds = span.as_secs().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match () {
        () if days > 0 => format!("{days} d {hours} h"),
        () if hours > 0 => format!("{hours} h {minutes:02} min"),
        () if minutes > 0 && seconds % 60 > 0 => format!("{minutes} min {} s", seconds % 60),
        () if minutes > 0 => format!("{minutes} min"),
        () => format!("{seconds} s"),
    }
}

/// From one instant to a later one, as people say it.
pub fn between(from: Timestamp, to: Timestamp) -> String {
    span(to.duration_since(from))
}

/// `2026-11-21 02:29:07`, in UTC.
pub fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Words from outside as they stand in Markdown: nothing in them is mark-up, a table's border or a comment, and control
/// characters are shown as `\u{…}`.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut before = ' ';
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let within_word = before.is_alphanumeric() && letters.peek().is_some_and(|next| next.is_alphanumeric());
        match letter {
            '\\' | '`' | '*' | '<' | '[' | ']' | '|' | '&' | '~' => escaped.extend(['\\', letter]),
            '_' if !within_word => escaped.push_str("\\_"),
            letter if letter.is_control() => escaped.extend(letter.escape_unicode()),
            letter => escaped.push(letter),
        }
        before = letter;
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_as_people_do() {
        let said = [0, 45, 60, 200, 3_720, 183_600, -5].map(|seconds| span(SignedDuration::from_secs(seconds)));
        assert_eq!(said, ["0 s", "45 s", "1 min", "3 min 20 s", "1 h 02 min", "2 d 3 h", "0 s"]);
    }

    #[test]
    fn foreign_words_are_no_markup() {
        assert_eq!(escape("load_orders <!-- dogwatch:end x --> *a* _b_"), r"load_orders \<!-- dogwatch:end x --> \*a\* \_b\_");
    }
}
