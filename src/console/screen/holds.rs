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
use crate::console::widget::paint::Painter;
use crate::console::widget::rows::Rows;
use crate::console::widget::section::section;
use crate::console::{Action, Place, Role, Session, Target};
use crate::rules::{Held, HeldKind, holds};
use crossterm::event::MouseEvent;
use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// What ends within this time is told in the heading: the next shift.
const SOON: SignedDuration = SignedDuration::from_hours(12);

/// The page.
#[derive(Debug, Default)]
pub struct HoldsPage {
    list: Rows<Held>,
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
        self.list.refresh(
            session.world.touched.flows,
            |row, on| (row.kind, target_of(row)) == (on.kind, target_of(on)),
            || holds(&session.world),
        );
    }

    fn target(&self, _session: &Session) -> Option<Target> {
        self.list.chosen().map(target_of)
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.settle(session);
        let mut painter = Painter::new(buffer, session);
        let rows = self.list.all();
        let area = section(&mut painter, area, "Holds", &note(rows, session.now), true, &session.glyphs);
        let longest = rows.iter().map(|row| crate::text::width(&row.object())).max().unwrap_or(0);
        let object_width = longest.clamp(8, usize::from(area.width / 3).max(8)) as u16;
        let since_width = if area.width >= 100 { 16 } else { 0 };
        self.list.draw(session, &mut painter, area, "nothing is held, iced or waited for", |cells, row| {
            let told = |word: &str, at: Option<Timestamp>| at.map(|at| format!("{word} {}", session.time(at))).unwrap_or_default();
            cells.cell(8, role_of(row.kind), row.kind.word());
            cells.cell(object_width, Role::Name, &row.object());
            cells.cell(8, Role::Text, row.owner.as_deref().unwrap_or_default());
            cells.cell(since_width, Role::Muted, &told("since", row.since));
            cells.cell(16, Role::Warning, &told("until", row.until));
            cells.rest(Role::Text, &row.reason);
        });
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
        self.list.act(action)
    }

    fn copied(&self, _session: &Session) -> Option<String> {
        self.list.chosen().map(|row| row.hint.clone())
    }

    fn mouse(&mut self, event: MouseEvent, _session: &mut Session) -> bool {
        self.list.mouse(event)
    }
}
