//! The operator's verbs pressed by action name through the real app.
#![allow(clippy::unwrap_used, reason = "what a test builds is right, or the test fails")]

mod stage;

use dogwatch::console::{Screen, Target};
use dogwatch::domain::run::{MissedChoice, Occurrence};
use dogwatch::domain::{Accepted, Author, Command, Event, FlowId, RunId, StepName};
use dogwatch::wire::message::{Answer, Ask};
use jiff::{SignedDuration, Timestamp};
use stage::{Stage, Story, ana};

fn busy() -> Stage {
    let mut stage = Stage::with(&Story::busy(), (120, 40));
    stage.press("pane-1");
    stage
}

/// The flows' pane with the cursor on a flow.
fn on(flow: &str) -> Stage {
    let mut stage = busy();
    for _ in 0..20 {
        if stage.app.target() == Some(Target::Flow(flow.into())) {
            return stage;
        }
        stage.press("down");
    }
    panic!("{flow} is not among the flows");
}

fn toast(stage: &Stage) -> String {
    stage.app.toasts().last().map(|toast| toast.words.clone()).unwrap_or_default()
}

fn run(text: &str) -> RunId {
    text.parse().unwrap()
}

#[test]
fn an_ice_asks_for_a_reason_and_an_end_and_the_same_key_takes_it_back() {
    let mut stage = on("nightly-orders");
    stage.press("ice");
    assert!(stage.picture().contains("goes on as if it had succeeded"), "{}", stage.picture());
    stage.press("confirm");
    assert!(stage.commands().is_empty(), "a reason is asked for");
    stage.type_text("warehouse moves");
    stage.press("next-field");
    stage.type_text("soon");
    stage.press("confirm");
    assert!(stage.picture().contains("`soon` is not a duration such as 8h or 30m"), "{}", stage.picture());
    for _ in 0..4 {
        stage.press("delete-left");
    }
    stage.type_text("8h");
    let until = Some(stage.app.session.now + SignedDuration::from_hours(8));
    stage.press("confirm");
    let flow = FlowId::from("nightly-orders");
    assert_eq!(stage.commands(), [&Command::Ice { flow: flow.clone(), until, reason: "warehouse moves".into() }]);
    stage.entry(ana(), Event::FlowIced { flow: flow.clone(), reason: "warehouse moves".into(), until });
    stage.press("ice");
    stage.press("confirm");
    assert_eq!(stage.commands()[1], &Command::Thaw { flow });
}

#[test]
fn a_failed_step_is_set_ok_from_the_flows_pane_with_the_step_chosen() {
    let mut stage = on("nightly-orders");
    stage.press("set-ok");
    let Ask::Command { command: Command::SetOk { run: of, step, .. }, dry_run: true, .. } = &stage.asked.last().unwrap().ask else {
        panic!("{:?}", stage.asked.last())
    };
    assert_eq!((of, step.as_str()), (&run("nightly-orders/7"), "load"), "the failed one is the likeliest");
    stage.type_text("rows loaded by hand");
    stage.press("confirm");
    let wanted = Command::SetOk { run: run("nightly-orders/7"), step: "load".into(), reason: "rows loaded by hand".into() };
    assert_eq!(stage.commands(), [&wanted]);
}

#[test]
fn on_the_run_page_the_verb_goes_to_the_step_under_the_cursor() {
    let mut stage = busy();
    stage.app.session.open(Screen::Run(run("nightly-orders/7")));
    stage.press("redraw");
    let Some(Target::Step(_, step)) = stage.app.target() else { panic!("{:?}", stage.app.target()) };
    assert_eq!(step, StepName::from("load"));
    stage.press("skip");
    stage.type_text("not needed");
    stage.press("confirm");
    assert_eq!(stage.commands(), [&Command::Skip { run: run("nightly-orders/7"), step: "load".into(), reason: "not needed".into() }]);
    stage.press("approve");
    assert_eq!(toast(&stage), "approve: load of nightly-orders/7 is failed");
    stage.press("top");
    stage.press("set-ok");
    assert!(toast(&stage).contains("is success"), "{}", toast(&stage));
}

#[test]
fn marked_rows_get_one_preview_and_one_command_each() {
    let mut stage = busy();
    stage.press("mark-all");
    let marked = stage.app.session.world.flows.len();
    stage.asked.clear();
    stage.press("no-op");
    let previews: Vec<u64> =
        stage.asked.iter().filter(|request| matches!(request.ask, Ask::Command { dry_run: true, .. })).map(|request| request.id).collect();
    assert_eq!(previews.len(), marked, "each is previewed");
    for id in previews {
        stage.answer(id, Answer::Accepted(Accepted::WouldDo(vec!["the next run executes nothing".into()])));
    }
    let picture = stage.picture();
    assert!(picture.contains(&format!("no-op for {marked} things")), "{picture}");
    assert!(picture.contains("the next run executes nothing"), "{picture}");
    stage.type_text("holiday");
    stage.press("confirm");
    assert_eq!(stage.commands().len(), marked);
    assert!(stage.commands().iter().all(|command| matches!(command, Command::NoopOnce { reason, .. } if reason == "holiday")));
}

#[test]
fn killing_what_is_marked_is_typed_once() {
    let mut stage = busy();
    stage.press("mark-all");
    let active = stage.app.session.world.flows.values().filter(|flow| flow.active().next().is_some()).count();
    assert!(active > 0);
    stage.press("kill");
    stage.press("confirm");
    assert!(stage.commands().is_empty(), "it is dangerous");
    stage.type_text("kill");
    stage.press("confirm");
    assert_eq!(stage.commands().len(), active);
    assert!(stage.commands().iter().all(|command| matches!(command, Command::Kill { .. })));
}

#[test]
fn a_run_under_way_is_held_and_preferred_and_the_list_shows_it() {
    let stage = busy();
    let active = stage.app.session.world.flows.values().find_map(|flow| flow.active().next()).unwrap().id.clone();
    let mut stage = on(active.flow.as_str());
    stage.press("hold-run");
    stage.type_text("look first");
    stage.press("confirm");
    stage.press("prioritize");
    for _ in 0..2 {
        stage.press("delete-left");
    }
    stage.type_text("101");
    stage.press("confirm");
    assert!(stage.picture().contains("`101` is not a number from 0 to 100"), "{}", stage.picture());
    stage.press("delete-left");
    stage.press("delete-left");
    stage.press("delete-left");
    stage.type_text("90");
    stage.press("confirm");
    let hold = Command::HoldRun { run: active.clone(), until: None, reason: "look first".into() };
    assert_eq!(stage.commands(), [&hold, &Command::Prioritize { run: active.clone(), priority: 90 }]);
    stage.entry(ana(), Event::RunHeld { run: active.clone(), reason: "look first".into(), until: None });
    stage.entry(ana(), Event::RunPrioritized { run: active.clone(), priority: 90 });
    stage.press("holds");
    let picture = stage.picture();
    assert!(picture.contains("look first") && picture.contains("90 instead of 50"), "{picture}");
    stage.press("down");
    assert_eq!(stage.app.target(), Some(Target::Run(active.clone())), "the list's rows are targets");
    stage.press("hold-run");
    stage.press("confirm");
    assert_eq!(stage.commands()[2], &Command::ReleaseRun { run: active });
}

fn occurrence(flow: &str, at: Timestamp) -> Occurrence {
    let planned = at.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    Occurrence { flow: flow.into(), schedule: "0 * * * *".into(), planned, zone: "UTC".into(), pass: 1, at, mark: None, shifted_from: None }
}

#[test]
fn what_an_outage_missed_stands_on_a_banner_and_the_choice_is_one_key() {
    let mut stage = busy();
    let now = stage.app.session.now;
    let from = now - SignedDuration::from_hours(3);
    stage.entry(Author::Engine, Event::AwayNoticed { from, to: now });
    stage.entry(Author::Engine, Event::OccurrenceAsked { occurrence: occurrence("settle-fx", now - SignedDuration::from_hours(1)) });
    assert!(stage.picture().contains("0 caught up, 0 missed, 1 to choose"), "{}", stage.picture());
    stage.press("misses");
    let picture = stage.picture();
    assert!(picture.contains("settle-fx") && picture.contains("waits for a choice"), "{picture}");
    stage.press("catch-up");
    stage.press("confirm");
    assert_eq!(stage.commands(), [&Command::ChooseMissed { flow: "settle-fx".into(), choice: MissedChoice::Latest }]);
    stage.press("dismiss-misses");
    assert_eq!(stage.commands()[1], &Command::DismissMisses);
    stage.entry(ana(), Event::MissesDismissed { misses: 1 });
    assert!(!stage.picture().contains("1 to choose"));
    stage.press("dismiss-misses");
    assert_eq!(toast(&stage), "put misses away: there is no list to put away");
}
