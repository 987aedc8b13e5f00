//! A night as entries: a batch fails, a probe goes down with it, two people bring it back.

use dogwatch::domain::flow::{Retry, StepDefinition};
use dogwatch::domain::incident::AlertNotice;
use dogwatch::domain::note::{NoteKind, SavedNote};
use dogwatch::domain::probe::Target;
use dogwatch::domain::run::{DefinitionChoice, RunCause, Scope};
use dogwatch::domain::{
    AlertCause, AttemptEnd, AttemptId, Author, CommandLine, Entry, Event, Fingerprint, FlowDefinition, Health, IncidentId, Job, Labels,
    Outcome, Params, ProbeDefinition, RunId, Severity, SourceId, Subject,
};
use jiff::Timestamp;
use std::sync::Arc;

/// Entries as a daemon would have written them.
pub struct Night {
    /// The entries, in order.
    pub entries: Vec<Entry>,
}

impl Night {
    pub fn at(&mut self, time: &str, author: Author, event: Event) {
        let at = format!("2026-11-21T{time}Z").parse().unwrap();
        self.entries.push(Entry { seq: self.entries.len() as u64 + 1, at, author, event });
    }

    fn step(&mut self, time: &str, run: &str, number: u32, end: AttemptEnd) {
        let attempt = AttemptId { job: Job::Step { run: run_id(run), step: "load".into() }, number };
        let at: Timestamp = format!("2026-11-21T{time}Z").parse().unwrap();
        self.at(time, Author::Engine, Event::AttemptStarting { attempt: attempt.clone(), boot_id: "b".into() });
        self.at(time, Author::Engine, Event::AttemptStarted { attempt: attempt.clone(), pid: 4_000 + number, started_at: at });
        self.at(time, Author::Engine, Event::AttemptEnded { attempt, end, ended_at: at, output_bytes: 12, survivors: vec![] });
    }

    fn probe(&mut self, time: &str, from: Health, to: Health, reason: &str) {
        self.at(time, Author::Engine, Event::ProbeChanged { probe: "checkout".into(), from, to, reason: reason.into() });
    }
}

fn run_id(text: &str) -> RunId {
    text.parse().unwrap()
}

pub fn person(user: &str) -> Author {
    Author::Person { uid: 1000, user: user.into(), login_uid: None, sudo_claim: None }
}

fn flow() -> Arc<FlowDefinition> {
    let load = StepDefinition {
        run: Some(CommandLine::Shell("bin/load".into())),
        retry: Retry { attempts: 2, ..Retry::default() },
        idempotent: false,
        ..StepDefinition::new("load")
    };
    Arc::new(FlowDefinition {
        file: "flows/nightly-orders.toml".into(),
        zone: "Europe/Rome".into(),
        schedules: vec![],
        severity: Severity::Critical,
        steps: vec![load],
        ..FlowDefinition::new("nightly-orders")
    })
}

fn probe() -> Arc<ProbeDefinition> {
    let target = Target::Tcp { address: "shop:443".into() };
    Arc::new(ProbeDefinition { file: "probes/shop.toml".into(), ..ProbeDefinition::new("checkout", target) })
}

fn created(run: &str, cause: RunCause) -> Event {
    Event::RunCreated {
        run: run_id(run),
        cause,
        planned_at: "2026-11-21T01:30:00Z".parse().unwrap(),
        date: "2026-11-20".parse().unwrap(),
        params: Params::new(),
        definition: flow().digest(),
        choice: DefinitionChoice::Ran,
        carried: vec![],
    }
}

fn firing(summary: &str, severity: Severity, cause: AlertCause) -> (Fingerprint, Event) {
    let labels: Labels = [("alertname".to_owned(), summary.to_owned())].into();
    let alert = Fingerprint::of(&labels);
    let notice = AlertNotice { labels, severity, summary: summary.into(), cause };
    (alert, Event::AlertFiring { alert, source: SourceId::local(), notice })
}

/// A batch that fails twice, a probe that goes down with it, two people, a rerun.
pub fn night() -> Night {
    let mut night = Night { entries: Vec::new() };
    let engine = || Author::Engine;
    let incident = IncidentId(1);
    let zone = "Europe/Rome".to_owned();
    night.at("01:00:00", engine(), Event::WorkspaceLoaded { name: "shop".into(), zone, max_running: 8, group_by: vec![] });
    night.at("01:00:00", engine(), Event::FlowDefined { flow: flow() });
    night.at("01:00:00", engine(), Event::ProbeDefined { probe: probe() });
    night.at("01:10:00", person("leo"), Event::Marked { text: "deployed shop 4.2".into() });
    night.at("01:30:00", engine(), created("nightly-orders/1", RunCause::Person { reason: None }));
    night.step("01:31:00", "nightly-orders/1", 1, AttemptEnd::Exit(3));
    night.step("01:32:00", "nightly-orders/1", 2, AttemptEnd::Exit(3));
    let failed = Outcome::Failed { cause: AttemptEnd::Exit(3) };
    night.at("01:32:00", engine(), Event::StepEnded { run: run_id("nightly-orders/1"), step: "load".into(), outcome: failed.clone() });
    night.at("01:32:00", engine(), Event::RunEnded { run: run_id("nightly-orders/1"), outcome: failed });
    let run = run_id("nightly-orders/1");
    let (alert, fires) = firing("nightly-orders: load failed", Severity::Critical, AlertCause::RunFailed { run });
    night.at("01:32:01", engine(), fires);
    let title = "nightly-orders: load failed".to_owned();
    let opened = Event::IncidentOpened { incident, title, severity: Severity::Critical, group: Labels::new(), alert, previous: None };
    night.at("01:32:01", engine(), opened);
    let down = Health::Down { good: 0, of: 2 };
    night.probe("01:33:00", Health::Up, Health::Soft { bad: 1, of: 3 }, "status 503, expected 200");
    night.probe("01:35:00", Health::Soft { bad: 2, of: 3 }, down, "status 503, expected 200");
    let (second, fires) = firing("checkout is down", Severity::High, AlertCause::ProbeDown { probe: "checkout".into() });
    night.at("01:35:00", engine(), fires);
    night.at("01:35:00", engine(), Event::IncidentJoined { incident, alert: second });
    night.at("01:37:00", person("ana"), Event::IncidentAcknowledged { incident, note: Some("on it".into()) });
    let text = "the order file has a broken line\n!todo @leo check the file before it is loaded\n!todo tell the shop <!-- dogwatch:end actions -->";
    night.at("01:40:00", person("ana"), Event::Noted { incident, text: text.into() });
    let cause = RunCause::Rerun { of: run_id("nightly-orders/1"), scope: Scope::Failed, reason: "file repaired".into() };
    night.at("01:45:00", person("leo"), created("nightly-orders/2", cause));
    night.step("01:46:00", "nightly-orders/2", 1, AttemptEnd::Exit(0));
    night.at("01:46:00", engine(), Event::RunEnded { run: run_id("nightly-orders/2"), outcome: Outcome::Success });
    night.probe("01:48:00", down, Health::Up, "");
    let note = SavedNote {
        kind: NoteKind::PostMortem,
        subject: Subject::Incident(incident),
        path: "notes/postmortem-1.md".into(),
        digest: String::new(),
        bytes: 1,
    };
    night.at("01:49:00", person("ana"), Event::NoteSaved { note });
    night.at("01:50:00", person("ana"), Event::IncidentResolved { incident, reason: "rerun went through".into() });
    night
}
