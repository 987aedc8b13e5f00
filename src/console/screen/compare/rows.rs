//! Stretches of two outputs → rows of the screen, found by their number without building them: a screen of a hundred
//! thousand lines costs what one of forty does.

use crate::output::Stretch;
use std::ops::Range;

/// Lines that are alike around a difference, which stay in sight when the others are folded.
const CONTEXT: usize = 3;

/// What stands in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// Two lines that are alike: their places before and after.
    Alike(usize, usize),
    /// So many lines that are alike and folded away.
    Folded(usize),
    /// Lines that differ, side by side.
    Pair(Option<usize>, Option<usize>),
    /// A line that only the earlier output has.
    Before(usize),
    /// A line that only the later output has.
    After(usize),
}

/// How the rows are laid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lay {
    /// Whether both outputs stand side by side; else one below the other.
    pub side_by_side: bool,
    /// Whether lines that are alike are folded away, but those around a difference.
    pub folded: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Block {
    /// Its first row.
    row: usize,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Alike { before: usize, after: usize },
    Folded { before: usize, after: usize, count: usize },
    Apart { before: Range<usize>, after: Range<usize> },
}

/// All rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    blocks: Vec<Block>,
    total: usize,
    /// How they are laid.
    pub lay: Lay,
}

impl Rows {
    /// Lays stretches out.
    pub fn new(stretches: &[Stretch], lay: Lay) -> Self {
        let mut rows = Self { blocks: Vec::new(), total: 0, lay };
        for (place, stretch) in stretches.iter().enumerate() {
            let (before, after, count) = (stretch.before.start, stretch.after.start, stretch.before.len());
            if !stretch.alike {
                let height = if lay.side_by_side {
                    stretch.before.len().max(stretch.after.len())
                } else {
                    stretch.before.len() + stretch.after.len()
                };
                rows.push(height, Kind::Apart { before: stretch.before.clone(), after: stretch.after.clone() });
                continue;
            }
            let head = if place == 0 { 0 } else { CONTEXT };
            let tail = if place + 1 == stretches.len() { 0 } else { CONTEXT };
            // A fold of one or two lines would hide more than it saves.
            if !lay.folded || count < head + tail + 3 {
                rows.push(count, Kind::Alike { before, after });
                continue;
            }
            let hidden = count - head - tail;
            if head > 0 {
                rows.push(head, Kind::Alike { before, after });
            }
            rows.push(1, Kind::Folded { before: before + head, after: after + head, count: hidden });
            if tail > 0 {
                rows.push(tail, Kind::Alike { before: before + head + hidden, after: after + head + hidden });
            }
        }
        rows
    }

    fn push(&mut self, height: usize, kind: Kind) {
        self.blocks.push(Block { row: self.total, kind });
        self.total += height;
    }

    /// How many there are.
    pub fn total(&self) -> usize {
        self.total
    }

    /// What stands in a row.
    pub fn at(&self, row: usize) -> Option<Row> {
        if row >= self.total {
            return None;
        }
        let place = self.blocks.partition_point(|block| block.row <= row).checked_sub(1)?;
        let block = self.blocks.get(place)?;
        let inside = row - block.row;
        Some(match &block.kind {
            Kind::Alike { before, after } => Row::Alike(before + inside, after + inside),
            Kind::Folded { count, .. } => Row::Folded(*count),
            Kind::Apart { before, after } if self.lay.side_by_side => {
                let line = |range: &Range<usize>| (inside < range.len()).then_some(range.start + inside);
                Row::Pair(line(before), line(after))
            }
            Kind::Apart { before, .. } if inside < before.len() => Row::Before(before.start + inside),
            Kind::Apart { before, after } => Row::After(after.start + inside - before.len()),
        })
    }

    /// The line that stands in a row, or the first that is folded away there, and whether it is of the later output.
    pub fn line_at(&self, row: usize) -> Option<(usize, bool)> {
        match self.at(row)? {
            Row::Alike(before, _) | Row::Before(before) | Row::Pair(Some(before), _) => Some((before, false)),
            Row::After(after) | Row::Pair(None, Some(after)) => Some((after, true)),
            Row::Folded(_) => match self.blocks.get(self.blocks.partition_point(|block| block.row <= row).checked_sub(1)?)?.kind {
                Kind::Folded { before, .. } => Some((before, false)),
                _ => None,
            },
            Row::Pair(None, None) => None,
        }
    }

    /// The first row of the difference after or before this one.
    pub fn difference(&self, from: Option<usize>, forward: bool) -> Option<usize> {
        let mut firsts = self.blocks.iter().filter(|block| matches!(block.kind, Kind::Apart { .. })).map(|block| block.row);
        match (from, forward) {
            (None, true) => firsts.next(),
            (Some(from), true) => firsts.find(|row| *row > from),
            (from, false) => firsts.take_while(|row| from.is_none_or(|from| *row < from)).last(),
        }
    }

    /// Which difference, from 1, begins at or before a row.
    pub fn ordinal(&self, row: usize) -> usize {
        let until = self.blocks.partition_point(|block| block.row <= row);
        self.blocks.iter().take(until).filter(|block| matches!(block.kind, Kind::Apart { .. })).count()
    }

    /// The row of a line of the earlier or of the later output, or of the fold that hides it.
    pub fn row_of(&self, line: usize, later: bool) -> Option<usize> {
        for block in &self.blocks {
            let within = |start: usize, count: usize| (start..start + count).contains(&line).then(|| line - start);
            let inside = match &block.kind {
                Kind::Alike { before, after } => {
                    let next = self.blocks.partition_point(|other| other.row <= block.row);
                    let height = self.blocks.get(next).map_or(self.total, |next| next.row) - block.row;
                    within(if later { *after } else { *before }, height)
                }
                Kind::Folded { before, after, count } => within(if later { *after } else { *before }, *count).map(|_| 0),
                Kind::Apart { before, after } if later => {
                    let above = if self.lay.side_by_side { 0 } else { before.len() };
                    within(after.start, after.len()).map(|inside| inside + above)
                }
                Kind::Apart { before, .. } => within(before.start, before.len()),
            };
            if let Some(inside) = inside {
                return Some(block.row + inside);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretches() -> Vec<Stretch> {
        vec![
            Stretch { alike: true, before: 0..20, after: 0..20 },
            Stretch { alike: false, before: 20..21, after: 20..23 },
            Stretch { alike: true, before: 21..25, after: 23..27 },
            Stretch { alike: false, before: 25..27, after: 27..27 },
        ]
    }

    fn all(rows: &Rows) -> Vec<Row> {
        (0..rows.total()).filter_map(|row| rows.at(row)).collect()
    }

    #[test]
    fn far_lines_are_folded_and_near_ones_stay() {
        let rows = Rows::new(&stretches(), Lay { side_by_side: true, folded: true });
        let shown = all(&rows);
        assert_eq!(shown[..4], [Row::Folded(17), Row::Alike(17, 17), Row::Alike(18, 18), Row::Alike(19, 19)]);
        assert_eq!(shown[4..7], [Row::Pair(Some(20), Some(20)), Row::Pair(None, Some(21)), Row::Pair(None, Some(22))]);
        assert_eq!(shown[11..], [Row::Pair(Some(25), None), Row::Pair(Some(26), None)]);
        assert_eq!(rows.row_of(5, true), Some(0), "the fold that hides it");
    }

    #[test]
    fn one_below_the_other_the_earlier_lines_come_first() {
        let rows = Rows::new(&stretches(), Lay { side_by_side: false, folded: false });
        let shown = all(&rows);
        assert_eq!(shown[20..24], [Row::Before(20), Row::After(20), Row::After(21), Row::After(22)]);
        assert_eq!(shown.len(), 20 + 4 + 4 + 2);
        for line in 0..27 {
            let row = rows.row_of(line, false).unwrap();
            assert!(matches!(rows.at(row), Some(Row::Alike(found, _) | Row::Before(found)) if found == line), "{line}");
        }
    }

    #[test]
    fn differences_are_walked_in_both_directions() {
        let rows = Rows::new(&stretches(), Lay { side_by_side: true, folded: true });
        assert_eq!(rows.difference(None, true), Some(4));
        assert_eq!(rows.difference(Some(4), true), Some(11));
        assert_eq!(rows.difference(Some(11), true), None);
        assert_eq!(rows.difference(Some(11), false), Some(4));
        assert_eq!((rows.ordinal(4), rows.ordinal(10), rows.ordinal(12)), (1, 1, 2));
        assert_eq!(Rows::new(&[], Lay { side_by_side: true, folded: true }).at(0), None);
    }
}
