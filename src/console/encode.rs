//! Cells → the fewest bytes that show them: a place only where it jumps, a colour only where it changes and can be seen.

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};
use std::io::Write as _;

/// What the terminal's pen is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pen {
    fg: Color,
    bg: Color,
    is: Modifier,
}

const PLAIN: Pen = Pen { fg: Color::Reset, bg: Color::Reset, is: Modifier::empty() };

/// Modifiers with the codes that set them.
const MODIFIERS: [(Modifier, u8); 7] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::REVERSED, 7),
    (Modifier::CROSSED_OUT, 9),
];

/// Appends what shows these cells; the pen is plain before and after.
pub fn cells<'a>(out: &mut Vec<u8>, cells: impl Iterator<Item = (u16, u16, &'a Cell)>) {
    let mut pen = PLAIN;
    let mut after: Option<(u16, u16)> = None;
    for (x, y, cell) in cells {
        if after != Some((x, y)) {
            // Writing into a Vec cannot fail.
            let _ = write!(out, "\x1b[{};{}H", y + 1, x + 1);
        }
        let mut wanted = Pen { fg: cell.fg, bg: cell.bg, is: cell.modifier };
        if cell.symbol() == " " && !wanted.is.intersects(Modifier::REVERSED | Modifier::UNDERLINED | Modifier::CROSSED_OUT) {
            // The colour and weight of a blank cannot be seen.
            wanted.fg = pen.fg;
            wanted.is = pen.is - (Modifier::REVERSED | Modifier::UNDERLINED | Modifier::CROSSED_OUT);
        }
        set(out, pen, wanted);
        pen = wanted;
        out.extend_from_slice(cell.symbol().as_bytes());
        after = (cell.symbol().len() == 1).then_some((x + 1, y)).or_else(|| {
            // After a wide character or one with marks the terminal may see another place than we do: say it again.
            (unicode_width::UnicodeWidthStr::width(cell.symbol()) == 1).then_some((x + 1, y))
        });
    }
    if pen != PLAIN {
        out.extend_from_slice(b"\x1b[m");
    }
}

fn set(out: &mut Vec<u8>, from: Pen, to: Pen) {
    if from == to {
        return;
    }
    let mut codes = String::new();
    let mut from = from;
    if !(from.is - to.is).is_empty() {
        codes.push('0');
        from = PLAIN;
    }
    for (modifier, code) in MODIFIERS {
        if to.is.contains(modifier) && !from.is.contains(modifier) {
            push(&mut codes, &code.to_string());
        }
    }
    if from.fg != to.fg {
        push(&mut codes, &color(to.fg, 30));
    }
    if from.bg != to.bg {
        push(&mut codes, &color(to.bg, 40));
    }
    // Writing into a Vec cannot fail.
    let _ = write!(out, "\x1b[{codes}m");
}

fn push(codes: &mut String, code: &str) {
    if !codes.is_empty() {
        codes.push(';');
    }
    codes.push_str(code);
}

/// The code of a colour: `base` is 30 for the foreground, 40 for the background.
fn color(color: Color, base: u8) -> String {
    let sixteen = |number: u8| if number < 8 { (base + number).to_string() } else { (base + 60 + number - 8).to_string() };
    match color {
        Color::Reset => (base + 9).to_string(),
        Color::Black => sixteen(0),
        Color::Red => sixteen(1),
        Color::Green => sixteen(2),
        Color::Yellow => sixteen(3),
        Color::Blue => sixteen(4),
        Color::Magenta => sixteen(5),
        Color::Cyan => sixteen(6),
        Color::Gray => sixteen(7),
        Color::DarkGray => sixteen(8),
        Color::LightRed => sixteen(9),
        Color::LightGreen => sixteen(10),
        Color::LightYellow => sixteen(11),
        Color::LightBlue => sixteen(12),
        Color::LightMagenta => sixteen(13),
        Color::LightCyan => sixteen(14),
        Color::White => sixteen(15),
        Color::Indexed(index) => format!("{};5;{index}", base + 8),
        Color::Rgb(r, g, b) => format!("{};2;{r};{g};{b}", base + 8),
    }
}
