//! A fact as JSON text: what this version does not know is kept as it was read.

use super::Event;
use crate::json::{self, RawValue};

/// A fact of a kind that this version does not know, untouched.
#[derive(Debug, Clone)]
pub struct UnknownEvent(pub Box<RawValue>);

impl PartialEq for UnknownEvent {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

impl Event {
    /// Reads a stored fact; what this version does not know is kept untouched, what is not JSON at all is an error.
    pub fn from_json(json: &str) -> Result<Self, json::Error> {
        match json::read(json) {
            Ok(event) => Ok(event),
            Err(_) => RawValue::from_string(json.to_owned()).map(|raw| Self::Unknown(UnknownEvent(raw))),
        }
    }

    /// The stored form.
    pub fn to_json(&self) -> Result<String, json::Error> {
        match self {
            Self::Unknown(raw) => Ok(raw.0.get().to_owned()),
            known => json::text(known),
        }
    }
}
