//! A heading over a part of a page: one line, so that small screens lose little.
//!
//! ```text
//! ── Runs ──────────────────────────── 7 kept ──
//! ```

use super::paint::Painter;
use crate::console::glyph::Glyphs;
use crate::console::theme::Role;
use crate::text;
use ratatui::layout::Rect;

/// Paints the heading into the first row and answers what is left below it.
pub fn section(painter: &mut Painter<'_>, area: Rect, title: &str, right: &str, focused: bool, glyphs: &Glyphs) -> Rect {
    if area.height == 0 || area.width == 0 {
        return area;
    }
    let border = if focused { Role::BorderFocused } else { Role::Border };
    painter.text(area.x, area.y, area.width, border, &glyphs.border[4].repeat(usize::from(area.width)));
    let mut at = area.x + 2;
    let room = |at: u16| area.right().saturating_sub(at + 1);
    if area.width > 6 {
        at += painter.text(at, area.y, 1, Role::Title, " ");
        at += painter.text(at, area.y, room(at), if focused { Role::BorderFocused } else { Role::Title }, title);
        painter.text(at, area.y, room(at).min(1), Role::Title, " ");
        // What does not fit whole is cut: half of the figures are better than none.
        let right = text::fit(right, usize::from(area.right().saturating_sub(at + 7)), painter.ellipsis);
        let width = text::width(&right) as u16;
        if width > 3 {
            painter.text(area.right() - width - 4, area.y, width + 2, Role::Muted, &format!(" {right} "));
        }
    }
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}
