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
use crate::console::widget::paint::Painter;
use crate::console::widget::rows::Rows;
use crate::console::widget::section::section;
use crate::console::{Action, Place, Role, Session, Target};
use crate::domain::run::Occurrence;
use crate::world::{Away, Miss, MissEnd, World};
use crossterm::event::MouseEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// The page.
#[derive(Debug, Default)]
pub struct MissesPage {
    list: Rows<Miss>,
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
        self.list.refresh(session.world.seq, |row, on| row.occurrence == on.occurrence, || rows(&session.world));
    }

    fn target(&self, _session: &Session) -> Option<Target> {
        let miss = self.list.chosen()?;
        Some(match &miss.end {
            MissEnd::CaughtUp { run } => Target::Run(run.clone()),
            _ => Target::Flow(miss.occurrence.flow.clone()),
        })
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.settle(session);
        let mut painter = Painter::new(buffer, session);
        let area = section(&mut painter, area, "Missed", &note(session, session.world.away.as_ref()), true, &session.glyphs);
        let longest = self.list.all().iter().map(|miss| crate::text::width(miss.occurrence.flow.as_str())).max().unwrap_or(0);
        let name_width = longest.clamp(8, usize::from(area.width / 3).max(8)) as u16;
        self.list.draw(session, &mut painter, area, "nothing was missed", |cells, miss| {
            let (symbol, role, words) = words(session, miss);
            cells.cell(1, role, symbol);
            cells.cell(name_width, Role::Name, miss.occurrence.flow.as_str());
            cells.cell(21, Role::Text, &planned(&miss.occurrence));
            cells.rest(role, &words);
        });
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
        self.list.act(action)
    }

    fn why_disabled(&self, action: Action, session: &Session) -> Option<String> {
        let nothing = action == Action::DismissMisses && session.world.away.is_none();
        nothing.then(|| "there is no list to put away".to_owned())
    }

    fn mouse(&mut self, event: MouseEvent, _session: &mut Session) -> bool {
        self.list.mouse(event)
    }
}
