//! The anchor: the head of the chain outside the database, so that a missing tail is seen.
//!
//! Two places in one small text file are written in turn, each with its own checksum. A write that was cut off spoils one
//! of them and leaves the other; a file in which neither is whole was changed by someone.

use super::chain::{Head, damage};
use super::{JournalError, place};
use jiff::Timestamp;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// Bytes from one place to the other: two sectors of the largest usual size.
const APART: u64 = 4096;
/// Bytes of one place.
const LINE: usize = 256;

/// A head with the time of its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchored {
    /// The entry's number and hash.
    pub head: Head,
    /// The entry's time; 1970 before the first.
    pub at: Timestamp,
}

impl Anchored {
    /// Before the first entry.
    pub(super) const START: Self = Self { head: Head::START, at: Timestamp::UNIX_EPOCH };

    fn line(&self) -> Vec<u8> {
        let text = format!("dogwatch anchor 1 seq={} at={:.6} hash={}", self.head.seq, self.at, self.head.hex());
        let sum = blake3::hash(text.as_bytes()).to_hex();
        let mut line = format!("{text} sum={}", &sum[..16]).into_bytes();
        line.resize(LINE - 1, b' ');
        line.push(b'\n');
        line
    }

    fn parse(line: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(line).ok()?.trim_end();
        let (text, sum) = text.rsplit_once(" sum=")?;
        if blake3::hash(text.as_bytes()).to_hex()[..16] != *sum {
            return None;
        }
        let mut parts = text.strip_prefix("dogwatch anchor 1 ")?.split(' ').map(|part| part.split_once('=').map(|(_, value)| value));
        let seq = parts.next()??.parse().ok()?;
        let at = parts.next()??.parse().ok()?;
        let hash = *blake3::Hash::from_hex(parts.next()??).ok()?.as_bytes();
        Some(Self { head: Head { seq, hash }, at })
    }
}

/// Reads an anchor file: absent, the newer of its whole places, or damage.
pub(super) fn read(path: &Path) -> Result<Option<Anchored>, JournalError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(JournalError::Io { doing: "read", path: path.to_owned(), source }),
    };
    let place = |from: usize| bytes.get(from..from + LINE).and_then(Anchored::parse);
    match place(0).into_iter().chain(place(APART as usize)).max_by_key(|anchored| anchored.head.seq) {
        Some(anchored) => Ok(Some(anchored)),
        None => Err(damage(path, 1, "neither of the two places of the anchor is whole, which no cut-off write explains")),
    }
}

/// An open anchor file.
#[derive(Debug)]
pub(super) struct Anchor {
    path: PathBuf,
    file: File,
    second: bool,
    dirty: bool,
}

impl Anchor {
    /// Opens the file for writing; a new one appears whole or not at all.
    pub(super) fn open(path: &Path, last: &Anchored) -> Result<Self, JournalError> {
        if !place::check_file(path)? {
            Self::create(path, last)?;
        }
        let file = place::create(path)?;
        // The next write goes over the older place, or over a spoilt one.
        let mut line = [0; LINE];
        let mut seq_at =
            |from| file.read_exact_at(&mut line, from).ok().and_then(|()| Anchored::parse(&line)).map(|anchored| anchored.head.seq);
        let second = seq_at(0) > seq_at(APART);
        Ok(Self { path: path.to_owned(), file, second, dirty: true })
    }

    fn create(path: &Path, last: &Anchored) -> Result<(), JournalError> {
        let io = |doing| move |source| JournalError::Io { doing, path: path.to_owned(), source };
        let new = path.with_extension("new");
        let file = place::create(&new)?;
        let mut bytes = last.line();
        bytes.resize(APART as usize, b' ');
        bytes.extend_from_slice(&last.line());
        file.set_len(0).and_then(|()| file.write_all_at(&bytes, 0)).map_err(io("write"))?;
        file.sync_all().map_err(|error| JournalError::Sync { path: path.to_owned(), why: error.to_string() })?;
        fs::rename(&new, path).map_err(io("make"))?;
        place::sync_folder(path.parent().unwrap_or(path))
    }

    /// Writes the head into the place that holds the older one; not yet durable.
    pub(super) fn write(&mut self, last: &Anchored) -> Result<(), JournalError> {
        let from = if self.second { APART } else { 0 };
        self.file.write_all_at(&last.line(), from).map_err(|source| JournalError::Io {
            doing: "write",
            path: self.path.clone(),
            source,
        })?;
        self.second = !self.second;
        self.dirty = true;
        Ok(())
    }

    /// Makes what was written durable.
    pub(super) fn sync(&mut self) -> Result<(), JournalError> {
        if self.dirty {
            self.file.sync_data().map_err(|error| JournalError::Sync { path: self.path.clone(), why: error.to_string() })?;
            self.dirty = false;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchored(seq: u64) -> Anchored {
        Anchored { head: Head { seq, hash: [seq as u8; 32] }, at: Timestamp::from_microsecond(1_700_000_000_000_001).unwrap() }
    }

    #[test]
    fn the_last_written_head_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("anchor");
        assert_eq!(read(&path).unwrap(), None);
        let mut anchor = Anchor::open(&path, &Anchored::START).unwrap();
        for seq in 1..=5 {
            anchor.write(&anchored(seq)).unwrap();
            assert_eq!(read(&path).unwrap(), Some(anchored(seq)));
        }
        anchor.sync().unwrap();
        let mut anchor = Anchor::open(&path, &anchored(5)).unwrap();
        anchor.write(&anchored(6)).unwrap();
        assert_eq!(read(&path).unwrap(), Some(anchored(6)));
    }

    #[test]
    fn a_cut_off_write_leaves_the_head_before_and_a_changed_file_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("anchor");
        let mut anchor = Anchor::open(&path, &Anchored::START).unwrap();
        anchor.write(&anchored(1)).unwrap();
        anchor.write(&anchored(2)).unwrap();
        let whole = fs::read(&path).unwrap();
        for cut in 1..LINE {
            let mut torn = whole.clone();
            let newer =
                [0, APART as usize].into_iter().max_by_key(|from| Anchored::parse(&whole[*from..from + LINE]).unwrap().head.seq).unwrap();
            torn[newer..newer + LINE]
                .copy_from_slice(&anchored(3).line()[..cut].iter().chain(&whole[newer + cut..newer + LINE]).copied().collect::<Vec<_>>());
            fs::write(&path, torn).unwrap();
            let found = read(&path).unwrap().unwrap().head.seq;
            assert!((1..=3).contains(&found), "cut after {cut}: {found}");
        }
        fs::write(&path, vec![b' '; whole.len()]).unwrap();
        assert!(matches!(read(&path), Err(JournalError::Corrupt { .. })));
        fs::write(&path, "").unwrap();
        assert!(matches!(read(&path), Err(JournalError::Corrupt { .. })));
    }
}
