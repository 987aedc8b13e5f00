//! What lies over a page: dialogs, palette and help, passing messages.

use super::chooser::Chooser;
use super::line::Line;
use super::paint::Painter;
use super::pane::Pane;
use crate::console::action::Action;
use crate::console::app::Toast;
use crate::console::dialog::{Dialog, Field, Foreseen, Intent, Kind, Preview};
use crate::console::session::{Session, Tone};
use crate::console::theme::Role;
use crate::console::view::fold;
use crate::domain::counted;
use ratatui::layout::{Position, Rect};

/// Columns of a dialog's inside.
const WIDTH: u16 = 72;

/// Draws a dialog in the middle; answers where its cursor stands.
pub fn dialog(dialog: &mut Dialog, session: &Session, within: Rect, painter: &mut Painter<'_>) -> Option<Position> {
    let lines = lines(dialog, session, usize::from(WIDTH.min(within.width.saturating_sub(4))));
    let fields = dialog.fields.len() as u16;
    let fixed = fields + 2 + u16::from(fields > 0) + u16::from(dialog.fault.is_some());
    let height = (lines.len() as u16).saturating_add(fixed + 2).min(within.height);
    let area = middle(within, WIDTH + 4, height);
    painter.clear(area, Role::Text);
    let pane = Pane { title: &dialog.title, focused: true, ..Pane::default() };
    let inner = pane.draw(painter, &session.glyphs.border, area);
    if dialog.danger && inner.width > 0 {
        painter.role(Rect { height: 1, ..area }, Role::Danger);
    }
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let room = inner.height.saturating_sub(fixed);
    dialog.scroll = dialog.scroll.min(lines.len().saturating_sub(room.into()));
    for (line, y) in lines.iter().skip(dialog.scroll).zip(inner.y..inner.y + room) {
        painter.line(inner.x, y, inner.width, line);
    }
    let hidden = lines.len().saturating_sub(dialog.scroll + usize::from(room));
    if hidden > 0 && room > 0 {
        let y = inner.y + room - 1;
        painter.text(inner.x, y, inner.width, Role::Text, &" ".repeat(inner.width.into()));
        let key = session.options.keymap.key(Action::PageDown).unwrap_or_default();
        let words = format!("{} {}, {key}", session.glyphs.ellipsis, counted(hidden + 1, "more line"));
        painter.text(inner.x, y, inner.width, Role::Muted, &words);
    }
    let mut y = inner.y + room.min(lines.len() as u16) + u16::from(fields > 0);
    let label = dialog.fields.iter().map(|field| crate::text::width(&crate::text::line(&field.name))).max().unwrap_or(0) as u16;
    let label = label.min(inner.width / 2);
    let mut cursor = None;
    for (place, entry) in dialog.fields.iter().enumerate() {
        if y >= inner.bottom() {
            break;
        }
        cursor = field(entry, place == dialog.focus, label, session, Rect { y, height: 1, ..inner }, painter).or(cursor);
        y += 1;
    }
    if let Some(fault) = &dialog.fault
        && y < inner.bottom()
    {
        painter.text(inner.x, y, inner.width, Role::Bad, fault);
    }
    if inner.height > 0 {
        hints(dialog, session, Rect { y: inner.bottom() - 1, height: 1, ..inner }, painter);
    }
    cursor
}

/// The text of a dialog with its preview.
fn lines(dialog: &Dialog, session: &Session, width: usize) -> Vec<Line> {
    let mut lines = dialog.body.clone();
    match &dialog.preview {
        Preview::None => {}
        Preview::Awaits(fields) => {
            let named: Vec<_> = fields.iter().map(|field| format!("`{field}`")).collect();
            lines.push(Line::of(Role::Muted, format!("fill in {} to see what it does", named.join(" and "))));
        }
        Preview::Asked(_) => lines.push(Line::of(Role::Muted, "asking what it would touch")),
        Preview::Lines(touched) => {
            for line in touched.iter().filter(|line| !dialog.says_already(line)) {
                // What would happen is read whole: a long line goes on below itself.
                let rows = fold::words(line, width.saturating_sub(2));
                let sign = |place: usize| if place == 0 { session.glyphs.next } else { " " };
                lines.extend(
                    rows.into_iter().enumerate().map(|(place, row)| Line::of(Role::Key, sign(place)).with(Role::Text, format!(" {row}"))),
                );
            }
        }
        Preview::Refused(refusal) => {
            lines.push(Line::of(Role::Bad, refusal.reason.clone()));
            lines.extend(refusal.hint.iter().map(|hint| Line::of(Role::Muted, hint.clone())));
        }
        Preview::Several(all) => lines.extend(all.iter().flat_map(|one| several(one, session))),
    }
    lines
}

/// One of several commands: what it is about, then what it would touch.
fn several(one: &Foreseen, session: &Session) -> Vec<Line> {
    let head = Line::of(Role::Name, one.object.clone());
    match &one.answer {
        None => vec![head.with(Role::Muted, "  asking what it would touch")],
        Some(Err(refusal)) => vec![head.with(Role::Bad, format!("  {}", refusal.reason))],
        Some(Ok(lines)) => {
            let touched =
                lines.iter().map(|line| Line::of(Role::Key, format!("  {}", session.glyphs.next)).with(Role::Text, format!(" {line}")));
            std::iter::once(head).chain(touched).collect()
        }
    }
}

fn field(field: &Field, focused: bool, label: u16, session: &Session, row: Rect, painter: &mut Painter<'_>) -> Option<Position> {
    painter.text(row.x, row.y, label, if focused { Role::Key } else { Role::Muted }, &field.name);
    let x = row.x + label + 2;
    let width = row.right().saturating_sub(x);
    if let Kind::Choice { options, .. } = &field.kind {
        let (before, after) = if session.glyphs.ascii { ("<", ">") } else { ("‹", "›") };
        let words = if options.len() > 1 { format!("{before} {} {after}", field.value()) } else { field.value().to_owned() };
        painter.text(x, row.y, width, if focused { Role::Name } else { Role::Text }, &words);
        return None;
    }
    painter.role(Rect { x, y: row.y, width, height: 1 }, Role::Input);
    // The part that is shown ends at the cursor when the text is longer than the field.
    let before = field.input.text().get(..field.input.cursor()).unwrap_or_default();
    let columns = |text: &str| crate::text::width(&crate::text::line(text));
    let mut start = 0;
    while columns(before.get(start..).unwrap_or_default()) >= usize::from(width).max(1) && start < before.len() {
        start += before.get(start..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
    }
    painter.text(x, row.y, width, Role::Input, field.input.text().get(start..).unwrap_or_default());
    let at = columns(before.get(start..).unwrap_or_default()) as u16;
    focused.then(|| Position::new((x + at).min(row.right().saturating_sub(1)), row.y))
}

fn hints(dialog: &Dialog, session: &Session, row: Rect, painter: &mut Painter<'_>) {
    let keymap = &session.options.keymap;
    let mut x = row.x;
    let mut hint = |action: Action, words: &str| {
        if let Some(key) = keymap.key(action) {
            x += painter.text(x, row.y, row.right().saturating_sub(x), Role::Key, key);
            x += painter.text(x, row.y, row.right().saturating_sub(x), Role::Muted, &format!(" {words}  "));
        }
    };
    if dialog.intent == Intent::Read {
        return hint(Action::Confirm, "close");
    }
    hint(Action::Confirm, "do it");
    hint(Action::Cancel, "cancel");
    if dialog.fields.len() > 1 {
        hint(Action::NextField, "next field");
    }
    if dialog.fields.iter().any(|field| matches!(field.kind, Kind::Choice { .. })) {
        hint(Action::NextChoice, "other choice");
    }
}

/// Draws the palette or help; answers where its cursor stands.
pub fn chooser(chooser: &mut Chooser, session: &Session, within: Rect, painter: &mut Painter<'_>) -> Option<Position> {
    let rows = chooser.choices.len() as u16;
    let area = middle(within, (WIDTH + 16).min(within.width), (rows + 4).min(within.height));
    painter.clear(area, Role::Text);
    let count = format!("{}/{}", chooser.shown.len(), chooser.choices.len());
    let pane = Pane { title: chooser.title, count: &count, focused: true, ..Pane::default() };
    let inner = pane.draw(painter, &session.glyphs.border, area);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    if inner.height < 2 {
        return None;
    }
    let prompt = painter.text(inner.x, inner.y, inner.width, Role::Key, session.glyphs.next) + 1;
    painter.text(inner.x + prompt, inner.y, inner.width.saturating_sub(prompt), Role::Input, chooser.input.text());
    let typed = crate::text::width(&crate::text::line(chooser.input.text().get(..chooser.input.cursor()).unwrap_or_default())) as u16;
    let cursor = Position::new((inner.x + prompt + typed).min(inner.right().saturating_sub(1)), inner.y);
    let list = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
    let height = usize::from(list.height);
    let first = (chooser.cursor + 1).saturating_sub(height);
    for (place, y) in (first..chooser.shown.len()).zip(list.y..list.bottom()) {
        let Some(choice) = chooser.shown.get(place).and_then(|place| chooser.choices.get(*place)) else { continue };
        let role = if choice.why.is_some() { Role::Disabled } else { Role::Text };
        let key = if choice.why.is_some() { Role::Disabled } else { Role::Key };
        if place == chooser.cursor {
            painter.role(Rect { y, height: 1, ..list }, Role::Selected);
        }
        painter.text(list.x, y, 13.min(list.width), key, &choice.keys);
        let words = match &choice.why {
            Some(why) => format!("{}: {why}", choice.action.row().title.trim_end_matches('…')),
            None => choice.text.clone(),
        };
        let group = if chooser.grouped && list.width > 60 { 16 } else { 0 };
        painter.text(list.x + 14, y, list.width.saturating_sub(14 + group), role, &words);
        if group > 0 {
            painter.right(Rect { x: list.right() - group, y, width: group, height: 1 }, y, Role::Muted, choice.group);
        }
    }
    Some(cursor)
}

/// Passing messages that are shown at once: more would hide what they are about.
const TOASTS: usize = 3;

/// Draws passing messages at the lower right, the youngest lowest.
pub fn toasts(toasts: &[Toast], session: &Session, within: Rect, painter: &mut Painter<'_>) {
    let mut y = within.bottom();
    for toast in toasts.iter().rev().take(if within.height < 30 { TOASTS - 1 } else { TOASTS }) {
        if y <= within.y {
            return;
        }
        y -= 1;
        let (symbol, role) = match toast.tone {
            Tone::Good => (session.glyphs.done, Role::Good),
            Tone::Plain => (session.glyphs.dot, Role::Text),
            Tone::Bad => (session.glyphs.warning, Role::Warning),
        };
        let words = crate::text::fit(&toast.words, usize::from(within.width.saturating_sub(6)), session.glyphs.ellipsis);
        let width = (crate::text::width(&words) as u16 + 4).min(within.width);
        let area = Rect { x: within.right() - width, y, width, height: 1 };
        painter.clear(area, Role::Text);
        painter.text(area.x + 1, y, 1, role, symbol);
        painter.text(area.x + 3, y, width.saturating_sub(4), Role::Text, &words);
        painter.role(area, Role::Toast);
    }
}

/// A place of this size in the middle, a little above it.
fn middle(within: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(within.width), height.min(within.height));
    Rect { x: within.x + (within.width - width) / 2, y: within.y + (within.height - height) / 3, width, height }
}
