//! A layer over the page: what is about to happen, what it needs to know, and the last word.

pub mod field;
pub mod intent;
pub mod operate;
pub mod queue;
pub mod source;

pub use field::{Field, Kind};
pub use intent::Intent;

use super::theme::Role;
use super::widget::line::Line;
use crate::domain::Refusal;

/// What a dry run said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Preview {
    /// The dialog has none.
    None,
    /// Asked under this number, not answered yet.
    Asked(u64),
    /// What it would touch, one line each.
    Lines(Vec<String>),
    /// Nothing can be said before these fields are filled in.
    Awaits(Vec<String>),
    /// It would be refused.
    Refused(Refusal),
    /// Of several commands, each with what it is about.
    Several(Vec<Foreseen>),
}

/// What the dry run of one of several commands said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// Asked under this number.
    pub id: u64,
    /// What the command is about.
    pub object: String,
    /// What it would touch, or why it would be refused; absent until it is answered.
    pub answer: Option<Result<Vec<String>, Refusal>>,
}

/// A dialog: text, a preview, fields, and what confirming means.
#[derive(Debug, Clone)]
pub struct Dialog {
    /// What it is about, such as `rerun nightly-orders/17`.
    pub title: String,
    /// What the reader should know.
    pub body: Vec<Line>,
    /// What it would touch.
    pub preview: Preview,
    /// What it asks for.
    pub fields: Vec<Field>,
    /// The field with the focus.
    pub focus: usize,
    /// Whether it is hard to undo: drawn so, and with a field that wants a word typed.
    pub danger: bool,
    /// What confirming does.
    pub intent: Intent,
    /// Why confirming was refused the last time.
    pub fault: Option<String>,
    /// How far the text is scrolled.
    pub scroll: usize,
}

impl Dialog {
    /// A dialog without fields.
    pub fn new(title: impl Into<String>, intent: Intent) -> Self {
        Self {
            title: title.into(),
            body: Vec::new(),
            preview: Preview::None,
            fields: Vec::new(),
            focus: 0,
            danger: false,
            intent,
            fault: None,
            scroll: 0,
        }
    }

    /// The same with a line of text.
    #[must_use]
    pub fn says(mut self, line: Line) -> Self {
        self.body.push(line);
        self
    }

    /// The same with a field.
    #[must_use]
    pub fn asks(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// The same, as something that is hard to undo: it is done only when this word was typed.
    #[must_use]
    pub fn dangerous(mut self, word: impl Into<String>) -> Self {
        self.danger = true;
        self.fields.push(Field::typed(word));
        self
    }

    /// The text of a field.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.name == name).map(Field::value)
    }

    /// The fields that decide what would be touched and that nobody has filled in yet.
    pub fn awaited(&self) -> Vec<String> {
        let open = self.fields.iter().filter(|field| field.changes_preview() && field.is_missing());
        open.map(|field| field.name.trim_start_matches('$').to_owned()).collect()
    }

    /// What is wrong with what was typed into a field that decides what would be touched.
    pub fn wrongly_typed(&self) -> Option<String> {
        self.fields.iter().filter(|field| field.changes_preview()).find_map(Field::fault)
    }

    /// Whether a line of the preview only says again what the text above it shows: the command that runs.
    pub fn says_already(&self, line: &str) -> bool {
        let Some(command) = line.strip_prefix("would run ").or_else(|| line.strip_prefix("runs ")) else { return false };
        let code = self.body.iter().filter(|line| line.parts.iter().all(|(role, _)| *role == Role::Code)).map(Line::text);
        let code: Vec<String> = code.collect();
        command == code.join("\n") || (!command.is_empty() && code.iter().any(|row| row == command))
    }

    /// The first field that is not as it must be, with the reason.
    pub fn first_fault(&self) -> Option<(usize, String)> {
        self.fields.iter().enumerate().find_map(|(place, field)| field.fault().map(|fault| (place, fault)))
    }
}

impl Dialog {
    /// The commands whose dry runs are the preview: those that confirming would make, with `…` for what is not typed yet,
    /// each with what it is about; none where what is typed makes no command.
    pub fn for_preview(&self) -> Vec<(String, crate::domain::Command)> {
        let mut filled = self.clone();
        for field in &mut filled.fields {
            if matches!(field.kind, Kind::Text { required: true }) && field.input.is_empty() {
                field.input.insert("…");
            }
        }
        let commands = filled.intent.commands(&filled).unwrap_or_default();
        commands.into_iter().map(|(target, command)| (target.map(|target| target.to_string()).unwrap_or_default(), command)).collect()
    }
}
