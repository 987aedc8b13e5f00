//! The cells of one row, from left to right: each begins where the one before ended, and what passes the row's end is cut.

use super::line::Line;
use super::paint::Painter;
use crate::console::Role;
use ratatui::layout::Rect;

/// A row while it is drawn.
pub struct Cells<'p, 'b> {
    /// For what is more than a cell.
    pub painter: &'p mut Painter<'b>,
    /// What is left of the row.
    pub left: Rect,
    /// Columns between two cells.
    pub gap: u16,
}

impl<'p, 'b> Cells<'p, 'b> {
    /// The cells of a row; the first begins after so many columns.
    pub fn new(painter: &'p mut Painter<'b>, row: Rect, indent: u16) -> Self {
        let mut cells = Self { painter, left: row, gap: 1 };
        cells.skip(indent);
        cells
    }

    /// Begins right beside the cursor's sign instead of a column away from it; called before the first cell.
    pub fn beside_cursor(&mut self) {
        self.left = Rect { x: self.left.x.saturating_sub(1), width: self.left.width + 1, ..self.left };
    }

    /// Leaves columns empty.
    pub fn skip(&mut self, columns: u16) {
        let columns = columns.min(self.left.width);
        self.left = Rect { x: self.left.x + columns, width: self.left.width - columns, ..self.left };
    }

    /// A cell of so many columns; without columns it is left out, gap and all.
    pub fn cell(&mut self, width: u16, role: Role, text: &str) {
        let cell = self.take(width);
        self.painter.text(cell.x, cell.y, cell.width, role, text);
    }

    /// The same with the text at its right end.
    pub fn right(&mut self, width: u16, role: Role, text: &str) {
        let cell = self.take(width);
        self.painter.right(cell, cell.y, role, text);
    }

    /// The same with texts of several roles.
    pub fn line(&mut self, width: u16, line: &Line) {
        let cell = self.take(width);
        self.painter.line(cell.x, cell.y, cell.width, line);
    }

    /// All that is left.
    pub fn rest(&mut self, role: Role, text: &str) {
        self.cell(u16::MAX, role, text);
    }

    fn take(&mut self, width: u16) -> Rect {
        let cell = Rect { width: width.min(self.left.width), ..self.left };
        if width > 0 {
            self.skip(width.saturating_add(self.gap));
        }
        cell
    }
}
