//! The pane of probes.

use super::named::{Columns, settle};
use super::{Dashboard, Focus, frame, ground, gutter, holds, known};
use crate::console::theme::Role;
use crate::console::view::probes;
use crate::console::widget::bars;
use crate::console::widget::paint::Painter;
use crate::console::{Session, Target};
use ratatui::layout::{Position, Rect};

/// Columns of the state with its age: `degraded 10m`.
const WHEN: u16 = 13;

impl Dashboard {
    pub(super) fn settle_probes(&mut self, session: &Session) {
        let (cursor, order) = &mut self.probes;
        let world = &session.world;
        settle(cursor, order, (world.touched.probes, world.probes.len(), 0), |filter| {
            let shown = world.probes.values().filter(|probe| holds(&probes::searched(probe), filter));
            shown.map(|probe| probe.urgency()).collect()
        });
    }

    pub(super) fn draw_probes(&mut self, session: &Session, area: Rect, painter: &mut Painter<'_>) -> Option<Position> {
        let focused = self.focus == Focus::Probes;
        let tally = &session.world.tally;
        let mut count = self.probes.1.ids().len().to_string();
        for (number, word) in [(tally.probes_down, "down"), (tally.probes_degraded, "degraded")] {
            if number > 0 {
                count = format!("{count} {} {number} {word}", session.glyphs.dot);
            }
        }
        let cursor = &self.probes.0;
        let state = (cursor.filter.text(), cursor.filtering, cursor.marks.len());
        let (inner, typed) = frame(painter, session, area, (2, "Probes", focused), &count, state);
        let related = self.related(session);
        let (cursor, order) = &mut self.probes;
        if order.ids().is_empty() && inner.height > 0 {
            let words = if !known(session) {
                "not known yet"
            } else if cursor.filter.is_empty() {
                "no probes yet: put one into probes/*.toml"
            } else {
                "no probe holds this text"
            };
            painter.text(inner.x + 1, inner.y, inner.width.saturating_sub(2), Role::Muted, words);
        }
        let window = cursor.window(order.ids().len(), inner.height);
        let columns = Columns::with_when(inner.width, order.name_width, WHEN);
        for (place, y) in window.zip(inner.y..) {
            let Some(probe) = order.ids().get(place).and_then(|id| session.world.probe(id)) else { continue };
            let id = &probe.definition.id;
            let (selected, marked) = (cursor.on() == Some(id), cursor.marks.contains(id));
            let row = probes::row(session, probe);
            if let Some(role) = ground((selected, focused), marked, related.is_some_and(|incident| incident.probes.contains(id))) {
                painter.role(Rect { y, height: 1, ..inner }, role);
            }
            let pending = !session.pending.is_empty() && session.is_pending(&Target::Probe(id.clone()));
            let (symbol, role) = gutter(session, selected && focused, marked, pending);
            let x = inner.x;
            painter.text(x, y, inner.width.min(1), role, symbol);
            painter.text(x + 1, y, inner.width.saturating_sub(1).min(1), row.role, row.glyph);
            painter.text(x + 3, y, columns.name, Role::Name, row.name.as_str());
            let told = if row.role == Role::Good { Role::Muted } else { row.role };
            painter.text(x + columns.words_at, y, columns.words, told, &row.words);
            if columns.bars > 0 {
                let ring = session.readings.of(id);
                let bars = bars::line(
                    &probes::bars(ring, columns.bars.into()),
                    columns.bars.into(),
                    Some(probes::full(probe, ring)),
                    &session.glyphs,
                );
                painter.line(x + columns.bars_at, y, columns.bars, &bars);
            }
            let right = Rect { x: x + columns.when_at, y, width: columns.when, height: 1 };
            painter.right(right, y, if row.role == Role::Good { Role::Muted } else { row.role }, &row.when);
        }
        typed
    }
}
