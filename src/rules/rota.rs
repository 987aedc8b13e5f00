//! Who is on call at an instant, until when, and who comes next (RULES: escalation). A rule without state: turns follow
//! from the rota's anchor, so that no handover can be lost.
//!
//! Turns are counted in wall time: a day is a day also when clocks change. Whoever is away gives their shift to the next
//! person of the rota who is not; an override beats turns and leave, and of several the one that was made last.

use crate::domain::people::{Leave, Person, Rota};
use crate::domain::{PersonId, RotaId};
use crate::world::World;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// How far ahead the end of a shift is looked for; a later one counts as having none.
const HORIZON: SignedDuration = SignedDuration::from_hours(120 * 24);
/// Days ahead that a calendar is asked for the next change.
const HOLIDAY_DAYS: i32 = 60;
/// Changes after each other that leave the same person on call before the search is given up.
const CHANGES_MAX: usize = 3_000;

/// Why somebody is on call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// It is their shift.
    Shift,
    /// They have it in place of somebody who is away.
    StandsIn(PersonId),
    /// An override, by the file or by a person.
    Override {
        /// Who made it; absent: the file.
        by: Option<String>,
        /// Why; may be empty.
        reason: String,
    },
    /// Nobody is: everyone is away.
    Nobody,
}

impl Turn {
    /// A few words for a row; empty for a shift in its order.
    pub fn words(&self) -> String {
        match self {
            Self::Shift => String::new(),
            Self::StandsIn(person) => format!("for {person}, who is away"),
            Self::Override { by: Some(by), reason } if !reason.is_empty() => format!("override by {by}: {reason}"),
            Self::Override { by: Some(by), .. } => format!("override by {by}"),
            Self::Override { by: None, .. } => "override of the file".into(),
            Self::Nobody => "everyone is away".into(),
        }
    }
}

/// A stretch in which one person is on call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnCall {
    /// Who; absent where nobody is.
    pub person: Option<PersonId>,
    /// Why they are.
    pub turn: Turn,
    /// When it began, as the rota and its overrides say; for later shifts when it begins.
    pub from: Timestamp,
    /// When somebody else is, or the reason is another one; absent where that is further ahead than 120 days.
    pub until: Option<Timestamp>,
}

/// Who is on call of a rota at an instant, and until when.
pub fn on_call(world: &World, rota: &RotaId, at: Timestamp) -> Option<OnCall> {
    let reader = Reader::of(world, rota)?;
    Some(reader.stretch_of(at))
}

/// The stretches of a rota from an instant on, the one of that instant first.
pub fn shifts(world: &World, rota: &RotaId, at: Timestamp, count: usize) -> Vec<OnCall> {
    let Some(reader) = Reader::of(world, rota) else { return Vec::new() };
    let mut stretches = Vec::new();
    let mut next = Some(at);
    while let Some(from) = next.filter(|_| stretches.len() < count) {
        let stretch = if stretches.is_empty() { reader.stretch_of(from) } else { reader.stretch(from) };
        next = stretch.until;
        stretches.push(stretch);
    }
    stretches
}

/// Whether a person is away at an instant.
pub fn is_away(world: &World, id: &PersonId, at: Timestamp) -> bool {
    world.duty.people.people.get(id).is_some_and(|person| Absence::of(world, person).covers(at))
}

/// A rota with what decides it, read once.
struct Reader<'w> {
    world: &'w World,
    rota: &'w Rota,
    zone: TimeZone,
    people: Vec<(&'w PersonId, Absence<'w>)>,
    /// The file's overrides as instants, in the order of the file.
    written: Vec<(Timestamp, Timestamp, &'w PersonId)>,
}

impl<'w> Reader<'w> {
    fn of(world: &'w World, id: &RotaId) -> Option<Self> {
        let defined = &world.duty.people;
        let rota = defined.rota(id)?;
        let zone = zone_of(&rota.zone);
        let people = rota.people.iter().filter_map(|id| Some((id, Absence::of(world, defined.people.get(id)?)))).collect();
        let own = defined.overrides.iter().filter(|over| over.rota == *id);
        let written = own.map(|over| (instant(&zone, over.from), instant(&zone, over.to), &over.person)).collect();
        Some(Self { world, rota, zone, people, written })
    }

    /// The stretch that an instant is in.
    fn stretch_of(&self, at: Timestamp) -> OnCall {
        OnCall { from: self.began(at), ..self.stretch(at) }
    }

    /// When what is so at an instant began, not before its turn or its override.
    fn began(&self, at: Timestamp) -> Timestamp {
        let made = self.world.duty.made.iter().filter(|made| made.rota == self.rota.id).map(|made| (made.from, made.to));
        let overrides = made.chain(self.written.iter().map(|(from, to, _)| (*from, *to)));
        let over = overrides.filter(|(from, to)| *from <= at && at < *to).map(|(from, _)| from).max();
        let mut began = over.or_else(|| self.begins(self.turn_at(at))).unwrap_or(at).min(at);
        let mut now = began;
        for _ in 0..CHANGES_MAX {
            let Some(next) = self.next_change(now).filter(|next| *next <= at) else { break };
            if self.at(next) != self.at(began) {
                began = next;
            }
            now = next;
        }
        if self.at(began) == self.at(at) { began } else { at }
    }

    /// The stretch from an instant on.
    fn stretch(&self, at: Timestamp) -> OnCall {
        let (person, turn) = self.at(at);
        let last = at.checked_add(HORIZON).unwrap_or(Timestamp::MAX);
        let mut until = None;
        let mut now = at;
        for _ in 0..CHANGES_MAX {
            let Some(next) = self.next_change(now).filter(|next| *next <= last) else { break };
            if self.at(next) != (person, turn.clone()) {
                until = Some(next);
                break;
            }
            now = next;
        }
        OnCall { person: person.cloned(), turn, from: at, until }
    }

    /// Who is on call at an instant, and why.
    fn at(&self, at: Timestamp) -> (Option<&'w PersonId>, Turn) {
        let made = self.world.duty.made.iter().rev().find(|made| made.rota == self.rota.id && made.from <= at && at < made.to);
        if let Some(made) = made {
            return (Some(&made.person), Turn::Override { by: Some(made.by.clone()), reason: made.reason.clone() });
        }
        if let Some((.., person)) = self.written.iter().rev().find(|(from, to, _)| *from <= at && at < *to) {
            return (Some(person), Turn::Override { by: None, reason: String::new() });
        }
        let count = self.people.len();
        if count == 0 {
            return (None, Turn::Nobody);
        }
        let place = self.turn_at(at).rem_euclid(i64::try_from(count).unwrap_or(1));
        let place = usize::try_from(place).unwrap_or(0);
        let order = || self.people.iter().cycle().skip(place).take(count);
        let found = order().find(|(_, absence)| !absence.covers(at));
        match (found, order().next()) {
            (Some((person, _)), Some((first, _))) if person == first => (Some(person), Turn::Shift),
            (Some((person, _)), Some((first, _))) => (Some(person), Turn::StandsIn((*first).clone())),
            _ => (None, Turn::Nobody),
        }
    }

    /// The instant at which a turn begins.
    fn begins(&self, turn: i64) -> Option<Timestamp> {
        let hours = turn.checked_mul(i64::from(self.rota.shift_hours.max(1)))?;
        let wall = self.rota.from.to_datetime(self.rota.handover).checked_add(SignedDuration::from_hours(hours)).ok()?;
        self.zone.to_timestamp(wall).ok()
    }

    /// The number of the turn of an instant; 0 is the anchor's. The last turn that has begun: where clocks change, two
    /// may begin at once, and every instant still has one.
    fn turn_at(&self, at: Timestamp) -> i64 {
        let shift = i64::from(self.rota.shift_hours.max(1));
        let wall = self.zone.to_datetime(at);
        let hours = wall.duration_since(self.rota.from.to_datetime(self.rota.handover)).as_secs().div_euclid(3_600);
        let near = hours.div_euclid(shift);
        // Where a zone skips or repeats up to a day, wall time is that far from the turn's.
        let reach = 1 + 26 / shift;
        (near - reach..=near + reach).rev().find(|turn| self.begins(*turn).is_some_and(|begins| begins <= at)).unwrap_or(near)
    }

    /// The next instant after one at which anything may change.
    fn next_change(&self, after: Timestamp) -> Option<Timestamp> {
        let turns = (self.people.len() > 1).then(|| {
            let turn = self.turn_at(after);
            (turn + 1..turn + 30).filter_map(|turn| self.begins(turn)).find(|at| *at > after)
        });
        let made = self.world.duty.made.iter().filter(|made| made.rota == self.rota.id).flat_map(|made| [made.from, made.to]);
        let written = self.written.iter().flat_map(|(from, to, _)| [*from, *to]);
        let absences = self.people.iter().filter_map(|(_, absence)| absence.next_change(after));
        made.chain(written).filter(|at| *at > after).chain(absences).chain(turns.flatten()).min()
    }
}

/// When a person is away.
struct Absence<'w> {
    zone: TimeZone,
    leave: Vec<(Timestamp, Timestamp)>,
    holidays: Option<&'w crate::domain::Calendar>,
}

impl<'w> Absence<'w> {
    fn of(world: &'w World, person: &'w Person) -> Self {
        let zone = zone_of(&person.zone);
        let leave = person.away.iter().map(|Leave { from, to, .. }| (instant(&zone, *from), instant(&zone, *to))).collect();
        let holidays = person.holidays.as_ref().and_then(|id| world.calendars.get(id)).map(|calendar| &**calendar);
        Self { zone, leave, holidays }
    }

    fn covers(&self, at: Timestamp) -> bool {
        self.leave.iter().any(|(from, to)| *from <= at && at < *to)
            || self.holidays.is_some() && self.is_holiday(self.zone.to_datetime(at).date())
    }

    /// A named holiday; weekends are for rotas to share out.
    fn is_holiday(&self, date: Date) -> bool {
        let Some(calendar) = self.holidays else { return false };
        let named = calendar.holidays.contains_key(&date) || calendar.yearly.contains_key(&crate::domain::calendar::MonthDay::of(date));
        named && !calendar.working.contains_key(&date)
    }

    fn next_change(&self, after: Timestamp) -> Option<Timestamp> {
        let leave = self.leave.iter().flat_map(|(from, to)| [*from, *to]).filter(|at| *at > after).min();
        let holiday = self.holidays.and_then(|_| {
            let today = self.zone.to_datetime(after).date();
            let now = self.is_holiday(today);
            let days = (1..=HOLIDAY_DAYS).filter_map(|day| today.checked_add(day.days()).ok());
            let changes = days.into_iter().find(|date| self.is_holiday(*date) != now);
            changes.map(|date| instant(&self.zone, date.at(0, 0, 0, 0))).filter(|at| *at > after)
        });
        leave.into_iter().chain(holiday).min()
    }
}

/// A zone by its name; one that this host does not know counts as UTC.
pub(super) fn zone_of(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// The instant of a wall time: one that clocks skip is as long after the change as it was before it, of one that comes
/// twice the first is meant.
pub(super) fn instant(zone: &TimeZone, wall: DateTime) -> Timestamp {
    zone.to_timestamp(wall).unwrap_or(if wall.year() < 0 { Timestamp::MIN } else { Timestamp::MAX })
}
