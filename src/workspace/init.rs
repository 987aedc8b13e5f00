//! Scaffolds a workspace; a file that is there is never touched.

use super::WORKSPACE_FILE;
use super::name::name_problem;
use super::shipped::{SHIPPED_CHECKLISTS, SHIPPED_RUNBOOKS};
use jiff::tz::TimeZone;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A part of the scaffold could not be written; what was written before it stays.
#[derive(Debug, Error)]
#[error("{} cannot be written: {error}", path.display())]
pub struct InitError {
    /// The file or folder.
    pub path: PathBuf,
    /// The system's words.
    pub error: io::Error,
}

/// Makes the folder a workspace: settings, an example flow, probe and calendar, the shipped runbooks and checklists, a folder for notes.
/// Gives the files that were made; those that were there are left as they are.
///
/// # Errors
/// The first file that could not be written.
pub fn init(dir: &Path) -> Result<Vec<PathBuf>, InitError> {
    for folder in ["flows", "probes", "calendars", "runbooks", "checklists", "notes"] {
        let path = dir.join(folder);
        std::fs::create_dir_all(&path).map_err(|error| InitError { path, error })?;
    }
    let mut files = vec![
        (WORKSPACE_FILE.to_owned(), settings(dir)),
        ("flows/example.toml".to_owned(), include_str!("scaffold/flow.toml").to_owned()),
        ("probes/example.toml".to_owned(), include_str!("scaffold/probe.toml").to_owned()),
        ("calendars/business-days.toml".to_owned(), include_str!("scaffold/calendar.toml").to_owned()),
        (".gitignore".to_owned(), ".dogwatch/\n".to_owned()),
    ];
    files.extend(SHIPPED_RUNBOOKS.iter().map(|shipped| (format!("runbooks/{}.md", shipped.name), shipped.text.to_owned())));
    files.extend(SHIPPED_CHECKLISTS.iter().map(|shipped| (format!("checklists/{}.md", shipped.name), shipped.text.to_owned())));
    let mut made = Vec::new();
    for (name, text) in files {
        let path = dir.join(name);
        match OpenOptions::new().write(true).create_new(true).open(&path).and_then(|mut file| file.write_all(text.as_bytes())) {
            Ok(()) => made.push(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(InitError { path, error }),
        }
    }
    Ok(made)
}

/// The settings with the folder's name and the host's zone.
fn settings(dir: &Path) -> String {
    let folder = dir.canonicalize().ok().and_then(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()));
    let name = folder.filter(|name| name_problem(name).is_none()).unwrap_or_else(|| "workspace".to_owned());
    let zone = TimeZone::system().iana_name().unwrap_or("UTC").to_owned();
    include_str!("scaffold/dogwatch.toml").replace("@NAME@", &name).replace("@ZONE@", &zone)
}
