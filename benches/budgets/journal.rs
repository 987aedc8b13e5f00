//! The record: how fast it takes entries, how soon a daemon is ready behind a long one, how fast it is proved.

use crate::estate::{self, Writer};
use crate::figure::{Figure, Goal, median};
use crate::limits::{raw_append, sqlite_full};
use crate::scene::{Daemon, Follower, Scene, asked, start};
use crate::{Effort, Failure, Tell, process, scene};
use dogwatch::domain::{Author, Command, Event};
use dogwatch::journal::Journal;
use dogwatch::wire::message::{Ask, Request, Said};
use jiff::Timestamp;
use std::time::{Duration, Instant};

/// Connections of the crowd.
const CROWD: usize = 100;
/// Entries that a kill may leave behind the cache of the world: one less than the engine writes it at.
const BEHIND_THE_CACHE: usize = 19_999;

pub fn measure(effort: Effort, tell: Tell<'_>) -> Result<(), Failure> {
    entries(effort, tell)?;
    ready(effort, tell)?;
    memory(effort, tell)
}

fn entries(effort: Effort, tell: Tell<'_>) -> Result<(), Failure> {
    let scene = Scene::new(16)?;
    let daemon = scene.serve()?;
    let tokio = scene::runtime()?;
    let span = Duration::from_millis(effort.size(3_000, 1_000) as u64);
    let rows = effort.size(3_000, 500);
    let (mut one, mut crowd, mut bare_one, mut bare_hundred, mut raw_one, mut raw_hundred) =
        (vec![], vec![], vec![], vec![], vec![], vec![]);
    let (mut inside, mut inside_hundred) = (vec![], vec![]);
    for _ in 0..effort.runs() {
        one.push(tokio.block_on(clients(&daemon, 1, span))?);
        bare_one.push(sqlite_full(scene.folder(), 1, rows)?);
        raw_one.push(raw_append(scene.folder(), 1, rows)?);
        inside.push(writer(&scene, 1, rows)?);
        crowd.push(tokio.block_on(clients(&daemon, CROWD, span))?);
        bare_hundred.push(sqlite_full(scene.folder(), 100, rows * 30)?);
        raw_hundred.push(raw_append(scene.folder(), 100, rows * 30)?);
        inside_hundred.push(writer(&scene, 100, rows * 30)?);
    }
    daemon.stop()?;
    let (one, crowd) = (median(one), median(crowd));
    let (bare_one, bare_hundred) = (median(bare_one), median(bare_hundred));
    tell(Figure::new("durable entries, 1 client, one at a time", one, "/s").against("SQLite FULL", bare_one).goal(Goal::RatioAtLeast(0.6)));
    tell(Figure::new("durable entries, 1 client, one at a time", one, "/s").against("append + sync", median(raw_one)));
    tell(
        Figure::new("the journal alone, 1 per commit", median(inside), "/s").against("SQLite FULL", bare_one).goal(Goal::RatioAtLeast(0.6)),
    );
    let name = format!("durable entries, {CROWD} clients");
    tell(Figure::new(&name, crowd, "/s").against("SQLite FULL, 100", bare_hundred).goal(Goal::RatioAtLeast(0.6)));
    tell(Figure::new(&name, crowd, "/s").against("append, 100 per sync", median(raw_hundred)));
    let inside = median(inside_hundred);
    tell(
        Figure::new("the journal alone, 100 per commit, chained", inside, "/s")
            .against("SQLite FULL, 100", bare_hundred)
            .goal(Goal::RatioAtLeast(0.6)),
    );
    Ok(())
}

/// Entries per second that so many clients get acknowledged, each asking again as soon as it was answered.
async fn clients(daemon: &Daemon, count: usize, span: Duration) -> Result<f64, Failure> {
    let mut clients = Vec::new();
    for _ in 0..count {
        clients.push(daemon.connect().await?);
    }
    let began = Instant::now();
    let asking = clients.into_iter().map(|mut client| async move {
        let mut answered = 0_u32;
        while began.elapsed() < span {
            let mark = Command::Mark { text: "deployed release 2026.11.21 of the payments service to all regions".into() };
            client.ask(asked(mark)).await?.map_err(|refusal| refusal.to_string())?;
            answered += 1;
        }
        Ok::<_, Failure>(answered)
    });
    let answered: u32 = futures_util::future::try_join_all(asking).await?.into_iter().sum();
    Ok(f64::from(answered) / began.elapsed().as_secs_f64())
}

/// Entries per second of the journal by itself, without daemon and wire.
fn writer(scene: &Scene, per_commit: usize, rows: usize) -> Result<f64, Failure> {
    let state = scene.folder().join("journal-alone");
    let mut journal = Journal::open(&state)?;
    let at = Timestamp::from_second(1_790_000_000)?;
    let author = Author::Person { uid: 1000, user: "ana".into(), login_uid: None, sudo_claim: None };
    let event = Event::from_json(crate::limits::EVENT)?;
    let began = Instant::now();
    for _ in 0..rows / per_commit {
        for _ in 0..per_commit {
            journal.append(at, &author, event.clone())?;
        }
        journal.commit()?;
    }
    let took = began.elapsed();
    journal.close()?;
    std::fs::remove_dir_all(state)?;
    Ok((rows / per_commit * per_commit) as f64 / took.as_secs_f64())
}

fn ready(effort: Effort, tell: Tell<'_>) -> Result<(), Failure> {
    let entries = estate::entries(effort);
    let scene = estate::scene(effort, 16)?;
    let state = scene.place()?.state;
    let empty = Scene::new(16)?;
    let (mut with, mut without, mut fresh) = (vec![], vec![], vec![]);
    for _ in 0..effort.runs() {
        let daemon = scene.serve()?;
        with.push(daemon.ready_after.as_secs_f64());
        daemon.stop()?;
        let daemon = empty.serve()?;
        fresh.push(daemon.ready_after.as_secs_f64());
        daemon.stop()?;
    }
    for _ in 0..effort.runs().min(3) {
        std::fs::remove_file(state.join("world.json"))?;
        let daemon = scene.serve()?;
        without.push(daemon.ready_after.as_secs_f64());
        daemon.stop()?;
    }
    let thousands = entries / 1_000;
    let name = format!("daemon ready, {thousands} k entries, {} flows", estate::FLOWS);
    tell(Figure::new(format!("{name}, with a checkpoint"), median(with), "s").against("empty", median(fresh)).goal(Goal::AtMost(0.5)));
    tell(Figure::new(format!("{name}, without"), median(without), "s").goal(Goal::AtMost(6.0)));
    let mut writer = Writer::open(&state)?;
    for _ in 0..BEHIND_THE_CACHE {
        writer.write(Event::Marked { text: "what happened since the last checkpoint".into() })?;
    }
    writer.abandon()?;
    let mut killed = Vec::new();
    for _ in 0..effort.runs() {
        let daemon = scene.serve()?;
        killed.push(daemon.ready_after.as_secs_f64());
        daemon.kill()?;
    }
    tell(Figure::new("the same after a kill, 20 k entries behind it", median(killed), "s").goal(Goal::AtMost(0.5)));
    let began = Instant::now();
    let verified = dogwatch::journal::verify(&state, &[])?;
    let rate = verified.entries() as f64 / began.elapsed().as_secs_f64();
    tell(Figure::new("verify", rate, "/s").goal(Goal::AtLeast(200_000.0)));
    Ok(())
}

fn memory(effort: Effort, tell: Tell<'_>) -> Result<(), Failure> {
    let scene = estate::scene(effort, 64)?;
    scene.flow("sleep", "overlap = \"allow\"\n\n[[step]]\nname = \"work\"\nrun = [\"sleep\", \"600\"]\n")?;
    let daemon = scene.serve()?;
    let (resident, peak) = scene::runtime()?.block_on(async {
        let mut client = daemon.connect().await?;
        let mut follower = Follower::new(&daemon).await?;
        let mut runs = Vec::new();
        for _ in 0..50 {
            runs.push(start(&mut client, "sleep").await?);
            follower.until(|entry| matches!(entry.event, Event::AttemptStarted { .. })).await?;
        }
        let mut consoles = Vec::new();
        for _ in 0..20 {
            let mut console = daemon.connect().await?;
            console.send(&Request { id: 1, ask: Ask::World { follow: true } }).await?;
            while !matches!(console.next().await?, Said::Answer { .. }) {}
            consoles.push(console);
        }
        tokio::time::sleep(Duration::from_secs(2)).await; // what a console was sent may be given back
        let resident = process::private_mib(daemon.pid()).ok_or("the daemon is gone")?;
        let peak = process::peak_mib(daemon.pid()).unwrap_or_default();
        for run in runs {
            client.ask(asked(Command::Kill { run, reason: None })).await?.map_err(|refusal| refusal.to_string())?;
            follower.until(|entry| matches!(entry.event, Event::RunEnded { .. })).await?;
        }
        Ok::<_, Failure>((resident, peak))
    })?;
    let entries = estate::entries(effort) / 1_000;
    let name = format!("daemon's memory: {entries} k entries, {} flows, {} incidents", estate::FLOWS, estate::INCIDENTS);
    tell(Figure::new(name, resident, "MiB").against("its peak", peak).goal(Goal::AtMost(150.0)));
    daemon.stop()
}
