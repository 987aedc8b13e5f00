//! The queue: list, show, acknowledge, resolve, note, write up.

use super::args::{Ack, Mark, Note, Postmortem, Resolve, Unack};
use super::failure::Failure;
use super::flows::{local_time, simple};
use super::print::{self, Printer};
use super::session::{Session, ask};
use super::{args::Care, json};
use crate::clock;
use crate::domain::note::{NoteKind, SavedNote};
use crate::domain::{Command, Entry, IncidentId, Subject};
use crate::notes::postmortem::{self, Drafting};
use crate::notes::redraft::redraft;
use crate::notes::save::{Base, save};
use crate::notes::telling::Teller;
use crate::notes::{naming, shelf};
use crate::rules;
use crate::world::{Incident, World};
use std::path::Path;
use std::process::ExitCode;

/// `dogwatch incidents`
pub async fn incidents(session: &Session, printer: Printer, all: bool) -> Result<ExitCode, Failure> {
    let (_, world) = session.world().await?;
    let mut incidents: Vec<_> = world.incidents.values().filter(|incident| all || incident.is_open()).collect();
    incidents.sort_by_cached_key(|incident| world.urgency(incident));
    if printer.json {
        print::document(&incidents.iter().map(|incident| json::incident(&world, incident)).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    if incidents.is_empty() {
        printer.remark("nothing needs a human")?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = incidents
        .iter()
        .map(|incident| {
            let urgency = world.urgency(incident);
            let priority = if incident.is_open() { format!("P{}", urgency.priority()) } else { String::new() };
            let runs_out = world.runs_out(incident).filter(|_| incident.is_open());
            vec![
                incident.id.to_string(),
                priority,
                incident.severity.to_string(),
                state_words(&world, incident),
                incident.owner.as_ref().map_or_else(String::new, |owner| owner.name.clone()),
                incident.acknowledged.as_ref().map_or_else(String::new, |ack| ack.by.name().to_owned()),
                runs_out.map_or_else(String::new, |out| local_time(out.at, &world.zone)),
                local_time(incident.opened_at, &world.zone),
                incident.title.clone(),
            ]
        })
        .collect();
    printer.table(&["ID", "PRIO", "SEVERITY", "STAGE", "OWNER", "BY", "RUNS OUT", "OPENED", "TITLE"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

/// The stage, or what lies over it: a snooze, a silence, maintenance.
fn state_words(world: &World, incident: &Incident) -> String {
    let overlays = world.overlays(incident, clock::now());
    let over = overlays.iter().rev().find(|overlay| overlay.until.is_some());
    match (&incident.merged_into, over) {
        (Some(into), _) => format!("part of {into}"),
        (None, Some(overlay)) => overlay.kind.word().to_owned(),
        (None, None) => incident.stage.to_string(),
    }
}

/// `dogwatch incident`
pub async fn incident(session: &Session, printer: Printer, id: IncidentId) -> Result<ExitCode, Failure> {
    let (_, world) = session.world().await?;
    let incident = rules::find_incident(&world, id)?;
    if printer.json {
        let mut document = json::incident(&world, incident);
        if let Some(object) = document.as_object_mut() {
            object.insert("timeline".into(), serde_json::to_value(&incident.timeline).map_err(Failure::other)?);
        }
        print::document(&document)?;
        return Ok(ExitCode::SUCCESS);
    }
    print::line(format!("incident {id}  {}  {}", incident.severity, incident.title))?;
    let by = incident.acknowledged.as_ref().map_or_else(String::new, |ack| format!(" by {}", ack.by));
    print::line(format!("{}{by}, opened {}", incident.stage, local_time(incident.opened_at, &world.zone)))?;
    if let Some(owner) = &incident.owner {
        print::line(format!("{} has it, since {}", owner.name, local_time(owner.since, &world.zone)))?;
    }
    for overlay in world.overlays(incident, clock::now()) {
        let until = overlay.until.map(|until| format!(" until {}", local_time(until, &world.zone))).unwrap_or_default();
        let reason = overlay.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        print::line(format!("{} by {}{until}{reason}", overlay.kind.word(), overlay.by))?;
    }
    if let Some(out) = world.runs_out(incident).filter(|_| incident.is_open()) {
        print::line(format!("the deadline of {} runs out at {}", out.flow, local_time(out.at, &world.zone)))?;
    }
    for (fingerprint, alert) in incident.alerts.iter() {
        let state = if alert.resolved_at.is_some() { "over  " } else { "fires " };
        print::line(format!("alert {fingerprint}  {state} {}  {}", alert.notice.severity, alert.notice.summary))?;
    }
    if let Some(end) = &incident.resolved {
        print::line(format!("resolved {} by {}: {}", local_time(end.at, &world.zone), end.by, end.reason))?;
    }
    for note in &incident.notes {
        print::line(format!("{}: {}", note.kind, note.path))?;
    }
    print::line("")?;
    for entry in &incident.timeline {
        print::line(timeline_line(entry, &world))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// One line of a timeline: local time, author, what happened.
pub fn timeline_line(entry: &Entry, world: &World) -> String {
    format!("{}  {:<10} {}", local_time(entry.at, &world.zone), entry.author, Teller::of(world).line(&entry.event))
}

/// `dogwatch postmortem`
pub async fn postmortem(session: &Session, printer: Printer, asked: Postmortem) -> Result<ExitCode, Failure> {
    let (mut client, world) = session.world().await?;
    let incident = rules::find_incident(&world, asked.incident)?;
    let author = client.welcome().user.clone();
    let drafting = Drafting {
        world: &world,
        incident,
        timeline: &incident.timeline,
        now: clock::now(),
        author: &author,
        roles_instead_of_people: asked.roles,
    };
    let fresh = postmortem::draft(&drafting);
    if asked.print {
        for line in fresh.lines() {
            print::line(line)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let note = write_up(Path::new(&client.welcome().workspace), incident, &fresh)?;
    let path = note.path.clone();
    ask(&mut client, Command::RecordNote { note }, &Care { dry_run: false, key: None }).await?;
    if printer.json {
        print::document(&serde_json::json!({ "path": path }))?;
    } else {
        print::line(path)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Saves the draft, or brings the generated parts of the file that is there up to date. Human text is never touched.
fn write_up(workspace: &Path, incident: &Incident, fresh: &str) -> Result<SavedNote, Failure> {
    let subject = Subject::Incident(incident.id);
    let id = naming::id(NoteKind::PostMortem, &subject, incident.opened_at);
    let place = shelf::find(workspace, &id, &incident.title).map_err(Failure::other)?;
    let (text, base) = match &place.opened {
        Some(opened) => (redraft(&opened.text, fresh).text, opened.base.clone()),
        None => (fresh.to_owned(), Base::Absent),
    };
    let saved = save(&place.path, &text, &base).map_err(Failure::other)?;
    Ok(SavedNote { kind: NoteKind::PostMortem, subject, path: place.relative, digest: saved.digest, bytes: saved.bytes })
}

/// `dogwatch ack`
pub async fn ack(session: &Session, printer: Printer, ack: Ack) -> Result<ExitCode, Failure> {
    simple(session, printer, Command::Acknowledge { incident: ack.incident, note: ack.note }, &ack.care).await
}

/// `dogwatch unack`
pub async fn unack(session: &Session, printer: Printer, unack: Unack) -> Result<ExitCode, Failure> {
    simple(session, printer, Command::Unacknowledge { incident: unack.incident }, &unack.care).await
}

/// `dogwatch resolve`
pub async fn resolve(session: &Session, printer: Printer, resolve: Resolve) -> Result<ExitCode, Failure> {
    simple(session, printer, Command::Resolve { incident: resolve.incident, reason: resolve.reason }, &resolve.care).await
}

/// `dogwatch note`
pub async fn note(session: &Session, printer: Printer, note: Note) -> Result<ExitCode, Failure> {
    simple(session, printer, Command::Note { incident: note.incident, text: note.text.join(" ") }, &note.care).await
}

/// `dogwatch mark`
pub async fn mark(session: &Session, printer: Printer, mark: Mark) -> Result<ExitCode, Failure> {
    simple(session, printer, Command::Mark { text: mark.text.join(" ") }, &mark.care).await
}
