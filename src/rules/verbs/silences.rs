//! Commands on silences, and what one hides: now, and what it would have hidden in the last seven days.

use super::queue::{ends, state};
use crate::domain::counted;
use crate::domain::{Event, IncidentId, Matcher, Refusal, RefusalKind, SilenceId};
use crate::rules::moment::moment;
use crate::rules::{Asked, Decision, names};
use crate::world::overlay::SILENCES_MAX;
use crate::world::{IncidentAlert, RESOLVED_KEPT, Silence, World};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// How far back a preview looks (RULES: silence).
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Rows that a preview names of each sort.
const NAMED: usize = 8;
/// Matchers of one silence.
const MATCHERS_MAX: usize = 20;

/// A silence that lasts.
fn lasting(world: &World, id: SilenceId) -> Result<&Silence, Refusal> {
    if let Some(silence) = world.silences.get(&id) {
        return Ok(silence);
    }
    if let Some(silence) = world.silence(id) {
        return Err(state(format!("silence {id} has ended: {}", silence.ended.as_deref().unwrap_or("it is over"))));
    }
    let refusal = Refusal::new(RefusalKind::NotFound, format!("there is no silence {id}"));
    let lasting: Vec<String> = world.silences.keys().rev().take(NAMED).map(ToString::to_string).collect();
    Err(if lasting.is_empty() { refusal.hint("nothing is silenced") } else { refusal.hint(format!("there is {}", lasting.join(", "))) })
}

/// Tell nobody of alerts with these labels for a time.
pub(super) fn silence(world: &World, matchers: &[Matcher], until: Timestamp, reason: &str, asked: &Asked) -> Result<Decision, Refusal> {
    if matchers.is_empty() || matchers.iter().all(Matcher::takes_absence) {
        let refusal = names::invalid("this would silence everything: no matcher asks for a label that is there");
        return Err(refusal.hint("name what it is about, such as flow=nightly-orders or service=~\"shop.*\""));
    }
    if matchers.len() > MATCHERS_MAX {
        return Err(names::invalid(format!("a silence has {MATCHERS_MAX} matchers at most")));
    }
    ends("silence", until, asked)?;
    names::text("the reason", reason)?;
    if let Some(same) = world.silences.values().find(|silence| silence.matchers == matchers) {
        let refusal = state(format!("silence {} of {} has the same matchers and lasts until {}", same.id, same.by, same.until));
        return Err(refusal.hint(format!("dogwatch extend {} --for 1h", same.id)));
    }
    if world.silences.len() >= SILENCES_MAX {
        return Err(state(format!("{SILENCES_MAX} silences last already")).hint("end one first: dogwatch silences"));
    }
    let silence = SilenceId(world.next_silence.max(1));
    Ok(Event::SilenceMade { silence, matchers: matchers.to_vec(), until, reason: reason.to_owned() }.into())
}

/// Let it end at another time.
pub(super) fn extend(world: &World, id: SilenceId, until: Timestamp, asked: &Asked) -> Result<Decision, Refusal> {
    let silence = lasting(world, id)?;
    ends("silence", until, asked)?;
    if silence.until == until {
        return Err(state(format!("silence {id} ends at {} already", moment(world, until))));
    }
    Ok(Event::SilenceExtended { silence: id, until }.into())
}

/// End it now.
pub(super) fn unsilence(world: &World, id: SilenceId) -> Result<Decision, Refusal> {
    lasting(world, id)?;
    Ok(Event::SilenceEnded { silence: id, reason: "taken back".into() }.into())
}

/// What an event of this family would touch.
pub(in crate::rules) fn touches(world: &World, event: &Event, asked: &Asked) -> Vec<String> {
    match event {
        Event::SilenceMade { silence, matchers, until, .. } => {
            let scope = matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            let mut lines =
                vec![format!("nobody is told of {scope} until {}; it stays on the screen and on record", moment(world, *until))];
            lines.extend(hidden(world, matchers, asked.now));
            lines.push(format!("to undo it: dogwatch unsilence {silence}"));
            lines
        }
        Event::SilenceExtended { silence, until } => {
            let before = world.silences.get(silence).map(|row| format!(" instead of {}", moment(world, row.until))).unwrap_or_default();
            vec![format!("silence {silence} ends at {}{before}", moment(world, *until))]
        }
        Event::SilenceEnded { silence, .. } => {
            let Some(row) = world.silences.get(silence) else { return Vec::new() };
            let mut lines = vec![format!("silence {silence} ends now: {}", row.scope())];
            let firing = world.alerts.values().filter(|alert| row.covers(&alert.notice.labels));
            lines.extend(named(firing.map(|alert| format!("told again: {}", alert.notice.summary)).collect()));
            lines
        }
        _ => Vec::new(),
    }
}

/// What matchers hide now, and what they would have hidden in the last seven days, of the incidents at hand.
pub(in crate::rules) fn hidden(world: &World, matchers: &[Matcher], now: Timestamp) -> Vec<String> {
    let fits = |row: &IncidentAlert| crate::domain::matcher::all_match(matchers, &row.notice.labels);
    let since = now.checked_sub(LOOK_BACK).unwrap_or(Timestamp::MIN);
    let mut firing: BTreeMap<IncidentId, Vec<&IncidentAlert>> = BTreeMap::new();
    let mut past: BTreeMap<IncidentId, Vec<&IncidentAlert>> = BTreeMap::new();
    for incident in world.incidents.values() {
        for row in incident.alerts.values().filter(|row| fits(row)) {
            let fires = row.resolved_at.is_none() && incident.is_open();
            if fires {
                firing.entry(incident.id).or_default().push(row);
            }
            if fires || row.resolved_at.unwrap_or(incident.opened_at) >= since {
                past.entry(incident.id).or_default().push(row);
            }
        }
    }
    let alerts = |rows: &BTreeMap<_, Vec<_>>| rows.values().map(Vec::len).sum::<usize>();
    let mut lines = Vec::new();
    lines.push(match alerts(&firing) {
        0 => "hides nothing now".to_owned(),
        count => format!("hides now: {} in {}", counted(count, "alert"), counted(firing.len(), "incident")),
    });
    lines.extend(named(described(&firing)));
    lines.push(match alerts(&past) {
        0 => "would have hidden nothing in the last 7 days".to_owned(),
        count => format!("would have hidden in the last 7 days: {} in {}", counted(count, "alert"), counted(past.len(), "incident")),
    });
    past.retain(|id, _| !firing.contains_key(id));
    lines.extend(named(described(&past)));
    let oldest = world.resolved.front().and_then(|id| world.incident(*id)).and_then(|incident| incident.resolved.as_ref());
    if let Some(oldest) = oldest.filter(|oldest| world.resolved.len() >= RESOLVED_KEPT && oldest.at > since) {
        lines.push(format!("only the last {RESOLVED_KEPT} resolved incidents are at hand, back to {}", oldest.at));
    }
    lines
}

fn described(rows: &BTreeMap<IncidentId, Vec<&IncidentAlert>>) -> Vec<String> {
    let line = |(id, row): (&IncidentId, &IncidentAlert)| format!("  incident {id}: {} {}", row.notice.severity, row.notice.summary);
    rows.iter().rev().flat_map(|(id, rows)| rows.iter().map(move |row| line((id, row)))).collect()
}

/// The first of many lines, with how many are left out.
fn named(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(NAMED);
    if more > 0 {
        lines.truncate(NAMED);
        lines.push(format!("  and {more} more"));
    }
    lines
}
