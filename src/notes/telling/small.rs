//! Small words that many facts need: counts, reasons, parameters, and the cut to one line.

use super::LINE_MAX;
use crate::domain::Params;
use crate::domain::counted;

/// `1 byte`, `3 bytes`.
pub(super) fn counted_bytes(bytes: u64) -> String {
    counted(usize::try_from(bytes).unwrap_or(usize::MAX), "byte")
}

/// `: the reason`, or nothing.
pub(super) fn because(reason: Option<&String>) -> String {
    reason.map(|reason| format!(": {reason}")).unwrap_or_default()
}

/// ` [region=us]`, or nothing.
pub(super) fn params_words(params: &Params) -> String {
    if params.is_empty() {
        return String::new();
    }
    let pairs: Vec<_> = params.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!(" [{}]", pairs.join(" "))
}

/// One line: line ends, tabs and other white space become single spaces, and what is longer than [`LINE_MAX`] is cut.
pub fn one_line(text: &str) -> String {
    let mut line = String::new();
    let (mut taken, mut gap) = (0, false);
    for letter in text.chars() {
        if letter.is_whitespace() {
            gap = !line.is_empty();
            continue;
        }
        if taken + usize::from(gap) >= LINE_MAX {
            line.push('…');
            return line;
        }
        if std::mem::take(&mut gap) {
            line.push(' ');
            taken += 1;
        }
        line.push(letter);
        taken += 1;
    }
    line
}
