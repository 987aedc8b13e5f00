//! Changes of the machine: each is recorded once, whoever reads its log how often.

use super::Decision;
use crate::domain::outside::{OutsideChange, OutsideKind, OutsideOrder};
use crate::domain::{Effect, Event};
use crate::world::World;

/// What is to be looked at from now on.
pub(super) fn watch(world: &World) -> Effect {
    let outside = &world.outside;
    Effect::WatchOutside(Box::new(OutsideOrder {
        settings: outside.settings.clone(),
        since: outside.since.unwrap_or(world.at),
        log: outside.log.clone(),
        boot_id: outside.boot_id.clone(),
    }))
}

/// A change that is not on record yet.
pub(super) fn changed(world: &World, change: &OutsideChange) -> Decision {
    let outside = &world.outside;
    let is_new = match change.kind {
        OutsideKind::Reboot => change.boot_id.is_some() && change.boot_id != outside.boot_id,
        OutsideKind::Packages => match (&change.log, &outside.log) {
            (Some(new), Some(old)) if new.file == old.file => new != old && new.last_at >= old.last_at,
            _ => true,
        },
    };
    is_new.then(|| Event::OutsideChanged { change: change.clone() }).into()
}
