//! The shop as a process of its own, which never outlives the one that started it.

use super::shop::Ports;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use thiserror::Error;

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
    /// Starts `program demo-shop` and waits at most `patience` until it has told its ports on the first line of its
    /// output: `WEB DATABASE`. Its standard input is a pipe from here: when this process is gone, however it went, the
    /// shop reads the end of it and ends too. What it says goes to `log`.
    pub fn start(program: &Path, log: &Path, patience: Duration) -> Result<Self, ShopError> {
        let silent = || ShopError::Silent(log.display().to_string());
        let mut child =
            Command::new(program).arg("demo-shop").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(File::create(log)?).spawn()?;
        let (tell, told) = mpsc::sync_channel(1);
        if let Some(output) = child.stdout.take() {
            std::thread::spawn(move || {
                let mut line = String::new();
                let read = BufReader::new(output).read_line(&mut line);
                let _ = tell.send(read.map(|_| line)); // nobody waits any more: too late
            });
        }
        let ports = told.recv_timeout(patience).ok().and_then(Result::ok).and_then(|line| {
            let (web, database) = line.trim().split_once(' ')?;
            Some(Ports { web: web.parse().ok()?, database: database.parse().ok()? })
        });
        if let Some(ports) = ports {
            return Ok(Self { child, ports });
        }
        let _ = child.kill(); // it may have ended already
        let _ = child.wait();
        Err(silent())
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
