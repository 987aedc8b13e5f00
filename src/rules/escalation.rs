//! Who is told of an incident, when (RULES: escalation). The next time of each chain is a part of its facts, so that a
//! restart neither loses nor repeats it; when it comes, the state is looked at again.

use super::{Asked, Decision, alerts, hours, incident_messages, overlays, rota};
use crate::domain::incident::AlertCause;
use crate::domain::people::{Chain, Rung, Told, Untold, Whom};
use crate::domain::{ChannelId, ChannelKind, Event, IncidentId, PersonId, Severity};
use crate::world::{Escalation, Incident, Overlay, OverlayKind, World};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::time::Duration;

/// How long an alert from outside waits for others of its incident (RULES: grouping).
const OUTSIDE_WAIT: SignedDuration = SignedDuration::from_secs(30);
/// How long a chain waits for something whose end is not known.
const LOOK_AGAIN: Duration = Duration::from_mins(5);
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
    /// On which of their channels the step tells people; empty: on all of them.
    pub on: Vec<ChannelId>,
    /// Who that is by then, as far as is known now.
    pub told: Vec<Told>,
    /// Who is not reached then, as far as is known now.
    pub untold: Vec<Untold>,
    /// Why it waits.
    pub put_off: Option<String>,
}

impl NextStep {
    /// Whom the step names and how, as it is typed.
    pub fn named(&self) -> String {
        self.whom.iter().map(|whom| whom.on(&self.on)).collect::<Vec<_>>().join(", ")
    }
}

/// What an incident's chain comes to next, where it runs.
pub fn next_step(world: &World, incident: &Incident) -> Option<NextStep> {
    let escalation = incident.escalation.as_deref()?;
    let planned = escalation.next_at?;
    // What will keep people from being told then is known now.
    let (at, put_off) = match (&escalation.put_off, waits(world, incident, planned)) {
        (Some(reason), _) => (planned, Some(reason.clone())),
        (None, Some((until, reason))) => (until.max(planned), Some(reason)),
        (None, None) => (planned, None),
    };
    let chain = world.duty.people.chain(escalation.severity);
    let steps = chain.map_or(0, |chain| chain.steps.len());
    let again = chain.is_some_and(|chain| escalation.round < chain.repeat);
    let place = if escalation.step as usize >= steps && again { 0 } else { escalation.step };
    let rung = chain.and_then(|chain| chain.steps.get(place as usize));
    let Reached { told, untold } = rung.map(|rung| reached(world, rung, at)).unwrap_or_default();
    let (whom, on) = rung.map(|rung| (rung.tell.clone(), rung.on.clone())).unwrap_or_default();
    Some(NextStep { at, step: rung.map(|_| place), whom, on, told, untold, put_off })
}

/// An incident was opened, became worse, or nobody works on it any more: its chain begins.
pub(super) fn starts(world: &World, id: IncidentId, now: Timestamp) -> Option<Event> {
    let incident = world.incident(id).filter(|incident| incident.is_open())?;
    let rests = overlays::quiet(world, incident, now).is_some_and(|quiet| is_of_a_person(&quiet));
    if rests {
        return None;
    }
    let chain = world.duty.people.chain(incident.severity)?;
    let mut next_at = later(now, chain.steps.first()?.wait);
    let outside = incident.alerts.values().any(|alert| matches!(alert.notice.cause, AlertCause::Outside { .. }));
    if outside && incident.escalation.as_ref().is_none_or(|escalation| escalation.firings == 0) {
        next_at = next_at.max(incident.opened_at.checked_add(OUTSIDE_WAIT).unwrap_or(now));
    }
    Some(Event::EscalationStarted { incident: id, severity: incident.severity, next_at })
}

/// Whether a person looks after the incident: then its chain rests, and what ends that begins it anew. What only hides an
/// incident for a time lets its chain wait.
fn is_of_a_person(quiet: &Overlay) -> bool {
    matches!(quiet.kind, OverlayKind::Acknowledged | OverlayKind::Mitigated | OverlayKind::Snoozed)
}

/// A silence or a maintenance window has ended: chains that waited for it are looked at now.
pub(super) fn wakes(world: &World, now: Timestamp) -> Vec<Event> {
    let waiting = world.escalating.iter().filter_map(|(_, id)| world.incident(*id)).filter(|incident| {
        let waits = incident.escalation.as_ref().is_some_and(|escalation| escalation.put_off.is_some());
        incident.is_open() && waits && overlays::quiet(world, incident, now).is_none()
    });
    let free = waiting.filter(|incident| hours::quiet_until(world, incident.severity, now).is_none());
    let again =
        |incident: &Incident| Event::EscalationDeferred { incident: incident.id, until: now, reason: "nothing hides it any more".into() };
    free.map(again).collect()
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
    Event::IncidentRetold { incident: id, alerts: escalation.more, told: each_once(world, &escalation.told) }.into()
}

/// Until when, and why, people are not told now.
fn waits(world: &World, incident: &Incident, now: Timestamp) -> Option<(Timestamp, String)> {
    if let Some(quiet) = overlays::quiet(world, incident, now) {
        let until = quiet.until.filter(|until| *until > now).unwrap_or_else(|| later(now, LOOK_AGAIN));
        let reason = quiet.reason.as_deref().filter(|reason| !reason.is_empty()).map(|reason| format!(": {reason}")).unwrap_or_default();
        return Some((until, format!("{}{reason}", quiet.words())));
    }
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
    let Reached { told, mut untold } = reached(world, rung, now);
    let failing = told.iter().filter_map(|one: &Told| Some((one, failing(world, one)?))).collect::<Vec<_>>();
    // A step that reaches nobody does not wait.
    let nobody = failing.len() == told.len();
    untold.extend(failing.into_iter().map(|(one, reason)| Untold { whom: Whom::Channel(one.channel.clone()), reason }));
    let next_at = Some(if nobody { now } else { later(now, wait_after(chain, place)) });
    let alarms: Vec<Event> =
        untold.iter().filter(|untold| is_hole(world, untold)).filter_map(|one| alerts::nobody_told(world, one)).collect();
    let people = told.iter().filter_map(|one| one.person.clone()).map(Whom::Person);
    let reached_again: BTreeSet<Whom> = rung.tell.iter().cloned().chain(people).collect();
    let reached_again = reached_again.iter().filter(|whom| untold.iter().all(|untold| untold.whom != **whom));
    let ended: Vec<Event> = reached_again.filter_map(|whom| told_again(world, whom, now)).collect();
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

/// Whoever was told in several steps hears what follows once.
fn each_once(world: &World, told: &[Told]) -> Vec<Told> {
    let mut once = Vec::new();
    for one in told {
        tell_once(world, &mut once, one.clone());
    }
    once
}

/// Whom a step reaches at an instant, and whom it does not.
#[derive(Default)]
struct Reached {
    /// Each channel once.
    told: Vec<Told>,
    untold: Vec<Untold>,
}

fn reached(world: &World, rung: &Rung, at: Timestamp) -> Reached {
    let mut reached = Reached::default();
    for whom in &rung.tell {
        match meant(world, whom, &rung.on, at) {
            Ok(all) => all.into_iter().for_each(|one| tell_once(world, &mut reached.told, one)),
            Err(reason) => reached.untold.push(Untold { whom: whom.clone(), reason }),
        }
    }
    let left_out: Vec<Untold> = rung.tell.iter().flat_map(|whom| left_out(world, whom, &rung.on, at)).collect();
    for one in left_out {
        if reached.untold.iter().all(|other| other.whom != one.whom) {
            reached.untold.push(one);
        }
    }
    reached
}

/// Who is meant at an instant, on which channels; or why nobody is reached.
fn meant(world: &World, whom: &Whom, on: &[ChannelId], at: Timestamp) -> Result<Vec<Told>, String> {
    match whom {
        Whom::Channel(channel) if world.channel(channel).is_some() => Ok(vec![Told { channel: channel.clone(), person: None }]),
        Whom::Channel(channel) => Err(format!("there is no channel {channel} any more")),
        Whom::Person(person) => of_person(world, person, on),
        Whom::Rota(id) => match rota::on_call(world, id, at) {
            None => Err(format!("there is no rota {id} any more")),
            Some(rota::OnCall { person: None, .. }) => Err("nobody is on call: everyone is away".into()),
            Some(rota::OnCall { person: Some(person), .. }) => of_person(world, &person, on),
        },
        Whom::Team(team) => {
            if world.duty.people.team(team).next().is_none() {
                return Err(format!("nobody belongs to {team}"));
            }
            let mut here = team_here(world, team, at).peekable();
            if here.peek().is_none() {
                return Err(format!("everyone of {team} is away"));
            }
            let all: Vec<Told> = here.filter_map(|id| of_person(world, id, on).ok()).flatten().collect();
            if all.is_empty() { Err(format!("nobody of {team} has {}", wanted(on))) } else { Ok(all) }
        }
    }
}

/// The people of a team who are not away.
fn team_here<'w>(world: &'w World, team: &'w str, at: Timestamp) -> impl Iterator<Item = &'w PersonId> {
    world.duty.people.team(team).map(|(id, _)| id).filter(move |id| !rota::is_away(world, id, at))
}

/// Those of a team whom its step does not reach because it names channels, where it reaches others: who named the channels
/// may not know that.
fn left_out(world: &World, whom: &Whom, on: &[ChannelId], at: Timestamp) -> Vec<Untold> {
    let Whom::Team(team) = whom else { return Vec::new() };
    if on.is_empty() || meant(world, whom, on, at).is_err() {
        return Vec::new();
    }
    let missed = team_here(world, team, at).filter_map(|id| Some((id, of_person(world, id, on).err()?)));
    missed.map(|(id, reason)| Untold { whom: Whom::Person(id.clone()), reason }).collect()
}

/// What somebody lacks who cannot be told.
fn wanted(on: &[ChannelId]) -> String {
    match on {
        [] => "a channel".into(),
        on => format!("one of the channels {}", listed(on)),
    }
}

fn listed(channels: &[ChannelId]) -> String {
    channels.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn of_person(world: &World, id: &PersonId, on: &[ChannelId]) -> Result<Vec<Told>, String> {
    let person = world.duty.people.people.get(id).ok_or_else(|| format!("there is no person {id} any more"))?;
    let mut known = person.channels.iter().filter(|channel| world.channel(channel).is_some()).peekable();
    if known.peek().is_none() {
        return Err(format!("{id} has no channel"));
    }
    let chosen = known.filter(|channel| on.is_empty() || on.contains(channel));
    let told: Vec<Told> = chosen.map(|channel| Told { channel: channel.clone(), person: Some(id.clone()) }).collect();
    if told.is_empty() { Err(format!("{id} has none of the channels {}", listed(on))) } else { Ok(told) }
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
    Some(recovery(world, incident, escalation, now))
}

fn recovery(world: &World, incident: &Incident, escalation: &Escalation, now: Timestamp) -> Event {
    let severity = incident.severity;
    match hours::quiet_until(world, severity, now) {
        Some(until) => Event::EscalationDeferred {
            incident: incident.id,
            until,
            reason: format!("off hours: that this {severity} is over waits for business hours"),
        },
        None => Event::RecoveryTold { incident: incident.id, told: each_once(world, &escalation.told) },
    }
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
    holes.filter_map(|whom| told_again(world, whom, now)).collect()
}

/// The end of the alert about somebody who could not be told, where each step that names them reaches them: another step may
/// want other channels.
fn told_again(world: &World, whom: &Whom, now: Timestamp) -> Option<Event> {
    let ended = alerts::somebody_told(world, whom)?;
    let mut steps = world.duty.people.chains.iter().flat_map(|chain| &chain.steps);
    let is_hole = steps.any(|rung| reached(world, rung, now).untold.iter().any(|untold| untold.whom == *whom));
    (!is_hole).then_some(ended)
}

/// Severities that have no chain: nobody is told of their incidents.
pub fn without_chain(world: &World) -> Vec<Severity> {
    Severity::ALL.into_iter().filter(|severity| world.duty.people.chain(*severity).is_none()).collect()
}
