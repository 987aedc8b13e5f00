//! The workspace's files: scaffold and check. And times as people type them.

use super::failure::Failure;
use super::print::{self, Printer};
use super::session::{Session, width};
use crate::clock;
use crate::domain::counted;
use crate::json::json;
use crate::workspace::{self, parse_span};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use std::path::Path;
use std::process::ExitCode;

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
                print::document(&json!({
                    "ok": true,
                    "flows": definitions.flows.len(),
                    "probes": definitions.probes.len(),
                    "runbooks": definitions.runbooks.len(),
                    "calendars": definitions.calendars.len(),
                    "warnings": loaded.warnings.iter().map(workspace::FileError::line).collect::<Vec<_>>(),
                }))?;
                return Ok(ExitCode::SUCCESS);
            }
            for warning in &loaded.warnings {
                eprintln!("warning: {}", crate::text::visible(&warning.line()));
            }
            let (flows, probes, runbooks) = (definitions.flows.len(), definitions.probes.len(), definitions.runbooks.len());
            let calendars = definitions.calendars.len();
            printer.remark(format!(
                "{}, {}, {}, {}: all right",
                counted(flows, "flow"),
                counted(probes, "probe"),
                counted(runbooks, "runbook"),
                counted(calendars, "calendar")
            ))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(errors) if printer.json => {
            print::document(&json!({ "ok": false, "errors": errors.lines() }))?;
            Ok(ExitCode::from(2))
        }
        Err(errors) => Err(Failure::usage(errors.render(width(), false))),
    }
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

/// A duration as a person types it.
pub fn span(text: &str) -> Result<std::time::Duration, Failure> {
    parse_span(text).map_err(Failure::usage)
}

/// A time that far from now.
pub fn later(text: &str) -> Result<Timestamp, Failure> {
    let span = parse_span(text).map_err(Failure::usage)?;
    clock::now().checked_add(span).map_err(Failure::usage)
}
