//! Alerts that scripts and Alertmanager send in: by the command and through real sockets, well and badly.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it is surprised")]

mod support;

use dogwatch::domain::{Event, Fingerprint};
use dogwatch::journal::{Page, Reader};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use support::{Workspace, until};

const TOKEN: &str = "t0ken-of-the-intake";

/// A daemon that takes alerts in, and where.
fn intake() -> (Workspace, String) {
    let mut workspace = Workspace::new();
    workspace.file("token", TOKEN);
    chmod(&workspace, "token");
    workspace
        .file("dogwatch.toml", "name = \"test\"\ntimezone = \"UTC\"\n[intake]\nlisten = \"127.0.0.1:0\"\ntoken = { file = \"token\" }\n");
    workspace.serve();
    let address = until("the intake listens", || workspace.json(&["sources"])["intake"]["address"].as_str().map(str::to_owned));
    (workspace, address)
}

fn chmod(workspace: &Workspace, name: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(workspace.root().join(name), std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// Sends a request and reads the answer to its end: status and body.
fn send(address: &str, method: &str, path: &str, token: Option<&str>, body: &[u8]) -> (u16, Value) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let authorization = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{authorization}content-length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    let _refused_early = stream.write_all(body);
    let mut answer = Vec::new();
    let _reset_after_the_answer = stream.read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split_whitespace().nth(1).unwrap_or_else(|| panic!("no answer: {text}")).parse().unwrap();
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

fn post(address: &str, path: &str, body: &Value) -> (u16, Value) {
    send(address, "POST", path, Some(TOKEN), body.to_string().as_bytes())
}

fn entries(workspace: &Workspace) -> Vec<Event> {
    let state = workspace.state();
    let place = walk(&state).expect("a journal");
    let reader = Reader::open(&place).unwrap();
    let mut events = Vec::new();
    let mut after = 0;
    loop {
        let page = reader.entries(&Page { after: Some(after), limit: 1_000, ..Page::default() }).unwrap();
        let Some(last) = page.last() else { return events };
        after = last.seq;
        events.extend(page.into_iter().map(|entry| entry.event));
    }
}

fn walk(folder: &std::path::Path) -> Option<std::path::PathBuf> {
    if folder.join("journal.db").exists() {
        return Some(folder.to_owned());
    }
    let folders = std::fs::read_dir(folder).ok()?.flatten().filter(|entry| entry.path().is_dir());
    folders.map(|entry| entry.path()).find_map(|folder| walk(&folder))
}

fn open(workspace: &Workspace) -> Vec<Value> {
    workspace.json(&["incidents"]).as_array().unwrap().clone()
}

#[test]
fn a_script_sends_an_alert_and_ends_it() {
    let mut workspace = Workspace::new();
    workspace.serve();
    let alert =
        ["alert", "DiskFull", "--label", "service=shop", "--severity", "high", "--summary", "/ has 1 % left", "--link", "https://x/y"];
    let preview = workspace.ok(&[&alert[..], &["--dry-run"]].concat());
    assert!(preview.contains("fires (high): / has 1 % left") && preview.contains("it opens an incident"), "{preview}");
    assert!(open(&workspace).is_empty());

    assert_eq!(workspace.ok(&alert).trim(), "incident 1");
    assert_eq!(workspace.json(&alert)["incident"], 1);
    let incidents = open(&workspace);
    assert_eq!(incidents.len(), 1, "sent twice, it is one alert: {incidents:?}");
    assert_eq!(incidents[0]["alerts"].as_array().unwrap().len(), 1);
    assert_eq!(incidents[0]["labels"]["source"], "local");
    let labels = [("alertname", "DiskFull"), ("service", "shop")].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    assert_eq!(incidents[0]["alerts"][0]["fingerprint"], Fingerprint::of(&labels).to_string());

    // Another alert of the same service meets it, and a worse one raises it.
    workspace.ok(&["alert", "InodesFull", "--label", "service=shop", "--severity", "critical"]);
    let incidents = open(&workspace);
    assert_eq!((incidents.len(), &incidents[0]["severity"]), (1, &json!("critical")), "{incidents:?}");

    workspace.ok(&["alert", "DiskFull", "--label", "service=shop", "--resolve"]);
    assert_eq!(open(&workspace).len(), 1, "the other one fires still");
    assert_eq!(workspace.ok(&["alert", "InodesFull", "--label", "service=shop", "--resolve"]).trim(), "incident 1");
    assert!(open(&workspace).is_empty());
    workspace.ok(&["alert", "InodesFull", "--label", "service=shop", "--resolve"]);

    let refused = workspace.run(&["alert", "X", "--label", &format!("service={}", "x".repeat(2_000))]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("the label `service` has 2000 bytes"));
}

#[test]
fn an_alert_that_is_not_sent_again_ends_by_itself_also_after_a_crash() {
    let mut workspace = Workspace::new();
    workspace.serve();
    workspace.ok(&["alert", "Backup", "--for", "5s"]);
    assert_eq!(open(&workspace).len(), 1);
    workspace.kill_daemon();
    workspace.serve();
    until("the alert ends by itself", || open(&workspace).is_empty().then_some(()));
    let over = workspace.json(&["incidents", "--all"]);
    assert_eq!(over[0]["resolution"], "the condition is over");
}

#[test]
fn the_intake_takes_both_formats_and_answers_when_it_is_durable() {
    let (mut workspace, address) = intake();
    let (status, body) = post(&address, "/alerts", &json!({"name": "Queue", "labels": {"service": "mail"}, "severity": "high"}));
    assert_eq!((status, &body["taken"]), (200, &json!(1)), "{body}");
    workspace.kill_daemon(); // what was answered for is on disk
    workspace.serve();
    assert_eq!(open(&workspace)[0]["title"], "Queue");
    let address = until("the intake listens", || workspace.json(&["sources"])["intake"]["address"].as_str().map(str::to_owned));

    let list = json!([{"name": "Queue", "labels": {"service": "mail"}, "resolved": true}, {"name": "B", "for": "10m", "summary": "b"}]);
    assert_eq!(post(&address, "/alerts", &list), (200, json!({"taken": 2})));
    let incidents = open(&workspace);
    assert_eq!(incidents.iter().map(|incident| incident["title"].as_str().unwrap()).collect::<Vec<_>>(), ["b"]);

    let labels = json!({"alertname": "ProbeDown", "cluster": "test", "instance": "http://127.0.0.1:19094/fail", "job": "probe",
        "service": "payments", "severity": "critical", "team": "pay"});
    let webhook = |status: &str| {
        json!({"version": "4", "groupKey": "{}:{}", "truncatedAlerts": 0, "status": status, "receiver": "dogwatch", "groupLabels": {},
            "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://am", "alerts": [{"status": status, "labels": labels,
            "annotations": {"summary": "payments does not answer"}, "startsAt": "2026-11-21T01:27:24.766Z",
            "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://prometheus/graph", "fingerprint": "c1bb97c0525459d6"}]})
    };
    assert_eq!(post(&address, "/alertmanager", &webhook("firing")), (200, json!({"taken": 1})));
    let incident = open(&workspace).into_iter().find(|incident| incident["severity"] == "critical").unwrap();
    assert_eq!(incident["title"], "payments does not answer");
    assert_eq!(incident["alerts"][0]["fingerprint"], "c1bb97c0525459d6", "the fingerprint is Alertmanager's");
    assert_eq!(post(&address, "/alertmanager", &webhook("resolved")).0, 200);
    assert!(open(&workspace).iter().all(|incident| incident["severity"] != "critical"));
}

#[test]
fn what_is_no_alert_is_refused_in_words() {
    let (workspace, address) = intake();
    let deep = format!("{{\"name\": \"x\", \"labels\": {}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let long = format!("{{\"name\": \"x\", \"labels\": {{\"a\": \"{}\"}}}}", "v".repeat(1 << 20));
    for (path, body, wanted) in [
        ("/alerts", "garbage".as_bytes(), "this is no alert"),
        ("/alerts", b"{\"nom\": \"x\"}", "unknown field"),
        ("/alerts", b"{\"name\": \"x\", \"severity\": \"awful\"}", "unknown variant"),
        ("/alerts", b"[]", "holds no alert"),
        ("/alerts", b"{\"name\": \"\"}", "needs a name"),
        ("/alerts", deep.as_bytes(), "invalid type"),
        ("/alerts", long.as_bytes(), "the label `a` has 1048576 bytes"),
        ("/alertmanager", b"{\"version\": \"3\", \"alerts\": []}", "4 is known"),
        (
            "/alertmanager?source=no-such",
            b"{\"version\": \"4\", \"alerts\": [{\"status\": \"firing\", \"labels\": {\"alertname\": \"a\"}}]}",
            "no-such",
        ),
        ("/alerts?token=x", b"{\"name\": \"x\"}", "the only parameter"),
    ] {
        let (status, answer) = send(&address, "POST", path, Some(TOKEN), body);
        let words = answer["error"].as_str().unwrap_or_default();
        assert!((400..500).contains(&status) && words.contains(wanted), "{path}: {status} {answer}");
    }
    assert_eq!(send(&address, "POST", "/alerts", Some(TOKEN), &vec![b' '; 9 << 20]).0, 413);
    assert_eq!(send(&address, "GET", "/alerts", Some(TOKEN), b"").0, 405);
    assert_eq!(send(&address, "POST", "/metrics", Some(TOKEN), b"{}").0, 404);
    assert!(open(&workspace).is_empty());
}

#[test]
fn ten_thousand_wrong_tokens_are_counted_in_one_or_two_entries() {
    let (workspace, address) = intake();
    for turn in 0..500 {
        let token = (turn % 2 == 0).then_some("wrong");
        let (status, _) = send(&address, "POST", "/alerts", token, b"{\"name\": \"x\"}");
        assert!(matches!(status, 401 | 429), "{status}");
    }
    assert_eq!(post(&address, "/alerts", &json!({"name": "right"})).0, 200, "who has the token is not held up");
    let counted: Vec<_> =
        entries(&workspace).into_iter().filter(|event| matches!(event, Event::IntakeCounted { .. } | Event::Refused { .. })).collect();
    assert!(
        matches!(&counted[..], [Event::IntakeCounted { .. }] | [Event::IntakeCounted { .. }, Event::IntakeCounted { .. }]),
        "{counted:?}"
    );
    assert!(workspace.json(&["sources"])["intake"]["unauthorized"].as_u64().unwrap() >= 1);
}

/// What the intake did not take, as a person sees it.
fn refused(workspace: &Workspace) -> [u64; 3] {
    let intake = workspace.json(&["sources"])["intake"].clone();
    ["unauthorized", "malformed", "dropped"].map(|count| intake[count].as_u64().unwrap())
}

fn send_three_of_each(address: &str) {
    for _ in 0..3 {
        assert_eq!(send(address, "POST", "/alerts", Some("wrong"), b"{}").0, 401);
        assert_eq!(send(address, "POST", "/alerts", Some(TOKEN), b"{}").0, 400);
        assert_eq!(
            post(
                address,
                "/alertmanager?source=no-such",
                &json!({"version": "4", "alerts": [{"status": "firing", "labels": {"alertname": "a"}}]})
            )
            .0,
            422
        );
    }
}

#[test]
fn what_is_refused_is_seen_soon_and_not_lost_when_the_daemon_stops() {
    let (mut workspace, address) = intake();
    send_three_of_each(&address);
    until("all of it is seen", || (refused(&workspace) == [3, 3, 3]).then_some(()));
    send_three_of_each(&address);
    workspace.ok(&["stop"]);
    workspace.serve();
    assert_eq!(refused(&workspace), [6, 6, 6], "what was not told yet is told at the end");
}

#[test]
fn a_storm_of_the_same_alerts_makes_no_entry_for_each() {
    let (mut workspace, address) = intake();
    let storm: Vec<Value> = (0..10_000)
        .map(|turn| json!({"name": format!("A{}", turn % 20), "labels": {"service": "shop"}, "summary": format!("value {turn}")}))
        .collect();
    for _ in 0..3 {
        assert_eq!(post(&address, "/alerts", &Value::Array(storm.clone())), (200, json!({"taken": 10_000})));
    }
    assert_eq!(open(&workspace).len(), 1);
    workspace.ok(&["stop"]);
    workspace.serve();
    let events = entries(&workspace);
    let fires = events.iter().filter(|event| matches!(event, Event::AlertFiring { .. })).count();
    assert_eq!(fires, 20, "one entry for each alert");
    let repeats: u32 = events
        .iter()
        .filter_map(|event| if let Event::AlertsRepeated { repeats } = event { Some(repeats) } else { None })
        .flatten()
        .map(|repeat| repeat.count)
        .sum();
    assert_eq!(repeats, 30_000 - 20, "every repeat is counted");
}

#[test]
fn half_sent_requests_end_within_their_time() {
    let (_workspace, address) = intake();
    let mut header = TcpStream::connect(&address).unwrap();
    header.write_all(b"POST /alerts HTTP/1.1\r\nhost:").unwrap();
    let mut body = TcpStream::connect(&address).unwrap();
    body.write_all(
        format!("POST /alerts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: 100\r\n\r\n{{").as_bytes(),
    )
    .unwrap();
    for stream in [&mut header, &mut body] {
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    }
    let mut words = String::new();
    body.read_to_string(&mut words).unwrap();
    assert!(words.starts_with("HTTP/1.1 408"), "{words}");
    let mut rest = Vec::new();
    header.read_to_end(&mut rest).unwrap();
    assert_eq!(post(&address, "/alerts", &json!({"name": "x"})).0, 200, "others are served all the while");
}
