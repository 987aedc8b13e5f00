//! A shared host: who may look reads what steps printed although the daemon's files are closed to everyone else.

use crate::peers::{as_nobody, sockets_for_all};
use crate::support::{Workspace, until};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

/// A workspace of root's with a daemon that `nobody` may look at, its state closed.
fn shared(viewers: &str) -> Workspace {
    let mut workspace = Workspace::new();
    let sockets = sockets_for_all(&mut workspace);
    let daemon = format!("[daemon]\nuser = \"root\"\nsocket_dir = \"{}\"\n", sockets.display());
    let access = format!("[access]\noperators = [\"root\"]\nviewers = [{viewers}]\n");
    workspace.file("dogwatch.toml", &format!("name = \"test\"\ntimezone = \"UTC\"\n{daemon}{access}"));
    let script = "echo first line; while [ ! -e go ]; do sleep 0.1; done; echo last line";
    workspace.file("flows/job.toml", &format!("[[step]]\nname = \"it\"\nrun = \"{script}\"\n"));
    workspace.serve();
    workspace
}

#[test]
#[ignore = "needs root: acts as a second user"]
fn a_viewer_reads_and_follows_an_output_that_only_the_daemon_may_open() {
    let workspace = shared("\"nobody\"");
    workspace.ok(&["run", "job"]);
    let output = until("it prints", || {
        let said = as_nobody(&workspace, &["logs", "job/1"]);
        String::from_utf8_lossy(&said.stdout).contains("first line").then_some(said)
    });
    assert!(output.status.success(), "{output:?}");
    let files = Command::new("find").arg(workspace.state()).args(["-name", "output", "-perm", "/077"]).output().unwrap();
    assert!(files.status.success() && files.stdout.is_empty(), "the files stay closed: {}", String::from_utf8_lossy(&files.stdout));
    let path = Command::new("find").arg(workspace.state()).args(["-name", "output"]).output().unwrap();
    let path = String::from_utf8(path.stdout).unwrap();
    let closed = Command::new("setpriv").args(["--reuid=65534", "--regid=65534", "--clear-groups", "cat", path.trim()]).output().unwrap();
    assert!(!path.trim().is_empty() && !closed.status.success(), "by its path nobody reads it");

    let mut follow = crate::peers::command_as_nobody(&workspace, &["logs", "job/1", "it", "-f"]);
    let follow = follow.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::fs::write(workspace.root().join("go"), "").unwrap();
    let followed = follow.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&followed.stdout).into_owned();
    assert!(followed.status.success() && said == "first line\nlast line\n", "{said}{}", String::from_utf8_lossy(&followed.stderr));
    let why = as_nobody(&workspace, &["logs", "job/1", "other"]);
    assert_eq!(why.status.code(), Some(2), "{why:?}");
}

#[test]
#[ignore = "needs root: acts as a second user"]
fn who_may_not_even_look_gets_no_output() {
    let workspace = shared("\"daemon\"");
    std::fs::write(workspace.root().join("go"), "").unwrap(); // nothing outlives the test
    workspace.ok(&["run", "job"]);
    let said = as_nobody(&workspace, &["logs", "job/1"]);
    assert!(!said.status.success() && said.stdout.is_empty(), "{said:?}");
    assert!(String::from_utf8_lossy(&said.stderr).contains("may not connect"), "{said:?}");
    let state = std::fs::metadata(workspace.state()).unwrap().permissions().mode();
    assert_ne!(state, 0);
}
