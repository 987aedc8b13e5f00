//! `runbooks/*.md`: CommonMark to read, with steps in it that can be run.
//!
//! A file may begin with front matter: TOML between two lines of `---`.
//!
//! ```text
//! ---
//! title = "The load step fails"
//! match = [{ flow = "nightly-*" }, { probe = "shop" }, { alert = "LoadFailed", labels = { service = "shop" } }]
//! ---
//! ```
//!
//! Any one rule of `match` is enough; within a rule, everything that is given must hold. A fenced block is a step when
//! the word after its language is `run`:
//!
//! ````text
//! ```sh run name="count the rows" param="date={date}" expect="exit 0" expect-output="[0-9]+ rows" timeout=2m
//! ```sh run name="export again" id="repair" danger
//! ````
//!
//! | word | means |
//! |---|---|
//! | `sh`, `bash` | the language: given to `sh -c` or `bash -c` |
//! | `name="…"` | what people read; needed |
//! | `id="…"` | what is typed and kept; default the name in small letters with `-` between the words |
//! | `param="NAME=DEFAULT"` | asked for before it runs, reaches the command as `DOGWATCH_PARAM_<NAME>`; may be repeated; the default may hold `{flow}`, `{run}`, `{step}`, `{date}`, `{probe}`, `{incident}`, `{label:NAME}` |
//! | `expect="exit N"` | the exit code that is a pass; default 0 |
//! | `expect-output="…"` | a regular expression that the output must match |
//! | `timeout=10m` | it is ended after this; default 10 min |
//! | `danger` | it changes something that is hard to undo, and is confirmed by typing |
//! | `approval=two` | another person approves exactly what it runs, before it does |
//! | `auto`, `on="probe down, FlowFailed"` | it runs by itself when an incident opens that the runbook is for; `on` names what must have opened it, by its words or by the alert's name. Never with `danger` |
//!
//! A parameter may say what it takes: `rows:int(1..1000)=10`, `env:choice(prod|test)=test`, `id:pattern([A-Z]{3})`,
//! `day:date={date}`, `why:text(80)`. `auto_max = 2` in the front matter is how many steps of the runbook run by themselves
//! within an hour.
//!
//! Within quotes `\"` is a quote, any other backslash is itself. A block that breaks these rules is shown and cannot be
//! run, and the reason is told with its line.

use super::error::FileError;
use super::fence;
use super::file::SourceFile;
use super::table::{self, Keys, Table};
use crate::domain::runbook::{Match, ProcedureStep};
use crate::domain::{Labels, Runbook, RunbookId};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use toml::de::DeValue;

const KEYS: Keys = Keys { known: &["title", "match", "auto_max"], later: &["owner", "tags", "reviewed", "two_people"] };
const MATCH: Keys = Keys { known: &["flow", "probe", "alert", "labels"], later: &["severity", "source"] };

/// No runbook has more runnable steps.
const MAX_STEPS: usize = 200;
/// Warnings about one runbook that are told.
const MAX_WARNINGS: usize = 100;

/// Reads a runbook's text, and what is wrong with it. Never fails: what is wrong is shown as text.
pub fn parse(id: &str, file: &str, text: &str) -> (Runbook, Vec<FileError>) {
    // Windows line ends would become part of commands.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let mut warnings = Vec::new();
    let (front, body_at) = if let Some((end, body)) = front_matter(&text) {
        (read_front(file, &text[..end], &mut warnings), body)
    } else {
        if text.starts_with("---\n") {
            warnings.push(FileError::at(file, &text, 0..3, "the front matter is not closed").with_hint("end it with a line of `---`"));
        }
        (Front::default(), 0)
    };
    let body = Body { file, text: &text, at: body_at };
    let (heading, steps) = body.read(&mut warnings);
    let runbook = Runbook {
        id: RunbookId::new(id),
        title: front.title.or(heading).unwrap_or_else(|| id.to_owned()),
        file: file.to_owned(),
        matches: front.matches,
        text: text[body_at..].to_owned(),
        steps,
        auto_max: front.auto_max,
    };
    (runbook, warnings)
}

/// The same for a file of the workspace.
pub(super) fn read(file: &SourceFile, stem: &str) -> (Runbook, Vec<FileError>) {
    parse(stem, &file.name, &file.text)
}

/// Where the front matter ends and where the text begins, when there is a front matter.
pub(super) fn front_matter(text: &str) -> Option<(usize, usize)> {
    let rest = text.strip_prefix("---\n")?;
    let mut at = text.len() - rest.len();
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            return Some((at, at + line.len()));
        }
        at += line.len();
    }
    None
}

#[derive(Default)]
struct Front {
    title: Option<String>,
    matches: Vec<Match>,
    auto_max: Option<u32>,
}

/// Reads the front matter. A wrong one matches nothing: half of its rules could match too much.
fn read_front(name: &str, text: &str, warnings: &mut Vec<FileError>) -> Front {
    // The fence becomes a comment, so that lines and columns stay those of the file.
    let file = SourceFile::of_text(name, &text.replacen("---", "###", 1));
    let parsed = table::parse(&file);
    if !file.is_right() {
        file.wrong_but(0..3, "the front matter cannot be read", "it is TOML: title = \"…\", match = [{ flow = \"…\" }]");
    }
    let top = Table::open(&file, parsed.get_ref(), 0..0, &KEYS);
    let title = top.text("title").map(|title| title.value.chars().take(200).collect::<String>());
    let rules = match top.value("match").map(toml::Spanned::get_ref) {
        Some(DeValue::Table(_)) => top.table("match", &MATCH).into_iter().collect(),
        _ => top.tables("match", &MATCH),
    };
    let matches = rules.iter().map(|rule| read_match(rule)).collect();
    let auto_max = top.whole("auto_max", 0..=1_000).map(|most| most as u32);
    let is_right = file.is_right();
    drop(parsed);
    warnings.extend(file.into_problems());
    Front { title, matches: if is_right { matches } else { Vec::new() }, auto_max }
}

fn read_match(rule: &Table<'_>) -> Match {
    let text = |key: &str| {
        let text = rule.text(key)?;
        if text.value.trim_end_matches('*').contains('*') {
            rule.file.wrong(text.at.clone(), format!("`{key}`: `*` stands at the end only"));
        }
        Some(text.value.to_owned())
    };
    let labels: Labels = rule.texts_by_name("labels", |_| None).into();
    let found = Match { flow: text("flow"), probe: text("probe"), alert: text("alert"), labels };
    if found == Match::default() {
        rule.file.wrong_but(rule.at.clone(), "this rule says nothing", "give flow, probe, alert or labels");
    }
    found
}

/// The text below the front matter.
struct Body<'t> {
    file: &'t str,
    text: &'t str,
    at: usize,
}

impl Body<'_> {
    /// The first heading's text and the runnable steps.
    fn read(&self, warnings: &mut Vec<FileError>) -> (Option<String>, Vec<ProcedureStep>) {
        let body = &self.text[self.at..];
        let mut heading: Option<String> = None;
        let mut is_in_heading = false;
        let mut steps: Vec<ProcedureStep> = Vec::new();
        let mut block: Option<(std::ops::Range<usize>, String)> = None;
        for (event, at) in Parser::new_ext(body, Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS).into_offset_iter() {
            match event {
                Event::Start(Tag::Heading { .. }) if heading.is_none() => {
                    is_in_heading = true;
                    heading = Some(String::new());
                }
                Event::End(TagEnd::Heading(_)) => is_in_heading = false,
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => block = Some((at, String::new())),
                Event::Text(text) => {
                    if let Some((_, script)) = &mut block {
                        script.push_str(&text);
                    } else if let (true, Some(heading)) = (is_in_heading, &mut heading) {
                        heading.push_str(&text);
                    }
                }
                Event::Code(text) if is_in_heading => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                Event::End(TagEnd::CodeBlock) => {
                    if let Some((at, script)) = block.take() {
                        self.block(&at, &script, &mut steps, warnings);
                    }
                }
                _ => {}
            }
        }
        let heading = heading.map(|heading| heading.trim().chars().take(200).collect::<String>()).filter(|heading| !heading.is_empty());
        (heading, steps)
    }

    /// Takes a fenced block as a step if it is one.
    fn block(&self, at: &std::ops::Range<usize>, script: &str, steps: &mut Vec<ProcedureStep>, warnings: &mut Vec<FileError>) {
        let body = &self.text[self.at..];
        let Some(slice) = body.get(at.clone()) else { return };
        let Some(info) = fence::info_of(slice) else { return };
        let made = fence::step(info, script).and_then(|step| match () {
            () if !fence::is_closed(slice) => Err("this block is never closed, so it cannot be run".to_owned()),
            () if steps.len() >= MAX_STEPS => Err(format!("a runbook has at most {MAX_STEPS} steps")),
            () if steps.iter().any(|other| other.name == step.name) => {
                Err(format!("there is a step `{}` already; this one cannot be run", step.name))
            }
            () => Ok(step),
        });
        match made {
            Ok(step) => steps.push(ProcedureStep { line: body[..at.start].bytes().filter(|byte| *byte == b'\n').count(), ..step }),
            Err(reason) if warnings.len() < MAX_WARNINGS => {
                let start = self.at + at.start;
                let end = self.text[start..].find('\n').map_or(self.text.len(), |newline| start + newline);
                warnings.push(FileError::at(self.file, self.text, start..end, reason));
            }
            Err(_) => {}
        }
    }
}
