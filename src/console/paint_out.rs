//! Frames → bytes: the difference to the frame before, in one write.

use super::encode;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};
use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

/// Frames larger than this are shown at once by terminals that can (synchronised update); small ones are anyway.
const LARGE: usize = 2 << 10;
/// No picture is larger: 500 columns and 200 rows are a wall of screens.
const CELLS_MAX: u32 = 1 << 20;

/// What became of a frame.
#[derive(Debug, Clone, Copy)]
pub struct Drawn {
    /// Whether the terminal has got all of it.
    pub all: bool,
    /// How long the terminal took to take it.
    pub writing: Duration,
}

/// The frame that is shown, and the one that is drawn.
#[derive(Debug, Default)]
pub struct Picture {
    shown: Option<Buffer>,
    next: Buffer,
    cursor: Option<Position>,
    bytes: Vec<u8>,
}

impl Picture {
    /// Nothing is known of what the terminal shows: the next frame is drawn whole.
    pub fn forget(&mut self) {
        self.shown = None;
    }

    /// Draws a frame of this size and writes what has changed; nothing when nothing has. For a terminal that is slow only so
    /// many bytes, in whole rows, those first where dialogs stand; the rest is there for the next frame.
    pub fn draw(
        &mut self,
        (width, height): (u16, u16),
        most: Option<usize>,
        draw: impl FnOnce(&mut Buffer) -> Option<Position>,
    ) -> io::Result<Drawn> {
        let all = self.compose_within(width, height, most, draw)?;
        let began = Instant::now();
        if !self.bytes.is_empty() {
            write_all(&self.bytes)?;
        }
        Ok(Drawn { all, writing: began.elapsed() })
    }

    /// The bytes of a frame, for tests and figures.
    pub fn compose(&mut self, width: u16, height: u16, draw: impl FnOnce(&mut Buffer) -> Option<Position>) -> io::Result<&[u8]> {
        self.compose_within(width, height, None, draw)?;
        Ok(&self.bytes)
    }

    /// The bytes of a part of a frame, and whether it was all of it.
    pub fn compose_part(
        &mut self,
        width: u16,
        height: u16,
        most: usize,
        draw: impl FnOnce(&mut Buffer) -> Option<Position>,
    ) -> io::Result<(&[u8], bool)> {
        let all = self.compose_within(width, height, Some(most), draw)?;
        Ok((&self.bytes, all))
    }

    fn compose_within(
        &mut self,
        width: u16,
        height: u16,
        most: Option<usize>,
        draw: impl FnOnce(&mut Buffer) -> Option<Position>,
    ) -> io::Result<bool> {
        let height = height.min(u16::try_from(CELLS_MAX / u32::from(width.max(1))).unwrap_or(u16::MAX));
        let area = Rect::new(0, 0, width, height);
        if self.next.area == area {
            self.next.reset();
        } else {
            self.next = Buffer::empty(area);
        }
        let cursor = draw(&mut self.next);
        self.bytes.clear();
        let whole = self.shown.as_ref().is_none_or(|shown| shown.area != area);
        if whole {
            self.bytes.extend_from_slice(b"\x1b[m\x1b[2J");
        }
        let before = match self.shown.take() {
            Some(shown) if !whole => shown,
            _ => Buffer::empty(area),
        };
        let left = match most {
            Some(most) if !whole => put_off(&before, &mut self.next, most),
            _ => false,
        };
        let mut changes = before.diff_iter(&self.next).peekable();
        let changed = changes.peek().is_some();
        if self.cursor.is_some() && (changed || cursor.is_none()) {
            self.bytes.extend_from_slice(b"\x1b[?25l");
        }
        encode::cells(&mut self.bytes, changes);
        if let Some(at) = cursor.filter(|_| changed || whole || self.cursor != cursor) {
            write!(self.bytes, "\x1b[{};{}H\x1b[?25h", at.y + 1, at.x + 1)?;
        }
        self.cursor = cursor;
        self.shown = Some(std::mem::replace(&mut self.next, before));
        if self.bytes.len() > LARGE {
            self.bytes.splice(..0, *b"\x1b[?2026h");
            self.bytes.extend_from_slice(b"\x1b[?2026l");
        }
        Ok(!left)
    }
}

/// Leaves rows of the next frame as they are shown, the edges first, until what remains takes about so many bytes.
fn put_off(shown: &Buffer, next: &mut Buffer, most: usize) -> bool {
    let mut rows: BTreeMap<u16, Vec<(u16, u16, &Cell)>> = BTreeMap::new();
    for (x, y, cell) in shown.diff_iter(next) {
        rows.entry(y).or_default().push((x, y, cell));
    }
    let eye = shown.area.height * 2 / 5; // about the middle of a dialog
    let mut order: Vec<u16> = rows.keys().copied().collect();
    order.sort_by_key(|y| y.abs_diff(eye));
    let mut bytes = Vec::new();
    let mut fits = order.len();
    for (place, row) in order.iter().filter_map(|y| rows.get(y)).enumerate() {
        encode::cells(&mut bytes, row.iter().copied());
        if bytes.len() > most {
            fits = place + 1;
            break;
        }
    }
    let later = order.split_off(fits);
    for y in &later {
        for x in 0..shown.area.width {
            if let (Some(cell), Some(old)) = (next.cell_mut((x, *y)), shown.cell((x, *y))) {
                cell.clone_from(old);
            }
        }
    }
    !later.is_empty()
}

/// Writes all bytes to the terminal, past any buffer; waits where the terminal is slow.
pub fn write_all(bytes: &[u8]) -> io::Result<()> {
    let mut left = bytes;
    while !left.is_empty() {
        match rustix::io::write(io::stdout(), left) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => left = left.get(written..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::AGAIN) => {
                let stdout = io::stdout();
                let mut waited = [rustix::event::PollFd::new(&stdout, rustix::event::PollFlags::OUT)];
                rustix::event::poll(&mut waited, None)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    io::stdout().flush()
}
