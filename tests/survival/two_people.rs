//! Two users on one machine: one asks, the other approves, each through the real program; the kernel says who is who.

use crate::peers::{as_nobody, command_as_nobody, sockets_for_all};
use crate::support::{Workspace, until};
use std::process::Output;

const RUNBOOK: &str = "# Load\n\n```sh run name=\"empty\" danger\necho emptied\n```\n";

fn settings(sockets: &std::path::Path, approvers: &str) -> String {
    let access =
        format!("[access]\noperators = [\"root\"]\nviewers = [\"nobody\"]\napprovers = [{approvers}]\ntwo_people = [\"dangerous\"]\n");
    let daemon = format!("[daemon]\nuser = \"root\"\nsocket_dir = \"{}\"\n", sockets.display());
    format!("name = \"test\"\ntimezone = \"UTC\"\n{daemon}{access}")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The request that a first run of the step makes.
fn asked(workspace: &Workspace) -> String {
    let answer = workspace.json(&["runbook", "load", "--run", "empty", "--confirm", "empty"]);
    answer["request"].as_str().unwrap().to_owned()
}

#[test]
#[ignore = "needs root: acts as a second user"]
fn one_user_asks_and_another_approves_what_then_runs_once() {
    let mut workspace = Workspace::new();
    let sockets = sockets_for_all(&mut workspace);
    workspace.file("runbooks/load.md", RUNBOOK);
    workspace.file("dogwatch.toml", &settings(&sockets, "\"nobody\""));
    workspace.serve();

    let request = asked(&workspace);
    let own = workspace.run(&["approve", &request]);
    assert!(!own.status.success() && said(&own).contains("approver"), "{}", said(&own));
    let approved = as_nobody(&workspace, &["approve", &request[..12]]);
    assert!(approved.status.success(), "{}", said(&approved));
    assert!(workspace.ok(&["runbook", "load", "--run", "empty", "--confirm", "empty"]).contains("emptied"));
    let again = as_nobody(&workspace, &["approve", &request]);
    assert!(said(&again).contains("was used already"), "{}", said(&again));

    // Who approved loses the role before it is used: it is void, and that is on record.
    let request = asked(&workspace);
    assert!(as_nobody(&workspace, &["approve", &request]).status.success());
    workspace.file("dogwatch.toml", &settings(&sockets, "\"daemon\""));
    workspace.ok(&["reload"]);
    let refused = until("the role is gone", || {
        let viewer = as_nobody(&workspace, &["approve", &request]);
        said(&viewer).contains("may only look").then(|| workspace.run(&["runbook", "load", "--run", "empty", "--confirm", "empty"]))
    });
    assert!(!refused.status.success() && said(&refused).contains("no approver any more"), "{}", said(&refused));
    let events = workspace.ok(&["events", "--last", "100"]);
    assert!(events.contains("no approver any more") && events.contains("approved"), "{events}");
}

#[test]
#[ignore = "needs root: acts as a second user"]
fn who_may_only_look_writes_no_file_and_each_is_credited_with_their_own() {
    let mut workspace = Workspace::new();
    let sockets = sockets_for_all(&mut workspace);
    workspace.file("flows/bad.toml", "[[step]]\nname = \"one\"\nrun = \"exit 7\"\n");
    let access = |operators: &str| {
        let access = format!("[access]\noperators = [\"root\"{operators}]\nviewers = [\"nobody\"]\n");
        format!("name = \"test\"\ntimezone = \"UTC\"\n[daemon]\nuser = \"root\"\nsocket_dir = \"{}\"\n{access}", sockets.display())
    };
    workspace.file("dogwatch.toml", &access(", \"nobody\""));
    workspace.serve();
    assert_eq!(workspace.run(&["run", "bad", "--wait"]).status.code(), Some(1));
    assert!(as_nobody(&workspace, &["ack", "1"]).status.success());
    workspace.ok(&["resolve", "1", "--reason", "looked at"]);
    workspace.file("dogwatch.toml", &access(""));
    workspace.ok(&["reload"]);
    until("the role is gone", || said(&as_nobody(&workspace, &["mark", "x"])).contains("may only look").then_some(()));
    let folders = ["notes", "notes/handovers", "runbooks"].map(|name| workspace.root().join(name));
    for folder in &folders {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    }
    let commands: [&[&str]; 3] = [&["handover", "--write"], &["postmortem", "1"], &["review", "1", "--accept", "runbook"]];
    for args in commands {
        let refused = as_nobody(&workspace, args);
        assert!(!refused.status.success() && said(&refused).contains("may only look"), "{args:?}: {}", said(&refused));
    }
    for folder in &folders {
        let files = std::fs::read_dir(folder).unwrap().flatten().filter(|entry| entry.path().is_file()).count();
        assert_eq!(files, 0, "{}", folder.display());
    }
    let events = workspace.ok(&["events", "--last", "100"]);
    assert!(events.contains("record a note refused") && events.contains("review"), "{events}");

    workspace.ok(&["postmortem", "1"]);
    workspace.ok(&["postmortem", "1", "--to", "reviewed"]);
    let shown = workspace.ok(&["incident", "1"]);
    assert!(shown.contains("reviewed by root, acknowledged by nobody\n"), "{shown}");
}

#[test]
#[ignore = "needs root: acts as a second user"]
fn another_users_verify_is_no_alarm_and_the_owners_is() {
    let mut workspace = Workspace::new();
    let sockets = sockets_for_all(&mut workspace);
    workspace.file("dogwatch.toml", &settings(&sockets, "\"nobody\""));
    workspace.serve();
    workspace.ok(&["verify"]);
    let strange = command_as_nobody(&workspace, &["verify"]).env_remove("XDG_STATE_HOME").output().unwrap();
    let words = said(&strange);
    assert_eq!(strange.status.code(), Some(2), "{words}");
    assert!(words.contains("there is no journal of this workspace in /nonexistent") && words.contains("run this as root"), "{words}");
    assert!(!words.contains("--accept"), "{words}");
}
