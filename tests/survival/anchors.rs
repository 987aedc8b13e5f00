//! The record against those who can write to the state folder: heads are told outside within a second, an old copy is not
//! started on, a place that takes nothing is seen, and damage is gone on with only at a person's word.

use crate::support::{Workspace, until};
use dogwatch::domain::Command as Asked;
use dogwatch::journal::AnchorLine;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const HEAD: &str = "name = \"test\"\ntimezone = \"UTC\"\n";

/// The folder of the one journal below the state folder.
fn state(workspace: &Workspace) -> PathBuf {
    let mut folders = std::fs::read_dir(workspace.state()).unwrap().map(|entry| entry.unwrap().path());
    folders.find(|path| path.join("anchor").exists()).expect("a journal")
}

/// The last head that a file knows.
fn told(path: &Path) -> Option<AnchorLine> {
    std::fs::read_to_string(path).ok()?.lines().rev().find_map(AnchorLine::parse)?.ok()
}

fn seq(path: &Path) -> u64 {
    told(path).map_or(0, |line| line.anchored.head.seq)
}

#[test]
fn heads_are_told_to_a_file_a_program_and_the_log_within_a_second() {
    let mut workspace = Workspace::new();
    let (file, kept, log) = (workspace.beside("anchor.log"), workspace.beside("kept"), workspace.beside("log"));
    let socket = UnixDatagram::bind(&log).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let anchor = format!(
        "[anchor]\nfile = \"{}\"\ncommand = [\"sh\", \"-c\", \"cat >> {}\"]\nsyslog = \"{}\"\n",
        file.display(),
        kept.display(),
        log.display()
    );
    workspace.file("dogwatch.toml", &format!("{HEAD}{anchor}"));
    workspace.serve();
    let mut wire = workspace.wire();
    let mut slowest = Duration::ZERO;
    for number in 0..5 {
        wire.command(&format!("m{number}"), Asked::Mark { text: format!("mark {number}") }).unwrap().unwrap();
        let stored = Instant::now();
        let head = workspace.json(&["verify"])["entries"].as_u64().unwrap();
        until("the head is told", || (seq(&file) >= head && seq(&kept) >= head).then_some(()));
        slowest = slowest.max(stored.elapsed());
    }
    assert!(slowest < Duration::from_secs(3), "{slowest:?}, of which a second is the promise and the rest this machine's");
    let mut logged = [0; 1_024];
    let length = socket.recv(&mut logged).unwrap();
    let logged = String::from_utf8_lossy(&logged[..length]).into_owned();
    assert!(logged.starts_with("<85>dogwatch[") && AnchorLine::parse(&logged).is_some_and(|line| line.is_ok()), "{logged}");
    workspace.ok(&["stop"]);
    let said = workspace.ok(&["verify", "--anchor", kept.to_str().unwrap()]);
    let entries = workspace.json(&["verify"])["entries"].as_u64().unwrap();
    assert_eq!((seq(&file), seq(&kept)), (entries, entries), "the last head is told before the daemon ends");
    assert!(said.contains(&format!("proved up to entry {entries}")) && said.matches("against those who can").count() == 2, "{said}");
}

#[test]
fn an_old_copy_of_the_state_folder_is_not_started_on_until_a_person_accepts_it() {
    let mut workspace = Workspace::new();
    let file = workspace.beside("anchor.log");
    workspace.file("dogwatch.toml", &format!("{HEAD}[anchor]\nfile = \"{}\"\n", file.display()));
    workspace.serve();
    workspace.ok(&["mark", "kept"]);
    workspace.ok(&["stop"]);
    let state = state(&workspace);
    let names = ["journal.db", "anchor"];
    let old: Vec<_> = names.iter().map(|name| std::fs::read(state.join(name)).unwrap()).collect();
    let had = seq(&file);
    workspace.serve();
    workspace.ok(&["mark", "removed by an old copy"]);
    workspace.ok(&["stop"]);
    for (name, bytes) in names.iter().zip(&old) {
        std::fs::write(state.join(name), bytes).unwrap();
    }
    let refused = workspace.run(&["serve"]);
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && words.contains(&format!("from entry {} on", had + 1)), "{words}");
    assert!(words.contains("verify --accept"), "{words}");
    let found = workspace.run(&["verify"]);
    assert_eq!(found.status.code(), Some(1));
    assert_eq!(std::fs::read(state.join("journal.db")).unwrap(), old[0], "the evidence is untouched");

    assert_eq!(workspace.run(&["verify", "--accept"]).status.code(), Some(2), "without a reason nothing is accepted");
    let said = workspace.ok(&["verify", "--accept", "--reason", "restored from the backup of noon"]);
    assert!(said.contains(&format!("damage from entry {} on is accepted", had + 1)) && said.contains("refused-1"), "{said}");
    assert_eq!(std::fs::read(state.join("refused-1/journal.db")).unwrap(), old[0]);
    workspace.serve();
    let events = workspace.json(&["events", "--last", "1000"]).to_string();
    assert!(events.contains("damage_accepted") && events.contains("restored from the backup of noon"), "{events}");
    assert!(!events.contains("removed by an old copy"));
    assert_eq!(workspace.run(&["verify", "--accept", "--reason", "again"]).status.code(), Some(1), "a daemon runs");
    workspace.ok(&["stop"]);
    let said = workspace.ok(&["verify"]);
    assert!(said.contains("damage was accepted at entry"), "it is told for ever: {said}");
}

#[test]
fn a_place_that_takes_nothing_is_an_alert_and_refuses_changes_where_the_workspace_says_so_but_killing_works() {
    let mut workspace = Workspace::new();
    let folder = workspace.beside("log");
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("anchor");
    workspace.file("dogwatch.toml", &format!("{HEAD}[anchor]\nfile = \"{}\"\nwhen_unavailable = \"refuse\"\n", file.display()));
    workspace.file("flows/long.toml", "[[step]]\nname = \"it\"\nrun = \"exec sleep 600\"\n");
    workspace.serve();
    workspace.ok(&["run", "long"]);
    until("it runs", || workspace.json(&["runs"]).to_string().contains("running").then_some(()));
    // The file is lost and its folder cannot hold another: a folder stands in its place.
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    workspace.wire().command("tick", Asked::Mark { text: "one more entry".into() }).unwrap().unwrap();
    until("the failure is an incident", || workspace.json(&["incidents"]).to_string().contains("takes nothing").then_some(()));
    let refused = workspace.run(&["mark", "refused"]);
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1));
    assert!(words.contains("nothing is changed while the anchor file") && words.contains("when_unavailable"), "{words}");
    workspace.ok(&["kill", "long/1"]);
    until("it is ended", || workspace.json(&["runs", "long"]).to_string().contains("killed").then_some(()));
    std::fs::remove_dir(&file).unwrap();
    until("it is back", || workspace.run(&["mark", "recorded"]).status.success().then_some(()));
    let events = workspace.json(&["events", "--last", "1000"]).to_string();
    let count = |words: &str| events.matches(words).count();
    assert_eq!((count("{\"anchor_failing\":{\"error\""), count("{\"anchor_works\"")), (1, 1), "{events}");
    until("the incident is over", || (!workspace.json(&["incidents"]).to_string().contains("takes nothing")).then_some(()));
}

#[test]
fn an_anchor_of_another_kind_of_file_is_never_written_to() {
    let mut workspace = Workspace::new();
    let (secret, link) = (workspace.beside("secret"), workspace.beside("anchor"));
    std::fs::write(&secret, "before\n").unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::os::unix::fs::symlink(&secret, &link).unwrap();
    workspace.file("dogwatch.toml", &format!("{HEAD}[anchor]\nfile = \"{}\"\n", link.display()));
    workspace.serve();
    until("the failure is an incident", || workspace.json(&["incidents"]).to_string().contains("takes nothing").then_some(()));
    workspace.ok(&["mark", "everything else goes on"]);
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), "before\n");
}

#[test]
fn a_folder_without_a_journal_is_no_damage_and_a_lost_database_is() {
    let mut workspace = Workspace::new();
    workspace.serve();
    workspace.ok(&["mark", "kept"]);
    workspace.ok(&["stop"]);
    let elsewhere = workspace.beside("elsewhere");
    for more in [&[][..], &["--accept", "--reason", "x"][..]] {
        let args = [&["--state", elsewhere.to_str().unwrap(), "verify"], more].concat();
        let output = workspace.run(&args);
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{words}");
        assert!(words.contains("there is no journal of this workspace in") && words.contains("elsewhere"), "{words}");
        assert!(words.contains("--state DIR") && !words.contains("--accept"), "{words}");
        assert!(!elsewhere.exists(), "nothing was made");
    }
    std::fs::remove_file(state(&workspace).join("journal.db")).unwrap();
    let output = workspace.run(&["verify"]);
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && words.contains("the database is gone") && words.contains("--accept"), "{words}");
}
