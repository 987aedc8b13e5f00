//! Rows that are known by a name, flows and probes: their order, and how they share a pane's width.

use super::NamedStamp;
use crate::console::Role;
use crate::console::widget::line::Line;
use crate::console::widget::list::List;
use crate::console::widget::paint::Painter;
use ratatui::layout::Rect;
use std::borrow::Borrow;

/// Columns that a name takes at most.
const NAME_MAX: usize = 64;

/// Sorts the rows again where anything has changed, and puts the cursor in line with them. `urgent` gives the rows that
/// a filter leaves, each with how urgent it is; what changes with the clock names the minute.
pub(super) fn settle<Id: Ord + Clone + Borrow<str>, Rank: Ord>(
    list: &mut List<Id, NamedStamp>,
    (touched, count, minute): (u64, usize, i64),
    urgent: impl FnOnce(&str) -> Vec<(Rank, Id)>,
) {
    let filter = list.wanted();
    list.refresh((touched, count, minute, filter.clone()), || {
        let mut rows = urgent(&filter);
        rows.sort();
        let width = rows.iter().map(|(_, id)| id.borrow().chars().count()).max().unwrap_or(0);
        (rows.into_iter().map(|(_, id)| id).collect(), width.min(NAME_MAX) as u16)
    });
}

/// Columns of a row of this kind: name, words, bars, when; relative to the pane.
pub(super) struct Columns {
    pub(super) name: u16,
    pub(super) words_at: u16,
    pub(super) words: u16,
    pub(super) bars_at: u16,
    pub(super) bars: u16,
    pub(super) when_at: u16,
    pub(super) when: u16,
}

impl Columns {
    /// Shares the width: the name takes what its longest needs, up to two fifths; bars come where there is room.
    pub(super) fn new(width: u16, longest: u16) -> Self {
        Self::with_when(width, longest, 6)
    }

    /// The same with another width of the last column.
    pub(super) fn with_when(width: u16, longest: u16, when: u16) -> Self {
        let inner = width.saturating_sub(4);
        let name = longest.max(8).min(inner * 2 / 5);
        let when = when.min(inner.saturating_sub(name));
        let bars = match width {
            0..48 => 0,
            48..72 => 8,
            72..110 => 16,
            _ => 30,
        };
        let when_at = width.saturating_sub(when + 1);
        let bars_at = when_at.saturating_sub(bars + if bars > 0 { 2 } else { 1 });
        let words_at = 3 + name + 2;
        Self { name, words_at, words: bars_at.saturating_sub(words_at + 1), bars_at, bars, when_at, when }
    }

    /// The bars of a row, as many as there is room for.
    pub(super) fn bars(&self, draw: impl FnOnce(usize) -> Line) -> Option<Line> {
        (self.bars > 0).then(|| draw(self.bars.into()))
    }

    /// Draws a row beside its gutter.
    pub(super) fn draw(&self, painter: &mut Painter<'_>, row: Rect, named: &Named<'_>) {
        let Rect { x, y, .. } = row;
        painter.text(x + 1, y, row.width.saturating_sub(1).min(1), named.role, named.glyph);
        painter.text(x + 3, y, self.name, Role::Name, named.name);
        let told = if named.role == Role::Good { Role::Muted } else { named.role };
        painter.text(x + self.words_at, y, self.words, told, named.words);
        if let Some(bars) = &named.bars {
            painter.line(x + self.bars_at, y, self.bars, bars);
        }
        let right = Rect { x: x + self.when_at, width: self.when, ..row };
        painter.right(right, y, named.when_role, named.when);
    }
}

/// What such a row says.
pub(super) struct Named<'a> {
    pub(super) glyph: &'static str,
    pub(super) role: Role,
    pub(super) name: &'a str,
    pub(super) words: &'a str,
    /// Absent where there is no room for them.
    pub(super) bars: Option<Line>,
    pub(super) when: &'a str,
    pub(super) when_role: Role,
}
