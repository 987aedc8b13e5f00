//! The note editor: text of a file that is never lost and never overwrites what someone else wrote.

mod file;
mod keeping;
mod versions;

use super::Page;
use crate::console::dialog::{Dialog, Field, Intent};
use crate::console::session::Tone;
use crate::console::theme::Role;
use crate::console::widget::editor::{self, Top};
use crate::console::widget::line::Line;
use crate::console::widget::markdown::{Cache, Row, paragraph};
use crate::console::widget::paint::Painter;
use crate::console::widget::pane::Pane;
use crate::console::{Action, Msg, Place, Session, Target};
use crate::domain::note::NoteKind;
use crate::domain::{Command, Subject};
use crate::notes::recovery::Found;
use crate::notes::save::SIZE_MAX;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent, MouseEventKind};
use file::NoteFile;
use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use tui_textarea::{CursorMove, TextArea};
use versions::{CHOICE, CONFLICT};

/// Typed text is in the recovery file after at most this long.
const KEEP_EVERY: SignedDuration = SignedDuration::from_secs(2);
/// Changes that can be undone.
const UNDO_MAX: usize = 1_000;
/// What the dialogs of this page are known by.
mod word {
    pub(super) const SEARCH: &str = "search";
    pub(super) const RECOVER: &str = "recover";
    pub(super) const LEAVE: &str = "leave";
}
/// The names of their fields.
const TEXT: &str = "text";
/// What can be chosen about recovered text.
const RECOVERED: &str = "go on with the recovered text";
const ON_DISK: &str = "go on with the file";
/// What can be chosen on leaving.
const SAVE: &str = "save and close";
const LATER: &str = "close, keep it in the recovery file";
const THROW: &str = "close and throw it away";

/// What stands on disk instead of what was opened; absent when the file is gone.
#[derive(Debug)]
struct Theirs(Option<String>);

/// The page of one note.
#[derive(Debug)]
pub struct NotePage {
    kind: NoteKind,
    subject: Subject,
    file: Result<NoteFile, String>,
    area: TextArea<'static>,
    top: Top,
    /// The text that is on disk, as far as this page knows.
    on_disk: String,
    /// Whether the text differs from it.
    dirty: bool,
    /// Whether somebody has changed it; else it is as it was opened or drafted.
    touched: bool,
    /// Whether something was typed since it was last kept.
    unkept: bool,
    kept_at: Option<Timestamp>,
    saved_at: Option<Timestamp>,
    fault: Option<String>,
    theirs: Option<Theirs>,
    offer: Option<Found>,
    preview: bool,
    scroll: usize,
    cache: Cache,
    height: usize,
}

impl NotePage {
    /// Opens the note about a subject, drafts a new one, redrafts a post-mortem, and offers what a crash left.
    pub fn new(kind: NoteKind, subject: Subject, session: &mut Session) -> Self {
        let mut page = Self {
            kind,
            subject,
            file: Err(String::new()),
            area: TextArea::default(),
            top: Top::default(),
            on_disk: String::new(),
            dirty: false,
            touched: false,
            unkept: false,
            kept_at: None,
            saved_at: None,
            fault: None,
            theirs: None,
            offer: None,
            preview: false,
            scroll: 0,
            cache: Cache::default(),
            height: 1,
        };
        match NoteFile::find(kind, &page.subject, session) {
            Ok((file, opened)) => {
                page.on_disk = opened.clone().unwrap_or_default();
                let drafted = file.drafted(opened.as_deref(), session);
                page.put(&drafted.text);
                page.dirty = drafted.text != page.on_disk;
                if let Some(words) = drafted.told {
                    session.toast(Tone::Plain, words);
                }
                page.offer = file.offer();
                page.file = Ok(file);
                page.offer_recovery(session);
            }
            Err(words) => page.file = Err(words),
        }
        page
    }

    fn put(&mut self, text: &str) {
        self.area = TextArea::new(text.split('\n').map(str::to_owned).collect());
        self.area.set_max_histories(UNDO_MAX);
        self.top = Top::default();
        if self.kind == NoteKind::Note {
            self.area.move_cursor(CursorMove::Bottom);
            self.area.move_cursor(CursorMove::End);
        } else {
            let body = crate::notes::front::parse(text).and_then(|(_, body)| text.get(..body));
            let line = body.map_or(0, |head| head.matches('\n').count());
            self.area.move_cursor(CursorMove::Jump(u16::try_from(line).unwrap_or(u16::MAX), 0));
        }
    }

    fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    fn find(&mut self, forward: bool, session: &mut Session) {
        let found = if forward { self.area.search_forward(false) } else { self.area.search_back(false) };
        if !found {
            session.toast(Tone::Bad, "that is not in this note");
        }
    }

    fn status(&self, session: &Session) -> Line {
        let file = self.file.as_ref().map_or("", |file| file.relative.as_str());
        let mut line = Line::of(Role::Muted, format!("{file}  "));
        match (&self.fault, self.dirty, self.kept_at.filter(|_| !self.unkept)) {
            (Some(fault), _, _) => line.push(Role::Bad, fault.clone()),
            (None, false, _) => line.push(
                Role::Good,
                match self.saved_at {
                    Some(at) => format!("saved {}", session.time(at)),
                    None => "saved".to_owned(),
                },
            ),
            (None, true, Some(kept)) => line.push(Role::Warning, format!("not saved, kept for recovery {} ago", session.age(kept))),
            (None, true, None) => line.push(Role::Warning, "not saved"),
        }
        line
    }

    fn moves(&mut self, action: Action) -> bool {
        let page = isize::try_from(self.height).unwrap_or(1).max(1);
        let half = (page / 2).max(1);
        match action {
            Action::HalfDown => self.scroll_by(half),
            Action::HalfUp => self.scroll_by(-half),
            Action::PageDown => self.scroll_by(page),
            Action::PageUp => self.scroll_by(-page),
            Action::LineDown => self.scroll_by(1),
            Action::LineUp => self.scroll_by(-1),
            Action::CursorLeft => self.area.move_cursor(CursorMove::Back),
            Action::CursorRight => self.area.move_cursor(CursorMove::Forward),
            Action::WordLeft => self.area.move_cursor(CursorMove::WordBack),
            Action::WordRight => self.area.move_cursor(CursorMove::WordForward),
            Action::CursorStart => self.area.move_cursor(CursorMove::Head),
            Action::CursorEnd => self.area.move_cursor(CursorMove::End),
            _ => return false,
        }
        true
    }

    fn edits(&mut self, action: Action, session: &mut Session) -> bool {
        if !self.takes_text() {
            return false;
        }
        let edited = match action {
            Action::DeleteLeft => self.area.delete_char(),
            Action::DeleteRight => self.area.delete_next_char(),
            Action::Undo => self.area.undo(),
            Action::Redo => self.area.redo(),
            _ => return false,
        };
        if edited {
            self.changed(session);
        }
        true
    }

    fn draw_preview(&mut self, session: &Session, inner: Rect, painter: &mut Painter<'_>) {
        let text = self.text();
        let body = crate::notes::front::parse(&text).map_or(0, |(_, body)| body);
        let rows = self.cache.rows(text.get(body..).unwrap_or_default(), &[], inner.width.saturating_sub(1), &session.glyphs);
        self.scroll = self.scroll.min(rows.len().saturating_sub(1));
        for (y, row) in (inner.top()..inner.bottom()).zip(rows.iter().skip(self.scroll)) {
            if let Row::Text(line) = row {
                painter.line(inner.x, y, inner.width, line);
            }
        }
    }

    fn scroll_by(&mut self, by: isize) {
        if self.preview {
            self.scroll = self.scroll.saturating_add_signed(by);
        } else {
            let step = if by > 0 { CursorMove::Down } else { CursorMove::Up };
            (0..by.unsigned_abs()).for_each(|_| self.area.move_cursor(step));
        }
    }
}

impl Page for NotePage {
    fn title(&self, _session: &Session) -> String {
        format!("{} about {}", self.kind, self.subject)
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        vec![Place::Editor, Place::Input]
    }

    fn target(&self, _session: &Session) -> Option<Target> {
        match &self.subject {
            Subject::Incident(id) => Some(Target::Incident(*id)),
            Subject::Flow(flow) => Some(Target::Flow(flow.clone())),
            Subject::Probe(probe) => Some(Target::Probe(probe.clone())),
            Subject::Workspace => None,
        }
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        if self.dirty && self.unkept {
            let since = self.kept_at.map_or(SignedDuration::ZERO, |at| session.now.duration_since(at));
            session.changes_in(KEEP_EVERY.saturating_sub(since));
        }
        let mut painter = Painter::new(buffer, session);
        let title = self.title(session);
        let count = if self.preview { "preview" } else { "" };
        let pane = Pane { title: &title, count, focused: true, ..Pane::default() };
        let inner = pane.draw(&mut painter, &session.glyphs.border, area);
        if let Err(words) = &self.file {
            for (y, line) in (inner.top()..inner.bottom()).zip(paragraph(Role::Bad, words, inner.width)) {
                painter.line(inner.x, y, inner.width, &line);
            }
            return None;
        }
        let text = Rect { height: inner.height.saturating_sub(1), ..inner };
        self.height = usize::from(text.height).max(1);
        if inner.height > 0 {
            painter.line(inner.x, inner.bottom() - 1, inner.width, &self.status(session));
        }
        if self.preview {
            self.draw_preview(session, text, &mut painter);
            return None;
        }
        editor::draw(&self.area, &mut self.top, &mut painter, text)
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        match action {
            Action::Save => drop(self.save(session)),
            Action::LeaveNote => self.close(session),
            Action::NoteInEditor => self.give_away(session),
            Action::NotePreview => self.preview = !self.preview,
            Action::NoteFind => {
                let dialog = Dialog::new("find in the note (a regular expression)", Intent::Page(word::SEARCH));
                session.dialog(dialog.asks(Field::text(TEXT, "")));
            }
            Action::NoteFindNext => self.find(true, session),
            Action::NoteFindPrevious => self.find(false, session),
            other => return self.moves(other) || self.edits(other, session),
        }
        true
    }

    fn takes_text(&self) -> bool {
        self.file.is_ok() && !self.preview
    }

    fn typed(&mut self, key: KeyEvent, session: &mut Session) {
        if key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SUPER) {
            return;
        }
        match key.code {
            KeyCode::Char(char) => self.area.insert_char(char),
            KeyCode::Enter => self.area.insert_newline(),
            KeyCode::Tab => drop(self.area.insert_tab()),
            _ => return,
        }
        self.changed(session);
    }

    fn pasted(&mut self, text: &str, session: &mut Session) {
        let size: usize = self.area.lines().iter().map(|line| line.len() + 1).sum();
        if (size + text.len()) as u64 > SIZE_MAX {
            session.toast(Tone::Bad, format!("a note has at most {} MiB; nothing was pasted", SIZE_MAX >> 20));
        } else if self.area.insert_str(text) {
            self.changed(session);
        }
    }

    fn mouse(&mut self, event: MouseEvent, _session: &mut Session) -> bool {
        match event.kind {
            MouseEventKind::ScrollDown => self.scroll_by(3),
            MouseEventKind::ScrollUp => self.scroll_by(-3),
            _ => return false,
        }
        true
    }

    fn confirmed(&mut self, word: &'static str, dialog: &Dialog, session: &mut Session) {
        let choice = dialog.value(CHOICE).unwrap_or_default();
        match word {
            word::SEARCH => match self.area.set_search_pattern(dialog.value(TEXT).unwrap_or_default()) {
                Ok(()) if dialog.value(TEXT).is_none_or(str::is_empty) => {}
                Ok(()) => self.find(true, session),
                Err(error) => {
                    let words = crate::notes::telling::one_line(&error.to_string());
                    session.toast(Tone::Bad, format!("not a regular expression: {words}"));
                }
            },
            CONFLICT => self.resolve_conflict(choice, session),
            word::LEAVE => self.leave(choice, session),
            word::RECOVER => {
                if let Some(found) = self.offer.take().filter(|_| choice == RECOVERED) {
                    // Its own base: if the file has changed since, saving tells the conflict.
                    if let Ok(file) = &mut self.file {
                        file.base = found.base;
                    }
                    self.put(&found.text);
                    self.changed(session);
                }
            }
            _ => {}
        }
    }

    fn told(&mut self, msg: &Msg, session: &mut Session) {
        let due = self.dirty && self.unkept && self.is_keep_due(session.now);
        match (msg, &mut self.file) {
            (Msg::Edited { file: edited, result }, Ok(file)) if *edited == file.path => {
                if let Err(words) = result {
                    session.toast(Tone::Bad, format!("the editor: {words}"));
                }
                match file.reopen() {
                    Ok(text) if text != self.on_disk => {
                        let note = file.saved_note(&text);
                        session.command(None, Command::RecordNote { note });
                        self.on_disk.clone_from(&text);
                        self.put(&text);
                        (self.dirty, self.unkept, self.saved_at) = (false, false, Some(session.now));
                    }
                    Ok(_) => {}
                    Err(error) => self.fault = Some(error.to_string()),
                }
            }
            (Msg::Tick, Ok(_)) if due => self.keep(session),
            _ => {}
        }
    }

    fn closing(&mut self, session: &mut Session) {
        if self.dirty && self.unkept {
            self.keep(session);
        }
    }

    fn copied(&self, _session: &Session) -> Option<String> {
        self.file.as_ref().ok().map(|file| file.relative.clone())
    }
}
