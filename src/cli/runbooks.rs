//! Runbooks: list, read, run a step.

use super::args::Runbook;
use super::failure::Failure;
use super::print::{self, Printer};
use super::session::{Session, ask, follow, width};
use crate::domain::{Accepted, Command, Params, RunbookId, StepName, Subject};
use crate::wire::client::Client;
use crate::wire::handed::open_output;
use crate::wire::message::Welcome;
use crate::world::{Tick, TickState, World};
use crate::{rules, workspace};
use std::process::ExitCode;

/// `dogwatch runbooks`
pub async fn runbooks(session: &Session, printer: Printer) -> Result<ExitCode, Failure> {
    let (_, world) = session.world().await?;
    if printer.json {
        let rows: Vec<_> = world
            .runbooks
            .values()
            .map(|runbook| {
                serde_json::json!({
                    "id": runbook.id, "title": runbook.title, "file": runbook.file, "match": runbook.matches,
                    "steps": runbook.steps.iter().map(|step| &step.name).collect::<Vec<_>>(),
                })
            })
            .collect();
        print::document(&rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = world
        .runbooks
        .values()
        .map(|runbook| vec![runbook.id.to_string(), format!("{} steps", runbook.steps.len()), runbook.title.clone()])
        .collect();
    printer.table(&["RUNBOOK", "RUNNABLE", "TITLE"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

/// `dogwatch runbook`
pub fn runbook(session: &Session, printer: Printer, asked: &Runbook, runtime: &tokio::runtime::Runtime) -> Result<ExitCode, Failure> {
    match &asked.run {
        Some(step) => runtime.block_on(run_step(session, printer, asked, &StepName::new(step))),
        None => read(session, printer, &asked.name),
    }
}

/// The text, from the file: works without a daemon.
fn read(session: &Session, printer: Printer, name: &str) -> Result<ExitCode, Failure> {
    let loaded = workspace::load(&session.root()?).map_err(|errors| Failure::usage(errors.render(width(), false)))?;
    let runbooks = &loaded.definitions.runbooks;
    let Some(runbook) = runbooks.iter().find(|runbook| runbook.id.as_str() == name) else {
        let nearest = rules::nearest(name, runbooks.iter().map(|runbook| runbook.id.as_str()));
        let hint = nearest.map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"));
        return Err(Failure::usage(format!("there is no runbook `{name}`{hint}")));
    };
    if printer.json {
        print::document(&**runbook)?;
        return Ok(ExitCode::SUCCESS);
    }
    for line in runbook.text.lines() {
        print::line(line)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn run_step(session: &Session, printer: Printer, asked: &Runbook, step: &StepName) -> Result<ExitCode, Failure> {
    let (mut client, world) = session.world().await?;
    let runbook = RunbookId::new(&asked.name);
    let subject = asked.incident.map_or(Subject::Workspace, Subject::Incident);
    let params = filled_in(&world, &runbook, step, &subject, &asked.param);
    let command = Command::RunProcedure {
        runbook: runbook.clone(),
        step: step.clone(),
        subject: subject.clone(),
        params,
        confirmed: asked.confirm.clone(),
    };
    match ask(&mut client, command, &asked.care).await? {
        Accepted::WouldDo(lines) => lines.iter().try_for_each(print::line)?,
        _ => return wait_for(printer, &mut client, &runbook, step, &subject).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// What the subject fills in, then what was given.
fn filled_in(world: &World, runbook: &RunbookId, step: &StepName, subject: &Subject, given: &[(String, String)]) -> Params {
    let definition = world.runbooks.get(runbook).and_then(|runbook| runbook.steps.iter().find(|other| other.name == *step));
    let mut params = definition.map(|definition| rules::filled_in(world, subject, definition)).unwrap_or_default();
    params.extend(given.iter().cloned());
    params
}

/// Follows the world until the step has ended, then prints its output.
async fn wait_for(
    printer: Printer,
    client: &mut Client,
    runbook: &RunbookId,
    step: &StepName,
    subject: &Subject,
) -> Result<ExitCode, Failure> {
    let tick = follow(client, |world| {
        let tick = world.procedure(runbook, subject).and_then(|procedure| procedure.ticks.get(step));
        tick.filter(|tick| tick.state != TickState::Running).cloned()
    });
    let tick = tick.await?;
    ended(printer, client.welcome(), &tick)
}

fn ended(printer: Printer, welcome: &Welcome, tick: &Tick) -> Result<ExitCode, Failure> {
    let end = tick.end.as_ref().map_or_else(String::new, ToString::to_string);
    if printer.json {
        print::document(&serde_json::json!({ "state": tick.state, "end": end, "command": tick.command, "params": tick.params }))?;
    } else {
        if let Some(attempt) = &tick.attempt {
            super::logs::whole(&open_output(welcome, attempt).map_err(Failure::other)?)?;
        }
        printer.remark(format!("{end}{}", if tick.state == TickState::Passed { "" } else { ": not as expected" }))?;
    }
    Ok(if tick.state == TickState::Passed { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
