//! Why an action cannot be done now, in words. One function per reason that the table of actions names.

mod queue;
mod verbs;

pub use queue::{asked, merge, split};
pub use verbs::{active_run, approve, can_force, catch_up, force, ice, run_active, set_failed, set_ok, skip, steps};

use super::session::Connection;
use super::{Session, Target};
use crate::domain::source::Capability;
use crate::domain::{IncidentId, Phase, SourceId};
use crate::world::{Flow, Incident, TickState};

/// Words why not; absent when it can be done.
pub(super) type Reason = Option<String>;

/// It can always be done.
pub fn always(_: &Session, _: Option<&Target>) -> Reason {
    None
}

/// It needs something under the cursor.
pub fn something(_: &Session, target: Option<&Target>) -> Reason {
    target.is_none().then(|| "there is nothing under the cursor".to_owned())
}

/// It changes something: the daemon must be there and must be allowed to record it.
pub fn operator(session: &Session, _: Option<&Target>) -> Reason {
    session.why_read_only()
}

/// Ending the daemon, also one of another version.
pub fn restart(session: &Session, _: Option<&Target>) -> Reason {
    if session.connection == Connection::OtherShape { None } else { session.why_cut_off() }
}

/// It needs an incident.
pub fn incident(session: &Session, target: Option<&Target>) -> Reason {
    incident_of(session, target).err()
}

/// Pinning a line of an incident's timeline.
pub fn pin(session: &Session, target: Option<&Target>) -> Reason {
    operator(session, target).or_else(|| incident(session, target))
}

/// It needs an open incident.
pub fn incident_open(session: &Session, target: Option<&Target>) -> Reason {
    operator(session, target).or_else(|| match incident_of(session, target) {
        Ok(incident) if incident.is_open() => None,
        Ok(incident) => Some(format!("incident {} is {}", incident.id, incident.stage)),
        Err(words) => Some(words),
    })
}

/// Acknowledging.
pub fn ack(session: &Session, target: Option<&Target>) -> Reason {
    incident_open(session, target).or_else(|| {
        let incident = incident_of(session, target).ok()?;
        if let Some((source, row)) = crate::rules::stale(&session.world, incident) {
            return Some(format!(
                "{source} does not answer since {}: {}",
                session.time(row.stale_since()),
                row.why_stale().unwrap_or_default()
            ));
        }
        // Who was asked whether they still work on it answers with the same key.
        let by = incident.acknowledged.as_ref().filter(|ack| ack.asked_until.is_none())?.by.name();
        let whom = if session.user() == Some(by) { "you" } else { by };
        Some(format!("incident {} is acknowledged by {whom}", incident.id))
    })
}

/// Taking an acknowledgement back.
pub fn unack(session: &Session, target: Option<&Target>) -> Reason {
    incident_open(session, target).or_else(|| match incident_of(session, target) {
        Ok(incident) if incident.acknowledged.is_none() => Some(format!("nobody has acknowledged incident {}", incident.id)),
        _ => None,
    })
}

/// Declaring over.
pub fn resolve(session: &Session, target: Option<&Target>) -> Reason {
    incident_open(session, target)
}

/// Starting a run.
pub fn run(session: &Session, target: Option<&Target>) -> Reason {
    let flow = match flow_of(session, target) {
        Ok(flow) => flow,
        Err(words) => return Some(words),
    };
    let removed = || flow.removed.then(|| format!("the file of {} is gone", flow.definition.id));
    operator(session, target).or_else(|| can(session, &flow.source(), Capability::Run)).or_else(removed)
}

/// Running again.
pub fn rerun(session: &Session, target: Option<&Target>) -> Reason {
    let flow = match flow_of(session, target) {
        Ok(flow) => flow,
        Err(words) => return Some(words),
    };
    operator(session, target).or_else(|| can(session, &flow.source(), Capability::Rerun)).or_else(|| {
        let run = match target.and_then(Target::run) {
            Some(run) => flow.run(run),
            None => flow.last_run(),
        };
        match run {
            None => Some(format!("{} has no run that could be rerun; start one instead", flow.definition.id)),
            Some(run) if run.phase != Phase::Done => Some(format!("{} is not done yet", run.id)),
            Some(_) => None,
        }
    })
}

/// Ending a run.
pub fn kill(session: &Session, target: Option<&Target>) -> Reason {
    let flow = match flow_of(session, target) {
        Ok(flow) => flow,
        Err(words) => return Some(words),
    };
    session.why_cut_off().or_else(|| can(session, &flow.source(), Capability::Kill)).or_else(|| {
        let active = match target.and_then(Target::run).and_then(|run| flow.run(run)) {
            Some(run) => run.phase != Phase::Done,
            None => flow.active().next().is_some(),
        };
        (!active).then(|| format!("no run of {} is under way", flow.definition.id))
    })
}

/// Holding and releasing.
pub fn hold(session: &Session, target: Option<&Target>) -> Reason {
    let flow = match flow_of(session, target) {
        Ok(flow) => flow,
        Err(words) => return Some(words),
    };
    operator(session, target).or_else(|| can(session, &flow.source(), Capability::Hold))
}

/// Looking now.
pub fn probe(session: &Session, target: Option<&Target>) -> Reason {
    let Some(Target::Probe(id)) = target else { return Some("there is no probe under the cursor".into()) };
    operator(session, target).or_else(|| can(session, &id.source(), Capability::Probe))
}

/// Showing output.
pub fn output(session: &Session, target: Option<&Target>) -> Reason {
    session.output_of(target).err()
}

/// Comparing what was printed with the last good run.
pub fn compare(session: &Session, target: Option<&Target>) -> Reason {
    session.output_of(target).and_then(|attempt| super::screen::compare::good_of(session, &attempt)).err()
}

/// Opening the runbook that fits.
pub fn runbook(session: &Session, target: Option<&Target>) -> Reason {
    something(session, target).or_else(|| {
        let subject = target?.subject();
        session.runbook_for(&subject).is_none().then(|| format!("no runbook fits {subject}"))
    })
}

/// Copying.
pub fn copy(session: &Session, _: Option<&Target>) -> Reason {
    (!session.options.clipboard).then(|| "copying is switched off".into())
}

/// Opening the file that defines it.
pub fn file(session: &Session, target: Option<&Target>) -> Reason {
    session.file_of(target).err()
}

/// Running a step of a runbook.
pub fn procedure(session: &Session, target: Option<&Target>) -> Reason {
    operator(session, target).or_else(|| match tick_of(session, target) {
        Err(words) => Some(words),
        Ok(Some(TickState::Running)) => Some("this step is running".into()),
        Ok(_) => None,
    })
}

/// Ticking a step of a runbook by hand.
pub fn procedure_tick(session: &Session, target: Option<&Target>) -> Reason {
    procedure(session, target)
}

/// Ending a running step of a runbook.
pub fn procedure_kill(session: &Session, target: Option<&Target>) -> Reason {
    session.why_cut_off().or_else(|| match tick_of(session, target) {
        Err(words) => Some(words),
        Ok(Some(TickState::Running)) => None,
        Ok(_) => Some("this step is not running".into()),
    })
}

fn tick_of(session: &Session, target: Option<&Target>) -> Result<Option<TickState>, String> {
    match target {
        Some(Target::Procedure { runbook, subject, step }) => {
            Ok(session.world.procedure(runbook, subject).and_then(|walked| walked.ticks.get(step)).map(|tick| tick.state))
        }
        _ => Err("there is no runbook step under the cursor".into()),
    }
}

fn can(session: &Session, source: &SourceId, capability: Capability) -> Reason {
    (!session.world.can(source, capability)).then(|| format!("{source} cannot {capability}"))
}

fn incident_of<'a>(session: &'a Session, target: Option<&Target>) -> Result<&'a Incident, String> {
    match target {
        Some(Target::Incident(id)) => session.world.incident(*id).ok_or_else(|| gone(*id)),
        _ => Err("there is no incident under the cursor".into()),
    }
}

fn gone(id: IncidentId) -> String {
    format!("incident {id} is no longer kept")
}

/// The flow of the target; for an incident its only flow.
fn flow_of<'a>(session: &'a Session, target: Option<&Target>) -> Result<&'a Flow, String> {
    let id = session.flow_of(target).ok_or("there is no flow under the cursor")?;
    session.world.flow(&id).ok_or_else(|| format!("there is no flow {id}"))
}
