//! Rotation: files that follow from each other, read as one; a kill, a full disk or a lost file leaves nothing between.

use crate::{all, at, copy, fill, marked, state};
use dogwatch::domain::Author;
use dogwatch::journal::{Journal, JournalError, Page, Reader, Rotation, verify};
use dogwatch::world::World;
use jiff::SignedDuration;
use rusqlite::Connection;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A journal of this many files with ten entries each, open.
fn files(state: &Path, count: u64) -> Journal {
    let mut journal = Journal::open(state).unwrap();
    for file in 0..count {
        if file > 0 {
            assert!(journal.rotate().unwrap());
        }
        fill(&mut journal, 10);
    }
    journal
}

fn databases(state: &Path) -> Vec<String> {
    let names = fs::read_dir(state).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> =
        names.filter(|name| name.starts_with("journal") && Path::new(name).extension().is_some_and(|kind| kind == "db")).collect();
    names.sort_by_key(|name| (name.len(), name.clone()));
    names
}

#[test]
fn entries_of_all_files_are_one_journal() {
    let (_folder, state) = state();
    let mut journal = files(&state, 4);
    assert_eq!(databases(&state), ["journal.db", "journal-000000000011.db", "journal-000000000021.db", "journal-000000000031.db"]);
    let entries = all(&state);
    assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), (1..=40).collect::<Vec<_>>());
    assert_eq!(journal.load_world().unwrap(), World::fold(&entries));
    let reader = Reader::open(&state).unwrap();
    assert_eq!(reader.head().unwrap(), journal.head());
    let page = |page: Page| reader.entries(&page).unwrap().iter().map(|entry| entry.seq).collect::<Vec<_>>();
    assert_eq!(page(Page { limit: 25, ..Page::default() }), (16..=40).collect::<Vec<_>>(), "the last page goes back over files");
    assert_eq!(page(Page { before: Some(22), limit: 15, ..Page::default() }), (7..=21).collect::<Vec<_>>());
    assert_eq!(page(Page { after: Some(8), limit: 15, ..Page::default() }), (9..=23).collect::<Vec<_>>());
    for since in [1, 9, 10, 11, 25, 31, 40] {
        assert_eq!(page(Page { since: Some(at(since)), limit: 100, ..Page::default() }).first(), Some(&(since as u64)), "since {since}");
    }
    assert_eq!(page(Page { since: Some(at(41)), limit: 9, ..Page::default() }), [0_u64; 0]);
    let verified = verify(&state, &[]).unwrap();
    assert_eq!((verified.entries(), verified.files), (40, 4));
    assert!(verified.to_string().contains("40 entries in 4 files"), "{verified}");

    Journal::checkpoint(&state, &journal.load_world().unwrap()).unwrap();
    assert!(journal.rotate().unwrap());
    assert!(!journal.rotate().unwrap(), "a file without an entry is not closed");
    journal.close().unwrap();
    let mut journal = Journal::open(&state).unwrap();
    assert_eq!(journal.head().seq, 40, "the newest file is still empty");
    assert_eq!(journal.load_world().unwrap().seq, 40, "the checkpoint of another file fits");
    fill(&mut journal, 1);
    assert_eq!(verify(&state, &[]).unwrap().entries(), 41);
}

#[test]
fn a_request_is_answered_once_whatever_file_it_was_in() {
    let (_folder, state) = state();
    let mut journal = Journal::open(&state).unwrap();
    for file in 0..3 {
        journal.append(at(file), &Author::Engine, marked("x")).unwrap();
        journal.remember(&format!("key-{file}"), at(file), &format!("run {file}")).unwrap();
        journal.commit().unwrap();
        journal.rotate().unwrap();
    }
    journal.forget_requests(at(1)).unwrap();
    journal.commit().unwrap();
    let answers: Vec<_> = (0..3).map(|file| journal.answered(&format!("key-{file}")).unwrap()).collect();
    assert_eq!(answers, [None, Some("run 1".to_owned()), Some("run 2".to_owned())]);
}

#[test]
fn a_file_is_closed_by_its_age_or_its_size_and_never_within_a_batch() {
    let (_folder, state) = state();
    let mut journal = Journal::open(&state).unwrap();
    let month = Rotation::USUAL;
    let later = |hours: i64| at(0) + SignedDuration::from_hours(hours);
    assert!(!journal.rotate_when_due(later(1_000), &month).unwrap(), "there is no entry yet");
    fill(&mut journal, 3);
    assert!(!journal.rotate_when_due(later(30 * 24), &month).unwrap());
    assert!(!journal.rotate_when_due(later(-1_000), &month).unwrap(), "the clock was set back");
    journal.append(at(4), &Author::Engine, marked("open")).unwrap();
    assert!(!journal.rotate_when_due(later(32 * 24), &month).unwrap(), "a batch is open");
    journal.commit().unwrap();
    assert!(journal.rotate_when_due(later(32 * 24), &month).unwrap());
    fill(&mut journal, 1);
    assert!(journal.rotate_when_due(at(6), &Rotation { bytes: 1, ..month }).unwrap());
    assert_eq!(databases(&state).len(), 3);
    assert_eq!(verify(&state, &[]).unwrap().entries(), 5);
}

#[test]
fn a_closed_file_that_was_changed_lost_or_swapped_is_found() {
    let (folder, state) = state();
    files(&state, 4).close().unwrap();
    let second = state.join("journal-000000000011.db");
    let image = |name: &str| {
        let image = folder.path().join(name);
        copy(&state, &image);
        image
    };
    let bad = |state: &Path| match verify(state, &[]) {
        Err(JournalError::Corrupt { first_bad, .. }) => first_bad,
        other => panic!("{other:?}"),
    };
    let sql = |state: &Path, text: &str| {
        let connection = Connection::open(state.join(second.file_name().unwrap())).unwrap();
        connection.execute_batch(text).unwrap();
    };
    let edited = image("edited");
    sql(&edited, r#"UPDATE entries SET event = '{"marked":{"text":"a lie"}}' WHERE seq = 14"#);
    assert_eq!(bad(&edited), 14);
    let deleted = image("deleted");
    sql(&deleted, "DELETE FROM entries WHERE seq >= 18");
    assert_eq!(bad(&deleted), 18);
    let grown = image("grown");
    sql(&grown, "INSERT INTO entries SELECT 21, at, author, event, hash FROM entries WHERE seq = 20");
    assert_eq!(bad(&grown), 21);
    let lost = image("lost");
    fs::remove_file(lost.join(second.file_name().unwrap())).unwrap();
    assert_eq!(bad(&lost), 11);
    let first = image("first");
    fs::remove_file(first.join("journal.db")).unwrap();
    assert_eq!(bad(&first), 1);
    let last = image("last");
    fs::remove_file(last.join("journal-000000000031.db")).unwrap();
    assert_eq!(bad(&last), 31);
    assert!(matches!(Journal::open(&last), Err(JournalError::Corrupt { first_bad: 31, .. })), "a start sees the lost tail");
    let other = folder.path().join("other");
    let mut journal = Journal::open(&other).unwrap();
    journal.append(at(0), &Author::Engine, marked("another journal")).unwrap();
    journal.commit().unwrap();
    fill(&mut journal, 9);
    journal.rotate().unwrap();
    fill(&mut journal, 10);
    journal.close().unwrap();
    let swapped = image("swapped");
    fs::copy(other.join("journal-000000000011.db"), swapped.join("journal-000000000011.db")).unwrap();
    assert_eq!(bad(&swapped), 11);
}

#[test]
fn what_a_cut_off_rotation_leaves_is_the_old_journal_or_the_new_one() {
    let (folder, state) = state();
    let mut journal = files(&state, 2);
    // Before the new file has its name: only a file that does not count.
    let before = folder.path().join("before");
    copy(&state, &before);
    fs::write(before.join("journal-000000000021.db.new"), "half of a database").unwrap();
    fs::write(before.join("journal-000000000021.db.new-journal"), "half of a journal of it").unwrap();
    // After it: the file is there, the anchor is of before.
    let anchor = fs::read(state.join("anchor")).unwrap();
    assert!(journal.rotate().unwrap());
    let after = folder.path().join("after");
    copy(&state, &after);
    fs::write(after.join("anchor"), anchor).unwrap();
    for image in [before, after] {
        let mut journal = Journal::open(&image).unwrap();
        assert_eq!(journal.head().seq, 20);
        fill(&mut journal, 5);
        assert!(journal.rotate().unwrap());
        fill(&mut journal, 1);
        assert_eq!(verify(&image, &[]).unwrap().entries(), 26);
        let left =
            fs::read_dir(&image).unwrap().filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().contains(".new")).count();
        assert_eq!(left, 0);
    }
}

/// Where a child of this test appends and rotates until it is killed.
const CHILD: &str = "DOGWATCH_TEST_ROTATING";

#[test]
fn a_kill_during_rotation_loses_nothing_and_leaves_nothing_between() {
    if let Ok(state) = std::env::var(CHILD) {
        let mut journal = Journal::open(Path::new(&state)).unwrap();
        let mut out = std::io::stdout();
        loop {
            for _ in 0..3 {
                fill(&mut journal, 1);
                // An acknowledgement that cannot be said any more was not heard either.
                let _ = writeln!(out, "stored {}", journal.head().seq).and_then(|()| out.flush());
            }
            journal.rotate().unwrap();
        }
    }
    let (_folder, state) = state();
    fs::create_dir(&state).unwrap();
    let kills: u64 = std::env::var("DOGWATCH_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(8);
    let mut known = 0;
    for kill in 0..kills {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "rotation::a_kill_during_rotation_loses_nothing_and_leaves_nothing_between", "--nocapture"])
            .env(CHILD, &state)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        // After another number of entries each time, then somewhere in the next ones.
        let until = known + 4 + kill % 5;
        let mut take = |line: &mut String| {
            line.clear();
            if said.read_line(line).unwrap() == 0 {
                return false;
            }
            if let Some(seq) = line.trim().rsplit_once("stored ").and_then(|(_, seq)| seq.parse().ok()) {
                known = seq;
            }
            true
        };
        while take(&mut line) && !line.contains(&format!("stored {until}\n")) {}
        std::thread::park_timeout(std::time::Duration::from_micros(700 * kill));
        child.kill().unwrap();
        child.wait().unwrap();
        while take(&mut line) {}
        let verified = verify(&state, &[]).unwrap();
        assert!(verified.entries() >= known && known > 0, "kill {kill}: {} of {known}", verified.entries());
        let mut journal = Journal::open(&state).unwrap();
        assert_eq!(journal.load_world().unwrap().seq, verified.entries());
        known = verified.entries();
        journal.close().unwrap();
    }
    assert!(databases(&state).len() > kills as usize, "there were rotations");
}

#[test]
fn a_full_disk_keeps_the_file_that_is_written() {
    if !rustix::process::geteuid().is_root() {
        let me = std::env::current_exe().unwrap();
        let run = Command::new("unshare")
            .args(["-rm"])
            .arg(me)
            .args(["--exact", "rotation::a_full_disk_keeps_the_file_that_is_written"])
            .status();
        assert!(run.unwrap().success(), "this test needs root or user namespaces to mount a small disk");
        return;
    }
    let (folder, _) = state();
    let disk = crate::faults::SmallDisk::mount(&folder.path().join("disk"), 80);
    let state: PathBuf = disk.path().join("state");
    let mut journal = Journal::open(&state).unwrap();
    fill(&mut journal, 5);
    let ballast = disk.path().join("ballast");
    fs::write(&ballast, vec![1; 40 << 20]).unwrap();
    let error = journal.rotate().unwrap_err();
    assert!(matches!(error, JournalError::Full { .. }), "{error}");
    assert_eq!(databases(&state), ["journal.db"]);
    fill(&mut journal, 5);
    assert_eq!(verify(&state, &[]).unwrap().entries(), 10);
    fs::remove_file(&ballast).unwrap();
    assert!(journal.rotate().unwrap(), "there is room again");
    fill(&mut journal, 1);
    assert_eq!(verify(&state, &[]).unwrap().files, 2);
}
