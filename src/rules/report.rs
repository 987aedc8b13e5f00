//! What the outside says becomes facts, unless it is known already or about something unknown.

use super::neighbours::{self, Read};
use super::{Asked, Decision, anchors, conditions, definitions, evidence, health, outside, sending, silencing};
use crate::domain::{AttemptId, Event, Job, Report};
use crate::world::World;

/// The facts in a report.
pub fn report(world: &World, report: &Report, asked: &Asked) -> Decision {
    match report {
        Report::AttemptStarted { attempt, pid, started_at } if awaits_start(world, attempt) => {
            Event::AttemptStarted { attempt: attempt.clone(), pid: *pid, started_at: *started_at }.into()
        }
        Report::AttemptAdopted { attempt } if world.running.contains(attempt) => Event::AttemptAdopted { attempt: attempt.clone() }.into(),
        Report::AttemptEnded { attempt, end, ended_at, output_bytes, survivors } if world.running.contains(attempt) => {
            Event::AttemptEnded {
                attempt: attempt.clone(),
                end: end.clone(),
                ended_at: *ended_at,
                output_bytes: *output_bytes,
                survivors: survivors.clone(),
            }
            .into()
        }
        // What is remembered is counted by the engine, which asked for it.
        Report::AttemptStarted { .. } | Report::AttemptAdopted { .. } | Report::AttemptEnded { .. } | Report::LooksRecalled(_) => {
            Decision::nothing()
        }
        Report::Probed { probe, result } => health::probed(world, probe, result),
        Report::WorkspaceRead(read) => definitions::read(world, read),
        Report::WorkspaceRefused { errors } => definitions::refused(world, errors),
        Report::FileFound { flow, path, file } => conditions::file_found(world, flow, path, file).into(),
        Report::FileSighted { flow, path, words } => conditions::file_sighted(world, flow, path, words).into(),
        Report::ClockStepped { by_seconds } => Event::ClockStepped { by_seconds: *by_seconds }.into(),
        Report::DaemonStarted { version, pid, boot_id, host } => {
            Event::DaemonStarted { version: version.clone(), pid: *pid, boot_id: boot_id.clone(), host: host.clone() }.into()
        }
        Report::MessageSent { message } => sending::taken(world, message),
        Report::MessageFailed { message, error, fate, retry_after } => {
            sending::not_taken(world, message, error, *fate, *retry_after, asked)
        }
        Report::OutsideChanged(change) => outside::changed(world, change),
        Report::EvidenceTaken { incident, capsule } => evidence::taken(world, *incident, capsule),
        Report::AnchorTried { sink, error } => anchors::tried(world, *sink, error.as_deref()),
        Report::SourceRead { source, asked_at, alerts, silences, left_out, words } => {
            let (asked_at, left_out, words) = (*asked_at, *left_out, words.as_ref());
            neighbours::read(world, &Read { source, asked_at, alerts, silences, left_out, words }, asked)
        }
        Report::SourceFailed { source, error, failures } => neighbours::failed(world, source, error, *failures, asked.now).into(),
        Report::SilenceMade { source, marker, id, ends } => {
            Decision::events(silencing::made(world, source, marker, (id, *ends), asked.now))
        }
        Report::SilenceExpired { source, marker } => silencing::expired(world, source, marker).into(),
        Report::SilenceFailed { source, marker, fault } => silencing::failed(world, source, marker, fault, asked).into(),
        Report::IntakeListens { address, error } => {
            let known = world.intake.as_ref().filter(|intake| intake.address != *address || intake.error != *error);
            known.map(|_| Event::IntakeListens { address: address.clone(), error: error.clone() }).into()
        }
        Report::IntakeCounted(counts) => (!counts.is_empty()).then_some(Event::IntakeCounted { counts: *counts }).into(),
        Report::DaemonStopping { reason } => Event::DaemonStopped { reason: reason.clone() }.into(),
    }
}

/// Whether an attempt is on record as starting, and its start is not.
fn awaits_start(world: &World, attempt: &AttemptId) -> bool {
    let told = || match &attempt.job {
        Job::Step { run, step } => {
            let step = world.run(run).and_then(|run| run.step(step));
            step.and_then(|step| step.attempts.iter().find(|row| row.number == attempt.number)).is_some_and(|row| row.pid.is_some())
        }
        Job::Procedure { .. } => false,
    };
    world.running.contains(attempt) && !told()
}
