//! The front door for scripts: what commands do, say, refuse, and how they end.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it is surprised")]

mod support;

use serde_json::Value;
use std::process::Output;
use support::{Workspace, until};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn flow(workspace: &Workspace, name: &str, text: &str) {
    workspace.file(&format!("flows/{name}.toml"), text);
}

fn events(workspace: &Workspace) -> Vec<Value> {
    workspace.json(&["events", "--last", "1000"]).as_array().unwrap().clone()
}

#[test]
fn exit_codes_are_those_of_the_contract() {
    let workspace = Workspace::new();
    flow(&workspace, "good", "[[step]]\nname = \"one\"\nrun = \"true\"\n");
    flow(&workspace, "bad", "[[step]]\nname = \"one\"\nrun = \"exit 7\"\n");
    let code = |args: &[&str]| workspace.run(args).status.code();
    assert_eq!(code(&["status", "--no-daemon"]), Some(3), "nobody listens");
    assert_eq!(code(&["run", "good", "--wait"]), Some(0));
    assert_eq!(code(&["run", "bad", "--wait"]), Some(1), "the run failed");
    assert_eq!(code(&["run", "goood"]), Some(1), "refused");
    assert_eq!(code(&["fly"]), Some(2), "wrong usage");
    assert_eq!(code(&["rerun", "bad"]), Some(2), "not a run");
    let refused = said(&workspace.run(&["run", "goood"]));
    assert!(refused.contains("there is no flow `goood`") && refused.contains("did you mean `good`?"), "{refused}");
    let run = &workspace.json(&["runs", "bad"])[0];
    assert_eq!((run["id"].as_str(), run["outcome"].as_str()), (Some("bad/1"), Some("failed")));
    assert_eq!(run["steps"][0]["attempts"][0]["exit_code"], 7);
}

#[test]
fn a_failed_flow_makes_an_incident_that_a_good_rerun_ends() {
    let workspace = Workspace::new();
    let script = "[[step]]\nname = \"first\"\nrun = \"echo once >> first.txt\"\n\
                  [[step]]\nname = \"second\"\nneeds = [\"first\"]\nrun = \"test -e repaired || { echo 'psql: FATAL: role etl does not exist'; exit 1; }\"\n";
    flow(&workspace, "load", script);
    assert_eq!(workspace.run(&["run", "load", "--wait"]).status.code(), Some(1));
    let incidents = workspace.json(&["incidents"]);
    assert_eq!((incidents[0]["id"].as_u64(), incidents[0]["stage"].as_str()), (Some(1), Some("triggered")));

    workspace.ok(&["ack", "1", "--note", "looking"]);
    assert!(workspace.json(&["incidents"])[0]["acknowledged_by"].is_string());
    let why = workspace.ok(&["why", "load/1"]);
    assert!(why.contains("second failed: exit 1"), "{why}");
    assert!(why.contains("first error: psql: FATAL: role etl does not exist"), "{why}");
    let reasons = workspace.json(&["why", "load"]);
    let words = |reason: &serde_json::Value| reason["text"].as_str().is_some_and(|text| text.starts_with("first error: psql"));
    assert!(reasons.as_array().unwrap().iter().any(words), "{reasons}");

    let before = events(&workspace).len();
    let preview = workspace.ok(&["rerun", "load/1", "--dry-run"]);
    assert!(preview.contains("runs second") && preview.contains("keeps first"), "{preview}");
    assert_eq!(events(&workspace).len(), before, "a dry run leaves no entry");

    workspace.file("repaired", "");
    workspace.ok(&["rerun", "load/1", "--reason", "repaired", "--wait"]);
    let once = std::fs::read_to_string(workspace.root().join("first.txt")).unwrap();
    assert_eq!(once, "once\n", "what had succeeded was not run again");
    let incident = workspace.json(&["incident", "1"]);
    assert_eq!(incident["stage"], "resolved");
    assert!(incident["timeline"].as_array().unwrap().len() > 10);

    // The same failure afterwards is a new incident that knows the old one.
    std::fs::remove_file(workspace.root().join("repaired")).unwrap();
    assert_eq!(workspace.run(&["run", "load", "--wait"]).status.code(), Some(1));
    assert_eq!(workspace.json(&["incident", "2"])["previous"], 1);
    workspace.ok(&["resolve", "2", "--reason", "known, tomorrow"]);
    assert_eq!(workspace.json(&["incidents"]).as_array().map(Vec::len), Some(0));
    workspace.ok(&["verify"]);
}

#[test]
fn parameters_reach_a_step_as_they_were_given_and_never_as_words_of_a_shell() {
    let workspace = Workspace::new();
    let echo = "[params]\nname = \"\"\n[[step]]\nname = \"say\"\nrun = 'printf \"%s\" \"$DOGWATCH_PARAM_NAME\" > said; touch ran'\n";
    flow(&workspace, "echo", echo);
    for hostile in [
        "$(touch hit)",
        "`touch hit`",
        "; touch hit",
        "&& touch hit",
        "a\ntouch hit",
        "'\"",
        "{a,b}",
        "\u{a0}",
        "--help",
        "-oProxyCommand=x",
        "",
    ] {
        workspace.ok(&["run", "echo", "--param", &format!("name={hostile}"), "--wait"]);
        assert_eq!(std::fs::read_to_string(workspace.root().join("said")).unwrap(), hostile);
        assert!(!workspace.root().join("hit").exists(), "{hostile:?} was obeyed");
    }
    let unknown = said(&workspace.run(&["run", "echo", "--param", "nmae=x"]));
    assert!(unknown.contains("nmae") && unknown.contains("name"), "{unknown}");
}

#[test]
fn a_running_batch_keeps_its_definition_and_a_wrong_file_changes_nothing() {
    let workspace = Workspace::new();
    let waits = |then: &str| {
        format!(
            "[[step]]\nname = \"wait\"\nrun = 'while [ ! -e go ]; do sleep 0.05; done'\n[[step]]\nname = \"say\"\nneeds = [\"wait\"]\nrun = 'echo {then}'\n"
        )
    };
    flow(&workspace, "slow", &waits("old"));
    workspace.ok(&["run", "slow"]);
    flow(&workspace, "slow", &waits("new"));
    workspace.ok(&["reload"]);
    until("the new definition is known", || {
        events(&workspace).iter().filter(|entry| entry["event"]["flow_defined"].is_object()).nth(1).map(drop)
    });
    // Then a file that is wrong: everything goes on as it was, and the error is told.
    workspace.file("flows/slow.toml", "[[step]]\nnmae = \"x\"\n");
    until("the error is told", || {
        let errors = workspace.json(&["status"])["workspace_errors"].to_string();
        errors.contains("slow.toml:2:1").then_some(())
    });
    let refused = workspace.run(&["reload"]);
    assert!(!refused.status.success() && said(&refused).contains("unknown key `nmae`"), "{}", said(&refused));
    workspace.file("go", "");
    until("the run is done", || (workspace.json(&["runs", "slow"])[0]["phase"] == "done").then_some(()));
    assert!(workspace.ok(&["logs", "slow/1", "say"]).contains("old"), "the definition that it started with");
    workspace.ok(&["run", "slow", "--wait"]);
    assert!(workspace.ok(&["logs", "slow/2", "say"]).contains("new"), "the last right definition");
}

#[test]
fn a_wrong_workspace_is_refused_with_every_line() {
    let workspace = Workspace::new();
    flow(
        &workspace,
        "round",
        "[[step]]\nname = \"a\"\nneeds = [\"b\"]\nrun = \"true\"\n[[step]]\nname = \"b\"\nneeds = [\"a\"]\nrun = \"true\"\n",
    );
    flow(&workspace, "never", "schedule = \"0 0 30 2 *\"\n[[step]]\nname = \"a\"\nrun = \"true\"\n");
    let check = workspace.run(&["check"]);
    assert_eq!(check.status.code(), Some(2));
    let words = said(&check);
    assert!(words.contains("flows/round.toml") && words.contains("flows/never.toml") && words.contains("never fires"), "{words}");
    assert_eq!(workspace.run(&["run", "round"]).status.code(), Some(2), "no daemon starts on it");
}

#[test]
fn hostile_output_is_shown_and_not_obeyed() {
    let workspace = Workspace::new();
    flow(&workspace, "hostile", "[[step]]\nname = \"say\"\nrun = '''printf '\\033]0;owned\\007\\033[2Jred\\202\\n' '''\n");
    workspace.ok(&["run", "hostile", "--wait"]);
    let logs = workspace.run(&["logs", "hostile/1"]).stdout;
    assert!(!logs.contains(&0x1b) && !logs.contains(&7), "{logs:?}");
    let raw = workspace.run(&["logs", "hostile/1", "--raw"]).stdout;
    assert!(raw.starts_with(b"\x1b]0;owned\x07"), "the file holds what was printed");
}

#[test]
fn a_runbook_step_runs_with_its_expectation_and_danger_is_typed() {
    let workspace = Workspace::new();
    let runbook = "---\ntitle = \"Test\"\n---\n\n# Test\n\n```sh run name=\"good\" param=\"who=you\" expect-output=\"^hello you$\"\necho \"hello $DOGWATCH_PARAM_WHO\"\n```\n\n\
                   ```sh run name=\"odd\" expect-output=\"never\"\necho something\n```\n\n```sh run name=\"three\" expect=\"exit 3\"\nexit 3\n```\n\n\
                   ```sh run name=\"wild\" danger\ntouch wild\n```\n";
    workspace.file("runbooks/test.md", runbook);
    let code = |args: &[&str]| workspace.run(&[&["runbook", "test", "--run"], args].concat()).status.code();
    let told = |args: &[&str]| {
        let ended = workspace.run(&[&["runbook"], args].concat());
        String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned()
    };
    assert!(told(&["test", "--run", "good", "--dry-run"]).contains("expects exit 0 and output that matches `^hello you$`, within 10m"));
    assert_eq!(told(&["test", "--run", "odd"]).matches("not as expected").count(), 1);
    assert!(told(&["test", "--run", "wild"]).contains("--confirm wild"));
    let unknown = told(&["test", "--run", "nope"]);
    assert!(unknown.contains("`test` has no runnable step `nope`") && unknown.contains("known: good, odd, three, wild"), "{unknown}");
    assert!(told(&["nope"]).contains("`dogwatch runbooks` lists them") && told(&["tets"]).contains("did you mean `test`?"));
    assert_eq!(code(&["good"]), Some(0));
    assert_eq!(code(&["odd"]), Some(1), "its output is not as expected");
    assert_eq!(code(&["three"]), Some(0), "its exit is as expected");
    assert_eq!(code(&["wild"]), Some(1), "not confirmed");
    assert!(!workspace.root().join("wild").exists());
    assert_eq!(code(&["wild", "--confirm", "wild"]), Some(0));
    assert!(workspace.root().join("wild").exists());

    workspace.file("runbooks/two.md", "# Two\n\n```sh run name=\"both\" approval=two expect=\"exit 3\"\nexit 3\n```\n");
    workspace.ok(&["reload"]);
    let request = workspace.json(&["runbook", "two", "--run", "both"])["request"].as_str().unwrap().to_owned();
    let shown = workspace.ok(&["approve", &request, "--show"]);
    assert!(shown.contains("expects   exit 3, within 10m") && shown.contains("DOGWATCH_STEP=both"), "{shown}");
    let until = shown.lines().find(|line| line.starts_with("on ")).unwrap();
    assert!(!until.contains('Z') && !until.contains('.'), "local time, without parts of seconds: {until}");
}

#[test]
fn the_daemon_starts_on_demand_stops_on_request_and_batches_go_on() {
    let workspace = Workspace::new();
    flow(&workspace, "slow", "[[step]]\nname = \"wait\"\nrun = 'while [ ! -e go ]; do sleep 0.05; done; echo done'\n");
    workspace.ok(&["run", "slow"]);
    until("it runs", || (workspace.json(&["runs"])[0]["phase"] == "running").then_some(()));
    assert!(workspace.ok(&["stop"]).contains("1 step goes on running"));
    assert_eq!(workspace.run(&["status"]).status.code(), Some(3), "status starts none");
    workspace.file("go", "");
    until("the next command starts it, and it knows", || (workspace.json(&["runs"])[0]["outcome"] == "success").then_some(()));
    let kinds: Vec<String> = events(&workspace).iter().filter_map(|entry| entry["event"].as_object()?.keys().next().cloned()).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "daemon_started").count(), 2);
    assert_eq!(kinds.iter().filter(|kind| *kind == "attempt_starting").count(), 1, "nothing ran twice");
}
