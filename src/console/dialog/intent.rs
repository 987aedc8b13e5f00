//! What confirming a dialog means, as data: commands for the daemon, or something of the console's own.

use super::Dialog;
use super::operate::Operation;
use super::queue::QueueVerb;
use super::source::SourceVerb;
use crate::console::Target;
use crate::domain::run::{DefinitionChoice, Scope};
use crate::domain::{Command, FlowId, IncidentId, Params, RunId, RunbookId, SourceId, StepName, Subject};
use jiff::Timestamp;
use jiff::civil::Date;
use std::path::PathBuf;

/// Names of the fields that intents read.
pub mod names {
    /// Why.
    pub const REASON: &str = "reason";
    /// Which steps.
    pub const SCOPE: &str = "steps";
    /// Whose definition.
    pub const DEFINITION: &str = "definition";
    /// The date that is processed.
    pub const DATE: &str = "date";
    /// What is said beside the verb.
    pub const NOTE: &str = "note";
    /// A line of text.
    pub const LINE: &str = "line";
    /// After which time a hold ends by itself.
    pub const UNTIL: &str = "ends after";
    /// Which step.
    pub const STEP: &str = "step";
    /// How much it is preferred.
    pub const PRIORITY: &str = "priority";
    /// Which missed occurrences run.
    pub const CHOICE: &str = "catch up";
    /// To whom.
    pub const TO: &str = "to";
    /// The incident that goes on.
    pub const INTO: &str = "into";
    /// Which alert.
    pub const ALERT: &str = "alert";
    /// Matchers on labels.
    pub const MATCHERS: &str = "labels";
    /// Why, in the words that a neighbour shows.
    pub const COMMENT: &str = "comment";
    /// Which person.
    pub const WHO: &str = "who";
    /// Which incident.
    pub const INCIDENT: &str = "incident";
}

/// The name of a parameter's field.
pub fn param(name: &str) -> String {
    format!("${name}")
}

/// What confirming does.
#[derive(Debug, Clone, PartialEq)]
pub enum Intent {
    /// Nothing: it was only to be read.
    Read,
    /// Leave the console.
    Quit,
    /// Acknowledge incidents.
    Acknowledge(Vec<IncidentId>),
    /// Declare incidents over.
    Resolve(Vec<IncidentId>),
    /// Put a line into an incident's timeline.
    Comment(IncidentId),
    /// Put a line on everyone's timeline.
    Announce,
    /// Put a line into the timeline of the chosen incident.
    Jot,
    /// Run an earlier run again.
    Rerun {
        /// That run.
        run: RunId,
        /// Its date.
        date: Date,
    },
    /// Start runs.
    Run {
        /// The flow.
        flow: FlowId,
        /// Its parameters with their defaults.
        params: Params,
    },
    /// One of the operator's verbs, on each of these.
    Operate {
        /// The verb.
        what: Operation,
        /// What it is done to.
        on: Vec<Target>,
        /// When it was asked: durations count from here.
        now: Timestamp,
    },
    /// One of the queue's verbs, on each of these.
    Queue {
        /// The verb.
        what: QueueVerb,
        /// The incidents; none for silences.
        on: Vec<IncidentId>,
        /// When it was asked: durations count from here.
        now: Timestamp,
    },
    /// Make, prolong or end a silence at a neighbour.
    Source {
        /// What is asked of it.
        what: SourceVerb,
        /// The neighbour.
        source: SourceId,
        /// When it was asked: durations count from here.
        now: Timestamp,
    },
    /// Run a step of a runbook.
    RunStep {
        /// The runbook.
        runbook: RunbookId,
        /// What it is walked for.
        subject: Subject,
        /// The step.
        step: StepName,
        /// Names of its parameters; each has a field.
        params: Vec<String>,
        /// Whether its name was to be typed.
        danger: bool,
    },
    /// Run a step of a runbook without the second person that it needs; its name was typed.
    BreakGlass {
        /// The runbook.
        runbook: RunbookId,
        /// What it is walked for.
        subject: Subject,
        /// The step.
        step: StepName,
        /// Names of its parameters; each has a field.
        params: Vec<String>,
    },
    /// End a running step of a runbook.
    KillStep {
        /// The runbook.
        runbook: RunbookId,
        /// What it is walked for.
        subject: Subject,
        /// The step.
        step: StepName,
    },
    /// End the daemon; the link starts this version.
    RestartDaemon,
    /// Something that the page on top asked; it gets the answer in its own words.
    Page(&'static str),
    /// Give a file to the editor.
    Edit(PathBuf),
}

impl Intent {
    /// The commands that it makes of the dialog's fields, each with what it is about.
    pub fn commands(&self, dialog: &Dialog) -> Result<Vec<(Option<Target>, Command)>, String> {
        let text = |name: &str| dialog.value(name).unwrap_or_default().trim().to_owned();
        let some = |name: &str| Some(text(name)).filter(|text| !text.is_empty());
        let one = |target: Target, command: Command| vec![(Some(target), command)];
        Ok(match self {
            Self::Read | Self::Quit | Self::Page(_) | Self::Edit(_) => Vec::new(),
            Self::Acknowledge(ids) => {
                each(ids, |id| (Target::Incident(*id), Command::Acknowledge { incident: *id, note: some(names::NOTE) }))
            }
            Self::Resolve(ids) => each(ids, |id| (Target::Incident(*id), Command::Resolve { incident: *id, reason: text(names::REASON) })),
            Self::Comment(id) => one(Target::Incident(*id), Command::Note { incident: *id, text: text(names::LINE) }),
            Self::Jot => {
                let chosen = text(names::INCIDENT);
                let id = chosen.split(' ').next().unwrap_or_default();
                let id: IncidentId = id.parse().map_err(|error: crate::domain::InvalidId| error.to_string())?;
                one(Target::Incident(id), Command::Note { incident: id, text: text(names::LINE) })
            }
            Self::Announce => vec![(None, Command::Mark { text: text(names::LINE) })],
            Self::Rerun { run, date } => {
                let scope: Scope = text(names::SCOPE).parse().map_err(|error: crate::domain::InvalidId| error.to_string())?;
                let definition = if text(names::DEFINITION) == TODAY { DefinitionChoice::Today } else { DefinitionChoice::Ran };
                let date = date_of(&text(names::DATE))?.filter(|other| other != date);
                let reason = text(names::REASON);
                one(
                    Target::Flow(run.flow.clone()),
                    Command::Rerun { run: run.clone(), scope, definition, params: Params::new(), date, reason },
                )
            }
            Self::Run { flow, params } => {
                let changed = params.iter().filter_map(|(name, default)| {
                    let typed = text(&param(name));
                    (typed != *default).then(|| (name.clone(), typed))
                });
                let command = Command::Run {
                    flow: flow.clone(),
                    params: changed.collect(),
                    date: date_of(&text(names::DATE))?,
                    reason: some(names::REASON),
                };
                one(Target::Flow(flow.clone()), command)
            }
            Self::Operate { what, on, now } => {
                let commands = on.iter().filter_map(|target| what.command(target, dialog, *now).transpose());
                commands.map(|made| made.map(|(target, command)| (Some(target), command))).collect::<Result<_, _>>()?
            }
            Self::Queue { what, on, now } => what.commands(on, dialog, *now)?,
            Self::Source { what, source, now } => vec![(None, what.command(source, dialog, *now)?)],
            Self::RunStep { runbook, subject, step, params, danger } => {
                let target = Target::Procedure { runbook: runbook.clone(), subject: subject.clone(), step: step.clone() };
                let values = params.iter().map(|name| (name.clone(), text(&param(name)))).collect();
                let (runbook, subject, step) = (runbook.clone(), subject.clone(), step.clone());
                let confirmed = danger.then(|| step.to_string());
                one(target, Command::RunProcedure { runbook, step, subject, params: values, confirmed })
            }
            Self::BreakGlass { runbook, subject, step, params } => {
                let target = Target::Procedure { runbook: runbook.clone(), subject: subject.clone(), step: step.clone() };
                let params = params.iter().map(|name| (name.clone(), text(&param(name)))).collect();
                let (runbook, subject, step) = (runbook.clone(), subject.clone(), step.clone());
                let confirmed = Some(step.to_string());
                one(target, Command::BreakGlass { runbook, step, subject, params, confirmed, reason: text(names::REASON) })
            }
            Self::KillStep { runbook, subject, step } => {
                let target = Target::Procedure { runbook: runbook.clone(), subject: subject.clone(), step: step.clone() };
                one(target, Command::KillProcedure { runbook: runbook.clone(), step: step.clone(), subject: subject.clone() })
            }
            Self::RestartDaemon => vec![(None, Command::Stop)],
        })
    }
}

/// The choice of today's definition, as the field shows it.
pub const TODAY: &str = "today's file";
/// The choice of the definition that ran.
pub const RAN: &str = "as it ran";

fn each<T>(ids: &[T], make: impl Fn(&T) -> (Target, Command)) -> Vec<(Option<Target>, Command)> {
    ids.iter()
        .map(|id| {
            let (target, command) = make(id);
            (Some(target), command)
        })
        .collect()
}

fn date_of(text: &str) -> Result<Option<Date>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| format!("`{text}` is not a date such as 2026-11-21"))
}
