//! The strip: what happened around an incident's first failure, side by side.
//!
//! ```text
//!  ── Strip of incident 41 ─────── 1h, 01:49 → 02:49, first sign 02:29:14 ──
//!                 01:49       02:04       02:19       02:34
//!  nightly-orders             ◐           ✗ ✗   │
//!  checkout                                   ▲ ✗
//!  alerts                                      ▲ ▲
//!  people                                           ✓
//!  notes
//!  outside         »                      ◆
//!  ── What happened ──────────────────────────────── 14 facts ──
//!   02:29:14  flow nightly-orders   ✗ load failed: exit 1
//! ▌ 02:31:02  ana                   ✓ incident 41 acknowledged
//! ```

use super::Page;
use crate::console::glyph::Glyphs;
use crate::console::session::Tone;
use crate::console::view::fact;
use crate::console::widget::cursor::{Cursor, line_clicked, wheel};
use crate::console::widget::paint::Painter;
use crate::console::widget::section::section;
use crate::console::{Action, Place, Role, Session, Target};
use crate::domain::counted;
use crate::domain::{Entry, IncidentId};
use crate::notes::strip::{SPANS, Strip, fitting, window};
use crate::notes::telling::Teller;
use crate::notes::wording;
use crate::world::outside::happened;
use crossterm::event::MouseEvent;
use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::sync::Arc;

/// Columns between two times of the axis.
const AXIS: u16 = 12;

/// What a strip depends on: the last fact of the world, the window, the room for lanes.
type Stamp = (u64, usize, usize);

/// The page.
#[derive(Debug)]
pub struct StripPage {
    incident: IncidentId,
    /// Which of the windows; absent before the incident is known.
    span: Option<usize>,
    /// The fact under the cursor; absent before the reader has moved.
    on: Option<u64>,
    cursor: Cursor,
    known: Option<(Stamp, Strip)>,
    lanes_max: usize,
    cells: Rect,
}

impl StripPage {
    /// The strip of an incident.
    pub fn new(incident: IncidentId) -> Self {
        Self { incident, span: None, on: None, cursor: Cursor::default(), known: None, lanes_max: 12, cells: Rect::default() }
    }

    fn minutes(&self) -> i64 {
        SPANS.get(self.span()).copied().unwrap_or(60)
    }

    fn span(&self) -> usize {
        self.span.unwrap_or_default()
    }

    fn refresh(&mut self, session: &Session) {
        let Some(incident) = session.world.incident(self.incident) else {
            self.known = None;
            return;
        };
        self.span.get_or_insert_with(|| fitting(incident, session.now));
        let stamp = (session.world.seq, self.span(), self.lanes_max);
        if self.known.as_ref().is_none_or(|(known, _)| *known != stamp) {
            let strip = Strip::of(&session.world, incident, window(incident.first_sign_at, self.minutes()), self.lanes_max);
            self.known = Some((stamp, strip));
        }
        self.settle_cursor(&session.glyphs);
    }

    /// The cursor stays on its fact; at first it is on the first sign.
    fn settle_cursor(&mut self, glyphs: &Glyphs) {
        let Some((_, strip)) = &self.known else { return };
        let since = |entry: &Arc<Entry>| happened(entry) >= strip.first_sign_at;
        let is_bad = |entry: &Arc<Entry>| since(entry) && weight(fact::look(&entry.event, glyphs).1) >= 4;
        let place = match self.on {
            Some(seq) => strip.facts.iter().position(|entry| entry.seq == seq),
            None => strip.facts.iter().position(is_bad).or_else(|| strip.facts.iter().position(since)),
        };
        self.cursor.at = place.unwrap_or(self.cursor.at).min(strip.facts.len().saturating_sub(1));
    }

    fn strip(&self) -> Option<&Strip> {
        self.known.as_ref().map(|(_, strip)| strip)
    }

    fn entry(&self) -> Option<&Arc<Entry>> {
        self.strip()?.facts.get(self.cursor.at)
    }

    fn go(&mut self, place: usize) {
        self.cursor.at = place;
        self.on = self.entry().map(|entry| entry.seq);
    }

    /// To the fact before or after, in the same lane.
    fn sideways(&mut self, forward: bool) {
        let Some(strip) = self.strip() else { return };
        let at = self.cursor.at;
        let Some(lane) = strip.lane(at).and_then(|lane| strip.lanes.get(lane)) else { return };
        let next = if forward {
            lane.facts.iter().find(|fact| **fact > at).copied()
        } else {
            lane.facts.iter().rev().find(|fact| **fact < at).copied()
        };
        if let Some(next) = next {
            self.go(next);
        }
    }

    fn note(&self, session: &Session, strip: &Strip) -> String {
        let span = wording::span(SignedDuration::from_mins(self.minutes()));
        let (from, to) = (session.time(strip.from), session.time(strip.to));
        format!("{span}, {from} {} {to}, first sign {}", session.glyphs.arrow, clock(session, strip.first_sign_at))
    }

    /// The rows of lanes, with a symbol for the worst fact of each column.
    fn draw_lanes(&self, session: &Session, strip: &Strip, area: Rect, painter: &mut Painter<'_>) {
        let columns = usize::from(self.cells.width);
        let first = strip.column(strip.first_sign_at, columns) as u16;
        for column in (0..self.cells.width.saturating_sub(5)).step_by(usize::from(AXIS)) {
            let at = strip.at(usize::from(column), columns);
            let words = match self.minutes() {
                ..15 => clock(session, at),
                15..1440 => at.to_zoned(session.zone.clone()).strftime("%H:%M").to_string(),
                _ => at.to_zoned(session.zone.clone()).strftime("%a %H:%M").to_string(),
            };
            painter.text(self.cells.x + column, area.y, AXIS - 1, Role::Muted, &words);
        }
        let on_lane = strip.lane(self.cursor.at);
        for (y, (place, lane)) in (self.cells.top()..self.cells.bottom()).zip(strip.lanes.iter().enumerate()) {
            let role = if on_lane == Some(place) { Role::Name } else { Role::Text };
            let label = crate::text::fit(&lane.name, usize::from(self.cells.x - area.x).saturating_sub(2), painter.ellipsis).into_owned();
            painter.text(area.x + 1, y, self.cells.x.saturating_sub(area.x + 2), role, &label);
            painter.text(self.cells.x + first, y, 1, Role::Border, session.glyphs.border[5]);
            let mut shown: Option<(usize, u8)> = None;
            for fact in &lane.facts {
                let Some(entry) = strip.facts.get(*fact) else { continue };
                let column = strip.column(happened(entry), columns);
                let (symbol, role) = fact::look(&entry.event, &session.glyphs);
                let weight = weight(role);
                // Of several in one column the one under the cursor, else the worst.
                if *fact != self.cursor.at && shown.is_some_and(|(other, heavier)| other == column && heavier >= weight) {
                    continue;
                }
                shown = Some((column, if *fact == self.cursor.at { u8::MAX } else { weight }));
                let cell = Rect { x: self.cells.x + column as u16, y, width: 1, height: 1 };
                painter.text(cell.x, y, 1, role, symbol);
                if *fact == self.cursor.at {
                    painter.role(cell, Role::Selected);
                }
            }
        }
    }

    fn draw_list(&mut self, session: &Session, area: Rect, painter: &mut Painter<'_>) {
        let Some((_, strip)) = &self.known else { return };
        if strip.facts.is_empty() {
            painter.none(area, "nothing happened in this window; < shows a longer one");
        }
        let teller = Teller { zone: session.zone.clone(), ..Teller::of(&session.world) };
        let source_width = (area.width / 5).clamp(8, 24);
        let pins = session.world.incident(self.incident).map(|incident| &incident.pins);
        self.cursor.draw(session, painter, area, strip.facts.len(), |cells, place| {
            let Some(entry) = strip.facts.get(place) else { return };
            cells.cell(8, Role::Muted, &clock(session, happened(entry)));
            cells.cell(source_width, if entry.author.is_person() { Role::Name } else { Role::Muted }, &teller.source(entry));
            let (symbol, role) = fact::look(&entry.event, &session.glyphs);
            let pinned = pins.is_some_and(|pins| pins.contains(&entry.seq));
            cells.cell(1, if pinned { Role::Marked } else { role }, if pinned { session.glyphs.mark } else { symbol });
            cells.rest(if role == Role::Muted { Role::Text } else { role }, &teller.line(&entry.event));
        });
    }
}

fn clock(session: &Session, at: Timestamp) -> String {
    at.to_zoned(session.zone.clone()).strftime("%H:%M:%S").to_string()
}

/// How much a symbol must be seen.
fn weight(role: Role) -> u8 {
    match role {
        Role::Critical => 6,
        Role::Bad | Role::High => 5,
        Role::Warning | Role::Unknown => 4,
        Role::Heading | Role::Waiting => 3,
        Role::Good => 2,
        Role::Muted => 0,
        _ => 1,
    }
}

impl Page for StripPage {
    fn title(&self, _session: &Session) -> String {
        format!("strip of incident {}", self.incident)
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        vec![Place::Chart, Place::List, Place::Incidents, Place::Global]
    }

    fn settle(&mut self, session: &Session) {
        self.refresh(session);
    }

    fn target(&self, _session: &Session) -> Option<Target> {
        Some(Target::Incident(self.incident))
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        // Half of the page for the lanes, without heading and axis.
        self.lanes_max = usize::from(area.height / 2).saturating_sub(2).max(4);
        self.refresh(session);
        let mut painter = Painter::new(buffer, session);
        let Some((_, strip)) = self.known.take() else {
            let words = "this incident is no longer kept; `dogwatch events` still has it";
            painter.text(area.x, area.y, area.width, Role::Unknown, words);
            return None;
        };
        let title = format!("Strip of incident {}", self.incident);
        let upper = section(&mut painter, area, &title, &self.note(session, &strip), true, &session.glyphs);
        let label = (area.width / 6).clamp(12, 26).min(area.width);
        let lanes = (strip.lanes.len() as u16).min(upper.height.saturating_sub(1));
        self.cells = Rect { x: upper.x + label, y: upper.y + 1, width: upper.width.saturating_sub(label + 1), height: lanes };
        if self.cells.width > 0 && upper.height > 1 {
            self.draw_lanes(session, &strip, upper, &mut painter);
        }
        let below = Rect { y: upper.y + lanes + 1, height: upper.height.saturating_sub(lanes + 1), ..upper };
        let count = counted(strip.facts.len(), "fact");
        let list = if below.height > 0 && below.bottom() <= area.bottom() {
            section(&mut painter, below, "What happened", &count, false, &session.glyphs)
        } else {
            Rect { height: 0, ..below }
        };
        let stamp = (session.world.seq, self.span(), self.lanes_max);
        self.known = Some((stamp, strip));
        self.draw_list(session, list, &mut painter);
        None
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        self.refresh(session);
        match action {
            Action::LongerSpan => self.span = Some((self.span() + 1).min(SPANS.len() - 1)),
            Action::ShorterSpan => self.span = Some(self.span().saturating_sub(1)),
            Action::Left | Action::Right => self.sideways(action == Action::Right),
            Action::Open => match self.entry().and_then(|entry| fact::screen(&entry.event)) {
                Some(screen) => session.open(screen),
                None => session.toast(Tone::Plain, "there is no page for this fact"),
            },
            Action::Pin => {
                if let Some(entry) = self.entry() {
                    super::incident::pin(session, self.incident, entry.seq);
                }
            }
            Action::Mark | Action::Range | Action::MarkAll | Action::Filter => {}
            other => {
                let facts = self.strip().map_or(0, |strip| strip.facts.len());
                if !self.cursor.act(other, facts) {
                    return false;
                }
                self.on = self.entry().map(|entry| entry.seq);
            }
        }
        true
    }

    fn why_disabled(&self, action: Action, _session: &Session) -> Option<String> {
        match action {
            Action::Mark | Action::Range | Action::MarkAll => Some("facts of a strip are not marked".to_owned()),
            Action::Filter => Some("a strip shows all; the incident's timeline has a filter".to_owned()),
            _ => None,
        }
    }

    fn copied(&self, session: &Session) -> Option<String> {
        let entry = self.entry()?;
        let teller = Teller { zone: session.zone.clone(), ..Teller::of(&session.world) };
        let words = format!("{} {} {}", happened(entry), teller.source(entry), teller.line(&entry.event));
        Some(crate::text::line(&words).into_owned())
    }

    fn mouse(&mut self, event: MouseEvent, session: &mut Session) -> bool {
        if let Some(action) = wheel(event) {
            return self.act(action, session);
        }
        let in_lane = |strip: &Strip| {
            let lane = strip.lanes.get(line_clicked(event, self.cells)?)?;
            let (columns, column) = (usize::from(self.cells.width), usize::from(event.column - self.cells.x));
            let is_near = |fact: &&usize| strip.happened(**fact).is_some_and(|at| strip.column(at, columns).abs_diff(column) <= 1);
            lane.facts.iter().find(is_near).copied()
        };
        let met = self.strip().and_then(|strip| self.cursor.clicked(event, strip.facts.len()).or_else(|| in_lane(strip)));
        if let Some(fact) = met {
            self.go(fact);
        }
        met.is_some()
    }
}
