//! Who is told: people, rotas, overrides, hours and the chains of escalation, as the workspace defines them.

use super::calendar::WeekDay;
use super::{CalendarId, ChannelId, PersonId, RotaId, Severity, span};
use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

/// Everything that a workspace says about people. One fact: a change of any of it is a change of who is told.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct People {
    /// People by name.
    #[serde(default)]
    pub people: BTreeMap<PersonId, Person>,
    /// Rotas in the order of the file; the first one is the one that a screen's head shows.
    #[serde(default)]
    pub rotas: Vec<Rota>,
    /// Overrides of the file; of several that hold at the same time the last one wins.
    #[serde(default)]
    pub overrides: Vec<Override>,
    /// Business hours, and what is told outside them.
    #[serde(default)]
    pub hours: Hours,
    /// Who is told in which order.
    #[serde(default)]
    pub chains: Vec<Chain>,
}

impl People {
    /// A rota.
    pub fn rota(&self, id: &RotaId) -> Option<&Rota> {
        self.rotas.iter().find(|rota| rota.id == *id)
    }

    /// The chain of a severity.
    pub fn chain(&self, severity: Severity) -> Option<&Chain> {
        self.chains.iter().find(|chain| chain.severities.contains(&severity))
    }

    /// The people of a team.
    pub fn team<'a>(&'a self, team: &'a str) -> impl Iterator<Item = (&'a PersonId, &'a Person)> {
        self.people.iter().filter(move |(_, person)| person.teams.contains(team))
    }
}

/// A person who can be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// The Unix user; default the table's name.
    pub user: String,
    /// The full name; default the table's name.
    pub name: String,
    /// IANA zone of what they are away; default the workspace's.
    pub zone: String,
    /// Channels on which they are told, all of them at once.
    #[serde(default)]
    pub channels: Vec<ChannelId>,
    /// Teams and roles that they belong to.
    #[serde(default)]
    pub teams: BTreeSet<String>,
    /// When they are away: their shifts go to the next person of the rota.
    #[serde(default)]
    pub away: Vec<Leave>,
    /// A calendar whose holidays they take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holidays: Option<CalendarId>,
}

/// A stretch in which a person is away, in local times of their zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leave {
    /// From this time on.
    pub from: DateTime,
    /// Until before this time.
    pub to: DateTime,
    /// Why; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// People who take turns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rota {
    /// Its name.
    pub id: RotaId,
    /// Who, in the order of their shifts; the first one has the shift that begins on `from`.
    pub people: Vec<PersonId>,
    /// IANA zone of its handovers.
    pub zone: String,
    /// The local date on which the first shift began.
    pub from: Date,
    /// The local time of handovers.
    pub handover: Time,
    /// How long a shift is, in whole hours of wall time: a day is a day also when clocks change.
    pub shift_hours: u32,
}

/// Somebody takes a rota for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The rota.
    pub rota: RotaId,
    /// Who takes it.
    pub person: PersonId,
    /// From this local time on, in the rota's zone.
    pub from: DateTime,
    /// Until before this local time.
    pub to: DateTime,
}

/// When business is done, when people sleep, and what may disturb them outside business hours.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// IANA zone of these hours; absent: the workspace's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Business hours by day of the week. Empty: Monday to Friday, 08:00 to 18:00.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub business: Vec<OpenHours>,
    /// A calendar whose days without business have no business hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarId>,
    /// Severities that are told at once outside business hours, the others wait; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off_hours: Option<BTreeSet<Severity>>,
    /// From when to when people sleep. Absent: 23:00 to 07:00.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sleep: Option<(Time, Time)>,
}

/// Opening hours on some days of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenHours {
    /// The days.
    pub days: BTreeSet<WeekDay>,
    /// From this local time on.
    pub from: Time,
    /// Until before this local time; midnight is the end of the day.
    pub to: Time,
}

/// What an interruption costs: in which hours it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HourClass {
    /// Business hours.
    Business,
    /// Neither business hours nor sleep.
    Off,
    /// People sleep.
    Sleep,
}

impl HourClass {
    /// The word for a row and for JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::Off => "off",
            Self::Sleep => "sleep",
        }
    }
}

impl fmt::Display for HourClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Who is told in which order when an incident of a severity is not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// Of which severities.
    pub severities: BTreeSet<Severity>,
    /// Its steps.
    pub steps: Vec<Rung>,
    /// How often the whole chain begins again when its end is reached. Default 0.
    #[serde(default)]
    pub repeat: u32,
    /// How long after the last step it begins again, or counts as exhausted. Default 15 min.
    #[serde(with = "span")]
    pub patience: Duration,
}

/// A step of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    /// How long after the step before, or after the incident's opening.
    #[serde(with = "span")]
    pub wait: Duration,
    /// Whom.
    pub tell: Vec<Whom>,
    /// On which of their own channels people are told; empty: on all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<ChannelId>,
}

/// Whom a step tells, as it is typed: `rota:primary`, `person:lea`, `team:db`, `channel:ops`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whom {
    /// Whoever is on call.
    Rota(RotaId),
    /// A person.
    Person(PersonId),
    /// Everyone of a team.
    Team(String),
    /// A channel, whoever reads it.
    Channel(ChannelId),
}

impl Whom {
    /// The same with the channels that a step tells people on, where it names some: `rota:primary on sms and call`.
    pub fn on(&self, channels: &[ChannelId]) -> String {
        if channels.is_empty() || matches!(self, Self::Channel(_)) {
            return self.to_string();
        }
        let channels: Vec<_> = channels.iter().map(ToString::to_string).collect();
        format!("{self} on {}", channels.join(" and "))
    }
}

impl fmt::Display for Whom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rota(rota) => write!(f, "rota:{rota}"),
            Self::Person(person) => write!(f, "person:{person}"),
            Self::Team(team) => write!(f, "team:{team}"),
            Self::Channel(channel) => write!(f, "channel:{channel}"),
        }
    }
}

/// Who was told on which channel.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Told {
    /// The channel.
    pub channel: ChannelId,
    /// The person; absent where a channel itself was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.person {
            Some(person) => write!(f, "{person} on {}", self.channel),
            None => write!(f, "{}", self.channel),
        }
    }
}

/// Who could not be told, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Untold {
    /// Whom the step names.
    pub whom: Whom,
    /// Why nobody was reached.
    pub reason: String,
}
