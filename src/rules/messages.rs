//! Key points → messages: who is told what when a flow starts, ends, is late, is well again (RULES: messages).
//!
//! A message follows from a fact, and a fact is recorded once; its id is derived from the fact and the channel. Who is
//! told is read from the flow's definition of today, also for a run with an older one. The facts themselves are on the
//! timeline whether anyone is told or not.

use super::{Asked, alerts};
use crate::domain::{AlertCause, AttemptId, ChannelId, Event, FlowId, Job, Message, MessageId, Outcome, Point, RunId, Severity, StepName};
use crate::world::{Channel, Flow, Run, World};
use jiff::Timestamp;
use std::fmt::Write as _;
use std::sync::Arc;

/// Characters of a subject.
pub(super) const SUBJECT_MAX: usize = 200;
/// Characters of a line of a text.
pub(super) const LINE_MAX: usize = 400;

/// What is told, before it is told on a channel.
struct News<'w> {
    flow: &'w Flow,
    run: Option<&'w Run>,
    step: Option<&'w StepName>,
    point: Point,
    subject: String,
    severity: Severity,
    /// Tells this fact from every other one of the same point.
    fact: String,
}

/// The first attempt of a run is about to start.
pub(super) fn of_start(world: &World, attempt: &AttemptId, asked: &Asked) -> Vec<Event> {
    let Job::Step { run, .. } = &attempt.job else { return Vec::new() };
    let Some((flow, run)) = at_hand(world, run) else { return Vec::new() };
    if run.steps.iter().map(|step| step.attempts.len()).sum::<usize>() != 1 {
        return Vec::new();
    }
    tell(world, &of_run(flow, run, Point::Started, Severity::Info, format!("{} started", run.id)), asked)
}

/// A step has come to its end.
pub(super) fn of_step(world: &World, run: &RunId, step: &StepName, outcome: &Outcome, asked: &Asked) -> Vec<Event> {
    let Some((flow, run)) = at_hand(world, run) else { return Vec::new() };
    let wanted = &flow.definition.messages.steps;
    if !outcome.is_success() || !(wanted.is_empty() || wanted.contains(step)) {
        return Vec::new();
    }
    let news = of_run(flow, run, Point::StepDone, Severity::Info, format!("{} {step} done", run.id));
    tell(world, &News { step: Some(step), ..news }, asked)
}

/// A run has come to its end, and this is what follows from it for the alerts. A channel that is told of the recovery is
/// not told of the success as well.
pub(super) fn of_run_end(world: &World, run: &RunId, alerts: &[Event], asked: &Asked) -> Vec<Event> {
    let Some((flow, run)) = at_hand(world, run) else { return Vec::new() };
    match &run.outcome {
        Some(Outcome::Failed { .. } | Outcome::Lost | Outcome::UpstreamFailed) => {
            let subject = format!("{} failed: {}", run.id, alerts::what_failed(run));
            let step = run.telling_step().map(|step| &step.name);
            tell(world, &News { step, ..of_run(flow, run, Point::Failed, flow.definition.severity, subject) }, asked)
        }
        Some(outcome) if outcome.is_success() => {
            let finished = of_run(flow, run, Point::Finished, Severity::Info, format!("{} succeeded", run.id));
            if !alerts.iter().any(|event| ends_trouble(world, event)) {
                return tell(world, &finished, asked);
            }
            let recovered =
                of_run(flow, run, Point::Recovered, Severity::Info, format!("{} recovered: {} succeeded", flow.definition.id, run.id));
            let told = &flow.definition.messages.recovered;
            let rest = flow.definition.messages.finished.iter().filter(|channel| !told.contains(channel));
            let mut events = tell(world, &recovered, asked);
            events.extend(rest.filter_map(|channel| on_channel(world, channel, &finished, asked)));
            events
        }
        _ => Vec::new(),
    }
}

/// Whether an event ends what people may have been told of; a run that was too fast is no trouble that ends.
fn ends_trouble(world: &World, event: &Event) -> bool {
    let Event::AlertResolved { alert, .. } = event else { return false };
    world.alerts.get(alert).is_some_and(|alert| !matches!(alert.notice.cause, AlertCause::TooFast { .. }))
}

/// An alert fires: a missed deadline, or a run or step that takes too long, is told, once for each.
pub(super) fn of_alert(world: &World, cause: &AlertCause, summary: &str, asked: &Asked) -> Vec<Event> {
    let fact = match cause {
        AlertCause::NotStarted { deadline, .. } => format!("start by {deadline}"),
        AlertCause::NotFinished { deadline, .. } => format!("finish by {deadline}"),
        AlertCause::TooLong { run, step } => {
            let made = world.run(run).map(|run| run.created_at.to_string()).unwrap_or_default();
            format!("too long {run} {} {made}", step.as_ref().map_or("", StepName::as_str))
        }
        _ => return Vec::new(),
    };
    let Some(flow) = cause.flow().and_then(|flow| world.flow(flow)) else { return Vec::new() };
    let news = News {
        flow,
        run: flow.active().last(),
        step: None,
        point: Point::Late,
        subject: summary.to_owned(),
        severity: flow.definition.severity,
        fact,
    };
    tell(world, &news, asked)
}

fn at_hand<'w>(world: &'w World, run: &RunId) -> Option<(&'w Flow, &'w Run)> {
    let flow = world.flow(&run.flow)?;
    Some((flow, flow.run(run)?))
}

fn of_run<'w>(flow: &'w Flow, run: &'w Run, point: Point, severity: Severity, subject: String) -> News<'w> {
    // A run's number begins anew with a new state folder; the instant of its making does not.
    News { flow, run: Some(run), step: None, point, subject, severity, fact: format!("{} {}", run.id, run.created_at) }
}

fn tell(world: &World, news: &News<'_>, asked: &Asked) -> Vec<Event> {
    let channels = news.flow.definition.messages.at(news.point);
    channels.iter().filter_map(|channel| on_channel(world, channel, news, asked)).collect()
}

/// The message on one channel, or that it is held back because the channel has had its share.
fn on_channel(world: &World, id: &ChannelId, news: &News<'_>, asked: &Asked) -> Option<Event> {
    let channel = world.channel(id)?;
    let message = message(world, channel, news, asked.now);
    if world.messages.contains_key(&message.id) || news.flow.late_told.contains(&message.id) {
        return None;
    }
    Some(if channel.has_room(asked.now) {
        Event::MessageDue { message: Arc::new(message) }
    } else {
        Event::MessageHeldBack { message: message.named(), point: message.point, severity: message.severity }
    })
}

fn message(world: &World, channel: &Channel, news: &News<'_>, now: Timestamp) -> Message {
    let id = &news.flow.definition.id;
    let fact = (&world.name, channel.id(), news.point, id, &news.fact, news.step);
    Message {
        id: MessageId::of(&fact),
        workspace: world.name.clone(),
        channel: channel.id().clone(),
        point: news.point,
        subject: clean(&news.subject, SUBJECT_MAX),
        text: text(world, news),
        severity: news.severity,
        flow: Some(id.clone()),
        run: news.run.map(|run| run.id.clone()),
        step: news.step.cloned(),
        date: news.run.map(|run| run.date),
        at: now,
        incident: None,
        person: None,
    }
}

fn text(world: &World, news: &News<'_>) -> String {
    let definition = &news.flow.definition;
    let mut rows = vec![("workspace", world.name.clone())];
    if let Some(run) = news.run {
        rows.push(("run", format!("{} for {}, planned for {}", run.id, run.date, alerts::wall(run.planned_at, &definition.zone))));
        rows.extend(run.started_at.map(|at| ("started", alerts::wall(at, &definition.zone))));
        rows.extend(run.ended_at.map(|at| ("ended", alerts::wall(at, &definition.zone))));
        if let Some(step) = news.step.and_then(|name| run.step(name)) {
            rows.push(("step", format!("{} {}, attempt {}", step.name, step.state.word(), step.attempts.len())));
        }
    }
    rows.extend(definition.runbook.as_ref().map(|runbook| ("runbook", runbook.to_string())));
    let object = news.run.map_or_else(|| definition.id.to_string(), |run| run.id.to_string());
    rows.push(("look", format!("dogwatch why {object}")));
    let mut text = clean(&news.subject, LINE_MAX);
    if !definition.description.is_empty() {
        let _ = write!(text, "\n{}", clean(&definition.description, LINE_MAX)); // writing to a text cannot fail
    }
    text.push('\n');
    for (name, value) in rows {
        let _ = write!(text, "\n{name:<10} {}", clean(&value, LINE_MAX)); // writing to a text cannot fail
    }
    text
}

/// A test of a channel, asked for by a person.
pub(super) fn of_test(world: &World, channel: &Channel, asked: &Asked) -> Message {
    let by = asked.author.name();
    let fact = (&world.name, channel.id(), Point::Test, by, asked.now, world.seq);
    let subject = format!("test of the channel {}", channel.id());
    let text = format!("{subject}\n\n{} asked for it. Nothing is wrong, and nothing needs to be done.", clean(by, LINE_MAX));
    plain(world, channel.id(), MessageId::of(&fact), Point::Test, subject, text, Severity::Info, asked.now)
}

/// What a storm has left untold, in one message.
pub(super) fn of_storm(world: &World, channel: &Channel, asked: &Asked) -> Option<Message> {
    let held = channel.held_back.as_ref()?;
    let fact = (&world.name, channel.id(), Point::Storm, held.since, asked.now);
    let messages = if held.count == 1 { "message" } else { "messages" };
    let subject = format!("and {} more {messages}", held.count);
    let named: u32 = held.kinds.values().sum();
    let mut text = format!(
        "{subject} since {}: more than {} a minute are told in one.\n",
        alerts::wall(held.since, &world.zone),
        channel.definition.per_minute
    );
    for (kind, count) in &held.kinds {
        let _ = write!(text, "\n{count:>5}  {}", clean(kind, LINE_MAX)); // writing to a text cannot fail
    }
    if named < held.count {
        let _ = write!(text, "\n{:>5}  of other kinds", held.count - named); // writing to a text cannot fail
    }
    text.push_str("\n\nlook       dogwatch events");
    Some(plain(world, channel.id(), MessageId::of(&fact), Point::Storm, subject, text, held.severity, asked.now))
}

#[expect(clippy::too_many_arguments, reason = "the fields of one message")]
fn plain(
    world: &World,
    channel: &ChannelId,
    id: MessageId,
    point: Point,
    subject: String,
    text: String,
    severity: Severity,
    at: Timestamp,
) -> Message {
    let none: Option<FlowId> = None;
    Message {
        id,
        workspace: world.name.clone(),
        channel: channel.clone(),
        point,
        subject,
        text,
        severity,
        flow: none,
        run: None,
        step: None,
        date: None,
        at,
        incident: None,
        person: None,
    }
}

/// One line without control characters: what a neighbour or a step names itself ends up in headers and environments.
pub(super) fn clean(text: &str, max: usize) -> String {
    let safe = |letter: char| if letter.is_control() { ' ' } else { letter };
    let mut line: String = text.chars().take(max).map(safe).collect();
    if text.chars().nth(max).is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn a_line_holds_no_control_characters_and_has_an_end() {
        assert_eq!(clean("a\r\nBcc: x@y\u{1b}[31m\0", 100), "a  Bcc: x@y [31m ");
        assert_eq!(clean("aaaa", 3), "aaa…");
        assert_eq!(clean("aaa", 3), "aaa");
    }
}
