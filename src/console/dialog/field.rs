//! What a dialog asks for: a text, one of some choices, or a word that must be typed.

use super::super::widget::input::Input;
use crate::domain::runbook::ParamKind;
use crate::rules::param_problem;

/// What a field takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text {
        /// Whether it may stay empty.
        required: bool,
    },
    /// One of these.
    Choice {
        /// All of them.
        options: Vec<String>,
        /// The chosen one.
        chosen: usize,
    },
    /// Exactly this word, as the last word before something that is hard to undo.
    Typed {
        /// The word.
        word: String,
    },
}

/// A field of a dialog.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its label, and its name for the intent.
    pub name: String,
    /// What it takes.
    pub kind: Kind,
    /// The text that is typed.
    pub input: Input,
    /// What the parameter behind it takes.
    pub takes: ParamKind,
}

impl Field {
    /// A text that may stay empty.
    pub fn text(name: impl Into<String>, value: &str) -> Self {
        Self { name: name.into(), kind: Kind::Text { required: false }, input: Input::with(value), takes: ParamKind::Any }
    }

    /// A text that may not stay empty.
    pub fn required(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: Kind::Text { required: true }, input: Input::default(), takes: ParamKind::Any }
    }

    /// One of some choices, the first chosen.
    pub fn choice(name: impl Into<String>, options: Vec<String>) -> Self {
        Self { name: name.into(), kind: Kind::Choice { options, chosen: 0 }, input: Input::default(), takes: ParamKind::Any }
    }

    /// A word that must be typed.
    pub fn typed(word: impl Into<String>) -> Self {
        let word = word.into();
        Self { name: format!("type {word} to go on"), kind: Kind::Typed { word }, input: Input::default(), takes: ParamKind::Any }
    }

    /// A parameter of a runbook's step: one of some choices, or a text that is checked before anything is done.
    pub fn param(name: impl Into<String>, takes: &ParamKind, value: &str) -> Self {
        let takes = takes.clone();
        match &takes {
            ParamKind::Choice { options } => {
                let chosen = options.iter().position(|option| option == value).unwrap_or(0);
                let kind = Kind::Choice { options: options.clone(), chosen };
                Self { name: name.into(), kind, input: Input::default(), takes }
            }
            _ => Self { takes, ..Self::text(name, value) },
        }
    }

    /// Its text, or its chosen option.
    pub fn value(&self) -> &str {
        match &self.kind {
            Kind::Choice { options, chosen } => options.get(*chosen).map_or("", String::as_str),
            _ => self.input.text(),
        }
    }

    /// Whether what it holds decides what would be touched.
    pub fn changes_preview(&self) -> bool {
        use super::intent::names;
        self.name.starts_with('$') || [names::MATCHERS, names::UNTIL, names::TO].contains(&self.name.as_str())
    }

    /// Whether it must hold something and holds nothing yet.
    pub fn is_missing(&self) -> bool {
        self.takes_text() && self.value().trim().is_empty() && self.fault().is_some()
    }

    /// Whether keys are typed text in it.
    pub fn takes_text(&self) -> bool {
        !matches!(self.kind, Kind::Choice { .. })
    }

    /// Goes to another choice.
    pub fn turn(&mut self, by: isize) {
        if let Kind::Choice { options, chosen } = &mut self.kind {
            let count = options.len().max(1);
            *chosen = (*chosen + count).saturating_add_signed(by) % count;
        }
    }

    /// Why it is not as it must be.
    pub fn fault(&self) -> Option<String> {
        match &self.kind {
            Kind::Text { required: true } if self.input.text().trim().is_empty() => Some(format!("{} may not be empty", self.name)),
            Kind::Typed { word } if self.input.text().trim() != word => Some(format!("type {word} to go on, or leave with esc")),
            _ => param_problem(&self.takes, self.value().trim()).map(|problem| format!("{}: {problem}", self.name)),
        }
    }
}
