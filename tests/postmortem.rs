//! The post-mortem of a night: drafted from real entries, read by a person, redrafted around what a person wrote.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod night;

use dogwatch::domain::people::Told;
use dogwatch::domain::{Author, Entry, Event, IncidentId, Message, Point, Severity};
use dogwatch::notes::postmortem::{Drafting, draft};
use dogwatch::notes::redraft::redraft;
use dogwatch::notes::telling::{LINE_MAX, Naming, Teller};
use dogwatch::world::World;
use night::night;
use std::sync::Arc;

fn drafted(entries: &[Entry], roles: bool) -> String {
    let world = World::fold(entries);
    let incident = world.incident(IncidentId(1)).unwrap();
    let now = "2026-11-21T02:00:00Z".parse().unwrap();
    draft(&Drafting { world: &world, incident, timeline: &incident.timeline, now, author: "ana", roles_instead_of_people: roles })
}

#[test]
fn the_draft_tells_the_night() {
    insta::assert_snapshot!(drafted(&night().entries, false));
}

#[test]
fn with_roles_nobody_who_acted_is_named() {
    let text = drafted(&night().entries, true);
    assert!(!text.contains("ana") && !text.contains("leo"), "{text}");
    assert!(text.contains("(operator 1, #") && text.contains("operator 2"), "{text}");
}

#[test]
fn no_word_from_outside_ends_a_block() {
    let text = drafted(&night().entries, false);
    let ends = text.lines().filter(|line| line.starts_with("<!-- dogwatch:end")).count();
    let begins = text.lines().filter(|line| line.starts_with("<!-- dogwatch:begin")).count();
    assert_eq!((begins, ends), (11, 11));
    assert!(text.contains(r"tell the shop \<!-- dogwatch:end actions --> (owner: ana"), "{text}");
}

#[test]
fn a_redraft_after_the_end_renews_the_figures_around_what_a_person_wrote() {
    let night = night();
    let open = drafted(&night.entries[..night.entries.len() - 3], false);
    let question = "*What happened, for someone who was not there?*";
    assert!(open.contains("and is still acknowledged") && open.contains(question), "{open}");
    let written = open.replace(question, "The shop sent a broken file.").replace("- first sign at", "- ana saw it first; first sign at");
    let fresh = drafted(&night.entries, false);
    let again = redraft(&written, &fresh);
    assert!(again.text.contains("The shop sent a broken file.") && again.text.contains("ana saw it first"));
    assert!(again.text.contains("resolved after 17 min 59 s by ana: rerun went through"), "{}", again.text);
    assert_eq!(again.kept, ["detection"]);
    assert!(again.renewed.contains(&"timeline".to_owned()));
    assert_eq!(redraft(&again.text, &fresh).text, again.text);
}

#[test]
fn the_timeline_says_who_was_told_and_not_how_the_message_travelled() {
    let mut night = night();
    let last = night.entries.pop().unwrap();
    let message = |channel: &str| Message {
        id: channel.into(),
        workspace: "shop".into(),
        channel: channel.into(),
        point: Point::Failed,
        subject: "orders failed".into(),
        text: String::new(),
        severity: Severity::Critical,
        flow: None,
        run: None,
        step: None,
        date: None,
        at: "2026-11-21T01:32:02Z".parse().unwrap(),
        incident: Some(IncidentId(1)),
        person: None,
    };
    let (pager, room) = (Arc::new(message("pager")), Arc::new(message("room")));
    let told = vec![Told { channel: "pager".into(), person: Some("ana".into()) }];
    let incident = IncidentId(1);
    let (untold, next_at) = (Vec::new(), None);
    night.at("01:49:10", Author::Engine, Event::IncidentEscalated { incident, round: 0, step: 0, told, untold, next_at });
    night.at("01:49:10", Author::Engine, Event::MessageDue { message: pager.clone() });
    night.at("01:49:10", Author::Engine, Event::MessageDue { message: room.clone() });
    night.at("01:49:10", Author::Engine, Event::MessageSending { message: pager.named(), number: 1 });
    night.at("01:49:11", Author::Engine, Event::MessageSent { message: pager.named() });
    night.at("01:49:12", Author::Engine, Event::MessageGivenUp { message: room.named(), error: "no route".into() });
    night.at("01:49:20", Author::Engine, Event::SeverityRaised { incident, severity: Severity::Critical });
    night.at("01:50:00", last.author, last.event);
    let text = drafted(&night.entries, false);
    for words in ["told ana on pager", "room is told: orders failed", "room was not told, given up"] {
        assert!(text.contains(words), "{words} in\n{text}");
    }
    for words in ["pager is told:", "has taken:", "sending to"] {
        assert!(!text.contains(words), "{words} in\n{text}");
    }
    let badly = text.split("## What did not go well").nth(1).unwrap();
    assert!(!badly.contains("is now critical") && text.contains("incident 1 is now critical"), "{text}");
}

#[test]
fn saving_the_post_mortem_does_not_change_its_own_draft() {
    let mut entries = night().entries;
    let with = drafted(&entries, false);
    entries.retain(|entry| !matches!(entry.event, Event::NoteSaved { .. }));
    assert_eq!(with, drafted(&entries, false));
}

#[test]
fn facts_are_told_in_plain_words() {
    let night = night();
    let world = World::fold(&night.entries);
    let teller = Teller::of(&world);
    let told: Vec<_> = night.entries.iter().map(|entry| format!("{} | {}", teller.line(&entry.event), teller.source(entry))).collect();
    insta::assert_snapshot!(told.join("\n"));
    let unknown = Event::from_json(r#"{"moon_rose":{"full":true}}"#).unwrap();
    assert_eq!(teller.line(&unknown), "a fact of a newer version: moon_rose");
    let long = Event::Marked { text: "many words\n".repeat(1_000) };
    let line = teller.line(&long);
    assert!(line.chars().count() <= LINE_MAX + 1 && line.ends_with('…') && !line.contains('\n'));
    let roles = Naming::Roles(vec!["ana".into()]);
    assert_eq!((roles.of("ana"), roles.author(&Author::Engine)), ("operator".into(), "dogwatch".into()));
}
