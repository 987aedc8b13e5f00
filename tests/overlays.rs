//! What lies over incidents: acknowledgements that want a sign of life, snoozes, owners, silences, maintenance; incidents
//! that meet and part; who is told and who comes first.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]
#![allow(clippy::needless_pass_by_value, reason = "calls read better without references")]

mod made;

use dogwatch::domain::effect::Definitions;
use dogwatch::domain::incident::AlertNotice;
use dogwatch::domain::overlay::MaintenanceTime;
use dogwatch::domain::*;
use dogwatch::rules::{self, Asked, quiet};
use dogwatch::world::{Incident, OverlayKind, QueueTurn};
use jiff::{SignedDuration, Timestamp};
use made::{Made, flow, kinds, probe, step};
use std::sync::Arc;
use std::time::Duration;

const START: &str = "2026-01-01T00:00:00Z";

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn person(user: &str) -> Author {
    Author::Person { uid: 1001, user: user.into(), login_uid: None, sudo_claim: None }
}

/// An alert from outside with these labels fires; the facts that follow.
fn fires(made: &mut Made, severity: Severity, pairs: &[(&str, &str)]) -> Vec<Event> {
    let labels = labels(pairs);
    let summary = pairs.iter().map(|(_, value)| *value).collect::<Vec<_>>().join(" ");
    let alert = Fingerprint::of(&labels);
    let notice = AlertNotice { labels, severity, summary, cause: AlertCause::Outside { link: None } };
    made.carry_out(Event::AlertFiring { alert, source: "monitoring".into(), notice }.into(), &Author::Engine)
}

fn ends(made: &mut Made, pairs: &[(&str, &str)]) -> Vec<Event> {
    let alert = Fingerprint::of(&labels(pairs));
    made.carry_out(Event::AlertResolved { alert, reason: "it is over".into() }.into(), &Author::Engine)
}

fn by(made: &mut Made, who: &str, command: Command) -> Result<Vec<Event>, Refusal> {
    let author = person(who);
    let asked = Asked { author: &author, now: made.now, boot_id: "boot", random: 1, level: Level::Operator };
    let decision = rules::decide(&made.world, &command, &asked)?;
    Ok(made.carry_out(decision, &author))
}

fn one() -> Made {
    let mut made = Made::at(START);
    fires(&mut made, Severity::High, SHOP);
    made
}

fn incident(made: &Made, id: u32) -> &Incident {
    made.world.incident(IncidentId(id)).unwrap()
}

fn ack(id: u32) -> Command {
    Command::Acknowledge { incident: IncidentId(id), note: None }
}

fn silence(matchers: &[&str], until: Timestamp) -> Command {
    Command::Silence { matchers: matchers.iter().map(|text| text.parse().unwrap()).collect(), until, reason: "patches".into() }
}

fn hours(made: &Made, hours: i64) -> Timestamp {
    made.now + SignedDuration::from_hours(hours)
}

/// Why an incident is quiet now.
fn why_quiet(made: &Made, id: u32) -> Option<OverlayKind> {
    quiet(&made.world, incident(made, id), made.now).map(|quiet| quiet.kind)
}

const SHOP: &[(&str, &str)] = &[("alertname", "ProbeDown"), ("service", "shop")];
const SHOP_SLOW: &[(&str, &str)] = &[("alertname", "Slow"), ("service", "shop")];
const MAIL: &[(&str, &str)] = &[("alertname", "QueueLong"), ("service", "mail")];

#[test]
fn an_acknowledgement_without_a_sign_of_life_is_asked_about_then_ends() {
    let mut made = one();
    made.command(ack(1)).unwrap();
    assert_eq!(why_quiet(&made, 1), Some(OverlayKind::Acknowledged));
    assert!(made.after(SignedDuration::from_mins(24)).is_empty(), "24 minutes are no silence");
    assert_eq!(kinds(&made.after(SignedDuration::from_mins(1))), ["acknowledgement_asked"], "5 minutes before its end");
    assert!(incident(&made, 1).is_asked());
    assert_eq!(made.world.asked.iter().copied().collect::<Vec<_>>(), [IncidentId(1)]);
    assert_eq!(made.world.urgency(incident(&made, 1)).turn, QueueTurn::Nobodys, "it comes back to the head of the queue");
    let events = made.after(SignedDuration::from_mins(5));
    assert_eq!(kinds(&events), ["acknowledgement_ended"]);
    assert!(matches!(&events[0], Event::AcknowledgementEnded { reason, .. } if reason.contains("no sign of life")), "{events:?}");
    assert_eq!((incident(&made, 1).stage, why_quiet(&made, 1)), (Stage::Triggered, None));
    assert!(made.world.asked.is_empty());
}

#[test]
fn a_word_of_the_same_person_is_a_sign_of_life_one_of_another_is_not() {
    let mut made = one();
    made.command(ack(1)).unwrap();
    made.after(SignedDuration::from_mins(20));
    by(&mut made, "mia", Command::Note { incident: IncidentId(1), text: "I see it too".into() }).unwrap();
    assert_eq!(kinds(&made.after(SignedDuration::from_mins(5))), ["acknowledgement_asked"], "mia's word is not ana's");
    made.command(Command::Note { incident: IncidentId(1), text: "still looking".into() }).unwrap();
    assert!(!incident(&made, 1).is_asked() && made.world.asked.is_empty(), "ana's note answers the question");
    assert!(made.after(SignedDuration::from_mins(24)).is_empty());
    assert_eq!(kinds(&made.after(SignedDuration::from_mins(1))), ["acknowledgement_asked"]);
    // The same words as at the first time are the answer; since when she works on it stays.
    let began = incident(&made, 1).acknowledged.as_ref().unwrap().at;
    made.command(ack(1)).unwrap();
    assert_eq!(incident(&made, 1).acknowledged.as_ref().unwrap().at, began);
    assert!(made.command(ack(1)).unwrap_err().reason.contains("already"), "without a question there is nothing to answer");
}

#[test]
fn a_command_on_a_flow_of_the_incident_is_a_sign_of_life() {
    let nightly = flow("nightly", &["30 2 * * *"], vec![step("load", &[])]);
    let mut made = Made::at(START).flow(nightly);
    made.to("2026-01-01T02:30:00Z");
    made.start("load");
    made.end("load", AttemptEnd::Exit(1));
    made.command(ack(1)).unwrap();
    made.after(SignedDuration::from_mins(20));
    made.command(Command::Hold { flow: "nightly".into(), until: None, reason: "I look first".into() }).unwrap();
    assert!(made.after(SignedDuration::from_mins(20)).is_empty());
}

#[test]
fn a_daemon_that_was_away_asks_first_however_late_it_is() {
    let mut made = one();
    made.command(ack(1)).unwrap();
    let events = made.after(SignedDuration::from_hours(9));
    assert_eq!(kinds(&events), ["acknowledgement_asked"]);
    let Event::AcknowledgementAsked { until, .. } = events[0] else { panic!("{events:?}") };
    assert_eq!(until, made.now + SignedDuration::from_mins(5));
}

#[test]
fn how_long_an_acknowledgement_lives_is_the_workspaces_word() {
    let mut made = one();
    made.command(ack(1)).unwrap();
    let life = AckLife { expires: Duration::from_hours(2), ask: Duration::from_mins(10) };
    made.report(&Report::WorkspaceRead(Box::new(Definitions { ack: life, zone: "UTC".into(), ..Definitions::default() })));
    assert!(made.after(SignedDuration::from_mins(109)).is_empty());
    assert_eq!(kinds(&made.after(SignedDuration::from_mins(1))), ["acknowledgement_asked"]);
    let never = AckLife { expires: Duration::ZERO, ask: Duration::ZERO };
    made.command(ack(1)).unwrap();
    made.report(&Report::WorkspaceRead(Box::new(Definitions { ack: never, zone: "UTC".into(), ..Definitions::default() })));
    assert!(made.after(SignedDuration::from_hours(1_000)).is_empty());
}

#[test]
fn a_snooze_ends_by_itself_by_hand_and_by_a_worse_alert() {
    let mut made = one();
    let until = hours(&made, 1);
    let snooze = |until| Command::Snooze { incident: IncidentId(1), until, reason: Some("after the batch".into()) };
    let lines = made.preview(&snooze(until)).unwrap();
    assert!(lines[0].contains("put off until"), "{lines:?}");
    made.command(snooze(until)).unwrap();
    assert_eq!(why_quiet(&made, 1), Some(OverlayKind::Snoozed));
    assert_eq!(quiet(&made.world, incident(&made, 1), made.now).unwrap().until, Some(until));
    assert_eq!(kinds(&made.after(SignedDuration::from_hours(1))), ["snooze_ended"]);
    assert_eq!(why_quiet(&made, 1), None);

    let past = made.now;
    assert!(made.command(snooze(past)).unwrap_err().reason.contains("has passed"), "it always has an end ahead");
    let until = hours(&made, 1);
    made.command(snooze(until)).unwrap();
    assert_eq!(kinds(&made.command(Command::Unsnooze { incident: IncidentId(1) }).unwrap()), ["snooze_ended"]);
    assert!(made.command(Command::Unsnooze { incident: IncidentId(1) }).is_err());

    made.command(snooze(until)).unwrap();
    let events = fires(&mut made, Severity::Critical, SHOP_SLOW);
    assert_eq!(kinds(&events), ["alert_firing", "incident_joined", "severity_raised", "snooze_ended"]);
}

#[test]
fn who_acknowledged_and_put_off_is_not_asked_meanwhile() {
    let mut made = one();
    made.command(ack(1)).unwrap();
    let until = hours(&made, 3);
    made.command(Command::Snooze { incident: IncidentId(1), until, reason: None }).unwrap();
    assert!(made.after(SignedDuration::from_hours(2)).is_empty());
    assert_eq!(kinds(&made.after(SignedDuration::from_hours(1))), ["snooze_ended", "acknowledgement_asked"]);
}

#[test]
fn mitigation_is_a_stage_with_a_time_and_a_way_back() {
    let mut made = one();
    made.command(ack(1)).unwrap();
    made.after(SignedDuration::from_mins(7));
    let mitigate = Command::Mitigate { incident: IncidentId(1), note: Some("traffic moved".into()) };
    assert_eq!(kinds(&made.command(mitigate.clone()).unwrap()), ["incident_mitigated"]);
    assert_eq!((incident(&made, 1).stage, incident(&made, 1).mitigated_at), (Stage::Mitigated, Some(made.now)));
    assert!(made.command(mitigate).unwrap_err().hint.unwrap().contains("--undo"));
    made.command(Command::Unmitigate { incident: IncidentId(1) }).unwrap();
    assert_eq!((incident(&made, 1).stage, incident(&made, 1).mitigated_at), (Stage::Acknowledged, None));
    made.command(Command::Mitigate { incident: IncidentId(1), note: None }).unwrap();
    let events = fires(&mut made, Severity::Critical, SHOP_SLOW);
    assert!(kinds(&events).contains(&"mitigation_ended".to_owned()), "{:?}", kinds(&events));
    assert_eq!(incident(&made, 1).stage, Stage::Triggered);
    made.command(Command::Mitigate { incident: IncidentId(1), note: None }).unwrap();
    let at = made.now;
    made.after(SignedDuration::from_mins(5));
    made.command(Command::Resolve { incident: IncidentId(1), reason: "fixed".into() }).unwrap();
    assert_eq!(incident(&made, 1).mitigated_at, Some(at), "the figures have it after the end too");
}

#[test]
fn an_owner_is_no_acknowledgement_and_handing_over_ends_the_givers() {
    let mut made = one();
    made.command(Command::Claim { incident: IncidentId(1) }).unwrap();
    assert_eq!(incident(&made, 1).owner.as_ref().unwrap().name, "ana");
    assert_eq!((incident(&made, 1).stage, why_quiet(&made, 1)), (Stage::Triggered, None));
    assert!(made.command(Command::Claim { incident: IncidentId(1) }).unwrap_err().reason.contains("yours"));
    made.command(ack(1)).unwrap();
    let give = |to: &str| Command::HandOver { incident: IncidentId(1), to: to.into(), note: Some("runbook at step 3".into()) };
    for wrong in ["", "two words", "a/b", "x\u{202e}\n"] {
        assert!(made.command(give(wrong)).is_err(), "{wrong:?}");
    }
    assert_eq!(kinds(&made.command(give("mia")).unwrap()), ["incident_handed_over", "acknowledgement_ended"]);
    let owner = incident(&made, 1).owner.as_ref().unwrap();
    assert_eq!((owner.name.as_str(), owner.by.as_str()), ("mia", "ana"));
    by(&mut made, "mia", ack(1)).unwrap();
    assert_eq!(kinds(&made.command(Command::Claim { incident: IncidentId(1) }).unwrap()), ["incident_claimed"], "taken over");
    made.command(Command::Unclaim { incident: IncidentId(1) }).unwrap();
    assert!(incident(&made, 1).owner.is_none());
}

#[test]
fn where_people_are_defined_an_incident_is_given_to_one_of_them() {
    let mut made = one();
    let mia = people::Person {
        user: "mia.k".into(),
        name: "Mia".into(),
        zone: "UTC".into(),
        channels: Vec::new(),
        teams: [].into(),
        away: Vec::new(),
        holidays: None,
    };
    let people = people::People { people: [("mia".into(), mia)].into(), ..people::People::default() };
    made.carry_out(Event::PeopleDefined { people: Arc::new(people) }.into(), &Author::Engine);
    let give = |to: &str| Command::HandOver { incident: IncidentId(1), to: to.into(), note: None };
    let refused = made.command(give("zed")).unwrap_err();
    assert!(refused.reason.contains("there is no person `zed`") && refused.hint.unwrap().contains("mia"));
    made.command(give("mia")).unwrap();
    assert_eq!(incident(&made, 1).owner.as_ref().unwrap().name, "mia.k", "the user by whom she acknowledges");
}

#[test]
fn what_a_person_closed_concerns_people_again_when_it_gets_worse() {
    let mut made = one();
    made.command(Command::Resolve { incident: IncidentId(1), reason: "known".into() }).unwrap();
    made.after(SignedDuration::from_mins(10));
    assert_eq!(kinds(&fires(&mut made, Severity::High, SHOP)), ["alert_firing"], "it lasts, no more");
    let events = kinds(&fires(&mut made, Severity::Critical, SHOP));
    assert!(events.contains(&"incident_opened".to_owned()), "{events:?}");
    let (first, second) = (incident(&made, 1), incident(&made, 2));
    assert_eq!((second.severity, second.previous), (Severity::Critical, Some(IncidentId(1))));
    assert_eq!(first.alerts.values().next().unwrap().notice.severity, Severity::High, "what is over stays as it was");
    assert_eq!((second.first_sign_at, second.alerts.values().next().unwrap().since), (made.now, made.now));
}

#[test]
fn what_comes_again_has_its_own_first_sign() {
    let mut made = Made::at(START).probe(probe("home"));
    let mut looks = |verdict: Verdict, times: usize| {
        for _ in 0..times {
            made.after(SignedDuration::from_mins(1));
            let sample = Sample { at: made.now, verdict, latency_us: 900 };
            let result = ProbeResult { sample, reason: "connection refused".into(), certificate_ends: None };
            made.report(&Report::Probed { probe: "home".into(), result });
        }
        made.now
    };
    looks(Verdict::Failed, 3);
    let well = looks(Verdict::Ok, 5);
    looks(Verdict::Failed, 3);
    let second = incident(&made, 2);
    assert_eq!(second.first_sign_at, well + SignedDuration::from_mins(1));
    assert!(second.timeline.iter().all(|entry| entry.at > well), "{:#?}", second.timeline);
}

#[test]
fn incidents_meet_in_one_and_part_again() {
    let mut made = one();
    fires(&mut made, Severity::Critical, MAIL);
    made.command(ack(1)).unwrap();
    let merge = Command::Merge { incident: IncidentId(2), into: IncidentId(1) };
    let lines = made.preview(&merge).unwrap();
    let undo = lines.iter().find(|line| line.starts_with("to undo it")).unwrap().clone();
    let events = made.command(merge).unwrap();
    assert_eq!(kinds(&events), ["incident_merged", "severity_raised", "acknowledgement_ended"], "the worse one voids what was said");
    assert_eq!(incident(&made, 1).alerts.len(), 2);
    assert_eq!((incident(&made, 2).stage, incident(&made, 2).merged_into), (Stage::Resolved, Some(IncidentId(1))));
    assert_eq!((made.world.tally.open, made.world.tally.unacknowledged), (1, 1));
    let told = incident(&made, 1).timeline.iter().filter(|entry| matches!(entry.event, Event::IncidentOpened { .. })).count();
    assert_eq!(told, 2, "the timelines are one");
    assert!(made.command(ack(2)).unwrap_err().hint.unwrap().contains("part of incident 1"));

    // What grouped with the one that is over joins the one that goes on.
    let events = fires(&mut made, Severity::Warning, &[("alertname", "Bounces"), ("service", "mail")]);
    assert_eq!(kinds(&events), ["alert_firing", "incident_joined"]);
    assert_eq!(incident(&made, 1).alerts.len(), 3);

    let alert = Fingerprint::of(&labels(MAIL));
    assert!(undo.contains(&alert.to_string()), "{undo}");
    let split = Command::Split { incident: IncidentId(1), alerts: vec![alert] };
    assert!(made.preview(&split).unwrap().iter().any(|line| line.contains("dogwatch merge 3 1")));
    assert_eq!(kinds(&made.command(split).unwrap()), ["incident_split"]);
    let new = incident(&made, 3);
    assert_eq!((new.severity, new.split_from, new.alerts.len()), (Severity::Critical, Some(IncidentId(1)), 1));
    assert!(!new.timeline.is_empty());
    assert_eq!(made.world.tally.open, 2);
    assert_eq!(kinds(&ends(&mut made, MAIL)), ["alert_resolved", "incident_resolved"]);
    assert!(incident(&made, 1).is_open() && !incident(&made, 3).is_open());
}

#[test]
fn what_cannot_be_merged_or_split() {
    let mut made = one();
    fires(&mut made, Severity::Warning, SHOP_SLOW);
    fires(&mut made, Severity::Warning, MAIL);
    let merge = |a, b| Command::Merge { incident: IncidentId(a), into: IncidentId(b) };
    assert!(made.command(merge(1, 1)).is_err());
    assert!(made.command(merge(1, 9)).is_err());
    let split = |alerts: &[&[(&str, &str)]]| {
        let alerts = alerts.iter().map(|pairs| Fingerprint::of(&labels(pairs))).collect();
        Command::Split { incident: IncidentId(1), alerts }
    };
    assert!(made.command(split(&[])).unwrap_err().reason.contains("no alert"));
    assert!(made.command(split(&[MAIL])).unwrap_err().reason.contains("has no alert"));
    assert!(made.command(split(&[SHOP, SHOP_SLOW, SHOP])).unwrap_err().reason.contains("without alerts"));
    ends(&mut made, SHOP_SLOW);
    assert!(made.command(split(&[SHOP_SLOW])).unwrap_err().reason.contains("fires any more"));
    // What stays is over: so is the incident.
    assert_eq!(kinds(&made.command(split(&[SHOP])).unwrap()), ["incident_split", "incident_resolved"]);
}

#[test]
fn a_silence_shows_what_it_hides_now_and_would_have_hidden_in_seven_days() {
    let mut made = one();
    ends(&mut made, SHOP);
    made.after(SignedDuration::from_hours(8 * 24));
    for _ in 0..2 {
        fires(&mut made, Severity::High, SHOP);
        made.after(SignedDuration::from_hours(1));
        ends(&mut made, SHOP);
    }
    fires(&mut made, Severity::High, SHOP_SLOW);
    fires(&mut made, Severity::High, MAIL);
    let until = hours(&made, 2);
    let lines = made.preview(&silence(&["service=~\"sh.*\""], until)).unwrap();
    assert!(lines.iter().any(|line| line == "hides now: 1 alert in 1 incident"), "{lines:#?}");
    assert!(lines.iter().any(|line| line == "would have hidden in the last 7 days: 3 alerts in 3 incidents"), "{lines:#?}");
    assert!(lines.iter().any(|line| line.contains("incident 4: high Slow shop")), "{lines:#?}");
    assert!(lines.last().unwrap().contains("dogwatch unsilence 1"));
    let lines = made.preview(&silence(&["service=other"], until)).unwrap();
    assert!(lines.contains(&"hides nothing now".to_owned()), "{lines:#?}");
}

#[test]
fn a_silenced_alert_stays_on_record_and_its_end_is_told() {
    let mut made = Made::at(START);
    let until = hours(&made, 2);
    made.command(silence(&["service=shop"], until)).unwrap();
    let events = fires(&mut made, Severity::Critical, SHOP);
    assert_eq!(kinds(&events), ["alert_firing", "incident_opened", "alert_muted"], "never hidden from the record");
    assert_eq!(why_quiet(&made, 1), Some(OverlayKind::Silenced(SilenceId(1))));
    assert_eq!(made.world.urgency(incident(&made, 1)).turn, QueueTurn::Quiet);
    fires(&mut made, Severity::Warning, &[("alertname", "Other"), ("service", "shop"), ("team", "ops")]);
    assert_eq!(why_quiet(&made, 1), Some(OverlayKind::Silenced(SilenceId(1))));
    ends(&mut made, &[("alertname", "Other"), ("service", "shop"), ("team", "ops")]);
    let events = ends(&mut made, SHOP);
    let Event::IncidentResolved { reason, .. } = &events[1] else { panic!("{events:?}") };
    assert!(reason.contains("while it was silenced"), "{reason}");
    assert_eq!(quiet(&made.world, incident(&made, 1), made.now), None, "that it is over is told");
}

#[test]
fn an_incident_is_quiet_only_while_all_that_fires_is_silenced() {
    let mut made = one();
    fires(&mut made, Severity::High, SHOP_SLOW);
    let until = hours(&made, 2);
    made.command(silence(&["alertname=Slow"], until)).unwrap();
    assert_eq!(why_quiet(&made, 1), None);
    let first = hours(&made, 1);
    made.command(silence(&["alertname=ProbeDown"], first)).unwrap();
    assert_eq!(quiet(&made.world, incident(&made, 1), made.now).unwrap().until, Some(first), "until the first of them is told");
    let events = made.to("2026-01-01T01:00:00Z");
    assert_eq!(kinds(&events), ["silence_ended"]);
    assert_eq!(why_quiet(&made, 1), None);
    let told = |entry: &Arc<Entry>| matches!(entry.event, Event::SilenceMade { .. } | Event::SilenceEnded { .. });
    assert_eq!(incident(&made, 1).timeline.iter().filter(|entry| told(entry)).count(), 3, "who, why, until when: in the timeline");
}

#[test]
fn a_silence_is_extended_ended_and_never_endless_or_of_everything() {
    let mut made = one();
    let until = hours(&made, 1);
    for wrong in
        [silence(&[], until), silence(&["team!=ops"], until), silence(&["service=~\".*\""], until), silence(&["service=shop"], made.now)]
    {
        assert!(made.command(wrong.clone()).is_err(), "{wrong:?}");
    }
    let endless = made.now + SignedDuration::from_hours(24 * 400);
    assert!(made.command(silence(&["service=shop"], endless)).is_err());
    made.command(silence(&["service=shop"], until)).unwrap();
    assert!(made.command(silence(&["service=shop"], until)).unwrap_err().hint.unwrap().contains("extend 1"));
    let later = hours(&made, 5);
    made.command(Command::ExtendSilence { silence: SilenceId(1), until: later }).unwrap();
    assert!(made.after(SignedDuration::from_hours(4)).is_empty());
    assert_eq!(kinds(&made.command(Command::Unsilence { silence: SilenceId(1) }).unwrap()), ["silence_ended"]);
    assert!(made.world.silences.is_empty());
    assert_eq!(made.world.silence(SilenceId(1)).unwrap().ended.as_deref(), Some("taken back"));
    assert!(made.command(Command::Unsilence { silence: SilenceId(1) }).unwrap_err().reason.contains("has ended"));
    assert!(made.command(Command::Unsilence { silence: SilenceId(7) }).unwrap_err().reason.contains("no silence 7"));
    let again = hours(&made, 1);
    assert_eq!(kinds(&made.command(silence(&["service=shop"], again)).unwrap()), ["silence_made"]);
    assert!(made.world.silences.contains_key(&SilenceId(2)), "numbers are not used twice");
}

fn window(name: &str, when: MaintenanceTime) -> Arc<MaintenanceWindow> {
    Arc::new(MaintenanceWindow {
        name: name.into(),
        matchers: vec!["service=shop".parse().unwrap()],
        flows: vec!["nightly*".into()],
        probes: vec!["home".into()],
        when,
        reason: "kernel patches".into(),
    })
}

fn planned(made: &mut Made, windows: Vec<Arc<MaintenanceWindow>>) -> Vec<Event> {
    let flows = made.world.flows.values().map(|flow| flow.definition.clone()).collect();
    let probes = made.world.probes.values().map(|probe| probe.definition.clone()).collect();
    let read = Definitions { maintenance: windows, zone: "UTC".into(), flows, probes, ..Definitions::default() };
    made.report(&Report::WorkspaceRead(Box::new(read)))
}

fn looks(made: &mut Made, verdict: Verdict) -> Vec<Event> {
    let sample = Sample { at: made.now, verdict, latency_us: 5_000 };
    made.report(&Report::Probed { probe: "home".into(), result: ProbeResult { sample, reason: "502".into(), certificate_ends: None } })
}

#[test]
fn during_maintenance_a_probe_raises_nothing_and_what_began_before_is_told() {
    let mut made = Made::at(START).probe(probe("home"));
    let (from, to) = ("2026-01-01T02:00:00Z".parse().unwrap(), "2026-01-01T04:00:00Z".parse().unwrap());
    planned(&mut made, vec![window("night", MaintenanceTime::Once { from, to })]);
    made.to("2026-01-01T01:59:00Z");
    for _ in 0..3 {
        looks(&mut made, Verdict::Failed);
    }
    assert!(incident(&made, 1).is_open() && why_quiet(&made, 1).is_none(), "it began before");
    assert_eq!(kinds(&made.to("2026-01-01T02:00:00Z")), ["maintenance_began"]);
    assert_eq!(why_quiet(&made, 1), Some(OverlayKind::Maintenance("night".into())), "looked at again when it begins");
    let events = [looks(&mut made, Verdict::Ok), looks(&mut made, Verdict::Ok)].concat();
    let Some(Event::IncidentResolved { reason, .. }) = events.last() else { panic!("{events:?}") };
    assert!(reason.contains("during maintenance"), "recovery of what began before is told: {reason}");
    for _ in 0..10 {
        assert!(looks(&mut made, Verdict::Failed).is_empty(), "not counted against it");
    }
    assert_eq!(kinds(&made.to("2026-01-01T04:00:00Z")), ["maintenance_ended"]);
    let all: Vec<_> = (0..3).flat_map(|_| looks(&mut made, Verdict::Failed)).collect();
    assert!(kinds(&all).contains(&"incident_opened".to_owned()), "and after its end it counts again: {:?}", kinds(&all));
}

#[test]
fn a_recurring_window_begins_and_ends_each_time_in_its_zone() {
    let mut made = Made::at("2026-03-27T00:00:00Z");
    let when =
        MaintenanceTime::Recurring { schedules: vec!["0 3 * * *".into()], lasts: Duration::from_hours(2), zone: "Europe/Berlin".into() };
    planned(&mut made, vec![window("night", when)]);
    assert_eq!(kinds(&made.to("2026-03-27T02:00:00Z")), ["maintenance_began"], "03:00 in Berlin is 02:00 UTC in winter");
    assert_eq!(kinds(&made.to("2026-03-27T04:00:00Z")), ["maintenance_ended"]);
    made.to("2026-03-28T12:00:00Z");
    assert_eq!(kinds(&made.to("2026-03-29T01:00:00Z")), ["maintenance_began"], "and 01:00 in summer");
    assert_eq!(kinds(&made.to("2026-03-29T03:00:00Z")), ["maintenance_ended"]);
    // A daemon that was away over whole windows says so, and does not stumble.
    assert_eq!(kinds(&made.to("2026-03-31T12:00:00Z")), ["maintenance_began", "maintenance_ended"]);
}

#[test]
fn a_window_that_lasts_ends_when_its_lines_are_gone() {
    let mut made = Made::at(START);
    let (from, to) = ("2026-01-01T00:00:00Z".parse().unwrap(), "2026-01-01T04:00:00Z".parse().unwrap());
    planned(&mut made, vec![window("night", MaintenanceTime::Once { from, to })]);
    assert_eq!(kinds(&made.due()), ["maintenance_began"]);
    fires(&mut made, Severity::High, SHOP);
    assert!(why_quiet(&made, 1).is_some());
    assert!(planned(&mut made, vec![window("night", MaintenanceTime::Once { from, to })]).is_empty(), "nothing has changed");
    assert_eq!(kinds(&planned(&mut made, vec![])), ["maintenance_ended", "maintenance_defined"]);
    assert!(why_quiet(&made, 1).is_none() && made.due().is_empty());
}

#[test]
fn a_flows_failure_the_probe_and_an_alert_from_outside_meet_in_one_incident() {
    let mut nightly = flow("nightly", &["30 2 * * *"], vec![step("load", &[])]);
    nightly.labels = labels(&[("service", "orders"), ("runbook", "orders-load")]);
    let mut home = probe("home");
    home.labels = labels(&[("service", "orders")]);
    let mut made = Made::at(START).flow(nightly).probe(home);
    made.carry_out(
        Event::WorkspaceLoaded { name: "x".into(), zone: "UTC".into(), max_running: 4, group_by: vec!["service".into()] }.into(),
        &Author::Engine,
    );
    made.to("2026-01-01T02:30:00Z");
    made.start("load");
    made.end("load", AttemptEnd::Exit(1));
    for _ in 0..3 {
        looks(&mut made, Verdict::Failed);
    }
    fires(&mut made, Severity::High, &[("alertname", "Latency"), ("service", "orders"), ("instance", "web-1")]);
    assert_eq!(made.world.tally.open, 1);
    let met = incident(&made, 1);
    assert_eq!((met.alerts.len(), met.flows.len(), met.probes.len()), (3, 1, 1));
    assert_eq!(met.group, labels(&[("service", "orders")]));
    assert_eq!(met.labels().get("runbook").map(String::as_str), Some("orders-load"), "all labels are the incident's");
}

#[test]
fn what_runs_out_first_is_the_first_row() {
    let mut late = flow("late", &["0 1 * * *"], vec![step("load", &[])]);
    late.severity = Severity::Warning;
    late.must_finish_by = Some(jiff::civil::time(6, 0, 0, 0));
    let mut soon = flow("soon", &["0 1 * * *"], vec![step("convert", &[])]);
    soon.severity = Severity::Info;
    soon.must_finish_by = Some(jiff::civil::time(4, 0, 0, 0));
    let mut made = Made::at(START).flow(late).flow(soon);
    fires(&mut made, Severity::High, SHOP);
    fires(&mut made, Severity::Warning, MAIL);
    made.to("2026-01-01T01:00:00Z");
    for name in ["load", "convert"] {
        made.start(name);
        made.end(name, AttemptEnd::Exit(1));
    }
    let order = |made: &Made| {
        let mut rows: Vec<_> = made.world.incidents.values().map(|row| (made.world.urgency(row), row.title.clone())).collect();
        rows.sort();
        rows.into_iter().map(|(_, title)| title.split([' ', ':']).next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(order(&made), ["soon", "late", "ProbeDown", "QueueLong"], "deadlines first, then the worst");
    fires(&mut made, Severity::Critical, &[("alertname", "Outage"), ("service", "web")]);
    assert_eq!(order(&made)[0], "Outage", "its users are hit now");
    let id = made.world.incidents.values().find(|row| row.title.starts_with("Outage")).unwrap().id;
    made.command(Command::Acknowledge { incident: id, note: None }).unwrap();
    assert_eq!(order(&made).last().unwrap(), "Outage", "somebody works on it: the others need one");
    // A deadline that has passed has been told, and presses no more.
    made.to("2026-01-01T04:00:00Z");
    assert_eq!(order(&made)[..2], ["Outage", "late"], "and who acknowledged has not been heard of since");
}
