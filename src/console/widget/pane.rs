//! A pane: a border with its number and title on the left, a count on the right.

use super::paint::Painter;
use crate::console::theme::Role;
use ratatui::layout::Rect;

/// What stands on a pane's border.
#[derive(Debug, Clone, Default)]
pub struct Pane<'a> {
    /// The key that leads to it.
    pub number: Option<u8>,
    /// What it shows.
    pub title: &'a str,
    /// More about the title, muted.
    pub detail: &'a str,
    /// Counts, on the right.
    pub count: &'a str,
    /// Whether the keys go to it.
    pub focused: bool,
}

impl Pane<'_> {
    /// Draws the border; answers what is left for the content.
    pub fn draw(&self, painter: &mut Painter<'_>, border: &[&'static str; 6], area: Rect) -> Rect {
        let area = area.intersection(painter.buffer.area);
        if area.width < 2 || area.height < 2 {
            return Rect { width: 0, height: 0, ..area };
        }
        let role = if self.focused { Role::BorderFocused } else { Role::Border };
        let style = painter.theme.style(role);
        let [left_top, right_top, left_bottom, right_bottom, horizontal, vertical] = *border;
        let (left, right, top, bottom) = (area.x, area.right() - 1, area.y, area.bottom() - 1);
        let mut put = |x: u16, y: u16, symbol: &'static str| {
            if let Some(cell) = painter.buffer.cell_mut((x, y)) {
                cell.set_symbol(symbol).set_style(style);
            }
        };
        for x in left + 1..right {
            put(x, top, horizontal);
            put(x, bottom, horizontal);
        }
        for y in top + 1..bottom {
            put(left, y, vertical);
            put(right, y, vertical);
        }
        put(left, top, left_top);
        put(right, top, right_top);
        put(left, bottom, left_bottom);
        put(right, bottom, right_bottom);
        self.words(painter, area, role);
        Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 2 }
    }

    fn words(&self, painter: &mut Painter<'_>, area: Rect, role: Role) {
        let room = area.width.saturating_sub(4);
        let mut x = area.x + 1;
        let end = x + room;
        let title_role = if self.focused { role } else { Role::Title };
        let number = self.number.map(|number| format!(" {number}")).unwrap_or_default();
        let count = if self.count.is_empty() { String::new() } else { format!(" {} ", self.count) };
        let counted = (crate::text::width(&crate::text::line(&count)) as u16).min(room);
        x += painter.text(x, area.y, room, Role::Key, &number);
        let title = format!(" {} ", self.title);
        x += painter.text(x, area.y, end.saturating_sub(x), title_role, &title);
        if !self.detail.is_empty() {
            let left = end.saturating_sub(x).saturating_sub(counted + 1);
            painter.text(x, area.y, left, Role::Muted, &format!(" {} ", self.detail));
        }
        if counted > 0 && x + counted < end + 2 {
            let place = Rect { x: area.right() - 1 - counted, width: counted, ..area };
            painter.text(place.x, area.y, counted, Role::Muted, &count);
        }
    }
}
