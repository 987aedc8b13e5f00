//! The queue's verbs: mitigate, snooze, claim, hand over, merge, split; silences and maintenance windows.

use super::args::{Claim, Extend, HandOver, Merge, Mitigate, Silence, Snooze, Split, Unsilence, Unsnooze};
use super::failure::Failure;
use super::flows::{local_time, simple};
use super::print::{self, Printer};
use super::session::Session;
use super::{json, workspace};
use crate::domain::Command;
use crate::json::json;
use std::process::ExitCode;

/// `dogwatch mitigate`
pub async fn mitigate(session: &Session, printer: Printer, asked: Mitigate) -> Result<ExitCode, Failure> {
    let incident = asked.incident;
    let command = if asked.undo { Command::Unmitigate { incident } } else { Command::Mitigate { incident, note: asked.note } };
    simple(session, printer, command, &asked.care).await
}

/// `dogwatch snooze`
pub async fn snooze(session: &Session, printer: Printer, asked: Snooze) -> Result<ExitCode, Failure> {
    let until = workspace::later(&asked.span)?;
    simple(session, printer, Command::Snooze { incident: asked.incident, until, reason: asked.reason }, &asked.care).await
}

/// `dogwatch unsnooze`
pub async fn unsnooze(session: &Session, printer: Printer, asked: Unsnooze) -> Result<ExitCode, Failure> {
    simple(session, printer, Command::Unsnooze { incident: asked.incident }, &asked.care).await
}

/// `dogwatch claim`
pub async fn claim(session: &Session, printer: Printer, asked: Claim) -> Result<ExitCode, Failure> {
    let incident = asked.incident;
    let command = if asked.undo { Command::Unclaim { incident } } else { Command::Claim { incident } };
    simple(session, printer, command, &asked.care).await
}

/// `dogwatch give`
pub async fn give(session: &Session, printer: Printer, asked: HandOver) -> Result<ExitCode, Failure> {
    simple(session, printer, Command::HandOver { incident: asked.incident, to: asked.to, note: asked.note }, &asked.care).await
}

/// `dogwatch merge`
pub async fn merge(session: &Session, printer: Printer, asked: Merge) -> Result<ExitCode, Failure> {
    simple(session, printer, Command::Merge { incident: asked.incident, into: asked.into }, &asked.care).await
}

/// `dogwatch split`
pub async fn split(session: &Session, printer: Printer, asked: Split) -> Result<ExitCode, Failure> {
    simple(session, printer, Command::Split { incident: asked.incident, alerts: asked.alerts }, &asked.care).await
}

/// `dogwatch silence`
pub async fn silence(session: &Session, printer: Printer, asked: Silence) -> Result<ExitCode, Failure> {
    let until = workspace::later(&asked.span)?;
    simple(session, printer, Command::Silence { matchers: asked.matchers, until, reason: asked.reason }, &asked.care).await
}

/// `dogwatch extend`
pub async fn extend(session: &Session, printer: Printer, asked: Extend) -> Result<ExitCode, Failure> {
    let until = workspace::later(&asked.span)?;
    simple(session, printer, Command::ExtendSilence { silence: asked.silence, until }, &asked.care).await
}

/// `dogwatch unsilence`
pub async fn unsilence(session: &Session, printer: Printer, asked: Unsilence) -> Result<ExitCode, Failure> {
    simple(session, printer, Command::Unsilence { silence: asked.silence }, &asked.care).await
}

/// `dogwatch silences`: those that last, those that ended where asked for, and maintenance windows.
pub async fn silences(session: &Session, printer: Printer, all: bool) -> Result<ExitCode, Failure> {
    let (_, world) = session.world().await?;
    let ended = world.ended_silences.iter().rev().filter(|_| all);
    let silences: Vec<_> = world.silences.values().chain(ended).collect();
    if printer.json {
        print::document(&json!({
            "silences": silences.iter().map(|silence| json::silence(silence)).collect::<Vec<_>>(),
            "maintenance": world.maintenance.values().map(json::maintenance).collect::<Vec<_>>(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    if silences.is_empty() && world.maintenance.is_empty() {
        printer.remark("nothing is silenced, and no maintenance is planned")?;
        return Ok(ExitCode::SUCCESS);
    }
    let time = |at| local_time(at, &world.zone);
    let mut rows: Vec<Vec<String>> = Vec::new();
    for silence in silences {
        let state = silence.ended.clone().unwrap_or_else(|| "lasts".into());
        rows.push(vec![
            silence.id.to_string(),
            state,
            silence.by.clone(),
            time(silence.since),
            time(silence.until),
            silence.scope(),
            silence.reason.clone(),
        ]);
    }
    for row in world.maintenance.values() {
        let next = || crate::rules::next_maintenance(&row.window, world.at).map(|at| format!("begins {}", time(at)));
        let (state, until) = match row.until {
            Some(until) => ("maintenance lasts", time(until)),
            None => ("maintenance", next().unwrap_or_default()),
        };
        let since = row.since.map(time).unwrap_or_default();
        rows.push(vec![
            row.window.name.clone(),
            state.into(),
            "workspace".into(),
            since,
            until,
            row.window.scope(),
            row.window.reason.clone(),
        ]);
    }
    printer.table(&["ID", "STATE", "BY", "SINCE", "UNTIL", "WHAT", "REASON"], &rows)?;
    Ok(ExitCode::SUCCESS)
}
