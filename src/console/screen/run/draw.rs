//! The steps of a run with their bars, and the attempts of one step.

use super::took;
use crate::console::view::{bars, state};
use crate::console::widget::cursor::Cursor;
use crate::console::widget::gantt;
use crate::console::widget::line::Line;
use crate::console::widget::paint::Painter;
use crate::console::widget::section::section;
use crate::console::{Role, Session};
use crate::domain::StepName;
use crate::world::{Attempt, Run, StepRun};
use ratatui::layout::Rect;

/// Widths of the columns of a step's row: name, words, bars; what is left takes the duration.
fn columns(area: Rect, run: &Run) -> (u16, u16, u16) {
    let longest = run.steps.iter().map(|step| crate::text::width(step.name.as_str())).max().unwrap_or(0) as u16;
    let name = longest.clamp(4, (area.width / 4).max(4));
    let words = (area.width / 4).clamp(8, 28);
    let bars = area.width.saturating_sub(name + words + 14);
    (name, words, bars)
}

/// What is listed of a run's steps, with what is drawn beside them.
pub(super) struct Listed<'a> {
    pub(super) places: &'a [usize],
    /// Absent where all steps are listed.
    pub(super) title: &'a str,
    pub(super) bars: &'a bars::Bars,
    pub(super) path: &'a [StepName],
}

pub(super) fn draw_steps(
    painter: &mut Painter<'_>,
    session: &Session,
    (run, good): (&Run, Option<&Run>),
    listed: &Listed<'_>,
    cursor: &mut Cursor,
    area: Rect,
) {
    let (name_width, words_width, bars_width) = columns(area, run);
    let (done, all) = run.progress();
    let note = good.map_or(String::new(), |good| format!("{} {} beside it", if session.glyphs.ascii { "-" } else { "░" }, good.id.name));
    let title = match listed.title {
        "" => format!("Steps {done}/{all}"),
        filtered => format!("{filtered}   {} of {all}", listed.places.len()),
    };
    let inside = section(painter, area, &title, &note, true, &session.glyphs);
    if listed.places.is_empty() {
        painter.text(inside.x + 2, inside.y, inside.width.saturating_sub(2), Role::Muted, "no step has this in its name; esc lists all");
    }
    let (bars, path) = (listed.bars, listed.path);
    let bars_x = inside.x + 4 + name_width + 1 + words_width + 1;
    cursor.draw(session, painter, inside, listed.places.len(), |cells, row| {
        let Some((place, step)) = listed.places.get(row).and_then(|place| Some((*place, run.steps.get(*place)?))) else { return };
        let (painter, y) = (&mut *cells.painter, cells.left.y);
        if path.len() > 1 && path.contains(&step.name) {
            painter.text(inside.x + 1, y, 1, Role::Warning, session.glyphs.critical);
        }
        let (symbol, role) = state::step(&step.state, &session.glyphs);
        let role_of_words = if step.carried { Role::Muted } else { role };
        painter.text(inside.x + 2, y, 1, role, symbol);
        painter.text(inside.x + 4, y, name_width.min(inside.right().saturating_sub(inside.x + 4)), Role::Name, step.name.as_str());
        let words_x = inside.x + 4 + name_width + 1;
        painter.text(words_x, y, words_width.min(inside.right().saturating_sub(words_x)), role_of_words, &state::step_words(step));
        let row = Rect { x: bars_x, y, width: bars_width.min(inside.right().saturating_sub(bars_x)), height: 1 };
        if let Some(of_step) = bars.steps.get(place) {
            gantt::bars(painter, row, of_step, bars.span, session.glyphs.ascii);
        }
        if let (Some(now), true) = (bars.now, row.width > 0) {
            let x = row.x + gantt::column(now, bars.span, row.width);
            painter.text(x, y, 1, Role::Active, session.glyphs.border[5]);
        }
        let spent = step.attempts.first().zip(step.attempts.last()).map(|(first, last)| {
            let from = first.started_at.unwrap_or(first.starting_at);
            match last.ended_at {
                Some(to) => took(from, to),
                None => session.age(from),
            }
        });
        if let Some(spent) = spent.filter(|_| !step.carried) {
            painter.right(Rect { y, height: 1, ..inside }, y, Role::Text, &spent);
        }
    });
}

pub(super) fn draw_attempts(painter: &mut Painter<'_>, session: &Session, step: &StepRun, area: Rect) {
    let more = step.attempts.len().saturating_sub(5);
    let note = if more > 0 { format!("{more} earlier") } else { String::new() };
    let inside = section(painter, area, &format!("Attempts of {}", step.name), &note, false, &session.glyphs);
    if step.attempts.is_empty() {
        let words = if step.carried { "kept from the earlier run" } else { "none has started" };
        painter.text(inside.x + 2, inside.y, inside.width.saturating_sub(2), Role::Muted, words);
        return;
    }
    for (line, attempt) in step.attempts.iter().skip(more).take(usize::from(inside.height)).enumerate() {
        let words = attempt_line(session, attempt);
        painter.line(inside.x + 2, inside.y + line as u16, inside.width.saturating_sub(2), &words);
    }
}

fn attempt_line(session: &Session, attempt: &Attempt) -> Line {
    let (symbol, role) = state::end(attempt.end.as_ref(), &session.glyphs);
    let mut line = Line::of(role, format!("{symbol} {:<3}", attempt.number));
    let from = attempt.started_at.unwrap_or(attempt.starting_at);
    let spent = attempt.ended_at.map_or_else(|| session.age(from), |to| took(from, to));
    line.push(Role::Text, format!("{:<10} {spent:<8} ", session.time(from)));
    match (&attempt.end, attempt.pid) {
        (Some(end), _) => line.push(role, format!("{end}  ")),
        (None, Some(pid)) => line.push(role, format!("running, pid {pid}  ")),
        (None, None) => line.push(role, "starting  "),
    }
    if attempt.end.is_some() {
        line.push(Role::Muted, size(attempt.output_bytes));
    }
    if !attempt.survivors.is_empty() {
        line.push(Role::Bad, format!("   left behind: {}", attempt.survivors.join(", ")));
    }
    line
}

/// A number of bytes: `14.2 KiB`.
pub fn size(bytes: u64) -> String {
    match bytes {
        0 => "no output".into(),
        1..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
        _ => format!("{:.1} GiB", bytes as f64 / 1_073_741_824.0),
    }
}
