//! Second words and checklists in the console: what is seen, and what its keys ask for.
#![allow(clippy::unwrap_used, reason = "what a test builds is right, or the test fails")]

mod stage;

use dogwatch::console::Screen;
use dogwatch::domain::approval::TwoPeople;
use dogwatch::domain::checklist::{Check, ChecklistItem};
use dogwatch::domain::runbook::ProcedureExpectation;
use dogwatch::domain::*;
use jiff::SignedDuration;
use stage::{Stage, Story, ana, now};
use std::sync::Arc;
use std::time::Duration;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn leo() -> Author {
    Author::Person { uid: 1002, user: "leo".into(), login_uid: None, sudo_claim: None }
}

fn request(command: &str, by: &Author, after: u64) -> ApprovalRequest {
    ApprovalRequest {
        runbook: "orders-load".into(),
        revision: "0011223344556677".into(),
        step: "empty-the-staging-table".into(),
        subject: Subject::Incident(IncidentId(41)),
        command: command.into(),
        argv: vec!["sh".into(), "-c".into(), command.into()],
        params: Params::from([("date".to_owned(), "2026-11-20".to_owned())]),
        env: Params::from([("DOGWATCH_PARAM_DATE".to_owned(), "2026-11-20".to_owned())]),
        timeout: Duration::from_mins(10),
        expect: ProcedureExpectation::default(),
        host: "jump".into(),
        machine: "m".into(),
        boot_id: "boot".into(),
        by: by.clone(),
        after,
        asked_at: now(),
        expires: now() + SignedDuration::from_mins(15),
    }
}

fn ask(stage: &mut Stage, command: &str, by: Author, after: u64) -> Digest {
    let request = request(command, &by, after);
    let digest = request.digest();
    stage.entry(by, Event::ApprovalAsked { digest: digest.clone(), request: Arc::new(request) });
    digest
}

fn approver(size: (u16, u16)) -> Stage {
    let mut stage = Stage::with(&Story::busy(), size);
    stage.app.session.welcome.as_mut().unwrap().level = Level::Approver;
    stage
}

fn checklist(id: &str, items: &[(&str, Check)], schedules: &[&str]) -> Event {
    let (book, _) = dogwatch::workspace::runbook::parse(id, "checklists/x.md", "# Before the day\n\n```sh run name=\"room\"\ndf\n```\n");
    let item = |(line, (text, check)): (usize, &(&str, Check))| ChecklistItem {
        name: text.replace([' ', ':'], "-").as_str().into(),
        text: (*text).into(),
        check: check.clone(),
        line,
    };
    Event::ChecklistDefined {
        checklist: Arc::new(Checklist {
            id: id.into(),
            schedules: schedules.iter().map(|line| (*line).to_owned()).collect(),
            zone: "Europe/Rome".into(),
            calendar: None,
            slot: Duration::from_mins(45),
            severity: Severity::Warning,
            labels: Labels::new(),
            items: items.iter().enumerate().map(item).collect(),
            book,
        }),
    }
}

fn morning(size: (u16, u16)) -> Stage {
    let mut stage = Stage::with(&Story::busy(), size);
    let items = [
        ("The handover was read", Check::Hand),
        ("probe:checkout is up", Check::ProbeUp { probe: "checkout".into() }),
        ("probe:home is up", Check::ProbeUp { probe: "home".into() }),
        ("room", Check::Command),
    ];
    stage.entry(Author::Engine, checklist("before-the-day", &items, &["30 7 * * *"]));
    stage.entry(Author::Engine, checklist("before-a-release", &[("written down", Check::Hand)], &[]));
    let due = now() + SignedDuration::from_mins(20);
    let opened = Event::ChecklistOpened { checklist: "before-the-day".into(), number: 1, planned: Some(now()), due };
    stage.entry(Author::Engine, opened);
    stage.entry(
        Author::Engine,
        Event::ItemTicked {
            checklist: "before-the-day".into(),
            number: 1,
            item: "probe-home-is-up".into(),
            done: true,
            note: Some("home is up".into()),
            evidence: None,
        },
    );
    stage
}

#[test]
fn what_waits_for_a_second_person_is_read_to_its_end_before_it_is_approved() {
    let long = (0..40).map(|line| format!("bin/empty table_{line}")).collect::<Vec<_>>().join("\n") + "\n";
    let mut stage = approver((100, 24));
    let digest = ask(&mut stage, &long, leo(), 1);
    assert!(stage.picture().contains("leo asks for a second person"), "{}", stage.picture());
    stage.press("approvals");
    assert!(stage.picture().contains("more below"), "{}", stage.picture());
    stage.press("approve-request");
    assert!(stage.picture().contains("read what it runs to its end first"), "{}", stage.picture());
    for _ in 0..6 {
        stage.press("page-down");
        stage.picture();
    }
    assert!(stage.picture().contains("table_39"), "{}", stage.picture());
    stage.press("approve-request");
    stage.type_text("seen");
    stage.press("confirm");
    let approve = Command::ApproveProcedure { digest: digest.clone(), expanded: true, note: Some("seen".into()) };
    assert_eq!(stage.commands(), [&approve]);
    stage.press("decline-request");
    stage.type_text("wrong table");
    stage.press("confirm");
    assert_eq!(stage.commands()[1], &Command::DeclineProcedure { digest, reason: "wrong table".into() });
}

#[test]
fn who_asked_and_who_is_no_approver_are_told_so() {
    let mut stage = approver((120, 40));
    ask(&mut stage, "bin/empty", ana(), 1);
    stage.press("approvals");
    stage.picture();
    stage.press("approve-request");
    assert!(stage.picture().contains("another person's"), "{}", stage.picture());
    let mut stage = Stage::with(&Story::busy(), (120, 40));
    ask(&mut stage, "bin/empty", leo(), 1);
    stage.press("approvals");
    stage.picture();
    stage.press("approve-request");
    assert!(stage.picture().contains("you are no approver"), "{}", stage.picture());
    assert!(stage.commands().is_empty());
}

#[test]
fn a_character_that_is_not_what_it_seems_is_spelled_out() {
    let mut stage = approver((120, 40));
    ask(&mut stage, "curl http://sh\u{43e}p.example \u{202e}x", leo(), 1);
    stage.press("approvals");
    let picture = stage.picture();
    assert!(picture.contains("2 characters are not what they seem") && picture.contains("⟦U+043E looks like o⟧"), "{picture}");
    assert!(picture.contains("⟦U+202E changes the direction of reading⟧"), "{picture}");
}

#[test]
fn second_words_look_as_they_should() {
    for size in SIZES {
        let mut stage = approver(size);
        ask(&mut stage, "bin/empty staging_orders", leo(), 1);
        let digest = ask(&mut stage, "bin/empty \u{202e}old", ana(), 2);
        stage.entry(leo(), Event::ApprovalGiven { digest, note: None });
        stage.press("approvals");
        insta::assert_snapshot!(format!("approvals_{}x{}", size.0, size.1), stage.picture_with_roles());
    }
}

#[test]
fn checklists_look_as_they_should() {
    for size in SIZES {
        let mut stage = morning(size);
        stage.press("checklists");
        insta::assert_snapshot!(format!("checklists_{}x{}", size.0, size.1), stage.picture_with_roles());
    }
}

#[test]
fn items_are_ticked_with_space_and_commands_run_with_enter() {
    let mut stage = morning((120, 40));
    stage.press("checklists");
    stage.press("tick-item");
    assert!(stage.picture().contains("no item under the cursor"), "{}", stage.picture());
    stage.press("down");
    stage.press("tick-item");
    let tick = |item: &str, note: Option<&str>| Command::TickItem {
        checklist: "before-the-day".into(),
        item: item.into(),
        done: true,
        note: note.map(str::to_owned),
    };
    assert_eq!(stage.commands(), [&tick("The-handover-was-read", None)]);
    // Against what the machine sees it asks why.
    stage.press("down");
    stage.press("tick-item");
    stage.press("confirm");
    assert_eq!(stage.commands().len(), 1, "a reason is asked for");
    stage.type_text("known");
    stage.press("confirm");
    assert_eq!(stage.commands()[1], &tick("probe-checkout-is-up", Some("known")));
    stage.press("down");
    stage.press("down");
    stage.press("run-step");
    stage.press("confirm");
    assert!(matches!(stage.commands()[2], Command::RunProcedure { runbook, .. } if runbook.as_str() == "checklist:before-the-day:1"));
    stage.press("verify-checklist");
    assert_eq!(stage.commands()[3], &Command::VerifyChecklist { checklist: "before-the-day".into() });
    stage.press("down");
    stage.press("open-checklist");
    assert_eq!(stage.commands()[4], &Command::OpenChecklist { checklist: "before-a-release".into() });
}

#[test]
fn a_step_that_runs_by_itself_is_told_and_glass_is_broken_with_a_typed_word() {
    let mut stage = Stage::with(&Story::busy(), (120, 40));
    let rules = ProcedureRules { two_people: TwoPeople::Dangerous, break_glass: true, ..ProcedureRules::default() };
    stage.entry(Author::Engine, Event::ProcedureRulesDefined { rules });
    let subject = Subject::Incident(IncidentId(41));
    let job = Job::Procedure { runbook: "orders-load".into(), subject: subject.clone(), step: "count-the-rows".into() };
    let asked = Event::ProcedureAsked { attempt: AttemptId { job, number: 1 }, command: "bin/rows".into(), params: Params::new() };
    stage.entry(Author::Engine, asked);
    assert!(stage.picture().contains("runbook orders-load count-the-rows runs by itself"), "{}", stage.picture());
    stage.app.session.open(Screen::Runbook { runbook: "orders-load".into(), subject });
    stage.wait(0);
    stage.picture();
    stage.press("bottom");
    assert!(stage.picture().contains("two people"), "{}", stage.picture());
    stage.press("break-glass");
    stage.type_text("nobody answers");
    stage.press("confirm");
    assert!(stage.commands().is_empty(), "its name is typed");
    stage.type_text("empty-the-staging-table");
    stage.press("confirm");
    assert!(matches!(stage.commands()[0], Command::BreakGlass { reason, .. } if reason == "nobody answers"), "{:?}", stage.commands());
}

#[test]
fn every_page_is_drawn_at_any_size() {
    for page in ["approvals", "checklists"] {
        let mut stage = morning((80, 24));
        ask(&mut stage, "bin/empty \u{202e}x", leo(), 1);
        stage.press(page);
        for size in [(0, 0), (1, 1), (3, 2), (40, 12), (300, 100)] {
            stage.size = size;
            stage.picture();
            for action in ["down", "page-down", "up", "bottom", "top"] {
                stage.press(action);
                stage.picture();
            }
        }
    }
}
