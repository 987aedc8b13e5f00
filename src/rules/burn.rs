//! Looks of a probe → how fast it burns its error budget (RULES: burn rate).
//!
//! The rate is measured over a long and a short window: the long one says that it matters, the short one that it goes on.
//! Each look stands for the time since the one before, at most one interval, because an uncertain probe looks more often.

use crate::domain::probe::{Burning, HourOfLooks, Objective, Pace};
use crate::domain::{Event, ProbeDefinition, ProbeId, Sample, Verdict};
use crate::world::{Probe, World};
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;
use std::time::Duration;

/// Two windows, in minutes, over which a rate must be exceeded.
struct Pair {
    long: i64,
    short: i64,
    /// How many times as fast as the objective allows.
    rate: f64,
    pace: Pace,
}

/// The most pressing first (RULES: burn rate; the figures are those of the SRE workbook, chapter "Alerting on SLOs").
const PAIRS: [Pair; 4] = [
    Pair { long: 60, short: 5, rate: 14.4, pace: Pace::Page },
    Pair { long: 6 * 60, short: 30, rate: 6.0, pace: Pace::Page },
    Pair { long: 24 * 60, short: 2 * 60, rate: 3.0, pace: Pace::Ticket },
    Pair { long: 3 * 24 * 60, short: 6 * 60, rate: 1.0, pace: Pace::Ticket },
];
/// Bad looks in the long window below which nothing is said.
const BAD_LOOKS: u32 = 3;
/// The share of the long window about which something must be known.
const KNOWN: f64 = 0.5;
/// Parts in which a window moves along.
const PARTS: i64 = 12;
/// The same for the objective's own window.
const PARTS_OF_OBJECTIVE: i64 = 30;

/// How far back single looks are needed; what is older is needed by the hour.
pub const LOOKS_NEEDED: SignedDuration = SignedDuration::from_hours(3 * 24);

/// Looks of one probe, counted over all windows at once; of fixed size, whatever the rhythm.
#[derive(Debug, Clone)]
pub struct Burn {
    every: Duration,
    objective: Objective,
    /// Long and short, for each of the pairs.
    windows: [[Window; 2]; PAIRS.len()],
    whole: Window,
    last: Option<Timestamp>,
}

/// Looks of the last so many minutes.
#[derive(Debug, Clone)]
struct Window {
    minutes: i64,
    parts: i64,
    slices: VecDeque<Slice>,
}

#[derive(Debug, Clone, Copy)]
struct Slice {
    index: i64,
    seen: Seen,
}

/// What is known of a stretch of time.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    good: Duration,
    bad: Duration,
    bad_looks: u32,
}

impl Burn {
    /// Nothing seen yet of a probe; absent where it has no objective.
    pub fn of(probe: &ProbeDefinition) -> Option<Self> {
        let objective = probe.objective?;
        let minutes = i64::try_from(objective.window.as_secs() / 60).unwrap_or(i64::MAX).max(1);
        let whole = Window::new(minutes, PARTS_OF_OBJECTIVE);
        let windows = PAIRS.map(|pair| [pair.long, pair.short].map(|minutes| Window::new(minutes, PARTS)));
        Some(Self { every: probe.every, objective, windows, whole, last: None })
    }

    /// Whether these are the looks of such a probe: another rhythm or objective begins anew.
    pub fn is_of(&self, probe: &ProbeDefinition) -> bool {
        self.every == probe.every && Some(self.objective) == probe.objective
    }

    /// Counts a look, in the order of time. What found nothing out counts neither way.
    pub fn look(&mut self, sample: Sample) {
        let since = self.last.map(|last| sample.at.duration_since(last));
        let stands_for = since.and_then(|since| Duration::try_from(since).ok()).map_or(self.every, |since| since.min(self.every));
        self.last = Some(sample.at);
        let seen = match sample.verdict {
            Verdict::Ok | Verdict::Degraded => Seen { good: stands_for, ..Seen::default() },
            Verdict::Failed => Seen { bad: stands_for, bad_looks: 1, ..Seen::default() },
            Verdict::Error | Verdict::Skipped => return,
        };
        self.windows.iter_mut().flatten().chain([&mut self.whole]).for_each(|window| window.add(sample.at, seen));
    }

    /// Counts an hour of which single looks are no longer known; before any look that came after it.
    pub fn hour(&mut self, hour: &HourOfLooks) {
        let seen = Seen { good: self.every * hour.good, bad: self.every * hour.bad, bad_looks: hour.bad };
        self.whole.add(hour.at, seen);
    }

    /// How many times as fast as the objective allows something went.
    fn rate(&self, seen: Seen) -> f64 {
        let known = (seen.good + seen.bad).as_secs_f64();
        if known > 0.0 { seen.bad.as_secs_f64() / known / self.objective.allowed() } else { 0.0 }
    }

    /// The first pair of windows whose rate is exceeded in both, with the rate over the long one.
    fn exceeded(&self, now: Timestamp) -> Option<(&'static Pair, f64)> {
        PAIRS.iter().zip(&self.windows).find_map(|(pair, windows)| {
            let [long, short] = windows.each_ref().map(|window| window.seen(now));
            let known = (long.good + long.bad).as_secs_f64() >= KNOWN * 60.0 * pair.long as f64;
            let rate = self.rate(long);
            let burns = known && long.bad_looks >= BAD_LOOKS && rate > pair.rate && self.rate(short) > pair.rate;
            burns.then_some((pair, rate))
        })
    }

    /// When the budget is used up if things go on at a rate; absent where that is beyond the objective's window.
    fn gone_at(&self, rate: f64, now: Timestamp) -> Option<Timestamp> {
        let left = (self.objective.window.as_secs_f64() * self.objective.allowed() - self.whole.seen(now).bad.as_secs_f64()).max(0.0);
        let lasts = left / (rate * self.objective.allowed()).max(f64::MIN_POSITIVE);
        (lasts <= self.objective.window.as_secs_f64()).then(|| now.checked_add(SignedDuration::from_secs(lasts as i64)).ok()).flatten()
    }

    /// Whether what was said is over: the target has not been found failing for the shorter window of the pair that said it.
    fn is_quiet(&self, said: &Burning, now: Timestamp) -> bool {
        let mut pairs = PAIRS.iter().zip(&self.windows);
        let found = pairs.find(|(pair, _)| said.over == Duration::from_secs(pair.long.unsigned_abs() * 60));
        found.is_none_or(|(_, [_, short])| short.seen(now).bad_looks == 0)
    }
}

impl Window {
    fn new(minutes: i64, parts: i64) -> Self {
        Self { minutes, parts, slices: VecDeque::new() }
    }

    fn index(&self, at: Timestamp) -> i64 {
        at.as_second().div_euclid((self.minutes * 60 / self.parts).max(1))
    }

    fn add(&mut self, at: Timestamp, seen: Seen) {
        let index = self.index(at);
        match self.slices.back_mut().filter(|last| last.index >= index) {
            Some(last) => last.seen.add(seen),
            None => self.slices.push_back(Slice { index, seen }),
        }
        while self.slices.front().is_some_and(|first| first.index <= index - self.parts) {
            self.slices.pop_front();
        }
    }

    fn seen(&self, now: Timestamp) -> Seen {
        let after = self.index(now) - self.parts;
        let mut all = Seen::default();
        self.slices.iter().filter(|slice| slice.index > after).for_each(|slice| all.add(slice.seen));
        all
    }
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.good += other.good;
        self.bad += other.bad;
        self.bad_looks = self.bad_looks.saturating_add(other.bad_looks);
    }
}

/// What a look at a probe says about its error budget, where that is news. It gets worse only by a bad look; it is over
/// when the rate is kept again, or nothing bad was found for the shorter window.
pub fn burning(world: &World, id: &ProbeId, burn: &Burn, verdict: Verdict, now: Timestamp) -> Option<Event> {
    let probe = world.probe(id).filter(|probe| !probe.removed)?;
    let said = |burning| Some(Event::ProbeBurning { probe: id.clone(), burning });
    let known = probe.burning.as_ref();
    let is_worse = |pace: Pace| known.is_none_or(|known| known.pace < pace);
    if verdict == Verdict::Failed && !super::maintenance::covers_probe(world, &probe.definition) {
        let found = foreseen(probe, burn, now)?;
        return if is_worse(found.pace) { said(Some(found)) } else { None };
    }
    // One that goes up and down is down for this as long as its alert is open.
    let known = known.filter(|known| !probe.health.is_down() && (known.pace != Pace::Down || probe.flapping.is_none()))?;
    let over = known.pace == Pace::Down || burn.is_quiet(known, now) || burn.exceeded(now).is_none();
    if over { said(None) } else { None }
}

/// How fast the budget goes: all of the time while the target is down.
fn foreseen(probe: &Probe, burn: &Burn, now: Timestamp) -> Option<Burning> {
    let (pace, over, rate) = if probe.health.is_down() {
        (Pace::Down, Duration::ZERO, 1.0 / burn.objective.allowed())
    } else {
        let (pair, rate) = burn.exceeded(now)?;
        (pair.pace, Duration::from_secs(pair.long.unsigned_abs() * 60), rate)
    };
    Some(Burning { pace, over, rate: (rate * 10.0).round() / 10.0, gone_at: burn.gone_at(rate, now) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::probe::Target;

    const START: i64 = 1_767_225_600;

    fn probe(objective: &str) -> ProbeDefinition {
        let mut probe = ProbeDefinition::new("shop", Target::Tcp { address: "shop.example:443".into() });
        probe.objective = Some(objective.parse().unwrap());
        probe
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(START + second).unwrap()
    }

    fn look(burn: &mut Burn, at: i64, verdict: Verdict) {
        burn.look(Sample { at: second(at), verdict, latency_us: 1_000 });
    }

    /// A look each minute; every so manieth is bad.
    fn minutes(burn: &mut Burn, from: i64, to: i64, bad_every: i64) {
        for minute in from..to {
            let bad = bad_every > 0 && minute % bad_every == bad_every - 1;
            look(burn, minute * 60, if bad { Verdict::Failed } else { Verdict::Ok });
        }
    }

    #[test]
    fn a_fast_burn_is_a_page_and_a_slow_one_a_ticket() {
        let mut burn = Burn::of(&probe("99.9% over 30d")).unwrap();
        minutes(&mut burn, 0, 60, 4);
        let (pair, rate) = burn.exceeded(second(59 * 60)).unwrap();
        assert_eq!((pair.long, pair.pace), (60, Pace::Page));
        assert!((rate - 250.0).abs() < 30.0, "a quarter of the time is 250 times a thousandth: {rate}");
        let mut burn = Burn::of(&probe("99% over 30d")).unwrap();
        // A bad look every 20 minutes: 5 times the budget of one in a hundred.
        minutes(&mut burn, 0, 26 * 60, 20);
        let (pair, rate) = burn.exceeded(second(26 * 3_600 - 60)).unwrap();
        assert_eq!((pair.long, pair.pace), (24 * 60, Pace::Ticket));
        assert!((rate - 5.0).abs() < 0.5, "{rate}");
    }

    #[test]
    fn what_is_over_or_hardly_known_is_not_told() {
        let mut burn = Burn::of(&probe("99% over 30d")).unwrap();
        minutes(&mut burn, 0, 20, 2);
        assert!(burn.exceeded(second(19 * 60)).is_none(), "a third of an hour says too little about the hour");
        minutes(&mut burn, 20, 40, 2);
        assert!(burn.exceeded(second(39 * 60)).is_some());
        minutes(&mut burn, 40, 46, 0);
        assert!(burn.exceeded(second(45 * 60)).is_none(), "it does not go on");
        let mut burn = Burn::of(&probe("99.9% over 30d")).unwrap();
        minutes(&mut burn, 0, 58, 0);
        look(&mut burn, 58 * 60, Verdict::Failed);
        look(&mut burn, 59 * 60, Verdict::Failed);
        assert!(burn.exceeded(second(59 * 60)).is_none(), "two bad looks are too few");
        look(&mut burn, 60 * 60, Verdict::Failed);
        assert!(burn.exceeded(second(60 * 60)).is_some());
    }

    #[test]
    fn hasty_looks_weigh_no_more_than_the_time_that_they_stand_for() {
        let mut burn = Burn::of(&probe("99% over 30d")).unwrap();
        minutes(&mut burn, 0, 60, 0);
        for second in [0, 10, 20, 30] {
            look(&mut burn, 3_600 + second, Verdict::Failed);
        }
        let [[of_an_hour, _], ..] = &burn.windows;
        let seen = of_an_hour.seen(second(3_630));
        assert_eq!((seen.bad, seen.bad_looks), (Duration::from_secs(90), 4));
    }

    #[test]
    fn the_budget_ends_when_what_is_left_is_used_up() {
        let mut burn = Burn::of(&probe("99% over 100h")).unwrap();
        // The budget is an hour; half of it is gone.
        burn.hour(&HourOfLooks { at: second(0), good: 30, bad: 30, unknown: 0 });
        assert_eq!(burn.gone_at(100.0, second(7_200)), Some(second(7_200 + 1_800)), "while it is down");
        assert_eq!(burn.gone_at(10.0, second(7_200)), Some(second(7_200 + 18_000)));
        assert_eq!(burn.gone_at(0.1, second(7_200)), None, "not within the window");
        assert_eq!(burn.gone_at(100.0, second(101 * 3_600 + 14_400)), Some(second(102 * 3_600 + 14_400)), "the bad hour has moved out");
    }
}
