//! Batches, idempotency keys, and what a process that ends at once leaves behind.

use crate::{all, at, copy, fill, filled, marked, state};
use dogwatch::domain::Author;
use dogwatch::journal::{ENTRY_MAX, Journal, JournalError, verify};
use std::fs;

#[test]
fn a_batch_is_stored_whole_or_not_at_all() {
    let (_folder, state) = state();
    let mut journal = Journal::open(&state).unwrap();
    fill(&mut journal, 3);
    let before = journal.head();
    journal.append(at(4), &Author::Engine, marked("dropped")).unwrap();
    journal.remember("key", at(4), "answer").unwrap();
    assert_eq!(journal.head().seq, 4);
    assert_eq!(journal.committed(), before);
    assert_eq!(all(&state).len(), 3, "nobody reads what is not durable");
    journal.rollback();
    assert_eq!(journal.head(), before);
    assert_eq!(journal.answered("key").unwrap(), None);
    for text in ["one", "two"] {
        journal.append(at(5), &Author::Engine, marked(text)).unwrap();
    }
    journal.commit().unwrap();
    assert_eq!(all(&state).iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(verify(&state, &[]).unwrap().head, journal.head());
}

#[test]
fn a_repeated_request_gets_its_first_answer() {
    let (_folder, state) = state();
    let mut journal = Journal::open(&state).unwrap();
    assert_eq!(journal.answered("a").unwrap(), None);
    journal.remember("a", at(1), "run 17").unwrap();
    assert_eq!(journal.answered("a").unwrap().as_deref(), Some("run 17"), "within the open batch");
    journal.remember("a", at(2), "run 18").unwrap();
    journal.remember("b", at(9), "done").unwrap();
    journal.commit().unwrap();
    journal.close().unwrap();
    let mut journal = Journal::open(&state).unwrap();
    assert_eq!(journal.answered("a").unwrap().as_deref(), Some("run 17"), "after a restart");
    assert_eq!(journal.forget_requests(at(5)).unwrap(), 1);
    journal.commit().unwrap();
    assert_eq!(journal.answered("a").unwrap(), None);
    assert_eq!(journal.answered("b").unwrap().as_deref(), Some("done"));
}

#[test]
fn what_was_committed_is_there_after_the_process_vanished() {
    let (folder, state) = state();
    let mut journal = Journal::open(&state).unwrap();
    fill(&mut journal, 7);
    journal.append(at(8), &Author::Engine, marked("not committed")).unwrap();
    // The files as a killed process leaves them: no close, no fold of the WAL.
    let image = folder.path().join("image");
    copy(&state, &image);
    let _ = fs::remove_file(image.join("journal.db-shm"));
    let journal = Journal::open(&image).unwrap();
    assert_eq!(journal.head().seq, 7);
    assert_eq!(all(&image).len(), 7);
}

#[test]
fn an_anchor_that_lags_behind_is_no_damage() {
    let (_folder, state) = state();
    filled(&state, 5);
    let anchor = fs::read(state.join("anchor")).unwrap();
    let mut journal = Journal::open(&state).unwrap();
    fill(&mut journal, 5);
    journal.close().unwrap();
    fs::write(state.join("anchor"), anchor).unwrap();
    let verified = verify(&state, &[]).unwrap();
    assert_eq!((verified.entries(), verified.anchored.head.seq), (10, 5));
    assert_eq!(Journal::open(&state).unwrap().head().seq, 10);
    assert_eq!(verify(&state, &[]).unwrap().anchored.head.seq, 10, "a start catches the anchor up");
}

#[test]
fn the_wal_is_bounded() {
    let (_folder, state) = state();
    let mut journal = Journal::open(&state).unwrap();
    let text = "x".repeat(10_000);
    for turn in 0..3_000 {
        journal.append(at(turn), &Author::Engine, marked(&text)).unwrap();
        if turn % 20 == 0 {
            journal.commit().unwrap();
        }
    }
    journal.commit().unwrap();
    let wal = fs::metadata(state.join("journal.db-wal")).unwrap().len();
    assert!(wal < 16 << 20, "{wal} bytes after 30 MB");
    journal.close().unwrap();
    assert!(!state.join("journal.db-wal").exists(), "closed in order, everything is in one file");
}

#[test]
fn an_entry_that_fits_no_frame_is_refused() {
    let (_folder, state) = state();
    let mut journal = Journal::open(&state).unwrap();
    let error = journal.append(at(1), &Author::Engine, marked(&"x".repeat(ENTRY_MAX))).unwrap_err();
    assert!(matches!(error, JournalError::TooLarge { .. }), "{error}");
    fill(&mut journal, 1);
}

#[test]
fn the_tables_can_be_read_with_the_tools_people_have() {
    let (_folder, state) = state();
    filled(&state, 2);
    let connection = rusqlite::Connection::open(state.join("journal.db")).unwrap();
    let row: (i64, String, String, String, i64) = connection
        .query_row("SELECT seq, at, author ->> '$', event ->> '$.marked.text', length(hash) FROM entries WHERE seq = 2", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })
        .unwrap();
    assert_eq!(row, (2, "2026-09-21T14:13:22.000001Z".into(), "engine".into(), "mark 2".into(), 32));
}

#[test]
fn writer_reader_and_readings_can_move_to_their_threads() {
    fn moves<T: Send + 'static>() {}
    moves::<Journal>();
    moves::<dogwatch::journal::Reader>();
    moves::<dogwatch::samples::Samples>();
    moves::<JournalError>();
}
