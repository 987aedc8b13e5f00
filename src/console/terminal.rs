//! The terminal, taken and given back: raw mode, alternate screen, mouse, bracketed paste, keyboard flags, cursor, title.
//! What was there before is put back on every way out, also after a panic on any thread.

use super::notice::Notice;
use super::paint_out::{Drawn, Picture};
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, KeyboardEnhancementFlags,
    PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{Command, cursor};
use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetwinsize, tcsetattr};
use std::io::{self, IsTerminal as _};
use std::sync::Mutex;
use thiserror::Error;

/// What to put back, while the terminal is ours. Global, because a panic on any thread must find it.
static TAKEN: Mutex<Option<Taken>> = Mutex::new(None);

struct Taken {
    modes: Termios,
    leave: String,
}

/// Why the console cannot be shown.
#[derive(Debug, Error)]
pub enum TerminalError {
    /// A pipe or a file instead of a terminal.
    #[error("the console needs a terminal, and {0} is none; `dogwatch status` works without one")]
    NoTerminal(&'static str),
    /// A terminal that cannot place text.
    #[error("TERM is `{0}`, and the console needs a terminal that can place text; `dogwatch status` works without one")]
    Dumb(String),
    /// The system refused.
    #[error("the terminal cannot be used: {0}")]
    System(io::Error),
}

impl From<io::Error> for TerminalError {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

/// The terminal while it is ours.
#[derive(Debug)]
pub struct Terminal {
    picture: Picture,
    mouse: bool,
    title: String,
    first_modes: Termios,
}

impl Terminal {
    /// Takes the terminal. `term` is the environment's `TERM`, `title` what its window is called meanwhile.
    pub fn take(term: Option<&str>, mouse: bool, title: &str) -> Result<Self, TerminalError> {
        if !io::stdin().is_terminal() {
            return Err(TerminalError::NoTerminal("standard input"));
        }
        if !io::stdout().is_terminal() {
            return Err(TerminalError::NoTerminal("standard output"));
        }
        if let None | Some("" | "dumb") = term {
            return Err(TerminalError::Dumb(term.unwrap_or("not set").to_owned()));
        }
        let first_modes = tcgetattr(io::stdin()).map_err(io::Error::from)?;
        let title = if term == Some("linux") { String::new() } else { crate::text::line(title).into_owned() };
        let mut terminal = Self { picture: Picture::default(), mouse, title, first_modes };
        terminal.enter()?;
        Ok(terminal)
    }

    /// Takes the terminal again after [`Terminal::give`], in whatever state it was left.
    pub fn enter(&mut self) -> io::Result<()> {
        let mut raw = self.first_modes.clone();
        raw.make_raw();
        let leave = self.leave_text();
        *lock() = Some(Taken { modes: self.first_modes.clone(), leave });
        tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        // What was typed ahead, or left over from another program, must not become keys here.
        tcflush(io::stdin(), QueueSelector::IFlush)?;
        let mut enter = String::new();
        if !self.title.is_empty() {
            enter.push_str("\x1b[22;2t");
            put(&mut enter, crossterm::terminal::SetTitle(&self.title));
        }
        put(&mut enter, EnterAlternateScreen);
        put(&mut enter, crossterm::style::ResetColor);
        put(&mut enter, crossterm::terminal::Clear(crossterm::terminal::ClearType::All));
        put(&mut enter, cursor::Hide);
        put(&mut enter, EnableBracketedPaste);
        if self.mouse {
            put(&mut enter, EnableMouseCapture);
        }
        if !self.title.is_empty() {
            put(&mut enter, PushKeyboardEnhancementFlags(KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES));
        }
        self.picture.forget();
        super::paint_out::write_all(enter.as_bytes())
    }

    /// Gives the terminal back until [`Terminal::enter`]; dropping it gives it back for good.
    pub fn give(&mut self) {
        give_back();
    }

    fn leave_text(&self) -> String {
        let mut leave = String::new();
        if !self.title.is_empty() {
            put(&mut leave, PopKeyboardEnhancementFlags);
        }
        if self.mouse {
            put(&mut leave, DisableMouseCapture);
        }
        put(&mut leave, DisableBracketedPaste);
        put(&mut leave, crossterm::style::SetAttribute(crossterm::style::Attribute::Reset));
        put(&mut leave, LeaveAlternateScreen);
        put(&mut leave, cursor::Show);
        if !self.title.is_empty() {
            leave.push_str("\x1b[23;2t");
        }
        leave
    }

    /// Draws one frame: one write, of nothing but what has changed, and of about so many bytes where that is asked.
    pub fn draw(&mut self, most: Option<usize>, draw: impl FnOnce(&mut Buffer) -> Option<Position>) -> io::Result<Drawn> {
        // Where the output is no terminal any more, the input still knows: writing will say what is wrong.
        let size = tcgetwinsize(io::stdout()).or_else(|_| tcgetwinsize(io::stdin()))?;
        self.picture.draw((size.ws_col, size.ws_row), most, draw)
    }

    /// The next frame is drawn from nothing.
    pub fn forget(&mut self) {
        self.picture.forget();
    }

    /// Puts a text on the clipboard of whoever looks at this terminal (OSC 52).
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        let mut out = String::new();
        put(&mut out, crossterm::clipboard::CopyToClipboard::to_clipboard_from(text));
        super::paint_out::write_all(out.as_bytes())
    }

    /// Rings, and asks the terminal to notify whoever looks elsewhere.
    pub fn ring(&mut self, text: &str, notice: Notice) -> io::Result<()> {
        super::paint_out::write_all(notice.bytes(text).as_bytes())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

/// Puts back what was there before the terminal was taken. Does nothing when it is not ours; never waits, so that a
/// panic hook may call it.
pub fn give_back() {
    let taken = match TAKEN.try_lock() {
        Ok(mut taken) => taken.take(),
        Err(std::sync::TryLockError::Poisoned(poisoned)) => poisoned.into_inner().take(),
        Err(std::sync::TryLockError::WouldBlock) => None,
    };
    if let Some(taken) = taken {
        // Where standard output takes nothing any more, the terminal behind standard input is the same one. A terminal
        // that is gone cannot be put right: nobody is there to be told.
        if super::paint_out::write_all(taken.leave.as_bytes()).is_err() {
            let _ = rustix::io::write(io::stdin(), taken.leave.as_bytes());
        }
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &taken.modes);
    }
}

fn lock() -> std::sync::MutexGuard<'static, Option<Taken>> {
    TAKEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn put(out: &mut String, command: impl Command) {
    // Writing into a String cannot fail.
    let _ = command.write_ansi(out);
}
