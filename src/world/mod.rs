//! The state of everything: the fold of all entries. [`World::apply`] is the only code that changes it; it never fails
//! and never panics. The daemon folds the true world, every console folds the same entries into its replica.

pub mod anchor;
mod apply;
pub mod approval;
pub mod away;
pub mod channel;
pub mod checklist;
mod compact;
pub mod deadline;
pub mod duty;
pub mod escalation;
pub mod feed;
pub mod flow;
pub mod hold;
pub mod incident;
pub mod outside;
pub mod overlay;
pub mod part;
pub mod pool;
pub mod probe;
pub mod procedure;
pub mod queue;
pub mod record;
mod relate;
pub mod run;
pub mod settled;
pub mod source;
pub mod urgency;

use crate::domain::anchor::{Anchors, Sink};
use crate::domain::evidence::EvidenceSettings;
use crate::domain::source::Capability;
use crate::domain::{
    AckLife, AttemptId, Calendar, CalendarId, ChannelId, Checklist, ChecklistId, Digest, Entry, Fingerprint, FlowId, IncidentId, Job,
    Labels, MessageId, ProbeId, ProcedureRules, RunId, Runbook, RunbookId, Severity, SilenceId, SourceId, Subject,
};
pub use anchor::AnchorFailure;
pub use approval::{Approval, Second};
pub use away::{Away, Miss, MissEnd};
pub use channel::{Channel, HeldBack, Outgoing, OutgoingState};
pub use checklist::{ChecklistRow, ItemTick, Occasion};
pub use deadline::Watch;
pub use duty::{Duty, MadeOverride};
pub use escalation::Escalation;
pub use feed::Feed;
pub use flow::{Flow, Past};
pub use hold::Hold;
pub use incident::{Acknowledgement, Alert, Incident, IncidentAlert, Resolution, ReviewDecision, Todo, WriteUp};
use jiff::Timestamp;
use jiff::civil::Time;
pub use outside::{OUTSIDE_KEPT, Outside};
pub use overlay::{Maintenance, Muting, Overlay, OverlayKind, Owner, Silence, Snooze};
pub use part::Part;
pub use pool::Pool;
pub use probe::{Flapping, Probe};
pub use procedure::{Procedure, Remedy, Tick, TickState};
pub use queue::{Lane, Place, Queue, Turn};
pub use record::{Deed, Noticed, Record, RecordedAlert};
pub use run::{Attempt, Run, StepRun, StepState};
use serde::{Deserialize, Serialize};
pub use source::{Intake, Silencing, SilencingState, Source};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
pub use urgency::{QueueTurn, RunsOut, Stake, Urgency};

/// Finished runs that each flow keeps in the world; older ones are paged from the journal.
pub const RUNS_KEPT: usize = 10;
/// Outcomes that each flow keeps for its history strip and its figures.
pub const HISTORY_KEPT: usize = 60;
/// Durations that each step keeps for forecasts: enough for a p90, young enough to follow a change.
pub const TOOK_KEPT: usize = 20;
/// Resolved incidents that the world keeps; older ones are paged from the journal.
pub const RESOLVED_KEPT: usize = 500;
/// Entries that the world keeps for the common timeline.
pub const RECENT_KEPT: usize = 500;
/// Dates of each flow whose ends are kept for the flows that come after it.
pub const DATES_KEPT: usize = 40;
/// Steps that ran by themselves and are kept for the limits of the hour: more than any limit.
pub const REMEDIES_KEPT: usize = 1_000;
/// Entries that one incident's timeline keeps.
pub const TIMELINE_KEPT: usize = 2_000;

/// A digest of the sources of `domain` and `world`: two programs with the same one fold alike.
pub const SHAPE: &str = env!("DOGWATCH_WORLD_SHAPE");

/// The fold of all entries.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct World {
    /// The number of the last entry that was applied; 0 before the first.
    pub seq: u64,
    /// The time of that entry.
    pub at: Timestamp,
    /// The workspace's name.
    pub name: String,
    /// IANA zone in which times are shown.
    pub zone: String,
    /// Attempts of steps that may run at the same time.
    pub max_running: u32,
    /// Labels whose equal values put alerts into one incident.
    pub group_by: Vec<String>,
    /// The daemon of this workspace, as it said itself.
    pub daemon: Option<Daemon>,
    /// Errors of the last reload; empty when the files are as the world has them.
    pub workspace_errors: Vec<String>,
    /// Neighbours.
    pub sources: BTreeMap<SourceId, Source>,
    /// Job flows, the local ones and the neighbours'.
    pub flows: BTreeMap<FlowId, Arc<Flow>>,
    /// Probes, the local ones and the neighbours'.
    pub probes: BTreeMap<ProbeId, Arc<Probe>>,
    /// Runbooks.
    pub runbooks: BTreeMap<RunbookId, Arc<Runbook>>,
    /// Alerts that fire now.
    pub alerts: BTreeMap<Fingerprint, Arc<Alert>>,
    /// Open incidents and the last resolved ones.
    pub incidents: BTreeMap<IncidentId, Arc<Incident>>,
    /// Walked runbooks, by [`procedure_key`].
    pub procedures: BTreeMap<String, Arc<Procedure>>,
    /// Steps that wait for nothing but a free slot and free units.
    pub ready: Queue<Turn>,
    /// Attempts between `AttemptStarting` and `AttemptEnded`.
    pub running: BTreeSet<AttemptId>,
    /// Steps that will be tried again, by the time from which on they may.
    pub retrying: Queue<Timestamp>,
    /// The last entries of all kinds but definitions, for the common timeline.
    pub recent: VecDeque<Arc<Entry>>,
    /// The number that the next incident gets.
    pub next_incident: u32,
    /// Open incidents by what they group by.
    pub open_groups: BTreeMap<String, IncidentId>,
    /// The youngest incident at hand that each alert has been part of, also where that is over.
    pub last_incident: BTreeMap<Fingerprint, IncidentId>,
    /// Resolved incidents in the order of their end, the oldest first.
    pub resolved: VecDeque<IncidentId>,
    /// Figures for the head of the screen, kept by the fold so that a frame need not count.
    pub tally: Tally,
    /// The entries that last touched each kind of row: a screen sorts again only when they differ.
    pub touched: Touched,
    /// How people are told.
    #[serde(default)]
    pub channels: BTreeMap<ChannelId, Arc<Channel>>,
    /// Messages on their way.
    #[serde(default)]
    pub messages: BTreeMap<MessageId, Arc<Outgoing>>,
    /// Pools with what is taken of them.
    pub pools: BTreeMap<String, Pool>,
    /// How many steps of each flow run, where any does.
    pub busy: BTreeMap<FlowId, u32>,
    /// By flow those that come after it, by their definitions of today.
    pub followers: BTreeMap<FlowId, BTreeSet<FlowId>>,
    /// By flow the runs that wait for it.
    pub awaited: BTreeMap<FlowId, BTreeSet<RunId>>,
    /// What has come for flows that wait for files.
    pub feeds: BTreeMap<FlowId, Arc<Feed>>,
    /// Calendars.
    #[serde(default)]
    pub calendars: BTreeMap<CalendarId, Arc<Calendar>>,
    /// The local time at which a batch day begins.
    #[serde(default)]
    pub batch_day: Time,
    /// What the last outages missed, until a person puts it away.
    #[serde(default)]
    pub away: Option<Away>,
    /// How alerts come in over HTTP.
    #[serde(default)]
    pub intake: Option<Intake>,
    /// Silences that last.
    #[serde(default)]
    pub silences: BTreeMap<SilenceId, Arc<Silence>>,
    /// The last silences that ended, the oldest first.
    #[serde(default)]
    pub ended_silences: VecDeque<Arc<Silence>>,
    /// The number that the next silence gets, where it is not 1.
    #[serde(default)]
    pub next_silence: u32,
    /// Maintenance windows by their names.
    #[serde(default)]
    pub maintenance: BTreeMap<String, Maintenance>,
    /// How long an acknowledgement lives without a sign of life.
    #[serde(default)]
    pub ack_life: AckLife,
    /// Incidents whose person was asked whether they still work on it.
    #[serde(default)]
    pub asked: BTreeSet<IncidentId>,
    /// Who is told.
    #[serde(default)]
    pub duty: Duty,
    /// Incidents of which somebody is to be told, by when.
    #[serde(default)]
    pub escalating: BTreeSet<escalation::DueRow>,
    /// Changes of the machine, marks, and how far they were read.
    #[serde(default)]
    pub outside: Outside,
    /// What is gathered for which incidents.
    #[serde(default)]
    pub evidence: Arc<EvidenceSettings>,
    /// Capsules that are being gathered: the incident and the capsule's number.
    #[serde(default)]
    pub gathering: BTreeSet<(IncidentId, u32)>,
    /// Ended incidents in short, the youngest [`record::RECORDS_KEPT`].
    #[serde(default)]
    pub records: BTreeMap<IncidentId, Arc<Record>>,
    /// What the workspace asks of steps of runbooks.
    #[serde(default)]
    pub procedure_rules: ProcedureRules,
    /// Requests for a second word, the open ones and the last of the others.
    #[serde(default)]
    pub approvals: BTreeMap<Digest, Arc<Approval>>,
    /// Steps that dogwatch ran by itself, the oldest first.
    #[serde(default)]
    pub remedies: VecDeque<Remedy>,
    /// Checklists.
    #[serde(default)]
    pub checklists: BTreeMap<ChecklistId, Arc<ChecklistRow>>,
    /// Where the head of the journal is told outside.
    #[serde(default)]
    pub anchors: Anchors,
    /// Anchors that take nothing.
    #[serde(default)]
    pub anchors_failing: BTreeMap<Sink, AnchorFailure>,
}

/// What the daemon said of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Daemon {
    /// Its version.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// The kernel's id of its boot.
    pub boot_id: String,
    /// The host's name.
    pub host: String,
    /// Since when.
    pub started_at: Timestamp,
    /// When it ended in order.
    pub stopped_at: Option<Timestamp>,
    /// When the entry before its start was made.
    #[serde(default)]
    pub last_sign: Option<Timestamp>,
}

/// Counts that the head of the screen shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Open incidents.
    pub open: u32,
    /// Open incidents that nobody has acknowledged.
    pub unacknowledged: u32,
    /// Flows whose last run did not succeed.
    pub flows_failed: u32,
    /// Flows with a run that is not done.
    pub flows_active: u32,
    /// Flows that are past a deadline.
    pub flows_late: u32,
    /// Probes that are down.
    pub probes_down: u32,
    /// Probes that are degraded or soft.
    pub probes_degraded: u32,
}

/// Numbers of the last entries that changed a kind of row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// Flows and runs.
    pub flows: u64,
    /// Probes.
    pub probes: u64,
    /// Alerts and incidents.
    pub incidents: u64,
    /// Runbooks and procedures.
    pub runbooks: u64,
    /// Checklists.
    #[serde(default)]
    pub checklists: u64,
}

/// The key of a walked runbook.
pub fn procedure_key(runbook: &RunbookId, subject: &Subject) -> String {
    format!("{}/{runbook}", subject.slug())
}

/// The key of a group of alerts.
pub fn group_key(group: &Labels) -> String {
    let mut key = String::new();
    for (name, value) in group {
        key.push_str(name);
        key.push('\u{ff}');
        key.push_str(value);
        key.push('\u{ff}');
    }
    key
}

impl World {
    /// The world before the first entry.
    pub fn new() -> Self {
        Self { zone: "UTC".into(), max_running: 64, next_incident: 1, ..Self::default() }
    }

    /// The world after these entries.
    pub fn fold<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut world = Self::new();
        for entry in entries {
            world.apply(entry);
        }
        world
    }

    /// A flow.
    pub fn flow(&self, id: &FlowId) -> Option<&Flow> {
        self.flows.get(id).map(|flow| &**flow)
    }

    /// A run.
    pub fn run(&self, id: &RunId) -> Option<&Run> {
        self.flow(&id.flow)?.run(id)
    }

    /// A probe.
    pub fn probe(&self, id: &ProbeId) -> Option<&Probe> {
        self.probes.get(id).map(|probe| &**probe)
    }

    /// A channel.
    pub fn channel(&self, id: &ChannelId) -> Option<&Channel> {
        self.channels.get(id).map(|channel| &**channel)
    }

    /// A silence that dogwatch makes at a neighbour.
    pub fn silencing(&self, source: &SourceId, marker: &str) -> Option<&Silencing> {
        self.sources.get(source)?.silencings.get(marker).map(|silencing| &**silencing)
    }

    /// An incident.
    pub fn incident(&self, id: IncidentId) -> Option<&Incident> {
        self.incidents.get(&id).map(|incident| &**incident)
    }

    /// A walked runbook.
    pub fn procedure(&self, runbook: &RunbookId, subject: &Subject) -> Option<&Procedure> {
        self.procedures.get(&procedure_key(runbook, subject)).map(|procedure| &**procedure)
    }

    /// A runbook, or the runnable part of a checklist under the name of one of its occurrences.
    pub fn book(&self, id: &RunbookId) -> Option<&Runbook> {
        if let Some(book) = self.runbooks.get(id) {
            return Some(book);
        }
        let (checklist, number) = Checklist::of_runbook(id)?;
        let row = self.checklists.get(&checklist)?;
        let occasions = row.open.iter().chain(&row.past);
        occasions.into_iter().find(|occasion| occasion.number == number).map(|occasion| &occasion.checklist.book)
    }

    /// Checklists that are open, with what is not ticked on them: for the handover.
    pub fn open_checklists(&self) -> impl Iterator<Item = &Occasion> {
        self.checklists.values().filter_map(|row| row.open.as_ref())
    }

    /// Attempts of flows' steps that run now; runbook steps take no slot.
    pub fn slots_taken(&self) -> u32 {
        self.busy.values().sum()
    }

    /// Attempts that have not ended, with the boot that each was started in.
    pub fn open_attempts(&self) -> Vec<(AttemptId, String)> {
        let boot_of = |attempt: &AttemptId| match &attempt.job {
            Job::Step { run, step } => {
                let rows = &self.run(run)?.step(step)?.attempts;
                rows.iter().find(|row| row.number == attempt.number).map(|row| row.boot_id.clone())
            }
            Job::Procedure { runbook, subject, step } => self.procedure(runbook, subject)?.ticks.get(step)?.boot_id.clone(),
        };
        self.running.iter().map(|attempt| (attempt.clone(), boot_of(attempt).unwrap_or_default())).collect()
    }

    /// Whether a source can be asked for something; the local engine can do everything.
    pub fn can(&self, source: &SourceId, capability: Capability) -> bool {
        source.is_local() || self.sources.get(source).is_some_and(|source| source.capabilities.contains(&capability))
    }

    /// The worst severity of the open incidents, and how many there are.
    pub fn worst_open(&self) -> Option<Severity> {
        self.open_groups.values().filter_map(|id| self.incident(*id)).map(|incident| incident.severity).max()
    }
}
