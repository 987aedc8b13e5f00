//! The pages of figures, handover, review and knowledge as a person sees them, at three sizes, and keys pressed on them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it is surprised")]

mod stage;

use dogwatch::console::Msg;
use dogwatch::console::Screen;
use dogwatch::domain::probe::HourOfLooks;
use dogwatch::domain::review::Finding;
use dogwatch::domain::{AlertCause, Author, Command, Event, Health, IncidentId, RunId, Severity};
use dogwatch::wire::message::{Answer, Ask};
use jiff::SignedDuration;
use stage::{Stage, Story, ago, ana, now};
use std::sync::Arc;
use std::time::{Duration, Instant};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// The busy night with a past: ten ended incidents of the search, two of the batch that were brought back by hand.
fn story() -> Story {
    let mut story = Story::busy();
    let mut number = 100;
    for day in (1..=10).rev() {
        number += 1;
        let at = day * 86_400;
        story.incident(number, "search is slow", Severity::Warning, at, AlertCause::ProbeDown { probe: "search".into() });
        story.tell(
            at - 300,
            Author::Engine,
            Event::IncidentResolved { incident: IncidentId(number), reason: "the condition is over".into() },
        );
    }
    for day in [3, 5] {
        number += 1;
        let at = day * 86_400 + 7_200;
        let run = RunId::numbered("nightly-orders".into(), 6);
        story.incident(number, "nightly-orders: load failed", Severity::Critical, at, AlertCause::RunFailed { run });
        story.tell(at - 120, ana(), Event::IncidentAcknowledged { incident: IncidentId(number), note: None });
        story.tell(at - 3_000, ana(), Event::IncidentResolved { incident: IncidentId(number), reason: "reloaded by hand".into() });
    }
    story
}

/// Waits until the background has brought what it reads.
fn settled(stage: &mut Stage, until: impl Fn(&str) -> bool) -> String {
    let begun = Instant::now();
    loop {
        stage.send(Msg::Woken);
        let picture = stage.picture();
        if until(&picture) || begun.elapsed() > Duration::from_secs(20) {
            return picture;
        }
        std::thread::yield_now();
    }
}

#[test]
fn the_figures_at_three_sizes() {
    let mut story = story();
    story.probe("shop", Health::Up, "", 86_400);
    let objective: dogwatch::domain::probe::Objective = "99.9% over 30d".parse().unwrap();
    let mut definition = (*story.world().probe(&"shop".into()).unwrap().definition).clone();
    definition.objective = Some(objective);
    story.tell(1, Author::Engine, Event::ProbeDefined { probe: Arc::new(definition) });
    for size in SIZES {
        let mut stage = Stage::with(&story, size);
        stage.press("figures-page");
        let id = stage.asked.iter().rev().find(|request| matches!(request.ask, Ask::Hours { .. })).map(|request| request.id).unwrap();
        let hours =
            (0..720).map(|hour| HourOfLooks { at: ago((720 - hour) * 3_600), good: 119, bad: u32::from(hour % 9 == 0), unknown: 0 });
        stage.answer(id, Answer::Hours(hours.collect()));
        insta::assert_snapshot!(format!("figures_{}", size.0), stage.picture_with_roles());
    }
    let mut stage = Stage::with(&story, SIZES[0]);
    stage.press("figures-page");
    assert!(stage.picture().contains("By service"), "{}", stage.picture());
    stage.press("right");
    assert!(stage.picture().contains("By severity"), "{}", stage.picture());
    stage.press("longer-span");
    assert!(stage.picture().contains("last 90d"), "{}", stage.picture());
}

#[test]
fn the_handover_at_three_sizes() {
    for size in SIZES {
        let mut stage = Stage::with(&story(), size);
        stage.press("handover");
        insta::assert_snapshot!(format!("handover_{}", size.0), stage.picture_with_roles());
    }
}

#[test]
fn the_review_at_three_sizes_and_a_decision() {
    let mut story = story();
    story.tell(10, ana(), Event::IncidentResolved { incident: IncidentId(39), reason: "faster again".into() });
    for size in SIZES {
        let mut stage = Stage::with(&story, size);
        stage.app.session.open(Screen::Review(IncidentId(39)));
        stage.wait(0);
        insta::assert_snapshot!(format!("review_{}", size.0), stage.picture_with_roles());
    }
    let mut stage = Stage::with(&story, SIZES[1]);
    stage.app.session.open(Screen::Review(IncidentId(39)));
    stage.wait(0);
    stage.picture();
    stage.press("open");
    assert!(stage.picture().contains("take it"), "{}", stage.picture());
    stage.press("next-choice");
    stage.press("confirm");
    let [Command::DecideReview { incident, finding, accepted, path }] = stage.commands()[..] else { panic!("{:?}", stage.commands()) };
    assert_eq!((incident.0, finding, accepted, path), (39, &Finding::NoRunbook, &false, &None));
    let event = Event::ReviewDecided { incident: *incident, finding: finding.clone(), accepted: false, path: None };
    stage.entry(ana(), event);
    assert!(stage.picture().contains("put away by ana"), "{}", stage.picture());
}

#[test]
fn knowledge_finds_as_it_is_typed_and_opens_the_hit() {
    for size in SIZES {
        let mut stage = Stage::with(&story(), size);
        stage.press("knowledge");
        settled(&mut stage, |picture| !picture.contains("reading the notes"));
        stage.type_text("load step");
        insta::assert_snapshot!(format!("knowledge_{}", size.0), stage.picture_with_roles());
    }
    let mut stage = Stage::with(&story(), SIZES[0]);
    stage.press("knowledge");
    stage.type_text("does not answer");
    stage.press("confirm");
    assert!(
        matches!(stage.app.screen(), Some(Screen::Runbook { runbook, .. }) if runbook.as_str() == "site-down"),
        "{:?}",
        stage.app.screen()
    );
    let mut stage = Stage::with(&story(), SIZES[0]);
    stage.press("knowledge");
    stage.press("cancel");
    assert_eq!(stage.app.screen(), Some(&Screen::Dashboard));
}

#[test]
fn the_incident_page_names_past_ones_like_it() {
    let mut stage = Stage::with(&story(), SIZES[1]);
    stage.app.session.open(Screen::Incident(IncidentId(41)));
    stage.wait(0);
    let picture = stage.picture();
    assert!(picture.contains("like it") && picture.contains("reloaded by hand, said ana"), "{picture}");
    stage.press("review");
    assert_eq!(stage.app.screen(), Some(&Screen::Review(IncidentId(41))));
    assert!(stage.picture().contains("the review begins when the incident is over"), "{}", stage.picture());
}

#[test]
fn no_page_minds_any_size() {
    let world = story();
    for screen in [Screen::Figures, Screen::Handover, Screen::Knowledge, Screen::Review(IncidentId(101)), Screen::Review(IncidentId(7))] {
        for size in [(1, 1), (3, 2), (12, 6), (40, 12), (41, 3), (80, 1)] {
            let mut stage = Stage::with(&world, size);
            stage.app.session.open(screen.clone());
            stage.wait(0);
            stage.picture();
            for key in ["down", "up", "end", "home"] {
                stage.key(key);
                stage.picture();
            }
        }
    }
    assert!(now().checked_sub(SignedDuration::from_hours(1)).is_ok());
}
