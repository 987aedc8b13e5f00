//! Which entry is the one that a request was for: until it arrives, the row is marked pending.

use crate::domain::{Command, Event, Job};

/// Whether this fact is what the command asked for.
pub fn is_of(event: &Event, command: &Command) -> bool {
    match (command, event) {
        (Command::Run { flow, .. }, Event::RunCreated { run, .. }) => run.flow == *flow,
        (Command::Rerun { run: earlier, .. }, Event::RunCreated { run, .. }) => run.flow == earlier.flow,
        (Command::Kill { run, .. }, Event::RunKillAsked { run: other, .. }) => run == other,
        (Command::Hold { flow, .. }, Event::FlowHeld { flow: other, .. })
        | (Command::Release { flow }, Event::FlowReleased { flow: other }) => flow == other,
        (Command::ProbeNow { probe }, Event::ProbeAsked { probe: other }) => probe == other,
        (Command::Acknowledge { incident, .. }, Event::IncidentAcknowledged { incident: other, .. })
        | (Command::Unacknowledge { incident }, Event::AcknowledgementEnded { incident: other, .. })
        | (Command::Resolve { incident, .. }, Event::IncidentResolved { incident: other, .. })
        | (Command::Note { incident, .. }, Event::Noted { incident: other, .. }) => incident == other,
        (Command::Mark { text }, Event::Marked { text: other }) => text == other,
        (Command::RecordNote { note }, Event::NoteSaved { note: other }) => note == other,
        (Command::RunProcedure { runbook, step, subject, .. }, Event::ProcedureAsked { attempt, .. })
        | (Command::KillProcedure { runbook, step, subject }, Event::ProcedureKillAsked { attempt }) => {
            matches!(&attempt.job, Job::Procedure { runbook: r, subject: s, step: n } if r == runbook && s == subject && n == step)
        }
        (Command::Tick { runbook, step, subject, .. }, Event::ProcedureTicked { runbook: r, step: n, subject: s, .. }) => {
            r == runbook && s == subject && n == step
        }
        _ => false,
    }
}
