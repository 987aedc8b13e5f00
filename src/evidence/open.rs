//! Opens what may be evidence, without ever waiting for a pipe, and says in plain words what cannot be.

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::path::Path;

/// A regular file, opened for reading, or why it is none.
pub(super) fn open(path: &Path) -> Result<File, String> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT) => return Err("is not there".into()),
        Err(Errno::ACCESS | Errno::PERM) => return Err("may not be read by the daemon's user".into()),
        Err(Errno::LOOP) => return Err("is a link that leads round in a circle".into()),
        Err(Errno::NXIO) => return Err("is a socket or a device, no file".into()),
        Err(error) => return Err(format!("cannot be opened: {}", plain(&error.into()))),
    };
    match file.metadata() {
        Ok(kind) if kind.is_file() => Ok(file),
        Ok(kind) if kind.is_dir() => Err("is a folder, no file".into()),
        Ok(_) => Err("is a pipe, a socket or a device, no file".into()),
        Err(error) => Err(format!("cannot be looked at: {}", plain(&error))),
    }
}

/// The system's words without their number.
pub(super) fn plain(error: &std::io::Error) -> String {
    let words = error.to_string();
    words.split(" (os error").next().unwrap_or(&words).to_lowercase()
}
