//! Why a verb of the queue cannot be done now.

use super::{Reason, incident_of, incident_open, operator};
use crate::console::{Session, Target};

/// Merging: there must be another one.
pub fn merge(session: &Session, target: Option<&Target>) -> Reason {
    incident_open(session, target).or_else(|| (session.world.tally.open < 2).then(|| "no other incident is open".into()))
}

/// Splitting: there must be more than one alert, and one that fires.
pub fn split(session: &Session, target: Option<&Target>) -> Reason {
    incident_open(session, target).or_else(|| {
        let incident = incident_of(session, target).ok()?;
        (incident.alerts.len() < 2).then(|| format!("incident {} has one alert only", incident.id))
    })
}

/// Answering whether one still works on what one acknowledged.
pub fn asked(session: &Session, target: Option<&Target>) -> Reason {
    operator(session, target).or_else(|| session.asked_of_me().is_empty().then(|| "you were asked nothing".into()))
}
