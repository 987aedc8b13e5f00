//! The page of who is on call and who is told next, at three sizes, with its keys; and terminals that ring.
#![allow(clippy::unwrap_used, reason = "what a test builds is right, or the test fails")]

mod stage;

use dogwatch::console::Out;
use dogwatch::domain::channel::{ChannelDefinition, ChannelKind};
use dogwatch::domain::people::{Chain, Leave, People, Person, Rota, Rung, Told, Whom};
use dogwatch::domain::{Author, Command, Event, IncidentId, Message, Point, Severity};
use jiff::SignedDuration;
use jiff::civil::{date, time};
use stage::{Stage, Story, ago, ana};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn person(id: &str) -> Person {
    Person {
        user: id.to_owned(),
        name: id.to_owned(),
        zone: "Europe/Rome".into(),
        channels: vec!["mail".into(), "bell".into()],
        teams: BTreeSet::from(["db".to_owned()]),
        away: Vec::new(),
        holidays: None,
    }
}

fn rota(id: &str, people: &[&str]) -> Rota {
    Rota {
        id: id.into(),
        people: people.iter().map(|id| (*id).into()).collect(),
        zone: "Europe/Rome".into(),
        from: date(2026, 11, 16),
        handover: time(8, 0, 0, 0),
        shift_hours: 24,
    }
}

fn people() -> People {
    let mut max = person("max");
    max.away.push(Leave { from: date(2026, 11, 1).at(0, 0, 0, 0), to: date(2026, 12, 1).at(0, 0, 0, 0), reason: "sea".into() });
    let steps = vec![
        Rung { wait: Duration::ZERO, tell: vec![Whom::Rota("primary".into())], on: Vec::new() },
        Rung {
            wait: Duration::from_mins(15),
            tell: vec![Whom::Person("lea".into()), Whom::Channel("bell".into())],
            on: vec!["mail".into()],
        },
    ];
    People {
        people: [("ana".into(), person("ana")), ("lea".into(), person("lea")), ("max".into(), max)].into(),
        rotas: vec![rota("primary", &["ana", "lea"]), rota("database", &["max"])],
        chains: vec![Chain {
            severities: [Severity::Critical, Severity::High].into(),
            steps,
            repeat: 1,
            patience: Duration::from_mins(15),
        }],
        ..People::default()
    }
}

fn story() -> Story {
    let mut story = Story::busy();
    for (id, kind) in
        [("mail", ChannelKind::Command { run: vec!["mail".into()], env: [].into() }), ("bell", ChannelKind::Terminal { everyone: false })]
    {
        story.tell(86_000, Author::Engine, Event::ChannelDefined { channel: Arc::new(ChannelDefinition::new(id, kind)) });
    }
    story.tell(86_000, Author::Engine, Event::PeopleDefined { people: Arc::new(people()) });
    let made = Event::OverrideMade {
        rota: "database".into(),
        person: "lea".into(),
        from: ago(-3_600),
        to: ago(-6 * 3_600),
        reason: "until max is back".into(),
    };
    story.tell(600, ana(), made);
    let (critical, high) = (IncidentId(41), IncidentId(40));
    story.tell(840, Author::Engine, Event::EscalationStarted { incident: critical, severity: Severity::Critical, next_at: ago(840) });
    let told = vec![Told { channel: "mail".into(), person: Some("ana".into()) }];
    let escalated = Event::IncidentEscalated { incident: critical, round: 0, step: 0, told, untold: vec![], next_at: Some(ago(-60)) };
    story.tell(840, Author::Engine, escalated);
    story.tell(180, Author::Engine, Event::EscalationStarted { incident: high, severity: Severity::High, next_at: ago(180) });
    story.tell(120, ana(), Event::IncidentAcknowledged { incident: high, note: Some("on it".into()) });
    story
}

#[test]
fn who_is_on_call_and_who_is_told_next() {
    for size in SIZES {
        let mut stage = Stage::with(&story(), size);
        stage.press("on-call");
        insta::assert_snapshot!(format!("on_call_{}x{}", size.0, size.1), stage.picture_with_roles());
    }
}

#[test]
fn whom_a_steps_channels_leave_out_is_said_before_it_comes() {
    let mut story = story();
    let mut people = people();
    people.chains[0].steps[1].on = vec!["sms".into(), "call".into()];
    story.tell(60, Author::Engine, Event::PeopleDefined { people: Arc::new(people.clone()) });
    let mut narrower = Stage::with(&story, (120, 40));
    let mut stage = Stage::with(&story, (200, 60));
    for stage in [&mut narrower, &mut stage] {
        stage.press("on-call");
        let picture = stage.picture();
        assert!(picture.contains("bell (step 2); lea has none of the channels sms, call"), "{picture}");
    }
    people.chains[0].steps[1].tell.pop();
    stage.entry(Author::Engine, Event::PeopleDefined { people: Arc::new(people) });
    let picture = stage.picture();
    assert!(picture.contains("person:lea on sms and call, who cannot be told (step 2)"), "{picture}");
}

#[test]
fn without_people_the_page_says_what_to_write() {
    let mut stage = Stage::with(&Story::new(), (80, 24));
    stage.press("on-call");
    let picture = stage.picture();
    assert!(picture.contains("write `[[rota]]` in dogwatch.toml") && picture.contains("no incident is open"), "{picture}");
}

#[test]
fn the_head_names_who_is_on_call() {
    let mut stage = Stage::with(&story(), (160, 40));
    assert!(stage.picture().lines().next().unwrap().contains("on call ana → 08:00"), "{}", stage.picture());
    let mut small = Stage::with(&story(), (80, 24));
    assert!(!small.picture().lines().next().unwrap().contains("on call"));
}

#[test]
fn an_override_is_made_and_ended_by_key() {
    let mut stage = Stage::with(&story(), (120, 40));
    stage.press("on-call");
    stage.press("override");
    let dialog = stage.picture();
    assert!(dialog.contains("override primary") && dialog.contains("ana"), "{dialog}");
    stage.press("confirm");
    let to = stage.now + SignedDuration::from_hours(8);
    let wanted = Command::Override { rota: "primary".into(), person: "ana".into(), from: None, to, reason: None };
    assert_eq!(stage.commands(), [&wanted]);
    stage.asked.clear();
    stage.press("end-override");
    assert!(stage.commands().is_empty(), "no override of primary was made");
    stage.press("down");
    stage.press("end-override");
    assert_eq!(stage.commands(), [&Command::EndOverride { rota: "database".into() }]);
    stage.press("down");
    stage.press("down");
    stage.press("open");
    assert!(stage.picture().contains("nightly-orders: load failed"), "enter leads to the incident");
}

fn message(id: &str, channel: &str, person: Option<&str>) -> Event {
    Event::MessageDue {
        message: Arc::new(Message {
            id: id.into(),
            workspace: "shop-prod".into(),
            channel: channel.into(),
            point: Point::IncidentOpened,
            subject: "critical incident 41: load failed".into(),
            text: String::new(),
            severity: Severity::Critical,
            flow: None,
            run: None,
            step: None,
            date: None,
            at: stage::now(),
            incident: Some(IncidentId(41)),
            person: person.map(Into::into),
        }),
    }
}

#[test]
fn a_terminal_rings_once_for_whoever_is_told() {
    let rings = |stage: &Stage| stage.outs.iter().filter(|out| matches!(out, Out::Ring(_))).count();
    let mut stage = Stage::with(&story(), (120, 40));
    stage.entry(Author::Engine, message("m1", "bell", Some("ana")));
    assert_eq!(rings(&stage), 1);
    assert!(stage.outs.contains(&Out::Ring("critical incident 41: load failed".into())));
    stage.entry(Author::Engine, message("m2", "bell", Some("lea")));
    stage.entry(Author::Engine, message("m3", "mail", Some("ana")));
    assert_eq!(rings(&stage), 1, "lea is told elsewhere, and mail does not ring");
    let everyone = ChannelDefinition::new("bell", ChannelKind::Terminal { everyone: true });
    stage.entry(Author::Engine, Event::ChannelDefined { channel: Arc::new(everyone) });
    stage.entry(Author::Engine, message("m4", "bell", Some("lea")));
    assert_eq!(rings(&stage), 2);
    stage.app.session.options.bell = false;
    stage.entry(Author::Engine, message("m5", "bell", Some("ana")));
    assert_eq!(rings(&stage), 2, "switched off");
    // What a new console reads of the past does not ring.
    let mut late = Stage::alone((120, 40));
    let mut story = story();
    story.tell(5, Author::Engine, message("m6", "bell", Some("ana")));
    late.news(dogwatch::console::link::News::Connected(Box::new(stage::welcome())));
    late.follow(&story.world());
    assert_eq!(rings(&late), 0);
}
