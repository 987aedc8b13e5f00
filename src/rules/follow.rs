//! What follows from a fact that was just applied. Each arm looks at the world as it is now, not at what it was.

use super::{
    Asked, Decision, alerts, anchors, approvals, checklists, conditions, escalation, evidence, health, messages, misses, neighbours,
    outside, overlays, remediation, runs, sending, silencing, slots, timing, triage,
};
use crate::domain::run::RunCause;
use crate::domain::{AttemptId, Effect, Entry, Event, FlowId, Job, RunId};
use crate::world::World;

/// The facts and effects that follow directly from an entry; what follows from those is asked for in turn. Where nothing
/// else follows, a step that is ready takes a free slot.
pub fn follow(world: &World, entry: &Entry, asked: &Asked) -> Decision {
    let mut decision = direct(world, &entry.event, asked);
    // Messages stand beside the work: a step neither waits for them nor starts because of them.
    if !is_message(&entry.event) && decision.events.iter().all(is_message) {
        decision.events.extend(slots::next_start(world, asked));
    }
    decision
}

fn is_message(event: &Event) -> bool {
    matches!(
        event,
        Event::MessageDue { .. }
            | Event::MessageHeldBack { .. }
            | Event::MessageSending { .. }
            | Event::MessageSent { .. }
            | Event::MessageFailed { .. }
            | Event::MessageGivenUp { .. }
            | Event::MessageUnknown { .. }
    )
}

fn direct(world: &World, event: &Event, asked: &Asked) -> Decision {
    let progress = |run: &RunId| runs::next_fact(world, run, asked);
    match event {
        Event::DaemonStarted { .. } => resume(world, asked),
        Event::RunCreated { run, cause: RunCause::File { .. }, .. } => Decision {
            events: progress(run).into_iter().collect(),
            effects: conditions::look_again(world, &run.flow).into_iter().collect(),
        },
        Event::RunCreated { run, .. }
        | Event::RetryPlanned { run, .. }
        | Event::RunReleased { run }
        | Event::StartForced { run, .. }
        | Event::StepApproved { run, .. } => progress(run).into(),
        Event::StepEnded { run, step, outcome } => {
            let told = messages::of_step(world, run, step, outcome, asked);
            Decision::events(timing::of_step_end(world, run, step).into_iter().chain(told).chain(progress(run)))
        }
        Event::RunKillAsked { run, .. } | Event::RunTimedOut { run } => {
            Decision { events: progress(run).into_iter().collect(), effects: runs::kill(world, run) }
        }
        Event::RunEnded { run, .. } => {
            let alerts: Vec<Event> = alerts::of_run_end(world, run).into_iter().chain(timing::of_run_end(world, run)).collect();
            let told = messages::of_run_end(world, run, &alerts, asked);
            let listed = checklists::of_flow(world, &run.flow);
            Decision::events(alerts.into_iter().chain(told).chain(listed).chain(going_on(world, &run.flow, asked)))
        }
        Event::AttemptStarting { attempt, .. } => {
            Decision { events: messages::of_start(world, attempt, asked), ..starting(world, attempt) }
        }
        Event::StepForced { run, .. } => Decision::events(progress(run).into_iter().chain(alerts::of_decision(world, run))),
        Event::FlowReleased { flow } => Decision::events(going_on(world, flow, asked)),
        Event::ClockStepped { by_seconds } => misses::slept(*by_seconds, asked.now).into(),
        Event::AttemptStarted { attempt, .. } => started(world, attempt),
        Event::AttemptAdopted { attempt } => adopted(world, attempt),
        Event::AttemptEnded { attempt, .. } => match &attempt.job {
            Job::Step { run, .. } => {
                let mut decision = started(world, attempt);
                decision.events.extend(progress(run));
                decision
            }
            Job::Procedure { .. } => {
                let next = remediation::of_end(world, attempt, asked.now);
                Decision::events(checklists::of_attempt(world, attempt).into_iter().chain(next))
            }
        },
        Event::FlowDefined { flow } => Decision {
            events: alerts::of_flow_definition(world, &flow.id),
            effects: conditions::watch(world, &flow.id).into_iter().collect(),
        },
        Event::FlowRemoved { flow } => {
            let watch = conditions::watch(world, flow).unwrap_or_else(|| Effect::ForgetFeed(flow.clone()));
            let events = alerts::of_flow_removal(world, flow).into_iter().chain(misses::of_removed(world, flow));
            Decision { events: events.collect(), effects: vec![watch] }
        }
        Event::ProbeDefined { probe } => Decision {
            events: alerts::of_probes::of_definition(world, &probe.id),
            effects: world.probe(&probe.id).map(health::watch).unwrap_or_default(),
        },
        Event::ProbeRemoved { probe } => Decision {
            events: alerts::of_probes::of_removal(world, probe),
            effects: probe.source().is_local().then(|| Effect::ForgetProbe(probe.clone())).into_iter().collect(),
        },
        Event::ProbeAsked { probe } => Effect::ProbeNow(probe.clone()).into(),
        Event::ProbeChanged { probe, from, .. } => Decision {
            events: alerts::of_probes::of_change(world, probe, from.is_down())
                .into_iter()
                .chain(checklists::of_probe(world, probe))
                .collect(),
            effects: health::rhythm(world, probe, *from).into_iter().collect(),
        },
        Event::ProbeBurning { probe, .. } => alerts::of_probes::of_burning(world, probe).into(),
        Event::ProbeFlapping { probe, .. } => alerts::of_probes::of_flapping(world, probe).into(),
        Event::AlertFiring { alert, notice, .. } => {
            let told = messages::of_alert(world, &notice.cause, &notice.summary, asked);
            Decision::events(triage::firing(world, *alert).into_iter().chain(told))
        }
        Event::AlertResolved { alert, reason } => {
            // Its silence first: with the incident it would be ended once more.
            Decision::events(silencing::of_resolution(world, *alert, reason).into_iter().chain(triage::resolved(world, *alert)))
        }
        Event::IncidentAcknowledged { incident, .. } => Decision::events(silencing::of_acknowledgement(world, *incident, asked.now)),
        Event::SourceSilenceAsked { source, order } if order.id.is_none() => silencing::ask(world, source, &order.marker),
        Event::SourceSilenceProlonging { source, marker, .. } | Event::SourceSilenceEnding { source, marker, .. } => {
            silencing::ask(world, source, marker)
        }
        Event::SourceDefined { definition: Some(definition), .. } => {
            Decision { events: Vec::new(), effects: vec![sending::withhold(world), Effect::WatchSource(definition.clone())] }
        }
        Event::SourceRemoved { source } => {
            Decision { events: Vec::new(), effects: vec![sending::withhold(world), Effect::ForgetSource(source.clone())] }
        }
        Event::IntakeDefined { intake } => {
            Decision { events: Vec::new(), effects: vec![sending::withhold(world), Effect::ListenForAlerts(intake.clone())] }
        }
        Event::IncidentOpened { incident, alert, .. } => {
            let muted = overlays::of_new_alert(world, *incident, *alert, asked.now);
            let told = escalation::starts(world, *incident, asked.now);
            let gathered = evidence::of_alert(world, *incident, *alert);
            let remedies = remediation::of_incident(world, *incident, asked.now);
            Decision::events(muted.into_iter().chain(told).chain(gathered).chain(remedies))
        }
        Event::IncidentJoined { incident, alert } => {
            let muted = overlays::of_new_alert(world, *incident, *alert, asked.now);
            let silenced = silencing::of_joining(world, *incident, *alert, asked.now);
            Decision::events(muted.into_iter().chain(silenced).chain(evidence::of_alert(world, *incident, *alert)))
        }
        Event::IncidentSplit { incident, new, .. } => {
            Decision::events(triage::of_split(world, *incident).into_iter().chain(escalation::starts(world, *new, asked.now)))
        }
        Event::AcknowledgementEnded { incident, reason } => {
            let silenced = silencing::of_incident_end(world, *incident, reason);
            Decision::events(escalation::starts(world, *incident, asked.now).into_iter().chain(silenced))
        }
        Event::SnoozeEnded { incident, .. } | Event::MitigationEnded { incident, .. } => {
            escalation::starts(world, *incident, asked.now).into()
        }
        Event::SilenceEnded { .. } | Event::MaintenanceEnded { .. } => Decision::events(escalation::wakes(world, asked.now)),
        Event::SeverityRaised { incident, .. } => escalation::raised(world, *incident, asked.now).into(),
        Event::IncidentResolved { incident, .. } => {
            let told = escalation::resolved(world, *incident, asked.now);
            let silenced = silencing::of_incident_end(world, *incident, "the incident is over");
            Decision::events(told.into_iter().chain(silenced).chain(alerts::of_resolution(world, *incident)))
        }
        Event::IncidentEscalated { .. } | Event::IncidentRetold { .. } | Event::RecoveryTold { .. } => {
            Decision::events(escalation::told(world, event, asked))
        }
        Event::PeopleDefined { .. } | Event::OverrideMade { .. } => Decision::events(escalation::of_definition(world, asked.now)),
        Event::EvidenceAsked { incident, number, .. } => Decision::effects(evidence::order(world, *incident, *number)),
        Event::OutsideDefined { .. } => outside::watch(world).into(),
        Event::ProcedureAsked { attempt, .. } => {
            Event::AttemptStarting { attempt: attempt.clone(), boot_id: asked.boot_id.to_owned() }.into()
        }
        Event::ProcedureKillAsked { attempt } => Effect::KillAttempt { attempt: attempt.clone() }.into(),
        Event::ChannelDefined { .. } => sending::withhold(world).into(),
        Event::ChannelRemoved { channel } => {
            Decision { events: alerts::of_channel_removal(world, channel).into_iter().collect(), effects: vec![sending::withhold(world)] }
        }
        Event::AnchorsDefined { .. } => anchors::defined(world),
        Event::AnchorFailing { sink, error } => alerts::anchor_fails(world, *sink, error).into(),
        Event::AnchorWorks { sink } => alerts::anchor_works(world, *sink, "the anchor takes heads again").into(),
        Event::MessageDue { message } => sending::next(world, &message.channel, asked.now).into(),
        Event::MessageSending { message, .. } => sending::send(world, &message.id),
        Event::MessageSent { message }
        | Event::MessageFailed { message, .. }
        | Event::MessageGivenUp { message, .. }
        | Event::MessageUnknown { message, .. } => sending::ended(world, &message.channel, asked.now),
        Event::RunbookDefined { runbook } => Decision::events(approvals::of_runbook(world, &runbook.id)),
        Event::RunbookRemoved { runbook } => Decision::events(approvals::of_runbook(world, runbook)),
        Event::ProcedureRulesDefined { .. } => Decision::events(approvals::of_machine(world, None)),
        Event::ChecklistOpened { checklist, .. } => Decision::events(checklists::of_opening(world, checklist)),
        Event::ItemTicked { checklist, .. } => Decision::events(checklists::of_tick(world, checklist)),
        Event::ChecklistDone { checklist, .. } => checklists::of_end(world, checklist, true).into(),
        Event::ChecklistLeft { checklist, .. } => checklists::of_end(world, checklist, false).into(),
        _ => Decision::nothing(),
    }
}

/// A daemon begins: it looks at the probes again, and takes up each run where the last entry left it.
fn resume(world: &World, asked: &Asked) -> Decision {
    let runs = world.flows.values().flat_map(|flow| flow.active());
    let Decision { events, effects } = sending::resume(world, asked);
    let record = [outside::watch(world)].into_iter().chain(evidence::resume(world));
    let probes = world.probes.values().flat_map(|probe| health::watch(probe));
    let feeds =
        world.flows.keys().filter_map(|flow| conditions::watch(world, flow)).filter(|effect| matches!(effect, Effect::WatchFeed(_)));
    let away = misses::was_away(world);
    let void = approvals::of_machine(world, Some(asked.boot_id));
    let progress = runs.filter_map(|run| runs::next_fact(world, &run.id, asked));
    Decision {
        events: away.into_iter().chain(void).chain(events).chain(progress).collect(),
        effects: record.chain(probes).chain(feeds).chain(effects).chain(anchors::resume(world)).chain(neighbours::resume(world)).collect(),
    }
}

/// Runs of a flow that go through the motions may do so now: nothing else asks for them.
fn going_on(world: &World, flow: &FlowId, asked: &Asked) -> Option<Event> {
    let mut motions = world.flow(flow)?.stirring().filter(|run| run.noop.is_some());
    motions.find_map(|run| runs::next_fact(world, &run.id, asked))
}

fn starting(world: &World, attempt: &AttemptId) -> Decision {
    let order = runs::order(world, attempt).map(|order| Effect::StartAttempt(Box::new(order)));
    Decision::effects(order)
}

fn started(world: &World, attempt: &AttemptId) -> Decision {
    let Job::Step { run, .. } = &attempt.job else { return Decision::nothing() };
    let Some(flow) = world.flow(&run.flow) else { return Decision::nothing() };
    Decision::events(alerts::met_deadlines(world, flow, &format!("run {run} started")))
}

/// The wish to end an attempt may have been lost with the daemon that had it: it is told again.
fn adopted(world: &World, attempt: &AttemptId) -> Decision {
    let killed = match &attempt.job {
        Job::Step { run, .. } => world.run(run).is_some_and(|run| run.kill_asked_by.is_some()),
        Job::Procedure { .. } => false,
    };
    Decision::effects(killed.then(|| Effect::KillAttempt { attempt: attempt.clone() }))
}
