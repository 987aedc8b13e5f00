//! The console's replica of a large estate costs a bounded amount of memory. Alone in its process, so that nothing else
//! is measured: the world is made in a child, which says it as the daemon does.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use dogwatch::domain::incident::AlertNotice;
use dogwatch::domain::run::{DefinitionChoice, RunCause};
use dogwatch::domain::{
    AlertCause, AttemptEnd, AttemptId, Author, CommandLine, Entry, Event, Fingerprint, FlowDefinition, FlowId, IncidentId, Job, Labels,
    Outcome, Params, RunId, Severity, SourceId, StepDefinition, StepName,
};
use dogwatch::wire::message::Said;
use dogwatch::world::World;
use jiff::Timestamp;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Tells the child that it is one.
const SAYS: &str = "DOGWATCH_TEST_SAYS_ESTATE";
/// A quarter of the large estate of BUDGETS.
const FLOWS: usize = 1_250;
const RUNS_OF_EACH: u32 = 3;
const INCIDENTS: usize = 2_500;
/// What the replica may cost, in MiB: a quarter of what BUDGETS leaves to it (48 in all, of which the rest of the console
/// takes about 6), what reading takes of its own, and 2 MiB that it is above that budget.
const MOST: u64 = 14;

/// Folds facts with numbers and times of their own.
struct Estate {
    world: World,
    at: Timestamp,
}

impl Estate {
    fn tell(&mut self, event: Event) {
        self.at += jiff::SignedDuration::from_millis(1);
        let entry = Entry { seq: self.world.seq + 1, at: self.at, author: Author::Engine, event };
        self.world.apply(&entry);
    }

    fn flow(&mut self, number: usize) {
        let name = format!("flow-{number:04}");
        let step = StepDefinition { run: Some(CommandLine::Shell("true".into())), ..StepDefinition::new("work") };
        let flow = FlowDefinition { file: format!("flows/{name}.toml"), steps: vec![step], ..FlowDefinition::new(&name) };
        self.tell(Event::FlowDefined { flow: Arc::new(flow) });
        for _ in 0..RUNS_OF_EACH {
            self.run(&FlowId::new(&name));
        }
    }

    fn run(&mut self, flow: &FlowId) {
        let known = self.world.flow(flow).unwrap();
        let (run, definition) = (RunId::numbered(flow.clone(), known.next_run), known.digest.clone());
        let step = StepName::new("work");
        let attempt = AttemptId { job: Job::Step { run: run.clone(), step: step.clone() }, number: 1 };
        let outcome = Outcome::Success;
        self.tell(Event::RunCreated {
            run: run.clone(),
            cause: RunCause::Person { reason: None },
            planned_at: self.at,
            date: self.at.to_zoned(jiff::tz::TimeZone::UTC).date(),
            params: Params::new(),
            definition,
            choice: DefinitionChoice::default(),
            carried: Vec::new(),
        });
        self.tell(Event::AttemptStarting { attempt: attempt.clone(), boot_id: "6a1f0c8e-0000-4000-8000-000000000000".into() });
        self.tell(Event::AttemptStarted { attempt: attempt.clone(), pid: 4_000, started_at: self.at });
        let end = AttemptEnd::Exit(0);
        self.tell(Event::AttemptEnded { attempt, end, ended_at: self.at, output_bytes: 1_234, survivors: Vec::new() });
        self.tell(Event::StepEnded { run: run.clone(), step, outcome: outcome.clone() });
        self.tell(Event::RunEnded { run, outcome });
    }

    fn incident(&mut self, number: usize) {
        let labels: Labels = [("alertname", "DiskFull".to_owned()), ("host", format!("host-{number:05}"))]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let (alert, severity) = (Fingerprint::of(&labels), Severity::ALL[number % 4]);
        let summary = format!("the disk of host-{number:05} is {} % full", 80 + number % 20);
        let notice = AlertNotice { labels: labels.clone(), severity, summary: summary.clone(), cause: AlertCause::Outside { link: None } };
        self.tell(Event::AlertFiring { alert, source: SourceId::new("monitoring"), notice });
        let incident = IncidentId(self.world.next_incident);
        self.tell(Event::IncidentOpened { incident, title: summary, severity, group: labels, alert, previous: None });
    }
}

/// Not a test of its own: what the child runs. Says the world on standard output, a message a line.
#[test]
fn child() {
    if std::env::var_os(SAYS).is_none() {
        return;
    }
    let mut estate = Estate { world: World::new(), at: "2026-11-21T00:00:00Z".parse().unwrap() };
    (0..FLOWS).for_each(|number| estate.flow(number));
    (0..INCIDENTS).for_each(|number| estate.incident(number));
    let mut out = std::io::stdout().lock();
    for part in estate.world.parts() {
        let line = serde_json::to_vec(&Said::Part(Box::new(part))).unwrap();
        out.write_all(b"\n").unwrap();
        out.write_all(&line).unwrap();
    }
    out.write_all(b"\n").unwrap();
    out.flush().unwrap();
    std::process::exit(0);
}

/// Private memory of this process, in KiB.
fn private() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
}

#[test]
fn the_replica_of_a_large_estate_is_small() {
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new(program).args(["child", "--exact", "--nocapture"]).env(SAYS, "1").stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let before = private();
    let mut world = World::new();
    let mut line = String::new();
    while lines.read_line(&mut line).unwrap() > 0 {
        if line.starts_with('{')
            && let Said::Part(mut part) = serde_json::from_str(&line).unwrap()
        {
            part.compact();
            world.absorb(*part);
        }
        line.clear();
    }
    child.wait().unwrap();
    let cost = private() - before;
    assert_eq!((world.flows.len(), world.incidents.len(), world.alerts.len()), (FLOWS, INCIDENTS, INCIDENTS));
    println!("the replica takes {cost} KiB");
    assert!(cost <= MOST << 10, "{cost} KiB");
}
