//! On every way out the terminal is as it was: the line's modes, the screen, the cursor, mouse, paste.

use crate::support::{Terminal, Workspace, signal, until};
use rustix::fs::{FileType, Mode};
use rustix::process::{Pid, Signal, kill_process};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(2);
const STARTING: Duration = Duration::from_secs(30);

fn opened() -> (Workspace, Terminal) {
    let mut workspace = Workspace::new();
    workspace.serve();
    let terminal = Terminal::open(&workspace, &[], 120, 40);
    terminal.wait_for_screen(STARTING);
    (workspace, terminal)
}

#[track_caller]
fn is_given_back(terminal: &mut Terminal) {
    let now = terminal.modes();
    assert_eq!(&now, terminal.modes_before());
}

fn ended_by(number: Signal) {
    let (_workspace, mut terminal) = opened();
    terminal.signal(number);
    let status = terminal.end(SOON).expect("it ends within 2 s");
    assert_eq!(signal(status), Some(number.as_raw()), "the exit status shows the signal: {status}");
    is_given_back(&mut terminal);
}

#[test]
fn after_quit() {
    let (workspace, mut terminal) = opened();
    terminal.leave();
    let status = terminal.end(SOON);
    assert!(status.is_some_and(|status| status.success()), "{status:?}\n{}", terminal.text());
    is_given_back(&mut terminal);
    workspace.ok(&["status", "--no-daemon"]);
}

#[test]
fn after_term() {
    ended_by(Signal::TERM);
}

#[test]
fn after_int() {
    ended_by(Signal::INT);
}

#[test]
fn after_quit_signal() {
    ended_by(Signal::QUIT);
}

#[test]
fn after_hup_while_the_terminal_is_still_there() {
    ended_by(Signal::HUP);
}

#[test]
fn when_the_daemon_is_gone_the_console_stays_and_says_so_and_quits_clean() {
    let (mut workspace, mut terminal) = opened();
    workspace.kill_daemon();
    assert!(terminal.end(Duration::from_millis(500)).is_none(), "a lost daemon does not take the console along:\n{}", terminal.text());
    terminal.leave();
    assert!(terminal.end(SOON).is_some());
    is_given_back(&mut terminal);
}

#[test]
fn suspended_it_gives_the_terminal_to_the_shell_and_comes_back_at_another_size() {
    let mut workspace = Workspace::new();
    workspace.serve();
    let mut terminal = Terminal::open_program(&workspace, "/bin/bash", &["--norc", "--noprofile", "-i"], 100, 30);
    let noted = workspace.beside("pid");
    terminal.send(format!("sh -c 'echo $$ > {}; exec {}'\n", noted.display(), env!("CARGO_BIN_EXE_dogwatch")));
    terminal.wait_for_screen(STARTING);
    let pid = until("its number", || std::fs::read_to_string(&noted).ok()?.trim().parse().ok().and_then(Pid::from_raw));
    for round in 1..=2 {
        kill_process(pid, Signal::TSTP).unwrap();
        // Only the shell's own word says that it has the terminal again: what is typed before goes to the program.
        let given = |screen: &vt100::Screen| {
            let back = !screen.alternate_screen() && !screen.hide_cursor();
            back && screen.contents().matches("Stopped").count() == round && screen.contents().trim_end().ends_with('#')
        };
        assert!(terminal.shows(SOON, given), "{}", terminal.text());
        terminal.resize(80, 24);
        terminal.send("fg\n");
        assert!(terminal.shows(SOON, vt100::Screen::alternate_screen), "{}", terminal.text());
        // Once is once: it must not stop again by itself.
        terminal.wait_for("Flows", SOON);
    }
    terminal.leave();
    // The shell's prompt: what is typed before it belongs to the program, which throws it away as it leaves.
    let prompt = |screen: &vt100::Screen| !screen.alternate_screen() && screen.contents().trim_end().ends_with('#');
    assert!(terminal.shows(STARTING, prompt), "{}", terminal.text());
    terminal.send("exit\n");
    assert!(terminal.end(STARTING).is_some(), "no job is left that the shell would warn of: {}", terminal.text());
}

#[test]
fn when_standard_output_takes_nothing_any_more() {
    let mut workspace = Workspace::new();
    workspace.serve();
    let (library, word) = (workspace.beside("full_output.so"), workspace.beside("word"));
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/survival/full_output.c");
    let made = std::process::Command::new("cc").args(["-shared", "-fPIC", "-pthread", "-o"]).arg(&library).arg(source).status();
    assert!(made.expect("a C compiler is there, as building needs one").success());
    rustix::fs::mknodat(rustix::fs::CWD, &word, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let full = format!("FULL_OUTPUT_WHEN='{}' LD_PRELOAD='{}'", word.display(), library.display());
    let program = format!("{full} exec '{}'", env!("CARGO_BIN_EXE_dogwatch"));
    let mut terminal = Terminal::open_program(&workspace, "/bin/sh", &["-c", &program], 120, 40);
    terminal.wait_for_screen(STARTING);
    std::fs::write(&word, "now").unwrap();
    let link = format!("/proc/{}/fd/1", terminal.pid().as_raw_nonzero());
    until("its output is full", || std::fs::read_link(&link).is_ok_and(|to| to.ends_with("full")).then_some(()));
    terminal.send("?");
    let status = terminal.end(SOON).expect("it ends");
    assert_eq!(status.code(), Some(1), "{status}");
    is_given_back(&mut terminal);
    let words = String::from_utf8_lossy(&terminal.raw()).into_owned();
    assert!(words.contains("No space left on device"), "and says why on standard error: {words:?}");
    workspace.ok(&["status", "--no-daemon"]);
}

#[test]
fn without_a_terminal_it_says_so_in_one_line_and_fails() {
    let mut workspace = Workspace::new();
    workspace.serve();
    let output = workspace.run(&[]);
    assert!(!output.status.success());
    let words = String::from_utf8_lossy(&output.stderr);
    assert!((1..=3).contains(&words.lines().count()), "{words}");
    assert!(!words.contains("panicked"), "{words}");
}

#[test]
fn where_standard_input_is_closed_or_at_its_end_it_says_so_and_fails() {
    let mut workspace = Workspace::new();
    workspace.serve();
    for input in ["<&-", "</dev/null"] {
        let program = format!("exec '{}' {input}", env!("CARGO_BIN_EXE_dogwatch"));
        let mut terminal = Terminal::open_program(&workspace, "/bin/sh", &["-c", &program], 80, 24);
        let status = terminal.end(Duration::from_secs(5)).expect("it does not stay");
        assert!(!status.success(), "{input}");
        is_given_back(&mut terminal);
        assert!(terminal.text().contains("needs a terminal"), "{input}: {}", terminal.text());
    }
}

#[test]
fn a_terminal_without_a_name_is_refused_and_one_that_nobody_knows_is_used_and_given_back() {
    let mut workspace = Workspace::new();
    workspace.serve();
    let under = |term: &str| format!("{term}; exec '{}'", env!("CARGO_BIN_EXE_dogwatch"));
    let mut unnamed = Terminal::open_program(&workspace, "/bin/sh", &["-c", &under("unset TERM")], 80, 24);
    assert!(!unnamed.end(Duration::from_secs(5)).expect("it does not stay").success());
    is_given_back(&mut unnamed);
    assert!(!unnamed.raw().contains(&0x1b));
    let plain = under("TERM=nobody-knows-it; LANG=C; LC_ALL=C; export TERM LANG LC_ALL");
    let mut unknown = Terminal::open_program(&workspace, "/bin/sh", &["-c", &plain], 120, 40);
    unknown.wait_for_screen(STARTING);
    unknown.wait_for("Flows", STARTING);
    assert!(unknown.text().is_ascii(), "a plain locale shows plain signs:\n{}", unknown.text());
    unknown.leave();
    assert!(unknown.end(SOON).is_some_and(|status| status.success()));
    is_given_back(&mut unknown);
}

#[test]
fn a_dumb_terminal_is_refused_before_anything_is_written_to_it() {
    let mut workspace = Workspace::new();
    workspace.serve();
    let program = format!("TERM=dumb exec '{}'", env!("CARGO_BIN_EXE_dogwatch"));
    let mut terminal = Terminal::open_program(&workspace, "/bin/sh", &["-c", &program], 80, 24);
    let status = terminal.end(Duration::from_secs(5)).expect("it does not stay");
    assert!(!status.success());
    is_given_back(&mut terminal);
    assert!(!terminal.raw().contains(&0x1b), "no escape code: {:?}", String::from_utf8_lossy(&terminal.raw()));
}
