//! Facts about what lies over incidents.

use super::Dice;
use dogwatch::domain::overlay::{MaintenanceTime, MutedBy};
use dogwatch::domain::{AckLife, Event, MaintenanceWindow, Matcher, SilenceId};
use std::sync::Arc;
use std::time::Duration;

/// How many kinds [`Dice::of_queue`] makes.
pub const KINDS: usize = 18;

impl Dice {
    fn silence(&mut self) -> SilenceId {
        SilenceId(1 + self.roll(3) as u32)
    }

    fn matchers(&mut self) -> Vec<Matcher> {
        let all = ["service=\"shop\"", "flow=~\"night.*\"", "probe!=\"home\"", "team!~\"a|b\""];
        vec![self.pick(&all).parse().unwrap()]
    }

    fn window(&mut self) -> Arc<MaintenanceWindow> {
        let once = MaintenanceTime::Once { from: self.at(), to: self.at() };
        let again = MaintenanceTime::Recurring { schedules: vec!["0 2 * * 6".into()], lasts: Duration::from_hours(2), zone: "UTC".into() };
        let (matchers, flows) = (self.matchers(), vec!["nightly-*".into()]);
        let (name, probes) = ("night".into(), vec!["home".into()]);
        Arc::new(MaintenanceWindow { name, matchers, flows, probes, when: self.pick(&[once, again]), reason: self.words() })
    }

    /// A fact of one of these kinds.
    pub fn of_queue(&mut self, kind: usize) -> Event {
        let incident = self.incident();
        match kind {
            0 => Event::IncidentMitigated { incident, note: self.maybe(Self::words) },
            1 => Event::MitigationEnded { incident, reason: self.words() },
            2 => Event::IncidentSnoozed { incident, until: self.at(), reason: self.maybe(Self::words) },
            3 => Event::SnoozeEnded { incident, reason: self.words() },
            4 => Event::IncidentClaimed { incident },
            5 => Event::IncidentUnclaimed { incident },
            6 => Event::IncidentHandedOver { incident, to: self.words(), note: self.maybe(Self::words) },
            7 => Event::AcknowledgementAsked { incident, until: self.at() },
            8 => Event::IncidentMerged { incident, into: self.incident() },
            9 => {
                let alerts = vec![self.fingerprint(), self.fingerprint()];
                let severity = self.pick(&dogwatch::domain::Severity::ALL);
                Event::IncidentSplit { incident, new: self.incident(), title: self.words(), severity, alerts }
            }
            10 => Event::SilenceMade { silence: self.silence(), matchers: self.matchers(), until: self.at(), reason: self.words() },
            11 => Event::SilenceExtended { silence: self.silence(), until: self.at() },
            12 => Event::SilenceEnded { silence: self.silence(), reason: self.words() },
            13 => {
                let by = [MutedBy::Silence(self.silence()), MutedBy::Maintenance("night".into())];
                Event::AlertMuted { incident, alert: self.fingerprint(), by: self.pick(&by) }
            }
            14 => Event::MaintenanceDefined { windows: self.maybe(Self::window).into_iter().collect() },
            15 => Event::MaintenanceBegan { window: "night".into(), until: self.at() },
            16 => Event::MaintenanceEnded { window: "night".into() },
            _ => Event::AckLifeDefined { life: AckLife { expires: Duration::from_mins(20), ask: Duration::from_mins(2) } },
        }
    }
}
