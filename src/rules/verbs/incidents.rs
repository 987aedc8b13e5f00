//! Commands on incidents, and lines and notes for the record.

use crate::domain::note::SavedNote;
use crate::domain::{Event, IncidentId, Refusal, RefusalKind};
use crate::rules::moment::moment;
use crate::rules::{Asked, Decision, names, stale};
use crate::world::{Incident, World};

/// An incident that is open.
pub(super) fn open(world: &World, id: IncidentId) -> Result<&Incident, Refusal> {
    let incident = names::incident(world, id)?;
    if incident.is_open() {
        return Ok(incident);
    }
    let refusal = Refusal::new(RefusalKind::State, format!("incident {id} is over"));
    Err(match (incident.merged_into, incident.next) {
        (Some(into), _) => refusal.hint(format!("it is part of incident {into}")),
        (None, Some(next)) => refusal.hint(format!("it came back as incident {next}")),
        (None, None) => refusal,
    })
}

/// "I work on it." Another person may take it over.
pub(super) fn acknowledge(world: &World, id: IncidentId, note: Option<&str>, asked: &Asked) -> Result<Decision, Refusal> {
    let incident = open(world, id)?;
    names::optional_text("the note", note)?;
    let note = note.map(str::to_owned).filter(|note| !note.trim().is_empty());
    if let Some((source, row)) = stale(world, incident) {
        let since = moment(world, row.stale_since());
        let reason = format!("{source} does not answer since {since}: {}", row.why_stale().unwrap_or_default());
        return Err(Refusal::new(RefusalKind::State, reason)
            .hint("what fires in this incident is old; a note or a resolve stays here and can be made"));
    }
    let own = incident.acknowledged.as_ref().filter(|ack| ack.by.name() == asked.author.name());
    // Who was asked whether they still work on it answers with the same words.
    if own.is_some_and(|ack| ack.asked_until.is_none()) && note.is_none() {
        return Err(Refusal::new(RefusalKind::State, format!("you have acknowledged incident {id} already")));
    }
    Ok(Event::IncidentAcknowledged { incident: id, note }.into())
}

/// Take an acknowledgement back.
pub(super) fn unacknowledge(world: &World, id: IncidentId) -> Result<Decision, Refusal> {
    match open(world, id)?.acknowledged {
        Some(_) => Ok(Event::AcknowledgementEnded { incident: id, reason: "taken back".into() }.into()),
        None => Err(Refusal::new(RefusalKind::State, format!("nobody has acknowledged incident {id}"))),
    }
}

/// Declare an incident over.
pub(super) fn resolve(world: &World, id: IncidentId, reason: &str) -> Result<Decision, Refusal> {
    open(world, id)?;
    names::text("the reason", reason)?;
    Ok(Event::IncidentResolved { incident: id, reason: reason.to_owned() }.into())
}

/// A line in an incident's timeline, also after its end: post-mortems are written then.
pub(super) fn note(world: &World, id: IncidentId, text: &str) -> Result<Decision, Refusal> {
    names::incident(world, id)?;
    names::text("the note", text)?;
    Ok(Event::Noted { incident: id, text: text.to_owned() }.into())
}

/// A line on everyone's timeline.
pub(super) fn mark(text: &str) -> Result<Decision, Refusal> {
    names::text("the mark", text)?;
    Ok(Event::Marked { text: text.to_owned() }.into())
}

/// The fact that a note was saved as a file.
pub(super) fn record_note(world: &World, note: &SavedNote) -> Result<Decision, Refusal> {
    names::subject(world, &note.subject)?;
    names::text("the path", &note.path)?;
    Ok(Event::NoteSaved { note: note.clone() }.into())
}
