//! Dialogs of the operator's verbs: on what is under the cursor, or on everything that is marked, with one preview.

use super::App;
use crate::console::action::Action;
use crate::console::dialog::intent::names;
use crate::console::dialog::operate::{Operation, WHOLE, on, on_flow};
use crate::console::dialog::{Dialog, Field, Intent};
use crate::console::target::Target;
use crate::console::theme::Role;
use crate::console::why;
use crate::console::widget::line::Line;
use crate::domain::{Command, FlowId, StepName};
use crate::world::Flow;

impl App {
    /// The verb of an action, where it is one of these.
    pub(super) fn operate(&mut self, action: Action) -> bool {
        match action {
            Action::Hold => self.toggle(action, Operation::Hold, Operation::Release, |flow| flow.hold.is_some()),
            Action::Ice => self.toggle(action, Operation::Ice, Operation::Thaw, |flow| flow.ice.is_some()),
            Action::NoopOnce => self.toggle(action, Operation::Noop, Operation::NoopUndo, |flow| flow.noop.is_some()),
            Action::HoldRun => self.hold_run(),
            Action::Prioritize => self.prioritize(),
            Action::CatchUp => self.catch_up(),
            Action::Kill => self.kill(),
            Action::Force => self.decide(action, Operation::Force),
            Action::Skip => self.decide(action, Operation::Skip),
            Action::SetOk => self.decide(action, Operation::SetOk),
            Action::SetFailed => self.decide(action, Operation::SetFailed),
            Action::Approve => self.decide(action, Operation::Approve),
            Action::DismissMisses => drop(self.session.command(None, Command::DismissMisses)),
            _ => return false,
        }
        true
    }

    fn flows_for(&self, action: Action) -> Vec<FlowId> {
        let mut flows: Vec<FlowId> = Vec::new();
        for flow in self.allowed(action).iter().filter_map(|target| self.session.flow_of(Some(target))) {
            if !flows.contains(&flow) {
                flows.push(flow);
            }
        }
        flows
    }

    fn open_dialog(&mut self, what: Operation, on: Vec<Target>, fill: impl FnOnce(Dialog) -> Dialog) {
        let title = super::ask::title_of(what.word(), &on);
        let now = self.session.now;
        self.session.dialog(fill(Dialog::new(title, Intent::Operate { what, on, now })));
    }

    /// Does it to those that are not so yet; where all are, takes it back.
    fn toggle(&mut self, action: Action, what: Operation, back: Operation, is: fn(&Flow) -> bool) {
        let flows = self.flows_for(action);
        let is = |flow: &FlowId| self.session.world.flow(flow).is_some_and(is);
        if flows.iter().all(is) {
            let on = flows.iter().map(on_flow).collect();
            return self.open_dialog(back, on, |dialog| dialog.says(Line::of(Role::Muted, back_words(back))));
        }
        let on: Vec<_> = flows.iter().filter(|flow| !is(flow)).map(on_flow).collect();
        self.open_dialog(what, on, |dialog| {
            let dialog = dialog.says(Line::of(Role::Muted, words(what))).asks(Field::required(names::REASON));
            if what == Operation::Noop { dialog } else { dialog.asks(Field::text(names::UNTIL, "")) }
        });
    }

    fn hold_run(&mut self) {
        let targets = self.allowed(Action::HoldRun);
        let runs: Vec<_> = targets.iter().filter_map(|target| why::active_run(&self.session, Some(target))).collect();
        let held: Vec<_> = runs.iter().filter(|run| run.hold.is_some()).map(|run| on(&run.id, None)).collect();
        if held.len() == runs.len() {
            return self.open_dialog(Operation::ReleaseRun, held, |dialog| dialog);
        }
        let free: Vec<_> = runs.iter().filter(|run| run.hold.is_none()).map(|run| on(&run.id, None)).collect();
        self.open_dialog(Operation::HoldRun, free, |dialog| {
            let dialog = dialog.says(Line::of(Role::Muted, "Steps that run go on; no further one starts."));
            dialog.asks(Field::required(names::REASON)).asks(Field::text(names::UNTIL, ""))
        });
    }

    fn prioritize(&mut self) {
        let targets = self.allowed(Action::Prioritize);
        let runs: Vec<_> = targets.iter().filter_map(|target| why::active_run(&self.session, Some(target))).collect();
        let now = runs.first().map_or_else(String::new, |run| run.priority.to_string());
        let on = runs.iter().map(|run| on(&run.id, None)).collect();
        self.open_dialog(Operation::Prioritize, on, |dialog| {
            let words = "From 0 to 100, higher first where slots are short; 50 is usual.";
            dialog.says(Line::of(Role::Muted, words)).asks(Field::text(names::PRIORITY, &now))
        });
    }

    fn catch_up(&mut self) {
        let on = self.flows_for(Action::CatchUp).iter().map(on_flow).collect();
        let choices = ["latest", "all", "none"].map(str::to_owned).to_vec();
        self.open_dialog(Operation::CatchUp, on, |dialog| dialog.asks(Field::choice(names::CHOICE, choices)));
    }

    fn kill(&mut self) {
        let targets = self.allowed(Action::Kill);
        let runs: Vec<Target> =
            targets.iter().filter_map(|target| why::active_run(&self.session, Some(target))).map(|run| on(&run.id, None)).collect();
        self.open_dialog(Operation::Kill, runs, |dialog| dialog.asks(Field::text(names::REASON, "")).dangerous("kill"));
    }

    /// Starts several flows with their own parameters; one is asked for its parameters elsewhere.
    pub(super) fn run_marked(&mut self) -> bool {
        let flows = self.flows_for(Action::Run);
        if flows.len() < 2 {
            return false;
        }
        let on = flows.iter().map(on_flow).collect();
        self.open_dialog(Operation::Run, on, |dialog| dialog.asks(Field::text(names::REASON, "")));
        true
    }

    /// A verb on a step: of one run the step can be chosen, of several it is the likeliest of each.
    fn decide(&mut self, action: Action, what: Operation) {
        let targets = self.allowed(action);
        let found: Vec<_> = targets.iter().filter_map(|target| why::steps(&self.session, Some(target), what).ok()).collect();
        let whole = |run: &crate::domain::RunId| what == Operation::Force && self.session.world.run(run).is_some_and(why::can_force);
        let one_step = matches!(targets.as_slice(), [Target::Step(..)]);
        let mut choices: Vec<String> = Vec::new();
        let mut on_all: Vec<Target> = Vec::new();
        for (run, steps) in &found {
            if found.len() == 1 && !one_step {
                choices.extend(whole(run).then(|| WHOLE.to_owned()));
                choices.extend(steps.iter().map(ToString::to_string));
                on_all.push(on(run, None));
            } else {
                on_all.push(on(run, steps.first().filter(|_| one_step || !whole(run))));
            }
        }
        let question = found.first().and_then(|(run, steps)| self.question(run, steps.first()?));
        self.open_dialog(what, on_all, |mut dialog| {
            if let Some(question) = question {
                dialog = dialog.says(Line::of(Role::Text, question));
            }
            if !choices.is_empty() {
                dialog = dialog.asks(Field::choice(names::STEP, choices));
            }
            let optional = what == Operation::Approve;
            dialog.asks(if optional { Field::text(names::REASON, "") } else { Field::required(names::REASON) })
        });
    }

    /// What an approval step asks.
    fn question(&self, run: &crate::domain::RunId, step: &StepName) -> Option<String> {
        let flow = self.session.world.flow(&run.flow)?;
        let approval = flow.definition_of(flow.run(run)?)?.step(step)?.approve.as_ref()?;
        Some(format!("{step}: {}", approval.text))
    }
}

fn words(what: Operation) -> &'static str {
    match what {
        Operation::Hold => "What has begun goes on; all else waits until it is released.",
        Operation::Ice => "It does not run, and what waits for it goes on as if it had succeeded.",
        Operation::Noop => "Its next run executes nothing; what waits for it goes on.",
        _ => "",
    }
}

fn back_words(back: Operation) -> &'static str {
    match back {
        Operation::Release => "Runs that waited start when their conditions are met; nothing else.",
        Operation::Thaw => "Nothing that was left out is started; the next occurrence runs.",
        _ => "Its next run executes its steps again.",
    }
}
