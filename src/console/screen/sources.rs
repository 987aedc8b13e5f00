//! Neighbours: how each answers, what fires there, and the silences that stand, with keys to make, prolong and end them; and
//! the intake with what it refused.
//!
//! ```text
//!  ── Sources ────────────────────────────────── 2, 1 stale ──
//!   ● warehouse  alertmanager  answers   12 firing  3 hidden there   https://am.example
//! ▌   ◷ service="shop"                     until 03:10  ana   ack by ana via dogwatch, incident 41
//!   ? staging    alertmanager  stale 4m  connection refused          https://am.stage.example
//!   ● intake     http          listens   127.0.0.1:9099   refused 3 without the token
//! ```

use super::Page;
use crate::console::dialog::intent::names;
use crate::console::dialog::source::SourceVerb;
use crate::console::dialog::{Dialog, Field, Intent};
use crate::console::widget::line::Line;
use crate::console::widget::paint::Painter;
use crate::console::widget::rows::Rows;
use crate::console::widget::section::section;
use crate::console::{Action, Place, Role, Session, Target};
use crate::domain::SourceId;
use crate::domain::sent::LabelMatcher;
use crate::domain::source::Capability;
use crate::world::{Silencing, SilencingState, Source, World};
use crossterm::event::MouseEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::collections::BTreeMap;

/// How long a silence is, where nothing else is typed.
const USUAL: &str = "1h";

/// The page.
#[derive(Debug, Default)]
pub struct SourcesPage {
    list: Rows<Row>,
}

/// A line of the page.
#[derive(Debug, Clone)]
enum Row {
    /// A neighbour, with how many of its alerts fire.
    Source(SourceId, usize),
    /// A silence there, by its id.
    Silence(SourceId, String),
    /// One that dogwatch asked for and that does not stand, by its marker.
    Asked(SourceId, String),
    /// The intake.
    Intake,
}

impl Row {
    /// The neighbour that it is or belongs to.
    fn source(&self) -> Option<&SourceId> {
        match self {
            Self::Source(source, _) | Self::Silence(source, _) | Self::Asked(source, _) => Some(source),
            Self::Intake => None,
        }
    }

    fn is_about_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Source(source, _), Self::Source(other, _)) => source == other,
            (Self::Silence(source, id), Self::Silence(other, of)) | (Self::Asked(source, id), Self::Asked(other, of)) => {
                (source, id) == (other, of)
            }
            (Self::Intake, Self::Intake) => true,
            _ => false,
        }
    }
}

fn rows(world: &World) -> Vec<Row> {
    let mut firing: BTreeMap<&SourceId, usize> = BTreeMap::new();
    for alert in world.alerts.values() {
        *firing.entry(&alert.source).or_default() += 1;
    }
    let mut rows = Vec::new();
    for (id, source) in &world.sources {
        rows.push(Row::Source(id.clone(), firing.get(id).copied().unwrap_or(0)));
        let asked = source.silencings.values().filter(|own| own.id.as_ref().is_none_or(|silence| !source.silences.contains_key(silence)));
        rows.extend(asked.map(|own| Row::Asked(id.clone(), own.order.marker.clone())));
        let mut standing: Vec<_> = source.silences.values().collect();
        standing.sort_by_key(|silence| silence.ends);
        rows.extend(standing.into_iter().map(|silence| Row::Silence(id.clone(), silence.id.clone())));
    }
    rows.extend(world.intake.as_ref().map(|_| Row::Intake));
    rows
}

fn note(world: &World) -> String {
    let stale = world.sources.values().filter(|source| source.why_stale().is_some()).count();
    if stale > 0 { format!("{}, {stale} stale", world.sources.len()) } else { world.sources.len().to_string() }
}

/// The cells of a line: width, meaning, text.
type Cells = Vec<(u16, Role, String)>;

fn of_source(session: &Session, id: &SourceId, source: &Source, firing: usize) -> Cells {
    let glyphs = &session.glyphs;
    let stale = source.why_stale();
    let (symbol, role) = if stale.is_some() { (glyphs.unknown, Role::Unknown) } else { (glyphs.good, Role::Good) };
    let state = if stale.is_some() { format!("stale {}", session.age(source.stale_since())) } else { "answers".to_owned() };
    // What is shown of one that does not answer is as old as its silence.
    let (name, data) = if stale.is_some() { (Role::Muted, Role::Muted) } else { (Role::Name, Role::Text) };
    let hidden = if source.note.hidden > 0 { format!(", {} hidden there", source.note.hidden) } else { String::new() };
    let left_out = if source.note.left_out > 0 { format!(", {} left out", source.note.left_out) } else { String::new() };
    let words = match (stale, &source.note.words) {
        (Some(why), _) => why.to_owned(),
        (None, Some(words)) => words.clone(),
        (None, None) => source.definition.as_ref().map(|definition| definition.origin()).unwrap_or_default(),
    };
    vec![
        (1, role, symbol.to_owned()),
        (16, name, id.to_string()),
        (12, Role::Muted, source.kind.clone()),
        (11, role, state),
        (30, data, format!("{firing} firing{hidden}{left_out}")),
        (u16::MAX, if stale.is_some() { Role::Warning } else { Role::Muted }, words),
    ]
}

/// What dogwatch is about to do with a silence that stands; absent where it only stands.
fn under_way<'s>(source: &'s Source, id: &str) -> Option<&'s Silencing> {
    let own = source.silencings.values().filter(|own| own.id.as_deref() == Some(id));
    own.map(|own| &**own).find(|own| own.ending.is_some() || own.state != SilencingState::Standing)
}

fn of_silence(session: &Session, source: &Source, id: &str) -> Cells {
    let Some(silence) = source.silences.get(id) else { return Vec::new() };
    let role = if source.why_stale().is_some() { Role::Muted } else { Role::Text };
    let (symbol, state, words) = match under_way(source, id) {
        Some(own) => {
            let prolongs = own.ending.is_none() && own.state != SilencingState::Refused;
            let word = if prolongs { "extending" } else { own.word() };
            (
                (Role::Warning, session.glyphs.pending),
                (Role::Warning, word.to_owned()),
                own.error.clone().map(|error| (Role::Warning, error)),
            )
        }
        None => ((Role::Waiting, session.glyphs.held), (Role::Waiting, format!("until {}", session.time(silence.ends))), None),
    };
    let words = words.unwrap_or_else(|| (Role::Muted, silence.comment.clone()));
    vec![
        (1, Role::Muted, " ".to_owned()),
        (1, symbol.0, symbol.1.to_owned()),
        (14, state.0, state.1),
        (8, role, silence.by.clone()),
        (40, role, matchers(&silence.matchers)),
        (u16::MAX, words.0, words.1),
    ]
}

fn matchers(of: &[LabelMatcher]) -> String {
    of.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn of_asked(session: &Session, source: &Source, marker: &str) -> Cells {
    let Some(own) = source.silencings.get(marker) else { return Vec::new() };
    vec![
        (1, Role::Muted, " ".to_owned()),
        (1, Role::Warning, session.glyphs.pending.to_owned()),
        (14, Role::Warning, own.word().to_owned()),
        (8, Role::Text, own.order.by.clone()),
        (40, Role::Text, matchers(&own.order.matchers)),
        (u16::MAX, Role::Warning, own.error.clone().unwrap_or_else(|| own.order.comment.clone())),
    ]
}

fn of_intake(session: &Session) -> Cells {
    let Some(intake) = &session.world.intake else { return Vec::new() };
    let listens = intake.address.is_some();
    let (symbol, role) = if listens { (session.glyphs.good, Role::Good) } else { (session.glyphs.warning, Role::Warning) };
    let counts = intake.counts;
    let refused = if counts.is_empty() {
        String::new()
    } else {
        format!("refused {} without the token, {} no alerts, dropped {}", counts.unauthorized, counts.malformed, counts.dropped)
    };
    vec![
        (1, role, symbol.to_owned()),
        (16, Role::Name, "intake".to_owned()),
        (12, Role::Muted, "http".to_owned()),
        (11, role, if listens { "listens" } else { "silent" }.to_owned()),
        (30, Role::Text, intake.address.clone().unwrap_or_else(|| intake.definition.listen.clone())),
        (u16::MAX, Role::Warning, intake.error.clone().unwrap_or(refused)),
    ]
}

fn cells(session: &Session, row: &Row) -> Cells {
    let source = |id: &SourceId| session.world.sources.get(id);
    match row {
        Row::Source(id, firing) => source(id).map(|row| of_source(session, id, row, *firing)),
        Row::Silence(id, silence) => source(id).map(|row| of_silence(session, row, silence)),
        Row::Asked(id, marker) => source(id).map(|row| of_asked(session, row, marker)),
        Row::Intake => Some(of_intake(session)),
    }
    .unwrap_or_default()
}

/// A silence that stands at a neighbour, by its id there: one that is shown, or an own one that the next reading will show.
fn standing(session: &Session, row: &Row) -> Option<String> {
    match row {
        Row::Silence(_, id) => Some(id.clone()),
        Row::Asked(source, marker) => session.world.silencing(source, marker)?.id.clone(),
        Row::Source(..) | Row::Intake => None,
    }
}

/// What a silence at a neighbour is, for a dialog.
fn about(session: &Session, source: &SourceId, id: &str) -> Vec<Line> {
    let Some(row) = session.world.sources.get(source) else { return Vec::new() };
    let there = row.silences.get(id).map(|there| (&there.matchers, &there.by, there.ends, &there.comment));
    let own = || row.silencings.values().find(|own| own.id.as_deref() == Some(id));
    let own = || own().map(|own| (&own.order.matchers, &own.order.by, own.ends, &own.order.comment));
    let Some((of, by, ends, comment)) = there.or_else(own) else { return Vec::new() };
    let words = format!("by {by} until {}: {comment}", session.time(ends));
    vec![Line::of(Role::Code, matchers(of)), Line::of(Role::Muted, words)]
}

impl SourcesPage {
    /// The neighbour under the cursor, and the silence there.
    fn chosen(&self, session: &Session) -> Option<(SourceId, Option<String>)> {
        let row = self.list.chosen()?;
        Some((row.source()?.clone(), standing(session, row)))
    }

    /// Asks for what makes, prolongs or ends a silence.
    fn ask(&self, action: Action, session: &mut Session) {
        let now = session.now;
        let dialog = |title: String, what: SourceVerb, source: SourceId| Dialog::new(title, Intent::Source { what, source, now });
        let asked = match (action, self.chosen(session)) {
            (Action::Silence, Some((source, _))) => {
                let words = format!("{source} tells nobody of what has these labels.");
                dialog(format!("silence at {source}"), SourceVerb::Silence, source)
                    .says(Line::of(Role::Muted, words))
                    .asks(Field::required(names::MATCHERS))
                    .asks(Field::text(names::UNTIL, USUAL))
                    .asks(Field::required(names::COMMENT))
            }
            (Action::ExtendSilence, Some((source, Some(id)))) => {
                let about = about(session, &source, &id);
                let asked = dialog(format!("extend silence {id} at {source}"), SourceVerb::Extend(id), source);
                let asked = about.into_iter().fold(asked, Dialog::says).says(Line::of(Role::Muted, "It ends so long from now."));
                asked.asks(Field::text(names::UNTIL, USUAL))
            }
            (Action::EndSilence, Some((source, Some(id)))) => {
                let about = about(session, &source, &id);
                let asked = dialog(format!("end silence {id} at {source}"), SourceVerb::Expire(id), source);
                about.into_iter().fold(asked, Dialog::says).says(Line::of(Role::Muted, "What fires is told there again."))
            }
            _ => return,
        };
        session.dialog(asked);
    }

    /// Why a silence cannot be made, prolonged or ended where the cursor is.
    fn why_no_silence(&self, action: Action, session: &Session) -> Option<String> {
        let makes = action == Action::Silence;
        let Some((id, silence)) = self.chosen(session).filter(|(_, silence)| makes || silence.is_some()) else {
            let what = if makes { "neighbour" } else { "silence that stands" };
            return Some(format!("there is no {what} under the cursor"));
        };
        let source = session.world.sources.get(&id)?;
        if !source.capabilities.contains(&Capability::Silence) || source.definition.is_none() {
            return Some(format!("{id} cannot {}", Capability::Silence));
        }
        if let Some(why) = source.why_stale() {
            return Some(format!("{id} does not answer since {}: {why}", session.time(source.stale_since())));
        }
        let silence = silence.filter(|_| !makes)?;
        let mut own = source.silencings.values().filter(|own| own.id.as_deref() == Some(silence.as_str()));
        if own.clone().any(|own| own.ending.is_some() && own.state != SilencingState::Refused) {
            return Some("it is being ended already".into());
        }
        let incident = own.find_map(|own| own.order.alert.and(own.order.incident)).filter(|_| action == Action::ExtendSilence)?;
        Some(format!("it lasts as long as incident {incident} is acknowledged"))
    }
}

impl Page for SourcesPage {
    fn title(&self, _session: &Session) -> String {
        "sources".into()
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        vec![Place::Sources, Place::List, Place::Global]
    }

    fn settle(&mut self, session: &Session) {
        self.list.refresh(session.world.seq, Row::is_about_the_same, || rows(&session.world));
    }

    fn target(&self, _session: &Session) -> Option<Target> {
        None
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.settle(session);
        let mut painter = Painter::new(buffer, session);
        let area = section(&mut painter, area, "Sources", &note(&session.world), true, &session.glyphs);
        let none = "no neighbour is configured: [[source]] and [intake] in dogwatch.toml";
        self.list.draw(session, &mut painter, area, none, |row, listed| {
            for (width, role, text) in cells(session, listed) {
                row.cell(width, role, &text);
            }
        });
        None
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        match action {
            Action::Silence | Action::ExtendSilence | Action::EndSilence => self.ask(action, session),
            other => return self.list.act(other),
        }
        true
    }

    fn why_disabled(&self, action: Action, session: &Session) -> Option<String> {
        match action {
            Action::Silence | Action::ExtendSilence | Action::EndSilence => self.why_no_silence(action, session),
            _ => None,
        }
    }

    fn lacks(&self, action: Action) -> bool {
        matches!(action, Action::Mark | Action::Range | Action::MarkAll | Action::Filter | Action::Open)
    }

    /// The command that ends the silence under the cursor, or shows the neighbour.
    fn copied(&self, _session: &Session) -> Option<String> {
        match self.list.chosen()? {
            Row::Source(id, _) | Row::Asked(id, _) => Some(format!("dogwatch source {id} silences")),
            Row::Silence(id, silence) => Some(format!("dogwatch source {id} expire {silence}")),
            Row::Intake => Some("dogwatch sources".into()),
        }
    }

    fn mouse(&mut self, event: MouseEvent, _session: &mut Session) -> bool {
        self.list.mouse(event)
    }
}
