//! Processes of an attempt whose supervisor is gone: found by boot, pid and start time or by their mark, signalled only
//! through a pidfd and after another look.

use super::processes::{self, Process};
use super::record::{BEGAN, Began, MARK, ORDER, SupervisorOrder};
use crate::json;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::collections::BTreeMap;
use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long KILL may take before a process is named as surviving.
const KILL_TAKES: Duration = Duration::from_secs(5);

/// Finds them: the step's first process if it is still the same one, its group while it pins the group's number,
/// everything below it, and every process that carries the attempt's mark.
pub(super) fn find(path: &Path) -> Vec<Process> {
    let all: Vec<Process> = processes::all().filter_map(processes::read).filter(|process| !process.is_zombie).collect();
    let mut found = BTreeMap::new();
    if let Some(leader) = step(path).and_then(processes::still) {
        let pid = leader.identity.pid;
        let group = all.iter().filter(|process| process.group == pid).cloned();
        let ours = group.chain(processes::descendants(pid)).chain((!leader.is_zombie).then_some(leader));
        found.extend(ours.map(|process| (process.identity.pid, process)));
    }
    let mark = mark(path);
    let marked = all.into_iter().filter(|process| processes::is_marked(process.identity.pid, MARK, &mark));
    found.extend(marked.map(|process| (process.identity.pid, process)));
    found.into_values().collect()
}

/// The value of the mark as the order had it: the state folder may be reached by another spelling today.
fn mark(path: &Path) -> PathBuf {
    let order = fs::read(path.join(ORDER)).ok().and_then(|bytes| json::read_bytes::<SupervisorOrder>(&bytes).ok());
    order.map_or_else(|| path.to_owned(), |order| order.mark)
}

/// The step's first process as its supervisor recorded it, if that was in this boot.
fn step(path: &Path) -> Option<super::record::Identity> {
    let boot_id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let began = fs::read_to_string(path.join(BEGAN)).ok()?;
    let lines = began.lines().filter_map(|line| json::read::<Began>(line).ok());
    lines.filter(|began| began.boot_id == boot_id.trim()).find_map(|began| began.step)
}

/// Ends them: TERM, grace, KILL. Blocking. Returns the words for those that live on.
pub(super) fn end(path: &Path, grace: Duration) -> Vec<String> {
    signal_and_wait(path, Signal::TERM, grace);
    signal_and_wait(path, Signal::KILL, KILL_TAKES);
    find(path).iter().map(Process::words).collect()
}

/// Signals each and waits until all have ended or the time is over.
fn signal_and_wait(path: &Path, signal: Signal, patience: Duration) {
    let until = Instant::now().checked_add(patience);
    let mut pinned: Vec<OwnedFd> = find(path).iter().filter_map(|process| signal_pinned(process, signal)).collect();
    while !pinned.is_empty() {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            return;
        }
        let mut fds: Vec<PollFd<'_>> = pinned.iter().map(|pidfd| PollFd::from_borrowed_fd(pidfd.as_fd(), PollFlags::IN)).collect();
        // An interruption is only another look.
        let _ = poll(&mut fds, left.and_then(|left| Timespec::try_from(left).ok()).as_ref());
        let has_ended: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        let mut ended = has_ended.into_iter();
        pinned.retain(|_| !ended.next().unwrap_or(true));
    }
}

/// Pins the process, looks again whether it is the one that was found, and only then signals it.
fn signal_pinned(process: &Process, signal: Signal) -> Option<OwnedFd> {
    let pid = Pid::from_raw(i32::try_from(process.identity.pid).ok()?)?;
    let pidfd = pidfd_open(pid, PidfdFlags::empty()).ok()?;
    processes::still(process.identity)?;
    pidfd_send_signal(&pidfd, signal).ok()?; // another user's: it is named as surviving
    Some(pidfd)
}
