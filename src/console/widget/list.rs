//! A list of things that are known by their ids, of which only the visible rows are built: a frame costs the same at a
//! hundred and at a hundred thousand rows. The cursor and the marks hold ids, so that they stay on their things when rows
//! move.

use super::cursor::{line_clicked, wheel};
use super::input::Input;
use super::paint::Painter;
use super::section::section;
use crate::console::Session;
use crate::console::action::Action;
use crate::console::session::{Connection, Tone};
use crossterm::event::MouseEvent;
use ratatui::layout::{Position, Rect};
use std::collections::BTreeSet;

/// What is said where nothing is listed.
#[derive(Debug, Clone, Copy)]
pub struct Empty<'a> {
    /// There is nothing at all.
    pub nothing: &'a str,
    /// There is nothing that fits the filter.
    pub unfit: &'a str,
    /// The latter says how one filters, so it is said as soon as a filter is begun.
    pub teaches: bool,
}

/// The ids in their order, sorted again only when something has changed, and where the reader is among them.
#[derive(Debug, Clone)]
pub struct List<Id, Stamp> {
    ids: Vec<Id>,
    stamp: Option<Stamp>,
    /// Columns that the longest name takes.
    pub name_width: u16,
    on: Option<Id>,
    place: usize,
    top: usize,
    area: Rect,
    range_from: Option<Id>,
    /// Marked things.
    pub marks: BTreeSet<Id>,
    /// What rows must hold to be shown.
    pub filter: Input,
    /// Whether the filter is being typed.
    pub filtering: bool,
}

impl<Id, Stamp> Default for List<Id, Stamp> {
    fn default() -> Self {
        Self {
            ids: Vec::new(),
            stamp: None,
            name_width: 0,
            on: None,
            place: 0,
            top: 0,
            area: Rect::default(),
            range_from: None,
            marks: BTreeSet::new(),
            filter: Input::default(),
            filtering: false,
        }
    }
}

impl<Id: Clone + Ord, Stamp: PartialEq> List<Id, Stamp> {
    /// The ids, the first row first.
    pub fn ids(&self) -> &[Id] {
        &self.ids
    }

    /// The thing under the cursor.
    pub fn on(&self) -> Option<&Id> {
        self.on.as_ref()
    }

    /// The place of the cursor, from 0.
    pub fn place(&self) -> usize {
        self.place
    }

    /// What is looked for.
    pub fn wanted(&self) -> String {
        self.filter.text().trim().to_owned()
    }

    /// Sorts again when the stamp is another one than the last time; `sort` gives the ids and the columns of the longest
    /// name. The cursor stays on its thing where that has moved, or goes to the place's new thing where it is gone; marks
    /// of things that are gone are forgotten. Looks at one row when nothing has changed.
    pub fn refresh(&mut self, stamp: Stamp, sort: impl FnOnce() -> (Vec<Id>, u16)) {
        let changed = self.stamp.as_ref() != Some(&stamp);
        if changed {
            (self.ids, self.name_width) = sort();
            self.stamp = Some(stamp);
        }
        let still = self.on.is_some() && self.ids.get(self.place) == self.on.as_ref();
        if !still {
            let moved = self.on.as_ref().and_then(|on| self.ids.iter().position(|id| id == on));
            self.place = moved.unwrap_or(self.place.min(self.ids.len().saturating_sub(1)));
            self.on = self.ids.get(self.place).cloned();
        }
        if changed && !self.marks.is_empty() {
            let there: BTreeSet<&Id> = self.ids.iter().collect();
            self.marks.retain(|id| there.contains(id));
        }
    }

    fn page(&self) -> usize {
        usize::from(self.area.height).max(1)
    }

    /// Lays the rows into an area so that the cursor is in sight; called by drawing.
    pub fn lay(&mut self, area: Rect) {
        self.area = area;
        self.top = self.top.min(self.ids.len().saturating_sub(self.page())).min(self.place);
        self.top = self.top.max((self.place + 1).saturating_sub(self.page()));
    }

    /// What is in sight, each with its row.
    pub fn seen(&self) -> impl Iterator<Item = (&Id, Rect)> {
        let area = self.area;
        let rows = (area.top()..area.bottom()).map(move |y| Rect { y, height: 1, ..area });
        self.ids.iter().skip(self.top).zip(rows)
    }

    /// Puts the cursor on a place.
    pub fn go(&mut self, place: usize) {
        self.place = place.min(self.ids.len().saturating_sub(1));
        self.on = self.ids.get(self.place).cloned();
        self.extend();
    }

    /// The place at a line of what is in sight, which may be beyond the last.
    pub fn place_at(&self, line: usize) -> usize {
        self.top + line
    }

    /// The place that a click meets, which may be beyond the last.
    pub fn clicked(&self, event: MouseEvent) -> Option<usize> {
        line_clicked(event, self.area).map(|line| self.place_at(line))
    }

    /// Does what every list does; answers whether it was that.
    pub fn act(&mut self, action: Action) -> bool {
        let half = (self.page() / 2).max(1);
        let target = match action {
            Action::Down => self.place + 1,
            Action::Up => self.place.saturating_sub(1),
            Action::Top => 0,
            Action::Bottom => self.ids.len().saturating_sub(1),
            Action::HalfDown => self.place + half,
            Action::HalfUp => self.place.saturating_sub(half),
            Action::PageDown => self.place + self.page(),
            Action::PageUp => self.place.saturating_sub(self.page()),
            Action::Mark => {
                if let Some(on) = self.on.clone()
                    && !self.marks.remove(&on)
                {
                    self.marks.insert(on);
                }
                self.range_from = None;
                self.place + 1
            }
            Action::Range => {
                self.range_from = if self.range_from.is_some() { None } else { self.on.clone() };
                self.extend();
                return true;
            }
            Action::MarkAll => {
                let all = self.marks.len() == self.ids.len();
                self.marks = if all { BTreeSet::new() } else { self.ids.iter().cloned().collect() };
                self.range_from = None;
                return true;
            }
            Action::Filter => {
                self.filtering = true;
                return true;
            }
            _ => return false,
        };
        self.go(target);
        true
    }

    /// Does an action while the filter is being typed.
    pub fn act_on_filter(&mut self, action: Action) {
        match action {
            Action::Confirm => self.filtering = false,
            Action::Cancel => {
                self.filtering = false;
                self.filter.clear();
            }
            Action::NextField => drop(self.act(Action::Down)),
            Action::PreviousField => drop(self.act(Action::Up)),
            Action::PageDown | Action::PageUp => drop(self.act(action)),
            other => self.filter.act(other),
        }
    }

    /// Puts a text into the filter, and says where there was no room for all of it.
    pub fn paste(&mut self, text: &str, session: &mut Session) {
        if !self.filter.insert(text) {
            session.toast(Tone::Bad, "the pasted text was cut");
        }
    }

    /// Moves by the wheel, or to the row that was clicked; answers whether it was one of these.
    pub fn mouse(&mut self, event: MouseEvent) -> bool {
        if let Some(action) = wheel(event) {
            return self.act(action);
        }
        self.clicked(event).map(|place| self.go(place)).is_some()
    }

    /// Takes marks, range and filter back, the last one first. Answers whether there was one.
    pub fn step_back(&mut self) -> bool {
        if self.range_from.take().is_some() || !self.marks.is_empty() {
            self.marks.clear();
        } else if !self.filter.is_empty() {
            self.filter.clear();
        } else {
            return false;
        }
        true
    }

    /// Marked things in their order, or the one under the cursor.
    pub fn chosen(&self) -> Vec<Id> {
        if self.marks.is_empty() {
            self.on.iter().cloned().collect()
        } else {
            self.ids.iter().filter(|id| self.marks.contains(id)).cloned().collect()
        }
    }

    fn extend(&mut self) {
        let Some(from) = self.range_from.as_ref().and_then(|from| self.ids.iter().position(|id| id == from)) else { return };
        let (first, last) = (from.min(self.place), from.max(self.place));
        self.marks = self.ids.iter().skip(first).take(last + 1 - first).cloned().collect();
    }

    /// The heading of a page that is this list, with its filter and its marks. Answers what is left below it, and where
    /// the cursor of the typed filter stands.
    pub fn heading(&self, session: &Session, painter: &mut Painter<'_>, area: Rect, title: &str, note: &str) -> (Rect, Option<Position>) {
        let filter = self.filter.text();
        let title = if self.filtering || !filter.is_empty() { format!("{title} /{filter}") } else { title.to_owned() };
        let note = self.marked(session, note);
        let inside = section(painter, area, &title, &note, true, &session.glyphs);
        let typed = self.filtering.then(|| {
            let x = area.x + 3 + crate::text::width(&crate::text::line(&title)) as u16;
            Position::new(x.min(area.right().saturating_sub(1)), area.y)
        });
        (inside, typed)
    }

    /// What stands at the right of a heading, after how many are marked.
    pub fn marked(&self, session: &Session, note: &str) -> String {
        match self.marks.len() {
            0 => note.to_owned(),
            marks => format!("{marks} marked {} {note}", session.glyphs.dot),
        }
    }

    /// Says in an area why nothing is listed.
    pub fn draw_none(&self, session: &Session, painter: &mut Painter<'_>, area: Rect, none: &Empty<'_>) {
        let words = match () {
            () if !self.ids.is_empty() => return,
            // While the replica is not complete, an empty list does not mean that there is nothing.
            () if session.connection != Connection::Live => "not known yet",
            () if self.filter.is_empty() && !(none.teaches && self.filtering) => none.nothing,
            () => none.unfit,
        };
        painter.none(Rect { width: area.width.saturating_sub(1), ..area }, words);
    }
}
