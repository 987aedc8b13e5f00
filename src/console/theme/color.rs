//! Colours that a terminal can show: true colour, 256, 16 or none.

use ratatui::style::Color;

/// How many colours there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None: only bold, dim, underlined, reversed.
    None,
    /// The terminal's own 16.
    Sixteen,
    /// The 16 and the cube and greys of xterm.
    Indexed,
    /// Any.
    True,
}

impl Depth {
    /// What standard output can show, by `NO_COLOR`, `TERM`, `COLORTERM` and their like.
    pub fn detect() -> Self {
        match supports_color::on(supports_color::Stream::Stdout) {
            None => Self::None,
            Some(level) if level.has_16m => Self::True,
            Some(level) if level.has_256 => Self::Indexed,
            Some(_) => Self::Sixteen,
        }
    }
}

/// The sixteen as most terminals show them, for finding the nearest.
const SIXTEEN: [(Color, [u8; 3]); 16] = [
    (Color::Black, [0, 0, 0]),
    (Color::Red, [205, 0, 0]),
    (Color::Green, [0, 205, 0]),
    (Color::Yellow, [205, 205, 0]),
    (Color::Blue, [0, 0, 238]),
    (Color::Magenta, [205, 0, 205]),
    (Color::Cyan, [0, 205, 205]),
    (Color::Gray, [229, 229, 229]),
    (Color::DarkGray, [127, 127, 127]),
    (Color::LightRed, [255, 80, 80]),
    (Color::LightGreen, [80, 255, 80]),
    (Color::LightYellow, [255, 255, 80]),
    (Color::LightBlue, [92, 92, 255]),
    (Color::LightMagenta, [255, 80, 255]),
    (Color::LightCyan, [80, 255, 255]),
    (Color::White, [255, 255, 255]),
];

/// The nearest colour that can be shown.
pub(super) fn fit(color: Color, depth: Depth) -> Color {
    let Color::Rgb(r, g, b) = color else { return color };
    match depth {
        Depth::True => color,
        Depth::Indexed => Color::Indexed(indexed([r, g, b])),
        Depth::Sixteen => nearest(SIXTEEN.into_iter(), [r, g, b]).unwrap_or(Color::Reset),
        Depth::None => Color::Reset,
    }
}

/// The nearest of xterm's cube (16–231) and greys (232–255).
fn indexed(wanted: [u8; 3]) -> u8 {
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
    let cube = (0..216_u8).map(|place| (16 + place, [level(place / 36), level(place / 6 % 6), level(place % 6)]));
    let greys = (0..24_u8).map(|step| (232 + step, [8 + 10 * step; 3]));
    nearest(cube.chain(greys), wanted).unwrap_or(7)
}

fn nearest<T>(colors: impl Iterator<Item = (T, [u8; 3])>, wanted: [u8; 3]) -> Option<T> {
    colors.min_by_key(|(_, color)| distance(*color, wanted)).map(|(name, _)| name)
}

/// How unlike two colours look: the "redmean" of their parts, whole-numbered.
fn distance(one: [u8; 3], other: [u8; 3]) -> i64 {
    let [r, g, b] = [0, 1, 2].map(|place| i64::from(one[place]) - i64::from(other[place]));
    let mean = i64::midpoint(i64::from(one[0]), i64::from(other[0]));
    (512 + mean) * r * r / 256 + 4 * g * g + (767 - mean) * b * b / 256
}
