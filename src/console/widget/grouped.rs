//! A page that is one long list: below headings that can be folded, in the order and with the filter that the reader
//! wants. What is listed, and how a row looks, is the page's.

use super::cells::Cells;
use super::list::{Empty, List};
use super::paint::Painter;
use crate::console::{Action, Role, Session, Target};
use ratatui::layout::{Position, Rect};
use std::collections::{BTreeMap, BTreeSet};

/// A row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry<Id> {
    /// A heading, by its words.
    Group(String),
    /// A thing.
    One(Id),
}

/// What of many things is wanted, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted<Sort, Group> {
    /// The filter as it was typed.
    pub filter: String,
    /// The order.
    pub sort: Sort,
    /// The headings.
    pub group: Group,
    /// Headings whose rows are folded away.
    pub closed: BTreeSet<String>,
}

/// The rows that come of it.
#[derive(Debug)]
pub struct Entries<Id> {
    rows: Vec<Entry<Id>>,
    counts: BTreeMap<String, usize>,
    things: usize,
    name_width: u16,
}

impl<Id> Entries<Id> {
    /// Puts things, which are sorted, below their headings. `name_width` is how many columns the longest name takes.
    pub fn of(things: impl Iterator<Item = (Option<String>, Id)>, closed: &BTreeSet<String>, name_width: u16) -> Self {
        let mut made = Self { rows: Vec::new(), counts: BTreeMap::new(), things: 0, name_width };
        for (heading, id) in things {
            made.things += 1;
            let is_closed = heading.as_ref().is_some_and(|heading| closed.contains(heading));
            if let Some(heading) = heading {
                let count = made.counts.entry(heading.clone()).or_default();
                *count += 1;
                if *count == 1 {
                    made.rows.push(Entry::Group(heading));
                }
            }
            if !is_closed {
                made.rows.push(Entry::One(id));
            }
        }
        made
    }
}

/// When the things were looked at: the last entry that touched them, how many there are, the minute where that matters.
pub type Looked = (u64, usize, i64);

/// The list with what the reader wants of it.
#[derive(Debug)]
pub struct Grouped<Id, Sort, Group> {
    /// The rows, the cursor, the marks, the filter.
    pub list: List<Entry<Id>, (Looked, Wanted<Sort, Group>)>,
    /// The order.
    pub sort: Sort,
    /// The headings.
    pub group: Group,
    /// How many things there are below all headings.
    pub things: usize,
    closed: BTreeSet<String>,
    counts: BTreeMap<String, usize>,
}

impl<Id, Sort: Default, Group: Default> Default for Grouped<Id, Sort, Group> {
    fn default() -> Self {
        let (closed, counts) = (BTreeSet::new(), BTreeMap::new());
        Self { list: List::default(), sort: Sort::default(), group: Group::default(), things: 0, closed, counts }
    }
}

/// What stands around the rows of such a page.
pub struct Look<'a, Id> {
    /// The heading.
    pub title: &'a str,
    /// What stands at its right end.
    pub note: &'a str,
    /// Titles and widths of the columns; one of no width is left out.
    pub columns: &'a [(&'static str, u16)],
    /// What is said where there are no rows.
    pub none: Empty<'a>,
    /// What an action on a row is about.
    pub target: fn(Id) -> Target,
}

impl<Id: Clone + Ord, Sort: Clone + PartialEq, Group: Clone + PartialEq> Grouped<Id, Sort, Group> {
    /// Lists again where the things have changed, or what is wanted of them.
    pub fn refresh(&mut self, looked: Looked, list: impl FnOnce(&Wanted<Sort, Group>) -> Entries<Id>) {
        let (sort, group, closed) = (self.sort.clone(), self.group.clone(), self.closed.clone());
        let wanted = Wanted { filter: self.list.wanted(), sort, group, closed };
        let (counts, things) = (&mut self.counts, &mut self.things);
        self.list.refresh((looked, wanted.clone()), || {
            let made = list(&wanted);
            (*counts, *things) = (made.counts, made.things);
            (made.rows, made.name_width)
        });
    }

    /// The thing under the cursor; none on a heading.
    pub fn on(&self) -> Option<&Id> {
        match self.list.on()? {
            Entry::One(id) => Some(id),
            Entry::Group(_) => None,
        }
    }

    /// Marked things, or the one under the cursor.
    pub fn chosen(&self) -> impl Iterator<Item = Id> {
        self.list.chosen().into_iter().filter_map(|entry| if let Entry::One(id) = entry { Some(id) } else { None })
    }

    /// Puts other headings in; all are open.
    pub fn group_by(&mut self, group: Group) {
        self.group = group;
        self.closed.clear();
    }

    /// Folds or opens the heading under the cursor, or the one above the row.
    pub fn fold(&mut self) {
        let above = self.list.ids().iter().enumerate().take(self.list.place() + 1).rev();
        let heading =
            above.into_iter().find_map(|(place, entry)| if let Entry::Group(words) = entry { Some((place, words)) } else { None });
        let Some((place, heading)) = heading.map(|(place, heading)| (place, heading.clone())) else { return };
        self.list.go(place);
        if !self.closed.remove(&heading) {
            self.closed.insert(heading);
        }
    }

    /// Does what every such page does; answers whether it was that. The page lists again afterwards.
    pub fn act(&mut self, action: Action, session: &mut Session) -> bool {
        match action {
            Action::Zoom => session.back(),
            Action::Back if !self.list.step_back() => session.back(),
            Action::Back => {}
            other => return self.list.act(other),
        }
        true
    }

    /// Draws the page; `draw` gets the cells of a thing's row. Answers where the cursor of the typed filter stands.
    pub fn draw(
        &mut self,
        session: &Session,
        painter: &mut Painter<'_>,
        area: Rect,
        look: &Look<'_, Id>,
        mut draw: impl FnMut(&mut Cells<'_, '_>, &Id),
    ) -> Option<Position> {
        let (inside, typed) = self.list.heading(session, painter, area, look.title, look.note);
        if inside.height > 1 {
            let mut cells = Cells::new(painter, Rect { height: 1, ..inside }, 1);
            for (title, width) in look.columns {
                cells.cell(*width, Role::Muted, title);
            }
        }
        let rows = Rect { y: inside.y + inside.height.min(1), height: inside.height.saturating_sub(1), ..inside };
        self.list.draw_none(session, painter, rows, &look.none);
        self.list.lay(rows);
        for (entry, row) in self.list.seen() {
            let (selected, marked) = (self.list.on() == Some(entry), self.list.marks.contains(entry));
            // A mark or a request under way is shown in place of the cursor's sign: the row itself shows the cursor.
            let mut sign = selected.then_some((session.glyphs.cursor, Role::BorderFocused));
            match entry {
                Entry::Group(heading) => {
                    let sign = if self.closed.contains(heading) { session.glyphs.next } else { session.glyphs.dot };
                    let count = self.counts.get(heading).copied().unwrap_or_default();
                    Cells::new(painter, row, 1).rest(Role::Heading, &format!("{sign} {heading}  {count}"));
                }
                Entry::One(id) => {
                    draw(&mut Cells::new(painter, row, 1), id);
                    let pending = !session.pending.is_empty() && session.is_pending(&(look.target)(id.clone()));
                    match () {
                        () if pending => sign = Some((session.glyphs.pending, Role::Key)),
                        () if marked => sign = Some((session.glyphs.mark, Role::Key)),
                        () => {}
                    }
                }
            }
            if selected {
                painter.role(row, Role::Selected);
            } else if marked {
                painter.role(row, Role::Marked);
            }
            if let Some((symbol, role)) = sign {
                painter.text(row.x, row.y, row.width.min(1), role, symbol);
            }
        }
        typed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folded_heading_counts_what_it_hides() {
        let things = [("bad", 1), ("bad", 2), ("good", 3)].map(|(heading, id)| (Some(heading.to_owned()), id));
        let made = Entries::of(things.into_iter(), &BTreeSet::from(["bad".to_owned()]), 1);
        let group = |words: &str| Entry::Group(words.to_owned());
        assert_eq!(made.rows, [group("bad"), group("good"), Entry::One(3)]);
        assert_eq!((made.things, made.counts.get("bad")), (3, Some(&2)));
    }
}
