//! Connections to the journal's database, its tables, and the quick check of its end.

use super::anchor::{self, Anchored};
use super::chain::{COLUMNS, Head, Linker, Stored, damage};
use super::{JournalError, place};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};
use std::path::Path;
use std::time::Duration;

/// The format that this version writes.
pub const FORMAT: u32 = 1;
/// The oldest SQLite whose WAL can be trusted: 3.51.3; earlier ones can lose pages when a WAL is reset.
const SQLITE_MIN: i32 = 3_051_003;
/// How long a lock of another process is waited for.
const BUSY: Duration = Duration::from_secs(5);
/// A WAL file that has grown larger is cut back to this at its next reset: 16 MiB.
const WAL_KEPT: i64 = 16 << 20;

const TABLES: &str = "
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS entries(
        seq INTEGER PRIMARY KEY, at TEXT NOT NULL, author TEXT NOT NULL, event TEXT NOT NULL, hash BLOB NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS requests(key TEXT PRIMARY KEY, at TEXT NOT NULL, answer TEXT NOT NULL) STRICT, WITHOUT ROWID;
    INSERT OR IGNORE INTO meta VALUES('format', '1');
    COMMIT;";

/// The writer's connection; the file exists.
pub(super) fn writer(path: &Path) -> Result<Connection, JournalError> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    check_format(&connection, path)?;
    let tuned = || {
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?; // the journal does it itself, because SQLite hides its errors
        connection.pragma_update_and_check(None, "journal_size_limit", WAL_KEPT, |row| row.get::<_, i64>(0))?;
        connection.execute_batch(TABLES)
    };
    tuned().map_err(|error| JournalError::from_sqlite("open", path, error))?;
    Ok(connection)
}

/// A connection that only reads.
pub(super) fn reader(path: &Path) -> Result<Connection, JournalError> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    check_format(&connection, path)?;
    Ok(connection)
}

fn connect(path: &Path, mode: OpenFlags) -> Result<Connection, JournalError> {
    if rusqlite::version_number() < SQLITE_MIN {
        return Err(JournalError::OldSqlite { found: rusqlite::version().into() });
    }
    let opened = || {
        let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW)?;
        // Evidence stays as it is until the chain has been looked at: closing must not fold a damaged WAL into the file.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "trusted_schema", "OFF")?;
        connection.pragma_update(None, "cell_size_check", "ON")?;
        Ok(connection)
    };
    opened().map_err(|error| JournalError::from_sqlite("open", path, error))
}

fn check_format(connection: &Connection, path: &Path) -> Result<(), JournalError> {
    let read = |error| JournalError::from_read(path, 0, error);
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(read)?;
    if tables == 0 {
        return Ok(());
    }
    let found = connection.query_row("SELECT value FROM meta WHERE key = 'format'", [], |row| row.get::<_, String>(0)).optional();
    let found = found.ok().flatten().and_then(|text| text.parse::<u32>().ok());
    match found {
        Some(found) if found > FORMAT => Err(JournalError::Newer { path: path.to_owned(), found, known: FORMAT }),
        Some(_) => Ok(()),
        None => Err(JournalError::Place {
            path: path.to_owned(),
            why: "it is a database, but not a journal of dogwatch".into(),
            hint: "move it away".into(),
        }),
    }
}

/// The number of the last entry, 0 where there is none.
pub(super) fn last_seq(connection: &Connection, path: &Path) -> Result<u64, JournalError> {
    connection
        .query_row("SELECT coalesce(max(seq), 0) FROM entries", [], |row| row.get::<_, i64>(0))
        .map(i64::cast_unsigned)
        .map_err(|error| JournalError::from_read(path, 0, error))
}

/// The head as it was after an entry, as its row says; `None` where the row is missing.
pub(super) fn head_at(connection: &Connection, path: &Path, seq: u64) -> Result<Option<Head>, JournalError> {
    if seq == 0 {
        return Ok(Some(Head::START));
    }
    connection
        .query_row("SELECT hash FROM entries WHERE seq = ?1", [seq.cast_signed()], |row| row.get::<_, [u8; 32]>(0))
        .optional()
        .map(|hash| hash.map(|hash| Head { seq, hash }))
        .map_err(|error| match error {
            rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..) => {
                damage(path, seq, "its hash is not 32 bytes")
            }
            error => JournalError::from_read(path, seq - 1, error),
        })
}

/// Walks the chain after a head to its end and gives the new head; `each` sees every row.
pub(super) fn walk(
    connection: &Connection,
    path: &Path,
    from: Head,
    to: u64,
    mut each: impl FnMut(&Stored<'_>) -> Result<(), JournalError>,
) -> Result<Head, JournalError> {
    let mut head = from;
    let mut linker = Linker::default();
    let select = format!("SELECT {COLUMNS} FROM entries WHERE seq > ?1 AND seq <= ?2 ORDER BY seq");
    let mut statement = connection.prepare_cached(&select).map_err(|error| JournalError::from_read(path, head.seq, error))?;
    let mut rows = statement
        .query(params![from.seq.cast_signed(), to.cast_signed()])
        .map_err(|error| JournalError::from_read(path, head.seq, error))?;
    while let Some(row) = rows.next().map_err(|error| JournalError::from_read(path, head.seq, error))? {
        let first_bad = head.seq + 1;
        let stored = Stored::read(row).map_err(|why| damage(path, first_bad, why))?;
        head = stored.follow(&head, &mut linker).map_err(|why| damage(path, first_bad, why))?;
        each(&stored)?;
    }
    Ok(head)
}

/// Compares the end of the chain with an anchor and gives the head with its time: every entry from the anchored one on
/// is checked, the ones before only by `verify`.
pub(super) fn check_end(connection: &Connection, path: &Path, anchored: &Anchored) -> Result<Anchored, JournalError> {
    let last = last_seq(connection, path)?;
    if last < anchored.head.seq {
        let why = format!("it is missing; the anchor knows entries up to {} of {}", anchored.head.seq, anchored.at);
        return Err(damage(path, last + 1, why));
    }
    // One link before the anchored entry, so that its own bytes are checked too.
    let from = anchored.head.seq.saturating_sub(1);
    let from = head_at(connection, path, from)?.ok_or_else(|| damage(path, from, "it is missing"))?;
    let mut end = *anchored;
    let head = walk(connection, path, from, last, |stored| {
        if stored.seq == anchored.head.seq && stored.hash != anchored.head.hash {
            return Err(damage(path, stored.seq, "its hash is not the anchored one: it, or one before it, was written anew"));
        }
        if stored.seq == last {
            end.at = stored.at.parse().map_err(|_| damage(path, stored.seq, "its time cannot be read"))?;
        }
        Ok(())
    })?;
    end.head = head;
    Ok(end)
}

/// Reads the anchors and checks the end of the chain against each.
pub(super) fn check_anchors(connection: &Connection, state: &Path, outside: Option<&Path>) -> Result<Anchored, JournalError> {
    let path = place::database(state);
    let inside = match anchor::read(&state.join("anchor"))? {
        Some(anchored) => anchored,
        None if last_seq(connection, &path)? == 0 => Anchored::START,
        None => return Err(damage(&state.join("anchor"), 1, "the anchor is missing although there are entries")),
    };
    let end = check_end(connection, &path, &inside)?;
    match outside.map(anchor::read).transpose()?.flatten() {
        Some(anchored) => check_end(connection, &path, &anchored),
        None => Ok(end),
    }
}
