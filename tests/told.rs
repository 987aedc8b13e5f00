//! Messages through the real daemon, to real sinks: sent once, tried again, never twice across a kill, and no secret in
//! anything that it leaves behind.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it is surprised")]

mod sinks;
mod support;

use serde_json::Value;
use sinks::{Answer, HttpSink, Posted, Privacy, SmtpSink, next};
use std::path::Path;
use support::{Workspace, until};
use tokio::runtime::Runtime;

const CANARY: &str = "canary-51c2-secret";

/// A workspace with one flow that fails when a file says so, and one webhook.
fn workspace(url: &str, extra: &str) -> Workspace {
    let workspace = Workspace::new();
    let settings = format!(
        "name = \"test\"\ntimezone = \"UTC\"\n\n\
         [channels.ops]\nkind = \"webhook\"\nurl = \"{url}\"\nretry = {{ delay = \"200ms\", factor = 1.0, attempts = 3 }}\n{extra}\n\
         [messages]\nfailed = \"ops\"\nrecovered = \"ops\"\n"
    );
    workspace.file("dogwatch.toml", &settings);
    let flow = "[[step]]\nname = \"load\"\nrun = \"test ! -e broken || exit 3\"\nretry = { attempts = 2, delay = \"50ms\" }\n";
    workspace.file("flows/orders.toml", flow);
    workspace
}

fn posted(sink: &HttpSink, what: &str) -> (String, String, Posted) {
    let posted = next(&sink.posted, what);
    let json = posted.json();
    (json["point"].as_str().unwrap().to_owned(), json["subject"].as_str().unwrap().to_owned(), posted)
}

/// A channel's row, once it is so.
fn channel_when(workspace: &Workspace, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    until(what, || workspace.json(&["channels"]).as_array().unwrap().first().cloned().filter(&is))
}

fn kinds(workspace: &Workspace, wanted: &str) -> usize {
    let events = workspace.json(&["events", "-n", "500"]);
    events.as_array().unwrap().iter().filter(|entry| entry["event"].get(wanted).is_some()).count()
}

#[test]
fn a_failure_is_told_when_retries_are_spent_and_the_recovery_after_it() {
    let tokio = Runtime::new().unwrap();
    let sink = HttpSink::start(tokio.handle(), None);
    let mut workspace = workspace(&sink.url(), "");
    workspace.serve();
    workspace.file("broken", "");
    workspace.run(&["run", "orders", "--wait"]);
    let (point, subject, first) = posted(&sink, "the failure");
    assert_eq!((point.as_str(), subject.as_str()), ("failed", "orders/1 failed: load failed (exit 3)"));
    assert!(first.json()["text"].as_str().unwrap().contains("attempt 2"), "told before the retries were spent");
    std::fs::remove_file(workspace.root().join("broken")).unwrap();
    workspace.ok(&["run", "orders", "--wait"]);
    let (point, _, second) = posted(&sink, "the recovery");
    assert_eq!(point, "recovered");
    assert_ne!(first.headers["idempotency-key"], second.headers["idempotency-key"]);
    let row = channel_when(&workspace, "both are taken", |row| row["sent"] == 2);
    assert_eq!((row["state"].as_str(), row["queue"].as_u64()), (Some("ok"), Some(0)));
    assert!(sink.posted.try_recv().is_err(), "one message for each fact");
}

#[test]
fn a_message_is_tried_again_with_the_same_key_and_a_lost_channel_raises_an_alert() {
    let tokio = Runtime::new().unwrap();
    let sink = HttpSink::start(tokio.handle(), None);
    let mut workspace = workspace(&sink.url(), "");
    workspace.serve();
    sink.answers(&["500 Oops", "500 Oops"], "");
    workspace.file("broken", "");
    workspace.run(&["run", "orders", "--wait"]);
    let keys: Vec<_> = (0..3).map(|_| posted(&sink, "a try").2.headers["idempotency-key"].clone()).collect();
    assert_eq!(keys, [keys[0].clone(), keys[0].clone(), keys[0].clone()]);
    channel_when(&workspace, "the third try is taken", |row| row["state"] == "ok");
    assert_eq!((kinds(&workspace, "message_failed"), kinds(&workspace, "message_sent")), (2, 1));

    sink.answers(&["404 No"], "");
    let output = workspace.run(&["channels", "--test", "ops"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("ops has not taken it: answered 404"), "{output:?}");
    let incidents = workspace.json(&["incidents"]);
    let titles: Vec<_> = incidents.as_array().unwrap().iter().filter_map(|row| row["title"].as_str()).collect();
    assert!(titles.iter().any(|title| title.starts_with("channel ops does not take messages: answered 404")), "{titles:?}");
    assert!(workspace.ok(&["channels", "--test", "ops"]).contains("ops has taken it"));
    until("the alert is over", || {
        let open = workspace.json(&["incidents"]);
        let open = open.as_array().unwrap().iter().filter(|row| row["title"].as_str().unwrap().starts_with("channel")).count();
        (open == 0).then_some(())
    });
}

#[test]
fn a_daemon_killed_while_a_sink_holds_the_message_never_sends_it_again() {
    let tokio = Runtime::new().unwrap();
    let sink = HttpSink::start(tokio.handle(), None);
    let mut workspace = workspace(&sink.url(), "timeout = \"60s\"");
    workspace.serve();
    sink.script.lock().unwrap().push_back(Answer::Hold);
    workspace.file("broken", "");
    workspace.run(&["run", "orders", "--wait"]);
    let (point, ..) = posted(&sink, "the message that is held");
    assert_eq!(point, "failed");
    workspace.kill_daemon();
    workspace.serve();
    let row = channel_when(&workspace, "the message is unknown", |row| row["unknown"] == 1);
    assert_eq!((row["state"].as_str(), row["queue"].as_u64()), (Some("failed"), Some(0)));
    assert!(row["error"].as_str().unwrap().contains("the daemon ended while it was sent"), "{row}");
    // The next message comes, and the one before it does not.
    std::fs::remove_file(workspace.root().join("broken")).unwrap();
    workspace.ok(&["run", "orders", "--wait"]);
    assert_eq!(posted(&sink, "the next message").0, "recovered");
    channel_when(&workspace, "the next message is taken", |row| row["state"] == "ok");
    assert!(sink.posted.try_recv().is_err(), "the held message came twice");
    assert_eq!((kinds(&workspace, "message_unknown"), kinds(&workspace, "message_sent")), (1, 1));
}

#[test]
fn a_try_that_waits_survives_the_daemon() {
    let tokio = Runtime::new().unwrap();
    let sink = HttpSink::start(tokio.handle(), None);
    let mut workspace = workspace(&sink.url(), "");
    let settings = std::fs::read_to_string(workspace.root().join("dogwatch.toml")).unwrap();
    workspace.file("dogwatch.toml", &settings.replace("200ms", "1s"));
    workspace.serve();
    sink.answers(&["503 Busy"], "");
    workspace.file("broken", "");
    workspace.run(&["run", "orders", "--wait"]);
    let first = posted(&sink, "the first try").2;
    channel_when(&workspace, "it waits for its next try", |row| row["state"] == "failing" && row["queue"] == 1);
    workspace.kill_daemon();
    workspace.serve();
    let second = posted(&sink, "the next try").2;
    assert_eq!(first.headers["idempotency-key"], second.headers["idempotency-key"]);
    channel_when(&workspace, "it is taken", |row| row["state"] == "ok");
    assert!(sink.posted.try_recv().is_err());
}

#[test]
fn no_secret_is_left_behind_and_no_step_sees_one() {
    let tokio = Runtime::new().unwrap();
    let sink = HttpSink::start(tokio.handle(), None);
    let mailbox = SmtpSink::start(tokio.handle(), Privacy::None);
    let file_canary = format!("{CANARY}-file");
    let mut workspace = workspace(&sink.url(), "headers = { authorization = { env = \"OPS_TOKEN\" }, x-key = { file = \"key\" } }");
    let settings = std::fs::read_to_string(workspace.root().join("dogwatch.toml")).unwrap();
    let mail = format!(
        "[channels.mail]\nkind = \"mail\"\nserver = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nfrom = \"dogwatch@example.org\"\n\
         to = [\"ops@example.org\"]\n",
        mailbox.address.port()
    );
    workspace.file(
        "dogwatch.toml",
        &settings.replace("[messages]\nfailed = \"ops\"", &format!("{mail}[messages]\nfailed = [\"ops\", \"mail\"]")),
    );
    workspace.file("flows/orders.toml", "[[step]]\nname = \"load\"\nrun = \"env; exit 3\"\n");
    workspace.file("key", &file_canary);
    std::fs::set_permissions(workspace.root().join("key"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    workspace.set("OPS_TOKEN", CANARY);
    workspace.serve();
    sink.script.lock().unwrap().push_back(Answer::Say(format!("HTTP/1.1 500 No\r\ncontent-length: {}\r\n\r\n{CANARY}", CANARY.len())));
    workspace.run(&["run", "orders", "--wait"]);
    for _ in 0..2 {
        let (_, _, got) = posted(&sink, "the message");
        assert_eq!((got.headers["authorization"].as_str(), got.headers["x-key"].as_str()), (CANARY, file_canary.as_str()));
    }
    assert_eq!(next(&mailbox.mailed, "the mail").to, ["ops@example.org"]);
    channel_when(&workspace, "all is taken", |row| row["queue"] == 0);
    workspace.ok(&["stop"]);
    until("the daemon has ended", || workspace.wire_now().is_none().then_some(()));
    let mut looked_at = 0;
    for folder in [workspace.state(), workspace.beside("run"), workspace.beside("home")] {
        search(&folder, &mut looked_at);
    }
    search_file(&workspace.beside("daemon.log"), &mut looked_at);
    assert!(looked_at > 5, "{looked_at} files: it looked in the wrong place");
}

fn search(folder: &Path, looked_at: &mut usize) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            search(&entry.path(), looked_at);
        } else if kind.is_file() {
            search_file(&entry.path(), looked_at);
        }
    }
}

fn search_file(path: &Path, looked_at: &mut usize) {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return, // gone meanwhile: it was not left behind
        Err(error) => panic!("{}: {error}", path.display()),
    };
    let found = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
    assert!(!found, "{} holds a secret", path.display());
    *looked_at += 1;
}

#[test]
fn wrong_channels_are_told_with_their_lines() {
    let workspace = Workspace::new();
    let wrong = r#"name = "test"

[channels.ops]
kind = "webhok"

[channels.hook]
kind = "webhook"
url = "https://me:secret@hooks.example/"
body = "{\"text\": \"{{pasword}}\"}"
headers = { authorization = "Bearer literal" }

[channels.mail]
kind = "mail"
server = "mail.example:25"
username = "me"
password = "literal"
from = "no address"
to = []
retry = { tries = 3 }

[channels.told]
kind = "command"
run = "echo $DOGWATCH_MESSAGE_TEXT"

[messages]
failed = ["oops"]
faild = "told"
"#;
    workspace.file("dogwatch.toml", wrong);
    workspace.file("flows/orders.toml", "messages = { failed = \"tod\", steps = [\"lod\"] }\n[[step]]\nname = \"load\"\nrun = \"true\"\n");
    let output = workspace.run(&["check"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    for words in [
        "`kind` cannot be `webhok`",
        "did you mean `webhook`?",
        "`url` holds a user name or a password",
        "there is no field `pasword`",
        "this header carries a secret",
        "`server` is a host's name or address",
        "`password` is a secret",
        "`no address` is no mail address",
        "a mail channel needs recipients",
        "unknown key `tries`",
        "`run` is a list of texts",
        "there is no channel `oops`",
        "unknown key `faild`",
        "did you mean `failed`?",
    ] {
        assert!(said.contains(words), "{words}:\n{said}");
    }
    for secret in ["me:secret", "literal"] {
        assert!(!said.contains(secret), "{secret} is shown:\n{said}");
    }
    workspace.file(
        "dogwatch.toml",
        "name = \"test\"\n[channels.told]\nkind = \"command\"\nrun = [\"true\"]\nenv = { T = { file = \"key\" } }\n",
    );
    workspace.file("key", CANARY);
    std::fs::set_permissions(workspace.root().join("key"), std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let output = workspace.run(&["check"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    for words in ["others may read the secret file `key`", "there is no channel `tod`", "did you mean `told`?", "there is no step `lod`"] {
        assert!(said.contains(words), "{words}:\n{said}");
    }
}
