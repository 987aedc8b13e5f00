//! Figures, for people, scripts and spreadsheets.

use super::args::Figures as Asked;
use super::failure::Failure;
use super::flows::local_time;
use super::print::{self, Printer};
use super::session::Session;
use super::{probes, workspace};
use crate::clock;
use crate::domain::ProbeId;
use crate::json::{self, json};
use crate::notes::csv::{self, Cell};
use crate::notes::wording::span;
use crate::rules::figures::{Figures, Group, Took, Wanted, figures};
use crate::rules::objective::Budget;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use std::process::ExitCode;

/// `dogwatch figures`
pub async fn run(session: &Session, printer: Printer, asked: Asked) -> Result<ExitCode, Failure> {
    let (mut client, world) = session.world().await?;
    let now = clock::now();
    let zone = TimeZone::get(&world.zone).unwrap_or(TimeZone::UTC);
    let from = workspace::instant(&asked.since, &world.zone)?;
    if from >= now {
        return Err(Failure::usage(format!("--since {} is not in the past", asked.since)));
    }
    let found = figures(&world, &Wanted { from, to: now, by: asked.by.into(), zone });
    let budgets = probes::budgets(&mut client, &world, now).await?;
    if printer.json {
        let mut document = json::tree(&found).map_err(Failure::other)?;
        if let Some(object) = document.as_object_mut() {
            let rows: Vec<_> = budgets.iter().map(|(probe, budget)| json!({ "probe": probe, "budget": budget })).collect();
            object.insert("budgets".into(), rows.into());
        }
        print::document(&document)?;
    } else if asked.csv {
        print::raw(&csv::rows(&sheet(&found)))?;
    } else {
        tell(printer, &found, &budgets, &world.zone)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(printer: Printer, found: &Figures, budgets: &[(ProbeId, Budget)], zone: &str) -> Result<(), Failure> {
    let from = local_time(found.from, zone);
    printer.remark(format!(
        "{} incidents since {from}, {} before that, {} exercises left out",
        found.all.incidents, found.all.before, found.drills
    ))?;
    if let Some(known) = found.known_from {
        printer.remark(format!("only those since {} are kept; older ones are in the journal", local_time(known, zone)))?;
    }
    let row = |group: &Group| {
        let mut cells = vec![group.name.clone(), group.incidents.to_string(), group.open.to_string()];
        cells.extend([group.detect, group.acknowledge, group.mitigate, group.resolve].map(|took| words(&took)));
        cells
    };
    let rows: Vec<_> = std::iter::once(&found.all).chain(&found.groups).map(row).collect();
    printer.table(&[&found.by.word().to_uppercase(), "ALL", "OPEN", "DETECT", "ACKNOWLEDGE", "MITIGATE", "RESOLVE"], &rows)?;
    printer.remark("median / p90 (of how many it is known; the median before)")?;
    let load = &found.load;
    let most = load.most.map(|(start, count)| format!(", the fullest {} with {count}", local_time(start, zone))).unwrap_or_default();
    print::line(format!("load: {} of {} shifts above {} incidents{most}", load.above, load.shifts, load.ceiling))?;
    let hours = &found.interruptions;
    print::line(format!(
        "interruptions: {} in business hours, {} off hours, {} in hours of sleep, of {}",
        hours.business, hours.off, hours.sleep, hours.of
    ))?;
    for (probe, budget) in budgets {
        print::line(format!("objective of {probe}: {}: {}", budget.objective, budget.words()))?;
    }
    for noisy in &found.noisy {
        print::line(format!(
            "noisy: {} (fired {}, acknowledged {}, acted on {}, by itself {}, sleep {}): {}",
            noisy.summary, noisy.fired, noisy.acknowledged, noisy.acted_on, noisy.by_itself, noisy.sleep, noisy.proposal
        ))?;
    }
    Ok(())
}

/// `3 min 20 s / 12 min (7 of 9; before 4 min)`; what is not known says so.
fn words(took: &Took) -> String {
    let Some((median, p90)) = took.median.zip(took.p90) else { return format!("not known (0 of {})", took.of) };
    let before = took.median_before.map(|before| format!("; before {}", span(before))).unwrap_or_default();
    format!("{} / {} ({} of {}{before})", span(median), span(p90), took.known, took.of)
}

/// One row for all incidents, then one for each group.
fn sheet(found: &Figures) -> Vec<Vec<Cell>> {
    let mut head: Vec<Cell> = [found.by.word(), "incidents", "open", "incidents_before"].map(Cell::from).into();
    for what in ["detect", "acknowledge", "mitigate", "resolve"] {
        for figure in ["known", "median_seconds", "p90_seconds", "known_before", "median_seconds_before"] {
            head.push(Cell::Text(format!("{what}_{figure}")));
        }
    }
    let seconds = |span: Option<SignedDuration>| Cell::from(span.map(|span| span.as_secs_f64()));
    let row = |group: &Group| {
        let mut row: Vec<Cell> = vec![group.name.as_str().into(), group.incidents.into(), group.open.into(), group.before.into()];
        for took in [group.detect, group.acknowledge, group.mitigate, group.resolve] {
            row.extend([took.known.into(), seconds(took.median), seconds(took.p90), took.known_before.into(), seconds(took.median_before)]);
        }
        row
    };
    std::iter::once(head).chain(std::iter::once(&found.all).chain(&found.groups).map(row)).collect()
}
