//! The step's process: started in a group of its own, watched and reaped last.

use crate::clock;
use crate::domain::AttemptEnd;
use crate::runner::processes;
use crate::runner::record::{Identity, MARK, SupervisorOrder};
use jiff::Timestamp;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};
use std::fs::File;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

/// The step's first process. Until it is reaped its number and its group's are nobody else's.
pub(super) struct Step {
    child: Child,
    leader: Pid,
    /// When it was started.
    pub(super) started_at: Timestamp,
}

impl Step {
    /// Starts it: standard input closed, both outputs appended to the file, no terminal, no lock, a group of its own.
    /// The error is the system's words with what they are about.
    pub(super) fn spawn(order: &SupervisorOrder, output: &File) -> Result<Self, String> {
        let folder = order.workspace.join(&order.order.folder);
        // The kernel's error would not say which of the two is missing, folder or program.
        is_enterable(&folder).map_err(|error| format!("folder {}: {error}", folder.display()))?;
        let Some((program, arguments)) = order.order.argv.split_first() else { return Err("the command is empty".into()) };
        let stream = || output.try_clone().map(Stdio::from).map_err(|error| format!("output file: {error}"));
        let started_at = clock::now();
        let child = Command::new(program)
            .args(arguments)
            .env(MARK, &order.mark)
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(stream()?)
            .stderr(stream()?)
            .process_group(0)
            .spawn()
            .map_err(|error| format!("{program}: {error}"))?;
        let leader = Pid::from_child(&child);
        Ok(Self { child, leader, started_at })
    }

    /// Its number.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Number and start time, for a daemon that must find it again.
    pub(super) fn identity(&self) -> Option<Identity> {
        processes::read(self.pid()).map(|process| process.identity)
    }

    /// Whether the first process has ended; it stays unreaped, so that its group's number stays its own.
    pub(super) fn has_ended(&self) -> io::Result<bool> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        match waitid(WaitId::Pid(self.leader), options) {
            Ok(status) => Ok(status.is_some()),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(rustix::io::Errno::CHILD) => Ok(true), // already reaped
            Err(error) => Err(error.into()),
        }
    }

    /// Living direct children of this supervisor beside the first process: what a double fork or a dead parent
    /// handed to the subreaper. Ended ones are reaped on the way.
    pub(super) fn children_beside(&self) -> Vec<Pid> {
        loop {
            let children = processes::children(std::process::id());
            let beside = children.into_iter().filter_map(|pid| Pid::from_raw(i32::try_from(pid).ok()?)).filter(|pid| *pid != self.leader);
            let (ended, living): (Vec<Pid>, Vec<Pid>) = beside.partition(|pid| is_reaped(*pid));
            if ended.is_empty() {
                return living;
            }
            // The ended may have left children of their own here since the list was read.
        }
    }

    /// Signals the whole group. It may be empty or another user's; what is left shows at the end.
    pub(super) fn signal_group(&self, signal: Signal) {
        let _ = kill_process_group(self.leader, signal);
    }

    /// Takes the first process's status; none where it still lives.
    pub(super) fn reap(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

/// Whether a process can be started there.
fn is_enterable(folder: &Path) -> io::Result<()> {
    use rustix::fs::{Access, access};
    if !folder.metadata()?.is_dir() {
        return Err(rustix::io::Errno::NOTDIR.into());
    }
    Ok(access(folder, Access::EXEC_OK)?)
}

/// Reaps a child that has ended.
fn is_reaped(pid: Pid) -> bool {
    match waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG) {
        Ok(status) => status.is_some(),
        Err(error) => error == rustix::io::Errno::CHILD,
    }
}

/// Signals a direct child; its number is pinned because only this process can reap it.
pub(super) fn signal_child(child: Pid, signal: Signal) {
    // It may have ended, or belong to another user; what is left shows at the end.
    let _ = kill_process(child, signal);
}

/// The kernel's word on how it ended.
pub(super) fn end_of(status: ExitStatus) -> AttemptEnd {
    match (status.code(), status.signal()) {
        (Some(code), _) => AttemptEnd::Exit(code),
        (None, Some(signal)) => AttemptEnd::Signal(signal),
        (None, None) => AttemptEnd::Lost,
    }
}
