//! What the daemon tells shows where a person looks, and what has been overtaken goes away.
#![allow(clippy::unwrap_used, reason = "what a test builds is right, or the test fails")]

mod stage;

use dogwatch::console::Screen;
use dogwatch::domain::run::{DefinitionChoice, Disposition, Occurrence, RunCause};
use dogwatch::domain::runbook::{ProcedureExpectation, ProcedureStep};
use dogwatch::domain::{
    Accepted, AttemptEnd, AttemptId, Author, Command, CommandLine, Event, Health, Job, Params, RunId, Runbook, Sample, StepName, Subject,
    Verdict,
};
use dogwatch::notes::telling::Teller;
use dogwatch::wire::message::{Answer, Ask};
use stage::{Stage, Story, ago, ana, now};
use std::sync::Arc;

fn toasts(stage: &Stage) -> Vec<String> {
    stage.app.toasts().iter().map(|toast| toast.words.clone()).collect()
}

#[test]
fn a_run_that_is_announced_is_no_longer_announced_once_it_has_begun() {
    let mut stage = Stage::with(&Story::busy(), (120, 40));
    let definition = stage.app.session.world.flow(&"heartbeat".into()).unwrap().digest.clone();
    let id = stage.app.session.command(None, Command::Run { flow: "heartbeat".into(), params: Params::new(), date: None, reason: None });
    let run = RunId::numbered("heartbeat".into(), 10);
    stage.answer(id, Answer::Accepted(Accepted::Run(run.clone())));
    assert_eq!(toasts(&stage), ["heartbeat/10 is on its way"]);
    stage.entry(
        Author::Engine,
        Event::RunCreated {
            run: run.clone(),
            cause: RunCause::Person { reason: None },
            planned_at: now(),
            date: "2026-11-21".parse().unwrap(),
            params: Params::new(),
            definition,
            choice: DefinitionChoice::default(),
            carried: Vec::new(),
        },
    );
    assert_eq!(toasts(&stage).len(), 1, "it exists, and has not begun");
    let attempt = AttemptId { job: Job::Step { run: run.clone(), step: "beat".into() }, number: 1 };
    stage.entry(Author::Engine, Event::AttemptStarting { attempt: attempt.clone(), boot_id: "boot".into() });
    stage.entry(Author::Engine, Event::AttemptStarted { attempt, pid: 1, started_at: now() });
    assert_eq!(toasts(&stage), Vec::<String>::new());
}

#[test]
fn a_new_console_asks_for_the_last_readings_of_a_bounded_number_of_probes_and_draws_them() {
    let mut story = Story::new();
    for number in 0..100 {
        story.probe(&format!("p{number:03}"), Health::Up, "", 60);
    }
    story.probe("worst", Health::Down { good: 0, of: 2 }, "refused", 60);
    let mut stage = Stage::with(&story, (120, 40));
    let asked: Vec<_> = stage.asked.iter().filter(|request| matches!(request.ask, Ask::Samples { .. })).cloned().collect();
    assert_eq!(asked.len(), 64);
    let Ask::Samples { probe, since } = &asked[0].ask else { panic!() };
    assert_eq!(probe.as_str(), "worst", "the most urgent first");
    assert!(*since < now() && *since >= ago(7 * 86_400), "not all that is kept: {since}");
    let sample = |seconds| Sample { at: ago(seconds), verdict: Verdict::Ok, latency_us: 40_000 };
    stage.answer(asked[0].id, Answer::Samples((1..=20).rev().map(|minute| sample(60 * minute)).collect()));
    assert_eq!(stage.app.session.readings.of(&"worst".into()).unwrap().samples.len(), 20);
    let row = stage.picture().lines().find(|line| line.contains("worst")).unwrap().to_owned();
    assert!(row.contains('▃') || row.contains('▇') || row.contains('█'), "{row}");
}

#[test]
fn a_flow_that_is_well_says_when_it_comes_next_and_one_that_is_not_since_when() {
    let mut story = Story::busy();
    for flow in ["heartbeat", "nightly-orders"] {
        let occurrence = serde_json::json!({
            "flow": flow, "schedule": "30 2 * * *", "planned": "2026-11-21T02:30:00", "zone": "Europe/Rome", "pass": 1, "at": ago(600),
        });
        let occurrence: Occurrence = serde_json::from_value(occurrence).unwrap();
        story.tell(5, Author::Engine, Event::OccurrenceSettled { occurrence, disposition: Disposition::Missed { reason: "x".into() } });
    }
    let mut stage = Stage::with(&story, (200, 60));
    let picture = stage.picture();
    let row = |name: &str| picture.lines().find(|line| line.contains(name)).unwrap().split("││").next().unwrap().trim_end().to_owned();
    assert!(row("heartbeat").ends_with("+23h40"), "{}", row("heartbeat"));
    assert!(row("heartbeat").contains("1m ago"), "{}", row("heartbeat"));
    assert!(row("nightly-orders").ends_with("−22m"), "{}", row("nightly-orders"));
}

/// A runbook step that expects the exit 65, walked for nothing in particular, and ended so.
fn searched() -> (Story, AttemptId) {
    let mut story = Story::busy();
    let step = ProcedureStep {
        name: "search".into(),
        title: "Search".into(),
        run: CommandLine::Shell("bin/search".into()),
        params: Vec::new(),
        expect: ProcedureExpectation { exit: 65, output: None },
        danger: false,
        timeout: std::time::Duration::from_mins(10),
        line: 0,
        two_people: false,
        auto: None,
    };
    let runbook = Runbook { steps: vec![step], ..(*Story::busy().world().runbooks["site-down"]).clone() };
    story.tell(60, Author::Engine, Event::RunbookDefined { runbook: Arc::new(runbook) });
    let job = Job::Procedure { runbook: "site-down".into(), subject: Subject::Workspace, step: StepName::new("search") };
    let attempt = AttemptId { job, number: 1 };
    story.tell(50, ana(), Event::ProcedureAsked { attempt: attempt.clone(), command: "bin/search".into(), params: Params::new() });
    story.tell(50, Author::Engine, Event::AttemptStarting { attempt: attempt.clone(), boot_id: "boot".into() });
    story.tell(50, Author::Engine, Event::AttemptStarted { attempt: attempt.clone(), pid: 7, started_at: ago(50) });
    (story, attempt)
}

fn ended(attempt: &AttemptId, exit: i32) -> Event {
    Event::AttemptEnded { attempt: attempt.clone(), end: AttemptEnd::Exit(exit), ended_at: now(), output_bytes: 20, survivors: Vec::new() }
}

#[test]
fn the_output_of_a_runbook_step_says_how_it_ended_and_follows_no_longer() {
    let (story, attempt) = searched();
    for (exit, words) in [(65, "exit 65, as expected"), (1, "exit 1")] {
        let mut stage = Stage::with(&story, (120, 40));
        let folder = tempfile::tempdir().unwrap();
        let output = dogwatch::wire::message::output_path(folder.path(), &attempt);
        std::fs::create_dir_all(output.parent().unwrap()).unwrap();
        std::fs::write(&output, "nothing found\n").unwrap();
        stage.app.session.welcome.as_mut().unwrap().state = folder.path().to_string_lossy().into_owned();
        stage.app.session.open(Screen::Output(attempt.clone()));
        stage.wait(0);
        let head = stage.picture();
        assert!(head.contains("running") && head.contains("following"), "{head}");
        stage.entry(Author::Engine, ended(&attempt, exit));
        let head = stage.picture();
        assert!(head.contains(words) && !head.contains("following"), "{head}");
        assert_eq!(head.contains("as expected"), exit == 65);
    }
}

#[test]
fn an_expected_end_is_told_as_one() {
    let (story, attempt) = searched();
    let world = story.world();
    let telling = Teller::of(&world);
    assert_eq!(telling.line(&ended(&attempt, 65)), "runbook site-down search ended with exit 65, as expected");
    assert_eq!(telling.line(&ended(&attempt, 1)), "runbook site-down search failed: exit 1");
    let step = AttemptId { job: Job::Step { run: RunId::numbered("ledger".into(), 1), step: "close".into() }, number: 1 };
    assert_eq!(telling.line(&ended(&step, 65)), "ledger/1 close failed: exit 65", "a flow's step expects success");
}
