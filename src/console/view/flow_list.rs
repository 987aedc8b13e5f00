//! Many flows as a list: which are shown, in which order, under which headings.

use crate::console::Session;
use crate::console::widget::grouped::{self, Entries};
use crate::domain::{Calendar, Digest, FlowId, Outcome, Phase};
use crate::rules::forecast::{self, Risk};
use crate::rules::next_occurrence;
use crate::world::Flow;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Words for states, the most pressing first. A flow may have several; it stands under the first.
pub const STATES: [&str; 9] = ["late", "risk", "failed", "running", "waiting", "held", "never", "gone", "ok"];
/// Labels that are offered for grouping.
const LABELS_MAX: usize = 8;

/// By what a list of flows is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// What is late or will be comes first, then what failed, what runs, what is well.
    #[default]
    Risk,
    /// By name.
    Name,
    /// By the next planned time.
    Next,
    /// By how long the last run took, the longest first.
    Took,
}

impl Sort {
    /// The next one.
    #[must_use]
    pub fn turned(self) -> Self {
        match self {
            Self::Risk => Self::Name,
            Self::Name => Self::Next,
            Self::Next => Self::Took,
            Self::Took => Self::Risk,
        }
    }

    /// In words, after `sorted by`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Risk => "risk",
            Self::Name => "name",
            Self::Next => "next time",
            Self::Took => "last duration",
        }
    }
}

/// Under which headings a list of flows is grouped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Group {
    /// Not at all.
    #[default]
    None,
    /// By state.
    State,
    /// By who owns them.
    Source,
    /// By the value of a label.
    Label(String),
}

impl Group {
    /// The next one: state, source, each label that flows have, none.
    #[must_use]
    pub fn turned(&self, session: &Session) -> Self {
        let labels = || {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for flow in session.world.flows.values() {
                for name in flow.definition.labels.keys() {
                    *counts.entry(name).or_default() += 1;
                }
            }
            let mut names: Vec<_> = counts.into_iter().collect();
            names.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
            names.into_iter().take(LABELS_MAX).map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
        };
        match self {
            Self::None => Self::State,
            Self::State => Self::Source,
            Self::Source => labels().into_iter().next().map_or(Self::None, Self::Label),
            Self::Label(label) => labels().into_iter().skip_while(|other| other != label).nth(1).map_or(Self::None, Self::Label),
        }
    }

    /// In words, after `grouped by`; absent where there are no groups.
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::State => Some("state"),
            Self::Source => Some("source"),
            Self::Label(label) => Some(label),
        }
    }

    /// The heading of a flow with its rank; absent where there are no groups.
    fn of(&self, flow: &Flow, now: Timestamp) -> Option<(usize, String)> {
        match self {
            Self::None => None,
            Self::State => {
                let states = states(flow, now);
                let rank = STATES.iter().position(|state| states.contains(state)).unwrap_or(STATES.len());
                Some((rank, STATES.get(rank).copied().unwrap_or_default().to_owned()))
            }
            Self::Source => Some((0, flow.source().to_string())),
            Self::Label(name) => match flow.definition.labels.get(name) {
                Some(value) => Some((0, value.to_owned())),
                None => Some((1, format!("no {name}"))),
            },
        }
    }
}

/// All words for the state of a flow.
pub fn states(flow: &Flow, now: Timestamp) -> Vec<&'static str> {
    let mut states = Vec::new();
    match forecast::breach(flow, now) {
        _ if flow.is_late() => states.push("late"),
        Some((_, Risk::Late, _)) => states.push("late"),
        Some(_) => states.push("risk"),
        None => {}
    }
    let last = flow.last_done().and_then(|run| run.outcome.as_ref());
    match last {
        Some(Outcome::Failed { .. } | Outcome::UpstreamFailed | Outcome::Lost) => states.push("failed"),
        Some(outcome) if outcome.is_success() => states.push("ok"),
        _ => {}
    }
    for run in flow.active() {
        let state = if run.phase == Phase::Running { "running" } else { "waiting" };
        if !states.contains(&state) {
            states.push(state);
        }
    }
    if flow.hold.is_some() {
        states.push("held");
    }
    if flow.runs.is_empty() {
        states.push("never");
    }
    if flow.removed {
        states.push("gone");
    }
    states
}

/// A filter as it is typed: words that name, description or state must hold, and `state:failed`, `state:held,late`,
/// `source:warehouse`, `label:team=etl`, `team:etl`.
pub fn is_shown(flow: &Flow, filter: &str, now: Timestamp) -> bool {
    filter.split_whitespace().all(|term| {
        let term = term.to_lowercase();
        match term.split_once(':') {
            Some(("state", wanted)) => {
                let states = states(flow, now);
                // A word that is being typed holds already what begins with it.
                wanted.split(',').any(|wanted| states.iter().any(|state| state.starts_with(wanted)))
            }
            Some(("source", wanted)) => flow.source().to_string().to_lowercase().contains(wanted),
            Some(("label", wanted)) => {
                let (name, value) = wanted.split_once('=').unwrap_or((wanted, ""));
                has_label(flow, name, value)
            }
            Some((name, value)) if has_label(flow, name, "") => has_label(flow, name, value),
            _ => super::flows::searched(flow).to_lowercase().contains(&term),
        }
    })
}

fn has_label(flow: &Flow, name: &str, value: &str) -> bool {
    flow.definition.labels.iter().any(|(own, has)| own.to_lowercase() == name && has.to_lowercase().contains(value))
}

/// What a next time was worked out from.
#[derive(Debug, PartialEq)]
struct Known {
    digest: Digest,
    calendar: Option<Arc<Calendar>>,
    settled: Option<Timestamp>,
}

/// Next times by flow, worked out again only for flows whose schedule or last occurrence has changed: a list of thousands
/// is sorted by them at each change.
#[derive(Debug, Default)]
pub struct NextTimes {
    known: HashMap<FlowId, (Known, Option<Timestamp>)>,
}

impl NextTimes {
    /// When the next occurrence of a flow is due.
    pub fn of(&mut self, session: &Session, flow: &Flow) -> Option<Timestamp> {
        let settled = flow.settled.values().min().copied();
        let calendar = flow.definition.calendar.as_ref().and_then(|rule| session.world.calendars.get(&rule.name)).cloned();
        let of = Known { digest: flow.digest.clone(), calendar, settled };
        if let Some((known, next)) = self.known.get(&flow.definition.id)
            && of == *known
        {
            return *next;
        }
        let next = next_occurrence(&session.world, flow);
        self.known.insert(flow.definition.id.clone(), (of, next));
        next
    }
}

/// What of the flows is wanted, and how.
pub type Wanted = grouped::Wanted<Sort, Group>;

/// Makes the list.
pub fn list(session: &Session, wanted: &Wanted, next: &mut NextTimes) -> Entries<FlowId> {
    let now = session.now;
    let shown = session.world.flows.values().filter(|flow| is_shown(flow, &wanted.filter, now));
    let took = |flow: &Flow| {
        let run = flow.last_done()?;
        Some(run.ended_at?.duration_since(run.started_at?))
    };
    let mut rows: Vec<_> = shown
        .map(|flow| {
            let urgency = forecast::urgency(flow, now);
            let key = match wanted.sort {
                Sort::Risk => (Timestamp::MIN, SignedDuration::ZERO, urgency.0, urgency.1),
                Sort::Name => (Timestamp::MIN, SignedDuration::ZERO, Timestamp::MIN, 0),
                Sort::Next => (next.of(session, flow).unwrap_or(Timestamp::MAX), SignedDuration::ZERO, Timestamp::MIN, 0),
                Sort::Took => (Timestamp::MIN, took(flow).map_or(SignedDuration::ZERO, |took| -took), Timestamp::MIN, 0),
            };
            (wanted.group.of(flow, now), key, urgency.2)
        })
        .collect();
    rows.sort();
    let name_width = rows.iter().map(|(_, _, id)| id.as_str().chars().count()).max().unwrap_or(0).min(64) as u16;
    Entries::of(rows.into_iter().map(|(group, _, id)| (group.map(|(_, heading)| heading), id)), &wanted.closed, name_width)
}
