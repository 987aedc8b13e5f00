//! The rows of a page that is a list: what is listed, the cursor over it, and how it is drawn.

use super::cells::Cells;
use super::cursor::Cursor;
use super::paint::Painter;
use crate::console::{Action, Session};
use crossterm::event::MouseEvent;
use ratatui::layout::Rect;

/// Rows with a cursor.
#[derive(Debug)]
pub struct Rows<T> {
    /// Where the reader is.
    pub cursor: Cursor,
    listed: Vec<T>,
    stamp: Option<u64>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { cursor: Cursor::default(), listed: Vec::new(), stamp: None }
    }
}

impl<T> Rows<T> {
    /// Lists again when the stamp is another one than the last time: the last entry that touched what is listed.
    pub fn refresh(&mut self, stamp: u64, same: impl Fn(&T, &T) -> bool, list: impl FnOnce() -> Vec<T>) {
        if self.stamp.replace(stamp) != Some(stamp) {
            self.put(list(), same);
        }
    }

    /// Lists these from now on. The cursor stays on what it is on, wherever that is now: a key must not meet what moved in
    /// under it. Where that is gone, it stays at its place.
    pub fn put(&mut self, rows: Vec<T>, same: impl Fn(&T, &T) -> bool) {
        let kept = self.chosen().and_then(|on| rows.iter().position(|row| same(row, on)));
        self.cursor.at = kept.unwrap_or(self.cursor.at).min(rows.len().saturating_sub(1));
        self.listed = rows;
    }

    /// What is listed.
    pub fn all(&self) -> &[T] {
        &self.listed
    }

    /// The row under the cursor.
    pub fn chosen(&self) -> Option<&T> {
        self.listed.get(self.cursor.at)
    }

    /// Draws the rows in sight, or says in these words that there are none.
    pub fn draw(
        &mut self,
        session: &Session,
        painter: &mut Painter<'_>,
        area: Rect,
        none: &str,
        mut draw: impl FnMut(&mut Cells<'_, '_>, &T),
    ) {
        if self.listed.is_empty() {
            painter.none(area, none);
        }
        self.cursor.draw(session, painter, area, self.listed.len(), |cells, place| {
            if let Some(row) = self.listed.get(place) {
                draw(cells, row);
            }
        });
    }

    /// Moves by an action; answers whether it was one that moves.
    pub fn act(&mut self, action: Action) -> bool {
        self.cursor.act(action, self.listed.len())
    }

    /// Moves by the mouse; answers whether it did.
    pub fn mouse(&mut self, event: MouseEvent) -> bool {
        self.cursor.mouse(event, self.listed.len())
    }
}

#[cfg(test)]
mod tests {
    use super::Rows;

    #[test]
    fn the_cursor_stays_on_its_thing_when_something_comes_in_above() {
        let mut rows = Rows::default();
        rows.put(vec![("b", 1), ("c", 1)], |row, on| row.0 == on.0);
        rows.cursor.at = 1;
        rows.put(vec![("a", 2), ("b", 2), ("c", 2)], |row, on| row.0 == on.0);
        assert_eq!(rows.chosen(), Some(&("c", 2)));
        rows.put(vec![("a", 3), ("b", 3)], |row, on| row.0 == on.0);
        assert_eq!(rows.chosen(), Some(&("b", 3)), "what is gone leaves its place");
    }
}
