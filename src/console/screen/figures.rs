//! Figures: how long people took, what came to whom, what was only noise, and how much of each objective is left.
//!
//! ```text
//! ── All incidents, last 30d ───────────── 41, 38 before, 2 exercises left out ──
//!   detect       median 1 min    p90 4 min   of 30 of 41   before 2 min
//! ── By service ───────────────────────────────────────────────── ← → week ──
//!   shop          12 ████████████   resolve 14 min / 50 min
//! ```

use super::{Page, Screen};
use crate::console::widget::line::Line;
use crate::console::widget::paint::Painter;
use crate::console::widget::sheet::{Row, Section, Sheet};
use crate::console::{Action, Place, Role, Session, Target};
use crate::domain::{ProbeId, Refusal};
use crate::notes::wording::span;
use crate::rules::figures::{By, Figures, Group, Took, Wanted, figures};
use crate::rules::noise::Noisy;
use crate::rules::objective::{Budget, of_probe};
use crate::wire::message::{Answer, Ask};
use crossterm::event::MouseEvent;
use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::collections::BTreeMap;

/// Stretches of time that can be looked at, in days.
const SPANS: [i64; 5] = [7, 30, 90, 180, 365];
/// Figures are counted again at most this often: they are of weeks.
const AGAIN: SignedDuration = SignedDuration::from_secs(60);

/// The page.
#[derive(Debug)]
pub struct FiguresPage {
    span: usize,
    by: By,
    sheet: Sheet,
    /// What was counted: of which entries, when, and for which width.
    counted: Option<(u64, Timestamp, u16)>,
    asked: BTreeMap<u64, ProbeId>,
    budgets: BTreeMap<ProbeId, Budget>,
}

impl FiguresPage {
    /// The page; it asks for what is left of the objectives.
    pub fn new(session: &mut Session) -> Self {
        let mut page =
            Self { span: 1, by: By::Service, sheet: Sheet::default(), counted: None, asked: BTreeMap::new(), budgets: BTreeMap::new() };
        let wanted: Vec<_> =
            session.world.probes.values().filter_map(|probe| Some((probe.definition.id.clone(), probe.definition.objective?))).collect();
        for (probe, objective) in wanted {
            let window = SignedDuration::try_from(objective.window).unwrap_or(SignedDuration::MAX);
            let since = session.now.checked_sub(window).unwrap_or(Timestamp::UNIX_EPOCH);
            let id = session.ask(Ask::Hours { probe: probe.clone(), since });
            page.asked.insert(id, probe);
        }
        page
    }

    fn days(&self) -> i64 {
        SPANS.get(self.span).copied().unwrap_or(30)
    }

    fn refresh(&mut self, session: &Session, width: u16) {
        let touched = session.world.touched.incidents;
        let fresh = self
            .counted
            .is_some_and(|(at_entry, at, at_width)| at_width == width && (at_entry == touched || session.now.duration_since(at) < AGAIN));
        if fresh {
            return;
        }
        self.counted = Some((touched, session.now, width));
        let from = session.now.checked_sub(SignedDuration::from_hours(24 * self.days())).unwrap_or(Timestamp::UNIX_EPOCH);
        let wanted = Wanted { from, to: session.now, by: self.by, zone: session.zone.clone() };
        let found = figures(&session.world, &wanted);
        self.sheet.put(sections(session, &found, self.days(), &self.budgets, width));
    }
}

fn sections(session: &Session, found: &Figures, days: i64, budgets: &BTreeMap<ProbeId, Budget>, width: u16) -> Vec<Section> {
    let mut note = format!("{}, {} before", found.all.incidents, found.all.before);
    if found.drills > 0 {
        note = format!("{note}, {} exercises left out", found.drills);
    }
    if let Some(known) = found.known_from {
        note = format!("{note}, kept since {}", session.time(known));
    }
    let all = &found.all;
    let times = [("detect", all.detect), ("acknowledge", all.acknowledge), ("mitigate", all.mitigate), ("resolve", all.resolve)];
    let times = times.map(|(name, took)| Row::of(time_line(name, &took))).into();
    let hours = &found.interruptions;
    let share = |count: u32| bar(session, count, hours.of, 20);
    let load = &found.load;
    let mut people = vec![
        Row::of(
            Line::of(Role::Text, format!("{:<14}", "business"))
                .with(Role::Good, share(hours.business))
                .with(Role::Text, format!(" {} of {}", hours.business, hours.of)),
        ),
        Row::of(
            Line::of(Role::Text, format!("{:<14}", "off hours"))
                .with(Role::Warning, share(hours.off))
                .with(Role::Text, format!(" {} of {}", hours.off, hours.of)),
        ),
        Row::of(
            Line::of(Role::Text, format!("{:<14}", "sleep"))
                .with(Role::Bad, share(hours.sleep))
                .with(Role::Text, format!(" {} of {}", hours.sleep, hours.of)),
        ),
    ];
    let role = if load.above > 0 { Role::Warning } else { Role::Text };
    let mut line = Line::of(role, format!("{} of {} shifts above {} incidents", load.above, load.shifts, load.ceiling));
    if let Some((start, count)) = load.most {
        line.push(Role::Muted, format!(", the fullest from {} with {count}", session.time(start)));
    }
    people.push(Row::of(line));
    let most = found.groups.iter().map(|group| group.incidents).max().unwrap_or(0);
    let longest =
        found.groups.iter().map(|group| crate::text::width(&group.name)).max().unwrap_or(0).clamp(8, usize::from(width / 4).max(8));
    let groups = found.groups.iter().map(|group| Row::of(group_line(session, group, longest, most, width))).collect();
    let objectives = budgets.iter().map(|(probe, budget)| budget_row(session, probe, budget)).collect();
    let noisy = found.noisy.iter().flat_map(noisy_rows).collect();
    vec![
        Section::new(&format!("All incidents, last {days}d"), note, times, ""),
        Section::new(&format!("By {}", found.by.word()), "other grouping: left, right", groups, "no incident in this stretch of time"),
        Section::new("People", "", people, ""),
        Section::new("Objectives", "", objectives, "no probe has an objective: objective = \"99.9% over 30d\""),
        Section::new("Noisy alerts", found.noisy.len().to_string(), noisy, "none"),
    ]
}

fn time_line(name: &str, took: &Took) -> Line {
    let line = Line::of(Role::Name, format!("{name:<14}"));
    let Some((median, p90)) = took.median.zip(took.p90) else {
        return line.with(Role::Unknown, format!("not known (0 of {})", took.of));
    };
    let mut line = line
        .with(Role::Text, format!("median {:<12} p90 {:<12}", span(median), span(p90)))
        .with(Role::Muted, format!(" {} of {}", took.known, took.of));
    if let Some(before) = took.median_before {
        let role = if median <= before { Role::Good } else { Role::Warning };
        line.push(Role::Muted, "  before ");
        line.push(role, format!("{} ({})", span(before), took.known_before));
    }
    line
}

fn group_line(session: &Session, group: &Group, longest: usize, most: u32, width: u16) -> Line {
    let name = crate::text::fit(&group.name, longest, session.glyphs.ellipsis).into_owned();
    let pad = " ".repeat(longest.saturating_sub(crate::text::width(&name)));
    let columns = usize::from(width.saturating_sub(60) / 2).clamp(8, 40);
    let mut line = Line::of(Role::Name, format!("{name}{pad} "))
        .with(Role::Text, format!("{:>4} ", group.incidents))
        .with(Role::Active, bar(session, group.incidents, most, columns));
    if group.before > 0 {
        line.push(Role::Muted, format!(" before {}", group.before));
    }
    if group.open > 0 {
        line.push(Role::Warning, format!(" open {}", group.open));
    }
    for (name, took) in [("ack", group.acknowledge), ("resolve", group.resolve)] {
        if let Some((median, p90)) = took.median.zip(took.p90) {
            line.push(Role::Muted, format!("  {name} "));
            line.push(Role::Text, format!("{} / {}", span(median), span(p90)));
        }
    }
    line
}

/// A bar of whole columns; what is not nothing has at least one.
fn bar(session: &Session, count: u32, of: u32, columns: usize) -> String {
    let filled = match of {
        0 => 0,
        of => (count as usize * columns).div_ceil(of as usize).min(columns),
    };
    let full = session.glyphs.bars.last().copied().unwrap_or("#");
    format!("{}{}", full.repeat(filled), " ".repeat(columns - filled))
}

fn budget_row(session: &Session, probe: &ProbeId, budget: &Budget) -> Row {
    let role = match budget.burnt {
        None => Role::Unknown,
        Some(burnt) if burnt > 1.0 => Role::Bad,
        Some(burnt) if burnt > 0.75 => Role::Warning,
        Some(_) => Role::Good,
    };
    let left = budget.burnt.map(|burnt| ((1.0 - burnt).max(0.0) * 100.0).round() as u32);
    let line = Line::of(Role::Name, format!("{:<14} ", probe.as_str()))
        .with(role, bar(session, left.unwrap_or_default(), 100, 10))
        .with(Role::Text, format!(" {:<15}", budget.objective))
        .with(Role::Muted, format!(" {}", budget.words()));
    Row::of(line).to(Screen::Probe(probe.clone()))
}

fn noisy_rows(noisy: &Noisy) -> [Row; 2] {
    let goes = noisy.incidents.last().map(|id| Screen::Incident(*id));
    let first = Line::of(Role::Name, noisy.summary.clone()).with(
        Role::Text,
        format!(
            "  fired {}, acknowledged {}, acted on {}, by itself {}, sleep {}",
            noisy.fired, noisy.acknowledged, noisy.acted_on, noisy.by_itself, noisy.sleep
        ),
    );
    [Row { line: first, goes: goes.clone() }, Row { line: Line::of(Role::Warning, format!("  {}", noisy.proposal)), goes }]
}

impl Page for FiguresPage {
    fn title(&self, _session: &Session) -> String {
        format!("figures of {} days", self.days())
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        vec![Place::Chart, Place::List, Place::Global]
    }

    fn target(&self, _session: &Session) -> Option<Target> {
        match &self.sheet.row()?.goes {
            Some(Screen::Incident(id)) => Some(Target::Incident(*id)),
            Some(Screen::Probe(probe)) => Some(Target::Probe(probe.clone())),
            _ => None,
        }
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.refresh(session, area.width);
        session.changes_in(AGAIN);
        let mut painter = Painter::new(buffer, session);
        self.sheet.draw(session, &mut painter, area);
        None
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        match action {
            Action::LongerSpan => self.span = (self.span + 1).min(SPANS.len() - 1),
            Action::ShorterSpan => self.span = self.span.saturating_sub(1),
            Action::Left | Action::Right => {
                let place = By::ALL.iter().position(|by| *by == self.by).unwrap_or(0);
                let step = if action == Action::Right { 1 } else { By::ALL.len() - 1 };
                self.by = By::ALL.get((place + step) % By::ALL.len()).copied().unwrap_or_default();
            }
            other => return self.sheet.act(other, session),
        }
        self.counted = None;
        true
    }

    fn copied(&self, _session: &Session) -> Option<String> {
        self.sheet.copied()
    }

    fn mouse(&mut self, event: MouseEvent, session: &mut Session) -> bool {
        self.sheet.mouse(event, session)
    }

    fn answered(&mut self, id: u64, result: &Result<Answer, Refusal>, session: &mut Session) {
        let Some(probe) = self.asked.remove(&id) else { return };
        let definition = session.world.probe(&probe).map(|probe| probe.definition.clone());
        if let (Some(definition), Ok(Answer::Hours(hours))) = (definition, result)
            && let Some(budget) = of_probe(&session.world, &definition, hours, session.now)
        {
            self.budgets.insert(probe, budget);
            self.counted = None;
        }
    }
}
