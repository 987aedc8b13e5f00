//! Commands on rotas: somebody takes one for a while, or gives it back.

use crate::domain::{Event, PersonId, Refusal, RefusalKind, RotaId};
use crate::rules::{Asked, Decision, names};
use crate::world::{MadeOverride, World};
use jiff::{SignedDuration, Timestamp};

/// No override lasts longer: a rota that differs for longer is changed in its file.
const LONGEST: SignedDuration = SignedDuration::from_hours(31 * 24);

fn known(world: &World, rota: &RotaId) -> Result<(), Refusal> {
    let all = || world.duty.people.rotas.iter().map(|rota| rota.id.as_str());
    if world.duty.people.rota(rota).is_some() { Ok(()) } else { Err(names::unknown("rota", rota.as_str(), all())) }
}

/// "Lea takes it until eight."
pub(super) fn make(
    world: &World,
    rota: &RotaId,
    person: &PersonId,
    (from, to): (Option<Timestamp>, Timestamp),
    reason: Option<&str>,
    asked: &Asked,
) -> Result<Decision, Refusal> {
    known(world, rota)?;
    let people = &world.duty.people.people;
    if !people.contains_key(person) {
        return Err(names::unknown("person", person.as_str(), people.keys().map(PersonId::as_str)));
    }
    names::optional_text("the reason", reason)?;
    let from = from.unwrap_or(asked.now);
    let wrong = |reason: &str| Err(Refusal::new(RefusalKind::Invalid, reason));
    if to <= from {
        return wrong("an override ends after it begins");
    }
    if to <= asked.now {
        return wrong("this override would be over already");
    }
    if to.duration_since(from) > LONGEST {
        let refusal = Refusal::new(RefusalKind::Invalid, "an override lasts at most 31 days");
        return Err(refusal.hint(format!("change `{rota}` in dogwatch.toml")));
    }
    let reason = reason.unwrap_or_default().trim().to_owned();
    Ok(Event::OverrideMade { rota: rota.clone(), person: person.clone(), from, to, reason }.into())
}

/// "I have it back."
pub(super) fn end(world: &World, rota: &RotaId, asked: &Asked) -> Result<Decision, Refusal> {
    known(world, rota)?;
    let own = || world.duty.made.iter().filter(|made| made.rota == *rota && made.to > asked.now);
    let now = own().rfind(|made| made.from <= asked.now);
    let next = || own().min_by_key(|made| made.from);
    let Some(MadeOverride { from, .. }) = now.or_else(next) else {
        let refusal = Refusal::new(RefusalKind::State, format!("no override of `{rota}` was made by a person"));
        return Err(refusal.hint("overrides of the file end in dogwatch.toml"));
    };
    Ok(Event::OverrideEnded { rota: rota.clone(), from: *from }.into())
}
