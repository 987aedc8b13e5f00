//! A journal of format 1 becomes one of this format: old or new, never between, and the old file is kept.

use crate::{all, fill, filled, state};
use dogwatch::journal::{FORMAT, Journal, JournalError, Reader, verify};
use rusqlite::Connection;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Turns a journal into what the first version wrote.
fn as_format_1(state: &Path) {
    let connection = Connection::open(state.join("journal.db")).unwrap();
    connection.execute_batch("DELETE FROM meta WHERE key <> 'format'; UPDATE meta SET value = '1' WHERE key = 'format'").unwrap();
    connection.close().unwrap();
}

fn meta(path: &Path, key: &str) -> Option<String> {
    let connection = Connection::open(path).unwrap();
    connection.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0)).ok()
}

#[test]
fn an_old_journal_gets_the_new_format_and_its_old_file_is_kept() {
    let (_folder, state) = state();
    filled(&state, 7);
    as_format_1(&state);
    assert_eq!(all(&state).len(), 7, "it can be read as it is");
    assert_eq!(verify(&state, &[]).unwrap().entries(), 7);
    let mut journal = Journal::open(&state).unwrap();
    fill(&mut journal, 3);
    journal.rotate().unwrap();
    fill(&mut journal, 1);
    journal.close().unwrap();
    assert_eq!(meta(&state.join("journal.db"), "format"), Some(FORMAT.to_string()), "the version before refuses it");
    assert_eq!(meta(&state.join("journal.db"), "first").as_deref(), Some("1"));
    assert_eq!(verify(&state, &[]).unwrap().entries(), 11);
    let kept = state.join("journal.db.format-1");
    assert_eq!(meta(&kept, "format").as_deref(), Some("1"));
    let count: i64 = Connection::open(&kept).unwrap().query_row("SELECT count(*) FROM entries", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 7);
}

#[test]
fn a_cut_off_change_leaves_the_old_format_and_the_next_start_makes_it_whole() {
    let (_folder, state) = state();
    filled(&state, 4);
    as_format_1(&state);
    // Killed while the copy was made, and while it had its name but nothing else was done.
    fs::write(state.join("journal.db.new"), "half of a copy").unwrap();
    assert_eq!(Reader::open(&state).unwrap().head().unwrap().seq, 4);
    let journal = Journal::open(&state).unwrap();
    drop(journal);
    as_format_1(&state);
    assert!(state.join("journal.db.format-1").exists());
    let mut journal = Journal::open(&state).unwrap();
    fill(&mut journal, 1);
    journal.close().unwrap();
    assert_eq!(meta(&state.join("journal.db"), "format"), Some(FORMAT.to_string()));
    assert!(!state.join("journal.db.new").exists());
    assert_eq!(verify(&state, &[]).unwrap().entries(), 5);
}

#[test]
fn a_full_disk_keeps_the_old_format_and_the_record_goes_on() {
    if !rustix::process::geteuid().is_root() {
        let me = std::env::current_exe().unwrap();
        let run = Command::new("unshare")
            .args(["-rm"])
            .arg(me)
            .args(["--exact", "migration::a_full_disk_keeps_the_old_format_and_the_record_goes_on"])
            .status();
        assert!(run.unwrap().success(), "this test needs root or user namespaces to mount a small disk");
        return;
    }
    let (folder, _) = state();
    let disk = crate::faults::SmallDisk::mount(&folder.path().join("disk"), 80);
    let state = disk.path().join("state");
    filled(&state, 4);
    as_format_1(&state);
    let ballast = disk.path().join("ballast");
    fs::write(&ballast, vec![1; 40 << 20]).unwrap();
    let mut journal = Journal::open(&state).unwrap();
    fill(&mut journal, 2);
    assert_eq!(meta(&state.join("journal.db"), "format").as_deref(), Some("1"));
    assert!(!state.join("journal.db.format-1").exists() && !state.join("journal.db.new").exists());
    assert!(matches!(journal.rotate(), Err(JournalError::Full { .. })), "a second file needs the new format");
    fs::remove_file(&ballast).unwrap();
    assert!(journal.rotate().unwrap());
    fill(&mut journal, 1);
    assert_eq!(verify(&state, &[]).unwrap().entries(), 7);
    assert!(state.join("journal.db.format-1").exists());
}
