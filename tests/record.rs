//! The record of an incident: pins, things to do, lines from anywhere, filters, the strip and evidence on the screen.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what a test builds is right, or the test fails")]

mod made;
mod night;
mod stage;

use dogwatch::console::link::News;
use dogwatch::console::{Options, Screen};
use dogwatch::domain::channel::{ChannelKind, SecretRef, Setting};
use dogwatch::domain::effect::Definitions;
use dogwatch::domain::evidence::{CAPSULES_MAX, Capsule, EvidenceDefinition, EvidenceFile, EvidenceSettings};
use dogwatch::domain::outside::{LogMark, OutsideChange, OutsideKind};
use dogwatch::domain::{AlertCause, AttemptEnd, Author, ChannelDefinition, Command, Effect, Event, IncidentId, Report, Severity};
use dogwatch::notes::strip::{Strip, window};
use dogwatch::world::World;
use jiff::Timestamp;
use made::{Made, flow, step};
use night::night;
use stage::{Stage, Story, ana};
use std::sync::Arc;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];
const ONE: IncidentId = IncidentId(1);

fn upgrade(at: &str, name: &str, offset: u64) -> OutsideChange {
    let at: Timestamp = at.parse().unwrap();
    OutsideChange {
        kind: OutsideKind::Packages,
        happened_at: at,
        until: None,
        summary: format!("1 package upgraded: {name} 1 → 2"),
        items: vec![format!("{name} 1 → 2")],
        count: 1,
        log: Some(LogMark { file: "/var/log/dpkg.log".into(), offset, print: format!("{offset:016x}"), last_at: at }),
        boot_id: None,
    }
}

/// A flow that has failed, with evidence defined for its service.
fn failed(definitions: Vec<EvidenceDefinition>) -> Made {
    let mut load = flow("load", &[], vec![step("load", &[])]);
    load.labels = [("service".to_owned(), "shop".to_owned())].into();
    let mut made = Made::at("2026-11-21T02:00:00Z").flow(load.clone());
    let evidence = Arc::new(EvidenceSettings { evidence: definitions, ..EvidenceSettings::default() });
    let hook =
        ChannelKind::Command { run: vec!["true".into()], env: [("K".to_owned(), Setting::Secret(SecretRef::Env("K".into())))].into() };
    let channels = vec![Arc::new(ChannelDefinition::new("hook", hook))];
    let read =
        Definitions { zone: "UTC".into(), max_running: 8, flows: vec![Arc::new(load)], evidence, channels, ..Definitions::default() };
    made.report(&Report::WorkspaceRead(Box::new(read)));
    made.command(Command::Run { flow: "load".into(), params: dogwatch::domain::Params::new(), date: None, reason: None }).unwrap();
    made.end("load", AttemptEnd::Exit(1));
    made
}

fn definition(name: &str, service: &str) -> EvidenceDefinition {
    let labels = [("service".to_owned(), service.to_owned())].into();
    EvidenceDefinition { labels, files: vec!["x.log".into()], ..EvidenceDefinition::new(name) }
}

fn orders(effects: &[Effect]) -> Vec<(u32, Vec<String>)> {
    let order = |effect: &Effect| match effect {
        Effect::TakeEvidence(order) => Some((order.number, order.definitions.iter().map(|one| one.name.clone()).collect())),
        _ => None,
    };
    effects.iter().filter_map(order).collect()
}

fn gathered(number: u32) -> Report {
    let at = "2026-11-21T02:00:00Z".parse().unwrap();
    Report::EvidenceTaken { incident: ONE, capsule: Arc::new(Capsule { number, from: at, to: at, files: vec![], problem: None }) }
}

#[test]
fn evidence_is_gathered_once_for_what_fits_and_again_when_a_person_asks() {
    let by_hand = EvidenceDefinition { automatic: false, ..definition("dump", "shop") };
    let mut made = failed(vec![definition("web", "shop"), definition("other", "elsewhere"), by_hand]);
    assert_eq!(orders(&made.effects), [(1, vec!["web".to_owned()])]);
    let asked = made.entries.iter().position(|entry| matches!(entry.event, Event::EvidenceAsked { .. }));
    assert!(asked.is_some(), "the order follows its entry");
    let Some(Effect::TakeEvidence(order)) = made.effects.iter().find(|effect| matches!(effect, Effect::TakeEvidence(_))) else { panic!() };
    assert_eq!(order.masks.secrets, [SecretRef::Env("K".into())], "named secrets are masked too");
    let refused = made.command(Command::TakeEvidence { incident: ONE }).unwrap_err();
    assert!(refused.reason.contains("being gathered"), "{refused}");
    assert!(made.report(&gathered(7)).is_empty(), "what nobody asked for is no fact");
    assert_eq!(made.report(&gathered(1)).len(), 1);
    assert!(made.report(&gathered(1)).is_empty(), "told once");
    made.effects.clear();
    assert!(made.preview(&Command::TakeEvidence { incident: ONE }).unwrap()[0].contains("web, dump"));
    made.command(Command::TakeEvidence { incident: ONE }).unwrap();
    assert_eq!(orders(&made.effects), [(2, vec!["web".to_owned(), "dump".to_owned()])]);

    // A daemon that died meanwhile gathers it again under the same number.
    made.effects.clear();
    made.report(&Report::DaemonStarted { version: "1".into(), pid: 1, boot_id: "boot".into(), host: "h".into() });
    assert_eq!(orders(&made.effects), [(2, vec!["web".to_owned(), "dump".to_owned()])]);
    for number in 2..=CAPSULES_MAX {
        made.report(&gathered(number));
        if number < CAPSULES_MAX {
            made.command(Command::TakeEvidence { incident: ONE }).unwrap();
        }
    }
    let refused = made.command(Command::TakeEvidence { incident: ONE }).unwrap_err();
    assert!(refused.reason.contains("20 capsules"), "{refused}");
    assert_eq!(World::fold(&made.entries).incident(ONE).unwrap().evidence.capsules.len(), CAPSULES_MAX as usize);
}

#[test]
fn without_a_definition_nothing_is_gathered_and_asking_says_what_to_write() {
    let mut made = failed(vec![definition("other", "elsewhere")]);
    assert!(orders(&made.effects).is_empty());
    let refused = made.command(Command::TakeEvidence { incident: ONE }).unwrap_err();
    assert!(refused.hint.as_ref().unwrap().contains("service=shop"), "{refused}");
}

#[test]
fn pins_and_things_to_do_are_on_record() {
    let mut made = failed(vec![]);
    let opened = made.entries.iter().find(|entry| matches!(entry.event, Event::IncidentOpened { .. })).unwrap().seq;
    let pin = |entry, pinned| Command::Pin { incident: ONE, entry, pinned };
    made.command(pin(opened, true)).unwrap();
    assert!(made.command(pin(opened, true)).unwrap_err().reason.contains("pinned already"));
    assert!(made.command(pin(1, true)).unwrap_err().reason.contains("has no line 1"), "the definition of the flow is no line of it");
    assert!(made.command(Command::Pin { incident: IncidentId(7), entry: opened, pinned: true }).is_err());
    made.command(Command::Note {
        incident: ONE,
        text: "looked at it\n!todo: repair the feed\n  !todo tell the shop\n!todone\n!todo".into(),
    })
    .unwrap();
    let incident = made.world.incident(ONE).unwrap();
    assert_eq!(incident.pins, [opened].into());
    let todos: Vec<_> = incident.todos.iter().map(|todo| (todo.text.as_str(), todo.by.name())).collect();
    assert_eq!(todos, [("repair the feed", "ana"), ("tell the shop", "ana")]);
    made.command(pin(opened, false)).unwrap();
    assert!(made.world.incident(ONE).unwrap().pins.is_empty());
    assert!(made.command(pin(opened, false)).unwrap_err().reason.contains("not pinned"));
    assert_eq!(World::fold(&made.entries), made.world);
}

#[test]
fn a_change_of_the_machine_is_recorded_once_and_stays_with_its_incident() {
    let mut made = failed(vec![]);
    let early = Report::OutsideChanged(Box::new(upgrade("2026-11-21T01:10:00Z", "libc6", 100)));
    assert_eq!(made.report(&early).len(), 1);
    assert!(made.report(&early).is_empty());
    let older = upgrade("2026-11-21T01:00:00Z", "older", 50);
    assert!(made.report(&Report::OutsideChanged(Box::new(older))).is_empty(), "behind the mark");
    let reboot = |boot_id: &str| OutsideChange {
        kind: OutsideKind::Reboot,
        boot_id: Some(boot_id.into()),
        log: None,
        ..upgrade("2026-11-21T01:30:00Z", "x", 0)
    };
    made.report(&Report::DaemonStarted { version: "1".into(), pid: 1, boot_id: "boot".into(), host: "h".into() });
    assert!(made.report(&Report::OutsideChanged(Box::new(reboot("boot")))).is_empty(), "the boot that is on record");
    assert_eq!(made.report(&Report::OutsideChanged(Box::new(reboot("next")))).len(), 1);
    assert!(made.report(&Report::OutsideChanged(Box::new(reboot("next")))).is_empty());
    let told = |made: &Made| {
        let facts = made.world.incident(ONE).unwrap().facts(&made.world.outside);
        facts.iter().filter(|entry| matches!(entry.event, Event::OutsideChanged { .. })).count()
    };
    assert_eq!(told(&made), 2);
    assert!(made.world.incident(ONE).unwrap().timeline.iter().all(|entry| !matches!(entry.event, Event::OutsideChanged { .. })));
    made.command(Command::Resolve { incident: ONE, reason: "over".into() }).unwrap();
    for number in 0..200_u64 {
        let at: Timestamp = "2026-11-21T03:00:00Z".parse().unwrap();
        let at = at.checked_add(jiff::SignedDuration::from_mins(number.cast_signed())).unwrap();
        let change = upgrade(&at.to_string(), "more", 1_000 + number);
        assert_eq!(made.report(&Report::OutsideChanged(Box::new(change))).len(), 1);
    }
    assert_eq!(told(&made), 2, "what was around it stays with it, later changes are none of it");
    assert_eq!(made.world.outside.changes.len(), dogwatch::world::OUTSIDE_KEPT);
    assert_eq!(World::fold(&made.entries), made.world);
}

/// The night with an upgrade before it, on a stage.
fn desk(size: (u16, u16), ascii: bool) -> Stage {
    let mut night = night();
    let before_end = night.entries.iter().position(|entry| matches!(entry.event, Event::IncidentResolved { .. })).unwrap();
    night.entries.truncate(before_end);
    night.at("01:49:30", Author::Engine, Event::OutsideChanged { change: upgrade("2026-11-21T01:22:00Z", "libpq5", 9) });
    night.at("01:49:40", night::person("leo"), Event::EntryPinned { incident: ONE, entry: 7, pinned: true });
    let mut stage = Stage::alone(size);
    if ascii {
        stage.app.session.glyphs = dogwatch::console::glyph::Glyphs::new(true);
        stage.app.session.options = Options { ascii: true, ..stage.app.session.options.clone() };
    }
    stage.news(News::Connected(Box::new(stage::welcome())));
    stage.follow(&World::fold(&night.entries));
    stage
}

fn open(stage: &mut Stage, screen: Screen) {
    stage.app.session.open(screen);
    stage.wait(0);
    stage.picture();
}

#[test]
fn the_strip_at_every_size() {
    for size in SIZES {
        let mut stage = desk(size, false);
        open(&mut stage, Screen::Strip(ONE));
        insta::assert_snapshot!(format!("strip_{}x{}", size.0, size.1), stage.picture_with_roles());
    }
    let mut stage = desk((80, 24), true);
    open(&mut stage, Screen::Strip(ONE));
    let picture = stage.picture();
    assert!(picture.is_ascii() || !picture.lines().skip(1).any(|line| line.contains(['│', '─', '●', '✗', '▲'])), "{picture}");
    for size in [(0, 0), (1, 1), (10, 3), (20, 5), (40, 8)] {
        let mut stage = desk(size, false);
        open(&mut stage, Screen::Strip(ONE));
    }
}

#[test]
fn on_the_strip_one_walks_over_facts_and_changes_the_window() {
    let mut stage = desk((120, 40), false);
    open(&mut stage, Screen::Incident(ONE));
    stage.key("alt-t");
    assert_eq!(stage.app.screen(), Some(&Screen::Strip(ONE)));
    let picture = stage.picture();
    assert!(picture.contains("outside") && picture.contains("libpq5") && picture.contains("deployed shop 4.2"), "{picture}");
    let cursor = |picture: &str| picture.lines().find(|line| line.contains('▌')).unwrap_or_default().to_owned();
    let first = cursor(&picture);
    assert!(first.contains("02:31:00") && first.contains("load failed"), "the first sign is under the cursor: {first}");
    stage.press("right");
    let next = cursor(&stage.picture());
    assert!(next != first && next.contains("nightly-orders"), "to the next fact of the lane: {next}");
    stage.press("left");
    assert_eq!(cursor(&stage.picture()), first);
    stage.key("!");
    assert!(matches!(stage.commands().last(), Some(Command::Pin { incident: ONE, pinned: true, .. })));
    for _ in 0..3 {
        stage.key(">");
    }
    let narrow = stage.picture();
    assert!(narrow.contains("5 min") && !narrow.contains("deployed shop"), "{narrow}");
    assert_eq!(cursor(&narrow), first, "the cursor stays on its fact");
    for _ in 0..9 {
        stage.key("<");
    }
    assert!(stage.picture().contains("7 d"));
    stage.press("open");
    assert_eq!(stage.app.screen().map(|screen| matches!(screen, Screen::Run(_))), Some(true));
}

#[test]
fn a_strip_costs_what_its_window_holds() {
    let world = World::fold(&night().entries);
    let incident = world.incident(ONE).unwrap();
    let lanes = |most| {
        Strip::of(&world, incident, window(incident.first_sign_at, 60), most).lanes.into_iter().map(|lane| lane.name).collect::<Vec<_>>()
    };
    assert_eq!(lanes(20), ["nightly-orders", "checkout", "alerts", "people", "notes", "outside", "dogwatch"]);
    assert_eq!(lanes(6), ["flows", "probes", "alerts", "people", "notes", "outside", "dogwatch"]);
    let strip = Strip::of(&world, incident, window(incident.first_sign_at, 60), 20);
    assert_eq!(strip.lanes.iter().map(|lane| lane.facts.len()).sum::<usize>(), strip.facts.len(), "every fact has its lane");
    assert_eq!((strip.column(strip.from, 60), strip.column(strip.to, 60), strip.column(strip.first_sign_at, 60)), (0, 59, 40));
}

#[test]
fn a_timeline_is_filtered_by_who_and_by_text() {
    let mut stage = desk((120, 40), false);
    open(&mut stage, Screen::Incident(ONE));
    let all = stage.picture();
    assert!(all.contains("to do") && all.contains("check the file before it is loaded"), "{all}");
    assert!(all.contains("01:32:01") || all.contains("02:32:01"), "{all}");
    stage.key("f");
    let people = stage.picture();
    assert!(people.contains("only people") && people.contains("acknowledged: on it") && !people.contains("incident 1 opened"), "{people}");
    stage.key("f");
    let machine = stage.picture();
    assert!(machine.contains("only machine") && machine.contains("libpq5") && !machine.contains("acknowledged: on it"), "{machine}");
    stage.key("f");
    let alerts = stage.picture();
    assert!(alerts.contains("incident 1 opened") && !alerts.contains("libpq5"), "{alerts}");
    stage.key("f");
    stage.key("f");
    let pinned = stage.picture();
    assert!(pinned.contains("only pinned") && pinned.contains('◆'), "{pinned}");
    stage.press("back");
    assert!(!stage.picture().contains("only pinned"));
    stage.key("/");
    stage.type_text("libpq5");
    stage.press("confirm");
    let found = stage.picture();
    assert!(found.contains("libpq5") && !found.contains("incident 1 opened"), "{found}");

    open(&mut stage, Screen::Timeline);
    assert!(stage.picture().contains("alert fires"));
    stage.key("f");
    let people = stage.picture();
    assert!(people.contains("only people") && people.contains("incident 1 acknowledged") && !people.contains("alert fires"), "{people}");
    stage.press("back");
    stage.key("/");
    stage.type_text("checkout");
    stage.press("confirm");
    let found = stage.picture();
    assert!(found.contains("/checkout") && !found.contains("deployed"), "{found}");
}

#[test]
fn a_line_typed_anywhere_lands_in_the_current_incident() {
    // At an incident: in that one.
    let mut stage = desk((120, 40), false);
    open(&mut stage, Screen::Incident(ONE));
    open(&mut stage, Screen::Run("nightly-orders/1".parse().unwrap()));
    stage.key(";");
    stage.type_text("the file is broken; again");
    stage.press("confirm");
    let said = Command::Note { incident: ONE, text: "the file is broken; again".into() };
    assert_eq!(stage.commands().last(), Some(&&said));
    // Nowhere near one: in the one that I work on.
    let mut stage = desk((120, 40), false);
    open(&mut stage, Screen::Timeline);
    stage.key(";");
    stage.type_text("mine");
    stage.press("confirm");
    assert_eq!(stage.commands().last(), Some(&&Command::Note { incident: ONE, text: "mine".into() }));
    // With several that nobody works on it asks.
    let mut story = Story::new();
    story.incident(1, "the cart is slow", Severity::High, 900, AlertCause::Outside { link: None });
    story.incident(2, "the feed is late", Severity::Critical, 600, AlertCause::Outside { link: None });
    let mut stage = Stage::with(&story, (120, 40));
    open(&mut stage, Screen::Flows(None));
    stage.key(";");
    let picture = stage.picture();
    assert!(picture.contains("a line for an incident") && picture.contains("2 the feed is late"), "{picture}");
    stage.type_text("which one");
    stage.press("confirm");
    assert!(
        matches!(stage.commands().last(), Some(Command::Note { text, incident: IncidentId(2) }) if text == "which one"),
        "{:?}",
        stage.commands()
    );
    // With none it says so.
    let mut stage = Stage::with(&Story::new(), (120, 40));
    stage.key(";");
    assert!(stage.picture().contains("no incident is open"));
}

fn file(name: &str, from: &str, first_error: Option<u64>, problem: Option<&str>) -> EvidenceFile {
    EvidenceFile {
        name: name.into(),
        from: from.into(),
        bytes: 12_700,
        sha256: "0".repeat(64),
        first_error,
        masked: u64::from(first_error.is_some()) * 3,
        left_out: 0,
        read: 40_000,
        problem: problem.map(Into::into),
    }
}

#[test]
fn evidence_is_listed_opened_at_the_first_error_and_gathered_by_a_key() {
    let mut stage = desk((120, 40), false);
    let state = tempfile::tempdir().unwrap();
    let folder = state.path().join("evidence/1/1");
    std::fs::create_dir_all(&folder).unwrap();
    let lines: String = (1..=200)
        .map(|line| if line == 120 { "ERROR no role etl \u{1b}]0;owned\u{7}\n".to_owned() } else { format!("line {line}\n") })
        .collect();
    std::fs::write(folder.join("web.error.log"), lines).unwrap();
    stage.app.session.welcome.as_mut().unwrap().state = state.path().to_str().unwrap().into();
    let at = "2026-11-21T01:20:00Z".parse().unwrap();
    let files = vec![
        file("web.error.log", "/var/log/shop/error.log", Some(120), None),
        file("", "/var/log/shop/\u{1b}[31mslow.log", None, Some("is not there")),
    ];
    let capsule = Arc::new(Capsule { number: 1, from: at, to: at, files, problem: None });
    let names = vec!["web".into()];
    stage.entry(Author::Engine, Event::EvidenceAsked { incident: ONE, number: 1, names });
    stage.entry(Author::Engine, Event::EvidenceTaken { incident: ONE, capsule });
    open(&mut stage, Screen::Incident(ONE));
    let page = stage.picture();
    assert!(page.contains("first error in web.error.log line 120"), "{page}");
    stage.key("e");
    assert_eq!(stage.app.screen(), Some(&Screen::Evidence(ONE)));
    let list = stage.picture();
    assert!(list.contains("web.error.log") && list.contains("error line 120") && list.contains("3 masked"), "{list}");
    assert!(list.contains("is not there") && !list.contains('\u{1b}'), "{list}");
    insta::assert_snapshot!("evidence_120x40", stage.picture_with_roles());
    stage.key("e");
    assert!(matches!(stage.commands().last(), Some(Command::TakeEvidence { incident: ONE })));
    stage.press("open");
    let found = (0..200).any(|_| {
        std::thread::yield_now();
        stage.send(dogwatch::console::Msg::Woken);
        let picture = stage.picture();
        assert!(!picture.contains('\u{1b}'));
        let is = picture.contains("ERROR no role etl");
        if !is {
            std::thread::park_timeout(std::time::Duration::from_millis(20));
        }
        is
    });
    assert!(found, "it is opened at the first error: {}", stage.picture());
    let _ = ana();
}
