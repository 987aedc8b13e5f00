//! Error budgets that burn: what is worth a page, what a ticket, what of it makes an incident urgent, and what is remembered
//! over a restart.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up fails")]

mod made;
mod support;

use dogwatch::domain::probe::Pace;
use dogwatch::domain::{AlertCause, Author, Event, ProbeId, ProbeResult, Report, Sample, Severity, Verdict};
use dogwatch::rules::Decision;
use dogwatch::rules::burn::{Burn, burning};
use dogwatch::rules::flapping::{Changes, flapping};
use dogwatch::samples::Samples;
use dogwatch::world::{Incident, Stake};
use jiff::{SignedDuration, Timestamp};
use made::{Made, kinds, probe};
use support::{Workspace, until};

const START: &str = "2026-01-01T00:00:00Z";

/// A probe with an objective, as the engine looks after it.
struct Watched {
    made: Made,
    burn: Burn,
    changes: Changes,
}

impl Watched {
    fn new(objective: &str) -> Self {
        let mut probe = probe("shop");
        probe.objective = Some(objective.parse().unwrap());
        let burn = Burn::of(&probe).unwrap();
        Self { made: Made::at(START).probe(probe), burn, changes: Changes::default() }
    }

    /// A look each minute: what came of it.
    fn looks(&mut self, verdicts: impl IntoIterator<Item = Verdict>) -> Vec<Event> {
        let mut events = Vec::new();
        for verdict in verdicts {
            events.extend(self.made.after(SignedDuration::from_mins(1)));
            self.changes.look(verdict);
            let flaps = flapping(&self.made.world, &ProbeId::new("shop"), &self.changes);
            events.extend(self.decide(flaps));
            let sample = Sample { at: self.made.now, verdict, latency_us: 1_000 };
            let result = ProbeResult { sample, reason: "status 503, expected 200".into(), certificate_ends: None };
            events.extend(self.made.report(&Report::Probed { probe: ProbeId::new("shop"), result }));
            self.burn.look(sample);
            let news = burning(&self.made.world, &ProbeId::new("shop"), &self.burn, verdict, self.made.now);
            events.extend(self.decide(news));
        }
        events
    }

    fn decide(&mut self, event: Option<Event>) -> Vec<Event> {
        self.made.carry_out(Decision { events: event.into_iter().collect(), effects: vec![] }, &Author::Engine)
    }

    fn open(&self) -> Option<&Incident> {
        self.made.world.incidents.values().map(|incident| &**incident).find(|incident| incident.is_open())
    }

    fn pace(&self) -> Option<Pace> {
        self.made.world.probe(&ProbeId::new("shop")).unwrap().burning.as_ref().map(|burning| burning.pace)
    }
}

fn well(minutes: usize) -> impl Iterator<Item = Verdict> + Clone {
    std::iter::repeat_n(Verdict::Ok, minutes)
}

/// Never often enough in a row to be down.
fn unsteady(times: usize) -> impl Iterator<Item = Verdict> {
    std::iter::repeat_n([Verdict::Failed, Verdict::Ok], times).flatten()
}

#[test]
fn a_target_that_fails_now_and_then_is_a_page_although_it_is_never_down() {
    let mut shop = Watched::new("99.9% over 30d");
    shop.looks(well(60));
    assert!(shop.open().is_none() && shop.pace().is_none());
    let events = shop.looks(unsteady(3));
    let told = kinds(&events);
    assert!(told.contains(&"probe_burning".to_owned()) && told.contains(&"incident_opened".to_owned()), "{told:?}");
    let incident = shop.open().unwrap();
    assert_eq!(incident.severity, Severity::Critical, "as bad as a failure");
    assert!(incident.title.starts_with("shop burns its error budget of 99.9% over 30d"), "{}", incident.title);
    let cause = &incident.alerts.values().next().unwrap().notice.cause;
    assert_eq!(*cause, AlertCause::BudgetBurning { probe: ProbeId::new("shop") });
    let out = shop.made.world.runs_out(incident).unwrap();
    assert_eq!(out.what, Stake::Budget(ProbeId::new("shop")));
    assert!(out.at > shop.made.now && out.at < shop.made.now + SignedDuration::from_hours(24), "{out:?}");
    // It goes on, and is told once; it is over five minutes after the last bad look.
    assert!(!kinds(&shop.looks(unsteady(3))).contains(&"alert_firing".to_owned()));
    shop.looks(well(3));
    assert!(shop.open().is_some(), "it may come back at once");
    shop.looks(well(3));
    assert!(shop.open().is_none() && shop.pace().is_none());
}

#[test]
fn a_slow_burn_is_a_warning_that_becomes_worse_with_its_rate() {
    let mut shop = Watched::new("99% over 30d");
    shop.looks(std::iter::repeat_n([Verdict::Failed].into_iter().chain(well(24)), 35).flatten());
    let incident = shop.open().unwrap();
    assert_eq!((incident.severity, shop.pace()), (Severity::Warning, Some(Pace::Ticket)), "four times the budget");
    assert!(incident.title.contains("over 24 h"), "{}", incident.title);
    let events = kinds(&shop.looks(unsteady(20)));
    assert!(events.contains(&"severity_raised".to_owned()), "{events:?}");
    assert_eq!((shop.open().unwrap().severity, shop.pace()), (Severity::Critical, Some(Pace::Page)));
}

#[test]
fn a_target_that_is_down_has_one_alert_and_the_end_of_its_budget_makes_it_urgent() {
    let mut shop = Watched::new("99.9% over 30d");
    shop.looks(well(60));
    shop.looks(std::iter::repeat_n(Verdict::Failed, 4));
    let incident = shop.open().unwrap();
    assert_eq!((incident.alerts.len(), shop.pace()), (1, Some(Pace::Down)));
    let out = shop.made.world.runs_out(incident).unwrap();
    // 43.2 minutes are allowed in 30 days; 3 of them were gone when it was told.
    let told = Timestamp::from_second(out.at.as_second() - (43 * 60 + 12 - 3 * 60)).unwrap();
    assert_eq!(told, START.parse::<Timestamp>().unwrap() + SignedDuration::from_mins(63));
    // The end of the outage is the end of the incident: what was burnt does not keep it open.
    shop.looks(well(2));
    assert!(shop.open().is_none() && shop.pace().is_none());
}

#[test]
fn a_target_that_goes_up_and_down_is_not_told_anew_each_time() {
    let mut shop = Watched::new("99.9% over 30d");
    let outage = || std::iter::repeat_n(Verdict::Failed, 3).chain(well(2));
    shop.looks(well(60));
    shop.looks(std::iter::repeat_n((), 4).flat_map(|()| outage()));
    assert!(shop.made.world.probe(&ProbeId::new("shop")).unwrap().flapping.is_some());
    let told = kinds(&shop.looks(std::iter::repeat_n((), 4).flat_map(|()| outage())));
    assert!(!told.contains(&"probe_burning".to_owned()), "{told:?}");
    assert_eq!(shop.pace(), Some(Pace::Down), "its alert is open all the time");
    shop.looks(well(10));
    assert!(shop.open().is_none() && shop.pace().is_none());
}

#[test]
fn another_objective_begins_anew() {
    let mut shop = Watched::new("99.9% over 30d");
    shop.looks(well(60));
    shop.looks(unsteady(3));
    assert!(shop.open().is_some());
    shop.made = shop.made.probe(probe("shop"));
    assert!(shop.open().is_none() && shop.pace().is_none(), "there is no budget any more");
}

#[test]
fn readings_from_before_a_restart_count() {
    let mut workspace = Workspace::new();
    workspace.file("dogwatch.toml", "name = \"shop\"\n");
    workspace.serve();
    let state = workspace.json(&["status"])["state"].as_str().unwrap().to_owned();
    workspace.ok(&["stop"]);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    workspace.file(
        "probes/shop.toml",
        &format!("[shop]\ntcp = \"{nobody}\"\nevery = \"1s\"\ntimeout = \"1s\"\ndown_after = 1000\nobjective = \"99.9% over 30d\"\n"),
    );
    // Forty minutes of looks, a quarter of the last four minutes bad.
    let now = dogwatch::clock::now();
    let mut samples = Samples::open(state.as_ref());
    for second in (1..=2_400_i64).rev() {
        let verdict = if second < 240 && second % 4 == 0 { Verdict::Failed } else { Verdict::Ok };
        samples.push(&ProbeId::new("shop"), Sample { at: now - SignedDuration::from_secs(second), verdict, latency_us: 900 });
    }
    samples.flush(now).unwrap();
    drop(samples);
    workspace.serve();
    let incident = until("the incident", || workspace.json(&["incidents"]).as_array()?.first().cloned());
    let title = incident["title"].as_str().unwrap();
    assert!(title.starts_with("shop burns its error budget of 99.9% over 30d"), "{title}");
    let probes = workspace.json(&["probes"]);
    assert_eq!((&probes[0]["burning"]["pace"], &probes[0]["health"]), (&"page".into(), &"soft".into()), "{probes}");
    let shown = workspace.ok(&["incident", &incident["id"].to_string()]);
    assert!(shown.contains("the error budget of shop runs out at"), "{shown}");
}
