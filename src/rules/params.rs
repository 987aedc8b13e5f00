//! Parameters of runbook steps: what each takes, and where what is filled in before a person types comes from.

use super::procedures::facts;
use crate::domain::runbook::{ParamKind, ProcedureStep};
use crate::domain::{Params, Refusal, RefusalKind, Subject};
use crate::world::World;
use jiff::civil::Date;
use regex::Regex;

/// A parameter as it is filled in before a person types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilledIn {
    /// Its name.
    pub name: String,
    /// What it takes.
    pub kind: ParamKind,
    /// The value; empty where nothing is known.
    pub value: String,
    /// Where it comes from: `flow nightly-orders`, `run nightly-orders/17`; absent where the runbook says it outright.
    pub from: Option<String>,
}

/// The value for a place such as `{date}`, and where it comes from.
fn of_place(world: &World, subject: &Subject, place: &str) -> Option<(String, String)> {
    if let Some(label) = place.strip_prefix("label:") {
        let value = labels(world, subject)?.get(label)?.clone();
        return Some((value, format!("label {label} of {subject}")));
    }
    let facts = facts(world, subject);
    let value = facts.get(place)?.clone();
    let of_run = || facts.get("run").map_or_else(|| subject.to_string(), |run| format!("run {run}"));
    let from = match place {
        "date" | "step" => of_run(),
        "run" => facts.get("flow").map_or_else(|| subject.to_string(), |flow| format!("the last run of {flow}")),
        _ => subject.to_string(),
    };
    Some((value, from))
}

fn labels(world: &World, subject: &Subject) -> Option<crate::domain::Labels> {
    match subject {
        Subject::Incident(id) => Some(world.incident(*id)?.labels()),
        Subject::Flow(id) => Some(world.flow(id)?.definition.labels.clone()),
        Subject::Probe(id) => Some(world.probe(id)?.definition.labels.clone()),
        Subject::Workspace => None,
    }
}

/// The parameters of a step as the subject fills them in, in their order, with where each value comes from.
pub fn filled_in_from(world: &World, subject: &Subject, step: &ProcedureStep) -> Vec<FilledIn> {
    let fill = |param: &crate::domain::runbook::ProcedureParam| {
        let (mut value, mut from): (String, Vec<String>) = (String::new(), Vec::new());
        let mut rest = param.default.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            value.push_str(before);
            let Some((place, next)) = after.split_once('}') else {
                rest = after;
                break;
            };
            if let Some((known, source)) = of_place(world, subject, place) {
                value.push_str(&known);
                if !from.contains(&source) {
                    from.push(source);
                }
            }
            rest = next;
        }
        value.push_str(rest);
        let from = (!from.is_empty()).then(|| from.join(", "));
        FilledIn { name: param.name.clone(), kind: param.kind.clone(), value, from }
    };
    step.params.iter().map(fill).collect()
}

/// Why a value is not what a parameter takes.
pub fn param_problem(kind: &ParamKind, value: &str) -> Option<String> {
    let wrong = || Some(format!("it is {kind}, not `{}`", shown(value)));
    match kind {
        ParamKind::Any => None,
        ParamKind::Text { max } => {
            let count = value.chars().count();
            match () {
                () if value.trim().is_empty() => Some("it is empty".into()),
                () if value.contains(['\n', '\r']) => Some("it takes one line".into()),
                () if count > *max as usize => Some(format!("it has {count} characters, at most {max} are taken")),
                () => None,
            }
        }
        ParamKind::Int { min, max } => match value.parse::<i64>() {
            // `+5` and `007` are numbers to a parser and something else to a program.
            Ok(number) if number.to_string() == value && (*min..=*max).contains(&number) => None,
            _ => wrong(),
        },
        ParamKind::Choice { options } => {
            if options.iter().any(|option| option == value) {
                None
            } else {
                wrong()
            }
        }
        ParamKind::Pattern { regex } => match Regex::new(&format!("^(?:{regex})$")) {
            Ok(pattern) if pattern.is_match(value) && !value.ends_with('\n') => None,
            Ok(_) => wrong(),
            Err(_) => Some(format!("its pattern `{regex}` cannot be read")),
        },
        ParamKind::Date => match value.parse::<Date>() {
            Ok(date) if date.to_string() == value => None,
            _ => wrong(),
        },
    }
}

fn shown(value: &str) -> String {
    let mut head: String = value.chars().take(40).collect();
    if head.len() < value.len() {
        head.push('…');
    }
    head
}

/// Refuses values that are not what the parameters take.
pub(super) fn check(step: &ProcedureStep, given: &Params) -> Result<(), Refusal> {
    for param in &step.params {
        let Some(value) = given.get(&param.name) else { continue };
        if let Some(problem) = param_problem(&param.kind, value) {
            let refusal = Refusal::new(RefusalKind::Invalid, format!("`{}` of the step `{}`: {problem}", param.name, step.name));
            return Err(refusal.hint(format!("--param {}=… takes {}", param.name, param.kind)));
        }
    }
    Ok(())
}
