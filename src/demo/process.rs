//! The shop as a process of its own, which never outlives the one that started it.

use super::shop::{Ports, serve};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use thiserror::Error;

/// What `dogwatch demo-shop` does: serves the shop, tells its ports on standard output as a line `WEB DATABASE` (and in
/// `port_file`, where one is given), and ends when its standard input does. Needs a tokio runtime.
pub async fn run_shop(port_file: Option<&Path>) -> io::Result<()> {
    let tell = |ports: Ports| {
        let line = format!("{} {}\n", ports.web, ports.database);
        if let Some(file) = port_file {
            let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let mut new = tempfile::NamedTempFile::new_in(folder)?;
            new.write_all(line.as_bytes())?;
            new.persist(file)?;
        }
        let mut output = io::stdout().lock();
        output.write_all(line.as_bytes())?;
        output.flush()
    };
    let (over, is_over) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink()); // an error ends it as the end does
        let _ = over.send(()); // the shop has ended by itself
    });
    serve(tell, async {
        let _ = is_over.await; // the thread always sends
    })
    .await
}

fn ports_of(line: &str) -> Option<Ports> {
    let (web, database) = line.trim().split_once(' ')?;
    Some(Ports { web: web.parse().ok()?, database: database.parse().ok()? })
}

/// The shop did not start.
#[derive(Debug, Error)]
pub enum ShopError {
    /// The process could not be started.
    #[error("the demo's shop does not start: {0}")]
    Spawn(#[from] io::Error),
    /// It ended or kept silent instead of telling its ports.
    #[error("the demo's shop does not listen; what it said is in {0}")]
    Silent(String),
}

/// A running shop. Dropping it ends it.
#[derive(Debug)]
pub struct ShopProcess {
    child: Child,
    ports: Ports,
}

impl ShopProcess {
    /// Starts `program demo-shop` and waits at most `patience` until it has told its ports on a line of its output:
    /// `WEB DATABASE`. Its standard input is a pipe from here: when this process is gone, however it went, the
    /// shop reads the end of it and ends too. What it says goes to `log`.
    pub fn start(program: &Path, log: &Path, patience: Duration) -> Result<Self, ShopError> {
        let mut child =
            Command::new(program).arg("demo-shop").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(File::create(log)?).spawn()?;
        let (tell, told) = mpsc::sync_channel(1);
        if let Some(output) = child.stdout.take() {
            std::thread::spawn(move || {
                let ports = BufReader::new(output).lines().map_while(Result::ok).find_map(|line| ports_of(&line));
                let _ = tell.send(ports); // nobody waits any more: too late
            });
        }
        if let Ok(Some(ports)) = told.recv_timeout(patience) {
            return Ok(Self { child, ports });
        }
        let _ = child.kill(); // it may have ended already
        let _ = child.wait();
        Err(ShopError::Silent(log.display().to_string()))
    }

    /// Where it listens.
    pub fn ports(&self) -> Ports {
        self.ports
    }

    /// Ends it and waits until it is gone. The handle is unreaped until then, so no other process can be meant.
    pub fn end(&mut self) {
        let _ = self.child.kill(); // it may have ended already
        let _ = self.child.wait();
    }
}

impl Drop for ShopProcess {
    fn drop(&mut self) {
        self.end();
    }
}
