//! The detail pages as a person sees them: text and roles, empty, busy and failed, at three sizes; and keys pressed
//! through the real app.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use dogwatch::console::link::News;
use dogwatch::console::{Action, App, Msg, Options, Out, Role, Screen, Target, Theme};
use dogwatch::domain::flow::Retry;
use dogwatch::domain::probe::{Expectation, Target as ProbeTarget};
use dogwatch::domain::run::RunCause;
use dogwatch::domain::{
    AttemptEnd, AttemptId, Author, CommandLine, Entry, Event, FlowDefinition, FlowId, Health, Job, Level, Outcome, ProbeDefinition, RunId,
    Sample, Severity, StepDefinition, Verdict,
};
use dogwatch::wire::message::{Answer, Ask, Said, VERSION, Welcome, output_path};
use dogwatch::world::{SHAPE, World};
use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn at(text: &str) -> Timestamp {
    format!("2026-11-21T{text}Z").parse().unwrap()
}

fn now() -> Timestamp {
    at("02:41:00")
}

fn step(name: &str, needs: &[&str]) -> StepDefinition {
    StepDefinition {
        run: Some(CommandLine::Shell(format!("bin/{name}"))),
        needs: needs.iter().map(|need| (*need).into()).collect(),
        retry: Retry { attempts: 2, ..Retry::default() },
        ..StepDefinition::new(name)
    }
}

fn flow(name: &str, steps: Vec<StepDefinition>) -> FlowDefinition {
    FlowDefinition {
        description: "Load yesterday's orders into the warehouse".into(),
        file: format!("flows/{name}.toml"),
        zone: "Europe/Rome".into(),
        schedules: vec!["30 2 * * *".into()],
        must_start_by: Some(jiff::civil::time(2, 45, 0, 0)),
        severity: Severity::Critical,
        runbook: Some("orders-load".into()),
        params: [("region".to_owned(), "eu".to_owned())].into(),
        steps,
        ..FlowDefinition::new(name)
    }
}

fn orders() -> FlowDefinition {
    let steps = vec![
        step("fetch", &[]),
        step("check", &["fetch"]),
        step("load", &["check"]),
        step("archive", &["check"]),
        step("report", &["load", "archive"]),
    ];
    flow("nightly-orders", steps)
}

fn probe() -> ProbeDefinition {
    let target = ProbeTarget::Http {
        url: "https://shop.example/".into(),
        method: "GET".into(),
        headers: dogwatch::domain::Labels::new(),
        body: None,
        ca_file: None,
    };
    ProbeDefinition {
        file: "probes/shop.toml".into(),
        every: Duration::from_secs(30),
        expect: Expectation { below: Some(Duration::from_millis(800)), ..Expectation::default() },
        severity: Severity::Critical,
        runbook: Some("site-down".into()),
        ..ProbeDefinition::new("home", target)
    }
}

/// A world that is made of entries, as in life.
struct Story {
    world: World,
    seq: u64,
}

impl Story {
    fn new() -> Self {
        let mut story = Self { world: World::new(), seq: 0 };
        story.tell(
            "00:00:00",
            Event::WorkspaceLoaded { name: "shop-prod".into(), zone: "UTC".into(), max_running: 64, group_by: vec!["source".into()] },
        );
        story.tell("00:00:00", Event::FlowDefined { flow: Arc::new(orders()) });
        story.tell("00:00:00", Event::ProbeDefined { probe: Arc::new(probe()) });
        story
    }

    fn tell(&mut self, time: &str, event: Event) {
        self.seq += 1;
        self.world.apply(&Entry { seq: self.seq, at: at(time), author: Author::Engine, event });
    }

    fn created(&mut self, time: &str, number: u32) -> RunId {
        let run = RunId::numbered("nightly-orders".into(), number);
        let flow = self.world.flow(&"nightly-orders".into()).unwrap();
        let definition = flow.digest.clone();
        self.tell(
            time,
            Event::RunCreated {
                run: run.clone(),
                cause: RunCause::Person { reason: Some("the feed came late".into()) },
                planned_at: at(time),
                date: "2026-11-20".parse().unwrap(),
                params: [("region".to_owned(), "eu".to_owned())].into(),
                definition,
                choice: dogwatch::domain::run::DefinitionChoice::Ran,
                carried: Vec::new(),
            },
        );
        run
    }

    fn began(&mut self, time: &str, run: &RunId, step: &str, number: u32) -> AttemptId {
        let attempt = AttemptId { job: Job::Step { run: run.clone(), step: step.into() }, number };
        self.tell(time, Event::AttemptStarting { attempt: attempt.clone(), boot_id: "boot".into() });
        self.tell(time, Event::AttemptStarted { attempt: attempt.clone(), pid: 4711, started_at: at(time) });
        attempt
    }

    fn ended(&mut self, time: &str, attempt: &AttemptId, end: AttemptEnd) {
        self.tell(
            time,
            Event::AttemptEnded { attempt: attempt.clone(), end, ended_at: at(time), output_bytes: 14_540, survivors: Vec::new() },
        );
    }

    fn done(&mut self, time: &str, attempt: &AttemptId, end: AttemptEnd) {
        self.ended(time, attempt, end.clone());
        let Job::Step { run, step } = &attempt.job else { unreachable!() };
        let outcome = if end.is_success() { Outcome::Success } else { Outcome::Failed { cause: end } };
        self.tell(time, Event::StepEnded { run: run.clone(), step: step.clone(), outcome });
    }

    fn good_run(&mut self, number: u32, hour: u32) -> RunId {
        let time = |minute: u32| format!("{hour:02}:{minute:02}:00");
        let run = self.created(&time(0), number);
        for (place, step) in ["fetch", "check", "load", "archive", "report"].into_iter().enumerate() {
            let attempt = self.began(&time(place as u32 * 2), &run, step, 1);
            self.done(&time(place as u32 * 2 + 2), &attempt, AttemptEnd::Exit(0));
        }
        self.tell(&time(10), Event::RunEnded { run: run.clone(), outcome: Outcome::Success });
        run
    }

    /// A good run, then one that runs and is trying its load again.
    fn busy() -> Self {
        let mut story = Self::new();
        story.good_run(1, 1);
        let run = story.created("02:30:00", 2);
        let fetch = story.began("02:30:00", &run, "fetch", 1);
        story.done("02:32:00", &fetch, AttemptEnd::Exit(0));
        let check = story.began("02:32:00", &run, "check", 1);
        story.done("02:33:00", &check, AttemptEnd::Exit(0));
        let load = story.began("02:33:00", &run, "load", 1);
        let archive = story.began("02:33:00", &run, "archive", 1);
        story.ended("02:36:00", &load, AttemptEnd::Exit(75));
        story.tell("02:36:00", Event::RetryPlanned { run: run.clone(), step: "load".into(), at: at("02:37:00") });
        story.began("02:37:00", &run, "load", 2);
        story.done("02:38:00", &archive, AttemptEnd::Exit(0));
        story.tell("02:38:30", Event::ProbeChanged { probe: "home".into(), from: Health::Unknown, to: Health::Up, reason: String::new() });
        story
    }

    /// The same, and the load has failed for good, and the site is down.
    fn failed() -> Self {
        let mut story = Self::busy();
        let run = RunId::numbered("nightly-orders".into(), 2);
        let load = AttemptId { job: Job::Step { run: run.clone(), step: "load".into() }, number: 2 };
        story.done("02:39:00", &load, AttemptEnd::Exit(1));
        story.tell("02:39:00", Event::StepEnded { run: run.clone(), step: "report".into(), outcome: Outcome::UpstreamFailed });
        story.tell("02:39:00", Event::RunEnded { run, outcome: Outcome::Failed { cause: AttemptEnd::Exit(1) } });
        for (bad, time) in (1..3).zip(["02:39:30", "02:40:00"]) {
            let from = if bad == 1 { Health::Up } else { Health::Soft { bad: 1, of: 3 } };
            let to = Health::Soft { bad, of: 3 };
            story.tell(time, Event::ProbeChanged { probe: "home".into(), from, to, reason: "status 503, expected 200".into() });
        }
        let (from, to) = (Health::Soft { bad: 2, of: 3 }, Health::Down { good: 0, of: 2 });
        story.tell("02:40:30", Event::ProbeChanged { probe: "home".into(), from, to, reason: "status 503, expected 200".into() });
        story
    }
}

/// The real app over a world, with a state folder of its own.
struct Desk {
    app: App,
    state: TempDir,
    outs: Vec<Out>,
}

impl Desk {
    fn new(story: &Story) -> Self {
        Self::with(story, Options { theme: Theme::told_apart(), ..Options::default() })
    }

    fn with(story: &Story, options: Options) -> Self {
        let state = tempfile::tempdir().unwrap();
        let mut desk = Self { app: App::new(options, now()), state, outs: Vec::new() };
        desk.tell(News::Connected(Box::new(Welcome {
            version: VERSION,
            shape: SHAPE.into(),
            release: "0.1.0".into(),
            pid: 1,
            level: Level::Operator,
            user: "ana".into(),
            workspace: "/dev/null/shop".into(), // no machine has anything there
            state: desk.state.path().display().to_string(),
            read_only: None,
            door: None,
        })));
        for part in story.world.parts() {
            desk.said(Said::Part(Box::new(part)));
        }
        desk.said(Said::Live { seq: story.seq });
        desk
    }

    fn tell(&mut self, news: News) {
        self.hear(Msg::News(news));
    }

    fn said(&mut self, said: Said) {
        self.tell(News::Said(Box::new(said)));
    }

    fn hear(&mut self, msg: Msg) {
        let outs = self.app.handle(msg, now());
        self.outs.extend(outs);
    }

    fn open(&mut self, screen: Screen) {
        self.app.session.open(screen);
        self.hear(Msg::Tick);
    }

    fn press(&mut self, action: Action) {
        self.app.press(action);
        self.hear(Msg::Tick);
    }

    fn write(&self, attempt: &AttemptId, content: &[u8]) {
        let path = output_path(self.state.path(), attempt);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        // Written now by the console's clock, whatever the machine's clock says.
        std::fs::File::options().write(true).open(path).unwrap().set_modified(now().into()).unwrap();
    }

    fn frame(&mut self, width: u16, height: u16) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        self.app.draw(&mut buffer);
        buffer
    }

    fn text(&mut self, width: u16, height: u16) -> String {
        text(&self.frame(width, height))
    }

    /// Lets the background work until the screen shows a text.
    fn until(&mut self, wanted: &str) -> String {
        let waker = self.app.session.waker.clone();
        let clock = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        loop {
            self.hear(Msg::Woken);
            let shown = self.text(120, 40);
            if shown.contains(wanted) {
                return shown;
            }
            let woken = clock.block_on(async { tokio::time::timeout(Duration::from_mins(1), waker.0.notified()).await });
            assert!(woken.is_ok(), "`{wanted}` never came:\n{shown}");
        }
    }

    /// The number of the last request of a kind.
    fn asked(&self, wanted: impl Fn(&Ask) -> bool) -> u64 {
        let found = self.outs.iter().rev().find_map(|out| match out {
            Out::Ask(request) if wanted(&request.ask) => Some(request.id),
            _ => None,
        });
        found.expect("it was asked for")
    }
}

fn text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let row: String = (buffer.area.left()..buffer.area.right()).map(|x| buffer[(x, y)].symbol()).collect();
        out.push_str(row.trim_end());
        out.push('\n');
    }
    out
}

/// Text, then what every stretch of it means: `y: role "text"`, so that a wrong colour is seen in a diff.
fn text_and_roles(buffer: &Buffer) -> String {
    use ratatui::style::Color;
    let mut out = text(buffer);
    out.push_str("----\n");
    let role = |color: Color| match color {
        Color::Indexed(number) => Role::ALL.get(usize::from(number) - 1).map(|(_, name)| *name),
        _ => None,
    };
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut runs: Vec<(String, String)> = Vec::new();
        for x in buffer.area.left()..buffer.area.right() {
            let cell = &buffer[(x, y)];
            let names: Vec<_> = [role(cell.fg), role(cell.bg)].into_iter().flatten().collect();
            let names = names.join("+");
            match runs.last_mut() {
                Some((last, text)) if *last == names => text.push_str(cell.symbol()),
                _ => runs.push((names, cell.symbol().to_owned())),
            }
        }
        let told: Vec<_> = runs
            .iter()
            .filter(|(names, text)| !names.is_empty() && names != "text" && !text.trim().is_empty())
            .map(|(names, text)| format!("{names} {:?}", text.trim()))
            .collect();
        if !told.is_empty() {
            writeln!(out, "{y:>2}: {}", told.join(", ")).unwrap();
        }
    }
    out
}

/// The page without the app's head line and footer, which have tests of their own.
fn page_of(frame: &Buffer) -> Buffer {
    let area = Rect { y: 1, height: frame.area.height - 2, ..frame.area };
    let mut page = Buffer::empty(Rect { y: 0, ..area });
    for y in 0..area.height {
        for x in 0..area.width {
            page[(x, y)] = frame[(x, y + 1)].clone();
        }
    }
    page
}

fn snapshots(name: &str, desk: &mut Desk) {
    for (width, height) in SIZES {
        let shown = text_and_roles(&page_of(&desk.frame(width, height)));
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), shown);
    }
}

fn run_two() -> RunId {
    RunId::numbered("nightly-orders".into(), 2)
}

fn load(number: u32) -> AttemptId {
    AttemptId { job: Job::Step { run: run_two(), step: "load".into() }, number }
}

fn each_state(name: &str, screen: impl Fn() -> Screen) {
    for (state, story) in [("empty", Story::new()), ("busy", Story::busy()), ("failed", Story::failed())] {
        let mut desk = Desk::new(&story);
        desk.open(screen());
        if let Screen::Probe(_) = screen() {
            let id = desk.asked(|ask| matches!(ask, Ask::Samples { .. }));
            let samples = if state == "empty" { Vec::new() } else { readings(state == "failed") };
            desk.said(Said::Answer { id, result: Ok(Answer::Samples(samples)) });
        }
        snapshots(&format!("{name}_{state}"), &mut desk);
    }
}

/// An hour of readings each 30 s: slow at times, a gap of ten minutes, failures at the end.
fn readings(failing: bool) -> Vec<Sample> {
    let start = now() - SignedDuration::from_mins(60);
    (0..120)
        .filter(|place| !(60..80).contains(place))
        .map(|place: i64| {
            let at = start + SignedDuration::from_secs(place * 30);
            let wave = u32::try_from((place * 7919) % 40).unwrap();
            match place {
                40..44 => Sample { at, verdict: Verdict::Degraded, latency_us: 850_000 + wave * 1_000 },
                117.. if failing => Sample { at, verdict: Verdict::Failed, latency_us: 10_000_000 },
                _ => Sample { at, verdict: Verdict::Ok, latency_us: 60_000 + wave * 5_000 },
            }
        })
        .collect()
}

#[test]
fn the_flow_page() {
    each_state("flow", || Screen::Flow("nightly-orders".into()));
}

#[test]
fn the_run_page() {
    each_state("run", || Screen::Run(run_two()));
}

#[test]
fn the_probe_page() {
    each_state("probe", || Screen::Probe("home".into()));
}

#[test]
fn the_timeline_page() {
    each_state("timeline", || Screen::Timeline);
}

#[test]
fn the_why_page() {
    each_state("why", || Screen::Why(Target::Flow("nightly-orders".into())));
}

#[test]
fn the_output_page() {
    let mut content = String::new();
    for number in 1..=200 {
        writeln!(content, "\x1b[32mloaded\x1b[0m orders {number:04}\t\x1b]0;evil\x07").unwrap();
    }
    content.push_str("checked: 0 errors\npsql: FATAL: role \"etl\" does not exist\nhalf a li");
    for (name, story, content) in [("empty", Story::busy(), ""), ("busy", Story::busy(), &*content), ("failed", Story::failed(), &*content)]
    {
        let mut desk = Desk::new(&story);
        desk.write(&load(2), content.as_bytes());
        desk.open(Screen::Output(load(2)));
        desk.until(if content.is_empty() { "nothing was printed yet" } else { "of 203" });
        snapshots(&format!("output_{name}"), &mut desk);
    }
    let mut desk = Desk::new(&Story::new());
    desk.open(Screen::Output(load(2)));
    snapshots("output_missing", &mut desk);
}

#[test]
fn an_output_is_searched_filtered_and_followed_by_keys() {
    let mut desk = Desk::new(&Story::failed());
    let mut content = String::new();
    for number in 1..=5_000 {
        let word = if number % 1_000 == 0 { "Timeout" } else { "fine" };
        writeln!(content, "line {number} {word}").unwrap();
    }
    content.push_str("0 errors\nERROR at last\n");
    desk.write(&load(2), content.as_bytes());
    desk.open(Screen::Output(load(2)));
    let shown = desk.until("of 5,002");
    assert!(shown.contains("ERROR at last") && !shown.contains("following"), "what has ended is not followed: {shown}");

    desk.press(Action::Top);
    assert!(desk.text(120, 40).contains("line 1 fine"));
    desk.press(Action::FirstError);
    desk.until("▸ERROR at last");

    desk.press(Action::Top);
    typed(&mut desk, Action::Search, "timeout");
    desk.until("▸line 1000 Timeout");
    desk.press(Action::SearchNext);
    desk.until("▸line 2000 Timeout");
    desk.press(Action::SearchPrevious);
    desk.until("▸line 1000 Timeout");
    desk.press(Action::SearchPrevious);
    desk.until("timeout: nothing further above");

    typed(&mut desk, Action::FilterOutput, "/00 T/");
    desk.until("only 00 T: 5 lines");
    // What is found is counted first and read then.
    let shown = desk.until("line 5000 Timeout");
    assert!(!shown.contains("fine"), "{shown}");
    desk.press(Action::Back);
    assert!(desk.text(120, 40).contains("fine"), "esc takes the filter back first");

    desk.press(Action::Bottom);
    let path = output_path(desk.state.path(), &load(2));
    std::io::Write::write_all(&mut std::fs::OpenOptions::new().append(true).open(&path).unwrap(), b"one more\n").unwrap();
    desk.until("one more");
    std::fs::write(&path, "begun anew\n").unwrap();
    desk.until("begun anew");

    typed(&mut desk, Action::Search, "/(/");
    assert!(desk.text(120, 40).contains("not a regular expression"));
}

fn typed(desk: &mut Desk, action: Action, words: &str) {
    desk.press(action);
    for char in words.chars() {
        let key = crossterm::event::KeyEvent::from(crossterm::event::KeyCode::Char(char));
        desk.hear(Msg::Terminal(crossterm::event::Event::Key(key)));
    }
    desk.press(Action::Confirm);
}

#[test]
fn a_running_step_that_prints_nothing_is_said_to_be_silent() {
    let mut desk = Desk::new(&Story::busy());
    desk.write(&load(2), b"connecting\n");
    let path = output_path(desk.state.path(), &load(2));
    let written = now() - SignedDuration::from_mins(12);
    std::fs::File::options().write(true).open(path).unwrap().set_modified(written.into()).unwrap();
    desk.open(Screen::Output(load(2)));
    assert!(desk.text(120, 40).contains("silent for 12m"), "{}", desk.text(120, 40));
}

#[test]
fn hostile_output_is_shown_and_never_obeyed() {
    let mut desk = Desk::new(&Story::failed());
    let mut content = b"\x1b]52;c;ZXZpbA==\x07\x1b[2J\x1b]8;;http://x\x1b\\link\x1bP1$q\x9b31m\0\x08\r\xff\n".to_vec();
    content.extend(vec![b'x'; 10 << 20]);
    desk.write(&load(2), &content);
    desk.open(Screen::Output(load(2)));
    desk.until("of 2");
    for wrap in [false, true] {
        desk.press(Action::Top);
        let buffer = desk.frame(120, 40);
        let symbols: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert!(!symbols.chars().any(char::is_control), "wrap {wrap}");
        assert!(symbols.contains("\\x1b]52;c;ZXZpbA==\\x07\\x1b[2J"), "{}", text(&buffer));
        assert!(symbols.contains("\\x00\\x08\\x0d\\xff"), "{}", text(&buffer));
        desk.press(Action::Wrap);
    }
    assert!(desk.text(80, 24).contains("MiB more"));
}

#[test]
fn opening_leads_from_flow_to_run_to_output_and_to_the_compared_one() {
    let mut desk = Desk::new(&Story::failed());
    let good = AttemptId { job: Job::Step { run: RunId::numbered("nightly-orders".into(), 1), step: "load".into() }, number: 1 };
    desk.write(&load(2), b"bad\n");
    desk.write(&load(1), b"worse\n");
    desk.write(&good, b"good\n");
    desk.open(Screen::Flow("nightly-orders".into()));
    desk.text(120, 40);
    desk.press(Action::Open);
    assert_eq!(desk.app.screen(), Some(&Screen::Run(run_two())));
    desk.text(120, 40);
    assert_eq!(desk.app.target(), Some(Target::Step(run_two(), "load".into())), "the cursor is on the failed step");
    desk.press(Action::Open);
    assert_eq!(desk.app.screen(), Some(&Screen::Output(load(2))));
    desk.until("bad");
    desk.press(Action::OlderAttempt);
    desk.until("worse");
    desk.press(Action::OlderAttempt);
    assert!(desk.text(120, 40).contains("this is the first attempt"));
    desk.press(Action::Compare);
    assert_eq!(desk.app.screen(), Some(&Screen::Compare(load(1))));
    desk.until("1 difference");
    desk.press(Action::Compare);
    assert_eq!(desk.app.screen(), Some(&Screen::Output(good)));
    desk.until("good");
}

#[test]
fn the_timeline_pages_back_through_the_journal() {
    let mut story = Story::new();
    for number in 0..600 {
        story.tell("01:00:00", Event::Marked { text: format!("mark {number}") });
    }
    let mut desk = Desk::new(&story);
    desk.open(Screen::Timeline);
    assert!(desk.text(120, 40).contains("mark 599"), "it begins at the newest");
    desk.press(Action::Top);
    let id = desk.asked(|ask| matches!(ask, Ask::Entries(_)));
    let first = desk.app.session.world.recent.front().unwrap().seq;
    let older = |seq: u64| {
        Arc::new(Entry { seq, at: at("00:30:00"), author: Author::Engine, event: Event::Marked { text: format!("older {seq}") } })
    };
    let entries: Vec<_> = (first - 50..first).map(older).collect();
    desk.said(Said::Answer { id, result: Ok(Answer::Page { entries, more: false }) });
    assert!(desk.text(120, 40).contains("the whole journal"));
    desk.press(Action::Top);
    assert!(desk.text(120, 40).contains(&format!("older {}", first - 50)));
}

#[test]
fn a_probes_readings_arrive_live_and_the_span_is_asked_for() {
    let mut desk = Desk::new(&Story::busy());
    desk.open(Screen::Probe("home".into()));
    let first = desk.asked(|ask| matches!(ask, Ask::Samples { .. }));
    desk.said(Said::Answer { id: first, result: Ok(Answer::Samples(readings(false))) });
    assert!(desk.text(120, 40).contains("last 1h: 4 degraded, p50"));
    desk.press(Action::LongerSpan);
    let second = desk.asked(|ask| matches!(ask, Ask::Samples { .. }));
    assert_ne!(first, second);
    desk.said(Said::Answer { id: second, result: Ok(Answer::Samples(Vec::new())) });
    assert!(desk.text(120, 40).contains("last 6h"));
    let sample = Sample { at: now() - SignedDuration::from_secs(1), verdict: Verdict::Degraded, latency_us: 2_000_000 };
    let reading = dogwatch::wire::message::Reading { probe: "home".into(), sample, reason: String::new(), certificate_ends: None };
    desk.said(Said::Readings(vec![reading]));
    assert!(desk.text(120, 40).contains("2.0 s"), "{}", desk.text(120, 40));
}

#[test]
fn a_graph_of_two_hundred_steps_is_folded_and_scrolled() {
    let mut steps = vec![step("start", &[])];
    for chain in 0..20 {
        for place in 0..9 {
            let before = if place == 0 { "start".to_owned() } else { format!("c{chain}-s{}", place - 1) };
            steps.push(step(&format!("c{chain}-s{place}"), &[&before]));
        }
    }
    let mut story = Story::new();
    story.tell("00:00:01", Event::FlowDefined { flow: Arc::new(flow("wide", steps)) });
    let mut desk = Desk::new(&story);
    desk.open(Screen::Flow("wide".into()));
    let shown = desk.text(120, 40);
    assert!(shown.contains("c0-s0..c0-s8 (9)"), "{shown}");
}

#[test]
fn no_size_panics() {
    let story = Story::failed();
    let flow = || FlowId::from("nightly-orders");
    for ascii in [false, true] {
        for screen in [
            Screen::Flow(flow()),
            Screen::Run(run_two()),
            Screen::Output(load(2)),
            Screen::Compare(load(2)),
            Screen::Flows(None),
            Screen::Probe("home".into()),
            Screen::Timeline,
            Screen::Why(Target::Flow(flow())),
            Screen::Flow("gone".into()),
            Screen::Run(RunId::numbered("gone".into(), 1)),
            Screen::Probe("gone".into()),
        ] {
            let mut desk = Desk::with(&story, Options { ascii, theme: Theme::plain(), ..Options::default() });
            desk.write(&load(2), "a long line of output that goes on\n日本語 \u{1b}[31mred\n".repeat(50).as_bytes());
            desk.open(screen.clone());
            let mut page = dogwatch::console::screen::open(&screen, &mut desk.app.session).unwrap();
            for width in (0..14).chain([20, 39, 40, 79, 80, 200, 500]) {
                for height in (0..14).chain([23, 60]) {
                    // The page alone, which the app would not draw so small, and the whole.
                    page.draw(&desk.app.session, Rect::new(0, 0, width, height), &mut Buffer::empty(Rect::new(0, 0, width, height)));
                    if width >= 40 && height >= 12 {
                        desk.frame(width, height);
                    }
                }
            }
            for action in
                [Action::Down, Action::Bottom, Action::Up, Action::PageDown, Action::Top, Action::Wrap, Action::HalfDown, Action::Right]
            {
                page.act(action, &mut desk.app.session);
                for (width, height) in [(1, 1), (7, 3), (40, 12)] {
                    page.draw(&desk.app.session, Rect::new(0, 0, width, height), &mut Buffer::empty(Rect::new(0, 0, width, height)));
                }
            }
        }
    }
}
