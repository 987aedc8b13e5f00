//! Starts a supervisor: order file, control socket, one spawn. Blocking, for the runtime's blocking threads.

use super::folder;
use super::record::{LOG, ORDER, SupervisorOrder};
use crate::domain::Params;
use crate::json;
use std::collections::BTreeSet;
use std::ffi::OsString;
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
pub(super) fn launch(
    exe: &Path,
    path: &Path,
    claim: File,
    mut order: SupervisorOrder,
    withheld: &BTreeSet<String>,
) -> Result<Launched, String> {
    let environment = std::mem::take(&mut order.order.env);
    write_order(path, &order).map_err(|error| format!("{ORDER}: {error}"))?;
    let listener = folder::bind(path).map_err(|error| format!("control socket: {error}"))?;
    let stream = folder::connect(path).map_err(|error| format!("control socket: {error}"))?;
    let mut command = Command::new(exe);
    for name in withheld {
        command.env_remove(name);
    }
    let child = spawn(command, &order.workspace, path, claim, OwnedFd::from(listener), &environment);
    let child = child.map_err(|error| format!("supervisor: {error}"))?;
    Ok(Launched { child, stream })
}

/// One `posix_spawn`: nothing here makes std fork the daemon's pages.
fn spawn(mut command: Command, workspace: &Path, path: &Path, claim: File, listener: OwnedFd, environment: &Params) -> io::Result<Child> {
    let log = OpenOptions::new().append(true).create(true).mode(0o600).open(path.join(LOG));
    if let Some(path) = search_path() {
        command.env("PATH", path);
    }
    command
        .env("DOGWATCH_WORKSPACE", workspace)
        .arg0("dogwatch")
        .arg("supervise")
        .envs(environment)
        .current_dir(path)
        .stdin(Stdio::from(claim))
        .stdout(Stdio::from(listener))
        .stderr(log.map_or_else(|_| Stdio::null(), Stdio::from)) // a full disk must not keep a step from being tried
        .spawn()
}

/// The daemon's own search path with the folder of this program behind it, so that runbooks and steps can call `dogwatch`.
fn search_path() -> Option<OsString> {
    let own = std::env::current_exe().ok()?.parent()?.to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).filter(|folder| !folder.as_os_str().is_empty()).chain([own]);
    std::env::join_paths(folders).ok()
}

/// Writes the order, for its owner only. No sync: after a reboot nobody reads it.
fn write_order(path: &Path, order: &SupervisorOrder) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path.join(ORDER))?;
    file.write_all(&json::bytes(order)?)
}
