//! A huge output costs a bounded amount of memory. Alone in its process, so that nothing else is measured.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use dogwatch::output::{Bell, Direction, Filter, Index, Needle, Output, Search};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

/// Private memory of this process, in bytes.
fn private() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[test]
fn three_hundred_megabytes_cost_less_than_sixteen_mebibytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("output");
    // Mostly holes, so that it is quickly made and takes little disk; lines of 4 kB, and a match in each.
    let file = File::create(&path).unwrap();
    let length: u64 = 300_000_000;
    file.set_len(length).unwrap();
    for at in (0..length).step_by(16_384) {
        file.write_all_at(b"\nan error here\n", at).unwrap();
    }
    let before = private();
    let (sender, rings) = channel();
    let bell = Bell::new(move || {
        let _ = sender.send(());
    });
    let output = Output::open(&path).unwrap();
    assert_eq!(output.tail(100).unwrap().len(), 100);
    let index = Index::start(&output, &bell).unwrap();
    let search = Search::start(&output, &Arc::new(Needle::text("Nowhere").unwrap()), Direction::Forward, 0, &bell).unwrap();
    let back = Search::start(&output, &Arc::new(Needle::regex("no[w]here").unwrap()), Direction::Back, length, &bell).unwrap();
    let filter = Filter::start(&output, &Arc::new(Needle::text("error").unwrap()), &bell).unwrap();
    let mut most = private();
    while !(index.progress().ended() && search.progress().ended() && back.progress().ended() && filter.progress().ended()) {
        bell.heard();
        most = most.max(private());
        if index.progress().ended() && search.progress().ended() && back.progress().ended() && filter.progress().ended() {
            break;
        }
        rings.recv_timeout(Duration::from_mins(2)).expect("each task rings when it ends");
    }
    most = most.max(private());
    assert_eq!(index.line_count(), Some(length.div_ceil(16_384) * 2 + 1));
    assert_eq!(filter.count() as u64, length.div_ceil(16_384));
    assert!(most - before <= 16 << 20, "{} KiB", (most - before) / 1024);
}
