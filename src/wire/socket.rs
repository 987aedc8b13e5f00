//! The socket file: bound and reached through its folder's descriptor, so that paths longer than the kernel's 108 bytes
//! work too.

use rustix::fs::{Mode, OFlags};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tokio::net::{UnixListener, UnixStream};

/// A short name for a file in a folder, valid while the descriptor lives.
fn short(path: &Path) -> io::Result<(OwnedFd, PathBuf)> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "a socket needs a file name"))?;
    let folder = rustix::fs::open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let short = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd())).join(name);
    Ok((folder, short))
}

/// Listens on a socket file, replacing one that a dead daemon left. Only the holder of the workspace's lock calls this.
pub fn bind(path: &Path, mode: u32) -> io::Result<UnixListener> {
    let (_folder, short) = short(path)?;
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let listener = UnixListener::bind(&short)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    Ok(listener)
}

/// The same for a thread that waits.
pub fn connect_blocking(path: &Path) -> io::Result<std::os::unix::net::UnixStream> {
    let (_folder, short) = short(path)?;
    std::os::unix::net::UnixStream::connect(&short)
}

/// Connects to a socket file.
pub async fn connect(path: &Path) -> io::Result<UnixStream> {
    let (_folder, short) = short(path)?;
    UnixStream::connect(&short).await
}
