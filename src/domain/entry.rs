//! An entry: a fact with its number, time and author, and its form on the wire.

use super::{Author, Event};
use crate::json::RawValue;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An event with its number, time and author: one line of the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Counted from 1 without gaps.
    pub seq: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// Who did it.
    pub author: Author,
    /// What happened.
    pub event: Event,
}

/// The form of an entry on the wire and in `--json`.
#[derive(Serialize)]
struct Line<'a, E> {
    seq: u64,
    at: Timestamp,
    author: &'a Author,
    event: &'a E,
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { seq, at, author, event } = self;
        match event {
            Event::Unknown(raw) => Line { seq: *seq, at: *at, author, event: &raw.0 }.serialize(serializer),
            event => Line { seq: *seq, at: *at, author, event }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Read {
            seq: u64,
            at: Timestamp,
            author: Author,
            event: Box<RawValue>,
        }
        let read = Read::deserialize(deserializer)?;
        let event = Event::from_json(read.event.get()).map_err(serde::de::Error::custom)?;
        Ok(Self { seq: read.seq, at: read.at, author: read.author, event })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_fact_is_kept_untouched() {
        let line = r#"{"seq":7,"at":"2026-11-21T02:29:00Z","author":"engine","event":{"moon_rose":{"full":true}}}"#;
        let entry: Entry = serde_json::from_str(line).unwrap();
        assert!(matches!(entry.event, Event::Unknown(_)));
        assert_eq!(serde_json::to_string(&entry).unwrap(), line);
    }

    #[test]
    fn an_entry_is_read_as_it_is_written() {
        let entry = Entry {
            seq: 1,
            at: "2026-11-21T02:29:00.000001Z".parse().unwrap(),
            author: Author::Person { uid: 1000, user: "ana".into(), login_uid: None, sudo_claim: None },
            event: Event::FlowHeld { flow: "heartbeat".into(), reason: "upgrade".into(), until: None },
        };
        let json = serde_json::to_string(&entry).unwrap();
        assert_eq!(serde_json::from_str::<Entry>(&json).unwrap(), entry);
        assert!(json.contains(r#""event":{"flow_held":{"#), "{json}");
    }
}
