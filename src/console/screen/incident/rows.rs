//! What belongs to an incident, then its timeline: which rows there are, how each looks, and where it leads.

use crate::console::Session;
use crate::console::screen::Screen;
use crate::console::theme::Role;
use crate::console::widget::line::Line;
use crate::console::widget::paint::Painter;
use crate::domain::evidence::Capsule;
use crate::domain::{AttemptId, Entry, Event, FlowId, IncidentId, ProbeId, Subject};
use crate::notes::sorts::Shown;
use crate::notes::telling::{Teller, told};
use crate::rules::similar::Similar;
use crate::world::Incident;
use crate::world::outside::happened;
use ratatui::layout::Rect;

/// Columns of the first column: `nightly`, `before`, a time with seconds.
const HEAD: u16 = 10;
/// Columns from which the timeline has one for the source of a fact.
const SOURCES_FROM: u16 = 100;

/// A row of the page.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    /// A flow that has a part in it.
    Flow(FlowId),
    /// A probe that has a part in it.
    Probe(ProbeId),
    /// A file about it, by its place.
    Note(usize),
    /// Something to be done, by its place.
    Todo(usize),
    /// What was gathered, by its number.
    Capsule(u32),
    /// The incident before it with the same alert.
    Previous(IncidentId),
    /// The later one.
    Next(IncidentId),
    /// The one that it became part of, or that its alerts came from.
    Kin(IncidentId),
    /// A past incident that is like it, by its place.
    Similar(usize),
    /// A fact, by its number.
    Entry(u64),
}

/// The rows: what belongs to it, then the timeline.
pub(super) fn items(session: &Session, incident: &Incident, filter: &str, shown: Shown, alike: usize) -> Vec<Item> {
    let mut items: Vec<Item> = incident.flows.iter().cloned().map(Item::Flow).collect();
    items.extend(incident.probes.iter().cloned().map(Item::Probe));
    items.extend((0..incident.notes.len()).map(Item::Note));
    items.extend((0..incident.todos.len()).map(Item::Todo));
    items.extend(incident.evidence.capsules.iter().map(|capsule| Item::Capsule(capsule.number)));
    items.extend(incident.previous.map(Item::Previous));
    items.extend(incident.next.map(Item::Next));
    items.extend(incident.merged_into.or(incident.split_from).map(Item::Kin));
    let facts = incident.facts(&session.world.outside);
    let facts = told(&facts).filter(|entry| shown.holds(entry, Some(incident)));
    items.extend((0..alike).map(Item::Similar));
    if filter.is_empty() {
        items.extend(facts.map(|entry| Item::Entry(entry.seq)));
        return items;
    }
    let (teller, wanted) = (Teller::of(&session.world), filter.to_lowercase());
    let holds = |entry: &Entry| format!("{} {}", teller.source(entry), teller.line(&entry.event)).to_lowercase().contains(&wanted);
    facts.filter(|entry| holds(entry)).map(|entry| Item::Entry(entry.seq)).collect()
}

/// Draws one row; a past incident that is like it is [`similar_row`].
pub(super) fn row(session: &Session, teller: &Teller<'_>, incident: &Incident, item: &Item, area: Rect, y: u16, painter: &mut Painter<'_>) {
    let rest = |taken: u16| (area.x + taken, area.width.saturating_sub(taken));
    let mut two = |head: &str, name: &str, words: Line| {
        painter.text(area.x, y, HEAD.min(area.width), Role::Muted, head);
        let (x, width) = rest(HEAD);
        let taken = painter.text(x, y, width, Role::Name, name);
        painter.line(x + taken, y, width - taken, &words);
    };
    match item {
        Item::Flow(id) => two("flow", id.as_str(), flow_words(session, id)),
        Item::Probe(id) => two("probe", id.as_str(), probe_words(session, id)),
        Item::Previous(id) => two("before", &format!("incident {id}"), resolution_words(session, *id)),
        Item::Next(id) => two("after", &format!("incident {id}"), resolution_words(session, *id)),
        Item::Kin(id) => {
            two(if incident.merged_into.is_some() { "part of" } else { "from" }, &format!("incident {id}"), resolution_words(session, *id));
        }
        Item::Similar(_) => {} // drawn by the page, which knows them
        Item::Note(place) => {
            if let Some(note) = incident.notes.get(*place) {
                two(&note.kind.to_string().replace("post-mortem", "write-up"), &note.path, Line::new());
            }
        }
        Item::Todo(place) => {
            if let Some(todo) = incident.todos.get(*place) {
                two("to do", "", Line::of(Role::Text, todo.text.clone()).with(Role::Muted, format!("  {}", todo.by)));
            }
        }
        Item::Capsule(number) => {
            let capsule = incident.evidence.capsules.iter().find(|capsule| capsule.number == *number);
            let words = capsule.map(|capsule| capsule_words(capsule)).unwrap_or_default();
            two("evidence", &number.to_string(), words);
        }
        Item::Entry(seq) => {
            let Some(entry) = find(session, incident, *seq) else { return };
            let at = happened(entry).to_zoned(session.zone.clone()).strftime("%H:%M:%S").to_string();
            painter.text(area.x, y, HEAD.min(area.width), Role::Muted, &at);
            if incident.pins.contains(seq) {
                painter.text(area.x + 8, y, 1.min(area.width), Role::Marked, session.glyphs.mark);
            }
            let source = teller.source(entry);
            // Where there is no room for a column, people are named before their words: who did it is never left out.
            let words = teller.line(&entry.event);
            let (column, words) = match area.width >= SOURCES_FROM {
                true => (20, words),
                false if entry.author.is_person() => (0, format!("{source}: {words}")),
                false => (0, words),
            };
            let (x, width) = rest(HEAD);
            painter.text(x, y, width.min(column), Role::Muted, &crate::text::fit(&source, 19, painter.ellipsis));
            let (x, width) = rest(HEAD + column);
            painter.text(x, y, width, tone(&entry.event), &words);
        }
    }
}

/// Draws a past incident that is like it, with what ended that one.
pub(super) fn similar_row(found: &Similar, area: Rect, y: u16, painter: &mut Painter<'_>) {
    painter.text(area.x, y, HEAD.min(area.width), Role::Muted, "like it");
    let line = Line::of(Role::Name, format!("incident {}", found.id))
        .with(Role::Muted, format!("  {}: ", found.why))
        .with(Role::Text, found.fixed_by.join("; "));
    painter.line(area.x + HEAD, y, area.width.saturating_sub(HEAD), &line);
}

fn flow_words(session: &Session, id: &FlowId) -> Line {
    let Some(run) = session.world.flow(id).and_then(|flow| flow.last_run()) else { return Line::new() };
    match &run.outcome {
        Some(outcome) if outcome.is_success() => Line::of(Role::Good, format!("  {} {}", session.glyphs.good, outcome.word())),
        Some(outcome) => Line::of(Role::Bad, format!("  {} {}", session.glyphs.bad, outcome.word())),
        None => Line::of(Role::Active, format!("  {} under way", session.glyphs.active)),
    }
    .with(Role::Muted, format!("  {}", run.id))
}

fn probe_words(session: &Session, id: &ProbeId) -> Line {
    let Some(probe) = session.world.probe(id) else { return Line::new() };
    let role = if probe.health.is_down() { Role::Bad } else { Role::Text };
    let mut line = Line::of(role, format!("  {} for {}", probe.health, session.age(probe.since)));
    if let Some(flapping) = probe.flapping {
        line.push(Role::Warning, format!(", {flapping}"));
    }
    line.with(Role::Muted, format!("  {}", probe.reason))
}

fn resolution_words(session: &Session, id: IncidentId) -> Line {
    let Some(incident) = session.world.incident(id) else { return Line::of(Role::Muted, "  no longer kept") };
    let end = incident.resolved.as_ref().map_or_else(|| incident.stage.word().to_owned(), |end| end.reason.clone());
    Line::of(Role::Muted, format!("  {end}"))
}

/// Whether a fact is good or bad news.
fn tone(event: &Event) -> Role {
    match event {
        Event::AttemptEnded { end, .. } if !end.is_success() => Role::Bad,
        Event::RunEnded { outcome, .. } | Event::StepEnded { outcome, .. } if !outcome.is_success() => Role::Bad,
        Event::RunEnded { .. } | Event::AlertResolved { .. } | Event::IncidentResolved { .. } | Event::IncidentMitigated { .. } => {
            Role::Good
        }
        Event::ProbeChanged { to, .. } if to.is_down() => Role::Bad,
        Event::AlertFiring { .. } | Event::IncidentOpened { .. } | Event::SeverityRaised { .. } | Event::AcknowledgementAsked { .. } => {
            Role::Warning
        }
        Event::Noted { .. } | Event::IncidentAcknowledged { .. } | Event::IncidentClaimed { .. } => Role::Name,
        _ => Role::Text,
    }
}

fn find<'s>(session: &'s Session, incident: &'s Incident, seq: u64) -> Option<&'s Entry> {
    let place = incident.timeline.partition_point(|entry| entry.seq < seq);
    let own = incident.timeline.get(place).filter(|entry| entry.seq == seq);
    own.or_else(|| session.world.outside.changes.iter().find(|entry| entry.seq == seq)).map(|entry| &**entry)
}

fn capsule_words(capsule: &Capsule) -> Line {
    let kept = capsule.files.iter().filter(|file| !file.name.is_empty()).count();
    let line = Line::of(Role::Text, format!("  {kept} of {} gathered", capsule.files.len()));
    match capsule.files.iter().find_map(|file| Some((file, file.first_error?))) {
        Some((file, number)) => line.with(Role::Bad, format!("  first error in {} line {number}", file.name)),
        None => line,
    }
}

/// A fact of the timeline.
pub(super) fn entry_of(session: &Session, id: IncidentId, seq: u64) -> Option<&Entry> {
    find(session, session.world.incident(id)?, seq)
}

/// The attempt whose output says more about a fact.
pub(super) fn attempt_of(event: &Event) -> Option<&AttemptId> {
    match event {
        Event::ProcedureAsked { attempt, .. } => Some(attempt),
        other => other.attempt(),
    }
}

/// The page that says more about a fact.
pub(super) fn screen_of(event: &Event) -> Option<Screen> {
    if let Some(attempt) = attempt_of(event) {
        return Some(Screen::Output(attempt.clone()));
    }
    match event {
        Event::RunCreated { run, .. } | Event::RunEnded { run, .. } | Event::StepEnded { run, .. } | Event::RetryPlanned { run, .. } => {
            Some(Screen::Run(run.clone()))
        }
        Event::ProbeChanged { probe, .. }
        | Event::ProbeErring { probe, .. }
        | Event::ProbeBurning { probe, .. }
        | Event::ProbeFlapping { probe, .. } => Some(Screen::Probe(probe.clone())),
        Event::EvidenceTaken { incident, .. } | Event::EvidenceAsked { incident, .. } => Some(Screen::Evidence(*incident)),
        Event::NoteSaved { note } => Some(Screen::Note { kind: note.kind, subject: note.subject.clone() }),
        Event::ProcedureTicked { runbook, subject: Subject::Incident(id), .. } => {
            Some(Screen::Runbook { runbook: runbook.clone(), subject: Subject::Incident(*id) })
        }
        _ => None,
    }
}
