//! Lists in Markdown that are made of foreign words.

use super::wording::escape;
use std::fmt::Write;

/// Lines with a bullet.
#[derive(Debug)]
pub(super) struct List {
    text: String,
    bullet: &'static str,
}

impl Default for List {
    fn default() -> Self {
        Self { text: String::new(), bullet: "- " }
    }
}

impl List {
    /// A list of things to be ticked.
    pub(super) fn to_tick() -> Self {
        Self { bullet: "- [ ] ", ..Self::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// A line of foreign words.
    pub(super) fn push(&mut self, line: &str) {
        self.text.push_str(self.bullet);
        self.text.push_str(&escape(line));
        self.text.push('\n');
    }

    /// A line with the command that shows what it names.
    pub(super) fn push_with(&mut self, line: &str, command: &str) {
        // Writing into a text cannot fail.
        let _ = writeln!(self.text, "{}{}: `{}`", self.bullet, escape(line), command.replace('`', "'"));
    }

    /// The list, or a sentence where it is empty.
    pub(super) fn or(self, sentence: &str) -> String {
        if self.text.is_empty() { format!("{sentence}\n") } else { self.text }
    }
}
