//! An incident as one row.

use crate::console::Session;
use crate::console::theme::Role;
use crate::domain::{IncidentId, Severity};
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
    /// One line.
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
    let (state, state_role) = match (&incident.resolved, &incident.acknowledged) {
        (Some(resolution), _) => (format!("over {}", session.time(resolution.at)), Role::Muted),
        (None, Some(ack)) => (format!("acked {}", ack.by), Role::Good),
        (None, None) => ("new".to_owned(), Role::Warning),
    };
    let stale = crate::rules::stale(&session.world, incident).filter(|_| open);
    let (state, state_role) = match stale {
        // What its neighbour said last is as old as its silence.
        Some((_, source)) => (format!("{state}, stale {}", session.age(source.since)), Role::Muted),
        None => (state, state_role),
    };
    Row {
        id: incident.id,
        severity: incident.severity,
        role: if open && stale.is_none() { role(incident.severity) } else { Role::Muted },
        title: incident.title.clone(),
        age: if open { session.age(incident.opened_at) } else { String::new() },
        state,
        state_role,
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
    format!("{} {} {} {} {by}", incident.id, incident.severity, incident.title, incident.stage)
}
