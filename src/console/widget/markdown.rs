//! CommonMark → lines of a width. Total and bounded: any text gives lines, a huge one gives its beginning and says so.

mod fold;
mod page;
mod table;

use super::line::Line;
use crate::console::glyph::Glyphs;
use crate::console::theme::Role;
use fold::Span;
use page::Page;
use pulldown_cmark::{Event, Options, Parser, Tag};
use std::rc::Rc;

/// Bytes of a text that are read; what is beyond is told by its size.
pub const TEXT_MAX: usize = 1 << 20;
/// Lines that a text may fill; what is beyond is told.
pub const LINES_MAX: usize = 20_000;
/// Texts that are kept rendered.
const CACHED: usize = 8;

/// A row of a rendered text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A line of text.
    Text(Line),
    /// Here stands the fenced block that was given as this slot.
    Slot(usize),
}

/// Rendered texts of the last few widths, so that a frame costs what is visible.
#[derive(Debug, Default)]
pub struct Cache {
    kept: Vec<(Key, Rc<Vec<Row>>)>,
}

/// What a rendering depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    digest: blake3::Hash,
    slots: Vec<usize>,
    width: u16,
    ascii: bool,
}

impl Cache {
    /// The rows of a text, rendered before or now.
    pub fn rows(&mut self, text: &str, slots: &[usize], width: u16, glyphs: &Glyphs) -> Rc<Vec<Row>> {
        let digest = blake3::hash(crate::text::head(text, TEXT_MAX).as_bytes());
        let key = Key { digest, slots: slots.to_vec(), width, ascii: glyphs.ascii };
        if let Some(place) = self.kept.iter().position(|(other, _)| *other == key) {
            let found = self.kept.remove(place);
            let rows = found.1.clone();
            self.kept.push(found);
            return rows;
        }
        let rows = Rc::new(render(text, slots, width, glyphs));
        if self.kept.len() >= CACHED {
            self.kept.remove(0);
        }
        self.kept.push((key, rows.clone()));
        rows
    }
}

/// Renders a text. `slots` are lines of the text, from 0, on which a fenced block begins that the caller draws itself.
pub fn render(text: &str, slots: &[usize], width: u16, glyphs: &Glyphs) -> Vec<Row> {
    let read = crate::text::head(text, TEXT_MAX);
    let mut page = Page::new(usize::from(width).max(8), glyphs);
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut place = LineCounter { text: read, at: 0, line: 0 };
    for (event, range) in Parser::new_ext(read, options).into_offset_iter() {
        if page.rows.len() >= LINES_MAX {
            break;
        }
        if let Event::Start(Tag::CodeBlock(_)) = &event {
            let line = place.line_of(range.start);
            page.slot = slots.iter().position(|slot| *slot == line);
        }
        page.take(event);
    }
    page.flush();
    let cut = page.rows.len() >= LINES_MAX || read.len() < text.len();
    page.rows.truncate(LINES_MAX);
    if cut {
        let told = format!("{} the rest of {} bytes is not shown here", page.glyphs.ellipsis, text.len());
        page.rows.push(Row::Text(Line::of(Role::Muted, told)));
    }
    page.rows
}

/// Plain text of one meaning as lines of a width.
pub fn paragraph(role: Role, text: &str, width: u16) -> Vec<Line> {
    let spans = [Span { role, text: text.to_owned() }];
    fold::words(&spans, usize::from(width), LINES_MAX).into_iter().map(|parts| Line { parts }).collect()
}

/// Counts lines forward; a later place is never before an earlier one, but for footnotes, which start again.
struct LineCounter<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl LineCounter<'_> {
    fn line_of(&mut self, place: usize) -> usize {
        if place < self.at {
            (self.at, self.line) = (0, 0);
        }
        let between = self.text.as_bytes().get(self.at..place).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', between).count();
        self.at = place;
        self.line
    }
}

#[cfg(test)]
mod tests;
