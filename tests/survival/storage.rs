//! The place of the record misbehaves: locked by a stranger, read slowly by a stranger, read-only, out of inodes, written
//! by a newer version, read back with little memory.

use super::disk::SmallDisk;
use crate::support::Workspace;
use dogwatch::domain::{Author, Command as Asked, Event};
use dogwatch::journal::Journal;
use rusqlite::Connection;
use std::path::PathBuf;
use std::process::Command;

/// The folder with the journal, by the daemon's own word.
fn state(workspace: &Workspace) -> PathBuf {
    PathBuf::from(&workspace.wire().welcome.state)
}

fn marks(workspace: &Workspace) -> Vec<String> {
    let events = workspace.json(&["events", "--last", "100000"]);
    let text = |entry: &serde_json::Value| Some(entry["event"]["marked"]["text"].as_str()?.to_owned());
    events.as_array().unwrap().iter().filter_map(text).collect()
}

#[test]
fn a_stranger_that_locks_the_journal_delays_and_refuses_but_loses_nothing() {
    let mut workspace = Workspace::new();
    workspace.serve();
    workspace.ok(&["mark", "before"]);
    let stranger = Connection::open(state(&workspace).join("journal.db")).unwrap();
    stranger.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = workspace.run(&["mark", "meanwhile"]);
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{words}");
    assert!(words.contains("locked by another process") && words.contains("fuser"), "{words}");
    workspace.ok(&["status", "--no-daemon"]);
    assert_eq!(marks(&workspace), ["before"], "what is there can be read");
    stranger.execute_batch("ROLLBACK").unwrap();
    workspace.ok(&["mark", "after"]);
    assert_eq!(marks(&workspace), ["before", "after"]);
    workspace.ok(&["verify"]);
}

#[test]
fn a_reader_that_stays_and_a_hot_backup_stop_nobody_and_the_wal_shrinks_again() {
    let mut workspace = Workspace::new();
    workspace.serve();
    workspace.ok(&["mark", "first"]);
    let database = state(&workspace).join("journal.db");
    let reader = Connection::open(&database).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM entries;").unwrap();
    let mut wire = workspace.wire();
    let long = "x".repeat(4_000);
    let mark = |wire: &mut crate::support::Wire, number: usize| {
        let asked = Asked::Mark { text: format!("{number} {long}") };
        wire.command(&format!("mark-{number}"), asked).unwrap().unwrap();
    };
    (0..2_000).for_each(|number| mark(&mut wire, number));
    let copy = workspace.beside("copy.db");
    let mut target = Connection::open(&copy).unwrap();
    let source = Connection::open(&database).unwrap();
    rusqlite::backup::Backup::new(&source, &mut target).unwrap().run_to_completion(1_000, std::time::Duration::ZERO, None).unwrap();
    let copied: i64 = target.query_row("SELECT count(*) FROM entries", [], |row| row.get(0)).unwrap();
    assert!(copied > 2_000, "{copied}");
    drop((reader, source));
    (2_000..4_000).for_each(|number| mark(&mut wire, number));
    let wal = std::fs::metadata(database.with_extension("db-wal")).unwrap().len();
    assert!(wal <= 17 << 20, "the WAL is cut back once nobody reads from it: {wal} bytes");
    assert_eq!(marks(&workspace).len(), 4_001);
    workspace.ok(&["verify"]);
}

#[test]
fn an_entry_that_is_too_large_is_refused_by_name_and_the_connection_lives_on() {
    let mut workspace = Workspace::new();
    workspace.serve();
    let mut wire = workspace.wire();
    let refusal = wire.command("big", Asked::Mark { text: "x".repeat(200 << 10) }).unwrap().unwrap_err();
    assert!(refusal.reason.contains("long") || refusal.reason.contains("most"), "{refusal}");
    wire.command("small", Asked::Mark { text: "small".into() }).unwrap().unwrap();
    // Fifty megabytes do not even make a request.
    let larger = wire.command("huge", Asked::Mark { text: "x".repeat(50 << 20) });
    assert!(larger.is_err(), "a longer line than any request ends the connection");
    assert_eq!(marks(&workspace), ["small"]);
}

#[test]
fn a_journal_of_a_newer_version_is_refused_and_left_as_it_is() {
    let mut workspace = Workspace::new();
    workspace.serve();
    workspace.ok(&["mark", "kept"]);
    let database = state(&workspace).join("journal.db");
    workspace.ok(&["stop"]);
    Connection::open(&database).unwrap().execute("UPDATE meta SET value = '3' WHERE key = 'format'", []).unwrap();
    let before = std::fs::read(&database).unwrap();
    let refused = workspace.run(&["serve"]);
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success());
    assert!(words.contains("has format 3") && words.contains("use the newer dogwatch"), "{words}");
    assert_eq!(std::fs::read(&database).unwrap(), before, "nothing was changed");
}

#[test]
fn a_large_journal_is_read_back_within_a_small_memory() {
    let mut workspace = Workspace::new();
    // Made by the same code, without a daemon, so that it is quickly there.
    workspace.serve();
    let state = state(&workspace);
    workspace.ok(&["stop"]);
    let mut journal = Journal::open(&state).unwrap();
    for number in 0..40_000_u32 {
        let text = format!("mark {number} {}", "x".repeat(100));
        journal.append(dogwatch::clock::now(), &Author::Engine, Event::Marked { text }).unwrap();
        if number % 1_000 == 0 {
            journal.commit().unwrap();
        }
    }
    journal.commit().unwrap();
    journal.close().unwrap();
    std::fs::remove_file(state.join("world.json")).unwrap();
    let pid = workspace.serve();
    workspace.ok(&["status", "--no-daemon"]);
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap().trim().trim_end_matches(" kB");
    assert!(peak.trim().parse::<u64>().unwrap() <= 150 << 10, "peak of {peak} kB while 40,000 entries are folded");
}

#[test]
#[ignore = "needs root: mounts a small disk"]
fn a_disk_that_turns_read_only_is_said_and_recording_resumes_when_it_is_writable() {
    let mut workspace = Workspace::new();
    let disk = SmallDisk::over(workspace.state(), "64m");
    workspace.serve();
    workspace.ok(&["mark", "before"]);
    // Open files keep a file system from turning read-only in order; a new folder on top of it does the same to new files.
    let remount = |mode: &str| {
        let done = Command::new("mount").args(["-o", &format!("remount,{mode}")]).arg(&disk.0).output().unwrap();
        done.status.success()
    };
    if remount("ro") {
        let refused = workspace.run(&["mark", "meanwhile"]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(remount("rw"));
    } else {
        eprintln!("not shown: this kernel does not remount a file system read-only while it is written");
    }
    let after = workspace.run(&["mark", "after"]);
    if !after.status.success() {
        workspace.kill_daemon();
        workspace.serve();
        workspace.ok(&["mark", "after"]);
    }
    let marks = marks(&workspace);
    assert_eq!((marks.first().map(String::as_str), marks.last().map(String::as_str)), (Some("before"), Some("after")));
    workspace.ok(&["verify"]);
}

#[test]
#[ignore = "needs root: mounts a small disk"]
fn without_free_inodes_steps_fail_to_start_with_the_reason_and_the_record_goes_on() {
    let mut workspace = Workspace::new();
    workspace.file("flows/job.toml", "[[step]]\nname = \"it\"\nrun = \"true\"\n");
    let disk = SmallDisk::with(workspace.state(), "size=64m,nr_inodes=60,mode=0700");
    workspace.serve();
    workspace.ok(&["run", "job", "--wait"]);
    let filled = (0..100_000).take_while(|number| std::fs::write(disk.0.join(format!("filler{number}")), "").is_ok()).count();
    assert!(filled > 0);
    let failed = workspace.run(&["run", "job", "--wait"]);
    assert_eq!(failed.status.code(), Some(1));
    let words = format!("{}{}", String::from_utf8_lossy(&failed.stdout), String::from_utf8_lossy(&failed.stderr));
    assert!(words.contains("No space left") || words.contains("no space"), "{words}");
    workspace.ok(&["mark", "the record goes on"]);
    for number in 0..filled {
        std::fs::remove_file(disk.0.join(format!("filler{number}"))).unwrap();
    }
    workspace.ok(&["run", "job", "--wait"]);
    workspace.ok(&["verify"]);
}

#[test]
#[ignore = "needs root: changes the settings of logind in a mount namespace of its own"]
fn where_logging_out_would_end_the_daemon_it_says_so_and_how_to_prevent_it() {
    let mut workspace = Workspace::new();
    workspace.serve();
    let script = "mount -t tmpfs tmpfs /etc && mkdir /etc/systemd && echo 'root:x:0:0::/root:/bin/sh' > /etc/passwd && \
                  printf '[Login]\\nKillUserProcesses=yes\\n' > /etc/systemd/logind.conf && exec \"$0\" status --no-daemon";
    let program = workspace.cmd(["status"]).get_program().to_owned();
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", script]).arg(program).envs(workspace.environment());
    let output = command.current_dir(workspace.root()).output().unwrap();
    let words = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(words.contains("KillUserProcesses=yes") && words.contains("enable-linger"), "{words}");
    let quiet = workspace.ok(&["status", "--no-daemon"]);
    assert!(!quiet.contains("KillUserProcesses"), "{quiet}");
}
