//! Files that flows wait for: the room that looks for them, and the real daemon with real files.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up fails")]

mod support;

use dogwatch::domain::Report;
use dogwatch::domain::condition::{FileFact, FileWanted};
use dogwatch::domain::effect::FeedOrder;
use dogwatch::feeds::Feeds;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;
use support::{Workspace, until};
use tempfile::TempDir;
use tokio::sync::mpsc;

/// The room alone, with what it reports.
struct Room {
    folder: TempDir,
    feeds: Feeds,
    reports: mpsc::Receiver<Report>,
    runtime: tokio::runtime::Runtime,
}

impl Room {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (tell, reports) = mpsc::channel(64);
        let feeds = Feeds::start(folder.path(), tell).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        Self { folder, feeds, reports, runtime }
    }

    fn watch(&self, path: &str, done_file: Option<&str>, known: Vec<(String, u64, jiff::Timestamp)>) {
        let stable_for = Duration::from_millis(100);
        let wanted = vec![FileWanted { path: path.into(), stable_for, done_file: done_file.map(str::to_owned) }];
        self.feeds.watch(FeedOrder { flow: "f".into(), wanted, known });
    }

    fn file(&self, name: &str, content: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    #[track_caller]
    fn next(&mut self) -> Report {
        let next = self.runtime.block_on(async { tokio::time::timeout(Duration::from_mins(1), self.reports.recv()).await });
        next.expect("a report within a minute").expect("the room lives")
    }

    /// The next file that is whole; what is seen meanwhile is passed over.
    #[track_caller]
    fn found(&mut self) -> FileFact {
        loop {
            if let Report::FileFound { file, .. } = self.next() {
                return file;
            }
        }
    }

    /// Waits until this is seen.
    #[track_caller]
    fn sees(&mut self, part: &str) {
        loop {
            match self.next() {
                Report::FileSighted { words, .. } if words.contains(part) => return,
                Report::FileFound { file, .. } => panic!("{} was found, instead of: {part}", file.file),
                _ => {}
            }
        }
    }
}

#[test]
fn a_file_is_found_when_it_rests_and_again_when_it_changes() {
    let mut room = Room::new();
    room.watch("in/orders-*.csv", None, vec![]);
    // Nothing is there yet, not even the folder.
    room.sees("in does not exist");
    room.file("in/other.txt", "x");
    room.sees("no such file yet");
    room.file("in/orders-1.csv", "one");
    let found = room.found();
    assert!(found.file.ends_with("/in/orders-1.csv"), "{found:?}");
    assert_eq!((found.size, found.checksum), (3, blake3::hash(b"one").to_hex().to_string()));
    room.file("in/orders-1.csv", "one and more");
    assert_eq!(room.found().size, 12);
    // Renamed into its place, and in a folder that is made again.
    room.file("in/part.tmp", "two");
    fs::rename(room.folder.path().join("in/part.tmp"), room.folder.path().join("in/orders-2.csv")).unwrap();
    assert!(room.found().file.ends_with("orders-2.csv"));
    fs::remove_dir_all(room.folder.path().join("in")).unwrap();
    room.sees("in does not exist");
    room.file("in/orders-3.csv", "three");
    assert!(room.found().file.ends_with("orders-3.csv"));
}

#[test]
fn a_file_that_is_on_record_is_not_read_again() {
    let mut room = Room::new();
    room.file("in/1.csv", "one");
    room.watch("in/*.csv", None, vec![]);
    let one = room.found();
    room.file("in/2.csv", "two");
    room.watch("in/*.csv", None, vec![(one.file, one.size, one.modified_at)]);
    assert!(room.found().file.ends_with("2.csv"));
}

#[test]
fn a_done_file_is_waited_for_however_long_the_file_rests() {
    let mut room = Room::new();
    room.file("in/1.csv", "one");
    room.watch("in/*.csv", Some("done/{name}.done"), vec![]);
    room.sees("1.csv.done is missing");
    room.file("in/2.csv", "two");
    room.sees("2.csv.done is missing");
    room.file("in/done/1.csv.done", "");
    assert!(room.found().file.ends_with("1.csv"));
}

#[test]
fn what_is_no_file_is_told_and_never_waited_for() {
    let mut room = Room::new();
    let place = room.folder.path().join("in/feed");
    fs::create_dir_all(&place).unwrap();
    room.watch("in/feed", None, vec![]);
    room.sees("in/feed is a folder, a file is expected");
    fs::remove_dir(&place).unwrap();
    room.sees("no such file yet");
    rustix::fs::mknodat(rustix::fs::CWD, &place, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
    room.sees("is a pipe, a socket or a device");
    fs::remove_file(&place).unwrap();
    symlink("nowhere", &place).unwrap();
    room.sees("feed leads nowhere");
    // A link to a file is that file.
    fs::remove_file(&place).unwrap();
    room.file("elsewhere", "content");
    symlink("../elsewhere", &place).unwrap();
    assert_eq!(room.found().size, 7);
    // A pattern that matches a folder takes the files beside it.
    fs::create_dir_all(room.folder.path().join("many/a")).unwrap();
    room.watch("many/*", None, vec![]);
    room.sees("many/a is a folder");
    room.file("many/b", "b");
    assert!(room.found().file.ends_with("many/b"));
}

#[test]
fn ten_thousand_files_are_found_once_each_and_not_more() {
    let mut room = Room::new();
    fs::create_dir_all(room.folder.path().join("in")).unwrap();
    for number in 0..10_050 {
        fs::write(room.folder.path().join(format!("in/{number:05}.csv")), number.to_string()).unwrap();
    }
    room.watch("in/*.csv", None, vec![]);
    room.sees("more than 10000 files match");
    let mut names = BTreeSet::new();
    while names.len() < 10_000 {
        assert!(names.insert(room.found().file), "each is found once");
    }
    assert!(names.last().unwrap().ends_with("09999.csv"));
    // Those that are gone make room for the others.
    for number in 0..50 {
        fs::remove_file(room.folder.path().join(format!("in/{number:05}.csv"))).unwrap();
    }
    while names.len() < 10_050 {
        assert!(names.insert(room.found().file), "each is found once");
    }
}

fn outcomes(workspace: &Workspace) -> Vec<(String, Option<String>)> {
    let runs = workspace.json(&["runs"]);
    runs.as_array()
        .unwrap()
        .iter()
        .map(|run| (run["id"].as_str().unwrap().to_owned(), run["outcome"].as_str().map(str::to_owned)))
        .collect()
}

fn succeeded(workspace: &Workspace, run: &str) {
    until(run, || outcomes(workspace).contains(&(run.to_owned(), Some("success".into()))).then_some(()));
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn files_start_runs_through_the_real_daemon_and_none_is_lost_or_run_twice() {
    let mut workspace = Workspace::new();
    workspace.file("dogwatch.toml", "name = \"test\"\n[pools]\nwarehouse = 2\n");
    workspace.file(
        "flows/orders.toml",
        r#"
[[file]]
path = "in/orders-*.csv"
stable_for = "100ms"

[[step]]
name = "load"
run = 'cat "$DOGWATCH_FILE" >> loaded && echo "$DOGWATCH_FILES" >> names'
pool = "warehouse"
"#,
    );
    workspace.file(
        "flows/report.toml",
        "after = [\"orders\"]\noverlap = \"queue_all\"\n[[step]]\nname = \"print\"\nrun = \"echo printed $DOGWATCH_DATE >> printed\"\n",
    );
    workspace.serve();
    let why = || workspace.ok(&["why", "orders"]);
    until("an absence is a row", || why().contains("in does not exist").then_some(()));
    workspace.file("in/orders-1.csv", "one\n");
    succeeded(&workspace, "orders/1");
    assert_eq!(read(&workspace.root().join("loaded")), "one\n");
    assert!(read(&workspace.root().join("names")).ends_with("/in/orders-1.csv\n"));
    // The flow after it has its one run for this date.
    succeeded(&workspace, "report/1");
    // The same content again is a duplicate.
    workspace.file("in/orders-2.csv", "one\n");
    until("a duplicate", || why().contains("a duplicate").then_some(()));
    // A daemon that was killed starts nothing again, and sees what came while it was away.
    workspace.kill_daemon();
    workspace.file("in/orders-3.csv", "three\n");
    workspace.serve();
    succeeded(&workspace, "orders/2");
    assert_eq!(read(&workspace.root().join("loaded")), "one\nthree\n");
    let cause = &workspace.json(&["runs", "orders"])[0]["cause"]["file"];
    assert!(cause["file"]["file"].as_str().unwrap().ends_with("in/orders-3.csv"), "{cause}");
    let names: BTreeSet<String> = outcomes(&workspace).into_iter().map(|(run, _)| run).collect();
    assert_eq!(names, ["orders/1", "orders/2", "report/1"].map(str::to_owned).into(), "one run for each file, and one after them");
}

#[test]
fn pools_and_waiting_lists_are_shown() {
    let mut workspace = Workspace::new();
    workspace.file("dogwatch.toml", "name = \"test\"\n[pools]\nwarehouse = 1\ntapes = { units = 3 }\n");
    workspace.file("flows/a.toml", "[[step]]\nname = \"hold\"\nrun = \"read line < gate\"\npool = { name = \"warehouse\" }\n");
    workspace.file(
        "flows/b.toml",
        "priority = 70\n[[step]]\nname = \"load\"\nrun = \"true\"\npool = [\"warehouse\", { name = \"tapes\", units = 2 }]\n",
    );
    let gate = workspace.root().join("gate");
    rustix::fs::mknodat(rustix::fs::CWD, &gate, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
    workspace.serve();
    workspace.ok(&["run", "a"]);
    workspace.ok(&["run", "b"]);
    let pools = workspace.json(&["pools"]);
    assert_eq!((&pools[1]["name"], &pools[1]["units"], &pools[1]["taken"]), (&"warehouse".into(), &1.into(), &1.into()));
    assert_eq!(pools[1]["holders"][0]["attempt"], "a/1 hold attempt 1");
    assert_eq!((&pools[1]["waiting"][0]["run"], &pools[1]["waiting"][0]["priority"]), (&"b/1".into(), &70.into()));
    assert_eq!(pools[0]["taken"], 0, "nothing is held in part");
    assert!(workspace.ok(&["pools"]).contains("b/1 load (1)"));
    let waiting = &workspace.json(&["runs", "b"])[0]["waiting_on"][0];
    assert_eq!((&waiting["on"], &waiting["pool"], &waiting["free"]), (&"resource".into(), &"warehouse".into(), &0.into()));
    assert!(workspace.ok(&["why", "b/1"]).contains("1 of 1 taken by a/1 hold attempt 1"));
    fs::write(&gate, "go\n").unwrap();
    succeeded(&workspace, "b/1");
}
