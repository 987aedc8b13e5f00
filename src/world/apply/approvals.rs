//! Facts about second words, and about steps that ran by themselves.

use crate::domain::{ApprovalRequest, AttemptId, Author, Digest, Job, ProcedureRules};
use crate::world::approval::{APPROVALS_KEPT, Approval, Second};
use crate::world::procedure::Remedy;
use crate::world::{REMEDIES_KEPT, World};
use jiff::Timestamp;
use std::sync::Arc;

impl World {
    pub(super) fn procedure_rules_defined(&mut self, rules: &ProcedureRules) {
        self.procedure_rules = rules.clone();
    }

    pub(super) fn approval_asked(&mut self, digest: &Digest, request: &Arc<ApprovalRequest>, by: &Author) {
        let (request, by) = (request.clone(), by.clone());
        let approval = Approval { digest: digest.clone(), request, by, given: None, used: None, ended: None };
        self.approvals.insert(digest.clone(), Arc::new(approval));
        while self.approvals.len() > APPROVALS_KEPT {
            let over = self.approvals.values().filter(|approval| !approval.is_open());
            let Some(oldest) = over.min_by_key(|approval| approval.request.asked_at).map(|approval| approval.digest.clone()) else { break };
            self.approvals.remove(&oldest);
        }
    }

    pub(super) fn change_approval(&mut self, digest: &Digest, change: impl FnOnce(&mut Approval)) {
        if let Some(approval) = self.approvals.get_mut(digest).map(Arc::make_mut).filter(|approval| approval.is_open()) {
            change(approval);
        }
    }

    pub(super) fn approval_given(&mut self, digest: &Digest, by: &Author, note: Option<&String>, at: Timestamp) {
        self.change_approval(digest, |approval| {
            approval.given.get_or_insert(Second { by: by.clone(), at, note: note.cloned() });
        });
    }

    /// A step that dogwatch itself runs is counted for the limit of the hour.
    pub(super) fn remedy_begun(&mut self, attempt: &AttemptId, by: &Author, at: Timestamp) {
        let (Author::Engine, Job::Procedure { runbook, .. }) = (by, &attempt.job) else { return };
        if self.remedies.len() >= REMEDIES_KEPT {
            self.remedies.pop_front();
        }
        self.remedies.push_back(Remedy { runbook: runbook.clone(), attempt: attempt.clone(), at });
    }
}
