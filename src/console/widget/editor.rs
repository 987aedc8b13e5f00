//! The text of an editor → cells: only visible lines are laid out, folded at the width, and everything passes the
//! sanitising sink. The text area keeps text, cursor and undo; it never draws itself, because it would draw raw text.

use super::paint::Painter;
use crate::console::theme::Role;
use ratatui::layout::{Position, Rect};
use std::ops::Range;
use tui_textarea::TextArea;
use unicode_segmentation::UnicodeSegmentation as _;

/// The first visible row: a line of the text and a row within it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Top {
    line: usize,
    row: usize,
}

/// A row of a folded line: characters of the line from here, as they are shown.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    /// The characters of the line that stand in it.
    chars: Range<usize>,
    /// What is shown, with whether it is an escape.
    cells: Vec<(String, bool, usize)>,
}

impl Row {
    /// Columns before a character.
    fn column(&self, char: usize) -> usize {
        self.cells.iter().take_while(|(_, _, at)| *at < char).map(|(text, _, _)| crate::text::width(text)).sum()
    }
}

/// Draws the part of the text around its cursor; answers where the cursor stands.
pub fn draw(area: &TextArea<'_>, top: &mut Top, painter: &mut Painter<'_>, place: Rect) -> Option<Position> {
    let place = place.intersection(painter.buffer.area);
    let (width, height) = (usize::from(place.width), usize::from(place.height));
    if width == 0 || height == 0 {
        return None;
    }
    let cursor = area.cursor();
    let (line, char) = (cursor.0, cursor.1);
    follow(area, top, (line, char), width, height);
    let found = area.search_pattern();
    let (mut y, mut shown) = (0, None);
    for (number, text) in area.lines().iter().enumerate().skip(top.line) {
        let rows = fold(text, width);
        let hits: Vec<Range<usize>> = found
            .map(|pattern| pattern.find_iter(text).filter(|hit| !hit.is_empty()).map(|hit| chars_of(text, hit.range())).collect())
            .unwrap_or_default();
        let skipped = if number == top.line { top.row } else { 0 };
        let last = rows.len() - 1;
        for (at, row) in rows.iter().enumerate().skip(skipped) {
            if y >= height {
                return shown;
            }
            let mut x = 0;
            for (text, escaped, from) in &row.cells {
                let role = match () {
                    () if *escaped => Role::Escaped,
                    () if hits.iter().any(|hit| hit.contains(from)) => Role::Match,
                    () => Role::Text,
                };
                x += painter.text(place.x + x, place.y + y as u16, place.width - x, role, text);
            }
            if number == line && (row.chars.contains(&char) || (at == last && char >= row.chars.end)) {
                let column = row.column(char).min(width - 1);
                shown = Some(Position::new(place.x + column as u16, place.y + y as u16));
            }
            y += 1;
        }
        if y >= height {
            break;
        }
    }
    shown
}

/// Moves the first visible row as little as the cursor needs.
fn follow(area: &TextArea<'_>, top: &mut Top, (line, char): (usize, usize), width: usize, height: usize) {
    let lines = area.lines();
    let rows_of = |line: usize| lines.get(line).map_or(1, |text| fold(text, width).len());
    let own = lines.get(line).map_or(0, |text| {
        let rows = fold(text, width);
        rows.iter().position(|row| row.chars.contains(&char)).unwrap_or(rows.len() - 1)
    });
    if (line, own) < (top.line, top.row) {
        *top = Top { line, row: own };
        return;
    }
    if line - top.line.min(line) >= height {
        *top = Top { line: line + 1 - height, row: 0 };
    }
    let mut above: usize = (top.line..line).map(rows_of).sum::<usize>() + own;
    above = above.saturating_sub(top.row);
    while above >= height {
        let rows = rows_of(top.line);
        if top.row + 1 < rows && top.line == line {
            top.row += 1;
            above -= 1;
        } else if top.line < line {
            above = above.saturating_sub(rows - top.row.min(rows));
            *top = Top { line: top.line + 1, row: 0 };
        } else {
            break;
        }
    }
}

/// Folds a line at the width, behind a space where there is one.
fn fold(line: &str, width: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row = Row { chars: 0..0, cells: Vec::new() };
    let (mut taken, mut char) = (0, 0);
    for grapheme in line.graphemes(true) {
        let count = grapheme.chars().count();
        for (text, escaped) in crate::text::pieces(grapheme) {
            let text = if grapheme == "\t" { "    ".to_owned() } else { text.into_owned() };
            let columns = crate::text::width(&text).min(width);
            if taken + columns > width {
                let behind = row.cells.iter().rposition(|(text, _, _)| text == " ").map(|place| place + 1);
                let rest = row.cells.split_off(behind.filter(|place| *place < row.cells.len()).unwrap_or(row.cells.len()));
                let start = rest.first().map_or(char, |(_, _, at)| *at);
                let before = row.chars.start;
                taken = rest.iter().map(|(text, _, _)| crate::text::width(text)).sum();
                rows.push(Row { chars: before..start, cells: std::mem::take(&mut row.cells) });
                row = Row { chars: start..start, cells: rest };
            }
            row.cells.push((text, escaped && grapheme != "\t", char));
            taken += columns;
        }
        char += count;
    }
    row.chars.end = char;
    rows.push(row);
    rows
}

/// Bytes of a line as characters.
fn chars_of(line: &str, bytes: Range<usize>) -> Range<usize> {
    let count = |to: usize| line.get(..to).map_or(0, |text| text.chars().count());
    count(bytes.start)..count(bytes.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::theme::Theme;
    use ratatui::buffer::Buffer;
    use tui_textarea::CursorMove;

    fn screen(area: &TextArea<'_>, top: &mut Top, width: u16, height: u16) -> (Vec<String>, Option<Position>) {
        let place = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(place);
        let theme = Theme::default();
        let at = draw(area, top, &mut Painter { buffer: &mut buffer, theme: &theme, ellipsis: '…' }, place);
        let rows = (0..height).map(|y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned());
        (rows.collect(), at)
    }

    #[test]
    fn long_lines_fold_behind_words_and_the_cursor_stands_in_its_row() {
        let mut area = TextArea::from(["one two three", "界界界"]);
        area.move_cursor(CursorMove::Jump(0, 9));
        let (rows, at) = screen(&area, &mut Top::default(), 8, 4);
        assert_eq!(rows, ["one two", "three", "界 界 界", ""]);
        assert_eq!(at, Some(Position::new(1, 1)));
    }

    #[test]
    fn what_must_not_be_obeyed_is_shown() {
        let area = TextArea::from(["a\u{202e}b\x1b[0m"]);
        assert_eq!(screen(&area, &mut Top::default(), 30, 1).0, ["a\\u{202e}b\\x1b[0m"]);
    }

    #[test]
    fn the_cursor_is_always_in_sight() {
        let mut area = TextArea::new((0..200).map(|n| format!("line {n} {}", "word ".repeat(n % 7))).collect());
        let mut top = Top::default();
        for target in [(199, 3), (0, 0), (100, 20), (90, 0), (101, 5), (150, 30)] {
            area.move_cursor(CursorMove::Jump(target.0, target.1));
            for (width, height) in [(12, 5), (80, 24), (5, 1)] {
                assert!(screen(&area, &mut top, width, height).1.is_some(), "{target:?} at {width}x{height}");
            }
        }
        assert_eq!(screen(&area, &mut top, 0, 0).1, None);
    }
}
