//! What will run when: the same schedules that run, read ahead.

use super::{Schedule, ScheduleError};
use crate::domain::effect::Firing;
use crate::domain::{FlowDefinition, FlowId};
use jiff::Timestamp;
use std::sync::Arc;

/// One planned time of a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The flow.
    pub flow: FlowId,
    /// The cron line.
    pub schedule: String,
    /// The zone in which it is read.
    pub zone: String,
    /// The time, with what DST did to it.
    pub firing: Firing,
}

/// Everything that these flows will do after `from`, until and including `to`, by time.
pub fn plan(flows: &[Arc<FlowDefinition>], from: Timestamp, to: Timestamp) -> Result<Vec<Planned>, ScheduleError> {
    let mut planned = Vec::new();
    for flow in flows {
        for line in &flow.schedules {
            let schedule = Schedule::parse(line, &flow.zone)?;
            let row = |firing| Planned { flow: flow.id.clone(), schedule: line.clone(), zone: flow.zone.clone(), firing };
            planned.extend(schedule.firings(from, to).map(row));
        }
    }
    planned.sort_by(|a, b| (a.firing.at, &a.flow).cmp(&(b.firing.at, &b.flow)));
    Ok(planned)
}
