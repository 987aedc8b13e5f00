//! The operator's verbs through the front door for scripts: each is asked, previewed, carried out, refused.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it is surprised")]

mod support;

use std::process::Output;
use support::{Workspace, until};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn flow(workspace: &Workspace, name: &str, text: &str) {
    workspace.file(&format!("flows/{name}.toml"), text);
}

fn outcome(workspace: &Workspace, run: &str, wanted: &str) {
    until(&format!("{run} ended: {wanted}"), || {
        let runs = workspace.json(&["runs"]);
        let row = runs.as_array().unwrap().iter().find(|row| row["id"] == run).cloned();
        (row.unwrap()["outcome"] == wanted).then_some(())
    });
}

const TWO: &str =
    "[[step]]\nname = \"first\"\nrun = \"exit 7\"\n[[step]]\nname = \"second\"\nneeds = [\"first\"]\nrun = \"touch second\"\n";

#[test]
fn a_failed_step_is_set_ok_and_the_rest_is_left_out() {
    let workspace = Workspace::new();
    flow(&workspace, "load", TWO);
    assert_eq!(workspace.run(&["run", "load", "--wait"]).status.code(), Some(1));
    let preview = workspace.ok(&["ok", "load/1", "first", "--reason", "by hand", "--dry-run"]);
    assert!(preview.contains("counts as a success instead of failed") && preview.contains("--scope failed"), "{preview}");
    workspace.ok(&["ok", "load/1", "first", "--reason", "by hand"]);
    workspace.ok(&["skip", "load/1", "second", "--reason", "not needed"]);
    outcome(&workspace, "load/1", "success forced");
    assert_eq!(workspace.json(&["incident", "1"])["stage"], "resolved");
    let run = &workspace.json(&["runs", "load"])[0];
    assert_eq!(run["steps"][0]["decided"]["reason"], "by hand");
    assert_eq!(run["steps"][0]["attempts"][0]["exit_code"], 7, "its attempt stays on record");
    assert!(run["steps"][1]["skipped_by"].is_string());
    assert!(!workspace.root().join("second").exists());
    let refused = said(&workspace.run(&["fail", "load/1", "first", "--reason", "x"]));
    assert!(refused.contains("is done: success forced"), "{refused}");
    assert_eq!(workspace.run(&["skip", "load/1", "third", "--reason", "x"]).status.code(), Some(1));
    assert_eq!(workspace.run(&["skip", "load/1", "second"]).status.code(), Some(2), "a reason is asked for");
    workspace.ok(&["verify"]);
}

#[test]
fn what_is_kept_back_is_listed_and_let_go() {
    let workspace = Workspace::new();
    let waits = "[[step]]\nname = \"wait\"\nrun = 'while [ ! -e go ]; do sleep 0.05; done'\n[[step]]\nname = \"then\"\nneeds = [\"wait\"]\nrun = \"true\"\n";
    flow(&workspace, "slow", waits);
    flow(&workspace, "other", "[[step]]\nname = \"one\"\nrun = \"touch ran\"\n");
    workspace.ok(&["run", "slow"]);
    until("it runs", || (workspace.json(&["runs"])[0]["phase"] == "running").then_some(()));
    workspace.ok(&["hold", "slow/1", "--reason", "look first", "--for", "1h"]);
    workspace.ok(&["prioritize", "slow/1", "90"]);
    workspace.ok(&["ice", "other", "--reason", "no disk"]);
    let held = workspace.json(&["holds"]);
    let rows: Vec<_> =
        held.as_array().unwrap().iter().map(|row| (row["kind"].as_str().unwrap(), row["object"].as_str().unwrap())).collect();
    assert_eq!(rows, [("run_hold", "slow/1"), ("ice", "other"), ("priority", "slow/1")]);
    assert!(held[0]["until"].is_string() && held[1]["reason"] == "no disk");
    let table = workspace.ok(&["holds"]);
    assert!(table.contains("dogwatch thaw other") && table.contains("look first"), "{table}");
    assert_eq!(workspace.json(&["flows"]).as_array().unwrap().iter().filter(|flow| flow["iced"].is_object()).count(), 1);
    let refused = said(&workspace.run(&["run", "other"]));
    assert!(refused.contains("iced by") && refused.contains("dogwatch thaw other"), "{refused}");

    workspace.file("go", "");
    until("the held run waits", || {
        let run = &workspace.json(&["runs", "slow"])[0];
        (run["steps"][0]["state"] == "success" && run["steps"][1]["state"] == "waiting").then_some(())
    });
    workspace.ok(&["release", "slow/1"]);
    outcome(&workspace, "slow/1", "success");

    workspace.ok(&["thaw", "other"]);
    workspace.ok(&["noop", "other", "--reason", "holiday"]);
    workspace.ok(&["noop", "other", "--undo"]);
    workspace.ok(&["noop", "other", "--reason", "holiday"]);
    workspace.ok(&["run", "other"]);
    outcome(&workspace, "other/1", "skipped");
    assert!(!workspace.root().join("ran").exists(), "a no-op executes nothing");
    assert_eq!(workspace.run(&["run", "other", "--wait"]).status.code(), Some(0));
    assert!(workspace.root().join("ran").exists(), "it is used once");
    assert_eq!(workspace.json(&["holds"]).as_array().map(Vec::len), Some(0));
    workspace.ok(&["verify"]);
}

#[test]
fn an_approval_is_waited_for_and_a_forced_step_starts() {
    let workspace = Workspace::new();
    let gate = "[[step]]\nname = \"gate\"\napprove = \"are the rows plausible?\"\n[[step]]\nname = \"pay\"\nneeds = [\"gate\"]\nrun = \"touch paid\"\n\
                [[step]]\nname = \"slow\"\nrun = 'while [ ! -e go ]; do sleep 0.05; done'\n[[step]]\nname = \"tell\"\nneeds = [\"slow\"]\nrun = \"touch told\"\n";
    flow(&workspace, "pay", gate);
    workspace.ok(&["run", "pay"]);
    let why = workspace.ok(&["why", "pay/1"]);
    assert!(why.contains("gate waits for the word of an operator: are the rows plausible?"), "{why}");
    let refused = said(&workspace.run(&["force", "pay/1", "pay", "--reason", "hurry"]));
    assert!(refused.contains("which is not approved"), "{refused}");
    workspace.ok(&["force", "pay/1", "tell", "--reason", "now"]);
    until("the forced step has run", || workspace.root().join("told").exists().then_some(()));
    workspace.ok(&["approve", "pay/1", "gate", "--note", "counted them"]);
    until("what waited for the word runs", || workspace.root().join("paid").exists().then_some(()));
    workspace.file("go", "");
    outcome(&workspace, "pay/1", "success");
    let run = &workspace.json(&["runs", "pay"])[0];
    assert_eq!(run["steps"][0]["approved"]["reason"], "counted them");
    assert_eq!(run["steps"][3]["attempts"].as_array().map(Vec::len), Some(1), "the forced step did not run again");

    workspace.ok(&["run", "pay"]);
    workspace.ok(&["fail", "pay/2", "gate", "--reason", "a row too many"]);
    outcome(&workspace, "pay/2", "failed");
    let why = workspace.ok(&["why", "pay/2"]);
    assert!(why.contains("declared failed by") && why.contains("a row too many"), "{why}");
}

#[test]
fn misses_are_empty_where_nothing_was_missed() {
    let workspace = Workspace::new();
    flow(&workspace, "hourly", "schedule = \"0 * * * *\"\nmissed = \"ask\"\n[[step]]\nname = \"one\"\nrun = \"true\"\n");
    let misses = workspace.json(&["misses"]);
    assert_eq!((misses["misses"].as_array().map(Vec::len), misses["to_choose"].as_array().map(Vec::len)), (Some(0), Some(0)));
    let refused = said(&workspace.run(&["catchup", "hourly", "--choose", "all"]));
    assert!(refused.contains("no missed occurrence of `hourly` waits for a choice"), "{refused}");
    let refused = said(&workspace.run(&["misses", "--dismiss"]));
    assert!(refused.contains("no list of misses"), "{refused}");
}
