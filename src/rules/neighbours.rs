//! What a neighbour shows becomes facts: alerts that fire and that are over, silences that stand there, and whether it
//! answers at all.

use super::sent::{identity, is_outside, news, with_source};
use super::{Asked, Decision, silencing};
use crate::domain::incident::AlertNotice;
use crate::domain::sent::{ALERTS_MAX, SILENCES_MAX, SourceNote};
use crate::domain::source::{Capability, Freshness, MISSED};
use crate::domain::{AlertCause, Effect, Event, Fingerprint, OutsideAlert, OutsideSilence, SourceDefinition, SourceId};
use crate::world::{Incident, Source, World};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// New words of an alert that goes on are recorded this often: many hold a figure that is never twice the same.
const WORDS_EVERY: SignedDuration = SignedDuration::from_mins(5);
/// Another reason for the same silence is recorded this often.
const REASON_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// A reading of a neighbour.
pub(super) struct Read<'r> {
    pub source: &'r SourceId,
    pub asked_at: Timestamp,
    pub alerts: &'r [OutsideAlert],
    pub silences: &'r [OutsideSilence],
    pub left_out: u32,
    pub words: Option<&'r String>,
}

/// The facts in a reading.
pub(super) fn read(world: &World, read: &Read<'_>, asked: &Asked) -> Decision {
    let Some(row) = world.sources.get(read.source) else { return Decision::nothing() };
    let fresh =
        (row.freshness != Freshness::Fresh).then(|| Event::SourceChanged { source: read.source.clone(), freshness: Freshness::Fresh });
    let mut events: Vec<Event> = fresh.into_iter().collect();
    let note = alerts(world, row, read, asked, &mut events);
    if note != row.note {
        events.push(Event::SourceNoted { source: read.source.clone(), note });
    }
    // What follows from their end is not in the world yet: nothing is silenced anew for them.
    let over: BTreeSet<Fingerprint> = events.iter().filter_map(resolved).collect();
    events.extend(silences(row, read));
    events.extend(silencing::compared(world, row, read, &over, asked));
    events.extend(silencing::put_off(world, read.source, row, &over, asked.now));
    Decision::events(events)
}

fn resolved(event: &Event) -> Option<Fingerprint> {
    if let Event::AlertResolved { alert, .. } = event { Some(*alert) } else { None }
}

fn alerts(world: &World, row: &Source, read: &Read<'_>, asked: &Asked, events: &mut Vec<Event>) -> SourceNote {
    let mut note = SourceNote { hidden: 0, left_out: read.left_out, words: read.words.cloned() };
    let own = silencing::acknowledging(row, read.silences);
    let mut seen = BTreeSet::new();
    let mut room = ALERTS_MAX.saturating_sub(world.alerts.len());
    for alert in read.alerts {
        let id = identity(world, read.source, &alert.labels);
        seen.insert(id);
        let is_known = world.alerts.contains_key(&id);
        let hidden = alert.is_muted || alert.silenced_by.iter().any(|silence| !own.contains(silence.as_str()));
        // What others have silenced there concerns nobody here either, unless it was known before that.
        if hidden && !is_known {
            note.hidden += 1;
            continue;
        }
        if !is_known {
            if let Some(left) = room.checked_sub(1) {
                room = left;
            } else {
                note.left_out += 1;
                note.words.get_or_insert_with(|| format!("{ALERTS_MAX} alerts fire already"));
                continue;
            }
        }
        let notice = AlertNotice {
            labels: with_source(read.source, &alert.labels),
            severity: alert.severity,
            summary: alert.summary.clone(),
            cause: AlertCause::Outside { link: alert.link.clone() },
        };
        events.extend(news(world, id, read.source, notice, WORDS_EVERY, asked.now));
    }
    let own = world.alerts.values().filter(|alert| alert.source == *read.source && is_outside(alert));
    // One that came by another way while the neighbour was being read is not missing in its answer.
    let over = own.filter(|alert| !seen.contains(&alert.fingerprint) && alert.since <= read.asked_at);
    let reason = format!("{} shows it no longer", read.source);
    events.extend(over.map(|alert| Event::AlertResolved { alert: alert.fingerprint, reason: reason.clone() }));
    note
}

/// Silences that are new, different or over.
fn silences(row: &Source, read: &Read<'_>) -> Vec<Event> {
    let standing = read.silences.iter().filter(|silence| !silence.is_over).take(SILENCES_MAX);
    let standing: BTreeMap<&str, &OutsideSilence> = standing.map(|silence| (silence.id.as_str(), silence)).collect();
    let source = || read.source.clone();
    let changed = standing.iter().filter(|(id, silence)| row.silences.get(**id) != Some(**silence));
    let changed = changed.map(|(_, silence)| Event::SourceSilenceSeen { source: source(), silence: (*silence).clone() });
    let gone = row.silences.keys().filter(|id| !standing.contains_key(id.as_str()));
    changed.chain(gone.map(|id| Event::SourceSilenceGone { source: source(), id: id.clone() })).collect()
}

/// A neighbour was not read.
pub(super) fn failed(world: &World, source: &SourceId, error: &str, failures: u32, now: Timestamp) -> Option<Event> {
    let row = world.sources.get(source)?;
    let is_news = match &row.freshness {
        Freshness::Fresh => failures >= MISSED,
        Freshness::Stale { reason } => reason != error && now.duration_since(row.since) >= REASON_EVERY,
    };
    is_news.then(|| Event::SourceChanged { source: source.clone(), freshness: Freshness::Stale { reason: error.to_owned() } })
}

/// The neighbours of the workspace that are new, different or gone.
pub(super) fn defined(world: &World, read: &[Arc<SourceDefinition>]) -> Vec<Event> {
    let changed = read.iter().filter(|source| world.sources.get(&source.id).is_none_or(|old| old.definition.as_ref() != Some(source)));
    let changed = changed.map(|source| Event::SourceDefined {
        source: source.id.clone(),
        kind: source.kind.word().to_owned(),
        capabilities: vec![Capability::Acknowledge, Capability::Silence],
        definition: Some(source.clone()),
    });
    let here: BTreeSet<_> = read.iter().map(|source| &source.id).collect();
    let gone = world.sources.iter().filter(|(id, row)| row.definition.is_some() && !here.contains(id));
    changed.chain(gone.flat_map(|(id, _)| removal(world, id))).collect()
}

/// What ends with a neighbour: its alerts, and itself. Its silences end there by themselves.
fn removal(world: &World, id: &SourceId) -> Vec<Event> {
    let own = world.alerts.values().filter(|alert| alert.source == *id && is_outside(alert));
    let over = own.map(|alert| Event::AlertResolved { alert: alert.fingerprint, reason: format!("the neighbour {id} was removed") });
    over.chain([Event::SourceRemoved { source: id.clone() }]).collect()
}

/// A daemon begins: it reads all neighbours, listens, and asks again for what it was asking for.
pub(super) fn resume(world: &World) -> Vec<Effect> {
    let watched = world.sources.values().filter_map(|row| row.definition.clone()).map(Effect::WatchSource);
    let listening = world.intake.as_ref().map(|intake| Effect::ListenForAlerts(Some(intake.definition.clone())));
    watched.chain(listening).chain(silencing::resume(world)).collect()
}

/// The neighbour that stopped answering, where all that fires in an incident comes from such.
pub fn stale<'w>(world: &'w World, incident: &Incident) -> Option<(&'w SourceId, &'w Source)> {
    let mut firing = incident.alerts.values().filter(|alert| alert.resolved_at.is_none()).peekable();
    let first = world.sources.get_key_value(&firing.peek()?.source)?;
    let all = firing.all(|alert| world.sources.get(&alert.source).is_some_and(|row| row.why_stale().is_some()));
    all.then_some(first)
}
