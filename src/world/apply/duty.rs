//! Facts about people, and about who was told of an incident.

use crate::domain::people::Told;
use crate::domain::{IncidentId, Severity};
use crate::world::World;
use crate::world::escalation::Escalation;
use jiff::Timestamp;

impl World {
    /// Changes how far the telling of an incident is, and keeps the list of what is due.
    pub(super) fn change_escalation(&mut self, id: IncidentId, change: impl FnOnce(&mut Option<Box<Escalation>>)) {
        let due = |world: &Self| world.incident(id).and_then(|incident| incident.escalation.as_ref()?.due());
        let before = due(self);
        self.change_incident(id, |incident| change(&mut incident.escalation));
        let after = due(self);
        if before != after {
            before.map(|at| self.escalating.remove(&(at, id)));
            self.escalating.extend(after.map(|at| (at, id)));
        }
    }

    fn escalation(&mut self, id: IncidentId, change: impl FnOnce(&mut Escalation)) {
        self.change_escalation(id, |escalation| {
            if let Some(escalation) = escalation {
                change(escalation);
            }
        });
    }

    pub(super) fn escalation_started(&mut self, id: IncidentId, severity: Severity, next_at: Timestamp, seq: u64, at: Timestamp) {
        self.change_escalation(id, |escalation| {
            let anew = match escalation {
                Some(before) => before.again(severity, seq, next_at, at),
                None => Escalation::new(severity, seq, next_at, at),
            };
            *escalation = Some(Box::new(anew));
        });
    }

    pub(super) fn escalation_put_off(&mut self, id: IncidentId, until: Timestamp, reason: &str, at: Timestamp) {
        self.escalation(id, |escalation| {
            if escalation.due().is_none() {
                // An incident that is over: only its end is still to be told.
                escalation.recovery_at = Some(until);
            }
            escalation.put_off(until, reason, at);
        });
    }

    pub(super) fn incident_escalated(
        &mut self,
        id: IncidentId,
        (round, step): (u32, u32),
        told: &[Told],
        next: Option<Timestamp>,
        at: Timestamp,
    ) {
        self.escalation(id, |escalation| escalation.fired(round, step, told, next, at));
    }

    pub(super) fn escalation_exhausted(&mut self, id: IncidentId, at: Timestamp) {
        self.escalation(id, |escalation| {
            escalation.next_at = None;
            escalation.put_off = None;
            escalation.exhausted_at = Some(at);
        });
    }

    pub(super) fn escalation_rests(&mut self, id: IncidentId) {
        self.escalation(id, Escalation::rest);
    }

    pub(super) fn escalation_joined(&mut self, id: IncidentId, at: Timestamp) {
        self.escalation(id, |escalation| {
            // Who works on it sees it on the screen.
            if escalation.next_at.is_some() || escalation.exhausted_at.is_some() {
                escalation.joined(at);
            }
        });
    }

    pub(super) fn incident_retold(&mut self, id: IncidentId, at: Timestamp) {
        self.escalation(id, |escalation| {
            escalation.more = 0;
            escalation.more_at = None;
            escalation.last_told_at = Some(at);
        });
    }

    pub(super) fn recovery_told(&mut self, id: IncidentId) {
        self.escalation(id, |escalation| escalation.recovery_at = None);
    }
}
