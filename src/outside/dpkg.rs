//! dpkg's log: lines such as `2026-11-21 06:12:44 upgrade libc6:amd64 2.36-9 2.36-10`, in the host's local time. What
//! happened close together is one change.

use crate::domain::outside::{LogMark, OutsideChange, OutsideKind};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// Bytes that one look reads; of more, the last ones.
const READ_MAX: u64 = 4 << 20;
/// Changes that one look tells; of more, the last ones in one.
const CHANGES_MAX: usize = 50;
/// Lines that are further apart belong to different changes.
const GAP: SignedDuration = SignedDuration::from_mins(2);
/// Single changes that are kept by name.
const ITEMS_MAX: usize = 30;
/// Single changes that the summary names.
const NAMED: usize = 3;
/// Bytes of a package's name or version that are kept.
const WORD_MAX: usize = 80;
/// Bytes before a mark by which it is known again.
const PRINT: u64 = 256;

/// One line that tells a change.
struct Line {
    at: Timestamp,
    action: Action,
    words: String,
    /// The byte after it.
    end: u64,
    /// Whether it stands in the file that was the log before.
    is_old: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Upgraded,
    Installed,
    Removed,
}

/// Changes after a mark, the oldest first; without a mark, or where the marked place is nowhere to be found, those that are
/// later than `since`.
///
/// # Errors
/// The log cannot be opened or read.
pub fn read(path: &Path, mark: Option<&LogMark>, since: Timestamp, zone: &TimeZone) -> io::Result<Vec<OutsideChange>> {
    let log = open(path)?;
    let size = log.metadata()?.len();
    let (mut lines, mut old) = (Vec::new(), None);
    let mut take = |file: &File, from: u64, size: u64, is_old: bool, after: Option<Timestamp>| -> io::Result<()> {
        for (line, end) in pieces(&tail(file, from, size)?) {
            let told = told(line, zone).filter(|(at, ..)| after.is_none_or(|after| *at > after));
            lines.extend(told.map(|(at, action, words)| Line { at, action, words, end, is_old }));
        }
        Ok(())
    };
    match mark {
        Some(mark) if is_at(&log, size, mark)? => take(&log, mark.offset, size, false, None)?,
        Some(mark) => {
            // It was rotated: the rest of what was read is in the file before it.
            old = rotated(path).and_then(|path| open(&path).ok());
            match &old {
                Some(file) if is_at(file, file.metadata()?.len(), mark)? => {
                    take(file, mark.offset, file.metadata()?.len(), true, None)?;
                    take(&log, 0, size, false, None)?;
                }
                _ => take(&log, 0, size, false, Some(since.max(mark.last_at)))?,
            }
        }
        None => take(&log, 0, size, false, Some(since))?,
    }
    let file = path.to_string_lossy();
    let mut groups = groups(lines);
    if groups.len() > CHANGES_MAX {
        let rest = groups.split_off(CHANGES_MAX - 1);
        groups.push(rest.into_iter().flatten().collect());
    }
    let file_of = |group: &[Line]| if group.last().is_some_and(|line| line.is_old) { old.as_ref().unwrap_or(&log) } else { &log };
    groups.iter().map(|group| change(group, file_of(group), &file)).collect()
}

/// Opens a log without waiting for a pipe; only a regular file is one.
fn open(path: &Path) -> io::Result<File> {
    let file = File::from(rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY, Mode::empty())?);
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file")) }
}

/// What logrotate calls the file before this one.
fn rotated(path: &Path) -> Option<PathBuf> {
    let mut name = path.file_name()?.to_owned();
    name.push(".1");
    Some(path.with_file_name(name))
}

/// Whether a file is the one in which the mark was made, unchanged up to there.
fn is_at(file: &File, size: u64, mark: &LogMark) -> io::Result<bool> {
    Ok(size >= mark.offset && print(file, mark.offset)? == mark.print)
}

/// The print of a place: its last bytes.
fn print(file: &File, offset: u64) -> io::Result<String> {
    let from = offset.saturating_sub(PRINT);
    let mut bytes = vec![0; usize::try_from(offset - from).unwrap_or(0)];
    file.read_exact_at(&mut bytes, from)?;
    Ok(blake3::hash(&bytes).to_hex()[..16].to_owned())
}

/// The bytes from an offset to the end, of very many the last ones, with where they begin.
fn tail(file: &File, from: u64, size: u64) -> io::Result<(Vec<u8>, u64)> {
    let start = from.max(size.saturating_sub(READ_MAX));
    let mut bytes = vec![0; usize::try_from(size.saturating_sub(start)).unwrap_or(0)];
    let mut filled = 0;
    while let Some(room) = bytes.get_mut(filled..).filter(|room| !room.is_empty()) {
        match file.read_at(room, start + filled as u64)? {
            0 => break,
            got => filled += got,
        }
    }
    bytes.truncate(filled);
    Ok((bytes, start))
}

/// Whole lines, each with the offset after it; one that is being written is left for later.
fn pieces((bytes, start): &(Vec<u8>, u64)) -> impl Iterator<Item = (&[u8], u64)> {
    let mut at = *start;
    bytes.split_inclusive(|byte| *byte == b'\n').filter_map(move |line| {
        at += line.len() as u64;
        line.strip_suffix(b"\n").map(|line| (line, at))
    })
}

/// What a line tells, if it tells a change.
fn told(line: &[u8], zone: &TimeZone) -> Option<(Timestamp, Action, String)> {
    let line = std::str::from_utf8(line.get(..line.len().min(1_024))?).ok()?;
    let mut words = line.split(' ');
    let (date, time, action, package) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let (old, new) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let action = match action {
        "upgrade" => Action::Upgraded,
        "install" => Action::Installed,
        // A purge follows its removal, or only takes settings that had stayed.
        "remove" => Action::Removed,
        _ => return None,
    };
    let at: DateTime = format!("{date}T{time}").parse().ok()?;
    let at = zone.to_timestamp(at).ok()?;
    let package = crate::text::head(package.split(':').next().unwrap_or(package), WORD_MAX);
    let (old, new) = (crate::text::head(old, WORD_MAX), crate::text::head(new, WORD_MAX));
    let words = match action {
        Action::Upgraded => format!("{package} {old} → {new}"),
        Action::Installed => format!("{package} {new}"),
        Action::Removed => package.to_owned(),
    };
    Some((at, action, words))
}

fn groups(lines: Vec<Line>) -> Vec<Vec<Line>> {
    let mut groups: Vec<Vec<Line>> = Vec::new();
    for line in lines {
        match groups.last_mut() {
            Some(group) if group.last().is_some_and(|last| line.at.duration_since(last.at).abs() <= GAP) => group.push(line),
            _ => groups.push(vec![line]),
        }
    }
    groups
}

fn change(group: &[Line], log: &File, file: &str) -> io::Result<OutsideChange> {
    let times = || group.iter().map(|line| line.at);
    let (happened_at, until) = (times().min().unwrap_or_default(), times().max().unwrap_or_default());
    let count = |action: Action| group.iter().filter(|line| line.action == action).count();
    let counts = [(Action::Upgraded, "upgraded"), (Action::Installed, "installed"), (Action::Removed, "removed")];
    let mut counted: Vec<String> = Vec::new();
    for (action, word) in counts {
        match (count(action), counted.is_empty()) {
            (0, _) => {}
            (1, true) => counted.push(format!("1 package {word}")),
            (many, true) => counted.push(format!("{many} packages {word}")),
            (many, false) => counted.push(format!("{many} {word}")),
        }
    }
    let named: Vec<&str> = group.iter().take(NAMED).map(|line| line.words.as_str()).collect();
    let more = if group.len() > NAMED { ", …" } else { "" };
    let offset = group.last().map_or(0, |line| line.end);
    Ok(OutsideChange {
        kind: OutsideKind::Packages,
        happened_at,
        until: (until != happened_at).then_some(until),
        summary: format!("{}: {}{more}", counted.join(", "), named.join(", ")),
        items: group.iter().take(ITEMS_MAX).map(|line| line.words.clone()).collect(),
        count: u32::try_from(group.len()).unwrap_or(u32::MAX),
        log: Some(LogMark { file: file.to_owned(), offset, print: print(log, offset)?, last_at: until }),
        boot_id: None,
    })
}
