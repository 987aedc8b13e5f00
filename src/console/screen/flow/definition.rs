//! A definition as it holds: where it came from, its rules, each step with what it runs.

use crate::console::view::{clock, fold};
use crate::console::widget::line::Line;
use crate::console::{Role, Session};
use crate::domain::flow::{Bounds, Retry};
use crate::domain::{FlowDefinition, StepDefinition};
use crate::world::Flow;
use std::time::Duration;

/// Columns of the words at the left.
const LABEL: usize = 10;
/// Characters of a digest that are shown.
const DIGEST: usize = 12;

/// The definition of a flow, line by line.
pub fn lines(session: &Session, flow: &Flow, width: u16) -> Vec<Line> {
    let definition = &*flow.definition;
    let mut lines = origin(session, flow);
    let mut row = |label: &'static str, words: String| {
        if !words.is_empty() {
            lines.push(Line::of(Role::Muted, format!("{label:<LABEL$}")).with(Role::Text, words));
        }
    };
    row("schedule", definition.schedules.iter().map(|line| format!("{line} ({})", definition.zone)).collect::<Vec<_>>().join(" | "));
    row(
        "bounds",
        [bounds(&definition.bounds), definition.timeout.map(|timeout| format!("ended after {}", words(timeout)))]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", "),
    );
    row("params", pairs(&definition.params));
    // Values of the environment may be secrets of the host; what matters here is that they are set.
    row("env", definition.env.keys().cloned().collect::<Vec<_>>().join(" "));
    row("labels", definition.labels.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" "));
    lines.push(Line::new());
    lines.extend(definition.steps.iter().flat_map(|step| of_step(step, usize::from(width.saturating_sub(6)))));
    lines
}

/// Which file, since when, and which runs ran with an earlier one.
fn origin(session: &Session, flow: &Flow) -> Vec<Line> {
    let short = |digest: &str| digest.chars().take(DIGEST).collect::<String>();
    let FlowDefinition { file, .. } = &*flow.definition;
    let from = if file.is_empty() { flow.source().to_string() } else { file.clone() };
    let mut first = Line::of(Role::Muted, format!("{:<LABEL$}", "defined"));
    first.push(Role::Text, format!("{} ago from {from}, read {}", session.age(flow.defined_at), session.time(flow.defined_at)));
    first.push(Role::Muted, format!("   {}", short(&flow.digest.to_string())));
    let mut lines = vec![first];
    for digest in flow.definitions.keys().filter(|digest| **digest != flow.digest) {
        let mut runs = flow.runs.iter().filter(|run| run.definition == *digest);
        let (Some(from), to) = (runs.next(), runs.next_back()) else { continue };
        let runs = to.map_or_else(|| format!("run {}", from.id.name), |to| format!("runs {} to {}", from.id.name, to.id.name));
        lines.push(
            Line::of(Role::Muted, format!("{:<LABEL$}", "before"))
                .with(Role::Text, format!("{runs} ran with another one"))
                .with(Role::Muted, format!("   {}", short(&digest.to_string()))),
        );
    }
    lines
}

fn of_step(step: &StepDefinition, width: usize) -> Vec<Line> {
    let needs: Vec<&str> = step.needs.iter().map(crate::domain::StepName::as_str).collect();
    let after = if needs.is_empty() { "at once".to_owned() } else { format!("needs {}", needs.join(", ")) };
    let mut head = Line::of(Role::Name, step.name.as_str().to_owned()).with(Role::Muted, format!("   {after}"));
    if !step.idempotent {
        head.push(Role::Danger, "   not idempotent: running it again after a success does harm");
    }
    let mut lines = vec![head];
    let command = step.run.as_ref().map_or_else(|| "run by its source".to_owned(), ToString::to_string);
    for line in command.lines() {
        // A command is read whole; where it goes on below itself it stands further to the right.
        for (place, row) in fold::words(line, width).into_iter().enumerate() {
            lines.push(Line::of(Role::Text, if place == 0 { "  " } else { "    " }).with(Role::Code, row));
        }
    }
    let mut rules = retry(&step.retry);
    rules.extend(step.timeout.map(|timeout| format!("ended after {}", words(timeout))));
    rules.extend(bounds(&step.bounds));
    if step.grace != Duration::from_secs(10) {
        rules.push(format!("{} from TERM to KILL", words(step.grace)));
    }
    if step.output_max != 1 << 30 {
        rules.push(format!("output up to {}", super::super::run::size(step.output_max)));
    }
    rules.extend(step.folder.as_ref().map(|folder| format!("in {folder}")));
    if !step.env.is_empty() {
        rules.push(format!("env {}", step.env.keys().cloned().collect::<Vec<_>>().join(" ")));
    }
    if !rules.is_empty() {
        lines.push(Line::of(Role::Muted, format!("  {}", rules.join(", "))));
    }
    lines
}

fn retry(retry: &Retry) -> Vec<String> {
    if retry.attempts <= 1 {
        return Vec::new();
    }
    let on = match retry.on_exit.as_slice() {
        [] => String::new(),
        codes => format!(" on exit {}", codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    };
    let growing = if retry.factor > 1.0 { format!(" times {} up to {}", retry.factor, words(retry.cap)) } else { String::new() };
    vec![format!("{} attempts{on}, {} apart{growing}", retry.attempts, words(retry.delay))]
}

fn bounds(bounds: &Bounds) -> Option<String> {
    match (bounds.min_run, bounds.max_run) {
        (None, None) => None,
        (Some(min), None) => Some(format!("suspicious below {}", words(min))),
        (None, Some(max)) => Some(format!("alarm above {}", words(max))),
        (Some(min), Some(max)) => Some(format!("suspicious below {}, alarm above {}", words(min), words(max))),
    }
}

fn pairs(params: &crate::domain::Params) -> String {
    params.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

fn words(duration: Duration) -> String {
    clock::words(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX))
}
