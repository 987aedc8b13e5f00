//! The operator's verbs as tables: ice, no-op, force, skip, ok, fail, holds of runs, priorities, approvals, misses.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod made;

use dogwatch::domain::flow::{Approval, Missed, MissedPolicy, Overlap, Retry};
use dogwatch::domain::run::{DefinitionChoice, MissedChoice, Scope};
use dogwatch::domain::*;
use dogwatch::rules::{self, Asked, HeldKind, holds, why_flow, why_run};
use dogwatch::world::{MissEnd, StepState, World};
use jiff::SignedDuration;
use made::{Made, ana, flow, kinds, settled, step};
use std::time::Duration;

const OK: AttemptEnd = AttemptEnd::Exit(0);
const BAD: AttemptEnd = AttemptEnd::Exit(1);

fn nightly() -> FlowDefinition {
    flow("nightly", &["30 2 * * *"], vec![step("fetch", &[]), step("load", &["fetch"]), step("report", &["load"])])
}

fn made() -> Made {
    Made::at("2026-01-01T00:00:00Z").flow(nightly())
}

fn id(run: &str) -> RunId {
    run.parse().unwrap()
}

fn run(flow: &str) -> Command {
    Command::Run { flow: flow.into(), params: Params::new(), date: None, reason: None }
}

fn ok(run: &str, step: &str) -> Command {
    Command::SetOk { run: id(run), step: step.into(), reason: "by hand".into() }
}

fn skip(run: &str, step: &str) -> Command {
    Command::Skip { run: id(run), step: step.into(), reason: "not today".into() }
}

fn fail(run: &str, step: &str) -> Command {
    Command::SetFailed { run: id(run), step: step.into(), reason: "wrong rows".into() }
}

fn force(run: &str, step: Option<&str>) -> Command {
    Command::Force { run: id(run), step: step.map(Into::into), reason: "now".into() }
}

fn state(made: &Made, run: &str, step: &str) -> String {
    made.world.run(&id(run)).unwrap().step(&step.into()).unwrap().state.word().to_owned()
}

fn outcome(made: &Made, run: &str) -> String {
    made.world.run(&id(run)).unwrap().outcome.as_ref().map_or("not done", Outcome::word).to_owned()
}

/// What was asked leaves the same world when its entries are folded again.
fn folds(made: &Made) {
    assert_eq!(World::fold(&made.entries), made.world);
}

#[test]
fn an_iced_flow_is_left_out_and_melts_by_its_time_without_starting_anything() {
    let mut made = made();
    let melts: jiff::Timestamp = "2026-01-02T12:00:00Z".parse().unwrap();
    let until = Some(melts);
    let ice = Command::Ice { flow: "nightly".into(), until, reason: "no warehouse".into() };
    let preview = made.preview(&ice).unwrap();
    assert!(preview[0].contains("what waits for it goes on"), "{preview:?}");
    assert_eq!(kinds(&made.command(ice.clone()).unwrap()), ["flow_iced"]);
    let flow = |made: &Made| made.world.flow(&"nightly".into()).unwrap().clone();
    assert!(flow(&made).is_iced("2026-01-02T11:59:59Z".parse().unwrap()) && !flow(&made).is_iced(melts));
    assert!(made.command(ice).unwrap_err().reason.contains("iced already, by ana: no warehouse"));
    assert!(made.command(run("nightly")).unwrap_err().to_string().contains("thaw it first"));
    let words = "skipped (iced by ana until 2026-01-02T12:00:00Z, no warehouse)";
    let events = made.to("2026-01-02T13:00:00Z");
    assert_eq!(settled(&events), [format!("2026-01-01T02:30:00Z {words}"), format!("2026-01-02T02:30:00Z {words}")]);
    assert_eq!(kinds(&events).last().unwrap(), "flow_thawed");
    assert!(made.world.running.is_empty(), "thawing starts nothing");
    assert_eq!(settled(&made.to("2026-01-03T02:30:00Z")), ["2026-01-03T02:30:00Z ran"]);
    assert!(made.command(Command::Thaw { flow: "nightly".into() }).unwrap_err().reason.contains("not iced"));
    folds(&made);
}

#[test]
fn a_no_op_is_used_once_and_executes_nothing() {
    let mut made = made();
    let noop = || Command::NoopOnce { flow: "nightly".into(), reason: "holiday".into() };
    let undo = || Command::NoopWithdraw { flow: "nightly".into() };
    made.command(noop()).unwrap();
    assert!(made.command(noop()).unwrap_err().to_string().contains("dogwatch noop nightly --undo"));
    made.command(undo()).unwrap();
    assert!(made.command(undo()).is_err());
    made.command(noop()).unwrap();
    assert!(made.preview(&run("nightly")).unwrap()[1].contains("executes nothing: no-op by ana, holiday"));
    let events = made.to("2026-01-01T02:30:00Z");
    assert_eq!(kinds(&events), ["run_created", "step_ended", "step_ended", "step_ended", "run_ended", "occurrence_settled"]);
    let run = made.world.run(&id("nightly/1")).unwrap();
    assert_eq!(run.outcome, Some(Outcome::Skipped { reason: "no-op".into(), by: Some("ana".into()) }));
    assert!(run.outcome.as_ref().unwrap().lets_go_on() && run.steps.iter().all(|step| step.attempts.is_empty()));
    assert!(!made.effects.iter().any(|effect| matches!(effect, Effect::StartAttempt(_))));
    made.to("2026-01-02T02:30:00Z");
    assert_eq!(made.steps(), ["fetch"], "the next one runs");
    folds(&made);
}

#[test]
fn a_no_op_waits_its_turn_and_a_rerun_does_not_use_it() {
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(FlowDefinition { overlap: Overlap::Queue, ..nightly() });
    made.command(run("nightly")).unwrap();
    made.command(Command::NoopOnce { flow: "nightly".into(), reason: "twice is once".into() }).unwrap();
    made.command(run("nightly")).unwrap();
    assert_eq!(outcome(&made, "nightly/2"), "not done", "it goes through the motions, also of waiting");
    made.end("fetch", BAD);
    assert_eq!((outcome(&made, "nightly/1").as_str(), outcome(&made, "nightly/2").as_str()), ("failed", "skipped"));
    assert_eq!(made.world.alerts.len(), 1, "a no-op repairs nothing");
    made.command(Command::NoopOnce { flow: "nightly".into(), reason: "next".into() }).unwrap();
    let (definition, params, date) = (DefinitionChoice::Ran, Params::new(), None);
    made.command(Command::Rerun { run: id("nightly/1"), scope: Scope::Failed, definition, params, date, reason: "fixed".into() }).unwrap();
    assert_eq!(made.steps(), ["fetch"]);
    assert!(made.world.flow(&"nightly".into()).unwrap().noop.is_some());
    folds(&made);
}

#[test]
fn a_skipped_step_lets_those_after_it_go_on() {
    let mut made = made();
    made.command(run("nightly")).unwrap();
    assert!(made.command(skip("nightly/1", "fetch")).unwrap_err().to_string().contains("end it first: dogwatch kill nightly/1"));
    assert_eq!(made.preview(&skip("nightly/1", "load")).unwrap()[1], "report may go on");
    made.command(skip("nightly/1", "load")).unwrap();
    made.end("fetch", OK);
    assert_eq!(made.steps(), ["report"]);
    made.end("report", OK);
    assert_eq!(outcome(&made, "nightly/1"), "success");
    assert!(made.command(skip("nightly/1", "load")).unwrap_err().reason.contains("is done: skipped"));
    folds(&made);
}

#[test]
fn a_failed_step_that_is_set_ok_reopens_what_it_stopped() {
    let steps = vec![step("fetch", &[]), step("slow", &[]), step("load", &["fetch"]), step("both", &["load", "slow"])];
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(flow("f", &[], steps));
    made.command(run("f")).unwrap();
    made.end("fetch", BAD);
    assert_eq!(state(&made, "f/1", "load"), "upstream failed");
    made.command(ok("f/1", "fetch")).unwrap();
    assert_eq!((state(&made, "f/1", "load").as_str(), state(&made, "f/1", "both").as_str()), ("running", "waiting"));
    assert_eq!(made.world.run(&id("f/1")).unwrap().steps[0].attempts.len(), 1, "its attempt stays on record");
    assert_eq!(made.world.run(&id("f/1")).unwrap().steps[0].attempts[0].end, Some(BAD));
    for name in ["slow", "load", "both"] {
        made.end(name, OK);
    }
    assert_eq!(outcome(&made, "f/1"), "success forced");
    folds(&made);
}

#[test]
fn setting_the_last_bad_step_ok_makes_a_done_run_whole_and_ends_its_alert() {
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(flow("f", &[], vec![step("a", &[]), step("b", &["a"])]));
    made.command(run("f")).unwrap();
    made.end("a", BAD);
    assert_eq!((outcome(&made, "f/1").as_str(), made.world.alerts.len(), made.world.tally.flows_failed), ("failed", 1, 1));
    let preview = made.preview(&ok("f/1", "a")).unwrap();
    assert!(preview[1].contains("1 of its steps have not succeeded: dogwatch rerun f/1 --scope failed"), "{preview:?}");
    made.command(ok("f/1", "a")).unwrap();
    assert_eq!((outcome(&made, "f/1").as_str(), made.world.alerts.len()), ("failed", 1));
    let events = made.command(skip("f/1", "b")).unwrap();
    assert!(kinds(&events).contains(&"alert_resolved".to_owned()), "{:?}", kinds(&events));
    assert_eq!((outcome(&made, "f/1").as_str(), made.world.tally.flows_failed, made.world.tally.open), ("success forced", 0, 0));
    folds(&made);
}

#[test]
fn a_step_set_failed_stops_what_needs_it_and_says_who() {
    let mut made = made();
    made.command(run("nightly")).unwrap();
    made.command(fail("nightly/1", "load")).unwrap();
    assert_eq!((state(&made, "nightly/1", "load").as_str(), state(&made, "nightly/1", "report").as_str()), ("failed", "upstream failed"));
    made.end("fetch", OK);
    assert_eq!(outcome(&made, "nightly/1"), "failed");
    let alert = made.world.alerts.values().next().unwrap();
    assert_eq!(alert.notice.summary, "nightly: load failed (declared failed by ana: wrong rows)");
    assert!(made.command(fail("nightly/1", "fetch")).unwrap_err().reason.contains("is done: success"));
    folds(&made);
}

#[test]
fn the_operator_decides_what_is_lost() {
    for (good, word) in [(true, "success forced"), (false, "failed")] {
        let mut made = Made::at("2026-01-01T00:00:00Z").flow(flow("f", &[], vec![step("s", &[])]));
        made.command(run("f")).unwrap();
        made.end("s", AttemptEnd::Lost);
        assert_eq!(outcome(&made, "f/1"), "lost");
        assert!(made.command(skip("f/1", "s")).unwrap_err().to_string().contains("say `ok` or `fail`"));
        made.command(if good { ok("f/1", "s") } else { fail("f/1", "s") }).unwrap();
        assert_eq!((outcome(&made, "f/1").as_str(), made.world.alerts.is_empty()), (word, good));
        assert_eq!(made.world.run(&id("f/1")).unwrap().steps[0].attempts[0].end, Some(AttemptEnd::Lost));
        folds(&made);
    }
}

#[test]
fn a_forced_step_starts_without_its_needs_but_not_twice() {
    let mut made = made();
    made.command(run("nightly")).unwrap();
    let preview = made.preview(&force("nightly/1", Some("report"))).unwrap();
    assert_eq!(preview.last().unwrap(), "although load is waiting");
    made.command(force("nightly/1", Some("report"))).unwrap();
    assert_eq!(made.steps(), ["fetch", "report"]);
    assert!(made.command(force("nightly/1", Some("report"))).unwrap_err().reason.contains("runs already"));
    assert!(made.command(force("nightly/1", None)).unwrap_err().reason.contains("has begun already"));
    made.end("report", OK);
    assert!(made.command(force("nightly/1", Some("report"))).unwrap_err().reason.contains("is done: success"));
    made.end("fetch", OK);
    made.end("load", OK);
    assert_eq!(outcome(&made, "nightly/1"), "success");
    folds(&made);
}

#[test]
fn a_forced_retry_and_a_forced_run_do_not_wait() {
    let retry = Retry { attempts: 3, delay: Duration::from_hours(1), ..Retry::default() };
    let steps = vec![StepDefinition { retry, ..step("s", &[]) }];
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(FlowDefinition { overlap: Overlap::Queue, ..flow("f", &[], steps) });
    made.command(run("f")).unwrap();
    made.command(run("f")).unwrap();
    made.end("s", BAD);
    assert_eq!(state(&made, "f/1", "s"), "retrying");
    made.command(force("f/1", Some("s"))).unwrap();
    assert_eq!(state(&made, "f/1", "s"), "running");
    assert!(why_run(&made.world, &id("f/2"), made.now)[0].text.contains("f/1 is not done"));
    let preview = made.preview(&force("f/2", None)).unwrap();
    assert!(preview.iter().any(|line| line.contains("f/1 is not done and goes on beside it")), "{preview:?}");
    made.command(force("f/2", None)).unwrap();
    assert_eq!(state(&made, "f/2", "s"), "running");
    folds(&made);
}

#[test]
fn a_held_run_starts_no_step_and_goes_on_when_released_or_by_its_time() {
    let retry = Retry { attempts: 2, delay: Duration::from_secs(1), ..Retry::default() };
    let steps = vec![step("a", &[]), step("b", &["a"]), StepDefinition { retry, ..step("c", &[]) }];
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(flow("f", &[], steps));
    made.command(run("f")).unwrap();
    let until = Some("2026-01-01T06:00:00Z".parse().unwrap());
    let hold = Command::HoldRun { run: id("f/1"), until, reason: "look first".into() };
    assert_eq!(made.preview(&hold).unwrap()[1], "a goes on");
    made.command(hold).unwrap();
    made.end("a", OK);
    made.end("c", BAD);
    made.after(SignedDuration::from_mins(5));
    assert!(made.steps().is_empty(), "neither the next step nor the retry starts");
    assert!(why_run(&made.world, &id("f/1"), made.now)[0].text.contains("held by ana until 06:00 UTC: look first"));
    let events = made.to("2026-01-01T06:00:00Z");
    assert_eq!(kinds(&events)[0], "run_released");
    assert_eq!(made.steps(), ["b", "c"]);
    assert!(made.command(Command::ReleaseRun { run: id("f/1") }).unwrap_err().reason.contains("is not held"));
    folds(&made);
}

#[test]
fn a_held_flow_keeps_runs_that_have_not_begun_from_starting() {
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(FlowDefinition { overlap: Overlap::Queue, ..nightly() });
    made.command(run("nightly")).unwrap();
    made.command(run("nightly")).unwrap();
    made.command(Command::Hold { flow: "nightly".into(), until: None, reason: "upgrade".into() }).unwrap();
    for name in ["fetch", "load", "report"] {
        made.end(name, OK);
    }
    assert_eq!((outcome(&made, "nightly/1").as_str(), made.steps().len()), ("success", 0), "what had begun went on");
    let why = why_run(&made.world, &id("nightly/2"), made.now);
    assert!(why[0].text.contains("its flow is held by ana: upgrade"), "{why:?}");
    made.command(Command::Release { flow: "nightly".into() }).unwrap();
    assert_eq!(made.steps(), ["fetch"]);
    folds(&made);
}

#[test]
fn a_queued_run_goes_back_when_it_is_held_and_a_force_passes_the_hold_by() {
    let loaded = Event::WorkspaceLoaded { name: "w".into(), zone: "UTC".into(), max_running: 1, group_by: vec![] };
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(flow("f", &[], vec![step("x", &[])])).flow(flow("g", &[], vec![step("y", &[])]));
    made.carry_out(rules::Decision { events: vec![loaded], effects: vec![] }, &Author::Engine);
    made.command(run("f")).unwrap();
    made.command(run("g")).unwrap();
    assert_eq!(state(&made, "g/1", "y"), "queued");
    made.command(Command::HoldRun { run: id("g/1"), until: None, reason: "wait".into() }).unwrap();
    assert_eq!((state(&made, "g/1", "y").as_str(), made.world.ready.len()), ("waiting", 0));
    made.end("x", OK);
    assert!(made.steps().is_empty());
    made.command(force("g/1", None)).unwrap();
    assert_eq!(made.steps(), ["y"]);
    folds(&made);
}

#[test]
fn slots_go_to_higher_priorities_first() {
    let loaded = Event::WorkspaceLoaded { name: "w".into(), zone: "UTC".into(), max_running: 1, group_by: vec![] };
    let mut made = Made::at("2026-01-01T00:00:00Z");
    for name in ["a", "b", "c", "d"] {
        made = made.flow(flow(name, &[], vec![step(name, &[])]));
    }
    made.carry_out(rules::Decision { events: vec![loaded], effects: vec![] }, &Author::Engine);
    for name in ["a", "b", "c", "d"] {
        made.command(run(name)).unwrap();
    }
    let prioritize = |run: &str, priority| Command::Prioritize { run: id(run), priority };
    assert!(made.command(prioritize("c/1", 101)).unwrap_err().reason.contains("from 0 to 100"));
    assert!(made.command(prioritize("c/1", 50)).unwrap_err().reason.contains("already"));
    made.command(prioritize("d/1", 80)).unwrap();
    made.command(prioritize("b/1", 10)).unwrap();
    let mut order = made.steps();
    for _ in 0..3 {
        let last = order.last().unwrap().clone();
        made.end(&last, OK);
        order.extend(made.steps());
    }
    assert_eq!(order, ["a", "d", "c", "b"]);
    folds(&made);
}

fn asks(by: Level, own: bool) -> FlowDefinition {
    let approve = Some(Approval { text: "rows plausible?".into(), by, own });
    flow("f", &[], vec![step("load", &[]), StepDefinition { run: None, approve, ..step("gate", &["load"]) }, step("pay", &["gate"])])
}

fn approve(made: &mut Made, user: &str, level: Level) -> Result<Vec<Event>, Refusal> {
    let author = Author::Person { uid: 1, user: user.into(), login_uid: None, sudo_claim: None };
    let asked = Asked { author: &author, now: made.now, boot_id: "boot", random: 1, level };
    let command = Command::Approve { run: id("f/1"), step: "gate".into(), note: Some("looked".into()) };
    let decision = rules::decide(&made.world, &command, &asked)?;
    Ok(made.carry_out(decision, &author))
}

#[test]
fn an_approval_waits_for_someone_else_of_the_right_level() {
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(asks(Level::Approver, false));
    made.command(run("f")).unwrap();
    assert!(approve(&mut made, "lea", Level::Approver).unwrap_err().reason.contains("does not wait for approval yet"));
    made.end("load", OK);
    assert_eq!(state(&made, "f/1", "gate"), "waiting for approval");
    assert!(why_run(&made.world, &id("f/1"), made.now)[0].text.contains("gate waits for the word of an approver: rows plausible?"));
    assert_eq!(approve(&mut made, "bob", Level::Operator).unwrap_err().kind, RefusalKind::Forbidden);
    assert!(approve(&mut made, "ana", Level::Approver).unwrap_err().reason.contains("you started f/1"));
    for passed_by in [skip("f/1", "gate"), ok("f/1", "gate"), force("f/1", Some("gate")), force("f/1", Some("pay"))] {
        assert!(made.command(passed_by.clone()).unwrap_err().to_string().contains("dogwatch approve f/1 gate"), "{passed_by:?}");
    }
    assert_eq!(kinds(&approve(&mut made, "lea", Level::Approver).unwrap())[..2], ["step_approved", "step_ended"]);
    assert_eq!(made.steps(), ["pay"]);
    let gate = made.world.run(&id("f/1")).unwrap().step(&"gate".into()).unwrap().clone();
    assert_eq!(gate.approved.map(|word| (word.by, word.reason)), Some(("lea".into(), "looked".into())));
    folds(&made);
}

#[test]
fn an_approval_can_be_refused_and_who_is_alone_may_answer() {
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(asks(Level::Operator, true));
    made.command(run("f")).unwrap();
    made.end("load", OK);
    made.command(fail("f/1", "gate")).unwrap();
    assert_eq!((outcome(&made, "f/1").as_str(), state(&made, "f/1", "pay").as_str()), ("failed", "upstream failed"));
    let (definition, params, date) = (DefinitionChoice::Ran, Params::new(), None);
    let only = Command::Rerun { run: id("f/1"), scope: Scope::Only("pay".into()), definition, params, date, reason: "x".into() };
    assert!(made.command(only).unwrap_err().reason.contains("which was not approved"));
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(asks(Level::Operator, true));
    made.command(run("f")).unwrap();
    made.end("load", OK);
    approve(&mut made, "ana", Level::Operator).unwrap();
    assert_eq!(made.steps(), ["pay"]);
}

fn asking(max: u32) -> Made {
    let missed = Missed { policy: MissedPolicy::Ask, max, ..Missed::default() };
    Made::at("2026-01-01T00:00:00Z").flow(FlowDefinition { missed, ..flow("f", &["0 * * * *"], vec![step("s", &[])]) })
}

#[test]
fn missed_occurrences_wait_for_a_choice_and_come_to_one_end_each() {
    for (choice, caught, missed) in [(MissedChoice::All, 4, 0), (MissedChoice::Latest, 1, 3), (MissedChoice::None, 0, 4)] {
        let mut made = asking(10);
        let events = made.to("2026-01-01T04:30:00Z");
        assert_eq!((settled(&events).len(), made.world.flow(&"f".into()).unwrap().asked.len()), (0, 4));
        assert!(why_flow(&made.world, &"f".into(), made.now)[0].text.contains("4 missed occurrences wait for a choice"));
        let command = Command::ChooseMissed { flow: "f".into(), choice };
        assert_eq!(made.preview(&command).unwrap().iter().filter(|line| line.contains("caught up as")).count(), caught);
        let events = made.command(command.clone()).unwrap();
        let words = settled(&events);
        assert_eq!(words.iter().filter(|words| words.ends_with("caught up")).count(), caught);
        assert_eq!(words.iter().filter(|words| words.contains(&format!("missed (ana chose {choice})"))).count(), missed);
        assert!(made.command(command).unwrap_err().reason.contains("no missed occurrence"));
        assert_eq!(settled(&made.to("2026-01-01T05:00:00Z")).len(), 1, "life goes on");
        folds(&made);
    }
}

#[test]
fn what_waits_for_a_choice_is_bounded_and_never_lost() {
    let mut made = asking(3);
    let events = made.to("2026-01-01T08:30:00Z");
    assert_eq!(settled(&events).len(), 5);
    assert_eq!(made.world.flow(&"f".into()).unwrap().asked.len(), 3);
    let events = made.to("2026-01-01T09:30:00Z");
    assert_eq!(settled(&events), ["2026-01-01T06:00:00Z missed (at most 3 wait for a choice)"]);
    // Nobody chooses: after the window each is missed for good.
    let events = made.to("2026-01-02T09:10:00Z");
    assert_eq!(
        settled(&events).iter().filter(|words| words.contains("nobody chose") || words.contains("at most")).count(),
        settled(&events).len()
    );
    let removed =
        made.carry_out(rules::Decision { events: vec![Event::FlowRemoved { flow: "f".into() }], effects: vec![] }, &Author::Engine);
    assert!(settled(&removed).iter().all(|words| words.contains("the flow was removed before anyone chose")));
    assert!(made.world.flow(&"f".into()).is_none());
    folds(&made);
}

fn daemon(made: &mut Made) -> Vec<Event> {
    let (version, boot_id, host) = ("1".into(), "boot".into(), "jump".into());
    made.report(&Report::DaemonStarted { version, pid: 1, boot_id, host })
}

#[test]
fn a_long_absence_is_listed_with_what_became_of_each_occurrence() {
    let missed = |policy| Missed { policy, ..Missed::default() };
    let mut made =
        asking(10).flow(FlowDefinition { missed: missed(MissedPolicy::Latest), ..flow("g", &["30 * * * *"], vec![step("t", &[])]) });
    daemon(&mut made);
    assert_eq!(made.world.away, None, "the first start is no absence");
    made.now = "2026-01-01T03:10:00Z".parse().unwrap();
    assert!(kinds(&daemon(&mut made)).contains(&"away_noticed".to_owned()));
    made.due();
    let away = made.world.away.clone().unwrap();
    assert_eq!((away.counts(), away.count()), ((1, 2, 3), 6));
    made.command(Command::ChooseMissed { flow: "f".into(), choice: MissedChoice::Latest }).unwrap();
    let away = made.world.away.clone().unwrap();
    assert_eq!((away.counts(), away.count()), ((2, 4, 0), 6), "a choice changes its rows");
    assert!(away.misses.iter().any(|miss| miss.end == MissEnd::CaughtUp { run: id("f/1") }));
    made.command(Command::DismissMisses).unwrap();
    assert_eq!(made.world.away, None);
    assert!(made.command(Command::DismissMisses).is_err());
    made.now += SignedDuration::from_hours(2);
    made.report(&Report::ClockStepped { by_seconds: 7_200.0 });
    made.due();
    assert_eq!(made.world.away.as_ref().unwrap().counts().2, 2, "a sleep is an absence too");
    folds(&made);
}

#[test]
fn everything_that_is_kept_back_is_on_one_list_what_ends_soon_first() {
    let mut made =
        Made::at("2026-01-01T00:00:00Z").flow(nightly()).flow(asks(Level::Operator, true)).flow(flow("ice", &[], vec![step("i", &[])]));
    made.command(run("nightly")).unwrap();
    made.command(run("f")).unwrap();
    made.end("load", OK);
    made.command(Command::Hold { flow: "nightly".into(), until: None, reason: "upgrade".into() }).unwrap();
    let until = Some("2026-01-01T06:00:00Z".parse().unwrap());
    made.command(Command::Ice { flow: "ice".into(), until, reason: "frozen".into() }).unwrap();
    made.command(Command::HoldRun { run: id("nightly/1"), until: None, reason: "look".into() }).unwrap();
    made.command(Command::Prioritize { run: id("nightly/1"), priority: 90 }).unwrap();
    made.command(Command::NoopOnce { flow: "f".into(), reason: "once".into() }).unwrap();
    let rows: Vec<_> = holds(&made.world).into_iter().map(|row| (row.kind, row.object())).collect();
    let wanted = [
        (HeldKind::Ice, "ice"),
        (HeldKind::Approval, "f/1 gate"),
        (HeldKind::Hold, "nightly"),
        (HeldKind::RunHold, "nightly/1"),
        (HeldKind::Noop, "f"),
        (HeldKind::Priority, "nightly/1"),
    ];
    assert_eq!(rows, wanted.map(|(kind, object)| (kind, object.to_owned())));
    assert_eq!(holds(&made.world)[0].owner.as_deref(), Some(ana().name()));
    assert!(matches!(made.world.run(&id("f/1")).unwrap().steps[1].state, StepState::Approval));
}
