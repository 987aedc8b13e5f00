//! The lists of what is kept back and of what an outage missed, at three sizes, with their roles.
#![allow(clippy::unwrap_used, reason = "what a test builds is right, or the test fails")]

mod stage;

use dogwatch::domain::run::{Disposition, Occurrence};
use dogwatch::domain::{Author, Event};
use jiff::SignedDuration;
use stage::{Stage, Story, ana};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn kept_back(size: (u16, u16)) -> Stage {
    let mut stage = Stage::with(&Story::busy(), size);
    let now = stage.app.session.now;
    let active = stage.app.session.world.flows.values().find_map(|flow| flow.active().next()).unwrap().id.clone();
    let until = Some(now + SignedDuration::from_hours(3));
    stage.entry(ana(), Event::RunHeld { run: active.clone(), reason: "the rates look odd".into(), until });
    stage.entry(ana(), Event::RunPrioritized { run: active, priority: 90 });
    stage.entry(ana(), Event::FlowIced { flow: "heartbeat".into(), reason: "host moves".into(), until: None });
    stage.entry(ana(), Event::NoopSet { flow: "ledger".into(), reason: "holiday".into() });
    stage
}

fn missed(size: (u16, u16)) -> Stage {
    let mut stage = Stage::with(&Story::busy(), size);
    let now = stage.app.session.now;
    let occurrence = |flow: &str, hours: i64| {
        let at = now - SignedDuration::from_hours(hours);
        let planned = at.to_zoned(jiff::tz::TimeZone::UTC).datetime();
        Occurrence {
            flow: flow.into(),
            schedule: "0 * * * *".into(),
            planned,
            zone: "Europe/Rome".into(),
            pass: 1,
            at,
            mark: None,
            shifted_from: None,
        }
    };
    stage.entry(Author::Engine, Event::AwayNoticed { from: now - SignedDuration::from_hours(4), to: now });
    let younger = Disposition::Missed { reason: "a younger one is caught up".into() };
    stage.entry(Author::Engine, Event::OccurrenceSettled { occurrence: occurrence("heartbeat", 2), disposition: younger });
    let caught_up = Disposition::CaughtUp { run: "nightly-orders/7".parse().unwrap() };
    stage.entry(Author::Engine, Event::OccurrenceSettled { occurrence: occurrence("nightly-orders", 3), disposition: caught_up });
    stage.entry(Author::Engine, Event::OccurrenceAsked { occurrence: occurrence("settle-fx", 2) });
    stage.entry(Author::Engine, Event::OccurrenceAsked { occurrence: occurrence("settle-fx", 1) });
    stage
}

#[test]
fn what_is_kept_back() {
    for size in SIZES {
        let mut stage = kept_back(size);
        stage.press("holds");
        insta::assert_snapshot!(format!("holds_{}x{}", size.0, size.1), stage.picture_with_roles());
    }
}

#[test]
fn what_an_outage_missed() {
    for size in SIZES {
        let mut stage = missed(size);
        stage.press("misses");
        insta::assert_snapshot!(format!("misses_{}x{}", size.0, size.1), stage.picture_with_roles());
    }
}

#[test]
fn a_verb_on_everything_that_is_marked() {
    let mut stage = Stage::with(&Story::busy(), (120, 40));
    stage.press("pane-1");
    stage.press("mark-all");
    stage.asked.clear();
    stage.press("hold");
    let ids: Vec<u64> = stage.asked.iter().map(|request| request.id).collect();
    for id in ids {
        let lines = vec!["no new run starts until someone releases it".to_owned()];
        stage.answer(id, dogwatch::wire::message::Answer::Accepted(dogwatch::domain::Accepted::WouldDo(lines)));
    }
    insta::assert_snapshot!("hold_marked_120x40", stage.picture_with_roles());
}

#[test]
fn a_batch_day_shows_what_was_planned_beside_what_came_of_it() {
    for size in SIZES {
        let mut stage = missed(size);
        stage.press("batch-day");
        insta::assert_snapshot!(format!("batch_{}x{}", size.0, size.1), stage.picture_with_roles());
    }
    let mut stage = missed((120, 40));
    stage.press("batch-day");
    let today = stage.picture();
    stage.press("left");
    assert_ne!(stage.picture(), today, "left is the day before");
    stage.press("right");
    assert_eq!(stage.picture(), today, "right leads back");
}
