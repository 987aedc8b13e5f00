//! Will it be late: the predicted end of a run over its longest remaining path (RULES: lateness). A rule without state:
//! it is asked when someone looks, and the answer changes with the clock.
//!
//! Each step counts with the p50 and the p90 of its own last successes. What a step waits for beyond the steps that it
//! needs (a slot, a pool, a person) is not foreseen. A forecast from fewer than [`COMPARABLE`] successes of any step on
//! the path says so.

use super::occurrences;
use super::timing::words;
use crate::domain::counted;
use crate::domain::{FlowDefinition, FlowId, Phase, StepName};
use crate::world::{Flow, Run, StepRun, StepState, Watch, World};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Successes of each step that a forecast asks for (RULES: lateness).
pub const COMPARABLE: usize = 5;

/// How a run stands to its deadline. Ordered: the worst is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Even a slow end, the p90, is in time; or there is no deadline.
    OnTime,
    /// Too few comparable runs to say.
    Unknown,
    /// A slow end, the p90, is after the deadline.
    AtRisk,
    /// The usual end, the p50, is after the deadline.
    WillBeLate,
    /// The deadline has passed.
    Late,
}

impl Risk {
    /// The words for a row.
    pub fn words(self) -> &'static str {
        match self {
            Self::OnTime => "on time",
            Self::Unknown => "history too thin",
            Self::AtRisk => "at risk",
            Self::WillBeLate => "will be late",
            Self::Late => "late",
        }
    }
}

/// When something ends, as far as the past tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Forecast {
    /// The usual end; absent where a step on the way has never succeeded.
    pub p50: Option<Timestamp>,
    /// The end in a slow case.
    pub p90: Option<Timestamp>,
    /// It must have succeeded by then.
    pub due: Option<Timestamp>,
    /// How it stands to that.
    pub risk: Risk,
    /// The fewest comparable successes of any unfinished step.
    pub comparable: usize,
    /// The longest remaining path, in the order in which it runs.
    pub path: Vec<StepName>,
}

impl Forecast {
    /// In one line: `ends about 06:42 CET (slow case 06:55), due 07:00 CET, 18m to spare: on time`. Absent where nothing is
    /// known and nothing is due. `wall` writes a time.
    pub fn words(&self, wall: impl Fn(Timestamp) -> String) -> Option<String> {
        let thin = || format!("{} of {COMPARABLE} comparable successes", self.comparable);
        let ends = match (self.p50, self.p90) {
            (Some(p50), Some(p90)) if p50 != p90 => format!("ends about {} (slow case {})", wall(p50), wall(p90)),
            (Some(p50), _) => format!("ends about {}", wall(p50)),
            (None, _) => format!("its end is not foreseen: {}", thin()),
        };
        let Some(due) = self.due else {
            let known = || {
                if self.comparable < COMPARABLE { format!(", known from {} only", counted(self.comparable, "run")) } else { String::new() }
            };
            return self.p50.map(|_| format!("{ends}{}", known()));
        };
        let spare = match self.slack().map(|slack| (slack.is_negative(), Duration::try_from(slack.abs()).unwrap_or_default())) {
            Some((true, over)) => format!(", {} too late", words(over)),
            Some((false, spare)) => format!(", {} to spare", words(spare)),
            None => String::new(),
        };
        let risk = match self.risk {
            Risk::Unknown if self.p50.is_some() => format!("{}, {}", Risk::Unknown.words(), thin()),
            risk => risk.words().to_owned(),
        };
        Some(format!("{ends}, due {}{spare}: {risk}", wall(due)))
    }

    /// From the usual end to the deadline; negative where it will be late.
    pub fn slack(&self) -> Option<SignedDuration> {
        Some(self.due?.duration_since(self.p50?))
    }
}

/// When a run that is not done ends.
pub fn of_run(flow: &Flow, run: &Run, now: Timestamp) -> Option<Forecast> {
    let definition = flow.definition_of(run)?;
    let remaining = |name: &StepName| run.step(name).map_or(Remaining::DONE, |step| of_step(flow, step, now));
    Some(told(definition, remaining, now, due(flow, run.planned_at), flow.is_late()))
}

/// When a run of these steps ends, if it starts now: for a rerun, or for a flow that is started by hand.
pub fn if_run_now(flow: &Flow, definition: &FlowDefinition, steps: &[StepName], planned_at: Timestamp, now: Timestamp) -> Forecast {
    let remaining = |name: &StepName| if steps.contains(name) { usual(flow, name) } else { Remaining::DONE };
    told(definition, remaining, now, due(flow, planned_at), flow.is_late())
}

/// When what failed or never ran of a run would end, if it were run again now. Only for runs that are done and not whole.
pub fn of_rerun(flow: &Flow, run: &Run, now: Timestamp) -> Option<Forecast> {
    let open: Vec<StepName> = run.steps.iter().filter(|step| !step.state.is_success()).map(|step| step.name.clone()).collect();
    let definition = flow.definition_of(run).filter(|_| run.phase == Phase::Done && !open.is_empty())?;
    Some(if_run_now(flow, definition, &open, run.planned_at, now))
}

/// When the next planned occurrence of a flow ends, and whether that is in time.
pub fn of_next(world: &World, flow: &Flow) -> Option<(Timestamp, Forecast)> {
    let at = occurrences::next(world, flow)?;
    let due = Watch::of(&flow.definition, at).and_then(|watch| watch.finish_by);
    Some((at, told(&flow.definition, |name| usual(flow, name), at, due, false)))
}

/// The breach of a deadline that has come or is foreseen: the deadline, and the forecast of the run on its way. Flows
/// without an open deadline cost nothing.
pub fn breach(flow: &Flow, now: Timestamp) -> Option<(Timestamp, Risk, Option<Forecast>)> {
    let due = flow.watches.iter().filter_map(|watch| watch.finish_by).min();
    let missed_start = || flow.watches.iter().filter(|watch| watch.start_missed).filter_map(|watch| watch.start_by).min();
    let forecast = due.and_then(|_| of_run(flow, flow.active().next()?, now));
    let risk = forecast.as_ref().map(|forecast| forecast.risk).filter(|risk| *risk >= Risk::AtRisk);
    match (flow.is_late(), risk, due) {
        (true, _, _) => Some((due.into_iter().chain(missed_start()).min()?, Risk::Late, forecast)),
        (false, Some(risk), Some(due)) => Some((due, risk, forecast)),
        _ => None,
    }
}

/// Where a flow stands in a list: the earliest breach of a deadline first, come or foreseen, then as [`Flow::urgency`].
pub fn urgency(flow: &Flow, now: Timestamp) -> (Timestamp, u8, FlowId) {
    let (class, id) = flow.urgency();
    (breach(flow, now).map_or(Timestamp::MAX, |(due, _, _)| due), class, id)
}

/// The earliest open deadline that a run of this planned time has to meet.
fn due(flow: &Flow, planned_at: Timestamp) -> Option<Timestamp> {
    flow.watches.iter().filter(|watch| watch.planned_at <= planned_at).filter_map(|watch| watch.finish_by).min()
}

/// What a step still takes.
#[derive(Debug, Clone, Copy)]
struct Remaining {
    p50: Option<Duration>,
    p90: Option<Duration>,
    /// Comparable successes; absent where nothing remains.
    comparable: Option<usize>,
}

impl Remaining {
    const DONE: Self = Self { p50: Some(Duration::ZERO), p90: Some(Duration::ZERO), comparable: None };
}

fn usual(flow: &Flow, name: &StepName) -> Remaining {
    let none = VecDeque::new();
    let mut took: Vec<u32> = flow.took.get(name).unwrap_or(&none).iter().copied().collect();
    took.sort_unstable();
    Remaining { p50: percentile(&took, 50), p90: percentile(&took, 90), comparable: Some(took.len()) }
}

/// A running step takes what those of its past that ran longer than it did until now took; once it is longer than all of
/// them, it may end at any moment.
fn of_step(flow: &Flow, step: &StepRun, now: Timestamp) -> Remaining {
    let wait = match step.state {
        StepState::Done { .. } => return Remaining::DONE,
        StepState::Running => {
            let spent = step.began().and_then(|began| Duration::try_from(now.duration_since(began)).ok()).unwrap_or_default();
            let mut took: Vec<u32> = flow.took.get(&step.name).into_iter().flatten().copied().collect();
            took.sort_unstable();
            let longer: Vec<u32> = took.iter().copied().filter(|took| u128::from(*took) > spent.as_millis()).collect();
            let left = |percent| {
                let whole = percentile(&longer, percent).or_else(|| percentile(&took, 100))?;
                Some(whole.saturating_sub(spent))
            };
            return Remaining { p50: left(50), p90: left(90), comparable: Some(took.len()) };
        }
        StepState::RetryAt { at } => Duration::try_from(at.duration_since(now)).unwrap_or_default(),
        StepState::Waiting | StepState::Queued | StepState::Approval => Duration::ZERO,
    };
    let usual = usual(flow, &step.name);
    Remaining { p50: usual.p50.map(|p50| p50 + wait), p90: usual.p90.map(|p90| p90 + wait), ..usual }
}

/// The nearest-rank percentile of sorted milliseconds.
fn percentile(sorted: &[u32], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).map(|milliseconds| Duration::from_millis(u64::from(*milliseconds)))
}

fn told(
    definition: &FlowDefinition,
    remaining: impl Fn(&StepName) -> Remaining,
    from: Timestamp,
    due: Option<Timestamp>,
    is_late: bool,
) -> Forecast {
    let all: Vec<Remaining> = definition.steps.iter().map(|step| remaining(&step.name)).collect();
    let comparable = all.iter().filter_map(|step| step.comparable).min().unwrap_or(COMPARABLE);
    let ends = |length: Option<Duration>| from.checked_add(SignedDuration::try_from(length?).ok()?).ok();
    let usual = longest(definition, &all.iter().map(|step| step.p50).collect::<Vec<_>>());
    let slow = longest(definition, &all.iter().map(|step| step.p90).collect::<Vec<_>>());
    let path = usual.iter().flat_map(|(_, path)| path).filter(|place| all.get(**place).is_some_and(|step| step.comparable.is_some()));
    let path = path.filter_map(|place| Some(definition.steps.get(*place)?.name.clone())).collect();
    let (p50, p90) = (ends(usual.as_ref().map(|(length, _)| *length)), ends(slow.map(|(length, _)| length)));
    let after = |end: Option<Timestamp>| end.zip(due).is_some_and(|(end, due)| end > due);
    let risk = match () {
        () if is_late || due.is_some_and(|due| due < from) => Risk::Late,
        () if due.is_none() => Risk::OnTime,
        () if comparable < COMPARABLE || p50.is_none() => Risk::Unknown,
        () if after(p50) => Risk::WillBeLate,
        () if after(p90) => Risk::AtRisk,
        () => Risk::OnTime,
    };
    Forecast { p50, p90, due, risk, comparable, path }
}

/// The end of a step with the number of steps until there, and the step before it on the way.
type End = ((Duration, usize), Option<usize>);

/// The longest way through the graph of needs and the places of its steps; absent where a length is not known.
fn longest(definition: &FlowDefinition, lengths: &[Option<Duration>]) -> Option<(Duration, Vec<usize>)> {
    let places: BTreeMap<&StepName, usize> = definition.steps.iter().enumerate().map(|(place, step)| (&step.name, place)).collect();
    let needs: Vec<Vec<usize>> =
        definition.steps.iter().map(|step| step.needs.iter().filter_map(|need| places.get(need).copied()).collect()).collect();
    // For each step its end and the number of steps until there, of equal ends the one after more steps counts; and
    // the step before it on the way.
    let mut ends: Vec<Option<End>> = vec![None; needs.len()];
    // The loader refuses cycles; without one, each step is settled when the steps that it needs are.
    let mut heads: Vec<usize> = (0..needs.len()).rev().collect();
    let mut rounds = needs.iter().map(Vec::len).sum::<usize>() + 2 * needs.len();
    while let Some(&place) = heads.last() {
        let open = needs.get(place)?.iter().copied().find(|need| ends.get(*need).is_none_or(Option::is_none));
        if let Some(open) = open {
            rounds = rounds.checked_sub(1)?;
            heads.push(open);
            continue;
        }
        heads.pop();
        let before = needs.get(place)?.iter().filter_map(|need| Some((ends.get(*need)?.as_ref()?.0, *need))).max();
        let (length, depth) = before.map_or((Duration::ZERO, 0), |(end, _)| end);
        *ends.get_mut(place)? = Some(((length + (*lengths.get(place)?)?, depth + 1), before.map(|(_, need)| need)));
    }
    let last = (0..ends.len()).max_by_key(|place| (ends.get(*place).and_then(|end| end.map(|(end, _)| end)), std::cmp::Reverse(*place)));
    let mut path = Vec::new();
    let mut next = last;
    while let Some(place) = next {
        path.push(place);
        next = ends.get(place)?.as_ref()?.1;
    }
    path.reverse();
    Some((last.and_then(|place| ends.get(place)?.map(|((length, _), _)| length)).unwrap_or_default(), path))
}
