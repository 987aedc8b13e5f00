//! The daemon is killed, and started twice.

use crate::support::{Oracle, Terminal, Workspace, until};
use std::process::Stdio;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);

/// How many runs go on while the daemon is dead.
const JOBS: usize = 10;

#[test]
fn jobs_outlive_a_killed_daemon_and_are_told_with_their_true_ends() {
    let mut workspace = Workspace::new();
    let oracle = Oracle::new(workspace.beside("oracle"));
    let release = workspace.beside("release");
    for job in 0..JOBS {
        let waits = format!("while [ ! -e '{}' ]; do sleep 0.05; done", release.display());
        let run = format!(
            "{}; {waits}; {}; echo last line of {job}; exit {}",
            oracle.says("began $DOGWATCH_RUN"),
            oracle.says("ended $DOGWATCH_RUN"),
            job % 2
        );
        workspace.file(&format!("flows/job{job}.toml"), &format!("[[step]]\nname = \"wait\"\nrun = '''{run}'''\n"));
    }
    workspace.serve();
    for job in 0..JOBS {
        workspace.ok(&["run", &format!("job{job}")]);
    }
    until("all jobs have begun", || (oracle.lines().len() == JOBS).then_some(()));

    workspace.kill_daemon();
    std::fs::write(&release, "").unwrap();
    until("all jobs have ended by themselves", || (oracle.lines().len() == 2 * JOBS).then_some(()));
    workspace.serve();

    let runs = until("all runs are told", || {
        let runs = workspace.json(&["runs"]);
        let done = runs.as_array().unwrap().iter().filter(|run| run["phase"] == "done").count();
        (done == JOBS).then_some(runs)
    });
    for run in runs.as_array().unwrap() {
        let flow = run["flow"].as_str().unwrap();
        let job: usize = flow.trim_start_matches("job").parse().unwrap();
        let outcome = run["outcome"].to_string();
        assert!(outcome.contains(if job.is_multiple_of(2) { "success" } else { "failed" }), "{flow}: {outcome}");
        assert!(workspace.ok(&["logs", &format!("{flow}/1")]).contains(&format!("last line of {job}")));
    }
    assert_eq!(oracle.repeated(), Vec::<String>::new(), "nothing ran twice");
    workspace.ok(&["verify"]);
}

#[test]
fn a_second_daemon_is_refused_by_a_lock_that_names_its_holder() {
    let mut workspace = Workspace::new();
    let pid = workspace.serve();
    let second = workspace.cmd(["serve"]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(second.status.code(), Some(4));
    let words = String::from_utf8_lossy(&second.stderr).into_owned() + &String::from_utf8_lossy(&second.stdout);
    assert!(words.contains(&pid.to_string()), "{words}");

    // Another state folder does not get around it: the lock is in the workspace.
    let elsewhere = workspace.beside("elsewhere");
    let third = workspace.cmd(["serve"]).env("DOGWATCH_STATE", &elsewhere).stdin(Stdio::null()).output().unwrap();
    assert_eq!(third.status.code(), Some(4));

    // A lock whose holder was killed is no lock, whatever process has that number now.
    workspace.kill_daemon();
    workspace.file(".dogwatch/lock", "process 1 of user root\n");
    workspace.serve();
    assert!(workspace.ok(&["status"]).contains("test"));
}

#[test]
fn what_was_acknowledged_is_there_after_a_kill() {
    let mut workspace = Workspace::new();
    workspace.serve();
    workspace.ok(&["mark", "deployed 1.2"]);
    workspace.kill_daemon();
    workspace.serve();
    assert!(workspace.ok(&["events"]).contains("deployed 1.2"));
    workspace.ok(&["verify"]);
}

#[test]
fn a_stopped_daemon_leaves_its_jobs_running() {
    let mut workspace = Workspace::new();
    let (oracle, release) = (Oracle::new(workspace.beside("oracle")), workspace.beside("release"));
    let run = format!("{}; while [ ! -e '{}' ]; do sleep 0.05; done; {}", oracle.says("began"), release.display(), oracle.says("ended"));
    workspace.file("flows/job.toml", &format!("[[step]]\nname = \"wait\"\nrun = '''{run}'''\n"));
    workspace.serve();
    workspace.ok(&["run", "job"]);
    until("it has begun", || (oracle.lines().len() == 1).then_some(()));
    workspace.ok(&["stop"]);
    std::fs::write(&release, "").unwrap();
    until("it has ended", || (oracle.lines().len() == 2).then_some(()));
    let gone = workspace.run(&["status", "--no-daemon"]);
    assert_eq!(gone.status.code(), Some(3));
    workspace.serve();
    until("its success is told", || workspace.json(&["runs"])[0]["outcome"].to_string().contains("success").then_some(()));
}

#[test]
fn a_console_can_have_the_daemon_started_anew() {
    let workspace = Workspace::new();
    workspace.file("flows/slow.toml", "[[step]]\nname = \"wait\"\nrun = 'while [ ! -e go ]; do sleep 0.05; done'\n");
    workspace.ok(&["run", "slow"]);
    let before = workspace.wire().welcome.pid;
    let mut terminal = Terminal::open(&workspace, &[], 120, 40);
    terminal.wait_for("slow", PATIENCE);
    terminal.send(":restart-daemon");
    terminal.wait_for("restart", PATIENCE);
    terminal.send("\r");
    terminal.wait_for("enter do it", PATIENCE);
    terminal.send("\r");
    until("another daemon answers", || workspace.wire_now().filter(|wire| wire.welcome.pid != before));
    workspace.file("go", "");
    until("the batch went on and its end is known", || (workspace.json(&["runs"])[0]["outcome"] == "success").then_some(()));
    terminal.leave();
    assert!(terminal.end(PATIENCE).expect("it ends").success());
}
