//! Everything that happened, the newest last; older pages come from the journal as they are wanted.
//!
//! ```text
//!  ── Timeline ───────────────────── 1,204 facts, back to Fri 14:02 ──
//!   Sat 02:29  flow nightly-orders   ✗ load failed: exit 1 (attempt 3 of 3)
//!   Sat 02:29  dogwatch              ▲ incident 41 opened: nightly-orders: load failed
//! ▌ Sat 02:31  ana                     incident 41 acknowledged
//! ```

use super::Page;
use crate::console::dialog::{Dialog, Field, Intent};
use crate::console::session::Tone;
use crate::console::view::fact;
use crate::console::widget::cursor::{Cursor, wheel};
use crate::console::widget::paint::Painter;
use crate::console::widget::section::section;
use crate::console::{Action, Place, Role, Session, Target};
use crate::domain::{Entry, Refusal};
use crate::notes::sorts::Shown;
use crate::notes::telling::Teller;
use crate::wire::message::{Answer, Ask, EntriesAsked};
use crossterm::event::MouseEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::collections::VecDeque;
use std::sync::Arc;

/// Entries asked for at once.
const PAGE: u32 = 200;
/// Older entries that are kept; those beyond are dropped where they are farthest from the reader.
const KEPT: usize = 5_000;

/// The page.
#[derive(Debug)]
pub struct TimelinePage {
    /// Entries before those of the world, the oldest first.
    older: VecDeque<Arc<Entry>>,
    asked: Option<u64>,
    /// Whether the journal has nothing earlier.
    whole: bool,
    fault: Option<String>,
    cursor: Cursor,
    /// Whether the newest is kept in sight.
    following: bool,
    shown: Shown,
    filter: String,
    /// With a filter: what fits it, and what that depends on.
    fitting: Option<(Stamp, Vec<Arc<Entry>>)>,
}

/// What the fitting entries depend on: how many older ones there are, the last entry, the filter.
type Stamp = (usize, u64, Shown, String);

/// What the dialog of the filter is known by.
const FILTER: &str = "filter";
/// The name of its field.
const TEXT: &str = "text";

impl Default for TimelinePage {
    fn default() -> Self {
        Self {
            older: VecDeque::new(),
            asked: None,
            whole: false,
            fault: None,
            cursor: Cursor::default(),
            following: true,
            shown: Shown::All,
            filter: String::new(),
            fitting: None,
        }
    }
}

impl TimelinePage {
    fn is_filtered(&self) -> bool {
        self.shown != Shown::All || !self.filter.is_empty()
    }

    /// Looks again which entries fit, where anything has changed.
    fn refresh(&mut self, session: &Session) {
        if !self.is_filtered() {
            self.fitting = None;
            return;
        }
        let last = session.world.recent.back().map_or(0, |entry| entry.seq);
        let stamp = (self.older.len(), last, self.shown, self.filter.clone());
        if self.fitting.as_ref().is_some_and(|(known, _)| *known == stamp) {
            return;
        }
        let recent = self.recent(session);
        let all = self.older.iter().chain(recent.entries.iter().skip(recent.skip));
        let (teller, wanted) = (Teller::of(&session.world), self.filter.to_lowercase());
        let holds = |entry: &Entry| {
            wanted.is_empty() || format!("{} {}", teller.source(entry), teller.line(&entry.event)).to_lowercase().contains(&wanted)
        };
        let fitting = all.filter(|entry| self.shown.holds(entry, None) && holds(entry)).cloned().collect();
        self.fitting = Some((stamp, fitting));
    }

    fn rows(&self, session: &Session) -> usize {
        if let Some((_, fitting)) = &self.fitting {
            return fitting.len();
        }
        self.older.len() + self.recent(session).len()
    }

    /// The world's entries that are not among the older ones.
    fn recent<'s>(&self, session: &'s Session) -> RecentFrom<'s> {
        let after = self.older.back().map_or(0, |entry| entry.seq);
        let skip = session.world.recent.partition_point(|entry| entry.seq <= after);
        RecentFrom { entries: &session.world.recent, skip }
    }

    fn entry(&self, session: &Session, place: usize) -> Option<Arc<Entry>> {
        if let Some((_, fitting)) = &self.fitting {
            return fitting.get(place).cloned();
        }
        match place.checked_sub(self.older.len()) {
            None => self.older.get(place).cloned(),
            Some(place) => self.recent(session).get(place).cloned(),
        }
    }

    fn ask_older(&mut self, session: &mut Session) {
        if self.asked.is_some() || self.whole || self.older.len() >= KEPT {
            return;
        }
        let first = self.older.front().or_else(|| session.world.recent.front()).map(|entry| entry.seq);
        let asked = EntriesAsked { before: first, limit: PAGE, ..EntriesAsked::default() };
        self.asked = Some(session.ask(Ask::Entries(asked)));
    }

    fn note(&self, session: &Session) -> String {
        let count = self.rows(session);
        let facts = if count == 1 { "fact" } else { "facts" };
        let back = self.entry(session, 0).map(|entry| format!(", back to {}", session.time(entry.at))).unwrap_or_default();
        let more = match () {
            () if self.asked.is_some() => ", asking for more",
            () if self.whole => ", the whole journal",
            () if self.older.len() >= KEPT => ", further back with `dogwatch events`",
            () => "",
        };
        let fault = self.fault.as_ref().map(|fault| format!(", {fault}")).unwrap_or_default();
        let only = if self.shown == Shown::All { String::new() } else { format!("only {}, ", self.shown.word()) };
        let text = if self.filter.is_empty() { String::new() } else { format!("/{}, ", self.filter) };
        format!("{only}{text}{count} {facts}{back}{more}{fault}")
    }
}

struct RecentFrom<'s> {
    entries: &'s VecDeque<Arc<Entry>>,
    skip: usize,
}

impl<'s> RecentFrom<'s> {
    fn len(&self) -> usize {
        self.entries.len() - self.skip
    }

    fn get(&self, place: usize) -> Option<&'s Arc<Entry>> {
        self.entries.get(self.skip + place)
    }
}

impl Page for TimelinePage {
    fn title(&self, _session: &Session) -> String {
        "timeline".into()
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        vec![Place::Timeline, Place::List, Place::Global]
    }

    fn target(&self, session: &Session) -> Option<Target> {
        self.entry(session, self.cursor.at).and_then(|entry| fact::target(&entry.event))
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.refresh(session);
        let rows = self.rows(session);
        if self.following {
            self.cursor.at = rows.saturating_sub(1);
        }
        let mut painter = Painter::new(buffer, session);
        let area = section(&mut painter, area, "Timeline", &self.note(session), true, &session.glyphs);
        if rows == 0 {
            painter.none(area, if self.is_filtered() { "nothing fits; esc shows all" } else { "nothing has happened yet" });
        }
        let teller = Teller { world: Some(&session.world), zone: session.zone.clone(), ..Teller::default() };
        let source_width = (area.width / 5).clamp(8, 24);
        let mut cursor = self.cursor;
        cursor.draw(session, &mut painter, area, rows, |cells, place| {
            let Some(entry) = self.entry(session, place) else { return };
            cells.cell(10, Role::Muted, &session.time(entry.at));
            cells.cell(source_width, if entry.author.is_person() { Role::Name } else { Role::Muted }, &teller.source(&entry));
            let (symbol, role) = fact::look(&entry.event, &session.glyphs);
            cells.cell(1, role, symbol);
            cells.rest(if role == Role::Muted { Role::Text } else { role }, &teller.line(&entry.event));
        });
        self.cursor = cursor;
        None
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        self.refresh(session);
        match action {
            Action::ShowSort => {
                // Nothing is pinned on everyone's timeline.
                self.shown = self.shown.next();
                if self.shown == Shown::Pinned {
                    self.shown = Shown::All;
                }
                self.following = true;
                return true;
            }
            Action::Filter => {
                let dialog = Dialog::new("show only lines that hold", Intent::Page(FILTER));
                session.dialog(dialog.asks(Field::text(TEXT, &self.filter)));
                return true;
            }
            Action::Back if self.is_filtered() => {
                self.shown = Shown::All;
                self.filter.clear();
                self.following = true;
                return true;
            }
            _ => {}
        }
        let rows = self.rows(session);
        if action == Action::Open {
            match self.entry(session, self.cursor.at).and_then(|entry| fact::screen(&entry.event)) {
                Some(screen) => session.open(screen),
                None => session.toast(Tone::Plain, "there is no page for this fact"),
            }
            return true;
        }
        if !self.cursor.act(action, rows) {
            return false;
        }
        self.following = self.cursor.at + 1 >= rows;
        // A page before the reader comes to the oldest that is known, the next ones are asked for.
        if self.cursor.at < self.cursor.page() {
            self.ask_older(session);
        }
        true
    }

    fn confirmed(&mut self, word: &'static str, dialog: &Dialog, _session: &mut Session) {
        if word == FILTER {
            dialog.value(TEXT).unwrap_or_default().trim().clone_into(&mut self.filter);
            self.following = true;
        }
    }

    fn mouse(&mut self, event: MouseEvent, session: &mut Session) -> bool {
        if let Some(action) = wheel(event) {
            return self.act(action, session);
        }
        let rows = self.rows(session);
        let Some(row) = self.cursor.clicked(event, rows) else { return false };
        self.cursor.at = row;
        self.following = row + 1 == rows;
        true
    }

    fn copied(&self, session: &Session) -> Option<String> {
        let entry = self.entry(session, self.cursor.at)?;
        let teller = Teller { world: Some(&session.world), zone: session.zone.clone(), ..Teller::default() };
        let words = format!("{} {} {}", entry.at, teller.source(&entry), teller.line(&entry.event));
        Some(crate::text::line(&words).into_owned())
    }

    fn answered(&mut self, id: u64, result: &Result<Answer, Refusal>, session: &mut Session) {
        if self.asked != Some(id) {
            return;
        }
        self.asked = None;
        match result {
            Ok(Answer::Page { entries, more }) => {
                let first = self.older.front().or_else(|| session.world.recent.front()).map_or(u64::MAX, |entry| entry.seq);
                let before = self.rows(session);
                for entry in entries.iter().rev().filter(|entry| entry.seq < first && entry.event.is_told()) {
                    self.older.push_front(entry.clone());
                }
                self.refresh(session);
                // The reader stays on the same fact.
                self.cursor.at += self.rows(session).saturating_sub(before);
                self.whole = !more;
                self.fault = None;
            }
            Ok(_) => {}
            Err(refusal) => self.fault = Some(refusal.reason.clone()),
        }
    }
}
