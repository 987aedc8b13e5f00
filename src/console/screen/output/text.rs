//! Lines of output → cells: numbers, colours that the step printed, matches, markers for what is cut off.

use super::lines::Lines;
use crate::console::theme::Depth;
use crate::console::view::ansi::{self, Piece};
use crate::console::view::fold::{self, Part};
use crate::console::widget::paint::Painter;
use crate::console::{Role, Session};
use crate::output::{Found, Needle};
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

/// Columns of the line numbers, with the space after them.
pub const GUTTER: u16 = 9;

/// Paints the lines into the area.
pub fn draw(painter: &mut Painter<'_>, session: &Session, lines: &Lines, needle: Option<&Needle>, found: Option<Found>, area: Rect) {
    let text = Rect { x: area.x + GUTTER.min(area.width), width: area.width.saturating_sub(GUTTER), ..area };
    let (skip, left) = lines.offset();
    let mut y = area.y;
    for (place, (line, number)) in lines.shown().iter().zip(lines.numbers()).enumerate() {
        if y >= area.bottom() {
            break;
        }
        let raw = line.text();
        let ranges = needle.map(|needle| needle.ranges(&raw)).unwrap_or_default();
        let pieces = ansi::pieces(&raw, &ranges);
        let first = if place == 0 { skip } else { 0 };
        let rows = if lines.wrap() {
            fold::rows(&pieces, usize::from(text.width), first, usize::from(area.bottom() - y))
        } else {
            vec![fold::window(&pieces, left, usize::from(text.width))]
        };
        let is_found = found.is_some_and(|found| found.line == line.start);
        if let Some(number) = number {
            let role = if is_found { Role::Match } else { Role::Muted };
            painter.text(area.x, y, GUTTER.min(area.width).saturating_sub(1), role, &format!("{number:>7}"));
        }
        if is_found {
            painter.text(area.x + GUTTER.min(area.width).saturating_sub(1), y, 1, Role::Match, session.glyphs.next);
        }
        let count = rows.len();
        for (place, row) in rows.iter().enumerate() {
            let x = parts(painter, session, &pieces, row, text, y);
            // What is left out of a very long line is said where its shown part ends.
            if let (Some(marker), true) = (line.marker(), place + 1 == count) {
                let width = crate::text::width(&marker) as u16 + 1;
                let x = x.min(text.right().saturating_sub(width)).max(text.x);
                painter.text(x, y, text.right().saturating_sub(x), Role::Escaped, &format!(" {marker}"));
            }
            y += 1;
            if y >= area.bottom() {
                break;
            }
        }
    }
}

fn parts(painter: &mut Painter<'_>, session: &Session, pieces: &[Piece], row: &[Part], area: Rect, y: u16) -> u16 {
    let mut x = area.x;
    for part in row {
        let piece = pieces.get(part.piece);
        let mut style =
            painter.theme.style(Role::Text).patch(piece.map(|piece| shown(piece.style, session.options.depth)).unwrap_or_default());
        if piece.is_some_and(|piece| piece.found) {
            style = style.patch(painter.theme.style(Role::Match));
        }
        if part.escaped {
            style = style.patch(painter.theme.style(Role::Escaped));
        }
        x += painter.styled(x, y, area.right().saturating_sub(x), style, &part.text);
    }
    x
}

/// The step's colours as far as this terminal shows them; what it cannot show is left plain, never guessed.
pub fn shown(style: Style, depth: Depth) -> Style {
    let fits = |color: &Color| match color {
        Color::Rgb(..) => depth >= Depth::True,
        Color::Indexed(number) => depth >= Depth::Indexed || (*number < 16 && depth >= Depth::Sixteen),
        _ => depth >= Depth::Sixteen,
    };
    Style { fg: style.fg.filter(fits), bg: style.bg.filter(fits), ..style }
}
