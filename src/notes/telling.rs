//! Facts → plain words: one line for every kind of event, used by timelines, `dogwatch events` and post-mortems.

mod duty;
mod incidents;
mod messages;
mod naming;
mod outside;
mod queue;
mod runbooks;
mod runs;
mod small;
mod source;

pub use naming::Naming;
pub use small::one_line;

use crate::domain::counted;
use crate::domain::probe::{Burning, Pace};
use crate::domain::source::Freshness;
use crate::domain::{AttemptId, Entry, Event, Fingerprint, ProbeId};
use crate::json;
use crate::world::World;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The longest line, in characters; the rest is cut with an ellipsis. What a step or a neighbour said may be megabytes.
pub const LINE_MAX: usize = 400;

/// What a fact is told as for which nobody wrote words. A test sees to it that there is none.
pub const WORDLESS: &str = "a fact without words";

/// Tells facts. What an entry leaves out (how many attempts a step has in all) is taken from the world where it is known.
#[derive(Debug, Clone)]
pub struct Teller<'a> {
    /// The world, where there is one.
    pub world: Option<&'a World>,
    /// The zone of times within a line.
    pub zone: TimeZone,
    /// How people are named.
    pub naming: Naming,
}

impl Default for Teller<'_> {
    fn default() -> Self {
        Self { world: None, zone: TimeZone::UTC, naming: Naming::Names }
    }
}

impl<'a> Teller<'a> {
    /// Tells with what a world knows, in its zone.
    pub fn of(world: &'a World) -> Self {
        Self { world: Some(world), zone: TimeZone::get(&world.zone).unwrap_or(TimeZone::UTC), naming: Naming::Names }
    }

    /// The fact in one line of plain words, without its time and author; never longer than [`LINE_MAX`] characters.
    pub fn line(&self, event: &Event) -> String {
        one_line(&self.naming.mentions(self.words(event)))
    }

    fn words(&self, event: &Event) -> String {
        let families =
            [Self::of_runs, Self::of_incidents, Self::of_queue, Self::of_duty, Self::of_messages, Self::of_runbooks, Self::of_outside];
        families.iter().find_map(|told| told(self, event)).unwrap_or_else(|| self.of_the_workspace(event))
    }

    /// What has no family: the daemon, definitions, probes, notes, the journal itself.
    fn of_the_workspace(&self, event: &Event) -> String {
        match event {
            Event::DaemonStarted { version, pid, host, .. } => format!("daemon {version} started on {host} (pid {pid})"),
            Event::DaemonStopped { reason } => format!("daemon stopped: {reason}"),
            Event::WorkspaceLoaded { name, zone, .. } => format!("workspace {name} loaded, times in {zone}"),
            Event::WorkspaceRefused { errors } => match errors.as_slice() {
                [one] => format!("workspace not reloaded, the old definitions stay: {one}"),
                [first, rest @ ..] => format!("workspace not reloaded, the old definitions stay: {first} and {} more", rest.len()),
                [] => "workspace not reloaded, the old definitions stay".into(),
            },
            Event::SourceDefined { source, kind, .. } => format!("neighbour {source} ({kind}) configured"),
            Event::SourceRemoved { source } => format!("neighbour {source} no longer configured"),
            Event::SourceChanged { source, freshness: Freshness::Fresh } => format!("{source} answers again"),
            Event::SourceChanged { source, freshness: Freshness::Stale { reason } } => format!("{source} stopped answering: {reason}"),
            Event::FlowDefined { flow } => format!("flow {} defined, {}", flow.id, counted(flow.steps.len(), "step")),
            Event::FlowRemoved { flow } => format!("flow {flow} removed"),
            Event::ProbeDefined { probe } => format!("probe {} defined: {}", probe.id, probe.target),
            Event::ProbeRemoved { probe } => format!("probe {probe} removed"),
            Event::RunbookDefined { runbook } => format!("runbook {} defined: {}", runbook.id, runbook.title),
            Event::RunbookRemoved { runbook } => format!("runbook {runbook} removed"),
            Event::ProbeAsked { probe } => format!("{probe} looked at on request"),
            Event::ProbeChanged { probe, from, to, reason } if reason.is_empty() => format!("{probe}: {from} → {to}"),
            Event::ProbeChanged { probe, from, to, reason } => format!("{probe}: {from} → {to}, {reason}"),
            Event::ProbeErring { probe, error: Some(error) } => format!("{probe} cannot be probed: {error}"),
            Event::ProbeErring { probe, error: None } => format!("{probe} can be probed again"),
            Event::ProbeBurning { probe, burning: Some(burning) } => self.burning(probe, burning),
            Event::ProbeBurning { probe, burning: None } => format!("{probe} burns its error budget no longer"),
            Event::ProbeFlapping { probe, share: Some(share) } => format!("{probe} goes up and down: flapping {share}%"),
            Event::ProbeFlapping { probe, share: None } => format!("{probe} flaps no longer"),
            Event::Noted { text, .. } | Event::Marked { text } => text.clone(),
            Event::NoteSaved { note } => format!("{} about {} saved: {}", note.kind, note.subject, note.path),
            Event::Refused { verb, reason, count: 1 } => format!("{verb} refused: {reason}"),
            Event::Refused { verb, reason, count } => format!("{verb} refused {count} times: {reason}"),
            Event::ClockStepped { by_seconds } => format!("the clock stepped by {by_seconds:+.1} s"),
            Event::PoolsDefined { pools } if pools.is_empty() => "no pools any more".into(),
            Event::PoolsDefined { pools } => {
                let pools: Vec<_> = pools.iter().map(|(name, units)| format!("{name} {units}")).collect();
                format!("pools: {}", pools.join(", "))
            }
            Event::CalendarDefined { calendar } => format!("calendar {} defined", calendar.id),
            Event::CalendarRemoved { calendar } => format!("calendar {calendar} removed"),
            Event::BatchDayDefined { begins } => format!("batch days begin at {}", begins.strftime("%H:%M")),
            Event::AwayNoticed { from, to } => format!("nothing could start from {} to {}", self.minute(*from), self.minute(*to)),
            Event::MissesDismissed { misses } => format!("the list of {} was put away", counted(*misses as usize, "missed occurrence")),
            Event::EntryPinned { entry, pinned: true, .. } => format!("line {entry} pinned"),
            Event::EntryPinned { entry, pinned: false, .. } => format!("line {entry} no longer pinned"),
            Event::OutsideDefined { outside } => match &outside.dpkg_log {
                Some(log) => format!("changes of packages are read from {log}"),
                None => "changes of packages are not read".into(),
            },
            Event::OutsideChanged { change } => change.summary.clone(),
            Event::WriteUpMoved { incident, state } => format!("the post-mortem of incident {incident} is now {state}"),
            Event::ReviewDecided { incident, finding, accepted, path } => {
                let became = match (accepted, path) {
                    (true, Some(path)) => format!("taken: {path}"),
                    (true, None) => "taken".into(),
                    (false, _) => "put away".into(),
                };
                format!("review of incident {incident}: {finding}, {became}")
            }
            Event::AnchorsDefined { anchors } if anchors.sinks().next().is_none() => {
                "the head of the journal is told nowhere outside".into()
            }
            Event::AnchorsDefined { anchors } => {
                let places: Vec<String> = anchors.sinks().map(|sink| anchors.words(sink)).collect();
                format!("the head of the journal is told at: {}", places.join(", "))
            }
            Event::AnchorFailing { sink, error } => format!("the anchor {sink} takes nothing: {error}"),
            Event::AnchorWorks { sink } => format!("the anchor {sink} takes heads again"),
            Event::DamageAccepted { first_bad, why, lost, kept, reason } => {
                format!("damage from entry {first_bad} on was accepted ({why}; {lost} lost; kept in {kept}): {reason}")
            }
            Event::EntryLost { why } => format!("an entry is lost: {why}"),
            Event::Unknown(raw) => format!("a fact of a newer version: {}", kind(raw.0.get())),
            other => format!("{WORDLESS}: {}", kind(&other.to_json().unwrap_or_default())),
        }
    }

    fn burning(&self, probe: &ProbeId, burning: &Burning) -> String {
        let gone = burning.gone_at.map(|at| format!(": it is gone by {}", self.minute(at))).unwrap_or_default();
        match burning.pace {
            Pace::Down => format!("{probe} is down and burns its error budget{gone}"),
            Pace::Page | Pace::Ticket => {
                let (rate, over) = (burning.rate, burning.over.as_secs() / 3_600);
                format!("{probe} burns its error budget {rate}× too fast, over {over} h{gone}")
            }
        }
    }

    /// An alert's summary where the world still has it, else its fingerprint.
    fn alert(&self, alert: Fingerprint) -> String {
        let of_incidents = |world: &World| {
            world.incidents.values().rev().find_map(|incident| incident.alerts.get(&alert).map(|row| row.notice.summary.clone()))
        };
        let firing = |world: &World| world.alerts.get(&alert).map(|row| row.notice.summary.clone());
        match self.world.and_then(|world| firing(world).or_else(|| of_incidents(world))) {
            Some(summary) => format!("“{summary}”"),
            None => alert.to_string(),
        }
    }

    fn minute(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
    }

    fn second(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%H:%M:%S %Z").to_string()
    }
}

/// A timeline as people read it: the intention to start an attempt is left out where its start is told.
pub fn told(timeline: &[Arc<Entry>]) -> impl Iterator<Item = &Arc<Entry>> {
    let started: BTreeSet<&AttemptId> = timeline
        .iter()
        .filter_map(|entry| if let Event::AttemptStarted { attempt, .. } = &entry.event { Some(attempt) } else { None })
        .collect();
    timeline.iter().filter(move |entry| match &entry.event {
        Event::AttemptStarting { attempt, .. } => !started.contains(attempt),
        _ => true,
    })
}

/// The one key of a fact's JSON.
fn kind(json: &str) -> String {
    let kind = json::read::<json::Map<String, json::Value>>(json).ok();
    kind.and_then(|object| object.keys().next().cloned()).unwrap_or_else(|| "unreadable".into())
}
