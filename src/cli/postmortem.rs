//! The write-up of an incident: draft, bring up to date, say how far it is, copy for others.

use super::args::Postmortem;
use super::failure::Failure;
use super::print::{self, Printer};
use super::session::{Session, ask, ask_before};
use crate::clock;
use crate::domain::note::{NoteKind, SavedNote, State};
use crate::domain::{Accepted, Command, Refusal, RefusalKind, Subject};
use crate::json::json;
use crate::notes::postmortem::{self, Drafting};
use crate::notes::redraft::redraft;
use crate::notes::save::{Base, digest, save};
use crate::notes::{front, naming, roles, shelf};
use crate::rules;
use crate::wire::client::Client;
use crate::world::{Incident, World};
use std::path::Path;
use std::process::ExitCode;

/// `dogwatch postmortem`
pub async fn run(session: &Session, printer: Printer, asked: Postmortem) -> Result<ExitCode, Failure> {
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
    if asked.roles && !asked.print && asked.export.is_none() {
        return Err(Failure::usage("--roles is for copies: give --print, or --export FILE; the record names people"));
    }
    if asked.print {
        for line in postmortem::draft(&drafting).lines() {
            print::line(line)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(file) = &asked.export {
        return export(printer, &client, incident, &drafting, file);
    }
    if let Some(state) = asked.to {
        return move_to(printer, &mut client, incident, state.into(), &asked.care).await;
    }
    let fresh = postmortem::draft(&drafting);
    if !asked.care.dry_run {
        // Before its folder is made: the role counts before what the file system says.
        let note = note(naming::path(&id_of(incident), &incident.title), incident, &fresh);
        ask_before(&mut client, &Command::RecordNote { note }, &asked.care).await?;
    }
    let root = client.welcome().workspace.clone();
    let place = place(&root, incident)?;
    let (text, base) = match &place.opened {
        Some(opened) => (redraft(&opened.text, &fresh).text, opened.base.clone()),
        None => (fresh, Base::Absent),
    };
    if asked.care.dry_run {
        let what = if place.opened.is_some() { "brings up to date" } else { "writes" };
        print::line(format!("{what} {}", place.relative))?;
        return Ok(ExitCode::SUCCESS);
    }
    save(&place.path, &text, &base).map_err(Failure::other)?;
    let note = note(place.relative.clone(), incident, &text);
    ask(&mut client, Command::RecordNote { note }, &asked.care).await?;
    tell(printer, &place.relative)
}

/// The name of an incident's post-mortem among notes.
fn id_of(incident: &Incident) -> String {
    naming::id(NoteKind::PostMortem, &Subject::Incident(incident.id), incident.opened_at)
}

/// Where the post-mortem of an incident is.
fn place(root: &str, incident: &Incident) -> Result<shelf::Place, Failure> {
    shelf::find(Path::new(root), &id_of(incident), &incident.title).map_err(Failure::other)
}

/// What is put on record of the file once it is saved.
fn note(path: String, incident: &Incident, text: &str) -> SavedNote {
    let subject = Subject::Incident(incident.id);
    SavedNote { kind: NoteKind::PostMortem, subject, path, digest: digest(text), bytes: text.len() as u64 }
}

fn tell(printer: Printer, path: &str) -> Result<ExitCode, Failure> {
    if printer.json {
        print::document(&json!({ "path": path }))?;
    } else {
        print::line(path)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Says how far it is: asked of the daemon first, so that a refusal leaves the file alone; then written into the file's
/// head; recorded last, so that a file that cannot be written leaves the record alone.
async fn move_to(
    printer: Printer,
    client: &mut Client,
    incident: &Incident,
    state: State,
    care: &super::args::Care,
) -> Result<ExitCode, Failure> {
    let command = Command::MoveWriteUp { incident: incident.id, state };
    if care.dry_run {
        if let Accepted::WouldDo(lines) = ask(client, command, care).await? {
            lines.iter().try_for_each(print::line)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let earlier = ask_before(client, &command, care).await?;
    let place = place(&client.welcome().workspace.clone(), incident)?;
    let Some(opened) = place.opened.as_ref() else {
        let refusal = Refusal::new(RefusalKind::NotFound, format!("{} is gone", place.relative));
        return Err(refusal.hint(format!("bring it back from git, or draft it again: dogwatch postmortem {}", incident.id)).into());
    };
    let Some(text) = front::with_state(&opened.text, state) else {
        return Err(Failure::Other(anyhow::anyhow!("{} has no head that says how far it is; bring it back from git", place.relative)));
    };
    save(&place.path, &text, &opened.base).map_err(Failure::other)?;
    if earlier.is_none() {
        ask(client, command, care).await?;
    }
    let note = note(place.relative.clone(), incident, &text);
    ask(client, Command::RecordNote { note }, &super::args::Care { dry_run: false, key: None }).await?;
    printer.remark(format!("{} is {state}", place.relative))?;
    if printer.json { tell(printer, &place.relative) } else { Ok(ExitCode::SUCCESS) }
}

/// A copy for others: what is saved, or a draft where nothing is; never over a file that is there.
fn export(printer: Printer, client: &Client, incident: &Incident, drafting: &Drafting<'_>, file: &Path) -> Result<ExitCode, Failure> {
    let place = place(&client.welcome().workspace, incident)?;
    let text = match &place.opened {
        Some(opened) if drafting.roles_instead_of_people => {
            roles::with_roles(&opened.text, &people(drafting.world, incident, &opened.text))
        }
        Some(opened) => opened.text.clone(),
        None => postmortem::draft(drafting),
    };
    save(file, &text, &Base::Absent).map_err(Failure::other)?;
    tell(printer, &file.display().to_string())
}

/// Everyone who acted, who wrote it, or who owes something by it.
fn people(world: &World, incident: &Incident, text: &str) -> Vec<String> {
    let mut people = super::review::people(&incident.timeline);
    let authors = front::parse(text).map(|(front, _)| front.authors).unwrap_or_default();
    let owners = crate::notes::actions::items("", None, text).into_iter().filter_map(|item| item.owner);
    let others = world.records.get(&incident.id).and_then(|record| record.resolved_by.clone());
    for name in authors.into_iter().chain(owners).chain(others) {
        if !people.contains(&name) {
            people.push(name);
        }
    }
    people
}
