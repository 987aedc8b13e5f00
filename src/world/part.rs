//! The world in pieces, so that a new console has its first frame before it has everything: the first part holds the
//! head and the most urgent rows, the others the rest.

use super::queue::{Queue, Row};
use super::{Alert, ChecklistRow, Feed, Flow, Incident, Outgoing, Probe, Procedure, Record, Turn, World};
use crate::domain::{Calendar, Entry, FlowId, Health, IncidentId, Phase, Runbook};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Rows of each kind in the first part: more than any screen shows at once.
const FIRST: usize = 64;
/// Rows in each further part, so that no frame is large.
const FURTHER: usize = 128;

/// Names in each further part.
const NAMES: usize = 1_024;

/// A piece of a world.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// In the first part: the world without its rows.
    pub head: Option<Box<World>>,
    /// Some flows.
    pub flows: Vec<Arc<Flow>>,
    /// Some probes.
    pub probes: Vec<Arc<Probe>>,
    /// Some alerts.
    pub alerts: Vec<Arc<Alert>>,
    /// Some incidents.
    pub incidents: Vec<Arc<Incident>>,
    /// Some runbooks.
    pub runbooks: Vec<Arc<Runbook>>,
    /// Some walked runbooks, with their keys.
    pub procedures: Vec<(String, Arc<Procedure>)>,
    /// Some steps that wait for a slot.
    pub ready: Vec<Row<Turn>>,
    /// Some steps that will be tried again.
    pub retrying: Vec<Row<Timestamp>>,
    /// What has come for some flows that wait for files.
    pub feeds: Vec<(FlowId, Arc<Feed>)>,
    /// Some open incidents by what they group by.
    pub open_groups: Vec<(String, IncidentId)>,
    /// Some of the last entries.
    pub recent: Vec<Arc<Entry>>,
    /// Some messages on their way.
    #[serde(default)]
    pub messages: Vec<Arc<Outgoing>>,
    /// Some calendars.
    #[serde(default)]
    pub calendars: Vec<Arc<Calendar>>,
    /// Some ended incidents in short.
    #[serde(default)]
    pub records: Vec<Arc<Record>>,
    /// Some checklists.
    #[serde(default)]
    pub checklists: Vec<Arc<ChecklistRow>>,
    /// Whether this is the last part.
    pub last: bool,
}

impl World {
    /// The world in parts, the urgent first. Cheap: rows are shared, not copied.
    pub fn parts(&self) -> Vec<Part> {
        let head = self.head();
        let mut flows: Vec<_> = self.flows.values().cloned().collect();
        flows.sort_by_key(|flow| flow.urgency());
        let mut probes: Vec<_> = self.probes.values().cloned().collect();
        probes.sort_by_key(|probe| probe.urgency());
        let mut incidents: Vec<_> = self.incidents.values().cloned().collect();
        incidents.sort_by_cached_key(|incident| self.urgency(incident));
        let mut flows = flows.into_iter();
        let mut probes = probes.into_iter();
        let mut incidents = incidents.into_iter();
        let mut parts = vec![Part {
            head: Some(Box::new(head)),
            flows: flows.by_ref().take(FIRST).collect(),
            probes: probes.by_ref().take(FIRST).collect(),
            incidents: incidents.by_ref().take(FIRST).collect(),
            ..Part::default()
        }];
        // One at a time: a calendar may name thousands of days.
        further(&mut parts, self.calendars.values().cloned(), 1, |part, rows| part.calendars = rows);
        further(&mut parts, self.runbooks.values().cloned(), 16, |part, rows| part.runbooks.extend(rows));
        further(&mut parts, self.checklists.values().cloned(), 16, |part, rows| part.checklists = rows);
        further(&mut parts, self.procedures.iter().map(|(key, row)| (key.clone(), row.clone())), FURTHER, |part, rows| {
            part.procedures = rows;
        });
        further(&mut parts, flows, FURTHER, |part, rows| part.flows.extend(rows));
        further(&mut parts, probes, FURTHER, |part, rows| part.probes.extend(rows));
        further(&mut parts, incidents, FURTHER, |part, rows| part.incidents.extend(rows));
        further(&mut parts, self.alerts.values().cloned(), FURTHER, |part, rows| part.alerts.extend(rows));
        further(&mut parts, self.ready.rows(), NAMES, |part, rows| part.ready = rows);
        further(&mut parts, self.retrying.rows(), NAMES, |part, rows| part.retrying = rows);
        further(&mut parts, self.feeds.iter().map(|(flow, feed)| (flow.clone(), feed.for_screens())), 1, |part, rows| part.feeds = rows);
        further(&mut parts, self.open_groups.iter().map(|(key, id)| (key.clone(), *id)), NAMES, |part, rows| part.open_groups = rows);
        further(&mut parts, self.recent.iter().cloned(), FURTHER, |part, rows| part.recent.extend(rows));
        further(&mut parts, self.messages.values().cloned(), FURTHER, |part, rows| part.messages = rows);
        further(&mut parts, self.records.values().cloned(), FURTHER, |part, rows| part.records = rows);
        if let Some(last) = parts.last_mut() {
            last.last = true;
        }
        parts
    }

    /// The world without its rows.
    fn head(&self) -> Self {
        Self {
            seq: self.seq,
            at: self.at,
            name: self.name.clone(),
            zone: self.zone.clone(),
            max_running: self.max_running,
            group_by: self.group_by.clone(),
            daemon: self.daemon.clone(),
            workspace_errors: self.workspace_errors.clone(),
            sources: self.sources.clone(),
            running: self.running.clone(),
            ready: Queue::with_closed(self.ready.closed().clone()),
            retrying: Queue::with_closed(self.retrying.closed().clone()),
            pools: self.pools.clone(),
            busy: self.busy.clone(),
            next_incident: self.next_incident,
            resolved: self.resolved.clone(),
            tally: self.tally,
            touched: self.touched,
            channels: self.channels.clone(),
            batch_day: self.batch_day,
            away: self.away.clone(),
            intake: self.intake.clone(),
            silences: self.silences.clone(),
            ended_silences: self.ended_silences.clone(),
            next_silence: self.next_silence,
            maintenance: self.maintenance.clone(),
            ack_life: self.ack_life,
            asked: self.asked.clone(),
            duty: self.duty.clone(),
            outside: self.outside.clone(),
            evidence: self.evidence.clone(),
            gathering: self.gathering.clone(),
            procedure_rules: self.procedure_rules.clone(),
            approvals: self.approvals.clone(),
            remedies: self.remedies.clone(),
            anchors: self.anchors.clone(),
            anchors_failing: self.anchors_failing.clone(),
            ..Self::default()
        }
    }

    /// Takes in a part. A part with a head begins anew.
    pub fn absorb(&mut self, part: Part) {
        if let Some(head) = part.head {
            *self = *head;
        }
        for row in part.flows {
            self.index(&row);
            self.flows.insert(row.definition.id.clone(), row);
        }
        self.probes.extend(part.probes.into_iter().map(|row| (row.definition.id.clone(), row)));
        for row in part.incidents {
            for alert in row.alerts.keys() {
                // The open one, or else the youngest.
                let last = self.last_incident.get(alert).copied().filter(|last| {
                    let open = |incident: &Incident| incident.is_open();
                    (self.incident(*last).is_some_and(open), *last) > (open(&row), row.id)
                });
                self.last_incident.insert(*alert, last.unwrap_or(row.id));
            }
            self.escalating.extend(row.escalation.as_ref().and_then(|escalation| Some((escalation.due()?, row.id))));
            self.incidents.insert(row.id, row);
        }
        for mut row in part.alerts {
            super::compact::alert_like_its_incident(&mut row, |id| self.incident(id));
            self.alerts.insert(row.fingerprint, row);
        }
        self.runbooks.extend(part.runbooks.into_iter().map(|row| (row.id.clone(), row)));
        self.calendars.extend(part.calendars.into_iter().map(|row| (row.id.clone(), row)));
        self.checklists.extend(part.checklists.into_iter().map(|row| (row.definition.id.clone(), row)));
        self.procedures.extend(part.procedures);
        self.ready.extend(part.ready);
        self.retrying.extend(part.retrying);
        self.feeds.extend(part.feeds);
        self.open_groups.extend(part.open_groups);
        self.recent.extend(part.recent);
        self.messages.extend(part.messages.into_iter().map(|row| (row.message.id.clone(), row)));
        self.records.extend(part.records.into_iter().map(|row| (row.id, row)));
    }
}

fn further<T>(parts: &mut Vec<Part>, rows: impl Iterator<Item = T>, size: usize, put: impl Fn(&mut Part, Vec<T>)) {
    let mut rows = rows.peekable();
    while rows.peek().is_some() {
        let mut part = Part::default();
        put(&mut part, rows.by_ref().take(size).collect());
        parts.push(part);
    }
}

impl Flow {
    /// Where the flow stands in a list, the most urgent first: late, failed, running or waiting for a choice, held or iced, the rest; then by name.
    pub fn urgency(&self) -> (u8, crate::domain::FlowId) {
        let failed = self.history.back().is_some_and(|past| past.outcome == super::flow::PastOutcome::Bad);
        let active = self.runs.iter().rev().any(|run| run.phase != Phase::Done);
        let class = match () {
            () if self.removed && !active => 6,
            () if self.is_late() => 0,
            () if failed => 1,
            () if active => 2,
            () if !self.asked.is_empty() => 2,
            () if self.hold.is_some() || self.ice.is_some() => 3,
            () => 4,
        };
        (class, self.definition.id.clone())
    }
}

impl Probe {
    /// Where the probe stands in a list, the most urgent first: down, soft, degraded, erring, the rest; then by name.
    pub fn urgency(&self) -> (u8, crate::domain::ProbeId) {
        let class = match self.health {
            Health::Down { .. } => 0,
            Health::Soft { .. } => 1,
            Health::Degraded => 2,
            _ if self.error.is_some() => 3,
            Health::Unknown => 4,
            Health::Up => 5,
        };
        (class, self.definition.id.clone())
    }
}
