//! Symbols: a Unicode set and an ASCII set of the same widths, so that no layout depends on the choice.

/// The symbols in use. Every one takes one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyphs {
    /// Whether only ASCII is shown.
    pub ascii: bool,
    /// As it should be.
    pub good: &'static str,
    /// Failed, down.
    pub bad: &'static str,
    /// Going on.
    pub active: &'static str,
    /// Waiting, queued, a retry's time.
    pub waiting: &'static str,
    /// Held.
    pub held: &'static str,
    /// Needs a look: degraded, soft, late.
    pub warning: &'static str,
    /// Nobody knows.
    pub unknown: &'static str,
    /// Late.
    pub late: &'static str,
    /// Done by hand, ticked.
    pub done: &'static str,
    /// The next step.
    pub next: &'static str,
    /// The row under the cursor.
    pub cursor: &'static str,
    /// A marked row.
    pub mark: &'static str,
    /// A request under way.
    pub pending: &'static str,
    /// Something is cut off.
    pub ellipsis: char,
    /// The enter key.
    pub enter: &'static str,
    /// Leads to.
    pub arrow: &'static str,
    /// Separates small things.
    pub dot: &'static str,
    /// Decides when the whole ends.
    pub critical: &'static str,
    /// Before what is past.
    pub minus: &'static str,
    /// Heights of a bar, the lowest first.
    pub bars: [&'static str; 8],
    /// Never ran, no reading.
    pub absent: &'static str,
    /// Corners and edges: left top, right top, left bottom, right bottom, horizontal, vertical.
    pub border: [&'static str; 6],
}

impl Glyphs {
    /// The set for a terminal.
    pub fn new(ascii: bool) -> Self {
        if ascii { ASCII } else { UNICODE }
    }
}

const UNICODE: Glyphs = Glyphs {
    ascii: false,
    good: "●",
    bad: "✗",
    active: "◐",
    waiting: "◌",
    held: "‖",
    warning: "▲",
    unknown: "?",
    late: "◷",
    done: "✓",
    next: "▸",
    cursor: "▌",
    mark: "◆",
    pending: "↻",
    ellipsis: '…',
    enter: "⏎",
    arrow: "→",
    dot: "·",
    critical: "»",
    minus: "−",
    bars: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    absent: "·",
    border: ["╭", "╮", "╰", "╯", "─", "│"],
};

const ASCII: Glyphs = Glyphs {
    ascii: true,
    good: "o",
    bad: "x",
    active: "%",
    waiting: ".",
    held: "=",
    warning: "!",
    unknown: "?",
    late: "@",
    done: "+",
    next: ">",
    cursor: ">",
    mark: "*",
    pending: "~",
    ellipsis: '~',
    enter: "^",
    arrow: ">",
    dot: "-",
    critical: "}",
    minus: "-",
    bars: ["_", "_", ".", ".", "-", "-", "=", "="],
    absent: " ",
    border: ["+", "+", "+", "+", "-", "|"],
};

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr as _;

    #[test]
    fn every_symbol_takes_one_column() {
        for set in [UNICODE, ASCII] {
            let texts = [
                set.good,
                set.bad,
                set.active,
                set.waiting,
                set.held,
                set.warning,
                set.unknown,
                set.late,
                set.done,
                set.next,
                set.cursor,
                set.mark,
                set.pending,
                set.enter,
                set.arrow,
                set.dot,
                set.minus,
                set.critical,
                set.absent,
            ];
            for text in texts.iter().chain(&set.bars).chain(&set.border) {
                assert_eq!(text.width(), 1, "{text}");
                assert!(!set.ascii || text.is_ascii(), "{text}");
            }
        }
    }
}
