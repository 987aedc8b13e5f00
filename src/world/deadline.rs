//! The deadlines of an occurrence, watched until they are met or have passed.

use crate::domain::FlowDefinition;
use jiff::Timestamp;
use jiff::civil::Time;
use serde::{Deserialize, Serialize};

/// The deadlines of one planned occurrence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// The planned instant.
    pub planned_at: Timestamp,
    /// It must have started by then; absent when it has.
    pub start_by: Option<Timestamp>,
    /// It must have succeeded by then.
    pub finish_by: Option<Timestamp>,
    /// The start deadline passed, and an alert says so.
    pub start_missed: bool,
    /// The finish deadline passed, and an alert says so.
    pub finish_missed: bool,
}

impl Watch {
    /// The deadlines of an occurrence, where its flow has any: local times of its date, or of the next day where earlier.
    pub fn of(definition: &FlowDefinition, planned_at: Timestamp) -> Option<Self> {
        let zone = jiff::tz::TimeZone::get(&definition.zone).ok()?;
        let planned = planned_at.to_zoned(zone.clone());
        let instant = |time: Time| {
            let mut date = planned.date();
            if time < planned.time() {
                date = date.tomorrow().ok()?;
            }
            zone.to_ambiguous_zoned(date.to_datetime(time)).compatible().ok().map(|zoned| zoned.timestamp())
        };
        let start_by = definition.must_start_by.and_then(instant);
        let finish_by = definition.must_finish_by.and_then(instant);
        let watch = Self { planned_at, start_by, finish_by, start_missed: false, finish_missed: false };
        watch.is_open().then_some(watch)
    }

    /// Whether anything is still to come.
    pub fn is_open(&self) -> bool {
        self.start_by.is_some() || self.finish_by.is_some()
    }
}
