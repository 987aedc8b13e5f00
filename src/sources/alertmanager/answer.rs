//! Alertmanager's answers as they come, API v2. What is missing, null, new or unknown is no reason to lose the rest: each
//! alert and each silence is read by itself, and one that cannot be read is counted.

use crate::json::{self, RawValue};
use serde::de::{DeserializeOwned, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use thiserror::Error;

/// Elements of one answer that are read.
pub const ROWS_MAX: usize = 20_000;
/// Characters of what cannot be read that are told.
const TOLD_MAX: usize = 160;

/// An answer that is none.
#[derive(Debug, Error)]
pub enum Garbled {
    /// It is no list in JSON.
    #[error("the answer is no list: {0}")]
    NoList(json::Error),
    /// It is no object of the wanted form.
    #[error("the answer cannot be read: {0}")]
    NoObject(json::Error),
}

/// The rows of a list that could be read.
#[derive(Debug)]
#[expect(clippy::struct_field_names, reason = "it is the rows that were read, of those that came")]
pub struct Rows<T> {
    /// Those.
    pub rows: Vec<T>,
    /// How many could not.
    pub left_out: u32,
    /// Why, of the first of them.
    pub words: Option<String>,
}

impl<T> Rows<T> {
    /// Notes a row that cannot be taken.
    pub fn leave_out(&mut self, words: impl fmt::Display) {
        self.left_out = self.left_out.saturating_add(1);
        self.words.get_or_insert_with(|| words.to_string().chars().take(TOLD_MAX).collect());
    }
}

/// An alert of `GET /alerts`.
#[derive(Debug, Deserialize)]
pub struct Alert {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Words about it.
    #[serde(default)]
    pub annotations: Option<BTreeMap<String, Option<String>>>,
    /// Where its rule is.
    #[serde(default, rename = "generatorURL")]
    pub generator_url: Option<String>,
    /// Whether something hides it.
    #[serde(default)]
    pub status: Option<Status>,
}

/// Whether something hides an alert.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// `active`, `suppressed` or `unprocessed`.
    #[serde(default)]
    pub state: Option<String>,
    /// Silences.
    #[serde(default)]
    pub silenced_by: Option<Vec<String>>,
    /// Other alerts.
    #[serde(default)]
    pub inhibited_by: Option<Vec<String>>,
    /// Times of day; since 0.28.
    #[serde(default)]
    pub muted_by: Option<Vec<String>>,
}

/// A silence of `GET /silences`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Silence {
    /// Its id.
    pub id: String,
    /// Which labels it is for.
    #[serde(default)]
    pub matchers: Option<Vec<Matcher>>,
    /// From when on, as it is written there: it is sent back unchanged.
    #[serde(default)]
    pub starts_at: Option<String>,
    /// Until when.
    #[serde(default)]
    pub ends_at: Option<String>,
    /// Who made it.
    #[serde(default)]
    pub created_by: Option<String>,
    /// Why.
    #[serde(default)]
    pub comment: Option<String>,
    /// How far it is.
    #[serde(default)]
    pub status: Option<SilenceStatus>,
}

impl Silence {
    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.status.as_ref().and_then(|status| status.state.as_deref()) == Some("expired")
    }
}

/// How far a silence is.
#[derive(Debug, Clone, Deserialize)]
pub struct SilenceStatus {
    /// `active`, `pending` or `expired`.
    #[serde(default)]
    pub state: Option<String>,
}

/// A matcher, read and written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Matcher {
    /// The label.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Whether the value is an expression.
    #[serde(default)]
    pub is_regex: bool,
    /// Whether it must match; older servers leave it out and mean that it must.
    #[serde(default = "yes")]
    pub is_equal: bool,
}

fn yes() -> bool {
    true
}

/// The answer to `POST /silences`.
#[derive(Debug, Deserialize)]
pub struct Made {
    /// The silence's id.
    #[serde(rename = "silenceID")]
    pub silence_id: String,
}

/// Reads a list row by row; `null` is an empty one.
pub fn list<T: DeserializeOwned>(body: &[u8]) -> Result<Rows<T>, Garbled> {
    json::read_bytes(body).map_err(Garbled::NoList)
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Rows<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Each(Rows { rows: Vec::new(), left_out: 0, words: None }))
    }
}

struct Each<T>(Rows<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for Each<T> {
    type Value = Rows<T>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<Rows<T>, E> {
        Ok(self.0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Rows<T>, A::Error> {
        let mut read = self.0;
        while let Some(row) = rows.next_element::<&RawValue>()? {
            if read.rows.len() >= ROWS_MAX {
                read.leave_out(format_args!("more than {ROWS_MAX} in one answer"));
                continue;
            }
            match json::read(row.get()) {
                Ok(row) => read.rows.push(row),
                Err(error) => read.leave_out(error),
            }
        }
        Ok(read)
    }
}

/// Reads one object.
pub fn object<T: DeserializeOwned>(body: &[u8]) -> Result<T, Garbled> {
    json::read_bytes(body).map_err(Garbled::NoObject)
}

/// The words of an error: a JSON text, or an object with a message, or what stands there.
pub fn words(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Told {
        message: String,
    }
    let told = json::read_bytes::<String>(body).or_else(|_| json::read_bytes::<Told>(body).map(|told| told.message));
    let text = told.unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned());
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(TOLD_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_counted_and_the_rest_is_taken() {
        let body = br#"[{"labels":{"alertname":"A"}},{"labels":null},7,{"labels":{"alertname":"B"},"status":null,"new":{"x":[1]}}]"#;
        let read = list::<Alert>(body).unwrap();
        assert_eq!((read.rows.len(), read.left_out), (2, 2));
        assert!(read.words.is_some());
        assert!(list::<Alert>(b"null").unwrap().rows.is_empty());
        assert!(list::<Alert>(b"{}").is_err() && list::<Alert>(b"<html>").is_err() && list::<Alert>(b"[] x").is_err());
    }

    #[test]
    fn depth_and_length_end_in_words_not_in_a_crash() {
        let deep = format!("[{}{}]", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(list::<Alert>(deep.as_bytes()).unwrap().left_out, 1);
        let long = format!("[{}1]", "1,".repeat(1_000_000));
        assert_eq!(list::<u8>(long.as_bytes()).unwrap().left_out, 1_000_001 - ROWS_MAX as u32);
    }

    #[test]
    fn errors_come_in_three_forms() {
        assert_eq!(words(br#""silence not found""#), "silence not found");
        assert_eq!(words(br#"{"code":602,"message":"comment is required"}"#), "comment is required");
        assert_eq!(words(b"<html>\n<b>502</b>"), "<html> <b>502</b>");
    }
}
