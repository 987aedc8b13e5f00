//! Names and texts that people type: the nearest right name, and what is too large or not text. Part of deciding.

use super::Asked;
use crate::domain::{FlowId, IncidentId, Params, ProbeId, Refusal, RefusalKind, RunId, Runbook, RunbookId, Subject};
use crate::world::{Flow, Incident, Probe, Run, World};
use jiff::civil::Date;

/// Bytes that a reason, a line or a note may have: 4 KiB.
pub const TEXT_MAX: usize = 4 << 10;
/// Bytes that all parameters together may have: 64 KiB, half of what the kernel gives one environment variable.
const PARAMS_MAX: usize = 64 << 10;

/// The name that is most like a mistyped one, where any is like it.
pub fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |name: &str| strsim::jaro_winkler(&wanted.to_lowercase(), &name.to_lowercase());
    names.map(|name| (likeness(name), name)).filter(|(like, _)| *like > 0.75).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}

/// There is no such thing; where a name is like it, that is the hint.
pub(super) fn unknown<'a>(kind: &str, wanted: &str, names: impl Iterator<Item = &'a str> + Clone) -> Refusal {
    hinted(format!("there is no {kind} `{wanted}`"), wanted, names)
}

/// A thing has no such part; where the name of one is like it, that is the hint.
pub(super) fn lacking<'a>(owner: &str, kind: &str, wanted: &str, names: impl Iterator<Item = &'a str> + Clone) -> Refusal {
    hinted(format!("{owner} has no {kind} `{wanted}`"), wanted, names)
}

fn hinted<'a>(reason: String, wanted: &str, names: impl Iterator<Item = &'a str> + Clone) -> Refusal {
    let refusal = Refusal::new(RefusalKind::NotFound, reason);
    match nearest(wanted, names.clone()) {
        Some(name) => refusal.hint(format!("did you mean `{name}`?")),
        None => match names.take(8).collect::<Vec<_>>() {
            some if some.is_empty() => refusal,
            some => refusal.hint(format!("known: {}", some.join(", "))),
        },
    }
}

/// A flow, or a refusal with the nearest right name.
pub fn flow<'a>(world: &'a World, id: &FlowId) -> Result<&'a Flow, Refusal> {
    world.flow(id).ok_or_else(|| unknown("flow", id.as_str(), world.flows.keys().map(FlowId::as_str)))
}

/// A run that is at hand, or a refusal that says which are.
pub fn run<'a>(world: &'a World, id: &RunId) -> Result<(&'a Flow, &'a Run), Refusal> {
    let flow = flow(world, &id.flow)?;
    if let Some(run) = flow.run(id) {
        return Ok((flow, run));
    }
    let refusal = Refusal::new(RefusalKind::NotFound, format!("there is no run `{id}` at hand"));
    Err(match (flow.runs.front(), flow.runs.back()) {
        (Some(first), Some(last)) if first.id != last.id => refusal.hint(format!("at hand are {} to {}", first.id, last.id)),
        (Some(only), _) => refusal.hint(format!("at hand is {}", only.id)),
        _ => refusal.hint(format!("`{}` has not run yet", id.flow)),
    })
}

pub(super) fn probe<'a>(world: &'a World, id: &ProbeId) -> Result<&'a Probe, Refusal> {
    world.probe(id).ok_or_else(|| unknown("probe", id.as_str(), world.probes.keys().map(ProbeId::as_str)))
}

pub(super) fn runbook<'a>(world: &'a World, id: &RunbookId) -> Result<&'a Runbook, Refusal> {
    let found = world.book(id);
    found.ok_or_else(|| unknown("runbook", id.as_str(), world.runbooks.keys().map(RunbookId::as_str)))
}

/// An incident that is at hand, or a refusal that says which are open.
pub fn incident(world: &World, id: IncidentId) -> Result<&Incident, Refusal> {
    world.incident(id).ok_or_else(|| {
        let refusal = Refusal::new(RefusalKind::NotFound, format!("there is no incident {id} at hand"));
        let open: Vec<String> = world.open_groups.values().rev().take(8).map(ToString::to_string).collect();
        if open.is_empty() { refusal.hint("no incident is open") } else { refusal.hint(format!("open: {}", open.join(", "))) }
    })
}

pub(super) fn subject(world: &World, subject: &Subject) -> Result<(), Refusal> {
    match subject {
        Subject::Incident(id) => incident(world, *id).map(drop),
        Subject::Flow(id) => flow(world, id).map(drop),
        Subject::Probe(id) => probe(world, id).map(drop),
        Subject::Workspace => Ok(()),
    }
}

/// A request that is itself wrong.
pub(super) fn invalid(reason: impl Into<String>) -> Refusal {
    Refusal::new(RefusalKind::Invalid, reason)
}

/// A text that is asked for: not empty, not too long.
pub(super) fn text(what: &str, text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(invalid(format!("{what} is empty")).hint("a few words for those who read it later"));
    }
    optional_text(what, Some(text))
}

/// A text that may be absent: not too long.
pub(super) fn optional_text(what: &str, text: Option<&str>) -> Result<(), Refusal> {
    match text.map(str::len) {
        Some(bytes) if bytes > TEXT_MAX => {
            Err(invalid(format!("{what} has {bytes} bytes, at most {TEXT_MAX} are taken")).hint("put long texts into a note"))
        }
        _ => Ok(()),
    }
}

/// Parameters that a person gave: known names, sizes, no NUL.
pub(super) fn params<'a>(given: &Params, owner: &str, known: impl Iterator<Item = &'a str>) -> Result<(), Refusal> {
    let known: Vec<&str> = known.collect();
    let bytes: usize = given.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > PARAMS_MAX {
        return Err(invalid(format!("the parameters have {bytes} bytes together, at most {PARAMS_MAX} are taken")));
    }
    for (name, value) in given {
        if !known.contains(&name.as_str()) {
            let refusal = invalid(format!("{owner} has no parameter `{name}`"));
            return Err(match nearest(name, known.iter().copied()) {
                Some(near) => refusal.hint(format!("did you mean `{near}`?")),
                None if known.is_empty() => refusal.hint("it takes none"),
                None => refusal.hint(format!("it takes {}", known.join(", "))),
            });
        }
        if value.contains('\0') {
            return Err(invalid(format!("the value of `{name}` holds a NUL byte, which no program can be given")));
        }
    }
    Ok(())
}

/// A date that a batch can be for.
pub(super) fn date(date: Option<Date>) -> Result<(), Refusal> {
    match date {
        Some(date) if !(1970..=2199).contains(&date.year()) => {
            Err(invalid(format!("the date {date} is out of range")).hint("dates from 1970-01-01 to 2199-12-31 are taken"))
        }
        _ => Ok(()),
    }
}

/// The date now in a zone.
pub(super) fn today(zone: &str, asked: &Asked) -> Date {
    date_in(zone, asked.now)
}

/// The date of an instant in a zone.
pub(super) fn date_in(zone: &str, at: jiff::Timestamp) -> Date {
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    zone.to_datetime(at).date()
}
