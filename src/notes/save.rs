//! Text ↔ file: opens only regular files of a bounded size, saves so that at every instant the old or the new text is
//! whole on disk, and never over a text that the writer has not seen.

use rustix::fs::{FlockOperation, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use thiserror::Error;

/// The largest note that is opened or saved: 8 MiB, more than anyone writes by hand.
pub const SIZE_MAX: u64 = 8 << 20;
/// How long a save waits for another that writes into the same folder.
const LOCK_WAIT: Duration = Duration::from_secs(2);
/// How temporary files begin; they live in the folder of the file that they will become.
const TEMPORARY: &str = ".dogwatch-save-";

/// A file as it was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Its text.
    pub text: String,
    /// What it was, to save over it later.
    pub base: Base,
    /// When it was last written.
    pub modified: SystemTime,
}

/// What a writer believes to be on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// Nothing: the file is new.
    Absent,
    /// A file with this digest: BLAKE3 of its bytes, hex.
    Digest(String),
}

impl Base {
    /// The base for a text that is on disk.
    pub fn of(text: &str) -> Self {
        Self::Digest(digest(text))
    }
}

/// What came of a save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// BLAKE3 of the saved bytes, hex: the base of the next save.
    pub digest: String,
    /// Their number.
    pub bytes: u64,
}

/// Why a file was not opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// It is a link, a folder, a pipe, a device.
    #[error("{path} is {what}, not a plain file; it is left alone")]
    NotPlain {
        /// The file.
        path: PathBuf,
        /// What it is, with its article.
        what: &'static str,
    },
    /// It is larger than [`SIZE_MAX`].
    #[error("{path} has {bytes} bytes, more than the {SIZE_MAX} that are opened here; open it in $EDITOR")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// It is not UTF-8.
    #[error("{path} is not UTF-8 text; it is left alone")]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// The system said no.
    #[error("{path} cannot be read: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Its words.
        error: std::io::Error,
    },
}

/// Why a text was not saved. In every case the file is as it was, and the text is still the caller's.
#[derive(Debug, Error)]
pub enum SaveError {
    /// Another text is on disk than the one that was opened.
    #[error("{path} was changed by someone else since it was opened; nothing was overwritten")]
    Conflict {
        /// The file.
        path: PathBuf,
        /// The text on disk; absent when the file is gone.
        theirs: Option<String>,
    },
    /// The text is larger than [`SIZE_MAX`].
    #[error("the text has {bytes} bytes, more than the {SIZE_MAX} that a note may have; nothing was saved")]
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// The disk is full, or the quota is.
    #[error(
        "{path} was not saved, the disk is full: {needed} bytes are needed, {free} are free; the old file is intact and the text is kept"
    )]
    NoSpace {
        /// The file.
        path: PathBuf,
        /// Bytes of the text.
        needed: u64,
        /// Bytes that the file system has for this user.
        free: u64,
    },
    /// Another save into the same folder does not end.
    #[error("{path} was not saved: another save into its folder has lasted over 2 s; try again")]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// What is there cannot be saved over.
    #[error(transparent)]
    Target(#[from] OpenError),
    /// The system said no.
    #[error("{path} was not saved: {error}; the old file is intact and the text is kept")]
    Io {
        /// The file.
        path: PathBuf,
        /// Its words.
        error: std::io::Error,
    },
}

/// BLAKE3 of a text, hex.
pub fn digest(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// Opens a plain text file; `None` where there is nothing. Never follows a link and never waits for a pipe.
pub fn open(path: &Path) -> Result<Option<Opened>, OpenError> {
    let io = |error: std::io::Error| OpenError::Io { path: path.to_owned(), error };
    let found = match std::fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    };
    if let Some(what) = not_plain(&found) {
        return Err(OpenError::NotPlain { path: path.to_owned(), what });
    }
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags | OFlags::RDONLY, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP) => return Err(OpenError::NotPlain { path: path.to_owned(), what: "a symbolic link" }),
        Err(error) => return Err(io(error.into())),
    };
    // Asked again of the open file: what stood there may have been exchanged since.
    let found = file.metadata().map_err(io)?;
    if let Some(what) = not_plain(&found) {
        return Err(OpenError::NotPlain { path: path.to_owned(), what });
    }
    let mut bytes = Vec::new();
    file.take(SIZE_MAX + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > SIZE_MAX {
        return Err(OpenError::TooLarge { path: path.to_owned(), bytes: found.len().max(bytes.len() as u64) });
    }
    let text = String::from_utf8(bytes).map_err(|_| OpenError::NotText { path: path.to_owned() })?;
    let base = Base::of(&text);
    Ok(Some(Opened { text, base, modified: found.modified().map_err(io)? }))
}

fn not_plain(found: &std::fs::Metadata) -> Option<&'static str> {
    use std::os::unix::fs::FileTypeExt;
    let kind = found.file_type();
    match () {
        () if kind.is_file() => None,
        () if kind.is_symlink() => Some("a symbolic link"),
        () if kind.is_dir() => Some("a folder"),
        () if kind.is_fifo() => Some("a pipe"),
        () if kind.is_socket() => Some("a socket"),
        () => Some("a device"),
    }
}

/// Saves a text over what the writer believes to be there. The new text is written beside the file, synced, and takes
/// its place in one step; the folder is synced after. The mode stays. Where another text turns out to be there, also
/// at the very last moment, that one stays and is handed back as the conflict.
pub fn save(path: &Path, text: &str, base: &Base) -> Result<Saved, SaveError> {
    let bytes = text.len() as u64;
    if bytes > SIZE_MAX {
        return Err(SaveError::TooLarge { bytes });
    }
    let io = |error: std::io::Error| failed(path, bytes, error);
    let folder_path = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = File::open(folder_path).map_err(io)?;
    lock(&folder, path)?;
    sweep(folder_path);
    expect(path, base)?;

    let mode = match std::fs::symlink_metadata(path) {
        Ok(found) => Some(found.mode() & 0o7777),
        Err(_) => None,
    };
    let temporary = Temporary::write(folder_path, text, mode).map_err(io)?;
    let placed = match base {
        Base::Absent => temporary.place_new(path),
        Base::Digest(expected) => temporary.exchange(path, expected),
    };
    if !placed.map_err(io)? {
        return Err(conflict(path)?);
    }
    drop(temporary);
    folder.sync_all().map_err(io)?;
    Ok(Saved { digest: digest(text), bytes })
}

/// Refuses where something else is there than the writer believes.
fn expect(path: &Path, base: &Base) -> Result<(), SaveError> {
    match (open(path)?, base) {
        (None, Base::Absent) => Ok(()),
        (Some(found), base) if found.base == *base => Ok(()),
        (found, _) => Err(SaveError::Conflict { path: path.to_owned(), theirs: found.map(|found| found.text) }),
    }
}

fn conflict(path: &Path) -> Result<SaveError, OpenError> {
    Ok(SaveError::Conflict { path: path.to_owned(), theirs: open(path)?.map(|found| found.text) })
}

fn failed(path: &Path, needed: u64, error: std::io::Error) -> SaveError {
    if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
        let folder = path.parent().unwrap_or(path);
        // Where even the question fails, "0 free" is what a full disk looks like.
        let free = rustix::fs::statvfs(folder).map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        return SaveError::NoSpace { path: path.to_owned(), needed, free };
    }
    SaveError::Io { path: path.to_owned(), error }
}

/// Holds the folder for this save: two consoles never write in it at the same time.
fn lock(folder: &File, path: &Path) -> Result<(), SaveError> {
    let step = Duration::from_millis(10);
    let mut waited = Duration::ZERO;
    loop {
        match rustix::fs::flock(folder.as_fd(), FlockOperation::NonBlockingLockExclusive) {
            // NOTSUP and its kin: a file system without locks; the exchange still sees every foreign text.
            Ok(()) | Err(Errno::NOTSUP | Errno::NOSYS | Errno::NOLCK) => return Ok(()),
            Err(Errno::WOULDBLOCK) if waited >= LOCK_WAIT => return Err(SaveError::Busy { path: path.to_owned() }),
            Err(Errno::WOULDBLOCK | Errno::INTR) => {
                std::thread::sleep(step);
                waited += step;
            }
            Err(error) => return Err(SaveError::Io { path: path.to_owned(), error: error.into() }),
        }
    }
}

/// Removes what a killed save left: under the folder's lock, no living save has a temporary file.
fn sweep(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(TEMPORARY)) {
            // What cannot be removed is only litter.
            drop(std::fs::remove_file(entry.path()));
        }
    }
}

/// A file that has not its name yet; removed when it is dropped.
pub(super) struct Temporary {
    path: PathBuf,
}

impl Temporary {
    /// Writes and syncs a text into a new file of this folder. `mode` as an existing file had it, or as the umask wants it.
    pub(super) fn write(folder: &Path, text: &str, mode: Option<u32>) -> std::io::Result<Self> {
        let unique = format!("{TEMPORARY}{}-{:?}", std::process::id(), std::thread::current().id());
        let path = folder.join(unique.replace(['(', ')'], ""));
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true).mode(if mode.is_some() { 0o600 } else { 0o666 });
        let mut file = options.open(&path).or_else(|error| {
            if error.kind() != ErrorKind::AlreadyExists {
                return Err(error);
            }
            // Left by a process that had this number before and was killed.
            std::fs::remove_file(&path)?;
            options.open(&path)
        })?;
        let temporary = Self { path };
        file.write_all(text.as_bytes())?;
        if let Some(mode) = mode {
            file.set_permissions(std::fs::Permissions::from_mode(mode))?;
        }
        file.sync_all()?;
        Ok(temporary)
    }

    /// Takes a free name. `false` where the name is taken.
    fn place_new(&self, path: &Path) -> std::io::Result<bool> {
        match self.rename(path, RenameFlags::NOREPLACE) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => Ok(false),
            // A file system that cannot: a second link never replaces either, and the first goes with the drop.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => match std::fs::hard_link(&self.path, path) {
                Ok(()) => Ok(true),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
                Err(error) => Err(error),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Takes the place of a file with this digest. `false` where another text was there at that instant; it is put back.
    fn exchange(&self, path: &Path, expected: &str) -> std::io::Result<bool> {
        match self.rename(path, RenameFlags::EXCHANGE) {
            Ok(()) => {}
            Err(Errno::NOENT) => return Ok(false),
            // A file system that cannot: the look just before, under the folder's lock, is all there is.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => return std::fs::rename(&self.path, path).map(|()| true),
            Err(error) => return Err(error.into()),
        }
        // The temporary name now holds what was there until this instant.
        if matches!(open(&self.path), Ok(Some(old)) if digest(&old.text) == expected) {
            return Ok(true);
        }
        self.rename(path, RenameFlags::EXCHANGE)?;
        Ok(false)
    }

    fn rename(&self, path: &Path, how: RenameFlags) -> rustix::io::Result<()> {
        rustix::fs::renameat_with(rustix::fs::CWD, &self.path, rustix::fs::CWD, path, how)
    }

    /// Takes the place of a file, whatever it is.
    pub(super) fn replace(self, path: &Path) -> std::io::Result<()> {
        std::fs::rename(&self.path, path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a rename there is nothing to remove; what cannot be removed is swept by the next save.
        drop(std::fs::remove_file(&self.path));
    }
}
