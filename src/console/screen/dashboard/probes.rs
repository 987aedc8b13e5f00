//! The pane of probes.

use super::named::{Columns, Named, settle};
use super::pane::{Look, counted};
use super::{Dashboard, Focus, holds};
use crate::console::theme::Role;
use crate::console::view::probes;
use crate::console::widget::bars;
use crate::console::widget::paint::Painter;
use crate::console::{Session, Target};
use crate::domain::ProbeId;
use ratatui::layout::{Position, Rect};

/// Columns of the state with its age: `degraded 10m`.
const WHEN: u16 = 13;

impl Dashboard {
    pub(super) fn settle_probes(&mut self, session: &Session) {
        let world = &session.world;
        settle(&mut self.probes, (world.touched.probes, world.probes.len(), 0), |filter| {
            let shown = world.probes.values().filter(|probe| holds(&probes::searched(probe), filter));
            shown.map(|probe| probe.urgency()).collect()
        });
    }

    pub(super) fn draw_probes(&mut self, session: &Session, area: Rect, painter: &mut Painter<'_>) -> Option<Position> {
        let focused = self.focus == Focus::Probes;
        let tally = &session.world.tally;
        let more = [(tally.probes_down, "down"), (tally.probes_degraded, "degraded")];
        let look = Look {
            number: 2,
            title: "Probes",
            focused,
            count: counted(session, self.probes.ids().len().to_string(), &more),
            none: ("no probes yet: put one into probes/*.toml", "no probe holds this text"),
            target: Target::Probe,
        };
        let (inner, typed) = look.frame(painter, session, area, &mut self.probes);
        let related = self.related(session);
        let columns = Columns::with_when(inner.width, self.probes.name_width, WHEN);
        let is_related = |id: &ProbeId| related.is_some_and(|incident| incident.probes.contains(id));
        look.rows(painter, session, &self.probes, is_related, |painter, row, id| {
            let Some(probe) = session.world.probe(id) else { return };
            let probes::Row { glyph, role, name, words, when } = probes::row(session, probe);
            let ring = session.readings.of(id);
            let bars =
                columns.bars(|count| bars::line(&probes::bars(ring, count), count, Some(probes::full(probe, ring)), &session.glyphs));
            let when_role = if role == Role::Good { Role::Muted } else { role };
            columns.draw(painter, row, &Named { glyph, role, name: name.as_str(), words: &words, bars, when: &when, when_role });
        });
        typed
    }
}
