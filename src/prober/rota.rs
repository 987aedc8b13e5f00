//! Who is looked at when: the rhythm of all probes as plain data, the time given as an argument.
//!
//! A probe's looks stand on a grid: first look, first look + `every`, and so on, whatever the looks themselves take.
//! The first look comes within a fifth of the interval, at a place that the probe's name decides (RULES: ±10 % spread),
//! so that probes that begin together are spread, and a probe keeps its place from one start to the next.

use super::look::Look;
use crate::domain::ProbeId;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Why a look is due. Asked ones stand before those of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Asked,
    Grid,
}

/// A probe on the rota.
#[derive(Debug)]
struct Watched {
    look: Arc<Look>,
    every: Duration,
    /// The next place on the grid.
    slot: Instant,
    /// The last place on the grid that was reached.
    reached: Option<Instant>,
    /// A look by request is due.
    asked: bool,
    /// A look is under way.
    looking: bool,
    /// A further look is wanted as soon as the one under way has ended.
    again: bool,
    /// The first place on the grid that was reached during the look under way, and how many were.
    passed: Option<(Instant, u32)>,
    /// Which of this probe's definitions this is: a look of an earlier one counts for nothing.
    edition: u64,
}

/// A look that begins now.
#[derive(Debug)]
pub(super) struct Start {
    /// The probe.
    pub probe: ProbeId,
    /// What to do.
    pub look: Arc<Look>,
    /// A look that takes longer has failed.
    pub timeout: Duration,
    /// To be handed back at its end.
    pub edition: u64,
    /// Places of the grid that passed unseen because nothing was free.
    pub missed: u32,
    /// How far behind its place on the grid it begins.
    pub late: Duration,
}

/// All probes and their next looks.
#[derive(Debug)]
pub(super) struct Rota {
    probes: HashMap<ProbeId, Watched>,
    due: BTreeSet<(Turn, Instant, ProbeId)>,
    looking: usize,
    editions: u64,
    born: Instant,
}

impl Rota {
    /// An empty one.
    pub fn new(now: Instant) -> Self {
        Self { probes: HashMap::new(), due: BTreeSet::new(), looking: 0, editions: 0, born: now }
    }

    /// Puts a probe on, in place of its earlier definition if there was one.
    pub fn watch(&mut self, probe: &ProbeId, look: Arc<Look>, every: Duration, now: Instant) {
        self.forget(probe);
        self.editions += 1;
        let every = every.max(Duration::from_millis(1));
        let slot = now + every.mul_f64(place(probe.as_str()) / 5.0);
        self.due.insert((Turn::Grid, slot, probe.clone()));
        let edition = self.editions;
        self.probes.insert(
            probe.clone(),
            Watched { look, every, slot, reached: None, asked: false, looking: false, again: false, passed: None, edition },
        );
    }

    /// Takes a probe off; a look under way counts for nothing.
    pub fn forget(&mut self, probe: &ProbeId) {
        if let Some(gone) = self.probes.remove(probe) {
            self.due.remove(&(Turn::Grid, gone.slot, probe.clone()));
            self.due.remove(&(Turn::Asked, self.born, probe.clone()));
        }
    }

    /// One look as soon as possible, beside the grid. While one is under way it may have begun before what the asker
    /// wants to see, so that another follows it.
    pub fn ask(&mut self, probe: &ProbeId) {
        let Some(watched) = self.probes.get_mut(probe) else { return };
        if watched.looking {
            watched.again = true;
        } else if !watched.asked {
            watched.asked = true;
            self.due.insert((Turn::Asked, self.born, probe.clone()));
        }
    }

    /// Another interval from the last place on the grid on.
    pub fn set_rhythm(&mut self, probe: &ProbeId, every: Duration, now: Instant) {
        let Some(watched) = self.probes.get_mut(probe) else { return };
        let every = every.max(Duration::from_millis(1));
        if watched.every == every {
            return;
        }
        self.due.remove(&(Turn::Grid, watched.slot, probe.clone()));
        watched.every = every;
        watched.slot = watched.reached.map_or(watched.slot.min(now + every), |reached| (reached + every).max(now));
        self.due.insert((Turn::Grid, watched.slot, probe.clone()));
    }

    /// The looks that begin now, while fewer than `limit` are under way.
    pub fn start(&mut self, now: Instant, limit: usize) -> Vec<Start> {
        let mut starts = Vec::new();
        while self.looking < limit {
            let Some((turn, at, probe)) = self.due.first().cloned() else { break };
            if turn == Turn::Grid && at > now {
                break; // asked looks sort first, so this is the earliest of all that remain
            }
            self.due.pop_first();
            let Some(watched) = self.probes.get_mut(&probe) else { continue };
            let (mut missed, mut late) = (0, Duration::ZERO);
            if turn == Turn::Grid {
                late = now.saturating_duration_since(watched.slot);
                missed = (late.as_nanos() / watched.every.as_nanos().max(1)).try_into().unwrap_or(u32::MAX - 1);
                let reached = watched.slot + watched.every * missed;
                watched.reached = Some(reached);
                watched.slot = reached + watched.every;
                self.due.insert((Turn::Grid, watched.slot, probe.clone()));
            } else {
                watched.asked = false;
            }
            if watched.looking {
                let (first, count) = watched.passed.unwrap_or((now.checked_sub(late).unwrap_or(now), 0));
                watched.passed = Some((first, count + missed + 1));
                watched.again = true;
                continue;
            }
            if let Some((first, count)) = watched.passed.take() {
                late = now.saturating_duration_since(first);
                missed += count - u32::from(turn == Turn::Asked); // this look stands for one of them
            }
            watched.looking = true;
            self.looking += 1;
            starts.push(Start {
                look: watched.look.clone(),
                timeout: watched.look.timeout.min(watched.every),
                edition: watched.edition,
                missed,
                late,
                probe,
            });
        }
        starts
    }

    /// Whether a look's result still counts.
    pub fn counts(&self, probe: &ProbeId, edition: u64) -> bool {
        self.probes.get(probe).is_some_and(|watched| watched.edition == edition)
    }

    /// A look has ended and makes room for another.
    pub fn end(&mut self, probe: &ProbeId, edition: u64) {
        self.looking = self.looking.saturating_sub(1);
        if let Some(watched) = self.probes.get_mut(probe).filter(|watched| watched.edition == edition) {
            watched.looking = false;
            if std::mem::take(&mut watched.again) {
                self.ask(probe);
            }
        }
    }

    /// When the next look is due, at once for one that was asked for.
    pub fn next(&self) -> Option<Instant> {
        self.due.first().map(|(_, at, _)| *at)
    }

    /// The next place on the grid of all probes.
    pub fn next_on_grid(&self) -> Option<Instant> {
        self.due.range((Turn::Grid, self.born, ProbeId::new(""))..).next().map(|(_, at, _)| *at)
    }

    /// Looks under way.
    pub fn looking(&self) -> usize {
        self.looking
    }
}

/// A name's place within 0..1: FNV-1a, its bits mixed, because names that differ in one digit differ in few bits.
fn place(name: &str) -> f64 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn rota_of(names: &[&str]) -> (Rota, Instant) {
        let now = Instant::now();
        let mut rota = Rota::new(now);
        for name in names {
            rota.watch(&(*name).into(), Arc::new(Look::refused("unused", Duration::from_secs(10))), MINUTE, now);
        }
        (rota, now)
    }

    fn names(starts: &[Start]) -> Vec<&str> {
        starts.iter().map(|start| start.probe.as_str()).collect()
    }

    #[test]
    fn probes_that_begin_together_are_spread_over_a_fifth_of_the_interval() {
        let all: Vec<String> = (0..10_000).map(|number| format!("probe-{number}")).collect();
        let (mut rota, now) = rota_of(&all.iter().map(String::as_str).collect::<Vec<_>>());
        let mut largest = 0;
        let mut total = 0;
        for second in 0..=12 {
            let started = rota.start(now + Duration::from_secs(second), usize::MAX).len();
            largest = largest.max(started);
            total += started;
        }
        assert_eq!(total, 10_000, "all within 12 s");
        assert!(largest < 1_000, "about 833 in each second, not {largest}");
    }

    #[test]
    fn the_grid_does_not_move_with_the_length_of_a_look() {
        let (mut rota, now) = rota_of(&["home"]);
        let first = rota.next().unwrap();
        assert!(first < now + MINUTE / 5);
        for round in 0..5 {
            let at = first + MINUTE * round;
            let start = rota.start(at, 9).pop().unwrap();
            rota.end(&start.probe, start.edition);
            assert_eq!(rota.next(), Some(at + MINUTE));
        }
    }

    #[test]
    fn places_that_passed_unseen_are_counted_and_the_grid_goes_on() {
        let (mut rota, _) = rota_of(&["home"]);
        let first = rota.next().unwrap();
        let start = rota.start(first + MINUTE * 3 + Duration::from_secs(1), 9).pop().unwrap();
        assert_eq!((start.missed, start.late), (3, MINUTE * 3 + Duration::from_secs(1)));
        assert_eq!(rota.next(), Some(first + MINUTE * 4));
    }

    #[test]
    fn a_look_that_outlasts_its_interval_stands_for_the_next_and_the_rest_is_counted() {
        let (mut rota, _) = rota_of(&["home"]);
        let first = rota.next().unwrap();
        let start = rota.start(first, 9).pop().unwrap();
        assert!(rota.start(first + MINUTE, 9).is_empty());
        assert!(rota.start(first + MINUTE * 2, 9).is_empty());
        rota.end(&start.probe, start.edition);
        let next = rota.start(first + MINUTE * 2, 9).pop().unwrap();
        assert_eq!((next.missed, next.late), (1, MINUTE));
    }

    #[test]
    fn no_more_than_the_limit_are_under_way_and_the_oldest_goes_first() {
        let (mut rota, now) = rota_of(&["a", "b", "c"]);
        let later = now + MINUTE / 2;
        let first = rota.start(later, 2);
        assert_eq!(first.len(), 2);
        assert!(rota.start(later, 2).is_empty());
        rota.end(&first[0].probe, first[0].edition);
        let second = rota.start(later, 2);
        assert_eq!(second.len(), 1);
        assert!(!names(&first).contains(&second[0].probe.as_str()));
    }

    #[test]
    fn asking_during_a_look_brings_one_more_after_it() {
        let (mut rota, now) = rota_of(&["home"]);
        rota.ask(&"home".into());
        let start = rota.start(now, 9).pop().unwrap();
        rota.ask(&"home".into());
        rota.ask(&"home".into());
        assert!(rota.start(now, 9).is_empty());
        rota.end(&start.probe, start.edition);
        let again = rota.start(now, 9);
        assert_eq!(names(&again), ["home"]);
        rota.end(&again[0].probe, again[0].edition);
        assert!(rota.start(now, 9).is_empty(), "one more, not two");
    }

    #[test]
    fn a_forgotten_or_newly_defined_probe_takes_no_result_of_the_old_look() {
        let (mut rota, now) = rota_of(&["home"]);
        rota.ask(&"home".into());
        let start = rota.start(now, 9).pop().unwrap();
        assert!(rota.counts(&start.probe, start.edition));
        rota.watch(&"home".into(), start.look.clone(), MINUTE, now);
        assert!(!rota.counts(&start.probe, start.edition));
        rota.forget(&"home".into());
        assert_eq!(rota.next(), None);
        rota.end(&start.probe, start.edition);
        assert_eq!(rota.looking(), 0);
    }

    #[test]
    fn a_new_rhythm_counts_from_the_last_place_on_the_grid() {
        let (mut rota, _) = rota_of(&["home"]);
        let first = rota.next().unwrap();
        let start = rota.start(first, 9).pop().unwrap();
        rota.end(&start.probe, start.edition);
        let soft = Duration::from_secs(10);
        rota.set_rhythm(&"home".into(), soft, first + Duration::from_secs(2));
        assert_eq!(rota.next(), Some(first + soft));
        assert_eq!(rota.start(first + soft, 9).pop().unwrap().timeout, soft, "never longer than the interval");
        rota.set_rhythm(&"home".into(), MINUTE, first + soft);
        assert_eq!(rota.next(), Some(first + soft + MINUTE));
    }
}
