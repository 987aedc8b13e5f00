//! The rows of the list of flows. Only those in sight are made.

use super::FlowsPage;
use crate::console::view::flow_list::NextTimes;
use crate::console::view::{clock, flows};
use crate::console::widget::bars;
use crate::console::widget::cells::Cells;
use crate::console::widget::grouped::Look;
use crate::console::widget::list::Empty;
use crate::console::widget::paint::Painter;
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

    /// The columns with their titles; the first is the state's symbol.
    fn titled(&self) -> [(&'static str, u16); 9] {
        [
            ("", 1),
            ("flow", self.name),
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
        let mut note = format!("{} by {}", self.rows.things, self.rows.sort.words());
        if let Some(words) = self.rows.group.words() {
            note = format!("{note}, grouped by {words}");
        }
        for (number, word) in [(tally.flows_late, "late"), (tally.flows_failed, "failed"), (tally.flows_active, "active")] {
            if number > 0 {
                note = format!("{note} {dot} {number} {word}");
            }
        }
        let columns = Columns::new(area.width, self.rows.list.name_width);
        let none = Empty {
            nothing: "no flows yet: put one into flows/*.toml",
            unfit: "no flow fits; a state is asked for as state:failed, late, held, running, waiting, never",
            teaches: true,
        };
        let look = Look { title: "Flows", note: &note, columns: &columns.titled(), none, target: Target::Flow };
        let next = &mut self.next;
        self.rows.draw(session, painter, area, &look, |cells, id| {
            if let Some(flow) = session.world.flow(id) {
                draw_flow(session, cells, flow, next, &columns);
            }
        })
    }
}

fn draw_flow(session: &Session, cells: &mut Cells<'_, '_>, flow: &Flow, next: &mut NextTimes, columns: &Columns) {
    let look = flows::row(session, flow);
    cells.cell(1, look.role, look.glyph);
    cells.cell(columns.name, Role::Name, look.name.as_str());
    cells.cell(columns.words, if look.role == Role::Good { Role::Muted } else { look.role }, &look.words);
    cells.cell(columns.last, Role::Text, &last(session, flow));
    let next = if columns.next > 0 { next.of(session, flow) } else { None };
    cells.cell(columns.next, Role::Text, &next.map(|at| session.time(at)).unwrap_or_default());
    let foreseen = if columns.end > 0 { foreseen(flow, session) } else { None };
    let role = foreseen.as_ref().map_or(Role::Muted, |told| flows::risk_role(told.risk));
    cells.cell(columns.end, role, &foreseen.as_ref().map(|told| end_words(session, told)).unwrap_or_default());
    if columns.bars > 0 {
        let bars = flows::bars(flow, columns.bars.into());
        cells.line(columns.bars, &bars::line(&bars, columns.bars.into(), None, &session.glyphs));
    }
    let took = flow.last_done().and_then(|run| run.ended_at?.duration_since(run.started_at?).try_into().ok());
    cells.cell(columns.took, Role::Muted, &took.map(clock::duration).unwrap_or_default());
    let held = flow.hold.as_ref().map(|hold| match hold.until {
        Some(until) => format!("{} {} {}", hold.by, session.glyphs.arrow, session.time(until)),
        None => hold.by.clone(),
    });
    cells.cell(columns.held, Role::Waiting, &held.unwrap_or_default());
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
