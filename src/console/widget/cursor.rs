//! A cursor over rows, the window that keeps it in sight, and what keys and mouse do to it.

use super::cells::Cells;
use super::paint::Painter;
use crate::console::{Action, Role, Session};
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};
use std::ops::Range;

/// Where the cursor is in a list of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The row under it.
    pub at: usize,
    top: usize,
    area: Rect,
}

impl Cursor {
    /// A cursor on a row.
    pub fn on(at: usize) -> Self {
        Self { at, ..Self::default() }
    }

    /// Rows that are shown at once.
    pub fn page(&self) -> usize {
        usize::from(self.area.height).max(1)
    }

    /// The first row is shown with the cursor where both have room.
    pub fn from_the_top(&mut self) {
        self.top = 0;
    }

    /// Moves by an action; answers whether it was one that moves.
    pub fn act(&mut self, action: Action, rows: usize) -> bool {
        let page = self.page();
        let last = rows.saturating_sub(1);
        self.at = match action {
            Action::Down => self.at + 1,
            Action::Up => self.at.saturating_sub(1),
            Action::Top => 0,
            Action::Bottom => last,
            Action::HalfDown => self.at + page.div_ceil(2),
            Action::HalfUp => self.at.saturating_sub(page.div_ceil(2)),
            Action::PageDown => self.at + page,
            Action::PageUp => self.at.saturating_sub(page),
            _ => return false,
        }
        .min(last);
        true
    }

    /// The rows that are shown in this area, a line each; called by drawing.
    pub fn window(&mut self, rows: usize, area: Rect) -> Range<usize> {
        self.area = area;
        let height = usize::from(area.height);
        self.at = self.at.min(rows.saturating_sub(1));
        if self.at < self.top {
            self.top = self.at;
        } else if self.at >= self.top + height {
            self.top = self.at + 1 - height.min(self.at + 1);
        }
        self.top = self.top.min(rows.saturating_sub(height));
        self.top..(self.top + height).min(rows)
    }

    /// Draws the rows in sight, each by its place; the one under the cursor is shown as such.
    pub fn draw(
        &mut self,
        session: &Session,
        painter: &mut Painter<'_>,
        area: Rect,
        rows: usize,
        mut draw: impl FnMut(&mut Cells<'_, '_>, usize),
    ) {
        for (place, y) in self.window(rows, area).zip(area.y..) {
            let row = Rect { y, height: 1, ..area };
            draw(&mut Cells::new(painter, row, 2), place);
            if place == self.at {
                painter.text(row.x, y, row.width.min(1), Role::Key, session.glyphs.cursor);
                painter.role(row, Role::Selected);
            }
        }
    }

    /// The row that a click meets.
    pub fn clicked(&self, event: MouseEvent, rows: usize) -> Option<usize> {
        let row = self.top + line_clicked(event, self.area)?;
        (row < rows).then_some(row)
    }

    /// Moves by the wheel, or to the row that was clicked; answers whether it was one of these.
    pub fn mouse(&mut self, event: MouseEvent, rows: usize) -> bool {
        if let Some(action) = wheel(event) {
            return self.act(action, rows);
        }
        let clicked = self.clicked(event, rows);
        self.at = clicked.unwrap_or(self.at);
        clicked.is_some()
    }
}

/// What a turn of the wheel means.
pub fn wheel(event: MouseEvent) -> Option<Action> {
    match event.kind {
        MouseEventKind::ScrollDown => Some(Action::Down),
        MouseEventKind::ScrollUp => Some(Action::Up),
        _ => None,
    }
}

/// The line of an area that a click meets, from 0.
pub fn line_clicked(event: MouseEvent, area: Rect) -> Option<usize> {
    let met = event.kind == MouseEventKind::Down(MouseButton::Left) && area.contains(Position::new(event.column, event.row));
    met.then(|| usize::from(event.row - area.y))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyModifiers;

    #[test]
    fn a_click_goes_to_a_row_in_sight_and_to_nothing_beyond_the_last() {
        let click = |row| MouseEvent { kind: MouseEventKind::Down(MouseButton::Left), column: 3, row, modifiers: KeyModifiers::NONE };
        let mut cursor = Cursor::on(9);
        let area = Rect { x: 0, y: 2, width: 10, height: 4 };
        assert_eq!(cursor.window(10, area), 6..10);
        assert!(cursor.mouse(click(2), 10));
        assert_eq!(cursor.at, 6);
        assert!(!cursor.mouse(click(1), 10), "above the rows");
        assert!(!cursor.mouse(click(5), 9), "the last row is gone");
        assert_eq!(cursor.at, 6);
    }
}
