//! A console on a stage: a world built by entries, keys pressed by action name, the picture as text with its roles.
#![allow(dead_code, reason = "each test file uses its part of the stage")]
#![allow(clippy::unwrap_used, reason = "what a test builds is right, or the test fails")]
#![allow(clippy::cast_possible_wrap, reason = "small counts")]
#![allow(clippy::needless_pass_by_value, reason = "calls read better without references")]

use dogwatch::console::link::News;
use dogwatch::console::{Action, App, Msg, Options, Out, Role, Theme};
use dogwatch::domain::flow::{CommandLine, Retry, StepDefinition};
use dogwatch::domain::incident::AlertNotice;
use dogwatch::domain::probe::Target;
use dogwatch::domain::run::{DefinitionChoice, RunCause};
use dogwatch::domain::runbook::{Match, ProcedureExpectation, ProcedureStep};
use dogwatch::domain::source::{Capability, Freshness};
use dogwatch::domain::{
    AlertCause, AttemptEnd, AttemptId, Author, Entry, Event, Fingerprint, FlowDefinition, FlowId, Health, IncidentId, Job, Labels, Level,
    Outcome, Params, ProbeDefinition, ProbeId, RunId, Runbook, Sample, Severity, SourceId, StepName, Subject, Verdict,
};
use dogwatch::wire::message::{self, Answer, Ask, Reading, Request, Said, Welcome};
use dogwatch::world::{SHAPE, World};
use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// Sat 21 Nov 2026, 02:41 in Rome.
pub fn now() -> Timestamp {
    "2026-11-21T01:41:00Z".parse().unwrap()
}

pub fn ago(seconds: i64) -> Timestamp {
    now().checked_sub(SignedDuration::from_secs(seconds)).unwrap()
}

pub fn ana() -> Author {
    Author::Person { uid: 1000, user: "ana".into(), login_uid: None, sudo_claim: None }
}

/// Entries in the making.
#[derive(Default)]
pub struct Story {
    pub entries: Vec<Arc<Entry>>,
    definitions: BTreeMap<FlowId, Arc<FlowDefinition>>,
}

impl Story {
    pub fn new() -> Self {
        let mut story = Self::default();
        story.tell(
            86_400,
            Author::Engine,
            Event::WorkspaceLoaded {
                name: "shop-prod".into(),
                zone: "Europe/Rome".into(),
                max_running: 8,
                group_by: vec!["service".into()],
            },
        );
        story
    }

    pub fn tell(&mut self, seconds_ago: i64, author: Author, event: Event) -> &mut Self {
        let seq = self.entries.len() as u64 + 1;
        self.entries.push(Arc::new(Entry { seq, at: ago(seconds_ago), author, event }));
        self
    }

    pub fn world(&self) -> World {
        World::fold(self.entries.iter().map(|entry| &**entry))
    }

    pub fn flow(&mut self, name: &str, steps: &[&str], attempts: u32, runbook: Option<&str>) -> &mut Self {
        let steps = steps.iter().enumerate().map(|(place, step)| StepDefinition {
            run: Some(CommandLine::Shell(format!("bin/{step}"))),
            needs: if place == 0 { Vec::new() } else { vec![steps[place - 1].into()] },
            retry: Retry { attempts, ..Retry::default() },
            ..StepDefinition::new(step)
        });
        let definition = Arc::new(FlowDefinition {
            description: format!("{name} of the shop"),
            file: format!("flows/{name}.toml"),
            zone: "Europe/Rome".into(),
            schedules: vec!["30 2 * * *".into()],
            severity: Severity::Critical,
            runbook: runbook.map(Into::into),
            params: Params::from([("region".to_owned(), "eu".to_owned())]),
            steps: steps.collect(),
            ..FlowDefinition::new(name)
        });
        self.definitions.insert(name.into(), definition.clone());
        self.tell(86_000, Author::Engine, Event::FlowDefined { flow: definition })
    }

    /// A run whose steps took so many seconds each, ending so many seconds ago; the last of them ended so.
    pub fn run(&mut self, flow: &str, number: u32, ended: i64, seconds: &[i64], end: Option<AttemptEnd>) -> &mut Self {
        let definition = self.definitions[&FlowId::new(flow)].clone();
        let run = RunId::numbered(flow.into(), number);
        let began = ended + seconds.iter().sum::<i64>();
        let created = Event::RunCreated {
            run: run.clone(),
            cause: RunCause::Person { reason: None },
            planned_at: ago(began),
            date: "2026-11-20".parse().unwrap(),
            params: definition.params.clone(),
            definition: definition.digest(),
            choice: DefinitionChoice::Ran,
            carried: Vec::new(),
        };
        self.tell(began, Author::Engine, created);
        let mut at = began;
        for (place, took) in seconds.iter().enumerate() {
            let step = definition.steps[place].name.clone();
            let last = place + 1 == seconds.len();
            let attempts =
                if last && end.as_ref().is_some_and(|end| !end.is_success()) { definition.steps[place].retry.attempts } else { 1 };
            for number in 1..=attempts {
                let attempt = AttemptId { job: Job::Step { run: run.clone(), step: step.clone() }, number };
                self.tell(at, Author::Engine, Event::AttemptStarting { attempt: attempt.clone(), boot_id: "boot".into() });
                self.tell(at, Author::Engine, Event::AttemptStarted { attempt: attempt.clone(), pid: 4000 + number, started_at: ago(at) });
                at -= took / i64::from(attempts);
                let attempt_end = if last { end.clone() } else { Some(AttemptEnd::Exit(0)) };
                if let Some(end) = attempt_end {
                    let event = Event::AttemptEnded { attempt, end, ended_at: ago(at), output_bytes: 120, survivors: Vec::new() };
                    self.tell(at, Author::Engine, event);
                }
            }
            let outcome = match if last { end.clone() } else { Some(AttemptEnd::Exit(0)) } {
                Some(AttemptEnd::Exit(0)) => Outcome::Success,
                Some(AttemptEnd::Lost) => Outcome::Lost,
                Some(cause) => Outcome::Failed { cause },
                None => return self,
            };
            self.tell(at, Author::Engine, Event::StepEnded { run: run.clone(), step, outcome: outcome.clone() });
            if last {
                self.tell(ended, Author::Engine, Event::RunEnded { run: run.clone(), outcome });
            }
        }
        self
    }

    pub fn probe(&mut self, name: &str, health: Health, reason: &str, since: i64) -> &mut Self {
        let target = Target::Http {
            url: format!("https://shop.example/{name}"),
            method: "GET".into(),
            headers: Labels::new(),
            body: None,
            ca_file: None,
        };
        let definition =
            ProbeDefinition { file: "probes/shop.toml".into(), every: Duration::from_secs(30), ..ProbeDefinition::new(name, target) };
        self.tell(86_000, Author::Engine, Event::ProbeDefined { probe: Arc::new(definition) });
        if health != Health::Unknown {
            let event = Event::ProbeChanged { probe: name.into(), from: Health::Unknown, to: health, reason: reason.into() };
            self.tell(since, Author::Engine, event);
        }
        self
    }

    pub fn incident(&mut self, number: u32, title: &str, severity: Severity, opened: i64, cause: AlertCause) -> &mut Self {
        let labels = Labels::from([("alertname".to_owned(), title.to_owned()), ("n".to_owned(), number.to_string())]);
        let alert = Fingerprint::of(&labels);
        let notice = AlertNotice { labels: labels.clone(), severity, summary: title.to_owned(), cause };
        self.tell(opened, Author::Engine, Event::AlertFiring { alert, source: SourceId::local(), notice });
        let incident = IncidentId(number);
        let event = Event::IncidentOpened { incident, title: title.to_owned(), severity, group: labels, alert, previous: None };
        self.tell(opened, Author::Engine, event)
    }

    pub fn runbook(&mut self, name: &str, title: &str, matches: Vec<Match>, steps: &[(&str, &str, bool)]) -> &mut Self {
        let mut text = format!("# {title}\n");
        let mut fence = |name: &str, run: &str| {
            // Writing into a text cannot fail.
            let _ = write!(text, "\n## {name}\n\nWhat it says decides what comes next.\n\n");
            let line = text.matches('\n').count();
            let _ = write!(text, "```sh run\n{run}\n```\n");
            line
        };
        let steps = steps.iter().map(|(name, run, danger)| ProcedureStep {
            line: fence(name, run),
            name: name.replace(' ', "-").as_str().into(),
            title: (*name).to_owned(),
            run: CommandLine::Shell((*run).to_owned()),
            params: Vec::new(),
            expect: ProcedureExpectation::default(),
            danger: *danger,
            timeout: Duration::from_mins(10),
            two_people: false,
            auto: None,
        });
        let steps = steps.collect();
        let runbook =
            Runbook { id: name.into(), title: title.to_owned(), file: format!("runbooks/{name}.md"), matches, text, steps, auto_max: None };
        self.tell(86_000, Author::Engine, Event::RunbookDefined { runbook: Arc::new(runbook) })
    }

    /// The night of the README: a batch fails, the shop is slow, someone works on it.
    pub fn busy() -> Self {
        let mut story = Self::new();
        story.flow("nightly-orders", &["fetch", "check", "load", "report"], 3, Some("orders-load"));
        story.flow("settle-fx", &["fetch", "parse", "convert", "post", "tell"], 1, None);
        story.flow("heartbeat", &["beat"], 1, None);
        story.flow("weekly-report", &["make"], 1, None);
        story.flow("ledger", &["close"], 1, None);
        for (number, took) in [(1, 300), (2, 320), (3, 310), (4, 305), (5, 250), (6, 330)] {
            story.run("nightly-orders", number, 86_400 * (7 - i64::from(number)), &[30, 10, took, 20], Some(AttemptEnd::Exit(0)));
        }
        for number in 1..=9 {
            story.run("heartbeat", number, 60 * (10 - i64::from(number)), &[2], Some(AttemptEnd::Exit(0)));
        }
        story.run("ledger", 1, 7_200, &[40], Some(AttemptEnd::Lost));
        story.run("nightly-orders", 7, 1_320, &[40, 10, 600], Some(AttemptEnd::Exit(1)));
        story.run("settle-fx", 1, 90, &[60, 60, 90], None);
        story.tell(7_000, ana(), Event::FlowHeld { flow: "weekly-report".into(), reason: "upgrade".into(), until: Some(ago(-19_140)) });
        story.probe("checkout", Health::Down { good: 0, of: 2 }, "pay: timeout after 10 s", 180);
        story.probe("search", Health::Degraded, "812 ms > 800 ms", 600);
        story.probe("home", Health::Up, "", 86_400 * 3);
        story.probe("db", Health::Soft { bad: 1, of: 3 }, "connection refused", 20);
        let rule = Match { probe: Some("checkout".into()), ..Match::default() };
        story.runbook(
            "orders-load",
            "The load step fails",
            Vec::new(),
            &[
                ("look at the error", "bin/last-error", false),
                ("count the rows", "bin/rows --table staging_orders", false),
                ("empty the staging table", "bin/empty staging_orders", true),
            ],
        );
        story.runbook("site-down", "The shop does not answer", vec![rule], &[("ask the load balancer", "bin/lb status", false)]);
        let run = RunId::numbered("nightly-orders".into(), 7);
        story.incident(39, "search is slow", Severity::Warning, 540, AlertCause::ProbeDown { probe: "search".into() });
        story.incident(40, "checkout is down", Severity::High, 180, AlertCause::ProbeDown { probe: "checkout".into() });
        story.incident(41, "nightly-orders: load failed", Severity::Critical, 840, AlertCause::RunFailed { run });
        story.tell(120, ana(), Event::IncidentAcknowledged { incident: IncidentId(40), note: None });
        let subject = Subject::Incident(IncidentId(41));
        let job = Job::Procedure { runbook: "orders-load".into(), subject, step: StepName::new("look-at-the-error") };
        let attempt = AttemptId { job, number: 1 };
        story.tell(720, ana(), Event::ProcedureAsked { attempt: attempt.clone(), command: "bin/last-error".into(), params: Params::new() });
        story.tell(720, Author::Engine, Event::AttemptStarting { attempt: attempt.clone(), boot_id: "boot".into() });
        story.tell(720, Author::Engine, Event::AttemptStarted { attempt: attempt.clone(), pid: 7, started_at: ago(720) });
        let end = Event::AttemptEnded { attempt, end: AttemptEnd::Exit(0), ended_at: ago(719), output_bytes: 20, survivors: Vec::new() };
        story.tell(719, Author::Engine, end);
        let source = SourceId::new("warehouse");
        story.tell(
            86_000,
            Author::Engine,
            Event::SourceDefined { source: source.clone(), kind: "airflow".into(), capabilities: vec![Capability::Run], definition: None },
        );
        story.tell(40, Author::Engine, Event::SourceChanged { source, freshness: Freshness::Stale { reason: "no answer".into() } });
        story
    }
}

/// Readings of a probe: the verdicts as letters, `.` ok, `d` degraded, `x` failed.
pub fn readings(probe: &str, verdicts: &str, latency_ms: u32) -> Vec<Reading> {
    let count = verdicts.len() as i64;
    let each = verdicts.chars().enumerate().map(|(place, verdict)| Reading {
        probe: ProbeId::new(probe),
        sample: Sample {
            at: ago(30 * (count - place as i64)),
            verdict: match verdict {
                'x' => Verdict::Failed,
                'd' => Verdict::Degraded,
                _ => Verdict::Ok,
            },
            latency_us: latency_ms * 1000 + (place as u32 * 7_919 % 11) * latency_ms * 40,
        },
        reason: String::new(),
        certificate_ends: None,
    });
    each.collect()
}

pub fn welcome() -> Welcome {
    Welcome {
        version: message::VERSION,
        shape: SHAPE.into(),
        release: "0.1.0".into(),
        pid: 4711,
        level: Level::Operator,
        user: "ana".into(),
        workspace: "/dev/null/shop".into(), // no machine has anything there
        state: "/var/lib/shop".into(),
        read_only: None,
        door: None,
    }
}

/// A console, its daemon played by hand.
pub struct Stage {
    pub app: App,
    pub now: Timestamp,
    pub asked: Vec<Request>,
    pub outs: Vec<Out>,
    pub size: (u16, u16),
    seq: u64,
}

impl Stage {
    /// A console that has not heard of any daemon.
    pub fn alone(size: (u16, u16)) -> Self {
        let options = Options { theme: Theme::told_apart(), ..Options::default() };
        Self { app: App::new(options, now()), now: now(), asked: Vec::new(), outs: Vec::new(), size, seq: 0 }
    }

    /// A console that follows this story's world.
    pub fn with(story: &Story, size: (u16, u16)) -> Self {
        let mut stage = Self::alone(size);
        stage.news(News::Connected(Box::new(welcome())));
        stage.follow(&story.world());
        stage
    }

    pub fn follow(&mut self, world: &World) {
        for part in world.parts() {
            self.said(Said::Part(Box::new(part)));
        }
        self.seq = world.seq;
        self.said(Said::Live { seq: world.seq });
        self.picture();
    }

    pub fn send(&mut self, msg: Msg) {
        for out in self.app.handle(msg, self.now) {
            match out {
                Out::Ask(request) => self.asked.push(request),
                other => self.outs.push(other),
            }
        }
    }

    pub fn news(&mut self, news: News) {
        self.send(Msg::News(news));
    }

    pub fn said(&mut self, said: Said) {
        self.news(News::Said(Box::new(said)));
    }

    /// The next entry of the journal arrives.
    pub fn entry(&mut self, author: Author, event: Event) {
        self.seq += 1;
        self.said(Said::Entries(vec![Arc::new(Entry { seq: self.seq, at: self.now, author, event })]));
    }

    pub fn answer(&mut self, id: u64, answer: Answer) {
        self.said(Said::Answer { id, result: Ok(answer) });
    }

    /// Presses the first key of an action, as a person would.
    pub fn press(&mut self, name: &str) {
        let action = Action::named(name).unwrap_or_else(|| panic!("no action {name}"));
        let key = action.row().keys.first().unwrap_or_else(|| panic!("{name} has no key"));
        self.key(key);
    }

    pub fn key(&mut self, key: &str) {
        let combination = dogwatch::console::keymap::parse(key).unwrap();
        let event: crossterm::event::KeyEvent = combination.into();
        self.send(Msg::Terminal(crossterm::event::Event::Key(event)));
    }

    pub fn type_text(&mut self, text: &str) {
        for char in text.chars() {
            let event = crossterm::event::KeyEvent::new(crossterm::event::KeyCode::Char(char), crossterm::event::KeyModifiers::NONE);
            self.send(Msg::Terminal(crossterm::event::Event::Key(event)));
        }
    }

    pub fn paste(&mut self, text: &str) {
        self.send(Msg::Terminal(crossterm::event::Event::Paste(text.to_owned())));
    }

    /// Time goes on.
    pub fn wait(&mut self, seconds: i64) {
        self.now = self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
        self.send(Msg::Tick);
    }

    /// Commands that were asked for and are no dry runs.
    pub fn commands(&self) -> Vec<&dogwatch::domain::Command> {
        fn real(request: &Request) -> Option<&dogwatch::domain::Command> {
            match &request.ask {
                Ask::Command { command, dry_run: false, .. } => Some(command),
                _ => None,
            }
        }
        self.asked.iter().filter_map(real).collect()
    }

    pub fn buffer(&mut self) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, self.size.0, self.size.1));
        self.app.draw(&mut buffer);
        buffer
    }

    /// The picture as text.
    pub fn picture(&mut self) -> String {
        text(&self.buffer())
    }

    /// The picture as text, and below it the roles of its cells with a legend.
    pub fn picture_with_roles(&mut self) -> String {
        let buffer = self.buffer();
        format!("{}\n{}", text(&buffer), roles(&buffer))
    }
}

/// Cells as lines of text.
pub fn text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..buffer.area.width {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let symbol = buffer[(x, y)].symbol();
            skip = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The role of every cell as a letter: first what lies on top, then, where there is any, what lies below.
pub fn roles(buffer: &Buffer) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let role = |color: Color| match color {
        Color::Indexed(index) => Role::ALL.get(usize::from(index) - 1),
        _ => None,
    };
    let mut seen = BTreeMap::new();
    let mut maps = [String::new(), String::new()];
    for y in 0..buffer.area.height {
        let mut lines = [String::new(), String::new()];
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            for (line, color, shown) in [(0, cell.fg, cell.symbol() != " "), (1, cell.bg, true)] {
                let letter = role(color).filter(|_| shown).map_or(' ', |(role, name)| {
                    let letter = char::from(LETTERS[*role as usize]);
                    seen.insert(letter, *name);
                    letter
                });
                lines[line].push(letter);
            }
        }
        for (map, line) in maps.iter_mut().zip(lines) {
            map.push_str(line.trim_end());
            map.push('\n');
        }
    }
    let legend = seen.iter().map(|(letter, name)| format!("{letter} {name}")).collect::<Vec<_>>().join("  ");
    format!("roles:\n{}\nbelow:\n{}\n{legend}\n", maps[0].trim_end(), maps[1].trim_end())
}
