//! Starts a supervisor: order file, control socket, one spawn. Blocking, for the runtime's blocking threads.

use super::folder;
use super::record::{LOG, ORDER, SupervisorOrder};
use crate::domain::Params;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A supervisor that was just started.
pub(super) struct Launched {
    /// Its process, to be reaped.
    pub(super) child: Child,
    /// The connection to it, which waits in its backlog.
    pub(super) stream: UnixStream,
}

/// Starts the supervisor `exe` in the attempt's folder. It inherits the claim; the daemon's copy is closed, not unlocked.
pub(super) fn launch(exe: &Path, path: &Path, claim: File, mut order: SupervisorOrder) -> Result<Launched, String> {
    let environment = std::mem::take(&mut order.order.env);
    write_order(path, &order).map_err(|error| format!("{ORDER}: {error}"))?;
    let listener = folder::bind(path).map_err(|error| format!("control socket: {error}"))?;
    let stream = folder::connect(path).map_err(|error| format!("control socket: {error}"))?;
    let child = spawn(exe, path, claim, OwnedFd::from(listener), &environment).map_err(|error| format!("supervisor: {error}"))?;
    Ok(Launched { child, stream })
}

/// One `posix_spawn`: nothing here makes std fork the daemon's pages.
fn spawn(exe: &Path, path: &Path, claim: File, listener: OwnedFd, environment: &Params) -> io::Result<Child> {
    let log = OpenOptions::new().append(true).create(true).mode(0o600).open(path.join(LOG));
    Command::new(exe)
        .arg0("dogwatch")
        .arg("supervise")
        .envs(environment)
        .current_dir(path)
        .stdin(Stdio::from(claim))
        .stdout(Stdio::from(listener))
        .stderr(log.map_or_else(|_| Stdio::null(), Stdio::from)) // a full disk must not keep a step from being tried
        .spawn()
}

/// Writes the order, for its owner only. No sync: after a reboot nobody reads it.
fn write_order(path: &Path, order: &SupervisorOrder) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path.join(ORDER))?;
    file.write_all(&serde_json::to_vec(order)?)
}
