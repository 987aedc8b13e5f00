//! The kill campaign: clients write under keys and flows run while the daemon is killed at random moments. Afterwards
//! a witness outside of the daemon compares: nothing acknowledged is lost, nothing was applied twice, nothing ran twice.
//!
//! `DOGWATCH_KILLS=1000 cargo test --test campaign_kills -- --ignored --nocapture`

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it is surprised")]

mod support;

use dogwatch::domain::{Accepted, Command, Event, RunId};
use dogwatch::wire::message::{Answer, Ask, EntriesAsked};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use support::{Oracle, Wire, Workspace, until};

const CLIENTS: usize = 4;

/// What a client was told.
#[derive(Default)]
struct Told {
    marks: Vec<String>,
    runs: Vec<RunId>,
    /// Requests that had to be repeated because the daemon died before it answered.
    repeated: usize,
}

#[test]
#[ignore = "a campaign of minutes; run by its own command and by .ci/run"]
fn nothing_acknowledged_is_lost_and_nothing_happens_twice() {
    let kills: u64 = std::env::var("DOGWATCH_KILLS").ok().map_or(100, |kills| kills.parse().expect("a number of kills"));
    let mut workspace = Workspace::new();
    let oracle = Oracle::new(workspace.beside("oracle"));
    for client in 0..CLIENTS {
        let steps = format!(
            "overlap = \"allow\"\n[[step]]\nname = \"one\"\nrun = '''{one}'''\n[[step]]\nname = \"two\"\nneeds = [\"one\"]\nrun = '''{one}'''\n",
            one = oracle.says("$DOGWATCH_RUN $DOGWATCH_STEP")
        );
        workspace.file(&format!("flows/flow{client}.toml"), &steps);
    }
    let ended = AtomicBool::new(false);
    workspace.serve();
    let socket = workspace.socket().unwrap();
    let told: Vec<Told> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                scope.spawn({
                    let (socket, ended) = (&socket, &ended);
                    move || write_until(client, socket, ended)
                })
            })
            .collect();
        let mut random = 0x9e37_79b9_7f4a_7c15_u64 ^ kills;
        for _ in 0..kills {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            // The moment of the kill is what is varied here, nothing waits for it.
            std::thread::park_timeout(Duration::from_millis(50 + random % 200));
            workspace.kill_daemon();
            workspace.serve();
        }
        ended.store(true, Ordering::Relaxed);
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });

    let (marked, created, finished) = until("all runs have ended", || {
        let found = journal(&mut workspace.wire());
        (found.1.len() == found.2).then_some(found)
    });
    let runs: Vec<&RunId> = told.iter().flat_map(|told| &told.runs).collect();
    let marks: Vec<&String> = told.iter().flat_map(|told| &told.marks).collect();
    let repeated: usize = told.iter().map(|told| told.repeated).sum();
    println!(
        "{kills} kills, {} marks and {} runs acknowledged, {repeated} requests repeated, {finished} runs ended",
        marks.len(),
        runs.len()
    );

    let lost: Vec<_> = marks.iter().filter(|mark| !marked.contains_key(**mark)).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let lost: Vec<_> = runs.iter().filter(|run| !created.contains_key(**run)).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let twice: Vec<_> = marked.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "applied twice: {twice:?}");
    assert_eq!(created.len(), runs.len(), "a run for each key, and no other");
    assert_eq!(marked.len(), marks.len(), "a mark for each key, and no other");
    assert_eq!(oracle.repeated(), Vec::<String>::new(), "ran twice");
    assert!(!runs.is_empty() && !marks.is_empty(), "something was asked for at all");
    workspace.ok(&["verify"]);
}

/// Writes until the end; a request without an answer is repeated under the same key until it has one.
fn write_until(client: usize, socket: &std::path::Path, ended: &AtomicBool) -> Told {
    let mut told = Told::default();
    let mut wire = None;
    for number in 0.. {
        if ended.load(Ordering::Relaxed) {
            break;
        }
        let key = format!("client {client} request {number}");
        let command = if number % 8 == 0 {
            Command::Run { flow: format!("flow{client}").as_str().into(), params: BTreeMap::new(), date: None, reason: None }
        } else {
            Command::Mark { text: key.clone() }
        };
        let answer = until("an answer", || {
            let answer = match &mut wire {
                Some(wire) => Wire::command(wire, &key, command.clone()).ok(),
                none => {
                    *none = Wire::connect(socket).ok();
                    return None;
                }
            };
            if answer.is_none() {
                wire = None;
                told.repeated += 1;
            }
            answer
        });
        match answer.expect("nothing here is refused") {
            Accepted::Run(run) => told.runs.push(run),
            Accepted::Done => told.marks.push(key),
            other
            @ (Accepted::WouldDo(_) | Accepted::Message(_) | Accepted::Silence(_) | Accepted::Approval(_) | Accepted::Incident(_)) => {
                panic!("{other:?}")
            }
        }
    }
    told
}

/// Marks and created runs with how often they stand in the journal, and how many runs have ended.
fn journal(wire: &mut Wire) -> (BTreeMap<String, u32>, BTreeMap<RunId, u32>, usize) {
    let (mut marks, mut runs, mut ended) = (BTreeMap::<_, u32>::new(), BTreeMap::<_, u32>::new(), 0);
    let mut after = 0;
    loop {
        let asked = EntriesAsked { after: Some(after), limit: 1_000, ..EntriesAsked::default() };
        let Answer::Page { entries, more } = wire.ask(Ask::Entries(asked)).unwrap().unwrap() else { panic!("not a page") };
        for entry in &entries {
            after = entry.seq;
            match &entry.event {
                Event::Marked { text } => *marks.entry(text.clone()).or_default() += 1,
                Event::RunCreated { run, .. } => *runs.entry(run.clone()).or_default() += 1,
                Event::RunEnded { .. } => ended += 1,
                _ => {}
            }
        }
        if !more {
            return (marks, runs, ended);
        }
    }
}
