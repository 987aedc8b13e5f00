//! What stands at a neighbour against what dogwatch believes of it.

use super::{EARLY, after, again, ended, is_in_hand, marker, next_step, taken_to_end, unwanted};
use crate::domain::{Event, Fingerprint, OutsideSilence, SilenceOrder, SourceId};
use crate::rules::Asked;
use crate::rules::neighbours::Read;
use crate::world::{Silencing, SilencingState, Source, World};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Ids of silences that carry an acknowledgement; an alert that only they hide is not hidden by others.
pub(in crate::rules) fn acknowledging<'r>(row: &'r Source, there: &'r [OutsideSilence]) -> BTreeSet<&'r str> {
    let own = row.silencings.values().filter(|own| own.order.alert.is_some());
    let mut ids: BTreeSet<&str> = own.filter_map(|own| own.id.as_deref()).collect();
    let carries = |silence: &&OutsideSilence| marked(row, silence).map_or_else(|| is_past(row, silence), |own| own.order.alert.is_some());
    ids.extend(there.iter().filter(carries).map(|silence| silence.id.as_str()));
    ids
}

/// Whether a silence carried an acknowledgement that is over.
fn is_past(row: &Source, silence: &OutsideSilence) -> bool {
    word(silence).is_some_and(|word| row.past.iter().any(|past| past == word))
}

/// The last word of a silence's comment: dogwatch's own have their marker there.
fn word(silence: &OutsideSilence) -> Option<&str> {
    silence.comment.rsplit([' ', ',']).next()
}

/// The silence of dogwatch's that one at the neighbour is, by the marker in its comment.
fn marked<'r>(row: &'r Source, silence: &OutsideSilence) -> Option<&'r Silencing> {
    row.silencings.get(word(silence)?).map(|own| &**own)
}

/// What stands at the neighbour against what dogwatch believes: lost ones are made anew where they are wanted, second ones
/// and those that stood on after their acknowledgement are ended. `over` are alerts that this reading ends.
pub(in crate::rules) fn compared(world: &World, row: &Source, read: &Read<'_>, over: &BTreeSet<Fingerprint>, asked: &Asked) -> Vec<Event> {
    let source = read.source;
    let is_wanted = |own: &Silencing| !is_of(over, own) && unwanted(world, &own.order).is_none();
    let mut events = Vec::new();
    let standing = row.silencings.values().filter(|own| own.state == SilencingState::Standing && own.ending.is_none());
    for own in standing.filter(|own| own.stands_since.is_some_and(|since| since < read.asked_at)) {
        let Some(id) = &own.id else { continue };
        match read.silences.iter().find(|there| there.id == *id) {
            Some(there) if there.is_over && after(asked.now, EARLY) < own.ends => {
                events.push(ended(source, own, "someone ended it at the neighbour"));
            }
            Some(_) => {}
            None if own.order.alert.is_some() => events.extend(is_wanted(own).then(|| again(world, source, own, asked.now))),
            None => events.push(ended(source, own, "the neighbour does not know it any more")),
        }
    }
    for there in read.silences.iter().filter(|there| !there.is_over) {
        let reason = match marked(row, there) {
            Some(own) if own.state == SilencingState::Standing => "it was made twice",
            None if is_past(row, there) => "it stood on after its acknowledgement",
            _ => continue,
        };
        if !is_in_hand(row, &there.id) {
            events.extend(taken_to_end(source, adopted(there, marker(&(source, &there.id, asked.now))), reason));
        }
    }
    events
}

/// Whether a silence is of one of these alerts.
fn is_of(alerts: &BTreeSet<Fingerprint>, own: &Silencing) -> bool {
    own.order.alert.is_some_and(|alert| alerts.contains(&alert))
}

/// A neighbour answers again: what was put off meanwhile is asked for now.
pub(in crate::rules) fn put_off(
    world: &World,
    source: &SourceId,
    row: &Source,
    over: &BTreeSet<Fingerprint>,
    now: Timestamp,
) -> Vec<Event> {
    if row.why_stale().is_none() {
        return Vec::new();
    }
    let waiting = row.silencings.values().filter(|own| matches!(own.state, SilencingState::Again(_)));
    // Those of alerts that are over are ended with them.
    waiting.filter(|own| own.ending.is_some() || !is_of(over, own)).map(|own| next_step(world, source, own, now)).collect()
}

/// A silence that somebody else made, in dogwatch's hands.
pub(super) fn adopted(there: &OutsideSilence, marker: String) -> SilenceOrder {
    SilenceOrder {
        marker,
        alert: None,
        incident: None,
        matchers: there.matchers.clone(),
        ends: there.ends,
        by: there.by.clone(),
        comment: there.comment.clone(),
        id: Some(there.id.clone()),
    }
}
