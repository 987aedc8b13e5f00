//! Reads files that rest, to know their content by its checksum: in pieces, on threads of its own.

use super::look::{FoundFile, plain};
use crate::domain::FlowId;
use jiff::Timestamp;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes that are read at once.
const PIECE: usize = 256 << 10;

/// A file to be read.
#[derive(Debug)]
pub(super) struct Reading {
    /// For whom.
    pub flow: FlowId,
    /// The path or pattern that it answers.
    pub wanted: String,
    /// The file as it was when it rested.
    pub file: FoundFile,
}

/// What came of a reading.
#[derive(Debug)]
pub(super) enum Read {
    /// Its content's checksum; it has not changed meanwhile.
    Whole(String),
    /// It changed or vanished while it was read.
    Changed,
    /// It cannot be read: the system's words.
    Failed(String),
    /// The room is closing.
    Stopped,
}

/// Reads a file from its beginning to its end.
pub(super) fn read(found: &FoundFile, closed: &AtomicBool) -> Read {
    // Were it a pipe by now, opening it must not wait.
    let nonblock = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let mut file = match std::fs::OpenOptions::new().read(true).custom_flags(nonblock).open(&found.path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Read::Changed,
        Err(error) => return Read::Failed(plain(&error)),
    };
    if !is_same(&file, found) {
        return Read::Changed;
    }
    let mut hasher = blake3::Hasher::new();
    let mut piece = vec![0; PIECE];
    loop {
        if closed.load(Ordering::Relaxed) {
            return Read::Stopped;
        }
        match file.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => drop(hasher.update(piece.get(..count).unwrap_or_default())),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Read::Failed(plain(&error)),
        }
    }
    if is_same(&file, found) { Read::Whole(hasher.finalize().to_hex().to_string()) } else { Read::Changed }
}

fn is_same(file: &File, found: &FoundFile) -> bool {
    let Ok(now) = file.metadata() else { return false };
    let modified_at = now.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
    now.is_file() && now.len() == found.size && modified_at == Some(found.modified_at)
}
