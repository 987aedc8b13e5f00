//! Who or what a fact comes from.

use super::Teller;
use crate::domain::{Entry, Event, Job};
use crate::notes::sorts::{Sort, sort_of};

impl Teller<'_> {
    /// Who or what a fact comes from, for the column beside its line: a person, a flow, a probe, a runbook, a neighbour.
    pub fn source(&self, entry: &Entry) -> String {
        if entry.author.is_person() {
            return self.naming.author(&entry.author);
        }
        match sort_of(entry) {
            Sort::Flow(flow) => format!("flow {flow}"),
            Sort::Probe(probe) => format!("probe {probe}"),
            _ => match &entry.event {
                Event::MessageDue { message } => format!("channel {}", message.channel),
                Event::AlertFiring { source, .. } if !source.is_local() => source.to_string(),
                Event::OutsideChanged { change } => change.kind.word().to_owned(),
                Event::EvidenceAsked { .. } | Event::EvidenceTaken { .. } => "evidence".into(),
                other => match (other.message_fate(), other.attempt().map(|attempt| &attempt.job)) {
                    (Some(message), _) => format!("channel {}", message.channel),
                    (None, Some(Job::Procedure { runbook, .. })) => format!("runbook {runbook}"),
                    _ => entry.author.name().to_owned(),
                },
            },
        }
    }
}
