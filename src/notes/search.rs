//! Words → the notes, post-mortems, handovers, runbooks and past incidents that hold them, the best first.
//!
//! A hit is worth more the rarer its word is (as BM25 has it), in a title more than in a heading, there more than in the
//! text; a document with all words comes before one with some. The beginning of a word counts half of the whole.

use super::library::{Document, Library};
use crate::domain::note::NoteKind;
use crate::domain::{IncidentId, RunbookId, Subject};
use crate::world::World;
use jiff::Timestamp;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Hits that are given; a person who needs more has to say more.
pub const HITS_MAX: usize = 50;
/// Words of a question that count.
const WORDS_MAX: usize = 12;
/// What a word in a title is worth.
const TITLE: f64 = 4.0;
/// What a word in a heading is worth.
const HEADING: f64 = 2.0;
/// How much a further occurrence of a word adds (BM25's k1).
const SATURATION: f64 = 1.2;
/// How much long texts are held against themselves (BM25's b).
const LENGTH: f64 = 0.5;
/// The longest excerpt, in characters.
const EXCERPT: usize = 160;

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hit {
    /// Where it leads.
    pub goes: Goes,
    /// One line.
    pub title: String,
    /// The line that tells most, and its number; absent where the title alone was hit.
    pub excerpt: Option<(usize, String)>,
    /// How well it fits; figures of one search compare.
    pub score: f64,
    /// How many of the words it holds.
    pub words: usize,
}

/// Where a hit leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Goes {
    /// A note, by its file.
    Note {
        /// What it is.
        kind: NoteKind,
        /// What it is about.
        subject: Subject,
        /// The file, relative to the workspace.
        path: String,
    },
    /// A runbook.
    Runbook(RunbookId),
    /// A past incident without a write-up of its own.
    Incident(IncidentId),
}

impl Goes {
    /// The word for a row.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Note { kind: NoteKind::Note, .. } => "note",
            Self::Note { kind: NoteKind::PostMortem, .. } => "write-up",
            Self::Note { kind: NoteKind::Handover, .. } => "handover",
            Self::Runbook(_) => "runbook",
            Self::Incident(_) => "incident",
        }
    }
}

/// Something that can be found.
struct Source<'a> {
    goes: Goes,
    title: Cow<'a, str>,
    text: Cow<'a, str>,
    at: Option<Timestamp>,
}

/// Looks for words in everything that was written and in what is kept of past incidents.
pub fn search(world: &World, library: &Library, question: &str) -> Vec<Hit> {
    let mut wanted: Vec<String> = words(question).collect();
    wanted.dedup();
    wanted.truncate(WORDS_MAX);
    if wanted.is_empty() {
        return Vec::new();
    }
    let sources = sources(world, library);
    let counted: Vec<(Vec<f64>, f64)> = sources.iter().map(|source| count(source, &wanted)).collect();
    let mean = (counted.iter().map(|(_, length)| length).sum::<f64>() / counted.len().max(1) as f64).max(1.0);
    let rarity: Vec<f64> = (0..wanted.len())
        .map(|word| {
            let with = counted.iter().filter(|(found, _)| found.get(word).is_some_and(|count| *count > 0.0)).count() as f64;
            (1.0 + (counted.len() as f64 - with + 0.5) / (with + 0.5)).ln()
        })
        .collect();
    let mut hits: Vec<(Option<Timestamp>, Hit)> = Vec::new();
    for (source, (found, length)) in sources.iter().zip(&counted) {
        let held = found.iter().filter(|count| **count > 0.0).count();
        if held == 0 {
            continue;
        }
        let norm = SATURATION * (1.0 - LENGTH + LENGTH * length / mean);
        let score: f64 = found.iter().zip(&rarity).map(|(count, rarity)| rarity * count * (SATURATION + 1.0) / (count + norm)).sum();
        let share = held as f64 / wanted.len() as f64;
        let (goes, title) = (source.goes.clone(), source.title.clone().into_owned());
        hits.push((source.at, Hit { goes, title, excerpt: excerpt(&source.text, &wanted), score: score * share * share, words: held }));
    }
    hits.sort_by(|(one_at, one), (other_at, other)| {
        other.score.total_cmp(&one.score).then_with(|| other_at.cmp(one_at)).then_with(|| one.title.cmp(&other.title))
    });
    hits.into_iter().take(HITS_MAX).map(|(_, hit)| hit).collect()
}

fn sources<'a>(world: &'a World, library: &'a Library) -> Vec<Source<'a>> {
    let notes = library.documents.iter().map(|document| Source {
        goes: Goes::Note { kind: document.kind, subject: document.subject.clone(), path: document.path.clone() },
        title: Cow::Borrowed(&document.title),
        text: Cow::Borrowed(document.body()),
        at: document.created,
    });
    let runbooks = world.runbooks.values().map(|runbook| Source {
        goes: Goes::Runbook(runbook.id.clone()),
        title: Cow::Borrowed(&runbook.title),
        text: Cow::Borrowed(&runbook.text),
        at: None,
    });
    let written: BTreeSet<IncidentId> =
        library.documents.iter().filter(|one| one.kind == NoteKind::PostMortem).filter_map(Document::incident).collect();
    let records = world.records.values().filter(move |record| !written.contains(&record.id)).map(|record| Source {
        goes: Goes::Incident(record.id),
        title: Cow::Borrowed(&record.title),
        text: Cow::Owned(record_text(record)),
        at: Some(record.opened_at),
    });
    notes.chain(runbooks).chain(records).collect()
}

fn record_text(record: &crate::world::Record) -> String {
    let labels: Vec<String> = record.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let deeds: Vec<String> = record.deeds.iter().map(ToString::to_string).collect();
    format!("{}\n{}\n{}\n", record.reason, deeds.join("; "), labels.join(" "))
}

/// How much of each word a source holds, and how long it is, in words.
fn count(source: &Source<'_>, wanted: &[String]) -> (Vec<f64>, f64) {
    let mut found = vec![0.0; wanted.len()];
    let mut length = 0.0;
    let mut add = |line: &str, worth: f64| {
        for word in words(line) {
            length += 1.0;
            for (place, wanted) in wanted.iter().enumerate() {
                let share = match () {
                    () if word == *wanted => 1.0,
                    () if wanted.len() > 2 && word.starts_with(wanted.as_str()) => 0.5,
                    () => continue,
                };
                if let Some(found) = found.get_mut(place) {
                    *found += share * worth;
                }
            }
        }
    };
    add(&source.title, TITLE);
    for line in source.text.lines() {
        add(line, if line.starts_with('#') { HEADING } else { 1.0 });
    }
    (found, length)
}

/// The line that holds most of the words, the first of its kind; markers of generated text are no lines to show.
fn excerpt(text: &str, wanted: &[String]) -> Option<(usize, String)> {
    let mut best: Option<(usize, usize, &str)> = None;
    for (place, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with("<!--")) {
        let held = wanted.iter().filter(|wanted| words(line).any(|word| word.starts_with(wanted.as_str()))).count();
        if held > best.map_or(0, |(most, ..)| most) {
            best = Some((held, place + 1, line));
        }
    }
    best.map(|(_, number, line)| (number, line.trim().chars().take(EXCERPT).collect()))
}

/// The words of a text in small letters: runs of letters and digits.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::note::State;

    fn note(path: &str, title: &str, text: &str) -> Document {
        Document {
            path: path.into(),
            kind: NoteKind::Note,
            subject: Subject::Workspace,
            title: title.into(),
            created: None,
            state: State::Draft,
            text: text.into(),
            body_at: 0,
        }
    }

    fn found(question: &str) -> Vec<String> {
        let documents = vec![
            note("notes/a.md", "Disk of db1 full", "The disk was full.\nVacuum helped.\n"),
            note("notes/b.md", "A night", &format!("{}\nthe disk of db1 was full again\n", "words about the weather\n".repeat(40))),
            note("notes/c.md", "Vacuuming", "# Vacuum\nhow to vacuum a table\n"),
            note("notes/d.md", "Other", "nothing of it\n"),
        ];
        let library = Library { documents, left_out: Vec::new() };
        search(&World::new(), &library, question).into_iter().map(|hit| hit.title).collect()
    }

    #[test]
    fn a_title_beats_a_text_and_all_words_beat_some() {
        assert_eq!(found("disk full"), ["Disk of db1 full", "A night"]);
        assert_eq!(found("vacuum"), ["Vacuuming", "Disk of db1 full"]);
        assert_eq!(found("weather db1 night"), ["A night", "Disk of db1 full"]);
        assert_eq!(found("vacu"), ["Vacuuming", "Disk of db1 full"], "the beginning of a word is enough");
        assert!(found("").is_empty() && found("zebra").is_empty());
    }

    #[test]
    fn the_line_that_tells_most_is_shown() {
        let line = excerpt("one\nthe disk\nthe disk is full\n<!-- dogwatch:begin disk full -->\n", &["disk".into(), "full".into()]);
        assert_eq!(line, Some((3, "the disk is full".into())));
    }
}
