//! The path or pattern of a file that is waited for: a folder, and what its last part must look like.

use regex::Regex;
use std::path::{Path, PathBuf};

/// Where files are looked for, and which.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    /// The folder.
    pub folder: PathBuf,
    /// The last part, where it is one name.
    pub name: Option<String>,
    wanted: Option<Regex>,
    dot: bool,
}

impl Pattern {
    /// Reads a path or pattern; one that begins with `/` is from the root, others are below `root`. `*` is any text, `?`
    /// any character, `[…]` one of several, `[!…]` none of them; a leading dot must be written.
    pub fn new(root: &Path, path: &str) -> Self {
        let (folder, last) =
            path.rsplit_once('/').map_or(("", path), |(folder, last)| (if folder.is_empty() { "/" } else { folder }, last));
        let folder = root.join(folder);
        if !last.contains(['*', '?', '[']) {
            return Self { folder, name: Some(last.to_owned()), wanted: None, dot: false };
        }
        Self { folder, name: None, wanted: Regex::new(&expression(last)).ok(), dot: last.starts_with('.') }
    }

    /// Whether a name in the folder is meant.
    pub fn matches(&self, name: &str) -> bool {
        match (&self.name, &self.wanted) {
            (Some(own), _) => own == name,
            // As in a shell, hidden files are meant only where the dot is written.
            (None, Some(wanted)) => (self.dot || !name.starts_with('.')) && wanted.is_match(name),
            (None, None) => false,
        }
    }
}

/// A pattern as a regular expression.
fn expression(pattern: &str) -> String {
    let mut expression = String::from("^");
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '*' => expression.push_str("(?s:.*)"),
            '?' => expression.push_str("(?s:.)"),
            '[' => {
                expression.push('[');
                if letters.next_if_eq(&'!').is_some() {
                    expression.push('^');
                }
                for inner in letters.by_ref() {
                    match inner {
                        ']' => break,
                        '-' => expression.push('-'),
                        other => expression.push_str(&regex::escape(&other.to_string())),
                    }
                }
                expression.push(']');
            }
            other => expression.push_str(&regex::escape(&other.to_string())),
        }
    }
    expression.push('$');
    expression
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_a_shell() {
        let root = Path::new("/work");
        for (path, folder, right, wrong) in [
            ("in/orders.csv", "/work/in", "orders.csv", "orders-csv"),
            ("in/orders-*.csv", "/work/in", "orders-2026.csv", "orders-2026.csv.tmp"),
            ("/data/day?.gz", "/data", "day1.gz", "day12.gz"),
            ("day[0-3].gz", "/work", "day2.gz", "day4.gz"),
            ("day[!0-3].gz", "/work", "day4.gz", "day2.gz"),
            ("in/*", "/work/in", "a+b (1).csv", ".hidden"),
            ("/*", "/", "x", ".x"),
        ] {
            let pattern = Pattern::new(root, path);
            assert_eq!(pattern.folder, Path::new(folder), "{path}");
            assert!(pattern.matches(right), "{path} {right}");
            assert!(!pattern.matches(wrong), "{path} {wrong}");
        }
    }
}
