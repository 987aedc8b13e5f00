//! An attempt's folder: made once, locked, reached by descriptor so that a long path never meets a socket's 108 bytes.

use super::record::{CONTROL, LOCK};
use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// Makes the folder, 0700; an error where it exists, because an attempt is claimed once.
pub(super) fn make(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    }
    DirBuilder::new().mode(0o700).create(path)
}

/// Removes the folder, and the folders above it that are empty now, up to `top`.
pub(super) fn remove(path: &Path, top: &Path) -> io::Result<()> {
    fs::remove_dir_all(path)?;
    for parent in path.ancestors().skip(1).take_while(|parent| *parent != top && parent.starts_with(top)) {
        if fs::remove_dir(parent).is_err() {
            break; // not empty: another attempt's
        }
    }
    Ok(())
}

/// Makes the lock file and takes the lock.
pub(super) fn claim(path: &Path) -> io::Result<File> {
    let lock = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path.join(LOCK))?;
    flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
    Ok(lock)
}

/// Whether somebody holds the lock.
#[derive(Debug)]
pub(super) enum Lock {
    /// A supervisor lives, or is being started.
    Held,
    /// None lives and none can come while this file is open.
    Free {
        /// Keeps it so.
        _held: File,
    },
}

/// Tries the lock; never makes the file.
pub(super) fn try_lock(path: &Path) -> io::Result<Lock> {
    let lock = OpenOptions::new().read(true).write(true).open(path.join(LOCK))?;
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Lock::Free { _held: lock }),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(Lock::Held),
        Err(error) => Err(error.into()),
    }
}

/// The control socket through the folder's descriptor.
fn control(path: &Path) -> io::Result<(OwnedFd, PathBuf)> {
    let folder = open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let socket = PathBuf::from(format!("/proc/self/fd/{}/{CONTROL}", folder.as_raw_fd()));
    Ok((folder, socket))
}

/// Binds the control socket.
pub(super) fn bind(path: &Path) -> io::Result<UnixListener> {
    let (_folder, socket) = control(path)?;
    UnixListener::bind(socket)
}

/// Connects to the control socket; the connection waits in the backlog until the supervisor takes it.
pub(super) fn connect(path: &Path) -> io::Result<UnixStream> {
    let (_folder, socket) = control(path)?;
    let stream = UnixStream::connect(socket)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}
