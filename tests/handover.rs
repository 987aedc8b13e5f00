//! What one shift tells the next: from the world, as a page, as a command and as a file that a person goes on with.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it is surprised")]

mod stage;
mod support;

use dogwatch::notes::handover::{draft, handed_over};
use dogwatch::notes::redraft::redraft;
use jiff::tz::TimeZone;
use stage::{Story, ago, ana, now};
use std::path::Path;
use support::Workspace;

fn rome() -> TimeZone {
    TimeZone::get("Europe/Rome").unwrap()
}

#[test]
fn the_night_is_handed_over_in_words() {
    let world = Story::busy().world();
    let text = draft(&handed_over(&world, now(), &[]), &rome(), "ana");
    let (front, _) = dogwatch::notes::front::parse(&text).unwrap();
    assert_eq!(front.created, now(), "when it was written, not when the shift began");
    insta::assert_snapshot!(text);
}

#[test]
fn nothing_to_tell_says_so() {
    let world = Story::new().world();
    let text = draft(&handed_over(&world, now(), &[]), &rome(), "ana");
    for words in [
        "Nothing is open.",
        "Nothing ended.",
        "Nothing is held",
        "No flow has a deadline",
        "Nothing ends by itself.",
        "Nothing is left to tick.",
        "Nobody takes turns here.",
        "None.",
    ] {
        assert!(text.contains(words), "{words} in\n{text}");
    }
}

#[test]
fn a_thousand_open_incidents_are_counted_and_the_worst_are_listed() {
    use dogwatch::domain::{AlertCause, Severity};
    let mut story = Story::new();
    for number in 1..=1_000 {
        let severity = if number == 777 { Severity::Critical } else { Severity::Info };
        story.incident(number, &format!("trouble {number}"), severity, 600, AlertCause::Outside { link: None });
    }
    let handed = handed_over(&story.world(), now(), &[]);
    assert_eq!((handed.world.open.len(), handed.world.open_more, handed.world.open[0].id.0), (50, 950, 777));
    assert!(draft(&handed, &rome(), "ana").contains("950 more, less urgent"));
}

#[test]
fn deadlines_of_flows_to_come_are_told() {
    use dogwatch::domain::{Event, FlowDefinition};
    let mut story = Story::new();
    let flow = FlowDefinition {
        file: "flows/pay.toml".into(),
        zone: "Europe/Rome".into(),
        schedules: vec!["30 3 * * *".into()],
        must_start_by: Some(jiff::civil::time(3, 45, 0, 0)),
        must_finish_by: Some(jiff::civil::time(6, 0, 0, 0)),
        steps: vec![dogwatch::domain::StepDefinition::new("pay")],
        ..FlowDefinition::new("pay")
    };
    story.tell(3_600, dogwatch::domain::Author::Engine, Event::FlowDefined { flow: std::sync::Arc::new(flow) });
    story.tell(60, ana(), Event::FlowHeld { flow: "pay".into(), reason: "upgrade".into(), until: Some(ago(-3_600)) });
    let handed = handed_over(&story.world(), now(), &[]).world;
    assert_eq!(handed.expiring.len(), 1);
    assert!(handed.expiring[0].what.contains("hold of pay (upgrade)"), "{:?}", handed.expiring);
    story.tell(30, ana(), Event::FlowReleased { flow: "pay".into() });
    let handed = handed_over(&story.world(), now(), &[]).world;
    let told: Vec<_> = handed.deadlines.iter().map(|row| (row.at.to_string(), row.what.as_str())).collect();
    assert_eq!(told, [("2026-11-21T02:45:00Z".to_owned(), "start"), ("2026-11-21T05:00:00Z".to_owned(), "finish")]);
}

#[test]
fn the_file_of_a_shift_is_one_and_its_human_text_stays() {
    let workspace = Workspace::new();
    workspace.file("flows/bad.toml", "[[step]]\nname = \"one\"\nrun = \"exit 7\"\n");
    let path = workspace.ok(&["handover", "--write"]).trim().to_owned();
    assert!(path.starts_with("notes/handovers/handover-") && Path::new(&path).extension().is_some_and(|kind| kind == "md"), "{path}");
    let digits = path.trim_start_matches("notes/handovers/handover-").trim_end_matches(".md");
    assert!(digits.len() == 13 && !digits.contains("handover"), "the name says it once: {path}");
    let file = workspace.root().join(&path);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        text.starts_with("---\nid = \"handover-") && text.contains("kind = \"handover\"") && text.contains("Nothing is open."),
        "{text}"
    );
    std::fs::write(&file, text.replace("*What would you want to be told?*", "The vendor calls at nine.")).unwrap();
    assert_eq!(workspace.run(&["run", "bad", "--wait"]).status.code(), Some(1));
    // Over the change of a shift it would be another file; then it begins anew, and nothing of it was lost.
    let again = workspace.ok(&["handover", "--write"]).trim().to_owned();
    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(kept.contains("The vendor calls at nine."), "{kept}");
    let now = std::fs::read_to_string(workspace.root().join(&again)).unwrap();
    assert!(now.contains("bad: one failed") || now.contains("bad"), "{now}");
    let json = workspace.json(&["handover"]);
    assert_eq!((json["open"][0]["id"].as_u64(), json["open"][0]["firing"].as_u64()), (Some(1), Some(1)));
    assert!(json["open"][0]["owner"].is_null() && json["actions"].is_array(), "{json}");
    let shown = workspace.ok(&["handover"]);
    assert!(shown.contains("nobody works on it") && !shown.contains("dogwatch:begin"), "{shown}");
    workspace.ok(&["verify"]);
}

#[test]
fn a_redraft_is_what_a_new_draft_would_be_around_human_words() {
    let world = Story::busy().world();
    let first = draft(&handed_over(&Story::new().world(), now(), &[]), &rome(), "ana");
    let written = first.replace("*What would you want to be told?*", "Ask leo.");
    let fresh = draft(&handed_over(&world, now(), &[]), &rome(), "ana");
    let again = redraft(&written, &fresh);
    assert_eq!(again.text, fresh.replace("*What would you want to be told?*", "Ask leo."));
    assert!(again.kept.is_empty());
}
