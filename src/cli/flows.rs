//! Job flows: list, run, rerun, kill, why.

use super::args::{Care, Definition, Kill, Rerun, Run};
use super::failure::Failure;
use super::json;
use super::print::{self, Printer};
use super::session::{Session, ask, follow};
use crate::clock;
use crate::domain::run::DefinitionChoice;
use crate::domain::{Accepted, Command, FlowId, Outcome, Phase, RunId};
use crate::json::json;
use crate::output::{self, Progress};
use crate::rules::{self, forecast};
use crate::wire::client::Client;
use crate::wire::handed::open_output;
use std::process::ExitCode;

/// `dogwatch flows`
pub async fn flows(session: &Session, printer: Printer) -> Result<ExitCode, Failure> {
    let (_, world) = session.world().await?;
    let now = clock::now();
    let mut flows: Vec<_> = world.flows.values().collect();
    flows.sort_by_key(|flow| forecast::urgency(flow, now));
    if printer.json {
        let rows: Vec<_> = flows.iter().map(|flow| json::flow(&world, flow, rules::next_occurrence(&world, flow), now)).collect();
        print::document(&rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = flows
        .iter()
        .map(|flow| {
            let last = flow.last_run();
            let foreseen = forecast::breach(flow, now)
                .and_then(|(_, risk, told)| Some((risk, told?.words(|at| local_time(at, &flow.definition.zone))?)));
            let state = match (last, &flow.hold) {
                (Some(run), _)
                    if let Some((risk, words)) = &foreseen
                        && run.phase != Phase::Done =>
                {
                    format!("{}: {words}", risk.words())
                }
                (None, _) => match (&flow.ice, &flow.hold) {
                    (Some(ice), _) => format!("iced by {}", ice.by),
                    (None, Some(hold)) => format!("held by {}", hold.by),
                    (None, None) => "never ran".into(),
                },
                (Some(run), _) => match (&flow.ice, &flow.hold) {
                    (Some(ice), _) => format!("iced by {}", ice.by),
                    (None, Some(hold)) => format!("held by {}", hold.by),
                    (None, None) => run_state(run),
                },
            };
            let next = rules::next_occurrence(&world, flow).map_or_else(String::new, |at| local_time(at, &flow.definition.zone));
            vec![
                flow.definition.id.to_string(),
                state,
                last.map_or_else(String::new, |run| run.id.to_string()),
                next,
                flow.definition.description.clone(),
            ]
        })
        .collect();
    printer.table(&["FLOW", "STATE", "LAST RUN", "NEXT", "DESCRIPTION"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

/// `dogwatch runs`
pub async fn runs(session: &Session, printer: Printer, flow: Option<&str>) -> Result<ExitCode, Failure> {
    let (_, world) = session.world().await?;
    if let Some(name) = flow {
        rules::find_flow(&world, &FlowId::new(name))?;
    }
    let wanted = |id: &FlowId| flow.is_none_or(|flow| id.as_str() == flow);
    let mut runs: Vec<_> = world.flows.values().filter(|flow| wanted(&flow.definition.id)).flat_map(|flow| flow.runs.iter()).collect();
    runs.sort_by_key(|run| std::cmp::Reverse((run.created_at, run.id.number())));
    if printer.json {
        let now = clock::now();
        print::document(&runs.iter().map(|run| json::run(run, &rules::waiting_on(&world, run, now))).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = runs
        .iter()
        .map(|run| {
            let (done, all) = run.progress();
            let telling = run.telling_step().map_or_else(String::new, |step| format!("{} {}", step.name, step.state.word()));
            vec![
                run.id.to_string(),
                run_state(run),
                format!("{done}/{all}"),
                run.date.to_string(),
                local_time(run.created_at, &world.zone),
                run.author.clone(),
                telling,
            ]
        })
        .collect();
    printer.table(&["RUN", "STATE", "STEPS", "DATE", "MADE", "BY", "STEP"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

/// `dogwatch run`
pub async fn run(session: &Session, printer: Printer, run: Run) -> Result<ExitCode, Failure> {
    let command =
        Command::Run { flow: FlowId::new(&run.flow), params: run.param.into_iter().collect(), date: run.date, reason: run.reason };
    let mut client = session.connect().await?;
    let accepted = ask(&mut client, command, &run.care).await?;
    made(printer, &mut client, accepted, run.wait).await
}

/// `dogwatch rerun`
pub async fn rerun(session: &Session, printer: Printer, rerun: Rerun) -> Result<ExitCode, Failure> {
    let reason = if rerun.care.dry_run && rerun.reason.is_empty() { "dry run".to_owned() } else { rerun.reason };
    let command = Command::Rerun {
        run: rerun.run,
        scope: rerun.scope,
        definition: match rerun.definition {
            Definition::Ran => DefinitionChoice::Ran,
            Definition::Today => DefinitionChoice::Today,
        },
        params: rerun.param.into_iter().collect(),
        date: rerun.date,
        reason,
    };
    let mut client = session.connect().await?;
    let accepted = ask(&mut client, command, &rerun.care).await?;
    made(printer, &mut client, accepted, rerun.wait).await
}

/// `dogwatch kill`
pub async fn kill(session: &Session, printer: Printer, kill: Kill) -> Result<ExitCode, Failure> {
    simple(session, printer, Command::Kill { run: kill.run, reason: kill.reason }, &kill.care).await
}

/// `dogwatch why`
pub async fn why(session: &Session, printer: Printer, object: &str) -> Result<ExitCode, Failure> {
    let (client, world) = session.world().await?;
    let now = clock::now();
    let reasons = if let Ok(run) = object.parse::<RunId>() {
        rules::find_run(&world, &run)?;
        rules::why_run(&world, &run, now)
    } else {
        let flow = FlowId::new(object);
        rules::find_flow(&world, &flow)?;
        rules::why_flow(&world, &flow, now)
    };
    // An output that is not kept any more, or that this person may not read, tells nothing.
    let reasons = rules::with_output(reasons, |attempt| {
        let output = open_output(client.welcome(), attempt).ok()?;
        Some(output::telling_of(&output, &Progress::default()).ok()??.to_string())
    });
    if printer.json {
        print::document(&reasons)?;
        return Ok(ExitCode::SUCCESS);
    }
    for (place, reason) in reasons.iter().enumerate() {
        print::line(format!("{}. {}", place + 1, reason.text))?;
        if let Some(hint) = &reason.hint {
            print::line(format!("   → {hint}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Sends a command whose answer is only that it is on record.
pub async fn simple(session: &Session, printer: Printer, command: Command, care: &Care) -> Result<ExitCode, Failure> {
    let mut client = session.connect().await?;
    let accepted = ask(&mut client, command, care).await?;
    made(printer, &mut client, accepted, false).await
}

/// Says what a command made, and waits for a run where asked to.
pub async fn made(printer: Printer, client: &mut Client, accepted: Accepted, wait: bool) -> Result<ExitCode, Failure> {
    match accepted {
        Accepted::Done if printer.json => print::document(&json!({ "done": true }))?,
        Accepted::Done => printer.remark("done")?,
        Accepted::WouldDo(lines) if printer.json => print::document(&json!({ "would_do": lines }))?,
        Accepted::WouldDo(lines) => lines.iter().try_for_each(print::line)?,
        Accepted::Run(run) if wait => return wait_for(printer, client, &run).await,
        Accepted::Run(run) if printer.json => print::document(&json!({ "id": run }))?,
        Accepted::Run(run) => print::line(run.to_string())?,
        Accepted::Message(message) => print::line(message.to_string())?,
        Accepted::Silence(silence) if printer.json => print::document(&json!({ "id": silence }))?,
        Accepted::Silence(silence) => print::line(silence.to_string())?,
        Accepted::Incident(incident) if printer.json => print::document(&json!({ "id": incident }))?,
        Accepted::Incident(incident) => print::line(incident.to_string())?,
        Accepted::Approval(digest) => print::line(digest.short())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Follows the world until a run is done.
async fn wait_for(printer: Printer, client: &mut Client, id: &RunId) -> Result<ExitCode, Failure> {
    printer.remark(format!("{id} …"))?;
    let run = follow(client, |world| world.run(id).filter(|run| run.phase == Phase::Done).cloned()).await?;
    if printer.json {
        print::document(&json::run(&run, &[]))?;
    } else {
        let telling = run.telling_step().map_or_else(String::new, |step| match step.attempts.last().and_then(|row| row.end.as_ref()) {
            Some(end) => format!(": {} {end}", step.name),
            None => format!(": {} {}", step.name, step.state.word()),
        });
        print::line(format!("{id} {}{telling}", outcome_word(run.phase, run.outcome.as_ref())))?;
    }
    let good = run.outcome.as_ref().is_some_and(Outcome::is_success);
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// How far a run is, or how it ended; that it is held where it is.
fn run_state(run: &crate::world::Run) -> String {
    match &run.hold {
        Some(hold) if run.phase != Phase::Done => format!("held by {}", hold.by),
        _ => outcome_word(run.phase, run.outcome.as_ref()),
    }
}

fn outcome_word(phase: Phase, outcome: Option<&Outcome>) -> String {
    match outcome {
        Some(outcome) => outcome.word().to_owned(),
        None => format!("{phase:?}").to_lowercase(),
    }
}

/// A time in a zone, short, with the zone's abbreviation.
pub fn local_time(at: jiff::Timestamp, zone: &str) -> String {
    at.in_tz(zone).map_or_else(|_| at.to_string(), |zoned| zoned.strftime("%Y-%m-%d %H:%M:%S %Z").to_string())
}
