//! Readings of a probe, hour by hour → what is left of its error budget (RULES: figures, "unknown is never good").

use crate::domain::ProbeDefinition;
use crate::domain::probe::{HourOfLooks, Objective};
use crate::world::World;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::time::Duration;

/// What is left of an error budget.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Budget {
    /// The objective in words: `99.9% over 30d`.
    pub objective: String,
    /// From here.
    pub from: Timestamp,
    /// To here.
    pub to: Timestamp,
    /// Looks that found the target there.
    pub good: u64,
    /// Looks that found it failing.
    pub bad: u64,
    /// Looks that found nothing out; they are neither.
    pub unknown: u64,
    /// Hours that were left out because of maintenance.
    pub left_out: u32,
    /// The share of the looks of the window that is known, at most 1.
    pub known: f64,
    /// The share of good looks among those that found something out; absent without any.
    pub achieved: Option<f64>,
    /// The share of the budget that is gone; above 1 the objective is missed. Absent where too little is known to say.
    pub burnt: Option<f64>,
    /// Why too little is known to say.
    pub thin: Option<String>,
}

/// The budget of a probe that looks every so often, from its hours. Hours that a maintenance touches are left out whole:
/// which of their looks fell into it is no longer known.
pub fn budget(
    objective: &Objective,
    every: Duration,
    hours: &[HourOfLooks],
    maintenance: &[(Timestamp, Timestamp)],
    now: Timestamp,
) -> Budget {
    let window = SignedDuration::try_from(objective.window).unwrap_or(SignedDuration::MAX);
    let from = now.checked_sub(window).unwrap_or(Timestamp::MIN);
    let hour = SignedDuration::from_hours(1);
    let (mut good, mut bad, mut unknown, mut left_out) = (0_u64, 0_u64, 0_u64, 0_u32);
    for looks in hours.iter().filter(|looks| looks.at >= from && looks.at <= now) {
        let end = looks.at.checked_add(hour).unwrap_or(looks.at);
        if maintenance.iter().any(|(begin, over)| *begin < end && looks.at < *over) {
            left_out += 1;
            continue;
        }
        good += u64::from(looks.good);
        bad += u64::from(looks.bad);
        unknown += u64::from(looks.unknown);
    }
    let known = good + bad;
    let expected = ((objective.window.as_secs_f64() - f64::from(left_out) * 3_600.0) / every.as_secs_f64().max(0.001)).max(1.0);
    let allowed = known as f64 * objective.allowed();
    let thin = (allowed < 1.0).then(|| {
        let needed = (1.0 / objective.allowed()).ceil();
        format!("too thin: {needed} looks would allow a single bad one")
    });
    Budget {
        objective: objective.to_string(),
        from,
        to: now,
        good,
        bad,
        unknown,
        left_out,
        known: (known as f64 / expected).min(1.0),
        achieved: (known > 0).then(|| good as f64 / known as f64),
        burnt: thin.is_none().then(|| bad as f64 / allowed),
        thin,
    }
}

/// The budget of a probe of the world, from its hours; absent where it has no objective.
pub fn of_probe(world: &World, probe: &ProbeDefinition, hours: &[HourOfLooks], now: Timestamp) -> Option<Budget> {
    let objective = probe.objective?;
    let from = SignedDuration::try_from(objective.window).ok().and_then(|window| now.checked_sub(window).ok()).unwrap_or(Timestamp::MIN);
    let maintenance = super::maintenance::of_probe(world, probe, from, now);
    Some(budget(&objective, probe.every, hours, &maintenance, now))
}

/// The share of a budget that an outage of this length burns.
pub fn burnt_by(objective: &Objective, down: SignedDuration) -> f64 {
    let allowed = objective.window.as_secs_f64() * objective.allowed();
    if allowed > 0.0 { down.as_secs_f64().max(0.0) / allowed } else { 0.0 }
}

impl Budget {
    /// In words, for a line: `99.95% of 43180 looks good, 48% of the budget is gone`.
    pub fn words(&self) -> String {
        let known = self.good + self.bad;
        let share =
            self.achieved.map_or_else(|| "nothing is known".to_owned(), |share| format!("{} of {known} looks good", percent(share)));
        let mut words = match (&self.thin, self.burnt) {
            (Some(thin), _) => format!("{share}; {thin}"),
            (None, Some(burnt)) if burnt > 1.0 => format!("{share}, missed: {}× the budget", times(burnt)),
            (None, Some(burnt)) => format!("{share}, {} of the budget is gone", whole(burnt)),
            (None, None) => share,
        };
        if self.known < 0.9 {
            words = format!("{words}; {} of the window known", whole(self.known));
        }
        words
    }
}

/// A share as a percentage that does not round a failure away.
fn percent(share: f64) -> String {
    let text = format!("{:.4}", (share * 1_000_000.0).floor() / 10_000.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// How often the budget would be gone: with a decimal below ten.
fn times(burnt: f64) -> String {
    if burnt < 10.0 { format!("{burnt:.1}") } else { format!("{burnt:.0}") }
}

fn whole(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(hour: i64, good: u32, bad: u32, unknown: u32) -> HourOfLooks {
        HourOfLooks { at: Timestamp::from_second(hour * 3_600).unwrap(), good, bad, unknown }
    }

    fn objective(text: &str) -> Objective {
        text.parse().unwrap()
    }

    #[test]
    fn half_of_a_budget_is_gone() {
        let hours: Vec<_> = (0..100).map(|at| if at == 5 { hour(at, 115, 5, 0) } else { hour(at, 120, 0, 0) }).collect();
        let now = Timestamp::from_second(100 * 3_600).unwrap();
        let found = budget(&objective("99.9% over 100h"), Duration::from_secs(30), &hours, &[], now);
        assert_eq!((found.good, found.bad, found.unknown), (11_995, 5, 0));
        assert!((found.burnt.unwrap() - 5.0 / 12.0).abs() < 1e-9, "{found:?}");
        assert_eq!(found.words(), "99.9583% of 12000 looks good, 42% of the budget is gone");
    }

    #[test]
    fn unknown_is_neither_good_nor_bad_and_maintenance_leaves_the_window() {
        let hours = [hour(0, 60, 0, 0), hour(1, 0, 60, 0), hour(2, 30, 0, 30), hour(3, 60, 0, 0)];
        let now = Timestamp::from_second(4 * 3_600).unwrap();
        let maintenance = [(Timestamp::from_second(3_600 + 60).unwrap(), Timestamp::from_second(2 * 3_600).unwrap())];
        let found = budget(&objective("90% over 4h"), Duration::from_mins(1), &hours, &maintenance, now);
        assert_eq!((found.good, found.bad, found.unknown, found.left_out), (150, 0, 30, 1));
        assert_eq!(found.burnt, Some(0.0));
        assert!(found.known < 0.84 && found.known > 0.83, "150 of 180 looks: {}", found.known);
    }

    #[test]
    fn a_thin_window_says_so_instead_of_a_figure() {
        let now = Timestamp::from_second(4 * 3_600).unwrap();
        let found = budget(&objective("99.9% over 30d"), Duration::from_mins(1), &[hour(3, 60, 0, 0)], &[], now);
        assert_eq!(found.burnt, None);
        assert!(found.words().starts_with("100% of 60 looks good; too thin: 1000 looks would"), "{}", found.words());
        let nothing = budget(&objective("99% over 1d"), Duration::from_mins(1), &[], &[], now);
        assert_eq!((nothing.achieved, nothing.burnt), (None, None));
    }

    #[test]
    fn an_outage_burns_its_share() {
        let burnt = burnt_by(&objective("99.9% over 30d"), SignedDuration::from_secs(1_296));
        assert!((burnt - 0.5).abs() < 1e-9, "{burnt}");
    }
}
