//! Attempts through the library with the real supervisor: how they end, what survives a killed daemon or supervisor,
//! and what can never happen twice.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic, also outside of its own function")]

use dogwatch::domain::effect::AttemptOrder;
use dogwatch::domain::{AttemptEnd, AttemptId, FlowId, Job, Params, Report, RunId};
use dogwatch::runner::{ClaimError, Runner, record};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{self, Receiver};

/// Longer than any wait of these tests on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A daemon's share of the runner: it can be killed and started again over the same state.
struct Daemon {
    runner: Runner,
    reports: Receiver<Report>,
    runtime: Runtime,
}

struct House {
    top: tempfile::TempDir,
    attempts: PathBuf,
}

#[derive(Debug)]
struct Ended {
    end: AttemptEnd,
    output_bytes: u64,
    survivors: Vec<String>,
}

impl House {
    fn new() -> Self {
        let top = tempfile::tempdir().unwrap();
        fs::create_dir(top.path().join("workspace")).unwrap();
        let attempts = top.path().join("state/attempts");
        Self { top, attempts }
    }

    fn workspace(&self) -> PathBuf {
        self.top.path().join("workspace")
    }

    fn daemon(&self) -> Daemon {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (sender, reports) = mpsc::channel(64);
        let exe = env!("CARGO_BIN_EXE_dogwatch").into();
        let runner = Runner::with_supervisor(exe, self.attempts.clone(), self.workspace(), boot_id(), sender, runtime.handle().clone());
        Daemon { runner, reports, runtime }
    }
}

impl Daemon {
    fn run(&self, order: AttemptOrder) {
        self.runner.claim(&order.attempt).unwrap();
        self.runner.start(order);
    }

    fn next(&mut self) -> Report {
        let next = async { tokio::time::timeout(PATIENCE, self.reports.recv()).await };
        self.runtime.block_on(next).expect("a report in time").expect("the runner lives")
    }

    fn started(&mut self) -> u32 {
        match self.next() {
            Report::AttemptStarted { pid, .. } => pid,
            other => panic!("not a start: {other:?}"),
        }
    }

    fn ended(&mut self) -> Ended {
        match self.next() {
            Report::AttemptEnded { end, output_bytes, survivors, .. } => Ended { end, output_bytes, survivors },
            other => panic!("not an end: {other:?}"),
        }
    }

    /// What a SIGKILL leaves: nothing is said to anybody, all descriptors close.
    fn die(self) {
        drop(self.runner);
        self.runtime.shutdown_timeout(PATIENCE);
    }
}

fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap().trim().to_owned()
}

fn attempt(number: u32) -> AttemptId {
    let run = RunId::numbered(FlowId::new("nightly"), 1);
    AttemptId { job: Job::Step { run, step: "load".into() }, number }
}

fn order(argv: &[&str]) -> AttemptOrder {
    AttemptOrder {
        attempt: attempt(1),
        argv: argv.iter().map(|word| (*word).to_owned()).collect(),
        env: Params::new(),
        folder: String::new(),
        timeout: None,
        grace: Duration::from_secs(10),
        output_max: 1 << 30,
        expect_output: None,
    }
}

fn shell(script: &str) -> AttemptOrder {
    order(&["/bin/sh", "-c", script])
}

/// Waits for a fact of the outside that nobody announces (a line in a file, a state in /proc), within bounds.
fn wait_for<T>(what: &str, fact: impl Fn() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(fact) = fact() {
            return fact;
        }
        assert!(Instant::now() < until, "{what} did not come");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

fn line_of(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok().filter(|text| text.ends_with('\n')).map(|text| text.trim().to_owned())
}

/// Fields of /proc/PID/stat after the name: state, parent, group, session, terminal, …
fn stat(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit_once(") ")?.1.split(' ').map(str::to_owned).collect())
}

fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|fields| fields[0] != "Z" && fields[0] != "X")
}

fn parent(pid: u32) -> u32 {
    stat(pid).unwrap()[1].parse().unwrap()
}

fn kill_hard(pid: u32) {
    let pid = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

fn record(daemon: &Daemon) -> Option<record::ExitRecord> {
    let bytes = fs::read(daemon.runner.path(&attempt(1)).join(record::EXIT)).ok()?;
    Some(serde_json::from_slice(&bytes).unwrap())
}

#[test]
fn an_exit_code_is_reported_and_recorded_with_all_output() {
    let house = House::new();
    let mut daemon = house.daemon();
    let mut order = shell("pwd; echo \"$COLOUR\"; echo err >&2; exit 7");
    order.env.insert("COLOUR".into(), "secret blue".into());
    daemon.run(order);
    let pid = daemon.started();
    let ended = daemon.ended();
    assert_eq!(ended.end, AttemptEnd::Exit(7));
    let output = fs::read_to_string(daemon.runner.output(&attempt(1))).unwrap();
    assert_eq!(output, format!("{}\nsecret blue\nerr\n", house.workspace().canonicalize().unwrap().display()));
    assert_eq!(ended.output_bytes, output.len() as u64);
    assert!(ended.survivors.is_empty(), "{ended:?}");
    let record = wait_for("the exit record", || record(&daemon));
    assert_eq!(record.ended.end, AttemptEnd::Exit(7));
    assert_eq!(record.started.unwrap().pid, pid);
    let folder = daemon.runner.path(&attempt(1));
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    for file in [record::LOCK, record::ORDER, record::BEGAN, record::OUTPUT, record::EXIT, record::LOG] {
        let path = folder.join(file);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
        assert!(file == record::OUTPUT || !fs::read_to_string(&path).unwrap().contains("secret blue"), "{file} holds the environment");
    }
}

#[test]
fn a_signal_is_reported_as_a_signal() {
    let house = House::new();
    let mut daemon = house.daemon();
    daemon.run(shell("kill -SEGV $$"));
    daemon.started();
    assert_eq!(daemon.ended().end, AttemptEnd::Signal(11));
}

#[test]
fn a_timeout_ends_the_step_and_says_so() {
    let house = House::new();
    let mut daemon = house.daemon();
    daemon.run(AttemptOrder { timeout: Some(Duration::from_millis(200)), ..shell("exec sleep 1000") });
    let pid = daemon.started();
    assert_eq!(daemon.ended().end, AttemptEnd::Timeout);
    assert!(!is_alive(pid));
}

#[test]
fn a_flood_of_output_is_ended_near_its_limit() {
    let house = House::new();
    let mut daemon = house.daemon();
    let limit = 4 << 20;
    // It does not hear TERM: only the limit's own KILL, long before the grace is over, keeps the disk from filling.
    let flood = "trap '' TERM; exec cat /dev/zero";
    daemon.run(AttemptOrder { output_max: limit, grace: Duration::from_mins(10), ..shell(flood) });
    daemon.started();
    let ended = daemon.ended();
    assert_eq!(ended.end, AttemptEnd::OutputLimit);
    assert!(ended.output_bytes > limit, "{ended:?}");
    assert!(ended.output_bytes < 2 << 30, "the flood went on for long: {ended:?}");
}

#[test]
fn a_step_that_closes_its_output_and_lives_on_is_still_running() {
    let house = House::new();
    let mut daemon = house.daemon();
    let gate = house.workspace().join("gate");
    rustix::fs::mknodat(rustix::fs::CWD, &gate, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    daemon.run(shell("echo before; exec >&- 2>&-; read line < gate; exit 3"));
    let pid = daemon.started();
    wait_for("the step's closed output", || (!Path::new(&format!("/proc/{pid}/fd/1")).exists()).then_some(()));
    assert!(is_alive(pid) && record(&daemon).is_none());
    fs::write(&gate, "go\n").unwrap();
    let ended = daemon.ended();
    assert_eq!((ended.end, ended.output_bytes), (AttemptEnd::Exit(3), 7));
}

#[test]
fn what_cannot_start_says_why_in_the_systems_words() {
    let house = House::new();
    fs::write(house.workspace().join("plain"), "not executable").unwrap();
    fs::write(house.workspace().join("noise"), "no program").unwrap();
    fs::set_permissions(house.workspace().join("noise"), fs::Permissions::from_mode(0o755)).unwrap();
    let long = "x".repeat(3 << 20);
    let cases = [
        (order(&["bin/none"]), "bin/none: No such file or directory"),
        (order(&["./plain"]), "./plain: Permission denied"),
        (order(&["./noise"]), "./noise: Exec format error"),
        (order(&["/bin/echo", &long]), "/bin/echo: Argument list too long"),
        (AttemptOrder { folder: "gone".into(), ..shell("true") }, "gone: No such file or directory"),
        (AttemptOrder { folder: "plain".into(), ..shell("true") }, "plain: Not a directory"),
        (AttemptOrder { env: [("BIG".to_owned(), long.clone())].into(), ..shell("true") }, "supervisor: Argument list too long"),
        (order(&[]), "the command is empty"),
    ];
    let mut daemon = house.daemon();
    for (number, (order, words)) in (1..).zip(cases) {
        daemon.run(AttemptOrder { attempt: attempt(number), ..order });
        match daemon.ended().end {
            AttemptEnd::SpawnError(said) => assert!(said.contains(words), "{said} instead of {words}"),
            other => panic!("{other:?} instead of {words}"),
        }
    }
}

#[test]
fn a_supervisor_that_cannot_start_is_an_error_and_no_panic() {
    let house = House::new();
    let mut daemon = house.daemon();
    let (sender, reports) = mpsc::channel(64);
    let tokio = daemon.runtime.handle().clone();
    let false_exe = |exe: &str, sender| {
        Runner::with_supervisor(exe.into(), house.attempts.clone(), house.workspace(), boot_id(), sender, tokio.clone())
    };
    daemon.reports = reports;
    daemon.runner = false_exe("/nowhere/dogwatch", sender.clone());
    daemon.run(shell("true"));
    let ended = daemon.ended();
    assert!(matches!(&ended.end, AttemptEnd::SpawnError(words) if words.contains("No such file")), "{ended:?}");
    daemon.runner = false_exe("/bin/false", sender);
    daemon.run(AttemptOrder { attempt: attempt(2), ..shell("true") });
    let ended = daemon.ended();
    assert!(matches!(&ended.end, AttemptEnd::SpawnError(words) if words.contains("before the step began")), "{ended:?}");
}

#[test]
fn without_descriptors_an_attempt_fails_to_start_once() {
    // A process of its own, because the limit is the whole process's.
    let house = House::new();
    let mut order = shell("true");
    order.attempt = attempt(1);
    let supervisor = env!("CARGO_BIN_EXE_dogwatch");
    let folder = house.attempts.join(attempt(1).folder());
    fs::create_dir_all(&folder).unwrap();
    let told = record::SupervisorOrder { order, workspace: house.workspace(), boot_id: boot_id(), mark: folder.clone() };
    fs::write(folder.join(record::ORDER), record::line(&told)).unwrap();
    let listener = std::os::unix::net::UnixListener::bind(folder.join(record::CONTROL)).unwrap();
    // 11 descriptors carry the supervisor itself, but not the pipe and the null device of a new process.
    let mut child = std::process::Command::new("/bin/sh")
        .args(["-c", "ulimit -n 11; exec \"$0\" supervise", supervisor])
        .current_dir(&folder)
        .stdin(fs::File::create(folder.join(record::LOCK)).unwrap())
        .stdout(std::os::fd::OwnedFd::from(listener))
        .spawn()
        .unwrap();
    let status = child.wait().unwrap();
    let record: record::ExitRecord = serde_json::from_slice(&fs::read(folder.join(record::EXIT)).unwrap()).unwrap();
    assert!(matches!(&record.ended.end, AttemptEnd::SpawnError(words) if words.contains("Too many open files")), "{status} {record:?}");
}

#[test]
fn a_kill_reaches_what_ignores_term_forks_twice_and_leaves_the_session() {
    let house = House::new();
    let mut daemon = house.daemon();
    let script = "trap '' TERM
        setsid sh -c 'trap \"\" TERM; echo $$ > escaped; while :; do sleep 1000; done' &
        (sh -c 'trap \"\" TERM; echo $$ > twice; while :; do sleep 1000; done' &)
        while :; do sleep 1000; done";
    daemon.run(AttemptOrder { grace: Duration::from_millis(300), ..shell(script) });
    let pid = daemon.started();
    let pids = ["escaped", "twice"].map(|file| {
        let path = house.workspace().join(file);
        wait_for(file, || line_of(&path)).parse::<u32>().unwrap()
    });
    assert_ne!(stat(pids[0]).unwrap()[2], pid.to_string(), "it left the group");
    daemon.runner.kill(&attempt(1));
    let ended = daemon.ended();
    assert_eq!(ended.end, AttemptEnd::Killed);
    assert!(ended.survivors.is_empty(), "{ended:?}");
    assert!(![pid, pids[0], pids[1]].into_iter().any(is_alive));
}

#[test]
fn a_kill_gives_the_grace_to_who_uses_it() {
    let house = House::new();
    let mut daemon = house.daemon();
    // The step and a child outside its group both put things in order before they end.
    let script = "trap 'echo tidy; exit 0' TERM
        setsid sh -c 'trap \"echo child tidy; exit\" TERM; echo > ready; while :; do sleep 0.05; done' &
        while :; do sleep 0.05; done";
    daemon.run(AttemptOrder { grace: Duration::from_mins(10), ..shell(script) });
    daemon.started();
    wait_for("the child", || line_of(&house.workspace().join("ready")));
    daemon.runner.kill(&attempt(1));
    assert_eq!(daemon.ended().end, AttemptEnd::Killed);
    let output = fs::read_to_string(daemon.runner.output(&attempt(1))).unwrap();
    assert!(output.ends_with("tidy\nchild tidy\n"), "{output}"); // before it, the shell may name its ended sleep
}

#[test]
fn a_stopped_step_can_be_ended() {
    let house = House::new();
    let mut daemon = house.daemon();
    daemon.run(AttemptOrder { grace: Duration::from_mins(10), ..shell("kill -STOP $$; sleep 1000") });
    let pid = daemon.started();
    wait_for("the stop", || stat(pid).filter(|fields| fields[0] == "T"));
    daemon.runner.kill(&attempt(1));
    assert_eq!(daemon.ended().end, AttemptEnd::Killed);
}

#[test]
fn what_a_step_leaves_behind_is_named_and_lives() {
    let house = House::new();
    let mut daemon = house.daemon();
    // It is left behind only once it is what it will be named.
    daemon.run(shell("setsid sleep 1000 & echo $! > left; until grep -q sleep /proc/$!/comm; do :; done; exit 0"));
    daemon.started();
    let ended = daemon.ended();
    assert_eq!(ended.end, AttemptEnd::Exit(0));
    let left: u32 = line_of(&house.workspace().join("left")).unwrap().parse().unwrap();
    assert_eq!(ended.survivors, [format!("{left} sleep")]);
    assert!(is_alive(left));
    kill_hard(left);
}

#[test]
fn orphans_that_end_are_reaped_while_the_step_runs() {
    let house = House::new();
    let mut daemon = house.daemon();
    daemon.run(shell("(sh -c 'echo $$ > orphan' &); exec sleep 1000"));
    daemon.started();
    let orphan: u32 = wait_for("the orphan", || line_of(&house.workspace().join("orphan"))).parse().unwrap();
    wait_for("the orphan's burial", || stat(orphan).is_none().then_some(()));
    daemon.runner.kill(&attempt(1));
    assert_eq!(daemon.ended().end, AttemptEnd::Killed);
}

#[test]
fn a_step_has_no_terminal_no_lock_and_no_strange_descriptor() {
    let house = House::new();
    let mut daemon = house.daemon();
    daemon.run(shell("ls -l /proc/self/fd | sed 's/.* -> //'; (: < /dev/tty) 2>&1 || echo no terminal; kill -STOP $$"));
    let pid = daemon.started();
    let output = daemon.runner.output(&attempt(1));
    let text = wait_for("the step's word", || fs::read_to_string(&output).ok().filter(|text| text.contains("no terminal")));
    // It is looked at while it is stopped: a program that is only starting holds its libraries open for a moment.
    let fields = wait_for("the stop", || stat(pid).filter(|fields| fields[0] == "T"));
    let lock = daemon.runner.path(&attempt(1)).join(record::LOCK);
    assert!(!text.contains(lock.to_str().unwrap()), "{text}");
    let supervisor = parent(pid);
    assert_eq!(fields[2], pid.to_string(), "its group is its own");
    assert_eq!(fields[3], supervisor.to_string(), "its session is the supervisor's");
    assert_eq!(fields[4], "0", "no controlling terminal");
    let mut fds: Vec<String> =
        fs::read_dir(format!("/proc/{pid}/fd")).unwrap().map(|fd| fd.unwrap().file_name().into_string().unwrap()).collect();
    fds.sort();
    assert_eq!(fds, ["0", "1", "2"], "{text}");
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    assert!(status.contains("SigBlk:\t0000000000000000"), "{status}");
    daemon.runner.kill(&attempt(1));
    assert_eq!(daemon.ended().end, AttemptEnd::Killed);
}

#[test]
fn a_polite_signal_to_the_supervisor_does_not_lose_the_result() {
    let house = House::new();
    let mut daemon = house.daemon();
    daemon.run(shell("exec sleep 1000"));
    let pid = daemon.started();
    let supervisor = rustix::process::Pid::from_raw(parent(pid).cast_signed()).unwrap();
    for signal in [rustix::process::Signal::HUP, rustix::process::Signal::TERM, rustix::process::Signal::INT] {
        rustix::process::kill_process(supervisor, signal).unwrap();
    }
    let step = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
    rustix::process::kill_process(step, rustix::process::Signal::HUP).unwrap();
    assert_eq!(daemon.ended().end, AttemptEnd::Signal(1), "the step itself hears signals as by default");
}

#[test]
fn a_step_hears_signals_that_the_daemon_ignored() {
    let house = House::new();
    let mut daemon = house.daemon();
    let nohup = house.top.path().join("nohup");
    let script = format!("#!/bin/sh\ntrap '' HUP INT TERM QUIT USR1\nexec {} supervise\n", env!("CARGO_BIN_EXE_dogwatch"));
    fs::write(&nohup, script).unwrap();
    fs::set_permissions(&nohup, fs::Permissions::from_mode(0o755)).unwrap();
    let (sender, reports) = mpsc::channel(64);
    daemon.reports = reports;
    let tokio = daemon.runtime.handle().clone();
    daemon.runner = Runner::with_supervisor(nohup, house.attempts.clone(), house.workspace(), boot_id(), sender, tokio);
    daemon.run(order(&["/bin/sleep", "1000"]));
    let pid = daemon.started();
    // Between fork and exec the child still has its parent's dispositions.
    wait_for("the exec", || fs::read_to_string(format!("/proc/{pid}/comm")).ok().filter(|name| name == "sleep\n"));
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:\t")).unwrap();
    let ignored = u64::from_str_radix(ignored, 16).unwrap() & 0x7fff_ffff; // 32 and 33 are the C library's own
    assert_eq!(ignored, 0, "{status}");
    daemon.runner.kill(&attempt(1));
    assert_eq!(daemon.ended().end, AttemptEnd::Killed);
}

#[test]
fn a_killed_daemon_leaves_the_step_running_and_the_next_one_adopts_it() {
    let house = House::new();
    let mut first = house.daemon();
    let gate = house.workspace().join("gate");
    rustix::fs::mknodat(rustix::fs::CWD, &gate, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    first.run(shell("read line < gate; echo $line; exit 5"));
    let pid = first.started();
    first.die();
    let mut second = house.daemon();
    second.runner.adopt(vec![(attempt(1), boot_id())]);
    assert_eq!(second.next(), Report::AttemptAdopted { attempt: attempt(1) });
    assert_eq!(second.started(), pid, "the supervisor repeats what it said");
    fs::write(&gate, "the last byte\n").unwrap();
    let ended = second.ended();
    assert_eq!((ended.end, ended.output_bytes), (AttemptEnd::Exit(5), 14));
}

#[test]
fn an_adopted_step_can_be_killed() {
    let house = House::new();
    let mut first = house.daemon();
    first.run(shell("exec sleep 1000"));
    first.started();
    first.die();
    let mut second = house.daemon();
    second.runner.adopt(vec![(attempt(1), boot_id())]);
    second.runner.kill(&attempt(1));
    assert_eq!(second.next(), Report::AttemptAdopted { attempt: attempt(1) });
    second.started();
    assert_eq!(second.ended().end, AttemptEnd::Killed);
}

#[test]
fn fifty_steps_survive_a_killed_daemon_with_their_true_results() {
    let house = House::new();
    let mut first = house.daemon();
    let gate = house.workspace().join("gate");
    for number in 1..=50 {
        let script = format!("while [ ! -e gate ]; do sleep 0.1; done; echo {number}; exit {number}");
        first.run(AttemptOrder { attempt: attempt(number), ..shell(&script) });
    }
    for _ in 0..50 {
        first.started();
    }
    first.die();
    fs::write(&gate, "").unwrap();
    let mut second = house.daemon();
    second.runner.adopt((1..=50).map(|number| (attempt(number), boot_id())).collect());
    let mut open = 50;
    while open > 0 {
        if let Report::AttemptEnded { attempt, end, output_bytes, .. } = second.next() {
            assert_eq!(end, AttemptEnd::Exit(attempt.number.cast_signed()));
            assert_eq!(output_bytes, attempt.number.to_string().len() as u64 + 1);
            open -= 1;
        }
    }
}

#[test]
fn an_end_while_no_daemon_lived_is_read_from_the_record() {
    let house = House::new();
    let mut first = house.daemon();
    first.run(shell("while [ ! -e gate ]; do sleep 0.02; done; exit 6"));
    first.started();
    first.die();
    fs::write(house.workspace().join("gate"), "").unwrap();
    let mut second = house.daemon();
    wait_for("the record", || record(&second));
    second.runner.adopt(vec![(attempt(1), "another boot".into())]);
    // The supervisor may still be closing: then it is adopted first.
    let ended = match second.next() {
        Report::AttemptEnded { end, .. } => end,
        _ => std::iter::repeat_with(|| second.next())
            .find_map(|report| if let Report::AttemptEnded { end, .. } = report { Some(end) } else { None })
            .unwrap(),
    };
    assert_eq!(ended, AttemptEnd::Exit(6), "a record is true after a reboot too");
}

#[test]
fn a_claim_without_a_supervisor_never_began_in_this_boot_and_is_lost_after_another() {
    let house = House::new();
    let first = house.daemon();
    first.runner.claim(&attempt(1)).unwrap();
    first.runner.claim(&attempt(2)).unwrap();
    first.runner.claim(&attempt(3)).unwrap();
    fs::write(first.runner.path(&attempt(3)).join(record::BEGAN), "").unwrap();
    drop(first);
    let mut second = house.daemon();
    let cases = [
        (attempt(1), boot_id(), AttemptEnd::NeverBegan),
        (attempt(2), "another boot".into(), AttemptEnd::Lost),
        (attempt(3), boot_id(), AttemptEnd::Lost),
        (attempt(4), boot_id(), AttemptEnd::Lost), // no folder at all
    ];
    for (attempt, boot_id, end) in cases {
        second.runner.adopt(vec![(attempt.clone(), boot_id)]);
        assert_eq!(second.ended().end, end, "{attempt}");
    }
}

#[test]
fn an_invalid_record_is_no_result() {
    let house = House::new();
    let first = house.daemon();
    first.runner.claim(&attempt(1)).unwrap();
    fs::write(first.runner.path(&attempt(1)).join(record::BEGAN), "").unwrap();
    fs::write(first.runner.path(&attempt(1)).join(record::EXIT), "{\"version\":1,").unwrap();
    drop(first);
    let mut second = house.daemon();
    second.runner.adopt(vec![(attempt(1), boot_id())]);
    assert_eq!(second.ended().end, AttemptEnd::Lost);
}

#[test]
fn a_killed_supervisor_means_lost_and_its_processes_are_found_and_ended() {
    let house = House::new();
    let mut daemon = house.daemon();
    let script = "(setsid sh -c 'echo $$ > escaped; exec sleep 1000' &) ; sleep 1000 & wait";
    daemon.run(shell(script));
    let pid = daemon.started();
    let escaped: u32 = wait_for("the escaped", || line_of(&house.workspace().join("escaped"))).parse().unwrap();
    kill_hard(parent(pid));
    let ended = daemon.ended();
    assert_eq!(ended.end, AttemptEnd::Lost);
    assert!(ended.survivors.contains(&format!("{pid} sh")), "{ended:?}");
    assert!(ended.survivors.iter().any(|words| words.starts_with(&format!("{escaped} "))), "{ended:?}");
    assert_eq!(daemon.runner.survivors(&attempt(1)).len(), 3, "shell, its sleep, the escaped: {ended:?}");
    // A bystander with a remembered number but another start time is never touched.
    let began = daemon.runner.path(&attempt(1)).join(record::BEGAN);
    let mut bystander = std::process::Command::new("/bin/sleep").arg("1000").spawn().unwrap();
    let forged = fs::read_to_string(&began).unwrap().replace(&format!("\"pid\":{pid},"), &format!("\"pid\":{},", bystander.id()));
    assert!(forged.contains(&bystander.id().to_string()));
    fs::write(&began, forged).unwrap();
    let left = daemon.runtime.block_on(daemon.runner.end_survivors(&attempt(1), Duration::from_secs(10)));
    assert_eq!(left, Vec::<String>::new());
    wait_for("the end of all", || (![pid, escaped].into_iter().any(is_alive)).then_some(()));
    assert!(bystander.try_wait().unwrap().is_none(), "the bystander lives");
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}

#[test]
fn an_attempt_is_claimed_once() {
    let house = House::new();
    let daemon = house.daemon();
    daemon.runner.claim(&attempt(1)).unwrap();
    assert!(matches!(daemon.runner.claim(&attempt(1)), Err(ClaimError::Taken(_))));
    assert!(matches!(house.daemon().runner.claim(&attempt(1)), Err(ClaimError::Taken(_))), "nor by another daemon");
    daemon.runner.disclaim(&attempt(1));
    assert!(!house.attempts.join("nightly").exists(), "nothing is left of a claim given back");
    daemon.runner.claim(&attempt(1)).unwrap();
}

#[test]
fn an_attempt_without_a_claim_is_not_started() {
    let house = House::new();
    let mut daemon = house.daemon();
    daemon.runner.start(shell("touch ran"));
    assert!(matches!(daemon.ended().end, AttemptEnd::SpawnError(_)));
    assert!(!house.workspace().join("ran").exists());
}

#[test]
fn a_folder_without_an_entry_is_swept_and_a_living_one_is_not() {
    let house = House::new();
    let mut first = house.daemon();
    for number in 2..=4 {
        first.runner.claim(&attempt(number)).unwrap();
    }
    fs::create_dir_all(house.attempts.join("weekly/1/half.1")).unwrap(); // died between folder and lock
    first.run(shell("exec sleep 1000"));
    first.started();
    first.die();
    let mut second = house.daemon();
    second.runner.sweep(&|folder| folder == attempt(3).folder());
    let is_there = |number| second.runner.path(&attempt(number)).exists();
    assert_eq!([1, 2, 3, 4].map(is_there), [true, false, true, false], "held, unknown, known, unknown");
    assert!(!house.attempts.join("weekly").exists());
    second.runner.adopt(vec![(attempt(1), boot_id())]);
    second.runner.kill(&attempt(1));
    second.next();
    second.started();
    assert_eq!(second.ended().end, AttemptEnd::Killed);
}

#[test]
fn a_state_folder_with_a_long_path_works() {
    let mut house = House::new();
    house.attempts = house.top.path().join("a-folder-with-a-long-name/".repeat(12)).join("attempts");
    let mut first = house.daemon();
    first.run(shell("exec sleep 1000"));
    first.started();
    assert!(first.runner.path(&attempt(1)).as_os_str().len() > 300);
    first.die();
    let mut second = house.daemon();
    second.runner.adopt(vec![(attempt(1), boot_id())]);
    assert_eq!(second.next(), Report::AttemptAdopted { attempt: attempt(1) });
    second.started();
    second.runner.kill(&attempt(1));
    assert_eq!(second.ended().end, AttemptEnd::Killed);
}

#[test]
fn nonsense_on_the_control_socket_disturbs_nobody() {
    use std::io::{Read, Write};
    let house = House::new();
    let mut daemon = house.daemon();
    daemon.run(shell("exec sleep 1000"));
    daemon.started();
    let control = daemon.runner.path(&attempt(1)).join(record::CONTROL);
    let connect = || std::os::unix::net::UnixStream::connect(&control).unwrap();
    for nonsense in [b"{\"dance\":{}}\n".to_vec(), vec![b'x'; 100_000], vec![0xff, b'\n']] {
        let mut peer = connect();
        let _ = peer.write_all(&nonsense); // it may be closed before all is written
        let mut said = Vec::new();
        let _ = peer.read_to_end(&mut said); // ends, because the supervisor closes; a reset is an end too
    }
    let many: Vec<_> = (0..40).map(|_| connect()).collect();
    let mut asking = connect();
    asking.write_all(b"{\"status\":{}}\n").unwrap();
    let mut said = [0; 12];
    asking.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"{\"started\":{");
    drop(many);
    daemon.runner.kill(&attempt(1));
    assert_eq!(daemon.ended().end, AttemptEnd::Killed);
}

#[test]
fn a_supervisor_is_small() {
    let house = House::new();
    let mut daemon = house.daemon();
    daemon.run(shell("exec sleep 1000"));
    let pid = daemon.started();
    let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", parent(pid))).unwrap();
    // Unoptimised code is many times as large; there only what the process made its own is bounded.
    let figure = if cfg!(debug_assertions) { "Pss_Anon:" } else { "Pss:" };
    let pss: u64 = rollup.lines().find_map(|line| line.strip_prefix(figure)).unwrap().trim().trim_end_matches(" kB").parse().unwrap();
    println!("the supervisor's PSS is {pss} KiB; 3072 are allowed (BUDGETS: memory per running step)");
    assert!(pss > 0 && pss <= 3072, "{pss} KiB");
    daemon.runner.kill(&attempt(1));
    assert_eq!(daemon.ended().end, AttemptEnd::Killed);
}
