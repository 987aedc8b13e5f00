//! The pane of the runbook that fits what is selected: its steps, what was done of them, and what comes next.

use super::pane::{ground, gutter};
use super::{Dashboard, Focus};
use crate::console::theme::Role;
use crate::console::view::runbook as fitting;
use crate::console::widget::line::Line;
use crate::console::widget::markdown::Row;
use crate::console::widget::paint::Painter;
use crate::console::widget::pane::Pane;
use crate::console::{Action, Session, Target};
use crate::domain::runbook::{ProcedureStep, Runbook};
use crate::domain::{RunbookId, Subject};
use crate::world::{Tick, TickState};
use ratatui::layout::Rect;

/// Columns of what became of a step.
const RESULT: u16 = 24;
/// Rows below the steps that are worth showing the text in.
const TEXT_LEAST: u16 = 3;

impl Dashboard {
    pub(super) fn settle_steps(&mut self, session: &Session) {
        let fitting = fitting::matching(&session.world, &self.subject()).map(|(id, _)| id);
        self.steps.refresh((fitting.clone(), session.world.touched.runbooks), || {
            let runbook = fitting.as_ref().and_then(|id| session.world.runbooks.get(id));
            (runbook.into_iter().flat_map(|runbook| runbook.steps.iter().map(|step| step.name.clone())).collect(), 0)
        });
    }

    pub(super) fn draw_runbook(&mut self, session: &Session, area: Rect, painter: &mut Painter<'_>) {
        let focused = self.focus == Focus::Runbook;
        let subject = self.subject();
        let found = fitting::matching(&session.world, &subject);
        let runbook = found.as_ref().and_then(|(id, reason)| session.world.runbooks.get(id).map(|runbook| (id, &**runbook, reason)));
        let Some((id, runbook, reason)) = runbook else {
            let pane = Pane { number: Some(4), title: "Runbook", focused, ..Pane::default() };
            let inner = pane.draw(painter, &session.glyphs.border, area);
            let words = if subject == Subject::Workspace { "nothing is selected".to_owned() } else { format!("no runbook fits {subject}") };
            if inner.height > 0 {
                painter.text(inner.x + 1, inner.y, inner.width.saturating_sub(2), Role::Muted, &words);
            }
            return;
        };
        let done = runbook.steps.iter().filter(|step| fitting::is_done(&session.world, id, &subject, &step.name)).count();
        let count = format!("{done}/{}", runbook.steps.len());
        let pane = Pane { number: Some(4), title: "Runbook", detail: id.as_str(), count: &count, focused };
        let inner = pane.draw(painter, &session.glyphs.border, area);
        let width = inner.width.saturating_sub(2);
        if inner.height > 0 {
            let taken = painter.text(inner.x + 1, inner.y, width, Role::Heading, &runbook.title);
            let words = format!("  {reason}");
            painter.text(inner.x + 1 + taken, inner.y, width.saturating_sub(taken), Role::Muted, &words);
        }
        let rows = Rect { y: inner.y.saturating_add(1), height: inner.height.saturating_sub(1), ..inner };
        if runbook.steps.is_empty() && rows.height > 0 {
            let key = session.options.keymap.key(Action::Runbook).unwrap_or_default();
            painter.text(rows.x + 1, rows.y, width, Role::Muted, &format!("no runnable steps; {key} on the row opens the text"));
        }
        self.draw_steps(session, rows, painter, (id, runbook, &subject));
        // What the steps leave is for what the runbook says about the one that is next, or under the cursor.
        let taken = u16::try_from(runbook.steps.len()).unwrap_or(u16::MAX).saturating_add(1);
        if let Some(height) = rows.height.checked_sub(taken).filter(|height| *height >= TEXT_LEAST) {
            let chosen = self.steps.on().filter(|_| focused);
            let open = || runbook.steps.iter().position(|step| !fitting::is_done(&session.world, id, &subject, &step.name));
            let place = chosen.and_then(|name| runbook.steps.iter().position(|step| step.name == *name)).or_else(open);
            let area = Rect { x: rows.x + 1, y: rows.y + taken, width, height };
            self.draw_text(session, area, painter, runbook, place.unwrap_or_default());
        }
    }

    /// The part of the text that is about a step: from the heading before it to the heading behind it.
    fn draw_text(&mut self, session: &Session, area: Rect, painter: &mut Painter<'_>, runbook: &Runbook, place: usize) {
        let lines: Vec<usize> = runbook.steps.iter().map(|step| step.line).collect();
        let rows = self.texts.rows(&runbook.text, &lines, area.width, &session.glyphs);
        let (mut from, mut upto) = (0, rows.len());
        if let Some(at) = rows.iter().position(|row| *row == Row::Slot(place)) {
            from = rows.iter().take(at).rposition(is_border).map_or(0, |before| before + usize::from(is_slot(rows.get(before))));
            upto = rows.iter().skip(at + 1).position(is_border).map_or(rows.len(), |behind| at + 1 + behind);
        }
        let mut y = area.y;
        for row in rows.get(from..upto).unwrap_or_default().iter().skip_while(|row| is_blank(row) || is_title(row, &runbook.title)) {
            let code = match row {
                Row::Text(line) => vec![line.clone()],
                Row::Slot(slot) => {
                    let command = runbook.steps.get(*slot).map(|step| step.run.to_string()).unwrap_or_default();
                    command.lines().map(|line| Line::of(Role::Code, format!("  {line}"))).collect()
                }
            };
            for line in code {
                if y >= area.bottom() {
                    return;
                }
                painter.line(area.x, y, area.width, &line);
                y += 1;
            }
        }
    }

    fn draw_steps(&mut self, session: &Session, rows: Rect, painter: &mut Painter<'_>, about: (&RunbookId, &Runbook, &Subject)) {
        let (id, runbook, subject) = about;
        let focused = self.focus == Focus::Runbook;
        let next = runbook.steps.iter().find(|step| !fitting::is_done(&session.world, id, subject, &step.name)).map(|step| &step.name);
        self.steps.lay(rows);
        for (name, row) in self.steps.seen() {
            let Some((place, step)) = runbook.steps.iter().enumerate().find(|(_, step)| step.name == *name) else { continue };
            let y = row.y;
            let tick = session.world.procedure(id, subject).and_then(|walked| walked.ticks.get(&step.name));
            let selected = focused && self.steps.on() == Some(name);
            if let Some(role) = ground((selected, focused), false, false) {
                painter.role(row, role);
            }
            let target = Target::Procedure { runbook: id.clone(), subject: subject.clone(), step: step.name.clone() };
            let pending = !session.pending.is_empty() && session.is_pending(&target);
            let (symbol, role) = gutter(session, selected, false, pending);
            let (mark, mark_role) = mark(session, tick, next == Some(&step.name));
            painter.text(rows.x, y, rows.width.min(1), role, symbol);
            painter.text(rows.x + 1, y, rows.width.saturating_sub(1).min(1), mark_role, mark);
            let result_at = rows.width.saturating_sub(RESULT + 1).max(rows.width / 2);
            let title = format!("{} {}", place + 1, step.title);
            let title_role =
                if matches!(tick.map(|tick| tick.state), Some(TickState::Passed | TickState::ByHand)) { Role::Muted } else { Role::Text };
            painter.text(rows.x + 3, y, result_at.saturating_sub(4), title_role, &title);
            let (words, role) = result(session, step, tick, next == Some(&step.name));
            painter.text(rows.x + result_at, y, rows.width.saturating_sub(result_at + 1), role, &words);
        }
    }
}

/// Whether what is said of one step ends here and what is said of another begins.
fn is_border(row: &Row) -> bool {
    match row {
        Row::Slot(_) => true,
        Row::Text(line) => line.parts.first().is_some_and(|(role, _)| *role == Role::Heading),
    }
}

fn is_slot(row: Option<&Row>) -> bool {
    matches!(row, Some(Row::Slot(_)))
}

/// Whether it says again what the pane's first row says.
fn is_title(row: &Row, title: &str) -> bool {
    matches!(row, Row::Text(line) if is_border(row) && line.parts.iter().map(|(_, text)| &**text).collect::<String>().trim() == title)
}

fn is_blank(row: &Row) -> bool {
    matches!(row, Row::Text(line) if line.parts.iter().all(|(_, text)| text.trim().is_empty()))
}

fn mark(session: &Session, tick: Option<&Tick>, next: bool) -> (&'static str, Role) {
    let glyphs = &session.glyphs;
    match tick.map(|tick| tick.state) {
        Some(TickState::Running) => (glyphs.active, Role::Active),
        Some(TickState::Passed | TickState::ByHand) => (glyphs.done, Role::Good),
        Some(TickState::Failed) => (glyphs.bad, Role::Bad),
        Some(TickState::Open) | None if next => (glyphs.next, Role::Key),
        Some(TickState::Open) | None => (" ", Role::Text),
    }
}

fn result(session: &Session, step: &ProcedureStep, tick: Option<&Tick>, next: bool) -> (String, Role) {
    match tick {
        Some(tick) if tick.state == TickState::Running => (format!("running {} {}", session.age(tick.at), tick.by), Role::Active),
        Some(tick) if tick.state == TickState::ByHand => (format!("by hand, {} {}", session.time(tick.at), tick.by), Role::Muted),
        Some(tick) if tick.state != TickState::Open => {
            let end = tick.end.as_ref().map(ToString::to_string).unwrap_or_default();
            let role = if tick.state == TickState::Failed { Role::Bad } else { Role::Muted };
            (format!("{end}, {} {}", session.time(tick.at), tick.by), role)
        }
        _ if step.danger => ("asks before it runs".into(), Role::Warning),
        _ if next => {
            let run = step.run.to_string();
            (format!("{} {}", session.glyphs.enter, run.lines().next().unwrap_or_default()), Role::Code)
        }
        _ => (String::new(), Role::Muted),
    }
}
