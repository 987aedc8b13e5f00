//! Facts about alerts, incidents and their evidence → plain words.

use super::Teller;
use super::small::{because, counted_bytes};
use crate::domain::Event;
use crate::domain::counted;
use crate::domain::evidence::Capsule;

impl Teller<'_> {
    /// The fact in words; nothing for facts of another family.
    pub(super) fn of_incidents(&self, event: &Event) -> Option<String> {
        Some(match event {
            Event::AlertFiring { notice, .. } => format!("alert fires ({}): {}", notice.severity, notice.summary),
            Event::AlertResolved { alert, reason } => format!("alert {} over: {reason}", self.alert(*alert)),
            Event::IncidentOpened { incident, title, severity, previous, .. } => {
                let again = previous.map(|previous| format!(" (again after incident {previous})")).unwrap_or_default();
                format!("incident {incident} opened, {severity}: {title}{again}")
            }
            Event::IncidentJoined { incident, alert } => format!("alert {} joined incident {incident}", self.alert(*alert)),
            Event::SeverityRaised { incident, severity } => format!("incident {incident} is now {severity}"),
            Event::IncidentAcknowledged { incident, note } => format!("incident {incident} acknowledged{}", because(note.as_ref())),
            Event::AcknowledgementEnded { incident, reason } => format!("incident {incident} no longer acknowledged: {reason}"),
            Event::IncidentResolved { incident, reason } => format!("incident {incident} resolved: {reason}"),
            Event::EvidenceDefined { settings } => format!("evidence defined: {}", counted(settings.evidence.len(), "source")),
            Event::EvidenceAsked { names, number, .. } => format!("evidence {number} is gathered: {}", names.join(", ")),
            Event::EvidenceTaken { capsule, .. } => evidence_words(capsule),
            _ => return None,
        })
    }
}

fn evidence_words(capsule: &Capsule) -> String {
    let kept: Vec<_> = capsule.files.iter().filter(|file| !file.name.is_empty()).collect();
    let bytes: u64 = kept.iter().map(|file| file.bytes).sum();
    let mut words = format!("evidence {} gathered: {}, {}", capsule.number, counted(kept.len(), "file"), counted_bytes(bytes));
    if let Some((file, line)) = capsule.files.iter().find_map(|file| Some((file, file.first_error?))) {
        words = format!("{words}, first error in {} line {line}", file.name);
    }
    let missing = capsule.files.len() - kept.len();
    if missing > 0 {
        words = format!("{words}, {missing} not to be had");
    }
    match &capsule.problem {
        Some(problem) => format!("{words}; {problem}"),
        None => words,
    }
}
