//! Commands on the record of an incident.

use crate::domain::{Event, IncidentId, Refusal, RefusalKind};
use crate::rules::{Decision, names};
use crate::world::{Incident, World};

/// Pins that one incident has at most.
const PINS_MAX: usize = 200;

/// Pin a line of the timeline, or take the pin out; also after the end.
pub(super) fn pin(world: &World, id: IncidentId, entry: u64, pinned: bool) -> Result<Decision, Refusal> {
    let incident = names::incident(world, id)?;
    let state = |reason: String| Refusal::new(RefusalKind::State, reason);
    if incident.pins.contains(&entry) == pinned {
        let words = if pinned { "pinned already" } else { "not pinned" };
        return Err(state(format!("line {entry} of incident {id} is {words}")));
    }
    if pinned && !is_line(world, incident, entry) {
        let refusal = Refusal::new(RefusalKind::NotFound, format!("incident {id} has no line {entry} in its timeline"));
        return Err(refusal.hint(format!("`dogwatch incident {id} --numbers` shows the numbers")));
    }
    if pinned && incident.pins.len() >= PINS_MAX {
        return Err(state(format!("incident {id} has {PINS_MAX} pins; where all is pinned nothing is")));
    }
    Ok(Event::EntryPinned { incident: id, entry, pinned }.into())
}

fn is_line(world: &World, incident: &Incident, entry: u64) -> bool {
    let own = incident.timeline.binary_search_by_key(&entry, |own| own.seq).is_ok();
    own || world.outside.around(incident).any(|change| change.seq == entry)
}
