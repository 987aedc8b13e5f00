//! The files of the journal: the one that is written, and the closed ones before it, each named after its first entry.
//!
//! `journal.db` begins with entry 1, `journal-000000120001.db` with entry 120,001. The last one is written; a rotation
//! makes the next one under another name and gives it its own by one rename, so that a start finds the old list of files
//! or the new one, never anything between.

use super::chain::{COLUMNS, Head, Linker, Stored, damage};
use super::{JournalError, open, place};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::cell::OnceCell;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The first file, and the only one until the first rotation.
const FIRST: &str = "journal.db";
/// What a file is called while it is made.
pub(super) const UNFINISHED: &str = ".new";

/// One file of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// The number of its first entry; the file may still be without one.
    pub(super) first: u64,
    /// Where it is.
    pub(super) path: PathBuf,
}

/// The file that begins with this entry.
pub(super) fn path(state: &Path, first: u64) -> PathBuf {
    state.join(if first <= 1 { FIRST.to_owned() } else { format!("journal-{first:012}.db") })
}

/// All files of a state folder in their order; none where there is no journal.
pub(super) fn list(state: &Path) -> Result<Vec<Part>, JournalError> {
    let failed = |source| JournalError::Io { doing: "look into", path: state.to_owned(), source };
    let names = match fs::read_dir(state) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut parts = Vec::new();
    for name in names {
        let name = name.map_err(failed)?.file_name();
        if let Some(first) = name.to_str().and_then(first_of) {
            parts.push(Part { first, path: state.join(name) });
        }
    }
    parts.sort_by_key(|part| part.first);
    Ok(parts)
}

fn first_of(name: &str) -> Option<u64> {
    if name == FIRST {
        return Some(1);
    }
    let digits = name.strip_prefix("journal-")?.strip_suffix(".db")?;
    (digits.len() >= 12 && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| digits.parse().ok())
        .flatten()
        .filter(|first| *first > 1)
}

/// Removes what a rotation that was cut off has left; it never had a name that counts.
pub(super) fn sweep(state: &Path) {
    let Ok(names) = fs::read_dir(state) else { return };
    for path in names.flatten().map(|name| name.path()) {
        let is_unfinished = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| {
            name.starts_with("journal")
                && name.split_once(UNFINISHED).is_some_and(|(whole, rest)| whole.contains(".db") && !rest.contains('.'))
        });
        if is_unfinished && let Err(error) = fs::remove_file(&path) {
            tracing::warn!(path = %path.display(), %error, "what a rotation left is still there");
        }
    }
}

/// All files as one chain, for reading. Each is opened when it is needed.
#[derive(Debug)]
pub(super) struct Chain {
    state: PathBuf,
    parts: Vec<Part>,
    open: Vec<OnceCell<Connection>>,
}

impl Chain {
    /// The files that are there now.
    pub(super) fn of(state: &Path) -> Result<Self, JournalError> {
        let parts = list(state)?;
        let open = parts.iter().map(|_| OnceCell::new()).collect();
        Ok(Self { state: state.to_owned(), parts, open })
    }

    /// The files, in their order.
    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The file that is written, or where the first one would be.
    pub(super) fn active(&self) -> PathBuf {
        self.parts.last().map_or_else(|| path(&self.state, 1), |part| part.path.clone())
    }

    /// The place of the file that holds an entry, or would.
    pub(super) fn place_of(&self, seq: u64) -> usize {
        self.parts.partition_point(|part| part.first <= seq).saturating_sub(1)
    }

    /// The file that holds an entry, or would.
    pub(super) fn path_of(&self, seq: u64) -> PathBuf {
        self.parts.get(self.place_of(seq)).map_or_else(|| path(&self.state, 1), |part| part.path.clone())
    }

    /// A file's connection.
    pub(super) fn connection(&self, place: usize) -> Result<&Connection, JournalError> {
        let (Some(part), Some(cell)) = (self.parts.get(place), self.open.get(place)) else {
            let source = io::Error::from(io::ErrorKind::NotFound);
            return Err(JournalError::Io { doing: "open", path: path(&self.state, 1), source });
        };
        if let Some(connection) = cell.get() {
            return Ok(connection);
        }
        place::check_file(&part.path)?;
        let connection = open::reader(&part.path)?;
        Ok(cell.get_or_init(|| connection))
    }

    /// The number of the last entry, 0 where there is none.
    pub(super) fn last_seq(&self) -> Result<u64, JournalError> {
        match self.parts.len().checked_sub(1) {
            Some(last) => self.last_seq_in(last),
            None => Ok(0),
        }
    }

    /// The number of the last entry in a file, or of the one before it where it is empty.
    pub(super) fn last_seq_in(&self, place: usize) -> Result<u64, JournalError> {
        let Some(part) = self.parts.get(place) else { return Ok(0) };
        let last: Option<i64> = self
            .connection(place)?
            .query_row("SELECT max(seq) FROM entries", [], |row| row.get(0))
            .or_else(|error| match error {
                // A file that was made and has no tables yet.
                rusqlite::Error::SqliteFailure(..) if is_empty(&part.path) => Ok(None),
                error => Err(error),
            })
            .map_err(|error| JournalError::from_read(&part.path, part.first - 1, error))?;
        Ok(last.map_or(part.first - 1, i64::cast_unsigned))
    }

    /// The head as it was after an entry, as its row says; `None` where the row is missing.
    pub(super) fn head_at(&self, seq: u64) -> Result<Option<Head>, JournalError> {
        if seq == 0 {
            return Ok(Some(Head::START));
        }
        let place = self.place_of(seq);
        let path = self.path_of(seq);
        self.connection(place)?
            .query_row("SELECT hash FROM entries WHERE seq = ?1", [seq.cast_signed()], |row| row.get::<_, [u8; 32]>(0))
            .optional()
            .map(|hash| hash.map(|hash| Head { seq, hash }))
            .map_err(|error| match error {
                rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..) => {
                    damage(&path, seq, "its hash is not 32 bytes")
                }
                error => JournalError::from_read(&path, seq - 1, error),
            })
    }

    /// Walks the chain after a head to its end, or to an entry, and gives the new head; `each` sees every row.
    pub(super) fn walk(
        &self,
        from: Head,
        to: u64,
        mut each: impl FnMut(&Stored<'_>) -> Result<(), JournalError>,
    ) -> Result<Head, JournalError> {
        let mut head = from;
        for place in self.place_of(from.seq + 1)..self.parts.len() {
            let Some(part) = self.parts.get(place).filter(|part| part.first <= to) else { break };
            if head.seq + 1 < part.first {
                let why = format!("it is missing; the next file, {}, begins with {}", name(&part.path), part.first);
                return Err(damage(&self.path_of(head.seq + 1), head.seq + 1, why));
            }
            let connection = self.connection(place)?;
            if head.seq + 1 == part.first && place > 0 {
                let before = open::begins(connection, &part.path)?;
                if before.first != part.first || before.before != head.hash {
                    let why = format!("{} does not begin with the hash of the entry before it", name(&part.path));
                    return Err(damage(&part.path, part.first, why));
                }
            }
            let until = self.parts.get(place + 1).map_or(to, |next| to.min(next.first - 1));
            head = walk_file(connection, &part.path, head, until, &mut each)?;
        }
        Ok(head)
    }
}

fn walk_file(
    connection: &Connection,
    path: &Path,
    from: Head,
    to: u64,
    each: &mut impl FnMut(&Stored<'_>) -> Result<(), JournalError>,
) -> Result<Head, JournalError> {
    let mut head = from;
    let mut linker = Linker::default();
    let select = format!("SELECT {COLUMNS} FROM entries WHERE seq > ?1 AND seq <= ?2 ORDER BY seq");
    let mut statement = connection.prepare_cached(&select).map_err(|error| JournalError::from_read(path, head.seq, error))?;
    let mut rows = statement
        .query(params![from.seq.cast_signed(), i64::try_from(to).unwrap_or(i64::MAX)])
        .map_err(|error| JournalError::from_read(path, head.seq, error))?;
    while let Some(row) = rows.next().map_err(|error| JournalError::from_read(path, head.seq, error))? {
        let first_bad = head.seq + 1;
        let stored = Stored::read(row).map_err(|why| damage(path, first_bad, why))?;
        head = stored.follow(&head, &mut linker).map_err(|why| damage(path, first_bad, why))?;
        each(&stored)?;
    }
    Ok(head)
}

/// The name of a file, for messages that have the folder already.
pub(super) fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn is_empty(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|facts| facts.len() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_where_a_file_begins() {
        let state = Path::new("/s");
        assert_eq!(first_of("journal.db"), Some(1));
        for first in [2, 120_001, 123_456_789_012, 1_234_567_890_123] {
            let name = name(&path(state, first));
            assert_eq!(first_of(&name), Some(first), "{name}");
        }
        for other in
            ["journal-000000000001.db", "journal-12.db", "journal-000000120001.db.new", "journal.db-wal", "journal-abcdefghijkl.db"]
        {
            assert_eq!(first_of(other), None, "{other}");
        }
    }
}
