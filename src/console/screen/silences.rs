//! Silences and maintenance windows: what is not told to anyone, why, and until when.
//!
//! ```text
//! ── Silences ───────────────────────────── 2 silences · 1 maintenance ──
//!      3  ana   until 14:00   service="shop"                kernel patches
//!      2  leo   ended 11:02   flow="nightly-orders"         taken back
//!  maint  night-patches   until 04:00   service="db"        patch night
//! ```

use super::Page;
use crate::console::dialog::intent::names;
use crate::console::dialog::queue::QueueVerb;
use crate::console::dialog::{Dialog, Field, Intent};
use crate::console::widget::paint::Painter;
use crate::console::widget::rows::Rows;
use crate::console::widget::section::section;
use crate::console::{Action, Place, Role, Session, Target};
use crate::domain::{SilenceId, counted};
use crossterm::event::MouseEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// The page.
#[derive(Debug, Default)]
pub struct SilencesPage {
    list: Rows<Row>,
}

/// A row of the page.
#[derive(Debug)]
struct Row {
    silence: Option<SilenceId>,
    name: String,
    by: String,
    end: String,
    role: Role,
    scope: String,
    reason: String,
}

fn rows(session: &Session) -> Vec<Row> {
    let world = &session.world;
    let lasting = world.silences.values().map(|silence| Row {
        silence: Some(silence.id),
        name: silence.id.to_string(),
        by: silence.by.clone(),
        end: format!("until {}", session.time(silence.until)),
        role: Role::Waiting,
        scope: silence.scope(),
        reason: silence.reason.clone(),
    });
    let windows = world.maintenance.values().map(|row| {
        let next = || crate::rules::next_maintenance(&row.window, session.now).map(|at| format!("next {}", session.time(at)));
        let (end, role) = match row.until {
            Some(until) => (format!("until {}", session.time(until)), Role::Waiting),
            None => (next().unwrap_or_else(|| "passed".into()), Role::Muted),
        };
        let (name, scope) = (row.window.name.clone(), row.window.scope());
        Row { silence: None, name, by: "workspace".into(), end, role, scope, reason: row.window.reason.clone() }
    });
    let ended = world.ended_silences.iter().rev().map(|silence| Row {
        silence: None,
        name: silence.id.to_string(),
        by: silence.by.clone(),
        end: format!("ended {}", session.time(silence.until)),
        role: Role::Muted,
        scope: silence.scope(),
        reason: format!("{}; {}", silence.ended.as_deref().unwrap_or_default(), silence.reason),
    });
    lasting.chain(windows).chain(ended).collect()
}

impl SilencesPage {
    fn chosen(&self) -> Option<SilenceId> {
        self.list.chosen()?.silence
    }
}

impl Page for SilencesPage {
    fn title(&self, _session: &Session) -> String {
        "silences".into()
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        vec![Place::Silences, Place::List, Place::Global]
    }

    fn settle(&mut self, session: &Session) {
        self.list.put(rows(session), |row, on| (row.silence, &row.name) == (on.silence, &on.name));
    }

    fn target(&self, _session: &Session) -> Option<Target> {
        None
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.settle(session);
        let mut painter = Painter::new(buffer, session);
        let (lasting, windows) = (session.world.silences.len(), session.world.maintenance.len());
        let note = format!("{} {} {windows} maintenance", counted(lasting, "silence"), session.glyphs.dot);
        let area = section(&mut painter, area, "Silences", &note, true, &session.glyphs);
        let none = "nothing is silenced; S silences, [[maintenance]] in dogwatch.toml plans windows";
        let rows = self.list.all();
        let widest = |cell: fn(&Row) -> &str, most: u16| {
            let width = rows.iter().map(|row| crate::text::width(cell(row))).max().unwrap_or(0);
            u16::try_from(width).unwrap_or(most).min(most)
        };
        let (name, by, end) = (widest(|row| &row.name, 20), widest(|row| &row.by, 12), widest(|row| &row.end, 20));
        let scope = widest(|row| &row.scope, area.width / 3);
        self.list.draw(session, &mut painter, area, none, |cells, row| {
            cells.gap = 2;
            cells.cell(name, Role::Name, &row.name);
            cells.cell(by, Role::Text, &row.by);
            cells.cell(end, row.role, &row.end);
            cells.cell(scope, Role::Code, &row.scope);
            cells.rest(Role::Text, &row.reason);
        });
        None
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        let verb = match action {
            Action::EndSilence => QueueVerb::Unsilence,
            Action::ExtendSilence => QueueVerb::Extend,
            other => return self.list.act(other),
        };
        if let Some(silence) = self.chosen() {
            let what = verb(silence);
            let now = session.now;
            let dialog = Dialog::new(format!("{} {silence}", what.word()), Intent::Queue { what, on: Vec::new(), now });
            let fields = (action == Action::ExtendSilence).then(|| Field::text(names::UNTIL, "1h"));
            session.dialog(fields.into_iter().fold(dialog, Dialog::asks));
        }
        true
    }

    fn why_disabled(&self, action: Action, _session: &Session) -> Option<String> {
        match action {
            Action::EndSilence | Action::ExtendSilence if self.chosen().is_none() => {
                Some("there is no silence that lasts under the cursor".into())
            }
            _ => None,
        }
    }

    fn lacks(&self, action: Action) -> bool {
        matches!(action, Action::Mark | Action::Range | Action::MarkAll | Action::Filter | Action::Open)
    }

    fn copied(&self, _session: &Session) -> Option<String> {
        self.list.chosen().map(|row| row.scope.clone())
    }

    fn mouse(&mut self, event: MouseEvent, _session: &mut Session) -> bool {
        self.list.mouse(event)
    }
}
