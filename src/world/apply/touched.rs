//! Which parts of the world a fact has changed, for readers that keep what they made of them.

use crate::domain::run::Occurrence;
use crate::domain::{Entry, Event, RunId};
use crate::world::World;

impl World {
    /// Notes the number of an entry at all that it has changed.
    pub(super) fn touch(&mut self, entry: &Entry) {
        // The deadlines of a flow decide where its incidents stand in the queue.
        if let Event::OccurrenceSettled { occurrence: Occurrence { flow, .. }, .. }
        | Event::RunCreated { run: RunId { flow, .. }, .. }
        | Event::RunEnded { run: RunId { flow, .. }, .. } = &entry.event
            && self.flow(flow).is_some_and(|flow| !flow.incidents.is_empty())
        {
            self.touched.incidents = entry.seq;
        }
        match &entry.event {
            Event::FlowDefined { .. }
            | Event::FlowRemoved { .. }
            | Event::OccurrenceSettled { .. }
            | Event::RunCreated { .. }
            | Event::RunKillAsked { .. }
            | Event::RunTimedOut { .. }
            | Event::RetryPlanned { .. }
            | Event::StepEnded { .. }
            | Event::RunEnded { .. }
            | Event::FlowHeld { .. }
            | Event::FlowReleased { .. }
            | Event::ConditionMet { .. }
            | Event::FileDelivered { .. }
            | Event::FileDuplicate { .. }
            | Event::FileSighted { .. }
            | Event::CalendarDefined { .. }
            | Event::CalendarRemoved { .. }
            | Event::BatchDayDefined { .. }
            | Event::FlowIced { .. }
            | Event::FlowThawed { .. }
            | Event::NoopSet { .. }
            | Event::NoopWithdrawn { .. }
            | Event::StartForced { .. }
            | Event::StepForced { .. }
            | Event::RunHeld { .. }
            | Event::RunReleased { .. }
            | Event::RunPrioritized { .. }
            | Event::StepApproved { .. }
            | Event::OccurrenceAsked { .. } => self.touched.flows = entry.seq,
            Event::AttemptStarting { .. } | Event::AttemptStarted { .. } | Event::AttemptEnded { .. } => {
                self.touched.flows = entry.seq;
                self.touched.runbooks = entry.seq;
            }
            Event::ProbeDefined { .. }
            | Event::ProbeRemoved { .. }
            | Event::ProbeChanged { .. }
            | Event::ProbeErring { .. }
            | Event::ProbeBurning { .. }
            | Event::ProbeFlapping { .. } => {
                self.touched.probes = entry.seq;
            }
            Event::AlertFiring { .. } | Event::AlertResolved { .. } | Event::IncidentMerged { .. } | Event::IncidentSplit { .. } => {
                self.touched.incidents = entry.seq;
                self.touched.flows = entry.seq;
            }
            Event::IncidentOpened { .. }
            | Event::IncidentJoined { .. }
            | Event::SeverityRaised { .. }
            | Event::IncidentAcknowledged { .. }
            | Event::AcknowledgementEnded { .. }
            | Event::IncidentResolved { .. }
            | Event::AlertExpires { .. }
            | Event::SourceChanged { .. }
            | Event::NoteSaved { .. }
            | Event::IncidentMitigated { .. }
            | Event::MitigationEnded { .. }
            | Event::IncidentSnoozed { .. }
            | Event::SnoozeEnded { .. }
            | Event::IncidentClaimed { .. }
            | Event::IncidentUnclaimed { .. }
            | Event::IncidentHandedOver { .. }
            | Event::AcknowledgementAsked { .. }
            | Event::SilenceMade { .. }
            | Event::SilenceExtended { .. }
            | Event::SilenceEnded { .. }
            | Event::MaintenanceDefined { .. }
            | Event::AckLifeDefined { .. }
            | Event::EscalationStarted { .. }
            | Event::EscalationDeferred { .. }
            | Event::IncidentEscalated { .. }
            | Event::EscalationExhausted { .. }
            | Event::EscalationEnded { .. }
            | Event::IncidentRetold { .. }
            | Event::RecoveryTold { .. }
            | Event::EntryPinned { .. }
            | Event::EvidenceAsked { .. }
            | Event::EvidenceTaken { .. }
            | Event::WriteUpMoved { .. }
            | Event::ReviewDecided { .. } => self.touched.incidents = entry.seq,
            Event::MaintenanceBegan { .. } | Event::MaintenanceEnded { .. } => {
                self.touched.incidents = entry.seq;
                self.touched.probes = entry.seq;
                self.touched.flows = entry.seq;
            }
            Event::RunbookDefined { .. }
            | Event::RunbookRemoved { .. }
            | Event::ProcedureAsked { .. }
            | Event::ProcedureTicked { .. }
            | Event::ProcedureRulesDefined { .. }
            | Event::ApprovalAsked { .. }
            | Event::ApprovalGiven { .. }
            | Event::ApprovalUsed { .. }
            | Event::ApprovalEnded { .. } => self.touched.runbooks = entry.seq,
            Event::ChecklistDefined { .. }
            | Event::ChecklistRemoved { .. }
            | Event::ChecklistOpened { .. }
            | Event::ChecklistMissed { .. }
            | Event::ItemTicked { .. }
            | Event::ChecklistDone { .. }
            | Event::ChecklistLeft { .. } => self.touched.checklists = entry.seq,
            _ => {}
        }
    }
}
