//! Probes: list, look now.

use super::args::Probe;
use super::failure::Failure;
use super::flows::{local_time, simple};
use super::json;
use super::print::{self, Printer};
use super::session::Session;
use crate::domain::{Command, ProbeId};
use std::process::ExitCode;

/// `dogwatch probes`
pub async fn probes(session: &Session, printer: Printer) -> Result<ExitCode, Failure> {
    let (_, world) = session.world().await?;
    let mut probes: Vec<_> = world.probes.values().collect();
    probes.sort_by_key(|probe| probe.urgency());
    if printer.json {
        print::document(&probes.iter().map(|probe| json::probe(probe)).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = probes
        .iter()
        .map(|probe| {
            vec![
                probe.definition.id.to_string(),
                probe.health.to_string(),
                local_time(probe.since, &world.zone),
                probe.definition.target.to_string(),
                probe.error.clone().unwrap_or_else(|| probe.reason.clone()),
            ]
        })
        .collect();
    printer.table(&["PROBE", "HEALTH", "SINCE", "TARGET", "REASON"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

/// `dogwatch probe`
pub async fn probe(session: &Session, printer: Printer, probe: Probe) -> Result<ExitCode, Failure> {
    simple(session, printer, Command::ProbeNow { probe: ProbeId::new(&probe.probe) }, &probe.care).await
}
