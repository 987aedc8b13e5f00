//! A pseudo-terminal with a real program in it, and an emulator that shows what a user sees. Waiting is for what arrives
//! on the screen, never for time that passes.

use anyhow::{Context as _, Result, bail};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use vt100::{Parser, Screen};

/// Nothing in the story takes longer.
const BOUND: Duration = Duration::from_mins(1);

struct Seen {
    parser: Parser,
    ended: bool,
}

struct Shared {
    seen: Mutex<Seen>,
    arrived: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner) // a reader that panicked has left a whole screen
    }
}

/// A program in its terminal. Dropping it kills the program.
pub struct Terminal {
    pty: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    shared: Arc<Shared>,
}

impl Terminal {
    /// Starts a program in a terminal of this size.
    pub fn open(mut command: CommandBuilder, columns: u16, rows: u16) -> Result<Self> {
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env_remove("NO_COLOR");
        let pair = native_pty_system().openpty(PtySize { rows, cols: columns, ..PtySize::default() })?;
        let child = pair.slave.spawn_command(command)?;
        let mut reader = pair.master.try_clone_reader()?;
        let parser = Parser::new(some(rows)?, some(columns)?, 0);
        let shared = Arc::new(Shared { seen: Mutex::new(Seen { parser, ended: false }), arrived: Condvar::new() });
        let theirs = shared.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            let mut waiting = Vec::new();
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                waiting.extend_from_slice(&buffer[..count]);
                let whole: Vec<u8> = waiting.drain(..whole(&waiting)).collect();
                let mut seen = theirs.lock();
                seen.parser.process(&whole);
                theirs.arrived.notify_all();
            }
            theirs.lock().ended = true;
            theirs.arrived.notify_all();
        });
        Ok(Self { keyboard: pair.master.take_writer()?, pty: pair.master, child, shared })
    }

    /// Types.
    pub fn press(&mut self, keys: &str) -> Result<()> {
        self.keyboard.write_all(keys.as_bytes())?;
        Ok(self.keyboard.flush()?)
    }

    /// Gives the terminal another size.
    pub fn resize(&mut self, columns: u16, rows: u16) -> Result<()> {
        self.shared.lock().parser.screen_mut().set_size(some(rows)?, some(columns)?);
        self.pty.resize(PtySize { rows, cols: columns, ..PtySize::default() })
    }

    /// Waits until the last row shows this: it is drawn last.
    pub fn wait_for_last_row(&self, text: &str) -> Result<()> {
        self.wait(&format!("{text} in the last row"), |seen| {
            let screen = seen.parser.screen();
            screen.rows(0, screen.size().1.get()).last().is_some_and(|row| row.contains(text))
        })
    }

    /// Waits until the screen shows all of these.
    pub fn wait_for(&self, texts: &[&str]) -> Result<()> {
        self.wait(&texts.join(", "), |seen| {
            let contents = seen.parser.screen().contents();
            texts.iter().all(|text| contents.contains(text))
        })
    }

    /// Waits until the screen shows this no more.
    pub fn wait_until_gone(&self, text: &str) -> Result<()> {
        self.wait(&format!("the end of {text}"), |seen| !seen.parser.screen().contents().contains(text))
    }

    /// Waits until the program has ended.
    pub fn wait_for_end(&mut self) -> Result<()> {
        let end = Instant::now() + BOUND;
        let mut seen = self.shared.lock();
        while !seen.ended {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("the program does not end; its screen is:\n{}", seen.parser.screen().contents());
            }
            seen = self.shared.arrived.wait_timeout(seen, left).map_or_else(|poisoned| poisoned.into_inner().0, |woken| woken.0);
        }
        drop(seen);
        self.child.wait()?;
        Ok(())
    }

    /// The screen as it is.
    pub fn screen(&self) -> Screen {
        self.shared.lock().parser.screen().clone()
    }

    fn wait(&self, what: &str, fact: impl Fn(&Seen) -> bool) -> Result<()> {
        let end = Instant::now() + BOUND;
        let mut seen = self.shared.lock();
        while !fact(&seen) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || seen.ended {
                bail!("waited for {what}; the screen is:\n{}", seen.parser.screen().contents());
            }
            seen = self.shared.arrived.wait_timeout(seen, left).map_or_else(|poisoned| poisoned.into_inner().0, |woken| woken.0);
        }
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended by itself
        let _ = self.child.wait();
    }
}

/// How many of these bytes are whole frames. A program says where a frame begins and ends (mode 2026); as in a terminal
/// that knows this, half a frame is never seen.
fn whole(bytes: &[u8]) -> usize {
    const BEGIN: &[u8] = b"\x1b[?2026h";
    const END: &[u8] = b"\x1b[?2026l";
    let last = |mark: &[u8]| bytes.windows(mark.len()).rposition(|window| window == mark);
    match (last(BEGIN), last(END)) {
        (Some(begin), end) if end.is_none_or(|end| end < begin) => begin,
        // The mark itself may be cut.
        _ => (1..BEGIN.len()).find(|cut| bytes.ends_with(&BEGIN[..*cut])).map_or(bytes.len(), |cut| bytes.len() - cut),
    }
}

fn some(size: u16) -> Result<NonZeroU16> {
    NonZeroU16::new(size).context("a terminal needs rows and columns")
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn half_a_frame_is_never_seen() {
        for (bytes, seen) in [
            ("plain", 5),
            ("a\x1b[?2026hhalf a fr", 1),
            ("a\x1b[?2026hall\x1b[?2026l", 20),
            ("\x1b[?2026hall\x1b[?2026lb\x1b[?2026hhalf", 20),
            ("cut off in the mark\x1b[?20", 19),
        ] {
            assert_eq!(whole(bytes.as_bytes()), seen, "{bytes:?}");
        }
    }
}
