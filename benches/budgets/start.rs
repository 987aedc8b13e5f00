//! From a person's word to a process that runs, and from its end to everyone's knowledge.

use crate::figure::{Figure, Goal, median};
use crate::limits::{Fifo, ms, one_sync, spawn};
use crate::peers::Pueue;
use crate::scene::{Daemon, Follower, Scene, run};
use crate::{Effort, Failure, Tell, estate, process, scene};
use dogwatch::domain::{Entry, Event, RunId};
use dogwatch::wire::client::Client;
use dogwatch::wire::message::{Request, Said};
use std::time::Instant;

/// Who is told of a failure: a channel whose program does nothing.
const TOLD: &str = r#"
[channels.page]
kind = "command"
run = ["true"]
per_minute = 100

[[escalation]]
severity = ["critical", "high", "warning", "info"]
[[escalation.step]]
tell = ["channel:page"]
"#;

pub fn measure(effort: Effort, tell: Tell<'_>) -> Result<(), Failure> {
    let scene = Scene::new(16)?;
    let fifo = Fifo::new(scene.folder())?;
    scene.shell_flow("speak", &fifo.script())?;
    let times = effort.size(15, 5);
    for number in 0..times {
        // Each fails once, so that each failure opens an incident of its own.
        scene.shell_flow(&format!("fail-{number}"), &format!("{}; exit 1", fifo.script()))?;
    }
    scene.settings(TOLD)?;
    let daemon = scene.serve()?;
    let pueue = Pueue::start(scene.folder(), 4)?;
    let tokio = scene::runtime()?;
    let (mut started, mut ended, mut incident, mut called) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut syncs, mut spawns, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    tokio.block_on(async {
        let mut client = daemon.connect().await?;
        let mut follower = Follower::new(&daemon).await?;
        one_run(&mut client, &mut follower, &fifo, "speak").await?; // the first one warms
        for number in 0..times {
            let measured = one_run(&mut client, &mut follower, &fifo, "speak").await?;
            started.push(measured.running);
            ended.push(measured.known);
            let failed = one_run(&mut client, &mut follower, &fifo, &format!("fail-{number}")).await?;
            incident.extend(failed.incident);
            called.extend(failed.called);
            syncs.push(one_sync(scene.folder())?);
            spawns.push(spawn(&fifo, &fifo.script())?);
            if let Some(pueue) = &pueue {
                theirs.push(pueue.add_until_spoken(&fifo)?);
            }
        }
        Ok::<(), Failure>(())
    })?;
    let (sync, spawn) = (median(syncs), median(spawns));
    let started = median(started);
    let limit = 2.0 * spawn + sync;
    let theirs = (!theirs.is_empty()).then(|| median(theirs));
    tell(Figure::new("run → its process runs (durable)", started, "ms").against("2 spawns + sync", limit).goal(Goal::RatioAtMost(4.0)));
    tell(
        Figure::new("run → its process runs (durable)", started, "ms")
            .peer("pueue", "cargo install pueue", theirs)
            .goal(Goal::RatioAtMost(0.1)),
    );
    let ended = median(ended);
    let limit = 2.0 * sync + 5.0;
    tell(Figure::new("process ends → a console knows", ended, "ms").against("2 syncs + 5 ms", limit).goal(Goal::RatioAtMost(1.0)));
    let limit = 3.0 * sync + 10.0;
    tell(Figure::new("step fails → incident open", median(incident), "ms").against("3 syncs + 10 ms", limit).goal(Goal::RatioAtMost(1.0)));
    let called = median(called);
    tell(
        Figure::new("step fails → incident open → channel's program done", called, "ms")
            .against("3 syncs + 10 ms", limit)
            .goal(Goal::RatioAtMost(1.0)),
    );
    daemon.stop()?;
    from_a_large_daemon(effort, started, tell)
}

/// Milliseconds from the request until something was so.
struct Measured {
    running: f64,
    known: f64,
    incident: Option<f64>,
    /// The channel's program has ended well, on record.
    called: Option<f64>,
}

async fn one_run(client: &mut Client, follower: &mut Follower, fifo: &Fifo, flow: &str) -> Result<Measured, Failure> {
    let began = Instant::now();
    client.send(&Request { id: 1 << 40, ask: run(flow) }).await?;
    fifo.wait()?;
    let to_running = ms(began.elapsed());
    let spoken = Instant::now();
    let (mut to_known, mut to_incident, mut to_called) = (0.0, None, None);
    loop {
        let entry = follower.next().await?;
        match &entry.event {
            Event::AttemptEnded { .. } => to_known = ms(spoken.elapsed()),
            Event::IncidentOpened { .. } => to_incident = Some(ms(spoken.elapsed())),
            Event::MessageSent { .. } => to_called = Some(ms(spoken.elapsed())),
            _ => {}
        }
        // A run that failed is over when somebody was told of its incident.
        if to_called.is_some() || (is_over(&entry, flow) && !flow.starts_with("fail")) {
            break;
        }
    }
    while !matches!(client.next().await?, Said::Answer { .. }) {}
    Ok(Measured { running: to_running, known: to_known, incident: to_incident, called: to_called })
}

fn is_over(entry: &Entry, flow: &str) -> bool {
    matches!(&entry.event, Event::RunEnded { run, .. } if belongs(run, flow))
}

fn belongs(run: &RunId, flow: &str) -> bool {
    run.flow.as_str() == flow
}

/// The same start asked of a daemon that holds much: a fork of its pages would show.
fn from_a_large_daemon(effort: Effort, small: f64, tell: Tell<'_>) -> Result<(), Failure> {
    let scene = estate::scene(effort, 16)?;
    let fifo = Fifo::new(scene.folder())?;
    scene.shell_flow("speak", &fifo.script())?;
    let daemon: Daemon = scene.serve()?;
    let started = scene::runtime()?.block_on(async {
        let mut client = daemon.connect().await?;
        let mut follower = Follower::new(&daemon).await?;
        let mut started = Vec::new();
        for _ in 0..=effort.runs() {
            started.push(one_run(&mut client, &mut follower, &fifo, "speak").await?.running);
        }
        started.remove(0);
        Ok::<_, Failure>(median(started))
    })?;
    let resident = process::pss_mib(daemon.pid()).unwrap_or_default();
    tell(
        Figure::new(format!("the same from a daemon of {resident:.0} MiB"), started, "ms")
            .against("small daemon", small)
            .goal(Goal::RatioAtMost(1.5)),
    );
    Ok(())
}
