//! A line of text that is typed: by characters as a reader sees them, pasted text cut at a size.

use crate::console::Action;
use unicode_segmentation::UnicodeSegmentation as _;

/// Bytes that a typed text may have; a longer paste is cut and said so.
pub const TEXT_MAX: usize = 64 << 10;

/// A text and the place of its cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input {
    text: String,
    cursor: usize,
}

impl Input {
    /// A text with the cursor at its end.
    pub fn with(text: &str) -> Self {
        let mut input = Self::default();
        input.insert(text);
        input
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The byte before which the cursor stands, always between characters.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Whether nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Puts a text at the cursor: line ends and tabs become spaces, other controls are left out. Answers whether all of
    /// it found room.
    pub fn insert(&mut self, text: &str) -> bool {
        let room = TEXT_MAX.saturating_sub(self.text.len());
        let taken = crate::text::head(text, room);
        let clean: String = taken
            .trim_end_matches(['\n', '\r'])
            .chars()
            .map(|char| if matches!(char, '\n' | '\t') { ' ' } else { char })
            .filter(|char| !char.is_control())
            .collect();
        self.text.insert_str(self.cursor, &clean);
        self.cursor += clean.len();
        taken.len() == text.len()
    }

    /// Does an action of typing: deletes or moves; any other changes nothing.
    pub fn act(&mut self, action: Action) {
        match action {
            Action::DeleteLeft => self.delete_left(),
            Action::DeleteRight => self.delete_right(),
            Action::CursorLeft => self.left(),
            Action::CursorRight => self.right(),
            Action::CursorStart => self.start(),
            Action::CursorEnd => self.end(),
            _ => {}
        }
    }

    /// Empties it.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The cursor one character to the left.
    pub fn left(&mut self) {
        self.cursor = self.before();
    }

    /// The cursor one character to the right.
    pub fn right(&mut self) {
        self.cursor = self.after();
    }

    /// The cursor to the start.
    pub fn start(&mut self) {
        self.cursor = 0;
    }

    /// The cursor to the end.
    pub fn end(&mut self) {
        self.cursor = self.text.len();
    }

    /// Deletes the character before the cursor.
    pub fn delete_left(&mut self) {
        let before = self.before();
        self.text.replace_range(before..self.cursor, "");
        self.cursor = before;
    }

    /// Deletes the character after the cursor.
    pub fn delete_right(&mut self) {
        let after = self.after();
        self.text.replace_range(self.cursor..after, "");
    }

    fn before(&self) -> usize {
        self.text[..self.cursor].grapheme_indices(true).next_back().map_or(0, |(place, _)| place)
    }

    fn after(&self) -> usize {
        self.text[self.cursor..].graphemes(true).next().map_or(self.text.len(), |grapheme| self.cursor + grapheme.len())
    }
}
