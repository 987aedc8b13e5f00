//! Everything that is held, iced, preferred or waits for a person, what ends soon first: the list for the handover.
//!
//! ```text
//!  ── Holds ──────────────────────────────── 4, 1 ends within 12 h ──
//!   hold      weekly-report     ana      since Fri 22:10   until 08:00   upgrade
//! ▌ approval  pay/17 gate                                                are the rows plausible? (approver)
//!   ice       stock-sync        leo      since Thu 09:00                 warehouse moves
//!   priority  settle-fx/3                                                90 instead of 50
//! ```

use super::{Page, Screen};
use crate::console::widget::cursor::Cursor;
use crate::console::widget::paint::Painter;
use crate::console::widget::section::section;
use crate::console::{Action, Place, Role, Session, Target};
use crate::rules::{Held, HeldKind, holds};
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// What ends within this time is told in the heading: the next shift.
const SOON: SignedDuration = SignedDuration::from_hours(12);

/// The page.
#[derive(Debug, Default)]
pub struct HoldsPage {
    cursor: Cursor,
    area: Rect,
    known: Option<(u64, Vec<Held>)>,
}

impl HoldsPage {
    /// The rows, listed again when an entry has touched a flow.
    fn rows(&self) -> &[Held] {
        self.known.as_ref().map_or(&[], |(_, rows)| rows)
    }

    fn refresh(&mut self, session: &Session) {
        let touched = session.world.touched.flows;
        if self.known.as_ref().is_none_or(|(known, _)| *known != touched) {
            self.known = Some((touched, holds(&session.world)));
        }
    }

    fn chosen(&self) -> Option<&Held> {
        self.rows().get(self.cursor.at)
    }
}

fn target_of(row: &Held) -> Target {
    match (&row.run, &row.step) {
        (Some(run), Some(step)) => Target::Step(run.clone(), step.clone()),
        (Some(run), None) => Target::Run(run.clone()),
        (None, _) => Target::Flow(row.flow.clone()),
    }
}

fn role_of(kind: HeldKind) -> Role {
    match kind {
        HeldKind::Approval | HeldKind::Missed => Role::Warning,
        HeldKind::Hold | HeldKind::RunHold | HeldKind::Ice | HeldKind::Noop => Role::Waiting,
        HeldKind::Priority => Role::Muted,
    }
}

/// How many there are, and how many end soon.
fn note(rows: &[Held], now: Timestamp) -> String {
    let soon = rows.iter().filter(|row| row.until.is_some_and(|until| until.duration_since(now) <= SOON)).count();
    if soon > 0 { format!("{}, {soon} within {} h", rows.len(), SOON.as_hours()) } else { rows.len().to_string() }
}

impl Page for HoldsPage {
    fn title(&self, _session: &Session) -> String {
        "holds".into()
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        vec![Place::Flows, Place::List, Place::Global]
    }

    fn settle(&mut self, session: &Session) {
        self.refresh(session);
    }

    fn target(&self, _session: &Session) -> Option<Target> {
        self.chosen().map(target_of)
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.refresh(session);
        let mut painter = Painter::new(buffer, session);
        let rows = self.known.as_ref().map_or(&[][..], |(_, rows)| rows);
        self.area = section(&mut painter, area, "Holds", &note(rows, session.now), true, &session.glyphs);
        let area = self.area;
        if rows.is_empty() && area.height > 0 {
            painter.text(area.x + 1, area.y, area.width.saturating_sub(1), Role::Muted, "nothing is held, iced or waited for");
        }
        let object_width =
            rows.iter().map(|row| crate::text::width(&row.object())).max().unwrap_or(0).clamp(8, usize::from(area.width / 3).max(8));
        let wide = area.width >= 100;
        for (line, place) in self.cursor.window(rows.len(), area.height).enumerate() {
            let (Some(row), y) = (rows.get(place), area.y + line as u16) else { continue };
            let selected = place == self.cursor.at;
            painter.text(area.x, y, 1, Role::Key, if selected { session.glyphs.cursor } else { " " });
            let mut x = area.x + 2;
            let mut cell = |width: u16, role: Role, text: &str| {
                painter.text(x, y, width.min(area.right().saturating_sub(x)), role, text);
                x = x.saturating_add(width + 1);
            };
            cell(8, role_of(row.kind), row.kind.word());
            cell(object_width as u16, Role::Name, &row.object());
            cell(8, Role::Text, row.owner.as_deref().unwrap_or_default());
            if wide {
                cell(16, Role::Muted, &row.since.map(|at| format!("since {}", session.time(at))).unwrap_or_default());
            }
            let until = row.until.map(|at| format!("until {}", session.time(at))).unwrap_or_default();
            cell(16, Role::Warning, &until);
            cell(area.width, Role::Text, &row.reason);
            if selected {
                painter.role(Rect { y, height: 1, ..area }, Role::Selected);
            }
        }
        None
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        if action == Action::Open {
            match self.target(session) {
                Some(Target::Run(run) | Target::Step(run, _)) => session.open(Screen::Run(run)),
                Some(Target::Flow(flow)) => session.open(Screen::Flow(flow)),
                _ => {}
            }
            return true;
        }
        let rows = self.rows().len();
        self.cursor.act(action, rows)
    }

    fn copied(&self, _session: &Session) -> Option<String> {
        self.chosen().map(|row| row.hint.clone())
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
