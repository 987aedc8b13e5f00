//! What stands above the lines: how much differs, what else differs between the two runs, what is left out.

use super::{ComparePage, State};
use crate::console::view::{clock, state};
use crate::console::widget::line::Line;
use crate::console::{Action, Role, Session};
use crate::domain::{AttemptId, Job};
use crate::output::Alike;
use crate::rules::compare::Comparison;
use crate::world::{Attempt, Flow};

/// Rows of the screen for one line about what differs besides the output.
const ROWS_PER_LINE: u16 = 8;

/// The lines above, fewer on a small screen.
pub(super) fn lines(page: &ComparePage, session: &Session, (width, height): (u16, u16)) -> Vec<Line> {
    let mut lines = vec![summary(page, session)];
    lines.extend(left_out(page));
    lines.extend(besides(page, session, usize::from(height / ROWS_PER_LINE)));
    lines.push(titles(page, session, width));
    lines
}

fn summary(page: &ComparePage, session: &Session) -> Line {
    let mut line = Line::new();
    let State::Shown(shown) = &page.state else { return line };
    let (gone, new) = shown.differences.lines_apart();
    let plural = |count: usize, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    match shown.differences.count() {
        0 => line.push(Role::Good, "the outputs say the same"),
        count => {
            line.push(Role::Warning, plural(count, "difference"));
            line.push(Role::Text, format!("   {} gone, {new} new", plural(gone, "line")));
            if let Some(row) = page.current.filter(|_| page.found.is_none()) {
                line.push(Role::Active, format!("   {} of {count}", shown.rows.ordinal(row)));
            }
        }
    }
    let key = session.options.keymap.key(Action::Figures).unwrap_or_default();
    let words = match page.alike {
        Alike::Words => format!("   figures do not count ({key})"),
        Alike::Exactly => format!("   every character counts ({key})"),
    };
    line.push(Role::Muted, words);
    if let (Some(found), Some(needle)) = (&page.found, &page.needle) {
        line.push(Role::Active, format!("   {}: {} lines, esc ends it", needle.words(), found.before.len() + found.after.len()));
    }
    line
}

fn left_out(page: &ComparePage) -> Option<Line> {
    let State::Shown(shown) = &page.state else { return None };
    let (before, after) = (shown.differences.before.left_out(), shown.differences.after.left_out());
    if before == 0 && after == 0 {
        return None;
    }
    let size = super::super::run::size;
    let part = |name: &str, bytes: u64| (bytes > 0).then(|| format!("the first {} of {name}", size(bytes)));
    let parts: Vec<String> = part("the good run", before).into_iter().chain(part("this run", after)).collect();
    Some(Line::of(Role::Warning, format!("only the ends are compared; left out: {}", parts.join(", "))))
}

/// Parameters, definition and durations that differ.
fn besides(page: &ComparePage, session: &Session, room: usize) -> Vec<Line> {
    let Job::Step { run, .. } = &page.attempt.job else { return Vec::new() };
    let found = session.world.flow(&run.flow).and_then(|flow| Comparison::of(flow, flow.run(run)?));
    let Some(all) = found.map(|found| found.lines()).filter(|all| !all.is_empty()) else { return Vec::new() };
    let shown = if all.len() > room { room.saturating_sub(1) } else { all.len() };
    let more = all.len() - shown;
    let mut lines: Vec<Line> = all.into_iter().take(shown).map(|line| Line::of(Role::Text, line)).collect();
    if more > 0 {
        let key = session.options.keymap.key(Action::Why).unwrap_or_default();
        lines.push(Line::of(Role::Muted, format!("{more} more differences between the runs: {key}")));
    }
    lines
}

/// What stands over the columns.
fn titles(page: &ComparePage, session: &Session, width: u16) -> Line {
    let (Ok(good), Some(shown)) = (&page.good, page.shown()) else { return Line::new() };
    let (before, after) = (title(session, good), title(session, &page.attempt));
    if !shown.rows.lay.side_by_side {
        return Line::of(Role::Info, "- ").with(Role::Heading, before).with(Role::Warning, "   + ").with(Role::Heading, after);
    }
    let column = usize::from(super::draw::half(width));
    let before = crate::text::fit(&before, column, session.glyphs.ellipsis).into_owned();
    let space = " ".repeat(column + 2 - crate::text::width(&before));
    Line::of(Role::Heading, before).with(Role::Text, space).with(Role::Heading, after)
}

fn title(session: &Session, id: &AttemptId) -> String {
    let Job::Step { run, step } = &id.job else { return id.to_string() };
    let find = |flow: &'_ Flow| -> Option<Attempt> {
        flow.run(run)?.step(step)?.attempts.iter().find(|attempt| attempt.number == id.number).cloned()
    };
    let Some(attempt) = session.world.flow(&run.flow).and_then(find) else { return id.to_string() };
    let (symbol, _) = state::end(attempt.end.as_ref(), &session.glyphs);
    let end = attempt.end.as_ref().map_or_else(|| "running, compared up to here".to_owned(), ToString::to_string);
    let took = attempt.started_at.zip(attempt.ended_at).and_then(|(from, to)| to.duration_since(from).try_into().ok());
    let took = took.map(|took| format!(" in {}", clock::duration(took))).unwrap_or_default();
    let number = if attempt.number > 1 { format!(" attempt {}", attempt.number) } else { String::new() };
    format!("{run}{number} {symbol} {end}{took}")
}
