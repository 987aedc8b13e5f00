//! What a step printed beside the last good run, and what `why` tells of it: through the real console, over real files.
#![allow(clippy::unwrap_used, reason = "what a test builds is right, or the test fails")]

mod stage;

use dogwatch::console::{Msg, Screen, Target};
use dogwatch::domain::{AttemptEnd, AttemptId, Job, RunId};
use dogwatch::output::{Alike, COMPARED_BYTES, Differences, Output, Progress, Telling, telling};
use dogwatch::wire::message::output_path;
use stage::{Stage, Story};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn attempt(run: u32, number: u32) -> AttemptId {
    let run = RunId::numbered("nightly-orders".into(), run);
    AttemptId { job: Job::Step { run, step: "load".into() }, number }
}

fn write(state: &Path, attempt: &AttemptId, content: &[u8]) {
    let path = output_path(state, attempt);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

/// A night's log of so many lines; the time of each line is another one every night.
fn log(day: u32, lines: usize) -> String {
    let mut text = String::new();
    for line in 1..=lines {
        writeln!(
            text,
            "2026-11-{day} 02:{:02}:{:02}.{day} \x1b[32mINFO\x1b[0m batch {line}: {} rows",
            line / 60 % 60,
            line % 60,
            line * 7 + day as usize
        )
        .unwrap();
    }
    text
}

/// A console over a good run and a failed one, each with what its load printed.
fn desk(size: (u16, u16), good: Option<&str>, failed: &str) -> (Stage, TempDir) {
    let mut story = Story::new();
    story.flow("nightly-orders", &["fetch", "load", "report"], 1, None);
    story.run("nightly-orders", 6, 86_400, &[30, 300, 20], Some(AttemptEnd::Exit(0)));
    story.run("nightly-orders", 7, 1_320, &[40, 600], Some(AttemptEnd::Exit(1)));
    let state = tempfile::tempdir().unwrap();
    if let Some(good) = good {
        write(state.path(), &attempt(6, 1), good.as_bytes());
    }
    write(state.path(), &attempt(7, 1), failed.as_bytes());
    let mut stage = Stage::with(&story, size);
    stage.app.session.welcome.as_mut().unwrap().state = state.path().display().to_string();
    (stage, state)
}

fn open(stage: &mut Stage, screen: Screen) {
    stage.app.session.open(screen);
    stage.send(Msg::Tick);
}

/// Lets the background work until the screen shows a text.
fn until(stage: &mut Stage, wanted: &str) -> String {
    let waker = stage.app.session.waker.clone();
    let clock = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    loop {
        stage.send(Msg::Woken);
        let shown = stage.picture();
        if shown.contains(wanted) {
            return shown;
        }
        let woken = clock.block_on(async { tokio::time::timeout(Duration::from_mins(1), waker.0.notified()).await });
        assert!(woken.is_ok(), "`{wanted}` never came:\n{shown}");
    }
}

/// The failed night: one line differs in its words, then the load ends early.
fn nights() -> (String, String) {
    let good = log(20, 400) + "2026-11-20 02:41:00.1 INFO committed\n2026-11-20 02:41:01.0 INFO done in 3.5 s\n";
    let failed =
        log(21, 200).replace("batch 90: ", "batch 90 again: ") + "2026-11-21 02:36:00.1 ERROR psql: FATAL: role \"etl\" does not exist\n";
    (good, failed)
}

#[test]
fn only_what_differs_in_words_is_shown() {
    let (good, failed) = nights();
    for size in SIZES {
        let (mut stage, _state) = desk(size, Some(&good), &failed);
        open(&mut stage, Screen::Compare(attempt(7, 1)));
        until(&mut stage, "2 differences");
        insta::assert_snapshot!(format!("compare_{}x{}", size.0, size.1), stage.picture_with_roles());
    }
}

#[test]
fn keys_walk_the_differences_unfold_search_and_count_figures() {
    let (good, failed) = nights();
    let (mut stage, _state) = desk((160, 40), Some(&good), &failed);
    open(&mut stage, Screen::Output(attempt(7, 1)));
    until(&mut stage, "does not exist");
    stage.press("compare");
    assert_eq!(stage.app.screen(), Some(&Screen::Compare(attempt(7, 1))));
    let shown = until(&mut stage, "2 differences");
    assert!(shown.contains("86 lines alike") && shown.contains("batch 90 again"), "{shown}");
    stage.press("search-next");
    assert!(stage.picture().contains("1 of 2"));
    stage.press("search-next");
    assert!(stage.picture().contains("2 of 2"));
    stage.press("search-next");
    assert!(stage.picture().contains("differences: nothing further below"));
    stage.press("search-previous");
    assert!(stage.picture().contains("1 of 2"));
    stage.press("alike-lines");
    assert!(!stage.picture().contains("lines alike"));
    stage.press("alike-lines");

    stage.press("search");
    stage.type_text("batch 42:");
    stage.press("confirm");
    let shown = until(&mut stage, "batch 42:: 2 lines");
    assert!(shown.contains("▸    42"), "the match was folded away: {shown}");
    stage.press("back");
    assert!(stage.picture().contains("lines alike"), "esc ends the search and folds again");
    assert_eq!(stage.app.screen(), Some(&Screen::Compare(attempt(7, 1))));

    stage.press("figures");
    let shown = until(&mut stage, "every character counts");
    assert!(shown.contains("1 difference   402 lines gone, 201 new"), "every line has another time: {shown}");
    stage.press("compare");
    assert_eq!(stage.app.screen(), Some(&Screen::Output(attempt(6, 1))), "the good output itself is one key away");
}

#[test]
fn equal_missing_and_hostile_outputs_are_told() {
    let (mut stage, _state) = desk((120, 40), Some(&log(20, 50)), &log(21, 50));
    open(&mut stage, Screen::Compare(attempt(7, 1)));
    until(&mut stage, "the outputs say the same");

    let (mut stage, _state) = desk((120, 40), None, "x\n");
    open(&mut stage, Screen::Compare(attempt(7, 1)));
    assert!(stage.picture().contains("the output of nightly-orders/6"), "{}", stage.picture());
    assert!(stage.picture().contains("is not kept any more"), "{}", stage.picture());

    let hostile = "\x1b]52;c;ZXZpbA==\x07\x1b[2J\x1bP1$q\u{202e}evil\n";
    let (mut stage, _state) = desk((120, 40), Some(hostile), &format!("{hostile}\r\0{}\n", "y".repeat(100_000)));
    open(&mut stage, Screen::Compare(attempt(7, 1)));
    until(&mut stage, "1 difference");
    let symbols: String = stage.buffer().content.iter().map(ratatui::buffer::Cell::symbol).collect();
    assert!(!symbols.chars().any(|char| char.is_control() || char == '\u{202e}'));
    assert!(symbols.contains("KiB more"));
    for width in 0..14 {
        for height in 0..8 {
            stage.size = (width, height);
            stage.buffer();
        }
    }
}

#[test]
fn of_large_outputs_the_ends_are_compared_and_what_is_left_out_is_said() {
    let state = tempfile::tempdir().unwrap();
    let (one, other) = (state.path().join("one"), state.path().join("other"));
    let line = format!("{}\n", "x".repeat(1023));
    std::fs::write(&one, line.repeat(20 << 10)).unwrap();
    std::fs::write(&other, line.repeat(20 << 10) + "and an error\n").unwrap();
    let (one, other) = (Output::open(&one).unwrap(), Output::open(&other).unwrap());
    let compared = Differences::between(&one, &other, Alike::Exactly, &Progress::default()).unwrap();
    assert_eq!(compared.before.left_out(), (20 << 20) - COMPARED_BYTES);
    assert_eq!(compared.after.len(), compared.before.len(), "as many whole lines as fit");
    assert_eq!(compared.lines_apart(), (1, 1), "one line fell out at the front, one is new at the end");

    // One endless line, and a file of nothing but newlines.
    let (endless, empty) = (state.path().join("endless"), state.path().join("empty"));
    std::fs::write(&endless, vec![b'x'; 20 << 20]).unwrap();
    std::fs::write(&empty, vec![b'\n'; 1 << 20]).unwrap();
    let (endless, empty) = (Output::open(&endless).unwrap(), Output::open(&empty).unwrap());
    let compared = Differences::between(&endless, &empty, Alike::Words, &Progress::default()).unwrap();
    assert_eq!((compared.before.len(), compared.after.len()), (1, dogwatch::output::COMPARED_LINES));
}

#[test]
fn why_tells_the_first_error_of_the_output() {
    let failed = "0 errors so far\n\x1b[31mpsql: FATAL:  role \"etl\" does not exist\x1b[0m \x1b[2J\nbye\n";
    let (mut stage, state) = desk((120, 40), None, failed);
    open(&mut stage, Screen::Why(Target::Flow("nightly-orders".into())));
    let shown = until(&mut stage, "first error: psql: FATAL:  role \"etl\" does not exist \\x1b[2J");
    let place = |text: &str| shown.lines().position(|line| line.contains(text)).unwrap();
    assert_eq!(place("first error"), place("load failed: exit 1, attempt") + 2, "{shown}");
    stage.press("down");
    stage.press("down");
    stage.press("open");
    assert_eq!(stage.app.screen(), Some(&Screen::Output(attempt(7, 1))), "enter on it shows the output");

    let told = |content: &[u8]| {
        write(state.path(), &attempt(7, 1), content);
        telling(&output_path(state.path(), &attempt(7, 1)), &Progress::default()).unwrap()
    };
    assert_eq!(told(b"one\nlast words\n\n"), Some(Telling::LastLine("last words".into())));
    assert_eq!(told(b"\n\n"), None);
    let mut large = vec![b'\n'; 70 << 20];
    large.extend(b"ERROR at last\n");
    assert_eq!(told(&large), Some(Telling::LateError("ERROR at last".into())));
}
