//! Who may only look: every command of the protocol is sent, and every one is refused and on record; a program of another
//! version of the protocol gets no further than its greeting.

use crate::peers::{setpriv_nobody, sockets_for_all};
use crate::support::{Wire, Workspace};
use dogwatch::anchors::Teller;
use dogwatch::channels::Courier;
use dogwatch::daemon::Knocks;
use dogwatch::daemon::server::Server;
use dogwatch::domain::{Command, Event, RefusalKind};
use dogwatch::engine::{Beginning, Engine, Input, Outside, Roles};
use dogwatch::evidence::Gatherer;
use dogwatch::feeds::Feeds;
use dogwatch::journal::{Journal, Page, Reader, Rotation};
use dogwatch::outside::Machine;
use dogwatch::prober::Prober;
use dogwatch::runner::Runner;
use dogwatch::samples::{Readings, Retention};
use dogwatch::sources::Neighbours;
use dogwatch::wire::identity::user_name;
use dogwatch::wire::message::{Ask, Hello, Request, VERSION};
use dogwatch::wire::socket;
use dogwatch::workspace::{Access, Principal};
use jiff::SignedDuration;
use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;
use tokio::sync::mpsc;

/// How often each thing is attempted; repeats are counted, not written one by one.
const TIMES: usize = 3;
/// Where the child finds the socket, see [`child`].
const KNOCK: &str = "DOGWATCH_TEST_KNOCK";

/// One of each command, as JSON. [`all_commands`] says which are missing when the protocol grows.
const COMMANDS: &str = r#"[
    {"run": {"flow": "job"}},
    {"rerun": {"run": "job/1", "scope": "failed", "reason": "x"}},
    {"kill": {"run": "job/1"}},
    {"hold": {"flow": "job", "reason": "x"}},
    {"release": {"flow": "job"}},
    {"probe_now": {"probe": "p"}},
    {"acknowledge": {"incident": 1}},
    {"unacknowledge": {"incident": 1}},
    {"resolve": {"incident": 1, "reason": "x"}},
    {"note": {"incident": 1, "text": "x"}},
    {"mark": {"text": "x"}},
    {"record_note": {"note": {"kind": "note", "subject": "workspace", "path": "notes/x.md", "digest": "00", "bytes": 1}}},
    {"run_procedure": {"runbook": "r", "step": "s", "subject": "workspace", "confirmed": "s"}},
    {"kill_procedure": {"runbook": "r", "step": "s", "subject": "workspace"}},
    {"tick": {"runbook": "r", "step": "s", "subject": "workspace", "done": true}},
    {"test_channel": {"channel": "c"}},
    {"ice": {"flow": "job", "reason": "x"}},
    {"thaw": {"flow": "job"}},
    {"noop_once": {"flow": "job", "reason": "x"}},
    {"noop_withdraw": {"flow": "job"}},
    {"force": {"run": "job/1", "reason": "x"}},
    {"skip": {"run": "job/1", "step": "s", "reason": "x"}},
    {"set_ok": {"run": "job/1", "step": "s", "reason": "x"}},
    {"set_failed": {"run": "job/1", "step": "s", "reason": "x"}},
    {"hold_run": {"run": "job/1", "reason": "x"}},
    {"release_run": {"run": "job/1"}},
    {"mitigate": {"incident": 1}},
    {"unmitigate": {"incident": 1}},
    {"snooze": {"incident": 1, "until": "2099-01-01T00:00:00Z"}},
    {"unsnooze": {"incident": 1}},
    {"claim": {"incident": 1}},
    {"unclaim": {"incident": 1}},
    {"hand_over": {"incident": 1, "to": "mia"}},
    {"merge": {"incident": 1, "into": 2}},
    {"split": {"incident": 1, "alerts": ["c1bb97c0525459d6"]}},
    {"silence": {"matchers": ["service=shop"], "until": "2099-01-01T00:00:00Z", "reason": "x"}},
    {"extend_silence": {"silence": 1, "until": "2099-01-01T00:00:00Z"}},
    {"unsilence": {"silence": 1}},
    {"prioritize": {"run": "job/1", "priority": 60}},
    {"approve": {"run": "job/1", "step": "s"}},
    {"choose_missed": {"flow": "job", "choice": "all"}},
    "dismiss_misses",
    {"send_alert": {"alert": {"labels": {"alertname": "a"}, "severity": "high", "summary": "x"}}},
    {"end_alert": {"labels": {"alertname": "a"}}},
    {"silence_source": {"source": "s", "matchers": [{"name": "a", "value": "b", "is_regex": false, "is_equal": true}], "until": "2026-11-21T02:00:00Z", "comment": "x"}},
    {"extend_at_source": {"source": "s", "id": "1", "until": "2026-11-21T02:00:00Z"}},
    {"expire_at_source": {"source": "s", "id": "1"}},
    {"override": {"rota": "r", "person": "p", "to": "2026-11-22T08:00:00Z"}},
    {"end_override": {"rota": "r"}},
    {"pin": {"incident": 1, "entry": 1, "pinned": true}},
    {"take_evidence": {"incident": 1}},
    {"move_write_up": {"incident": 1, "state": "in review"}},
    {"decide_review": {"incident": 1, "finding": "no_runbook", "accepted": false}},
    {"approve_procedure": {"digest": "00"}},
    {"decline_procedure": {"digest": "00", "reason": "x"}},
    {"break_glass": {"runbook": "r", "step": "s", "subject": "workspace", "confirmed": "s", "reason": "x"}},
    {"open_checklist": {"checklist": "c"}},
    {"tick_item": {"checklist": "c", "item": "i", "done": true}},
    {"verify_checklist": {"checklist": "c"}},
    "reload",
    "stop"
]"#;

/// One of each command. The protocol itself is asked which there are: a new one fails here until it stands above.
fn all_commands() -> Vec<Command> {
    let commands: Vec<Command> = serde_json::from_str(COMMANDS).unwrap();
    let name = |command: &Command| match serde_json::to_value(command).unwrap() {
        serde_json::Value::String(name) => name,
        serde_json::Value::Object(fields) => fields.keys().next().unwrap().clone(),
        other => panic!("{other}"),
    };
    let refused = serde_json::from_str::<Command>("\"no such command\"").unwrap_err().to_string();
    let known = refused.split("expected one of").nth(1).expect("the reader names what it knows");
    let mut known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
    let mut listed: Vec<String> = commands.iter().map(name).collect();
    known.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, known, "the left list is this test's, the right one the protocol's");
    commands
}

/// A daemon's socket, journal and engine in this process, whose owner is somebody else: whoever runs the test may look.
struct House {
    folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
    engine: Engine,
    thread: std::thread::JoinHandle<()>,
}

impl House {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        std::fs::create_dir(&state).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let me = rustix::process::getuid().as_raw();
        let mut journal = Journal::open(&state).unwrap();
        let world = journal.load_world().unwrap();
        let (engine, inbox) = Engine::inbox();
        let (reports, _) = mpsc::channel(1);
        let tokio = runtime.handle().clone();
        let retained = Retention { raw: SignedDuration::MAX, hourly: SignedDuration::MAX };
        let readings = Readings::start(&state, retained, reports.clone(), tokio.clone()).unwrap();
        let runner = Runner::new(state.join("attempts"), folder.path().into(), "boot".into(), reports.clone(), tokio.clone());
        let courier = Courier::new(folder.path().into(), reports.clone(), tokio.clone());
        let anchors = Teller::new("test".into(), folder.path().into(), reports.clone(), tokio.clone());
        let prober = Prober::new(reports.clone(), tokio.clone());
        let machine = Machine::start(reports.clone()).unwrap();
        let gatherer = Gatherer::start(state.clone(), folder.path().into(), reports.clone()).unwrap();
        let feeds = Feeds::start(folder.path(), reports.clone()).unwrap();
        let neighbours = Neighbours::new(folder.path().into(), reports, tokio.clone());
        let outside = Outside {
            runner,
            prober,
            feeds,
            readings: readings.clone(),
            courier,
            machine,
            gatherer,
            anchors,
            neighbours,
            intake: tokio::sync::watch::channel(None).0,
            reload: mpsc::channel(1).0,
            stop: mpsc::channel(1).0,
            roles: Roles::new(|_| None),
        };
        let beginning = Beginning { journal, world, state: state.clone(), boot_id: "boot".into(), outside, rotation: Rotation::USUAL };
        let thread = Engine::start(beginning, inbox, tokio).unwrap();
        let server = Server {
            engine: engine.clone(),
            readings,
            state,
            workspace: folder.path().into(),
            owner: me + 1,
            access: Arc::new(RwLock::new(Some(Access { viewers: vec![Principal::User(user_name(me))], ..Access::default() }))),
            connections: Mutex::new(HashMap::new()),
            knocks: Knocks::default(),
        };
        let path = folder.path().join("socket");
        runtime.block_on(async {
            let listener = socket::bind(&path, 0o600).unwrap();
            tokio::spawn(Arc::new(server).serve(listener));
        });
        Self { folder, runtime, engine, thread }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// Ends it in order; what is on record.
    fn record(self) -> Vec<Event> {
        self.runtime.block_on(self.engine.tell(Input::Close));
        self.thread.join().unwrap();
        let reader = Reader::open(&self.folder.path().join("state")).unwrap();
        let page = Page { after: None, before: None, since: None, limit: 1_000 };
        reader.entries(&page).unwrap().into_iter().map(|entry| entry.event).collect()
    }
}

/// Sends every command some times, and the previews too; all must be refused for who asks, whatever is asked.
fn attempt_everything(socket: &Path) {
    let mut wire = Wire::connect(socket).unwrap();
    assert_eq!(wire.welcome.level, dogwatch::domain::Level::Viewer);
    for (place, command) in all_commands().into_iter().enumerate() {
        for time in 0..TIMES {
            let ask = Ask::Command { key: format!("{place}-{time}"), command: command.clone(), dry_run: time == 0 };
            let refusal = wire.ask(ask).unwrap().expect_err(command.verb());
            assert_eq!(refusal.kind, RefusalKind::Forbidden, "{command:?}: {refusal}");
        }
    }
    // The connection stands, and looking is allowed as before.
    wire.ask(Ask::World { follow: false }).unwrap().unwrap();
}

/// Greets as a program of another version and sends every command at once, without waiting for an answer; what came back.
fn attempt_with_version(socket: &Path, version: u32) -> String {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let hello = Hello { version, shape: dogwatch::world::SHAPE.into(), release: "old".into(), sudo_claim: None };
    let mut bytes = serde_json::to_vec(&hello).unwrap();
    for (place, command) in all_commands().into_iter().enumerate() {
        let ask = Ask::Command { key: format!("old-{place}"), command, dry_run: false };
        bytes.push(b'\n');
        bytes.extend(serde_json::to_vec(&Request { id: place as u64, ask }).unwrap());
    }
    bytes.push(b'\n');
    stream.write_all(&bytes).unwrap();
    let mut said = Vec::new();
    match stream.read_to_end(&mut said) {
        Ok(_) => {}
        // What was sent and never read resets the connection, after the daemon's words.
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
    }
    String::from_utf8(said).unwrap()
}

/// Versions that are not this one: the first ones, the one before, the next.
fn other_versions() -> Vec<u32> {
    let mut versions = vec![0, VERSION - 1, VERSION + 1, u32::MAX];
    versions.dedup();
    versions
}

fn attempt_with_other_versions(socket: &Path) {
    for version in other_versions() {
        let said = attempt_with_version(socket, version);
        assert_eq!(said.lines().count(), 1, "one line and nothing after it: {said}");
        assert!(said.contains("\"bye\"") && said.contains(&format!("the program {version}")), "{said}");
    }
}

/// How often each verb was refused, by the record.
fn refused(events: &[Event]) -> BTreeMap<String, u32> {
    let mut refused = BTreeMap::new();
    for event in events {
        if let Event::Refused { verb, count, .. } = event {
            *refused.entry(verb.clone()).or_default() += count;
        }
    }
    refused
}

fn expected() -> BTreeMap<String, u32> {
    let times = u32::try_from(TIMES).unwrap();
    let mut expected = BTreeMap::new();
    for command in all_commands() {
        *expected.entry(command.verb().to_owned()).or_default() += times;
    }
    expected.insert("connect".into(), u32::try_from(other_versions().len()).unwrap());
    expected
}

#[test]
fn a_viewer_changes_nothing_with_any_command_and_a_program_of_another_version_neither() {
    let house = House::open();
    attempt_everything(&house.socket());
    attempt_with_other_versions(&house.socket());
    let events = house.record();
    assert_eq!(refused(&events), expected(), "each attempt is on record, repeats as counts");
    let written = events.iter().filter(|event| matches!(event, Event::Refused { .. })).count();
    assert_eq!(written, events.len(), "and nothing else is: {events:?}");
    assert!(written <= 2 * expected().len() + other_versions().len(), "repeats are one entry: {written}");
}

/// Not a test of its own: what the second user runs, told by the environment.
#[test]
fn child() {
    let Some(socket) = std::env::var_os(KNOCK) else { return };
    attempt_everything(Path::new(&socket));
    attempt_with_other_versions(Path::new(&socket));
    println!("all refused");
}

#[test]
#[ignore = "needs root: acts as a second user"]
fn a_second_user_who_may_only_look_changes_nothing_with_any_command() {
    let mut workspace = Workspace::new();
    let sockets = sockets_for_all(&mut workspace);
    let access = "[access]\noperators = [\"root\"]\nviewers = [\"nobody\"]\n";
    let daemon = format!("[daemon]\nuser = \"root\"\nsocket_dir = \"{}\"\n", sockets.display());
    workspace.file("dogwatch.toml", &format!("name = \"test\"\ntimezone = \"UTC\"\n{daemon}{access}"));
    workspace.file("flows/job.toml", "[[step]]\nname = \"it\"\nrun = \"true\"\n");
    workspace.serve();
    let mut child = setpriv_nobody(&std::env::current_exe().unwrap());
    child.args(["roles::child", "--exact", "--nocapture"]).current_dir("/").env(KNOCK, workspace.socket().unwrap());
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("all refused"), "{said}");

    assert_eq!(workspace.json(&["runs"]).as_array().unwrap().len(), 0);
    // The daemon's end writes what it still counts.
    workspace.ok(&["stop"]);
    workspace.serve();
    let events: Vec<Event> = workspace
        .json(&["events", "--last", "1000"])
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry.to_string().contains("nobody"))
        .filter_map(|entry| serde_json::from_value(entry["event"].clone()).ok())
        .collect();
    assert_eq!(refused(&events), expected());
}
