//! The pane of incidents: the queue of what needs a human.

use super::{Dashboard, Focus, frame, ground, gutter, holds, known};
use crate::console::theme::Role;
use crate::console::view::incidents;
use crate::console::widget::paint::Painter;
use crate::console::{Session, Target};
use crate::text;
use ratatui::layout::{Position, Rect};

/// Columns of the severity.
const SEVERITY: u16 = 8;
/// Columns of the age.
const AGE: u16 = 5;
/// Columns of who works on it.
const STATE: u16 = 13;
/// The same where there is little room.
const STATE_NARROW: u16 = 10;

impl Dashboard {
    pub(super) fn settle_incidents(&mut self, session: &Session) {
        let (cursor, order) = &mut self.incidents;
        let world = &session.world;
        let filter = cursor.filter.text().trim().to_owned();
        let changed = order.refresh((world.touched.incidents, world.incidents.len(), filter.clone()), || {
            let shown = world.incidents.values().filter(|incident| holds(&incidents::searched(incident), &filter));
            let mut rows: Vec<_> = shown.map(|incident| (world.urgency(incident), incident.id)).collect();
            rows.sort();
            let width = rows.iter().map(|(_, id)| id.0).max().unwrap_or(0).to_string().len();
            (rows.into_iter().map(|(_, id)| id).collect(), width as u16)
        });
        cursor.settle(order.ids(), changed);
    }

    pub(super) fn draw_incidents(&mut self, session: &Session, area: Rect, painter: &mut Painter<'_>) -> Option<Position> {
        let focused = self.focus == Focus::Incidents;
        let tally = &session.world.tally;
        let mut count = format!("{} open", tally.open);
        if tally.unacknowledged > 0 {
            count = format!("{count} {} {} unacked", session.glyphs.dot, tally.unacknowledged);
        }
        let cursor = &self.incidents.0;
        let state = (cursor.filter.text(), cursor.filtering, cursor.marks.len());
        let (inner, typed) = frame(painter, session, area, (3, "Incidents", focused), &count, state);
        let (cursor, order) = &mut self.incidents;
        if order.ids().is_empty() && inner.height > 0 {
            let words = if !known(session) {
                "not known yet"
            } else if cursor.filter.is_empty() {
                "nothing needs you"
            } else {
                "no incident holds this text"
            };
            painter.text(inner.x + 1, inner.y, inner.width.saturating_sub(2), Role::Muted, words);
        }
        let window = cursor.window(order.ids().len(), inner.height);
        let number = order.name_width.max(2);
        let shown: Vec<_> = window.zip(inner.y..).filter_map(|(place, y)| Some((*order.ids().get(place)?, y))).collect();
        let shown: Vec<_> = shown
            .into_iter()
            .filter_map(|(id, y)| session.world.incident(id).map(|incident| (incident, incidents::row(session, incident), y)))
            .collect();
        // The title gets what the rows in sight leave of the line.
        let room = match inner.width {
            0..52 => 0,
            52..72 => STATE_NARROW,
            _ => STATE,
        };
        let widest = |cell: fn(&incidents::Row) -> &str| shown.iter().map(|(_, row, _)| text::width(cell(row)) as u16).max().unwrap_or(0);
        let state_width = widest(|row| &row.state).min(room);
        let age_width = widest(|row| &row.age).min(AGE);
        let state_at = inner.width.saturating_sub(state_width + 1);
        let age_at = state_at.saturating_sub(age_width + if state_width > 0 { 2 } else { 0 });
        let title_at = 1 + number + 1 + SEVERITY + 2;
        for (incident, row, y) in shown {
            let (selected, marked) = (cursor.on() == Some(&incident.id), cursor.marks.contains(&incident.id));
            if let Some(role) = ground((selected, focused), marked, false) {
                painter.role(Rect { y, height: 1, ..inner }, role);
            }
            let pending = !session.pending.is_empty() && session.is_pending(&Target::Incident(incident.id));
            let (symbol, role) = gutter(session, selected && focused, marked, pending);
            let x = inner.x;
            painter.text(x, y, inner.width.min(1), role, symbol);
            painter.right(
                Rect { x: x + 1, y, width: number.min(inner.width.saturating_sub(1)), height: 1 },
                y,
                Role::Name,
                &row.id.to_string(),
            );
            painter.text(x + number + 2, y, SEVERITY.min(inner.width.saturating_sub(number + 2)), row.role, row.severity.word());
            let title = if incident.is_open() { Role::Text } else { Role::Muted };
            painter.text(x + title_at, y, age_at.saturating_sub(title_at + 1), title, &row.title);
            if age_at > title_at {
                painter.right(Rect { x: x + age_at, y, width: age_width, height: 1 }, y, Role::Muted, &row.age);
            }
            painter.text(x + state_at, y, state_width, row.state_role, &row.state);
        }
        typed
    }
}
