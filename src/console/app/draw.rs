//! The picture:
//!
//! ```text
//!  dogwatch  shop-prod  ▲ 3 open 1 unacked   ◷ 1 late                        Sat 02:41 CET   head
//!  the daemon cannot be reached: …                                                           banners
//!  the page on top
//!  a ack  r rerun…  enter open  …                                                            footer
//! ```
//!
//! with dialogs, palette or help over it and passing messages at the lower right.

use super::{App, Layer};
use crate::console::action::{Action, ROWS, Row};
use crate::console::dialog::Kind;
use crate::console::session::Connection;
use crate::console::target::Target;
use crate::console::theme::Role;
use crate::console::view::clock;
use crate::console::widget::layers;
use crate::console::widget::paint::Painter;
use crate::domain::Level;
use crate::domain::source::Freshness;
use crate::rules;
use jiff::SignedDuration;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Below this size nothing useful can be shown.
const SMALLEST: (u16, u16) = (40, 12);
/// Standing messages that are shown at once.
const BANNERS_MAX: usize = 3;

impl App {
    /// Draws one frame into an empty buffer; answers where the cursor of typed text stands.
    pub fn draw(&mut self, buffer: &mut Buffer) -> Option<Position> {
        self.settle();
        let area = buffer.area;
        let text = self.session.theme.style(Role::Text);
        if text != ratatui::style::Style::new() {
            buffer.set_style(area, text);
        }
        if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
            self.draw_too_small(buffer);
            return None;
        }
        self.draw_head(Rect { height: 1, ..area }, buffer);
        let banners = self.banners();
        for (y, words) in (area.y + 1..).zip(&banners) {
            let row = Rect { y, height: 1, ..area };
            let mut painter = Painter::new(buffer, &self.session);
            painter.text(area.x + 1, y, area.width.saturating_sub(2), Role::Text, words);
            painter.role(row, Role::Banner);
        }
        let used = 1 + banners.len() as u16;
        let body = Rect { y: area.y + used, height: area.height.saturating_sub(used + 1), ..area };
        let mut cursor = None;
        if let Some((_, page)) = self.pages.last_mut() {
            cursor = page.draw(&self.session, body, buffer);
        }
        if matches!(self.session.connection, Connection::Lost { .. }) {
            // The colours of an old picture must not look like news.
            Painter::new(buffer, &self.session).role(body, Role::Disabled);
        }
        self.draw_footer(Rect { y: area.bottom() - 1, height: 1, ..area }, buffer);
        for layer in &mut self.layers {
            let mut painter = Painter::new(buffer, &self.session);
            cursor = match layer {
                Layer::Dialog(dialog) => layers::dialog(dialog, &self.session, body, &mut painter),
                Layer::Chooser(chooser) => layers::chooser(chooser, &self.session, body, &mut painter),
            };
        }
        let mut painter = Painter::new(buffer, &self.session);
        layers::toasts(&self.toasts, &self.session, body, &mut painter);
        for toast in &self.toasts {
            self.session.changes_in(toast.until.duration_since(self.session.now));
        }
        cursor
    }

    fn draw_too_small(&self, buffer: &mut Buffer) {
        let area = buffer.area;
        let words = format!("{}×{} is too small: at least {}×{}", area.width, area.height, SMALLEST.0, SMALLEST.1);
        let words = if self.session.glyphs.ascii { words.replace('×', "x") } else { words };
        let mut painter = Painter::new(buffer, &self.session);
        let (mut left, mut y) = (words.as_str(), area.y);
        while !left.is_empty() && y < area.bottom() && area.width > 0 {
            let cut = left.char_indices().nth(usize::from(area.width)).map_or(left.len(), |(place, _)| place);
            let (line, rest) = left.split_at(cut);
            painter.text(area.x, y, area.width, Role::Warning, line);
            (left, y) = (rest.trim_start(), y + 1);
        }
    }

    fn draw_head(&self, area: Rect, buffer: &mut Buffer) {
        let session = &self.session;
        let glyphs = &session.glyphs;
        let mut painter = Painter::new(buffer, session);
        let clock = clock::head(session.now, &session.zone);
        session.changes_in(SignedDuration::from_secs(60 - session.now.as_second().rem_euclid(60)));
        let right = painter.right(Rect { width: area.width.saturating_sub(1), ..area }, area.y, Role::Text, &clock);
        let right = match self.on_call() {
            // On a small screen what is wrong comes first.
            Some((role, words)) if area.width >= 100 => {
                painter.right(Rect { width: right.saturating_sub(area.x + 4), ..area }, area.y, role, &words)
            }
            _ => right,
        };
        let mut parts = vec![(Role::Title, " dogwatch".to_owned()), (Role::Name, format!("  {}", session.world.name))];
        if let Some(title) = self.pages.last().map(|(_, page)| page.title(session)).filter(|title| !title.is_empty()) {
            parts.push((Role::Text, format!(" {} {title}", glyphs.next)));
        }
        let tally = &session.world.tally;
        if tally.open > 0 {
            parts.push((
                if tally.unacknowledged > 0 { Role::Bad } else { Role::Warning },
                format!("   {} {} open", glyphs.warning, tally.open),
            ));
            if tally.unacknowledged > 0 {
                parts.push((Role::Bad, format!(" {} unacked", tally.unacknowledged)));
            }
        } else if session.connection == Connection::Live {
            parts.push((Role::Good, format!("   {} all quiet", glyphs.done)));
        }
        if tally.flows_late > 0 {
            parts.push((Role::Bad, format!("   {} {} late", glyphs.late, tally.flows_late)));
        }
        for (name, source) in &session.world.sources {
            if let Freshness::Stale { .. } = source.freshness {
                parts.push((Role::Warning, format!("   {} {name} stale {}", glyphs.warning, session.age(source.stale_since()))));
            }
        }
        let mut x = area.x;
        for (role, text) in parts {
            x += painter.text(x, area.y, right.saturating_sub(x + 1), role, &text);
        }
        painter.role(area, Role::Bar);
    }

    /// Who is on call of the first rota, and until when.
    fn on_call(&self) -> Option<(Role, String)> {
        let session = &self.session;
        let rota = session.world.duty.people.rotas.first()?;
        let now = rules::on_call(&session.world, &rota.id, session.now)?;
        let until = now.until.map(|until| {
            session.changes_in(until.duration_since(session.now));
            format!(" {} {}", session.glyphs.arrow, session.time(until))
        });
        Some(match now.person {
            Some(person) => (Role::Text, format!("on call {person}{}", until.unwrap_or_default())),
            None => (Role::Bad, format!("nobody is on call{}", until.unwrap_or_default())),
        })
    }

    /// What stands until it is over.
    fn banners(&self) -> Vec<String> {
        let session = &self.session;
        let key = |action: Action| session.options.keymap.key(action).unwrap_or_default();
        let mut banners = Vec::new();
        match &session.connection {
            Connection::Lost { since, reason } => {
                let age = session.age(*since);
                banners.push(format!("the daemon cannot be reached: {reason}. What you see is {age} old; trying again. Runs go on."));
            }
            Connection::OtherShape => {
                let release = session.welcome.as_ref().map(|welcome| welcome.release.as_str()).unwrap_or_default();
                let palette = key(Action::Palette);
                banners.push(format!(
                    "the daemon is release {release}, this console is {}: read-only. {palette} restart daemon; batches run on",
                    env!("CARGO_PKG_VERSION")
                ));
            }
            Connection::Connecting => banners.push("connecting to the daemon".into()),
            Connection::Live => {}
        }
        if let Some(reason) = &session.read_only {
            banners.push(format!("read-only: {reason}. Nothing can be recorded; killing a step works"));
        }
        if session.welcome.as_ref().is_some_and(|welcome| welcome.level == Level::Viewer) {
            banners.push("you may look, not act".into());
        }
        if let Some(first) = session.world.workspace_errors.first() {
            let more = session.world.workspace_errors.len() - 1;
            let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
            banners.push(format!("the workspace's files are wrong, the old ones hold: {first}{more}"));
        }
        for channel in session.world.channels.values().filter(|channel| channel.has_lost()) {
            let lost = channel.given_up.saturating_add(channel.unknown);
            let messages = if lost == 1 { "1 message was".to_owned() } else { format!("{lost} messages were") };
            let error = channel.error.as_deref().unwrap_or("no reason given");
            banners.push(format!(
                "channel {}: {messages} lost: {error}. Repair it, then `dogwatch channels --test {}`",
                channel.id(),
                channel.id()
            ));
        }
        if let Some(first) = session.asked_of_me().first() {
            let until = session.world.incident(*first).and_then(|row| row.acknowledged.as_ref()?.asked_until);
            let until = until.map(|at| format!(" at {}", session.time(at))).unwrap_or_default();
            banners.push(format!(
                "still on incident {first}? {} yes; without a word it comes back to the queue{until}",
                key(Action::StillOnIt)
            ));
        }
        banners.extend(session.world.anchor_words());
        banners.extend(self.away());
        banners.truncate(BANNERS_MAX);
        banners
    }

    /// What the last outages missed, until it is put away.
    fn away(&self) -> Option<String> {
        let session = &self.session;
        let away = session.world.away.as_ref().filter(|away| away.count() > 0)?;
        let (from, to) = (away.spans.first()?.0, away.spans.last()?.1);
        let (caught_up, missed, asked) = away.counts();
        let words = format!("away from {} to {}: {caught_up} caught up, {missed} missed", session.time(from), session.time(to));
        let asked = if asked > 0 { format!(", {asked} to choose") } else { String::new() };
        let more = if away.dropped > 0 { format!(", {} more", away.dropped) } else { String::new() };
        let key = session.options.keymap.key(Action::Misses).unwrap_or_default();
        Some(format!("{words}{asked}{more}   {key} misses"))
    }

    /// The keys that matter here, from the table; what cannot be done now is shown so.
    fn draw_footer(&self, area: Rect, buffer: &mut Buffer) {
        let places = self.places();
        let keymap = &self.session.options.keymap;
        let targets = self.hinted();
        let mut painter = Painter::new(buffer, &self.session);
        let always = [Action::Palette, Action::Help, Action::Quit];
        let tail: Vec<_> = always.into_iter().filter(|action| action.row().places.iter().any(|place| places.contains(place))).collect();
        let tail_width: u16 = tail.iter().map(|action| self.hint_width(*action)).sum();
        let end = area.right().saturating_sub(tail_width);
        let mut x = area.x;
        let here = |row: &&Row| row.places.iter().any(|place| places.contains(place));
        let lacks = |action: Action| self.pages.last().is_some_and(|(_, page)| page.lacks(action));
        let named = |row: &&Row| !row.action.is_habit() && !always.contains(&row.action) && !lacks(row.action);
        for row in ROWS.iter().filter(here).filter(named) {
            // A key that means something else in a more special place is named there.
            let Some(key) = keymap.key(row.action).filter(|_| keymap.leads_to(&places, row.action)) else { continue };
            // A key that is called what it does says nothing more; one for fields is named where there are such fields.
            if key == row.title || !self.has_field_for(row.action) {
                continue;
            }
            let width = self.hint_width(row.action);
            if x + width <= end {
                x += self.draw_hint(&mut painter, (x, area.y), width, row.action, key, &targets);
            }
        }
        let mut x = end.max(x);
        for action in tail {
            let key = keymap.key(action).unwrap_or_default();
            x += self.draw_hint(&mut painter, (x, area.y), self.hint_width(action), action, key, &targets);
        }
    }

    /// Whether an action that goes to other fields, or to another choice of one, has any to go to.
    fn has_field_for(&self, action: Action) -> bool {
        let fields = if let Some(Layer::Dialog(dialog)) = self.layers.last() { dialog.fields.as_slice() } else { &[] };
        match action {
            Action::NextField | Action::PreviousField => fields.len() > 1,
            Action::NextChoice | Action::PreviousChoice => fields.iter().any(|field| matches!(field.kind, Kind::Choice { .. })),
            _ => true,
        }
    }

    fn hint_width(&self, action: Action) -> u16 {
        let key = self.session.options.keymap.key(action).unwrap_or_default();
        (key.chars().count() + action.row().title.chars().count() + 3) as u16
    }

    fn draw_hint(&self, painter: &mut Painter<'_>, (x, y): (u16, u16), width: u16, action: Action, key: &str, targets: &[Target]) -> u16 {
        let off = self.layers.is_empty() && self.why_disabled_on(action, targets).is_some();
        let title = if self.session.glyphs.ascii { action.row().title.replace('…', "~") } else { action.row().title.to_owned() };
        let mut at = x + painter.text(x, y, width, Role::Text, " ");
        at += painter.text(at, y, width, if off { Role::Disabled } else { Role::Key }, key);
        at += painter.text(at, y, width, Role::Text, " ");
        painter.text(at, y, width, if off { Role::Disabled } else { Role::Muted }, &title);
        width
    }
}
