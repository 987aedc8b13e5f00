//! Probes: list, look now.

use super::args::Probe;
use super::failure::Failure;
use super::flows::{local_time, simple};
use super::json;
use super::print::{self, Printer};
use super::session::Session;
use crate::clock;
use crate::domain::{Command, ProbeId};
use crate::json::tree;
use crate::rules::objective::{Budget, of_probe};
use crate::wire::client::Client;
use crate::wire::message::{Answer, Ask};
use crate::world::World;
use jiff::{SignedDuration, Timestamp};
use std::process::ExitCode;

/// `dogwatch probes`
pub async fn probes(session: &Session, printer: Printer) -> Result<ExitCode, Failure> {
    let (mut client, world) = session.world().await?;
    let mut probes: Vec<_> = world.probes.values().collect();
    probes.sort_by_key(|probe| probe.urgency());
    if printer.json {
        let budgets = budgets(&mut client, &world, clock::now()).await?;
        let rows = probes.iter().map(|probe| {
            let mut row = json::probe(probe);
            let budget = budgets.iter().find(|(id, _)| *id == probe.definition.id).map(|(_, budget)| budget);
            if let (Some(row), Some(budget)) = (row.as_object_mut(), budget) {
                row.insert("budget".into(), tree(&budget).unwrap_or_default());
            }
            row
        });
        print::document(&rows.collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = probes
        .iter()
        .map(|probe| {
            vec![
                probe.definition.id.to_string(),
                probe.flapping.map_or_else(|| probe.health.to_string(), |flapping| format!("{}, {flapping}", probe.health)),
                local_time(probe.since, &world.zone),
                probe.definition.target.to_string(),
                probe.error.clone().unwrap_or_else(|| probe.reason.clone()),
            ]
        })
        .collect();
    printer.table(&["PROBE", "HEALTH", "SINCE", "TARGET", "REASON"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

/// The error budgets of all probes with an objective, by their names.
pub async fn budgets(client: &mut Client, world: &World, now: Timestamp) -> Result<Vec<(ProbeId, Budget)>, Failure> {
    let mut found = Vec::new();
    for probe in world.probes.values() {
        let Some(objective) = probe.definition.objective else { continue };
        let window = SignedDuration::try_from(objective.window).map_err(Failure::other)?;
        let since = now.checked_sub(window).map_err(Failure::other)?;
        let asked = Ask::Hours { probe: probe.definition.id.clone(), since };
        let Answer::Hours(hours) = client.ask(asked).await?? else { continue };
        found.extend(of_probe(world, &probe.definition, &hours, now).map(|budget| (probe.definition.id.clone(), budget)));
    }
    Ok(found)
}

/// `dogwatch probe`
pub async fn probe(session: &Session, printer: Printer, probe: Probe) -> Result<ExitCode, Failure> {
    simple(session, printer, Command::ProbeNow { probe: ProbeId::new(&probe.probe) }, &probe.care).await
}
