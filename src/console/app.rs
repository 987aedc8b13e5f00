//! The console's core: a message comes in, wishes go out, a frame is drawn. No I/O and no clock, so that tests press
//! keys through the real thing.

pub(crate) mod act;
mod ask;
mod draw;
mod jot;
mod news;
mod operate;
mod queue;

use super::action::Action;
use super::dialog::{Dialog, Foreseen, Preview};
use super::keymap::Keymap;
use super::msg::{Msg, Out};
use super::notice::Notice;
use super::place::Place;
use super::screen::{self, Page, Screen};
use super::session::{Session, Tone, Wish};
use super::target::Target;
use super::theme::Role;
use super::theme::{Depth, Theme};
use super::widget::chooser::Chooser;
use super::widget::input::TEXT_MAX;
use super::widget::line::Line;
use crate::domain::{Phase, ProbeId, Refusal, RefusalKind, RunId};
use crokey::KeyCombination;
use crossterm::event::{Event, KeyEvent, KeyEventKind};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// How long a passing message stays.
const TOAST_STAYS: SignedDuration = SignedDuration::from_secs(6);
/// Passing messages that are kept.
const TOASTS_MAX: usize = 4;
/// Commands of one dialog that are previewed; more are only counted in its title.
const PREVIEWS_MAX: usize = 100;
/// Marked things that the hints of a frame look at.
const HINTED: usize = 64;

/// How the console was started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Only ASCII symbols.
    pub ascii: bool,
    /// The look.
    pub theme: Theme,
    /// Colours that the terminal shows, for changing the theme while running.
    pub depth: Depth,
    /// The person's own themes: name and TOML.
    pub own_themes: Vec<(String, String)>,
    /// Keys.
    pub keymap: Keymap,
    /// Whether copying through the terminal (OSC 52) is allowed.
    pub clipboard: bool,
    /// Whether clicks and the wheel come to the console; then a terminal selects text with shift only.
    pub mouse: bool,
    /// The environment's `TERM`.
    pub term: Option<String>,
    /// The person's editor with its arguments: `VISUAL`, else `EDITOR`, else `vi`.
    pub editor: String,
    /// Whether the terminal rings and notifies when its person is told.
    pub bell: bool,
    /// Which notification the terminal knows.
    pub notice: Notice,
    /// Where notes' recovery files and crash files are kept; absent without a state folder.
    pub state: Option<PathBuf>,
    /// What leaving ends beside the console, in words; absent where everything goes on.
    pub leaving_ends: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ascii: false,
            theme: Theme::plain(),
            depth: Depth::None,
            own_themes: Vec::new(),
            keymap: Keymap::default(),
            clipboard: true,
            mouse: true,
            term: None,
            editor: "vi".into(),
            bell: true,
            notice: Notice::default(),
            state: None,
            leaving_ends: None,
        }
    }
}

/// A layer over the page. Keys go to the top one only.
#[derive(Debug)]
pub enum Layer {
    /// A dialog.
    Dialog(Box<Dialog>),
    /// The palette, or help.
    Chooser(Chooser),
}

/// A passing message.
#[derive(Debug, Clone)]
pub struct Toast {
    /// How it is meant.
    pub tone: Tone,
    /// What it says.
    pub words: String,
    /// When it goes.
    pub until: Timestamp,
    /// The run that it announces: it goes as soon as that has begun.
    pub announces: Option<RunId>,
}

/// The console without its terminal.
#[derive(Debug)]
pub struct App {
    /// What every page sees.
    pub session: Session,
    pages: Vec<(Screen, Box<dyn Page>)>,
    layers: Vec<Layer>,
    toasts: Vec<Toast>,
    /// Probes whose last readings were asked for, by the request.
    histories: BTreeMap<u64, ProbeId>,
    /// Whether the world has changed since pages put their cursors in line.
    stale: bool,
}

impl App {
    /// A console with its dashboard, before any connection.
    pub fn new(options: Options, now: Timestamp) -> Self {
        let mut session = Session::new(options, now);
        let pages = screen::open(&Screen::Dashboard, &mut session).map(|page| (Screen::Dashboard, page)).into_iter().collect();
        Self { session, pages, layers: Vec::new(), toasts: Vec::new(), histories: BTreeMap::new(), stale: true }
    }

    /// Takes in one message; what the outside is asked for comes back.
    pub fn handle(&mut self, msg: Msg, now: Timestamp) -> Vec<Out> {
        self.session.now = now;
        self.toasts.retain(|toast| toast.until > now);
        self.session.pending.retain(|_, pending| !pending.is_over(now));
        match msg {
            Msg::Terminal(event) => {
                self.settle();
                self.terminal(event);
            }
            Msg::News(mut news) => {
                self.stale = true;
                self.news(&mut news);
                self.tell(&Msg::News(news));
            }
            other => self.tell(&other),
        }
        // Whatever put an earlier request away, its answer or its entry, makes room for the next one.
        self.session.command_next();
        self.grant();
        std::mem::take(&mut self.session.outs)
    }

    /// When what was drawn last will look different by itself: the time for the next [`Msg::Tick`].
    pub fn next_change(&self) -> Option<Timestamp> {
        self.session.take_next_change()
    }

    /// The page on top.
    pub fn screen(&self) -> Option<&Screen> {
        self.pages.last().map(|(screen, _)| screen)
    }

    /// The layers over the page, the lowest first.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Passing messages that are shown now, the oldest first.
    pub fn toasts(&self) -> &[Toast] {
        &self.toasts
    }

    /// The places whose keys are in force, the most special first. Computed, so that it cannot disagree with the picture.
    pub fn places(&self) -> Vec<Place> {
        match (self.layers.last(), self.pages.last()) {
            (Some(Layer::Dialog(dialog)), _) => match dialog.fields.get(dialog.focus) {
                Some(field) if field.takes_text() => vec![Place::Input, Place::Dialog],
                _ => vec![Place::Dialog],
            },
            (Some(Layer::Chooser(_)), _) => vec![Place::Chooser, Place::Input],
            (None, Some((_, page))) => page.places(&self.session),
            (None, None) => vec![Place::Global],
        }
    }

    /// Whether keys that mean nothing are typed text.
    fn takes_text(&self) -> bool {
        match self.layers.last() {
            Some(Layer::Dialog(dialog)) => dialog.fields.get(dialog.focus).is_some_and(super::dialog::Field::takes_text),
            Some(Layer::Chooser(_)) => true,
            None => self.pages.last().is_some_and(|(_, page)| page.takes_text()),
        }
    }

    fn terminal(&mut self, event: Event) {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(key),
            Event::Paste(text) => self.paste(&text),
            Event::Mouse(mouse) if self.layers.is_empty() => {
                if let Some((_, page)) = self.pages.last_mut() {
                    page.mouse(mouse, &mut self.session);
                }
            }
            _ => {}
        }
    }

    fn key(&mut self, key: KeyEvent) {
        let places = self.places();
        if let Some(action) = self.session.options.keymap.find(&places, KeyCombination::from(key)) {
            self.press(action);
        } else if self.takes_text() {
            self.typed(key);
        }
    }

    /// Pasted text goes into the field with the focus and nowhere else; it never means a key.
    fn paste(&mut self, text: &str) {
        if !self.takes_text() {
            self.session.toast(Tone::Plain, "there is no field for pasted text here");
            return;
        }
        let cut = crate::text::head(text, TEXT_MAX);
        let mut whole = cut.len() == text.len();
        match self.layers.last_mut() {
            Some(Layer::Dialog(dialog)) => {
                if let Some(field) = dialog.fields.get_mut(dialog.focus) {
                    whole &= field.input.insert(cut);
                }
            }
            Some(Layer::Chooser(chooser)) => whole &= chooser.typed(cut),
            None => {
                let clean: String = cut
                    .replace("\r\n", "\n")
                    .chars()
                    .map(|char| if char == '\r' { '\n' } else { char })
                    .filter(|char| !char.is_control() || matches!(char, '\n' | '\t'))
                    .collect();
                if let Some((_, page)) = self.pages.last_mut() {
                    page.pasted(&clean, &mut self.session);
                }
            }
        }
        if !whole {
            self.session.toast(Tone::Bad, format!("the pasted text was cut at {} KiB", TEXT_MAX >> 10));
        }
    }

    fn settle(&mut self) {
        if std::mem::take(&mut self.stale)
            && let Some((_, page)) = self.pages.last_mut()
        {
            page.settle(&self.session);
        }
    }

    fn tell(&mut self, msg: &Msg) {
        for (_, page) in &mut self.pages {
            page.told(msg, &mut self.session);
        }
    }

    /// Grants what pages and dialogs wished for.
    fn grant(&mut self) {
        while !self.session.wishes.is_empty() {
            for wish in std::mem::take(&mut self.session.wishes) {
                match wish {
                    Wish::Open(screen) => self.open(screen),
                    Wish::Back => self.back(),
                    Wish::Dialog(dialog) => {
                        self.layers.push(Layer::Dialog(dialog));
                        self.preview();
                    }
                    Wish::Toast(tone, words) => self.toast(tone, words, None),
                }
            }
        }
    }

    fn open(&mut self, screen: Screen) {
        if self.screen() == Some(&screen) {
            return;
        }
        match screen::open(&screen, &mut self.session) {
            Some(page) => {
                self.pages.push((screen, page));
                self.stale = true;
            }
            None => self.toast(Tone::Bad, "this cannot be opened".into(), None),
        }
    }

    fn back(&mut self) {
        if self.pages.len() > 1
            && let Some((_, mut page)) = self.pages.pop()
        {
            page.closing(&mut self.session);
            self.stale = true;
        }
    }

    fn toast(&mut self, tone: Tone, words: String, announces: Option<RunId>) {
        self.toasts.retain(|toast| toast.words != words);
        if self.toasts.len() >= TOASTS_MAX {
            self.toasts.remove(0);
        }
        let until = self.session.now.checked_add(TOAST_STAYS).unwrap_or(self.session.now);
        self.toasts.push(Toast { tone, words, until, announces });
    }

    /// Takes away what was announced and has begun meanwhile: the row itself says it better.
    fn announced(&mut self) {
        let world = &self.session.world;
        let begun = |run: &RunId| world.run(run).is_some_and(|run| run.started_at.is_some() || run.phase == Phase::Done);
        self.toasts.retain(|toast| !toast.announces.as_ref().is_some_and(begun));
    }

    /// The target of the page on top.
    pub fn target(&self) -> Option<Target> {
        self.pages.last().and_then(|(_, page)| page.target(&self.session))
    }

    /// Why an action cannot be done now; absent when it can.
    pub fn why_disabled(&self, action: Action) -> Option<String> {
        let (_, page) = self.pages.last()?;
        self.why_disabled_on(action, &page.targets(&self.session))
    }

    /// The same for these targets.
    fn why_disabled_on(&self, action: Action, targets: &[Target]) -> Option<String> {
        let (_, page) = self.pages.last()?;
        if page.lacks(action) {
            return Some("not on this page".into());
        }
        if let Some(words) = page.why_disabled(action, &self.session) {
            return Some(words);
        }
        if action == Action::Copy && page.copied(&self.session).is_none() {
            return Some("there is nothing to copy".into());
        }
        let why = action.row().why;
        let Some(first) = targets.first() else { return why(&self.session, None) };
        let words = why(&self.session, Some(first))?;
        // Of several marked things it is enough that one can.
        if targets.iter().skip(1).any(|target| why(&self.session, Some(target)).is_none()) { None } else { Some(words) }
    }

    /// What hints of a frame are about: the first of what is marked. A frame costs the same with ten thousand marks.
    fn hinted(&self) -> Vec<Target> {
        let mut targets = self.pages.last().map(|(_, page)| page.targets(&self.session)).unwrap_or_default();
        targets.truncate(HINTED);
        targets
    }

    /// Asks anew what the dialog on top would touch.
    fn preview(&mut self) {
        let Some(Layer::Dialog(dialog)) = self.layers.last_mut() else { return };
        let awaited = dialog.awaited();
        if !awaited.is_empty() {
            dialog.preview = Preview::Awaits(awaited);
            return;
        }
        if let Some(fault) = dialog.wrongly_typed() {
            dialog.preview = Preview::Refused(Refusal::new(RefusalKind::Invalid, fault));
            return;
        }
        let commands = dialog.for_preview();
        if commands.is_empty() {
            // What was asked for before is no longer what would be done.
            dialog.preview = Preview::None;
            return;
        }
        let more = commands.len().saturating_sub(PREVIEWS_MAX);
        if let Some(Layer::Dialog(dialog)) = self.layers.last_mut().filter(|_| more > 0) {
            // Of very many the first ones are looked at; each is asked for and answered by itself when it is done.
            let words = format!("the first {PREVIEWS_MAX} are looked at below, {more} more are done alike");
            if !dialog.body.iter().any(|line| line.text() == words) {
                dialog.body.push(Line::of(Role::Warning, words));
            }
        }
        let commands = commands.into_iter().take(PREVIEWS_MAX);
        let asked: Vec<_> = commands.map(|(object, command)| (object, self.session.dry_run(command))).collect();
        if let Some(Layer::Dialog(dialog)) = self.layers.last_mut() {
            dialog.preview = match asked.as_slice() {
                [(_, id)] => Preview::Asked(*id),
                _ => Preview::Several(asked.into_iter().map(|(object, id)| Foreseen { id, object, answer: None }).collect()),
            };
        }
    }
}
