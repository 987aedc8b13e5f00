//! Rows of a comparison → cells. What differs is told by a sign in the middle or at the edge, never by colour alone.

use super::rows::{Row, Rows};
use super::{ComparePage, Shown};
use crate::console::view::ansi::{self, Piece};
use crate::console::view::fold;
use crate::console::widget::paint::Painter;
use crate::console::{Role, Session};
use crate::output::{Line, Needle, Side, colourless};
use ratatui::layout::Rect;

/// Columns of a line number with the space after it; absent where the beginning is left out, for then no number is known.
const GUTTER: u16 = 8;

/// Lines of one side around the row that is drawn: neighbouring rows come from one read.
struct Reading<'a> {
    side: &'a Side,
    from: usize,
    lines: Vec<Line>,
    ahead: usize,
}

impl<'a> Reading<'a> {
    fn of(side: &'a Side, ahead: usize) -> Self {
        Self { side, from: 0, lines: Vec::new(), ahead }
    }

    fn line(&mut self, place: usize) -> Option<&Line> {
        let known = place.checked_sub(self.from).is_some_and(|inside| inside < self.lines.len());
        if !known {
            // A file that was cut since leaves its rows empty.
            self.lines = self.side.lines(place, self.ahead).unwrap_or_default();
            self.from = place;
        }
        self.lines.get(place - self.from)
    }
}

/// Columns of each side on a screen of this width.
pub(super) fn half(width: u16) -> u16 {
    width.saturating_sub(4) / 2
}

/// Paints the rows that are in sight.
pub(super) fn rows(painter: &mut Painter<'_>, session: &Session, page: &ComparePage, shown: &Shown, area: Rect) {
    let ahead = usize::from(area.height).max(1);
    let mut before = Reading::of(&shown.differences.before, ahead);
    let mut after = Reading::of(&shown.differences.after, ahead);
    let left = Rect { x: area.x + 1, width: half(area.width), ..area };
    let right = Rect { x: left.right() + 2, width: area.right().saturating_sub(left.right() + 2), ..area };
    let whole = Rect { x: area.x + 3, width: area.width.saturating_sub(3), ..area };
    let side_by_side = shown.rows.lay.side_by_side;
    for (y, place) in (area.y..area.bottom()).zip(page.top..) {
        let Some(row) = shown.rows.at(place) else { break };
        if page.current == Some(place) {
            painter.text(area.x, y, 1, Role::Key, session.glyphs.next);
        }
        let mut side = |reading: &mut Reading<'_>, place: Option<usize>, area: Rect, role: Role| {
            let Some(place) = place else { return };
            let number = (reading.side.left_out() == 0).then_some(place + 1);
            let Some(line) = reading.line(place) else { return };
            text(painter, session, line, number, (page.left, page.needle.as_deref()), (area, y), role);
        };
        match row {
            Row::Folded(count) => {
                let dots = session.glyphs.dot.repeat(2);
                painter.text(area.x + 1, y, area.width.saturating_sub(1), Role::Muted, &format!("{dots} {count} lines alike {dots}"));
            }
            Row::Alike(old, new) if side_by_side => {
                side(&mut before, Some(old), left, Role::Muted);
                side(&mut after, Some(new), right, Role::Muted);
            }
            Row::Alike(_, new) => side(&mut after, Some(new), whole, Role::Muted),
            Row::Pair(old, new) => {
                side(&mut before, old, left, Role::Info);
                side(&mut after, new, right, Role::Warning);
                // As `diff --side-by-side` signs them.
                let sign = match (old, new) {
                    (Some(_), Some(_)) => "|",
                    (Some(_), None) => "<",
                    (None, _) => ">",
                };
                painter.text(left.right(), y, 1, Role::Key, sign);
            }
            Row::Before(old) => {
                side(&mut before, Some(old), whole, Role::Info);
                painter.text(area.x + 1, y, 1, Role::Key, "-");
            }
            Row::After(new) => {
                side(&mut after, Some(new), whole, Role::Warning);
                painter.text(area.x + 1, y, 1, Role::Key, "+");
            }
        }
    }
}

/// One line with its number, what is left of the screen cut off.
fn text(
    painter: &mut Painter<'_>,
    session: &Session,
    line: &Line,
    number: Option<usize>,
    (skip, needle): (usize, Option<&Needle>),
    (area, y): (Rect, u16),
    role: Role,
) {
    let mut area = area;
    if let Some(number) = number {
        painter.text(area.x, y, GUTTER.min(area.width).saturating_sub(1), Role::Muted, &format!("{number:>6}"));
        area = Rect { x: area.x + GUTTER.min(area.width), width: area.width.saturating_sub(GUTTER), ..area };
    }
    let raw = line.text();
    let ranges = needle.map(|needle| needle.ranges(&raw)).unwrap_or_default();
    let pieces = ansi::pieces(&raw, &ranges);
    let mut x = area.x;
    for part in fold::window(&pieces, skip, usize::from(area.width)) {
        let piece: Option<&Piece> = pieces.get(part.piece);
        let mut style = painter.theme.style(role);
        // The step's own colours stay where the line is alike; where it differs, the difference is the news.
        if role == Role::Muted {
            let own = piece.map(|piece| super::super::output::text::shown(piece.style, session.options.depth)).unwrap_or_default();
            style = painter.theme.style(Role::Text).patch(own);
        }
        if piece.is_some_and(|piece| piece.found) {
            style = style.patch(painter.theme.style(Role::Match));
        }
        if part.escaped {
            style = style.patch(painter.theme.style(Role::Escaped));
        }
        x += painter.styled(x, y, area.right().saturating_sub(x), style, &part.text);
    }
    if let Some(marker) = line.marker() {
        let width = crate::text::width(&marker) as u16 + 1;
        let x = x.min(area.right().saturating_sub(width)).max(area.x);
        painter.text(x, y, area.right().saturating_sub(x), Role::Escaped, &format!(" {marker}"));
    }
}

/// The rows from one on as a unified text, for the clipboard.
pub(super) fn as_text(shown: &Shown, top: usize, count: usize) -> String {
    let rows: &Rows = &shown.rows;
    let (before, after) = (&shown.differences.before, &shown.differences.after);
    let of = |side: &Side, place: usize| {
        let line = side.lines(place, 1).ok().and_then(|lines| lines.into_iter().next());
        line.map(|line| crate::text::line(&colourless(&line.text())).into_owned()).unwrap_or_default()
    };
    let mut lines = Vec::new();
    for row in (top..).take(count).map_while(|row| rows.at(row)) {
        match row {
            Row::Alike(_, new) => lines.push(format!("  {}", of(after, new))),
            Row::Folded(count) => lines.push(format!("  ({count} lines alike)")),
            Row::Pair(old, new) => {
                lines.extend(old.map(|old| format!("- {}", of(before, old))));
                lines.extend(new.map(|new| format!("+ {}", of(after, new))));
            }
            Row::Before(old) => lines.push(format!("- {}", of(before, old))),
            Row::After(new) => lines.push(format!("+ {}", of(after, new))),
        }
    }
    lines.join("\n")
}
