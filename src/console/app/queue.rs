//! Dialogs of the queue's verbs: on the incident under the cursor, or on all that are marked, with one preview.

use super::App;
use crate::console::action::Action;
use crate::console::dialog::intent::names;
use crate::console::dialog::queue::QueueVerb;
use crate::console::dialog::{Dialog, Field, Intent};
use crate::console::screen::Screen;
use crate::console::target::Target;
use crate::console::theme::Role;
use crate::console::widget::line::Line;
use crate::domain::{Command, IncidentId};
use crate::world::Incident;

/// Incidents that can be chosen to merge into: the most urgent ones.
const CHOICES: usize = 200;
/// How long a snooze or a silence is, where nothing else is typed.
const USUAL: &str = "1h";

impl App {
    /// The verb of an action, where it is one of these.
    pub(super) fn queue(&mut self, action: Action) -> bool {
        match action {
            Action::QueuePage => self.session.open(Screen::Queue),
            Action::SilencesPage => self.session.open(Screen::Silences),
            Action::Mitigate => {
                let note = Field::text(names::NOTE, "");
                self.toggle_incidents(action, QueueVerb::Mitigate, QueueVerb::Unmitigate, |row| row.mitigated_by.is_some(), vec![note]);
            }
            Action::Snooze => {
                let fields = vec![Field::text(names::UNTIL, USUAL), Field::text(names::REASON, "")];
                self.toggle_incidents(action, QueueVerb::Snooze, QueueVerb::Unsnooze, |row| row.snoozed.is_some(), fields);
            }
            Action::Claim => {
                let user = self.session.user().map(str::to_owned);
                let mine = move |row: &Incident| row.owner.as_ref().is_some_and(|owner| Some(&owner.name) == user.as_ref());
                self.toggle_incidents(action, QueueVerb::Claim, QueueVerb::Unclaim, mine, Vec::new());
            }
            Action::Give => {
                let on = self.incidents_for(action);
                self.ask_queue(QueueVerb::Give, on, vec![Field::required(names::TO), Field::text(names::NOTE, "")]);
            }
            Action::Merge => self.merge(),
            Action::Split => self.split(),
            Action::Silence => self.silence(),
            Action::StillOnIt => self.still_on_it(),
            _ => return false,
        }
        true
    }

    fn ask_queue(&mut self, what: QueueVerb, on: Vec<IncidentId>, fields: Vec<Field>) {
        let things: Vec<_> = on.iter().map(|id| Target::Incident(*id)).collect();
        let now = self.session.now;
        let body = self.incident_lines(&on);
        let mut dialog = Dialog::new(super::ask::title_of(what.word(), &things), Intent::Queue { what, on, now });
        dialog.body = body;
        dialog.body.push(Line::of(Role::Muted, words(what)));
        self.session.dialog(fields.into_iter().fold(dialog, Dialog::asks));
    }

    /// Does it to those that are not so yet; where all are, takes it back.
    fn toggle_incidents(&mut self, action: Action, what: QueueVerb, back: QueueVerb, is: impl Fn(&Incident) -> bool, fields: Vec<Field>) {
        let all = self.incidents_for(action);
        let open: Vec<_> = all.iter().copied().filter(|id| !self.session.world.incident(*id).is_some_and(&is)).collect();
        if open.is_empty() {
            self.ask_queue(back, all, Vec::new());
        } else {
            self.ask_queue(what, open, fields);
        }
    }

    /// Of several marked incidents one goes on; of one, any other open one can.
    fn merge(&mut self) {
        let on = self.incidents_for(Action::Merge);
        let world = &self.session.world;
        let mut others: Vec<_> = match on.as_slice() {
            [one] => world.incidents.values().filter(|row| row.is_open() && row.id != *one).map(|row| &**row).collect(),
            many => many.iter().filter_map(|id| world.incident(*id)).collect(),
        };
        others.sort_by_cached_key(|row| world.urgency(row));
        let choices = others.iter().take(CHOICES).map(|row| format!("{}  {}", row.id, row.title)).collect();
        self.ask_queue(QueueVerb::Merge, on, vec![Field::choice(names::INTO, choices)]);
    }

    fn split(&mut self) {
        let Some(id) = self.incidents_for(Action::Split).first().copied() else { return };
        let Some(incident) = self.session.world.incident(id) else { return };
        let firing = incident.alerts.iter().filter(|(_, row)| row.resolved_at.is_none());
        let choices = firing.map(|(fingerprint, row)| format!("{fingerprint}  {}", row.notice.summary)).collect();
        self.ask_queue(QueueVerb::Split, vec![id], vec![Field::choice(names::ALERT, choices)]);
    }

    /// Filled in with what the incident under the cursor groups by.
    fn silence(&mut self) {
        let incident = match self.target() {
            Some(Target::Incident(id)) => self.session.world.incident(id),
            _ => None,
        };
        let labels = incident.map(|row| row.group.iter().map(|(name, value)| format!("{name}={value:?}")).collect::<Vec<_>>().join(" "));
        let fields = vec![
            Field::text(names::MATCHERS, &labels.unwrap_or_default()),
            Field::text(names::UNTIL, USUAL),
            Field::required(names::REASON),
        ];
        self.ask_queue(QueueVerb::Silence, Vec::new(), fields);
    }

    /// "Yes", for all incidents that this person was asked about.
    fn still_on_it(&mut self) {
        for incident in self.session.asked_of_me() {
            self.session.command(Some(Target::Incident(incident)), Command::Acknowledge { incident, note: None });
        }
    }
}

/// What a verb means, in a line.
fn words(what: QueueVerb) -> &'static str {
    match what {
        QueueVerb::Mitigate => "The impact is over; the cause may not be. People are not told further.",
        QueueVerb::Unmitigate => "It has impact again.",
        QueueVerb::Snooze => "It comes back by itself, sooner where it gets worse.",
        QueueVerb::Unsnooze => "It is back in the queue.",
        QueueVerb::Claim => "Whose it is; that is no acknowledgement.",
        QueueVerb::Unclaim => "It is nobody's.",
        QueueVerb::Give => "It is theirs; an acknowledgement by anyone else ends.",
        QueueVerb::Merge => "Its alerts move, it is over; the other goes on.",
        QueueVerb::Split => "The alert becomes an incident of its own.",
        QueueVerb::Silence => "Nobody is told of it; it stays on the screen, and its end is told.",
        QueueVerb::Extend(_) => "It ends so long from now.",
        QueueVerb::Unsilence(_) => "What fires is told again.",
    }
}
