//! What the last outages missed, and what became of it; where a flow asks, the choice.
//!
//! ```text
//!  ── Missed ─────────────────────── away 02:00 to 05:10 · 6 misses ──
//!   ◷ settle-fx       03:00  waits for a choice     C all, latest or none
//! ▌ ◷ settle-fx       04:00  waits for a choice     C all, latest or none
//!   ● heartbeat       05:00  caught up as heartbeat/311, success
//!   − heartbeat       04:00  missed: a younger one is caught up
//! ```

use super::{Page, Screen};
use crate::console::view::state;
use crate::console::widget::cursor::Cursor;
use crate::console::widget::paint::Painter;
use crate::console::widget::section::section;
use crate::console::{Action, Place, Role, Session, Target};
use crate::domain::run::Occurrence;
use crate::world::{Away, Miss, MissEnd, World};
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// The page.
#[derive(Debug, Default)]
pub struct MissesPage {
    cursor: Cursor,
    area: Rect,
    known: Option<(u64, Vec<Miss>)>,
}

/// What is listed: what waits for a choice first, then the rest, each in the order of its time.
fn rows(world: &World) -> Vec<Miss> {
    let away = world.away.as_ref().map(|away| away.misses.as_slice()).unwrap_or_default();
    let asked = world.flows.values().flat_map(|flow| &flow.asked);
    let waiting = asked.map(|occurrence| Miss { occurrence: occurrence.clone(), end: MissEnd::Asked });
    let mut rows: Vec<Miss> = waiting.chain(away.iter().filter(|miss| miss.end != MissEnd::Asked).cloned()).collect();
    rows.sort_by_key(|miss| (miss.end != MissEnd::Asked, miss.occurrence.at, miss.occurrence.flow.clone()));
    rows
}

impl MissesPage {
    fn refresh(&mut self, session: &Session) {
        let touched = session.world.seq;
        if self.known.as_ref().is_none_or(|(known, _)| *known != touched) {
            self.known = Some((touched, rows(&session.world)));
        }
    }

    fn rows(&self) -> &[Miss] {
        self.known.as_ref().map_or(&[], |(_, rows)| rows)
    }

    fn chosen(&self) -> Option<&Miss> {
        self.rows().get(self.cursor.at)
    }
}

fn note(session: &Session, away: Option<&Away>) -> String {
    let Some((away, (from, _), (_, to))) = away.and_then(|away| Some((away, away.spans.first()?, away.spans.last()?))) else {
        return "no outage since the list was put away".into();
    };
    let more = if away.dropped > 0 { format!(", {} of them only counted", away.dropped) } else { String::new() };
    format!("away {} to {}, {} missed{more}", session.time(*from), session.time(*to), away.count())
}

fn words(session: &Session, miss: &Miss) -> (&'static str, Role, String) {
    let glyphs = &session.glyphs;
    match &miss.end {
        MissEnd::Asked => {
            let key = session.options.keymap.key(Action::CatchUp).unwrap_or_default();
            (glyphs.late, Role::Warning, format!("waits for a choice: {key} catch up all, latest or none"))
        }
        MissEnd::Missed { reason } => (glyphs.minus, Role::Muted, format!("missed: {reason}")),
        MissEnd::CaughtUp { run } => match session.world.run(run) {
            Some(row) => {
                let (symbol, role) = state::run(row, glyphs);
                let how = row.outcome.as_ref().map_or_else(|| "under way".to_owned(), state::outcome_words);
                (symbol, role, format!("caught up as {run}, {how}"))
            }
            None => (glyphs.dot, Role::Text, format!("caught up as {run}")),
        },
    }
}

/// The local time of an occurrence, in its own zone.
fn planned(occurrence: &Occurrence) -> String {
    occurrence.at.in_tz(&occurrence.zone).map_or_else(|_| occurrence.at.to_string(), |at| at.strftime("%a %d %b %H:%M %Z").to_string())
}

impl Page for MissesPage {
    fn title(&self, _session: &Session) -> String {
        "misses".into()
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        vec![Place::Flows, Place::List, Place::Global]
    }

    fn settle(&mut self, session: &Session) {
        self.refresh(session);
    }

    fn target(&self, _session: &Session) -> Option<Target> {
        let miss = self.chosen()?;
        Some(match &miss.end {
            MissEnd::CaughtUp { run } => Target::Run(run.clone()),
            _ => Target::Flow(miss.occurrence.flow.clone()),
        })
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.refresh(session);
        let mut painter = Painter::new(buffer, session);
        let rows = self.known.as_ref().map_or(&[][..], |(_, rows)| rows);
        self.area = section(&mut painter, area, "Missed", &note(session, session.world.away.as_ref()), true, &session.glyphs);
        let area = self.area;
        if rows.is_empty() && area.height > 0 {
            painter.text(area.x + 1, area.y, area.width.saturating_sub(1), Role::Muted, "nothing was missed");
        }
        let longest = rows.iter().map(|miss| crate::text::width(miss.occurrence.flow.as_str())).max().unwrap_or(0);
        let name_width = longest.clamp(8, usize::from(area.width / 3).max(8)) as u16;
        for (line, place) in self.cursor.window(rows.len(), area.height).enumerate() {
            let (Some(miss), y) = (rows.get(place), area.y + line as u16) else { continue };
            let selected = place == self.cursor.at;
            let (symbol, role, words) = words(session, miss);
            painter.text(area.x, y, 1, Role::Key, if selected { session.glyphs.cursor } else { " " });
            let mut x = area.x + 2;
            let mut cell = |width: u16, role: Role, text: &str| {
                painter.text(x, y, width.min(area.right().saturating_sub(x)), role, text);
                x = x.saturating_add(width + 1);
            };
            cell(1, role, symbol);
            cell(name_width, Role::Name, miss.occurrence.flow.as_str());
            cell(21, Role::Text, &planned(&miss.occurrence));
            cell(area.width, role, &words);
            if selected {
                painter.role(Rect { y, height: 1, ..area }, Role::Selected);
            }
        }
        None
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        if action == Action::Open {
            match self.target(session) {
                Some(Target::Run(run)) => session.open(Screen::Run(run)),
                Some(Target::Flow(flow)) => session.open(Screen::Flow(flow)),
                _ => {}
            }
            return true;
        }
        let rows = self.rows().len();
        self.cursor.act(action, rows)
    }

    fn why_disabled(&self, action: Action, session: &Session) -> Option<String> {
        let nothing = action == Action::DismissMisses && session.world.away.is_none();
        nothing.then(|| "there is no list to put away".to_owned())
    }

    fn mouse(&mut self, event: MouseEvent, session: &mut Session) -> bool {
        match event.kind {
            MouseEventKind::ScrollDown => self.act(Action::Down, session),
            MouseEventKind::ScrollUp => self.act(Action::Up, session),
            MouseEventKind::Down(MouseButton::Left) if self.area.contains(Position::new(event.column, event.row)) => {
                let row = self.cursor.row_at(event.row - self.area.y);
                if row < self.rows().len() {
                    self.cursor.at = row;
                }
                row < self.rows().len()
            }
            _ => false,
        }
    }
}
