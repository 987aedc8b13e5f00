//! Escalation through the real daemon, to real sinks: a chain across kills of the daemon, and the files that define it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it is surprised")]

mod sinks;
mod support;

use serde_json::Value;
use sinks::{Answer, HttpSink, Posted, Privacy, SmtpSink, next};
use support::{Workspace, until};
use tokio::runtime::Runtime;

/// Ana is on call and has a webhook; Lea is behind her and gets mail.
fn workspace(hook: &HttpSink, mailbox: &SmtpSink, second: &str) -> Workspace {
    let workspace = Workspace::new();
    let settings = format!(
        "name = \"test\"\ntimezone = \"UTC\"\n\n\
         [channels.hook]\nkind = \"webhook\"\nurl = \"{}\"\ntimeout = \"60s\"\nretry = {{ delay = \"200ms\", attempts = 3 }}\n\n\
         [channels.mail]\nkind = \"mail\"\nserver = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nfrom = \"dogwatch@example.org\"\n\
         to = [\"lea@example.org\"]\n\n\
         [people.ana]\nchannels = [\"hook\"]\n\n[people.lea]\nname = \"Lea Blu\"\nchannels = \"mail\"\nteams = [\"db\"]\n\n\
         [[rota]]\nname = \"primary\"\npeople = [\"ana\"]\nfrom = \"2026-01-05\"\nhandover = \"mon 08:00\"\n\n\
         [[escalation]]\nseverity = [\"critical\", \"high\"]\n\
         [[escalation.step]]\ntell = [\"rota:primary\"]\n\
         [[escalation.step]]\nwait = \"{second}\"\ntell = [\"team:db\"]\n",
        hook.url(),
        mailbox.address.port()
    );
    workspace.file("dogwatch.toml", &settings);
    workspace.file("flows/orders.toml", "[[step]]\nname = \"load\"\nrun = \"test ! -e broken || exit 3\"\n");
    workspace.file("broken", "");
    workspace
}

fn posted(sink: &HttpSink, what: &str) -> (String, Posted) {
    let posted = next(&sink.posted, what);
    (posted.json()["point"].as_str().unwrap().to_owned(), posted)
}

fn count(workspace: &Workspace, kind: &str) -> usize {
    let events = workspace.json(&["events", "-n", "500"]);
    events.as_array().unwrap().iter().filter(|entry| entry["event"].get(kind).is_some()).count()
}

fn all_is_taken(workspace: &Workspace) {
    until("all is taken", || {
        let rows = workspace.json(&["channels"]);
        rows.as_array().unwrap().iter().all(|row| row["queue"] == 0).then_some(())
    });
}

#[test]
fn a_chain_goes_on_across_a_kill_of_the_daemon_and_tells_everyone_once() {
    let tokio = Runtime::new().unwrap();
    let hook = HttpSink::start(tokio.handle(), None);
    let mailbox = SmtpSink::start(tokio.handle(), Privacy::None);
    let mut workspace = workspace(&hook, &mailbox, "3s");
    workspace.serve();
    workspace.run(&["run", "orders", "--wait"]);
    let (point, first) = posted(&hook, "the first word");
    let json = first.json();
    assert_eq!((point.as_str(), json["person"].as_str(), json["incident"].as_u64()), ("incident_opened", Some("ana"), Some(1)));
    assert!(json["subject"].as_str().unwrap().starts_with("high incident 1: orders: load failed"), "{json}");
    assert!(json["text"].as_str().unwrap().contains("team:db"), "who is next is told: {json}");
    all_is_taken(&workspace);
    // Dead across the time at which the second step is due.
    workspace.kill_daemon();
    let due = std::time::Instant::now() + std::time::Duration::from_secs(3);
    until("the time of the second step has passed", || (std::time::Instant::now() > due).then_some(()));
    assert!(mailbox.mailed.try_recv().is_err(), "nobody is there to tell");
    workspace.serve();
    let mail = next(&mailbox.mailed, "the second step");
    assert_eq!(mail.to, ["lea@example.org"]);
    assert!(mail.headers("subject").join("").contains("is not acknowledged"), "{:?}", mail.headers("subject"));
    all_is_taken(&workspace);
    // Another kill repeats nothing.
    workspace.kill_daemon();
    workspace.serve();
    let rows = workspace.json(&["oncall"]);
    assert_eq!(rows["incidents"][0]["state"], "running", "{rows}");
    assert_eq!(rows["incidents"][0]["next"]["step"], Value::Null, "only the end of the chain is left: {rows}");
    std::fs::remove_file(workspace.root().join("broken")).unwrap();
    workspace.ok(&["run", "orders", "--wait"]);
    assert_eq!(posted(&hook, "the end").0, "incident_recovered");
    assert!(next(&mailbox.mailed, "the end by mail").headers("subject").join("").contains("is over"));
    all_is_taken(&workspace);
    assert!(hook.posted.try_recv().is_err() && mailbox.mailed.try_recv().is_err(), "something came twice");
    assert_eq!((count(&workspace, "incident_escalated"), count(&workspace, "recovery_told")), (2, 1));
}

#[test]
fn a_daemon_killed_while_a_sink_holds_the_first_word_goes_on_with_the_chain() {
    let tokio = Runtime::new().unwrap();
    let hook = HttpSink::start(tokio.handle(), None);
    let mailbox = SmtpSink::start(tokio.handle(), Privacy::None);
    let mut workspace = workspace(&hook, &mailbox, "5s");
    hook.script.lock().unwrap().push_back(Answer::Hold);
    workspace.serve();
    workspace.run(&["run", "orders", "--wait"]);
    assert_eq!(posted(&hook, "the word that is held").0, "incident_opened");
    workspace.kill_daemon();
    workspace.serve();
    assert_eq!(next(&mailbox.mailed, "the next step").to, ["lea@example.org"]);
    until("that nobody knows of the first word is on record", || (count(&workspace, "message_unknown") == 1).then_some(()));
    // The channel that fails raises an incident of its own, which is told on what works.
    let points: Vec<_> = hook.posted.try_iter().map(|posted| posted.json()["subject"].as_str().unwrap().to_owned()).collect();
    assert!(!points.iter().any(|subject| subject.starts_with("high incident 1:")), "the first word came twice: {points:?}");
}

#[test]
fn an_acknowledgement_stops_the_chain_and_an_override_changes_who_is_told() {
    let tokio = Runtime::new().unwrap();
    let hook = HttpSink::start(tokio.handle(), None);
    let mailbox = SmtpSink::start(tokio.handle(), Privacy::None);
    let mut workspace = workspace(&hook, &mailbox, "1h");
    workspace.serve();
    let wrong = workspace.run(&["override", "primary", "--person", "leo", "--for", "8h"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("there is no person `leo`"), "{wrong:?}");
    let would = workspace.ok(&["override", "primary", "--person", "lea", "--for", "8h", "--dry-run"]);
    assert!(would.contains("lea is on call for primary"), "{would}");
    assert_eq!(workspace.json(&["oncall"])["rotas"][0]["shifts"][0]["person"], "ana");
    workspace.ok(&["override", "primary", "--person", "lea", "--for", "8h", "--reason", "ana is on the train"]);
    let rows = workspace.json(&["oncall"]);
    let now = &rows["rotas"][0]["shifts"][0];
    assert_eq!((now["person"].as_str(), now["name"].as_str()), (Some("lea"), Some("Lea Blu")));
    assert!(now["why"].as_str().unwrap().contains("ana is on the train"), "{now}");
    workspace.kill_daemon();
    workspace.serve();
    assert_eq!(workspace.json(&["oncall"])["rotas"][0]["shifts"][0]["person"], "lea", "an override survives the daemon");
    workspace.run(&["run", "orders", "--wait"]);
    assert!(next(&mailbox.mailed, "lea hears first").headers("subject").join("").contains("high incident 1"));
    let before = workspace.json(&["oncall"]);
    assert_eq!(before["incidents"][0]["next"]["whom"][0], "team:db", "{before}");
    workspace.ok(&["ack", "1"]);
    let after = workspace.json(&["oncall"]);
    assert_eq!(after["incidents"][0]["state"], "acknowledged", "{after}");
    let table = workspace.ok(&["oncall"]);
    assert!(table.contains("override by") && table.contains("has it"), "{table}");
    workspace.ok(&["override", "primary", "--end"]);
    assert_eq!(workspace.json(&["oncall"])["rotas"][0]["shifts"][0]["person"], "ana");
    assert!(hook.posted.try_recv().is_err(), "ana was not on call");
}

#[test]
fn a_step_that_names_channels_tells_its_people_there_alone() {
    let tokio = Runtime::new().unwrap();
    let hook = HttpSink::start(tokio.handle(), None);
    let mailbox = SmtpSink::start(tokio.handle(), Privacy::None);
    let mut workspace = workspace(&hook, &mailbox, "1s");
    let settings = std::fs::read_to_string(workspace.root().join("dogwatch.toml")).unwrap();
    let second = "wait = \"1s\"\ntell = [\"team:db\"]\n";
    let by_mail = settings.replace("channels = \"mail\"", "channels = [\"hook\", \"mail\"]");
    workspace.file("dogwatch.toml", &by_mail.replace(second, "wait = \"1s\"\ntell = [\"team:db\"]\non = [\"mail\"]\n"));
    workspace.serve();
    workspace.run(&["run", "orders", "--wait"]);
    let first = posted(&hook, "the first word").1.json();
    assert!(first["text"].as_str().unwrap().contains("team:db on mail"), "who is next, and how: {first}");
    assert_eq!(next(&mailbox.mailed, "the second step").to, ["lea@example.org"]);
    all_is_taken(&workspace);
    assert!(hook.posted.try_recv().is_err(), "lea was told by mail alone");
    // She has mail alone, and the step wants the hook.
    workspace.file("dogwatch.toml", &settings.replace(second, "wait = \"1h\"\ntell = [\"team:db\"]\non = [\"hook\"]\n"));
    let refused = workspace.run(&["reload"]);
    let words = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && words.contains("`lea` has none of the channels hook"), "{words}");
    // What no file foresees: she takes the rota of somebody who has it.
    workspace.file("dogwatch.toml", &settings.replace(second, "wait = \"1h\"\ntell = [\"rota:primary\"]\non = [\"hook\"]\n"));
    workspace.ok(&["reload"]);
    workspace.ok(&["override", "primary", "--person", "lea", "--for", "8h"]);
    std::fs::remove_file(workspace.root().join("broken")).unwrap();
    workspace.ok(&["run", "orders", "--wait"]);
    workspace.file("broken", "");
    workspace.run(&["run", "orders", "--wait"]);
    let next = until("the second step is to come", || {
        let next = workspace.json(&["oncall"])["incidents"][0]["next"].clone();
        (next["step"] == 2).then_some(next)
    });
    assert_eq!((&next["on"], &next["told"]), (&serde_json::json!(["hook"]), &serde_json::json!([])), "{next}");
    assert_eq!(next["untold"][0]["reason"], "lea has none of the channels hook", "{next}");
    assert!(workspace.ok(&["oncall"]).contains("rota:primary on hook, who cannot be told"));
}

#[test]
fn every_mistake_about_people_is_told_with_its_line() {
    let workspace = Workspace::new();
    workspace.file("calendars/italy.toml", "holidays = [\"12-25\"]\n");
    let settings = "name = \"test\"\n\
        [channels.hook]\nkind = \"terminal\"\ntell = \"al\"\n\
        [people.ana]\nchannels = [\"hok\"]\nholidays = \"itly\"\naway = [{ from = \"2026-12-24\", to = \"2026-12-01\" }]\n\
        [people.leo]\nusr = \"leo\"\n\
        [[rota]]\nname = \"primary\"\npeople = [\"anna\"]\nhandover = \"mon 08:00\"\nshift = \"12h\"\nfrom = \"soon\"\n\
        [[override]]\nrota = \"primry\"\nperson = \"ana\"\nfrom = \"2026-12-24\"\nto = \"2026-12-25\"\n\
        [hours]\nbusiness = \"mon-fir 08:00-18:00\"\noff_hours = [\"critcal\"]\nsleep = \"late\"\n\
        [[escalation]]\nseverity = \"critical\"\n\
        [[escalation.step]]\ntell = [\"rota:primry\", \"person:leo\", \"team:db\", \"channel:hok\", \"chanel:hook\", \"ana\"]\n\
        [[escalation]]\nseverity = \"critical\"\nstep = []\n";
    workspace.file("dogwatch.toml", settings);
    let refused: Value = serde_json::from_slice(&workspace.run(&["check", "--json"]).stdout).unwrap();
    let errors: Vec<&str> = refused["errors"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let all = errors.join("\n");
    for wanted in [
        "dogwatch.toml:4:8: `tell` cannot be `al`",
        "dogwatch.toml:6:13: there is no channel `hok`",
        "dogwatch.toml:7:12: there is no calendar `itly`",
        "`to` must be after `from`",
        "unknown key `usr`",
        "there is no person `anna`",
        "`shift` is no whole number of weeks",
        "`from` is a date from 1970 on",
        "there is no rota `primry`",
        "`mon-fir 08:00-18:00` are no business hours",
        "`off_hours` cannot be `critcal`",
        "`sleep` is a stretch",
        "`leo` has no channel on which to be told",
        "there is no team `db`",
        "`chanel` is nobody who can be told",
        "`ana` does not say who that is",
        "there is a chain for critical already",
    ] {
        assert!(all.contains(wanted), "{wanted} is not among\n{all}");
    }
}
