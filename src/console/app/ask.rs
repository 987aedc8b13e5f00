//! Dialogs that actions ask with: what is about to happen, what it needs to know.

use super::App;
use crate::console::action::Action;
use crate::console::dialog::{Dialog, Field, Intent, intent};
use crate::console::session::Tone;
use crate::console::target::Target;
use crate::console::theme::Role;
use crate::console::view::runbook;
use crate::console::widget::line::Line;
use crate::domain::runbook::ProcedureStep;
use crate::domain::{Command, IncidentId, Subject};

impl App {
    pub(super) fn ack(&mut self) {
        let ids = self.incidents_for(Action::Ack);
        let title = title_of("ack", &ids);
        let mut dialog = Dialog::new(title, Intent::Acknowledge(ids.clone()));
        dialog.body = self.incident_lines(&ids);
        self.session.dialog(dialog.asks(Field::text(intent::names::NOTE, "")));
    }

    pub(super) fn resolve(&mut self) {
        let ids = self.incidents_for(Action::Resolve);
        let mut dialog = Dialog::new(title_of("resolve", &ids), Intent::Resolve(ids.clone()));
        dialog.body = self.incident_lines(&ids);
        self.session.dialog(dialog.asks(Field::required(intent::names::REASON)));
    }

    pub(super) fn incident_lines(&self, ids: &[IncidentId]) -> Vec<Line> {
        const SHOWN: usize = 8;
        let mut lines: Vec<_> = ids
            .iter()
            .take(SHOWN)
            .filter_map(|id| self.session.world.incident(*id))
            .map(|incident| Line::of(Role::Muted, format!("{} ", incident.id)).with(Role::Text, incident.title.clone()))
            .collect();
        if ids.len() > SHOWN {
            lines.push(Line::of(Role::Muted, format!("and {} more", ids.len() - SHOWN)));
        }
        lines
    }

    /// The run that an action on this target is about: itself, or the flow's last one.
    fn run_of(&self, target: &Target) -> Option<&crate::world::Run> {
        let flow = self.session.world.flow(&self.session.flow_of(Some(target))?)?;
        target.run().map_or_else(|| flow.last_run(), |run| flow.run(run))
    }

    pub(super) fn rerun(&mut self, target: &Target) {
        let Some(run) = self.run_of(target) else { return };
        let (id, date) = (run.id.clone(), run.date);
        let mut scopes = vec!["failed".to_owned(), "all".to_owned()];
        let mut steps: Vec<_> = run.steps.iter().map(|step| &step.name).collect();
        if let Target::Step(_, chosen) = target {
            steps.sort_by_key(|step| *step != chosen);
        }
        for kind in ["from", "only", "down"] {
            scopes.extend(steps.iter().map(|step| format!("{kind}:{step}")));
        }
        let dialog = Dialog::new(format!("rerun {id}"), Intent::Rerun { run: id, date })
            .asks(Field::choice(intent::names::SCOPE, scopes))
            .asks(Field::choice(intent::names::DEFINITION, vec![intent::RAN.into(), intent::TODAY.into()]))
            .asks(Field::text(intent::names::DATE, &date.to_string()))
            .asks(Field::required(intent::names::REASON));
        self.session.dialog(dialog);
    }

    pub(super) fn run(&mut self, target: &Target) {
        let Some(flow) = self.session.flow_of(Some(target)) else { return };
        let params = self.session.world.flow(&flow).map(|flow| flow.definition.params.clone()).unwrap_or_default();
        let mut dialog = Dialog::new(format!("run {flow}"), Intent::Run { flow, params: params.clone() });
        for (name, default) in &params {
            dialog = dialog.asks(Field::text(intent::param(name), default));
        }
        let today = self.session.now.to_zoned(self.session.zone.clone()).date();
        dialog = dialog.asks(Field::text(intent::names::DATE, &today.to_string())).asks(Field::text(intent::names::REASON, ""));
        self.session.dialog(dialog);
    }

    pub(super) fn run_step(&mut self, target: &Target) {
        let Target::Procedure { runbook, subject, step } = target else { return };
        let Some(found) = self.session.world.book(runbook) else { return };
        let Some(definition) = found.steps.iter().find(|other| other.name == *step) else { return };
        let params = definition.params.iter().map(|param| param.name.clone()).collect();
        let intent =
            Intent::RunStep { runbook: runbook.clone(), subject: subject.clone(), step: step.clone(), params, danger: definition.danger };
        let mut dialog = self.step_dialog(format!("run {}", definition.title), intent, definition, subject);
        if crate::rules::needs_two_people(&self.session.world, definition) {
            let words = self.second_word(target).unwrap_or_else(|| "It needs two people: this asks the second one.".into());
            dialog = dialog.says(Line::of(Role::Warning, words));
        }
        if definition.danger {
            dialog = dialog.dangerous(step.as_str());
        }
        self.session.dialog(dialog);
    }

    /// A dialog that shows what runs, and asks for its parameters with where each value comes from.
    fn step_dialog(&self, title: String, intent: Intent, step: &ProcedureStep, subject: &Subject) -> Dialog {
        let mut dialog = Dialog::new(title, intent);
        for line in step.run.to_string().lines() {
            dialog = dialog.says(Line::of(Role::Code, line.to_owned()));
        }
        for param in crate::rules::filled_in_from(&self.session.world, subject, step) {
            let from = param.from.map(|from| format!(" from {from}")).unwrap_or_default();
            let takes = if param.kind.is_any() { String::new() } else { format!(", takes {}", param.kind) };
            if !from.is_empty() || !takes.is_empty() {
                dialog = dialog.says(Line::of(Role::Muted, format!("{}{from}{takes}", param.name)));
            }
            dialog = dialog.asks(Field::param(intent::param(&param.name), &param.kind, &param.value));
        }
        dialog
    }

    /// How the second word stands on a step that this person asked for.
    fn second_word(&self, target: &Target) -> Option<String> {
        let Target::Procedure { runbook, subject, step } = target else { return None };
        let session = &self.session;
        let mine = session.world.approvals.values().filter(|approval| approval.is_open() && Some(approval.by.name()) == session.user());
        let open = mine.filter(|row| (&row.request.runbook, &row.request.step, &row.request.subject) == (runbook, step, subject)).last()?;
        let until = session.time(open.request.expires);
        Some(match &open.given {
            Some(second) => format!("{} has approved it, until {until}: with these parameters it runs now.", second.by),
            None => format!("A second person is asked, until {until}: dogwatch approve {}", open.digest.short()),
        })
    }

    pub(super) fn break_glass(&mut self, target: &Target) {
        let Target::Procedure { runbook, subject, step } = target else { return };
        let Some(definition) = self.session.world.book(runbook).and_then(|book| book.step(step)) else { return };
        if !crate::rules::needs_two_people(&self.session.world, definition) {
            return self.session.toast(Tone::Plain, format!("{step} needs no second person: run it"));
        }
        if !self.session.world.procedure_rules.break_glass {
            let words = "this workspace does not allow it ([access] break_glass of dogwatch.toml)";
            return self.session.toast(Tone::Bad, words);
        }
        let params = definition.params.iter().map(|param| param.name.clone()).collect();
        let intent = Intent::BreakGlass { runbook: runbook.clone(), subject: subject.clone(), step: step.clone(), params };
        let dialog = self.step_dialog(format!("{} WITHOUT the second person", definition.title), intent, definition, subject);
        let dialog = dialog.says(Line::of(Role::Danger, "It is told to everyone, and opens an incident that somebody must close."));
        self.session.dialog(dialog.asks(Field::required(intent::names::REASON)).dangerous(step.as_str()));
    }

    pub(super) fn tick_step(&mut self, target: &Target) {
        let Target::Procedure { runbook, subject, step } = target else { return };
        let done = !runbook::is_done(&self.session.world, runbook, subject, step);
        let command = Command::Tick { runbook: runbook.clone(), step: step.clone(), subject: subject.clone(), done };
        self.session.command(Some(target.clone()), command);
    }
}

pub(super) fn title_of<T: std::fmt::Display>(verb: &str, things: &[T]) -> String {
    match things {
        [] => verb.to_owned(),
        [one] => format!("{verb} {one}"),
        many => format!("{verb} {} things", many.len()),
    }
}

pub(super) fn announce() -> Dialog {
    let dialog = Dialog::new("a line on everyone's timeline", Intent::Announce);
    dialog.asks(Field::required(intent::names::LINE))
}

pub(super) fn restart() -> Dialog {
    let dialog = Dialog::new("restart the daemon", Intent::RestartDaemon);
    dialog
        .says(Line::of(Role::Text, "It ends, and this version starts. Running batches go on and are taken over."))
        .says(Line::of(Role::Muted, "Probes pause for a moment; every console connects again by itself."))
}
