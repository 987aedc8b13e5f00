//! A view of ten million lines that keep coming: paging, searching and following stay bounded in memory. Alone in its
//! process, so that nothing else is measured. A hundred thousand by default; `DOGWATCH_LINES=10000000` is the long form.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use dogwatch::output::{Bell, Direction, Follow, Index, Look, Needle, Output, Search};
use std::io::{BufWriter, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Stretches in which the lines come.
const STRETCHES: u64 = 10;
/// What the view may cost: 16 MiB.
const MEMORY: u64 = 16 << 20;

/// Private memory of this process, in bytes.
fn private() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

fn waited(rings: &Receiver<()>, bell: &Bell, done: impl Fn() -> bool) {
    while !done() {
        bell.heard();
        if done() {
            break;
        }
        rings.recv_timeout(Duration::from_mins(2)).expect("each task rings when it ends");
    }
}

#[test]
fn ten_million_lines_that_keep_coming_cost_a_bounded_memory() {
    let lines: u64 = std::env::var("DOGWATCH_LINES").ok().and_then(|lines| lines.parse().ok()).unwrap_or(100_000);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("output");
    let mut file = BufWriter::new(std::fs::File::create(&path).unwrap());
    let before = private();
    let (sender, rings) = channel();
    let bell = Bell::new(move || {
        let _ = sender.send(());
    });
    let output = Output::open(&path).unwrap();
    let index = Index::start(&output, &bell).unwrap();
    let _follow = Follow::start(&output, &bell).unwrap();
    let (mut written, mut most) = (0, 0);
    for stretch in 0..STRETCHES {
        let old = output.len();
        for _ in 0..lines / STRETCHES {
            writeln!(file, "2026-11-21T02:41:07Z INFO line {written:>9} of a view that stays open for an hour").unwrap();
            written += 1;
        }
        file.flush().unwrap();
        assert!(matches!(output.look().unwrap(), Look::Grown(_)), "stretch {stretch}");
        index.resume().unwrap();
        waited(&rings, &bell, || index.progress().ended() && index.line_count() == Some(written));
        let tail = output.tail(50).unwrap();
        assert!(tail.last().unwrap().text().contains(&format!("line {:>9} of", written - 1)));
        // A page from the middle, numbered, as a person who scrolls there sees it.
        let middle = output.line_start(output.len() / 2).unwrap();
        let page = output.lines(middle, 50).unwrap();
        let number = index.number(page[0].start).unwrap().expect("it is counted");
        assert!(page[0].text().contains(&format!("line {:>9} of", number - 1)), "{number}");
        let needle = Arc::new(Needle::text(&format!("line {:>9} of", written - 1)).unwrap());
        let search = Search::start(&output, &needle, Direction::Forward, old, &bell).unwrap();
        waited(&rings, &bell, || search.progress().ended());
        most = most.max(private());
    }
    assert!(most.saturating_sub(before) <= MEMORY, "{} KiB for {written} lines", most.saturating_sub(before) / 1024);
}
