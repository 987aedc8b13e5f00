//! What a run waits for: every condition that is not met, in the order in which they are looked at, each with the object
//! behind it and the command that would change it. `why`, `--json` and the screens share this list.

use super::moment::near;
use super::{alerts, conditions};
use crate::domain::condition::{After, AfterDate, Condition};
use crate::domain::counted;
use crate::domain::source::Freshness;
use crate::domain::{FlowId, Outcome, Phase, RunId, SourceId, StepName};
use crate::world::{Flow, Run, StepRun, StepState, World};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

/// Places in the queue are counted up to this length of it; of a longer one its length is told.
const COUNTED: usize = 2_000;
/// Holders of a pool that are named.
const HOLDERS_NAMED: usize = 3;

/// A condition that is not met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Which condition.
    #[serde(flatten)]
    pub on: WaitingOn,
    /// In words.
    pub text: String,
    /// The object behind it, as it is typed.
    pub object: String,
    /// The command that would change it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Sorts of conditions (RULES: job flows), in the order in which they are listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "on", rename_all = "snake_case")]
pub enum WaitingOn {
    /// The neighbour that owns the flow does not answer: what it says is old.
    Source {
        /// The neighbour.
        source: SourceId,
    },
    /// Its planned time has not come.
    Time {
        /// That time.
        at: Timestamp,
    },
    /// A calendar does not let it run today.
    Calendar {
        /// The calendar's name.
        calendar: String,
    },
    /// It is outside the hours in which it may start.
    Window {
        /// When the hours begin.
        opens_at: Option<Timestamp>,
    },
    /// A person holds it, or its flow.
    Hold {
        /// Who.
        by: String,
        /// When that ends by itself.
        until: Option<Timestamp>,
    },
    /// Another flow has not ended as it must for the date.
    Predecessor {
        /// The flow.
        flow: FlowId,
        /// The date that it must have processed; absent where any counts.
        date: Option<Date>,
    },
    /// A file has not come.
    File {
        /// The path or pattern.
        path: String,
        /// The last thing seen there, in words.
        seen: Option<String>,
    },
    /// It is not its turn: an earlier run of the flow is not done.
    Turn {
        /// That run.
        run: RunId,
    },
    /// A person must approve a step.
    Approval {
        /// The step.
        step: StepName,
    },
    /// A failed step is tried again at its time.
    RetryAt {
        /// The step.
        step: StepName,
        /// Not before this.
        at: Timestamp,
    },
    /// Units of a pool are not free, or are kept for what waits before it.
    Resource {
        /// The step.
        step: StepName,
        /// The pool.
        pool: String,
        /// How many it asks for.
        units: u32,
        /// How many are free.
        free: u32,
    },
    /// As many steps of the flow run as may at the same time.
    Limit {
        /// The step.
        step: StepName,
        /// Its flow's `max_running`.
        most: u32,
    },
    /// As many steps run as may at the same time.
    Slots {
        /// The step.
        step: StepName,
        /// How many run.
        taken: u32,
        /// How many may.
        of: u32,
    },
    /// Steps that a step needs have not succeeded.
    Steps {
        /// The step.
        step: StepName,
        /// What it needs and has not got.
        needs: Vec<StepName>,
    },
}

impl Waiting {
    fn new(on: WaitingOn, text: impl Into<String>, object: &impl ToString) -> Self {
        Self { on, text: text.into(), object: object.to_string(), hint: None }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// Every condition of a run that is not met. Empty where it is done, or where all that can run runs.
pub fn waiting_on(world: &World, run: &Run, now: Timestamp) -> Vec<Waiting> {
    let Some(flow) = world.flow(&run.id.flow).filter(|_| run.phase != Phase::Done) else { return Vec::new() };
    let mut waiting: Vec<Waiting> = source(world, flow).into_iter().collect();
    waiting.extend(of_run(world, flow, run, now));
    if run.forced.is_none() && (!run.unmet.is_empty() || flow.in_front(&run.id).is_some()) {
        return waiting;
    }
    waiting.extend(run.steps.iter().filter_map(|step| of_step(world, flow, run, step, now)));
    waiting
}

/// The neighbour that owns a flow, where it does not answer.
pub(super) fn source(world: &World, flow: &Flow) -> Option<Waiting> {
    let source = flow.source();
    match &world.sources.get(&source)?.freshness {
        Freshness::Stale { reason } => {
            let text = format!("`{source}` does not answer: {reason}");
            Some(Waiting::new(WaitingOn::Source { source: source.clone() }, text, &source))
        }
        Freshness::Fresh => None,
    }
}

/// What keeps all steps of a run from starting.
pub(super) fn of_run(world: &World, flow: &Flow, run: &Run, now: Timestamp) -> Vec<Waiting> {
    let mut waiting = Vec::new();
    if run.phase == Phase::Planned && run.planned_at > now {
        let text = format!("its time is {}", alerts::wall(run.planned_at, &flow.definition.zone));
        waiting.push(Waiting::new(WaitingOn::Time { at: run.planned_at }, text, &run.id));
    }
    if let Some(hold) = &run.hold {
        let until = hold.until.map_or(String::new(), |until| format!(" until {}", near(until, now, &flow.definition.zone)));
        let text = format!("{} is held by {}{until}: {}", run.id, hold.by, hold.reason);
        let on = WaitingOn::Hold { by: hold.by.clone(), until: hold.until };
        waiting.push(Waiting::new(on, text, &run.id).hint(format!("dogwatch release {}", run.id)));
    }
    if run.forced.is_some() {
        return waiting;
    }
    if let Some(hold) = flow.hold.as_ref().filter(|_| !run.has_begun()) {
        let text = format!("its flow is held by {}: {}", hold.by, hold.reason);
        let on = WaitingOn::Hold { by: hold.by.clone(), until: hold.until };
        let hint = format!("dogwatch force {} --reason … (or: dogwatch release {})", run.id, run.id.flow);
        waiting.push(Waiting::new(on, text, &run.id.flow).hint(hint));
    }
    for condition in &run.unmet {
        match condition {
            Condition::After(before) => {
                let definition = flow.definition_of(run);
                let after = definition.and_then(|definition| definition.conditions.after.iter().find(|after| after.flow == *before));
                waiting.extend(after.map(|after| of_predecessor(world, run, after)));
            }
            Condition::File(path) => waiting.push(of_file(world, flow, run, path)),
        }
    }
    if let Some(first) = flow.in_front(&run.id) {
        let text = format!("the earlier run {} is not done", first.id);
        waiting.push(Waiting::new(WaitingOn::Turn { run: first.id.clone() }, text, &first.id).hint(format!("dogwatch kill {}", first.id)));
    }
    waiting
}

fn of_predecessor(world: &World, run: &Run, after: &After) -> Waiting {
    let date = match after.date {
        AfterDate::Same => Some(run.date),
        AfterDate::Previous => run.date.yesterday().ok(),
        AfterDate::Any => None,
    };
    let id = &after.flow;
    let on = WaitingOn::Predecessor { flow: id.clone(), date };
    let of_date = date.map_or_else(String::new, |date| format!(" for {date}"));
    let what = format!("waits for the {} of {id}{of_date}", after.on);
    let Some(before) = world.flow(id).filter(|flow| !flow.removed) else {
        return Waiting::new(on, format!("{what}, whose file is gone"), id).hint(format!("dogwatch kill {}", run.id));
    };
    let counts = |other: &&Run| date.is_none_or(|date| other.date == date);
    if let Some(active) = before.active().find(counts) {
        let phase = if active.phase == Phase::Running { "runs" } else { "waits itself" };
        return Waiting::new(on, format!("{what}: {} {phase}", active.id), &active.id).hint(format!("dogwatch why {}", active.id));
    }
    let last = before.runs.iter().rev().map(|run| &**run).find(counts);
    if let Some(last) = last {
        let how = last.outcome.as_ref().map_or("done", Outcome::word);
        return Waiting::new(on, format!("{what}: {} ended: {how}", last.id), &last.id)
            .hint(format!("dogwatch rerun {} --reason …", last.id));
    }
    let hint = date.map_or_else(|| format!("dogwatch run {id}"), |date| format!("dogwatch run {id} --date {date}"));
    Waiting::new(on, format!("{what}: it has not run{of_date}"), id).hint(hint)
}

fn of_file(world: &World, flow: &Flow, run: &Run, path: &str) -> Waiting {
    let feed = world.feeds.get(&run.id.flow);
    let begin = conditions::period_begin(world, flow, run);
    let old = feed.and_then(|feed| feed.pending.iter().rev().find(|(of, file)| of == path && file.modified_at < begin));
    let seen = match (old, feed.and_then(|feed| feed.sights.get(path))) {
        (Some((_, file)), _) => {
            let zone = &flow.definition.zone;
            let (at, begin) = (day_and_time(file.modified_at, zone), day_and_time(begin, zone));
            Some(format!("{} is of {at}, before its period began at {begin}", file.file))
        }
        (None, Some(sight)) => Some(sight.words.clone()),
        (None, None) => None,
    };
    let text = format!("waits for the file {path}: {}", seen.as_deref().unwrap_or("nothing was seen yet"));
    let hint = format!("dogwatch run {} --date {}", run.id.flow, run.date);
    Waiting::new(WaitingOn::File { path: path.to_owned(), seen }, text, &path).hint(hint)
}

fn day_and_time(at: Timestamp, zone: &str) -> String {
    at.in_tz(zone).map_or_else(|_| at.to_string(), |zoned| zoned.strftime("%Y-%m-%d %H:%M %Z").to_string())
}

/// What keeps a step from starting; none where it runs or is done.
pub(super) fn of_step(world: &World, flow: &Flow, run: &Run, step: &StepRun, now: Timestamp) -> Option<Waiting> {
    let object = format!("{} {}", run.id, step.name);
    let definition = flow.definition_of(run)?.step(&step.name)?;
    let name = || step.name.clone();
    match &step.state {
        StepState::Waiting => {
            let open = |need: &&StepName| !run.step(need).is_some_and(|need| need.state.is_success());
            let needs: Vec<StepName> = definition.needs.iter().filter(open).cloned().collect();
            let text = format!("{} needs {}", step.name, needs.iter().map(StepName::as_str).collect::<Vec<_>>().join(", "));
            Some(Waiting::new(WaitingOn::Steps { step: name(), needs }, text, &object))
        }
        StepState::RetryAt { at } => {
            let end = step.attempts.last().and_then(|attempt| attempt.end.as_ref()).map_or(String::new(), |end| format!(" after {end}"));
            if *at > now {
                let when = alerts::wall(*at, &flow.definition.zone);
                let spent = format!("attempt {} of {}", step.attempts_spent(), definition.retry.attempts);
                let text = format!("{} is tried again at {when}{end}, {spent} spent", step.name);
                let waiting = Waiting::new(WaitingOn::RetryAt { step: name(), at: *at }, text, &object);
                return Some(waiting.hint(format!("dogwatch kill {}", run.id)));
            }
            Some(of_room(world, flow, run, step, &format!(" to be tried again{end}")).hint(format!("dogwatch kill {}", run.id)))
        }
        StepState::Queued => Some(of_room(world, flow, run, step, "")),
        StepState::Approval => {
            let approval = definition.approve.as_ref()?;
            let text = format!("{} waits for the word of an {}: {}", step.name, approval.by, approval.text);
            Some(Waiting::new(WaitingOn::Approval { step: name() }, text, &object).hint(format!("dogwatch approve {object}")))
        }
        StepState::Running | StepState::Done { .. } => None,
    }
}

/// The room that a ready step lacks: its flow's limit, units, or a slot.
fn of_room(world: &World, flow: &Flow, run: &Run, step: &StepRun, what_for: &str) -> Waiting {
    let object = format!("{} {}", run.id, step.name);
    let name = step.name.clone();
    let busy = world.busy.get(&run.id.flow).copied().unwrap_or(0);
    if let Some(most) = flow.definition.conditions.max_running.filter(|most| busy >= *most) {
        let text = format!("{name} waits{what_for}: {busy} of {most} steps of {} run", run.id.flow);
        return Waiting::new(WaitingOn::Limit { step: name, most }, text, &run.id.flow).hint(format!("dogwatch runs {}", run.id.flow));
    }
    let needs =
        flow.definition_of(run).and_then(|definition| definition.step(&step.name)).map(|step| step.pools.as_slice()).unwrap_or_default();
    let free_slots = world.slots_taken() < world.max_running.max(1);
    let lacking = needs.iter().find(|need| !world.has_units(std::slice::from_ref(need)));
    if let Some(need) = lacking.or_else(|| needs.first().filter(|_| free_slots)) {
        let (units, taken, held) =
            world.pools.get(&need.pool).map_or((0, 0, String::new()), |pool| (pool.units, pool.taken(), holders(pool)));
        let free = units.saturating_sub(taken);
        let why = match lacking {
            Some(_) => format!("{taken} of {units} taken{held}"),
            None => format!("{free} of {units} free, kept for what waits before it"),
        };
        let text = format!("{name} waits{what_for} for {} of pool {}: {why}", counted(need.units as usize, "unit"), need.pool);
        let on = WaitingOn::Resource { step: name, pool: need.pool.clone(), units: need.units, free };
        return Waiting::new(on, text, &need.pool).hint("dogwatch pools");
    }
    let (taken, of) = (world.slots_taken(), world.max_running);
    let text = if what_for.is_empty() {
        format!("{name} waits for a free slot: {taken} of {of} taken, {}", before(world, &run.id, &name))
    } else {
        format!("{name} waits for a free slot{what_for}")
    };
    Waiting::new(WaitingOn::Slots { step: name, taken, of }, text, &object)
}

fn holders(pool: &crate::world::Pool) -> String {
    let named: Vec<String> = pool.holders.iter().take(HOLDERS_NAMED).map(|(attempt, _)| attempt.to_string()).collect();
    match pool.holders.len().saturating_sub(named.len()) {
        _ if named.is_empty() => String::new(),
        0 => format!(" by {}", named.join(", ")),
        more => format!(" by {} and {more} more", named.join(", ")),
    }
}

fn before(world: &World, run: &RunId, step: &StepName) -> String {
    if world.ready.len() > COUNTED {
        return format!("{} wait in all", world.ready.len());
    }
    let Some((lane, at)) = world.ready.place(run, step) else { return "next".into() };
    let own = (lane.priority, *at, run);
    let count = world.ready.rows().filter(|(lane, place)| (lane.priority, place.at, &place.run) < own).count();
    format!("{count} before it")
}
