//! `checklists/*.md`: what is gone through before the working day, before a release, at the end of the day.
//!
//! ```text
//! ---
//! title = "Before the working day"
//! schedule = "30 7 * * *"
//! calendar = "business-days"
//! slot = "45m"
//! severity = "warning"
//! ---
//!
//! - [ ] The handover note was read
//! - [ ] `probe:home is up`
//! - [ ] `flow:nightly-orders done by 06:00`
//! ```
//!
//! A line with `- [ ]` is an item. It is ticked by hand, or by the machine where it says `probe:NAME is up` or
//! `flow:NAME done [by HH:MM]`. A runnable block, as in a runbook, is an item too, ticked when it ends as expected.
//! Without a schedule people open the checklist themselves. `slot` is the time from its opening to its alert.

use super::calendar::Calendars;
use super::error::FileError;
use super::file::SourceFile;
use super::flow::{SEVERITIES, schedules};
use super::name::label_problem;
use super::runbook;
use super::settings;
use super::table::{self, Keys, Table};
use crate::domain::checklist::{Check, ChecklistItem};
use crate::domain::{Checklist, ChecklistId, FlowDefinition, FlowId, ProbeDefinition, ProbeId, Runbook, Severity, StepName};
use std::time::Duration;

const KEYS: Keys = Keys {
    known: &["title", "schedule", "timezone", "calendar", "slot", "severity", "labels"],
    later: &["owner", "tags", "match", "sign"],
};
/// From its opening a checklist should be done within this, where its file does not say.
const SLOT: Duration = Duration::from_mins(30);
/// No checklist has more items.
const MAX_ITEMS: usize = 200;

/// What the rest of the workspace defines and a checklist may name.
pub(super) struct Known<'w> {
    /// The workspace's zone.
    pub zone: &'w str,
    /// Calendars.
    pub calendars: &'w Calendars,
    /// Flows.
    pub flows: &'w [FlowDefinition],
    /// Probes.
    pub probes: &'w [ProbeDefinition],
}

/// What a file of a checklist says.
pub(super) struct Read {
    /// The checklist.
    pub checklist: Checklist,
    /// What is wrong with its front matter: when it is due would be guessed.
    pub errors: Vec<FileError>,
    /// What is wrong with its items; they are shown and ticked by hand.
    pub warnings: Vec<FileError>,
}

/// Reads one checklist.
pub(super) fn read(file: &SourceFile, stem: &str, known: &Known<'_>) -> Read {
    let text = file.text.replace("\r\n", "\n");
    let (front_end, body_at) = runbook::front_matter(&text).unwrap_or((0, 0));
    let front = SourceFile::of_text(&file.name, &text[..front_end].replacen("---", "###", 1));
    let parsed = table::parse(&front);
    let top = Table::open(&front, parsed.get_ref(), 0..0, &KEYS);
    let zone = settings::zone(&top, "timezone").unwrap_or_else(|| known.zone.to_owned());
    let (calendar, days) = known.calendars.named(&top);
    let schedules = schedules(&top, &zone, days.as_ref());
    if calendar.is_some() && schedules.is_empty() && top.value("schedule").is_none() {
        front.wrong(top.place("calendar"), "a calendar without a schedule does nothing");
    }
    let slot = top.span("slot", Duration::from_mins(1)..=Duration::from_hours(72)).unwrap_or(SLOT);
    let severity = top.word("severity", SEVERITIES).unwrap_or(Severity::Warning);
    let labels = top.texts_by_name("labels", label_problem).into();
    let title = top.text("title").map(|title| title.value.chars().take(200).collect::<String>());
    drop(parsed);
    let mut warnings = Vec::new();
    if body_at == 0 && text.starts_with("---\n") {
        front.wrong_but(0..0, "the front matter is not closed", "end it with a line of `---`");
    }
    let book = book(file, stem, &text, body_at, title, &mut warnings);
    let items = items(file, &text, body_at, &book, known, &mut warnings);
    let checklist = Checklist { id: ChecklistId::new(stem), schedules, zone, calendar, slot, severity, labels, items, book };
    Read { checklist, errors: front.into_problems(), warnings }
}

/// The text with its runnable blocks, read as a runbook is. The front matter is blanked out, so that places stay.
fn book(file: &SourceFile, stem: &str, text: &str, body_at: usize, title: Option<String>, warnings: &mut Vec<FileError>) -> Runbook {
    let blank: String = text[..body_at].chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }).collect();
    let above = blank.matches('\n').count();
    let (mut book, problems) = runbook::parse(stem, &file.name, &format!("{blank}{}", &text[body_at..]));
    warnings.extend(problems);
    for step in &mut book.steps {
        step.line = step.line.saturating_sub(above);
        step.auto = None; // nothing of a checklist runs without one that is open
    }
    text[body_at..].clone_into(&mut book.text);
    if let Some(title) = title {
        book.title = title;
    }
    book
}

fn items(
    file: &SourceFile,
    text: &str,
    body_at: usize,
    book: &Runbook,
    known: &Known<'_>,
    warnings: &mut Vec<FileError>,
) -> Vec<ChecklistItem> {
    let commands = book.steps.iter();
    let mut items: Vec<ChecklistItem> = commands
        .map(|step| ChecklistItem { name: step.name.clone(), text: step.title.clone(), check: Check::Command, line: step.line })
        .collect();
    let mut at = body_at;
    let mut is_code = false;
    for (line, words) in text[body_at..].split_inclusive('\n').enumerate() {
        let place = at..at + words.trim_end().len();
        at += words.len();
        let words = words.trim();
        if words.starts_with("```") || words.starts_with("~~~") {
            is_code = !is_code;
        }
        let Some(words) = item_text(words).filter(|_| !is_code) else { continue };
        let check = match check(words) {
            Ok(check) => check,
            Err(reason) => {
                warnings.push(FileError::at(&*file.name, text, place.clone(), reason));
                Check::Hand
            }
        };
        if let Some(reason) = unknown(&check, known) {
            warnings.push(FileError::at(&*file.name, text, place.clone(), reason));
        }
        if items.len() >= MAX_ITEMS {
            warnings.push(FileError::at(&*file.name, text, place, format!("a checklist has at most {MAX_ITEMS} items")));
            break;
        }
        let name = name(words, &items);
        items.push(ChecklistItem { name, text: words.replace('`', ""), check, line });
    }
    items.sort_by_key(|item| item.line);
    items
}

/// The words of a line that is an item.
fn item_text(line: &str) -> Option<&str> {
    let rest = line.strip_prefix(['-', '*', '+'])?.trim_start();
    let words = ["[ ]", "[x]", "[X]"].iter().find_map(|mark| rest.strip_prefix(mark))?.trim();
    (!words.is_empty()).then_some(words)
}

/// Who ticks an item, by its words.
fn check(words: &str) -> Result<Check, String> {
    let words = words.trim_start_matches('`');
    let said = words.split('`').next().unwrap_or(words).trim();
    if let Some(rest) = said.strip_prefix("probe:") {
        return match rest.split_once(" is up") {
            Some((probe, "")) if !probe.contains(' ') => Ok(Check::ProbeUp { probe: ProbeId::new(probe) }),
            _ => Err(format!("`{said}` is ticked by hand: the machine understands `probe:NAME is up`")),
        };
    }
    let Some(rest) = said.strip_prefix("flow:") else { return Ok(Check::Hand) };
    let wrong = || format!("`{said}` is ticked by hand: the machine understands `flow:NAME done` and `flow:NAME done by 06:00`");
    let (flow, rest) = rest.split_once(" done").filter(|(flow, _)| !flow.contains(' ')).ok_or_else(wrong)?;
    let by = match rest.trim() {
        "" => None,
        rest => Some(rest.strip_prefix("by ").and_then(|time| time.trim().parse().ok()).ok_or_else(wrong)?),
    };
    Ok(Check::FlowDone { flow: FlowId::new(flow), by })
}

/// What an item names that there is not.
fn unknown(check: &Check, known: &Known<'_>) -> Option<String> {
    match check {
        Check::ProbeUp { probe } if known.probes.iter().all(|other| other.id != *probe) => Some(format!("there is no probe `{probe}`")),
        Check::FlowDone { flow, .. } if known.flows.iter().all(|other| other.id != *flow) => Some(format!("there is no flow `{flow}`")),
        _ => None,
    }
}

/// A name for an item: its first words, and a number where another has them too.
fn name(words: &str, others: &[ChecklistItem]) -> StepName {
    let stem = item_name(words);
    let is_free = |name: &str| others.iter().all(|other| other.name.as_str() != name);
    let free = std::iter::once(stem.clone()).chain((2..=MAX_ITEMS + 1).map(|number| format!("{stem}-{number}"))).find(|name| is_free(name));
    StepName::new(free.unwrap_or(stem))
}

/// The name of an item with these words while no other has it: `The coffee is on` → `the-coffee-is-on`.
pub fn item_name(words: &str) -> String {
    let parts: Vec<String> = words
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(6)
        .map(str::to_ascii_lowercase)
        .collect();
    let mut stem = parts.join("-");
    stem.truncate(48);
    if stem.is_empty() { "item".to_owned() } else { stem.trim_end_matches('-').to_owned() }
}
