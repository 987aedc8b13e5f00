//! The file behind the editor: found, drafted, saved, recovered.

use crate::console::Session;
use crate::domain::Subject;
use crate::domain::note::{NoteKind, SavedNote};
use crate::notes::actions::ActionItem;
use crate::notes::front::Front;
use crate::notes::postmortem::{Drafting, draft};
use crate::notes::recovery::{Found, Recovery, RecoveryError};
use crate::notes::save::{self, Base, OpenError, Opened, SaveError};
use crate::notes::{handover, library, naming, redraft, shelf};
use crate::rules::shifts::shift_start;
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// Where a note is, and what is believed to be there.
#[derive(Debug)]
pub(super) struct NoteFile {
    kind: NoteKind,
    subject: Subject,
    /// The file, relative to the workspace.
    pub(super) relative: String,
    /// The file.
    pub(super) path: PathBuf,
    /// What a save goes over.
    pub(super) base: Base,
    opened: Option<Opened>,
    recovery: Option<Recovery>,
    /// Action items that are not done, for a handover.
    actions: Vec<ActionItem>,
}

/// A text to begin with, and what the reader is told about it.
pub(super) struct Drafted {
    pub(super) text: String,
    pub(super) told: Option<String>,
}

impl NoteFile {
    /// Finds the note about a subject; its text where there is one.
    pub(super) fn find(kind: NoteKind, subject: &Subject, session: &Session) -> Result<(Self, Option<String>), String> {
        let workspace = session
            .welcome
            .as_ref()
            .map(|welcome| welcome.workspace.clone())
            .ok_or("not connected yet: notes are files of the workspace")?;
        let (created, title, actions) = match kind {
            // One handover for each shift: it is found again until the next one begins.
            NoteKind::Handover => {
                let created = shift_start(session.now, &session.zone);
                (created, handover::title(created, &session.zone), library::read(Path::new(&workspace)).open_actions())
            }
            NoteKind::Note | NoteKind::PostMortem => (session.now, title(subject, session), Vec::new()),
        };
        let id = naming::id(kind, subject, created);
        let place = shelf::find(Path::new(&workspace), &id, &title).map_err(|error| error.to_string())?;
        let recovery = match &session.options.state {
            Some(state) => Some(Recovery::new(state).map_err(|error| error.to_string())?),
            None => None,
        };
        let text = place.opened.as_ref().map(|opened| opened.text.clone());
        let base = place.opened.as_ref().map_or(Base::Absent, |opened| opened.base.clone());
        let (relative, path, opened) = (place.relative, place.path, place.opened);
        Ok((Self { kind, subject: subject.clone(), relative, path, base, opened, recovery, actions }, text))
    }

    /// What the editor begins with: the file, with the blocks of a post-mortem renewed, or a draft.
    pub(super) fn drafted(&self, opened: Option<&str>, session: &Session) -> Drafted {
        let fresh = self.fresh(session);
        match (opened, self.kind) {
            (None, _) => Drafted { text: fresh, told: None },
            (Some(text), NoteKind::Note) => Drafted { text: text.to_owned(), told: None },
            (Some(text), NoteKind::PostMortem | NoteKind::Handover) => {
                let again = redraft::redraft(text, &fresh);
                let told = match (again.renewed.as_slice(), again.kept.as_slice()) {
                    ([], []) => None,
                    (renewed, []) => Some(format!("renewed: {}", renewed.join(", "))),
                    (renewed, kept) => Some(format!(
                        "renewed: {}; edited by hand and kept: {} (empty one to have it drafted again)",
                        if renewed.is_empty() { "nothing".to_owned() } else { renewed.join(", ") },
                        kept.join(", ")
                    )),
                };
                Drafted { text: again.text, told }
            }
        }
    }

    fn fresh(&self, session: &Session) -> String {
        let author = session.user().unwrap_or("unknown");
        if let (NoteKind::PostMortem, Subject::Incident(id)) = (self.kind, &self.subject)
            && let Some(incident) = session.world.incident(*id)
        {
            let (world, timeline, now) = (&session.world, incident.timeline.as_slice(), session.now);
            return draft(&Drafting { world, incident, timeline, now, author, roles_instead_of_people: false });
        }
        if self.kind == NoteKind::Handover {
            let handed = handover::handed_over(&session.world, session.now, &self.actions);
            return handover::draft(&handed, &session.zone, author);
        }
        let title = title(&self.subject, session);
        let front = Front::new(self.kind, &self.subject, &title, session.now, author);
        format!("{}\n# {}\n\n", front.render(), crate::notes::wording::escape(&front.title))
    }

    /// Unsaved text of this note from before.
    pub(super) fn offer(&self) -> Option<Found> {
        self.recovery.as_ref()?.offer(&self.path, self.opened.as_ref())
    }

    /// Keeps unsaved text.
    pub(super) fn keep(&self, text: &str, now: Timestamp) -> Result<(), RecoveryError> {
        self.recovery.as_ref().map_or(Ok(()), |recovery| recovery.keep(&self.path, &self.base, text, now))
    }

    /// Forgets unsaved text.
    pub(super) fn forget(&self) -> Result<(), RecoveryError> {
        self.recovery.as_ref().map_or(Ok(()), |recovery| recovery.forget(&self.path))
    }

    /// Saves; the note for the journal comes back.
    pub(super) fn save(&mut self, text: &str) -> Result<SavedNote, SaveError> {
        let saved = save::save(&self.path, text, &self.base)?;
        self.base = Base::Digest(saved.digest);
        Ok(self.saved_note(text))
    }

    /// What the journal is told of a text that is on disk.
    pub(super) fn saved_note(&self, text: &str) -> SavedNote {
        SavedNote {
            kind: self.kind,
            subject: self.subject.clone(),
            path: self.relative.clone(),
            digest: save::digest(text),
            bytes: text.len() as u64,
        }
    }

    /// Reads the file again, after another program had it.
    pub(super) fn reopen(&mut self) -> Result<String, OpenError> {
        let opened = save::open(&self.path)?;
        self.base = opened.as_ref().map_or(Base::Absent, |opened| opened.base.clone());
        Ok(opened.map(|opened| opened.text).unwrap_or_default())
    }
}

fn title(subject: &Subject, session: &Session) -> String {
    match subject {
        Subject::Incident(id) => session.world.incident(*id).map_or_else(|| subject.to_string(), |incident| incident.title.clone()),
        other => other.to_string(),
    }
}
