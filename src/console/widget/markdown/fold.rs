//! Spans of text → lines of at most a width, broken between words where there are any.

use crate::console::theme::Role;
use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation as _;

/// A piece of a paragraph. A `\n` in it breaks the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    /// What it means.
    pub(super) role: Role,
    /// Its text, raw.
    pub(super) text: String,
}

/// Texts with their roles, left to right.
pub(super) type Parts = Vec<(Role, Cow<'static, str>)>;

/// Breaks spans into at most `most` lines of `width` columns. What must not be obeyed is made visible first, so that
/// the widths are those of the screen.
pub(super) fn words(spans: &[Span], width: usize, most: usize) -> Vec<Parts> {
    let mut lines = Lines { width: width.max(1), most, done: Vec::new(), line: Vec::new(), taken: 0, word: Vec::new(), word_width: 0 };
    for span in spans {
        for (count, piece) in span.text.split('\n').enumerate() {
            if count > 0 {
                lines.end_word();
                lines.end_line();
            }
            for (text, escaped) in crate::text::pieces(piece) {
                let role = if escaped { Role::Escaped } else { span.role };
                lines.take(role, &text);
            }
            if lines.done.len() >= most {
                return lines.done;
            }
        }
    }
    lines.end_word();
    if !lines.line.is_empty() {
        lines.end_line();
    }
    lines.done
}

/// Breaks a sanitised line of code at the width, wherever that is.
pub(super) fn hard(line: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let (mut pieces, mut piece, mut taken) = (Vec::new(), String::new(), 0);
    for grapheme in line.graphemes(true) {
        let columns = crate::text::width(grapheme);
        if taken + columns > width && !piece.is_empty() {
            pieces.push(std::mem::take(&mut piece));
            taken = 0;
        }
        piece.push_str(grapheme);
        taken += columns;
    }
    pieces.push(piece);
    pieces
}

/// Columns that spans take on one line.
pub(super) fn width(spans: &[Span]) -> usize {
    spans.iter().map(|span| crate::text::width(&crate::text::line(&span.text))).sum()
}

struct Lines {
    width: usize,
    most: usize,
    done: Vec<Parts>,
    line: Parts,
    taken: usize,
    word: Parts,
    word_width: usize,
}

impl Lines {
    fn take(&mut self, role: Role, text: &str) {
        for grapheme in text.graphemes(true) {
            if self.done.len() >= self.most {
                return;
            }
            if grapheme == " " {
                self.end_word();
                if self.taken > 0 && self.taken < self.width {
                    add(&mut self.line, role, " ");
                    self.taken += 1;
                }
                continue;
            }
            let columns = crate::text::width(grapheme);
            if self.word_width + columns > self.width {
                self.end_word(); // a word longer than a line is broken
            }
            add(&mut self.word, role, grapheme);
            self.word_width += columns;
        }
    }

    fn end_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        if self.taken + self.word_width > self.width && self.taken > 0 {
            self.end_line();
        }
        for (role, text) in std::mem::take(&mut self.word) {
            add(&mut self.line, role, &text);
        }
        self.taken += std::mem::take(&mut self.word_width);
    }

    fn end_line(&mut self) {
        let mut line = std::mem::take(&mut self.line);
        if let Some((_, last)) = line.last_mut()
            && last.ends_with(' ')
        {
            let kept = last.trim_end_matches(' ').len();
            last.to_mut().truncate(kept);
        }
        line.retain(|(_, text)| !text.is_empty());
        self.done.push(line);
        self.taken = 0;
    }
}

fn add(parts: &mut Parts, role: Role, text: &str) {
    match parts.last_mut() {
        Some((last, grown)) if *last == role => grown.to_mut().push_str(text),
        _ => parts.push((role, Cow::Owned(text.to_owned()))),
    }
}
