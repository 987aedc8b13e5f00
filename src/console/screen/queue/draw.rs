//! The rows of the queue. Only those in sight are made.

use super::QueuePage;
use crate::console::session::Connection;
use crate::console::view::incidents;
use crate::console::view::queue_list::{Entry, service};
use crate::console::widget::paint::Painter;
use crate::console::widget::section::section;
use crate::console::{Role, Session, Target};
use crate::text;
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

    fn titled(&self) -> [(&'static str, u16); 8] {
        [
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
        let mut note = format!("{} by {}", self.incidents, self.sort.word());
        if let Some(word) = self.group.word() {
            note = format!("{note}, grouped by {word}");
        }
        if tally.unacknowledged > 0 {
            note = format!("{note} {dot} {} unacked", tally.unacknowledged);
        }
        if !session.world.silences.is_empty() {
            note = format!("{note} {dot} {} silences", session.world.silences.len());
        }
        if !session.waiting.is_empty() {
            note = format!("{} still to ask {dot} {note}", session.waiting.len());
        }
        if !self.cursor.marks.is_empty() {
            note = format!("{} marked {dot} {note}", self.cursor.marks.len());
        }
        let filter = self.cursor.filter.text();
        let is_filtered = !filter.is_empty() || self.cursor.filtering;
        let title = if is_filtered { format!("Queue /{filter}") } else { "Queue".to_owned() };
        let inside = section(painter, area, &title, &note, true, &session.glyphs);
        let typed = self.cursor.filtering.then(|| {
            let x = area.x + 3 + "Queue /".len() as u16 + text::width(&text::line(filter)) as u16;
            Position::new(x.min(area.right().saturating_sub(1)), area.y)
        });
        let columns = Columns::new(inside.width, self.order.name_width);
        if inside.height > 1 {
            let mut x = inside.x + 4;
            for (title, width) in columns.titled().into_iter().filter(|(_, width)| *width > 0) {
                painter.text(x, inside.y, width.min(inside.right().saturating_sub(x)), Role::Muted, title);
                x += width + 1;
            }
        }
        let rows = Rect { y: inside.y + inside.height.min(1), height: inside.height.saturating_sub(1), ..inside };
        self.rows_area = rows;
        if self.order.ids().is_empty() && rows.height > 0 {
            let words = match () {
                () if session.connection != Connection::Live => "not known yet",
                () if is_filtered => {
                    "no incident fits; asked for are texts, is:new, is:acked, is:silenced, is:over, severity:high, owner:mia"
                }
                () => "nothing needs you; is:over as a filter shows what did",
            };
            painter.text(rows.x + 1, rows.y, rows.width.saturating_sub(2), Role::Muted, words);
        }
        let window = self.cursor.window(self.order.ids().len(), rows.height);
        for (place, y) in window.zip(rows.y..) {
            let Some(entry) = self.order.ids().get(place) else { break };
            let row = Rect { y, height: 1, ..rows };
            let (selected, marked) = (self.cursor.on() == Some(entry), self.cursor.marks.contains(entry));
            match entry {
                Entry::Group(heading) => {
                    let sign = if self.closed.contains(heading) { session.glyphs.next } else { session.glyphs.dot };
                    let count = self.counts.get(heading).copied().unwrap_or_default();
                    painter.text(row.x + 1, y, row.width.saturating_sub(1), Role::Heading, &format!("{sign} {heading}  {count}"));
                }
                Entry::Incident(id) => {
                    if let Some(incident) = session.world.incident(*id) {
                        draw_incident(session, painter, incident, &columns, row);
                        let pending = !session.pending.is_empty() && session.is_pending(&Target::Incident(*id));
                        if pending || marked {
                            let symbol = if pending { session.glyphs.pending } else { session.glyphs.mark };
                            painter.text(row.x, y, row.width.min(1), Role::Key, symbol);
                        }
                    }
                }
            }
            if selected {
                painter.role(row, Role::Selected);
                painter.text(row.x, y, row.width.min(1), Role::BorderFocused, session.glyphs.cursor);
            } else if marked {
                painter.role(row, Role::Marked);
            }
        }
        typed
    }
}

fn draw_incident(session: &Session, painter: &mut Painter<'_>, incident: &Incident, columns: &Columns, row: Rect) {
    let (y, end) = (row.y, row.right());
    let look = incidents::row(session, incident);
    let priority = session.world.urgency(incident).priority();
    if incident.is_open() {
        let role = if priority == 1 { Role::Bad } else { Role::Muted };
        painter.text(row.x + 1, y, row.width.saturating_sub(1).min(2), role, &format!("P{priority}"));
    }
    let mut x = row.x + 4;
    let mut cell = |width: u16, role: Role, text: &str| {
        if width > 0 {
            painter.text(x, y, width.min(end.saturating_sub(x)), role, text);
            x += width + 1;
        }
    };
    cell(columns.number, Role::Name, &incident.id.to_string());
    cell(columns.severity, look.role, look.severity.word());
    cell(columns.title, if incident.is_open() { Role::Text } else { Role::Muted }, &look.title);
    cell(columns.service, Role::Muted, service(incident));
    let runs_out = session.world.runs_out(incident).filter(|_| incident.is_open()).map(|out| session.time(out.at)).unwrap_or_default();
    cell(columns.runs_out, Role::Warning, &runs_out);
    cell(columns.owner, Role::Name, incident.owner.as_ref().map_or("", |owner| owner.name.as_str()));
    cell(columns.state, look.state_role, &look.state);
    cell(columns.age, Role::Muted, &look.age);
}
