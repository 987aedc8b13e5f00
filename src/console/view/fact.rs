//! Facts → symbol, meaning, and the page that shows more. The words are `notes::telling`'s.

use crate::console::Target;
use crate::console::glyph::Glyphs;
use crate::console::screen::Screen;
use crate::console::theme::Role;
use crate::console::view::{incidents, state};
use crate::domain::run::Disposition;
use crate::domain::source::Freshness;
use crate::domain::{AttemptId, Event, FlowId, Health, IncidentId, Job};

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
        | Event::ChecklistMissed { .. }
        | Event::ProbeBurning { burning: Some(_), .. }
        | Event::ProbeFlapping { share: Some(_), .. } => (glyphs.warning, Role::Warning),
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

/// What a fact is about, for actions on it.
pub fn target(event: &Event) -> Option<Target> {
    Some(match event {
        Event::RetryPlanned { run, step, .. }
        | Event::StepEnded { run, step, .. }
        | Event::StepForced { run, step, .. }
        | Event::StepApproved { run, step, .. }
        | Event::StartForced { run, step: Some(step), .. } => Target::Step(run.clone(), step.clone()),
        Event::ProcedureAsked { attempt, .. } | Event::ProcedureKillAsked { attempt } => of_attempt(attempt),
        Event::ProcedureTicked { runbook, step, subject, .. } => {
            Target::Procedure { runbook: runbook.clone(), subject: subject.clone(), step: step.clone() }
        }
        Event::MessageDue { message } => of_message(message.incident, message.flow.as_ref())?,
        other => {
            if let Some(attempt) = other.attempt() {
                return Some(of_attempt(attempt));
            }
            if let Some(message) = other.message_fate() {
                return of_message(message.incident, message.flow.as_ref());
            }
            let incident = other.incident().map(Target::Incident);
            let run = || other.run().cloned().map(Target::Run);
            let probe = || other.probe().cloned().map(Target::Probe);
            incident.or_else(run).or_else(probe).or_else(|| other.flow().cloned().map(Target::Flow))?
        }
    })
}

fn of_message(incident: Option<IncidentId>, flow: Option<&FlowId>) -> Option<Target> {
    incident.map(Target::Incident).or_else(|| flow.cloned().map(Target::Flow))
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
