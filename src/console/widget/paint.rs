//! Puts text into cells: the only way to the screen, through the sanitising sink, clipped to the area.

use super::line::Line;
use crate::console::theme::{Role, Theme};
use crate::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Where cells go and how they look.
pub struct Painter<'a> {
    /// The cells.
    pub buffer: &'a mut Buffer,
    /// Styles by meaning.
    pub theme: &'a Theme,
    /// What stands where a text is cut.
    pub ellipsis: char,
}

impl<'a> Painter<'a> {
    /// A painter with a session's look.
    pub fn new(buffer: &'a mut Buffer, session: &'a crate::console::Session) -> Self {
        Self { buffer, theme: &session.theme, ellipsis: session.glyphs.ellipsis }
    }

    /// Puts one line of text at a place, at most `width` columns; answers the columns that it took. What is escaped
    /// looks escaped, what is too long ends with an ellipsis.
    pub fn text(&mut self, x: u16, y: u16, width: u16, role: Role, text: &str) -> u16 {
        let style = self.theme.style(role);
        self.styled(x, y, width, style, text)
    }

    /// The same with a style that was combined before.
    pub fn styled(&mut self, x: u16, y: u16, width: u16, style: Style, raw: &str) -> u16 {
        let area = self.buffer.area;
        if y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() {
            return 0;
        }
        let width = width.min(area.right() - x);
        let raw = text::head(raw, usize::from(width).saturating_mul(16).saturating_add(64));
        if raw.bytes().all(|byte| matches!(byte, 0x20..=0x7e)) {
            return self.ascii(x, y, width, style, raw);
        }
        let pieces = text::pieces(raw);
        let total: usize = pieces.iter().map(|(piece, _)| piece.width()).sum();
        let room = if total > usize::from(width) { width.saturating_sub(1) } else { width };
        let mut at = x;
        'all: for (piece, escaped) in pieces {
            let style = if escaped { style.patch(self.theme.style(Role::Escaped)) } else { style };
            for grapheme in piece.graphemes(true) {
                let columns = grapheme.width() as u16;
                if at + columns > x + room {
                    break 'all;
                }
                if columns > 0 {
                    self.cell(at, y, grapheme, style);
                    for next in 1..columns {
                        self.cell(at + next, y, " ", style);
                    }
                    at += columns;
                }
            }
        }
        if total > usize::from(width) && width > 0 {
            self.cell(at, y, self.ellipsis.encode_utf8(&mut [0; 4]), style);
            at += 1;
        }
        at - x
    }

    fn ascii(&mut self, x: u16, y: u16, width: u16, style: Style, text: &str) -> u16 {
        let cut = text.len() > usize::from(width);
        let shown = if cut { usize::from(width.saturating_sub(1)) } else { text.len() };
        let start = self.buffer.index_of(x, y);
        if let Some(cells) = self.buffer.content.get_mut(start..start + shown) {
            for (cell, byte) in cells.iter_mut().zip(text.bytes()) {
                cell.set_char(char::from(byte)).set_style(style);
            }
        }
        if cut && width > 0 {
            self.cell(x + width - 1, y, self.ellipsis.encode_utf8(&mut [0; 4]), style);
            return width;
        }
        shown as u16
    }

    fn cell(&mut self, x: u16, y: u16, symbol: &str, style: Style) {
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.set_symbol(symbol).set_style(style);
        }
    }

    /// Puts a line of texts with their roles; answers the columns that it took.
    pub fn line(&mut self, x: u16, y: u16, width: u16, line: &Line) -> u16 {
        let mut taken = 0;
        for (role, text) in &line.parts {
            if taken >= width {
                break;
            }
            taken += self.text(x + taken, y, width - taken, *role, text);
        }
        taken
    }

    /// Puts a text so that it ends at the right edge of the area's row; answers where it begins.
    pub fn right(&mut self, area: Rect, y: u16, role: Role, text: &str) -> u16 {
        let text: Cow<'_, str> = text::fit(text, usize::from(area.width), self.ellipsis);
        let width = text::width(&text) as u16;
        let x = area.right().saturating_sub(width).max(area.left());
        self.text(x, y, width, role, &text);
        x
    }

    /// Says in the first line of an area why it is empty.
    pub fn none(&mut self, area: Rect, words: &str) {
        if area.height > 0 {
            self.text(area.x + 1, area.y, area.width.saturating_sub(1), Role::Muted, words);
        }
    }

    /// Gives an area a role without changing its text: the row under the cursor, the head line.
    pub fn role(&mut self, area: Rect, role: Role) {
        let style = self.theme.style(role);
        self.buffer.set_style(area, style);
    }

    /// Empties an area: what was below is gone.
    pub fn clear(&mut self, area: Rect, role: Role) {
        let style = self.theme.style(role);
        let area = area.intersection(self.buffer.area);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                    cell.set_style(style);
                }
            }
        }
    }
}
