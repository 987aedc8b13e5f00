//! Checklists: opened once for each occurrence, ticked by hand and by machine, late ones alarmed, and what is left is told.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up fails")]

mod made;
mod support;

use dogwatch::domain::*;
use dogwatch::rules::Decision;
use dogwatch::workspace;
use dogwatch::world::{Occasion, World};
use jiff::SignedDuration;
use made::{Made, kinds, probe};
use std::sync::Arc;
use support::{Workspace, until};

const TEXT: &str = "---\ntitle = \"Before the day\"\nschedule = \"30 7 * * *\"\nslot = \"45m\"\nlabels = { service = \"shop\" }\n---\n\n- [ ] The handover was read\n- [ ] `probe:home is up`\n- [ ] `flow:nightly done by 06:00`\n\n```text\n- [ ] no item\n```\n\n```sh run name=\"room\" expect-output=\"enough\"\necho enough\n```\n";

fn tell(made: &mut Made, event: Event) -> Vec<Event> {
    made.carry_out(Decision { events: vec![event], effects: vec![] }, &Author::Engine)
}

/// The checklist that a workspace with this file defines.
fn read(text: &str) -> Result<(Checklist, Vec<String>), String> {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    file("dogwatch.toml", "name = \"shop\"\ntimezone = \"UTC\"\n");
    file("probes/p.toml", "[home]\ntcp = \"db:5432\"\n");
    file("flows/nightly.toml", "[[step]]\nname = \"load\"\nrun = \"true\"\n");
    file("calendars/business-days.toml", "holidays = [\"2026-01-06\"]\n");
    file("checklists/day.md", text);
    let loaded = workspace::load(folder.path()).map_err(|errors| errors.lines().join("\n"))?;
    let warnings = loaded.warnings.iter().map(ToString::to_string).collect();
    Ok(((*loaded.definitions.checklists[0]).clone(), warnings))
}

fn made_with(text: &str) -> Made {
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(made::flow("nightly", &[], vec![made::step("load", &[])])).probe(probe("home"));
    let (checklist, warnings) = read(text).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    tell(&mut made, Event::ChecklistDefined { checklist: Arc::new(checklist) });
    made
}

fn health(made: &mut Made, from: Health, to: Health) -> Vec<Event> {
    tell(made, Event::ProbeChanged { probe: "home".into(), from, to, reason: String::new() })
}

fn open(made: &Made) -> &Occasion {
    made.world.checklists[&ChecklistId::new("day")].open.as_ref().expect("it is open")
}

fn unticked(made: &Made) -> Vec<String> {
    open(made).unticked().map(|item| item.name.to_string()).collect()
}

fn tick(item: &str, done: bool, note: Option<&str>) -> Command {
    Command::TickItem { checklist: "day".into(), item: item.into(), done, note: note.map(str::to_owned) }
}

fn folds(made: &Made) {
    assert_eq!(World::fold(&made.entries), made.world);
}

const DOWN: Health = Health::Down { good: 0, of: 2 };

#[test]
fn the_file_says_who_ticks_what() {
    let (checklist, _) = read(TEXT).unwrap();
    let items: Vec<_> = checklist.items.iter().map(|item| (item.name.as_str(), item.check.to_string())).collect();
    let wanted = [
        ("the-handover-was-read", "by hand"),
        ("probe-home-is-up", "probe:home is up"),
        ("flow-nightly-done-by-06-00", "flow:nightly done by 06:00"),
        ("room", "command"),
    ];
    assert_eq!(items, wanted.map(|(name, check)| (name, check.to_owned())));
    assert_eq!((checklist.book.title.as_str(), checklist.slot.as_secs()), ("Before the day", 2_700));
    for (wrong, reason) in [
        (TEXT.replace("30 7 * * *", "30 7 * *"), "schedule"),
        (TEXT.replace("45m", "soon"), "slot"),
        (TEXT.replace("slot =", "slots ="), "slots"),
        (TEXT.replace("slot =", "calendar = \"business\"\nslot ="), "business"),
    ] {
        let errors = read(&wrong).unwrap_err();
        assert!(errors.contains(reason) && errors.contains("checklists/day.md"), "{reason}: {errors}");
    }
    // What the machine does not understand, or does not know, is ticked by hand and told.
    let (checklist, warnings) =
        read("- [ ] probe:home is fine\n- [ ] probe:away is up\n- [ ] flow:nightly done by noon\n- [ ] twice\n- [ ] twice\n").unwrap();
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    assert_eq!(checklist.items[4].name.as_str(), "twice-2");
}

#[test]
fn every_shipped_checklist_is_right() {
    for shipped in workspace::SHIPPED_CHECKLISTS {
        let (checklist, warnings) = read(shipped.text).unwrap();
        assert!(warnings.is_empty() && checklist.items.len() >= 5, "{}: {warnings:?}", shipped.name);
    }
}

#[test]
fn an_occurrence_is_opened_once_ticked_and_done() {
    let mut made = made_with(TEXT);
    health(&mut made, Health::Unknown, Health::Up);
    made.to("2026-01-01T05:00:00Z");
    made.command(Command::Run { flow: "nightly".into(), params: Params::new(), date: None, reason: None }).unwrap();
    made.end("load", AttemptEnd::Exit(0));
    let events = made.to("2026-01-01T07:30:00Z");
    assert_eq!(kinds(&events), ["checklist_opened", "item_ticked", "item_ticked"], "the machine looks at once");
    assert_eq!(unticked(&made), ["the-handover-was-read", "room"]);
    assert!(made.due().is_empty(), "opened once");
    assert_eq!(open(&made).ticks["flow-nightly-done-by-06-00"].note.as_deref(), Some("nightly/1 was done at 05:00"));
    made.command(tick("the-handover-was-read", true, None)).unwrap();
    assert!(made.command(tick("the-handover-was-read", true, None)).unwrap_err().reason.contains("ticked already, by ana"));
    assert!(made.command(tick("the-handover", true, None)).unwrap_err().to_string().contains("did you mean `the-handover-was-read`"));
    let verified = made.command(Command::VerifyChecklist { checklist: "day".into() }).unwrap();
    assert_eq!(kinds(&verified), ["procedure_asked", "attempt_starting"]);
    let ended = made.end("room", AttemptEnd::Exit(0));
    assert_eq!(kinds(&ended), ["attempt_ended", "item_ticked", "checklist_done"]);
    let past = &made.world.checklists[&ChecklistId::new("day")].past[0];
    assert!(past.ticks["room"].evidence.is_some(), "its output is the evidence");
    assert!(made.to("2026-01-01T20:00:00Z").is_empty(), "no alert: it was done");
    folds(&made);
}

#[test]
fn what_the_machine_sees_follows_what_is_so() {
    let mut made = made_with(TEXT);
    made.to("2026-01-01T07:30:00Z");
    assert_eq!(unticked(&made).len(), 4);
    assert_eq!(kinds(&health(&mut made, Health::Unknown, Health::Up)).last().unwrap(), "item_ticked");
    // A single bad result is no end; being down is.
    assert_eq!(kinds(&health(&mut made, Health::Up, Health::Soft { bad: 1, of: 3 })), ["probe_changed"]);
    assert!(!unticked(&made).contains(&"probe-home-is-up".to_owned()));
    health(&mut made, Health::Soft { bad: 1, of: 3 }, DOWN);
    assert!(unticked(&made).contains(&"probe-home-is-up".to_owned()));
    // Against what the machine sees a person needs a reason, and what a person said stays.
    let refusal = made.command(tick("probe-home-is-up", true, None)).unwrap_err();
    assert!(refusal.to_string().contains("home is down") && refusal.to_string().contains("--note"), "{refusal}");
    made.command(tick("probe-home-is-up", true, Some("known, the shop is closed"))).unwrap();
    health(&mut made, DOWN, Health::Up);
    health(&mut made, Health::Up, DOWN);
    assert!(!unticked(&made).contains(&"probe-home-is-up".to_owned()));
    // A flow that was done too late is not done by then.
    made.command(Command::Run { flow: "nightly".into(), params: Params::new(), date: None, reason: None }).unwrap();
    made.end("load", AttemptEnd::Exit(0));
    assert!(unticked(&made).contains(&"flow-nightly-done-by-06-00".to_owned()));
    let refusal = made.command(tick("flow-nightly-done-by-06-00", true, None)).unwrap_err();
    assert!(refusal.reason.contains("nightly/1 was done at 07:30, not by 06:00"), "{refusal}");
    folds(&made);
}

#[test]
fn before_its_time_a_flow_is_not_late() {
    let mut made = made_with(TEXT);
    made.to("2026-01-01T03:36:00Z");
    made.command(Command::OpenChecklist { checklist: "day".into() }).unwrap();
    let refusal = made.command(tick("flow-nightly-done-by-06-00", true, None)).unwrap_err();
    assert!(refusal.reason.contains("nightly is not done yet; it has until 06:00"), "{refusal}");
    made.to("2026-01-01T06:00:00Z");
    let refusal = made.command(tick("flow-nightly-done-by-06-00", true, None)).unwrap_err();
    assert!(refusal.reason.contains("nightly was not done by 06:00"), "{refusal}");
    let refusal = made.command(tick("coffee", true, None)).unwrap_err();
    assert_eq!(refusal.reason, "`day` has no item `coffee`");
    assert!(refusal.hint.iter().any(|hint| hint.contains("the-handover-was-read")), "{refusal}");
}

#[test]
fn a_late_one_raises_an_alert_that_ends_when_it_is_done() {
    let mut made = made_with(TEXT);
    made.to("2026-01-01T07:30:00Z");
    assert!(made.to("2026-01-01T08:14:59Z").is_empty());
    let events = made.to("2026-01-01T08:15:00Z");
    assert_eq!(kinds(&events), ["alert_firing", "incident_opened"]);
    let incident = made.world.incident(IncidentId(1)).unwrap();
    assert_eq!(incident.title, "checklist day: 4 of 4 not ticked by 08:15 UTC");
    assert_eq!((incident.severity, incident.group.get("service").map(String::as_str)), (Severity::Warning, Some("shop")));
    for item in ["the-handover-was-read", "probe-home-is-up", "flow-nightly-done-by-06-00"] {
        made.command(tick(item, true, Some("by hand"))).unwrap();
    }
    let last = made.command(tick("room", true, Some("looked"))).unwrap();
    assert_eq!(kinds(&last), ["item_ticked", "checklist_done", "alert_resolved", "incident_resolved"]);
    folds(&made);
}

#[test]
fn the_next_occurrence_leaves_the_one_before_with_what_was_not_ticked() {
    let mut made = made_with(TEXT);
    made.to("2026-01-01T07:30:00Z");
    made.command(tick("the-handover-was-read", true, None)).unwrap();
    made.to("2026-01-01T08:15:00Z");
    let events = made.to("2026-01-02T07:30:00Z");
    let wanted = ["checklist_left", "alert_resolved", "incident_resolved", "checklist_opened"];
    assert_eq!(kinds(&events), wanted);
    let Event::ChecklistLeft { unticked, reason, .. } = &events[0] else { panic!() };
    assert_eq!((unticked.len(), reason.as_str()), (3, "the next one is due"));
    assert_eq!(open(&made).number, 2);
    // An outage of days: what nobody could see is counted, the last one is opened, late as it is.
    let events = made.to("2026-01-06T12:00:00Z");
    assert_eq!(kinds(&events), ["checklist_left", "checklist_missed", "checklist_opened", "alert_firing", "incident_opened"]);
    assert!(matches!(&events[1], Event::ChecklistMissed { missed: 3, .. }), "{:?}", events[1]);
    let handed = dogwatch::rules::handover::handover(&made.world, made.now);
    let told: Vec<_> = handed.unticked.iter().map(|row| (row.item.as_str(), row.left.is_some())).collect();
    assert_eq!(told.iter().filter(|(_, left)| !left).count(), 4, "what the next shift has to tick: {told:?}");
    let own: Vec<_> = told.iter().filter(|(_, left)| !left).map(|(item, _)| *item).collect();
    let file: Vec<_> = open(&made).checklist.items.iter().map(|item| item.text.as_str()).collect();
    assert_eq!(own, file, "in the order of the file");
    folds(&made);
}

#[test]
fn a_calendar_chooses_the_days_and_an_edited_schedule_begins_anew() {
    let text = TEXT.replace("slot =", "calendar = \"business-days\"\nslot =");
    let mut made = Made::at("2026-01-01T00:00:00Z").probe(probe("home"));
    let mut calendar = Calendar::new("business-days");
    calendar.holidays.insert("2026-01-02".parse().unwrap(), "bridge".into());
    tell(&mut made, Event::CalendarDefined { calendar: Arc::new(calendar) });
    let (checklist, _) = read(&text).unwrap();
    tell(&mut made, Event::ChecklistDefined { checklist: Arc::new(checklist.clone()) });
    let opened = |events: &[Event]| events.iter().filter(|event| matches!(event, Event::ChecklistOpened { .. })).count();
    // Thursday is a business day, Friday is not by name, then comes the weekend.
    assert_eq!(opened(&made.to("2026-01-01T07:30:00Z")), 1);
    assert_eq!(opened(&made.to("2026-01-04T23:00:00Z")), 0);
    assert_eq!(opened(&made.to("2026-01-05T07:30:00Z")), 1);
    made.to("2026-01-05T09:00:00Z");
    let earlier = Checklist { schedules: vec!["0 8 * * *".into()], ..checklist };
    tell(&mut made, Event::ChecklistDefined { checklist: Arc::new(earlier) });
    assert_eq!(opened(&made.due()), 0, "times before the edit are not made up for");
    assert_eq!(opened(&made.to("2026-01-06T08:00:00Z")), 1);
    folds(&made);
}

#[test]
fn one_without_a_schedule_is_opened_by_a_person_and_a_removed_file_ends_it() {
    let mut made = made_with("# Release\n\n- [ ] written down\n");
    assert!(made.command(tick("written-down", true, None)).unwrap_err().to_string().contains("--open"));
    made.command(Command::OpenChecklist { checklist: "day".into() }).unwrap();
    assert!(made.command(Command::OpenChecklist { checklist: "day".into() }).unwrap_err().reason.contains("open already"));
    assert_eq!(open(&made).by, "ana");
    made.after(SignedDuration::from_mins(31));
    assert_eq!(made.world.alerts.len(), 1);
    let read = Report::WorkspaceRead(Box::default());
    let gone = kinds(&made.report(&read));
    for kind in ["checklist_left", "alert_resolved", "checklist_removed"] {
        assert!(gone.contains(&kind.to_owned()), "{gone:?}");
    }
    assert!(made.world.checklists.is_empty() && made.world.alerts.is_empty());
    folds(&made);
}

#[test]
fn the_commands_of_a_checklist_need_an_open_one() {
    let mut made = made_with(TEXT);
    made.to("2026-01-01T07:30:00Z");
    let book = open(&made).as_runbook();
    let run = |book: &RunbookId| Command::RunProcedure {
        runbook: book.clone(),
        step: "room".into(),
        subject: Subject::Workspace,
        params: Params::new(),
        confirmed: None,
    };
    made.command(run(&book)).unwrap();
    let failed = made.end("room", AttemptEnd::Unexpected("enough".into()));
    assert!(matches!(&failed[1], Event::ItemTicked { done: false, .. }), "{failed:?}");
    let by_hand = Command::Tick { runbook: book.clone(), step: "room".into(), subject: Subject::Workspace, done: true };
    assert!(made.command(by_hand).unwrap_err().to_string().contains("tick the item"));
    made.to("2026-01-02T07:30:00Z");
    assert!(made.command(run(&book)).unwrap_err().reason.contains("is not open any more"));
    folds(&made);
}

#[test]
fn the_commands_open_tick_verify_and_survive_a_restart() {
    let mut workspace = Workspace::new();
    workspace.file(
        "checklists/release.md",
        "# Release\n\n- [ ] Written down!\n\n```sh run name=\"room\" expect-output=\"enough\"\necho enough\n```\n",
    );
    workspace.file("runbooks/back.md", "# Back\n\n```sh run name=\"Bring it back\"\necho it is back\n```\n");
    workspace.serve();
    assert!(workspace.ok(&["checklists"]).contains("release"));
    workspace.ok(&["checklist", "release", "--open"]);
    // As it is written in the file, or nearly.
    workspace.ok(&["checklist", "release", "--tick", "Written down!"]);
    workspace.ok(&["checklist", "release", "--untick", "written down"]);
    for step in ["Bring it back", "bring it back", "bring-it-back"] {
        assert!(workspace.ok(&["runbook", "back", "--run", step]).contains("it is back"), "{step}");
    }
    workspace.ok(&["checklist", "release", "--verify"]);
    let document = until("the command was verified", || {
        let document = workspace.json(&["checklist", "release"]);
        (document["open"]["items"][1]["ticked"] == true).then_some(document)
    });
    assert_eq!(document["open"]["items"][0]["ticked"], false);
    workspace.ok(&["stop"]);
    workspace.serve();
    assert_eq!(workspace.json(&["checklist", "release"])["open"]["items"][1]["ticked"], true, "the record is kept");
    workspace.ok(&["checklist", "release", "--tick", "1", "--note", "in the wiki"]);
    let document = workspace.json(&["checklist", "release"]);
    assert!(document["open"].is_null() && document["past"][0]["done_at"].is_string(), "{document}");
    assert!(workspace.ok(&["events"]).contains("checklist release done"));
}
