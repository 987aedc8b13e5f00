//! A run's steps → bars over time, beside the last good run's.

use crate::console::widget::gantt::{Bar, Kind};
use crate::domain::AttemptEnd;
use crate::world::{Attempt, Run, StepRun, StepState};
use jiff::Timestamp;

/// A run over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// The moment of the left edge.
    pub start: Timestamp,
    /// Seconds from the left to the right edge.
    pub span: f64,
    /// Where now is, for a run that is not done.
    pub now: Option<f64>,
    /// The bars of each step, in the order of the definition.
    pub steps: Vec<Vec<Bar>>,
}

/// The bars of a run. The last good run is laid over it from the same left edge, by the names of the steps.
pub fn of(run: &Run, good: Option<&Run>, now: Timestamp) -> Bars {
    let start = run.started_at.unwrap_or(run.created_at);
    let done = run.ended_at;
    let seconds = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs_f64().max(0.0);
    let length = seconds(start, done.unwrap_or(now));
    let good_start = good.map(|good| good.started_at.unwrap_or(good.created_at));
    let good_length = good.zip(good_start).map_or(0.0, |(good, start)| good.ended_at.map_or(0.0, |end| seconds(start, end)));
    let steps = run
        .steps
        .iter()
        .map(|step| {
            let mut bars = Vec::new();
            if let Some((good, good_start)) = good.zip(good_start) {
                let taken = good.step(&step.name).and_then(|step| step.attempts.last());
                if let Some((from, to)) = taken.and_then(|attempt| attempt.started_at.zip(attempt.ended_at)) {
                    bars.push(Bar { from: seconds(good_start, from), to: seconds(good_start, to), kind: Kind::LastGood });
                }
            }
            bars.extend(attempts(step, start, now));
            bars
        })
        .collect();
    // Room to the right of a run that goes on, so that its bars are seen to grow.
    let span = if done.is_some() { length.max(good_length) } else { (length * 1.1).max(good_length) }.max(1.0);
    Bars { start, span, now: done.is_none().then_some(length), steps }
}

fn attempts(step: &StepRun, start: Timestamp, now: Timestamp) -> Vec<Bar> {
    let seconds = |at: Timestamp| at.duration_since(start).as_secs_f64();
    let mut bars = Vec::new();
    let mut ended = None;
    for attempt in step.attempts.iter().filter(|_| !step.carried) {
        let from = attempt.started_at.unwrap_or(attempt.starting_at);
        if let Some(ended) = ended {
            bars.push(Bar { from: ended, to: seconds(from), kind: Kind::Wait });
        }
        bars.push(Bar { from: seconds(from), to: seconds(attempt.ended_at.unwrap_or(now)), kind: kind(attempt) });
        ended = attempt.ended_at.map(seconds);
    }
    if let (Some(ended), StepState::RetryAt { .. }) = (ended, &step.state) {
        bars.push(Bar { from: ended, to: seconds(now), kind: Kind::Wait });
    }
    bars
}

fn kind(attempt: &Attempt) -> Kind {
    match &attempt.end {
        None => Kind::Running,
        Some(end) if end.is_success() => Kind::Good,
        Some(AttemptEnd::Lost) => Kind::Lost,
        Some(_) => Kind::Bad,
    }
}
