//! The batch day: for each flow what was planned against what came of it, so that an absence is a row. Left and right go to
//! the day before and after.
//!
//! ```text
//!  ── Batch day Fri 2026-11-20 ─────── Fri 06:00 → Sat 06:00 · 12 flows · 1 missed · 1 carried over ──
//!    flow             planned    ran  caught  missed  skipped  to come  next
//! ▌✗ nightly-orders         1      1       ·       ·        ·        ·         nightly-orders/17 failed, since Thu
//!  ▲ settle-fx             24     21       1       2        ·        ·         23:00 missed (nothing is caught up)
//!  ● heartbeat          1,440  1,021       ·       ·        ·      419  02:42
//! ```

use super::{Page, Screen};
use crate::console::widget::cells::Cells;
use crate::console::widget::cursor::Cursor;
use crate::console::widget::paint::Painter;
use crate::console::widget::rows::Rows;
use crate::console::widget::section::section;
use crate::console::{Action, Place, Role, Session, Target};
use crate::rules::{self, BatchDay, BatchRow};
use crate::world::settled::Ending;
use crossterm::event::MouseEvent;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// A day of very many flows is worked out again at most this often.
const AGAIN: SignedDuration = SignedDuration::from_secs(5);
/// Columns of one figure.
const FIGURE: u16 = 8;
/// Names of the figures, in the order of the columns.
const FIGURES: [&str; 6] = ["planned", "ran", "caught", "missed", "skipped", "to come"];

/// The page.
#[derive(Debug, Default)]
pub struct BatchPage {
    /// The day that is shown; absent for today's, also when that becomes another one.
    day: Option<Date>,
    list: Rows<BatchRow>,
    /// The day without its rows, which are listed.
    known: Option<(Stamp, BatchDay)>,
}

/// What a worked-out day depends on: the day, the last entry about a flow, and when it was worked out.
type Stamp = (Option<Date>, u64, Timestamp);

impl BatchPage {
    fn refresh(&mut self, session: &Session) {
        let touched = session.world.touched.flows;
        let stays = self.known.as_ref().is_some_and(|((day, known, at), _)| {
            let young = session.now.duration_since(*at) < AGAIN;
            let same_minute = session.now.as_second().div_euclid(60) == at.as_second().div_euclid(60);
            *day == self.day && (young || *known == touched && same_minute)
        });
        if !stays {
            let day = self.day.unwrap_or_else(|| rules::batch_day_of(&session.world, session.now));
            let mut worked_out = rules::batch_day(&session.world, day, session.now);
            worked_out.rows.sort_by_key(|row| (class(row), row.flow.clone()));
            self.list.put(std::mem::take(&mut worked_out.rows), |row, on| row.flow == on.flow);
            self.known = Some(((self.day, touched, session.now), worked_out));
        }
    }

    fn go(&mut self, forward: bool) {
        let Some(shown) = self.known.as_ref().map(|(_, day)| day.day) else { return };
        let other = if forward { shown.tomorrow() } else { shown.yesterday() };
        // The first and the last day of the calendar have no neighbour.
        self.day = other.ok().or(self.day);
        self.list.cursor = Cursor::default();
    }
}

/// Where a row stands: what failed and what is missing first.
fn class(row: &BatchRow) -> u8 {
    match () {
        () if row.carried_over.is_some() => 0,
        () if row.count(Ending::Missed) > 0 => 1,
        () if absences(row) > 0 => 2,
        () => 3,
    }
}

/// Occurrences that were left out on purpose.
fn absences(row: &BatchRow) -> u32 {
    [Ending::SkippedOverlap, Ending::SkippedHeld, Ending::SkippedIced, Ending::SkippedCalendar].map(|ending| row.count(ending)).iter().sum()
}

fn note(session: &Session, row: &BatchRow) -> String {
    if let Some(carried) = &row.carried_over {
        return format!("{} failed, since {}", carried.run, carried.since.strftime("%a"));
    }
    let absent = row.last.as_ref().filter(|last| !matches!(last.ending, Ending::Ran | Ending::CaughtUp));
    if let Some(last) = absent {
        let reason = last.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        return format!("{} {}{reason}", session.time(last.at), last.ending.words());
    }
    match (row.to_skip, row.is_complete, &row.last_run) {
        (0, true, Some((run, words))) => format!("{run} {words}"),
        (0, false, _) => "older occurrences are in the journal".into(),
        (0, true, None) => String::new(),
        (skipped, ..) => format!("{skipped} to come will be skipped"),
    }
}

fn heading(session: &Session, day: &BatchDay, rows: &[BatchRow]) -> String {
    let missed: u32 = rows.iter().map(|row| row.count(Ending::Missed)).sum();
    let carried = rows.iter().filter(|row| row.carried_over.is_some()).count();
    let mut words = format!("{} {} {}", session.time(day.from), session.glyphs.arrow, session.time(day.to));
    let figures = [(rows.len(), "flows"), (missed as usize, "missed"), (carried, "carried over")];
    for (count, what) in figures.into_iter().filter(|(count, _)| *count > 0) {
        words = format!("{words} {} {count} {what}", session.glyphs.dot);
    }
    words
}

/// Figures side by side, each at the right end of its column, and what keeps the next cell off them.
fn figures(cells: &mut Cells<'_, '_>, figures: impl Iterator<Item = (Role, String)>) {
    cells.gap = 0;
    for (role, words) in figures {
        cells.right(FIGURE, role, &words);
    }
    cells.skip(2);
    cells.gap = 1;
}

impl Page for BatchPage {
    fn title(&self, _session: &Session) -> String {
        "batch day".into()
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        vec![Place::Flows, Place::List, Place::Global]
    }

    fn settle(&mut self, session: &Session) {
        self.refresh(session);
    }

    fn target(&self, _session: &Session) -> Option<Target> {
        self.list.chosen().map(|row| Target::Flow(row.flow.clone()))
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.refresh(session);
        session.changes_in(SignedDuration::from_secs(60 - session.now.as_second().rem_euclid(60)));
        let mut painter = Painter::new(buffer, session);
        let Some((_, day)) = &self.known else { return None };
        let title = format!("Batch day {}", day.day.strftime("%a %Y-%m-%d"));
        let rows = self.list.all();
        let inside = section(&mut painter, area, &title, &heading(session, day, rows), true, &session.glyphs);
        // Names take what the longest needs, up to a third; then the figures as far as they fit, then the note.
        let longest = rows.iter().map(|row| crate::text::width(row.flow.as_str())).max().unwrap_or(0) as u16;
        let name = longest.clamp(6, (area.width / 3).max(6));
        let shown = usize::from(inside.width.saturating_sub(4 + name) / FIGURE).min(FIGURES.len());
        let titled = u16::from(!rows.is_empty()).min(inside.height);
        if titled > 0 {
            let mut cells = Cells::new(&mut painter, Rect { height: 1, ..inside }, 3);
            cells.cell(name, Role::Muted, "flow");
            figures(&mut cells, FIGURES.iter().take(shown).map(|word| (Role::Muted, (*word).to_owned())));
            cells.rest(Role::Muted, "next");
        }
        let area = Rect { y: inside.y + titled, height: inside.height - titled, ..inside };
        self.list.draw(session, &mut painter, area, "nothing is planned for it, and nothing ran", |cells, row| {
            let (symbol, role) = match class(row) {
                0 => (session.glyphs.bad, Role::Bad),
                1 => (session.glyphs.warning, Role::Warning),
                2 => (session.glyphs.waiting, Role::Muted),
                _ => (session.glyphs.good, Role::Good),
            };
            cells.beside_cursor();
            cells.cell(1, role, symbol);
            cells.cell(name, Role::Name, row.flow.as_str());
            let missed = row.count(Ending::Missed);
            let counts = [row.planned(), row.count(Ending::Ran), row.count(Ending::CaughtUp), missed, absences(row), row.to_come];
            let counts = counts.into_iter().take(shown).enumerate().map(|(column, count)| match count {
                0 => (Role::Muted, session.glyphs.dot.to_owned()),
                _ => (if column == 3 { Role::Warning } else { Role::Text }, count.to_string()),
            });
            figures(cells, counts);
            let next = row.next.map(|at| session.time(at)).unwrap_or_default();
            let note = note(session, row);
            let role = if class(row) < 2 { Role::Warning } else { Role::Muted };
            // Where there is little room, what went wrong takes the place of what comes next.
            if cells.left.width >= 24 {
                cells.cell(10, Role::Text, &next);
                cells.rest(role, &note);
            } else if note.is_empty() || class(row) == 3 {
                cells.cell(10, Role::Text, &next);
            } else {
                cells.rest(role, &note);
            }
        });
        None
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        match action {
            Action::Open => {
                if let Some(Target::Flow(flow)) = self.target(session) {
                    session.open(Screen::Flow(flow));
                }
                true
            }
            Action::Left | Action::Right => {
                self.go(action == Action::Right);
                self.refresh(session);
                true
            }
            other => self.list.act(other),
        }
    }

    fn mouse(&mut self, event: MouseEvent, _session: &mut Session) -> bool {
        self.list.mouse(event)
    }
}
