//! What a reading of the workspace's files changes.

use super::{Decision, anchors, maintenance, neighbours, sending};
use crate::domain::condition::Pools;
use crate::domain::effect::Definitions;
use crate::domain::{Event, SourceId};
use crate::world::World;
use std::collections::BTreeSet;

/// Facts for all that is new, different or gone among the local definitions; the neighbours' are theirs to tell.
pub(super) fn read(world: &World, read: &Definitions) -> Decision {
    // What flows name is there before them: pools, channels, calendars; and a calendar goes after them.
    let (calendars, gone) = calendars(world, read);
    let people = (*world.duty.people != *read.people).then(|| Event::PeopleDefined { people: read.people.clone() });
    let people = people.into_iter().collect();
    let before = [workspace(world, read), pools(world, read), calendars, channels(world, read), people, record(world, read)];
    // Checklists name flows and probes; their calendars go after them too.
    let (lists, lists_gone) = (checklists(world, read), checklists_gone(world, read));
    let after = [procedure_rules(world, read), lists_gone, flows(world, read), lists, gone, probes(world, read), runbooks(world, read)];
    let outside = [neighbours::defined(world, &read.sources), intake(world, read)];
    let events = before.into_iter().chain(after).chain(outside);
    Decision::events(events.flatten())
}

/// The files are wrong; the definitions from before stay.
pub(super) fn refused(world: &World, errors: &[String]) -> Decision {
    let event = || Event::WorkspaceRefused { errors: errors.to_vec() };
    (world.workspace_errors != errors).then(event).into()
}

fn workspace(world: &World, read: &Definitions) -> Vec<Event> {
    let same = world.name == read.name
        && world.zone == read.zone
        && world.max_running == read.max_running
        && world.group_by == read.group_by
        && world.workspace_errors.is_empty();
    let loaded = || Event::WorkspaceLoaded {
        name: read.name.clone(),
        zone: read.zone.clone(),
        max_running: read.max_running,
        group_by: read.group_by.clone(),
    };
    let batch_day = (world.batch_day != read.batch_day).then_some(Event::BatchDayDefined { begins: read.batch_day });
    let life = (world.ack_life != read.ack).then_some(Event::AckLifeDefined { life: read.ack });
    let windows = maintenance::defined(world, &read.maintenance);
    (!same).then(loaded).into_iter().chain(batch_day).chain(life).chain(windows).chain(anchors::read(world, &read.anchors)).collect()
}

/// Where changes of the machine are read from, and what is gathered for incidents.
fn record(world: &World, read: &Definitions) -> Vec<Event> {
    let outside = || Event::OutsideDefined { outside: read.outside.clone() };
    let evidence = || Event::EvidenceDefined { settings: read.evidence.clone() };
    let outside = (world.outside.settings != read.outside).then(outside);
    let evidence = (world.evidence != read.evidence).then(evidence);
    outside.into_iter().chain(evidence).collect()
}

/// Calendars that are new or different, and calendars that are gone.
fn calendars(world: &World, read: &Definitions) -> (Vec<Event>, Vec<Event>) {
    let changed = read.calendars.iter().filter(|calendar| world.calendars.get(&calendar.id).is_none_or(|old| old != *calendar));
    let here: BTreeSet<_> = read.calendars.iter().map(|calendar| &calendar.id).collect();
    let gone = world.calendars.keys().filter(|id| !here.contains(id));
    (
        changed.map(|calendar| Event::CalendarDefined { calendar: calendar.clone() }).collect(),
        gone.map(|id| Event::CalendarRemoved { calendar: id.clone() }).collect(),
    )
}

fn channels(world: &World, read: &Definitions) -> Vec<Event> {
    let changed = read.channels.iter().filter(|channel| world.channel(&channel.id).is_none_or(|old| old.definition != **channel));
    let here: BTreeSet<_> = read.channels.iter().map(|channel| &channel.id).collect();
    let gone = world.channels.keys().filter(|id| !here.contains(id)).flat_map(|id| sending::removal(world, id));
    changed.map(|channel| Event::ChannelDefined { channel: channel.clone() }).chain(gone).collect()
}

fn pools(world: &World, read: &Definitions) -> Vec<Event> {
    let now: Pools = world.pools.iter().filter(|(_, pool)| pool.units > 0).map(|(name, pool)| (name.clone(), pool.units)).collect();
    if now == read.pools { Vec::new() } else { vec![Event::PoolsDefined { pools: read.pools.clone() }] }
}

fn flows(world: &World, read: &Definitions) -> Vec<Event> {
    let known = |id| world.flow(id).filter(|flow| !flow.removed);
    let changed = read.flows.iter().filter(|flow| known(&flow.id).is_none_or(|old| &old.definition != *flow));
    let here: BTreeSet<_> = read.flows.iter().map(|flow| &flow.id).collect();
    let gone = world.flows.iter().filter(|(id, flow)| is_local(&flow.source()) && !flow.removed && !here.contains(id));
    let gone = gone.map(|(id, _)| Event::FlowRemoved { flow: id.clone() });
    changed.map(|flow| Event::FlowDefined { flow: flow.clone() }).chain(gone).collect()
}

fn probes(world: &World, read: &Definitions) -> Vec<Event> {
    let changed = read.probes.iter().filter(|probe| world.probe(&probe.id).is_none_or(|old| old.definition != **probe));
    let here: BTreeSet<_> = read.probes.iter().map(|probe| &probe.id).collect();
    let gone = world.probes.iter().filter(|(id, probe)| is_local(&probe.source()) && !here.contains(id));
    let gone = gone.map(|(id, _)| Event::ProbeRemoved { probe: id.clone() });
    changed.map(|probe| Event::ProbeDefined { probe: probe.clone() }).chain(gone).collect()
}

fn runbooks(world: &World, read: &Definitions) -> Vec<Event> {
    let changed = read.runbooks.iter().filter(|book| world.runbooks.get(&book.id).is_none_or(|old| old != *book));
    let here: BTreeSet<_> = read.runbooks.iter().map(|book| &book.id).collect();
    let gone = world.runbooks.keys().filter(|id| !here.contains(id)).map(|id| Event::RunbookRemoved { runbook: id.clone() });
    changed.map(|book| Event::RunbookDefined { runbook: book.clone() }).chain(gone).collect()
}

fn procedure_rules(world: &World, read: &Definitions) -> Vec<Event> {
    let same = world.procedure_rules == read.procedure_rules;
    if same { Vec::new() } else { vec![Event::ProcedureRulesDefined { rules: read.procedure_rules.clone() }] }
}

fn checklists(world: &World, read: &Definitions) -> Vec<Event> {
    let changed = read.checklists.iter().filter(|list| world.checklists.get(&list.id).is_none_or(|old| old.definition != **list));
    changed.map(|checklist| Event::ChecklistDefined { checklist: checklist.clone() }).collect()
}

fn checklists_gone(world: &World, read: &Definitions) -> Vec<Event> {
    let here: BTreeSet<_> = read.checklists.iter().map(|list| &list.id).collect();
    let gone = world.checklists.iter().filter(|(id, _)| !here.contains(id));
    gone.flat_map(|(_, row)| super::checklists::removal(row)).collect()
}

fn intake(world: &World, read: &Definitions) -> Vec<Event> {
    let same = world.intake.as_ref().map(|intake| &intake.definition) == read.intake.as_ref();
    if same { Vec::new() } else { vec![Event::IntakeDefined { intake: read.intake.clone() }] }
}

fn is_local(source: &SourceId) -> bool {
    source.is_local()
}
