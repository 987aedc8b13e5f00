//! Names of things: short, typed by people, stable for ever.

use crate::json;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use thiserror::Error;

/// A text that is not a name of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is not {wanted}")]
pub struct InvalidId {
    /// What was given.
    pub text: String,
    /// What a right one looks like, with its article.
    pub wanted: &'static str,
}

/// Declares a name that is a shared text: cheap to clone, ordered, a map key.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes any text; names that people write are checked where they are read.
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(Arc::from(text.as_ref()))
            }

            /// The text as it is typed.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }
    };
}

name! {
    /// Who owns an object: `local` for dogwatch's own engine, else the name of a neighbour.
    SourceId
}
name! {
    /// A job flow: the stem of its file, or `neighbour:name`.
    FlowId
}
name! {
    /// A step within a flow, or a runnable step within a runbook.
    StepName
}
name! {
    /// A probe: its table's name, or `neighbour:name`.
    ProbeId
}
name! {
    /// A runbook: the stem of its file.
    RunbookId
}
name! {
    /// A channel on which people are told: its table's name.
    ChannelId
}
name! {
    /// A message: 24 hex digits, derived from the fact that it tells and from its channel.
    MessageId
}
name! {
    /// The digest of a definition: the first 16 hex digits of BLAKE3 over its canonical JSON.
    Digest
}

name! {
    /// A calendar: the stem of its file.
    CalendarId
}
name! {
    /// A person: the name of their table.
    PersonId
}
name! {
    /// A rota: people who take turns.
    RotaId
}

name! {
    /// A checklist: the stem of its file.
    ChecklistId
}

impl MessageId {
    /// The id of the message that tells a fact on a channel.
    pub fn of(fact: &impl Serialize) -> Self {
        // Serialising plain data with text keys cannot fail; an empty text would only make two ids equal.
        let json = json::bytes(fact).unwrap_or_default();
        Self::new(&blake3::hash(&json).to_hex()[..24])
    }
}

impl SourceId {
    /// dogwatch's own engine.
    pub fn local() -> Self {
        Self::new("local")
    }

    /// Whether this is dogwatch's own engine.
    pub fn is_local(&self) -> bool {
        self.as_str() == "local"
    }
}

/// The source that a name carries before its colon, or the local one.
fn source_of(name: &str) -> SourceId {
    name.split_once(':').map_or_else(SourceId::local, |(source, _)| SourceId::new(source))
}

impl FlowId {
    /// Who owns this flow.
    pub fn source(&self) -> SourceId {
        source_of(self.as_str())
    }
}

impl ProbeId {
    /// Who owns this probe.
    pub fn source(&self) -> SourceId {
        source_of(self.as_str())
    }
}

/// One run of a flow, shown and typed as `flow/name`; local runs are numbered from 1.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId {
    /// The flow that runs.
    pub flow: FlowId,
    /// The run's number, or a neighbour's own run id.
    pub name: Arc<str>,
}

impl RunId {
    /// The run of a local flow with this number.
    pub fn numbered(flow: FlowId, number: u32) -> Self {
        Self { flow, name: Arc::from(number.to_string()) }
    }

    /// The number of a local run.
    pub fn number(&self) -> Option<u32> {
        self.name.parse().ok()
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.flow, self.name)
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for RunId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text.split_once('/') {
            Some((flow, name)) if !flow.is_empty() && !name.is_empty() => Ok(Self { flow: FlowId::new(flow), name: Arc::from(name) }),
            _ => Err(InvalidId { text: text.to_owned(), wanted: "a run such as nightly-orders/17" }),
        }
    }
}

impl Serialize for RunId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RunId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// An incident's number, counted from 1 within a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IncidentId(pub u32);

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for IncidentId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        text.trim_start_matches('#')
            .parse()
            .map(Self)
            .map_err(|_| InvalidId { text: text.to_owned(), wanted: "an incident's number such as 41" })
    }
}

/// What an alert is, by its labels alone: Alertmanager's FNV-1a 64 over name, 0xFF, value, 0xFF of the sorted labels.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u64);

impl Fingerprint {
    /// The fingerprint of a set of labels.
    pub fn of(labels: &super::Labels) -> Self {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut eat = |byte: u8| {
            hash ^= u64::from(byte);
            hash = hash.wrapping_mul(0x0100_0000_01b3);
        };
        for (name, value) in labels {
            name.bytes().for_each(&mut eat);
            eat(0xff);
            value.bytes().for_each(&mut eat);
            eat(0xff);
        }
        Self(hash)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Fingerprint {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match u64::from_str_radix(text, 16) {
            Ok(hash) if text.len() == 16 => Ok(Self(hash)),
            _ => Err(InvalidId { text: text.to_owned(), wanted: "a fingerprint of 16 hex digits" }),
        }
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The first 16 hex digits of BLAKE3 over a value's JSON.
pub(super) fn digest_of(value: &impl Serialize) -> String {
    // Serialising plain data with text keys cannot fail; an empty text would only make two digests equal.
    let json = json::bytes(value).unwrap_or_default();
    blake3::hash(&json).to_hex()[..16].to_owned()
}

/// All 64 hex digits of BLAKE3 over a value's JSON: where somebody may look for another value with the same digest.
pub(super) fn seal_of(value: &impl Serialize) -> String {
    let json = json::bytes(value).unwrap_or_default();
    blake3::hash(&json).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_read_as_it_is_shown() {
        let run = RunId::numbered(FlowId::new("nightly-orders"), 17);
        assert_eq!(run.to_string(), "nightly-orders/17");
        assert_eq!("nightly-orders/17".parse::<RunId>(), Ok(run));
        let outside: RunId = "warehouse:load/manual__2026-11-21T00:00:00+00:00/x".parse().unwrap();
        assert_eq!(outside.flow.source(), SourceId::new("warehouse"));
        assert!("nightly-orders".parse::<RunId>().is_err());
    }

    #[test]
    fn the_fingerprint_is_alertmanagers() {
        // Labels and fingerprint as a real Alertmanager 0.25 answered them.
        let labels = [
            ("alertname", "ProbeDown"),
            ("cluster", "test"),
            ("instance", "http://127.0.0.1:19094/fail"),
            ("job", "probe"),
            ("service", "payments"),
            ("severity", "critical"),
            ("team", "pay"),
        ];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        assert_eq!(Fingerprint::of(&labels).to_string(), "c1bb97c0525459d6");
    }
}
