//! Runs a program whose output is evidence: within a deadline, without input, with a fixed environment, in a group of its
//! own that ends with it.

use super::window::{Kept, Window};
use crate::domain::evidence::EvidenceCommand;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use std::io::{self, Read as _};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Variables of the daemon that a program gets; secrets are not among them.
const HANDED_ON: [&str; 7] = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ"];
/// Bytes of one read.
const PIECE: usize = 64 << 10;

/// What a program printed, and how it ended where that was not well.
pub(super) struct Printed {
    pub bytes: Vec<u8>,
    pub left_out: u64,
    pub read: u64,
    pub problem: Option<String>,
}

/// Runs it once. `DOGWATCH_FROM` and `DOGWATCH_TO` in its environment are the window, RFC 3339 in UTC.
///
/// # Errors
/// It could not be started, in words.
pub(super) fn run(command: &EvidenceCommand, workspace: &Path, window: Window) -> Result<Printed, String> {
    let (program, arguments) = command.run.split_first().ok_or("no program is named")?;
    let path = if program.contains('/') { workspace.join(program) } else { PathBuf::from(program) };
    let (mut output, input) = io::pipe().map_err(|error| format!("no pipe: {error}"))?;
    let mut order = Command::new(path);
    order.args(arguments).env_clear().envs(HANDED_ON.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))));
    order.env("DOGWATCH_WORKSPACE", workspace).env("DOGWATCH_FROM", window.from.to_string()).env("DOGWATCH_TO", window.to.to_string());
    let errors = input.try_clone().map_err(|error| format!("no pipe: {error}"))?;
    order.current_dir(workspace).process_group(0).stdin(Stdio::null()).stdout(input).stderr(errors);
    let child = order.spawn().map_err(|error| format!("{program} did not start: {}", super::open::plain(&error)))?;
    drop(order); // its ends of the pipe
    let mut group = Group { leader: child, is_over: false };
    let deadline = Instant::now() + command.timeout;
    let (mut kept, mut read, mut rest) = (Kept::new(command.max_bytes), 0, Vec::new());
    let mut piece = vec![0; PIECE];
    let late = format!("was ended after {} s", command.timeout.as_secs_f64());
    let mut problem = None;
    loop {
        match ready(&output, deadline) {
            Ok(true) => {}
            Ok(false) => {
                problem = Some(late.clone());
                break;
            }
            Err(error) => {
                problem = Some(format!("its output cannot be read: {error}"));
                break;
            }
        }
        match output.read(&mut piece) {
            Ok(0) => break,
            Ok(got) => {
                read += got as u64;
                rest.extend_from_slice(piece.get(..got).unwrap_or_default());
                let whole = memchr::memrchr(b'\n', &rest).map_or(0, |at| at + 1);
                let whole = if rest.len() > 1 << 20 { rest.len() } else { whole };
                rest.drain(..whole).as_slice().split_inclusive(|byte| *byte == b'\n').for_each(|line| kept.push(line));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                problem = Some(format!("its output cannot be read: {error}"));
                break;
            }
        }
    }
    if !rest.is_empty() {
        kept.push(&rest);
    }
    if problem.is_none() {
        problem = group.end(deadline).unwrap_or(Some(late));
    }
    let (bytes, left_out) = kept.done();
    Ok(Printed { bytes, left_out, read, problem })
}

/// Whether something can be read before the deadline.
fn ready(from: &impl AsFd, deadline: Instant) -> io::Result<bool> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left == Duration::ZERO {
            return Ok(false);
        }
        let left = Timespec { tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX), tv_nsec: left.subsec_nanos().into() };
        match poll(&mut [PollFd::new(from, PollFlags::IN)], Some(&left)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Ok(_) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
    }
}

/// The program and what it started: all of it ends here.
struct Group {
    leader: Child,
    is_over: bool,
}

impl Group {
    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.leader.id()).ok().and_then(Pid::from_raw)
    }

    /// How it ended, where not well; none when it has not ended by the deadline.
    fn end(&mut self, deadline: Instant) -> Option<Option<String>> {
        let ended = pidfd_open(self.pid()?, PidfdFlags::empty()).map_err(io::Error::from).and_then(|pidfd| ready(&pidfd, deadline));
        if !ended.unwrap_or(false) {
            return None;
        }
        self.clear();
        match self.leader.wait() {
            Ok(status) if status.success() => Some(None),
            Ok(status) => Some(Some(format!("ended with {status}"))),
            Err(error) => Some(Some(format!("its end is unknown: {error}"))),
        }
    }
}

impl Group {
    /// Ends all of it, while the leader that was not waited for still keeps the number.
    fn clear(&mut self) {
        if let Some(pid) = self.pid().filter(|_| !self.is_over) {
            // What has ended already needs no signal.
            let _gone = kill_process_group(pid, Signal::KILL);
        }
        self.is_over = true;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.clear();
        let _ended = self.leader.wait();
    }
}
