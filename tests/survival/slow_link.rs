//! A link of 64 kbit/s while everything changes: frames are left out, never queued, so that a key is answered at once.

use crate::support::{Terminal, Workspace, until};
use dogwatch::domain::{Command as Asked, FlowId, Params};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Bytes a second: 64 kbit/s.
const RATE: u32 = 8_000;
const STARTING: Duration = Duration::from_mins(1);
/// Within this a key is answered on the screen: what is on its way first, a part of a frame, and then the answer.
const KEY: Duration = Duration::from_secs(1);
/// The same once, when the link shows itself slow: by then whole frames are on their way.
const FIRST_KEY: Duration = Duration::from_millis(3_300);
/// Keys after which the link is known to be slow.
const UNTIL_KNOWN: usize = 4;
/// Within this a whole screen is there again.
const REPAINT: Duration = Duration::from_secs(3);
/// The way there and back takes so long on such a link; this terminal has none, so it is taken off the bounds.
const DELAY: Duration = Duration::from_millis(300);

#[test]
fn in_a_storm_of_changes_a_slow_link_leaves_frames_out_and_answers_keys() {
    let mut workspace = Workspace::new();
    for flow in 0..12 {
        workspace.file(&format!("flows/job-{flow:02}.toml"), "overlap = \"allow\"\n[[step]]\nname = \"it\"\nrun = \"true\"\n");
    }
    workspace.serve();
    let mut wire = workspace.wire();
    let mut terminal = Terminal::open_slow(&workspace, 120, 40, RATE);
    terminal.wait_for_screen(STARTING);
    terminal.wait_for("job-00", STARTING);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let storm = scope.spawn(|| {
            let mut number = 0_u32;
            while !over.load(Ordering::Relaxed) {
                number += 1;
                let flow = FlowId::new(format!("job-{:02}", number % 12));
                let run = Asked::Run { flow, params: Params::default(), date: None, reason: None };
                wire.command(&format!("storm-{number}"), run).unwrap().unwrap();
            }
            number
        });
        let mut answered = Vec::new();
        for round in 0..UNTIL_KNOWN + 5 {
            let begun = Instant::now();
            terminal.send("q");
            terminal.wait_for("leave the console", Duration::from_secs(20));
            answered.push(begun.elapsed());
            terminal.send("\x1b");
            let gone = terminal.shows(Duration::from_secs(20), |screen| !screen.contents().contains("leave the console"));
            assert!(gone, "round {round}: {}", terminal.text());
        }
        // Another size is a whole new screen.
        let before = terminal.raw().len();
        let begun = Instant::now();
        terminal.resize(100, 30);
        until("the screen is cleared", || terminal.raw()[before..].windows(4).any(|bytes| bytes == b"\x1b[2J").then_some(()));
        let whole = |screen: &vt100::Screen| screen.contents().contains("dogwatch") && screen.contents().contains("job-11");
        assert!(terminal.shows(Duration::from_secs(20), whole), "{}", terminal.text());
        let repaint = begun.elapsed();
        over.store(true, Ordering::Relaxed);
        let runs = storm.join().unwrap();
        println!("{runs} runs meanwhile; keys within {answered:?}, a whole screen within {repaint:?}");
        let within = |keys: &[Duration], bound: Duration| keys.iter().all(|key| *key <= bound.checked_sub(DELAY).unwrap());
        assert!(within(&answered, FIRST_KEY), "keys are answered within {answered:?}");
        assert!(within(&answered[UNTIL_KNOWN..], KEY), "keys are answered within {answered:?}");
        assert!(repaint <= REPAINT.checked_sub(DELAY).unwrap(), "a whole screen takes {repaint:?}");
        assert!(runs > 20, "there was a storm: {runs}");
    });
    terminal.leave();
    assert!(terminal.end(Duration::from_secs(10)).expect("it ends").success());
}
