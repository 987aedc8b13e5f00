//! One look at a place: what is there now, in clear words where it is no file that could be taken.

use super::pattern::Pattern;
use jiff::Timestamp;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Files of one pattern that are looked at; of more, the rest waits until some are gone.
pub(super) const FILES_MAX: usize = 10_000;
/// Names of one folder that are read in one look.
const NAMES_MAX: usize = 200_000;

/// What a look found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Regular files, or links to some, by name.
    pub files: Vec<FoundFile>,
    /// What is there and cannot be taken, in words.
    pub problem: Option<String>,
    /// Whether there are more files than are looked at.
    pub more: bool,
}

/// A regular file as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundFile {
    /// Its path from the root.
    pub path: PathBuf,
    /// Its path as text.
    pub text: String,
    /// Its bytes.
    pub size: u64,
    /// When it was last changed.
    pub modified_at: Timestamp,
}

/// Looks once. Nothing is opened, so nothing here waits for a pipe.
pub(super) fn look(pattern: &Pattern) -> Found {
    let mut found = Found::default();
    if let Some(name) = &pattern.name {
        found.take(pattern.folder.join(name), true);
        return found;
    }
    let entries = match std::fs::read_dir(&pattern.folder) {
        Ok(entries) => entries,
        Err(error) => {
            found.problem = Some(folder_words(&pattern.folder, &error));
            return found;
        }
    };
    let mut names: Vec<String> = Vec::new();
    for entry in entries.take(NAMES_MAX).flatten() {
        match entry.file_name().into_string() {
            Ok(name) if name.contains(char::is_control) => found.note("the name of a file holds control characters: it is left out".into()),
            Ok(name) if pattern.matches(&name) => names.push(name),
            Ok(_) => {}
            Err(_) => found.note("the name of a file is no UTF-8 text: it is left out".into()),
        }
    }
    names.sort();
    found.more = names.len() > FILES_MAX;
    for name in names.into_iter().take(FILES_MAX) {
        found.take(pattern.folder.join(name), false);
    }
    found
}

impl Found {
    fn note(&mut self, words: String) {
        self.problem.get_or_insert(words);
    }

    /// Takes in what is at a path. Where it is the only one that is looked for, its absence is told.
    fn take(&mut self, path: PathBuf, only: bool) {
        let text = path.to_string_lossy().into_owned();
        match std::fs::metadata(&path) {
            Ok(kind) if kind.is_file() => match kind.modified().ok().and_then(|time| Timestamp::try_from(time).ok()) {
                Some(modified_at) => self.files.push(FoundFile { path, text, size: kind.len(), modified_at }),
                None => self.note(format!("{text}: its file system does not say when it was changed")),
            },
            Ok(kind) if kind.is_dir() => self.note(format!("{text} is a folder, a file is expected")),
            Ok(_) => self.note(format!("{text} is a pipe, a socket or a device, a file is expected")),
            Err(error) if error.kind() == ErrorKind::NotFound && path.is_symlink() => self.note(format!("the link {text} leads nowhere")),
            // Between the reading of the folder and now it has gone; that is no problem.
            Err(error) if error.kind() == ErrorKind::NotFound && !only => {}
            Err(error) if error.kind() == ErrorKind::NotFound => match path.parent().filter(|folder| !folder.is_dir()) {
                Some(folder) => self.note(folder_words(folder, &error)),
                None => self.note("no such file yet".into()),
            },
            Err(error) => self.note(format!("{text} cannot be looked at: {}", plain(&error))),
        }
    }
}

fn folder_words(folder: &Path, error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => format!("the folder {} does not exist", folder.display()),
        ErrorKind::NotADirectory => format!("{} is no folder", folder.display()),
        _ => format!("the folder {} cannot be read: {}", folder.display(), plain(error)),
    }
}

/// The system's words without their number.
pub(super) fn plain(error: &std::io::Error) -> String {
    let words = error.to_string();
    words.split(" (os error").next().unwrap_or(&words).to_lowercase()
}

/// A size as people say it.
pub(super) fn size_words(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}
