//! Checklists: when each is opened, what the machine says of an item, and what is told when the slot is over.

use super::calendar::DayRule;
use super::{Asked, Decision, Schedule, alerts};
use crate::domain::checklist::{Check, ChecklistItem};
use crate::domain::{AttemptId, Checklist, ChecklistId, Event, FlowId, Health, Job, Outcome, ProbeId};
use crate::world::{ChecklistRow, Occasion, TickState, World};
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::sync::Arc;

/// Occurrences that one decision counts at most after a long absence.
const BATCH: usize = 1_000;

/// The schedules of a checklist; none where its calendar is not known, for then its days are not known either.
fn schedules(world: &World, checklist: &Checklist) -> Vec<Arc<Schedule>> {
    let days = match &checklist.calendar {
        None => None,
        Some(rule) => match world.calendars.get(&rule.name) {
            Some(calendar) => Some(DayRule { calendar: calendar.clone(), rule: rule.clone() }),
            None => return Vec::new(),
        },
    };
    checklist.schedules.iter().filter_map(|line| Schedule::known(line, &checklist.zone, days.as_ref())).collect()
}

/// The next time that a checklist is opened by its schedule.
pub fn due(world: &World, row: &ChecklistRow) -> Option<Timestamp> {
    schedules(world, &row.definition).iter().filter_map(|schedule| Some(schedule.next_running(row.settled)?.at)).min()
}

/// When something is due for a checklist: its next occurrence, the end of its slot.
pub(super) fn next_due(world: &World, id: &ChecklistId) -> Option<Timestamp> {
    let row = world.checklists.get(id)?;
    let overdue = row.open.as_ref().filter(|open| !alerts::is_overdue(world, &open.checklist)).map(|open| open.due);
    due(world, row).into_iter().chain(overdue).min()
}

/// What is due for a checklist now.
pub(super) fn what_is_due(world: &World, id: &ChecklistId, asked: &Asked) -> Decision {
    let Some(row) = world.checklists.get(id) else { return Decision::nothing() };
    let fired = fired(world, row, asked.now);
    let Some((last, earlier)) = fired.split_last() else {
        let overdue = row.open.as_ref().filter(|open| open.due <= asked.now && !alerts::is_overdue(world, &open.checklist));
        return Decision::events(overdue.map(alerts::checklist_overdue));
    };
    let left = row.open.as_ref().map(|open| left(open, "the next one is due".into()));
    let missed = earlier.last().map(|until| Event::ChecklistMissed {
        checklist: id.clone(),
        missed: u32::try_from(earlier.len()).unwrap_or(u32::MAX),
        until: *until,
    });
    Decision::events(left.into_iter().chain(missed).chain([opened(row, Some(*last), *last)]))
}

/// Firings that were not opened yet, the oldest first; those of one instant are one.
fn fired(world: &World, row: &ChecklistRow, now: Timestamp) -> Vec<Timestamp> {
    let mut fired = Vec::new();
    for schedule in schedules(world, &row.definition) {
        let mut after = row.settled;
        while let Some(firing) = schedule.next_running(after).filter(|firing| firing.at <= now) {
            fired.push(firing.at);
            after = firing.at;
            if fired.len() > BATCH {
                break;
            }
        }
    }
    fired.sort_unstable();
    fired.dedup();
    fired
}

/// The opening of a checklist.
pub(super) fn opened(row: &ChecklistRow, planned: Option<Timestamp>, from: Timestamp) -> Event {
    let slot = SignedDuration::try_from(row.definition.slot).unwrap_or(SignedDuration::MAX);
    let due = from.checked_add(slot).unwrap_or(Timestamp::MAX);
    Event::ChecklistOpened { checklist: row.definition.id.clone(), number: row.next.max(1), planned, due }
}

/// The end of an occurrence that is not done.
pub(super) fn left(open: &Occasion, reason: String) -> Event {
    let unticked = open.unticked().map(|item| item.name.clone()).collect();
    Event::ChecklistLeft { checklist: open.checklist.id.clone(), number: open.number, reason, unticked }
}

/// What the machine says of an item as of the last entry, see [`machine_says_at`].
pub fn machine_says(world: &World, open: &Occasion, item: &ChecklistItem) -> Option<(bool, String)> {
    machine_says_at(world, open, item, world.at)
}

/// What the machine says of an item at an instant: whether it is so, and in words why; nothing for what it cannot see by itself.
pub fn machine_says_at(world: &World, open: &Occasion, item: &ChecklistItem, now: Timestamp) -> Option<(bool, String)> {
    match &item.check {
        Check::Hand | Check::Command => None,
        Check::ProbeUp { probe } => Some(match world.probe(probe) {
            None => (false, format!("there is no probe {probe}")),
            Some(row) if matches!(row.health, Health::Up) => (true, format!("{probe} is up")),
            Some(row) if row.reason.is_empty() => (false, format!("{probe} is {}", row.health)),
            Some(row) => (false, format!("{probe} is {}: {}", row.health, row.reason)),
        }),
        Check::FlowDone { flow, by } => Some(flow_done(world, open, flow, *by, now)),
    }
}

/// Whether a flow has succeeded within the day that ends at the named time, or now where none is named.
fn flow_done(world: &World, open: &Occasion, id: &FlowId, by: Option<jiff::civil::Time>, now: Timestamp) -> (bool, String) {
    let Some(flow) = world.flow(id) else { return (false, format!("there is no flow {id}")) };
    let zone = jiff::tz::TimeZone::get(&open.checklist.zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let until = by.and_then(|by| {
        let day = open.planned.unwrap_or(open.opened_at).to_zoned(zone.clone()).date();
        day.to_datetime(by).to_zoned(zone.clone()).ok().map(|at| at.timestamp())
    });
    let end = until.unwrap_or(open.opened_at);
    let since = end.checked_sub(24.hours()).unwrap_or(end);
    let good = |outcome: &Option<Outcome>| outcome.as_ref().is_some_and(Outcome::is_success);
    let ends = flow.runs.iter().rev().filter(|run| good(&run.outcome)).filter_map(|run| Some((&run.id, run.ended_at?)));
    let mut ends = ends.filter(|(_, at)| *at >= since);
    let clock = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%H:%M").to_string();
    match (until, ends.next()) {
        (Some(until), Some((run, at))) if at > until => (false, format!("{run} was done at {}, not by {}", clock(at), clock(until))),
        (_, Some((run, at))) => (true, format!("{run} was done at {}", clock(at))),
        (Some(until), None) if now < until => (false, format!("{id} is not done yet; it has until {}", clock(until))),
        (Some(until), None) => (false, format!("{id} was not done by {}", clock(until))),
        (None, None) => (false, format!("{id} was not done within a day")),
    }
}

/// The ticks that follow from what the machine sees now: what is so is ticked, and what dogwatch ticked and is no longer so
/// is not. What a person ticked stays.
pub(super) fn seen(world: &World, open: &Occasion, which: impl Fn(&Check) -> bool) -> Vec<Event> {
    let items = open.checklist.items.iter().filter(|item| which(&item.check));
    items
        .filter_map(|item| {
            let (is_so, words) = machine_says(world, open, item)?;
            let tick = open.ticks.get(&item.name);
            let is_ticked = tick.is_some_and(|tick| tick.done);
            let by_machine = tick.is_some_and(|tick| tick.by == crate::domain::Author::Engine.name());
            let changes = is_so && !is_ticked || !is_so && is_ticked && by_machine && !is_passing(world, &item.check);
            changes.then(|| ticked(open, item, is_so, words))
        })
        .collect()
}

/// Whether what is not so may only be for a moment: a probe with one bad result is not down yet.
fn is_passing(world: &World, check: &Check) -> bool {
    matches!(check, Check::ProbeUp { probe } if world.probe(probe).is_some_and(|probe| !probe.health.is_down()))
}

fn ticked(open: &Occasion, item: &ChecklistItem, done: bool, words: String) -> Event {
    Event::ItemTicked {
        checklist: open.checklist.id.clone(),
        number: open.number,
        item: item.name.clone(),
        done,
        note: Some(words),
        evidence: None,
    }
}

/// A checklist was opened: the machine looks at once.
pub(super) fn of_opening(world: &World, id: &ChecklistId) -> Vec<Event> {
    let open = world.checklists.get(id).and_then(|row| row.open.as_ref());
    open.map(|open| if open.checklist.items.is_empty() { done(open) } else { seen(world, open, |_| true) }).unwrap_or_default()
}

fn done(open: &Occasion) -> Vec<Event> {
    vec![Event::ChecklistDone { checklist: open.checklist.id.clone(), number: open.number }]
}

/// An item was ticked: with the last one the checklist is done.
pub(super) fn of_tick(world: &World, id: &ChecklistId) -> Vec<Event> {
    let open = world.checklists.get(id).and_then(|row| row.open.as_ref());
    open.filter(|open| open.unticked().next().is_none()).map(done).unwrap_or_default()
}

/// A checklist is over, done or left: so is its alert.
pub(super) fn of_end(world: &World, id: &ChecklistId, done: bool) -> Option<Event> {
    let row = world.checklists.get(id)?;
    let last = row.past.last().map_or(&row.definition, |last| &last.checklist);
    alerts::checklist_over(world, last, if done { "the checklist is done" } else { "the checklist was left" })
}

/// A probe has changed.
pub(super) fn of_probe(world: &World, id: &ProbeId) -> Vec<Event> {
    let is_it = |check: &Check| matches!(check, Check::ProbeUp { probe } if probe == id);
    world.open_checklists().flat_map(|open| seen(world, open, is_it)).collect()
}

/// A run has come to its end.
pub(super) fn of_flow(world: &World, id: &FlowId) -> Vec<Event> {
    let is_it = |check: &Check| matches!(check, Check::FlowDone { flow, .. } if flow == id);
    world.open_checklists().flat_map(|open| seen(world, open, is_it)).collect()
}

/// A command of a checklist has ended.
pub(super) fn of_attempt(world: &World, attempt: &AttemptId) -> Option<Event> {
    let (open, step) = world.checklist_of(attempt)?;
    let Job::Procedure { runbook, subject, .. } = &attempt.job else { return None };
    let tick = world.procedure(runbook, subject)?.ticks.get(step)?;
    let done = tick.state == TickState::Passed;
    let note = tick.end.as_ref().map(ToString::to_string);
    let (checklist, number, item) = (open.checklist.id.clone(), open.number, step.clone());
    Some(Event::ItemTicked { checklist, number, item, done, note, evidence: Some(attempt.clone()) })
}

/// A checklist's file is gone.
pub(super) fn removal(row: &ChecklistRow) -> Vec<Event> {
    let left = row.open.as_ref().map(|open| left(open, "its file is gone".into()));
    left.into_iter().chain([Event::ChecklistRemoved { checklist: row.definition.id.clone() }]).collect()
}
