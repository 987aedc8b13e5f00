//! The second word: what a request binds, when it is void, and what ends it.

use super::{Asked, Decision, runs};
use crate::domain::approval::TwoPeople;
use crate::domain::runbook::ProcedureStep;
use crate::domain::{ApprovalRequest, Author, Command, Digest, Event, Params, Runbook, RunbookId, StepName, Subject};
use crate::world::{Approval, World};
use jiff::{SignedDuration, Timestamp};

/// Whether a step needs a second person: it asks itself, or the workspace asks for all of its kind.
pub fn needs_two_people(world: &World, step: &ProcedureStep) -> bool {
    step.two_people
        || match world.procedure_rules.two_people {
            TwoPeople::Never => false,
            TwoPeople::Dangerous => step.danger,
            TwoPeople::Always => true,
        }
}

/// The open request of a person for exactly this step with these parameters.
pub fn open_request<'a>(
    world: &'a World,
    runbook: &RunbookId,
    step: &StepName,
    subject: &Subject,
    params: &Params,
    by: &Author,
) -> Option<&'a Approval> {
    let same = |approval: &&Approval| {
        let request = &approval.request;
        let what = (&request.runbook, &request.step, &request.subject, &request.params) == (runbook, step, subject, params);
        approval.is_open() && what && approval.by.is_same_person(by)
    };
    world.approvals.values().map(|approval| &**approval).find(same)
}

/// Who gave the second word on which a command would be carried out, with the request: whether they still may is asked
/// of the system before it is.
pub fn second_word_on<'a>(world: &'a World, command: &Command, by: &Author) -> Option<(&'a Digest, &'a Author)> {
    let Command::RunProcedure { runbook, step, subject, params, .. } = command else { return None };
    let approval = open_request(world, runbook, step, subject, params, by)?;
    Some((&approval.digest, &approval.given.as_ref()?.by))
}

/// What exactly would run, as a request.
pub(super) fn request(
    world: &World,
    book: &Runbook,
    runbook: &RunbookId,
    step: &ProcedureStep,
    subject: &Subject,
    params: &Params,
    asked: &Asked,
) -> ApprovalRequest {
    let span = SignedDuration::try_from(world.procedure_rules.approval_expires).unwrap_or(SignedDuration::MAX);
    ApprovalRequest {
        runbook: runbook.clone(),
        revision: book.digest(),
        step: step.name.clone(),
        subject: subject.clone(),
        command: step.run.to_string(),
        argv: step.run.argv(),
        params: params.clone(),
        env: runs::procedure_env(world, &step.name, subject, params),
        timeout: step.timeout,
        expect: step.expect.clone(),
        host: world.daemon.as_ref().map(|daemon| daemon.host.clone()).unwrap_or_default(),
        machine: world.procedure_rules.machine.clone(),
        boot_id: asked.boot_id.to_owned(),
        by: asked.author.clone(),
        after: world.seq,
        asked_at: asked.now,
        expires: asked.now.checked_add(span).unwrap_or(Timestamp::MAX),
    }
}

/// Why a request cannot be approved or used any more, whatever its state says: its time, the file, the machine.
pub fn void(world: &World, approval: &Approval, boot_id: &str, now: Timestamp) -> Option<String> {
    let request = &approval.request;
    if request.expires <= now {
        return Some(expired(request));
    }
    if request.digest() != approval.digest {
        return Some("it is not what its digest says".into());
    }
    if request.boot_id != boot_id {
        return Some(other_machine(request));
    }
    elsewhere(world, request).or_else(|| changed(world, request))
}

fn expired(request: &ApprovalRequest) -> String {
    let held = SignedDuration::from_secs(request.expires.duration_since(request.asked_at).as_secs());
    format!("it was for {held:#} and has expired")
}

fn other_machine(request: &ApprovalRequest) -> String {
    format!("it was asked on {}, on another machine or before the machine was started anew", request.host)
}

/// Whether the state has come to another machine since.
fn elsewhere(world: &World, request: &ApprovalRequest) -> Option<String> {
    let host = world.daemon.as_ref().map(|daemon| daemon.host.as_str()).unwrap_or_default();
    let here = host == request.host && world.procedure_rules.machine == request.machine;
    (!here).then(|| other_machine(request))
}

/// Whether the runbook is another one since.
fn changed(world: &World, request: &ApprovalRequest) -> Option<String> {
    match world.book(&request.runbook) {
        None => Some(format!("there is no runbook {} any more", request.runbook)),
        Some(book) if book.digest() != request.revision => Some(format!("the runbook {} was changed since", request.runbook)),
        Some(_) => None,
    }
}

fn ended(approval: &Approval, reason: String) -> Event {
    Event::ApprovalEnded { digest: approval.digest.clone(), reason }
}

/// A runbook has changed or is gone: what was asked of its text before is void.
pub(super) fn of_runbook(world: &World, runbook: &RunbookId) -> Vec<Event> {
    let open = world.approvals.values().filter(|approval| approval.is_open() && approval.request.runbook == *runbook);
    open.filter_map(|approval| Some(ended(approval, changed(world, &approval.request)?))).collect()
}

/// A daemon begins, or the machine has another name: what was asked elsewhere is void.
pub(super) fn of_machine(world: &World, boot_id: Option<&str>) -> Vec<Event> {
    let open = world.approvals.values().filter(|approval| approval.is_open());
    open.filter_map(|approval| {
        let request = &approval.request;
        let booted = boot_id.filter(|boot| *boot != request.boot_id).map(|_| other_machine(request));
        Some(ended(approval, booted.or_else(|| elsewhere(world, request))?))
    })
    .collect()
}

/// When the next open request expires.
pub(super) fn next_due(world: &World) -> Option<Timestamp> {
    world.approvals.values().filter(|approval| approval.is_open()).map(|approval| approval.request.expires).min()
}

/// Requests that have expired.
pub(super) fn due(world: &World, now: Timestamp) -> Decision {
    let over = world.approvals.values().filter(|approval| approval.is_open() && approval.request.expires <= now);
    Decision::events(over.map(|approval| ended(approval, expired(&approval.request))))
}
