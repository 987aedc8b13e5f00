//! The evidence of an incident: what was gathered, where it is from, and where the first error is.
//!
//! ```text
//!  ── Evidence of incident 41 ─────────────── 2 capsules, 3 places masked ──
//!   1  02:14 → 02:31   web.error.log     12.4 KiB  first error line 7    /var/log/shop/error.log
//! ▌                    web.journal       88.0 KiB  first error line 201  the command journal
//!                      /var/log/shop/slow.log: is not there
//! ```

use super::{Page, Screen};
use crate::console::session::Tone;
use crate::console::widget::cells::Cells;
use crate::console::widget::cursor::Cursor;
use crate::console::widget::paint::Painter;
use crate::console::widget::section::section;
use crate::console::{Action, Place, Role, Session, Target};
use crate::domain::counted;
use crate::domain::evidence::{Capsule, EvidenceFile};
use crate::domain::{Command, IncidentId};
use crate::world::Incident;
use crossterm::event::MouseEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// The page.
#[derive(Debug)]
pub struct EvidencePage {
    incident: IncidentId,
    cursor: Cursor,
}

impl EvidencePage {
    /// The evidence of an incident.
    pub fn new(incident: IncidentId) -> Self {
        Self { incident, cursor: Cursor::default() }
    }

    fn gather(&self, session: &mut Session) {
        if let Some(words) = session.why_read_only() {
            return session.toast(Tone::Bad, words);
        }
        let incident = self.incident;
        session.command(Some(Target::Incident(incident)), Command::TakeEvidence { incident });
    }

    fn open(&self, session: &mut Session) {
        let found = session.world.incident(self.incident).and_then(|incident| {
            let (capsule, file) = rows(incident).nth(self.cursor.at)?;
            let file = file.filter(|file| !file.name.is_empty())?;
            Some(Screen::EvidenceFile { incident: self.incident, capsule: capsule.number, name: file.name.clone() })
        });
        match found {
            Some(screen) => session.open(screen),
            None => session.toast(Tone::Plain, "nothing is kept of this"),
        }
    }
}

/// The youngest capsule first: each with its files, or with its problem alone.
fn rows(incident: &Incident) -> impl Iterator<Item = (&Capsule, Option<&EvidenceFile>)> {
    incident.evidence.capsules.iter().rev().flat_map(|capsule| {
        let own = (capsule.problem.is_some() || capsule.files.is_empty()).then_some((&**capsule, None));
        own.into_iter().chain(capsule.files.iter().map(|file| (&**capsule, Some(file))))
    })
}

/// Columns of names, errors and counts: what the rows need, the names at most a third of the page.
fn columns(rows: &[(&Capsule, Option<&EvidenceFile>)], width: u16) -> [u16; 3] {
    let widest = |words: &dyn Fn(&EvidenceFile) -> String| {
        let files = rows.iter().filter_map(|(_, file)| *file);
        files.map(|file| crate::text::width(&crate::text::line(&words(file)))).max().and_then(|most| u16::try_from(most).ok())
    };
    let name = widest(&|file| file.name.clone()).unwrap_or(0).min(width / 3);
    [name, widest(&error).unwrap_or(0), widest(&counts).unwrap_or(0)]
}

fn error(file: &EvidenceFile) -> String {
    file.first_error.map(|line| format!("error line {line}")).unwrap_or_default()
}

fn counts(file: &EvidenceFile) -> String {
    let masked = (file.masked > 0).then(|| format!("{} masked", file.masked));
    let left_out = (file.left_out > 0).then(|| format!("{} left out", super::run::size(file.left_out)));
    [masked, left_out].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What is drawn of a row beside the file: whether it is the first of its capsule, and the columns.
struct Look {
    is_first: bool,
    width: u16,
    columns: [u16; 3],
}

fn row(session: &Session, (capsule, file): (&Capsule, Option<&EvidenceFile>), look: &Look, cells: &mut Cells<'_, '_>) {
    let Look { is_first, width, columns: [name, wrong, counted] } = *look;
    let window = format!("{} {} {}", session.time(capsule.from), session.glyphs.arrow, session.time(capsule.to));
    cells.cell(3, Role::Muted, &if is_first { capsule.number.to_string() } else { String::new() });
    if width >= 100 {
        cells.cell(17, Role::Muted, if is_first { &window } else { "" });
    }
    let Some(file) = file else {
        return cells.rest(Role::Warning, capsule.problem.as_deref().unwrap_or("nothing was gathered"));
    };
    if file.name.is_empty() {
        let problem = file.problem.as_deref().unwrap_or("nothing was kept");
        return cells.rest(Role::Warning, &format!("{}: {problem}", file.from));
    }
    cells.cell(name, Role::Name, &file.name);
    cells.right(9, Role::Text, &super::run::size(file.bytes));
    cells.skip(1);
    cells.cell(wrong, Role::Bad, &error(file));
    cells.cell(counted, Role::Muted, &counts(file));
    match &file.problem {
        Some(problem) => cells.rest(Role::Warning, &format!("{}: {problem}", file.from)),
        None => cells.rest(Role::Muted, &file.from),
    }
}

impl Page for EvidencePage {
    fn title(&self, _session: &Session) -> String {
        format!("evidence of incident {}", self.incident)
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        vec![Place::List, Place::Incidents, Place::Global]
    }

    fn target(&self, _session: &Session) -> Option<Target> {
        Some(Target::Incident(self.incident))
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let mut painter = Painter::new(buffer, session);
        let Some(incident) = session.world.incident(self.incident) else {
            painter.text(area.x, area.y, area.width, Role::Unknown, "this incident is no longer kept");
            return None;
        };
        let evidence = &incident.evidence;
        let masked: u64 = evidence.capsules.iter().map(|capsule| capsule.masked()).sum();
        let masked = counted(usize::try_from(masked).unwrap_or(usize::MAX), "place");
        let note = format!("{}, {masked} masked", counted(evidence.capsules.len(), "capsule"));
        let title = format!("Evidence of incident {}", self.incident);
        let mut area = section(&mut painter, area, &title, &note, true, &session.glyphs);
        let key = session.options.keymap.key(Action::Evidence).unwrap_or_default().to_owned();
        let hint = match () {
            () if !evidence.asked.is_empty() => format!("{} it is being gathered", session.glyphs.pending),
            () if crate::rules::evidence_for(&session.world, incident).is_empty() => {
                "no [[evidence]] of dogwatch.toml fits this incident: it names files and commands by labels or flows".to_owned()
            }
            () => format!("{key} gathers it now"),
        };
        if area.height > 1 {
            let bottom = area.bottom() - 1;
            painter.text(area.x + 2, bottom, area.width.saturating_sub(2), Role::Muted, &hint);
            area.height -= 1;
        }
        let all: Vec<_> = rows(incident).collect();
        let columns = columns(&all, area.width);
        let mut above = None;
        self.cursor.draw(session, &mut painter, area, all.len(), |cells, place| {
            let Some(one) = all.get(place) else { return };
            row(session, *one, &Look { is_first: above != Some(one.0.number), width: area.width, columns }, cells);
            above = Some(one.0.number);
        });
        if all.is_empty() && area.height > 0 {
            painter.text(area.x + 2, area.y, area.width.saturating_sub(2), Role::Muted, "nothing was gathered yet");
        }
        None
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        match action {
            Action::Open => self.open(session),
            Action::Evidence => self.gather(session),
            Action::Mark | Action::Range | Action::MarkAll | Action::Filter => {}
            other => {
                let rows = session.world.incident(self.incident).map_or(0, |incident| rows(incident).count());
                return self.cursor.act(other, rows);
            }
        }
        true
    }

    fn why_disabled(&self, action: Action, _session: &Session) -> Option<String> {
        matches!(action, Action::Mark | Action::Range | Action::MarkAll | Action::Filter)
            .then(|| "files of evidence are not marked or filtered".to_owned())
    }

    fn mouse(&mut self, event: MouseEvent, session: &mut Session) -> bool {
        let rows = session.world.incident(self.incident).map_or(0, |incident| rows(incident).count());
        self.cursor.mouse(event, rows)
    }
}
