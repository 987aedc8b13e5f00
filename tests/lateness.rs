//! Too long, too fast, the total timeout, and the forecast of what will be late, as tables on the rules.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod made;

use dogwatch::domain::flow::Bounds;
use dogwatch::domain::*;
use dogwatch::rules::forecast::{self, Risk};
use dogwatch::world::Flow;
use made::{Made, flow, kinds, step};
use std::time::Duration;

const OK: AttemptEnd = AttemptEnd::Exit(0);

fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

fn start(made: &mut Made) {
    made.command(Command::Run { flow: "f".into(), params: Params::new(), date: None, reason: None }).unwrap();
}

/// Runs each step to its success, so many minutes each, one after the other.
fn run_through(made: &mut Made, steps: &[(&str, i64)]) {
    start(made);
    for (name, minutes) in steps {
        made.start(name);
        made.now += jiff::SignedDuration::from_mins(*minutes);
        made.end(name, OK);
    }
}

fn world_flow(made: &Made) -> &Flow {
    made.world.flow(&"f".into()).unwrap()
}

fn alerts(made: &Made) -> Vec<String> {
    made.world.alerts.values().map(|alert| alert.notice.summary.clone()).collect()
}

#[test]
fn a_run_and_a_step_that_take_too_long_alarm_once_each_and_the_end_of_them_ends_the_alarm() {
    let slow = StepDefinition { bounds: Bounds { max_run: Some(minutes(10)), min_run: None }, ..step("load", &[]) };
    let bounds = Bounds { max_run: Some(minutes(15)), min_run: None };
    let mut made =
        Made::at("2026-01-01T00:00:00Z").flow(FlowDefinition { bounds, ..flow("f", &[], vec![slow, step("report", &["load"])]) });
    start(&mut made);
    made.start("load");
    assert_eq!(kinds(&made.to("2026-01-01T00:09:59Z")), Vec::<String>::new());
    made.to("2026-01-01T00:10:00Z");
    assert_eq!(alerts(&made), ["f/1 load: runs longer than 10m"]);
    assert_eq!(kinds(&made.to("2026-01-01T00:14:59Z")), Vec::<String>::new(), "an alarm is told once");
    made.to("2026-01-01T00:15:00Z");
    assert_eq!(alerts(&made).len(), 2, "{:?}", alerts(&made));
    made.end("load", OK);
    assert_eq!(alerts(&made), ["f/1: runs longer than 15m"], "the step has ended, the run goes on");
    made.start("report");
    made.end("report", OK);
    assert!(alerts(&made).is_empty());
    assert!(made.world.incidents.values().all(|incident| !incident.is_open()));
}

#[test]
fn a_success_that_comes_too_soon_is_suspicious_until_one_takes_its_time() {
    let bounds = Bounds { min_run: Some(minutes(5)), max_run: None };
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(FlowDefinition { bounds, ..flow("f", &[], vec![step("load", &[])]) });
    run_through(&mut made, &[("load", 1)]);
    assert_eq!(alerts(&made), ["f/1: took 1m, at least 5m was expected"]);
    let alert = made.world.alerts.values().next().unwrap();
    assert_eq!(alert.notice.severity, Severity::Warning, "the work was done, as far as its exit says");
    run_through(&mut made, &[("load", 6)]);
    assert!(alerts(&made).is_empty());
}

#[test]
fn the_total_timeout_ends_a_run_as_failed_and_not_as_cancelled() {
    let timeout = Some(minutes(30));
    let steps = vec![step("load", &[]), step("report", &["load"])];
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(FlowDefinition { timeout, ..flow("f", &[], steps) });
    start(&mut made);
    made.start("load");
    made.effects.clear();
    let events = made.to("2026-01-01T00:30:00Z");
    assert!(matches!(events.first(), Some(Event::RunTimedOut { .. })), "{events:?}");
    assert!(matches!(made.effects.as_slice(), [Effect::KillAttempt { .. }]), "{:?}", made.effects);
    assert_eq!(kinds(&made.to("2026-01-01T01:00:00Z")), Vec::<String>::new(), "it is asked to end once");
    made.end("load", AttemptEnd::Killed);
    let run = made.world.run(&"f/1".parse().unwrap()).unwrap();
    assert_eq!(run.outcome, Some(Outcome::Failed { cause: AttemptEnd::Timeout }));
    assert_eq!(alerts(&made), ["f: load failed (killed)"]);
}

/// A flow with a history of five runs in which fetch took 10 and load 30 minutes, beside check with 5.
fn with_history(deadline: &str) -> Made {
    let steps = vec![step("fetch", &[]), step("check", &["fetch"]), step("load", &["fetch"]), step("report", &["check", "load"])];
    let definition = FlowDefinition { must_finish_by: Some(deadline.parse().unwrap()), ..flow("f", &["0 2 * * *"], steps) };
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(definition);
    for (day, load) in [(1, 30), (2, 30), (3, 30), (4, 30), (5, 50)] {
        made.to(&format!("2026-01-0{day}T02:00:00Z"));
        made.start("fetch");
        made.now += jiff::SignedDuration::from_mins(10);
        made.end("fetch", OK);
        made.start("check");
        made.start("load");
        made.now += jiff::SignedDuration::from_mins(5);
        made.end("check", OK);
        made.now += jiff::SignedDuration::from_mins(load - 5);
        made.end("load", OK);
        made.start("report");
        made.end("report", OK);
    }
    made.to("2026-01-06T02:00:00Z");
    made.start("fetch");
    made
}

#[test]
fn the_end_is_foreseen_over_the_longest_remaining_path() {
    let made = with_history("03:00");
    let row = world_flow(&made);
    let run = row.active().next().unwrap();
    let told = forecast::of_run(row, run, made.now).unwrap();
    let at = |text: &str| Some(text.parse::<jiff::Timestamp>().unwrap());
    assert_eq!((told.p50, told.p90), (at("2026-01-06T02:40:00Z"), at("2026-01-06T03:00:00Z")));
    assert_eq!(told.due, at("2026-01-06T03:00:00Z"));
    assert_eq!(told.path.iter().map(StepName::as_str).collect::<Vec<_>>(), ["fetch", "load", "report"]);
    assert_eq!((told.risk, told.slack().unwrap().as_mins(), told.comparable), (Risk::OnTime, 20, 5));
}

#[test]
fn it_is_at_risk_then_will_be_late_then_late_as_time_goes_by() {
    let mut made = with_history("02:55");
    let mut risk = |minute: u32| {
        made.to(&format!("2026-01-06T{:02}:{:02}:00Z", 2 + minute / 60, minute % 60));
        forecast::breach(world_flow(&made), made.now).map(|(_, risk, _)| risk)
    };
    assert_eq!(risk(0), Some(Risk::AtRisk), "the slow case is 03:00");
    assert_eq!(risk(26), Some(Risk::WillBeLate), "fetch is still not done, and load takes half an hour");
    assert_eq!(risk(56), Some(Risk::Late));
}

#[test]
fn a_step_that_is_longer_than_ever_may_end_at_any_moment() {
    let mut made = with_history("06:00");
    made.to("2026-01-06T02:20:00Z");
    let row = world_flow(&made);
    let told = forecast::of_run(row, row.active().next().unwrap(), made.now).unwrap();
    assert_eq!(told.p50, Some("2026-01-06T02:50:00Z".parse().unwrap()), "what is left of fetch is nothing, load takes 30 minutes");
}

#[test]
fn a_thin_history_says_so_and_a_step_without_one_has_no_end() {
    let steps = vec![step("fetch", &[]), step("load", &["fetch"])];
    let definition = FlowDefinition { must_finish_by: Some("06:00".parse().unwrap()), ..flow("f", &["0 2 * * *"], steps) };
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(definition);
    made.to("2026-01-01T02:00:00Z");
    made.start("fetch");
    let row = world_flow(&made);
    let told = forecast::of_run(row, row.active().next().unwrap(), made.now).unwrap();
    assert_eq!((told.risk, told.comparable, told.p50), (Risk::Unknown, 0, None));
    assert_eq!(forecast::breach(row, made.now), None, "nothing is foreseen from nothing");
}

#[test]
fn a_rerun_is_foreseen_with_the_steps_that_it_runs() {
    let mut made = with_history("03:00");
    made.to("2026-01-06T02:10:00Z");
    made.end("fetch", OK);
    let row = world_flow(&made);
    let told = forecast::if_run_now(row, &row.definition, &["load".into(), "report".into()], made.now, made.now);
    assert_eq!(told.p50, Some("2026-01-06T02:40:00Z".parse().unwrap()));
    assert_eq!(told.path.len(), 2);
}

#[test]
fn a_failed_run_is_told_beside_the_last_good_one() {
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(FlowDefinition {
        params: [("region".to_owned(), "eu".to_owned())].into(),
        ..flow("f", &[], vec![step("fetch", &[]), step("load", &["fetch"])])
    });
    run_through(&mut made, &[("fetch", 10), ("load", 30)]);
    let slower = StepDefinition { run: Some(CommandLine::Shell("bin/load --slow".into())), ..step("load", &["fetch"]) };
    made = made.flow(FlowDefinition {
        params: [("region".to_owned(), "eu".to_owned())].into(),
        ..flow("f", &[], vec![step("fetch", &[]), slower])
    });
    let params = [("region".to_owned(), "us".to_owned())].into();
    made.command(Command::Run { flow: "f".into(), params, date: None, reason: None }).unwrap();
    made.start("fetch");
    made.now += jiff::SignedDuration::from_mins(25);
    made.end("fetch", OK);
    made.start("load");
    made.end("load", AttemptEnd::Exit(1));
    let reasons: Vec<String> =
        dogwatch::rules::why_run(&made.world, &"f/2".parse().unwrap(), made.now).into_iter().map(|reason| reason.text).collect();
    for wanted in [
        "load runs `bin/load --slow`, it was `bin/load` (since f/1)",
        "region is `us`, in f/1 it was `eu`",
        "fetch took 25m, in f/1 10m",
        "load took 0.0s, in f/1 30m",
    ] {
        assert!(reasons.iter().any(|line| line == wanted), "{wanted} is not in {reasons:#?}");
    }
}
