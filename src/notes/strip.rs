//! The strip: flows, probes, alerts, people, notes and outside changes side by side around the first failure.

use super::sorts::{Sort, sort_of};
use super::telling::told;
use crate::domain::Entry;
use crate::world::outside::happened;
use crate::world::{Incident, World};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Facts that one strip holds; of more the first ones.
pub const FACTS_MAX: usize = 5_000;

/// Windows that can be looked at, in minutes, the shortest first.
pub const SPANS: [i64; 8] = [5, 15, 30, 60, 3 * 60, 6 * 60, 24 * 60, 7 * 24 * 60];

/// The place of the window to begin with: the shortest in which all of the incident has room, its end or the present included.
pub fn fitting(incident: &Incident, now: Timestamp) -> usize {
    let end = incident.resolved.as_ref().map_or(now, |end| end.at);
    let needed = end.duration_since(incident.first_sign_at).as_mins();
    // A third of a window comes after the first sign.
    SPANS.iter().position(|span| span / 3 > needed).unwrap_or(SPANS.len() - 1)
}

/// One row of the strip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// What it is about.
    pub name: String,
    /// Its facts, as places in [`Strip::facts`].
    pub facts: Vec<usize>,
}

/// What happened in a window, in lanes.
#[derive(Debug, Clone, PartialEq)]
pub struct Strip {
    /// The beginning of the window.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// When the trouble was first seen.
    pub first_sign_at: Timestamp,
    /// The rows, those without facts too: an absence is a row.
    pub lanes: Vec<Lane>,
    /// All facts of the window, in the order in which they happened.
    pub facts: Vec<Arc<Entry>>,
}

/// A window of so many minutes, two thirds of it before the first sign.
pub fn window(first_sign_at: Timestamp, minutes: i64) -> (Timestamp, Timestamp) {
    let seconds = minutes * 60;
    let from = first_sign_at.checked_sub(SignedDuration::from_secs(seconds * 2 / 3)).unwrap_or(Timestamp::MIN);
    (from, from.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX))
}

impl Strip {
    /// The strip of an incident, in at most so many lanes: of more, flows share one and probes share one.
    pub fn of(world: &World, incident: &Incident, (from, to): (Timestamp, Timestamp), lanes_max: usize) -> Self {
        let mut facts = incident.facts(&world.outside);
        let known: BTreeSet<u64> = facts.iter().map(|entry| entry.seq).collect();
        facts.extend(world.recent.iter().filter(|entry| !known.contains(&entry.seq)).cloned());
        facts.retain(|entry| (from..=to).contains(&happened(entry)));
        facts.sort_by_key(|entry| (happened(entry), entry.seq));
        facts = told(&facts).take(FACTS_MAX).cloned().collect();
        let mut strip = Self { from, to, first_sign_at: incident.first_sign_at, lanes: Vec::new(), facts };
        let fixed = ["alerts", "people", "notes", "outside", "dogwatch"];
        let single = incident.flows.len() + incident.probes.len() + 2 + fixed.len() <= lanes_max;
        let mut names: Vec<(String, bool)> = Vec::new();
        if single {
            names.extend(incident.flows.iter().map(|flow| (flow.to_string(), true)));
            names.push(("other flows".into(), incident.flows.is_empty()));
            names.extend(incident.probes.iter().map(|probe| (probe.to_string(), true)));
            names.push(("other probes".into(), incident.probes.is_empty()));
        } else {
            names.extend([("flows".to_owned(), true), ("probes".to_owned(), true)]);
        }
        names.extend(fixed.iter().map(|name| ((*name).to_owned(), *name != "dogwatch")));
        let lane_of = |entry: &Entry| match sort_of(entry) {
            Sort::Flow(flow) if single && incident.flows.contains(&flow) => flow.to_string(),
            Sort::Flow(_) => if single { "other flows" } else { "flows" }.to_owned(),
            Sort::Probe(probe) if single && incident.probes.contains(&probe) => probe.to_string(),
            Sort::Probe(_) => if single { "other probes" } else { "probes" }.to_owned(),
            Sort::Alert => "alerts".to_owned(),
            Sort::Person => "people".to_owned(),
            Sort::Note => "notes".to_owned(),
            Sort::Outside => "outside".to_owned(),
            Sort::Dogwatch => "dogwatch".to_owned(),
        };
        strip.lanes = names.iter().map(|(name, _)| Lane { name: name.clone(), facts: Vec::new() }).collect();
        for (place, entry) in strip.facts.iter().enumerate() {
            let name = lane_of(entry);
            if let Some(lane) = strip.lanes.iter_mut().find(|lane| lane.name == name) {
                lane.facts.push(place);
            }
        }
        let kept: BTreeSet<&String> = names.iter().filter(|(_, always)| *always).map(|(name, _)| name).collect();
        strip.lanes.retain(|lane| kept.contains(&lane.name) || !lane.facts.is_empty());
        strip
    }

    /// The column of an instant among so many.
    pub fn column(&self, at: Timestamp, columns: usize) -> usize {
        let whole = self.to.duration_since(self.from).as_secs_f64().max(1e-9);
        let part = at.duration_since(self.from).as_secs_f64().max(0.0) / whole;
        ((part * columns as f64) as usize).min(columns.saturating_sub(1))
    }

    /// The instant at which a column begins.
    pub fn at(&self, column: usize, columns: usize) -> Timestamp {
        let whole = self.to.duration_since(self.from).as_secs_f64();
        let part = SignedDuration::try_from_secs_f64(whole * column as f64 / columns.max(1) as f64).unwrap_or_default();
        self.from.checked_add(part).unwrap_or(self.to)
    }

    /// The lane of a fact.
    pub fn lane(&self, fact: usize) -> Option<usize> {
        self.lanes.iter().position(|lane| lane.facts.binary_search(&fact).is_ok())
    }

    /// Where a fact happened.
    pub fn happened(&self, fact: usize) -> Option<Timestamp> {
        self.facts.get(fact).map(|entry| happened(entry))
    }
}
