//! What the parser says, laid out: blocks with their gaps, lists and quotes with their marks, inline meanings.

use super::fold::{self, Span};
use super::{LINES_MAX, Row, table};
use crate::console::glyph::Glyphs;
use crate::console::theme::Role;
use crate::console::widget::line::Line;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Tag, TagEnd};

/// Containers (quotes, list items) whose marks are drawn; deeper ones stand under the innermost of these.
const DEPTH_MAX: usize = 12;

/// A quote or a list item around what is written.
struct Container {
    /// What stands before its first line; taken when that is written.
    mark: Option<(Role, String)>,
    /// What stands before its other lines.
    rest: (Role, String),
}

/// The text as it is laid out.
pub(super) struct Page {
    width: usize,
    pub(super) glyphs: Glyphs,
    pub(super) rows: Vec<Row>,
    containers: Vec<Container>,
    /// The next numbers of the lists that are open; absent for bullets.
    lists: Vec<Option<u64>>,
    spans: Vec<Span>,
    /// Meanings of the inline marks that are open.
    roles: Vec<Role>,
    /// Targets of the links that are open, with where their text began.
    links: Vec<(String, usize)>,
    code: Option<String>,
    /// The block that the caller draws itself, where the next one is one.
    pub(super) slot: Option<usize>,
    html: bool,
    table: Option<table::Table>,
    /// Whether an empty line stands before the next block.
    gap: bool,
}

impl Page {
    pub(super) fn new(width: usize, glyphs: &Glyphs) -> Self {
        Self {
            width,
            glyphs: *glyphs,
            rows: Vec::new(),
            containers: Vec::new(),
            lists: Vec::new(),
            spans: Vec::new(),
            roles: Vec::new(),
            links: Vec::new(),
            code: None,
            slot: None,
            html: false,
            table: None,
            gap: false,
        }
    }

    pub(super) fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text),
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => self.push(Role::Code, &text),
            Event::Html(text) => self.html(&text),
            Event::InlineHtml(text) => self.push(Role::Muted, &text),
            Event::SoftBreak => self.push(self.role(), " "),
            Event::HardBreak => self.push(self.role(), "\n"),
            Event::Rule => self.rule(),
            Event::TaskListMarker(done) => self.push(Role::Name, if done { "[x] " } else { "[ ] " }),
            Event::FootnoteReference(name) => self.push(Role::Muted, &format!("[{name}]")),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph => self.open_block(),
            Tag::Heading { level, .. } => {
                self.gap = !self.rows.is_empty();
                self.open_block();
                self.roles.push(Role::Heading);
                if level >= HeadingLevel::H3 {
                    let marks = "#".repeat(level as usize);
                    self.push(Role::Muted, &format!("{marks} "));
                }
            }
            Tag::BlockQuote(_) => {
                self.open_block();
                let bar = format!("{} ", self.glyphs.border.get(5).copied().unwrap_or("|"));
                self.containers.push(Container { mark: None, rest: (Role::Muted, bar) });
            }
            Tag::CodeBlock(kind) => {
                self.open_block();
                self.code = Some(String::new());
                if let (CodeBlockKind::Fenced(info), None) = (kind, self.slot)
                    && !info.trim().is_empty()
                {
                    self.push(Role::Muted, &info);
                    self.flush();
                }
            }
            Tag::HtmlBlock => {
                self.flush();
                self.html = true;
            }
            Tag::List(first) => {
                self.flush();
                self.gap |= self.lists.is_empty() && !self.rows.is_empty() && self.containers.iter().all(|outer| outer.mark.is_none());
                self.lists.push(first);
            }
            Tag::Item => self.item(),
            Tag::Table(alignments) => {
                self.open_block();
                self.table = Some(table::Table::new(alignments));
            }
            Tag::TableHead | Tag::TableRow => self.table.iter_mut().for_each(table::Table::row),
            Tag::Emphasis | Tag::Strong => self.roles.push(Role::Name),
            Tag::Strikethrough => self.roles.push(Role::Muted),
            Tag::Link { dest_url, .. } => {
                self.links.push((dest_url.into_string(), self.spans.len()));
                self.roles.push(Role::Link);
            }
            Tag::Image { dest_url, .. } => {
                self.links.push((dest_url.into_string(), self.spans.len()));
                self.push(Role::Muted, "image: ");
                self.roles.push(Role::Link);
            }
            _ => self.flush(),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => {
                self.flush();
                self.gap = true;
            }
            TagEnd::HtmlBlock => {
                self.gap |= !self.spans.is_empty();
                self.flush();
                self.html = false;
            }
            TagEnd::Heading(_) => {
                self.flush();
                self.roles.pop();
                self.gap = true;
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.containers.pop();
                self.gap = true;
            }
            TagEnd::Item => {
                if self.spans.is_empty() && self.containers.last().is_some_and(|item| item.mark.is_some()) {
                    self.push(Role::Text, " "); // an empty item still shows its mark
                }
                self.flush();
                self.containers.pop();
            }
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
                self.gap |= self.lists.is_empty();
            }
            TagEnd::CodeBlock => self.end_code(),
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.spans);
                self.table.iter_mut().for_each(|table| table.cell(cell.clone()));
            }
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    let width = self.room();
                    for line in table.lines(width, &self.glyphs) {
                        self.write(line.parts);
                    }
                }
                self.gap = true;
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => drop(self.roles.pop()),
            TagEnd::Link | TagEnd::Image => self.end_link(),
            _ => {}
        }
    }

    fn item(&mut self) {
        self.flush();
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                let mark = format!("{number}. ");
                *number = number.saturating_add(1);
                mark
            }
            _ => format!("{} ", if self.glyphs.ascii { "-" } else { "•" }),
        };
        let rest = (Role::Text, " ".repeat(crate::text::width(&mark)));
        self.containers.push(Container { mark: Some((Role::Muted, mark)), rest });
    }

    fn text(&mut self, text: &str) {
        match (&mut self.code, self.html) {
            (Some(code), _) => code.push_str(text),
            (None, true) => self.html(text),
            (None, false) => self.push(self.role(), text),
        }
    }

    /// HTML is shown, not obeyed; the marks of generated blocks are not for readers.
    fn html(&mut self, text: &str) {
        for line in text.lines().filter(|line| !line.trim_start().starts_with("<!-- dogwatch:")) {
            self.push(Role::Muted, line);
            self.push(Role::Muted, "\n");
        }
    }

    fn end_link(&mut self) {
        self.roles.pop();
        let Some((target, from)) = self.links.pop() else { return };
        let told: String = self.spans.iter().skip(from).map(|span| span.text.as_str()).collect();
        let plain = target.strip_prefix("mailto:").unwrap_or(&target);
        if !target.is_empty() && told != plain {
            self.push(Role::Muted, &format!(" ({target})"));
        }
    }

    fn end_code(&mut self) {
        let code = self.code.take().unwrap_or_default();
        self.gap = true;
        if let Some(slot) = self.slot.take() {
            self.rows.push(Row::Slot(slot));
            return;
        }
        let room = self.room().saturating_sub(2);
        for line in code.lines() {
            for piece in fold::hard(&crate::text::visible(line), room) {
                self.write(vec![(Role::Code, "  ".into()), (Role::Code, piece.into())]);
                if self.rows.len() >= LINES_MAX {
                    return;
                }
            }
        }
    }

    fn rule(&mut self) {
        self.open_block();
        let dash = self.glyphs.border.get(4).copied().unwrap_or("-");
        let room = self.room();
        self.write(vec![(Role::Muted, dash.repeat(room).into())]);
        self.gap = true;
    }

    fn role(&self) -> Role {
        self.roles.last().copied().unwrap_or(Role::Text)
    }

    fn push(&mut self, role: Role, text: &str) {
        self.spans.push(Span { role, text: text.to_owned() });
    }

    /// Ends what is written and leaves an empty line where blocks want one.
    fn open_block(&mut self) {
        self.flush();
        if std::mem::take(&mut self.gap) && !self.rows.is_empty() {
            let mut parts = self.before(false);
            while parts.last().is_some_and(|(_, text)| text.trim().is_empty()) {
                parts.pop();
            }
            self.rows.push(Row::Text(Line { parts }));
        }
    }

    /// Writes what was collected as lines of the width.
    pub(super) fn flush(&mut self) {
        if self.spans.is_empty() {
            return;
        }
        if self.gap && self.table.is_none() {
            let spans = std::mem::take(&mut self.spans);
            self.open_block();
            self.spans = spans;
        }
        let spans = std::mem::take(&mut self.spans);
        for parts in fold::words(&spans, self.room(), LINES_MAX.saturating_sub(self.rows.len())) {
            self.write(parts);
        }
    }

    fn write(&mut self, parts: fold::Parts) {
        let mut line = self.before(true);
        line.extend(parts);
        self.rows.push(Row::Text(Line { parts: line }));
    }

    /// Columns that the text has beside the marks of its containers.
    fn room(&self) -> usize {
        let marks: usize = self.shown().iter().map(|container| crate::text::width(&container.rest.1)).sum();
        self.width.saturating_sub(marks).max(1)
    }

    /// The containers whose marks are drawn: the innermost that leave half of the width to the text.
    fn shown(&self) -> &[Container] {
        let mut left = self.width / 2;
        let mut count = 0;
        for container in self.containers.iter().rev().take(DEPTH_MAX) {
            let width = crate::text::width(&container.rest.1);
            if width > left {
                break;
            }
            left -= width;
            count += 1;
        }
        self.containers.get(self.containers.len() - count..).unwrap_or_default()
    }

    /// What stands before a line; `first` takes the marks that were not drawn yet.
    fn before(&mut self, first: bool) -> fold::Parts {
        let from = self.containers.len() - self.shown().len();
        let shown = self.containers.iter_mut().skip(from);
        shown
            .map(|container| {
                let taken = if first { container.mark.take() } else { None };
                let (role, text) = taken.unwrap_or_else(|| container.rest.clone());
                (role, text.into())
            })
            .collect()
    }
}
