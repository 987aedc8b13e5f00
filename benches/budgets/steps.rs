//! Many short steps: how many a second, with how much behind them, and what each costs in memory.

use crate::estate::Writer;
use crate::figure::{Figure, Goal, median, percentile};
use crate::limits::ms;
use crate::scene::{Daemon, Follower, Scene, run, start};
use crate::{Effort, Failure, Tell, peers, process, scene};
use dogwatch::domain::{Event, FlowId};
use jiff::Timestamp;
use std::time::{Duration, Instant};

/// Steps at the same time.
const AT_ONCE: u32 = 4;
/// Connections that ask for the runs.
const ASKING: usize = 8;
/// Milliseconds after the minute mark at which cron's first process runs, as BUDGETS.md has it: measuring it would need
/// the system's own crontab.
const CRON_MS: f64 = 1_100.0;

pub fn measure(effort: Effort, tell: Tell<'_>) -> Result<(), Failure> {
    short(effort, tell)?;
    supervisor(tell)?;
    minute_mark(effort, tell)
}

fn short(effort: Effort, tell: Tell<'_>) -> Result<(), Failure> {
    let count = effort.size(600, 120);
    let scene = Scene::new(AT_ONCE)?;
    scene.flow("short", "overlap = \"allow\"\n\n[[step]]\nname = \"work\"\nrun = [\"true\"]\n")?;
    let daemon = scene.serve()?;
    let pueue = peers::Pueue::start(scene.folder(), AT_ONCE)?;
    let tokio = scene::runtime()?;
    let (mut ours, mut xargs, mut parallel, mut spooler, mut theirs) = (vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..effort.runs() {
        ours.push(tokio.block_on(short_steps(&daemon, count))?);
        xargs.push(peers::xargs(count)?);
        parallel.extend(peers::parallel(count / 2)?);
        spooler.extend(peers::task_spooler(scene.folder(), count)?);
        if let Some(pueue) = &pueue {
            theirs.push(pueue.short_tasks(effort.size(40, 20))?);
        }
    }
    daemon.stop()?;
    let some = |rates: Vec<f64>| (!rates.is_empty()).then(|| median(rates));
    let (ours, xargs) = (median(ours), median(xargs));
    let name = format!("short steps, {AT_ONCE} at a time, durable, supervised");
    tell(Figure::new(&name, ours, "/s").peer("pueue", "cargo install pueue", some(theirs)).goal(Goal::RatioAtLeast(30.0)));
    tell(Figure::new(&name, ours, "/s").against("xargs", xargs).goal(Goal::RatioAtLeast(1.0 / 3.0)));
    tell(Figure::new(&name, ours, "/s").peer("task-spooler", "apt install task-spooler", some(spooler)));
    tell(Figure::new(&name, ours, "/s").peer("GNU parallel", "apt install parallel", some(parallel)));
    let queued = effort.size(100_000, 10_000);
    let behind = with_queue(&scene, queued, count)?;
    tell(Figure::new(format!("the same with {queued} queued"), behind, "/s").against("xargs", xargs).goal(Goal::RatioAtLeast(1.0 / 3.0)));
    Ok(())
}

/// Asks for so many runs at once and waits for the end of the last: runs per second.
async fn short_steps(daemon: &Daemon, count: usize) -> Result<f64, Failure> {
    let mut follower = Follower::new(daemon).await?;
    let mut clients = Vec::new();
    for _ in 0..ASKING {
        clients.push(daemon.connect().await?);
    }
    let began = Instant::now();
    let asking = clients.into_iter().map(|mut client| async move {
        for _ in 0..count / ASKING {
            client.ask(run("short")).await?.map_err(|refusal| refusal.to_string())?;
        }
        Ok::<_, Failure>(())
    });
    let ending = async {
        for _ in 0..count / ASKING * ASKING {
            follower.until(|entry| matches!(entry.event, Event::RunEnded { .. })).await?;
        }
        Ok::<_, Failure>(())
    };
    futures_util::future::try_join(futures_util::future::try_join_all(asking), ending).await?;
    Ok((count / ASKING * ASKING) as f64 / began.elapsed().as_secs_f64())
}

/// Runs that end per second while very many wait.
fn with_queue(scene: &Scene, queued: usize, count: usize) -> Result<f64, Failure> {
    let mut writer = Writer::open(&scene.place()?.state)?;
    for _ in 0..queued {
        writer.queue(&FlowId::new("short"))?;
    }
    writer.close()?;
    let daemon = scene.serve()?;
    let rate = scene::runtime()?.block_on(async {
        let mut follower = Follower::new(&daemon).await?;
        follower.until(|entry| matches!(entry.event, Event::RunEnded { .. })).await?;
        let began = Instant::now();
        for _ in 0..count {
            follower.until(|entry| matches!(entry.event, Event::RunEnded { .. })).await?;
        }
        Ok::<_, Failure>(count as f64 / began.elapsed().as_secs_f64())
    });
    daemon.kill()?;
    rate
}

/// The supervisor's own memory beside a step that sleeps.
fn supervisor(tell: Tell<'_>) -> Result<(), Failure> {
    let scene = Scene::new(16)?;
    scene.flow("sleep", "overlap = \"allow\"\n\n[[step]]\nname = \"work\"\nrun = [\"sleep\", \"600\"]\n")?;
    let daemon = scene.serve()?;
    let own = scene::runtime()?.block_on(async {
        let mut client = daemon.connect().await?;
        let mut follower = Follower::new(&daemon).await?;
        let mut runs = Vec::new();
        for _ in 0..5 {
            runs.push(start(&mut client, "sleep").await?);
            follower.until(|entry| matches!(entry.event, Event::AttemptStarted { .. })).await?;
        }
        let own = process::children(daemon.pid()).into_iter().filter_map(process::pss_mib).collect();
        for run in runs {
            let kill = dogwatch::domain::Command::Kill { run, reason: None };
            client.ask(scene::asked(kill)).await?.map_err(|refusal| refusal.to_string())?;
            follower.until(|entry| matches!(entry.event, Event::RunEnded { .. })).await?;
        }
        Ok::<_, Failure>(median(own))
    })?;
    tell(Figure::new("supervisor's own memory per running step (PSS)", own, "MiB").goal(Goal::AtMost(3.0)));
    daemon.stop()
}

/// A thousand flows that are due at the same minute.
fn minute_mark(effort: Effort, tell: Tell<'_>) -> Result<(), Failure> {
    let due = effort.size(1_000, 100);
    let scene = Scene::new(64)?;
    for number in 0..due {
        let text = "schedule = \"* * * * *\"\nmissed = \"skip\"\n\n[[step]]\nname = \"work\"\nrun = [\"true\"]\n";
        scene.flow(&format!("due-{number:04}"), text)?;
    }
    // Not so near to the mark that the daemon is not ready before it.
    let to_mark = 60 - now().as_second() % 60;
    if to_mark < 15 {
        std::thread::sleep(Duration::from_secs(to_mark as u64 + 1));
    }
    let daemon = scene.serve()?;
    let mut after = scene::runtime()?.block_on(async {
        let mut follower = Follower::new(&daemon).await?;
        let mut after = Vec::new();
        let mut mark = None;
        while after.len() < due {
            let entry = follower.until(|entry| matches!(entry.event, Event::AttemptStarted { .. })).await?;
            let Event::AttemptStarted { started_at, .. } = &entry.event else { continue };
            let mark = *mark.get_or_insert(started_at.as_second() / 60 * 60);
            let since = started_at.duration_since(Timestamp::from_second(mark)?);
            after.push(ms(since.unsigned_abs()));
        }
        Ok::<_, Failure>(after)
    })?;
    after.sort_by(f64::total_cmp);
    let first = percentile(&mut after[..100.min(due)].to_vec(), 99.0);
    let rate = due as f64 / (after[due - 1] / 1e3);
    tell(
        Figure::new(format!("minute mark → running, {due} due: p99 of the first 100"), first, "ms")
            .against("cron (BUDGETS.md)", CRON_MS)
            .goal(Goal::RatioAtMost(0.25)),
    );
    tell(Figure::new(format!("minute mark → running, all {due}"), rate, "/s").goal(Goal::AtLeast(200.0)));
    daemon.stop()
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn now() -> Timestamp {
    Timestamp::now()
}
