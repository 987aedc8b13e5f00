//! A page of sections: headings with rows below them, some of which lead somewhere. One cursor goes over all rows; the
//! headings scroll with them.
//!
//! ```text
//! ── Open, and whose ───────────────────────── 2 ──
//!   41 critical  nightly-orders: load failed   14m  nobody works on it
//! ▌ 40 high      checkout is down               3m  ana
//! ── Deadlines ─────────────────────────────── 1 ──
//!   06:00  nightly-orders must finish
//! ```

use super::cursor::{Cursor, wheel};
use super::line::Line;
use super::paint::Painter;
use super::section::section;
use crate::console::screen::Screen;
use crate::console::{Action, Role, Session};
use crossterm::event::MouseEvent;
use ratatui::layout::Rect;

/// A row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// What it says.
    pub line: Line,
    /// Where it leads.
    pub goes: Option<Screen>,
}

impl Row {
    /// A row that leads nowhere.
    pub fn of(line: Line) -> Self {
        Self { line, goes: None }
    }

    /// The same, leading to a page.
    #[must_use]
    pub fn to(self, screen: Screen) -> Self {
        Self { goes: Some(screen), ..self }
    }
}

/// A heading with its rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// What stands at its right end.
    pub note: String,
    /// The rows.
    pub rows: Vec<Row>,
}

impl Section {
    /// A section; without rows it says so in these words.
    pub fn new(title: &str, note: impl Into<String>, rows: Vec<Row>, none: &str) -> Self {
        let rows = if rows.is_empty() { vec![Row::of(Line::of(Role::Muted, none.to_owned()))] } else { rows };
        Self { title: title.to_owned(), note: note.into(), rows }
    }
}

/// Sections with a cursor.
#[derive(Debug, Default)]
pub struct Sheet {
    sections: Vec<Section>,
    cursor: Cursor,
}

impl Sheet {
    /// Shows these sections from now on; the cursor stays on its row.
    pub fn put(&mut self, sections: Vec<Section>) {
        self.sections = sections;
        self.cursor.at = self.cursor.at.min(self.lines().saturating_sub(1));
        self.off_heading(true);
    }

    fn lines(&self) -> usize {
        self.sections.iter().map(|section| section.rows.len() + 1).sum()
    }

    /// The section at a line, and the row in it; no row for its heading.
    fn at(&self, line: usize) -> Option<(&Section, Option<&Row>)> {
        let mut left = line;
        for section in &self.sections {
            if left == 0 {
                return Some((section, None));
            }
            if left <= section.rows.len() {
                return Some((section, section.rows.get(left - 1)));
            }
            left -= section.rows.len() + 1;
        }
        None
    }

    /// The row under the cursor.
    pub fn row(&self) -> Option<&Row> {
        self.at(self.cursor.at).and_then(|(_, row)| row)
    }

    /// The section and the row under the cursor, by their places.
    pub fn place(&self) -> Option<(usize, usize)> {
        let mut left = self.cursor.at;
        for (place, section) in self.sections.iter().enumerate() {
            if left <= section.rows.len() {
                return Some((place, left.checked_sub(1)?));
            }
            left -= section.rows.len() + 1;
        }
        None
    }

    /// A heading is passed over.
    fn off_heading(&mut self, forward: bool) {
        if self.at(self.cursor.at).is_some_and(|(_, row)| row.is_none()) {
            let last = self.lines().saturating_sub(1);
            self.cursor.at = if forward || self.cursor.at == 0 { (self.cursor.at + 1).min(last) } else { self.cursor.at - 1 };
        }
    }

    /// Draws what is in sight.
    pub fn draw(&mut self, session: &Session, painter: &mut Painter<'_>, area: Rect) {
        if self.cursor.at == 1 {
            // The heading above the first row, which the cursor passes over, is shown with it.
            self.cursor.from_the_top();
        }
        let window = self.cursor.window(self.lines(), area);
        for (y, line) in (area.top()..area.bottom()).zip(window) {
            let Some((found, row)) = self.at(line) else { break };
            match row {
                None => {
                    let heading = Rect { y, height: 1, ..area };
                    section(painter, heading, &found.title, &found.note, false, &session.glyphs);
                }
                Some(row) => {
                    painter.line(area.x + 2, y, area.width.saturating_sub(2), &row.line);
                    if line == self.cursor.at {
                        painter.text(area.x, y, 1, Role::Key, session.glyphs.cursor);
                        painter.role(Rect { y, height: 1, ..area }, Role::Selected);
                    }
                }
            }
        }
    }

    /// Moves, or opens what the row leads to; answers whether it was that.
    pub fn act(&mut self, action: Action, session: &mut Session) -> bool {
        if action == Action::Open {
            if let Some(screen) = self.row().and_then(|row| row.goes.clone()) {
                session.open(screen);
            }
            return true;
        }
        let before = self.cursor.at;
        let lines = self.lines();
        let moved = self.cursor.act(action, lines);
        if moved {
            self.off_heading(self.cursor.at >= before);
        }
        moved
    }

    /// The text of the row under the cursor.
    pub fn copied(&self) -> Option<String> {
        self.row().map(|row| row.line.text().trim().to_owned())
    }

    /// Clicks and the wheel.
    pub fn mouse(&mut self, event: MouseEvent, session: &mut Session) -> bool {
        if let Some(action) = wheel(event) {
            return self.act(action, session);
        }
        let is_row = |line: &usize| self.at(*line).is_some_and(|(_, row)| row.is_some());
        let clicked = self.cursor.clicked(event, self.lines()).filter(is_row);
        self.cursor.at = clicked.unwrap_or(self.cursor.at);
        clicked.is_some()
    }
}
