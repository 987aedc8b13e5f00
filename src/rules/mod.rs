//! The pure heart of the arrow: command, report or time in; events and effects out. No I/O, no clock, no chance.
//!
//! Whoever carries a decision out keeps one order: each event is applied, and what [`follow`]s from it is applied
//! before the next event of the same decision. [`carry_out`] is that order as code. A rule here looks at the state that
//! is, and names the next fact that is missing in it; so a fact can neither be forgotten nor be recorded twice.

mod agenda;
mod alerts;
mod anchors;
mod approvals;
mod batch_day;
pub mod burn;
mod calendar;
mod checklists;
pub mod compare;
mod conditions;
mod deadlines;
mod definitions;
pub mod escalation;
mod evidence;
pub mod figures;
pub mod flapping;
mod follow;
pub mod forecast;
pub mod handover;
mod health;
mod holds;
mod hours;
mod incident_messages;
mod maintenance;
mod matching;
mod messages;
mod misses;
mod moment;
mod names;
mod neighbours;
pub mod noise;
pub mod objective;
mod occurrences;
mod odd;
mod oncall;
mod outside;
pub mod overlays;
mod params;
mod planning;
mod pools;
mod preview;
mod procedures;
mod remediation;
mod report;
mod rerun;
mod retry;
pub mod review;
pub mod rota;
mod runbook_match;
mod runs;
pub mod schedule;
mod sending;
mod sent;
pub mod shifts;
mod silencing;
pub mod similar;
mod slots;
pub mod template;
mod timetable;
mod timing;
mod triage;
mod verbs;
mod waiting;
mod why;

pub use agenda::{DueKey, agenda, due, next_due, touched_keys};
pub use approvals::{needs_two_people, open_request, second_word_on, void as void_request};
pub use batch_day::{BatchDay, BatchRow, CarriedOver, batch_day, batch_day_of, batch_days, carried_over};
pub use calendar::DayRule;
pub use checklists::{due as checklist_due, machine_says, machine_says_at};
pub use escalation::{NextStep, next_step};
pub use evidence::{evidence_for, masks};
pub use follow::follow;
pub use holds::{Held, HeldKind, holds};
pub use hours::hour_class;
pub use maintenance::{begins as next_maintenance, covers_probe as is_maintained, of_probe as maintenance_of_probe};
pub use names::{TEXT_MAX, flow as find_flow, incident as find_incident, nearest, run as find_run};
pub use neighbours::stale;
pub use occurrences::next as next_occurrence;
pub use odd::{Odd, What, odd_characters, spelled_out};
pub use oncall::{Duty, Outlook, ToldNext, duties, overrides, told_next};
pub use overlays::quiet;
pub use params::{FilledIn, filled_in_from, param_problem};
pub use planning::{Planned, plan, upcoming};
pub use pools::{PoolHolder, PoolUse, PoolWaiter, pools};
pub use preview::preview;
pub use procedures::{expected, filled_in};
pub use report::report;
pub use rerun::{PlannedStep, RerunAsk, RerunPlan};
pub use rota::{OnCall, on_call, shifts};
pub use runbook_match::matching;
pub use schedule::{Schedule, ScheduleError};
pub use sent::{check_labels, incident_of};
pub use timetable::{Timetable, absence};
pub use verbs::decide;
pub use waiting::{Waiting, WaitingOn, waiting_on};
pub use why::{Reason, why_flow, why_run, with_output};

use crate::domain::{Author, Effect, Entry, Event, Level};
use crate::world::World;
use jiff::Timestamp;

/// What a rule has decided: facts to record, then effects to perform.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decision {
    /// Facts, in the order in which they are recorded.
    pub events: Vec<Event>,
    /// What is asked of the outside once the facts are on disk.
    pub effects: Vec<Effect>,
}

impl Decision {
    fn nothing() -> Self {
        Self::default()
    }

    fn events(events: impl IntoIterator<Item = Event>) -> Self {
        Self { events: events.into_iter().collect(), effects: Vec::new() }
    }

    fn effects(effects: impl IntoIterator<Item = Effect>) -> Self {
        Self { events: Vec::new(), effects: effects.into_iter().collect() }
    }
}

impl From<Event> for Decision {
    fn from(event: Event) -> Self {
        Self::events([event])
    }
}

impl From<Effect> for Decision {
    fn from(effect: Effect) -> Self {
        Self::effects([effect])
    }
}

impl From<Option<Event>> for Decision {
    fn from(event: Option<Event>) -> Self {
        Self::events(event)
    }
}

/// Who asks, when, and what a rule would else have to look up.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Who.
    pub author: &'a Author,
    /// When.
    pub now: Timestamp,
    /// The kernel's id of this boot; it is recorded with each attempt.
    pub boot_id: &'a str,
    /// A random figure for the jitter of retries.
    pub random: u64,
    /// What who asks may do.
    pub level: Level,
}

/// Carries a decision out on a world: applies each event and, before the next one, all that follows from it. Returns the
/// entries, numbered onwards from the world's last one, and the effects to perform once those entries are on disk; all
/// entries of one decision belong into one transaction. Events of the decision carry the author who asked, what follows
/// is dogwatch's own.
pub fn carry_out(world: &mut World, decision: Decision, asked: &Asked) -> (Vec<Entry>, Vec<Effect>) {
    let own = Asked { author: &Author::Engine, ..*asked };
    let mut effects = decision.effects;
    let mut entries = Vec::new();
    let mut waiting: Vec<(Event, &Author)> = decision.events.into_iter().rev().map(|event| (event, asked.author)).collect();
    while let Some((event, author)) = waiting.pop() {
        let entry = Entry { seq: world.seq + 1, at: asked.now, author: author.clone(), event };
        world.apply(&entry);
        let next = follow(world, &entry, &own);
        entries.push(entry);
        effects.extend(next.effects);
        waiting.extend(next.events.into_iter().rev().map(|event| (event, &Author::Engine)));
    }
    (entries, effects)
}
