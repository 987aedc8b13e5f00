//! The fence of a runnable block: its words, and the step that they make. The grammar is told in [`super::runbook`].

use super::error::nearest;
use super::name::{name_problem, param_problem};
use super::quantity::parse_span;
use crate::domain::runbook::{Automatic, ParamKind, ProcedureExpectation, ProcedureParam, ProcedureStep};
use crate::domain::{CommandLine, StepName};
use crate::rules;
use regex::Regex;
use std::time::Duration;

const WORDS: &[&str] = &["name", "id", "param", "expect", "expect-output", "timeout", "danger", "approval", "auto", "on"];
/// What may have opened an incident, as `on` names it beside the names of alerts.
const CAUSES: &[&str] = &[
    "run failed",
    "not started",
    "not finished",
    "probe down",
    "outside alert",
    "channel failing",
    "too long",
    "too fast",
    "budget burning",
    "checklist overdue",
];
/// Characters of a text where the parameter does not say.
const TEXT_MAX: u32 = 200;
const FILLED_IN: &[&str] = &["flow", "run", "step", "date", "probe", "incident"];

/// The words after the fence of a block that is marked to be run; `None` for a block that is only shown.
pub(super) fn info_of(block: &str) -> Option<&str> {
    let first = block.lines().next()?;
    let info = first.trim_start().trim_start_matches(['`', '~']).trim();
    (info.split_whitespace().nth(1)? == "run").then_some(info)
}

/// Whether a block ends with a fence of its own; one that ends with the file is not to be trusted.
pub(super) fn is_closed(block: &str) -> bool {
    let fence = |line: &str| {
        let line = line.trim_start_matches([' ', '\t', '>']).trim_end();
        let mark = line.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
        Some((mark, line.chars().take_while(|character| *character == mark).count(), line.chars().all(|character| character == mark)))
    };
    let mut lines = block.lines();
    let (Some(first), Some(last)) = (lines.next(), lines.next_back()) else { return false };
    match (fence(first), fence(last)) {
        (Some((opening, wanted, _)), Some((mark, length, true))) => mark == opening && length >= wanted,
        _ => false,
    }
}

/// The step that a fence's words and its text make; `line` is left at 0.
///
/// # Errors
/// In words: why it cannot be run.
pub(super) fn step(info: &str, script: &str) -> Result<ProcedureStep, String> {
    let mut words = split(info)?.into_iter();
    let run = command(&words.next().map(|word| word.name).unwrap_or_default(), script)?;
    let (mut name, mut id, mut timeout, mut danger) = (None, None, Duration::from_mins(10), false);
    let (mut two_people, mut auto, mut on) = (false, false, Vec::new());
    let mut params: Vec<ProcedureParam> = Vec::new();
    let mut expect = ProcedureExpectation::default();
    let mut seen: Vec<String> = Vec::new();
    for word in words.skip(1) {
        if word.name != "param" {
            if seen.contains(&word.name) {
                return Err(format!("`{}` is given twice", word.name));
            }
            seen.push(word.name.clone());
        }
        match (word.name.as_str(), word.value) {
            ("name", Some(value)) => name = Some(value),
            ("id", Some(value)) => id = Some(value),
            ("param", Some(value)) => params.push(param(&value, &params)?),
            ("expect", Some(value)) => expect.exit = exit_code(&value)?,
            ("expect-output", Some(value)) => expect.output = Some(expected_output(value)?),
            ("timeout", Some(value)) => timeout = span(&value)?,
            ("danger", None) => danger = true,
            ("auto", None) => auto = true,
            ("approval", Some(value)) if value == "two" => two_people = true,
            ("approval", Some(value)) => return Err(format!("`approval` is written as approval=two, not `{value}`")),
            ("on", Some(value)) => on = causes(&value)?,
            ("danger" | "auto", Some(_)) => return Err(format!("`{}` takes no value", word.name)),
            (known, None) if WORDS.contains(&known) => return Err(format!("`{known}` needs a value: {known}=\"…\"")),
            (unknown, _) => return Err(unknown_word(unknown)),
        }
    }
    if danger && auto {
        return Err("a dangerous step never runs by itself: take `auto` away".to_owned());
    }
    if two_people && auto {
        return Err("a step that two people answer for never runs by itself: take `auto` away".to_owned());
    }
    if !auto && !on.is_empty() {
        return Err("`on` says when a step with `auto` runs; this one has none".to_owned());
    }
    let auto = auto.then_some(Automatic { on });
    let title = name.filter(|name| !name.trim().is_empty()).ok_or("a runnable block needs a name: name=\"…\"")?;
    let name = id.unwrap_or_else(|| step_name(&title));
    if let Some(problem) = name_problem(&name) {
        return Err(format!("`{name}`: {problem}; give an id: id=\"…\""));
    }
    Ok(ProcedureStep { name: StepName::new(name), title, run, params, expect, danger, timeout, line: 0, two_people, auto })
}

fn command(language: &str, script: &str) -> Result<CommandLine, String> {
    let script = script.trim_end_matches('\n');
    if script.trim().is_empty() {
        return Err("this block is empty, there is nothing to run".to_owned());
    }
    if script.contains('\0') {
        return Err("this block holds a NUL character".to_owned());
    }
    match language {
        "sh" => Ok(CommandLine::Shell(script.to_owned())),
        "bash" => Ok(CommandLine::Argv(vec!["bash".into(), "-c".into(), script.to_owned()])),
        other => Err(format!("`{other}` cannot be run, only `sh` and `bash` can")),
    }
}

fn param(text: &str, others: &[ProcedureParam]) -> Result<ProcedureParam, String> {
    let end = text.find([':', '=']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if let Some(problem) = param_problem(name) {
        return Err(format!("`{name}`: {problem}"));
    }
    let (kind, default) = match rest.strip_prefix(':') {
        Some(rest) => kind(rest)?,
        None => (ParamKind::Any, rest.strip_prefix('=').unwrap_or("")),
    };
    let variable = |name: &str| name.to_ascii_uppercase().replace('-', "_");
    if others.iter().any(|other| variable(&other.name) == variable(name)) {
        return Err(format!("the parameter `{name}` is given twice"));
    }
    let mut rest = default;
    let mut is_literal = true;
    while let Some((_, after)) = rest.split_once('{') {
        is_literal = false;
        let (place, next) = after.split_once('}').ok_or_else(|| format!("`{default}`: this brace is not closed"))?;
        let is_label = place.strip_prefix("label:").is_some_and(|label| !label.is_empty());
        if !FILLED_IN.contains(&place) && !is_label {
            return Err(format!("`{{{place}}}` is not known; there are {{{}}} and {{label:NAME}}", FILLED_IN.join("}, {")));
        }
        rest = next;
    }
    if is_literal
        && !default.is_empty()
        && let Some(problem) = rules::param_problem(&kind, default)
    {
        return Err(format!("the default of `{name}`: {problem}"));
    }
    Ok(ProcedureParam { name: name.to_owned(), default: default.to_owned(), kind })
}

/// `int(1..100)=5`: what a parameter takes, and the default behind it.
fn kind(text: &str) -> Result<(ParamKind, &str), String> {
    let end = text.find(['(', '=']).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let (within, default) = match rest.strip_prefix('(') {
        // A pattern may hold parentheses: the last one that ends the kind counts.
        Some(rest) => match (rest.rfind(")="), rest.strip_suffix(')')) {
            (_, Some(within)) => (Some(within), ""),
            (Some(at), None) => (Some(&rest[..at]), &rest[at + 2..]),
            (None, None) => return Err(format!("`{word}(`: this parenthesis is not closed")),
        },
        None => (None, rest.strip_prefix('=').unwrap_or("")),
    };
    let needed = || within.filter(|within| !within.trim().is_empty()).ok_or_else(|| format!("`{word}` needs what it takes: {word}(…)"));
    let kind = match word {
        "int" => whole(within)?,
        "date" if within.is_none() => ParamKind::Date,
        "choice" => {
            let options: Vec<String> = needed()?.split('|').map(|option| option.trim().to_owned()).collect();
            if options.iter().any(String::is_empty) {
                return Err("an option of `choice` is empty".to_owned());
            }
            ParamKind::Choice { options }
        }
        "pattern" => ParamKind::Pattern { regex: pattern(needed()?.to_owned())? },
        "text" => match within.map(str::parse::<u32>) {
            None => ParamKind::Text { max: TEXT_MAX },
            Some(Ok(max)) if max > 0 => ParamKind::Text { max },
            Some(_) => return Err("`text` takes the most characters: text(80)".to_owned()),
        },
        other => return Err(format!("`{other}` is no kind of parameter; there are int, date, choice(a|b), pattern(…), text(80)")),
    };
    Ok((kind, default))
}

fn whole(within: Option<&str>) -> Result<ParamKind, String> {
    let Some(within) = within else { return Ok(ParamKind::Int { min: i64::MIN, max: i64::MAX }) };
    let wrong = || format!("`int({within})`: bounds are written as int(1..100)");
    let (min, max) = within.split_once("..").ok_or_else(wrong)?;
    let bound = |text: &str, open: i64| if text.trim().is_empty() { Ok(open) } else { text.trim().parse::<i64>().map_err(|_| wrong()) };
    let (min, max) = (bound(min, i64::MIN)?, bound(max, i64::MAX)?);
    if min > max { Err(wrong()) } else { Ok(ParamKind::Int { min, max }) }
}

/// `probe down, FlowFailed`: a word with a capital letter is an alert's name, as in `match`.
fn causes(text: &str) -> Result<Vec<String>, String> {
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    let known = |word: &str| {
        let is_name = word.contains(|c: char| c.is_ascii_uppercase()) && !word.contains(char::is_whitespace);
        if is_name || CAUSES.contains(&word) {
            return Ok(word.to_owned());
        }
        Err(match nearest(word, CAUSES.iter().copied()) {
            Some(right) => format!("`on`: unknown `{word}`; did you mean `{right}`?"),
            None => format!("`on`: unknown `{word}`; known here: {}", CAUSES.join(", ")),
        })
    };
    words.map(known).collect()
}

fn exit_code(text: &str) -> Result<i32, String> {
    let code = text.strip_prefix("exit").and_then(|code| code.trim().parse::<u8>().ok());
    code.map(i32::from).ok_or_else(|| format!("`expect` is written as expect=\"exit 0\", not `{text}`"))
}

fn pattern(text: String) -> Result<String, String> {
    match Regex::new(&text) {
        Ok(_) => Ok(text),
        Err(_) => Err(format!("this is no regular expression: `{text}`")),
    }
}

fn expected_output(text: String) -> Result<String, String> {
    match Regex::new(&text) {
        Ok(_) => Ok(text),
        Err(_) => Err(format!("`expect-output` is no regular expression: `{text}`")),
    }
}

fn span(text: &str) -> Result<Duration, String> {
    match parse_span(text) {
        Ok(span) if span >= Duration::from_millis(1) && span <= Duration::from_hours(24) => Ok(span),
        Ok(_) => Err("`timeout` is between 1ms and 1d".to_owned()),
        Err(reason) => Err(format!("`timeout`: {reason}")),
    }
}

fn unknown_word(word: &str) -> String {
    match nearest(word, WORDS.iter().copied()) {
        Some(right) => format!("unknown word `{word}`; did you mean `{right}`?"),
        None => format!("unknown word `{word}`; known here: {}", WORDS.join(", ")),
    }
}

/// The name of a step with this title and no id: `Count the rows!` → `count-the-rows`.
pub fn step_name(title: &str) -> String {
    let words: Vec<String> = title
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let mut slug = words.join("-");
    slug.truncate(64);
    slug.trim_end_matches('-').to_owned()
}

/// A word of a fence: `danger`, `timeout=10m` or `name="count the rows"`.
struct Word {
    name: String,
    value: Option<String>,
}

fn split(info: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut rest = info.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|character: char| character.is_whitespace() || character == '=').unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let (value, next) = match after.strip_prefix('=') {
            None => (None, after),
            Some(quoted) if quoted.starts_with('"') => {
                let (value, next) = unquote(&quoted[1..]).ok_or_else(|| format!("the quote after `{name}=` is not closed"))?;
                (Some(value), next)
            }
            Some(plain) => {
                let end = plain.find(char::is_whitespace).unwrap_or(plain.len());
                (Some(plain[..end].to_owned()), &plain[end..])
            }
        };
        if name.is_empty() {
            return Err("a word is missing before `=`".to_owned());
        }
        words.push(Word { name: name.to_owned(), value });
        rest = next.trim_start();
    }
    Ok(words)
}

/// The text up to the closing quote, and what follows.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' if characters.peek().is_some_and(|(_, next)| *next == '"') => {
                value.push('"');
                characters.next();
            }
            other => value.push(other),
        }
    }
    None
}
