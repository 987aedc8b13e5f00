//! A run beside the last good one: definition, parameters, how long each step took (RULES: compare).

use super::timing::words;
use crate::domain::{FlowDefinition, RunId, StepDefinition, StepName};
use crate::world::{Flow, Run, StepRun};
use serde::Serialize;
use std::collections::BTreeSet;
use std::time::Duration;

/// A step that takes so many times as long as in the good run, or the good run's so many times as long, is worth a line.
const FACTOR: f64 = 1.5;
/// Differences below this are noise, whatever the factor.
const NOISE: Duration = Duration::from_secs(5);

/// What differs from the last good run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The run.
    pub run: RunId,
    /// The last run before it that succeeded.
    pub good: RunId,
    /// What differs in the definition, one line each.
    pub definition: Vec<String>,
    /// Parameters that differ: name, value now, value then; absent where there was none.
    pub params: Vec<(String, Option<String>, Option<String>)>,
    /// Steps that both ran, with their durations in both.
    pub steps: Vec<StepTimes>,
}

/// How long a step took in both runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepTimes {
    /// The step.
    pub step: StepName,
    /// In this run.
    #[serde(with = "crate::domain::span")]
    pub took: Duration,
    /// In the good run.
    #[serde(with = "crate::domain::span")]
    pub then: Duration,
}

impl StepTimes {
    /// Whether the difference is worth a line.
    pub fn stands_out(&self) -> bool {
        let (short, long) = if self.took < self.then { (self.took, self.then) } else { (self.then, self.took) };
        long.saturating_sub(short) >= NOISE && long.as_secs_f64() >= short.as_secs_f64() * FACTOR
    }
}

impl Comparison {
    /// Compares a run with the last good one before it; absent where there is none.
    pub fn of(flow: &Flow, run: &Run) -> Option<Self> {
        let good = flow.last_good(Some(&run.id))?;
        let definition = match (flow.definition_of(run), flow.definition_of(good)) {
            (Some(now), Some(then)) if run.definition != good.definition => changed(now, then),
            (None, _) | (_, None) if run.definition != good.definition => vec!["its definition is another one".into()],
            _ => Vec::new(),
        };
        let names: BTreeSet<&String> = run.params.keys().chain(good.params.keys()).collect();
        let params = names.into_iter().map(|name| (name.clone(), run.params.get(name).cloned(), good.params.get(name).cloned()));
        let params = params.filter(|(_, now, then)| now != then).collect();
        let times = |step: &StepRun| {
            let took = step.took().filter(|_| !step.carried)?;
            let then = good.step(&step.name).filter(|then| !then.carried)?.took()?;
            Some(StepTimes { step: step.name.clone(), took, then })
        };
        let steps = run.steps.iter().filter_map(times).collect();
        Some(Self { run: run.id.clone(), good: good.id.clone(), definition, params, steps })
    }

    /// What stands out, one line each; empty where nothing does.
    pub fn lines(&self) -> Vec<String> {
        let good = &self.good;
        let value = |value: &Option<String>| value.as_ref().map_or_else(|| "absent".to_owned(), |value| format!("`{value}`"));
        let mut lines: Vec<String> = self.definition.iter().map(|line| format!("{line} (since {good})")).collect();
        lines.extend(self.params.iter().map(|(name, now, then)| format!("{name} is {}, in {good} it was {}", value(now), value(then))));
        let slow = self.steps.iter().filter(|step| step.stands_out());
        lines.extend(slow.map(|step| format!("{} took {}, in {good} {}", step.step, words(step.took), words(step.then))));
        lines
    }
}

/// What differs between two definitions of a flow, one line each.
fn changed(now: &FlowDefinition, then: &FlowDefinition) -> Vec<String> {
    let mut lines = Vec::new();
    for step in &now.steps {
        match then.step(&step.name) {
            None => lines.push(format!("step {} is new", step.name)),
            Some(before) => lines.extend(changed_step(step, before)),
        }
    }
    let gone = then.steps.iter().filter(|step| now.step(&step.name).is_none());
    lines.extend(gone.map(|step| format!("step {} is gone", step.name)));
    if lines.is_empty() {
        lines.push(format!("its definition was changed outside its steps: {}", outside(now, then).join(", ")));
    }
    lines
}

fn changed_step(now: &StepDefinition, then: &StepDefinition) -> Option<String> {
    let name = &now.name;
    let command = |step: &StepDefinition| step.run.as_ref().map(ToString::to_string).unwrap_or_default();
    if now.run != then.run {
        return Some(format!("{name} runs `{}`, it was `{}`", command(now), command(then)));
    }
    let parts = [
        ("what it needs", now.needs != then.needs),
        ("its environment", now.env != then.env),
        ("its folder", now.folder != then.folder),
        ("its timeout", now.timeout != then.timeout),
        ("its retries", now.retry != then.retry),
    ];
    let parts: Vec<&str> = parts.into_iter().filter(|(_, differs)| *differs).map(|(words, _)| words).collect();
    match (now == then, parts.is_empty()) {
        (true, _) => None,
        (false, true) => Some(format!("{name} was changed")),
        (false, false) => Some(format!("{name}: {} changed", parts.join(", "))),
    }
}

fn outside(now: &FlowDefinition, then: &FlowDefinition) -> Vec<&'static str> {
    let parts = [
        ("schedule", now.schedules != then.schedules || now.zone != then.zone),
        ("parameters", now.params != then.params),
        ("environment", now.env != then.env),
        ("deadlines", now.must_start_by != then.must_start_by || now.must_finish_by != then.must_finish_by),
        ("overlap or catch-up", now.overlap != then.overlap || now.missed != then.missed),
        ("labels or severity", now.labels != then.labels || now.severity != then.severity),
    ];
    let parts: Vec<&str> = parts.into_iter().filter(|(_, differs)| *differs).map(|(words, _)| words).collect();
    if parts.is_empty() { vec!["its words"] } else { parts }
}
