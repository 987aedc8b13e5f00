//! Long lines → rows of the screen: folded at the width, or a window of them.

use super::ansi::Piece;
use crate::text;
use unicode_segmentation::UnicodeSegmentation as _;

/// A part of a row: safe text, and which piece of the line it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The piece's place in the line.
    pub piece: usize,
    /// Whether it stands for something that was made visible.
    pub escaped: bool,
    /// The text, safe for the screen.
    pub text: String,
}

/// Columns `from` to `from + width` of a line.
pub fn window(pieces: &[Piece], from: usize, width: usize) -> Vec<Part> {
    let mut parts = Parts::default();
    let mut column = 0;
    each(pieces, |piece, escaped, grapheme, columns| {
        if column >= from && column + columns <= from + width {
            parts.push(piece, escaped, grapheme);
        }
        column += columns;
        column < from + width
    });
    parts.0
}

/// A line folded into rows, `count` of them from row `skip` on. A line always has a first row.
pub fn rows(pieces: &[Piece], width: usize, skip: usize, count: usize) -> Vec<Vec<Part>> {
    let width = width.max(2); // the widest character takes two columns
    let mut rows = vec![Parts::default()];
    let mut column = 0;
    each(pieces, |piece, escaped, grapheme, columns| {
        if column + columns > width {
            column = 0;
            rows.push(Parts::default());
        }
        if rows.len() > skip + count {
            rows.pop();
            return false;
        }
        column += columns;
        if let Some(row) = rows.last_mut() {
            row.push(piece, escaped, grapheme);
        }
        true
    });
    rows.into_iter().skip(skip).take(count).map(|parts| parts.0).collect()
}

/// A line in rows of at most this many columns, parted between words; a longer word is left to be cut.
pub fn words(line: &str, width: usize) -> Vec<String> {
    let mut rows = vec![String::new()];
    let mut taken = 0;
    for word in line.split(' ') {
        let columns = crate::text::width(&crate::text::line(word));
        if let Some(row) = rows.last_mut().filter(|row| row.is_empty() || taken + 1 + columns <= width) {
            if !row.is_empty() {
                row.push(' ');
                taken += 1;
            }
            row.push_str(word);
            taken += columns;
        } else {
            rows.push(word.to_owned());
            taken = columns;
        }
    }
    rows
}

#[derive(Default)]
struct Parts(Vec<Part>);

impl Parts {
    fn push(&mut self, piece: usize, escaped: bool, grapheme: &str) {
        match self.0.last_mut() {
            Some(last) if last.piece == piece && last.escaped == escaped => last.text.push_str(grapheme),
            _ => self.0.push(Part { piece, escaped, text: grapheme.to_owned() }),
        }
    }
}

/// Every character of a line as a reader sees it, made safe, until `take` says that it has enough.
fn each(pieces: &[Piece], mut take: impl FnMut(usize, bool, &str, usize) -> bool) {
    for (place, piece) in pieces.iter().enumerate() {
        for (safe, escaped) in text::pieces(&piece.text) {
            for grapheme in safe.graphemes(true) {
                if !take(place, escaped, grapheme, text::width(grapheme)) {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ansi::pieces;
    use super::*;

    fn texts(rows: &[Vec<Part>]) -> Vec<String> {
        rows.iter().map(|row| row.iter().map(|part| part.text.as_str()).collect()).collect()
    }

    #[test]
    fn rows_are_as_wide_as_they_may_be() {
        let line = pieces("abcdefg", &[]);
        assert_eq!(texts(&rows(&line, 3, 0, 9)), ["abc", "def", "g"]);
        assert_eq!(texts(&rows(&line, 3, 1, 1)), ["def"]);
        assert_eq!(texts(&rows(&pieces("", &[]), 3, 0, 9)), [""]);
        assert_eq!(texts(&rows(&pieces("日本語", &[]), 3, 0, 9)), ["日", "本", "語"]);
    }

    #[test]
    fn words_stay_whole() {
        assert_eq!(words("a bcd ef", 4), ["a", "bcd", "ef"]);
        assert_eq!(words("a bcd ef", 5), ["a bcd", "ef"]);
        assert_eq!(words("abcdefgh i", 3), ["abcdefgh", "i"]);
        assert_eq!(words("", 3), [""]);
    }

    #[test]
    fn a_window_begins_where_it_is_asked_for() {
        assert_eq!(texts(&[window(&pieces("abc\x1b[2Jdef", &[]), 2, 6)]), ["c\\x1b["]);
        assert_eq!(texts(&[window(&pieces("日本", &[]), 1, 3)]), ["本"]);
    }
}
