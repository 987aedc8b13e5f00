//! Blocks and hours ↔ `samples.db`. WAL with `synchronous=NORMAL`: a power cut may take the last minutes, never the file.

use super::block::{Block, put, take};
use super::hour::{HOUR_MS, Hour};
use crate::domain::ProbeId;
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, params};
use std::collections::HashMap;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

/// Readings could not be stored; they stay in memory and are tried again with the next flush.
#[derive(Debug, Error)]
#[error("could not {doing} {}: {source}; readings stay in memory until it works again", path.display())]
pub struct SamplesError {
    /// The verb.
    pub doing: &'static str,
    /// The database.
    pub path: PathBuf,
    /// SQLite's answer.
    pub source: rusqlite::Error,
}

const TABLES: &str = "
    PRAGMA auto_vacuum = INCREMENTAL;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA journal_size_limit = 8388608;
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS probes(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE IF NOT EXISTS blocks(
        probe INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, count INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
    CREATE INDEX IF NOT EXISTS blocks_by_probe ON blocks(probe, last);
    CREATE TABLE IF NOT EXISTS recent(id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS hourly(
        probe INTEGER NOT NULL, hour INTEGER NOT NULL, ok INTEGER NOT NULL, degraded INTEGER NOT NULL, failed INTEGER NOT NULL,
        error INTEGER NOT NULL, skipped INTEGER NOT NULL, min INTEGER NOT NULL, max INTEGER NOT NULL, sum INTEGER NOT NULL,
        p50 INTEGER NOT NULL, p90 INTEGER NOT NULL, PRIMARY KEY(probe, hour)) STRICT, WITHOUT ROWID;
    COMMIT;";

/// An hour that the clock visits twice is one row: counts are added, percentiles are those of the part with more answers.
const PUT_HOUR: &str = "INSERT INTO hourly VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
    ON CONFLICT DO UPDATE SET
        p50 = iif(excluded.ok + excluded.degraded > ok + degraded, excluded.p50, p50),
        p90 = iif(excluded.ok + excluded.degraded > ok + degraded, excluded.p90, p90),
        min = CASE WHEN excluded.ok + excluded.degraded = 0 THEN min WHEN ok + degraded = 0 THEN excluded.min ELSE min(min, excluded.min) END,
        max = max(max, excluded.max), sum = sum + excluded.sum, ok = ok + excluded.ok, degraded = degraded + excluded.degraded,
        failed = failed + excluded.failed, error = error + excluded.error, skipped = skipped + excluded.skipped";

/// What one flush stores.
#[derive(Debug, Default)]
pub(super) struct Flush<'a> {
    pub(super) sealed: Vec<(&'a ProbeId, &'a Block)>,
    pub(super) hours: Vec<(&'a ProbeId, Hour)>,
    /// New readings of open blocks, each probe's as a small block.
    pub(super) recent: Vec<(&'a ProbeId, &'a Block)>,
    /// Rows of `recent` before this one are in sealed blocks by now.
    pub(super) recent_from: i64,
}

/// Where a probe's stored readings end.
#[derive(Debug)]
pub(super) struct End {
    pub(super) probe: ProbeId,
    /// The last reading in a sealed block, in milliseconds since 1970.
    pub(super) block: Option<i64>,
    /// The last stored hour since 1970.
    pub(super) hour: Option<i64>,
}

/// The database.
#[derive(Debug)]
pub(super) struct Store {
    connection: Connection,
    pub(super) path: PathBuf,
}

impl Store {
    /// Opens the database of a state folder. A broken one is set aside as `samples.db.broken`, and a new one is begun.
    pub(super) fn open(state: &Path) -> Result<Self, SamplesError> {
        let path = state.join("samples.db");
        match Self::try_open(&path) {
            Err(error) if is_broken(&error.source) => {
                tracing::error!(path = %path.display(), %error, "the readings of the probes are unreadable; set aside, begun anew");
                set_aside(&path);
                Self::try_open(&path)
            }
            opened => opened,
        }
    }

    fn try_open(path: &Path) -> Result<Self, SamplesError> {
        let opened = || {
            // Made here, because SQLite would make it readable for others; where that fails, the opening says why.
            let _ = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
            let connection = Connection::open_with_flags(path, flags)?;
            connection.busy_timeout(Duration::from_secs(1))?;
            connection.execute_batch(TABLES)?;
            Ok(connection)
        };
        let connection = opened().map_err(|source| SamplesError { doing: "open", path: path.to_owned(), source })?;
        Ok(Self { connection, path: path.to_owned() })
    }

    fn failed(&self, doing: &'static str) -> impl FnOnce(rusqlite::Error) -> SamplesError + '_ {
        move |source| SamplesError { doing, path: self.path.clone(), source }
    }

    /// Stores a flush as one transaction and gives the number of its row in `recent`.
    pub(super) fn flush(&mut self, flush: &Flush<'_>) -> Result<i64, SamplesError> {
        let path = self.path.clone();
        self.write(flush).map_err(|source| SamplesError { doing: "write", path, source })
    }

    fn write(&mut self, flush: &Flush<'_>) -> rusqlite::Result<i64> {
        let transaction = self.connection.transaction()?;
        for (probe, block) in &flush.sealed {
            let probe = probe_number(&transaction, probe)?;
            transaction.prepare_cached("INSERT INTO blocks VALUES(?1, ?2, ?3, ?4, ?5)")?.execute(params![
                probe,
                block.first,
                block.last,
                block.count as u32,
                block.data
            ])?;
        }
        for (probe, hour) in &flush.hours {
            let probe = probe_number(&transaction, probe)?;
            let number = hour.at.as_millisecond().div_euclid(HOUR_MS);
            transaction.prepare_cached(PUT_HOUR)?.execute(params![
                probe,
                number,
                hour.ok,
                hour.degraded,
                hour.failed,
                hour.error,
                hour.skipped,
                hour.min_us,
                hour.max_us,
                hour.sum_us.cast_signed(),
                hour.p50_us,
                hour.p90_us
            ])?;
        }
        let mut data = Vec::new();
        // All times of one row are told from the earliest, which saves half of its bytes.
        let base = flush.recent.iter().map(|(_, block)| block.first).min().unwrap_or_default();
        put(&mut data, u128::from(base.cast_unsigned()));
        for (probe, block) in &flush.recent {
            put(&mut data, u128::from(probe_number(&transaction, probe)?.cast_unsigned()));
            put(&mut data, u128::from(block.first.abs_diff(base)));
            put(&mut data, block.count as u128);
            data.extend_from_slice(&block.data);
        }
        if !flush.recent.is_empty() {
            transaction.prepare_cached("INSERT INTO recent(data) VALUES(?1)")?.execute([data])?;
        }
        transaction.prepare_cached("DELETE FROM recent WHERE id < ?1")?.execute([flush.recent_from])?;
        let row = transaction.query_row("SELECT coalesce(max(id), 0) FROM recent", [], |row| row.get(0))?;
        transaction.commit()?;
        Ok(row)
    }

    /// What open blocks held at the last flush: the row, the probe, its readings; in their order.
    pub(super) fn recent(&self) -> Result<Vec<(i64, ProbeId, Block)>, SamplesError> {
        let read = || -> rusqlite::Result<_> {
            let names: HashMap<i64, ProbeId> = self.probes()?.into_iter().collect();
            let mut found = Vec::new();
            let mut select = self.connection.prepare("SELECT id, data FROM recent ORDER BY id")?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let (id, data): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
                let mut bytes = data.as_slice();
                let Some(base) = take(&mut bytes).and_then(|base| u64::try_from(base).ok()) else { continue };
                while let Some((number, block)) = take_recent(&mut bytes, base.cast_signed()) {
                    if let Some(name) = names.get(&number) {
                        found.push((id, name.clone(), block));
                    }
                }
            }
            Ok(found)
        };
        read().map_err(self.failed("read"))
    }

    /// Makes the open file useless, as a broken disk would.
    #[cfg(test)]
    pub(super) fn spoil(&mut self) {
        self.connection.execute_batch("DROP TABLE blocks; DROP TABLE recent").unwrap();
    }

    fn probes(&self) -> rusqlite::Result<Vec<(i64, ProbeId)>> {
        let mut select = self.connection.prepare_cached("SELECT id, name FROM probes")?;
        select.query_map([], |row| Ok((row.get(0)?, ProbeId::new(row.get::<_, String>(1)?))))?.collect()
    }

    /// Where each probe's stored readings end.
    pub(super) fn ends(&self) -> Result<Vec<End>, SamplesError> {
        let read = || -> rusqlite::Result<_> {
            let mut select = self.connection.prepare(
                "SELECT name, (SELECT max(last) FROM blocks WHERE probe = id), (SELECT max(hour) FROM hourly WHERE probe = id) FROM probes",
            )?;
            select
                .query_map([], |row| Ok(End { probe: ProbeId::new(row.get::<_, String>(0)?), block: row.get(1)?, hour: row.get(2)? }))?
                .collect()
        };
        read().map_err(self.failed("read"))
    }

    /// The sealed blocks of a probe that end at this time or later, in milliseconds since 1970.
    pub(super) fn blocks(&self, probe: &ProbeId, since: i64) -> Result<Vec<Block>, SamplesError> {
        let read = || -> rusqlite::Result<_> {
            let mut select = self.connection.prepare_cached(
                "SELECT first, last, count, data FROM blocks WHERE probe = (SELECT id FROM probes WHERE name = ?1) AND last >= ?2
                 ORDER BY last",
            )?;
            select
                .query_map(params![probe.as_str(), since], |row| {
                    Ok(Block::stored(row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?.max(0) as usize, row.get(3)?))
                })?
                .collect()
        };
        read().map_err(self.failed("read"))
    }

    /// The stored hours of a probe from this hour since 1970 on.
    pub(super) fn hours(&self, probe: &ProbeId, since: i64) -> Result<Vec<Hour>, SamplesError> {
        let read = || -> rusqlite::Result<_> {
            let mut select = self.connection.prepare_cached(
                "SELECT hour, ok, degraded, failed, error, skipped, min, max, sum, p50, p90 FROM hourly
                 WHERE probe = (SELECT id FROM probes WHERE name = ?1) AND hour >= ?2 ORDER BY hour",
            )?;
            select
                .query_map(params![probe.as_str(), since], |row| {
                    Ok(Hour {
                        at: Timestamp::from_millisecond(row.get::<_, i64>(0)?.saturating_mul(HOUR_MS)).unwrap_or(Timestamp::UNIX_EPOCH),
                        ok: row.get(1)?,
                        degraded: row.get(2)?,
                        failed: row.get(3)?,
                        error: row.get(4)?,
                        skipped: row.get(5)?,
                        min_us: row.get(6)?,
                        max_us: row.get(7)?,
                        sum_us: row.get::<_, i64>(8)?.cast_unsigned(),
                        p50_us: row.get(9)?,
                        p90_us: row.get(10)?,
                    })
                })?
                .collect()
        };
        read().map_err(self.failed("read"))
    }

    /// Deletes blocks that end before `raw` (milliseconds since 1970) and hours before `hourly`, but of each at most the
    /// oldest `span` of milliseconds; gives the space back.
    pub(super) fn retain(&mut self, raw: i64, hourly: i64, span: i64) -> Result<usize, SamplesError> {
        let mut delete = || -> rusqlite::Result<usize> {
            let transaction = self.connection.transaction()?;
            let oldest: Option<i64> = transaction.query_row("SELECT min(last) FROM blocks", [], |row| row.get(0))?;
            let cut = oldest.map_or(raw, |oldest| raw.min(oldest.saturating_add(span)));
            let mut gone = transaction.execute("DELETE FROM blocks WHERE last < ?1", [cut])?;
            let oldest: Option<i64> = transaction.query_row("SELECT min(hour) FROM hourly", [], |row| row.get(0))?;
            let cut = oldest.map_or(hourly, |oldest| hourly.min(oldest.saturating_add(span / HOUR_MS)));
            gone += transaction.execute("DELETE FROM hourly WHERE hour < ?1", [cut])?;
            transaction.commit()?;
            self.connection.execute_batch("PRAGMA incremental_vacuum")?;
            Ok(gone)
        };
        delete().map_err(|source| SamplesError { doing: "clean up", path: self.path.clone(), source })
    }
}

fn probe_number(connection: &Connection, probe: &ProbeId) -> rusqlite::Result<i64> {
    connection.prepare_cached("INSERT INTO probes(name) VALUES(?1) ON CONFLICT DO NOTHING")?.execute([probe.as_str()])?;
    connection.prepare_cached("SELECT id FROM probes WHERE name = ?1")?.query_row([probe.as_str()], |row| row.get(0))
}

fn take_recent(bytes: &mut &[u8], base: i64) -> Option<(i64, Block)> {
    let number = i64::try_from(take(bytes)?).ok()?;
    let first = base.checked_add_unsigned(u64::try_from(take(bytes)?).ok()?)?;
    let count = usize::try_from(take(bytes)?).ok()?;
    let whole = *bytes;
    for _ in 0..count {
        take(bytes)?;
        take(bytes)?;
    }
    let data = whole.get(..whole.len() - bytes.len())?;
    Some((number, Block::stored(first, first, count, data.to_vec())))
}

/// Whether a database cannot be read any more, as opposed to a disk that is full or a lock that is held.
pub(super) fn is_broken(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase, TypeMismatch, Unknown};
    // `Unknown` is SQLite's general error: a table or column that should be there is not.
    matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase | TypeMismatch | Unknown))
        || matches!(error, rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::IntegralValueOutOfRange(..))
}

fn set_aside(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let from = PathBuf::from(format!("{}{suffix}", path.display()));
        let to = PathBuf::from(format!("{}.broken{suffix}", path.display()));
        // An absent WAL is the usual case; a database that cannot be moved is met again by the opening.
        let _ = std::fs::rename(from, to);
    }
}
