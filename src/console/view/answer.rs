//! Which entry is the one that a request was for: until it arrives, the row is marked pending.

use crate::domain::{Command, Event, Job};

/// Whether this fact is what the command asked for.
pub fn is_of(event: &Event, command: &Command) -> bool {
    match (command, event) {
        (Command::Run { flow, .. }, Event::RunCreated { run, .. }) => run.flow == *flow,
        (Command::Rerun { run: earlier, .. }, Event::RunCreated { run, .. }) => run.flow == earlier.flow,
        (Command::Hold { flow, .. }, Event::FlowHeld { flow: other, .. })
        | (Command::Release { flow }, Event::FlowReleased { flow: other })
        | (Command::Ice { flow, .. }, Event::FlowIced { flow: other, .. })
        | (Command::Thaw { flow }, Event::FlowThawed { flow: other })
        | (Command::NoopOnce { flow, .. }, Event::NoopSet { flow: other, .. })
        | (Command::NoopWithdraw { flow }, Event::NoopWithdrawn { flow: other }) => flow == other,
        (Command::Kill { run, .. }, Event::RunKillAsked { run: other, .. })
        | (Command::HoldRun { run, .. }, Event::RunHeld { run: other, .. })
        | (Command::ReleaseRun { run }, Event::RunReleased { run: other })
        | (Command::Prioritize { run, .. }, Event::RunPrioritized { run: other, .. }) => run == other,
        (Command::Force { run, step, .. }, Event::StartForced { run: other, step: named, .. }) => run == other && step == named,
        (
            Command::Skip { run, step, .. } | Command::SetOk { run, step, .. } | Command::SetFailed { run, step, .. },
            Event::StepForced { run: other, step: named, .. },
        )
        | (Command::Approve { run, step, .. }, Event::StepApproved { run: other, step: named, .. }) => run == other && step == named,
        (Command::ChooseMissed { flow, .. }, Event::OccurrenceSettled { occurrence, .. }) => *flow == occurrence.flow,
        (Command::DismissMisses, Event::MissesDismissed { .. }) => true,
        (Command::SilenceSource { source, .. }, Event::SourceSilenceAsked { source: other, .. })
        | (Command::ExtendAtSource { source, .. }, Event::SourceSilenceProlonging { source: other, .. })
        | (Command::ExpireAtSource { source, .. }, Event::SourceSilenceEnding { source: other, .. }) => source == other,
        (Command::Override { rota, .. }, Event::OverrideMade { rota: other, .. })
        | (Command::EndOverride { rota }, Event::OverrideEnded { rota: other, .. }) => rota == other,
        (Command::RunProcedure { runbook, step, subject, .. }, Event::ApprovalAsked { request, .. }) => {
            (runbook, step, subject) == (&request.runbook, &request.step, &request.subject)
        }
        (Command::ApproveProcedure { digest, .. }, Event::ApprovalGiven { digest: other, .. })
        | (Command::DeclineProcedure { digest, .. }, Event::ApprovalEnded { digest: other, .. }) => digest == other,
        (Command::OpenChecklist { checklist }, Event::ChecklistOpened { checklist: other, .. })
        | (Command::VerifyChecklist { checklist }, Event::ItemTicked { checklist: other, .. }) => checklist == other,
        (Command::TickItem { checklist, item, .. }, Event::ItemTicked { checklist: other, item: ticked, .. }) => {
            (checklist, item) == (other, ticked)
        }
        (Command::ProbeNow { probe }, Event::ProbeAsked { probe: other }) => probe == other,
        (Command::Acknowledge { incident, .. }, Event::IncidentAcknowledged { incident: other, .. })
        | (Command::Unacknowledge { incident }, Event::AcknowledgementEnded { incident: other, .. })
        | (Command::Resolve { incident, .. }, Event::IncidentResolved { incident: other, .. })
        | (Command::Note { incident, .. }, Event::Noted { incident: other, .. })
        | (Command::Mitigate { incident, .. }, Event::IncidentMitigated { incident: other, .. })
        | (Command::Unmitigate { incident }, Event::MitigationEnded { incident: other, .. })
        | (Command::Snooze { incident, .. }, Event::IncidentSnoozed { incident: other, .. })
        | (Command::Unsnooze { incident }, Event::SnoozeEnded { incident: other, .. })
        | (Command::Claim { incident }, Event::IncidentClaimed { incident: other })
        | (Command::Unclaim { incident }, Event::IncidentUnclaimed { incident: other })
        | (Command::HandOver { incident, .. }, Event::IncidentHandedOver { incident: other, .. })
        | (Command::Merge { incident, .. }, Event::IncidentMerged { incident: other, .. })
        | (Command::Split { incident, .. }, Event::IncidentSplit { incident: other, .. })
        | (Command::Pin { incident, .. }, Event::EntryPinned { incident: other, .. })
        | (Command::TakeEvidence { incident }, Event::EvidenceAsked { incident: other, .. }) => incident == other,
        (Command::Silence { matchers, .. }, Event::SilenceMade { matchers: other, .. }) => matchers == other,
        (Command::ExtendSilence { silence, .. }, Event::SilenceExtended { silence: other, .. })
        | (Command::Unsilence { silence }, Event::SilenceEnded { silence: other, .. }) => silence == other,
        (Command::Mark { text }, Event::Marked { text: other }) => text == other,
        (Command::RecordNote { note }, Event::NoteSaved { note: other }) => note == other,
        (
            Command::RunProcedure { runbook, step, subject, .. } | Command::BreakGlass { runbook, step, subject, .. },
            Event::ProcedureAsked { attempt, .. },
        )
        | (Command::KillProcedure { runbook, step, subject }, Event::ProcedureKillAsked { attempt }) => {
            matches!(&attempt.job, Job::Procedure { runbook: r, subject: s, step: n } if r == runbook && s == subject && n == step)
        }
        (Command::Tick { runbook, step, subject, .. }, Event::ProcedureTicked { runbook: r, step: n, subject: s, .. }) => {
            r == runbook && s == subject && n == step
        }
        _ => false,
    }
}
