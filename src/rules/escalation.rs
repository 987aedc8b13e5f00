//! Who is told of an incident, when (RULES: escalation). The next time of each chain is a part of its facts, so that a
//! restart neither loses nor repeats it; when it comes, the state is looked at again.

use super::{Asked, Decision, alerts, hours, incident_messages, rota};
use crate::domain::incident::AlertCause;
use crate::domain::people::{Chain, Told, Untold, Whom};
use crate::domain::{ChannelKind, Event, IncidentId, PersonId, Severity};
use crate::world::{Escalation, Incident, World};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// How long an alert from outside waits for others of its incident (RULES: grouping).
const OUTSIDE_WAIT: SignedDuration = SignedDuration::from_secs(30);
/// Failed tries after which a channel counts as failing, as for its alert.
const FAILURES: u32 = 3;

/// What an incident's chain comes to next.
#[derive(Debug, Clone, PartialEq)]
pub struct NextStep {
    /// When.
    pub at: Timestamp,
    /// The step, from 0; absent at the end of the chain.
    pub step: Option<u32>,
    /// Whom the step names; empty at the end of the chain.
    pub whom: Vec<Whom>,
    /// Who that is by then, as far as is known now.
    pub told: Vec<Told>,
    /// Why it waits.
    pub put_off: Option<String>,
}

/// What an incident's chain comes to next, where it runs.
pub fn next_step(world: &World, incident: &Incident) -> Option<NextStep> {
    let escalation = incident.escalation.as_deref()?;
    let at = escalation.next_at?;
    let chain = world.duty.people.chain(escalation.severity);
    let steps = chain.map_or(0, |chain| chain.steps.len());
    let again = chain.is_some_and(|chain| escalation.round < chain.repeat);
    let place = if escalation.step as usize >= steps && again { 0 } else { escalation.step };
    let rung = chain.and_then(|chain| chain.steps.get(place as usize));
    let whom = rung.map(|rung| rung.tell.clone()).unwrap_or_default();
    let told = whom.iter().filter_map(|whom| reached(world, whom, at).ok()).flatten();
    let told = told.fold(Vec::new(), |mut all: Vec<Told>, one| {
        if !all.contains(&one) {
            all.push(one);
        }
        all
    });
    Some(NextStep { at, step: rung.map(|_| place), whom, told, put_off: escalation.put_off.clone() })
}

/// An incident was opened, became worse, or nobody works on it any more: its chain begins.
pub(super) fn starts(world: &World, id: IncidentId, now: Timestamp) -> Option<Event> {
    let incident = world.incident(id).filter(|incident| incident.is_open() && incident.acknowledged.is_none())?;
    let chain = world.duty.people.chain(incident.severity)?;
    let mut next_at = later(now, chain.steps.first()?.wait);
    let outside = incident.alerts.values().any(|alert| matches!(alert.notice.cause, AlertCause::Outside { .. }));
    if outside && incident.escalation.as_ref().is_none_or(|escalation| escalation.firings == 0) {
        next_at = next_at.max(incident.opened_at.checked_add(OUTSIDE_WAIT).unwrap_or(now));
    }
    Some(Event::EscalationStarted { incident: id, severity: incident.severity, next_at })
}

/// An incident became worse: where nobody works on it, a worse chain begins.
pub(super) fn raised(world: &World, id: IncidentId, now: Timestamp) -> Option<Event> {
    let incident = world.incident(id)?;
    let same = incident.escalation.as_ref().is_some_and(|escalation| escalation.severity == incident.severity);
    if same { None } else { starts(world, id, now) }
}

/// When an incident's chain must be looked at.
pub(super) fn next_due(world: &World, id: IncidentId) -> Option<Timestamp> {
    world.incident(id)?.escalation.as_ref()?.due()
}

/// What is due of an incident's chain now.
pub(super) fn due(world: &World, id: IncidentId, asked: &Asked) -> Decision {
    let Some(incident) = world.incident(id) else { return Decision::nothing() };
    let Some(escalation) = incident.escalation.as_deref().filter(|escalation| escalation.due().is_some_and(|at| at <= asked.now)) else {
        return Decision::nothing();
    };
    if !incident.is_open() {
        return recovery(world, incident, escalation, asked.now).into();
    }
    if let Some((until, reason)) = waits(world, incident, asked.now) {
        return Event::EscalationDeferred { incident: id, until, reason }.into();
    }
    if escalation.next_at.is_some_and(|at| at <= asked.now) {
        return Decision::events(step(world, incident, escalation, asked.now));
    }
    Event::IncidentRetold { incident: id, alerts: escalation.more, told: escalation.told.clone() }.into()
}

/// Until when, and why, people are not told now.
fn waits(world: &World, incident: &Incident, now: Timestamp) -> Option<(Timestamp, String)> {
    let until = hours::quiet_until(world, incident.severity, now)?;
    Some((until, format!("off hours: {} waits for business hours", incident.severity)))
}

/// The step that is due, or the end of the chain.
fn step(world: &World, incident: &Incident, escalation: &Escalation, now: Timestamp) -> Vec<Event> {
    let id = incident.id;
    let Some(chain) = world.duty.people.chain(escalation.severity).filter(|chain| !chain.steps.is_empty()) else {
        let reason = format!("there is no chain for {} any more", escalation.severity);
        return vec![Event::EscalationEnded { incident: id, reason }];
    };
    let (round, place) = match escalation.step {
        place if (place as usize) < chain.steps.len() => (escalation.round, place),
        _ if escalation.round < chain.repeat => (escalation.round + 1, 0),
        _ => return vec![Event::EscalationExhausted { incident: id }],
    };
    let Some(rung) = chain.steps.get(place as usize) else { return Vec::new() };
    let (mut told, mut untold) = (Vec::new(), Vec::new());
    for whom in &rung.tell {
        match reached(world, whom, now) {
            Ok(all) => all.into_iter().for_each(|one| tell_once(world, &mut told, one)),
            Err(reason) => untold.push(Untold { whom: whom.clone(), reason }),
        }
    }
    let failing = told.iter().filter_map(|one: &Told| Some((one, failing(world, one)?))).collect::<Vec<_>>();
    // A step that reaches nobody does not wait.
    let nobody = failing.len() == told.len();
    untold.extend(failing.into_iter().map(|(one, reason)| Untold { whom: Whom::Channel(one.channel.clone()), reason }));
    let next_at = Some(if nobody { now } else { later(now, wait_after(chain, place)) });
    let alarms: Vec<Event> =
        untold.iter().filter(|untold| is_hole(world, untold)).filter_map(|one| alerts::nobody_told(world, one)).collect();
    let reached_again = rung.tell.iter().filter(|whom| untold.iter().all(|untold| untold.whom != **whom));
    let ended: Vec<Event> = reached_again.filter_map(|whom| alerts::somebody_told(world, whom)).collect();
    let escalated = Event::IncidentEscalated { incident: id, round, step: place, told, untold, next_at };
    [escalated].into_iter().chain(alarms).chain(ended).collect()
}

/// A channel that fails has an alert of its own.
fn is_hole(world: &World, untold: &Untold) -> bool {
    match &untold.whom {
        Whom::Channel(channel) => world.channel(channel).is_none(),
        _ => true,
    }
}

fn wait_after(chain: &Chain, place: u32) -> Duration {
    chain.steps.get(place as usize + 1).map_or(chain.patience, |next| next.wait)
}

fn later(now: Timestamp, wait: Duration) -> Timestamp {
    SignedDuration::try_from(wait).ok().and_then(|wait| now.checked_add(wait).ok()).unwrap_or(now)
}

/// A channel hears a step once; consoles ring for each person.
fn tell_once(world: &World, told: &mut Vec<Told>, one: Told) {
    let rings =
        world.channel(&one.channel).is_some_and(|channel| matches!(channel.definition.kind, ChannelKind::Terminal { everyone: false }));
    let known = |other: &Told| other.channel == one.channel && (!rings || other.person == one.person);
    if !told.iter().any(known) {
        told.push(one);
    }
}

/// Who is meant at an instant, on which channels; or why nobody is reached.
fn reached(world: &World, whom: &Whom, at: Timestamp) -> Result<Vec<Told>, String> {
    match whom {
        Whom::Channel(channel) if world.channel(channel).is_some() => Ok(vec![Told { channel: channel.clone(), person: None }]),
        Whom::Channel(channel) => Err(format!("there is no channel {channel} any more")),
        Whom::Person(person) => of_person(world, person),
        Whom::Rota(id) => match rota::on_call(world, id, at) {
            None => Err(format!("there is no rota {id} any more")),
            Some(rota::OnCall { person: None, .. }) => Err("nobody is on call: everyone is away".into()),
            Some(rota::OnCall { person: Some(person), .. }) => of_person(world, &person),
        },
        Whom::Team(team) => {
            let members: Vec<_> = world.duty.people.team(team).map(|(id, _)| id).collect();
            if members.is_empty() {
                return Err(format!("nobody belongs to {team}"));
            }
            let here: Vec<_> = members.into_iter().filter(|id| !rota::is_away(world, id, at)).collect();
            if here.is_empty() {
                return Err(format!("everyone of {team} is away"));
            }
            let all: Vec<Told> = here.iter().filter_map(|id| of_person(world, id).ok()).flatten().collect();
            if all.is_empty() { Err(format!("nobody of {team} has a channel")) } else { Ok(all) }
        }
    }
}

fn of_person(world: &World, id: &PersonId) -> Result<Vec<Told>, String> {
    let person = world.duty.people.people.get(id).ok_or_else(|| format!("there is no person {id} any more"))?;
    let known = person.channels.iter().filter(|channel| world.channel(channel).is_some());
    let told: Vec<Told> = known.map(|channel| Told { channel: channel.clone(), person: Some(id.clone()) }).collect();
    if told.is_empty() { Err(format!("{id} has no channel")) } else { Ok(told) }
}

/// Why a channel will hardly take a message now.
fn failing(world: &World, told: &Told) -> Option<String> {
    let channel = world.channel(&told.channel)?;
    let lost = channel.has_lost() || channel.failures >= FAILURES;
    lost.then(|| format!("channel {} is failing: {}", channel.id(), channel.error.as_deref().unwrap_or("no reason given")))
}

/// An incident is over: whoever was told of it is told so, off hours only where the severity may disturb.
pub(super) fn resolved(world: &World, id: IncidentId, now: Timestamp) -> Option<Event> {
    let incident = world.incident(id).filter(|incident| !incident.is_open())?;
    let escalation = incident.escalation.as_deref()?;
    if escalation.told.is_empty() {
        return None;
    }
    recovery(world, incident, escalation, now)
}

fn recovery(world: &World, incident: &Incident, escalation: &Escalation, now: Timestamp) -> Option<Event> {
    let severity = incident.severity;
    Some(match hours::quiet_until(world, severity, now) {
        Some(until) => Event::EscalationDeferred {
            incident: incident.id,
            until,
            reason: format!("off hours: that this {severity} is over waits for business hours"),
        },
        None => Event::RecoveryTold { incident: incident.id, told: escalation.told.clone() },
    })
}

/// People are told: one message for each of them.
pub(super) fn told(world: &World, event: &Event, asked: &Asked) -> Vec<Event> {
    incident_messages::of(world, event, asked)
}

/// Alerts about people who could not be told, and now can be, or are named by no chain any more.
pub(super) fn of_definition(world: &World, now: Timestamp) -> Vec<Event> {
    let holes = world.alerts.values().filter_map(|alert| match &alert.notice.cause {
        AlertCause::NobodyTold { whom } => Some(whom),
        _ => None,
    });
    let named = |whom: &Whom| world.duty.people.chains.iter().flat_map(|chain| &chain.steps).any(|rung| rung.tell.contains(whom));
    holes.filter(|whom| !named(whom) || reached(world, whom, now).is_ok()).filter_map(|whom| alerts::somebody_told(world, whom)).collect()
}

/// Severities that have no chain: nobody is told of their incidents.
pub fn without_chain(world: &World) -> Vec<Severity> {
    Severity::ALL.into_iter().filter(|severity| world.duty.people.chain(*severity).is_none()).collect()
}
