//! The daemon: in the foreground, its end, its state on one page.

use super::args::{Care, Serve};
use super::failure::Failure;
use super::json;
use super::print::{self, Printer};
use super::session::{Session, ask};
use crate::daemon::{self, LockError};
use crate::domain::{Command, Job, RunId};
use crate::workspace::{Loaded, Place};
use std::collections::BTreeSet;
use std::process::ExitCode;

/// `dogwatch serve`
pub fn serve(session: &Session, serve: &Serve, runtime: &tokio::runtime::Runtime) -> Result<ExitCode, Failure> {
    if serve.unit {
        let program = std::env::current_exe().map_err(Failure::other)?;
        print!("{}", daemon::unit::text(&program, &session.root()?));
        return Ok(ExitCode::SUCCESS);
    }
    if serve.detached {
        daemon::start::leave_session().map_err(Failure::other)?;
    }
    let done = begin(session, serve, runtime);
    if let (true, Err(failure)) = (serve.detached, &done) {
        daemon::start::tell_failure(failure.to_string().trim_start_matches("dogwatch: "));
    }
    done
}

fn begin(session: &Session, serve: &Serve, runtime: &tokio::runtime::Runtime) -> Result<ExitCode, Failure> {
    let (place, loaded) = session.loaded()?;
    owned(&place)?;
    let detached = serve.detached;
    let served = runtime.block_on(run(place, loaded, detached));
    match served {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => match error.downcast::<LockError>() {
            Ok(held @ LockError::Held { .. }) => Err(Failure::AlreadyRunning(held.to_string())),
            Ok(other) => Err(Failure::other(other)),
            Err(other) => Err(Failure::Other(other)),
        },
    }
}

async fn run(place: Place, loaded: Loaded, detached: bool) -> anyhow::Result<()> {
    daemon::serve(&place, loaded, !detached, || {
        if detached {
            daemon::start::tell_ready();
        }
    })
    .await
}

/// On a shared host only the named user runs the daemon.
fn owned(place: &Place) -> Result<(), Failure> {
    let owner = super::session::owner(place)?;
    if owner == rustix::process::getuid().as_raw() {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "only user {} runs the daemon of {} ([daemon] user in dogwatch.toml)",
        crate::wire::identity::user_name(owner),
        place.workspace.display()
    )))
}

/// `dogwatch stop`
pub async fn stop(session: &Session, printer: Printer) -> Result<ExitCode, Failure> {
    let mut client = session.connect_running().await?;
    let running = client.world().await?.slots_taken();
    let care = Care { dry_run: false, key: None };
    // A daemon of another shape must be stoppable too: this request changes nothing that is shown.
    if client.same_shape() {
        ask(&mut client, Command::Stop, &care).await?;
    } else {
        let key = super::session::fresh_key();
        client.ask(crate::wire::message::Ask::Command { key, command: Command::Stop, dry_run: false }).await??;
    }
    while client.next().await.is_ok() {} // the connection closes when it has ended
    match running {
        0 => printer.remark("stopped")?,
        1 => printer.remark("stopped; 1 step goes on running and is picked up by the next start")?,
        many => printer.remark(format!("stopped; {many} steps go on running and are picked up by the next start"))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// `dogwatch reload`
pub async fn reload(session: &Session, printer: Printer) -> Result<ExitCode, Failure> {
    // What is wrong is told here and now, as `check` tells it; the daemon would keep what it has.
    session.loaded()?;
    let care = Care { dry_run: false, key: None };
    super::flows::simple(session, printer, Command::Reload, &care).await
}

/// `dogwatch status`
pub async fn status(session: &Session, printer: Printer) -> Result<ExitCode, Failure> {
    let mut client = session.connect_running().await?;
    let world = client.world().await?;
    let welcome = client.welcome().clone();
    let runs: BTreeSet<RunId> = world
        .running
        .iter()
        .filter_map(|attempt| match &attempt.job {
            Job::Step { run, .. } => Some(run.clone()),
            Job::Procedure { .. } => None,
        })
        .collect();
    let running: Vec<RunId> = runs.into_iter().collect();
    let warning = daemon::linger::warning();
    if printer.json {
        print::document(&json::status(&world, &welcome, &running, warning.as_deref()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let tally = world.tally;
    let since = world.daemon.as_ref().map_or_else(String::new, |daemon| super::flows::local_time(daemon.started_at, &world.zone));
    print::line(format!("{}  {}", world.name, welcome.workspace))?;
    print::line(format!(
        "daemon     {} (release {}), since {since}; you are {} ({})",
        welcome.pid, welcome.release, welcome.user, welcome.level
    ))?;
    print::line(format!("incidents  {} open, {} not acknowledged", tally.open, tally.unacknowledged))?;
    print::line(format!(
        "flows      {}: {} failed, {} active, {} late",
        world.flows.len(),
        tally.flows_failed,
        tally.flows_active,
        tally.flows_late
    ))?;
    print::line(format!("probes     {}: {} down, {} degraded", world.probes.len(), tally.probes_down, tally.probes_degraded))?;
    for run in &running {
        print::line(format!("running    {run}"))?;
    }
    for error in &world.workspace_errors {
        print::line(format!("workspace  {error}"))?;
    }
    if let Some(warning) = warning {
        print::line(format!("warning    {warning}"))?;
    }
    Ok(ExitCode::SUCCESS)
}
