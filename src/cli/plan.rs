//! What is planned: `plan` reads the files ahead without a daemon, `batch` shows a batch day planned against actual.

use super::args::{Batch, Plan};
use super::failure::Failure;
use super::flows::local_time;
use super::print::{self, Printer};
use super::session::{Session, width};
use super::workspace::instant;
use crate::clock;
use crate::domain::run::Disposition;
use crate::domain::{BatchDays, FlowId};
use crate::json::{Value, json};
use crate::rules::{self, BatchRow, Planned};
use crate::workspace;
use crate::world::settled::{Ending, Settled};
use jiff::{SignedDuration, Timestamp};
use std::process::ExitCode;

/// Occurrences that are planned at most: a minutely flow's of nearly two years.
const ROWS_MAX: usize = 1_000_000;

/// `dogwatch plan`
pub fn plan(session: &Session, printer: Printer, plan: &Plan) -> Result<ExitCode, Failure> {
    let loaded = workspace::load(&session.root()?).map_err(|errors| Failure::usage(errors.render(width(), false)))?;
    let definitions = &loaded.definitions;
    let zone = &definitions.zone;
    let from = plan.from.as_deref().map_or_else(|| Ok(clock::now()), |text| instant(text, zone))?;
    let to = match &plan.to {
        Some(text) => instant(text, zone)?,
        None => from.checked_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX),
    };
    if to < from {
        return Err(Failure::usage("--to must be after --from"));
    }
    for name in &plan.flow {
        if !definitions.flows.iter().any(|flow| flow.id.as_str() == name) {
            let nearest = rules::nearest(name, definitions.flows.iter().map(|flow| flow.id.as_str()));
            let hint = nearest.map_or_else(String::new, |word| format!("; did you mean `{word}`?"));
            return Err(Failure::usage(format!("there is no flow `{name}` in this workspace{hint}")));
        }
    }
    let is_wanted = |id: &FlowId| plan.flow.is_empty() || plan.flow.iter().any(|name| id.as_str() == name);
    let wanted: Vec<_> = definitions.flows.iter().filter(|flow| is_wanted(&flow.id)).cloned().collect();
    // What happens at the first instant itself belongs to the stretch.
    let after = from.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(from);
    let planned = rules::plan(&wanted, &definitions.calendars, after, to, ROWS_MAX).map_err(Failure::usage)?;
    if planned.len() >= ROWS_MAX {
        return Err(Failure::usage(format!("more than {ROWS_MAX} occurrences: give a shorter stretch, or name flows")));
    }
    if printer.json {
        let days = BatchDays::new(zone, definitions.batch_day);
        print::document(&planned.iter().map(|row| occurrence(row, &days)).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let row = |row: &Planned| {
        let occurrence = &row.occurrence;
        let time = local_time(occurrence.at, &occurrence.zone);
        vec![time, occurrence.flow.to_string(), occurrence.schedule.clone(), row.words(), row.notes().join("; ")]
    };
    let rows: Vec<_> = planned.iter().map(row).collect();
    if rows.is_empty() {
        printer.remark("nothing runs in this stretch")?;
    } else {
        printer.table(&["TIME", "FLOW", "SCHEDULE", "DISPOSITION", "NOTE"], &rows)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn occurrence(row: &Planned, days: &BatchDays) -> Value {
    let occurrence = &row.occurrence;
    let (calendar, reason) = match &row.absence {
        Some(Disposition::SkippedCalendar { calendar, reason }) => (Some(calendar), Some(reason)),
        _ => (None, None),
    };
    json!({
        "flow": occurrence.flow, "schedule": occurrence.schedule, "zone": occurrence.zone,
        "planned_at": occurrence.at, "planned_local": occurrence.planned, "pass": occurrence.pass, "mark": occurrence.mark,
        "shifted_from": occurrence.shifted_from, "stands_for": row.stands_for, "batch_day": days.of(occurrence.at),
        "runs": row.absence.is_none(), "disposition": row.words(), "calendar": calendar, "reason": reason, "notes": row.notes(),
    })
}

/// `dogwatch batch`
pub async fn batch(session: &Session, printer: Printer, batch: Batch) -> Result<ExitCode, Failure> {
    let (_, world) = session.world().await?;
    let now = clock::now();
    let day = rules::batch_day(&world, batch.day.unwrap_or_else(|| rules::batch_day_of(&world, now)), now);
    if printer.json {
        print::document(&json!({
            "day": day.day, "zone": world.zone, "begins_at": day.from, "ends_at": day.to,
            "flows": day.rows.iter().map(row).collect::<Vec<_>>(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let (from, to) = (local_time(day.from, &world.zone), local_time(day.to, &world.zone));
    printer.remark(format!("batch day {}: {from} to {to}", day.day))?;
    if day.rows.is_empty() {
        printer.remark("nothing is planned for it")?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = day.rows.iter().map(|row| columns(row, &world.zone)).collect();
    let heading = ["FLOW", "PLANNED", "RAN", "CAUGHT UP", "MISSED", "SKIPPED", "TO COME", "NEXT", "LAST RUN", "NOTE"];
    printer.table(&heading, &rows)?;
    Ok(ExitCode::SUCCESS)
}

fn columns(row: &BatchRow, zone: &str) -> Vec<String> {
    let figure = |count: u32| if count == 0 { "·".to_owned() } else { count.to_string() };
    let skipped = [Ending::SkippedOverlap, Ending::SkippedHeld, Ending::SkippedIced, Ending::SkippedCalendar]
        .map(|ending| row.count(ending))
        .iter()
        .sum();
    let clock = |at: Timestamp| at.in_tz(zone).map_or_else(|_| at.to_string(), |zoned| zoned.strftime("%H:%M").to_string());
    let absence = row.last.as_ref().filter(|last| !matches!(last.ending, Ending::Ran | Ending::CaughtUp));
    let notes = [
        row.carried_over.as_ref().map(|carried| format!("{} failed, carried over since {}", carried.run, carried.since)),
        absence.map(|last| format!("{} {}", clock(last.at), absence_words(last))),
        (row.to_skip > 0).then(|| format!("{} to come will be skipped", row.to_skip)),
        (row.by_hand > 0).then(|| format!("{} by hand", row.by_hand)),
        (!row.is_complete).then(|| "older occurrences are in the journal".to_owned()),
    ];
    vec![
        row.flow.to_string(),
        row.planned().to_string(),
        figure(row.count(Ending::Ran)),
        figure(row.count(Ending::CaughtUp)),
        figure(row.count(Ending::Missed)),
        figure(skipped),
        figure(row.to_come),
        row.next.map_or_else(String::new, clock),
        row.last_run.as_ref().map_or_else(String::new, |(run, words)| format!("{run} {words}")),
        notes.into_iter().flatten().collect::<Vec<_>>().join("; "),
    ]
}

fn absence_words(last: &Settled) -> String {
    match &last.reason {
        Some(reason) => format!("{}: {reason}", last.ending.words()),
        None => last.ending.words().to_owned(),
    }
}

fn row(row: &BatchRow) -> Value {
    json!({
        "flow": row.flow,
        "planned": row.planned(),
        "settled": row.settled,
        "complete": row.is_complete,
        "to_come": row.to_come,
        "to_skip": row.to_skip,
        "by_hand": row.by_hand,
        "next_at": row.next,
        "last": row.last.as_ref().map(|last| json!({ "planned_at": last.at, "disposition": last.ending, "reason": last.reason })),
        "last_run": row.last_run.as_ref().map(|(run, words)| json!({ "id": run, "state": words })),
        "carried_over": row.carried_over.as_ref().map(|carried| json!({ "run": carried.run, "since": carried.since })),
    })
}
