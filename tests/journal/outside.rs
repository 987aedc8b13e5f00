//! Anchors outside: what a copy of the whole state folder, or a chain that was written anew with its anchor, cannot hide.

use crate::{at, copy, fill, marked, state};
use dogwatch::domain::Author;
use dogwatch::journal::{AnchorLine, Journal, JournalError, accept, check_outside, journal_name, verify};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

/// Tells the journal's head to a file, as the daemon does.
fn tell(journal: &Journal, state: &Path, file: &Path, is_acceptance: bool) {
    let line = AnchorLine { journal: journal_name(state), anchored: journal.committed_at(), is_acceptance };
    let mut file = OpenOptions::new().append(true).create(true).open(file).unwrap();
    writeln!(file, "Nov 21 02:41:07 jump1 dogwatch[7]: {line}").unwrap();
}

fn bad<T: std::fmt::Debug>(result: Result<T, JournalError>) -> u64 {
    match result {
        Err(JournalError::Corrupt { first_bad, .. }) => first_bad,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_old_copy_of_the_whole_folder_is_found() {
    let (folder, state) = state();
    let outside = [folder.path().join("anchor.log")];
    let mut journal = Journal::open(&state).unwrap();
    fill(&mut journal, 10);
    tell(&journal, &state, &outside[0], false);
    let old = folder.path().join("old");
    copy(&state, &old);
    fs::remove_file(old.join("journal.db-shm")).unwrap();
    fill(&mut journal, 5);
    tell(&journal, &state, &outside[0], false);
    journal.close().unwrap();
    let verified = verify(&state, &outside).unwrap();
    assert_eq!(verified.outside[0].last.unwrap().head, verified.head);
    assert!(verified.to_string().contains("entry 15 of") && verified.to_string().contains("2 heads"), "{verified}");
    check_outside(&state, &outside).unwrap();
    assert!(verify(&old, &[]).is_ok(), "by itself the copy is a good journal");
    assert_eq!(bad(verify(&old, &outside)), 11);
    assert_eq!(bad(check_outside(&old, &outside)), 11, "a start refuses it");
    // Gone on from the old copy: a head that is known is not on this chain.
    let mut journal = Journal::open(&old).unwrap();
    journal.append(at(11), &Author::Engine, marked("other")).unwrap();
    journal.commit().unwrap();
    fill(&mut journal, 9);
    journal.close().unwrap();
    assert_eq!(bad(verify(&old, &outside)), 15);
    assert_eq!(bad(check_outside(&old, &outside)), 15);
}

#[test]
fn whoever_writes_journal_and_anchor_anew_is_found_at_the_first_head_that_differs() {
    let (folder, state) = state();
    let outside = [folder.path().join("anchor.log")];
    let mut journal = Journal::open(&state).unwrap();
    for _ in 0..6 {
        fill(&mut journal, 5);
        tell(&journal, &state, &outside[0], false);
    }
    let name = journal_name(&state);
    journal.close().unwrap();
    // The same entries but one, with a chain and an anchor that are right in themselves, and the name of the journal.
    fs::remove_dir_all(&state).unwrap();
    let mut journal = Journal::open(&state).unwrap();
    fill(&mut journal, 12);
    journal.append(at(13), &Author::Engine, marked("a lie")).unwrap();
    journal.commit().unwrap();
    fill(&mut journal, 17);
    journal.close().unwrap();
    assert_eq!(journal_name(&state), name);
    assert!(verify(&state, &[]).is_ok());
    assert_eq!(bad(verify(&state, &outside)), 15, "the head of 10 fits, that of 15 does not");
}

#[test]
fn a_file_that_holds_nothing_of_this_journal_proves_nothing_and_says_so() {
    let (folder, state) = state();
    let mut journal = Journal::open(&state).unwrap();
    fill(&mut journal, 3);
    let outside = [folder.path().join("missing"), folder.path().join("other.log")];
    let other = folder.path().join("elsewhere");
    let mut another = Journal::open(&other).unwrap();
    fill(&mut another, 9);
    tell(&another, &other, &outside[1], false);
    fs::write(&outside[1], [fs::read(&outside[1]).unwrap(), b"dogwatch anchor 1 of=cut\n".to_vec()].concat()).unwrap();
    let verified = verify(&state, &outside).unwrap();
    assert_eq!(verified.silent().collect::<Vec<_>>(), [outside[0].as_path(), outside[1].as_path()]);
    assert_eq!(verified.outside[1].unreadable, 1);
    assert!(verified.to_string().contains("it holds no line of this journal"), "{verified}");
}

#[test]
fn after_an_acceptance_only_later_heads_count_and_it_is_told_for_ever() {
    let (folder, state) = state();
    let outside = [folder.path().join("anchor.log")];
    let mut journal = Journal::open(&state).unwrap();
    fill(&mut journal, 8);
    tell(&journal, &state, &outside[0], false);
    journal.close().unwrap();
    rusqlite::Connection::open(state.join("journal.db")).unwrap().execute("DELETE FROM entries WHERE seq = 4", []).unwrap();
    let accepted = accept(&state, &outside).unwrap();
    assert_eq!((accepted.first_bad, accepted.lost), (4, 1));
    assert_eq!(bad(verify(&state, &outside)), 8, "the file outside knows the chain of before");
    let mut journal = Journal::open(&state).unwrap();
    fill(&mut journal, 1);
    tell(&journal, &state, &outside[0], true);
    fill(&mut journal, 1);
    tell(&journal, &state, &outside[0], false);
    let verified = verify(&state, &outside).unwrap();
    assert_eq!(verified.outside[0].heads, 2);
    assert!(verified.to_string().contains("damage was accepted at entry 9"), "{verified}");
}
