//! Targets that go up and down: one alert that stays open until they hold still, and the truth at the end.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up fails")]

mod made;
mod support;

use dogwatch::domain::{Author, Event, Health, ProbeId, ProbeResult, Report, Sample, Verdict};
use dogwatch::rules::Decision;
use dogwatch::rules::flapping::{Changes, flapping};
use dogwatch::world::{Incident, OverlayKind, Probe};
use jiff::SignedDuration;
use made::{Made, kinds, probe};
use std::net::{SocketAddr, TcpListener};
use support::{Workspace, until};

/// A probe and its transitions, as the engine looks after them.
struct Watched {
    made: Made,
    changes: Changes,
}

impl Watched {
    fn new(down_after: u32, up_after: u32) -> Self {
        let mut probe = probe("shop");
        (probe.down_after, probe.up_after) = (down_after, up_after);
        Self { made: Made::at("2026-01-01T00:00:00Z").probe(probe), changes: Changes::default() }
    }

    /// A look each minute, well or not: what came of it.
    fn looks(&mut self, pattern: &str) -> Vec<Event> {
        let id = ProbeId::new("shop");
        let mut events = Vec::new();
        for look in pattern.chars() {
            events.extend(self.made.after(SignedDuration::from_mins(1)));
            let verdict = if look == '+' { Verdict::Ok } else { Verdict::Failed };
            self.changes.look(verdict);
            let news = flapping(&self.made.world, &id, &self.changes).into_iter().collect();
            events.extend(self.made.carry_out(Decision { events: news, effects: vec![] }, &Author::Engine));
            let sample = Sample { at: self.made.now, verdict, latency_us: 1_000 };
            let result = ProbeResult { sample, reason: "connection refused".into(), certificate_ends: None };
            events.extend(self.made.report(&Report::Probed { probe: id.clone(), result }));
        }
        events
    }

    fn probe(&self) -> &Probe {
        self.made.world.probe(&ProbeId::new("shop")).unwrap()
    }

    fn share(&self) -> Option<u8> {
        self.probe().flapping.map(|flapping| flapping.share)
    }

    fn open(&self) -> Option<&Incident> {
        self.made.world.incidents.values().map(|incident| &**incident).find(|incident| incident.is_open())
    }

    fn incidents(&self) -> usize {
        self.made.world.incidents.len()
    }
}

#[test]
fn a_target_that_goes_up_and_down_has_one_alert_until_it_holds_still() {
    let mut shop = Watched::new(1, 1);
    shop.looks("+++-+-+-");
    assert_eq!((shop.share(), shop.incidents()), (None, 3), "five changes are 28.5 %");
    shop.looks("+");
    assert_eq!(shop.share(), Some(34), "six are 33.9 %");
    assert!(shop.open().is_some() && shop.probe().health == Health::Up, "it is up, and its alert stays open");
    let events = kinds(&shop.looks("-+-+-+-+-"));
    let told = ["alert_firing", "alert_resolved", "incident_opened", "incident_resolved", "message_due"];
    assert!(!events.iter().any(|kind| told.contains(&kind.as_str())), "{events:?}");
    assert_eq!(shop.incidents(), 3);
    let overlays = shop.made.world.overlays(shop.open().unwrap(), shop.made.now);
    let OverlayKind::Flapping(shown) = overlays[0].kind else { panic!("{overlays:?}") };
    assert!(shown.share > 60 && overlays[0].words() == format!("shop flapping {}%", shown.share), "{overlays:?}");
    assert!(dogwatch::rules::quiet(&shop.made.world, shop.open().unwrap(), shop.made.now).is_none(), "its chain goes on");
    // Well seven times, and the eighth ends it: only then the recovery is told.
    shop.looks("+++++++");
    assert!(shop.open().is_some() && shop.share().is_some());
    let events = shop.looks("+");
    assert!(shop.open().is_none() && shop.share().is_none());
    let why = events.iter().find_map(|event| if let Event::AlertResolved { reason, .. } = event { Some(reason.as_str()) } else { None });
    assert_eq!(why, Some("shop flaps no longer and is up"));
}

#[test]
fn one_that_ends_down_is_down_with_the_alert_that_it_had() {
    let mut shop = Watched::new(1, 1);
    shop.looks("+-+-+-+-+-+");
    let open = shop.open().unwrap().id;
    shop.looks("--------");
    assert_eq!((shop.share(), shop.open().unwrap().id), (None, open));
    assert!(shop.probe().health.is_down());
    shop.looks("+");
    assert!(shop.open().is_none(), "it is up, and nothing flaps");
}

#[test]
fn thresholds_and_flapping_go_together() {
    // Down after 3, up after 2: each outage is one of its own until the changes are too many.
    let mut shop = Watched::new(3, 2);
    shop.looks("+++++---++---++---+");
    assert_eq!((shop.incidents(), shop.share().is_some()), (3, true));
    let events = kinds(&shop.looks("+---++---++---++"));
    assert!(!events.contains(&"incident_opened".to_owned()) && !events.contains(&"incident_resolved".to_owned()), "{events:?}");
    shop.looks("++++++");
    assert!(shop.open().is_none());
}

#[test]
fn another_target_begins_anew() {
    let mut shop = Watched::new(1, 1);
    shop.looks("+-+-+-+");
    assert!(shop.share().is_some());
    let mut other = probe("shop");
    other.target = dogwatch::domain::probe::Target::Tcp { address: "other.example:443".into() };
    shop.made = shop.made.probe(other);
    assert!(shop.share().is_none() && shop.open().is_none());
}

/// A port that answers or not.
struct Port(SocketAddr, Option<TcpListener>);

impl Port {
    fn set(&mut self, open: bool) {
        self.1 = None;
        self.1 = open.then(|| TcpListener::bind(self.0).unwrap());
    }
}

#[test]
fn a_real_port_that_opens_and_closes_flaps_also_over_a_restart() {
    let mut workspace = Workspace::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut port = Port(listener.local_addr().unwrap(), Some(listener));
    workspace.file("dogwatch.toml", "name = \"shop\"\n");
    let address = port.0;
    workspace.file("probes/shop.toml", &format!("[shop]\ntcp = \"{address}\"\nevery = \"1h\"\ndown_after = 1\nup_after = 1\n"));
    workspace.serve();
    let probe = |workspace: &Workspace| workspace.json(&["probes"])[0].clone();
    let look = |workspace: &Workspace, health: &str| {
        workspace.ok(&["probe", "shop"]);
        until("the look", || Some(probe(workspace)).filter(|probe| probe["health"] == health));
    };
    look(&workspace, "up");
    for turn in 0..8 {
        port.set(turn % 2 == 1);
        look(&workspace, if turn % 2 == 1 { "up" } else { "down" });
    }
    assert_eq!(probe(&workspace)["flapping"]["share"], 44, "eight changes");
    let shown = workspace.ok(&["probes"]);
    assert!(shown.contains("up, flapping 44%"), "{shown}");
    let incidents = workspace.json(&["incidents"]);
    assert_eq!(incidents[0]["overlays"][0]["kind"], "flapping", "{incidents}");
    let id = incidents[0]["id"].to_string();
    assert!(workspace.ok(&["incident", &id]).contains("shop flapping 44%"));
    // What was seen before a restart counts after it.
    workspace.ok(&["stop"]);
    workspace.serve();
    port.set(false);
    look(&workspace, "down");
    port.set(true);
    look(&workspace, "up");
    let share = until("what is remembered", || probe(&workspace)["flapping"]["share"].as_u64().filter(|share| *share > 44));
    assert!(share < 60, "ten changes and no more: {share}");
    assert_eq!(workspace.json(&["incidents"]).as_array().unwrap().len(), 1);
    // It holds still.
    let over = until("the end", || {
        workspace.ok(&["probe", "shop"]);
        workspace.json(&["incidents"]).as_array()?.is_empty().then(|| workspace.json(&["incident", &id]))
    });
    assert!(over["timeline"].to_string().contains("shop flaps no longer and is up"), "{over}");
    assert!(probe(&workspace)["flapping"].is_null());
}
