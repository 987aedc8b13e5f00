//! A probe: how its target does, its latency over time, when its state changed.
//!
//! ```text
//!  ✗ down since 02:27 (3m)  status 503, expected 200    GET https://shop.example/
//!  every 30s, timeout 10s, down after 3, up after 2, below 800 ms, certificate ends in 21d
//!  ── Latency ─────────────────── last 1h: 2 failed, p50 41 ms  p90 88 ms  p99 812 ms ──
//!   812 ms ▕         ▄
//!          ▕   ▂▂▃▂▂▂█▂  no data  ▂▂▂
//!           ●●●●●●●●●✗▲●         ●●●
//!          01:40                                02:40
//!  ── State changes ────────────────────────────────────────
//!   02:27  down       status 503, expected 200
//! ```

use super::{Page, Screen};
use crate::console::link::News;
use crate::console::view::{clock, state};
use crate::console::widget::chart;
use crate::console::widget::cursor::{Cursor, wheel};
use crate::console::widget::line::Line;
use crate::console::widget::paint::Painter;
use crate::console::widget::section::section;
use crate::console::{Action, Msg, Place, Role, Session, Target};
use crate::domain::probe::{Burning, Pace};
use crate::domain::{Entry, Event, Health, ProbeId, Refusal, Sample, Verdict};
use crate::rules::objective::{Budget, of_probe};
use crate::wire::message::{Answer, Ask, Said};
use crate::world::Probe;
use crossterm::event::MouseEvent;
use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::fmt::Write as _; // writing into a String cannot fail
use std::sync::Arc;

/// Stretches of time that can be looked at, in minutes.
const SPANS: [i64; 5] = [15, 60, 6 * 60, 24 * 60, 7 * 24 * 60];
/// Readings that the page keeps: a week of one each 15 seconds.
const KEPT: usize = 40_320;
/// Columns of the figures beside the chart.
const AXIS: u16 = 9;

/// The page.
#[derive(Debug)]
pub struct ProbePage {
    probe: ProbeId,
    /// Which of the spans.
    span: usize,
    samples: Vec<Sample>,
    /// The request for history that is not answered yet.
    asked: Option<u64>,
    fault: Option<String>,
    cursor: Cursor,
    /// The request for the hours of the objective's window.
    hours_asked: Option<u64>,
    budget: Option<Budget>,
}

impl ProbePage {
    /// The page of a probe; it asks for its readings.
    pub fn new(probe: ProbeId, session: &mut Session) -> Self {
        let samples = session.readings.of(&probe).map(|ring| ring.samples.iter().copied().collect()).unwrap_or_default();
        let mut page =
            Self { probe, span: 1, samples, asked: None, fault: None, cursor: Cursor::default(), hours_asked: None, budget: None };
        page.ask(session);
        page.ask_hours(session);
        page
    }

    fn ask(&mut self, session: &mut Session) {
        let since = session.now.checked_sub(self.span()).unwrap_or(Timestamp::UNIX_EPOCH);
        self.asked = Some(session.ask(Ask::Samples { probe: self.probe.clone(), since }));
    }

    /// Asks for what the error budget is made of, where the probe has an objective.
    fn ask_hours(&mut self, session: &mut Session) {
        let Some(objective) = session.world.probe(&self.probe).and_then(|probe| probe.definition.objective) else { return };
        let window = SignedDuration::try_from(objective.window).unwrap_or(SignedDuration::MAX);
        let since = session.now.checked_sub(window).unwrap_or(Timestamp::UNIX_EPOCH);
        self.hours_asked = Some(session.ask(Ask::Hours { probe: self.probe.clone(), since }));
    }

    fn span(&self) -> SignedDuration {
        SignedDuration::from_mins(SPANS.get(self.span).copied().unwrap_or(60))
    }

    fn take(&mut self, sample: Sample) {
        if self.samples.last().is_none_or(|last| last.at < sample.at) {
            if self.samples.len() >= KEPT {
                self.samples.drain(..KEPT / 4);
            }
            self.samples.push(sample);
        }
    }

    fn draw_chart(&self, painter: &mut Painter<'_>, session: &Session, probe: &Probe, area: Rect) {
        let from = session.now.checked_sub(self.span()).unwrap_or(Timestamp::UNIX_EPOCH);
        let seen = self.samples.partition_point(|sample| sample.at < from);
        let shown = self.samples.get(seen..).unwrap_or_default();
        let inside = section(painter, area, "Latency", &self.figures(shown), false, &session.glyphs);
        if inside.height < 3 || inside.width <= AXIS + 4 {
            return;
        }
        let plot = Rect { x: inside.x + AXIS, width: inside.width - AXIS - 1, height: inside.height - 1, ..inside };
        if shown.is_empty() {
            let words = match (&self.asked, &self.fault) {
                (Some(_), _) => "asking for the readings",
                (None, Some(fault)) => fault.as_str(),
                (None, None) => "no reading in this stretch of time",
            };
            painter.text(plot.x + 1, plot.y, plot.width.saturating_sub(1), Role::Unknown, words);
            return;
        }
        let columns = chart::columns(shown, from, session.now, probe.definition.every, plot.width);
        let slowest = columns.iter().flatten().filter_map(|column| column.slowest).max().unwrap_or(1_000);
        let limit = probe.definition.expect.below;
        // The limit is in the picture unless it would flatten all the rest.
        let near = limit.map(|limit| u32::try_from(limit.as_micros()).unwrap_or(u32::MAX)).filter(|limit| *limit / 4 <= slowest);
        let top = std::time::Duration::from_micros(u64::from(slowest.max(near.unwrap_or(0))));
        chart::draw(painter, plot, &columns, top, limit, &session.glyphs);
        painter.text(inside.x, plot.y, AXIS - 1, Role::Muted, &format!("{:>8}", clock::duration(top)));
        if plot.height > 4 {
            let middle = plot.y + (plot.height - 1) / 2;
            painter.text(inside.x, middle, AXIS - 1, Role::Muted, &format!("{:>8}", clock::duration(top / 2)));
        }
        let y = inside.bottom() - 1;
        painter.text(plot.x, y, plot.width, Role::Muted, &session.time(from));
        let middle = session.time(from.checked_add(self.span() / 2).unwrap_or(from));
        if plot.width > 40 {
            painter.text(plot.x + plot.width / 2, y, plot.width / 2, Role::Muted, &middle);
        }
        painter.right(Rect { y, height: 1, ..plot }, y, Role::Muted, "now");
        // The picture moves by one column at a time.
        let per_column = self.span().as_millis() / i128::from(plot.width.max(1));
        session.changes_in(SignedDuration::from_millis(i64::try_from(per_column).unwrap_or(60_000).max(1_000)));
    }

    fn figures(&self, shown: &[Sample]) -> String {
        let minutes = SPANS.get(self.span).copied().unwrap_or(60);
        let span = clock::words(minutes * 60);
        let count = |verdict| shown.iter().filter(|sample| sample.verdict == verdict).count();
        let mut words = format!("last {span}: ");
        // The worst first: on a small screen the end is cut.
        for (verdict, name) in [(Verdict::Failed, "failed"), (Verdict::Degraded, "degraded"), (Verdict::Error, "not probed")] {
            let count = count(verdict);
            if count > 0 {
                let _ = write!(words, "{count} {name}, ");
            }
        }
        let _ = match chart::percentiles(shown, [0.5, 0.9, 0.99]) {
            Some(found) => {
                let [half, most, nearly] = found.map(clock::duration);
                write!(words, "p50 {half}  p90 {most}  p99 {nearly}")
            }
            None => write!(words, "no answer"),
        };
        words
    }
}

fn head(session: &Session, probe: &Probe) -> [Line; 2] {
    let (symbol, role) = state::health(probe.health, &session.glyphs);
    let mut first = Line::of(role, format!("{symbol} {} since {} ({})", probe.health, session.time(probe.since), session.age(probe.since)));
    if let Some(flapping) = probe.flapping {
        first.push(Role::Warning, format!("  {flapping} for {}", session.age(flapping.since)));
    }
    if !probe.reason.is_empty() {
        first.push(Role::Text, format!("  {}", probe.reason));
    }
    first.push(Role::Muted, format!("   {}", probe.definition.target));
    if probe.removed {
        first.push(Role::Warning, "   gone from its file");
    }
    let definition = &probe.definition;
    let mut words = format!(
        "every {}, timeout {}, down after {}, up after {}",
        clock::duration(definition.every),
        clock::duration(definition.timeout),
        definition.down_after,
        definition.up_after
    );
    if let Some(below) = definition.expect.below {
        let _ = write!(words, ", below {}", clock::duration(below));
    }
    if let Some(runbook) = &definition.runbook {
        let _ = write!(words, ", runbook {runbook}");
    }
    let mut second = Line::of(Role::Muted, words);
    if let Some(ends) = session.readings.of(&definition.id).and_then(|ring| ring.certificate_ends) {
        let soon = definition
            .expect
            .certificate_days
            .is_some_and(|days| ends.duration_since(session.now) < SignedDuration::from_hours(24 * i64::from(days)));
        second.push(if soon { Role::Warning } else { Role::Muted }, format!(", certificate ends in {}", session.until(ends)));
    }
    if let Some(error) = &probe.error {
        second = Line::of(Role::Unknown, format!("{} the probe cannot run: {error}", session.glyphs.unknown));
    }
    [first, second]
}

/// What is left of the error budget, where the probe has an objective; that it burns comes first, for the end may be cut.
fn budget_line(session: &Session, probe: &Probe, budget: Option<&Budget>) -> Option<Line> {
    let objective = probe.definition.objective?;
    let mut line = Line::of(Role::Muted, format!("objective {objective}: "));
    if let Some(burning) = &probe.burning {
        line.push(Role::Warning, format!("burns {}", pace(burning)));
        let gone = match burning.gone_at {
            Some(at) if at > session.now => format!(", gone in {}", session.until(at)),
            Some(_) => ", gone".to_owned(),
            None => String::new(),
        };
        line.push(Role::Warning, format!("{gone}; "));
    }
    Some(match budget {
        None => line.with(Role::Muted, "asking for the looks of its window"),
        Some(budget) => {
            let role = match budget.burnt {
                None => Role::Unknown,
                Some(burnt) if burnt > 1.0 => Role::Bad,
                Some(burnt) if burnt > 0.75 => Role::Warning,
                Some(_) => Role::Good,
            };
            line.with(role, budget.words())
        }
    })
}

/// How fast a budget burns: `14.4× too fast over 1 h`.
fn pace(burning: &Burning) -> String {
    match burning.pace {
        Pace::Down => format!("{}× too fast while down", burning.rate),
        Pace::Page | Pace::Ticket => format!("{}× too fast over {} h", burning.rate, burning.over.as_secs() / 3_600),
    }
}

/// Changes of the probe's state that are known here, the newest first: from the common timeline and from its incidents.
fn changes(session: &Session, id: &ProbeId) -> Vec<Arc<Entry>> {
    let of_it = |entry: &&Arc<Entry>| entry.event.probe() == Some(id);
    let incidents = session.world.probe(id).map(|probe| probe.incidents.clone()).unwrap_or_default();
    let mut entries: Vec<_> = session.world.recent.iter().filter(of_it).cloned().collect();
    for incident in incidents.iter().filter_map(|incident| session.world.incident(*incident)) {
        entries.extend(incident.timeline.iter().filter(of_it).cloned());
    }
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.seq));
    entries.dedup_by_key(|entry| entry.seq);
    entries
}

fn change_line(session: &Session, entry: &Entry) -> Line {
    let time = Line::of(Role::Muted, format!("{:<11}", session.time(entry.at)));
    match &entry.event {
        Event::ProbeChanged { from, to, reason, .. } => {
            let (symbol, role) = state::health(*to, &session.glyphs);
            // Recovering is told apart from going down by its words.
            let words = match (from, to) {
                (Health::Down { .. }, Health::Up) => "up again".to_owned(),
                _ => to.to_string(),
            };
            time.with(role, format!("{symbol} {words:<18}")).with(Role::Text, reason.clone())
        }
        Event::ProbeErring { error: Some(error), .. } => {
            time.with(Role::Unknown, format!("{} cannot run: {error}", session.glyphs.unknown))
        }
        Event::ProbeErring { error: None, .. } => time.with(Role::Text, "the probe runs again"),
        Event::ProbeBurning { burning: Some(burning), .. } => {
            let gone = burning.gone_at.map(|at| format!(", gone by {}", session.time(at))).unwrap_or_default();
            let words = format!("{} {:<18}", session.glyphs.warning, "burns its budget");
            time.with(Role::Warning, words).with(Role::Text, format!("{}{gone}", pace(burning)))
        }
        Event::ProbeBurning { burning: None, .. } => time.with(Role::Good, format!("{} keeps to its budget", session.glyphs.good)),
        Event::ProbeFlapping { share: Some(share), .. } => {
            let words = format!("{} {:<18}", session.glyphs.warning, "goes up and down");
            time.with(Role::Warning, words).with(Role::Text, format!("flapping {share}%"))
        }
        Event::ProbeFlapping { share: None, .. } => time.with(Role::Text, format!("{} flaps no longer", session.glyphs.good)),
        _ => time.with(Role::Muted, format!("looked at on demand by {}", entry.author.name())),
    }
}

impl Page for ProbePage {
    fn title(&self, _session: &Session) -> String {
        format!("probe {}", self.probe)
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        vec![Place::Chart, Place::Probes, Place::List, Place::Global]
    }

    fn target(&self, session: &Session) -> Option<Target> {
        session.world.probe(&self.probe).map(|_| Target::Probe(self.probe.clone()))
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let mut painter = Painter::new(buffer, session);
        let Some(probe) = session.world.probe(&self.probe) else {
            painter.text(
                area.x + 1,
                area.y,
                area.width.saturating_sub(1),
                Role::Warning,
                &format!("there is no probe {} any more", self.probe),
            );
            return None;
        };
        let mut rest = area;
        for line in head(session, probe).iter().take(usize::from(area.height)) {
            painter.line(rest.x + 1, rest.y, rest.width.saturating_sub(1), line);
            rest = Rect { y: rest.y + 1, height: rest.height.saturating_sub(1), ..rest };
        }
        if let Some(line) = budget_line(session, probe, self.budget.as_ref()).filter(|_| rest.height > 4) {
            painter.line(rest.x + 1, rest.y, rest.width.saturating_sub(1), &line);
            rest = Rect { y: rest.y + 1, height: rest.height - 1, ..rest };
        }
        let chart_height = (rest.height * 3 / 5).min(24);
        self.draw_chart(&mut painter, session, probe, Rect { height: chart_height, ..rest });
        let below = Rect { y: rest.y + chart_height, height: rest.height - chart_height, ..rest };
        let entries = changes(session, &self.probe);
        let inside = section(&mut painter, below, "State changes", "older ones in the journal", true, &session.glyphs);
        if entries.is_empty() {
            painter.none(inside, "none lately");
        }
        self.cursor.draw(session, &mut painter, inside, entries.len(), |cells, place| {
            cells.line(u16::MAX, &entries.get(place).map(|entry| change_line(session, entry)).unwrap_or_default());
        });
        None
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        match action {
            Action::LongerSpan | Action::ShorterSpan => {
                let span = if action == Action::LongerSpan { (self.span + 1).min(SPANS.len() - 1) } else { self.span.saturating_sub(1) };
                if span != self.span {
                    self.span = span;
                    self.ask(session);
                }
                true
            }
            Action::Open => {
                let incident = session.world.probe(&self.probe).and_then(|probe| probe.incidents.last().copied());
                match incident {
                    Some(incident) => session.open(Screen::Incident(incident)),
                    None => session.toast(crate::console::session::Tone::Plain, "no open incident has to do with this probe"),
                }
                true
            }
            other => {
                let rows = changes(session, &self.probe).len();
                self.cursor.act(other, rows)
            }
        }
    }

    fn mouse(&mut self, event: MouseEvent, session: &mut Session) -> bool {
        wheel(event).is_some_and(|action| self.act(action, session))
    }

    fn answered(&mut self, id: u64, result: &Result<Answer, Refusal>, session: &mut Session) {
        if self.hours_asked == Some(id) {
            self.hours_asked = None;
            if let (Some(probe), Ok(Answer::Hours(hours))) = (session.world.probe(&self.probe), result) {
                self.budget = of_probe(&session.world, &probe.definition, hours, session.now);
            }
            return;
        }
        if self.asked != Some(id) {
            return;
        }
        self.asked = None;
        match result {
            Ok(Answer::Samples(samples)) => {
                // What came live since then stays.
                let newest = samples.last().map(|sample| sample.at);
                let live: Vec<_> = self.samples.iter().filter(|sample| newest.is_none_or(|newest| sample.at > newest)).copied().collect();
                self.samples = samples.iter().copied().chain(live).collect();
                let surplus = self.samples.len().saturating_sub(KEPT);
                self.samples.drain(..surplus);
                self.fault = None;
            }
            Ok(_) => {}
            Err(refusal) => self.fault = Some(refusal.reason.clone()),
        }
    }

    fn told(&mut self, msg: &Msg, session: &mut Session) {
        let Msg::News(News::Said(said)) = msg else { return };
        match &**said {
            Said::Readings(readings) => {
                let own: Vec<_> = readings.iter().filter(|reading| reading.probe == self.probe).map(|reading| reading.sample).collect();
                for sample in own {
                    self.take(sample);
                }
            }
            // After a gap in the connection the readings of that time are asked for again.
            Said::Live { .. } => self.ask(session),
            _ => {}
        }
    }
}
