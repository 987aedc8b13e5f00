//! Two versions of a note beside each other, and what can be chosen.

use crate::console::dialog::{Dialog, Field, Intent};
use crate::console::theme::Role;
use crate::console::widget::line::Line;
use crate::notes::diff;

/// Lines of a comparison that a dialog shows; the rest is counted.
const SHOWN: usize = 200;
/// What the dialog of a conflict is known by.
pub(super) const CONFLICT: &str = "conflict";
/// The name of its field.
pub(super) const CHOICE: &str = "then";
/// The file's text replaces the editor's.
pub(super) const THEIRS: &str = "take theirs";
/// The editor's text is saved over the file's, which the reader has seen.
pub(super) const MINE: &str = "keep mine, over theirs";
/// Both stand in the editor.
pub(super) const BOTH: &str = "open both, mine above theirs";

/// What is asked where two versions stand against each other.
pub(super) fn conflict(theirs: Option<&str>, mine: &str) -> Dialog {
    let mut dialog = Dialog::new("someone else has changed this note", Intent::Page(CONFLICT));
    let words = match theirs {
        Some(_) => "Nothing was overwritten. On disk (-) and yours (+):",
        None => "The file is gone. Yours (+):",
    };
    dialog = dialog.says(Line::of(Role::Text, words));
    dialog.body.extend(comparison(theirs.unwrap_or_default(), mine));
    let choices = if theirs.is_some() { vec![BOTH, MINE, THEIRS] } else { vec![MINE, THEIRS] };
    dialog.asks(Field::choice(CHOICE, choices.into_iter().map(str::to_owned).collect()))
}

/// What differs, with one line of what is the same around it.
pub(super) fn comparison(first: &str, second: &str) -> Vec<Line> {
    let found = diff::lines(first, second);
    let near = |place: usize| {
        let around = place.saturating_sub(1)..(place + 2).min(found.len());
        found.get(around).is_some_and(|lines| lines.iter().any(|line| !matches!(line, diff::Line::Same(_))))
    };
    let mut lines: Vec<Line> = Vec::new();
    let mut left_out = 0;
    for (_, line) in found.iter().enumerate().filter(|(place, _)| near(*place)) {
        if lines.len() >= SHOWN {
            left_out += 1;
            continue;
        }
        lines.push(match line {
            diff::Line::Same(text) => Line::of(Role::Muted, format!("  {text}")),
            diff::Line::Removed(text) => Line::of(Role::Bad, format!("- {text}")),
            diff::Line::Added(text) => Line::of(Role::Good, format!("+ {text}")),
        });
    }
    if left_out > 0 {
        lines.push(Line::of(Role::Muted, format!("and {left_out} more lines")));
    }
    lines
}
