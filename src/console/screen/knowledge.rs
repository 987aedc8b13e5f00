//! Search in everything that was written: notes, post-mortems, handovers, runbooks, past incidents. What is typed is looked
//! for at once; enter opens the hit.
//!
//! ```text
//!  look for: disk full▏                                         12 hits
//!  write-up  Incident 12: disk of db1 full    - vacuum freed 40 GB
//! ▌runbook   A disk fills                     Look at what grew since yesterday
//! ```

use super::handover::read;
use super::{Page, Screen};
use crate::console::widget::cursor::Cursor;
use crate::console::widget::input::Input;
use crate::console::widget::paint::Painter;
use crate::console::{Action, Msg, Place, Role, Session, Target};
use crate::domain::Subject;
use crate::domain::counted;
use crate::notes::library::Library;
use crate::notes::search::{Goes, Hit, search};
use crate::output::Task;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::path::PathBuf;

/// The page.
#[derive(Debug)]
pub struct KnowledgePage {
    input: Input,
    cursor: Cursor,
    reading: Option<Task<Library>>,
    library: Library,
    hits: Vec<Hit>,
    fault: Option<String>,
}

impl KnowledgePage {
    /// The page; it reads the notes.
    pub fn new(session: &mut Session) -> Self {
        let mut page = Self {
            input: Input::default(),
            cursor: Cursor::default(),
            reading: None,
            library: Library::default(),
            hits: Vec::new(),
            fault: None,
        };
        match read(session) {
            Ok(reading) => page.reading = Some(reading),
            Err(words) => page.fault = Some(words),
        }
        page
    }

    fn look(&mut self, session: &Session) {
        self.hits = search(&session.world, &self.library, self.input.text());
        self.cursor = Cursor::default();
    }

    fn open(&self, session: &mut Session) {
        let Some(hit) = self.hits.get(self.cursor.at) else { return };
        let workspace = session.welcome.as_ref().map(|welcome| PathBuf::from(&welcome.workspace));
        match &hit.goes {
            Goes::Runbook(runbook) => session.open(Screen::Runbook { runbook: runbook.clone(), subject: Subject::Workspace }),
            Goes::Incident(id) => session.open(Screen::Incident(*id)),
            // Of these only the file at hand can be meant; a note about nothing in particular has many.
            Goes::Note { subject: Subject::Workspace, path, .. } => {
                if let Some(file) = workspace.and_then(|workspace| crate::notes::naming::beneath(&workspace, path).ok()) {
                    session.edit(file);
                }
            }
            Goes::Note { kind, subject, .. } => session.open(Screen::Note { kind: *kind, subject: subject.clone() }),
        }
    }
}

impl Page for KnowledgePage {
    fn title(&self, _session: &Session) -> String {
        "knowledge".into()
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        vec![Place::Chooser, Place::Input]
    }

    fn target(&self, _session: &Session) -> Option<Target> {
        None
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let mut painter = Painter::new(buffer, session);
        if area.height == 0 || area.width < 12 {
            return None;
        }
        let label = " look for: ";
        let at = area.x + painter.text(area.x, area.y, area.width, Role::Title, label);
        let typed = painter.text(at, area.y, area.right().saturating_sub(at), Role::Text, self.input.text());
        let words = match (&self.fault, &self.reading) {
            (Some(fault), _) => fault.clone(),
            (None, Some(_)) => "reading the notes".to_owned(),
            (None, None) if self.library.left_out.is_empty() => counted(self.hits.len(), "hit"),
            (None, None) => format!("{}, {} not read", counted(self.hits.len(), "hit"), counted(self.library.left_out.len(), "file")),
        };
        if at + typed + 4 + crate::text::width(&words) as u16 <= area.right() {
            painter.right(Rect { height: 1, width: area.width - 1, ..area }, area.y, Role::Muted, &words);
        }
        let rows = Rect { y: area.y + 1, height: area.height - 1, ..area };
        if self.hits.is_empty() {
            let is_typed = !self.input.text().trim().is_empty();
            painter.none(rows, if is_typed { "nothing holds these words" } else { "type words of what you look for" });
        }
        let title_width = (rows.width / 3).clamp(10, 60);
        self.cursor.draw(session, &mut painter, rows, self.hits.len(), |cells, place| {
            let Some(hit) = self.hits.get(place) else { return };
            cells.beside_cursor();
            cells.cell(9, Role::Muted, hit.goes.word());
            cells.cell(title_width, Role::Name, &hit.title);
            cells.skip(1);
            cells.rest(Role::Text, hit.excerpt.as_ref().map(|(_, line)| line.as_str()).unwrap_or_default());
        });
        Some(Position::new((at + typed).min(area.right() - 1), area.y))
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        match action {
            Action::Confirm => self.open(session),
            Action::Cancel => session.back(),
            Action::ChooserDown => drop(self.cursor.act(Action::Down, self.hits.len())),
            Action::ChooserUp => drop(self.cursor.act(Action::Up, self.hits.len())),
            Action::Redraw | Action::Suspend => return false,
            other => {
                self.input.act(other);
                self.look(session);
            }
        }
        true
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn typed(&mut self, key: KeyEvent, session: &mut Session) {
        let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SUPER);
        if let KeyCode::Char(char) = key.code
            && plain
        {
            self.input.insert(char.encode_utf8(&mut [0; 4]));
            self.look(session);
        }
    }

    fn pasted(&mut self, text: &str, session: &mut Session) {
        self.input.insert(text.lines().next().unwrap_or_default());
        self.look(session);
    }

    fn mouse(&mut self, event: MouseEvent, _session: &mut Session) -> bool {
        self.cursor.mouse(event, self.hits.len())
    }

    fn told(&mut self, msg: &Msg, session: &mut Session) {
        if let Some(library) = self.reading.as_ref().filter(|_| matches!(msg, Msg::Woken)).and_then(Task::take) {
            self.library = library;
            self.reading = None;
            self.look(session);
        }
    }
}
