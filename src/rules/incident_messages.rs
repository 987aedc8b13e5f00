//! Facts of an incident's chain → messages. Each message follows from one recorded fact, and its id from that fact, the
//! channel and the person: no fact makes it twice.

use super::messages::{LINE_MAX, SUBJECT_MAX, clean};
use super::{Asked, alerts, escalation};
use crate::domain::people::Told;
use crate::domain::{ChannelId, Event, IncidentId, Message, MessageId, Point, Severity};
use crate::world::{Escalation, Incident, World};
use jiff::Timestamp;
use std::fmt::Write as _;
use std::sync::Arc;

/// Alerts of an incident that a message lists.
const ALERTS_SHOWN: usize = 8;

/// What is told of an incident.
struct News<'w> {
    incident: &'w Incident,
    escalation: &'w Escalation,
    point: Point,
    subject: String,
    severity: Severity,
    /// Tells this fact from every other one of the same point and chain.
    fact: (u32, u32),
}

/// The messages of a fact that was just applied.
pub(super) fn of(world: &World, event: &Event, asked: &Asked) -> Vec<Event> {
    let (Event::IncidentEscalated { incident: id, told, .. }
    | Event::IncidentRetold { incident: id, told, .. }
    | Event::RecoveryTold { incident: id, told }) = event
    else {
        return Vec::new();
    };
    let Some(news) = news(world, *id, event) else { return Vec::new() };
    told.iter().filter_map(|one| on_channel(world, one, &news, asked)).collect()
}

fn news<'w>(world: &'w World, id: IncidentId, event: &Event) -> Option<News<'w>> {
    let incident = world.incident(id)?;
    let escalation = incident.escalation.as_deref()?;
    let severity = incident.severity;
    let title = &incident.title;
    Some(match event {
        Event::IncidentEscalated { round, step, .. } if escalation.firings <= 1 => News {
            incident,
            escalation,
            point: Point::IncidentOpened,
            subject: format!("{severity} incident {id}: {title}"),
            severity,
            fact: (*round, *step),
        },
        Event::IncidentEscalated { round, step, .. } => News {
            incident,
            escalation,
            point: Point::IncidentEscalated,
            subject: format!("{severity} incident {id} is not acknowledged: {title}"),
            severity,
            fact: (*round, *step),
        },
        Event::IncidentRetold { alerts, .. } => News {
            incident,
            escalation,
            point: Point::IncidentGrown,
            subject: format!("{severity} incident {id} has {alerts} more {}: {title}", if *alerts == 1 { "alert" } else { "alerts" }),
            severity,
            fact: (u32::try_from(incident.alerts.len()).unwrap_or(u32::MAX), *alerts),
        },
        _ => {
            let resolution = incident.resolved.as_ref()?;
            let by = if resolution.by.is_person() { format!(" by {}", resolution.by.name()) } else { String::new() };
            News {
                incident,
                escalation,
                point: Point::IncidentRecovered,
                subject: format!("incident {id} is over{by}: {title}"),
                severity: Severity::Info,
                fact: (0, 0),
            }
        }
    })
}

fn on_channel(world: &World, told: &Told, news: &News<'_>, asked: &Asked) -> Option<Event> {
    let channel = world.channel(&told.channel)?;
    let message = message(world, channel.id(), told, news, asked.now);
    if world.messages.contains_key(&message.id) {
        return None;
    }
    Some(if channel.has_room(asked.now) {
        Event::MessageDue { message: Arc::new(message) }
    } else {
        Event::MessageHeldBack { message: message.named(), point: message.point, severity: message.severity }
    })
}

fn message(world: &World, channel: &ChannelId, told: &Told, news: &News<'_>, now: Timestamp) -> Message {
    let incident = news.incident;
    let fact = (
        &world.name,
        channel,
        news.point,
        (incident.id, incident.opened_at, news.escalation.number, news.escalation.last_told_at),
        (news.fact, &told.person),
    );
    Message {
        id: MessageId::of(&fact),
        workspace: world.name.clone(),
        channel: channel.clone(),
        point: news.point,
        subject: clean(&news.subject, SUBJECT_MAX),
        text: text(world, news),
        severity: news.severity,
        flow: None,
        run: None,
        step: None,
        date: None,
        at: now,
        incident: Some(incident.id),
        person: told.person.clone(),
    }
}

fn text(world: &World, news: &News<'_>) -> String {
    let incident = news.incident;
    let mut rows = vec![("workspace", world.name.clone()), ("opened", alerts::wall(incident.opened_at, &world.zone))];
    rows.extend(incident.resolved.as_ref().map(|end| ("ended", format!("{}, {}", alerts::wall(end.at, &world.zone), end.reason))));
    let group: Vec<String> = incident.group.iter().map(|(name, value)| format!("{name}={value}")).collect();
    rows.push(("group", group.join(" ")));
    let firing: Vec<_> = incident.alerts.values().filter(|alert| alert.resolved_at.is_none()).collect();
    rows.extend(firing.iter().take(ALERTS_SHOWN).map(|alert| ("alert", alert.notice.summary.clone())));
    let more = firing.len().saturating_sub(ALERTS_SHOWN);
    rows.extend((more > 0).then(|| ("", format!("and {more} more"))));
    rows.extend(after(world, incident).map(|words| ("next", words)));
    rows.push(("look", format!("dogwatch incident {}", incident.id)));
    if incident.is_open() {
        rows.push(("ack", format!("dogwatch ack {}", incident.id)));
    }
    let mut text = clean(&news.subject, LINE_MAX);
    text.push('\n');
    for (name, value) in rows {
        let _ = write!(text, "\n{name:<10} {}", clean(&value, LINE_MAX)); // writing to a text cannot fail
    }
    text
}

/// Who is told next where nobody acknowledges.
fn after(world: &World, incident: &Incident) -> Option<String> {
    let next = escalation::next_step(world, incident)?;
    let at = alerts::wall(next.at, &world.zone);
    Some(match next.step {
        Some(_) => format!("at {at}: {}", next.named()),
        None => format!("nobody: the chain ends at {at}"),
    })
}
