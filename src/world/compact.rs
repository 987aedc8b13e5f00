//! Rows take the room that they need. What was read from JSON has spare room in every list, and says twice what it had
//! once; a console keeps thousands of rows, most of which nobody looks at.

use super::flow::Flow;
use super::run::Run;
use super::{Alert, Incident, Part, World};
use crate::domain::{Event, FlowDefinition, Labels, RunId, StepName};
use std::sync::Arc;

impl Part {
    /// Makes the rows of a part that was just read small. Rows that somebody else holds too stay as they are.
    pub fn compact(&mut self) {
        self.flows.iter_mut().filter_map(Arc::get_mut).for_each(Flow::compact);
        self.incidents.iter_mut().filter_map(Arc::get_mut).for_each(Incident::compact);
    }
}

impl World {
    /// Makes the rows of a world that was just read small.
    pub fn compact(&mut self) {
        self.flows.values_mut().filter_map(Arc::get_mut).for_each(Flow::compact);
        self.incidents.values_mut().filter_map(Arc::get_mut).for_each(Incident::compact);
        let incidents = &self.incidents;
        for alert in self.alerts.values_mut() {
            alert_like_its_incident(alert, |id| incidents.get(&id).map(|row| &**row));
        }
    }
}

/// Lets an alert share its labels with the incident that it belongs to.
pub(super) fn alert_like_its_incident<'a>(alert: &mut Arc<Alert>, incident: impl Fn(crate::domain::IncidentId) -> Option<&'a Incident>) {
    let Some(alert) = Arc::get_mut(alert) else { return };
    if let Some(row) = alert.incident.and_then(incident).and_then(|incident| incident.alerts.get(&alert.fingerprint)) {
        share(&mut alert.notice.labels, &row.notice.labels);
    }
}

impl Flow {
    fn compact(&mut self) {
        if let Some(definition) = Arc::get_mut(&mut self.definition) {
            definition.compact();
        }
        for definition in self.definitions.values_mut() {
            if **definition == *self.definition {
                *definition = self.definition.clone();
            } else if let Some(definition) = Arc::get_mut(definition) {
                definition.compact();
            }
        }
        self.runs.shrink_to_fit();
        self.history.shrink_to_fit();
        self.watches.shrink_to_fit();
        self.incidents.shrink_to_fit();
        self.endings.last.shrink_to_fit();
        self.endings.days.shrink_to_fit();
        self.asked.shrink_to_fit();
        self.late_told.shrink_to_fit();
        let own = &self.definition.id;
        let shared = |(number, run): (u32, RunId)| (number, RunId { flow: own.clone(), ..run });
        self.stirring = std::mem::take(&mut self.stirring).into_iter().map(shared).collect();
        for run in self.runs.iter_mut().filter_map(Arc::get_mut) {
            if let Some((digest, definition)) = self.definitions.get_key_value(&run.definition) {
                run.definition = digest.clone();
                run.id.flow = definition.id.clone();
                run.compact(definition);
            }
        }
    }
}

impl FlowDefinition {
    fn compact(&mut self) {
        self.schedules.shrink_to_fit();
        self.steps.shrink_to_fit();
        let names: Vec<StepName> = self.steps.iter().map(|step| step.name.clone()).collect();
        for step in &mut self.steps {
            step.needs.shrink_to_fit();
            for need in &mut step.needs {
                if let Some(name) = names.iter().find(|name| *name == need) {
                    *need = name.clone();
                }
            }
        }
    }
}

impl Run {
    fn compact(&mut self, definition: &FlowDefinition) {
        self.steps.shrink_to_fit();
        for (place, step) in self.steps.iter_mut().enumerate() {
            step.attempts.shrink_to_fit();
            // Steps stand in the order of the definition.
            if let Some(defined) = definition.steps.get(place).filter(|defined| defined.name == step.name) {
                step.name = defined.name.clone();
            }
        }
    }
}

impl Incident {
    fn compact(&mut self) {
        let fingerprints: Vec<_> = self.alerts.keys().copied().collect();
        for alert in fingerprints {
            if let Some(row) = self.alerts.get_mut(&alert) {
                share(&mut row.notice.labels, &self.group);
            }
        }
        self.timeline.shrink_to_fit();
        self.notes.shrink_to_fit();
        for entry in self.timeline.iter_mut().filter_map(Arc::get_mut) {
            match &mut entry.event {
                Event::AlertFiring { alert, notice, .. } => {
                    if let Some(row) = self.alerts.get(alert) {
                        share(&mut notice.labels, &row.notice.labels);
                    }
                }
                Event::IncidentOpened { group, .. } => share(group, &self.group),
                _ => {}
            }
        }
    }
}

/// Takes the other labels in the place of equal ones.
fn share(labels: &mut Labels, other: &Labels) {
    if labels == other {
        *labels = other.clone();
    }
}
