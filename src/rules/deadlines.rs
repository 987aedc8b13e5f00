//! Deadlines, watched by timers of their own so that a flow which never starts alarms too (RULES: timing).

use super::alerts;
use crate::domain::Event;
use crate::world::Flow;
use jiff::Timestamp;

fn starts(flow: &Flow) -> impl Iterator<Item = Timestamp> {
    flow.watches.iter().filter(|watch| !watch.start_missed).filter_map(|watch| watch.start_by)
}

fn finishes(flow: &Flow) -> impl Iterator<Item = Timestamp> {
    flow.watches.iter().filter(|watch| !watch.finish_missed).filter_map(|watch| watch.finish_by)
}

/// The next deadline that has not been told yet.
pub(super) fn next(flow: &Flow) -> Option<Timestamp> {
    starts(flow).chain(finishes(flow)).min()
}

/// Alerts for the deadlines that have passed: of several that passed unseen, one alert names the youngest.
pub(super) fn due(flow: &Flow, now: Timestamp) -> Vec<Event> {
    let start = starts(flow).filter(|by| *by <= now).max().map(|by| alerts::not_started(flow, by));
    let finish = finishes(flow).filter(|by| *by <= now).max().map(|by| alerts::not_finished(flow, by));
    start.into_iter().chain(finish).collect()
}
