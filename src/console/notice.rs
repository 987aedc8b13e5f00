//! How a terminal tells whoever looks elsewhere: the bell, and a notification where it knows one.

/// Characters of a notification.
const NOTICE_MAX: usize = 200;

/// Which notification the terminal knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Notice {
    /// The bell alone.
    Bell,
    /// OSC 9, as iTerm2, kitty, WezTerm and Ghostty know it.
    #[default]
    Osc9,
    /// OSC 777, as rxvt, foot and those built on VTE know it.
    Osc777,
}

impl Notice {
    /// What a terminal of this `TERM` knows; `vte`: it says that it is built on VTE. An unknown one skips OSC 9.
    pub fn of(term: Option<&str>, vte: bool) -> Self {
        match term.unwrap_or("dumb") {
            "dumb" | "linux" => Self::Bell,
            _ if vte => Self::Osc777,
            term if term.starts_with("rxvt") || term.starts_with("foot") => Self::Osc777,
            _ => Self::Osc9,
        }
    }

    /// The bytes: one bell, one notification. The text can neither end the sequence nor begin another one.
    pub fn bytes(self, text: &str) -> String {
        let plain = |letter: char| if letter.is_control() || letter == ';' { ' ' } else { letter };
        let text: String = crate::text::line(text).chars().take(NOTICE_MAX).map(plain).collect();
        match self {
            Self::Bell => "\x07".to_owned(),
            Self::Osc9 => format!("\x07\x1b]9;dogwatch: {text}\x1b\\"),
            Self::Osc777 => format!("\x07\x1b]777;notify;dogwatch;{text}\x1b\\"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_can_not_end_the_sequence() {
        let hostile = "a\x1b\\\x07\x1b]52;c;aGk=\x07\u{9c}b\u{202e}c";
        for (notice, head) in [(Notice::Osc9, "\x07\x1b]9;dogwatch: "), (Notice::Osc777, "\x07\x1b]777;notify;dogwatch;")] {
            let bytes = notice.bytes(hostile);
            let inner = bytes.strip_prefix(head).unwrap().strip_suffix("\x1b\\").unwrap();
            assert!(!inner.chars().any(char::is_control) && !inner.contains(';') && !inner.contains('\u{202e}'), "{inner:?}");
        }
        assert_eq!(Notice::Bell.bytes(hostile), "\x07");
    }

    #[test]
    fn each_terminal_gets_the_one_that_it_knows() {
        assert_eq!(Notice::of(None, false), Notice::Bell);
        assert_eq!(Notice::of(Some("linux"), false), Notice::Bell);
        assert_eq!(Notice::of(Some("xterm-kitty"), false), Notice::Osc9);
        assert_eq!(Notice::of(Some("xterm-256color"), true), Notice::Osc777);
        assert_eq!(Notice::of(Some("foot-extra"), false), Notice::Osc777);
    }
}
