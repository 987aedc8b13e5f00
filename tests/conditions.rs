//! What runs and steps wait for beside their time: units of pools, their turn, other flows, files. Given events, when a
//! command or a time, then events.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod made;

use dogwatch::domain::condition::*;
use dogwatch::domain::flow::Overlap;
use dogwatch::domain::run::{RunCause, Scope};
use dogwatch::domain::*;
use dogwatch::rules::{self, Decision, WaitingOn, pools, waiting_on, why_flow};
use dogwatch::world::World;
use jiff::{SignedDuration, Timestamp};
use made::{Made, flow, kinds, settled, step};
use std::time::{Duration, Instant};

const OK: AttemptEnd = AttemptEnd::Exit(0);
const BAD: AttemptEnd = AttemptEnd::Exit(1);

fn run(flow: &str) -> Command {
    Command::Run { flow: flow.into(), params: Params::new(), date: None, reason: None }
}

fn needs(name: &str, units: u32) -> StepDefinition {
    StepDefinition { pools: vec![PoolNeed { pool: "warehouse".into(), units }], ..step(name, &[]) }
}

fn with(flow: FlowDefinition, conditions: Conditions) -> FlowDefinition {
    FlowDefinition { conditions, ..flow }
}

fn with_pools(made: &mut Made, units: u32) -> Vec<Event> {
    let pools = [("warehouse".to_owned(), units)].into();
    made.carry_out(Decision { events: vec![Event::PoolsDefined { pools }], effects: vec![] }, &Author::Engine)
}

fn slots(made: &mut Made, max_running: u32) -> Vec<Event> {
    let loaded = Event::WorkspaceLoaded { name: "shop".into(), zone: "UTC".into(), max_running, group_by: vec![] };
    made.carry_out(Decision { events: vec![loaded], effects: vec![] }, &Author::Engine)
}

fn after(flow: &str) -> After {
    After { flow: flow.into(), on: AfterOn::Success, date: AfterDate::Same, look_back: None }
}

fn waits(made: &Made, id: &str) -> Vec<String> {
    let run = made.world.run(&id.parse().unwrap()).unwrap();
    waiting_on(&made.world, run, made.now).into_iter().map(|waiting| waiting.text).collect()
}

fn made_runs(events: &[Event]) -> Vec<String> {
    let name = |event: &Event| match event {
        Event::RunCreated { run, date, .. } => Some(format!("{run} {date}")),
        _ => None,
    };
    events.iter().filter_map(name).collect()
}

fn second(made: &mut Made) -> Vec<Event> {
    made.after(SignedDuration::from_secs(1))
}

#[test]
fn a_large_request_is_not_starved_and_holds_nothing_while_it_waits() {
    let mut made = Made::at("2026-01-01T00:00:00Z")
        .flow(flow("first", &[], vec![needs("a", 2)]))
        .flow(flow("large", &[], vec![needs("b", 4)]))
        .flow(flow("small", &[], vec![needs("c", 1)]))
        .flow(with(flow("urgent", &[], vec![needs("d", 1)]), Conditions { priority: 80, ..Conditions::default() }))
        .flow(flow("free", &[], vec![step("e", &[])]));
    with_pools(&mut made, 4);
    for flow in ["first", "large", "small"] {
        made.command(run(flow)).unwrap();
    }
    // Two units are free, but they are kept for the large one.
    assert_eq!(made.steps(), ["a"]);
    assert_eq!(waits(&made, "large/1"), ["b waits for 4 units of pool warehouse: 2 of 4 taken by first/1 a attempt 1"]);
    assert_eq!(waits(&made, "small/1"), ["c waits for 1 unit of pool warehouse: 2 of 4 free, kept for what waits before it"]);
    // Who stands higher goes first, and who needs nothing of the pool is not concerned.
    made.command(run("urgent")).unwrap();
    made.command(run("free")).unwrap();
    assert_eq!(made.steps(), ["a", "e", "d"]);
    let shown = &pools(&made.world)[0];
    let holders: Vec<_> = shown.holders.iter().map(|holder| format!("{} {}", holder.attempt, holder.units)).collect();
    assert_eq!(holders, ["first/1 a attempt 1 2", "urgent/1 d attempt 1 1"]);
    let waiting: Vec<_> = shown.waiting.iter().map(|waiter| format!("{} {}", waiter.run, waiter.units)).collect();
    assert_eq!((shown.units, shown.taken, waiting), (4, 3, vec!["large/1 4".into(), "small/1 1".into()]));
    made.end("a", OK);
    assert_eq!(made.steps(), ["e", "d"], "three of four are not enough");
    made.end("d", BAD);
    assert_eq!(made.steps(), ["e", "b"]);
    made.end("b", OK);
    assert_eq!(made.steps(), ["e", "c"]);
    assert_eq!(World::fold(&made.entries), made.world);
}

#[test]
fn a_pool_that_is_made_smaller_or_taken_away_stops_nothing() {
    let mut made =
        Made::at("2026-01-01T00:00:00Z").flow(flow("f", &[], vec![needs("a", 3), needs("b", 3)])).flow(flow("g", &[], vec![needs("c", 1)]));
    with_pools(&mut made, 4);
    made.command(run("f")).unwrap();
    with_pools(&mut made, 2);
    assert_eq!((made.steps(), made.world.pools["warehouse"].taken()), (vec!["a".to_owned()], 3), "what runs goes on");
    made.command(run("g")).unwrap();
    made.end("a", OK);
    assert_eq!(made.steps(), ["b"], "it asks for more than there is: it takes all");
    assert_eq!(made.world.pools["warehouse"].taken(), 2);
    let gone = Event::PoolsDefined { pools: Pools::new() };
    made.carry_out(Decision { events: vec![gone], effects: vec![] }, &Author::Engine);
    assert_eq!(made.steps(), ["b", "c"], "a pool that is gone holds nothing back");
    made.end("b", OK);
    assert!(made.world.pools.is_empty());
}

#[test]
fn a_flow_may_limit_its_own_steps_and_its_runs_side_by_side() {
    let limited = Conditions { max_running: Some(2), ..Conditions::default() };
    let mut made =
        Made::at("2026-01-01T00:00:00Z").flow(with(flow("wide", &[], vec![step("a", &[]), step("b", &[]), step("c", &[])]), limited));
    made.command(run("wide")).unwrap();
    assert_eq!(made.steps(), ["a", "b"]);
    assert_eq!(waits(&made, "wide/1"), ["c waits: 2 of 2 steps of wide run"]);
    made.end("a", OK);
    assert_eq!(made.steps(), ["b", "c"]);

    let beside = Conditions { side_by_side: Some(2), ..Conditions::default() };
    let many = FlowDefinition { overlap: Overlap::Allow, ..flow("f", &["* * * * *"], vec![step("s", &[])]) };
    let mut made = Made::at("2026-01-01T00:00:30Z").flow(with(many, beside));
    let events = made.to("2026-01-01T00:01:00Z").into_iter().chain(made.to("2026-01-01T00:02:00Z")).chain(made.to("2026-01-01T00:03:00Z"));
    let events: Vec<Event> = events.chain(made.to("2026-01-01T00:04:00Z")).collect();
    let words: Vec<String> = settled(&events).into_iter().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect();
    assert_eq!(words, ["ran", "ran", "ran", "skipped (overlap with f/1)"], "two run, one waits, the next is skipped");
    assert_eq!(made.steps().len(), 2);
    assert_eq!(waits(&made, "f/3"), ["the earlier run f/1 is not done"]);
    made.end("s", OK);
    assert_eq!(made.steps().len(), 2, "the one that waited has its turn");
}

#[test]
fn ten_thousand_ready_steps_start_in_their_order_and_none_is_looked_at_in_vain() {
    let mut made = Made::at("2026-01-01T00:00:00Z");
    let mut wanted: Vec<(u8, u32, String)> = Vec::new();
    for number in 0..100_u32 {
        let priority = (number % 5) as u8 * 20;
        let steps = (0..100).map(|place| step(&format!("f{number}s{place:03}"), &[])).collect();
        let name = format!("f{number:03}");
        made = made.flow(with(flow(&name, &[], steps), Conditions { priority, ..Conditions::default() }));
        wanted.extend((0..100).map(|place| (priority, number, format!("f{number}s{place:03}"))));
    }
    // Nothing starts until all are there.
    slots(&mut made, 1);
    made = made.flow(with(flow("door", &[], vec![step("door", &[])]), Conditions { priority: 100, ..Conditions::default() }));
    made.command(run("door")).unwrap();
    for number in 0..100 {
        made.command(run(&format!("f{number:03}"))).unwrap();
    }
    assert_eq!(made.world.ready.len(), 10_000);
    wanted.sort_by_key(|(priority, number, _)| (std::cmp::Reverse(*priority), *number));
    let began = Instant::now();
    let mut started = Vec::new();
    let mut events = slots(&mut made, 500);
    while started.len() < 10_000 {
        let starting = events.iter().filter_map(|event| match event {
            Event::AttemptStarting { attempt, .. } => Some(attempt.clone()),
            _ => None,
        });
        let starting: Vec<AttemptId> = starting.collect();
        started.extend(starting.iter().map(|attempt| match &attempt.job {
            Job::Step { step, .. } | Job::Procedure { step, .. } => step.to_string(),
        }));
        let Some(attempt) = made.world.running.first().cloned() else { break };
        events = made.report(&Report::AttemptEnded { attempt, end: OK, ended_at: made.now, output_bytes: 0, survivors: vec![] });
    }
    let order: Vec<String> = wanted.into_iter().map(|(.., step)| step).collect();
    assert_eq!(started, order);
    assert!(began.elapsed() < Duration::from_mins(2), "each start looks at one step per lane, not at all: {:?}", began.elapsed());
}

#[test]
fn a_scheduled_run_waits_for_its_predecessor_and_goes_on_once() {
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(flow("rates", &["0 1 * * *"], vec![step("fetch", &[])])).flow(with(
        flow("orders", &["0 2 * * *"], vec![step("load", &[])]),
        Conditions { after: vec![after("rates")], ..Conditions::default() },
    ));
    made.to("2026-01-01T01:00:00Z");
    made.to("2026-01-01T02:00:00Z");
    assert_eq!(waits(&made, "orders/1"), ["waits for the success of rates for 2026-01-01: rates/1 runs"]);
    assert_eq!(made.world.run(&"orders/1".parse().unwrap()).unwrap().phase, Phase::Waiting);
    made.end("fetch", BAD);
    second(&mut made);
    assert_eq!(waits(&made, "orders/1"), ["waits for the success of rates for 2026-01-01: rates/1 ended: failed"]);
    let hint = rules::why_run(&made.world, &"orders/1".parse().unwrap(), made.now)[0].hint.clone();
    assert_eq!(hint.as_deref(), Some("dogwatch rerun rates/1 --reason …"));
    let again = |made: &mut Made| {
        let (run, scope, definition) = ("rates/1".parse().unwrap(), Scope::Failed, run::DefinitionChoice::Ran);
        made.command(Command::Rerun { run, scope, definition, params: Params::new(), date: None, reason: "fixed".into() }).unwrap();
        made.end("fetch", OK);
        second(made)
    };
    assert_eq!(kinds(&again(&mut made)), ["condition_met", "attempt_starting"]);
    assert_eq!(made.steps(), ["load"]);
    made.end("load", OK);
    // The next day's run waits for the next day's rates.
    let other = Made { world: World::fold(&made.entries), ..made };
    assert_eq!(other.world.run(&"orders/1".parse().unwrap()).unwrap().outcome, Some(Outcome::Success));
    let mut made = other;
    made.to("2026-01-02T00:30:00Z");
    made.to("2026-01-02T02:00:00Z");
    assert!(waits(&made, "orders/2")[0].contains("for 2026-01-02"));
}

#[test]
fn a_run_by_hand_waits_for_nothing_and_a_killed_one_is_forgotten() {
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(flow("rates", &[], vec![step("fetch", &[])])).flow(with(
        flow("orders", &["0 2 * * *"], vec![step("load", &[])]),
        Conditions { after: vec![after("rates")], ..Conditions::default() },
    ));
    made.to("2026-01-01T02:00:00Z");
    assert_eq!(waits(&made, "orders/1"), ["waits for the success of rates for 2026-01-01: it has not run for 2026-01-01"]);
    assert_eq!(made.world.awaited.len(), 1);
    made.command(Command::Kill { run: "orders/1".parse().unwrap(), reason: None }).unwrap();
    assert!(made.world.awaited.is_empty());
    made.command(run("orders")).unwrap();
    assert_eq!(made.steps(), ["load"]);
}

#[test]
fn without_a_schedule_its_predecessors_make_one_run_for_each_date() {
    let both = vec![after("rates"), After { date: AfterDate::Previous, ..after("books") }];
    let mut made = Made::at("2026-01-02T00:00:00Z").flow(flow("rates", &[], vec![step("fetch", &[])])).flow(flow(
        "books",
        &[],
        vec![step("close", &[])],
    ));
    // What ended before the flow was there does not count.
    made.command(run("rates")).unwrap();
    made.end("fetch", OK);
    second(&mut made);
    made = made.flow(with(flow("orders", &[], vec![step("load", &[])]), Conditions { after: both, ..Conditions::default() }));
    let dated =
        |flow: &str, date: &str| Command::Run { flow: flow.into(), params: Params::new(), date: Some(date.parse().unwrap()), reason: None };
    second(&mut made);
    made.command(dated("books", "2026-01-01")).unwrap();
    made.end("close", BAD);
    assert_eq!(made_runs(&second(&mut made)), Vec::<String>::new());
    made.command(dated("books", "2026-01-01")).unwrap();
    made.end("close", OK);
    let events = second(&mut made);
    assert_eq!(made_runs(&events), ["orders/1 2026-01-02"]);
    assert!(matches!(&events[0], Event::RunCreated { cause: RunCause::After { runs }, .. } if runs.len() == 2));
    // A rerun of a predecessor makes no second run for the date, nor does a restart.
    made.command(dated("rates", "2026-01-02")).unwrap();
    made.end("fetch", OK);
    assert_eq!(made_runs(&second(&mut made)), Vec::<String>::new());
    made.world = World::fold(&made.entries);
    let begins = Report::DaemonStarted { version: "1".into(), pid: 1, boot_id: "boot".into(), host: "jump".into() };
    let events: Vec<Event> = made.report(&begins).into_iter().chain(made.due()).collect();
    assert_eq!(made_runs(&events), Vec::<String>::new());
    // While it is held nothing is made; what came meanwhile is made when it is released.
    made.command(Command::Hold { flow: "orders".into(), until: None, reason: "upgrade".into() }).unwrap();
    for (flow, step, date) in [("rates", "fetch", "2026-01-05"), ("books", "close", "2026-01-04")] {
        made.command(dated(flow, date)).unwrap();
        made.end(step, OK);
        assert_eq!(made_runs(&second(&mut made)), Vec::<String>::new());
    }
    made.command(Command::Release { flow: "orders".into() }).unwrap();
    assert_eq!(made_runs(&second(&mut made)), ["orders/2 2026-01-05"]);
    assert!(why_flow(&made.world, &"orders".into(), made.now)[0].text.contains("it runs when rates, books ended for a date"));
}

#[test]
fn an_end_counts_by_its_kind_and_its_age() {
    for (on, end, counts) in [
        (AfterOn::Success, OK, true),
        (AfterOn::Success, BAD, false),
        (AfterOn::Done, OK, true),
        (AfterOn::Done, BAD, true),
        (AfterOn::Failure, OK, false),
        (AfterOn::Failure, BAD, true),
    ] {
        for (hours, young) in [(20, true), (30, false)] {
            let look_back = Some(Duration::from_hours(24));
            let one = After { on, date: AfterDate::Any, look_back, ..after("rates") };
            let mut made = Made::at("2026-01-01T00:00:00Z").flow(flow("rates", &[], vec![step("fetch", &[])])).flow(with(
                flow("orders", &["0 12 3 1 *"], vec![step("load", &[])]),
                Conditions { after: vec![one], ..Conditions::default() },
            ));
            made.now = "2026-01-03T12:00:00Z".parse::<Timestamp>().unwrap() - SignedDuration::from_hours(hours);
            made.command(run("rates")).unwrap();
            made.end("fetch", end.clone());
            made.to("2026-01-03T12:00:00Z");
            assert_eq!(made.steps() == ["load"], counts && young, "{on:?} {end} {hours} h before");
        }
    }
}

fn file(name: &str, modified_at: &str, content: &str) -> FileFact {
    FileFact { file: format!("/work/in/{name}"), size: 7, modified_at: modified_at.parse().unwrap(), checksum: content.into() }
}

fn found(made: &mut Made, flow: &str, file: FileFact) -> Vec<Event> {
    let events = made.report(&Report::FileFound { flow: flow.into(), path: "in/*.csv".into(), file });
    events.into_iter().chain(made.due()).collect()
}

fn wanted() -> Conditions {
    Conditions { files: vec![FileWanted { path: "in/*.csv".into(), stable_for: STABLE_FOR, done_file: None }], ..Conditions::default() }
}

fn orders(made: &Made) -> Vec<Params> {
    made.effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::StartAttempt(order) => Some(order.env.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn each_delivery_starts_a_run_and_the_same_content_is_a_duplicate() {
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(with(flow("orders", &[], vec![step("load", &[])]), wanted()));
    assert!(matches!(made.effects.last(), Some(Effect::WatchFeed(order)) if order.wanted.len() == 1));
    let one = file("1.csv", "2026-01-01T00:00:00Z", "aa");
    assert_eq!(kinds(&found(&mut made, "orders", one.clone())), ["file_delivered", "run_created", "attempt_starting"]);
    assert_eq!(found(&mut made, "orders", one), [], "it is known as it is");
    assert_eq!(kinds(&found(&mut made, "orders", file("1.csv", "2026-01-01T00:05:00Z", "aa"))), ["file_duplicate"], "touched, not changed");
    assert_eq!(kinds(&found(&mut made, "orders", file("2.csv", "2026-01-01T00:00:00Z", "aa"))), ["file_duplicate"]);
    assert_eq!(found(&mut made, "orders", file("2.csv", "2026-01-01T00:00:00Z", "aa")), [], "a duplicate is recorded once");
    // Whatever the rule for overlaps, no delivery is lost: the second waits for its turn.
    assert_eq!(kinds(&found(&mut made, "orders", file("3.csv", "2026-01-01T00:00:00Z", "bb"))), ["file_delivered", "run_created"]);
    made.end("load", OK);
    let env = &orders(&made)[1];
    assert_eq!((env["DOGWATCH_FILE"].as_str(), env["DOGWATCH_FILES"].as_str()), ("/work/in/3.csv", "/work/in/3.csv"));
    assert_eq!(World::fold(&made.entries), made.world);
    // A daemon that begins looks again, and says what need not be read again.
    made.effects.clear();
    made.report(&Report::DaemonStarted { version: "1".into(), pid: 1, boot_id: "boot".into(), host: "jump".into() });
    let Some(Effect::WatchFeed(order)) = made.effects.last() else { panic!("{:?}", made.effects) };
    assert_eq!(order.known.len(), 3);
}

#[test]
fn a_held_flow_keeps_its_deliveries() {
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(with(flow("orders", &[], vec![step("load", &[])]), wanted()));
    made.command(Command::Hold { flow: "orders".into(), until: None, reason: "upgrade".into() }).unwrap();
    for number in 0..3 {
        let name = format!("{number}.csv");
        assert_eq!(kinds(&found(&mut made, "orders", file(&name, "2026-01-01T00:00:00Z", &name))), ["file_delivered"]);
    }
    made.command(Command::Release { flow: "orders".into() }).unwrap();
    assert_eq!(made_runs(&made.due()).len(), 3);
    assert!(made.world.feeds["orders"].pending.is_empty());
}

#[test]
fn more_deliveries_than_may_wait_as_runs_wait_as_deliveries() {
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(with(flow("orders", &[], vec![step("load", &[])]), wanted()));
    for number in 0..250 {
        let name = format!("{number}.csv");
        found(&mut made, "orders", file(&name, "2026-01-01T00:00:00Z", &name));
    }
    let flow = |made: &Made| made.world.flow(&"orders".into()).unwrap().active().count();
    assert_eq!((flow(&made), made.world.feeds["orders"].pending.len()), (100, 150));
    for _ in 0..250 {
        made.end("load", OK);
        made.due();
    }
    assert_eq!((flow(&made), made.world.feeds["orders"].pending.len()), (0, 0));
    assert_eq!(orders(&made).len(), 250);
}

#[test]
fn a_scheduled_run_waits_for_a_file_of_its_period() {
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(with(flow("orders", &["0 2 * * *"], vec![step("load", &[])]), wanted()));
    made.now = "2026-01-03T01:00:00Z".parse().unwrap();
    made.due();
    made.command(Command::Kill { run: "orders/1".parse().unwrap(), reason: None }).unwrap();
    made.report(&Report::FileSighted { flow: "orders".into(), path: "in/*.csv".into(), words: "no such file yet".into() });
    found(&mut made, "orders", file("old.csv", "2026-01-02T01:59:00Z", "aa"));
    made.to("2026-01-03T02:00:00Z");
    assert_eq!(
        waits(&made, "orders/2"),
        ["waits for the file in/*.csv: /work/in/old.csv is of 2026-01-02 01:59 UTC, before its period began at 2026-01-02 02:00 UTC"]
    );
    let events = found(&mut made, "orders", file("new.csv", "2026-01-02T02:00:00Z", "bb"));
    assert_eq!(kinds(&events), ["file_delivered", "condition_met", "attempt_starting"]);
    assert_eq!(orders(&made)[0]["DOGWATCH_FILE"], "/work/in/new.csv");
    assert!(made.world.feeds["orders"].pending.is_empty(), "what is too old is too old for ever");
    made.end("load", OK);
    // What comes early waits for its run.
    found(&mut made, "orders", file("early.csv", "2026-01-03T22:00:00Z", "cc"));
    found(&mut made, "orders", file("later.csv", "2026-01-03T23:00:00Z", "dd"));
    made.to("2026-01-04T02:00:00Z");
    assert_eq!(orders(&made)[1]["DOGWATCH_FILES"], "/work/in/early.csv\n/work/in/later.csv");
}

#[test]
fn what_a_run_waits_for_has_one_shape_for_scripts() {
    let mut made = Made::at("2026-01-01T00:00:00Z")
        .flow(flow("rates", &[], vec![step("fetch", &[])]))
        .flow(with(flow("orders", &["0 2 * * *"], vec![step("load", &[])]), Conditions { after: vec![after("rates")], ..wanted() }));
    made.to("2026-01-01T02:00:00Z");
    let run = made.world.run(&"orders/1".parse().unwrap()).unwrap();
    let waiting = waiting_on(&made.world, run, made.now);
    assert!(matches!(waiting[0].on, WaitingOn::Predecessor { .. }) && matches!(waiting[1].on, WaitingOn::File { .. }));
    let json = serde_json::to_value(&waiting).unwrap();
    assert_eq!((&json[0]["on"], &json[0]["flow"], &json[0]["date"]), (&"predecessor".into(), &"rates".into(), &"2026-01-01".into()));
    assert_eq!((&json[1]["on"], &json[1]["path"]), (&"file".into(), &"in/*.csv".into()));
    assert_eq!(json[1]["text"], "waits for the file in/*.csv: nothing was seen yet");
    assert_eq!(json[0]["hint"], "dogwatch run rates --date 2026-01-01");
}
