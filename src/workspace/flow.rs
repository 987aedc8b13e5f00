//! `flows/*.toml`: one job flow each.

use super::approval::{self, Answering};
use super::calendar::{self, Calendars};
use super::conditions;
use super::cycle::find_cycle;
use super::error::nearest;
use super::file::SourceFile;
use super::load::RunbookNames;
use super::messages::Told;
use super::name::{label_problem, name_problem, param_problem, variable_problem};
use super::table::{self, At, Keys, Table, text_of};
use super::{retry, settings};
use crate::domain::condition::Pools;
use crate::domain::flow::{Bounds, Missed, MissedPolicy, Overlap};
use crate::domain::{CommandLine, FlowDefinition, FlowId, Params, Severity, StepDefinition, StepName};
use crate::rules::{DayRule, Schedule, ScheduleError};
use std::collections::HashMap;
use std::path::{Component, Path};
use std::time::Duration;
use toml::de::DeValue;

const KEYS: Keys = Keys {
    known: &[
        "description",
        "schedule",
        "timezone",
        "zone",
        "missed",
        "overlap",
        "must_start_by",
        "must_finish_by",
        "severity",
        "runbook",
        "labels",
        "params",
        "env",
        "step",
        "messages",
        "priority",
        "max_running",
        "after",
        "file",
        "min_run",
        "max_run",
        "timeout",
        "calendar",
    ],
    later: &["window", "channels", "objective", "parent"],
};
const STEP: Keys = Keys {
    known: &[
        "name",
        "run",
        "needs",
        "timeout",
        "grace",
        "output_max",
        "retry",
        "idempotent",
        "env",
        "folder",
        "min_run",
        "max_run",
        "pool",
        "approve",
    ],
    later: &["user", "host", "source", "when"],
};
const ALLOW: Keys = Keys { known: &["allow"], later: &[] };
const MISSED: Keys = Keys { known: &["policy", "window", "max"], later: &[] };
const POLICIES: &[(&str, MissedPolicy)] =
    &[("skip", MissedPolicy::Skip), ("latest", MissedPolicy::Latest), ("all", MissedPolicy::All), ("ask", MissedPolicy::Ask)];
const OVERLAPS: &[(&str, Overlap)] = &[
    ("skip", Overlap::Skip),
    ("queue", Overlap::Queue),
    ("queue_all", Overlap::QueueAll),
    ("cancel", Overlap::Cancel),
    ("allow", Overlap::Allow),
];
pub(super) const SEVERITIES: &[(&str, Severity)] =
    &[("critical", Severity::Critical), ("high", Severity::High), ("warning", Severity::Warning), ("info", Severity::Info)];

/// No flow has more steps.
const MAX_STEPS: usize = 5_000;
const DAY: Duration = Duration::from_hours(24);

/// What the rest of the workspace defines and a flow may name.
pub(super) struct Known<'w> {
    /// The workspace's zone.
    pub zone: &'w str,
    /// Runbooks.
    pub runbooks: &'w RunbookNames,
    /// Calendars.
    pub calendars: &'w Calendars,
    /// Pools; absent where the file that defines them could not be read.
    pub pools: Option<&'w Pools>,
    /// Who is told.
    pub told: &'w Told,
    /// Who may answer where a step asks a person.
    pub answering: Answering,
}

/// Reads one flow; what is wrong is noted in the file.
pub(super) fn read(file: &SourceFile, id: &str, known: &Known<'_>) -> FlowDefinition {
    let parsed = table::parse(file);
    let top = Table::open(file, parsed.get_ref(), 0..0, &KEYS);
    let zone = flow_zone(&top).unwrap_or_else(|| known.zone.to_owned());
    let (overlap, side_by_side) = overlap(&top);
    let (calendar, days) = known.calendars.named(&top);
    let steps = steps(&top, known);
    let flow = FlowDefinition {
        id: FlowId::new(id),
        description: top.text("description").map(|text| text.value.to_owned()).unwrap_or_default(),
        file: file.name.clone(),
        schedules: schedules(&top, &zone, days.as_ref()),
        zone,
        missed: missed(&top),
        overlap,
        must_start_by: top.time("must_start_by"),
        must_finish_by: top.time("must_finish_by"),
        severity: top.word("severity", SEVERITIES).unwrap_or(Severity::High),
        runbook: known.runbooks.named(&top),
        labels: top.texts_by_name("labels", label_problem).into(),
        params: params(&top),
        env: top.texts_by_name("env", variable_problem),
        messages: known.told.by_flow(&top, &steps),
        steps,
        conditions: conditions::read(&top, side_by_side),
        bounds: bounds(&top),
        timeout: top.span("timeout", Duration::from_millis(1)..=DAY * 366),
        calendar,
    };
    calendar::tell_idle(&top, &flow);
    flow
}

/// `min_run` and `max_run`, of a flow or a step.
fn bounds(table: &Table<'_>) -> Bounds {
    let bounds = Bounds {
        min_run: table.span("min_run", Duration::from_millis(1)..=DAY * 366),
        max_run: table.span("max_run", Duration::from_millis(1)..=DAY * 366),
    };
    if bounds.min_run.zip(bounds.max_run).is_some_and(|(min, max)| min >= max) {
        table.file.wrong(table.place("min_run"), "`min_run` is not shorter than `max_run`: every run would be told");
    }
    bounds
}

/// `timezone`, or `zone` for short.
fn flow_zone(top: &Table<'_>) -> Option<String> {
    if top.value("timezone").is_some() && top.value("zone").is_some() {
        top.file.wrong(top.place("zone"), "`zone` and `timezone` are the same key; keep one");
    }
    settings::zone(top, "timezone").or_else(|| settings::zone(top, "zone"))
}

pub(super) fn schedules(top: &Table<'_>, zone: &str, days: Option<&DayRule>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in top.texts("schedule") {
        let words = line.value.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Err(problem) = Schedule::with_calendar(&words, zone, days.cloned()) {
            let hint = match problem {
                ScheduleError::TwoDays { .. } => "leave day and weekday as `*`, such as `30 2 * * *`, or take `day` away",
                ScheduleError::NeverBusiness { .. } => "look at the calendar's days, or move the occurrences with `shift`",
                _ => "minute hour day month weekday, such as `30 2 * * *`",
            };
            top.file.wrong_but(line.at, format!("`schedule`: {problem}"), hint);
        } else if lines.contains(&words) {
            top.file.wrong(line.at, "this schedule is given twice");
        } else {
            lines.push(words);
        }
    }
    lines
}

/// A word, or `{ allow = n }`: so many runs side by side.
fn overlap(top: &Table<'_>) -> (Overlap, Option<u32>) {
    match top.value("overlap").map(toml::Spanned::get_ref) {
        Some(DeValue::Table(entries)) => {
            let most = top.table("overlap", &ALLOW).and_then(|table| {
                if entries.is_empty() {
                    table.file.wrong_but(
                        table.at.clone(),
                        "`overlap` as a table needs the key `allow`",
                        "such as `overlap = { allow = 3 }`",
                    );
                }
                table.whole("allow", 1..=10_000)
            });
            (Overlap::Allow, most.map(|most| most as u32))
        }
        _ => (top.word("overlap", OVERLAPS).unwrap_or(Overlap::Skip), None),
    }
}

fn missed(top: &Table<'_>) -> Missed {
    let default = Missed::default();
    let Some(value) = top.value("missed") else { return default };
    match value.get_ref() {
        DeValue::String(_) => Missed { policy: top.word("missed", POLICIES).unwrap_or(default.policy), ..default },
        DeValue::Table(_) => top.table("missed", &MISSED).map_or(default.clone(), |table| Missed {
            policy: table.word("policy", POLICIES).unwrap_or(default.policy),
            window: table.span("window", Duration::from_mins(1)..=DAY * 366).unwrap_or(default.window),
            max: table.whole("max", 1..=1_000).map_or(default.max, |max| max as u32),
        }),
        _ => {
            top.wrong_kind("missed", value, "a word or a table");
            default
        }
    }
}

/// Parameters, of which no two may end up in the same environment variable.
fn params(top: &Table<'_>) -> Params {
    let params = top.texts_by_name("params", param_problem);
    let mut seen: HashMap<String, &str> = HashMap::new();
    for name in params.keys() {
        if let Some(other) = seen.insert(name.to_ascii_uppercase().replace('-', "_"), name) {
            top.file.wrong(top.place("params"), format!("the parameters `{other}` and `{name}` have the same environment variable"));
        }
    }
    params
}

fn steps(top: &Table<'_>, known: &Known<'_>) -> Vec<StepDefinition> {
    let tables = top.tables("step", &STEP);
    if tables.is_empty() && top.value("step").is_none() {
        top.file.wrong_but(0..0, "a flow needs at least one step", "add `[[step]]` with `name` and `run`");
    }
    if let Some(table) = tables.get(MAX_STEPS) {
        top.file.wrong(table.at.clone(), format!("a flow has at most {MAX_STEPS} steps"));
        return Vec::new();
    }
    let names: Vec<Option<At<&str>>> = tables.iter().map(step_name).collect();
    let mut index: HashMap<&str, usize> = HashMap::new();
    for (number, name) in names.iter().enumerate() {
        let Some(name) = name else { continue };
        if index.contains_key(name.value) {
            top.file.wrong(name.at.clone(), format!("there are two steps named `{}`", name.value));
        } else {
            index.insert(name.value, number);
        }
    }
    let needs: Vec<Vec<usize>> = tables.iter().zip(&names).map(|(table, name)| needs(table, name.as_ref(), &index)).collect();
    tell_cycle(top, &names, &needs);
    let name_of = |number: usize| names.get(number).and_then(Option::as_ref).map_or("", |name| name.value);
    tables
        .iter()
        .zip(&needs)
        .enumerate()
        .map(|(number, (table, needs))| StepDefinition {
            name: StepName::new(name_of(number)),
            run: run(table),
            needs: needs.iter().map(|need| StepName::new(name_of(*need))).collect(),
            timeout: table.span("timeout", Duration::from_millis(1)..=DAY * 366),
            grace: table.span("grace", Duration::ZERO..=DAY).unwrap_or(Duration::from_secs(10)),
            output_max: table.size("output_max").unwrap_or(1 << 30),
            retry: retry::read(table),
            idempotent: table.flag("idempotent").unwrap_or(true),
            env: table.texts_by_name("env", variable_problem),
            folder: folder(table),
            pools: conditions::pools(table, known.pools),
            bounds: bounds(table),
            approve: known.answering.read(table),
        })
        .collect()
}

fn step_name<'f>(table: &Table<'f>) -> Option<At<&'f str>> {
    let name = table.needed_text("name", "a step")?;
    if let Some(problem) = name_problem(name.value) {
        table.file.wrong(name.at.clone(), format!("`{}`: {problem}", name.value));
    }
    Some(name)
}

/// The steps that a step needs, by their place in the file.
fn needs(table: &Table<'_>, own: Option<&At<&str>>, index: &HashMap<&str, usize>) -> Vec<usize> {
    let mut found = Vec::new();
    for need in table.texts("needs") {
        if own.is_some_and(|own| own.value == need.value) {
            table.file.wrong(need.at, format!("the step `{}` needs itself", need.value));
        } else if let Some(number) = index.get(need.value) {
            if found.contains(number) {
                table.file.wrong(need.at, format!("`{}` is needed twice", need.value));
            } else {
                found.push(*number);
            }
        } else {
            let reason = format!("there is no step `{}`", need.value);
            match nearest(need.value, index.keys().copied()) {
                Some(word) => table.file.wrong_but(need.at, reason, format!("did you mean `{word}`?")),
                None => table.file.wrong(need.at, reason),
            }
        }
    }
    found
}

fn tell_cycle(top: &Table<'_>, names: &[Option<At<&str>>], needs: &[Vec<usize>]) {
    let Some(cycle) = find_cycle(needs) else { return };
    let named: Vec<&At<&str>> = cycle.iter().filter_map(|number| names.get(*number)?.as_ref()).collect();
    let Some(first) = named.first() else { return };
    let mut words: Vec<&str> = named.iter().take(8).map(|name| name.value).collect();
    if named.len() > words.len() {
        words.push("…");
    }
    words.push(first.value);
    top.file.wrong(first.at.clone(), format!("these steps wait for each other: {}", words.join(" needs ")));
}

fn run(table: &Table<'_>) -> Option<CommandLine> {
    if table.value("approve").is_some() {
        approval::tell_useless(table);
        return None;
    }
    let Some(value) = table.value("run") else {
        table.file.wrong_but(table.at.clone(), "a step needs the key `run`", "or `approve`, where it waits for a person's word");
        return None;
    };
    match value.get_ref() {
        DeValue::String(script) if script.trim().is_empty() => {
            table.file.wrong(value.span(), "`run` is empty");
            None
        }
        DeValue::String(_) => text_of(table.file, "run", value).map(|text| CommandLine::Shell(text.value.to_owned())),
        DeValue::Array(items) => {
            let argv: Vec<String> =
                items.iter().filter_map(|item| text_of(table.file, "run", item)).map(|text| text.value.to_owned()).collect();
            if argv.first().is_none_or(String::is_empty) {
                table.file.wrong_but(value.span(), "`run` names no program", "the first text of the list is the program");
                return None;
            }
            Some(CommandLine::Argv(argv))
        }
        _ => {
            table.wrong_kind("run", value, "a text for the shell, or a list of texts: a program and its arguments");
            None
        }
    }
}

/// A folder below the workspace, or a path from the root.
fn folder(table: &Table<'_>) -> Option<String> {
    let text = table.text("folder")?;
    if text.value.is_empty() || Path::new(text.value).components().any(|part| part == Component::ParentDir) {
        table.file.wrong(text.at, "`folder` is a folder below the workspace, or a path from the root, without `..`");
        return None;
    }
    Some(text.value.to_owned())
}
