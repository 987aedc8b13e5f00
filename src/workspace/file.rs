//! One file of a workspace, read whole and with limits.

use super::error::FileError;
use std::cell::RefCell;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// No file that a person writes is larger.
const MAX_BYTES: u64 = 1 << 20;
/// Errors of one file that are told; the rest is counted.
const MAX_ERRORS: usize = 100;

/// A file that was read, with the digest of what was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDigest {
    /// The file, relative to the workspace.
    pub file: String,
    /// BLAKE3 of its bytes, hex.
    pub digest: String,
}

/// A file's text and what was found wrong with it.
pub(super) struct SourceFile {
    /// Relative to the workspace.
    pub name: String,
    /// Without a byte order mark.
    pub text: String,
    /// BLAKE3 of the bytes on disk, hex.
    pub digest: String,
    problems: RefCell<Vec<FileError>>,
}

impl SourceFile {
    /// Reads `name` below `root`. Links are followed; what is not a regular file in UTF-8 of at most 1 MiB is an error.
    pub fn read(root: &Path, name: &str) -> Result<Self, FileError> {
        let bytes = read_bounded(&root.join(name)).map_err(|reason| FileError::whole(name, reason))?;
        let digest = blake3::hash(&bytes).to_hex().to_string();
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(wrong) => {
                let good = wrong.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(wrong.as_bytes());
                return Err(FileError::at(name, &text, good..good + 1, "this is not UTF-8 text").with_hint("save the file as UTF-8"));
            }
        };
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        Ok(Self { name: name.to_owned(), text, digest, problems: RefCell::default() })
    }

    /// The same for a text that is not on disk.
    pub fn of_text(name: &str, text: &str) -> Self {
        let digest = blake3::hash(text.as_bytes()).to_hex().to_string();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        Self { name: name.to_owned(), text, digest, problems: RefCell::default() }
    }

    /// Notes that something is wrong with a stretch of the text.
    pub fn wrong(&self, at: Range<usize>, reason: impl Into<String>) {
        self.note(at, reason, |problem| problem);
    }

    /// The same, with what to do.
    pub fn wrong_but(&self, at: Range<usize>, reason: impl Into<String>, hint: impl Into<String>) {
        self.note(at, reason, |problem| problem.with_hint(hint));
    }

    /// The same about a line that holds a secret: the line is never drawn.
    pub fn wrong_secret(&self, at: Range<usize>, reason: impl Into<String>, hint: impl Into<String>) {
        self.note(at, reason, |problem| problem.with_hint(hint).undrawn());
    }

    /// Finding a line costs a walk through the text, so it is not done for what is not told.
    fn note(&self, at: Range<usize>, reason: impl Into<String>, finish: impl FnOnce(FileError) -> FileError) {
        let mut problems = self.problems.borrow_mut();
        match problems.len() {
            0..MAX_ERRORS => problems.push(finish(FileError::at(&*self.name, &self.text, at, reason))),
            MAX_ERRORS => problems.push(FileError::whole(&*self.name, format!("more than {MAX_ERRORS} errors; the rest is not shown"))),
            _ => {}
        }
    }

    /// Whether nothing was found wrong.
    pub fn is_right(&self) -> bool {
        self.problems.borrow().is_empty()
    }

    /// What was found wrong, in the order of the lines.
    pub fn into_problems(self) -> Vec<FileError> {
        let mut problems = self.problems.into_inner();
        let told = problems.len().min(MAX_ERRORS);
        problems[..told].sort_by_key(|problem| (problem.line, problem.column));
        problems
    }
}

/// The bytes of a regular file of at most 1 MiB, or why not. A pipe is never waited for.
fn read_bounded(path: &Path) -> Result<Vec<u8>, String> {
    let nonblock = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = std::fs::OpenOptions::new().read(true).custom_flags(nonblock).open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound if path.is_symlink() => "this link leads nowhere".to_owned(),
        _ => format!("cannot be read: {error}"),
    })?;
    let kind = file.metadata().map_err(|error| format!("cannot be read: {error}"))?;
    if kind.is_dir() {
        return Err("this is a folder, a file is expected".to_owned());
    }
    if !kind.is_file() {
        return Err("this is not a regular file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err("larger than 1 MiB, the limit for a file of a workspace".to_owned());
    }
    Ok(bytes)
}
