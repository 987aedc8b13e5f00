//! The pane of flows.

use super::named::{Columns, settle};
use super::{Dashboard, Focus, frame, ground, gutter, holds, known};
use crate::console::theme::Role;
use crate::console::view::flows;
use crate::console::widget::bars;
use crate::console::widget::paint::Painter;
use crate::console::{Session, Target};
use crate::rules::forecast;
use crate::world::Flow;
use ratatui::layout::{Position, Rect};
use std::sync::Arc;

impl Dashboard {
    pub(super) fn settle_flows(&mut self, session: &Session) {
        let (cursor, order) = &mut self.flows;
        let world = &session.world;
        // What is foreseen changes with the clock, by the minute.
        let minute = session.now.as_second().div_euclid(60);
        settle(cursor, order, (world.touched.flows, world.flows.len(), minute), |filter| {
            let shown = world.flows.values().filter(|flow| holds(&flows::searched(flow), filter));
            let rank = |flow: &Arc<Flow>| {
                let (due, class, id) = forecast::urgency(flow, session.now);
                ((due, class), id)
            };
            shown.map(rank).collect()
        });
    }

    pub(super) fn draw_flows(&mut self, session: &Session, area: Rect, painter: &mut Painter<'_>) -> Option<Position> {
        let focused = self.focus == Focus::Flows;
        let tally = &session.world.tally;
        let mut count = self.flows.1.ids().len().to_string();
        for (number, word) in [(tally.flows_late, "late"), (tally.flows_failed, "failed"), (tally.flows_active, "active")] {
            if number > 0 {
                count = format!("{count} {} {number} {word}", session.glyphs.dot);
            }
        }
        let cursor = &self.flows.0;
        let state = (cursor.filter.text(), cursor.filtering, cursor.marks.len());
        let (inner, typed) = frame(painter, session, area, (1, "Flows", focused), &count, state);
        let related = self.related(session);
        let (cursor, order) = &mut self.flows;
        if order.ids().is_empty() && inner.height > 0 {
            let words = if !known(session) {
                "not known yet"
            } else if cursor.filter.is_empty() {
                "no flows yet: put one into flows/*.toml"
            } else {
                "no flow holds this text"
            };
            painter.text(inner.x + 1, inner.y, inner.width.saturating_sub(2), Role::Muted, words);
        }
        let window = cursor.window(order.ids().len(), inner.height);
        let columns = Columns::new(inner.width, order.name_width);
        for (place, y) in window.zip(inner.y..) {
            let Some(flow) = order.ids().get(place).and_then(|id| session.world.flow(id)) else { continue };
            let id = &flow.definition.id;
            let (selected, marked) = (cursor.on() == Some(id), cursor.marks.contains(id));
            let row = flows::row(session, flow);
            if let Some(role) = ground((selected, focused), marked, related.is_some_and(|incident| incident.flows.contains(id))) {
                painter.role(Rect { y, height: 1, ..inner }, role);
            }
            let pending = !session.pending.is_empty() && session.is_pending(&Target::Flow(id.clone()));
            let (symbol, role) = gutter(session, selected && focused, marked, pending);
            let x = inner.x;
            painter.text(x, y, inner.width.min(1), role, symbol);
            painter.text(x + 1, y, inner.width.saturating_sub(1).min(1), row.role, row.glyph);
            painter.text(x + 3, y, columns.name, Role::Name, row.name.as_str());
            let told = if row.role == Role::Good { Role::Muted } else { row.role };
            painter.text(x + columns.words_at, y, columns.words, told, &row.words);
            if columns.bars > 0 {
                let bars = bars::line(&flows::bars(flow, columns.bars.into()), columns.bars.into(), None, &session.glyphs);
                painter.line(x + columns.bars_at, y, columns.bars, &bars);
            }
            let right = Rect { x: x + columns.when_at, y, width: columns.when, height: 1 };
            painter.right(right, y, Role::Muted, &row.when);
        }
        typed
    }
}
