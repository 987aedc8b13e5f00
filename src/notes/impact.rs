//! What an incident did to users, as far as its entries show: when probes were down, which runs failed, what came late.

use crate::domain::{AlertCause, Entry, Event, FlowId, Outcome, ProbeId, RunId};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A stretch in which a probe was down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Down {
    /// When it went down, after its thresholds.
    pub from: Timestamp,
    /// When it was up again; absent while it is not.
    pub to: Option<Timestamp>,
}

impl Down {
    /// How long, as of now where it lasts.
    pub fn lasted(&self, now: Timestamp) -> SignedDuration {
        self.to.unwrap_or(now).duration_since(self.from).max(SignedDuration::ZERO)
    }
}

/// The impact of an incident.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Impact {
    /// Stretches in which probes were down, the oldest first.
    pub down: BTreeMap<ProbeId, Vec<Down>>,
    /// Runs that did not succeed, with their end and outcome.
    pub failed: Vec<(RunId, Timestamp, Outcome)>,
    /// When a flow of the incident succeeded again.
    pub recovered: BTreeMap<FlowId, (RunId, Timestamp)>,
    /// Deadlines that passed: the flow, whether it was the start, and the deadline.
    pub missed: Vec<(FlowId, bool, Timestamp)>,
}

impl Impact {
    /// Reads it from a timeline, the oldest entry first.
    pub fn of(timeline: &[Arc<Entry>]) -> Self {
        let mut impact = Self::default();
        for entry in timeline {
            impact.read(entry);
        }
        impact
    }

    fn read(&mut self, entry: &Entry) {
        match &entry.event {
            Event::ProbeChanged { probe, to, .. } => {
                let stretches = self.down.entry(probe.clone()).or_default();
                let lasts = stretches.last_mut().filter(|down| down.to.is_none());
                match lasts {
                    Some(down) if !to.is_down() => down.to = Some(entry.at),
                    None if to.is_down() => stretches.push(Down { from: entry.at, to: None }),
                    _ => {}
                }
            }
            Event::RunEnded { run, outcome } if outcome.is_success() => {
                let failed_before = self.failed.iter().any(|(failed, _, _)| failed.flow == run.flow);
                let recovery = failed_before.then(|| (run.flow.clone(), (run.clone(), entry.at)));
                self.recovered.extend(recovery.filter(|(flow, _)| !self.recovered.contains_key(flow)));
            }
            Event::RunEnded { run, outcome } => {
                self.recovered.remove(&run.flow);
                self.failed.push((run.clone(), entry.at, outcome.clone()));
            }
            Event::AlertFiring { notice, .. } => match &notice.cause {
                AlertCause::NotStarted { flow, deadline } => self.miss(flow, true, *deadline),
                AlertCause::NotFinished { flow, deadline } => self.miss(flow, false, *deadline),
                _ => {}
            },
            _ => {}
        }
    }

    fn miss(&mut self, flow: &FlowId, start: bool, deadline: Timestamp) {
        let missed = (flow.clone(), start, deadline);
        if !self.missed.contains(&missed) {
            self.missed.push(missed);
        }
    }

    /// How long a probe was down in all, as of now.
    pub fn down_for(&self, probe: &ProbeId, now: Timestamp) -> SignedDuration {
        self.down.get(probe).into_iter().flatten().fold(SignedDuration::ZERO, |all, down| all.saturating_add(down.lasted(now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Author, Health};

    fn change(minute: i64, to: Health) -> Arc<Entry> {
        let at = Timestamp::from_second(minute * 60).unwrap();
        let event = Event::ProbeChanged { probe: "home".into(), from: Health::Up, to, reason: String::new() };
        Arc::new(Entry { seq: minute as u64, at, author: Author::Engine, event })
    }

    #[test]
    fn recovering_is_still_down_and_two_stretches_add_up() {
        let (down, up) = (Health::Down { good: 0, of: 2 }, Health::Up);
        let timeline = [change(1, down), change(2, Health::Down { good: 1, of: 2 }), change(4, up), change(10, down)];
        let impact = Impact::of(&timeline);
        let home = ProbeId::new("home");
        assert_eq!(impact.down[&home].len(), 2);
        assert_eq!(impact.down_for(&home, Timestamp::from_second(12 * 60).unwrap()), SignedDuration::from_mins(5));
    }
}
