//! All notes of a workspace, read at once: for the search, for action items, for a handover.

use super::actions::{self, ActionItem};
use super::front::{self, State};
use super::{naming, save};
use crate::domain::note::NoteKind;
use crate::domain::{IncidentId, Subject};
use jiff::Timestamp;
use std::path::Path;

/// Files that are read of each folder; further ones are told, not read.
const FILES_MAX: usize = 5_000;
/// Bytes that are read in all.
const BYTES_MAX: usize = 64 << 20;

/// A note as it stands on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The file, relative to the workspace.
    pub path: String,
    /// What it is.
    pub kind: NoteKind,
    /// What it is about.
    pub subject: Subject,
    /// One line.
    pub title: String,
    /// When it was made; absent where its head does not say.
    pub created: Option<Timestamp>,
    /// How far it is.
    pub state: State,
    /// The whole text, its head included.
    pub text: String,
    /// Where the text below the head begins, in bytes.
    pub body_at: usize,
}

impl Document {
    /// The text below the head.
    pub fn body(&self) -> &str {
        self.text.get(self.body_at..).unwrap_or_default()
    }

    /// The incident that it is about.
    pub fn incident(&self) -> Option<IncidentId> {
        match self.subject {
            Subject::Incident(id) => Some(id),
            _ => None,
        }
    }
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Library {
    /// The notes, by their path.
    pub documents: Vec<Document>,
    /// What was not read, and why, in words.
    pub left_out: Vec<String>,
}

impl Library {
    /// Action items of all post-mortems, the most urgent first.
    pub fn actions(&self) -> Vec<ActionItem> {
        let write_ups = self.documents.iter().filter(|document| document.kind == NoteKind::PostMortem);
        let mut found: Vec<_> =
            write_ups.flat_map(|document| actions::items(&document.path, document.incident(), &document.text)).collect();
        found.sort_by_key(ActionItem::urgency);
        found
    }

    /// Those that are not done.
    pub fn open_actions(&self) -> Vec<ActionItem> {
        let mut found = self.actions();
        found.retain(|item| !item.done);
        found
    }
}

/// Reads all notes of a workspace. Links, pipes, devices and what is not text are left alone and told.
pub fn read(workspace: &Path) -> Library {
    let mut library = Library::default();
    let mut bytes = 0;
    for folder in [naming::FOLDER, naming::HANDOVERS] {
        // A workspace without notes has no such folder.
        let Ok(entries) = std::fs::read_dir(workspace.join(folder)) else { continue };
        let mut names: Vec<String> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.retain(|name| name.strip_suffix(".md").is_some_and(|stem| !stem.is_empty() && !stem.starts_with('.')));
        names.sort_unstable();
        for (place, name) in names.iter().enumerate() {
            if place >= FILES_MAX || bytes >= BYTES_MAX {
                library.left_out.push(format!("{} files of {folder}/ beyond the first {place}", names.len() - place));
                break;
            }
            let path = format!("{folder}/{name}");
            match save::open(&workspace.join(&path)) {
                Ok(Some(opened)) => {
                    bytes += opened.text.len();
                    library.documents.push(document(path, opened.text));
                }
                Ok(None) => {}
                Err(error) => library.left_out.push(error.to_string()),
            }
        }
    }
    library
}

fn document(path: String, text: String) -> Document {
    if let Some((front, body_at)) = front::parse(&text) {
        return Document {
            kind: front.kind,
            subject: front.subject(),
            title: front.title,
            created: Some(front.created),
            state: front.state,
            path,
            text,
            body_at,
        };
    }
    let heading = text.lines().find_map(|line| line.strip_prefix("# ")).map(|heading| heading.trim().to_owned());
    let title = heading.unwrap_or_else(|| path.clone());
    Document { kind: NoteKind::Note, subject: Subject::Workspace, title, created: None, state: State::Draft, path, text, body_at: 0 }
}
