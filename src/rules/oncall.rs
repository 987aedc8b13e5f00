//! Who is on call and who is told next, as rows for the page, the command and JSON. Looks only; decides nothing.

use super::escalation::{self, NextStep};
use super::rota::{self, OnCall};
use crate::domain::{IncidentId, RotaId, Severity, Stage};
use crate::world::{Incident, MadeOverride, World};
use jiff::Timestamp;

/// A rota with its shifts from an instant on.
#[derive(Debug, Clone, PartialEq)]
pub struct Duty {
    /// The rota.
    pub rota: RotaId,
    /// Its stretches, the one of the instant first.
    pub shifts: Vec<OnCall>,
}

/// All rotas with their next shifts, in the order of the file.
pub fn duties(world: &World, at: Timestamp, shifts: usize) -> Vec<Duty> {
    let rotas = world.duty.people.rotas.iter();
    rotas.map(|rota| Duty { rota: rota.id.clone(), shifts: rota::shifts(world, &rota.id, at, shifts) }).collect()
}

/// What comes of an open incident where nobody does anything.
#[derive(Debug, Clone, PartialEq)]
pub enum Outlook {
    /// Its chain goes on.
    Next(NextStep),
    /// A person works on it.
    Acknowledged {
        /// Who.
        by: String,
    },
    /// Everyone was told, and nobody has acknowledged.
    Exhausted {
        /// Since when.
        since: Timestamp,
    },
    /// Its impact is over, as a person said; nobody is told more of it.
    Mitigated {
        /// Who.
        by: String,
    },
    /// No chain is for its severity.
    NoChain,
}

/// An open incident with who is told next.
#[derive(Debug, Clone, PartialEq)]
pub struct ToldNext {
    /// The incident.
    pub incident: IncidentId,
    /// How bad.
    pub severity: Severity,
    /// One line.
    pub title: String,
    /// What comes.
    pub outlook: Outlook,
}

/// Open incidents with who is told next: those whose chain runs by the time of their next step, then those of which
/// nobody more is told, the exhausted first. At most so many.
pub fn told_next(world: &World, limit: usize) -> Vec<ToldNext> {
    let running = world.escalating.iter().filter_map(|(_, id)| world.incident(*id)).filter(|incident| incident.is_open());
    let mut rows: Vec<ToldNext> = running.take(limit).map(|incident| row(world, incident)).collect();
    if rows.len() < limit {
        let open = world.open_groups.values().filter_map(|id| world.incident(*id));
        let resting = open.filter(|incident| incident.escalation.as_ref().is_none_or(|escalation| escalation.due().is_none()));
        let mut resting: Vec<_> = resting.take(limit - rows.len()).map(|incident| row(world, incident)).collect();
        resting.sort_by_key(|row| (class(&row.outlook), std::cmp::Reverse(row.severity), row.incident));
        rows.extend(resting);
    }
    rows
}

fn class(outlook: &Outlook) -> u8 {
    match outlook {
        Outlook::Exhausted { .. } => 0,
        Outlook::Next(_) => 1,
        Outlook::NoChain => 2,
        Outlook::Acknowledged { .. } | Outlook::Mitigated { .. } => 3,
    }
}

fn row(world: &World, incident: &Incident) -> ToldNext {
    let outlook = match (&incident.acknowledged, escalation::next_step(world, incident)) {
        (Some(ack), _) => Outlook::Acknowledged { by: ack.by.name().to_owned() },
        (None, _) if incident.stage == Stage::Mitigated => Outlook::Mitigated { by: incident.mitigated_by.clone().unwrap_or_default() },
        (None, Some(next)) => Outlook::Next(next),
        (None, None) => match incident.escalation.as_ref().and_then(|escalation| escalation.exhausted_at) {
            Some(since) => Outlook::Exhausted { since },
            None => Outlook::NoChain,
        },
    };
    ToldNext { incident: incident.id, severity: incident.severity, title: incident.title.clone(), outlook }
}

impl Outlook {
    /// Whom and why, in words without times.
    pub fn words(&self) -> String {
        match self {
            Self::Next(next) => {
                let who: Vec<_> = next.told.iter().map(ToString::to_string).collect();
                let mut words = match (next.step, who.is_empty()) {
                    (None, _) => "the chain ends".to_owned(),
                    (Some(step), true) => format!("{}, who cannot be told (step {})", next.named(), step + 1),
                    (Some(step), false) => format!("{} (step {})", who.join(", "), step + 1),
                };
                for untold in &next.untold {
                    words.push_str("; ");
                    words.push_str(&untold.reason);
                }
                match &next.put_off {
                    Some(reason) => format!("{words} ({reason})"),
                    None => words,
                }
            }
            Self::Acknowledged { by } => format!("nobody: {by} has it"),
            Self::Mitigated { by } => format!("nobody: mitigated by {by}"),
            Self::Exhausted { .. } => "everyone told, no ack".into(),
            Self::NoChain => "nobody: no chain for it".into(),
        }
    }

    /// When.
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Next(next) => Some(next.at),
            Self::Exhausted { since } => Some(*since),
            Self::Acknowledged { .. } | Self::Mitigated { .. } | Self::NoChain => None,
        }
    }
}

/// Overrides that people made and that are not over, for pages and handovers.
pub fn overrides(world: &World, now: Timestamp) -> impl Iterator<Item = &MadeOverride> {
    world.duty.made.iter().filter(move |made| made.to > now)
}
