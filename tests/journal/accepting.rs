//! A damaged journal is refused until the operator accepts the damage; then it goes on, whole again, and the files as they
//! were found are kept.

use crate::{all, fill, filled, state};
use dogwatch::domain::Event;
use dogwatch::journal::{Journal, JournalError, accept, verify};
use rusqlite::Connection;
use std::fs;
use std::path::Path;

fn sql(path: &Path, text: &str) {
    Connection::open(path).unwrap().execute_batch(text).unwrap();
}

fn texts(state: &Path) -> Vec<String> {
    let text = |event: &Event| match event {
        Event::Marked { text } => text.clone(),
        Event::EntryLost { .. } => "lost".into(),
        other => panic!("{other:?}"),
    };
    all(state).iter().map(|entry| text(&entry.event)).collect()
}

/// Accepts, and shows that the journal is whole, goes on, and keeps what was found.
fn accepted(state: &Path, first_bad: u64, lost: u64) -> std::path::PathBuf {
    let accepted = accept(state, &[]).unwrap();
    assert_eq!((accepted.first_bad, accepted.lost), (first_bad, lost), "{accepted:?}");
    let entries = verify(state, &[]).unwrap().entries();
    let mut journal = Journal::open(state).unwrap();
    assert_eq!(journal.load_world().unwrap().seq, entries);
    fill(&mut journal, 2);
    journal.close().unwrap();
    assert_eq!(verify(state, &[]).unwrap().entries(), entries + 2);
    assert!(matches!(accept(state, &[]), Err(JournalError::Place { .. })), "nothing is damaged any more");
    accepted.kept
}

#[test]
fn an_edited_and_a_deleted_entry_leave_all_others_in_their_places() {
    let (_folder, state) = state();
    filled(&state, 20);
    let database = state.join("journal.db");
    sql(&database, r#"UPDATE entries SET event = '{"marked":{"text":"a lie"}}' WHERE seq = 7; DELETE FROM entries WHERE seq = 12"#);
    let found = fs::read(&database).unwrap();
    let mut journal = Journal::open(&state).unwrap();
    assert!(matches!(journal.load_world(), Err(JournalError::Corrupt { first_bad: 7, .. })), "no daemon starts on it");
    drop(journal);
    let kept = accepted(&state, 7, 1);
    assert_eq!(Connection::open(kept.join("journal.db")).unwrap().query_row("SELECT count(*) FROM entries", [], |row| row.get(0)), Ok(19));
    assert!(!found.is_empty());
    let texts = texts(&state);
    assert_eq!(texts.len(), 22);
    assert_eq!((&*texts[5], &*texts[6], &*texts[10], &*texts[11], &*texts[12]), ("mark 6", "a lie", "mark 11", "lost", "mark 13"));
}

#[test]
fn damage_in_a_closed_file_links_the_later_ones_anew() {
    let (_folder, state) = state();
    let mut journal = Journal::open(&state).unwrap();
    for _ in 0..3 {
        fill(&mut journal, 10);
        journal.rotate().unwrap();
    }
    journal.remember("key", crate::at(9), "run 9").unwrap();
    journal.commit().unwrap();
    fill(&mut journal, 3);
    journal.close().unwrap();
    sql(&state.join("journal-000000000011.db"), "UPDATE entries SET at = 'never' WHERE seq = 15");
    accepted(&state, 15, 1);
    assert_eq!(verify(&state, &[]).unwrap().files, 4);
    assert_eq!(texts(&state)[14], "lost");
    assert_eq!(Journal::open(&state).unwrap().answered("key").unwrap().as_deref(), Some("run 9"));
}

#[test]
fn a_lost_first_file_leaves_a_fact_in_each_place() {
    let (_folder, state) = state();
    let mut journal = Journal::open(&state).unwrap();
    fill(&mut journal, 5);
    journal.rotate().unwrap();
    fill(&mut journal, 5);
    journal.close().unwrap();
    fs::remove_file(state.join("journal.db")).unwrap();
    accepted(&state, 1, 5);
    let texts = texts(&state);
    assert!(texts[..5].iter().all(|text| text == "lost") && texts[5] == "mark 6", "{texts:?}");
}

#[test]
fn a_file_that_is_no_database_any_more_is_gone_on_without() {
    let (_folder, state) = state();
    filled(&state, 5);
    fs::write(state.join("journal.db"), vec![b'x'; 8192]).unwrap();
    let error = Journal::open(&state).unwrap_err();
    assert!(error.to_string().contains("journal.db"), "{error}");
    let kept = accepted(&state, 1, 0);
    assert_eq!(fs::read(kept.join("journal.db")).unwrap(), vec![b'x'; 8192]);
    assert_eq!(texts(&state).len(), 2, "what cannot be read at the end is gone");
}

#[test]
fn a_journal_that_is_not_damaged_is_not_touched() {
    let (_folder, state) = state();
    filled(&state, 5);
    let before = fs::read(state.join("journal.db")).unwrap();
    let error = accept(&state, &[]).unwrap_err();
    assert!(error.to_string().contains("nothing to accept"), "{error}");
    assert_eq!(fs::read(state.join("journal.db")).unwrap(), before);
    assert!(!state.join("refused-1").exists());
}
