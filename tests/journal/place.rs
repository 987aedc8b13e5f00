//! Where a journal may be, who may touch it, and which formats are read.

use crate::{fill, filled, state};
use dogwatch::journal::{FORMAT, Journal, JournalError, Reader, verify};
use rusqlite::Connection;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn refused(state: &Path, named: &Path) {
    match Journal::open(state) {
        Err(error @ JournalError::Place { .. }) => {
            assert!(error.to_string().contains(&named.display().to_string()), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn everything_is_private_to_its_user() {
    let (_folder, state) = state();
    let mut journal = Journal::open(&state).unwrap();
    fill(&mut journal, 2);
    assert_eq!(mode(&state), 0o700);
    let mut files = 0;
    for file in fs::read_dir(&state).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        files += 1;
    }
    assert_eq!(files, 5, "database, WAL, its index, anchor, reserve");
    journal.close().unwrap();
    set(&state, 0o755);
    set(&state.join("journal.db"), 0o644);
    drop(Journal::open(&state).unwrap());
    assert_eq!((mode(&state), mode(&state.join("journal.db"))), (0o700, 0o600), "what others could read is closed");
}

#[test]
fn what_others_can_write_is_refused_with_its_path() {
    let (_folder, state) = state();
    filled(&state, 2);
    for writable in [0o770, 0o707] {
        set(&state, writable);
        refused(&state, &state);
        set(&state, 0o700);
    }
    for file in ["journal.db", "anchor"] {
        let path = state.join(file);
        set(&path, 0o660);
        refused(&state, &path);
        set(&path, 0o600);
        fs::rename(&path, state.join("moved")).unwrap();
        symlink(state.join("moved"), &path).unwrap();
        refused(&state, &path);
        fs::remove_file(&path).unwrap();
        fs::rename(state.join("moved"), &path).unwrap();
    }
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&state, Some(12_345), None).unwrap();
        refused(&state, &state);
        std::os::unix::fs::chown(&state, Some(0), None).unwrap();
    } else {
        // Without root nothing can be given away; but the root folder is somebody else's for sure.
        refused(Path::new("/"), Path::new("/"));
    }
    Journal::open(&state).unwrap();
}

#[test]
fn a_newer_format_is_refused_and_untouched() {
    let (_folder, state) = state();
    filled(&state, 2);
    let connection = Connection::open(state.join("journal.db")).unwrap();
    connection.execute("UPDATE meta SET value = ?1 WHERE key = 'format'", [(FORMAT + 1).to_string()]).unwrap();
    connection.close().unwrap();
    let before = fs::read(state.join("journal.db")).unwrap();
    let error = Journal::open(&state).unwrap_err();
    assert!(matches!(error, JournalError::Newer { found, known, .. } if found == FORMAT + 1 && known == FORMAT));
    assert!(error.to_string().contains("use the newer dogwatch"), "{error}");
    assert!(matches!(Reader::open(&state), Err(JournalError::Newer { .. })));
    assert!(matches!(verify(&state, &[]), Err(JournalError::Newer { .. })));
    assert_eq!(fs::read(state.join("journal.db")).unwrap(), before);
}

#[test]
fn a_database_of_another_program_is_refused() {
    let (_folder, state) = state();
    filled(&state, 0);
    fs::remove_file(state.join("journal.db")).unwrap();
    Connection::open(state.join("journal.db")).unwrap().execute_batch("CREATE TABLE theirs(x)").unwrap();
    set(&state.join("journal.db"), 0o600);
    refused(&state, &state.join("journal.db"));
}

#[test]
fn a_reader_without_a_journal_says_so() {
    let (_folder, state) = state();
    let error = Reader::open(&state).unwrap_err();
    assert!(error.to_string().contains("journal.db"), "{error}");
    assert!(!state.exists(), "reading makes nothing");
}
