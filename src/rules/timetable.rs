//! The planned occurrences of a flow and what keeps each from running, whatever else happens. What settles occurrences
//! and what prints a plan both read them here.

use super::calendar::DayRule;
use super::{Schedule, ScheduleError};
use crate::domain::calendar::Calendar;
use crate::domain::effect::Firing;
use crate::domain::run::{Disposition, Occurrence};
use crate::domain::{CalendarId, FlowDefinition};
use crate::world::{Flow, Hold, World};
use jiff::Timestamp;
use std::sync::Arc;

/// The schedules of a flow, each on the days that its calendar leaves it.
pub struct Timetable<'a> {
    definition: &'a FlowDefinition,
    lines: Vec<(&'a str, Arc<Schedule>)>,
}

impl<'a> Timetable<'a> {
    /// The timetable of a flow of the world. A flow that is gone, or a neighbour's, has no lines; nor has one whose
    /// calendar is not known, for which days it leaves out is not known either. Files with such errors are refused.
    pub fn of(world: &World, flow: &'a Flow) -> Self {
        let definition = &*flow.definition;
        let lines = if flow.removed || !flow.source().is_local() {
            Vec::new()
        } else {
            let days = DayRule::of(definition, |id| world.calendars.get(id).cloned());
            let known = |days: Option<DayRule>| {
                let lines = definition.schedules.iter();
                lines.filter_map(|line| Some((line.as_str(), Schedule::known(line, &definition.zone, days.as_ref())?))).collect()
            };
            days.map_or_else(|_| Vec::new(), known)
        };
        Self { definition, lines }
    }

    /// The timetable of a definition that is in no world.
    ///
    /// # Errors
    /// The first line that cannot be read.
    pub fn read(
        definition: &'a FlowDefinition,
        calendar: impl FnOnce(&CalendarId) -> Option<Arc<Calendar>>,
    ) -> Result<Self, ScheduleError> {
        let days = DayRule::of(definition, calendar).map_err(|calendar| ScheduleError::NoCalendar { calendar })?;
        let read = |line: &'a String| Ok((line.as_str(), Arc::new(Schedule::with_calendar(line, &definition.zone, days.clone())?)));
        Ok(Self { definition, lines: definition.schedules.iter().map(read).collect::<Result<_, _>>()? })
    }

    /// The lines with their schedules.
    pub fn lines(&self) -> impl Iterator<Item = (&'a str, &Schedule)> {
        self.lines.iter().map(|(line, schedule)| (*line, &**schedule))
    }

    /// The occurrence that a firing of a line is.
    pub fn occurrence(&self, line: &str, firing: &Firing) -> Occurrence {
        Occurrence {
            flow: self.definition.id.clone(),
            schedule: line.to_owned(),
            planned: firing.planned,
            zone: self.definition.zone.clone(),
            pass: firing.pass,
            at: firing.at,
            mark: firing.mark,
            shifted_from: firing.shifted_from,
        }
    }
}

/// What keeps a firing from running, whatever else happens: its calendar, then a hold. The calendar comes first because
/// what it leaves out was never due, so no hold kept it back, and nobody who releases the hold looks for it.
pub fn absence(schedule: &Schedule, firing: &Firing, hold: Option<&Hold>) -> Option<Disposition> {
    if let Some((calendar, reason)) = schedule.why_skipped(firing) {
        return Some(Disposition::SkippedCalendar { calendar, reason });
    }
    let hold = hold.filter(|hold| covers(hold, firing.at))?;
    Some(Disposition::SkippedHeld { by: hold.by.clone(), reason: hold.reason.clone(), until: hold.until })
}

/// Whether a hold covers an instant. It also covers what was due before it and has not been settled.
fn covers(hold: &Hold, at: Timestamp) -> bool {
    hold.until.is_none_or(|until| at < until)
}
