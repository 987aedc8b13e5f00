//! The rows of the queue. Only those in sight are made.

use super::QueuePage;
use crate::console::view::incidents;
use crate::console::view::queue_list::service;
use crate::console::widget::cells::Cells;
use crate::console::widget::grouped::Look;
use crate::console::widget::list::Empty;
use crate::console::widget::paint::Painter;
use crate::console::{Role, Session, Target};
use crate::world::Incident;
use ratatui::layout::{Position, Rect};

/// Widths of the columns; 0 where there is no room for one.
struct Columns {
    number: u16,
    severity: u16,
    title: u16,
    service: u16,
    runs_out: u16,
    owner: u16,
    state: u16,
    age: u16,
}

impl Columns {
    fn new(width: u16, number: u16) -> Self {
        let wide = |from: u16, columns: u16| if width >= from { columns } else { 0 };
        let mut columns = Self {
            number: number.max(3),
            severity: 8,
            title: 0,
            service: if width >= 160 { 24 } else { wide(100, 14) },
            runs_out: wide(90, 9),
            owner: wide(110, 10),
            state: if width >= 100 { 18 } else { wide(60, 15) },
            age: 5,
        };
        let others = [columns.number, columns.severity, columns.service, columns.runs_out, columns.owner, columns.state, columns.age];
        let taken: u16 = others.iter().filter(|width| **width > 0).map(|width| width + 1).sum();
        // The gutter and the priority stand before all.
        columns.title = width.saturating_sub(4 + taken + 1);
        columns
    }

    /// The columns with their titles; the first is the priority.
    fn titled(&self) -> [(&'static str, u16); 9] {
        [
            ("", 2),
            ("no", self.number),
            ("severity", self.severity),
            ("what", self.title),
            ("service", self.service),
            ("runs out", self.runs_out),
            ("owner", self.owner),
            ("state", self.state),
            ("age", self.age),
        ]
    }
}

impl QueuePage {
    pub(super) fn draw_list(&mut self, session: &Session, area: Rect, painter: &mut Painter<'_>) -> Option<Position> {
        let dot = session.glyphs.dot;
        let tally = &session.world.tally;
        let mut note = format!("{} by {}", self.rows.things, self.rows.sort.word());
        if let Some(word) = self.rows.group.word() {
            note = format!("{note}, grouped by {word}");
        }
        if tally.unacknowledged > 0 {
            note = format!("{note} {dot} {} unacked", tally.unacknowledged);
        }
        match session.world.silences.len() {
            0 => {}
            1 => note = format!("{note} {dot} 1 silence"),
            many => note = format!("{note} {dot} {many} silences"),
        }
        if !session.waiting.is_empty() {
            note = format!("{} still to ask {dot} {note}", session.waiting.len());
        }
        let columns = Columns::new(area.width, self.rows.list.name_width);
        let none = Empty {
            nothing: "nothing needs you; is:over as a filter shows what did",
            unfit: "no incident fits; asked for are texts, is:new, is:acked, is:silenced, is:over, severity:high, owner:mia",
            teaches: true,
        };
        let look = Look { title: "Queue", note: &note, columns: &columns.titled(), none, target: Target::Incident };
        self.rows.draw(session, painter, area, &look, |cells, id| {
            if let Some(incident) = session.world.incident(*id) {
                draw_incident(session, cells, incident, &columns);
            }
        })
    }
}

fn draw_incident(session: &Session, cells: &mut Cells<'_, '_>, incident: &Incident, columns: &Columns) {
    let look = incidents::row(session, incident);
    let priority = session.world.urgency(incident).priority();
    let words = if incident.is_open() { format!("P{priority}") } else { String::new() };
    cells.cell(2, if priority == 1 { Role::Bad } else { Role::Muted }, &words);
    cells.cell(columns.number, Role::Name, &incident.id.to_string());
    cells.cell(columns.severity, look.role, look.severity.word());
    cells.cell(columns.title, if incident.is_open() { Role::Text } else { Role::Muted }, &look.title);
    cells.cell(columns.service, Role::Muted, service(incident));
    let runs_out = session.world.runs_out(incident).filter(|_| incident.is_open()).map(|out| session.time(out.at)).unwrap_or_default();
    cells.cell(columns.runs_out, Role::Warning, &runs_out);
    cells.cell(columns.owner, Role::Name, incident.owner.as_ref().map_or("", |owner| owner.name.as_str()));
    cells.cell(columns.state, look.state_role, &look.state);
    cells.cell(columns.age, Role::Muted, &look.age);
}
