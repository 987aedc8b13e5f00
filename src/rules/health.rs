//! From readings to health: thresholds, and the rhythm while it is uncertain (RULES: thresholds, rhythm).

use super::{Decision, maintenance};
use crate::domain::probe::Target;
use crate::domain::{Effect, Event, Health, ProbeDefinition, ProbeId, ProbeResult, Verdict};
use crate::world::{Probe, World};
use std::time::Duration;

/// The longest rhythm while a probe is soft.
const SOFT_RHYTHM: Duration = Duration::from_secs(10);

/// What one look means. Results of probes that are gone mean nothing.
pub(super) fn probed(world: &World, id: &ProbeId, result: &ProbeResult) -> Decision {
    let Some(probe) = world.probe(id).filter(|probe| !probe.removed) else { return Decision::nothing() };
    let erring = |error| Event::ProbeErring { probe: id.clone(), error };
    match result.sample.verdict {
        Verdict::Skipped => Decision::nothing(),
        // The probe's own trouble says nothing about its target.
        Verdict::Error if probe.error.as_deref() == Some(&*result.reason) => Decision::nothing(),
        Verdict::Error => erring(Some(result.reason.clone())).into(),
        // What goes wrong during maintenance is expected; what goes well is news all the same.
        Verdict::Failed | Verdict::Degraded if maintenance::covers_probe(world, &probe.definition) => {
            probe.error.as_ref().map(|_| erring(None)).into()
        }
        verdict => {
            let able = probe.error.as_ref().map(|_| erring(None));
            let to = next(probe.health, verdict, &probe.definition);
            let changed = (to != probe.health).then(|| Event::ProbeChanged {
                probe: id.clone(),
                from: probe.health,
                to,
                reason: if to == Health::Up { "as expected".into() } else { result.reason.clone() },
            });
            Decision::events(able.into_iter().chain(changed))
        }
    }
}

/// Health after one more reading that says something about the target.
fn next(now: Health, verdict: Verdict, definition: &ProbeDefinition) -> Health {
    let (down_after, up_after) = (definition.down_after.max(1), definition.up_after.max(1));
    let well = if verdict == Verdict::Degraded { Health::Degraded } else { Health::Up };
    match (now, verdict == Verdict::Failed) {
        (Health::Down { .. }, true) => Health::Down { good: 0, of: up_after },
        (Health::Down { good, .. }, false) if good + 1 < up_after => Health::Down { good: good + 1, of: up_after },
        (_, false) => well,
        (before, true) => {
            let bad = if let Health::Soft { bad, .. } = before { bad + 1 } else { 1 };
            if bad >= down_after { Health::Down { good: 0, of: up_after } } else { Health::Soft { bad, of: down_after } }
        }
    }
}

/// The rhythm that goes with a change of health.
pub(super) fn rhythm(world: &World, id: &ProbeId, from: Health) -> Option<Effect> {
    let probe = world.probe(id).filter(|probe| is_watched(probe))?;
    let soft = |health: Health| matches!(health, Health::Soft { .. });
    (soft(from) != soft(probe.health)).then(|| set_rhythm(probe))
}

fn set_rhythm(probe: &Probe) -> Effect {
    let every = probe.definition.every;
    let soft = matches!(probe.health, Health::Soft { .. });
    Effect::SetRhythm { probe: probe.definition.id.clone(), every: if soft { every.min(SOFT_RHYTHM) } else { every } }
}

/// Begin to look, in the rhythm that the health asks for.
pub(super) fn watch(probe: &Probe) -> Vec<Effect> {
    if !is_watched(probe) {
        return Vec::new();
    }
    let soft = matches!(probe.health, Health::Soft { .. }).then(|| set_rhythm(probe));
    [Effect::WatchProbe(probe.definition.clone())].into_iter().chain(soft).collect()
}

/// Whether dogwatch itself looks.
fn is_watched(probe: &Probe) -> bool {
    probe.source().is_local() && !probe.removed && !matches!(probe.definition.target, Target::Outside { .. })
}
