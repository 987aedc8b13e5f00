//! Facts about people, and about who was told of an incident.

use super::Dice;
use dogwatch::domain::Event;
use dogwatch::domain::calendar::WeekDay;
use dogwatch::domain::people::{Chain, Hours, Leave, OpenHours, Override, People, Person, Rota, Rung, Told, Untold, Whom};
use dogwatch::domain::{PersonId, Severity};
use std::sync::Arc;
use std::time::Duration;

/// How many kinds [`Dice::duty`] makes.
pub const KINDS: usize = 10;

impl Dice {
    /// A fact of one of these kinds.
    pub fn duty(&mut self, kind: usize) -> Event {
        match kind {
            0 => Event::PeopleDefined { people: Arc::new(self.people()) },
            1 => {
                Event::OverrideMade { rota: "primary".into(), person: self.person(), from: self.at(), to: self.at(), reason: self.words() }
            }
            2 => Event::OverrideEnded { rota: "primary".into(), from: self.at() },
            3 => Event::EscalationStarted { incident: self.incident(), severity: self.severity(), next_at: self.at() },
            4 => Event::EscalationDeferred { incident: self.incident(), until: self.at(), reason: self.words() },
            5 => Event::IncidentEscalated {
                incident: self.incident(),
                round: self.roll(2) as u32,
                step: self.roll(3) as u32,
                told: self.told(),
                untold: vec![Untold { whom: self.whom(), reason: self.words() }],
                next_at: self.maybe(Self::at),
            },
            6 => Event::EscalationExhausted { incident: self.incident() },
            7 => Event::EscalationEnded { incident: self.incident(), reason: self.words() },
            8 => Event::IncidentRetold { incident: self.incident(), alerts: self.roll(9) as u32, told: self.told() },
            _ => Event::RecoveryTold { incident: self.incident(), told: self.told() },
        }
    }

    fn person(&mut self) -> PersonId {
        self.pick(&["ana", "leo"]).into()
    }

    fn told(&mut self) -> Vec<Told> {
        vec![Told { channel: self.pick(&["ops", "mail"]).into(), person: self.maybe(Self::person) }]
    }

    fn whom(&mut self) -> Whom {
        let person = self.person();
        self.pick(&[Whom::Rota("primary".into()), Whom::Person(person), Whom::Team("db".into()), Whom::Channel("ops".into())])
    }

    fn people(&mut self) -> People {
        let (from, to) = ("2026-11-20T00:00".parse().unwrap(), "2026-11-22T00:00".parse().unwrap());
        let person = Person {
            user: "ana".into(),
            name: self.words(),
            zone: "Europe/Rome".into(),
            channels: vec!["ops".into()],
            teams: ["db".to_owned()].into(),
            away: vec![Leave { from, to, reason: self.words() }],
            holidays: self.maybe(|_| "business-days".into()),
        };
        let rota = Rota {
            id: "primary".into(),
            people: vec!["ana".into(), "leo".into()],
            zone: "Europe/Rome".into(),
            from: "2026-11-16".parse().unwrap(),
            handover: "08:00".parse().unwrap(),
            shift_hours: 12,
        };
        let hours = Hours {
            zone: None,
            business: vec![OpenHours { days: [WeekDay::Mon].into(), from: "08:00".parse().unwrap(), to: "18:00".parse().unwrap() }],
            calendar: None,
            off_hours: self.maybe(|_| [Severity::Critical].into()),
            sleep: None,
        };
        let chain = Chain {
            severities: [Severity::Critical].into(),
            // Without channels, as in the fixtures that older versions wrote.
            steps: vec![Rung { wait: Duration::from_mins(5), tell: vec![self.whom()], on: Vec::new() }],
            repeat: self.roll(3) as u32,
            patience: Duration::from_mins(15),
        };
        People {
            people: [("ana".into(), person)].into(),
            rotas: vec![rota],
            overrides: vec![Override { rota: "primary".into(), person: self.person(), from, to }],
            hours,
            chains: vec![chain],
        }
    }
}
