//! What waits for a second person, and exactly what it would run. Who approves must have had all of it on the screen,
//! with every character that is not what it seems spelled out.
//!
//! ```text
//!  ── Second words ───────────────────────────────────── 1 waits ──
//! ▌ 3fa1c09e77d2  orders-load empty   incident 41   ana   until 02:56
//!  ── Exactly this runs ──────────────────── read to its end: PgDn ──
//!   bin/empty staging_orders
//!   with date=2026-11-20
//! ```

use super::Page;
use crate::console::dialog::{Dialog, Field, Intent, intent};
use crate::console::widget::cursor::wheel;
use crate::console::widget::line::Line;
use crate::console::widget::paint::Painter;
use crate::console::widget::rows::Rows;
use crate::console::widget::section::section;
use crate::console::{Action, Place, Role, Session, Target};
use crate::domain::{Command, Digest, Level};
use crate::rules::{odd_characters, spelled_out};
use crate::world::Approval;
use crossterm::event::MouseEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::collections::BTreeSet;

/// What the dialogs of this page are known by.
const APPROVE: &str = "approve";
const DECLINE: &str = "decline";
/// Rows of the list at most; the rest is scrolled.
const LIST: u16 = 8;

/// The page.
#[derive(Debug, Default)]
pub struct ApprovalsPage {
    list: Rows<Digest>,
    scroll: usize,
    height: usize,
    lines: usize,
    /// The request that the dialog on top is about: what it says is what is done, also where the list moves meanwhile.
    about: Option<Digest>,
    /// Requests whose last line has been on the screen, after all others.
    seen: BTreeSet<Digest>,
}

impl ApprovalsPage {
    fn refresh(&mut self, session: &Session) {
        let mut open: Vec<&Approval> = session.world.approvals.values().map(|row| &**row).filter(|row| row.is_open()).collect();
        open.sort_by_key(|approval| (approval.given.is_some(), approval.request.asked_at));
        self.list.put(open.into_iter().map(|approval| approval.digest.clone()).collect(), PartialEq::eq);
    }

    fn chosen<'a>(&self, session: &'a Session) -> Option<&'a Approval> {
        session.world.approvals.get(self.list.chosen()?).map(|approval| &**approval)
    }

    fn scroll_by(&mut self, by: isize) {
        self.scroll = self.scroll.saturating_add_signed(by).min(self.lines.saturating_sub(self.height));
    }
}

/// A text with what is not what it seems in a role of its own.
fn marked(before: &str, text: &str) -> Line {
    let mut line = Line::of(Role::Muted, before.to_owned());
    for (place, part) in text.split('⟦').enumerate() {
        match part.split_once('⟧').filter(|_| place > 0) {
            Some((odd, rest)) => {
                line.push(Role::Danger, format!("⟦{odd}⟧"));
                line.push(Role::Code, rest.to_owned());
            }
            None => line.push(Role::Code, part.to_owned()),
        }
    }
    line
}

/// Everything that a request lets run, cut into rows of this width so that nothing lies beyond the edge.
fn told(session: &Session, approval: &Approval, width: usize) -> Vec<Line> {
    let request = &approval.request;
    let mut lines = Vec::new();
    let odd = odd_characters(&request.command).len() + request.params.values().map(|value| odd_characters(value).len()).sum::<usize>();
    if odd > 0 {
        let words = format!("{} {odd} characters are not what they seem; they are spelled out", session.glyphs.warning);
        lines.push(Line::of(Role::Danger, words));
    }
    let put = |before: &str, text: &str, lines: &mut Vec<Line>| {
        for line in spelled_out(text) {
            let room = width.saturating_sub(before.len()).max(8);
            let letters: Vec<char> = line.chars().collect();
            if letters.is_empty() {
                lines.push(marked(before, ""));
            }
            for piece in letters.chunks(room) {
                lines.push(marked(before, &piece.iter().collect::<String>()));
            }
        }
    };
    put("runs  ", &request.command, &mut lines);
    for (name, value) in &request.params {
        put("with  ", &format!("{name}={value}"), &mut lines);
    }
    let names: Vec<&str> = request.env.keys().map(String::as_str).collect();
    put("sets  ", &names.join(" "), &mut lines);
    put("ends  ", &format!("with {}", crate::rules::expected(&request.expect, request.timeout)), &mut lines);
    put("for   ", &request.subject.to_string(), &mut lines);
    put("on    ", &format!("{}, boot {}", request.host, request.boot_id), &mut lines);
    put("of    ", &format!("{} in runbook {}, revision {}", request.step, request.runbook, request.revision.short()), &mut lines);
    put("is    ", &format!("{}, {}", approval.digest, approval.state()), &mut lines);
    lines
}

impl Page for ApprovalsPage {
    fn title(&self, _session: &Session) -> String {
        "second words".into()
    }

    fn places(&self, _session: &Session) -> Vec<Place> {
        vec![Place::Approvals, Place::List, Place::Global]
    }

    fn settle(&mut self, session: &Session) {
        self.refresh(session);
    }

    fn target(&self, session: &Session) -> Option<Target> {
        let request = &self.chosen(session)?.request;
        let (runbook, subject, step) = (request.runbook.clone(), request.subject.clone(), request.step.clone());
        Some(Target::Procedure { runbook, subject, step })
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.refresh(session);
        let mut painter = Painter::new(buffer, session);
        let waiting = self.list.all().iter().filter(|row| session.world.approvals.get(*row).is_some_and(|row| row.is_waiting())).count();
        let body = section(
            &mut painter,
            area,
            "Second words",
            &format!("{waiting} {}", if waiting == 1 { "waits" } else { "wait" }),
            true,
            &session.glyphs,
        );
        let list = Rect { height: body.height.min(LIST.min(self.list.all().len().max(1) as u16)), ..body };
        self.list.draw(session, &mut painter, list, "nothing waits for a second person", |cells, digest| {
            let Some(approval) = session.world.approvals.get(digest) else { return };
            let request = &approval.request;
            let role = if approval.is_waiting() { Role::Warning } else { Role::Good };
            let state = if approval.is_waiting() { "waits".to_owned() } else { approval.state() };
            let row = Line::of(Role::Muted, format!("{}  ", approval.digest.short()))
                .with(Role::Name, format!("{} {}", request.runbook, request.step))
                .with(Role::Text, format!("  {}  asked by {}", request.subject, approval.by))
                .with(role, format!("  {state}"))
                .with(Role::Muted, format!("  until {}", session.time(request.expires)));
            cells.line(u16::MAX, &row);
        });
        let rest = Rect { y: list.bottom(), height: body.bottom().saturating_sub(list.bottom()), ..body };
        let approval = self.chosen(session)?;
        let lines = told(session, approval, usize::from(rest.width.saturating_sub(3)));
        let digest = approval.digest.clone();
        self.lines = lines.len();
        let end = self.scroll + usize::from(rest.height.saturating_sub(1));
        let note = if end >= lines.len() || self.seen.contains(&digest) { "read to its end" } else { "more below: page down" };
        let text = section(&mut painter, rest, "Exactly this runs", note, false, &session.glyphs);
        self.height = usize::from(text.height);
        self.scroll_by(0);
        for (y, line) in (text.top()..text.bottom()).zip(lines.iter().skip(self.scroll)) {
            painter.line(text.x + 2, y, text.width.saturating_sub(2), line);
        }
        if self.height > 0 && self.scroll + self.height >= lines.len() {
            self.seen.insert(digest);
        }
        None
    }

    fn mouse(&mut self, event: MouseEvent, _session: &mut Session) -> bool {
        // The wheel turns the text that is to be read to its end.
        if let Some(action) = wheel(event) {
            self.scroll_by(if action == Action::Down { 1 } else { -1 });
            return true;
        }
        let met = self.list.mouse(event);
        if met {
            self.scroll = 0;
        }
        met
    }

    fn act(&mut self, action: Action, session: &mut Session) -> bool {
        let page = self.height.max(1).cast_signed();
        match action {
            Action::PageDown => self.scroll_by(page),
            Action::PageUp => self.scroll_by(-page),
            Action::HalfDown => self.scroll_by((page / 2).max(1)),
            Action::HalfUp => self.scroll_by(-(page / 2).max(1)),
            Action::ApproveRequest | Action::DeclineRequest => {
                let Some(approval) = self.chosen(session) else { return true };
                let request = &approval.request;
                let is_approval = action == Action::ApproveRequest;
                let (verb, word) = if is_approval { ("approve", APPROVE) } else { ("decline", DECLINE) };
                let mut dialog = Dialog::new(format!("{verb} {} of {}", request.step, request.runbook), Intent::Page(word));
                let words =
                    format!("{} asked for {}; it is used once, before {}", approval.by, request.subject, session.time(request.expires));
                dialog = dialog.says(Line::of(Role::Text, words));
                self.about = Some(approval.digest.clone());
                let name = intent::names::REASON;
                session.dialog(dialog.asks(if is_approval { Field::text(name, "") } else { Field::required(name) }));
            }
            other => {
                let before = self.list.cursor.at;
                let moved = self.list.act(other);
                if before != self.list.cursor.at {
                    self.scroll = 0;
                }
                return moved;
            }
        }
        true
    }

    fn why_disabled(&self, action: Action, session: &Session) -> Option<String> {
        if !matches!(action, Action::ApproveRequest | Action::DeclineRequest) {
            return None;
        }
        let Some(approval) = self.chosen(session) else { return Some("nothing waits for a second person".into()) };
        if let Some(words) = session.why_read_only() {
            return Some(words);
        }
        let own = session.user() == Some(approval.by.name());
        let level = session.welcome.as_ref().map(|welcome| welcome.level);
        match action {
            Action::DeclineRequest => (!own && level < Some(Level::Approver)).then(|| "an approver declines it, or who asked".into()),
            _ if !approval.is_waiting() => Some(approval.state()),
            _ if own => Some("you asked for it: the second word is another person's".into()),
            _ if level < Some(Level::Approver) => Some("you are no approver ([access] approvers of dogwatch.toml)".into()),
            _ if !self.seen.contains(&approval.digest) => Some("read what it runs to its end first (page down)".into()),
            _ => None,
        }
    }

    fn confirmed(&mut self, word: &'static str, dialog: &Dialog, session: &mut Session) {
        let Some(digest) = self.about.take() else { return };
        let words = dialog.value(intent::names::REASON).unwrap_or_default().trim().to_owned();
        let command = match word {
            APPROVE => Command::ApproveProcedure { digest, expanded: true, note: Some(words).filter(|words| !words.is_empty()) },
            _ => Command::DeclineProcedure { digest, reason: words },
        };
        session.command(None, command);
    }

    fn copied(&self, session: &Session) -> Option<String> {
        self.chosen(session).map(|approval| approval.digest.to_string())
    }
}
