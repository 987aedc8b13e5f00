//! Who is told of an incident, when: rotas, hours and chains as pure rules, over simulated time.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up fails")]

mod made;
#[path = "escalation/simulation.rs"]
mod simulation;

use dogwatch::domain::channel::Setting;
use dogwatch::domain::incident::AlertNotice;
use dogwatch::domain::message::Fate;
use dogwatch::domain::people::{Chain, HourClass, Hours, Leave, OpenHours, Override, People, Person, Rota, Rung, Told, Whom};
use dogwatch::domain::*;
use dogwatch::rules::rota::Turn;
use dogwatch::rules::{self, Decision, OnCall, hour_class, next_step, on_call, shifts};
use dogwatch::world::World;
use jiff::civil::{date, time};
use jiff::{SignedDuration, Timestamp};
use made::{Made, flow, kinds, step};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn person(id: &str, channels: &[&str]) -> (PersonId, Person) {
    let person = Person {
        user: id.to_owned(),
        name: id.to_owned(),
        zone: "UTC".into(),
        channels: channels.iter().map(|channel| (*channel).into()).collect(),
        teams: BTreeSet::new(),
        away: Vec::new(),
        holidays: None,
    };
    (id.into(), person)
}

fn rota(people: &[&str]) -> Rota {
    Rota {
        id: "primary".into(),
        people: people.iter().map(|person| (*person).into()).collect(),
        zone: "UTC".into(),
        from: date(2026, 11, 16),
        handover: time(8, 0, 0, 0),
        shift_hours: 24,
    }
}

fn rung(minutes: u64, tell: &[Whom]) -> Rung {
    Rung { wait: MINUTE * u32::try_from(minutes).unwrap(), tell: tell.to_vec(), on: Vec::new() }
}

fn rung_on(minutes: u64, tell: &[Whom], on: &[&str]) -> Rung {
    Rung { on: on.iter().map(|channel| (*channel).into()).collect(), ..rung(minutes, tell) }
}

fn primary() -> Whom {
    Whom::Rota("primary".into())
}

fn named(id: &str) -> Whom {
    Whom::Person(id.into())
}

fn chain(severity: Severity, steps: Vec<Rung>) -> Chain {
    Chain { severities: [severity].into(), steps, repeat: 0, patience: MINUTE * 15 }
}

/// Ana and Leo take turns, Lea is behind them.
fn people() -> People {
    let steps = || vec![rung(0, &[primary()]), rung(5, &[primary()]), rung(10, &[named("lea")])];
    People {
        people: [person("ana", &["ana-hook"]), person("leo", &["leo-hook"]), person("lea", &["lea-hook"])].into(),
        rotas: vec![rota(&["ana", "leo"])],
        overrides: Vec::new(),
        hours: Hours::default(),
        chains: vec![chain(Severity::Critical, steps()), chain(Severity::High, steps())],
    }
}

fn define(made: &mut Made, event: Event) -> Vec<Event> {
    made.carry_out(Decision { events: vec![event], effects: vec![] }, &Author::Engine)
}

fn channel(id: &str) -> ChannelDefinition {
    let url = Setting::Text("https://hooks.example/x".into());
    ChannelDefinition::new(id, ChannelKind::Webhook { url, headers: [].into(), body: None, ca_file: None })
}

/// Saturday, before ana's shift of Friday ends.
const NIGHT: &str = "2026-11-21T02:00:00Z";

fn night(people: People) -> Made {
    let mut made = Made::at(NIGHT);
    for id in ["ana-hook", "leo-hook", "lea-hook", "ops", "sms"] {
        define(&mut made, Event::ChannelDefined { channel: Arc::new(channel(id)) });
    }
    define(&mut made, Event::PeopleDefined { people: Arc::new(people) });
    ack_lives(&mut made, 0);
    made
}

/// How long an acknowledgement lives without a sign of life; 0 is for ever.
fn ack_lives(made: &mut Made, minutes: u32) {
    let life = AckLife { expires: MINUTE * minutes, ask: MINUTE * (minutes / 6) };
    define(made, Event::AckLifeDefined { life });
}

fn alert(name: &str, severity: Severity, cause: AlertCause) -> Event {
    let labels: Labels = [("alertname".to_owned(), name.to_owned()), ("service".to_owned(), "shop".to_owned())].into();
    let notice = AlertNotice { labels: labels.clone(), severity, summary: format!("{name} fires"), cause };
    Event::AlertFiring { alert: Fingerprint::of(&labels), source: SourceId::local(), notice }
}

fn fires(made: &mut Made, name: &str, severity: Severity) -> Vec<Event> {
    define(made, alert(name, severity, AlertCause::ProbeDown { probe: "shop".into() }))
}

fn over(made: &mut Made, name: &str) -> Vec<Event> {
    let Event::AlertFiring { alert, .. } = alert(name, Severity::Info, AlertCause::Outside { link: None }) else { unreachable!() };
    define(made, Event::AlertResolved { alert, reason: "well again".into() })
}

/// The messages that fell due, as `channel point`.
fn told(events: &[Event]) -> Vec<String> {
    let one = |event: &Event| match event {
        Event::MessageDue { message } => Some(format!("{} {}", message.channel, message.point)),
        _ => None,
    };
    events.iter().filter_map(one).collect()
}

/// Lets every channel take what it has.
fn take(made: &mut Made) {
    loop {
        let sending: Vec<_> = made.world.channels.values().filter_map(|channel| channel.sending.clone()).collect();
        if sending.is_empty() {
            return;
        }
        for message in sending {
            made.report(&Report::MessageSent { message });
        }
    }
}

/// Goes on to a time and lets every channel take what fell due.
fn to(made: &mut Made, now: &str) -> Vec<String> {
    let told = told(&made.to(now));
    take(made);
    told
}

fn who(world: &World, now: &str) -> Option<String> {
    on_call(world, &"primary".into(), at(now)).unwrap().person.map(|person| person.to_string())
}

#[test]
fn turns_follow_from_the_anchor_in_both_directions() {
    let made = night(people());
    let days = ["2026-11-14T08:00:00Z", "2026-11-15T09:00:00Z", "2026-11-16T07:59:59Z", "2026-11-16T08:00:00Z", "2026-11-17T08:00:00Z"];
    let found: Vec<_> = days.iter().map(|now| who(&made.world, now).unwrap()).collect();
    assert_eq!(found, ["ana", "leo", "leo", "ana", "leo"]);
    let now = on_call(&made.world, &"primary".into(), at(NIGHT)).unwrap();
    let from = at("2026-11-20T08:00:00Z");
    let expected = OnCall { person: Some("ana".into()), turn: Turn::Shift, from, until: Some(at("2026-11-21T08:00:00Z")) };
    assert_eq!(now, expected);
}

#[test]
fn handovers_stay_at_their_wall_time_when_clocks_change() {
    let mut people = people();
    people.rotas[0] = Rota { zone: "Europe/Rome".into(), from: date(2026, 3, 28), ..rota(&["ana", "leo"]) };
    let made = night(people);
    let list = shifts(&made.world, &"primary".into(), at("2026-03-28T12:00:00Z"), 3);
    let ends: Vec<_> = list.iter().map(|shift| shift.until.unwrap().to_string()).collect();
    // On 29 March a night is 23 hours long: 08:00 is 07:00 UTC before and 06:00 UTC after it.
    assert_eq!(ends, ["2026-03-29T06:00:00Z", "2026-03-30T06:00:00Z", "2026-03-31T06:00:00Z"]);
    let autumn = shifts(&made.world, &"primary".into(), at("2026-10-24T12:00:00Z"), 2);
    assert_eq!(autumn[0].until.unwrap().to_string(), "2026-10-25T07:00:00Z", "a shift of 25 hours");
}

#[test]
fn leave_goes_to_the_next_person_and_an_override_beats_everything() {
    let mut people = people();
    people.rotas[0] = rota(&["ana", "leo", "lea"]);
    let leave = Leave { from: date(2026, 11, 19).at(0, 0, 0, 0), to: date(2026, 11, 23).at(0, 0, 0, 0), reason: "sea".into() };
    people.people.get_mut("ana").unwrap().away.push(leave.clone());
    let mut made = night(people.clone());
    // Thursday 08:00 to Friday 08:00 is ana's by turn.
    let thursday = on_call(&made.world, &"primary".into(), at("2026-11-19T12:00:00Z")).unwrap();
    assert_eq!((thursday.person, thursday.turn), (Some("leo".into()), Turn::StandsIn("ana".into())));
    people.people.get_mut("leo").unwrap().away.push(leave.clone());
    people.people.get_mut("lea").unwrap().away.push(leave);
    define(&mut made, Event::PeopleDefined { people: Arc::new(people.clone()) });
    let nobody = on_call(&made.world, &"primary".into(), at("2026-11-19T12:00:00Z")).unwrap();
    assert_eq!((nobody.person, nobody.turn), (None, Turn::Nobody));
    let (from, until) = (date(2026, 11, 19).at(10, 0, 0, 0), date(2026, 11, 19).at(14, 0, 0, 0));
    people.overrides.push(Override { rota: "primary".into(), person: "ana".into(), from, to: until });
    define(&mut made, Event::PeopleDefined { people: Arc::new(people) });
    assert_eq!(who(&made.world, "2026-11-19T12:00:00Z").as_deref(), Some("ana"), "an override beats leave");
    made.now = at("2026-11-19T11:00:00Z");
    let command = |person: &str| Command::Override {
        rota: "primary".into(),
        person: person.into(),
        from: None,
        to: at("2026-11-19T13:00:00Z"),
        reason: Some("train".into()),
    };
    made.command(command("lea")).unwrap();
    assert_eq!(who(&made.world, "2026-11-19T12:00:00Z").as_deref(), Some("lea"), "a person beats the file");
    let stretch = on_call(&made.world, &"primary".into(), at("2026-11-19T12:00:00Z")).unwrap();
    assert_eq!(stretch.until, Some(at("2026-11-19T13:00:00Z")));
    made.command(command("leo")).unwrap();
    assert_eq!(who(&made.world, "2026-11-19T12:00:00Z").as_deref(), Some("leo"), "the last one wins");
    made.command(Command::EndOverride { rota: "primary".into() }).unwrap();
    made.command(Command::EndOverride { rota: "primary".into() }).unwrap();
    assert_eq!(who(&made.world, "2026-11-19T12:00:00Z").as_deref(), Some("ana"));
    let refusal = made.command(Command::EndOverride { rota: "primary".into() }).unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::State);
    let refusal = made.command(command("lena")).unwrap_err();
    assert_eq!((refusal.kind, refusal.hint.as_deref()), (RefusalKind::NotFound, Some("did you mean `lea`?")));
}

#[test]
fn hours_have_classes_and_holidays_are_no_business() {
    let mut people = people();
    people.hours = Hours {
        zone: Some("Europe/Rome".into()),
        business: vec![OpenHours {
            days: calendar::WeekDay::ALL[..5].iter().copied().collect(),
            from: time(8, 0, 0, 0),
            to: time(18, 0, 0, 0),
        }],
        calendar: Some("it".into()),
        off_hours: None,
        sleep: Some((time(23, 0, 0, 0), time(7, 0, 0, 0))),
    };
    let mut made = night(people);
    let mut it = Calendar::new("it");
    it.holidays.insert(date(2026, 12, 8), "Immacolata".into());
    define(&mut made, Event::CalendarDefined { calendar: Arc::new(it) });
    let class = |now: &str| hour_class(&made.world, at(now));
    assert_eq!(class("2026-11-20T07:00:00Z"), HourClass::Business, "Friday 08:00 in Rome");
    assert_eq!(class("2026-11-20T06:59:59Z"), HourClass::Off);
    assert_eq!(class("2026-11-20T17:00:00Z"), HourClass::Off);
    assert_eq!(class("2026-11-20T22:00:00Z"), HourClass::Sleep);
    assert_eq!(class("2026-11-21T10:00:00Z"), HourClass::Off, "a Saturday");
    assert_eq!(class("2026-12-08T10:00:00Z"), HourClass::Off, "a holiday");
}

#[test]
fn a_chain_tells_step_by_step_until_somebody_acknowledges() {
    let mut made = night(people());
    let events = fires(&mut made, "ProbeDown", Severity::Critical);
    assert!(kinds(&events).contains(&"escalation_started".to_owned()));
    assert_eq!(to(&mut made, NIGHT), ["ana-hook incident_opened"]);
    let next = next_step(&made.world, made.world.incident(IncidentId(1)).unwrap()).unwrap();
    assert_eq!((next.at, next.whom), (at("2026-11-21T02:05:00Z"), vec![primary()]));
    assert_eq!(next.told, [Told { channel: "ana-hook".into(), person: Some("ana".into()) }]);
    assert_eq!(to(&mut made, "2026-11-21T02:04:59Z"), [""; 0]);
    assert_eq!(to(&mut made, "2026-11-21T02:05:00Z"), ["ana-hook incident_escalated"]);
    assert_eq!(to(&mut made, "2026-11-21T02:15:00Z"), ["lea-hook incident_escalated"]);
    made.command(Command::Acknowledge { incident: IncidentId(1), note: None }).unwrap();
    assert_eq!(to(&mut made, "2026-11-21T06:00:00Z"), [""; 0], "an acknowledged incident tells nobody");
    assert!(made.world.escalating.is_empty());
    let recovered = told(&over(&mut made, "ProbeDown"));
    assert_eq!(recovered, ["ana-hook incident_recovered", "lea-hook incident_recovered"], "those who were told, once each");
}

#[test]
fn an_acknowledgement_that_ends_begins_the_chain_anew() {
    let mut made = night(people());
    fires(&mut made, "ProbeDown", Severity::Critical);
    to(&mut made, NIGHT);
    made.command(Command::Acknowledge { incident: IncidentId(1), note: None }).unwrap();
    to(&mut made, "2026-11-21T03:00:00Z");
    made.command(Command::Unacknowledge { incident: IncidentId(1) }).unwrap();
    assert_eq!(to(&mut made, "2026-11-21T03:00:00Z"), ["ana-hook incident_escalated"]);
    assert_eq!(to(&mut made, "2026-11-21T03:05:00Z"), ["ana-hook incident_escalated"]);
}

#[test]
fn an_acknowledgement_without_a_sign_of_life_brings_the_chain_back() {
    let mut made = night(people());
    ack_lives(&mut made, 30);
    fires(&mut made, "ProbeDown", Severity::Critical);
    to(&mut made, NIGHT);
    made.command(Command::Acknowledge { incident: IncidentId(1), note: None }).unwrap();
    assert_eq!(to(&mut made, "2026-11-21T02:25:00Z"), [""; 0], "asked on the screen first");
    assert_eq!(to(&mut made, "2026-11-21T02:30:00Z"), ["ana-hook incident_escalated"]);
}

#[test]
fn a_worse_alert_begins_the_worse_chain_and_voids_an_acknowledgement() {
    let mut people = people();
    people.chains[0].steps = vec![rung(0, &[named("lea")])];
    let mut made = night(people);
    fires(&mut made, "ProbeSlow", Severity::High);
    assert_eq!(to(&mut made, NIGHT), ["ana-hook incident_opened"]);
    made.command(Command::Acknowledge { incident: IncidentId(1), note: None }).unwrap();
    let events = fires(&mut made, "ProbeDown", Severity::Critical);
    assert!(kinds(&events).contains(&"acknowledgement_ended".to_owned()));
    assert_eq!(kinds(&events).iter().filter(|kind| *kind == "escalation_started").count(), 1, "{:?}", kinds(&events));
    assert_eq!(to(&mut made, NIGHT), ["lea-hook incident_escalated"]);
}

#[test]
fn an_alert_from_outside_waits_for_others_and_more_are_told_in_one() {
    let mut made = night(people());
    define(&mut made, alert("A", Severity::High, AlertCause::Outside { link: None }));
    define(&mut made, alert("B", Severity::High, AlertCause::Outside { link: None }));
    assert_eq!(to(&mut made, "2026-11-21T02:00:29Z"), [""; 0]);
    assert_eq!(to(&mut made, "2026-11-21T02:00:30Z"), ["ana-hook incident_opened"]);
    let message = made.entries.iter().rev().find_map(|entry| match &entry.event {
        Event::MessageDue { message } => Some(message.clone()),
        _ => None,
    });
    let text = message.unwrap().text.clone();
    assert!(text.contains("A fires") && text.contains("B fires"), "{text}");
    made.now = at("2026-11-21T02:02:00Z");
    define(&mut made, alert("C", Severity::High, AlertCause::Outside { link: None }));
    define(&mut made, alert("D", Severity::High, AlertCause::Outside { link: None }));
    // The next step comes 5 minutes after the first word, at the time at which more would be told: one message, not two.
    assert_eq!(to(&mut made, "2026-11-21T02:05:30Z"), ["ana-hook incident_escalated"]);
    made.now = at("2026-11-21T02:06:00Z");
    define(&mut made, alert("E", Severity::High, AlertCause::Outside { link: None }));
    assert_eq!(to(&mut made, "2026-11-21T02:10:29Z"), [""; 0]);
    assert_eq!(to(&mut made, "2026-11-21T02:10:30Z"), ["ana-hook incident_grown"]);
}

#[test]
fn off_hours_only_the_named_severities_disturb() {
    let mut people = people();
    people.hours.off_hours = Some([Severity::Critical].into());
    let mut made = night(people);
    fires(&mut made, "ProbeSlow", Severity::High);
    assert_eq!(to(&mut made, NIGHT), [""; 0]);
    let put_off = made.entries.iter().find_map(|entry| match &entry.event {
        Event::EscalationDeferred { until, reason, .. } => Some((*until, reason.clone())),
        _ => None,
    });
    let (until, reason) = put_off.expect("that it waits is a fact");
    assert_eq!(until, at("2026-11-23T08:00:00Z"), "Monday morning");
    assert!(reason.contains("off hours"), "{reason}");
    assert_eq!(to(&mut made, "2026-11-23T07:59:59Z"), [""; 0]);
    assert_eq!(to(&mut made, "2026-11-23T08:00:00Z"), ["leo-hook incident_opened"], "Leo has the Monday");
    assert_eq!(to(&mut made, "2026-11-23T17:00:00Z"), ["leo-hook incident_escalated"]);
    assert_eq!(to(&mut made, "2026-11-23T18:00:00Z"), [""; 0], "a chain does not go on into the evening");
    assert_eq!(told(&over(&mut made, "ProbeSlow")), [""; 0], "an end waits for the morning too");
    assert_eq!(to(&mut made, "2026-11-24T08:00:00Z"), ["leo-hook incident_recovered"]);
    assert!(made.world.escalating.is_empty());
}

#[test]
fn what_is_severe_enough_disturbs_at_once_and_a_raise_does_not_wait() {
    let mut people = people();
    people.hours.off_hours = Some([Severity::Critical].into());
    let mut made = night(people);
    fires(&mut made, "ProbeSlow", Severity::High);
    made.to(NIGHT);
    fires(&mut made, "ProbeDown", Severity::Critical);
    assert_eq!(to(&mut made, NIGHT), ["ana-hook incident_opened"]);
}

#[test]
fn a_chain_begins_again_and_is_then_exhausted() {
    let mut people = people();
    people.chains[0].repeat = 1;
    let mut made = night(people);
    fires(&mut made, "ProbeDown", Severity::Critical);
    let mut all = to(&mut made, NIGHT);
    for minute in 1..120 {
        let now = at(NIGHT) + SignedDuration::from_mins(minute);
        all.extend(to(&mut made, &now.to_string()));
    }
    let escalated = "ana-hook incident_escalated";
    assert_eq!(
        all,
        ["ana-hook incident_opened", escalated, "lea-hook incident_escalated", escalated, escalated, "lea-hook incident_escalated"]
    );
    let exhausted = made.entries.iter().find(|entry| matches!(entry.event, Event::EscalationExhausted { .. })).unwrap();
    assert_eq!(exhausted.at, at("2026-11-21T03:00:00Z"), "two rounds of 15 min, each with 15 min of patience");
    let incident = made.world.incident(IncidentId(1)).unwrap();
    assert!(incident.escalation.as_ref().unwrap().exhausted_at.is_some());
    assert!(incident.timeline.iter().any(|entry| matches!(entry.event, Event::EscalationExhausted { .. })), "seen on the timeline");
}

#[test]
fn who_cannot_be_told_is_a_fact_and_an_alert_and_the_next_step_does_not_wait() {
    let mut people = people();
    people.people.get_mut("ana").unwrap().channels.clear();
    let mut made = night(people.clone());
    fires(&mut made, "ProbeDown", Severity::Critical);
    let events = made.to(NIGHT);
    let all = told(&events);
    assert!(all.contains(&"lea-hook incident_opened".to_owned()), "{all:?}: two steps reach nobody, the third one comes at once");
    let untold: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::IncidentEscalated { incident: IncidentId(1), untold, .. } => untold.first().map(|one| one.reason.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(untold, ["ana has no channel", "ana has no channel"]);
    let hole = made.world.alerts.values().find(|alert| matches!(alert.notice.cause, AlertCause::NobodyTold { .. })).unwrap();
    assert_eq!(hole.notice.summary, "rota:primary cannot be told: ana has no channel");
    assert!(made.world.incident(hole.incident.unwrap()).unwrap().is_open());
    people.people.get_mut("ana").unwrap().channels.push("ana-hook".into());
    define(&mut made, Event::PeopleDefined { people: Arc::new(people) });
    assert!(!made.world.alerts.values().any(|alert| matches!(alert.notice.cause, AlertCause::NobodyTold { .. })), "the hole is closed");
}

#[test]
fn nobody_on_call_is_no_silence() {
    let mut people = people();
    let leave = Leave { from: date(2026, 11, 1).at(0, 0, 0, 0), to: date(2026, 12, 1).at(0, 0, 0, 0), reason: String::new() };
    for id in ["ana", "leo"] {
        people.people.get_mut(id).unwrap().away.push(leave.clone());
    }
    let mut made = night(people);
    fires(&mut made, "ProbeDown", Severity::Critical);
    let all = to(&mut made, NIGHT);
    assert!(all.contains(&"lea-hook incident_opened".to_owned()), "{all:?}");
    let hole = made.world.alerts.values().find(|alert| matches!(alert.notice.cause, AlertCause::NobodyTold { .. })).unwrap();
    assert_eq!(hole.notice.summary, "rota:primary cannot be told: nobody is on call: everyone is away");
}

#[test]
fn a_channel_that_fails_does_not_hold_the_chain_up() {
    let mut made = night(people());
    fires(&mut made, "ProbeDown", Severity::Critical);
    made.to(NIGHT);
    let message = made.world.channel(&"ana-hook".into()).unwrap().sending.clone().unwrap();
    made.report(&Report::MessageFailed { message, error: "410 gone".into(), fate: Fate::Refused, retry_after: None });
    take(&mut made);
    let events = made.to("2026-11-21T02:05:00Z");
    let all = told(&events);
    assert!(all.iter().any(|one| one == "lea-hook incident_escalated"), "{all:?}: lea hears at once");
    assert!(
        events.iter().any(
            |event| matches!(event, Event::IncidentEscalated { untold, .. } if untold.iter().any(|one| one.reason.contains("410 gone")))
        )
    );
}

#[test]
fn a_team_is_told_each_channel_once() {
    let mut people = people();
    for id in ["ana", "leo"] {
        let person = people.people.get_mut(id).unwrap();
        person.teams.insert("db".into());
        person.channels.push("ops".into());
    }
    people.chains[0].steps = vec![rung(0, &[Whom::Team("db".into()), Whom::Channel("ops".into()), named("ana")])];
    let mut made = night(people);
    fires(&mut made, "ProbeDown", Severity::Critical);
    assert_eq!(to(&mut made, NIGHT), ["ana-hook incident_opened", "ops incident_opened", "leo-hook incident_opened"]);
}

/// What alerts say about people who cannot be told.
fn holes(made: &Made) -> Vec<String> {
    let holes = made.world.alerts.values().filter(|alert| matches!(alert.notice.cause, AlertCause::NobodyTold { .. }));
    holes.map(|alert| alert.notice.summary.clone()).collect()
}

#[test]
fn a_step_tells_people_only_on_the_channels_that_it_names() {
    let mut people = people();
    people.people.get_mut("ana").unwrap().channels.push("sms".into());
    people.chains[0].steps = vec![rung_on(0, &[primary(), Whom::Channel("ops".into())], &["sms", "call"]), rung(5, &[primary()])];
    let mut made = night(people);
    fires(&mut made, "ProbeDown", Severity::Critical);
    let next = next_step(&made.world, made.world.incident(IncidentId(1)).unwrap()).unwrap();
    assert_eq!(next.named(), "rota:primary on sms and call, channel:ops");
    assert_eq!(next.told.iter().map(ToString::to_string).collect::<Vec<_>>(), ["ana on sms", "ops"]);
    assert_eq!(to(&mut made, NIGHT), ["sms incident_opened", "ops incident_opened"], "a channel that is named itself is told");
    assert_eq!(to(&mut made, "2026-11-21T02:05:00Z"), ["ana-hook incident_escalated", "sms incident_escalated"], "all of them");
    assert_eq!(holes(&made), [""; 0]);
}

#[test]
fn who_has_none_of_a_steps_channels_cannot_be_told_by_it() {
    let mut people = people();
    people.chains[0].steps = vec![rung_on(0, &[named("lea")], &["sms", "call"]), rung(5, &[named("lea")])];
    let mut made = night(people.clone());
    fires(&mut made, "ProbeDown", Severity::Critical);
    let next = next_step(&made.world, made.world.incident(IncidentId(1)).unwrap()).unwrap();
    assert!(next.told.is_empty() && next.untold[0].reason == "lea has none of the channels sms, call", "{next:?}");
    let events = made.to(NIGHT);
    assert!(told(&events).contains(&"lea-hook incident_opened".to_owned()), "the next step comes at once");
    assert_eq!(holes(&made), ["person:lea cannot be told: lea has none of the channels sms, call"], "also after the step that reached her");
    people.people.get_mut("lea").unwrap().channels.push("sms".into());
    define(&mut made, Event::PeopleDefined { people: Arc::new(people) });
    assert_eq!(holes(&made), [""; 0]);
}

#[test]
fn who_was_told_in_two_steps_hears_the_end_once() {
    let mut people = people();
    people.chains[0].steps = vec![rung(0, &[primary()]), rung(5, &[Whom::Channel("ana-hook".into())])];
    let mut made = night(people);
    fires(&mut made, "ProbeDown", Severity::Critical);
    assert_eq!(to(&mut made, NIGHT), ["ana-hook incident_opened"]);
    assert_eq!(to(&mut made, "2026-11-21T02:05:00Z"), ["ana-hook incident_escalated"]);
    assert_eq!(told(&over(&mut made, "ProbeDown")), ["ana-hook incident_recovered"]);
}

#[test]
fn who_is_told_next_is_known_before_it_is_put_off() {
    let mut people = people();
    people.hours.off_hours = Some([Severity::Critical].into());
    let mut made = night(people);
    define(&mut made, alert("Disk", Severity::High, AlertCause::Outside { link: None }));
    let next = next_step(&made.world, made.world.incident(IncidentId(1)).unwrap()).unwrap();
    assert_eq!(next.put_off.as_deref(), Some("off hours: high waits for business hours"));
    assert!(next.at > at("2026-11-23T00:00:00Z"), "on Monday, not in half a minute: {}", next.at);
}

#[test]
fn a_mitigated_incident_tells_nobody_more_and_says_so() {
    let mut made = night(people());
    fires(&mut made, "ProbeDown", Severity::Critical);
    to(&mut made, NIGHT);
    made.command(Command::Mitigate { incident: IncidentId(1), note: None }).unwrap();
    let rows = rules::told_next(&made.world, 10);
    assert_eq!(rows[0].outlook.words(), "nobody: mitigated by ana");
}

#[test]
fn whom_of_a_team_a_step_leaves_out_is_told() {
    let mut people = people();
    for id in ["ana", "leo"] {
        people.people.get_mut(id).unwrap().teams.insert("db".into());
    }
    people.chains[0].steps = vec![rung_on(0, &[Whom::Team("db".into())], &["sms"])];
    let reasons = |events: &[Event]| {
        let one = |event: &Event| match event {
            Event::IncidentEscalated { incident: IncidentId(1), untold, .. } => {
                Some(untold.iter().map(|one| format!("{}: {}", one.whom, one.reason)).collect::<Vec<_>>())
            }
            _ => None,
        };
        events.iter().find_map(one).unwrap()
    };
    let mut made = night(people.clone());
    fires(&mut made, "ProbeDown", Severity::Critical);
    assert_eq!(reasons(&made.to(NIGHT)), ["team:db: nobody of db has one of the channels sms"]);
    people.people.get_mut("ana").unwrap().channels.push("sms".into());
    let mut made = night(people.clone());
    fires(&mut made, "ProbeDown", Severity::Critical);
    let events = made.to(NIGHT);
    assert_eq!(told(&events)[0], "sms incident_opened");
    assert_eq!(reasons(&events), ["person:leo: leo has none of the channels sms"]);
    assert_eq!(holes(&made), ["person:leo cannot be told: leo has none of the channels sms"]);
    people.people.get_mut("leo").unwrap().channels.push("sms".into());
    define(&mut made, Event::PeopleDefined { people: Arc::new(people) });
    assert_eq!(holes(&made), [""; 0]);
}

#[test]
fn a_step_of_an_older_journal_has_no_channels_and_is_written_as_before() {
    let rung = rung(5, &[primary()]);
    let text = serde_json::to_string(&rung).unwrap();
    assert!(!text.contains("\"on\""), "{text}");
    assert_eq!(serde_json::from_str::<Rung>(&text).unwrap(), rung);
    let rung = rung_on(5, &[primary()], &["sms"]);
    assert_eq!(serde_json::from_str::<Rung>(&serde_json::to_string(&rung).unwrap()).unwrap(), rung);
}

#[test]
fn a_chain_that_is_gone_ends_and_says_so() {
    let mut made = night(people());
    fires(&mut made, "ProbeDown", Severity::Critical);
    to(&mut made, NIGHT);
    define(&mut made, Event::PeopleDefined { people: Arc::new(People::default()) });
    let events = made.to("2026-11-21T02:05:00Z");
    assert!(events.iter().any(|event| matches!(event, Event::EscalationEnded { .. })), "{events:?}");
    assert!(made.world.escalating.is_empty());
}

#[test]
fn without_a_chain_nobody_is_told_and_nothing_is_due() {
    let mut made = night(people());
    fires(&mut made, "DiskFuller", Severity::Warning);
    assert_eq!(to(&mut made, "2026-11-22T02:00:00Z"), [""; 0]);
    assert_eq!(rules::escalation::without_chain(&made.world), [Severity::Warning, Severity::Info]);
}

#[test]
fn a_failed_flow_tells_at_once() {
    let mut made = night(people()).flow(FlowDefinition { severity: Severity::Critical, ..flow("orders", &[], vec![step("load", &[])]) });
    made.command(Command::Run { flow: "orders".into(), params: Params::new(), date: None, reason: None }).unwrap();
    made.start("load");
    let mut events = made.end("load", AttemptEnd::Exit(3));
    events.extend(made.to(NIGHT));
    assert_eq!(told(&events), ["ana-hook incident_opened"]);
}

#[test]
fn a_restart_neither_loses_nor_repeats_a_step() {
    let mut made = night(people());
    fires(&mut made, "ProbeDown", Severity::Critical);
    to(&mut made, NIGHT);
    // The journal alone: what a new daemon knows.
    let mut again = Made::at("2026-11-21T02:09:00Z");
    again.world = World::fold(&made.entries);
    again.entries.clone_from(&made.entries);
    assert_eq!(again.world, made.world);
    let text = serde_json::to_string(&made.world).unwrap();
    assert_eq!(serde_json::from_str::<World>(&text).unwrap(), made.world);
    assert_eq!(to(&mut again, "2026-11-21T02:09:00Z"), ["ana-hook incident_escalated"], "what was due meanwhile, once");
    assert_eq!(to(&mut again, "2026-11-21T02:18:59Z"), [""; 0], "the next wait counts from the telling");
    assert_eq!(to(&mut again, "2026-11-21T02:19:00Z"), ["lea-hook incident_escalated"]);
    let ids: Vec<_> = again
        .entries
        .iter()
        .filter_map(|entry| if let Event::MessageDue { message } = &entry.event { Some(message.id.clone()) } else { None })
        .collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
}

fn silence(made: &mut Made, until: &str) -> SilenceId {
    let matchers = vec!["service=shop".parse().unwrap()];
    made.command(Command::Silence { matchers, until: at(until), reason: "kernel patches".into() }).unwrap();
    *made.world.silences.keys().next().unwrap()
}

#[test]
fn a_silence_makes_a_chain_wait_and_its_early_end_calls_it_back() {
    let mut made = night(people());
    let id = silence(&mut made, "2026-11-21T06:00:00Z");
    fires(&mut made, "ProbeDown", Severity::Critical);
    assert_eq!(to(&mut made, NIGHT), [""; 0]);
    let next = next_step(&made.world, made.world.incident(IncidentId(1)).unwrap()).unwrap();
    assert_eq!(next.at, at("2026-11-21T06:00:00Z"));
    assert_eq!(next.put_off.as_deref(), Some("silence 1 by ana: kernel patches"));
    assert_eq!(to(&mut made, "2026-11-21T03:00:00Z"), [""; 0]);
    made.command(Command::Unsilence { silence: id }).unwrap();
    assert_eq!(to(&mut made, "2026-11-21T03:00:00Z"), ["ana-hook incident_opened"], "the state is looked at again at once");
}

#[test]
fn a_silence_that_runs_out_lets_the_chain_go_on_and_an_end_is_told_all_the_same() {
    let mut made = night(people());
    fires(&mut made, "ProbeDown", Severity::Critical);
    to(&mut made, NIGHT);
    silence(&mut made, "2026-11-21T06:00:00Z");
    assert_eq!(to(&mut made, "2026-11-21T05:59:59Z"), [""; 0]);
    assert_eq!(to(&mut made, "2026-11-21T06:00:00Z"), ["ana-hook incident_escalated"], "the step that was next, not the first one");
    silence(&mut made, "2026-11-21T09:00:00Z");
    assert_eq!(told(&over(&mut made, "ProbeDown")), ["ana-hook incident_recovered"]);
}

#[test]
fn snoozed_and_mitigated_incidents_rest_and_come_back_from_the_first_step() {
    let mut made = night(people());
    fires(&mut made, "ProbeDown", Severity::Critical);
    to(&mut made, NIGHT);
    let incident = IncidentId(1);
    made.command(Command::Snooze { incident, until: at("2026-11-21T03:00:00Z"), reason: None }).unwrap();
    assert_eq!(to(&mut made, "2026-11-21T02:59:59Z"), [""; 0]);
    assert_eq!(to(&mut made, "2026-11-21T03:00:00Z"), ["ana-hook incident_escalated"]);
    made.command(Command::Mitigate { incident, note: None }).unwrap();
    assert_eq!(to(&mut made, "2026-11-21T07:00:00Z"), [""; 0]);
    made.command(Command::Unmitigate { incident }).unwrap();
    assert_eq!(to(&mut made, "2026-11-21T07:00:00Z"), ["ana-hook incident_escalated"]);
}

#[test]
fn who_was_told_of_a_merged_incident_hears_of_the_end_of_the_other() {
    let mut people = people();
    people.chains[1].steps = vec![rung(0, &[named("lea")])];
    let mut made = night(people);
    fires(&mut made, "ProbeDown", Severity::Critical);
    to(&mut made, NIGHT);
    let labels: Labels = [("alertname".to_owned(), "QueueLong".to_owned()), ("service".to_owned(), "mail".to_owned())].into();
    let (alert, source) = (Fingerprint::of(&labels), SourceId::local());
    let cause = AlertCause::ProbeDown { probe: "mail".into() };
    let notice = AlertNotice { labels, severity: Severity::High, summary: "the queue is long".into(), cause };
    define(&mut made, Event::AlertFiring { alert, source, notice });
    assert_eq!(to(&mut made, NIGHT), ["lea-hook incident_opened"]);
    made.command(Command::Merge { incident: IncidentId(2), into: IncidentId(1) }).unwrap();
    let mut all = told(&over(&mut made, "ProbeDown"));
    all.extend(told(&define(&mut made, Event::AlertResolved { alert, reason: "short again".into() })));
    all.sort();
    assert_eq!(all, ["ana-hook incident_recovered", "lea-hook incident_recovered"]);
}

/// Rotas with leave, overrides and odd shifts in zones whose clocks change.
fn any_rota() -> impl Strategy<Value = (People, i64)> {
    let zone =
        prop::sample::select(vec!["Europe/Rome", "UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"]);
    let stretch = (0_i64..200, 1_i64..40);
    let lists = (prop::collection::vec((0_usize..4, stretch.clone()), 0..5), prop::collection::vec((0_usize..4, stretch), 0..3));
    (zone, 1_usize..5, 1_u32..200, 0_i8..24, lists, 0_i64..3_000_000_000).prop_map(
        |(zone, count, shift_hours, hour, (away, overrides), start)| {
            let names = ["ana", "leo", "lea", "max"];
            let start = start / 3_600 * 3_600;
            let day = Timestamp::from_second(start).unwrap().to_zoned(jiff::tz::TimeZone::UTC).date();
            let wall = |hours: i64| day.at(0, 0, 0, 0) + SignedDuration::from_hours(hours);
            let mut people: BTreeMap<PersonId, Person> = names.iter().map(|name| person(name, &["ops"])).collect();
            for (who, (from, length)) in away {
                let person = people.get_mut(names[who]).unwrap();
                zone.clone_into(&mut person.zone);
                person.away.push(Leave { from: wall(from), to: wall(from + length), reason: String::new() });
            }
            let over = |(who, (from, length)): (usize, (i64, i64))| Override {
                rota: "primary".into(),
                person: names[who].into(),
                from: wall(from),
                to: wall(from + length),
            };
            let rota = Rota { zone: zone.to_owned(), from: day, handover: time(hour, 0, 0, 0), shift_hours, ..rota(&names[..count]) };
            let overrides = overrides.into_iter().map(over).collect();
            (People { people, rotas: vec![rota], overrides, ..People::default() }, start)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn every_instant_has_one_person_and_stretches_meet((people, start) in any_rota()) {
        let made = night(people.clone());
        let rota: RotaId = "primary".into();
        let everyone = &people.rotas[0].people;
        let begin = Timestamp::from_second(start).unwrap();
        let mut list = shifts(&made.world, &rota, begin, 12);
        prop_assert!(!list.is_empty());
        if list.len() > 1 {
            list.pop();
        }
        for (shift, next) in list.iter().zip(list.iter().skip(1)) {
            prop_assert_eq!(shift.until, Some(next.from), "no gap and no overlap");
        }
        for shift in &list {
            // Whoever is asked within a stretch says the same.
            let end = shift.until.unwrap_or(shift.from + SignedDuration::from_hours(100));
            let length = end.duration_since(shift.from).as_secs();
            prop_assert!(length > 0);
            for part in 0..8 {
                let inside = shift.from + SignedDuration::from_secs(length * part / 8);
                let found = on_call(&made.world, &rota, inside).unwrap();
                prop_assert_eq!((&found.person, &found.turn, found.until), (&shift.person, &shift.turn, shift.until));
            }
            let away = |person: &PersonId| rules::rota::is_away(&made.world, person, shift.from);
            match (&shift.person, &shift.turn) {
                (None, turn) => {
                    prop_assert_eq!(turn, &Turn::Nobody);
                    prop_assert!(everyone.iter().all(away), "nobody only where all are away");
                }
                (Some(person), Turn::Shift) => prop_assert!(everyone.contains(person) && !away(person)),
                (Some(person), Turn::StandsIn(other)) => prop_assert!(!away(person) && away(other) && everyone.contains(person)),
                (Some(_), turn) => prop_assert!(matches!(turn, Turn::Override { .. }), "another reason"),
            }
        }
    }
}
