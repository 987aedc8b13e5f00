//! Everything that a person keeps from running, prefers, or is waited for to say: what shows at handover.

use crate::domain::run::PRIORITY_DEFAULT;
use crate::domain::{FlowId, RunId, StepName};
use crate::world::{Hold, StepState, World};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What sort of thing it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldKind {
    /// A step that waits for a person's word.
    Approval,
    /// Missed occurrences that wait for a choice.
    Missed,
    /// A held flow.
    Hold,
    /// A held run.
    RunHold,
    /// An iced flow.
    Ice,
    /// A flow whose next run is a no-op.
    Noop,
    /// A run with another priority than the usual.
    Priority,
}

impl HeldKind {
    /// The word for a row.
    pub fn word(self) -> &'static str {
        match self {
            Self::Approval => "approval",
            Self::Missed => "missed",
            Self::Hold | Self::RunHold => "hold",
            Self::Ice => "ice",
            Self::Noop => "no-op",
            Self::Priority => "priority",
        }
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// What sort.
    pub kind: HeldKind,
    /// The flow that it is about.
    pub flow: FlowId,
    /// The run, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The step, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<StepName>,
    /// Whose it is; absent where a person is waited for.
    pub owner: Option<String>,
    /// Why, in their words.
    pub reason: String,
    /// Since when; absent where that is not kept.
    pub since: Option<Timestamp>,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// The command that ends or answers it.
    pub hint: String,
}

impl Held {
    /// What it is about, as it is typed.
    pub fn object(&self) -> String {
        match (&self.run, &self.step) {
            (Some(run), Some(step)) => format!("{run} {step}"),
            (Some(run), None) => run.to_string(),
            (None, _) => self.flow.to_string(),
        }
    }
}

/// All of them: what ends soon first, then what waits for a person, then the rest by kind and name.
pub fn holds(world: &World) -> Vec<Held> {
    let mut rows = Vec::new();
    for flow in world.flows.values() {
        let id = &flow.definition.id;
        if let Some(hold) = &flow.hold {
            rows.push(of_hold(HeldKind::Hold, id, None, hold, format!("dogwatch release {id}")));
        }
        if let Some(ice) = &flow.ice {
            rows.push(of_hold(HeldKind::Ice, id, None, ice, format!("dogwatch thaw {id}")));
        }
        if let Some(noop) = &flow.noop {
            let hold = Hold { by: noop.by.clone(), reason: noop.reason.clone(), since: noop.since, until: None };
            rows.push(of_hold(HeldKind::Noop, id, None, &hold, format!("dogwatch noop {id} --undo")));
        }
        if let Some(first) = flow.asked.first() {
            rows.push(Held {
                kind: HeldKind::Missed,
                flow: id.clone(),
                run: None,
                step: None,
                owner: None,
                reason: format!("{} missed, the oldest of {}", flow.asked.len(), super::alerts::wall(first.at, &flow.definition.zone)),
                since: Some(first.at),
                until: super::occurrences::choice_ends(flow),
                hint: format!("dogwatch catchup {id} --choose all|latest|none"),
            });
        }
        for run in flow.active() {
            if let Some(hold) = &run.hold {
                rows.push(of_hold(HeldKind::RunHold, id, Some(&run.id), hold, format!("dogwatch release {}", run.id)));
            }
            if run.priority != PRIORITY_DEFAULT {
                let reason = format!("{} instead of {PRIORITY_DEFAULT}", run.priority);
                let hint = format!("dogwatch prioritize {} {PRIORITY_DEFAULT}", run.id);
                rows.push(of_run(HeldKind::Priority, &run.id, None, reason, hint));
            }
            for step in run.steps.iter().filter(|step| step.state == StepState::Approval) {
                let asked = flow.definition_of(run).and_then(|definition| definition.step(&step.name)?.approve.as_ref());
                let reason = asked.map(|asked| format!("{} ({})", asked.text, asked.by)).unwrap_or_default();
                rows.push(of_run(
                    HeldKind::Approval,
                    &run.id,
                    Some(&step.name),
                    reason,
                    format!("dogwatch approve {} {}", run.id, step.name),
                ));
            }
        }
    }
    rows.sort_by_key(|row| (row.until.is_none(), row.until, row.kind, row.flow.clone(), row.run.as_ref().and_then(RunId::number)));
    rows
}

fn of_hold(kind: HeldKind, flow: &FlowId, run: Option<&RunId>, hold: &Hold, hint: String) -> Held {
    Held {
        kind,
        flow: flow.clone(),
        run: run.cloned(),
        step: None,
        owner: Some(hold.by.clone()),
        reason: hold.reason.clone(),
        since: Some(hold.since),
        until: hold.until,
        hint,
    }
}

fn of_run(kind: HeldKind, run: &RunId, step: Option<&StepName>, reason: String, hint: String) -> Held {
    let (flow, run) = (run.flow.clone(), Some(run.clone()));
    Held { kind, flow, run, step: step.cloned(), owner: None, reason, since: None, until: None, hint }
}
