//! A line of the screen before it has a place: texts with their meaning.

use crate::console::theme::Role;
use std::borrow::Cow;

/// Texts with their roles, left to right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// The parts; texts are raw, the painter makes them safe.
    pub parts: Vec<(Role, Cow<'static, str>)>,
}

impl Line {
    /// An empty line.
    pub fn new() -> Self {
        Self::default()
    }

    /// A line of one text.
    pub fn of(role: Role, text: impl Into<Cow<'static, str>>) -> Self {
        Self { parts: vec![(role, text.into())] }
    }

    /// The same with a further text.
    #[must_use]
    pub fn with(mut self, role: Role, text: impl Into<Cow<'static, str>>) -> Self {
        self.push(role, text);
        self
    }

    /// Adds a text.
    pub fn push(&mut self, role: Role, text: impl Into<Cow<'static, str>>) {
        self.parts.push((role, text.into()));
    }

    /// Columns that it takes when nothing is cut.
    pub fn width(&self) -> usize {
        self.parts.iter().map(|(_, text)| crate::text::width(&crate::text::line(text))).sum()
    }

    /// The text without roles.
    pub fn text(&self) -> String {
        self.parts.iter().map(|(_, text)| &**text).collect()
    }
}

impl From<&'static str> for Line {
    fn from(text: &'static str) -> Self {
        Self::of(Role::Text, text)
    }
}
