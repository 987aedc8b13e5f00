//! What comes from outside: alerts that scripts send in, neighbours, and silences there.

use super::args::{Alert, Source, SourceVerb};
use super::failure::Failure;
use super::flows::{local_time, simple};
use super::print::{self, Printer};
use super::session::Session;
use super::workspace;
use crate::domain::sent::{LabelMatcher, SentAlert};
use crate::domain::{Command, Labels, OutsideSilence, SourceId};
use crate::json::{Value, json};
use crate::workspace::parse_span;
use crate::world::{Silencing, Source as Row, World};
use std::process::ExitCode;

/// `dogwatch alert`
pub async fn alert(session: &Session, printer: Printer, alert: Alert) -> Result<ExitCode, Failure> {
    let mut labels: Labels = alert.label.into_iter().collect();
    labels.insert("alertname".into(), alert.name.clone());
    let command = if alert.resolve {
        Command::EndAlert { labels, reason: None, source: None }
    } else {
        let lasts = alert.span.as_deref().map(parse_span).transpose().map_err(Failure::usage)?;
        let summary = alert.summary.unwrap_or(alert.name);
        Command::SendAlert { alert: SentAlert { labels, severity: alert.severity.into(), summary, link: alert.link, lasts, source: None } }
    };
    simple(session, printer, command, &alert.care).await
}

/// `dogwatch sources`
pub async fn sources(session: &Session, printer: Printer) -> Result<ExitCode, Failure> {
    let (_, world) = session.world().await?;
    if printer.json {
        let sources: Vec<_> = world.sources.iter().map(|(id, row)| document(&world, id, row)).collect();
        print::document(&json!({ "sources": sources, "intake": intake(&world) }))?;
        return Ok(ExitCode::SUCCESS);
    }
    if world.sources.is_empty() && world.intake.is_none() {
        printer.remark("no neighbour is configured: [[source]] and [intake] in dogwatch.toml")?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows: Vec<_> = world.sources.iter().map(|(id, row)| line(&world, id, row)).collect();
    if let Some(intake) = &world.intake {
        let state = if intake.address.is_some() { "listens" } else { "does not listen" };
        let counts = intake.counts;
        let words = intake.error.clone().unwrap_or_else(|| {
            format!(
                "refused: {} without the token, {} that were no alerts; dropped: {}",
                counts.unauthorized, counts.malformed, counts.dropped
            )
        });
        let address = intake.address.clone().unwrap_or_else(|| intake.definition.listen.clone());
        rows.push(vec![
            "intake".into(),
            "http".into(),
            state.into(),
            local_time(intake.since, &world.zone),
            String::new(),
            String::new(),
            address,
            words,
        ]);
    }
    printer.table(&["SOURCE", "KIND", "STATE", "SINCE", "FIRING", "SILENCES", "AT", "NOTE"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

fn firing(world: &World, id: &SourceId) -> usize {
    world.alerts.values().filter(|alert| alert.source == *id).count()
}

fn line(world: &World, id: &SourceId, row: &Row) -> Vec<String> {
    let note = match row.why_stale() {
        Some(why) => why.to_owned(),
        None => note(row),
    };
    vec![
        id.to_string(),
        row.kind.clone(),
        if row.why_stale().is_some() { "stale" } else { "answers" }.to_owned(),
        local_time(row.stale_since(), &world.zone),
        firing(world, id).to_string(),
        row.silences.len().to_string(),
        row.definition.as_ref().map(|definition| definition.origin()).unwrap_or_default(),
        note,
    ]
}

fn note(row: &Row) -> String {
    let hidden = (row.note.hidden > 0).then(|| format!("{} hidden by others there", row.note.hidden));
    let left_out = (row.note.left_out > 0).then(|| format!("{} left out", row.note.left_out));
    hidden.into_iter().chain(left_out).chain(row.note.words.clone()).collect::<Vec<_>>().join(", ")
}

fn document(world: &World, id: &SourceId, row: &Row) -> Value {
    json!({
        "id": id,
        "kind": row.kind,
        "url": row.definition.as_ref().map(|definition| definition.origin()),
        "stale": row.why_stale(),
        "since": row.stale_since(),
        "capabilities": row.capabilities,
        "firing": firing(world, id),
        "hidden": row.note.hidden,
        "left_out": row.note.left_out,
        "note": row.note.words,
        "silences": row.silences.len(),
    })
}

fn intake(world: &World) -> Option<Value> {
    let intake = world.intake.as_ref()?;
    Some(json!({
        "listen": intake.definition.listen,
        "address": intake.address,
        "error": intake.error,
        "since": intake.since,
        "unauthorized": intake.counts.unauthorized,
        "malformed": intake.counts.malformed,
        "dropped": intake.counts.dropped,
        "counted_at": intake.counted_at,
    }))
}

/// `dogwatch source`
pub async fn source(session: &Session, printer: Printer, asked: Source) -> Result<ExitCode, Failure> {
    let source = SourceId::new(&asked.name);
    match asked.verb {
        None => show(session, printer, &source).await,
        Some(SourceVerb::Silences) => silences(session, printer, &source).await,
        Some(SourceVerb::Silence { matchers, span, comment, care }) => {
            let matchers = matchers.iter().map(|text| LabelMatcher::parse(text)).collect::<Result<Vec<_>, _>>().map_err(Failure::usage)?;
            let command = Command::SilenceSource { source, matchers, until: workspace::later(&span)?, comment };
            simple(session, printer, command, &care).await
        }
        Some(SourceVerb::Extend { id, span, care }) => {
            simple(session, printer, Command::ExtendAtSource { source, id, until: workspace::later(&span)? }, &care).await
        }
        Some(SourceVerb::Expire { id, care }) => simple(session, printer, Command::ExpireAtSource { source, id }, &care).await,
    }
}

async fn show(session: &Session, printer: Printer, source: &SourceId) -> Result<ExitCode, Failure> {
    let (_, world) = session.world().await?;
    let row = found(&world, source)?;
    if printer.json {
        print::document(&document(&world, source, row))?;
    } else {
        printer.table(&["SOURCE", "KIND", "STATE", "SINCE", "FIRING", "SILENCES", "AT", "NOTE"], &[line(&world, source, row)])?;
    }
    Ok(ExitCode::SUCCESS)
}

fn found<'w>(world: &'w World, source: &SourceId) -> Result<&'w Row, Failure> {
    world.sources.get(source).ok_or_else(|| {
        let names: Vec<_> = world.sources.keys().map(ToString::to_string).collect();
        let refusal = crate::domain::Refusal::new(crate::domain::RefusalKind::NotFound, format!("there is no neighbour `{source}`"));
        let hint =
            if names.is_empty() { "[[source]] in dogwatch.toml names them".to_owned() } else { format!("there is {}", names.join(", ")) };
        refusal.hint(hint).into()
    })
}

/// Silences of dogwatch's that are not shown there yet.
fn on_their_way(row: &Row) -> impl Iterator<Item = &Silencing> {
    let own = row.silencings.values().map(|own| &**own);
    own.filter(|own| own.id.as_ref().is_none_or(|id| !row.silences.contains_key(id)))
}

/// A silence that stands there; those that dogwatch keeps are marked as its own.
fn silence_there(row: &Row, there: &OutsideSilence) -> Value {
    let own = row.silencings.values().find(|own| own.id.as_ref() == Some(&there.id));
    json!({
        "id": there.id,
        "own": own.is_some(),
        "state": own.map_or("stands", |own| own.word()),
        "matchers": there.matchers,
        "starts_at": there.starts,
        "ends_at": there.ends,
        "by": there.by,
        "comment": there.comment,
        "incident": own.and_then(|own| own.order.incident),
        "alert": own.and_then(|own| own.order.alert),
        "error": own.and_then(|own| own.error.as_ref()),
    })
}

/// A silence that dogwatch asks for there.
fn silence_asked(own: &Silencing) -> Value {
    json!({
        "id": own.id,
        "own": true,
        "state": own.word(),
        "matchers": own.order.matchers,
        "starts_at": own.stands_since,
        "ends_at": own.ends,
        "by": own.order.by,
        "comment": own.order.comment,
        "incident": own.order.incident,
        "alert": own.order.alert,
        "error": own.error,
    })
}

async fn silences(session: &Session, printer: Printer, source: &SourceId) -> Result<ExitCode, Failure> {
    let (_, world) = session.world().await?;
    let row = found(&world, source)?;
    if printer.json {
        let standing = row.silences.values().map(|there| silence_there(row, there));
        print::document(&standing.chain(on_their_way(row).map(silence_asked)).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(why) = row.why_stale() {
        printer.remark(format!(
            "{source} does not answer since {}: {why}; what follows is as old",
            local_time(row.stale_since(), &world.zone)
        ))?;
    }
    let mut standing: Vec<_> = row.silences.values().collect();
    standing.sort_by_key(|silence| silence.ends);
    let mut rows: Vec<_> = standing
        .into_iter()
        .map(|silence| {
            let matchers: Vec<_> = silence.matchers.iter().map(ToString::to_string).collect();
            vec![silence.id.clone(), local_time(silence.ends, &world.zone), silence.by.clone(), matchers.join(" "), silence.comment.clone()]
        })
        .collect();
    rows.extend(on_their_way(row).map(|own| {
        let matchers: Vec<_> = own.order.matchers.iter().map(ToString::to_string).collect();
        let words = own.error.as_ref().map_or_else(String::new, |error| format!(": {error}"));
        vec![
            format!("({})", own.word()),
            local_time(own.ends, &world.zone),
            own.order.by.clone(),
            matchers.join(" "),
            format!("{}{words}", own.order.comment),
        ]
    }));
    if rows.is_empty() {
        printer.remark(format!("no silence stands at {source}"))?;
        return Ok(ExitCode::SUCCESS);
    }
    printer.table(&["ID", "UNTIL", "BY", "MATCHERS", "COMMENT"], &rows)?;
    Ok(ExitCode::SUCCESS)
}
