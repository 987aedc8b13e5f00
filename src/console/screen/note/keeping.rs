//! Keeping what is typed: in the recovery file at once, in the note's own file when asked, never over what someone else
//! wrote.

use super::versions::{CHOICE, MINE, THEIRS, comparison, conflict};
use super::{KEEP_EVERY, LATER, NotePage, ON_DISK, RECOVERED, SAVE, THROW, Theirs, word};
use crate::console::Session;
use crate::console::dialog::{Dialog, Field, Intent};
use crate::console::session::Tone;
use crate::console::theme::Role;
use crate::console::widget::line::Line;
use crate::domain::Command;
use crate::domain::note::NoteKind;
use crate::notes::save::{Base, SaveError};
use jiff::Timestamp;

impl NotePage {
    pub(super) fn changed(&mut self, session: &Session) {
        (self.dirty, self.touched, self.unkept) = (true, true, true);
        if self.is_keep_due(session.now) {
            self.keep(session);
        }
    }

    pub(super) fn is_keep_due(&self, now: Timestamp) -> bool {
        self.kept_at.is_none_or(|at| now.duration_since(at) >= KEEP_EVERY)
    }

    /// Puts the text into the recovery file.
    pub(super) fn keep(&mut self, session: &Session) {
        let text = self.text();
        if let Ok(file) = &self.file {
            // The time is noted also where it fails, so that a full disk is asked again only after a while.
            self.kept_at = Some(session.now);
            match file.keep(&text, session.now) {
                Ok(()) => self.unkept = false,
                Err(error) => self.fault = Some(error.to_string()),
            }
        }
    }

    pub(super) fn save(&mut self, session: &mut Session) -> bool {
        let text = self.text();
        let Ok(file) = &mut self.file else { return false };
        match file.save(&text) {
            Ok(note) => {
                session.toast(Tone::Good, format!("saved {}", note.path));
                session.command(None, Command::RecordNote { note });
                self.on_disk = text;
                (self.dirty, self.unkept, self.fault, self.kept_at) = (false, false, None, None);
                self.saved_at = Some(session.now);
                if let Err(error) = file.forget() {
                    self.fault = Some(error.to_string());
                }
                true
            }
            Err(SaveError::Conflict { theirs, .. }) => {
                self.keep(session);
                let dialog = conflict(theirs.as_deref(), &text);
                self.theirs = Some(Theirs(theirs));
                session.dialog(dialog);
                false
            }
            Err(error) => {
                self.fault = Some(error.to_string());
                session.toast(Tone::Bad, error.to_string());
                self.keep(session);
                false
            }
        }
    }

    pub(super) fn offer_recovery(&self, session: &mut Session) {
        let Some(found) = &self.offer else { return };
        let age = session.age(found.at);
        let order = if found.older_than_note { "; the file was written after it" } else { "" };
        let mut dialog = Dialog::new("text that was not saved", Intent::Page(word::RECOVER));
        dialog = dialog.says(Line::of(Role::Text, format!("It was typed {age} ago and never saved{order}. Against the file:")));
        dialog.body.extend(comparison(&self.on_disk, &found.text));
        session.dialog(dialog.asks(Field::choice(CHOICE, vec![RECOVERED.into(), ON_DISK.into()])));
    }

    pub(super) fn resolve_conflict(&mut self, choice: &str, session: &mut Session) {
        let (Some(Theirs(theirs)), Ok(file)) = (self.theirs.take(), &mut self.file) else { return };
        file.base = theirs.as_deref().map_or(Base::Absent, Base::of);
        match choice {
            THEIRS => {
                let text = theirs.clone().unwrap_or_default();
                self.on_disk.clone_from(&text);
                self.put(&text);
                self.dirty = false;
                // What was mine stays in the recovery file until the next save.
                session.toast(Tone::Plain, "theirs; your text is in the recovery file until the next save");
            }
            MINE => drop(self.save(session)),
            _ => {
                let mine = self.text();
                let both = format!("{mine}\n\n<!-- what was on disk -->\n\n{}", theirs.clone().unwrap_or_default());
                self.on_disk = theirs.unwrap_or_default();
                self.put(&both);
                self.changed(session);
            }
        }
    }

    pub(super) fn leave(&mut self, choice: &str, session: &mut Session) {
        match choice {
            SAVE => {
                if self.save(session) {
                    session.back();
                }
            }
            THROW => {
                self.dirty = false;
                self.unkept = false;
                if let Ok(file) = &self.file
                    && let Err(error) = file.forget()
                {
                    session.toast(Tone::Bad, error.to_string());
                }
                session.back();
            }
            _ => {
                self.keep(session);
                session.back();
            }
        }
    }

    /// Closes the page; asks where the text is not saved. A new note in which nobody has written is only its title.
    pub(super) fn close(&mut self, session: &mut Session) {
        if self.preview {
            self.preview = false;
        } else if self.dirty && self.file.is_ok() && (self.touched || self.kind != NoteKind::Note) {
            let dialog = Dialog::new("the note is not saved", Intent::Page(word::LEAVE));
            session.dialog(dialog.asks(Field::choice(CHOICE, vec![SAVE.into(), LATER.into(), THROW.into()])));
        } else {
            session.back();
        }
    }

    /// Gives the saved file to the person's own editor.
    pub(super) fn give_away(&mut self, session: &mut Session) {
        if self.dirty && !self.save(session) {
            return;
        }
        if let Ok(file) = &self.file {
            session.edit(file.path.clone());
        }
    }
}
