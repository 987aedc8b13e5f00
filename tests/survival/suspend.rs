//! The machine sleeps for eight hours: what was due meanwhile comes as the flow says, once, and the time without readings
//! stays without readings.

use crate::support::{Workspace, until};
use dogwatch::domain::ProbeId;
use dogwatch::wire::message::{Answer, Ask};
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::process::Command;

#[test]
fn eight_hours_of_sleep_are_one_catch_up_and_a_gap_in_the_readings() {
    let mut workspace = Workspace::new();
    let library = workspace.beside("shift.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/survival/shift.c");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl").status();
    assert!(built.unwrap().success(), "the C compiler that builds SQLite builds this too");
    let target = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let asleep = workspace.beside("asleep");
    workspace.set("LD_PRELOAD", library.to_str().unwrap());
    workspace.set("SHIFT_WHILE", asleep.to_str().unwrap());
    #[expect(clippy::disallowed_methods, reason = "a test that says when its flow is due must know the time")]
    let now = Timestamp::now();
    // Hourly, half an hour away from now, so that no occurrence comes by itself while the test runs.
    let minute = (now + 30.minutes()).to_zoned(jiff::tz::TimeZone::UTC).minute();
    workspace.file(
        "flows/job.toml",
        &format!("schedule = \"{minute} * * * *\"\nmissed = \"latest\"\n[[step]]\nname = \"it\"\nrun = \"true\"\n"),
    );
    workspace.file("probes/it.toml", &format!("[quick]\ntcp = \"{}\"\nevery = \"1s\"\n", target.local_addr().unwrap()));
    workspace.serve();
    let mut wire = workspace.wire();
    let readings = |wire: &mut crate::support::Wire| {
        let ask = Ask::Samples { probe: ProbeId::new("quick"), since: now - SignedDuration::from_hours(1) };
        match wire.ask(ask).unwrap().unwrap() {
            Answer::Samples(samples) => samples.iter().map(|sample| sample.at).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        }
    };
    let before = until("readings come", || Some(readings(&mut wire)).filter(|readings| readings.len() >= 3));
    std::fs::write(&asleep, "").unwrap();
    let after = until("readings come again", || Some(readings(&mut wire)).filter(|readings| readings.len() >= before.len() + 3));
    let widest = after.windows(2).map(|pair| pair[1].duration_since(pair[0])).max().unwrap();
    assert!(widest >= SignedDuration::from_mins(8 * 60 - 1), "between two readings there is nothing: {widest}");
    let within = after.iter().filter(|at| **at > now + 10.minutes() && **at < now + 470.minutes()).count();
    assert_eq!(within, 0, "no reading stands for the time of the sleep");

    let run = until("the latest occurrence is caught up", || {
        let runs = workspace.json(&["runs", "job"]);
        let run = runs.as_array().unwrap().first()?.clone();
        (run["phase"] == "done").then_some(run)
    });
    assert_eq!(run["id"], "job/1", "{run}");
    assert_eq!(workspace.json(&["runs", "job"]).as_array().unwrap().len(), 1, "once");
    let events = workspace.json(&["events", "--last", "1000"]).to_string();
    assert_eq!(events.matches("\"clock_stepped\"").count(), 1, "{events}");
    assert_eq!(events.matches("\"occurrence_settled\"").count(), 8, "each of the eight has its one end: {events}");
}
