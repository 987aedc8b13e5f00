//! Facts → symbol, meaning, and the page that shows more. The words are `notes::telling`'s.

use crate::console::Target;
use crate::console::glyph::Glyphs;
use crate::console::screen::Screen;
use crate::console::theme::Role;
use crate::console::view::{incidents, state};
use crate::domain::run::Disposition;
use crate::domain::source::Freshness;
use crate::domain::{AttemptId, Event, Health, Job};

/// How a fact looks.
pub fn look(event: &Event, glyphs: &Glyphs) -> (&'static str, Role) {
    match event {
        Event::RunEnded { outcome, .. } | Event::StepEnded { outcome, .. } | Event::StepForced { outcome, .. } => {
            state::outcome(outcome, glyphs)
        }
        Event::AttemptEnded { end, .. } => state::end(Some(end), glyphs),
        Event::RunCreated { .. } | Event::AttemptStarting { .. } | Event::AttemptStarted { .. } | Event::AttemptAdopted { .. } => {
            (glyphs.active, Role::Muted)
        }
        Event::RetryPlanned { .. } | Event::MessageFailed { .. } | Event::MessageHeldBack { .. } => (glyphs.pending, Role::Waiting),
        Event::RunKillAsked { .. }
        | Event::RunTimedOut { .. }
        | Event::ProcedureKillAsked { .. }
        | Event::MessageGivenUp { .. }
        | Event::MessageUnknown { .. } => (glyphs.bad, Role::Warning),
        Event::OccurrenceSettled {
            disposition: Disposition::Ran { .. } | Disposition::CaughtUp { .. } | Disposition::SkippedCalendar { .. },
            ..
        } => (glyphs.dot, Role::Muted),
        Event::FlowHeld { .. } | Event::FlowIced { .. } | Event::NoopSet { .. } | Event::RunHeld { .. } => (glyphs.held, Role::Waiting),
        Event::StepApproved { .. } | Event::ApprovalGiven { .. } | Event::ChecklistDone { .. } | Event::ItemTicked { done: true, .. } => {
            (glyphs.done, Role::Good)
        }
        Event::OccurrenceSettled { .. } | Event::OccurrenceAsked { .. } | Event::ClockStepped { .. } | Event::AwayNoticed { .. } => {
            (glyphs.late, Role::Warning)
        }
        Event::ProbeChanged { to: Health::Down { good, .. }, .. } if *good > 0 => (glyphs.bad, Role::Warning),
        Event::ProbeChanged { to, .. } => state::health(*to, glyphs),
        Event::AlertFiring { notice, .. } => (glyphs.warning, incidents::role(notice.severity)),
        Event::IncidentOpened { severity: how, .. } | Event::SeverityRaised { severity: how, .. } => {
            (glyphs.warning, incidents::role(*how))
        }
        Event::IncidentResolved { .. } | Event::AlertResolved { .. } => (glyphs.good, Role::Good),
        Event::IncidentAcknowledged { .. } | Event::ProcedureTicked { done: true, .. } => (glyphs.done, Role::Text),
        Event::Refused { .. }
        | Event::WorkspaceRefused { .. }
        | Event::RemediationHeldBack { .. }
        | Event::ChecklistLeft { .. }
        | Event::ChecklistMissed { .. } => (glyphs.warning, Role::Warning),
        Event::ProbeErring { error: Some(_), .. } | Event::SourceChanged { freshness: Freshness::Stale { .. }, .. } => {
            (glyphs.unknown, Role::Unknown)
        }
        Event::SourceSilenceFailed { .. } | Event::IntakeCounted { .. } | Event::IntakeListens { error: Some(_), .. } => {
            (glyphs.warning, Role::Warning)
        }
        Event::Marked { .. } => (glyphs.mark, Role::Heading),
        Event::EntryPinned { .. } => (glyphs.mark, Role::Muted),
        Event::OutsideChanged { .. } => (glyphs.critical, Role::Heading),
        Event::EvidenceTaken { capsule, .. } if capsule.files.iter().any(|file| file.first_error.is_some()) => (glyphs.done, Role::Warning),
        Event::EvidenceTaken { .. } | Event::MessageSent { .. } | Event::SourceSilenceMade { .. } => (glyphs.done, Role::Muted),
        Event::GlassBroken { .. } => (glyphs.warning, Role::Bad),
        Event::ApprovalAsked { .. } => (glyphs.waiting, Role::Waiting),
        _ => (glyphs.dot, Role::Muted),
    }
}

/// Whether a fact belongs on the common timeline: definitions are read where they are used.
pub fn is_told(event: &Event) -> bool {
    !matches!(
        event,
        Event::FlowDefined { .. }
            | Event::ProbeDefined { .. }
            | Event::RunbookDefined { .. }
            | Event::SourceDefined { .. }
            | Event::IntakeDefined { .. }
            | Event::SourceSilenceSeen { .. }
            | Event::SourceSilenceGone { .. }
            | Event::SourceSilenceProlonging { .. }
            | Event::SourceNoted { .. }
            | Event::AlertsRepeated { .. }
            | Event::ChannelDefined { .. }
            | Event::MessageSending { .. }
            | Event::CalendarDefined { .. }
            | Event::PeopleDefined { .. }
            | Event::EscalationStarted { .. }
            | Event::OutsideDefined { .. }
            | Event::EvidenceDefined { .. }
    )
}

/// What a fact is about, for actions on it.
pub fn target(event: &Event) -> Option<Target> {
    Some(match event {
        Event::RunCreated { run, .. }
        | Event::RunKillAsked { run, .. }
        | Event::RunTimedOut { run }
        | Event::RunEnded { run, .. }
        | Event::RunHeld { run, .. }
        | Event::RunReleased { run }
        | Event::RunPrioritized { run, .. }
        | Event::StartForced { run, step: None, .. } => Target::Run(run.clone()),
        Event::RetryPlanned { run, step, .. }
        | Event::StepEnded { run, step, .. }
        | Event::StepForced { run, step, .. }
        | Event::StepApproved { run, step, .. }
        | Event::StartForced { run, step: Some(step), .. } => Target::Step(run.clone(), step.clone()),
        Event::AttemptStarting { attempt, .. }
        | Event::AttemptStarted { attempt, .. }
        | Event::AttemptAdopted { attempt }
        | Event::AttemptEnded { attempt, .. }
        | Event::ProcedureAsked { attempt, .. }
        | Event::ProcedureKillAsked { attempt } => of_attempt(attempt),
        Event::FlowHeld { flow, .. }
        | Event::FlowReleased { flow }
        | Event::FlowRemoved { flow }
        | Event::FlowIced { flow, .. }
        | Event::FlowThawed { flow }
        | Event::NoopSet { flow, .. }
        | Event::NoopWithdrawn { flow } => Target::Flow(flow.clone()),
        Event::OccurrenceSettled { occurrence, .. } | Event::OccurrenceAsked { occurrence } => Target::Flow(occurrence.flow.clone()),
        Event::ProbeChanged { probe, .. } | Event::ProbeErring { probe, .. } | Event::ProbeAsked { probe } => Target::Probe(probe.clone()),
        Event::IncidentOpened { incident, .. }
        | Event::IncidentJoined { incident, .. }
        | Event::SeverityRaised { incident, .. }
        | Event::IncidentAcknowledged { incident, .. }
        | Event::AcknowledgementEnded { incident, .. }
        | Event::IncidentResolved { incident, .. }
        | Event::EscalationDeferred { incident, .. }
        | Event::IncidentEscalated { incident, .. }
        | Event::EscalationExhausted { incident }
        | Event::EscalationEnded { incident, .. }
        | Event::IncidentRetold { incident, .. }
        | Event::RecoveryTold { incident, .. }
        | Event::EntryPinned { incident, .. }
        | Event::EvidenceAsked { incident, .. }
        | Event::EvidenceTaken { incident, .. }
        | Event::Noted { incident, .. } => Target::Incident(*incident),
        Event::MessageDue { message } if message.incident.is_some() => Target::Incident(message.incident?),
        Event::MessageHeldBack { message, .. }
        | Event::MessageSent { message }
        | Event::MessageFailed { message, .. }
        | Event::MessageGivenUp { message, .. }
        | Event::MessageUnknown { message, .. }
            if message.incident.is_some() =>
        {
            Target::Incident(message.incident?)
        }
        Event::ProcedureTicked { runbook, step, subject, .. } => {
            Target::Procedure { runbook: runbook.clone(), subject: subject.clone(), step: step.clone() }
        }
        Event::MessageDue { message } => Target::Flow(message.flow.clone()?),
        Event::MessageHeldBack { message, .. }
        | Event::MessageSent { message }
        | Event::MessageFailed { message, .. }
        | Event::MessageGivenUp { message, .. }
        | Event::MessageUnknown { message, .. } => Target::Flow(message.flow.clone()?),
        _ => return None,
    })
}

fn of_attempt(attempt: &AttemptId) -> Target {
    match &attempt.job {
        Job::Step { .. } => Target::Attempt(attempt.clone()),
        Job::Procedure { runbook, subject, step } => {
            Target::Procedure { runbook: runbook.clone(), subject: subject.clone(), step: step.clone() }
        }
    }
}

/// The page that shows more of what a fact is about.
pub fn screen(event: &Event) -> Option<Screen> {
    if let Event::SourceChanged { .. } | Event::IntakeCounted { .. } | Event::IntakeListens { .. } | Event::SourceSilenceFailed { .. } =
        event
    {
        return Some(Screen::Sources);
    }
    if let Event::AwayNoticed { .. } | Event::MissesDismissed { .. } = event {
        return Some(Screen::Misses);
    }
    Some(match target(event)? {
        Target::Flow(flow) => Screen::Flow(flow),
        Target::Run(run) | Target::Step(run, _) => Screen::Run(run),
        Target::Attempt(attempt) => match &attempt.job {
            Job::Step { run, .. } => Screen::Run(run.clone()),
            Job::Procedure { .. } => Screen::Output(attempt),
        },
        Target::Probe(probe) => Screen::Probe(probe),
        Target::Incident(incident) => Screen::Incident(incident),
        Target::Procedure { runbook, subject, .. } => Screen::Runbook { runbook, subject },
    })
}
