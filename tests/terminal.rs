//! The real console in a real pseudo-terminal: it is given back on every way out, and a lost one ends the process.
//!
//! The child is this test program itself, asked by an environment variable to be a console without a daemon.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what a test builds is right, or the test fails")]

use dogwatch::console::{Options, Outcome, Theme, crash, link};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read as _, Write as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

const CHILD: &str = "DOGWATCH_TEST_CONSOLE";
/// The FIFO in the state folder through which the child hears that it is time to panic.
const WORD: &str = "word";
/// How long anything may take on a busy machine before the test fails.
const LONG: Duration = Duration::from_secs(20);

/// Not a test of its own: what the child runs.
#[test]
fn child() {
    let Ok(wish) = std::env::var(CHILD) else { return };
    let state = std::env::var("DOGWATCH_TEST_STATE").unwrap();
    crash::install(Some(state.into()));
    let editor = std::env::var("DOGWATCH_TEST_EDITOR").unwrap_or_default();
    let options = Options { theme: Theme::plain(), term: std::env::var("TERM").ok(), editor, ..Options::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outcome = runtime.block_on(async {
        let (near, mut far) = link::pair();
        let word = std::path::Path::new(&std::env::var("DOGWATCH_TEST_STATE").unwrap()).join(WORD);
        match wish.as_str() {
            "panic" => {
                let worker = std::thread::Builder::new().name("worker".into());
                worker.spawn(move || broken_by(std::fs::read_to_string(word))).unwrap();
            }
            // On the thread that draws, between two frames.
            "panic drawing" => drop(tokio::spawn(async move { broken_by(tokio::fs::read_to_string(word).await) })),
            _ => {}
        }
        if wish == "edit" {
            edited(&far).await;
        }
        let outcome = dogwatch::console::run(options, near).await;
        far.requests.close();
        outcome
    });
    match outcome {
        Ok(Outcome::Signal(number)) => std::process::exit(128 + number),
        Ok(_) => std::process::exit(0),
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(1);
        }
    }
}

/// Panics with the word that came; with a title for the terminal in it, which must not get there.
fn broken_by(word: std::io::Result<String>) {
    panic!("{} \x1b]0;gone\x07 broke", word.unwrap());
}

/// A world with one flow, so that there is a file to edit.
async fn edited(far: &link::FarEnd) {
    use dogwatch::domain::{Author, Entry, Event};
    use dogwatch::wire::message::{Said, VERSION, Welcome};
    let text = r#"{"flow_defined":{"flow":{"id":"a","file":"flows/a.toml","zone":"UTC","missed":{"policy":"latest","window":60,"max":1},"overlap":"skip","severity":"high","steps":[]}}}"#;
    let event = Event::from_json(text).unwrap();
    assert!(matches!(event, Event::FlowDefined { .. }));
    let entry = Entry { seq: 1, at: "2026-11-21T01:41:00Z".parse().unwrap(), author: Author::Engine, event };
    let world = dogwatch::world::World::fold([&entry]);
    let welcome = Welcome {
        version: VERSION,
        shape: dogwatch::world::SHAPE.into(),
        release: "0".into(),
        pid: 1,
        level: dogwatch::domain::Level::Operator,
        user: "ana".into(),
        workspace: std::env::var("DOGWATCH_TEST_STATE").unwrap(),
        state: std::env::var("DOGWATCH_TEST_STATE").unwrap(),
        read_only: None,
        door: None,
    };
    far.news.send(link::News::Connected(Box::new(welcome))).await.unwrap();
    for part in world.parts() {
        far.news.send(link::News::Said(Box::new(Said::Part(Box::new(part))))).await.unwrap();
    }
    far.news.send(link::News::Said(Box::new(Said::Live { seq: 1 }))).await.unwrap();
}

/// A console in a terminal, with what the terminal shows.
struct Console {
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn std::io::Write + Send>>,
    output: Receiver<Vec<u8>>,
    terminal: vt100::Parser,
    bytes: Vec<u8>,
    before: String,
    state: tempfile::TempDir,
}

fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().map(|modes| (modes.input_flags, modes.output_flags, modes.local_flags, modes.control_flags)))
}

impl Console {
    fn start(wish: &str, prefix: &[&str], editor: &str) -> Self {
        let pair = native_pty_system().openpty(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 }).unwrap();
        let before = modes(&*pair.master);
        let state = tempfile::tempdir().unwrap();
        let program = std::env::current_exe().unwrap();
        let mut words: Vec<String> = prefix.iter().map(|word| (*word).to_owned()).collect();
        words.extend([program.display().to_string(), "child".into(), "--exact".into(), "--nocapture".into(), "--test-threads=1".into()]);
        let mut command = CommandBuilder::new(&words[0]);
        command.args(&words[1..]);
        command.env(CHILD, wish);
        command.env("DOGWATCH_TEST_STATE", state.path());
        command.env("DOGWATCH_TEST_EDITOR", editor);
        command.env("TERM", "xterm-256color");
        if wish.starts_with("panic") {
            use rustix::fs::{CWD, FileType, Mode, mknodat};
            mknodat(CWD, state.path().join(WORD), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut chunk) {
                if sender.send(chunk[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        let terminal = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
        Self { child, master: Some(pair.master), writer: Some(writer), output, terminal, bytes: Vec::new(), before, state }
    }

    fn take_in(&mut self, wait: Duration) -> bool {
        match self.output.recv_timeout(wait) {
            Ok(chunk) => {
                self.terminal.process(&chunk);
                self.bytes.extend(chunk);
                true
            }
            Err(RecvTimeoutError::Timeout) => true,
            Err(RecvTimeoutError::Disconnected) => false,
        }
    }

    fn wait_for(&mut self, text: &str) {
        let start = Instant::now();
        while !self.terminal.screen().contents().contains(text) {
            let shown = String::from_utf8_lossy(&self.bytes[self.bytes.len().saturating_sub(1500)..]).into_owned();
            assert!(start.elapsed() < LONG, "no `{text}` in:\n{}\n{shown:?}", self.terminal.screen().contents());
            self.take_in(Duration::from_millis(50));
        }
    }

    fn press(&mut self, keys: &str) {
        self.writer.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    /// Waits for the end; answers the exit code.
    fn end(&mut self) -> u32 {
        let start = Instant::now();
        loop {
            self.take_in(Duration::from_millis(20));
            if let Some(status) = self.child.try_wait().unwrap() {
                // What it wrote last may still be on its way; the line is closed behind it.
                while self.take_in(Duration::from_millis(20)) {
                    assert!(start.elapsed() < LONG, "somebody keeps the line:\n{}", self.terminal.screen().contents());
                }
                return status.exit_code();
            }
            assert!(start.elapsed() < LONG, "it does not end:\n{}", self.terminal.screen().contents());
        }
    }

    fn assert_given_back(&self) {
        let screen = self.terminal.screen();
        assert!(!screen.alternate_screen(), "the alternate screen is left");
        assert!(!screen.hide_cursor(), "the cursor is shown");
        assert!(!screen.bracketed_paste(), "pastes are no longer bracketed");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse is given back");
        assert_eq!(modes(&**self.master.as_ref().unwrap()), self.before, "the line's modes are as before");
        let count = |wanted: &str| self.bytes.windows(wanted.len()).filter(|bytes| *bytes == wanted.as_bytes()).count();
        assert_eq!(count("\x1b[>1u"), count("\x1b[<1u"), "keyboard flags are taken back");
        assert_eq!(count("\x1b[22;2t"), count("\x1b[23;2t"), "the title is put back");
    }

    fn signal(&self, name: &str) {
        let pid = self.child.process_id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args([name, &pid]).status().unwrap().success());
    }
}

#[test]
fn leaving_gives_the_terminal_back() {
    let mut console = Console::start("run", &[], "");
    console.wait_for("connecting to the daemon");
    assert!(console.terminal.screen().alternate_screen() && console.terminal.screen().bracketed_paste());
    console.press("q");
    console.wait_for("leave the console");
    console.press("\r");
    assert_eq!(console.end(), 0);
    console.assert_given_back();
}

#[test]
fn signals_give_it_back_and_the_exit_code_names_them() {
    for (name, number) in [("-TERM", 15), ("-INT", 2), ("-HUP", 1), ("-QUIT", 3)] {
        let mut console = Console::start("run", &[], "");
        console.wait_for("connecting to the daemon");
        console.signal(name);
        assert_eq!(console.end(), 128 + number, "{name}");
        console.assert_given_back();
    }
}

#[test]
fn a_panic_on_any_thread_gives_it_back_and_is_kept() {
    use std::os::unix::fs::PermissionsExt as _;
    // The child's test harness names the thread that draws after the test.
    for (wish, thread) in [("panic", "on thread worker"), ("panic drawing", "on thread child")] {
        let mut console = Console::start(wish, &[], "");
        console.wait_for("connecting to the daemon");
        std::fs::write(console.state.path().join(WORD), "now").unwrap();
        assert_eq!(console.end(), 101);
        console.assert_given_back();
        let shown = console.terminal.screen().contents().replace('\n', "");
        assert!(shown.contains("broke") && shown.contains("\\x1b]0;gone\\x07"), "{shown}");
        std::fs::remove_file(console.state.path().join(WORD)).unwrap();
        let file = std::fs::read_dir(console.state.path()).unwrap().next().unwrap().unwrap();
        assert!(file.file_name().to_string_lossy().starts_with("crash-"));
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let report = std::fs::read_to_string(file.path()).unwrap();
        assert!(report.contains(thread), "{report}");
    }
}

#[test]
fn a_lost_terminal_ends_it_also_where_hup_is_ignored() {
    for prefix in [&[][..], &["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"][..]] {
        let mut console = Console::start("run", prefix, "");
        console.wait_for("connecting to the daemon");
        let pid = rustix::process::Pid::from_raw(console.child.process_id().unwrap().try_into().unwrap()).unwrap();
        let process = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).unwrap();
        // The reader thread holds the last copy of the master: it ends at the next bytes once nobody takes them.
        drop(console.output);
        drop(console.master.take());
        console.writer.as_mut().unwrap().write_all(b"\t").unwrap();
        console.writer = None;
        let mut ended = [rustix::event::PollFd::new(&process, rustix::event::PollFlags::IN)];
        let within = rustix::event::Timespec { tv_sec: 2, tv_nsec: 0 };
        assert_eq!(rustix::event::poll(&mut ended, Some(&within)).unwrap(), 1, "the console lives on without a terminal");
    }
}

#[test]
fn suspended_and_brought_back_at_a_new_size() {
    let mut console = Console::start("run", &[], "");
    console.wait_for("connecting to the daemon");
    console.press("\x1a");
    let stat = format!("/proc/{}/stat", console.child.process_id().unwrap());
    let start = Instant::now();
    while !std::fs::read_to_string(&stat).unwrap().contains(") T ") {
        assert!(start.elapsed() < LONG, "it does not stop");
        console.take_in(Duration::from_millis(20));
    }
    while console.terminal.screen().alternate_screen() {
        assert!(start.elapsed() < LONG);
        console.take_in(Duration::from_millis(20));
    }
    console.assert_given_back();
    console.master.as_ref().unwrap().resize(PtySize { rows: 30, cols: 100, pixel_width: 0, pixel_height: 0 }).unwrap();
    console.terminal = vt100::Parser::new(30.try_into().unwrap(), 100.try_into().unwrap(), 0);
    console.signal("-CONT");
    console.wait_for("Flows");
    console.wait_for("╰");
    assert!(console.terminal.screen().alternate_screen());
    console.press("q\r");
    assert_eq!(console.end(), 0);
    console.assert_given_back();
}

#[test]
fn an_editor_that_leaves_a_mess_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("editor");
    // Raw mode, alternate screen, mouse and another title are left behind.
    let mess = "stty raw -echo\nprintf '\\033[?1049h\\033[?1003h\\033]0;evil\\007EDITING %s' \"$1\"\nread -r line\n";
    std::fs::write(&script, mess).unwrap();
    let mut console = Console::start("edit", &[], &format!("sh {}", script.display()));
    console.wait_for("all quiet");
    console.press("1E");
    console.wait_for("EDITING");
    console.press("x\n");
    console.wait_for("1 Flows");
    console.press("q");
    console.wait_for("leave the console");
    console.press("\r");
    assert_eq!(console.end(), 0);
    console.assert_given_back();
}

#[test]
fn what_is_no_terminal_is_refused_in_one_line() {
    let program = std::env::current_exe().unwrap();
    let state = tempfile::tempdir().unwrap();
    let out = std::process::Command::new(program)
        .args(["child", "--exact", "--nocapture"])
        .env(CHILD, "run")
        .env("DOGWATCH_TEST_STATE", state.path())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(1));
    let words = String::from_utf8(out.stderr).unwrap();
    assert_eq!(words.lines().count(), 1, "{words}");
    assert!(words.contains("standard input is none; `dogwatch status` works without one"), "{words}");
}

#[test]
fn idle_it_writes_nothing_but_the_clock() {
    let mut console = Console::start("edit", &[], "");
    console.wait_for("all quiet");
    let settled = Instant::now();
    while settled.elapsed() < Duration::from_millis(600) {
        console.take_in(Duration::from_millis(50));
    }
    let before = console.bytes.len();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(3) {
        console.take_in(Duration::from_millis(100));
    }
    let written = console.bytes.len() - before;
    assert!(written <= 60, "{written} bytes in three idle seconds");
    console.press("q\r");
    assert_eq!(console.end(), 0);
}
