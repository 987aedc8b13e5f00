//! Facts → plain words: one line for every kind of event, used by timelines, `dogwatch events` and post-mortems.

mod duty;
mod queue;

use crate::domain::condition::{Condition, MetBy};
use crate::domain::run::{Disposition, RunCause};
use crate::domain::source::Freshness;
use crate::domain::{AttemptEnd, AttemptId, Author, Entry, Event, Job, Outcome, Params, StepName};
use crate::json;
use crate::world::{TickState, World};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The longest line, in characters; the rest is cut with an ellipsis. What a step or a neighbour said may be megabytes.
pub const LINE_MAX: usize = 400;

/// How people are named in what is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Naming {
    /// By their user names.
    #[default]
    Names,
    /// As `operator`, or `operator 1`, `operator 2` where there are several, in this order.
    Roles(Vec<String>),
}

impl Naming {
    /// Roles for the people who acted in these entries, in the order in which they came in.
    pub fn roles<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut people: Vec<String> = Vec::new();
        for entry in entries {
            let name = entry.author.name();
            if entry.author.is_person() && !people.iter().any(|other| other == name) {
                people.push(name.to_owned());
            }
        }
        Self::Roles(people)
    }

    /// What a person is called.
    pub fn of(&self, name: &str) -> String {
        match self {
            Self::Names => name.to_owned(),
            Self::Roles(people) if people.len() < 2 => "operator".into(),
            Self::Roles(people) => match people.iter().position(|other| other == name) {
                Some(place) => format!("operator {}", place + 1),
                None => "operator".into(),
            },
        }
    }

    /// Words that people typed, with each `@name` of someone who acted as what they are called.
    fn mentions(&self, words: String) -> String {
        let Self::Roles(people) = self else { return words };
        let mut told = String::with_capacity(words.len());
        let mut rest = words.as_str();
        while let Some((before, after)) = rest.split_once('@') {
            told.push_str(before);
            let end = after.find(|letter: char| !letter.is_alphanumeric() && !"._-".contains(letter)).unwrap_or(after.len());
            let (name, next) = after.split_at(end);
            if people.iter().any(|person| person == name) {
                told.push_str(&self.of(name));
            } else {
                told.push('@');
                told.push_str(name);
            }
            rest = next;
        }
        told.push_str(rest);
        told
    }

    /// What an author is called; dogwatch and neighbours keep their names.
    pub fn author(&self, author: &Author) -> String {
        if author.is_person() { self.of(author.name()) } else { author.name().to_owned() }
    }
}

/// Tells facts. What an entry leaves out (how many attempts a step has in all) is taken from the world where it is known.
#[derive(Debug, Clone)]
pub struct Teller<'a> {
    /// The world, where there is one.
    pub world: Option<&'a World>,
    /// The zone of times within a line.
    pub zone: TimeZone,
    /// How people are named.
    pub naming: Naming,
}

impl Default for Teller<'_> {
    fn default() -> Self {
        Self { world: None, zone: TimeZone::UTC, naming: Naming::Names }
    }
}

impl<'a> Teller<'a> {
    /// Tells with what a world knows, in its zone.
    pub fn of(world: &'a World) -> Self {
        Self { world: Some(world), zone: TimeZone::get(&world.zone).unwrap_or(TimeZone::UTC), naming: Naming::Names }
    }

    /// Who or what a fact comes from, for the column beside its line: a person, a flow, a probe, a runbook, a neighbour.
    pub fn source(&self, entry: &Entry) -> String {
        if entry.author.is_person() {
            return self.naming.author(&entry.author);
        }
        match &entry.event {
            Event::RunCreated { run, .. }
            | Event::StepEnded { run, .. }
            | Event::RunEnded { run, .. }
            | Event::RetryPlanned { run, .. }
            | Event::ConditionMet { run, .. }
            | Event::RunTimedOut { run }
            | Event::RunHeld { run, .. }
            | Event::RunReleased { run } => {
                format!("flow {}", run.flow)
            }
            Event::OccurrenceSettled { occurrence, .. } | Event::OccurrenceAsked { occurrence } => format!("flow {}", occurrence.flow),
            Event::AttemptStarting { attempt, .. }
            | Event::AttemptStarted { attempt, .. }
            | Event::AttemptAdopted { attempt }
            | Event::AttemptEnded { attempt, .. } => match &attempt.job {
                Job::Step { run, .. } => format!("flow {}", run.flow),
                Job::Procedure { runbook, .. } => format!("runbook {runbook}"),
            },
            Event::MessageDue { message } => format!("channel {}", message.channel),
            Event::MessageHeldBack { message, .. }
            | Event::MessageSent { message }
            | Event::MessageFailed { message, .. }
            | Event::MessageGivenUp { message, .. }
            | Event::MessageUnknown { message, .. } => format!("channel {}", message.channel),
            Event::ProbeChanged { probe, .. } | Event::ProbeErring { probe, .. } => format!("probe {probe}"),
            Event::AlertFiring { source, .. } if !source.is_local() => source.to_string(),
            Event::OutsideChanged { change } => change.kind.word().to_owned(),
            Event::EvidenceAsked { .. } | Event::EvidenceTaken { .. } => "evidence".into(),
            Event::FlowHeld { flow, .. }
            | Event::FlowReleased { flow }
            | Event::FlowIced { flow, .. }
            | Event::FlowThawed { flow }
            | Event::FlowRemoved { flow }
            | Event::FileDelivered { flow, .. }
            | Event::FileDuplicate { flow, .. }
            | Event::FileSighted { flow, .. } => format!("flow {flow}"),
            _ => entry.author.name().to_owned(),
        }
    }

    /// The fact in one line of plain words, without its time and author; never longer than [`LINE_MAX`] characters.
    pub fn line(&self, event: &Event) -> String {
        one_line(&self.naming.mentions(self.words(event)))
    }

    fn words(&self, event: &Event) -> String {
        match event {
            Event::DaemonStarted { version, pid, host, .. } => format!("daemon {version} started on {host} (pid {pid})"),
            Event::DaemonStopped { reason } => format!("daemon stopped: {reason}"),
            Event::WorkspaceLoaded { name, zone, .. } => format!("workspace {name} loaded, times in {zone}"),
            Event::WorkspaceRefused { errors } => match errors.as_slice() {
                [one] => format!("workspace not reloaded, the old definitions stay: {one}"),
                [first, rest @ ..] => format!("workspace not reloaded, the old definitions stay: {first} and {} more", rest.len()),
                [] => "workspace not reloaded, the old definitions stay".into(),
            },
            Event::SourceDefined { source, kind, .. } => format!("neighbour {source} ({kind}) configured"),
            Event::SourceRemoved { source } => format!("neighbour {source} no longer configured"),
            Event::SourceChanged { source, freshness: Freshness::Fresh } => format!("{source} answers again"),
            Event::SourceChanged { source, freshness: Freshness::Stale { reason } } => format!("{source} stopped answering: {reason}"),
            Event::FlowDefined { flow } => format!("flow {} defined, {}", flow.id, counted(flow.steps.len(), "step")),
            Event::FlowRemoved { flow } => format!("flow {flow} removed"),
            Event::ProbeDefined { probe } => format!("probe {} defined: {}", probe.id, probe.target),
            Event::ProbeRemoved { probe } => format!("probe {probe} removed"),
            Event::RunbookDefined { runbook } => format!("runbook {} defined: {}", runbook.id, runbook.title),
            Event::RunbookRemoved { runbook } => format!("runbook {runbook} removed"),
            Event::OccurrenceSettled { occurrence, disposition } => {
                format!("{} planned for {}: {}", occurrence.flow, self.minute(occurrence.at), self.disposition(disposition))
            }
            Event::RunCreated { run, cause, date, params, .. } => {
                format!("{run} created for {date}, {}{}", cause_words(cause), params_words(params))
            }
            Event::RunKillAsked { run, reason } => format!("{run} asked to end{}", because(reason.as_ref())),
            Event::AttemptStarting { attempt, .. } => format!("{} starting{}", job(attempt), self.count(attempt)),
            Event::AttemptStarted { attempt, pid, .. } => format!("{} started, pid {pid}{}", job(attempt), self.count(attempt)),
            Event::AttemptAdopted { attempt } => format!("{} found alive after a restart{}", job(attempt), self.count(attempt)),
            Event::AttemptEnded { attempt, end, survivors, .. } => {
                let words = if self.is_expected(attempt, end) { format!("ended with {end}, as expected") } else { end_words(end) };
                format!("{} {words}{}{}", job(attempt), self.count(attempt), survivors_words(survivors))
            }
            Event::RunTimedOut { run } => format!("{run} took longer than its flow's timeout and is ended"),
            Event::RetryPlanned { run, step, at } => format!("{run} {step} tried again at {}", self.second(*at)),
            Event::StepEnded { run, step, outcome } => format!("{run} {step}: {}", self.outcome(outcome)),
            Event::RunEnded { run, outcome } => format!("{run} ended: {}", self.outcome(outcome)),
            Event::FlowHeld { flow, reason, until: Some(until) } => format!("{flow} held until {}: {reason}", self.minute(*until)),
            Event::FlowHeld { flow, reason, until: None } => format!("{flow} held: {reason}"),
            Event::FlowReleased { flow } => format!("{flow} released"),
            Event::ProbeAsked { probe } => format!("{probe} looked at on request"),
            Event::ProbeChanged { probe, from, to, reason } if reason.is_empty() => format!("{probe}: {from} → {to}"),
            Event::ProbeChanged { probe, from, to, reason } => format!("{probe}: {from} → {to}, {reason}"),
            Event::ProbeErring { probe, error: Some(error) } => format!("{probe} cannot be probed: {error}"),
            Event::ProbeErring { probe, error: None } => format!("{probe} can be probed again"),
            Event::AlertFiring { notice, .. } => format!("alert fires ({}): {}", notice.severity, notice.summary),
            Event::AlertResolved { alert, reason } => format!("alert {} over: {reason}", self.alert(*alert)),
            Event::IncidentOpened { incident, title, severity, previous, .. } => {
                let again = previous.map(|previous| format!(" (again after incident {previous})")).unwrap_or_default();
                format!("incident {incident} opened, {severity}: {title}{again}")
            }
            Event::IncidentJoined { incident, alert } => format!("alert {} joined incident {incident}", self.alert(*alert)),
            Event::SeverityRaised { incident, severity } => format!("incident {incident} is now {severity}"),
            Event::IncidentAcknowledged { incident, note } => format!("incident {incident} acknowledged{}", because(note.as_ref())),
            Event::AcknowledgementEnded { incident, reason } => format!("incident {incident} no longer acknowledged: {reason}"),
            Event::IncidentResolved { incident, reason } => format!("incident {incident} resolved: {reason}"),
            Event::Noted { text, .. } | Event::Marked { text } => text.clone(),
            Event::NoteSaved { note } => format!("{} about {} saved: {}", note.kind, note.subject, note.path),
            Event::ProcedureAsked { attempt, command, params } => format!("{} run: {command}{}", job(attempt), params_words(params)),
            Event::ProcedureKillAsked { attempt } => format!("{} asked to end", job(attempt)),
            Event::ProcedureTicked { runbook, step, done: true, .. } => format!("runbook {runbook} {step} ticked by hand"),
            Event::ProcedureTicked { runbook, step, done: false, .. } => format!("runbook {runbook} {step}: tick taken back"),
            Event::Refused { verb, reason, count: 1 } => format!("{verb} refused: {reason}"),
            Event::Refused { verb, reason, count } => format!("{verb} refused {count} times: {reason}"),
            Event::ChannelDefined { channel } => {
                format!("channel {} defined: {} {}", channel.id, channel.kind.word(), channel.kind.target())
            }
            Event::ChannelRemoved { channel } => format!("channel {channel} removed"),
            Event::MessageDue { message } => format!("{} is told: {}", message.channel, message.subject),
            Event::MessageHeldBack { message, .. } => format!("{} is told later, with others in one: {}", message.channel, message.subject),
            Event::MessageSending { message, number } => format!("sending to {}, try {number}: {}", message.channel, message.subject),
            Event::MessageSent { message } => format!("{} has taken: {}", message.channel, message.subject),
            Event::MessageFailed { message, error, next_at } => {
                format!("{} has not taken, next try at {}: {}: {error}", message.channel, self.second(*next_at), message.subject)
            }
            Event::MessageGivenUp { message, error } => format!("{} was not told, given up: {}: {error}", message.channel, message.subject),
            Event::MessageUnknown { message, error } => {
                format!("nobody knows whether {} was told, not sent again: {}: {error}", message.channel, message.subject)
            }
            Event::ClockStepped { by_seconds } => format!("the clock stepped by {by_seconds:+.1} s"),
            Event::PoolsDefined { pools } if pools.is_empty() => "no pools any more".into(),
            Event::PoolsDefined { pools } => {
                let pools: Vec<_> = pools.iter().map(|(name, units)| format!("{name} {units}")).collect();
                format!("pools: {}", pools.join(", "))
            }
            Event::ConditionMet { run, condition, by } => format!("{run}: {}", met_words(condition, by)),
            Event::FileDelivered { flow, file, .. } => format!("{flow}: {} has come, {}", file.file, counted_bytes(file.size)),
            Event::FileDuplicate { flow, file, of, .. } => format!("{flow}: {} is a duplicate of {of}", file.file),
            Event::FileSighted { flow, path, words } => format!("{flow}: waits for {path}: {words}"),
            Event::CalendarDefined { calendar } => format!("calendar {} defined", calendar.id),
            Event::CalendarRemoved { calendar } => format!("calendar {calendar} removed"),
            Event::BatchDayDefined { begins } => format!("batch days begin at {}", begins.strftime("%H:%M")),
            Event::FlowIced { flow, reason, until: Some(until) } => format!("{flow} iced until {}: {reason}", self.minute(*until)),
            Event::FlowIced { flow, reason, until: None } => format!("{flow} iced: {reason}"),
            Event::FlowThawed { flow } => format!("{flow} thawed"),
            Event::NoopSet { flow, reason } => format!("the next run of {flow} only goes through the motions: {reason}"),
            Event::NoopWithdrawn { flow } => format!("the no-op of {flow} was taken back"),
            Event::StartForced { run, step: None, reason } => format!("{run} forced to start: {reason}"),
            Event::StartForced { run, step: Some(step), reason } => format!("{run} {step} forced to start: {reason}"),
            Event::StepForced { run, step, outcome: Outcome::SuccessForced { .. }, reason } => format!("{run} {step} set ok: {reason}"),
            Event::StepForced { run, step, outcome: Outcome::Failed { .. }, reason } => format!("{run} {step} set failed: {reason}"),
            Event::StepForced { run, step, outcome, reason } => format!("{run} {step} set to {}: {reason}", outcome.word()),
            Event::RunHeld { run, reason, until: Some(until) } => format!("{run} held until {}: {reason}", self.minute(*until)),
            Event::RunHeld { run, reason, until: None } => format!("{run} held: {reason}"),
            Event::RunReleased { run } => format!("{run} released"),
            Event::RunPrioritized { run, priority } => format!("{run} has priority {priority} now"),
            Event::StepApproved { run, step, note } => format!("{run} {step} approved{}", because(note.as_ref())),
            Event::OccurrenceAsked { occurrence } => {
                format!("{} planned for {}: missed, waits for a choice", occurrence.flow, self.minute(occurrence.at))
            }
            Event::AwayNoticed { from, to } => format!("nothing could start from {} to {}", self.minute(*from), self.minute(*to)),
            Event::MissesDismissed { misses } => format!("the list of {} was put away", counted(*misses as usize, "missed occurrence")),
            Event::AlertExpires { .. }
            | Event::AlertsRepeated { .. }
            | Event::IntakeDefined { .. }
            | Event::IntakeListens { .. }
            | Event::IntakeCounted { .. }
            | Event::SourceNoted { .. }
            | Event::SourceSilenceSeen { .. }
            | Event::SourceSilenceGone { .. }
            | Event::SourceSilenceAsked { .. }
            | Event::SourceSilenceProlonging { .. }
            | Event::SourceSilenceMade { .. }
            | Event::SourceSilenceFailed { .. }
            | Event::SourceSilenceEnding { .. }
            | Event::SourceSilenceEnded { .. } => self.outside(event),
            other @ (Event::IncidentMitigated { .. }
            | Event::MitigationEnded { .. }
            | Event::IncidentSnoozed { .. }
            | Event::SnoozeEnded { .. }
            | Event::IncidentClaimed { .. }
            | Event::IncidentUnclaimed { .. }
            | Event::IncidentHandedOver { .. }
            | Event::AcknowledgementAsked { .. }
            | Event::IncidentMerged { .. }
            | Event::IncidentSplit { .. }
            | Event::SilenceMade { .. }
            | Event::SilenceExtended { .. }
            | Event::SilenceEnded { .. }
            | Event::AlertMuted { .. }
            | Event::MaintenanceDefined { .. }
            | Event::MaintenanceBegan { .. }
            | Event::MaintenanceEnded { .. }
            | Event::AckLifeDefined { .. }) => self.of_queue(other),
            Event::PeopleDefined { .. }
            | Event::OverrideMade { .. }
            | Event::OverrideEnded { .. }
            | Event::EscalationStarted { .. }
            | Event::EscalationDeferred { .. }
            | Event::IncidentEscalated { .. }
            | Event::EscalationExhausted { .. }
            | Event::EscalationEnded { .. }
            | Event::IncidentRetold { .. }
            | Event::RecoveryTold { .. } => self.duty(event),
            Event::EntryPinned { entry, pinned: true, .. } => format!("line {entry} pinned"),
            Event::EntryPinned { entry, pinned: false, .. } => format!("line {entry} no longer pinned"),
            Event::OutsideDefined { outside } => match &outside.dpkg_log {
                Some(log) => format!("changes of packages are read from {log}"),
                None => "changes of packages are not read".into(),
            },
            Event::OutsideChanged { change } => change.summary.clone(),
            Event::EvidenceDefined { settings } => format!("evidence defined: {}", counted(settings.evidence.len(), "source")),
            Event::EvidenceAsked { names, number, .. } => format!("evidence {number} is gathered: {}", names.join(", ")),
            Event::EvidenceTaken { capsule, .. } => evidence_words(capsule),
            Event::WriteUpMoved { incident, state } => format!("the post-mortem of incident {incident} is now {state}"),
            Event::ReviewDecided { incident, finding, accepted, path } => {
                let became = match (accepted, path) {
                    (true, Some(path)) => format!("taken: {path}"),
                    (true, None) => "taken".into(),
                    (false, _) => "put away".into(),
                };
                format!("review of incident {incident}: {finding}, {became}")
            }
            Event::ProcedureRulesDefined { .. } => "what is asked of runbook steps was read".into(),
            Event::ApprovalAsked { digest, request } => {
                let (step, runbook) = (&request.step, &request.runbook);
                format!(
                    "second word asked for, {}: runbook {runbook} {step}: {}{}",
                    digest.short(),
                    request.command,
                    params_words(&request.params)
                )
            }
            Event::ApprovalGiven { digest, note } => format!("{} approved{}", self.request(digest), because(note.as_ref())),
            Event::ApprovalUsed { digest, attempt } => format!("{} is run as {attempt}", self.request(digest)),
            Event::ApprovalEnded { digest, reason } => format!("{} is void: {reason}", self.request(digest)),
            Event::GlassBroken { attempt, reason } => format!("{} run WITHOUT a second person: {reason}", job(attempt)),
            Event::RemediationHeldBack { runbook, step, reason, .. } => format!("runbook {runbook} {step} did not run by itself: {reason}"),
            Event::ChecklistDefined { checklist } => {
                format!("checklist {} defined, {}", checklist.id, counted(checklist.items.len(), "item"))
            }
            Event::ChecklistRemoved { checklist } => format!("checklist {checklist} removed"),
            Event::ChecklistOpened { checklist, number, due, .. } => {
                format!("checklist {checklist} opened, number {number}, to be done by {}", self.minute(*due))
            }
            Event::ChecklistMissed { checklist, missed, until } => {
                format!("checklist {checklist}: {} up to {} passed unseen", counted(*missed as usize, "time"), self.minute(*until))
            }
            Event::ItemTicked { checklist, item, done: true, note, .. } => {
                format!("checklist {checklist}: {item} ticked{}", because(note.as_ref()))
            }
            Event::ItemTicked { checklist, item, done: false, note, .. } => {
                format!("checklist {checklist}: {item} not ticked{}", because(note.as_ref()))
            }
            Event::ChecklistDone { checklist, .. } => format!("checklist {checklist} done"),
            Event::ChecklistLeft { checklist, reason, unticked, .. } => {
                format!("checklist {checklist} left with {} unticked: {reason}", counted(unticked.len(), "item"))
            }
            Event::AnchorsDefined { anchors } if anchors.sinks().next().is_none() => {
                "the head of the journal is told nowhere outside".into()
            }
            Event::AnchorsDefined { anchors } => {
                let places: Vec<String> = anchors.sinks().map(|sink| anchors.words(sink)).collect();
                format!("the head of the journal is told at: {}", places.join(", "))
            }
            Event::AnchorFailing { sink, error } => format!("the anchor {sink} takes nothing: {error}"),
            Event::AnchorWorks { sink } => format!("the anchor {sink} takes heads again"),
            Event::DamageAccepted { first_bad, why, lost, kept, reason } => {
                format!("damage from entry {first_bad} on was accepted ({why}; {lost} lost; kept in {kept}): {reason}")
            }
            Event::EntryLost { why } => format!("an entry is lost: {why}"),
            Event::Unknown(raw) => format!("a fact of a newer version: {}", unknown_kind(raw.0.get())),
        }
    }

    /// A run's or step's outcome in words.
    fn outcome(&self, outcome: &Outcome) -> String {
        match outcome {
            Outcome::Success | Outcome::UpstreamFailed => outcome.word().into(),
            Outcome::SuccessForced { by } => format!("success, forced by {}", self.naming.of(by)),
            Outcome::Failed { cause } => format!("failed ({cause})"),
            Outcome::Cancelled { by } => format!("cancelled by {}", self.naming.of(by)),
            Outcome::Skipped { reason, by: None } => format!("skipped ({reason})"),
            Outcome::Skipped { reason, by: Some(by) } => format!("skipped by {} ({reason})", self.naming.of(by)),
            Outcome::Missed { reason } => format!("missed ({reason})"),
            Outcome::Lost => "lost, nobody knows how it ended".into(),
        }
    }

    fn disposition(&self, disposition: &Disposition) -> String {
        match disposition {
            Disposition::Ran { run } => format!("ran as {run}"),
            Disposition::CaughtUp { run } => format!("caught up as {run}"),
            Disposition::Missed { .. } | Disposition::SkippedOverlap { .. } | Disposition::SkippedCalendar { .. } => disposition.words(),
            Disposition::SkippedHeld { by, reason, until } => {
                let until = until.map(|until| format!(" until {}", self.minute(until))).unwrap_or_default();
                format!("skipped (held by {}{until}, {reason})", self.naming.of(by))
            }
            Disposition::SkippedIced { by, reason, until } => {
                let until = until.map(|until| format!(" until {}", self.minute(until))).unwrap_or_default();
                format!("skipped (iced by {}{until}, {reason})", self.naming.of(by))
            }
        }
    }

    /// ` (attempt 2/3)`, or ` (attempt 2)` where the definition is not known any more; nothing for a step with one attempt.
    fn count(&self, attempt: &AttemptId) -> String {
        let all = match &attempt.job {
            Job::Step { run, step } => self.attempts_of(run, step),
            Job::Procedure { .. } => None,
        };
        match (attempt.number, all) {
            (1, None | Some(0 | 1)) => String::new(),
            (number, Some(all)) if all >= number => format!(" (attempt {number}/{all})"),
            (number, _) => format!(" (attempt {number})"),
        }
    }

    /// `request 3fa1… (runbook orders-load empty)`.
    fn request(&self, digest: &crate::domain::Digest) -> String {
        match self.world.and_then(|world| world.approvals.get(digest)) {
            Some(approval) => format!("request {} (runbook {} {})", digest.short(), approval.request.runbook, approval.request.step),
            None => format!("request {}", digest.short()),
        }
    }

    /// Whether a runbook's step expects this end where another one would be a success.
    pub fn is_expected(&self, attempt: &AttemptId, end: &AttemptEnd) -> bool {
        let (Job::Procedure { runbook, subject, step }, AttemptEnd::Exit(exit), Some(world)) = (&attempt.job, end, self.world) else {
            return false;
        };
        // What was expected when it ended counts, also where the runbook says something else since.
        let tick = world.procedure(runbook, subject).and_then(|walked| walked.ticks.get(step));
        let passed = tick.filter(|tick| tick.attempt.as_ref() == Some(attempt)).and_then(|tick| match tick.state {
            TickState::Passed => Some(true),
            TickState::Failed => Some(false),
            // The fact is told before it is applied, or a person has had the last word.
            TickState::Running | TickState::ByHand | TickState::Open => None,
        });
        let by_text = || world.book(runbook).and_then(|book| book.step(step)).is_some_and(|step| step.expect.exit == *exit);
        *exit != 0 && passed.unwrap_or_else(by_text)
    }

    fn attempts_of(&self, run: &crate::domain::RunId, step: &StepName) -> Option<u32> {
        let flow = self.world?.flow(&run.flow)?;
        let definition = flow.run(run).and_then(|run| flow.definition_of(run)).unwrap_or(&flow.definition);
        definition.steps.iter().find(|other| other.name == *step).map(|step| step.retry.attempts)
    }

    /// An alert's summary where the world still has it, else its fingerprint.
    pub(super) fn alert(&self, alert: crate::domain::Fingerprint) -> String {
        let of_incidents = |world: &World| {
            world.incidents.values().rev().find_map(|incident| incident.alerts.get(&alert).map(|row| row.notice.summary.clone()))
        };
        let firing = |world: &World| world.alerts.get(&alert).map(|row| row.notice.summary.clone());
        match self.world.and_then(|world| firing(world).or_else(|| of_incidents(world))) {
            Some(summary) => format!("“{summary}”"),
            None => alert.to_string(),
        }
    }

    pub(super) fn minute(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
    }

    pub(super) fn second(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%H:%M:%S %Z").to_string()
    }
}

/// A timeline as people read it: the intention to start an attempt is left out where its start is told.
pub fn told(timeline: &[Arc<Entry>]) -> impl Iterator<Item = &Arc<Entry>> {
    let started: BTreeSet<&AttemptId> = timeline
        .iter()
        .filter_map(|entry| if let Event::AttemptStarted { attempt, .. } = &entry.event { Some(attempt) } else { None })
        .collect();
    timeline.iter().filter(move |entry| match &entry.event {
        Event::AttemptStarting { attempt, .. } => !started.contains(attempt),
        _ => true,
    })
}

/// `nightly-orders/17 load`, `runbook orders-load look`.
fn job(attempt: &AttemptId) -> String {
    match &attempt.job {
        Job::Step { run, step } => format!("{run} {step}"),
        Job::Procedure { runbook, step, .. } => format!("runbook {runbook} {step}"),
    }
}

fn end_words(end: &AttemptEnd) -> String {
    match end {
        AttemptEnd::Exit(0) => "succeeded".into(),
        AttemptEnd::NeverBegan => "never began".into(),
        AttemptEnd::Lost => "lost: nobody knows how it ended".into(),
        AttemptEnd::Killed => "killed".into(),
        AttemptEnd::Exit(_)
        | AttemptEnd::Signal(_)
        | AttemptEnd::SpawnError(_)
        | AttemptEnd::Timeout
        | AttemptEnd::OutputLimit
        | AttemptEnd::Unexpected(_) => format!("failed: {end}"),
        AttemptEnd::Declared { .. } => end.to_string(),
    }
}

fn cause_words(cause: &RunCause) -> String {
    match cause {
        RunCause::Schedule(occurrence) => format!("schedule {}", occurrence.schedule),
        RunCause::Person { reason } => format!("by hand{}", because(reason.as_ref())),
        RunCause::Rerun { of, scope, reason } => format!("rerun of {of} ({scope}): {reason}"),
        RunCause::Source => "by its source".into(),
        RunCause::After { runs } => format!("after {}", runs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        RunCause::File { file, .. } => format!("file {}", file.file),
    }
}

fn met_words(condition: &Condition, by: &MetBy) -> String {
    match (condition, by) {
        (Condition::After(_), MetBy::Run(before)) => format!("{before} was waited for and has ended"),
        (Condition::After(flow), MetBy::Files(_)) => format!("{flow} was waited for"),
        (Condition::File(path), MetBy::Files(files)) => {
            let first = files.first().map_or("", |file| file.file.as_str());
            match files.len() {
                0 | 1 => format!("{path} was waited for: {first}"),
                more => format!("{path} was waited for: {first} and {} more", more - 1),
            }
        }
        (Condition::File(path), MetBy::Run(run)) => format!("{path} was waited for: {run}"),
        (Condition::After(flow), MetBy::Waived(why)) => format!("{flow} is not waited for: {why}"),
        (Condition::File(path), MetBy::Waived(why)) => format!("{path} is not waited for: {why}"),
    }
}

fn evidence_words(capsule: &crate::domain::evidence::Capsule) -> String {
    let kept: Vec<_> = capsule.files.iter().filter(|file| !file.name.is_empty()).collect();
    let bytes: u64 = kept.iter().map(|file| file.bytes).sum();
    let mut words = format!("evidence {} gathered: {}, {}", capsule.number, counted(kept.len(), "file"), counted_bytes(bytes));
    if let Some((file, line)) = capsule.files.iter().find_map(|file| Some((file, file.first_error?))) {
        words = format!("{words}, first error in {} line {line}", file.name);
    }
    let missing = capsule.files.len() - kept.len();
    if missing > 0 {
        words = format!("{words}, {missing} not to be had");
    }
    match &capsule.problem {
        Some(problem) => format!("{words}; {problem}"),
        None => words,
    }
}

fn counted_bytes(bytes: u64) -> String {
    counted(usize::try_from(bytes).unwrap_or(usize::MAX), "byte")
}

fn because(reason: Option<&String>) -> String {
    reason.map(|reason| format!(": {reason}")).unwrap_or_default()
}

fn params_words(params: &Params) -> String {
    if params.is_empty() {
        return String::new();
    }
    let pairs: Vec<_> = params.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!(" [{}]", pairs.join(" "))
}

fn survivors_words(survivors: &[String]) -> String {
    if survivors.is_empty() { String::new() } else { format!(", still alive: {}", survivors.join(", ")) }
}

pub(super) fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The one key of a fact that this version does not know.
fn unknown_kind(json: &str) -> String {
    let kind = json::read::<json::Map<String, json::Value>>(json).ok();
    kind.and_then(|object| object.keys().next().cloned()).unwrap_or_else(|| "unreadable".into())
}

/// One line: line ends, tabs and other white space become single spaces, and what is longer than [`LINE_MAX`] is cut.
pub fn one_line(text: &str) -> String {
    let mut line = String::new();
    let (mut taken, mut gap) = (0, false);
    for letter in text.chars() {
        if letter.is_whitespace() {
            gap = !line.is_empty();
            continue;
        }
        if taken + usize::from(gap) >= LINE_MAX {
            line.push('…');
            return line;
        }
        if std::mem::take(&mut gap) {
            line.push(' ');
            taken += 1;
        }
        line.push(letter);
        taken += 1;
    }
    line
}
