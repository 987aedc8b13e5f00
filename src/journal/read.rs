//! Journal → pages of entries, for history that the world no longer holds. Each page is one short transaction.

use super::JournalError;
use super::chain::{COLUMNS, Head, Stored, damage};
use super::files::Chain;
use crate::domain::Entry;
use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};
use std::path::Path;

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

/// Connections that only read, over all files. Open one per request, or keep one per task; it blocks.
#[derive(Debug)]
pub struct Reader {
    chain: Chain,
}

impl Reader {
    /// Opens the journal of a state folder.
    pub fn open(state: &Path) -> Result<Self, JournalError> {
        let chain = Chain::of(state)?;
        chain.connection(chain.parts().len().saturating_sub(1))?;
        Ok(Self { chain })
    }

    /// The last durable entry.
    pub fn head(&self) -> Result<Head, JournalError> {
        let seq = self.chain.last_seq()?;
        self.chain.head_at(seq)?.ok_or_else(|| damage(&self.chain.path_of(seq), seq, "it is missing"))
    }

    /// A page of entries in their order, from whichever files hold them. Shorter than asked where the text is long: go on
    /// behind the last one.
    pub fn entries(&self, page: &Page) -> Result<Vec<Entry>, JournalError> {
        let since = page.since.map(|since| self.first_since(since)).transpose()?;
        let after = page.after.unwrap_or(0).max(since.map_or(0, |first| first - 1));
        let before = page.before.unwrap_or(u64::MAX);
        let mut taken = Taken { entries: Vec::new(), bytes: 0, limit: page.limit.min(PAGE_MAX) as usize };
        let places = self.chain.place_of(after.saturating_add(1))..=self.chain.place_of(before.saturating_sub(1));
        let is_backwards = page.before.is_some() || (page.after.is_none() && page.since.is_none());
        if is_backwards {
            for place in places.rev() {
                if !self.take(place, (after, before), "DESC", &mut taken)? {
                    break;
                }
            }
            taken.entries.reverse();
        } else {
            for place in places {
                if !self.take(place, (after, before), "ASC", &mut taken)? {
                    break;
                }
            }
        }
        Ok(taken.entries)
    }

    /// Takes what one file has of a page; answers whether there is room for more.
    fn take(&self, place: usize, (after, before): (u64, u64), order: &str, taken: &mut Taken) -> Result<bool, JournalError> {
        let Some(part) = self.chain.parts().get(place) else { return Ok(false) };
        let path = &part.path;
        let room = taken.limit - taken.entries.len();
        let select = format!("SELECT {COLUMNS} FROM entries WHERE seq > ?1 AND seq < ?2 ORDER BY seq {order} LIMIT ?3");
        let read = |error| JournalError::from_read(path, after.max(part.first - 1), error);
        let mut statement = self.chain.connection(place)?.prepare_cached(&select).map_err(read)?;
        let mut rows = statement.query(params![number(after), number(before), number(room as u64)]).map_err(read)?;
        while let Some(row) = rows.next().map_err(read)? {
            let seq = row.get::<_, i64>(0).map_err(read)?.cast_unsigned();
            let stored = Stored::read(row).map_err(|why| damage(path, seq, why))?;
            taken.bytes += stored.event.len();
            if taken.bytes > PAGE_BYTES && !taken.entries.is_empty() {
                return Ok(false);
            }
            taken.entries.push(stored.entry().map_err(|why| damage(path, seq, why))?);
        }
        Ok(taken.entries.len() < taken.limit)
    }

    /// The number of the first entry that is not older; one behind the last where all are older.
    fn first_since(&self, since: Timestamp) -> Result<u64, JournalError> {
        let (mut low, mut high) = (1, self.chain.last_seq()? + 1);
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
        let path = self.chain.path_of(seq);
        let at: Option<String> = self
            .chain
            .connection(self.chain.place_of(seq))?
            .prepare_cached("SELECT at FROM entries WHERE seq = ?1")
            .and_then(|mut select| select.query_row([number(seq)], |row| row.get(0)).optional())
            .map_err(|error| JournalError::from_read(&path, seq - 1, error))?;
        at.and_then(|at| at.parse().ok()).ok_or_else(|| damage(&path, seq, "it or its time is missing"))
    }
}

/// What a page has so far.
struct Taken {
    entries: Vec<Entry>,
    bytes: usize,
    limit: usize,
}

/// SQLite's integers are signed; a bound beyond them means no bound.
fn number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
