//! The workspace's files: scaffold, check, plan. And times as people type them.

use super::args::Plan;
use super::failure::Failure;
use super::flows::local_time;
use super::print::{self, Printer};
use super::session::{Session, width};
use crate::clock;
use crate::domain::run::DstMark;
use crate::rules;
use crate::workspace::{self, parse_span};
use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp};
use std::path::Path;
use std::process::ExitCode;

/// The longest stretch that is planned: all of a minutely flow's occurrences in it still fit a terminal's memory.
const PLAN_MAX: SignedDuration = SignedDuration::from_hours(24 * 366);

/// `dogwatch init`
pub fn init(printer: Printer, dir: Option<&Path>) -> Result<ExitCode, Failure> {
    let dir = dir.unwrap_or(Path::new("."));
    let made = workspace::init(dir).map_err(Failure::other)?;
    if printer.json {
        print::document(&made)?;
        return Ok(ExitCode::SUCCESS);
    }
    for file in &made {
        printer.remark(format!("made {}", file.display()))?;
    }
    if made.is_empty() {
        printer.remark("everything was there already; nothing was touched")?;
    }
    printer.remark(format!("next: cd {} && dogwatch", dir.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// `dogwatch check`
pub fn check(session: &Session, printer: Printer, dir: Option<&Path>) -> Result<ExitCode, Failure> {
    let root = match dir {
        Some(dir) => workspace::find(Some(dir), None, dir).map_err(Failure::usage)?,
        None => session.root()?,
    };
    match workspace::load(&root) {
        Ok(loaded) => {
            let definitions = &loaded.definitions;
            if printer.json {
                print::document(&serde_json::json!({
                    "ok": true,
                    "flows": definitions.flows.len(),
                    "probes": definitions.probes.len(),
                    "runbooks": definitions.runbooks.len(),
                    "warnings": loaded.warnings.iter().map(workspace::FileError::line).collect::<Vec<_>>(),
                }))?;
                return Ok(ExitCode::SUCCESS);
            }
            for warning in &loaded.warnings {
                eprintln!("warning: {}", crate::text::visible(&warning.line()));
            }
            let (flows, probes, runbooks) = (definitions.flows.len(), definitions.probes.len(), definitions.runbooks.len());
            printer.remark(format!("{flows} flows, {probes} probes, {runbooks} runbooks: all right"))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(errors) if printer.json => {
            print::document(&serde_json::json!({ "ok": false, "errors": errors.lines() }))?;
            Ok(ExitCode::from(2))
        }
        Err(errors) => Err(Failure::usage(errors.render(width(), false))),
    }
}

/// `dogwatch plan`
pub fn plan(session: &Session, printer: Printer, plan: &Plan) -> Result<ExitCode, Failure> {
    let loaded = workspace::load(&session.root()?).map_err(|errors| Failure::usage(errors.render(width(), false)))?;
    let zone = &loaded.definitions.zone;
    let from = plan.from.as_deref().map_or_else(|| Ok(clock::now()), |text| instant(text, zone))?;
    let to = match &plan.to {
        Some(text) => instant(text, zone)?,
        None => from.checked_add(SignedDuration::from_hours(24)).map_err(Failure::usage)?,
    };
    if to < from || to.duration_since(from) > PLAN_MAX {
        return Err(Failure::usage("--to must be after --from, and at most a year after it"));
    }
    let wanted: Vec<_> =
        loaded.definitions.flows.iter().filter(|flow| plan.flow.as_deref().is_none_or(|name| flow.id.as_str() == name)).cloned().collect();
    if let (Some(name), true) = (&plan.flow, wanted.is_empty()) {
        return Err(Failure::usage(format!("there is no flow `{name}` in this workspace")));
    }
    // What happens at the first instant itself belongs to the stretch.
    let after = from.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(from);
    let planned = rules::plan(&wanted, after, to).map_err(Failure::usage)?;
    if printer.json {
        let rows: Vec<_> = planned
            .iter()
            .map(|row| {
                serde_json::json!({
                    "flow": row.flow, "schedule": row.schedule, "zone": row.zone,
                    "planned_at": row.firing.at, "planned_local": row.firing.planned, "pass": row.firing.pass, "mark": row.firing.mark,
                })
            })
            .collect();
        print::document(&rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = planned
        .iter()
        .map(|row| {
            let mark = match row.firing.mark {
                Some(DstMark::Moved) => format!("moved: {} does not exist that day", row.firing.planned.time()),
                Some(DstMark::Merged) => "merged: exists twice that day, runs once".into(),
                None if row.firing.pass == 2 => "second pass of the overlap".into(),
                None => String::new(),
            };
            vec![local_time(row.firing.at, &row.zone), row.flow.to_string(), row.schedule.clone(), mark]
        })
        .collect();
    if rows.is_empty() {
        printer.remark("nothing runs in this stretch")?;
    } else {
        printer.table(&["TIME", "FLOW", "SCHEDULE", "NOTE"], &rows)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A time as a person types it: an instant, a local time or date of the zone, or an age such as `2h`.
pub fn instant(text: &str, zone: &str) -> Result<Timestamp, Failure> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant);
    }
    let local = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(|date| date.at(0, 0, 0, 0)));
    if let Ok(local) = local {
        return local.in_tz(zone).map(|zoned| zoned.timestamp()).map_err(Failure::usage);
    }
    let age = parse_span(text).map_err(|_| {
        Failure::usage(format!("`{text}` is no time: give 2026-03-29, 2026-03-29T01:00, 2026-03-29T01:00:00Z, or an age such as 2h"))
    })?;
    clock::now().checked_sub(age).map_err(Failure::usage)
}

/// A time that far from now.
pub fn later(text: &str) -> Result<Timestamp, Failure> {
    let span = parse_span(text).map_err(Failure::usage)?;
    clock::now().checked_add(span).map_err(Failure::usage)
}
