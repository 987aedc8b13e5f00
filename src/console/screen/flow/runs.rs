//! The runs of a flow, the newest first.

use crate::console::view::{clock, flows, state};
use crate::console::widget::cursor::Cursor;
use crate::console::widget::paint::Painter;
use crate::console::{Role, Session};
use crate::world::Flow;
use ratatui::layout::Rect;

/// Paints the runs that are in sight.
pub(super) fn draw_runs(painter: &mut Painter<'_>, session: &Session, flow: &Flow, cursor: &mut Cursor, area: Rect) {
    if flow.runs.is_empty() {
        painter.text(area.x + 1, area.y, area.width.saturating_sub(1), Role::Muted, "no run yet; R starts one now");
        return;
    }
    let rows = flow.runs.len();
    for (line, place) in cursor.window(rows, area.height).enumerate() {
        let Some(run) = flow.runs.get(rows - 1 - place) else { continue };
        let y = area.y + line as u16;
        let selected = place == cursor.at;
        painter.text(area.x, y, 1, Role::Key, if selected { session.glyphs.cursor } else { " " });
        let (symbol, role) = state::run(run, &session.glyphs);
        let words_width = (area.width / 3).clamp(14, 40);
        let mut x = area.x + 1;
        let right = area.right();
        let mut cell = |x: &mut u16, width: u16, role: Role, text: &str| {
            let room = width.min(right.saturating_sub(*x));
            painter.text(*x, y, room, role, text);
            *x = x.saturating_add(width + 1);
        };
        cell(&mut x, 1, role, symbol);
        cell(&mut x, 5, Role::Name, &run.id.name);
        cell(&mut x, words_width, role, &flows::run_words(session, flow, run));
        cell(&mut x, 12, Role::Text, &session.time(run.started_at.unwrap_or(run.created_at)));
        let took = match (run.started_at, run.ended_at) {
            (Some(from), Some(to)) => clock::duration(to.duration_since(from).try_into().unwrap_or_default()),
            (Some(from), None) => session.age(from),
            (None, _) => String::new(),
        };
        cell(&mut x, 7, Role::Text, &took);
        cell(&mut x, 10, Role::Muted, &format!("{}", run.date));
        let rest = right.saturating_sub(x);
        cell(&mut x, rest, Role::Muted, &state::cause(run));
        if selected {
            painter.role(Rect { y, height: 1, ..area }, Role::Selected);
        }
    }
}
