//! One workspace has one daemon: a lock in the workspace itself refuses a second, whoever starts it, and names the holder.

use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use thiserror::Error;

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
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut holder = String::new();
                // The words are a courtesy; without them the refusal still stands.
                let _ = file.take(512).read_to_string(&mut holder);
                let holder =
                    if holder.trim().is_empty() { "its holder wrote nothing of itself".to_owned() } else { holder.trim().to_owned() };
                return Err(LockError::Held { workspace: workspace.to_owned(), holder });
            }
            Err(error) => return Err(failed(error.into())),
        }
        let user = crate::wire::identity::user_name(rustix::process::getuid().as_raw());
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let words = format!("process {} of user {user} on {host}, since {}\n", std::process::id(), crate::clock::now());
        file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(words.as_bytes())).map_err(failed)?;
        Ok(Self { _file: file })
    }
}
