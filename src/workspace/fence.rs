//! The fence of a runnable block: its words, and the step that they make. The grammar is told in [`super::runbook`].

use super::error::nearest;
use super::name::{name_problem, param_problem};
use super::quantity::parse_span;
use crate::domain::runbook::{ProcedureExpectation, ProcedureParam, ProcedureStep};
use crate::domain::{CommandLine, StepName};
use regex::Regex;
use std::time::Duration;

const WORDS: &[&str] = &["name", "id", "param", "expect", "expect-output", "timeout", "danger"];
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
            ("expect-output", Some(value)) => expect.output = Some(pattern(value)?),
            ("timeout", Some(value)) => timeout = span(&value)?,
            ("danger", None) => danger = true,
            ("danger", Some(_)) => return Err("`danger` takes no value".to_owned()),
            (known, None) if WORDS.contains(&known) => return Err(format!("`{known}` needs a value: {known}=\"…\"")),
            (unknown, _) => return Err(unknown_word(unknown)),
        }
    }
    let title = name.filter(|name| !name.trim().is_empty()).ok_or("a runnable block needs a name: name=\"…\"")?;
    let name = id.unwrap_or_else(|| slug(&title));
    if let Some(problem) = name_problem(&name) {
        return Err(format!("`{name}`: {problem}; give an id: id=\"…\""));
    }
    Ok(ProcedureStep { name: StepName::new(name), title, run, params, expect, danger, timeout, line: 0 })
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
    let (name, default) = text.split_once('=').unwrap_or((text, ""));
    if let Some(problem) = param_problem(name) {
        return Err(format!("`{name}`: {problem}"));
    }
    let variable = |name: &str| name.to_ascii_uppercase().replace('-', "_");
    if others.iter().any(|other| variable(&other.name) == variable(name)) {
        return Err(format!("the parameter `{name}` is given twice"));
    }
    let mut rest = default;
    while let Some((_, after)) = rest.split_once('{') {
        let (place, next) = after.split_once('}').ok_or_else(|| format!("`{default}`: this brace is not closed"))?;
        if !FILLED_IN.contains(&place) {
            return Err(format!("`{{{place}}}` is not known; there are {{{}}}", FILLED_IN.join("}, {")));
        }
        rest = next;
    }
    Ok(ProcedureParam { name: name.to_owned(), default: default.to_owned() })
}

fn exit_code(text: &str) -> Result<i32, String> {
    let code = text.strip_prefix("exit").and_then(|code| code.trim().parse::<u8>().ok());
    code.map(i32::from).ok_or_else(|| format!("`expect` is written as expect=\"exit 0\", not `{text}`"))
}

fn pattern(text: String) -> Result<String, String> {
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

/// `Count the rows!` → `count-the-rows`.
fn slug(title: &str) -> String {
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
