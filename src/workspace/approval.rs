//! `approve` of a step: what a person is asked, and who may answer.

use super::settings::{Access, Principal};
use super::table::{Keys, Table};
use crate::domain::Level;
use crate::domain::flow::Approval;
use toml::de::DeValue;

const KEYS: Keys = Keys { known: &["text", "by", "self"], later: &["after", "expires", "count"] };
const LEVELS: &[(&str, Level)] = &[("operators", Level::Operator), ("approvers", Level::Approver)];

/// Who may answer where a step does not say it: what `[access]` of the workspace makes of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answering {
    by: Level,
    own: bool,
}

impl Answering {
    /// Approvers where the workspace names any. Who is alone may answer their own question.
    pub fn of(access: Option<&Access>) -> Self {
        let Some(access) = access else { return Self { by: Level::Operator, own: true } };
        let by = if access.approvers.is_empty() { Level::Operator } else { Level::Approver };
        let able: Vec<&Principal> = match by {
            Level::Approver => access.approvers.iter().collect(),
            _ => access.operators.iter().collect(),
        };
        Self { by, own: matches!(able.as_slice(), [] | [Principal::User(_)]) }
    }

    /// The approval that a step asks for.
    pub fn read(self, table: &Table<'_>) -> Option<Approval> {
        let value = table.value("approve")?;
        let (text, by, own) = match value.get_ref() {
            DeValue::String(_) => (table.text("approve")?.value.to_owned(), None, None),
            DeValue::Table(_) => {
                let inner = table.table("approve", &KEYS)?;
                let text = inner.needed_text("text", "`approve`").map(|text| text.value.to_owned()).unwrap_or_default();
                (text, inner.word("by", LEVELS), inner.flag("self"))
            }
            _ => {
                table.wrong_kind("approve", value, "the question as a text, or a table with `text`");
                return None;
            }
        };
        if text.trim().is_empty() {
            table.file.wrong_but(value.span(), "`approve` has no text", "say what the person is to look at");
        }
        let by = by.unwrap_or(self.by);
        Some(Approval { text, by, own: own.unwrap_or(self.own) })
    }
}

/// Keys of a step that only make sense where something runs.
pub(super) fn tell_useless(table: &Table<'_>) {
    for key in ["run", "timeout", "grace", "output_max", "retry", "env", "folder", "idempotent"] {
        if table.value(key).is_some() {
            table.file.wrong_but(
                table.place(key),
                format!("a step with `approve` runs nothing, so `{key}` means nothing"),
                "put what runs into a step that needs this one",
            );
        }
    }
}
