//! What a step printed, read from its file: works without a daemon, for its owner.

mod handed;

use super::args::Logs;
use super::failure::Failure;
use super::session::Session;
use crate::output::{Bell, Follow, Output};
use crate::text;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc;

/// Bytes that are read at once.
const CHUNK: usize = 64 << 10;
/// A line that is longer is printed in pieces.
const LINE: usize = 1 << 20;

/// `dogwatch logs`
pub fn run(
    session: &Session,
    logs: &Logs,
    runtime: impl FnOnce() -> Result<tokio::runtime::Runtime, Failure>,
) -> Result<ExitCode, Failure> {
    let place = session.place()?;
    if super::session::owner(&place)? != rustix::process::getuid().as_raw() {
        return runtime()?.block_on(handed::run(session, logs));
    }
    let folder = place.attempts().join(logs.run.flow.as_str()).join(&*logs.run.name);
    let attempt = choose(&folder, logs)?;
    let output = Output::open(attempt.join("output")).map_err(Failure::other)?;
    let mut printing = Printing::new(logs);
    if !logs.follow {
        printing.up_to_end(&output)?;
        printing.rest()?;
        return Ok(ExitCode::SUCCESS);
    }
    let (ring, rang) = mpsc::sync_channel(1);
    // A full channel holds a ring already.
    let bell = Bell::new(move || {
        let _ = ring.try_send(());
    });
    let _follow = Follow::start(&output, &bell).map_err(Failure::other)?;
    loop {
        bell.heard();
        // Asked before reading: what was written before the end is then read.
        let ended = crate::runner::recorded_end(&attempt).is_some();
        output.look().map_err(Failure::other)?;
        printing.up_to_end(&output)?;
        if ended {
            printing.rest()?;
            return Ok(ExitCode::SUCCESS);
        }
        if rang.recv().is_err() {
            return Ok(ExitCode::SUCCESS);
        }
    }
}

/// Prints all that an output holds now.
pub(super) fn whole(output: &Output) -> Result<(), Failure> {
    let mut printing = Printing { at: 0, line: Vec::new(), raw: false };
    printing.up_to_end(output)?;
    printing.rest()
}

/// Prints a file line by line, made safe for a terminal unless asked otherwise.
struct Printing {
    at: u64,
    line: Vec<u8>,
    raw: bool,
}

impl Printing {
    fn new(logs: &Logs) -> Self {
        Self { at: 0, line: Vec::new(), raw: logs.raw }
    }

    fn up_to_end(&mut self, output: &Output) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = output.read_at(self.at, &mut chunk).map_err(Failure::other)?;
            let Some(bytes) = chunk.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
            self.at += read as u64;
            if self.raw {
                out.write_all(bytes)?;
                continue;
            }
            for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
                self.line.extend_from_slice(piece);
                if piece.ends_with(b"\n") || self.line.len() >= LINE {
                    print(&mut out, &self.line)?;
                    self.line.clear();
                }
            }
        }
        out.flush()?;
        Ok(())
    }

    fn rest(&mut self) -> Result<(), Failure> {
        if !self.line.is_empty() {
            print(&mut std::io::stdout().lock(), &std::mem::take(&mut self.line))?;
        }
        Ok(())
    }
}

fn print(out: &mut impl Write, line: &[u8]) -> std::io::Result<()> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    writeln!(out, "{}", text::visible(&String::from_utf8_lossy(line)))
}

/// One attempt's folder.
struct Row {
    step: String,
    number: u32,
    path: PathBuf,
    /// Whether its end is on record, and whether that was a success.
    ended: Option<bool>,
}

/// The attempt that was asked for; without a step the one to look at first: failed, running, the last.
fn choose(folder: &Path, logs: &Logs) -> Result<PathBuf, Failure> {
    let missing = || {
        Failure::usage(format!(
            "there is no output of {}: no such run, nothing of it has started, or it is older than the retention",
            logs.run
        ))
    };
    let mut rows: Vec<Row> = std::fs::read_dir(folder).map_err(|_| missing())?.flatten().filter_map(|entry| row(&entry.path())).collect();
    rows.sort_by_key(|row| row.number);
    if let Some(step) = &logs.step {
        let known: Vec<String> = rows.iter().map(|row| row.step.clone()).collect();
        rows.retain(|row| row.step == *step);
        if rows.is_empty() {
            return Err(Failure::usage(format!("step `{step}` of {} has no output; there is output of: {}", logs.run, known.join(", "))));
        }
    }
    if let Some(number) = logs.attempt {
        rows.retain(|row| row.number == number);
    }
    let failed = rows.iter().rposition(|row| row.ended == Some(false));
    let running = rows.iter().rposition(|row| row.ended.is_none());
    let wanted = if logs.step.is_some() || logs.attempt.is_some() { None } else { failed.or(running) };
    let place = wanted.or_else(|| rows.len().checked_sub(1)).ok_or_else(missing)?;
    Ok(rows.swap_remove(place).path)
}

fn row(path: &Path) -> Option<Row> {
    let (step, number) = path.file_name()?.to_str()?.rsplit_once('.')?;
    let ended = crate::runner::recorded_end(path).map(|end| end.is_success());
    Some(Row { step: step.to_owned(), number: number.parse().ok()?, path: path.to_owned(), ended })
}
