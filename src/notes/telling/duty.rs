//! Facts about people and about who was told of an incident → plain words.

use super::Teller;
use crate::domain::Event;
use crate::domain::people::{Told, Untold};
use std::fmt::Write as _;

impl Teller<'_> {
    /// The fact in words; nothing for facts of another family.
    pub(super) fn of_duty(&self, event: &Event) -> Option<String> {
        Some(match event {
            Event::PeopleDefined { people } => {
                format!("people {}, rotas {}, chains of escalation {}", people.people.len(), people.rotas.len(), people.chains.len())
            }
            Event::OverrideMade { rota, person, from, to, reason } => {
                let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
                let person = self.naming.of(person.as_str());
                format!("{person} is on call for {rota} from {} to {}{reason}", self.minute(*from), self.minute(*to))
            }
            Event::OverrideEnded { rota, from } => format!("the override of {rota} from {} ended", self.minute(*from)),
            Event::EscalationStarted { incident, severity, next_at } => {
                format!("incident {incident}: the chain for {severity} begins at {}", self.second(*next_at))
            }
            Event::EscalationDeferred { incident, until, reason } => {
                format!("incident {incident}: nobody is told before {}: {reason}", self.minute(*until))
            }
            Event::IncidentEscalated { incident, round, step, told, untold, next_at } => {
                let round = if *round > 0 { format!(", round {}", round + 1) } else { String::new() };
                let mut words = format!("incident {incident}, step {}{round}: {}", step + 1, self.told(told));
                for Untold { whom, reason } in untold {
                    let _ = write!(words, "; {whom} was not reached: {reason}"); // writing to a text cannot fail
                }
                if let Some(at) = next_at.filter(|_| !told.is_empty()) {
                    let _ = write!(words, "; next at {}", self.second(at)); // writing to a text cannot fail
                }
                words
            }
            Event::EscalationExhausted { incident } => {
                format!("incident {incident}: everyone was told, and nobody has acknowledged")
            }
            Event::EscalationEnded { incident, reason } => format!("incident {incident}: nobody more is told: {reason}"),
            Event::IncidentRetold { incident, alerts, told } => {
                format!("incident {incident} has {alerts} more {}: {}", if *alerts == 1 { "alert" } else { "alerts" }, self.told(told))
            }
            Event::RecoveryTold { incident, told } => format!("incident {incident} is over: {}", self.told(told)),
            _ => return None,
        })
    }

    fn told(&self, told: &[Told]) -> String {
        if told.is_empty() {
            return "nobody is told".into();
        }
        let one = |told: &Told| match &told.person {
            Some(person) => format!("{} on {}", self.naming.of(person.as_str()), told.channel),
            None => told.channel.to_string(),
        };
        format!("told {}", told.iter().map(one).collect::<Vec<_>>().join(", "))
    }
}
