//! The queue as people use it: its page, its keys, silences, many at once; and the same through the front door for
//! scripts.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what a test builds is right, or the test fails")]

mod stage;
mod support;

use dogwatch::console::{Screen, Target};
use dogwatch::domain::incident::AlertNotice;
use dogwatch::domain::overlay::MaintenanceTime;
use dogwatch::domain::{
    Accepted, AlertCause, Author, Command, Event, Fingerprint, IncidentId, Labels, MaintenanceWindow, Matcher, Severity, SilenceId,
    SourceId,
};
use dogwatch::journal::Journal;
use dogwatch::wire::message::{Answer, Ask, Hello, Request, Said, VERSION};
use jiff::{SignedDuration, Timestamp};
use stage::{Stage, Story, ago, ana, now};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::{Workspace, until};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn mia() -> Author {
    Author::Person { uid: 1001, user: "mia".into(), login_uid: None, sudo_claim: None }
}

fn later(minutes: i64) -> Timestamp {
    now() + SignedDuration::from_mins(minutes)
}

/// An incident from outside with a service.
fn outside(story: &mut Story, number: u32, service: &str, title: &str, severity: Severity, opened: i64) {
    let labels: Labels = [("alertname", title), ("service", service)].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let alert = Fingerprint::of(&labels);
    let (source, cause) = (SourceId::new("monitoring"), AlertCause::Outside { link: None });
    let notice = AlertNotice { labels, severity, summary: title.to_owned(), cause };
    story.tell(opened, Author::Engine, Event::AlertFiring { alert, source, notice });
    let group = Labels::from([("service".to_owned(), service.to_owned())]);
    let (incident, title) = (IncidentId(number), title.to_owned());
    story.tell(opened, Author::Engine, Event::IncidentOpened { incident, title, severity, group, alert, previous: None });
}

/// Everything that can lie over an incident.
fn overlaid() -> Story {
    let mut story = Story::busy();
    outside(&mut story, 42, "mail", "the queue is long", Severity::High, 7_200);
    outside(&mut story, 43, "web", "certificate ends soon", Severity::Warning, 5_400);
    outside(&mut story, 44, "db", "replica lags", Severity::High, 3_600);
    outside(&mut story, 45, "web", "latency 812 ms", Severity::High, 2_000);
    outside(&mut story, 46, "cache", "hit rate 12 %", Severity::Info, 1_900);
    let id = IncidentId;
    story.tell(1_800, mia(), Event::IncidentSnoozed { incident: id(43), until: later(340), reason: Some("renewal is ordered".into()) });
    let matchers: Vec<Matcher> = vec!["service=\"db\"".parse().unwrap()];
    story.tell(1_700, ana(), Event::SilenceMade { silence: SilenceId(1), matchers, until: later(55), reason: "index rebuild".into() });
    story.tell(1_600, ana(), Event::IncidentAcknowledged { incident: id(42), note: Some("looking".into()) });
    story.tell(1_500, ana(), Event::IncidentHandedOver { incident: id(42), to: "mia".into(), note: None });
    story.tell(1_400, mia(), Event::IncidentMitigated { incident: id(45), note: Some("traffic moved".into()) });
    let window = MaintenanceWindow {
        name: "cache-night".into(),
        matchers: vec!["service=cache".parse().unwrap()],
        flows: Vec::new(),
        probes: Vec::new(),
        when: MaintenanceTime::Once { from: ago(1_900), to: later(120) },
        reason: "new nodes".into(),
    };
    story.tell(1_300, Author::Engine, Event::MaintenanceDefined { windows: vec![Arc::new(window)] });
    story.tell(1_300, Author::Engine, Event::MaintenanceBegan { window: "cache-night".into(), until: later(120) });
    story.tell(60, Author::Engine, Event::AcknowledgementAsked { incident: id(42), until: later(4) });
    story
}

fn queue(size: (u16, u16)) -> Stage {
    let mut stage = Stage::with(&overlaid(), size);
    stage.press("queue");
    stage
}

/// The queue with the cursor on an incident.
fn on(number: u32) -> Stage {
    let mut stage = queue((120, 40));
    for _ in 0..20 {
        if stage.app.target() == Some(Target::Incident(IncidentId(number))) {
            return stage;
        }
        stage.press("down");
    }
    panic!("{number} is not in the queue:\n{}", stage.picture());
}

#[test]
fn the_page_of_the_queue() {
    for size in SIZES {
        let mut stage = queue(size);
        insta::assert_snapshot!(format!("queue_{}x{}", size.0, size.1), stage.picture_with_roles());
    }
    let mut stage = queue((120, 40));
    stage.press("group-queue");
    stage.press("sort-queue");
    insta::assert_snapshot!("queue_grouped_120x40", stage.picture());
}

#[test]
fn the_page_of_silences() {
    for size in SIZES {
        let mut stage = Stage::with(&overlaid(), size);
        let matchers: Vec<Matcher> = vec!["flow=nightly-orders".parse().unwrap()];
        stage.entry(mia(), Event::SilenceMade { silence: SilenceId(2), matchers, until: later(10), reason: "rerun by hand".into() });
        stage.entry(mia(), Event::SilenceEnded { silence: SilenceId(2), reason: "taken back".into() });
        stage.press("silences");
        insta::assert_snapshot!(format!("silences_{}x{}", size.0, size.1), stage.picture_with_roles());
    }
}

#[test]
fn an_incident_says_what_lies_over_it_who_why_and_until_when() {
    for size in SIZES {
        let mut stage = Stage::with(&overlaid(), size);
        stage.app.session.open(Screen::Incident(IncidentId(43)));
        stage.press("redraw");
        insta::assert_snapshot!(format!("incident_snoozed_{}x{}", size.0, size.1), stage.picture_with_roles());
    }
    for (number, words) in [(44, "silence 1 by ana"), (46, "maintenance cache-night"), (45, "mitigated by mia"), (42, "mia has it")] {
        let mut stage = Stage::with(&overlaid(), (120, 40));
        stage.app.session.open(Screen::Incident(IncidentId(number)));
        stage.press("redraw");
        assert!(stage.picture().contains(words), "{words}\n{}", stage.picture());
    }
}

#[test]
fn a_snooze_has_an_end_and_the_same_key_takes_it_back() {
    let mut stage = on(44);
    stage.press("snooze");
    assert!(stage.picture().contains("comes back by itself"), "{}", stage.picture());
    stage.press("confirm");
    let until = stage.now + SignedDuration::from_hours(1);
    assert_eq!(stage.commands(), [&Command::Snooze { incident: IncidentId(44), until, reason: None }]);
    let mut stage = on(43);
    stage.press("snooze");
    stage.press("confirm");
    assert_eq!(stage.commands(), [&Command::Unsnooze { incident: IncidentId(43) }]);
}

#[test]
fn a_mark_is_seen_under_the_cursor() {
    let mut stage = on(44);
    stage.press("mark-all");
    let picture = stage.picture();
    assert!(picture.lines().any(|line| line.starts_with('◆')) && !picture.lines().any(|line| line.starts_with('▌')), "{picture}");
}

#[test]
fn whose_it_is_and_that_the_impact_is_over() {
    let mut stage = on(42);
    stage.press("claim");
    stage.press("confirm");
    stage.press("give");
    assert!(stage.picture().contains("fill in `to` to see what it does"), "{}", stage.picture());
    stage.press("confirm");
    assert_eq!(stage.commands(), [&Command::Claim { incident: IncidentId(42) }], "a person is asked for");
    stage.type_text("leo");
    stage.press("confirm");
    let given = Command::HandOver { incident: IncidentId(42), to: "leo".into(), note: None };
    assert_eq!(stage.commands().last(), Some(&&given));
    let mut stage = on(45);
    stage.press("mitigate");
    stage.press("confirm");
    assert_eq!(stage.commands(), [&Command::Unmitigate { incident: IncidentId(45) }]);
}

#[test]
fn a_silence_is_filled_in_and_previewed() {
    let mut stage = on(44);
    stage.asked.clear();
    stage.press("silence");
    let previewed = stage.asked.iter().find_map(|request| match &request.ask {
        Ask::Command { command: Command::Silence { matchers, .. }, dry_run: true, .. } => Some((request.id, matchers.clone())),
        _ => None,
    });
    let (id, matchers) = previewed.expect("the preview is asked for before anything is typed");
    assert_eq!(matchers, ["service=db".parse().unwrap()], "what the incident groups by");
    let lines = vec!["hides now: 1 alert in 1 incident".to_owned(), "would have hidden nothing in the last 7 days".to_owned()];
    stage.answer(id, Answer::Accepted(Accepted::WouldDo(lines)));
    assert!(stage.picture().contains("hides now: 1 alert"), "{}", stage.picture());
    stage.type_text("index rebuild");
    stage.press("confirm");
    let until = stage.now + SignedDuration::from_hours(1);
    assert_eq!(stage.commands(), [&Command::Silence { matchers, until, reason: "index rebuild".into() }]);
}

#[test]
fn marked_incidents_become_part_of_one() {
    let mut stage = queue((120, 40));
    stage.press("filter");
    stage.type_text("service:web");
    stage.press("confirm");
    stage.press("mark-all");
    stage.press("merge");
    let shown = stage.picture();
    assert!(shown.contains("45  latency 812 ms") && shown.contains("into"), "{shown}");
    stage.press("confirm");
    assert_eq!(stage.commands(), [&Command::Merge { incident: IncidentId(43), into: IncidentId(45) }]);
    let mut stage = on(44);
    stage.press("split");
    assert!(stage.commands().is_empty() && stage.app.toasts().iter().any(|toast| toast.words.contains("one alert only")));
}

#[test]
fn who_was_asked_answers_with_one_key_from_anywhere() {
    let mut story = overlaid();
    story.tell(30, ana(), Event::IncidentAcknowledged { incident: IncidentId(44), note: None });
    story.tell(20, Author::Engine, Event::AcknowledgementAsked { incident: IncidentId(44), until: later(5) });
    let mut stage = Stage::with(&story, (120, 40));
    assert!(stage.picture().contains("still on incident 42? alt-a yes"), "{}", stage.picture());
    stage.press("pane-1");
    stage.press("still-on-it");
    let yes = [42, 44].map(|number| Command::Acknowledge { incident: IncidentId(number), note: None });
    assert_eq!(stage.commands(), yes.iter().collect::<Vec<_>>());
}

#[test]
fn filters_by_state_owner_and_label() {
    let mut stage = queue((120, 40));
    let mut shown = |filter: &str| {
        stage.press("filter");
        stage.type_text(filter);
        stage.press("confirm");
        let text = stage.picture();
        stage.press("back");
        (39..=46).filter(|number| text.lines().any(|line| line.contains(&format!(" {number} ")))).collect::<Vec<u32>>()
    };
    assert_eq!(shown("is:silenced"), [44, 46]);
    assert_eq!(shown("is:snoozed"), [43]);
    assert_eq!(shown("owner:mia"), [42]);
    assert_eq!(shown("service:web is:mitigated"), [45]);
    assert_eq!(shown("severity:high long"), [42]);
    assert_eq!(shown("is:nonsense"), [0_u32; 0]);
}

/// A world with so many open incidents.
fn many(rows: u32) -> Story {
    let mut story = Story::new();
    for number in 1..=rows {
        let severity = Severity::ALL[number as usize % 4];
        outside(&mut story, number, &format!("service-{:03}", number % 200), &format!("host-{number:05} is full"), severity, 3_600);
    }
    story
}

/// Frames are measured without optimisation here; the budget's own figure is in `benches/budgets`.
const FRAME: Duration = Duration::from_millis(1_500);

#[test]
fn ten_thousand_incidents_are_filtered_sorted_marked_and_acknowledged() {
    const ROWS: u32 = 10_000;
    let mut stage = Stage::with(&many(ROWS), (120, 40));
    stage.press("queue");
    stage.picture();
    let timed = |stage: &mut Stage, what: &str, act: &dyn Fn(&mut Stage)| {
        let began = Instant::now();
        act(stage);
        stage.picture();
        assert!(began.elapsed() < FRAME, "{what} took {:?}", began.elapsed());
    };
    timed(&mut stage, "sort", &|stage| stage.press("sort-queue"));
    timed(&mut stage, "group", &|stage| stage.press("group-queue"));
    timed(&mut stage, "filter", &|stage| {
        stage.press("filter");
        stage.type_text("9");
    });
    stage.press("confirm");
    stage.press("back");
    timed(&mut stage, "mark all", &|stage| stage.press("mark-all"));
    stage.asked.clear();
    timed(&mut stage, "ack", &|stage| stage.press("ack"));
    let text = stage.picture();
    assert!(text.contains("9900 more are done alike"), "one preview, of the first: {text}");
    assert_eq!(stage.asked.len(), 100, "dry runs");
    stage.asked.clear();
    stage.press("confirm");
    // Requests go out as answers come, so that the way to the daemon is never overrun.
    let mut done = 0;
    while done < ROWS {
        let ready: Vec<_> = std::mem::take(&mut stage.asked);
        assert!(!ready.is_empty() && ready.len() <= 200, "{} under way after {done}", ready.len());
        let incident = |request: &Request| match &request.ask {
            Ask::Command { command: Command::Acknowledge { incident, .. }, .. } => *incident,
            other => panic!("{other:?}"),
        };
        // Answers and entries come on two ways: either may be first.
        if done % 400 == 0 {
            for request in &ready {
                stage.answer(request.id, Answer::Accepted(Accepted::Done));
            }
            for request in &ready {
                stage.entry(ana(), Event::IncidentAcknowledged { incident: incident(request), note: None });
            }
        } else {
            for request in &ready {
                stage.entry(ana(), Event::IncidentAcknowledged { incident: incident(request), note: None });
                stage.answer(request.id, Answer::Accepted(Accepted::Done));
            }
        }
        done += u32::try_from(ready.len()).unwrap();
    }
    // The last answer is put away with the next news.
    stage.wait(3);
    assert_eq!((stage.app.session.world.tally.unacknowledged, stage.app.session.pending.len()), (0, 0));
}

/// A journal with so many open incidents, and a daemon that has it.
fn house(rows: u32) -> Workspace {
    let mut workspace = Workspace::new();
    workspace.serve();
    let state = workspace.json(&["status"])["state"].as_str().unwrap().to_owned();
    workspace.ok(&["stop"]);
    let mut journal = Journal::open(std::path::Path::new(&state)).unwrap();
    for entry in many(rows).entries.iter().skip(1) {
        journal.append(entry.at, &entry.author, entry.event.clone()).unwrap();
    }
    journal.commit().unwrap();
    journal.close().unwrap();
    workspace.serve();
    workspace
}

/// The budget is one second with optimisation (BUDGETS: storm); a test without it on a busy machine has more room.
const ACK_ALL: Duration = Duration::from_secs(if cfg!(debug_assertions) { 30 } else { 1 });

#[test]
fn ten_thousand_acknowledgements_are_durable_together() {
    const ROWS: u32 = 10_000;
    let workspace = house(ROWS);
    let socket = until("the socket", || workspace.socket());
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    let hello = Hello { version: VERSION, shape: dogwatch::world::SHAPE.into(), release: "test".into(), sudo_claim: None };
    let line = |value: String| value + "\n";
    stream.write_all(line(serde_json::to_string(&hello).unwrap()).as_bytes()).unwrap();
    let mut greeting = String::new();
    lines.read_line(&mut greeting).unwrap();
    let began = Instant::now();
    let (mut asked, mut answered) = (0, 0);
    while answered < ROWS {
        while asked < ROWS && asked - answered < 200 {
            asked += 1;
            let command = Command::Acknowledge { incident: IncidentId(asked), note: None };
            let request = Request { id: u64::from(asked), ask: Ask::Command { key: format!("k{asked}"), command, dry_run: false } };
            stream.write_all(line(serde_json::to_string(&request).unwrap()).as_bytes()).unwrap();
        }
        let mut text = String::new();
        lines.read_line(&mut text).unwrap();
        if let Ok(Said::Answer { result, .. }) = serde_json::from_str(&text) {
            result.unwrap();
            answered += 1;
        }
    }
    let took = began.elapsed();
    println!("10,000 acknowledgements durable in {took:?}");
    assert!(took < ACK_ALL, "{took:?}");
    let status = workspace.json(&["status"]);
    assert_eq!((status["incidents"]["open"].as_u64(), status["incidents"]["unacknowledged"].as_u64()), (Some(10_000), Some(0)));
}

#[test]
fn the_verbs_through_the_front_door_for_scripts() {
    let workspace = house(3);
    let list = workspace.json(&["incidents"]);
    assert_eq!(list[0]["priority"], 2, "{list}");
    let preview = workspace.ok(&["snooze", "1", "--for", "1h", "--dry-run"]);
    assert!(preview.contains("put off until"), "{preview}");
    workspace.ok(&["snooze", "1", "--for", "1h", "--reason", "later"]);
    assert_eq!(workspace.run(&["snooze", "1"]).status.code(), Some(2), "it always has an end");
    assert!(workspace.ok(&["incident", "1"]).contains("snoozed by"));
    workspace.ok(&["unsnooze", "1"]);
    workspace.ok(&["claim", "1"]);
    workspace.ok(&["give", "1", "--to", "mia", "--note", "see runbook"]);
    assert_eq!(workspace.json(&["incident", "1"])["owner"]["name"], "mia");
    assert!(workspace.ok(&["incident", "1"]).contains("mia has it"));
    workspace.ok(&["mitigate", "2", "--note", "traffic moved"]);
    assert!(workspace.json(&["incident", "2"])["mitigated_at"].is_string());
    workspace.ok(&["ack", "1"]);
    assert_eq!(workspace.ok(&["incident", "1"]).lines().filter(|line| line.contains("acknowledged by") && !line.contains("  ")).count(), 1);
    workspace.ok(&["unack", "1"]);
    workspace.ok(&["snooze", "2", "--for", "1h"]);
    assert!(workspace.ok(&["incidents"]).contains("mitigated, snoozed"));
    workspace.ok(&["unsnooze", "2"]);
    workspace.ok(&["mitigate", "2", "--undo"]);

    let preview = workspace.ok(&["silence", "service=~\"service-00.*\"", "--for", "1h", "--reason", "x", "--dry-run"]);
    assert!(preview.contains("hides now: 3 alerts in 3 incidents") && preview.contains("last 7 days"), "{preview}");
    // What a reason holds is shown, not obeyed, wherever it is told (bidi override, a tag character).
    workspace.ok(&["silence", "service=service-002", "--for", "1h", "--reason", "safe \u{202e}gnihton\u{e0041}"]);
    for told in [workspace.ok(&["silences"]), workspace.ok(&["incident", "2"]), workspace.ok(&["events"])] {
        assert!(!told.contains('\u{202e}') && !told.contains('\u{e0041}') && told.contains("gnihton"), "{told}");
    }
    let incident = workspace.json(&["incident", "2"]);
    assert_eq!(incident["overlays"][0]["kind"], "silenced", "{incident}");
    workspace.ok(&["extend", "1", "--for", "3h"]);
    workspace.ok(&["unsilence", "1"]);
    assert_eq!(workspace.run(&["unsilence", "1"]).status.code(), Some(1));
    assert_eq!(workspace.json(&["silences", "--all"])["silences"][0]["ended"], "taken back");
    assert_eq!(workspace.run(&["silence", "team!=ops", "--for", "1h", "--reason", "x"]).status.code(), Some(1), "that is everything");
    assert_eq!(workspace.run(&["silence", "service=~\"(\"", "--for", "1h", "--reason", "x"]).status.code(), Some(2));

    let lines = workspace.ok(&["merge", "3", "1", "--dry-run"]);
    let undo = lines.lines().find(|line| line.starts_with("to undo it")).unwrap().to_owned();
    workspace.ok(&["merge", "3", "1"]);
    let words: Vec<&str> = undo.split_whitespace().skip_while(|word| *word != "split").collect();
    assert_eq!(workspace.ok(&words).trim(), "4", "the undo that it names is one");
    workspace.ok(&["verify"]);
}

#[test]
fn the_workspace_says_when_trouble_is_expected() {
    let mut workspace = Workspace::new();
    let text = |tail: &str| format!("name = \"test\"\ntimezone = \"Europe/Berlin\"\n{tail}");
    // Whenever the test runs, the window of the night is half a day away.
    let night = dogwatch::clock::now().in_tz("Europe/Berlin").unwrap().hour() + 12;
    let good = format!(
        "[ack]\nexpires = \"1h\"\nask = \"10m\"\n[grouping]\nby = [\"service\"]\n\
        [[maintenance]]\nname = \"night\"\nmatch = [\"service=shop\"]\nflows = [\"nightly-*\"]\nschedule = \"0 {} * * *\"\nfor = \"2h\"\n\
        [[maintenance]]\nname = \"move\"\nprobes = [\"home\"]\nfrom = \"2020-01-01T00:00\"\nto = 2099-01-01T00:00:00\nreason = \"new hall\"\n",
        night % 24
    );
    workspace.file("dogwatch.toml", &text(&good));
    workspace.serve();
    let rows = until("the window that lasts", || {
        let rows = workspace.json(&["silences"])["maintenance"].clone();
        (rows[0]["lasts"] == true).then_some(rows)
    });
    assert_eq!((rows[0]["name"].as_str(), rows[1]["name"].as_str(), &rows[1]["lasts"]), (Some("move"), Some("night"), &false.into()));
    assert_eq!(rows[0]["until"], "2098-12-31T23:00:00Z", "local times are the workspace's");
    for (wrong, words) in [
        ("[[maintenance]]\nname = \"a\"\nschedule = \"0 3 * * *\"\nfor = \"2h\"\n", "is about nothing"),
        ("[[maintenance]]\nname = \"a\"\nflows = [\"x\"]\n", "not said when"),
        ("[[maintenance]]\nname = \"a\"\nflows = [\"x\"]\nfrom = \"2026-01-02T00:00\"\nto = \"2026-01-01T00:00\"\n", "not later than"),
        ("[[maintenance]]\nname = \"a\"\nmatch = [\"service\"]\nschedule = \"0 3 * * *\"\nfor = \"2h\"\n", "a matcher such as"),
        ("[ack]\nexpires = \"5m\"\nask = \"10m\"\n", "must be shorter"),
        ("group_by = [\"a\"]\n[grouping]\nby = [\"b\"]\n", "the same twice"),
    ] {
        workspace.file("dogwatch.toml", &text(wrong));
        let output = workspace.run(&["check"]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(words), "{words}\n{said}");
    }
}
