//! The journal: what happened.

use super::args::Events;
use super::failure::Failure;
use super::print::{self, Printer};
use super::record::timeline_line;
use super::session::Session;
use super::workspace;
use crate::domain::Entry;
use crate::wire::message::{Answer, Ask, EntriesAsked, Request, Said};
use crate::world::World;
use std::io::Write;
use std::process::ExitCode;

/// Entries of one page.
const PAGE: u32 = 1_000;

/// `dogwatch events`
pub async fn events(session: &Session, printer: Printer, events: Events) -> Result<ExitCode, Failure> {
    let (mut client, world) = session.world().await?;
    let since = events.since.as_deref().map(|text| workspace::instant(text, &world.zone)).transpose()?;
    let last = events.last.unwrap_or(if since.is_some() { u32::MAX } else { 100 });
    let stored = match events.incident {
        // An incident's timeline is what belongs to it; the fold has sorted that out already.
        Some(incident) => {
            let timeline = &crate::rules::find_incident(&world, incident)?.timeline;
            timeline.iter().filter(|entry| since.is_none_or(|since| entry.at >= since)).cloned().collect()
        }
        None => gather(&mut client, since, last, world.seq).await?,
    };
    if printer.json && !events.follow {
        print::document(&stored)?;
        return Ok(ExitCode::SUCCESS);
    }
    for entry in &stored {
        one(printer, entry, &world)?;
    }
    if !events.follow {
        return Ok(ExitCode::SUCCESS);
    }
    client.send(&Request { id: u64::MAX, ask: Ask::Tail { after: world.seq } }).await?;
    loop {
        if let Said::Entries(entries) = client.next().await? {
            for entry in &entries {
                one(printer, entry, &world)?;
            }
        }
    }
}

/// One entry a line; as JSON one document a line.
fn one(printer: Printer, entry: &Entry, world: &World) -> Result<(), Failure> {
    if printer.json {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", crate::json::text(entry).map_err(Failure::other)?)?;
        out.flush()?;
        return Ok(());
    }
    print::line(format!("{:>6}  {}", entry.seq, timeline_line(entry, world)))
}

/// The last entries that were asked for, the oldest first.
async fn gather(
    client: &mut crate::wire::client::Client,
    since: Option<jiff::Timestamp>,
    last: u32,
    until: u64,
) -> Result<Vec<std::sync::Arc<Entry>>, Failure> {
    let mut found = std::collections::VecDeque::new();
    let mut before = until.saturating_add(1);
    loop {
        let limit = PAGE.min(last.saturating_sub(found.len() as u32));
        if limit == 0 {
            break;
        }
        let asked = EntriesAsked { after: None, before: Some(before), since, limit };
        let Answer::Page { entries, more } = client.ask(Ask::Entries(asked)).await?? else { break };
        let Some(first) = entries.first() else { break };
        before = first.seq;
        for entry in entries.into_iter().rev() {
            found.push_front(entry);
        }
        if !more {
            break;
        }
    }
    Ok(found.into())
}
