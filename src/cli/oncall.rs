//! Who is on call, who is told next, and standing in for somebody.

use super::args::{OnCall, Override};
use super::failure::Failure;
use super::flows::{local_time, simple};
use super::print::{self, Printer};
use super::session::Session;
use super::workspace;
use crate::clock;
use crate::domain::{Command, PersonId, RotaId};
use crate::json::{Value, json};
use crate::rules::{self, Duty, Outlook, ToldNext};
use crate::world::World;
use std::process::ExitCode;

/// Incidents that are listed.
const INCIDENTS_MAX: usize = 1_000;

/// `dogwatch oncall`
pub async fn oncall(session: &Session, printer: Printer, asked: OnCall) -> Result<ExitCode, Failure> {
    let (_, world) = session.world().await?;
    let at = asked.at.as_deref().map_or_else(|| Ok(clock::now()), |text| workspace::instant(text, &world.zone))?;
    let duties = rules::duties(&world, at, usize::from(asked.shifts.max(1)));
    let told = rules::told_next(&world, INCIDENTS_MAX);
    if printer.json {
        let made: Vec<_> = rules::overrides(&world, at).collect();
        let document = json!({
            "at": at,
            "zone": world.zone,
            "hours": rules::hour_class(&world, at),
            "rotas": duties.iter().map(|duty| rota(&world, duty)).collect::<Vec<_>>(),
            "incidents": told.iter().map(incident).collect::<Vec<_>>(),
            "overrides": made,
        });
        print::document(&document)?;
        return Ok(ExitCode::SUCCESS);
    }
    if duties.is_empty() {
        printer.remark("no rota: `[[rota]]` in dogwatch.toml says who takes turns")?;
    }
    let mut rows = Vec::new();
    for duty in &duties {
        for (place, shift) in duty.shifts.iter().enumerate() {
            let name = if place == 0 { duty.rota.to_string() } else { String::new() };
            let person = shift.person.as_ref().map_or_else(|| "nobody".to_owned(), ToString::to_string);
            let until = shift.until.map_or_else(|| "for good".to_owned(), |until| local_time(until, &world.zone));
            rows.push(vec![name, person, local_time(shift.from, &world.zone), until, shift.turn.words()]);
        }
    }
    if !rows.is_empty() {
        printer.table(&["ROTA", "PERSON", "FROM", "UNTIL", ""], &rows)?;
    }
    let rows: Vec<_> = told
        .iter()
        .map(|row| {
            let at = row.outlook.at().map_or_else(String::new, |at| local_time(at, &world.zone));
            vec![row.incident.to_string(), row.severity.to_string(), at, row.outlook.words(), row.title.clone()]
        })
        .collect();
    if !rows.is_empty() {
        printer.table(&["INCIDENT", "SEVERITY", "AT", "TOLD NEXT", "TITLE"], &rows)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn rota(world: &World, duty: &Duty) -> Value {
    let name = |id: &PersonId| world.duty.people.people.get(id).map(|person| person.name.clone());
    let shifts = duty.shifts.iter().map(|shift| {
        json!({
            "person": shift.person,
            "name": shift.person.as_ref().and_then(name),
            "from": shift.from,
            "until": shift.until,
            "why": shift.turn.words(),
        })
    });
    json!({ "rota": duty.rota, "shifts": shifts.collect::<Vec<_>>() })
}

fn incident(row: &ToldNext) -> Value {
    let next = match &row.outlook {
        Outlook::Next(next) => {
            let untold = next.untold.iter().map(|untold| json!({ "whom": untold.whom.to_string(), "reason": untold.reason }));
            json!({
                "at": next.at,
                "step": next.step.map(|step| step + 1),
                "whom": next.whom.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "on": next.on,
                "told": next.told,
                "untold": untold.collect::<Vec<_>>(),
                "put_off": next.put_off,
            })
        }
        _ => Value::Null,
    };
    let state = match &row.outlook {
        Outlook::Next(_) => "running",
        Outlook::Acknowledged { .. } => "acknowledged",
        Outlook::Mitigated { .. } => "mitigated",
        Outlook::Exhausted { .. } => "exhausted",
        Outlook::NoChain => "no_chain",
    };
    json!({ "incident": row.incident, "severity": row.severity, "title": row.title, "state": state, "next": next })
}

/// `dogwatch override`
pub async fn stand_in(session: &Session, printer: Printer, asked: Override) -> Result<ExitCode, Failure> {
    let rota = RotaId::new(&asked.rota);
    let command = match asked.person {
        _ if asked.end => Command::EndOverride { rota },
        None => return Err(Failure::usage("say who takes it: --person NAME, or --end")),
        Some(person) => {
            let zone = session.world().await?.1.zone.clone();
            let from = asked.from.as_deref().map(|text| workspace::instant(text, &zone)).transpose()?;
            let to = match (asked.to.as_deref(), asked.span.as_deref()) {
                (Some(text), None) => workspace::instant(text, &zone)?,
                (None, Some(span)) => {
                    let span = workspace::span(span)?;
                    from.unwrap_or_else(clock::now).checked_add(span).map_err(Failure::usage)?
                }
                _ => return Err(Failure::usage("say until when: --to TIME, or --for DURATION")),
            };
            Command::Override { rota, person: PersonId::new(person), from, to, reason: asked.reason }
        }
    };
    simple(session, printer, command, &asked.care).await
}
