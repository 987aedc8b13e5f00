//! The runs of a flow, the newest first.

use crate::console::view::{clock, flows, state};
use crate::console::widget::cursor::Cursor;
use crate::console::widget::paint::Painter;
use crate::console::{Role, Session};
use crate::world::Flow;
use ratatui::layout::Rect;

/// Paints the runs that are in sight.
pub(super) fn draw_runs(painter: &mut Painter<'_>, session: &Session, flow: &Flow, cursor: &mut Cursor, area: Rect) {
    let rows = flow.runs.len();
    if rows == 0 {
        return painter.none(area, "no run yet; R starts one now");
    }
    let words_width = (area.width / 3).clamp(14, 40);
    cursor.draw(session, painter, area, rows, |cells, place| {
        let Some(run) = flow.runs.get(rows - 1 - place) else { return };
        let (symbol, role) = state::run(run, &session.glyphs);
        let took = match (run.started_at, run.ended_at) {
            (Some(from), Some(to)) => clock::duration(to.duration_since(from).try_into().unwrap_or_default()),
            (Some(from), None) => session.age(from),
            (None, _) => String::new(),
        };
        cells.beside_cursor();
        cells.cell(1, role, symbol);
        cells.cell(5, Role::Name, &run.id.name);
        cells.cell(words_width, role, &flows::run_words(session, flow, run));
        cells.cell(12, Role::Text, &session.time(run.started_at.unwrap_or(run.created_at)));
        cells.cell(7, Role::Text, &took);
        cells.cell(10, Role::Muted, &format!("{}", run.date));
        cells.rest(Role::Muted, &state::cause(run));
    });
}
