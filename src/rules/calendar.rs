//! Which day an occurrence runs on when a calendar decides it, and why a day or a time is left out (RULES: calendars).
//! A rule without state.

use crate::domain::calendar::{Calendar, CalendarRule, Shift};
use crate::domain::{CalendarId, FlowDefinition, FlowId};
use crate::world::World;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use std::sync::Arc;

/// A calendar with what a flow makes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayRule {
    /// The calendar.
    pub calendar: Arc<Calendar>,
    /// What is made of it.
    pub rule: CalendarRule,
}

/// What a schedule says of days, without a calendar.
pub(super) trait Named {
    /// Whether the month of a date is one of the line's.
    fn names_month(&self, date: Date) -> bool;
    /// Whether a date is one of the line's.
    fn names(&self, date: Date) -> bool;
}

/// That a schedule fires on a date.
pub(super) struct Fires {
    /// The day of its own that was moved there, where one was.
    pub shifted_from: Option<Date>,
}

impl DayRule {
    /// The rule of a flow; nothing where it has none, an error where its calendar is not known.
    pub(super) fn of(
        definition: &FlowDefinition,
        calendar: impl FnOnce(&CalendarId) -> Option<Arc<Calendar>>,
    ) -> Result<Option<Self>, CalendarId> {
        let Some(rule) = &definition.calendar else { return Ok(None) };
        let calendar = calendar(&rule.name).ok_or_else(|| rule.name.clone())?;
        Ok(Some(Self { calendar, rule: rule.clone() }))
    }

    /// Whether a schedule fires on a date. Several days that are moved to the same date are one firing.
    pub(super) fn fires(&self, line: &impl Named, date: Date) -> Option<Fires> {
        if !self.rule.moves() {
            return line.names(date).then_some(Fires { shifted_from: None });
        }
        if !self.calendar.is_business(date) {
            return None;
        }
        let origin = self.calendar.moved(date, self.rule.offset.checked_neg()?)?;
        if let Some(day) = self.rule.day {
            let fits = line.names_month(origin) && self.is_day_of_month(origin, day);
            return fits.then(|| Fires { shifted_from: (origin != date).then_some(origin) });
        }
        if line.names(date) && self.days_of(origin)?.contains(&date) {
            return Some(Fires { shifted_from: None });
        }
        // Of several days the nearest is told.
        let (first, last) = self.days_of(origin)?.into_inner();
        let mut days = walk(first, last);
        let found = if last > date { days.find(|day| line.names(*day)) } else { days.rfind(|day| line.names(*day)) };
        found.map(|day| Fires { shifted_from: Some(day) })
    }

    /// The days of a schedule that are moved to a date, that date itself included.
    pub(super) fn moved_to(&self, line: &impl Named, date: Date) -> Vec<Date> {
        let Some(origin) = self.rule.offset.checked_neg().and_then(|by| self.calendar.moved(date, by)) else { return Vec::new() };
        match (self.rule.moves(), self.rule.day) {
            (false, _) | (_, Some(_)) => vec![origin],
            (true, None) => self.days_of(origin).map_or_else(Vec::new, |days| {
                let (first, last) = days.into_inner();
                walk(first, last).filter(|day| line.names(*day)).collect()
            }),
        }
    }

    /// The days that the rule takes to a business day, before the offset is counted. Without a shift, an offset counts
    /// from the day itself: the business day after a Saturday is the Monday, the one before it the Friday.
    fn days_of(&self, origin: Date) -> Option<std::ops::RangeInclusive<Date>> {
        let forward = match self.rule.shift {
            Some(Shift::Next) => true,
            Some(Shift::Previous) => false,
            None => self.rule.offset < 0,
        };
        Some(if forward {
            let before = self.calendar.before(origin).or_else(|| origin.checked_sub(400.days()).ok())?;
            before.tomorrow().ok()?..=origin
        } else {
            let after = self.calendar.after(origin).or_else(|| origin.checked_add(400.days()).ok())?;
            origin..=after.yesterday().ok()?
        })
    }

    /// Whether a business day is the n-th of its month.
    fn is_day_of_month(&self, date: Date, n: i8) -> bool {
        let (first, last) = if n > 0 { (date.first_of_month(), date) } else { (date, date.last_of_month()) };
        self.calendar.is_business(date)
            && walk(first, last).filter(|day| self.calendar.is_business(*day)).count() == usize::from(n.unsigned_abs())
    }

    /// Why an occurrence of this day, due at this wall time, is left out. A blackout counts at the time at which it
    /// would really start, also where a change of the clocks moved it.
    pub fn why_skipped(&self, planned: Date, due: DateTime) -> Option<String> {
        if let Some(blackout) = self.calendar.blackout(due) {
            return Some(format!("blackout: {}", blackout.reason));
        }
        if self.rule.moves() { None } else { self.calendar.why_off(planned) }
    }
}

/// The days from one to another, both included.
fn walk(first: Date, last: Date) -> impl DoubleEndedIterator<Item = Date> {
    let days = last.since(first).map_or(-1, |span| span.get_days());
    (0..=days).filter_map(move |day| first.checked_add(day.days()).ok())
}

/// The flows that use a calendar.
pub(super) fn flows_with<'a>(world: &'a World, calendar: &'a CalendarId) -> impl Iterator<Item = &'a FlowId> {
    let uses = move |definition: &FlowDefinition| definition.calendar.as_ref().is_some_and(|rule| rule.name == *calendar);
    world.flows.values().map(|flow| &flow.definition).filter(move |definition| uses(definition)).map(|definition| &definition.id)
}
