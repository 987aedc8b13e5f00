//! What an ended incident says should change: a missing runbook or probe, what is done by hand, what is only noise; and past
//! incidents like it, with what fixed them. Enter on a proposal takes it or puts it away.

use super::{Page, Screen};
use crate::console::dialog::{Dialog, Field, Intent};
use crate::console::session::Tone;
use crate::console::widget::line::Line;
use crate::console::widget::paint::Painter;
use crate::console::widget::sheet::{Row, Section, Sheet};
use crate::console::{Action, Place, Role, Session, Target};
use crate::domain::note::{NoteKind, SavedNote, State};
use crate::domain::{Command, IncidentId, Subject};
use crate::notes::wording::span;
use crate::notes::{front, naming, save, shelf};
use crate::rules::review::{Proposal, review};
use crate::rules::similar::{Similar, similar};
use crossterm::event::MouseEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::path::Path;

/// What the dialog of a decision is known by.
const DECIDE: &str = "decide";
/// Its fields.
const CHOICE: &str = "decision";
const ADDRESS: &str = "address (https://… or host:port)";
/// What the dialog of the write-up's state is known by.
const MOVE: &str = "move";
/// Its field.
const STATE: &str = "state";
/// What can be chosen.
const TAKE: &str = "take it";
const PUT_AWAY: &str = "put it away";
/// Past incidents that are shown.
const SIMILAR: usize = 8;
/// Rows of one proposal.
const ROWS: usize = 3;

/// The page.
#[derive(Debug)]
pub struct ReviewPage {
    id: IncidentId,
    sheet: Sheet,
    made: Option<u64>,
    proposals: Vec<Proposal>,
}

impl ReviewPage {
    /// The review of an incident.
    pub fn new(id: IncidentId) -> Self {
        Self { id, sheet: Sheet::default(), made: None, proposals: Vec::new() }
    }

    fn refresh(&mut self, session: &Session) {
        let Some(incident) = session.world.incident(self.id) else { return };
        let stamp = session.world.touched.incidents.max(session.world.touched.runbooks);
        if self.made == Some(stamp) {
            return;
        }
        self.made = Some(stamp);
        self.proposals = review(&session.world, incident);
        let rows = self.proposals.iter().flat_map(|proposal| rows(session, proposal)).collect();
        let left = self.proposals.iter().filter(|proposal| proposal.decided.is_none()).count();
        let alike = similar(&session.world, incident, SIMILAR).iter().map(|row| similar_row(session, row)).collect();
        let write_up = incident.write_up.as_ref();
        let mut line = match write_up {
            Some(write_up) => Line::of(Role::Text, format!("the post-mortem is {}", write_up.state)),
            None => Line::of(Role::Warning, "no post-mortem is begun"),
        };
        if let Some((by, at)) = write_up.and_then(|write_up| write_up.by.as_ref().zip(write_up.at)) {
            let own = if write_up.is_some_and(|write_up| write_up.authors.contains(by)) { ", its author" } else { "" };
            line.push(Role::Muted, format!(", said {by}{own} {}", session.time(at)));
        }
        let write_up = Row::of(line).to(Screen::Note { kind: NoteKind::PostMortem, subject: Subject::Incident(self.id) });
        let none = if incident.is_open() { "the review begins when the incident is over" } else { "nothing to change" };
        let rows = if incident.is_open() { Vec::new() } else { rows };
        self.sheet.put(vec![
            Section::new("What should change", format!("{left} to decide"), rows, none),
            Section::new("Past incidents like it", "", alike, "none is kept that is like it"),
            Section::new("Write-up", "", vec![write_up, Row::of(Line::of(Role::Key, "say how far it is: draft, in review, reviewed"))], ""),
        ]);
    }

    /// Says in the file's head how far the write-up is, and tells the daemon.
    fn move_to(&self, state: State, session: &mut Session) -> Result<(), String> {
        if let Some(words) = session.why_read_only() {
            return Err(words);
        }
        let incident = session.world.incident(self.id).ok_or("this incident is no longer kept")?;
        if state == State::Reviewed && incident.is_open() {
            return Err(format!("incident {} is not over", self.id));
        }
        let workspace = session.welcome.as_ref().map(|welcome| welcome.workspace.clone()).ok_or("not connected yet")?;
        let subject = Subject::Incident(self.id);
        let id = naming::id(NoteKind::PostMortem, &subject, incident.opened_at);
        let place = shelf::find(Path::new(&workspace), &id, &incident.title).map_err(|error| error.to_string())?;
        let opened = place.opened.ok_or("there is no post-mortem yet: P drafts it")?;
        let text =
            front::with_state(&opened.text, state).ok_or_else(|| format!("{} has no head that says how far it is", place.relative))?;
        let saved = save::save(&place.path, &text, &opened.base).map_err(|error| error.to_string())?;
        let note = SavedNote { kind: NoteKind::PostMortem, subject, path: place.relative, digest: saved.digest, bytes: saved.bytes };
        session.command(None, Command::RecordNote { note });
        session.command(Some(Target::Incident(self.id)), Command::MoveWriteUp { incident: self.id, state });
        Ok(())
    }

    /// The proposal under the cursor.
    fn chosen(&self) -> Option<&Proposal> {
        match self.sheet.place()? {
            (0, row) => self.proposals.get(row / ROWS),
            _ => None,
        }
    }
}

fn rows(session: &Session, proposal: &Proposal) -> [Row; ROWS] {
    let (symbol, role, words) = match &proposal.decided {
        None => (session.glyphs.warning, Role::Warning, proposal.evidence.clone()),
        Some(decided) if decided.accepted => {
            let path = decided.path.as_ref().map(|path| format!(": {path}")).unwrap_or_default();
            (session.glyphs.done, Role::Good, format!("taken by {} {}{path}", decided.by, session.time(decided.at)))
        }
        Some(decided) => (session.glyphs.minus, Role::Muted, format!("put away by {} {}", decided.by, session.time(decided.at))),
    };
    let head = Line::of(role, format!("{symbol} ")).with(Role::Name, proposal.finding.to_string());
    let rest = if proposal.decided.is_some() { String::new() } else { proposal.proposal.clone() };
    [Row::of(head), Row::of(Line::of(Role::Muted, format!("    {words}"))), Row::of(Line::of(Role::Text, format!("    {rest}")))]
}

fn similar_row(session: &Session, row: &Similar) -> Row {
    let took = row.took().map(|took| format!(", {}", span(took))).unwrap_or_default();
    let line = Line::of(Role::Name, format!("{:>5} ", row.id.to_string()))
        .with(Role::Text, format!("{}  ", row.title))
        .with(Role::Muted, format!("{}{took}, {}: ", session.time(row.opened_at), row.why))
        .with(Role::Good, row.fixed_by.join("; "));
    Row::of(line).to(Screen::Incident(row.id))
}

impl Page for ReviewPage {
    fn title(&self, _session: &Session) -> String {
        format!("review of incident {}", self.id)
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        vec![Place::Incidents, Place::List, Place::Global]
    }

    fn settle(&mut self, session: &Session) {
        self.refresh(session);
    }

    fn target(&self, _session: &Session) -> Option<Target> {
        Some(Target::Incident(self.id))
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.refresh(session);
        let mut painter = Painter::new(buffer, session);
        if session.world.incident(self.id).is_none() {
            painter.text(
                area.x,
                area.y,
                area.width,
                Role::Unknown,
                "this incident is no longer kept; `dogwatch search` finds its write-up",
            );
            return None;
        }
        self.sheet.draw(session, &mut painter, area);
        None
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        if action == Action::Open && self.sheet.place() == Some((2, 1)) {
            let states = [State::Draft, State::InReview, State::Reviewed].map(|state| state.word().to_owned());
            let dialog = Dialog::new(format!("how far is the post-mortem of incident {}", self.id), Intent::Page(MOVE));
            session.dialog(dialog.asks(Field::choice(STATE, states.into())));
            return true;
        }
        let Some(proposal) = self.chosen().filter(|_| action == Action::Open) else {
            return matches!(action, Action::Review) || self.sheet.act(action, session);
        };
        if let Some(words) = session.why_read_only() {
            session.toast(Tone::Bad, words);
            return true;
        }
        let mut dialog = Dialog::new(proposal.finding.to_string(), Intent::Page(DECIDE));
        for words in [&proposal.evidence, &proposal.proposal] {
            dialog = dialog.says(Line::of(Role::Text, words.clone()));
        }
        if let Some(draft) = &proposal.draft {
            dialog = dialog.says(Line::of(Role::Name, draft.path.clone()));
            for line in draft.text.lines().take(12) {
                dialog = dialog.says(Line::of(Role::Muted, line.to_owned()));
            }
            if draft.asks_address {
                dialog = dialog.asks(Field::text(ADDRESS, ""));
            }
        }
        session.dialog(dialog.asks(Field::choice(CHOICE, vec![TAKE.into(), PUT_AWAY.into()])));
        true
    }

    fn confirmed(&mut self, word: &'static str, dialog: &Dialog, session: &mut Session) {
        if word == MOVE {
            let states = [State::Draft, State::InReview, State::Reviewed];
            if let Some(state) = states.into_iter().find(|state| dialog.value(STATE) == Some(state.word()))
                && let Err(words) = self.move_to(state, session)
            {
                session.toast(Tone::Bad, words);
            }
            return;
        }
        let Some(proposal) = self.chosen().filter(|_| word == DECIDE) else { return };
        let accepted = dialog.value(CHOICE) == Some(TAKE);
        let draft = proposal.draft.as_ref().filter(|_| accepted);
        if let Some(draft) = draft {
            let Some(workspace) = session.welcome.as_ref().map(|welcome| welcome.workspace.clone()) else { return };
            let text = draft.with_address(dialog.value(ADDRESS).unwrap_or_default());
            let placed =
                text.and_then(|text| shelf::place_draft(Path::new(&workspace), &draft.path, &text).map_err(|error| error.to_string()));
            if let Err(words) = placed {
                session.toast(Tone::Bad, words);
                return;
            }
            session.toast(Tone::Good, format!("wrote {}", draft.path));
        }
        let (finding, path) = (proposal.finding.clone(), draft.map(|draft| draft.path.clone()));
        session.command(Some(Target::Incident(self.id)), Command::DecideReview { incident: self.id, finding, accepted, path });
    }

    fn copied(&self, _session: &Session) -> Option<String> {
        self.sheet.copied()
    }

    fn mouse(&mut self, event: MouseEvent, session: &mut Session) -> bool {
        self.sheet.mouse(event, session)
    }
}
