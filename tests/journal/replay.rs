//! What is read back is what was appended, and the world is the fold of it, from whichever side it is reached.

use crate::events::{Dice, KINDS, NAMES, name};
use crate::{all, at, fill, filled, marked, random, state};
use dogwatch::domain::{Author, Entry, Event};
use dogwatch::journal::{Journal, Page, Reader, verify};
use dogwatch::notes::telling::{Teller, WORDLESS};
use dogwatch::world::World;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;

/// Journals as earlier versions wrote them; they must load for ever. The last one holds every kind of fact. When kinds are
/// added after a release, make the next one with
/// `DOGWATCH_MAKE_FIXTURE=tests/fixtures/journals/v5.db cargo test --test journal fixture` and keep the others.
const FIXTURES: [&str; 4] =
    ["tests/fixtures/journals/v1.db", "tests/fixtures/journals/v2.db", "tests/fixtures/journals/v3.db", "tests/fixtures/journals/v4.db"];

fn every_kind() -> Vec<Event> {
    let mut dice = Dice(1);
    (0..800).map(|turn| dice.event(turn % KINDS)).collect()
}

/// A state folder with one of the journals that earlier versions wrote.
fn kept_journal(path: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let (folder, state) = state();
    drop(Journal::open(&state).unwrap());
    std::fs::copy(path, state.join("journal.db")).unwrap();
    std::fs::set_permissions(state.join("journal.db"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    (folder, state)
}

#[test]
fn journals_of_earlier_versions_load_for_ever() {
    for path in FIXTURES {
        let (_folder, state) = kept_journal(path);
        let entries = all(&state);
        let unknown = entries.iter().filter(|entry| name(&entry.event) == "unknown");
        assert!(unknown.map(|entry| entry.event.to_json().unwrap()).all(|json| json.contains("moon_rose")), "{path}: a fact was lost");
        for stored in stored_events(&state) {
            let read = Event::from_json(&stored).unwrap().to_json().unwrap();
            let value = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
            assert_eq!(value(&read), value(&stored), "{path}: an old fact is read with another meaning");
        }
        assert_eq!(verify(&state, &[]).unwrap().entries(), entries.len() as u64);
        let mut journal = Journal::open(&state).unwrap();
        let world = journal.load_world().unwrap();
        assert_eq!(world, World::fold(&entries));
        assert_eq!(world.seq, entries.len() as u64);
    }
}

/// The events as they stand in the database, without any code of ours.
fn stored_events(state: &Path) -> Vec<String> {
    let database = rusqlite::Connection::open(state.join("journal.db")).unwrap();
    let mut query = database.prepare("SELECT event FROM entries ORDER BY seq").unwrap();
    let rows = query.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn the_newest_fixture_holds_every_kind() {
    if let Ok(target) = std::env::var("DOGWATCH_MAKE_FIXTURE") {
        make_fixture(Path::new(&target));
    }
    let (_folder, state) = kept_journal(FIXTURES.last().unwrap());
    let entries = all(&state);
    let names: BTreeSet<&str> = entries.iter().map(|entry| name(&entry.event)).collect();
    assert_eq!(names.len(), NAMES, "{names:?}");
    let known: Vec<_> = entries.iter().map(|entry| entry.event.clone()).collect();
    assert_eq!(known, every_kind());
}

#[test]
fn every_kind_has_words() {
    let teller = Teller::default();
    let wordless: BTreeSet<String> =
        every_kind().iter().map(|event| teller.line(event)).filter(|line| line.starts_with(WORDLESS)).collect();
    assert!(wordless.is_empty(), "{wordless:?}");
}

fn make_fixture(target: &Path) {
    let (_folder, state) = state();
    let mut journal = Journal::open(&state).unwrap();
    let mut dice = Dice(2);
    for event in every_kind() {
        journal.append(dice.at(), &dice.author(), event).unwrap();
    }
    journal.commit().unwrap();
    journal.close().unwrap();
    std::fs::copy(state.join("journal.db"), target).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_fold_of_the_journal_is_the_live_world(seed: u64, count in 1_usize..250, checkpoint_at in 0_usize..250) {
        let (_folder, state) = state();
        let mut journal = Journal::open(&state).unwrap();
        let before = random(&mut journal, seed, checkpoint_at.min(count));
        let mut live = World::fold(&before);
        Journal::checkpoint(&state, &live).unwrap();
        for entry in random(&mut journal, seed ^ 1, count) {
            live.apply(&entry);
        }
        prop_assert_eq!(&journal.load_world().unwrap(), &live, "from the checkpoint");
        std::fs::remove_file(state.join("world.json")).unwrap();
        prop_assert_eq!(&journal.load_world().unwrap(), &live, "from the first entry");
        journal.close().unwrap();
        let mut journal = Journal::open(&state).unwrap();
        prop_assert_eq!(&journal.load_world().unwrap(), &live, "after a restart");
        prop_assert_eq!(verify(&state, &[]).unwrap().entries(), live.seq);
    }

    #[test]
    fn applying_anything_never_fails(seed: u64, count in 1_usize..600) {
        let mut dice = Dice(seed);
        let mut world = World::new();
        for seq in 1..=count as u64 {
            let entry = Entry { seq, at: dice.at(), author: dice.author(), event: dice.any() };
            world.apply(&entry);
            prop_assert_eq!(world.seq, seq);
        }
        let text = serde_json::to_string(&world).unwrap();
        prop_assert_eq!(serde_json::from_str::<World>(&text).unwrap(), world, "a checkpoint holds the whole world");
    }

    #[test]
    fn a_fact_is_read_as_it_was_written(seed: u64) {
        let mut dice = Dice(seed);
        for event in (0..KINDS).map(|kind| dice.event(kind)) {
            let json = event.to_json().unwrap();
            let read = Event::from_json(&json).unwrap();
            prop_assert_eq!(read.to_json().unwrap(), json);
            prop_assert_eq!(read, event);
        }
    }
}

#[test]
fn a_checkpoint_that_does_not_fit_is_ignored() {
    let (_folder, state) = state();
    filled(&state, 20);
    let mut journal = Journal::open(&state).unwrap();
    let world = journal.load_world().unwrap();
    let mut lie = world.clone();
    lie.name = "not folded from these entries".into();
    Journal::checkpoint(&state, &lie).unwrap();
    assert_eq!(journal.load_world().unwrap().name, lie.name, "a checkpoint that fits is used");
    let good = std::fs::read_to_string(state.join("world.json")).unwrap();
    let bad = [
        good.replacen(dogwatch::world::SHAPE, "0000000000000000", 1),
        good.replacen("\"seq\":20", "\"seq\":21", 1),
        good.replacen("not folded", "now folded", 1),
        good.replacen("\"hash\":\"", "\"hash\":\"00", 1),
        good[..good.len() / 2].to_owned(),
        String::new(),
    ];
    for text in bad {
        assert_ne!(text, good);
        std::fs::write(state.join("world.json"), &text).unwrap();
        assert_eq!(journal.load_world().unwrap(), world, "{text}");
    }
}

#[test]
fn what_a_newer_version_recorded_stays_byte_for_byte() {
    let (_folder, state) = state();
    let json = r#"{"moon_rose":  {"full":true, "n": 1.50}}"#;
    let mut journal = Journal::open(&state).unwrap();
    journal.append(at(1), &Author::Engine, Event::from_json(json).unwrap()).unwrap();
    journal.commit().unwrap();
    journal.close().unwrap();
    let stored: String =
        rusqlite::Connection::open(state.join("journal.db")).unwrap().query_row("SELECT event FROM entries", [], |row| row.get(0)).unwrap();
    assert_eq!(stored, json);
    assert_eq!(all(&state)[0].event.to_json().unwrap(), json);
}

#[test]
fn pages_have_exclusive_bounds() {
    let (_folder, state) = state();
    let mut journal = Journal::open(&state).unwrap();
    fill(&mut journal, 50);
    let reader = Reader::open(&state).unwrap();
    let seqs = |page: Page| reader.entries(&page).unwrap().iter().map(|entry| entry.seq).collect::<Vec<_>>();
    assert_eq!(seqs(Page { limit: 3, ..Page::default() }), [48, 49, 50]);
    assert_eq!(seqs(Page { after: Some(0), limit: 3, ..Page::default() }), [1, 2, 3]);
    assert_eq!(seqs(Page { before: Some(10), limit: 3, ..Page::default() }), [7, 8, 9]);
    assert_eq!(seqs(Page { after: Some(7), before: Some(10), limit: 9, ..Page::default() }), [8, 9]);
    assert_eq!(seqs(Page { since: Some(at(30)), limit: 3, ..Page::default() }), [30, 31, 32]);
    assert_eq!(seqs(Page { since: Some(at(99)), limit: 3, ..Page::default() }), [0_u64; 0]);
    assert_eq!(seqs(Page { since: Some(at(-9)), limit: 2, ..Page::default() }), [1, 2]);
    assert_eq!(seqs(Page { after: Some(50), limit: 3, ..Page::default() }), [0_u64; 0]);
    fill(&mut journal, 1_100);
    assert_eq!(seqs(Page { after: Some(0), limit: 5_000, ..Page::default() }).len(), 1_000);
    let long = "x".repeat(3 << 20);
    for _ in 0..3 {
        journal.append(at(1), &Author::Engine, marked(&long)).unwrap();
    }
    journal.commit().unwrap();
    assert_eq!(seqs(Page { after: Some(1_150), limit: 9, ..Page::default() }), [1_151], "a page fits a frame");
    assert_eq!(seqs(Page { limit: 9, ..Page::default() }), [1_153]);
}
