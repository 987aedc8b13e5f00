//! An incident as one row.

use crate::console::Session;
use crate::console::theme::Role;
use crate::domain::overlay::MutedBy;
use crate::domain::{IncidentId, Severity, Stage};
use crate::world::Incident;

/// What is shown of an incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its number.
    pub id: IncidentId,
    /// How bad.
    pub severity: Severity,
    /// What that means.
    pub role: Role,
    /// One line, after the neighbours that it comes from.
    pub title: String,
    /// How old.
    pub age: String,
    /// Who works on it.
    pub state: String,
    /// What that means.
    pub state_role: Role,
}

/// The row of an incident.
pub fn row(session: &Session, incident: &Incident) -> Row {
    let open = incident.is_open();
    let (state, state_role) = state(session, incident);
    let stale = crate::rules::stale(&session.world, incident).filter(|_| open);
    let (state, state_role) = match stale {
        // What its neighbour said last is as old as its last answer; the age comes first, for it is not to be cut.
        Some((_, source)) => (format!("stale {}, {state}", session.age(source.stale_since())), Role::Muted),
        None => (state, state_role),
    };
    Row {
        id: incident.id,
        severity: incident.severity,
        role: if open && stale.is_none() { role(incident.severity) } else { Role::Muted },
        title: incident.listed(),
        age: if open { session.age(incident.opened_at) } else { String::new() },
        state,
        state_role,
    }
}

/// Who works on it, or what keeps it quiet and until when.
pub fn state(session: &Session, incident: &Incident) -> (String, Role) {
    if let Some(resolution) = &incident.resolved {
        let over = match incident.merged_into {
            Some(into) => format!("part of {into}"),
            None => format!("over {}", session.time(resolution.at)),
        };
        return (over, Role::Muted);
    }
    if let Some(ack) = incident.acknowledged.as_ref().filter(|_| incident.is_asked()) {
        return (format!("still {}?", ack.by), Role::Warning);
    }
    if let Some(snooze) = &incident.snoozed {
        return (format!("snoozed {}", session.time(snooze.until)), Role::Waiting);
    }
    if let Some(muting) = session.world.muted(incident, session.now) {
        let word = if matches!(muting.by, MutedBy::Silence(_)) { "silent" } else { "maint." };
        return (format!("{word} {}", session.time(muting.until)), Role::Waiting);
    }
    match (&incident.acknowledged, &incident.owner) {
        (None, None) if let Some((_, flapping)) = session.world.flapping(incident) => (flapping.to_string(), Role::Warning),
        _ if incident.stage == Stage::Mitigated => ("mitigated".to_owned(), Role::Good),
        (Some(ack), _) => (format!("acked {}", ack.by), Role::Good),
        (None, Some(owner)) => (format!("{} has it", owner.name), Role::Warning),
        (None, None) => ("new".to_owned(), Role::Warning),
    }
}

/// What a severity means.
pub fn role(severity: Severity) -> Role {
    match severity {
        Severity::Critical => Role::Critical,
        Severity::High => Role::High,
        Severity::Warning => Role::Warning,
        Severity::Info => Role::Info,
    }
}

/// What the filter looks into.
pub fn searched(incident: &Incident) -> String {
    let by = incident.acknowledged.as_ref().map_or("new", |ack| ack.by.name());
    let owner = incident.owner.as_ref().map_or("", |owner| owner.name.as_str());
    format!("{} {} {} {} {by} {owner}", incident.id, incident.severity, incident.listed(), incident.stage)
}
