//! Why something does not run, or did not succeed: an ordered list, each line with the object that causes it.

use super::compare::Comparison;
use super::moment::near;
use super::{Timetable, Waiting, alerts, forecast, occurrences, waiting};
use crate::domain::{AttemptId, FlowId, Job, Outcome, Phase, RunId};
use crate::world::{Flow, Run, StepRun, StepState, World};
use jiff::Timestamp;
use serde::Serialize;

/// One condition that is not met, or one thing that went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// What, in words.
    pub text: String,
    /// The object that causes it, as it is typed; empty where there is none.
    pub object: String,
    /// The command that would change it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The attempt whose output tells more; a rule does not read it, see [`with_output`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<AttemptId>,
}

/// The same reasons, each that has an attempt followed by what its output tells, where it tells anything.
pub fn with_output(reasons: Vec<Reason>, mut told: impl FnMut(&AttemptId) -> Option<String>) -> Vec<Reason> {
    let mut all = Vec::with_capacity(reasons.len() + 1);
    for reason in reasons {
        let attempt = reason.attempt.clone();
        let words = attempt.as_ref().and_then(&mut told).map(|text| Reason { attempt, ..Reason::new(text, &reason.object) });
        all.push(reason);
        all.extend(words);
    }
    all
}

impl Reason {
    fn new(text: impl Into<String>, object: &impl ToString) -> Self {
        Self { text: text.into(), object: object.to_string(), hint: None, attempt: None }
    }

    fn attempt(self, run: &RunId, step: &StepRun) -> Self {
        let job = || Job::Step { run: run.clone(), step: step.name.clone() };
        Self { attempt: step.attempts.last().map(|attempt| AttemptId { job: job(), number: attempt.number }), ..self }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl From<Waiting> for Reason {
    fn from(waiting: Waiting) -> Self {
        Self { text: waiting.text, object: waiting.object, hint: waiting.hint, attempt: None }
    }
}

/// Why a flow does not run now, and what became of its last run. Empty where there is no such flow.
pub fn why_flow(world: &World, id: &FlowId, now: Timestamp) -> Vec<Reason> {
    let Some(flow) = world.flow(id) else { return Vec::new() };
    let mut reasons = conditions(world, flow, now);
    let active: Vec<&Run> = flow.active().collect();
    for run in &active {
        reasons.extend(of_active(world, flow, run, now));
    }
    if active.is_empty() {
        reasons.extend(flow.last_done().map(|run| of_done(flow, run)).unwrap_or_default());
        reasons.extend(absence(flow));
    }
    reasons
}

/// Why a run is where it is. Empty where there is no such run.
pub fn why_run(world: &World, id: &RunId, now: Timestamp) -> Vec<Reason> {
    let Some(flow) = world.flow(&id.flow) else { return Vec::new() };
    let Some(run) = flow.run(id) else { return Vec::new() };
    match run.phase {
        Phase::Done => of_done(flow, run),
        _ => source(world, flow).into_iter().chain(of_active(world, flow, run, now)).collect(),
    }
}

/// What keeps the next run of a flow from starting.
fn conditions(world: &World, flow: &Flow, now: Timestamp) -> Vec<Reason> {
    let id = &flow.definition.id;
    let zone = &flow.definition.zone;
    let mut reasons: Vec<Reason> = source(world, flow).into_iter().collect();
    if flow.removed {
        reasons.push(Reason::new(format!("its file {} is gone", flow.definition.file), id));
        return reasons;
    }
    if let Some(hold) = &flow.hold {
        let until = hold.until.map_or(String::new(), |until| format!(" until {}", near(until, now, zone)));
        reasons.push(Reason::new(format!("held by {}{until}: {}", hold.by, hold.reason), id).hint(format!("dogwatch release {id}")));
    }
    if let Some(ice) = &flow.ice {
        let until = ice.until.map_or(String::new(), |until| format!(" until {}", near(until, now, zone)));
        let text = format!("iced by {}{until}: {}; what waits for it goes on", ice.by, ice.reason);
        reasons.push(Reason::new(text, id).hint(format!("dogwatch thaw {id}")));
    }
    if let Some(noop) = &flow.noop {
        let text = format!("its next run only goes through the motions: no-op by {}, {}", noop.by, noop.reason);
        reasons.push(Reason::new(text, id).hint(format!("dogwatch noop {id} --undo")));
    }
    if !flow.asked.is_empty() {
        let text = format!("{} missed occurrences wait for a choice", flow.asked.len());
        reasons.push(Reason::new(text, id).hint(format!("dogwatch catchup {id} --choose all|latest|none")));
    }
    reasons.extend(left_out(world, flow, now));
    match occurrences::next(world, flow) {
        Some(at) if at > now => {
            let when = at.in_tz(zone).map_or_else(|_| at.to_string(), |zoned| zoned.strftime("%a %Y-%m-%d %H:%M %Z").to_string());
            reasons.push(Reason::new(format!("its next time is {when}"), id).hint(format!("dogwatch run {id}")));
        }
        None if flow.source().is_local() && !flow.definition.schedules.is_empty() => {
            reasons.push(Reason::new("no day of its schedule and calendar is left", id).hint(format!("dogwatch plan {id}")));
        }
        None if flow.source().is_local() && !flow.definition.conditions.after.is_empty() => {
            let before: Vec<&str> = flow.definition.conditions.after.iter().map(|after| after.flow.as_str()).collect();
            let text = format!("it has no schedule: it runs when {} ended for a date", before.join(", "));
            reasons.push(Reason::new(text, id).hint(format!("dogwatch run {id}")));
        }
        None if flow.source().is_local() && !flow.definition.conditions.files.is_empty() => {
            for file in &flow.definition.conditions.files {
                let sight = world.feeds.get(id).and_then(|feed| feed.sights.get(&file.path));
                let seen = sight.map_or("nothing was seen yet", |sight| sight.words.as_str());
                let text = format!("it runs when the file {} comes: {seen}", file.path);
                reasons.push(Reason::new(text, &file.path).hint(format!("dogwatch run {id}")));
            }
        }
        None if flow.source().is_local() => {
            reasons.push(Reason::new("it has no schedule: it runs when someone starts it", id).hint(format!("dogwatch run {id}")));
        }
        _ => {}
    }
    reasons
}

/// The next time on the schedule, where the calendar leaves it out.
fn left_out(world: &World, flow: &Flow, now: Timestamp) -> Option<Reason> {
    let timetable = Timetable::of(world, flow);
    let nexts = timetable.lines().filter_map(|(_, schedule)| Some((schedule, schedule.next(now)?)));
    let (schedule, firing) = nexts.min_by_key(|(_, firing)| firing.at)?;
    let (calendar, reason) = schedule.why_skipped(&firing)?;
    let text = format!("its time {} will be skipped (calendar {calendar}: {reason})", alerts::wall(firing.at, &flow.definition.zone));
    Some(Reason::new(text, &calendar).hint(format!("dogwatch plan {}", flow.definition.id)))
}

fn source(world: &World, flow: &Flow) -> Option<Reason> {
    waiting::source(world, flow).map(Reason::from)
}

/// What a run that is not done waits for, and what of it runs.
fn of_active(world: &World, flow: &Flow, run: &Run, now: Timestamp) -> Vec<Reason> {
    let id = &run.id;
    let mut reasons = Vec::new();
    if let Some(by) = &run.kill_asked_by {
        reasons.push(Reason::new(format!("{by} asked it to end"), id));
    }
    let held_back = waiting::of_run(world, flow, run, now);
    if !held_back.is_empty() {
        reasons.extend(held_back.into_iter().map(Reason::from));
        return reasons;
    }
    let steps = run.steps.iter();
    reasons.extend(steps.filter_map(|step| match step.state {
        StepState::Running => Some(of_running(flow, run, step)),
        _ => waiting::of_step(world, flow, run, step, now).map(Reason::from),
    }));
    reasons.extend(foreseen(flow, run, now));
    reasons
}

/// When it will end, where it has a deadline or a history.
fn foreseen(flow: &Flow, run: &Run, now: Timestamp) -> Option<Reason> {
    let told = forecast::of_run(flow, run, now)?;
    let words = told.words(|at| alerts::wall(at, &flow.definition.zone))?;
    Some(Reason::new(words, &run.id))
}

fn of_running(flow: &Flow, run: &Run, step: &StepRun) -> Reason {
    let object = format!("{} {}", run.id, step.name);
    let attempts = flow.definition_of(run).and_then(|definition| definition.step(&step.name)).map_or(1, |step| step.retry.attempts);
    let hint = format!("dogwatch logs {object} -f");
    Reason::new(format!("{} runs, attempt {} of {attempts}", step.name, step.attempts_spent()), &object).hint(hint)
}

/// How a run ended, and what differs from the last good one.
fn of_done(flow: &Flow, run: &Run) -> Vec<Reason> {
    let id = &run.id;
    let mut reasons = Vec::new();
    match &run.outcome {
        Some(outcome) if outcome.is_success() => return vec![Reason::new(format!("{id} succeeded"), id)],
        Some(Outcome::Cancelled { by }) => reasons.push(Reason::new(format!("{id} was ended by {by}"), id)),
        Some(outcome) => reasons.push(Reason::new(format!("{id} ended: {}", outcome.word()), id)),
        None => {}
    }
    for step in &run.steps {
        let object = format!("{id} {}", step.name);
        let attempt = step.attempts.last();
        let hint = format!("dogwatch logs {object}");
        match step.state.outcome() {
            Some(Outcome::Failed { cause }) => {
                let text = format!("{} failed: {cause}, attempt {}", step.name, step.attempts_spent());
                reasons.push(Reason::new(text, &object).hint(hint).attempt(id, step));
            }
            Some(Outcome::Lost) => {
                let boot = attempt.map_or("", |attempt| attempt.boot_id.as_str());
                reasons.push(
                    Reason::new(format!("{} is lost: nobody knows how it ended (boot {boot})", step.name), &object)
                        .hint(hint)
                        .attempt(id, step),
                );
            }
            Some(Outcome::UpstreamFailed) => {
                reasons.push(Reason::new(format!("{} did not run: a step that it needs failed", step.name), &object));
            }
            _ => {}
        }
    }
    reasons.push(Reason::new("what failed and what never ran can be run again", id).hint(format!("dogwatch rerun {id} --reason …")));
    reasons.extend(Comparison::of(flow, run).as_ref().map(differences).unwrap_or_default());
    reasons
}

/// What a run had that the last good one had not.
fn differences(compared: &Comparison) -> Vec<Reason> {
    let good = compared.good.clone();
    let reasons: Vec<Reason> = compared.lines().into_iter().map(|line| Reason::new(line, &good)).collect();
    if reasons.is_empty() {
        return vec![Reason::new(format!("definition, parameters and durations are those of the last good run {good}"), &good)];
    }
    reasons
}

/// The last occurrence that made no run, where it is younger than the last run.
fn absence(flow: &Flow) -> Option<Reason> {
    let (at, words) = flow.last_absence.as_ref()?;
    let younger = flow.last_run().is_none_or(|run| run.planned_at < *at);
    younger.then(|| Reason::new(format!("its time {} was {words}", alerts::wall(*at, &flow.definition.zone)), &flow.definition.id))
}
