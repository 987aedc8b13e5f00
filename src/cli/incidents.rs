//! The queue: list, show, acknowledge, resolve, note.

use super::args::{Ack, Mark, Note, Resolve, Unack};
use super::failure::Failure;
use super::flows::{local_time, simple};
use super::json;
use super::print::{self, Printer};
use super::session::Session;
use crate::clock;
use crate::domain::Command;
use crate::notes::wording;
use crate::rules;
use crate::world::{Incident, World};
use std::process::ExitCode;

/// `dogwatch incidents`
pub async fn incidents(session: &Session, printer: Printer, all: bool) -> Result<ExitCode, Failure> {
    let (_, world) = session.world().await?;
    let mut incidents: Vec<_> = world.incidents.values().filter(|incident| all || incident.is_open()).collect();
    incidents.sort_by_cached_key(|incident| world.urgency(incident));
    if printer.json {
        print::document(&incidents.iter().map(|incident| json::incident(&world, incident)).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    if incidents.is_empty() {
        printer.remark("nothing needs a human")?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = incidents
        .iter()
        .map(|incident| {
            let urgency = world.urgency(incident);
            let priority = if incident.is_open() { format!("P{}", urgency.priority()) } else { String::new() };
            let runs_out = world.runs_out(incident).filter(|_| incident.is_open());
            vec![
                incident.id.to_string(),
                priority,
                incident.severity.to_string(),
                state_words(&world, incident),
                incident.owner.as_ref().map_or_else(String::new, |owner| owner.name.clone()),
                incident.acknowledged.as_ref().map_or_else(String::new, |ack| ack.by.name().to_owned()),
                runs_out.map_or_else(String::new, |out| local_time(out.at, &world.zone)),
                local_time(incident.opened_at, &world.zone),
                incident.listed(),
            ]
        })
        .collect();
    printer.table(&["ID", "PRIO", "SEVERITY", "STATE", "OWNER", "BY", "RUNS OUT", "OPENED", "TITLE"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

/// The stage, and what lies over it: a snooze, a silence, maintenance. What is stale says so first.
fn state_words(world: &World, incident: &Incident) -> String {
    let words = stage_words(world, incident);
    let stale = rules::stale(world, incident).filter(|_| incident.is_open());
    stale.map_or(words.clone(), |(_, row)| format!("stale {}, {words}", wording::between(row.stale_since(), clock::now())))
}

fn stage_words(world: &World, incident: &Incident) -> String {
    let overlays = world.overlays(incident, clock::now());
    let over = overlays.iter().filter(|overlay| overlay.until.is_some()).map(|overlay| overlay.kind.word());
    match &incident.merged_into {
        Some(into) => format!("part of {into}"),
        None => std::iter::once(incident.stage.word()).chain(over).collect::<Vec<_>>().join(", "),
    }
}

/// `dogwatch ack`
pub async fn ack(session: &Session, printer: Printer, ack: Ack) -> Result<ExitCode, Failure> {
    simple(session, printer, Command::Acknowledge { incident: ack.incident, note: ack.note }, &ack.care).await
}

/// `dogwatch unack`
pub async fn unack(session: &Session, printer: Printer, unack: Unack) -> Result<ExitCode, Failure> {
    simple(session, printer, Command::Unacknowledge { incident: unack.incident }, &unack.care).await
}

/// `dogwatch resolve`
pub async fn resolve(session: &Session, printer: Printer, resolve: Resolve) -> Result<ExitCode, Failure> {
    simple(session, printer, Command::Resolve { incident: resolve.incident, reason: resolve.reason }, &resolve.care).await
}

/// `dogwatch note`
pub async fn note(session: &Session, printer: Printer, note: Note) -> Result<ExitCode, Failure> {
    simple(session, printer, Command::Note { incident: note.incident, text: note.text.join(" ") }, &note.care).await
}

/// `dogwatch mark`
pub async fn mark(session: &Session, printer: Printer, mark: Mark) -> Result<ExitCode, Failure> {
    simple(session, printer, Command::Mark { text: mark.text.join(" ") }, &mark.care).await
}
