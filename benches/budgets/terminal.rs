//! A program in a pseudo-terminal: what it writes, when, and what the screen shows.

use crate::Failure;
use crate::scene::PATIENCE;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Columns and rows of the usual terminal.
pub const SIZE: (u16, u16) = (120, 40);

/// A running program with its screen; ended when dropped.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    /// Keeps the terminal open.
    _master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    bytes: Receiver<(Instant, Vec<u8>)>,
    screen: vt100::Parser,
    began: Instant,
}

impl Terminal {
    pub fn start(words: &[String], environment: &[(&str, &str)]) -> Result<Self, Failure> {
        let (cols, rows) = SIZE;
        let pair = native_pty_system().openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 })?;
        let (program, arguments) = words.split_first().ok_or("no program")?;
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DOGWATCH_")) {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        for (name, value) in environment {
            command.env(name, value);
        }
        let mut reader = pair.master.try_clone_reader()?;
        let keys = pair.master.take_writer()?;
        let (send, bytes) = channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                if send.send((Instant::now(), buffer[..read].to_vec())).is_err() {
                    return;
                }
            }
        });
        let began = Instant::now();
        let child = pair.slave.spawn_command(command)?;
        drop(pair.slave);
        let screen = vt100::Parser::new(rows.try_into()?, cols.try_into()?, 0);
        Ok(Self { child, _master: pair.master, keys, bytes, screen, began })
    }

    pub fn pid(&self) -> Result<u32, Failure> {
        self.child.process_id().ok_or_else(|| "the program has no process".into())
    }

    pub fn press(&mut self, keys: &str) -> Result<(), Failure> {
        self.keys.write_all(keys.as_bytes())?;
        Ok(self.keys.flush()?)
    }

    /// What the screen shows.
    pub fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Waits until the screen is as wanted: milliseconds since the start of the program.
    pub fn until(&mut self, wanted: impl Fn(&Self) -> bool) -> Result<f64, Failure> {
        let limit = Instant::now() + PATIENCE;
        loop {
            let left = limit.saturating_duration_since(Instant::now());
            let (at, bytes) = self.bytes.recv_timeout(left).map_err(|_| format!("the screen never came:\n{}", self.text()))?;
            self.take(&bytes)?;
            if wanted(self) {
                return Ok((at - self.began).as_secs_f64() * 1e3);
            }
        }
    }

    /// Waits for the first full frame: something in the first row, in the last, and in the rows between.
    pub fn full_frame(&mut self) -> Result<f64, Failure> {
        self.until(|terminal| {
            let rows: Vec<String> = terminal.screen.screen().rows(0, SIZE.0).collect();
            let written = |row: &String| !row.trim().is_empty();
            rows.last().is_some_and(written) && rows.iter().filter(|row| written(row)).count() >= 10
        })
    }

    /// Takes what comes until nothing came for so long: the time of the first byte, and how many there were.
    pub fn until_quiet(&mut self, quiet: Duration, limit: Duration) -> Result<(Option<Instant>, usize), Failure> {
        let (mut first, mut count) = (None, 0);
        let end = Instant::now() + limit;
        loop {
            let left = end.saturating_duration_since(Instant::now()).min(if first.is_some() { quiet } else { limit });
            match self.bytes.recv_timeout(left) {
                Ok((at, bytes)) => {
                    first.get_or_insert(at);
                    count += bytes.len();
                    self.take(&bytes)?;
                }
                Err(RecvTimeoutError::Timeout) => return Ok((first, count)),
                Err(RecvTimeoutError::Disconnected) => return Err("the program has ended".into()),
            }
        }
    }

    /// Shows bytes, and answers what a terminal is asked.
    fn take(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.screen.process(bytes);
        let asked = |question: &str| bytes.windows(question.len()).any(|window| window == question.as_bytes());
        let mut answers = String::new();
        for (question, answer) in [
            ("\x1b]10;?", "\x1b]10;rgb:cccc/cccc/cccc\x1b\\"),
            ("\x1b]11;?", "\x1b]11;rgb:0000/0000/0000\x1b\\"),
            ("\x1b[6n", "\x1b[1;1R"),
            ("\x1b[c", "\x1b[?62;22c"),
        ] {
            if asked(question) {
                answers.push_str(answer);
            }
        }
        if answers.is_empty() { Ok(()) } else { self.press(&answers) }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended already
        let _ = self.child.wait();
    }
}
