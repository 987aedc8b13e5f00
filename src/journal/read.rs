//! Journal → pages of entries, for history that the world no longer holds. Each page is one short transaction.

use super::chain::{COLUMNS, Head, Stored, damage};
use super::{JournalError, open, place};
use crate::domain::Entry;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::path::{Path, PathBuf};

/// The most entries of one page.
pub const PAGE_MAX: u32 = 1_000;
/// Bytes of text after which a page ends early, so that it fits a frame; it has at least one entry.
const PAGE_BYTES: usize = 4 << 20;

/// Which entries a page holds. Bounds are exclusive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Page {
    /// Only later ones than this number: the page begins behind it.
    pub after: Option<u64>,
    /// Only earlier ones than this number: the page ends before it. With neither bound it is the last page.
    pub before: Option<u64>,
    /// Only from the first entry at this time on. It is found by halving, which is exact while the clock only goes forward;
    /// where the clock was set back, the page may begin at either of the entries that fit.
    pub since: Option<Timestamp>,
    /// At most so many, never more than [`PAGE_MAX`].
    pub limit: u32,
}

/// A connection that only reads. Open one per request, or keep one per task; it blocks.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    path: PathBuf,
}

impl Reader {
    /// Opens the journal of a state folder.
    pub fn open(state: &Path) -> Result<Self, JournalError> {
        let path = place::database(state);
        if !place::check_file(&path)? {
            let source = std::io::Error::from(std::io::ErrorKind::NotFound);
            return Err(JournalError::Io { doing: "open", path, source });
        }
        Ok(Self { connection: open::reader(&path)?, path })
    }

    /// The last durable entry.
    pub fn head(&self) -> Result<Head, JournalError> {
        let seq = open::last_seq(&self.connection, &self.path)?;
        open::head_at(&self.connection, &self.path, seq)?.ok_or_else(|| damage(&self.path, seq, "it is missing"))
    }

    /// A page of entries in their order. Shorter than asked where the text is long: go on behind the last one.
    pub fn entries(&self, page: &Page) -> Result<Vec<Entry>, JournalError> {
        let since = page.since.map(|since| self.first_since(since)).transpose()?;
        let after = page.after.unwrap_or(0).max(since.map_or(0, |first| first - 1));
        let before = page.before.unwrap_or(u64::MAX);
        let backwards = page.before.is_some() || (page.after.is_none() && page.since.is_none());
        let order = if backwards { "DESC" } else { "ASC" };
        let select = format!("SELECT {COLUMNS} FROM entries WHERE seq > ?1 AND seq < ?2 ORDER BY seq {order} LIMIT ?3");
        let read = |error| JournalError::from_read(&self.path, after, error);
        let mut statement = self.connection.prepare_cached(&select).map_err(read)?;
        let mut rows = statement.query(params![number(after), number(before), page.limit.min(PAGE_MAX)]).map_err(read)?;
        let (mut entries, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.next().map_err(read)? {
            let seq = row.get::<_, i64>(0).map_err(read)?.cast_unsigned();
            let stored = Stored::read(row).map_err(|why| damage(&self.path, seq, why))?;
            bytes += stored.event.len();
            if bytes > PAGE_BYTES && !entries.is_empty() {
                break;
            }
            entries.push(stored.entry().map_err(|why| damage(&self.path, seq, why))?);
        }
        if backwards {
            entries.reverse();
        }
        Ok(entries)
    }

    /// The number of the first entry that is not older; one behind the last where all are older.
    fn first_since(&self, since: Timestamp) -> Result<u64, JournalError> {
        let (mut low, mut high) = (1, open::last_seq(&self.connection, &self.path)? + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.time_of(middle)? < since {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    fn time_of(&self, seq: u64) -> Result<Timestamp, JournalError> {
        let at: Option<String> = self
            .connection
            .prepare_cached("SELECT at FROM entries WHERE seq = ?1")
            .and_then(|mut select| select.query_row([number(seq)], |row| row.get(0)).optional())
            .map_err(|error| JournalError::from_read(&self.path, seq - 1, error))?;
        at.and_then(|at| at.parse().ok()).ok_or_else(|| damage(&self.path, seq, "it or its time is missing"))
    }
}

/// SQLite's integers are signed; a bound beyond them means no bound.
fn number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
