//! The rows of the list of flows. Only those in sight are made.

use super::FlowsPage;
use crate::console::session::Connection;
use crate::console::view::flow_list::Entry;
use crate::console::view::{clock, flows};
use crate::console::widget::bars;
use crate::console::widget::paint::Painter;
use crate::console::widget::section::section;
use crate::console::{Role, Session, Target};
use crate::rules::forecast::{self, Forecast};
use crate::world::Flow;
use ratatui::layout::{Position, Rect};

/// Widths of the columns; 0 where there is no room for one.
struct Columns {
    name: u16,
    words: u16,
    last: u16,
    next: u16,
    end: u16,
    bars: u16,
    took: u16,
    held: u16,
}

impl Columns {
    fn new(width: u16, longest: u16) -> Self {
        let wide = |from: u16, columns: u16| if width >= from { columns } else { 0 };
        let mut columns = Self {
            name: longest.clamp(8, (width / 4).max(8)),
            words: 0,
            last: wide(100, 12),
            next: wide(60, 10),
            end: wide(70, 16),
            bars: if width >= 160 { 30 } else { wide(100, 12) },
            took: wide(110, 7),
            held: wide(160, 18),
        };
        let others = [columns.last, columns.next, columns.end, columns.bars, columns.took, columns.held];
        let taken: u16 = others.iter().filter(|width| **width > 0).map(|width| width + 1).sum();
        columns.words = width.saturating_sub(3 + columns.name + 1 + taken + 1);
        columns
    }

    /// The columns after the name with their titles.
    fn titled(&self) -> [(&'static str, u16); 7] {
        [
            ("now", self.words),
            ("last run", self.last),
            ("next", self.next),
            ("end, to spare", self.end),
            ("history", self.bars),
            ("took", self.took),
            ("held by", self.held),
        ]
    }
}

impl FlowsPage {
    pub(super) fn draw_list(&mut self, session: &Session, area: Rect, painter: &mut Painter<'_>) -> Option<Position> {
        let dot = session.glyphs.dot;
        let tally = &session.world.tally;
        let mut note = format!("{} by {}", self.flows, self.sort.words());
        if let Some(words) = self.group.words() {
            note = format!("{note}, grouped by {words}");
        }
        for (number, word) in [(tally.flows_late, "late"), (tally.flows_failed, "failed"), (tally.flows_active, "active")] {
            if number > 0 {
                note = format!("{note} {dot} {number} {word}");
            }
        }
        if !self.cursor.marks.is_empty() {
            note = format!("{} marked {dot} {note}", self.cursor.marks.len());
        }
        let filter = self.cursor.filter.text();
        let is_filtered = !filter.is_empty() || self.cursor.filtering;
        let title = if is_filtered { format!("Flows /{filter}") } else { "Flows".to_owned() };
        let inside = section(painter, area, &title, &note, true, &session.glyphs);
        let typed = self.cursor.filtering.then(|| {
            let x = area.x + 3 + "Flows /".len() as u16 + crate::text::width(&crate::text::line(filter)) as u16;
            Position::new(x.min(area.right().saturating_sub(1)), area.y)
        });
        let columns = Columns::new(inside.width, self.order.name_width);
        if inside.height > 1 {
            painter.text(inside.x + 3, inside.y, columns.name, Role::Muted, "flow");
            let mut x = inside.x + 3 + columns.name + 1;
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
                () if is_filtered => "no flow fits; a state is asked for as state:failed, late, held, running, waiting, never",
                () => "no flows yet: put one into flows/*.toml",
            };
            painter.text(rows.x + 1, rows.y, rows.width.saturating_sub(2), Role::Muted, words);
        }
        let window = self.cursor.window(self.order.ids().len(), rows.height);
        let shown: Vec<(Entry, u16)> =
            window.zip(rows.y..).filter_map(|(place, y)| Some((self.order.ids().get(place)?.clone(), y))).collect();
        for (entry, y) in shown {
            let row = Rect { y, height: 1, ..rows };
            let (selected, marked) = (self.cursor.on() == Some(&entry), self.cursor.marks.contains(&entry));
            match &entry {
                Entry::Group(heading) => {
                    let sign = if self.closed.contains(heading) { session.glyphs.next } else { session.glyphs.dot };
                    let count = self.counts.get(heading).copied().unwrap_or_default();
                    painter.text(row.x + 1, y, row.width.saturating_sub(1), Role::Heading, &format!("{sign} {heading}  {count}"));
                }
                Entry::Flow(id) => {
                    if let Some(flow) = session.world.flow(id) {
                        self.draw_flow(session, painter, flow, &columns, row);
                        let pending = !session.pending.is_empty() && session.is_pending(&Target::Flow(id.clone()));
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

    fn draw_flow(&mut self, session: &Session, painter: &mut Painter<'_>, flow: &Flow, columns: &Columns, row: Rect) {
        let (y, end) = (row.y, row.right());
        let look = flows::row(session, flow);
        painter.text(row.x + 1, y, row.width.saturating_sub(1).min(1), look.role, look.glyph);
        painter.text(row.x + 3, y, columns.name.min(row.width.saturating_sub(3)), Role::Name, look.name.as_str());
        let mut x = row.x + 3 + columns.name + 1;
        let mut cell = |painter: &mut Painter<'_>, width: u16, role: Role, text: &str| {
            if width > 0 {
                painter.text(x, y, width.min(end.saturating_sub(x)), role, text);
                x += width + 1;
            }
            x
        };
        cell(painter, columns.words, if look.role == Role::Good { Role::Muted } else { look.role }, &look.words);
        cell(painter, columns.last, Role::Text, &last(session, flow));
        let next = if columns.next > 0 { self.next.of(session, flow) } else { None };
        let next = next.map(|at| session.time(at)).unwrap_or_default();
        cell(painter, columns.next, Role::Text, &next);
        let foreseen = if columns.end > 0 { foreseen(flow, session) } else { None };
        let role = foreseen.as_ref().map_or(Role::Muted, |told| flows::risk_role(told.risk));
        let words = foreseen.as_ref().map(|told| end_words(session, told)).unwrap_or_default();
        let at = cell(painter, columns.end, role, &words);
        if columns.bars > 0 {
            let line = bars::line(&flows::bars(flow, columns.bars.into()), columns.bars.into(), None, &session.glyphs);
            painter.line(at, y, columns.bars.min(end.saturating_sub(at)), &line);
            cell(painter, columns.bars, Role::Text, "");
        }
        let took = flow.last_done().and_then(|run| run.ended_at?.duration_since(run.started_at?).try_into().ok());
        cell(painter, columns.took, Role::Muted, &took.map(clock::duration).unwrap_or_default());
        let held = flow.hold.as_ref().map(|hold| match hold.until {
            Some(until) => format!("{} {} {}", hold.by, session.glyphs.arrow, session.time(until)),
            None => hold.by.clone(),
        });
        cell(painter, columns.held, Role::Waiting, &held.unwrap_or_default());
    }
}

/// The newest run with how long ago it ended, or how long it has been running.
fn last(session: &Session, flow: &Flow) -> String {
    let Some(run) = flow.last_run() else { return "never".into() };
    let when = match (run.started_at, run.ended_at) {
        (_, Some(end)) => format!("{}{}", session.glyphs.minus, session.age(end)),
        (Some(start), None) => session.age(start),
        (None, None) => "waits".into(),
    };
    format!("{} {when}", run.id.name)
}

/// The end of the run on its way, else of the next planned one.
fn foreseen(flow: &Flow, session: &Session) -> Option<Forecast> {
    match flow.active().next() {
        Some(run) => forecast::of_run(flow, run, session.now),
        None => forecast::of_next(&session.world, flow).map(|(_, told)| told),
    }
}

/// The usual end with the time to spare, `06:42 +18m`, else the deadline.
fn end_words(session: &Session, told: &Forecast) -> String {
    let end = told.p50.map(|end| session.time(end));
    match (end, told.slack(), told.due) {
        (Some(end), Some(slack), _) => format!("{end} {}", flows::slack_words(session, slack)),
        (Some(end), None, _) => end,
        (None, _, Some(due)) => format!("due {}", session.time(due)),
        (None, _, None) => String::new(),
    }
}
