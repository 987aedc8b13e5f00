//! Connections to the journal's database, its tables, and the quick check of its end.

use super::anchor::{self, Anchored};
use super::chain::{Head, damage};
use super::files::Chain;
use super::{JournalError, place};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use std::path::Path;
use std::time::Duration;

/// The format that this version writes. 2: a file says where it begins, so that there can be several.
pub const FORMAT: u32 = 2;
/// The oldest SQLite whose WAL can be trusted: 3.51.3; earlier ones can lose pages when a WAL is reset.
const SQLITE_MIN: i32 = 3_051_003;
/// How long a lock of another process is waited for.
const BUSY: Duration = Duration::from_secs(5);
/// A WAL file that has grown larger is cut back to this at its next reset: 16 MiB.
const WAL_KEPT: i64 = 16 << 20;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS entries(
        seq INTEGER PRIMARY KEY, at TEXT NOT NULL, author TEXT NOT NULL, event TEXT NOT NULL, hash BLOB NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS requests(key TEXT PRIMARY KEY, at TEXT NOT NULL, answer TEXT NOT NULL) STRICT, WITHOUT ROWID;";

/// Where a file of the journal begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Begins {
    /// The number of its first entry.
    pub(super) first: u64,
    /// The hash of the entry before it; all zero before the first.
    pub(super) before: [u8; 32],
    /// The name under which anchors outside know this journal.
    pub(super) journal: String,
}

impl Begins {
    /// The first file of a new journal.
    pub(super) fn anew(state: &Path) -> Self {
        Self { first: 1, before: Head::START.hash, journal: place::name_of(state) }
    }
}

/// The writer's connection; the file exists. A file without tables becomes one that begins so.
pub(super) fn writer(path: &Path, begins: &Begins) -> Result<Connection, JournalError> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let format = format_of(&connection, path)?;
    let tuned = || {
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?; // the journal does it itself, because SQLite hides its errors
        connection.pragma_update_and_check(None, "journal_size_limit", WAL_KEPT, |row| row.get::<_, i64>(0))?;
        if format.is_none() { make_tables(&connection, begins) } else { Ok(()) }
    };
    tuned().map_err(|error| JournalError::from_sqlite("open", path, error))?;
    Ok(connection)
}

/// Tables and beginning of a new file, in one transaction.
pub(super) fn make_tables(connection: &Connection, begins: &Begins) -> rusqlite::Result<()> {
    let change = connection.unchecked_transaction()?;
    change.execute_batch(TABLES)?;
    write_meta(&change, begins)?;
    change.commit()
}

/// What the table `meta` says of this format.
pub(super) fn write_meta(connection: &Connection, begins: &Begins) -> rusqlite::Result<()> {
    let before = blake3::Hash::from_bytes(begins.before).to_hex().to_string();
    let rows =
        [("format", FORMAT.to_string()), ("first", begins.first.to_string()), ("before", before), ("journal", begins.journal.clone())];
    for (key, value) in rows {
        connection.execute("INSERT INTO meta VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET value = excluded.value", [key, &value])?;
    }
    Ok(())
}

/// Where a file begins, as it says itself; a file of format 1 is always the first.
pub(super) fn begins(connection: &Connection, path: &Path) -> Result<Begins, JournalError> {
    let read = |key: &str| {
        connection
            .query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get::<_, String>(0))
            .optional()
            .map_err(|error| JournalError::from_read(path, 0, error))
    };
    let state = path.parent().unwrap_or(path);
    let Some(first) = read("first")? else { return Ok(Begins::anew(state)) };
    let unreadable = |what: &str| damage(path, first.parse().unwrap_or(1), format!("the file's own {what} cannot be read"));
    let before = read("before")?.and_then(|hex| blake3::Hash::from_hex(hex).ok()).ok_or_else(|| unreadable("hash of the entry before"))?;
    let journal = read("journal")?.unwrap_or_else(|| place::name_of(state));
    Ok(Begins { first: first.parse().map_err(|_| unreadable("first number"))?, before: *before.as_bytes(), journal })
}

/// A connection that only reads.
pub(super) fn reader(path: &Path) -> Result<Connection, JournalError> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    format_of(&connection, path)?;
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

/// The format of a file, `None` where it has no tables yet; a newer one is refused.
pub(super) fn format_of(connection: &Connection, path: &Path) -> Result<Option<u32>, JournalError> {
    let read = |error| JournalError::from_read(path, 0, error);
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(read)?;
    if tables == 0 {
        return Ok(None);
    }
    let found = connection.query_row("SELECT value FROM meta WHERE key = 'format'", [], |row| row.get::<_, String>(0)).optional();
    let found = found.ok().flatten().and_then(|text| text.parse::<u32>().ok());
    match found {
        Some(found) if found > FORMAT => Err(JournalError::Newer { path: path.to_owned(), found, known: FORMAT }),
        Some(found) => Ok(Some(found)),
        None => Err(JournalError::Place {
            path: path.to_owned(),
            why: "it is a database, but not a journal of dogwatch".into(),
            hint: "move it away".into(),
        }),
    }
}

/// Compares the end of the chain with an anchor and gives the head with its time: every entry from the anchored one on
/// is checked, the ones before only by `verify`.
pub(super) fn check_end(chain: &Chain, anchored: &Anchored) -> Result<Anchored, JournalError> {
    let last = chain.last_seq()?;
    if last < anchored.head.seq {
        let why = format!("it is missing; the anchor knows entries up to {} of {}", anchored.head.seq, anchored.at);
        return Err(damage(&chain.path_of(last + 1), last + 1, why));
    }
    // One link before the anchored entry, so that its own bytes are checked too.
    let from = anchored.head.seq.saturating_sub(1);
    let from = chain.head_at(from)?.ok_or_else(|| damage(&chain.path_of(from), from, "it is missing"))?;
    let mut end = *anchored;
    let head = chain.walk(from, last, |stored| {
        let path = || chain.path_of(stored.seq);
        if stored.seq == anchored.head.seq && stored.hash != anchored.head.hash {
            return Err(damage(&path(), stored.seq, "its hash is not the anchored one: it, or one before it, was written anew"));
        }
        if stored.seq == last {
            end.at = stored.at.parse().map_err(|_| damage(&path(), stored.seq, "its time cannot be read"))?;
        }
        Ok(())
    })?;
    end.head = head;
    Ok(end)
}

/// Reads the anchor and checks the end of the chain against it.
pub(super) fn check_anchor(chain: &Chain, state: &Path) -> Result<Anchored, JournalError> {
    match anchor::read(&state.join("anchor"))? {
        Some(anchored) => check_end(chain, &anchored),
        None if chain.last_seq()? == 0 => Ok(Anchored::START),
        None => Err(damage(&state.join("anchor"), 1, "the anchor is missing although there are entries")),
    }
}
