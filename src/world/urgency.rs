//! Where incidents stand in the queue: what runs out first is the first row (RULES: "priorities by urgency").

use super::{Incident, World};
use crate::domain::{FlowId, ProbeId, Severity};
use jiff::Timestamp;
use std::cmp::Reverse;
use std::fmt;

/// Where an incident stands among the others; the smallest is the most urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Urgency {
    /// Who must look.
    pub turn: QueueTurn,
    /// Nothing of it runs out.
    open_ended: bool,
    /// When a deadline or an error budget runs out; for a critical incident without one, since when it lasts: its users are hit already.
    pub runs_out: Option<Timestamp>,
    severity: Reverse<Severity>,
    number: i64,
}

/// Whose turn it is; the first in the queue is the smallest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum QueueTurn {
    /// Nobody works on it, or who did has not been heard of.
    Nobodys,
    /// Somebody works on it.
    Somebodys,
    /// Its impact is over.
    Mitigated,
    /// It was put off, or is silenced, or under maintenance.
    Quiet,
    /// It is over.
    Over,
}

/// What an incident may cost next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunsOut {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Stake,
}

/// What is lost when it runs out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stake {
    /// The flow's deadline for its start.
    Start(FlowId),
    /// The flow's deadline for its success.
    Finish(FlowId),
    /// The probe's error budget, at the rate at which it went when it was last told.
    Budget(ProbeId),
}

impl fmt::Display for Stake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(flow) => write!(f, "the deadline of {flow} to start"),
            Self::Finish(flow) => write!(f, "the deadline of {flow} to finish"),
            Self::Budget(probe) => write!(f, "the error budget of {probe}"),
        }
    }
}

impl World {
    /// What of an incident runs out first: a deadline that has not passed of its flows, or an error budget of its probes.
    pub fn runs_out(&self, incident: &Incident) -> Option<RunsOut> {
        let budgets = incident.probes.iter().filter_map(|id| Some((id, self.probe(id)?.burning.as_ref()?.gone_at?)));
        let budgets = budgets.map(|(id, at)| RunsOut { at, what: Stake::Budget(id.clone()) });
        let watches = incident.flows.iter().filter_map(|id| Some((id, self.flow(id)?))).flat_map(|(id, flow)| {
            flow.watches.iter().flat_map(move |watch| {
                let start = watch.start_by.filter(|_| !watch.start_missed).map(|at| RunsOut { at, what: Stake::Start(id.clone()) });
                let finish = watch.finish_by.filter(|_| !watch.finish_missed).map(|at| RunsOut { at, what: Stake::Finish(id.clone()) });
                start.into_iter().chain(finish)
            })
        });
        watches.chain(budgets).min_by_key(|out| out.at)
    }

    /// Where an incident stands in the queue.
    pub fn urgency(&self, incident: &Incident) -> Urgency {
        let number = i64::from(incident.id.0);
        if !incident.is_open() {
            let severity = Reverse(Severity::Info);
            return Urgency { turn: QueueTurn::Over, open_ended: true, runs_out: None, severity, number: -number };
        }
        let hit = (incident.severity == Severity::Critical).then_some(incident.opened_at);
        let runs_out = self.runs_out(incident).map(|out| out.at).into_iter().chain(hit).min();
        let open_ended = runs_out.is_none();
        Urgency { turn: self.turn(incident), open_ended, runs_out, severity: Reverse(incident.severity), number }
    }

    /// Whose turn an open incident is.
    fn turn(&self, incident: &Incident) -> QueueTurn {
        match () {
            () if incident.snoozed.is_some() || self.muted(incident, self.at).is_some() => QueueTurn::Quiet,
            () if incident.is_asked() => QueueTurn::Nobodys,
            () if incident.stage == crate::domain::Stage::Mitigated => QueueTurn::Mitigated,
            () if incident.acknowledged.is_some() => QueueTurn::Somebodys,
            () => QueueTurn::Nobodys,
        }
    }
}

impl Urgency {
    /// From 1, the most urgent, to 5: what runs out, then by severity. What is quiet or over has the last.
    pub fn priority(&self) -> u8 {
        match (self.turn, self.runs_out, self.severity.0) {
            (QueueTurn::Quiet | QueueTurn::Over, ..) | (_, None, Severity::Info) => 5,
            (_, Some(_), _) => 1,
            (_, None, Severity::Critical | Severity::High) => 2,
            (_, None, Severity::Warning) => 3,
        }
    }
}
