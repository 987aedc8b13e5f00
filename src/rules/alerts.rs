//! Alerts of dogwatch's own: what raises one, what ends it, and the labels that are its identity.

use crate::domain::anchor::Sink;
use crate::domain::incident::AlertNotice;
use crate::domain::people::{Untold, Whom};
use crate::domain::{
    AlertCause, AttemptEnd, ChannelId, Checklist, Event, Fingerprint, FlowDefinition, FlowId, IncidentId, Labels, Outcome, Phase, RunId,
    Severity, SourceId, StepName,
};
use crate::world::{Channel, Flow, Occasion, Run, World};
use jiff::Timestamp;

pub(super) mod of_probes;

const FLOW_FAILED: &str = "FlowFailed";
const FLOW_NOT_STARTED: &str = "FlowNotStarted";
const FLOW_NOT_FINISHED: &str = "FlowNotFinished";
const FLOW_TOO_LONG: &str = "FlowTooLong";
const FLOW_TOO_FAST: &str = "FlowTooFast";
const CHANNEL_FAILING: &str = "ChannelFailing";
const NOBODY_TOLD: &str = "NobodyTold";
const CHECKLIST_OVERDUE: &str = "ChecklistOverdue";
const ANCHOR_FAILING: &str = "AnchorFailing";

/// An alert's labels: the definition's, then those that say what it is. Severity is no part of an identity.
fn labels(given: &Labels, name: &str, source: &str, object: (&str, &str)) -> Labels {
    let mut labels = given.clone();
    labels.remove("severity");
    for (label, value) in [("alertname", name), ("source", source), object] {
        labels.insert(label.to_owned(), value.to_owned());
    }
    labels
}

fn flow_labels(flow: &FlowDefinition, name: &str) -> Labels {
    labels(&flow.labels, name, flow.id.source().as_str(), ("flow", flow.id.as_str()))
}

fn firing(labels: Labels, severity: Severity, summary: String, cause: AlertCause) -> Event {
    let source = match (cause.flow(), cause.probe()) {
        (Some(flow), _) => flow.source(),
        (_, Some(probe)) => probe.source(),
        _ => SourceId::local(),
    };
    Event::AlertFiring { alert: Fingerprint::of(&labels), source, notice: AlertNotice { labels, severity, summary, cause } }
}

fn resolved(world: &World, labels: &Labels, reason: impl FnOnce() -> String) -> Option<Event> {
    let alert = Fingerprint::of(labels);
    world.alerts.contains_key(&alert).then(|| Event::AlertResolved { alert, reason: reason() })
}

fn checklist_labels(checklist: &Checklist) -> Labels {
    labels(&checklist.labels, CHECKLIST_OVERDUE, SourceId::local().as_str(), ("checklist", checklist.id.as_str()))
}

/// Whether the alert on a checklist's slot fires.
pub(super) fn is_overdue(world: &World, checklist: &Checklist) -> bool {
    world.alerts.contains_key(&Fingerprint::of(&checklist_labels(checklist)))
}

/// A checklist is not done by the end of its slot.
pub(super) fn checklist_overdue(open: &Occasion) -> Event {
    let checklist = &open.checklist;
    let (left, all) = (open.unticked().count(), checklist.items.len());
    let summary = format!("checklist {}: {left} of {all} not ticked by {}", checklist.id, wall(open.due, &checklist.zone));
    let cause = AlertCause::ChecklistOverdue { checklist: checklist.id.clone(), due: open.due };
    firing(checklist_labels(checklist), checklist.severity, summary, cause)
}

/// The end of that alert, where it fires.
pub(super) fn checklist_over(world: &World, checklist: &Checklist, reason: &str) -> Option<Event> {
    resolved(world, &checklist_labels(checklist), || reason.to_owned())
}

/// A person has closed the incident of a broken glass: its alert is over, for nothing else ends it.
pub(super) fn of_resolution(world: &World, incident: IncidentId) -> Vec<Event> {
    let rows = world.incident(incident).into_iter().flat_map(|incident| incident.alerts.iter());
    let broken = rows.filter(|(_, row)| row.resolved_at.is_none() && matches!(row.notice.cause, AlertCause::GlassBroken { .. }));
    let firing = broken.filter(|(alert, _)| world.alerts.contains_key(*alert));
    firing.map(|(alert, _)| Event::AlertResolved { alert: *alert, reason: "its incident was closed".into() }).collect()
}

/// A run, or a step of it, is longer or shorter than its bounds: which alert that is, and its cause.
pub(super) fn bound(run: &RunId, step: Option<&StepName>, too_long: bool) -> AlertCause {
    let (run, step) = (run.clone(), step.cloned());
    if too_long { AlertCause::TooLong { run, step } } else { AlertCause::TooFast { run, step } }
}

/// The labels of an alert on the bounds of a flow or a step.
pub(super) fn bound_labels(flow: &FlowDefinition, cause: &AlertCause) -> Labels {
    let (name, step) = match cause {
        AlertCause::TooLong { step, .. } => (FLOW_TOO_LONG, step),
        AlertCause::TooFast { step, .. } => (FLOW_TOO_FAST, step),
        _ => (FLOW_FAILED, &None),
    };
    let mut labels = flow_labels(flow, name);
    labels.extend(step.as_ref().map(|step| ("step".to_owned(), step.to_string())));
    labels
}

/// An alert on the bounds of a flow or a step. Too fast is suspicious, not broken: a warning at most.
pub(super) fn out_of_bounds(flow: &FlowDefinition, cause: AlertCause, summary: String) -> Event {
    let severity = match cause {
        AlertCause::TooFast { .. } => flow.severity.min(Severity::Warning),
        _ => flow.severity,
    };
    firing(bound_labels(flow, &cause), severity, summary, cause)
}

/// The end of an alert on bounds, where it fires.
pub(super) fn within_bounds(world: &World, flow: &FlowDefinition, cause: &AlertCause, reason: impl FnOnce() -> String) -> Option<Event> {
    resolved(world, &bound_labels(flow, cause), reason)
}

/// A deadline for a start has passed.
pub(super) fn not_started(flow: &Flow, deadline: Timestamp) -> Event {
    let (id, definition) = (&flow.definition.id, &flow.definition);
    let summary = format!("{id}: not started by {}", wall(deadline, &definition.zone));
    let cause = AlertCause::NotStarted { flow: id.clone(), deadline };
    firing(flow_labels(definition, FLOW_NOT_STARTED), definition.severity, summary, cause)
}

/// A deadline for a success has passed.
pub(super) fn not_finished(flow: &Flow, deadline: Timestamp) -> Event {
    let (id, definition) = (&flow.definition.id, &flow.definition);
    let summary = format!("{id}: not finished by {}", wall(deadline, &definition.zone));
    let cause = AlertCause::NotFinished { flow: id.clone(), deadline };
    firing(flow_labels(definition, FLOW_NOT_FINISHED), definition.severity, summary, cause)
}

/// A wall time with its zone, short.
pub(super) fn wall(at: Timestamp, zone: &str) -> String {
    match at.in_tz(zone) {
        Ok(zoned) => zoned.strftime("%H:%M %Z").to_string(),
        Err(_) => at.strftime("%H:%M UTC").to_string(),
    }
}

/// What the end of a run means: a failure fires, once retries are spent; a success ends what earlier runs raised.
pub(super) fn of_run_end(world: &World, id: &RunId) -> Vec<Event> {
    let Some(flow) = world.flow(&id.flow) else { return Vec::new() };
    let Some(run) = flow.run(id) else { return Vec::new() };
    match &run.outcome {
        Some(Outcome::Failed { .. } | Outcome::Lost | Outcome::UpstreamFailed) => vec![failed(flow, run)],
        Some(outcome) if outcome.is_success() && run.is_whole() => succeeded(world, flow, run),
        // What was left out on purpose misses no deadline, and repairs nothing.
        Some(outcome) if outcome.lets_go_on() && run.is_whole() => met_deadlines(world, flow, &format!("run {} was left out", run.id)),
        _ => Vec::new(),
    }
}

/// What a person's word on a step of a run that is done means: the run is good now, or its alert has other words.
pub(super) fn of_decision(world: &World, id: &RunId) -> Vec<Event> {
    let Some(flow) = world.flow(&id.flow) else { return Vec::new() };
    let Some(run) = flow.run(id).filter(|run| run.phase == Phase::Done) else { return Vec::new() };
    let good = run.outcome.as_ref().is_some_and(Outcome::is_success);
    let alert = world.alerts.get(&Fingerprint::of(&flow_labels(&flow.definition, FLOW_FAILED)));
    let fires = alert.is_some_and(|alert| matches!(&alert.notice.cause, AlertCause::RunFailed { run } if run == id));
    if good || fires { of_run_end(world, id) } else { Vec::new() }
}

fn failed(flow: &Flow, run: &Run) -> Event {
    let definition = &flow.definition;
    let summary = format!("{}: {}", definition.id, what_failed(run));
    firing(flow_labels(definition, FLOW_FAILED), definition.severity, summary, AlertCause::RunFailed { run: run.id.clone() })
}

/// Which step of a run failed and how, in words.
pub(super) fn what_failed(run: &Run) -> String {
    match run.telling_step() {
        Some(step) => {
            let declared = match step.state.outcome() {
                Some(Outcome::Failed { cause: cause @ AttemptEnd::Declared { .. } }) => Some(cause),
                _ => None,
            };
            let end = declared.or_else(|| step.attempts.last().and_then(|attempt| attempt.end.as_ref()));
            let end = end.map(|end| format!(" ({end})")).unwrap_or_default();
            format!("{} {}{end}", step.name, step.state.word())
        }
        None => run.outcome.as_ref().map_or("failed", Outcome::word).to_owned(),
    }
}

fn succeeded(world: &World, flow: &Flow, run: &Run) -> Vec<Event> {
    let labels = flow_labels(&flow.definition, FLOW_FAILED);
    let alert = world.alerts.get(&Fingerprint::of(&labels));
    // A run that is older than the failed one proves nothing.
    let later = alert.is_some_and(|alert| match &alert.notice.cause {
        AlertCause::RunFailed { run: failed } => run.id.number() >= failed.number() || failed.number().is_none(),
        _ => false,
    });
    let ended = later.then(|| resolved(world, &labels, || format!("run {} succeeded", run.id))).flatten();
    ended.into_iter().chain(met_deadlines(world, flow, &format!("run {} succeeded", run.id))).collect()
}

/// Ends the alerts of deadlines that nothing is late for any more.
pub(super) fn met_deadlines(world: &World, flow: &Flow, reason: &str) -> Vec<Event> {
    let late = |missed: bool, name: &str| {
        let labels = (!missed).then(|| flow_labels(&flow.definition, name))?;
        resolved(world, &labels, || reason.to_owned())
    };
    let start = late(flow.watches.iter().any(|watch| watch.start_missed), FLOW_NOT_STARTED);
    let finish = late(flow.watches.iter().any(|watch| watch.finish_missed), FLOW_NOT_FINISHED);
    start.into_iter().chain(finish).collect()
}

fn channel_labels(channel: &ChannelId) -> Labels {
    labels(&Labels::new(), CHANNEL_FAILING, "local", ("channel", channel.as_str()))
}

/// A channel takes no messages, and no alert says so yet.
pub(super) fn channel_fails(world: &World, channel: &Channel) -> Option<Event> {
    let id = channel.id();
    let labels = channel_labels(id);
    if world.alerts.contains_key(&Fingerprint::of(&labels)) {
        return None;
    }
    let summary = format!("channel {id} does not take messages: {}", channel.error.as_deref().unwrap_or("no reason given"));
    Some(firing(labels, Severity::High, summary, AlertCause::ChannelFailing { channel: id.clone() }))
}

/// A channel takes messages again.
pub(super) fn channel_works(world: &World, id: &ChannelId) -> Option<Event> {
    resolved(world, &channel_labels(id), || format!("channel {id} takes messages again"))
}

/// A channel that is gone raises nothing any more.
pub(super) fn of_channel_removal(world: &World, id: &ChannelId) -> Option<Event> {
    resolved(world, &channel_labels(id), || format!("the channel {id} was removed"))
}

fn whom_labels(whom: &Whom) -> Labels {
    labels(&Labels::new(), NOBODY_TOLD, "local", ("whom", &whom.to_string()))
}

/// A chain of escalation came to someone who cannot be told, and no alert says so yet.
pub(super) fn nobody_told(world: &World, untold: &Untold) -> Option<Event> {
    let labels = whom_labels(&untold.whom);
    if world.alerts.contains_key(&Fingerprint::of(&labels)) {
        return None;
    }
    let summary = format!("{} cannot be told: {}", untold.whom, untold.reason);
    Some(firing(labels, Severity::High, summary, AlertCause::NobodyTold { whom: untold.whom.clone() }))
}

/// Someone who could not be told can be.
pub(super) fn somebody_told(world: &World, whom: &Whom) -> Option<Event> {
    resolved(world, &whom_labels(whom), || format!("{whom} can be told again"))
}

fn anchor_labels(sink: Sink) -> Labels {
    labels(&Labels::new(), ANCHOR_FAILING, "local", ("anchor", &sink.to_string()))
}

/// An anchor outside takes nothing, and no alert says so yet.
pub(super) fn anchor_fails(world: &World, sink: Sink, error: &str) -> Option<Event> {
    let labels = anchor_labels(sink);
    if world.alerts.contains_key(&Fingerprint::of(&labels)) {
        return None;
    }
    let summary = format!("the anchor {} takes nothing: {error}", world.anchors.words(sink));
    Some(firing(labels, Severity::High, summary, AlertCause::AnchorFailing { sink }))
}

/// An anchor outside takes heads again, or is gone.
pub(super) fn anchor_works(world: &World, sink: Sink, reason: &str) -> Option<Event> {
    resolved(world, &anchor_labels(sink), || reason.to_owned())
}

/// A flow that is gone raises nothing any more.
pub(super) fn of_flow_removal(world: &World, id: &FlowId) -> Vec<Event> {
    let own = world.alerts.values().filter(|alert| alert.notice.cause.flow() == Some(id));
    own.map(|alert| Event::AlertResolved { alert: alert.fingerprint, reason: format!("the flow {id} was removed") }).collect()
}

/// With another definition an alert may have other labels or another severity, or its condition may be gone.
pub(super) fn of_flow_definition(world: &World, id: &FlowId) -> Vec<Event> {
    let Some(flow) = world.flow(id) else { return Vec::new() };
    let own = || world.alerts.values().filter(|alert| alert.notice.cause.flow() == Some(id));
    let mut events = Vec::new();
    for alert in own() {
        if matches!(alert.notice.cause, AlertCause::TooLong { .. } | AlertCause::TooFast { .. }) {
            let labels = bound_labels(&flow.definition, &alert.notice.cause);
            events.extend(under_new_name(alert, labels, alert.notice.severity));
            continue;
        }
        let (name, late) = match &alert.notice.cause {
            AlertCause::NotStarted { .. } => (FLOW_NOT_STARTED, flow.watches.iter().any(|watch| watch.start_missed)),
            AlertCause::NotFinished { .. } => (FLOW_NOT_FINISHED, flow.watches.iter().any(|watch| watch.finish_missed)),
            _ => (FLOW_FAILED, true),
        };
        let gone = |reason: &str| Event::AlertResolved { alert: alert.fingerprint, reason: reason.to_owned() };
        if late {
            let labels = flow_labels(&flow.definition, name);
            events.extend(under_new_name(alert, labels, flow.definition.severity));
        } else {
            events.push(gone("the deadline was taken away"));
        }
    }
    events
}

/// The alert with other labels: the new one fires before the old one ends, so that an incident of both stays open.
fn under_new_name(alert: &crate::world::Alert, labels: Labels, severity: Severity) -> Vec<Event> {
    if labels == alert.notice.labels && severity == alert.notice.severity {
        return Vec::new();
    }
    let id = Fingerprint::of(&labels);
    let ended = (id != alert.fingerprint)
        .then(|| Event::AlertResolved { alert: alert.fingerprint, reason: format!("it is alert {id} now: its labels changed") });
    let notice = AlertNotice { labels, severity, ..alert.notice.clone() };
    let again = Event::AlertFiring { alert: id, source: alert.source.clone(), notice };
    [Some(again), ended].into_iter().flatten().collect()
}
