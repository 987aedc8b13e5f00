//! The list of all flows, the page of a flow and a run of two hundred steps: sorted, grouped, filtered, searched by keys;
//! a frame costs what is visible.
#![allow(clippy::unwrap_used, reason = "what a test builds is right, or the test fails")]

mod stage;

use dogwatch::console::view::flow_list::{Sort, states};
use dogwatch::console::{Msg, Screen, Target};
use dogwatch::domain::run::{DefinitionChoice, RunCause};
use dogwatch::domain::{AttemptEnd, AttemptId, Author, Event, FlowDefinition, Job, Outcome, Params, RunId, StepDefinition};
use stage::{Stage, Story, ago, now};
use std::sync::Arc;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn open(stage: &mut Stage, screen: Screen) {
    stage.app.session.open(screen);
    stage.send(Msg::Tick);
}

/// The names in the order in which they stand on the screen.
fn names(picture: &str) -> Vec<String> {
    let known = ["nightly-orders", "settle-fx", "heartbeat", "weekly-report", "ledger"];
    let rows = picture.lines().filter_map(|line| known.iter().find(|name| line.get(..24).is_some_and(|head| head.contains(**name))));
    rows.map(|name| (*name).to_owned()).collect()
}

#[test]
fn the_list_of_flows() {
    for size in SIZES {
        let mut stage = Stage::with(&Story::busy(), size);
        open(&mut stage, Screen::Flows(None));
        insta::assert_snapshot!(format!("flows_{}x{}", size.0, size.1), stage.picture_with_roles());
    }
}

#[test]
fn flows_are_sorted_grouped_and_filtered_by_keys() {
    let mut stage = Stage::with(&Story::busy(), (140, 40));
    stage.press("pane-1");
    stage.press("down");
    let on = stage.app.target();
    stage.press("zoom");
    assert!(matches!(stage.app.screen(), Some(Screen::Flows(Some(_)))), "z on the pane of flows opens the list");
    stage.picture();
    assert_eq!(stage.app.target(), on, "with the cursor on the same flow");
    stage.press("zoom");
    assert_eq!(stage.app.screen(), Some(&Screen::Dashboard), "and z leads back");

    stage.press("flows");
    let by_risk = names(&stage.picture());
    assert_eq!(by_risk.len(), 5);
    stage.press("sort");
    assert_eq!(names(&stage.picture()), ["heartbeat", "ledger", "nightly-orders", "settle-fx", "weekly-report"]);
    stage.press("sort");
    assert!(stage.picture().contains("by next time"));
    stage.press("sort");
    assert_eq!(names(&stage.picture())[0], "nightly-orders", "its last run took longest");
    stage.press("sort");
    assert_eq!(names(&stage.picture()), by_risk);

    stage.press("group");
    stage.press("top");
    let picture = stage.picture();
    assert!(picture.contains("failed  2") && picture.contains("running  1") && picture.contains("held  1"), "{picture}");
    assert_eq!(stage.app.target(), None, "the cursor is on a heading");
    stage.press("open-row");
    let folded = names(&stage.picture());
    assert!(!folded.contains(&"nightly-orders".to_owned()) && folded.len() == 3, "{}", stage.picture());
    stage.press("open-row");
    assert_eq!(names(&stage.picture()).len(), 5);

    for (typed, wanted) in
        [("state:failed", vec!["nightly-orders", "ledger"]), ("state:held", vec!["weekly-report"]), ("state:running s", vec!["settle-fx"])]
    {
        stage.press("filter");
        stage.type_text(typed);
        stage.press("confirm");
        let mut shown = names(&stage.picture());
        let mut wanted: Vec<String> = wanted.into_iter().map(str::to_owned).collect();
        shown.sort();
        wanted.sort();
        assert_eq!(shown, wanted, "{typed}");
        stage.press("back");
    }
    stage.press("filter");
    stage.type_text("state:gone");
    stage.press("confirm");
    assert!(stage.picture().contains("no flow fits"), "{}", stage.picture());
    stage.press("back");
    stage.press("group");
    stage.press("mark-all");
    stage.press("hold");
    assert!(stage.picture().contains("5 flows") || stage.picture().contains("hold"), "{}", stage.picture());
}

#[test]
fn five_thousand_flows_cost_what_is_visible() {
    let mut story = Story::new();
    for number in 0..5_000 {
        story.flow(&format!("flow-{number:04}"), &["only"], 1, None);
    }
    let mut stage = Stage::with(&story, (120, 40));
    open(&mut stage, Screen::Flows(None));
    assert!(stage.picture().contains("5000 by risk"), "{}", stage.picture());
    for _ in 0..3 {
        stage.press("sort");
        stage.press("bottom");
        assert!(stage.picture().contains("flow-4999"));
    }
    stage.press("filter");
    stage.type_text("state:never 777");
    stage.press("confirm");
    assert!(stage.picture().contains("5 by last duration"), "{}", stage.picture());
    let flow = stage.app.session.world.flow(&"flow-0777".into()).unwrap();
    assert_eq!(states(flow, now()), ["never"]);
    assert_eq!(Sort::Risk.turned().turned().turned().turned(), Sort::Risk);
    assert_eq!(stage.app.target(), Some(Target::Flow("flow-0777".into())));
}

/// A run of two hundred steps: twenty chains of nine between a start and an end, the fourth chain slow and running.
fn wide() -> Story {
    let mut steps = vec![StepDefinition::new("start")];
    for chain in 0..22 {
        for place in 0..9 {
            let before = if place == 0 { "start".to_owned() } else { format!("c{chain:02}-s{}", place - 1) };
            steps.push(StepDefinition { needs: vec![before.as_str().into()], ..StepDefinition::new(&format!("c{chain:02}-s{place}")) });
        }
    }
    let last = (0..22).map(|chain| format!("c{chain:02}-s8").as_str().into()).collect();
    steps.push(StepDefinition { needs: last, ..StepDefinition::new("finish") });
    let definition = FlowDefinition {
        schedules: vec!["30 2 * * *".into(), "0 12 * * Mon".into()],
        must_finish_by: Some(jiff::civil::time(5, 0, 0, 0)),
        file: "flows/wide.toml".into(),
        steps: steps.clone(),
        ..FlowDefinition::new("wide")
    };
    let mut story = Story::new();
    story.tell(90_000, Author::Engine, Event::FlowDefined { flow: Arc::new(definition.clone()) });
    for number in 1..=5_u32 {
        many(&mut story, &definition, number, 80_000 - i64::from(number) * 7_000, 199);
    }
    many(&mut story, &definition, 6, 1_500, 60);
    story
}

/// A run of which so many steps have succeeded one after another, and of which the next one runs, if there is one.
fn many(story: &mut Story, definition: &FlowDefinition, number: u32, began: i64, done: usize) {
    let run = RunId::numbered("wide".into(), number);
    story.tell(
        began,
        Author::Engine,
        Event::RunCreated {
            run: run.clone(),
            cause: RunCause::Person { reason: None },
            planned_at: ago(began),
            date: "2026-11-20".parse().unwrap(),
            params: Params::new(),
            definition: definition.digest(),
            choice: DefinitionChoice::Ran,
            carried: Vec::new(),
        },
    );
    let mut at = began;
    for (place, step) in definition.steps.iter().enumerate().take(done + 2) {
        let attempt = AttemptId { job: Job::Step { run: run.clone(), step: step.name.clone() }, number: 1 };
        story.tell(at, Author::Engine, Event::AttemptStarting { attempt: attempt.clone(), boot_id: "boot".into() });
        story.tell(at, Author::Engine, Event::AttemptStarted { attempt: attempt.clone(), pid: 99, started_at: ago(at) });
        if place > done {
            return;
        }
        at -= if step.name.as_str().starts_with("c03") { 60 } else { 10 };
        let (end, output_bytes) = (AttemptEnd::Exit(0), 120);
        story.tell(at, Author::Engine, Event::AttemptEnded { attempt, end, ended_at: ago(at), output_bytes, survivors: Vec::new() });
        story.tell(at, Author::Engine, Event::StepEnded { run: run.clone(), step: step.name.clone(), outcome: Outcome::Success });
    }
    story.tell(at, Author::Engine, Event::RunEnded { run, outcome: Outcome::Success });
}

#[test]
fn a_run_of_two_hundred_steps() {
    for size in SIZES {
        let mut stage = Stage::with(&wide(), size);
        open(&mut stage, Screen::Run(RunId::numbered("wide".into(), 6)));
        insta::assert_snapshot!(format!("run_of_200_{}x{}", size.0, size.1), stage.picture());
    }
}

#[test]
fn steps_are_found_by_name_and_along_the_path_that_decides() {
    let mut stage = Stage::with(&wide(), (120, 40));
    let run = RunId::numbered("wide".into(), 6);
    open(&mut stage, Screen::Run(run.clone()));
    stage.picture();
    let on = |stage: &Stage| match stage.app.target() {
        Some(Target::Step(_, step)) => step.to_string(),
        other => panic!("{other:?}"),
    };
    let mut path = Vec::new();
    for _ in 0..4 {
        stage.press("critical-path");
        let picture = stage.picture();
        path.push(on(&stage));
        assert!(picture.contains(path.last().unwrap()), "{picture}");
    }
    let mut sorted = path.clone();
    sorted.dedup();
    assert_eq!(sorted.len(), 4, "each press goes one step on: {path:?}");

    stage.press("filter");
    stage.type_text("C17-S");
    let picture = stage.picture();
    assert!(picture.contains("Steps /C17-S   9 of 200"), "{picture}");
    stage.press("confirm");
    stage.press("bottom");
    assert_eq!(on(&stage), "c17-s8");
    stage.press("back");
    assert!(stage.picture().contains("Steps 61/200"), "{}", stage.picture());
    assert_eq!(on(&stage), "c17-s8", "the cursor stays on its step");
    stage.press("filter");
    stage.type_text("nothing");
    assert!(stage.picture().contains("no step has this in its name"));
    stage.press("cancel");
    assert_eq!(stage.app.screen(), Some(&Screen::Run(run)));
}

#[test]
fn the_tabs_of_a_flow() {
    for size in SIZES {
        let mut stage = Stage::with(&wide(), size);
        open(&mut stage, Screen::Flow("wide".into()));
        stage.picture();
        stage.press("pane-2");
        let picture = stage.picture();
        assert!(picture.contains("[2 Next times]") && picture.contains("0 12 * * Mon"), "{picture}");
        insta::assert_snapshot!(format!("flow_next_{}x{}", size.0, size.1), picture);
        stage.press("next-pane");
        insta::assert_snapshot!(format!("flow_definition_{}x{}", size.0, size.1), stage.picture());
        stage.press("bottom");
        assert!(stage.picture().contains("finish   needs c00-s8"), "{}", stage.picture());
    }
}

#[test]
fn the_preview_of_a_rerun_is_read_whole_on_a_small_screen() {
    let mut stage = Stage::with(&Story::busy(), (80, 24));
    open(&mut stage, Screen::Flow("nightly-orders".into()));
    stage.picture();
    stage.press("rerun");
    let id = stage.asked.last().unwrap().id;
    let told = "if it starts now, it ends about Sat 2026-11-21 06:42 CET (slow case Sat 2026-11-21 06:55 CET), due Sat 2026-11-21 07:00 CET, 18m to spare: on time";
    let lines = vec!["will run: load, report".to_owned(), "kept: fetch, check".to_owned(), told.to_owned()];
    stage.answer(id, dogwatch::wire::message::Answer::Accepted(dogwatch::domain::Accepted::WouldDo(lines)));
    insta::assert_snapshot!("rerun_80x24", stage.picture());
    stage.press("cancel");
    stage.press("rerun");
    let id = stage.asked.last().unwrap().id;
    let lines = (0..40).map(|number| format!("step {number} will run")).collect();
    stage.answer(id, dogwatch::wire::message::Answer::Accepted(dogwatch::domain::Accepted::WouldDo(lines)));
    assert!(stage.picture().contains("more lines, pagedown"), "{}", stage.picture());
    // The reason has the focus meanwhile: what is typed goes there, and page keys turn the preview.
    for _ in 0..8 {
        stage.press("page-down");
    }
    let end = stage.picture();
    assert!(end.contains("step 39 will run") && !end.contains("more line"), "{end}");
    for _ in 0..8 {
        stage.press("page-up");
    }
    assert!(stage.picture().contains("step 0 will run"), "{}", stage.picture());
}
