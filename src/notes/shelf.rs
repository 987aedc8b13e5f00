//! The notes folder of a workspace: which file a note is in, and where a new one goes.

use super::front;
use super::naming;
use super::save::{self, OpenError, Opened};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Files that are looked at in one folder; more are not notes of a workspace.
const FILES_MAX: usize = 20_000;

/// Why the notes folder cannot be used.
#[derive(Debug, Error)]
pub enum ShelfError {
    /// It leads out of the workspace.
    #[error("{folder} leads out of the workspace; notes are kept beneath it")]
    Outside {
        /// The folder.
        folder: PathBuf,
    },
    /// The system said no.
    #[error("{folder} cannot be used: {error}{}", remedy(error))]
    Io {
        /// The folder.
        folder: PathBuf,
        /// Its words.
        error: std::io::Error,
    },
    /// The note is there, but cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// What helps where several people keep notes in one folder.
fn remedy(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => "; who writes notes may write there: chgrp TEAM notes && chmod 2775 notes",
        _ => "",
    }
}

/// A note's place: its file and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, relative to the workspace.
    pub relative: String,
    /// The file.
    pub path: PathBuf,
    /// What is in it; absent for a new note.
    pub opened: Option<Opened>,
}

/// Finds the note with this id, under whatever title it was made, or the place where a new one with this title goes.
/// Makes the notes folder where it is missing.
pub fn find(workspace: &Path, id: &str, title: &str) -> Result<Place, ShelfError> {
    let folder = workspace.join(naming::folder(id));
    let io = |error| ShelfError::Io { folder: folder.clone(), error };
    std::fs::create_dir_all(&folder).map_err(io)?;
    let root = workspace.canonicalize().map_err(io)?;
    if !folder.canonicalize().map_err(io)?.starts_with(&root) {
        return Err(ShelfError::Outside { folder });
    }
    let expected = naming::path(id, title);
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .map_err(io)?
        .take(FILES_MAX)
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| naming::is_of(name, id))
        .collect();
    names.sort();
    for name in names {
        let relative = format!("{}/{name}", naming::folder(id));
        let path = folder.join(&name);
        // A file that cannot be opened is another note's or the expected one; the latter is told when it is opened below.
        let Ok(Some(opened)) = save::open(&path) else { continue };
        if front::parse(&opened.text).map_or(relative == expected, |(front, _)| front.id == id) {
            return Ok(Place { relative, path, opened: Some(opened) });
        }
    }
    let path = workspace.join(&expected);
    let opened = save::open(&path)?;
    Ok(Place { relative: expected, path, opened })
}

/// Why a drafted file was not put into the workspace.
#[derive(Debug, Error)]
pub enum PlaceError {
    /// It is none of the files that reviews draft.
    #[error("`{path}` is no file that a review makes: runbooks/NAME.md or probes/NAME.toml")]
    Foreign {
        /// What was given.
        path: String,
    },
    /// Its folder cannot be used.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// It could not be saved; a file that is there stays.
    #[error(transparent)]
    Save(#[from] save::SaveError),
}

/// Puts a drafted runbook or probe file into the workspace; never over a file that is there.
pub fn place_draft(workspace: &Path, relative: &str, text: &str) -> Result<(), PlaceError> {
    let foreign = || PlaceError::Foreign { path: relative.to_owned() };
    let (folder, name) = relative.split_once('/').ok_or_else(foreign)?;
    let stem = match folder {
        "runbooks" => name.strip_suffix(".md"),
        "probes" => name.strip_suffix(".toml"),
        _ => None,
    };
    let plain = |stem: &str| !stem.starts_with('.') && stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if !stem.is_some_and(|stem| (1..=80).contains(&stem.len()) && plain(stem)) {
        return Err(foreign());
    }
    let folder = workspace.join(folder);
    let io = |error| ShelfError::Io { folder: folder.clone(), error };
    std::fs::create_dir_all(&folder).map_err(io)?;
    let root = workspace.canonicalize().map_err(io)?;
    if !folder.canonicalize().map_err(io)?.starts_with(&root) {
        return Err(ShelfError::Outside { folder }.into());
    }
    save::save(&folder.join(name), text, &save::Base::Absent)?;
    Ok(())
}
