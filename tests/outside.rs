//! Changes of the machine: each is recorded once, with its own time, across restarts and rotations.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it is surprised")]

mod support;

use dogwatch::domain::outside::OutsideChange;
use dogwatch::outside::read_dpkg_log;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use support::{Workspace, until};

fn at(text: &str) -> Timestamp {
    format!("2026-11-21T{text}Z").parse().unwrap()
}

/// A reader that remembers how far it came, as the journal does.
struct Reader {
    folder: tempfile::TempDir,
    last: Option<OutsideChange>,
}

impl Reader {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), last: None }
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("dpkg.log")
    }

    fn write(&self, lines: &str) {
        append(&self.log(), lines);
    }

    fn read(&mut self) -> Vec<String> {
        let mark = self.last.as_ref().and_then(|change| change.log.as_ref());
        let changes = read_dpkg_log(&self.log(), mark, at("06:00:00"), &TimeZone::UTC).unwrap();
        self.last = changes.last().cloned().or(self.last.take());
        changes.into_iter().map(|change| format!("{} {}", change.happened_at.strftime("%H:%M:%S"), change.summary)).collect()
    }
}

fn append(path: &Path, lines: &str) {
    let text = fs::read_to_string(path).unwrap_or_default();
    fs::write(path, text + lines).unwrap();
}

const NIGHT: &str = "2026-11-21 05:00:00 upgrade old:amd64 1 2\n\
    2026-11-21 06:12:44 startup archives unpack\n\
    2026-11-21 06:12:44 upgrade libc6:amd64 2.36-9 2.36-10\n\
    2026-11-21 06:12:45 status half-configured libc6:amd64 2.36-9\n\
    2026-11-21 06:12:46 upgrade openssl:amd64 3.0.1 3.0.2\n\
    2026-11-21 06:12:47 install shop:all <none> 4.2\n\
    2026-11-21 06:12:49 configure libc6:amd64 2.36-10 <none>\n";
const DAY: &str = "2026-11-21 09:00:00 remove nginx:amd64 1.22 <none>\n2026-11-21 09:00:01 purge nginx:amd64 1.22 <none>\n";

#[test]
fn a_run_of_the_package_manager_is_one_change_and_told_once() {
    let mut reader = Reader::new();
    reader.write(NIGHT);
    let told = reader.read();
    assert_eq!(told, ["06:12:44 2 packages upgraded, 1 installed: libc6 2.36-9 → 2.36-10, openssl 3.0.1 → 3.0.2, shop 4.2"]);
    assert_eq!(reader.last.as_ref().unwrap().until, Some(at("06:12:47")));
    assert!(reader.read().is_empty(), "nothing is told twice");
    reader.write(DAY);
    reader.write("2026-11-21 09:30:00 upgrade half-writ");
    assert_eq!(reader.read(), ["09:00:00 1 package removed: nginx"], "half a line waits");
    reader.write("ten:amd64 1 2\n");
    assert_eq!(reader.read(), ["09:30:00 1 package upgraded: half-written 1 → 2"]);
}

#[test]
fn a_rotation_loses_and_repeats_nothing() {
    for copied in [false, true] {
        let mut reader = Reader::new();
        reader.write(NIGHT);
        assert_eq!(reader.read().len(), 1);
        reader.write(DAY);
        let before = reader.folder.path().join("dpkg.log.1");
        if copied {
            fs::copy(reader.log(), &before).unwrap();
            fs::write(reader.log(), "").unwrap();
        } else {
            fs::rename(reader.log(), &before).unwrap();
        }
        reader.write("2026-11-21 10:00:00 upgrade new:amd64 1 2\n");
        assert_eq!(reader.read(), ["09:00:00 1 package removed: nginx", "10:00:00 1 package upgraded: new 1 → 2"], "copied: {copied}");
        assert!(reader.read().is_empty());
        // Rotated twice with nothing known left: the times decide.
        fs::rename(reader.log(), &before).unwrap();
        fs::rename(&before, reader.folder.path().join("dpkg.log.2")).unwrap();
        reader.write("2026-11-21 10:00:00 upgrade new:amd64 1 2\n2026-11-21 11:00:00 upgrade newer:amd64 1 2\n");
        assert_eq!(reader.read(), ["11:00:00 1 package upgraded: newer 1 → 2"]);
    }
}

#[test]
fn a_storm_is_bounded_and_a_hostile_log_is_only_text() {
    let mut reader = Reader::new();
    let mut lines = String::new();
    for number in 0..1_000 {
        let _ = writeln!(lines, "2026-11-21 {:02}:{:02}:00 upgrade p{number}:all 1 2", 7 + number / 100, number % 100 * 3 % 60);
    }
    let _ = writeln!(lines, "2026-11-21 23:00:00 upgrade {} 1 2", "x".repeat(100_000));
    lines.push_str("2026-11-21 23:30:00 upgrade a\u{1b}]0;owned\u{7} 1 2\n\0\0\n2026-13-45 99:99:99 upgrade never 1 2\nupgrade\n");
    reader.write(&lines);
    let told = reader.read();
    assert!(told.len() <= 50, "{}", told.len());
    assert!(told.iter().all(|line| line.len() < 600 && !line.contains("never")), "{told:?}");
    assert!(reader.read().is_empty(), "all was taken in");
    fs::remove_file(reader.log()).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, reader.log(), rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR, 0)
        .unwrap();
    assert!(read_dpkg_log(&reader.log(), None, at("06:00:00"), &TimeZone::UTC).is_err(), "a pipe is not waited for");
}

#[test]
fn the_daemon_records_each_change_once_and_shows_it_beside_the_incident() {
    let mut workspace = Workspace::new();
    workspace.set("TZ", "UTC");
    let log = workspace.beside("dpkg.log");
    append(&log, "2026-01-01 00:00:00 upgrade long-ago:all 1 2\n");
    let settings = format!("name = \"test\"\ntimezone = \"UTC\"\n[outside]\ndpkg_log = \"{}\"\n", log.display());
    workspace.file("dogwatch.toml", &settings);
    workspace.file("flows/load.toml", "[[step]]\nname = \"load\"\nrun = \"exit 1\"\n");
    workspace.serve();
    let upgraded = |name: &str| {
        let now = dogwatch::clock::now().to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S").to_string();
        // A second that is over: the daemon began in this one.
        append(&log, &format!("{now} upgrade {name}:amd64 1 2\n"));
    };
    let changes = |workspace: &Workspace| -> Vec<String> {
        let events = workspace.json(&["events", "--last", "1000"]);
        let told = events.as_array().unwrap().iter().filter_map(|entry| entry["event"]["outside_changed"]["change"]["summary"].as_str());
        told.map(str::to_owned).collect()
    };
    let began = dogwatch::clock::now().as_second();
    until("the second is over", || (dogwatch::clock::now().as_second() > began).then_some(()));
    upgraded("libc6");
    until("the change is on record", || (changes(&workspace).len() == 1).then_some(()));
    assert_eq!(changes(&workspace), ["1 package upgraded: libc6 1 → 2"]);
    workspace.ok(&["run", "load"]);
    until("the incident is open", || (workspace.json(&["incidents"])[0]["id"] == 1).then_some(()));
    let timeline = workspace.ok(&["incident", "1"]);
    assert!(timeline.contains("packages             1 package upgraded: libc6 1 → 2"), "{timeline}");
    workspace.ok(&["mark", "deployed", "shop", "4.2"]);
    let strip = workspace.json(&["strip", "1", "--span", "15m"]);
    let lane = |name: &str| strip["lanes"].as_array().unwrap().iter().find(|lane| lane["name"] == name).unwrap()["facts"].clone();
    let outside: Vec<_> = lane("outside").as_array().unwrap().iter().map(|fact| fact["words"].as_str().unwrap().to_owned()).collect();
    assert_eq!(outside, ["1 package upgraded: libc6 1 → 2", "deployed shop 4.2"]);
    assert!(!lane("load").as_array().unwrap().is_empty() && !lane("alerts").as_array().unwrap().is_empty(), "{strip:#}");

    // While no daemon runs, and across a rotation.
    workspace.ok(&["stop"]);
    upgraded("openssl");
    fs::rename(&log, workspace.beside("dpkg.log.1")).unwrap();
    append(&log, "");
    workspace.serve();
    until("what happened meanwhile is on record", || (changes(&workspace).len() == 2).then_some(()));
    assert_eq!(changes(&workspace)[1], "1 package upgraded: openssl 1 → 2");
    workspace.ok(&["stop"]);
    workspace.serve();
    workspace.ok(&["reload"]);
    upgraded("shop");
    until("the next one is on record", || (changes(&workspace).len() == 3).then_some(()));
}
