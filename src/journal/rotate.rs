//! Rotation: the file that is written is closed and the next one begins with its last hash. Nothing is removed.

use super::append::beside_of;
use super::files::{self, UNFINISHED};
use super::open::Begins;
use super::{Journal, JournalError, migrate, open, place};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Space that must be free to begin a file: its WAL has to grow as well.
const ROOM: u64 = 32 << 20;

/// When a file of the journal is closed and the next one begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// When its first entry is as old as this.
    pub after: SignedDuration,
    /// When it has so many bytes, its WAL left out.
    pub bytes: u64,
}

impl Rotation {
    /// A file a month, none above 1 GiB.
    pub const USUAL: Self = Self { after: SignedDuration::from_hours(31 * 24), bytes: 1 << 30 };
}

impl Journal {
    /// Rotates where the file is old or large enough; answers whether it did. For an idle moment: without an open batch.
    pub fn rotate_when_due(&mut self, now: Timestamp, rotation: &Rotation) -> Result<bool, JournalError> {
        let is_large = fs::metadata(&self.path).is_ok_and(|facts| facts.len() >= rotation.bytes);
        let is_old = || {
            let first: Option<String> = self
                .connection
                .query_row("SELECT at FROM entries ORDER BY seq LIMIT 1", [], |row| row.get(0))
                .optional()
                .map_err(|error| JournalError::from_read(&self.path, 0, error))?;
            let first: Option<Timestamp> = first.and_then(|at| at.parse().ok());
            Ok::<_, JournalError>(first.is_some_and(|first| now.duration_since(first) >= rotation.after))
        };
        if is_large || is_old()? { self.rotate() } else { Ok(false) }
    }

    /// Closes the file that is written and begins the next one; answers whether it did, which is not so where a batch is
    /// open or the file has no entry yet. Where it fails, the old file is still the one that is written.
    ///
    /// Answers to requests go into the new file with it, so that a key that was used is known as before.
    pub fn rotate(&mut self) -> Result<bool, JournalError> {
        let first = self.committed.head.seq + 1;
        let own = open::begins(&self.connection, &self.path)?;
        if self.in_batch || own.first >= first {
            return Ok(false);
        }
        self.fold_wal()?;
        self.sync_anchor(Timestamp::MAX)?;
        if place::free(&self.path) < ROOM {
            return Err(JournalError::Full { path: self.path.clone() });
        }
        migrate::migrate(&self.connection, &self.path, &own)?;
        let begins = Begins { first, before: self.committed.head.hash, journal: own.journal };
        let next = files::path(&self.state, first);
        self.make(&next, &begins)?;
        let connection = match open::writer(&next, &begins) {
            Ok(connection) => connection,
            Err(error) => return Err(self.take_back(&next, error)),
        };
        let old = std::mem::replace(&mut self.connection, connection);
        let closed = std::mem::replace(&mut self.path, next);
        self.wal_bytes = 0;
        close(&old, &closed);
        tracing::info!(closed = %closed.display(), begun = %self.path.display(), first, "the journal was rotated");
        Ok(true)
    }

    /// Makes the next file under a name that does not count, then gives it its own.
    fn make(&mut self, next: &Path, begins: &Begins) -> Result<(), JournalError> {
        let new = beside_of(next, UNFINISHED);
        let file = place::create(&new)?;
        let filled = || {
            let connection = Connection::open(&new)?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            open::make_tables(&connection, begins)?;
            copy_requests(&self.connection, &connection)?;
            connection.close().map_err(|(_, error)| error)
        };
        let io = |source| JournalError::Io { doing: "make", path: next.to_owned(), source };
        let made = file.set_len(0).map_err(io).and_then(|()| {
            filled().map_err(|error| JournalError::from_sqlite("make", next, error))?;
            file.sync_all().map_err(io)?;
            fs::rename(&new, next).map_err(io)
        });
        if let Err(error) = made {
            let _ = fs::remove_file(&new); // the next start removes it otherwise
            return Err(error);
        }
        place::sync_folder(&self.state).map_err(|error| self.take_back(next, error))
    }

    /// The new file has its name but cannot be written: it goes again, or two files would claim the next entry.
    fn take_back(&mut self, next: &Path, error: JournalError) -> JournalError {
        for path in [beside_of(next, "-wal"), beside_of(next, "-shm"), next.to_owned()] {
            if let Err(left) = fs::remove_file(&path)
                && left.kind() != std::io::ErrorKind::NotFound
            {
                return self.break_down(format!("{error}; {} could not be taken back: {left}", path.display()));
            }
        }
        error
    }
}

/// The old file as one plain file, as far as readers let it: what remains beside it belongs to it and is read with it.
fn close(old: &Connection, path: &Path) {
    let closed = old.busy_timeout(Duration::ZERO).and_then(|()| {
        old.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        old.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get::<_, String>(0)).map(drop)
    });
    if let Err(error) = closed {
        tracing::info!(path = %path.display(), %error, "the closed file keeps its WAL");
    }
}

fn copy_requests(from: &Connection, to: &Connection) -> rusqlite::Result<()> {
    let mut requests = from.prepare("SELECT key, at, answer FROM requests")?;
    let mut rows = requests.query([])?;
    let change = to.unchecked_transaction()?;
    let mut insert = change.prepare("INSERT INTO requests(key, at, answer) VALUES(?1, ?2, ?3)")?;
    while let Some(row) = rows.next()? {
        insert.execute(params![row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?])?;
    }
    drop(insert);
    change.commit()
}
