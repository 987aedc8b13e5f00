//! Cells → SVG → PNG: what a terminal emulator does with a screen, as a picture. Lines, blocks and braille are drawn as
//! shapes, so that they join whatever font the reader has; everything else is text.

use super::color::{Ground, Rgb};
use super::shape::{Shape, shape};
use anyhow::{Context as _, Result};
use resvg::{tiny_skia, usvg};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use vt100::{Cell, Screen};

/// The width of a cell in pixels: the advance of DejaVu Sans Mono at [`FONT`] pixels.
const WIDTH: f32 = 8.43;
/// The height of a cell in pixels.
const HEIGHT: f32 = 18.0;
/// The size of the letters in pixels.
const FONT: f32 = 14.0;
/// The base line, from the top of a cell.
const BASE: f32 = 13.5;
/// Around the screen.
const MARGIN: f32 = 10.0;

/// How a cell is written.
#[derive(Clone, Copy, PartialEq)]
struct Ink {
    color: Rgb,
    bold: bool,
    italic: bool,
    underlined: bool,
}

/// A stretch of text in one ink.
struct Stretch {
    column: u16,
    columns: u16,
    text: String,
    ink: Ink,
}

/// A screen as an SVG document.
pub fn draw(screen: &Screen, ground: &Ground) -> String {
    let (rows, columns) = screen.size();
    let (width, height) = (f32::from(columns.get()) * WIDTH + 2.0 * MARGIN, f32::from(rows.get()) * HEIGHT + 2.0 * MARGIN);
    let mut grounds = BTreeMap::<Rgb, String>::new();
    let mut lines = BTreeMap::<Rgb, String>::new();
    let mut solids = BTreeMap::<Rgb, String>::new();
    let mut letters = String::new();
    for row in 0..rows.get() {
        let mut stretches = Vec::<Stretch>::new();
        for column in 0..columns.get() {
            let Some(cell) = screen.cell(row, column) else { continue };
            let (x, y) = (MARGIN + f32::from(column) * WIDTH, MARGIN + f32::from(row) * HEIGHT);
            let (ink, below) = inks(cell, ground);
            if below != ground.paper {
                put(grounds.entry(below).or_default(), (x, y, WIDTH, HEIGHT));
            }
            if cell.is_wide_continuation() {
                continue;
            }
            match shape(cell.contents()) {
                Some(Shape::Lines(path)) => path.write(lines.entry(ink.color).or_default(), x, y, WIDTH, HEIGHT),
                Some(Shape::Solids { rectangles, strength }) => {
                    let color = ink.color.towards(below, 1.0 - strength);
                    for (left, top, wide, high) in rectangles {
                        put(solids.entry(color).or_default(), (x + left * WIDTH, y + top * HEIGHT, wide * WIDTH, high * HEIGHT));
                    }
                }
                None => write_on(&mut stretches, cell, column, ink),
            }
        }
        for stretch in stretches.iter().filter(|stretch| stretch.ink.underlined || !stretch.text.trim().is_empty()) {
            text(&mut letters, stretch, row);
        }
    }
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.2} {height:.2}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{}\"/>\n",
        ground.paper
    );
    // Writing into a String cannot fail, here and below.
    for (color, path) in grounds {
        let _ = writeln!(out, "<path shape-rendering=\"crispEdges\" fill=\"{color}\" d=\"{path}\"/>");
    }
    for (color, path) in solids {
        let _ = writeln!(out, "<path fill=\"{color}\" d=\"{path}\"/>");
    }
    for (color, path) in lines {
        let _ = writeln!(out, "<path fill=\"none\" stroke-width=\"1.3\" stroke=\"{color}\" d=\"{path}\"/>");
    }
    let _ = writeln!(
        out,
        "<g font-family=\"'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"{FONT}\" style=\"white-space: pre\" \
         xml:space=\"preserve\">\n{letters}</g>"
    );
    if !screen.hide_cursor() {
        let (row, column) = screen.cursor_position();
        let (x, y) = (MARGIN + f32::from(column) * WIDTH, MARGIN + f32::from(row) * HEIGHT);
        let _ = writeln!(
            out,
            "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"{}\" opacity=\"0.5\"/>",
            ground.ink
        );
    }
    out.push_str("</svg>\n");
    out
}

/// An SVG document as a PNG file, `scale` pixels for each of its own.
pub fn png(svg: &str, scale: f32) -> Result<Vec<u8>> {
    let mut options = usvg::Options::default();
    options.fontdb_mut().load_system_fonts();
    let font = usvg::fontdb::Query { families: &[usvg::fontdb::Family::Name("DejaVu Sans Mono")], ..Default::default() };
    options.fontdb.query(&font).context("the font DejaVu Sans Mono is missing; Debian has it in fonts-dejavu-core")?;
    let tree = usvg::Tree::from_str(svg, &options)?;
    let size = tree.size().to_int_size().scale_by(scale).context("the picture has no size")?;
    let mut pixels = tiny_skia::Pixmap::new(size.width(), size.height()).context("the picture has no size")?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixels.as_mut());
    Ok(pixels.encode_png()?)
}

/// The ink of a cell, and the colour below it.
fn inks(cell: &Cell, ground: &Ground) -> (Ink, Rgb) {
    let (mut front, mut below) = (ground.color(cell.fgcolor(), ground.ink), ground.color(cell.bgcolor(), ground.paper));
    if cell.inverse() {
        std::mem::swap(&mut front, &mut below);
    }
    if cell.dim() {
        front = front.towards(below, 0.45);
    }
    (Ink { color: front, bold: cell.bold(), italic: cell.italic(), underlined: cell.underline() }, below)
}

/// Adds a cell to the stretches of its row. Only ASCII goes together: another letter may come from a font of another
/// width, so that each is put in its place.
fn write_on(stretches: &mut Vec<Stretch>, cell: &Cell, column: u16, ink: Ink) {
    let text = if cell.has_contents() { cell.contents() } else { " " };
    let columns = if cell.is_wide() { 2 } else { 1 };
    match stretches.last_mut() {
        Some(last) if last.ink == ink && last.column + last.columns == column && text.is_ascii() && last.text.is_ascii() => {
            last.text.push_str(text);
            last.columns += columns;
        }
        _ => stretches.push(Stretch { column, columns, text: text.to_owned(), ink }),
    }
}

fn text(out: &mut String, stretch: &Stretch, row: u16) {
    // Blanks at the ends carry nothing unless they are underlined.
    let (body, skipped) = if stretch.ink.underlined {
        (stretch.text.as_str(), 0)
    } else {
        let body = stretch.text.trim_start_matches(' ');
        (body.trim_end_matches(' '), stretch.text.len() - body.len())
    };
    let columns = if stretch.text.is_ascii() { body.len() as f32 } else { f32::from(stretch.columns) };
    let x = MARGIN + (f32::from(stretch.column) + skipped as f32) * WIDTH;
    let y = MARGIN + f32::from(row) * HEIGHT + BASE;
    let _ = write!(out, "<text x=\"{x:.2}\" y=\"{y:.1}\" fill=\"{}\"", stretch.ink.color);
    if body.is_ascii() && body.len() > 1 {
        let _ = write!(out, " textLength=\"{:.2}\"", columns * WIDTH);
    }
    for (wanted, attribute) in [
        (stretch.ink.bold, " font-weight=\"bold\""),
        (stretch.ink.italic, " font-style=\"italic\""),
        (stretch.ink.underlined, " text-decoration=\"underline\""),
    ] {
        if wanted {
            out.push_str(attribute);
        }
    }
    let _ = writeln!(out, ">{}</text>", body.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"));
}

fn put(path: &mut String, (x, y, width, height): (f32, f32, f32, f32)) {
    let _ = write!(path, "M{x:.2} {y:.2}h{width:.2}v{height:.2}h-{width:.2}z");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::color::DARK;
    use std::num::NonZeroU16;

    fn drawn(bytes: &str) -> String {
        let mut parser = vt100::Parser::new(NonZeroU16::new(2).unwrap(), NonZeroU16::new(20).unwrap(), 0);
        parser.process(bytes.as_bytes());
        draw(parser.screen(), &DARK)
    }

    #[test]
    fn attributes_of_a_cell_are_attributes_of_its_text() {
        let svg = drawn("\x1b[?25l\x1b[1;38;2;1;2;3mbold\x1b[0m \x1b[4mline\x1b[0m \x1b[3mslant");
        assert!(svg.contains("fill=\"#010203\" textLength=\"33.72\" font-weight=\"bold\">bold</text>"), "{svg}");
        assert!(svg.contains("text-decoration=\"underline\">line</text>"), "{svg}");
        assert!(svg.contains("font-style=\"italic\">slant</text>"), "{svg}");
    }

    #[test]
    fn reversed_and_dim_cells_change_their_colours() {
        let svg = drawn("\x1b[?25l\x1b[7mx\x1b[0m\x1b[2;37my");
        assert!(svg.contains(&format!("crispEdges\" fill=\"{}\"", DARK.ink)), "{svg}");
        assert!(svg.contains(&format!("fill=\"{}\">x</text>", DARK.paper)), "{svg}");
        let dim = DARK.color(vt100::Color::Idx(7), DARK.ink).towards(DARK.paper, 0.45);
        assert!(svg.contains(&format!("fill=\"{dim}\">y</text>")), "{svg}");
    }

    #[test]
    fn a_wide_letter_takes_two_cells_and_markup_is_text() {
        let svg = drawn("\x1b[?25l漢<b>&");
        assert!(svg.contains(&format!("x=\"{MARGIN:.2}\" y=\"23.5\"")), "{svg}");
        assert!(svg.contains(&format!("<text x=\"{:.2}\"", MARGIN + 2.0 * WIDTH)), "{svg}");
        assert!(svg.contains("&lt;b&gt;&amp;</text>"), "{svg}");
    }

    #[test]
    fn lines_blocks_and_braille_are_shapes() {
        let svg = drawn("\x1b[?25l╭─▄⣿");
        assert!(!svg.contains("<text"), "{svg}");
        assert!(svg.contains("stroke-width"), "{svg}");
        assert_eq!(svg.matches("h-").count(), 1 + 8, "half a block and eight dots: {svg}");
    }

    #[test]
    fn a_picture_has_the_size_of_the_screen() {
        let png = png(&drawn("x"), 2.0).unwrap();
        assert_eq!(&png[1..4], b"PNG");
        let width = u32::from_be_bytes(png[16..20].try_into().unwrap());
        assert!((376..=379).contains(&width), "20 cells and two margins, doubled: {width}");
    }
}
