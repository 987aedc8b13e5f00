//! The post-mortem of a night: drafted from real entries, read by a person, redrafted around what a person wrote.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use dogwatch::domain::flow::{Missed, Overlap, Retry, StepDefinition};
use dogwatch::domain::incident::AlertNotice;
use dogwatch::domain::note::{NoteKind, SavedNote};
use dogwatch::domain::probe::Target;
use dogwatch::domain::run::{DefinitionChoice, RunCause, Scope};
use dogwatch::domain::{
    AlertCause, AttemptEnd, AttemptId, Author, CommandLine, Entry, Event, Fingerprint, FlowDefinition, Health, IncidentId, Job, Labels,
    Outcome, Params, ProbeDefinition, RunId, Severity, SourceId, Subject,
};
use dogwatch::notes::postmortem::{Drafting, draft};
use dogwatch::notes::redraft::redraft;
use dogwatch::notes::telling::{LINE_MAX, Naming, Teller};
use dogwatch::world::World;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// Entries as a daemon would have written them.
struct Night {
    entries: Vec<Entry>,
}

impl Night {
    fn at(&mut self, time: &str, author: Author, event: Event) {
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

fn person(user: &str) -> Author {
    Author::Person { uid: 1000, user: user.into(), login_uid: None, sudo_claim: None }
}

fn flow() -> Arc<FlowDefinition> {
    let load = StepDefinition {
        name: "load".into(),
        run: Some(CommandLine::Shell("bin/load".into())),
        needs: vec![],
        timeout: None,
        grace: Duration::from_secs(10),
        output_max: 1 << 30,
        retry: Retry { attempts: 2, ..Retry::default() },
        idempotent: false,
        env: Params::new(),
        folder: None,
    };
    Arc::new(FlowDefinition {
        id: "nightly-orders".into(),
        description: String::new(),
        file: "flows/nightly-orders.toml".into(),
        zone: "Europe/Rome".into(),
        schedules: vec![],
        missed: Missed::default(),
        overlap: Overlap::Skip,
        must_start_by: None,
        must_finish_by: None,
        severity: Severity::Critical,
        runbook: None,
        labels: Labels::new(),
        params: Params::new(),
        env: Params::new(),
        steps: vec![load],
    })
}

fn probe() -> Arc<ProbeDefinition> {
    Arc::new(ProbeDefinition {
        id: "checkout".into(),
        file: "probes/shop.toml".into(),
        target: Target::Tcp { address: "shop:443".into() },
        every: Duration::from_mins(1),
        timeout: Duration::from_secs(10),
        expect: dogwatch::domain::probe::Expectation::default(),
        down_after: 3,
        up_after: 2,
        severity: Severity::High,
        runbook: None,
        labels: Labels::new(),
        keep_alive: false,
    })
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
fn night() -> Night {
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
    assert_eq!((begins, ends), (9, 9));
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
