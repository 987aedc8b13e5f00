//! Figures of a simulated quarter whose answers are known: incidents every day at 10:00 in Rome, every seventh at 03:00,
//! an exercise every tenth day, a noisy probe on Sundays; and the export that a spreadsheet does not obey.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use dogwatch::domain::incident::AlertNotice;
use dogwatch::domain::{
    AlertCause, Author, Entry, Event, Fingerprint, Health, IncidentId, Labels, ProbeDefinition, ProbeId, Severity, SourceId,
};
use dogwatch::rules::figures::{By, Figures, Wanted, figures};
use dogwatch::world::World;
use dogwatch::world::record::RECORDS_KEPT;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

mod made;

const MINUTE: i64 = 60;
const DAY: i64 = 86_400;

/// Entries in the making.
struct Quarter {
    world: World,
    seq: u64,
}

fn rome() -> TimeZone {
    TimeZone::get("Europe/Rome").unwrap()
}

/// Monday, 5 January 2026, midnight in Rome.
fn monday() -> Timestamp {
    "2026-01-04T23:00:00Z".parse().unwrap()
}

fn after(start: Timestamp, seconds: i64) -> Timestamp {
    start.checked_add(SignedDuration::from_secs(seconds)).unwrap()
}

impl Quarter {
    fn new() -> Self {
        let mut quarter = Self { world: World::new(), seq: 0 };
        let zone = "Europe/Rome".to_owned();
        let loaded = Event::WorkspaceLoaded { name: "shop".into(), zone, max_running: 8, group_by: vec!["service".into()] };
        quarter.tell(monday(), Author::Engine, loaded);
        quarter
    }

    fn tell(&mut self, at: Timestamp, author: Author, event: Event) {
        self.seq += 1;
        self.world.apply(&Entry { seq: self.seq, at, author, event });
    }

    fn probe(&mut self, name: &str) {
        let probe = ProbeDefinition { id: name.into(), ..made::probe(name) };
        self.tell(monday(), Author::Engine, Event::ProbeDefined { probe: Arc::new(probe) });
    }

    fn health(&mut self, at: Timestamp, probe: &str, from: Health, to: Health) {
        self.tell(at, Author::Engine, Event::ProbeChanged { probe: probe.into(), from, to, reason: "timeout".into() });
    }

    /// An incident of a probe: first bad result, alert, acknowledgement, end. What is absent did not happen.
    #[allow(clippy::too_many_arguments, reason = "the times of an incident")]
    fn incident(
        &mut self,
        number: u32,
        at: Timestamp,
        service: &str,
        severity: Severity,
        detect: i64,
        acknowledge: Option<i64>,
        resolve: Option<i64>,
        extra: &[(&str, &str)],
    ) {
        let probe = ProbeId::new(format!("{service}-probe"));
        let mut labels: Labels = [("alertname".to_owned(), "ProbeDown".to_owned()), ("service".to_owned(), service.to_owned())].into();
        for (name, value) in extra {
            labels.insert((*name).to_owned(), (*value).to_owned());
        }
        let alert = Fingerprint::of(&labels);
        let incident = IncidentId(number);
        if detect > 0 {
            self.health(after(at, -detect), probe.as_str(), Health::Up, Health::Soft { bad: 1, of: 3 });
        }
        self.health(at, probe.as_str(), Health::Soft { bad: 2, of: 3 }, Health::Down { good: 0, of: 2 });
        let notice = AlertNotice {
            labels: labels.clone(),
            severity,
            summary: format!("{service} is down"),
            cause: AlertCause::ProbeDown { probe: probe.clone() },
        };
        self.tell(at, Author::Engine, Event::AlertFiring { alert, source: SourceId::local(), notice });
        let title = format!("{service} is down");
        self.tell(at, Author::Engine, Event::IncidentOpened { incident, title, severity, group: labels, alert, previous: None });
        if let Some(seconds) = acknowledge {
            self.tell(after(at, seconds), made::ana(), Event::IncidentAcknowledged { incident, note: None });
        }
        if let Some(seconds) = resolve {
            let end = after(at, seconds);
            self.health(end, probe.as_str(), Health::Down { good: 0, of: 2 }, Health::Up);
            self.tell(end, Author::Engine, Event::AlertResolved { alert, reason: "up again".into() });
            self.tell(end, Author::Engine, Event::IncidentResolved { incident, reason: "the condition is over".into() });
        }
    }

    fn figures(&self, from: i64, to: i64, by: By) -> Figures {
        figures(&self.world, &Wanted { from: after(monday(), from * DAY), to: after(monday(), to * DAY), by, zone: rome() })
    }
}

/// Ninety days: each day one incident of the shop at 10:00, acknowledged after as many minutes as the day of the week has
/// (1 to 7), over after ten times that; every seventh day one of the search at 03:00 that nobody sees and that ends by
/// itself after 5 min; every tenth day an exercise.
fn quarter() -> Quarter {
    let mut quarter = Quarter::new();
    quarter.probe("shop-probe");
    quarter.probe("search-probe");
    let mut number = 0;
    let mut next = || {
        number += 1;
        number
    };
    for day in 0..90 {
        let weekday = day % 7 + 1;
        if weekday == 7 {
            let night = after(monday(), day * DAY + 3 * 60 * MINUTE);
            quarter.incident(next(), night, "search", Severity::Warning, 0, None, Some(5 * MINUTE), &[]);
        }
        let morning = after(monday(), day * DAY + 10 * 60 * MINUTE);
        let (seen, over) = (weekday * MINUTE, weekday * 10 * MINUTE);
        quarter.incident(next(), morning, "shop", Severity::Critical, 2 * MINUTE, Some(seen), Some(over), &[]);
        if day % 10 == 0 {
            let noon = after(monday(), day * DAY + 12 * 60 * MINUTE);
            quarter.incident(next(), noon, "shop", Severity::Critical, 0, Some(MINUTE), Some(MINUTE), &[("drill", "true")]);
        }
    }
    quarter
}

fn minutes(span: Option<SignedDuration>) -> Option<i64> {
    span.map(|span| span.as_secs() / MINUTE)
}

#[test]
fn the_answers_of_a_quarter_are_known() {
    let found = quarter().figures(0, 90, By::Service);
    assert_eq!(
        (found.all.incidents, found.drills, found.all.open, found.all.before),
        (102, 9, 0, 0),
        "90 mornings, 12 nights, 9 exercises"
    );
    let shop = found.groups.iter().find(|group| group.name == "shop").unwrap();
    assert_eq!(shop.incidents, 90);
    // Twelve whole weeks and six days: 1 to 6 thirteen times each, 7 twelve times.
    assert_eq!((minutes(shop.acknowledge.median), minutes(shop.acknowledge.p90)), (Some(4), Some(7)));
    assert_eq!((minutes(shop.resolve.median), minutes(shop.resolve.p90)), (Some(40), Some(70)));
    assert_eq!((shop.detect.known, shop.detect.of, minutes(shop.detect.median)), (90, 90, Some(2)));
    let search = found.groups.iter().find(|group| group.name == "search").unwrap();
    assert_eq!(
        (search.incidents, search.acknowledge.known, search.acknowledge.of),
        (12, 0, 12),
        "nobody acknowledged: not known, of twelve"
    );
    assert_eq!((search.acknowledge.median, search.acknowledge.p90), (None, None), "never 0");
    assert_eq!((search.detect.known, search.detect.median), (0, None), "no failed result was seen before the alert");
    assert_eq!(minutes(search.resolve.median), Some(5));
}

#[test]
fn interruptions_and_load_have_their_denominators() {
    let found = quarter().figures(0, 90, By::Service);
    let hours = found.interruptions;
    // 12 nights at 03:00; mornings at 10:00 from Monday to Friday are business, at weekends off hours. 90 days from a
    // Monday on have 25 days of a weekend.
    assert_eq!((hours.business, hours.off, hours.sleep, hours.of), (65, 25, 12, 102));
    assert_eq!((found.load.shifts, found.load.ceiling, found.load.above), (180, 2, 0), "two shifts a day, none above two");
    // What came before 08:00 of the first day belongs to the shift before the stretch.
    let mean = found.load.mean.unwrap();
    assert!((mean - 102.0 / 180.0).abs() < 1e-9, "{mean}");
}

#[test]
fn a_shift_above_the_ceiling_is_named() {
    let mut quarter = Quarter::new();
    quarter.probe("shop-probe");
    for number in 1..=3 {
        let at = after(monday(), DAY + (9 + i64::from(number)) * 60 * MINUTE);
        quarter.incident(number, at, "shop", Severity::High, 0, None, Some(MINUTE), &[]);
    }
    let load = quarter.figures(0, 7, By::Week).load;
    assert_eq!((load.shifts, load.above), (14, 1));
    assert_eq!(load.most, Some((after(monday(), DAY + 8 * 60 * MINUTE), 3)));
}

#[test]
fn the_stretch_before_is_the_trend() {
    let found = quarter().figures(45, 90, By::Severity);
    assert_eq!(found.groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["critical", "warning"]);
    assert_eq!(found.all.before, 51, "the other half");
    let critical = &found.groups[0];
    assert_eq!((critical.incidents, critical.before, critical.acknowledge.known_before), (45, 45, 45));
    assert_eq!(minutes(critical.acknowledge.median_before), Some(4));
    let weeks = quarter().figures(0, 90, By::Week);
    assert_eq!(weeks.groups.len(), 13);
    assert_eq!((weeks.groups[0].name.as_str(), weeks.groups[0].incidents, weeks.groups[0].before), ("2026-W02", 8, 0));
}

#[test]
fn noise_is_named_with_a_proposal_and_good_alerts_are_not() {
    let found = quarter().figures(0, 90, By::Service);
    let noisy: Vec<_> =
        found.noisy.iter().map(|row| (row.summary.as_str(), row.fired, row.acknowledged, row.by_itself, row.sleep)).collect();
    assert_eq!(noisy[0], ("search is down", 12, 0, 12, 12));
    assert!(
        found.noisy[0].proposal.contains("search-probe") && found.noisy[0].proposal.contains("12 times in hours of sleep"),
        "{:?}",
        found.noisy[0]
    );
    assert_eq!(found.noisy[0].incidents.len(), 5);
}

#[test]
fn an_open_incident_counts_and_its_end_is_not_known() {
    let mut quarter = Quarter::new();
    quarter.probe("shop-probe");
    quarter.incident(1, after(monday(), 60), "shop", Severity::High, 0, Some(30), None, &[]);
    let all = quarter.figures(0, 1, By::Service).all;
    assert_eq!((all.incidents, all.open, all.acknowledge.known, all.resolve.known, all.resolve.of), (1, 1, 1, 0, 1));
    assert_eq!(all.resolve.median, None);
}

#[test]
fn what_is_no_longer_kept_is_said() {
    let mut quarter = Quarter::new();
    quarter.probe("shop-probe");
    let count = u32::try_from(RECORDS_KEPT).unwrap() + 10;
    for number in 1..=count {
        quarter.incident(number, after(monday(), i64::from(number) * MINUTE), "shop", Severity::Info, 0, None, Some(30), &[]);
    }
    assert_eq!(quarter.world.records.len(), RECORDS_KEPT);
    let found = quarter.figures(0, 30, By::Service);
    assert_eq!(found.known_from, Some(after(monday(), 11 * MINUTE)));
    assert_eq!(found.all.incidents as usize, RECORDS_KEPT);
    assert_eq!(quarter.figures(1, 30, By::Service).known_from, None, "all of this stretch is kept");
}

#[test]
fn a_replica_in_parts_has_the_same_figures() {
    let quarter = quarter();
    let mut replica = World::new();
    quarter.world.parts().into_iter().for_each(|part| replica.absorb(part));
    assert_eq!(replica.records, quarter.world.records);
    let json = serde_json::to_string(&quarter.world.records.values().next().unwrap()).unwrap();
    assert!(json.len() < 800, "a record is small: {} bytes\n{json}", json.len());
}
