//! The operator's verbs: hold, ice, no-op, force, skip, ok, fail, priorities, approvals, and what is kept back.

use super::args::{Catchup, Decide, Force, Hold, Ice, Misses, Noop, Prioritize, Release, Thaw};
use super::failure::Failure;
use super::flows::{local_time, simple};
use super::print::{self, Printer};
use super::session::Session;
use super::{json, workspace};
use crate::domain::{Command, FlowId, RunId, StepName};
use crate::rules;
use crate::world::{MissEnd, World};
use jiff::Timestamp;
use std::process::ExitCode;

fn until(span: Option<&str>) -> Result<Option<Timestamp>, Failure> {
    span.map(workspace::later).transpose()
}

/// `dogwatch hold`
pub async fn hold(session: &Session, printer: Printer, hold: Hold) -> Result<ExitCode, Failure> {
    let (until, reason) = (until(hold.span.as_deref())?, hold.reason);
    let command = match hold.object.parse::<RunId>() {
        Ok(run) => Command::HoldRun { run, until, reason },
        Err(_) => Command::Hold { flow: FlowId::new(&hold.object), until, reason },
    };
    simple(session, printer, command, &hold.care).await
}

/// `dogwatch release`
pub async fn release(session: &Session, printer: Printer, release: Release) -> Result<ExitCode, Failure> {
    let command = match release.object.parse::<RunId>() {
        Ok(run) => Command::ReleaseRun { run },
        Err(_) => Command::Release { flow: FlowId::new(&release.object) },
    };
    simple(session, printer, command, &release.care).await
}

/// `dogwatch ice`
pub async fn ice(session: &Session, printer: Printer, ice: Ice) -> Result<ExitCode, Failure> {
    let until = until(ice.span.as_deref())?;
    simple(session, printer, Command::Ice { flow: FlowId::new(&ice.flow), until, reason: ice.reason }, &ice.care).await
}

/// `dogwatch thaw`
pub async fn thaw(session: &Session, printer: Printer, thaw: Thaw) -> Result<ExitCode, Failure> {
    simple(session, printer, Command::Thaw { flow: FlowId::new(&thaw.flow) }, &thaw.care).await
}

/// `dogwatch noop`
pub async fn noop(session: &Session, printer: Printer, noop: Noop) -> Result<ExitCode, Failure> {
    let flow = FlowId::new(&noop.flow);
    let command = match noop.reason {
        Some(reason) if !noop.undo => Command::NoopOnce { flow, reason },
        _ => Command::NoopWithdraw { flow },
    };
    simple(session, printer, command, &noop.care).await
}

/// `dogwatch force`
pub async fn force(session: &Session, printer: Printer, force: Force) -> Result<ExitCode, Failure> {
    let step = force.step.as_deref().map(StepName::new);
    simple(session, printer, Command::Force { run: force.run, step, reason: force.reason }, &force.care).await
}

/// `dogwatch skip`
pub async fn skip(session: &Session, printer: Printer, decide: Decide) -> Result<ExitCode, Failure> {
    let command = Command::Skip { run: decide.run, step: StepName::new(&decide.step), reason: decide.reason };
    simple(session, printer, command, &decide.care).await
}

/// `dogwatch ok`
pub async fn ok(session: &Session, printer: Printer, decide: Decide) -> Result<ExitCode, Failure> {
    let command = Command::SetOk { run: decide.run, step: StepName::new(&decide.step), reason: decide.reason };
    simple(session, printer, command, &decide.care).await
}

/// `dogwatch fail`
pub async fn fail(session: &Session, printer: Printer, decide: Decide) -> Result<ExitCode, Failure> {
    let command = Command::SetFailed { run: decide.run, step: StepName::new(&decide.step), reason: decide.reason };
    simple(session, printer, command, &decide.care).await
}

/// `dogwatch prioritize`
pub async fn prioritize(session: &Session, printer: Printer, prioritize: Prioritize) -> Result<ExitCode, Failure> {
    let Prioritize { run, priority, care } = prioritize;
    simple(session, printer, Command::Prioritize { run, priority }, &care).await
}

/// `dogwatch catchup`
pub async fn catchup(session: &Session, printer: Printer, catchup: Catchup) -> Result<ExitCode, Failure> {
    let command = Command::ChooseMissed { flow: FlowId::new(&catchup.flow), choice: catchup.choose.into() };
    simple(session, printer, command, &catchup.care).await
}

/// `dogwatch misses`
pub async fn misses(session: &Session, printer: Printer, misses: Misses) -> Result<ExitCode, Failure> {
    if misses.dismiss {
        return simple(session, printer, Command::DismissMisses, &misses.care).await;
    }
    let (_, world) = session.world().await?;
    if printer.json {
        print::document(&json::misses(&world))?;
        return Ok(ExitCode::SUCCESS);
    }
    let away = world.away.clone().unwrap_or_default();
    for (from, to) in &away.spans {
        let (from, to) = (local_time(*from, &world.zone), local_time(*to, &world.zone));
        printer.remark(format!("nothing could start from {from} to {to}"))?;
    }
    let mut rows: Vec<_> = away.misses.iter().map(|miss| row(&world, &miss.occurrence, &miss.end)).collect();
    // What waits for a choice stays, also when the list was put away.
    let listed = |asked: &crate::domain::run::Occurrence| away.misses.iter().any(|miss| miss.occurrence == *asked);
    let others = world.flows.values().flat_map(|flow| &flow.asked).filter(|asked| !listed(asked));
    rows.extend(others.map(|asked| row(&world, asked, &MissEnd::Asked)));
    if rows.is_empty() {
        printer.remark("nothing was missed")?;
        return Ok(ExitCode::SUCCESS);
    }
    printer.table(&["FLOW", "PLANNED", "BECAME", "TO CHOOSE"], &rows)?;
    if away.dropped > 0 {
        printer.remark(format!("and {} more, in `dogwatch events`", away.dropped))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn row(world: &World, occurrence: &crate::domain::run::Occurrence, end: &MissEnd) -> Vec<String> {
    let (became, hint) = match end {
        MissEnd::CaughtUp { run } => {
            let state =
                world.run(run).and_then(|run| run.outcome.as_ref()).map_or(String::new(), |outcome| format!(", {}", outcome.word()));
            (format!("caught up as {run}{state}"), String::new())
        }
        MissEnd::Missed { reason } => (format!("missed: {reason}"), String::new()),
        MissEnd::Asked => ("waits for a choice".into(), format!("dogwatch catchup {} --choose all|latest|none", occurrence.flow)),
    };
    vec![occurrence.flow.to_string(), local_time(occurrence.at, &occurrence.zone), became, hint]
}

/// `dogwatch holds`
pub async fn holds(session: &Session, printer: Printer) -> Result<ExitCode, Failure> {
    let (_, world) = session.world().await?;
    let held = rules::holds(&world);
    if printer.json {
        print::document(&held.iter().map(json::held).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    if held.is_empty() {
        printer.remark("nothing is held, iced or waited for")?;
        return Ok(ExitCode::SUCCESS);
    }
    let time = |at: Option<Timestamp>| at.map_or_else(String::new, |at| local_time(at, &world.zone));
    let rows: Vec<_> = held
        .iter()
        .map(|row| {
            let owner = row.owner.clone().unwrap_or_default();
            vec![row.kind.word().to_owned(), row.object(), owner, time(row.since), time(row.until), row.reason.clone(), row.hint.clone()]
        })
        .collect();
    printer.table(&["KIND", "OBJECT", "OWNER", "SINCE", "UNTIL", "REASON", "TO END IT"], &rows)?;
    Ok(ExitCode::SUCCESS)
}
