//! A real Prometheus, Alertmanager and blackbox exporter, brought up by `tests/real/`: an alert that fires there, the
//! silence that an acknowledgement makes, the server that is killed and back, recovery. `.ci/run real` runs it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it is surprised")]

mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use support::{Workspace, until};

/// The real servers; ended when dropped.
struct Real {
    folder: tempfile::TempDir,
    at: BTreeMap<String, String>,
}

impl Real {
    fn up() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = Self::run("tests/real/alertmanager-up", folder.path(), &[]);
        Self { folder, at }
    }

    fn run(script: &str, folder: &Path, more: &[&str]) -> BTreeMap<String, String> {
        let output = Command::new(script).arg(folder).args(more).output().unwrap();
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        lines.lines().filter_map(|line| line.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.at["ALERTMANAGER_URL"]);
        let output = Command::new("curl").args(["--noproxy", "*", "-fsS", "-m", "10", &url]).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// Silences that stand on the service `search`.
    fn standing(&self) -> Vec<Value> {
        let silences = self.get("/api/v2/silences");
        let on_search = |silence: &&Value| {
            silence["status"]["state"] == "active"
                && silence["matchers"].as_array().is_some_and(|matchers| matchers.iter().any(|matcher| matcher["value"] == "search"))
        };
        silences.as_array().into_iter().flatten().filter(on_search).cloned().collect()
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ended = Command::new("tests/real/alertmanager-down").arg(self.folder.path()).status();
    }
}

/// The open incident about a service.
fn about(workspace: &Workspace, service: &str) -> Option<Value> {
    let incidents = workspace.json(&["incidents"]);
    incidents.as_array()?.iter().find(|incident| incident["labels"]["service"] == service).cloned()
}

#[test]
#[ignore = "needs Debian's prometheus packages and some of the loopback's ports: .ci/run real"]
fn an_alert_of_a_real_alertmanager_is_acknowledged_and_recovers() {
    let real = Real::up();
    let mut workspace = Workspace::new();
    let url = &real.at["ALERTMANAGER_URL"];
    let text = format!(
        "name = \"test\"\ntimezone = \"UTC\"\n[[source]]\nkind = \"alertmanager\"\nname = \"warehouse\"\nurl = \"{url}\"\nevery = \"1s\"\nsilence_for = \"12s\"\n"
    );
    workspace.file("dogwatch.toml", &text);
    workspace.serve();

    // What fires there from the start: critical, under the fingerprint that Alertmanager gave it.
    let payments = until("payments is down", || about(&workspace, "payments"));
    assert_eq!(payments["severity"], "critical");
    let there = real.get("/api/v2/alerts");
    let wanted = there.as_array().unwrap().iter().find(|alert| alert["labels"]["service"] == "payments").unwrap()["fingerprint"].clone();
    assert_eq!(payments["alerts"][0]["fingerprint"], wanted);

    // A new failure: the probe of the target that we let fail.
    std::fs::write(&real.at["TARGET_FLIP_FILE"], "").unwrap();
    let search = until("search is down", || about(&workspace, "search"));
    let id = search["id"].to_string();
    workspace.ok(&["ack", &id, "--note", "looking"]);
    let silence = until("the silence is there", || real.standing().into_iter().next());
    assert!(silence["comment"].as_str().unwrap().starts_with("ack by "), "{silence}");
    let (first, ends) = (silence["id"].clone(), silence["endsAt"].as_str().unwrap().to_owned());
    until("it is kept alive under its id", || {
        real.standing().into_iter().find(|silence| silence["id"] == first && silence["endsAt"].as_str().unwrap() > ends.as_str())
    });
    assert!(about(&workspace, "search").is_some(), "silenced by us, it fires on");

    // The server is gone and back: what is shown is stale meanwhile, and the silence stands again.
    Real::run("tests/real/alertmanager-down", real.folder.path(), &["alertmanager"]);
    until("it is stale", || workspace.json(&["source", "warehouse"])["stale"].as_str().map(str::to_owned));
    assert!(about(&workspace, "search").is_some(), "what was seen last stays");
    assert_eq!(workspace.run(&["ack", &payments["id"].to_string()]).status.code(), Some(1));
    Real::run("tests/real/alertmanager-up", real.folder.path(), &[]);
    until("it answers again", || workspace.json(&["source", "warehouse"])["stale"].is_null().then_some(()));
    until("search fires there again", || {
        real.get("/api/v2/alerts")
            .as_array()
            .and_then(|alerts| alerts.iter().find(|alert| alert["labels"]["service"] == "search").map(drop))
    });

    // Recovery is told although it is silenced, and the silence goes with it.
    std::fs::remove_file(&real.at["TARGET_FLIP_FILE"]).unwrap();
    until("search recovers", || about(&workspace, "search").is_none().then_some(()));
    until("no silence stands", || real.standing().is_empty().then_some(()));
    assert!(about(&workspace, "payments").is_some());
}
