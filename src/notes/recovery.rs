//! Unsaved text → a recovery file beside the journal, and back: offered, never applied by itself.

use super::diff;
use super::save::{Base, Opened, Temporary};
use crate::json;
use jiff::Timestamp;
use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The folder of recovery files within a state folder.
pub const FOLDER: &str = "recovery";
/// The largest recovery file that is read: a note of the largest size, its head, and what JSON adds to line ends.
const SIZE_MAX: u64 = super::save::SIZE_MAX * 2;

/// Why unsaved text could not be kept.
#[derive(Debug, Error)]
#[error("unsaved text cannot be kept in {path}: {error}")]
pub struct RecoveryError {
    /// The file or folder.
    pub path: PathBuf,
    /// The system's words.
    pub error: std::io::Error,
}

/// What a recovery file holds: one JSON document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    /// The note's file.
    note: PathBuf,
    /// The digest of the text that was opened; absent for a new note.
    base: Option<String>,
    /// When it was written.
    at: Timestamp,
    /// The text.
    text: String,
}

/// Text that was typed and never saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The text.
    pub text: String,
    /// What it was typed over.
    pub base: Base,
    /// When it was last kept.
    pub at: Timestamp,
    /// Whether the note on disk was written after it: the offer says so.
    pub older_than_note: bool,
}

/// Where one user's unsaved texts are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    folder: PathBuf,
    user: u32,
}

impl Recovery {
    /// The recovery folder of a state folder, made with mode 0700 where it is missing.
    pub fn new(state: &Path) -> Result<Self, RecoveryError> {
        Self::of(state, rustix::process::geteuid().as_raw())
    }

    /// The same for the user with this id: only files that belong to it are offered.
    pub fn of(state: &Path, user: u32) -> Result<Self, RecoveryError> {
        let folder = state.join(FOLDER);
        match std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder) {
            Ok(()) => Ok(Self { folder, user }),
            Err(error) => Err(RecoveryError { path: folder, error }),
        }
    }

    /// The file for a note: named by its path's digest, so that no title reaches a file name.
    pub fn file(&self, note: &Path) -> PathBuf {
        let digest = blake3::hash(note.as_os_str().as_encoded_bytes()).to_hex();
        self.folder.join(format!("{}.json", digest.get(..32).unwrap_or_default()))
    }

    /// Keeps the text as it is now: the file from before is whole until the new one is. Mode 0600. The caller decides
    /// how often: at most every 2 s while text is typed.
    pub fn keep(&self, note: &Path, base: &Base, text: &str, now: Timestamp) -> Result<(), RecoveryError> {
        let path = self.file(note);
        let base = match base {
            Base::Absent => None,
            Base::Digest(digest) => Some(digest.clone()),
        };
        let kept = Kept { note: note.to_owned(), base, at: now, text: text.to_owned() };
        let written = json::text(&kept)
            .map_err(std::io::Error::other)
            .and_then(|json| Temporary::write(&self.folder, &json, Some(0o600)))
            .and_then(|temporary| temporary.replace(&path));
        written.map_err(|error| RecoveryError { path, error })
    }

    /// Unsaved text for a note that differs from what is on disk. Nothing where the file is missing, damaged, not a plain
    /// file, or belongs to another user: only this user's own words are offered.
    pub fn offer(&self, note: &Path, on_disk: Option<&Opened>) -> Option<Found> {
        let file = rustix::fs::open(self.file(note), OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty());
        let file = File::from(file.ok()?);
        let about = file.metadata().ok()?;
        if !about.is_file() || about.uid() != self.user || about.len() > SIZE_MAX {
            return None;
        }
        let mut json = String::new();
        file.take(SIZE_MAX).read_to_string(&mut json).ok()?;
        let kept: Kept = json::read(&json).ok()?;
        if kept.note != note || !diff::differ(&kept.text, on_disk.map_or("", |opened| &opened.text)) {
            return None;
        }
        let modified = on_disk.and_then(|opened| Timestamp::try_from(opened.modified).ok());
        Some(Found {
            text: kept.text,
            base: kept.base.map_or(Base::Absent, Base::Digest),
            at: kept.at,
            older_than_note: modified.is_some_and(|modified| modified > kept.at),
        })
    }

    /// Forgets the unsaved text of a note, after it was saved or thrown away.
    pub fn forget(&self, note: &Path) -> Result<(), RecoveryError> {
        let path = self.file(note);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(RecoveryError { path, error }),
            _ => Ok(()),
        }
    }
}
