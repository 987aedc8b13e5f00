//! The whole story on the demo: a real batch fails, a probe notices, the incident is taken, its runbook walked, the batch
//! rerun from the failed step, the post-mortem saved. Once by keys in a real terminal, once by commands.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it is surprised")]

mod support;

use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use support::{Terminal, Workspace, end_of, until};

/// On a loaded machine; each step takes a fraction of it.
const PATIENCE: Duration = Duration::from_secs(30);

fn post_mortem(folder: &Path) -> Option<String> {
    let notes = std::fs::read_dir(folder.join("notes")).ok()?.flatten();
    let found = notes.map(|note| note.path()).find(|path| path.to_string_lossy().contains("postmortem-1"))?;
    std::fs::read_to_string(found).ok()
}

#[test]
fn told_by_keys() {
    let outer = Workspace::new();
    let folder = outer.beside("demo");
    let folder_name = folder.to_str().unwrap().to_owned();
    let mut terminal = Terminal::open(&outer, &["demo", &folder_name], 120, 40);
    // Something real goes wrong, and the probe that noticed meets it in one incident.
    terminal.wait_for("1 open 1 unacked", PATIENCE);
    terminal.wait_for("status 503", PATIENCE);
    // The incident is taken.
    terminal.send("3a");
    terminal.wait_for("is acknowledged by", PATIENCE);
    terminal.send("\r");
    terminal.wait_for("acked", PATIENCE);
    // Its runbook leads to the fix; the dangerous step is typed.
    terminal.send("4\r");
    terminal.wait_for("enter do it", PATIENCE);
    terminal.send("\r");
    terminal.wait_for(" 1/5 ╮", PATIENCE);
    terminal.send("jj\r");
    terminal.wait_for("type export-again to go on", PATIENCE);
    terminal.send("export-again\r");
    terminal.wait_for(" 2/5 ╮", PATIENCE);
    // The batch is run again from the failed step.
    terminal.send("1gr");
    terminal.wait_for("rerun", PATIENCE);
    terminal.send("the export is repaired\r");
    until("the batch and the probe are well, the incident is over", || (!terminal.text().contains("1 open")).then_some(()));
    // And written up.
    terminal.send("3P");
    terminal.wait_for("Summary", PATIENCE);
    terminal.send("\x13");
    let text = until("the post-mortem is a file", || post_mortem(&folder));
    assert!(text.contains("## Timeline") && text.contains("acknowledged") && text.contains("nightly-orders"), "{text}");
    terminal.send("\x1b");
    terminal.wait_for("Flows", PATIENCE);
    // Where a run goes on just then, leaving says so and asks.
    terminal.send("q");
    let asked = |screen: &vt100::Screen| ["leave the console", "Keep its folder"].iter().any(|text| screen.contents().contains(text));
    assert!(terminal.shows(PATIENCE, asked), "{}", terminal.text());
    if terminal.text().contains("leave the console") {
        assert!(terminal.text().contains("ends the shop and the demo's daemon"), "{}", terminal.text());
        terminal.send("\r");
    }
    terminal.wait_for("Keep its folder", PATIENCE);
    terminal.send("n\r");
    assert!(terminal.end(PATIENCE).expect("the demo ends").success());
    assert!(!folder.exists(), "the folder was to be removed");
}

#[test]
fn told_by_commands() {
    let outer = Workspace::new();
    let folder = outer.beside("demo");
    let mut demo = outer
        .cmd(["demo", folder.to_str().unwrap(), "--headless", "--afterwards", "keep"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let state = folder.join("state");
    let command = |args: &[&str]| {
        let place = ["--workspace", folder.to_str().unwrap(), "--state", state.to_str().unwrap(), "--no-daemon"];
        outer.run(&[args, &place].concat())
    };
    let json = |args: &[&str]| serde_json::from_slice::<serde_json::Value>(&command(&[args, &["--json"]].concat()).stdout).ok();
    until("flow and probe meet in one incident", || {
        let incidents = json(&["incidents"])?;
        (incidents.as_array()?.len() == 1 && incidents[0]["alerts"].as_array()?.len() == 2).then_some(())
    });
    for (args, code) in [
        (&["ack", "1"][..], 0),
        (&["runbook", "orders-load", "--run", "look-at-the-error-line", "--incident", "1"], 0),
        (&["runbook", "orders-load", "--run", "export-again", "--incident", "1"], 1),
        (&["runbook", "orders-load", "--run", "export-again", "--incident", "1", "--confirm", "export-again"], 0),
        (&["rerun", "nightly-orders/1", "--reason", "the export is repaired", "--wait"], 0),
    ] {
        let output = command(args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    until("the incident is over", || (json(&["incident", "1"])?["stage"] == "resolved").then_some(()));
    assert!(command(&["postmortem", "1"]).status.success());
    let text = post_mortem(&folder).expect("the post-mortem is a file");
    // What a person writes survives the next draft.
    let file =
        std::fs::read_dir(folder.join("notes")).unwrap().flatten().find(|note| note.path().to_string_lossy().contains("postmortem-1"));
    let file = file.unwrap().path();
    std::fs::write(&file, text.replace("*What happened, for someone who was not there?*", "Written by a person.")).unwrap();
    assert!(
        command(&["note", "1", "!todo the shop must check its exports"]).status.success() || command(&["postmortem", "1"]).status.success()
    );
    assert!(command(&["postmortem", "1"]).status.success());
    assert!(std::fs::read_to_string(&file).unwrap().contains("Written by a person."));
    assert!(command(&["verify"]).status.success());

    kill_process(Pid::from_child(&demo), Signal::INT).unwrap();
    assert!(end_of(&mut demo, PATIENCE).expect("the demo ends").success());
    assert!(folder.join("notes").exists(), "the folder was to be kept");
    assert_eq!(command(&["status"]).status.code(), Some(3), "its daemon has ended");
}
