//! What the schedules of a flow plan next.

use crate::console::widget::line::Line;
use crate::console::{Role, Session};
use crate::domain::effect::Firing;
use crate::domain::{Calendar, Digest};
use crate::rules::{Timetable, absence};
use crate::world::{Flow, World};
use jiff::Timestamp;
use std::sync::Arc;

/// Occurrences that are read ahead.
const AHEAD: usize = 10;

/// An occurrence that is to come.
#[derive(Debug, Clone, PartialEq)]
pub struct Coming {
    /// The planned time, with what DST does to it.
    pub firing: Firing,
    /// The schedule that plans it.
    pub schedule: String,
    /// What becomes of it instead of a run, in words, where that is known already.
    pub instead: Option<String>,
}

/// The next occurrences of a definition, known until the first of them has passed.
#[derive(Debug)]
pub struct Next {
    digest: Digest,
    calendar: Option<Arc<Calendar>>,
    from: Timestamp,
    coming: Vec<Coming>,
}

impl Next {
    /// The occurrences, from what is known where that still holds.
    pub fn of<'n>(known: &'n mut Option<Self>, session: &Session, flow: &Flow) -> &'n [Coming] {
        let now = session.now;
        let calendar = flow.definition.calendar.as_ref().and_then(|rule| session.world.calendars.get(&rule.name));
        let holds = known.as_ref().is_some_and(|next| {
            let same_calendar = next.calendar.as_ref().map(Arc::as_ptr) == calendar.map(Arc::as_ptr);
            next.digest == flow.digest && same_calendar && next.from <= now && next.coming.first().is_none_or(|first| first.firing.at > now)
        });
        if !holds {
            *known = Some(Self {
                digest: flow.digest.clone(),
                calendar: calendar.cloned(),
                from: now,
                coming: coming(&session.world, flow, now),
            });
        }
        known.as_ref().map_or(&[], |next| &next.coming)
    }
}

/// The next ten occurrences of a flow, by time, those that its calendar leaves out among them.
fn coming(world: &World, flow: &Flow, now: Timestamp) -> Vec<Coming> {
    let timetable = Timetable::of(world, flow);
    let mut all = Vec::new();
    for (line, schedule) in timetable.lines() {
        let mut after = now;
        for _ in 0..AHEAD {
            let Some(firing) = schedule.next(after) else { break };
            after = firing.at;
            // A hold may end before then; it is told when the lines are drawn.
            let instead = absence(schedule, &firing, None).map(|disposition| disposition.words());
            all.push(Coming { firing, schedule: line.to_owned(), instead });
        }
    }
    all.sort_by_key(|coming| coming.firing.at);
    all.truncate(AHEAD);
    all
}

/// The occurrences as lines: when, how long until then, which schedule, what becomes of it.
pub fn lines(session: &Session, flow: &Flow, coming: &[Coming]) -> Vec<Line> {
    if coming.is_empty() {
        let words = if flow.definition.schedules.is_empty() { "by hand only: no schedule" } else { "its schedules never fire again" };
        return vec![Line::of(Role::Muted, words)];
    }
    let several = flow.definition.schedules.len() > 1;
    let line = |coming: &Coming| {
        let Firing { at, planned, mark, .. } = &coming.firing;
        let mut line = Line::of(Role::Text, format!("{}  ", planned.strftime("%a %Y-%m-%d %H:%M")));
        line.push(Role::Muted, format!("in {:<8}", session.until(*at)));
        if flow.definition.zone != session.world.zone {
            line.push(Role::Muted, format!("  {} here", session.time(*at)));
        }
        if several {
            line.push(Role::Muted, format!("  {}", coming.schedule));
        }
        if let Some(mark) = mark {
            line.push(Role::Warning, format!("  {}, runs {}", format!("{mark:?}").to_lowercase(), session.time(*at)));
        }
        let held = flow.hold.as_ref().filter(|hold| hold.until.is_none_or(|until| until > *at));
        match (&coming.instead, held) {
            (Some(words), _) => line.push(Role::Waiting, format!("  {words}")),
            (None, Some(hold)) => line.push(Role::Waiting, format!("  held by {}", hold.by)),
            (None, None) => {}
        }
        line
    };
    coming.iter().map(line).collect()
}
