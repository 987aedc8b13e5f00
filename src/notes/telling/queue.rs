//! The words for what lies over incidents: mitigation, snoozes, owners, silences, maintenance, and incidents that meet.

use super::Teller;
use super::small::because;
use crate::domain::Event;
use crate::domain::counted;
use crate::domain::overlay::MutedBy;

impl Teller<'_> {
    /// The fact in words; nothing for facts of another family.
    pub(super) fn of_queue(&self, event: &Event) -> Option<String> {
        Some(match event {
            Event::IncidentMitigated { incident, note } => format!("incident {incident} mitigated{}", because(note.as_ref())),
            Event::MitigationEnded { incident, reason } => format!("incident {incident} no longer mitigated: {reason}"),
            Event::IncidentSnoozed { incident, until, reason } => {
                format!("incident {incident} snoozed until {}{}", self.minute(*until), because(reason.as_ref()))
            }
            Event::SnoozeEnded { incident, reason } => format!("incident {incident} is back in the queue: {reason}"),
            Event::IncidentClaimed { incident } => format!("incident {incident} claimed"),
            Event::IncidentUnclaimed { incident } => format!("incident {incident} is nobody's any more"),
            Event::IncidentHandedOver { incident, to, note } => {
                format!("incident {incident} handed over to {}{}", self.naming.of(to), because(note.as_ref()))
            }
            Event::AcknowledgementAsked { incident, until } => {
                format!("asked who acknowledged incident {incident} whether they still work on it, until {}", self.second(*until))
            }
            Event::IncidentMerged { incident, into } => format!("incident {incident} became part of incident {into}"),
            Event::IncidentSplit { incident, new, title, alerts, .. } => {
                format!("{} of incident {incident} became incident {new}: {title}", counted(alerts.len(), "alert"))
            }
            Event::SilenceMade { silence, matchers, until, reason } => {
                let scope = matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
                format!("silence {silence} of {scope} until {}: {reason}", self.minute(*until))
            }
            Event::SilenceExtended { silence, until } => format!("silence {silence} lasts until {} now", self.minute(*until)),
            Event::SilenceEnded { silence, reason } => format!("silence {silence} ended: {reason}"),
            Event::AlertMuted { alert, by: MutedBy::Silence(silence), .. } => {
                format!("alert {} is not told: silence {silence}{}", self.alert(*alert), self.whose(*silence))
            }
            Event::AlertMuted { alert, by: MutedBy::Maintenance(window), .. } => {
                format!("alert {} is not told: maintenance {window}", self.alert(*alert))
            }
            Event::MaintenanceDefined { windows } if windows.is_empty() => "no maintenance windows any more".into(),
            Event::MaintenanceDefined { windows } => format!("{} defined", counted(windows.len(), "maintenance window")),
            Event::MaintenanceBegan { window, until } => format!("maintenance {window} began, until {}", self.minute(*until)),
            Event::MaintenanceEnded { window } => format!("maintenance {window} ended"),
            Event::AckLifeDefined { life } if life.expires.is_zero() => "acknowledgements do not end by themselves".into(),
            Event::AckLifeDefined { life } => {
                format!("acknowledgements end after {} min without a sign of life", life.expires.as_secs() / 60)
            }
            _ => return None,
        })
    }

    fn whose(&self, id: crate::domain::SilenceId) -> String {
        let silence = self.world.and_then(|world| world.silence(id));
        silence.map(|silence| format!(" of {}: {}", self.naming.of(&silence.by), silence.reason)).unwrap_or_default()
    }
}
