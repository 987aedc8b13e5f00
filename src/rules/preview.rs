//! With `--dry-run`: what a command would touch, one line each. It refuses what the command would be refused for.

use super::moment::moment;
use super::{Asked, RerunAsk, RerunPlan, decide, runs, silencing, verbs};
use crate::domain::{Command, Event, Job, Refusal};
use crate::world::World;
use jiff::Timestamp;

/// What a command would touch.
pub fn preview(world: &World, command: &Command, asked: &Asked) -> Result<Vec<String>, Refusal> {
    if let Command::Rerun { run, scope, definition, params, date, reason } = command {
        let (run, scope, params) = (run.clone(), scope.clone(), params.clone());
        let plan = RerunPlan::of(world, &RerunAsk { run, scope, definition: *definition, params, date: *date }, asked.now)?;
        let mut lines = plan.lines(asked);
        // A preview comes before the reason is typed.
        if reason.trim().is_empty() {
            lines.push("it asks for a reason".into());
        }
        return Ok(lines);
    }
    let decision = decide(world, command, asked)?;
    let mut lines: Vec<String> = decision.events.iter().flat_map(|event| of_event(world, event, asked)).collect();
    match command {
        Command::Reload => lines.push("reads the workspace's files again".into()),
        Command::Stop => {
            lines.push("ends the daemon".into());
            lines.extend(world.running.iter().map(|attempt| format!("{attempt} goes on running")));
        }
        Command::Acknowledge { incident, .. } => lines.extend(silencing::foreseen(world, *incident)),
        Command::ExtendSilence { silence, until } => {
            lines.extend(ends_earlier(world, world.silences.get(silence).map(|row| row.until), *until));
        }
        Command::ExtendAtSource { source, id, until } => {
            lines.extend(ends_earlier(world, silencing::ends_there(world, source, id), *until));
        }
        _ => {}
    }
    Ok(lines)
}

/// Whoever asks for a silence to be extended may shorten it.
fn ends_earlier(world: &World, before: Option<Timestamp>, until: Timestamp) -> Option<String> {
    let before = before.filter(|before| until < *before)?;
    Some(format!("ends earlier than now set: {} → {}", moment(world, before), moment(world, until)))
}

fn of_event(world: &World, event: &Event, asked: &Asked) -> Vec<String> {
    match event {
        Event::RunCreated { run, date, params, .. } => {
            let mut lines = vec![format!("starts {run} for {date}")];
            if let Some(flow) = world.flow(&run.flow) {
                lines.extend(verbs::waits_for(flow).map(|first| format!("it waits until {first} is done")));
                if let Some(noop) = &flow.noop {
                    lines.push(format!("it only goes through the motions and executes nothing: no-op by {}, {}", noop.by, noop.reason));
                    return lines;
                }
                let steps = flow.definition.steps.iter();
                lines.extend(steps.filter_map(|step| Some(format!("runs {}: {}", step.name, step.run.as_ref()?))));
            }
            lines.extend(params.iter().map(|(name, value)| format!("with {name}={value}")));
            lines
        }
        Event::RunKillAsked { run, .. } => of_kill(world, run),
        Event::FlowHeld { flow, until, .. } => {
            let mut lines = vec![match until {
                Some(until) => format!("no new run of {flow} starts until {}", moment(world, *until)),
                None => format!("no new run of {flow} starts until someone releases it"),
            }];
            if let Some(row) = world.flow(flow) {
                lines.extend(super::occurrences::next(world, row).map(|at| format!("its next occurrence is at {}", moment(world, at))));
                lines.extend(row.active().map(|run| {
                    let how = if run.has_begun() { "goes on" } else { "has not begun and waits until then" };
                    format!("{} {how}", run.id)
                }));
            }
            lines
        }
        Event::FlowReleased { flow } => {
            let mut lines = vec![format!("{flow} runs again from its next occurrence on; nothing is caught up")];
            let waiting = world.flow(flow).into_iter().flat_map(crate::world::Flow::active).filter(|run| !run.has_begun());
            lines.extend(waiting.map(|run| format!("{} starts when its conditions are met", run.id)));
            lines
        }
        Event::ProbeAsked { probe } => vec![format!("looks at {probe} once, now")],
        Event::IncidentAcknowledged { incident, .. } => vec![format!("incident {incident} is acknowledged by {}", asked.author)],
        Event::AcknowledgementEnded { incident, .. } => vec![format!("nobody works on incident {incident} then")],
        Event::IncidentResolved { incident, .. } => of_resolution(world, *incident),
        Event::Noted { incident, .. } => vec![format!("puts a line into the timeline of incident {incident}")],
        Event::Marked { .. } => vec!["puts a line on everyone's timeline".into()],
        Event::NoteSaved { note } => vec![format!("records {} as a {} on {}", note.path, note.kind, note.subject)],
        Event::ProcedureAsked { attempt, command, params } => {
            let mut lines = vec![format!("starts {attempt}"), format!("runs {command}")];
            lines.extend(params.iter().map(|(name, value)| format!("with {name}={value}")));
            if let Job::Procedure { runbook, step, .. } = &attempt.job
                && let Some(step) = world.book(runbook).and_then(|book| book.step(step))
            {
                lines.push(format!("expects {}", super::expected(&step.expect, step.timeout)));
            }
            lines
        }
        Event::ProcedureKillAsked { attempt } => vec![format!("ends {attempt}: TERM, then KILL")],
        Event::ProcedureTicked { step, done: true, .. } => vec![format!("ticks {step} by hand")],
        Event::ProcedureTicked { step, done: false, .. } => vec![format!("takes the tick of {step} back")],
        Event::ApprovalAsked { request, .. } => verbs::approvals::lines(world, request),
        Event::ApprovalGiven { digest, .. } => vec![format!("lets run once what {} shows, before it expires", digest.short())],
        Event::ApprovalUsed { digest, .. } => vec![format!("uses the second word on {}", digest.short())],
        Event::ApprovalEnded { digest, .. } => vec![format!("ends the request {}", digest.short())],
        Event::GlassBroken { .. } => vec!["goes without the second person: everyone is told, and an incident is opened".into()],
        Event::ChecklistOpened { checklist, due, .. } => vec![format!("opens the checklist {checklist}, to be done by {due}")],
        Event::ItemTicked { item, done: true, .. } => vec![format!("ticks {item}")],
        Event::ItemTicked { item, done: false, .. } => vec![format!("takes the tick of {item} back")],
        Event::MessageDue { message } => {
            let kind = world.channel(&message.channel).map(|channel| &channel.definition.kind);
            let whereto = kind.map(|kind| format!(" ({} {})", kind.word(), kind.target())).unwrap_or_default();
            vec![format!("sends `{}` on {}{whereto}", message.subject, message.channel)]
        }
        other => {
            let lines = [
                verbs::touches(world, other),
                verbs::of_queue(world, other),
                verbs::of_silences(world, other, asked),
                verbs::touches_outside(world, other, asked),
            ];
            lines.into_iter().flatten().collect()
        }
    }
}

fn of_kill(world: &World, id: &crate::domain::RunId) -> Vec<String> {
    let Some(run) = world.run(id) else { return Vec::new() };
    let mut lines: Vec<String> = runs::running(run).map(|attempt| format!("ends {attempt}: TERM, then KILL")).collect();
    let waiting = run.steps.iter().filter(|step| step.state.outcome().is_none() && step.state != crate::world::StepState::Running);
    lines.extend(waiting.map(|step| format!("{} does not run", step.name)));
    lines
}

fn of_resolution(world: &World, id: crate::domain::IncidentId) -> Vec<String> {
    let mut lines = vec![format!("incident {id} is over")];
    let firing = world.incident(id).into_iter().flat_map(|incident| incident.alerts.values()).filter(|alert| alert.resolved_at.is_none());
    lines.extend(firing.map(|alert| format!("still firing, and not told again before it ends: {}", alert.notice.summary)));
    lines
}
