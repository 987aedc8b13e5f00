//! Steps that run by themselves: only where they say so, within the limits, and as visible as a person's action.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod made;

use dogwatch::domain::approval::TwoPeople;
use dogwatch::domain::*;
use dogwatch::rules::Decision;
use dogwatch::workspace::runbook::parse;
use dogwatch::world::World;
use jiff::SignedDuration;
use made::{Made, kinds, probe};
use std::sync::Arc;

fn tell(made: &mut Made, event: Event) -> Vec<Event> {
    made.carry_out(Decision { events: vec![event], effects: vec![] }, &Author::Engine)
}

fn book(made: &mut Made, id: &str, text: &str) {
    let (runbook, warnings) = parse(id, "runbooks/x.md", text);
    assert!(warnings.is_empty(), "{warnings:?}");
    tell(made, Event::RunbookDefined { runbook: Arc::new(runbook) });
}

const TWO_STEPS: &str = "---\nmatch = [{ probe = \"db\" }]\n---\n\n```sh run name=\"restart\" auto on=\"probe down\" param=\"which={probe}\"\nbin/restart\n```\n\n```sh run name=\"by hand\"\nbin/hand\n```\n\n```sh run name=\"check\" auto\nbin/check\n```\n";

fn made() -> Made {
    let mut made = Made::at("2026-01-01T00:00:00Z").probe(probe("db"));
    book(&mut made, "db-down", TWO_STEPS);
    made
}

fn down(made: &mut Made) -> Vec<Event> {
    let (probe, from, to) = (ProbeId::new("db"), Health::Up, Health::Down { good: 0, of: 2 });
    tell(made, Event::ProbeChanged { probe, from, to, reason: "refused".into() })
}

fn up(made: &mut Made) -> Vec<Event> {
    let (probe, from, to) = (ProbeId::new("db"), Health::Down { good: 0, of: 2 }, Health::Up);
    tell(made, Event::ProbeChanged { probe, from, to, reason: String::new() })
}

/// The incident opens and is over again; what was told.
fn blink(made: &mut Made) -> Vec<Event> {
    let mut events = down(made);
    for step in ["restart", "check"] {
        if made.steps().contains(&step.to_owned()) {
            events.extend(made.end(step, AttemptEnd::Exit(0)));
        }
    }
    events.extend(up(made));
    events
}

fn held_back(events: &[Event]) -> Vec<String> {
    let reason = |event: &Event| match event {
        Event::RemediationHeldBack { step, reason, .. } => Some(format!("{step}: {reason}")),
        _ => None,
    };
    events.iter().filter_map(reason).collect()
}

#[test]
fn what_says_so_runs_by_itself_one_after_the_other_as_dogwatch() {
    let mut made = made();
    let events = down(&mut made);
    assert_eq!(kinds(&events), ["probe_changed", "alert_firing", "incident_opened", "procedure_asked", "attempt_starting"]);
    let asked = made.entries.iter().find(|entry| matches!(entry.event, Event::ProcedureAsked { .. })).unwrap();
    assert_eq!(asked.author, Author::Engine, "as visible as a person's action, with its own name");
    let Some(Effect::StartAttempt(order)) = made.effects.last() else { panic!("{:?}", made.effects) };
    assert_eq!(order.env["DOGWATCH_PARAM_WHICH"], "db");
    let next = made.end("restart", AttemptEnd::Exit(0));
    assert_eq!(kinds(&next), ["attempt_ended", "procedure_asked", "attempt_starting"]);
    assert_eq!(made.steps(), ["check"], "what is by hand stays by hand");
    made.end("check", AttemptEnd::Exit(0));
    let incident = made.world.incident(IncidentId(1)).unwrap();
    let told = incident.timeline.iter().filter(|entry| matches!(entry.event, Event::ProcedureAsked { .. })).count();
    assert_eq!(told, 2, "in the incident's timeline");
    assert_eq!(made.world.procedure(&"db-down".into(), &Subject::Incident(IncidentId(1))).unwrap().done(), 2);
    assert_eq!(World::fold(&made.entries), made.world);
}

#[test]
fn after_a_failure_nothing_further_runs_by_itself() {
    let mut made = made();
    down(&mut made);
    assert_eq!(kinds(&made.end("restart", AttemptEnd::Exit(1))), ["attempt_ended"]);
    assert!(made.steps().is_empty());
}

#[test]
fn the_limit_of_a_runbook_is_a_fact_and_passes_with_the_hour() {
    let mut made = made();
    assert!(held_back(&blink(&mut made)).is_empty());
    made.now += SignedDuration::from_mins(5);
    let events = down(&mut made);
    let reason = "restart: 2 of its steps have run by themselves within an hour, which is its limit";
    assert_eq!(held_back(&events), [reason]);
    assert!(made.steps().is_empty());
    let timeline = &made.world.incident(IncidentId(2)).unwrap().timeline;
    assert!(timeline.iter().any(|entry| matches!(entry.event, Event::RemediationHeldBack { .. })));
    up(&mut made);
    made.now += SignedDuration::from_mins(60);
    assert!(held_back(&blink(&mut made)).is_empty(), "the hour has passed");
    assert_eq!(World::fold(&made.entries), made.world);
}

#[test]
fn the_limit_of_the_workspace_counts_over_all_runbooks() {
    let mut made = made();
    let rules = ProcedureRules { auto_per_hour: 1, ..ProcedureRules::default() };
    tell(&mut made, Event::ProcedureRulesDefined { rules });
    book(&mut made, "other", "---\nmatch = [{ probe = \"db\" }]\n---\n\n```sh run name=\"also\" auto\nbin/also\n```\n");
    let events = down(&mut made);
    assert_eq!(made.steps().len(), 1, "also within one decision");
    assert!(held_back(&events)[0].contains("1 step has run by itself within an hour, which is the limit of all runbooks"));
}

#[test]
fn a_runbook_can_raise_its_own_limit() {
    let mut made = Made::at("2026-01-01T00:00:00Z").probe(probe("db"));
    book(&mut made, "db-down", &TWO_STEPS.replacen("---\n", "---\nauto_max = 4\n", 1));
    assert!(held_back(&blink(&mut made)).is_empty());
    assert!(held_back(&blink(&mut made)).is_empty());
    assert_eq!(held_back(&blink(&mut made)).len(), 1);
}

#[test]
fn what_needs_a_person_never_runs_by_itself() {
    // The workspace asks for two people on everything.
    let mut made = made();
    tell(&mut made, Event::ProcedureRulesDefined { rules: ProcedureRules { two_people: TwoPeople::Always, ..ProcedureRules::default() } });
    assert_eq!(held_back(&down(&mut made)), ["restart: it needs two people"]);
    // A parameter that nothing fills in.
    let mut made = Made::at("2026-01-01T00:00:00Z").probe(probe("db"));
    let text = "---\nmatch = [{ probe = \"db\" }]\n---\n\n```sh run name=\"go\" auto param=\"rows:int={flow}\"\nbin/go\n```\n";
    book(&mut made, "x", text);
    assert_eq!(held_back(&down(&mut made)), ["go: nothing fills in its parameter `rows`"]);
    assert!(made.steps().is_empty());
}

#[test]
fn another_cause_than_the_step_names_runs_nothing() {
    let mut made = Made::at("2026-01-01T00:00:00Z").probe(probe("db"));
    book(
        &mut made,
        "x",
        &TWO_STEPS.replace("auto on=\"probe down\"", "auto on=\"run failed\"").replace("name=\"check\" auto", "name=\"check\""),
    );
    let events = down(&mut made);
    assert_eq!(kinds(&events), ["probe_changed", "alert_firing", "incident_opened"]);
    // Nor does a runbook that is for something else, or a step that does not say so.
    let mut made = Made::at("2026-01-01T00:00:00Z").probe(probe("db"));
    book(&mut made, "y", &TWO_STEPS.replace("probe = \"db\"", "probe = \"web\""));
    assert_eq!(kinds(&down(&mut made)), ["probe_changed", "alert_firing", "incident_opened"]);
}

#[test]
fn what_opened_the_incident_may_be_named_as_the_rules_of_a_runbook_name_it() {
    for (on, runs) in [("ProbeDown", true), ("FlowFailed, ProbeDown", true), ("FlowFailed", false)] {
        let mut made = Made::at("2026-01-01T00:00:00Z").probe(probe("db"));
        book(&mut made, "db-down", &TWO_STEPS.replace("on=\"probe down\"", &format!("on=\"{on}\"")));
        down(&mut made);
        assert_eq!(made.steps() == ["restart"], runs, "{on}: {:?}", made.steps());
    }
}
