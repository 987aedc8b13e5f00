//! Looks of a probe → how often its target changes between well and not (RULES: flapping).
//!
//! A target that goes up and down has one alert, which stays open until the target holds still: not one for each time.

use crate::domain::{Event, ProbeId, Verdict};
use crate::world::World;

/// Transitions between two looks that are counted; the method and the weights are those of Icinga.
const KEPT: u32 = 20;
/// The weight of the newest transition; each older one weighs a little less.
const NEWEST: f64 = 1.18;
/// By how much.
const LESS: f64 = 0.02;
/// Above this many percent a target flaps.
const ENTER: f64 = 30.0;
/// It does so no longer at this many percent.
const LEAVE: f64 = 25.0;
/// Nor after this many equal looks: it holds still, and what was before is no part of what comes.
const STEADY: u32 = 8;
/// Points by which the share must differ from what was said last to be news.
const NEWS: u8 = 5;

/// Looks that are needed to know all transitions that count.
pub const LOOKS_NEEDED: u32 = KEPT + 1;

/// The last transitions of one probe.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// One bit each, the newest lowest: whether a look found something else than the one before.
    transitions: u32,
    last_was_good: Option<bool>,
    /// Equal looks up to now.
    steady: u32,
}

impl Changes {
    /// Counts a look, in the order of time. What found nothing out is no look.
    pub fn look(&mut self, verdict: Verdict) {
        let is_good = match verdict {
            Verdict::Ok | Verdict::Degraded => true,
            Verdict::Failed => false,
            Verdict::Error | Verdict::Skipped => return,
        };
        let changed = self.last_was_good.replace(is_good).is_some_and(|last| last != is_good);
        self.steady = if changed { 1 } else { self.steady.saturating_add(1) };
        let transitions = (self.transitions << 1 | u32::from(changed)) & ((1 << KEPT) - 1);
        self.transitions = if self.steady >= STEADY { 0 } else { transitions };
    }

    /// The weighted share of the transitions that were changes, in percent.
    fn share(&self) -> f64 {
        let changes = (0..KEPT).filter(|age| self.transitions >> age & 1 == 1);
        changes.map(|age| NEWEST - LESS * f64::from(age)).sum::<f64>() * 100.0 / f64::from(KEPT)
    }
}

/// What the looks at a probe say about flapping, where that is news.
pub fn flapping(world: &World, id: &ProbeId, changes: &Changes) -> Option<Event> {
    let probe = world.probe(id).filter(|probe| !probe.removed)?;
    let share = changes.share();
    let rounded = share.round() as u8;
    let said = |share| Some(Event::ProbeFlapping { probe: id.clone(), share });
    match probe.flapping.map(|flapping| flapping.share) {
        None if share > ENTER => said(Some(rounded)),
        None => None,
        Some(_) if share <= LEAVE => said(None),
        Some(known) => (known.abs_diff(rounded) >= NEWS).then(|| said(Some(rounded))).flatten(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(pattern: &str) -> Changes {
        let mut changes = Changes::default();
        for look in pattern.chars() {
            changes.look(if look == '+' { Verdict::Ok } else { Verdict::Failed });
        }
        changes
    }

    #[test]
    fn the_share_is_weighted_towards_what_is_new() {
        let close = |pattern: &str, expected: f64| {
            let share = looks(pattern).share();
            assert!((share - expected).abs() < 1e-9, "{pattern}: {share}");
        };
        close("", 0.0);
        close("++++", 0.0);
        // One change: 1.18 of 20 when it is new, 0.02 less with each look after it, nothing when all is still.
        close("+-", 5.9);
        close("+-------", 5.3);
        close("+--------", 0.0);
        // The oldest that counts: 0.80 of 20, beside two newer ones.
        close("+-------+++++++------", 4.0 + 4.7 + 5.4);
        close("+-------+++++++-------", 4.6 + 5.3);
        // All of them: the weights sum up to 19.8.
        close("+-+-+-+-+-+-+-+-+-+-+", 99.0);
        close("-+-+-+-+-+-+-+-+-+-+-+-+-+", 99.0);
    }

    #[test]
    fn a_look_that_found_nothing_out_is_none() {
        let mut changes = looks("+-+-");
        let before = (changes.transitions, changes.steady);
        changes.look(Verdict::Error);
        changes.look(Verdict::Skipped);
        assert_eq!((changes.transitions, changes.steady), before);
        changes.look(Verdict::Failed);
        assert_eq!(changes.steady, 2);
        changes.look(Verdict::Degraded);
        changes.look(Verdict::Ok);
        assert_eq!(changes.steady, 2, "a slow answer is one");
    }
}
