//! What the schedules of a flow plan next.

use crate::console::widget::line::Line;
use crate::console::{Role, Session};
use crate::domain::effect::Firing;
use crate::domain::{Digest, FlowDefinition};
use crate::rules::schedule::Schedule;
use crate::world::Flow;
use jiff::Timestamp;

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
    from: Timestamp,
    coming: Vec<Coming>,
}

impl Next {
    /// The occurrences, from what is known where that still holds.
    pub fn of<'n>(known: &'n mut Option<Self>, flow: &Flow, now: Timestamp) -> &'n [Coming] {
        let holds = known.as_ref().is_some_and(|next| {
            next.digest == flow.digest && next.from <= now && next.coming.first().is_none_or(|first| first.firing.at > now)
        });
        if !holds {
            *known = Some(Self { digest: flow.digest.clone(), from: now, coming: coming(&flow.definition, now) });
        }
        known.as_ref().map_or(&[], |next| &next.coming)
    }
}

/// The next ten occurrences of a definition, by time.
fn coming(definition: &FlowDefinition, now: Timestamp) -> Vec<Coming> {
    // A line that cannot be read was refused when the workspace was read; it has no next time.
    let lines = definition.schedules.iter().filter_map(|line| Some((line, Schedule::parse(line, &definition.zone).ok()?)));
    let mut all = Vec::new();
    for (line, schedule) in lines {
        let mut after = now;
        for _ in 0..AHEAD {
            let Some(firing) = schedule.next(after) else { break };
            after = firing.at;
            all.push(Coming { firing, schedule: line.clone(), instead: None });
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
