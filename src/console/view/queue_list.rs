//! The rows of the queue: which incidents, in which order, under which headings.

use super::incidents;
use crate::console::Session;
use crate::console::widget::grouped::{self, Entries};
use crate::domain::{IncidentId, Severity, Stage};
use crate::world::{Incident, QueueTurn, Urgency, World};

/// What the list is sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// What runs out first, then the worst, then the oldest.
    #[default]
    Urgency,
    /// The worst first.
    Severity,
    /// The youngest first.
    Age,
    /// By service, then by urgency.
    Service,
}

impl Sort {
    /// The next one.
    #[must_use]
    pub fn turned(self) -> Self {
        match self {
            Self::Urgency => Self::Severity,
            Self::Severity => Self::Age,
            Self::Age => Self::Service,
            Self::Service => Self::Urgency,
        }
    }

    /// As a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Urgency => "urgency",
            Self::Severity => "severity",
            Self::Age => "age",
            Self::Service => "service",
        }
    }
}

/// What has a heading of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Group {
    /// Nothing.
    #[default]
    None,
    /// Each service.
    Service,
    /// Each severity.
    Severity,
    /// Whose turn it is.
    Turn,
}

impl Group {
    /// The next one.
    #[must_use]
    pub fn turned(self) -> Self {
        match self {
            Self::None => Self::Service,
            Self::Service => Self::Severity,
            Self::Severity => Self::Turn,
            Self::Turn => Self::None,
        }
    }

    /// As a word.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Service => Some("service"),
            Self::Severity => Some("severity"),
            Self::Turn => Some("whose turn it is"),
        }
    }
}

/// What of the incidents is wanted, and how. All words of the filter must hold: a text, or `severity:high`,
/// `service:shop`, `owner:mia`, `is:new`, `is:over`.
pub type Wanted = grouped::Wanted<Sort, Group>;

/// Makes the rows.
pub fn list(session: &Session, wanted: &Wanted) -> Entries<IncidentId> {
    let world = &session.world;
    let words: Vec<String> = wanted.filter.split_whitespace().map(str::to_lowercase).collect();
    let ended = words.iter().any(|word| word == "is:over" || word == "is:all");
    let shown = world.incidents.values().filter(|row| (ended || row.is_open()) && words.iter().all(|word| holds(session, row, word)));
    let mut rows: Vec<(Key, IncidentId)> = shown.map(|row| (key(world, row, wanted), row.id)).collect();
    rows.sort_unstable();
    let number_width = rows.iter().map(|(_, id)| id.0).max().unwrap_or(0).to_string().len() as u16;
    let is_grouped = wanted.group != Group::None;
    Entries::of(rows.into_iter().map(|(key, id)| (is_grouped.then_some(key.heading.1), id)), &wanted.closed, number_width)
}

/// What a row is sorted by.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    heading: (u8, String),
    severity: std::cmp::Reverse<Option<Severity>>,
    age: i64,
    service: String,
    urgency: Urgency,
}

fn key(world: &World, incident: &Incident, wanted: &Wanted) -> Key {
    let urgency = world.urgency(incident);
    let heading = match wanted.group {
        Group::None => (0, String::new()),
        Group::Service => (0, service(incident).to_owned()),
        Group::Severity => (3 - incident.severity as u8, incident.severity.word().to_owned()),
        Group::Turn => (urgency.turn as u8, turn_word(urgency.turn).to_owned()),
    };
    Key {
        heading,
        severity: std::cmp::Reverse((wanted.sort == Sort::Severity).then_some(incident.severity)),
        age: if wanted.sort == Sort::Age { -incident.opened_at.as_second() } else { 0 },
        service: if wanted.sort == Sort::Service { service(incident).to_owned() } else { String::new() },
        urgency,
    }
}

/// What it is about: the service, else the flow or probe.
pub fn service(incident: &Incident) -> &str {
    let named = ["service", "flow", "probe", "alertname"].into_iter().find_map(|name| incident.group.get(name));
    named.map_or("no service", String::as_str)
}

fn turn_word(turn: QueueTurn) -> &'static str {
    match turn {
        QueueTurn::Nobodys => "nobody works on it",
        QueueTurn::Somebodys => "somebody works on it",
        QueueTurn::Mitigated => "mitigated",
        QueueTurn::Quiet => "put off or silenced",
        QueueTurn::Over => "over",
    }
}

/// Whether a row holds a word of the filter, which is in small letters.
fn holds(session: &Session, incident: &Incident, word: &str) -> bool {
    let world = &session.world;
    let acked = || incident.acknowledged.as_ref().map(|ack| ack.by.name());
    let owner = || incident.owner.as_ref().map(|owner| owner.name.as_str());
    match word.split_once(':') {
        Some(("is", state)) => match state {
            "all" => true,
            "over" => !incident.is_open(),
            "new" => incident.is_open() && incident.acknowledged.is_none() && incident.stage == Stage::Triggered,
            "acked" => incident.acknowledged.is_some(),
            "asked" => incident.is_asked(),
            "mitigated" => incident.stage == Stage::Mitigated,
            "snoozed" => incident.snoozed.is_some(),
            "silenced" => world.muted(incident, session.now).is_some(),
            "mine" => session.user().is_some_and(|user| owner() == Some(user) || acked() == Some(user)),
            _ => false,
        },
        Some(("severity", severity)) => incident.severity.word().starts_with(severity),
        Some(("owner", name)) => owner().is_some_and(|owner| owner.to_lowercase().starts_with(name)),
        Some((label, value)) if incident.group.contains_key(label) => {
            incident.group.get(label).is_some_and(|own| own.to_lowercase().starts_with(value))
        }
        _ => incidents::searched(incident).to_lowercase().contains(word),
    }
}
