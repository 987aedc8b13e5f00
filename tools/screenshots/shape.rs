//! Characters that a terminal draws itself, because letters of a font would leave gaps between cells: lines, blocks,
//! braille.

use std::fmt::Write as _;

/// A rectangle in shares of a cell: left, top, width, height.
pub type Rectangle = (f32, f32, f32, f32);

/// What is drawn into a cell.
pub enum Shape {
    /// Lines from the middle to the edges.
    Lines(Arms),
    /// Filled rectangles.
    Solids {
        /// Where.
        rectangles: Vec<Rectangle>,
        /// How strong the ink is, 0 to 1.
        strength: f32,
    },
}

/// Which edges a box-drawing character reaches, and whether its corner is round.
pub struct Arms {
    up: bool,
    right: bool,
    down: bool,
    left: bool,
    round: bool,
}

impl Arms {
    /// Adds the lines to an SVG path, for a cell at this place.
    pub fn write(&self, path: &mut String, x: f32, y: f32, width: f32, height: f32) {
        let (middle, centre) = (x + width / 2.0, y + height / 2.0);
        // Writing into a String cannot fail.
        if self.round {
            let side = if self.right { x + width } else { x };
            let end = if self.down { y + height } else { y };
            let bend = if self.down { centre + width / 2.0 } else { centre - width / 2.0 };
            let _ = write!(path, "M{side:.2} {centre:.2}Q{middle:.2} {centre:.2} {middle:.2} {bend:.2}V{end:.2}");
            return;
        }
        if self.left || self.right {
            let from = if self.left { x } else { middle };
            let to = if self.right { x + width } else { middle };
            let _ = write!(path, "M{from:.2} {centre:.2}H{to:.2}");
        }
        if self.up || self.down {
            let from = if self.up { y } else { centre };
            let to = if self.down { y + height } else { centre };
            let _ = write!(path, "M{middle:.2} {from:.2}V{to:.2}");
        }
    }
}

/// How a character is drawn; absent where it is a letter of a font.
pub fn shape(contents: &str) -> Option<Shape> {
    let mut characters = contents.chars();
    let (Some(character), None) = (characters.next(), characters.next()) else { return None };
    let solids = |rectangles: Vec<Rectangle>| Some(Shape::Solids { rectangles, strength: 1.0 });
    match character {
        '─'..='╿' => arms(character).map(Shape::Lines),
        '▀' => solids(vec![(0.0, 0.0, 1.0, 0.5)]),
        '▁'..='█' => {
            let high = (character as u32 - 0x2580) as f32 / 8.0;
            solids(vec![(0.0, 1.0 - high, 1.0, high)])
        }
        '▉'..='▏' => solids(vec![(0.0, 0.0, (0x2590 - character as u32) as f32 / 8.0, 1.0)]),
        '▐' => solids(vec![(0.5, 0.0, 0.5, 1.0)]),
        '░' | '▒' | '▓' => {
            Some(Shape::Solids { rectangles: vec![(0.0, 0.0, 1.0, 1.0)], strength: (character as u32 - 0x2590) as f32 / 4.0 })
        }
        '▔' => solids(vec![(0.0, 0.0, 1.0, 0.125)]),
        '▕' => solids(vec![(0.875, 0.0, 0.125, 1.0)]),
        '▖'..='▟' => solids(quadrants(character)),
        '\u{2800}'..='\u{28ff}' => solids(dots(character as u32 - 0x2800)),
        _ => None,
    }
}

fn arms(character: char) -> Option<Arms> {
    let (edges, round) = match character {
        '─' | '╌' | '┄' | '┈' => ("rl", false),
        '│' | '╎' | '┆' | '┊' => ("ud", false),
        '┌' => ("rd", false),
        '┐' => ("dl", false),
        '└' => ("ur", false),
        '┘' => ("ul", false),
        '├' => ("urd", false),
        '┤' => ("udl", false),
        '┬' => ("rdl", false),
        '┴' => ("url", false),
        '┼' => ("urdl", false),
        '╭' => ("rd", true),
        '╮' => ("dl", true),
        '╯' => ("ul", true),
        '╰' => ("ur", true),
        '╴' => ("l", false),
        '╵' => ("u", false),
        '╶' => ("r", false),
        '╷' => ("d", false),
        _ => return None, // heavy and double lines come from the font
    };
    let has = |edge| edges.contains(edge);
    Some(Arms { up: has('u'), right: has('r'), down: has('d'), left: has('l'), round })
}

fn quadrants(character: char) -> Vec<Rectangle> {
    // Upper left, upper right, lower left, lower right.
    let which: &[usize] = match character {
        '▖' => &[2],
        '▗' => &[3],
        '▘' => &[0],
        '▙' => &[0, 2, 3],
        '▚' => &[0, 3],
        '▛' => &[0, 1, 2],
        '▜' => &[0, 1, 3],
        '▝' => &[1],
        '▞' => &[1, 2],
        _ => &[1, 2, 3],
    };
    which.iter().map(|place| ((place % 2) as f32 / 2.0, (place / 2) as f32 / 2.0, 0.5, 0.5)).collect()
}

fn dots(bits: u32) -> Vec<Rectangle> {
    // Column and row of each bit, as Unicode numbers them.
    const PLACES: [(u8, u8); 8] = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)];
    PLACES
        .iter()
        .enumerate()
        .filter(|(bit, _)| bits >> bit & 1 == 1)
        .map(|(_, (column, row))| (0.14 + 0.5 * f32::from(*column), 0.06 + 0.25 * f32::from(*row), 0.22, 0.12))
        .collect()
}
