//! The sanitising sink that everything from outside passes on its way to a terminal: what a terminal would obey, or a
//! reader would not see, becomes a visible escape such as `\x1b` or `\u{202e}`.
//!
//! The result holds no control, bidi or invisible character, and none that terminals disagree about in width. The same
//! input always gives the same output. Plain ASCII is passed on without a copy.

use std::borrow::Cow;
use std::fmt::Write as _;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Columns between two tab stops.
const TAB: usize = 8;
/// Combining marks that one character may carry; more are shown as escapes, because terminals pile them up.
const MARKS_MAX: usize = 3;

/// A text of any number of lines: `\n` stays, `\r\n` becomes `\n`, tabs become spaces up to the next stop, the rest is
/// made visible.
pub fn visible(text: &str) -> Cow<'_, str> {
    if is_plain(text.as_bytes(), true) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut column = 0;
    let mut chars = text.chars().peekable();
    let mut marks = MARKS_MAX; // a mark without a character before it would sit on its neighbour
    while let Some(char) = chars.next() {
        match char {
            '\n' => {
                out.push('\n');
                column = 0;
                marks = MARKS_MAX;
            }
            '\r' if chars.peek() == Some(&'\n') => {}
            '\t' => {
                let spaces = TAB - column % TAB;
                out.extend(std::iter::repeat_n(' ', spaces));
                column += spaces;
            }
            other => {
                let before = out.len();
                push(&mut out, other, &mut marks);
                column += out[before..].width();
            }
        }
    }
    Cow::Owned(out)
}

/// A text that takes one line: line ends and tabs become visible too.
pub fn line(text: &str) -> Cow<'_, str> {
    if is_plain(text.as_bytes(), false) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut marks = MARKS_MAX; // a mark without a character before it would sit on its neighbour
    for char in text.chars() {
        push(&mut out, char, &mut marks);
    }
    Cow::Owned(out)
}

/// One line of at most `width` columns; what is cut off leaves `…`, or `~` where only ASCII is shown.
pub fn fit(text: &str, width: usize, ellipsis: char) -> Cow<'_, str> {
    // A very long text is cut before it is looked at: no character takes more than 12 bytes, no column less than one.
    let text = head(text, width.saturating_mul(16).saturating_add(64));
    let line = line(text);
    if line.width() <= width {
        return line;
    }
    if width == 0 {
        return Cow::Borrowed("");
    }
    let mut out = String::new();
    let mut taken = 0;
    for grapheme in line.graphemes(true) {
        let columns = grapheme.width();
        if taken + columns > width - 1 {
            break;
        }
        taken += columns;
        out.push_str(grapheme);
    }
    out.push(ellipsis);
    Cow::Owned(out)
}

/// Columns that a sanitised line takes.
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// Pieces of a text, each with whether it is an escape that stands for something that must not be obeyed.
pub fn pieces(text: &str) -> Vec<(Cow<'_, str>, bool)> {
    if is_plain(text.as_bytes(), false) {
        return vec![(Cow::Borrowed(text), false)];
    }
    let mut out: Vec<(Cow<'_, str>, bool)> = Vec::new();
    let mut marks = MARKS_MAX; // a mark without a character before it would sit on its neighbour
    for char in text.chars() {
        let mut one = String::new();
        let escaped = push(&mut one, char, &mut marks);
        match out.last_mut() {
            Some((last, was)) if *was == escaped => last.to_mut().push_str(&one),
            _ => out.push((Cow::Owned(one), escaped)),
        }
    }
    out
}

/// Whether a reader may be misled by the text: it holds something that had to be made visible.
pub fn is_suspicious(text: &str) -> bool {
    pieces(text).iter().any(|(_, escaped)| *escaped)
}

/// The first bytes of a text, cut between characters.
pub fn head(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let mut end = bytes;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn is_plain(bytes: &[u8], lines: bool) -> bool {
    bytes.iter().all(|byte| matches!(byte, 0x20..=0x7e) || (lines && *byte == b'\n'))
}

/// Puts one character or its escape; answers whether it was escaped.
fn push(out: &mut String, char: char, marks: &mut usize) -> bool {
    let columns = char.width();
    *marks = if columns == Some(0) { *marks + 1 } else { 0 };
    let piled = *marks > MARKS_MAX;
    if !piled && columns.is_some() && !is_unsafe(char) {
        out.push(char);
        return false;
    }
    let number = u32::from(char);
    // Writing into a String cannot fail.
    let _ = match number {
        0..=0xff => write!(out, "\\x{number:02x}"),
        _ => write!(out, "\\u{{{number:x}}}"),
    };
    true
}

/// Characters that steer a terminal or a reader, that nobody sees, or whose width terminals disagree about.
fn is_unsafe(char: char) -> bool {
    matches!(u32::from(char),
        0x00..=0x1f | 0x7f..=0xa0 | 0xad          // C0, DEL, C1, no-break space, soft hyphen
        | 0x034f | 0x061c | 0x180b..=0x180f        // grapheme joiner, Arabic letter mark, Mongolian selectors
        | 0x115f..=0x11ff | 0x3164 | 0xffa0        // fillers and conjoining letters of Hangul
        | 0xd7b0..=0xd7ff                          // more of them
        | 0x17b4..=0x17b5                          // invisible vowels of Khmer
        | 0x2000..=0x200f | 0x2028..=0x202f        // spaces, joiners, marks, separators, embeddings, overrides
        | 0x205f..=0x206f | 0x2800                 // mathematical space, isolates, deprecated marks, blank pattern
        | 0xfe00..=0xfe0f | 0xfeff | 0xfff0..=0xfffb // variation selectors, byte order mark, annotations
        | 0x1_1000..=0x1_1001                      // Brahmi signs that terminals place differently
        | 0x1_bca0..=0x1_bca3 | 0x1_d173..=0x1_d17a // controls of shorthand and music
        | 0x1_f1e6..=0x1_f1ff | 0x1_f3fb..=0x1_f3ff // flags and skin tones: pairs whose width differs between terminals
        | 0xe_0000..=0xe_0fff                      // tags and more selectors
        | 0xe000..=0xf8ff | 0xf_0000..=0x10_ffff) // private use: means what a font wants
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Whether a terminal would obey it or a reader not see it, told without the sink's own table.
    fn is_harmful(char: char) -> bool {
        let bidi = matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let invisible = matches!(char, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}');
        char.is_control() || bidi || invisible
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        assert_eq!(line("a\x1b[31mred\x07"), "a\\x1b[31mred\\x07");
        assert_eq!(line("pay\u{202e}fdp.exe"), "pay\\u{202e}fdp.exe");
        assert_eq!(line("a\u{200b}b\u{e0041}c\u{9b}2J"), "a\\u{200b}b\\u{e0041}c\\x9b2J");
        assert_eq!(line("two\nlines\tand a tab"), "two\\x0alines\\x09and a tab");
        assert_eq!(visible("a\tb\r\nc\rd"), "a       b\nc\\x0dd");
        assert_eq!(line("ordinary text, größer, 漢字"), "ordinary text, größer, 漢字");
    }

    #[test]
    fn marks_that_pile_up_are_shown_as_escapes() {
        let piled = format!("a{}", "\u{301}".repeat(1000));
        let shown = line(&piled);
        assert!(shown.starts_with("a\u{301}\u{301}\u{301}\\u{301}"), "{}", head(&shown, 40));
        assert_eq!(line("\u{301}x"), "\\u{301}x");
    }

    #[test]
    fn a_text_that_is_too_long_ends_with_an_ellipsis() {
        assert_eq!(fit("nightly-orders", 8, '…'), "nightly…");
        assert_eq!(fit("漢字漢字", 5, '…'), "漢字…");
        assert_eq!(fit("漢字", 4, '…'), "漢字");
        assert_eq!(fit("x", 0, '…'), "");
    }

    #[test]
    fn plain_text_is_not_copied() {
        assert!(matches!(line("plain"), Cow::Borrowed(_)));
        assert!(matches!(visible("plain\nlines"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn nothing_harmful_comes_through(text in any::<String>(), width in 0_usize..40) {
            prop_assert!(!line(&text).chars().any(is_harmful));
            prop_assert!(!visible(&text).chars().any(|char| char != '\n' && is_harmful(char)));
            let fitted = fit(&text, width, '…');
            prop_assert!(!fitted.chars().any(is_harmful));
            prop_assert!(fitted.width() <= width, "{fitted:?} is wider than {width}");
            let joined: String = pieces(&text).into_iter().map(|(piece, _)| piece).collect();
            prop_assert_eq!(joined, line(&text));
        }

        #[test]
        fn the_sink_is_at_rest_on_its_own_output(text in any::<String>()) {
            let once = line(&text).into_owned();
            prop_assert_eq!(line(&once), once.clone());
        }
    }
}
