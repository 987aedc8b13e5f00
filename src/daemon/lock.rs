//! One workspace has one daemon: a lock in the workspace itself refuses a second, whoever starts it, and names the holder.

use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use thiserror::Error;

/// How long a lock may outlive its holder.
const LAST_BREATH: Duration = Duration::from_secs(2);
/// How often it is tried meanwhile: the kernel tells nobody when a lock is free.
const AGAIN: Duration = Duration::from_millis(10);

/// Why the workspace could not be taken.
#[derive(Debug, Error)]
pub enum LockError {
    /// Another daemon has it.
    #[error("a daemon already runs for {workspace}: {holder}")]
    Held {
        /// The workspace.
        workspace: PathBuf,
        /// What the holder wrote of itself.
        holder: String,
    },
    /// The lock file cannot be made.
    #[error("the lock {path} cannot be taken: {why}; the daemon's user needs to write there")]
    Io {
        /// The lock file.
        path: PathBuf,
        /// The system's words.
        why: io::Error,
    },
}

/// The held lock; dropping it (or dying) lets go.
#[derive(Debug)]
pub struct WorkspaceLock {
    _file: File,
}

impl WorkspaceLock {
    /// Takes the workspace. What is in the file is only for people: the kernel's lock decides.
    pub fn take(workspace: &Path, path: &Path) -> Result<Self, LockError> {
        let failed = |why| LockError::Io { path: path.to_owned(), why };
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o644).open(path).map_err(failed)?;
        let began = Instant::now();
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(rustix::io::Errno::WOULDBLOCK) => {
                    let holder = words(&mut file);
                    if is_alive(&holder) || began.elapsed() > LAST_BREATH {
                        let holder = if holder.is_empty() { "its holder wrote nothing of itself".to_owned() } else { holder };
                        return Err(LockError::Held { workspace: workspace.to_owned(), holder });
                    }
                    std::thread::sleep(AGAIN);
                }
                Err(error) => return Err(failed(error.into())),
            }
        }
        let user = crate::wire::identity::user_name(rustix::process::getuid().as_raw());
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let words = format!("process {} of user {user} on {host}, since {}\n", std::process::id(), crate::clock::now());
        file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(words.as_bytes())).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

/// What the holder wrote of itself; a courtesy, without which a refusal still stands.
fn words(file: &mut File) -> String {
    let mut words = String::new();
    let _ = file.rewind().and_then(|()| file.take(512).read_to_string(&mut words));
    words.trim().to_owned()
}

/// Whether the process that the words name lives. A daemon that was killed while it started a step leaves the lock with
/// that child until the child is another program, a moment later.
fn is_alive(words: &str) -> bool {
    let pid = words.strip_prefix("process ").and_then(|rest| rest.split(' ').next());
    pid.is_some_and(|pid| Path::new("/proc").join(pid).exists())
}
