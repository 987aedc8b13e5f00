//! Words → the notes, post-mortems, handovers, runbooks and past incidents that hold them, the best first.
//!
//! How well each answers is [`super::rank`]'s; a document with all words comes before one with some, and of equals the
//! younger one before the older.

use super::library::{Document, Library};
use super::rank::{Doc, rank_some};
use crate::domain::note::NoteKind;
use crate::domain::{IncidentId, RunbookId, Subject};
use crate::world::World;
use jiff::Timestamp;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Hits that are given; a person who needs more has to say more.
pub const HITS_MAX: usize = 50;

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
    let sources = sources(world, library);
    let docs: Vec<Doc<'_>> = sources.iter().map(|source| Doc { title: &source.title, names: "", text: &source.text }).collect();
    let mut hits: Vec<(Option<Timestamp>, Hit)> = Vec::new();
    for found in rank_some(question, &docs) {
        let Some(source) = sources.get(found.doc) else { continue };
        let (goes, title) = (source.goes.clone(), source.title.clone().into_owned());
        let excerpt = found.in_text.then_some((found.line + 1, found.excerpt));
        hits.push((source.at, Hit { goes, title, excerpt, score: found.score, words: found.words }));
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
}
