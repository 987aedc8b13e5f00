//! Silences at neighbours: an acknowledgement makes a short one on the exact labels of each alert, keeps it alive while
//! the alert fires and ends it afterwards; people make, prolong and end others.
//!
//! Each has a marker in its comment. It is on record before the neighbour is asked, and the neighbour is looked through
//! for the marker before it is asked again: a lost answer makes no second silence.

mod compared;

pub(super) use compared::{acknowledging, compared, put_off};

use super::moment::moment;
use super::sent::{SOURCE, is_outside, of_environment};
use super::{Asked, Decision, names, timing};
use crate::domain::sent::{LabelMatcher, SILENCES_MAX, SourceFault, SourceOrder, SourceTask};
use crate::domain::source::Capability;
use crate::domain::{Effect, Event, Fingerprint, IncidentId, Labels, MessageId, Refusal, RefusalKind, SilenceOrder, SourceId, counted};
use crate::world::{Alert, Incident, Silencing, SilencingState, Source, World};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The first wait after a try that failed; it doubles with each further one.
const AGAIN_FIRST: Duration = Duration::from_secs(5);
/// The longest wait between two tries.
const AGAIN_MAX: Duration = Duration::from_mins(5);
/// No neighbour's wish makes a wait longer.
const RETRY_AFTER_MAX: Duration = Duration::from_mins(15);
/// A silence that a neighbour calls over this long before its end was ended by someone.
const EARLY: SignedDuration = SignedDuration::from_secs(5);
/// The longest silence that can be asked for.
const LONGEST: SignedDuration = SignedDuration::from_hours(90 * 24);

/// A neighbour's own labels of an alert, without the environment's name that dogwatch added.
fn labels_there(alert: &Alert) -> Labels {
    let mut labels = alert.notice.labels.clone();
    if labels.get(SOURCE).is_some_and(|name| name == alert.source.as_str()) {
        labels.remove(SOURCE);
        let is_there = [Fingerprint::of(&labels), of_environment(&alert.source, &labels)].contains(&alert.fingerprint);
        if !is_there {
            return alert.notice.labels.clone();
        }
    }
    labels
}

/// How long the silence of an acknowledgement is made at a time.
fn span(row: &Source) -> SignedDuration {
    let span = row.definition.as_ref().map_or(Duration::from_mins(15), |definition| definition.silence_for);
    SignedDuration::try_from(span).unwrap_or(SignedDuration::from_mins(15))
}

fn after(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_add(span).unwrap_or(at)
}

fn marker(what: &impl serde::Serialize) -> String {
    format!("dw-{}", MessageId::of(what))
}

/// An alert that an acknowledgement silences at its neighbour, and that is not silenced so yet.
fn can_be_silenced(world: &World, id: Fingerprint) -> Option<(&Alert, &Source)> {
    let alert = world.alerts.get(&id).filter(|alert| is_outside(alert))?;
    let row = world.sources.get(&alert.source).filter(|row| row.capabilities.contains(&Capability::Acknowledge))?;
    (row.definition.is_some() && !row.silenced.contains_key(&id)).then_some((&**alert, row))
}

/// The silence that an acknowledged alert is to have, where it has none.
fn wanted(world: &World, incident: &Incident, id: Fingerprint, now: Timestamp) -> Option<Event> {
    let ack = incident.acknowledged.as_ref()?;
    let (alert, row) = can_be_silenced(world, id).filter(|(_, row)| row.silencings.len() < SILENCES_MAX)?;
    let marker = marker(&(&alert.source, id, incident.id, now));
    let by = ack.by.name().to_owned();
    let comment = format!("ack by {by} via dogwatch, incident {}, {marker}", incident.id);
    let matchers = labels_there(alert).iter().map(|(name, value)| LabelMatcher::exact(name, value)).collect();
    let ends = after(now, span(row));
    let order = SilenceOrder { marker, alert: Some(id), incident: Some(incident.id), matchers, ends, by, comment, id: None };
    Some(Event::SourceSilenceAsked { source: alert.source.clone(), order: Arc::new(order) })
}

/// Somebody works on an incident: its alerts from neighbours are silenced there.
pub(super) fn of_acknowledgement(world: &World, incident: IncidentId, now: Timestamp) -> Vec<Event> {
    let Some(incident) = world.incident(incident) else { return Vec::new() };
    let mut room: BTreeMap<&SourceId, usize> = BTreeMap::new();
    let asked = incident.alerts.iter().filter(|(_, alert)| alert.resolved_at.is_none() && !alert.source.is_local());
    let asked = asked.filter(|(_, alert)| {
        let left = room
            .entry(&alert.source)
            .or_insert_with(|| world.sources.get(&alert.source).map_or(0, |row| SILENCES_MAX.saturating_sub(row.silencings.len())));
        let fits = *left > 0;
        *left = left.saturating_sub(1);
        fits
    });
    asked.filter_map(|(id, _)| wanted(world, incident, *id, now)).collect()
}

/// What an acknowledgement will ask neighbours for.
pub(super) fn foreseen(world: &World, incident: IncidentId) -> Vec<String> {
    let Some(incident) = world.incident(incident) else { return Vec::new() };
    let mut alerts: BTreeMap<&SourceId, usize> = BTreeMap::new();
    for (id, alert) in incident.alerts.iter().filter(|(_, alert)| alert.resolved_at.is_none()) {
        if can_be_silenced(world, *id).is_some() {
            *alerts.entry(&alert.source).or_default() += 1;
        }
    }
    let line = |(source, count): (&SourceId, usize)| {
        let row = world.sources.get(source)?;
        let count = count.min(SILENCES_MAX.saturating_sub(row.silencings.len()));
        let lasts = timing::words(span(row).unsigned_abs());
        (count > 0).then(|| format!("makes a silence of {lasts} at {source} for {}", counted(count, "alert")))
    };
    alerts.into_iter().filter_map(line).collect()
}

/// An alert has joined an incident that somebody works on.
pub(super) fn of_joining(world: &World, incident: IncidentId, alert: Fingerprint, now: Timestamp) -> Option<Event> {
    world.incident(incident).and_then(|incident| wanted(world, incident, alert, now))
}

/// An alert is over: its silence is no longer wanted.
pub(super) fn of_resolution(world: &World, alert: Fingerprint, reason: &str) -> Option<Event> {
    let (source, marker) = world.sources.iter().find_map(|(source, row)| Some((source, row.silenced.get(&alert)?)))?;
    Some(ending(source, marker, reason))
}

/// Nobody works on an incident any more.
pub(super) fn of_incident_end(world: &World, incident: IncidentId, reason: &str) -> Vec<Event> {
    let silenced = world.sources.values().any(|row| !row.silenced.is_empty());
    let Some(incident) = world.incident(incident).filter(|_| silenced) else { return Vec::new() };
    incident.alerts.keys().filter_map(|alert| of_resolution(world, *alert, reason)).collect()
}

/// Why the silence of an acknowledgement is no longer wanted; absent where it is, and where a person asked for it.
fn unwanted(world: &World, order: &SilenceOrder) -> Option<&'static str> {
    let Some(alert) = world.alerts.get(&order.alert?) else { return Some("the alert is over") };
    let incident = alert.incident.and_then(|id| world.incident(id));
    let is_worked_on = incident.is_some_and(|incident| incident.is_open() && incident.acknowledged.is_some());
    (!is_worked_on).then_some("nobody works on its incident any more")
}

/// The neighbour is asked for what an entry says. Whatever order its answers came in: what is no longer wanted is neither
/// made nor prolonged, it is ended.
pub(super) fn ask(world: &World, source: &SourceId, marker: &str) -> Decision {
    let Some(row) = world.silencing(source, marker).filter(|row| row.state == SilencingState::Asking) else {
        return Decision::nothing();
    };
    match unwanted(world, &row.order).filter(|_| row.ending.is_none()) {
        Some(reason) => ending(source, marker, reason).into(),
        None => order(source, row).into(),
    }
}

fn ending(source: &SourceId, marker: &str, reason: &str) -> Event {
    Event::SourceSilenceEnding { source: source.clone(), marker: marker.to_owned(), reason: reason.to_owned() }
}

fn order(source: &SourceId, row: &Silencing) -> Effect {
    let silence = SilenceOrder { id: row.id.clone(), ..(*row.order).clone() };
    let task = if row.ending.is_some() { SourceTask::End } else { SourceTask::Stand };
    Effect::AskSource(Box::new(SourceOrder { source: source.clone(), silence, task }))
}

/// A daemon begins: what was being asked when the one before it ended is asked again, and found by its marker.
pub(super) fn resume(world: &World) -> Vec<Effect> {
    let asking = |(source, row): (&SourceId, &Source)| {
        let rows = row.silencings.values().filter(|row| row.state == SilencingState::Asking);
        rows.map(|row| order(source, row)).collect::<Vec<_>>()
    };
    world.sources.iter().flat_map(asking).collect()
}

/// A silence exists. One that is to end, or that nobody knows any more, is ended under the id that is known now.
pub(super) fn made(world: &World, source: &SourceId, mark: &str, (id, ends): (&str, Timestamp), now: Timestamp) -> Vec<Event> {
    let Some(row) = world.sources.get(source) else { return Vec::new() };
    if let Some(own) = row.silencings.get(mark) {
        let made = Event::SourceSilenceMade { source: source.clone(), marker: mark.to_owned(), id: id.to_owned(), ends };
        return [made].into_iter().chain(own.ending.as_deref().map(|reason| ending(source, mark, reason))).collect();
    }
    if is_in_hand(row, id) {
        return Vec::new();
    }
    let (by, comment) = ("dogwatch".to_owned(), mark.to_owned());
    let (marker, id) = (marker(&(source, id, now)), Some(id.to_owned()));
    let order = SilenceOrder { marker, alert: None, incident: None, matchers: Vec::new(), ends, by, comment, id };
    taken_to_end(source, order, "it was made after it was no longer wanted").into()
}

/// Whether dogwatch makes, keeps or ends the silence of this id.
fn is_in_hand(row: &Source, id: &str) -> bool {
    row.silencings.values().any(|own| own.id.as_deref() == Some(id))
}

/// A silence that stands and is not to stand, taken over and ended.
fn taken_to_end(source: &SourceId, order: SilenceOrder, reason: &str) -> [Event; 2] {
    let ending = ending(source, &order.marker, reason);
    [Event::SourceSilenceAsked { source: source.clone(), order: Arc::new(order) }, ending]
}

/// A silence exists no longer.
pub(super) fn expired(world: &World, source: &SourceId, marker: &str) -> Option<Event> {
    let row = world.silencing(source, marker)?;
    Some(ended(source, row, row.ending.as_deref().unwrap_or("it was ended")))
}

fn ended(source: &SourceId, row: &Silencing, reason: &str) -> Event {
    let (marker, incident) = (row.order.marker.clone(), row.order.incident);
    Event::SourceSilenceEnded { source: source.clone(), marker, incident, reason: reason.to_owned() }
}

/// The neighbour has not done it.
pub(super) fn failed(world: &World, source: &SourceId, marker: &str, fault: &SourceFault, asked: &Asked) -> Option<Event> {
    let row = world.silencing(source, marker)?;
    if fault.gone {
        return Some(match (&row.ending, row.order.alert) {
            (Some(reason), _) => ended(source, row, reason),
            (None, Some(_)) => again(world, source, row, asked.now),
            (None, None) => ended(source, row, "the neighbour does not know it any more"),
        });
    }
    let doubled = AGAIN_FIRST.saturating_mul(2_u32.saturating_pow(row.tries.min(16))).min(AGAIN_MAX);
    // Spread by a fifth, so that many do not come back in one moment.
    let wait = doubled.mul_f64(0.9 + (asked.random % 1_000) as f64 / 5_000.0);
    let wait = fault.retry_after.map_or(wait, |wish| wish.clamp(Duration::from_secs(1), RETRY_AFTER_MAX).max(wait));
    let next_at = (!fault.refused).then(|| after(asked.now, SignedDuration::try_from(wait).unwrap_or(SignedDuration::from_mins(5))));
    Some(Event::SourceSilenceFailed { source: source.clone(), marker: marker.to_owned(), error: fault.words.clone(), next_at })
}

/// The same silence made anew.
fn again(world: &World, source: &SourceId, row: &Silencing, now: Timestamp) -> Event {
    let ends = match row.order.alert {
        Some(_) => after(now, world.sources.get(source).map_or(SignedDuration::from_mins(15), span)),
        None => row.order.ends,
    };
    let order = SilenceOrder { ends, id: None, ..(*row.order).clone() };
    Event::SourceSilenceAsked { source: source.clone(), order: Arc::new(order) }
}

/// When a silence must be looked at.
pub(super) fn next_due(world: &World, source: &SourceId, marker: &str) -> Option<Timestamp> {
    let row = world.silencing(source, marker)?;
    match row.state {
        SilencingState::Asking => None,
        SilencingState::Again(at) => Some(at),
        SilencingState::Standing if row.order.alert.is_some() && row.ending.is_none() => {
            // With a third of its time left it is prolonged, so that two tries may fail.
            let margin = world.sources.get(source).map_or(SignedDuration::from_mins(5), |row| span(row) / 3);
            Some(row.ends.checked_sub(margin).unwrap_or(row.ends))
        }
        SilencingState::Standing | SilencingState::Refused => Some(row.ends),
    }
}

/// What is due for a silence.
pub(super) fn due(world: &World, source: &SourceId, marker: &str, now: Timestamp) -> Option<Event> {
    let row = world.silencing(source, marker)?;
    if next_due(world, source, marker).is_none_or(|at| at > now) {
        return None;
    }
    Some(next_step(world, source, row, now))
}

fn next_step(world: &World, source: &SourceId, row: &Silencing, now: Timestamp) -> Event {
    let (is_over, marker) = (row.ends <= now, row.order.marker.as_str());
    if let Some(reason) = unwanted(world, &row.order).filter(|_| row.ending.is_none() && row.state != SilencingState::Refused) {
        return ending(source, marker, reason);
    }
    match (row.state, &row.ending, row.order.alert) {
        (SilencingState::Refused, ..) | (SilencingState::Standing, Some(_), _) => ended(source, row, "its time is over"),
        (_, Some(_), _) | (_, None, None) if is_over => ended(source, row, "its time is over"),
        (_, Some(reason), _) => ending(source, marker, reason),
        (_, None, Some(_)) if row.id.is_some() => {
            let ends = after(now, world.sources.get(source).map_or(SignedDuration::from_mins(15), span));
            Event::SourceSilenceProlonging { source: source.clone(), marker: marker.to_owned(), ends }
        }
        (_, None, None) if row.id.is_some() => {
            Event::SourceSilenceProlonging { source: source.clone(), marker: marker.to_owned(), ends: row.order.ends }
        }
        (_, None, _) => again(world, source, row, now),
    }
}

/// A neighbour that can be asked for silences now.
fn answering<'w>(world: &'w World, source: &SourceId) -> Result<&'w Source, Refusal> {
    let row = world
        .sources
        .get(source)
        .ok_or_else(|| names::unknown("neighbour", source.as_str(), world.sources.keys().map(SourceId::as_str)))?;
    if !row.capabilities.contains(&Capability::Silence) || row.definition.is_none() {
        return Err(Refusal::new(RefusalKind::Unsupported, format!("{source} cannot {}", Capability::Silence)));
    }
    match row.why_stale() {
        Some(why) => {
            Err(Refusal::new(RefusalKind::State, format!("{source} does not answer since {}: {why}", moment(world, row.stale_since())))
                .hint("what is shown of it is old; ask again when it answers"))
        }
        None => Ok(row),
    }
}

fn until_is_right(until: Timestamp, now: Timestamp) -> Result<(), Refusal> {
    match () {
        () if until <= now => Err(names::invalid("a silence ends in the future")),
        () if until > after(now, LONGEST) => Err(names::invalid("a silence lasts at most 90 days")),
        () => Ok(()),
    }
}

/// A person asks for a silence.
pub(super) fn make(
    world: &World,
    source: &SourceId,
    matchers: &[LabelMatcher],
    until: Timestamp,
    comment: &str,
    asked: &Asked,
) -> Result<Decision, Refusal> {
    let row = answering(world, source)?;
    names::text("the comment", comment)?;
    until_is_right(until, asked.now)?;
    if matchers.is_empty() || matchers.len() > 32 {
        return Err(names::invalid("a silence has 1 to 32 matchers").hint("such as service=shop or host=~web.*"));
    }
    super::matching::Matchers::new(matchers).map_err(names::invalid)?;
    if row.silencings.len() >= SILENCES_MAX {
        return Err(Refusal::new(RefusalKind::State, format!("{SILENCES_MAX} silences of dogwatch stand at {source} already")));
    }
    let by = asked.author.name().to_owned();
    let marker = marker(&(source, matchers, comment, asked.now));
    let comment = format!("{comment}, by {by} via dogwatch, {marker}");
    let order = SilenceOrder { marker, alert: None, incident: None, matchers: matchers.to_vec(), ends: until, by, comment, id: None };
    Ok(Event::SourceSilenceAsked { source: source.clone(), order: Arc::new(order) }.into())
}

fn own<'w>(row: &'w Source, id: &str) -> Option<&'w Silencing> {
    row.silencings.values().find(|own| own.id.as_deref() == Some(id) && own.ending.is_none()).map(|own| &**own)
}

/// When a silence at a neighbour ends, as far as is known.
pub(super) fn ends_there(world: &World, source: &SourceId, id: &str) -> Option<Timestamp> {
    let row = world.sources.get(source)?;
    own(row, id).map(|own| own.ends).or_else(|| row.silences.get(id).map(|there| there.ends))
}

/// A silence that is shown, as dogwatch's own.
fn take_over(row: &Source, source: &SourceId, id: &str, asked: &Asked) -> Result<(Option<Event>, String), Refusal> {
    if let Some(own) = own(row, id) {
        return Ok((None, own.order.marker.clone()));
    }
    let there = row.silences.get(id).ok_or_else(|| names::unknown("silence", id, row.silences.keys().map(String::as_str)))?;
    let order = compared::adopted(there, marker(&(source, id, asked.now)));
    let marker = order.marker.clone();
    Ok((Some(Event::SourceSilenceAsked { source: source.clone(), order: Arc::new(order) }), marker))
}

/// A person lets a silence last longer, or end sooner.
pub(super) fn extend(world: &World, source: &SourceId, id: &str, until: Timestamp, asked: &Asked) -> Result<Decision, Refusal> {
    let row = answering(world, source)?;
    until_is_right(until, asked.now)?;
    if let Some(incident) = own(row, id).filter(|own| own.order.alert.is_some()).and_then(|own| own.order.incident) {
        let reason = format!("the silence {id} lasts as long as incident {incident} is acknowledged");
        return Err(
            Refusal::new(RefusalKind::State, reason).hint(format!("for longer, make one of its own: dogwatch source {source} silence …"))
        );
    }
    let (adopting, marker) = take_over(row, source, id, asked)?;
    let prolonging = Event::SourceSilenceProlonging { source: source.clone(), marker, ends: until };
    Ok(Decision::events(adopting.into_iter().chain([prolonging])))
}

/// A person ends a silence.
pub(super) fn expire(world: &World, source: &SourceId, id: &str, asked: &Asked) -> Result<Decision, Refusal> {
    let row = answering(world, source)?;
    let (adopting, marker) = take_over(row, source, id, asked)?;
    let ending = Event::SourceSilenceEnding { source: source.clone(), marker, reason: format!("ended by {}", asked.author.name()) };
    Ok(Decision::events(adopting.into_iter().chain([ending])))
}
