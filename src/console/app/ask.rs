//! Dialogs that actions ask with: what is about to happen, what it needs to know.

use super::App;
use crate::console::action::Action;
use crate::console::dialog::{Dialog, Field, Intent, intent};
use crate::console::target::Target;
use crate::console::theme::Role;
use crate::console::view::runbook;
use crate::console::widget::line::Line;
use crate::domain::{Command, IncidentId};

impl App {
    pub(super) fn ack(&mut self) {
        let ids = self.incidents_for(Action::Ack);
        let title = title_of("ack", &ids);
        let mut dialog = Dialog::new(title, Intent::Acknowledge(ids.clone()));
        dialog.body = self.incident_lines(&ids);
        self.session.dialog(dialog.asks(Field::text(intent::names::LINE, "")));
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
        let Some(found) = self.session.world.runbooks.get(runbook) else { return };
        let Some(definition) = found.steps.iter().find(|other| other.name == *step) else { return };
        let params = definition.params.iter().map(|param| param.name.clone()).collect();
        let intent =
            Intent::RunStep { runbook: runbook.clone(), subject: subject.clone(), step: step.clone(), params, danger: definition.danger };
        let mut dialog = Dialog::new(format!("run {}", definition.title), intent);
        for line in definition.run.to_string().lines() {
            dialog = dialog.says(Line::of(Role::Code, line.to_owned()));
        }
        let filled = crate::rules::filled_in(&self.session.world, subject, definition);
        for param in &definition.params {
            let value = filled.get(&param.name).map_or("", String::as_str);
            dialog = dialog.asks(Field::text(intent::param(&param.name), value));
        }
        if definition.danger {
            dialog = dialog.dangerous(step.as_str());
        }
        self.session.dialog(dialog);
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
