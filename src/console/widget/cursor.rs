//! A cursor over rows and the window that keeps it in sight.

use crate::console::Action;
use std::ops::Range;

/// Where the cursor is in a list of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The row under it.
    pub at: usize,
    top: usize,
    height: usize,
}

impl Cursor {
    /// A cursor on a row.
    pub fn on(at: usize) -> Self {
        Self { at, ..Self::default() }
    }

    /// Moves by an action; answers whether it was one that moves.
    pub fn act(&mut self, action: Action, rows: usize) -> bool {
        let page = self.height.max(1);
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

    /// The rows that are shown in this height; called by drawing.
    pub fn window(&mut self, rows: usize, height: u16) -> Range<usize> {
        self.height = usize::from(height);
        self.at = self.at.min(rows.saturating_sub(1));
        if self.at < self.top {
            self.top = self.at;
        } else if self.at >= self.top + self.height {
            self.top = self.at + 1 - self.height.min(self.at + 1);
        }
        self.top = self.top.min(rows.saturating_sub(self.height));
        self.top..(self.top + self.height).min(rows)
    }

    /// The row at this line of the window, for the mouse.
    pub fn row_at(&self, line: u16) -> usize {
        self.top + usize::from(line)
    }
}
