//! Rules as tables: given these facts, when this is asked or that is due, then these facts or a refusal.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod made;

use dogwatch::domain::effect::Definitions;
use dogwatch::domain::flow::{Missed, MissedPolicy, Overlap, Retry};
use dogwatch::domain::run::{DefinitionChoice, Scope};
use dogwatch::domain::runbook::{Match, ParamKind, ProcedureExpectation, ProcedureParam, ProcedureStep};
use dogwatch::domain::*;
use dogwatch::rules::{matching, why_flow, why_run};
use jiff::SignedDuration;
use made::{Made, ana, flow, kinds, probe, settled, step};
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;

fn nightly() -> FlowDefinition {
    flow("nightly", &["30 2 * * *"], vec![step("fetch", &[]), step("load", &["fetch"]), step("report", &["load"])])
}

fn run(flow: &str) -> Command {
    Command::Run { flow: flow.into(), params: Params::new(), date: None, reason: None }
}

fn rerun(run: &str, scope: Scope) -> Command {
    let (params, date) = (Params::new(), None);
    Command::Rerun { run: run.parse().unwrap(), scope, definition: DefinitionChoice::Ran, params, date, reason: "fixed".into() }
}

fn hold(flow: &str) -> Command {
    Command::Hold { flow: flow.into(), until: None, reason: "upgrade".into() }
}

fn outcome(made: &Made, run: &str) -> String {
    made.world.run(&run.parse().unwrap()).unwrap().outcome.as_ref().map_or("not done", Outcome::word).to_owned()
}

const OK: AttemptEnd = AttemptEnd::Exit(0);
const BAD: AttemptEnd = AttemptEnd::Exit(1);

#[test]
fn a_scheduled_run_goes_through_its_steps() {
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(nightly());
    let events = made.to("2026-01-01T02:30:00Z");
    assert_eq!(settled(&events), ["2026-01-01T02:30:00Z ran"]);
    assert_eq!(made.steps(), ["fetch"]);
    let Some(Effect::StartAttempt(order)) = made.effects.last() else { panic!("{:?}", made.effects) };
    assert_eq!(order.argv, ["sh", "-c", "bin/fetch"]);
    assert_eq!(order.env["DOGWATCH_DATE"], "2026-01-01");
    assert_eq!(order.env["DOGWATCH_RUN"], "nightly/1");
    for name in ["fetch", "load", "report"] {
        made.start(name);
        made.end(name, OK);
    }
    assert_eq!(outcome(&made, "nightly/1"), "success");
    assert!(made.world.running.is_empty());
}

#[test]
fn a_failed_step_stops_only_what_needs_it() {
    let steps = vec![step("a", &[]), step("b", &["a"]), step("c", &["b"]), step("d", &[]), step("e", &["d"])];
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(flow("tree", &[], steps));
    made.command(run("tree")).unwrap();
    assert_eq!(made.steps(), ["a", "d"]);
    made.end("a", BAD);
    made.end("d", OK);
    made.end("e", OK);
    let run = made.world.run(&"tree/1".parse().unwrap()).unwrap();
    let words: Vec<_> = run.steps.iter().map(|step| step.state.word()).collect();
    assert_eq!(words, ["failed", "upstream failed", "upstream failed", "success", "success"]);
    assert_eq!(outcome(&made, "tree/1"), "failed");
    assert_eq!(made.world.tally.open, 1);
    assert_eq!(made.world.incident(IncidentId(1)).unwrap().title, "tree: a failed (exit 1)");
}

#[test]
fn slots_limit_what_runs_at_the_same_time() {
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(flow("wide", &[], vec![step("a", &[]), step("b", &[]), step("c", &[])]));
    let (errors, definitions) = (vec![], Definitions { name: "shop".into(), zone: "UTC".into(), max_running: 2, ..Definitions::default() });
    made.world.workspace_errors = errors;
    made.report(&Report::WorkspaceRead(Box::new(Definitions {
        flows: vec![made.world.flow(&"wide".into()).unwrap().definition.clone()],
        ..definitions
    })));
    made.command(run("wide")).unwrap();
    assert_eq!(made.steps(), ["a", "b"]);
    assert!(why_run(&made.world, &"wide/1".parse().unwrap(), made.now).iter().any(|reason| reason.text.contains("2 of 2 taken")));
    made.end("a", OK);
    assert_eq!(made.steps(), ["b", "c"]);
}

#[test]
fn retries_wait_and_alerts_come_when_they_are_spent() {
    let retry = Retry { attempts: 3, on_exit: vec![75], ..Retry::default() };
    let steps = vec![StepDefinition { retry, ..step("fetch", &[]) }];
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(flow("f", &[], steps));
    made.command(run("f")).unwrap();
    assert_eq!(kinds(&made.end("fetch", AttemptEnd::Exit(75))), ["attempt_ended", "retry_planned"]);
    assert!(made.after(SignedDuration::from_secs(26)).is_empty());
    assert_eq!(kinds(&made.after(SignedDuration::from_secs(8))), ["attempt_starting"]);
    assert_eq!(kinds(&made.end("fetch", AttemptEnd::NeverBegan)), ["attempt_ended", "retry_planned", "attempt_starting"]);
    made.end("fetch", AttemptEnd::Exit(75));
    made.after(SignedDuration::from_secs(67));
    let events = made.end("fetch", AttemptEnd::Exit(75));
    assert_eq!(kinds(&events), ["attempt_ended", "step_ended", "run_ended", "alert_firing", "incident_opened"]);
    let run = made.world.run(&"f/1".parse().unwrap()).unwrap();
    assert_eq!((run.steps[0].attempts.len(), run.steps[0].attempts_spent()), (4, 3));
}

#[test]
fn a_lost_step_is_never_retried_and_a_killed_one_neither() {
    for (end, word) in [(AttemptEnd::Lost, "lost"), (BAD, "failed")] {
        let retry = Retry { attempts: if end == AttemptEnd::Lost { 5 } else { 1 }, ..Retry::default() };
        let mut made = Made::at("2026-01-01T00:00:00Z").flow(flow("f", &[], vec![StepDefinition { retry, ..step("s", &[]) }]));
        made.command(run("f")).unwrap();
        made.end("s", end);
        assert_eq!(outcome(&made, "f/1"), word);
    }
    let retry = Retry { attempts: 5, ..Retry::default() };
    let steps = vec![StepDefinition { retry, ..step("s", &[]) }, step("t", &["s"])];
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(flow("f", &[], steps));
    made.command(run("f")).unwrap();
    let events = made.command(Command::Kill { run: "f/1".parse().unwrap(), reason: None }).unwrap();
    assert_eq!(kinds(&events), ["run_kill_asked", "step_ended"]);
    assert!(matches!(made.effects.last(), Some(Effect::KillAttempt { .. })));
    made.end("s", AttemptEnd::Signal(15));
    assert_eq!(outcome(&made, "f/1"), "cancelled");
    assert_eq!(made.world.tally.open, 0, "a run that a person ended needs no human");
    assert!(made.command(Command::Kill { run: "f/1".parse().unwrap(), reason: None }).unwrap_err().reason.contains("done already"));
}

#[test]
fn missed_occurrences_come_to_what_the_policy_promises() {
    for (policy, max, caught) in
        [(MissedPolicy::Skip, 10, 0), (MissedPolicy::Latest, 10, 1), (MissedPolicy::All, 10, 10), (MissedPolicy::All, 500, 287)]
    {
        let missed = Missed { policy, max, ..Missed::default() };
        let mut made =
            Made::at("2026-01-01T00:00:00Z").flow(FlowDefinition { missed, ..flow("f", &["*/5 * * * *"], vec![step("s", &[])]) });
        // Away for three days, back two minutes after an occurrence: one day is within the window.
        let settled = settled(&made.to("2026-01-04T00:02:00Z"));
        assert_eq!(settled.len(), 3 * 24 * 12, "{policy:?}");
        assert_eq!(
            settled.iter().filter(|words| words.ends_with("Z caught up")).count(),
            caught + usize::from(max == 500),
            "{policy:?} {max}"
        );
        let last = settled.last().unwrap();
        assert_eq!(last.ends_with("Z caught up"), caught > 0, "{last}");
    }
}

#[test]
fn a_catch_up_processes_its_own_date_and_in_order() {
    let missed = Missed { policy: MissedPolicy::All, window: Duration::from_hours(240), max: 3 };
    let mut made = Made::at("2026-01-01T03:00:00Z").flow(FlowDefinition { missed, ..nightly() });
    made.to("2026-01-07T12:00:00Z");
    let dates: Vec<_> = made.world.flow(&"nightly".into()).unwrap().runs.iter().map(|run| run.date.to_string()).collect();
    assert_eq!(dates, ["2026-01-05", "2026-01-06", "2026-01-07"]);
    assert_eq!(made.steps(), ["fetch"], "they wait for each other");
}

#[test]
fn overlaps_follow_the_flow() {
    for (overlap, wanted, runs) in [
        (Overlap::Skip, ["ran", "skipped (overlap with f/1)", "skipped (overlap with f/1)"], 1),
        (Overlap::Queue, ["ran", "ran", "skipped (overlap with f/1)"], 2),
        (Overlap::QueueAll, ["ran", "ran", "ran"], 3),
        // The first is asked to end and takes its time, the second ends before it began.
        (Overlap::Cancel, ["ran", "ran", "ran"], 2),
        (Overlap::Allow, ["ran", "ran", "ran"], 3),
    ] {
        let mut made = Made::at("2026-01-01T00:00:30Z").flow(FlowDefinition { overlap, ..flow("f", &["* * * * *"], vec![step("s", &[])]) });
        for words in wanted {
            let events = made.after(SignedDuration::from_mins(1));
            assert!(settled(&events)[0].ends_with(words), "{overlap:?}: {events:?}");
        }
        assert_eq!(made.world.flow(&"f".into()).unwrap().active().count(), runs, "{overlap:?}");
        assert_eq!(made.steps().len(), if overlap == Overlap::Allow { 3 } else { 1 });
    }
}

#[test]
fn a_hold_skips_and_its_end_fires_nothing() {
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(nightly());
    let until = Some("2026-01-02T12:00:00Z".parse().unwrap());
    made.command(Command::Hold { flow: "nightly".into(), until, reason: "upgrade".into() }).unwrap();
    assert!(made.command(run("nightly")).unwrap_err().to_string().contains("held by ana: upgrade\nhint: release it first"));
    let events = made.to("2026-01-02T13:00:00Z");
    let words = "skipped (held by ana until 2026-01-02T12:00:00Z, upgrade)";
    assert_eq!(settled(&events), [format!("2026-01-01T02:30:00Z {words}"), format!("2026-01-02T02:30:00Z {words}")]);
    assert_eq!(kinds(&events).last().unwrap(), "flow_released");
    assert!(made.world.running.is_empty());
    assert_eq!(settled(&made.to("2026-01-03T02:30:00Z")), ["2026-01-03T02:30:00Z ran"]);
}

#[test]
fn an_edited_schedule_starts_anew() {
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(nightly());
    made.now = "2026-01-01T12:00:00Z".parse().unwrap();
    made = made.flow(FlowDefinition { schedules: vec!["0 6 * * *".into()], ..nightly() });
    assert!(made.due().is_empty());
    assert_eq!(settled(&made.to("2026-01-02T06:00:10Z")), ["2026-01-02T06:00:00Z ran"]);
}

#[test]
fn deadlines_alarm_and_are_over_when_met() {
    let definition =
        FlowDefinition { must_start_by: Some("02:45".parse().unwrap()), must_finish_by: Some("06:00".parse().unwrap()), ..nightly() };
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(definition);
    made.world.max_running = 1;
    made = made.flow(flow("hog", &[], vec![step("hog", &[])]));
    made.command(run("hog")).unwrap();
    made.to("2026-01-01T02:30:00Z");
    assert_eq!(kinds(&made.to("2026-01-01T02:45:00Z")), ["alert_firing", "incident_opened"]);
    assert!(made.world.flow(&"nightly".into()).unwrap().is_late());
    made.end("hog", OK);
    assert_eq!(kinds(&made.start("fetch")), ["attempt_started", "alert_resolved", "incident_resolved"]);
    let late = made.to("2026-01-01T06:30:00Z");
    assert_eq!(kinds(&late), ["alert_firing", "incident_opened"]);
    made.end("fetch", OK);
    made.end("load", OK);
    let events = made.end("report", OK);
    assert!(kinds(&events).ends_with(&["run_ended".into(), "alert_resolved".into(), "incident_resolved".into()]), "{events:?}");
    assert_eq!((made.world.tally.open, made.world.tally.flows_late), (0, 0));
}

#[test]
fn the_same_failure_again_is_a_linked_incident() {
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(nightly());
    let fail = |made: &mut Made, command: Command| {
        made.command(command).unwrap();
        made.end("fetch", BAD)
    };
    assert_eq!(kinds(&fail(&mut made, run("nightly"))).last().unwrap(), "incident_opened");
    assert!(!kinds(&fail(&mut made, run("nightly"))).contains(&"incident_opened".to_owned()), "it is open already");
    made.command(Command::Resolve { incident: IncidentId(1), reason: "known".into() }).unwrap();
    assert_eq!(made.world.alerts.len(), 1, "the alert still fires");
    let events = fail(&mut made, run("nightly"));
    assert!(
        matches!(events.last(), Some(Event::IncidentOpened { incident: IncidentId(2), previous: Some(IncidentId(1)), .. })),
        "{events:?}"
    );
    made.command(rerun("nightly/3", Scope::Failed)).unwrap();
    for name in ["fetch", "load", "report"] {
        made.end(name, OK);
    }
    let over = made.world.incident(IncidentId(2)).unwrap();
    assert_eq!(over.resolved.as_ref().unwrap().reason, "the condition is over");
    assert!(made.world.alerts.is_empty());
    assert_eq!(made.world.incident(IncidentId(1)).unwrap().next, Some(IncidentId(2)));
}

#[test]
fn a_worse_alert_raises_and_voids_the_acknowledgement() {
    let labels: Labels = [("service".to_owned(), "shop".to_owned())].into();
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(FlowDefinition { labels: labels.clone(), ..nightly() }).probe(ProbeDefinition {
        labels,
        down_after: 1,
        ..probe("db")
    });
    made.command(run("nightly")).unwrap();
    made.end("fetch", BAD);
    made.command(Command::Acknowledge { incident: IncidentId(1), note: None }).unwrap();
    let again = made.command(Command::Acknowledge { incident: IncidentId(1), note: None });
    assert!(again.unwrap_err().reason.contains("already"));
    let events = look(&mut made, "db", probe::Verdict::Failed);
    assert_eq!(kinds(&events), ["probe_changed", "alert_firing", "incident_joined", "severity_raised", "acknowledgement_ended"]);
    let incident = made.world.incident(IncidentId(1)).unwrap();
    assert_eq!((incident.severity, incident.acknowledged.is_some()), (Severity::Critical, false));
}

use dogwatch::domain::probe;

fn look(made: &mut Made, id: &str, verdict: probe::Verdict) -> Vec<Event> {
    let sample = Sample { at: made.now, verdict, latency_us: 1_000 };
    let result = ProbeResult { sample, reason: "connection refused".into(), certificate_ends: None };
    made.report(&Report::Probed { probe: id.into(), result })
}

#[test]
fn a_probe_is_down_after_three_and_up_after_two() {
    use probe::Verdict::{Degraded, Error, Failed, Ok, Skipped};
    let mut made = Made::at("2026-01-01T00:00:00Z").probe(made::probe("db"));
    for (verdict, health) in [
        (Ok, "up"),
        (Failed, "soft 1 of 3"),
        (Error, "soft 1 of 3"),
        (Failed, "soft 2 of 3"),
        (Ok, "up"),
        (Failed, "soft 1 of 3"),
        (Failed, "soft 2 of 3"),
        (Failed, "down"),
        (Error, "down"),
        (Ok, "down, 1 of 2 good"),
        (Failed, "down"),
        (Ok, "down, 1 of 2 good"),
        (Skipped, "down, 1 of 2 good"),
        (Degraded, "degraded"),
        (Ok, "up"),
    ] {
        look(&mut made, "db", verdict);
        assert_eq!(made.world.probe(&"db".into()).unwrap().health.to_string(), health, "after {verdict:?}");
    }
    let rhythms: Vec<_> = made
        .effects
        .iter()
        .filter_map(|effect| if let Effect::SetRhythm { every, .. } = effect { Some(every.as_secs()) } else { None })
        .collect();
    assert_eq!(rhythms, [10, 60, 10, 60]);
    assert_eq!(made.world.incidents.len(), 1);
    assert_eq!(made.world.tally.open, 0);
    assert!(look(&mut made, "gone", Failed).is_empty());
}

#[test]
fn a_rerun_takes_the_steps_of_its_scope() {
    let steps = vec![step("a", &[]), step("b", &["a"]), step("c", &["b"]), StepDefinition { idempotent: false, ..step("d", &["a"]) }];
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(flow("f", &[], steps));
    made.command(run("f")).unwrap();
    made.end("a", OK);
    made.end("b", BAD);
    made.end("d", OK);
    for (scope, wanted) in [
        (Scope::Failed, "b c"),
        (Scope::All, "a b c d"),
        (Scope::From("a".into()), "a b c"),
        (Scope::From("d".into()), "d"),
        (Scope::Only("c".into()), "c"),
        (Scope::Down("a".into()), "a b c d"),
        (Scope::Down("b".into()), "b c"),
    ] {
        let lines = made.preview(&rerun("f/1", scope.clone())).unwrap();
        let runs: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix("runs ")?.split(':').next()).collect();
        assert_eq!(runs.join(" "), wanted, "{scope}");
        assert_eq!(lines.iter().any(|line| line.contains("DANGER")), wanted.contains('d'), "{lines:?}");
    }
    made.command(rerun("f/1", Scope::Only("c".into()))).unwrap();
    assert_eq!(made.steps(), ["c"], "a person named it, so it runs although b failed");
    made.end("c", OK);
    assert_eq!(made.world.tally.open, 1, "b is still not done, so the incident stays");
    made.command(rerun("f/1", Scope::Failed)).unwrap();
    assert_eq!(made.steps(), ["b"]);
    made.end("b", OK);
    made.end("c", OK);
    assert_eq!((outcome(&made, "f/3").as_str(), made.world.tally.open), ("success", 0));
    for (command, words) in [
        (rerun("f/3", Scope::Failed), "all its steps succeeded"),
        (rerun("f/9", Scope::All), "there is no run `f/9` at hand\nhint: at hand are f/1 to f/3"),
        (rerun("f/1", Scope::Only("cc".into())), "no step of f/1 `cc`"),
    ] {
        assert!(made.command(command).unwrap_err().to_string().contains(words));
    }
}

#[test]
fn commands_are_refused_with_a_hint() {
    let params: Params = [("region".to_owned(), "eu".to_owned())].into();
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(FlowDefinition { params, ..nightly() });
    let with = |name: &str, value: &str| Command::Run {
        flow: "nightly".into(),
        params: [(name.to_owned(), value.to_owned())].into(),
        date: None,
        reason: None,
    };
    let dated = |date: jiff::civil::Date| Command::Run { flow: "nightly".into(), params: Params::new(), date: Some(date), reason: None };
    for (command, words) in [
        (run("nightli"), "there is no flow `nightli`\nhint: did you mean `nightly`?"),
        (run("warehouse:load"), "there is no flow"),
        (with("regoin", "us"), "has no parameter `regoin`\nhint: did you mean `region`?"),
        (with("region", "a\0b"), "NUL"),
        (with("region", &"x".repeat(70_000)), "at most 65536"),
        (dated(jiff::civil::date(9999, 1, 1)), "out of range"),
        (Command::Hold { flow: "nightly".into(), until: None, reason: "  ".into() }, "the reason is empty"),
        (Command::Hold { flow: "nightly".into(), until: Some(made.now), reason: "x".into() }, "has passed already"),
        (Command::Release { flow: "nightly".into() }, "is not held"),
        (Command::Mark { text: String::new() }, "the mark is empty"),
        (Command::Mark { text: "x".repeat(5_000) }, "at most 4096"),
        (Command::Acknowledge { incident: IncidentId(4), note: None }, "no incident 4"),
        (Command::ProbeNow { probe: "db".into() }, "there is no probe"),
    ] {
        let refusal = made.command(command.clone()).unwrap_err().to_string();
        assert!(refusal.contains(words), "{command:?}: {refusal}");
        assert_eq!(made.preview(&command).unwrap_err().to_string(), refusal);
    }
    made.command(with("region", "us")).unwrap();
    assert_eq!(made.world.run(&"nightly/1".parse().unwrap()).unwrap().params["region"], "us");
    made.command(hold("nightly")).unwrap();
    assert!(made.command(hold("nightly")).unwrap_err().reason.contains("held already, by ana"));
}

#[test]
fn what_a_neighbour_owns_is_refused_with_the_reason() {
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(flow("warehouse:load", &[], vec![]));
    assert!(made.command(run("warehouse:load")).unwrap_err().reason.contains("not configured"));
    let source = Event::SourceDefined { source: "warehouse".into(), kind: "airflow".into(), capabilities: vec![], definition: None };
    made.carry_out(dogwatch::rules::Decision { events: vec![source], effects: vec![] }, &Author::Engine);
    let refusal = made.command(run("warehouse:load")).unwrap_err();
    assert_eq!(
        (refusal.kind, &*refusal.reason),
        (RefusalKind::Unsupported, "warehouse:load belongs to `warehouse`, and airflow cannot run a flow")
    );
}

fn runbook() -> Runbook {
    let step = ProcedureStep {
        name: "rows".into(),
        title: "rows".into(),
        run: CommandLine::Argv(vec!["bin/rows".into()]),
        params: vec![ProcedureParam { name: "day".into(), default: "{date}".into(), kind: ParamKind::Any }],
        expect: ProcedureExpectation { exit: 3, output: None },
        danger: true,
        timeout: Duration::from_mins(10),
        line: 4,
        two_people: false,
        auto: None,
    };
    let matches = vec![Match { flow: Some("night*".into()), alert: Some("FlowFailed".into()), ..Match::default() }];
    Runbook {
        id: "load".into(),
        title: "Load".into(),
        file: "runbooks/load.md".into(),
        matches,
        text: String::new(),
        steps: vec![step],
        auto_max: None,
    }
}

#[test]
fn a_runbook_step_runs_when_it_is_complete_and_confirmed() {
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(nightly());
    let defined = Event::RunbookDefined { runbook: Arc::new(runbook()) };
    made.carry_out(dogwatch::rules::Decision { events: vec![defined], effects: vec![] }, &Author::Engine);
    made.command(run("nightly")).unwrap();
    made.end("fetch", BAD);
    let subject = Subject::Incident(IncidentId(1));
    assert_eq!(matching(&made.world, &subject), [("load".into(), "matched: flow nightly, alert FlowFailed".to_owned())]);
    assert_eq!(matching(&made.world, &Subject::Flow("nightly".into())), []);
    let params = dogwatch::rules::filled_in(&made.world, &subject, &runbook().steps[0]);
    assert_eq!(params["day"], "2026-01-01");
    let ask = |params: &Params, confirmed: Option<&str>| Command::RunProcedure {
        runbook: "load".into(),
        step: "rows".into(),
        subject: subject.clone(),
        params: params.clone(),
        confirmed: confirmed.map(str::to_owned),
    };
    assert!(made.command(ask(&Params::new(), Some("rows"))).unwrap_err().reason.contains("asks for `day`"));
    assert!(made.command(ask(&params, Some("row"))).unwrap_err().reason.contains("confirmed by typing"));
    assert_eq!(kinds(&made.command(ask(&params, Some("rows"))).unwrap()), ["procedure_asked", "attempt_starting"]);
    let Some(Effect::StartAttempt(order)) = made.effects.last() else { panic!("{:?}", made.effects) };
    for (name, value) in
        [("DOGWATCH_PARAM_DAY", "2026-01-01"), ("DOGWATCH_INCIDENT", "1"), ("DOGWATCH_FLOW", "nightly"), ("DOGWATCH_RUN", "nightly/1")]
    {
        assert_eq!(order.env[name], value);
    }
    assert!(made.command(ask(&params, Some("rows"))).unwrap_err().reason.contains("still runs"));
    made.end("rows", AttemptEnd::Exit(3));
    assert_eq!(made.world.procedure(&"load".into(), &subject).unwrap().done(), 1, "exit 3 is what it expects");
    let (runbook, step) = ("load".into(), "rows".into());
    assert!(made.command(Command::KillProcedure { runbook, step, subject }).unwrap_err().reason.contains("does not run"));
}

#[test]
fn a_reading_of_the_workspace_tells_only_what_differs() {
    let mut made = Made::at("2026-01-01T00:00:00Z");
    let read = |flows: Vec<FlowDefinition>| {
        let flows = flows.into_iter().map(Arc::new).collect();
        let probes = vec![Arc::new(made::probe("db"))];
        Report::WorkspaceRead(Box::new(Definitions {
            name: "shop".into(),
            zone: "UTC".into(),
            max_running: 4,
            flows,
            probes,
            ..Definitions::default()
        }))
    };
    assert_eq!(kinds(&made.report(&read(vec![nightly()]))), ["workspace_loaded", "flow_defined", "probe_defined"]);
    assert!(matches!(made.effects.last(), Some(Effect::WatchProbe(_))));
    assert!(made.report(&read(vec![nightly()])).is_empty());
    let refused = Report::WorkspaceRefused { errors: vec!["flows/nightly.toml:3: no".into()] };
    assert_eq!(kinds(&made.report(&refused)), ["workspace_refused"]);
    assert!(made.report(&refused).is_empty());
    made.command(run("nightly")).unwrap();
    made.end("fetch", BAD);
    let gone = made.report(&read(vec![]));
    assert_eq!(kinds(&gone), ["workspace_loaded", "flow_removed", "alert_resolved", "incident_resolved"]);
    assert!(made.command(run("nightly")).unwrap_err().reason.contains("is gone"));
    made.effects.clear();
    let begins = Report::DaemonStarted { version: "1".into(), pid: 1, boot_id: "boot".into(), host: "jump".into() };
    made.report(&begins);
    assert!(matches!(made.effects[..], [Effect::WatchOutside(_), Effect::WatchProbe(_)]), "a daemon that begins looks again");
}

#[test]
fn why_names_what_is_in_the_way() {
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(FlowDefinition { overlap: Overlap::Queue, ..nightly() });
    let why = |made: &Made| why_flow(&made.world, &"nightly".into(), made.now).into_iter().map(|reason| reason.text).collect::<Vec<_>>();
    assert_eq!(why(&made), ["its next time is Thu 2026-01-01 02:30 UTC"]);
    made.command(run("nightly")).unwrap();
    made.command(run("nightly")).unwrap();
    let waits = why_run(&made.world, &"nightly/2".parse().unwrap(), made.now);
    assert_eq!(waits[0].text, "the earlier run nightly/1 is not done");
    made.command(hold("nightly")).unwrap();
    assert_eq!(why(&made)[0], "held by ana: upgrade");
    made.end("fetch", BAD);
    let failed = why_run(&made.world, &"nightly/1".parse().unwrap(), made.now);
    assert!(failed[1].text.starts_with("fetch failed: exit 1"), "{failed:?}");
    assert_eq!(ana().name(), "ana");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is asked in whatever order: no step runs twice at a time, and every alert that fires has had an incident.
    #[test]
    fn no_order_of_commands_breaks_the_world(moves in prop::collection::vec((0u8..9, 0u8..4), 1..60)) {
        let mut made = Made::at("2026-01-01T00:00:00Z").flow(nightly()).flow(flow("other", &["*/7 * * * *"], vec![step("x", &[])])).probe(made::probe("db"));
        for (what, which) in moves {
            let flow = if which % 2 == 0 { "nightly" } else { "other" };
            let id = |number: u8| RunId::numbered(flow.into(), u32::from(number) + 1);
            match what {
                0 => drop(made.command(run(flow))),
                1 => drop(made.command(Command::Kill { run: id(which), reason: None })),
                2 => drop(made.command(rerun(&id(which).to_string(), Scope::Failed))),
                3 => drop(made.command(hold(flow))),
                4 => drop(made.command(Command::Release { flow: flow.into() })),
                5 => drop(made.command(Command::Resolve { incident: IncidentId(u32::from(which) + 1), reason: "x".into() })),
                6 => drop(look(&mut made, "db", if which < 3 { probe::Verdict::Failed } else { probe::Verdict::Ok })),
                7 => drop(made.after(SignedDuration::from_mins(i64::from(which) * 40))),
                _ => if let Some(name) = made.steps().first().cloned() {
                    drop(made.end(&name, if which == 0 { BAD } else { OK }));
                },
            }
            for flow in made.world.flows.values() {
                for run in flow.active() {
                    for step in &run.steps {
                        prop_assert!(step.attempts.iter().filter(|attempt| attempt.end.is_none()).count() <= 1);
                    }
                }
            }
            prop_assert!(made.world.alerts.values().all(|alert| alert.incident.is_some()));
            prop_assert!(made.world.retrying.rows().all(|(_, place)| made.world.run(&place.run).is_some_and(|run| run.phase != Phase::Done)));
        }
        let folded = dogwatch::world::World::fold(&made.entries);
        prop_assert_eq!(folded, made.world);
    }
}

#[test]
fn a_graph_of_many_steps_takes_its_time_but_no_more() {
    let names: Vec<String> = (0..1_500).map(|number| format!("s{number}")).collect();
    let steps = names.iter().enumerate().map(|(place, name)| {
        let before = place.checked_sub(1).and_then(|place| names.get(place));
        step(name, &before.iter().map(|name| name.as_str()).collect::<Vec<_>>())
    });
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(flow("long", &[], steps.collect()));
    made.command(run("long")).unwrap();
    for name in names.iter().take(20) {
        made.end(name, OK);
    }
    let events = made.end("s20", BAD);
    let upstream = events.iter().filter(|event| matches!(event, Event::StepEnded { outcome: Outcome::UpstreamFailed, .. })).count();
    assert_eq!(upstream, 1_479);
    assert_eq!(outcome(&made, "long/1"), "failed");
}
