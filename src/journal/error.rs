//! What can go wrong with the record: what failed, on what, and what to do.

use crate::json;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why the journal could not do what it was asked.
#[derive(Debug, Error)]
pub enum JournalError {
    /// The disk is full. The batch was refused and nothing of it is stored; writing resumes by itself when there is space.
    #[error("no space left to record in {}; nothing was recorded; free space on its disk, recording resumes by itself", path.display())]
    Full {
        /// The file that could not grow.
        path: PathBuf,
    },
    /// A write could not be made durable. From the first of these on everything is refused until a restart, because the
    /// system reports later ones as good although they may not be.
    #[error("recording in {} stopped: {why}; nothing more is recorded until the daemon is started again; look at the disk, then run `dogwatch verify`", path.display())]
    Sync {
        /// The file.
        path: PathBuf,
        /// The system's words for the first failure.
        why: String,
    },
    /// Another process holds the database's lock for longer than five seconds.
    #[error("{} is locked by another process; `fuser {}` names it; end it or try again", path.display(), path.display())]
    Busy {
        /// The database.
        path: PathBuf,
    },
    /// The record is not what was written.
    #[error("{} is damaged from entry {first_bad} on: {why}; nothing was changed; run `dogwatch verify`; to go on without what is lost: `dogwatch verify --accept --reason …`", path.display())]
    Corrupt {
        /// The database, or the anchor.
        path: PathBuf,
        /// The number of the first entry that is missing or wrong.
        first_bad: u64,
        /// What is wrong with it.
        why: String,
    },
    /// A newer version wrote this journal.
    #[error("{} has format {found}, this version knows {known} and older; nothing was changed; use the newer dogwatch", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest that this version knows.
        known: u32,
    },
    /// The state folder or a file in it is not private to this user, or not where a journal may be.
    #[error("{}: {why}; {hint}", path.display())]
    Place {
        /// The folder or file.
        path: PathBuf,
        /// What is wrong.
        why: String,
        /// What to do.
        hint: String,
    },
    /// The entry is longer than an entry may be.
    #[error("an entry of {bytes} bytes is refused, the most is {max}; shorten the text")]
    TooLarge {
        /// The size of its event in bytes.
        bytes: usize,
        /// [`super::ENTRY_MAX`].
        max: usize,
    },
    /// The program was built with an SQLite that has a known fault.
    #[error("this program holds SQLite {found}, at least 3.51.3 is needed; build it with the bundled one")]
    OldSqlite {
        /// The version found.
        found: String,
    },
    /// A file operation failed.
    #[error("could not {doing} {}: {source}", path.display())]
    Io {
        /// The verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A database operation failed for a reason that has no variant of its own.
    #[error("could not {doing} {}: {source}", path.display())]
    Sqlite {
        /// The verb.
        doing: &'static str,
        /// The database.
        path: PathBuf,
        /// SQLite's answer.
        source: rusqlite::Error,
    },
    /// An entry could not be written as JSON.
    #[error("could not write an entry as JSON: {0}")]
    Json(#[from] json::Error),
}

/// Extended result codes of SQLite that mean a sync failed: `IOERR_FSYNC` and `IOERR_DIR_FSYNC`.
const SYNC_CODES: [i32; 2] = [1034, 1290];

impl JournalError {
    /// Whether nothing can be recorded until a restart.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Sync { .. } | Self::Corrupt { .. })
    }

    /// Gives SQLite's answer its meaning.
    pub(super) fn from_sqlite(doing: &'static str, path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        let code = source.sqlite_error_code();
        match code {
            Some(rusqlite::ErrorCode::DiskFull) => Self::Full { path },
            Some(rusqlite::ErrorCode::SystemIoFailure) if no_space(&path) => Self::Full { path },
            Some(rusqlite::ErrorCode::SystemIoFailure)
                if source.sqlite_extended_error_code().is_some_and(|code| SYNC_CODES.contains(&code)) =>
            {
                Self::Sync { path, why: source.to_string() }
            }
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => Self::Busy { path },
            _ => Self::Sqlite { doing, path, source },
        }
    }

    /// The same for a read after this entry: a database that contradicts itself is damage that begins with the next one.
    pub(super) fn from_read(path: &Path, after: u64, source: rusqlite::Error) -> Self {
        match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
                Self::Corrupt { path: path.to_owned(), first_bad: after + 1, why: source.to_string() }
            }
            _ => Self::from_sqlite("read", path, source),
        }
    }
}

/// Whether the disk below a file is full: growing the shared index of a WAL then fails as an I/O error, not as "full".
fn no_space(path: &Path) -> bool {
    let folder = path.parent().unwrap_or(path);
    rustix::fs::statvfs(folder).is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < 64 * 1024)
}
