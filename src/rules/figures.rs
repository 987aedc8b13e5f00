//! Ended and open incidents → figures: how long it took to detect, acknowledge, mitigate and resolve, the load on people,
//! the alerts that are only noise (RULES: figures). Exercises stay out, every figure says of how many it is, and what is
//! not known is absent, never 0.

use super::noise::{self, Noisy};
use super::{hours, shifts};
use crate::domain::Severity;
use crate::domain::people::HourClass;
use crate::world::record::RECORDS_KEPT;
use crate::world::{Record, World};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Incidents that a shift of 12 hours should not exceed.
pub const CEILING: u32 = 2;

/// What incidents are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// By what they were about.
    #[default]
    Service,
    /// By how bad they became.
    Severity,
    /// By the week in which they were opened.
    Week,
}

impl By {
    /// All, in the order in which a key goes through them.
    pub const ALL: [Self; 3] = [Self::Service, Self::Severity, Self::Week];

    /// The word for a heading and for a command.
    pub fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Severity => "severity",
            Self::Week => "week",
        }
    }
}

/// Which figures.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Incidents that were opened from here on.
    pub from: Timestamp,
    /// And before this.
    pub to: Timestamp,
    /// What they are counted by.
    pub by: By,
    /// The zone of weeks, shifts and hours of sleep.
    pub zone: TimeZone,
}

/// The figures of a stretch of time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// From here.
    pub from: Timestamp,
    /// To here.
    pub to: Timestamp,
    /// Where the stretch begins before what is kept: since when all incidents are known.
    pub known_from: Option<Timestamp>,
    /// What the groups are by.
    pub by: By,
    /// Exercises that were left out.
    pub drills: u32,
    /// All incidents together.
    pub all: Group,
    /// By service, severity or week.
    pub groups: Vec<Group>,
    /// The load on shifts.
    pub load: Load,
    /// When people were interrupted.
    pub interruptions: Interruptions,
    /// Alerts that fire often and are seldom acted on, the worst first.
    pub noisy: Vec<Noisy>,
}

/// Figures of some incidents.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// What they have in common.
    pub name: String,
    /// How many.
    pub incidents: u32,
    /// How many of them are still open.
    pub open: u32,
    /// How many there were in the stretch before.
    pub before: u32,
    /// From the first failed result to the alert.
    pub detect: Took,
    /// From the opening to the first explicit acknowledgement.
    pub acknowledge: Took,
    /// From the opening until the impact was over.
    pub mitigate: Took,
    /// From the opening to the end.
    pub resolve: Took,
}

/// How long something took, of those incidents of which it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Took {
    /// Of how many it is known.
    pub known: u32,
    /// Of how many incidents in all.
    pub of: u32,
    /// Half took at most this long.
    #[serde(serialize_with = "seconds")]
    pub median: Option<SignedDuration>,
    /// Nine of ten took at most this long.
    #[serde(serialize_with = "seconds")]
    pub p90: Option<SignedDuration>,
    /// Of how many it is known in the stretch before.
    pub known_before: u32,
    /// The median of the stretch before.
    #[serde(serialize_with = "seconds")]
    pub median_before: Option<SignedDuration>,
}

/// How many incidents came to a shift.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Load {
    /// Shifts of 12 hours that began within the stretch.
    pub shifts: u32,
    /// The ceiling of each.
    pub ceiling: u32,
    /// Shifts above it.
    pub above: u32,
    /// Incidents of the mean shift; absent without any shift.
    pub mean: Option<f64>,
    /// The fullest shift: when it began, and how many incidents it had.
    pub most: Option<(Timestamp, u32)>,
}

/// When incidents came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Interruptions {
    /// In business hours, as the workspace has them.
    pub business: u32,
    /// Neither business nor sleep.
    pub off: u32,
    /// In hours of sleep.
    pub sleep: u32,
    /// All of them.
    pub of: u32,
}

#[expect(clippy::ref_option, reason = "the form that serialize_with calls")]
fn seconds<S: Serializer>(span: &Option<SignedDuration>, serializer: S) -> Result<S::Ok, S::Error> {
    span.map(|span| span.as_secs_f64()).serialize(serializer)
}

/// The records of a stretch of time, and those of the stretch before.
type NowAndBefore<'a> = (Vec<&'a Record>, Vec<&'a Record>);

/// Every incident that figures can tell of: the open ones and the kept records, by their number.
pub fn records(world: &World) -> Vec<Arc<Record>> {
    let open = world.incidents.values().filter(|incident| incident.is_open()).map(|incident| Arc::new(Record::of(incident)));
    let mut all: Vec<_> = world.records.values().cloned().chain(open).collect();
    all.sort_by_key(|record| record.id);
    all
}

/// The figures of a world.
pub fn figures(world: &World, wanted: &Wanted) -> Figures {
    let records = records(world);
    // Only where as many are kept as can be, older ones may be gone.
    let full = world.records.len() >= RECORDS_KEPT;
    let cut = records.first().filter(|first| full && first.opened_at > wanted.from).map(|first| first.opened_at);
    Figures { known_from: cut, ..of(&records, wanted, &|at| hours::hour_class(world, at)) }
}

/// The figures of some records, with what an instant is to people.
fn of(records: &[Arc<Record>], wanted: &Wanted, class: &dyn Fn(Timestamp) -> HourClass) -> Figures {
    let span = wanted.to.duration_since(wanted.from);
    let earlier = wanted.from.checked_sub(span).unwrap_or(Timestamp::MIN);
    let within = |from: Timestamp, to: Timestamp| {
        records.iter().map(|record| &**record).filter(move |record| (from..to).contains(&record.opened_at))
    };
    let all: Vec<&Record> = within(wanted.from, wanted.to).filter(|record| !record.drill).collect();
    let before: Vec<&Record> = within(earlier, wanted.from).filter(|record| !record.drill).collect();
    let drills = within(wanted.from, wanted.to).filter(|record| record.drill).count();
    let mut named: BTreeMap<(u32, String), NowAndBefore<'_>> = BTreeMap::new();
    for record in &all {
        named.entry(name(record, wanted)).or_default().0.push(record);
    }
    for record in &before {
        // A week has no week of the same name before it.
        if let Some(group) = named.get_mut(&name(record, wanted)).filter(|_| wanted.by != By::Week) {
            group.1.push(record);
        }
    }
    let mut groups: Vec<Group> = named.into_iter().map(|((_, name), (now, before))| group(name, &now, &before)).collect();
    if wanted.by == By::Service {
        groups.sort_by_key(|group| std::cmp::Reverse(group.incidents));
    }
    Figures {
        from: wanted.from,
        to: wanted.to,
        known_from: None,
        by: wanted.by,
        drills: count(drills),
        load: load(&all, wanted),
        interruptions: interruptions(&all, class),
        noisy: noise::noisy(&all, class),
        all: group("all".into(), &all, &before),
        groups,
    }
}

/// The group of a record, with what groups are sorted by.
fn name(record: &Record, wanted: &Wanted) -> (u32, String) {
    match wanted.by {
        By::Service => (0, record.service.clone()),
        By::Severity => (rank(record.severity), record.severity.word().to_owned()),
        By::Week => {
            let week = record.opened_at.to_zoned(wanted.zone.clone()).date().iso_week_date();
            (0, format!("{}-W{:02}", week.year(), week.week()))
        }
    }
}

fn rank(severity: Severity) -> u32 {
    Severity::ALL.iter().position(|other| *other == severity).map_or(u32::MAX, count)
}

fn group(name: String, now: &[&Record], before: &[&Record]) -> Group {
    let took = |of: fn(&Record) -> Option<SignedDuration>| {
        let (known, known_before) = (sorted(now, of), sorted(before, of));
        Took {
            known: count(known.len()),
            of: count(now.len()),
            median: median(&known),
            p90: percentile(&known, 90),
            known_before: count(known_before.len()),
            median_before: median(&known_before),
        }
    };
    Group {
        incidents: count(now.len()),
        open: count(now.iter().filter(|record| record.resolved_at.is_none()).count()),
        before: count(before.len()),
        detect: took(to_detect),
        acknowledge: took(|record| since_opened(record, record.acknowledged_at)),
        mitigate: took(|record| since_opened(record, record.mitigated_at)),
        resolve: took(|record| since_opened(record, record.resolved_at)),
        name,
    }
}

/// From the first failed result to the alert; not known where nothing was seen before the alert itself.
fn to_detect(record: &Record) -> Option<SignedDuration> {
    (record.first_sign_at < record.detected_at).then(|| record.detected_at.duration_since(record.first_sign_at))
}

fn since_opened(record: &Record, at: Option<Timestamp>) -> Option<SignedDuration> {
    at.map(|at| at.duration_since(record.opened_at).max(SignedDuration::ZERO))
}

fn sorted(records: &[&Record], of: fn(&Record) -> Option<SignedDuration>) -> Vec<SignedDuration> {
    let mut known: Vec<_> = records.iter().filter_map(|record| of(record)).collect();
    known.sort();
    known
}

/// The middle one; of an even number the mean of the two in the middle.
fn median(sorted: &[SignedDuration]) -> Option<SignedDuration> {
    let upper = sorted.get(sorted.len() / 2)?;
    let lower = sorted.get((sorted.len() - 1) / 2)?;
    Some((*lower + *upper) / 2)
}

/// The smallest that at least so many of a hundred do not exceed (nearest rank).
fn percentile(sorted: &[SignedDuration], percent: usize) -> Option<SignedDuration> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

fn load(records: &[&Record], wanted: &Wanted) -> Load {
    let mut shifts: BTreeMap<Timestamp, u32> = BTreeMap::new();
    let mut start = shifts::shift_start(wanted.from, &wanted.zone);
    while start < wanted.to {
        if start >= wanted.from {
            shifts.insert(start, 0);
        }
        let next = shifts::next_shift(start, &wanted.zone);
        if next <= start {
            break; // the end of the calendar
        }
        start = next;
    }
    for record in records {
        if let Some(count) = shifts.get_mut(&shifts::shift_start(record.opened_at, &wanted.zone)) {
            *count += 1;
        }
    }
    let all: u32 = shifts.values().sum();
    Load {
        shifts: count(shifts.len()),
        ceiling: CEILING,
        above: count(shifts.values().filter(|count| **count > CEILING).count()),
        mean: (!shifts.is_empty()).then(|| f64::from(all) / shifts.len() as f64),
        most: shifts
            .iter()
            .max_by_key(|(start, count)| (**count, std::cmp::Reverse(**start)))
            .filter(|(_, count)| **count > 0)
            .map(|(start, count)| (*start, *count)),
    }
}

fn interruptions(records: &[&Record], class: &dyn Fn(Timestamp) -> HourClass) -> Interruptions {
    let mut found = Interruptions { of: count(records.len()), ..Interruptions::default() };
    for record in records {
        match class(record.opened_at) {
            HourClass::Business => found.business += 1,
            HourClass::Off => found.off += 1,
            HourClass::Sleep => found.sleep += 1,
        }
    }
    found
}

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
