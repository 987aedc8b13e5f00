//! Second words: what waits for one, and giving or declining it.

use super::args::Approve;
use super::failure::Failure;
use super::flows::{local_time, simple};
use super::print::{self, Printer};
use super::session::Session;
use crate::domain::{Command, Digest, RunId, StepName};
use crate::rules;
use crate::world::{Approval, World};
use std::process::ExitCode;

/// `dogwatch approvals`
pub async fn approvals(session: &Session, printer: Printer) -> Result<ExitCode, Failure> {
    let (_, world) = session.world().await?;
    let mut rows: Vec<&Approval> = world.approvals.values().map(|approval| &**approval).collect();
    rows.sort_by_key(|approval| (!approval.is_open(), std::cmp::Reverse(approval.request.asked_at)));
    if printer.json {
        print::document(&rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    let open: Vec<_> = rows.iter().filter(|approval| approval.is_open()).collect();
    if open.is_empty() {
        printer.remark("nothing waits for a second person")?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = open
        .iter()
        .map(|approval| {
            let request = &approval.request;
            vec![
                approval.digest.short().to_owned(),
                format!("{} {}", request.runbook, request.step),
                request.subject.to_string(),
                approval.by.to_string(),
                local_time(request.expires, &world.zone),
                approval.state(),
            ]
        })
        .collect();
    printer.table(&["REQUEST", "STEP", "FOR", "ASKED BY", "UNTIL", "STATE"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

/// `dogwatch approve`
pub async fn approve(session: &Session, printer: Printer, approve: Approve) -> Result<ExitCode, Failure> {
    if let Some(step) = &approve.step {
        let run: RunId = approve.object.parse().map_err(|error| Failure::usage(format!("{error}")))?;
        let command = Command::Approve { run, step: StepName::new(step), note: approve.note };
        return simple(session, printer, command, &approve.care).await;
    }
    let (_, world) = session.world().await?;
    let digest = resolve(&world, &approve.object)?;
    if let Some(reason) = approve.decline {
        return simple(session, printer, Command::DeclineProcedure { digest, reason }, &approve.care).await;
    }
    if let Some(approval) = world.approvals.get(&digest).filter(|_| approve.show || approve.expanded) {
        for line in told(approval, &world.zone) {
            print::line(line)?;
        }
        if approve.show {
            return Ok(ExitCode::SUCCESS);
        }
    }
    let command = Command::ApproveProcedure { digest, expanded: approve.expanded, note: approve.note };
    simple(session, printer, command, &approve.care).await
}

/// The request whose digest begins so.
fn resolve(world: &World, typed: &str) -> Result<Digest, Failure> {
    let found: Vec<_> = world.approvals.keys().filter(|digest| typed.len() >= 6 && digest.as_str().starts_with(typed)).collect();
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Ok(Digest::new(typed)),
        _ => Err(Failure::usage(format!("`{typed}` begins several requests; type more of it"))),
    }
}

/// Exactly what a request lets run, every character that is not what it seems spelled out.
fn told(approval: &Approval, zone: &str) -> Vec<String> {
    let request = &approval.request;
    let mut lines = vec![
        format!("request   {}", approval.digest),
        format!("state     {}", approval.state()),
        format!("asked by  {} for {}", approval.by, request.subject),
        format!("step      {} of runbook {}, revision {}", request.step, request.runbook, request.revision.short()),
        format!("on        {}, until {}", request.host, local_time(request.expires, zone)),
        format!("expects   {}", rules::spelled_out(&rules::expected(&request.expect, request.timeout)).join("⏎")),
    ];
    lines.extend(rules::spelled_out(&request.command).into_iter().map(|line| format!("runs      {line}")));
    let spelled = |text: &str| rules::spelled_out(text).join("⏎");
    lines.extend(request.params.iter().map(|(name, value)| format!("with      {}={}", spelled(name), spelled(value))));
    let value = |name: &str, value: &str| if is_secret(name) { "(not shown)".to_owned() } else { spelled(value) };
    lines.extend(request.env.iter().map(|(name, text)| format!("variable  {}={}", spelled(name), value(name, text))));
    let odd = rules::odd_characters(&request.command);
    lines.extend(
        odd.iter().map(|odd| format!("line {}, place {}: U+{:04X} {}", odd.line, odd.column, u32::from(odd.character), odd.words())),
    );
    lines
}

/// Whether a variable's name says that its value is nobody's to read.
fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    ["password", "passwd", "passphrase", "secret", "token", "api_key", "private_key", "credential"].iter().any(|word| name.contains(word))
}
