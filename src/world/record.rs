//! What is kept of an incident after its end: enough for figures and for "did we have this before, and what helped?".
//! The incident itself leaves the world after a while; its whole timeline stays in the journal.

use super::incident::Incident;
use crate::domain::note::State;
use crate::domain::run::RunCause;
use crate::domain::{AlertCause, Event, Fingerprint, FlowId, IncidentId, Job, Labels, ProbeId, RunbookId, Severity, StepName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Records that the world keeps, the youngest: a year of a place with 10,000 incidents a year, at some 400 bytes each.
pub const RECORDS_KEPT: usize = 10_000;
/// Alerts, flows, probes and deeds of one incident that its record names; a storm is counted, not listed.
const NAMED: usize = 8;
/// The longest text that a record keeps, in bytes.
const TEXT_KEPT: usize = 240;
/// The label that marks an exercise: it stays out of all figures.
const DRILL: &str = "drill";

/// An incident in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its number.
    pub id: IncidentId,
    /// One line.
    pub title: String,
    /// How bad it became.
    pub severity: Severity,
    /// What it was about: the label `service`, else its first flow or probe, else who raised it.
    pub service: String,
    /// Labels of its alerts, the worst alert's values first.
    pub labels: Labels,
    /// Its first alerts.
    pub alerts: Vec<RecordedAlert>,
    /// How many alerts it had in all.
    pub alerts_in_all: u32,
    /// Flows that had a part in it.
    pub flows: Vec<FlowId>,
    /// Probes that had a part in it.
    pub probes: Vec<ProbeId>,
    /// When the trouble was first seen.
    pub first_sign_at: Timestamp,
    /// When its first alert fired.
    pub detected_at: Timestamp,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When anyone first said that they work on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_at: Option<Timestamp>,
    /// When its impact was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mitigated_at: Option<Timestamp>,
    /// When it was over; absent while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
    /// Who declared it over, where a person did; else the condition was over by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_by: Option<String>,
    /// Why it was over.
    pub reason: String,
    /// Who noticed it.
    pub noticed: Noticed,
    /// What people did about it, each kind of deed once, in their order.
    pub deeds: Vec<Deed>,
    /// How often people did something about it.
    pub deeds_in_all: u32,
    /// Whether it was an exercise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drill: bool,
    /// How far its write-up is; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_up: Option<State>,
}

/// An alert of an ended incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedAlert {
    /// Its identity.
    pub fingerprint: Fingerprint,
    /// What it said.
    pub summary: String,
    /// The probe behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<ProbeId>,
}

/// Who or what noticed an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Noticed {
    /// A probe of dogwatch.
    Probe,
    /// A run, a deadline or a channel of dogwatch.
    Own,
    /// A neighbour.
    Source,
    /// A person, who sent the alert in.
    Person,
}

/// What a person did about an incident.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Ran a step of a runbook.
    Procedure {
        /// The runbook.
        runbook: RunbookId,
        /// The step.
        step: StepName,
    },
    /// Ran a run of a flow again.
    Rerun {
        /// The flow.
        flow: FlowId,
    },
    /// Started a run of a flow.
    Run {
        /// The flow.
        flow: FlowId,
    },
    /// Ended a run.
    Kill {
        /// The flow.
        flow: FlowId,
    },
    /// Kept a flow or a run from running.
    Hold {
        /// The flow.
        flow: FlowId,
    },
    /// Said how a step ended, or started it although it would wait.
    Force {
        /// The flow.
        flow: FlowId,
    },
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Procedure { runbook, step } => write!(f, "step {step} of runbook {runbook}"),
            Self::Rerun { flow } => write!(f, "rerun of {flow}"),
            Self::Run { flow } => write!(f, "run of {flow}"),
            Self::Kill { flow } => write!(f, "kill of {flow}"),
            Self::Hold { flow } => write!(f, "hold of {flow}"),
            Self::Force { flow } => write!(f, "forced step of {flow}"),
        }
    }
}

impl Deed {
    /// What a fact says that a person did to change something; looking and noting is no deed.
    pub fn of(event: &Event) -> Option<Self> {
        match event {
            Event::ProcedureAsked { attempt, .. } => match &attempt.job {
                Job::Procedure { runbook, step, .. } => Some(Self::Procedure { runbook: runbook.clone(), step: step.clone() }),
                Job::Step { .. } => None,
            },
            Event::ProcedureTicked { runbook, step, done: true, .. } => {
                Some(Self::Procedure { runbook: runbook.clone(), step: step.clone() })
            }
            Event::RunCreated { run, cause: RunCause::Rerun { .. }, .. } => Some(Self::Rerun { flow: run.flow.clone() }),
            Event::RunCreated { run, cause: RunCause::Person { .. }, .. } => Some(Self::Run { flow: run.flow.clone() }),
            Event::RunKillAsked { run, .. } => Some(Self::Kill { flow: run.flow.clone() }),
            Event::FlowHeld { flow, .. } | Event::FlowIced { flow, .. } => Some(Self::Hold { flow: flow.clone() }),
            Event::RunHeld { run, .. } => Some(Self::Hold { flow: run.flow.clone() }),
            Event::StepForced { run, .. } | Event::StartForced { run, .. } => Some(Self::Force { flow: run.flow.clone() }),
            _ => None,
        }
    }
}

impl Record {
    /// An incident in short, as it stands; an open one has no end yet.
    pub fn of(incident: &Incident) -> Self {
        let labels = incident.labels();
        let mut record = Self {
            id: incident.id,
            title: short(&incident.title),
            severity: incident.severity,
            service: service(incident, &labels),
            drill: labels.get(DRILL).is_some_and(|value| value == "true"),
            labels,
            alerts: incident
                .alerts
                .iter()
                .take(NAMED)
                .map(|(fingerprint, alert)| RecordedAlert {
                    fingerprint: *fingerprint,
                    summary: short(&alert.notice.summary),
                    probe: alert.notice.cause.probe().cloned(),
                })
                .collect(),
            alerts_in_all: u32::try_from(incident.alerts.len()).unwrap_or(u32::MAX),
            flows: incident.flows.iter().take(NAMED).cloned().collect(),
            probes: incident.probes.iter().take(NAMED).cloned().collect(),
            first_sign_at: incident.first_sign_at,
            detected_at: incident.alerts.values().map(|alert| alert.since).fold(incident.opened_at, Timestamp::min),
            opened_at: incident.opened_at,
            acknowledged_at: incident.first_acknowledged_at,
            mitigated_at: incident.mitigated_at,
            resolved_at: incident.resolved.as_ref().map(|end| end.at),
            resolved_by: incident.resolved.as_ref().filter(|end| end.by.is_person()).map(|end| end.by.name().to_owned()),
            reason: incident.resolved.as_ref().map(|end| short(&end.reason)).unwrap_or_default(),
            noticed: noticed(incident),
            deeds: Vec::new(),
            deeds_in_all: 0,
            write_up: incident.write_up.as_ref().map(|write_up| write_up.state),
        };
        // What was done before it was opened may have caused it, but is no answer to it.
        let answers = incident.timeline.iter().filter(|entry| entry.author.is_person() && entry.at >= incident.opened_at);
        for deed in answers.filter_map(|entry| Deed::of(&entry.event)) {
            record.deeds_in_all += 1;
            if record.deeds.len() < NAMED && !record.deeds.contains(&deed) {
                record.deeds.push(deed);
            }
        }
        record
    }

    /// Whether it ended without anyone's doing.
    pub fn is_by_itself(&self) -> bool {
        self.resolved_at.is_some() && self.resolved_by.is_none() && self.deeds_in_all == 0
    }
}

fn service(incident: &Incident, labels: &Labels) -> String {
    let named = labels.get("service").cloned();
    let flow = || incident.flows.first().map(ToString::to_string);
    let probe = || incident.probes.first().map(ToString::to_string);
    let source = || incident.alerts.values().next().map(|alert| alert.source.to_string());
    short(&named.or_else(flow).or_else(probe).or_else(source).unwrap_or_default())
}

/// Who was first to say that something is wrong.
fn noticed(incident: &Incident) -> Noticed {
    if incident.sent_in_by.is_some() {
        return Noticed::Person;
    }
    match incident.alerts.values().min_by_key(|alert| alert.since).map(|alert| (&alert.source, &alert.notice.cause)) {
        Some((_, AlertCause::ProbeDown { .. } | AlertCause::BudgetBurning { .. })) => Noticed::Probe,
        Some((source, _)) if !source.is_local() => Noticed::Source,
        _ => Noticed::Own,
    }
}

/// The beginning of a text, cut between characters.
fn short(text: &str) -> String {
    let mut end = text.len().min(TEXT_KEPT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}
