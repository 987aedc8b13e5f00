//! The one writer: append within a batch, commit durably, then anchor.

use super::anchor::{Anchor, Anchored};
use super::chain::{Head, Linker};
use super::files::{self, Chain};
use super::reserve::Reserve;
use super::{JournalError, checkpoint, migrate, open, place, replay};
use crate::domain::{Author, Entry, Event};
use crate::json;
use crate::world::World;
use jiff::{SignedDuration, Timestamp};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::path::{Path, PathBuf};

/// The longest event: 4 MiB, half of a frame on the wire.
pub const ENTRY_MAX: usize = 4 << 20;
/// Bytes in the WAL after which it is folded into the database: about a thousand pages.
const WAL_FOLDED_AT: u64 = 4 << 20;
/// Bytes that a commit writes beside its entries, about: the changed pages with their headers.
const COMMIT_BYTES: u64 = 2 * 4096;
/// Distance between two syncs of the anchor (FAULTS: audit, anchor at most 1 s behind).
const ANCHOR_EVERY: SignedDuration = SignedDuration::from_secs(1);

/// The writer of the record. There is one in one daemon; the daemon's own lock sees to that.
///
/// An error of [`append`](Self::append), [`remember`](Self::remember) or [`commit`](Self::commit) drops the whole open
/// batch: nothing of it is stored, and the head is the last committed one.
#[derive(Debug)]
pub struct Journal {
    pub(super) connection: Connection,
    pub(super) state: PathBuf,
    pub(super) path: PathBuf,
    pub(super) committed: Anchored,
    last: Anchored,
    pub(super) in_batch: bool,
    linker: Linker,
    pub(super) anchor: Anchor,
    anchor_synced_at: Timestamp,
    reserve: Reserve,
    pub(super) wal_bytes: u64,
    pub(super) broken: Option<(PathBuf, String)>,
}

impl Journal {
    /// Opens the journal of a state folder, and makes both where they are missing. The end of the chain is compared with
    /// the anchor; a journal whose tail is missing is refused and left as it is.
    pub fn open(state: &Path) -> Result<Self, JournalError> {
        match Self::try_open(state) {
            // Even the index of the WAL needs space: on a full disk the reserve is what a start lives on.
            Err(JournalError::Full { .. }) if std::fs::remove_file(state.join("reserve")).is_ok() => Self::try_open(state),
            opened => opened,
        }
    }

    fn try_open(state: &Path) -> Result<Self, JournalError> {
        place::prepare(state)?;
        for name in ["anchor", "reserve", "world.json"] {
            place::check_file(&state.join(name))?;
        }
        let parts = files::list(state)?;
        for part in &parts {
            place::check_file(&part.path)?;
            for beside in ["-wal", "-shm"] {
                place::check_file(&beside_of(&part.path, beside))?;
            }
        }
        let path = parts.last().map_or_else(|| files::path(state, 1), |part| part.path.clone());
        if parts.is_empty() {
            refuse_lost_database(state, &path)?;
            drop(place::create(&path)?);
            place::sync_folder(state)?;
        }
        // Looked at through a connection that cannot write, before anything is touched.
        if std::fs::metadata(&path).is_ok_and(|facts| facts.len() > 0) || beside_of(&path, "-wal").exists() {
            look(state, &path)?;
        }
        files::sweep(state);
        let begins = open::Begins::anew(state);
        let connection = open::writer(&path, &begins)?;
        if let Err(error) = migrate::migrate(&connection, &path, &begins) {
            // The old format holds everything but a second file: the record goes on, the next rotation tries again.
            tracing::warn!(%error, "the journal keeps its old format until there is room to change it");
        }
        let last = open::check_anchor(&Chain::of(state)?, state)?;
        let mut anchor = Anchor::open(&state.join("anchor"), &last)?;
        anchor.write(&last)?;
        let mut journal = Self {
            connection,
            state: state.to_owned(),
            path,
            committed: last,
            last,
            in_batch: false,
            linker: Linker::default(),
            anchor,
            anchor_synced_at: Timestamp::MIN,
            reserve: Reserve::new(state),
            wal_bytes: 0,
            broken: None,
        };
        journal.fold_wal()?;
        Ok(journal)
    }

    /// The last entry, that of the open batch included.
    pub fn head(&self) -> Head {
        self.last.head
    }

    /// The last durable entry.
    pub fn committed(&self) -> Head {
        self.committed.head
    }

    /// The last durable entry with its time, as anchors tell it.
    pub fn committed_at(&self) -> Anchored {
        self.committed
    }

    /// Why nothing can be recorded until a restart, if so.
    pub fn broken(&self) -> Option<&str> {
        self.broken.as_ref().map(|(_, why)| why.as_str())
    }

    /// Whether the disk has been full and the reserve is in use: only what must be recorded should be.
    pub fn is_short_of_space(&self) -> bool {
        !self.reserve.is_held()
    }

    /// Takes the reserve again when there is space; true when recording can go on as usual. For an idle moment.
    pub fn regain_space(&mut self) -> bool {
        self.reserve.take()
    }

    /// The world after the last durable entry: from the checkpoint where it fits, else from the first entry on. Every
    /// entry that is folded is checked against the chain.
    pub fn load_world(&mut self) -> Result<World, JournalError> {
        self.rollback();
        replay::load(&self.state, self.committed.head)
    }

    /// Adds an entry to the open batch, and begins one where there is none. It is not durable before
    /// [`commit`](Self::commit).
    pub fn append(&mut self, at: Timestamp, author: &Author, event: Event) -> Result<Entry, JournalError> {
        let event_json = event.to_json()?;
        let author_json = json::text(author)?;
        if event_json.len() > ENTRY_MAX {
            self.rollback();
            return Err(JournalError::TooLarge { bytes: event_json.len(), max: ENTRY_MAX });
        }
        self.begin()?;
        let at = Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at);
        let at_text = format!("{at:.6}");
        let seq = self.last.head.seq + 1;
        let hash = self.linker.link(&self.last.head.hash, seq, at_text.as_bytes(), author_json.as_bytes(), event_json.as_bytes());
        let stored = self
            .connection
            .prepare_cached("INSERT INTO entries(seq, at, author, event, hash) VALUES(?1, ?2, ?3, ?4, ?5)")
            .and_then(|mut insert| insert.execute(params![seq.cast_signed(), at_text, author_json, event_json, hash.as_slice()]));
        stored.map_err(|error| self.failed("write to", error))?;
        self.last = Anchored { head: Head { seq, hash }, at };
        self.wal_bytes += (event_json.len() + author_json.len() + 80) as u64;
        Ok(Entry { seq, at, author: author.clone(), event })
    }

    /// The answer that an earlier request with this key got, that of the open batch included.
    pub fn answered(&mut self, key: &str) -> Result<Option<String>, JournalError> {
        self.connection
            .prepare_cached("SELECT answer FROM requests WHERE key = ?1")
            .and_then(|mut select| select.query_row([key], |row| row.get(0)).optional())
            .map_err(|error| JournalError::from_sqlite("read", &self.path, error))
    }

    /// Keeps the answer to a request, in the same batch as what it caused. The first answer to a key stays.
    pub fn remember(&mut self, key: &str, at: Timestamp, answer: &str) -> Result<(), JournalError> {
        self.begin()?;
        let kept = self
            .connection
            .prepare_cached("INSERT INTO requests(key, at, answer) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING")
            .and_then(|mut insert| insert.execute(params![key, format!("{at:.6}"), answer]));
        self.wal_bytes += (key.len() + answer.len() + 40) as u64 + COMMIT_BYTES;
        kept.map(drop).map_err(|error| self.failed("write to", error))
    }

    /// Forgets the answers to requests from before a time; takes effect with the next [`commit`](Self::commit).
    pub fn forget_requests(&mut self, before: Timestamp) -> Result<usize, JournalError> {
        self.begin()?;
        let gone = self.connection.execute("DELETE FROM requests WHERE at < ?1", [format!("{before:.6}")]);
        gone.map_err(|error| self.failed("write to", error))
    }

    /// Makes the open batch durable, then writes the anchor. Without a batch it does nothing.
    pub fn commit(&mut self) -> Result<(), JournalError> {
        if !self.in_batch {
            return Ok(());
        }
        let done = self.connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
        if let Err(error) = done {
            // A write or sync that failed here leaves it open what is on the disk: from now on nothing is promised.
            let storage = error.sqlite_error_code() == Some(rusqlite::ErrorCode::SystemIoFailure);
            let words = error.to_string();
            let error = self.failed("commit to", error);
            return Err(if storage && !matches!(error, JournalError::Full { .. }) { self.break_down(words) } else { error });
        }
        self.in_batch = false;
        self.committed = self.last;
        self.write_anchor();
        self.wal_bytes += COMMIT_BYTES;
        if self.wal_bytes >= WAL_FOLDED_AT {
            // The batch itself is durable; what failed here is remembered and refuses the next one.
            if let Err(error) = self.fold_wal() {
                tracing::error!(%error, "the journal's WAL could not be folded into its database");
            }
        }
        Ok(())
    }

    /// Drops the open batch.
    pub fn rollback(&mut self) {
        if self.in_batch {
            if !self.connection.is_autocommit()
                && let Err(error) = self.connection.execute_batch("ROLLBACK")
            {
                tracing::warn!(%error, "the open batch was dropped, but SQLite did not say so");
            }
            self.in_batch = false;
            self.last = self.committed;
        }
    }

    /// Makes the anchor durable, at most once a second: for every idle moment, and after each commit under load. An error is
    /// final.
    pub fn sync_anchor(&mut self, now: Timestamp) -> Result<(), JournalError> {
        let since = now.duration_since(self.anchor_synced_at);
        if since < ANCHOR_EVERY && !since.is_negative() {
            return Ok(());
        }
        self.anchor_synced_at = now;
        self.anchor.sync().inspect_err(|error| self.broken = Some((self.state.join("anchor"), error.to_string())))
    }

    /// Ends in order: drops an open batch, folds the WAL into the database, makes the anchor durable.
    pub fn close(mut self) -> Result<(), JournalError> {
        self.rollback();
        self.sync_anchor(Timestamp::MAX)?;
        self.fold_wal()
    }

    /// Stores a world as the cache `world.json`; for any thread. Its last entry must be durable.
    pub fn checkpoint(state: &Path, world: &World) -> Result<(), JournalError> {
        checkpoint::write(state, world)
    }

    pub(super) fn begin(&mut self) -> Result<(), JournalError> {
        if let Some((path, why)) = &self.broken {
            return Err(JournalError::Sync { path: path.clone(), why: why.clone() });
        }
        if !self.in_batch {
            let begun = self.connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut begin| begin.execute([]));
            begun.map_err(|error| self.failed("begin a batch in", error))?;
            self.in_batch = true;
        }
        Ok(())
    }

    /// Drops the batch, gives the error its meaning, and acts on it.
    fn failed(&mut self, doing: &'static str, error: rusqlite::Error) -> JournalError {
        self.rollback();
        let error = JournalError::from_sqlite(doing, &self.path, error);
        match &error {
            JournalError::Full { .. } => drop(self.reserve.release()),
            JournalError::Sync { why, .. } => self.broken = Some((self.path.clone(), why.clone())),
            _ => {}
        }
        error
    }

    pub(super) fn break_down(&mut self, why: String) -> JournalError {
        self.broken = Some((self.path.clone(), why.clone()));
        // What SQLite would fold on closing may never have reached the disk.
        if let Err(error) = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true) {
            tracing::warn!(%error, "the WAL may be folded on closing");
        }
        JournalError::Sync { path: self.path.clone(), why }
    }

    fn write_anchor(&mut self) {
        // The entries are durable; an anchor that lags behind is caught up by the next commit.
        if let Err(error) = self.anchor.write(&self.committed) {
            tracing::error!(%error, "the anchor lags behind the journal");
        }
    }

    /// Moves the WAL's pages into the database, as far as readers let it.
    pub(super) fn fold_wal(&mut self) -> Result<(), JournalError> {
        if let Some((path, why)) = &self.broken {
            return Err(JournalError::Sync { path: path.clone(), why: why.clone() });
        }
        self.wal_bytes = 0;
        match self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
            Ok(()) => Ok(()),
            Err(error) => {
                let io = error.sqlite_error_code() == Some(rusqlite::ErrorCode::SystemIoFailure);
                let words = error.to_string();
                match self.failed("fold the WAL into", error) {
                    full @ JournalError::Full { .. } => Err(full),
                    _ if io => Err(self.break_down(words)),
                    other => Err(other),
                }
            }
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.rollback();
        if self.broken.is_none() {
            // On the way out of a failing daemon there is nobody left to tell; the next start checks the chain.
            let _ = self.anchor.sync();
            let _ = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false);
        }
    }
}

/// The file that SQLite keeps beside a database.
pub(super) fn beside_of(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// A database that is gone while an anchor knows of entries is a missing tail from entry 1 on.
fn refuse_lost_database(state: &Path, path: &Path) -> Result<(), JournalError> {
    match super::anchor::read(&state.join("anchor"))? {
        Some(anchored) if anchored.head.seq > 0 => {
            let why = format!("the database is gone; the anchor knows entries up to {} of {}", anchored.head.seq, anchored.at);
            Err(super::chain::damage(path, 1, why))
        }
        _ => Ok(()),
    }
}

/// The quick check, without a write.
fn look(state: &Path, path: &Path) -> Result<(), JournalError> {
    let connection = open::reader(path)?;
    let tables = connection.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'entries'", [], |row| row.get::<_, i64>(0));
    match tables.map_err(|error| JournalError::from_read(path, 0, error))? {
        0 => refuse_lost_database(state, path),
        _ => open::check_anchor(&Chain::of(state)?, state).map(drop),
    }
}
