//! The pane of flows.

use super::{Dashboard, Focus, frame, ground, gutter, holds, known};
use crate::console::theme::Role;
use crate::console::view::flows;
use crate::console::widget::bars;
use crate::console::widget::paint::Painter;
use crate::console::{Session, Target};
use crate::rules::forecast;
use ratatui::layout::{Position, Rect};

impl Dashboard {
    pub(super) fn settle_flows(&mut self, session: &Session) {
        let (cursor, order) = &mut self.flows;
        let world = &session.world;
        let filter = cursor.filter.text().trim().to_owned();
        // What is foreseen changes with the clock, by the minute.
        let minute = session.now.as_second().div_euclid(60);
        let changed = order.refresh(((world.touched.flows, world.flows.len(), filter.clone()), minute), || {
            let shown = world.flows.values().filter(|flow| holds(&flows::searched(flow), &filter));
            let mut rows: Vec<_> = shown.map(|flow| forecast::urgency(flow, session.now)).collect();
            rows.sort();
            let width = rows.iter().map(|(_, _, id)| id.as_str().chars().count()).max().unwrap_or(0);
            (rows.into_iter().map(|(_, _, id)| id).collect(), width.min(64) as u16)
        });
        cursor.settle(order.ids(), changed);
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

/// Columns of a row of this kind: name, words, bars, when; relative to the pane.
pub(super) struct Columns {
    pub(super) name: u16,
    pub(super) words_at: u16,
    pub(super) words: u16,
    pub(super) bars_at: u16,
    pub(super) bars: u16,
    pub(super) when_at: u16,
    pub(super) when: u16,
}

impl Columns {
    /// Shares the width: the name takes what its longest needs, up to two fifths; bars come where there is room.
    pub(super) fn new(width: u16, longest: u16) -> Self {
        Self::with_when(width, longest, 6)
    }

    /// The same with another width of the last column.
    pub(super) fn with_when(width: u16, longest: u16, when: u16) -> Self {
        let inner = width.saturating_sub(4);
        let name = longest.max(8).min(inner * 2 / 5);
        let when = when.min(inner.saturating_sub(name));
        let bars = match width {
            0..48 => 0,
            48..72 => 8,
            72..110 => 16,
            _ => 30,
        };
        let when_at = width.saturating_sub(when + 1);
        let bars_at = when_at.saturating_sub(bars + if bars > 0 { 2 } else { 1 });
        let words_at = 3 + name + 2;
        Self { name, words_at, words: bars_at.saturating_sub(words_at + 1), bars_at, bars, when_at, when }
    }
}
