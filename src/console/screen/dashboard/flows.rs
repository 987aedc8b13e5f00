//! The pane of flows.

use super::named::{Columns, Named, settle};
use super::pane::{Look, counted};
use super::{Dashboard, Focus, holds};
use crate::console::theme::Role;
use crate::console::view::flows;
use crate::console::widget::bars;
use crate::console::widget::paint::Painter;
use crate::console::{Session, Target};
use crate::domain::FlowId;
use crate::rules::forecast;
use crate::world::Flow;
use ratatui::layout::{Position, Rect};
use std::sync::Arc;

impl Dashboard {
    pub(super) fn settle_flows(&mut self, session: &Session) {
        let world = &session.world;
        // What is foreseen changes with the clock, by the minute.
        let minute = session.now.as_second().div_euclid(60);
        settle(&mut self.flows, (world.touched.flows, world.flows.len(), minute), |filter| {
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
        let more = [(tally.flows_late, "late"), (tally.flows_failed, "failed"), (tally.flows_active, "active")];
        let look = Look {
            number: 1,
            title: "Flows",
            focused,
            count: counted(session, self.flows.ids().len().to_string(), &more),
            none: ("no flows yet: put one into flows/*.toml", "no flow holds this text"),
            target: Target::Flow,
        };
        let (inner, typed) = look.frame(painter, session, area, &mut self.flows);
        let related = self.related(session);
        let columns = Columns::new(inner.width, self.flows.name_width);
        let is_related = |id: &FlowId| related.is_some_and(|incident| incident.flows.contains(id));
        look.rows(painter, session, &self.flows, is_related, |painter, row, id| {
            let Some(flow) = session.world.flow(id) else { return };
            let flows::Row { glyph, role, name, words, when } = flows::row(session, flow);
            let bars = columns.bars(|count| bars::line(&flows::bars(flow, count), count, None, &session.glyphs));
            let named = Named { glyph, role, name: name.as_str(), words: &words, bars, when: &when, when_role: Role::Muted };
            columns.draw(painter, row, &named);
        });
        typed
    }
}
