//! Locks, full disks and failing syncs. The last two are made real: a small disk of its own, and a system call that fails.

use crate::{all, at, fill, marked, state};
use dogwatch::domain::Author;
use dogwatch::journal::{Journal, JournalError, verify};
use rusqlite::Connection;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

#[test]
fn a_lock_of_another_process_is_waited_for_and_then_named() {
    let (_folder, state) = state();
    let mut journal = Journal::open(&state).unwrap();
    fill(&mut journal, 3);
    let other = Connection::open(state.join("journal.db")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let begun = Instant::now();
    let error = journal.append(at(4), &Author::Engine, marked("waits")).unwrap_err();
    let waited = begun.elapsed();
    assert!(matches!(error, JournalError::Busy { .. }), "{error}");
    assert!(error.to_string().contains("fuser"), "{error}");
    assert!(waited > Duration::from_secs(4) && waited < Duration::from_secs(20), "{waited:?}");
    assert_eq!(all(&state).len(), 3, "readers go on");
    other.execute_batch("ROLLBACK").unwrap();
    fill(&mut journal, 1);
    assert_eq!(verify(&state, &[]).unwrap().entries(), 4, "nothing was lost, nothing came twice");
}

/// A disk of its own, unmounted at the end.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn mount(at: &Path, megabytes: u32) -> Self {
        fs::create_dir_all(at).unwrap();
        let size = format!("size={megabytes}m,mode=0700");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).status().unwrap();
        assert!(mounted.success(), "this test needs a host where root may mount a tmpfs");
        Self(at.to_owned())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_refuses_and_resumes_by_itself() {
    if !rustix::process::geteuid().is_root() {
        // Not skipped in silence: the same through a namespace of its own, where the host gives one.
        let me = std::env::current_exe().unwrap();
        let run =
            Command::new("unshare").args(["-rm"]).arg(me).args(["--exact", "faults::a_full_disk_refuses_and_resumes_by_itself"]).status();
        assert!(run.unwrap().success(), "this test needs root or user namespaces to mount a small disk");
        return;
    }
    let (folder, _) = state();
    let disk = SmallDisk::mount(&folder.path().join("disk"), 80);
    let state = disk.0.join("state");
    let mut journal = Journal::open(&state).unwrap();
    fill(&mut journal, 10);
    assert!(!journal.is_short_of_space());
    let ballast = disk.0.join("ballast");
    let filled = fs::write(&ballast, vec![1; 100 << 20]);
    assert!(filled.is_err(), "the disk is full now");

    let text = "x".repeat(100_000);
    let mut stored = 10;
    let full = loop {
        match journal.append(at(11), &Author::Engine, marked(&text)).and_then(|_| journal.commit()) {
            Ok(()) => stored += 1,
            Err(error) => break error,
        }
        assert!(stored < 400, "the disk never fills");
    };
    assert!(matches!(full, JournalError::Full { .. }), "{full}");
    assert!(full.to_string().contains("resumes by itself"), "{full}");
    assert!(journal.is_short_of_space() && !state.join("reserve").exists(), "the reserve is released");
    assert_eq!(journal.head().seq, stored);
    fill(&mut journal, 20); // what happened meanwhile can be recorded in the space of the reserve
    stored += 20;

    let error = loop {
        match journal.append(at(12), &Author::Engine, marked(&text)).and_then(|_| journal.commit()) {
            Ok(()) => stored += 1,
            Err(error) => break error,
        }
        assert!(stored < 1_000, "the reserve never ends");
    };
    assert!(matches!(error, JournalError::Full { .. }), "{error}");
    assert!(journal.append(at(13), &Author::Engine, marked(&text)).and_then(|_| journal.commit()).is_err());
    assert!(!journal.regain_space());

    fs::remove_file(&ballast).unwrap();
    fill(&mut journal, 5);
    assert!(journal.regain_space(), "there is space for the reserve again");
    assert!(!journal.is_short_of_space() && state.join("reserve").exists());
    assert_eq!(verify(&state, &[]).unwrap().entries(), stored + 5, "every acknowledged entry is there, and no other");
    journal.close().unwrap();
    assert!(fs::write(&ballast, vec![1; 100 << 20]).is_err(), "full again, and nothing runs");
    let mut journal = Journal::open(&state).unwrap();
    assert_eq!(journal.head().seq, stored + 5);
    assert!(journal.is_short_of_space(), "the start lives on the reserve");
    fill(&mut journal, 3);
    assert_eq!(verify(&state, &[]).unwrap().entries(), stored + 8);
}

/// Where a child of this test writes, when it runs with failing system calls.
const CHILD: &str = "DOGWATCH_TEST_FAILING_SYNC";

/// Builds the library that makes syncs fail while a file exists, and runs a test of this program with it.
fn with_failing_sync(test: &str, folder: &Path) {
    let library = folder.join("failing_sync.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/journal/failing_sync.c");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl").status();
    assert!(built.unwrap().success(), "the C compiler that builds SQLite builds this too");
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env("LD_PRELOAD", &library)
        .env("FAIL_SYNC_WHILE", folder.join("fail"))
        .env("FAIL_READ_WHILE", folder.join("fail-read"))
        .env(CHILD, folder)
        .output()
        .unwrap();
    assert!(run.status.success(), "{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
}

#[test]
fn after_the_first_failed_sync_nothing_is_acknowledged_until_a_restart() {
    let Ok(folder) = std::env::var(CHILD) else {
        let folder = tempfile::tempdir().unwrap();
        with_failing_sync("faults::after_the_first_failed_sync_nothing_is_acknowledged_until_a_restart", folder.path());
        return;
    };
    let folder = PathBuf::from(folder);
    let state = folder.join("state");
    let mut journal = Journal::open(&state).unwrap();
    fill(&mut journal, 4);
    fs::write(folder.join("fail"), "").unwrap();
    journal.append(at(5), &Author::Engine, marked("in doubt")).unwrap();
    let error = journal.commit().unwrap_err();
    assert!(matches!(error, JournalError::Sync { .. }), "{error}");
    assert!(error.is_final());
    fs::remove_file(folder.join("fail")).unwrap(); // the next sync would report success: that is the lie
    for _ in 0..3 {
        let error = journal.append(at(6), &Author::Engine, marked("refused")).unwrap_err();
        assert!(matches!(error, JournalError::Sync { .. }), "{error}");
    }
    assert!(journal.remember("key", at(6), "answer").is_err());
    assert!(journal.broken().is_some());
    assert_eq!(journal.committed().seq, 4);
    assert_eq!(all(&state).len(), 4, "nobody is shown what may be lost");
    drop(journal);
    let mut journal = Journal::open(&state).unwrap();
    let head = journal.head().seq;
    assert!(head == 4 || head == 5, "acknowledged entries are there; the one in doubt may be: {head}");
    fill(&mut journal, 1);
    assert_eq!(verify(&state, &[]).unwrap().entries(), head + 1);
}

#[test]
fn a_failed_sync_of_the_folding_stops_the_next_batch() {
    let Ok(folder) = std::env::var(CHILD) else {
        let folder = tempfile::tempdir().unwrap();
        with_failing_sync("faults::a_failed_sync_of_the_folding_stops_the_next_batch", folder.path());
        return;
    };
    let folder = PathBuf::from(folder);
    let state = folder.join("state");
    let mut journal = Journal::open(&state).unwrap();
    fill(&mut journal, 4);
    fs::write(folder.join("fail"), "journal.db").unwrap(); // only the database itself, not its WAL
    let text = "x".repeat(1 << 20);
    let mut stored = 4;
    let error = loop {
        match journal.append(at(5), &Author::Engine, marked(&text)).and_then(|_| journal.commit()) {
            Ok(()) => stored += 1,
            Err(error) => break error,
        }
        assert!(stored < 40, "the WAL was never folded");
    };
    assert!(matches!(error, JournalError::Sync { .. }), "{error}");
    fs::remove_file(folder.join("fail")).unwrap();
    assert!(journal.append(at(6), &Author::Engine, marked("refused")).is_err());
    drop(journal);
    assert_eq!(Journal::open(&state).unwrap().head().seq, stored, "what was acknowledged is in the WAL");
    assert_eq!(verify(&state, &[]).unwrap().entries(), stored);
}

#[test]
fn a_page_that_cannot_be_read_is_a_named_error_and_nothing_is_guessed() {
    let Ok(folder) = std::env::var(CHILD) else {
        let folder = tempfile::tempdir().unwrap();
        with_failing_sync("faults::a_page_that_cannot_be_read_is_a_named_error_and_nothing_is_guessed", folder.path());
        return;
    };
    let folder = PathBuf::from(folder);
    let state = folder.join("state");
    let mut journal = Journal::open(&state).unwrap();
    fill(&mut journal, 500);
    journal.close().unwrap();
    fs::write(folder.join("fail-read"), "journal.db").unwrap();
    let opened = Journal::open(&state).map(drop).unwrap_err();
    assert!(opened.to_string().contains("journal.db"), "{opened}");
    let verified = verify(&state, &[]).map(drop).unwrap_err();
    assert!(verified.to_string().contains("journal.db"), "{verified}");
    fs::remove_file(folder.join("fail-read")).unwrap();
    assert_eq!(all(&state).len(), 500, "everything is there again");
    assert_eq!(verify(&state, &[]).unwrap().entries(), 500);
}
