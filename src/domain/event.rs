//! Facts in the past tense. Only this stays compatible for ever: variants are added, never changed.

mod about;
mod stored;

pub use stored::UnknownEvent;

use super::anchor::{Anchors, Sink};
use super::condition::{Condition, FileFact, MetBy, Pools};
use super::evidence::{Capsule, EvidenceSettings};
use super::note::{SavedNote, State};
use super::outside::{OutsideChange, OutsideSettings};
use super::overlay::MutedBy;
use super::people::{People, Told, Untold};
use super::probe::Burning;
use super::review::Finding;
use super::run::{DefinitionChoice, Disposition, Occurrence, RunCause};
use super::sent::{IntakeCounts, IntakeDefinition, OutsideSilence, Repeats, SilenceOrder, SourceDefinition, SourceNote};
use super::source::{Capability, Freshness};
use super::{
    AckLife, ApprovalRequest, AttemptEnd, AttemptId, Calendar, CalendarId, ChannelDefinition, ChannelId, Checklist, ChecklistId, Digest,
    Fingerprint, FlowDefinition, FlowId, Health, IncidentId, Labels, MaintenanceWindow, Matcher, Message, MessageRef, Outcome, Params,
    PersonId, Point, ProbeDefinition, ProbeId, ProcedureRules, RotaId, RunId, Runbook, RunbookId, Severity, SilenceId, SourceId, StepName,
    Subject, incident::AlertNotice,
};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One fact. In JSON an object with one key, the fact's name: `{"flow_held": {…}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A daemon took over this workspace.
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
    /// The daemon ended in order.
    DaemonStopped {
        /// Why: a signal or a person.
        reason: String,
    },
    /// The workspace's own settings were read, or have changed.
    WorkspaceLoaded {
        /// Its name.
        name: String,
        /// The zone in which times are shown.
        zone: String,
        /// Attempts that may run at the same time.
        max_running: u32,
        /// Labels whose equal values put alerts into one incident. Default source and service (RULES: grouping).
        group_by: Vec<String>,
    },
    /// A changed file was wrong; the definitions from before are kept.
    WorkspaceRefused {
        /// All errors, one line each.
        errors: Vec<String>,
    },
    /// A neighbour is configured.
    SourceDefined {
        /// Its name.
        source: SourceId,
        /// Its kind, such as `alertmanager`.
        kind: String,
        /// What can be asked of it.
        capabilities: Vec<Capability>,
        /// The whole definition; secrets are named in it, not held.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        definition: Option<Arc<SourceDefinition>>,
    },
    /// A neighbour is no longer configured.
    SourceRemoved {
        /// Its name.
        source: SourceId,
    },
    /// A neighbour stopped answering, or answers again.
    SourceChanged {
        /// Its name.
        source: SourceId,
        /// How it answers.
        freshness: Freshness,
    },
    /// A flow is new or its definition has changed; its schedules begin anew from this entry's time.
    FlowDefined {
        /// The whole definition.
        flow: Arc<FlowDefinition>,
    },
    /// A flow's file is gone.
    FlowRemoved {
        /// The flow.
        flow: FlowId,
    },
    /// A probe is new or its definition has changed.
    ProbeDefined {
        /// The whole definition.
        probe: Arc<ProbeDefinition>,
    },
    /// A probe is gone from its file.
    ProbeRemoved {
        /// The probe.
        probe: ProbeId,
    },
    /// A runbook is new or has changed.
    RunbookDefined {
        /// The whole runbook.
        runbook: Arc<Runbook>,
    },
    /// A runbook's file is gone.
    RunbookRemoved {
        /// The runbook.
        runbook: RunbookId,
    },
    /// A planned occurrence has come to its one end.
    OccurrenceSettled {
        /// The occurrence.
        occurrence: Occurrence,
        /// Its end.
        disposition: Disposition,
    },
    /// A run exists from now on.
    RunCreated {
        /// The run.
        run: RunId,
        /// Why it exists.
        cause: RunCause,
        /// The instant that it is for.
        planned_at: Timestamp,
        /// The date that it processes.
        date: Date,
        /// All its parameters.
        #[serde(default)]
        params: Params,
        /// The definition that it runs with; the flow holds it.
        definition: Digest,
        /// Whose definition was chosen.
        #[serde(default)]
        choice: DefinitionChoice,
        /// Steps that do not run again, with the outcome that they keep.
        #[serde(default)]
        carried: Vec<(StepName, Outcome)>,
    },
    /// A run was asked to end.
    RunKillAsked {
        /// The run.
        run: RunId,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// An attempt is about to be started: from here on it may have begun.
    AttemptStarting {
        /// The attempt.
        attempt: AttemptId,
        /// The kernel's id of this boot.
        boot_id: String,
    },
    /// The attempt's process runs.
    AttemptStarted {
        /// The attempt.
        attempt: AttemptId,
        /// Its process.
        pid: u32,
        /// When it started.
        started_at: Timestamp,
    },
    /// A restarted daemon found the attempt alive and watches it again.
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
        /// When its process ended, by the supervisor's word.
        ended_at: Timestamp,
        /// Bytes that it printed.
        output_bytes: u64,
        /// Processes that it left behind, as `pid name`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        survivors: Vec<String>,
    },
    /// A failed step will be tried again.
    RetryPlanned {
        /// The run.
        run: RunId,
        /// The step.
        step: StepName,
        /// Not before this.
        at: Timestamp,
    },
    /// A step has come to its end.
    StepEnded {
        /// The run.
        run: RunId,
        /// The step.
        step: StepName,
        /// How.
        outcome: Outcome,
    },
    /// A run has come to its end.
    RunEnded {
        /// The run.
        run: RunId,
        /// How.
        outcome: Outcome,
    },
    /// No new run of a flow starts.
    FlowHeld {
        /// The flow.
        flow: FlowId,
        /// Why.
        reason: String,
        /// When it ends by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// A hold has ended, by a person or by its time.
    FlowReleased {
        /// The flow.
        flow: FlowId,
    },
    /// A person asked for a look outside the rhythm.
    ProbeAsked {
        /// The probe.
        probe: ProbeId,
    },
    /// A probe's health has changed.
    ProbeChanged {
        /// The probe.
        probe: ProbeId,
        /// Before.
        from: Health,
        /// Now.
        to: Health,
        /// Why, in words.
        reason: String,
    },
    /// A probe cannot run, or can again; says nothing about its target.
    ProbeErring {
        /// The probe.
        probe: ProbeId,
        /// Why it cannot; absent when it can again.
        error: Option<String>,
    },
    /// A probe burns its error budget too fast, faster than was said before, or no longer.
    ProbeBurning {
        /// The probe.
        probe: ProbeId,
        /// How fast; absent when it does no longer.
        burning: Option<Burning>,
    },
    /// A probe's target changes between well and not too often, noticeably more or less often than was said before, or no
    /// longer.
    ProbeFlapping {
        /// The probe.
        probe: ProbeId,
        /// The weighted share of the last 20 transitions that were changes, in percent; absent when it flaps no longer.
        share: Option<u8>,
    },
    /// An alert fires, or fires with other words or another severity.
    AlertFiring {
        /// Its identity.
        alert: Fingerprint,
        /// Who raised it.
        source: SourceId,
        /// What it says.
        notice: AlertNotice,
    },
    /// An alert's condition is over.
    AlertResolved {
        /// The alert.
        alert: Fingerprint,
        /// Why.
        reason: String,
    },
    /// An incident exists from now on.
    IncidentOpened {
        /// Its number.
        incident: IncidentId,
        /// One line.
        title: String,
        /// How bad.
        severity: Severity,
        /// What it groups by.
        group: Labels,
        /// The alert that opened it.
        alert: Fingerprint,
        /// The resolved incident that had the same alert.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<IncidentId>,
    },
    /// A further alert belongs to an incident.
    IncidentJoined {
        /// The incident.
        incident: IncidentId,
        /// The alert.
        alert: Fingerprint,
    },
    /// A worse alert made an incident worse.
    SeverityRaised {
        /// The incident.
        incident: IncidentId,
        /// How bad now.
        severity: Severity,
    },
    /// A person works on it.
    IncidentAcknowledged {
        /// The incident.
        incident: IncidentId,
        /// Their word.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// An acknowledgement has ended.
    AcknowledgementEnded {
        /// The incident.
        incident: IncidentId,
        /// Why: taken back, made void by a worse alert.
        reason: String,
    },
    /// An incident is over.
    IncidentResolved {
        /// The incident.
        incident: IncidentId,
        /// The person's reason, or that the condition is over.
        reason: String,
    },
    /// A line that a person put into an incident's timeline.
    Noted {
        /// The incident.
        incident: IncidentId,
        /// The line.
        text: String,
    },
    /// A line on everyone's timeline.
    Marked {
        /// The line.
        text: String,
    },
    /// A note was saved as a file.
    NoteSaved {
        /// What was saved where.
        note: SavedNote,
    },
    /// A person ran a runnable step of a runbook.
    ProcedureAsked {
        /// The attempt that runs it.
        attempt: AttemptId,
        /// What exactly runs.
        command: String,
        /// With which parameters.
        #[serde(default)]
        params: Params,
    },
    /// A person asked to end a running step of a runbook.
    ProcedureKillAsked {
        /// The attempt.
        attempt: AttemptId,
    },
    /// A step of a runbook was ticked by hand, or the tick taken back.
    ProcedureTicked {
        /// The runbook.
        runbook: RunbookId,
        /// The step.
        step: StepName,
        /// What it is walked for.
        subject: Subject,
        /// Done or not.
        done: bool,
    },
    /// Someone asked for what they may not, or for what was not possible; repeats within a minute are counted in one.
    Refused {
        /// The verb.
        verb: String,
        /// The words that they got.
        reason: String,
        /// How often.
        count: u32,
    },
    /// The clock was set, or the machine slept.
    ClockStepped {
        /// By how many seconds; negative is back.
        by_seconds: f64,
    },
    /// A channel is new or its definition has changed.
    ChannelDefined {
        /// The whole definition; secrets are named in it, not held.
        channel: Arc<ChannelDefinition>,
    },
    /// A channel is gone from the workspace.
    ChannelRemoved {
        /// The channel.
        channel: ChannelId,
    },
    /// People are to be told something on a channel.
    MessageDue {
        /// The whole message.
        message: Arc<Message>,
    },
    /// A channel has had its share for this minute: the message is counted and told with others in one.
    MessageHeldBack {
        /// What it would have been.
        message: MessageRef,
        /// Why it would have been sent.
        point: Point,
        /// How bad it is.
        severity: Severity,
    },
    /// A message is about to be sent: from here on it may have arrived.
    MessageSending {
        /// The message.
        message: MessageRef,
        /// The try, from 1.
        number: u32,
    },
    /// The channel has taken a message.
    MessageSent {
        /// The message.
        message: MessageRef,
    },
    /// The channel has not taken a message; it will be tried again.
    MessageFailed {
        /// The message.
        message: MessageRef,
        /// Why.
        error: String,
        /// Not before this.
        next_at: Timestamp,
    },
    /// The channel has not taken a message, and it is not tried any more.
    MessageGivenUp {
        /// The message.
        message: MessageRef,
        /// Why.
        error: String,
    },
    /// Nobody knows whether a message arrived; it is not sent again.
    MessageUnknown {
        /// The message.
        message: MessageRef,
        /// Why.
        error: String,
    },
    /// The pools of the workspace were read, or have changed.
    PoolsDefined {
        /// All of them, with their units.
        pools: Pools,
    },
    /// A condition that a run waited for is met; it stays met for this run.
    ConditionMet {
        /// The run.
        run: RunId,
        /// The condition.
        condition: Condition,
        /// What met it.
        by: MetBy,
    },
    /// A file that a flow waits for has come and is whole.
    FileDelivered {
        /// The flow.
        flow: FlowId,
        /// The path or pattern that it answers.
        path: String,
        /// The file.
        file: FileFact,
    },
    /// A file has come whose content this flow had before: no delivery.
    FileDuplicate {
        /// The flow.
        flow: FlowId,
        /// The path or pattern that it answers.
        path: String,
        /// The file.
        file: FileFact,
        /// The file that had the content first.
        of: String,
    },
    /// What is seen where a flow waits for a file has changed in kind.
    FileSighted {
        /// The flow.
        flow: FlowId,
        /// The path or pattern.
        path: String,
        /// What is seen, in words.
        words: String,
    },
    /// A run took longer in all than its flow's `timeout`: it is ended.
    RunTimedOut {
        /// The run.
        run: RunId,
    },
    /// A calendar is new or has changed; schedules whose days it decides begin anew from this entry's time.
    CalendarDefined {
        /// The whole calendar.
        calendar: Arc<Calendar>,
    },
    /// A calendar's file is gone.
    CalendarRemoved {
        /// The calendar.
        calendar: CalendarId,
    },
    /// Batch days begin at another time. Before the first such fact they begin at midnight.
    BatchDayDefined {
        /// The local time, in the zone of the workspace.
        begins: Time,
    },
    /// A flow is left out: what waits for it goes on.
    FlowIced {
        /// The flow.
        flow: FlowId,
        /// Why.
        reason: String,
        /// When it ends by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// An ice has ended, by a person or by its time.
    FlowThawed {
        /// The flow.
        flow: FlowId,
    },
    /// The next run of a flow that is no rerun goes through the motions only.
    NoopSet {
        /// The flow.
        flow: FlowId,
        /// Why.
        reason: String,
    },
    /// A no-op was taken back before it was used.
    NoopWithdrawn {
        /// The flow.
        flow: FlowId,
    },
    /// A person started a run, or one of its steps, although it would have waited.
    StartForced {
        /// The run.
        run: RunId,
        /// The step; absent for the run as a whole.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<StepName>,
        /// Why.
        reason: String,
    },
    /// A person said how a step ended.
    StepForced {
        /// The run.
        run: RunId,
        /// The step.
        step: StepName,
        /// How.
        outcome: Outcome,
        /// Why.
        reason: String,
    },
    /// No further step of a run starts.
    RunHeld {
        /// The run.
        run: RunId,
        /// Why.
        reason: String,
        /// When it ends by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// The hold of a run has ended, by a person or by its time.
    RunReleased {
        /// The run.
        run: RunId,
    },
    /// A person said how much a run is preferred.
    RunPrioritized {
        /// The run.
        run: RunId,
        /// From 0 to 100, higher first.
        priority: u8,
    },
    /// A person gave the word that a step waited for.
    StepApproved {
        /// The run.
        run: RunId,
        /// The step.
        step: StepName,
        /// Their word.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// A missed occurrence waits for a person's choice; it has not come to its end.
    OccurrenceAsked {
        /// The occurrence.
        occurrence: Occurrence,
    },
    /// No daemon ran, or the machine slept, for long: what was due meanwhile is listed.
    AwayNoticed {
        /// Since when nothing was seen.
        from: Timestamp,
        /// Until when.
        to: Timestamp,
    },
    /// A person put the list of misses away.
    MissesDismissed {
        /// How many were on it.
        misses: u32,
    },
    /// An alert ends by itself at this time, unless it is sent again.
    AlertExpires {
        /// The alert.
        alert: Fingerprint,
        /// When.
        at: Timestamp,
    },
    /// Alerts that fire were sent again; each is told once a minute with its count.
    AlertsRepeated {
        /// Which, how often.
        repeats: Vec<Repeats>,
    },
    /// The intake for alerts is defined, or is no longer.
    IntakeDefined {
        /// Its definition; absent where there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        intake: Option<Arc<IntakeDefinition>>,
    },
    /// The intake listens, or cannot.
    IntakeListens {
        /// Where it listens.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
        /// Why it does not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// What the intake did not take; told at most every ten seconds.
    IntakeCounted {
        /// Since the last such fact.
        counts: IntakeCounts,
    },
    /// What was seen at a neighbour beside its alerts has changed.
    SourceNoted {
        /// The neighbour.
        source: SourceId,
        /// What.
        note: SourceNote,
    },
    /// A silence at a neighbour is new or has changed.
    SourceSilenceSeen {
        /// The neighbour.
        source: SourceId,
        /// The silence.
        silence: OutsideSilence,
    },
    /// A silence at a neighbour is over.
    SourceSilenceGone {
        /// The neighbour.
        source: SourceId,
        /// Its id there.
        id: String,
    },
    /// A neighbour is about to be asked for a silence: from here on it may exist.
    SourceSilenceAsked {
        /// The neighbour.
        source: SourceId,
        /// The silence.
        order: Arc<SilenceOrder>,
    },
    /// A neighbour is about to be asked to let a silence last until then.
    SourceSilenceProlonging {
        /// The neighbour.
        source: SourceId,
        /// The silence.
        marker: String,
        /// Until when.
        ends: Timestamp,
    },
    /// A neighbour has made or prolonged a silence.
    SourceSilenceMade {
        /// The neighbour.
        source: SourceId,
        /// The silence.
        marker: String,
        /// Its id there.
        id: String,
        /// Until when.
        ends: Timestamp,
    },
    /// A neighbour has not done what was asked for a silence.
    SourceSilenceFailed {
        /// The neighbour.
        source: SourceId,
        /// The silence.
        marker: String,
        /// Why.
        error: String,
        /// When it is tried again; absent where it is not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_at: Option<Timestamp>,
    },
    /// A silence is no longer wanted: the neighbour is about to be asked to end it.
    SourceSilenceEnding {
        /// The neighbour.
        source: SourceId,
        /// The silence.
        marker: String,
        /// Why.
        reason: String,
    },
    /// dogwatch has nothing to do with a silence any more.
    SourceSilenceEnded {
        /// The neighbour.
        source: SourceId,
        /// The silence.
        marker: String,
        /// The incident whose acknowledgement it carried.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        incident: Option<IncidentId>,
        /// Why.
        reason: String,
    },
    /// The impact of an incident is over; its cause may not be.
    IncidentMitigated {
        /// The incident.
        incident: IncidentId,
        /// What was done.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// An incident has impact again.
    MitigationEnded {
        /// The incident.
        incident: IncidentId,
        /// Why: taken back, made void by a worse alert.
        reason: String,
    },
    /// An incident is put off until a time.
    IncidentSnoozed {
        /// The incident.
        incident: IncidentId,
        /// When it comes back.
        until: Timestamp,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A put-off incident is back in the queue.
    SnoozeEnded {
        /// The incident.
        incident: IncidentId,
        /// Why: its time was up, taken back, made void by a worse alert.
        reason: String,
    },
    /// A person said that an incident is theirs.
    IncidentClaimed {
        /// The incident.
        incident: IncidentId,
    },
    /// An incident is nobody's any more.
    IncidentUnclaimed {
        /// The incident.
        incident: IncidentId,
    },
    /// An incident was handed to another person.
    IncidentHandedOver {
        /// The incident.
        incident: IncidentId,
        /// To whom.
        to: String,
        /// A word for them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// Nothing was seen of who acknowledged an incident: they are asked whether they still work on it.
    AcknowledgementAsked {
        /// The incident.
        incident: IncidentId,
        /// When the acknowledgement ends without an answer.
        until: Timestamp,
    },
    /// An incident was found to be part of another: all its alerts move there, and it is over.
    IncidentMerged {
        /// The incident.
        incident: IncidentId,
        /// The incident that goes on.
        into: IncidentId,
    },
    /// Some alerts of an incident were found to be an incident of their own.
    IncidentSplit {
        /// The incident that they leave.
        incident: IncidentId,
        /// The number of the new one.
        new: IncidentId,
        /// Its one line.
        title: String,
        /// How bad it is.
        severity: Severity,
        /// The alerts.
        alerts: Vec<Fingerprint>,
    },
    /// Nobody is told of alerts with these labels for a time; they stay on record and on the screen.
    SilenceMade {
        /// Its number.
        silence: SilenceId,
        /// What it fits: all of these.
        matchers: Vec<Matcher>,
        /// When it ends.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// A silence lasts longer, or less long.
    SilenceExtended {
        /// The silence.
        silence: SilenceId,
        /// When it ends now.
        until: Timestamp,
    },
    /// A silence has ended.
    SilenceEnded {
        /// The silence.
        silence: SilenceId,
        /// Why: its time was up, taken back.
        reason: String,
    },
    /// An alert of an incident is not told to anyone for now.
    AlertMuted {
        /// The incident.
        incident: IncidentId,
        /// The alert.
        alert: Fingerprint,
        /// What keeps it from being told.
        by: MutedBy,
    },
    /// The maintenance windows of the workspace were read, or have changed.
    MaintenanceDefined {
        /// All of them.
        windows: Vec<Arc<MaintenanceWindow>>,
    },
    /// A maintenance window has begun.
    MaintenanceBegan {
        /// The window.
        window: String,
        /// When it ends.
        until: Timestamp,
    },
    /// A maintenance window has ended.
    MaintenanceEnded {
        /// The window.
        window: String,
    },
    /// How long an acknowledgement lives without a sign of life has changed.
    AckLifeDefined {
        /// How long.
        life: AckLife,
    },
    /// People, rotas, hours and chains of escalation were read, or have changed.
    PeopleDefined {
        /// All of them.
        people: Arc<People>,
    },
    /// A person made somebody take a rota for a while.
    OverrideMade {
        /// The rota.
        rota: RotaId,
        /// Who takes it.
        person: PersonId,
        /// From when on.
        from: Timestamp,
        /// Until when.
        to: Timestamp,
        /// Why; may be empty.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// A person ended an override before its time, or took it back.
    OverrideEnded {
        /// The rota.
        rota: RotaId,
        /// When the override begins or began.
        from: Timestamp,
    },
    /// The chain of an incident begins: it was opened, became worse, or nobody works on it any more.
    EscalationStarted {
        /// The incident.
        incident: IncidentId,
        /// Whose severity's chain.
        severity: Severity,
        /// When its first step is due.
        next_at: Timestamp,
    },
    /// What was due of an incident's chain waits.
    EscalationDeferred {
        /// The incident.
        incident: IncidentId,
        /// Until then.
        until: Timestamp,
        /// Why: off hours, snoozed, silenced.
        reason: String,
    },
    /// A step of an incident's chain was due: these people are told.
    IncidentEscalated {
        /// The incident.
        incident: IncidentId,
        /// How often the chain had begun again, from 0.
        round: u32,
        /// The step, from 0.
        step: u32,
        /// Who is told on which channel.
        #[serde(default)]
        told: Vec<Told>,
        /// Who was to be told and could not be.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        untold: Vec<Untold>,
        /// When the next step, or the end of the chain, is due.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_at: Option<Timestamp>,
    },
    /// Everyone of an incident's chain was told, and nobody has acknowledged.
    EscalationExhausted {
        /// The incident.
        incident: IncidentId,
    },
    /// An incident's chain goes on no further: the workspace has none for it any more.
    EscalationEnded {
        /// The incident.
        incident: IncidentId,
        /// Why.
        reason: String,
    },
    /// Further alerts joined an incident: those who were told of it are told again.
    IncidentRetold {
        /// The incident.
        incident: IncidentId,
        /// How many alerts.
        alerts: u32,
        /// Who is told.
        told: Vec<Told>,
    },
    /// An incident is over: those who were told of it are told so.
    RecoveryTold {
        /// The incident.
        incident: IncidentId,
        /// Who is told.
        told: Vec<Told>,
    },
    /// A person pinned a line of an incident's timeline, or took the pin out.
    EntryPinned {
        /// The incident.
        incident: IncidentId,
        /// The number of the line's entry.
        entry: u64,
        /// Pinned or not.
        pinned: bool,
    },
    /// Changes of the machine are read from elsewhere.
    OutsideDefined {
        /// From where.
        outside: OutsideSettings,
    },
    /// The machine has changed, and not through dogwatch.
    OutsideChanged {
        /// What, and when.
        change: OutsideChange,
    },
    /// What is gathered for which incidents, and what is masked in it, was read or has changed.
    EvidenceDefined {
        /// All of it.
        settings: Arc<EvidenceSettings>,
    },
    /// Evidence for an incident is being gathered.
    EvidenceAsked {
        /// The incident.
        incident: IncidentId,
        /// The number of the capsule.
        number: u32,
        /// The names of what is gathered.
        names: Vec<String>,
    },
    /// Evidence for an incident was gathered; what it says is in the state folder, not here.
    EvidenceTaken {
        /// The incident.
        incident: IncidentId,
        /// What was gathered.
        capsule: Arc<Capsule>,
    },
    /// A write-up has come to another state.
    WriteUpMoved {
        /// The incident that it is about.
        incident: IncidentId,
        /// How far it is now.
        state: State,
    },
    /// A person decided about what the review of an incident proposed.
    ReviewDecided {
        /// The incident.
        incident: IncidentId,
        /// What was proposed.
        finding: Finding,
        /// Whether it was accepted; else it was put away.
        accepted: bool,
        /// The file that was made of it, relative to the workspace.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
    },
    /// What the workspace asks of steps of runbooks has changed, or is asked on another machine.
    ProcedureRulesDefined {
        /// All of it.
        rules: ProcedureRules,
    },
    /// A person asked for the second word on exactly this.
    ApprovalAsked {
        /// What the request is known by.
        digest: Digest,
        /// What exactly is to run.
        request: Arc<ApprovalRequest>,
    },
    /// Another person approved a request; it can be used once.
    ApprovalGiven {
        /// The request.
        digest: Digest,
        /// Their word.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// A request was used: what it shows is run.
    ApprovalUsed {
        /// The request.
        digest: Digest,
        /// The attempt that runs it.
        attempt: AttemptId,
    },
    /// A request is void, and was not used.
    ApprovalEnded {
        /// The request.
        digest: Digest,
        /// Why: its time, another text of the runbook, a person's word.
        reason: String,
    },
    /// A person ran a step without the second person that it needs.
    GlassBroken {
        /// The attempt that runs it.
        attempt: AttemptId,
        /// Why.
        reason: String,
    },
    /// A step that would have run by itself did not.
    RemediationHeldBack {
        /// The incident.
        incident: IncidentId,
        /// The runbook.
        runbook: RunbookId,
        /// The step.
        step: StepName,
        /// Why: the limit, a parameter that nobody fills in.
        reason: String,
    },
    /// A checklist is new or has changed; its schedule begins anew from this entry's time.
    ChecklistDefined {
        /// The whole checklist.
        checklist: Arc<Checklist>,
    },
    /// A checklist's file is gone.
    ChecklistRemoved {
        /// The checklist.
        checklist: ChecklistId,
    },
    /// A checklist is to be worked through from now on.
    ChecklistOpened {
        /// The checklist.
        checklist: ChecklistId,
        /// Counted from 1.
        number: u32,
        /// When it was planned for; absent where a person opened it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        planned: Option<Timestamp>,
        /// When its slot is over.
        due: Timestamp,
    },
    /// Occurrences of a checklist that nobody could see passed; the one after them is opened.
    ChecklistMissed {
        /// The checklist.
        checklist: ChecklistId,
        /// How many.
        missed: u32,
        /// The time of the last of them.
        until: Timestamp,
    },
    /// An item of an open checklist was ticked, or its tick taken back.
    ItemTicked {
        /// The checklist.
        checklist: ChecklistId,
        /// The occurrence.
        number: u32,
        /// The item.
        item: StepName,
        /// Done or not.
        done: bool,
        /// What the machine found, or a person's word.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        /// The attempt whose output is the evidence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<AttemptId>,
    },
    /// Every item of a checklist is ticked.
    ChecklistDone {
        /// The checklist.
        checklist: ChecklistId,
        /// The occurrence.
        number: u32,
    },
    /// A checklist was left with items unticked.
    ChecklistLeft {
        /// The checklist.
        checklist: ChecklistId,
        /// The occurrence.
        number: u32,
        /// Why: the next one is due, its file is gone.
        reason: String,
        /// The items that were not ticked.
        #[serde(default)]
        unticked: Vec<StepName>,
    },
    /// Where the head of the journal is told outside was read, or has changed.
    AnchorsDefined {
        /// All of it.
        anchors: Anchors,
    },
    /// An anchor outside takes nothing.
    AnchorFailing {
        /// Which.
        sink: Sink,
        /// Why.
        error: String,
    },
    /// An anchor outside takes heads again.
    AnchorWorks {
        /// Which.
        sink: Sink,
    },
    /// A person said that a damaged journal is to be gone on with; the files as they were found are kept.
    DamageAccepted {
        /// The first entry that was missing or wrong.
        first_bad: u64,
        /// What was wrong with it.
        why: String,
        /// Entries that could not be read; from the first bad one on the chain was linked anew.
        lost: u64,
        /// The folder in which the files are kept as they were found.
        kept: String,
        /// The person's reason.
        reason: String,
    },
    /// In the place of an entry that could not be read when damage was accepted.
    EntryLost {
        /// Why.
        why: String,
    },
    /// A fact that a newer version recorded; kept as it is.
    #[serde(skip)]
    Unknown(UnknownEvent),
}
