//! Facts about steps of runbooks, who may run them, and checklists → plain words.

use super::Teller;
use super::runs::job;
use super::small::{because, params_words};
use crate::domain::counted;
use crate::domain::{AttemptEnd, AttemptId, Digest, Event, Job};
use crate::world::TickState;

impl Teller<'_> {
    /// The fact in words; nothing for facts of another family.
    pub(super) fn of_runbooks(&self, event: &Event) -> Option<String> {
        Some(match event {
            Event::ProcedureAsked { attempt, command, params } => format!("{} run: {command}{}", job(attempt), params_words(params)),
            Event::ProcedureKillAsked { attempt } => format!("{} asked to end", job(attempt)),
            Event::ProcedureTicked { runbook, step, done: true, .. } => format!("runbook {runbook} {step} ticked by hand"),
            Event::ProcedureTicked { runbook, step, done: false, .. } => format!("runbook {runbook} {step}: tick taken back"),
            Event::ProcedureRulesDefined { .. } => "what is asked of runbook steps was read".into(),
            Event::ApprovalAsked { digest, request } => {
                let (step, runbook) = (&request.step, &request.runbook);
                format!(
                    "second word asked for, {}: runbook {runbook} {step}: {}{}",
                    digest.short(),
                    request.command,
                    params_words(&request.params)
                )
            }
            Event::ApprovalGiven { digest, note } => format!("{} approved{}", self.request(digest), because(note.as_ref())),
            Event::ApprovalUsed { digest, attempt } => format!("{} is run as {attempt}", self.request(digest)),
            Event::ApprovalEnded { digest, reason } => format!("{} is void: {reason}", self.request(digest)),
            Event::GlassBroken { attempt, reason } => format!("{} run WITHOUT a second person: {reason}", job(attempt)),
            Event::RemediationHeldBack { runbook, step, reason, .. } => format!("runbook {runbook} {step} did not run by itself: {reason}"),
            Event::ChecklistDefined { checklist } => {
                format!("checklist {} defined, {}", checklist.id, counted(checklist.items.len(), "item"))
            }
            Event::ChecklistRemoved { checklist } => format!("checklist {checklist} removed"),
            Event::ChecklistOpened { checklist, number, due, .. } => {
                format!("checklist {checklist} opened, number {number}, to be done by {}", self.minute(*due))
            }
            Event::ChecklistMissed { checklist, missed, until } => {
                format!("checklist {checklist}: {} up to {} passed unseen", counted(*missed as usize, "time"), self.minute(*until))
            }
            Event::ItemTicked { checklist, item, done: true, note, .. } => {
                format!("checklist {checklist}: {item} ticked{}", because(note.as_ref()))
            }
            Event::ItemTicked { checklist, item, done: false, note, .. } => {
                format!("checklist {checklist}: {item} not ticked{}", because(note.as_ref()))
            }
            Event::ChecklistDone { checklist, .. } => format!("checklist {checklist} done"),
            Event::ChecklistLeft { checklist, reason, unticked, .. } => {
                format!("checklist {checklist} left with {} unticked: {reason}", counted(unticked.len(), "item"))
            }
            _ => return None,
        })
    }

    /// `request 3fa1… (runbook orders-load empty)`.
    fn request(&self, digest: &Digest) -> String {
        match self.world.and_then(|world| world.approvals.get(digest)) {
            Some(approval) => format!("request {} (runbook {} {})", digest.short(), approval.request.runbook, approval.request.step),
            None => format!("request {}", digest.short()),
        }
    }

    /// Whether a runbook's step expects this end where another one would be a success.
    pub fn is_expected(&self, attempt: &AttemptId, end: &AttemptEnd) -> bool {
        let (Job::Procedure { runbook, subject, step }, AttemptEnd::Exit(exit), Some(world)) = (&attempt.job, end, self.world) else {
            return false;
        };
        // What was expected when it ended counts, also where the runbook says something else since.
        let tick = world.procedure(runbook, subject).and_then(|walked| walked.ticks.get(step));
        let passed = tick.filter(|tick| tick.attempt.as_ref() == Some(attempt)).and_then(|tick| match tick.state {
            TickState::Passed => Some(true),
            TickState::Failed => Some(false),
            // The fact is told before it is applied, or a person has had the last word.
            TickState::Running | TickState::ByHand | TickState::Open => None,
        });
        let by_text = || world.book(runbook).and_then(|book| book.step(step)).is_some_and(|step| step.expect.exit == *exit);
        *exit != 0 && passed.unwrap_or_else(by_text)
    }
}
