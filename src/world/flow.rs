//! A flow and its runs, as the entries left them.

use super::settled::SettledLog;
use crate::domain::condition::{Condition, FileFact};
use crate::domain::flow::Overlap;
use crate::domain::run::{DefinitionChoice, Occurrence, PRIORITY_DEFAULT, RunCause, Scope};
use crate::domain::{
    AttemptEnd, Digest, Few, FlowDefinition, FlowId, IncidentId, MessageId, Outcome, Params, Phase, RunId, SourceId, StepDefinition,
    StepName, span,
};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
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

/// A hold, or an ice, with its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
}

impl Hold {
    /// Whether it reaches to an instant.
    pub fn covers(&self, at: Timestamp) -> bool {
        self.until.is_none_or(|until| at < until)
    }
}

/// A no-op that the next run uses up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noop {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
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

/// The deadlines of one planned occurrence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// The planned instant.
    pub planned_at: Timestamp,
    /// It must have started by then; absent when it has.
    pub start_by: Option<Timestamp>,
    /// It must have succeeded by then.
    pub finish_by: Option<Timestamp>,
    /// The start deadline passed, and an alert says so.
    pub start_missed: bool,
    /// The finish deadline passed, and an alert says so.
    pub finish_missed: bool,
}

impl Watch {
    /// The deadlines of an occurrence, where its flow has any: local times of its date, or of the next day where earlier.
    pub fn of(definition: &FlowDefinition, planned_at: Timestamp) -> Option<Self> {
        let zone = jiff::tz::TimeZone::get(&definition.zone).ok()?;
        let planned = planned_at.to_zoned(zone.clone());
        let instant = |time: Time| {
            let mut date = planned.date();
            if time < planned.time() {
                date = date.tomorrow().ok()?;
            }
            zone.to_ambiguous_zoned(date.to_datetime(time)).compatible().ok().map(|zoned| zoned.timestamp())
        };
        let start_by = definition.must_start_by.and_then(instant);
        let finish_by = definition.must_finish_by.and_then(instant);
        let watch = Self { planned_at, start_by, finish_by, start_missed: false, finish_missed: false };
        watch.is_open().then_some(watch)
    }

    /// Whether anything is still to come.
    pub fn is_open(&self) -> bool {
        self.start_by.is_some() || self.finish_by.is_some()
    }
}

/// One execution of a flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Why it exists.
    pub cause: RunCause,
    /// The instant that it is for.
    pub planned_at: Timestamp,
    /// The date that it processes.
    pub date: Date,
    /// Its parameters.
    pub params: Params,
    /// The digest of its definition.
    pub definition: Digest,
    /// Whose definition was chosen.
    pub choice: DefinitionChoice,
    /// Who made it: a person, or dogwatch.
    pub author: String,
    /// How far it is.
    pub phase: Phase,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its first attempt started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Who asked it to end.
    pub kill_asked_by: Option<String>,
    /// Its steps, in the order of the definition.
    pub steps: Vec<StepRun>,
    /// Conditions that are not met yet; none of its steps starts before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmet: Vec<Condition>,
    /// The files that it was made for, or that met its conditions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileFact>,
    /// Whether it is being ended, or was, because it took longer than its flow's `timeout`.
    pub timed_out: bool,
    /// Who lets no further step of it start.
    #[serde(default)]
    pub hold: Option<Box<Hold>>,
    /// Who started it although it would have waited.
    #[serde(default)]
    pub forced: Option<String>,
    /// Who lets it go through the motions only.
    #[serde(default)]
    pub noop: Option<String>,
    /// How much it is preferred where slots are short: 0 to 100, higher first.
    #[serde(default = "priority_default")]
    pub priority: u8,
}

fn priority_default() -> u8 {
    PRIORITY_DEFAULT
}

impl Run {
    /// A step.
    pub fn step(&self, name: &StepName) -> Option<&StepRun> {
        self.steps.iter().find(|step| step.name == *name)
    }

    pub(super) fn step_mut(&mut self, name: &StepName) -> Option<&mut StepRun> {
        self.steps.iter_mut().find(|step| step.name == *name)
    }

    /// The occurrence that it was made for.
    pub fn occurrence(&self) -> Option<&Occurrence> {
        match &self.cause {
            RunCause::Schedule(occurrence) => Some(occurrence),
            _ => None,
        }
    }

    /// The step that a person named when they ran it again: it runs whatever became of the steps that it needs.
    pub fn named_step(&self) -> Option<&StepName> {
        match &self.cause {
            RunCause::Rerun { scope: Scope::From(step) | Scope::Only(step) | Scope::Down(step), .. } => Some(step),
            _ => None,
        }
    }

    /// Whether an attempt of it has been started.
    pub fn has_begun(&self) -> bool {
        self.phase >= Phase::Running
    }

    /// Whether every step has succeeded or was left out by a person, those that were taken over from an earlier run too.
    pub fn is_whole(&self) -> bool {
        self.steps.iter().all(|step| step.state.is_success())
    }

    /// Whether every step that this one needs has succeeded.
    pub fn needs_met(&self, step: &StepDefinition) -> bool {
        let named = self.named_step().is_some_and(|named| *named == step.name);
        named || step.needs.iter().all(|need| self.step(need).is_some_and(|step| step.state.is_success()))
    }

    /// The step to look at first: the first failed one in the order of the definition, else the running one.
    pub fn telling_step(&self) -> Option<&StepRun> {
        let failed = |step: &&StepRun| matches!(step.state, StepState::Done { ref outcome } if matches!(outcome, Outcome::Failed { .. } | Outcome::Lost));
        self.steps
            .iter()
            .find(failed)
            .or_else(|| self.steps.iter().find(|step| matches!(step.state, StepState::Running | StepState::RetryAt { .. })))
    }

    /// Steps that are done, and all steps.
    pub fn progress(&self) -> (usize, usize) {
        let done = self.steps.iter().filter(|step| matches!(step.state, StepState::Done { .. })).count();
        (done, self.steps.len())
    }
}

/// A step within a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepRun {
    /// Its name.
    pub name: StepName,
    /// How far it is.
    pub state: StepState,
    /// Whether its outcome was taken over from an earlier run.
    pub carried: bool,
    /// Its attempts, each a row that nothing overwrites.
    pub attempts: Vec<Attempt>,
    /// Who started it although it would have waited.
    #[serde(default)]
    pub forced: Option<String>,
    /// What a person said of it.
    #[serde(default)]
    pub decided: Option<Box<Decided>>,
    /// Who gave the word that it waited for.
    #[serde(default)]
    pub approved: Option<Box<Decided>>,
}

/// A person's word on a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// Who.
    pub by: String,
    /// Their reason or note; may be empty for an approval.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

impl StepRun {
    /// From the start of its first attempt to the end of its last one; absent while it runs or where none began.
    pub fn took(&self) -> Option<Duration> {
        let first = self.attempts.iter().find_map(|attempt| attempt.started_at)?;
        let last = self.attempts.last()?.ended_at?;
        Duration::try_from(last.duration_since(first)).ok()
    }

    /// When its first attempt began.
    pub fn began(&self) -> Option<Timestamp> {
        self.attempts.iter().find_map(|attempt| attempt.started_at)
    }

    /// The number that the next attempt gets.
    pub fn next_attempt(&self) -> u32 {
        self.attempts.last().map_or(1, |attempt| attempt.number + 1)
    }

    /// Attempts that count towards the retry limit: those that began.
    pub fn attempts_spent(&self) -> u32 {
        self.attempts.iter().filter(|attempt| attempt.end != Some(AttemptEnd::NeverBegan)).count() as u32
    }
}

/// How far a step is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Steps that it needs are not done.
    Waiting,
    /// Only a free slot is missing.
    Queued,
    /// An attempt runs.
    Running,
    /// The next attempt waits for its time.
    RetryAt {
        /// Not before this.
        at: Timestamp,
    },
    /// Ended.
    Done {
        /// How.
        outcome: Outcome,
    },
    /// A person's word is waited for.
    Approval,
}

impl StepState {
    /// Whether steps that need it may go on.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Done { outcome } if outcome.lets_go_on())
    }

    /// How it ended.
    pub fn outcome(&self) -> Option<&Outcome> {
        match self {
            Self::Done { outcome } => Some(outcome),
            _ => None,
        }
    }

    /// The word for a row and for JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::RetryAt { .. } => "retrying",
            Self::Done { outcome } => outcome.word(),
            Self::Approval => "waiting for approval",
        }
    }
}

/// One attempt of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its number, from 1.
    pub number: u32,
    /// The boot that it was started in.
    pub boot_id: String,
    /// When its entry was written.
    pub starting_at: Timestamp,
    /// When its process started.
    pub started_at: Option<Timestamp>,
    /// Its process.
    pub pid: Option<u32>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    pub end: Option<AttemptEnd>,
    /// Bytes that it printed.
    pub output_bytes: u64,
    /// Processes that it left behind.
    pub survivors: Vec<String>,
}

/// The flow that an id of a run names.
impl From<&RunId> for FlowId {
    fn from(run: &RunId) -> Self {
        run.flow.clone()
    }
}
