//! The demo's story with its real shop and its real shell steps: fetch, a check that fails, the repair that the runbook
//! leads to, and the rest of the batch.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on ends")]

use dogwatch::demo::{Demo, Method, fetch, remove, run_shop};
use dogwatch::domain::CommandLine;
use dogwatch::domain::runbook::ProcedureStep;
use dogwatch::workspace::{self, FileError, Loaded};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const DATE: &str = "2026-11-21";

/// Plays the program for the demo's scripts: when the variable is set, this test is `dogwatch demo-…` itself.
#[test]
fn face() {
    let Ok(args) = std::env::var("DEMO_FACE") else { return };
    match args.split(' ').collect::<Vec<_>>()[..] {
        ["demo-shop"] => tokio::runtime::Runtime::new().unwrap().block_on(run_shop(None)).unwrap(),
        ["demo-fetch", "--post", url, file] => drop(fetch(Method::Post, url, Path::new(file)).unwrap()),
        ["demo-fetch", url, file] => drop(fetch(Method::Get, url, Path::new(file)).unwrap()),
        _ => panic!("{args}"),
    }
}

/// A program that is started as `dogwatch` would be.
fn program(dir: &Path) -> PathBuf {
    let path = dir.join("dogwatch with a blank");
    let text = format!("#!/bin/sh\nDEMO_FACE=\"$*\" exec '{}' --exact face --nocapture\n", std::env::current_exe().unwrap().display());
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o755).open(&path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    path
}

struct Story {
    demo: Demo,
    loaded: Loaded,
    _dir: TempDir,
}

impl Story {
    fn begin() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let demo = Demo::begin(&dir.path().join("the demo"), &program(dir.path())).unwrap();
        let loaded = workspace::load(demo.folder()).unwrap_or_else(|errors| panic!("{errors}"));
        Self { demo, loaded, _dir: dir }
    }

    fn run(&self, command: &CommandLine, env: &[(&str, &str)]) -> Output {
        let argv = command.argv();
        Command::new(&argv[0]).args(&argv[1..]).envs(env.iter().copied()).current_dir(self.demo.folder()).output().unwrap()
    }

    /// Runs a step of a flow as the runner would.
    fn step(&self, flow: &str, step: &str) -> Output {
        let flow = self.loaded.definitions.flows.iter().find(|found| found.id.as_str() == flow).unwrap();
        let step = flow.step(&step.into()).unwrap();
        self.run(step.run.as_ref().unwrap(), &[("DOGWATCH_DATE", DATE), ("DOGWATCH_PARAM_REGION", "eu")])
    }

    /// A runnable step of the runbook.
    fn procedure(&self, step: &str) -> (ProcedureStep, Output) {
        let book = self.loaded.definitions.runbooks.iter().find(|book| book.id.as_str() == "orders-load").unwrap();
        let step = book.steps.iter().find(|found| found.name.as_str() == step).unwrap().clone();
        let output = self.run(&step.run, &[("DOGWATCH_PARAM_DATE", DATE)]);
        (step, output)
    }

    /// Runs a runnable step and checks what its runbook expects of it.
    fn passes(&self, step: &str) -> String {
        let (step, output) = self.procedure(step);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(step.expect.exit), "{}: {said}", step.name);
        if let Some(pattern) = &step.expect.output {
            assert!(regex::Regex::new(pattern).unwrap().is_match(&said), "{}: {said}", step.name);
        }
        said
    }

    fn status(&self, path: &str) -> Result<u16, String> {
        let url = format!("http://127.0.0.1:{}{path}", self.demo.ports().web);
        fetch(Method::Get, &url, &self.demo.folder().join("page")).map(|page| page.status).map_err(|error| error.to_string())
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn the_batch_fails_the_runbook_leads_to_the_fix_and_the_batch_succeeds() {
    let story = Story::begin();
    assert_eq!(story.loaded.warnings, Vec::<FileError>::new());
    for step in ["fetch", "rates"] {
        let output = story.step("nightly-orders", step);
        assert!(output.status.success(), "{step}: {}", said(&output));
    }
    let check = story.step("nightly-orders", "check");
    assert_eq!(check.status.code(), Some(65), "{}", said(&check));
    assert_eq!(said(&check).matches("ERROR incoming/orders-2026-11-21.csv:").count(), 3, "{}", said(&check));
    assert!(said(&check).contains("39.9O"), "{}", said(&check));
    assert!(story.status("/search?q=basket").unwrap_err().contains("503"), "a probe notices it too");
    assert_eq!(story.status("/"), Ok(200));

    assert!(story.passes("look-at-the-error-line").contains("237 good rows, 3 bad rows"));
    assert_eq!(story.passes("count-the-good-and-bad-rows"), "237 good, 3 bad\n");
    assert!(!story.procedure("verify-the-load").1.status.success(), "nothing is verified before it is fixed");
    let export = story.passes("export-again");
    assert!(export.contains("exported again (1)"), "{export}");

    for step in ["check", "load", "report"] {
        let output = story.step("nightly-orders", step);
        assert!(output.status.success(), "{step}: {}", said(&output));
    }
    assert!(story.passes("verify-the-load").contains("orders 240"));
    story.passes("verify-the-search");
    assert_eq!(story.status("/search?q=basket"), Ok(200));
    let report = story.step("weekly-report", "add-up");
    assert!(said(&report).starts_with("240 orders, "), "{}", said(&report));
}

#[test]
fn the_other_flows_do_what_they_say() {
    let story = Story::begin();
    let ask = story.step("heartbeat", "ask");
    assert!(said(&ask).contains("\"shop\":\"open\""), "{}", said(&ask));
    for step in ["rates", "convert-usd", "convert-jpy"] {
        let output = story.step("settle-fx", step);
        assert!(output.status.success(), "{step}: {}", said(&output));
    }
    assert_eq!(story.step("weekly-report", "add-up").status.code(), Some(66), "an empty warehouse is no report");
}

#[test]
fn ending_the_demo_ends_its_shop_and_only_its_folder_is_removed() {
    let story = Story::begin();
    let ports = story.demo.ports();
    std::net::TcpStream::connect(("127.0.0.1", ports.database)).unwrap();
    assert!(story.demo.welcome().contains(&format!("127.0.0.1:{}", ports.web)));
    assert!(Demo::begin(story.demo.folder(), Path::new("/bin/true")).is_err(), "a folder that is there is not taken");
    let folder = story.demo.end();
    let gone = std::net::TcpStream::connect(("127.0.0.1", ports.web)).unwrap_err();
    assert_eq!(gone.kind(), std::io::ErrorKind::ConnectionRefused);
    assert!(remove(folder.parent().unwrap()).is_err());
    remove(&folder).unwrap();
    assert!(!folder.exists());
}

#[test]
fn a_program_that_is_no_shop_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let error = Demo::begin(&dir.path().join("demo"), Path::new("/bin/true")).unwrap_err();
    assert!(error.to_string().contains("does not listen"), "{error}");
}

#[test]
fn the_shop_ends_when_whoever_started_it_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let mut shop = Command::new(program(dir.path())).arg("demo-shop").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(shop.stdout.take().unwrap()).lines();
    let is_listening = lines.any(|line| line.unwrap().split(' ').filter_map(|port| port.parse::<u16>().ok()).count() == 2);
    assert!(is_listening, "it tells its ports");
    drop(shop.stdin.take());
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || tell.send(shop.wait().unwrap()));
    assert!(told.recv_timeout(Duration::from_secs(20)).expect("it ends").success());
}

#[test]
fn the_example_to_copy_runs() {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/nightly-batch");
    let loaded = workspace::load(&from).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let copied = Command::new("cp").arg("-R").arg(from.join("bin")).arg(dir.path()).status().unwrap();
    assert!(copied.success());
    let flow = loaded.definitions.flows.iter().find(|flow| flow.id.as_str() == "close-day").unwrap();
    for step in &flow.steps {
        let argv = step.run.as_ref().unwrap().argv();
        let output = Command::new(&argv[0]).args(&argv[1..]).env("DOGWATCH_DATE", DATE).current_dir(dir.path()).output().unwrap();
        assert!(output.status.success(), "{}: {}", step.name, said(&output));
    }
}
