//! Who knocks at the socket: garbage, floods, liars, strangers, those who may only look.

use crate::support::{Wire, Workspace};
use dogwatch::domain::{Command as Asked, Params};
use dogwatch::wire::message::{Ask, EntriesAsked, FRAME_MAX};
use rustix::process::{Resource, Rlimit};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

pub fn knock(workspace: &Workspace) -> UnixStream {
    let stream = UnixStream::connect(workspace.socket().unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// Reads until the daemon closes; what it said. A daemon that keeps the connection open fails here by its time limit.
pub fn parted(mut stream: UnixStream) -> String {
    let mut said = Vec::new();
    match stream.read_to_end(&mut said) {
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
        Err(error) => panic!("not closed: {error}"),
    }
    String::from_utf8_lossy(&said).into_owned()
}

pub fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn hostile_peers_are_parted_with_and_nobody_else_notices() {
    let mut workspace = Workspace::new();
    let pid = workspace.serve();
    let mut friend = workspace.wire();

    let mut garbage = knock(&workspace);
    garbage.write_all(b"\x00\xff\xfe not json at all\n").unwrap();
    parted(garbage);

    // A line without an end, longer than any message may be.
    let mut endless = knock(&workspace);
    let block = vec![b'x'; 1 << 20];
    let refused = (0..=2 * (FRAME_MAX >> 20)).any(|_| endless.write_all(&block).is_err());
    if !refused {
        parted(endless);
    }

    let mut cut = knock(&workspace);
    cut.write_all(b"{\"version\":1,\"sha").unwrap();
    drop(cut);

    // One that never greets is not waited for.
    let silent = knock(&workspace);
    parted(silent);

    friend.command("beside-the-hostile", Asked::Mark { text: "still served".into() }).unwrap().unwrap();
    let resident = resident_kib(pid);
    assert!(resident < 150 * 1024, "{resident} KiB");
}

#[test]
fn a_repeated_request_is_answered_and_not_carried_out_again() {
    let mut workspace = Workspace::new();
    workspace.file("flows/job.toml", "[[step]]\nname = \"it\"\nrun = \"true\"\n");
    workspace.serve();
    let run = || Asked::Run { flow: "job".into(), params: Params::new(), date: None, reason: None };
    let first = workspace.wire().command("the-key", run()).unwrap();
    let again = workspace.wire().command("the-key", run()).unwrap();
    assert_eq!(first, again);
    workspace.kill_daemon();
    workspace.serve();
    assert_eq!(workspace.wire().command("the-key", run()).unwrap(), first, "also after a kill");
    assert_eq!(workspace.json(&["runs"]).as_array().unwrap().len(), 1);
}

/// A program as the user `nobody`.
pub fn setpriv_nobody(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program);
    command
}

/// The program as the user `nobody`.
pub fn as_nobody(workspace: &Workspace, args: &[&str]) -> Output {
    command_as_nobody(workspace, args).output().unwrap()
}

/// The same, not yet started.
pub fn command_as_nobody(workspace: &Workspace, args: &[&str]) -> Command {
    let mut command = setpriv_nobody(env!("CARGO_BIN_EXE_dogwatch").as_ref());
    command
        .args(["--no-daemon", "--workspace"])
        .arg(workspace.root())
        .args(args)
        .current_dir("/")
        .env_clear()
        .envs(workspace.environment());
    command.env("HOME", "/nonexistent");
    command
}

fn open_to_all(path: &Path) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A folder of sockets that every user may enter, with the workspace beside it.
pub fn sockets_for_all(workspace: &mut Workspace) -> PathBuf {
    let sockets = workspace.beside("sockets");
    std::fs::create_dir(&sockets).unwrap();
    open_to_all(&sockets);
    open_to_all(workspace.root().parent().unwrap());
    open_to_all(&workspace.root());
    workspace.share_socket(&sockets);
    sockets
}

#[test]
#[ignore = "needs root: acts as a second user"]
fn another_user_gets_nowhere_near_the_socket() {
    let mut workspace = Workspace::new();
    workspace.serve();
    // Even where the folders above stand open.
    open_to_all(workspace.root().parent().unwrap());
    let socket = workspace.socket().unwrap();
    open_to_all(socket.parent().unwrap());
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "the socket itself is its owner's alone");
    let refused = as_nobody(&workspace, &["status"]);
    assert!(matches!(refused.status.code(), Some(1..=3)), "{refused:?}");
    assert!(!String::from_utf8_lossy(&refused.stdout).contains("test"), "{refused:?}");
}

#[test]
#[ignore = "needs root: acts as a second user"]
fn a_daemon_takes_no_folder_that_another_user_put_there() {
    let workspace = Workspace::new();
    let chown = Command::new("chown").arg("65534").arg(workspace.state()).status().unwrap();
    assert!(chown.success());
    let refused = workspace.run(&["serve"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("belongs to user 65534"), "{refused:?}");
}

#[test]
#[ignore = "needs root: acts as a second user"]
fn who_may_only_look_changes_nothing_and_each_attempt_is_on_record() {
    let mut workspace = Workspace::new();
    let sockets = sockets_for_all(&mut workspace);
    let settings = "name = \"test\"\ntimezone = \"UTC\"\n";
    let access = "[access]\noperators = [\"root\"]\nviewers = [\"nobody\"]\n";
    workspace.file("dogwatch.toml", &format!("{settings}[daemon]\nuser = \"root\"\nsocket_dir = \"{}\"\n{access}", sockets.display()));
    workspace.file("flows/job.toml", "[[step]]\nname = \"it\"\nrun = \"true\"\n");
    workspace.file("probes/p.toml", "[p]\ntcp = \"127.0.0.1:1\"\nevery = \"1h\"\n");
    workspace.serve();
    let looks = as_nobody(&workspace, &["flows"]);
    assert!(looks.status.success(), "{looks:?}");

    let before = entries(&mut workspace.wire());
    let attempts: [&[&str]; 8] = [
        &["run", "job"],
        &["rerun", "job/1", "--reason", "x"],
        &["kill", "job/1"],
        &["hold", "job", "--reason", "x"],
        &["release", "job"],
        &["probe", "p"],
        &["mark", "x"],
        &["stop"],
    ];
    for attempt in attempts {
        let refused = as_nobody(&workspace, attempt);
        assert_eq!(refused.status.code(), Some(1), "{attempt:?}: {refused:?}");
    }
    let after = entries(&mut workspace.wire());
    assert!(after > before, "the attempts are on record");
    assert_eq!(workspace.json(&["runs"]).as_array().unwrap().len(), 0);
}

fn entries(wire: &mut Wire) -> usize {
    let asked = EntriesAsked { limit: 1_000, ..EntriesAsked::default() };
    match wire.ask(Ask::Entries(asked)).unwrap().unwrap() {
        dogwatch::wire::message::Answer::Page { entries, .. } => entries.len(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_daemon_without_free_descriptors_serves_who_is_there_and_takes_others_later() {
    let mut workspace = Workspace::new();
    let pid = workspace.serve();
    let mut there = workspace.wire();
    let process = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    let maximum = rustix::process::getrlimit(Resource::Nofile).maximum;
    let usual = rustix::process::prlimit(Some(process), Resource::Nofile, Rlimit { current: Some(40), maximum }).unwrap();
    let crowd: Vec<_> = (0..100).map(|_| knock(&workspace)).collect();
    let busy = cpu_ticks(pid);
    for mark in 0..20 {
        let answer = there.command(&format!("mark-{mark}"), Asked::Mark { text: format!("mark {mark}") }).unwrap();
        assert!(answer.is_ok(), "the journal goes on: {answer:?}");
    }
    // A loop that spins on what it cannot accept would burn a whole core in this time.
    std::thread::park_timeout(Duration::from_secs(1));
    assert!(cpu_ticks(pid) - busy < 50, "{} ticks of 10 ms in a second", cpu_ticks(pid) - busy);
    drop(crowd);
    rustix::process::prlimit(Some(process), Resource::Nofile, usual).unwrap();
    workspace.ok(&["status", "--no-daemon"]);
    assert_eq!(workspace.json(&["events", "--last", "1000"]).to_string().matches("\"marked\"").count(), 20);
}

/// Clock ticks that a process has used.
fn cpu_ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn a_hostile_environment_of_the_daemon_runs_no_strangers_program() {
    let workspace = Workspace::new();
    workspace.file("flows/job.toml", "[[step]]\nname = \"it\"\nrun = [\"/bin/sh\", \"-c\", \"true\"]\n");
    // Programs that stand in for those that a careless program would call by name.
    for name in ["sh", "dogwatch", "ssh", "git", "less", "vi"] {
        workspace.file(name, "#!/bin/sh\ntouch \"$(dirname \"$0\")/hit\"\n");
        std::fs::set_permissions(workspace.root().join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = workspace.cmd(["run", "job", "--wait"]);
    command.current_dir(workspace.root()).env("PATH", ".").env("EDITOR", "./vi").env("PAGER", "./less").env("LESSOPEN", "|./less %s");
    let output = command.stdin(std::process::Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!workspace.root().join("hit").exists(), "nothing was looked up in the folder where it was started");
}
