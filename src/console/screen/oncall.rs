//! Who is on call until when, who comes next, and who is told next of each open incident.
//!
//! ```text
//!  ── On call ───────────────────────────────────────── 2 rotas ──
//! ▌ primary   ana      until 08:00       then leo until Sun 08:00, ana until Mon 08:00
//!   backup    nobody                     everyone is away
//!   override  lea      until 06:00       primary, by ana: train
//!  ── Told next ───────────────────────────────────────── 3 open ──
//!   41 critical  02:46 in 4m   step 2: rota:primary: ana on mail    nightly-orders: load failed
//!   40 high                    acknowledged by leo: nobody more …   checkout is down
//! ```

use super::{Page, Screen};
use crate::console::dialog::intent::names;
use crate::console::dialog::{Dialog, Field, Intent};
use crate::console::view::incidents;
use crate::console::widget::cells::Cells;
use crate::console::widget::cursor::{Cursor, line_clicked, wheel};
use crate::console::widget::line::Line;
use crate::console::widget::paint::Painter;
use crate::console::widget::section::section;
use crate::console::{Action, Place, Role, Session, Target};
use crate::domain::counted;
use crate::domain::{Command, PersonId, RotaId};
use crate::rules::{self, Duty, Outlook, ToldNext};
use crate::world::MadeOverride;
use crossterm::event::MouseEvent;
use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::ops::Range;

/// Incidents that are listed: far more than anybody reads.
const INCIDENTS_MAX: usize = 500;
/// Shifts of each rota that are worked out.
const SHIFTS: usize = 3;
/// Columns that a name, a time or a severity takes at most.
const CELL: u16 = 24;
/// Columns between two cells.
const GAP: u16 = 2;
/// Columns before the first cell: the cursor's.
const INDENT: u16 = 2;
/// The cell of who and why.
const WORDS: usize = 3;
/// The answer of the override's dialog.
const OVERRIDE: &str = "override";

/// A row under the cursor.
#[derive(Debug, Clone)]
enum Row {
    Duty(Duty),
    Override(MadeOverride),
    Told(ToldNext),
}

/// What the rows were worked out from, and until when they hold.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
struct Basis {
    duty: u64,
    incidents: u64,
    until: Timestamp,
}

/// The page.
#[derive(Debug, Default)]
pub struct OnCallPage {
    cursor: Cursor,
    area: Rect,
    known: Option<Basis>,
    rows: Vec<Row>,
    /// How many of the rows stand in the upper part.
    upper: usize,
    /// The row at each line of the area.
    lines: Vec<Option<usize>>,
}

impl OnCallPage {
    fn refresh(&mut self, session: &Session) {
        let world = &session.world;
        let (duty, incidents) = (world.duty.changed, world.touched.incidents);
        let fresh = |known: &Basis| known.duty == duty && known.incidents == incidents && session.now < known.until;
        if self.known.as_ref().is_some_and(fresh) {
            return;
        }
        let duties = rules::duties(world, session.now, SHIFTS);
        let ends = duties.iter().filter_map(|duty| duty.shifts.first()?.until).min();
        let soon = session.now.checked_add(SignedDuration::from_mins(1)).unwrap_or(session.now);
        self.known = Some(Basis { duty, incidents, until: ends.map_or(soon, |ends| ends.min(soon)) });
        let made = rules::overrides(world, session.now).cloned().map(Row::Override);
        self.rows = duties.into_iter().map(Row::Duty).chain(made).collect();
        self.upper = self.rows.len();
        self.rows.extend(rules::told_next(world, INCIDENTS_MAX).into_iter().map(Row::Told));
    }

    fn chosen(&self) -> Option<&Row> {
        self.rows.get(self.cursor.at)
    }

    /// The rota of the row under the cursor, else the first one.
    fn rota(&self, session: &Session) -> Option<RotaId> {
        match self.chosen() {
            Some(Row::Duty(duty)) => Some(duty.rota.clone()),
            Some(Row::Override(made)) => Some(made.rota.clone()),
            _ => session.world.duty.people.rotas.first().map(|rota| rota.id.clone()),
        }
    }

    fn ask_override(&self, session: &mut Session) {
        let Some(rota) = self.rota(session) else { return };
        let me = session.user().unwrap_or_default().to_owned();
        let mut people: Vec<String> = session.world.duty.people.people.keys().map(ToString::to_string).collect();
        // Most who press this key take it themselves.
        people.sort_by_key(|id| session.world.duty.people.people.get(id.as_str()).is_none_or(|person| person.user != me));
        let dialog = Dialog::new(format!("override {rota}"), Intent::Page(OVERRIDE))
            .says(Line::of(Role::Muted, "From now on; turns and leave count again when it ends."))
            .asks(Field::choice(names::WHO, people))
            .asks(Field::text(names::UNTIL, "8h"))
            .asks(Field::text(names::REASON, ""));
        session.dialog(dialog);
    }
}

fn who(person: Option<&PersonId>) -> (Role, String) {
    match person {
        Some(person) => (Role::Name, person.to_string()),
        None => (Role::Bad, "nobody".into()),
    }
}

/// A row's cells with their roles: name, who, until when, why; of an incident its title after these.
fn cells(row: &Row, session: &Session) -> Vec<(Role, String)> {
    match row {
        Row::Duty(duty) => of_duty(duty, session),
        Row::Override(made) => {
            let reason = if made.reason.is_empty() { String::new() } else { format!(": {}", made.reason) };
            let starts = if made.from > session.now { format!("from {} ", session.time(made.from)) } else { String::new() };
            vec![
                (Role::Warning, "override".into()),
                (Role::Name, made.person.to_string()),
                (Role::Text, format!("until {}", session.time(made.to))),
                (Role::Muted, format!("{starts}{}, by {}{reason}", made.rota, made.by)),
            ]
        }
        Row::Told(told) => of_told(told, session),
    }
}

fn of_duty(duty: &Duty, session: &Session) -> Vec<(Role, String)> {
    let ends = |until: Option<Timestamp>| until.map_or_else(|| "for good".into(), |at| format!("until {}", session.time(at)));
    let mut shifts = duty.shifts.iter();
    let Some(now) = shifts.next() else { return Vec::new() };
    let then: Vec<String> = shifts.map(|shift| format!("{} {}", who(shift.person.as_ref()).1, ends(shift.until))).collect();
    let then = if then.is_empty() { String::new() } else { format!("then {}", then.join(", ")) };
    let rest = [now.turn.words(), then].into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" · ");
    vec![(Role::Text, duty.rota.to_string()), who(now.person.as_ref()), (Role::Text, ends(now.until)), (Role::Muted, rest)]
}

fn of_told(told: &ToldNext, session: &Session) -> Vec<(Role, String)> {
    let role = match told.outlook {
        Outlook::Exhausted { .. } => Role::Bad,
        Outlook::NoChain => Role::Warning,
        Outlook::Next(_) => Role::Text,
        Outlook::Acknowledged { .. } | Outlook::Mitigated { .. } => Role::Muted,
    };
    let at = match &told.outlook {
        Outlook::Next(next) if next.at > session.now => format!("{} in {}", session.time(next.at), session.until(next.at)),
        other => other.at().map(|at| session.time(at)).unwrap_or_default(),
    };
    vec![
        (Role::Text, told.incident.to_string()),
        (incidents::role(told.severity), told.severity.to_string()),
        (Role::Text, at),
        (role, told.outlook.words()),
        (Role::Muted, told.title.clone()),
    ]
}

/// The columns of these rows: each as wide as its widest cell, and all that is left for the words of who and why. Where a
/// title follows them and not both have room, it keeps a third of what is left.
fn widths(rows: &[Vec<(Role, String)>], room: u16) -> Vec<u16> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let need = |place: usize| {
        let cells = rows.iter().filter_map(|row| row.get(place));
        cells.map(|(_, text)| u16::try_from(crate::text::width(&crate::text::line(text))).unwrap_or(u16::MAX)).max().unwrap_or(0)
    };
    let mut widths: Vec<u16> = (0..columns.min(WORDS)).map(|place| need(place).min(CELL)).collect();
    if columns > WORDS + 1 {
        let taken = widths.iter().fold(INDENT, |sum, width| sum + if *width > 0 { width + GAP } else { 0 });
        let left = room.saturating_sub(taken + GAP);
        widths.push(need(WORDS).min(left.saturating_sub(need(WORDS + 1).min(left / 3))));
    }
    widths.resize(columns, u16::MAX);
    widths
}

impl Page for OnCallPage {
    fn title(&self, _session: &Session) -> String {
        "on call".into()
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        vec![Place::Duty, Place::Incidents, Place::List, Place::Global]
    }

    fn settle(&mut self, session: &Session) {
        self.refresh(session);
    }

    fn target(&self, _session: &Session) -> Option<Target> {
        match self.chosen() {
            Some(Row::Told(told)) => Some(Target::Incident(told.incident)),
            _ => None,
        }
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.refresh(session);
        if let Some(known) = &self.known {
            session.changes_in(known.until.duration_since(session.now));
        }
        let mut painter = Painter::new(buffer, session);
        self.area = area;
        self.lines.clear();
        self.cursor.window(self.rows.len(), area);
        let rotas = session.world.duty.people.rotas.len();
        let mut left = section(&mut painter, area, "On call", &counted(rotas, "rota"), true, &session.glyphs);
        self.lines.push(None);
        if rotas == 0 && left.height > 0 {
            painter.none(left, "nobody takes turns: write `[[rota]]` in dogwatch.toml");
            left = below(left, 1);
            self.lines.push(None);
        }
        // The upper part gives way where the lower one has rows that would not be seen.
        let lower = self.rows.len() - self.upper;
        let needed = u16::try_from(lower).unwrap_or(u16::MAX).saturating_add(1);
        let room = if lower == 0 { left.height } else { left.height.saturating_sub(needed).max(left.height / 2) };
        let shown = self.upper.min(usize::from(room));
        let first = self.cursor.at.min(self.upper.saturating_sub(1)).saturating_sub(shown.saturating_sub(1));
        left = self.lines(&mut painter, session, left, first..first + shown);
        if left.height == 0 {
            return None;
        }
        let open = session.world.tally.open as usize;
        left = section(&mut painter, left, "Told next", &format!("{open} open"), false, &session.glyphs);
        self.lines.push(None);
        if lower == 0 {
            painter.none(left, "no incident is open");
        }
        let at = self.cursor.at.saturating_sub(self.upper).min(lower.saturating_sub(1));
        let height = usize::from(left.height);
        let first = self.upper + at.saturating_sub(height.saturating_sub(1));
        self.lines(&mut painter, session, left, first..self.rows.len().min(first + height));
        None
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        match action {
            Action::Open => {
                if let Some(Row::Told(told)) = self.chosen() {
                    session.open(Screen::Incident(told.incident));
                }
                true
            }
            Action::Override => {
                self.ask_override(session);
                true
            }
            Action::EndOverride => {
                if let Some(rota) = self.rota(session) {
                    session.command(None, Command::EndOverride { rota });
                }
                true
            }
            _ => {
                let rows = self.rows.len();
                self.cursor.act(action, rows)
            }
        }
    }

    fn why_disabled(&self, action: Action, session: &Session) -> Option<String> {
        match action {
            Action::Override if self.rota(session).is_none() => Some("there is no rota".into()),
            Action::EndOverride => {
                let rota = self.rota(session);
                let mine = |made: &MadeOverride| Some(&made.rota) == rota.as_ref();
                let none = !rules::overrides(&session.world, session.now).any(mine);
                none.then(|| "no override was made here".to_owned())
            }
            _ => None,
        }
    }

    fn confirmed(&mut self, word: &'static str, dialog: &Dialog, session: &mut Session) {
        let Some(rota) = self.rota(session).filter(|_| word == OVERRIDE) else { return };
        let text = |name: &str| dialog.value(name).unwrap_or_default().trim().to_owned();
        let span = text(names::UNTIL).parse::<SignedDuration>().ok().filter(SignedDuration::is_positive);
        let Some(to) = span.and_then(|span| session.now.checked_add(span).ok()) else {
            session.toast(crate::console::session::Tone::Bad, format!("`{}` is not a duration such as 8h or 30m", text(names::UNTIL)));
            return;
        };
        let reason = Some(text(names::REASON)).filter(|reason| !reason.is_empty());
        session.command(None, Command::Override { rota, person: PersonId::new(text(names::WHO)), from: None, to, reason });
    }

    fn mouse(&mut self, event: MouseEvent, session: &mut Session) -> bool {
        if let Some(action) = wheel(event) {
            return self.act(action, session);
        }
        let row = line_clicked(event, self.area).and_then(|line| self.lines.get(line).copied().flatten());
        row.inspect(|row| self.cursor.at = *row).is_some()
    }
}

impl OnCallPage {
    /// Draws these rows in columns of their own; answers what is left below them.
    fn lines(&mut self, painter: &mut Painter<'_>, session: &Session, mut area: Rect, places: Range<usize>) -> Rect {
        let rows: Vec<_> = self.rows.get(places.clone()).unwrap_or_default().iter().map(|row| cells(row, session)).collect();
        let widths = widths(&rows, area.width);
        for (place, row) in places.zip(&rows) {
            if area.height == 0 {
                break;
            }
            self.lines.push(Some(place));
            let line = Rect { height: 1, ..area };
            let mut left = Cells::new(painter, line, INDENT);
            left.gap = GAP;
            for ((role, text), width) in row.iter().zip(&widths) {
                left.cell(*width, *role, text);
            }
            if place == self.cursor.at {
                painter.text(area.x, area.y, 1, Role::Key, session.glyphs.cursor);
                painter.role(line, Role::Selected);
            }
            area = below(area, 1);
        }
        area
    }
}

fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}
