//! What people ran and changed during an incident, with how it ended and where its output is: the evidence of a write-up.

use super::telling::Teller;
use super::wording::between;
use crate::domain::{AttemptId, Entry, Event};
use crate::world::Deed;
use jiff::Timestamp;
use std::sync::Arc;

/// One line for each deed, the oldest first. Outputs are named by their files below the state folder.
pub fn lines(teller: &Teller<'_>, timeline: &[Arc<Entry>]) -> Vec<String> {
    let mut found = Vec::new();
    for (place, entry) in timeline.iter().enumerate().filter(|(_, entry)| entry.author.is_person()) {
        if Deed::of(&entry.event).is_none() {
            continue;
        }
        let by = teller.naming.author(&entry.author);
        let at = entry.at.strftime("%H:%M:%S");
        let ended = match &entry.event {
            Event::ProcedureAsked { attempt, .. } => ended(attempt, entry.at, timeline.get(place..).unwrap_or_default()),
            Event::RunCreated { run, .. } => timeline.get(place..).unwrap_or_default().iter().find_map(|later| match &later.event {
                Event::RunEnded { run: ended, outcome } if ended == run => {
                    Some(format!(": {} after {}", outcome.word(), between(entry.at, later.at)))
                }
                _ => None,
            }),
            _ => None,
        };
        found.push(format!("{at} {by}: {}{} (#{})", teller.line(&entry.event), ended.unwrap_or_default(), entry.seq));
    }
    found
}

/// How an attempt ended, and where what it printed is kept.
fn ended(attempt: &AttemptId, from: Timestamp, later: &[Arc<Entry>]) -> Option<String> {
    later.iter().find_map(|entry| match &entry.event {
        Event::AttemptEnded { attempt: ended, end, output_bytes, .. } if ended == attempt => {
            let output = if *output_bytes > 0 { format!(", output attempts/{}/output", attempt.folder().display()) } else { String::new() };
            Some(format!(": {end} after {}{output}", between(from, entry.at)))
        }
        _ => None,
    })
}
