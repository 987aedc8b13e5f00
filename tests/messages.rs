//! Who is told what when, as pure rules: facts, reports and time in; messages out. No channel is touched.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod made;

use dogwatch::domain::channel::{SecretRef, Setting};
use dogwatch::domain::effect::Definitions;
use dogwatch::domain::flow::Retry;
use dogwatch::domain::message::{Fate, Messages};
use dogwatch::domain::*;
use dogwatch::rules::Decision;
use dogwatch::world::channel::QUEUE_MAX;
use jiff::SignedDuration;
use jiff::civil::time;
use made::{Made, flow, kinds, step};
use std::sync::Arc;
use std::time::Duration;

fn hook() -> ChannelKind {
    ChannelKind::Webhook { url: Setting::Text("https://hooks.example/x".into()), headers: [].into(), body: None, ca_file: None }
}

fn channel(id: &str) -> ChannelDefinition {
    ChannelDefinition::new(id, hook())
}

fn define(made: &mut Made, channel: ChannelDefinition) {
    made.carry_out(Decision { events: vec![Event::ChannelDefined { channel: Arc::new(channel) }], effects: vec![] }, &Author::Engine);
}

/// A flow of `fetch` and `load` that is told of at every point, on `ops`; `fetch` is tried twice.
fn told_flow() -> FlowDefinition {
    let ops = || vec![ChannelId::new("ops")];
    let fetch = StepDefinition { retry: Retry { attempts: 2, ..Retry::default() }, ..step("fetch", &[]) };
    let messages = Messages {
        started: ops(),
        step_done: ops(),
        finished: ops(),
        failed: ops(),
        late: ops(),
        recovered: ops(),
        steps: vec!["load".into()],
    };
    FlowDefinition { messages, ..flow("orders", &[], vec![fetch, step("load", &["fetch"])]) }
}

fn night(channel: ChannelDefinition, flow: FlowDefinition) -> Made {
    let mut made = Made::at("2026-11-21T02:00:00Z");
    define(&mut made, channel);
    made.flow(flow)
}

fn run(made: &mut Made) -> Vec<Event> {
    made.command(Command::Run { flow: "orders".into(), params: Params::new(), date: None, reason: None }).unwrap()
}

/// The messages that fell due, as `point subject`.
fn due(events: &[Event]) -> Vec<String> {
    let told = |event: &Event| match event {
        Event::MessageDue { message } => Some(format!("{} {}", message.point, message.subject)),
        _ => None,
    };
    events.iter().filter_map(told).collect()
}

/// The message that is under way.
fn sending(made: &Made, channel: &str) -> MessageId {
    made.world.channel(&channel.into()).unwrap().sending.clone().unwrap_or_else(|| panic!("{channel} sends nothing"))
}

fn sent(made: &mut Made) -> Vec<Event> {
    let message = sending(made, "ops");
    made.report(&Report::MessageSent { message })
}

fn failed(made: &mut Made, fate: Fate) -> Vec<Event> {
    let message = sending(made, "ops");
    made.report(&Report::MessageFailed { message, error: "connection refused".into(), fate, retry_after: None })
}

/// Takes everything that waits.
fn drain(made: &mut Made) -> Vec<Event> {
    let mut events = made.due();
    while made.world.channel(&"ops".into()).unwrap().sending.is_some() {
        events.extend(sent(made));
        events.extend(made.due());
    }
    events
}

#[test]
fn every_key_point_is_told_once_and_a_failure_only_when_retries_are_spent() {
    let mut made = night(channel("ops"), told_flow());
    let mut events = run(&mut made);
    events.extend(made.start("fetch"));
    assert_eq!(due(&events), ["started orders/1 started"]);
    let first = made.end("fetch", AttemptEnd::Exit(3));
    assert_eq!(due(&first), [""; 0], "the first of two attempts is nothing to tell");
    made.after(SignedDuration::from_mins(2));
    let second = made.end("fetch", AttemptEnd::Exit(3));
    assert_eq!(due(&second), ["failed orders/1 failed: fetch failed (exit 3)"]);
    let message = made.world.messages.values().find(|row| row.message.point == Point::Failed).unwrap().message.clone();
    assert_eq!(message.severity, Severity::High);
    assert_eq!(message.step, Some("fetch".into()));
    assert!(message.text.contains("look       dogwatch why orders/1"), "{}", message.text);
    assert!(message.text.contains("fetch failed, attempt 2"), "{}", message.text);

    let mut again = run(&mut made);
    again.extend(made.end("fetch", AttemptEnd::Exit(0)));
    again.extend(made.end("load", AttemptEnd::Exit(0)));
    assert_eq!(
        due(&again),
        ["started orders/2 started", "step_done orders/2 load done", "recovered orders recovered: orders/2 succeeded"],
        "`steps` limits step_done, and whoever hears of the recovery needs no second word"
    );
    let mut third = run(&mut made);
    third.extend(made.end("fetch", AttemptEnd::Exit(0)));
    third.extend(made.end("load", AttemptEnd::Exit(0)));
    assert_eq!(due(&third).last().unwrap(), "finished orders/3 succeeded");
    let ids: std::collections::BTreeSet<_> = made
        .entries
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::MessageDue { message } => Some(message.id.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(ids.len(), 8, "every message has an id of its own");
}

#[test]
fn a_missed_deadline_is_told_once_however_often_its_alert_fires() {
    let late = FlowDefinition { must_start_by: Some(time(3, 0, 0, 0)), schedules: vec!["30 2 * * *".into()], ..told_flow() };
    // With a hold the flow never starts, and that alarms too.
    let mut made = night(channel("ops"), late.clone());
    made.command(Command::Run { flow: "orders".into(), params: Params::new(), date: None, reason: None }).unwrap();
    made.to("2026-11-21T02:30:00Z");
    drain(&mut made);
    let events = made.to("2026-11-21T03:00:00Z");
    assert_eq!(due(&events), ["late orders: not started by 03:00 UTC"]);
    let worse = FlowDefinition { severity: Severity::Critical, ..late };
    let events = made.carry_out(Decision { events: vec![Event::FlowDefined { flow: Arc::new(worse) }], effects: vec![] }, &Author::Engine);
    assert!(kinds(&events).contains(&"alert_firing".to_owned()), "{:?}", kinds(&events));
    assert_eq!(due(&events), [""; 0]);
}

#[test]
fn a_message_is_tried_a_bounded_number_of_times_and_then_given_up() {
    let mut made = night(channel("ops"), told_flow());
    run(&mut made);
    let mut waits = Vec::new();
    for _ in 0..4 {
        let events = failed(&mut made, Fate::NotTaken);
        let Event::MessageFailed { next_at, .. } = &events[0] else { panic!("{:?}", kinds(&events)) };
        waits.push(next_at.duration_since(made.now).as_secs_f64().round() as i64);
        made.now = *next_at - SignedDuration::from_secs(1);
        assert_eq!(kinds(&made.due()), [""; 0], "not before its time");
        made.after(SignedDuration::from_secs(1));
    }
    assert_eq!(waits, [10, 40, 160, 600]);
    let last = failed(&mut made, Fate::NotTaken);
    assert_eq!(kinds(&last)[0], "message_given_up");
    let ops = made.world.channel(&"ops".into()).unwrap();
    assert_eq!((ops.given_up, ops.queue(), ops.word()), (1, 0, "failed"));
    let alert = made.world.alerts.values().find(|alert| alert.notice.labels["alertname"] == "ChannelFailing").unwrap();
    assert_eq!(alert.notice.summary, "channel ops does not take messages: connection refused");
    assert_eq!(made.world.tally.open, 1);
    // The next success ends it.
    made.end("fetch", AttemptEnd::Exit(0));
    made.end("load", AttemptEnd::Exit(0));
    drain(&mut made);
    assert_eq!(made.world.tally.open, 0);
    let ops = made.world.channel(&"ops".into()).unwrap();
    assert_eq!((ops.given_up, ops.failing_since, ops.word()), (0, None, "ok"));
}

#[test]
fn a_final_no_is_not_tried_again_and_a_wish_for_a_pause_is_heard_within_bounds() {
    let mut made = night(channel("ops"), told_flow());
    run(&mut made);
    let message = sending(&made, "ops");
    let wish = |wish| Report::MessageFailed {
        message: message.clone(),
        error: "busy".into(),
        fate: Fate::NotTaken,
        retry_after: Some(Duration::from_secs(wish)),
    };
    let events = made.report(&wish(1_000_000_000));
    let Event::MessageFailed { next_at, .. } = events[0] else { panic!() };
    assert_eq!(next_at.duration_since(made.now), SignedDuration::from_hours(1), "an hour at most");
    made.after(SignedDuration::from_hours(1));
    let events = failed(&mut made, Fate::Refused);
    assert_eq!(kinds(&events)[0], "message_given_up");
}

#[test]
fn what_may_have_arrived_is_not_sent_again_unless_the_receiver_knows_it_again() {
    for (idempotent, wanted) in [(false, "message_unknown"), (true, "message_failed")] {
        let mut made = night(ChannelDefinition { idempotent, ..channel("ops") }, told_flow());
        run(&mut made);
        assert_eq!(kinds(&failed(&mut made, Fate::Unsure))[0], wanted);
        assert_eq!(made.world.messages.is_empty(), !idempotent);
    }
}

#[test]
fn a_daemon_that_died_while_it_sent_leaves_an_unknown_and_sends_the_rest() {
    let mut made = night(channel("ops"), told_flow());
    run(&mut made);
    made.end("fetch", AttemptEnd::Exit(0));
    made.end("load", AttemptEnd::Exit(0));
    assert_eq!(made.world.channel(&"ops".into()).unwrap().queue(), 3);
    let first = sending(&made, "ops");
    // The world of the next daemon is the fold of the entries.
    made.world = dogwatch::world::World::fold(&made.entries);
    made.effects.clear();
    let started = Report::DaemonStarted { version: "1".into(), pid: 2, boot_id: "b".into(), host: "h".into() };
    let events = made.report(&started);
    let unknown: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::MessageUnknown { message, .. } => Some(&message.id),
            _ => None,
        })
        .collect();
    assert_eq!(unknown, [&first]);
    drain(&mut made);
    let asked: Vec<_> = made
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::SendMessage { message, .. } => Some(message.point),
            _ => None,
        })
        .collect();
    assert_eq!(asked, [Point::StepDone, Point::Finished]);
    // The report of the daemon that died, should it still come, changes nothing.
    assert_eq!(made.report(&Report::MessageSent { message: first }), []);
}

#[test]
fn a_storm_is_told_in_one() {
    let mut made = night(ChannelDefinition { per_minute: 3, ..channel("ops") }, told_flow());
    let mut told = Vec::new();
    for _ in 0..5 {
        told.extend(due(&run(&mut made)));
        told.extend(due(&made.end("fetch", AttemptEnd::Exit(0))));
        told.extend(due(&made.end("load", AttemptEnd::Exit(0))));
    }
    assert_eq!(told, ["started orders/1 started", "step_done orders/1 load done", "finished orders/1 succeeded"]);
    let held = made.world.channel(&"ops".into()).unwrap().held_back.clone().unwrap();
    assert_eq!(held.count, 12);
    drain(&mut made);
    made.now += SignedDuration::from_secs(59);
    assert_eq!(kinds(&made.due()), [""; 0]);
    let events = made.after(SignedDuration::from_secs(1));
    assert_eq!(due(&events), ["storm and 12 more messages"]);
    let Event::MessageDue { message } = &events[0] else { panic!() };
    assert!(message.text.contains("    4  orders finished"), "{}", message.text);
    assert_eq!(made.world.channel(&"ops".into()).unwrap().held_back, None);
    drain(&mut made);
    made.after(SignedDuration::from_hours(1));
    assert_eq!(due(&run(&mut made)), ["started orders/6 started"], "the next minute is the channel's own");
}

#[test]
fn a_dead_channel_keeps_a_bounded_queue() {
    let mut made = night(ChannelDefinition { per_minute: 1_000, ..channel("ops") }, told_flow());
    for _ in 0..100 {
        run(&mut made);
        made.end("fetch", AttemptEnd::Exit(0));
        made.end("load", AttemptEnd::Exit(0));
    }
    let ops = made.world.channel(&"ops".into()).unwrap();
    assert_eq!(ops.queue(), QUEUE_MAX);
    assert_eq!(ops.held_back.as_ref().unwrap().count as usize, 300 - QUEUE_MAX);
    made.after(SignedDuration::from_mins(5));
    assert_eq!(made.world.channel(&"ops".into()).unwrap().queue(), QUEUE_MAX, "what was held back waits for room");
    let events = drain(&mut made);
    assert_eq!(due(&events), ["storm and 100 more messages"]);
    assert!(made.world.messages.is_empty());
}

#[test]
fn a_removed_channel_leaves_no_message_untold_of() {
    let mut made = night(channel("ops"), told_flow());
    run(&mut made);
    made.end("fetch", AttemptEnd::Exit(0));
    made.end("load", AttemptEnd::Exit(0));
    let read = Definitions { zone: "UTC".into(), max_running: 64, flows: vec![Arc::new(told_flow())], ..Definitions::default() };
    let events = made.report(&Report::WorkspaceRead(Box::new(read)));
    let kinds = kinds(&events);
    for kind in ["message_unknown", "message_given_up", "channel_removed"] {
        assert!(kinds.iter().any(|other| other == kind), "{kind}: {kinds:?}");
    }
    assert!(made.world.messages.is_empty() && made.world.channels.is_empty());
    assert_eq!(made.world.tally.open, 0, "its alert went with it");
    assert_eq!(due(&run(&mut made)), [""; 0], "a flow that still names it tells nobody");
}

#[test]
fn hostile_names_reach_no_line_of_their_own() {
    let hostile = FlowDefinition { description: "x\r\nBcc: all@example.org\u{1b}[2J".into(), ..told_flow() };
    let mut made = night(channel("ops"), hostile);
    run(&mut made);
    made.after(SignedDuration::from_mins(1));
    made.end("fetch", AttemptEnd::SpawnError("a\r\nTo: everyone\0".into()));
    made.after(SignedDuration::from_mins(2));
    made.end("fetch", AttemptEnd::SpawnError("a\r\nTo: everyone\0".into()));
    for outgoing in made.world.messages.values() {
        let message = &outgoing.message;
        assert!(!message.subject.contains(char::is_control), "{:?}", message.subject);
        assert!(message.text.chars().all(|letter| letter == '\n' || !letter.is_control()), "{:?}", message.text);
        assert!(message.text.lines().all(|line| !line.starts_with("Bcc:") && !line.starts_with("To:")), "{}", message.text);
    }
}

#[test]
fn a_test_is_tried_once_and_previewed() {
    let mut made = night(channel("ops"), told_flow());
    let test = Command::TestChannel { channel: "ops".into() };
    assert_eq!(made.preview(&test).unwrap(), ["sends `test of the channel ops` on ops (webhook https://hooks.example)"]);
    let events = made.command(test).unwrap();
    assert_eq!(due(&events), ["test test of the channel ops"]);
    assert_eq!(kinds(&failed(&mut made, Fate::NotTaken))[0], "message_given_up", "whoever tests waits for the answer");
    let refusal = made.command(Command::TestChannel { channel: "opps".into() }).unwrap_err();
    assert_eq!(refusal.to_string(), "there is no channel `opps`\nhint: did you mean `ops`?");
}

#[test]
fn the_variables_of_secrets_are_withheld_from_steps() {
    let secret = |name: &str| Setting::Secret(SecretRef::Env(name.into()));
    let kind = ChannelKind::Webhook { url: secret("HOOK"), headers: [("x".into(), secret("TOKEN"))].into(), body: None, ca_file: None };
    let made = night(ChannelDefinition::new("ops", kind), told_flow());
    let withheld = made.effects.iter().rev().find_map(|effect| match effect {
        Effect::WithholdVariables(names) => Some(names.iter().cloned().collect::<Vec<_>>()),
        _ => None,
    });
    assert_eq!(withheld.unwrap(), ["HOOK", "TOKEN"]);
}

#[test]
fn an_old_flow_is_read_and_written_as_it_was() {
    let plain = flow("plain", &[], vec![step("one", &[])]);
    let json = serde_json::to_string(&plain).unwrap();
    assert!(!json.contains("messages"), "{json}");
    assert_eq!(serde_json::from_str::<FlowDefinition>(&json).unwrap(), plain);
}
