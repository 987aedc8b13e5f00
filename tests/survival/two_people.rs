//! Two users on one machine: one asks, the other approves, each through the real program; the kernel says who is who.

use crate::peers::{as_nobody, sockets_for_all};
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
