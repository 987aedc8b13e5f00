//! An incident: what it is, who works on it, what belongs to it, and everything that happened, each line with its source.

use super::{Page, Screen};
use crate::console::dialog::{Dialog, Field, Intent};
use crate::console::theme::Role;
use crate::console::view::incidents;
use crate::console::widget::cursor::wheel;
use crate::console::widget::line::Line;
use crate::console::widget::list::List;
use crate::console::widget::paint::Painter;
use crate::console::widget::pane::Pane;
use crate::console::{Action, Place, Session, Target};
use crate::domain::evidence::Capsule;
use crate::domain::{AttemptId, Command, Entry, Event, FlowId, IncidentId, ProbeId, Subject};
use crate::notes::sorts::Shown;
use crate::notes::telling::{Teller, told};
use crate::notes::wording::between;
use crate::rules::similar::{Similar, similar};
use crate::world::outside::happened;
use crate::world::{Incident, OverlayKind};
use crossterm::event::MouseEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// What the dialog of the filter is known by.
const FILTER: &str = "filter";
/// The name of its field.
const TEXT: &str = "text";
/// Past incidents that are shown.
const SIMILAR: usize = 3;
/// Columns of the first column: `nightly`, `before`, a time with seconds.
const HEAD: u16 = 10;

/// A row of the page.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
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

/// What the rows depend on.
#[derive(Debug, Clone, PartialEq)]
struct Stamp {
    entries: usize,
    notes: usize,
    around: (Option<IncidentId>, Option<IncidentId>, Option<IncidentId>),
    /// Things to do, pins, capsules, the last outside change.
    record: (usize, usize, usize, u64),
    shown: Shown,
    filter: String,
    records: usize,
    alerts: usize,
}

/// The page of one incident.
#[derive(Debug)]
pub struct IncidentPage {
    id: IncidentId,
    list: List<Item, Stamp>,
    filter: String,
    shown: Shown,
    /// Past incidents like it, with how many records and alerts they were looked for.
    alike: Option<(usize, usize, Vec<Similar>)>,
}

impl IncidentPage {
    /// The page of this incident.
    pub fn new(id: IncidentId) -> Self {
        Self { id, list: List::default(), filter: String::new(), shown: Shown::All, alike: None }
    }

    fn refresh(&mut self, session: &Session) {
        let Some(incident) = session.world.incident(self.id) else { return };
        let stamp = Stamp {
            entries: incident.timeline.len(),
            notes: incident.notes.len(),
            around: (incident.previous, incident.next, incident.merged_into),
            record: (
                incident.todos.len(),
                incident.pins.len(),
                incident.evidence.capsules.len(),
                session.world.outside.changes.back().map_or(0, |entry| entry.seq),
            ),
            shown: self.shown,
            filter: self.filter.clone(),
            records: session.world.records.len(),
            alerts: incident.alerts.len(),
        };
        // Looking at all past incidents costs milliseconds: only where there are other ones, or other alerts.
        if self.alike.as_ref().is_none_or(|(records, alerts, _)| (*records, *alerts) != (stamp.records, stamp.alerts)) {
            let near = [incident.previous, incident.next];
            let mut found = similar(&session.world, incident, SIMILAR + near.len());
            found.retain(|row| !near.contains(&Some(row.id)));
            found.truncate(SIMILAR);
            self.alike = Some((stamp.records, stamp.alerts, found));
        }
        let alike = self.alike.as_ref().map_or(0, |(_, _, found)| found.len());
        self.list.refresh(stamp, || (items(session, incident, &self.filter, self.shown, alike), 0));
    }

    fn open_row(&self, session: &mut Session) {
        let Some(item) = self.list.on().cloned() else { return };
        let screen = match item {
            Item::Flow(flow) => Some(Screen::Flow(flow)),
            Item::Probe(probe) => Some(Screen::Probe(probe)),
            Item::Previous(id) | Item::Next(id) | Item::Kin(id) => Some(Screen::Incident(id)),
            Item::Similar(place) => self.similar(place).map(|row| Screen::Incident(row.id)),
            Item::Note(place) => session
                .world
                .incident(self.id)
                .and_then(|incident| incident.notes.get(place))
                .map(|note| Screen::Note { kind: note.kind, subject: note.subject.clone() }),
            Item::Todo(_) => None,
            Item::Capsule(_) => Some(Screen::Evidence(self.id)),
            Item::Entry(seq) => entry_of(session, self.id, seq).and_then(|entry| screen_of(&entry.event)),
        };
        match screen {
            Some(screen) => session.open(screen),
            None => session.toast(crate::console::session::Tone::Plain, "there is nothing more to this line"),
        }
    }

    fn similar(&self, place: usize) -> Option<&Similar> {
        self.alike.as_ref().and_then(|(_, _, found)| found.get(place))
    }

    /// The attempt that the row under the cursor is about.
    fn attempt(&self, session: &Session) -> Option<AttemptId> {
        match self.list.on()? {
            Item::Entry(seq) => entry_of(session, self.id, *seq).and_then(|entry| attempt_of(&entry.event)).cloned(),
            _ => None,
        }
    }

    fn head(&self, session: &Session, incident: &Incident) -> Vec<Line> {
        let muted = |text: String| (Role::Muted, std::borrow::Cow::Owned(text));
        let mut first = Line::of(incidents::role(incident.severity), incident.severity.word()).with(Role::Text, "  ");
        first.push(Role::Name, incident.title.clone());
        let mut second = Line::of(Role::Text, incident.stage.word());
        second.parts.push(muted(format!("  opened {}, {} ago", session.time(incident.opened_at), session.age(incident.opened_at))));
        second.parts.push(muted(format!(
            "  first sign {} ({} before)",
            session.time(incident.first_sign_at),
            between(incident.first_sign_at, incident.opened_at)
        )));
        let mut third = match (&incident.acknowledged, &incident.resolved) {
            (_, Some(end)) => Line::of(Role::Good, format!("over {} by {}: {}", session.time(end.at), end.by, end.reason)),
            (Some(ack), None) => {
                let note = ack.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
                Line::of(Role::Good, format!("{} works on it since {}{note}", ack.by, session.time(ack.at)))
            }
            (None, None) => Line::of(Role::Warning, "nobody works on it"),
        };
        if let Some(owner) = incident.owner.as_ref().filter(|_| incident.is_open()) {
            let given = if owner.by == owner.name { String::new() } else { format!(", given by {}", owner.by) };
            third.push(Role::Name, format!("   {} has it since {}{given}", owner.name, session.time(owner.since)));
        }
        if session.is_pending(&Target::Incident(self.id)) {
            third.push(Role::Waiting, format!("  {} asked", session.glyphs.pending));
        }
        let group: Vec<_> = incident.group.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut lines = vec![first, second, third];
        lines.extend(overlays(session, incident));
        if !group.is_empty() {
            lines.push(Line::of(Role::Muted, group.join("  ")));
        }
        if let Some((runbook, why)) = crate::console::view::runbook::matching(&session.world, &Subject::Incident(self.id)) {
            lines.push(Line::of(Role::Muted, "runbook ").with(Role::Name, runbook.to_string()).with(Role::Muted, format!("  {why}")));
        }
        for alert in incident.alerts.values() {
            let (symbol, role) = match alert.resolved_at {
                None => (session.glyphs.bad, Role::Bad),
                Some(_) => (session.glyphs.good, Role::Good),
            };
            let muted = session.world.muting(&alert.notice.labels, session.now).filter(|_| alert.resolved_at.is_none());
            let muted = muted.map(|muting| format!("  not told until {}", session.time(muting.until))).unwrap_or_default();
            let over = alert.resolved_at.map_or(muted, |at| format!("  over {}", session.time(at)));
            lines.push(
                Line::of(role, symbol)
                    .with(Role::Text, format!(" {}", alert.notice.summary))
                    .with(Role::Muted, format!("  {} since {}{over}", alert.source, session.time(alert.since))),
            );
        }
        lines
    }
}

impl Page for IncidentPage {
    fn title(&self, _session: &Session) -> String {
        format!("incident {}", self.id)
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        vec![Place::Timeline, Place::Incidents, Place::List, Place::Global]
    }

    fn target(&self, _session: &Session) -> Option<Target> {
        Some(Target::Incident(self.id))
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.refresh(session);
        let mut painter = Painter::new(buffer, session);
        let Some(incident) = session.world.incident(self.id) else {
            painter.text(area.x, area.y, area.width, Role::Unknown, "this incident is no longer kept; `dogwatch events` still has it");
            return None;
        };
        let lines = self.head(session, incident);
        let most = area.height.saturating_sub(6).max(4) / 2 + 3;
        let height = (lines.len() as u16 + 2).min(most).min(area.height);
        let head = Rect { height, ..area };
        let title = format!("Incident {}", self.id);
        let inner = Pane { title: &title, ..Pane::default() }.draw(&mut painter, &session.glyphs.border, head);
        for (y, line) in (inner.top()..inner.bottom()).zip(&lines) {
            painter.line(inner.x + 1, y, inner.width.saturating_sub(2), line);
        }
        let rest = Rect { y: area.y + height, height: area.height - height, ..area };
        let count = match incident.timeline_dropped {
            0 => format!("{} facts", incident.timeline.len()),
            more => format!("{} facts, {more} more in the journal", incident.timeline.len()),
        };
        let mut detail = if self.filter.is_empty() { String::new() } else { format!("/{}", self.filter) };
        if self.shown != Shown::All {
            let gap = if detail.is_empty() { "" } else { " " };
            detail = format!("only {}{gap}{detail}", self.shown.word());
        }
        let pane = Pane { title: "Timeline", detail: &detail, count: &count, focused: true, number: None };
        let body = pane.draw(&mut painter, &session.glyphs.border, rest);
        self.list.lay(body);
        let teller = Teller { zone: session.zone.clone(), ..Teller::of(&session.world) };
        for (item, line) in self.list.seen() {
            let y = line.y;
            let text = Rect { x: body.x + 1, width: body.width.saturating_sub(2), ..body };
            match item {
                Item::Similar(place) => {
                    if let Some(found) = self.similar(*place) {
                        similar_row(found, text, y, &mut painter);
                    }
                }
                item => row(session, &teller, incident, item, text, y, &mut painter),
            }
            if self.list.on() == Some(item) {
                painter.role(line, Role::Selected);
            }
        }
        if self.list.ids().is_empty() {
            let words = if self.filter.is_empty() && self.shown == Shown::All {
                "nothing is recorded yet"
            } else {
                "nothing holds this text; / changes it"
            };
            painter.none(Rect { width: body.width.saturating_sub(1), ..body }, words);
        }
        None
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        self.refresh(session);
        match action {
            Action::Open => self.open_row(session),
            Action::Filter => {
                let dialog = Dialog::new("show only lines that hold", Intent::Page(FILTER));
                session.dialog(dialog.asks(Field::text(TEXT, &self.filter)));
            }
            Action::Output => match self.attempt(session) {
                Some(attempt) => session.open(Screen::Output(attempt)),
                None => return false,
            },
            Action::ShowSort => self.shown = self.shown.next(),
            Action::Pin => match self.list.on() {
                Some(Item::Entry(seq)) => pin(session, self.id, *seq),
                _ => session.toast(crate::console::session::Tone::Plain, "only a line of the timeline is pinned"),
            },
            Action::Back if !self.filter.is_empty() => self.filter.clear(),
            Action::Back if self.shown != Shown::All => self.shown = Shown::All,
            Action::Mark | Action::Range | Action::MarkAll => {}
            other => return self.list.act(other),
        }
        true
    }

    fn why_disabled(&self, action: Action, _session: &Session) -> Option<String> {
        matches!(action, Action::Mark | Action::Range | Action::MarkAll).then(|| "lines of a timeline are not marked".to_owned())
    }

    fn confirmed(&mut self, word: &'static str, dialog: &Dialog, _session: &mut Session) {
        if word == FILTER {
            dialog.value(TEXT).unwrap_or_default().trim().clone_into(&mut self.filter);
        }
    }

    fn copied(&self, session: &Session) -> Option<String> {
        match self.list.on()? {
            Item::Entry(seq) => {
                let entry = entry_of(session, self.id, *seq)?;
                Some(format!("{} {}", happened(entry), Teller::of(&session.world).line(&entry.event)))
            }
            Item::Flow(flow) => Some(flow.to_string()),
            Item::Probe(probe) => Some(probe.to_string()),
            Item::Previous(id) | Item::Next(id) | Item::Kin(id) => Some(id.to_string()),
            Item::Similar(place) => self.similar(*place).map(|row| row.id.to_string()),
            Item::Note(place) => session.world.incident(self.id)?.notes.get(*place).map(|note| note.path.clone()),
            Item::Todo(place) => session.world.incident(self.id)?.todos.get(*place).map(|todo| todo.text.clone()),
            Item::Capsule(number) => Some(format!("evidence {number} of incident {}", self.id)),
        }
    }

    fn mouse(&mut self, event: MouseEvent, session: &mut Session) -> bool {
        if let Some(action) = wheel(event) {
            return self.list.act(action);
        }
        let Some(place) = self.list.clicked(event) else { return false };
        let again = place == self.list.place();
        self.list.go(place);
        if again {
            self.open_row(session);
        }
        true
    }
}

/// What lies over it: who, why, until when; what runs out; what it became part of.
fn overlays(session: &Session, incident: &Incident) -> Vec<Line> {
    let world = &session.world;
    let mut lines = Vec::new();
    if let Some(until) = incident.acknowledged.as_ref().filter(|_| incident.is_asked()).and_then(|ack| ack.asked_until) {
        let key = session.options.keymap.key(Action::Ack).unwrap_or_default();
        let words = format!("still on it? {key} = yes; without a word it comes back to the queue at {}", session.time(until));
        lines.push(Line::of(Role::Warning, words));
    }
    for overlay in world.overlays(incident, session.now).into_iter().filter(|overlay| overlay.kind != OverlayKind::Acknowledged) {
        let until = overlay.until.map(|until| format!(" until {}", session.time(until))).unwrap_or_default();
        let reason = overlay.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        let what = match &overlay.kind {
            OverlayKind::Silenced(id) => format!("silence {id} by {}", overlay.by),
            OverlayKind::Maintenance(name) => format!("maintenance {name}"),
            kind => format!("{} by {}", kind.word(), overlay.by),
        };
        let since = session.time(overlay.since);
        lines.push(Line::of(Role::Waiting, format!("{what}{until}{reason}")).with(Role::Muted, format!("  since {since}")));
    }
    if let Some(out) = world.runs_out(incident).filter(|_| incident.is_open()) {
        let what = if out.is_start { "start" } else { "finish" };
        let left = session.until(out.at);
        lines.push(Line::of(Role::Warning, format!("{} must {what} by {}, in {left}", out.flow, session.time(out.at))));
    }
    if let Some(from) = incident.split_from {
        lines.push(Line::of(Role::Muted, format!("split from incident {from}")));
    }
    lines
}

/// The rows: what belongs to it, then the timeline.
fn items(session: &Session, incident: &Incident, filter: &str, shown: Shown, alike: usize) -> Vec<Item> {
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

fn row(session: &Session, teller: &Teller<'_>, incident: &Incident, item: &Item, area: Rect, y: u16, painter: &mut Painter<'_>) {
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
            let source_width = if area.width >= 100 { 20 } else { 0 };
            let (x, width) = rest(HEAD);
            painter.text(x, y, width.min(source_width), Role::Muted, &crate::text::fit(&teller.source(entry), 19, painter.ellipsis));
            let (x, width) = rest(HEAD + source_width);
            painter.text(x, y, width, tone(&entry.event), &teller.line(&entry.event));
        }
    }
}

fn similar_row(found: &Similar, area: Rect, y: u16, painter: &mut Painter<'_>) {
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
    Line::of(role, format!("  {} for {}", probe.health, session.age(probe.since))).with(Role::Muted, format!("  {}", probe.reason))
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

/// Pins a line of an incident's timeline, or takes the pin out.
pub(super) fn pin(session: &mut Session, id: IncidentId, entry: u64) {
    let Some(incident) = session.world.incident(id) else { return };
    let pinned = !incident.pins.contains(&entry);
    session.command(Some(Target::Incident(id)), Command::Pin { incident: id, entry, pinned });
}

fn capsule_words(capsule: &Capsule) -> Line {
    let kept = capsule.files.iter().filter(|file| !file.name.is_empty()).count();
    let line = Line::of(Role::Text, format!("  {kept} of {} gathered", capsule.files.len()));
    match capsule.files.iter().find_map(|file| Some((file, file.first_error?))) {
        Some((file, number)) => line.with(Role::Bad, format!("  first error in {} line {number}", file.name)),
        None => line,
    }
}

fn entry_of(session: &Session, id: IncidentId, seq: u64) -> Option<&Entry> {
    find(session, session.world.incident(id)?, seq)
}

fn attempt_of(event: &Event) -> Option<&AttemptId> {
    match event {
        Event::AttemptStarting { attempt, .. }
        | Event::AttemptStarted { attempt, .. }
        | Event::AttemptAdopted { attempt }
        | Event::AttemptEnded { attempt, .. }
        | Event::ProcedureAsked { attempt, .. } => Some(attempt),
        _ => None,
    }
}

/// The page that says more about a fact.
fn screen_of(event: &Event) -> Option<Screen> {
    if let Some(attempt) = attempt_of(event) {
        return Some(Screen::Output(attempt.clone()));
    }
    match event {
        Event::RunCreated { run, .. } | Event::RunEnded { run, .. } | Event::StepEnded { run, .. } | Event::RetryPlanned { run, .. } => {
            Some(Screen::Run(run.clone()))
        }
        Event::ProbeChanged { probe, .. } | Event::ProbeErring { probe, .. } => Some(Screen::Probe(probe.clone())),
        Event::EvidenceTaken { incident, .. } | Event::EvidenceAsked { incident, .. } => Some(Screen::Evidence(*incident)),
        Event::NoteSaved { note } => Some(Screen::Note { kind: note.kind, subject: note.subject.clone() }),
        Event::ProcedureTicked { runbook, subject: Subject::Incident(id), .. } => {
            Some(Screen::Runbook { runbook: runbook.clone(), subject: Subject::Incident(*id) })
        }
        _ => None,
    }
}
