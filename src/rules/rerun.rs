//! Running an earlier run again: which steps, with whose definition, and what it would touch (RULES: rerun). The preview
//! and the command use the same plan.

use super::forecast::{self, Forecast};
use super::{Asked, alerts, names};
use crate::domain::run::{DefinitionChoice, RunCause, Scope};
use crate::domain::source::Capability;
use crate::domain::{Digest, Event, FlowDefinition, Outcome, Params, Phase, Refusal, RefusalKind, RunId, StepDefinition, StepName};
use crate::world::{Flow, Run, World};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RerunAsk {
    /// The earlier run.
    pub run: RunId,
    /// Which of its steps.
    pub scope: Scope,
    /// Whose definition.
    pub definition: DefinitionChoice,
    /// Parameters that differ from the earlier run's.
    pub params: Params,
    /// Another date than the earlier run's.
    pub date: Option<Date>,
}

/// A step that will run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedStep {
    /// Its name.
    pub name: StepName,
    /// The exact command.
    pub command: String,
    /// How it ended in the earlier run; absent where it never ran.
    pub before: Option<Outcome>,
    /// Whether running it again after a success does no harm.
    pub idempotent: bool,
}

impl PlannedStep {
    /// Whether it has succeeded before and is executed again.
    pub fn is_again(&self) -> bool {
        self.before.as_ref().is_some_and(Outcome::is_success)
    }

    /// Whether its work may be done twice: it succeeded, or nobody knows, and it says that this does harm.
    pub fn is_risky(&self) -> bool {
        !self.idempotent && (self.is_again() || self.before == Some(Outcome::Lost))
    }
}

/// What a rerun would do.
#[derive(Debug, Clone, PartialEq)]
pub struct RerunPlan {
    /// The earlier run.
    pub of: RunId,
    /// The number that the new run would get now.
    pub run: RunId,
    /// Which steps.
    pub scope: Scope,
    /// Whose definition.
    pub choice: DefinitionChoice,
    /// That definition's digest.
    pub definition: Digest,
    /// The instant that it is for: the earlier run's.
    pub planned_at: Timestamp,
    /// The date that it processes.
    pub date: Date,
    /// All its parameters.
    pub params: Params,
    /// Steps that will run, in the order of the definition.
    pub steps: Vec<PlannedStep>,
    /// Steps that do not, with the outcome that they keep.
    pub carried: Vec<(StepName, Outcome)>,
    /// A run that must be done before.
    pub waits_for: Option<RunId>,
    /// The flow's zone, for its times.
    pub zone: String,
    /// When it ends, if it starts now.
    pub forecast: Forecast,
    /// Deadlines of the same occurrence that are still to be met, or were not: what they ask for, and when.
    pub deadlines: Vec<(&'static str, Timestamp)>,
}

impl RerunPlan {
    /// Plans a rerun, or says why there can be none.
    pub fn of(world: &World, ask: &RerunAsk, now: Timestamp) -> Result<Self, Refusal> {
        let (flow, run) = names::run(world, &ask.run)?;
        super::verbs::local(world, &flow.source(), Capability::Rerun, &ask.run)?;
        let state = |reason: String| Refusal::new(RefusalKind::State, reason);
        if run.phase != Phase::Done {
            return Err(state(format!("{} is not done", run.id)).hint(format!("kill it first: dogwatch kill {}", run.id)));
        }
        super::verbs::may_run(flow)?;
        names::date(ask.date)?;
        let definition = chosen(flow, run, ask.definition)?;
        names::params(&ask.params, &format!("the flow `{}`", run.id.flow), definition.params.keys().map(String::as_str))?;
        let in_scope = in_scope(definition, run, &ask.scope)?;
        if in_scope.is_empty() {
            return Err(
                state(format!("nothing in {} is left to run: all its steps succeeded", run.id)).hint("--scope all runs all of them again")
            );
        }
        not_around_an_approval(definition, run, ask, &in_scope)?;
        let before = |name: &StepName| run.step(name).and_then(|step| step.state.outcome()).cloned();
        let (again, kept): (Vec<_>, Vec<_>) = definition.steps.iter().partition(|step| in_scope.contains(&step.name));
        let left_out = || Outcome::Skipped { reason: format!("not in the scope {} of the rerun", ask.scope), by: None };
        let known = |name: &String| definition.params.contains_key(name);
        let mut params = definition.params.clone();
        params.extend(run.params.clone().into_iter().filter(|(name, _)| known(name)));
        params.extend(ask.params.clone());
        let again_names: Vec<StepName> = again.iter().map(|step| step.name.clone()).collect();
        let forecast = forecast::if_run_now(flow, definition, &again_names, run.planned_at, now);
        let steps = again.into_iter().map(|step| PlannedStep {
            name: step.name.clone(),
            command: command_of(step),
            before: before(&step.name),
            idempotent: step.idempotent,
        });
        Ok(Self {
            of: run.id.clone(),
            run: RunId::numbered(run.id.flow.clone(), flow.next_run),
            scope: ask.scope.clone(),
            choice: ask.definition,
            definition: definition.digest(),
            planned_at: run.planned_at,
            date: ask.date.unwrap_or(run.date),
            params,
            steps: steps.collect(),
            carried: kept.into_iter().map(|step| (step.name.clone(), before(&step.name).unwrap_or_else(left_out))).collect(),
            waits_for: super::verbs::waits_for(flow),
            forecast,
            zone: flow.definition.zone.clone(),
            deadlines: deadlines(flow, run.planned_at),
        })
    }

    /// The fact that makes the run.
    pub(super) fn event(self, reason: String) -> Event {
        Event::RunCreated {
            run: self.run,
            cause: RunCause::Rerun { of: self.of, scope: self.scope, reason },
            planned_at: self.planned_at,
            date: self.date,
            params: self.params,
            definition: self.definition,
            choice: self.choice,
            carried: self.carried,
        }
    }

    /// The plan in words, one line each; what deserves a second look says so in capitals.
    pub fn lines(&self, asked: &Asked) -> Vec<String> {
        let whose = match self.choice {
            DefinitionChoice::Ran => "the definition that ran",
            DefinitionChoice::Today => "today's definition",
        };
        let mut lines = vec![format!("{} runs {} again for {}, scope {}, with {whose}", self.run, self.of, self.date, self.scope)];
        lines.extend(self.waits_for.iter().map(|run| format!("it waits until {run} is done")));
        for step in &self.steps {
            lines.push(format!("runs {}: {}", step.name, step.command));
            lines.extend(step.warning().map(|warning| format!("  {warning}")));
        }
        lines.extend(self.carried.iter().map(|(name, outcome)| format!("keeps {name}: {}", outcome.word())));
        lines.extend(self.params.iter().map(|(name, value)| format!("with {name}={value}")));
        for (what, at) in &self.deadlines {
            let left = at.duration_since(asked.now);
            let when = if left.is_negative() { format!("passed {} ago", minutes(-left)) } else { format!("in {}", minutes(left)) };
            lines.push(format!("must {what} by {} ({when})", alerts::wall(*at, &self.zone)));
        }
        lines.extend(self.forecast.words(|at| alerts::wall(at, &self.zone)).map(|words| format!("if it starts now, it {words}")));
        lines
    }
}

impl PlannedStep {
    fn warning(&self) -> Option<String> {
        let lost = self.before == Some(Outcome::Lost);
        match (self.is_again(), lost, self.idempotent) {
            (true, _, true) => Some("has succeeded before and runs again".into()),
            (true, _, false) => Some("DANGER: has succeeded before, runs AGAIN, and is marked idempotent = false".into()),
            (_, true, true) => Some("was lost: it may have done its work already".into()),
            (_, true, false) => Some("DANGER: was lost, may have done its work already, and is marked idempotent = false".into()),
            _ => None,
        }
    }
}

fn minutes(span: SignedDuration) -> String {
    match (span.as_hours(), span.as_mins() % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

fn chosen<'a>(flow: &'a Flow, run: &Run, choice: DefinitionChoice) -> Result<&'a Arc<FlowDefinition>, Refusal> {
    match choice {
        DefinitionChoice::Today => Ok(&flow.definition),
        DefinitionChoice::Ran => flow.definition_of(run).ok_or_else(|| {
            Refusal::new(RefusalKind::State, format!("the definition that {} ran with is not at hand", run.id))
                .hint("--definition today takes the file's")
        }),
    }
}

/// What a step runs, or asks.
fn command_of(step: &StepDefinition) -> String {
    match (&step.run, &step.approve) {
        (Some(command), _) => command.to_string(),
        (None, Some(approval)) => format!("waits for the word of an {}: {}", approval.by, approval.text),
        (None, None) => String::new(),
    }
}

/// A named step runs whatever became of those that it needs, but a person's word that was never given is asked for.
fn not_around_an_approval(definition: &FlowDefinition, run: &Run, ask: &RerunAsk, scope: &BTreeSet<&StepName>) -> Result<(), Refusal> {
    let (Scope::From(name) | Scope::Only(name) | Scope::Down(name)) = &ask.scope else { return Ok(()) };
    let before = definition.before(name);
    let given = |name: &StepName| run.step(name).is_some_and(|step| step.state.is_success());
    let gate = definition
        .steps
        .iter()
        .find(|step| step.approve.is_some() && before.contains(&step.name) && !scope.contains(&step.name) && !given(&step.name));
    match gate {
        None => Ok(()),
        Some(gate) => {
            let reason = format!("{name} comes after {}, which was not approved in {}", gate.name, run.id);
            Err(Refusal::new(RefusalKind::State, reason).hint(format!("--scope from:{} asks for the approval again", gate.name)))
        }
    }
}

/// The steps that a scope names.
fn in_scope<'a>(definition: &'a FlowDefinition, run: &Run, scope: &Scope) -> Result<BTreeSet<&'a StepName>, Refusal> {
    let unfinished = |name: &StepName| !run.step(name).is_some_and(|step| step.state.is_success());
    let all = definition.steps.iter().map(|step| &step.name);
    let named = |name: &StepName| {
        let found = definition.step(name).map(|step| &step.name);
        let owner =
            || names::unknown(&format!("step of {}", run.id), name.as_str(), definition.steps.iter().map(|step| step.name.as_str()));
        found.ok_or_else(owner)
    };
    Ok(match scope {
        Scope::Failed => all.filter(|name| unfinished(name)).collect(),
        Scope::All => all.collect(),
        Scope::Only(name) => [named(name)?].into(),
        Scope::Down(name) => descendants(definition, named(name)?),
        Scope::From(name) => {
            let root = named(name)?;
            descendants(definition, root).into_iter().filter(|name| *name == root || unfinished(name)).collect()
        }
    })
}

/// A step and all that need it, directly or not.
fn descendants<'a>(definition: &'a FlowDefinition, root: &'a StepName) -> BTreeSet<&'a StepName> {
    let mut found = BTreeSet::from([root]);
    let mut heads = vec![root];
    while let Some(head) = heads.pop() {
        let after = definition.steps.iter().filter(|step| step.needs.contains(head)).map(|step| &step.name);
        heads.extend(after.filter(|name| found.insert(name)));
    }
    found
}

fn deadlines(flow: &Flow, planned_at: Timestamp) -> Vec<(&'static str, Timestamp)> {
    let own = flow.watches.iter().filter(|watch| watch.planned_at <= planned_at);
    own.flat_map(|watch| [("start", watch.start_by), ("finish", watch.finish_by)]).filter_map(|(what, at)| Some((what, at?))).collect()
}
