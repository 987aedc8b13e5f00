//! Started where there is no workspace: what the person can do instead of reading an error.
//!
//! ```text
//!   dogwatch
//!   There is no workspace here: no dogwatch.toml in /home/ana or above it.
//!
//! ▸ try the demo            a live shop on this machine that fails on purpose; two minutes, nothing is kept
//!   make a workspace here   writes dogwatch.toml, flows/, probes/, runbooks/ into /home/ana
//!   read the help           what dogwatch does and all its commands
//!   leave
//! ```

use super::action::Action;
use super::app::Options;
use super::place::Place;
use super::terminal::{Terminal, TerminalError};
use super::theme::Role;
use super::widget::paint::Painter;
use super::{Session, watchdog};
use crate::clock;
use crokey::KeyCombination;
use crossterm::event::{Event, EventStream, KeyEventKind};
use futures_util::StreamExt as _;
use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Notify;

/// What the person chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// `dogwatch demo`.
    Demo,
    /// `dogwatch init` in this folder.
    Init,
    /// `dogwatch help`.
    Help,
    /// Nothing.
    Leave,
}

/// The choices as they are shown: name and explanation.
const CHOICES: [(Choice, &str, &str); 4] = [
    (Choice::Demo, "try the demo", "a live shop on this machine that fails on purpose; two minutes, nothing is kept"),
    (Choice::Init, "make a workspace here", "writes dogwatch.toml, flows, probes and runbooks into this folder"),
    (Choice::Help, "read the help", "what dogwatch does, and all its commands"),
    (Choice::Leave, "leave", ""),
];

/// The page without its terminal.
#[derive(Debug)]
pub struct Welcome {
    session: Session,
    folder: String,
    cursor: usize,
}

impl Welcome {
    /// The page for a folder.
    pub fn new(options: Options, folder: &Path, now: Timestamp) -> Self {
        Self { session: Session::new(options, now), folder: folder.display().to_string(), cursor: 0 }
    }

    /// Takes in what the terminal says; answers the choice when there is one.
    pub fn handle(&mut self, event: &Event) -> Option<Choice> {
        let Event::Key(key) = event else { return None };
        if key.kind == KeyEventKind::Release {
            return None;
        }
        match self.session.options.keymap.find(&[Place::List, Place::Global], KeyCombination::from(*key))? {
            Action::Down | Action::NextPane => self.cursor = (self.cursor + 1) % CHOICES.len(),
            Action::Up | Action::PreviousPane => self.cursor = (self.cursor + CHOICES.len() - 1) % CHOICES.len(),
            Action::Open => return CHOICES.get(self.cursor).map(|(choice, ..)| *choice),
            Action::Help => return Some(Choice::Help),
            Action::Quit | Action::Back => return Some(Choice::Leave),
            _ => {}
        }
        None
    }

    /// Draws one frame.
    pub fn draw(&self, buffer: &mut Buffer) {
        let area = buffer.area;
        let painter = &mut Painter::new(buffer, &self.session);
        let left = area.x + area.width.saturating_sub(96).min(6) / 2;
        let width = area.right().saturating_sub(left + 1);
        let mut y = area.y + area.height.saturating_sub(10) / 3;
        painter.text(left + 2, y, width.saturating_sub(2), Role::Heading, "dogwatch");
        let words = format!("There is no workspace here: no dogwatch.toml in {} or above it.", self.folder);
        painter.text(left + 2, y + 1, width.saturating_sub(2), Role::Text, &words);
        y += 3;
        for (place, (_, name, doc)) in CHOICES.iter().enumerate() {
            let chosen = place == self.cursor;
            if chosen {
                painter.role(Rect { x: left, y, width, height: 1 }.intersection(area), Role::Selected);
                painter.text(left, y, 1, Role::Key, self.session.glyphs.next);
            }
            painter.text(left + 2, y, 24.min(width.saturating_sub(2)), Role::Name, name);
            painter.text(left + 26, y, width.saturating_sub(26), Role::Muted, doc);
            y += 1;
        }
        let keymap = &self.session.options.keymap;
        let mut x = left + 2;
        for (action, words) in [(Action::Down, "down"), (Action::Up, "up"), (Action::Open, "choose"), (Action::Quit, "leave")] {
            let key = keymap.key(action).unwrap_or_default();
            x += painter.text(x, y + 1, area.right().saturating_sub(x), Role::Key, key);
            x += painter.text(x, y + 1, area.right().saturating_sub(x), Role::Muted, &format!(" {words}  "));
        }
    }
}

/// Shows the page until the person has chosen.
pub async fn welcome(options: Options, folder: &Path) -> Result<Choice, TerminalError> {
    let mut terminal = Terminal::take(options.term.as_deref(), false, "dogwatch")?;
    let lost = Arc::new(Notify::new());
    watchdog::start(lost.clone())?;
    let mut page = Welcome::new(options, folder, clock::now());
    let mut events = EventStream::new();
    let mut end = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    loop {
        terminal.draw(None, |buffer| {
            page.draw(buffer);
            None
        })?;
        tokio::select! {
            () = lost.notified() => return Ok(Choice::Leave),
            _ = end.recv() => return Ok(Choice::Leave),
            event = events.next() => match event {
                Some(Ok(event)) => if let Some(choice) = page.handle(&event) { return Ok(choice) },
                Some(Err(_)) | None => return Ok(Choice::Leave),
            },
        }
    }
}
