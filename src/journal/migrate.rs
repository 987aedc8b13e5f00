//! Format 1 → 2: a file says where it begins. A copy of the file as it was is kept; a kill or a full disk leaves the old
//! format or the new one.

use super::append::beside_of;
use super::open::{self, Begins, FORMAT};
use super::{JournalError, place};
use rusqlite::Connection;
use rusqlite::backup::Backup;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Space that must stay free beside the copy: the record itself needs room to go on.
const SPARE: u64 = 32 << 20;
/// Pages that are copied at once; nobody else writes meanwhile.
const PAGES: i32 = 4_096;

/// The copy of a file in an older format.
pub(super) fn backup_of(path: &Path, format: u32) -> PathBuf {
    beside_of(path, &format!(".format-{format}"))
}

/// Brings a file to the format of this version, if it has an older one.
pub(super) fn migrate(connection: &Connection, path: &Path, begins: &Begins) -> Result<(), JournalError> {
    let Some(format) = open::format_of(connection, path)?.filter(|format| *format < FORMAT) else { return Ok(()) };
    keep(connection, path, &backup_of(path, format))?;
    let change = || {
        let change = connection.unchecked_transaction()?;
        open::write_meta(&change, begins)?;
        change.commit()
    };
    change().map_err(|error| JournalError::from_sqlite("change the format of", path, error))?;
    tracing::info!(path = %path.display(), from = format, to = FORMAT, "the journal has a new format; the old file is kept beside it");
    Ok(())
}

/// Copies the file with what its WAL holds; the copy appears whole or not at all.
fn keep(connection: &Connection, path: &Path, to: &Path) -> Result<(), JournalError> {
    if to.exists() {
        return Ok(()); // of an earlier try: nothing was changed since, or the format would be new
    }
    let size = |path: &Path| fs::metadata(path).map_or(0, |facts| facts.len());
    let needed = size(path) + size(&beside_of(path, "-wal")) + SPARE;
    if place::free(path) < needed {
        return Err(JournalError::Full { path: to.to_owned() });
    }
    let new = beside_of(path, super::files::UNFINISHED);
    let io = |doing| move |source| JournalError::Io { doing, path: to.to_owned(), source };
    let file = place::create(&new)?;
    file.set_len(0).map_err(io("make"))?;
    let copied = || {
        let mut copy = Connection::open(&new)?;
        Backup::new(connection, &mut copy)?.run_to_completion(PAGES, Duration::ZERO, None)?;
        // A plain file: whoever opens it needs nothing beside it.
        copy.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get::<_, String>(0)).map(drop)
    };
    if let Err(error) = copied() {
        let _ = fs::remove_file(&new); // a part of a copy only takes space
        return Err(JournalError::from_sqlite("copy", path, error));
    }
    file.sync_all().map_err(io("sync"))?;
    fs::rename(&new, to).map_err(io("make"))?;
    place::sync_folder(path.parent().unwrap_or(path))
}
