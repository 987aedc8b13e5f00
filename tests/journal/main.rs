//! The record keeps what it was given, shows what was done to it, and says clearly what it cannot do.

#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_wrap,
    clippy::missing_panics_doc,
    reason = "the functions that tests share are tests too"
)]

mod accepting;
mod durable;
mod events;
mod faults;
mod migration;
mod outside;
mod place;
mod replay;
mod rotation;
mod tamper;

use dogwatch::domain::{Author, Entry, Event};
use dogwatch::journal::{Journal, Page, Reader};
use events::Dice;
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder that is gone when the test ends, with a state folder to be made in it.
pub fn state() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    (folder, state)
}

/// A fixed time, in seconds after another.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_microsecond(1_790_000_000_000_001 + second * 1_000_000).unwrap()
}

/// A fact with a text.
pub fn marked(text: &str) -> Event {
    Event::Marked { text: text.into() }
}

/// Appends this many marks, each with a commit of its own.
pub fn fill(journal: &mut Journal, count: u64) {
    for _ in 0..count {
        let seq = journal.head().seq + 1;
        journal.append(at(seq as i64), &Author::Engine, marked(&format!("mark {seq}"))).unwrap();
        journal.commit().unwrap();
    }
}

/// A closed journal of this many marks.
pub fn filled(state: &Path, count: u64) {
    let mut journal = Journal::open(state).unwrap();
    fill(&mut journal, count);
    journal.close().unwrap();
}

/// Every stored entry, page by page.
pub fn all(state: &Path) -> Vec<Entry> {
    let reader = Reader::open(state).unwrap();
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let after = Some(entries.last().map_or(0, |entry| entry.seq));
        let page = reader.entries(&Page { after, limit: 300, ..Page::default() }).unwrap();
        if page.is_empty() {
            return entries;
        }
        entries.extend(page);
    }
}

/// Appends random facts in random batches and gives them back.
pub fn random(journal: &mut Journal, seed: u64, count: usize) -> Vec<Entry> {
    let mut dice = Dice(seed);
    let mut entries = Vec::new();
    for _ in 0..count {
        let (at, author, event) = (dice.at(), dice.author(), dice.any());
        entries.push(journal.append(at, &author, event).unwrap());
        if dice.roll(4) == 0 {
            journal.commit().unwrap();
        }
    }
    journal.commit().unwrap();
    entries
}

/// Copies the files of a state folder as they are now.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    std::fs::set_permissions(to, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_dir() {
            continue;
        }
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

/// Cases of a property that syncs a journal each time; `DOGWATCH_CASES` asks for another number, as the gate does.
fn cases(usual: u32) -> u32 {
    std::env::var("DOGWATCH_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual)
}
