//! Facts about what lies over incidents: owners, snoozes, silences, maintenance; and incidents that meet or part.

use super::push_once;
use crate::domain::{Author, Few, Fingerprint, IncidentId, MaintenanceWindow, Matcher, Severity, SilenceId, Stage};
use crate::world::incident::{Incident, IncidentAlert, Resolution};
use crate::world::overlay::{Maintenance, Owner, SILENCES_KEPT, Silence, Snooze};
use crate::world::{TIMELINE_KEPT, World, group_key, relate};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

impl World {
    pub(super) fn incident_mitigated(&mut self, id: IncidentId, by: &str, at: Timestamp) {
        self.change_incident(id, |incident| {
            if incident.is_open() {
                incident.stage = Stage::Mitigated;
                incident.mitigated_at = Some(at);
                incident.mitigated_by = Some(by.to_owned());
            }
        });
    }

    pub(super) fn mitigation_ended(&mut self, id: IncidentId) {
        self.change_incident(id, |incident| {
            if incident.stage == Stage::Mitigated {
                incident.stage = if incident.acknowledged.is_some() { Stage::Acknowledged } else { Stage::Triggered };
                incident.mitigated_at = None;
                incident.mitigated_by = None;
            }
        });
    }

    pub(super) fn incident_snoozed(&mut self, id: IncidentId, snooze: Snooze) {
        self.change_incident(id, |incident| incident.snoozed = Some(Box::new(snooze)));
    }

    pub(super) fn incident_owned(&mut self, id: IncidentId, owner: Option<Owner>) {
        self.change_incident(id, |incident| incident.owner = owner.map(Box::new));
    }

    pub(super) fn acknowledgement_asked(&mut self, id: IncidentId, until: Timestamp) {
        self.change_incident(id, |incident| {
            if let Some(ack) = &mut incident.acknowledged {
                ack.asked_until = Some(until);
            }
        });
    }

    pub(super) fn incident_merged(&mut self, id: IncidentId, into: IncidentId, by: &Author, at: Timestamp) {
        let both_open = [id, into].into_iter().all(|id| self.incident(id).is_some_and(Incident::is_open));
        let Some(source) = self.incidents.get(&id).cloned().filter(|_| both_open && id != into) else { return };
        self.change_incident(into, |incident| {
            for (fingerprint, row) in source.alerts.iter() {
                incident.alerts.insert(*fingerprint, row.clone());
            }
            incident.flows.extend(source.flows.iter().cloned());
            incident.probes.extend(source.probes.iter().cloned());
            incident.first_sign_at = incident.first_sign_at.min(source.first_sign_at);
            incident.also_groups.push(source.group.clone());
            incident.also_groups.extend(source.also_groups.iter().cloned());
            incident.timeline.extend(source.timeline.iter().cloned());
            incident.timeline.sort_by_key(|entry| entry.seq);
            incident.timeline.dedup_by_key(|entry| entry.seq);
            let over = incident.timeline.len().saturating_sub(TIMELINE_KEPT);
            incident.timeline.drain(..over);
            incident.timeline_dropped += source.timeline_dropped + over as u64;
            if incident.owner.is_none() {
                incident.owner.clone_from(&source.owner);
            }
        });
        for fingerprint in source.alerts.keys() {
            self.last_incident.insert(*fingerprint, into);
            if let Some(alert) = self.alerts.get_mut(fingerprint).filter(|alert| alert.incident == Some(id)) {
                Arc::make_mut(alert).incident = Some(into);
            }
        }
        for group in std::iter::once(&source.group).chain(&source.also_groups) {
            self.open_groups.insert(group_key(group), into);
        }
        for flow in &source.flows {
            self.change_flow(flow, |flow| {
                flow.incidents.retain(|other| *other != id);
                push_once(&mut flow.incidents, into);
            });
        }
        for probe in &source.probes {
            self.change_probe(probe, |probe| {
                probe.incidents.retain(|other| *other != id);
                push_once(&mut probe.incidents, into);
            });
        }
        self.change_incident(id, |incident| {
            incident.alerts = Few::new();
            incident.also_groups = Vec::new();
            incident.stage = Stage::Resolved;
            incident.snoozed = None;
            incident.merged_into = Some(into);
            incident.resolved = Some(Resolution { by: by.clone(), at, reason: format!("it is part of incident {into}") });
        });
        self.resolved.push_back(id);
        self.forget_oldest_resolved();
    }

    pub(super) fn incident_split(
        &mut self,
        from: IncidentId,
        new: IncidentId,
        title: &str,
        severity: Severity,
        alerts: &[Fingerprint],
        at: Timestamp,
    ) {
        let Some(source) = self.incidents.get(&from).cloned() else { return };
        let moved: Few<Fingerprint, IncidentAlert> =
            alerts.iter().filter_map(|alert| Some((*alert, source.alerts.get(alert)?.clone()))).collect();
        let Some(first) = moved.values().next() else { return };
        let flows: BTreeSet<_> = moved.values().filter_map(|row| row.notice.cause.flow().cloned()).collect();
        let probes: BTreeSet<_> = moved.values().filter_map(|row| row.notice.cause.probe().cloned()).collect();
        let mut incident = Incident::opened(new, title, severity, first.notice.labels.clone(), None, at);
        incident.first_sign_at = moved.values().map(|row| row.since).min().unwrap_or(at);
        incident.split_from = Some(from);
        let concerned = source.timeline.iter().filter(|entry| relate::concerns(&entry.event, alerts, &flows, &probes));
        incident.timeline = concerned.cloned().collect();
        let group = incident.group.clone();
        incident.alerts = moved;
        incident.flows.clone_from(&flows);
        incident.probes.clone_from(&probes);
        if self.incidents.insert(new, Arc::new(incident)).is_none() {
            self.tally.open += 1;
            self.tally.unacknowledged += 1;
        }
        self.next_incident = self.next_incident.max(new.0.saturating_add(1));
        // The group's further alerts go on joining the incident that was split.
        self.open_groups.entry(group_key(&group)).or_insert(new);
        for fingerprint in alerts {
            self.last_incident.insert(*fingerprint, new);
            if let Some(alert) = self.alerts.get_mut(fingerprint).filter(|alert| alert.incident == Some(from)) {
                Arc::make_mut(alert).incident = Some(new);
            }
        }
        self.change_incident(from, |incident| {
            incident.alerts.retain(|fingerprint, _| !alerts.contains(fingerprint));
            incident.flows = incident.alerts.values().filter_map(|row| row.notice.cause.flow().cloned()).collect();
            incident.probes = incident.alerts.values().filter_map(|row| row.notice.cause.probe().cloned()).collect();
        });
        let (kept_flows, kept_probes) = self.incident(from).map(|left| (left.flows.clone(), left.probes.clone())).unwrap_or_default();
        for flow in flows.union(&source.flows) {
            self.change_flow(flow, |row| {
                row.incidents.retain(|other| *other != from || kept_flows.contains(flow));
                if flows.contains(flow) {
                    push_once(&mut row.incidents, new);
                }
            });
        }
        for probe in probes.union(&source.probes) {
            self.change_probe(probe, |row| {
                row.incidents.retain(|other| *other != from || kept_probes.contains(probe));
                if probes.contains(probe) {
                    push_once(&mut row.incidents, new);
                }
            });
        }
    }

    pub(super) fn silence_made(&mut self, id: SilenceId, matchers: &[Matcher], by: &str, reason: &str, at: Timestamp, until: Timestamp) {
        let matchers = matchers.to_vec();
        let silence = Silence { id, matchers, by: by.to_owned(), reason: reason.to_owned(), since: at, until, ended: None };
        self.silences.insert(id, Arc::new(silence));
        self.next_silence = self.next_silence.max(id.0.saturating_add(1));
    }

    pub(super) fn silence_extended(&mut self, id: SilenceId, until: Timestamp) {
        if let Some(silence) = self.silences.get_mut(&id) {
            Arc::make_mut(silence).until = until;
        }
    }

    pub(super) fn silence_ended(&mut self, id: SilenceId, reason: &str, at: Timestamp) {
        let Some(mut silence) = self.silences.remove(&id) else { return };
        let row = Arc::make_mut(&mut silence);
        row.until = row.until.min(at);
        row.ended = Some(reason.to_owned());
        if self.ended_silences.len() >= SILENCES_KEPT {
            self.ended_silences.pop_front();
        }
        self.ended_silences.push_back(silence);
    }

    pub(super) fn maintenance_defined(&mut self, windows: &[Arc<MaintenanceWindow>]) {
        let mut before = std::mem::take(&mut self.maintenance);
        for window in windows {
            let same = before.remove(&window.name).filter(|row| *row.window == **window);
            let row = same.unwrap_or_else(|| Maintenance { window: window.clone(), since: None, until: None });
            self.maintenance.insert(window.name.clone(), row);
        }
    }

    pub(super) fn maintenance_changed(&mut self, name: &str, until: Option<Timestamp>, at: Timestamp) {
        if let Some(row) = self.maintenance.get_mut(name) {
            row.since = until.map(|_| row.since.unwrap_or(at));
            row.until = until;
        }
    }
}
