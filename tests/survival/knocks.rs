//! Thousands of wrong greetings: counted, answered slower, and no more than a few lines of the record.

use crate::peers::{knock, parted};
use crate::support::Workspace;
use dogwatch::domain::Event;
use dogwatch::wire::message::{Hello, VERSION};
use std::io::Write;
use std::time::{Duration, Instant};

/// Partings at a run; `DOGWATCH_KNOCKS=10000` is the long form.
fn times() -> usize {
    std::env::var("DOGWATCH_KNOCKS").ok().and_then(|times| times.parse().ok()).unwrap_or(150)
}

#[test]
fn a_loop_of_protocol_errors_fills_nothing_and_holds_up_nobody_for_long() {
    let mut workspace = Workspace::new();
    workspace.serve();
    let mut friend = workspace.wire();
    let times = times();
    let each = |turn: usize| {
        let mut stream = knock(&workspace);
        let hello = Hello { version: VERSION + 1, shape: "x".into(), release: "x".into(), sudo_claim: Some(format!("claim {turn}")) };
        let mut bytes = if turn.is_multiple_of(2) { format!("garbage {turn}").into_bytes() } else { serde_json::to_vec(&hello).unwrap() };
        bytes.push(b'\n');
        // A peer that is parted with before it has said all was answered too.
        let _ = stream.write_all(&bytes);
        parted(stream);
    };
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                loop {
                    let turn = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if turn >= times {
                        break;
                    }
                    each(turn);
                }
            });
        }
        friend.command("beside", dogwatch::domain::Command::Mark { text: "served".into() }).unwrap().unwrap();
        let begun = Instant::now();
        workspace.ok(&["status", "--no-daemon"]);
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    });
    workspace.ok(&["stop"]);
    workspace.serve();
    let entries = workspace.json(&["events", "--last", "1000"]);
    let events = entries.as_array().unwrap().iter().filter_map(|entry| serde_json::from_value::<Event>(entry["event"].clone()).ok());
    let counts: Vec<u32> = events.filter_map(|event| if let Event::Refused { count, .. } = event { Some(count) } else { None }).collect();
    assert_eq!(counts.iter().sum::<u32>() as usize, times, "each one is counted");
    // Two sorts, each with its first and, at the end of its minute, with its count.
    let minutes = 1 + times / 100;
    assert!(counts.len() <= 4 * minutes, "{} entries: {counts:?}", counts.len());
}
