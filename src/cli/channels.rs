//! Channels: how people are told, and whether that works.

use super::args::Channels;
use super::failure::Failure;
use super::flows::local_time;
use super::json;
use super::print::{self, Printer};
use super::session::{Session, ask};
use crate::domain::{Accepted, ChannelId, Command, Entry, Event, MessageId};
use crate::json::json;
use crate::wire::client::Client;
use crate::wire::message::{Ask, Request, Said};
use crate::world::{Channel, World};
use std::process::ExitCode;

/// `dogwatch channels`
pub async fn channels(session: &Session, printer: Printer, channels: Channels) -> Result<ExitCode, Failure> {
    if let Some(name) = &channels.test {
        return test(session, printer, name, &channels).await;
    }
    let (_, world) = session.world().await?;
    if printer.json {
        print::document(&world.channels.values().map(|channel| json::channel(channel)).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = world.channels.values().map(|channel| row(channel, &world)).collect();
    printer.table(&["CHANNEL", "KIND", "STATE", "LAST SENT", "QUEUE", "LOST", "TO", "ERROR"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

fn row(channel: &Channel, world: &World) -> Vec<String> {
    let kind = &channel.definition.kind;
    let time = |at| local_time(at, &world.zone);
    let since = channel.failing_since.map(|at| format!(" since {}", time(at))).unwrap_or_default();
    vec![
        channel.id().to_string(),
        kind.word().to_owned(),
        format!("{}{since}", channel.word()),
        channel.last_sent_at.map(time).unwrap_or_default(),
        channel.queue().to_string(),
        (channel.given_up + channel.unknown).to_string(),
        kind.target(),
        channel.error.clone().unwrap_or_default(),
    ]
}

/// Sends a real message and waits for what becomes of it.
async fn test(session: &Session, printer: Printer, name: &str, channels: &Channels) -> Result<ExitCode, Failure> {
    let mut client = session.connect().await?;
    match ask(&mut client, Command::TestChannel { channel: ChannelId::new(name) }, &channels.care).await? {
        Accepted::Message(message) => wait_for(printer, &mut client, name, &message).await,
        Accepted::WouldDo(lines) if printer.json => {
            print::document(&json!({ "would_do": lines }))?;
            Ok(ExitCode::SUCCESS)
        }
        Accepted::WouldDo(lines) => {
            lines.iter().try_for_each(print::line)?;
            Ok(ExitCode::SUCCESS)
        }
        Accepted::Done | Accepted::Run(_) | Accepted::Silence(_) | Accepted::Incident(_) | Accepted::Approval(_) => Ok(ExitCode::SUCCESS),
    }
}

async fn wait_for(printer: Printer, client: &mut Client, name: &str, message: &MessageId) -> Result<ExitCode, Failure> {
    printer.remark(format!("a test message is on its way to {name} …"))?;
    client.send(&Request { id: u64::MAX, ask: Ask::World { follow: true } }).await?;
    let mut world = World::new();
    loop {
        match client.next().await? {
            Said::Part(part) => world.absorb(*part),
            Said::Entries(entries) => entries.iter().for_each(|entry| world.apply(entry)),
            _ => continue,
        }
        let Some(entry) = world.recent.iter().rev().find(|entry| ends(entry, message)) else { continue };
        let error = match &entry.event {
            Event::MessageGivenUp { error, .. } | Event::MessageUnknown { error, .. } => Some(error),
            _ => None,
        };
        if printer.json {
            print::document(&json!({ "channel": name, "message": message, "sent": error.is_none(), "error": error }))?;
        } else {
            match error {
                None => print::line(format!("{name} has taken it"))?,
                Some(error) => print::line(format!("{name} has not taken it: {error}"))?,
            }
        }
        return Ok(if error.is_none() { ExitCode::SUCCESS } else { ExitCode::from(1) });
    }
}

/// Whether an entry says what became of a message.
fn ends(entry: &Entry, wanted: &MessageId) -> bool {
    match &entry.event {
        Event::MessageSent { message } | Event::MessageGivenUp { message, .. } | Event::MessageUnknown { message, .. } => {
            message.id == *wanted
        }
        _ => false,
    }
}
