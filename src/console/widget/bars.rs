//! Small bars in a line: the history of a flow, the latencies of a probe.

use super::line::Line;
use crate::console::glyph::Glyphs;
use crate::console::theme::Role;

/// One bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bar {
    /// A measured value.
    Value(f64, Role),
    /// It went wrong.
    Bad,
    /// Nobody knows, or it never was.
    Absent,
}

/// Bars in a line of this many columns, the youngest on the right. Heights are relative to `full`, or to the highest
/// where that is higher or nothing is given.
pub fn line(bars: &[Bar], width: usize, full: Option<f64>, glyphs: &Glyphs) -> Line {
    let shown = &bars[bars.len().saturating_sub(width)..];
    let highest =
        shown.iter().fold(full.unwrap_or(0.0), |highest, bar| if let Bar::Value(value, _) = bar { highest.max(*value) } else { highest });
    let mut line = Line::new();
    let mut text = String::with_capacity(width * 3);
    let mut role = Role::Muted;
    let put = |text: &mut String, role: &mut Role, line: &mut Line, next: Role, symbol: &str| {
        if *role != next && !text.is_empty() {
            line.push(*role, std::mem::take(text));
        }
        *role = next;
        text.push_str(symbol);
    };
    for _ in shown.len()..width {
        put(&mut text, &mut role, &mut line, Role::Muted, " ");
    }
    for bar in shown {
        match bar {
            Bar::Bad => put(&mut text, &mut role, &mut line, Role::Bad, glyphs.bad),
            Bar::Absent => put(&mut text, &mut role, &mut line, Role::Muted, glyphs.absent),
            Bar::Value(value, own) => {
                let share = if highest > 0.0 { value / highest } else { 1.0 };
                // The lowest step is kept for nothing at all, the highest would touch the row above.
                let step = 1 + (share * 5.0).round() as usize;
                let symbol = glyphs.bars.get(step).copied().unwrap_or(glyphs.absent);
                put(&mut text, &mut role, &mut line, *own, symbol);
            }
        }
    }
    if !text.is_empty() {
        line.push(role, text);
    }
    line
}
