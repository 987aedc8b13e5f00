//! Bars of a run's steps over time, beside the last good run's.
//!
//! ```text
//!              02:30                02:41                 02:52
//!   ✓ fetch    ██████░                                      2m01
//!   ✗ load           ▓▓▓··▓▓▓▓▓▓▓▓│                         exit 1, attempt 2
//! ```
//!
//! `█` went well, `▓` did not, `▒` runs, `░` the last good run, `·` waiting for the next attempt, `│` now.

use super::paint::Painter;
use crate::console::theme::Role;
use ratatui::layout::Rect;

/// A stretch of time in seconds from the start of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// Where it begins.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// What it is.
    pub kind: Kind,
}

/// What a bar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The last good run's step.
    LastGood,
    /// Between two attempts.
    Wait,
    /// An attempt that went well.
    Good,
    /// An attempt that did not.
    Bad,
    /// An attempt that runs.
    Running,
    /// An attempt of which nobody knows.
    Lost,
}

impl Kind {
    fn look(self, ascii: bool) -> (&'static str, Role) {
        let (unicode, plain, role) = match self {
            Self::LastGood => ("░", "-", Role::Muted),
            Self::Wait => ("·", ".", Role::Waiting),
            Self::Good => ("█", "#", Role::Good),
            Self::Bad => ("▓", "x", Role::Bad),
            Self::Running => ("▒", "=", Role::Active),
            Self::Lost => ("?", "?", Role::Unknown),
        };
        (if ascii { plain } else { unicode }, role)
    }
}

/// Paints bars into one row; later bars lie on earlier ones. Every bar takes at least one column, so that a step of
/// milliseconds is seen beside one of hours.
pub fn bars(painter: &mut Painter<'_>, area: Rect, bars: &[Bar], span: f64, ascii: bool) {
    if area.width == 0 || area.height == 0 {
        return;
    }
    for bar in bars {
        let (first, last) = columns(bar, span, area.width);
        let (symbol, role) = bar.kind.look(ascii);
        painter.text(area.x + first, area.y, last - first + 1, role, &symbol.repeat(usize::from(last - first + 1)));
    }
}

/// The column of a moment, within the width.
pub fn column(at: f64, span: f64, width: u16) -> u16 {
    if span <= 0.0 || !at.is_finite() {
        return 0;
    }
    ((at / span * f64::from(width)).max(0.0) as u16).min(width.saturating_sub(1))
}

/// First and last column of a bar. A bar that ends where the next begins leaves it that column.
fn columns(bar: &Bar, span: f64, width: u16) -> (u16, u16) {
    let first = column(bar.from, span, width);
    let end = if span > 0.0 { (bar.to / span * f64::from(width)).max(0.0) } else { 0.0 };
    let last = (end.ceil() as u16).saturating_sub(1).clamp(first, width.saturating_sub(1).max(first));
    (first, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_bar_is_seen_and_nothing_leaves_the_width() {
        let bar = |from, to| Bar { from, to, kind: Kind::Good };
        assert_eq!(columns(&bar(0.0, 0.001), 3600.0, 40), (0, 0));
        assert_eq!(columns(&bar(3600.0, 3600.0), 3600.0, 40), (39, 39));
        assert_eq!(columns(&bar(0.0, 1800.0), 3600.0, 40), (0, 19));
        assert_eq!(columns(&bar(1800.0, 3600.0), 3600.0, 40), (20, 39));
        assert_eq!(columns(&bar(-5.0, 9e9), 0.0, 1), (0, 0));
    }
}
