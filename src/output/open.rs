//! An output file: opened at once, read by ranges, watched for growth, truncation and replacement.

use super::line::{self, Line};
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use thiserror::Error;

/// Why an output cannot be read.
#[derive(Debug, Error)]
pub enum OutputError {
    /// Something that is not a plain file.
    #[error("{} is {what}, not a plain file; only plain files are shown", path.display())]
    NotPlain {
        /// What was to be opened.
        path: PathBuf,
        /// What it is, with its article.
        what: &'static str,
    },
    /// It is not there.
    #[error("{} is not there; the step may have printed nothing yet, or its output was removed by retention", path.display())]
    Missing {
        /// What was to be opened.
        path: PathBuf,
    },
    /// It could not be opened or read.
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        /// What was read.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// A regular expression that is none.
    #[error("not a regular expression: {0}")]
    Pattern(String),
    /// The system gave no thread or no watch.
    #[error("{what} cannot start: {source}")]
    Start {
        /// What was to start.
        what: &'static str,
        /// The system's word.
        source: io::Error,
    },
}

/// What a look at a file found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// As long as before.
    Same,
    /// Longer: the new length in bytes.
    Grown(u64),
    /// Shorter: the new length in bytes. What was read and counted is void.
    Truncated(u64),
    /// Another file has this name now: open it anew.
    Replaced,
    /// The name is gone; what is open can still be read.
    Gone,
}

/// An output file that is open for reading. Cheap to clone, shared with the threads that search it.
#[derive(Debug, Clone)]
pub struct Output {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    file: Arc<File>,
    path: PathBuf,
    /// Device and inode, to notice another file under the same name.
    identity: (u64, u64),
    /// Length at the last look.
    length: AtomicU64,
}

impl Output {
    /// Opens a file without reading any of it. Fifos, folders, devices and symbolic links are refused with words;
    /// opening never blocks.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OutputError> {
        let path = path.as_ref();
        // Asked before opening, so that a device is not touched at all, and once more on the descriptor below.
        let before = std::fs::symlink_metadata(path).map_err(|source| error_of(path, source))?;
        plain(path, &before)?;
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NOCTTY;
        let file =
            OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path).map_err(|source| error_of(path, source))?;
        Self::from_file(file, path)
    }

    /// Takes over a descriptor that somebody else opened, such as one that a shared daemon handed over.
    pub fn from_file(file: File, path: impl AsRef<Path>) -> Result<Self, OutputError> {
        let path = path.as_ref();
        let metadata = file.metadata().map_err(|source| error_of(path, source))?;
        plain(path, &metadata)?;
        let identity = (metadata.dev(), metadata.ino());
        Ok(Self {
            shared: Arc::new(Shared { file: Arc::new(file), path: path.to_owned(), identity, length: AtomicU64::new(metadata.len()) }),
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Its length in bytes at the last [`Output::look`]; what comes later is not read before the next look, so that
    /// everything on one screen is of one moment.
    pub fn len(&self) -> u64 {
        self.shared.length.load(Ordering::Acquire)
    }

    /// Whether nothing was printed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// When something was written last, by the file system; absent where it does not say.
    pub fn written_at(&self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::from_second(self.shared.file.metadata().ok()?.mtime()).ok()
    }

    /// Length and time of the last change, whatever was looked at before.
    pub(super) fn facts(&self) -> Option<(u64, i64, i64)> {
        self.shared.file.metadata().ok().map(|facts| (facts.len(), facts.mtime(), facts.mtime_nsec()))
    }

    /// Looks at the file's length and name. A file that was cut and has grown past its old length between two looks
    /// cannot be told from one that only grew.
    pub fn look(&self) -> Result<Look, OutputError> {
        let metadata = self.shared.file.metadata().map_err(|source| self.error(source))?;
        let now = metadata.len();
        let before = self.shared.length.swap(now, Ordering::AcqRel);
        match std::fs::symlink_metadata(&self.shared.path) {
            Ok(named) if (named.dev(), named.ino()) != self.shared.identity => return Ok(Look::Replaced),
            Err(source) if source.kind() == io::ErrorKind::NotFound && now == before => return Ok(Look::Gone),
            // Another error of the name says nothing about the open file.
            _ => {}
        }
        Ok(match now.cmp(&before) {
            std::cmp::Ordering::Equal => Look::Same,
            std::cmp::Ordering::Greater => Look::Grown(now),
            std::cmp::Ordering::Less => Look::Truncated(now),
        })
    }

    /// The same file as if it ended after so many bytes. It does not see the file grow.
    pub(super) fn up_to(&self, length: u64) -> Self {
        let Shared { file, path, identity, .. } = &*self.shared;
        let cut = AtomicU64::new(self.len().min(length));
        Self { shared: Arc::new(Shared { file: file.clone(), path: path.clone(), identity: *identity, length: cut }) }
    }

    /// The last lines, the oldest first.
    pub fn tail(&self, count: usize) -> Result<Vec<Line>, OutputError> {
        self.before(self.len(), count)
    }

    /// Lines from the start of a line on, the oldest first.
    pub fn lines(&self, from: u64, count: usize) -> Result<Vec<Line>, OutputError> {
        line::after(self, from, count)
    }

    /// The lines before the start of a line, the oldest first.
    pub fn before(&self, at: u64, count: usize) -> Result<Vec<Line>, OutputError> {
        line::before(self, at, count)
    }

    /// The start of the line that holds this byte.
    pub fn line_start(&self, at: u64) -> Result<u64, OutputError> {
        line::start_of(self, at)
    }

    /// Bytes of a range, at most what `buffer` takes and what the last look saw; 0 at the end.
    pub fn read_at(&self, at: u64, buffer: &mut [u8]) -> Result<usize, OutputError> {
        let room = usize::try_from(self.len().saturating_sub(at)).unwrap_or(usize::MAX).min(buffer.len());
        let mut got = 0;
        while let Some(rest) = buffer.get_mut(got..room).filter(|rest| !rest.is_empty()) {
            match self.shared.file.read_at(rest, at + got as u64) {
                Ok(0) => break,
                Ok(more) => got += more,
                Err(source) if source.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(self.error(source)),
            }
        }
        Ok(got)
    }

    pub(super) fn file(&self) -> &File {
        &self.shared.file
    }

    fn error(&self, source: io::Error) -> OutputError {
        OutputError::Read { path: self.shared.path.clone(), source }
    }
}

fn error_of(path: &Path, source: io::Error) -> OutputError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound => OutputError::Missing { path },
        _ => OutputError::Read { path, source },
    }
}

fn plain(path: &Path, metadata: &Metadata) -> Result<(), OutputError> {
    let kind = metadata.file_type();
    let what = match () {
        () if kind.is_file() => return Ok(()),
        () if kind.is_dir() => "a folder",
        () if kind.is_fifo() => "a named pipe",
        () if kind.is_symlink() => "a symbolic link",
        () if kind.is_socket() => "a socket",
        () => "a device",
    };
    Err(OutputError::NotPlain { path: path.to_owned(), what })
}
