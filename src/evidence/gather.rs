//! One capsule: every file and command that its definitions name, each bounded, cut, masked and kept, or told why not.

use super::keep::{self, Making};
use super::mask::Mask;
use super::name::Names;
use super::open;
use super::stamp::Stamps;
use super::window::{self, Counted, Cut, Kept, Window};
use super::{command, pattern, rotated};
use crate::domain::evidence::{Capsule, EvidenceDefinition, EvidenceFile, EvidenceOrder};
use crate::output::Needle;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Files of one capsule.
const FILES_MAX: usize = 60;
/// Bytes of one capsule.
const BYTES_MAX: u64 = 64 << 20;
/// Bytes from which a format is found out.
const SAMPLE: u64 = 64 << 10;

/// Gathers and keeps a capsule.
///
/// # Errors
/// It cannot be kept: the state folder's disk is full or gone.
pub(super) fn gather(state: &Path, workspace: &Path, order: &EvidenceOrder, now: Timestamp) -> io::Result<Capsule> {
    let making = Making::begin(state, order.incident, order.number)?;
    let mask = Mask::new(&order.masks, workspace);
    let windows: Vec<Window> = order.definitions.iter().map(|definition| window_of(order, definition, now)).collect();
    let mut all = All {
        making: &making,
        mask: &mask,
        workspace,
        names: Names::default(),
        seen: BTreeSet::new(),
        files: Vec::new(),
        bytes: 0,
        problem: None,
    };
    for (definition, window) in order.definitions.iter().zip(&windows) {
        all.files_of(definition, *window)?;
        for command in &definition.commands {
            let from = format!("the command {}", command.name);
            match command::run(command, workspace, *window) {
                Ok(printed) => {
                    let cut = Cut { bytes: printed.bytes, left_out: printed.left_out, read: printed.read, reaches_back: false };
                    all.keep(&definition.name, &from, &command.name, cut, printed.problem)?;
                }
                Err(words) => all.absent(&from, words),
            }
        }
    }
    let All { files, problem, .. } = all;
    let from = windows.iter().map(|window| window.from).min().unwrap_or(order.first_sign_at);
    let to = windows.iter().map(|window| window.to).max().unwrap_or(now);
    let capsule = Capsule { number: order.number, from, to, files, problem };
    making.done(order.incident, &capsule, now)?;
    Ok(capsule)
}

/// From `before` the first sign until `after` the end, or until now.
fn window_of(order: &EvidenceOrder, definition: &EvidenceDefinition, now: Timestamp) -> Window {
    let span = |span| SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX);
    let from = order.first_sign_at.saturating_sub(span(definition.before)).unwrap_or(Timestamp::MIN);
    let end = order.ended_at.map_or(now, |end| end.saturating_add(span(definition.after)).unwrap_or(Timestamp::MAX));
    Window { from, to: end.min(now) }
}

/// The capsule so far.
struct All<'g> {
    making: &'g Making,
    mask: &'g Mask,
    workspace: &'g Path,
    names: Names,
    /// Files by device and number: what two patterns name is kept once.
    seen: BTreeSet<(u64, u64)>,
    files: Vec<EvidenceFile>,
    bytes: u64,
    problem: Option<String>,
}

impl All<'_> {
    fn files_of(&mut self, definition: &EvidenceDefinition, window: Window) -> io::Result<()> {
        for wanted in &definition.files {
            let (paths, more) = pattern::files(self.workspace, wanted);
            if paths.is_empty() {
                self.absent(wanted, "no file fits this pattern".into());
            }
            for path in paths {
                self.with_rotated(definition, &path, window)?;
            }
            if more {
                self.problem = Some(format!("more files fit {wanted} than are taken"));
            }
        }
        Ok(())
    }

    /// A file, and where the window begins before it does, what it was before.
    fn with_rotated(&mut self, definition: &EvidenceDefinition, path: &Path, window: Window) -> io::Result<()> {
        if !self.file(definition, path, window)? {
            return Ok(());
        }
        for path in rotated::before(path, window.from) {
            if !self.file(definition, &path, window)? {
                break;
            }
        }
        Ok(())
    }

    /// Keeps the window of a file; answers whether the window begins before the file does.
    fn file(&mut self, definition: &EvidenceDefinition, path: &Path, window: Window) -> io::Result<bool> {
        let from = path.to_string_lossy().into_owned();
        if self.files.len() >= FILES_MAX || self.bytes >= BYTES_MAX {
            self.problem = Some(format!("more than {FILES_MAX} files or {} MiB: the rest is left out", BYTES_MAX >> 20));
            return Ok(false);
        }
        let file = match open::open(path) {
            Ok(file) => file,
            Err(words) => {
                self.absent(&from, words);
                // A log that has just been rotated away may have its past beside it.
                return Ok(true);
            }
        };
        let is_new = file.metadata().is_ok_and(|kind| self.seen.insert((kind.dev(), kind.ino())));
        if !is_new {
            return Ok(true);
        }
        match lines_of(&file, definition, window) {
            Ok((cut, problem)) => {
                let back = cut.reaches_back;
                self.keep(&definition.name, &from, &from, cut, problem)?;
                Ok(back)
            }
            Err(error) => {
                self.absent(&from, format!("cannot be read: {}", open::plain(&error)));
                Ok(true)
            }
        }
    }

    fn keep(&mut self, definition: &str, from: &str, called: &str, cut: Cut, problem: Option<String>) -> io::Result<()> {
        let (bytes, masked) = self.mask.mask(&cut.bytes);
        let (from, _) = self.mask.text(from);
        let name = if bytes.is_empty() { String::new() } else { self.names.give(definition, &self.mask.text(called).0) };
        if !name.is_empty() {
            self.making.keep(&name, &bytes)?;
        }
        self.bytes += bytes.len() as u64;
        let problem = problem.or_else(|| bytes.is_empty().then(|| "has no line in the window".to_owned()));
        self.files.push(EvidenceFile {
            sha256: keep::sha256(&bytes),
            first_error: first_error(&bytes),
            bytes: bytes.len() as u64,
            name,
            from,
            masked,
            left_out: cut.left_out,
            read: cut.read,
            problem: problem.map(|words| self.mask.text(&words).0),
        });
        Ok(())
    }

    fn absent(&mut self, from: &str, problem: String) {
        if self.files.len() < FILES_MAX {
            let (from, problem) = (self.mask.text(from).0, Some(problem));
            let (name, sha256) = (String::new(), keep::sha256(b""));
            self.files.push(EvidenceFile { name, from, bytes: 0, sha256, first_error: None, masked: 0, left_out: 0, read: 0, problem });
        }
    }
}

/// The lines of a file in the window; where no line tells a time, its last lines.
fn lines_of(file: &File, definition: &EvidenceDefinition, window: Window) -> io::Result<(Cut, Option<String>)> {
    let zone = definition.zone.as_deref().and_then(|zone| TimeZone::get(zone).ok()).unwrap_or_else(TimeZone::system);
    let named = definition.time_format.as_deref();
    if rotated::is_packed(file) {
        return match Stamps::found(&rotated::sample(file, SAMPLE)?, named, &zone, window.to) {
            Some(stamps) => {
                let (cut, too_long) = rotated::cut(file, &stamps, window, definition.max_bytes)?;
                Ok((cut, too_long.then(|| "is too long to be unpacked to its end".to_owned())))
            }
            None => Ok((Cut::default(), Some("its lines tell no time that is understood".into()))),
        };
    }
    let counted = Counted::new(file)?;
    let mut stamps = Stamps::found(&counted.bytes(0, SAMPLE)?, named, &zone, window.to);
    if stamps.is_none() {
        // A log may begin with a banner, or with a dump.
        let end = counted.size();
        stamps = Stamps::found(&counted.bytes(end.saturating_sub(SAMPLE), end)?, named, &zone, window.to);
    }
    match stamps {
        Some(stamps) => {
            let cut = window::cut(file, &stamps, window, definition.max_bytes)?;
            Ok((Cut { read: cut.read + counted.read(), ..cut }, None))
        }
        None => without_times(file, &counted, definition, window),
    }
}

fn without_times(file: &File, counted: &Counted<'_>, definition: &EvidenceDefinition, window: Window) -> io::Result<(Cut, Option<String>)> {
    let written = file.metadata()?.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
    if written.is_some_and(|written| written < window.from) {
        return Ok((Cut::default(), Some("was not written to in the window".into())));
    }
    let size = counted.size();
    // The marker says what is left out; half of what may be kept is the file's end.
    let from = size.saturating_sub(definition.max_bytes / 2);
    let bytes = counted.bytes(from, size)?;
    let mut kept = Kept::new(definition.max_bytes);
    kept.skip(from);
    let begin = if from == 0 { 0 } else { memchr::memchr(b'\n', &bytes).map_or(0, |at| at + 1) };
    let is_cut_within = from > 0 && begin == 0;
    if is_cut_within {
        kept.push_rest(&bytes);
    } else {
        bytes.get(begin..).unwrap_or_default().split_inclusive(|byte| *byte == b'\n').for_each(|line| kept.push(line));
    }
    let (bytes, left_out) = kept.done();
    let problem = "its lines tell no time that is understood (time_format names one): its end is kept".to_owned();
    Ok((Cut { bytes, left_out, read: counted.read(), reaches_back: false }, Some(problem)))
}

/// The number of the first line that looks like an error, from 1.
fn first_error(bytes: &[u8]) -> Option<u64> {
    let needle = Needle::trouble().ok()?;
    let found = bytes.split(|byte| *byte == b'\n').position(|line| needle.is_match(line.strip_suffix(b"\r").unwrap_or(line)))?;
    Some(found as u64 + 1)
}
