//! What one shift tells the next (RULES: handover): what is open and whose, what still fires, what is held and when that
//! ends, the deadlines of the next twelve hours, what nobody ticked, and who is on call.

use super::{Held, duties, holds, planning, shifts};
use crate::domain::sent::LabelMatcher;
use crate::domain::{ChecklistId, FlowId, IncidentId, PersonId, RotaId, Severity, SourceId};
use crate::world::{Flow, Incident, Occasion, OverlayKind, Record, SilencingState, Source, Watch, World};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::sync::Arc;

/// How far the next shift is looked ahead.
pub const AHEAD: SignedDuration = SignedDuration::from_hours(12);
/// Rows of one kind that are listed; more are counted.
pub const LISTED: usize = 50;
/// Planned occurrences of one flow that are looked at for deadlines.
const OCCURRENCES: usize = 20;

/// What one shift tells the next.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Handover {
    /// As of when.
    pub at: Timestamp,
    /// When the shift began that ends.
    pub shift_from: Timestamp,
    /// Open incidents, the most urgent first.
    pub open: Vec<OpenIncident>,
    /// How many more are open than are listed.
    pub open_more: usize,
    /// Incidents that ended during the shift, the youngest first.
    pub ended: Vec<EndedIncident>,
    /// How many more ended than are listed.
    pub ended_more: usize,
    /// What is held, iced or waits for a person, what ends soon first.
    pub held: Vec<Held>,
    /// Deadlines of the next twelve hours, the next first.
    pub deadlines: Vec<Deadline>,
    /// What ends by itself within the next twelve hours, the next first.
    pub expiring: Vec<Expiring>,
    /// Items of checklists that nobody has ticked, the first due first.
    pub unticked: Vec<Unticked>,
    /// Who has each rota, and who has it next.
    pub on_call: Vec<OnCall>,
}

/// An item of a checklist that is to be done, or that was left so during the shift.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unticked {
    /// When its slot is over.
    pub due: Timestamp,
    /// The checklist.
    pub checklist: ChecklistId,
    /// The item, as it reads.
    pub item: String,
    /// Why it was left; absent while it can still be ticked.
    pub left: Option<String>,
}

/// Who has a rota, and who has it next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OnCall {
    /// The rota.
    pub rota: RotaId,
    /// Who has it now; absent where nobody has.
    pub person: Option<PersonId>,
    /// Until when; absent where nothing ends it.
    pub until: Option<Timestamp>,
    /// Who has it then.
    pub next: Option<PersonId>,
    /// Why it is not simply their turn; may be empty.
    pub why: String,
}

/// An open incident.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OpenIncident {
    /// Its number.
    pub id: IncidentId,
    /// One line.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// How far.
    pub stage: String,
    /// Since when.
    pub opened_at: Timestamp,
    /// Whose it is; absent where nobody works on it.
    pub owner: Option<String>,
    /// Since when they work on it.
    pub acknowledged_at: Option<Timestamp>,
    /// How many of its alerts still fire.
    pub firing: usize,
    /// What else is to be known: an overlay with its end.
    pub remarks: Vec<String>,
}

/// An incident that ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EndedIncident {
    /// Its number.
    pub id: IncidentId,
    /// One line.
    pub title: String,
    /// How bad it became.
    pub severity: Severity,
    /// When it was over.
    pub resolved_at: Timestamp,
    /// Why.
    pub reason: String,
}

/// A deadline of a flow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Deadline {
    /// When.
    pub at: Timestamp,
    /// The flow.
    pub flow: FlowId,
    /// What is due by then: `start` or `finish`.
    pub what: String,
    /// The occurrence that it is for.
    pub planned_at: Timestamp,
}

/// Something that ends by itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Expiring {
    /// When.
    pub at: Timestamp,
    /// What, in words.
    pub what: String,
}

/// What the shift that ends tells the next.
pub fn handover(world: &World, now: Timestamp) -> Handover {
    let zone = TimeZone::get(&world.zone).unwrap_or(TimeZone::UTC);
    let shift_from = shifts::shift_start(now, &zone);
    let mut open: Vec<_> = world.incidents.values().filter(|incident| incident.is_open()).collect();
    open.sort_by_cached_key(|incident| world.urgency(incident));
    let mut ended: Vec<&Record> =
        world.records.values().map(|record| &**record).filter(|record| record.resolved_at.is_some_and(|at| at >= shift_from)).collect();
    ended.sort_by_key(|record| std::cmp::Reverse(record.resolved_at));
    let held = holds(world);
    let until = now.checked_add(AHEAD).unwrap_or(Timestamp::MAX);
    let soon = |at: &Timestamp| *at >= now && *at <= until;
    let mut expiring: Vec<Expiring> = held
        .iter()
        .filter_map(|held| Some((held.until.filter(soon)?, held)))
        .map(|(at, held)| Expiring { at, what: format!("{} of {} ({})", held.kind.word(), held.object(), held.reason) })
        .collect();
    expiring.extend(overlays_that_end(world, &open, &soon));
    expiring.sort();
    Handover {
        at: now,
        shift_from,
        open_more: open.len().saturating_sub(LISTED),
        open: open.iter().take(LISTED).map(|incident| open_incident(world, incident, now)).collect(),
        ended_more: ended.len().saturating_sub(LISTED),
        ended: ended
            .into_iter()
            .take(LISTED)
            .filter_map(|record| {
                let (title, reason) = (record.title.clone(), record.reason.clone());
                Some(EndedIncident { id: record.id, title, severity: record.severity, resolved_at: record.resolved_at?, reason })
            })
            .collect(),
        held,
        deadlines: deadlines(world, now, until),
        expiring,
        unticked: unticked(world, shift_from),
        on_call: on_call(world, now),
    }
}

/// What is to be ticked, and what was left unticked since the shift began.
fn unticked(world: &World, shift_from: Timestamp) -> Vec<Unticked> {
    let left = |occasion: &&Occasion| occasion.left.is_some() && occasion.due >= shift_from;
    let past = world.checklists.values().flat_map(|row| row.past.iter().filter(left));
    let rows = world.open_checklists().chain(past).flat_map(|occasion| {
        occasion.unticked().map(|item| Unticked {
            due: occasion.due,
            checklist: occasion.checklist.id.clone(),
            item: item.text.clone(),
            left: occasion.left.clone(),
        })
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort();
    rows
}

fn on_call(world: &World, now: Timestamp) -> Vec<OnCall> {
    let rows = duties(world, now, 2).into_iter().map(|duty| {
        let mut shifts = duty.shifts.into_iter();
        let (first, next) = (shifts.next(), shifts.next());
        let (person, until, why) = first.map_or((None, None, String::new()), |shift| (shift.person, shift.until, shift.turn.words()));
        OnCall { rota: duty.rota, person, until, next: next.and_then(|shift| shift.person), why }
    });
    rows.collect()
}

fn open_incident(world: &World, incident: &Incident, now: Timestamp) -> OpenIncident {
    let acknowledged = incident.acknowledged.as_ref();
    let owner = incident.owner.as_ref().map(|owner| owner.name.clone());
    let overlays = world.overlays(incident, now).into_iter().filter(|overlay| overlay.kind != OverlayKind::Acknowledged);
    OpenIncident {
        id: incident.id,
        title: incident.title.clone(),
        severity: incident.severity,
        stage: incident.stage.word().to_owned(),
        opened_at: incident.opened_at,
        owner: owner.or_else(|| acknowledged.map(|ack| ack.by.name().to_owned())),
        acknowledged_at: acknowledged.map(|ack| ack.at),
        firing: incident.alerts.values().filter(|alert| alert.resolved_at.is_none()).count(),
        remarks: overlays
            .map(|overlay| {
                let reason =
                    overlay.reason.as_deref().filter(|reason| !reason.is_empty()).map(|reason| format!(" ({reason})")).unwrap_or_default();
                format!("{}{reason}", overlay.words())
            })
            .collect(),
    }
}

/// Snoozes, silences here and at neighbours, maintenance and overrides of rotas that end soon.
fn overlays_that_end(world: &World, open: &[&Arc<Incident>], soon: &impl Fn(&Timestamp) -> bool) -> Vec<Expiring> {
    let snoozes = open.iter().filter_map(|incident| {
        let snooze = incident.snoozed.as_ref().filter(|snooze| soon(&snooze.until))?;
        Some(Expiring { at: snooze.until, what: format!("snooze of incident {} by {}", incident.id, snooze.by) })
    });
    let silences = world.silences.values().filter(|silence| soon(&silence.until)).map(|silence| Expiring {
        at: silence.until,
        what: format!("silence {} by {}: {} ({})", silence.id, silence.by, silence.scope(), silence.reason),
    });
    let windows = world.maintenance.values().filter_map(|row| {
        let at = row.until.filter(soon)?;
        Some(Expiring { at, what: format!("maintenance {}: {}", row.window.name, row.window.scope()) })
    });
    let taken = world.duty.made.iter().filter(|made| soon(&made.to)).map(|made| {
        let reason = if made.reason.is_empty() { String::new() } else { format!(" ({})", made.reason) };
        Expiring { at: made.to, what: format!("override of {} by {}{reason}", made.rota, made.person) }
    });
    let there = world.sources.iter().flat_map(|(id, row)| silences_there(id, row));
    snoozes.chain(silences).chain(there.filter(|ends| soon(&ends.at))).chain(windows).chain(taken).collect()
}

/// Silences that stand at a neighbour, whoever made them. Those of acknowledgements last as long as these.
fn silences_there(id: &SourceId, row: &Source) -> Vec<Expiring> {
    let line = |at: Timestamp, by: &str, matchers: &[LabelMatcher], comment: &str| {
        let scope = matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        // What dogwatch writes behind a person's words is left out.
        let reason =
            comment.rsplit_once(", by ").filter(|(_, rest)| rest.contains(" via dogwatch, dw-")).map_or(comment, |(reason, _)| reason);
        Expiring { at, what: format!("silence at {id} by {by}: {scope} ({reason})") }
    };
    let is_of_ack = |silence: &str| row.silencings.values().any(|own| own.order.alert.is_some() && own.id.as_deref() == Some(silence));
    let seen = row.silences.values().filter(|silence| !is_of_ack(&silence.id));
    let made = row.silencings.values().filter(|own| own.order.alert.is_none() && own.ending.is_none());
    // One that was made just now is shown by the next reading.
    let made = made.filter(|own| own.state == SilencingState::Standing && own.id.as_ref().is_some_and(|id| !row.silences.contains_key(id)));
    let seen = seen.map(|silence| line(silence.ends, &silence.by, &silence.matchers, &silence.comment));
    seen.chain(made.map(|own| line(own.ends, &own.order.by, &own.order.matchers, &own.order.comment))).collect()
}

/// Deadlines of flows that have any, of occurrences that are under way and of those to come.
fn deadlines(world: &World, now: Timestamp, until: Timestamp) -> Vec<Deadline> {
    let mut found = Vec::new();
    let mut add = |flow: &Flow, watch: &Watch| {
        for (at, what) in [(watch.start_by, "start"), (watch.finish_by, "finish")] {
            if let Some(at) = at.filter(|at| *at >= now && *at <= until) {
                found.push(Deadline { at, flow: flow.definition.id.clone(), what: what.to_owned(), planned_at: watch.planned_at });
            }
        }
    };
    let with_deadline = |flow: &&Arc<Flow>| {
        let definition = &flow.definition;
        !flow.removed && (definition.must_start_by.is_some() || definition.must_finish_by.is_some())
    };
    for flow in world.flows.values().filter(with_deadline) {
        flow.watches.iter().for_each(|watch| add(flow, watch));
        let planned = planning::upcoming(world, flow, now, OCCURRENCES);
        for planned in planned.iter().filter(|planned| planned.absence.is_none() && planned.occurrence.at <= until) {
            if let Some(watch) = Watch::of(&flow.definition, planned.occurrence.at) {
                add(flow, &watch);
            }
        }
    }
    found.sort();
    found.dedup();
    found
}
