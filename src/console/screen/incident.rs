//! An incident: what it is and who works on it (`head`), what belongs to it and everything that happened, each line with
//! its source (`rows`).

mod head;
mod rows;

use super::{Page, Screen};
use crate::console::dialog::{Dialog, Field, Intent};
use crate::console::theme::Role;
use crate::console::widget::cursor::wheel;
use crate::console::widget::list::List;
use crate::console::widget::paint::Painter;
use crate::console::widget::pane::Pane;
use crate::console::{Action, Place, Session, Target};
use crate::domain::counted;
use crate::domain::{AttemptId, Command, IncidentId};
use crate::notes::sorts::Shown;
use crate::notes::telling::Teller;
use crate::rules::similar::{Similar, similar};
use crate::world::outside::happened;
use crossterm::event::MouseEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use rows::{Item, attempt_of, entry_of, items, row, screen_of, similar_row};

/// What the dialog of the filter is known by.
const FILTER: &str = "filter";
/// The name of its field.
const TEXT: &str = "text";
/// Past incidents that are shown.
const SIMILAR: usize = 3;

/// What the rows depend on.
#[derive(Debug, Clone, PartialEq)]
struct Stamp {
    entries: usize,
    notes: usize,
    around: (Option<IncidentId>, Option<IncidentId>, Option<IncidentId>),
    /// Things to do, pins, capsules, the last outside change.
    record: (usize, usize, usize, u64),
    shown: Shown,
    filter: String,
    records: usize,
    alerts: usize,
}

/// The page of one incident.
#[derive(Debug)]
pub struct IncidentPage {
    id: IncidentId,
    list: List<Item, Stamp>,
    filter: String,
    shown: Shown,
    /// Past incidents like it, with how many records and alerts they were looked for.
    alike: Option<(usize, usize, Vec<Similar>)>,
}

impl IncidentPage {
    /// The page of this incident.
    pub fn new(id: IncidentId) -> Self {
        Self { id, list: List::default(), filter: String::new(), shown: Shown::All, alike: None }
    }

    fn refresh(&mut self, session: &Session) {
        let Some(incident) = session.world.incident(self.id) else { return };
        let stamp = Stamp {
            entries: incident.timeline.len(),
            notes: incident.notes.len(),
            around: (incident.previous, incident.next, incident.merged_into),
            record: (
                incident.todos.len(),
                incident.pins.len(),
                incident.evidence.capsules.len(),
                session.world.outside.changes.back().map_or(0, |entry| entry.seq),
            ),
            shown: self.shown,
            filter: self.filter.clone(),
            records: session.world.records.len(),
            alerts: incident.alerts.len(),
        };
        // Looking at all past incidents costs milliseconds: only where there are other ones, or other alerts.
        if self.alike.as_ref().is_none_or(|(records, alerts, _)| (*records, *alerts) != (stamp.records, stamp.alerts)) {
            let near = [incident.previous, incident.next];
            let mut found = similar(&session.world, incident, SIMILAR + near.len());
            found.retain(|row| !near.contains(&Some(row.id)));
            found.truncate(SIMILAR);
            self.alike = Some((stamp.records, stamp.alerts, found));
        }
        let alike = self.alike.as_ref().map_or(0, |(_, _, found)| found.len());
        self.list.refresh(stamp, || (items(session, incident, &self.filter, self.shown, alike), 0));
    }

    fn open_row(&self, session: &mut Session) {
        let Some(item) = self.list.on().cloned() else { return };
        let screen = match item {
            Item::Flow(flow) => Some(Screen::Flow(flow)),
            Item::Probe(probe) => Some(Screen::Probe(probe)),
            Item::Previous(id) | Item::Next(id) | Item::Kin(id) => Some(Screen::Incident(id)),
            Item::Similar(place) => self.similar(place).map(|row| Screen::Incident(row.id)),
            Item::Note(place) => session
                .world
                .incident(self.id)
                .and_then(|incident| incident.notes.get(place))
                .map(|note| Screen::Note { kind: note.kind, subject: note.subject.clone() }),
            Item::Todo(_) => None,
            Item::Capsule(_) => Some(Screen::Evidence(self.id)),
            Item::Entry(seq) => entry_of(session, self.id, seq).and_then(|entry| screen_of(&entry.event)),
        };
        match screen {
            Some(screen) => session.open(screen),
            None => session.toast(crate::console::session::Tone::Plain, "there is nothing more to this line"),
        }
    }

    fn similar(&self, place: usize) -> Option<&Similar> {
        self.alike.as_ref().and_then(|(_, _, found)| found.get(place))
    }

    /// The attempt that the row under the cursor is about.
    fn attempt(&self, session: &Session) -> Option<AttemptId> {
        match self.list.on()? {
            Item::Entry(seq) => entry_of(session, self.id, *seq).and_then(|entry| attempt_of(&entry.event)).cloned(),
            _ => None,
        }
    }
}

impl Page for IncidentPage {
    fn title(&self, _session: &Session) -> String {
        format!("incident {}", self.id)
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        vec![Place::Timeline, Place::Incidents, Place::List, Place::Global]
    }

    fn target(&self, _session: &Session) -> Option<Target> {
        Some(Target::Incident(self.id))
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.refresh(session);
        let mut painter = Painter::new(buffer, session);
        let Some(incident) = session.world.incident(self.id) else {
            painter.text(area.x, area.y, area.width, Role::Unknown, "this incident is no longer kept; `dogwatch events` still has it");
            return None;
        };
        let lines = head::lines(session, incident);
        let most = area.height.saturating_sub(6).max(4) / 2 + 3;
        let height = (lines.len() as u16 + 2).min(most).min(area.height);
        let head = Rect { height, ..area };
        let title = format!("Incident {}", self.id);
        let inner = Pane { title: &title, ..Pane::default() }.draw(&mut painter, &session.glyphs.border, head);
        for (y, line) in (inner.top()..inner.bottom()).zip(&lines) {
            painter.line(inner.x + 1, y, inner.width.saturating_sub(2), line);
        }
        let rest = Rect { y: area.y + height, height: area.height - height, ..area };
        let count = match incident.timeline_dropped {
            0 => counted(incident.timeline.len(), "fact"),
            more => format!("{}, {more} more in the journal", counted(incident.timeline.len(), "fact")),
        };
        let mut detail = if self.filter.is_empty() { String::new() } else { format!("/{}", self.filter) };
        if self.shown != Shown::All {
            let gap = if detail.is_empty() { "" } else { " " };
            detail = format!("only {}{gap}{detail}", self.shown.word());
        }
        let pane = Pane { title: "Timeline", detail: &detail, count: &count, focused: true, number: None };
        let body = pane.draw(&mut painter, &session.glyphs.border, rest);
        self.list.lay(body);
        let teller = Teller { zone: session.zone.clone(), ..Teller::of(&session.world) };
        for (item, line) in self.list.seen() {
            let y = line.y;
            let text = Rect { x: body.x + 1, width: body.width.saturating_sub(2), ..body };
            match item {
                Item::Similar(place) => {
                    if let Some(found) = self.similar(*place) {
                        similar_row(found, text, y, &mut painter);
                    }
                }
                item => row(session, &teller, incident, item, text, y, &mut painter),
            }
            if self.list.on() == Some(item) {
                painter.role(line, Role::Selected);
            }
        }
        if self.list.ids().is_empty() {
            let words = if self.filter.is_empty() && self.shown == Shown::All {
                "nothing is recorded yet"
            } else {
                "nothing holds this text; / changes it"
            };
            painter.none(Rect { width: body.width.saturating_sub(1), ..body }, words);
        }
        None
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        self.refresh(session);
        match action {
            Action::Open => self.open_row(session),
            Action::Filter => {
                let dialog = Dialog::new("show only lines that hold", Intent::Page(FILTER));
                session.dialog(dialog.asks(Field::text(TEXT, &self.filter)));
            }
            Action::Output => match self.attempt(session) {
                Some(attempt) => session.open(Screen::Output(attempt)),
                None => return false,
            },
            Action::ShowSort => self.shown = self.shown.next(),
            Action::Pin => match self.list.on() {
                Some(Item::Entry(seq)) => pin(session, self.id, *seq),
                _ => session.toast(crate::console::session::Tone::Plain, "only a line of the timeline is pinned"),
            },
            Action::Back if !self.filter.is_empty() => self.filter.clear(),
            Action::Back if self.shown != Shown::All => self.shown = Shown::All,
            Action::Mark | Action::Range | Action::MarkAll => {}
            other => return self.list.act(other),
        }
        true
    }

    fn why_disabled(&self, action: Action, _session: &Session) -> Option<String> {
        matches!(action, Action::Mark | Action::Range | Action::MarkAll).then(|| "lines of a timeline are not marked".to_owned())
    }

    fn confirmed(&mut self, word: &'static str, dialog: &Dialog, _session: &mut Session) {
        if word == FILTER {
            dialog.value(TEXT).unwrap_or_default().trim().clone_into(&mut self.filter);
        }
    }

    fn copied(&self, session: &Session) -> Option<String> {
        match self.list.on()? {
            Item::Entry(seq) => {
                let entry = entry_of(session, self.id, *seq)?;
                Some(format!("{} {}", happened(entry), Teller::of(&session.world).line(&entry.event)))
            }
            Item::Flow(flow) => Some(flow.to_string()),
            Item::Probe(probe) => Some(probe.to_string()),
            Item::Previous(id) | Item::Next(id) | Item::Kin(id) => Some(id.to_string()),
            Item::Similar(place) => self.similar(*place).map(|row| row.id.to_string()),
            Item::Note(place) => session.world.incident(self.id)?.notes.get(*place).map(|note| note.path.clone()),
            Item::Todo(place) => session.world.incident(self.id)?.todos.get(*place).map(|todo| todo.text.clone()),
            Item::Capsule(number) => Some(format!("evidence {number} of incident {}", self.id)),
        }
    }

    fn mouse(&mut self, event: MouseEvent, session: &mut Session) -> bool {
        if let Some(action) = wheel(event) {
            return self.list.act(action);
        }
        let Some(place) = self.list.clicked(event) else { return false };
        let again = place == self.list.place();
        self.list.go(place);
        if again {
            self.open_row(session);
        }
        true
    }
}

/// Pins a line of an incident's timeline, or takes the pin out.
pub(super) fn pin(session: &mut Session, id: IncidentId, entry: u64) {
    let Some(incident) = session.world.incident(id) else { return };
    let pinned = !incident.pins.contains(&entry);
    session.command(Some(Target::Incident(id)), Command::Pin { incident: id, entry, pinned });
}
