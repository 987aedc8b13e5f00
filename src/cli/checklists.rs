//! Checklists: list, show, tick, verify, open.

use super::args::Checklist as Asked;
use super::failure::Failure;
use super::flows::{local_time, simple};
use super::print::{self, Printer};
use super::session::Session;
use crate::clock;
use crate::domain::{ChecklistId, Command, StepName};
use crate::json::{self, json};
use crate::rules;
use crate::workspace::item_name;
use crate::world::{ChecklistRow, Occasion, World};
use std::process::ExitCode;

/// `dogwatch checklists`
pub async fn checklists(session: &Session, printer: Printer) -> Result<ExitCode, Failure> {
    let (_, world) = session.world().await?;
    if printer.json {
        print::document(&world.checklists.values().map(|row| document(&world, row)).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    if world.checklists.is_empty() {
        printer.remark("there is no checklist; write one into checklists/NAME.md")?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = world
        .checklists
        .values()
        .map(|row| {
            let zone = &row.definition.zone;
            let next = rules::checklist_due(&world, row).map_or_else(|| "when opened".to_owned(), |at| local_time(at, zone));
            vec![row.definition.id.to_string(), state(row), next, row.definition.book.title.clone()]
        })
        .collect();
    printer.table(&["CHECKLIST", "STATE", "NEXT", "TITLE"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

/// `3 of 7, due 08:15`, `done by …`, `not open`.
fn state(row: &ChecklistRow) -> String {
    match (&row.open, row.past.last()) {
        (Some(open), _) => {
            let all = open.checklist.items.len();
            format!("{} of {all}, to be done by {}", all - open.unticked().count(), local_time(open.due, &row.definition.zone))
        }
        (None, Some(last)) => match (last.done_at, &last.left) {
            (Some(at), _) => format!("done {}", local_time(at, &row.definition.zone)),
            (None, reason) => format!("left: {}", reason.as_deref().unwrap_or_default()),
        },
        (None, None) => "not opened yet".into(),
    }
}

/// `dogwatch checklist`
pub async fn checklist(session: &Session, printer: Printer, asked: Asked) -> Result<ExitCode, Failure> {
    let id = ChecklistId::new(&asked.name);
    if asked.open {
        return simple(session, printer, Command::OpenChecklist { checklist: id }, &asked.care).await;
    }
    if asked.verify {
        return simple(session, printer, Command::VerifyChecklist { checklist: id }, &asked.care).await;
    }
    let (_, world) = session.world().await?;
    let Some(row) = world.checklists.get(&id) else {
        let nearest = rules::nearest(&asked.name, world.checklists.keys().map(ChecklistId::as_str));
        let hint = nearest.map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"));
        return Err(Failure::usage(format!("there is no checklist `{}`{hint}", asked.name)));
    };
    let ticks = asked.tick.iter().map(|item| (item, true)).chain(asked.untick.iter().map(|item| (item, false)));
    if let Some((item, done)) = ticks.into_iter().next() {
        let item = item_of(row, item);
        let command = Command::TickItem { checklist: id, item, done, note: asked.note };
        return simple(session, printer, command, &asked.care).await;
    }
    if printer.json {
        print::document(&document(&world, row))?;
        return Ok(ExitCode::SUCCESS);
    }
    printer.remark(format!("{}: {}", row.definition.book.title, state(row)))?;
    let Some(open) = row.open.as_ref().or(row.past.last()) else {
        for (place, item) in row.definition.items.iter().enumerate() {
            print::line(format!("{:>3}  {:<40} {}", place + 1, item.text, item.check))?;
        }
        return Ok(ExitCode::SUCCESS);
    };
    for (place, item) in open.checklist.items.iter().enumerate() {
        let (mark, words) = told(&world, open, item);
        print::line(format!("{:>3} {mark} {}{words}", place + 1, item.text))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The tick of an item, and what is known of it.
fn told(world: &World, open: &Occasion, item: &crate::domain::checklist::ChecklistItem) -> (&'static str, String) {
    let tick = open.ticks.get(&item.name);
    let mark = if tick.is_some_and(|tick| tick.done) { "[x]" } else { "[ ]" };
    let words = match tick {
        Some(tick) if tick.done => {
            let note = tick.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
            format!("  {} {}{note}", tick.by, local_time(tick.at, &open.checklist.zone))
        }
        tick => {
            let said = rules::machine_says_at(world, open, item, clock::now()).map(|(_, words)| words);
            let note = said.or_else(|| tick.and_then(|tick| tick.note.clone()));
            note.map(|note| format!("  {note}")).unwrap_or_default()
        }
    };
    (mark, words)
}

/// An item by its number, its name, or its text as the file has it.
fn item_of(row: &ChecklistRow, typed: &str) -> StepName {
    let items = row.open.as_ref().map_or(&row.definition.items, |open| &open.checklist.items);
    let numbered = typed.parse::<usize>().ok().and_then(|number| items.get(number.checked_sub(1)?));
    let named = || items.iter().find(|item| item.name.as_str() == typed);
    let short = item_name(typed);
    let written = || items.iter().find(|item| item.text.trim() == typed.trim());
    let like = || items.iter().find(|item| item.name.as_str() == short);
    let found = numbered.or_else(named).or_else(written).or_else(like);
    found.map_or_else(|| StepName::new(typed), |item| item.name.clone())
}

fn document(world: &World, row: &ChecklistRow) -> json::Value {
    let occasion = |open: &Occasion| {
        let items: Vec<_> = open
            .checklist
            .items
            .iter()
            .map(|item| {
                let says = rules::machine_says_at(world, open, item, clock::now()).map(|(_, words)| words);
                json!({
                    "name": item.name, "text": item.text, "check": item.check, "ticked": open.is_ticked(&item.name),
                    "tick": open.ticks.get(&item.name), "machine": says,
                })
            })
            .collect();
        json!({
            "number": open.number, "planned": open.planned, "opened_at": open.opened_at, "due": open.due,
            "done_at": open.done_at, "left": open.left, "items": items,
        })
    };
    json!({
        "id": row.definition.id, "title": row.definition.book.title, "schedule": row.definition.schedules, "zone": row.definition.zone,
        "next": rules::checklist_due(world, row), "open": row.open.as_ref().map(occasion), "past": row.past.iter().map(occasion).collect::<Vec<_>>(),
    })
}
