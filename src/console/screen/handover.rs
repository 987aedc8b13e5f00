//! What this shift tells the next: open and whose, what is held, deadlines, what ends by itself, action items. Enter on the
//! note writes it as a file, with room for words.

use super::{Page, Screen};
use crate::console::view::incidents;
use crate::console::widget::line::Line;
use crate::console::widget::paint::Painter;
use crate::console::widget::sheet::{Row, Section, Sheet};
use crate::console::{Action, Msg, Place, Role, Session, Target};
use crate::domain::note::NoteKind;
use crate::domain::{PersonId, Subject};
use crate::notes::actions::ActionItem;
use crate::notes::handover::{HandedOver, handed_over, title};
use crate::notes::library::{self, Library};
use crate::output::{Bell, Task};
use crossterm::event::MouseEvent;
use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::path::PathBuf;

/// It is made again at most this often while it is looked at.
const AGAIN: SignedDuration = SignedDuration::from_secs(60);

/// The page.
#[derive(Debug)]
pub struct HandoverPage {
    sheet: Sheet,
    made: Option<(u64, Timestamp)>,
    reading: Option<Task<Library>>,
    actions: Vec<ActionItem>,
    fault: Option<String>,
}

impl HandoverPage {
    /// The page; it reads the action items from their files.
    pub fn new(session: &mut Session) -> Self {
        let mut page = Self { sheet: Sheet::default(), made: None, reading: None, actions: Vec::new(), fault: None };
        match read(session) {
            Ok(reading) => page.reading = Some(reading),
            Err(words) => page.fault = Some(words),
        }
        page
    }

    fn refresh(&mut self, session: &Session) {
        let fresh = self.made.is_some_and(|(seq, at)| seq == session.world.seq || session.now.duration_since(at) < AGAIN);
        if !fresh {
            self.made = Some((session.world.seq, session.now));
            let handed = handed_over(&session.world, session.now, &self.actions);
            self.sheet.put(sections(session, &handed, self.fault.as_deref()));
        }
    }
}

/// Reads all notes of the workspace in the background; the page is woken when they are there.
pub(super) fn read(session: &Session) -> Result<Task<Library>, String> {
    let workspace = session.welcome.as_ref().map(|welcome| PathBuf::from(&welcome.workspace)).ok_or("not connected yet")?;
    let waker = session.waker.clone();
    let bell = Bell::new(move || waker.wake());
    Task::start("reading of notes", &bell, move |_| library::read(&workspace)).map_err(|error| error.to_string())
}

fn sections(session: &Session, handed: &HandedOver, fault: Option<&str>) -> Vec<Section> {
    let world = &handed.world;
    let note = Row::of(Line::of(Role::Key, "write it as a note, with room for your own words"))
        .to(Screen::Note { kind: NoteKind::Handover, subject: Subject::Workspace });
    let open = world.open.iter().map(|incident| {
        let mut line =
            Line::of(incidents::role(incident.severity), format!("{:>5} {:<9}", incident.id.to_string(), incident.severity.word()))
                .with(Role::Text, format!("{}  ", incident.title));
        match &incident.owner {
            Some(owner) => line.push(Role::Good, owner.clone()),
            None => line.push(Role::Warning, "nobody"),
        }
        line.push(Role::Muted, format!("  open {}", session.age(incident.opened_at)));
        match incident.firing {
            0 => line.push(Role::Good, ", nothing fires any more"),
            1 => line.push(Role::Bad, ", still fires"),
            many => line.push(Role::Bad, format!(", {many} alerts fire")),
        }
        for remark in &incident.remarks {
            line.push(Role::Waiting, format!(", {remark}"));
        }
        Row::of(line).to(Screen::Incident(incident.id))
    });
    let ended = world.ended.iter().map(|incident| {
        let line = Line::of(Role::Muted, format!("{:>5} {:<9}", incident.id.to_string(), incident.severity.word()))
            .with(Role::Text, incident.title.clone())
            .with(Role::Muted, format!("  {} {}", session.time(incident.resolved_at), incident.reason));
        Row::of(line).to(Screen::Incident(incident.id))
    });
    let held = world.held.iter().map(|held| {
        let mut line = Line::of(Role::Waiting, format!("{:<9}", held.kind.word())).with(Role::Name, held.object());
        if let Some(owner) = &held.owner {
            line.push(Role::Text, format!("  {owner}"));
        }
        if let Some(until) = held.until {
            line.push(Role::Warning, format!("  until {}", session.time(until)));
        }
        Row::of(line.with(Role::Muted, format!("  {}", held.reason))).to(Screen::Holds)
    });
    let deadlines = world.deadlines.iter().map(|deadline| {
        let line = Line::of(Role::Text, format!("{:<10}", session.time(deadline.at)))
            .with(Role::Name, deadline.flow.to_string())
            .with(Role::Text, format!(" must {}", deadline.what));
        Row::of(line).to(Screen::Flow(deadline.flow.clone()))
    });
    let expiring = world
        .expiring
        .iter()
        .map(|row| Row::of(Line::of(Role::Warning, format!("{:<10}", session.time(row.at))).with(Role::Text, row.what.clone())));
    let unticked = world.unticked.iter().map(|row| {
        let line = Line::of(Role::Name, format!("{}  ", row.checklist)).with(Role::Text, row.item.clone());
        let line = match &row.left {
            Some(reason) => line.with(Role::Bad, format!("  left: {reason}")),
            None if row.due < session.now => line.with(Role::Bad, format!("  was due {}", session.time(row.due))),
            None => line.with(Role::Waiting, format!("  due {}", session.time(row.due))),
        };
        Row::of(line).to(Screen::Checklists)
    });
    let on_call = world.on_call.iter().map(|row| {
        let mut line = Line::of(Role::Text, format!("{:<12}", row.rota.as_str()));
        match &row.person {
            Some(person) => line.push(Role::Name, person.to_string()),
            None => line.push(Role::Bad, "nobody"),
        }
        if let Some(until) = row.until {
            let next = row.next.as_ref().map_or("nobody", PersonId::as_str);
            line.push(Role::Muted, format!("  until {}, then {next}", session.time(until)));
        }
        Row::of(line).to(Screen::OnCall)
    });
    let today = session.now.to_zoned(session.zone.clone()).date();
    let actions = handed.actions.iter().map(|item| {
        let mut line = Line::of(Role::Text, item.text.clone()).with(Role::Name, format!("  {}", item.owner.as_deref().unwrap_or("nobody")));
        match item.due {
            Some(due) if item.is_overdue(today) => line.push(Role::Bad, format!("  overdue since {due}")),
            Some(due) => line.push(Role::Muted, format!("  due {due}")),
            None => {}
        }
        let goes = item.incident.map(|id| Screen::Note { kind: NoteKind::PostMortem, subject: Subject::Incident(id) });
        Row { line, goes }
    });
    let counted = |listed: usize, more: usize| (listed + more).to_string();
    let zone = &session.zone;
    vec![
        Section::new(&title(world.shift_from, zone), format!("since {}", session.time(world.shift_from)), vec![note], ""),
        Section::new("Open, and whose", counted(world.open.len(), world.open_more), open.collect(), "nothing is open"),
        Section::new("Deadlines of the next 12 hours", world.deadlines.len().to_string(), deadlines.collect(), "none"),
        Section::new("Ends by itself within 12 hours", world.expiring.len().to_string(), expiring.collect(), "nothing"),
        Section::new("Held, iced, waited for", world.held.len().to_string(), held.collect(), "nothing"),
        Section::new("Checklists: not ticked", world.unticked.len().to_string(), unticked.collect(), "nothing is left to tick"),
        Section::new("On call", world.on_call.len().to_string(), on_call.collect(), "nobody takes turns here"),
        Section::new("Action items", handed.actions.len().to_string(), actions.collect(), fault.unwrap_or("none is open")),
        Section::new("Over since the shift began", counted(world.ended.len(), world.ended_more), ended.collect(), "nothing ended"),
    ]
}

impl Page for HandoverPage {
    fn title(&self, _session: &Session) -> String {
        "handover".into()
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        vec![Place::Incidents, Place::List, Place::Global]
    }

    fn target(&self, _session: &Session) -> Option<Target> {
        match &self.sheet.row()?.goes {
            Some(Screen::Incident(id)) => Some(Target::Incident(*id)),
            Some(Screen::Flow(flow)) => Some(Target::Flow(flow.clone())),
            _ => None,
        }
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.refresh(session);
        session.changes_in(AGAIN);
        let mut painter = Painter::new(buffer, session);
        self.sheet.draw(session, &mut painter, area);
        None
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        self.sheet.act(action, session)
    }

    fn copied(&self, _session: &Session) -> Option<String> {
        self.sheet.copied()
    }

    fn mouse(&mut self, event: MouseEvent, session: &mut Session) -> bool {
        self.sheet.mouse(event, session)
    }

    fn told(&mut self, msg: &Msg, _session: &mut Session) {
        if !matches!(msg, Msg::Woken) {
            return;
        }
        if let Some(library) = self.reading.as_ref().and_then(Task::take) {
            self.actions = library.open_actions();
            self.reading = None;
            self.made = None;
        }
    }
}
