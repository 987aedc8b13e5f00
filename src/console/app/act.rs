//! What actions do: in a dialog, on a page, or to the thing under the cursor wherever that is.

use super::{App, Layer, ask};
use crate::console::action::{Action, ROWS};
use crate::console::dialog::{Dialog, Field, Intent, intent};
use crate::console::msg::{Out, Outcome};
use crate::console::place::Place;
use crate::console::screen::Screen;
use crate::console::session::Tone;
use crate::console::target::Target;
use crate::console::theme::{Role, Theme};
use crate::console::widget::chooser::{Choice, Chooser};
use crate::console::widget::line::Line;
use crate::domain::counted;
use crate::domain::note::NoteKind;
use crate::domain::{Command, IncidentId};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Lines by which a page key turns what a dialog shows: less than any screen on which dialogs are read has.
const PREVIEW_PAGE: usize = 5;

impl App {
    /// Does an action as its key would: says why when it cannot be done.
    pub fn press(&mut self, action: Action) {
        if self.layers.is_empty() {
            if let Some(words) = self.why_disabled(action) {
                self.session.toast(Tone::Bad, format!("{}: {words}", action.row().title.trim_end_matches('…')));
            } else if !self.pages.last_mut().is_some_and(|(_, page)| page.act(action, &mut self.session)) {
                self.perform(action);
            }
        } else {
            self.in_layer(action);
        }
        self.grant();
    }

    /// Typed text that means no action.
    pub(super) fn typed(&mut self, key: KeyEvent) {
        let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SUPER);
        let char = match key.code {
            KeyCode::Char(char) if plain => Some(char),
            _ => None,
        };
        match (self.layers.last_mut(), char) {
            (Some(Layer::Dialog(dialog)), Some(char)) => {
                dialog.fault = None;
                if let Some(field) = dialog.fields.get_mut(dialog.focus) {
                    field.input.insert(char.encode_utf8(&mut [0; 4]));
                }
            }
            (Some(Layer::Chooser(chooser)), Some(char)) => drop(chooser.typed(char.encode_utf8(&mut [0; 4]))),
            (Some(_), None) => {}
            (None, _) => {
                if let Some((_, page)) = self.pages.last_mut() {
                    page.typed(key, &mut self.session);
                }
            }
        }
    }

    fn in_layer(&mut self, action: Action) {
        match action {
            Action::Redraw => return self.session.outs.push(Out::Redraw),
            Action::Suspend => return self.session.outs.push(Out::Suspend),
            Action::Cancel => return drop(self.layers.pop()),
            _ => {}
        }
        match self.layers.last_mut() {
            Some(Layer::Dialog(dialog)) => {
                if action == Action::Confirm {
                    return self.confirm();
                }
                let before = dialog.focus;
                let count = dialog.fields.len().max(1);
                match action {
                    // Drawing keeps it within the text.
                    Action::PageDown => dialog.scroll += PREVIEW_PAGE,
                    Action::PageUp => dialog.scroll = dialog.scroll.saturating_sub(PREVIEW_PAGE),
                    Action::NextField if dialog.fields.is_empty() => dialog.scroll += 1,
                    Action::PreviousField if dialog.fields.is_empty() => dialog.scroll = dialog.scroll.saturating_sub(1),
                    Action::NextField => dialog.focus = (dialog.focus + 1) % count,
                    Action::PreviousField => dialog.focus = (dialog.focus + count - 1) % count,
                    other => {
                        if let Some(field) = dialog.fields.get_mut(dialog.focus) {
                            match other {
                                Action::NextChoice => field.turn(1),
                                Action::PreviousChoice => field.turn(-1),
                                _ => field.input.act(other),
                            }
                        }
                    }
                }
                let turned = matches!(action, Action::NextChoice | Action::PreviousChoice);
                let left = before != dialog.focus && dialog.fields.get(before).is_some_and(Field::changes_preview);
                if turned || left {
                    self.preview();
                }
            }
            Some(Layer::Chooser(chooser)) => match action {
                Action::ChooserDown => chooser.step(1),
                Action::ChooserUp => chooser.step(-1),
                Action::Confirm => {
                    let chosen = chooser.chosen().map(|choice| choice.action);
                    self.layers.pop();
                    if let Some(action) = chosen {
                        self.press(action);
                    }
                }
                other => {
                    chooser.input.act(other);
                    chooser.narrow();
                }
            },
            None => {}
        }
    }

    fn confirm(&mut self) {
        let Some(Layer::Dialog(dialog)) = self.layers.last_mut() else { return };
        if let Some((place, fault)) = dialog.first_fault() {
            let left = dialog.focus != place && dialog.fields.get(dialog.focus).is_some_and(Field::changes_preview);
            dialog.focus = place;
            dialog.fault = Some(fault);
            if left {
                self.preview();
            }
            return;
        }
        let commands = match dialog.intent.commands(dialog) {
            Ok(commands) => commands,
            Err(fault) => {
                dialog.fault = Some(fault);
                return;
            }
        };
        let Some(Layer::Dialog(dialog)) = self.layers.pop() else { return };
        match &dialog.intent {
            Intent::Quit => self.session.outs.push(Out::Quit(Outcome::Left)),
            Intent::Edit(file) => self.session.edit(file.clone()),
            Intent::Page(word) => {
                if let Some((_, page)) = self.pages.last_mut() {
                    page.confirmed(word, &dialog, &mut self.session);
                }
            }
            _ => {}
        }
        self.session.command_all(commands);
    }

    /// Actions that mean the same on every page: they go to what is under the cursor or marked.
    fn perform(&mut self, action: Action) {
        if self.operate(action) || self.queue(action) {
            return;
        }
        let target = self.target();
        match action {
            Action::Quit => self.quit(),
            Action::Redraw => self.session.outs.push(Out::Redraw),
            Action::Suspend => self.session.outs.push(Out::Suspend),
            Action::Back => self.back(),
            Action::Palette => self.palette(),
            Action::Help => self.help(),
            Action::NextTheme => self.next_theme(),
            Action::FlowsPage => self.session.open(Screen::Flows(None)),
            Action::Timeline => self.session.open(Screen::Timeline),
            Action::Strip => self.strip(),
            Action::Jot => self.jot(),
            Action::BatchDay => self.session.open(Screen::BatchDay),
            Action::Holds => self.session.open(Screen::Holds),
            Action::Misses => self.session.open(Screen::Misses),
            Action::Sources => self.session.open(Screen::Sources),
            Action::OnCall => self.session.open(Screen::OnCall),
            Action::Bell => {
                self.session.options.bell = !self.session.options.bell;
                let words = if self.session.options.bell { "this terminal rings when you are told" } else { "this terminal stays silent" };
                self.session.toast(Tone::Plain, words);
            }
            Action::FiguresPage => self.session.open(Screen::Figures),
            Action::Handover => self.session.open(Screen::Handover),
            Action::Knowledge => self.session.open(Screen::Knowledge),
            Action::ApprovalsPage => self.session.open(Screen::Approvals),
            Action::ChecklistsPage => self.session.open(Screen::Checklists),
            Action::Announce => self.session.dialog(ask::announce()),
            Action::Reload => drop(self.session.command(None, Command::Reload)),
            Action::RestartDaemon => self.session.dialog(ask::restart()),
            Action::Copy => self.copy(),
            Action::Ack => self.ack(),
            Action::Unack => self.incidents().into_iter().for_each(|incident| {
                self.session.command(Some(Target::Incident(incident)), Command::Unacknowledge { incident });
            }),
            Action::Resolve => self.resolve(),
            Action::ProbeNow => {
                for target in self.allowed(action) {
                    if let Target::Probe(probe) = &target {
                        let probe = probe.clone();
                        self.session.command(Some(target), Command::ProbeNow { probe });
                    }
                }
            }
            _ => {
                if let Some(target) = target {
                    self.on_target(action, &target);
                }
            }
        }
    }

    /// Actions that go to one thing.
    fn on_target(&mut self, action: Action, target: &Target) {
        match action {
            Action::Open => self.open_target(target),
            Action::Comment => {
                if let Target::Incident(id) = target {
                    let dialog = Dialog::new(format!("a line for incident {id}"), Intent::Comment(*id));
                    self.session.dialog(dialog.asks(Field::required(intent::names::LINE)));
                }
            }
            Action::Evidence => {
                if let Target::Incident(id) = target {
                    self.session.open(Screen::Evidence(*id));
                }
            }
            Action::Pin => self.session.toast(Tone::Plain, "open the incident: a line of its timeline is pinned"),
            Action::Review => {
                if let Target::Incident(id) = target {
                    self.session.open(Screen::Review(*id));
                }
            }
            Action::Rerun => self.rerun(target),
            Action::Run if self.run_marked() => {}
            Action::Run => self.run(target),
            Action::Output => match self.session.output_of(Some(target)) {
                Ok(attempt) => self.session.open(Screen::Output(attempt)),
                Err(words) => self.session.toast(Tone::Bad, words),
            },
            Action::Compare => match self.session.output_of(Some(target)) {
                Ok(attempt) => self.session.open(Screen::Compare(attempt)),
                Err(words) => self.session.toast(Tone::Bad, words),
            },
            Action::Why => self.session.open(Screen::Why(target.clone())),
            Action::Note => self.session.open(Screen::Note { kind: NoteKind::Note, subject: target.subject() }),
            Action::PostMortem => self.session.open(Screen::Note { kind: NoteKind::PostMortem, subject: target.subject() }),
            Action::Runbook => {
                let subject = target.subject();
                if let Some(runbook) = self.session.runbook_for(&subject) {
                    self.session.open(Screen::Runbook { runbook, subject });
                }
            }
            Action::Editor => match self.session.file_of(Some(target)) {
                Ok(file) => self.session.edit(file),
                Err(words) => self.session.toast(Tone::Bad, words),
            },
            Action::RunStep => self.run_step(target),
            Action::BreakGlass => self.break_glass(target),
            Action::TickStep => self.tick_step(target),
            Action::KillStep => {
                if let Target::Procedure { runbook, subject, step } = target {
                    let intent = Intent::KillStep { runbook: runbook.clone(), subject: subject.clone(), step: step.clone() };
                    self.session.dialog(Dialog::new(format!("kill step {step} of {runbook}"), intent).dangerous("kill"));
                }
            }
            _ => {}
        }
    }

    fn open_target(&mut self, target: &Target) {
        let screen = match target {
            Target::Flow(flow) => Screen::Flow(flow.clone()),
            Target::Run(run) | Target::Step(run, _) => Screen::Run(run.clone()),
            Target::Attempt(attempt) => Screen::Output(attempt.clone()),
            Target::Probe(probe) => Screen::Probe(probe.clone()),
            Target::Incident(incident) => Screen::Incident(*incident),
            Target::Procedure { runbook, subject, .. } => Screen::Runbook { runbook: runbook.clone(), subject: subject.clone() },
        };
        self.session.open(screen);
    }

    /// Those of the marked things that an action can be done to.
    pub(super) fn allowed(&self, action: Action) -> Vec<Target> {
        let targets = self.pages.last().map(|(_, page)| page.targets(&self.session)).unwrap_or_default();
        targets.into_iter().filter(|target| (action.row().why)(&self.session, Some(target)).is_none()).collect()
    }

    pub(super) fn incidents_for(&self, action: Action) -> Vec<IncidentId> {
        let of = |target| if let Target::Incident(id) = target { Some(id) } else { None };
        self.allowed(action).into_iter().filter_map(of).collect()
    }

    fn incidents(&self) -> Vec<IncidentId> {
        self.incidents_for(Action::Unack)
    }

    fn copy(&mut self) {
        let text = self.pages.last().and_then(|(_, page)| page.copied(&self.session));
        if let Some(text) = text {
            let shown = crate::text::fit(&text, 40, self.session.glyphs.ellipsis).into_owned();
            self.session.toast(Tone::Good, format!("copied {shown}"));
            self.session.copy(text);
        }
    }

    fn next_theme(&mut self) {
        let own = &self.session.options.own_themes;
        let names: Vec<String> = own.iter().map(|(name, _)| name.clone()).chain(Theme::built_in().map(str::to_owned)).collect();
        let place = names.iter().position(|name| *name == self.session.theme.name).map_or(0, |place| (place + 1) % names.len().max(1));
        let Some(name) = names.get(place) else { return };
        match Theme::load(name, own, self.session.options.depth) {
            Ok(theme) => {
                self.session.theme = theme;
                self.session.toast(Tone::Plain, format!("theme {name}"));
            }
            Err(error) => self.session.toast(Tone::Bad, error.to_string()),
        }
    }

    fn quit(&mut self) {
        let world = &self.session.world;
        let running: usize = world.flows.values().map(|flow| flow.active().count()).sum();
        let mut dialog = Dialog::new("leave the console", Intent::Quit);
        if let Some(ends) = &self.session.options.leaving_ends {
            dialog = dialog.says(Line::of(Role::Text, ends.clone()));
        } else {
            let going_on = match running {
                0 => "No run is under way.".to_owned(),
                1 => "One run goes on.".to_owned(),
                many => format!("{many} runs go on."),
            };
            dialog = dialog.says(Line::of(Role::Text, going_on));
            let probes = world.probes.values().filter(|probe| !probe.removed).count();
            let (flows, probes) = (counted(world.flows.len(), "flow"), counted(probes, "probe"));
            dialog = dialog.says(Line::of(Role::Muted, format!("The daemon keeps {flows} and {probes}; `dogwatch` brings you back.")));
        }
        if world.tally.unacknowledged > 0 {
            let incidents = counted(world.tally.unacknowledged as usize, "incident");
            dialog = dialog.says(Line::of(Role::Warning, format!("Nobody has acknowledged {incidents}.")));
        }
        self.session.dialog(dialog);
    }

    fn palette(&mut self) {
        let choices = self.choices(|_| true, false);
        self.layers.push(Layer::Chooser(Chooser::new("command", false, choices)));
    }

    fn help(&mut self) {
        let places = self.places();
        let mut choices = self.choices(|action| action.row().places.iter().any(|place| places.contains(place)), true);
        choices.sort_by_key(|choice| places.iter().position(|place| place.title() == choice.group));
        self.layers.push(Layer::Chooser(Chooser::new("help", true, choices)));
    }

    fn choices(&self, wanted: impl Fn(Action) -> bool, grouped: bool) -> Vec<Choice> {
        let places = self.places();
        let offered = |place: &Place| !matches!(place, Place::Dialog | Place::Chooser | Place::Input);
        let mut choices = Vec::new();
        let targets = self.hinted();
        for row in ROWS.iter().filter(|row| row.places.iter().any(offered) && wanted(row.action)) {
            let here = row.places.iter().find(|place| places.contains(place));
            let why = match here {
                Some(_) => self.why_disabled_on(row.action, &targets),
                None => Some(format!("only in {}", row.places[0].title())),
            };
            let group = if grouped { here.map_or("", |place| place.title()) } else { "" };
            let keys = self.session.options.keymap.keys(row.action).join(" ");
            let text = format!("{}  {}", row.title.trim_end_matches('…'), row.doc);
            choices.push(Choice { action: row.action, group, keys, text, why });
        }
        choices
    }
}
