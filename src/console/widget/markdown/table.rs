//! A Markdown table → lines: columns as wide as they need, the widest shrunk until all fit, cells folded within them.

use super::fold::{self, Parts, Span};
use crate::console::glyph::Glyphs;
use crate::console::theme::Role;
use crate::console::widget::line::Line;
use pulldown_cmark::Alignment;

/// A column is never narrower than this; where that does not fit, a row becomes a list of its cells.
const NARROWEST: usize = 4;
/// Columns between two columns.
const BETWEEN: usize = 3;
/// Lines that one cell may fill.
const CELL_LINES: usize = 200;

/// A table while it is read, then its lines.
#[derive(Debug)]
pub(super) struct Table {
    alignments: Vec<Alignment>,
    rows: Vec<Vec<Vec<Span>>>,
}

impl Table {
    pub(super) fn new(alignments: Vec<Alignment>) -> Self {
        Self { alignments, rows: Vec::new() }
    }

    /// A row begins.
    pub(super) fn row(&mut self) {
        self.rows.push(Vec::new());
    }

    /// A cell of the row is read.
    pub(super) fn cell(&mut self, spans: Vec<Span>) {
        if let Some(row) = self.rows.last_mut() {
            row.push(spans);
        }
    }

    /// The table in at most `width` columns.
    pub(super) fn lines(mut self, width: usize, glyphs: &Glyphs) -> Vec<Line> {
        for span in self.rows.iter_mut().take(1).flatten().flatten() {
            if span.role == Role::Text {
                span.role = Role::Heading;
            }
        }
        match self.widths(width) {
            Some(widths) => self.grid(&widths, glyphs),
            None => self.list(width),
        }
    }

    /// The columns' widths, or nothing where they cannot fit.
    fn widths(&self, width: usize) -> Option<Vec<usize>> {
        let count = self.alignments.len();
        let room = width.checked_sub(BETWEEN * count.saturating_sub(1))?;
        let mut widths: Vec<usize> = (0..count)
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                cells.map(|cell| fold::width(cell)).max().unwrap_or(0).clamp(1, width)
            })
            .collect();
        while widths.iter().sum::<usize>() > room {
            let widest = widths.iter_mut().max()?;
            if *widest <= NARROWEST {
                return None;
            }
            *widest -= 1;
        }
        Some(widths)
    }

    fn grid(&self, widths: &[usize], glyphs: &Glyphs) -> Vec<Line> {
        let [.., horizontal, vertical] = glyphs.border;
        let cross = if glyphs.ascii { "+" } else { "┼" };
        let mut lines = Vec::new();
        for (place, row) in self.rows.iter().enumerate() {
            let cells: Vec<Vec<Parts>> = widths
                .iter()
                .enumerate()
                .map(|(column, width)| row.get(column).map_or_else(Vec::new, |cell| fold::words(cell, *width, CELL_LINES)))
                .collect();
            for at in 0..cells.iter().map(Vec::len).max().unwrap_or(0).max(1) {
                let mut line = Line::new();
                for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
                    if column > 0 {
                        line.push(Role::Muted, format!(" {vertical} "));
                    }
                    let parts = cell.get(at).cloned().unwrap_or_default();
                    let space = width.saturating_sub(parts.iter().map(|(_, text)| crate::text::width(text)).sum());
                    let left = match self.alignments.get(column) {
                        Some(Alignment::Right) => space,
                        Some(Alignment::Center) => space / 2,
                        _ => 0,
                    };
                    line.push(Role::Text, " ".repeat(left));
                    line.parts.extend(parts);
                    line.push(Role::Text, " ".repeat(space - left));
                }
                line.parts.retain(|(_, text)| !text.is_empty());
                lines.push(line);
            }
            if place == 0 {
                let dashes: Vec<_> = widths.iter().map(|width| horizontal.repeat(*width)).collect();
                lines.push(Line::of(Role::Muted, dashes.join(&format!("{horizontal}{cross}{horizontal}"))));
            }
        }
        lines
    }

    /// Too many columns for the width: each row as lines of `heading: cell`.
    fn list(&self, width: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        let headings = self.rows.first();
        for row in self.rows.iter().skip(1) {
            for (column, cell) in row.iter().enumerate() {
                let mut spans = headings.and_then(|headings| headings.get(column)).cloned().unwrap_or_default();
                spans.push(Span { role: Role::Muted, text: ": ".into() });
                spans.extend(cell.iter().cloned());
                lines.extend(fold::words(&spans, width, CELL_LINES).into_iter().map(|parts| Line { parts }));
            }
            lines.push(Line::new());
        }
        lines.pop();
        lines
    }
}
