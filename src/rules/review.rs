//! An ended incident → what to change (RULES: review): a runbook that is missing, a probe that is missing, what is done by
//! hand again and again, alerts that are only noise. Each with its evidence, and with a file to accept where one helps.

use super::{hours, noise, runbook_match, similar};
use crate::domain::people::HourClass;
use crate::domain::review::Finding;
use crate::domain::{Event, IncidentId, Severity, Subject};
use crate::world::{Deed, Incident, Noticed, Record, ReviewDecision, World};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::Write as _; // writing into a text cannot fail

/// Done by hand in so many incidents, it is a candidate for a machine.
const BY_HAND: usize = 2;
/// How far back habits are looked at.
const HABITS: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Deeds that a drafted runbook names.
const STEPS_MAX: usize = 30;

/// What a review proposes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// What was found.
    pub finding: Finding,
    /// What it is concluded from.
    pub evidence: String,
    /// What to do about it.
    pub proposal: String,
    /// A file that would do it, once a person accepts.
    pub draft: Option<Draft>,
    /// What was decided about it.
    pub decided: Option<ReviewDecision>,
}

/// A file to accept; nothing is written before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Draft {
    /// Where, relative to the workspace.
    pub path: String,
    /// Its text; [`ADDRESS`] in it stands for what a person must give.
    pub text: String,
    /// Whether a person must give an address.
    pub asks_address: bool,
}

/// Stands in a draft for the address that only a person knows.
pub const ADDRESS: &str = "{address}";

impl Draft {
    /// The text with the address that a person gave. Only what may stand in a TOML text and names one place is taken.
    pub fn with_address(&self, address: &str) -> Result<String, String> {
        if !self.asks_address {
            return Ok(self.text.clone());
        }
        let address = address.trim();
        let plain = !address.is_empty() && address.chars().all(|letter| letter.is_ascii_graphic() && !matches!(letter, '"' | '\\'));
        let line = match () {
            () if !plain => return Err("give the address to look at: https://… or host:port".into()),
            () if address.starts_with("http://") || address.starts_with("https://") => format!("http = \"{address}\""),
            () if address.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok()) => {
                format!("tcp = \"{address}\"")
            }
            () => return Err(format!("`{address}` is neither https://… nor host:port")),
        };
        Ok(self.text.replace(ADDRESS, &line))
    }
}

/// What the review of an incident finds, in the order of its use. Looks at all kept records: never for a frame.
pub fn review(world: &World, incident: &Incident) -> Vec<Proposal> {
    let mut found = Vec::new();
    let record = Record::of(incident);
    found.extend(no_runbook(world, incident));
    found.extend(no_probe(incident, &record));
    found.extend(by_hand(world, incident, &record));
    found.extend(noise_of(world, incident));
    // What was decided stays in sight, also where the file that was made of it ends the finding.
    for decision in &incident.decided {
        match found.iter_mut().find(|proposal| proposal.finding == decision.finding) {
            Some(proposal) => proposal.decided = Some(decision.clone()),
            None => found.push(Proposal {
                finding: decision.finding.clone(),
                evidence: String::new(),
                proposal: String::new(),
                draft: None,
                decided: Some(decision.clone()),
            }),
        }
    }
    found
}

fn proposal(finding: Finding, evidence: String, proposal: String, draft: Option<Draft>) -> Proposal {
    Proposal { finding, evidence, proposal, draft, decided: None }
}

/// No runbook was there for it.
fn no_runbook(world: &World, incident: &Incident) -> Option<Proposal> {
    let subject = Subject::Incident(incident.id);
    let walked = world.procedures.values().any(|procedure| procedure.subject == subject);
    if walked || !runbook_match::matching(world, &subject).is_empty() {
        return None;
    }
    let draft = runbook_draft(world, incident);
    let evidence = "none is named by its flows and probes, none matches its labels".to_owned();
    let words = format!("write down what was done: {} is drafted from it", draft.path);
    Some(proposal(Finding::NoRunbook, evidence, words, Some(draft)))
}

/// A runbook of what people did, for a person to complete.
fn runbook_draft(world: &World, incident: &Incident) -> Draft {
    let name = file_name(&incident.title);
    let mut rules: Vec<String> = incident.flows.iter().take(3).map(|flow| format!("{{ flow = {} }}", quoted(flow.as_str()))).collect();
    rules.extend(incident.probes.iter().take(3).map(|probe| format!("{{ probe = {} }}", quoted(probe.as_str()))));
    if rules.is_empty() {
        let labels = incident.labels();
        let alert = labels.get("alertname").map(|alert| format!("{{ alert = {} }}", quoted(alert)));
        rules.extend(alert.or_else(|| {
            let pairs: Vec<_> = incident.group.iter().map(|(name, value)| format!("{} = {}", quoted(name), quoted(value))).collect();
            (!pairs.is_empty()).then(|| format!("{{ labels = {{ {} }} }}", pairs.join(", ")))
        }));
    }
    let title = plain(&incident.title);
    let mut text = format!("---\ntitle = {}\nmatch = [{}]\n---\n\n# {title}\n\n", quoted(&title), rules.join(", "));
    let _ = write!(text, "Drafted from incident {}. Say when it applies, and what users notice.\n\n## What was done\n\n", incident.id);
    let mut steps = 0;
    for entry in incident.timeline.iter().filter(|entry| entry.author.is_person()) {
        let words = match &entry.event {
            Event::Noted { text, .. } => plain(text),
            other => match Deed::of(other) {
                Some(deed) => plain(&deed.to_string()),
                None => continue,
            },
        };
        if steps == STEPS_MAX {
            break;
        }
        steps += 1;
        let _ = writeln!(text, "{steps}. {words}");
    }
    if steps == 0 {
        text.push_str("1. Nothing is on record: ask who worked on it.\n");
    }
    let end = incident.resolved.as_ref().map(|end| plain(&end.reason)).unwrap_or_default();
    let _ = write!(text, "\n## How to see that it is over\n\n{end}\n");
    let taken: BTreeSet<&str> = world.runbooks.keys().map(crate::domain::RunbookId::as_str).collect();
    let name = if taken.contains(name.as_str()) { format!("{name}-{}", incident.id) } else { name };
    Draft { path: format!("runbooks/{name}.md"), text, asks_address: false }
}

/// A person noticed it first.
fn no_probe(incident: &Incident, record: &Record) -> Option<Proposal> {
    if record.noticed != Noticed::Person || !incident.probes.is_empty() {
        return None;
    }
    let name = file_name(&record.service);
    let text = format!(
        "# Drafted after incident {id}, which a person noticed first.\n\n[{name}]\n{ADDRESS}\nevery = \"1m\"\nseverity = \"{severity}\"\nlabels = {{ service = {service} }}\n",
        id = incident.id,
        severity = record.severity.max(Severity::Warning),
        service = quoted(&record.service),
    );
    let draft = Draft { path: format!("probes/{name}.toml"), text, asks_address: true };
    let evidence = format!("its first alert was sent in by hand, {} after nothing else had noticed it", words(record));
    Some(proposal(Finding::NoProbe, evidence, format!("look at {} with a probe: {} is drafted", record.service, draft.path), Some(draft)))
}

fn words(record: &Record) -> String {
    match record.acknowledged_at {
        Some(at) => format!("and acknowledged {} s later,", at.duration_since(record.detected_at).as_secs().max(0)),
        None => "and never acknowledged,".to_owned(),
    }
}

/// What was done by hand here and in incidents like it.
fn by_hand(world: &World, incident: &Incident, record: &Record) -> Vec<Proposal> {
    let alike = similar::similar(world, incident, usize::MAX);
    let alike: BTreeSet<IncidentId> = alike.iter().map(|row| row.id).collect();
    let mut found = Vec::new();
    for deed in &record.deeds {
        let others = world.records.values().rev().filter(|other| alike.contains(&other.id) && other.deeds.contains(deed));
        let mut with: Vec<String> = others.map(|other| other.id.to_string()).take(5).collect();
        with.insert(0, incident.id.to_string());
        if with.len() < BY_HAND {
            continue;
        }
        let evidence = format!("done by hand in incidents {}", with.join(", "));
        match deed {
            Deed::Procedure { runbook, step } => {
                let words = "let the runbook do it, where it is safe: mark the step for remediation, with a limit per hour".to_owned();
                found.push(proposal(Finding::HandStep { runbook: runbook.clone(), step: step.clone() }, evidence, words, None));
            }
            Deed::Rerun { flow } => {
                let words = format!("give its steps a retry: retry = {{ attempts = 3, delay = \"1m\" }} in {}", file_of(world, flow));
                found.push(proposal(Finding::HandRerun { flow: flow.clone() }, evidence, words, None));
            }
            Deed::Run { .. } | Deed::Kill { .. } | Deed::Hold { .. } | Deed::Force { .. } => {}
        }
    }
    found
}

fn file_of(world: &World, flow: &crate::domain::FlowId) -> String {
    world.flow(flow).map_or_else(|| format!("flow {flow}"), |flow| flow.definition.file.clone())
}

/// Alerts of this incident that are noise, by their habits of the last 90 days.
fn noise_of(world: &World, incident: &Incident) -> Vec<Proposal> {
    let since = incident.opened_at.checked_sub(HABITS).unwrap_or(Timestamp::MIN);
    let records: Vec<&Record> =
        world.records.values().map(|record| &**record).filter(|record| record.opened_at >= since && !record.drill).collect();
    let own = noise::noisy(&records, &|at| hours::hour_class(world, at)).into_iter().filter(|row| incident.alerts.contains_key(&row.alert));
    own.map(|row| {
        let asleep = hours::hour_class(world, incident.opened_at) == HourClass::Sleep;
        let evidence = format!(
            "in 90 days it fired {} times: acknowledged {}, acted on {}, over by itself {}, in hours of sleep {}{}",
            row.fired,
            row.acknowledged,
            row.acted_on,
            row.by_itself,
            row.sleep,
            if asleep { ", this one too" } else { "" }
        );
        proposal(Finding::Noisy { summary: row.summary, probe: row.probe }, evidence, row.proposal, None)
    })
    .collect()
}

/// A text as a file's name and a table's key: letters, digits and dashes, at most 48.
fn file_name(text: &str) -> String {
    let mut name = String::new();
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            name.push(letter.to_ascii_lowercase());
        } else if !name.ends_with('-') && !name.is_empty() {
            name.push('-');
        }
        if name.len() >= 48 {
            break;
        }
    }
    let name = name.trim_end_matches('-');
    if name.is_empty() { "unnamed".to_owned() } else { name.to_owned() }
}

/// A text in one line, in which nothing is mark-up or a fence.
fn plain(text: &str) -> String {
    let one: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let one = one.split_whitespace().collect::<Vec<_>>().join(" ");
    one.replace('`', "'").replace('<', "(").replace('>', ")").chars().take(300).collect()
}

/// A TOML text.
fn quoted(text: &str) -> String {
    let inner: String = text.chars().filter(|letter| !letter.is_control()).collect();
    format!("\"{}\"", inner.replace('\\', "\\\\").replace('"', "\\\""))
}
