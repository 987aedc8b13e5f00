//! What a person asks for: one arm for each command, which decides or refuses.

pub(super) mod approvals;
mod checklists;
mod flows;
mod holds;
mod incidents;
mod misses;
mod outside;
mod overrides;
mod procedures;
mod queue;
mod record;
mod reviews;
mod silences;
mod steps;
mod touches;

pub(super) use outside::touches as touches_outside;
pub(super) use queue::touches as of_queue;
pub(super) use silences::touches as of_silences;
pub(super) use touches::touches;

use super::{Asked, Decision, RerunAsk, anchors, evidence, sending, silencing};
use crate::domain::source::Capability;
use crate::domain::{Command, Effect, Refusal, RefusalKind, RunId, SourceId};
use crate::world::{Flow, World};
use procedures::Wanted;
use std::fmt::Display;

/// A person's command: facts and effects, or a refusal with its reason.
pub fn decide(world: &World, command: &Command, asked: &Asked) -> Result<Decision, Refusal> {
    anchors::allow(world, command)?;
    match command {
        Command::Run { flow, params, date, reason } => flows::run(world, flow, params, *date, reason.as_deref(), asked),
        Command::Rerun { run, scope, definition, params, date, reason } => {
            let (run, scope, params) = (run.clone(), scope.clone(), params.clone());
            flows::rerun(world, &RerunAsk { run, scope, definition: *definition, params, date: *date }, reason, asked.now)
        }
        Command::Kill { run, reason } => flows::kill(world, run, reason.as_deref()),
        Command::Hold { flow, until, reason } => flows::hold(world, flow, *until, reason, asked),
        Command::Release { flow } => flows::release(world, flow),
        Command::ProbeNow { probe } => flows::probe_now(world, probe),
        Command::Acknowledge { incident, note } => incidents::acknowledge(world, *incident, note.as_deref(), asked),
        Command::Unacknowledge { incident } => incidents::unacknowledge(world, *incident),
        Command::Resolve { incident, reason } => incidents::resolve(world, *incident, reason),
        Command::Note { incident, text } => incidents::note(world, *incident, text),
        Command::Mark { text } => incidents::mark(text),
        Command::RecordNote { note } => incidents::record_note(world, note),
        Command::RunProcedure { runbook, step, subject, params, confirmed } => {
            procedures::run(world, &Wanted { runbook, step, subject, params, confirmed: confirmed.as_deref() }, asked)
        }
        Command::KillProcedure { runbook, step, subject } => procedures::kill(world, runbook, step, subject),
        Command::Tick { runbook, step, subject, done } => procedures::tick(world, runbook, step, subject, *done),
        Command::Reload => Ok(Effect::ReloadWorkspace.into()),
        Command::Stop => Ok(Effect::StopDaemon.into()),
        Command::TestChannel { channel } => sending::test(world, channel, asked),
        Command::Ice { flow, until, reason } => holds::ice(world, flow, *until, reason, asked),
        Command::Thaw { flow } => holds::thaw(world, flow),
        Command::NoopOnce { flow, reason } => holds::noop(world, flow, reason),
        Command::NoopWithdraw { flow } => holds::noop_withdraw(world, flow),
        Command::HoldRun { run, until, reason } => holds::hold_run(world, run, *until, reason, asked),
        Command::ReleaseRun { run } => holds::release_run(world, run),
        Command::Prioritize { run, priority } => holds::prioritize(world, run, *priority),
        Command::Force { run, step: None, reason } => steps::force_run(world, run, reason),
        Command::Force { run, step: Some(step), reason } => steps::force_step(world, run, step, reason),
        Command::Skip { run, step, reason } => steps::skip(world, run, step, reason, asked),
        Command::SetOk { run, step, reason } => steps::set_ok(world, run, step, reason, asked),
        Command::SetFailed { run, step, reason } => steps::set_failed(world, run, step, reason, asked),
        Command::Approve { run, step, note } => steps::approve(world, run, step, note.as_deref(), asked),
        Command::ChooseMissed { flow, choice } => misses::choose(world, flow, *choice, asked),
        Command::DismissMisses => misses::dismiss(world),
        Command::SendAlert { alert } => super::sent::send(world, alert, asked),
        Command::EndAlert { labels, reason, source } => super::sent::end(world, labels, reason.as_deref(), source.as_ref()),
        Command::SilenceSource { source, matchers, until, comment } => silencing::make(world, source, matchers, *until, comment, asked),
        Command::ExtendAtSource { source, id, until } => silencing::extend(world, source, id, *until, asked),
        Command::ExpireAtSource { source, id } => silencing::expire(world, source, id, asked),
        Command::Mitigate { incident, note } => queue::mitigate(world, *incident, note.as_deref()),
        Command::Unmitigate { incident } => queue::unmitigate(world, *incident),
        Command::Snooze { incident, until, reason } => queue::snooze(world, *incident, *until, reason.as_deref(), asked),
        Command::Unsnooze { incident } => queue::unsnooze(world, *incident),
        Command::Claim { incident } => queue::claim(world, *incident, asked),
        Command::Unclaim { incident } => queue::unclaim(world, *incident),
        Command::HandOver { incident, to, note } => queue::hand_over(world, *incident, to, note.as_deref()),
        Command::Merge { incident, into } => queue::merge(world, *incident, *into),
        Command::Split { incident, alerts } => queue::split(world, *incident, alerts),
        Command::Silence { matchers, until, reason } => silences::silence(world, matchers, *until, reason, asked),
        Command::ExtendSilence { silence, until } => silences::extend(world, *silence, *until, asked),
        Command::Unsilence { silence } => silences::unsilence(world, *silence),
        Command::Override { rota, person, from, to, reason } => {
            overrides::make(world, rota, person, (*from, *to), reason.as_deref(), asked)
        }
        Command::EndOverride { rota } => overrides::end(world, rota, asked),
        Command::Pin { incident, entry, pinned } => record::pin(world, *incident, *entry, *pinned),
        Command::TakeEvidence { incident } => evidence::take(world, *incident),
        Command::MoveWriteUp { incident, state } => reviews::move_write_up(world, *incident, *state),
        Command::DecideReview { incident, finding, accepted, path } => {
            reviews::decide(world, *incident, finding, *accepted, path.as_deref())
        }
        Command::ApproveProcedure { digest, expanded, note } => approvals::approve(world, digest, *expanded, note.as_deref(), asked),
        Command::DeclineProcedure { digest, reason } => approvals::decline(world, digest, reason, asked),
        Command::BreakGlass { runbook, step, subject, params, confirmed, reason } => {
            let wanted = Wanted { runbook, step, subject, params, confirmed: confirmed.as_deref() };
            procedures::break_glass(world, &wanted, reason, asked)
        }
        Command::OpenChecklist { checklist } => checklists::open(world, checklist, asked),
        Command::TickItem { checklist, item, done, note } => checklists::tick(world, checklist, item, (*done, note.as_deref()), asked),
        Command::VerifyChecklist { checklist } => checklists::verify(world, checklist, asked),
    }
}

/// Whether dogwatch itself can do something to an object. What a neighbour owns is asked of the neighbour.
pub(super) fn local(world: &World, source: &SourceId, capability: Capability, object: &impl Display) -> Result<(), Refusal> {
    if source.is_local() {
        return Ok(());
    }
    let refuse = |reason| Err(Refusal::new(RefusalKind::Unsupported, reason));
    match world.sources.get(source) {
        None => refuse(format!("{object} belongs to `{source}`, which is not configured")),
        Some(row) if !world.can(source, capability) => {
            refuse(format!("{object} belongs to `{source}`, and {} cannot {capability}", row.kind))
        }
        Some(row) => refuse(format!("{object} belongs to `{source}`: dogwatch only reads from {}", row.kind)),
    }
}

/// Whether a new run of a flow may be made.
pub(super) fn may_run(flow: &Flow) -> Result<(), Refusal> {
    let id = &flow.definition.id;
    let state = |reason| Refusal::new(RefusalKind::State, reason);
    if flow.removed {
        return Err(state(format!("the file of `{id}` is gone")).hint(format!("bring {} back", flow.definition.file)));
    }
    if let Some(ice) = &flow.ice {
        return Err(state(format!("`{id}` is iced by {}: {}", ice.by, ice.reason)).hint(format!("thaw it first: dogwatch thaw {id}")));
    }
    match &flow.hold {
        Some(hold) => {
            Err(state(format!("`{id}` is held by {}: {}", hold.by, hold.reason)).hint(format!("release it first: dogwatch release {id}")))
        }
        None => Ok(()),
    }
}

/// The run that a new one would wait for.
pub(super) fn waits_for(flow: &Flow) -> Option<RunId> {
    let full = flow.side_by_side().is_some_and(|most| flow.active().count() >= most);
    flow.active().last().filter(|_| full).map(|run| run.id.clone())
}
