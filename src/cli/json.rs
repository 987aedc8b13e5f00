//! The shapes of `--json`: snake_case, RFC 3339 UTC with the zone's name beside local times, durations in seconds, ids
//! as they are typed. Shapes only grow.

use crate::domain::note::NoteKind;
use crate::domain::{AttemptEnd, Outcome, RunId};
use crate::json::{Value, json};
use crate::rules::forecast::{self, Forecast};
use crate::rules::{self, Held, Reason, Waiting};
use crate::world::run::Decided;
use crate::world::{
    Attempt, Channel, Flow, Hold, Incident, Maintenance, Miss, MissEnd, OverlayKind, Probe, Run, Silence, Stake, StepRun, World,
};
use jiff::Timestamp;

/// A local time with its zone's name, beside the instant.
fn local(at: Timestamp, zone: &str) -> Value {
    let zoned = at.in_tz(zone).map_or_else(|_| at.to_string(), |zoned| zoned.to_string());
    zoned.into()
}

/// One flow, with its last run.
pub fn flow(world: &World, flow: &Flow, next: Option<Timestamp>, now: Timestamp) -> Value {
    let waiting_on: Vec<Reason> = rules::why_flow(world, &flow.definition.id, now);
    let definition = &flow.definition;
    json!({
        "id": definition.id,
        "source": flow.source(),
        "description": definition.description,
        "schedules": definition.schedules,
        "zone": definition.zone,
        "severity": definition.severity,
        "labels": definition.labels,
        "runbook": definition.runbook,
        "next_at": next,
        "next_at_local": next.map(|at| local(at, &definition.zone)),
        "held": flow.hold.as_ref().map(hold),
        "iced": flow.ice.as_ref().map(hold),
        "noop": flow.noop.as_ref().map(|noop| json!({ "by": noop.by, "reason": noop.reason, "since": noop.since })),
        "asked": flow.asked.iter().map(|asked| asked.at).collect::<Vec<_>>(),
        "late": flow.is_late(),
        "forecast": flow.active().next().and_then(|run| forecast::of_run(flow, run, now)).map(|told| foreseen(&told)),
        "waiting_on": waiting_on.iter().map(|reason| &reason.text).collect::<Vec<_>>(),
        "last_run": flow.last_run().map(|last| run(last, &rules::waiting_on(world, last, now))),
        "incidents": flow.incidents,
    })
}

/// When a run ends, as far as the past tells.
fn foreseen(told: &Forecast) -> Value {
    json!({
        "p50_at": told.p50,
        "p90_at": told.p90,
        "due_at": told.due,
        "slack": told.slack().map(|slack| slack.as_secs_f64()),
        "risk": told.risk,
        "comparable_runs": told.comparable,
        "path": told.path,
    })
}

/// One run with its steps and attempts, and what it waits for.
pub fn run(run: &Run, waiting_on: &[Waiting]) -> Value {
    json!({
        "id": run.id,
        "flow": run.id.flow,
        "source": run.id.flow.source(),
        "phase": run.phase,
        "outcome": run.outcome.as_ref().map(Outcome::word),
        "cause": run.cause,
        "author": run.author,
        "planned_at": run.planned_at,
        "date": run.date,
        "params": run.params,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "duration": span(run.started_at, run.ended_at),
        "waiting_on": waiting_on,
        "files": run.files,
        "steps": run.steps.iter().map(step).collect::<Vec<_>>(),
        "held": run.hold.as_deref().map(hold),
        "forced_by": run.forced,
        "noop_by": run.noop,
        "priority": run.priority,
    })
}

fn hold(hold: &Hold) -> Value {
    json!({ "by": hold.by, "reason": hold.reason, "since": hold.since, "until": hold.until })
}

fn decided(word: &Decided) -> Value {
    json!({ "by": word.by, "reason": word.reason, "at": word.at })
}

/// One row of what is kept back.
pub fn held(held: &Held) -> Value {
    json!({
        "kind": held.kind,
        "object": held.object(),
        "flow": held.flow,
        "run": held.run,
        "step": held.step,
        "owner": held.owner,
        "reason": held.reason,
        "since": held.since,
        "until": held.until,
        "hint": held.hint,
    })
}

/// What outages missed, and what waits for a choice.
pub fn misses(world: &World) -> Value {
    let away = world.away.clone().unwrap_or_default();
    let miss = |miss: &Miss| {
        let (became, run, reason) = match &miss.end {
            MissEnd::CaughtUp { run } => ("caught_up", Some(run), None),
            MissEnd::Missed { reason } => ("missed", None, Some(reason)),
            MissEnd::Asked => ("asked", None, None),
        };
        json!({
            "flow": miss.occurrence.flow,
            "planned_at": miss.occurrence.at,
            "planned_at_local": local(miss.occurrence.at, &miss.occurrence.zone),
            "became": became,
            "run": run,
            "reason": reason,
        })
    };
    let waiting = world.flows.values().filter(|flow| !flow.asked.is_empty());
    json!({
        "away": away.spans.iter().map(|(from, to)| json!({ "from": from, "to": to })).collect::<Vec<_>>(),
        "misses": away.misses.iter().map(miss).collect::<Vec<_>>(),
        "more": away.dropped,
        "to_choose": waiting.map(|flow| json!({
            "flow": flow.definition.id,
            "planned_at": flow.asked.iter().map(|asked| asked.at).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    })
}

fn step(step: &StepRun) -> Value {
    json!({
        "name": step.name,
        "state": step.state.word(),
        "outcome": step.state.outcome().map(Outcome::word),
        "carried": step.carried,
        "skipped_by": match step.state.outcome() {
            Some(Outcome::Skipped { by, .. }) => by.clone(),
            _ => None,
        },
        "forced_by": step.forced,
        "decided": step.decided.as_deref().map(decided),
        "approved": step.approved.as_deref().map(decided),
        "attempts": step.attempts.iter().map(attempt).collect::<Vec<_>>(),
    })
}

fn attempt(attempt: &Attempt) -> Value {
    let exit_code = match attempt.end {
        Some(AttemptEnd::Exit(code)) => Some(code),
        _ => None,
    };
    json!({
        "number": attempt.number,
        "pid": attempt.pid,
        "started_at": attempt.started_at,
        "ended_at": attempt.ended_at,
        "duration": span(attempt.started_at, attempt.ended_at),
        "exit_code": exit_code,
        "end": attempt.end.as_ref().map(ToString::to_string),
        "output_bytes": attempt.output_bytes,
        "survivors": attempt.survivors,
    })
}

/// One probe.
pub fn probe(probe: &Probe) -> Value {
    json!({
        "id": probe.definition.id,
        "probe": probe.definition.id,
        "source": probe.source(),
        "target": probe.definition.target.to_string(),
        "every": probe.definition.every.as_secs_f64(),
        "health": probe.health.word(),
        "since": probe.since,
        "reason": probe.reason,
        "error": probe.error,
        "severity": probe.definition.severity,
        "labels": probe.definition.labels,
        "runbook": probe.definition.runbook,
        "incidents": probe.incidents,
        "objective": probe.definition.objective.map(|objective| objective.to_string()),
        "burning": probe.burning,
        "flapping": probe.flapping,
    })
}

/// One channel.
pub fn channel(channel: &Channel) -> Value {
    let definition = &channel.definition;
    json!({
        "id": definition.id,
        "kind": definition.kind.word(),
        "target": definition.kind.target(),
        "state": channel.word(),
        "sent": channel.sent,
        "last_sent_at": channel.last_sent_at,
        "failing_since": channel.failing_since,
        "failures": channel.failures,
        "error": channel.error,
        "queue": channel.queue(),
        "given_up": channel.given_up,
        "unknown": channel.unknown,
        "held_back": channel.held_back.as_ref().map_or(0, |held| held.count),
        "per_minute": definition.per_minute,
        "attempts": definition.retry.attempts,
        "timeout": definition.timeout.as_secs_f64(),
        "idempotent": definition.idempotent,
    })
}

/// One incident without its timeline.
pub fn incident(world: &World, incident: &Incident) -> Value {
    let urgency = world.urgency(incident);
    let now = crate::clock::now();
    let overlays = world.overlays(incident, now);
    let stale = crate::rules::stale(world, incident).filter(|_| incident.is_open()).map(|(source, row)| {
        let since = row.stale_since();
        json!({ "source": source, "since": since, "age": span(Some(since), Some(now)), "reason": row.why_stale() })
    });
    json!({
        "id": incident.id,
        "title": incident.title,
        "sources": incident.neighbours(),
        "stale": stale,
        "stage": incident.stage,
        "severity": incident.severity,
        "labels": incident.labels(),
        "opened_at": incident.opened_at,
        "first_sign_at": incident.first_sign_at,
        "acknowledged_by": incident.acknowledged.as_ref().map(|ack| ack.by.name()),
        "acknowledged_at": incident.acknowledged.as_ref().map(|ack| ack.at),
        "resolved_at": incident.resolved.as_ref().map(|end| end.at),
        "resolved_by": incident.resolved.as_ref().map(|end| end.by.name()),
        "resolution": incident.resolved.as_ref().map(|end| &end.reason),
        "previous": incident.previous,
        "next": incident.next,
        "flows": incident.flows,
        "probes": incident.probes,
        "alerts": incident.alerts.iter().map(|(fingerprint, alert)| json!({
            "fingerprint": fingerprint,
            "source": alert.source,
            "summary": alert.notice.summary,
            "severity": alert.notice.severity,
            "labels": alert.notice.labels,
            "since": alert.since,
            "resolved_at": alert.resolved_at,
        })).collect::<Vec<_>>(),
        "notes": incident.notes,
        "priority": incident.is_open().then(|| urgency.priority()),
        "urgency": json!({
            "runs_out_at": urgency.runs_out,
            "deadline": world.runs_out(incident).filter(|_| incident.is_open()).map(|out| match &out.what {
                Stake::Start(flow) => json!({ "flow": flow, "at": out.at, "kind": "must_start_by" }),
                Stake::Finish(flow) => json!({ "flow": flow, "at": out.at, "kind": "must_finish_by" }),
                Stake::Budget(probe) => json!({ "probe": probe, "at": out.at, "kind": "error_budget" }),
            }),
        }),
        "owner": incident.owner.as_ref().map(|owner| json!({ "name": owner.name, "by": owner.by, "since": owner.since })),
        "mitigated_at": incident.mitigated_at,
        "mitigated_by": incident.mitigated_by,
        "snoozed_until": incident.snoozed.as_ref().map(|snooze| snooze.until),
        "asked_until": incident.acknowledged.as_ref().and_then(|ack| ack.asked_until),
        "merged_into": incident.merged_into,
        "split_from": incident.split_from,
        "overlays": overlays.iter().map(|overlay| json!({
            "kind": overlay.kind.word(),
            "by": overlay.by,
            "reason": overlay.reason,
            "since": overlay.since,
            "until": overlay.until,
            "share": if let OverlayKind::Flapping(flapping) = &overlay.kind { Some(flapping.share) } else { None },
        })).collect::<Vec<_>>(),
        "pins": incident.pins,
        "todos": incident.todos.iter().map(|todo| json!({ "text": todo.text, "by": todo.by.name(), "at": todo.at, "entry": todo.entry })).collect::<Vec<_>>(),
        "evidence": incident.evidence.capsules,
        "write_up": incident.write_up,
        "reviewed_by": incident.reviewer(),
        "post_mortem": incident.notes.iter().rev().find(|note| note.kind == NoteKind::PostMortem).map(|note| &note.path),
        "review": incident.decided,
    })
}

/// One silence.
pub fn silence(silence: &Silence) -> Value {
    json!({
        "id": silence.id,
        "matchers": silence.matchers,
        "by": silence.by,
        "reason": silence.reason,
        "since": silence.since,
        "until": silence.until,
        "ended": silence.ended,
    })
}

/// One maintenance window.
pub fn maintenance(row: &Maintenance) -> Value {
    json!({
        "name": row.window.name,
        "matchers": row.window.matchers,
        "flows": row.window.flows,
        "probes": row.window.probes,
        "reason": row.window.reason,
        "lasts": row.until.is_some(),
        "since": row.since,
        "until": row.until,
    })
}

/// One page for a prompt or a script.
pub fn status(world: &World, welcome: &crate::wire::message::Welcome, running: &[RunId], warning: Option<&str>) -> Value {
    json!({
        "workspace": welcome.workspace,
        "name": world.name,
        "zone": world.zone,
        "state": welcome.state,
        "daemon": json!({ "pid": welcome.pid, "release": welcome.release, "since": world.daemon.as_ref().map(|daemon| daemon.started_at) }),
        "user": welcome.user,
        "level": welcome.level,
        "entries": world.seq,
        "incidents": json!({ "open": world.tally.open, "unacknowledged": world.tally.unacknowledged, "worst": world.worst_open() }),
        "flows": json!({ "all": world.flows.len(), "failed": world.tally.flows_failed, "active": world.tally.flows_active, "late": world.tally.flows_late }),
        "probes": json!({ "all": world.probes.len(), "down": world.tally.probes_down, "degraded": world.tally.probes_degraded }),
        "running": running,
        "workspace_errors": world.workspace_errors,
        "warning": warning,
    })
}

fn span(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<f64> {
    Some(to?.duration_since(from?).as_secs_f64())
}
