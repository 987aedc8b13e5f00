//! The files that a person writes: what is accepted, and how each mistake is told.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on ends")]

use dogwatch::domain::flow::{MissedPolicy, Overlap};
use dogwatch::domain::probe::Target;
use dogwatch::domain::{CommandLine, Severity};
use dogwatch::workspace::{
    self, FileError, LoadErrors, Loaded, Place, PlaceError, Principal, SHIPPED_CHECKLISTS, SHIPPED_RUNBOOKS, Watcher, runbook,
};
use proptest::prelude::*;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// A workspace with these files; `dogwatch.toml` is there always.
fn workspace(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("dogwatch.toml"), "name = \"test\"\ntimezone = \"Europe/Rome\"\n").unwrap();
    for (name, bytes) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    dir
}

fn loaded(files: &[(&str, &[u8])]) -> Loaded {
    workspace::load(workspace(files).path()).unwrap()
}

/// The errors of a workspace with this one file, one line each.
fn errors_of(name: &str, text: &str) -> String {
    refused(&[(name, text.as_bytes())]).lines().join("\n")
}

fn refused(files: &[(&str, &[u8])]) -> LoadErrors {
    workspace::load(workspace(files).path()).unwrap_err()
}

#[test]
fn a_flow_of_the_contract_is_read() {
    let text = br#"
description = "Load yesterday's orders into the warehouse"
schedule = ["30 2 * * *", "@hourly"]
missed = { policy = "all", window = "6h", max = 3 }
overlap = "queue"
must_start_by = "02:45"
must_finish_by = 06:00:00
severity = "critical"
runbook = "orders-load"
labels = { service = "shop" }

[params]
region = "eu"
limit = 5

[[step]]
name = "fetch"
run = "bin/fetch-orders"
retry = { attempts = 3, delay = "30s", factor = 2.0, on_exit = [75] }

[[step]]
name = "load"
needs = ["fetch"]
run = ["bin/load", "--fast"]
timeout = "10m"
output_max = "1MiB"
idempotent = false
env = { LC_ALL = "C" }
"#;
    let loaded = loaded(&[("flows/nightly-orders.toml", text), ("runbooks/orders-load.md", b"# The load fails")]);
    let flow = &loaded.definitions.flows[0];
    assert_eq!(flow.id.as_str(), "nightly-orders");
    assert_eq!(flow.schedules, ["30 2 * * *", "@hourly"]);
    assert_eq!((flow.missed.policy, flow.missed.window, flow.missed.max), (MissedPolicy::All, Duration::from_hours(6), 3));
    assert_eq!((flow.overlap, flow.severity, flow.zone.as_str()), (Overlap::Queue, Severity::Critical, "Europe/Rome"));
    assert_eq!(flow.must_start_by, Some(jiff::civil::time(2, 45, 0, 0)));
    assert_eq!(flow.must_finish_by, Some(jiff::civil::time(6, 0, 0, 0)));
    assert_eq!(flow.params["limit"], "5");
    let [fetch, load] = &flow.steps[..] else { panic!("two steps") };
    assert_eq!(fetch.run, Some(CommandLine::Shell("bin/fetch-orders".into())));
    assert_eq!((fetch.retry.attempts, fetch.retry.delay, &fetch.retry.on_exit[..]), (3, Duration::from_secs(30), &[75][..]));
    assert_eq!((fetch.grace, fetch.output_max, fetch.idempotent), (Duration::from_secs(10), 1 << 30, true));
    assert_eq!(load.run, Some(CommandLine::Argv(vec!["bin/load".into(), "--fast".into()])));
    assert_eq!((load.timeout, load.output_max, load.idempotent), (Some(Duration::from_mins(10)), 1 << 20, false));
    assert_eq!(load.needs[0].as_str(), "fetch");
    assert_eq!(
        loaded.files.iter().map(|file| file.file.as_str()).collect::<Vec<_>>(),
        ["dogwatch.toml", "flows/nightly-orders.toml", "runbooks/orders-load.md"]
    );
}

#[test]
fn probes_and_settings_are_read_with_their_defaults() {
    let settings = b"name = \"shop\"\ntimezone = \"Europe/Rome\"\ngroup_by = [\"team\"]\n[daemon]\nuser = \"ops\"\nmax_running = 3\n[access]\noperators = [\"ana\", \"@ops\"]\n[retention]\noutput = \"5d\"\n";
    let probes = b"[home]\nhttp = \"https://shop.example/\"\nexpect = { status = [200, 204], below = \"800ms\", certificate_days = 21 }\n[db]\ntcp = \"[::1]:5432\"\nevery = \"5s\"\n";
    let loaded = loaded(&[("dogwatch.toml", settings), ("probes/shop.toml", probes)]);
    let [home, db] = &loaded.definitions.probes[..] else { panic!("two probes") };
    assert_eq!((home.every, home.timeout, home.down_after, home.up_after), (Duration::from_mins(1), Duration::from_secs(10), 3, 2));
    assert_eq!((&home.expect.status[..], home.expect.certificate_days), (&[200, 204][..], Some(21)));
    assert_eq!((&db.target, db.timeout), (&Target::Tcp { address: "[::1]:5432".into() }, Duration::from_secs(5)));
    assert_eq!((loaded.settings.daemon_user.as_deref(), loaded.settings.max_running), (Some("ops"), 3));
    assert_eq!(loaded.settings.access.unwrap().operators, [Principal::User("ana".into()), Principal::Group("ops".into())]);
    assert_eq!(loaded.settings.retention.output, Duration::from_hours(24 * 5));
    assert_eq!(loaded.definitions.group_by, ["team"]);
}

#[test]
fn every_mistake_in_a_flow_is_told_at_once() {
    let text = r#"descripton = "typo"
schedule = ["31 2 *", "0 0 30 2 *", "0 0 0 1 1 * 9999"]
timezone = "Europe/Rom"
calendar = "business-days"
missed = "asks"
overlap = "que"
must_start_by = "2:45"
severity = 3
runbook = "site-down"
labels = { "bad name" = "x", alertname = "mine" }

[params]
a-b = "1"
A_B = "2"

[env]
DOGWATCH_RUN = "x"

[[step]]
name = "fetch"
run = ""
needs = ["load", "nobody", "lod"]
timeout = "10 minutes"
retry = { attempts = 0, factor = 0.5, tries = 3 }

[[step]]
name = "load"
needs = ["fetch"]
run = [""]
output_max = "1 elephant"

[[step]]
name = "load"
needs = ["load"]
run = 7
pool = "warehouse"
folder = "../elsewhere"

[[step]]
name = "bad/name"
run = "a\u0000b"
"#;
    insta::assert_snapshot!(errors_of("flows/a.toml", text));
}

#[test]
fn every_mistake_in_probes_is_told_at_once() {
    let text = r#"every = "1m"

[both]
http = "http://a.example/"
tcp = "a:1"

[neither]
every = "30s"

[late]
exec = ["check_disk"]

[secret]
http = "https://user:pw@a.example/"

[scheme]
http = "ftp://a.example/"
method = "get"

[tokens]
http = "http://a.example/"
headers = { Authorization = "Bearer x", "no good" = "y" }
expect = { status = 42, body_matches = "(", certificate_days = 3, below = "1m", colour = "red" }
every = "5s"
timeout = "10s"
objective = "99.9% over 30d"

[port]
tcp = "a.example"
expect = { status = 200 }
down_after = 0
"#;
    insta::assert_snapshot!(errors_of("probes/a.toml", text));
}

#[test]
fn every_mistake_in_the_settings_is_told_at_once() {
    let text = "name = \"a b\"\ntimezone = \"Mars/Base\"\ngroup_by = [\"a b\"]\ncolour = \"red\"\n\n[daemon]\nuser = \"a:b\"\nmax_running = 0\nsocket_dir = \"run\"\n\n[access]\noperators = [\"@\"]\n\n[[source]]\nkind = \"airflow\"\n";
    insta::assert_snapshot!(errors_of("dogwatch.toml", text));
}

#[test]
fn every_mistake_in_the_channels_of_an_escalations_step_is_told_at_once() {
    let settings = "name = \"test\"\n\
        [channels.sms]\nkind = \"command\"\nrun = [\"bin/sms\"]\n\
        [channels.call]\nkind = \"command\"\nrun = [\"bin/call\"]\n\
        [channels.ops]\nkind = \"command\"\nrun = [\"bin/ops\"]\n\
        [people.ana]\nchannels = [\"sms\", \"ops\"]\n[people.mia]\nchannels = [\"ops\"]\nteams = [\"db\"]\n\
        [[rota]]\nname = \"primary\"\npeople = [\"ana\", \"mia\"]\nfrom = \"2026-11-16\"\nhandover = \"mon 08:00\"\n\
        [[escalation]]\nseverity = \"critical\"\n\
        [[escalation.step]]\ntell = [\"person:ana\"]\non = \"sms\"\n\
        [[escalation.step]]\ntell = [\"person:ana\", \"person:mia\"]\non = [\"sms\", \"call\"]\n\
        [[escalation.step]]\ntell = [\"channel:ops\"]\non = [\"sms\"]\n\
        [[escalation.step]]\ntell = [\"person:mia\"]\non = [\"smss\"]\n\
        [[escalation.step]]\ntell = [\"person:mia\"]\non = []\n\
        [[escalation.step]]\ntell = [\"rota:primary\", \"team:db\"]\non = [\"sms\"]\n";
    let wanted = "dogwatch.toml:27:23: `mia` has none of the channels sms, call (give `[people.mia]` one of them)\n\
        dogwatch.toml:31:6: `on` is for people, and this step tells only channels (leave `on` out, or name a rota, a person or a team in `tell`)\n\
        dogwatch.toml:34:7: there is no channel `smss` (did you mean `sms`?)\n\
        dogwatch.toml:37:6: `on` names no channel (leave `on` out, and people are told on all of their channels)\n\
        dogwatch.toml:39:9: `mia` has none of the channels sms (give `[people.mia]` one of them)\n\
        dogwatch.toml:39:25: `mia` has none of the channels sms (give `[people.mia]` one of them)";
    assert_eq!(errors_of("dogwatch.toml", settings), wanted);
    let right = settings.split("[[escalation.step]]").take(2).collect::<Vec<_>>().join("[[escalation.step]]");
    let loaded = loaded(&[("dogwatch.toml", right.as_bytes())]);
    assert_eq!(loaded.settings.people.chains[0].steps[0].on, ["sms".into()]);
}

#[test]
fn broken_toml_is_told_with_its_place_and_the_other_files_too() {
    let errors = refused(&[("flows/a.toml", b"[[step]\nname = \n"), ("probes/b.toml", b"[x]\ntcp = 1\n")]);
    let lines = errors.lines();
    assert!(lines.iter().any(|line| line.starts_with("flows/a.toml:1:")), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("probes/b.toml:2:7: `tcp` must be a text")), "{lines:?}");
}

#[test]
fn a_probe_that_stands_in_two_files_is_told() {
    let probe: &[u8] = b"[home]\ntcp = \"a:1\"\n";
    let errors = refused(&[("probes/a.toml", probe), ("probes/b.toml", probe)]);
    assert_eq!(errors.lines(), ["probes/b.toml:1:2: there is a probe `home` in probes/a.toml already"]);
}

#[test]
fn five_thousand_steps_in_a_circle_are_told_in_a_line() {
    use std::fmt::Write as _;
    let mut text = String::new();
    for step in 0..5_000 {
        writeln!(text, "[[step]]\nname = \"s{step}\"\nrun = \"true\"\nneeds = [\"s{}\"]", (step + 4_999) % 5_000).unwrap();
    }
    let errors = errors_of("flows/ring.toml", &text);
    assert!(errors.contains("these steps wait for each other: s0 needs s4999 needs s4998"), "{errors}");
    assert!(errors.len() < 300, "{errors}");
}

#[test]
fn what_is_drawn_shows_control_characters_and_obeys_none() {
    let errors =
        refused(&[("flows/a.toml", "description = 5 # \u{202e}\u{7}\u{1b}[31mred\n[[step]]\nname = \"s\"\nrun = \"true\"\n".as_bytes())]);
    let drawn = errors.render(80, false);
    assert!(drawn.contains("flows/a.toml:1:15") && drawn.contains('^'), "{drawn}");
    let all = drawn + &errors.lines().join("\n");
    assert!(all.chars().all(|character| character == '\n' || !(character.is_control() || character == '\u{202e}')), "{all:?}");
}

#[test]
fn an_error_is_drawn_with_its_line() {
    let errors = refused(&[("flows/a.toml", b"# first\noverlap = \"que\"\n[[step]]\nname = \"s\"\nrun = \"true\"\n")]);
    insta::assert_snapshot!(errors.render(80, false));
    assert!(errors.render(80, true).contains("\u{1b}["));
}

#[test]
fn a_line_of_a_megabyte_is_drawn_short() {
    let text = format!("description = {}5\n", " ".repeat(900_000));
    let errors = refused(&[("flows/a.toml", text.as_bytes())]);
    assert!(errors.render(80, false).len() < 4_000);
}

#[test]
fn a_secret_is_refused_and_never_drawn() {
    let probe = b"[a]\nhttp = \"https://ana:hunter2@a.example/\"\n[b]\nhttp = \"https://b.example/\"\nheaders = { Authorization = \"Bearer hunter2\" }\n";
    let errors = refused(&[("probes/a.toml", probe)]);
    assert_eq!(errors.0.len(), 2);
    let told = errors.render(80, false) + &errors.lines().join("\n") + &format!("{errors:?}");
    assert!(told.contains("probes/a.toml:5:") && !told.contains("hunter2"), "{told}");
}

#[test]
fn deep_nests_are_errors_and_no_crash() {
    for text in [
        format!("x = {}", "[".repeat(100_000)),
        format!("x = {}", "{ a = ".repeat(40_000)),
        format!("{}x = 1", "a.".repeat(200_000)),
        format!("[{}x]", "a.".repeat(200_000)),
        format!("x.{}x = 1\n", "a.".repeat(200_000)),
    ] {
        for file in ["flows/a.toml", "probes/a.toml", "dogwatch.toml"] {
            assert!(!refused(&[(file, text.as_bytes())]).0.is_empty());
        }
        let (book, _) = runbook::parse("x", "x.md", &format!("---\n{text}\n---\nshown"));
        assert_eq!(book.text, "shown");
    }
}

#[test]
fn files_that_are_no_files_are_told_and_never_waited_for() {
    let dir = workspace(&[("flows/cut.toml", b"description = \"\xff\""), ("flows/bad name.toml", b""), ("flows/notes.txt", b"not read")]);
    let flows = dir.path().join("flows");
    fs::write(flows.join("huge.toml"), vec![b'#'; (1 << 20) + 1]).unwrap();
    fs::create_dir(flows.join("folder.toml")).unwrap();
    symlink("nowhere", flows.join("dangling.toml")).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, flows.join("pipe.toml"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    insta::assert_snapshot!(workspace::load(dir.path()).unwrap_err().lines().join("\n"));
}

#[test]
fn links_windows_line_ends_and_a_byte_order_mark_are_accepted() {
    let dir = workspace(&[("elsewhere/flow.toml", b"\xef\xbb\xbfdescription = \"x\"\r\n[[step]]\r\nname = \"s\"\r\nrun = \"true\"\r\n")]);
    fs::create_dir(dir.path().join("flows")).unwrap();
    symlink("../elsewhere/flow.toml", dir.path().join("flows/linked.toml")).unwrap();
    let loaded = workspace::load(dir.path()).unwrap();
    assert_eq!((loaded.definitions.flows[0].id.as_str(), loaded.definitions.flows[0].description.as_str()), ("linked", "x"));
}

#[test]
fn init_scaffolds_once_and_never_overwrites() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(".gitignore"), "mine\n").unwrap();
    let made = workspace::init(dir.path()).unwrap();
    assert_eq!(made.len(), 4 + SHIPPED_RUNBOOKS.len() + SHIPPED_CHECKLISTS.len());
    assert_eq!(fs::read_to_string(dir.path().join(".gitignore")).unwrap(), "mine\n");
    assert_eq!(workspace::init(dir.path()).unwrap(), Vec::<PathBuf>::new());
    let loaded = workspace::load(dir.path()).unwrap();
    assert_eq!(loaded.warnings, Vec::<FileError>::new());
    assert_eq!(loaded.definitions.flows[0].steps.len(), 2);
    assert_eq!(loaded.definitions.calendars[0].yearly.len(), 2);
}

#[test]
fn the_shipped_runbooks_are_right_and_match_something() {
    assert!(SHIPPED_RUNBOOKS.len() >= 8);
    for shipped in SHIPPED_RUNBOOKS {
        let (book, warnings) = runbook::parse(shipped.name, shipped.name, shipped.text);
        assert_eq!(warnings, Vec::<FileError>::new(), "{}", shipped.name);
        assert!(!book.matches.is_empty() && book.steps.len() >= 5, "{}", shipped.name);
        assert!(book.steps.iter().any(|step| step.danger), "{} has a fix", shipped.name);
        for heading in ["## Look first", "## Verify", "## Escalate", "## Write down"] {
            assert!(book.text.contains(heading), "{} has {heading}", shipped.name);
        }
        for step in &book.steps {
            let argv = step.run.argv();
            let checked = std::process::Command::new(&argv[0]).args(["-n", "-c", &argv[2]]).output().unwrap();
            assert!(checked.status.success(), "{} {}: {}", shipped.name, step.name, String::from_utf8_lossy(&checked.stderr));
        }
    }
}

#[test]
fn the_examples_are_right() {
    for example in ["examples/demo", "examples/nightly-batch"] {
        let loaded = workspace::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join(example)).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(loaded.warnings, Vec::<FileError>::new(), "{example}");
        assert!(!loaded.definitions.flows.is_empty() && !loaded.definitions.probes.is_empty(), "{example}");
    }
}

#[test]
fn a_runbook_is_read_with_its_steps() {
    let text = "---\ntitle = \"The load fails\"\nmatch = [{ flow = \"nightly-*\" }, { alert = \"X\", labels = { service = \"shop\" } }]\n---\n\n# Heading\n\n\
        ```sh run name=\"Count the rows!\" param=\"date={date}\" param=\"n\" expect=\"exit 3\" expect-output=\"\\d+ \\\"rows\\\"\" timeout=2m danger\r\nwc -l x\r\necho y\r\n```\n\n> ~~~bash run name=\"quoted\" id=q2\n> true\n> ~~~\n\n```sh\nnot run\n```\n";
    let (book, warnings) = runbook::parse("x", "runbooks/x.md", text);
    assert_eq!(warnings, Vec::<FileError>::new());
    assert_eq!((book.title.as_str(), book.matches.len()), ("The load fails", 2));
    assert_eq!(book.matches[1].labels.get("service").map(String::as_str), Some("shop"));
    let [count, quoted] = &book.steps[..] else { panic!("two steps, not {:?}", book.steps) };
    assert_eq!((count.name.as_str(), count.title.as_str(), count.danger), ("count-the-rows", "Count the rows!", true));
    assert_eq!(count.run, CommandLine::Shell("wc -l x\necho y".into()));
    assert_eq!((count.expect.exit, count.expect.output.as_deref()), (3, Some("\\d+ \"rows\"")));
    assert_eq!((count.params[0].name.as_str(), count.params[0].default.as_str(), count.params[1].default.as_str()), ("date", "{date}", ""));
    assert_eq!(count.timeout, Duration::from_mins(2));
    assert!(book.text.lines().nth(count.line).unwrap().starts_with("```sh run"));
    assert_eq!(quoted.run, CommandLine::Argv(vec!["bash".into(), "-c".into(), "true".into()]));
}

#[test]
fn ill_formed_runbooks_are_shown_and_only_their_right_steps_run() {
    let text = "---\ntitel = \"x\"\nmatch = [{ flow = \"*x\" }, {}]\n---\n# Shown\n\n<!--\n```sh run name=\"in a comment\"\nrm x\n```\n-->\n\n\
        ```sh run name=\"right\"\ntrue\n```\n\n```sh run name=\"right\"\nfalse\n```\n\n```sh run\ntrue\n```\n\n```python run name=\"p\"\n1\n```\n\n\
        ```sh run name=\"open quote\ntrue\n```\n\n```sh run name=\"typo\" timeot=3s\ntrue\n```\n\n```sh run name=\"place\" param=\"a={who}\"\ntrue\n```\n\n\
        ```sh run name=\"exit\" expect=\"good\"\ntrue\n```\n\n```sh run name=\"empty\"\n```\n\n```sh run name=\"unclosed\"\nrm -rf x\n";
    let (book, warnings) = runbook::parse("x", "runbooks/x.md", text);
    assert_eq!(book.steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>(), ["right"]);
    assert_eq!((book.title.as_str(), book.matches.len()), ("Shown", 0), "a wrong rule must not match more than was meant");
    assert!(book.text.contains("unclosed"));
    insta::assert_snapshot!(LoadErrors(warnings).lines().join("\n"));
}

/// Processor time of this thread: what else runs on the machine does not count.
fn of_this_thread() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.cast_unsigned(), u32::try_from(time.tv_nsec).unwrap())
}

#[test]
fn hostile_runbooks_are_read_in_bounded_time() {
    let deep = (0..10_000).map(|depth| " ".repeat(depth % 200 * 2) + "- x\n").collect::<String>();
    let nested = "- ".repeat(10_000) + "x\n";
    let quotes = "> ".repeat(200_000) + "x\n";
    let line = "a *b `c [d](".repeat(1 << 20);
    let fences = "```sh run name=\"a\n".repeat(20_000);
    let brackets = "[".repeat(500_000);
    for (what, text) in [("list", deep), ("nested", nested), ("quotes", quotes), ("line", line), ("fences", fences), ("brackets", brackets)]
    {
        let began = of_this_thread();
        let (book, warnings) = runbook::parse("x", "x.md", &text);
        let took = of_this_thread().saturating_sub(began);
        // The budget is 100 ms per MB in a release build; a test build is far slower.
        let allowed = Duration::from_secs(2) + Duration::from_secs(2) * u32::try_from(text.len() >> 20).unwrap();
        assert!(took < allowed, "{what}: {took:?} for {} bytes", text.len());
        assert_eq!(book.text.len(), text.len(), "{what}");
        assert!(warnings.len() <= 200, "{what}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_bytes_make_load_panic(flow in prop::collection::vec(any::<u8>(), 0..400), probe in "\\PC{0,300}", book in "(.|\n|```sh run|---|\"){0,300}", settings in "[\\[\\]a-z=\"{}.\n# 0-9]{0,200}") {
        let dir = workspace(&[("flows/a.toml", &flow), ("probes/a.toml", probe.as_bytes()), ("runbooks/a.md", book.as_bytes()), ("dogwatch.toml", settings.as_bytes())]);
        if let Err(errors) = workspace::load(dir.path()) {
            prop_assert!(!errors.0.is_empty());
            let shown = errors.render(60, false) + &errors.lines().join("\n");
            prop_assert!(shown.chars().all(|character| character == '\n' || !character.is_control()));
        }
    }

    #[test]
    fn nearly_right_flows_never_panic(at in 0_usize..700, with in "\\PC{0,6}", cut in 0_usize..40) {
        let text = include_str!("../examples/demo/flows/nightly-orders.toml");
        let start = text.floor_char_boundary(at.min(text.len()));
        let end = text.floor_char_boundary((start + cut).min(text.len()));
        let changed = format!("{}{with}{}", &text[..start], &text[end..]);
        if let Err(errors) = workspace::load(workspace(&[("flows/a.toml", changed.as_bytes()), ("runbooks/orders-load.md", b"x")]).path()) {
            prop_assert!(!errors.0.is_empty());
        }
    }
}

#[test]
fn the_place_is_private_and_stays_after_a_rename() {
    let (dir, state) = (workspace(&[]), tempfile::tempdir().unwrap());
    let place = Place::of(dir.path(), Some(state.path())).unwrap();
    place.prepare().unwrap();
    place.prepare().unwrap();
    assert_eq!(fs::metadata(&place.state).unwrap().mode() & 0o777, 0o700);
    assert!(place.state.file_name().unwrap().to_string_lossy().starts_with("test-"));
    assert_eq!(place.socket().parent(), Some(place.runtime.as_path()));
    assert!(place.lock.starts_with(dir.path().canonicalize().unwrap()));
    fs::set_permissions(&place.state, fs::Permissions::from_mode(0o755)).unwrap();
    place.prepare().unwrap();
    assert_eq!(fs::metadata(&place.state).unwrap().mode() & 0o777, 0o700, "a folder that others may enter is closed");
    fs::write(dir.path().join("dogwatch.toml"), "name = \"renamed\"\n").unwrap();
    assert_eq!(Place::of(dir.path(), Some(state.path())).unwrap().state, place.state);
    fs::write(dir.path().join("dogwatch.toml"), "name = [broken").unwrap();
    assert_eq!(Place::of(dir.path(), Some(state.path())).unwrap().state, place.state);
}

#[test]
fn folders_of_others_and_links_are_refused() {
    let (dir, state) = (workspace(&[]), tempfile::tempdir().unwrap());
    let place = Place::of(dir.path(), Some(state.path())).unwrap();
    symlink("/tmp", &place.state).unwrap();
    assert!(matches!(place.prepare(), Err(PlaceError::Folder { .. })), "a link is not followed");
    fs::remove_file(&place.state).unwrap();
    fs::create_dir(&place.state).unwrap();
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&place.state, Some(65_534), None).unwrap();
        assert!(matches!(place.prepare(), Err(PlaceError::OtherOwner { owner: 65_534, .. })));
    } else {
        // Only root can give a folder away; /proc/1 belongs to root and stands for it.
        let mut foreign = place;
        foreign.state = PathBuf::from("/proc/1");
        assert!(matches!(foreign.prepare(), Err(PlaceError::OtherOwner { owner: 0, .. })));
    }
}

/// Waits at most 20 s for a change.
async fn changed(watcher: &mut Watcher) {
    let change =
        tokio::time::timeout(Duration::from_secs(20), watcher.changed()).await.expect("a change is told").expect("the watch lives");
    assert_eq!(change.blind, None);
}

#[tokio::test]
async fn changes_are_told_also_after_renames_and_new_folders() {
    let dir = workspace(&[("flows/a.toml", b""), ("notes/n.md", b"")]);
    let root = dir.path().canonicalize().unwrap();
    let mut watcher = Watcher::start(&root).unwrap();
    fs::write(root.join("flows/a.toml"), "x").unwrap();
    changed(&mut watcher).await;
    fs::write(root.join("flows/.a.toml.swp"), "y").unwrap();
    fs::rename(root.join("flows/.a.toml.swp"), root.join("flows/a.toml")).unwrap();
    changed(&mut watcher).await;
    fs::remove_dir_all(root.join("flows")).unwrap();
    changed(&mut watcher).await;
    fs::create_dir(root.join("flows")).unwrap();
    changed(&mut watcher).await;
    fs::write(root.join("flows/b.toml"), "z").unwrap();
    changed(&mut watcher).await;
    fs::create_dir(root.join("probes")).unwrap();
    fs::write(root.join("probes/p.toml"), "z").unwrap();
    changed(&mut watcher).await;
    // What is not read is not told: the next thing that is told is the settings' change, once.
    fs::write(root.join("notes/n.md"), "typing").unwrap();
    let quiet = tokio::time::timeout(Duration::from_millis(700), watcher.changed()).await;
    assert!(quiet.is_err(), "{quiet:?}");
    fs::write(root.join("dogwatch.toml"), "name = \"other\"").unwrap();
    changed(&mut watcher).await;
}

#[tokio::test]
async fn a_workspace_that_is_replaced_is_still_watched() {
    let above = tempfile::tempdir().unwrap();
    let root = above.path().canonicalize().unwrap().join("shop");
    fs::create_dir(&root).unwrap();
    let mut watcher = Watcher::start(&root).unwrap();
    fs::remove_dir(&root).unwrap();
    changed(&mut watcher).await;
    fs::create_dir(&root).unwrap();
    changed(&mut watcher).await;
    fs::write(root.join("dogwatch.toml"), "").unwrap();
    changed(&mut watcher).await;
}

#[test]
fn conditions_are_read_and_their_mistakes_are_told_with_their_places() {
    let settings = "name = \"t\"\n[pools]\nwarehouse = 4\ntapes = { units = 2 }\n";
    let flow = "priority = 80\nmax_running = 2\noverlap = { allow = 3 }\n\
        [[after]]\nflow = \"rates\"\non = \"done\"\ndate = \"any\"\n\
        [[file]]\npath = \"in/*.csv\"\nstable_for = \"30s\"\n\
        [[step]]\nname = \"load\"\nrun = \"true\"\npool = [\"warehouse\", { name = \"tapes\", units = 2 }]\n";
    let step = "[[step]]\nname = \"s\"\nrun = \"true\"\n";
    let right =
        loaded(&[("dogwatch.toml", settings.as_bytes()), ("flows/orders.toml", flow.as_bytes()), ("flows/rates.toml", step.as_bytes())]);
    let orders = &right.definitions.flows[0];
    let conditions = &orders.conditions;
    assert_eq!((conditions.priority, conditions.max_running, conditions.side_by_side), (80, Some(2), Some(3)));
    assert_eq!(orders.overlap, Overlap::Allow);
    assert_eq!(conditions.after[0].look_back, Some(Duration::from_hours(24)), "any date means the last day");
    assert_eq!(conditions.files[0].stable_for, Duration::from_secs(30));
    let pools: Vec<_> = orders.steps[0].pools.iter().map(|need| (need.pool.as_str(), need.units)).collect();
    assert_eq!(pools, [("tapes", 2), ("warehouse", 1)]);
    assert_eq!(right.definitions.pools["warehouse"], 4);

    let wrong = [
        ("priority = 101\n", "1:12: `priority` must be between 0 and 100"),
        ("overlap = { alow = 3 }\n", "1:13: unknown key `alow` (did you mean `allow`?)"),
        ("after = [\"ratse\"]\n", "1:10: there is no flow `ratse` (did you mean `rates`?)"),
        ("after = \"a\"\n", "1:9: the flow `a` comes after itself"),
        ("after = [\"rates\", \"rates\"]\n", "1:19: `rates` is named twice"),
        ("after = [{ flow = \"rates\", on = \"sucess\" }]\n", "1:33: `on` cannot be `sucess` (did you mean `success`?)"),
        ("file = [{ path = \"in/*/x.csv\" }]\n", "1:18: `path`: `*`, `?` and `[…]` are for its last part only; name each folder"),
        ("file = [{ path = \"../x\" }]\n", "1:18: `path`: it goes through `..`"),
        ("file = [{ path = \"x\", done_file = \"done\" }]\n", "1:35: `done_file` says with `{path}` or `{name}` which file it belongs to"),
        (
            "step = [{ name = \"s\", run = \"true\", pool = \"warehuse\" }]\n",
            "1:44: there is no pool `warehuse` (did you mean `warehouse`?)",
        ),
        (
            "step = [{ name = \"s\", run = \"true\", pool = { name = \"tapes\", units = 3 } }]\n",
            "1:53: the step asks for 3 units of `tapes`, which has 2",
        ),
    ];
    for (line, told) in wrong {
        let text = if line.starts_with("step") { line.to_owned() } else { format!("{line}{step}") };
        let files = [("dogwatch.toml", settings.as_bytes()), ("flows/a.toml", text.as_bytes()), ("flows/rates.toml", step.as_bytes())];
        let lines = refused(&files).lines();
        assert!(lines.len() == 1 && lines[0].starts_with(&format!("flows/a.toml:{told}")), "{line}: {lines:?}");
    }
}

#[test]
fn five_thousand_flows_that_depend_on_each_other_are_read_and_a_circle_among_them_is_told() {
    let dir = workspace(&[]);
    fs::create_dir(dir.path().join("flows")).unwrap();
    let write = |number: usize, before: Option<usize>| {
        let after = before.map_or(String::new(), |before| format!("after = [\"f{before:04}\"]\n"));
        let text = format!("{after}[[step]]\nname = \"s\"\nrun = \"true\"\n");
        fs::write(dir.path().join(format!("flows/f{number:04}.toml")), text).unwrap();
    };
    for number in 0..5_000 {
        write(number, number.checked_sub(1));
    }
    let began = of_this_thread();
    assert_eq!(workspace::load(dir.path()).unwrap().definitions.flows.len(), 5_000);
    let took = of_this_thread().saturating_sub(began);
    assert!(took < Duration::from_secs(30), "{took:?}");
    write(0, Some(4_999));
    let told = workspace::load(dir.path()).unwrap_err().lines();
    assert_eq!(told.len(), 1);
    let wanted = "flows/f0000.toml:1:10: these flows wait for each other: f0000 after f4999 after f4998 after";
    assert!(told[0].starts_with(wanted), "{told:?}");
    assert!(told[0].ends_with("after … after f0000"), "{told:?}");
}

#[test]
fn who_may_approve_follows_from_the_access() {
    use dogwatch::domain::Level;
    let flow: &[u8] = b"[[step]]\nname = \"gate\"\napprove = \"plausible?\"\n[[step]]\nname = \"own\"\napprove = { text = \"sure?\", by = \"operators\", self = true }\n";
    for (access, by, own) in [
        ("", Level::Operator, true),
        ("[access]\noperators = [\"ana\"]\n", Level::Operator, true),
        ("[access]\noperators = [\"ana\", \"leo\"]\n", Level::Operator, false),
        ("[access]\noperators = [\"ana\"]\napprovers = [\"@leads\"]\n", Level::Approver, false),
    ] {
        let settings = format!("name = \"shop\"\n{access}");
        let loaded = loaded(&[("dogwatch.toml", settings.as_bytes()), ("flows/pay.toml", flow)]);
        let steps = &loaded.definitions.flows[0].steps;
        let gate = steps[0].approve.clone().unwrap();
        assert_eq!((gate.text.as_str(), gate.by, gate.own), ("plausible?", by, own), "{access}");
        assert_eq!(steps[1].approve.clone().map(|asked| (asked.by, asked.own)), Some((Level::Operator, true)));
    }
    let errors = errors_of("flows/a.toml", "[[step]]\nname = \"s\"\napprove = \"ok?\"\nrun = \"true\"\n");
    assert!(errors.contains("a step with `approve` runs nothing, so `run` means nothing"), "{errors}");
}
