//! Facts about alerts and incidents.

use super::{push_once, shift};
use crate::domain::incident::AlertNotice;
use crate::domain::{AlertCause, Author, Fingerprint, IncidentId, Labels, Severity, SourceId, Stage, Subject};
use crate::world::incident::{Acknowledgement, Alert, Incident, IncidentAlert, Resolution};
use crate::world::{RESOLVED_KEPT, World, group_key, relate};
use jiff::Timestamp;
use std::sync::Arc;

impl World {
    pub(super) fn change_incident(&mut self, id: IncidentId, change: impl FnOnce(&mut Incident)) {
        let Some(incident) = self.incidents.get_mut(&id) else { return };
        let counted = |incident: &Incident| (incident.is_open(), incident.is_open() && incident.acknowledged.is_none());
        let before = counted(incident);
        change(Arc::make_mut(incident));
        let after = counted(incident);
        shift(&mut self.tally.open, before.0, after.0);
        shift(&mut self.tally.unacknowledged, before.1, after.1);
        if incident.is_asked() {
            self.asked.insert(id);
        } else if !self.asked.is_empty() {
            self.asked.remove(&id);
        }
    }

    pub(super) fn alert_firing(&mut self, id: Fingerprint, source: &SourceId, notice: &AlertNotice, by: &Author, at: Timestamp) {
        let fresh = || Alert {
            fingerprint: id,
            source: source.clone(),
            notice: notice.clone(),
            since: at,
            count: 0,
            incident: None,
            sent_in_by: by.is_person().then(|| by.name().to_owned()),
            until: None,
            told_at: None,
        };
        let alert = Arc::make_mut(self.alerts.entry(id).or_insert_with(|| Arc::new(fresh())));
        alert.notice = notice.clone();
        alert.told_at = Some(at);
        alert.count = alert.count.saturating_add(1);
        if let Some(incident) = alert.incident {
            self.change_incident(incident, |incident| {
                // What is over stays as it was.
                if let Some(row) = incident.alerts.get_mut(&id).filter(|_| incident.resolved.is_none()) {
                    row.notice = notice.clone();
                }
            });
        }
        let (AlertCause::NotStarted { flow, deadline } | AlertCause::NotFinished { flow, deadline }) = &notice.cause else { return };
        let is_start = matches!(notice.cause, AlertCause::NotStarted { .. });
        self.change_flow(flow, |flow| {
            for watch in &mut flow.watches {
                watch.start_missed |= is_start && watch.start_by.is_some_and(|by| by <= *deadline);
                watch.finish_missed |= !is_start && watch.finish_by.is_some_and(|by| by <= *deadline);
            }
        });
    }

    pub(super) fn alert_resolved(&mut self, id: Fingerprint, at: Timestamp) {
        let Some(alert) = self.alerts.remove(&id) else { return };
        if let Some(incident) = alert.incident {
            self.change_incident(incident, |incident| {
                if let Some(row) = incident.alerts.get_mut(&id) {
                    row.resolved_at = Some(at);
                }
            });
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one fact")]
    pub(super) fn incident_opened(
        &mut self,
        id: IncidentId,
        title: &str,
        severity: Severity,
        group: &Labels,
        alert: Fingerprint,
        previous: Option<IncidentId>,
        at: Timestamp,
    ) {
        let incident = Incident::opened(id, title, severity, group.clone(), previous, at);
        let sent_in_by = self.alerts.get(&alert).and_then(|alert| alert.sent_in_by.clone());
        let incident = Incident { sent_in_by, ..incident };
        if self.incidents.insert(id, Arc::new(incident)).is_none() {
            self.tally.open += 1;
            self.tally.unacknowledged += 1;
        }
        self.next_incident = self.next_incident.max(id.0.saturating_add(1));
        self.open_groups.insert(group_key(group), id);
        if let Some(previous) = previous {
            self.change_incident(previous, |incident| incident.next = Some(id));
        }
        self.incident_joined(id, alert);
    }

    pub(super) fn incident_joined(&mut self, id: IncidentId, fingerprint: Fingerprint) {
        let (at, before) = (self.at, self.alerts.get(&fingerprint).and_then(|alert| alert.incident));
        let was_closed = before.and_then(|before| self.incident(before)).is_some_and(|before| !before.is_open());
        let Some(alert) = self.alerts.get_mut(&fingerprint).map(Arc::make_mut) else { return };
        alert.incident = Some(id);
        if was_closed {
            // What fires on after somebody closed its incident has begun anew.
            alert.since = at;
        }
        let alert = alert.clone();
        let last = self.last_incident.get(&fingerprint).copied();
        // An open incident is the alert's own, whatever its number: incidents that meet may have any.
        let last = last.filter(|last| *last > id && self.incident(*last).is_some_and(Incident::is_open)).unwrap_or(id);
        self.last_incident.insert(fingerprint, last);
        let flow = alert.notice.cause.flow().cloned();
        let probe = alert.notice.cause.probe().cloned();
        let mut first_sign = alert.since;
        if let Some(flow) = &flow {
            self.change_flow(flow, |flow| push_once(&mut flow.incidents, id));
        }
        if let Some(probe) = &probe {
            self.change_probe(probe, |probe| push_once(&mut probe.incidents, id));
            first_sign = self.probe(probe).and_then(|probe| probe.first_bad_at).map_or(first_sign, |bad| bad.min(first_sign));
        }
        let row = IncidentAlert { source: alert.source, notice: alert.notice, since: alert.since, resolved_at: None };
        let earlier = relate::before(self, fingerprint, &row.notice.cause);
        first_sign =
            earlier.iter().filter(|entry| relate::is_bad_sign(&entry.event)).map(|entry| entry.at).fold(first_sign, Timestamp::min);
        self.change_incident(id, |incident| {
            incident.alerts.insert(fingerprint, row);
            incident.flows.extend(flow);
            incident.probes.extend(probe);
            incident.first_sign_at = incident.first_sign_at.min(first_sign);
            incident.timeline.extend(earlier);
            incident.timeline.sort_by_key(|entry| entry.seq);
            incident.timeline.dedup_by_key(|entry| entry.seq);
        });
    }

    pub(super) fn incident_acknowledged(&mut self, id: IncidentId, by: &Author, note: Option<&String>, at: Timestamp) {
        self.change_incident(id, |incident| {
            // Their own answer to the question is a sign of life, not another beginning.
            let own = incident.acknowledged.take().filter(|ack| ack.by.name() == by.name());
            let (since, earlier) = own.map_or((at, None), |ack| (ack.at, ack.note));
            let note = note.cloned().or(earlier);
            incident.acknowledged = Some(Acknowledgement { by: by.clone(), at: since, note, sign_at: at, asked_until: None });
            incident.first_acknowledged_at.get_or_insert(at);
            if incident.stage == Stage::Triggered {
                incident.stage = Stage::Acknowledged;
            }
        });
        self.escalation_rests(id);
    }

    pub(super) fn incident_resolved(&mut self, id: IncidentId, by: &Author, reason: &str, at: Timestamp) {
        if !self.incident(id).is_some_and(Incident::is_open) {
            return;
        }
        self.change_incident(id, |incident| {
            incident.stage = Stage::Resolved;
            incident.resolved = Some(Resolution { by: by.clone(), at, reason: reason.to_owned() });
            incident.snoozed = None;
        });
        self.escalation_rests(id);
        self.keep_outside(id);
        let Some(incident) = self.incidents.get(&id).cloned() else { return };
        self.recorded(&incident);
        for group in std::iter::once(&incident.group).chain(&incident.also_groups) {
            let key = group_key(group);
            if self.open_groups.get(&key) == Some(&id) {
                self.open_groups.remove(&key);
            }
        }
        for flow in &incident.flows {
            self.change_flow(flow, |flow| flow.incidents.retain(|other| *other != id));
        }
        for probe in &incident.probes {
            self.change_probe(probe, |probe| probe.incidents.retain(|other| *other != id));
        }
        for fingerprint in incident.alerts.keys() {
            if let Some(alert) = self.alerts.get_mut(fingerprint).filter(|alert| alert.incident == Some(id)) {
                // A person resolved it while the alert still fires: the alert stays on record with the ended incident.
                Arc::make_mut(alert).count = 0;
            }
        }
        self.resolved.push_back(id);
        self.forget_oldest_resolved();
    }

    /// Resolved incidents beyond those that are kept leave the world; the journal has them.
    pub(super) fn forget_oldest_resolved(&mut self) {
        while self.resolved.len() > RESOLVED_KEPT {
            if let Some(oldest) = self.resolved.pop_front() {
                self.change_escalation(oldest, |escalation| *escalation = None);
                for alert in self.incidents.remove(&oldest).iter().flat_map(|incident| incident.alerts.keys()) {
                    if self.last_incident.get(alert) == Some(&oldest) {
                        self.last_incident.remove(alert);
                    }
                }
                let prefix = format!("{}/", Subject::Incident(oldest).slug());
                self.procedures.retain(|key, _| !key.starts_with(&prefix));
                self.gathering.retain(|(incident, _)| *incident != oldest);
            }
        }
    }
}
