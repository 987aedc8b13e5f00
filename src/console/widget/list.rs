//! A list of which only the visible rows are built: a frame costs the same at a hundred and at a hundred thousand rows.
//! The cursor and the marks hold ids, so that they stay on their things when rows move.

use super::input::Input;
use crate::console::action::Action;
use std::collections::BTreeSet;

/// The ids of a list in their order, sorted again only when something has changed.
#[derive(Debug, Clone)]
pub struct Order<Id, Stamp> {
    ids: Vec<Id>,
    stamp: Option<Stamp>,
    /// Columns that the longest name takes.
    pub name_width: u16,
}

impl<Id, Stamp> Default for Order<Id, Stamp> {
    fn default() -> Self {
        Self { ids: Vec::new(), stamp: None, name_width: 0 }
    }
}

impl<Id, Stamp: PartialEq> Order<Id, Stamp> {
    /// The ids, the first row first.
    pub fn ids(&self) -> &[Id] {
        &self.ids
    }

    /// Sorts again when the stamp is another one than the last time. Answers whether it did.
    pub fn refresh(&mut self, stamp: Stamp, make: impl FnOnce() -> (Vec<Id>, u16)) -> bool {
        if self.stamp.as_ref() == Some(&stamp) {
            return false;
        }
        (self.ids, self.name_width) = make();
        self.stamp = Some(stamp);
        true
    }
}

/// Where the reader is in a list.
#[derive(Debug, Clone)]
pub struct Cursor<Id> {
    on: Option<Id>,
    place: usize,
    offset: usize,
    height: usize,
    range_from: Option<Id>,
    /// Marked things.
    pub marks: BTreeSet<Id>,
    /// What rows must hold to be shown.
    pub filter: Input,
    /// Whether the filter is being typed.
    pub filtering: bool,
}

impl<Id> Default for Cursor<Id> {
    fn default() -> Self {
        Self {
            on: None,
            place: 0,
            offset: 0,
            height: 1,
            range_from: None,
            marks: BTreeSet::new(),
            filter: Input::default(),
            filtering: false,
        }
    }
}

impl<Id: Clone + Ord> Cursor<Id> {
    /// The thing under the cursor.
    pub fn on(&self) -> Option<&Id> {
        self.on.as_ref()
    }

    /// The place of the cursor, from 0.
    pub fn place(&self) -> usize {
        self.place
    }

    /// The first visible place.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Puts the cursor on its thing where that has moved, or on the place's new thing where it is gone, and forgets marks
    /// of things that are gone. Looks at one row when nothing has changed.
    pub fn settle(&mut self, ids: &[Id], changed: bool) {
        let still = self.on.is_some() && ids.get(self.place) == self.on.as_ref();
        if !still {
            let moved = self.on.as_ref().and_then(|on| ids.iter().position(|id| id == on));
            self.place = moved.unwrap_or(self.place.min(ids.len().saturating_sub(1)));
            self.on = ids.get(self.place).cloned();
        }
        if changed && !self.marks.is_empty() {
            let there: BTreeSet<&Id> = ids.iter().collect();
            self.marks.retain(|id| there.contains(id));
        }
    }

    /// Makes room for so many rows and keeps the cursor in sight. Answers the visible places.
    pub fn window(&mut self, count: usize, height: u16) -> std::ops::Range<usize> {
        self.height = usize::from(height).max(1);
        let last = count.saturating_sub(self.height);
        self.offset = self.offset.min(last).min(self.place);
        if self.place >= self.offset + self.height {
            self.offset = self.place + 1 - self.height;
        }
        self.offset..count.min(self.offset + usize::from(height))
    }

    /// Puts the cursor on a place.
    pub fn go(&mut self, ids: &[Id], place: usize) {
        self.place = place.min(ids.len().saturating_sub(1));
        self.on = ids.get(self.place).cloned();
        self.extend(ids);
    }

    /// Does what every list does; answers whether it was that.
    pub fn act(&mut self, action: Action, ids: &[Id]) -> bool {
        let half = (self.height / 2).max(1);
        let target = match action {
            Action::Down => self.place + 1,
            Action::Up => self.place.saturating_sub(1),
            Action::Top => 0,
            Action::Bottom => ids.len().saturating_sub(1),
            Action::HalfDown => self.place + half,
            Action::HalfUp => self.place.saturating_sub(half),
            Action::PageDown => self.place + self.height,
            Action::PageUp => self.place.saturating_sub(self.height),
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
                self.extend(ids);
                return true;
            }
            Action::MarkAll => {
                self.marks = if self.marks.len() == ids.len() { BTreeSet::new() } else { ids.iter().cloned().collect() };
                self.range_from = None;
                return true;
            }
            Action::Filter => {
                self.filtering = true;
                return true;
            }
            _ => return false,
        };
        self.go(ids, target);
        true
    }

    /// Whether a range is being drawn.
    pub fn is_ranging(&self) -> bool {
        self.range_from.is_some()
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
    pub fn chosen(&self, ids: &[Id]) -> Vec<Id> {
        if self.marks.is_empty() {
            self.on.iter().cloned().collect()
        } else {
            ids.iter().filter(|id| self.marks.contains(id)).cloned().collect()
        }
    }

    fn extend(&mut self, ids: &[Id]) {
        let Some(from) = self.range_from.as_ref().and_then(|from| ids.iter().position(|id| id == from)) else { return };
        let (first, last) = (from.min(self.place), from.max(self.place));
        self.marks = ids.iter().skip(first).take(last + 1 - first).cloned().collect();
    }
}
