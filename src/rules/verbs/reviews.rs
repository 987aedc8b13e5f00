//! Commands on what comes after an incident: how far its write-up is, what its review led to.

use crate::domain::note::{NoteKind, State};
use crate::domain::review::Finding;
use crate::domain::{Event, IncidentId, Refusal, RefusalKind};
use crate::rules::{Decision, names};
use crate::world::{Incident, World};

/// How far the write-up of an incident is. Reviewed is only what exists and whose incident is over; who says so is on
/// record, also where they wrote it.
pub(super) fn move_write_up(world: &World, id: IncidentId, state: State) -> Result<Decision, Refusal> {
    let incident = names::incident(world, id)?;
    if !incident.notes.iter().any(|note| note.kind == NoteKind::PostMortem) {
        let refusal = Refusal::new(RefusalKind::State, format!("incident {id} has no post-mortem yet"));
        return Err(refusal.hint(format!("draft it first: dogwatch postmortem {id}")));
    }
    let now = incident.write_up.as_ref().map(|write_up| write_up.state).unwrap_or_default();
    if now == state {
        return Err(Refusal::new(RefusalKind::State, format!("the post-mortem of incident {id} is {state} already")));
    }
    if state == State::Reviewed && incident.is_open() {
        let refusal = Refusal::new(RefusalKind::State, format!("incident {id} is not over"));
        return Err(refusal.hint(format!("resolve it first: dogwatch resolve {id} --reason …")));
    }
    Ok(Event::WriteUpMoved { incident: id, state }.into())
}

/// Takes or puts away a finding of the review, once.
pub(super) fn decide(world: &World, id: IncidentId, finding: &Finding, accepted: bool, path: Option<&str>) -> Result<Decision, Refusal> {
    let incident = over(world, id)?;
    names::optional_text("the path", path)?;
    if let Finding::Noisy { summary, .. } = finding {
        names::text("the alert", summary)?;
    }
    if let Some(before) = incident.decided.iter().find(|before| before.finding == *finding && before.accepted == accepted) {
        let done = if accepted { "taken" } else { "put away" };
        return Err(Refusal::new(RefusalKind::State, format!("{} has {done} this already", before.by)));
    }
    Ok(Event::ReviewDecided { incident: id, finding: finding.clone(), accepted, path: path.map(str::to_owned) }.into())
}

/// An incident that is over: reviews begin then.
fn over(world: &World, id: IncidentId) -> Result<&Incident, Refusal> {
    let incident = names::incident(world, id)?;
    if incident.is_open() {
        return Err(Refusal::new(RefusalKind::State, format!("incident {id} is not over: its review begins when it is")));
    }
    Ok(incident)
}
