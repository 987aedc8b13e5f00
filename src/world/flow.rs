//! A flow with its runs, its holds and its past, as the entries left them.

use super::deadline::Watch;
use super::hold::{Hold, Noop};
use super::run::Run;
use super::settled::SettledLog;
use crate::domain::flow::Overlap;
use crate::domain::run::Occurrence;
use crate::domain::{Digest, Few, FlowDefinition, FlowId, IncidentId, MessageId, Outcome, Phase, RunId, SourceId, StepName, span};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// A job flow with what it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// Its definition now.
    pub definition: Arc<FlowDefinition>,
    /// That definition's digest.
    pub digest: Digest,
    /// Definitions by digest: today's and those that kept runs ran with.
    pub definitions: BTreeMap<Digest, Arc<FlowDefinition>>,
    /// When today's definition came.
    pub defined_at: Timestamp,
    /// Whether its file is gone; its runs stay.
    pub removed: bool,
    /// Who lets no new run start.
    pub hold: Option<Hold>,
    /// For each schedule the planned instant of its last settled occurrence.
    pub settled: BTreeMap<String, Timestamp>,
    /// The last settled occurrence that made no run, with its disposition in words.
    pub last_absence: Option<(Timestamp, String)>,
    /// The number that the next run gets.
    pub next_run: u32,
    /// Runs that are not done, and the last done ones, in the order of their making.
    pub runs: VecDeque<Arc<Run>>,
    /// The last outcomes with their durations, the oldest first.
    pub history: VecDeque<Past>,
    /// Deadlines that are not met yet.
    pub watches: Vec<Watch>,
    /// Open incidents that this flow has a part in.
    pub incidents: Vec<IncidentId>,
    /// How many of `runs` are done.
    pub(super) done: usize,
    /// Messages about passed deadlines, the last ones: a deadline is told once, however often its alert fires.
    #[serde(default)]
    pub late_told: VecDeque<MessageId>,
    /// What became of its last dates, for the flows that come after it; at most [`super::DATES_KEPT`].
    #[serde(default)]
    pub dates: Few<Date, DateEnd>,
    /// Dates for which its predecessors have made a run; at most [`super::DATES_KEPT`].
    #[serde(default)]
    pub made_after: Few<Date, RunId>,
    /// For each step of today's definition how long its last successes took, in milliseconds, the oldest first.
    pub took: Few<StepName, VecDeque<u32>>,
    /// What became of the last occurrences.
    #[serde(default)]
    pub endings: SettledLog,
    /// Who leaves the flow out, with what waits for it going on.
    #[serde(default)]
    pub ice: Option<Hold>,
    /// When the last ice ended.
    #[serde(default)]
    pub thawed_at: Option<Timestamp>,
    /// Who lets the next run go through the motions only.
    #[serde(default)]
    pub noop: Option<Noop>,
    /// Missed occurrences that wait for a person's choice, in the order of their times.
    #[serde(default)]
    pub asked: Vec<Occurrence>,
    /// Runs of which more is to be known than that they wait for their turn, by number: see [`Flow::stirring`].
    pub(super) stirring: BTreeSet<(u32, RunId)>,
}

/// Messages about passed deadlines that a flow remembers.
pub(super) const LATE_TOLD_KEPT: usize = 32;

impl Flow {
    /// Who owns it.
    pub fn source(&self) -> SourceId {
        self.definition.id.source()
    }

    /// The place of a run in `runs`.
    pub(super) fn position(&self, id: &RunId) -> Option<usize> {
        let Some(number) = id.number() else {
            return self.runs.iter().rposition(|run| run.id == *id);
        };
        let place = self.runs.partition_point(|run| run.id.number().is_some_and(|other| other < number));
        self.runs.get(place).filter(|run| run.id == *id).map(|_| place)
    }

    /// A run.
    pub fn run(&self, id: &RunId) -> Option<&Run> {
        self.position(id).and_then(|place| self.runs.get(place)).map(|run| &**run)
    }

    /// The newest run.
    pub fn last_run(&self) -> Option<&Run> {
        self.runs.back().map(|run| &**run)
    }

    /// The newest run that is done.
    pub fn last_done(&self) -> Option<&Run> {
        self.runs.iter().rev().find(|run| run.phase == Phase::Done).map(|run| &**run)
    }

    /// The newest run that succeeded, before the given one.
    pub fn last_good(&self, before: Option<&RunId>) -> Option<&Run> {
        let end = before.and_then(|id| self.position(id)).unwrap_or(self.runs.len());
        self.runs.range(..end).rev().find(|run| run.outcome.as_ref().is_some_and(Outcome::is_success)).map(|run| &**run)
    }

    /// Runs that are not done, the oldest first.
    pub fn active(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|run| run.phase != Phase::Done).map(|run| &**run)
    }

    /// Runs that are not done, without those that only wait for their turn or a slot: what has begun, is held, waits for a
    /// condition or goes through the motions; the oldest first. With 100,000 runs in the queue a timer looks at these alone.
    pub fn stirring(&self) -> impl Iterator<Item = &Run> {
        self.stirring.iter().filter_map(|(_, id)| self.run(id))
    }

    /// Notes whether the run at a place is one of those that [`Self::stirring`] tells; after each change of it.
    pub(super) fn note(&mut self, place: usize) {
        let Some(run) = self.runs.get(place) else { return };
        let waits = run.phase != Phase::Done && (!run.unmet.is_empty() || run.hold.is_some() || run.noop.is_some());
        let key = (run.id.number().unwrap_or_default(), run.id.clone());
        if waits || run.phase == Phase::Running {
            self.stirring.insert(key);
        } else {
            self.stirring.remove(&key);
        }
    }

    /// The definition that a run runs with.
    pub fn definition_of(&self, run: &Run) -> Option<&Arc<FlowDefinition>> {
        self.definitions.get(&run.definition)
    }

    /// How many of its runs may go on at the same time, while the others wait for their turn; none where all may.
    pub fn side_by_side(&self) -> Option<usize> {
        match (self.definition.overlap, self.definition.conditions.side_by_side) {
            (Overlap::Allow, most) => most.map(|most| most as usize),
            _ => Some(1),
        }
    }

    /// The earlier run that is not done and keeps this one waiting for its turn.
    pub fn in_front(&self, id: &RunId) -> Option<&Run> {
        let most = self.side_by_side()?;
        let mut active = self.active();
        let oldest = active.next()?;
        let goes_on = oldest.id == *id || active.take(most.saturating_sub(1)).any(|run| run.id == *id);
        (!goes_on).then_some(oldest)
    }

    /// The priority of a run's steps: which of all that are ready starts next.
    pub fn priority_of(&self, run: &Run) -> u8 {
        run.priority
    }

    /// Whether a hold covers an instant. It also covers what was due before it and has not been settled.
    pub fn is_held(&self, at: Timestamp) -> bool {
        self.hold.as_ref().is_some_and(|hold| hold.covers(at))
    }

    /// Whether the flow is left out at an instant: what waits for it goes on as if it had succeeded (RULES: ice).
    pub fn is_iced(&self, at: Timestamp) -> bool {
        self.ice.as_ref().is_some_and(|ice| ice.covers(at))
    }

    /// Whether a deadline has passed unmet.
    pub fn is_late(&self) -> bool {
        self.watches.iter().any(|watch| watch.start_missed || watch.finish_missed)
    }
}

/// What became of one date of a flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DateEnd {
    /// The last run of the date in which every step succeeded, and its end.
    pub good: Option<(RunId, Timestamp)>,
    /// The last run of the date that ended, and its end.
    pub last: (RunId, Timestamp),
    /// Whether that last run succeeded.
    pub last_good: bool,
}

/// One past run in the history strip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Past {
    /// How it ended.
    pub outcome: PastOutcome,
    /// From its start to its end; zero when it never started.
    #[serde(with = "span")]
    pub took: Duration,
    /// The run's number; 0 for a neighbour's run.
    #[serde(default)]
    pub number: u32,
}

/// An outcome reduced to what a strip shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PastOutcome {
    /// Succeeded.
    Good,
    /// Failed, lost or cancelled.
    Bad,
    /// Never ran: skipped or missed.
    Absent,
}

/// The flow that an id of a run names.
impl From<&RunId> for FlowId {
    fn from(run: &RunId) -> Self {
        run.flow.clone()
    }
}
