//! Six ways to lose a terminal, each with the hang-up signal as it is and ignored: the console is gone within 2 s and
//! burns nothing, and the daemon stays. (The seventh way, a terminal that is simply closed, is in `terminal_lost`.)

use crate::support::{Terminal, Workspace, until};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

const STARTING: Duration = Duration::from_secs(30);
/// The seconds within which the console must be gone.
const SOON: Timespec = Timespec { tv_sec: 2, tv_nsec: 0 };

/// What whoever starts the console leaves it for SIGHUP.
#[derive(Clone, Copy)]
enum Hangup {
    Default,
    Ignored,
}

/// A workspace with a daemon, and where the console writes down its process.
struct Scene {
    workspace: Workspace,
    noted: PathBuf,
    hangup: Hangup,
}

impl Scene {
    fn new(hangup: Hangup) -> Self {
        let mut workspace = Workspace::new();
        workspace.serve();
        let noted = workspace.beside("pid");
        Self { workspace, noted, hangup }
    }

    /// A shell's words that write down the process and become the console.
    fn console(&self) -> String {
        let trap = match self.hangup {
            Hangup::Default => "",
            Hangup::Ignored => "trap \"\" HUP; ",
        };
        // Renamed into place: whoever reads it reads all of it.
        let noted = self.noted.display();
        format!("{trap}echo $$ > {noted}.new; mv {noted}.new {noted}; exec {}", env!("CARGO_BIN_EXE_dogwatch"))
    }

    fn shell(&self, words: &str) -> Terminal {
        Terminal::open_program(&self.workspace, "/bin/sh", &["-c", words], 120, 40)
    }

    /// The console's process, once it has written it down.
    fn process(&self) -> (Pid, OwnedFd) {
        let pid = until("its number", || std::fs::read_to_string(&self.noted).ok()?.trim().parse().ok().and_then(Pid::from_raw));
        (pid, pidfd_open(pid, PidfdFlags::empty()).expect("it runs"))
    }

    #[track_caller]
    fn must_be_gone(&self, (pid, process): &(Pid, OwnedFd)) {
        let mut ended = [PollFd::new(process, PollFlags::IN)];
        let gone = poll(&mut ended, Some(&SOON)).unwrap() == 1;
        if !gone {
            let _no_orphan = kill_process(*pid, Signal::KILL);
        }
        assert!(gone, "the console outlives its terminal by more than 2 s");
        self.workspace.ok(&["status", "--no-daemon"]);
    }
}

/// The shell in front of the console is killed, and whoever holds the terminal (as sshd does) closes it then.
fn the_session_leader_is_killed(hangup: Hangup) {
    let scene = Scene::new(hangup);
    let mut terminal = scene.shell(&format!("sh -c '{}'; true", scene.console()));
    terminal.wait_for("Flows", STARTING);
    let console = scene.process();
    assert_ne!(terminal.pid(), console.0, "the shell is a process of its own");
    terminal.signal(Signal::KILL);
    terminal.end(STARTING).expect("the shell is gone");
    terminal.hang_up();
    scene.must_be_gone(&console);
}

#[test]
fn the_session_leader_is_killed_hup_as_it_is() {
    the_session_leader_is_killed(Hangup::Default);
}

#[test]
fn the_session_leader_is_killed_hup_ignored() {
    the_session_leader_is_killed(Hangup::Ignored);
}

/// A program that carries the terminal, such as script(1), is killed; the outer terminal stays.
fn the_carrier_is_killed(hangup: Hangup) {
    let scene = Scene::new(hangup);
    let mut terminal = scene.shell(&format!("exec script -qec '{}' /dev/null", scene.console()));
    terminal.wait_for("Flows", STARTING);
    let console = scene.process();
    terminal.signal(Signal::KILL);
    terminal.end(STARTING).expect("script is gone");
    scene.must_be_gone(&console);
}

#[test]
fn the_carrier_is_killed_hup_as_it_is() {
    the_carrier_is_killed(Hangup::Default);
}

#[test]
fn the_carrier_is_killed_hup_ignored() {
    the_carrier_is_killed(Hangup::Ignored);
}

/// An orphan in a session of its own: the kernel has nobody to send a signal to.
fn an_orphan_in_a_session_of_its_own(hangup: Hangup) {
    let scene = Scene::new(hangup);
    // The parent stays until the console is in its own session: its end would take along what is still in this one.
    let stays = format!("while [ ! -e {} ]; do sleep 0.02; done", scene.noted.display());
    let mut terminal = scene.shell(&format!("exec 3<&0; setsid sh -c '{}' <&3 & {stays}", scene.console()));
    terminal.end(STARTING).expect("its parent is gone");
    terminal.wait_for("Flows", STARTING);
    let console = scene.process();
    terminal.hang_up();
    scene.must_be_gone(&console);
}

#[test]
fn an_orphan_in_a_session_of_its_own_hup_as_it_is() {
    an_orphan_in_a_session_of_its_own(Hangup::Default);
}

#[test]
fn an_orphan_in_a_session_of_its_own_hup_ignored() {
    an_orphan_in_a_session_of_its_own(Hangup::Ignored);
}

/// Keys come from one terminal, the picture goes to another; the one with the keys goes away.
fn only_standard_input_is_lost(hangup: Hangup) {
    let scene = Scene::new(hangup);
    let name = scene.workspace.beside("tty");
    // The terminal for the picture belongs to a shell that waits; it stays.
    let mut picture = scene.shell(&format!("tty > {0}.new; mv {0}.new {0}; exec cat", name.display()));
    let tty = until("the other terminal's name", || std::fs::read_to_string(&name).ok());
    let mut keys = scene.shell(&format!("{} > {}", scene.console(), tty.trim()));
    picture.wait_for("Flows", STARTING);
    let console = scene.process();
    keys.hang_up();
    scene.must_be_gone(&console);
    assert!(picture.shows(STARTING, |screen| !screen.alternate_screen()), "the other one is given back");
    assert!(picture.end(Duration::ZERO).is_none(), "and still there");
}

#[test]
fn only_standard_input_is_lost_hup_as_it_is() {
    only_standard_input_is_lost(Hangup::Default);
}

#[test]
fn only_standard_input_is_lost_hup_ignored() {
    only_standard_input_is_lost(Hangup::Ignored);
}

/// The terminal is revoked under the console, as a new login on the same line does: reads come to an end.
fn standard_input_is_revoked(hangup: Hangup) {
    let scene = Scene::new(hangup);
    // TIOCVHANGUP on the line; the number is the same on every machine that dogwatch runs on.
    let revoke = "read -r word; perl -e 'open(my $t, \"+<\", $ARGV[0]) or die; ioctl($t, 0x5437, 0) or die' \"$(cat tty)\"";
    let name = scene.workspace.root().join("tty");
    let terminal = scene.shell(&format!("tty > {0}.new; mv {0}.new {0}; {1}", name.display(), scene.console()));
    terminal.wait_for("Flows", STARTING);
    let console = scene.process();
    let mut other = Terminal::open_program(&scene.workspace, "/bin/sh", &["-c", revoke], 80, 24);
    other.send("now\n");
    assert!(other.end(STARTING).expect("perl ends").success(), "{}", other.text());
    scene.must_be_gone(&console);
}

#[test]
#[ignore = "needs root: revokes a terminal"]
fn standard_input_is_revoked_hup_as_it_is() {
    standard_input_is_revoked(Hangup::Default);
}

#[test]
#[ignore = "needs root: revokes a terminal"]
fn standard_input_is_revoked_hup_ignored() {
    standard_input_is_revoked(Hangup::Ignored);
}

/// A multiplexer with a server of its own, gone at the end.
struct Tmux<'a>(&'a Workspace);

impl Tmux<'_> {
    fn run(&self, args: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(self.0.beside("tmux")).args(["-f", "/dev/null"]).args(args);
        let output = command.current_dir(self.0.root()).env_clear().envs(self.0.environment()).output().expect("tmux is installed");
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Tmux<'_> {
    fn drop(&mut self) {
        let socket = self.0.beside("tmux");
        let _gone = Command::new("tmux").arg("-S").arg(socket).arg("kill-server").output();
    }
}

fn a_pane_is_killed(hangup: Hangup) {
    let scene = Scene::new(hangup);
    let tmux = Tmux(&scene.workspace);
    tmux.run(&["new-session", "-d", "-x", "120", "-y", "40", &scene.console()]);
    until("its screen", || tmux.run(&["capture-pane", "-p"]).contains("Flows").then_some(()));
    let console = scene.process();
    // Another window keeps the server: only the pane goes.
    tmux.run(&["new-window", "-d", "cat"]);
    tmux.run(&["kill-pane"]);
    drop(tmux);
    scene.must_be_gone(&console);
}

#[test]
#[ignore = "needs tmux"]
fn a_pane_is_killed_hup_as_it_is() {
    a_pane_is_killed(Hangup::Default);
}

#[test]
#[ignore = "needs tmux"]
fn a_pane_is_killed_hup_ignored() {
    a_pane_is_killed(Hangup::Ignored);
}
