//! A terminal of its own for the program: a pseudo-terminal, and an independent emulator that shows what a user sees.
//! Waiting is for bytes that arrive, never for time that passes.

use super::workspace::{Workspace, end_of};
use pty_process::Size;
use pty_process::blocking::{Command, Pts, Pty, open};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{Termios, tcgetattr};
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::num::NonZeroU16;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What the emulator knows; notified with every arrival.
struct Seen {
    state: Mutex<State>,
    arrived: Condvar,
}

struct State {
    parser: vt100::Parser,
    raw: Vec<u8>,
    ended: bool,
}

/// The modes that a program must give back: of the line, and of the screen.
#[derive(Debug, PartialEq)]
pub struct Modes {
    line: String,
    screen: String,
}

pub struct Terminal {
    pty: Option<Arc<Pty>>,
    /// Held open so that the line's modes can be read after the program has ended.
    pts: Option<Pts>,
    child: Child,
    seen: Arc<Seen>,
    stop: Option<PipeWriter>,
    reader: Option<JoinHandle<()>>,
    before: Modes,
}

impl Terminal {
    /// Opens the program in a terminal of this size.
    pub fn open(workspace: &Workspace, args: &[&str], columns: u16, rows: u16) -> Self {
        Self::open_program(workspace, env!("CARGO_BIN_EXE_dogwatch"), args, columns, rows)
    }

    /// The same with SIGHUP ignored, as `nohup` leaves it.
    pub fn open_without_hangup(workspace: &Workspace, args: &[&str], columns: u16, rows: u16) -> Self {
        let mut shell = vec!["-c", "trap '' HUP; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_dogwatch")];
        shell.extend(args);
        Self::open_program(workspace, "/bin/sh", &shell, columns, rows)
    }

    /// Opens the program in a terminal behind a link that takes so many bytes a second.
    pub fn open_slow(workspace: &Workspace, columns: u16, rows: u16, rate: u32) -> Self {
        Self::open_paced(workspace, env!("CARGO_BIN_EXE_dogwatch"), &[], columns, rows, Some(rate))
    }

    /// Opens any program, such as a shell with job control.
    pub fn open_program(workspace: &Workspace, program: &str, args: &[&str], columns: u16, rows: u16) -> Self {
        Self::open_paced(workspace, program, args, columns, rows, None)
    }

    fn open_paced(workspace: &Workspace, program: &str, args: &[&str], columns: u16, rows: u16, rate: Option<u32>) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(rows, columns)).unwrap();
        let parser = vt100::Parser::new(at_least_one(rows), at_least_one(columns), 0);
        let before = Modes { line: line_modes(&pty), screen: screen_modes(parser.screen()) };
        let child =
            Command::new(program).args(args).current_dir(workspace.root()).env_clear().envs(workspace.environment()).spawn_borrowed(&pts);
        let child = child.unwrap();
        let seen = Arc::new(Seen { state: Mutex::new(State { parser, raw: Vec::new(), ended: false }), arrived: Condvar::new() });
        let (stopped, stop) = pipe().unwrap();
        let pty = Arc::new(pty);
        let reader = {
            let (pty, seen) = (pty.clone(), seen.clone());
            std::thread::spawn(move || read(&pty, &stopped, &seen, rate))
        };
        Self { pty: Some(pty), pts: Some(pts), child, seen, stop: Some(stop), reader: Some(reader), before }
    }

    /// The program's process.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Sends bytes as if they were typed.
    pub fn send(&self, bytes: impl AsRef<[u8]>) {
        let pty = self.pty.as_deref().expect("the terminal is still there");
        (&mut &*pty).write_all(bytes.as_ref()).unwrap();
    }

    /// Leaves the console as a person does: the key, and the word that confirms it.
    #[track_caller]
    pub fn leave(&self) {
        self.send("q");
        self.wait_for("leave the console", Duration::from_secs(5));
        self.send("\r");
    }

    /// Sends a text as a terminal pastes it.
    pub fn paste(&self, text: &str) {
        self.send(format!("\x1b[200~{text}\x1b[201~"));
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Another size; the kernel tells the program.
    pub fn resize(&self, columns: u16, rows: u16) {
        // The emulator first, as a real one: what the program draws for the new size must find it.
        self.seen.state.lock().unwrap().parser.screen_mut().set_size(at_least_one(rows), at_least_one(columns));
        self.pty.as_ref().expect("the terminal is still there").resize(Size::new(rows, columns)).unwrap();
    }

    /// Waits until the screen shows this.
    #[track_caller]
    pub fn wait_for(&self, text: &str, within: Duration) {
        let found = self.wait(within, |state| state.parser.screen().contents().contains(text));
        assert!(found, "`{text}` does not show within {within:?}:\n{}", self.text());
    }

    /// Waits until the program has taken the whole screen.
    #[track_caller]
    pub fn wait_for_screen(&self, within: Duration) {
        let taken =
            self.wait(within, |state| state.parser.screen().alternate_screen() && !state.parser.screen().contents().trim().is_empty());
        assert!(taken, "no screen within {within:?}:\n{}", self.text());
    }

    /// Whether a fact about the screen holds within this time.
    pub fn shows(&self, within: Duration, fact: impl Fn(&vt100::Screen) -> bool) -> bool {
        self.wait(within, |state| fact(state.parser.screen()))
    }

    fn wait(&self, within: Duration, fact: impl Fn(&State) -> bool) -> bool {
        let until = Instant::now() + within;
        let mut state = self.seen.state.lock().unwrap();
        loop {
            if fact(&state) {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || state.ended {
                return false;
            }
            state = self.seen.arrived.wait_timeout(state, left).unwrap().0;
        }
    }

    /// What the screen shows.
    pub fn text(&self) -> String {
        self.seen.state.lock().unwrap().parser.screen().contents()
    }

    /// A cell, with its colours and attributes.
    pub fn cell(&self, row: u16, column: u16) -> Option<vt100::Cell> {
        self.seen.state.lock().unwrap().parser.screen().cell(row, column).cloned()
    }

    /// All bytes that ever arrived.
    pub fn raw(&self) -> Vec<u8> {
        self.seen.state.lock().unwrap().raw.clone()
    }

    /// Takes the terminal away, as a dropped connection does: the kernel hangs up.
    pub fn hang_up(&mut self) {
        self.stop = None; // the reader lets go of its half
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.pts = None;
        self.pty = None;
    }

    /// How the program ended, if it does within this time.
    pub fn end(&mut self, within: Duration) -> Option<ExitStatus> {
        end_of(&mut self.child, within)
    }

    /// The modes before the program began.
    pub fn modes_before(&self) -> &Modes {
        &self.before
    }

    /// The modes now, with everything read that the program wrote before its end.
    pub fn modes(&mut self) -> Modes {
        let pty = self.pty.as_deref().expect("the terminal is still there");
        let line = line_modes(pty);
        self.pts = None; // with the last open end gone, the reader comes to the end of what was written
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        Modes { line, screen: screen_modes(self.seen.state.lock().unwrap().parser.screen()) }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
        self.hang_up();
    }
}

/// Feeds the emulator until the program's end of the terminal is closed by all, or the test takes the terminal away.
fn read(pty: &Pty, stopped: &PipeReader, seen: &Seen, rate: Option<u32>) {
    // A slow link takes a packet, then nothing for as long as the packet is on its way.
    let mut buffer = vec![0; if rate.is_some() { 256 } else { 16 * 1024 }];
    loop {
        let mut waiting = [PollFd::new(pty, PollFlags::IN), PollFd::new(stopped, PollFlags::IN)];
        match poll(&mut waiting, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => panic!("poll: {error}"),
        }
        if !waiting[1].revents().is_empty() {
            break;
        }
        let Ok(count @ 1..) = (&mut &*pty).read(&mut buffer) else { break };
        if let Some(rate) = rate {
            std::thread::sleep(Duration::from_secs_f64(count as f64 / f64::from(rate)));
        }
        let mut state = seen.state.lock().unwrap();
        state.parser.process(&buffer[..count]);
        state.raw.extend_from_slice(&buffer[..count]);
        seen.arrived.notify_all();
    }
    seen.state.lock().unwrap().ended = true;
    seen.arrived.notify_all();
}

fn at_least_one(size: u16) -> NonZeroU16 {
    NonZeroU16::new(size).unwrap_or(NonZeroU16::MIN)
}

fn line_modes(pty: &Pty) -> String {
    let Termios { input_modes, output_modes, control_modes, local_modes, special_codes, .. } = tcgetattr(pty).unwrap();
    format!("{input_modes:?} {output_modes:?} {control_modes:?} {local_modes:?} {special_codes:?}")
}

fn screen_modes(screen: &vt100::Screen) -> String {
    format!(
        "alternate {} hidden {} paste {} mouse {:?} {:?} keypad {} cursor keys {} colours {:?} {:?}",
        screen.alternate_screen(),
        screen.hide_cursor(),
        screen.bracketed_paste(),
        screen.mouse_protocol_mode(),
        screen.mouse_protocol_encoding(),
        screen.application_keypad(),
        screen.application_cursor(),
        screen.fgcolor(),
        screen.bgcolor(),
    )
}
