//! The neighbour Alertmanager: recorded answers, bad ones, and every moment at which it may be gone.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it is surprised")]

mod neighbour;
mod prober_targets;
mod support;

use neighbour::{Alertmanager, Mood, alert, answer};
use prober_targets::certificate::self_signed_authority;
use prober_targets::{Authority, Served, self_signed};
use serde_json::{Value, json};
use std::io::Write;
use std::time::Duration;
use support::{Terminal, Workspace, until};

/// A daemon with this Alertmanager as the neighbour `warehouse`, read every second.
fn watched(server: &Alertmanager, more: &str) -> Workspace {
    let mut workspace = Workspace::new();
    let url = server.url();
    let text = format!(
        "name = \"test\"\ntimezone = \"UTC\"\n[[source]]\nkind = \"alertmanager\"\nname = \"warehouse\"\nurl = \"{url}\"\nevery = \"1s\"\ntimeout = \"2s\"\nsilence_for = \"6s\"\n{more}"
    );
    workspace.file("dogwatch.toml", &text);
    workspace.serve();
    workspace
}

fn open(workspace: &Workspace) -> Vec<Value> {
    workspace.json(&["incidents"]).as_array().unwrap().clone()
}

/// The silences at the neighbour that dogwatch keeps.
fn own(workspace: &Workspace) -> Vec<Value> {
    let listed = workspace.json(&["source", "warehouse", "silences"]);
    listed.as_array().unwrap().iter().filter(|silence| silence["own"] == true).cloned().collect()
}

fn source(workspace: &Workspace) -> Value {
    workspace.json(&["source", "warehouse"])
}

fn recorded(name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(format!("tests/fixtures/alertmanager/{name}.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn recorded_alerts_appear_under_their_fingerprints_with_the_environments_name() {
    let server = Alertmanager::start();
    server.state().alerts = recorded("alerts");
    let workspace = watched(&server, "");
    let incidents = until("both alerts", || Some(open(&workspace)).filter(|incidents| incidents.len() == 2));
    let mut shown: Vec<_> = incidents.iter().map(|incident| incident["alerts"][0]["fingerprint"].as_str().unwrap()).collect();
    shown.sort_unstable();
    assert_eq!(shown, ["c1bb97c0525459d6", "d5cb01917126d851"]);
    assert!(incidents.iter().all(|incident| incident["labels"]["source"] == "warehouse"), "{incidents:?}");
    assert_eq!(incidents[0]["severity"], "critical");
    assert_eq!(incidents[0]["title"], "payments does not answer at http://127.0.0.1:19094/fail");

    // What somebody silenced there before dogwatch knew of it concerns nobody; one that goes is over.
    let mut silenced = recorded("alerts_silenced");
    silenced[0]["labels"]["service"] = json!("other");
    server.state().alerts = vec![silenced[0].clone()];
    until("both are over", || open(&workspace).is_empty().then_some(()));
    until("the hidden one is counted", || (source(&workspace)["hidden"] == 1).then_some(()));
}

#[test]
fn an_acknowledgement_is_a_silence_on_the_exact_labels_as_long_as_it_fires() {
    let server = Alertmanager::start();
    server.state().alerts = vec![alert(&[("alertname", "Down"), ("service", "shop"), ("severity", "page")])];
    let workspace = watched(&server, "");
    let incident = until("the alert", || open(&workspace).into_iter().next());
    assert_eq!((&incident["severity"], &incident["sources"]), (&json!("critical"), &json!(["warehouse"])));
    let number = incident["id"].to_string();
    assert!(workspace.ok(&["incidents"]).contains("warehouse: it hurts"));
    let shown = workspace.ok(&["incident", &number]);
    assert!(shown.lines().any(|line| line == "Down  severity=page"), "{shown}");
    let preview = workspace.ok(&["ack", &number, "--dry-run"]);
    assert!(preview.contains("makes a silence of 6.0s at warehouse for 1 alert"), "{preview}");
    workspace.ok(&["ack", &number, "--note", "on it"]);

    let silence = until("the silence", || server.state().standing().into_iter().next());
    let matchers: Vec<_> = silence["matchers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|matcher| (matcher["name"].clone(), matcher["value"].clone(), matcher["isEqual"].clone()))
        .collect();
    assert_eq!(
        matchers,
        [("alertname", "Down"), ("service", "shop"), ("severity", "page")].map(|(name, value)| (json!(name), json!(value), json!(true)))
    );
    assert!(silence["comment"].as_str().unwrap().contains("via dogwatch"), "{silence}");
    let id = silence["id"].clone();
    until("its id is on record", || {
        own(&workspace).iter().find(|own| own["id"] == id && own["ends_at"].is_string() && own["incident"] == incident["id"]).map(drop)
    });

    // It fires on, silenced by us: the silence is prolonged under its id and with its start, and nothing else changes.
    server.state().alerts[0]["status"] = json!({"state": "suppressed", "silencedBy": [id], "inhibitedBy": []});
    until("it is prolonged", || (server.state().posted().len() >= 2).then_some(()));
    let posted = server.state().posted();
    assert_eq!((&posted[1]["id"], &posted[1]["startsAt"]), (&id, &posted[0]["startsAt"]));
    assert!(posted[1]["endsAt"].as_str().unwrap() > posted[0]["endsAt"].as_str().unwrap());
    assert_eq!(open(&workspace).len(), 1);

    // Recovery is told although it is silenced, and the silence ends with it.
    server.state().alerts.clear();
    until("it is over", || open(&workspace).is_empty().then_some(()));
    until("the silence is gone", || server.state().standing().is_empty().then_some(()));
    assert_eq!(server.state().silences.len(), 1, "there was never a second one");
}

#[test]
fn a_lost_reply_makes_no_second_silence() {
    let server = Alertmanager::start();
    server.state().alerts = vec![alert(&[("alertname", "Down"), ("service", "shop")])];
    let mut workspace = watched(&server, "");
    let incident = until("the alert", || open(&workspace).into_iter().next());
    server.mood(Mood::LosesReplies);
    workspace.ok(&["ack", &incident["id"].to_string()]);
    until("it was made, and the reply is lost", || (server.state().standing().len() == 1).then_some(()));
    until("the failure is on record", || own(&workspace)[0]["error"].as_str().map(str::to_owned));
    workspace.kill_daemon();
    server.mood(Mood::Good);
    workspace.serve();
    until("it was found by its marker", || own(&workspace)[0]["id"].as_str().map(str::to_owned));
    assert_eq!(server.state().silences.len(), 1, "{:?}", server.state().silences);
    workspace.ok(&["unack", &incident["id"].to_string()]);
    until("it is ended", || server.state().standing().is_empty().then_some(()));
}

/// An alert that is acknowledged, and its silence.
fn acknowledged(server: &Alertmanager, workspace: &Workspace) -> Value {
    server.state().alerts = vec![alert(&[("alertname", "Down"), ("service", "shop")])];
    let incident = until("the alert", || open(workspace).into_iter().next());
    workspace.ok(&["ack", &incident["id"].to_string()]);
    let silence = until("the silence", || server.state().standing().into_iter().next());
    until("its id is on record", || own(workspace).iter().find(|own| own["id"] == silence["id"]).map(drop));
    silence
}

#[test]
fn after_a_restart_without_its_silences_none_is_made_for_what_is_over() {
    let server = Alertmanager::start();
    let workspace = watched(&server, "");
    acknowledged(&server, &workspace);
    server.mood(Mood::Raw(answer("503 Service Unavailable", "", b"")));
    let asked = server.state().log.len();
    until("it is gone", || (server.state().log.len() > asked + 1).then_some(()));
    let posted = {
        let mut state = server.state();
        (state.alerts, state.silences, state.mood) = (Vec::new(), Vec::new(), Mood::Good);
        state.posted().len()
    };
    until("the incident is over", || open(&workspace).is_empty().then_some(()));
    until("nothing is to be done there", || own(&workspace).is_empty().then_some(()));
    let asked = server.state().log.len();
    until("it is read again", || (server.state().log.len() > asked + 3).then_some(()));
    assert_eq!(server.state().posted().len(), posted);
    assert_eq!(server.state().standing(), Vec::<Value>::new());

    server.state().alerts = vec![alert(&[("alertname", "Down"), ("service", "shop")])];
    until("it fires anew", || open(&workspace).into_iter().next());
}

#[test]
fn a_silence_that_stands_on_after_its_acknowledgement_hides_nothing_and_is_ended() {
    let server = Alertmanager::start();
    let workspace = watched(&server, "");
    let mut stray = acknowledged(&server, &workspace);
    server.state().alerts.clear();
    until("the incident is over", || open(&workspace).is_empty().then_some(()));
    until("its silence too", || own(&workspace).is_empty().then_some(()));
    {
        let mut state = server.state();
        stray["id"] = json!("11111111-0000-0000-0000-000000000001");
        state.silences.push(stray.clone());
        let mut again = alert(&[("alertname", "Down"), ("service", "shop")]);
        again["status"] = json!({"state": "suppressed", "silencedBy": [stray["id"]], "inhibitedBy": []});
        // What other people have silenced stays theirs, whatever its comment says.
        let mut other = stray.clone();
        (other["id"], other["comment"]) = (json!("leo-1"), json!("ack by leo via dogwatch, incident 1, dw-0123456789abcdef"));
        state.silences.push(other);
        let mut hidden = alert(&[("alertname", "Slow"), ("service", "shop")]);
        hidden["status"] = json!({"state": "suppressed", "silencedBy": ["leo-1"], "inhibitedBy": []});
        state.alerts = vec![again, hidden];
    }
    until("it fires anew", || open(&workspace).into_iter().next());
    until("the other's counts as hidden", || (source(&workspace)["hidden"] == 1).then_some(()));
    until("the stray one is ended", || (server.state().standing().len() == 1).then_some(()));
    assert_eq!(server.state().standing()[0]["id"], "leo-1");
}

#[test]
fn a_neighbour_that_stops_answering_is_stale_and_its_actions_say_why() {
    let server = Alertmanager::start();
    server.state().alerts = vec![alert(&[("alertname", "Down"), ("service", "shop")])];
    let workspace = watched(&server, "");
    let incident = until("the alert", || open(&workspace).into_iter().next());
    for (turn, (mood, wanted)) in [
        (Mood::Silent, "no answer within 2 s"),
        (Mood::Drips, "no answer within 2 s"),
        (Mood::Resets, "onnection reset"),
        (Mood::Raw(answer("401 Unauthorized", "", b"")), "the credentials are refused"),
        (Mood::Raw(answer("302 Found", "location: http://other.example/\r\n", b"")), "redirected to another host"),
    ]
    .into_iter()
    .enumerate()
    {
        server.mood(mood);
        let why = until(&format!("it is stale: {wanted}"), || source(&workspace)["stale"].as_str().map(str::to_owned));
        assert!(why.contains(wanted), "{why} instead of {wanted}");
        let refused = workspace.run(&["ack", &incident["id"].to_string()]);
        let words = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && words.contains("warehouse does not answer since") && words.contains(wanted), "{words}");
        assert!(words.contains(" UTC: ") && !words.contains("Z: "), "local time as elsewhere: {words}");
        let seen = open(&workspace);
        assert_eq!(seen.len(), 1, "what was seen last stays");
        // Three rhythms of a second were missed before it was called stale.
        assert!(seen[0]["stale"]["source"] == "warehouse" && seen[0]["stale"]["age"].as_f64().unwrap() >= 1.0, "{seen:?}");
        let listed = workspace.ok(&["incidents"]);
        assert!(listed.contains("stale ") && listed.contains(" s, triggered"), "{listed}");
        let shown = workspace.ok(&["incident", &incident["id"].to_string()]);
        assert!(shown.contains(": warehouse does not answer since "), "{shown}");
        server.mood(Mood::Good);
        // Defined anew, so that the pause after refused credentials need not be waited for.
        let file = std::fs::read_to_string(workspace.root().join("dogwatch.toml")).unwrap();
        workspace
            .file("dogwatch.toml", &file.replace(&format!("silence_for = \"{}s", turn + 6), &format!("silence_for = \"{}s", turn + 7)));
        workspace.ok(&["reload"]);
        until("it answers", || source(&workspace)["stale"].is_null().then_some(()));
    }
    workspace.ok(&["ack", &incident["id"].to_string()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbour_with_a_wrong_certificate_is_refused_with_the_reason_and_there_is_no_way_around() {
    let authority = Authority::new();
    let good = Served::tls_answering(authority.certificate("localhost", 30), "[]").await;
    let table = |url: &str| {
        format!(
            "name = \"test\"\n[[source]]\nkind = \"alertmanager\"\nname = \"warehouse\"\nurl = \"{url}\"\nca_file = \"{}\"\nevery = \"1s\"\n",
            authority.file()
        )
    };
    let mut workspace = Workspace::new();
    workspace.file("dogwatch.toml", &table(&good.https_url("localhost")));
    workspace.serve();
    let fresh = || until("it answers", || source(&workspace)["stale"].is_null().then_some(()));
    fresh();
    for (served, wanted) in [
        (Served::tls(authority.certificate("localhost", -3)).await, "certificate expired 3 days ago"),
        (Served::tls(authority.certificate("am.example", 30)).await, "certificate is for am.example"),
        (Served::tls(self_signed("localhost")).await, "certificate is not signed by a trusted authority"),
        (Served::tls_redirecting(authority.certificate("localhost", 30), "http://localhost/").await, "redirects are not followed"),
    ] {
        workspace.file("dogwatch.toml", &table(&served.https_url("localhost")));
        workspace.ok(&["reload"]);
        let why = until(&format!("it is refused: {wanted}"), || source(&workspace)["stale"].as_str().map(str::to_owned));
        assert!(why.contains(wanted), "{why} instead of {wanted}");
        workspace.file("dogwatch.toml", &table(&good.https_url("localhost")));
        workspace.ok(&["reload"]);
        fresh();
    }
    // Nothing in the file turns the check off.
    workspace.file("dogwatch.toml", &(table(&good.https_url("localhost")) + "insecure = true\n"));
    let refused = workspace.run(&["check"]);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("insecure"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ca_file_with_another_content_is_read_without_being_named_anew() {
    let (old, new) = (Authority::new(), Authority::new());
    let (own, pem) = self_signed_authority("localhost");
    let mut workspace = Workspace::new();
    let file = workspace.root().join("ca.pem");
    std::fs::copy(old.file(), &file).unwrap();
    let served = Served::tls_answering(new.certificate("localhost", 30), "[]").await;
    let table = |served: &Served| {
        format!(
            "name = \"test\"\n[[source]]\nkind = \"alertmanager\"\nname = \"warehouse\"\nurl = \"{}\"\nca_file = \"{}\"\nevery = \"1s\"\n",
            served.https_url("localhost"),
            file.display()
        )
    };
    workspace.file("dogwatch.toml", &table(&served));
    workspace.serve();
    let stale = |wanted: &str| {
        until(wanted, || source(&workspace)["stale"].as_str().filter(|why| why.contains(wanted)).map(str::to_owned));
    };
    let fresh = || until("it answers", || source(&workspace)["stale"].is_null().then_some(()));
    stale("certificate is not signed by the authority that it names");
    std::fs::copy(new.file(), &file).unwrap();
    fresh();
    std::fs::copy(old.file(), &file).unwrap();
    stale("certificate is not signed by the authority that it names");
    std::fs::copy(new.file(), &file).unwrap();
    fresh();

    // A certificate that may sign others is named as the authority of the server that shows it.
    let itself = Served::tls_answering(own, "[]").await;
    std::fs::write(&file, pem).unwrap();
    workspace.file("dogwatch.toml", &table(&itself));
    workspace.ok(&["reload"]);
    stale("the certificate is a CA's own, not a server's");
}

#[test]
fn strange_answers_give_what_they_can_and_words_for_the_rest() {
    let server = Alertmanager::start();
    let good = alert(&[("alertname", "Down"), ("service", "shop")]);
    let workspace = watched(&server, "");
    let mut bare = json!({"labels": {"alertname": "Bare"}});
    bare["annotations"] = Value::Null;
    let mut odd = good.clone();
    odd["labels"]["alertname"] = json!("Odd");
    odd["status"] = json!({"state": "dreaming", "silencedBy": null, "mutedBy": [], "tenant": {"x": [1, 2]}});
    let long = alert(&[("alertname", "Long"), ("blob", &"x".repeat(1 << 20))]);
    server.state().alerts = vec![bare, odd, long, json!({"labels": null}), json!(7)];
    until("what can be read", || (open(&workspace).len() == 2).then_some(()));
    let seen = until("what cannot", || Some(source(&workspace)).filter(|seen| seen["left_out"] == 3));
    assert!(seen["note"].as_str().unwrap().contains("dreaming"), "{seen}");

    // A bomb: eight thousand times as long as it travels. The daemon's memory stays bounded by the limit of an answer.
    let bomb = gzip_of_zeros(64 << 20);
    server.mood(Mood::Raw(answer("200 OK", "content-encoding: gzip\r\n", &bomb)));
    let why = until("it is refused", || source(&workspace)["stale"].as_str().map(str::to_owned));
    assert!(why.contains("longer than"), "{why}");
    assert_eq!(open(&workspace).len(), 2);
}

/// A gzip member of stored... of one deflate block that repeats one byte: made by hand, because nothing here packs.
fn gzip_of_zeros(length: usize) -> Vec<u8> {
    let mut child = std::process::Command::new("gzip")
        .arg("-c")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::spawn(move || stdin.write_all(&vec![b' '; length]).unwrap());
    child.wait_with_output().unwrap().stdout
}

#[test]
fn people_make_prolong_and_end_silences_there() {
    let server = Alertmanager::start();
    server.state().alerts = vec![alert(&[("alertname", "Down"), ("service", "shop")])];
    server.state().silences = recorded("silences");
    let secret = "pa55-canary";
    let file = "username = \"dogwatch\"\npassword = { file = \"secret\" }\n";
    let workspace = {
        let mut workspace = Workspace::new();
        workspace.file("secret", secret);
        std::fs::set_permissions(workspace.root().join("secret"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let url = server.url();
        let text =
            format!("name = \"test\"\n[[source]]\nkind = \"alertmanager\"\nname = \"warehouse\"\nurl = \"{url}\"\nevery = \"1s\"\n{file}");
        workspace.file("dogwatch.toml", &text);
        workspace.serve();
        workspace
    };
    until("the alert", || open(&workspace).into_iter().next());
    assert_eq!(server.state().authorization.clone().unwrap(), "Basic ZG9nd2F0Y2g6cGE1NS1jYW5hcnk=");
    let listed = until("the other's silence", || {
        Some(workspace.json(&["source", "warehouse", "silences"])).filter(|listed| listed.as_array().unwrap().len() == 1)
    });
    assert_eq!((&listed[0]["comment"], &listed[0]["own"]), (&json!("changed matcher"), &json!(false)));
    assert!(listed[0]["starts_at"].is_string() && listed[0]["ends_at"].is_string(), "{listed}");

    let bare = ["source", "warehouse", "silence", "service=~sh.*", "--for", "1h"];
    assert_eq!(workspace.run(&[&bare[..], &["--dry-run"]].concat()).status.code(), Some(2), "a reason is asked for as in the real call");
    let ask = [&bare[..], &["--reason", "moving the shop"]].concat();
    let preview = workspace.ok(&[&ask[..], &["--dry-run"]].concat());
    assert!(preview.contains("hides now (warning): it hurts") && preview.contains("of the last 7 days"), "{preview}");
    assert_eq!(server.state().posted().len(), 0);
    workspace.ok(&ask);
    let made = until("it stands", || {
        server.state().standing().into_iter().find(|silence| silence["comment"].as_str().unwrap().starts_with("moving"))
    });
    assert_eq!(made["matchers"][0], json!({"name": "service", "value": "sh.*", "isRegex": true, "isEqual": true}));

    let other = listed[0]["id"].as_str().unwrap();
    workspace.ok(&["source", "warehouse", "extend", other, "--for", "2h"]);
    until("it lasts longer", || server.state().posted().iter().find(|posted| posted["id"] == other).cloned());
    let own = made["id"].as_str().unwrap().to_owned();
    until("it is listed", || workspace.ok(&["source", "warehouse", "silences"]).contains(&own).then_some(()));
    let shorter = workspace.ok(&["source", "warehouse", "extend", &own, "--for", "10m", "--dry-run"]);
    assert!(shorter.contains("ends earlier than now set: ") && shorter.contains(" → "), "{shorter}");
    let longer = workspace.ok(&["source", "warehouse", "extend", &own, "--for", "2h", "--dry-run"]);
    assert!(!longer.contains("earlier"), "{longer}");
    let handed = workspace.json(&["handover"]);
    let ends: Vec<_> = handed["expiring"].as_array().unwrap().iter().map(|ends| ends["what"].as_str().unwrap().to_owned()).collect();
    let wanted = |what: &&String| what.starts_with("silence at warehouse by ") && what.ends_with(": service=~\"sh.*\" (moving the shop)");
    assert!(ends.iter().any(|what| wanted(&what)), "{ends:?}");
    workspace.ok(&["source", "warehouse", "expire", &own]);
    until("it is ended", || server.state().standing().iter().all(|silence| silence["id"] != own.as_str()).then_some(()));
    for wrong in [
        &["source", "warehouse", "expire", "no-such"][..],
        &["source", "no-such", "expire", "x"],
        &["source", "warehouse", "silence", "a=~(", "--for", "1h", "--comment", "x"],
    ] {
        assert_eq!(workspace.run(wrong).status.code(), Some(1), "{wrong:?}");
    }
    let kept = walk(&workspace.state());
    assert!(!kept.is_empty());
    for path in kept {
        let text = std::fs::read(&path).unwrap();
        assert!(!text.windows(secret.len()).any(|part| part == secret.as_bytes()), "{} holds the password", path.display());
    }
}

/// How long the console may take to show something on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn the_keys_of_the_page_make_prolong_and_end_silences_there() {
    let server = Alertmanager::start();
    server.state().alerts = vec![alert(&[("alertname", "Down"), ("service", "shop")])];
    server.state().silences = recorded("silences");
    let workspace = watched(&server, "");
    let terminal = Terminal::open(&workspace, &[], 120, 40);
    terminal.wait_for("Flows", PATIENCE);
    terminal.send("\x1bs");
    terminal.wait_for("changed matcher", PATIENCE);
    let other = server.state().standing()[0]["id"].as_str().unwrap().to_owned();
    // The cursor stays on this silence, whatever comes above or below it.
    terminal.send("jS");
    terminal.wait_for("silence at warehouse", PATIENCE);
    terminal.send("service=~sh.*\t");
    terminal.wait_for("hides now (warning): it hurts", PATIENCE);
    terminal.wait_for("of the last 7 days", PATIENCE);
    assert!(server.state().posted().is_empty(), "a preview asks the neighbour for nothing");
    terminal.send("\tmoving the shop\r");
    let made = until("it stands", || {
        server.state().standing().into_iter().find(|silence| silence["comment"].as_str().unwrap().starts_with("moving"))
    });
    assert_eq!(made["matchers"][0], json!({"name": "service", "value": "sh.*", "isRegex": true, "isEqual": true}));
    terminal.wait_for("moving the shop", PATIENCE);
    terminal.send("e");
    terminal.wait_for(&format!("extend silence {other}"), PATIENCE);
    terminal.send("\r");
    until("it lasts longer", || server.state().posted().iter().find(|posted| posted["id"] == other.as_str()).cloned());
    terminal.send("x");
    terminal.wait_for(&format!("end silence {other}"), PATIENCE);
    terminal.send("\r");
    let standing = until("it is ended", || {
        let standing = server.state().standing();
        standing.iter().all(|silence| silence["id"] != other.as_str()).then_some(standing)
    });
    assert_eq!(standing.len(), 1, "the own one stands: {standing:?}");
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries: Vec<_> = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).collect();
    let (folders, files): (Vec<_>, Vec<_>) = entries.into_iter().partition(|path| path.is_dir());
    files.into_iter().filter(|path| path.is_file()).chain(folders.iter().flat_map(|folder| walk(folder))).collect()
}
