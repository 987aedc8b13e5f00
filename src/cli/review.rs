//! After an incident: action items, search, review, handover.

use super::args::{Actions, Handover, Review, Search};
use super::failure::Failure;
use super::flows::local_time;
use super::print::{self, Printer};
use super::session::{Session, ask, ask_before};
use crate::clock;
use crate::domain::note::{NoteKind, SavedNote};
use crate::domain::{Command, Entry, IncidentId, Refusal, RefusalKind, Subject};
use crate::json::json;
use crate::notes::redraft::redraft;
use crate::notes::save::{Base, digest, save};
use crate::notes::search::{Goes, Hit, search as look};
use crate::notes::{handover as draft, library, naming, shelf};
use crate::rules::review::{Proposal, review as proposals};
use crate::rules::{self, shifts};
use crate::world::{Incident, World};
use jiff::tz::TimeZone;
use std::path::Path;
use std::process::ExitCode;

/// `dogwatch actions`
pub async fn actions(session: &Session, printer: Printer, asked: Actions) -> Result<ExitCode, Failure> {
    let (client, world) = session.world().await?;
    let library = library::read(Path::new(&client.welcome().workspace));
    let today = clock::now().to_zoned(zone(&world)).date();
    let found = if asked.open { library.open_actions() } else { library.actions() };
    told_left_out(&library.left_out);
    if printer.json {
        let rows: Vec<_> = found
            .iter()
            .map(|item| {
                json!({
                    "text": item.text, "owner": item.owner, "due": item.due, "done": item.done, "overdue": item.is_overdue(today),
                    "incident": item.incident, "path": item.path, "line": item.line,
                })
            })
            .collect();
        print::document(&rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    if found.is_empty() {
        printer.remark("no post-mortem asks for anything")?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = found
        .iter()
        .map(|item| {
            let state = match () {
                () if item.done => "done",
                () if item.is_overdue(today) => "overdue",
                () => "open",
            };
            vec![
                state.to_owned(),
                item.due.map_or_else(String::new, |due| due.to_string()),
                item.owner.clone().unwrap_or_else(|| "nobody".into()),
                item.incident.map_or_else(String::new, |incident| incident.to_string()),
                format!("{}:{}", item.path, item.line),
                item.text.clone(),
            ]
        })
        .collect();
    printer.table(&["STATE", "DUE", "OWNER", "INCIDENT", "WHERE", "WHAT"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

/// `dogwatch search`
pub async fn search(session: &Session, printer: Printer, asked: Search) -> Result<ExitCode, Failure> {
    let (client, world) = session.world().await?;
    let library = library::read(Path::new(&client.welcome().workspace));
    told_left_out(&library.left_out);
    let hits = look(&world, &library, &asked.text.join(" "));
    if printer.json {
        print::document(&hits)?;
        return Ok(ExitCode::SUCCESS);
    }
    if hits.is_empty() {
        printer.remark("nothing holds these words")?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = hits.iter().map(|hit| vec![hit.goes.word().to_owned(), place(hit), hit.title.clone(), excerpt(hit)]).collect();
    printer.table(&["WHAT", "WHERE", "TITLE", "LINE"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

/// What a person types to read a hit.
fn place(hit: &Hit) -> String {
    match &hit.goes {
        Goes::Note { path, .. } => path.clone(),
        Goes::Runbook(runbook) => format!("runbook {runbook}"),
        Goes::Incident(incident) => format!("incident {incident}"),
    }
}

fn excerpt(hit: &Hit) -> String {
    hit.excerpt.as_ref().map(|(_, line)| line.clone()).unwrap_or_default()
}

/// `dogwatch review`
pub async fn review(session: &Session, printer: Printer, asked: Review) -> Result<ExitCode, Failure> {
    let (mut client, world) = session.world().await?;
    let Some(id) = asked.incident else { return to_decide(printer, &world) };
    let incident = rules::find_incident(&world, id)?;
    let found = proposals(&world, incident);
    let (word, accepted) = match (&asked.accept, &asked.dismiss) {
        (Some(word), _) => (word, true),
        (None, Some(word)) => (word, false),
        (None, None) => return show(printer, incident, &found),
    };
    let Some(chosen) = found.iter().find(|proposal| proposal.finding.word() == word && proposal.decided.is_none()) else {
        let words: Vec<_> = found.iter().filter(|one| one.decided.is_none()).map(|one| one.finding.word()).collect();
        let refusal = Refusal::new(RefusalKind::NotFound, format!("the review of incident {id} does not propose `{word}`"));
        let hint = if words.is_empty() { "there is nothing left to decide".into() } else { format!("it proposes {}", words.join(", ")) };
        return Err(refusal.hint(hint).into());
    };
    let draft = chosen.draft.as_ref().filter(|_| accepted);
    let text = draft.map(|draft| draft.with_address(asked.address.as_deref().unwrap_or_default())).transpose().map_err(Failure::usage)?;
    let command =
        Command::DecideReview { incident: id, finding: chosen.finding.clone(), accepted, path: draft.map(|draft| draft.path.clone()) };
    if asked.care.dry_run {
        ask(&mut client, command, &asked.care).await?;
        return would_decide(chosen, accepted, text.as_deref());
    }
    let earlier = ask_before(&mut client, &command, &asked.care).await?;
    // An earlier command of the same key has written it.
    if let (Some(draft), Some(text), None) = (draft, &text, &earlier) {
        shelf::place_draft(Path::new(&client.welcome().workspace), &draft.path, text).map_err(Failure::other)?;
    }
    if earlier.is_none() {
        ask(&mut client, command, &asked.care).await?;
    }
    match draft {
        Some(draft) => print::line(&draft.path)?,
        None if accepted => printer.remark(format!("taken; what is left to do by hand: {}", chosen.proposal))?,
        None => printer.remark("put away")?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What a decision would do: the file that would be written, or that there is none.
fn would_decide(chosen: &Proposal, accepted: bool, text: Option<&str>) -> Result<ExitCode, Failure> {
    let became = if accepted { "takes" } else { "puts away" };
    print::line(format!("{became}: {}", chosen.finding))?;
    match (chosen.draft.as_ref(), text) {
        (Some(draft), Some(text)) => {
            print::line(format!("writes {}:", draft.path))?;
            text.lines().try_for_each(print::line)?;
        }
        _ if accepted => print::line(format!("writes no file; what is left to do by hand: {}", chosen.proposal))?,
        _ => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn show(printer: Printer, incident: &Incident, found: &[Proposal]) -> Result<ExitCode, Failure> {
    if printer.json {
        print::document(&found)?;
        return Ok(ExitCode::SUCCESS);
    }
    if found.is_empty() {
        printer.remark(format!("the review of incident {} finds nothing to change", incident.id))?;
    }
    for proposal in found {
        print::line(format!("{:<9} {}", proposal.finding.word(), proposal.finding))?;
        if let Some(decided) = &proposal.decided {
            let became = if decided.accepted { "taken" } else { "put away" };
            let path = decided.path.as_ref().map(|path| format!(": {path}")).unwrap_or_default();
            print::line(format!("          {became} by {}{path}", decided.by))?;
        } else {
            print::line(format!("          {}", proposal.evidence))?;
            print::line(format!("          {}", proposal.proposal))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Ended incidents whose reviews have something to decide, the youngest first.
fn to_decide(printer: Printer, world: &World) -> Result<ExitCode, Failure> {
    let ended = world.resolved.iter().rev().take(100).filter_map(|id| world.incident(*id));
    let open: Vec<(IncidentId, String, Vec<Proposal>)> = ended
        .map(|incident| {
            let left = proposals(world, incident).into_iter().filter(|proposal| proposal.decided.is_none()).collect::<Vec<_>>();
            (incident.id, incident.title.clone(), left)
        })
        .filter(|(_, _, left)| !left.is_empty())
        .collect();
    if printer.json {
        let rows: Vec<_> = open.iter().map(|(id, title, left)| json!({ "incident": id, "title": title, "proposals": left })).collect();
        print::document(&rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    if open.is_empty() {
        printer.remark("no review has anything left to decide")?;
        return Ok(ExitCode::SUCCESS);
    }
    let words = |left: &[Proposal]| left.iter().map(|one| one.finding.word()).collect::<Vec<_>>().join(", ");
    let rows: Vec<_> = open.iter().map(|(id, title, left)| vec![id.to_string(), words(left), title.clone()]).collect();
    printer.table(&["INCIDENT", "PROPOSES", "TITLE"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

/// `dogwatch handover`
pub async fn handover(session: &Session, printer: Printer, asked: Handover) -> Result<ExitCode, Failure> {
    let (mut client, world) = session.world().await?;
    let root = client.welcome().workspace.clone();
    let library = library::read(Path::new(&root));
    told_left_out(&library.left_out);
    let zone = zone(&world);
    let handed = draft::handed_over(&world, clock::now(), &library.open_actions());
    if printer.json && !asked.write {
        print::document(&handed)?;
        return Ok(ExitCode::SUCCESS);
    }
    let fresh = draft::draft(&handed, &zone, &client.welcome().user);
    if !asked.write {
        let body = crate::notes::front::parse(&fresh).map_or(0, |(_, body)| body);
        let lines = fresh.get(body..).unwrap_or_default().lines().filter(|line| !line.starts_with("<!-- dogwatch:"));
        lines.into_iter().try_for_each(print::line)?;
        return Ok(ExitCode::SUCCESS);
    }
    let shift_from = shifts::shift_start(handed.world.at, &zone);
    let id = naming::id(NoteKind::Handover, &Subject::Workspace, shift_from);
    let title = draft::title(shift_from, &zone);
    // Before its folder is made: the role counts before what the file system says.
    let care = super::args::Care { dry_run: false, key: None };
    ask_before(&mut client, &Command::RecordNote { note: handed_note(naming::path(&id, &title), &fresh) }, &care).await?;
    let place = shelf::find(Path::new(&root), &id, &title).map_err(Failure::other)?;
    let (text, base) = match &place.opened {
        Some(opened) => (redraft(&opened.text, &fresh).text, opened.base.clone()),
        None => (fresh, Base::Absent),
    };
    save(&place.path, &text, &base).map_err(Failure::other)?;
    let path = place.relative;
    ask(&mut client, Command::RecordNote { note: handed_note(path.clone(), &text) }, &care).await?;
    if printer.json {
        print::document(&json!({ "path": path }))?;
    } else {
        print::line(path)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What is put on record of a handover's file once it is saved.
fn handed_note(path: String, text: &str) -> SavedNote {
    SavedNote { kind: NoteKind::Handover, subject: Subject::Workspace, path, digest: digest(text), bytes: text.len() as u64 }
}

fn zone(world: &World) -> TimeZone {
    TimeZone::get(&world.zone).unwrap_or(TimeZone::UTC)
}

/// What could not be read is said beside the answer, never left out in silence.
fn told_left_out(left_out: &[String]) {
    for words in left_out {
        eprintln!("not read: {}", crate::text::visible(words));
    }
}

/// What is like an incident, for its page and its JSON.
pub fn similar_lines(world: &World, incident: &Incident) -> Vec<String> {
    let rows = rules::similar::similar(world, incident, 5);
    let line = |row: &rules::similar::Similar| {
        format!("similar: incident {} ({}, {}): {}", row.id, local_time(row.opened_at, &world.zone), row.why, row.fixed_by.join("; "))
    };
    rows.iter().map(line).collect()
}

/// Names that an export must not show: everyone who acted in a timeline.
pub fn people(timeline: &[std::sync::Arc<Entry>]) -> Vec<String> {
    let mut people: Vec<String> = Vec::new();
    for entry in timeline.iter().filter(|entry| entry.author.is_person()) {
        if !people.iter().any(|person| person == entry.author.name()) {
            people.push(entry.author.name().to_owned());
        }
    }
    people
}
