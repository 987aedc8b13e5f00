//! A line of output → pieces with a style: colours that a step printed are kept, everything else that steers a terminal
//! is left in the text, where the sanitising sink makes it visible.

use ansi_to_tui::IntoText as _;
use ratatui::style::Style;
use std::ops::Range;

/// Columns between two tab stops.
const TAB: usize = 8;
/// The longest run of parameters that is taken for a colour; anything longer is shown.
const SGR_MAX: usize = 48;

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its look: what the step asked for.
    pub style: Style,
    /// Whether it belongs to a found text.
    pub found: bool,
    /// The raw text, tabs expanded.
    pub text: String,
}

/// Cuts a line into pieces. Only complete SGR sequences (`ESC [ digits ; : m`) are taken out; `found` are places in `line`.
pub fn pieces(line: &str, found: &[Range<usize>]) -> Vec<Piece> {
    let sequences = sequences(line);
    let styles = styles(line, &sequences);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut sequences = sequences.into_iter().zip(styles).peekable();
    let mut found = found.iter().peekable();
    let mut style = Style::default();
    let mut column = 0;
    let mut skip_to = 0;
    for (at, char) in line.char_indices() {
        if let Some((range, next)) = sequences.next_if(|(range, _)| range.start == at) {
            (style, skip_to) = (next, range.end);
        }
        while found.next_if(|range| range.end <= at).is_some() {}
        if at < skip_to {
            continue;
        }
        let is_found = found.peek().is_some_and(|range| range.contains(&at));
        if pieces.last().is_none_or(|last| last.style != style || last.found != is_found) {
            pieces.push(Piece { style, found: is_found, text: String::new() });
        }
        let Some(piece) = pieces.last_mut() else { break };
        if char == '\t' {
            let spaces = TAB - column % TAB;
            piece.text.extend(std::iter::repeat_n(' ', spaces));
            column += spaces;
        } else {
            piece.text.push(char);
            column += 1;
        }
    }
    pieces
}

/// Places of the colour sequences in a line.
fn sequences(line: &str) -> Vec<Range<usize>> {
    let bytes = line.as_bytes();
    memchr::memchr_iter(0x1b, bytes)
        .filter_map(|start| {
            let rest = bytes.get(start + 1..)?.strip_prefix(b"[")?;
            let length = rest.iter().take(SGR_MAX).position(|byte| !matches!(byte, b'0'..=b'9' | b';' | b':'))?;
            (rest.get(length) == Some(&b'm')).then_some(start..start + length + 3)
        })
        .collect()
}

/// The style after each sequence. The parser gets the sequences with one letter after each: no text from outside.
fn styles(line: &str, sequences: &[Range<usize>]) -> Vec<Style> {
    if sequences.is_empty() {
        return Vec::new();
    }
    let mut letters = String::new();
    for range in sequences {
        letters.push_str(line.get(range.clone()).unwrap_or_default());
        letters.push('x');
    }
    let parsed = letters.into_text().unwrap_or_default();
    let mut styles: Vec<Style> =
        parsed.lines.iter().flat_map(|line| line.spans.iter().flat_map(|span| span.content.chars().map(|_| plain(span.style)))).collect();
    styles.resize(sequences.len(), Style::default());
    styles
}

/// A style without what only resets: the screen's own look stays below it.
fn plain(style: Style) -> Style {
    let mut style = style;
    style.fg = style.fg.filter(|color| *color != ratatui::style::Color::Reset);
    style.bg = style.bg.filter(|color| *color != ratatui::style::Color::Reset);
    style.underline_color = None;
    style.add_modifier -= ratatui::style::Modifier::HIDDEN | ratatui::style::Modifier::SLOW_BLINK | ratatui::style::Modifier::RAPID_BLINK;
    style.sub_modifier = ratatui::style::Modifier::empty();
    style
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::{Color, Modifier};

    fn texts(line: &str) -> Vec<(Style, String)> {
        pieces(line, &[]).into_iter().map(|piece| (piece.style, piece.text)).collect()
    }

    #[test]
    fn colours_are_kept_and_all_else_stays_in_the_text() {
        let red = Style::default().fg(Color::Red);
        assert_eq!(
            texts("a\x1b[31mb\x1b[1mc\x1b[0md"),
            [
                (Style::default(), "a".into()),
                (red, "b".into()),
                (red.add_modifier(Modifier::BOLD), "c".into()),
                (Style::default(), "d".into())
            ]
        );
        for hostile in ["\x1b]0;title\x07x", "\x1b[2Jx", "\x1b[31", "\x1b[?25hx", "\x1bP+q\x1b\\x", "\u{9b}31mx"] {
            assert_eq!(texts(hostile), [(Style::default(), hostile.to_owned())], "{hostile:?}");
        }
        let long = format!("\x1b[{}mx", "1;".repeat(100));
        assert_eq!(texts(&long), [(Style::default(), long.clone())]);
    }

    #[test]
    fn hidden_text_is_shown() {
        assert!(texts("\x1b[8msecret").iter().all(|(style, _)| style.add_modifier.is_empty()));
    }

    #[test]
    fn found_places_are_marked_across_colours() {
        let line = "one \x1b[31mtwo\x1b[0m";
        let marked: Vec<_> = pieces(line, std::slice::from_ref(&(2..12))).into_iter().map(|piece| (piece.found, piece.text)).collect();
        assert_eq!(marked, [(false, "on".into()), (true, "e ".into()), (true, "two".into())]);
    }

    #[test]
    fn tabs_become_spaces() {
        assert_eq!(texts("a\tb"), [(Style::default(), "a       b".into())]);
    }
}
