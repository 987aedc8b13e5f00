//! The incident that the reader is at: a line goes into its timeline from anywhere, and its strip is one key away.

use super::App;
use crate::console::dialog::{Dialog, Field, Intent, intent};
use crate::console::screen::Screen;
use crate::console::session::Tone;
use crate::console::target::Target;
use crate::domain::{IncidentId, Subject};
use crate::world::Incident;

/// Incidents that a dialog offers; the most urgent ones.
const OFFERED: usize = 30;

impl App {
    /// The incident under the cursor or of the page, else the only one that this person works on.
    fn at_incident(&self) -> Option<IncidentId> {
        match self.target() {
            Some(Target::Incident(id)) => return Some(id),
            Some(target) => {
                if let Subject::Incident(id) = target.subject() {
                    return Some(id);
                }
            }
            None => {}
        }
        // A page further down may be about one: from a run that was opened there, the line belongs there.
        let below = self.pages.iter().rev().find_map(|(screen, _)| match screen {
            Screen::Incident(id) | Screen::Strip(id) | Screen::Evidence(id) | Screen::EvidenceFile { incident: id, .. } => Some(*id),
            Screen::Runbook { subject: Subject::Incident(id), .. } | Screen::Note { subject: Subject::Incident(id), .. } => Some(*id),
            _ => None,
        });
        below.or_else(|| {
            let user = self.session.user()?;
            let is_own =
                |incident: &&Incident| incident.is_open() && incident.acknowledged.as_ref().is_some_and(|ack| ack.by.name() == user);
            let mut own = self.session.world.incidents.values().map(|incident| &**incident).filter(is_own);
            own.next().filter(|_| own.next().is_none()).map(|incident| incident.id)
        })
    }

    fn open_incidents(&self) -> Vec<&Incident> {
        let mut open: Vec<&Incident> =
            self.session.world.incidents.values().map(|incident| &**incident).filter(|incident| incident.is_open()).collect();
        open.sort_by_key(|incident| self.session.world.urgency(incident));
        open
    }

    /// Asks for one line for the incident that the reader is at, or also for which one.
    pub(super) fn jot(&mut self) {
        if let Some(id) = self.at_incident() {
            let dialog = Dialog::new(format!("a line for incident {id}"), Intent::Comment(id));
            return self.session.dialog(dialog.asks(Field::required(intent::names::LINE)));
        }
        let offered: Vec<String> =
            self.open_incidents().iter().take(OFFERED).map(|incident| format!("{} {}", incident.id, incident.title)).collect();
        if offered.is_empty() {
            return self.session.toast(Tone::Plain, "no incident is open; M puts a line on everyone's timeline");
        }
        let dialog = Dialog::new("a line for an incident", Intent::Jot);
        self.session.dialog(dialog.asks(Field::required(intent::names::LINE)).asks(Field::choice(intent::names::INCIDENT, offered)));
    }

    /// Opens the strip of the incident that the reader is at, else of the most urgent one.
    pub(super) fn strip(&mut self) {
        let id = self.at_incident().or_else(|| self.open_incidents().first().map(|incident| incident.id));
        match id {
            Some(id) => self.session.open(Screen::Strip(id)),
            None => self.session.toast(Tone::Plain, "no incident is open; on the page of an ended one its strip can be opened"),
        }
    }
}
