//! Runbooks: list, read, run a step.

use super::args::{Care, Runbook, Runbooks};
use super::failure::Failure;
use super::print::{self, Printer};
use super::session::{Session, ask, follow, width};
use crate::domain::Runbook as Definition;
use crate::domain::{Accepted, AttemptEnd, Command, Params, RunbookId, StepName, Subject};
use crate::json::json;
use crate::notes::rank::{Doc, rank};
use crate::wire::client::Client;
use crate::wire::handed::open_output;
use crate::wire::message::Welcome;
use crate::world::{Tick, TickState, World};
use crate::{rules, workspace};
use std::process::ExitCode;
use std::sync::Arc;

/// `dogwatch runbooks`
pub async fn runbooks(session: &Session, printer: Printer, asked: &Runbooks) -> Result<ExitCode, Failure> {
    let (_, world) = session.world().await?;
    if let Some(incident) = asked.incident {
        rules::find_incident(&world, incident)?;
        return fitting(printer, &world, &Subject::Incident(incident));
    }
    if let Some(query) = &asked.search {
        return found(printer, &world, query);
    }
    if printer.json {
        let rows: Vec<_> = world
            .runbooks
            .values()
            .map(|runbook| {
                json!({
                    "id": runbook.id, "title": runbook.title, "file": runbook.file, "match": runbook.matches,
                    "steps": runbook.steps.iter().map(|step| &step.name).collect::<Vec<_>>(),
                })
            })
            .collect();
        print::document(&rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = world
        .runbooks
        .values()
        .map(|runbook| vec![runbook.id.to_string(), format!("{} steps", runbook.steps.len()), runbook.title.clone()])
        .collect();
    printer.table(&["RUNBOOK", "RUNNABLE", "TITLE"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

/// The runbooks that fit, the best first, each with the reason.
fn fitting(printer: Printer, world: &World, subject: &Subject) -> Result<ExitCode, Failure> {
    let found = rules::matching(world, subject);
    let title = |id: &RunbookId| world.runbooks.get(id).map(|book| book.title.clone()).unwrap_or_default();
    if printer.json {
        let rows: Vec<_> = found.iter().map(|(id, why)| json!({ "id": id, "title": title(id), "why": why })).collect();
        print::document(&rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    if found.is_empty() {
        printer.remark(format!("no runbook is for {subject}"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = found.iter().map(|(id, why)| vec![id.to_string(), why.clone(), title(id)]).collect();
    printer.table(&["RUNBOOK", "WHY", "TITLE"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

/// The runbooks whose text answers a question, the best first.
fn found(printer: Printer, world: &World, query: &str) -> Result<ExitCode, Failure> {
    let books: Vec<_> = world.runbooks.values().collect();
    let names: Vec<String> = books.iter().map(|book| names_of(book)).collect();
    let docs: Vec<Doc<'_>> = books.iter().zip(&names).map(|(book, names)| Doc { title: &book.title, names, text: &book.text }).collect();
    let hits: Vec<_> = rank(query, &docs).into_iter().filter_map(|hit| Some((books.get(hit.doc)?, hit))).collect();
    if printer.json {
        let rows: Vec<_> = hits
            .iter()
            .map(|(book, hit)| {
                json!({ "id": book.id, "title": book.title, "score": hit.score, "line": hit.line + 1, "excerpt": hit.excerpt })
            })
            .collect();
        print::document(&rows)?;
    } else if hits.is_empty() {
        printer.remark(format!("no runbook holds all of `{query}`"))?;
    } else {
        let rows: Vec<_> = hits.iter().map(|(book, hit)| vec![book.id.to_string(), book.title.clone(), hit.excerpt.clone()]).collect();
        printer.table(&["RUNBOOK", "TITLE", "LINE"], &rows)?;
    }
    Ok(if hits.is_empty() { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// What a runbook is called, also by what it is for and by its steps.
fn names_of(book: &crate::domain::Runbook) -> String {
    let matches =
        book.matches.iter().flat_map(|rule| [&rule.flow, &rule.probe, &rule.alert].into_iter().flatten().cloned().collect::<Vec<_>>());
    let labels = book.matches.iter().flat_map(|rule| rule.labels.iter().map(|(name, value)| format!("{name} {value}")));
    let steps = book.steps.iter().map(|step| step.title.clone());
    std::iter::once(book.id.to_string()).chain(matches).chain(labels).chain(steps).collect::<Vec<_>>().join(" ")
}

/// `dogwatch runbook`
pub fn runbook(session: &Session, printer: Printer, asked: &Runbook, runtime: &tokio::runtime::Runtime) -> Result<ExitCode, Failure> {
    if asked.history {
        return history(session, printer, &asked.name);
    }
    match &asked.run {
        Some(step) => runtime.block_on(run_step(session, printer, asked, step)),
        None => read(session, printer, &asked.name),
    }
}

/// The text, from the file: works without a daemon.
fn read(session: &Session, printer: Printer, name: &str) -> Result<ExitCode, Failure> {
    let loaded = workspace::load(&session.root()?).map_err(|errors| Failure::usage(errors.render(width(), false)))?;
    let runbooks = &loaded.definitions.runbooks;
    let runbook = named(runbooks, name)?;
    if printer.json {
        print::document(runbook)?;
        return Ok(ExitCode::SUCCESS);
    }
    for line in runbook.text.lines() {
        print::line(line)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The runbook of this name, or a failure with the nearest one.
fn named<'a>(runbooks: &'a [Arc<Definition>], name: &str) -> Result<&'a Definition, Failure> {
    let found = runbooks.iter().find(|runbook| runbook.id.as_str() == name);
    found.map(|found| &**found).ok_or_else(|| {
        let nearest = rules::nearest(name, runbooks.iter().map(|runbook| runbook.id.as_str()));
        let hint = nearest.map_or_else(|| "`dogwatch runbooks` lists them".to_owned(), |nearest| format!("did you mean `{nearest}`?"));
        Failure::usage(format!("there is no runbook `{name}`\nhint: {hint}"))
    })
}

/// Who changed the file when: works without a daemon.
fn history(session: &Session, printer: Printer, name: &str) -> Result<ExitCode, Failure> {
    let root = session.root()?;
    let loaded = workspace::load(&root).map_err(|errors| Failure::usage(errors.render(width(), false)))?;
    let runbook = named(&loaded.definitions.runbooks, name)?;
    let revisions = match workspace::history::history(&root, &runbook.file) {
        Ok(revisions) => revisions,
        Err(error) => {
            printer.remark(error.to_string())?;
            return Ok(ExitCode::from(1));
        }
    };
    if printer.json {
        print::document(&revisions)?;
        return Ok(ExitCode::SUCCESS);
    }
    if revisions.is_empty() {
        printer.remark(format!("{} was never committed", runbook.file))?;
    }
    let zone = &loaded.definitions.zone;
    let rows: Vec<_> = revisions
        .into_iter()
        .map(|revision| vec![revision.commit, super::flows::local_time(revision.at, zone), revision.by, revision.subject])
        .collect();
    printer.table(&["COMMIT", "WHEN", "BY", "WHAT"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

async fn run_step(session: &Session, printer: Printer, asked: &Runbook, typed: &str) -> Result<ExitCode, Failure> {
    let (mut client, world) = session.world().await?;
    let runbook = RunbookId::new(&asked.name);
    let step = &step_of(&world, &runbook, typed);
    let subject = asked.incident.map_or(Subject::Workspace, Subject::Incident);
    let params = filled_in(&world, &runbook, step, &subject, &asked.param);
    let confirmed = asked.confirm.clone();
    let run = || Command::RunProcedure {
        runbook: runbook.clone(),
        step: step.clone(),
        subject: subject.clone(),
        params: params.clone(),
        confirmed: confirmed.clone(),
    };
    let command = match &asked.break_glass {
        None => run(),
        Some(reason) => Command::BreakGlass {
            runbook: runbook.clone(),
            step: step.clone(),
            subject: subject.clone(),
            params: params.clone(),
            confirmed: confirmed.clone(),
            reason: reason.clone(),
        },
    };
    match ask(&mut client, command, &asked.care).await? {
        Accepted::WouldDo(lines) => lines.iter().try_for_each(print::line)?,
        Accepted::Approval(digest) if asked.wait => {
            printer.remark(format!("waits for a second person: dogwatch approve {}", digest.short()))?;
            let approved = follow(&mut client, |world| {
                world.approvals.get(&digest).filter(|approval| !approval.is_waiting()).map(|approval| approval.state())
            });
            printer.remark(approved.await?)?;
            // The connection follows the world now; what is asked next is asked on one of its own.
            let mut client = session.connect().await?;
            ask(&mut client, run(), &Care { dry_run: false, key: None }).await?;
            return wait_for(printer, &mut client, &runbook, step, &subject).await;
        }
        Accepted::Approval(digest) if printer.json => {
            print::document(&json!({ "request": digest, "waits_for": "a second person" }))?;
        }
        Accepted::Approval(digest) => {
            printer.remark(format!("a second person is asked; they say: dogwatch approve {}", digest.short()))?;
            printer.remark("when they have, run it again")?;
        }
        _ => return wait_for(printer, &mut client, &runbook, step, &subject).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// A step by its name, or by its title as the file has it.
fn step_of(world: &World, runbook: &RunbookId, typed: &str) -> StepName {
    let steps = world.book(runbook).map(|book| &*book.steps).unwrap_or_default();
    let named = steps.iter().find(|step| step.name.as_str() == typed);
    let written = || steps.iter().find(|step| step.title.trim() == typed.trim());
    let short = workspace::step_name(typed);
    let like = || steps.iter().find(|step| step.name.as_str() == short);
    named.or_else(written).or_else(like).map_or_else(|| StepName::new(typed), |step| step.name.clone())
}

/// What the subject fills in, then what was given.
fn filled_in(world: &World, runbook: &RunbookId, step: &StepName, subject: &Subject, given: &[(String, String)]) -> Params {
    let definition = world.book(runbook).and_then(|runbook| runbook.steps.iter().find(|other| other.name == *step));
    let mut params = definition.map(|definition| rules::filled_in(world, subject, definition)).unwrap_or_default();
    params.extend(given.iter().cloned());
    params
}

/// Follows the world until the step has ended, then prints its output.
async fn wait_for(
    printer: Printer,
    client: &mut Client,
    runbook: &RunbookId,
    step: &StepName,
    subject: &Subject,
) -> Result<ExitCode, Failure> {
    let tick = follow(client, |world| {
        let tick = world.procedure(runbook, subject).and_then(|procedure| procedure.ticks.get(step));
        tick.filter(|tick| tick.state != TickState::Running).cloned()
    });
    let tick = tick.await?;
    ended(printer, client.welcome(), &tick)
}

fn ended(printer: Printer, welcome: &Welcome, tick: &Tick) -> Result<ExitCode, Failure> {
    let end = tick.end.as_ref().map_or_else(String::new, ToString::to_string);
    if printer.json {
        print::document(&json!({ "state": tick.state, "end": end, "command": tick.command, "params": tick.params }))?;
    } else {
        if let Some(attempt) = &tick.attempt {
            super::logs::whole(&open_output(welcome, attempt).map_err(Failure::other)?)?;
        }
        let is_said = tick.state == TickState::Passed || matches!(tick.end, Some(AttemptEnd::Unexpected(_)));
        printer.remark(format!("{end}{}", if is_said { "" } else { ": not as expected" }))?;
    }
    Ok(if tick.state == TickState::Passed { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
