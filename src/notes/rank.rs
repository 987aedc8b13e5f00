//! Texts → the ones that answer a question best: the one ranking over runbooks, notes and whatever else is text.
//!
//! A word of the question is met as a whole word, as the beginning of one, within one, or nearly: one letter of a word of
//! five may be wrong. It counts the more the rarer it is among the texts (BM25), and in a title or a heading more than in
//! a line. [`rank`] asks that every word is met, [`rank_some`] that some are. Nothing is kept between two questions.

use std::collections::HashMap;

/// Bytes of one text that are looked at; what follows is not found.
const TEXT_MAX: usize = 1 << 20;
/// Words of a question that count.
const WORDS_MAX: usize = 16;
/// How soon a word that is repeated counts no more (k1 of BM25), and how much a long text is held against it (b).
const SATURATION: f64 = 1.2;
const LENGTH: f64 = 0.6;
/// Characters of an excerpt.
const EXCERPT: usize = 160;

/// A text among which is looked.
#[derive(Debug, Clone, Copy)]
pub struct Doc<'a> {
    /// Its title.
    pub title: &'a str,
    /// Words that are searched like the title: tags, names, labels.
    pub names: &'a str,
    /// Its text, plain or Markdown.
    pub text: &'a str,
}

/// A text that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Its place among the texts.
    pub doc: usize,
    /// How well it answers; only to be compared with the others of one answer.
    pub score: f64,
    /// How many words of the question it meets.
    pub words: usize,
    /// The line that answers best, from 0.
    pub line: usize,
    /// Whether that line answers at all; else only the title does.
    pub in_text: bool,
    /// That line, or else the title, cut to what a row holds.
    pub excerpt: String,
}

/// How well a word of a text meets a word of the question: 1 for the word itself, 0 for none.
fn likeness(wanted: &str, word: &str) -> f64 {
    if word == wanted {
        return 1.0;
    }
    let letters = wanted.chars().count();
    match () {
        () if word.starts_with(wanted) => 0.8,
        () if letters >= 3 && word.contains(wanted) => 0.5,
        () if letters >= 5 && word.chars().count().abs_diff(letters) <= 1 && strsim::osa_distance(wanted, word) == 1 => 0.4,
        () => 0.0,
    }
}

/// The words of a text in small letters: letters and digits in a row.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// What a text says about each word of the question.
struct Read {
    /// By word of the question: how much of it is there, weighted by where.
    found: Vec<f64>,
    length: f64,
    /// The best line with what it is worth.
    best: (usize, f64),
}

fn read(doc: &Doc<'_>, wanted: &[String]) -> Read {
    let mut read = Read { found: vec![0.0; wanted.len()], length: 0.0, best: (0, 0.0) };
    // Texts repeat their words: each different one is compared once.
    let mut known: HashMap<String, Vec<f64>> = HashMap::new();
    let mut line_of = |line: &str, weight: f64, read: &mut Read| {
        let mut worth = vec![0.0_f64; wanted.len()];
        for word in words(line) {
            read.length += 1.0;
            let met = known.entry(word).or_insert_with_key(|word| wanted.iter().map(|wanted| likeness(wanted, word)).collect());
            for ((worth, found), met) in worth.iter_mut().zip(&mut read.found).zip(met.iter()) {
                *worth = worth.max(*met);
                *found += met * weight;
            }
        }
        worth.iter().sum::<f64>()
    };
    line_of(doc.title, 8.0, &mut read);
    line_of(doc.names, 4.0, &mut read);
    let text = crate::text::head(doc.text, TEXT_MAX);
    for (place, line) in text.lines().enumerate() {
        let is_heading = line.starts_with('#');
        let worth = line_of(line, if is_heading { 3.0 } else { 1.0 }, &mut read);
        // A marker of generated text is no line to show.
        if worth > read.best.1 && !line.starts_with("<!--") {
            read.best = (place, worth);
        }
    }
    read
}

/// The texts that meet every word of the question, the best first; equals stay in their order. An empty question finds
/// nothing.
pub fn rank(query: &str, docs: &[Doc<'_>]) -> Vec<Hit> {
    let wanted = wanted(query);
    let mut hits = hits(&wanted, docs);
    hits.retain(|hit| hit.words == wanted.len());
    best_first(hits)
}

/// The texts that meet some word of the question, the best first, those that meet more of them before; equals stay in
/// their order.
pub fn rank_some(query: &str, docs: &[Doc<'_>]) -> Vec<Hit> {
    let wanted = wanted(query);
    let mut hits = hits(&wanted, docs);
    for hit in &mut hits {
        let share = hit.words as f64 / wanted.len() as f64;
        hit.score *= share * share;
    }
    best_first(hits)
}

fn best_first(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by(|a, b| b.score.total_cmp(&a.score));
    hits
}

/// The different words of a question.
fn wanted(query: &str) -> Vec<String> {
    let mut wanted: Vec<String> = Vec::new();
    for word in words(query) {
        if !wanted.contains(&word) && wanted.len() < WORDS_MAX {
            wanted.push(word);
        }
    }
    wanted
}

/// The texts that meet any of the words, in their order.
fn hits(wanted: &[String], docs: &[Doc<'_>]) -> Vec<Hit> {
    let reads: Vec<Read> = docs.iter().map(|doc| read(doc, wanted)).collect();
    let count = docs.len() as f64;
    let mean = (reads.iter().map(|read| read.length).sum::<f64>() / count.max(1.0)).max(1.0);
    let rarity: Vec<f64> = (0..wanted.len())
        .map(|word| {
            let with = reads.iter().filter(|read| read.found.get(word).is_some_and(|found| *found > 0.0)).count() as f64;
            ((count - with + 0.5) / (with + 0.5)).ln_1p()
        })
        .collect();
    let mut hits: Vec<Hit> = Vec::new();
    for ((place, read), doc) in reads.iter().enumerate().zip(docs) {
        let words = read.found.iter().filter(|found| **found > 0.0).count();
        if words == 0 {
            continue;
        }
        let long = SATURATION * (1.0 - LENGTH + LENGTH * read.length / mean);
        let score = read.found.iter().zip(&rarity).map(|(found, rarity)| rarity * found * (SATURATION + 1.0) / (found + long)).sum();
        let line = doc.text.lines().nth(read.best.0).unwrap_or_default();
        let in_text = read.best.1 > 0.0;
        let excerpt = excerpt_of(if in_text { line } else { doc.title });
        hits.push(Hit { doc: place, score, words, line: read.best.0, in_text, excerpt });
    }
    hits
}

/// A line without its mark-up at the beginning, cut.
fn excerpt_of(line: &str) -> String {
    let line = line.trim_start_matches(['#', '-', '*', '>', ' ', '\t']).trim_end();
    match line.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DOCS: [Doc<'static>; 4] = [
        Doc {
            title: "The load step fails",
            names: "orders-load nightly-orders",
            text: "# Load\n\nThe staging table is full.\nEmpty it, then rerun.",
        },
        Doc { title: "The shop does not answer", names: "site-down", text: "Ask the load balancer.\n\nThen look at the database." },
        Doc {
            title: "The database is unreachable",
            names: "db",
            text: "Look at the connection pool.\n\n## Disk\nA full disk stops the database.",
        },
        Doc { title: "Certificates", names: "", text: "They expire." },
    ];

    fn found(query: &str) -> Vec<usize> {
        rank(query, &DOCS).into_iter().map(|hit| hit.doc).collect()
    }

    #[test]
    fn titles_come_before_lines_and_every_word_must_be_met() {
        assert_eq!(found("load"), [0, 1]);
        assert_eq!(found("database"), [2, 1]);
        assert_eq!(found("database disk"), [2]);
        assert!(found("database elephants").is_empty());
        assert!(found("").is_empty());
        assert!(found("  … ").is_empty());
    }

    #[test]
    fn beginnings_and_one_wrong_letter_are_met() {
        assert_eq!(found("cert"), [3]);
        assert_eq!(found("databse disk"), [2]);
        assert_eq!(found("NIGHTLY"), [0]);
        assert_eq!(found("unreach"), [2]);
    }

    #[test]
    fn the_excerpt_is_the_line_that_answers() {
        let hits = rank("full disk", &DOCS);
        assert_eq!((hits[0].doc, hits[0].line, hits[0].excerpt.as_str()), (2, 3, "A full disk stops the database."));
        let hits = rank("orders-load", &DOCS);
        assert_eq!((hits[0].doc, hits[0].excerpt.as_str()), (0, "Load"));
    }

    #[test]
    fn some_words_are_enough_where_that_is_asked_and_more_come_before() {
        let found = |query: &str| rank_some(query, &DOCS).into_iter().map(|hit| (hit.doc, hit.words)).collect::<Vec<_>>();
        assert_eq!(found("database elephants"), [(2, 1), (1, 1)]);
        assert_eq!(found("rerun staging cert"), [(0, 2), (3, 1)]);
        assert!(found("elephants").is_empty() && found("").is_empty());
    }

    #[test]
    fn a_marker_of_generated_text_is_no_line_to_show() {
        let text = "one\nthe disk\nthe disk is full\n<!-- dogwatch:begin disk full -->\n";
        let hits = rank("disk full", &[Doc { title: "", names: "", text }]);
        assert_eq!((hits[0].line, hits[0].excerpt.as_str()), (2, "the disk is full"));
        let hits = rank("full", &[Doc { title: "Full", names: "", text: "nothing" }]);
        assert_eq!((hits[0].in_text, hits[0].excerpt.as_str()), (false, "Full"));
    }

    proptest! {
        #[test]
        fn any_texts_are_ranked_from_the_best_on(query in any::<String>(), texts in proptest::collection::vec(any::<String>(), 0..6)) {
            let docs: Vec<Doc<'_>> = texts.iter().map(|text| Doc { title: text, names: "", text }).collect();
            let hits = rank(&query, &docs);
            prop_assert!(hits.windows(2).all(|pair| pair[0].score >= pair[1].score));
            prop_assert!(hits.iter().all(|hit| hit.doc < docs.len() && hit.score.is_finite() && hit.excerpt.chars().count() <= EXCERPT + 1));
        }
    }
}
