//! Steps that run by themselves: only those that say so, within the limits of the hour, never a dangerous one, and never
//! one that needs two people. What is held back is a fact, too.

use super::sent::ALERT_NAME;
use super::{filled_in, matching, needs_two_people, param_problem};
use crate::domain::runbook::ProcedureStep;
use crate::domain::{AttemptId, Event, IncidentId, Job, Runbook, RunbookId, Subject, counted};
use crate::world::{Incident, TickState, World};
use jiff::{SignedDuration, Timestamp};

/// Steps of one runbook that may run by themselves within an hour, where it does not say.
const AUTO_MAX: u32 = 2;
/// The span over which the limits count.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// What may still run within the hour.
struct Left<'a> {
    world: &'a World,
    since: Timestamp,
    begun: Vec<RunbookId>,
}

impl Left<'_> {
    fn count(&self, is: impl Fn(&RunbookId) -> bool) -> u32 {
        let before = self.world.remedies.iter().rev().take_while(|remedy| remedy.at > self.since).map(|remedy| &remedy.runbook);
        u32::try_from(before.chain(&self.begun).filter(|runbook| is(runbook)).count()).unwrap_or(u32::MAX)
    }

    /// Why no further step of this runbook runs now.
    fn why_none(&self, book: &Runbook) -> Option<String> {
        let own = book.auto_max.unwrap_or(AUTO_MAX);
        let all = self.world.procedure_rules.auto_per_hour;
        if self.count(|runbook| *runbook == book.id) >= own {
            return Some(format!("{own} of its steps {} within an hour, which is its limit", by_themselves(own)));
        }
        (self.count(|_| true) >= all)
            .then(|| format!("{} {} within an hour, which is the limit of all runbooks", counted(all as usize, "step"), by_themselves(all)))
    }
}

fn by_themselves(count: u32) -> &'static str {
    if count == 1 { "has run by itself" } else { "have run by themselves" }
}

/// An incident was opened: the first step of each runbook that fits and runs by itself.
pub(super) fn of_incident(world: &World, id: IncidentId, now: Timestamp) -> Vec<Event> {
    if !world.runbooks.values().any(|book| book.steps.iter().any(|step| step.auto.is_some())) {
        return Vec::new();
    }
    let Some(incident) = world.incident(id) else { return Vec::new() };
    let mut left = Left { world, since: now.checked_sub(HOUR).unwrap_or(now), begun: Vec::new() };
    let books = matching(world, &Subject::Incident(id)).into_iter().filter_map(|(book, _)| world.runbooks.get(&book));
    books.filter_map(|book| begin(&mut left, incident, book, first(incident, book, 0)?)).collect()
}

/// A step that ran by itself has ended as expected: the next one of the same runbook.
pub(super) fn of_end(world: &World, attempt: &AttemptId, now: Timestamp) -> Option<Event> {
    let Job::Procedure { runbook, subject: Subject::Incident(id), step } = &attempt.job else { return None };
    world.remedies.iter().rev().find(|remedy| remedy.attempt == *attempt)?;
    let tick = world.procedure(runbook, &Subject::Incident(*id))?.ticks.get(step)?;
    let (book, incident) = (world.runbooks.get(runbook)?, world.incident(*id).filter(|incident| incident.is_open())?);
    if tick.state != TickState::Passed {
        return None;
    }
    let place = book.steps.iter().position(|other| other.name == *step)?;
    let mut left = Left { world, since: now.checked_sub(HOUR).unwrap_or(now), begun: Vec::new() };
    begin(&mut left, incident, book, first(incident, book, place + 1)?)
}

/// The first step from a place on that runs by itself for what opened the incident.
fn first<'a>(incident: &Incident, book: &'a Runbook, from: usize) -> Option<&'a ProcedureStep> {
    let names = incident.alerts.values().filter_map(|alert| alert.notice.labels.get(ALERT_NAME).map(String::as_str));
    let words: Vec<&str> = incident.alerts.values().map(|alert| alert.notice.cause.word()).chain(names).collect();
    let fits = |step: &&ProcedureStep| {
        step.auto.as_ref().is_some_and(|auto| auto.on.is_empty() || auto.on.iter().any(|on| words.contains(&on.as_str())))
    };
    book.steps.iter().skip(from).find(fits)
}

fn begin(left: &mut Left<'_>, incident: &Incident, book: &Runbook, step: &ProcedureStep) -> Option<Event> {
    let (world, subject) = (left.world, Subject::Incident(incident.id));
    let held_back = |reason: String| {
        let (incident, runbook, step) = (incident.id, book.id.clone(), step.name.clone());
        Some(Event::RemediationHeldBack { incident, runbook, step, reason })
    };
    if step.danger {
        return held_back("a dangerous step never runs by itself".into());
    }
    if needs_two_people(world, step) {
        return held_back("it needs two people".into());
    }
    let params = filled_in(world, &subject, step);
    for param in &step.params {
        let value = params.get(&param.name).map_or("", String::as_str);
        if value.is_empty() || value.contains('\0') || param_problem(&param.kind, value).is_some() {
            return held_back(format!("nothing fills in its parameter `{}`", param.name));
        }
    }
    let job = Job::Procedure { runbook: book.id.clone(), subject: subject.clone(), step: step.name.clone() };
    let tick = world.procedure(&book.id, &subject).and_then(|walked| walked.ticks.get(&step.name));
    if tick.is_some_and(|tick| tick.state == TickState::Running) {
        return None;
    }
    if let Some(reason) = left.why_none(book) {
        return held_back(reason);
    }
    left.begun.push(book.id.clone());
    let attempt = AttemptId { job, number: tick.map_or(0, |tick| tick.runs) + 1 };
    Some(Event::ProcedureAsked { attempt, command: step.run.to_string(), params })
}
