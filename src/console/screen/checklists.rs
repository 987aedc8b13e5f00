//! Checklists: each with its state, and below an open one what is gone through. Space ticks, enter runs a command.
//!
//! ```text
//!  ── Checklists ───────────────────────────────── 1 open, 4 to tick ──
//!   before-the-day   Before the working day       2 of 6   due in 20m
//! ▌   ✓ The handover note was read                 ana 07:21
//!       probe:home is up                           home is down: timeout
//!   end-of-the-day   End of the day               next Mon 17:30
//! ```

use super::Page;
use crate::console::dialog::{Dialog, Field, Intent, intent};
use crate::console::widget::line::Line;
use crate::console::widget::paint::Painter;
use crate::console::widget::rows::Rows;
use crate::console::widget::section::section;
use crate::console::{Action, Place, Role, Session, Target};
use crate::domain::checklist::Check;
use crate::domain::{ChecklistId, Command, StepName, Subject};
use crate::rules::{checklist_due, machine_says_at};
use crate::world::{ChecklistRow, Occasion, TickState};
use crossterm::event::MouseEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// What the dialog that asks why is known by.
const TICK: &str = "tick";

/// A row of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    list: ChecklistId,
    item: Option<StepName>,
}

/// The page.
#[derive(Debug, Default)]
pub struct ChecklistsPage {
    list: Rows<Row>,
    about: Option<Row>,
}

impl ChecklistsPage {
    /// Open ones first, the next to be late on top; then the rest by name.
    fn refresh(&mut self, session: &Session) {
        let mut lists: Vec<&ChecklistRow> = session.world.checklists.values().map(|row| &**row).collect();
        lists.sort_by_key(|row| (row.open.is_none(), row.open.as_ref().map(|open| open.due), row.definition.id.clone()));
        let mut rows = Vec::new();
        for row in lists {
            let list = &row.definition.id;
            rows.push(Row { list: list.clone(), item: None });
            let items = row.open.iter().flat_map(|open| &open.checklist.items);
            rows.extend(items.map(|item| Row { list: list.clone(), item: Some(item.name.clone()) }));
        }
        self.list.put(rows, PartialEq::eq);
    }

    fn open<'a>(&self, session: &'a Session) -> Option<&'a Occasion> {
        session.world.checklists.get(&self.list.chosen()?.list)?.open.as_ref()
    }

    fn tick(&mut self, session: &mut Session) {
        let Some(row) = self.list.chosen().cloned() else { return };
        let (Some(item), Some(open)) = (row.item.clone(), self.open(session)) else { return };
        let done = !open.is_ticked(&item);
        let says = open.checklist.item(&item).and_then(|item| machine_says_at(&session.world, open, item, session.now));
        if let Some((false, words)) = says.filter(|_| done) {
            let dialog = Dialog::new(format!("tick {item} nevertheless"), Intent::Page(TICK)).says(Line::of(Role::Warning, words));
            self.about = Some(row);
            return session.dialog(dialog.asks(Field::required(intent::names::REASON)));
        }
        session.command(None, Command::TickItem { checklist: row.list, item, done, note: None });
    }

    fn head(session: &Session, row: &ChecklistRow) -> Line {
        let name = Line::of(Role::Name, format!("{:<20} ", row.definition.id.as_str())).with(Role::Text, row.definition.book.title.clone());
        let next = checklist_due(&session.world, row).map(|at| format!("  next {}", session.time(at))).unwrap_or_default();
        match (&row.open, row.past.last()) {
            (Some(open), _) => {
                let (left, all) = (open.unticked().count(), open.checklist.items.len());
                let late = open.due <= session.now;
                let due =
                    if late { format!("  late by {}", session.age(open.due)) } else { format!("  due in {}", session.until(open.due)) };
                name.with(Role::Text, format!("  {} of {all}", all - left)).with(if late { Role::Bad } else { Role::Waiting }, due)
            }
            (None, Some(last)) => match (last.done_at, &last.left) {
                (Some(at), _) => name.with(Role::Good, format!("  done {}", session.time(at))).with(Role::Muted, next),
                (None, reason) => {
                    let words = format!("  left: {}", reason.as_deref().unwrap_or_default());
                    name.with(Role::Warning, words).with(Role::Muted, next)
                }
            },
            (None, None) if next.is_empty() => name.with(Role::Muted, "  opened by hand"),
            (None, None) => name.with(Role::Muted, next),
        }
    }

    fn item(session: &Session, open: &Occasion, name: &StepName) -> Line {
        let Some(item) = open.checklist.item(name) else { return Line::new() };
        let glyphs = &session.glyphs;
        let tick = open.ticks.get(name);
        let run = session.world.procedure(&open.as_runbook(), &Subject::Workspace).and_then(|walked| walked.ticks.get(name));
        let says = machine_says_at(&session.world, open, item, session.now);
        let (symbol, role) = match (tick.is_some_and(|tick| tick.done), run.map(|run| run.state)) {
            (_, Some(TickState::Running)) => (glyphs.active, Role::Active),
            (true, _) => (glyphs.done, Role::Good),
            (false, Some(TickState::Failed)) => (glyphs.bad, Role::Bad),
            (false, _) => (" ", Role::Muted),
        };
        let line = Line::of(role, format!("   {symbol} ")).with(Role::Text, item.text.clone());
        match tick {
            Some(tick) if tick.done => {
                let note = tick.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
                line.with(Role::Muted, format!("  {} {}{note}", tick.by, session.time(tick.at)))
            }
            tick => match (says, tick.and_then(|tick| tick.note.clone())) {
                (Some((_, words)), _) => line.with(Role::Warning, format!("  {words}")),
                (None, Some(words)) => line.with(Role::Bad, format!("  {words}")),
                (None, None) if item.check == Check::Command => line.with(Role::Muted, "  command"),
                (None, None) => line,
            },
        }
    }
}

impl Page for ChecklistsPage {
    fn title(&self, _session: &Session) -> String {
        "checklists".into()
    }

    fn places(&self, session: &Session) -> Vec<Place> {
        // An item that is a command runs as a runbook's step does.
        let own = if self.target(session).is_some() { vec![Place::Checklist, Place::Runbook] } else { vec![Place::Checklist] };
        own.into_iter().chain([Place::List, Place::Global]).collect()
    }

    fn settle(&mut self, session: &Session) {
        self.refresh(session);
    }

    fn target(&self, session: &Session) -> Option<Target> {
        let (open, step) = (self.open(session)?, self.list.chosen()?.item.clone()?);
        let command = open.checklist.item(&step).is_some_and(|item| item.check == Check::Command);
        command.then(|| Target::Procedure { runbook: open.as_runbook(), subject: Subject::Workspace, step })
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.refresh(session);
        let mut painter = Painter::new(buffer, session);
        let open: Vec<&Occasion> = session.world.open_checklists().collect();
        let left: usize = open.iter().map(|open| open.unticked().count()).sum();
        let area = section(&mut painter, area, "Checklists", &format!("{} open, {left} to tick", open.len()), true, &session.glyphs);
        let none = "there is none; write one into checklists/NAME.md, or let `dogwatch init` bring three";
        self.list.draw(session, &mut painter, area, none, |cells, row| {
            let Some(list) = session.world.checklists.get(&row.list) else { return };
            let words = match (&row.item, &list.open) {
                (Some(item), Some(open)) => Self::item(session, open, item),
                _ => Self::head(session, list),
            };
            cells.line(u16::MAX, &words);
        });
        None
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        match action {
            Action::TickItem => self.tick(session),
            Action::OpenChecklist => {
                if let Some(row) = self.list.chosen() {
                    session.command(None, Command::OpenChecklist { checklist: row.list.clone() });
                }
            }
            Action::VerifyChecklist => {
                if let Some(row) = self.list.chosen() {
                    session.command(None, Command::VerifyChecklist { checklist: row.list.clone() });
                }
            }
            other => return self.list.act(other),
        }
        true
    }

    fn why_disabled(&self, action: Action, session: &Session) -> Option<String> {
        if !matches!(action, Action::TickItem | Action::OpenChecklist | Action::VerifyChecklist) {
            return None;
        }
        let Some(row) = self.list.chosen() else { return Some("there is no checklist".into()) };
        let open = self.open(session);
        session.why_read_only().or_else(|| match action {
            Action::OpenChecklist => open.map(|_| format!("{} is open already", row.list)),
            _ if open.is_none() => Some(format!("{} is not open", row.list)),
            Action::TickItem if row.item.is_none() => Some("there is no item under the cursor".into()),
            _ => None,
        })
    }

    fn confirmed(&mut self, _word: &'static str, dialog: &Dialog, session: &mut Session) {
        let Some(Row { list, item: Some(item) }) = self.about.take() else { return };
        let note = dialog.value(intent::names::REASON).map(|words| words.trim().to_owned());
        session.command(None, Command::TickItem { checklist: list, item, done: true, note });
    }

    fn mouse(&mut self, event: MouseEvent, _session: &mut Session) -> bool {
        self.list.mouse(event)
    }
}
