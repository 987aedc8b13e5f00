//! How long runs and steps take, watched by a timer of their own: too long, too fast, and the total timeout of a flow
//! (RULES: timing). The deadlines of the clock are in `deadlines`.

use super::alerts;
use crate::domain::flow::Bounds;
use crate::domain::{AlertCause, Event, Fingerprint, Outcome, RunId, StepName};
use crate::world::{Flow, Run, StepRun, StepState, World};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// When a bound of a run that is not done passes next.
pub(super) fn next(world: &World, flow: &Flow) -> Option<Timestamp> {
    flow.stirring().filter_map(|run| next_of(world, flow, run)).min()
}

fn next_of(world: &World, flow: &Flow, run: &Run) -> Option<Timestamp> {
    let timeout = timeout(flow, run);
    limits(flow, run).filter(|limit| !is_told(world, flow, limit, run)).map(|limit| limit.at).chain(timeout).min()
}

/// Facts for the bounds that have passed.
pub(super) fn due(world: &World, flow: &Flow, now: Timestamp) -> Vec<Event> {
    let mut events = Vec::new();
    for run in flow.stirring() {
        let passed = limits(flow, run).filter(|limit| limit.at <= now && !is_told(world, flow, limit, run));
        events.extend(passed.map(|limit| limit.alert(flow, run)));
        events.extend(timeout(flow, run).filter(|at| *at <= now).map(|_| Event::RunTimedOut { run: run.id.clone() }));
    }
    events
}

/// The instant at which a run is ended, unless it is being ended already.
fn timeout(flow: &Flow, run: &Run) -> Option<Timestamp> {
    let timeout = flow.definition_of(run)?.timeout?;
    after(run.started_at.filter(|_| run.kill_asked_by.is_none())?, timeout)
}

/// The end of a `max_run`.
struct Limit<'a> {
    at: Timestamp,
    step: Option<&'a StepName>,
    max_run: Duration,
}

impl Limit<'_> {
    fn alert(&self, flow: &Flow, run: &Run) -> Event {
        let what = self.step.map_or_else(|| run.id.to_string(), |step| format!("{} {step}", run.id));
        let summary = format!("{what}: runs longer than {}", words(self.max_run));
        alerts::out_of_bounds(&flow.definition, alerts::bound(&run.id, self.step, true), summary)
    }
}

/// The bounds above which a run and its running steps alarm.
fn limits<'a>(flow: &'a Flow, run: &'a Run) -> impl Iterator<Item = Limit<'a>> {
    let definition = flow.definition_of(run);
    let whole = definition.and_then(|definition| {
        let max_run = definition.bounds.max_run?;
        Some(Limit { at: after(run.started_at?, max_run)?, step: None, max_run })
    });
    let steps = definition.into_iter().flat_map(|definition| definition.steps.iter()).zip(&run.steps).filter_map(|(step, row)| {
        let max_run = step.bounds.max_run?;
        let begun = matches!(row.state, StepState::Running | StepState::RetryAt { .. });
        Some(Limit { at: after(row.began().filter(|_| begun)?, max_run)?, step: Some(&step.name), max_run })
    });
    whole.into_iter().chain(steps)
}

fn is_told(world: &World, flow: &Flow, limit: &Limit<'_>, run: &Run) -> bool {
    let cause = alerts::bound(&run.id, limit.step, true);
    let labels = alerts::bound_labels(&flow.definition, &cause);
    world.alerts.get(&Fingerprint::of(&labels)).is_some_and(|alert| alert.notice.cause == cause)
}

/// The end of a step: whoever ran too long does so no more, and a success may have come too soon.
pub(super) fn of_step_end(world: &World, id: &RunId, name: &StepName) -> Vec<Event> {
    let Some((flow, run)) = found(world, id) else { return Vec::new() };
    let Some(bounds) = flow.definition_of(run).and_then(|definition| definition.step(name)).map(|step| step.bounds) else {
        return Vec::new();
    };
    if bounds.is_open() {
        return Vec::new();
    }
    let took = run.step(name).filter(|step| succeeded(step)).and_then(StepRun::took);
    told(world, flow, run, Some(name), bounds, took)
}

/// The same for a run. One that took steps over from an earlier run is shorter for a good reason.
pub(super) fn of_run_end(world: &World, id: &RunId) -> Vec<Event> {
    let Some((flow, run)) = found(world, id) else { return Vec::new() };
    let Some(bounds) = flow.definition_of(run).map(|definition| definition.bounds).filter(|bounds| !bounds.is_open()) else {
        return Vec::new();
    };
    let whole = run.outcome == Some(Outcome::Success) && run.steps.iter().all(|step| !step.carried && succeeded(step));
    let took = run.started_at.zip(run.ended_at).and_then(|(from, to)| Duration::try_from(to.duration_since(from)).ok());
    told(world, flow, run, None, bounds, took.filter(|_| whole))
}

fn succeeded(step: &StepRun) -> bool {
    matches!(step.state, StepState::Done { outcome: Outcome::Success })
}

fn told(world: &World, flow: &Flow, run: &Run, step: Option<&StepName>, bounds: Bounds, took: Option<Duration>) -> Vec<Event> {
    let what = step.map_or_else(|| run.id.to_string(), |step| format!("{} {step}", run.id));
    let ended = |cause: AlertCause, words: &str| alerts::within_bounds(world, &flow.definition, &cause, || format!("{what} {words}"));
    let long = ended(alerts::bound(&run.id, step, true), "has ended");
    let fast = alerts::bound(&run.id, step, false);
    let fast = match (took, bounds.min_run) {
        (Some(took), Some(min)) if took < min => {
            let summary = format!("{what}: took {}, at least {} was expected", words(took), words(min));
            Some(alerts::out_of_bounds(&flow.definition, fast, summary))
        }
        (Some(_), _) => ended(fast, "took its usual time"),
        (None, _) => None,
    };
    long.into_iter().chain(fast).collect()
}

fn found<'a>(world: &'a World, id: &RunId) -> Option<(&'a Flow, &'a Run)> {
    let flow = world.flow(&id.flow)?;
    Some((flow, flow.run(id)?))
}

fn after(from: Timestamp, span: Duration) -> Option<Timestamp> {
    from.checked_add(SignedDuration::try_from(span).ok()?).ok()
}

/// A duration in its two largest units: `1h 12m`, `48s`.
pub(super) fn words(span: Duration) -> String {
    let seconds = span.as_secs();
    match (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, _) if seconds < 10 => format!("{:.1}s", span.as_secs_f64()),
        (0, 0, 0, seconds) => format!("{seconds}s"),
        (0, 0, minutes, 0) => format!("{minutes}m"),
        (0, 0, minutes, seconds) => format!("{minutes}m {seconds}s"),
        (0, hours, minutes, _) => format!("{hours}h {minutes}m"),
        (days, hours, ..) => format!("{days}d {hours}h"),
    }
}
