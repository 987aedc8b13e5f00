//! A workspace in a folder of its own, with a home, state and runtime folder of its own. At its end the daemon goes too.

use super::wire::Wire;
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsStr;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Where the program is.
const PROGRAM: &str = env!("CARGO_BIN_EXE_dogwatch");
/// Nothing here takes longer.
const BOUND: Duration = Duration::from_secs(30);

pub struct Workspace {
    folder: TempDir,
    daemon: Option<Child>,
    sockets: Option<PathBuf>,
    variables: Vec<(&'static str, PathBuf)>,
}

impl Workspace {
    /// With settings and nothing else.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("dogwatch").tempdir().unwrap();
        for part in ["work", "home", "state", "run"] {
            std::fs::create_dir(folder.path().join(part)).unwrap();
        }
        let workspace = Self { folder, daemon: None, sockets: None, variables: Vec::new() };
        workspace.file("dogwatch.toml", "name = \"test\"\ntimezone = \"UTC\"\n");
        workspace
    }

    /// The socket is in this folder, which the workspace names; state is where it is for any user.
    pub fn share_socket(&mut self, folder: &Path) {
        self.sockets = Some(folder.to_owned());
    }

    /// Everything that runs here has this variable too.
    pub fn set(&mut self, name: &'static str, value: &str) {
        self.variables.push((name, value.into()));
    }

    /// The workspace's folder.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// The state folder.
    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// A path beside the workspace, for what the program must not see as its own.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the workspace.
    pub fn file(&self, name: &str, text: &str) {
        let path = self.root().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// The program with these arguments and nothing of the user's environment.
    pub fn cmd<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(args).current_dir(self.root()).env_clear().envs(self.environment());
        command
    }

    /// The environment of everything that runs here.
    pub fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        let at = |part: &str| self.folder.path().join(part);
        let mut environment = vec![
            ("PATH", std::env::var_os("PATH").unwrap_or_default().into()),
            ("HOME", at("home")),
            ("XDG_RUNTIME_DIR", at("run")),
            (if self.sockets.is_some() { "XDG_STATE_HOME" } else { "DOGWATCH_STATE" }, at("state")),
            ("TERM", "xterm-256color".into()),
            ("LANG", "C.UTF-8".into()),
        ];
        environment.extend(self.variables.iter().cloned());
        environment
    }

    /// Runs the program to its end.
    pub fn run(&self, args: &[&str]) -> Output {
        self.cmd(args).stdin(Stdio::null()).output().unwrap()
    }

    /// Runs the program to its end and asks for success; what it said.
    #[track_caller]
    pub fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let (said, wailed) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{args:?} ended with {}\n{said}\n{wailed}", output.status);
        said.into_owned()
    }

    /// The same as JSON.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.ok(&[args, &["--json"]].concat())).unwrap()
    }

    /// Starts the daemon in the foreground and waits until it takes clients.
    pub fn serve(&mut self) -> u32 {
        if let Some(mut earlier) = self.daemon.take() {
            assert!(end_of(&mut earlier, BOUND).is_some(), "the earlier daemon has not ended");
        }
        let log = std::fs::File::create(self.beside("daemon.log")).unwrap();
        let mut daemon = self.cmd(["serve"]).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        until("the daemon takes clients", || {
            if let Some(status) = daemon.try_wait().unwrap() {
                panic!("the daemon ended with {status}: {}", std::fs::read_to_string(self.beside("daemon.log")).unwrap());
            }
            self.wire_now().filter(|wire| wire.welcome.pid == daemon.id())
        });
        let pid = daemon.id();
        self.daemon = Some(daemon);
        pid
    }

    /// Kills the daemon that [`Self::serve`] started, as a power cut would, and waits for its end.
    pub fn kill_daemon(&mut self) {
        let mut daemon = self.daemon.take().expect("a daemon that was started here");
        daemon.kill().unwrap();
        daemon.wait().unwrap();
    }

    /// The socket, where there is one.
    pub fn socket(&self) -> Option<PathBuf> {
        let places = self.sockets.iter().cloned().chain([self.folder.path().join("run"), self.state()]);
        places.collect::<Vec<_>>().iter().find_map(|folder| find_socket(folder, 3))
    }

    /// A client, where a daemon takes one now.
    pub fn wire_now(&self) -> Option<Wire> {
        Wire::connect(&self.socket()?).ok()
    }

    /// A client.
    pub fn wire(&self) -> Wire {
        until("a connection", || self.wire_now())
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        let pid = self.wire_now().map(|wire| wire.welcome.pid);
        let _told = self.cmd(["stop", "--no-daemon"]).stdin(Stdio::null()).output();
        if let Some(mut daemon) = self.daemon.take() {
            if end_of(&mut daemon, Duration::from_secs(5)).is_none() {
                let _gone = daemon.kill();
            }
            let _reaped = daemon.wait();
        } else if let Some(pid) = pid.and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)) {
            // Started by a console: it had its chance with `stop`.
            let alive = || rustix::process::test_kill_process(pid).is_ok();
            let began = Instant::now();
            while alive() && began.elapsed() < Duration::from_secs(5) {
                std::thread::park_timeout(Duration::from_millis(20));
            }
            if alive() {
                let _gone = kill_process(pid, Signal::KILL);
            }
        }
    }
}

fn find_socket(folder: &Path, depth: usize) -> Option<PathBuf> {
    let entries: Vec<_> = std::fs::read_dir(folder).ok()?.flatten().collect();
    let socket = entries.iter().find(|entry| entry.file_type().is_ok_and(|kind| kind.is_socket()) && entry.path().extension().is_some());
    socket.map(std::fs::DirEntry::path).or_else(|| {
        let folders = entries.iter().filter(|entry| depth > 0 && entry.path().is_dir() && entry.file_name() != "attempts");
        folders.map(std::fs::DirEntry::path).find_map(|path| find_socket(&path, depth - 1))
    })
}

/// Waits for a fact of the outside that nobody announces, a bounded time.
#[track_caller]
pub fn until<T>(what: &str, mut fact: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = fact() {
            return found;
        }
        assert!(began.elapsed() < BOUND, "{what}: not within {BOUND:?}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

/// How a process ended, if it does within this time.
pub fn end_of(child: &mut Child, within: Duration) -> Option<ExitStatus> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        if began.elapsed() > within {
            return None;
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// The number of the signal that ended a process, also where the program turned it into 128 + number.
pub fn signal(status: ExitStatus) -> Option<i32> {
    status.signal().or_else(|| status.code().filter(|code| *code > 128).map(|code| code - 128))
}
