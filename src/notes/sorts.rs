//! What sort of fact an entry is, for filters of timelines and for the lanes of the strip.

use crate::domain::{Entry, Event, FlowId, Job, ProbeId};
use crate::world::Incident;

/// A sort of fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// About a flow and its runs.
    Flow(FlowId),
    /// About a probe.
    Probe(ProbeId),
    /// Alerts and what they did to incidents; messages to people.
    Alert,
    /// What a person did.
    Person,
    /// What a person wrote.
    Note,
    /// What changed outside, by the machine's logs or by a mark.
    Outside,
    /// Everything else.
    Dogwatch,
}

/// The sort of a fact.
pub fn sort_of(entry: &Entry) -> Sort {
    match &entry.event {
        Event::Noted { .. } | Event::NoteSaved { .. } => return Sort::Note,
        Event::OutsideChanged { .. } | Event::Marked { .. } => return Sort::Outside,
        _ if entry.author.is_person() => return Sort::Person,
        _ => {}
    }
    match &entry.event {
        Event::ProbeChanged { probe, .. }
        | Event::ProbeErring { probe, .. }
        | Event::ProbeBurning { probe, .. }
        | Event::ProbeFlapping { probe, .. } => Sort::Probe(probe.clone()),
        Event::AlertFiring { .. }
        | Event::AlertResolved { .. }
        | Event::IncidentOpened { .. }
        | Event::IncidentJoined { .. }
        | Event::SeverityRaised { .. }
        | Event::AcknowledgementEnded { .. }
        | Event::IncidentResolved { .. }
        | Event::MessageDue { .. } => Sort::Alert,
        Event::OccurrenceSettled { occurrence, .. } | Event::OccurrenceAsked { occurrence } => Sort::Flow(occurrence.flow.clone()),
        Event::RunCreated { run, .. }
        | Event::RunEnded { run, .. }
        | Event::StepEnded { run, .. }
        | Event::RetryPlanned { run, .. }
        | Event::RunTimedOut { run }
        | Event::RunHeld { run, .. }
        | Event::RunReleased { run }
        | Event::ConditionMet { run, .. } => Sort::Flow(run.flow.clone()),
        Event::FlowHeld { flow, .. }
        | Event::FlowReleased { flow }
        | Event::FlowIced { flow, .. }
        | Event::FlowThawed { flow }
        | Event::FlowRemoved { flow }
        | Event::FileDelivered { flow, .. }
        | Event::FileDuplicate { flow, .. }
        | Event::FileSighted { flow, .. } => Sort::Flow(flow.clone()),
        other => match other.attempt().map(|attempt| &attempt.job) {
            Some(Job::Step { run, .. }) => Sort::Flow(run.flow.clone()),
            // What a person ran; it ends without them.
            Some(Job::Procedure { .. }) => Sort::Person,
            None if other.message_fate().is_some() => Sort::Alert,
            None => Sort::Dogwatch,
        },
    }
}

/// Which facts of a timeline are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shown {
    /// All.
    #[default]
    All,
    /// What people did, typed and ran.
    People,
    /// What machines did.
    Machine,
    /// Alerts, incidents and messages.
    Alerts,
    /// What people wrote.
    Notes,
    /// What people pinned.
    Pinned,
}

impl Shown {
    /// All of them, in the order in which a key goes through them.
    pub const ALL: [Self; 6] = [Self::All, Self::People, Self::Machine, Self::Alerts, Self::Notes, Self::Pinned];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::People => "people",
            Self::Machine => "machine",
            Self::Alerts => "alerts",
            Self::Notes => "notes",
            Self::Pinned => "pinned",
        }
    }

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        let place = Self::ALL.iter().position(|other| *other == self).unwrap_or(0);
        Self::ALL[(place + 1) % Self::ALL.len()]
    }

    /// Whether a fact is among them; without an incident nothing is pinned.
    pub fn holds(self, entry: &Entry, incident: Option<&Incident>) -> bool {
        match (self, sort_of(entry)) {
            (Self::All, _)
            | (Self::People, Sort::Person | Sort::Note)
            | (Self::Machine, Sort::Flow(_) | Sort::Probe(_) | Sort::Dogwatch | Sort::Outside)
            | (Self::Alerts, Sort::Alert)
            | (Self::Notes, Sort::Note) => true,
            (Self::Pinned, _) => incident.is_some_and(|incident| incident.pins.contains(&entry.seq)),
            _ => false,
        }
    }
}
