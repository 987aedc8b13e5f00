//! Occurrences that are due, and the one end that each comes to (RULES: missed, overlap, hold, calendars).

use super::timetable::{Timetable, absence};
use super::{Asked, Schedule};
use crate::domain::effect::Firing;
use crate::domain::flow::{MissedPolicy, Overlap};
use crate::domain::run::{DefinitionChoice, Disposition, MissedChoice, Occurrence, RunCause};
use crate::domain::{Event, RunId};
use crate::world::{Flow, World};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeSet, VecDeque};

/// Occurrences that one decision settles at most, so that a long absence does not make one endless transaction.
pub(super) const BATCH: usize = 1_000;
/// An occurrence that is older than this when it is settled was missed: no daemon ran, or the clock jumped.
const IN_TIME: SignedDuration = SignedDuration::from_secs(60);
/// Runs that wait at most with `overlap = "queue_all"` (RULES: overlap).
const QUEUE_MAX: usize = 100;

/// When the next occurrence of any schedule is due, one that its calendar leaves out included: that is recorded too.
pub(super) fn next_due(world: &World, flow: &Flow) -> Option<Timestamp> {
    let timetable = Timetable::of(world, flow);
    lines(flow, &timetable).filter_map(|(_, schedule, settled)| Some(schedule.next(settled)?.at)).min()
}

/// When the next occurrence of any schedule runs, as far as its calendar decides.
pub fn next(world: &World, flow: &Flow) -> Option<Timestamp> {
    let timetable = Timetable::of(world, flow);
    lines(flow, &timetable).filter_map(|(_, schedule, settled)| Some(schedule.next_running(settled)?.at)).min()
}

/// The lines of a flow's timetable with the planned instant of the last settled occurrence of each.
fn lines<'a>(flow: &'a Flow, timetable: &'a Timetable<'a>) -> impl Iterator<Item = (&'a str, &'a Schedule, Timestamp)> {
    timetable.lines().filter_map(|(line, schedule)| Some((line, schedule, *flow.settled.get(line)?)))
}

/// Settles what is due, the oldest first.
pub(super) fn due(world: &World, flow: &Flow, asked: &Asked) -> Vec<Event> {
    let timetable = Timetable::of(world, flow);
    let due = pending(flow, &timetable, asked.now);
    if due.is_empty() {
        return Vec::new();
    }
    let caught_up = caught_up(flow, &timetable, asked.now);
    let mut settling = Settling::of(flow);
    for (line, schedule, firing) in due {
        let chosen = caught_up.contains(&key(line, &firing));
        let absence = absence(schedule, &firing, Some(flow));
        settling.settle(timetable.occurrence(line, &firing), absence, chosen, asked.now);
    }
    settling.events
}

/// Settles the missed occurrences that wait for a choice: the chosen are caught up, the oldest first.
pub(super) fn choose(flow: &Flow, choice: MissedChoice, by: &str) -> Vec<Event> {
    let mut settling = Settling::of(flow);
    let kept = match choice {
        MissedChoice::All => 0,
        MissedChoice::Latest => flow.asked.len().saturating_sub(1),
        MissedChoice::None => flow.asked.len(),
    };
    for (place, occurrence) in flow.asked.iter().enumerate() {
        let disposition = if place < kept {
            Disposition::Missed { reason: format!("{by} chose {choice}") }
        } else {
            Disposition::CaughtUp { run: settling.create(occurrence) }
        };
        settling.events.push(Event::OccurrenceSettled { occurrence: occurrence.clone(), disposition });
    }
    settling.events
}

/// Until when the oldest occurrence that waits for a choice may wait: it is missed for good after its window.
pub(super) fn choice_ends(flow: &Flow) -> Option<Timestamp> {
    let window = SignedDuration::try_from(flow.definition.missed.window).unwrap_or(SignedDuration::MAX);
    flow.asked.first()?.at.checked_add(window).ok()
}

/// Occurrences for which nobody has chosen within their window.
pub(super) fn unchosen(flow: &Flow, now: Timestamp) -> Vec<Event> {
    let window = SignedDuration::try_from(flow.definition.missed.window).unwrap_or(SignedDuration::MAX);
    let over = flow.asked.iter().filter(|asked| asked.at.checked_add(window).is_ok_and(|end| end <= now));
    over.map(|asked| missed(asked, format!("nobody chose within the window of {window:#}"))).collect()
}

/// The end of an occurrence that nobody can choose any more.
pub(super) fn missed(occurrence: &Occurrence, reason: String) -> Event {
    Event::OccurrenceSettled { occurrence: occurrence.clone(), disposition: Disposition::Missed { reason } }
}

/// Firings up to now by their time; a cut never parts those of one instant, for the settled instant is all that is kept.
fn pending<'a>(flow: &'a Flow, timetable: &'a Timetable<'a>, now: Timestamp) -> Vec<(&'a str, &'a Schedule, Firing)> {
    let mut due = Vec::new();
    for (line, schedule, settled) in lines(flow, timetable) {
        let mut firings = schedule.firings(settled, now).peekable();
        let mut count = 0;
        while let Some(firing) = firings.next() {
            count += 1;
            let last = count >= BATCH && firings.peek().is_none_or(|next| next.at > firing.at);
            due.push((line, schedule, firing));
            if last {
                break;
            }
        }
    }
    due.sort_by_key(|(_, _, firing)| firing.at);
    due
}

type Key = (Timestamp, String, jiff::civil::DateTime, u8);

fn key(line: &str, firing: &Firing) -> Key {
    (firing.at, line.to_owned(), firing.planned, firing.pass)
}

/// Of the missed occurrences of all schedules those that are caught up; never one that a calendar or a hold leaves out.
fn caught_up(flow: &Flow, timetable: &Timetable<'_>, now: Timestamp) -> BTreeSet<Key> {
    let missed = &flow.definition.missed;
    let most = match missed.policy {
        MissedPolicy::Skip => 0,
        MissedPolicy::Latest => 1,
        MissedPolicy::All | MissedPolicy::Ask => missed.max as usize,
    };
    let oldest = SignedDuration::try_from(missed.window).ok().and_then(|window| now.checked_sub(window).ok()).unwrap_or(Timestamp::MIN);
    let Ok(youngest) = now.checked_sub(IN_TIME + SignedDuration::from_nanos(1)) else { return BTreeSet::new() };
    let mut chosen = BTreeSet::new();
    for (line, schedule, settled) in lines(flow, timetable) {
        let mut last = VecDeque::new();
        let runs = |firing: &Firing| absence(schedule, firing, Some(flow)).is_none();
        for firing in schedule.firings(settled.max(oldest), youngest).filter(runs) {
            if last.len() >= most {
                last.pop_front();
            }
            last.push_back(key(line, &firing));
        }
        chosen.extend(last.into_iter().take(most));
    }
    while chosen.len() > most {
        chosen.pop_first();
    }
    chosen
}

/// Occurrences on their way to their ends: what one becomes depends on what those before it became.
struct Settling<'a> {
    flow: &'a Flow,
    active: Vec<RunId>,
    next_run: u32,
    asked: Vec<Occurrence>,
    events: Vec<Event>,
}

fn too_many(most: u32) -> String {
    format!("at most {most} wait for a choice")
}

impl<'a> Settling<'a> {
    fn of(flow: &'a Flow) -> Self {
        let active = flow.active().map(|run| run.id.clone()).collect();
        Self { flow, active, next_run: flow.next_run, asked: flow.asked.clone(), events: Vec::new() }
    }

    fn settle(&mut self, occurrence: Occurrence, absence: Option<Disposition>, chosen: bool, now: Timestamp) {
        let in_time = now.duration_since(occurrence.at) <= IN_TIME;
        let disposition = match absence {
            Some(absence) => absence,
            _ if chosen && self.flow.definition.missed.policy == MissedPolicy::Ask => return self.ask(occurrence),
            // What was missed waits for its turn, whatever the rule for overlaps says: it was promised.
            _ if chosen => Disposition::CaughtUp { run: self.create(&occurrence) },
            _ if !in_time => Disposition::Missed { reason: self.why_missed(&occurrence, now) },
            _ => match self.in_the_way() {
                Some(run) => Disposition::SkippedOverlap { run },
                None => Disposition::Ran { run: self.create(&occurrence) },
            },
        };
        self.events.push(Event::OccurrenceSettled { occurrence, disposition });
    }

    /// Lets an occurrence wait for a person's choice; of very many the oldest are missed for good.
    fn ask(&mut self, occurrence: Occurrence) {
        let most = self.flow.definition.missed.max;
        if self.asked.len() >= most.max(1) as usize {
            let oldest = self.asked.remove(0);
            self.events.push(Event::OccurrenceSettled { occurrence: oldest, disposition: Disposition::Missed { reason: too_many(most) } });
        }
        self.asked.push(occurrence.clone());
        self.events.push(Event::OccurrenceAsked { occurrence });
    }

    /// The earlier run because of which an occurrence is skipped; with `overlap = "cancel"` earlier ones are asked to end.
    fn in_the_way(&mut self) -> Option<RunId> {
        let first = self.active.first()?.clone();
        match self.flow.definition.overlap {
            Overlap::Skip => Some(first),
            Overlap::Queue => (self.active.len() > 1).then_some(first),
            Overlap::QueueAll => (self.active.len() > QUEUE_MAX).then_some(first),
            // One more waits, as with `queue`.
            Overlap::Allow => self.flow.side_by_side().is_some_and(|most| self.active.len() > most).then_some(first),
            Overlap::Cancel => {
                let asked = |run: &RunId| self.flow.run(run).is_some_and(|run| run.kill_asked_by.is_some());
                let reason = Some("the next occurrence is due".to_owned());
                let kill = self.active.iter().filter(|run| !asked(run));
                self.events.extend(kill.map(|run| Event::RunKillAsked { run: run.clone(), reason: reason.clone() }));
                self.active.clear();
                None
            }
        }
    }

    fn create(&mut self, occurrence: &Occurrence) -> RunId {
        let run = RunId::numbered(self.flow.definition.id.clone(), self.next_run);
        self.next_run += 1;
        self.active.push(run.clone());
        self.events.push(Event::RunCreated {
            run: run.clone(),
            cause: RunCause::Schedule(occurrence.clone()),
            planned_at: occurrence.at,
            date: occurrence.planned.date(),
            params: self.flow.definition.params.clone(),
            definition: self.flow.digest.clone(),
            choice: DefinitionChoice::Today,
            carried: Vec::new(),
        });
        run
    }

    fn why_missed(&self, occurrence: &Occurrence, now: Timestamp) -> String {
        let missed = &self.flow.definition.missed;
        let window = SignedDuration::try_from(missed.window).unwrap_or(SignedDuration::MAX);
        match missed.policy {
            MissedPolicy::Skip => "nothing is caught up".into(),
            _ if now.duration_since(occurrence.at) >= window => {
                format!("older than the window of {:#}", SignedDuration::try_from(missed.window).unwrap_or_default())
            }
            MissedPolicy::Latest => "a younger one is caught up".into(),
            MissedPolicy::All => format!("at most {} are caught up", missed.max),
            MissedPolicy::Ask => too_many(missed.max),
        }
    }
}
