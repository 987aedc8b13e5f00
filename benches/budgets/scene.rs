//! A workspace with state of its own below the build folder, and the daemon on it.

use crate::Failure;
use dogwatch::domain::{Accepted, Command as Ask, Entry, FlowId, RunId};
use dogwatch::wire::client::Client;
use dogwatch::wire::message::{Answer, Ask as Asked, Request, Said};
use dogwatch::workspace::Place;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take before the measurement has failed.
pub const PATIENCE: Duration = Duration::from_mins(3);

/// A workspace and its state folder; gone when dropped.
pub struct Scene {
    folder: TempDir,
}

impl Scene {
    /// A workspace in which so many steps may run at once.
    pub fn new(max_running: u32) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("budgets-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let scene = Self { folder };
        for sub in ["flows", "probes", "runbooks"] {
            std::fs::create_dir_all(scene.workspace().join(sub))?;
        }
        let settings = format!("name = \"bench\"\ntimezone = \"UTC\"\n\n[daemon]\nmax_running = {max_running}\n");
        std::fs::write(scene.workspace().join("dogwatch.toml"), settings)?;
        Ok(scene)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn workspace(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub fn place(&self) -> Result<Place, Failure> {
        Ok(Place::of(&self.workspace(), Some(&self.state()))?)
    }

    /// Adds to the workspace's settings.
    pub fn settings(&self, text: &str) -> Result<(), Failure> {
        let path = self.workspace().join("dogwatch.toml");
        let before = std::fs::read_to_string(&path)?;
        Ok(std::fs::write(path, before + text)?)
    }

    /// Writes a flow's file.
    pub fn flow(&self, name: &str, text: &str) -> Result<(), Failure> {
        Ok(std::fs::write(self.workspace().join("flows").join(format!("{name}.toml")), text)?)
    }

    /// A flow with one step that runs a shell line.
    pub fn shell_flow(&self, name: &str, script: &str) -> Result<(), Failure> {
        self.flow(name, &format!("overlap = \"allow\"\n\n[[step]]\nname = \"work\"\nrun = '''{script}'''\n"))
    }

    /// The program on this workspace.
    pub fn program(&self) -> Command {
        let mut command = Command::new(program());
        command.args(["--workspace".as_ref(), self.workspace().as_os_str(), "--state".as_ref(), self.state().as_os_str()]);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DOGWATCH_")) {
            command.env_remove(name);
        }
        command
    }

    /// Starts the daemon and waits until clients can connect.
    pub fn serve(&self) -> Result<Daemon, Failure> {
        let began = Instant::now();
        let mut child =
            self.program().args(["serve", "--detached"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut words = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut words)?;
        if words.trim() != "ready" {
            return Err(format!("the daemon did not start: {words}").into());
        }
        Ok(Daemon { child, place: self.place()?, ready_after: began.elapsed() })
    }
}

/// The program that is measured: the one that was built with this command, or another build of the same sources that
/// `DOGWATCH_BENCH_PROGRAM` names.
pub fn program() -> PathBuf {
    std::env::var_os("DOGWATCH_BENCH_PROGRAM").map_or_else(|| env!("CARGO_BIN_EXE_dogwatch").into(), PathBuf::from)
}

/// A daemon; ended when dropped.
pub struct Daemon {
    child: Child,
    place: Place,
    /// From its start until clients could connect.
    pub ready_after: Duration,
}

impl Daemon {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub async fn connect(&self) -> Result<Client, Failure> {
        Ok(Client::connect(&self.place.socket(), rustix::process::getuid().as_raw()).await?)
    }

    /// Kills it at once.
    pub fn kill(mut self) -> Result<(), Failure> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Ends it in order.
    pub fn stop(mut self) -> Result<(), Failure> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        let began = Instant::now();
        while self.child.try_wait()?.is_none() {
            if began.elapsed() > PATIENCE {
                return Err("the daemon does not end".into());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended in order already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A key that no other request of this run has.
pub fn key() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("bench-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A command with a key of its own.
pub fn asked(command: Ask) -> Asked {
    Asked::Command { key: key(), command, dry_run: false }
}

/// A run of a flow without parameters.
pub fn run(flow: &str) -> Asked {
    asked(Ask::Run { flow: FlowId::new(flow), params: std::collections::BTreeMap::new(), date: None, reason: None })
}

/// Asks for a run and gives its id.
pub async fn start(client: &mut Client, flow: &str) -> Result<RunId, Failure> {
    match client.ask(run(flow)).await? {
        Ok(Answer::Accepted(Accepted::Run(run))) => Ok(run),
        other => Err(format!("a run of {flow} was not accepted: {other:?}").into()),
    }
}

/// A connection that follows the entries from now on.
pub struct Follower {
    client: Client,
    waiting: std::collections::VecDeque<Arc<Entry>>,
}

impl Follower {
    pub async fn new(daemon: &Daemon) -> Result<Self, Failure> {
        let mut client = daemon.connect().await?;
        client.send(&Request { id: 1, ask: Asked::Tail { after: u64::MAX >> 1 } }).await?;
        loop {
            if let Said::Answer { .. } = client.next().await? {
                return Ok(Self { client, waiting: std::collections::VecDeque::new() });
            }
        }
    }

    pub async fn next(&mut self) -> Result<Arc<Entry>, Failure> {
        loop {
            if let Some(entry) = self.waiting.pop_front() {
                return Ok(entry);
            }
            match tokio::time::timeout(PATIENCE, self.client.next()).await?? {
                Said::Entries(entries) => self.waiting.extend(entries),
                Said::Resync => return Err("the follower was too slow".into()),
                _ => {}
            }
        }
    }

    /// Waits for an entry.
    pub async fn until(&mut self, mut wanted: impl FnMut(&Entry) -> bool) -> Result<Arc<Entry>, Failure> {
        loop {
            let entry = self.next().await?;
            if wanted(&entry) {
                return Ok(entry);
            }
        }
    }
}

/// A runtime for a client, on this thread.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}
