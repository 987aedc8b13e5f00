//! The colours of a terminal emulator: its own, the sixteen, the cube, the greys.

use std::fmt;

/// A colour, 8 bits a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rgb(pub u8, pub u8, pub u8);

impl Rgb {
    /// This colour, so much of the way (0 to 1) to another.
    pub fn towards(self, other: Self, way: f32) -> Self {
        let mix = |from: u8, to: u8| (f32::from(from) + (f32::from(to) - f32::from(from)) * way).round() as u8;
        Self(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }
}

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// The colours that a terminal brings itself.
#[derive(Debug)]
pub struct Ground {
    /// Letters without a colour of their own.
    pub ink: Rgb,
    /// Cells without a colour of their own.
    pub paper: Rgb,
    /// The sixteen: dark, then bright; black red green yellow blue magenta cyan white.
    pub sixteen: [Rgb; 16],
}

/// A dark terminal.
pub const DARK: Ground = Ground {
    ink: Rgb(0xd3, 0xd7, 0xde),
    paper: Rgb(0x14, 0x18, 0x1f),
    sixteen: [
        Rgb(0x14, 0x18, 0x1f),
        Rgb(0xe0, 0x5f, 0x5c),
        Rgb(0x72, 0xbd, 0x76),
        Rgb(0xd9, 0xb1, 0x52),
        Rgb(0x5f, 0xa3, 0xe8),
        Rgb(0xb2, 0x88, 0xe6),
        Rgb(0x55, 0xbd, 0xc3),
        Rgb(0xb8, 0xbf, 0xc9),
        Rgb(0x5a, 0x63, 0x70),
        Rgb(0xff, 0x7d, 0x7a),
        Rgb(0x8f, 0xda, 0x93),
        Rgb(0xf5, 0xcf, 0x70),
        Rgb(0x80, 0xbe, 0xff),
        Rgb(0xcb, 0xa6, 0xff),
        Rgb(0x74, 0xdb, 0xe1),
        Rgb(0xf0, 0xf3, 0xf7),
    ],
};

/// A light terminal.
pub const LIGHT: Ground = Ground {
    ink: Rgb(0x24, 0x29, 0x2f),
    paper: Rgb(0xff, 0xff, 0xff),
    sixteen: [
        Rgb(0x24, 0x29, 0x2f),
        Rgb(0xb3, 0x1d, 0x28),
        Rgb(0x1a, 0x7f, 0x37),
        Rgb(0x8a, 0x5f, 0x00),
        Rgb(0x05, 0x50, 0xae),
        Rgb(0x6f, 0x42, 0xc1),
        Rgb(0x0b, 0x76, 0x85),
        Rgb(0x6a, 0x73, 0x7d),
        Rgb(0x57, 0x60, 0x6a),
        Rgb(0xd7, 0x3a, 0x49),
        Rgb(0x22, 0x8f, 0x41),
        Rgb(0xa8, 0x77, 0x00),
        Rgb(0x21, 0x6b, 0xd0),
        Rgb(0x86, 0x58, 0xd6),
        Rgb(0x12, 0x8c, 0x9c),
        Rgb(0xf6, 0xf8, 0xfa),
    ],
};

impl Ground {
    /// A colour as the program named it; `own` where it named none.
    pub fn color(&self, color: vt100::Color, own: Rgb) -> Rgb {
        match color {
            vt100::Color::Default => own,
            vt100::Color::Rgb(red, green, blue) => Rgb(red, green, blue),
            vt100::Color::Idx(index @ 0..16) => self.sixteen[usize::from(index)],
            vt100::Color::Idx(index @ 16..232) => {
                let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
                let place = index - 16;
                Rgb(level(place / 36), level(place / 6 % 6), level(place % 6))
            }
            vt100::Color::Idx(index) => {
                let grey = 8 + 10 * (index - 232);
                Rgb(grey, grey, grey)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cube_and_the_greys_are_those_of_xterm() {
        for (index, rgb) in [(16, "#000000"), (21, "#0000ff"), (110, "#87afd7"), (231, "#ffffff"), (232, "#080808"), (255, "#eeeeee")] {
            assert_eq!(DARK.color(vt100::Color::Idx(index), DARK.ink).to_string(), rgb);
        }
    }
}
