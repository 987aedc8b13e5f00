//! The terminal goes away, changes its size a thousand times, or pours text into the program.

use crate::support::{Terminal, Workspace};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(2);
const STARTING: Duration = Duration::from_secs(30);

fn workspace() -> Workspace {
    let mut workspace = Workspace::new();
    workspace.serve();
    workspace
}

#[track_caller]
fn ends_with_its_terminal(workspace: &Workspace, mut terminal: Terminal) {
    terminal.wait_for_screen(STARTING);
    terminal.hang_up();
    assert!(terminal.end(SOON).is_some(), "it outlives its terminal by more than 2 s");
    workspace.ok(&["status", "--no-daemon"]);
}

#[test]
fn a_lost_terminal_ends_the_console_and_not_the_daemon() {
    let workspace = workspace();
    ends_with_its_terminal(&workspace, Terminal::open(&workspace, &[], 120, 40));
}

#[test]
fn also_where_the_hang_up_signal_is_ignored() {
    let workspace = workspace();
    ends_with_its_terminal(&workspace, Terminal::open_without_hangup(&workspace, &[], 120, 40));
}

#[test]
fn no_size_and_no_number_of_sizes_breaks_it() {
    let workspace = workspace();
    let mut terminal = Terminal::open(&workspace, &[], 120, 40);
    terminal.wait_for_screen(STARTING);
    for (columns, rows) in [(1, 1), (2, 1), (12, 6), (39, 11), (40, 12), (500, 200), (80, 24)] {
        terminal.resize(columns, rows);
    }
    for step in 0..1_000_u16 {
        terminal.resize(1 + step * 7 % 300, 1 + step * 5 % 100);
    }
    assert!(terminal.end(Duration::ZERO).is_none(), "{}", terminal.text());
    terminal.resize(100, 30);
    assert!(terminal.shows(STARTING, |screen| screen.contents().contains("dogwatch")), "{}", terminal.text());
    terminal.leave();
    assert!(terminal.end(SOON).expect("it ends").success());
}

#[test]
fn pasted_text_is_never_a_command() {
    let workspace = workspace();
    let mut terminal = Terminal::open(&workspace, &[], 120, 40);
    terminal.wait_for_screen(STARTING);
    terminal.paste("q\n:quit\n:stop\n");
    terminal.paste(&"q\n".repeat(2_500_000));
    // It answers the next key only after all of that, and answers it: help opens.
    terminal.send("?");
    terminal.wait_for("help", STARTING);
    assert!(terminal.end(Duration::ZERO).is_none());
    workspace.ok(&["status", "--no-daemon"]);
}

#[test]
fn each_key_is_answered_at_once_whatever_came_before() {
    let workspace = workspace();
    let terminal = Terminal::open(&workspace, &[], 120, 40);
    terminal.wait_for_screen(STARTING);
    for round in 0..10 {
        terminal.send("q");
        let asked = |screen: &vt100::Screen| screen.contents().contains("leave the console");
        assert!(terminal.shows(SOON, asked), "round {round}: the key is not answered:\n{}", terminal.text());
        terminal.send("\x1b");
        assert!(terminal.shows(SOON, |screen| !asked(screen)), "round {round}: the key is not answered:\n{}", terminal.text());
    }
}
