//! Output files as operators meet them: huge, growing, cut, replaced, hostile.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use dogwatch::output::{
    Bell, Direction, FILTER_KEPT, Filter, Follow, Found, Index, LINE_SHOWN, Look, Needle, Output, OutputError, Progress, Search,
};
use proptest::prelude::*;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tempfile::TempDir;

/// No test waits longer for a fact.
const PATIENCE: Duration = Duration::from_mins(1);

fn file(content: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("output");
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

fn append(path: &Path, content: &[u8]) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(content).unwrap();
}

fn bell() -> (Bell, Receiver<()>) {
    let (sender, receiver) = channel();
    // The receiver is gone when the test has seen enough.
    let bell = Bell::new(move || {
        let _ = sender.send(());
    });
    (bell, receiver)
}

/// Waits for rings until a fact holds.
fn until(bell: &Bell, rings: &Receiver<()>, mut fact: impl FnMut() -> bool) {
    loop {
        bell.heard();
        if fact() {
            return;
        }
        rings.recv_timeout(PATIENCE).expect("the bell rings when there is something to see");
    }
}

fn texts(lines: &[dogwatch::output::Line]) -> Vec<String> {
    lines.iter().map(|line| line.text().into_owned()).collect()
}

fn search(output: &Output, needle: &Needle, direction: Direction, from: u64) -> Option<Found> {
    let (bell, rings) = bell();
    let search = Search::start(output, &Arc::new(needle.clone()), direction, from, &bell).unwrap();
    let mut answer = None;
    until(&bell, &rings, || {
        answer = search.take();
        answer.is_some()
    });
    answer.unwrap().unwrap()
}

fn done(progress: &Progress, bell: &Bell, rings: &Receiver<()>) {
    until(bell, rings, || progress.ended());
}

#[test]
fn three_million_lines_are_seen_from_both_ends_and_numbered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("output");
    let mut writer = BufWriter::new(File::create(&path).unwrap());
    for number in 1..=3_000_000 {
        writeln!(writer, "l{number}").unwrap();
    }
    writer.flush().unwrap();
    let output = Output::open(&path).unwrap();
    assert_eq!(texts(&output.tail(2).unwrap()), ["l2999999", "l3000000"]);
    assert_eq!(texts(&output.lines(0, 2).unwrap()), ["l1", "l2"]);

    let (bell, rings) = bell();
    let index = Index::start(&output, &bell).unwrap();
    done(index.progress(), &bell, &rings);
    assert_eq!(index.line_count(), Some(3_000_000));
    for number in [1, 2, 29_127, 1_500_000, 2_999_999, 3_000_000] {
        let start = index.start_of(number).unwrap().unwrap();
        assert_eq!(texts(&output.lines(start, 1).unwrap()), [format!("l{number}")]);
        assert_eq!(index.number(start).unwrap(), Some(number));
    }
    assert_eq!(index.start_of(3_000_001).unwrap(), None);
    assert_eq!(index.start_of(0).unwrap(), None);

    let last = output.tail(1).unwrap()[0].start;
    let found = search(&output, &Needle::text("l2999999").unwrap(), Direction::Forward, 0).unwrap();
    assert_eq!(found.line, output.before(last, 1).unwrap()[0].start);
    assert_eq!(search(&output, &Needle::regex("^l1$").unwrap(), Direction::Back, last), Some(Found { line: 0, at: 0 }));
    assert_eq!(search(&output, &Needle::text("nowhere").unwrap(), Direction::Forward, 0), None);
}

#[test]
fn a_line_of_ten_megabytes_is_cut_with_a_marker_and_still_searched() {
    let mut content = b"before\n".to_vec();
    content.resize(content.len() + (10 << 20), b'x');
    content.splice(9_000_000..9_000_006, *b"NEEDLE");
    content.extend_from_slice(b"\nafter\n");
    let (_folder, path) = file(&content);
    let output = Output::open(&path).unwrap();
    let lines = output.lines(0, 10).unwrap();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[1].bytes.len(), LINE_SHOWN);
    assert_eq!(lines[1].cut, (10 << 20) - LINE_SHOWN as u64);
    assert_eq!(lines[1].marker().unwrap(), "… 10.0 MiB more");
    assert_eq!(output.tail(3).unwrap(), lines);
    assert_eq!(output.line_start(8_000_000).unwrap(), 7);
    let wanted = Some(Found { line: 7, at: 9_000_000 });
    let needle = Needle::text("NEEDLE").unwrap();
    assert_eq!(search(&output, &needle, Direction::Forward, 0), wanted);
    assert_eq!(search(&output, &needle, Direction::Back, output.len()), wanted);
    let (bell, rings) = bell();
    let filter = Filter::start(&output, &Arc::new(Needle::text("x").unwrap()), &bell).unwrap();
    done(filter.progress(), &bell, &rings);
    assert_eq!(filter.starts(0, 10), [7], "a long line is one line");
}

#[test]
fn a_file_that_is_one_unfinished_line_is_shown_and_searched() {
    let mut content = vec![b'y'; 2 << 20];
    content.extend_from_slice(b"END");
    let (_folder, path) = file(&content);
    let output = Output::open(&path).unwrap();
    let tail = output.tail(5).unwrap();
    assert_eq!((tail.len(), tail[0].start, tail[0].complete), (1, 0, false));
    let found = Some(Found { line: 0, at: 2 << 20 });
    assert_eq!(search(&output, &Needle::text("END").unwrap(), Direction::Forward, 0), found);
    assert_eq!(search(&output, &Needle::text("END").unwrap(), Direction::Back, output.len()), found);
}

#[test]
fn carriage_returns_nuls_escapes_and_broken_characters_come_through_as_they_are() {
    let (_folder, path) = file(b"dos\r\nnul\0nul\n\x1b]0;title\x07\x1b[31mred\n\xff\xfe broken\n\r\n\nlast");
    let output = Output::open(&path).unwrap();
    let lines = output.lines(0, 100).unwrap();
    assert_eq!(texts(&lines), ["dos", "nul\0nul", "\u{1b}]0;title\u{7}\u{1b}[31mred", "\\xff\\xfe broken", "", "", "last"]);
    assert!(!lines[6].complete && lines[5].complete);
    assert_eq!(output.tail(7).unwrap(), lines);
    assert_eq!(search(&output, &Needle::regex("dos$").unwrap(), Direction::Forward, 0), Some(Found { line: 0, at: 0 }));
}

#[test]
fn an_empty_file_has_no_lines() {
    let (_folder, path) = file(b"");
    let output = Output::open(&path).unwrap();
    assert!(output.is_empty());
    assert!(output.tail(10).unwrap().is_empty() && output.lines(0, 10).unwrap().is_empty());
    let (bell, rings) = bell();
    let index = Index::start(&output, &bell).unwrap();
    done(index.progress(), &bell, &rings);
    assert_eq!(index.line_count(), Some(0));
    assert_eq!(search(&output, &Needle::regex("^").unwrap(), Direction::Forward, 0), None);
}

#[test]
fn growth_rings_and_everything_goes_on_from_there() {
    let (_folder, path) = file(b"one error\nhal");
    let output = Output::open(&path).unwrap();
    let (bell, rings) = bell();
    let _follow = Follow::start(&output, &bell).unwrap();
    let index = Index::start(&output, &bell).unwrap();
    let filter = Filter::start(&output, &Arc::new(Needle::text("error").unwrap()), &bell).unwrap();
    until(&bell, &rings, || index.progress().ended() && filter.progress().ended());
    assert_eq!((index.line_count(), filter.count()), (Some(2), 1));

    append(&path, b"f an error\nthree\n");
    let mut seen = Look::Same;
    until(&bell, &rings, || {
        if seen == Look::Same {
            seen = output.look().unwrap();
        }
        seen != Look::Same
    });
    assert_eq!(seen, Look::Grown(30));
    assert_eq!(index.line_count(), None, "unknown until the new part is counted");
    index.resume().unwrap();
    filter.resume().unwrap();
    until(&bell, &rings, || index.line_count().is_some() && filter.progress().ended());
    assert_eq!(index.line_count(), Some(3));
    assert_eq!(filter.starts(0, 9), [0, 10], "the line that was half written is found once");
    assert_eq!(texts(&output.tail(2).unwrap()), ["half an error", "three"]);
}

#[test]
fn truncation_replacement_and_removal_are_told_apart() {
    let (folder, path) = file(b"one\ntwo\nthree\n");
    let output = Output::open(&path).unwrap();
    let (bell, rings) = bell();
    let _follow = Follow::start(&output, &bell).unwrap();
    let expect = |wanted: Look| until(&bell, &rings, || output.look().unwrap() == wanted);

    OpenOptions::new().write(true).open(&path).unwrap().set_len(4).unwrap();
    expect(Look::Truncated(4));
    assert_eq!(texts(&output.tail(9).unwrap()), ["one"]);

    std::fs::remove_file(&path).unwrap();
    expect(Look::Gone);
    assert_eq!(texts(&output.tail(9).unwrap()), ["one"], "what is open can still be read");

    let other = folder.path().join("other");
    std::fs::write(&other, "new\n").unwrap();
    std::fs::rename(&other, &path).unwrap();
    expect(Look::Replaced);
    assert_eq!(texts(&Output::open(&path).unwrap().tail(9).unwrap()), ["new"]);
}

#[test]
fn only_plain_files_are_opened_and_never_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: &Path, word: &str| match Output::open(path) {
        Err(error @ OutputError::NotPlain { .. }) => assert!(error.to_string().contains(word), "{error}"),
        other => panic!("{other:?}"),
    };
    refused(folder.path(), "a folder");
    let fifo = folder.path().join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(made.success());
    refused(&fifo, "a named pipe");
    let link = folder.path().join("link");
    std::os::unix::fs::symlink("/etc/passwd", &link).unwrap();
    refused(&link, "a symbolic link");
    refused(Path::new("/dev/zero"), "a device");
    assert!(matches!(Output::open(folder.path().join("nothing")), Err(OutputError::Missing { .. })));
}

#[test]
fn the_first_error_is_found_past_words_that_say_there_is_none() {
    let (_folder, path) = file(b"start\nchecked: 0 errors\nloading\npsql: FATAL: no such role\nerror: gave up\n");
    let output = Output::open(&path).unwrap();
    let found = search(&output, &Needle::trouble().unwrap(), Direction::Forward, 0).unwrap();
    assert_eq!(texts(&output.lines(found.line, 1).unwrap()), ["psql: FATAL: no such role"]);
}

#[test]
fn a_filter_is_bounded_and_says_so() {
    let (_folder, path) = file(&b"a\n".repeat(FILTER_KEPT + 5));
    let output = Output::open(&path).unwrap();
    let (bell, rings) = bell();
    let filter = Filter::start(&output, &Arc::new(Needle::text("a").unwrap()), &bell).unwrap();
    done(filter.progress(), &bell, &rings);
    assert_eq!((filter.count(), filter.is_full()), (FILTER_KEPT, true));
    assert_eq!(filter.position(6), 3);
}

#[test]
fn a_search_that_is_dropped_ends_without_a_ring() {
    let (_folder, path) = file(b"");
    // A hole that takes seconds to read, so that the search cannot be over before it is dropped.
    OpenOptions::new().write(true).open(&path).unwrap().set_len(16 << 30).unwrap();
    let output = Output::open(&path).unwrap();
    let (bell, rings) = bell();
    drop(Search::start(&output, &Arc::new(Needle::text("Absent").unwrap()), Direction::Forward, 0, &bell).unwrap());
    drop(bell); // the last owner is the search's thread; when it ends, the channel closes
    assert!(rings.recv_timeout(PATIENCE).is_err());
}

/// Lines of a file with their starts, the plain way.
fn plainly(content: &[u8]) -> Vec<(u64, &[u8])> {
    let mut at = 0;
    content
        .split_inclusive(|byte| *byte == b'\n')
        .map(|line| {
            let start = at;
            at += line.len() as u64;
            let line = line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line));
            (start, line)
        })
        .collect()
}

fn contents() -> impl Strategy<Value = Vec<u8>> {
    let line =
        (0_usize..60_000, prop::option::of("(error|Error|a b|\u{e4}|b\r|0 errors)"), prop::sample::select(vec!["\n", "\r\n", "\n\n"]));
    (prop::collection::vec(line, 0..24), any::<bool>()).prop_map(|(lines, ended)| {
        let mut content = Vec::new();
        for (filler, word, end) in lines {
            // Short lines are as likely as ones that cross the pieces that are read at once.
            content.resize(content.len() + if filler % 2 == 0 { filler % 50 } else { filler }, b'.');
            content.extend_from_slice(word.unwrap_or_default().as_bytes());
            content.extend_from_slice(end.as_bytes());
        }
        if !ended {
            content.extend_from_slice(b"unfinished error");
        }
        content
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn searches_filters_and_lines_agree_with_the_plain_way(content in contents(), which in 0_usize..6, part in 0.0_f64..1.0) {
        let (_folder, path) = file(&content);
        let output = Output::open(&path).unwrap();
        let lines = plainly(&content);
        let needle = match which {
            0 => Needle::text("error"),
            1 => Needle::text("Error"),
            2 => Needle::regex("a\\sb$"),
            3 => Needle::regex("^$"),
            4 => Needle::text("\u{e4}"),
            _ => Needle::trouble(),
        }.unwrap();
        let matching: Vec<u64> = lines.iter().filter(|(_, line)| needle.is_match(line)).map(|(start, _)| *start).collect();
        let from = lines.get((lines.len() as f64 * part) as usize).map_or(content.len() as u64, |(start, _)| *start);

        let ahead = search(&output, &needle, Direction::Forward, from).map(|found| found.line);
        prop_assert_eq!(ahead, matching.iter().copied().find(|start| *start >= from));
        let back = search(&output, &needle, Direction::Back, from).map(|found| found.line);
        prop_assert_eq!(back, matching.iter().copied().rfind(|start| *start < from));

        let (bell, rings) = bell();
        let filter = Filter::start(&output, &Arc::new(needle), &bell).unwrap();
        done(filter.progress(), &bell, &rings);
        prop_assert_eq!(filter.starts(0, usize::MAX), matching);

        let starts: Vec<u64> = lines.iter().map(|(start, _)| *start).collect();
        let read = |lines: Vec<dogwatch::output::Line>| lines.iter().map(|line| line.start).collect::<Vec<_>>();
        prop_assert_eq!(read(output.lines(0, usize::MAX).unwrap()), starts.clone());
        prop_assert_eq!(read(output.tail(5).unwrap()), starts[starts.len().saturating_sub(5)..].to_vec());
        let index = Index::start(&output, &bell).unwrap();
        done(index.progress(), &bell, &rings);
        prop_assert_eq!(index.line_count(), Some(lines.len() as u64));
        for (place, start) in starts.iter().enumerate() {
            prop_assert_eq!(index.number(*start).unwrap(), Some(place as u64 + 1));
            prop_assert_eq!(index.start_of(place as u64 + 1).unwrap(), Some(*start));
            prop_assert_eq!(output.line_start(*start).unwrap(), *start);
        }
    }
}
