//! The pane of incidents: the queue of what needs a human.

use super::pane::{Look, counted};
use super::{Dashboard, Focus, holds};
use crate::console::theme::Role;
use crate::console::view::incidents;
use crate::console::widget::paint::Painter;
use crate::console::{Session, Target};
use crate::domain::IncidentId;
use crate::text;
use ratatui::layout::{Position, Rect};
use std::collections::BTreeMap;

/// Columns of the severity.
const SEVERITY: u16 = 8;
/// Columns of the age.
const AGE: u16 = 5;
/// Columns of who works on it.
const STATE: u16 = 13;
/// The same where there is little room.
const STATE_NARROW: u16 = 12;

impl Dashboard {
    pub(super) fn settle_incidents(&mut self, session: &Session) {
        let world = &session.world;
        let filter = self.incidents.wanted();
        self.incidents.refresh((world.touched.incidents, world.incidents.len(), filter.clone()), || {
            let shown = world.incidents.values().filter(|incident| holds(&incidents::searched(incident), &filter));
            let mut rows: Vec<_> = shown.map(|incident| (world.urgency(incident), incident.id)).collect();
            rows.sort();
            let width = rows.iter().map(|(_, id)| id.0).max().unwrap_or(0).to_string().len();
            (rows.into_iter().map(|(_, id)| id).collect(), width as u16)
        });
    }

    pub(super) fn draw_incidents(&mut self, session: &Session, area: Rect, painter: &mut Painter<'_>) -> Option<Position> {
        let focused = self.focus == Focus::Incidents;
        let tally = &session.world.tally;
        let look = Look {
            number: 3,
            title: "Incidents",
            focused,
            count: counted(session, format!("{} open", tally.open), &[(tally.unacknowledged, "unacked")]),
            none: ("nothing needs you", "no incident holds this text"),
            target: Target::Incident,
        };
        let (inner, typed) = look.frame(painter, session, area, &mut self.incidents);
        let number = self.incidents.name_width.max(2);
        let row_of = |id: &IncidentId| session.world.incident(*id).map(|incident| (*id, incidents::row(session, incident)));
        let shown: BTreeMap<IncidentId, incidents::Row> = self.incidents.seen().filter_map(|(id, _)| row_of(id)).collect();
        // The title gets what the rows in sight leave of the line.
        let room = match inner.width {
            0..52 => 0,
            52..72 => STATE_NARROW,
            _ => STATE,
        };
        let widest = |cell: fn(&incidents::Row) -> &str| shown.values().map(|row| text::width(cell(row)) as u16).max().unwrap_or(0);
        let state_width = widest(|row| &row.state).min(room);
        let age_width = widest(|row| &row.age).min(AGE);
        let state_at = inner.width.saturating_sub(state_width + 1);
        let age_at = state_at.saturating_sub(age_width + if state_width > 0 { 2 } else { 0 });
        let title_at = 1 + number + 1 + SEVERITY + 2;
        look.rows(
            painter,
            session,
            &self.incidents,
            |_| false,
            |painter, line, id| {
                let (Some(incident), Some(row)) = (session.world.incident(*id), shown.get(id)) else { return };
                let Rect { x, y, .. } = line;
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
            },
        );
        typed
    }
}
