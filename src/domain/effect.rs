//! What the rules ask of the outside, and what the outside says back.

use super::anchor::{Anchors, Sink};
use super::condition::{FileFact, FileWanted, Pools};
use super::evidence::{Capsule, EvidenceOrder, EvidenceSettings};
use super::message::{Fate, Message};
use super::outside::{OutsideChange, OutsideOrder, OutsideSettings};
use super::probe::LooksRecalled;
use super::sent::{IntakeCounts, IntakeDefinition, OutsideAlert, OutsideSilence, SourceDefinition, SourceFault, SourceOrder};
use super::{
    AttemptEnd, AttemptId, Calendar, ChannelDefinition, Checklist, Fingerprint, FlowDefinition, FlowId, IncidentId, MessageId, Params,
    ProbeDefinition, ProbeId, ProbeResult, ProcedureRules, Runbook, SourceId, run::DstMark, span,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Something to be done outside, after its entry is on disk.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Start an attempt.
    StartAttempt(Box<AttemptOrder>),
    /// End a running attempt: TERM, grace, KILL.
    KillAttempt {
        /// The attempt.
        attempt: AttemptId,
    },
    /// Begin to probe, or go on with another definition.
    WatchProbe(Arc<ProbeDefinition>),
    /// Probe no longer.
    ForgetProbe(ProbeId),
    /// Look once now.
    ProbeNow(ProbeId),
    /// Look this often from now on: the definition's rhythm, or a shorter one while soft (RULES: rhythm).
    SetRhythm {
        /// The probe.
        probe: ProbeId,
        /// The rhythm.
        every: Duration,
    },
    /// Tell what is remembered of a probe: single looks from one time on, and the hours between another and that.
    RecallLooks {
        /// The probe.
        probe: ProbeId,
        /// Single looks from here on; a full hour.
        single: Timestamp,
        /// Hours from here on; a full hour.
        hours: Timestamp,
    },
    /// Send a message, once.
    SendMessage {
        /// The message.
        message: Arc<Message>,
        /// Its channel as it is defined now.
        channel: Arc<ChannelDefinition>,
    },
    /// Keep these variables, which hold secrets, from everything that is started; the list replaces the one before.
    WithholdVariables(BTreeSet<String>),
    /// Read the workspace's files.
    ReloadWorkspace,
    /// End the daemon in order.
    StopDaemon,
    /// Look for the files that a flow waits for, or go on with another order.
    WatchFeed(Box<FeedOrder>),
    /// Look for no file of this flow any more.
    ForgetFeed(FlowId),
    /// Look at the machine's own changes, or go on with another order.
    WatchOutside(Box<OutsideOrder>),
    /// Gather evidence.
    TakeEvidence(Box<EvidenceOrder>),
    /// Tell the head of the journal here from now on.
    Anchor(Anchors),
    /// Begin to read a neighbour, or go on with another definition.
    WatchSource(Arc<SourceDefinition>),
    /// Read it no longer.
    ForgetSource(SourceId),
    /// Ask a neighbour for something.
    AskSource(Box<SourceOrder>),
    /// Take alerts in over HTTP as defined, or no longer.
    ListenForAlerts(Option<Arc<IntakeDefinition>>),
    /// An alert that fires was sent again: it is counted, and told with others later.
    CountRepeat(Fingerprint),
}

/// What a flow looks for, and what it has had.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedOrder {
    /// The flow.
    pub flow: FlowId,
    /// The files that it waits for.
    pub wanted: Vec<FileWanted>,
    /// Files that are on record as they are, so that their content need not be read again: path, bytes, last change.
    pub known: Vec<(String, u64, Timestamp)>,
}

/// Everything that a supervisor must know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptOrder {
    /// The attempt.
    pub attempt: AttemptId,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// What is added to the daemon's environment.
    pub env: Params,
    /// The folder, relative to the workspace.
    pub folder: String,
    /// It is ended after this.
    #[serde(with = "span::option")]
    pub timeout: Option<Duration>,
    /// How long TERM may take before KILL.
    #[serde(with = "span")]
    pub grace: Duration,
    /// Bytes of output after which it is ended.
    pub output_max: u64,
    /// A regular expression that its output must match; for steps of runbooks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect_output: Option<String>,
}

/// What the outside says to the engine.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// An attempt's process runs.
    AttemptStarted {
        /// The attempt.
        attempt: AttemptId,
        /// Its process.
        pid: u32,
        /// When it started.
        started_at: Timestamp,
    },
    /// An attempt was found alive after a restart.
    AttemptAdopted {
        /// The attempt.
        attempt: AttemptId,
    },
    /// An attempt has ended.
    AttemptEnded {
        /// The attempt.
        attempt: AttemptId,
        /// How.
        end: AttemptEnd,
        /// When.
        ended_at: Timestamp,
        /// Bytes that it printed.
        output_bytes: u64,
        /// Processes that it left behind.
        survivors: Vec<String>,
    },
    /// A probe has looked.
    Probed {
        /// The probe.
        probe: ProbeId,
        /// What it found.
        result: ProbeResult,
    },
    /// What is remembered of a probe.
    LooksRecalled(LooksRecalled),
    /// The workspace's files were read.
    WorkspaceRead(Box<Definitions>),
    /// The workspace's files are wrong.
    WorkspaceRefused {
        /// All errors, one line each.
        errors: Vec<String>,
    },
    /// The clock was set, or the machine slept.
    ClockStepped {
        /// By how many seconds.
        by_seconds: f64,
    },
    /// A file is whole; whether it is a delivery, a duplicate or known is for the rules to say.
    FileFound {
        /// The flow.
        flow: FlowId,
        /// The path or pattern that it answers.
        path: String,
        /// The file.
        file: FileFact,
    },
    /// What is seen where a file is waited for has changed in kind.
    FileSighted {
        /// The flow.
        flow: FlowId,
        /// The path or pattern.
        path: String,
        /// What is seen, in words.
        words: String,
    },
    /// The daemon begins.
    DaemonStarted {
        /// Its version.
        version: String,
        /// Its process.
        pid: u32,
        /// The kernel's id of this boot.
        boot_id: String,
        /// The host's name.
        host: String,
    },
    /// The daemon ends in order.
    DaemonStopping {
        /// Why.
        reason: String,
    },
    /// A channel has taken a message.
    MessageSent {
        /// The message.
        message: MessageId,
    },
    /// A channel has not taken a message, or nobody knows.
    MessageFailed {
        /// The message.
        message: MessageId,
        /// Why, without any secret.
        error: String,
        /// What became of it.
        fate: Fate,
        /// The wait that the receiver asked for.
        retry_after: Option<Duration>,
    },
    /// The machine has changed.
    OutsideChanged(Box<OutsideChange>),
    /// Evidence was gathered, or could not be.
    EvidenceTaken {
        /// The incident.
        incident: IncidentId,
        /// What was gathered.
        capsule: Arc<Capsule>,
    },
    /// An anchor outside took a head, or did not.
    AnchorTried {
        /// Which.
        sink: Sink,
        /// Why it did not.
        error: Option<String>,
    },
    /// A neighbour was read: all its alerts and silences.
    SourceRead {
        /// The neighbour.
        source: SourceId,
        /// When it was asked.
        asked_at: Timestamp,
        /// Its alerts.
        alerts: Vec<OutsideAlert>,
        /// Its silences.
        silences: Vec<OutsideSilence>,
        /// Alerts that could not be taken.
        left_out: u32,
        /// Why, of the first of them, and what was not understood.
        words: Option<String>,
    },
    /// A neighbour was not read.
    SourceFailed {
        /// The neighbour.
        source: SourceId,
        /// Why, without any secret.
        error: String,
        /// How often in a row.
        failures: u32,
    },
    /// A silence exists at a neighbour.
    SilenceMade {
        /// The neighbour.
        source: SourceId,
        /// The silence.
        marker: String,
        /// Its id there.
        id: String,
        /// Until when.
        ends: Timestamp,
    },
    /// A silence exists at a neighbour no longer.
    SilenceExpired {
        /// The neighbour.
        source: SourceId,
        /// The silence.
        marker: String,
    },
    /// A neighbour has not done what was asked for a silence.
    SilenceFailed {
        /// The neighbour.
        source: SourceId,
        /// The silence.
        marker: String,
        /// Why.
        fault: SourceFault,
    },
    /// The intake listens, or cannot.
    IntakeListens {
        /// Where it listens.
        address: Option<String>,
        /// Why it does not.
        error: Option<String>,
    },
    /// What the intake did not take, since it last said so.
    IntakeCounted(IntakeCounts),
}

/// All that a workspace's files define, checked and resolved.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Definitions {
    /// The workspace's name.
    pub name: String,
    /// IANA zone in which times are shown.
    pub zone: String,
    /// Attempts that may run at the same time.
    pub max_running: u32,
    /// Labels whose equal values put alerts into one incident.
    pub group_by: Vec<String>,
    /// Job flows.
    pub flows: Vec<Arc<FlowDefinition>>,
    /// Probes.
    pub probes: Vec<Arc<ProbeDefinition>>,
    /// Runbooks.
    pub runbooks: Vec<Arc<Runbook>>,
    /// Channels.
    pub channels: Vec<Arc<ChannelDefinition>>,
    /// Pools with their units.
    pub pools: Pools,
    /// Calendars, with what they include.
    pub calendars: Vec<Arc<Calendar>>,
    /// The local time at which a batch day begins.
    pub batch_day: jiff::civil::Time,
    /// Neighbours.
    pub sources: Vec<Arc<SourceDefinition>>,
    /// How alerts come in over HTTP.
    pub intake: Option<Arc<IntakeDefinition>>,
    /// Maintenance windows, sorted by name.
    pub maintenance: Vec<Arc<super::MaintenanceWindow>>,
    /// How long an acknowledgement lives without a sign of life.
    pub ack: super::AckLife,
    /// People, rotas, hours and chains of escalation.
    pub people: Arc<super::people::People>,
    /// Where changes of the machine are read from.
    pub outside: OutsideSettings,
    /// What is gathered for which incidents, and what is masked in it.
    pub evidence: Arc<EvidenceSettings>,
    /// What is asked of steps of runbooks.
    pub procedure_rules: ProcedureRules,
    /// Checklists.
    pub checklists: Vec<Arc<Checklist>>,
    /// Where the head of the journal is told outside.
    pub anchors: Anchors,
}

/// A time at which a schedule fires, before it is tied to a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firing {
    /// The wall time that the line names.
    pub planned: jiff::civil::DateTime,
    /// 1, or 2 for the second pass of an overlap.
    pub pass: u8,
    /// The instant.
    pub at: Timestamp,
    /// What DST did to it.
    pub mark: Option<DstMark>,
    /// The day that the line names, where a calendar moved it.
    pub shifted_from: Option<jiff::civil::Date>,
}
