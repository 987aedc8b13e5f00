//! Commands around the second word: ask and use it, give it, decline it, and go without it.

use crate::domain::incident::AlertNotice;
use crate::domain::runbook::ProcedureStep;
use crate::domain::{
    AlertCause, AttemptId, Digest, Event, Fingerprint, Job, Labels, Level, Params, Refusal, RefusalKind, Runbook, Severity, SourceId,
    Subject,
};
use crate::rules::moment::moment;
use crate::rules::{Asked, Decision, approvals, names, odd_characters};
use crate::world::{Approval, World};
use std::sync::Arc;

fn state(reason: impl Into<String>) -> Refusal {
    Refusal::new(RefusalKind::State, reason)
}

fn forbidden(reason: impl Into<String>) -> Refusal {
    Refusal::new(RefusalKind::Forbidden, reason)
}

/// A step that needs a second person: the first time it is asked for, and with the second word it runs, once.
pub(super) fn ask_or_run(
    world: &World,
    book: &Runbook,
    step: &ProcedureStep,
    attempt: AttemptId,
    params: &Params,
    asked: &Asked,
) -> Result<Decision, Refusal> {
    let Job::Procedure { runbook, subject, .. } = &attempt.job else { return Ok(Decision::nothing()) };
    if !asked.author.is_person() {
        return Err(forbidden(format!("`{}` needs two people, and {} is none", step.name, asked.author)));
    }
    let open = approvals::open_request(world, runbook, &step.name, subject, params, asked.author);
    // What has expired a moment ago is asked for anew; the agenda puts its end on record.
    let Some(approval) = open.filter(|approval| approval.request.expires > asked.now) else {
        let request = approvals::request(world, book, runbook, step, subject, params, asked);
        return Ok(Event::ApprovalAsked { digest: request.digest(), request: Arc::new(request) }.into());
    };
    let Some(second) = &approval.given else {
        let until = moment(world, approval.request.expires);
        let refusal = state(format!("`{}` waits for a second person until {until}", step.name));
        return Err(refusal.hint(format!("they say: dogwatch approve {}", approval.digest.short())));
    };
    if let Some(reason) = approvals::void(world, approval, asked.boot_id, asked.now) {
        return Err(state(format!("what {} approved is void: {reason}", second.by)).hint("ask for it anew"));
    }
    let request = &approval.request;
    Ok(Decision::events([
        Event::ApprovalUsed { digest: approval.digest.clone(), attempt: attempt.clone() },
        Event::ProcedureAsked { attempt, command: request.command.clone(), params: request.params.clone() },
    ]))
}

fn found<'a>(world: &'a World, digest: &Digest) -> Result<&'a Approval, Refusal> {
    world.approvals.get(digest).map(|approval| &**approval).ok_or_else(|| {
        let waiting: Vec<&str> =
            world.approvals.values().filter(|approval| approval.is_waiting()).map(|approval| approval.digest.short()).take(8).collect();
        let refusal = Refusal::new(RefusalKind::NotFound, format!("there is no request `{}`", digest.short()));
        if waiting.is_empty() {
            refusal.hint("nothing waits for a second person")
        } else {
            refusal.hint(format!("waiting: {}", waiting.join(", ")))
        }
    })
}

fn open<'a>(world: &'a World, digest: &Digest) -> Result<&'a Approval, Refusal> {
    let approval = found(world, digest)?;
    let name = digest.short();
    match (&approval.used, &approval.ended) {
        (Some(attempt), _) => Err(state(format!("the request {name} was used already, as {attempt}")).hint("a second word counts once")),
        (_, Some(reason)) => Err(state(format!("the request {name} is void: {reason}")).hint("it must be asked for anew")),
        _ => Ok(approval),
    }
}

/// Give the second word.
pub(super) fn approve(world: &World, digest: &Digest, expanded: bool, note: Option<&str>, asked: &Asked) -> Result<Decision, Refusal> {
    names::optional_text("the note", note)?;
    let approval = open(world, digest)?;
    let request = &approval.request;
    if asked.level < Level::Approver {
        return Err(forbidden(format!("{} is an {}, and `{}` needs the word of an approver", asked.author, asked.level, request.step))
            .hint("ask someone who is in [access] approvers of dogwatch.toml"));
    }
    if !asked.author.is_person() || asked.author.is_same_person(&approval.by) {
        let reason = format!("{} asked for it: the second word is another person's", approval.by);
        return Err(forbidden(reason).hint("another account of the same login is the same person"));
    }
    if let Some(second) = &approval.given {
        return Err(state(format!("{} has approved it already", second.by)).hint("it is used once"));
    }
    if let Some(reason) = approvals::void(world, approval, asked.boot_id, asked.now) {
        return Err(state(format!("the request {} is void: {reason}", digest.short())).hint("it must be asked for anew"));
    }
    if !expanded && is_odd(request) {
        let refusal = state(format!("the command of `{}` holds characters that are not what they seem", request.step));
        return Err(refusal.hint(format!("read it spelled out: dogwatch approve {} --expanded", digest.short())));
    }
    let note = note.map(str::to_owned).filter(|note| !note.trim().is_empty());
    Ok(Event::ApprovalGiven { digest: digest.clone(), note }.into())
}

/// Whether anything that the approver reads of a request is not what it seems.
fn is_odd(request: &crate::domain::ApprovalRequest) -> bool {
    !odd_characters(&request.command).is_empty()
        || request.params.iter().any(|(name, value)| !odd_characters(name).is_empty() || !odd_characters(value).is_empty())
}

/// Say no, or take one's own request back.
pub(super) fn decline(world: &World, digest: &Digest, reason: &str, asked: &Asked) -> Result<Decision, Refusal> {
    names::text("the reason", reason)?;
    let approval = open(world, digest)?;
    let own = asked.author.is_same_person(&approval.by);
    if !own && asked.level < Level::Approver {
        return Err(forbidden(format!("only {} or an approver ends this request", approval.by)));
    }
    let verb = if own { "taken back by" } else { "declined by" };
    Ok(Event::ApprovalEnded { digest: digest.clone(), reason: format!("{verb} {}: {reason}", asked.author) }.into())
}

/// Run a step without its second person: on record, and with an incident of its own that a person must close.
pub(super) fn break_glass(
    world: &World,
    step: &ProcedureStep,
    attempt: AttemptId,
    params: &Params,
    reason: &str,
    asked: &Asked,
) -> Result<Decision, Refusal> {
    names::text("the reason", reason)?;
    let Job::Procedure { runbook, subject, .. } = &attempt.job else { return Ok(Decision::nothing()) };
    if !approvals::needs_two_people(world, step) {
        return Err(state(format!("`{}` needs no second person: run it", step.name)));
    }
    if !world.procedure_rules.break_glass {
        let refusal = forbidden("this workspace does not allow to go without the second person");
        return Err(refusal.hint("[access] break_glass = true in dogwatch.toml allows it"));
    }
    if !asked.author.is_person() {
        return Err(forbidden(format!("{} is no person", asked.author)));
    }
    let labels: Labels = [
        ("alertname", "GlassBroken".to_owned()),
        ("source", "local".to_owned()),
        ("runbook", runbook.to_string()),
        ("step", step.name.to_string()),
        ("attempt", attempt.number.to_string()),
        ("for", subject.slug()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    let summary = format!("{} ran `{}` of runbook {runbook} without a second person: {reason}", asked.author, step.name);
    let cause = AlertCause::GlassBroken { runbook: runbook.clone(), step: step.name.clone() };
    let notice = AlertNotice { labels, severity: Severity::Critical, summary, cause };
    let fires = Event::AlertFiring { alert: Fingerprint::of(&notice.labels), source: SourceId::local(), notice };
    let taken_over = approvals::open_request(world, runbook, &step.name, subject, params, asked.author);
    let ended = taken_over.map(|approval| {
        let reason = format!("{} went without it", asked.author);
        Event::ApprovalEnded { digest: approval.digest.clone(), reason }
    });
    let broken = Event::GlassBroken { attempt: attempt.clone(), reason: reason.to_owned() };
    let run = Event::ProcedureAsked { attempt, command: step.run.to_string(), params: params.clone() };
    Ok(Decision::events([Some(broken), ended, Some(fires), Some(run)].into_iter().flatten()))
}

/// What a request would run, for previews.
pub(in crate::rules) fn lines(world: &World, request: &crate::domain::ApprovalRequest) -> Vec<String> {
    let until = moment(world, request.expires);
    let mut lines = vec![format!("asks a second person for `{}` of runbook {}, until {until}", request.step, request.runbook)];
    lines.extend(request.command.lines().map(|line| format!("would run {line}")));
    lines.extend(request.params.iter().map(|(name, value)| format!("with {name}={value}")));
    lines.push(format!("expects {}", crate::rules::expected(&request.expect, request.timeout)));
    if let Subject::Incident(incident) = &request.subject {
        lines.push(format!("for incident {incident}"));
    }
    lines
}
