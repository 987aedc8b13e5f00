//! Other flows and files that a run waits for, and the runs that they start (RULES: resources, file trigger).
//!
//! With a schedule, the run is made at its time and waits. Without one, it is made once for each date for which all of
//! its predecessors have ended as they should, and once for each file. Nothing that ended before the flow was defined
//! starts it; what ended while it was held starts it when it is released.

use super::calendar::DayRule;
use super::{Schedule, names};
use crate::domain::condition::{After, AfterDate, AfterOn, Condition, FileFact, FileWanted, MetBy};
use crate::domain::effect::FeedOrder;
use crate::domain::run::{DefinitionChoice, RunCause};
use crate::domain::{Effect, Event, FlowId, RunId};
use crate::world::feed::FILES_KEPT;
use crate::world::{DATES_KEPT, Feed, Flow, Run, World};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use std::collections::BTreeSet;

/// How far back the planned time before an occurrence is looked for, step by step; a file that is older than that counts
/// for a schedule which fires even less often.
const PERIODS_DAYS: [i64; 4] = [1, 8, 40, 400];
/// Bytes that the paths of a run's files may take together, of the 128 KiB that the kernel gives one variable.
const PATHS_MAX: usize = 96 << 10;
/// Runs of one flow that files may have made and that are not done; further deliveries wait for their end.
const RUNS_MAX: usize = 100;

/// The predecessor's run that satisfies a dependency for this date: `none` while there is none.
pub(super) fn predecessor(world: &World, after: &After, date: Date, planned_at: Timestamp) -> Option<(RunId, Timestamp)> {
    let flow = world.flow(&after.flow)?;
    let oldest =
        after.look_back.and_then(|span| planned_at.checked_sub(SignedDuration::try_from(span).ok()?).ok()).unwrap_or(Timestamp::MIN);
    let of_date = |date: Date| {
        let ended = flow.dates.get(&date)?;
        let counts = match after.on {
            AfterOn::Success => ended.good.clone(),
            AfterOn::Done => Some(ended.last.clone()),
            AfterOn::Failure => (!ended.last_good).then(|| ended.last.clone()),
        };
        counts.filter(|(_, at)| *at >= oldest)
    };
    match after.date {
        AfterDate::Same => of_date(date),
        AfterDate::Previous => of_date(date.yesterday().ok()?),
        AfterDate::Any => flow.dates.keys().rev().filter_map(|date| of_date(*date)).max_by_key(|(_, at)| *at),
    }
}

/// Why a predecessor is not waited for: it is left out.
fn iced(world: &World, after: &After) -> Option<String> {
    let flow = world.flow(&after.flow).filter(|flow| flow.is_iced(world.at))?;
    flow.ice.as_ref().map(|ice| format!("iced by {}: {}", ice.by, ice.reason))
}

/// The first condition of a run that is met now and not on record as met.
pub(super) fn newly_met(world: &World, flow: &Flow, run: &Run) -> Option<Event> {
    let definition = flow.definition_of(run)?;
    run.unmet.iter().find_map(|condition| {
        let by = match condition {
            Condition::After(before) => {
                let after = definition.conditions.after.iter().find(|after| after.flow == *before)?;
                match predecessor(world, after, run.date, run.planned_at) {
                    Some((run, _)) => MetBy::Run(run),
                    // What is iced counts as if it had succeeded.
                    None => MetBy::Waived(iced(world, after)?),
                }
            }
            Condition::File(path) => {
                // Runs that wait for the same file are served in their order.
                let earlier = flow.stirring().take_while(|other| other.id != run.id).any(|other| other.unmet.contains(condition));
                let files = if earlier { Vec::new() } else { deliveries(world, world.feeds.get(&run.id.flow)?, flow, run, path) };
                (!files.is_empty()).then_some(MetBy::Files(files))?
            }
        };
        Some(Event::ConditionMet { run: run.id.clone(), condition: condition.clone(), by })
    })
}

/// What has come for a run and is not older than its period, the oldest first.
fn deliveries(world: &World, feed: &Feed, flow: &Flow, run: &Run, path: &str) -> Vec<FileFact> {
    let begin = period_begin(world, flow, run);
    let mut files: Vec<&FileFact> =
        feed.pending.iter().filter(|(of, file)| of == path && file.modified_at >= begin).map(|(_, file)| file).collect();
    files.sort_by_key(|file| (file.modified_at, &file.file));
    let mut bytes = 0;
    let fits = |file: &&&FileFact| {
        bytes += file.file.len() + 1;
        bytes <= PATHS_MAX
    };
    files.iter().take_while(fits).map(|file| (*file).clone()).collect()
}

/// The planned time before that of a run's occurrence: what is older belongs to the occurrence before.
pub(super) fn period_begin(world: &World, flow: &Flow, run: &Run) -> Timestamp {
    let Some(occurrence) = run.occurrence() else { return Timestamp::MIN };
    // Days that its calendar leaves out have no occurrence: the period goes on over them.
    let Ok(days) = DayRule::of(&flow.definition, |id| world.calendars.get(id).cloned()) else { return Timestamp::MIN };
    let Some(schedule) = Schedule::known(&occurrence.schedule, &flow.definition.zone, days.as_ref()) else { return Timestamp::MIN };
    let Ok(until) = occurrence.at.checked_sub(1.nanosecond()) else { return Timestamp::MIN };
    let before = PERIODS_DAYS.iter().find_map(|days| {
        let from = occurrence.at.checked_sub(SignedDuration::from_hours(24 * days)).ok()?;
        schedule.firings(from, until).last()
    });
    before.map_or(Timestamp::MIN, |firing| firing.at)
}

/// Facts that one decision states at most.
const BATCH: usize = 1_000;

/// What is owed around a flow now: to runs that wait for it and flows that come after it, to its own runs that wait, and
/// the runs that its predecessors and files start. Only the agenda asks, never what follows from a fact: so these facts
/// do not change each other, and none is stated twice.
pub(super) fn owed(world: &World, id: &FlowId, now: Timestamp) -> Vec<Event> {
    let Some(flow) = world.flow(id) else { return Vec::new() };
    let awaiting = world.awaited.get(id).into_iter().flatten().filter(|run| run.flow != *id);
    let others = awaiting.filter_map(|run| {
        let flow = world.flow(&run.flow)?;
        newly_met(world, flow, flow.run(run)?)
    });
    let own = flow.stirring().filter(|run| !run.unmet.is_empty()).filter_map(|run| newly_met(world, flow, run));
    let followers = world.followers.get(id).into_iter().flatten().filter_map(|flow| world.flow(flow));
    let made = followers.chain([flow]).flat_map(|flow| runs_owed(world, flow, now));
    others.chain(own).chain(made).take(BATCH).collect()
}

/// Flows around which anything can be owed.
pub(super) fn concerned(world: &World) -> BTreeSet<FlowId> {
    let waits = |flow: &Flow| {
        let conditions = &flow.definition.conditions;
        !conditions.after.is_empty() || !conditions.files.is_empty() || flow.stirring().any(|run| !run.unmet.is_empty())
    };
    let waiting = world.flows.iter().filter(|(_, flow)| waits(flow)).map(|(id, _)| id);
    world.followers.keys().chain(world.awaited.keys()).chain(waiting).cloned().collect()
}

/// The runs that a flow without a schedule is owed: by its predecessors, or by files.
fn runs_owed(world: &World, flow: &Flow, now: Timestamp) -> Vec<Event> {
    let conditions = &flow.definition.conditions;
    if flow.removed || flow.hold.is_some() || flow.ice.is_some() || !flow.source().is_local() || !flow.definition.schedules.is_empty() {
        return Vec::new();
    }
    if !conditions.after.is_empty() {
        let dates = (flow.next_run..).zip(due_dates(world, flow));
        return dates.map(|(number, (date, runs))| created(flow, number, date, RunCause::After { runs }, now)).collect();
    }
    let Some(feed) = world.feeds.get(&flow.definition.id).filter(|_| !conditions.files.is_empty()) else { return Vec::new() };
    let room = RUNS_MAX.saturating_sub(flow.active().count());
    let date = names::date_in(&flow.definition.zone, now);
    let cause = |(path, file): &(String, FileFact)| RunCause::File { path: path.clone(), file: file.clone() };
    (flow.next_run..).zip(feed.pending.iter().take(room)).map(|(number, file)| created(flow, number, date, cause(file), now)).collect()
}

/// Dates for which all predecessors have ended as they should, one of them since the flow was defined, and for which no
/// run was made yet; with the runs that they have ended with.
fn due_dates(world: &World, flow: &Flow) -> Vec<(Date, Vec<RunId>)> {
    let after = &flow.definition.conditions.after;
    let mut dates = BTreeSet::new();
    let dated = after.iter().any(|after| after.date != AfterDate::Any);
    for one in after {
        let Some(before) = world.flow(&one.flow) else { return Vec::new() };
        let shifted = |date: &Date| match one.date {
            AfterDate::Previous => date.tomorrow().ok(),
            AfterDate::Any if dated => None,
            _ => Some(*date),
        };
        dates.extend(before.dates.iter().filter(|(_, ended)| ended.last.1 > flow.defined_at).filter_map(|(date, _)| shifted(date)));
    }
    // Of the dates before those that are remembered nobody knows whether their run was made.
    let oldest = flow.made_after.keys().next().filter(|_| flow.made_after.len() >= DATES_KEPT).copied();
    dates.retain(|date| !flow.made_after.contains_key(date) && oldest.is_none_or(|oldest| *date > oldest));
    // What ended while the flow was iced starts nothing after a thaw.
    let since = flow.thawed_at.map_or(flow.defined_at, |thawed| thawed.max(flow.defined_at));
    let waited_for = || after.iter().filter(|after| iced(world, after).is_none());
    let satisfied = |date: Date| {
        let ends: Option<Vec<(RunId, Timestamp)>> = waited_for().map(|after| predecessor(world, after, date, world.at)).collect();
        let ends = ends.filter(|ends| ends.iter().any(|(_, at)| *at > since))?;
        Some((date, ends.into_iter().map(|(run, _)| run).collect()))
    };
    dates.into_iter().filter_map(satisfied).collect()
}

fn created(flow: &Flow, number: u32, date: Date, cause: RunCause, now: Timestamp) -> Event {
    Event::RunCreated {
        run: RunId::numbered(flow.definition.id.clone(), number),
        cause,
        planned_at: now,
        date,
        params: flow.definition.params.clone(),
        definition: flow.digest.clone(),
        choice: DefinitionChoice::Today,
        carried: Vec::new(),
    }
}

/// A file is whole: a delivery, a duplicate, or known already.
pub(super) fn file_found(world: &World, id: &FlowId, path: &str, file: &FileFact) -> Option<Event> {
    let flow = world.flow(id).filter(|flow| wanted(flow).iter().any(|file| file.path == path))?;
    let (flow, path, file) = (flow.definition.id.clone(), path.to_owned(), file.clone());
    let feed = world.feeds.get(id);
    if feed.is_some_and(|feed| feed.knows(&file)) {
        return None;
    }
    if let Some(of) = feed.and_then(|feed| feed.had(&file.checksum)) {
        let of = of.to_owned();
        return Some(Event::FileDuplicate { flow, path, file, of });
    }
    if feed.is_some_and(|feed| feed.is_full()) {
        let words = format!("{FILES_KEPT} deliveries wait already: {} is taken when fewer do", file.file);
        return file_sighted(world, id, &path, &words);
    }
    Some(Event::FileDelivered { flow, path, file })
}

/// What is seen has changed in kind.
pub(super) fn file_sighted(world: &World, id: &FlowId, path: &str, words: &str) -> Option<Event> {
    world.flow(id)?;
    let before = world.feeds.get(id).and_then(|feed| feed.sights.get(path));
    let news = || Event::FileSighted { flow: id.clone(), path: path.to_owned(), words: words.to_owned() };
    before.is_none_or(|before| before.words != words).then(news)
}

/// What is looked for on behalf of a flow: for its runs to come, and for those that wait, which go on with the
/// definition that they were made with.
fn wanted(flow: &Flow) -> Vec<FileWanted> {
    let mut wanted = if flow.removed { Vec::new() } else { flow.definition.conditions.files.clone() };
    let waiting = flow.stirring().filter(|run| !run.unmet.is_empty());
    for definition in waiting.filter_map(|run| flow.definition_of(run)) {
        for file in &definition.conditions.files {
            if !wanted.iter().any(|other| other.path == file.path) {
                wanted.push(file.clone());
            }
        }
    }
    wanted
}

/// Looks for the files of a flow from now on; for none where it waits for none.
pub(super) fn watch(world: &World, id: &FlowId) -> Option<Effect> {
    let flow = world.flow(id)?;
    let wanted = if flow.source().is_local() { wanted(flow) } else { Vec::new() };
    if wanted.is_empty() {
        return Some(Effect::ForgetFeed(id.clone()));
    }
    let known = world.feeds.get(id).map(|feed| feed.stamps()).unwrap_or_default();
    Some(Effect::WatchFeed(Box::new(FeedOrder { flow: id.clone(), wanted, known })))
}

/// A run has taken a delivery where no more could wait: what was turned away is looked at again.
pub(super) fn look_again(world: &World, id: &FlowId) -> Option<Effect> {
    let feed = world.feeds.get(id)?;
    (feed.pending.len() + 1 == FILES_KEPT).then(|| watch(world, id))?
}
