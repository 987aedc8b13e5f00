//! Starts the daemon on demand, in a session of its own, and waits until it can be reached.

use anyhow::{Context, bail};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// The line that a detached daemon writes when clients can connect.
const READY: &str = "ready";

/// Starts `serve --detached` and waits for its word. The pipe closes when it dies, so this never waits for nothing.
pub fn detached(workspace: &Path, state: Option<&Path>) -> anyhow::Result<()> {
    // The program that runs now, also when its file was replaced by an upgrade.
    let mut command = Command::new("/proc/self/exe");
    command.arg("--workspace").arg(workspace);
    if let Some(state) = state {
        command.arg("--state").arg(state);
    }
    command.args(["serve", "--detached"]);
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().context("the daemon could not be started")?;
    let stdout = child.stdout.take().context("the daemon could not be started")?;
    let mut words = Vec::new();
    for line in BufReader::new(stdout).lines() {
        let line = line.context("the daemon went silent while it started")?;
        if line == READY {
            return Ok(());
        }
        words.push(line);
    }
    let status = child.wait()?;
    if status.code() == Some(i32::from(super::ALREADY_RUNNING)) {
        return Ok(()); // someone else was faster: the daemon runs
    }
    if words.is_empty() {
        bail!("the daemon ended while it started ({status})");
    }
    bail!("{}", words.join("\n"))
}

/// In the started process: leaves the session of the terminal.
pub fn leave_session() -> std::io::Result<()> {
    // What the starter had open, such as the pipe of an SSH session, is not kept open by the daemon's children.
    close_fds::set_fds_cloexec(3, &[]);
    match rustix::process::setsid() {
        Ok(_) | Err(rustix::io::Errno::PERM) => Ok(()), // already a leader
        Err(error) => Err(error.into()),
    }
}

/// In the started process: tells the starter, then lets go of its pipe.
pub fn tell_ready() {
    say(READY);
}

/// In the started process: tells the starter why it cannot.
pub fn tell_failure(words: &str) {
    say(words);
}

fn say(words: &str) {
    let mut out = std::io::stdout();
    // The starter may be gone; the daemon is not less ready for it.
    let _ = writeln!(out, "{words}").and_then(|()| out.flush());
    if let Ok(null) = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdout(&null);
    }
}
