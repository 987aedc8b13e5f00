//! What the list panes have in common: the border with its filter, the words where there is nothing, how rows stand out.

use crate::console::theme::Role;
use crate::console::widget::list::{Empty, List};
use crate::console::widget::paint::Painter;
use crate::console::widget::pane::Pane;
use crate::console::{Session, Target};
use ratatui::layout::{Position, Rect};

/// What stands around the rows of a pane.
pub(super) struct Look<'a, Id> {
    /// The key that leads to it.
    pub(super) number: u8,
    pub(super) title: &'a str,
    pub(super) focused: bool,
    /// How many there are, and how many of which kind.
    pub(super) count: String,
    /// What is said where there are none, and where none fits the filter.
    pub(super) none: (&'a str, &'a str),
    /// What an action on a row is about.
    pub(super) target: fn(Id) -> Target,
}

impl<Id: Clone + Ord> Look<'_, Id> {
    /// Draws the border and lays the list into it. Answers the room for rows, and where the cursor of the typed filter
    /// stands.
    pub(super) fn frame<Stamp: PartialEq>(
        &self,
        painter: &mut Painter<'_>,
        session: &Session,
        area: Rect,
        list: &mut List<Id, Stamp>,
    ) -> (Rect, Option<Position>) {
        let filter = list.filter.text();
        let detail = if filter.is_empty() && !list.filtering { String::new() } else { format!("/{filter}") };
        let count = list.marked(session, &self.count);
        let pane = Pane { number: Some(self.number), title: self.title, detail: &detail, count: &count, focused: self.focused };
        let inner = pane.draw(painter, &session.glyphs.border, area);
        let after = area.x + 2 + 4 + self.title.len() as u16 + crate::text::width(&crate::text::line(&detail)) as u16;
        let typing = list.filtering && self.focused && inner.height > 0;
        list.draw_none(session, painter, inner, &Empty { nothing: self.none.0, unfit: self.none.1, teaches: false });
        list.lay(inner);
        (inner, typing.then(|| Position::new(after.min(inner.right()), area.y)))
    }

    /// Draws the rows in sight: ground and first column, and what `draw` puts beside them.
    pub(super) fn rows<Stamp: PartialEq>(
        &self,
        painter: &mut Painter<'_>,
        session: &Session,
        list: &List<Id, Stamp>,
        is_related: impl Fn(&Id) -> bool,
        mut draw: impl FnMut(&mut Painter<'_>, Rect, &Id),
    ) {
        for (id, row) in list.seen() {
            let (selected, marked) = (list.on() == Some(id), list.marks.contains(id));
            if let Some(role) = ground((selected, self.focused), marked, is_related(id)) {
                painter.role(row, role);
            }
            let pending = !session.pending.is_empty() && session.is_pending(&(self.target)(id.clone()));
            let (symbol, role) = gutter(session, selected && self.focused, marked, pending);
            painter.text(row.x, row.y, row.width.min(1), role, symbol);
            draw(painter, row, id);
        }
    }
}

/// A count with more about it: `12 · 1 late · 1 failed`, without what is 0.
pub(super) fn counted(session: &Session, count: String, more: &[(u32, &str)]) -> String {
    more.iter()
        .filter(|(number, _)| *number > 0)
        .fold(count, |count, (number, word)| format!("{count} {} {number} {word}", session.glyphs.dot))
}

/// How a row looks beside its own colours.
pub(super) fn ground((selected, focused): (bool, bool), marked: bool, related: bool) -> Option<Role> {
    match () {
        () if selected && focused => Some(Role::Selected),
        () if marked => Some(Role::Marked),
        () if related => Some(Role::Related),
        () if selected => Some(Role::SelectedElsewhere),
        () => None,
    }
}

/// The first column of a row: cursor, mark, request under way.
pub(super) fn gutter(session: &Session, selected: bool, marked: bool, pending: bool) -> (&'static str, Role) {
    match () {
        () if pending => (session.glyphs.pending, Role::Active),
        () if marked => (session.glyphs.mark, Role::Key),
        () if selected => (session.glyphs.cursor, Role::BorderFocused),
        () => (" ", Role::Text),
    }
}
