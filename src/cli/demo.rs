//! `dogwatch demo`: unpack, start, open the console, and end everything that was started.

use super::args::{Afterwards, Care, Demo as Asked, DemoFetch, DemoShop, Look};
use super::failure::Failure;
use super::session::{Session, ask};
use crate::demo::{self, Demo, FIRST_RUNS};
use crate::domain::{Command, FlowId, Params, RunId};
use crate::wire::client::Client;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// How long running batches may take to end when the demo does.
const PATIENCE: Duration = Duration::from_secs(15);

/// `dogwatch demo`
pub fn run(session: &Session, asked: &Asked, look: &Look) -> Result<ExitCode, Failure> {
    if !asked.headless && !std::io::stdout().is_terminal() {
        return Err(Failure::usage("the demo opens the console, which needs a terminal; `dogwatch demo --headless` does not"));
    }
    let folder = asked.dir.clone().unwrap_or_else(new_folder);
    let program = std::env::current_exe().map_err(Failure::other)?;
    let demo = Demo::begin(&folder, &program).map_err(Failure::other)?;
    let session = session.within(demo.folder()).with_state(&demo.state());
    print!("{}", demo.welcome());
    std::io::stdout().flush()?;
    let outcome = show(&session, asked, look);
    let folder = end(&session, demo);
    leave(&folder, asked.afterwards)?;
    outcome
}

fn show(session: &Session, asked: &Asked, look: &Look) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::other)?;
    runtime.block_on(start(session))?;
    if !asked.headless {
        drop(runtime);
        let ends = "This ends the shop and the demo's daemon; its folder can be kept.".to_owned();
        return super::console::open_until(session, look, Some(ends));
    }
    let root = session.root()?;
    let state = session.place()?.state;
    let above = state.parent().unwrap_or(&state);
    println!("\nrunning without a console: dogwatch --workspace {} --state {}", root.display(), above.display());
    println!("ctrl-c ends it");
    std::io::stdout().flush()?;
    runtime.block_on(async {
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        Ok(ExitCode::SUCCESS)
    })
}

/// Starts the daemon and the first runs.
async fn start(session: &Session) -> Result<(), Failure> {
    let mut client = session.connect().await?;
    for flow in FIRST_RUNS {
        let reason = Some("the demo begins".to_owned());
        let command = Command::Run { flow: FlowId::new(flow), params: Params::new(), date: None, reason };
        ask(&mut client, command, &care()).await?;
    }
    Ok(())
}

/// Ends the demo's batches, its daemon, its shop. What cannot be ended is said; the rest goes on ending.
fn end(session: &Session, demo: Demo) -> PathBuf {
    let ended = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::other)
        .and_then(|runtime| runtime.block_on(async { tokio::time::timeout(PATIENCE, end_daemon(session)).await.unwrap_or(Ok(())) }));
    if let Err(failure) = ended {
        failure.print(false);
    }
    demo.end()
}

async fn end_daemon(session: &Session) -> Result<(), Failure> {
    let mut client = session.connect_running().await?;
    let world = client.world().await?;
    let active: Vec<RunId> = world.flows.values().flat_map(|flow| flow.active()).map(|run| run.id.clone()).collect();
    for flow in world.flows.keys() {
        // A schedule may fire between here and the stop.
        let command = Command::Hold { flow: flow.clone(), until: None, reason: "the demo ends".into() };
        let _ = ask(&mut client, command, &care()).await;
    }
    for run in active {
        // It may have ended by itself meanwhile.
        let _ = ask(&mut client, Command::Kill { run, reason: Some("the demo ends".into()) }, &care()).await;
    }
    wait_for_quiet(&mut client).await?;
    ask(&mut client, Command::Stop, &care()).await?;
    while client.next().await.is_ok() {} // the connection closes when it has ended
    Ok(())
}

async fn wait_for_quiet(client: &mut Client) -> Result<(), Failure> {
    let mut world = client.world().await?;
    client.send(&crate::wire::message::Request { id: u64::MAX, ask: crate::wire::message::Ask::Tail { after: world.seq } }).await?;
    while !world.running.is_empty() {
        if let crate::wire::message::Said::Entries(entries) = client.next().await? {
            for entry in &entries {
                world.apply(entry);
            }
        }
    }
    Ok(())
}

/// Offers to keep or remove the folder.
fn leave(folder: &Path, afterwards: Afterwards) -> Result<(), Failure> {
    let remove = match afterwards {
        Afterwards::Remove => true,
        Afterwards::Keep => false,
        Afterwards::Ask if !std::io::stdin().is_terminal() => false,
        Afterwards::Ask => {
            print!("The demo has ended. Keep its folder {} with journal, notes and post-mortem? [y/N] ", folder.display());
            std::io::stdout().flush()?;
            let mut answer = String::new();
            std::io::stdin().read_line(&mut answer)?;
            !matches!(answer.trim(), "y" | "Y" | "yes" | "k" | "keep")
        }
    };
    if remove {
        demo::remove(folder)?;
        println!("removed {}", folder.display());
    } else {
        println!(
            "kept {}; look into it with: dogwatch --workspace {} --state {}",
            folder.display(),
            folder.display(),
            folder.join("state").display()
        );
    }
    Ok(())
}

fn new_folder() -> PathBuf {
    std::env::temp_dir().join(format!("dogwatch-demo-{}-{}", rustix::process::getuid().as_raw(), std::process::id()))
}

fn care() -> Care {
    Care { dry_run: false, key: None }
}

/// `dogwatch demo-shop`: serves until its standard input ends.
pub async fn shop(asked: &DemoShop) -> Result<ExitCode, Failure> {
    demo::run_shop(asked.port_file.as_deref()).await?;
    Ok(ExitCode::SUCCESS)
}

/// `dogwatch demo-fetch`
pub fn fetch(asked: &DemoFetch) -> Result<ExitCode, Failure> {
    let method = if asked.post { demo::Method::Post } else { demo::Method::Get };
    let fetched = demo::fetch(method, &asked.url, &asked.file).map_err(Failure::other)?;
    println!("{} {}: {} bytes to {}", fetched.status, asked.url, fetched.bytes, asked.file.display());
    Ok(ExitCode::SUCCESS)
}
