//! Whoever changes the record behind its back is found, and the first bad entry is named.

use crate::{at, copy, fill, filled, marked, state};
use dogwatch::domain::Author;
use dogwatch::journal::{Journal, JournalError, accept, verify};
use proptest::prelude::*;
use rusqlite::{Connection, params};
use std::fs;
use std::path::Path;

const ENTRIES: u64 = 60;

fn first_bad(state: &Path) -> Option<u64> {
    match verify(state, &[]) {
        Ok(_) => None,
        Err(JournalError::Corrupt { first_bad, .. }) => Some(first_bad),
        Err(other) => panic!("{other}"),
    }
}

/// Runs SQL on the database as an attacker would: with SQLite's own tools.
fn sql(state: &Path, sql: &str, with: impl rusqlite::Params) -> usize {
    Connection::open(state.join("journal.db")).unwrap().execute(sql, with).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::cases(60), ..ProptestConfig::default() })]

    #[test]
    fn every_edit_names_its_entry(kind in 0..7, seq in 1..=ENTRIES, byte: prop::sample::Index, other in 1..=ENTRIES) {
        let (_folder, state) = state();
        filled(&state, ENTRIES);
        prop_assert_eq!(first_bad(&state), None);
        let row = i64::try_from(seq).unwrap();
        let bad = match kind {
            0..=3 => {
                let column = ["at", "author", "event", "hash"][kind as usize];
                let connection = Connection::open(state.join("journal.db")).unwrap();
                let select = format!("SELECT CAST({column} AS BLOB) FROM entries WHERE seq = ?1");
                let mut bytes: Vec<u8> = connection.query_row(&select, [row], |row| row.get(0)).unwrap();
                let place = byte.index(bytes.len());
                bytes[place] ^= 1;
                let cast = if column == "hash" { "?1" } else { "CAST(?1 AS TEXT)" };
                connection.execute(&format!("UPDATE entries SET {column} = {cast} WHERE seq = ?2"), params![bytes, row]).unwrap();
                seq
            }
            4 => {
                sql(&state, "DELETE FROM entries WHERE seq = ?1", [row]);
                seq
            }
            5 => {
                sql(&state, "DELETE FROM entries WHERE seq >= ?1", [row]);
                seq
            }
            _ => {
                if other == seq {
                    return Ok(());
                }
                let other = i64::try_from(other).unwrap();
                let connection = Connection::open(state.join("journal.db")).unwrap();
                connection.execute_batch(&format!(
                    "UPDATE entries SET seq = -1 WHERE seq = {row}; UPDATE entries SET seq = {row} WHERE seq = {other}; UPDATE entries SET seq = {other} WHERE seq = -1;"
                )).unwrap();
                row.min(other).cast_unsigned()
            }
        };
        prop_assert_eq!(first_bad(&state), Some(bad));
        if bad == ENTRIES || kind == 5 {
            prop_assert!(matches!(Journal::open(&state), Err(JournalError::Corrupt { .. })), "the quick check sees the end");
        } else if let Ok(mut journal) = Journal::open(&state) {
            let error = journal.load_world().unwrap_err();
            prop_assert!(matches!(error, JournalError::Corrupt { first_bad, .. } if first_bad == bad), "{error}");
        }
    }

    #[test]
    fn a_flipped_byte_anywhere_in_the_files_is_harmless_or_found(byte: prop::sample::Index, flip in 1_u8.., in_wal: bool) {
        let (folder, state) = state();
        let mut journal = Journal::open(&state).unwrap();
        fill(&mut journal, 30);
        let image = folder.path().join("image");
        if !in_wal {
            journal.close().unwrap();
        }
        copy(&state, &image);
        let _ = fs::remove_file(image.join("journal.db-shm"));
        let file = image.join(if in_wal { "journal.db-wal" } else { "journal.db" });
        let mut bytes = fs::read(&file).unwrap();
        let place = byte.index(bytes.len());
        bytes[place] ^= flip;
        fs::write(&file, bytes).unwrap();
        match verify(&image, &[]) {
            Ok(verified) => {
                prop_assert_eq!(verified.entries(), 30, "nothing is missing");
            }
            Err(JournalError::Corrupt { first_bad, .. }) => prop_assert!((1..=30).contains(&first_bad), "{}", first_bad),
            // The header or the schema itself is hit: SQLite or the format check refuses the whole file.
            Err(JournalError::Sqlite { .. } | JournalError::Place { .. } | JournalError::Newer { .. }) => {}
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
}

#[test]
fn a_chain_that_was_written_anew_does_not_meet_the_anchor() {
    let (folder, state) = state();
    filled(&state, 30);
    let other = folder.path().join("other");
    filled(&other, 9);
    let mut journal = Journal::open(&other).unwrap();
    journal.append(at(10), &Author::Engine, marked("a lie")).unwrap();
    journal.commit().unwrap();
    fill(&mut journal, 20);
    journal.close().unwrap();
    fs::copy(other.join("journal.db"), state.join("journal.db")).unwrap();
    let error = verify(&state, &[]).unwrap_err();
    assert!(matches!(error, JournalError::Corrupt { first_bad: 30, .. }), "{error}");
    assert!(matches!(Journal::open(&state), Err(JournalError::Corrupt { first_bad: 30, .. })));
}

#[test]
fn an_old_copy_of_the_database_is_refused_and_left_as_it_is_until_the_operator_accepts_it() {
    let (folder, state) = state();
    filled(&state, 10);
    let old = fs::read(state.join("journal.db")).unwrap();
    let mut journal = Journal::open(&state).unwrap();
    fill(&mut journal, 15);
    journal.close().unwrap();
    fs::write(state.join("journal.db"), &old).unwrap();
    let error = Journal::open(&state).unwrap_err();
    assert!(matches!(error, JournalError::Corrupt { first_bad: 11, .. }), "{error}");
    assert!(error.to_string().contains("dogwatch verify"), "{error}");
    assert_eq!(first_bad(&state), Some(11));
    assert_eq!(fs::read(state.join("journal.db")).unwrap(), old, "the evidence is untouched");
    let accepted = accept(&state, &[]).unwrap();
    assert_eq!((accepted.first_bad, accepted.lost, accepted.head.seq), (11, 0, 10));
    let kept = accepted.kept;
    assert_eq!(fs::read(kept.join("journal.db")).unwrap(), old);
    assert!(fs::read_to_string(kept.join("anchor")).unwrap().contains("seq=25 "));
    let mut journal = Journal::open(&state).unwrap();
    fill(&mut journal, 1);
    assert_eq!(verify(&state, &[]).unwrap().entries(), 11);
    drop(folder);
}

#[test]
fn a_missing_anchor_or_database_is_found() {
    let (_folder, state) = state();
    filled(&state, 5);
    let anchor = fs::read(state.join("anchor")).unwrap();
    fs::remove_file(state.join("anchor")).unwrap();
    assert!(matches!(Journal::open(&state), Err(JournalError::Corrupt { .. })));
    assert_eq!(first_bad(&state), Some(1));
    fs::write(state.join("anchor"), anchor).unwrap();
    assert_eq!(first_bad(&state), None, "whole again");
    fs::remove_file(state.join("journal.db")).unwrap();
    assert!(matches!(Journal::open(&state), Err(JournalError::Corrupt { first_bad: 1, .. })));
    assert_eq!(first_bad(&state), Some(1));
    assert!(!state.join("journal.db").exists(), "no new one is begun over a lost one");
}

#[test]
fn a_wal_that_was_cut_or_removed_shows_the_first_lost_entry() {
    let (folder, state) = state();
    let mut journal = Journal::open(&state).unwrap();
    fill(&mut journal, 5);
    journal.close().unwrap();
    let mut journal = Journal::open(&state).unwrap();
    fill(&mut journal, 20);
    let wal = fs::read(state.join("journal.db-wal")).unwrap();
    let mut refused = 0;
    for (turn, keep) in [0, 31, 32, wal.len() / 3, wal.len() / 2, wal.len() - 1, wal.len()].into_iter().enumerate() {
        let image = folder.path().join(format!("image-{turn}"));
        copy(&state, &image);
        fs::remove_file(image.join("journal.db-shm")).unwrap();
        fs::write(image.join("journal.db-wal"), &wal[..keep]).unwrap();
        if keep == 0 {
            fs::remove_file(image.join("journal.db-wal")).unwrap();
        }
        match Journal::open(&image) {
            Ok(journal) => assert_eq!((journal.head().seq, keep), (25, wal.len())),
            Err(JournalError::Corrupt { first_bad: bad, .. }) => {
                refused += 1;
                assert!((6..=25).contains(&bad), "{bad}");
                assert_eq!(first_bad(&image), Some(bad));
                let left = fs::read(image.join("journal.db-wal")).unwrap_or_default();
                assert!(wal[..keep].starts_with(&left) && (left.len() == keep), "the evidence is untouched");
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(refused, 6);
}

#[test]
fn the_wal_of_another_journal_is_found() {
    let (folder, state) = state();
    filled(&state, 12);
    let other = folder.path().join("other");
    let mut journal = Journal::open(&other).unwrap();
    fill(&mut journal, 3);
    fs::copy(other.join("journal.db-wal"), state.join("journal.db-wal")).unwrap();
    let bad = first_bad(&state);
    assert!(bad.is_some_and(|bad| (1..=12).contains(&bad)), "{bad:?}");
    assert!(Journal::open(&state).is_err());
}
