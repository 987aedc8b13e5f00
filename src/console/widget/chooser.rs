//! Palette and help: actions with their keys, narrowed down by typing, the chosen one is done.

use super::input::Input;
use crate::console::action::Action;
use frizbee::{Config, Matcher};

/// An action as it can be chosen.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The action.
    pub action: Action,
    /// Where it belongs, for help; empty in the palette.
    pub group: &'static str,
    /// Its keys, as they are typed.
    pub keys: String,
    /// Title and sentence, as they are shown.
    pub text: String,
    /// Why it cannot be done now.
    pub why: Option<String>,
}

/// A list of actions with a line to narrow it down.
#[derive(Debug)]
pub struct Chooser {
    /// What it is.
    pub title: &'static str,
    /// Whether groups have headings while nothing is typed.
    pub grouped: bool,
    /// All choices.
    pub choices: Vec<Choice>,
    /// Places of those that match, the best first.
    pub shown: Vec<usize>,
    /// The place of the cursor in `shown`.
    pub cursor: usize,
    /// What is typed.
    pub input: Input,
}

impl Chooser {
    /// A list with all its choices.
    pub fn new(title: &'static str, grouped: bool, choices: Vec<Choice>) -> Self {
        let shown = (0..choices.len()).collect();
        Self { title, grouped, choices, shown, cursor: 0, input: Input::default() }
    }

    /// The choice under the cursor.
    pub fn chosen(&self) -> Option<&Choice> {
        self.shown.get(self.cursor).and_then(|place| self.choices.get(*place))
    }

    /// Takes typed text; answers whether all of it found room.
    pub fn typed(&mut self, text: &str) -> bool {
        let whole = self.input.insert(text);
        self.narrow();
        whole
    }

    /// Moves the cursor, around the ends.
    pub fn step(&mut self, by: isize) {
        let count = self.shown.len().max(1);
        self.cursor = (self.cursor + count).saturating_add_signed(by) % count;
    }

    /// Finds again what matches; after any change of the text.
    pub fn narrow(&mut self) {
        self.cursor = 0;
        if self.input.is_empty() {
            self.shown = (0..self.choices.len()).collect();
            return;
        }
        let config = Config::default();
        // Longer needles would overflow the matcher's scores.
        let longest = config.scoring.max_needle_len().min(64);
        let needle = crate::text::head(self.input.text(), longest);
        let names: Vec<String> =
            self.choices.iter().map(|choice| format!("{} {}", choice.action.row().name, choice.action.row().title)).collect();
        self.shown = Matcher::new(needle, &config).match_list(&names).into_iter().map(|found| found.index as usize).collect();
        // Then those whose sentence or group holds the text as it stands.
        let lower = needle.to_lowercase();
        let holds = |choice: &Choice| format!("{} {}", choice.text, choice.group).to_lowercase().contains(&lower);
        let more: Vec<usize> = (0..self.choices.len()).filter(|place| !self.shown.contains(place)).collect();
        self.shown.extend(more.into_iter().filter(|place| self.choices.get(*place).is_some_and(holds)));
        // What can be done here comes before what cannot.
        self.shown.sort_by_key(|place| self.choices.get(*place).is_none_or(|choice| choice.why.is_some()));
    }
}
