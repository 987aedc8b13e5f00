//! The batch day: what was planned for it against what became of it, so that an absence is a row. Which failures were
//! carried over from earlier ones.

use super::timetable::{Timetable, absence};
use crate::domain::{BatchDays, FlowId, Outcome, Phase, RunId};
use crate::world::settled::{Ending, Settled};
use crate::world::{Flow, Run, World};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// One batch day of a workspace.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchDay {
    /// The day.
    pub day: Date,
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant of the next one.
    pub to: Timestamp,
    /// Flows that have a part in it: with planned occurrences, with runs, or with a failure that was carried over.
    pub rows: Vec<BatchRow>,
}

/// What one flow has to do on a batch day.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchRow {
    /// The flow.
    pub flow: FlowId,
    /// Occurrences that have come to their end, by their ends.
    pub settled: BTreeMap<Ending, u32>,
    /// Whether those are all that were settled: a world keeps the counts of the last days only.
    pub is_complete: bool,
    /// Occurrences that are still to run, as things stand.
    pub to_come: u32,
    /// Occurrences still to come that the calendar or a hold will leave out, as things stand.
    pub to_skip: u32,
    /// Runs that people started for it, as far as they are kept.
    pub by_hand: u32,
    /// The next one that runs, on this day.
    pub next: Option<Timestamp>,
    /// The occurrence that was settled last.
    pub last: Option<Settled>,
    /// The youngest run of the day, and how it ended or how far it is.
    pub last_run: Option<(RunId, &'static str)>,
    /// The failure from an earlier batch day that nobody has resolved.
    pub carried_over: Option<CarriedOver>,
}

impl BatchRow {
    /// All occurrences that were planned.
    pub fn planned(&self) -> u32 {
        self.settled.values().sum::<u32>() + self.to_come + self.to_skip
    }

    /// Occurrences that came to this end.
    pub fn count(&self, ending: Ending) -> u32 {
        self.settled.get(&ending).copied().unwrap_or(0)
    }
}

/// A failure that no later run has made good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedOver {
    /// The last failed run.
    pub run: RunId,
    /// The batch day of the first failure since the last success, as far as runs are kept.
    pub since: Date,
}

/// The batch days of a workspace.
pub fn batch_days(world: &World) -> BatchDays {
    BatchDays::new(&world.zone, world.batch_day)
}

/// The batch day that an instant belongs to.
pub fn batch_day_of(world: &World, at: Timestamp) -> Date {
    batch_days(world).of(at)
}

/// The batch day that a run works for: that of its planned instant, or the date that a person gave it.
pub(super) fn batch_day_of_run(world: &World, flow: &Flow, run: &Run) -> Date {
    let planned = run.planned_at.in_tz(&flow.definition.zone).map(|zoned| zoned.date());
    if planned.is_ok_and(|planned| planned == run.date) || run.occurrence().is_some() {
        batch_day_of(world, run.planned_at)
    } else {
        run.date
    }
}

/// The failure of a flow that was carried over from a batch day before the one of `now`.
pub fn carried_over(world: &World, flow: &Flow, now: Timestamp) -> Option<CarriedOver> {
    carried_into(world, flow, batch_day_of(world, now))
}

fn carried_into(world: &World, flow: &Flow, day: Date) -> Option<CarriedOver> {
    let days = batch_days(world);
    let done = flow.runs.iter().rev().filter(|run| run.phase == Phase::Done && days.of(run.planned_at) <= day);
    let mut failed = done.take_while(|run| run.outcome.as_ref().is_some_and(is_failure));
    let last = failed.next()?;
    let since = failed.last().map_or_else(|| days.of(last.planned_at), |first| days.of(first.planned_at));
    (since < day).then(|| CarriedOver { run: last.id.clone(), since })
}

fn is_failure(outcome: &Outcome) -> bool {
    !outcome.is_success() && !matches!(outcome, Outcome::Skipped { .. } | Outcome::Missed { .. })
}

/// A batch day as it stands, its rows by name. What is still to come is read from the same timetable that will run it.
pub fn batch_day(world: &World, day: Date, now: Timestamp) -> BatchDay {
    let days = batch_days(world);
    let (from, to) = days.range(day);
    let today = days.of(now);
    let local = world.flows.values().filter(|flow| flow.source().is_local());
    let rows = local.map(|flow| row(world, flow, day, (from, to), today));
    let rows = rows.filter(|row| row.planned() > 0 || row.by_hand > 0 || row.last_run.is_some() || row.carried_over.is_some());
    BatchDay { day, from, to, rows: rows.collect() }
}

fn row(world: &World, flow: &Flow, day: Date, (from, to): (Timestamp, Timestamp), today: Date) -> BatchRow {
    let (settled, is_complete) = settled(flow, day, from, to);
    let last_instant = to.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(to);
    let (mut to_come, mut to_skip, mut next) = (0, 0, None::<Timestamp>);
    let timetable = Timetable::of(world, flow);
    for (line, schedule) in timetable.lines() {
        let Some(done) = flow.settled.get(line) else { continue };
        let before = from.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(from);
        for firing in schedule.firings(before.max(*done), last_instant) {
            if absence(schedule, &firing, flow.hold.as_ref()).is_some() {
                to_skip += 1;
            } else {
                to_come += 1;
                next = Some(next.map_or(firing.at, |next| next.min(firing.at)));
            }
        }
    }
    let is_of_day = |run: &&&Run| batch_day_of_run(world, flow, run) == day;
    let runs: Vec<&Run> = flow.runs.iter().map(|run| &**run).collect();
    let of_day = || runs.iter().filter(is_of_day);
    let words = |run: &Run| run.outcome.as_ref().map_or_else(|| phase_word(run.phase), Outcome::word);
    BatchRow {
        flow: flow.definition.id.clone(),
        settled,
        is_complete,
        to_come,
        to_skip,
        by_hand: of_day().filter(|run| run.occurrence().is_none()).count() as u32,
        next,
        last: flow.endings.last.iter().rev().find(|settled| (from..to).contains(&settled.at)).cloned(),
        last_run: of_day().next_back().map(|run| (run.id.clone(), words(run))),
        carried_over: if day > today { None } else { carried_into(world, flow, day) },
    }
}

fn phase_word(phase: Phase) -> &'static str {
    match phase {
        Phase::Planned => "planned",
        Phase::Waiting => "waiting",
        Phase::Queued => "queued",
        Phase::Running => "running",
        Phase::Done => "done",
    }
}

/// The counts of a day, and whether they are all: where the day is no longer counted, what the last occurrences say.
fn settled(flow: &Flow, day: Date, from: Timestamp, to: Timestamp) -> (BTreeMap<Ending, u32>, bool) {
    if let Some(count) = flow.endings.days.iter().find(|count| count.day == day) {
        return (count.endings.clone(), true);
    }
    let mut endings = BTreeMap::new();
    for settled in flow.endings.last.iter().filter(|settled| (from..to).contains(&settled.at)) {
        *endings.entry(settled.ending).or_insert(0) += 1;
    }
    let is_counted = flow.endings.days.first().is_none_or(|oldest| oldest.day < day);
    let reaches =
        flow.endings.last.front().is_none_or(|oldest| oldest.at < from) || flow.endings.last.len() < crate::world::settled::SETTLED_KEPT;
    (endings, is_counted || reaches)
}
