//! What will run when: the timetable that is settled when its time comes, read ahead or back.

use super::timetable::{Timetable, absence};
use super::{Schedule, ScheduleError};
use crate::domain::calendar::Calendar;
use crate::domain::effect::Firing;
use crate::domain::run::{Disposition, DstMark, Occurrence};
use crate::domain::{CalendarId, FlowDefinition};
use crate::world::{Flow, Hold, World};
use jiff::Timestamp;
use jiff::civil::Date;
use std::sync::Arc;

/// One planned occurrence with what the files alone say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The occurrence.
    pub occurrence: Occurrence,
    /// What it will be when its calendar leaves it out; else it runs, unless a hold, an outage or an earlier run is in
    /// its way.
    pub absence: Option<Disposition>,
    /// Other days of the line that a calendar moves to the same time; they are this one occurrence.
    pub stands_for: Vec<Date>,
}

impl Planned {
    /// `runs`, or the disposition that it will have.
    pub fn words(&self) -> String {
        self.absence.as_ref().map_or_else(|| "runs".to_owned(), Disposition::words)
    }

    /// Why it is when it is: what a change of the clocks or a calendar did to it.
    pub fn notes(&self) -> Vec<String> {
        let Occurrence { planned, mark, pass, shifted_from, .. } = &self.occurrence;
        let clock = match (mark, pass) {
            (Some(DstMark::Moved), _) => Some(format!("moved: {} does not exist that day", planned.time())),
            (Some(DstMark::Merged), _) => Some("merged: exists twice that day, runs once".to_owned()),
            (None, 2) => Some("second pass of the overlap".to_owned()),
            _ => None,
        };
        let shifted = shifted_from.map(|day| format!("shifted from {}", day.strftime("%a %Y-%m-%d")));
        let days: Vec<String> = self.stands_for.iter().map(Date::to_string).collect();
        let merged = (!days.is_empty()).then(|| format!("merged: also for {}", days.join(", ")));
        clock.into_iter().chain(shifted).chain(merged).collect()
    }
}

/// The next occurrences of a flow after an instant, at most so many: also those that its calendar or its hold leaves out.
pub fn upcoming(world: &World, flow: &Flow, after: Timestamp, most: usize) -> Vec<Planned> {
    let timetable = Timetable::of(world, flow);
    let mut next: Vec<Planned> = Vec::new();
    for (line, schedule) in timetable.lines() {
        let firings = schedule.firings(after, Timestamp::MAX).take(most);
        next.extend(firings.map(|firing| planned(&timetable, line, schedule, &firing, flow.hold.as_ref())));
    }
    next.sort_by_key(|row| row.occurrence.at);
    next.truncate(most);
    next
}

fn planned(timetable: &Timetable<'_>, line: &str, schedule: &Schedule, firing: &Firing, hold: Option<&Hold>) -> Planned {
    let mut stands_for = schedule.stands_for(firing.planned.date());
    stands_for.retain(|day| *day != firing.planned.date() && Some(*day) != firing.shifted_from);
    Planned { absence: absence(schedule, firing, hold), occurrence: timetable.occurrence(line, firing), stands_for }
}

/// Everything that these flows will do after `from`, until and including `to`, by time; at most `most`.
///
/// # Errors
/// A line or a calendar that cannot be read; the files of a workspace that was loaded have none.
pub fn plan(
    flows: &[Arc<FlowDefinition>],
    calendars: &[Arc<Calendar>],
    from: Timestamp,
    to: Timestamp,
    most: usize,
) -> Result<Vec<Planned>, ScheduleError> {
    let calendar = |id: &CalendarId| calendars.iter().find(|calendar| calendar.id == *id).cloned();
    let mut rows = Vec::new();
    for flow in flows {
        let timetable = Timetable::read(flow, calendar)?;
        for (line, schedule) in timetable.lines() {
            let room = most.saturating_sub(rows.len());
            rows.extend(schedule.firings(from, to).take(room).map(|firing| planned(&timetable, line, schedule, &firing, None)));
        }
    }
    rows.sort_by(|a, b| (a.occurrence.at, &a.occurrence.flow).cmp(&(b.occurrence.at, &b.occurrence.flow)));
    Ok(rows)
}
