//! What can be asked of dogwatch; what it answers is an [`Accepted`](super::Accepted) or a [`Refusal`](super::Refusal).

use super::note::{SavedNote, State};
use super::review::Finding;
use super::run::{DefinitionChoice, MissedChoice, Scope};
use super::sent::{LabelMatcher, SentAlert};
use super::{
    ChannelId, ChecklistId, Digest, Fingerprint, FlowId, IncidentId, Labels, Level, Matcher, Params, PersonId, ProbeId, RotaId, RunId,
    RunbookId, SilenceId, SourceId, StepName, Subject,
};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A request to change something. Each has a key in the console and a command on the command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Start a run of a flow now.
    Run {
        /// The flow.
        flow: FlowId,
        /// Parameters that differ from the flow's defaults.
        #[serde(default)]
        params: Params,
        /// The date that it processes; default today in the flow's zone.
        #[serde(default)]
        date: Option<Date>,
        /// Why.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Run an earlier run again, as a new run.
    Rerun {
        /// The earlier run.
        run: RunId,
        /// Which of its steps.
        scope: Scope,
        /// Whose definition.
        #[serde(default)]
        definition: DefinitionChoice,
        /// Parameters that differ from the earlier run's.
        #[serde(default)]
        params: Params,
        /// Another date than the earlier run's.
        #[serde(default)]
        date: Option<Date>,
        /// Why; never empty.
        reason: String,
    },
    /// End a run: TERM to its process groups, grace, KILL.
    Kill {
        /// The run.
        run: RunId,
        /// Why.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Let no new run of a flow start.
    Hold {
        /// The flow.
        flow: FlowId,
        /// When the hold ends by itself.
        #[serde(default)]
        until: Option<Timestamp>,
        /// Why; never empty.
        reason: String,
    },
    /// End a hold.
    Release {
        /// The flow.
        flow: FlowId,
    },
    /// Look now, outside the rhythm.
    ProbeNow {
        /// The probe.
        probe: ProbeId,
    },
    /// "I work on it."
    Acknowledge {
        /// The incident.
        incident: IncidentId,
        /// A word for the timeline.
        #[serde(default)]
        note: Option<String>,
    },
    /// Take an acknowledgement back.
    Unacknowledge {
        /// The incident.
        incident: IncidentId,
    },
    /// Declare an incident over.
    Resolve {
        /// The incident.
        incident: IncidentId,
        /// Why; never empty.
        reason: String,
    },
    /// A line in an incident's timeline.
    Note {
        /// The incident.
        incident: IncidentId,
        /// The line; never empty.
        text: String,
    },
    /// A mark on everyone's timeline, such as a deployment.
    Mark {
        /// The line; never empty.
        text: String,
    },
    /// The fact that a note was saved as a file.
    RecordNote {
        /// What was saved where.
        note: SavedNote,
    },
    /// Run a runnable step of a runbook.
    RunProcedure {
        /// The runbook.
        runbook: RunbookId,
        /// The step within it.
        step: StepName,
        /// What it is walked for.
        subject: Subject,
        /// Values for all its parameters.
        #[serde(default)]
        params: Params,
        /// For a dangerous step: its name, typed.
        #[serde(default)]
        confirmed: Option<String>,
    },
    /// End a running step of a runbook.
    KillProcedure {
        /// The runbook.
        runbook: RunbookId,
        /// The step within it.
        step: StepName,
        /// What it is walked for.
        subject: Subject,
    },
    /// Tick a step by hand, or take the tick back.
    Tick {
        /// The runbook.
        runbook: RunbookId,
        /// The step within it.
        step: StepName,
        /// What it is walked for.
        subject: Subject,
        /// Done or not.
        done: bool,
    },
    /// Read the workspace's files again.
    Reload,
    /// End the daemon; running batches go on.
    Stop,
    /// Send a test message on a channel, once.
    TestChannel {
        /// The channel.
        channel: ChannelId,
    },
    /// Leave a flow out: it does not run, and what waits for it goes on.
    Ice {
        /// The flow.
        flow: FlowId,
        /// When that ends by itself.
        #[serde(default)]
        until: Option<Timestamp>,
        /// Why; never empty.
        reason: String,
    },
    /// End an ice; starts nothing.
    Thaw {
        /// The flow.
        flow: FlowId,
    },
    /// Let the next run of a flow go through the motions only.
    NoopOnce {
        /// The flow.
        flow: FlowId,
        /// Why; never empty.
        reason: String,
    },
    /// Take a no-op back that has not been used.
    NoopWithdraw {
        /// The flow.
        flow: FlowId,
    },
    /// Start a run, or one of its steps, although it would wait.
    Force {
        /// The run.
        run: RunId,
        /// Only this step, whatever became of those that it needs.
        #[serde(default)]
        step: Option<StepName>,
        /// Why; never empty.
        reason: String,
    },
    /// Leave a step out; what needs it goes on.
    Skip {
        /// The run.
        run: RunId,
        /// The step.
        step: StepName,
        /// Why; never empty.
        reason: String,
    },
    /// Declare a step a success.
    SetOk {
        /// The run.
        run: RunId,
        /// The step.
        step: StepName,
        /// Why; never empty.
        reason: String,
    },
    /// Declare a step failed.
    SetFailed {
        /// The run.
        run: RunId,
        /// The step.
        step: StepName,
        /// Why; never empty.
        reason: String,
    },
    /// Let no further step of a run start.
    HoldRun {
        /// The run.
        run: RunId,
        /// When the hold ends by itself.
        #[serde(default)]
        until: Option<Timestamp>,
        /// Why; never empty.
        reason: String,
    },
    /// End the hold of a run.
    ReleaseRun {
        /// The run.
        run: RunId,
    },
    /// Say how much a run is preferred where slots are short.
    Prioritize {
        /// The run.
        run: RunId,
        /// From 0 to 100, higher first; 50 where nobody said.
        priority: u8,
    },
    /// Give the word that a step waits for.
    Approve {
        /// The run.
        run: RunId,
        /// The step.
        step: StepName,
        /// A word for the record.
        #[serde(default)]
        note: Option<String>,
    },
    /// Choose what becomes of missed occurrences that wait for it.
    ChooseMissed {
        /// The flow.
        flow: FlowId,
        /// The choice.
        choice: MissedChoice,
    },
    /// Put the list of what an outage missed away.
    DismissMisses,
    /// Send an alert in; one that fires already with these labels is that alert.
    SendAlert {
        /// The alert.
        alert: SentAlert,
    },
    /// End an alert that was sent in.
    EndAlert {
        /// Its identity, `alertname` included.
        labels: Labels,
        /// Why.
        #[serde(default)]
        reason: Option<String>,
        /// The configured neighbour that it came from.
        #[serde(default)]
        source: Option<SourceId>,
    },
    /// Make a silence at a neighbour.
    SilenceSource {
        /// The neighbour.
        source: SourceId,
        /// Which labels it is for.
        matchers: Vec<LabelMatcher>,
        /// Until when.
        until: Timestamp,
        /// Why; never empty.
        comment: String,
    },
    /// Let a silence at a neighbour last until then.
    ExtendAtSource {
        /// The neighbour.
        source: SourceId,
        /// The silence's id there.
        id: String,
        /// Until when.
        until: Timestamp,
    },
    /// End a silence at a neighbour.
    ExpireAtSource {
        /// The neighbour.
        source: SourceId,
        /// The silence's id there.
        id: String,
    },
    /// "The impact is over."
    Mitigate {
        /// The incident.
        incident: IncidentId,
        /// What was done.
        #[serde(default)]
        note: Option<String>,
    },
    /// Take that back.
    Unmitigate {
        /// The incident.
        incident: IncidentId,
    },
    /// Put an incident off until a time.
    Snooze {
        /// The incident.
        incident: IncidentId,
        /// When it comes back.
        until: Timestamp,
        /// Why.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Take it back into the queue now.
    Unsnooze {
        /// The incident.
        incident: IncidentId,
    },
    /// "It is mine."
    Claim {
        /// The incident.
        incident: IncidentId,
    },
    /// Take that back.
    Unclaim {
        /// The incident.
        incident: IncidentId,
    },
    /// Give an incident to another person.
    HandOver {
        /// The incident.
        incident: IncidentId,
        /// To whom.
        to: String,
        /// A word for them.
        #[serde(default)]
        note: Option<String>,
    },
    /// Make an incident part of another.
    Merge {
        /// The incident.
        incident: IncidentId,
        /// The one that goes on.
        into: IncidentId,
    },
    /// Make an incident of its own from some alerts of another.
    Split {
        /// The incident that they leave.
        incident: IncidentId,
        /// The alerts; never empty, and not all of them.
        alerts: Vec<Fingerprint>,
    },
    /// Tell nobody of alerts with these labels for a time.
    Silence {
        /// What it fits: all of these; never empty.
        matchers: Vec<Matcher>,
        /// When it ends.
        until: Timestamp,
        /// Why; never empty.
        reason: String,
    },
    /// Let a silence end at another time.
    ExtendSilence {
        /// The silence.
        silence: SilenceId,
        /// When it ends then.
        until: Timestamp,
    },
    /// End a silence now.
    Unsilence {
        /// The silence.
        silence: SilenceId,
    },
    /// Let somebody take a rota for a while.
    Override {
        /// The rota.
        rota: RotaId,
        /// Who takes it.
        person: PersonId,
        /// From when on; absent: now.
        #[serde(default)]
        from: Option<Timestamp>,
        /// Until when.
        to: Timestamp,
        /// Why.
        #[serde(default)]
        reason: Option<String>,
    },
    /// End the override that holds now, or take back the one that begins next.
    EndOverride {
        /// The rota.
        rota: RotaId,
    },
    /// Pin a line of an incident's timeline, or take the pin out.
    Pin {
        /// The incident.
        incident: IncidentId,
        /// The number of the line's entry.
        entry: u64,
        /// Pinned or not.
        pinned: bool,
    },
    /// Gather evidence for an incident now.
    TakeEvidence {
        /// The incident.
        incident: IncidentId,
    },
    /// Say how far the write-up of an incident is.
    MoveWriteUp {
        /// The incident.
        incident: IncidentId,
        /// How far.
        state: State,
    },
    /// Take or put away what the review of an incident proposed.
    DecideReview {
        /// The incident.
        incident: IncidentId,
        /// What was proposed.
        finding: Finding,
        /// Whether it is taken.
        accepted: bool,
        /// The file that was made of it.
        #[serde(default)]
        path: Option<String>,
    },
    /// As a second person, let run exactly what a request shows.
    ApproveProcedure {
        /// The request.
        digest: Digest,
        /// Whether the person has seen every character spelled out; asked for where some are not what they seem.
        #[serde(default)]
        expanded: bool,
        /// A word for the record.
        #[serde(default)]
        note: Option<String>,
    },
    /// Say no to a request, or take one's own back.
    DeclineProcedure {
        /// The request.
        digest: Digest,
        /// Why; never empty.
        reason: String,
    },
    /// Run a step without the second person that it needs; everyone is told.
    BreakGlass {
        /// The runbook.
        runbook: RunbookId,
        /// The step within it.
        step: StepName,
        /// What it is walked for.
        subject: Subject,
        /// Values for all its parameters.
        #[serde(default)]
        params: Params,
        /// The step's name, typed.
        #[serde(default)]
        confirmed: Option<String>,
        /// Why; never empty.
        reason: String,
    },
    /// Open a checklist now, outside its schedule.
    OpenChecklist {
        /// The checklist.
        checklist: ChecklistId,
    },
    /// Tick an item of an open checklist, or take the tick back.
    TickItem {
        /// The checklist.
        checklist: ChecklistId,
        /// The item.
        item: StepName,
        /// Done or not.
        done: bool,
        /// A word for the record.
        #[serde(default)]
        note: Option<String>,
    },
    /// Look again at what the machine can verify of an open checklist, and run its commands.
    VerifyChecklist {
        /// The checklist.
        checklist: ChecklistId,
    },
}

impl Command {
    /// The verb for messages and refusals.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Run { .. } => "run",
            Self::Rerun { .. } => "rerun",
            Self::Kill { .. } => "kill",
            Self::Hold { .. } | Self::HoldRun { .. } => "hold",
            Self::Release { .. } | Self::ReleaseRun { .. } => "release",
            Self::ProbeNow { .. } => "probe",
            Self::Acknowledge { .. } => "ack",
            Self::Unacknowledge { .. } => "unack",
            Self::Resolve { .. } => "resolve",
            Self::Note { .. } => "note",
            Self::Mark { .. } => "mark",
            Self::RecordNote { .. } => "record a note",
            Self::RunProcedure { .. } => "run a runbook step",
            Self::KillProcedure { .. } => "kill a runbook step",
            Self::Tick { .. } => "tick",
            Self::Reload => "reload",
            Self::Stop => "stop",
            Self::TestChannel { .. } => "test a channel",
            Self::Ice { .. } => "ice",
            Self::Thaw { .. } => "thaw",
            Self::NoopOnce { .. } => "noop",
            Self::NoopWithdraw { .. } => "noop --undo",
            Self::Force { .. } => "force",
            Self::Skip { .. } => "skip",
            Self::SetOk { .. } => "ok",
            Self::SetFailed { .. } => "fail",
            Self::Prioritize { .. } => "prioritize",
            Self::Approve { .. } => "approve",
            Self::ChooseMissed { .. } => "catchup",
            Self::DismissMisses => "misses --dismiss",
            Self::SendAlert { .. } => "alert",
            Self::EndAlert { .. } => "alert --resolve",
            Self::SilenceSource { .. } => "source silence",
            Self::ExtendAtSource { .. } => "source extend",
            Self::ExpireAtSource { .. } => "source expire",
            Self::Mitigate { .. } => "mitigate",
            Self::Unmitigate { .. } => "mitigate --undo",
            Self::Snooze { .. } => "snooze",
            Self::Unsnooze { .. } => "unsnooze",
            Self::Claim { .. } => "claim",
            Self::Unclaim { .. } => "claim --undo",
            Self::HandOver { .. } => "give",
            Self::Merge { .. } => "merge",
            Self::Split { .. } => "split",
            Self::Silence { .. } => "silence",
            Self::ExtendSilence { .. } => "extend a silence",
            Self::Unsilence { .. } => "unsilence",
            Self::Override { .. } => "override",
            Self::EndOverride { .. } => "override --end",
            Self::Pin { .. } => "pin",
            Self::TakeEvidence { .. } => "evidence --take",
            Self::MoveWriteUp { .. } => "postmortem --to",
            Self::DecideReview { .. } => "review",
            Self::ApproveProcedure { .. } => "approve a runbook step",
            Self::DeclineProcedure { .. } => "decline a runbook step",
            Self::BreakGlass { .. } => "break the glass",
            Self::OpenChecklist { .. } => "open a checklist",
            Self::TickItem { .. } => "tick an item",
            Self::VerifyChecklist { .. } => "verify a checklist",
        }
    }

    /// What a peer must be to ask for it.
    pub fn level(&self) -> Level {
        match self {
            Self::ApproveProcedure { .. } => Level::Approver,
            _ => Level::Operator,
        }
    }
}
